package about

import (
	"fmt"
	"html/template"
	"io"
	"regexp"
	"strings"
	"unicode"
)

// Formats are the forms in which a page is written, by the end of a file's name.
var Formats = map[string]func(*Page, io.Writer) error{"md": (*Page).Markdown, "html": (*Page).HTML}

// Markdown writes a page.
func (p *Page) Markdown(to io.Writer) error {
	var b strings.Builder
	w := p.ours()
	fmt.Fprintf(&b, "# %s\n\n%s\n\n## %s\n\n", inMarkdown(plain(p.Coop)), inMarkdown(p.intro()), w.decideHead)
	for _, s := range p.decide() {
		fmt.Fprintf(&b, "- %s\n", s)
	}
	fmt.Fprintf(&b, "\n## %s\n\n%s\n", w.askHead, w.boss)
	for _, r := range p.Roles {
		fmt.Fprintf(&b, "\n### %s\n\n", inMarkdown(plain(r.Title)))
		blocksInMarkdown(&b, blocks(r.Says))
		if len(r.Who) > 0 {
			fmt.Fprintf(&b, "%s %s\n", w.ask, inMarkdown(strings.Join(plainAll(r.Who), "; ")))
		}
	}
	if len(p.Agreements) > 0 {
		fmt.Fprintf(&b, "\n## %s\n", w.keepsHead)
	}
	for _, a := range p.Agreements {
		fmt.Fprintf(&b, "\n### %s\n\n", inMarkdown(plain(a.Title)))
		blocksInMarkdown(&b, a.body())
	}
	if len(p.People) > 0 {
		fmt.Fprintf(&b, "\n## %s\n\n", w.weHead)
		for _, s := range plainAll(p.People) {
			fmt.Fprintf(&b, "- %s\n", inMarkdown(s))
		}
	}
	_, err := io.WriteString(to, b.String())
	return err
}

// block is a paragraph, or a list.
type block struct {
	Words string
	Items []string
}

// blocks takes a text apart at its empty lines. Lines that begin with a dash or a star are a list; of other markup nothing is known.
func blocks(text string) (out []block) {
	var lines []string
	end := func() {
		if len(lines) > 0 {
			out = append(out, block{Words: plain(strings.Join(lines, " "))})
		}
		lines = nil
	}
	listed := false
	for line := range strings.Lines(strings.ReplaceAll(text, "\r", "\n")) {
		line = strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		item, ok := strings.CutPrefix(line, "- ")
		if !ok {
			item, ok = strings.CutPrefix(line, "* ")
		}
		switch {
		case line == "":
			end()
		case ok && listed && len(lines) == 0:
			last := &out[len(out)-1]
			last.Items = append(last.Items, plain(item))
			continue
		case ok:
			end()
			out = append(out, block{Items: []string{plain(item)}})
			listed = true
			continue
		default:
			lines = append(lines, line)
		}
		listed = false
	}
	end()
	return out
}

// body is what an agreement says below its title, which people often write once more above it.
func (a Part) body() []block {
	all := blocks(a.Text)
	if len(all) > 0 && strings.EqualFold(all[0].Words, plain(a.Title)) {
		all = all[1:]
	}
	return all
}

func blocksInMarkdown(b *strings.Builder, all []block) {
	for _, one := range all {
		if one.Words != "" {
			fmt.Fprintf(b, "%s\n\n", inMarkdown(one.Words))
		}
		for _, item := range one.Items {
			fmt.Fprintf(b, "- %s\n", inMarkdown(item))
		}
		if len(one.Items) > 0 {
			b.WriteString("\n")
		}
	}
}

// plain makes one line of what people wrote, without what turns the direction of the words around it, or can't be seen.
func plain(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || r == '\ufeff':
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "\ufffd"))
	return strings.Join(strings.Fields(s), " ")
}

func plainAll(all []string) []string {
	out := make([]string, len(all))
	for i, s := range all {
		out[i] = plain(s)
	}
	return out
}

var markup = strings.NewReplacer(
	"<", "&lt;", ">", "&gt;", "\\", `\\`, "`", "\\`", "*", `\*`, "_", `\_`, "[", `\[`, "]", `\]`, "|", `\|`, "~", `\~`, "$", `\$`,
)

// entity is where an ampersand isn't one alone, as in “A & B”, which stays as it is.
var entity = regexp.MustCompile(`&(#?[0-9A-Za-z]+;)`)

// inMarkdown takes a line for words alone: none of it is markup, wherever in a document it stands.
func inMarkdown(line string) string {
	line = markup.Replace(entity.ReplaceAllString(line, "&amp;$1"))
	if line == "" {
		return line
	}
	if strings.ContainsRune("#+-=:!", rune(line[0])) {
		return `\` + line
	}
	digits := strings.TrimLeft(line, "0123456789")
	if n := len(line) - len(digits); n > 0 && digits != "" && (digits[0] == '.' || digits[0] == ')') { // no list with numbers
		return line[:n] + `\` + digits
	}
	return line
}

var page = template.Must(template.New("about").Parse(`<!doctype html>
<html lang="{{.Language}}"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{{.Coop}}</title>
<style>
@page { margin: 25mm 20mm }
body { font: 11pt/1.5 serif; max-width: 38em; margin: 2em auto; padding: 0 1em; color: #000; background: #fff; overflow-wrap: break-word }
h1, h2, h3 { line-height: 1.2; break-after: avoid }
li, p { unicode-bidi: isolate }
</style>
{{template "body" .}}</html>
{{define "body"}}<h1>{{.Coop}}</h1>
<p>{{.Intro}}</p>
<h2>{{.DecideHead}}</h2>
<ul>{{range .Decide}}
<li>{{.}}</li>{{end}}
</ul>
<h2>{{.AskHead}}</h2>
<p>{{.Boss}}</p>
{{range .Roles}}<h3>{{.Title}}</h3>
{{template "blocks" .Blocks}}{{if .Who}}<p>{{$.Ask}} {{.Who}}</p>
{{end}}{{end}}{{if .Agreements}}<h2>{{.KeepsHead}}</h2>
{{end}}{{range .Agreements}}<h3>{{.Title}}</h3>
{{template "blocks" .Blocks}}{{end}}{{if .People}}<h2>{{.WeHead}}</h2>
<ul>{{range .People}}
<li>{{.}}</li>{{end}}
</ul>
{{end}}{{end}}
{{define "blocks"}}{{range .}}{{if .Words}}<p>{{.Words}}</p>
{{else}}<ul>{{range .Items}}
<li>{{.}}</li>{{end}}
</ul>
{{end}}{{end}}{{end}}`))

// HTML writes a page that prints well, and loads nothing.
func (p *Page) HTML(to io.Writer) error { return p.html(to, page.Name()) }

// Body writes what such a page says, without what stands around it: to be shown in another.
func (p *Page) Body(to io.Writer) error { return p.html(to, "body") }

func (p *Page) html(to io.Writer, part string) error {
	type section struct {
		Title, Who string
		Blocks     []block
	}
	w := p.ours()
	var roles, agreements []section
	for _, r := range p.Roles {
		roles = append(roles, section{Title: plain(r.Title), Who: strings.Join(plainAll(r.Who), "; "), Blocks: blocks(r.Says)})
	}
	for _, a := range p.Agreements {
		agreements = append(agreements, section{Title: plain(a.Title), Blocks: a.body()})
	}
	language := p.Language
	if !HasLanguage(language) {
		language = Languages[0]
	}
	return page.ExecuteTemplate(to, part, map[string]any{
		"Language": language, "Coop": plain(p.Coop), "Intro": p.intro(), "DecideHead": w.decideHead, "Decide": p.decide(),
		"AskHead": w.askHead, "Boss": w.boss, "Ask": w.ask, "Roles": roles, "KeepsHead": w.keepsHead, "Agreements": agreements,
		"WeHead": w.weHead, "People": plainAll(p.People),
	})
}
