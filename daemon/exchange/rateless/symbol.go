// Package rateless finds the difference of two sets of IDs at a cost that follows the
// difference, not the sets: Rateless Invertible Bloom Lookup Tables, by Yang, Gilad and Alizadeh,
// "Practical Rateless Set Reconciliation", SIGCOMM 2024. Sections named here are those of that
// paper.
//
// Each side sends coded symbols of its set, as many as it takes. Whoever subtracts its own from
// the other's is left with the symbols of the difference alone, and peels the IDs out of them.
// About 1.35 symbols for each ID of a large difference do, and some more of a small one (§5).
//
// Nothing here is safe for concurrent use, and nothing here knows connections.
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
	Check uint64   // of their checksums, by exclusive or
	Count int64    // how many; in a difference, ours count as -1
}

// Size is what an encoded symbol takes, in bytes.
const Size = 32 + 8 + 8

// Append appends the encoding of s to b.
func (s Symbol) Append(b []byte) []byte {
	b = append(b, s.Sum[:]...)
	b = binary.BigEndian.AppendUint64(b, s.Check)
	return binary.BigEndian.AppendUint64(b, uint64(s.Count))
}

// Decode reads one symbol from the first Size bytes of b. Any bytes are a symbol.
func Decode(b []byte) Symbol {
	return Symbol{
		Sum:   entry.ID(b[:32]),
		Check: binary.BigEndian.Uint64(b[32:]),
		Count: int64(binary.BigEndian.Uint64(b[40:])),
	}
}

// add puts an ID into the symbol, or with sign -1 takes it out.
func (s *Symbol) add(it item, sign int64) {
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
func (s Symbol) subtract(ours Symbol) Symbol {
	xor(&s.Sum, &ours.Sum)
	s.Check ^= ours.Check
	s.Count -= ours.Count
	return s
}

func (s *Symbol) isZero() bool { return s.Count == 0 && s.Check == 0 && s.Sum == entry.ID{} }

// pure returns the one ID that the symbol holds, if it holds one (§3). That Check fits the sum of
// several by chance happens once in 2^64 times, and by design only to those who know the key.
func (s *Symbol) pure(key Key) (it item, ok bool) {
	if s.Count != 1 && s.Count != -1 {
		return item{}, false
	}
	it = key.item(s.Sum)
	return it, it.check == s.Check
}

// Key makes checksums and places of IDs unlike those under another key. IDs are hashes, which can
// be ground until they meet in the same symbols under a key that is known before; under one that
// both sides draw for a session they can't.
type Key [16]byte

// item is an ID with what a key makes of it.
type item struct {
	id    entry.ID
	check uint64
	seed  uint64 // of its places
}

func (k Key) item(id entry.ID) item {
	if k == (Key{}) { // the IDs are hashes already, and this key is no secret
		seed := binary.LittleEndian.Uint64(id[:])
		check := seed
		for i := 8; i < len(id); i += 8 {
			check = mix(check ^ binary.LittleEndian.Uint64(id[i:]))
		}
		return item{id, check, seed | 1}
	}
	h := sha256.New()
	h.Write(k[:])
	h.Write(id[:])
	sum := h.Sum(nil)
	return item{id, binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:]) | 1}
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

func (it item) places() places { return places{state: it.seed} }

// maxIndex is an index beyond all that are asked for; a jump past it ends there.
const maxIndex = 1 << 40

// next moves to the next index, by the inverse of the distribution of the gap (§4.2). Every step
// is one operation on doubles, so that all machines come to the same.
func (p *places) next() {
	p.state *= 0xda942042e4dd58b5
	gap := float64(1<<32)/math.Sqrt(float64(p.state)+1) - 1
	jump := math.Ceil((float64(p.index) + 1.5) * gap)
	if jump >= maxIndex {
		p.index = maxIndex
		return
	}
	p.index += max(1, int(jump))
}
