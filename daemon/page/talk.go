package page

import (
	"net/http"
	"net/url"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// talking is what members say about a document, and the form to say something.
type talking struct {
	heading
	Remarks []remark
	Form    *form
}

type remark struct {
	ID, Name, Who, When, To, Text string
	Home                          string // that the ally doesn't read it; ""
	Answer                        string // where one answers it; "": it was taken back
	Mine                          bool
}

// answerTo names in an address the remark that is to be answered.
const answerTo = "answer"

// talk is the thread of a document.
func (in *asking) talk(k *kind.Kind, d document) (*talking, error) {
	thread, err := in.c.Thread(in.ctx(), d.ID)
	if err != nil {
		return nil, err
	}
	names := map[string]string{}
	v := &talking{heading: in.heading(k, d), Form: &form{ID: "talk/" + d.ID, At: in.At("talk", d.ID), Words: in.t.T("Say it"), Hidden: []hidden{{"back", in.r.URL.Path}},
		Inputs: []input{{Name: "text", Is: "reason", Label: in.t.T("Say something about it"), Hint: in.t.T("@Name tells somebody that it is for them"), Needs: true, Max: api.MaxWhy}}}}
	for _, r := range thread.Remarks {
		who := capital(in.namedBy(r.By))
		names[r.Name] = who
		one := remark{ID: r.ID, Name: r.Name, Who: who, When: in.Moment(r.At.Time), Text: r.Text}
		if to := names[r.Answer]; to != "" {
			one.To = in.t.T("to {who}", "who", to)
		}
		if !r.ChangedAt.IsZero() && r.Text != "" {
			one.When = dots(one.When, in.t.T("changed"))
		}
		if r.AtHome {
			one.Home = in.t.T("said before it was shared: it stays here")
		}
		if r.Text == "" {
			one.When = dots(one.When, in.t.T("taken back"))
		} else {
			one.Answer = in.r.URL.Path + "?" + url.Values{answerTo: {r.Name}}.Encode() + "#talk"
		}
		if r.Name == in.r.FormValue(answerTo) {
			v.Form.ID += "/" + r.Name
			v.Form.Hidden = append(v.Form.Hidden, hidden{"answer", r.Name})
			v.Form.Inputs[0].Label, v.Form.Cancel = in.t.T("Your answer to {who}", "who", in.namedBy(r.By)), in.r.URL.Path
		}
		v.Remarks = append(v.Remarks, one)
	}
	if len(thread.Remarks) > 0 { // who is named in it was shown that
		if err := in.c.NoteThread(in.ctx(), d.ID, thread.Document.Heads); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// say says something about a document of any kind.
func (in *asking) say(w http.ResponseWriter) error {
	_, err := in.c.Talk(in.ctx(), in.r.PathValue("id"), api.TalkRequest{Text: clean(in.r.PostFormValue("text")), Answer: in.r.PostFormValue("answer")})
	if err != nil {
		return err
	}
	in.goTo(w, in.r.PostFormValue("back"))
	return nil
}
