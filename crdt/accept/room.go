package accept

import (
	"kith/crdt/change"
	"kith/crdt/charter"
)

// Bounds of what is accepted of a document, over all its branches together. The core takes up to 0.6 kB of memory for an
// operation, a quarter of that where words came one day after the other, and for each write to a key it goes through all
// others. A text of 100,000 characters that is worked on daily takes five years for it: TestALongLife.
const (
	MaxOps    = 800_000 // operations
	MaxWrites = 2_000   // writes to one key of a map, those included that are overwritten

	// MaxClosings bounds the writes to one key in which a member closes the document (schema.Field.Closing): each is
	// looked at for what it says of all that was there.
	MaxClosings = 64
)

// Of these, a part is kept for those who have had little: so much of each member's, for so many members, comes in
// whatever others have written. Else one member fills a document with a few changes, and as soon as somebody builds on
// them nobody answers in it any more; or writes its title 2,000 times, and nobody else ever does. More is kept for who made
// the document, and nobody else takes more than a part of it: so none, nor two, make what others work on full.
const (
	OwnOps    = 1_000   // operations of each member
	MakersOps = 150_000 // of who made the document, instead
	OthersOps = 200_000 // operations of each other member at most
	OwnWrites = 20      // writes of each member to one key of a map
	OwnPlaces = 50      // members for whom that is kept
)

// bounds are these, smaller in tests; othersOps 0: none.
type bounds struct{ ops, writes, ownOps, makersOps, othersOps, ownWrites, places int }

// everybodys are the bounds as they are for everybody.
var everybodys = bounds{MaxOps, MaxWrites, OwnOps, MakersOps, OthersOps, OwnWrites, OwnPlaces}

// commonOps and commonWrites are what nobody's own part is kept of.
func (b *bounds) commonOps() int    { return b.ops - b.ownOps*b.places - b.makersOps }
func (b *bounds) commonWrites() int { return b.writes - b.ownWrites*b.places }

// ownOf is how many operations are kept for a member; made: it is who made the document.
func (b *bounds) ownOf(made bool) int {
	if made {
		return max(b.ownOps, b.makersOps)
	}
	return b.ownOps
}

// opsTaken is how many operations were taken of a document, and of whom.
type opsTaken struct {
	taken
	of map[charter.MemberID]int
}

// plus is what is taken once an author takes more, and whether there is room for that.
func (o *opsTaken) plus(b *bounds, author charter.MemberID, made bool, more int) (taken, bool) {
	t := o.taken.plus(o.of[author], more, b.ownOf(made))
	return t, t.all <= b.ops && t.common <= b.commonOps() && (made || b.othersOps == 0 || o.of[author]+more <= b.othersOps)
}

func (o *opsTaken) take(b *bounds, author charter.MemberID, made bool, more int) {
	o.taken, _ = o.plus(b, author, made, more)
	if o.of == nil {
		o.of = map[charter.MemberID]int{}
	}
	o.of[author] += more
}

// Taken is how far the room of a document is taken, in percent: for each member who wrote in it, and for whoever didn't.
type Taken struct {
	Rest int
	Of   map[charter.MemberID]int
}

// Taken says how far its room is taken by operations; nil as long as less is than any one member may write.
func (d *Document) Taken() *Taken {
	b := &d.bounds
	if d.ops.all < b.othersOps {
		return nil
	}
	t := &Taken{Rest: percent(d.ops.common, b.commonOps()+b.ownOps), Of: map[charter.MemberID]int{}}
	for m, had := range d.ops.of {
		if d.made != nil && d.made.Author == m {
			t.Of[m] = percent(d.ops.common+min(had, b.makersOps), b.commonOps()+b.makersOps)
			continue
		}
		t.Of[m] = max(percent(had, b.othersOps), percent(d.ops.common+min(had, b.ownOps), b.commonOps()+b.ownOps))
	}
	return t
}

// Left says how many operations a member may still make in the document.
func (d *Document) Left(m charter.MemberID) int {
	b := &d.bounds
	made, had := d.made != nil && d.made.Author == m, d.ops.of[m]
	left := min(b.commonOps()-d.ops.common+max(0, b.ownOf(made)-had), b.ops-d.ops.all)
	if !made && b.othersOps > 0 {
		left = min(left, b.othersOps-had)
	}
	return left
}

func percent(of, all int) int { return of * 100 / all }

// byMaker says whether who signed an entry made the document.
func (d *Document) byMaker(s *signed) bool {
	return s.Entry.Create != nil || d.made != nil && d.made.Author == s.Author
}

// hasRoom says whether there is room for a valid change, as far as it writes to keys whoever wrote it: as long as there is for
// all, nobody need count who wrote how often.
func (d *Document) hasRoom(s *signed) bool {
	b, c := &d.bounds, s.Change
	_, ok := d.ops.plus(b, s.Author, d.byMaker(s), len(c.Ops))
	return ok && d.history.MostWrites(c) <= b.commonWrites() &&
		d.closings(c) <= MaxClosings && d.names.fit(d.history, d.kind, c)
}

// closings returns how many writes that close the document one of the keys has in which a change does, with its own.
func (d *Document) closings(c *change.Change) (most int) {
	var more map[string]int
	for i := range c.Ops {
		op := &c.Ops[i]
		if !d.kind.Closing(op) {
			continue
		}
		if more == nil {
			more = map[string]int{}
		}
		if more[op.Key] == 0 {
			for _, w := range d.history.Writes(change.OpID{}, op.Key) {
				if w.Action == change.Set { // taking it back closes nothing
					more[op.Key]++
				}
			}
		}
		more[op.Key]++
		most = max(most, more[op.Key])
	}
	return most
}

// needs is the room that a change takes.
type needs struct {
	author charter.MemberID
	made   bool // the document
	ops    int
	keys   map[keyOf]writesTo
	names  map[string]family // in families, by keys of the root
}

// keyOf is a key of a map.
type keyOf struct {
	object change.OpID
	key    string
}

// writesTo is how often a change writes to a key, and in how many of these it closes the document.
type writesTo struct{ writes, closings int }

// family is one of a member's names, see schema.Kind.Family.
type family struct {
	begins string
	most   int
}

// needsOf counts the room that a valid change takes.
func (d *Document) needsOf(s *signed) *needs {
	n := &needs{author: s.Author, made: d.byMaker(s), ops: len(s.Change.Ops)}
	for i := range s.Change.Ops {
		op := &s.Change.Ops[i]
		if !op.InMap {
			continue
		}
		if n.keys == nil {
			n.keys = map[keyOf]writesTo{}
		}
		at := keyOf{op.Obj, op.Key}
		w := n.keys[at]
		w.writes++
		if d.kind.Closing(op) {
			w.closings++
		}
		n.keys[at] = w
		if begins, most, ok := d.kind.Family(op); ok {
			if n.names == nil {
				n.names = map[string]family{}
			}
			n.names[op.Key] = family{begins, most}
		}
	}
	return n
}

// room is what was taken of a crowded document, and what is left. It only grows: what doesn't fit never will.
type room struct {
	bounds bounds
	ops    opsTaken
	keys   map[keyOf]taken
	keysOf map[keyBy]int   // writes
	closed map[keyOf]int   // of these, such as close the document
	named  map[string]bool // keys of names
	names  map[string]int  // how many begin so
}

// taken is how much of one thing is taken, and of that what goes beyond members' own parts.
type taken struct{ all, common int }

type keyBy struct {
	keyOf
	who charter.MemberID
}

func newRoom(b bounds) *room {
	return &room{bounds: b, keys: map[keyOf]taken{}, keysOf: map[keyBy]int{}, closed: map[keyOf]int{}, named: map[string]bool{}, names: map[string]int{}}
}

// plus is what is taken once somebody who has had some takes more.
func (t taken) plus(had, more, own int) taken {
	return taken{t.all + more, t.common + max(0, had+more-own) - max(0, had-own)}
}

// fits says whether there is room left for a change.
func (r *room) fits(n *needs) bool {
	b := &r.bounds
	if _, ok := r.ops.plus(b, n.author, n.made, n.ops); !ok {
		return false
	}
	for key, w := range n.keys {
		had := r.keys[key]
		writes := had.plus(r.keysOf[keyBy{key, n.author}], w.writes, b.ownWrites)
		if writes.all > b.writes || writes.common > b.commonWrites() || r.closed[key]+w.closings > MaxClosings {
			return false
		}
	}
	more := map[string]int{}
	for key, f := range n.names {
		if r.named[key] {
			continue
		}
		if more[f.begins]++; r.names[f.begins]+more[f.begins] > f.most {
			return false
		}
	}
	return true
}

// take gives a change its room. only: of the keys and names, those that this one needs; nil: all.
func (r *room) take(n *needs, only *needs) {
	b := &r.bounds
	r.ops.take(b, n.author, n.made, n.ops)
	for key, w := range n.keys {
		if only != nil {
			if _, ok := only.keys[key]; !ok {
				continue
			}
		}
		by := keyBy{key, n.author}
		r.keys[key] = r.keys[key].plus(r.keysOf[by], w.writes, b.ownWrites)
		r.keysOf[by] += w.writes
		r.closed[key] += w.closings
	}
	for key, f := range n.names {
		if !r.named[key] {
			r.named[key] = true
			r.names[f.begins]++
		}
	}
}
