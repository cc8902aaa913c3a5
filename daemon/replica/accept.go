package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Refusal is an entry that is not stored, because it is wrong whatever else is known. Whoever
// passed it on should have known, too.
type Refusal struct {
	ID  entry.ID
	Err error
}

// Result says what became of a batch.
type Result struct {
	Stored  int // new here, in whatever state
	Refused []Refusal
}

// arrived is a change on its way in.
type arrived struct {
	entry  *entry.Entry
	change *change.Change
}

// Accept judges, applies and stores entries, and returns once all that it kept is on the disk.
// The caller has verified their signatures. What is here already costs little and changes
// nothing. The error is for trouble of this replica's own, such as a full disk; none of the
// entries whose documents it hit is stored then, and all may be brought again.
func (r *Replica) Accept(ctx context.Context, batch []*entry.Entry) (Result, error) {
	return r.accept(ctx, batch, r.noteElsewhere)
}

// accept is Accept; look is given the changes before they are stored.
func (r *Replica) accept(ctx context.Context, batch []*entry.Entry, look func([]arrived) error) (Result, error) {
	var (
		res        Result
		statements []*entry.Entry
		changes    []arrived
		seen       = make(map[entry.ID]bool, len(batch))
		ground     = r.ground.Load()
	)
	for _, e := range r.withinQuota(batch) {
		id := e.ID()
		if !ground.owns(e) {
			res.Refused = append(res.Refused, Refusal{id, errors.New("an entry of another space")})
			continue
		}
		if seen[id] || r.quota.dropped(id) {
			continue
		}
		seen[id] = true
		if e.Kind == entry.Statement {
			statements = append(statements, e)
			continue
		}
		changes = append(changes, arrived{entry: e})
	}
	changes, refused := parseAll(changes)
	res.Refused = append(res.Refused, refused...)
	if err := look(changes); err != nil {
		return res, err
	}

	if len(statements) > 0 {
		if err := r.acceptStatements(statements); err != nil {
			return res, err
		}
		res.Stored += len(statements)
	}
	for len(changes) > 0 {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		group := cutGroup(changes)
		changes = changes[len(group):]
		err := r.acceptChanges(group)
		for errors.Is(err, errAgain) { // something was quarantined: the rest once more, without it
			err = r.acceptChanges(group)
		}
		if err != nil {
			return res, err
		}
		res.Stored += len(group)
	}
	if err := r.judgeAgain(); err != nil {
		return res, err
	}
	return res, nil
}

// Has says whether an entry is here, in whatever state: nobody need send it.
func (r *Replica) Has(id entry.ID) bool { return r.store.Has(id) || r.quota.dropped(id) }

// parseAll parses the payloads, on all cores.
func parseAll(changes []arrived) (good []arrived, refused []Refusal) {
	errs := make([]error, len(changes))
	g := new(errgroup.Group)
	g.SetLimit(runtime.GOMAXPROCS(0))
	const piece = 64
	for from := 0; from < len(changes); from += piece {
		to := min(from+piece, len(changes))
		g.Go(func() error {
			for i := from; i < to; i++ {
				changes[i].change, errs[i] = change.Parse(changes[i].entry.Payload)
			}
			return nil
		})
	}
	g.Wait()
	for i, c := range changes {
		if errs[i] != nil {
			refused = append(refused, Refusal{c.entry.ID(), errs[i]})
			continue
		}
		good = append(good, c)
	}
	return good, refused
}

// maxGroup bounds what is judged under one set of locks and stored in one go, in bytes.
const maxGroup = 1 << 20

// cutGroup takes a group of changes that fits one batch of the store, views included.
func cutGroup(changes []arrived) []arrived {
	size := 0
	for i, c := range changes {
		size += len(c.entry.Encoded())
		if i > 0 && size > maxGroup {
			return changes[:i]
		}
	}
	return changes
}

// listJudge puts documents on the list of those to judge again.
func (r *Replica) listJudge(docs []entry.DocID) error {
	b := store.NewBatch(nil)
	for _, doc := range docs {
		b.PutJudge(doc, true)
		if b.Size() > store.MaxBatch/2 {
			if err := r.store.Commit(b); err != nil {
				return err
			}
			b = store.NewBatch(nil)
		}
	}
	if b.Empty() {
		return nil
	}
	return r.store.Commit(b)
}

// judgeAgain works through the list of documents to judge again. A document takes itself off
// in the transaction that stores what came of it, so a crash only means to go on.
func (r *Replica) judgeAgain() error {
	docs, err := r.store.Judge()
	if err != nil {
		return err
	}
	for _, doc := range docs {
		if err := r.settle(doc); err != nil {
			return fmt.Errorf("judge document %s again: %w", doc, err)
		}
	}
	return nil
}

// work is what one document contributes to a group.
type work struct {
	id       entry.DocID
	in       []arrived
	doc      *document
	verdicts []verdict
	view     viewed
	err      error
}

// viewed is a view that changed, as a value and encoded; both nil if nothing is accepted any more.
type viewed struct {
	changed bool
	view    *crdt.View
	encoded []byte
}

func (r *Replica) acceptChanges(group []arrived) error {
	byDoc := map[entry.DocID]*work{}
	var todo []*work
	for _, a := range group {
		w := byDoc[a.entry.Doc]
		if w == nil {
			w = &work{id: a.entry.Doc}
			byDoc[a.entry.Doc] = w
			todo = append(todo, w)
		}
		w.in = append(w.in, a)
	}
	r.judging.RLock()
	defer r.judging.RUnlock()
	defer r.lockAll(todo)()

	g := new(errgroup.Group)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, w := range todo {
		g.Go(func() error { w.err = r.judge(w); return nil })
	}
	g.Wait()

	err := r.storeWorks(todo)
	if err != nil {
		for _, w := range todo {
			r.docs.drop(w.id) // what is loaded may be ahead of what is stored
		}
		return err
	}
	var ids []entry.ID
	for _, w := range todo {
		if w.view.changed {
			r.index.note(w.id, w.view.view)
		}
		r.docs.put(w.doc)
		r.tell(w.doc, w.view.view, w.verdicts)
		for _, v := range w.verdicts {
			ids = append(ids, v.entry.ID())
		}
	}
	return r.wake(todo, ids)
}

// lockAll takes the stripes of all documents, in rising order, and returns how to let go.
func (r *Replica) lockAll(todo []*work) (unlock func()) {
	var held []int
	for _, w := range todo {
		held = append(held, int(w.id[0]))
	}
	slices.Sort(held)
	held = slices.Compact(held)
	for _, i := range held {
		r.stripes[i].Lock()
	}
	return func() {
		for _, i := range held {
			r.stripes[i].Unlock()
		}
	}
}

// judge decides on what arrived for one document, applies what is accepted and computes the
// new view. Nothing is stored yet.
func (r *Replica) judge(w *work) error {
	d, err := r.load(w.id)
	if err != nil {
		return err
	}
	w.doc = d
	w.in = slices.DeleteFunc(w.in, func(a arrived) bool { return r.holds(d, a.entry.ID()) })
	var (
		accepted []*accept.Item
		rebuild  bool
		changed  = map[entry.ID]bool{}
		fresh    = make(map[entry.ID]arrived, len(w.in))
	)
	for _, a := range w.in {
		fresh[a.entry.ID()] = a
		if r.core.isQuarantined(a.entry.ID()) {
			continue
		}
		out := d.judge.Add(a.entry, a.change)
		accepted = append(accepted, out.Accepted...)
		rebuild = rebuild || out.Rebuild
		for _, v := range out.Changed {
			changed[v.ID] = true
		}
	}
	switch {
	case rebuild:
		err = r.remake(d, false)
	default:
		err = r.apply(d, accepted, false)
	}
	if err != nil {
		return err
	}
	for _, a := range w.in { // in the order in which they came
		state, why := r.stateIn(d, a.entry.ID())
		w.verdicts = append(w.verdicts, verdict{a.entry, a.change, state, why, true})
	}
	for id := range changed {
		if _, ok := fresh[id]; ok {
			continue
		}
		it, ok := d.judge.Item(id)
		if !ok {
			continue
		}
		state, why := d.judge.State(id)
		w.verdicts = append(w.verdicts, verdict{it.Entry, it.Change, state, why, false})
	}
	if len(accepted) > 0 || rebuild {
		w.view.changed = true
		w.view.view, w.view.encoded, err = r.viewOf(d)
	}
	return err
}

// holds says whether an entry of a loaded document is stored: the judge knows all but those that
// are kept from it.
func (r *Replica) holds(d *document, id entry.ID) bool {
	if r.core.isQuarantined(id) {
		return r.store.Has(id)
	}
	_, ok := d.judge.Item(id)
	return ok
}

// stateIn is the state of an entry of d, quarantine included.
func (r *Replica) stateIn(d *document, id entry.ID) (charter.State, string) {
	return r.stateBy(d.judge, id)
}

func (r *Replica) stateBy(judge *accept.Document, id entry.ID) (charter.State, string) {
	if r.core.isQuarantined(id) {
		return charter.Pending, "kept away from the Automerge core, which it would end: see kith doctor"
	}
	return judge.State(id)
}

// storeWorks stores what came of a group: everything, or nothing of the documents that failed.
func (r *Replica) storeWorks(todo []*work) error {
	var tickets []*store.Ticket
	var ids []entry.ID
	b := store.NewBatch(nil)
	for _, w := range todo {
		if w.err != nil {
			return w.err
		}
		if err := r.putWork(b, w); err != nil {
			return err
		}
		for _, v := range w.verdicts {
			if v.fresh {
				ids = append(ids, v.entry.ID())
			}
		}
		if b.Size() > store.MaxBatch/2 {
			tickets = append(tickets, r.store.Enqueue(b))
			b = store.NewBatch(nil)
		}
	}
	tickets = append(tickets, r.store.Enqueue(b))
	var errs []error
	for _, t := range tickets {
		errs = append(errs, t.Wait())
	}
	if err := errors.Join(errs...); err != nil {
		return err
	}
	r.stored.tell(ids...)
	return nil
}

// putWork adds to the batch all that changes in the store for one document.
func (r *Replica) putWork(b *store.Batch, w *work) error {
	for _, v := range w.verdicts {
		id := v.entry.ID()
		if v.fresh {
			b.PutEntry(v.entry, store.Record{
				Arrival: r.store.NextArrival(), Doc: w.id, State: uint8(v.state),
			})
			count(b, -1, v.state)
		} else if _, err := r.putState(b, id, v.state); err != nil {
			return err
		}
		r.account(v.entry, v.state, v.fresh)
	}
	if w.view.changed {
		r.putView(b, w.doc, w.view.view, w.view.encoded)
	}
	b.PutUnsettled(w.id, w.doc.unsettled())
	return nil
}

// sortForCatchUp orders entries for a peer that lacks them: the charter first, then documents
// with the newest work first, each in the order in which it arrived here.
func sortForCatchUp(ids []placed) {
	newest := map[entry.DocID]uint64{}
	for _, p := range ids {
		newest[p.doc] = max(newest[p.doc], p.arrival)
	}
	newest[entry.DocID{}] = math.MaxUint64
	for i := range ids {
		ids[i].newest = newest[ids[i].doc] // looked up once, not with every comparison
	}
	slices.SortFunc(ids, func(a, b placed) int {
		return cmp.Or(cmp.Compare(b.newest, a.newest), cmp.Compare(a.arrival, b.arrival))
	})
}

type placed struct {
	id      entry.ID
	doc     entry.DocID
	arrival uint64
	newest  uint64 // arrival in its document, while being sorted
}

// CatchUpOrder sorts the IDs of entries for a peer that lacks them, in place: the charter
// first, then documents with the newest work first. What isn't stored here comes last.
func (r *Replica) CatchUpOrder(ids []entry.ID) {
	known := make([]placed, 0, len(ids))
	var unknown []entry.ID
	note := func(id entry.ID, rec store.Record, here bool) {
		if here {
			known = append(known, placed{id: id, doc: rec.Doc, arrival: rec.Arrival})
		} else {
			unknown = append(unknown, id)
		}
	}
	if err := r.store.RecordsOf(ids, note); err != nil {
		r.log.Error("order entries for a peer", "err", err)
		return // any order will do
	}
	sortForCatchUp(known)
	for i, p := range known {
		ids[i] = p.id
	}
	copy(ids[len(known):], unknown)
	r.places.note(known)
}
