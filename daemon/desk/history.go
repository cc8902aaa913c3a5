package desk

import (
	"context"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// History implements server.Versions.
func (b *Desk) History(_ context.Context, id string, q server.HistoryQuery) (out []api.Version, err error) {
	at, err := b.lookAt(id)
	if err != nil {
		return nil, err
	}
	err = at.Replica.Read(at.View.ID, func(e replica.Edit) error {
		order := e.Judge.Order()
		var past *crdt.Past
		if q.Diff {
			past = crdt.NewPast(q.Kind, order)
		}
		for i := len(order) - 1; i >= 0 && len(out) < q.Limit; i-- {
			v := at.version(e, order[i])
			if q.Diff && crdt.Writes(order[i].Change, e.Judge.History()) {
				v.Changed = differs(q.Kind, past, order[i].Change)
			}
			out = append(out, v)
		}
		return nil
	})
	return out, err
}

func (s *Shown) version(e replica.Edit, it *accept.Item) api.Version {
	return api.Version{
		Head: it.Change.Hash.String(), At: api.At(crdt.Time(it.Change.Time).Time()), By: s.People.Named(it.Author),
		Device: s.People.Device(it.Entry.Device), Says: words.Says(s.People, crdt.Describe(e.Judge.Kind(), it.Change, e.Judge.History())),
	}
}

// differs says what a change made of what it was made of.
func differs(k *kind.Kind, past *crdt.Past, c *change.Change) []api.Change {
	now := past.At([]change.Hash{c.Hash})
	if len(c.Deps) == 0 {
		return crdt.Differences(k, nil, now)
	}
	return crdt.Differences(k, past.At(c.Deps), now)
}

// Edition implements server.Versions.
func (b *Desk) Edition(_ context.Context, k *kind.Kind, id, version string) (out api.Edition, err error) {
	at, err := b.lookAt(id)
	if err != nil {
		return out, err
	}
	err = at.Replica.Read(at.View.ID, func(e replica.Edit) error {
		past := crdt.NewPast(k, e.Judge.Order())
		then, err := versionCalled(k, e, past, version, at.Header().Short)
		if err != nil {
			return err
		}
		v := past.At([]change.Hash{then.Change.Hash})
		out = api.Edition{Version: at.version(e, then), Revision: k.Revision(v), Title: v.Title, Text: v.Text, Tags: v.Tags, Fields: map[string]string{}}
		for _, part := range k.Parts(v)[2:] { // behind title and text
			out.Fields[part.Field] = part.Says
		}
		return nil
	})
	return out, err
}

// revisionLetters is how long a revision is: see kind.Revision.
const revisionLetters = 16

// maxRevisions bounds the versions that are put together to find a revision.
const maxRevisions = 2_000

// versionCalled finds a version by the start of its head, or the newest that had a revision.
func versionCalled(k *kind.Kind, e replica.Edit, past *crdt.Past, word, short string) (*accept.Item, error) {
	order := e.Judge.Order()
	hashes, err := versionStarting(e.Judge, word, short)
	if err == nil {
		for _, it := range order {
			if it.Change.Hash == hashes[0] {
				return it, nil
			}
		}
	}
	if len(word) != revisionLetters {
		return nil, err
	}
	for i, tried := len(order)-1, 0; i >= 0 && tried < maxRevisions; i-- {
		it := order[i]
		if !crdt.Writes(it.Change, e.Judge.History()) {
			continue
		}
		tried++
		if k.Revision(past.At([]change.Hash{it.Change.Hash})) == word {
			return it, nil
		}
	}
	return nil, err
}
