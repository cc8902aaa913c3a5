package change

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
)

// Hash names a change: SHA-256 over its uncompressed chunk, without magic bytes and checksum.
type Hash [32]byte

// String returns h in hexadecimal, as the core does.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// Compare orders hashes as the core does: byte by byte.
func (h Hash) Compare(o Hash) int { return bytes.Compare(h[:], o[:]) }

// ParseHash reads what String wrote.
func ParseHash(s string) (Hash, error) {
	var h Hash
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(h) {
		return h, fmt.Errorf("change hash %q: want 64 hexadecimal digits", s)
	}
	copy(h[:], b)
	return h, nil
}

// Actor is the raw bytes of an actor: who numbers operations. Kith makes a new one for every run
// of the daemon and every document.
type Actor string

// String returns a in hexadecimal.
func (a Actor) String() string { return hex.EncodeToString([]byte(a)) }

// OpID names an operation, and what the operation made: an object, a list element. The zero OpID
// is the root object, and the place before the first element of a list.
type OpID struct {
	Counter uint64
	Actor   Actor
}

// IsZero reports whether id is the root object or the head of a list.
func (id OpID) IsZero() bool { return id.Counter == 0 }

// Compare orders operations: by counter, then by the bytes of the actor.
func (id OpID) Compare(o OpID) int {
	switch {
	case id.Counter < o.Counter:
		return -1
	case id.Counter > o.Counter:
		return 1
	}
	return strings.Compare(string(id.Actor), string(o.Actor))
}

// Less reports whether id comes before o.
func (id OpID) Less(o OpID) bool { return id.Compare(o) < 0 }

// String returns id as Automerge writes it, "12@6b1f…", and "_root" for the zero OpID.
func (id OpID) String() string {
	if id.IsZero() {
		return "_root"
	}
	return fmt.Sprintf("%d@%s", id.Counter, id.Actor)
}

// Action is what an operation does. The numbers are the format's.
type Action uint8

const (
	MakeMap   Action = 0
	Set       Action = 1 // a scalar, for a map key or a list element
	MakeList  Action = 2
	Delete    Action = 3
	MakeText  Action = 4
	Increment Action = 5 // a counter, by Value
	Mark      Action = 7 // begins a mark if MarkName is set, ends the one begun just before if not
	// 6 would be a table: the core can write one no more, so none is taken.
)

func (a Action) String() string {
	switch a {
	case MakeMap:
		return "makeMap"
	case Set:
		return "set"
	case MakeList:
		return "makeList"
	case Delete:
		return "del"
	case MakeText:
		return "makeText"
	case Increment:
		return "inc"
	case Mark:
		return "mark"
	}
	return fmt.Sprintf("action %d", uint8(a))
}

// Makes returns the type of the object that a makes; ok is false if it makes none.
func (a Action) Makes() (t ObjType, ok bool) {
	switch a {
	case MakeMap:
		return MapType, true
	case MakeList:
		return ListType, true
	case MakeText:
		return TextType, true
	}
	return 0, false
}

// ObjType is the type of an object.
type ObjType uint8

const (
	MapType ObjType = iota
	ListType
	TextType
)

func (t ObjType) String() string {
	switch t {
	case MapType:
		return "map"
	case ListType:
		return "list"
	case TextType:
		return "text"
	}
	return fmt.Sprintf("object type %d", uint8(t))
}

// Kind is the type of a Value. The numbers follow the format's, but for Bool.
type Kind uint8

const (
	NullKind      Kind = 0
	BoolKind      Kind = 1
	UintKind      Kind = 3
	IntKind       Kind = 4
	FloatKind     Kind = 5
	StrKind       Kind = 6
	BytesKind     Kind = 7
	CounterKind   Kind = 8
	TimestampKind Kind = 9 // milliseconds since the Unix epoch
)

func (k Kind) String() string {
	names := [...]string{"null", "bool", "", "uint", "int", "float64", "str", "bytes", "counter", "timestamp"}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Value is a scalar with its type; the zero Value is null. Values are comparable: two are == if
// they have the same type and the same bits (so a NaN equals itself, and 0 differs from -0).
type Value struct {
	Kind Kind
	num  uint64 // all kinds but StrKind and BytesKind
	str  string // StrKind, BytesKind
}

// BoolValue makes a value that is true or false. Those below make one of each other type.
func BoolValue(b bool) Value {
	if b {
		return Value{Kind: BoolKind, num: 1}
	}
	return Value{Kind: BoolKind}
}
func UintValue(u uint64) Value      { return Value{Kind: UintKind, num: u} }
func IntValue(i int64) Value        { return Value{Kind: IntKind, num: uint64(i)} }
func FloatValue(f float64) Value    { return Value{Kind: FloatKind, num: math.Float64bits(f)} }
func StrValue(s string) Value       { return Value{Kind: StrKind, str: s} }
func BytesValue(b []byte) Value     { return Value{Kind: BytesKind, str: string(b)} }
func CounterValue(i int64) Value    { return Value{Kind: CounterKind, num: uint64(i)} }
func TimestampValue(ms int64) Value { return Value{Kind: TimestampKind, num: uint64(ms)} }

// Bool returns the bool; false if v is of another kind.
func (v Value) Bool() bool { return v.Kind == BoolKind && v.num == 1 }

// Int returns an int, counter or timestamp; 0 if v is of another kind.
func (v Value) Int() int64 {
	switch v.Kind {
	case IntKind, CounterKind, TimestampKind:
		return int64(v.num)
	}
	return 0
}

// Uint returns the uint; 0 if v is of another kind.
func (v Value) Uint() uint64 {
	if v.Kind == UintKind {
		return v.num
	}
	return 0
}

// Float returns the float64; 0 if v is of another kind.
func (v Value) Float() float64 {
	if v.Kind == FloatKind {
		return math.Float64frombits(v.num)
	}
	return 0
}

// Str returns the text; "" if v is of another kind.
func (v Value) Str() string {
	if v.Kind == StrKind {
		return v.str
	}
	return ""
}

// Bytes returns a copy of the bytes; nil if v is of another kind.
func (v Value) Bytes() []byte {
	if v.Kind == BytesKind {
		return []byte(v.str)
	}
	return nil
}

// String is for tests and logs of structure: it gives the kind and numbers, and of texts and
// bytes the length only.
func (v Value) String() string {
	switch v.Kind {
	case NullKind:
		return "null"
	case BoolKind:
		return fmt.Sprint(v.Bool())
	case UintKind:
		return fmt.Sprintf("uint %d", v.num)
	case FloatKind:
		return fmt.Sprint(v.Float())
	case StrKind, BytesKind:
		return fmt.Sprintf("%s of %d bytes", v.Kind, len(v.str))
	}
	return fmt.Sprintf("%s %d", v.Kind, int64(v.num))
}

// Op is one operation of a change.
type Op struct {
	ID     OpID   // set by Parse: StartOp plus the place in the change, and the change's actor
	Obj    OpID   // the object it works on; zero is the root map
	InMap  bool   // Key says where; Elem otherwise
	Insert bool   // makes a new element after Elem
	Key    string // in a map
	Elem   OpID   // in a list or text: the element itself, or with Insert the one before
	Action Action
	Value  Value  // for Set, Increment, and a Mark that begins; null otherwise
	Pred   []OpID // what it replaces, deletes or increments; ascending

	MarkName string // for a Mark: its name where it begins, "" where it ends
	Expand   bool   // for a Mark: whether it grows when somebody types at this end
}

// Change is one Automerge change. Parse makes it; strings in it share one copy of the chunk.
type Change struct {
	Hash    Hash   // of the chunk, set by Parse
	Deps    []Hash // what it stands on; ascending
	Actor   Actor
	Seq     uint64 // number of the change among its actor's, from 1
	StartOp uint64 // counter of its first operation
	Time    int64  // as written by the author's clock: show it, never order by it. automerge-go
	// and Kith write milliseconds since the Unix epoch, Automerge JS seconds.
	Message string  // empty if none
	Others  []Actor // actors other than Actor that operations refer to; ascending. Encode finds them itself
	Ops     []Op
}

// MaxOp returns the highest operation counter up to and including c: that of its last operation,
// or StartOp-1 if it has none.
func (c *Change) MaxOp() uint64 { return c.StartOp + uint64(len(c.Ops)) - 1 }

// MostOnOne returns how many operations of the change work on one place, a key of a map or an element of a list or
// text: on the one on which most do. To insert an element isn't to work on it.
func (c *Change) MostOnOne() (most int) {
	type place struct {
		obj  OpID
		key  string
		elem OpID
	}
	if len(c.Ops) < 2 {
		return len(c.Ops)
	}
	on := map[place]int{}
	for i := range c.Ops {
		if op := &c.Ops[i]; !op.Insert {
			at := place{obj: op.Obj, key: op.Key, elem: op.Elem}
			on[at]++
			most = max(most, on[at])
		}
	}
	return most
}
