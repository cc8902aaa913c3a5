package daemon

import (
	"regexp"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// notShared stands where a text of a home names what isn't in the share.
const notShared = "(not shared)"

// idWord is what looks like the ID of a document, a proposal or a member, or the start of one.
var idWord = regexp.MustCompile(`(?i)\b[tdnaqpm]-[0-9a-z]{4,32}\b`)

// shareLetters is how many letters of a document's ID stand for it in a text in a share.
const shareLetters = 10

// crockford is how what people type becomes the letters of IDs.
var crockford = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// leaver makes of the texts of a home what may be read in a share: not even an ID of what isn't there.
type leaver struct {
	home, there *replica.Replica
	left        []string // the words that were left out
}

func (b *backend) leaveOut(home, there *replica.Replica) *leaver {
	return &leaver{home: home, there: there}
}

func (l *leaver) plain(s string) string { return idWord.ReplaceAllStringFunc(s, l.word) }

func (l *leaver) word(word string) string {
	letter, start := strings.ToLower(word[:2]), crockford.Replace(strings.ToLower(word[2:]))
	kind, isDocument := map[string]string{
		"t-": api.KindTask, "d-": api.KindDecision, "n-": api.KindNote, "a-": api.KindAlly, "q-": api.KindAsk,
	}[letter]
	if isDocument && len(l.there.Resolve(kind, start, 1)) > 0 {
		return word // it is of the share
	}
	found := []replica.Ref{}
	if isDocument {
		found = l.home.Resolve(kind, start, 2)
	}
	if len(found) == 1 {
		if v, err := l.home.View(found[0].ID); err == nil && v.Link != nil && v.Link.Share == l.there.Space().String() {
			return v.Link.Doc[:min(len(v.Link.Doc), len(letter)+shareLetters)]
		}
	}
	if len(found) > 0 || l.names(letter, start) || len(start) == len(entry.DocID{}.String()) {
		if !slices.Contains(l.left, word) {
			l.left = append(l.left, word)
		}
		return notShared
	}
	return word
}

// names says whether a word names a proposal or a member of the home.
func (l *leaver) names(letter, start string) bool {
	switch letter {
	case "p-":
		for _, p := range l.home.Charter().Proposals() {
			if strings.HasPrefix(proposalID(p.ID), letter+start) {
				return true
			}
		}
	case "m-":
		for _, m := range l.home.Charter().Members() {
			if strings.HasPrefix(m.ID.String(), letter+start) {
				return true
			}
		}
	}
	return false
}
