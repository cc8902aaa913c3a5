package charter

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/entry"
)

// MaxStatement bounds a statement, in bytes. A seat takes about 600; the room is for
// frontiers, which name one entry for each run of a device.
const MaxStatement = 1 << 18

// MaxListed bounds the devices that one statement by a member key names as live.
const MaxListed = MaxDevices

// Type says what a statement states. The numbers up to 31 are given out in docs/PROTOCOL.md,
// "Charter statements"; one that this release doesn't know is kept, passed on and pending.
type Type uint64

const (
	TypeGenesis     Type = 1  // found the space
	TypeFounding    Type = 2  // place a step by the founder's word alone, while the founding is open
	TypePropose     Type = 3  // propose a step
	TypeConsent     Type = 4  // consent to one
	TypeRefuse      Type = 5  // refuse it, for good
	TypeTakeBack    Type = 6  // take one's consent back; of a proposal of one's own: withdraw it
	TypeEnact       Type = 7  // bring a step into force
	TypeCertify     Type = 8  // add a device of one's own
	TypeRetire      Type = 9  // retire a device of one's own
	TypeRecover     Type = 10 // by the member key: which devices are live
	TypeResign      Type = 11 // leave
	TypeProspective Type = 12 // countersign the redemption of a prospective member
	TypeMove        Type = 13 // consent from another device from now on
	TypeSeen        Type = 14 // acknowledge what was seen
	TypeFollow      Type = 15 // say which side of a fork one follows: evidence, no more
	TypeShare       Type = 16 // given out: genesis of a share
	TypeInvite      Type = 17 // the public half of an invite of a prospective member
	TypeRevoke      Type = 18 // take an invite back
	TypeForget      Type = 19 // want a document forgotten
	TypeRename      Type = 20 // call oneself, or a device of one's own, otherwise
)

// StepID identifies a step of the chain: the hash of its parent step and of its proposal, so
// that two statements which bring the same step into force are about one step.
type StepID [32]byte

// String returns the ID in lower-case hexadecimal.
func (s StepID) String() string { return hex.EncodeToString(s[:]) }

// GenesisStep returns the ID of the first step of every chain of a space.
func GenesisStep(space entry.SpaceID) StepID {
	return StepID(sha256.Sum256(append([]byte("kith/step/genesis/1\x00"), space[:]...)))
}

// Statement is one charter statement, read but not judged.
type Statement struct {
	Type    Type
	Genesis *Genesis // of TypeGenesis
	Step    *Step    // of TypeFounding and TypePropose

	Of       StepID           // of TypeConsent, TypeRefuse, TypeTakeBack, TypeEnact, TypeFollow
	Why      string           // of TypeRefuse, TypeResign and TypeForget
	Doc      entry.DocID      // of TypeForget
	Device   entry.Device     // of TypeRetire and TypeMove; of TypeRename: zero if it is about the member
	Name     string           // of TypeRename
	Frontier Frontier         // of TypeRetire
	New      *NewDevice       // of TypeCertify
	Live     []NewDevice      // of TypeRecover: the devices that speak on, the one to consent from first
	Lists    []DeviceFrontier // of TypeRecover, TypeResign: what is honoured of the others, of one's own; of TypeSeen: what was seen
	Invite   entry.Device     // of TypeInvite, TypeRevoke and TypeProspective: the invite key
	Expires  uint64           // of TypeInvite: ms since 1970, a duty of who answers; 0: never
	Joiner   *Redemption      // of TypeProspective
}

// NewDevice is a device as its owner adds or lists it.
type NewDevice struct {
	Key      entry.Device
	Name     string
	Accepted [64]byte // by the device; see AcceptDevice. In a list, zero for one known before
}

// Known says whether this release can judge the statement.
func (s Statement) Known() bool {
	switch {
	case s.Step != nil:
		return s.Step.known()
	case s.Type == TypeShare:
		return false
	}
	return s.Type >= TypeGenesis && s.Type <= TypeRename
}

// Step is a proposal placed after one parent.
type Step struct {
	Parent   StepID
	Proposal []byte // canonical CBOR [type, …]; part of the step's ID
	Terms           // what it says
}

// ID returns the step's ID.
func (s *Step) ID() StepID {
	h := sha256.New()
	h.Write([]byte("kith/step/1\x00"))
	h.Write(s.Parent[:])
	h.Write(s.Proposal)
	return StepID(h.Sum(nil))
}

// Seat is the proposal that a founding seat is filled by who redeemed an invite.
type Seat struct {
	Invite     entry.Device // the public key of the invite code
	Redemption Redemption
}

// StatementError says that a payload is no statement, whatever it stands on.
type StatementError struct{ Why string }

func (e *StatementError) Error() string { return "not a charter statement: " + e.Why }

func malformed(format string, a ...any) error {
	return &StatementError{Why: fmt.Sprintf(format, a...)}
}

var (
	encoding = must(encodingOptions().EncMode())
	decoding = must(cbor.DecOptions{
		DupMapKey:        cbor.DupMapKeyEnforcedAPF,
		IndefLength:      cbor.IndefLengthForbidden,
		TagsMd:           cbor.TagsForbidden,
		MaxNestedLevels:  8,
		MaxArrayElements: MaxRuns,
		MaxMapPairs:      16,
		UTF8:             cbor.UTF8RejectInvalid,
	}.DecMode())
)

func encodingOptions() cbor.EncOptions {
	o := cbor.CoreDetEncOptions()
	o.NilContainers = cbor.NilContainerAsEmpty // an empty list has one form
	return o
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err) // options written by us are wrong
	}
	return v
}

// The wire forms: arrays in this order, with the type first.
type wireGenesis struct {
	_           struct{} `cbor:",toarray"`
	Type        Type
	Coop        string
	Founder     string
	Seats       uint64
	Threshold   uint64
	MemberKey   []byte
	DeviceName  string
	Certificate []byte
}

// wireStep is of TypeFounding and TypePropose.
type wireStep struct {
	_        struct{} `cbor:",toarray"`
	Type     Type
	Parent   []byte
	Proposal []byte
}

type wireSeat struct {
	_          struct{} `cbor:",toarray"`
	Type       ProposalType
	Invite     []byte
	Redemption []byte
}

// ReadStatement reads the payload of a statement's entry and checks its form, names and
// sizes included; nothing that needs the statement's past or the space. A statement of an
// unknown type is read no further than its type. The error is a *StatementError. No input
// makes ReadStatement panic.
func ReadStatement(payload []byte) (Statement, error) {
	if len(payload) > MaxStatement {
		return Statement{}, malformed("%d bytes, the limit is %d", len(payload), MaxStatement)
	}
	n, err := readType(payload)
	if err != nil {
		return Statement{}, err
	}
	s := Statement{Type: Type(n)}
	switch s.Type {
	case TypeGenesis:
		s.Genesis, err = readGenesis(payload)
	case TypeFounding, TypePropose:
		s.Step, err = readStep(payload)
	default:
		err = s.readOwn(payload)
	}
	if err != nil {
		return Statement{}, err
	}
	return s, nil
}

// readType reads the first item of an array, without a look at the rest: what a newer
// release writes there is not for this one to refuse.
func readType(b []byte) (uint64, error) {
	count, rest, ok := head(b, 4)
	if !ok || count == 0 {
		return 0, malformed("no array of a type and its content")
	}
	n, _, ok := head(rest, 0)
	if !ok || n == 0 {
		return 0, malformed("the type is not a number from 1")
	}
	return n, nil
}

// head reads the head of a CBOR item of the given major type (RFC 8949, section 3) in its
// shortest form.
func head(b []byte, major byte) (value uint64, rest []byte, ok bool) {
	if len(b) == 0 || b[0]>>5 != major {
		return 0, nil, false
	}
	info := b[0] & 31
	if info < 24 {
		return uint64(info), b[1:], true
	}
	if info > 27 {
		return 0, nil, false
	}
	size := 1 << (info - 24)
	if len(b) < 1+size {
		return 0, nil, false
	}
	var wide [8]byte
	copy(wide[8-size:], b[1:1+size])
	value = binary.BigEndian.Uint64(wide[:])
	shortest := value >= 24 && (size == 1 || value>>(8*size/2) != 0)
	return value, b[1+size:], shortest
}

// readExactly decodes b into w, and holds that b is the one encoding of it.
func readExactly(b []byte, w any, what string) error {
	if err := decoding.Unmarshal(b, w); err != nil {
		return malformed("%s: %v", what, err)
	}
	again, err := encoding.Marshal(w)
	if err != nil || !bytes.Equal(again, b) {
		return malformed("%s is not in canonical form", what)
	}
	return nil
}

func readStep(payload []byte) (*Step, error) {
	var w wireStep
	if err := readExactly(payload, &w, "step"); err != nil {
		return nil, err
	}
	s := &Step{Proposal: w.Proposal}
	if err := fill(s.Parent[:], w.Parent, "parent step"); err != nil {
		return nil, err
	}
	var err error
	s.Terms, err = readTerms(w.Proposal)
	return s, err
}

func readSeat(proposal []byte) (*Seat, error) {
	var w wireSeat
	if err := readExactly(proposal, &w, "seat"); err != nil {
		return nil, err
	}
	s := &Seat{}
	if err := fill(s.Invite[:], w.Invite, "invite key"); err != nil {
		return nil, err
	}
	r, err := DecodeRedemption(w.Redemption)
	if err != nil {
		return nil, err
	}
	s.Redemption = r
	return s, nil
}

func fill(into, from []byte, what string) error {
	if len(from) != len(into) {
		return malformed("the %s has %d bytes, not %d", what, len(from), len(into))
	}
	copy(into, from)
	return nil
}

// NewSeat makes the payload of the statement with which the founder's device fills the next
// founding seat, after the step parent. See Charter.FillSeat, which also checks that it may.
func NewSeat(parent StepID, invite entry.Device, r Redemption) ([]byte, error) {
	return newStep(TypeFounding, parent, Terms{Type: ProposalSeat, Seat: &Seat{Invite: invite, Redemption: r}})
}

// newStep makes the payload of a statement that carries a proposal.
func newStep(what Type, parent StepID, t Terms) ([]byte, error) {
	proposal, err := t.encode()
	if err != nil {
		return nil, err
	}
	return encoding.Marshal(wireStep{Type: what, Parent: parent[:], Proposal: proposal})
}
