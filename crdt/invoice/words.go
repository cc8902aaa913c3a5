package invoice

import (
	"cmp"
	"fmt"
	"strings"
)

// words are what Kith says on an invoice in one language, and how numbers and days are written in it.
type words struct {
	title, forClient              string // of whom and for whom
	what, quantity, price, amount string // heads of the columns; the amount names its currency
	total, tax, coordination      string
	work                          string // hours of which it isn't said on what
	between, since, until         string // which days
	day                           string // of Y, M and D
	point                         string // between coins and whole
}

// english stands for every language in which there are no words.
const english = "en"

var says = map[string]words{
	english: {
		title: "Invoice (draft)", forClient: "%s, for %s", what: "What", quantity: "Quantity", price: "Price", amount: "Amount in %s",
		total: "Total", tax: "Tax", coordination: "Coordination", work: "Work", between: "%s to %s", since: "from %s", until: "to %s", day: "Y-M-D", point: ".",
	},
	"es": {
		title: "Factura (borrador)", forClient: "%s, para %s", what: "Concepto", quantity: "Cantidad", price: "Precio", amount: "Importe en %s",
		total: "Total", tax: "Impuesto", coordination: "Coordinación", work: "Trabajo", between: "del %s al %s", since: "desde el %s", until: "hasta el %s", day: "D/M/Y", point: ",",
	},
}

// HasWords says whether there are words in a language.
func HasWords(language string) bool { return says[language].title != "" }

// wordsIn are those of a language, or else English ones.
func wordsIn(language string) words {
	if w, ok := says[language]; ok {
		return w
	}
	return says[english]
}

// number writes an exact decimal.
func (w words) number(s string) string { return strings.Replace(s, ".", w.point, 1) }

// days are those whose hours are charged, from and to as "2026-11-01"; "": all that there are.
func (w words) days(from, to string) string {
	written := func(day string) string {
		part := strings.Split(day, "-")
		if len(part) != 3 {
			return day
		}
		return strings.NewReplacer("Y", part[0], "M", part[1], "D", part[2]).Replace(w.day)
	}
	switch {
	case from != "" && to != "":
		return fmt.Sprintf(w.between, written(from), written(to))
	case from != "":
		return fmt.Sprintf(w.since, written(from))
	case to != "":
		return fmt.Sprintf(w.until, written(to))
	}
	return ""
}

// heading is what the invoice is for.
func (w words) heading(i *Invoice) string {
	if i.Client == "" {
		return i.Project
	}
	return fmt.Sprintf(w.forClient, i.Project, i.Client)
}

// line puts a line into words.
func (w words) line(l Line) row {
	quantity := w.number(l.Quantity)
	switch l.Unit {
	case "hours":
		quantity += " h"
	case "percent":
		quantity += " %"
	}
	return row{Text: cmp.Or(l.Text, w.work), Quantity: quantity, Price: w.number(l.Price), Amount: w.number(l.Amount)}
}
