package accept

import (
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// byTheRules is a second implementation of the rules, written from their words: it looks
// everything up again for each question, and judges each change in a history of nothing but its
// own past.
type byTheRules struct {
	d       *Document
	entries []*Item
	changes map[change.Hash]*change.Change
	memo    map[entry.ID]charter.State
}

func newOracle(d *Document) *byTheRules {
	o := &byTheRules{d: d, changes: map[change.Hash]*change.Change{}, memo: map[entry.ID]charter.State{}}
	for _, s := range d.arrived {
		o.entries = append(o.entries, &Item{Entry: s.Entry, Change: s.Change})
		o.changes[s.Change.Hash] = s.Change
	}
	return o
}

// sound is what an entry is by rules 1 to 8.
func (o *byTheRules) sound(e *Item) (charter.State, charter.MemberID, bool) {
	state, who, full := o.right(e)
	if state != charter.Accepted || o.within(e.Entry) {
		return state, who, full
	}
	for _, other := range o.entries {
		state, by, full := o.right(other)
		if state != charter.Accepted {
			continue
		}
		if full && by != who && o.within(other.Entry) && o.past(other.Change)[e.Change.Hash] {
			return charter.Accepted, who, full
		}
		if (other.Entry == e.Entry || o.past(other.Change)[e.Change.Hash]) && o.seenClosed(other, who) {
			return charter.Accepted, who, full
		}
	}
	return charter.Void, who, full // all of the run is here
}

// seenClosed says whether an entry closes the document, and a full member other than its maker and an
// author has acknowledged it.
func (o *byTheRules) seenClosed(e *Item, author charter.MemberID) bool {
	kind, ok := toys("note")
	if !ok || !kind.Closes(e.Change) {
		return false
	}
	_, maker, _ := o.right(e)
	for _, who := range o.acknowledged(e.Entry) {
		if who != author && who != maker {
			return true
		}
	}
	return false
}

// acknowledged lists the full members who have acknowledged an entry, in a statement that isn't beyond a
// frontier.
func (o *byTheRules) acknowledged(e *entry.Entry) (who []charter.MemberID) {
	for _, a := range o.d.charter.SeenOf(e.Device, e.Run) {
		at := a.Last
		for at != e.ID() && !at.IsZero() {
			at, _ = o.d.previous(at)
		}
		if a.Full && !at.IsZero() && o.withinAt(&entry.Entry{Device: a.Device, Run: a.Run}, a.Entry) {
			who = append(who, a.Member)
		}
	}
	return who
}

// within says whether an entry is under all frontiers of its device.
func (o *byTheRules) within(e *entry.Entry) bool { return o.withinAt(e, e.ID()) }

func (o *byTheRules) withinAt(e *entry.Entry, id entry.ID) bool {
	cuts, _ := o.d.charter.Cut(e.Device)
	for _, f := range cuts {
		at, named := f.Of(e.Run)
		for named && at != id && !at.IsZero() {
			at, _ = o.d.previous(at)
		}
		if !named || at.IsZero() {
			return false
		}
	}
	return true
}

// right is what an entry is by rules 1 to 7.
func (o *byTheRules) right(e *Item) (charter.State, charter.MemberID, bool) {
	if e.Entry.Rules != 1 {
		return charter.Pending, charter.MemberID{}, false
	}
	past, state := o.d.charter.Of(e.Entry)
	if state != charter.Accepted {
		return state, charter.MemberID{}, false
	}
	who, ok := past.Speaks(e.Entry.Device)
	actor := entry.ActorOf(e.Entry.Space, e.Entry.Device, e.Entry.Run, e.Entry.Doc)
	none := len(e.Change.Deps) == 0
	if !ok || string(actor[:]) != string(e.Change.Actor) || none != (e.Entry.Create != nil) || none && e.Change.Seq != 1 || e.Change.MostOnOne() > o.d.bounds.writes {
		return charter.Void, charter.MemberID{}, false
	}
	standing, _ := past.Standing(who)
	return charter.Accepted, who, standing == charter.Full
}

// carriers returns the sound entries of a change, the first in its run first.
func (o *byTheRules) carriers(hash change.Hash) []*Item {
	var all []*Item
	for _, e := range o.entries {
		if s, _, _ := o.sound(e); e.Change.Hash == hash && s == charter.Accepted {
			all = append(all, e)
		}
	}
	for i := range all {
		for j := i + 1; j < len(all); j++ {
			if before(all[j], all[i]) {
				all[i], all[j] = all[j], all[i]
			}
		}
	}
	return all
}

func before(a, b *Item) bool {
	if a.Entry.Number != b.Entry.Number {
		return a.Entry.Number < b.Entry.Number
	}
	return a.Entry.ID().Compare(b.Entry.ID()) < 0
}

func (o *byTheRules) past(c *change.Change) map[change.Hash]bool { return pastOf(o.changes, c.Deps) }

// under returns the changes under one number of an actor that have a sound entry.
func (o *byTheRules) under(a change.Actor, seq uint64) []*change.Change {
	var all []*change.Change
	for _, c := range o.changes {
		if c.Actor == a && c.Seq == seq && len(o.carriers(c.Hash)) > 0 {
			all = append(all, c)
		}
	}
	return all
}

// keeps returns those that compete under a number, and the one of them that stays; nil if none
// does. If there is only one change, it needn't compete.
func (o *byTheRules) keeps(a change.Actor, seq uint64) (competing []*change.Change, kept *change.Change) {
	all := o.under(a, seq)
	if len(all) < 2 {
		if len(all) == 1 {
			kept = all[0]
		}
		return all, kept
	}
	var prior *change.Change
	if seq > 1 {
		_, prior = o.keeps(a, seq-1)
	}
next:
	for _, c := range all {
		past := o.past(c)
		if seq > 1 && (prior == nil || !past[prior.Hash]) {
			continue
		}
		for _, twin := range all {
			if past[twin.Hash] {
				continue next
			}
		}
		competing = append(competing, c)
	}
	authors := map[charter.MemberID]bool{}
	for _, c := range competing {
		for _, e := range o.carriers(c.Hash) {
			_, who, _ := o.sound(e)
			authors[who] = true
		}
	}
	stands := map[charter.MemberID]map[change.Hash]bool{}
	for _, e := range o.entries {
		state, who, full := o.sound(e)
		if state != charter.Accepted || !full || authors[who] || !o.within(e.Entry) {
			continue
		}
		past := o.past(e.Change)
		for _, c := range competing {
			if past[c.Hash] {
				if stands[who] == nil {
					stands[who] = map[change.Hash]bool{}
				}
				stands[who][c.Hash] = true
			}
		}
	}
	for _, c := range competing {
		for _, e := range o.carriers(c.Hash) {
			for _, who := range o.acknowledged(e.Entry) {
				if !authors[who] {
					if stands[who] == nil {
						stands[who] = map[change.Hash]bool{}
					}
					stands[who][c.Hash] = true
				}
			}
		}
	}
	people := func(c *change.Change) (n int) {
		for _, on := range stands {
			if len(on) == 1 && on[c.Hash] {
				n++
			}
		}
		return n
	}
	for _, c := range competing {
		if kept == nil || people(c) > people(kept) || people(c) == people(kept) && before(o.carriers(c.Hash)[0], o.carriers(kept.Hash)[0]) {
			kept = c
		}
	}
	return competing, kept
}

func (o *byTheRules) accepted(hash change.Hash) bool {
	for _, e := range o.carriers(hash) {
		if o.stateOf(e) == charter.Accepted {
			return true
		}
	}
	return false
}

func (o *byTheRules) state(s *signed) charter.State {
	return o.stateOf(&Item{Entry: s.Entry, Change: s.Change})
}

func (o *byTheRules) stateOf(e *Item) charter.State {
	if state, ok := o.memo[e.Entry.ID()]; ok {
		return state
	}
	state := o.judge(e)
	o.memo[e.Entry.ID()] = state
	return state
}

func (o *byTheRules) judge(e *Item) charter.State {
	state, who, _ := o.sound(e)
	if state != charter.Accepted {
		return state
	}
	c := e.Change
	competing, kept := o.keeps(c.Actor, c.Seq)
	for _, other := range competing {
		if other.Hash == c.Hash && kept.Hash != c.Hash {
			return charter.Void
		}
	}
	for _, dep := range c.Deps {
		if !o.accepted(dep) {
			return charter.Pending
		}
	}
	past, _ := o.d.charter.Of(e.Entry)
	for _, dep := range c.Deps {
		covered := false
		for _, other := range o.carriers(dep) {
			covered = covered || past.Covers(other.Entry.Heads)
		}
		if !covered {
			return charter.Void
		}
	}
	// A history of the past and nothing else.
	h := change.NewHistory()
	todo := o.past(c)
	var kind *schema.Kind
	for _, other := range o.entries {
		if other.Entry.Create != nil {
			kind, _ = toys(other.Entry.Create.Kind)
		}
	}
	for len(todo) > 0 {
		for hash := range todo {
			ready := true
			for _, dep := range o.changes[hash].Deps {
				ready = ready && h.Has(dep)
			}
			if ready {
				h.Add(o.changes[hash])
				delete(todo, hash)
			}
		}
	}
	if h.Check(c) != nil || kind.Check(c, 1, e.Entry.Create != nil, who, h) != nil || c.MaxOp() > uint64(o.d.bounds.ops) {
		return charter.Void
	}
	for _, first := range o.carriers(c.Hash) {
		if before(first, e) && o.stateOf(first) == charter.Accepted {
			return charter.Void // signed once already
		}
	}
	return charter.Accepted
}
