package share

import (
	"fmt"

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
	// Sharing says in the charter of a home who may share a document of it.
	Sharing What = 5
	// Choose says in the charter of a home that the co-op shares one of its documents.
	Choose What = 6
	// Zone says in the charter of a home in which time zone its days end.
	Zone What = 7
	// Forget says that a document is forgotten: of a home in its charter, of a share in those of both sides.
	Forget What = 8
)

// Rule is who may share a document of a home. No rule can keep somebody from copying what they read.
type Rule uint8

const (
	Anyone Rule = 1 // every full member; so it is as long as nothing is said
	Agreed Rule = 2 // it takes an agreed step
)

// String returns the rule as the command line names it.
func (r Rule) String() string {
	switch r {
	case Anyone:
		return "anyone"
	case Agreed:
		return "agreed"
	}
	return fmt.Sprintf("rule %d", uint8(r))
}

// Word is what a side says by an agreed step of its chain (charter.ProposalPact).
type Word struct {
	What     What
	Share    entry.SpaceID // to which share; zero in Make, Sharing, Zone and Forget
	Number   uint64        // of Change: its place among the changes of its side, from 1
	Terms    Terms         // of Make and Change
	Ally     string        // of Make: what the other co-op is called
	Contacts []string      // of Make and Contacts
	Rule     Rule          // of Sharing
	Doc      entry.DocID   // of Choose: a document of the home; of Forget
	Kept     bool          // of Choose: for the ally to read, and not to write in
	Zone     string        // of Zone: its name in the tz database
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

type wireSharing struct {
	_    struct{} `cbor:",toarray"`
	What What
	Rule uint64
}

type wireChoose struct {
	_     struct{} `cbor:",toarray"`
	What  What
	Share []byte
	Doc   []byte
	For   uint64
}

type wireZone struct {
	_    struct{} `cbor:",toarray"`
	What What
	Zone string
}

// For what a document is chosen, on the wire.
const (
	toRead   = 1
	together = 2
)

// Encode returns the word's one encoding. The error says which bound is broken.
func (w Word) Encode() ([]byte, error) {
	var form any
	switch w.What {
	case Forget:
		return charter.NewForgetWord(w.Doc)
	case Make:
		form = wireMake{What: Make, Ally: w.Ally, Terms: w.Terms.wire(), Contacts: w.Contacts}
	case Change:
		form = wireChange{What: Change, Share: w.Share[:], Number: w.Number, Terms: w.Terms.wire()}
	case End:
		form = wireEnd{What: End, Share: w.Share[:]}
	case Contacts:
		form = wireContacts{What: Contacts, Share: w.Share[:], Contacts: w.Contacts}
	case Sharing:
		form = wireSharing{What: Sharing, Rule: uint64(w.Rule)}
	case Zone:
		form = wireZone{What: Zone, Zone: w.Zone}
	case Choose:
		choose := wireChoose{What: Choose, Share: w.Share[:], Doc: w.Doc[:], For: together}
		if w.Kept {
			choose.For = toRead
		}
		form = choose
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
	case Forget:
		doc, ok := charter.ReadForgetWord(b)
		if !ok || doc == (entry.DocID{}) {
			return Word{}, malformed("a word that names no document to forget")
		}
		w.Doc = doc
		return w, nil
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
	case Sharing:
		var in wireSharing
		if err = charter.DecodeExactly(b, &in, "word"); err != nil {
			return Word{}, err
		}
		if w.Rule = Rule(min(in.Rule, 255)); w.Rule != Anyone && w.Rule != Agreed {
			return Word{}, malformed("%v", w.Rule)
		}
	case Zone:
		var in wireZone
		if err = charter.DecodeExactly(b, &in, "word"); err != nil {
			return Word{}, err
		}
		if w.Zone = in.Zone; !zoneName.MatchString(w.Zone) || len(w.Zone) > MaxZone {
			return Word{}, malformed("no time zone is called %.40q", w.Zone)
		}
	case Choose:
		var in wireChoose
		if err = charter.DecodeExactly(b, &in, "word"); err != nil {
			return Word{}, err
		}
		if len(in.Doc) != len(w.Doc) || in.For != toRead && in.For != together {
			return Word{}, malformed("a document's ID has %d bytes, chosen for %d", len(in.Doc), in.For)
		}
		share, w.Doc, w.Kept = in.Share, entry.DocID(in.Doc), in.For == toRead
	default:
		err = malformed("a word that this release doesn't know")
	}
	if err == nil && w.What != Make && w.What != Sharing && w.What != Zone {
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
