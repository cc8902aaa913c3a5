// Package entry defines the unit that Kith stores and exchanges: one change or one charter
// statement, signed by the device that made it.
//
// An entry never changes; its ID is a hash of all that it says, and of the payload by the payload's hash: so what is left
// of a change whose words were taken back still proves who made it, where, and after what (Strip). What shows that its device made it
// may differ: its own signature, or one on a later entry of the same run and document, each of which
// names the one below it. Whether the device was allowed to make it is not asked here: that
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

// ID identifies an entry: the SHA-256 of the ID of the one below it and of its sum, so that who knows the
// sums of those above it can go on to the ID that a signature is over.
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
	Payload   []byte    // nil of a bare entry, see Bare
	Digest    [32]byte  // SHA-256 of the payload
	Below     ID        // the change before it in the run that is to the same document; zero: none, or its author doesn't say
	Over      []byte    // sums of the entries above it, up to the one that was signed: at most MaxOver; none if that is itself
	Signature [64]byte  // by Device over the domain DomainEntry and Top

	id, top ID
	encoded []byte
}

// Bare says whether the payload of a change is gone, and its digest alone is left.
func (e *Entry) Bare() bool { return e.Payload == nil }

// Strip returns the bare entry of a change: under the same ID, with what shows who made it, without its payload. A bare one
// is returned as it is.
func (e *Entry) Strip() *Entry {
	if e.Bare() {
		return e
	}
	bare := *e
	bare.Payload = nil
	bare.prove(bare.outline(), e.Over, e.top, e.Signature)
	return &bare
}

// ID returns the hash of the entry's outline, together with the ID of the one below it.
func (e *Entry) ID() ID { return e.id }

// Top returns the ID that the signature is over: its own, or that of an entry above it.
func (e *Entry) Top() ID { return e.top }

// Encoded returns the canonical encoding, with what shows who made it. The caller must not modify it.
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
	Digest   [32]byte // of the payload, where that itself is gone; for Unsigned alone
	Below    ID
}

// New makes and signs an entry under FirstRules. The error is that of a field that breaks the form which Decode would
// refuse as well.
func New(f Fields, key Signer) (*Entry, error) { return NewUnder(FirstRules, f, key) }

// NewUnder is New for a given rules version.
func NewUnder(rules uint64, f Fields, key Signer) (*Entry, error) {
	f.Heads = slices.Clone(f.Heads)
	slices.SortFunc(f.Heads, ID.Compare)
	d, err := Unsigned(rules, f, key.Device())
	if err != nil {
		return nil, err
	}
	d.e.prove(d.body, nil, d.e.id, key.Sign(DomainEntry, d.e.id[:]))
	return d.e, nil
}

// Draft is an entry of which nothing shows yet who made it.
type Draft struct {
	e    *Entry
	body []byte
	sum  [sumSize]byte
}

// ID returns the ID that the entry will have.
func (d Draft) ID() ID { return d.e.id }

// Unsigned makes what a device is said to have written, for Vouch. f.Heads are sorted, and kept; f.Payload is copied.
// The error is a *FormError.
func Unsigned(rules uint64, f Fields, device Device) (Draft, error) {
	e := &Entry{
		Rules: rules, Space: f.Space, Heads: f.Heads, Kind: f.Kind,
		Doc: f.Doc, Create: f.Create, Device: device, Run: f.Run, Number: f.Number,
		Previous: f.Previous, Payload: f.Payload, Digest: f.Digest, Below: f.Below,
	}
	if len(e.Payload) > 0 {
		e.Digest = [32]byte{}
	} else {
		e.Payload = nil
	}
	if err := e.checkForm(); err != nil {
		return Draft{}, err
	}
	var d Draft
	if e.Bare() {
		d = Draft{e: e, body: e.outline()}
	} else {
		e.Digest = sha256.Sum256(e.Payload)
		d = Draft{e: e, body: e.body()}
	}
	d.sum = e.sum()
	e.id = idOf(e.Below, d.sum[:])
	return d, nil
}

// Vouch makes entries of drafts, each of which names the one before as the one below it, by one signature over the
// last of them or, if over holds sums, over the entry that these lead to. It doesn't check the signature: see Verify. The error is a *FormError.
func Vouch(drafts []Draft, over []byte, signature [64]byte) ([]*Entry, error) {
	switch {
	case len(drafts) == 0:
		return nil, malformed("a signature of nothing")
	case len(over)%sumSize != 0 || len(over)/sumSize > MaxOver-(len(drafts)-1):
		return nil, malformed("a signature that is too far away: more than %d entries above", MaxOver)
	}
	sums := make([]byte, 0, sumSize*(len(drafts)-1)+len(over))
	for i, d := range drafts[1:] {
		if d.e.Below != drafts[i].e.id {
			return nil, malformed("an entry that doesn't name the one below it")
		}
		sums = append(sums, d.sum[:]...)
	}
	sums = append(sums, over...)
	top := climb(drafts[len(drafts)-1].e.id, over)
	out := make([]*Entry, len(drafts))
	for i, d := range drafts {
		if len(sums) > sumSize*i && d.e.Kind != Change {
			return nil, malformed("a statement without a signature of its own")
		}
		d.e.prove(d.body, sums[sumSize*i:], top, signature)
		out[i] = d.e
	}
	return out, nil
}

// prove gives an entry what shows who made it, and its encoding.
func (e *Entry) prove(body, over []byte, top ID, signature [64]byte) {
	e.top, e.Signature = top, signature
	e.encoded = e.wrap(body, over)
	// What it keeps is part of its encoding.
	e.Over = nil
	if n := len(over); n > 0 {
		end := len(e.encoded) - headSize(signatureSize) - signatureSize
		if e.Bare() {
			end--
		}
		e.Over = e.encoded[end-n : end : end]
	}
	if e.Bare() {
		return
	}
	start := headSize(uint64(len(body))) + 1 + len(body) - len(e.Payload)
	e.Payload = e.encoded[start : start+len(e.Payload) : start+len(e.Payload)]
}

// sumSize is the size of a sum, in bytes.
const sumSize = sha256.Size

// sum hashes the outline. The prefix keeps it apart from every other hash in Kith.
func (e *Entry) sum() [sumSize]byte {
	h := sha256.New()
	h.Write([]byte("kith/body/1\x00"))
	h.Write(e.outline())
	return [sumSize]byte(h.Sum(nil))
}

// idOf is the ID of an entry with a sum, above another one or none.
func idOf(below ID, sum []byte) ID {
	const domain = "kith/entry/1\x00"
	var b [len(domain) + len(ID{}) + sumSize]byte
	copy(b[:], domain)
	copy(b[len(domain):], below[:])
	copy(b[len(domain)+len(ID{}):], sum)
	return sha256.Sum256(b[:])
}

// climb goes from an entry over the sums of those above it to the ID of the last.
func climb(id ID, over []byte) ID {
	for ; len(over) > 0; over = over[sumSize:] {
		id = idOf(id, over[:sumSize])
	}
	return id
}
