package charter

import (
	"bytes"
	"cmp"
	"iter"
	"slices"

	"kith/crdt/entry"
)

// Computers say once a day what they have seen, each of every other: lists of it would grow with the square of the people. Mostly somebody has said
// the same a moment before. So an acknowledgement can take over another, by naming it as a head, and lists what has moved since.

const (
	// MaxTaken bounds what an acknowledgement takes over: it goes from one to the next as long as the runs that they list, its own
	// included, and they themselves are at most so many together.
	MaxTaken = 512

	// maxListed bounds the runs that one lists which a device makes; more go into further ones.
	maxListed = 1000
	// maxBeside is that for one which takes over another: the more it lists, the less it takes over.
	maxBeside = 64
	// lookedThrough is how many, of those that list a run which is left to say, are looked through for one to be taken over.
	lookedThrough = 256
	// worthTaking is how many runs one must say to be taken over by one that lists none: they take as much room when they are listed.
	worthTaking = 8
	// worthMost is how many are so much of MaxTaken that no other is looked at.
	worthMost = MaxTaken / 2
)

// RunOf is a run of a device.
type RunOf struct {
	Device entry.Device
	Run    entry.Run
}

// RunEnd is one run in an acknowledgement: all up to an entry of it was seen.
type RunEnd struct {
	RunOf
	Last entry.ID
}

// Seen is one acknowledgement of a run: its maker has seen all up to an entry of it.
type Seen struct {
	Member MemberID
	Full   bool         // the maker was a full member
	Device entry.Device // that acknowledges
	Run    entry.Run    // of the acknowledging device, and not the one that is acknowledged
	Last   entry.ID     // of what is acknowledged
	Entry  entry.ID     // the acknowledgement
}

// acknowledgement is what a node of TypeSeen says.
type acknowledgement struct {
	full  bool     // its maker was a full member
	lists []RunEnd // by device, then run; unique
	over  *node    // the one that it takes over; nil if none
	by    []*node  // those that take it over; under pool.mu
}

// cost is how much of MaxTaken an acknowledgement takes.
func (a *acknowledgement) cost() int { return len(a.lists) + 1 }

func (r RunEnd) compareRun(of RunOf) int {
	return cmp.Or(bytes.Compare(r.Device[:], of.Device[:]), bytes.Compare(r.Run[:], of.Run[:]))
}

// last returns up to which entry of a run an acknowledgement says something; ok is false if it doesn't list the run.
func (a *acknowledgement) last(of RunOf) (last entry.ID, ok bool) {
	at, ok := slices.BinarySearchFunc(a.lists, of, RunEnd.compareRun)
	if ok {
		last = a.lists[at].Last
	}
	return last, ok
}

// saysSeen is what all acknowledgements say beside their lists: they are most of a charter.
var saysSeen = &Statement{Type: TypeSeen}

// addSeen notes an acknowledgement where it is looked for.
func (p *pool) addSeen(n *node) {
	for _, d := range n.said.Lists {
		for _, l := range d.Frontier {
			end := RunEnd{RunOf{d.Device, l.Run}, l.Entry}
			n.seen.lists = append(n.seen.lists, end)
			p.acks[end.RunOf] = append(p.acks[end.RunOf], n)
		}
	}
	n.said = saysSeen
	if o := n.seen.over; o != nil {
		o.seen.by = append(o.seen.by, n)
	}
	p.seen = append(p.seen, n)
	p.seenBy[n.entry.Device] = append(p.seenBy[n.entry.Device], n)
}

// ack is what one acknowledgement says of a run.
type ack struct {
	node *node
	last entry.ID
}

// acksOf returns what is said of a run, by those that list it and those that take these over, and don't list it themselves: each says one
// thing of it, however many before it list it.
func (p *pool) acksOf(of RunOf) (all []ack) {
	type step struct {
		n    *node
		left int
	}
	p.mu.RLock()
	defer p.mu.RUnlock()
	for _, n := range p.acks[of] {
		last, _ := n.seen.last(of)
		for stack := []step{{n, MaxTaken - n.seen.cost()}}; len(stack) > 0; {
			at := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			all = append(all, ack{at.n, last})
			for _, by := range at.n.seen.by {
				left := at.left - by.seen.cost()
				if _, itself := by.seen.last(of); left >= 0 && !itself {
					stack = append(stack, step{by, left})
				}
			}
		}
	}
	return all
}

// taken yields an acknowledgement and those that it takes over, and how much of MaxTaken is left with each, of so much.
func (n *node) taken(left int) iter.Seq2[*node, int] {
	return func(yield func(*node, int) bool) {
		for first := n; n != nil; n = n.seen.over {
			left -= n.seen.cost()
			if left < 0 && n != first || !yield(n, left) {
				return
			}
		}
	}
}

// accepts says whether a sound acknowledgement is here, and counts.
func (c *Charter) accepts(n *node) bool {
	return c.nodes.get(n.entry.ID()) != nil && c.placed(n.tip()) == Accepted
}

// SeenOf returns what accepted acknowledgements say of a run of a device, in no particular order.
func (c *Charter) SeenOf(device entry.Device, run entry.Run) []Seen {
	var all []Seen
	for _, a := range c.pool.acksOf(RunOf{device, run}) {
		if e := a.node.entry; c.accepts(a.node) {
			all = append(all, Seen{Member: a.node.id, Full: a.node.seen.full, Device: e.Device, Run: e.Run, Last: a.last, Entry: e.ID()})
		}
	}
	return all
}

// SeenIn returns what a sound acknowledgement lists and then what those list that it takes over, one after the other: of a run that is
// there several times it says the first. It is none for anything else.
func (c *Charter) SeenIn(id entry.ID) (all []RunEnd) {
	n := c.nodes.get(id)
	if n == nil || n.seen == nil {
		return nil
	}
	for n := range n.taken(MaxTaken) {
		all = append(all, n.seen.lists...)
	}
	return all
}

// SeenBy yields what the accepted acknowledgements of a device list, and those that they take over, in no particular order; a run can be there several times.
func (c *Charter) SeenBy(device entry.Device) iter.Seq[RunEnd] {
	return func(yield func(RunEnd) bool) {
		been := map[*node]int{} // with how much left
		for _, n := range c.pool.allSeenBy(device) {
			if !c.accepts(n) {
				continue
			}
			for n, left := range n.taken(MaxTaken) {
				before, ok := been[n]
				if ok && before >= left {
					break // and so with all that it takes over
				}
				been[n] = left
				for _, end := range n.seen.lists {
					if !ok && !yield(end) {
						return
					}
				}
			}
		}
	}
}

// Said tells acknowledgements of a device from others: it changes when another one is accepted, or one isn't any more.
type Said struct {
	Tips  [2]StepID // of the branch that is followed; in a share, of the branches of both sides
	Count int       // of accepted ones; with the same tips they only become more
}

// SaidBy returns which acknowledgements SeenBy goes through.
func (c *Charter) SaidBy(device entry.Device) Said {
	s := Said{Tips: [2]StepID{c.Tip()}}
	for _, n := range c.pool.allSeenBy(device) {
		if c.accepts(n) {
			s.Count++
		}
	}
	return s
}

// ToSay is an acknowledgement that a device is to make: which one it takes over, if any, and what it lists.
type ToSay struct {
	Over  []entry.ID
	Lists []DeviceFrontier
}

// WhatToSay says how a device acknowledges up to where it has seen runs, each of which is there once: it takes over what others have said of
// them, as far as it may say all of that. known gives the number that an entry has in its run, 0 if it isn't here, or the run has forked; and
// whether the device has acknowledged the run up to there, or wrote it. The device may say this, and what ends say. A new computer, which has
// everything to say that there ever was, takes it over piece by piece, MaxTaken at once.
func (c *Charter) WhatToSay(device entry.Device, ends []RunEnd, known func(RunEnd) (number uint64, said bool)) (all []ToSay) {
	p := plan{c: c, device: device, known: known, may: make(map[RunOf]uint64, len(ends)), left: make(map[RunOf]entry.ID, len(ends)),
		unfit: map[*node]bool{}, others: c.pool.allSeen()}
	for _, end := range ends {
		p.may[end.RunOf], _ = known(end)
		p.left[end.RunOf] = end.Last
	}
	next := p.mostSaid()
	for len(p.left) > 0 {
		one := ToSay{Over: next.over}
		for _, of := range next.says {
			delete(p.left, of)
		}
		most := maxListed
		if len(one.Over) > 0 {
			most = maxBeside
		}
		if next = p.mostSaid(); len(next.says) < worthTaking {
			for of, last := range p.left {
				if len(one.Lists) == most {
					break
				}
				one.Lists = append(one.Lists, DeviceFrontier{Device: of.Device, Frontier: Frontier{{Run: of.Run, Entry: last}}})
				delete(p.left, of)
			}
			next = p.mostSaid()
		}
		all = append(all, one)
	}
	return all
}

// plan is how a device comes to say what it has seen.
type plan struct {
	c      *Charter
	device entry.Device
	known  func(RunEnd) (number uint64, said bool)
	may    map[RunOf]uint64   // up to which number it may say it of runs, beside what it has said
	left   map[RunOf]entry.ID // of these, what is left to say
	unfit  map[*node]bool     // those of which it may not say all
	others []*node            // the acknowledgements, without the newest that say nothing of what was ever left since
}

// taking is one that can be taken over, if any, and what of what is left to say it says.
type taking struct {
	over []entry.ID
	says []RunOf
}

// mostSaid returns, of the newest acknowledgements by others that list something of what is left to say, the one that says most of it. It is
// none if none says any of it, or all say something else, too, that the device may not.
func (p *plan) mostSaid() (most taking) {
	if len(p.left) == 0 || len(p.c.Heads()) == entry.MaxHeads {
		return taking{}
	}
	looked, newest := 0, true
	for i, n := range slices.Backward(p.others) {
		if n.entry.Device == p.device || p.unfit[n] || !p.lists(n) || !p.c.accepts(n) {
			if newest {
				p.others = p.others[:i] // what is left only becomes less
			}
			continue
		}
		newest = false
		switch says, fits := p.saysOf(n); {
		case !fits:
			p.unfit[n] = true
		case len(says) > len(most.says):
			most = taking{[]entry.ID{n.entry.ID()}, says}
		}
		if looked++; looked == lookedThrough || len(most.says) >= min(len(p.left), worthMost) {
			break
		}
	}
	return most
}

// lists says whether one lists a run that is left to say.
func (p *plan) lists(n *node) bool {
	return slices.ContainsFunc(n.seen.lists, func(end RunEnd) bool {
		_, is := p.left[end.RunOf]
		return is
	})
}

// saysOf returns which of what is left to say one says that takes over n and lists maxBeside, and whether the device may say all that one says
// that lists nothing.
func (p *plan) saysOf(n *node) (says []RunOf, fits bool) {
	listed := map[RunOf]bool{} // what is listed first of a run counts
	for n, room := range n.taken(MaxTaken - 1) {
		if room < 0 {
			return nil, true
		}
		for _, end := range n.seen.lists {
			number, said := p.known(end)
			if number == 0 || !said && number > p.may[end.RunOf] {
				return nil, false
			}
			if _, is := p.left[end.RunOf]; is && number == p.may[end.RunOf] && room >= maxBeside && !listed[end.RunOf] {
				says = append(says, end.RunOf)
			}
			listed[end.RunOf] = true
		}
	}
	return says, true
}

// allSeen returns all sound acknowledgements of the pool, in the order in which they came.
func (p *pool) allSeen() []*node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.seen
}

// allSeenBy returns those of them that a device made.
func (p *pool) allSeenBy(device entry.Device) []*node {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.seenBy[device]
}
