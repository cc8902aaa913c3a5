package charter

import (
	"slices"

	"kith/crdt/entry"
)

// Bounds of what a proposal or statement may hold.
const (
	// MaxWhy bounds a reason, in bytes.
	MaxWhy = 4000
	// MaxResigned bounds the resignations that one proposal names.
	MaxResigned = 100
	// MaxStay bounds the redemptions that one proposal names.
	MaxStay = 500
	// MaxPact bounds what a step says to an ally, in bytes.
	MaxPact = 8192
	// MaxInvites bounds what the co-op can agree on for the open invites of one member.
	MaxInvites = 100
)

// ProposalType says what a step does. As with Type, unknown ones are kept and pending.
type ProposalType uint64

const (
	ProposalSeat      ProposalType = 1 // fill the next founding seat; by the founder alone
	ProposalClose     ProposalType = 2 // close the founding
	ProposalAdmit     ProposalType = 3 // make a prospective member a full one
	ProposalRemove    ProposalType = 4 // remove a member
	ProposalKey       ProposalType = 5 // give a member a new member key
	ProposalThreshold ProposalType = 6 // change how many a step needs
	ProposalInvites   ProposalType = 7 // change how many prospective members one member may have invited
	ProposalRules     ProposalType = 8 // raise the version of the shared rules
	ProposalPact      ProposalType = 9 // say something to an ally
)

// String returns the type as a word.
func (t ProposalType) String() string {
	names := []string{
		ProposalSeat: "seat", ProposalClose: "close-founding", ProposalAdmit: "admit", ProposalRemove: "remove",
		ProposalKey: "new-key", ProposalThreshold: "threshold", ProposalInvites: "invites", ProposalRules: "rules",
		ProposalPact: "pact",
	}
	if t > 0 && int(t) < len(names) {
		return names[t]
	}
	return "unknown"
}

// Terms is what a proposal says. All of it is part of the step's ID, so it is what members
// consent to, word by word.
type Terms struct {
	Type ProposalType
	// Resigned names the resignations that its maker knows: with this step they leave the
	// count. Sorted, unique; none for a seat.
	Resigned []entry.ID
	Why      string // the reason, for people; at most MaxWhy bytes

	Seat      *Seat            // of ProposalSeat
	Admission entry.ID         // of ProposalAdmit: the statement with the redemption
	Member    MemberID         // of ProposalRemove
	Frontiers []DeviceFrontier // of ProposalRemove and ProposalKey: what of the member's devices is honoured
	// Stay names redemptions that the member has countersigned, of ProposalRemove and ProposalKey: who came in by them
	// stays prospective, and who came in by another is none any more. Sorted, unique.
	Stay      []entry.ID
	Rekey     *Rekey    // of ProposalKey
	Threshold Threshold // of ProposalThreshold
	Invites   int       // of ProposalInvites
	Rules     uint64    // of ProposalRules
	Pact      []byte    // of ProposalPact: a word in the sense of package share; at most MaxPact bytes
}

// known says whether this release can judge the proposal.
func (t *Terms) known() bool {
	return t.Type >= ProposalSeat && t.Type <= ProposalPact && t.Rules <= entry.RulesVersion
}

// The wire forms: the type first, the reason last.
type wireTerms struct { // close
	_        struct{} `cbor:",toarray"`
	Type     ProposalType
	Resigned [][]byte
	Why      string
}

type wireSubject struct { // admit
	_        struct{} `cbor:",toarray"`
	Type     ProposalType
	Resigned [][]byte
	Subject  []byte
	Why      string
}

type wireNumber struct { // threshold, invites, rules
	_        struct{} `cbor:",toarray"`
	Type     ProposalType
	Resigned [][]byte
	Number   uint64
	Why      string
}

type wirePact struct {
	_        struct{} `cbor:",toarray"`
	Type     ProposalType
	Resigned [][]byte
	Word     []byte
	Why      string
}

type wireRemoval struct {
	_         struct{} `cbor:",toarray"`
	Type      ProposalType
	Resigned  [][]byte
	Member    []byte
	Frontiers []wireFrontier
	Stay      [][]byte
	Why       string
}

type wireNewKey struct {
	_         struct{} `cbor:",toarray"`
	Type      ProposalType
	Resigned  [][]byte
	Rekey     []byte
	Frontiers []wireFrontier
	Stay      [][]byte
	Why       string
}

// encode returns the canonical bytes of a proposal; nothing is checked.
func (t *Terms) encode() ([]byte, error) {
	resigned, stay := wireIDs(t.Resigned), wireIDs(t.Stay)
	switch t.Type {
	case ProposalSeat:
		redemption, err := t.Seat.Redemption.Encode()
		if err != nil {
			return nil, err
		}
		return encoding.Marshal(wireSeat{Type: t.Type, Invite: t.Seat.Invite[:], Redemption: redemption})
	case ProposalAdmit:
		return encoding.Marshal(wireSubject{Type: t.Type, Resigned: resigned, Subject: t.Admission[:], Why: t.Why})
	case ProposalRemove:
		return encoding.Marshal(wireRemoval{
			Type: t.Type, Resigned: resigned, Member: t.Member[:], Frontiers: wireFrontiers(t.Frontiers), Stay: stay, Why: t.Why,
		})
	case ProposalKey:
		rekey, err := t.Rekey.Encode()
		if err != nil {
			return nil, err
		}
		return encoding.Marshal(wireNewKey{
			Type: t.Type, Resigned: resigned, Rekey: rekey, Frontiers: wireFrontiers(t.Frontiers), Stay: stay, Why: t.Why,
		})
	case ProposalThreshold, ProposalInvites, ProposalRules:
		number := uint64(t.Threshold) + uint64(t.Invites) + t.Rules // one of them
		return encoding.Marshal(wireNumber{Type: t.Type, Resigned: resigned, Number: number, Why: t.Why})
	case ProposalPact:
		return encoding.Marshal(wirePact{Type: t.Type, Resigned: resigned, Word: t.Pact, Why: t.Why})
	}
	return encoding.Marshal(wireTerms{Type: t.Type, Resigned: resigned, Why: t.Why})
}

// readTerms reads a proposal. One of an unknown type is read no further than its type.
func readTerms(b []byte) (Terms, error) {
	n, err := readType(b)
	if err != nil {
		return Terms{}, err
	}
	t := Terms{Type: ProposalType(n)}
	var resigned, stay [][]byte
	switch t.Type {
	case ProposalSeat:
		t.Seat, err = readSeat(b)
	case ProposalClose:
		var w wireTerms
		err = readExactly(b, &w, "proposal")
		resigned, t.Why = w.Resigned, w.Why
	case ProposalAdmit:
		var w wireSubject
		if err = readExactly(b, &w, "admission"); err == nil {
			err = fill(t.Admission[:], w.Subject, "admitted redemption")
		}
		resigned, t.Why = w.Resigned, w.Why
	case ProposalRemove:
		var w wireRemoval
		if err = readExactly(b, &w, "removal"); err == nil {
			err = fill(t.Member[:], w.Member, "member")
		}
		if err == nil {
			t.Frontiers, err = readFrontiers(w.Frontiers)
		}
		resigned, stay, t.Why = w.Resigned, w.Stay, w.Why
	case ProposalKey:
		var w wireNewKey
		if err = readExactly(b, &w, "new key"); err == nil {
			t.Rekey, err = readRekey(w.Rekey)
		}
		if err == nil {
			t.Frontiers, err = readFrontiers(w.Frontiers)
		}
		resigned, stay, t.Why = w.Resigned, w.Stay, w.Why
	case ProposalThreshold, ProposalInvites, ProposalRules:
		var w wireNumber
		err = readExactly(b, &w, "proposal")
		resigned, t.Why = w.Resigned, w.Why
		t.setNumber(w.Number)
		if err == nil && !t.numberFits(w.Number) {
			err = malformed("%v %d", t.Type, w.Number)
		}
	case ProposalPact:
		var w wirePact
		err = readExactly(b, &w, "word to an ally")
		resigned, t.Why, t.Pact = w.Resigned, w.Why, w.Word
		if err == nil && (len(w.Word) == 0 || len(w.Word) > MaxPact) {
			err = malformed("a word to an ally of %d bytes, 1 to %d are possible", len(w.Word), MaxPact)
		}
	}
	if err != nil {
		return Terms{}, err
	}
	if t.Resigned, err = readIDs(resigned, MaxResigned, "resignation"); err != nil {
		return Terms{}, err
	}
	if t.Stay, err = readIDs(stay, MaxStay, "redemption"); err != nil {
		return Terms{}, err
	}
	return t, checkWhy(t.Why)
}

func wireIDs(ids []entry.ID) [][]byte {
	out := make([][]byte, len(ids))
	for i := range ids {
		out[i] = ids[i][:]
	}
	return out
}

func (t *Terms) setNumber(n uint64) {
	switch t.Type {
	case ProposalThreshold:
		t.Threshold = Threshold(min(n, 255))
	case ProposalInvites:
		t.Invites = int(min(n, MaxInvites+1))
	default:
		t.Rules = n
	}
}

func (t *Terms) numberFits(n uint64) bool {
	switch t.Type {
	case ProposalThreshold:
		return n >= uint64(Majority) && n <= uint64(AllButOne)
	case ProposalInvites:
		return n <= MaxInvites
	}
	return n >= 1
}

func checkWhy(why string) error {
	if len(why) > MaxWhy {
		return malformed("a reason of %d bytes, the limit is %d", len(why), MaxWhy)
	}
	return nil
}

// readIDs reads a sorted list of entry IDs, each once.
func readIDs(list [][]byte, limit int, what string) ([]entry.ID, error) {
	if len(list) > limit {
		return nil, malformed("%d of %s, the limit is %d", len(list), what, limit)
	}
	ids := make([]entry.ID, len(list))
	for i, b := range list {
		if err := fill(ids[i][:], b, what); err != nil {
			return nil, err
		}
	}
	if !slices.IsSortedFunc(ids, entry.ID.Compare) || len(slices.Compact(slices.Clone(ids))) != len(ids) {
		return nil, malformed("the list of %s is not sorted and unique", what)
	}
	return ids, nil
}
