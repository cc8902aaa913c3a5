package ally

import (
	"fmt"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/problem"
	"kith/crdt/share"
)

// What the holder of a code for an ally may ask over a join stream; see also package knock. It begins with
// requestHello, which says nothing of who asks. Each message is a byte for the version and CBOR in its
// one canonical form.
const (
	requestBegin = 7 // and a beginning: another co-op asks; answered with the first side's nonce
	requestMeet  = 8 // and its nonce: now both know the words
	requestNews  = 9 // and how it stands on the second side; answered with how it stands on the first
)

const (
	// meetVersion is that of the messages.
	meetVersion = 1
	// maxMeetMessage bounds each of them, in bytes: a pact, a genesis, a signature.
	maxMeetMessage = 16 << 10
)

// newerMeetError says that the other side's messages are of a release that this one doesn't know.
type newerMeetError struct{ version byte }

func (e *newerMeetError) Error() string {
	return fmt.Sprintf("the other side makes pacts by version %d of the messages for that, this Kith knows %d; update yours", e.version, meetVersion)
}

// Problem implements problem.Teller.
func (e *newerMeetError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "nothing was stored; after the update the code is still good", "%v", e)
}

func writeMeet(w any) ([]byte, error) {
	b, err := charter.Encode(w)
	if err == nil && len(b) >= maxMeetMessage {
		err = fmt.Errorf("a message to an ally of %d bytes, the limit is %d", len(b)+1, maxMeetMessage)
	}
	return append([]byte{meetVersion}, b...), err
}

func readMeet(b []byte, w any, what string) error {
	switch {
	case len(b) > maxMeetMessage:
		return fmt.Errorf("%s of %d bytes, the limit is %d", what, len(b), maxMeetMessage)
	case len(b) == 0:
		return fmt.Errorf("%s is empty", what)
	case b[0] > meetVersion:
		return &newerMeetError{b[0]}
	case b[0] != meetVersion:
		return fmt.Errorf("%s of version %d", what, b[0])
	}
	return charter.DecodeExactly(b[1:], w, what)
}

// offer is the answer to requestHello: who made the code, and what they would agree on.
type offer struct {
	side     *aSide
	terms    share.Terms
	contacts []string
}

type wireOffer struct {
	_       struct{} `cbor:",toarray"`
	Genesis []byte
	Word    []byte // share.Make, with the name of who says it: the terms and its contacts
}

func (p *pact) offer() ([]byte, error) {
	own := p.at(p.side())
	word, err := share.Word{What: share.Make, Ally: own.coop, Terms: p.terms(), Contacts: p.Contacts[p.side()]}.Encode()
	if err != nil {
		return nil, err
	}
	return writeMeet(wireOffer{Genesis: p.Geneses[p.side()], Word: word})
}

func readOffer(b []byte) (*offer, error) {
	var w wireOffer
	if err := readMeet(b, &w, "an offer"); err != nil {
		return nil, err
	}
	side, err := readSide(w.Genesis)
	if err != nil {
		return nil, fmt.Errorf("an offer: %w", err)
	}
	word, err := share.ReadWord(w.Word)
	if err != nil {
		return nil, fmt.Errorf("an offer: %w", err)
	}
	if word.What != share.Make || word.Ally != side.coop {
		return nil, fmt.Errorf("an offer that doesn't say what it offers")
	}
	return &offer{side, word.Terms, word.Contacts}, nil
}

// beginning is how another co-op asks to make the pact: who they are, and what binds them to their part
// of the words.
type beginning struct {
	side       *aSide
	contacts   []string
	commitment [32]byte
}

type wireBeginning struct {
	_          struct{} `cbor:",toarray"`
	Genesis    []byte
	Contacts   []string
	Commitment []byte
}

func (q *beginning) encode() ([]byte, error) {
	return writeMeet(wireBeginning{Genesis: q.side.genesis.Encoded(), Contacts: q.contacts, Commitment: q.commitment[:]})
}

func readBeginning(b []byte) (*beginning, error) {
	var w wireBeginning
	if err := readMeet(b, &w, "a beginning"); err != nil {
		return nil, err
	}
	side, err := readSide(w.Genesis)
	if err != nil {
		return nil, fmt.Errorf("a beginning: %w", err)
	}
	if len(w.Commitment) != 32 {
		return nil, fmt.Errorf("a beginning: a commitment of %d bytes, not 32", len(w.Commitment))
	}
	if len(w.Contacts) > share.MaxContacts {
		return nil, fmt.Errorf("a beginning: %d contacts, the limit is %d", len(w.Contacts), share.MaxContacts)
	}
	for _, name := range w.Contacts {
		if err := charter.CheckName(name); err != nil {
			return nil, fmt.Errorf("a beginning: %w", err)
		}
	}
	return &beginning{side, w.Contacts, [32]byte(w.Commitment)}, nil
}

// news is how it stands on the second side, and from where it has heard of the first.
type news struct {
	nonce     [32]byte // which only the two sides know: who has no more than the code can't speak here
	compared  bool
	over      ending
	signature []byte  // under the draft, once its co-op has agreed; else empty
	seen      [8]byte // the start of the hash of the last answer: it waits a while for another one
}

type wireNews struct {
	_         struct{} `cbor:",toarray"`
	Nonce     []byte
	Said      uint64 // 1: the words are compared
	Over      ending
	Signature []byte
	Seen      []byte
}

// What Said of news and of an answer may say.
const (
	saidCompared = 1
	saidAgreed   = 2
)

func (n *news) encode() ([]byte, error) {
	w := wireNews{Nonce: n.nonce[:], Over: n.over, Signature: n.signature, Seen: n.seen[:]}
	if w.Signature == nil {
		w.Signature = []byte{}
	}
	if n.compared {
		w.Said = saidCompared
	}
	return writeMeet(w)
}

func readNews(b []byte) (*news, error) {
	var w wireNews
	if err := readMeet(b, &w, "news"); err != nil {
		return nil, err
	}
	switch {
	case len(w.Nonce) != 32 || len(w.Seen) != 8:
		return nil, fmt.Errorf("news: a nonce of %d bytes and a hash of %d, not 32 and 8", len(w.Nonce), len(w.Seen))
	case len(w.Signature) != 0 && len(w.Signature) != 64:
		return nil, fmt.Errorf("news: a signature of %d bytes, not 64", len(w.Signature))
	case w.Said > saidCompared || w.Over > lastEnding:
		return nil, fmt.Errorf("news that this release doesn't know: %d, %d", w.Said, w.Over)
	}
	return &news{[32]byte(w.Nonce), w.Said&saidCompared != 0, w.Over, w.Signature, [8]byte(w.Seen)}, nil
}

// answer is how it stands on the first side.
type answer struct {
	compared bool
	agreed   bool
	over     ending
	they     bool      // it was the second side that ended it
	lapses   time.Time // by the first side's clock
	genesis  []byte    // of the share, once both have signed; else empty
}

type wireAnswer struct {
	_       struct{} `cbor:",toarray"`
	Said    uint64   // 1: the words are compared, 2: its co-op has agreed
	Over    ending
	They    uint64
	Lapses  uint64 // ms since 1970
	Genesis []byte
}

func (a *answer) encode() ([]byte, error) {
	w := wireAnswer{Over: a.over, Lapses: uint64(max(a.lapses.UnixMilli(), 0)), Genesis: a.genesis}
	if w.Genesis == nil {
		w.Genesis = []byte{}
	}
	if a.compared {
		w.Said |= saidCompared
	}
	if a.agreed {
		w.Said |= saidAgreed
	}
	if a.they {
		w.They = 1
	}
	return writeMeet(w)
}

func readAnswer(b []byte) (*answer, error) {
	var w wireAnswer
	if err := readMeet(b, &w, "an answer"); err != nil {
		return nil, err
	}
	if w.Said > saidCompared|saidAgreed || w.Over > lastEnding || w.They > 1 || w.Lapses > change.MaxTime {
		return nil, fmt.Errorf("an answer that this release doesn't know: %d, %d, %d, %d", w.Said, w.Over, w.They, w.Lapses)
	}
	a := &answer{
		compared: w.Said&saidCompared != 0, agreed: w.Said&saidAgreed != 0,
		over: w.Over, they: w.They == 1, genesis: w.Genesis,
	}
	if w.Lapses > 0 {
		a.lapses = time.UnixMilli(int64(w.Lapses)).UTC()
	}
	return a, nil
}
