package invoice_test

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/about"
	"kith/crdt/invoice"
	"kith/crdt/money"
)

func amount(t interface{ Fatal(...any) }, s string) money.Amount {
	a, err := money.Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestInvoicesAsABookkeeperReckonsThem(t *testing.T) {
	f, err := os.Open("../testdata/invoices.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line, _, _ := strings.Cut(lines.Text(), "#")
		if strings.TrimSpace(line) == "" {
			continue
		}
		n++
		cell := strings.Split(line, "|")
		if len(cell) != 6 {
			t.Fatalf("%q has %d columns", line, len(cell))
		}
		for i := range cell {
			cell[i] = strings.TrimSpace(cell[i])
		}
		var work []invoice.Work
		for _, m := range strings.Fields(cell[1]) {
			minutes, err := strconv.ParseInt(m, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			work = append(work, invoice.Work{Text: "work", Minutes: minutes})
		}
		coordination, err := strconv.ParseInt(cell[2], 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		made, err := invoice.Make(invoice.Terms{Rate: amount(t, cell[0]), Coordination: cell[3], Tax: cell[4]}, work, coordination)
		got := ""
		var mixed *money.MixedError
		switch {
		case errors.Is(err, invoice.ErrNothing):
			got = "nothing to charge"
		case errors.As(err, &mixed):
			got = "two currencies"
		case err != nil:
			t.Fatal(err)
		default:
			for _, l := range made.Lines {
				got += l.Amount + " "
			}
			got += "= " + made.Total
		}
		if got != cell[5] {
			t.Errorf("%s: %s", line, got)
		}
	}
	if n == 0 {
		t.Fatal("no cases")
	}
}

// By whole coins: every line is its quantity times its price, rounded, and all of them make the total.
func TestTheLinesOfAnInvoiceAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SampledFrom([]struct {
			code     string
			decimals int
		}{{"EUR", 2}, {"JPY", 0}, {"KWD", 3}}).Draw(t, "currency")
		price := fmt.Sprint(rapid.Int64Range(0, 500).Draw(t, "price"))
		if of.decimals > 0 {
			price += "." + fmt.Sprintf("%0*d", of.decimals, rapid.Int64Range(0, 99).Draw(t, "cents"))
		}
		var work []invoice.Work
		for range rapid.IntRange(0, 12).Draw(t, "lines") {
			work = append(work, invoice.Work{Text: "w", Minutes: rapid.Int64Range(0, 10_000).Draw(t, "minutes")})
		}
		coordination := rapid.SampledFrom([]string{"", "hours", "15%", "12.5%", "7.77%", "500 " + of.code}).Draw(t, "coordination")
		tax := rapid.SampledFrom([]string{"", "21", "19", "5.5"}).Draw(t, "tax")
		made, err := invoice.Make(invoice.Terms{Rate: amount(t, price+" "+of.code), Coordination: coordination, Tax: tax}, work, rapid.Int64Range(0, 5000).Draw(t, "coordinated"))
		if errors.Is(err, invoice.ErrNothing) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		sum := int64(0)
		for _, l := range made.Lines {
			sum += coins(t, l.Amount, of.decimals)
			again := amount(t, l.Price+" "+of.code)
			switch l.Unit {
			case "hours", "fixed":
				again, err = again.Times(l.Quantity)
			case "percent":
				again, err = again.Percent(l.Quantity)
			}
			if err != nil || again.String() != l.Amount {
				t.Fatalf("%s × %s %s is %s, and the line says %s (%v)", l.Price, l.Quantity, l.Unit, again, l.Amount, err)
			}
		}
		if sum != coins(t, made.Total, of.decimals) {
			t.Fatalf("the lines make %d coins, and the total is %s", sum, made.Total)
		}
	})
}

func coins(t *rapid.T, s string, decimals int) int64 {
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseInt(whole+part, 10, 64)
	if err != nil || len(part) != decimals {
		t.Fatalf("%q has not %d decimals", s, decimals)
	}
	return n
}

func TestWhatPeopleWroteIsNoMarkupAndNoFormula(t *testing.T) {
	made, err := invoice.Make(invoice.Terms{Rate: amount(t, "60 EUR")}, []invoice.Work{{Text: `=HYPERLINK("x")<script>|*a*`, Minutes: 60}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	made.Project, made.From, made.To = "<b>Website", "2026-11-01", "2026-11-30"
	for form, never := range map[string]string{"md": "| =HYPERLINK(\"x\")<", "csv": "\n\"=", "html": "<script>"} {
		var b strings.Builder
		if err := invoice.Formats[form](made, &b); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(b.String(), never) || !strings.Contains(b.String(), "60.00") || form == "html" && strings.Contains(b.String(), "<b>") {
			t.Errorf("%s:\n%s", form, b.String())
		}
	}
}

// What Ben called a task can't be seen at its beginning, and is left away where the file is printed: what comes then is no formula either.
func TestNothingThatSomebodyWroteIsAFormulaInASpreadsheet(t *testing.T) {
	for _, text := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "\u202e=HYPERLINK(1)", "\u200b\u2066 =1", "\x00=1", "＝1+1", "＠x"} {
		i, err := invoice.Make(invoice.Terms{Rate: amount(t, "60 EUR")}, []invoice.Work{{Text: text, Minutes: 60}}, 0)
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := i.CSV(&b); err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(strings.NewReader(b.String())).ReadAll()
		if err != nil || !strings.HasPrefix(rows[1][0], "'") {
			t.Errorf("%q: %v %q", text, err, rows)
		}
	}
}

// Whoever gets it reads the words of Kith in their language, and in that of the form the numbers and days, too; what members wrote stays theirs.
func TestAnInvoiceSpeaksTheLanguageOfWhoGetsIt(t *testing.T) {
	made, err := invoice.Make(invoice.Terms{Rate: amount(t, "60 EUR"), Tax: "21", Language: "es"}, []invoice.Work{{Text: "Bread for Tandem", Minutes: 90}, {Minutes: 60}}, 30)
	if err != nil {
		t.Fatal(err)
	}
	made.Project, made.Client, made.From, made.To = "Pan", "Tandem", "2026-11-01", "2026-11-30"
	for form, says := range map[string][]string{
		"md":   {"# Factura (borrador): Pan, para Tandem\n", "del 01/11/2026 al 30/11/2026", "| Concepto | Cantidad | Precio | Importe en EUR |", "| Bread for Tandem | 1,50 h | 60,00 | 90,00 |", "| Trabajo |", "| Coordinación |", "| Impuesto | 21 % |", "| **Total** | | | **217,80** |"},
		"html": {`<html lang="es">`, "<h1>Factura (borrador)</h1>", "Pan, para Tandem<br>del 01/11/2026", "<th>Importe en EUR", "<td>217,80"},
		"csv":  {"Impuesto,21,percent,180.00,37.80,EUR,", "Trabajo,1.00,hours"},
	} {
		var b strings.Builder
		if err := invoice.Formats[form](made, &b); err != nil {
			t.Fatal(err)
		}
		for _, words := range says {
			if !strings.Contains(b.String(), words) {
				t.Errorf("%s hasn't %q:\n%s", form, words, b.String())
			}
		}
	}
	for _, language := range about.Languages {
		if !invoice.HasWords(language) {
			t.Errorf("in %s an invoice has no words", language)
		}
	}
}
