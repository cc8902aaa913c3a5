package desk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/sought"
	"kith/daemon/space"
	"kith/daemon/words"
)

// mostShown bounds the bytes that are folded, after a search, for the lines that are shown of what it found: each has its part, and what those before it left.
const mostShown = 2 << 20

// Search implements server.Documents. If nothing is written as it was typed, words that are a letter apart are looked for.
func (b *Desk) Search(ctx context.Context, typed string, limit int) ([]api.Hit, error) {
	q := sought.Parse(typed)
	if len(q) == 0 {
		return nil, api.Problemf(api.Usage, "kith search WORDS", "search for at least one word")
	}
	var found []replica.Hit
	var err error
	nearly := false
	if found, err = b.scores(ctx, q, false, limit); err == nil && len(found) == 0 {
		nearly = true
		found, err = b.scores(ctx, q, true, limit)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b replica.Hit) int { return cmp.Compare(b.Score, a.Score) })
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	hits, room := []api.Hit{}, mostShown
	for i, f := range found {
		v, err := b.at.Replica.View(f.Doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue // voided this moment
		}
		if err != nil {
			return nil, err
		}
		s := b.Look(b.at.Replica, v)
		line, took := q.Line(s.View.Text, wordsOf(s.View), nearly, room/(len(found)-i))
		room -= took
		hits = append(hits, api.Hit{
			ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(b.at.Replica, v.Kind, v.ID), Kind: v.Kind,
			Title: s.View.Title, Line: cut(line, 200), Score: f.Score, Near: nearly, Shared: s.Shared,
		})
	}
	return hits, ctx.Err()
}

// scores finds the documents that a query means: at most limit of those of here (0: all), and of those that go on in a share all, which
// are looked at there.
func (b *Desk) scores(ctx context.Context, q sought.Query, nearly bool, limit int) ([]replica.Hit, error) {
	r := b.at.Replica
	elsewhere := r.Linked("")
	found, err := r.Seek(ctx, q, nearly, elsewhere, limit)
	if err != nil {
		return nil, err
	}
	for _, doc := range elsewhere {
		if err := ctx.Err(); err != nil { // of who gave up waiting nothing is looked for any more
			return nil, err
		}
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := b.Look(r, v)
		score, err := s.Replica.Score(q, s.View.ID, nearly)
		if err != nil {
			return nil, err
		}
		if score > 0 {
			found = append(found, replica.Hit{Doc: doc, Score: score})
		}
	}
	return found, ctx.Err()
}

// Partly implements server.Documents.
func (b *Desk) Partly(ctx context.Context, limit int) ([]api.Document, error) {
	r := b.at.Replica
	docs := r.Partly()
	if slices.ContainsFunc(b.Shares(), func(there *space.Space) bool { return len(there.Replica.Partly()) > 0 }) {
		docs = append(docs, r.Linked("")...)
	}
	slices.SortFunc(docs, func(a, b entry.DocID) int { return bytes.Compare(a[:], b[:]) })
	all := []api.Document{}
	for _, doc := range slices.Compact(docs) {
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if s := b.Look(r, v); s.Replica.IsPartly(s.View.ID) {
			all = append(all, s.Header())
		}
		if limit > 0 && len(all) == limit || ctx.Err() != nil {
			break
		}
	}
	return all, ctx.Err()
}

// wordsOf are those that people wrote into a document beside its title, text and tags.
func wordsOf(v *kind.View) []string {
	if k := kinds.All.Named(v.Kind); k != nil {
		return k.Words(v)
	}
	return nil
}

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
