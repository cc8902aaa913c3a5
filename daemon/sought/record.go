package sought

import (
	"iter"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Version is raised when the same document gives another record. By version 1 there was none of one for which it would have been longer than 256 kB.
const Version = 2

// Most bounds a record, in bytes: the longest text has room, unless it is of characters that are many once they are folded, and comments behind
// it. Each search goes through records, so how long they are isn't for whoever writes a document to say.
const Most = 448 << 10

// maxPiece is how much of a line is folded at once, in bytes.
const maxPiece = 4 << 10

// Of returns the record of a document: a line with its title, one with its tags, and the lines that people wrote, those of
// words behind those of its text. It has no more than most bytes; partly says that there is more in the document.
func Of(v *kind.View, words []string, most int) (record []byte, partly bool) {
	b := appendFolded(make([]byte, 0, len(v.Title)+len(v.Text)+64), v.Title)
	b = append(b, '\n')
	b = appendFolded(b, strings.Join(v.Tags, " "))
	for line := range lines(v.Text, words) {
		from := len(b)
		if b = appendLine(append(b, '\n'), line, most); len(b) == from+1 { // there is nothing in it
			b = b[:from]
		}
		if len(b) > most {
			break
		}
	}
	if len(b) <= most {
		return b, false
	}
	end := max(most, 0)
	for end > 0 && !utf8.RuneStart(b[end]) {
		end--
	}
	return b[:end], true
}

// lines yields those of a text, then those of words.
func lines(text string, words []string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range append([]string{text}, words...) {
			for line := range strings.Lines(s) {
				if !yield(line) {
					return
				}
			}
		}
	}
}

// appendLine appends a line, folded, piece by piece until b has more than most bytes.
func appendLine(b []byte, line string, most int) []byte {
	start, space := len(b), false
	for line != "" && len(b) <= most {
		first, rest, between := piece(line)
		from := len(b)
		if space && from > start {
			b = append(b, ' ')
		}
		before := len(b)
		if b = appendFolded(b, first); len(b) == before {
			b, between = b[:from], between || space
		}
		line, space = rest, between
	}
	return b
}

// piece cuts a long line where the two parts give folded what they do together; space says that there is one between them.
func piece(line string) (first, rest string, space bool) {
	if len(line) <= maxPiece {
		return line, "", false
	}
	if i := strings.LastIndexByte(line[:maxPiece], ' '); i >= 0 {
		return line[:i], line[i+1:], true
	}
	end := maxPiece
	for !isApart(line, end) && end > maxPiece/2 {
		end--
	}
	for !utf8.RuneStart(line[end]) { // all is marks: nobody wrote words there
		end--
	}
	before, _ := utf8.DecodeLastRuneInString(line[:end])
	after, _ := utf8.DecodeRuneInString(line[end:])
	return line[:end], line[end:], unicode.IsSpace(before) || unicode.IsSpace(after)
}

// isApart says whether what stands before a place and behind it have nothing to do with each other, and no mark ends there.
func isApart(s string, at int) bool {
	if !utf8.RuneStart(s[at]) {
		return false
	}
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at:])
	return !unicode.In(before, unicode.Mn) && !unicode.In(after, unicode.Mn) && norm.NFKC.PropertiesString(s[at:]).BoundaryBefore()
}

func fold(s string) string { return string(appendFolded(nil, s)) }

// appendFolded appends charter.FoldText of s; of plain ASCII, as most of most texts is, in a twentieth of its time.
func appendFolded(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return append(b, charter.FoldText(s)...)
		}
	}
	from, space := len(b), false
	for i := range len(s) {
		c := s[i]
		switch {
		case c == ' ' || c >= '\t' && c <= '\r':
			space = len(b) > from
			continue
		case c >= 'A' && c <= 'Z':
			c += 'a' - 'A'
		}
		if space {
			b, space = append(b, ' '), false
		}
		b = append(b, c)
	}
	return b
}
