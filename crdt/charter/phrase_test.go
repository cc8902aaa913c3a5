package charter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tyler-smith/go-bip39"

	"kith/crdt/charter"
)

const (
	zeroPhrase = "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about"
	legal      = "legal winner thank year wave sausage worth useful legal winner thank yellow"
)

func TestARecoveryPhraseGivesTheSameKeyHoweverItIsTyped(t *testing.T) {
	phrase := charter.NewPhrase()
	want, err := charter.SignerFromPhrase(phrase)
	if err != nil || len(strings.Fields(phrase)) != charter.PhraseWords {
		t.Fatalf("%q: %v", phrase, err)
	}
	for _, typed := range []string{
		strings.ToUpper(phrase), "  " + strings.ReplaceAll(phrase, " ", "\n\t ") + "\n", strings.ToUpper(phrase[:1]) + phrase[1:],
		strings.ReplaceAll(phrase, " ", ", ") + ".", strings.ReplaceAll(phrase, " ", ","),
	} {
		if got, err := charter.SignerFromPhrase(typed); err != nil || got.Device() != want.Device() {
			t.Errorf("%q: %v", typed, err)
		}
	}
	other, err := charter.SignerFromPhrase(charter.NewPhrase())
	if err != nil || other.Device() == want.Device() {
		t.Errorf("another phrase gives the same key: %v", err)
	}
	// Neither BIP-39's own seed nor the entropy itself is the key.
	if seed := want.Seed(); slices.Equal(seed[:], bip39.NewSeed(phrase, "")[:32]) {
		t.Error("the key is BIP-39's own")
	}
}

func TestAMistypedRecoveryPhraseSaysWhichWord(t *testing.T) {
	for _, test := range []struct{ name, phrase, want string }{
		{"a letter wrong", strings.Replace(legal, "thank", "thsnk", 1), `word 3 of the recovery phrase, "thsnk", is not one of its words; perhaps thank`},
		{"two letters swapped", strings.Replace(legal, "year", "yaer", 1), `word 4 of the recovery phrase, "yaer", is not one of its words; perhaps year`},
		{"a letter left out", strings.Replace(legal, "sausage", "sasage", 1), `word 6 of the recovery phrase, "sasage", is not one of its words; perhaps sausage`},
		{"a wrong ending", strings.Replace(legal, "useful", "usefulness", 1), `word 8 of the recovery phrase, "usefulness", is not one of its words; perhaps useful`},
		{"nothing like a word", strings.Replace(legal, "wave", "xqzw", 1), `word 5 of the recovery phrase, "xqzw", is not one of its words`},
		{"a mistyped word beats a missing one", "legal wimner", `word 2 of the recovery phrase, "wimner", is not one of its words; perhaps winner`},
		{"a word missing", strings.TrimSuffix(legal, " yellow"), "a recovery phrase has 12 words, not 11"},
		{"nothing", "", "a recovery phrase has 12 words, not 0"},
		{"24 words", legal + " " + legal, "a recovery phrase has 12 words, not 24"},
		{"two words swapped", "winner legal thank year wave sausage worth useful legal winner thank yellow", charter.ErrPhrase.Error()},
		{"another word of the list", strings.Replace(legal, "wave", "water", 1), charter.ErrPhrase.Error()},
	} {
		_, err := charter.SignerFromPhrase(test.phrase)
		if err == nil || err.Error() != test.want {
			t.Errorf("%s: %v\nwant %s", test.name, err, test.want)
		}
	}
	var wrong *charter.PhraseError
	if _, err := charter.SignerFromPhrase("legal wimner"); !errors.As(err, &wrong) || wrong.Place != 2 {
		t.Errorf("%#v", err)
	}
	if _, err := charter.SignerFromPhrase(strings.Repeat("legal ", 1<<16)); err == nil || len(err.Error()) > 200 {
		t.Error(err)
	}
}
