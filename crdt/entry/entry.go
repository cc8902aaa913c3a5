// Package entry defines the unit that Kith stores and exchanges: one change or one charter
// statement, signed by the device that made it.
//
// An entry never changes and has one encoding only; its ID is the hash of that encoding
// without the signature. Whether the device was allowed to make it is not asked here: that
// is the charter's question. Layout and test vectors: docs/PROTOCOL.md, "Entries".
package entry

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
)

// RulesVersion is the newest version of the shared rules (schemas, own-say) that this
// release knows. An entry under a newer one is kept and passed on, but stays pending.
const RulesVersion = 1

// FirstRules is the version that every release knows. What needs no newer one is under it, so that computers can be
// updated one after the other.
const FirstRules = 1

// ID identifies an entry: the SHA-256 of its body, which is all of it but the signature.
type ID [32]byte

// String returns the ID in lower-case hexadecimal.
func (id ID) String() string { return hex.EncodeToString(id[:]) }

// IsZero says whether id is the zero ID, which names no entry.
func (id ID) IsZero() bool { return id == ID{} }

// Compare orders IDs by their bytes. The order means nothing but is the same everywhere.
func (id ID) Compare(other ID) int { return bytes.Compare(id[:], other[:]) }

// SpaceID identifies a space: the ID of the entry that holds its genesis. It is zero in that
// one entry itself, which can't contain its own hash.
type SpaceID [32]byte

// String returns the ID in lower-case hexadecimal.
func (s SpaceID) String() string { return hex.EncodeToString(s[:]) }

// Device is the Ed25519 public key of one device, and its name everywhere.
type Device [32]byte

// String returns the key in lower-case hexadecimal.
func (d Device) String() string { return hex.EncodeToString(d[:]) }

// Run is the nonce of one run of a device: a daemon draws a fresh one on every start and
// after each local change that was refused, so that no sequence number is ever used twice.
type Run [16]byte

// Kind says what an entry's payload is.
type Kind uint8

const (
	// Change marks a payload of one uncompressed Automerge change chunk.
	Change Kind = 1
	// Statement marks a payload of one charter statement (package charter).
	Statement Kind = 2
)

// String returns the kind as a word, for messages.
func (k Kind) String() string {
	switch k {
	case Change:
		return "change"
	case Statement:
		return "statement"
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// Entry is one signed change or statement. Its fields are set once: by New, or by Decode.
// Treat it as read-only afterwards; it is safe for concurrent reading.
type Entry struct {
	Rules     uint64    // version of the shared rules that it was made under
	Space     SpaceID   // zero in a genesis
	Heads     []ID      // charter heads that the device knew: sorted, unique, empty only in a genesis
	Kind      Kind      // what Payload is
	Doc       DocID     // the document of a change; zero in a statement
	Create    *Creation // only in the first change of a document, else nil
	Device    Device    // who made it
	Run       Run       // in which run
	Number    uint64    // place in the run, from 1
	Previous  ID        // the entry before it in the run; zero exactly when Number is 1
	Payload   []byte
	Signature [64]byte // by Device over the domain DomainEntry and the ID

	id      ID
	encoded []byte
}

// ID returns the hash of the entry's body.
func (e *Entry) ID() ID { return e.id }

// Encoded returns the canonical encoding, signature included. The caller must not modify it.
func (e *Entry) Encoded() []byte { return e.encoded }

// SpaceOf returns the space that the entry belongs to: the one it names or, for a genesis,
// the one it founds.
func (e *Entry) SpaceOf() SpaceID {
	if e.Space == (SpaceID{}) {
		return SpaceID(e.id)
	}
	return e.Space
}

// Fields is what a caller of New decides; the rest follows from it.
type Fields struct {
	Space    SpaceID
	Heads    []ID // in any order, without duplicates
	Kind     Kind
	Doc      DocID
	Create   *Creation
	Run      Run
	Number   uint64
	Previous ID
	Payload  []byte
}

// New makes and signs an entry under FirstRules. The error is that of a field that breaks the form which Decode would
// refuse as well.
func New(f Fields, key Signer) (*Entry, error) { return NewUnder(FirstRules, f, key) }

// NewUnder is New for a given rules version.
func NewUnder(rules uint64, f Fields, key Signer) (*Entry, error) {
	e := &Entry{
		Rules: rules, Space: f.Space, Heads: slices.Clone(f.Heads), Kind: f.Kind,
		Doc: f.Doc, Create: f.Create, Device: key.Device(), Run: f.Run, Number: f.Number,
		Previous: f.Previous, Payload: f.Payload,
	}
	slices.SortFunc(e.Heads, ID.Compare)
	if err := e.checkForm(); err != nil {
		return nil, err
	}
	body := e.body()
	e.id = idOf(body)
	e.Signature = key.Sign(DomainEntry, e.id[:])
	e.encoded = wrap(body, e.Signature)
	return e, nil
}

// idOf hashes a body. The prefix keeps it apart from every other hash in Kith.
func idOf(body []byte) ID {
	h := sha256.New()
	h.Write([]byte("kith/entry/1\x00"))
	h.Write(body)
	return ID(h.Sum(nil))
}
