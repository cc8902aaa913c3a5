// Package letter reads what somebody sent from outside: a mail as a file (.eml), or a form. It takes the words and leaves
// the rest: no attachment is opened, no markup is kept, and however large a file is, little of it is in memory.
package letter

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
)

// What is read at most.
const (
	MaxFile  = 64 << 20 // bytes of a mail
	maxHead  = 1 << 20  // bytes of its head
	MaxForm  = 1 << 20  // bytes of a form
	MaxText  = 90_000   // characters of the text that is taken; more is cut, and said
	maxParts = 500
	maxDepth = 8
)

// byteOrder is the mark that some programs put before a text.
const byteOrder = "\ufeff"

// Letter is what is taken of it.
type Letter struct {
	Who     string // the name of who wrote, or else their address
	Contact string // their address
	Subject string
	Text    string
	Budget  string   // of a form
	Due     string   // of a form
	Left    []string // what was left out, in words: "an attachment: plan.pdf"
}

// Is says whether a request has the words of the letter, by the names of its fields, and is due on the day that they come to ("": on none).
func (l *Letter) Is(request func(field string) string, due string) bool {
	return request("title") == l.Who && request("text") == l.Text && request("subject") == l.Subject && request("contact") == l.Contact && request("due") == due
}

// ErrNoMail says that a file is no mail.
var ErrNoMail = errors.New("this is no mail: a file as mail programs save one begins with lines like From: and Subject:")

// Read reads what is in a file, by its name: FILE.eml is a mail, anything else a form.
func Read(name string, r io.Reader) (*Letter, error) {
	if strings.HasSuffix(strings.ToLower(name), ".eml") {
		return ReadMail(r)
	}
	return ReadForm(r)
}

// ReadMail reads a mail.
func ReadMail(r io.Reader) (*Letter, error) {
	bounded := &io.LimitedReader{R: r, N: maxHead}
	begins := bufio.NewReader(bounded)
	if mark, err := begins.Peek(len(byteOrder)); err == nil && string(mark) == byteOrder {
		_, _ = begins.Discard(len(byteOrder))
	}
	m, err := mail.ReadMessage(begins)
	if err != nil {
		return nil, ErrNoMail
	}
	bounded.N += MaxFile + 1 - maxHead
	words := mime.WordDecoder{CharsetReader: decoder}
	head := func(name string) string {
		s, err := words.DecodeHeader(m.Header.Get(name))
		if err != nil {
			s = m.Header.Get(name)
		}
		return oneLine(s)
	}
	l := &Letter{Subject: head("Subject")}
	parser := mail.AddressParser{WordDecoder: &words}
	from, err := parser.Parse(m.Header.Get("From"))
	switch {
	case err == nil:
		l.Who, l.Contact = oneLine(from.Name), oneLine(from.Address)
	case m.Header.Get("From") == "":
		return nil, ErrNoMail
	default:
		l.Who = head("From")
	}
	if l.Who == "" {
		l.Who = l.Contact
	}
	if answer, err := parser.Parse(m.Header.Get("Reply-To")); err == nil { // a form on a website writes from an address that nobody reads
		l.Contact = oneLine(answer.Address)
	}
	part := reading{letter: l, parts: maxParts, words: &words}
	part.read(m.Header.Get("Content-Type"), m.Header.Get("Content-Transfer-Encoding"), "", m.Body, 0)
	if bounded.N <= 0 {
		l.leave("the end of the file: it has more than %d MB", MaxFile>>20)
	}
	if l.Text == "" {
		l.Text = plainOf(part.html)
	}
	l.Text = cut(l, l.Text)
	return l, nil
}

// reading is a mail being read.
type reading struct {
	letter *Letter
	html   string // the first text that is only there as markup
	parts  int    // how many more are looked at
	words  *mime.WordDecoder
}

func (p *reading) read(contentType, encoding, file string, body io.Reader, depth int) {
	is, params, err := mime.ParseMediaType(contentType)
	if err != nil {
		is = "text/plain"
	}
	switch {
	case p.parts == 0 || depth > maxDepth:
		p.letter.leave("parts within parts")
		return
	case strings.HasPrefix(is, "multipart/") && params["boundary"] != "":
		p.parts--
		all := multipart.NewReader(body, params["boundary"])
		for p.parts > 0 {
			one, err := all.NextRawPart()
			if err != nil {
				return // the end, or what is broken: what came before it is kept
			}
			p.parts--
			p.read(one.Header.Get("Content-Type"), one.Header.Get("Content-Transfer-Encoding"), one.FileName(), one, depth+1)
		}
		p.letter.leave("more parts than %d", maxParts)
		return
	case file != "" || !strings.HasPrefix(is, "text/"):
		if file == "" {
			file = is
		}
		if name, err := p.words.DecodeHeader(file); err == nil { // many programs write names as they write subjects
			file = name
		}
		p.letter.leave("an attachment: %s", oneLine(file))
		return
	}
	text := decoded(body, encoding, params["charset"])
	switch {
	case is == "text/html" && p.html == "":
		p.html = text
	case is == "text/plain" && p.letter.Text == "":
		p.letter.Text = text
	case is == "text/plain":
		p.letter.leave("a second text")
	}
}

// decoded reads the start of a text.
func decoded(r io.Reader, encoding, charset string) string {
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "base64":
		r = base64.NewDecoder(base64.StdEncoding, r)
	case "quoted-printable":
		r = quotedprintable.NewReader(r)
	}
	if charset != "" && !strings.EqualFold(charset, "utf-8") && !strings.EqualFold(charset, "us-ascii") {
		if d, err := decoder(charset, r); err == nil {
			r = d
		}
	}
	b, _ := io.ReadAll(io.LimitReader(r, 4*MaxText+1)) // what is broken is read as far as it goes
	if len(b) > 4*MaxText {
		b = untorn(b)
	}
	if !utf8.Valid(b) { // an old program wrote it, whatever it says
		if old, err := charmap.Windows1252.NewDecoder().Bytes(b); err == nil {
			b = old
		}
	}
	return clean(strings.TrimPrefix(string(b), byteOrder))
}

// untorn leaves out the part of a letter with which a text ends that was cut.
func untorn(b []byte) []byte {
	for i := 1; i < utf8.UTFMax && i <= len(b); i++ {
		if last := b[len(b)-i:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return b[:len(b)-i]
			}
			return b
		}
	}
	return b
}

func decoder(charset string, r io.Reader) (io.Reader, error) {
	e, err := htmlindex.Get(charset)
	if err != nil {
		return nil, err
	}
	return e.NewDecoder().Reader(r), nil
}

// clean leaves out what no text of a document may have.
func clean(s string) string {
	s = strings.ReplaceAll(strings.ToValidUTF8(s, ""), "\r\n", "\n")
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r >= 0x7f && r < 0xa0 {
			return -1
		}
		return r
	}, s))
}

func oneLine(s string) string {
	s = strings.Join(strings.Fields(clean(s)), " ")
	if r := []rune(s); len(r) > 190 {
		return string(r[:190]) + "…"
	}
	return s
}

func cut(l *Letter, s string) string {
	if utf8.RuneCountInString(s) <= MaxText {
		return s
	}
	l.leave("the end of the text: it has more than %d characters", MaxText)
	return string([]rune(s)[:MaxText])
}

func (l *Letter) leave(format string, a ...any) {
	if s := fmt.Sprintf(format, a...); len(l.Left) < 50 {
		l.Left = append(l.Left, s)
	}
}

// plainOf is the words of a page, without its markup.
func plainOf(page string) string {
	var b strings.Builder
	open := map[string]bool{} // what has no end any more
	for page != "" {
		text, rest, tagged := strings.Cut(page, "<")
		b.WriteString(text)
		if !tagged {
			break
		}
		tag, after, closed := strings.Cut(rest, ">")
		if !closed {
			break
		}
		page = after
		switch name := strings.ToLower(strings.Trim(strings.Fields(tag + " x")[0], "/")); name {
		case "br", "p", "div", "li", "tr", "h1", "h2", "h3":
			b.WriteString("\n")
		case "style", "script", "head":
			if open[name] || strings.HasPrefix(tag, "/") {
				continue
			}
			if _, behind, ok := strings.Cut(page, "</"+name); ok {
				_, page, _ = strings.Cut(behind, ">")
			} else {
				open[name] = true
			}
		}
	}
	return clean(strings.ReplaceAll(html.UnescapeString(b.String()), "\u00a0", " "))
}

// ReadForm reads what a form gives: a JSON object, or lines like "who: Tandem Bikes". It knows who, contact, need (or
// text), budget and due; what else there is becomes part of the text.
func ReadForm(r io.Reader) (*Letter, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxForm+1))
	switch {
	case err != nil:
		return nil, err
	case len(b) > MaxForm:
		return nil, fmt.Errorf("a form has at most %d MB", MaxForm>>20)
	case !utf8.Valid(b):
		return nil, errors.New("this is no form: it isn't text")
	}
	l := &Letter{}
	var text strings.Builder // what comes behind the line with the need
	var all map[string]json.RawMessage
	err = json.Unmarshal(b, &all)
	if err != nil && strings.HasPrefix(strings.TrimSpace(string(b)), "{") {
		return nil, fmt.Errorf("this begins like a JSON object, and is none: %w", err)
	}
	if err == nil {
		for _, key := range []string{"who", "contact", "subject", "need", "text", "budget", "due"} {
			if v, ok := all[key]; ok {
				l.take(key, said(v))
				delete(all, key)
			}
		}
		if len(all) > 0 {
			l.leave("%d fields that aren't who, contact, subject, need, budget or due", len(all))
		}
	} else {
		last := ""
		for _, line := range strings.Split(clean(string(b)), "\n") {
			key, value, ok := strings.Cut(line, ":")
			key = strings.ToLower(strings.TrimSpace(key))
			if ok && l.take(key, value) {
				if last = key; key == "need" || key == "text" {
					text.Reset() // of another one before
				}
				continue
			}
			if last == "need" || last == "text" {
				text.WriteString("\n" + line)
			} else if strings.TrimSpace(line) != "" {
				l.leave("a line: %s", oneLine(line))
			}
		}
	}
	if l.Who == "" {
		return nil, errors.New("this form doesn't say who asks: it needs a line like who: Tandem Bikes, or a JSON object with who")
	}
	l.Text = cut(l, strings.TrimSpace(l.Text+text.String()))
	return l, nil
}

// said is what a field of a form says: the words of a string, and else as it stands there, so that a number keeps its digits.
func said(v json.RawMessage) string {
	var s *string
	if json.Unmarshal(v, &s) != nil {
		return string(v)
	}
	if s == nil {
		return ""
	}
	return *s
}

// take takes one field; false if it isn't one.
func (l *Letter) take(key, value string) bool {
	switch key {
	case "who", "name", "from":
		l.Who = oneLine(value)
	case "contact", "mail", "email", "phone":
		l.Contact = oneLine(value)
	case "subject":
		l.Subject = oneLine(value)
	case "need", "text", "message":
		l.Text = clean(value)
	case "budget":
		l.Budget = oneLine(value)
	case "due", "deadline":
		l.Due = oneLine(value)
	default:
		return false
	}
	return true
}
