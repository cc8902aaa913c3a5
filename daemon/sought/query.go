package sought

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
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
	title, tags, text := parts(record)
	for _, w := range q {
		f := fit{exact: inTags * times(tags, w.Text)}
		if !w.Tag {
			f.exact += inTitle*times(title, w.Text) + inText*times(text, w.Text)
		}
		if f.exact == 0 && nearly {
			spelled := w.spelled()
			f.nearTags = spelled.in(tags)
			if !w.Tag {
				f.nearRest = inTitle*spelled.in(title) + inText*spelled.in(text)
			}
		}
		n := f.score(nearly)
		if n == 0 {
			return 0
		}
		score += n
	}
	return spread(score, strings.Count(text, "\n"))
}

// fit is how well one word fits a record: as it is typed, and spelled a letter otherwise, in tags and elsewhere.
type fit struct{ exact, nearTags, nearRest float64 }

func (f *fit) score(nearly bool) float64 {
	if f.exact > 0 || !nearly {
		return f.exact
	}
	return near*inTags*f.nearTags + near*f.nearRest
}

// spread makes less of what stands in a long text.
func spread(score float64, lines int) float64 { return score / (1 + float64(lines)/100) }

// Line is the line of a text, or of other words, that fits best; "" if none does. It looks through them as far as a record goes, and no
// further than most bytes; took is how many that were.
func (q Query) Line(text string, words []string, nearly bool, most int) (line string, took int) {
	best := 0.0
	var spelled []spelling
	for _, w := range q {
		spelled = append(spelled, w.spelled())
	}
	most = min(most, Most)
	var b []byte
	for l := range lines(text, words) {
		if took >= most {
			break
		}
		b = appendLine(b[:0], l, most-took)
		folded, n := string(b), 0.0
		took += max(len(b), 1)
		for i, w := range q {
			if n += times(folded, w.Text); nearly {
				n += near * spelled[i].in(folded)
			}
		}
		if n > best {
			best, line = n, strings.TrimSpace(l)
		}
	}
	return line, took
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

// spelling is a word that is looked for a letter otherwise.
type spelling struct {
	word    []rune // nil: of so few letters too many are a letter apart
	letters uint64 // of plain ones, which there are
}

func (w Word) spelled() (s spelling) {
	word := []rune(bare(w.Text))
	if len(word) < enough || unspaced(word[0]) {
		return s // in scripts without spaces there is no telling
	}
	for _, r := range word {
		if r < utf8.RuneSelf {
			s.letters |= 1 << (r & 63)
		}
	}
	s.word = word
	return s
}

// may says at once of most words that they are no letter apart: of the letters there are, one may be missing.
func (s spelling) may(other string) bool {
	if len(other) < len(s.word)-1 {
		return false
	}
	var letters uint64
	for i := range len(other) {
		letters |= 1 << (other[i] & 63)
	}
	return bits.OnesCount64(s.letters&^letters) <= 1
}

// in counts the words of a folded text that are a letter apart from this one: one more, less, another, or two neighbours
// swapped; apostrophes don't count.
func (s spelling) in(text string) (n float64) {
	if s.word == nil || !s.may(text) {
		return 0
	}
	for other := range strings.FieldsFuncSeq(text, func(r rune) bool { return !isLetter(r) && !isApostrophe(r) }) {
		if !s.may(other) {
			continue
		}
		of := []rune(bare(other))
		switch ends := len(of) - len(s.word); {
		case ends < -1:
		case apart(s.word, of):
			n++
		case ends > 1 && (apart(s.word, of[ends:]) || apart(s.word, of[:len(s.word)])): // how a longer word ends, or begins
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
