// Package rateless finds the difference of two sets of IDs at a cost that follows the
// difference, not the sets: Rateless Invertible Bloom Lookup Tables, by Yang, Gilad and Alizadeh,
// "Practical Rateless Set Reconciliation", SIGCOMM 2024. Sections named here are those of that
// paper.
//
// Each side sends coded symbols of its set, as many as it takes. Whoever subtracts its own from
// the other's is left with the symbols of the difference alone, and peels the IDs out of them.
// About 1.35 symbols for each ID of a large difference do, and some more of a small one (§5).
//
// Symbols are sums, and who may choose what is in a set can make sums agree; so a Diff believes
// what it found only if it explains the digests of both sets as well, which aren't linear.
//
// Nothing here is safe for concurrent use but a Snapshot, which never changes, and nothing here
// knows connections. Layout: docs/PROTOCOL.md, "Streams".
package rateless

import (
	"crypto/sha256"
	"encoding/binary"
	"math"

	"kith/crdt/entry"
)

// Symbol is one coded symbol (§4): what the IDs that were mapped to it add up to.
type Symbol struct {
	Sum   entry.ID // of all IDs, by exclusive or
	Count int64    // how many; in a difference, ours count as -1
	Check uint32   // of their checksums, by exclusive or
}

// add puts an ID into the symbol, or with sign -1 takes it out.
func (s *Symbol) add(it *item, sign int64) {
	xor(&s.Sum, &it.id)
	s.Check ^= it.check
	s.Count += sign
}

func xor(into, other *entry.ID) {
	for i := 0; i < len(into); i += 8 {
		v := binary.LittleEndian.Uint64(into[i:]) ^ binary.LittleEndian.Uint64(other[i:])
		binary.LittleEndian.PutUint64(into[i:], v)
	}
}

// subtract returns the symbol of the difference: the other's IDs less ours.
func (s Symbol) subtract(ours *Symbol) Symbol {
	xor(&s.Sum, &ours.Sum)
	s.Check ^= ours.Check
	s.Count -= ours.Count
	return s
}

func (s *Symbol) isZero() bool { return *s == Symbol{} }

// pure returns the one ID that the symbol holds, if it holds one (§3). That Check fits the sum of
// several by chance happens once in 2^32 times; the digest finds it out.
func (s *Symbol) pure(key Key) (it item, ok bool) {
	if s.Count != 1 && s.Count != -1 {
		return item{}, false
	}
	it = key.item(s.Sum)
	return it, it.check == s.Check
}

// Size bounds what one encoded symbol takes, in bytes: MinSize to MaxSize.
const (
	MinSize = 32 + 4 + 1
	MaxSize = 32 + 4 + binary.MaxVarintLen64
)

// expected is how many of a set's IDs are in the symbol i on average. Only what a count is more
// or less than that is sent (§6): one byte or two, however large the set.
func expected(length, i int) int64 { return 2 * int64(length) / int64(i+2) }

func appendSymbol(b []byte, s *Symbol, length, i int) []byte {
	b = append(b, s.Sum[:]...)
	b = binary.BigEndian.AppendUint32(b, s.Check)
	return binary.AppendVarint(b, s.Count-expected(length, i))
}

// decodeSymbol reads a symbol and returns what is left of b; ok is false if b ends inside it.
func decodeSymbol(b []byte, length, i int) (s Symbol, rest []byte, ok bool) {
	if len(b) < MinSize {
		return s, b, false
	}
	s.Sum, s.Check = entry.ID(b[:32]), binary.BigEndian.Uint32(b[32:])
	more, n := binary.Varint(b[36:])
	if n <= 0 {
		return s, b, false
	}
	s.Count = expected(length, i) + more
	return s, b[36+n:], true
}

// Key makes checksums and places of IDs unlike those under another key. IDs are hashes, which can
// be ground until they meet in the same symbols under the zero key, which all know; under one that
// both sides draw for a session they can't.
type Key [16]byte

// item is an ID with what a key makes of it.
type item struct {
	id    entry.ID
	seed  uint64 // of its places
	check uint32
}

func (k *Key) item(id entry.ID) item {
	if *k == (Key{}) { // the IDs are hashes already, and this key is no secret
		seed := binary.LittleEndian.Uint64(id[:])
		check := seed
		for i := 8; i < len(id); i += 8 {
			check = mix(check ^ binary.LittleEndian.Uint64(id[i:]))
		}
		return item{id, seed | 1, uint32(check)}
	}
	var both [16 + 32]byte
	copy(both[:], k[:])
	copy(both[16:], id[:])
	sum := sha256.Sum256(both[:])
	return item{id, binary.LittleEndian.Uint64(sum[:]) | 1, binary.LittleEndian.Uint32(sum[8:])}
}

// mix is the finalizer of SplitMix64. A checksum must not add up as IDs do, or every sum of
// several would seem to be an ID.
func mix(x uint64) uint64 {
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// places yields the indices of the symbols that an ID is mapped to (§4.2): all are in the first,
// and in the symbol i with probability 1/(1+i/2).
type places struct {
	state uint64
	index int
}

func (it *item) places() places { return places{state: it.seed} }

// next moves to the next index, by the inverse of the distribution of the gap (§4.2), or to Kept
// if there is none below. Every step is one operation on doubles, none of which a compiler may
// fuse with the next, so that all machines come to the same.
func (p *places) next() {
	p.state *= 0xda942042e4dd58b5
	gap := float64(1<<32)/math.Sqrt(float64(p.state)+1) - 1
	jump := math.Ceil((float64(p.index) + 1.5) * gap)
	if jump >= float64(Kept-p.index) {
		p.index = Kept
		return
	}
	p.index += max(1, int(jump))
}
