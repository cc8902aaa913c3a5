package server

import (
	"context"
	"net/http"
	"slices"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// Documents are the documents of a space, of whatever kind.
type Documents interface {
	// Find gives the headers of at most limit documents whose ID without the letter starts
	// with prefix (lower case, Crockford letters), in the order of their IDs. kind "" is any.
	Find(ctx context.Context, kind, prefix string, limit int) ([]api.Document, error)
	// List gives the documents that q asks for.
	List(ctx context.Context, q ListQuery) ([]Shown, error)
	Show(ctx context.Context, k *kind.Kind, id string) (Shown, error)
	Create(ctx context.Context, k *kind.Kind, a Asks) (Shown, error)
	// Do does what a verb of the kind says with a document, its edit among them.
	Do(ctx context.Context, k *kind.Kind, v *kind.Verb, id string, a Asks) (Shown, error)
	// LastShown gives what was shown last of a document to the member of this device.
	LastShown(ctx context.Context, k *kind.Kind, id string) (api.LastShown, error)
	// Possible gives what the member of this device can do with a document as it stands, in the order of its kind's declaration.
	Possible(ctx context.Context, k *kind.Kind, id string) ([]api.Possible, error)
	// NoteShown keeps that they were shown it as it was at these heads, as Show gives them. Nobody else is told.
	NoteShown(ctx context.Context, k *kind.Kind, id string, heads []string) error
	// Log gives what happened, newest first.
	Log(ctx context.Context, f LogFilter) ([]api.LogLine, error)
	// Search gives the documents that hold all the words, best first.
	Search(ctx context.Context, words string, limit int) ([]api.Hit, error)
	// Partly gives the headers of at most limit documents that are so long that Search looks through their beginning alone.
	Partly(ctx context.Context, limit int) ([]api.Document, error)
	// Adopt takes over what was written beyond what the co-op honours of a device. entry is a start of
	// its ID; what comes back is its document.
	Adopt(ctx context.Context, entry string) (api.Document, error)
}

// Versions are what the documents of a space were.
type Versions interface {
	// History gives the newest versions of a document, newest first.
	History(ctx context.Context, id string, q HistoryQuery) ([]api.Version, error)
	// Edition gives all of one version: head is a start of a Version's head, or a revision that it had.
	Edition(ctx context.Context, k *kind.Kind, id, head string) (api.Edition, error)
	// Restore writes the text that a document had at head once more, as a change of today. head is a start of
	// a Version's head.
	Restore(ctx context.Context, k *kind.Kind, id, head string) (Shown, error)
	// Continue makes a fresh document that continues one, from its present state.
	Continue(ctx context.Context, k *kind.Kind, id string) (Shown, error)
	// GoesOnFrom gives the document that continues one, by its whole ID; nil if none does. The one needn't be there any more.
	GoesOnFrom(id string) *api.Other
	// LastDeed gives what was done last on this device; a *api.Problem with the code Nothing if that isn't known.
	LastDeed(ctx context.Context) (api.LastDeed, error)
	// Undo takes that back whole, if nobody else can have it. of is the Deed's; what comes back is what it was.
	Undo(ctx context.Context, of string) (api.LastDeed, error)
}

// LogFilter selects lines of the log.
type LogFilter struct {
	Document string // one document's whole ID; "": everything, charter statements included
	Void     bool   // only what was refused by a rule
	Since    string // what came here since then (RFC 3339, to about a quarter of an hour), or since LastTime; "": from the beginning
	From     string // of this member alone, by ID; "": of everybody
	Of       string // about documents of this kind, or "charter"; ""
	Note     bool   // remember how far this went
	Limit    int    // at most so many, from 1
}

// LastTime is the Since of what came after the last Log with Note.
const LastTime = "last"

// defaultLines is how much of the log one answer has when nobody says.
const defaultLines = 100

func (s *Server) find(r *http.Request) ([]api.Document, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", api.MaxCandidates)
	if err != nil {
		return nil, err
	}
	kind, start, ok := api.SplitID(q.Get("prefix"))
	if q.Get("prefix") == "" {
		kind, ok = "", true
	}
	if want := q.Get("kind"); want != "" && kind != "" && want != kind || !ok {
		return []api.Document{}, nil
	} else if want != "" {
		kind = want
	}
	return across(s, func(one *Server) ([]api.Document, error) {
		return one.at.Documents.Find(r.Context(), kind, start, min(limit, maxLines))
	}, func(d *api.Document, space *api.Named) { d.Space = space })
}

func (s *Server) logLines(r *http.Request) ([]api.LogLine, error) {
	q := query{r.URL.Query()}
	f := LogFilter{Void: q.flag("void")}
	var err error
	if f.Limit, err = q.number("limit", defaultLines); err != nil {
		return nil, err
	}
	f.Limit = min(f.Limit, maxLines)
	f.Note, f.Of = q.flag("note"), q.Get("of")
	if f.Since = q.Get("since"); f.Since != "" && f.Since != LastTime {
		t, err := time.Parse(time.RFC3339, f.Since)
		if err != nil {
			return nil, api.Problemf(api.Invalid, "since="+LastTime+", or RFC 3339", "“%s” is no moment", api.Brief(f.Since))
		}
		f.Since = t.UTC().Format(time.RFC3339)
	}
	if f.Of != "" && f.Of != "charter" && kinds.All.Named(f.Of) == nil {
		return nil, checkWord("kind", f.Of, logKinds())
	}
	if from := q.Get("from"); from != "" {
		m, err := s.resolveMember(r.Context(), from)
		if err != nil {
			return nil, err
		}
		f.From = m.ID
	}
	if word := q.Get("id"); word != "" {
		d, err := s.resolve(r.Context(), "", word)
		if err != nil {
			return nil, err
		}
		f.Document = d.ID
	}
	return s.at.Documents.Log(r.Context(), f)
}

// logKinds are what lines of the log can be about.
func logKinds() (names []string) {
	for _, k := range kinds.All.Nouns() {
		names = append(names, k.Name)
	}
	return append(names, "charter")
}

func (s *Server) search(r *http.Request) ([]api.Hit, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", defaultLines)
	if err != nil {
		return nil, err
	}
	words := q.Get("q")
	switch {
	case api.FoldName(words) == "":
		return nil, api.Problemf(api.Usage, "kith search WORDS", "there is nothing to search for")
	case len(words) > maxQuery:
		return nil, api.Problemf(api.Limit, "use fewer words", "a search has at most %d bytes, this one has %d", maxQuery, len(words))
	}
	limit = min(limit, maxLines)
	hits, err := across(s, func(one *Server) ([]api.Hit, error) { return one.at.Documents.Search(r.Context(), words, limit) },
		func(h *api.Hit, space *api.Named) { h.Space = space })
	hits = once(hits, func(h api.Hit) (string, *api.Shared) { return h.ID, h.Shared })
	byScore(hits)
	if slices.ContainsFunc(hits, func(h api.Hit) bool { return !h.Near }) { // in another space it is spelled so
		hits = slices.DeleteFunc(hits, func(h api.Hit) bool { return h.Near })
	}
	return hits[:min(len(hits), limit)], err
}

func (s *Server) partly(r *http.Request) ([]api.Document, error) {
	limit, err := query{r.URL.Query()}.number("limit", api.MaxCandidates)
	if err != nil {
		return nil, err
	}
	limit = min(limit, maxLines)
	all, err := across(s, func(one *Server) ([]api.Document, error) { return one.at.Documents.Partly(r.Context(), limit) },
		func(d *api.Document, space *api.Named) { d.Space = space })
	all = once(all, func(d api.Document) (string, *api.Shared) { return d.ID, d.Shared })
	return all[:min(len(all), limit)], err
}

func (s *Server) adopt(r *http.Request, _ nothing) (api.Document, error) {
	return s.at.Documents.Adopt(r.Context(), r.PathValue("entry"))
}
