package diff_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/diff"
)

func told(steps []diff.Step) string {
	var out strings.Builder
	for _, s := range steps {
		switch s.Is {
		case diff.Gone:
			out.WriteString("[-" + s.Text + "-]")
		case diff.New:
			out.WriteString("{+" + s.Text + "+}")
		case diff.Same:
			out.WriteString(s.Text)
		}
	}
	return out.String()
}

func TestAnEditIsToldAsSomebodyTypedIt(t *testing.T) {
	for _, test := range []struct{ from, to, told string }{
		{"", "", ""},
		{"", "one", "{+one+}"},
		{"one two", "one two three", "one two{+ three+}"},
		{"one three", "one two three", "one {+two +}three"},
		{"a two c", "a X two Y c", "a {+X +}two {+Y +}c"}, // and two is nobody's anew
		{"Riso: ana", "Risographs: ana", "[-Riso: -]{+Risographs: +}ana"},
		{"at five pm", "at six pm", "at [-five -]{+six +}pm"},
		{"at five pm", "at four pm", "at [-five -]{+four +}pm"},
		{"one two\nthree", "one TWO\nthree", "one[- two-]{+ TWO+}\nthree"}, // of two who do that both words have a space before them
		{"one two\nthree", "one TWO three\nthree", "one[- two-]{+ TWO three+}\nthree"},
		{"it costs five.", "it costs six.", "it costs[- five-]{+ six+}."},
		{"at five, or six", "at four, or six", "at[- five-]{+ four+}, or six"},
		{"Five, or six", "Four, or six", "[-Five, -]{+Four, +}or six"},
		{"at 10:30 (sharp)", "at 10:45 (early)", "at[- 10:30 (sharp-]{+ 10:45 (early+})"},
		{"two\nthree", "TWO\nthree", "[-two-]{+TWO+}\nthree"},
		{"we meet at five", "we meet at five, or six", "we meet at five{+, or six+}"},
		{"one two  three", "one two\tfour", "one two[-  three-]{+\tfour+}"},
		{"下午五点见", "下午六点见", "下午[-五-]{+六+}点见"}, // where no space is between words, the letters
		{strings.Repeat("a", 70) + "-b-c", strings.Repeat("a", 70) + "-x-c", strings.Repeat("a", 70) + "-[-b-]{+x+}-c"},
		{"the quick fox", "a slow dog", "[-the quick fox-]{+a slow dog+}"}, // and no space between them is left of it
		{"We meet in the hall on Monday.", "They come to the shop by Friday.", "[-We meet in -]{+They come to +}the[- hall on Monday-]{+ shop by Friday+}."},
		{"the quick fox", "a quick dog", "[-the -]{+a +}quick[- fox-]{+ dog+}"},
		{"🙃 b", "🙃 🙃 b", "{+🙃 +}🙃 b"},
		{"- paper\n- ink", "- white paper\n- ink\n- rags", "- {+white +}paper\n- ink{+\n- rags+}"}, // and ink is nobody's anew
		{"paper\nink", "paper, white\nink\nrags", "paper{+, white+}\nink{+\nrags+}"},
	} {
		if got := told(diff.Edit(test.from, test.to)); got != test.told {
			t.Errorf("from %q to %q it is told as %s, not %s", test.from, test.to, got, test.told)
		}
	}
}

// Whoever types is asked again and again for what stands there: a word that grows isn't put in anew each time.
func TestWhatSomebodyTypesIsToldByLettersWhereAWordGrew(t *testing.T) {
	for _, test := range []struct{ from, to, told string }{
		{"at f pm", "at four pm", "at f{+our+} pm"},
		{"at four pm", "at f pm", "at f[-our-] pm"},
		{"text. hewo", "text. hellowo", "text. he{+llo+}wo"},    // another types behind it at the same time
		{"at five pm", "at four pm", "at [-five -]{+four +}pm"}, // and is no "f" that stayed
		{"we meet at five", "we meet at four", "we meet at[- five-]{+ four+}"},
	} {
		if got := told(diff.Typing(test.from, test.to)); got != test.told {
			t.Errorf("from %q to %q it is told as %s, not %s", test.from, test.to, got, test.told)
		}
	}
}

// What an edit writes down is about the words that changed, however long the text is.
func TestAnEditOfALongTextIsAsLargeAsItsWords(t *testing.T) {
	was := strings.Fields(strings.Repeat("white paper and black ink for the riso ", 2_500)) // 97,500 characters
	is := slices.Clone(was)
	for i := 3_000; i < 13_000; i += 100 {
		is[i] = "glue"
	}
	for name, by := range map[string]string{"in a line": " ", "of lines": "\n"} {
		size := 0
		for _, s := range diff.Edit(strings.Join(was, by), strings.Join(is, by)) {
			if s.Is != diff.Same {
				size += len(s.Text)
			}
		}
		if size > 100*(len("glue ")+len("white ")) {
			t.Errorf("%s: 100 words of %d changed, and %d letters are written down", name, len(was), size)
		}
	}
}

// Who only puts in words leaves all others alone, wherever they put them in and however often a word is there.
func TestWordsThatArePutInTakeNothingOut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SliceOfN(rapid.SampledFrom([]string{"a ", "b ", "\n", "the ", "riso\n", "ñ "}), 0, 60).Draw(t, "text")
		var to []string
		for i, word := range append(from, "") {
			for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "put in") {
				to = append(to, fmt.Sprintf("%s%02d ", rapid.SampledFrom([]string{"ana", "ben"}).Draw(t, "who"), i))
			}
			to = append(to, word)
		}
		for _, s := range diff.Edit(strings.Join(from, ""), strings.Join(to, "")) {
			if s.Is == diff.Gone {
				t.Fatalf("%q is taken out, from %q to %q", s.Text, from, to)
			}
		}
	})
}

func TestADifferenceHoldsBothTexts(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.RuneFrom([]rune("ab \n\U0010ffff語")), 0, 60, -1)
		was, is := text.Draw(t, "was"), text.Draw(t, "is")
		for name, steps := range map[string][]diff.Step{"words": diff.Words(was, is), "edit": diff.Edit(was, is), "typing": diff.Typing(was, is), "kept": diff.Kept(was, is)} {
			var a, b strings.Builder
			for _, s := range steps {
				if s.Is != diff.New {
					a.WriteString(s.Text)
				}
				if s.Is != diff.Gone {
					b.WriteString(s.Text)
				}
			}
			if a.String() != was || b.String() != is {
				t.Errorf("%s: %q and %q, told as %q and %q", name, was, is, a.String(), b.String())
			}
		}
	})
}

// hostile are pairs of long texts that a difference could take minutes for.
func hostile() map[string][2]string {
	rng := rand.New(rand.NewPCG(1, 2))
	text := func(letters string, n int) string {
		var b strings.Builder
		for b.Len() < n {
			b.WriteByte(letters[rng.IntN(len(letters))])
		}
		return b.String()
	}
	const n = 40_000
	spaced := "abcdefghijklmnopqrstuvwxyz      "
	mixed := text(spaced, n)
	return map[string][2]string{
		"nothing alike, in words":        {text(spaced, n), text(spaced, n)},
		"nothing alike, in lines":        {text(spaced+"\n", n), text(spaced+"\n", n)},
		"nothing alike, without a space": {text("abcdefgh", n), text("abcdefgh", n)},
		"of two letters":                 {text("ab", n), text("ab", n)},
		"of a letter and spaces":         {text("a ", n), text("a ", n)},
		"of ends of lines":               {text("a\n", n), text("a\n", n)},
		"one letter, and others between": {strings.Repeat("a", n), strings.Repeat("ab", n/2)},
		"the same, turned around":        {mixed, reversed(mixed)},
		"a word anew in each line":       {strings.Repeat("one two three\n", n/14), strings.Repeat("one 2 three\n", n/14)},
		"every other word":               {strings.Repeat("a b ", n/4), strings.Repeat("b a c ", n/6)},
		"scraps between what is new":     {strings.Repeat("abc x defg\n", n/11), strings.Repeat("hij x klmn\n", n/11)},
		"scraps that grow":               {text("xyz ", n), text("xyw ", n)},
	}
}

func reversed(s string) string {
	r := []rune(s)
	slices.Reverse(r)
	return string(r)
}

// A difference of any two texts is found in a time that is bounded by their length: see TestTheWorkOfADifferenceIsBoundedByTheLengthOfTheTexts.
func TestADifferenceOfTextsThatAreMadeToTakeLongIsFound(t *testing.T) {
	for name, pair := range hostile() {
		for what, steps := range map[string]func(from, to string) []diff.Step{"words": diff.Words, "edit": diff.Edit, "typing": diff.Typing, "kept": diff.Kept} {
			if got := steps(pair[0], pair[1]); whole(got, diff.New) != pair[0] || whole(got, diff.Gone) != pair[1] {
				t.Errorf("%s, %s: it doesn't lead from one to the other", name, what)
			}
		}
	}
}

// whole is the text without the steps of a sort.
func whole(steps []diff.Step, but diff.Is) string {
	var b strings.Builder
	for _, s := range steps {
		if s.Is != but {
			b.WriteString(s.Text)
		}
	}
	return b.String()
}
