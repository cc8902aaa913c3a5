package sought

import (
	"strings"
	"unicode/utf8"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Version is raised when the same document gives another record.
const Version = 1

// Most bounds a record, in bytes. Of a document with more there is an empty one, and its view is looked through.
const Most = 256 << 10

// Of returns the record of a document: a line with its title, one with its tags, and the lines that people wrote, those of
// words behind those of its text. It is empty for one that is too long.
func Of(v *kind.View, words []string) []byte {
	b := record(v, words)
	if len(b) > Most {
		return nil
	}
	return []byte(b)
}

func record(v *kind.View, words []string) string {
	b := make([]byte, 0, len(v.Title)+len(v.Text)+64)
	b = appendFolded(b, v.Title)
	b = append(b, '\n')
	b = appendFolded(b, strings.Join(v.Tags, " "))
	for _, text := range append([]string{v.Text}, words...) {
		for line := range strings.Lines(text) {
			from := len(b)
			if b = appendFolded(append(b, '\n'), line); len(b) == from+1 { // there is nothing in it
				b = b[:from]
			}
		}
	}
	return string(b)
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
