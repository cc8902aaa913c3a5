package replica

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/store"
)

// Edit is a change in the making: what a typed edit of package crdt is given.
type Edit struct {
	Doc     *automerge.Doc
	Judge   *accept.Document // the document as it stands; its history is for reading
	View    *crdt.View       // nil in a creation
	Charter Rules
	Author  charter.MemberID
	Now     time.Time
	Place   *time.Location // where days end
}

// Perform does what a verb of a kind does, as its author asks. name gives members' names for sentences; nil: their IDs.
func (e Edit) Perform(of *kind.Kind, verb *kind.Verb, asks kind.Request, name func(charter.MemberID) string) error {
	return crdt.Perform(of, verb, e.draft(asks, name))(e.Doc, e.View)
}

// Refuses says why its author can't do now what a verb does, or (undo) take it back; nil: they can. Nothing is written.
func (e Edit) Refuses(verb *kind.Verb, undo bool, name func(charter.MemberID) string) error {
	d := e.draft(kind.Request{Undo: undo}, name)
	d.View = e.View
	return verb.Refuses(d)
}

func (e Edit) draft(asks kind.Request, name func(charter.MemberID) string) *kind.Draft {
	return &kind.Draft{Asks: asks, Author: e.Author, Now: e.Now, Place: e.Place, Rules: e.Charter.Rules(), Name: name, Left: e.left, Full: e.full}
}

func (e Edit) left(m charter.MemberID) bool {
	who, ok := e.Charter.Member(m)
	return ok && (who.Standing == charter.Resigned || who.Standing == charter.Removed)
}

func (e Edit) full(m charter.MemberID) bool {
	who, ok := e.Charter.Member(m)
	return ok && who.Standing == charter.Full
}

// The years in which this computer's clock may be. A change with another time would be refused
// everywhere.
var (
	ClockFrom  = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	ClockUntil = time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC)
)

// Of the room that a document has for who writes here, texts leave so many operations: so that what is full of words is still
// answered, done, tagged and put away. A change of up to smallChange may take of these.
const (
	spareOps    = 500
	smallChange = 50
)

// errRunOver says that another change ended the run while this one was made under it.
var errRunOver = errors.New("another change failed at the same moment: try again")

// Create makes a document of a kind and returns its view once it is on the disk. fn writes the
// first change.
func (r *Replica) Create(ctx context.Context, kind string, fn func(Edit) error) (crdt.View, error) {
	return r.CreateNoting(ctx, kind, fn, nil)
}

// CreateNoting is Create, with a small record of this store about the document: after a crash both are there,
// or neither. note gives its name and value.
func (r *Replica) CreateNoting(ctx context.Context, kind string, fn func(Edit) error, note func(entry.DocID) (name string, value []byte)) (crdt.View, error) {
	create := &entry.Creation{Kind: kind}
	rand.Read(create.Random[:])
	return r.retry(func(ru *run) (crdt.View, error) {
		doc := create.DocID(r.space, r.device, ru.nonce)
		var beside []small
		if note != nil {
			name, value := note(doc)
			beside = append(beside, small{name, value})
		}
		return r.edit(ctx, ru, doc, create, fn, beside...)
	})
}

// small is a small record that is stored with a change.
type small struct {
	name  string
	value []byte
}

// Edit changes a document and returns its view once the change is on the disk. fn is given the
// document as it stands and writes to it; what it returns is Edit's error, and nothing is
// changed then. crdt.ErrNothingChanged is no error: the view as it is comes back.
func (r *Replica) Edit(ctx context.Context, doc entry.DocID, fn func(Edit) error) (crdt.View, error) {
	return r.retry(func(ru *run) (crdt.View, error) { return r.edit(ctx, ru, doc, nil, fn) })
}

// retry makes a change, once more if somebody else's failure ended the run under it.
func (r *Replica) retry(change func(*run) (crdt.View, error)) (crdt.View, error) {
	v, err := change(r.currentRun())
	if errors.Is(err, errRunOver) {
		return change(r.currentRun())
	}
	return v, err
}

func (r *Replica) edit(ctx context.Context, ru *run, doc entry.DocID, create *entry.Creation, fn func(Edit) error, beside ...small) (crdt.View, error) {
	if err := ctx.Err(); err != nil {
		return crdt.View{}, err
	}
	now := r.now()
	if now.Before(ClockFrom) || now.After(ClockUntil) {
		return crdt.View{}, fmt.Errorf("%w: it says %s", ErrClock, now.UTC().Format(time.RFC3339))
	}
	r.judging.RLock()
	defer r.judging.RUnlock()
	s := r.stripe(doc)
	s.Lock()
	defer s.Unlock()

	me, ok := r.Me()
	if !ok {
		return crdt.View{}, r.notMember()
	}
	d, err := r.load(doc)
	if err != nil {
		return crdt.View{}, err
	}
	if d.heads != nil {
		return crdt.View{}, ErrForgotten
	}
	if d.judge.Overdue() {
		if err := r.weigh(d, false); err != nil {
			return crdt.View{}, err
		}
		if d, err = r.load(doc); err != nil { // something was quarantined
			return crdt.View{}, err
		}
	}
	if err := r.joinHeads(d, now); err != nil {
		r.docs.drop(doc)
		return crdt.View{}, err
	}
	e := Edit{Doc: d.am, Judge: d.judge, Charter: r.Rules(), Author: me.ID, Now: now, Place: r.Place()}
	if create == nil {
		if len(d.judge.Order()) == 0 {
			return crdt.View{}, r.absent(doc)
		}
		if e.View, err = r.lookAt(d); err != nil {
			return crdt.View{}, err
		}
	}
	if err := d.writeAs(entry.ActorOf(r.space, r.device, ru.nonce, doc)); err != nil {
		return crdt.View{}, err
	}
	if err := r.docs.using(d, func() error { return fn(e) }); err != nil {
		if errors.Is(err, crdt.ErrNothingChanged) && e.View != nil {
			return *e.View, nil
		}
		r.docs.drop(doc) // it may have written a part
		return crdt.View{}, err
	}
	v, err := r.commit(ctx, ru, d, create, now, beside...)
	if err != nil {
		// The core has numbered this change; the number must not serve for another one.
		r.endRun(ru)
		r.docs.drop(doc)
		return crdt.View{}, err
	}
	r.docs.putEdited(d)
	return v, nil
}

// writeAs makes the core write under an actor.
func (d *document) writeAs(actor [entry.ActorSize]byte) error {
	if d.actor == actor {
		return nil
	}
	if err := d.am.SetActorID(hex.EncodeToString(actor[:])); err != nil {
		return err
	}
	d.actor = actor
	return nil
}

// commit turns what was written to d into a change, signs it, judges it by the rules that hold
// for everybody, stores it and tells.
func (r *Replica) commit(ctx context.Context, ru *run, d *document, create *entry.Creation, now time.Time, beside ...small) (crdt.View, error) {
	payload, c, err := written(d.am, automerge.CommitOptions{Time: &now})
	if err != nil {
		return crdt.View{}, err
	}
	if me, ok := r.Me(); ok && create == nil && len(c.Ops) > smallChange && d.judge.Left(me.ID)-len(c.Ops) < spareOps {
		return crdt.View{}, &RefusedError{State: charter.Void, Why: accept.WhyFull}
	}
	return r.bring(ctx, ru, d, entry.Fields{Kind: entry.Change, Doc: d.id, Create: create, Payload: payload}, c, beside...)
}

// written ends a change with what was written to am, and returns it.
func written(am *automerge.Doc, o automerge.CommitOptions) ([]byte, *change.Change, error) {
	hash, err := am.Commit("", o)
	if err != nil {
		return nil, nil, fmt.Errorf("commit a change: %w", err)
	}
	made, err := am.Change(hash)
	if err != nil {
		return nil, nil, fmt.Errorf("read the change just made: %w", err)
	}
	payload, err := change.Inflate(made.Save())
	if err != nil {
		return nil, nil, err
	}
	c, err := change.Parse(payload)
	return payload, c, err
}

// bring brings in a local change that is in the core already: signed, judged, stored and told.
func (r *Replica) bring(ctx context.Context, ru *run, d *document, f entry.Fields, c *change.Change, beside ...small) (crdt.View, error) {
	ticket, w, err := r.queue(ctx, ru, d, f, c, beside...)
	if err != nil {
		return crdt.View{}, err
	}
	if err := ticket.Wait(); err != nil {
		return crdt.View{}, err
	}
	r.reach.note(w.verdicts)
	r.stand.Store(r.ground.Load().tips())
	r.waits.note(d.id, d.awaits)
	r.note(d, w.view.view)
	r.stored.tell(w.verdicts[0].entry.ID())
	r.tell(d, w.view.view, w.verdicts)
	return *w.view.view, nil
}

// queue signs and judges a local change and hands it to the store, in the order of the run.
func (r *Replica) queue(ctx context.Context, ru *run, d *document, f entry.Fields, c *change.Change, beside ...small) (*store.Ticket, *work, error) {
	ru.mu.Lock()
	defer ru.mu.Unlock()
	if ru.over {
		return nil, nil, errRunOver
	}
	e, err := r.signLocked(ru, r.ground.Load(), d.judge.Rules(f.Create, c), f)
	if err != nil {
		return nil, nil, err
	}
	if state, why := d.judge.Try(e, c); state != charter.Accepted {
		ru.over = true
		return nil, nil, &RefusedError{State: state, Why: why}
	}
	d.judge.Take(e, c)
	w := &work{id: d.id, doc: d, verdicts: []verdict{{entry: e, change: c, state: charter.Accepted, fresh: true}}}
	w.view.changed = true
	if w.view.view, w.view.encoded, err = r.viewOf(d); err != nil {
		ru.over = true
		return nil, nil, err
	}
	b := store.NewBatch(ru.chain)
	r.putStand(b, r.ground.Load().tips())
	for _, s := range beside {
		b.PutSmall(s.name, s.value)
	}
	r.putEntry(b, w, &w.verdicts[0])
	if err := r.putDeed(ctx, b, e, d.id); err != nil {
		ru.over = true
		return nil, nil, err
	}
	r.putView(b, d, w.view.view, w.view.encoded)
	r.putUnsettled(b, d)
	if d.judge.Due() {
		b.PutJudge(d.id, true)
	}
	ru.takenLocked(e)
	return r.store.Enqueue(b), w, nil
}

// RefusedError says that a local change breaks a rule that all replicas hold.
type RefusedError struct {
	State charter.State
	Why   string
}

func (e *RefusedError) Error() string {
	if accept.IsFull(e.Why) {
		return "nothing was changed: " + e.Why
	}
	if e.Why == "" {
		return "the co-op's rules don't take this change: it would be " + e.State.String()
	}
	return "the co-op's rules don't take this change: " + e.Why
}

// Problem implements problem.Teller.
func (e *RefusedError) Problem() *problem.Problem {
	if accept.IsFull(e.Why) {
		return problem.New(problem.Limit, "go on in a fresh one, and name this one in its text: what is here stays, with its history", "%v", e)
	}
	return problem.New(problem.NotAllowed, "kith log --void shows what the co-op's rules didn't take", "%v", e)
}
