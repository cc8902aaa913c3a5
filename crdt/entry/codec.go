package entry

import (
	"crypto/sha256"
	"fmt"
)

// Limits of one entry. They hold for every replica alike, so an entry over them exists nowhere.
const (
	// MaxPayload bounds the payload, in bytes.
	MaxPayload = 1 << 20
	// MaxHeads bounds the charter heads that one entry names.
	MaxHeads = 64
	// MaxDocKind bounds the name of a document's kind, in bytes.
	MaxDocKind = 16
	// MaxOver bounds how many entries above it lead from an entry to its signature.
	MaxOver = 15
	// MaxSize bounds an encoded entry, in bytes: a payload, the heads, what is above it and the fixed fields.
	MaxSize = MaxPayload + MaxHeads*34 + MaxOver*sumSize + 544
)

// FormError says that bytes from outside are not an entry. It needs no context to say so, so
// whoever passed them on is to blame, too.
type FormError struct{ Why string }

func (e *FormError) Error() string { return "not an entry: " + e.Why }

func malformed(format string, a ...any) error { return &FormError{Why: fmt.Sprintf(format, a...)} }

// The wire form is deterministic CBOR (RFC 8949, section 4.2): arrays of a fixed number of
// items, every head in its shortest form. An entry is [body, below, over, signature], all byte strings. A body is an array of
// the fields in their order, the payload last; with the payload's digest in its place it is an outline, of which the ID is
// made. A bare entry is [outline, below, over, signature, null]; see docs/PROTOCOL.md, "Entries".
const (
	entryItems    = 4
	bareItems     = 5
	bodyItems     = 11
	creationItems = 2
	signatureSize = 64
)

func (e *Entry) body() []byte { return appendBytes(e.head(len(e.Payload)), e.Payload) }

// outline is the body with the payload's digest in the payload's place.
func (e *Entry) outline() []byte { return appendBytes(e.head(len(e.Digest)), e.Digest[:]) }

// head is the body up to the last item, with room for that.
func (e *Entry) head(room int) []byte {
	b := make([]byte, 0, room+len(e.Heads)*34+256)
	b = appendHead(b, majorArray, bodyItems)
	b = appendHead(b, majorUint, e.Rules)
	b = appendBytes(b, orEmpty(e.Space[:]))
	b = appendHead(b, majorArray, uint64(len(e.Heads)))
	for i := range e.Heads {
		b = appendBytes(b, e.Heads[i][:])
	}
	b = appendHead(b, majorUint, uint64(e.Kind))
	b = appendBytes(b, orEmpty(e.Doc[:]))
	if e.Create == nil {
		b = append(b, null)
	} else {
		b = appendHead(b, majorArray, creationItems)
		b = append(appendHead(b, majorText, uint64(len(e.Create.Kind))), e.Create.Kind...)
		b = appendBytes(b, e.Create.Random[:])
	}
	b = appendBytes(b, e.Device[:])
	b = appendBytes(b, e.Run[:])
	b = appendHead(b, majorUint, e.Number)
	return appendBytes(b, orEmpty(e.Previous[:]))
}

// wrap makes an encoding of a body or, of a bare entry, of its outline.
func (e *Entry) wrap(body, over []byte) []byte {
	under := orEmpty(e.Below[:])
	size := 1 + headSize(uint64(len(body))) + len(body) + headSize(uint64(len(under))) + len(under) +
		headSize(uint64(len(over))) + len(over) + headSize(signatureSize) + signatureSize
	items := uint64(entryItems)
	if e.Bare() {
		items, size = bareItems, size+1
	}
	b := appendHead(make([]byte, 0, size), majorArray, items)
	b = appendBytes(b, body)
	b = appendBytes(b, under)
	b = appendBytes(b, over)
	b = appendBytes(b, e.Signature[:])
	if e.Bare() {
		b = append(b, null)
	}
	return b
}

// orEmpty writes an all-zero ID as no bytes at all.
func orEmpty(b []byte) []byte {
	if isZero(b) {
		return nil
	}
	return b
}

func isZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// Decode reads one entry in its canonical form and checks that form, but not the signature
// (see Verify). The entry keeps b, its payload is part of it; the caller must not modify b
// afterwards. The error is a *FormError. No input makes Decode panic.
//
// There is one encoding only: every length is read in its shortest form, every item stands
// where it must, nothing follows, and zero IDs are written one way.
func Decode(b []byte) (*Entry, error) {
	if len(b) > MaxSize {
		return nil, malformed("%d bytes, the limit is %d", len(b), MaxSize)
	}
	outer := reader{rest: b}
	bare := outer.array("entry", entryItems, bareItems) == bareItems
	body := outer.bytes("body", MaxSize)
	e := &Entry{encoded: b}
	outer.fillOrEmpty("entry below", e.Below[:])
	e.Over = outer.bytes("sums of what is above", MaxOver*sumSize)
	outer.fill("signature", e.Signature[:])
	if bare && !outer.null() {
		outer.fail("a fifth item that isn't null")
	}
	outer.end("entry")
	if outer.err != nil {
		return nil, outer.err
	}
	if err := e.readBody(body, bare); err != nil {
		return nil, err
	}
	if err := e.checkForm(); err != nil {
		return nil, err
	}
	if len(e.Over) == 0 {
		e.Over = nil
	}
	if !bare {
		e.Digest = sha256.Sum256(e.Payload)
	}
	sum := e.sum()
	e.id = idOf(e.Below, sum[:])
	e.top = climb(e.id, e.Over)
	return e, nil
}

// readBody reads a body or, of a bare entry, an outline.
func (e *Entry) readBody(body []byte, bare bool) error {
	r := reader{rest: body}
	r.array("body", bodyItems, bodyItems)
	e.Rules = r.uint("rules version", 1<<64-1)
	r.fillOrEmpty("space", e.Space[:])
	if n := r.array("charter heads", 0, MaxHeads); n > 0 {
		e.Heads = make([]ID, n)
		for i := range e.Heads {
			r.fill("charter head", e.Heads[i][:])
		}
	}
	e.Kind = Kind(r.uint("kind", 255))
	r.fillOrEmpty("document", e.Doc[:])
	if !r.null() {
		e.Create = &Creation{}
		r.array("creation header", creationItems, creationItems)
		e.Create.Kind = string(r.text("document kind", MaxDocKind))
		r.fill("creation header's random part", e.Create.Random[:])
	}
	r.fill("device", e.Device[:])
	r.fill("run", e.Run[:])
	e.Number = r.uint("number", 1<<64-1)
	r.fillOrEmpty("previous entry", e.Previous[:])
	if bare {
		r.fill("payload's digest", e.Digest[:])
	} else if e.Payload = r.bytes("payload", MaxPayload); r.err == nil && len(e.Payload) == 0 {
		r.fail("no payload")
	}
	r.end("body")
	return r.err
}

// checkForm holds the rules that need nothing but the entry itself.
func (e *Entry) checkForm() error {
	switch {
	case e.Bare() && (e.Digest == [32]byte{} || e.Kind != Change):
		return malformed("no payload")
	case len(e.Payload) > MaxPayload:
		return malformed("a payload of %d bytes, the limit is %d", len(e.Payload), MaxPayload)
	case len(e.Heads) > MaxHeads:
		return malformed("%d charter heads, the limit is %d", len(e.Heads), MaxHeads)
	case !sortedAndUnique(e.Heads):
		return malformed("charter heads are not sorted and unique")
	case e.Rules == 0:
		return malformed("rules version 0")
	case e.Number == 0:
		return malformed("number 0 in its run")
	case (e.Number == 1) != e.Previous.IsZero():
		return malformed("number %d and the entry before it don't go together", e.Number)
	case !e.Below.IsZero() && (e.Number == 1 || e.Create != nil):
		return malformed("the first of a run, or of a document, that names one below it")
	case len(e.Over)%sumSize != 0 || len(e.Over) > MaxOver*sumSize:
		return malformed("%d bytes for the sums of what is above", len(e.Over))
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
		if !e.Below.IsZero() || len(e.Over) > 0 {
			return malformed("a statement without a signature of its own, or above another")
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

func sortedAndUnique(heads []ID) bool {
	for i := 1; i < len(heads); i++ {
		if heads[i-1].Compare(heads[i]) >= 0 {
			return false
		}
	}
	return true
}
