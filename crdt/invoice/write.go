package invoice

import (
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

// quantity is how much a line charges, with its unit.
func (l Line) quantity() string {
	switch l.Unit {
	case "hours":
		return l.Quantity + " h"
	case "percent":
		return l.Quantity + " %"
	}
	return l.Quantity
}

// heading is what the invoice is for.
func (i *Invoice) heading() string {
	s := i.Project
	if i.Client != "" {
		s += ", for " + i.Client
	}
	return s
}

// days are those whose hours it charges; "": all that there are.
func (i *Invoice) days() string {
	switch {
	case i.From != "" && i.To != "":
		return i.From + " to " + i.To
	case i.From != "":
		return "from " + i.From
	case i.To != "":
		return "to " + i.To
	}
	return ""
}

// Markdown writes it as a table.
func (i *Invoice) Markdown(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Invoice (draft): %s\n\n", plainMarkdown(i.heading()))
	if days := i.days(); days != "" {
		fmt.Fprintf(&b, "%s\n\n", days)
	}
	fmt.Fprintf(&b, "| What | Quantity | Price | Amount in %s |\n|---|---:|---:|---:|\n", i.Currency)
	for _, l := range i.Lines {
		fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", plainMarkdown(l.Text), l.quantity(), l.Price, l.Amount)
	}
	fmt.Fprintf(&b, "| **Total** | | | **%s** |\n", i.Total)
	_, err := io.WriteString(w, b.String())
	return err
}

// plainMarkdown takes what people wrote as words: no markup, no new cell.
func plainMarkdown(s string) string {
	return strings.NewReplacer(
		"\\", `\\`, "|", `\|`, "*", `\*`, "_", `\_`, "`", "\\`", "<", `\<`, "[", `\[`, "]", `\]`, "#", `\#`, "\n", " ", "\r", " ",
	).Replace(s)
}

// CSV writes it with a head, a line each, and the total last. A cell that a spreadsheet would take for a formula begins
// with an apostrophe.
func (i *Invoice) CSV(w io.Writer) error {
	out := csv.NewWriter(w)
	rows := [][]string{{"text", "quantity", "unit", "price", "amount", "currency", "coordination"}}
	for _, l := range i.Lines {
		mark := ""
		if l.Coordination {
			mark = "yes"
		}
		rows = append(rows, []string{plainCell(l.Text), l.Quantity, l.Unit, l.Price, l.Amount, i.Currency, mark})
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
<html lang="en"><meta charset="utf-8"><title>Invoice (draft): {{.Heading}}</title>
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
<h1>Invoice (draft)</h1>
<p>{{.Heading}}{{with .Days}}<br>{{.}}{{end}}</p>
<table>
<thead><tr><th>What<th>Quantity<th>Price<th>Amount in {{.Currency}}</thead>
<tbody>{{range .Rows}}
<tr><td>{{.Text}}<td>{{.Quantity}}<td>{{.Price}}<td>{{.Amount}}{{end}}
</tbody>
<tfoot><tr><td>Total<td><td><td>{{.Total}}</tfoot>
</table>
</html>
`))

// HTML writes a page that prints well, and loads nothing.
func (i *Invoice) HTML(w io.Writer) error {
	type row struct{ Text, Quantity, Price, Amount string }
	var rows []row
	for _, l := range i.Lines {
		rows = append(rows, row{l.Text, l.quantity(), l.Price, l.Amount})
	}
	return page.Execute(w, map[string]any{"Heading": i.heading(), "Days": i.days(), "Currency": i.Currency, "Rows": rows, "Total": i.Total})
}
