package replica

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/store"
)

// acceptStatements brings charter statements in, and says how many are held back. Documents wait
// meanwhile: when they go on, those that the new charter could settle are on the list to be judged again.
func (r *Replica) acceptStatements(statements []*entry.Entry) (held int, err error) {
	r.judging.Lock()
	defer r.judging.Unlock()
	g := r.ground.Load()
	statements = slices.DeleteFunc(slices.Clone(statements), func(e *entry.Entry) bool { return g.rules.Has(e.ID()) })
	if len(statements) == 0 {
		return 0, nil
	}
	kept, back := r.keepStatements(g, statements)
	for _, h := range back {
		if r.hold(h) {
			r.stored.tell(h.id)
		}
	}
	if len(kept) == 0 {
		return len(back), nil
	}
	grown := g.with(kept...)
	at := r.standing()
	at[g.side] = grown.own.TookPart(at[g.side], r.device)
	return len(back), r.growLocked(grown, kept, at)
}

// standing are the newest steps that this replica took part in. Its stand moves with what its own
// device writes, on to a step to which it has consented when that comes into force, and else only
// when its person says so; nothing else that others sign moves it.
func (r *Replica) standing() stands { return r.stand.Load().(stands) }

// putStand adds where the replica stands to a batch, if it is another place than before.
func (r *Replica) putStand(b *store.Batch, at stands) {
	if at != r.standing() {
		b.PutSmall(standRecord, at.encode(r.ground.Load()))
	}
}

// growLocked puts a grown ground, with the statements that are new in it, in the place of the
// old one. The caller holds judging.
func (r *Replica) growLocked(grown *ground, statements []*entry.Entry, at stands) error {
	old := r.ground.Load()
	grown = grown.placed(at)
	b := store.NewBatch(nil)
	r.putStand(b, at)
	r.putSpent(b, statements)
	if doubts := grown.doubts(); doubts != old.doubts() {
		putFlag(b, doubtRecord, doubts)
	}
	ids := make([]entry.ID, 0, len(statements))
	for _, e := range statements {
		id := e.ID()
		state, _ := grown.rules.State(id)
		b.PutEntry(e, store.Record{Arrival: r.store.NextArrival(), State: uint8(state)})
		putCame(b, e, r.now())
		count(b, noState, state)
		ids = append(ids, id)
	}
	changed := r.changedStatements(old, grown)
	if len(changed) > maxStates {
		b.PutJudge(entry.DocID{}, true) // in pieces, when documents go on
	} else if err := r.putStates(b, grown.rules, changed); err != nil {
		return err
	}
	// The list of documents to judge may be longer than a batch. It is stored first: to judge one
	// that no new charter has reached changes nothing.
	docs, err := r.reached(old, grown, slices.Concat(statements, changed))
	if err != nil {
		return err
	}
	if err := r.listJudge(docs); err != nil {
		return err
	}
	if err := r.store.Commit(b); err != nil {
		return fmt.Errorf("store %d charter statements: %w", len(statements), err)
	}
	r.statements = append(r.statements, statements...)
	r.stand.Store(at)
	r.ground.Store(grown)
	for _, e := range statements {
		if state, _ := grown.rules.State(e.ID()); state != charter.Accepted {
			r.charge(e, nil, nil)
		}
	}
	r.noteOpen(grown.rules, slices.Concat(statements, changed))
	r.knownNow(old.rules, grown.rules)
	r.letGoStatements(grown.rules, slices.Concat(statements, changed))
	r.letGoOtherwise(old, grown)
	for _, doc := range forgetReached(old, grown) {
		r.quota.letGo(docKey(doc)) // who wrote in it matters now
	}
	r.stored.tell(ids...)
	r.tellCharter(old.rules, grown.rules, slices.Concat(statements, changed))
	return nil
}

// reached returns the documents in which a grown ground may change something: those that wait for
// statements which came or are judged otherwise now, those in which a device wrote of which something else is
// honoured now, those of kinds that count full members (a decision says whom it waits for) if these are others than
// before, and all of them if the replica follows another branch than before.
func (r *Replica) reached(old, grown *ground, statements []*entry.Entry) ([]entry.DocID, error) {
	ids := make([]entry.ID, 0, len(statements))
	var acknowledged []deviceRun
	for _, e := range statements {
		ids = append(ids, e.ID())
		acknowledged = append(acknowledged, acknowledgedIn(grown.rules, e.ID())...)
	}
	docs := append(r.waits.reachedBy(ids, acknowledged), forgetReached(old, grown)...)
	for _, id := range ids { // runs hold statements, too
		docs = slices.AppendSeq(docs, maps.Keys(r.wanted.take(id)))
	}
	if cut := grown.cutsSince(old); len(cut) > 0 {
		written, err := r.writtenBy(cut)
		if err != nil {
			return nil, err
		}
		docs = append(docs, written...)
		// Nor does it count any more what they have acknowledged since.
		docs = append(docs, r.waits.those(func(u store.Unsettled) bool { return len(u.Runs) > 0 || u.More || u.Crowd })...)
	}
	if grown.countsOthers(old) {
		for _, k := range r.kinds.All() {
			if !k.Counts {
				continue
			}
			for _, ref := range r.Documents(k.Name) {
				docs = append(docs, ref.ID)
			}
		}
	}
	if grown.turned(old) {
		for _, ref := range r.Documents("") {
			docs = append(docs, ref.ID)
		}
		docs = append(docs, r.waits.those(func(store.Unsettled) bool { return true })...)
	}
	return docs, nil
}

// Say makes a charter statement, signs it and brings it in; it must stand at once. make is given
// the charter as it is, which doesn't change before the statement is in it. What the statement
// completes comes into force with it. over is the acknowledgement that another takes over, if it does.
func (r *Replica) Say(ctx context.Context, make func(*charter.Charter) ([]byte, error), over ...entry.ID) (*entry.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := r.say(r.Speaks, make, over...)
	if err != nil {
		return nil, err
	}
	return e, errors.Join(r.enact(), r.judgeAgain(false))
}

// SayOf is Say for what a device may say of others of its member even if it was retired itself: the
// charter's rules alone decide.
func (r *Replica) SayOf(ctx context.Context, make func(*charter.Charter) ([]byte, error)) (*entry.Entry, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e, err := r.say(func() error { return nil }, make)
	if err != nil {
		return nil, err
	}
	return e, r.judgeAgain(false)
}

// State is Say for a statement that is made already.
func (r *Replica) State(ctx context.Context, payload []byte) (*entry.Entry, error) {
	return r.Say(ctx, func(*charter.Charter) ([]byte, error) { return payload, nil })
}

// say makes a statement if this device may: as of the same charter. over are heads on top of those of the charter.
func (r *Replica) say(may func() error, make func(*charter.Charter) ([]byte, error), over ...entry.ID) (*entry.Entry, error) {
	r.judging.Lock()
	defer r.judging.Unlock()
	if err := may(); err != nil {
		return nil, err
	}
	return r.sayLocked(r.ground.Load(), make, over...)
}

// sayLocked makes a statement on a ground, that of this replica or what it is from another stand,
// and puts both in the place of the old one. The caller holds judging.
func (r *Replica) sayLocked(g *ground, make func(*charter.Charter) ([]byte, error), over ...entry.ID) (*entry.Entry, error) {
	if r.Restored() {
		return nil, ErrRestored
	}
	payload, err := make(g.own)
	if err != nil {
		return nil, err
	}
	ru := r.currentRun()
	ru.mu.Lock()
	defer ru.mu.Unlock()
	e, err := r.signLocked(ru, g, entry.FirstRules, entry.Fields{Kind: entry.Statement, Heads: over, Payload: payload})
	if err != nil {
		return nil, err
	}
	grown := g.with(e)
	if state, why := grown.own.State(e.ID()); state != charter.Accepted {
		return nil, &RefusedError{State: state, Why: why}
	}
	at := r.standing()
	at[g.side] = grown.own.Tip()
	if err := r.growLocked(grown, []*entry.Entry{e}, at); err != nil {
		return nil, err
	}
	ru.takenLocked(e)
	return e, nil
}

// Enact brings into force what has enough consents, as far as this device may. Call it when no
// more statements are on their way: somebody may have taken a consent back.
func (r *Replica) Enact() error { return errors.Join(r.enact(), r.judgeAgain(false)) }

func (r *Replica) enact() error {
	for !r.Restored() {
		ready := r.Charter().Enactable()
		done := false
		for _, id := range ready {
			_, err := r.say(r.Speaks, func(c *charter.Charter) ([]byte, error) { return c.Enact(r.device, id) })
			switch {
			case err == nil:
				r.log.Info("step enacted", "step", id.String())
				done = true
			case errors.Is(err, store.ErrDiskFull), errors.Is(err, store.ErrCorrupt):
				return err
			default: // it isn't for this device, or another step came first
				r.log.Debug("step not enacted", "step", id.String(), "err", err)
			}
		}
		if !done {
			break
		}
	}
	return nil
}

// ErrNotThere says that this device speaks for nobody on the side that it was to follow.
var ErrNotThere = problem.New(problem.NotAllowed, "ask somebody there for an invite, and join with it in a home of its own: KITH_HOME=/another/folder kith join - --as MEMBER", "on that side you are no member, so you can't go over")

// Follow takes a side where the charter has forked, and says so in public, both in one; where that of an
// ally has, it is said nowhere. All documents are judged anew.
func (r *Replica) Follow(ctx context.Context, step charter.StepID) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(r.follow(step), r.judgeAgain(false))
}

func (r *Replica) follow(step charter.StepID) error {
	r.judging.Lock()
	defer r.judging.Unlock()
	g := r.ground.Load()
	if g.ofAlly(step) {
		return r.followAlly(step)
	}
	there := g.standOn(g.side, step)
	if _, ok := there.own.MemberOf(r.device); !ok {
		return ErrNotThere
	}
	r.endRun(r.currentRun()) // what follows stands on something else
	_, err := r.sayLocked(there, func(c *charter.Charter) ([]byte, error) { return c.Follow(r.device, step) })
	return err
}

// NotMemberError says why this device can't write: it speaks for nobody. It is an ErrNotMember.
type NotMemberError struct {
	Standing charter.Standing // of whose device it was; zero if it never was anybody's
	Retired  bool             // the member is in, and has taken this device out of use
}

func (e *NotMemberError) Error() string {
	switch {
	case e.Retired:
		return "this device was taken out of use by its owner"
	case e.Standing == charter.Removed:
		return "you are no member of the co-op any more"
	case e.Standing == charter.Resigned:
		return "you have left the co-op"
	}
	return ErrNotMember.Error()
}

// Problem implements problem.Teller.
func (e *NotMemberError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "what is here stays readable, and you keep it: kith status says more",
		"%v; what you write isn't taken by the others", e)
}

// Unwrap makes it an ErrNotMember.
func (e *NotMemberError) Unwrap() error { return ErrNotMember }

// Speaks returns nil if this device speaks for a member, and else an ErrNotMember that says why
// it doesn't.
func (r *Replica) Speaks() error {
	if _, ok := r.Me(); !ok {
		return r.notMember()
	}
	return nil
}

func (r *Replica) notMember() error {
	m, ok := r.Rules().OwnerOf(r.device)
	if !ok {
		return ErrNotMember
	}
	return &NotMemberError{Standing: m.Standing, Retired: m.Standing == charter.Full || m.Standing == charter.Prospective}
}

// camePrefix begins the names of the small records that say when a statement came here, in
// milliseconds since 1970 by this device's clock. Statements themselves hold no time.
const camePrefix = "came/"

func putCame(b *store.Batch, e *entry.Entry, now time.Time) {
	if s, err := charter.ReadStatement(e.Payload); err != nil || s.Type == charter.TypeSeen {
		return // nobody asks about those
	}
	b.PutSmall(camePrefix+e.ID().String(), binary.BigEndian.AppendUint64(nil, uint64(now.UnixMilli())))
}

// Came returns when a statement came to this device or was made on it; zero if that isn't known.
func (r *Replica) Came(id entry.ID) time.Time {
	b, err := r.store.Small(camePrefix + id.String())
	if err != nil || len(b) != 8 {
		return time.Time{}
	}
	return time.UnixMilli(int64(binary.BigEndian.Uint64(b)))
}
