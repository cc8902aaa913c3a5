package replica

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// What costs much in a large document is done now and then, and what comes meanwhile waits for it: to load it, to take in
// turn what there isn't room for, to put it together anew because something in it doesn't count any more. Somebody who
// sends what turns a document over again and again has that done once in a while, and nothing else waits longer.

// A document's turn comes when so many times as long has passed as the last one took, and not later than maxPause.
const (
	pauses   = 20
	maxPause = time.Minute
)

// paced remembers when the turns of documents are that took long.
type paced struct {
	mu   sync.Mutex
	next map[turn]time.Time
}

// turn is what of a document is paced: to put it together, or only to see whether something has room beside the rest.
type turn struct {
	doc  entry.DocID
	rest bool
}

// may says whether it is a document's time.
func (p *paced) may(of turn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return !time.Now().Before(p.next[of])
}

// took notes how long a document took.
func (p *paced) took(of turn, d time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if d < time.Millisecond {
		return
	}
	now := time.Now()
	for of, at := range p.next {
		if at.Before(now) {
			delete(p.next, of)
		}
	}
	if p.next == nil {
		p.next = map[turn]time.Time{}
	}
	p.next[of] = now.Add(min(d*pauses, maxPause))
}

// Weigh does what was put off in large documents, if it is their time or all says so. It is to be called about every second.
func (r *Replica) Weigh(all bool) error {
	defer r.tellWanted()
	r.letGoDays()
	r.erase.some(r)
	docs, err := r.store.Judge()
	if err != nil {
		return err
	}
	g := new(errgroup.Group)
	g.SetLimit(1) // each takes memory
	for _, doc := range docs {
		if !r.waits.isLarge(doc) || !all && !r.paced.may(turn{doc: doc}) {
			continue
		}
		g.Go(func() error {
			if err := r.settle(doc); err != nil {
				return fmt.Errorf("judge document %s again: %w", doc, err)
			}
			return nil
		})
	}
	return g.Wait()
}

// weigh does what was put off in a loaded document; listed: it goes off the list of those to be judged. The caller holds its
// stripe and, for reading, judging.
func (r *Replica) weigh(d *document, listed bool) error {
	began := time.Now()
	w := &work{id: d.id, doc: d, listed: listed}
	var came outcomes
	if c := r.Rules(); d.charter != c {
		came.add(d.judge.RejudgeLater(c))
		d.charter = c
	}
	came.add(d.judge.Weigh())
	err := r.conclude(w, came)
	if err == nil {
		err = r.storeWorks([]*work{w})
	}
	r.paced.took(turn{doc: d.id}, time.Since(began))
	if err != nil {
		r.docs.drop(d.id)
		if errors.Is(err, errAgain) {
			return nil // it is on the list, and judged without that one
		}
		return err
	}
	_, err = r.took([]*work{w})
	return err
}

// wait keeps what came for a document that isn't loaded, and isn't to be yet; also without room what counts, as far as that
// can be said without loading it.
func (r *Replica) wait(w *work, counts func(entry.ID) bool) {
	taken := map[bucket]room{}
	for _, a := range w.in {
		id, b := a.entry.ID(), r.bucketOf(a.entry.Device)
		switch {
		case r.store.Has(id):
		case !r.spend(a.entry):
			w.held = append(w.held, heldChange(r.emptyJudge(w.id), a, r.Rules(), HeldDay))
		case counts(id) || r.wanted.has(id) || r.hasRoom(b, taken[b]):
			taken[b] = taken[b].plus(roomOf(a.entry, a.change))
			w.spent = append(w.spent, a.entry)
			w.verdicts = append(w.verdicts, verdict{entry: a.entry, change: a.change, state: charter.Pending, fresh: true})
		default:
			r.giveBack(a.entry) // it comes again, and takes its part then
			w.held = append(w.held, heldChange(r.emptyJudge(w.id), a, r.Rules(), HeldRoom))
		}
	}
	w.in = nil
}
