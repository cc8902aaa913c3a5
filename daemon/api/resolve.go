package api

import (
	"fmt"
	"strings"

	"kith/crdt/kinds"
)

// IDLength is how many letters an ID has after the one for its kind.
const IDLength = 32

// MinBareID is how many letters a start of a member's ID needs when its "m-" is left out, so
// that a mistyped name isn't taken for one.
const MinBareID = 4

// Crockford makes what people read and type into the letters of IDs.
var Crockford = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// SplitID takes a word apart into the kind that its letters name ("" without one) and the
// start of an ID. ok is false when no ID starts so.
func SplitID(word string) (kind, start string, ok bool) {
	letters, start, k := kinds.All.SplitID(word)
	switch {
	case k != nil:
		kind = k.Name
	case letters != "":
		return "", "", false
	}
	valid := strings.Trim(start, "0123456789abcdefghjkmnpqrstvwxyz") == ""
	return kind, start, valid && start != "" && len(start) <= IDLength
}

// Brief shortens a word for a message.
func Brief(word string) string {
	if r := []rune(word); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return word
}

// Listed puts words into a row as people do: "Ana, Ben and Cleo".
func Listed(all []string) string {
	if len(all) < 2 {
		return strings.Join(all, "")
	}
	return strings.Join(all[:len(all)-1], ", ") + " and " + all[len(all)-1]
}

// WithCandidates adds to a problem what an ambiguous word may have meant, at most MaxCandidates of it.
func WithCandidates[T any](p *Problem, all []T, as func(T) Candidate) *Problem {
	for _, one := range all[:min(len(all), MaxCandidates)] {
		p.Candidates = append(p.Candidates, as(one))
	}
	return p
}

// Meant are those titles, in quotes, that may be meant by words which name nothing: of which they are a part, and which are a letter apart from them, or
// begin so; "" if there are none.
func Meant(words string, titles []string) string {
	var meant []string
	for _, title := range titles {
		if mayMean(FoldText(words), FoldText(title)) && len(meant) < MaxCandidates {
			meant = append(meant, "“"+Brief(title)+"”")
		}
	}
	return strings.Join(meant, " or ")
}

// CalledNothing says that words are the name of nothing of a kind, with those of its titles that may be meant by them.
func CalledNothing(kind, words string, titles []string) string {
	meant := Meant(words, titles)
	if meant == "" {
		return fmt.Sprintf("There is no %s called “%s” yet.", kind, Brief(words))
	}
	return fmt.Sprintf("There is no %s called “%s” yet. Did you mean %s?", kind, Brief(words), meant)
}

// mayMean says whether who typed these words, folded, may have meant a title, folded.
func mayMean(words, title string) bool {
	if words == "" || title == "" {
		return false
	}
	letters := []rune(title)
	begins := string(letters[:min(len(letters), len([]rune(words)))])
	return strings.Contains(title, words) || strings.Contains(words, title) || LetterApart(words, title) || len(letters) > 4 && LetterApart(words, begins)
}

// IsStart says whether a word that somebody typed is an ID, or the start of one, with its letter or without.
func IsStart(word, id string) bool {
	kind, start, ok := SplitID(word)
	_, rest, of := kinds.All.SplitID(id)
	return ok && (kind == "" || of != nil && of.Name == kind) && strings.HasPrefix(rest, start)
}
