package share

import (
	"crypto/sha256"
	"encoding/binary"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// MeetingWords is how many words stand for a meeting: 44 bits. The first side reads the first half
// to the second, and the second the rest to the first, so that each hears something that it can hold
// against what it has. Who stands between them has one guess.
const MeetingWords = 2 * charter.PairWords

// Meeting is what two co-ops know that are about to make a pact: what the words stand for that their
// people read to each other.
type Meeting struct {
	Code entry.Device // the public half of the code's key
	// Devices are those that found the charters of the first and the second side.
	Devices [2]entry.Device
	// Draft is what both are to sign (Pact.Draft): the terms, the contacts, and the charter of each side by
	// the hash of its genesis, and so its name, its founder and the founding device.
	Draft  []byte
	Nonces [2][32]byte // drawn by each side; the second's is bound by Commitment
}

// Commitment binds the second side to its nonce before it learns the first's.
func (m *Meeting) Commitment() [32]byte {
	return m.hashed("kith/meeting/commit/1\x00", m.Nonces[1][:])
}

// Words returns the four words.
func (m *Meeting) Words() []string {
	return charter.WordsOf(m.hashed("kith/meeting/words/1\x00", m.Nonces[0][:], m.Nonces[1][:]), MeetingWords)
}

// Reads returns the two words that a side reads to the other, and Hears those that it must hear from it.
func (m *Meeting) Reads(side int) []string { return half(m.Words(), side) }

// Hears returns the two words that a side must hear from the other.
func (m *Meeting) Hears(side int) []string { return half(m.Words(), 1-side) }

func half(words []string, side int) []string {
	return words[side*charter.PairWords : (side+1)*charter.PairWords]
}

func (m *Meeting) hashed(domain string, nonces ...[]byte) (sum [32]byte) {
	h := sha256.New()
	h.Write([]byte(domain))
	h.Write(m.Code[:])
	for _, d := range m.Devices {
		h.Write(d[:])
	}
	for _, n := range nonces {
		h.Write(n)
	}
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(len(m.Draft)))) // it has no length of its own
	h.Write(m.Draft)
	return [32]byte(h.Sum(nil))
}
