package entry

import (
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"strings"
)

// DocID identifies a document: the first 20 bytes of the SHA-256 of its creation header, so
// nobody can make a second first change for somebody else's document.
type DocID [20]byte

// Text is how IDs of documents and members are written: Crockford's base32 in lower case,
// without padding (https://www.crockford.com/base32.html). 20 bytes make 32 letters.
var Text = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

// String returns the 32 letters of the ID, without the letter for the document's kind.
func (d DocID) String() string { return Text.EncodeToString(d[:]) }

// ParseDocID reads what String writes.
func ParseDocID(s string) (DocID, error) {
	b, err := Text.DecodeString(s)
	if err != nil || len(b) != len(DocID{}) || Text.EncodeToString(b) != s {
		return DocID{}, errors.New("a document ID has 32 letters and digits")
	}
	return DocID(b), nil
}

// Creation is what the first change of a document says about it. Together with the space,
// the device and the run that stand in the entry anyway, it gives the document's ID.
type Creation struct {
	Kind   string   // "task", "decision", "note", …: 1 to MaxDocKind letters a-z
	Random [16]byte // drawn by the creator
}

// DocID returns the ID of the document that c creates.
func (c Creation) DocID(space SpaceID, device Device, run Run) DocID {
	h := sha256.New()
	h.Write([]byte("kith/document/1\x00"))
	h.Write(space[:])
	h.Write(device[:])
	h.Write(run[:])
	h.Write(c.Random[:])
	h.Write([]byte(c.Kind))
	return DocID(h.Sum(nil)[:20])
}

func (c Creation) valid() bool {
	return c.Kind != "" && len(c.Kind) <= MaxDocKind && strings.Trim(c.Kind, "abcdefghijklmnopqrstuvwxyz") == ""
}

// ActorSize is the size of every Automerge actor in Kith, in bytes.
const ActorSize = 16

// ActorOf returns the Automerge actor under which a device writes a document during a run.
// Nobody else can write under it, and a restored backup writes under another.
func ActorOf(space SpaceID, device Device, run Run, doc DocID) [ActorSize]byte {
	h := sha256.New()
	h.Write([]byte("kith/actor/1\x00"))
	h.Write(space[:])
	h.Write(device[:])
	h.Write(run[:])
	h.Write(doc[:])
	return [ActorSize]byte(h.Sum(nil)[:ActorSize])
}
