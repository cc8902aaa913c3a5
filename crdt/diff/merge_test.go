package diff_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/diff"
)

func TestWhatTwoMadeOfATextIsMergedByWholeWordsOrNotAtAll(t *testing.T) {
	for _, test := range []struct{ name, base, mine, theirs, text string }{
		{"nobody did anything", "one two", "one two", "one two", "one two"},
		{"only I", "one two", "one", "one two", "one"},
		{"only they", "one two", "one two", "two", "two"},
		{"in other lines", "salt\nflour\nyeast", "salt, coarse\nflour\nyeast", "salt\nflour\nyeast, fresh", "salt, coarse\nflour\nyeast, fresh"},
		{"in other words of a line", "We met. It is broken. We left.", "We met on Tuesday. It is broken. We left.", "We met. It is broken. We left late.", "We met on Tuesday. It is broken. We left late."},
		{"a line each, at the end", "salt\n", "salt\nbutter\n", "salt\nyeast\n", "salt\nyeast\nbutter\n"},
		{"a line each, at an end without a line end", "salt", "salt\nbutter", "salt\nyeast", "salt\nyeast\nbutter"},
		{"a line each that has no end, behind one that has", "salt\n", "salt\nbutter", "salt\nyeast", "salt\nyeast\nbutter"},
		{"the same line", "salt", "salt\nyeast", "salt\nyeast", "salt\nyeast"},
		{"a line of several that both put in", "salt\n", "salt\nbutter\nyeast\n", "salt\nyeast\neggs\n", "salt\nbutter\nyeast\neggs\n"},
		{"the same word", "nine", "ten", "ten", "ten"},
		{"the same word, put in", "at", "at ten", "at ten", "at ten"},
		{"a line behind one that is taken out", "salt\nflour", "salt", "salt\nflour\nyeast", "salt\nyeast"},
		{"a line behind one that is written anew", "salt\nflour", "salt\nrye", "salt\nflour\nyeast", "salt\nrye\nyeast"},
		{"a line behind one that goes on", "salt", "salt\nyeast", "salt, coarse", "salt, coarse\nyeast"},

		{"all of it anew", "flour 25\nsalt", "todo", "flour 50\nsalt, coarse", ""},
		{"the same word otherwise", "nine", "ten", "eight", ""},
		{"words at one place", "one three", "one two three", "one 2 three", ""},
		{"a word that is taken out, and one behind it", "salt", "", "salt, coarse", ""},
		{"words next to each other", "a b c", "x b c", "a y c", ""},
		{"two first texts", "", "one", "two", ""},
	} {
		text, ok := diff.Merge(test.base, test.mine, test.theirs)
		if ok != (test.text != "") || text != test.text {
			t.Errorf("%s: got %q, %v", test.name, text, ok)
		}
		if back, same := diff.Merge(test.base, test.theirs, test.mine); same != ok || len(back) != len(text) {
			t.Errorf("%s, the other way round: got %q, %v", test.name, back, same)
		}
	}
}

// Nobody's words go under in it, none stands there twice that both put in, and there is none that nobody wrote.
func TestAMergedTextHasWhatBothDid(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := rapid.SliceOfN(rapid.SampledFrom([]string{"a ", "b ", "c\n", "the ", "\n", "ñ "}), 0, 30).Draw(t, "base")
		number := 0
		edited := func(who string) (text string, came []string) {
			for _, word := range append(base, "") {
				switch rapid.SampledFrom([]string{"", "", "", "", "out", "before", "line"}).Draw(t, who) {
				case "out":
					word = ""
				case "before":
					number++
					came = append(came, fmt.Sprintf("%s%02d", who, number))
					word = came[len(came)-1] + " " + word
				case "line":
					number++
					came = append(came, fmt.Sprintf("%s%02d", who, number))
					word = "\n" + came[len(came)-1] + "\n" + word
				}
				text += word
			}
			return text, came
		}
		mine, mineCame := edited("ana")
		theirs, theirsCame := edited("ben")
		was := strings.Join(base, "")
		for _, one := range []string{mine, theirs} {
			if text, ok := diff.Merge(was, one, was); !ok || text != one {
				t.Fatalf("of what one did alone, %q, it makes %q, %v", one, text, ok)
			}
			if text, ok := diff.Merge(was, one, one); !ok || text != one {
				t.Fatalf("of what both did, %q, it makes %q, %v", one, text, ok)
			}
		}
		text, ok := diff.Merge(was, mine, theirs)
		if !ok {
			return
		}
		words := strings.Fields(text)
		for _, word := range slices.Concat(mineCame, theirsCame) {
			if n := len(slices.DeleteFunc(slices.Clone(words), func(w string) bool { return w != word })); n != 1 {
				t.Fatalf("%s stands there %d times: %q, of %q, %q and %q", word, n, text, was, mine, theirs)
			}
		}
		for _, word := range words {
			if !slices.Contains(strings.Fields(mine), word) && !slices.Contains(strings.Fields(theirs), word) {
				t.Fatalf("nobody wrote %q: %q, of %q, %q and %q", word, text, was, mine, theirs)
			}
		}
	})
}
