package crdt

import (
	"strings"

	"kith/crdt/diff"
	"kith/crdt/kind"
	"kith/crdt/problem"
)

// Differences says in which of the parts that answers are to two views of a kind differ. was nil is what nobody was shown
// yet: all that there is differs.
func Differences(k *kind.Kind, was, is *View) (out []problem.Change) {
	before := make([]kind.Part, len(k.Parts(is)))
	if was != nil {
		before = k.Parts(was)
	}
	for i, p := range k.Parts(is) {
		if before[i].Says != p.Says {
			c := problem.Change{Field: p.Field, Was: cut(before[i].Says), Is: cut(p.Says)}
			if was != nil {
				c.Diff = Passages(before[i].Says, p.Says)
			}
			out = append(out, c)
		}
	}
	return out
}

// Bounds of what is told of a difference, in characters and passages. Who wants all of it reads both versions.
const (
	maxTold     = 8_000
	maxSame     = 80 // of what is alike, around a change
	maxPassages = 200
)

// Passages tells two texts apart for a person, in whole words.
func Passages(was, is string) (out []problem.Passage) {
	steps := diff.Words(was, is)
	for i, s := range steps {
		if len(out) == maxPassages {
			return append(out, problem.Passage{Same: " … "})
		}
		switch s.Is {
		case diff.Gone:
			out = append(out, problem.Passage{Gone: cut(s.Text)})
		case diff.New:
			out = append(out, problem.Passage{Came: cut(s.Text)})
		case diff.Same:
			out = append(out, problem.Passage{Same: around(s.Text, i > 0, i < len(steps)-1)})
		}
	}
	return out
}

// around keeps of what is alike what stands next to a change.
func around(s string, before, after bool) string {
	r := []rune(s)
	if len(r) <= 2*maxSame {
		return s
	}
	var out strings.Builder
	if before {
		out.WriteString(string(r[:maxSame]))
	}
	out.WriteString(" … ")
	if after {
		out.WriteString(string(r[len(r)-maxSame:]))
	}
	return out.String()
}

func cut(s string) string {
	if runes(s) <= maxTold {
		return s
	}
	return string([]rune(s)[:maxTold-1]) + "…"
}
