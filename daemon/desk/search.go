package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"unsafe"

	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/sought"
	"kith/daemon/words"
)

// Search implements server.Documents. If nothing is written as it was typed, words that are a letter apart are looked for.
func (b *Desk) Search(ctx context.Context, typed string, limit int) ([]api.Hit, error) {
	q := sought.Parse(typed)
	if len(q) == 0 {
		return nil, api.Problemf(api.Usage, "kith search WORDS", "search for at least one word")
	}
	var found []scored
	var err error
	nearly := false
	if found, err = b.scores(ctx, q, false); err == nil && len(found) == 0 {
		nearly = true
		found, err = b.scores(ctx, q, true)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b scored) int { return cmp.Compare(b.score, a.score) })
	if limit > 0 && len(found) > limit {
		found = found[:limit]
	}
	hits := []api.Hit{}
	for _, f := range found {
		v, err := b.at.Replica.View(f.doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue // voided this moment
		}
		if err != nil {
			return nil, err
		}
		s := b.Look(b.at.Replica, v)
		hits = append(hits, api.Hit{
			ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(b.at.Replica, v.Kind, v.ID), Kind: v.Kind,
			Title: s.View.Title, Line: cut(q.Line(s.View.Text, wordsOf(s.View), nearly), 200), Score: f.score, Near: nearly, Shared: s.Shared,
		})
	}
	return hits, ctx.Err()
}

// scored is a document that was found.
type scored struct {
	doc   entry.DocID
	score float64
}

// scores finds the documents that a query means. One that goes on in a share is looked at there.
func (b *Desk) scores(ctx context.Context, q sought.Query, nearly bool) (found []scored, err error) {
	r := b.at.Replica
	elsewhere := map[entry.DocID]bool{}
	for _, doc := range r.Linked() {
		elsewhere[doc] = true
	}
	var whole []entry.DocID // to be looked at themselves
	err = r.Sought(func(doc entry.DocID, record []byte) bool {
		if len(record) == 0 || elsewhere[doc] {
			whole = append(whole, doc)
			return ctx.Err() == nil
		}
		if score := q.Score(unsafe.String(&record[0], len(record)), nearly); score > 0 { // it keeps nothing of it
			found = append(found, scored{doc, score})
		}
		return ctx.Err() == nil
	})
	if err != nil {
		return nil, err
	}
	for _, doc := range whole {
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		s := b.Look(r, v)
		if score := q.Whole(s.View, wordsOf(s.View), nearly); score > 0 {
			found = append(found, scored{doc, score})
		}
	}
	return found, ctx.Err()
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
