package money_test

import (
	"errors"
	"fmt"
	"math/big"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/money"
)

func TestAnAmountIsReadAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{
		"4000 EUR": "4000.00 EUR", "4000eur": "4000.00 EUR", "EUR 12.5": "12.50 EUR", " 12,50 EUR ": "12.50 EUR", "0 USD": "0.00 USD",
		"500 JPY": "500 JPY", "1.234 KWD": "1.234 KWD", "007 EUR": "7.00 EUR", "": "",
		"25,50 €": "25.50 EUR", "25 €": "25.00 EUR", "25€": "25.00 EUR", "€25.5": "25.50 EUR", "25,50 EUR": "25.50 EUR", "25,50\u00a0€": "25.50 EUR",
	} {
		if got, err := money.Clean(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{
		"4000", "EUR", "-5 EUR", "1,234 EUR", "1,234 KWD", "12.345 EUR", "5.5 JPY", "12 XYZ", "1 XXX", "1e9 EUR", "NaN EUR", "4000000000000 EUR", "5 EURO", "５ EUR", "4.000,00 EUR", "25 $", "€", "25 €€",
	} {
		if got, err := money.Clean(typed); err == nil {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
}

func TestWhatAnHourCostsIsReadAsPeopleTypeIt(t *testing.T) {
	for typed, want := range map[string]string{
		"40 €/h": "40.00 EUR", "40€/h": "40.00 EUR", "40 EUR / hour": "40.00 EUR", "40 EUR an hour": "40.00 EUR", "40,50 € per hour": "40.50 EUR", "€40/h": "40.00 EUR",
		"40 € la hora": "40.00 EUR", "40 €/hora": "40.00 EUR", "40 EUR por hora": "40.00 EUR", "€40": "40.00 EUR", "40 EUR": "40.00 EUR", "": "",
	} {
		if got, err := money.CleanRate(typed); err != nil || got != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"40/h", "40", "40 an hour"} {
		want := "“40” doesn't say of which currency: write 40 EUR, if euros are meant"
		if got, err := money.CleanRate(typed); err == nil || err.Error() != want {
			t.Errorf("%q: %q, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"40 €/day", "40 €/", "/h", "h", "40 EURh"} {
		if got, err := money.CleanRate(typed); err == nil {
			t.Errorf("%q is read as %q", typed, got)
		}
	}
}

func TestAnAmountThatReadsInTwoWaysIsAskedBack(t *testing.T) {
	for _, typed := range []string{"1.500 EUR", "1,500 EUR", "1.500 €", "€1,500"} {
		want := "“" + typed + "” can be read in two ways: write 1500 EUR if that is meant"
		if got, err := money.Clean(typed); err == nil || err.Error() != want {
			t.Errorf("%q: %q, %v\nwant %s", typed, got, err, want)
		}
	}
}

func TestAmountsOfTwoCurrenciesAreNotAdded(t *testing.T) {
	euro, err := money.Parse("1 EUR")
	if err != nil {
		t.Fatal(err)
	}
	dollar, err := money.Parse("1 USD")
	if err != nil {
		t.Fatal(err)
	}
	var mixed *money.MixedError
	if _, err := euro.Add(dollar); !errors.As(err, &mixed) {
		t.Errorf("got %v", err)
	}
}

// The same by whole numbers of the smallest coin: quantity in hundredths, rounded half away from zero.
func TestAProductIsTheExactOneRoundedToCoins(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		of := rapid.SampledFrom([]struct {
			code  string
			coins int64
		}{{"EUR", 100}, {"JPY", 1}, {"KWD", 1000}}).Draw(t, "currency")
		price, hundredths := rapid.Int64Range(0, 1e9).Draw(t, "price in coins"), rapid.Int64Range(0, 1e7).Draw(t, "hundredths")
		a, err := money.Parse(decimal(price, of.coins) + " " + of.code)
		if err != nil {
			t.Fatal(err)
		}
		got, err := a.Times(decimal(hundredths, 100))
		if err != nil {
			t.Fatal(err)
		}
		product := new(big.Int).Mul(big.NewInt(price), big.NewInt(hundredths))
		coins := product.Add(product, big.NewInt(50)).Div(product, big.NewInt(100)).Int64()
		if want := decimal(coins, of.coins); got.String() != want || got.Currency() != of.code {
			t.Fatalf("%s × %s is %s, and not %s", a, decimal(hundredths, 100), got, want)
		}
		percent, err := a.Percent(decimal(hundredths, 100))
		if err != nil {
			t.Fatal(err)
		}
		part := new(big.Int).Mul(big.NewInt(price), big.NewInt(hundredths))
		coins = part.Add(part, big.NewInt(5000)).Div(part, big.NewInt(10000)).Int64()
		if want := decimal(coins, of.coins); percent.String() != want {
			t.Fatalf("%s %% of %s is %s, and not %s", decimal(hundredths, 100), a, percent, want)
		}
	})
}

func TestHoursAreRoundedToHundredths(t *testing.T) {
	for minutes, want := range map[int64]string{0: "0.00", 60: "1.00", 80: "1.33", 90: "1.50", 20: "0.33", 40: "0.67", 1: "0.02", 450_000 * 60: "450000.00"} {
		if got := money.Hours(minutes); got != want {
			t.Errorf("%d minutes are %s", minutes, got)
		}
	}
}

func decimal(n, unit int64) string {
	if unit == 1 {
		return fmt.Sprint(n)
	}
	return fmt.Sprintf("%d.%0*d", n/unit, len(fmt.Sprint(unit))-1, n%unit)
}
