package page

import (
	"net/http"

	"kith/crdt/diff"
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
	in.leads(w, at, toldOf(now))
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

// differences are the pieces that lead from a text to another, by whole words.
func differences(from, to string) (all []piece) {
	for _, s := range diff.Words(from, to) {
		is := "same"
		switch s.Is {
		case diff.New:
			is = "new"
		case diff.Gone:
			is = "gone"
		}
		all = append(all, piece{is, s.Text})
	}
	return all
}
