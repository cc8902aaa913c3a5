package share

import (
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// What says what a word is about.
type What uint64

const (
	// Make says in the charter of a home, never in a share, that the co-op makes a pact.
	Make What = 1
	// Change says the n-th terms that a side would have. They are in force where the other side's
	// n-th are the same; to say no is to say those that are in force.
	Change What = 2
	// End ends the share, whatever the other side says.
	End What = 3
	// Contacts names the side's contact members.
	Contacts What = 4
)

// Word is what a side says by an agreed step of its chain (charter.ProposalPact).
type Word struct {
	What     What
	Share    entry.SpaceID // to which share; zero in Make
	Number   uint64        // of Change: its place among the changes of its side, from 1
	Terms    Terms         // of Make and Change
	Ally     string        // of Make: what the other co-op is called
	Contacts []string      // of Make and Contacts
}

type wireMake struct {
	_        struct{} `cbor:",toarray"`
	What     What
	Ally     string
	Terms    wireTerms
	Contacts []string
}

type wireChange struct {
	_      struct{} `cbor:",toarray"`
	What   What
	Share  []byte
	Number uint64
	Terms  wireTerms
}

type wireEnd struct {
	_     struct{} `cbor:",toarray"`
	What  What
	Share []byte
}

type wireContacts struct {
	_        struct{} `cbor:",toarray"`
	What     What
	Share    []byte
	Contacts []string
}

// Encode returns the word's one encoding. The error says which bound is broken.
func (w Word) Encode() ([]byte, error) {
	var form any
	switch w.What {
	case Make:
		form = wireMake{What: Make, Ally: w.Ally, Terms: w.Terms.wire(), Contacts: w.Contacts}
	case Change:
		form = wireChange{What: Change, Share: w.Share[:], Number: w.Number, Terms: w.Terms.wire()}
	case End:
		form = wireEnd{What: End, Share: w.Share[:]}
	case Contacts:
		form = wireContacts{What: Contacts, Share: w.Share[:], Contacts: w.Contacts}
	}
	b, err := charter.Encode(form)
	if err != nil {
		return nil, err
	}
	_, err = ReadWord(b)
	return b, err
}

// ReadWord reads a word. The error is a *charter.StatementError, or a *charter.NameError; also for
// one that a newer release may understand. No input makes ReadWord panic.
func ReadWord(b []byte) (Word, error) {
	if len(b) < 2 || len(b) > charter.MaxPact {
		return Word{}, malformed("a word of %d bytes", len(b))
	}
	w := Word{What: What(b[1])} // a number below 24 is its own encoding
	var share []byte
	var err error
	switch w.What {
	case Make:
		var in wireMake
		if err = charter.DecodeExactly(b, &in, "word"); err != nil {
			return Word{}, err
		}
		w.Ally, w.Contacts = in.Ally, in.Contacts
		if err = charter.CheckName(w.Ally); err == nil {
			w.Terms, err = in.Terms.read()
		}
	case Change:
		var in wireChange
		if err = charter.DecodeExactly(b, &in, "word"); err != nil {
			return Word{}, err
		}
		share, w.Number = in.Share, in.Number
		w.Terms, err = in.Terms.read()
	case End:
		var in wireEnd
		err = charter.DecodeExactly(b, &in, "word")
		share = in.Share
	case Contacts:
		var in wireContacts
		err = charter.DecodeExactly(b, &in, "word")
		share, w.Contacts = in.Share, in.Contacts
	default:
		err = malformed("a word that this release doesn't know")
	}
	if err == nil && w.What != Make {
		if len(share) != len(w.Share) {
			return Word{}, malformed("a share's ID has %d bytes, not %d", len(share), len(w.Share))
		}
		w.Share = entry.SpaceID(share)
	}
	if err == nil {
		err = checkContacts(w.Contacts)
	}
	if err != nil {
		return Word{}, err
	}
	return w, nil
}
