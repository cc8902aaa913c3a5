package page

import (
	"net/http"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// past is how a document came to be what it is.
type past struct {
	D        document
	At       string // of the document
	Log      action
	Versions []version
}

// version is one state that it was in.
type version struct {
	moment
	Changes [][]piece // what differs from what it was made of
	Restore action
}

// mostVersions is how many versions are shown with what differs in each.
const mostVersions = 30

// history shows the newest versions of a document, each with what differs from the one before.
func (in *asking) history(w http.ResponseWriter, k *kind.Kind, d document) error {
	all, err := in.c.Differences(in.ctx(), k.Many, d.ID, mostVersions)
	if err != nil {
		return err
	}
	v := past{D: d, At: in.At(k.Many, d.Short), Log: action{Words: in.t.T("All that was done with it"), At: in.At(k.Many, d.Short, logPage), Look: "line"}}
	for i, one := range all {
		says := version{moment: moment{When: in.Moment(one.At.Time), Who: capital(in.namedBy(one.By))}, Changes: pieces(one.Changed)}
		if i > 0 && k != kinds.Decision {
			says.Restore = action{Words: in.t.T("Bring this text back"), At: in.At(k.Many, d.Short, "restore") + "?head=" + one.Head, Post: true, Look: "plain", Back: v.At}
		}
		v.Versions = append(v.Versions, says)
	}
	in.show(w, http.StatusOK, "history", d.Title, v)
	return nil
}

// restore brings back the text of an earlier version.
func (in *asking) restore(w http.ResponseWriter, k *kind.Kind, d document) error {
	if _, err := in.c.Restore(in.ctx(), k.Many, d.ID, in.r.FormValue("head")); err != nil {
		return err
	}
	in.goTo(w, in.At(k.Many, d.Short))
	return nil
}
