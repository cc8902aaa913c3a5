package charter

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/tyler-smith/go-bip39"

	"kith/crdt/entry"
)

// PairWords is how many words two devices show to be compared: 22 bits. Who stands between them
// has one guess at them, since each side is bound to its part before it learns the other's.
const PairWords = 2

// KeyWords is how many words stand for a new member key: 66 bits, as who would forge it may try
// as long as they like.
const KeyWords = 6

// Pairing is what two devices know when one of them is about to be added: what the words that
// people compare stand for.
type Pairing struct {
	Space    entry.SpaceID
	Code     entry.Device // the public half of the code's key
	By, New  entry.Device // the device that adds, and the one to be added
	NonceBy  [32]byte     // drawn by each of them; the new one's is bound by Commitment
	NonceNew [32]byte
}

// Commitment binds the new device to its nonce before it learns the other's.
func (p *Pairing) Commitment() [32]byte {
	return hashed("kith/pairing/commit/1\x00", p.Space[:], p.Code[:], p.By[:], p.New[:], p.NonceNew[:])
}

// Words returns the two words.
func (p *Pairing) Words() []string {
	sum := hashed("kith/pairing/words/1\x00", p.Space[:], p.Code[:], p.By[:], p.New[:], p.NonceBy[:], p.NonceNew[:])
	return wordsOf(sum, PairWords)
}

// Words returns words that stand for this new key and no other, for people to read to each other.
func (r *Rekey) Words() []string {
	b, err := r.Encode()
	if err != nil {
		return nil // its name is out of bounds: so no statement holds it
	}
	return wordsOf(hashed("kith/rekey/words/1\x00", b), KeyWords)
}

func hashed(domain string, parts ...[]byte) (sum [32]byte) {
	h := sha256.New()
	h.Write([]byte(domain))
	for _, p := range parts {
		h.Write(p)
	}
	return [32]byte(h.Sum(nil))
}

// WordsOf takes n words from a hash, 11 bits each.
func WordsOf(sum [32]byte, n int) []string { return wordsOf(sum, n) }

// wordsOf takes 11 bits for each word of BIP-39's English list, from the first on.
func wordsOf(sum [32]byte, n int) []string {
	list := bip39.GetWordList()
	words := make([]string, n)
	for i := range words {
		bit := i * 11
		var wide [4]byte
		copy(wide[:], sum[bit/8:])
		words[i] = list[binary.BigEndian.Uint32(wide[:])>>(32-11-bit%8)&(1<<11-1)]
	}
	return words
}

// ReadPair reads the two words of a new device as people type them. The error is a *CodeError.
func ReadPair(text string) ([]string, error) { return readPair(text, wantPair) }

// ReadHeard reads the two words that somebody has heard from an ally, as people type them. The error is
// a *CodeError.
func ReadHeard(text string) ([]string, error) { return readPair(text, wantHeard) }

// AreSwapped says whether somebody typed the two words that they were to compare one for the other. Whoever stands in between hits that as hardly as the
// words themselves.
func AreSwapped(typed, shown []string) bool {
	return len(typed) == 2 && len(shown) == 2 && typed[0] == shown[1] && typed[1] == shown[0] && typed[0] != typed[1]
}

func readPair(text, want string) ([]string, error) {
	if len(text) > maxCodeText {
		return nil, &CodeError{want}
	}
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return isSpace(r) || r == '-' || r == ',' })
	for i, w := range words {
		if _, ok := bip39.GetWordIndex(w); !ok {
			why := fmt.Sprintf("word %d, %q, is none of those that are shown", i+1, w)
			if near := similarWords(w); len(near) > 0 {
				why += "; perhaps " + strings.Join(near, " or ")
			}
			return nil, &CodeError{why}
		}
	}
	if len(words) != PairWords {
		return nil, &CodeError{want}
	}
	return words, nil
}

const (
	wantPair  = "the new device shows two words; type both"
	wantHeard = "the other side reads two words to you; type both"
)
