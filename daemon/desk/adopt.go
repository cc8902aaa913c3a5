package desk

import (
	"context"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// Adopt implements server.Documents.
func (b *Desk) Adopt(ctx context.Context, typed string) (api.Document, error) {
	r := b.at.Replica
	if err := r.Speaks(); err != nil {
		return api.Document{}, err
	}
	id, err := refused(r, strings.ToLower(typed))
	if err != nil {
		return api.Document{}, err
	}
	doc, err := r.Adopt(ctx, id)
	if err != nil {
		return api.Document{}, err
	}
	v, err := r.View(doc)
	if err != nil {
		return api.Document{}, err
	}
	return b.Look(r, v).Header(), nil
}

// refused finds the void entry whose ID begins with what was typed.
func refused(r *replica.Replica, typed string) (entry.ID, error) {
	var found []entry.ID
	err := r.Log(entry.DocID{}, func(l replica.Line) bool {
		id := l.Entry.ID()
		if l.State == charter.Void && typed != "" && strings.HasPrefix(id.String(), typed) && !slices.Contains(found, id) {
			found = append(found, id)
		}
		return true
	})
	switch {
	case err != nil:
		return entry.ID{}, err
	case len(found) == 0:
		return entry.ID{}, api.Problemf(api.NotFound, "kith log --void names them", "nothing that was refused begins with “%s”", typed)
	case len(found) > 1:
		return entry.ID{}, api.Problemf(api.Ambiguous, "type more of it", "“%s” is the start of more than one entry", typed)
	}
	return found[0], nil
}
