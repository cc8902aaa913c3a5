package page

import (
	"bytes"
	"cmp"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/text/currency"

	"kith/crdt/invoice"
	"kith/crdt/kinds"
)

// drafted is the draft of an invoice as it is handed out, and the form that says of what.
type drafted struct {
	Ask      *form
	Draft    *invoice.Invoice // nil: none is asked for yet, or it can't be made
	Of, Days string           // for whom, and which days
	Day      string           // on which it was drafted
	Lines    []chargeLine
	Total    string
	Files    []action // the same as files
}

// chargeLine is a line of an invoice as it is read.
type chargeLine struct{ Text, Quantity, Price, Amount string }

// invoice drafts one from the hours of a project. Nothing is kept of it: it is made anew from what is written down.
func (in *asking) invoice(w http.ResponseWriter) error {
	typed := in.r.URL.Query()
	v := drafted{Ask: in.invoiceForm(typed), Day: in.dated(in.now)}
	if typed.Get("project") != "" {
		draft, q, err := in.drafts(v.Ask)
		if err == nil {
			v.Draft = &draft
			in.charges(&v)
			v.Files = []action{
				{Words: in.t.T("Save it as a table (CSV)"), At: in.At("hours", "invoice", "csv") + "?" + q.Encode(), Look: "line"},
				{Words: in.t.T("Save it as a page (HTML)"), At: in.At("hours", "invoice", "html") + "?" + q.Encode(), Look: "plain"},
				{Words: in.t.T("Save it as text (Markdown)"), At: in.At("hours", "invoice", "md") + "?" + q.Encode(), Look: "plain"},
			}
		} else {
			v.Ask = in.again(v.Ask, err)
		}
	}
	in.show(w, statusOf(v.Ask), "invoice", in.t.T("Invoice (draft)"), v)
	return nil
}

// drafts asks for the draft that the address means, and gives what it was asked for.
func (in *asking) drafts(ask *form) (draft invoice.Invoice, q url.Values, err error) {
	q = url.Values{}
	for _, one := range ask.Inputs {
		if value := strings.TrimSpace(in.r.FormValue(one.Name)); value != "" {
			q.Set(one.Name, value)
		}
	}
	language := cmp.Or(in.r.FormValue("language"), in.t.Tag)
	if invoice.HasWords(language) {
		q.Set("language", language)
	}
	draft, err = in.c.Invoice(in.ctx(), q)
	return draft, q, err
}

// invoiceFile gives the draft as a file.
func (in *asking) invoiceFile(w http.ResponseWriter) error {
	form := in.r.PathValue("form")
	write := invoice.Formats[form]
	if write == nil {
		return noSuchThing
	}
	draft, _, err := in.drafts(in.invoiceForm(in.r.URL.Query()))
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := write(&draft, &b); err != nil {
		return err
	}
	in.handsOut(w, "invoice", form, b.Bytes())
	return nil
}

// charges puts an invoice into the reader's language: its numbers, and what Kith itself says in it.
func (in *asking) charges(v *drafted) {
	if v.Of = v.Draft.Project; v.Draft.Client != "" {
		v.Of = in.t.T("{project}, for {client}", "project", v.Draft.Project, "client", v.Draft.Client)
	}
	from, to := in.Due(v.Draft.From, in.dated), in.Due(v.Draft.To, in.dated)
	switch {
	case from != "" && to != "":
		v.Days = in.t.T("from {from} to {to}", "from", from, "to", to)
	case from != "":
		v.Days = in.t.T("from {day} on", "day", from)
	case to != "":
		v.Days = in.t.T("until {when}", "when", to)
	}
	for _, l := range v.Draft.Lines {
		one := chargeLine{Text: l.Text, Quantity: in.exact(l.Quantity), Price: in.exact(l.Price), Amount: in.exact(l.Amount)}
		switch {
		case l.Coordination:
			one.Text = in.t.T("Coordination")
		case l.Unit == "percent":
			one.Text = in.t.T("Tax")
		case l.Text == "":
			one.Text = in.t.T("Work")
		}
		switch l.Unit {
		case "hours":
			one.Quantity = in.t.T("{hours}\u00a0h", "hours", one.Quantity)
		case "percent":
			one.Quantity = in.t.T("{#}\u00a0%", "#", one.Quantity)
		}
		v.Lines = append(v.Lines, one)
	}
	v.Total = in.exact(v.Draft.Total)
}

// exact says a decimal number with all its digits, as the language writes it.
func (in *asking) exact(amount string) string {
	whole, part, decimal := strings.Cut(amount, ".")
	n, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || strings.HasPrefix(amount, "-") {
		return amount
	}
	says := in.t.numbers.Sprint(n)
	if decimal {
		point := in.t.numbers.Sprint(1.5)
		says += point[1:len(point)-1] + part
	}
	return says
}

// money says an amount of money, such as "25.50 EUR", as the language writes it: with the sign of the currency, where it has one there.
func (in *asking) money(amount string) string {
	number, code, _ := strings.Cut(amount, " ")
	unit, err := currency.ParseISO(code)
	if err != nil {
		return amount
	}
	sign := in.t.numbers.Sprint(currency.Symbol(unit))
	if sign == code {
		return in.exact(number) + "\u00a0" + code
	}
	return in.t.T("{sign}{amount}", "sign", sign, "amount", in.exact(number))
}

// invoiceForm asks for what an invoice is drafted: it changes nothing, so it is sent in the address.
func (in *asking) invoiceForm(typed url.Values) *form {
	project := input{Name: "project", Is: "pick", Label: in.t.T("Project"), Options: in.titlesOf(kinds.Project, typed.Get("project"))}
	f := &form{Title: in.t.T("Draft an invoice"), At: in.At("hours", "invoice"), Words: in.t.T("Draft it"), Inputs: []input{
		project,
		{Name: "from", Is: "day", Label: in.t.T("From")},
		{Name: "to", Is: "day", Label: in.t.T("To")},
		{Name: "rate", Is: "line", Label: in.t.T("What an hour costs"), Hint: in.t.T("as 60 EUR; without it what the project says")},
		{Name: "coordination", Is: "line", Label: in.t.T("What coordination costs"), Hint: in.t.T("as 15%, or an amount as 500 EUR; without it what the project says, or our agreements")},
		{Name: "tax", Is: "line", Label: in.t.T("Tax, in percent")},
	}}
	f.retype(typed)
	return f
}
