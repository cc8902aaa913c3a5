package page

import (
	"net/http"
	"strings"
	"time"

	"github.com/sergi/go-diff/diffmatchpatch"

	"kith/crdt/kind"
	"kith/daemon/api"
)

// edit changes a document. What others wrote since the form was shown stays; that they did is shown then.
func (in *asking) edit(w http.ResponseWriter, k *kind.Kind, d document) error {
	fields, err := in.filled(k, k.Edit)
	if err == nil && len(fields) == 0 {
		http.Redirect(w, in.r, in.At(k.Many, d.Short), http.StatusSeeOther)
		return nil
	}
	var now document
	if err == nil {
		now, err = readDocument(in.c.EditDocument(in.ctx(), k.Many, d.ID, fields))
	}
	if err != nil {
		in.formPage(w, in.again(in.formOf(k, k.Edit, d, in.r.PostForm), err))
		return nil
	}
	at := in.At(k.Many, now.Short)
	if sent, ok := fields["text"].(api.TextEdit); ok && sent.Text != now.Text() {
		at += "?merged=" + in.p.merged.keep(changed{Sent: sent.Text})
	}
	http.Redirect(w, in.r, at, http.StatusSeeOther)
	return nil
}

// changed says what others wrote while somebody edited a text.
type changed struct {
	Sent   string  // the text as they sent it
	Pieces []piece // from that to what stands there now
}

// piece is a part of a text that is the same in both, new in the later one, or gone from the earlier.
type piece struct {
	Is   string // "same", "new" or "gone"
	Says string
}

// diffTime bounds how long a difference is looked for; after that it is told more roughly.
const diffTime = 200 * time.Millisecond

// differences are the pieces that lead from a text to another, by whole words.
func differences(from, to string) (all []piece) {
	known, word := map[string]rune{}, []string{}
	runes := func(text string) (out []rune) {
		for _, w := range words(text) {
			r, ok := known[w]
			if !ok {
				r = rune(len(word) + 1)
				if r >= 0xD800 { // surrogates are no characters
					r += 0x800
				}
				known[w], word = r, append(word, w)
			}
			out = append(out, r)
		}
		return out
	}
	say := func(s string) string {
		var b strings.Builder
		for _, r := range s {
			if r >= 0xE000 {
				r -= 0x800
			}
			b.WriteString(word[r-1])
		}
		return b.String()
	}
	d := diffmatchpatch.New()
	d.DiffTimeout = diffTime
	for _, one := range d.DiffMainRunes(runes(from), runes(to), false) {
		is := "same"
		switch one.Type {
		case diffmatchpatch.DiffInsert:
			is = "new"
		case diffmatchpatch.DiffDelete:
			is = "gone"
		}
		all = append(all, piece{is, say(one.Text)})
	}
	return all
}

// words takes a text apart into words and what is between them.
func words(text string) (all []string) {
	begin, space := 0, false
	for i, r := range text {
		if is := strings.ContainsRune(" \n\t", r); i > 0 && (is != space || r == '\n') {
			all, begin = append(all, text[begin:i]), i
		}
		space = strings.ContainsRune(" \n\t", r)
	}
	if begin < len(text) {
		all = append(all, text[begin:])
	}
	return all
}
