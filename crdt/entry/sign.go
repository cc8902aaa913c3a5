package entry

import (
	stded25519 "crypto/ed25519"
	"crypto/rand"
	"errors"

	"github.com/oasisprotocol/curve25519-voi/primitives/ed25519"
)

// Domain is the prefix of what a signature is made over. No signature made for one purpose
// can serve another.
type Domain string

// The domains of Kith. Of consents and pairings nothing is signed yet: the names are given out.
const (
	DomainEntry       Domain = "kith/sign/entry/1\x00"
	DomainCertificate Domain = "kith/sign/certificate/1\x00"
	DomainDevice      Domain = "kith/sign/device/1\x00"
	DomainConsent     Domain = "kith/sign/consent/1\x00"
	DomainInvite      Domain = "kith/sign/invite/1\x00"
	DomainPairing     Domain = "kith/sign/pairing/1\x00"
	DomainRecovery    Domain = "kith/sign/recovery/1\x00"
	DomainBundle      Domain = "kith/sign/bundle/1\x00" // the header of a file of entries, package bundle
	DomainPact        Domain = "kith/sign/pact/1\x00"
	DomainAgain       Domain = "kith/sign/again/1\x00" // that a device is the one that was added with a code, package daemon
	DomainSeat        Domain = "kith/sign/seat/1\x00"  // whose a device of a share is in a home, package share
)

// Signer holds an Ed25519 private key: of a device, a member or an invite.
type Signer struct{ key stded25519.PrivateKey }

// NewSigner draws a fresh key.
func NewSigner() Signer {
	_, key, err := stded25519.GenerateKey(rand.Reader)
	if err != nil {
		panic(err) // crypto/rand never fails (Go 1.24)
	}
	return Signer{key}
}

// SignerFromSeed derives the key from its 32-byte seed (RFC 8032, section 5.1.5).
func SignerFromSeed(seed [32]byte) Signer { return Signer{stded25519.NewKeyFromSeed(seed[:])} }

// Seed returns the 32 bytes from which SignerFromSeed makes this key. Keep them secret.
func (s Signer) Seed() [32]byte { return [32]byte(s.key.Seed()) }

// Device returns the public key.
func (s Signer) Device() Device { return Device(s.key.Public().(stded25519.PublicKey)) }

// Sign signs the domain and then message.
func (s Signer) Sign(domain Domain, message []byte) [64]byte {
	return [64]byte(stded25519.Sign(s.key, append([]byte(domain), message...)))
}

// ErrSignature says that an entry's signature is not by the device it names.
var ErrSignature = errors.New("the signature is not by the device that the entry names")

// zip215 makes single and batch verification agree on every input (https://zips.z.cash/zip-0215).
var zip215 = &ed25519.Options{Verify: ed25519.VerifyOptionsZIP_215}

// VerifySignature says whether sig is by key over the domain and message, by the ZIP-215 rule.
func VerifySignature(key Device, domain Domain, message []byte, sig [64]byte) bool {
	return ed25519.VerifyWithOptions(key[:], append([]byte(domain), message...), sig[:], zip215)
}

// Verify checks the signature that covers the entry; the error is ErrSignature.
func (e *Entry) Verify() error {
	if !VerifySignature(e.Device, DomainEntry, e.top[:], e.Signature) {
		return ErrSignature
	}
	return nil
}

// Signed returns one entry of those that a signature covers, for each: if it verifies, so do the others.
func Signed(batch []*Entry) []*Entry {
	type signature struct {
		device Device
		top    ID
		sig    [64]byte
	}
	out := make([]*Entry, 0, len(batch))
	seen := make(map[signature]struct{}, len(batch))
	for _, e := range batch {
		of := signature{e.Device, e.top, e.Signature}
		if _, checked := seen[of]; !checked {
			seen[of] = struct{}{}
			out = append(out, e)
		}
	}
	return out
}

// minBatch is the size from which verifying together is quicker than one by one.
const minBatch = 4

// VerifyAll checks the signatures of a batch, together where that is quicker. It returns the
// index of the first entry whose signature is wrong, or -1.
func VerifyAll(batch []*Entry) int {
	if len(batch) >= minBatch {
		v := ed25519.NewBatchVerifierWithCapacity(len(batch))
		keys := map[Device]*ed25519.ExpandedPublicKey{} // a batch is of few devices, mostly
		for _, e := range batch {
			message := append([]byte(DomainEntry), e.top[:]...)
			key, ok := keys[e.Device]
			if !ok {
				key, _ = ed25519.NewExpandedPublicKey(e.Device[:])
				keys[e.Device] = key
			}
			if key == nil { // no point of the curve: the check one by one says so
				v.AddWithOptions(e.Device[:], message, e.Signature[:], zip215)
				continue
			}
			v.AddExpandedWithOptions(key, message, e.Signature[:], zip215)
		}
		if v.VerifyBatchOnly(rand.Reader) {
			return -1
		}
	}
	for i, e := range batch {
		if e.Verify() != nil {
			return i
		}
	}
	return -1
}
