package charter

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"kith/crdt/entry"
)

// MemberID identifies a person in one space, and says nothing about them in another.
type MemberID [20]byte

// MemberIDOf returns the ID of the person who holds a member key: the first 20 bytes of a
// hash of the space and the key with which they came in.
func MemberIDOf(space entry.SpaceID, key entry.Device) MemberID {
	h := sha256.New()
	h.Write([]byte("kith/member/1\x00"))
	h.Write(space[:])
	h.Write(key[:])
	return MemberID(h.Sum(nil)[:20])
}

// String returns "m-" and 32 letters and digits.
func (m MemberID) String() string { return "m-" + entry.Text.EncodeToString(m[:]) }

// ParseMemberID reads what String writes, and nothing else.
func ParseMemberID(s string) (MemberID, error) {
	letters, ok := strings.CutPrefix(s, "m-")
	if ok && len(letters) == 32 {
		b, err := entry.Text.DecodeString(letters)
		if err == nil && len(b) == len(MemberID{}) && MemberID(b).String() == s {
			return MemberID(b), nil
		}
	}
	return MemberID{}, errors.New(`a member ID is "m-" and 32 letters and digits`)
}

// Standing says what part a person has in a space.
type Standing uint8

const (
	Full        Standing = 1
	Prospective Standing = 2
	Resigned    Standing = 3
	Removed     Standing = 4
)

// String returns the standing as a word.
func (s Standing) String() string {
	switch s {
	case Full:
		return "full"
	case Prospective:
		return "prospective"
	case Resigned:
		return "resigned"
	case Removed:
		return "removed"
	}
	return fmt.Sprintf("standing %d", uint8(s))
}

// Device is one key pair on one computer.
type Device struct {
	Key      entry.Device
	Name     string
	Retired  bool // it speaks for its member no more, for whichever reason
	Consents bool // it is the one that consents for its member
}

// Member is a person as the charter knows them.
type Member struct {
	ID         MemberID
	Name       string       // for show; with the start of their ID where it looks like somebody else's
	Chosen     string       // the name alone, as they say it
	Former     []FormerName // what they were called before, the oldest first
	Key        entry.Device // the public half of their recovery phrase
	Standing   Standing
	Devices    []Device
	Since      StepID   // the step that made them a full member; zero for who never was one
	SinceEntry entry.ID // a statement that carries it, the lowest of several; or the redemption
	answers    MemberID // for whom others answer, see Answers
	InvitedBy  MemberID // zero for a founder
	Coop       string   // in a share: the co-op on whose side they are; else ""
}

// Answers says who answers for what somebody costs others: they do, or as long as they never were a full member who invited them; for whom several have let
// in a number that is nobody's, and the same for all whom the same ones have.
// One full member may bring in any number of people beside each other, or one after the other.
func (m *Member) Answers() (by MemberID, guest bool) {
	if m.Since == (StepID{}) {
		return cmp.Or(m.answers, m.InvitedBy, m.ID), true
	}
	return m.ID, false
}

// FormerName is what a member was called before.
type FormerName struct {
	Name  string
	Until entry.ID // the statement with which they took the next one
}

func compareMembers(a, b MemberID) int { return bytes.Compare(a[:], b[:]) }
