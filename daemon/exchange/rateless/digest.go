package rateless

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/sha256"
	"encoding/binary"

	"kith/crdt/entry"
)

// Digest tells sets apart: nobody can make two different ones with the same digest.
type Digest [32]byte

// lattice is what a digest is made of, kept up to date with each ID: LtHash (Bellare and
// Micciancio 1997; Lewi, Kim, Maykov and Weis 2019), 1,024 numbers of 16 bits, here four to a
// word. Each ID adds its own 1,024 to them. Other than with exclusive or, finding IDs that add up
// to the same is a hard problem of lattices.
type lattice [lanes / 4]uint64

const lanes = 1024

var noBytes [2 * lanes]byte

// room is where a lattice has an ID's numbers made; it saves making room for each.
type room [2 * lanes]byte

// change adds an ID's numbers: the key stream of AES-256 in counter mode, from zero, with the ID
// as the key. It takes them away with sign -1.
func (l *lattice) change(id *entry.ID, sign int64, stream *room) {
	block, err := aes.NewCipher(id[:])
	if err != nil {
		panic(err) // 32 bytes are a key
	}
	cipher.NewCTR(block, noBytes[:aes.BlockSize]).XORKeyStream(stream[:], noBytes[:])
	for i := range l {
		w := binary.LittleEndian.Uint64(stream[8*i:])
		if sign < 0 {
			w = negate(w)
		}
		l[i] = plus(l[i], w)
	}
}

const high = 0x8000_8000_8000_8000 // the highest bit of each of four numbers

// plus adds four numbers to four, each without a carry into the next.
func plus(a, b uint64) uint64 { return (a&^high + b&^high) ^ (a^b)&high }

func negate(a uint64) uint64 { return plus(^a, 0x0001_0001_0001_0001) }

func (l *lattice) digest() Digest {
	b := make([]byte, 0, len(digestDomain)+2*lanes)
	b = append(b, digestDomain...)
	for _, w := range l {
		b = binary.LittleEndian.AppendUint64(b, w)
	}
	return sha256.Sum256(b)
}

const digestDomain = "kith/set/1\x00"
