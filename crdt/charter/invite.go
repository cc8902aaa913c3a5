package charter

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"strings"
	"unicode"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Bounds of an invite code.
const (
	// MaxAnswerers bounds the addresses that a code names, each of a device.
	MaxAnswerers = 4
	// MaxAddress bounds one address, in bytes.
	MaxAddress = 128
	// MaxInviteText bounds the text that DecodeInvite looks at, in bytes: the longest code,
	// with as much white space again.
	MaxInviteText = 4096
)

const (
	invitePrefix   = "kith1"
	inviteVersion  = 1
	inviteFixed    = 1 + 16 + 32 + 8 + 1 // version, seed, space, step, number of answerers
	inviteChecksum = 4
)

// Invite is what an invite code says. Whoever has the code can redeem it, once. It names the whole space, since a redemption
// signs for that, and whom no network leads there makes theirs of the code alone (see Ask).
type Invite struct {
	Seed      [16]byte // secret; gives the invite key
	Space     entry.SpaceID
	Step      [8]byte // the first bytes of the newest step that its maker knew
	Answerers []Answerer
}

// Answerer is a device that lets in who holds the code.
type Answerer struct {
	Device  entry.Device
	Address []byte // a binary multiaddr, without the device; not interpreted here
}

// Why a text isn't an invite code that can be used. Each says what to do about it.
var (
	ErrNotInvite      = problem.New(problem.Invalid, "", `this is not an invite code: one begins with "kith1"`)
	ErrInviteMistyped = problem.New(problem.Invalid, "", "this invite code has a letter wrong or missing; copy it whole, or ask for it again")
	ErrInviteNewer    = problem.New(problem.Invalid, "", "this invite code was made by a newer Kith; update yours")
)

// NewInvite draws a code for a space whose newest step is step.
func NewInvite(space entry.SpaceID, step StepID, answerers ...Answerer) Invite {
	v := Invite{Space: space, Step: [8]byte(step[:8]), Answerers: answerers}
	rand.Read(v.Seed[:]) // never fails (Go 1.24)
	return v
}

// Key returns the key that stands for the code: the joiner signs and dials with it, and its
// public half is all that the charter tells.
func (v Invite) Key() entry.Signer {
	seed, err := hkdf.Key(sha256.New, v.Seed[:], nil, "kith/invite/key/1", 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return entry.SignerFromSeed([32]byte(seed))
}

// For says whether the code is for the given space.
func (v Invite) For(space entry.SpaceID) bool { return space == v.Space }

// Encode returns the code as text: "kith1" and lower-case letters and digits, about 105 for
// the code itself and 70 for each answerer. The error says which bound an answerer breaks.
func (v Invite) Encode() (string, error) {
	b := make([]byte, 0, 256)
	b = append(b, inviteVersion)
	b = append(b, v.Seed[:]...)
	b = append(b, v.Space[:]...)
	b = append(b, v.Step[:]...)
	b, err := appendAnswerers(b, v.Answerers)
	if err != nil {
		return "", err
	}
	return inviteCode.write(b), nil
}

// DecodeInvite reads a code as people paste and type it: in either case, with white space, hyphens, quotes and what else a
// messenger puts around or into it, within the message that it came in, and with o for 0, i or l for 1. The error is or wraps ErrNotInvite,
// ErrInviteMistyped or ErrInviteNewer. No input makes DecodeInvite panic.
func DecodeInvite(text string) (Invite, error) {
	if len(text) > MaxInviteText {
		return Invite{}, ErrNotInvite
	}
	t := codeTextOf(text)
	letters, ok := inviteCode.body(t)
	if !ok {
		if other := sortOf(t); other != nil {
			return Invite{}, fmt.Errorf("%w; this is %s: %s", ErrNotInvite, other.what, other.typed)
		}
		if newerSort(t) == &inviteCode {
			return Invite{}, ErrInviteNewer
		}
		return Invite{}, ErrNotInvite
	}
	b, err := entry.Text.DecodeString(letters)
	// The checksum comes last in every version, so that a typo is never taken for a version.
	if err != nil || entry.Text.EncodeToString(b) != letters || len(b) < 1+inviteChecksum {
		return Invite{}, ErrInviteMistyped
	}
	b, sum := b[:len(b)-inviteChecksum], b[len(b)-inviteChecksum:]
	switch {
	case !bytes.Equal(inviteCode.checksum(b), sum):
		return Invite{}, ErrInviteMistyped
	case b[0] > inviteVersion:
		return Invite{}, ErrInviteNewer
	case b[0] != inviteVersion, len(b) < inviteFixed:
		return Invite{}, ErrNotInvite
	}
	var v Invite
	b = b[1:]
	b = b[copy(v.Seed[:], b):]
	b = b[copy(v.Space[:], b):]
	b = b[copy(v.Step[:], b):]
	if v.Answerers, ok = readAnswerers(b); !ok {
		return Invite{}, ErrNotInvite
	}
	return v, nil
}

// codeText is a text as Crockford's base32 reads it.
type codeText struct {
	letters string
	ends    []int // in letters: behind what stood white space, a quote or another sign, and the end of all
}

func codeTextOf(text string) (t codeText) {
	var b strings.Builder
	for _, r := range text {
		switch {
		case isSpace(r), isUnseen(r), unicode.IsPunct(r), unicode.IsSymbol(r): // quotes, brackets, a dot behind it, soft hyphens
			if n := len(t.ends); b.Len() > 0 && (n == 0 || t.ends[n-1] < b.Len()) {
				t.ends = append(t.ends, b.Len())
			}
			continue
		case r >= 'Ａ' && r <= 'ｚ', r >= '０' && r <= '９': // wide, as a keyboard for Chinese or Japanese has them
			r -= '０' - '0'
		}
		b.WriteRune(codeLetter(r))
	}
	t.letters = b.String()
	if n := len(t.ends); n == 0 || t.ends[n-1] < b.Len() {
		t.ends = append(t.ends, b.Len())
	}
	return t
}

func inviteLetters(text string) string { return codeTextOf(text).letters }

// codeLetter is the letter of base32 that looks like r: a small one, and none of o, i and l.
func codeLetter(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	switch r {
	case 'o':
		return '0'
	case 'i', 'l':
		return '1'
	}
	return r
}
