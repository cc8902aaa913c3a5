package kind_test

import (
	"slices"
	"strings"
	"testing"

	"kith/crdt/kind"
)

func TestAnAtNamesWhoStandsBehindItAndNoAddress(t *testing.T) {
	for _, is := range []struct {
		text, named string
		unknown     string
	}{
		{"@Ben, is this so?", "Ben,", ""},
		{"ask @Ana María about it", "Ana María", ""},
		{"(@Ben) and\n@Ana María", "Ben) Ana María", ""},
		{"write to ben@mail.example", "", ""},
		{"5 @ 2 each", "", ""},
		{"@Zoe knows", "", "Zoe"},
		{"at the end @", "", ""},
	} {
		var named []string
		unknown := kind.NamedIn(is.text, func(words []string) int {
			for n := len(words); n > 0; n-- {
				word := strings.Join(words[:n], " ")
				if slices.Contains([]string{"Ben,", "Ben)", "Ana María"}, word) {
					named = append(named, word)
					return n
				}
			}
			return 0
		})
		if strings.Join(named, " ") != is.named || strings.Join(unknown, " ") != is.unknown {
			t.Errorf("%q names %q, and %q is unknown", is.text, named, unknown)
		}
	}
}
