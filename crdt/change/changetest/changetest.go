// Package changetest makes changes that no honest device makes, for tests that look for what a
// hostile one could do with them.
//
// Mutate damages the bytes of a change and repairs its checksum, so that the damage gets as far
// as the one who looks inside. Rebuild edits a change as it was parsed, and Encode gives it the
// form of an honest one. New makes small changes without the Automerge core.
package changetest

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand"
	"slices"

	"kith/crdt/change"
)

const (
	header    = 8 // magic bytes and checksum
	typ       = 8 // where the type of the chunk is
	changeTyp = 1
)

// Mutate returns a damaged copy of an uncompressed change chunk, with header and checksum
// repaired. It flips, inserts, deletes, copies and swaps bytes, or takes the columns apart and
// swaps, repeats, empties, lengthens or renames one; sometimes it does so a few times. Now and
// then the result is the chunk as it was.
func Mutate(rng *rand.Rand, chunk []byte) []byte {
	body := slices.Clone(Body(chunk))
	for range 1 + rng.Intn(2)*rng.Intn(3) {
		if rng.Intn(4) == 0 {
			body = mutateColumn(rng, body)
		} else {
			body = mutateByte(rng, body)
		}
	}
	return Chunk(body)
}

// MutateByte returns a copy of a change chunk with a single bit or byte changed, and the checksum
// repaired.
func MutateByte(rng *rand.Rand, chunk []byte) []byte {
	body := slices.Clone(Body(chunk))
	if len(body) == 0 {
		return Chunk(body)
	}
	i := rng.Intn(len(body))
	if rng.Intn(2) == 0 {
		body[i] ^= 1 << rng.Intn(8)
	} else {
		body[i] = byte(rng.Intn(256))
	}
	return Chunk(body)
}

func mutateByte(rng *rand.Rand, b []byte) []byte {
	if len(b) == 0 {
		return []byte{byte(rng.Intn(256))}
	}
	i, j := rng.Intn(len(b)), rng.Intn(len(b))
	switch rng.Intn(7) {
	case 0:
		b[i] ^= 1 << rng.Intn(8)
	case 1:
		b[i] = byte(rng.Intn(256))
	case 2:
		b[i] += byte(1 - 2*rng.Intn(2))
	case 3:
		b = slices.Insert(b, i, byte(rng.Intn(256)))
	case 4:
		b = slices.Delete(b, i, i+1)
	case 5:
		b[i], b[j] = b[j], b[i]
	case 6:
		b[i] = []byte{0, 1, 2, 0x7e, 0x7f, 0x80, 0xff}[rng.Intn(7)]
	}
	return b
}

// A Column is one column of a chunk as its list has it.
type Column struct {
	Spec uint64
	Data []byte
}

// Split takes the body of a change chunk apart: all before the list of columns, the columns, and
// what follows the last. ok is false if it can't.
func Split(body []byte) (head []byte, columns []Column, rest []byte, ok bool) {
	b := body
	num := func() uint64 {
		v, n := binary.Uvarint(b)
		if n <= 0 {
			b, ok = nil, false
			return 0
		}
		b = b[n:]
		return v
	}
	skip := func(n uint64) {
		if n > uint64(len(b)) {
			b, ok = nil, false
			return
		}
		b = b[n:]
	}
	ok = true
	skip(num() * 32) // dependencies
	skip(num())      // actor
	num()            // sequence number
	num()            // first operation
	num()            // time, signed, but as long
	skip(num())      // message
	for range min(num(), 1000) {
		skip(num()) // other actor
	}
	if !ok {
		return nil, nil, nil, false
	}
	head = body[:len(body)-len(b)]
	n := num()
	if n > 100 {
		return nil, nil, nil, false
	}
	columns = make([]Column, n)
	lens := make([]uint64, n)
	for i := range columns {
		columns[i].Spec, lens[i] = num(), num()
	}
	for i := range columns {
		at := b
		skip(lens[i])
		if !ok {
			return nil, nil, nil, false
		}
		columns[i].Data = at[:lens[i]]
	}
	return head, columns, b, ok
}

// Join is the way back from Split.
func Join(head []byte, columns []Column, rest []byte) []byte {
	b := slices.Clone(head)
	b = binary.AppendUvarint(b, uint64(len(columns)))
	for _, c := range columns {
		b = binary.AppendUvarint(b, c.Spec)
		b = binary.AppendUvarint(b, uint64(len(c.Data)))
	}
	for _, c := range columns {
		b = append(b, c.Data...)
	}
	return append(b, rest...)
}

func mutateColumn(rng *rand.Rand, body []byte) []byte {
	head, columns, rest, ok := Split(body)
	if !ok || len(columns) == 0 {
		return mutateByte(rng, body)
	}
	i, j := rng.Intn(len(columns)), rng.Intn(len(columns))
	c := &columns[i]
	c.Data = slices.Clone(c.Data)
	switch rng.Intn(7) {
	case 0: // the same length bytes elsewhere: swap two columns' data
		c.Data, columns[j].Data = columns[j].Data, c.Data
	case 1:
		c.Data = append(c.Data, c.Data...)
	case 2:
		columns = slices.Delete(columns, i, i+1)
	case 3:
		c.Data = mutateByte(rng, c.Data)
	case 4: // a run as long as one likes
		c.Data = append(binary.AppendUvarint(nil, uint64(rng.Int63())>>rng.Intn(63)&^0x40), c.Data...)
	case 5:
		c.Spec ^= 1 << rng.Intn(8)
	case 6:
		columns[i], columns[j] = columns[j], columns[i]
	}
	return Join(head, columns, rest)
}

// Body returns the body of a chunk, which it takes to be well formed.
func Body(chunk []byte) []byte {
	if len(chunk) <= header+1 {
		return nil
	}
	_, n := binary.Uvarint(chunk[header+1:])
	return chunk[header+1+max(n, 0):]
}

// Chunk puts header and checksum before the body of a change.
func Chunk(body []byte) []byte {
	hashed := binary.AppendUvarint([]byte{changeTyp}, uint64(len(body)))
	hashed = append(hashed, body...)
	sum := sha256.Sum256(hashed)
	b := append([]byte{0x85, 0x6f, 0x4a, 0x83}, sum[:4]...)
	return append(b, hashed...)
}

// Repair returns a copy of a chunk with its length and checksum made right.
func Repair(chunk []byte) []byte { return Chunk(Body(chunk)) }

// Rebuild parses a change chunk, which must be a good one, lets edit change it, and returns the
// chunk of the result, right in form as far as that can be. Deps are put in ascending order.
func Rebuild(chunk []byte, edit func(*change.Change)) []byte {
	c, err := change.Parse(chunk)
	if err != nil {
		panic("changetest: Rebuild of a bad change: " + err.Error())
	}
	edit(c)
	return c.Encode()
}

// New returns a change by actor on top of all that h knows, with the operations given: their IDs
// are set, and where an operation refers to a counter of 0 < n < 1 + len(ops) without an actor,
// it means the nth operation of the change itself. It is parsed, so that Hash is set; if that
// fails, New panics.
func New(h *change.History, actor change.Actor, ops ...change.Op) *change.Change {
	c := &change.Change{
		Deps: h.Heads(), Actor: actor, Seq: h.Seq(actor) + 1, StartOp: h.MaxOp() + 1, Ops: ops,
	}
	own := func(id *change.OpID) {
		if id.Actor == "" && id.Counter > 0 {
			*id = change.OpID{Counter: c.StartOp + id.Counter - 1, Actor: actor}
		}
	}
	for i := range c.Ops {
		op := &c.Ops[i]
		own(&op.Obj)
		own(&op.Elem)
		op.Pred = slices.Clone(op.Pred)
		for j := range op.Pred {
			own(&op.Pred[j])
		}
	}
	parsed, err := change.Parse(c.Encode())
	if err != nil {
		panic("changetest: New: " + err.Error())
	}
	return parsed
}

// Put is an operation that sets a key of a map that had no value.
func Put(obj change.OpID, key string, v change.Value) change.Op {
	return change.Op{Obj: obj, InMap: true, Key: key, Action: change.Set, Value: v}
}

// Make is an operation that makes an object under a key of a map that had no value.
func Make(obj change.OpID, key string, a change.Action) change.Op {
	return change.Op{Obj: obj, InMap: true, Key: key, Action: a}
}

// Insert is an operation that inserts a scalar after an element of a list or text.
func Insert(obj, after change.OpID, v change.Value) change.Op {
	return change.Op{Obj: obj, Elem: after, Insert: true, Action: change.Set, Value: v}
}
