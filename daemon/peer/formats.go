package peer

import (
	"errors"
	"slices"

	"github.com/libp2p/go-libp2p/core/peer"
	"google.golang.org/protobuf/encoding/protowire"
)

// Formats are what a device's Kith can read, as it says in its signed record. The zero value is of one that hasn't said.
type Formats struct {
	Rules uint64   // the newest version of the shared rules
	Kinds []string // of documents, sorted; at most maxKinds, of maxKind bytes each
}

// Equal says whether two are the same.
func (f Formats) Equal(g Formats) bool { return f.Rules == g.Rules && slices.Equal(f.Kinds, g.Kinds) }

// maxKinds bounds the kinds in a record, and maxKind the name of each, in bytes, as an entry does.
const maxKinds, maxKind = 64, 16

// Fields of a record that libp2p's has not; who doesn't know them passes them over.
const (
	rulesField protowire.Number = 100
	kindsField protowire.Number = 101
)

// formatRecord is libp2p's peer record with the formats behind it. It goes in the same envelope.
type formatRecord struct {
	peer.PeerRecord
	formats Formats
}

// MarshalRecord implements record.Record.
func (r *formatRecord) MarshalRecord() ([]byte, error) {
	b, err := r.PeerRecord.MarshalRecord()
	if err != nil || r.formats.Rules == 0 {
		return b, err
	}
	b = protowire.AppendVarint(protowire.AppendTag(b, rulesField, protowire.VarintType), r.formats.Rules)
	for _, k := range r.formats.Kinds[:min(len(r.formats.Kinds), maxKinds)] {
		b = protowire.AppendString(protowire.AppendTag(b, kindsField, protowire.BytesType), k)
	}
	return b, nil
}

var errFormats = errors.New("what it says of formats has no form")

// UnmarshalRecord implements record.Record.
func (r *formatRecord) UnmarshalRecord(b []byte) error {
	if err := r.PeerRecord.UnmarshalRecord(b); err != nil {
		return err
	}
	for len(b) > 0 {
		number, kind, n := protowire.ConsumeTag(b)
		if n < 0 {
			return errFormats
		}
		size := protowire.ConsumeFieldValue(number, kind, b[n:])
		if size < 0 {
			return errFormats
		}
		value := b[n : n+size]
		b = b[n+size:]
		switch {
		case number == rulesField && kind == protowire.VarintType:
			r.formats.Rules, _ = protowire.ConsumeVarint(value)
		case number == kindsField && kind == protowire.BytesType:
			name, _ := protowire.ConsumeString(value)
			if len(name) > maxKind || len(r.formats.Kinds) == maxKinds {
				return errFormats
			}
			r.formats.Kinds = append(r.formats.Kinds, name)
		}
	}
	return nil
}
