package cli

import (
	"io"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/bidi"
)

// outlet is where all that a command tells goes out: its stdout, or its stderr. Whatever is written into it, and
// whoever wrote that, nothing goes out that moves a terminal or turns text around: of control characters only line
// ends and tabs, and on a terminal the marks of our own. A command that forgets to clean what others wrote is still
// harmless.
//
// Each write holds whole characters. It is safe for concurrent use.
type outlet struct {
	to io.Writer

	mu  sync.Mutex
	err error // the first one, guarded by mu
}

// The marks of our own, for terminals alone.
const (
	boldOn, faintOn, plainAgain = "\x1b[1m", "\x1b[2m", "\x1b[0m"
	lineAnew                    = "\r\x1b[K"
	isolateFirst, isolateEnd    = "\u2068", "\u2069" // between them text has a direction of its own
)

var ownMarks = regexp.MustCompile(`\x1b\[[012]m|\r\x1b\[K|[\x{2068}\x{2069}]`)

func (o *outlet) Write(p []byte) (int, error) {
	s := string(p)
	if terminal(o.to) == 0 {
		s = clean(s)
	} else {
		s = cleanBetween(ownMarks.FindAllStringIndex(s, -1), s)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, err := io.WriteString(o.to, s); err != nil {
		if o.err == nil {
			o.err = err
		}
		return 0, err
	}
	return len(p), nil
}

// trouble is why something couldn't be written out; nil if all was.
func (o *outlet) trouble() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}

func cleanBetween(marks [][]int, s string) string {
	var b strings.Builder
	done := 0
	for _, m := range marks {
		b.WriteString(clean(s[done:m[0]]))
		b.WriteString(s[m[0]:m[1]])
		done = m[1]
	}
	b.WriteString(clean(s[done:]))
	return b.String()
}

// bare is the stream behind an outlet, for what is no text of ours: an editor, or changes on trial.
func bare(w io.Writer) io.Writer {
	if o, ok := w.(*outlet); ok {
		return o.to
	}
	return w
}

// clean takes out what others could play tricks on a terminal with: control characters, and
// marks that turn the direction of what comes after them. Line ends of any system are "\n".
func clean(s string) string {
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\u2028' || r == '\u2029': // a line's and a paragraph's end, to some programs
			return ' '
		case unicode.IsControl(r), turns(r):
			return -1
		}
		return r
	}, s)
}

// turns says whether a mark sets the direction of the text behind it, up to its end.
func turns(r rune) bool { return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 }

// rightToLeft says whether a character turns its neighbours around where nothing keeps them apart: letters of
// scripts that are written so, and the marks that count as one.
func rightToLeft(r rune) bool {
	if r < 0x590 {
		return false
	}
	p, _ := bidi.LookupRune(r)
	return p.Class() == bidi.R || p.Class() == bidi.AL
}

// sentence is words of others within one line of ours: a second line of theirs stands further in, so that it can't be
// taken for one of ours.
func sentence(s string) string {
	return strings.ReplaceAll(strings.TrimRight(clean(s), "\n"), "\n", "\n    ")
}

// escaped writes what a terminal could be moved with as JSON does: "\u009b". It changes nothing in what a
// program reads.
func escaped(b []byte) []byte {
	moves := func(r rune) bool {
		return r == '\u007f' || r >= 0x80 && unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\u2028' || r == '\u2029'
	}
	if !strings.ContainsFunc(string(b), moves) {
		return b
	}
	out := make([]byte, 0, len(b)+64)
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if moves(r) {
			const digits = "0123456789abcdef"
			out = append(out, '\\', 'u', digits[r>>12&15], digits[r>>8&15], digits[r>>4&15], digits[r&15])
		} else {
			out = append(out, b[:n]...)
		}
		b = b[n:]
	}
	return out
}
