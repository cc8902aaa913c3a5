package page

import (
	"net/http"
	"strings"

	"kith/daemon/api"
)

// relays is the page of the porches: small relays for who is behind a router.
type relays struct {
	Sentence string
	Reach    sentence // how others reach this computer
	Rows     []row
	Lent     section // by allies, and added by nobody here
	Add      *form
}

// porchStates say how it stands with a porch on this computer.
var porchStates = map[string]string{
	api.PorchUsed: "this computer keeps a place there", api.PorchReady: "ready, and not needed here now", api.PorchTrouble: "of no use now", api.PorchLeft: "not used by this computer",
	api.PorchSpare: "in reserve: others come first, and a computer uses four at most", api.PorchVoid: "none for us", api.PorchLent: "lent, and added by nobody here yet",
}

func (in *asking) porches(w http.ResponseWriter) error { return in.porchesWith(w, nil) }

// porchesWith shows the page of porches, with a form that wasn't taken, or (nil) a fresh one.
func (in *asking) porchesWith(w http.ResponseWriter, f *form) error {
	all, err := in.c.Porches(in.ctx())
	if err != nil {
		return err
	}
	v := relays{Reach: in.said(in.status.Reach.Says), Lent: section{Title: in.t.T("Allies lend you these")}, Add: f}
	if f == nil {
		v.Add = in.porchForm()
	}
	for _, p := range all {
		if p.State == api.PorchLent {
			v.Lent.Rows = append(v.Lent.Rows, in.porchRow(p))
		} else {
			v.Rows = append(v.Rows, in.porchRow(p))
		}
	}
	v.Sentence = in.t.N("We use {n} porches.", len(v.Rows))
	if len(v.Rows) == 0 {
		v.Sentence = in.t.T("We use no porch.")
	}
	in.show(w, statusOf(f), "porches", in.t.T("Porches"), v)
	return nil
}

func (in *asking) porchRow(p api.Porch) row {
	at, _, _ := strings.Cut(p.At, "/p2p/")
	why := ""
	if p.State == api.PorchTrouble || p.State == api.PorchVoid {
		why = in.said(p.Says).Says
	}
	r := row{ID: p.ID, Mark: allyMark(), Title: p.Label, Says: dots(in.t.T(porchStates[p.State]), why, at, in.by(p.By, "added by {who}", "added by you"))}
	do := func(words, verb, look string) {
		r.Does = append(r.Does, action{Words: words, At: in.At("porches", p.ID, verb), Post: verb != porchRemove, Look: look, Back: in.At("porches"), About: p.Label})
	}
	switch p.State {
	case api.PorchLent:
		r.Says = dots(at, in.by(p.By, "lent by {who}", "lent by you"))
		do(in.t.T("Use it, all of us"), porchAdd, "line")
		return r
	case api.PorchUsed, api.PorchReady, api.PorchTrouble:
		do(in.t.T("Not on this computer"), porchLeave, "line")
	case api.PorchLeft, api.PorchSpare:
		do(in.t.T("Use it on this computer"), porchFollow, "line")
	}
	do(in.t.T("Give it up"), porchRemove, "plain")
	return r
}

// What is done about a porch, by its name in the address.
const (
	porchAdd    = "add"
	porchFollow = "follow"
	porchLeave  = "leave"
	porchRemove = "remove"
)

// porchForm asks for the code of a porch.
func (in *asking) porchForm() *form {
	f := &form{ID: "porch", At: in.At("porches"), Words: in.t.T("Use it, all of us"), Beside: in.t.T("each of our computers takes it up by itself"), Inputs: in.porchInputs()}
	if in.r.Method == http.MethodPost {
		f.retype(in.r.PostForm)
	}
	return f
}

func (in *asking) porchInputs() []input {
	return []input{
		{Name: "code", Is: "code", Label: in.t.T("The code"), Hint: in.t.T("Who runs the porch makes it, with: kith porch code --for LABEL. It begins with kithp1."), Needs: true, Max: maxCode},
		{Name: "label", Is: "line", Own: true, Label: in.t.T("What it is to be called"), Hint: in.t.T("Without it, where it is."), Max: api.MaxTitle},
	}
}

// addPorch adds one for all of us.
func (in *asking) addPorch(w http.ResponseWriter) error {
	added, err := in.c.AddPorch(in.ctx(), api.PorchRequest{Code: strings.TrimSpace(in.r.PostFormValue("code")), Label: strings.TrimSpace(in.r.PostFormValue("label"))})
	if err != nil {
		return in.porchesWith(w, in.again(in.porchForm(), err))
	}
	in.leads(w, in.At("porches"), added.Advice)
	return nil
}

// givePorchUp asks whether one is to be given up by all.
func (in *asking) givePorchUp(w http.ResponseWriter) error {
	all, err := in.c.Porches(in.ctx())
	if err != nil {
		return err
	}
	p, err := api.PickPorch(all, in.r.PathValue("id"))
	if err != nil {
		return noSuchThing
	}
	in.formPage(w, &form{Title: in.t.T("Give the porch up"), Explain: p.Label, At: in.At("porches", p.ID, porchRemove), Words: in.t.T("Give it up"), Cancel: in.At("porches"), Beside: in.t.T("for the whole co-op"),
		Follows: sentence{Says: in.t.T("Every computer of ours leaves it by itself. Who has its code can go on using it until that is ended where the porch is run.")}})
	return nil
}

// doPorch does what a button beside a porch says.
func (in *asking) doPorch(w http.ResponseWriter) error {
	id := in.r.PathValue("id")
	var told []string
	var err error
	switch in.r.PathValue("verb") {
	case porchAdd:
		var added api.PorchAdded
		added, err = in.c.AddPorch(in.ctx(), api.PorchRequest{Code: id})
		told = added.Advice
	case porchFollow:
		_, err = in.c.FollowPorch(in.ctx(), id)
	case porchLeave:
		_, err = in.c.LeavePorch(in.ctx(), id)
	case porchRemove:
		_, err = in.c.RemovePorch(in.ctx(), id)
	default:
		return noSuchThing
	}
	if err != nil {
		return err
	}
	in.leads(w, in.At("porches"), told)
	return nil
}
