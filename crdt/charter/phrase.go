package charter

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/tyler-smith/go-bip39"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// PhraseWords is the length of a recovery phrase. Twelve words hold 128 bits, which is as
// much as an Ed25519 key is worth to an attacker; twenty-four would only be twice the
// work, and twice the chance of a mistake, for who writes them on paper.
const PhraseWords = 12

const phraseEntropy = 16 // bytes in PhraseWords words; the rest is a checksum of 4 bits

// PhraseError says which word of a recovery phrase is none.
type PhraseError struct {
	Word    string
	Place   int      // from 1
	Perhaps []string // words that look like it, the likeliest first; may be empty
}

func (e *PhraseError) Error() string {
	s := fmt.Sprintf("word %d of the recovery phrase, %q, is not one of its words", e.Place, e.Word)
	if len(e.Perhaps) > 0 {
		s += "; perhaps " + strings.Join(e.Perhaps, " or ")
	}
	return s
}

// Problem implements problem.Teller.
func (e *PhraseError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, lookAgain, "%v", e)
}

// PhraseLengthError says that a recovery phrase is of another length.
type PhraseLengthError struct {
	Words int // how many there are
	Bytes int // if there are so many that nobody counted the words
}

func (e *PhraseLengthError) Error() string {
	if e.Bytes > 0 {
		return fmt.Sprintf("a recovery phrase has %d words, this is %d bytes long", PhraseWords, e.Bytes)
	}
	return fmt.Sprintf("a recovery phrase has %d words, not %d", PhraseWords, e.Words)
}

// Problem implements problem.Teller.
func (e *PhraseLengthError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, lookAgain, "%v", e)
}

// lookAgain is what to do about words that are no phrase.
const lookAgain = "look at the paper once more; nothing was done"

// ErrPhrase says that all words of a phrase are words, but not these in this order.
var ErrPhrase = problem.New(problem.Invalid, lookAgain, "these words are no recovery phrase: one of them is another word of the list, or two have changed places")

// NewPhrase draws a recovery phrase: PhraseWords English words of BIP-39 with single spaces.
// It is a person's only way back after losing every device. Show it once and keep it nowhere.
func NewPhrase() string {
	entropy := make([]byte, phraseEntropy)
	rand.Read(entropy) // never fails (Go 1.24)
	phrase, err := bip39.NewMnemonic(entropy)
	if err != nil {
		panic(err) // 16 bytes are a size that it takes
	}
	return phrase
}

// SignerFromPhrase returns the member key that a recovery phrase stands for. Case, white
// space, commas and full stops don't matter. The error is a *PhraseError, a *PhraseLengthError or ErrPhrase.
func SignerFromPhrase(phrase string) (entry.Signer, error) {
	if len(phrase) > 4096 {
		return entry.Signer{}, &PhraseLengthError{Bytes: len(phrase)}
	}
	words := strings.FieldsFunc(strings.ToLower(phrase), func(r rune) bool { return unicode.IsSpace(r) || r == ',' || r == '.' })
	for i, w := range words {
		if _, ok := bip39.GetWordIndex(w); !ok {
			return entry.Signer{}, &PhraseError{Word: w, Place: i + 1, Perhaps: similarWords(w)}
		}
	}
	if len(words) != PhraseWords {
		return entry.Signer{}, &PhraseLengthError{Words: len(words)}
	}
	entropy, err := bip39.EntropyFromMnemonic(strings.Join(words, " "))
	if err != nil {
		return entry.Signer{}, ErrPhrase
	}
	// The entropy is drawn, not chosen, so it needs no stretching: BIP-39's own derivation,
	// made for coins, is left aside, and this one can't meet it.
	seed, err := hkdf.Key(sha256.New, entropy, nil, "kith/member/key/1", 32)
	if err != nil {
		return entry.Signer{}, err
	}
	return entry.SignerFromSeed([32]byte(seed)), nil
}

// similarWords returns up to three words of the list that may have been meant: one slip
// away, or with the same first four letters, which no two words of the list share.
func similarWords(typed string) []string {
	if len(typed) > 16 {
		return nil
	}
	var near []string
	for _, w := range bip39.GetWordList() {
		if len(typed) >= 4 && strings.HasPrefix(w, typed[:4]) || slip(typed, w) {
			near = append(near, w)
		}
	}
	slices.SortStableFunc(near, func(a, b string) int { return shared(typed, b) - shared(typed, a) })
	return near[:min(3, len(near))]
}

// slip says whether a and b differ by one letter put in, left out or mistaken, or by two
// neighbours swapped.
func slip(a, b string) bool {
	n := shared(a, b)
	a, b = a[n:], b[n:]
	switch {
	case len(a) == len(b) && len(a) > 0:
		return a[1:] == b[1:] || len(a) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
	case len(a) == len(b)+1:
		return a[1:] == b
	case len(b) == len(a)+1:
		return b[1:] == a
	}
	return false
}

// shared returns how many letters a and b begin with alike.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
