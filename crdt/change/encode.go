package change

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"slices"
)

// Encode returns c as the core encodes it: one uncompressed chunk. It reads every field but
// Hash, Others and the IDs of the operations, which follow from the rest, and puts Deps and
// nothing else in order. What Parse refuses can be encoded as well, for tests.
func (c *Change) Encode() []byte {
	body := c.appendBody(make([]byte, 0, 256+len(c.Message)+len(c.Ops)*4))
	return appendChunk(make([]byte, 0, len(body)+16), body)
}

// appendChunk writes header and body of a change chunk.
func appendChunk(b, body []byte) []byte { return appendHashed(b, body, chunkHash(body)) }

func appendHashed(b, body []byte, h Hash) []byte {
	b = append(b, magic...)
	b = append(b, h[:4]...)
	b = append(b, changeChunk)
	b = appendUint(b, uint64(len(body)))
	return append(b, body...)
}

// chunkHash is the hash of the change with that body.
func chunkHash(body []byte) Hash {
	d := sha256.New()
	var head [11]byte
	head[0] = changeChunk
	d.Write(appendUint(head[:1], uint64(len(body))))
	d.Write(body)
	var h Hash
	d.Sum(h[:0])
	return h
}

func (c *Change) appendBody(b []byte) []byte {
	deps := c.Deps
	if !slices.IsSortedFunc(deps, Hash.Compare) {
		deps = slices.SortedFunc(slices.Values(deps), Hash.Compare)
	}
	b = appendUint(b, uint64(len(deps)))
	for _, d := range deps {
		b = append(b, d[:]...)
	}
	b = appendString(b, string(c.Actor))
	b = appendUint(b, c.Seq)
	b = appendUint(b, c.StartOp)
	b = appendInt(b, c.Time)
	b = appendString(b, c.Message)
	actors := actorsOf(c)
	b = appendUint(b, uint64(len(actors.others)))
	for _, a := range actors.others {
		b = appendString(b, string(a))
	}
	return c.appendColumns(b, actors)
}

// appendColumns writes the list of the columns that aren't empty, and then the columns.
func (c *Change) appendColumns(b []byte, actors *actorIndex) []byte {
	var ends [numColumns]int
	var scratch [512]byte
	data := scratch[:0]
	listed := 0
	for i := range numColumns {
		start := len(data)
		data = c.appendColumn(data, i, actors)
		ends[i] = len(data)
		if len(data) > start {
			listed++
		}
	}
	b = appendUint(b, uint64(listed))
	start := 0
	for i, spec := range columnSpecs {
		if ends[i] > start {
			b = appendUint(b, uint64(spec))
			b = appendUint(b, uint64(ends[i]-start))
		}
		start = ends[i]
	}
	return append(b, data...)
}

func (c *Change) appendColumn(b []byte, col column, actors *actorIndex) []byte {
	ops, n := c.Ops, len(c.Ops)
	switch col {
	case colObjActor:
		return appendRuns(b, n, func(i int) (uint64, bool) { return actors.of(ops[i].Obj) }, appendUint)
	case colObjCtr:
		return appendRuns(b, n, func(i int) (uint64, bool) {
			return ops[i].Obj.Counter, !ops[i].Obj.IsZero()
		}, appendUint)
	case colKeyActor:
		return appendRuns(b, n, func(i int) (uint64, bool) {
			if ops[i].InMap {
				return 0, false
			}
			return actors.of(ops[i].Elem)
		}, appendUint)
	case colKeyCtr:
		return appendDeltas(b, n, func(i int) (uint64, bool) { return ops[i].Elem.Counter, !ops[i].InMap })
	case colKeyStr:
		return appendRuns(b, n, func(i int) (string, bool) { return ops[i].Key, ops[i].InMap }, appendString)
	case colInsert:
		return appendBools(b, n, func(i int) bool { return ops[i].Insert })
	case colAction:
		return appendRuns(b, n, func(i int) (uint64, bool) { return uint64(ops[i].Action), true }, appendUint)
	case colValMeta:
		return appendRuns(b, n, func(i int) (uint64, bool) { return valueMeta(ops[i].Value), true }, appendUint)
	case colValRaw:
		for i := range ops {
			b = appendValue(b, ops[i].Value)
		}
		return b
	case colPredNum:
		return appendRuns(b, n, func(i int) (uint64, bool) { return uint64(len(ops[i].Pred)), true }, appendUint)
	case colPredActor, colPredCtr:
		return appendPreds(b, ops, col, actors)
	case colExpand:
		if !slices.ContainsFunc(ops, func(o Op) bool { return o.Expand }) {
			return b
		}
		return appendBools(b, n, func(i int) bool { return ops[i].Expand })
	case colMarkName:
		return appendRuns(b, n, func(i int) (string, bool) { return ops[i].MarkName, ops[i].MarkName != "" }, appendString)
	}
	return b
}

func appendPreds(b []byte, ops []Op, col column, actors *actorIndex) []byte {
	var some [16]OpID
	all := some[:0]
	for i := range ops {
		all = append(all, ops[i].Pred...)
	}
	if col == colPredActor {
		return appendRuns(b, len(all), func(i int) (uint64, bool) {
			n, _ := actors.of(all[i])
			return n, true
		}, appendUint)
	}
	return appendDeltas(b, len(all), func(i int) (uint64, bool) { return all[i].Counter, true })
}

// valueMeta is a value's type, and the length of what appendValue writes.
func valueMeta(v Value) uint64 {
	size := 0
	switch v.Kind {
	case BoolKind:
		return 1 + v.num&1 // 1 is false, 2 is true
	case UintKind:
		size = uintSize(v.num)
	case IntKind, CounterKind, TimestampKind:
		size = intSize(int64(v.num))
	case FloatKind:
		size = 8
	case StrKind, BytesKind:
		size = len(v.str)
	}
	return uint64(size)<<4 | uint64(v.Kind)
}

func appendValue(b []byte, v Value) []byte {
	switch v.Kind {
	case UintKind:
		return appendUint(b, v.num)
	case IntKind, CounterKind, TimestampKind:
		return appendInt(b, int64(v.num))
	case FloatKind:
		return binary.LittleEndian.AppendUint64(b, v.num)
	case StrKind, BytesKind:
		return append(b, v.str...)
	}
	return b
}

// actorIndex numbers the actors that a change refers to: its own is 0, the others follow in
// ascending order.
type actorIndex struct {
	own    Actor
	others []Actor
}

func actorsOf(c *Change) *actorIndex {
	x := &actorIndex{own: c.Actor}
	var last Actor
	note := func(id OpID) {
		if id.IsZero() || id.Actor == x.own || id.Actor == last {
			return
		}
		last = id.Actor
		if i, found := slices.BinarySearch(x.others, id.Actor); !found {
			x.others = slices.Insert(x.others, i, id.Actor)
		}
	}
	for i := range c.Ops {
		op := &c.Ops[i]
		note(op.Obj)
		if !op.InMap {
			note(op.Elem)
		}
		for _, p := range op.Pred {
			note(p)
		}
	}
	return x
}

// of returns the number of the actor of id; ok is false for the zero OpID.
func (x *actorIndex) of(id OpID) (n uint64, ok bool) {
	if id.IsZero() || id.Actor == x.own {
		return 0, !id.IsZero()
	}
	i, found := slices.BinarySearch(x.others, id.Actor)
	if !found {
		return math.MaxUint32, true // not from Parse
	}
	return uint64(i) + 1, true
}

// firstDifference returns the first offset at which a and b differ.
func firstDifference(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
