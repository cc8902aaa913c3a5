package change

// Columns hold one property of all operations each, run-length encoded. They are read value by
// value, so that a run of 2^31 costs its few bytes until as many operations were counted, and
// written the one way the core writes them.

// column is the place of a column in columnSpecs.
type column int

const (
	colObjActor column = iota
	colObjCtr
	colKeyActor
	colKeyCtr
	colKeyStr
	colInsert
	colAction
	colValMeta
	colValRaw
	colPredNum
	colPredActor
	colPredCtr
	colExpand
	colMarkName
	numColumns
)

// columnSpecs are the numbers that a chunk lists its columns under, in its order: the subject
// and, in the last three bits, the encoding.
var columnSpecs = [numColumns]uint8{
	0x01, 0x02, 0x11, 0x13, 0x15, 0x34, 0x42, 0x56, 0x57, 0x70, 0x71, 0x73, 0x94, 0xa5,
}

// runs reads a run-length encoded column. Past its end every value is null, as in the core.
type runs[T any] struct {
	r       reader
	read    func(*reader) (T, error)
	left    uint64 // values left in the run
	literal bool   // the run lists its values
	null    bool
	value   T
}

func newRuns[T any](r reader, read func(*reader) (T, error)) runs[T] {
	return runs[T]{r: r, read: read}
}

// begin reads the head of the next run: its length, and its value if it has a single one.
func (c *runs[T]) begin() error {
	n, err := c.r.int()
	if err != nil {
		return err
	}
	c.literal, c.null = false, false
	switch {
	case n > 0:
		c.left = uint64(n)
		c.value, err = c.read(&c.r)
	case n < 0:
		c.left, c.literal = uint64(-n), true // of the smallest number too: 2^63
		if c.left > uint64(c.r.left()) {
			return c.r.fail("run lists more values than its column holds")
		}
	default:
		c.null = true
		if c.left, err = c.r.uint(); err == nil && c.left == 0 {
			return c.r.fail("empty run")
		}
	}
	return err
}

// next returns the next value; ok is false for null.
func (c *runs[T]) next() (v T, ok bool, err error) {
	if c.left == 0 {
		if c.r.done() {
			return v, false, nil
		}
		if err := c.begin(); err != nil {
			return v, false, err
		}
	}
	c.left--
	if c.null {
		return v, false, nil
	}
	if c.literal {
		c.value, err = c.read(&c.r)
	}
	return c.value, err == nil, err
}

// count returns how many values the column r holds, and their sum with each value capped at max,
// without expanding a run. It ends early, with too large numbers, once either is over max.
func count(r reader, max uint64) (values, sum uint64, err error) {
	c := newRuns(r, (*reader).uint)
	for !c.r.done() {
		if err := c.begin(); err != nil {
			return 0, 0, err
		}
		switch {
		case c.literal:
			for range c.left {
				v, err := c.r.uint()
				if err != nil {
					return 0, 0, err
				}
				sum += min(v, max+1)
			}
		case !c.null && c.value > 0:
			if c.left > max || c.value > max {
				sum = max + 1
			} else {
				sum += c.left * c.value
			}
		}
		values += min(c.left, max+1)
		if values > max || sum > max {
			break
		}
	}
	return values, sum, nil
}

// deltas reads a column of differences to the value before.
type deltas struct {
	runs[int64]
	last int64
}

func newDeltas(r reader) deltas { return deltas{runs: newRuns(r, (*reader).int)} }

// next returns the next counter; ok is false for null. What isn't a counter is refused.
func (c *deltas) next() (v uint64, ok bool, err error) {
	d, ok, err := c.runs.next()
	if !ok || err != nil {
		return 0, false, err
	}
	if d > MaxCounter || d < -MaxCounter || c.last+d < 0 || c.last+d > MaxCounter {
		return 0, false, c.r.fail("operation counter out of range")
	}
	c.last += d
	return uint64(c.last), true, nil
}

// bools reads a column of runs of false and true in turn.
type bools struct {
	r     reader
	left  uint64
	value bool
}

func newBools(r reader) bools { return bools{r: r, value: true} }

// next returns the next value; ok is false past the end.
func (c *bools) next() (v, ok bool, err error) {
	for c.left == 0 {
		if c.r.done() {
			return false, false, nil
		}
		if c.left, err = c.r.uint(); err != nil {
			return false, false, err
		}
		c.value = !c.value
	}
	c.left--
	return c.value, true, nil
}

// appendRuns writes n values run-length encoded: at gives the i-th, false for null. A column of
// nulls alone is not written.
func appendRuns[T comparable](b []byte, n int, at func(int) (T, bool), put func([]byte, T) []byte) []byte {
	runEnd := func(i int, v T, ok bool) int { // the end of the run of equal values that starts at i
		for i++; i < n; i++ {
			if w, ok2 := at(i); ok2 != ok || w != v {
				break
			}
		}
		return i
	}
	for i := 0; i < n; {
		v, ok := at(i)
		end := runEnd(i, v, ok)
		switch {
		case !ok:
			if i == 0 && end == n {
				return b
			}
			b = appendUint(append(b, 0), uint64(end-i))
		case end-i > 1:
			b = put(appendInt(b, int64(end-i)), v)
		default: // list the values up to the next run
			for end < n {
				w, ok := at(end)
				if !ok {
					break
				}
				next := runEnd(end, w, true)
				if next-end > 1 {
					break
				}
				end = next
			}
			b = appendInt(b, -int64(end-i))
			for ; i < end; i++ {
				v, _ := at(i)
				b = put(b, v)
			}
		}
		i = end
	}
	return b
}

// appendDeltas writes n counters as differences; false for null.
func appendDeltas(b []byte, n int, at func(int) (uint64, bool)) []byte {
	diffs := make([]int64, 0, 16)
	null := make([]bool, 0, 16)
	var last int64
	for i := range n {
		v, ok := at(i)
		if ok {
			diffs = append(diffs, int64(v)-last)
			last = int64(v)
		} else {
			diffs = append(diffs, 0)
		}
		null = append(null, !ok)
	}
	return appendRuns(b, n, func(i int) (int64, bool) { return diffs[i], !null[i] }, appendInt)
}

// appendBools writes n values as runs of false and true in turn.
func appendBools(b []byte, n int, at func(int) bool) []byte {
	run, value := uint64(0), false
	for i := range n {
		if v := at(i); v != value {
			b = appendUint(b, run)
			run, value = 0, v
		}
		run++
	}
	if run > 0 {
		b = appendUint(b, run)
	}
	return b
}
