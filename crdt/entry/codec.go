package entry

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/fxamacker/cbor/v2"
)

// Limits of one entry. They hold for every replica alike, so an entry over them exists nowhere.
const (
	// MaxPayload bounds the payload, in bytes.
	MaxPayload = 1 << 20
	// MaxHeads bounds the charter heads that one entry names.
	MaxHeads = 64
	// MaxDocKind bounds the name of a document's kind, in bytes.
	MaxDocKind = 16
	// MaxSize bounds an encoded entry, in bytes: a payload, the heads and the fixed fields.
	MaxSize = MaxPayload + MaxHeads*34 + 512
)

// FormError says that bytes from outside are not an entry. It needs no context to say so, so
// whoever passed them on is to blame, too.
type FormError struct{ Why string }

func (e *FormError) Error() string { return "not an entry: " + e.Why }

func malformed(format string, a ...any) error { return &FormError{Why: fmt.Sprintf(format, a...)} }

var (
	encoding = must(cbor.CoreDetEncOptions().EncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  4,
		MaxArrayElements: 1024,
		MaxMapPairs:      16,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options written by us are wrong
	}
	return v
}

// The wire forms. A body is a CBOR array in this order; an entry is [body, signature], both as
// byte strings, so that the ID is a hash of bytes that stand in the encoding as they are.
type wireBody struct {
	_        struct{} `cbor:",toarray"`
	Rules    uint64
	Space    []byte // empty or 32
	Heads    [][]byte
	Kind     uint8
	Doc      []byte // empty or 20
	Create   *wireCreation
	Device   []byte
	Run      []byte
	Number   uint64
	Previous []byte // empty or 32
	Payload  []byte
}

type wireCreation struct {
	_      struct{} `cbor:",toarray"`
	Kind   string
	Random []byte
}

type wireEntry struct {
	_         struct{} `cbor:",toarray"`
	Body      []byte
	Signature []byte
}

func (e *Entry) body() ([]byte, error) {
	w := wireBody{
		Rules: e.Rules, Space: orEmpty(e.Space[:]), Heads: make([][]byte, len(e.Heads)),
		Kind: uint8(e.Kind), Doc: orEmpty(e.Doc[:]), Device: e.Device[:], Run: e.Run[:],
		Number: e.Number, Previous: orEmpty(e.Previous[:]), Payload: e.Payload,
	}
	if w.Payload == nil {
		w.Payload = []byte{}
	}
	for i := range e.Heads {
		w.Heads[i] = e.Heads[i][:]
	}
	if e.Create != nil {
		w.Create = &wireCreation{Kind: e.Create.Kind, Random: e.Create.Random[:]}
	}
	return encoding.Marshal(w)
}

func wrap(body []byte, sig [64]byte) ([]byte, error) {
	return encoding.Marshal(wireEntry{Body: body, Signature: sig[:]})
}

// orEmpty writes an all-zero ID as no bytes at all.
func orEmpty(b []byte) []byte {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return []byte{}
	}
	return b
}

// Decode reads one entry in its canonical form and checks that form, but not the signature
// (see Verify). It keeps b, which the caller must not modify afterwards. The error is a
// *FormError.
func Decode(b []byte) (*Entry, error) {
	if len(b) > MaxSize {
		return nil, malformed("%d bytes, the limit is %d", len(b), MaxSize)
	}
	var outer wireEntry
	if err := decoding.Unmarshal(b, &outer); err != nil {
		return nil, malformed("%v", err)
	}
	var w wireBody
	if err := decoding.Unmarshal(outer.Body, &w); err != nil {
		return nil, malformed("body: %v", err)
	}
	e, err := w.entry()
	if err != nil {
		return nil, err
	}
	if len(outer.Signature) != len(e.Signature) {
		return nil, malformed("a signature of %d bytes", len(outer.Signature))
	}
	e.Signature = [64]byte(outer.Signature)
	if err := e.checkForm(); err != nil {
		return nil, err
	}
	// One encoding only: what this entry encodes to must be what came.
	body, err := e.body()
	if err != nil || !bytes.Equal(body, outer.Body) {
		return nil, malformed("the body is not in canonical form")
	}
	if again, err := wrap(body, e.Signature); err != nil || !bytes.Equal(again, b) {
		return nil, malformed("not in canonical form")
	}
	e.id = idOf(body)
	e.encoded = b
	return e, nil
}

func (w *wireBody) entry() (*Entry, error) {
	e := &Entry{Rules: w.Rules, Kind: Kind(w.Kind), Number: w.Number, Payload: w.Payload}
	if len(w.Heads) > MaxHeads {
		return nil, malformed("%d charter heads, the limit is %d", len(w.Heads), MaxHeads)
	}
	fixed := []struct {
		what  string
		from  []byte
		into  []byte
		empty bool // whether no bytes stand for the zero value
	}{
		{"space", w.Space, e.Space[:], true},
		{"document", w.Doc, e.Doc[:], true},
		{"device", w.Device, e.Device[:], false},
		{"run", w.Run, e.Run[:], false},
		{"previous", w.Previous, e.Previous[:], true},
	}
	for _, f := range fixed {
		if f.empty && len(f.from) == 0 {
			continue
		}
		if len(f.from) != len(f.into) {
			return nil, malformed("%s has %d bytes, not %d", f.what, len(f.from), len(f.into))
		}
		copy(f.into, f.from)
	}
	for _, h := range w.Heads {
		if len(h) != len(ID{}) {
			return nil, malformed("a charter head has %d bytes, not %d", len(h), len(ID{}))
		}
		e.Heads = append(e.Heads, ID(h))
	}
	if w.Create != nil {
		if len(w.Create.Random) != 16 {
			return nil, malformed("the creation header has %d random bytes, not 16", len(w.Create.Random))
		}
		e.Create = &Creation{Kind: w.Create.Kind, Random: [16]byte(w.Create.Random)}
	}
	return e, nil
}

// checkForm holds the rules that need nothing but the entry itself.
func (e *Entry) checkForm() error {
	switch {
	case len(e.Payload) == 0:
		return malformed("no payload")
	case len(e.Payload) > MaxPayload:
		return malformed("a payload of %d bytes, the limit is %d", len(e.Payload), MaxPayload)
	case len(e.Heads) > MaxHeads:
		return malformed("%d charter heads, the limit is %d", len(e.Heads), MaxHeads)
	case !slices.IsSortedFunc(e.Heads, ID.Compare) || len(slices.Compact(slices.Clone(e.Heads))) != len(e.Heads):
		return malformed("charter heads are not sorted and unique")
	case e.Rules == 0:
		return malformed("rules version 0")
	case e.Number == 0:
		return malformed("number 0 in its run")
	case (e.Number == 1) != e.Previous.IsZero():
		return malformed("number %d and the entry before it don't go together", e.Number)
	}
	genesis := e.Space == SpaceID{}
	if genesis != (len(e.Heads) == 0) {
		return malformed("only a genesis has neither a space nor charter heads")
	}
	switch e.Kind {
	case Statement:
		if e.Doc != (DocID{}) || e.Create != nil {
			return malformed("a statement that names a document")
		}
	case Change:
		if genesis {
			return malformed("a change without a space")
		}
		if e.Doc == (DocID{}) {
			return malformed("a change that names no document")
		}
		if e.Create == nil {
			break
		}
		if !e.Create.valid() {
			return malformed("a document kind that is not 1 to %d letters", MaxDocKind)
		}
		if e.Create.DocID(e.Space, e.Device, e.Run) != e.Doc {
			return malformed("the creation header gives another document")
		}
	default:
		return malformed("%v", e.Kind)
	}
	return nil
}
