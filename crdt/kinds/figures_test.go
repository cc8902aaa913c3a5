package kinds_test

import (
	"fmt"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func TestFiguresAreReadInOneForm(t *testing.T) {
	for _, row := range cases(t, "figures.txt", 3) {
		d := &kind.Draft{}
		d.Asks.PutAll(&kind.Field{Key: "set"}, []string{row[0] + "=" + row[1]})
		err := kinds.Agreement.Edit.Do(d)
		got := ""
		for _, w := range d.Writes() {
			got = w.Value.Str()
		}
		if got != row[2] || (err == nil) != (row[2] != "") {
			t.Errorf("%s=%s holds %q (%v), and not %q", row[0], row[1], got, err, row[2])
		}
	}
}

// Of an agreement a modified program writes what it likes; it is read whenever somebody looks. This test takes half an hour where
// that one is written out.
func TestAFigureWithAMillionDigitsIsNotWrittenOutToBeRefused(t *testing.T) {
	for range 20_000 {
		d := &kind.Draft{}
		d.Asks.PutAll(&kind.Field{Key: "set"}, []string{kinds.FigureHoursLimit + "=" + strings.Repeat("9", 30) + "e-999999"})
		if kinds.Agreement.Edit.Do(d) == nil {
			t.Fatal("it is taken")
		}
	}
}

func TestAQuorumIsNeverLessThanItsPart(t *testing.T) {
	for _, row := range cases(t, "quorum.txt", 3) {
		var full int
		fmt.Sscan(row[1], &full)
		if got := fmt.Sprint(kinds.Enough(row[0], full)); got != row[2] {
			t.Errorf("of %d full members with quorum %q %s have to answer, and not %s", full, row[0], got, row[2])
		}
	}
}

func TestAFigureHoldsAsLongAsNoOtherAgreementSaysOtherwise(t *testing.T) {
	says := func(days, replaced string) *kind.View {
		return &kind.View{Fields: kind.Values{"timebox": change.StrValue(days), "replaced_by": change.StrValue(replaced)}}
	}
	away := says("7d", "")
	away.Archived = &kind.Deed{}
	for name, is := range map[string]struct {
		agreements []*kind.View
		want       string
	}{
		"one":                           {[]*kind.View{says("14d", "")}, "timebox 14d"},
		"none":                          {nil, ""},
		"a replaced one says nothing":   {[]*kind.View{says("7d", "a-1"), says("14d", "")}, "timebox 14d"},
		"nor does one that is put away": {[]*kind.View{away, says("14d", "")}, "timebox 14d"},
		"two that say the same":         {[]*kind.View{says("14d", ""), says("14d", "")}, "timebox 14d"},
		"two that don't":                {[]*kind.View{says("7d", ""), says("14d", "")}, "timebox "},
		"three of which two don't":      {[]*kind.View{says("7d", ""), says("14d", ""), says("7d", "")}, "timebox "},
		"what no command writes":        {[]*kind.View{says("soon", "")}, ""},
	} {
		got := ""
		for _, in := range kinds.FiguresInForce(is.agreements) {
			got = in.Name + " " + in.Value
		}
		if got != is.want {
			t.Errorf("%s: %q, and not %q", name, got, is.want)
		}
	}
}

func TestDaysOfTheWeekAreTypedInEitherLanguage(t *testing.T) {
	for typed, want := range map[string]string{
		"sat sun": "sat sun", "Sunday, Saturday": "sat sun", "vie sáb dom": "fri sat sun", "sabado; miercoles": "wed sat", "martes jueves mié": "tue wed thu", "lun mon": "mon",
		"doomsday": "", "s": "", "m": "",
	} {
		got, err := kinds.Profile.Field("off").Reads(typed)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q are %q (%v), and not %q", typed, got, err, want)
		}
	}
}
