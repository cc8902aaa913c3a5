package crdt_test

import (
	"fmt"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Ana logs her hours on her laptop and on her phone while the two are apart: both entries count. What she says otherwise on both stands
// as it was said on one, the same everywhere, and what was said on the other stays in sight; so does what she takes back on one.
func TestHoursLoggedOnTwoDevicesAtOnceAllCountAndWhatWasSaidStaysInSight(t *testing.T) {
	c := found(t, kinds.Time.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Time, "make", "month", "2026-11"))
	laptop, phone := c.desk("ana"), c.sit("ana")
	laptop.tell(laptop.practice(kinds.Time, "log", "entry", "first", "on", "2026-11-20", "hours", "2h"))
	laptop.tell(laptop.practice(kinds.Time, "log", "entry", "second", "on", "2026-11-21", "hours", "3h"))

	laptop.do(laptop.practice(kinds.Time, "log", "entry", "laptop", "on", "2026-11-22", "hours", "4h"))
	laptop.do(laptop.practice(kinds.Time, "change", "entry", "first", "hours", "1h"))
	laptop.do(laptop.practice(kinds.Time, "change", "entry", "second", "hours", "5h"))
	laptop.do(laptop.practice(kinds.Time, "change", "entry", "first", "hours", "9h"))
	phone.do(phone.practice(kinds.Time, "log", "entry", "phone", "on", "2026-11-22", "hours", "6h"))
	phone.do(phone.practice(kinds.Time, "change", "entry", "first", "hours", "7h"))
	phone.do(phone.practice(kinds.Time, "change", "entry", "first", "hours", "8h"))
	phone.do(phone.practice(kinds.Time, "drop", "entry", "second"))
	m := kind.Of[kinds.Month](c.settle()) // which compares all desks

	says := map[string]string{}
	for _, e := range m.Entries {
		var was []int64
		for _, w := range e.Was {
			was = append(was, w.Minutes/60)
		}
		says[e.Name] = fmt.Sprint(e.Minutes/60, " ", was, " ", e.Gone)
	}
	if says["laptop"] != "4 [] false" || says["phone"] != "6 [] false" {
		t.Errorf("of two entries that were made apart there is %v", says)
	}
	if s := says["first"]; len(s) != len("9 [2 1 7 8] false") {
		t.Errorf("said otherwise on both: %s", s)
	}
	if s := says["second"]; s != "5 [3] false" && s != "5 [3] true" {
		t.Errorf("said otherwise on one and taken back on the other: %s", s)
	}
}

// Ben's modified program begins a month that is none, and puts days of other months into one that is: no hours stand in the first, and of the
// second only its own. Else a sum over some days would be another than that over all.
func TestAMonthThatIsNoneHoldsNoHoursAndNoneHoldsAnothersDays(t *testing.T) {
	for month, entries := range map[string]int{"2026-11": 1, "2026-12": 1, "2026-1": 0, "": 0, "2026-13": 0, "2026-11-20": 0, "2026-11-20-and-all-that-comes-after-it": 0} {
		c := found(t, kinds.Time.Name, "ben")
		c.maker.tell(c.maker.practice(kinds.Time, "make", "month", month))
		for name, on := range map[string]string{"a": "2026-11-20", "b": "2026-12-20"} {
			c.maker.tell(func(am *automerge.Doc, _ *crdt.View) error {
				return am.RootMap().Set("by:"+c.maker.id.String()+"/entry/"+name, `{"on":"`+on+`","min":60}`)
			})
		}
		m := kind.Of[kinds.Month](c.settle())
		if len(m.Entries) != entries {
			t.Errorf("in “%s” there are %v", month, m.Entries)
		}
	}
}
