package diff

import (
	"slices"
	"sort"
)

// The fewest steps between two long texts that are nothing alike take the square of their length: minutes, if somebody writes
// them for that. So passages that each has once are paired first, and of what lies between them only so much is looked
// at that all of it together takes a time that grows with the length, whatever the texts are. What is found is a difference, too, only
// a coarser one.

// windows are how many pieces in a row are paired, the surest first.
var windows = [...]int{32, 6, 1}

// maxSteps bounds the steps that are looked for at once.
const maxSteps = 200

// run is a row of pieces of which one thing is so.
type run struct {
	is Is
	n  int
}

// long is a difference between long texts, as it is found.
type long struct {
	most          int // steps that are looked for at once
	runs          []run
	looked        int   // places compared, which tests bound
	ahead, behind []int // for middle
}

// compare gives the runs that lead from a to b: those that are Same or Gone are a, those that are Same or New are b.
func compare[T comparable](a, b []T) *long { return compareBy(a, b, maxSteps) }

func compareBy[T comparable](a, b []T, most int) *long {
	known := map[T]int32{}
	numbered := func(all []T) []int32 {
		out := make([]int32, len(all))
		for i, piece := range all {
			n, ok := known[piece]
			if !ok {
				n = int32(len(known))
				known[piece] = n
			}
			out[i] = n
		}
		return out
	}
	l := &long{most: most}
	l.between(numbered(a), numbered(b), windows[:])
	l.runs = tidied(l.runs)
	return l
}

func (l *long) add(is Is, n int) {
	if n > 0 {
		l.runs = append(l.runs, run{is, n})
	}
}

// between finds what lies between two places that are paired.
func (l *long) between(a, b []int32, windows []int) {
	n := alike(a, b)
	l.add(Same, n)
	a, b = a[n:], b[n:]
	m := 0
	for m < len(a) && m < len(b) && a[len(a)-1-m] == b[len(b)-1-m] {
		m++
	}
	a, b = a[:len(a)-m], b[:len(b)-m]
	l.looked += n + m
	switch {
	case len(a) == 0 || len(b) == 0:
		l.add(Gone, len(a))
		l.add(New, len(b))
	case len(windows) == 0 || len(a)+len(b) <= l.most:
		x, y := l.middle(a, b)
		l.between(a[:x], b[:y], nil)
		l.between(a[x:], b[y:], nil)
	default:
		x, y := 0, 0
		for _, p := range l.pairs(a, b, windows[0]) {
			if p.a < x || p.b < y { // in what is the same already
				continue
			}
			l.between(a[x:p.a], b[y:p.b], windows[1:])
			n := alike(a[p.a:], b[p.b:])
			l.looked += n
			l.add(Same, n)
			x, y = p.a+n, p.b+n
		}
		l.between(a[x:], b[y:], windows[1:])
	}
	l.add(Same, m)
}

// alike is how many pieces both begin with.
func alike(a, b []int32) (n int) {
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// pair is where a window stands in both.
type pair struct{ a, b int }

// pairs finds the windows that each has once, and of those the most that stand in the same order.
func (l *long) pairs(a, b []int32, window int) []pair {
	const twice = -1
	at := map[uint64]int{}
	each(a, window, func(i int, sum uint64) {
		if _, ok := at[sum]; ok {
			i = twice
		}
		at[sum] = i
	})
	in := map[uint64]int{}
	each(b, window, func(j int, sum uint64) {
		if i, ok := at[sum]; !ok || i == twice {
			return
		}
		if _, ok := in[sum]; ok {
			j = twice
		}
		in[sum] = j
	})
	l.looked += len(a) + len(b)
	var all []pair
	for sum, j := range in {
		if i := at[sum]; j != twice && slices.Equal(a[i:i+window], b[j:j+window]) {
			l.looked += window
			all = append(all, pair{i, j})
		}
	}
	slices.SortFunc(all, func(p, q pair) int { return p.a - q.a })
	return inOrder(all)
}

// each calls fn with every window and a sum of it.
func each(all []int32, window int, fn func(at int, sum uint64)) {
	const by = 0x9e3779b97f4a7c15
	var sum, out uint64 = 0, 1 // out is what the piece that leaves the window has grown to
	for range window {
		out *= by
	}
	for i, piece := range all {
		sum = sum*by + uint64(piece) + 1
		if i >= window {
			sum -= out * (uint64(all[i-window]) + 1)
		}
		if i >= window-1 {
			fn(i-window+1, sum)
		}
	}
}

// inOrder leaves the most pairs, which are sorted by a, that are sorted by b, too.
func inOrder(all []pair) []pair {
	before := make([]int, len(all))
	var ends []int // of the rows of each length that of which the end has the lowest b
	for i, p := range all {
		n := sort.Search(len(ends), func(n int) bool { return all[ends[n]].b > p.b })
		before[i] = -1
		if n > 0 {
			before[i] = ends[n-1]
		}
		if n == len(ends) {
			ends = append(ends, i)
		} else {
			ends[n] = i
		}
	}
	if len(ends) == 0 {
		return nil
	}
	out := make([]pair, len(ends))
	for i, n := ends[len(ends)-1], len(ends)-1; n >= 0; i, n = before[i], n-1 {
		out[n] = all[i]
	}
	return out
}

// middle gives a place on the way from a to b, which begin and end with something else: one in the middle of the fewest steps, looked for
// from both ends at once (Myers, “An O(ND) Difference Algorithm”), or behind so many steps the one to which they led furthest.
func (l *long) middle(a, b []int32) (x, y int) {
	n, m := len(a), len(b)
	delta, most := n-m, min((n+m+1)/2, l.most)
	off := most + 1
	ahead, behind := furthest(&l.ahead, 2*off+1), furthest(&l.behind, 2*off+1)
	for d := 0; d <= most; d++ {
		for k := -d; k <= d; k += 2 {
			x := step(ahead, off, k, d, n, m)
			if x >= 0 {
				more := alike(a[x:], b[x-k:])
				l.looked += more + 1
				x += more
				if r := delta - k; delta&1 != 0 && -d < r && r < d && behind[off+r] >= 0 && x+behind[off+r] >= n {
					return x, x - k
				}
			}
			ahead[off+k] = x
		}
		for k := -d; k <= d; k += 2 {
			x := step(behind, off, k, d, n, m)
			if x >= 0 {
				for y := x - k; x < n && y < m && a[n-1-x] == b[m-1-y]; y++ {
					x++
					l.looked++
				}
				l.looked++
				if r := delta - k; delta&1 == 0 && -d <= r && r <= d && ahead[off+r] >= 0 && x+ahead[off+r] >= n {
					return n - x, m - (x - k)
				}
			}
			behind[off+k] = x
		}
	}
	for k := -most; k <= most; k += 2 {
		if at := ahead[off+k]; at >= 0 && at+at-k > x+y {
			x, y = at, at-k
		}
	}
	return x, y
}

// furthest is room in which nothing is reached yet.
func furthest(room *[]int, n int) []int {
	if cap(*room) < n {
		*room = make([]int, n)
	}
	out := (*room)[:n]
	for i := range out {
		out[i] = -1
	}
	return out
}

// step gives how far one leads with d steps on the diagonal k, of what d-1 steps reached; -1: nowhere.
func step(reached []int, off, k, d, n, m int) int {
	if d == 0 {
		return 0
	}
	x := -1
	if at := reached[off+k-1]; k > -d && at >= 0 && at < n {
		x = at + 1
	}
	if at := reached[off+k+1]; k < d && at > x && at-k <= m {
		x = at
	}
	return x
}

// tidied takes neighbours of one sort together, and puts what is gone before what came in its place.
func tidied(runs []run) (out []run) {
	gone, come := 0, 0
	flush := func() {
		for _, r := range []run{{Gone, gone}, {New, come}} {
			if r.n > 0 {
				out = append(out, r)
			}
		}
		gone, come = 0, 0
	}
	for _, r := range runs {
		switch r.is {
		case Gone:
			gone += r.n
		case New:
			come += r.n
		case Same:
			flush()
			if n := len(out); n > 0 && out[n-1].is == Same {
				out[n-1].n += r.n
			} else {
				out = append(out, r)
			}
		}
	}
	flush()
	return out
}
