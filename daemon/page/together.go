package page

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strings"
	"unicode/utf16"

	"kith/crdt/diff"
	"kith/crdt/kind"
	"kith/daemon/api"
)

// Several people write in one note at once. The script sends the text as it stands in somebody's browser, with the heads that
// it was changed from; the daemon merges, and what has come meanwhile goes back as steps from the text that was sent to the one
// that stands now. So words that are typed while the answer is under way, and the place of the cursor, can be carried along.

// writes is how a note stands, for who writes in it.
type writes struct {
	Text  string    `json:"text"`
	Heads string    `json:"heads"`
	Steps []passage `json:"steps"`
}

// passage is one step from a text to another: so many units of UTF-16, as browsers count, are the same or gone, or these words
// are new.
type passage struct {
	Same int    `json:"same,omitempty"`
	Gone int    `json:"gone,omitempty"`
	New  string `json:"new,omitempty"`
}

// write takes the text of a note as it stands in somebody's browser.
func (in *asking) write(w http.ResponseWriter, k *kind.Kind, d document) error {
	text := clean(in.r.PostFormValue("text"))
	if in.r.PostFormValue("same") == "" {
		edit := api.TextEdit{Text: text, BaseHeads: strings.Fields(in.r.PostFormValue("heads")), Typing: true}
		var err error
		if d, err = readDocument(in.c.EditDocument(in.ctx(), k.Many, d.ID, map[string]any{"text": edit})); err != nil {
			return in.notWritten(w, err)
		}
	}
	now := writes{Text: d.Text(), Heads: strings.Join(d.Heads, " "), Steps: stepsTo(text, d.Text())}
	w.Header().Set("Content-Type", "application/json")
	return json.NewEncoder(w).Encode(now)
}

// notWritten tells the script why a text wasn't taken. It stays in the browser, and is sent again.
func (in *asking) notWritten(w http.ResponseWriter, err error) error {
	status, t := in.explain(err)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	return json.NewEncoder(w).Encode(struct {
		Trouble string `json:"trouble"`
	}{strings.TrimSuffix(cmp.Or(t.Word, t.Says), ".") + ". " + in.t.T("What you write stays here, and is sent again by itself.")})
}

// stepsTo are the steps from a text to another.
func stepsTo(from, to string) (all []passage) {
	if from == to {
		return []passage{{Same: units(from)}}
	}
	for _, s := range diff.Typing(from, to) {
		switch s.Is {
		case diff.New:
			all = append(all, passage{New: s.Text})
		case diff.Gone:
			all = append(all, passage{Gone: units(s.Text)})
		case diff.Same:
			all = append(all, passage{Same: units(s.Text)})
		}
	}
	return all
}

// units is the length of a text as browsers count it.
func units(s string) (n int) {
	for _, r := range s {
		n += utf16.RuneLen(r)
	}
	return n
}
