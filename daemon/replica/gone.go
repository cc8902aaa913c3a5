package replica

import (
	"encoding/binary"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// What was written here and counted can cease to: it stands on a change of somebody's who told others otherwise under the same number, and
// it is that which stays; or this device was put out of use by who didn't know of it. Its person is told, since it isn't seen that something is
// missing.

const (
	gonePrefix = "gone/" // with the ID of an entry of this device: its document, and since when it doesn't count any more
	// goneTime is for how long that is told.
	goneTime = 30 * 24 * time.Hour
)

// gone knows entries of this device that counted once and don't any more.
type gone struct {
	mu sync.Mutex
	of map[entry.ID]goneEntry
}

type goneEntry struct {
	doc entry.DocID
	at  time.Time
}

// Gone returns the documents in which something that was written on this device counted once and doesn't any more, and how many changes
// of it, of the last 30 days.
func (r *Replica) Gone() map[entry.DocID]int {
	g := &r.gone
	g.mu.Lock()
	defer g.mu.Unlock()
	docs := map[entry.DocID]int{}
	for _, e := range g.of {
		if r.now().Sub(e.at) < goneTime {
			docs[e.doc]++
		}
	}
	return docs
}

// noteGone notes in a batch that a stored entry of this device has another state now.
func (r *Replica) noteGone(b *store.Batch, e *entry.Entry, state charter.State) {
	g, id := &r.gone, e.ID()
	g.mu.Lock()
	defer g.mu.Unlock()
	_, was := g.of[id]
	switch {
	case (state == charter.Void || state == charter.Pending) && !was:
		if g.of == nil {
			g.of = map[entry.ID]goneEntry{}
		}
		at := r.now()
		g.of[id] = goneEntry{e.Doc, at}
		b.PutSmall(gonePrefix+id.String(), binary.BigEndian.AppendUint64(append(id[:], e.Doc[:]...), uint64(at.UnixMilli())))
	case state == charter.Accepted && was:
		delete(g.of, id)
		b.PutSmall(gonePrefix+id.String(), nil)
	}
}

func (r *Replica) readGone() error {
	g := &r.gone
	g.of = map[entry.ID]goneEntry{}
	return r.store.Smalls(gonePrefix, func(_ string, v []byte) {
		var id entry.ID
		var e goneEntry
		if len(v) != len(id)+len(e.doc)+8 {
			return
		}
		v = v[copy(id[:], v):]
		v = v[copy(e.doc[:], v):]
		e.at = time.UnixMilli(int64(binary.BigEndian.Uint64(v)))
		g.of[id] = e
	})
}
