package sought

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"kith/crdt/kind"
)

// Weights of where a word stands, and of how much of a word it is.
const (
	inTitle = 8
	inTags  = 4
	inText  = 1

	whole  = 2
	begins = 1
	part   = 0.5 // of a longer word, not at its beginning

	near = 0.1 // spelled a letter otherwise
)

// Query is what somebody searches for: all of these words.
type Query []Word

// Word is one word of it, folded. With Tag it was written with a # before it, and is meant of tags alone.
type Word struct {
	Text string
	Tag  bool
}

// Parse reads what was typed; there is nothing to search for if it is empty.
func Parse(typed string) (q Query) {
	for _, w := range strings.Fields(fold(typed)) {
		bare := strings.TrimLeft(w, "#")
		if bare != "" {
			q = append(q, Word{Text: bare, Tag: bare != w})
		}
	}
	return q
}

// Score says how well a record fits; 0 if a word is missing. With nearly, words count that are spelled a letter otherwise.
func (q Query) Score(record string, nearly bool) (score float64) {
	title, rest, _ := strings.Cut(record, "\n")
	tags, text, _ := strings.Cut(rest, "\n")
	for _, w := range q {
		n := inTags * times(tags, w.Text)
		if !w.Tag {
			n += inTitle*times(title, w.Text) + inText*times(text, w.Text)
		}
		if n == 0 && nearly {
			n = near * inTags * w.nearlyIn(tags)
			if !w.Tag {
				n += near * (inTitle*w.nearlyIn(title) + inText*w.nearlyIn(text))
			}
		}
		if n == 0 {
			return 0
		}
		score += n
	}
	return score / (1 + float64(strings.Count(text, "\n"))/100)
}

// Whole is Score of a document without looking at its record.
func (q Query) Whole(v *kind.View, words []string, nearly bool) float64 {
	return q.Score(record(v, words), nearly)
}

// Line is the line of a text, or of other words, that fits best; "" if none does.
func (q Query) Line(text string, words []string, nearly bool) (line string) {
	best := 0.0
	for _, s := range append([]string{text}, words...) {
		for l := range strings.Lines(s) {
			folded, n := fold(l), 0.0
			for _, w := range q {
				if n += times(folded, w.Text); nearly {
					n += near * w.nearlyIn(folded)
				}
			}
			if n > best {
				best, line = n, strings.TrimSpace(l)
			}
		}
	}
	return line
}

// times counts a word in a folded text, each place by how much of a word it is there.
func times(text, word string) (n float64) {
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return n
		}
		i += from
		from = i + len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:i])
		after, _ := utf8.DecodeRuneInString(text[from:])
		first, _ := utf8.DecodeRuneInString(word)
		switch {
		case isLetter(before) && !unspaced(first):
			n += part
		case isLetter(after):
			n += begins
		default:
			n += whole
		}
	}
}

// enough is how many letters a word has that may be spelled otherwise: of shorter ones too many are a letter apart.
const enough = 4

// nearlyIn counts the words of a folded text that are a letter apart from this one: one more, less, another, or two neighbours
// swapped; apostrophes don't count. In scripts without spaces there is no telling.
func (w Word) nearlyIn(text string) (n float64) {
	word := []rune(bare(w.Text))
	if len(word) < enough || unspaced(word[0]) {
		return 0
	}
	for other := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isLetter(r) && !isApostrophe(r) }) {
		of := []rune(bare(other))
		switch ends := len(of) - len(word); {
		case ends < -1:
		case apart(word, of):
			n++
		case ends > 1 && (apart(word, of[ends:]) || apart(word, of[:len(word)])): // how a longer word ends, or begins
			n += part
		}
	}
	return n
}

func bare(word string) string {
	if !strings.ContainsFunc(word, isApostrophe) {
		return word
	}
	return strings.Map(func(r rune) rune {
		if isApostrophe(r) {
			return -1
		}
		return r
	}, word)
}

// apart says whether a and b are at most a letter apart, or have two neighbours swapped.
func apart(a, b []rune) bool {
	for len(a) > 0 && len(b) > 0 && a[0] == b[0] {
		a, b = a[1:], b[1:]
	}
	for len(a) > 0 && len(b) > 0 && a[len(a)-1] == b[len(b)-1] {
		a, b = a[:len(a)-1], b[:len(b)-1]
	}
	return len(a) <= 1 && len(b) <= 1 || len(a) == 2 && len(b) == 2 && a[0] == b[1] && a[1] == b[0]
}

func isApostrophe(r rune) bool { return r == '\'' || r == '’' || r == 'ʼ' }

func isLetter(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) }

// unspaced says whether a letter is of a script that puts no spaces between words.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan)
}
