package invoice

import (
	"cmp"
	"encoding/csv"
	"fmt"
	"html/template"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Formats are the forms in which an invoice is written, beside JSON.
var Formats = map[string]func(*Invoice, io.Writer) error{"md": (*Invoice).Markdown, "csv": (*Invoice).CSV, "html": (*Invoice).HTML}

// row is a line as it is read.
type row struct{ Text, Quantity, Price, Amount string }

// Markdown writes it as a table.
func (i *Invoice) Markdown(w io.Writer) error {
	var b strings.Builder
	say := wordsIn(i.Language)
	fmt.Fprintf(&b, "# %s: %s\n\n", say.title, plainMarkdown(say.heading(i)))
	if days := say.days(i.From, i.To); days != "" {
		fmt.Fprintf(&b, "%s\n\n", days)
	}
	fmt.Fprintf(&b, "| %s | %s | %s | %s |\n|---|---:|---:|---:|\n", say.what, say.quantity, say.price, fmt.Sprintf(say.amount, i.Currency))
	for _, l := range i.Lines {
		r := say.line(l)
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", plainMarkdown(r.Text), r.Quantity, r.Price, r.Amount)
	}
	fmt.Fprintf(&b, "| **%s** | | | **%s** |\n", say.total, say.number(i.Total))
	_, err := io.WriteString(w, b.String())
	return err
}

// plainMarkdown takes what people wrote as words: no markup, no new cell.
func plainMarkdown(s string) string {
	return strings.NewReplacer(
		"\\", `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "[", `\[`, "]", `\]`, "#", `\#`, "\n", " ", "\r", " ",
	).Replace(s)
}

// CSV writes it for a program: with a head, a line each, and the total last, the head and the numbers the same in every language. A cell that a spreadsheet would take for a formula begins
// with an apostrophe.
func (i *Invoice) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"text", "quantity", "unit", "price", "amount", "currency", "coordination"}}
	for _, l := range i.Lines {
		mark := ""
		if l.Coordination {
			mark = "yes"
		}
		rows = append(rows, []string{plainCell(cmp.Or(l.Text, wordsIn(i.Language).work)), l.Quantity, l.Unit, l.Price, l.Amount, i.Currency, mark})
	}
	rows = append(rows, []string{"Total", "", "", "", i.Total, i.Currency, ""})
	if err := out.WriteAll(rows); err != nil {
		return err
	}
	return out.Error()
}

// plainCell takes what people wrote as words. What can't be seen before them doesn't count, since whoever writes it out may leave it away;
// wide forms are what spreadsheets of East Asia take for the narrow ones.
func plainCell(s string) string {
	seen := strings.TrimLeftFunc(s, func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) })
	if first, _ := utf8.DecodeRuneInString(seen); strings.ContainsRune("=+-@＝＋－＠", first) {
		return "'" + s
	}
	return s
}

var page = template.Must(template.New("invoice").Parse(`<!doctype html>
<html lang="{{.Language}}"><meta charset="utf-8"><title>{{.Title}}: {{.Heading}}</title>
<style>
@page { margin: 25mm 20mm }
body { font: 11pt/1.4 serif; max-width: 42em; margin: 2em auto; color: #000; background: #fff }
table { width: 100%; border-collapse: collapse }
th, td { text-align: right; padding: .3em .5em; border-bottom: 1px solid #999; vertical-align: top }
th:first-child, td:first-child { text-align: left }
td { font-variant-numeric: tabular-nums }
tr { break-inside: avoid }
thead { display: table-header-group }
tfoot td { font-weight: bold; border-bottom: 3px double #000 }
</style>
<h1>{{.Title}}</h1>
<p>{{.Heading}}{{with .Days}}<br>{{.}}{{end}}</p>
<table>
<thead><tr><th>{{.What}}<th>{{.Quantity}}<th>{{.Price}}<th>{{.Amount}}</thead>
<tbody>{{range .Rows}}
<tr><td>{{.Text}}<td>{{.Quantity}}<td>{{.Price}}<td>{{.Amount}}{{end}}
</tbody>
<tfoot><tr><td>{{.Total}}<td><td><td>{{.Sum}}</tfoot>
</table>
</html>
`))

// HTML writes a page that prints well, and loads nothing.
func (i *Invoice) HTML(w io.Writer) error {
	say := wordsIn(i.Language)
	var rows []row
	for _, l := range i.Lines {
		rows = append(rows, say.line(l))
	}
	return page.Execute(w, map[string]any{
		"Language": cmp.Or(i.Language, english), "Title": say.title, "Heading": say.heading(i), "Days": say.days(i.From, i.To),
		"What": say.what, "Quantity": say.quantity, "Price": say.price, "Amount": fmt.Sprintf(say.amount, i.Currency),
		"Rows": rows, "Total": say.total, "Sum": say.number(i.Total),
	})
}
