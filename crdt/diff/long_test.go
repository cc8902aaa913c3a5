package diff

import (
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// whole puts together what runs say of two texts.
func (l *long) whole(a, b []rune) (was, is []rune) {
	for _, r := range l.runs {
		if r.is != New {
			was, a = append(was, a[:r.n]...), a[r.n:]
		}
		if r.is == New {
			is = append(is, b[:r.n]...)
		}
		if r.is != Gone {
			b = b[r.n:]
		}
		if r.is == Same {
			is = append(is, was[len(was)-r.n:]...)
		}
	}
	return was, is
}

// However few steps are looked for at once, what is found leads from one text to the other, and what both begin and end with stays.
func TestACoarseDifferenceIsADifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.RuneFrom([]rune("abc\n")), 0, 300)
		a, b := text.Draw(t, "from"), text.Draw(t, "to")
		if rapid.Bool().Draw(t, "alike") {
			at := rapid.IntRange(0, len(a)).Draw(t, "at")
			b = slices.Concat(a[:at], b[:min(len(b), 40)], a[at:])
		}
		l := compareBy(a, b, rapid.IntRange(1, 60).Draw(t, "steps at once"))
		if was, is := l.whole(a, b); string(was) != string(a) || string(is) != string(b) {
			t.Fatalf("from %q to %q it leads from %q to %q", string(a), string(b), string(was), string(is))
		}
		for i, r := range l.runs {
			if r.n <= 0 || i > 0 && r.is <= l.runs[i-1].is && r.is != Same {
				t.Fatalf("not in order: %v", l.runs)
			}
		}
	})
}

// Where few steps lead from one to the other, these are found.
func TestTheFewestStepsAreFoundWhereThereAreFew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOfN(rapid.RuneFrom([]rune("ab")), 0, 40)
		a, b := text.Draw(t, "from"), text.Draw(t, "to")
		steps := 0
		for _, r := range compare(a, b).runs {
			if r.is != Same {
				steps += r.n
			}
		}
		if want := fewest(a, b); steps != want {
			t.Fatalf("from %q to %q: %d steps, and %d are enough", string(a), string(b), steps, want)
		}
	})
}

// fewest counts them by the table of all beginnings.
func fewest(a, b []rune) int {
	last := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range a {
		now := []int{i + 1}
		for j := range b {
			if a[i] == b[j] {
				now = append(now, last[j])
			} else {
				now = append(now, 1+min(last[j+1], now[j]))
			}
		}
		last = now
	}
	return last[len(b)]
}

// The work is counted, not timed.
func TestTheWorkOfADifferenceIsBoundedByTheLengthOfTheTexts(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, letters := range []string{"ab", "abcdefgh", "aaaaaaab", "abcdefghijklmnopqrstuvwxyz0123456789"} {
		for _, n := range []int{10_000, 100_000} {
			text := func() []rune {
				out := make([]rune, n)
				for i := range out {
					out[i] = rune(letters[rng.IntN(len(letters))])
				}
				return out
			}
			a, b := text(), text()
			if l := compare(a, b); l.looked > 4*maxSteps*2*n {
				t.Errorf("%d of %q: looked at %d places, %d for each letter", n, letters, l.looked, l.looked/n)
			}
		}
	}
}
