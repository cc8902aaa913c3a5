package desk

import (
	"context"
	"sort"
	"strings"
	"unicode"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/words"
)

// Weights of where a word stands. A whole word counts twice as much as a part of one.
const (
	inTitle = 8
	inTags  = 4
	inText  = 1
)

// Search implements server.Documents: it reads the views. With some thousands of documents that
// takes less time than keeping an index of words would at every change.
func (b *Desk) Search(ctx context.Context, typed string, limit int) ([]api.Hit, error) {
	r := b.at.Replica
	wanted := strings.Fields(charter.FoldText(typed))
	if len(wanted) == 0 {
		return nil, api.Problemf(api.Usage, "kith search WORDS", "search for at least one word")
	}
	var hits []api.Hit
	err := r.Views("", func(v *crdt.View) bool {
		s := b.Look(r, v)
		if score, line := rank(s.View, wanted); score > 0 {
			hits = append(hits, api.Hit{
				ID: api.FullID(v.Kind, v.ID.String()), Short: words.ShortID(r, v.Kind, v.ID), Kind: v.Kind,
				Title: s.View.Title, Line: line, Score: score, Shared: s.Shared,
			})
		}
		return ctx.Err() == nil
	})
	if err != nil {
		return nil, err
	}
	sort.SliceStable(hits, func(i, j int) bool { return hits[i].Score > hits[j].Score })
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits, ctx.Err()
}

// rank says how well a document fits, and gives the line that fits best; 0 if a word is missing.
func rank(v *crdt.View, wanted []string) (score float64, line string) {
	title, tags := charter.FoldText(v.Title), charter.FoldText(strings.Join(v.Tags, " "))
	text := textOf(v)
	folded := foldLines(text)
	for _, w := range wanted {
		n := inTitle*times(title, w) + inTags*times(tags, w)
		for _, l := range folded {
			n += inText * times(l, w)
		}
		if n == 0 {
			return 0, ""
		}
		score += n
	}
	best := 0.0
	for i, l := range folded {
		n := 0.0
		for _, w := range wanted {
			n += times(l, w)
		}
		if n > best {
			best, line = n, strings.TrimSpace(text[i])
		}
	}
	return score / (1 + float64(len(text))/100), cut(line, 200)
}

// textOf returns the lines of all that people wrote into a document, beside its title.
func textOf(v *crdt.View) []string {
	lines := strings.Split(v.Text, "\n")
	if k := kinds.All.Named(v.Kind); k != nil {
		lines = append(lines, k.Words(v)...)
	}
	return lines
}

func foldLines(lines []string) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		if l != "" {
			out[i] = charter.FoldText(l)
		}
	}
	return out
}

// times counts a word in a folded text: 1 for each place where it begins a word, 2 for each
// where it is one.
func times(text, word string) float64 {
	n := 0.0
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return n
		}
		i += from
		from = i + len(word)
		before := []rune(text[max(0, i-4):i])
		if len(before) > 0 && isLetter(before[len(before)-1]) {
			continue
		}
		n++
		if rest := []rune(text[from:min(len(text), from+4)]); len(rest) == 0 || !isLetter(rest[0]) {
			n++
		}
	}
}

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n-1]) + "…"
	}
	return s
}
