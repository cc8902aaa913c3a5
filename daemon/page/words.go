package page

import (
	"embed"
	"fmt"
	"net/http"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
)

//go:embed words/*.words
var wordFiles embed.FS

// languages are those in which the page is there. Each is one file in words, named by its BCP 47 tag.
type languages struct {
	all     []*tongue // English first
	matcher language.Matcher
}

// tongue is one language.
//
// The key of a phrase is the English one, in which it stands in templates, programs and declarations of kinds. A file has
// a phrase on a line of its own and what is said for it below, behind a tab: one line, or a line for each form that the
// language has for numbers, behind its name (CLDR: zero, one, two, few, many, other). {name} is put in. In English what the file
// doesn't hold is said as its key.
type tongue struct {
	Tag     string // "es"
	Name    string // as its speakers call it
	tag     language.Tag
	phrases map[string]phrase
	moulds  *moulds // what the daemon says
	numbers *message.Printer
}

// phrase is what is said for a key: by form; one that doesn't change by number has other alone.
type phrase map[plural.Form]string

// allWords reads all languages. A mistake in a file is one of the program: it panics.
func allWords() *languages {
	l := &languages{}
	var tags []language.Tag
	for _, name := range []string{"en", "es"} {
		tag := language.MustParse(name)
		t := &tongue{Tag: name, tag: tag, phrases: readFile(name), moulds: &moulds{}, numbers: message.NewPrinter(tag)}
		if name != "en" {
			t.moulds.phrases, t.moulds.day = readFile(name+"-daemon"), calendar{tongue: t}.short // of no year: so it is said
		}
		t.Name = t.T("English") // each says its own
		l.all, tags = append(l.all, t), append(tags, tag)
	}
	l.matcher = language.NewMatcher(tags)
	return l
}

// readFile reads a file of words that is built in.
func readFile(name string) map[string]phrase {
	b, err := wordFiles.ReadFile("words/" + name + ".words")
	if err != nil {
		panic(err)
	}
	phrases, _, err := readWords(string(b))
	if err != nil {
		panic(fmt.Errorf("words/%s.words: %w", name, err))
	}
	return phrases
}

var forms = map[string]plural.Form{
	"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other,
}

// readWords reads a file of words. twice are the phrases that it has more than once, of which the first counts: two people may
// have brought one, and a daemon needn't fail for it.
func readWords(text string) (all map[string]phrase, twice []string, err error) {
	all = map[string]phrase{}
	key, again := "", false
	for i, line := range strings.Split(text, "\n") {
		says, isSaid := strings.CutPrefix(line, "\t")
		switch {
		case strings.TrimSpace(line) == "" || strings.HasPrefix(line, "#"):
		case !isSaid:
			if again = all[line] != nil; again {
				twice = append(twice, line)
				continue
			}
			key, all[line] = line, phrase{}
		case again:
		case key == "":
			return nil, nil, fmt.Errorf("line %d: of which phrase is this?", i+1)
		default:
			form := plural.Other
			if name, rest, ok := strings.Cut(says, ": "); ok {
				if f, is := forms[name]; is {
					form, says = f, rest
				}
			}
			if all[key][form] != "" {
				return nil, nil, fmt.Errorf("line %d: %q says this twice", i+1, key)
			}
			all[key][form] = says
		}
	}
	for key, p := range all {
		if p[plural.Other] == "" {
			return nil, nil, fmt.Errorf("nothing is said for %q", key)
		}
	}
	return all, twice, nil
}

// languageCookie names the cookie that holds which language somebody chose.
const languageCookie = "kith-language"

// chosen is the language that was chosen in a browser; nil if none was.
func (l *languages) chosen(r *http.Request) *tongue {
	c, err := r.Cookie(languageCookie)
	if err != nil {
		return nil
	}
	return l.called(c.Value)
}

// of is the best that the browser asks for.
func (l *languages) of(r *http.Request) *tongue {
	wanted, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return l.all[0]
	}
	_, i, sure := l.matcher.Match(wanted...)
	if sure == language.No {
		return l.all[0]
	}
	return l.all[i]
}

// named is the best for what somebody calls a language; nil if none is of it.
func (l *languages) named(tag string) *tongue {
	wanted, err := language.Parse(tag)
	if tag == "" || err != nil {
		return nil
	}
	_, i, sure := l.matcher.Match(wanted)
	if sure == language.No {
		return nil
	}
	return l.all[i]
}

// called is the language with a tag; nil if there is none.
func (l *languages) called(tag string) *tongue {
	for _, t := range l.all {
		if t.Tag == tag {
			return t
		}
	}
	return nil
}

// T says a phrase. with are names and values in turn; a value is a string or a number.
func (t *tongue) T(key string, with ...any) string {
	p, ok := t.phrases[key]
	if !ok {
		return t.put(key, with)
	}
	return t.put(p[plural.Other], with)
}

// N says a phrase about n things. {n} in it is the number: a word up to twelve, {N} the same at the beginning of a sentence,
// {#} digits.
func (t *tongue) N(key string, n int, with ...any) string {
	says := key
	if p, ok := t.phrases[key]; ok {
		says = p[plural.Other]
		if s := p[plural.Cardinal.MatchPlural(t.tag, n, 0, 0, 0, 0)]; s != "" {
			says = s
		}
		if s := p[plural.Zero]; n == 0 && s != "" { // of nobody another sentence may be said, also where grammar has no form for it
			says = s
		}
	}
	word := t.numbers.Sprint(n)
	if n >= 0 && n < len(numerals) {
		word = t.T(numerals[n])
	}
	return t.put(says, append(with, "n", word, "N", capital(word), "#", n))
}

var numerals = [...]string{"none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"}

// put puts values into a phrase. What stands in a value isn't looked at again.
func (t *tongue) put(says string, with []any) string {
	if len(with) == 0 {
		return says
	}
	var pairs []string
	for i := 0; i+1 < len(with); i += 2 {
		value, ok := with[i+1].(string)
		if !ok {
			value = t.numbers.Sprint(with[i+1])
		}
		pairs = append(pairs, "{"+with[i].(string)+"}", value)
	}
	return strings.NewReplacer(pairs...).Replace(says)
}

// And lists words: "Ana, Ben and Cleo".
func (t *tongue) And(words []string) string {
	switch len(words) {
	case 0:
		return ""
	case 1:
		return words[0]
	}
	last := len(words) - 1
	return t.T("{some} and {last}", "some", strings.Join(words[:last], ", "), "last", words[last])
}

// capital begins a word as a sentence.
func capital(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + s[size:]
}
