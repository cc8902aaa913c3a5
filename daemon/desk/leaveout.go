package desk

import (
	"regexp"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// notShared stands where a text of a home names what isn't in the share.
const notShared = "(not shared)"

// idWord is what may be the ID of a document, a proposal or a member, or the start of one. What is before and behind
// it has no letters or digits: it may be emphasised, _so_.
var idWord = regexp.MustCompile(`(?i)[0-9a-z]+-[0-9a-z]{4,}`)

// copyLetters is how many letters of the ID of a copy in another space stand for it in a text there.
const copyLetters = 10

// ShortCopy gives of the whole ID of a copy in another space what stands for it in a text there.
func ShortCopy(id string) string {
	letters, _, _ := strings.Cut(id, "-")
	return id[:min(len(id), len(letters)+len("-")+copyLetters)]
}

// EachID puts in the place of each word of a text that may be an ID what make makes of it.
func EachID(s string, make func(word string) string) string {
	return idWord.ReplaceAllStringFunc(s, make)
}

// Leaver makes of the texts of a home what may be read in a share: not even an ID of what isn't there.
type Leaver struct {
	home, there *replica.Replica
	others      []*replica.Replica // of other spaces that are served here

	Left []string // the words that were left out so far, each once
}

// LeaveOut makes what cleans texts of home, a co-op's, that are to be read there, in a share.
func (b *Desk) LeaveOut(home, there *replica.Replica) *Leaver {
	l := &Leaver{home: home, there: there}
	for _, other := range b.all.All() {
		if other.Replica != home && other.Replica != there {
			l.others = append(l.others, other.Replica)
		}
	}
	return l
}

// Plain puts "(not shared)" in the place of each word that names what isn't there, and the ID that it has there in the
// place of one that names what goes on there. Other words stay as they are.
func (l *Leaver) Plain(s string) string { return EachID(s, l.word) }

// over is plain for a text that is written in the place of another one in the share. Words that stood there already
// stay: else who reads it would learn which of theirs are IDs here, and lose them.
func (l *Leaver) over(was, s string) string {
	stood := map[string]int{}
	for _, word := range idWord.FindAllString(was, -1) {
		stood[word]++
	}
	return EachID(s, func(word string) string {
		if stood[word] > 0 {
			stood[word]--
			return word
		}
		return l.word(word)
	})
}

func (l *Leaver) word(word string) string {
	letters, start, k := kinds.All.SplitID(word)
	if k == nil && letters != "p" && letters != "m" {
		return word
	}
	names := func(r *replica.Replica) bool {
		return k != nil && len(r.Resolve(k.Name, start, 1)) > 0 || namesPeople(r, letters, start)
	}
	found := []replica.Ref{}
	if k != nil {
		found = l.home.Resolve(k.Name, start, 2)
	}
	if len(found) == 1 {
		if v, err := l.home.View(found[0].ID); err == nil && v.Link != nil && v.Link.Share == l.there.Space().String() {
			return ShortCopy(v.Link.Doc)
		}
	}
	if !names(l.home) && names(l.there) {
		return word
	}
	if names(l.home) || slices.ContainsFunc(l.others, names) || len(start) == len(entry.DocID{}.String()) {
		if !slices.Contains(l.Left, word) {
			l.Left = append(l.Left, word)
		}
		return notShared
	}
	return word
}

// namesPeople says whether a word names a member of a space, or a proposal that they have made.
func namesPeople(r *replica.Replica, letters, start string) bool {
	switch letters {
	case "p":
		for _, p := range r.Charter().Proposals() {
			if strings.HasPrefix(words.ProposalID(p.ID), "p-"+start) {
				return true
			}
		}
	case "m":
		for _, m := range r.Rules().Members() {
			if strings.HasPrefix(m.ID.String(), "m-"+start) {
				return true
			}
		}
	}
	return false
}
