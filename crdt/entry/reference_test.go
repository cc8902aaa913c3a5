package entry_test

import (
	"bytes"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/entry"
)

// The encoding once more, by a general CBOR library: what Encoded must be.
type refBody struct {
	_        struct{} `cbor:",toarray"`
	Rules    uint64
	Space    []byte
	Heads    [][]byte
	Kind     uint8
	Doc      []byte
	Create   *refCreation
	Device   []byte
	Run      []byte
	Number   uint64
	Previous []byte
	Payload  []byte
}

type refCreation struct {
	_      struct{} `cbor:",toarray"`
	Kind   string
	Random []byte
}

func deterministic() (cbor.EncMode, error) { return cbor.CoreDetEncOptions().EncMode() }

func reference(e *entry.Entry) []byte {
	enc, err := deterministic()
	if err != nil {
		panic(err)
	}
	idOrNone := func(b []byte) []byte {
		if len(bytes.Trim(b, "\x00")) == 0 {
			return []byte{}
		}
		return b
	}
	w := refBody{
		Rules: e.Rules, Space: idOrNone(e.Space[:]), Heads: [][]byte{}, Kind: uint8(e.Kind), Doc: idOrNone(e.Doc[:]),
		Device: e.Device[:], Run: e.Run[:], Number: e.Number, Previous: idOrNone(e.Previous[:]), Payload: e.Payload,
	}
	if e.Bare() {
		w.Payload = e.Digest[:]
	}
	for i := range e.Heads {
		w.Heads = append(w.Heads, e.Heads[i][:])
	}
	if e.Create != nil {
		w.Create = &refCreation{Kind: e.Create.Kind, Random: e.Create.Random[:]}
	}
	body, err := enc.Marshal(w)
	if err != nil {
		panic(err)
	}
	parts := []any{body, idOrNone(e.Below[:]), append([]byte{}, e.Over...), e.Signature[:]}
	if e.Bare() {
		parts = append(parts, nil)
	}
	b, err := enc.Marshal(parts)
	if err != nil {
		panic(err)
	}
	return b
}
