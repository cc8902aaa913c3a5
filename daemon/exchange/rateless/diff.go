package rateless

import "kith/crdt/entry"

// Diff finds the difference of two sets from their symbols (§3, §4.1). Both sides that feed it
// the same symbols come to the same result after the same number.
type Diff struct {
	key     Key
	ours    []Symbol
	symbols []Symbol // of what isn't found yet, as far as the other's symbols came
	found   []found
	theirs  []entry.ID
	mine    []entry.ID
	queue   []int // symbols that may be pure
	broken  bool
}

// found is an ID of the difference and where it goes on, for symbols that are still to come.
type found struct {
	it     item
	sign   int64
	places places
}

// NewDiff starts with the symbols of our set; the caller leaves them alone from here on.
func NewDiff(key Key, ours []Symbol) *Diff { return &Diff{key: key, ours: ours} }

// Full says that no more symbols can be added: our own end.
func (d *Diff) Full() bool { return len(d.symbols) == len(d.ours) }

// Add takes the other's next symbols and peels what can be peeled. It returns whether the
// difference is found, all of it; what is left of more is dropped then. Symbols over the number
// of ours are dropped, too.
func (d *Diff) Add(theirs ...Symbol) (done bool) {
	for _, t := range theirs {
		if d.Full() || d.Done() {
			break
		}
		i := len(d.symbols)
		s := t.subtract(d.ours[i])
		for j := range d.found {
			f := &d.found[j]
			if f.places.index == i {
				s.add(f.it, -f.sign)
				f.places.next()
			}
		}
		d.symbols = append(d.symbols, s)
		d.queue = append(d.queue, i)
		d.peel()
	}
	return d.Done()
}

// peel takes every ID that stands alone in a symbol out of all others, until none does.
func (d *Diff) peel() {
	for len(d.queue) > 0 && !d.broken {
		i := d.queue[len(d.queue)-1]
		d.queue = d.queue[:len(d.queue)-1]
		s := &d.symbols[i]
		it, ok := s.pure(d.key)
		if !ok {
			continue
		}
		// An honest difference has no more IDs than symbols; made-up symbols could go on for ever.
		if len(d.found) > len(d.symbols) {
			d.broken = true
			return
		}
		f := found{it: it, sign: s.Count, places: it.places()}
		for ; f.places.index < len(d.symbols); f.places.next() {
			d.symbols[f.places.index].add(it, -f.sign)
			d.queue = append(d.queue, f.places.index)
		}
		d.found = append(d.found, f)
		if f.sign > 0 {
			d.theirs = append(d.theirs, it.id)
		} else {
			d.mine = append(d.mine, it.id)
		}
	}
}

// Done says whether the difference is found: every ID is in the first symbol, so that it is
// empty when none is left (§4.1).
func (d *Diff) Done() bool { return !d.broken && len(d.symbols) > 0 && d.symbols[0].isZero() }

// Theirs and Mine return what only the other side has, and what only ours has, once Done.
func (d *Diff) Theirs() []entry.ID { return d.theirs }

// Mine returns what only our side has, once Done.
func (d *Diff) Mine() []entry.ID { return d.mine }
