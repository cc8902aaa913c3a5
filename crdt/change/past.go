package change

import "math/bits"

// The past of a change is all that its dependencies reach. Changes are kept in the order in which
// they came, each after those it stands on, so a past is a set of places in that order. Mostly
// it is everything up to some place: a change that was added on top of all heads of its time is
// called full, and a walk down from the dependencies may end at the first full change it meets.
//
// An honest document's walk is as long as its authors were apart. A hostile device can make it
// as long as the document, by changes that never join: one visit of a few nanoseconds for each
// change, at most once. What chains of such changes would walk again and again is kept for the
// last few tips, in one bit for each change.

// past is a set of changes: all below base, and those whose bit is set in words, which start at
// base, a multiple of 64.
type past struct {
	base  uint32
	words []uint64
}

func (p *past) has(i uint32) bool {
	if i < p.base {
		return true
	}
	w := (i - p.base) / 64
	return w < uint32(len(p.words)) && p.words[w]>>(i%64)&1 != 0
}

func (p *past) add(i uint32) {
	if i < p.base {
		return
	}
	w := int(i-p.base) / 64
	for len(p.words) <= w {
		p.words = append(p.words, 0)
	}
	p.words[w] |= 1 << (i % 64)
}

// tip is the past of one change that took long to walk.
type tip struct {
	change uint32
	past   past // without the change
}

const (
	maxTips  = 8
	longWalk = 32 // visits from which on a past is kept
)

func (h *History) tipOf(change uint32) *tip {
	if !h.changes[change].tip {
		return nil
	}
	for i := range h.tips {
		if h.tips[i].change == change {
			return &h.tips[i]
		}
	}
	return nil
}

// keepTip keeps the past of a change. One gives way on which something stands by now, else the
// oldest.
func (h *History) keepTip(change uint32, p past) {
	if len(h.tips) == maxTips {
		out := 0
		for i := range h.tips {
			if h.changes[h.tips[i].change].head == 0 {
				out = i
				break
			}
		}
		h.changes[h.tips[out].change].tip = false
		h.tips = append(h.tips[:out], h.tips[out+1:]...)
	}
	h.changes[change].tip = true
	h.tips = append(h.tips, tip{change, p})
}

// onAllHeads reports whether nothing is outside the past of a change with these dependencies.
func (h *History) onAllHeads(deps []uint32) bool {
	n := 0
	for _, d := range deps {
		if h.changes[d].head > 0 {
			n++
		}
	}
	return n == len(h.heads)
}

// walk returns the set of deps and all they stand on, and how many changes it visited. Below
// floor the set may be too large. deps are distinct; none gives the empty set.
func (h *History) walk(deps []uint32, floor uint32) (past, int) {
	if len(deps) == 0 {
		return past{}, 0
	}
	w := h.newWalk(deps)
	visits := 0
	all := floor // all below are in the set, or of no interest
	for at := w.top; at >= w.low && at*64+63 >= int(all); at-- {
		for {
			todo := w.in[at] &^ w.seen[at]
			if todo == 0 {
				break
			}
			i := uint32(at*64 + 63 - bits.LeadingZeros64(todo))
			if i < all {
				break
			}
			w.seen[at] |= 1 << (i % 64)
			visits++
			if h.changes[i].full {
				all = i
				break
			}
			if t := h.tipOf(i); t != nil {
				all = max(all, t.past.base)
				w.join(&t.past)
				continue
			}
			for _, d := range h.depsOf(i) {
				w.mark(d)
			}
		}
	}
	return w.result(all), visits
}

// walker is the state of one walk: two sets of places, in memory that History keeps for it. A
// word is valid from word low on.
type walker struct {
	in, seen []uint64
	low, top int
}

func (h *History) newWalk(deps []uint32) *walker {
	w := &walker{}
	for _, d := range deps {
		w.top = max(w.top, int(d/64))
	}
	if need := 2 * (w.top + 1); len(h.scratch) < need {
		h.scratch = make([]uint64, max(need, 2*len(h.scratch)))
	}
	half := len(h.scratch) / 2
	w.in, w.seen, w.low = h.scratch[:half], h.scratch[half:], w.top+1
	for _, d := range deps {
		w.mark(d)
	}
	return w
}

// reach makes words from at on valid.
func (w *walker) reach(at int) {
	for w.low > at {
		w.low--
		w.in[w.low], w.seen[w.low] = 0, 0
	}
}

func (w *walker) mark(i uint32) {
	w.reach(int(i / 64))
	w.in[i/64] |= 1 << (i % 64)
}

// join adds a set that holds all that its members stand on, so that they need no visit.
func (w *walker) join(p *past) {
	start := int(p.base / 64)
	w.reach(start)
	for k, word := range p.words {
		if start+k <= w.top {
			w.in[start+k] |= word
			w.seen[start+k] |= word
		}
	}
}

// result returns the set with all below all.
func (w *walker) result(all uint32) past {
	start := int(all / 64)
	w.reach(start)
	p := past{base: uint32(start) * 64, words: make([]uint64, w.top-start+1)}
	copy(p.words, w.in[start:w.top+1])
	if rest := all % 64; rest > 0 {
		p.words[0] |= 1<<rest - 1
	}
	return p
}

// with returns p and i, in memory of its own.
func (p past) with(i uint32) past {
	p.words = append(make([]uint64, 0, len(p.words)+len(p.words)/4+2), p.words...)
	p.add(i)
	return p
}
