package diff_test

import (
	"fmt"
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
		{"Riso: ana", "Risographs: ana", "Riso{+graphs+}: ana"},
		{"one two\nthree", "one TWO\nthree", "one [-two-]{+TWO+}\nthree"},
		{"the quick fox", "a slow dog", "[-the quick fox-]{+a slow dog+}"}, // and no space between them is left of it
		{"We meet in the hall on Monday.", "They come to the shop by Friday.", "[-We meet in the hall on Mon-]{+They come to the shop by Fri+}day."},
		{"the quick fox", "a quick dog", "[-the-]{+a+} quick [-fox-]{+dog+}"},
		{"🙃 b", "🙃 🙃 b", "{+🙃 +}🙃 b"},
		{"- paper\n- ink", "- white paper\n- ink\n- rags", "- {+white +}paper\n- ink{+\n- rags+}"}, // and ink is nobody's anew
		{"paper\nink", "paper, white\nink\nrags", "paper{+, white+}\nink{+\nrags+}"},
	} {
		if got := told(diff.Edit(test.from, test.to)); got != test.told {
			t.Errorf("from %q to %q it is told as %s, not %s", test.from, test.to, got, test.told)
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
		for name, steps := range map[string][]diff.Step{"words": diff.Words(was, is), "edit": diff.Edit(was, is), "kept": diff.Kept(was, is)} {
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

func TestLongTextsThatAreNothingAlikeAreComparedInBoundedTime(t *testing.T) {
	from, to := strings.Repeat("one two\n", 6_000), strings.Repeat("three four five\n", 6_000)
	if steps := diff.Edit(from, to); len(steps) == 0 {
		t.Error("there is no difference")
	}
}
