package cli

import (
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"
)

// maxCell is how wide a cell may be where no terminal says otherwise, in columns.
const maxCell = 60

// grid prints rows in aligned columns without borders. The column called "TITLE" or "TEXT"
// gives way when the terminal is narrow.
func (o *output) grid(header []string, rows [][]string) {
	t := table.NewWriter()
	t.SetOutputMirror(o.k.env.Stdout)
	style := table.StyleDefault
	style.Options = table.OptionsNoBordersAndSeparators
	style.Box.PaddingLeft, style.Box.PaddingRight = "", "  "
	style.Format.Header = text.FormatDefault
	if o.colour {
		style.Color.Header = text.Colors{text.Faint}
	}
	t.SetStyle(style)
	t.SuppressTrailingSpaces()
	if o.width > 0 {
		header, rows = withoutEmpty(header, rows)
	}
	limit := o.cellLimit(header, rows)
	head := make(table.Row, len(header))
	for i, h := range header {
		head[i] = h
	}
	t.AppendHeader(head)
	for _, r := range rows {
		row := make(table.Row, len(r))
		for i, cell := range r {
			row[i] = o.isolate(oneLine(cell, limit(i)))
		}
		t.AppendRow(row)
	}
	t.Render()
}

// withoutEmpty leaves out the columns in which nothing stands: on a terminal a title takes their place. Who reads by column, such as awk,
// gets them all.
func withoutEmpty(header []string, rows [][]string) (head []string, kept [][]string) {
	kept = make([][]string, len(rows))
	for i, h := range header {
		if i > 0 && !slices.ContainsFunc(rows, func(r []string) bool { return strings.TrimSpace(r[i]) != "" }) {
			continue
		}
		head = append(head, h)
		for n, r := range rows {
			kept[n] = append(kept[n], r[i])
		}
	}
	return head, kept
}

// leastTitle is what of a title is read before anything that is spare, in columns.
const leastTitle = 40

// withoutSpare leaves out the last columns, up to so many, while titles would be cut for them.
func (o *output) withoutSpare(header []string, rows [][]string, spare int) (head []string, kept [][]string) {
	if o.width == 0 {
		return header, rows
	}
	widest := 0
	for _, r := range rows {
		widest = max(widest, columns(oneLine(r[1], leastTitle)))
	}
	for {
		if head, kept = withoutEmpty(header, rows); spare == 0 || o.cellLimit(head, kept)(1) >= widest {
			return head, kept
		}
		spare--
		last := len(header) - 1
		header = header[:last]
		for i, r := range rows {
			rows[i] = r[:last]
		}
	}
}

// cellLimit gives how wide each column may get: the wide one takes what the others leave.
func (o *output) cellLimit(header []string, rows [][]string) func(column int) int {
	if o.width == 0 {
		return func(int) int { return maxCell }
	}
	rest := o.width
	for i, h := range header {
		if h == "TITLE" || h == "TEXT" {
			continue
		}
		widest := columns(h)
		for _, r := range rows {
			widest = max(widest, min(columns(oneLine(r[i], maxCell)), maxCell))
		}
		rest -= widest + 2
	}
	return func(i int) int {
		if header[i] == "TITLE" || header[i] == "TEXT" {
			return max(rest-2, 16)
		}
		return maxCell
	}
}

// columns is how wide s is on a terminal: 2 for most emoji and Chinese signs, 0 for accents.
func columns(s string) int { return text.StringWidthWithoutEscSequences(s) }

// oneLine makes a cell of any text: its first line, without control characters, cut to limit
// columns.
func oneLine(s string, limit int) string {
	s, rest, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if len(s) > 16*limit { // no need to measure a novel
		s, rest = strings.ToValidUTF8(s[:16*limit], ""), "…"
	}
	s = strings.ReplaceAll(clean(s), "\t", " ")
	if rest != "" && columns(s) < limit {
		s += "…"
	}
	if columns(s) <= limit {
		return s
	}
	width := 0
	for i, r := range s {
		if width += text.RuneWidth(r); width > limit-1 {
			return strings.TrimRight(s[:i], " \u200d") + "…"
		}
	}
	return s
}

// isolate keeps a cell with right-to-left text from turning its neighbours around, where a
// terminal shows it. Elsewhere the marks would only be in the way.
func (o *output) isolate(s string) string {
	if o.width == 0 || !strings.ContainsFunc(s, rightToLeft) {
		return s
	}
	return isolateFirst + s + isolateEnd
}

// faint and strong mark text on a terminal in colour, and nowhere else.
func (o *output) faint(s string) string  { return o.paint(faintOn, s) }
func (o *output) strong(s string) string { return o.paint(boldOn, s) }

func (o *output) paint(mark, s string) string {
	if !o.colour || s == "" {
		return s
	}
	return mark + s + plainAgain
}

// text prints a document's long text as it stands, apart from tricks, and a little further in: what is said of the
// document by Kith stands at the edge, where no text can be taken for it.
func (o *output) text(s string) {
	if s = strings.Trim(clean(s), "\n"); s == "" {
		return
	}
	o.println()
	for _, line := range strings.Split(s, "\n") {
		o.println(strings.TrimRight("  "+line, " "))
	}
}
