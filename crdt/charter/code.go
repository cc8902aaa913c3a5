package charter

import (
	"bytes"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// codeSort is a sort of text that people copy: a prefix, and base32 of a version byte, what it
// says, and a checksum. Invite codes (invite.go) are written alike.
type codeSort struct {
	prefix string
	domain string // of the checksum
	what   string // in a member's words
	typed  string // what a person does with it
}

var (
	deviceCode = codeSort{"kithd1", "kith/device-code/1\x00", "a code for a new device", "kith device join -"}
	wayBack    = codeSort{"kithv1", "kith/way-back/1\x00", "a code for coming back", "kith device recover --via -"}
	keyCode    = codeSort{"kithk1", "kith/key-code/1\x00", "a code with a new member key", "kith member new-key MEMBER CODE --why WHY"}
	allyCode   = codeSort{"kitha1", "kith/ally-code/1\x00", "a code for an ally", "kith ally join -"}
	porchCode  = codeSort{"kithp1", "kith/porch-code/1\x00", "a code for a porch", "kith porch add CODE"}
	askCode    = codeSort{"kithq1", "kith/ask/1\x00", "a request to join", "kith invite answer FILE"}
	inviteCode = codeSort{invitePrefix, "kith/invite/1\x00", "an invite code", "kith join - --as NAME"}
)

// maxCodeText bounds the text of a code that is looked at, in bytes: the longest code, with as
// much white space again.
const maxCodeText = 4096

// CodeError says why a text isn't the code that is wanted, and what to do about it.
type CodeError struct{ Why string }

func (e *CodeError) Error() string { return e.Why }

// Problem implements problem.Teller.
func (e *CodeError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, "", "%v", e)
}

func (s *codeSort) write(body []byte) string {
	return s.prefix + entry.Text.EncodeToString(append(body, s.checksum(body)...))
}

func (s *codeSort) checksum(body []byte) []byte {
	h := sha256.New()
	h.Write([]byte(s.domain))
	h.Write(body)
	return h.Sum(nil)[:inviteChecksum]
}

// read returns what a code says after its version. The error is a *CodeError.
func (s *codeSort) read(text string) ([]byte, error) {
	if len(text) > maxCodeText {
		return nil, s.isNone()
	}
	t := codeTextOf(text)
	rest, ok := s.body(t)
	if !ok {
		if other := sortOf(t); other != nil {
			return nil, &CodeError{fmt.Sprintf("this is %s, not %s: %s", other.what, s.what, other.typed)}
		}
		if newer := newerSort(t); newer != nil {
			return nil, newer.isNewer()
		}
		return nil, s.isNone()
	}
	b, err := entry.Text.DecodeString(rest)
	if err != nil || entry.Text.EncodeToString(b) != rest || len(b) < 1+inviteChecksum {
		return nil, s.mistyped()
	}
	b, sum := b[:len(b)-inviteChecksum], b[len(b)-inviteChecksum:]
	switch {
	case !bytes.Equal(s.checksum(b), sum):
		return nil, s.mistyped()
	case b[0] > 1:
		return nil, s.isNewer()
	case b[0] != 1:
		return nil, s.isNone()
	}
	return b[1:], nil
}

// maxPlaces bounds the places in a text at which a whole code is looked for. A message with a code in it has some dozens.
const maxPlaces = 1024

// body returns the letters of a code behind its prefix: of the last one in a text that is whole, since people copy the message
// along in which it came ("kith join kith1… See you soon!"), and else of the one with which the text begins. ok is false where there is neither.
func (s *codeSort) body(t codeText) (body string, ok bool) {
	prefix, places := inviteLetters(s.prefix), 0
	for at := strings.LastIndex(t.letters, prefix); at >= 0; at = strings.LastIndex(t.letters[:at], prefix) {
		for _, end := range slices.Backward(t.ends) {
			if end <= at+len(prefix) {
				break
			}
			if places++; places > maxPlaces {
				return strings.CutPrefix(t.letters, prefix)
			}
			if body := t.letters[at+len(prefix) : end]; s.isWhole(body) {
				return body, true
			}
		}
	}
	return strings.CutPrefix(t.letters, prefix)
}

// isWhole says whether the checksum of a code is right, and every letter a part of it: some behind the last whole byte would be passed over.
func (s *codeSort) isWhole(letters string) bool {
	b, err := entry.Text.DecodeString(letters)
	if err != nil || len(b) < 1+inviteChecksum || entry.Text.EncodeToString(b) != letters {
		return false
	}
	end := len(b) - inviteChecksum
	return bytes.Equal(s.checksum(b[:end]), b[end:])
}

// wholeIn is the sort of a whole code in a text, with the letters behind its prefix; nil if there is none.
func wholeIn(t codeText) (s *codeSort, body string) {
	for _, s := range codeSorts {
		if body, ok := s.body(t); ok && s.isWhole(body) {
			return s, body
		}
	}
	return nil, ""
}

// sortOf is which sort of code is in a text, or it begins like; nil if none.
func sortOf(t codeText) *codeSort {
	if s, _ := wholeIn(t); s != nil {
		return s
	}
	for _, s := range codeSorts {
		if strings.HasPrefix(t.letters, inviteLetters(s.prefix)) {
			return s
		}
	}
	return nil
}

var codeSorts = []*codeSort{&deviceCode, &wayBack, &keyCode, &allyCode, &porchCode, &askCode, &inviteCode}

// newerSort is of which sort a code is that begins with a number this Kith doesn't know; nil if it is none.
func newerSort(t codeText) *codeSort {
	for _, s := range codeSorts {
		rest, ok := strings.CutPrefix(t.letters, inviteLetters(s.prefix[:len(s.prefix)-1]))
		if ok && rest != "" && rest[0] >= '2' && rest[0] <= '9' {
			return s
		}
	}
	return nil
}

func (s *codeSort) isNewer() error {
	return &CodeError{fmt.Sprintf("this is %s of a newer Kith; update yours", s.what)}
}

func (s *codeSort) isNone() error {
	return &CodeError{fmt.Sprintf("this is not %s: one begins with %q", s.what, s.prefix)}
}

func (s *codeSort) mistyped() error {
	return &CodeError{fmt.Sprintf("this is %s with a letter wrong or missing; copy it whole, or ask for it again", s.what)}
}

// appendAnswerers writes where the holder of a code finds who answers.
func appendAnswerers(b []byte, list []Answerer) ([]byte, error) {
	if len(list) > MaxAnswerers {
		return nil, fmt.Errorf("a code for %d devices, the limit is %d", len(list), MaxAnswerers)
	}
	b = append(b, byte(len(list)))
	for _, a := range list {
		if len(a.Address) == 0 || len(a.Address) > MaxAddress {
			return nil, fmt.Errorf("an address of %d bytes, 1 to %d are possible", len(a.Address), MaxAddress)
		}
		b = append(b, a.Device[:]...)
		b = append(b, byte(len(a.Address)))
		b = append(b, a.Address...)
	}
	return b, nil
}

// readAnswerers reads what appendAnswerers wrote, to the end of b.
func readAnswerers(b []byte) (list []Answerer, ok bool) {
	if len(b) == 0 || int(b[0]) > MaxAnswerers {
		return nil, false
	}
	count := int(b[0])
	b = b[1:]
	for range count {
		if len(b) < 33 || int(b[32]) > MaxAddress || b[32] == 0 || len(b) < 33+int(b[32]) {
			return nil, false
		}
		end := 33 + int(b[32])
		list = append(list, Answerer{Device: entry.Device(b[:32]), Address: bytes.Clone(b[33:end])})
		b = b[end:]
	}
	return list, len(b) == 0
}

// DeviceCode is what the code says with which a member adds a device of their own. Whoever has
// it can ask to be that device; two words that both show say whether it is the right one.
type DeviceCode struct {
	Seed      [16]byte // secret; gives the key that the new device dials with
	Space     [16]byte // the first bytes of the space's ID
	Step      [8]byte  // the first bytes of the newest step that its maker knew
	Answerers []Answerer
}

// NewDeviceCode draws a code for a space whose newest step is step.
func NewDeviceCode(space entry.SpaceID, step StepID, answerers ...Answerer) DeviceCode {
	v := DeviceCode{Space: [16]byte(space[:16]), Step: [8]byte(step[:8]), Answerers: answerers}
	rand.Read(v.Seed[:]) // never fails (Go 1.24)
	return v
}

// Key returns the key that stands for the code.
func (v DeviceCode) Key() entry.Signer {
	seed, err := hkdf.Key(sha256.New, v.Seed[:], nil, "kith/device-code/key/1", 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return entry.SignerFromSeed([32]byte(seed))
}

// Encode returns the code as text. The error says which bound an answerer breaks.
func (v DeviceCode) Encode() (string, error) {
	b := []byte{1}
	b = append(b, v.Seed[:]...)
	b = append(b, v.Space[:]...)
	b = append(b, v.Step[:]...)
	b, err := appendAnswerers(b, v.Answerers)
	if err != nil {
		return "", err
	}
	return deviceCode.write(b), nil
}

// DecodeDeviceCode reads a code as people paste and type it. The error is a *CodeError. No input
// makes it panic.
func DecodeDeviceCode(text string) (DeviceCode, error) {
	var v DeviceCode
	b, err := deviceCode.read(text)
	if err != nil {
		return v, err
	}
	if len(b) < 40 {
		return v, deviceCode.isNone()
	}
	b = b[copy(v.Seed[:], b):]
	b = b[copy(v.Space[:], b):]
	b = b[copy(v.Step[:], b):]
	var ok bool
	if v.Answerers, ok = readAnswerers(b); !ok {
		return DeviceCode{}, deviceCode.isNone()
	}
	return v, nil
}

// Way is the way back for a member who has lost all devices: of which space and who they are, and
// where a device of the co-op answers. It holds no secret: who comes back has their phrase. It
// names the whole space, since a new member key signs for that.
type Way struct {
	Space     entry.SpaceID
	Member    MemberID
	Answerers []Answerer
}

// Encode returns the way as a code. The error says which bound an answerer breaks.
func (w Way) Encode() (string, error) {
	b := []byte{1}
	b = append(b, w.Space[:]...)
	b = append(b, w.Member[:]...)
	b, err := appendAnswerers(b, w.Answerers)
	if err != nil {
		return "", err
	}
	return wayBack.write(b), nil
}

// DecodeWay reads a code as people paste and type it. The error is a *CodeError. No input makes
// it panic.
func DecodeWay(text string) (Way, error) {
	var w Way
	b, err := wayBack.read(text)
	if err != nil {
		return w, err
	}
	if len(b) < 52 {
		return w, wayBack.isNone()
	}
	b = b[copy(w.Space[:], b):]
	b = b[copy(w.Member[:], b):]
	var ok bool
	if w.Answerers, ok = readAnswerers(b); !ok {
		return Way{}, wayBack.isNone()
	}
	return w, nil
}

// Code returns a rekey as a code for the others, who propose it. The error is that of its name.
func (r *Rekey) Code() (string, error) {
	b, err := r.Encode()
	if err != nil {
		return "", err
	}
	return keyCode.write(append([]byte{1}, b...)), nil
}

// RekeyFromCode reads a code as people paste and type it, and checks its form, not the
// signatures. The error is a *CodeError. No input makes it panic.
func RekeyFromCode(text string) (Rekey, error) {
	b, err := keyCode.read(text)
	if err != nil {
		return Rekey{}, err
	}
	r, err := DecodeRekey(b)
	if err != nil {
		return Rekey{}, keyCode.isNone()
	}
	return r, nil
}

// AllyCode is the code with which another co-op gets in touch, to make a pact. Whoever has it can ask
// to be that co-op; words that people read to each other say whether it is the right one.
type AllyCode struct {
	Seed      [16]byte // secret; gives the key that the other side dials with
	Space     [16]byte // the first bytes of the ID of the charter that the first side has for the pact
	Answerers []Answerer
}

// NewAllyCode draws a code for a side's charter.
func NewAllyCode(side entry.SpaceID, answerers ...Answerer) AllyCode {
	v := AllyCode{Space: [16]byte(side[:16]), Answerers: answerers}
	rand.Read(v.Seed[:]) // never fails (Go 1.24)
	return v
}

// Key returns the key that stands for the code.
func (v AllyCode) Key() entry.Signer {
	seed, err := hkdf.Key(sha256.New, v.Seed[:], nil, "kith/ally-code/key/1", 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return entry.SignerFromSeed([32]byte(seed))
}

// Encode returns the code as text. The error says which bound an answerer breaks.
func (v AllyCode) Encode() (string, error) {
	b := append([]byte{1}, v.Seed[:]...)
	b, err := appendAnswerers(append(b, v.Space[:]...), v.Answerers)
	if err != nil {
		return "", err
	}
	return allyCode.write(b), nil
}

// DecodeAllyCode reads a code as people paste and type it. The error is a *CodeError. No input
// makes it panic.
func DecodeAllyCode(text string) (AllyCode, error) {
	var v AllyCode
	b, err := allyCode.read(text)
	if err != nil {
		return v, err
	}
	if len(b) < 32 {
		return v, allyCode.isNone()
	}
	b = b[copy(v.Seed[:], b):]
	b = b[copy(v.Space[:], b):]
	var ok bool
	if v.Answerers, ok = readAnswerers(b); !ok {
		return AllyCode{}, allyCode.isNone()
	}
	return v, nil
}

// PorchCode is the code of a place at a porch: a small relay that is nobody's member. Whoever has it may have others reach them
// there.
type PorchCode struct {
	Token [16]byte   // secret
	At    []Answerer // one device, the porch, at one address or several
}

// NewPorchCode draws a code for a porch at its addresses.
func NewPorchCode(at ...Answerer) PorchCode {
	v := PorchCode{At: at}
	rand.Read(v.Token[:]) // never fails (Go 1.24)
	return v
}

// Encode returns the code as text. The error says which bound an address breaks.
func (v PorchCode) Encode() (string, error) {
	b, err := appendAnswerers(append([]byte{1}, v.Token[:]...), v.At)
	if err != nil {
		return "", err
	}
	return porchCode.write(b), nil
}

// IsCode says whether a text is meant to be a code, of whatever sort and version.
func IsCode(text string) bool {
	t := codeTextOf(text[:min(len(text), maxCodeText)])
	return sortOf(t) != nil || newerSort(t) != nil
}

// WholeCode gives the code in a text, of whatever sort and version, without what stands around it; "" if none is whole.
func WholeCode(text string) string {
	if len(text) > maxCodeText {
		return ""
	}
	s, body := wholeIn(codeTextOf(text))
	if s == nil {
		return ""
	}
	return s.prefix + body
}

// IsPorchCode says whether a text is meant to be a code for a porch.
func IsPorchCode(text string) bool {
	return len(text) <= maxCodeText && sortOf(codeTextOf(text)) == &porchCode
}

// DecodePorchCode reads a code as people paste and type it. The error is a *CodeError. No input makes it panic.
func DecodePorchCode(text string) (PorchCode, error) {
	var v PorchCode
	b, err := porchCode.read(text)
	if err != nil {
		return v, err
	}
	if len(b) < len(v.Token) {
		return v, porchCode.isNone()
	}
	b = b[copy(v.Token[:], b):]
	var ok bool
	if v.At, ok = readAnswerers(b); !ok || len(v.At) == 0 {
		return PorchCode{}, porchCode.isNone()
	}
	for _, a := range v.At {
		if a.Device != v.At[0].Device {
			return PorchCode{}, porchCode.isNone()
		}
	}
	return v, nil
}
