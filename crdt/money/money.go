// Package money is exact amounts of money: decimals with a currency, rounded to that currency's smallest coin where
// something is multiplied, and nowhere else.
//
// Sums and products are those of github.com/cockroachdb/apd, which says when a result isn't exact instead of rounding
// it in silence. How many decimals a currency has comes from Unicode's CLDR, through golang.org/x/text/currency. What
// is rounded is rounded half away from zero, as bookkeepers do: 0.125 EUR are 0.13 EUR.
package money

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/cockroachdb/apd/v3"
	"golang.org/x/text/currency"
)

// MaxDigits is how many digits an amount has before the point at most.
const MaxDigits = 12

// Amount is an amount of money. The zero Amount is nothing, of no currency.
type Amount struct {
	value    apd.Decimal
	currency string // ISO 4217: "EUR"
}

// exact computes with more digits than any amount has, and fails where that isn't enough.
var exact = apd.Context{Precision: 60, MaxExponent: 100, MinExponent: -100, Traps: apd.DefaultTraps | apd.Inexact}

// rounding is exact, but for what is rounded to coins.
var rounding = apd.Context{Precision: 60, MaxExponent: 100, MinExponent: -100, Traps: apd.DefaultTraps, Rounding: apd.RoundHalfUp}

var (
	behind = regexp.MustCompile(`^([0-9]+)(?:([.,])([0-9]+))?[ \x{a0}\x{202f}]?([A-Za-z]{3}|€)$`) // with a space that doesn't break, too
	before = regexp.MustCompile(`^([A-Za-z]{3}|€)[ \x{a0}\x{202f}]?([0-9]+)(?:([.,])([0-9]+))?$`)
	bare   = regexp.MustCompile(`^([0-9]+)(?:[.,]([0-9]+))?$`)

	// anHour is what stands behind a price of an hour: "40 €/h", "40 EUR per hour", "40 € la hora".
	anHour = regexp.MustCompile(`(?i)\s*(?:/\s*|(?:\s|^)(?:an|a|per|por|la)\s+)(?:hour|hora|hr|h)\.?$`)
)

// Parse reads an amount as people type it: "4000 EUR", "EUR 12.50", "12,50eur", "12,50 €". Of the signs only that of the euro
// means one currency. Thousands aren't parted, since a comma or point would say two things. The error is in a member's words.
func Parse(s string) (Amount, error) {
	whole, point, rest, code := "", "", "", ""
	if m := behind.FindStringSubmatch(s); m != nil {
		whole, point, rest, code = m[1], m[2], m[3], m[4]
	} else if m := before.FindStringSubmatch(s); m != nil {
		whole, point, rest, code = m[2], m[3], m[4], m[1]
	} else if bare.MatchString(s) {
		return Amount{}, fmt.Errorf("“%s” doesn't say of which currency: write %[1]s EUR, if euros are meant", brief(s))
	} else {
		return Amount{}, fmt.Errorf("“%s” is no amount of money: write it like 4000 EUR, or 12.50 EUR", brief(s))
	}
	if code = strings.ToUpper(code); code == "€" {
		code = "EUR"
	}
	coins, err := decimals(code)
	switch {
	case err != nil:
		return Amount{}, err
	case len(whole) > MaxDigits:
		return Amount{}, fmt.Errorf("“%s” is more money than there is", brief(s))
	case len(rest) == 3 && (point == "," || len(rest) > coins):
		return Amount{}, fmt.Errorf("“%s” can be read in two ways: write %s%s %s if that is meant", brief(s), whole, rest, code)
	case len(rest) > coins:
		return Amount{}, fmt.Errorf("“%s” is no amount of money: %s has %d decimals", brief(s), code, coins)
	}
	var a Amount
	if _, _, err := a.value.SetString(whole + "." + rest + "0"); err != nil {
		return Amount{}, fmt.Errorf("“%s” is no amount of money", brief(s))
	}
	a.currency = code
	return a.coins()
}

// decimals is how many a currency has.
func decimals(code string) (int, error) {
	unit, err := currency.ParseISO(code)
	if err != nil || code == "XXX" || code == "XTS" {
		return 0, fmt.Errorf("there is no currency %s: use its three letters, as EUR or USD", brief(code))
	}
	scale, _ := currency.Standard.Rounding(unit)
	return scale, nil
}

// Clean gives an amount the form in which documents hold it: "4000.00 EUR". "" is none.
func Clean(s string) (string, error) {
	if s = strings.TrimSpace(s); s == "" {
		return "", nil
	}
	a, err := Parse(s)
	if err != nil {
		return "", err
	}
	return a.String() + " " + a.currency, nil
}

// CleanRate is Clean for what an hour costs, which may say so: "40 €/h".
func CleanRate(s string) (string, error) {
	price := anHour.ReplaceAllString(strings.TrimSpace(s), "")
	if price == "" {
		price = s // “/h” alone says no price
	}
	return Clean(price)
}

// String is the number alone, with the decimals of its currency: "4000.00". With the currency it is Clean's form.
func (a Amount) String() string { return a.value.Text('f') }

// Currency is its currency, by the three letters of ISO 4217; "" for the zero Amount.
func (a Amount) Currency() string { return a.currency }

// IsZero says whether it is nothing.
func (a Amount) IsZero() bool { return a.value.IsZero() }

// Add is the sum of two amounts. They must be of one currency, unless one is the zero Amount: what one is worth in the
// other nobody here knows.
func (a Amount) Add(b Amount) (Amount, error) {
	switch {
	case a.currency == "":
		return b, nil
	case b.currency == "":
		return a, nil
	case a.currency != b.currency:
		return Amount{}, &MixedError{a.currency, b.currency}
	}
	sum := Amount{currency: a.currency}
	if _, err := exact.Add(&sum.value, &a.value, &b.value); err != nil {
		return Amount{}, fmt.Errorf("the sum is too large: %w", err)
	}
	return sum, nil
}

// Times is so much of it, rounded to coins. quantity is a decimal number: "2.50".
func (a Amount) Times(quantity string) (Amount, error) {
	var q apd.Decimal
	if _, _, err := q.SetString(quantity); err != nil {
		return Amount{}, fmt.Errorf("“%s” is no number", brief(quantity))
	}
	out := Amount{currency: a.currency}
	if _, err := exact.Mul(&out.value, &a.value, &q); err != nil {
		return Amount{}, fmt.Errorf("the product is too large: %w", err)
	}
	return out.coins()
}

// Percent is so many hundredths of it, rounded to coins.
func (a Amount) Percent(percent string) (Amount, error) {
	var p, hundredth apd.Decimal
	if _, _, err := p.SetString(percent); err != nil {
		return Amount{}, fmt.Errorf("“%s” is no number", brief(percent))
	}
	hundredth.SetFinite(1, -2)
	if _, err := exact.Mul(&p, &p, &hundredth); err != nil {
		return Amount{}, err
	}
	return a.Times(p.Text('f'))
}

// coins rounds to the smallest coin.
func (a Amount) coins() (Amount, error) {
	n, err := decimals(a.currency)
	if err != nil {
		return Amount{}, err
	}
	if _, err := rounding.Quantize(&a.value, &a.value, int32(-n)); err != nil {
		return Amount{}, fmt.Errorf("that is more money than there is: %w", err)
	}
	return a, nil
}

// Number cleans a decimal number from 0 to most, with at most two decimals and without useless zeros: "12.5". A comma is a
// point.
func Number(s string, most int64) (string, error) {
	m := bare.FindStringSubmatch(s)
	if m == nil || len(m[1]) > MaxDigits || len(m[2]) > 2 {
		return "", fmt.Errorf("“%s” is no number with at most two decimals", brief(s))
	}
	var n, top apd.Decimal
	if _, _, err := n.SetString(m[1] + "." + m[2] + "0"); err != nil {
		return "", err
	}
	if n.Cmp(top.SetInt64(most)) > 0 {
		return "", fmt.Errorf("%s is more than %d", brief(s), most)
	}
	n.Reduce(&n)
	return n.Text('f'), nil
}

// Hours is an amount of work in hours, rounded to hundredths: "1.33" for 80 minutes. It is what an hour's price is
// multiplied with, so that whoever gets an invoice can multiply again.
func Hours(minutes int64) string {
	var m, sixty, h apd.Decimal
	m.SetInt64(minutes)
	sixty.SetInt64(60)
	if _, err := rounding.Quo(&h, &m, &sixty); err != nil {
		return "0.00" // no count of minutes comes near the bounds
	}
	if _, err := rounding.Quantize(&h, &h, -2); err != nil {
		return "0.00"
	}
	return h.Text('f')
}

// MixedError says that two amounts are of two currencies.
type MixedError struct{ A, B string }

func (e *MixedError) Error() string {
	return fmt.Sprintf("amounts of %s and %s can't be added: what one is worth in the other has to be said by somebody", e.A, e.B)
}

// brief shortens a word for a message.
func brief(s string) string {
	if r := []rune(s); len(r) > 40 {
		return string(r[:40]) + "…"
	}
	return s
}
