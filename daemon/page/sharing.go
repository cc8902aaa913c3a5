package page

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/api"
)

// previewed is what an ally will see of a document, beside what it says here. Nothing goes before the reader says so.
type previewed struct {
	D        document
	P        api.SharePreview
	Above    string
	Sentence string
	Who      string
	Here     []piece // its text: what is gone stays here
	Facts    []fact  // as it is here
	There    []fact  // as they will see it
	LeftOut  string
	Says     []sentence
	Form     *form
	Others   []entry // the other shares, if there are several
}

// sharesNow are the shares in which something can be put now.
func (in *asking) sharesNow() ([]api.Share, error) {
	return keep(&in.p.hub, in.space+"/shares", func() ([]api.Share, error) {
		all, err := in.c.Shares(in.ctx())
		return slices.DeleteFunc(all, func(s api.Share) bool { return s.Over }), err
	})
}

// shareAction leads to the preview; nil where there is nobody to share it with, or it is of a kind that stays at home.
func (in *asking) shareAction(k *kind.Kind, d document) *action {
	if d.Shared != nil || k.Share == nil {
		return nil
	}
	all, err := in.sharesNow()
	if err != nil || len(all) == 0 {
		return nil
	}
	return &action{Words: in.t.T("Show an ally"), At: in.At(k.Many, d.Short, "share"), Look: "plain", About: d.Title}
}

// passing is the verb by which a document of a kind is passed on to an ally; nil where there is none.
func passing(k *kind.Kind) *kind.Verb { return k.Verb(passOn) }

// passOn names that verb.
const passOn = "pass"

// passAction leads to the preview of passing it on; nil where there is nobody to pass it to, or it is in a share.
func (in *asking) passAction(k *kind.Kind, d document) *action {
	a := in.shareAction(k, d)
	if v := passing(k); a != nil && v != nil {
		a.Words, a.At = in.deed(k, v), in.At(k.Many, d.Short, v.Name)
		return a
	}
	return nil
}

// share shows what an ally will see of a document, with what was in the way of sharing it. pass is the verb by which it is passed on; nil: it
// is shared.
func (in *asking) share(w http.ResponseWriter, k *kind.Kind, d document, pass *kind.Verb, refused error) error {
	all, err := in.sharesNow()
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return api.Problemf(api.NotAllowed, "", "your co-op shares with nobody yet")
	}
	with := in.r.FormValue("with")
	i := max(0, slices.IndexFunc(all, func(s api.Share) bool { return s.Space.ID == with }))
	p, err := in.c.PreviewSharing(in.ctx(), all[i].Space.ID, api.ShareAdd{ID: d.ID})
	if err != nil {
		return err
	}
	v := previewed{D: d, P: p, Sentence: in.t.T("This is what {ally} will see.", "ally", p.With), Says: in.saidAll(p.Says), Here: differences(d.Text(), p.Text)}
	v.Above = dots(in.t.T("Show an ally"), all[i].Title)
	v.Who = in.t.T("{people} there, and whoever joins them. What they have read can’t be unsaid; nothing goes before you say so.", "people", in.t.And(in.namesOf(p.Readers)))
	v.Facts, _ = in.declared(k, d)
	for _, f := range p.Fields {
		v.There = append(v.There, fact{Name: capital(in.t.T(inWords(f.Name))), Says: f.Value})
	}
	if len(p.Replaced) > 0 {
		v.LeftOut = in.t.T("Left out, since it names what isn’t shared: {words}.", "words", strings.Join(p.Replaced, ", "))
	}
	for j, s := range all {
		if len(all) > 1 {
			v.Others = append(v.Others, entry{Words: s.With + " · " + s.Title, At: in.r.URL.Path + "?with=" + s.Space.ID, Here: j == i})
		}
	}
	v.Form = &form{At: in.At(k.Many, d.Short, "share"), Words: in.t.T("Share it with {ally}", "ally", p.With), Cancel: in.At(k.Many, d.Short),
		Hidden: []hidden{{"with", all[i].Space.ID}, {"heads", strings.Join(p.Heads, " ")}},
		Inputs: []input{{Name: "writes", Is: "choice", Needs: true, Label: in.t.T("Who may write in it there"), Options: []option{
			{Value: "both", Words: in.t.T("Both co-ops, together"), Hint: in.t.T("They can change it, take it and finish it, as you can")},
			{Value: "we", Words: in.t.T("Only we; they read"), Hint: in.t.T("What we write in it later goes along")},
		}}}}
	switch {
	case pass != nil:
		v.Above = dots(in.deed(k, pass), all[i].Title)
		v.Form.At, v.Form.Words, v.Form.Inputs = in.At(k.Many, d.Short, pass.Name), in.t.T("Pass it on to {ally}", "ally", p.With), nil
		if reasonOf(pass) != kind.No {
			v.Form.Inputs = []input{{Name: kind.Why.Key, Is: "reason", Label: in.t.T("Why, if you like"), Max: api.MaxWhy}}
		}
	case p.Step == "needed":
		v.Form.Words = in.t.T("Propose to share it with {ally}", "ally", p.With)
	}
	if refused != nil {
		v.Form.retype(url.Values{"writes": in.r.PostForm["writes"], kind.Why.Key: in.r.PostForm[kind.Why.Key]}) // and not the heads: those are of what is shown now
		in.again(v.Form, refused)
	}
	in.show(w, statusOf(v.Form), "sharing", v.Sentence, v)
	return nil
}

// shareDocument shares what was shown.
func (in *asking) shareDocument(w http.ResponseWriter, k *kind.Kind, d document) error {
	writes := in.r.PostFormValue("writes")
	if writes != "both" && writes != "we" {
		return in.share(w, k, d, nil, api.Problemf(api.Invalid, "", "nothing was chosen"))
	}
	got, err := in.c.ShareDocument(in.ctx(), in.r.PostFormValue("with"), api.ShareAdd{ID: d.ID, ReadOnly: writes == "we", Heads: strings.Fields(in.r.PostFormValue("heads"))})
	switch {
	case err != nil:
		return in.share(w, k, d, nil, err)
	case got.Proposal != nil:
		in.goTo(w, in.At("proposals", got.Proposal.Short))
	default:
		in.goTo(w, in.At(k.Many, d.Short))
	}
	return nil
}

// passes passes on what was shown, as it was shown.
func (in *asking) passes(w http.ResponseWriter, k *kind.Kind, d document, v *kind.Verb) error {
	with := in.r.PostFormValue("with")
	p, err := in.c.PreviewSharing(in.ctx(), with, api.ShareAdd{ID: d.ID})
	if err == nil && !slices.Equal(p.Heads, strings.Fields(in.r.PostFormValue("heads"))) {
		err = api.Problemf(problem.Changed, "", "it was changed since you were shown it")
	}
	var now document
	if err == nil {
		fields := map[string]any{v.Args[0].Key: with}
		if why := clean(in.r.PostFormValue(kind.Why.Key)); why != "" {
			fields[kind.Why.Key] = why
		}
		now, err = readDocument(in.c.Do(in.ctx(), k.Many, d.ID, v.Name, fields))
	}
	if err != nil {
		return in.share(w, k, d, v, err)
	}
	in.leads(w, in.At(k.Many, d.Short), toldOf(now))
	return nil
}
