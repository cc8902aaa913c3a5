package replica

import (
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// keepStatements says which of some statements, new here, are kept, and which are held back: those that count for
// nothing (yet), of devices that have no room left. What a statement of somebody else's names is kept, and so is what
// is sound on another branch: by that it is seen who is on which side of a split.
func (r *Replica) keepStatements(g *ground, statements []*entry.Entry) (kept []*entry.Entry, held []heldEntry) {
	taken := map[bucket]room{}
	over := false
	within := map[entry.ID]bool{} // of what its device may write in a day
	for _, e := range statements {
		b := r.bucketOf(e.Device)
		if b == (bucket{}) { // what comes with it may say whose it is
			over = true
			continue
		}
		within[e.ID()] = r.spend(e)
		over = over || !within[e.ID()] || !r.hasRoom(b, taken[b])
		taken[b] = taken[b].plus(roomOf(e, nil))
	}
	if !over { // mostly
		return statements, nil
	}
	tried := g.with(statements...)
	named := r.named(tried.rules, statements)
	theirs := func(e *entry.Entry, b bucket) bool {
		return slices.ContainsFunc(named[e.ID()], func(by bucket) bool {
			return within[e.ID()] && r.isAnothers(tried.rules, by, b) || r.mayName(tried.rules, by, b, e)
		})
	}
	clear(taken)
	for _, e := range statements {
		b := r.bucketOf(e.Device)
		if b == (bucket{}) {
			b = r.bucketUnder(tried.rules, e.Device)
			within[e.ID()] = r.spendOf(b, e)
		}
		state, _ := tried.rules.State(e.ID())
		count := within[e.ID()] && (tried.rules.IsSound(e.ID()) || r.hasRoom(b, taken[b]))
		if count || theirs(e, b) || within[e.ID()] && r.wanted.has(e.ID()) || !within[e.ID()] && r.isLedTo(e, b) {
			kept = append(kept, e)
			if state != charter.Accepted {
				taken[b] = taken[b].plus(roomOf(e, nil))
			}
			continue
		}
		h := heldEntry{id: e.ID(), device: e.Device, run: e.Run, size: len(e.Encoded()), why: HeldRoom, says: true}
		if within[e.ID()] {
			r.giveBackTo(b, e) // it comes again, and takes its part then
		} else {
			h.why = HeldDay
		}
		if head, ok := firstOpen(tried.rules, e.Heads); ok {
			h.keys = append(h.keys, head)
		}
		held = append(held, h)
	}
	return kept, held
}

// named returns in whose rooms is what waits for some statements: those of another device with room left, and what stands on these. Of
// each who answers for some there is one, those of other members first.
func (r *Replica) named(c Rules, statements []*entry.Entry) map[entry.ID][]bucket {
	here := make(map[entry.ID]*entry.Entry, len(statements))
	for _, e := range statements {
		here[e.ID()] = e
	}
	named := map[entry.ID][]bucket{}
	var more []*entry.Entry
	name := func(heads []entry.ID, by bucket) {
		for _, h := range heads {
			e, ok := here[h]
			if o, open := r.open[h]; open {
				e, ok = o.entry, true
			}
			if !ok || r.bucketUnder(c, e.Device) == by {
				continue
			}
			who := r.namerOf(c, by)
			if !slices.ContainsFunc(named[h], func(b bucket) bool { return r.namerOf(c, b) == who }) {
				named[h] = append(named[h], by)
				more = append(more, e)
			}
		}
	}
	for _, o := range r.open {
		if by := r.bucketOf(o.entry.Device); r.hasRoom(by, room{}) {
			name(o.entry.Heads, by)
		}
	}
	// What comes is judged as if all of it were here. What is accepted so waits if some of this is held back.
	waits := func(e *entry.Entry) bool {
		state, _ := c.State(e.ID())
		return state == charter.Pending || state == charter.Accepted
	}
	for _, e := range statements {
		if by := r.bucketUnder(c, e.Device); waits(e) && r.hasRoom(by, room{}) {
			name(e.Heads, by)
		}
	}
	for ; len(more) > 0; more = more[1:] {
		if e := more[0]; waits(e) {
			for _, by := range named[e.ID()] {
				name(e.Heads, by)
			}
		}
	}
	for h, e := range here {
		named[h] = r.othersFirst(c, named[h], r.bucketUnder(c, e.Device))
	}
	return named
}

// openStatement is a stored statement that another charter could settle, with the state that is stored.
type openStatement struct {
	entry *entry.Entry
	state charter.State
}

// noteOpen notes which of some statements are open; the caller holds judging.
func (r *Replica) noteOpen(c Rules, statements []*entry.Entry) {
	for _, e := range statements {
		state, _ := c.State(e.ID())
		if state == charter.Pending || state == charter.Elsewhere {
			r.open[e.ID()] = openStatement{e, state}
		} else {
			delete(r.open, e.ID())
		}
	}
}

// changedStatements returns the stored statements that a grown ground judges otherwise: one that waited may
// stand now, or stand elsewhere, or be sound on a branch of which it isn't known whether it is followed: what waited
// for it may be judged then. What is accepted stays so unless another branch is followed.
func (r *Replica) changedStatements(old, grown *ground) (changed []*entry.Entry) {
	if grown.turned(old) {
		for _, e := range r.statements {
			was, _ := old.rules.State(e.ID())
			if state, _ := grown.rules.State(e.ID()); state != was {
				changed = append(changed, e)
			}
		}
		return changed
	}
	for id, o := range r.open {
		if state, _ := grown.rules.State(id); state != o.state || grown.rules.IsSound(id) != old.rules.IsSound(id) {
			changed = append(changed, o.entry)
		}
	}
	return changed
}

// putStates adds the states of statements to a batch.
func (r *Replica) putStates(b *store.Batch, c Rules, statements []*entry.Entry) error {
	for _, e := range statements {
		state, _ := c.State(e.ID())
		if _, err := r.putState(b, e, state); err != nil {
			return err
		}
	}
	return nil
}

// listStaleStatements puts the statements on the list to be judged again if what is stored of one isn't what this
// release makes of it: another one knew fewer types and rules, or more.
func (r *Replica) listStaleStatements() error {
	stale := false
	for id, o := range r.open {
		rec, err := r.store.Record(id)
		if err != nil {
			return err
		}
		stale = stale || charter.State(rec.State) != o.state
	}
	if n := r.store.Counts(); !stale && n.Pending+n.Void+n.Elsewhere > 0 {
		c := r.Rules()
		if err := r.store.Records(func(id entry.ID, rec store.Record) bool {
			if rec.Doc == (entry.DocID{}) && charter.State(rec.State) != charter.Accepted {
				state, _ := c.State(id)
				stale = state != charter.State(rec.State)
			}
			return !stale
		}); err != nil {
			return err
		}
	}
	if !stale {
		return nil
	}
	return r.listJudge([]entry.DocID{{}})
}

// settleStatements stores the states of statements where they differ from what is stored, in pieces; the last
// takes them off the list to be judged. The caller holds judging, for reading, and the stripe.
func (r *Replica) settleStatements() error {
	p := r.store.Pieces()
	c := r.Rules()
	for _, e := range r.statements {
		state, _ := c.State(e.ID())
		if _, err := r.putState(p.Batch(), e, state); err != nil {
			return err
		}
	}
	p.Batch().PutJudge(entry.DocID{}, false)
	return p.Commit()
}

// letGoStatements lets go what is held back for what came of some statements.
func (r *Replica) letGoStatements(c Rules, statements []*entry.Entry) {
	for _, e := range statements {
		r.quota.letGo(e.ID())
		if state, _ := c.State(e.ID()); state != charter.Pending {
			r.quota.letGoRuns(acknowledgedIn(c, e.ID()))
			continue
		}
		for _, h := range e.Heads {
			r.quota.letGo(h)
		}
	}
}

// letGoOtherwise lets go what is held back of devices of which something else is honoured than on an older ground, and all of it
// if another branch is followed: what was void there may count here.
func (r *Replica) letGoOtherwise(old, grown *ground) {
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.held) == 0 {
		return
	}
	if grown.turned(old) {
		q.letGoLocked(maps.Clone(q.held))
		return
	}
	for _, d := range grown.cutsSince(old) {
		q.letGoLocked(q.byDevice[d])
	}
}
