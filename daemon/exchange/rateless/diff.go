package rateless

import (
	"bytes"
	"cmp"
	"errors"

	"kith/crdt/entry"
)

// Diff finds the difference of two sets from their symbols (§3, §4.1). Two that feed each other's
// symbols to their Diffs come to the same result, and to the same Next, after the same number:
// all that it does depends on what both know.
type Diff struct {
	ours   *Snapshot
	len    int // of the other's set
	digest Digest

	symbols []Symbol // of what isn't found yet, as far as the other's symbols came
	found   []found
	due     []int32 // by symbol to come: the first of found that goes on there, +1
	queue   []int   // symbols that may be pure
	broken  bool

	theirs, mine []entry.ID
}

// found is an ID of the difference and where it goes on, for symbols that are still to come.
type found struct {
	it     item
	sign   int64
	places places
	next   int32 // another one that goes on there, +1; 0: none
}

// NewDiff starts with our set, and how many IDs the other has and its digest.
func NewDiff(ours *Snapshot, length int, digest Digest) *Diff {
	return &Diff{ours: ours, len: length, digest: digest, due: make([]int32, Kept)}
}

// State is how far a Diff is.
type State int

const (
	More   State = iota // it takes more symbols: up to Next in all
	Found               // the difference is found, all of it, and explains both digests
	Failed              // no number of symbols will do, or none that is worth it
)

// ErrSyntax says that bytes aren't the symbols that were due.
var ErrSyntax = errors.New("it isn't that many symbols")

// Read takes the other's next symbols, to in all, and peels what can be peeled.
func (d *Diff) Read(b []byte, to int) (State, error) {
	theirs := make([]Symbol, 0, max(0, to-len(d.symbols)))
	for i := len(d.symbols); i < to; i++ {
		s, rest, ok := decodeSymbol(b, d.len, i)
		if !ok {
			return Failed, ErrSyntax
		}
		theirs, b = append(theirs, s), rest
	}
	if len(b) > 0 {
		return Failed, ErrSyntax
	}
	return d.add(theirs), nil
}

func (d *Diff) add(theirs []Symbol) State {
	for _, t := range theirs {
		i := len(d.symbols)
		s := t.subtract(&d.ours.symbols[i])
		for at := d.due[i]; at != 0; {
			f := &d.found[at-1]
			s.add(&f.it, -f.sign)
			f.places.next()
			on := f.next
			d.wait(at)
			at = on
		}
		d.symbols = append(d.symbols, s)
		d.queue = append(d.queue, i)
		d.peel()
	}
	switch {
	case d.broken:
		return Failed
	case len(d.symbols) > 0 && d.symbols[0].isZero():
		// Every ID is in the first symbol, so that nothing is left when it is empty (§4.1), unless
		// somebody chose IDs so that their sums are.
		if d.explained() {
			return Found
		}
		return Failed
	case d.stuck():
		return Failed
	}
	return More
}

// wait notes where the one of found numbered at-1 goes on.
func (d *Diff) wait(at int32) {
	f := &d.found[at-1]
	if i := f.places.index; i < Kept {
		f.next, d.due[i] = d.due[i], at
	}
}

// peel takes every ID that stands alone in a symbol out of all others, until none does.
func (d *Diff) peel() {
	for len(d.queue) > 0 && !d.broken {
		i := d.queue[len(d.queue)-1]
		d.queue = d.queue[:len(d.queue)-1]
		s := &d.symbols[i]
		it, ok := s.pure(d.ours.key)
		if !ok {
			continue
		}
		// An honest difference has no more IDs than symbols; made-up symbols could go on for ever.
		if len(d.found) >= len(d.symbols) {
			d.broken = true
			return
		}
		f := found{it: it, sign: s.Count, places: it.places()}
		for ; f.places.index < len(d.symbols); f.places.next() {
			d.symbols[f.places.index].add(&it, -f.sign)
			d.queue = append(d.queue, f.places.index)
		}
		d.found = append(d.found, f)
		d.wait(int32(len(d.found)))
		if f.sign > 0 {
			d.theirs = append(d.theirs, it.id)
		} else {
			d.mine = append(d.mine, it.id)
		}
	}
}

// explained says whether our set with what was found is the other's.
func (d *Diff) explained() bool {
	sum, stream := d.ours.lattice, new(room)
	for i := range d.found {
		sum.change(&d.found[i].it.id, d.found[i].sign, stream)
	}
	return sum.digest() == d.digest && d.ours.Len+len(d.theirs)-len(d.mine) == d.len
}

// leastStuck is how many symbols there must be before we look whether they get us anywhere.
const leastStuck = 96

// stuck says that there were enough symbols: all that are kept, or about twice as many as an
// honest difference takes. IDs that were chosen to share their places look like one, and stay
// behind; how many of those there seem to be is told by the symbols that aren't empty: in the
// later half of them an ID is 2·ln 2 times.
func (d *Diff) stuck() bool {
	n := len(d.symbols)
	if n == Kept || n < leastStuck {
		return n == Kept
	}
	full, later := 0, d.symbols[n/2:]
	for i := range later {
		if !later[i].isZero() {
			full++
		}
	}
	// Where most are full, nothing can be told from it.
	return 2*full <= len(later) && n >= 3*(len(d.found)+full*3/4)
}

// Left estimates how many IDs of the difference aren't found yet, from how far the counts of the
// symbols are spread: each of them is in the symbol i with probability p = 2/(i+2), so if they
// add up to c in the first symbol, the square of the distance from c·p is about p·(1-p) for each
// of them. It is about a third off after the first dozen symbols, and at most Kept.
func (d *Diff) Left() int {
	n := int64(len(d.symbols))
	if n < 2 {
		return 0
	}
	c, sum := d.symbols[0].Count, int64(0)
	if max(c, -c) > Kept {
		return Kept
	}
	for i := int64(1); i < n; i++ {
		at := d.symbols[i].Count
		if max(at, -at) > Kept || at == -at && at != 0 { // the least number is its own negative
			return Kept
		}
		// The squares of (i+2)·(distance from c·p) are 2i on average, times the IDs.
		off := (i+2)*at - 2*c
		sum += off * off
	}
	return int(max(min(sum/(n*(n-1)), Kept), c, -c))
}

// Next is how many symbols, in all, are to be here before it is worth looking again: twice as
// many as now, or as seem to be needed, but at most 16 times as many as now, and Kept.
func (d *Diff) Next() int {
	n := len(d.symbols)
	return min(max(2*n, 2*(len(d.found)+d.Left())), 16*n, Kept)
}

// Theirs returns what only the other set has, once Found.
func (d *Diff) Theirs() []entry.ID { return d.theirs }

// Mine returns what only our set has, once Found.
func (d *Diff) Mine() []entry.ID { return d.mine }

// Apart is by how many IDs the two sets differ in size: the difference is no smaller.
func (d *Diff) Apart() int { return max(d.ours.Len-d.len, d.len-d.ours.Len) }

// Smaller is how many IDs are in the smaller of the two sets.
func (d *Diff) Smaller() int { return min(d.ours.Len, d.len) }

// Order says which set comes first, the smaller one, or of two of a size the one with the lower
// digest: -1 the other's, +1 ours, 0 if their digests say that they are the same.
func (d *Diff) Order() int {
	return cmp.Or(cmp.Compare(d.len, d.ours.Len), bytes.Compare(d.digest[:], d.ours.Digest[:]))
}
