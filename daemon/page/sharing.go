package page

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"kith/crdt/kind"
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

// shareAction leads to the preview; nil where there is nobody to share it with.
func (in *asking) shareAction(k *kind.Kind, d document) *action {
	if d.Shared != nil {
		return nil
	}
	all, err := in.sharesNow()
	if err != nil || len(all) == 0 {
		return nil
	}
	return &action{Words: in.t.T("Show an ally"), At: in.At(k.Many, d.Short, "share"), Look: "plain", About: d.Title}
}

// share shows what an ally will see of a document, with what was in the way of sharing it.
func (in *asking) share(w http.ResponseWriter, k *kind.Kind, d document, refused error) error {
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
			v.Others = append(v.Others, entry{Words: s.With + " · " + s.Title, At: in.At(k.Many, d.Short, "share") + "?with=" + s.Space.ID, Here: j == i})
		}
	}
	v.Form = &form{At: in.At(k.Many, d.Short, "share"), Words: in.t.T("Share it with {ally}", "ally", p.With), Cancel: in.At(k.Many, d.Short),
		Hidden: []hidden{{"with", all[i].Space.ID}, {"heads", strings.Join(p.Heads, " ")}},
		Inputs: []input{{Name: "writes", Is: "choice", Needs: true, Label: in.t.T("Who may write in it there"), Options: []option{
			{Value: "both", Words: in.t.T("Both co-ops, together"), Hint: in.t.T("They can change it, take it and finish it, as you can")},
			{Value: "we", Words: in.t.T("Only we; they read"), Hint: in.t.T("What we write in it later goes along")},
		}}}}
	if p.Step == "needed" {
		v.Form.Words = in.t.T("Propose to share it with {ally}", "ally", p.With)
	}
	if refused != nil {
		v.Form.retype(url.Values{"writes": in.r.PostForm["writes"]}) // and not the heads: those are of what is shown now
		in.again(v.Form, refused)
	}
	in.show(w, statusOf(v.Form), "sharing", v.Sentence, v)
	return nil
}

// shareDocument shares what was shown.
func (in *asking) shareDocument(w http.ResponseWriter, k *kind.Kind, d document) error {
	writes := in.r.PostFormValue("writes")
	if writes != "both" && writes != "we" {
		return in.share(w, k, d, api.Problemf(api.Invalid, "", "nothing was chosen"))
	}
	got, err := in.c.ShareDocument(in.ctx(), in.r.PostFormValue("with"), api.ShareAdd{ID: d.ID, ReadOnly: writes == "we", Heads: strings.Fields(in.r.PostFormValue("heads"))})
	switch {
	case err != nil:
		return in.share(w, k, d, err)
	case got.Proposal != nil:
		in.goTo(w, in.At("proposals", got.Proposal.Short))
	default:
		in.goTo(w, in.At(k.Many, d.Short))
	}
	return nil
}
