package replica

import (
	"crypto/rand"
	"slices"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// run is one run of this device: a nonce, and the entries made under it, numbered. A run ends
// with the process, or with the first local change that didn't make it to the disk: the core
// would hand out the same sequence number again, and twins of our own making must not exist.
type run struct {
	nonce entry.Run
	chain *store.Chain // an entry that isn't stored takes those after it along

	mu       sync.Mutex // guards what follows, held from numbering an entry to queueing it
	number   uint64
	previous entry.ID
	below    map[entry.DocID]entry.ID // the last change to each document, of the last maxBelow
	over     bool
}

// maxBelow bounds how many documents a run remembers its last change to, so that the next one can vouch for it. Beyond that
// it begins anew: a change that names none below it costs the wire a signature more, and nothing else.
const maxBelow = 4_096

func newNonce() (n entry.Run) {
	rand.Read(n[:])
	return n
}

func newRun() *run { return &run{nonce: newNonce(), chain: new(store.Chain)} }

func (r *Replica) currentRun() *run {
	r.runMu.Lock()
	defer r.runMu.Unlock()
	return r.run
}

// endRun makes sure that nothing more is written under old.
func (r *Replica) endRun(old *run) {
	r.runMu.Lock()
	defer r.runMu.Unlock()
	if r.run == old {
		r.run = newRun()
	}
}

// signLocked makes the next entry of the run, on a ground: a statement belongs to the charter in which
// this device speaks and knows that one, a change to the space and knows all; f.Heads come on top. The caller holds ru.mu until
// the entry is queued for the disk, and calls taken then. rules are the lowest that the entry needs: one under newer ones
// would wait at every older device, with all that builds on it.
func (r *Replica) signLocked(ru *run, g *ground, rules uint64, f entry.Fields) (*entry.Entry, error) {
	heads := g.rules.Heads()
	f.Space = r.space
	if f.Kind == entry.Statement {
		f.Space, heads = g.own.Space(), g.own.Heads()
	}
	f.Heads = append(slices.Clip(heads), f.Heads...)
	f.Run = ru.nonce
	f.Number = ru.number + 1
	f.Previous = ru.previous
	f.Below = ru.below[f.Doc]
	return entry.NewUnder(rules, f, r.key)
}

// takenLocked notes that e is on its way to the disk.
func (ru *run) takenLocked(e *entry.Entry) {
	ru.number = e.Number
	ru.previous = e.ID()
	if e.Kind != entry.Change {
		return
	}
	if _, known := ru.below[e.Doc]; !known && len(ru.below) >= maxBelow || ru.below == nil {
		ru.below = map[entry.DocID]entry.ID{}
	}
	ru.below[e.Doc] = e.ID()
}
