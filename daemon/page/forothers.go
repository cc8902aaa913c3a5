package page

import (
	"bytes"
	"cmp"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strings"

	"kith/crdt/about"
	"kith/crdt/kinds"
)

// handedOut is the one page about the co-op that those outside are given, as it would be handed out, and what of it members meant for them.
type handedOut struct {
	Sentence, Below string
	Language        string
	Body            template.HTML
	Tongues         []entry
	Files           []action
	Public          []row  // what members wrote for others, where each changes it
	Own             action // what others are told of the reader
}

// aboutIn asks for that page, in a language: that of the address, else the reader's if it has words in it.
func (in *asking) aboutIn() (about.Page, error) {
	language := cmp.Or(in.r.FormValue("language"), in.t.Tag)
	if !about.HasLanguage(language) {
		language = about.Languages[0]
	}
	return in.c.About(in.ctx(), language)
}

func (in *asking) forOthers(w http.ResponseWriter) error {
	p, err := in.aboutIn()
	if err != nil {
		return err
	}
	v := handedOut{Sentence: in.t.T("This is what others read about us."), Language: p.Language}
	v.Below = in.t.T("Nobody is shown it before you hand it out. Of what we wrote only what somebody meant for others stands in it.")
	if p.IsBare() {
		v.Below = in.t.T("Nobody has meant anything for others yet, so only what is true of every co-op stands here.")
	}
	var b bytes.Buffer
	if err := p.Body(&b); err != nil {
		return err
	}
	v.Body = template.HTML(b.String()) //nolint:gosec // html/template wrote it
	query := "?language=" + p.Language
	for _, tag := range about.Languages {
		if t := in.p.words.called(tag); t != nil {
			v.Tongues = append(v.Tongues, entry{Words: t.Name, At: in.At("for-others") + "?language=" + tag, Here: tag == p.Language})
		}
	}
	v.Files = []action{
		{Words: in.t.T("Save it as a page (HTML)"), At: in.At("for-others", "html") + query, Look: "line"}, {Words: in.t.T("Save it as text (Markdown)"), At: in.At("for-others", "md") + query, Look: "plain"},
	}
	if v.Public, err = in.publicRows(p); err != nil {
		return err
	}
	v.Own = action{Words: in.t.T("Say what others are told of me"), At: in.At(kinds.Profile.Many, "new"), Look: "plain"}
	own, err := in.list(kinds.Profile, 1, "mine", "true")
	if err != nil {
		return err
	}
	if len(own) > 0 {
		v.Own.At = in.At(kinds.Profile.Many, own[0].Short, "edit")
	}
	in.show(w, http.StatusOK, "for-others", in.t.T("For others"), v)
	return nil
}

// publicRows are the roles, agreements and profiles of which something stands on that page.
func (in *asking) publicRows(p about.Page) (rows []row, err error) {
	agreements, err := in.list(kinds.Agreement, mostListed, "current", "true", "sort", "title")
	if err != nil {
		return nil, err
	}
	roles, err := in.list(kinds.Role, mostListed)
	if err != nil {
		return nil, err
	}
	profiles, err := in.list(kinds.Profile, mostListed)
	if err != nil {
		return nil, err
	}
	add := func(d document, many, says string) {
		rows = append(rows, row{ID: d.ID, Mark: textMark(), Title: d.Title, At: in.At(many, d.Short), Says: dots(in.t.T(kinds.All.Named(d.Kind).Name), says)})
	}
	for _, d := range roles {
		if says := d.says.Str("public"); says != "" {
			add(d, kinds.Role.Many, says)
		}
	}
	for _, d := range agreements {
		if d.says.Str("public") == "yes" {
			add(d, kinds.Agreement.Many, in.t.T("all of it"))
		}
	}
	for _, d := range profiles {
		if says := strings.TrimSpace(d.says.Str("public")); slices.Contains(p.People, says) { // and not of who is gone
			add(d, kinds.Profile.Many, says)
		}
	}
	return rows[:min(len(rows), firstListed)], nil
}

// forOthersFile gives that page as a file.
func (in *asking) forOthersFile(w http.ResponseWriter) error {
	form := in.r.PathValue("form")
	write := about.Formats[form]
	if write == nil {
		return noSuchThing
	}
	p, err := in.aboutIn()
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&p, &b); err != nil {
		return err
	}
	in.handsOut(w, "about-"+p.Language, form, b.Bytes())
	return nil
}

// handsOut gives a file to be saved: a text in a form, by which its name ends.
func (in *asking) handsOut(w http.ResponseWriter, name, form string, body []byte) {
	of := form
	if form == "md" {
		of = "markdown"
	}
	w.Header().Set("Content-Type", "text/"+of+"; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.%s"`, name, form))
	if _, err := w.Write(body); err != nil {
		in.p.log.Debug("answer not taken", "err", err)
	}
}
