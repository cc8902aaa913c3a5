package replica

import (
	"encoding/binary"
	"errors"
	"time"

	"kith/crdt/charter"
	"kith/crdt/problem"
	"kith/daemon/store"
)

// A device that came back from a backup doesn't know what it signed since. In documents that harms
// nothing: every start begins a run of its own. In the charter it could say yes to a second next step,
// which is how a co-op splits. So it signs nothing there before it has been in step with another
// member's device, which has what it said.

// restoredRecord says that the replica came from a backup and has been in step with nobody since.
const restoredRecord = "restored"

// ErrRestored says that this device must hear from another member before it takes part in the charter.
var ErrRestored = problem.New(problem.NotAllowed, "wait until it is in step with another member's device: kith sync", "this device came back from a backup, and doesn't know yet what it signed since")

// Restored says whether this device came back from a backup and hasn't been in step since with
// anybody who could know what it signed.
func (r *Replica) Restored() bool { return r.restored.Load() }

// CaughtUp ends that. Call it when this device is in step with one of which Witness is true.
func (r *Replica) CaughtUp() error {
	if !r.restored.Load() {
		return nil
	}
	b := store.NewBatch(nil)
	putFlag(b, restoredRecord, false)
	if err := r.store.Commit(b); err != nil {
		return err
	}
	r.restored.Store(false)
	return nil
}

// Witness says whether a member's device would know what this one signed. That is another member's;
// where there is none, another one of its own member.
func (r *Replica) Witness(owner charter.MemberID) bool {
	c := r.Rules()
	me, _ := c.OwnerOf(r.device)
	return owner != me.ID || !othersIn(c, me.ID)
}

// othersIn says whether anybody but me has a device in use.
func othersIn(c Rules, me charter.MemberID) bool {
	for _, m := range c.Members() {
		if m.ID != me && inUse(&m) > 0 {
			return true
		}
	}
	return false
}

func inUse(m *charter.Member) (n int) {
	for _, d := range m.Devices {
		if !d.Retired {
			n++
		}
	}
	return n
}

// somebodyElse says whether a charter knows any device but one: who is alone in a co-op, with one
// device, has nobody to ask.
func somebodyElse(c *charter.Charter) bool {
	n := 0
	for _, m := range c.Members() {
		n += inUse(&m)
	}
	return n > 1
}

// A device may be in two places: it was restored, or its disk was copied, and both run. Each gets from
// the others what the other one writes under their key.

// elsewhereRecord holds when the newest change was written that carries this device's signature and was
// not made here while this replica was open, in milliseconds since 1970.
const elsewhereRecord = "elsewhere"

// elsewhereStep is how much newer a change must be to be worth a write.
const elsewhereStep = time.Minute

// Elsewhere returns when another computer last wrote as this device, by its clock; zero if none has
// been heard of.
func (r *Replica) Elsewhere() time.Time {
	if ms := r.elsewhere.Load(); ms > 0 {
		return time.UnixMilli(ms)
	}
	return time.Time{}
}

// noteElsewhere looks for changes that this device's key signed after this replica was opened, among
// those that peers bring. Older ones are of its own past: a backup lacks what came after it.
func (r *Replica) noteElsewhere(changes []arrived) error {
	var newest int64
	for _, c := range changes {
		if c.entry.Device == r.device && c.change != nil && c.change.Time > r.opened.UnixMilli() && !r.store.Has(c.entry.ID()) {
			newest = max(newest, min(c.change.Time, r.now().UnixMilli()))
		}
	}
	for was := r.elsewhere.Load(); newest > was && !r.elsewhere.CompareAndSwap(was, newest); {
		was = r.elsewhere.Load() // several peers bring things at once
	}
	kept := r.elsewhereKept.Load()
	if time.Duration(newest-kept)*time.Millisecond < elsewhereStep || !r.elsewhereKept.CompareAndSwap(kept, newest) {
		return nil
	}
	b := store.NewBatch(nil)
	b.PutSmall(elsewhereRecord, binary.BigEndian.AppendUint64(nil, uint64(newest)))
	return r.store.Commit(b)
}

// readRestored reads what is remembered of both.
func (r *Replica) readRestored() error {
	_, err := r.store.Small(restoredRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	r.restored.Store(err == nil)
	b, err := r.store.Small(elsewhereRecord)
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	if len(b) == 8 {
		r.elsewhere.Store(int64(binary.BigEndian.Uint64(b)))
		r.elsewhereKept.Store(r.elsewhere.Load())
	}
	return nil
}
