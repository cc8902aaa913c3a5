package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kith/daemon/api"
)

// An ally's device asks for 1,500 things; another ally asks for one. What waits for Ana stays readable, the
// other ally's question is in it, and nothing is hidden from who wants it all.
func TestWhoeverAsksVeryMuchPushesNothingElseOutOfSight(t *testing.T) {
	c := newCoop()
	ask := func(n int, space, by, title string) api.Ask {
		id := fmt.Sprintf("q-%04d", n)
		return api.Ask{ID: id, Short: id, Title: title, Share: api.Named{ID: space}, With: by, By: api.Named{ID: by, Name: by}, State: api.AskOpen, At: api.At(now)}
	}
	for n := range 1500 {
		c.asked = append(c.asked, ask(n, "s1", "Dora (Quilted)", "Give us your members' addresses"))
	}
	c.asked = append(c.asked, ask(1500, "s2", "Eli (Bakery)", "A ladder"))
	d := newServedDesk(t, c)

	out := d.ok("today")
	_, asks, _ := strings.Cut(out, "Allies ask")
	asks, _, _ = strings.Cut(asks, "\n\n")
	if n := strings.Count(asks, "addresses"); n != mostWaiting-1 {
		t.Errorf("%d lines of one ally", n)
	}
	if !strings.Contains(asks, "A ladder") {
		t.Error("the other ally's question isn't to be seen")
	}
	if !strings.Contains(asks, "and 1481 more: kith today --all") {
		t.Errorf("it isn't said how many more there are:\n%s", asks)
	}
	if n := strings.Count(d.ok("today", "--all"), "addresses"); n != 1500 {
		t.Errorf("of all, %d are shown", n)
	}
	var all struct{ Asks []api.Ask }
	if err := json.Unmarshal([]byte(d.ok("today", "--json")), &all); err != nil || len(all.Asks) != 1501 {
		t.Errorf("a program gets %d: %v", len(all.Asks), err)
	}
}
