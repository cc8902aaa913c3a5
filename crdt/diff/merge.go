package diff

import (
	"slices"
	"strings"
)

// Merge makes one text of what two people made of base: all that either did stands in it, and what both did alike stands once. ok is false if they
// changed one place, or two that are next to each other: then what each meant would be cut to pieces. Whole lines that both put in
// at one place stand one behind the other.
func Merge(base, mine, theirs string) (text string, ok bool) {
	m, t := changes(base, mine), changes(base, theirs)
	var out strings.Builder
	at := 0 // in base
	take := func(c changed) {
		out.WriteString(base[at:c.from] + c.come)
		at = c.to
	}
	for len(m)+len(t) > 0 {
		switch {
		case len(t) == 0, len(m) > 0 && m[0].to < t[0].from:
			take(m[0])
			m = m[1:]
		case len(m) == 0, t[0].to < m[0].from:
			take(t[0])
			t = t[1:]
		case m[0] == t[0]:
			take(m[0])
			m, t = m[1:], t[1:]
		case m[0].from == t[0].from && (m[0].linesBefore(base) && t[0].linesBefore(base) || m[0].linesBehind(base) && t[0].linesBehind(base)):
			take(changed{m[0].from, m[0].to, bothLines(m[0].come, t[0].come)})
			m, t = m[1:], t[1:]
		case m[0].beside(t[0], base):
			take(m[0])
			m = m[1:]
		case t[0].beside(m[0], base):
			take(t[0])
			t = t[1:]
		default:
			return "", false
		}
	}
	out.WriteString(base[at:])
	text = out.String()
	return text, !hasScraps(text, mine, theirs)
}

// changed is a part of a text, in bytes, and what came in its place.
type changed struct {
	from, to int
	come     string
}

// changes are what somebody did to base, in its order, with something that stayed between each two.
func changes(base, to string) (out []changed) {
	at := 0
	for _, h := range hunks(base, to) {
		for _, p := range rewritten(shortest(typed(h.from), typed(h.to)), h) {
			if n := len(out); p.same == "" && n > 0 && out[n-1].to == at {
				out[n-1].to, out[n-1].come = at+len(p.gone), out[n-1].come+p.come
			} else if p.same == "" {
				out = append(out, changed{at, at + len(p.gone), p.come})
			}
			at += len(p.same) + len(p.gone)
		}
	}
	return out
}

// linesBefore says whether it puts in whole lines where a line begins; behind the last one it is what has no end yet, too.
func (c changed) linesBefore(base string) bool {
	begins := c.from == 0 || base[c.from-1] == '\n'
	return c.from == c.to && begins && (strings.HasSuffix(c.come, "\n") || c.from > 0 && c.from == len(base))
}

// linesBehind says whether it puts in whole lines where a line ends.
func (c changed) linesBehind(base string) bool {
	return c.from == c.to && (c.from == len(base) || base[c.from] == '\n') && strings.HasPrefix(c.come, "\n")
}

// beside says whether c ends where other begins, and whole lines that one of them puts in there keep them apart.
func (c changed) beside(other changed, base string) bool {
	if c.to != other.from {
		return false
	}
	return c.linesBefore(base) || other.linesBehind(base) || c.from < c.to && other.linesBefore(base) || c.linesBehind(base) && other.from < other.to
}

// bothLines are the lines that two put in at one place, those that both did once.
func bothLines(mine, theirs string) (text string) {
	behind := strings.HasPrefix(mine, "\n") && strings.HasPrefix(theirs, "\n")
	if behind {
		mine, theirs = mine[1:]+"\n", theirs[1:]+"\n"
	}
	open := !strings.HasSuffix(mine, "\n") || !strings.HasSuffix(theirs, "\n") // at the end of the text
	if open {
		mine, theirs = strings.TrimSuffix(mine, "\n")+"\n", strings.TrimSuffix(theirs, "\n")+"\n"
	}
	for _, s := range shortest(lines(theirs), lines(mine)) {
		text += s.Text
	}
	if behind || open {
		text = strings.TrimSuffix(text, "\n")
	}
	if behind {
		text = "\n" + text
	}
	return text
}

// hasScraps says whether there is a word in a text that stands in neither of those that it was made of.
func hasScraps(text string, of ...string) bool {
	known := map[string]bool{}
	for _, one := range of {
		for _, word := range words(one) {
			known[word] = true
		}
	}
	return slices.ContainsFunc(words(text), func(word string) bool { return !known[word] })
}
