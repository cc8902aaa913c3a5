package page

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/feature/plural"
)

// What the daemon says comes in English sentences, in which names and numbers stand already. A file of words beside that of a
// language ("es-daemon.words") holds them with {1}, {2} … in those places; a sentence is put into the language by finding the
// one that it was made of. What was put in is looked at likewise: it may be a sentence itself.

// sentence is one that the daemon says: in the reader's language if it is known how, and else as it came.
type sentence struct {
	Says string
	Lang string // "en" where it isn't the language of the page; ""
}

// said puts a sentence of the daemon into the reader's language. own is what somebody wrote in it, which is left as it is, and so are the
// members' names.
func (in *asking) said(says string, own ...string) sentence {
	if in.t.Tag == "en" || says == "" {
		return sentence{Says: says}
	}
	if there, ok := in.t.daemons(says, append(own, in.memberNames()...)...); ok {
		return sentence{Says: there}
	}
	return sentence{says, "en"}
}

// saidAll puts all of them.
func (in *asking) saidAll(says []string) (all []sentence) {
	for _, s := range says {
		all = append(all, in.said(s))
	}
	return all
}

// memberNames are those of all members, whatever words they are.
func (in *asking) memberNames() []string {
	if in.c == nil {
		return nil
	}
	names, _ := keep(&in.p.hub, in.space+"/names", func() (names []string, err error) { // without them it is put as it comes
		all, err := in.c.Members(in.ctx())
		for _, m := range all {
			names = append(names, m.Name)
		}
		return names, err
	})
	return names
}

// mould is a sentence with places in which something is put.
type mould struct {
	is     *regexp.Regexp
	says   string
	quoted []bool // of each place, whether “” stand around it: what is put in there somebody wrote
}

// moulds are those of a language, those with more words of their own first.
type moulds struct {
	phrases map[string]phrase
	day     func(time.Time) string // says a day in the language; nil: as it came
	once    sync.Once
	all     []mould
}

var placed = regexp.MustCompile(`\{[1-9]\}`)

// maxMoulded bounds the sentences that are looked at, in bytes: what somebody wrote may stand in them.
const maxMoulded = 4000

// deepest is how many sentences may stand in each other.
const deepest = 3

// daemons gives what a sentence of the daemon is in a language, and whether that is known. What is own is left as it is.
func (t *tongue) daemons(says string, own ...string) (string, bool) {
	return t.moulds.put(says, own, deepest)
}

// each puts several sentences in a row one by one.
func (m *moulds) each(says string, own []string, deep int) (string, bool) {
	ends := sentenceEnd.FindAllStringIndex(says, maxSentences)
	if len(ends) == 0 || len(ends) == maxSentences {
		return "", false
	}
	var all []string
	from := 0
	for _, end := range ends {
		all, from = append(all, says[from:end[0]+1]), end[0]+2
	}
	all = append(all, says[from:])
	for i, one := range all {
		there, ok := m.put(one, own, deep)
		if !ok {
			return "", false
		}
		all[i] = there
	}
	return strings.Join(all, " "), true
}

// sentenceEnd is where a sentence ends and another one begins.
var sentenceEnd = regexp.MustCompile(`\. \p{Lu}`)

// maxSentences bounds how many are looked for in a row.
const maxSentences = 12

func (m *moulds) put(says string, own []string, deep int) (string, bool) {
	if slices.Contains(own, says) {
		return says, true
	}
	if p, ok := m.phrases[says]; ok {
		return p[plural.Other], true
	}
	if day, ok := m.asDay(says); ok {
		return day, true
	}
	if deep == 0 || len(says) > maxMoulded {
		return "", false
	}
	m.once.Do(m.make)
	for _, one := range m.all {
		found := one.is.FindStringSubmatch(says)
		if found == nil {
			continue
		}
		return placed.ReplaceAllStringFunc(one.says, func(place string) string {
			n, _ := strconv.Atoi(place[1:2])
			if n >= len(found) {
				return place
			}
			if one.quoted[n] {
				return found[n]
			}
			bare := strings.TrimLeft(found[n], " ")
			if inner, ok := m.put(bare, own, deep-1); ok {
				return strings.TrimSuffix(found[n], bare) + inner
			}
			return found[n]
		}), true
	}
	return m.each(says, own, deep-1)
}

// days are the forms in which the daemon writes a day.
var days = []string{"2 Jan 2006", "2 January 2006", time.DateOnly}

func (m *moulds) asDay(says string) (string, bool) {
	if m.day == nil || len(says) > len("30 September 2006, 15:04 America") {
		return "", false
	}
	date, clock, _ := strings.Cut(says, ", ")
	clock, zone, _ := strings.Cut(clock, " ")
	if _, err := time.Parse("15:04", clock); err != nil && clock != "" {
		return "", false
	}
	for _, form := range days {
		if at, err := time.Parse(form, date); err == nil && (clock == "" || form != time.DateOnly) {
			return strings.TrimSuffix(strings.TrimSpace(m.day(at)+", "+clock+" "+zone), ","), true
		}
	}
	return "", false
}

func (m *moulds) make() {
	type key struct {
		text string
		own  int
	}
	var keys []key
	for text := range m.phrases {
		if own := len(placed.ReplaceAllString(text, "")); own < len(text) {
			keys = append(keys, key{text, own})
		}
	}
	slices.SortFunc(keys, func(a, b key) int { return cmp.Or(b.own-a.own, strings.Compare(a.text, b.text)) })
	for _, k := range keys {
		var b strings.Builder
		rest, quoted := k.text, []bool{false} // places are counted from 1
		for at := placed.FindStringIndex(rest); at != nil; at = placed.FindStringIndex(rest) {
			b.WriteString(regexp.QuoteMeta(rest[:at[0]]) + `(.*?)`)
			quoted = append(quoted, strings.HasSuffix(rest[:at[0]], "“") && strings.HasPrefix(rest[at[1]:], "”"))
			rest = rest[at[1]:]
		}
		m.all = append(m.all, mould{regexp.MustCompile(`(?s)\A` + b.String() + regexp.QuoteMeta(rest) + `\z`), m.phrases[k.text][plural.Other], quoted})
	}
}
