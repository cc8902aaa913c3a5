package page

import (
	"cmp"
	"net/http"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// What can be done with a document of any kind stands at its foot: to put it away, and to take it back for good. That two wrote at one
// place stands at its head, until somebody says that it is as it should be.

// putAway is the deed that puts a document away or brings it back; what is open waits for somebody, and isn't put away.
const (
	putAway   = "archive"
	putBack   = "archive" + undone
	settled   = "settle"
	forgotten = "forget"
	goesOn    = "continue"
)

// bothWrote is one place at which several wrote without knowing of each other.
type bothWrote struct {
	Says  string
	Sides []fact // what each wrote, where one value stands; of the text all of it does
}

// heading is what stands above any document, and beneath it.
type heading struct {
	Away   string // who put it away; ""
	Full   string // how full it is with all that ever stood in it; ""
	GoOn   action // in a fresh one, where it is nearly full
	Chain  []fact // which documents it continues, and which continue it
	Both   []bothWrote
	Settle action
	Foot   []action
}

func (in *asking) heading(k *kind.Kind, d document) (h heading) {
	at := func(verb string) string { return in.At(k.Many, d.Short, verb) }
	for _, a := range d.Apart {
		var who []string
		one := bothWrote{}
		for _, s := range a.Sides {
			who = addOnce(who, in.namedBy(s.By))
			if s.Says != "" {
				one.Sides = append(one.Sides, fact{Name: capital(in.namedBy(s.By)), Says: s.Says})
			}
		}
		field := in.fieldSays(k, a.Field)
		one.Says = in.t.T("{names} wrote at one place here without knowing of each other: {field}. All of it stands.", "names", capital(in.t.And(who)), "field", field)
		if len(one.Sides) > 0 {
			one.Says = in.t.T("{names} wrote here at once without knowing of each other: {field}. One of the two stands.", "names", capital(in.t.And(who)), "field", field)
		}
		h.Both = append(h.Both, one)
	}
	if len(h.Both) > 0 {
		h.Settle = action{Words: in.t.T("Leave it as it is now"), At: at(settled), Post: true, Look: "line", Back: in.At(k.Many, d.Short)}
	}
	if d.Full > 0 && len(d.ContinuedBy) == 0 {
		h.Full = in.t.T("Kith keeps all that ever stood in a text, also what was taken out: {share} of the room for that is used. It can go on in a fresh one, which begins with what stands here now; this one stays to be read.", "share", in.percent(float64(d.Full)/100))
		h.GoOn = action{Words: in.t.T("Go on in a fresh one"), At: at(goesOn), Post: true, Look: "line"}
	}
	leads := func(name string, o api.Other) {
		one := fact{Name: name, Says: o.Title}
		if of := kinds.All.Named(o.Kind); of != nil && of.Many != "" {
			one.At = in.At(of.Many, o.Short)
		}
		h.Chain = append(h.Chain, one)
	}
	if d.Continues != nil {
		leads(in.t.T("It continues"), *d.Continues)
	}
	for _, o := range d.ContinuedBy {
		leads(in.t.T("It goes on in"), o)
	}
	switch {
	case d.Archived != nil:
		h.Away = in.by(d.Archived.By, "{who} put it away, {when}: it isn’t in lists any more.", "You put it away, {when}: it isn’t in lists any more.", "when", in.Moment(d.Archived.At.Time))
		h.Foot = append(h.Foot, action{Words: in.t.T("Bring it back into lists"), At: at(putBack), Post: true, Look: "plain", Back: in.At(k.Many, d.Short)})
	case !in.waitsFor(k, d):
		h.Foot = append(h.Foot, action{Words: in.t.T("Put it away"), At: at(putAway), Post: true, Look: "plain", Back: in.At(k.Many, d.Short)})
	}
	h.Foot = append(h.Foot, action{Words: in.t.T("Have it forgotten"), At: at(forgotten), Look: "plain", About: d.Title})
	return h
}

// fieldSays is what a field is called where something is said about it.
func (in *asking) fieldSays(k *kind.Kind, name string) string {
	for _, f := range slices.Concat(k.Fields, k.Make.With, k.Edit.With) {
		if f.Name() == name {
			return in.t.T(f.Called())
		}
	}
	switch name {
	case "text":
		return in.t.T("the text")
	case "title":
		return in.t.T("the title")
	}
	return in.t.T(inWords(name))
}

// waitsFor says whether a task or a decision is open: those wait for somebody.
func (in *asking) waitsFor(k *kind.Kind, d document) bool {
	return k == kinds.Task && in.handsOf(d).live || k == kinds.Decision && d.says.Str("status") == kinds.Open
}

// puts puts a document away, brings it back, or says that it is as it should be.
func (in *asking) puts(w http.ResponseWriter, k *kind.Kind, d document, deed string) error {
	var err error
	if deed == settled {
		_, err = in.c.Settle(in.ctx(), d.ID)
	} else {
		_, err = in.c.Archive(in.ctx(), d.ID, deed == putBack)
	}
	if err == nil {
		in.goTo(w, in.At(k.Many, d.Short))
	}
	return err
}

// goOn makes a fresh document that continues one, and leads to it.
func (in *asking) goOn(w http.ResponseWriter, k *kind.Kind, d document) error {
	made, err := in.c.Continue(in.ctx(), d.ID)
	if err == nil {
		in.leads(w, in.At(k.Many, made.Short), made.Told)
	}
	return err
}

// forgetForm tells what it means to take a document back, and asks for the reason.
func (in *asking) forgetForm(k *kind.Kind, d document) (*form, error) {
	f, err := in.c.Forgetting(in.ctx(), d.ID, false)
	if err != nil {
		return nil, err
	}
	at := in.At(k.Many, d.Short)
	v := &form{ID: "forget/" + d.ID, Title: in.t.T("Have it forgotten, on every computer of ours"), Explain: d.Title, At: at + "/" + forgotten, Words: in.t.T("Forget it"), Cancel: at, Told: in.saidAll(f.Says)}
	asked := f.State == api.ForgetAsked && f.Mine && len(f.Wants) > 0
	if asked {
		v.Follows = sentence{Says: in.t.T("{who} wants it forgotten: {why}", "who", capital(in.namedBy(f.Wants[0].By)), "why", f.Wants[0].Why)}
	}
	others := slices.ContainsFunc(f.Wrote, func(n api.Named) bool { return !in.me[n.ID] })
	if others {
		v.Inputs = append(v.Inputs, input{Name: "agreed", Is: "choice", Needs: true, Label: in.t.T("Others wrote in it, too: {names}", "names", in.t.And(in.namesOf(f.Wrote))), Options: []option{
			{Value: "no", Words: in.t.T("Ask those who wrote in it"), Hint: in.t.T("it is forgotten once all of them have said so")},
			{Value: "yes", Words: in.t.T("Propose it to the co-op"), Hint: in.t.T("an agreed step holds for everybody’s words in it")},
		}})
		if !f.Mine {
			v.Inputs[0].Options = v.Inputs[0].Options[1:]
		}
	}
	if asked {
		v.Hidden = []hidden{{"what", forgetAll}}
	} else {
		v.Inputs = append(v.Inputs, input{Name: "what", Is: "choice", Needs: true, Label: in.t.T("What is to be forgotten?"), Options: []option{
			{Value: forgetAll, Words: in.t.T("The whole of it")},
			{Value: forgetPart, Words: in.t.T("Only some words, and all earlier versions"), Hint: in.t.T("the rest goes on in a fresh one, with what was said about it")},
			{Value: forgetEarlier, Words: in.t.T("Only the earlier versions"), Hint: in.t.T("what stands there now goes on in a fresh one, with what was said about it")},
		}}, input{Name: "part", Is: "line", Label: in.t.T("Which words, if only some"), Hint: in.t.T("as they stand there")})
	}
	v.Inputs = append(v.Inputs, input{Name: "why", Is: "reason", Label: in.t.T("Why"), Needs: !asked, Max: api.MaxWhy, Hint: in.t.T("it stays, and everybody reads it: write nothing here that is to be forgotten")})
	if in.r.PostForm != nil {
		v.retype(in.r.PostForm)
	}
	return v, nil
}

// What is to be forgotten, by what was chosen in the form.
const forgetAll, forgetPart, forgetEarlier = "all", "part", "earlier"

// toForget reads the form.
func (in *asking) toForget() (q api.ForgetRequest, err error) {
	typed := func(name string) string { return strings.TrimSpace(clean(in.r.PostFormValue(name))) }
	what := typed("what")
	q = api.ForgetRequest{Why: typed("why"), Agreed: typed("agreed") == "yes", Part: typed("part"), Earlier: what == forgetEarlier}
	switch {
	case what == "":
		err = api.Problemf(api.Invalid, "", "nothing was chosen")
	case what == forgetPart && q.Part == "":
		err = api.Problemf(api.Invalid, "", "it isn't said which words")
	case what != forgetPart && q.Part != "":
		err = api.Problemf(api.Invalid, "", "words are typed, and more than they is chosen: choose one of the two")
	}
	return q, err
}

func (in *asking) forgets(w http.ResponseWriter, k *kind.Kind, d document) error {
	q, err := in.toForget()
	var f api.Forgetting
	if err == nil {
		f, err = in.c.Forget(in.ctx(), d.ID, q)
	}
	if err != nil {
		form, gone := in.forgetForm(k, d)
		if gone != nil {
			return cmp.Or(err, gone)
		}
		in.formPage(w, in.again(form, err))
		return nil
	}
	switch {
	case q.GoesOn() && f.GoesOn != nil:
		in.leads(w, in.At(kinds.All.Named(f.GoesOn.Kind).Many, f.GoesOn.Short), f.Says)
	case f.State == api.Forgotten:
		in.leads(w, in.At(k.Many), f.Says)
	case f.Proposal != nil && q.Agreed:
		in.goTo(w, in.At("proposals", f.Proposal.Short))
	default:
		in.leads(w, in.At(k.Many, d.Short), f.Says)
	}
	return nil
}
