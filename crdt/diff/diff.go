// Package diff tells two texts apart: for people, in whole words; and for an edit, so that what somebody left alone counts as
// left, and what they wrote stays in one piece when others write beside it.
//
// Replicas need not agree on it: a difference is found once, where somebody writes or reads, and what it comes to is written down.
package diff

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/sergi/go-diff/diffmatchpatch"
)

// Is says what a step does.
type Is int8

const (
	Same Is = iota // stands in both texts
	Gone           // stands in the earlier one alone
	New            // stands in the later one alone
)

// Step is a passage on the way from one text to another. All that are Same or Gone are the earlier text, all that are Same
// or New the later one.
type Step struct {
	Is   Is
	Text string
}

// Words gives the steps from a text to another in whole words, with the white space between them by itself.
func Words(from, to string) []Step { return shortest(words(from), words(to)) }

// Edit gives the steps that somebody took in an editor, in whole words: of two who put something in the place of one word while
// they are apart both words stand there then, beside each other, and no scrap of either. A word that stands between two new ones
// isn't taken out and written anew, where somebody else who does the same would double it. What is left in pieces of a passage that
// was written anew goes with it, so that of two who do that both passages stay whole.
func Edit(from, to string) []Step { return edit(from, to, false) }

// Typing is Edit for a text that is told again and again while somebody types: a word that only grew, or only lost something, is told
// by letters. As a whole it would be written anew at each telling, and what two begin at one place at one moment would double.
func Typing(from, to string) []Step { return edit(from, to, true) }

func edit(from, to string, typing bool) (out []Step) {
	passages := []hunk{{from, to}}
	if unlike(typed(from), typed(to)) > exact {
		passages = hunks(from, to)
	}
	for _, h := range passages {
		for _, p := range rewritten(shortest(typed(h.from), typed(h.to)), h) {
			switch grew := p.between == 0 || p.betweenNew == 0; {
			case p.gone == "" || p.come == "":
				out = append(out, p.steps()...)
			case typing && grew, hasNoWords(p.gone), hasNoWords(p.come):
				out = append(out, letters(p.gone, p.come, true)...)
			default:
				out = inWords(out, p)
			}
		}
	}
	return checked(slices.DeleteFunc(out, func(s Step) bool { return s.Text == "" }), from, to)
}

// inWords adds to the steps before it what p puts in the place of something, in whole words. A space goes with each passage: else what
// two put there would be one word. That is the one behind it, or at the end of a line the one before it; the end of a line stays, since
// others go on writing there.
func inWords(out []Step, p passage) []Step {
	all := rewritten(shortest(bare(p.gone), bare(p.come)), hunk{p.gone, p.come})
	for i, p := range all {
		if strings.TrimSpace(p.gone) != "" && strings.TrimSpace(p.come) != "" && !(endsBlank(p.gone) && endsBlank(p.come)) {
			same, blank := "", -1 // what stays behind it, and where that has a space
			if i+1 < len(all) {
				same = all[i+1].same
				blank = strings.IndexFunc(same, isBlank)
			}
			before := len(out) - 1
			borrows := before >= 0 && out[before].Is == Same && endsBlank(out[before].Text)
			switch {
			case blank == 0, blank > 0 && !borrows && !strings.Contains(same[:blank], "\n"):
				n := blank + utf8.RuneLen(firstOf(same[blank:]))
				p.gone, p.come, all[i+1].same = p.gone+same[:n], p.come+same[:n], same[n:]
			case borrows:
				text := out[before].Text
				_, n := utf8.DecodeLastRuneInString(text)
				n = len(text) - n
				p.gone, p.come, out[before].Text = text[n:]+p.gone, text[n:]+p.come, text[:n]
			}
		}
		out = append(out, p.steps()...)
	}
	return out
}

// bare takes a text apart into words, single white space, and the signs that are written before and behind a word: who goes on behind a
// word with a comma leaves the word alone.
func bare(s string) (out []string) {
	const signs = ".,;:!?…()[]{}\"'`*_«»“”„‘’¿¡。、"
	for _, word := range words(s) {
		core := strings.TrimRight(word, signs)
		behind := word[len(core):]
		for core != "" && strings.ContainsRune(signs, firstOf(core)) {
			n := utf8.RuneLen(firstOf(core))
			out, core = append(out, core[:n]), core[n:]
		}
		if core != "" {
			out = append(out, core)
		}
		for _, r := range behind {
			out = append(out, string(r))
		}
	}
	return out
}

func firstOf(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}

// isBlank says whether it is white space within a line.
func isBlank(r rune) bool { return unicode.IsSpace(r) && r != '\n' }

func endsBlank(s string) bool {
	r, _ := utf8.DecodeLastRuneInString(s)
	return isBlank(r)
}

// longest is how many characters a word can have. What is longer is none: written anew for each letter in it, it would soon use up the
// room that a document has.
const longest = 64

// hasNoWords says whether letters are all that there is to compare by: in scripts without a space between words, and in what is too long.
func hasNoWords(text string) bool {
	n := 0
	for _, r := range text {
		if n++; unicode.IsSpace(r) {
			n = 0
		}
		if n > longest || r >= 0x0e00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan) {
			return true
		}
	}
	return false
}

// passage is what stayed, or what is gone with what came in its place. Of the latter it says how many characters both begin and
// end with alike, and how many lie between.
type passage struct {
	same, gone, come    string
	begin, end          int
	between, betweenNew int
}

func (p *passage) steps() (out []Step) {
	for _, s := range []Step{{Same, p.same}, {Gone, p.gone}, {New, p.come}} {
		if s.Text != "" {
			out = append(out, s)
		}
	}
	return out
}

// rewritten takes the steps between the two texts of h together. What stayed between two passages that were written anew, and is shorter
// than either, goes with them; beside what was only put in or only taken out it stays.
func rewritten(steps []Step, h hunk) (out []passage) {
	was, is := 0, 0 // how far they are, in bytes
	for i := 0; i < len(steps); {
		var p passage
		if steps[i].Is == Same {
			p.same = steps[i].Text
			was, is = was+len(p.same), is+len(p.same)
			i++
		} else {
			gone, come := was, is
			for ; i < len(steps) && steps[i].Is != Same; i++ {
				if steps[i].Is == Gone {
					was += len(steps[i].Text)
				} else {
					is += len(steps[i].Text)
				}
			}
			p.gone, p.come = h.from[gone:was], h.to[come:is]
			p.count()
		}
		n := len(out)
		if n < 2 || p.same != "" {
			out = append(out, p)
			continue
		}
		before, same := out[n-2], out[n-1].same
		length := utf8.RuneCountInString(same)
		if !before.replaces(length) || !p.replaces(length) {
			out = append(out, p)
			continue
		}
		// Neither is all alike, so what both begin with is the first one's, and what both end with is the second one's.
		stayed := before.end + length + p.begin
		out = append(out[:n-2], passage{
			gone: h.from[was-len(p.gone)-len(same)-len(before.gone) : was], come: h.to[is-len(p.come)-len(same)-len(before.come) : is],
			begin: before.begin, end: p.end, between: before.between + stayed + p.between, betweenNew: before.betweenNew + stayed + p.betweenNew,
		})
	}
	return out
}

// count counts what lies between.
func (p *passage) count() {
	gone, come := p.gone, p.come
	for gone != "" && come != "" {
		r, n := utf8.DecodeRuneInString(gone)
		if other, _ := utf8.DecodeRuneInString(come); other != r {
			break
		}
		gone, come = gone[n:], come[n:]
		p.begin++
	}
	for gone != "" && come != "" {
		r, n := utf8.DecodeLastRuneInString(gone)
		if other, _ := utf8.DecodeLastRuneInString(come); other != r {
			break
		}
		gone, come = gone[:len(gone)-n], come[:len(come)-n]
		p.end++
	}
	p.between, p.betweenNew = utf8.RuneCountInString(gone), utf8.RuneCountInString(come)
}

// replaces says whether p puts something in the place of something, beyond what both begin and end with, and at least as much as
// the characters that stayed beside it.
func (p *passage) replaces(same int) bool {
	return p.between > 0 && p.betweenNew > 0 && max(p.between, p.betweenNew) >= same
}

// Kept gives the steps by letters, so that as much as can be counts as kept: for what was done to a text that nobody saw done.
func Kept(from, to string) []Step { return checked(letters(from, to, false), from, to) }

// checked are the steps, if they lead from one text to the other. The library would have made a mistake if they didn't; a text
// that isn't what somebody wrote is worse than a coarse difference.
func checked(steps []Step, from, to string) []Step {
	var was, is strings.Builder
	for _, s := range steps {
		if s.Is != New {
			was.WriteString(s.Text)
		}
		if s.Is != Gone {
			is.WriteString(s.Text)
		}
	}
	if was.String() != from || is.String() != to {
		return []Step{{Gone, from}, {New, to}}
	}
	return steps
}

// exact is up to how many pieces, of both texts together and between what they begin and end with alike, the fewest steps are
// looked for: else a word that stayed can count as gone and come.
const exact = 2_000

// shortest gives the fewest steps from some pieces to others, or of long texts few, neighbours of one sort together, and what is gone
// before what came in its place.
func shortest(from, to []string) []Step {
	if unlike(from, to) > exact {
		return stepsBetween(from, to, func(pieces []string) string { return strings.Join(pieces, "") })
	}
	var pieces []string
	known := map[string]rune{}
	coded := func(all []string) []rune {
		out := make([]rune, len(all))
		for i, piece := range all {
			r, ok := known[piece]
			if !ok {
				r = rune(len(pieces)) + 1
				if r >= 0xd800 { // no runes are there: what stands for a piece must be one
					r += 0x800
				}
				known[piece], pieces = r, append(pieces, piece)
			}
			out[i] = r
		}
		return out
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0 // which is without an end, and without shortcuts
	steps := stepsOf(dmp.DiffMainRunes(coded(from), coded(to), false))
	for i, s := range steps {
		var text strings.Builder
		for _, r := range s.Text {
			if r >= 0xd800 {
				r -= 0x800
			}
			text.WriteString(pieces[r-1])
		}
		steps[i].Text = text.String()
	}
	return steps
}

// stepsBetween gives the steps between long texts.
func stepsBetween[T comparable](from, to []T, text func([]T) string) (out []Step) {
	for _, r := range compare(from, to).runs {
		out = append(out, Step{Is: r.is})
		s := &out[len(out)-1]
		if r.is != New {
			s.Text, from = text(from[:r.n]), from[r.n:]
		}
		if r.is == New {
			s.Text = text(to[:r.n])
		}
		if r.is != Gone {
			to = to[r.n:]
		}
	}
	return out
}

// middles are what lies between the parts with which both begin and end alike.
func middles[T comparable](a, b []T) (_, _ []T) {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return a, b
}

// unlike counts it.
func unlike[T comparable](a, b []T) int {
	a, b = middles(a, b)
	return len(a) + len(b)
}

func stepsOf(diffs []diffmatchpatch.Diff) []Step {
	out := make([]Step, len(diffs))
	for i, d := range diffs {
		is := Same
		switch d.Type {
		case diffmatchpatch.DiffInsert:
			is = New
		case diffmatchpatch.DiffDelete:
			is = Gone
		}
		out[i] = Step{is, d.Text}
	}
	return out
}

// letters compares by letters, with the borders of words where there is a choice. Whole keeps what stands in the place of
// something in one piece, instead of cutting it up by letters that happen to be equal.
func letters(from, to string, whole bool) (out []Step) {
	if from == to {
		return []Step{{Same, from}}
	}
	was, is := []rune(from), []rune(to)
	if unlike(was, is) > exact {
		steps := stepsBetween(was, is, func(runes []rune) string { return string(runes) })
		if !whole {
			return steps
		}
		for _, p := range rewritten(steps, hunk{from, to}) {
			out = append(out, p.steps()...)
		}
		return out
	}
	dmp := diffmatchpatch.New()
	dmp.DiffTimeout = 0
	diffs := dmp.DiffMainRunes(was, is, true)
	if whole {
		diffs = dmp.DiffCleanupSemantic(diffs)
	}
	return stepsOf(dmp.DiffCleanupSemanticLossless(diffs))
}

// hunk is a passage of one text and what stands in its place in the other.
type hunk struct{ from, to string }

// hunks pairs the passages of two texts, by whole lines: those that are alike, and between them those that aren't. As many
// changed lines as there were before are paired one by one.
func hunks(from, to string) (out []hunk) {
	var gone, come string
	flush := func() {
		was, is := strings.SplitAfter(gone, "\n"), strings.SplitAfter(come, "\n")
		if len(was) != len(is) {
			was, is = []string{gone}, []string{come}
		}
		for i := range was {
			if was[i] != "" || is[i] != "" {
				out = append(out, hunk{was[i], is[i]})
			}
		}
		gone, come = "", ""
	}
	for _, s := range shortest(lines(from), lines(to)) {
		switch s.Is {
		case Gone:
			gone += s.Text
		case New:
			come += s.Text
		case Same:
			flush()
			out = append(out, hunk{s.Text, s.Text})
		}
	}
	flush()
	return out
}

func lines(s string) []string {
	return slices.DeleteFunc(strings.SplitAfter(s, "\n"), func(line string) bool { return line == "" })
}

// words takes a text apart into words with what is written together with them, and single white space.
func words(s string) (out []string) {
	from := 0
	for i, r := range s {
		if unicode.IsSpace(r) {
			if from < i {
				out = append(out, s[from:i])
			}
			from = i + utf8.RuneLen(r)
			out = append(out, s[i:from])
		}
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}

// typed takes a text apart into words, each with the white space behind it: so a space alone is nothing that stayed between
// two words of which both are others. The end of a line stands by itself, else a line that became longer, or isn't the last one any
// more, would have another last word, and what others wrote behind that word would go to another line.
func typed(s string) (out []string) {
	from := 0
	for i, r := range s {
		if !unicode.IsSpace(r) {
			continue
		}
		end := i + utf8.RuneLen(r)
		if r == '\n' && from < i {
			out, from = append(out, s[from:i]), i
		}
		out, from = append(out, s[from:end]), end
	}
	if from < len(s) {
		out = append(out, s[from:])
	}
	return out
}
