// Package invoice makes the draft of an invoice from hours: what was done, and coordination in a line of its own, so that
// it is seen and paid.
//
// Amounts are exact decimals (package money). A line's quantity is what can be read on it (hours to a hundredth), its
// amount is quantity times price, rounded to coins; the total is the sum of the amounts as they stand. So whoever gets it
// comes to the same with a pencil. It is a draft: numbering, taxes and sending are the co-op's.
package invoice

import (
	"errors"
	"fmt"
	"strings"

	"kith/crdt/kinds"
	"kith/crdt/money"
)

// MaxLines bounds the lines of an invoice.
const MaxLines = 500

// ErrNothing says that there is nothing to charge.
var ErrNothing = errors.New("there are no hours to charge for")

// Work is what one line charges: so many minutes.
type Work struct {
	Text    string
	Minutes int64
}

// Terms say what it costs.
type Terms struct {
	Rate         money.Amount // of an hour
	Coordination string       // "15%" on top of the work, kinds.ByTheHour, or an amount: "500.00 EUR"; "" is by the hour
	Tax          string       // percent: "21"; "" is none
	Language     string       // of the words of Kith: "es"; where it has none in a language, English
}

// Line is one line. All but Text are as they are printed.
type Line struct {
	Text         string `json:"text"`
	Quantity     string `json:"quantity"`
	Unit         string `json:"unit"` // hours, percent, fixed
	Price        string `json:"price"`
	Amount       string `json:"amount"`
	Coordination bool   `json:"coordination"`
}

// Invoice is a draft.
type Invoice struct {
	Project  string `json:"project"`
	Client   string `json:"client"`
	From     string `json:"from"`
	To       string `json:"to"`
	Language string `json:"language"` // of the words of Kith
	Currency string `json:"currency"`
	Lines    []Line `json:"lines"`
	Total    string `json:"total"`
}

// Make makes the lines of an invoice for work and minutes of coordination. Errors are ErrNothing, *money.MixedError, or in
// a member's words.
func Make(terms Terms, work []Work, coordination int64) (*Invoice, error) {
	out := &Invoice{Currency: terms.Rate.Currency(), Language: terms.Language, Lines: []Line{}}
	var total money.Amount
	add := func(l Line, a money.Amount) error {
		sum, err := total.Add(a)
		if err != nil {
			return err
		}
		if len(out.Lines) == MaxLines {
			return fmt.Errorf("an invoice has at most %d lines: take a shorter time", MaxLines)
		}
		l.Amount = a.String()
		total, out.Lines = sum, append(out.Lines, l)
		return nil
	}
	hours := func(text string, minutes int64, coordination bool) error {
		quantity := money.Hours(minutes)
		amount, err := terms.Rate.Times(quantity)
		if err != nil {
			return err
		}
		return add(Line{Text: text, Quantity: quantity, Unit: "hours", Price: terms.Rate.String(), Coordination: coordination}, amount)
	}
	for _, w := range work {
		if w.Minutes <= 0 {
			continue
		}
		if err := hours(w.Text, w.Minutes, false); err != nil {
			return nil, err
		}
	}
	if len(out.Lines) == 0 && coordination <= 0 {
		return nil, ErrNothing
	}
	if err := terms.coordinate(total, coordination, hours, add); err != nil {
		return nil, err
	}
	if len(out.Lines) == 0 {
		return nil, ErrNothing
	}
	if terms.Tax != "" {
		tax, err := total.Percent(terms.Tax)
		if err != nil {
			return nil, err
		}
		if err := add(Line{Text: wordsIn(terms.Language).tax, Quantity: terms.Tax, Unit: "percent", Price: total.String()}, tax); err != nil {
			return nil, err
		}
	}
	out.Total = total.String()
	return out, nil
}

// coordinate adds the line of coordination.
func (t Terms) coordinate(work money.Amount, minutes int64, hours func(string, int64, bool) error, add func(Line, money.Amount) error) error {
	text := wordsIn(t.Language).coordination
	percent, onTop := strings.CutSuffix(t.Coordination, "%")
	switch {
	case onTop:
		if work.IsZero() {
			return nil
		}
		amount, err := work.Percent(percent)
		if err != nil {
			return err
		}
		return add(Line{Text: text, Quantity: percent, Unit: "percent", Price: work.String(), Coordination: true}, amount)
	case t.Coordination == "" || t.Coordination == kinds.ByTheHour:
		if minutes <= 0 {
			return nil
		}
		return hours(text, minutes, true)
	}
	fixed, err := money.Parse(t.Coordination)
	if err != nil {
		return err
	}
	return add(Line{Text: text, Quantity: "1", Unit: "fixed", Price: fixed.String(), Coordination: true}, fixed)
}
