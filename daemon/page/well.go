package page

import (
	"net/http"

	"kith/daemon/api"
)

// well is what a look at this computer found: what is to be done, and what is as it should be.
type well struct {
	Sentence string
	Do, Is   []found
}

// found is one thing that was looked at.
type found struct{ Says, Hint sentence }

// well looks whether all is well on this computer, as kith doctor does.
func (in *asking) well(w http.ResponseWriter) error {
	checks, err := in.c.Doctor(in.ctx(), api.DoctorRequest{})
	if err != nil {
		return err
	}
	var v well
	for _, c := range checks {
		one := found{Says: in.said(c.Says), Hint: in.said(c.Hint)}
		one.Says.Says = capital(one.Says.Says)
		if c.OK {
			v.Is = append(v.Is, one)
		} else {
			v.Do = append(v.Do, one)
		}
	}
	v.Sentence = in.t.T("All is well on this computer.")
	if len(v.Do) > 0 {
		v.Sentence = in.t.N("There are {n} things to be done for this computer.", len(v.Do))
	}
	in.show(w, http.StatusOK, "well", v.Sentence, v)
	return nil
}
