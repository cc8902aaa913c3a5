package page

import (
	"context"
	"net/http"
	"slices"

	"kith/daemon/api"
)

// Where a co-op can't decide any more, another one is founded from it: with copies of all that is in the first, which stays as it is. They
// are made behind the page that shows the words, since that may take a while.

// fromInput asks from which co-op of this computer a new one is founded.
func (in *asking) fromInput(coops []api.Status) input {
	one := input{Name: "from", Is: "pick", Label: in.t.T("Take along what is in"), Options: []option{{Words: in.t.T("nothing: begin with empty lists")}},
		Hint: in.t.T("Where a co-op can’t decide any more: copies of all that you have of it, with who wrote in it. Nobody’s word is carried as theirs, and the first co-op stays as it is.")}
	for _, s := range coops {
		one.Options = append(one.Options, option{Value: s.Space.ID, Words: s.Space.Name, Chosen: in.r.FormValue("from") == s.Space.ID})
	}
	return one
}

// foundFrom founds a co-op from another one of this computer. Into one of that name that is here it carries what isn't there yet: the
// daemon refuses one that wasn't founded so.
func (in *asking) foundFrom(coops []api.Status, id string, q api.InitRequest) (string, error) {
	from, ok := coopOf(coops, func(s api.Status) bool { return s.Space.ID == id })
	if !ok {
		return "", noSuchThing
	}
	if api.FoldName(q.Name) == api.FoldName(from.Name) {
		return "", api.Problemf(api.Invalid, "", "“%s” is what the co-op is called that you found it from, and it stays on this computer: give the new one another name", api.Brief(from.Name))
	}
	if into, here := coopOf(coops, func(s api.Status) bool { return api.FoldName(s.Space.Name) == api.FoldName(q.Name) }); here {
		return in.carries(from, into, firstPage(into, 1)), nil
	}
	res, err := in.p.daemon.Found(in.ctx(), q)
	if err != nil {
		return "", err
	}
	in.p.hub.forget()
	return in.p.showWords(res, in.carries(from, res.Space, firstPage(res.Space, q.Founders))), nil
}

func coopOf(coops []api.Status, is func(api.Status) bool) (api.Named, bool) {
	i := slices.IndexFunc(coops, is)
	if i < 0 {
		return api.Named{}, false
	}
	return coops[i].Space, true
}

// carries begins to carry what is in a co-op into another one, and gives the address of the page that tells how that goes; next is where it
// leads then.
func (in *asking) carries(from, into api.Named, next string) string {
	a := &attempt{
		waits: func(in *asking) starting {
			return starting{Step: 3, Sentence: in.t.T("What is in {coop} is being copied …", "coop", from.Name), Below: in.t.T("You don’t have to do anything."), Waits: true}
		},
		again: func(in *asking, err error) starting {
			f := in.startForm("carry", err, nil)
			f.Words, f.Hidden = in.t.T("Go on"), []hidden{{"from", from.ID}, {"into", into.ID}, {"next", next}}
			return starting{Step: 3, Sentence: in.t.T("Not all of it was copied yet."), Below: in.t.T("What was copied is there, and isn’t copied a second time."), Form: f}
		},
	}
	ctx := context.WithoutCancel(in.ctx()) // the API that it waits for ends with the daemon
	in.p.begun.Go(func() {
		carried, err := in.p.daemon.In(into.ID).Carry(ctx, from.ID)
		a.end(in.p.telling(into.ID[:spaceLetters], next, in.carriedSays(carried)), err)
	})
	return joiningAt(in.p.attempts.keep(a))
}

// carryOn carries what wasn't carried yet.
func (in *asking) carryOn(w http.ResponseWriter) error {
	coops, err := in.p.coops(in.ctx())
	if err != nil {
		return err
	}
	called := func(field string) (api.Named, bool) {
		return coopOf(coops, func(s api.Status) bool { return s.Space.ID == in.r.PostFormValue(field) })
	}
	from, isFrom := called("from")
	into, isInto := called("into")
	if !isFrom || !isInto {
		return noSuchThing
	}
	in.goTo(w, in.carries(from, into, in.r.PostFormValue("next")))
	return nil
}

// mostLeft is how many of the documents that weren't carried are told by their titles.
const mostLeft = 5

// carriedSays says what was carried, and what wasn't.
func (in *asking) carriedSays(c api.Carried) (all []sentence) {
	say := func(says string) { all = append(all, sentence{Says: says}) }
	say(in.t.N("{N} documents were copied from {coop}, which stays as it is.", c.Documents, "coop", c.From.Name))
	if c.Before > 0 {
		say(in.t.N("{N} had been copied before.", c.Before))
	}
	for _, left := range c.Left[:min(len(c.Left), mostLeft)] {
		why := in.said(left.Why)
		all = append(all, sentence{in.t.T("“{title}”: {why}", "title", cut(left.Title, 80), "why", why.Says), why.Lang})
	}
	if more := c.LeftCount - min(len(c.Left), mostLeft); more > 0 {
		say(in.t.N("{N} more stay there, wholly or in part.", more))
	}
	if c.Newer > 0 {
		say(in.t.N("Of {n} something needs a newer Kith to be read, and wasn’t copied.", c.Newer))
	}
	if c.Forgotten > 0 {
		say(in.t.N("{N} had been forgotten there, so nothing of them is copied.", c.Forgotten))
	}
	return all
}
