package share

import (
	"bytes"
	"crypto/sha256"
	"fmt"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Bounds of what a pact says.
const (
	// MaxPurpose bounds a purpose, in bytes; as a reason.
	MaxPurpose = charter.MaxWhy
	// MaxContacts bounds the contact members that a side names.
	MaxContacts = 5
)

// Voices says how joint decisions count.
type Voices uint8

const (
	EachCoop Voices = 1 // each co-op is one voice: what its people give among themselves
	People   Voices = 2 // everybody counts, see crdt.TallySides
)

// String returns the way of counting as the command line names it.
func (v Voices) String() string {
	switch v {
	case EachCoop:
		return "co-ops"
	case People:
		return "people"
	}
	return fmt.Sprintf("voices %d", uint8(v))
}

// Terms is what binds both sides, and what only both can change.
type Terms struct {
	Purpose string // for people
	Ends    uint64 // ms since 1970, 0 for no end date: a duty of the daemons, no rule asks a clock
	Voices  Voices
}

type wireTerms struct {
	_       struct{} `cbor:",toarray"`
	Purpose string
	Ends    uint64
	Voices  uint64
}

func (t Terms) wire() wireTerms {
	return wireTerms{Purpose: t.Purpose, Ends: t.Ends, Voices: uint64(t.Voices)}
}

func (w wireTerms) read() (Terms, error) {
	t := Terms{Purpose: w.Purpose, Ends: w.Ends, Voices: Voices(min(w.Voices, 255))}
	switch {
	case t.Purpose == "":
		return Terms{}, malformed("it has no purpose")
	case len(t.Purpose) > MaxPurpose:
		return Terms{}, malformed("a purpose of %d bytes, the limit is %d", len(t.Purpose), MaxPurpose)
	case t.Voices != EachCoop && t.Voices != People:
		return Terms{}, malformed("%v", t.Voices)
	}
	return t, nil
}

// Side is one of the two co-ops of a pact, as the pact names it. Its name is that of its charter.
type Side struct {
	Space    entry.SpaceID // of its charter in the share; made for the share, and nothing of its home
	Contacts []string      // names of who can be asked; no rights go with it
}

// Pact is the statement that founds a share; the hash of its entry is the share's space ID. The
// device that founded the first side's charter signs the entry, that of the second side's signs
// Draft.
type Pact struct {
	Terms
	Sides  [2]Side
	Agreed [64]byte // by the device that founded the second side's charter
}

type wireSide struct {
	_        struct{} `cbor:",toarray"`
	Space    []byte
	Contacts []string
}

type wirePact struct {
	_      struct{} `cbor:",toarray"`
	Type   charter.Type
	Terms  wireTerms
	Sides  [2]wireSide
	Agreed []byte
}

func (p *Pact) encode(agreed []byte) ([]byte, error) {
	w := wirePact{Type: charter.TypeShare, Terms: p.Terms.wire(), Agreed: agreed}
	for i := range p.Sides {
		w.Sides[i] = wireSide{Space: p.Sides[i].Space[:], Contacts: p.Sides[i].Contacts}
	}
	b, err := charter.Encode(w)
	if err != nil {
		return nil, err
	}
	_, err = readPact(b, len(agreed)) // what can't be read mustn't be signed
	return b, err
}

// Draft returns what both sides agree to, word for word. The error says which bound is broken.
func (p *Pact) Draft() ([]byte, error) { return p.encode(nil) }

// ReadDraft reads what Draft has made. The error is a *charter.StatementError.
func ReadDraft(b []byte) (*Pact, error) { return readPact(b, 0) }

// Agree signs the pact for the second side, with the device that founded its charter.
func (p *Pact) Agree(device entry.Signer) error {
	draft, err := p.Draft()
	if err != nil {
		return err
	}
	p.Agreed = device.Sign(entry.DomainPact, draft)
	return nil
}

// Genesis returns the entry that founds the share, for the device that founded the first side's
// charter to sign. Its run follows from the draft: of one signature of the second side only one share
// can be made, of which both sides know the ID before it is there.
func (p *Pact) Genesis() (entry.Fields, error) {
	draft, err := p.Draft()
	if err != nil {
		return entry.Fields{}, err
	}
	payload, err := p.encode(p.Agreed[:])
	return entry.Fields{Kind: entry.Statement, Run: runOf(draft), Number: 1, Payload: payload}, err
}

func runOf(draft []byte) entry.Run {
	sum := sha256.Sum256(append([]byte("kith/pact/1\x00"), draft...))
	return entry.Run(sum[:len(entry.Run{})])
}

// readPact reads a draft, or a whole pact, and checks its form.
func readPact(b []byte, agreed int) (*Pact, error) {
	if len(b) > charter.MaxPact {
		return nil, malformed("%d bytes, the limit is %d", len(b), charter.MaxPact)
	}
	var w wirePact
	if err := charter.DecodeExactly(b, &w, "pact"); err != nil {
		return nil, err
	}
	if w.Type != charter.TypeShare || len(w.Agreed) != agreed {
		return nil, malformed("it is no pact, or not signed as one")
	}
	terms, err := w.Terms.read()
	if err != nil {
		return nil, err
	}
	p := &Pact{Terms: terms}
	copy(p.Agreed[:], w.Agreed)
	for i, s := range w.Sides {
		if len(s.Space) != len(entry.SpaceID{}) || bytes.Equal(s.Space, make([]byte, len(entry.SpaceID{}))) {
			return nil, malformed("a side's space has %d bytes or is none", len(s.Space))
		}
		p.Sides[i] = Side{Space: entry.SpaceID(s.Space), Contacts: s.Contacts}
		if err := checkContacts(s.Contacts); err != nil {
			return nil, err
		}
	}
	if p.Sides[0].Space == p.Sides[1].Space {
		return nil, malformed("both sides are one")
	}
	return p, nil
}

func checkContacts(names []string) error {
	if len(names) > MaxContacts {
		return malformed("%d contact members, the limit is %d", len(names), MaxContacts)
	}
	for _, name := range names {
		if err := charter.CheckName(name); err != nil {
			return err
		}
	}
	return nil
}

func malformed(format string, a ...any) error {
	return &charter.StatementError{Why: fmt.Sprintf(format, a...)}
}
