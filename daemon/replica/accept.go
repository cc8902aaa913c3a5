package replica

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"time"

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
	Held    int // held back, see Held
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
	for _, e := range batch {
		id := e.ID()
		if !ground.owns(e) {
			res.Refused = append(res.Refused, Refusal{id, errors.New("an entry of another space")})
			continue
		}
		if seen[id] || r.quota.isHeld(id) {
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

	defer r.tellWanted()
	for len(statements) > 0 { // first, since they say whose share of the room changes take
		group := cutStatements(statements)
		statements = statements[len(group):]
		held, err := r.acceptStatements(group)
		if err != nil {
			return res, err
		}
		res.Stored, res.Held = res.Stored+len(group)-held, res.Held+held
	}
	for len(changes) > 0 {
		if err := ctx.Err(); err != nil {
			return res, err
		}
		group := cutGroup(changes)
		changes = changes[len(group):]
		held, err := r.acceptChanges(group)
		for errors.Is(err, errAgain) { // something was quarantined: the rest once more, without it
			held, err = r.acceptChanges(group)
		}
		if err != nil {
			return res, err
		}
		res.Stored, res.Held = res.Stored+len(group)-held, res.Held+held
	}
	if err := r.judgeAgain(false); err != nil {
		return res, err
	}
	return res, nil
}

// Has says whether an entry is here, in whatever state, or is held back: nobody need send it.
func (r *Replica) Has(id entry.ID) bool {
	return r.store.Has(id) && !r.bared.wants(id) || r.quota.isHeld(id)
}

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
				changes[i].change, errs[i] = parsed(changes[i].entry)
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

// Bounds of the statements that are folded and stored in one go: with what is stored beside each they fit
// one transaction.
const (
	maxStatements      = 1_000
	maxStatementsBytes = 512 << 10
)

// cutStatements takes a group of statements that fits one batch of the store.
func cutStatements(statements []*entry.Entry) []*entry.Entry {
	size := 0
	for i, e := range statements {
		size += len(e.Encoded())
		if i > 0 && (size > maxStatementsBytes || i >= maxStatements) {
			return statements[:i]
		}
	}
	return statements
}

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
	p := r.store.Pieces()
	for _, doc := range docs {
		p.Batch().PutJudge(doc, true)
	}
	return p.Commit()
}

// judgeAgain works through the list of documents to judge again, several at a time. A document takes itself
// off in the transaction that stores the last of what came of it, so a crash only means to go on. The zero
// document stands for the charter's statements. Large documents stay on the list until it is their time, or large says so.
func (r *Replica) judgeAgain(large bool) error {
	defer r.tellWanted()
	docs, err := r.store.Judge()
	if err != nil {
		return err
	}
	g := new(errgroup.Group)
	g.SetLimit(2 * runtime.GOMAXPROCS(0)) // some wait for the disk, and share what they write
	for _, doc := range docs {
		if !large && r.waits.isLarge(doc) {
			continue
		}
		g.Go(func() error {
			if err := r.settle(doc); err != nil {
				return fmt.Errorf("judge document %s again: %w", doc, err)
			}
			return nil
		})
	}
	err = g.Wait()
	r.erase.some(r)
	return err
}

// work is what one document contributes to a group.
type work struct {
	id       entry.DocID
	in       []arrived
	whole    []*entry.Entry // of in, those that were bare here
	doc      *document
	verdicts []verdict
	held     []heldEntry
	spent    []*entry.Entry      // see days
	charged  map[entry.ID]bucket // of what is kept, what takes another's room than its device's
	again    bool                // what was held back may count by now
	called   [][32]byte          // so may what is held back of these changes
	listed   bool                // it is taken off the list of documents to be judged, unless something was put off
	view     viewed
	err      error
}

// viewed is a view that changed, as a value and encoded; both nil if nothing is accepted any more.
type viewed struct {
	changed bool
	view    *crdt.View
	encoded []byte
}

// acceptChanges brings a group of changes in, and says how many are held back.
func (r *Replica) acceptChanges(group []arrived) (held int, err error) {
	r.noteTimes(group)
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

	err = r.storeWorks(todo)
	if err != nil {
		for _, w := range todo {
			r.docs.drop(w.id) // what is loaded may be ahead of what is stored
			for _, e := range w.spent {
				r.giveBack(e)
			}
		}
		return 0, err
	}
	return r.took(todo)
}

// took notes and tells what came of a group that is stored.
func (r *Replica) took(todo []*work) (held int, err error) {
	var ids []entry.ID
	for _, w := range todo {
		held += len(w.held)
		r.reach.note(w.verdicts)
		for _, v := range w.verdicts {
			ids = append(ids, v.entry.ID())
		}
		if w.doc == nil {
			continue // it waits, though others may have waited for what came
		}
		r.waits.note(w.id, w.doc.awaits)
		if w.view.changed {
			r.note(w.doc, w.view.view)
		}
		r.docs.put(w.doc)
		r.tell(w.doc, w.view.view, w.verdicts)
	}
	return held, r.wake(todo, ids)
}

// lockAll takes the stripes of all documents, in rising order, and returns how to let go.
func (r *Replica) lockAll(todo []*work) (unlock func()) {
	var held []int
	for _, w := range todo {
		held = append(held, stripeOf(w.id))
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
	switch heads, err := r.setAside(w); {
	case err != nil:
		return err
	case heads != nil:
		r.wait(w, heads.MayCount)
		return nil
	}
	if r.waits.isLarge(w.id) && r.docs.get(w.id) == nil && !r.paced.may(turn{doc: w.id}) {
		r.wait(w, func(entry.ID) bool { return false })
		return nil
	}
	d, err := r.load(w.id)
	if err != nil {
		return err
	}
	w.doc = d
	w.in = slices.DeleteFunc(w.in, func(a arrived) bool { return r.holds(d, a.entry.ID()) })
	var came outcomes
	keep := keeping{r: r, d: d, taken: map[bucket]room{}, charged: map[entry.ID]bucket{}, ways: map[entry.ID]entry.ID{}}
	w.charged = keep.charged
	defer func() { w.spent = keep.spent }()
	w.in, w.held = keep.those(w.in, func(all []arrived) {
		items := make([]accept.Item, 0, len(all))
		for _, a := range all {
			if !r.core.isQuarantined(a.entry.ID()) {
				items = append(items, accept.Item{Entry: a.entry, Change: a.change})
			}
		}
		came.add(d.judge.AddLater(items))
	})
	if seen := (turn{w.id, true}); d.judge.Due() && r.paced.may(seen) {
		began := time.Now()
		came.add(d.judge.WeighGently())
		r.paced.took(seen, time.Since(began))
	}
	return r.conclude(w, came)
}

// outcomes is what a judge has said, once or several times.
type outcomes struct {
	accepted       []*accept.Item
	changed        map[entry.ID]bool
	rebuild, again bool
	called         [][32]byte
}

func (o *outcomes) add(out accept.Outcome) {
	if out.Rebuild {
		o.accepted = nil // all of it is handed out
	}
	o.accepted = append(o.accepted, out.Accepted...)
	o.rebuild, o.again = o.rebuild || out.Rebuild, o.again || out.Rebuild || out.Again
	for _, hash := range out.Called {
		o.called = append(o.called, hash)
	}
	if o.changed == nil {
		o.changed = map[entry.ID]bool{}
	}
	for _, v := range out.Changed {
		o.changed[v.ID] = true
	}
}

// conclude applies what was accepted of a document, and notes the states and the view that follow.
func (r *Replica) conclude(w *work, came outcomes) (err error) {
	d := w.doc
	w.again, w.called = came.again, came.called
	switch {
	case came.rebuild:
		err = r.remake(d, false)
	default:
		err = r.apply(d, came.accepted, false)
	}
	if err != nil {
		return err
	}
	fresh := make(map[entry.ID]bool, len(w.in))
	for _, a := range w.in { // in the order in which they came
		fresh[a.entry.ID()] = true
		state, why := r.stateIn(d, a.entry.ID())
		w.verdicts = append(w.verdicts, verdict{entry: a.entry, change: a.change, state: state, why: why, fresh: true})
	}
	for id := range came.changed {
		if fresh[id] {
			continue
		}
		it, ok := d.judge.Item(id)
		if !ok {
			continue
		}
		state, why := d.judge.State(id)
		w.verdicts = append(w.verdicts, verdict{entry: it.Entry, change: it.Change, state: state, why: why})
	}
	if len(came.accepted) > 0 || came.rebuild {
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
	return ok || (d.heads != nil || slices.Contains(d.bare, id)) && r.store.Has(id)
}

// stateIn is the state of an entry of d, quarantine included.
func (r *Replica) stateIn(d *document, id entry.ID) (charter.State, string) {
	switch {
	case d.heads != nil:
		return d.heads.State(id)
	case slices.Contains(d.bare, id):
		return accept.StateBare()
	}
	return r.stateBy(d.judge, id)
}

func (r *Replica) stateBy(judge *accept.Document, id entry.ID) (charter.State, string) {
	if r.core.isQuarantined(id) {
		return charter.Pending, "kept away from the Automerge core, which it would end: see kith doctor"
	}
	return judge.State(id)
}

// storeWorks stores what came of a group, in pieces, or nothing of it if a document failed. If the disk
// fails in between, what is stored is judged again at the next start.
func (r *Replica) storeWorks(todo []*work) error {
	for _, w := range todo {
		if w.err != nil {
			return w.err
		}
	}
	var ids []entry.ID
	p := r.store.Pieces()
	for _, w := range todo {
		if err := errors.Join(r.putWork(p, w), r.putWhole(p, w)); err != nil {
			return err
		}
		for _, v := range w.verdicts {
			if v.fresh {
				ids = append(ids, v.entry.ID())
			}
		}
	}
	if err := p.Commit(); err != nil {
		return err
	}
	for _, w := range todo {
		for _, h := range w.held {
			if r.hold(h) {
				ids = append(ids, h.id)
			}
		}
		for _, v := range w.verdicts {
			r.letGoFor(v)
			if ru := r.currentRun(); v.entry.Device == r.device && v.entry.Run == ru.nonce && v.state == charter.Void {
				r.endRun(ru) // nobody acknowledges what comes after it
			}
		}
		for _, e := range w.whole {
			r.bared.filled(e.ID())
			ids = append(ids, e.ID())
		}
		r.quota.letGo(w.called...)
		if w.again {
			r.quota.letGo(docKey(w.id)) // something isn't accepted any more, so something else may be
		}
	}
	r.stored.tell(ids...)
	return nil
}

// maxStates is how many entries of a document may get another state within one transaction.
const maxStates = 1_000

// besideEntry is about what a new entry takes in the store beside its encoding, in bytes.
const besideEntry = 600

// fresh are the entries that weren't here.
func (w *work) fresh() (all []*entry.Entry) {
	for _, v := range w.verdicts {
		if v.fresh {
			all = append(all, v.entry)
		}
	}
	return all
}

// putWork writes all that changes in the store for one document: in one part or, if much came or others have made the
// states of many entries hang on what came, in several, with the document on the list to be judged
// again until the last is written.
func (r *Replica) putWork(p *store.Pieces, w *work) error {
	b := p.Batch()
	r.putSpent(b, w.fresh())
	size, states := len(w.view.encoded), 0
	for _, v := range w.verdicts {
		if v.fresh {
			size += len(v.entry.Encoded()) + besideEntry
		} else {
			states++
		}
	}
	many := states > maxStates || size > store.MaxBatch/2
	if many {
		b.PutJudge(w.id, true)
	}
	for i := range w.verdicts {
		if many {
			b = p.Batch()
		}
		v := &w.verdicts[i]
		if v.fresh {
			r.putEntry(b, w, v)
			continue
		}
		changed, err := r.putState(b, v.entry, v.state)
		if err != nil {
			return err
		}
		if changed && v.entry.Device == r.device {
			r.noteGone(b, v.entry, v.state)
		}
	}
	if many {
		b = p.Batch()
	}
	if w.doc == nil {
		b.PutJudge(w.id, true)
		return nil
	}
	if w.view.changed {
		r.putView(b, w.doc, w.view.view, w.view.encoded)
	}
	r.putUnsettled(b, w.doc)
	if due := w.doc.judge.Due(); many || due || w.listed {
		b.PutJudge(w.id, due)
	}
	return nil
}

// putEntry adds an entry that is new here to a batch, and notes its arrival.
func (r *Replica) putEntry(b *store.Batch, w *work, v *verdict) {
	id := v.entry.ID()
	v.arrival = r.store.NextArrival()
	rec := store.Record{Arrival: v.arrival, Doc: w.id, State: uint8(v.state)}
	if v.state != charter.Accepted {
		if by, ok := w.charged[id]; ok {
			rec.Charged = by[:]
		}
		r.charge(v.entry, v.change, rec.Charged)
	}
	b.PutEntry(v.entry, rec)
	count(b, noState, v.state)
}
