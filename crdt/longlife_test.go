package crdt_test

import (
	"flag"
	"math/rand"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
)

var lifeDays = flag.Int("life", 0, "measure texts of 100,000 characters that are edited on so many `days` (1825 are five years and take some minutes)")

// A text as long as there can be one, worked on day by day: 25 words go, and 25 others come in their place.
func TestALongLife(t *testing.T) {
	if *lifeDays == 0 {
		t.Skip("it measures, with -life 1825")
	}
	const words = 25
	for _, kind := range []string{kinds.Note.Name, kinds.Task.Name, kinds.Decision.Name} {
		t.Run(kind, func(t *testing.T) {
			rng := rand.New(rand.NewSource(1))
			some := func(n int) (all []string) {
				for range n {
					b := make([]byte, 3+rng.Intn(6))
					for i := range b {
						b[i] = byte('a' + rng.Intn(26))
					}
					all = append(all, string(b))
				}
				return all
			}
			text := some(15_300)
			said := func() string { return strings.Join(text, " ") }
			c := found(t, kind, "ana", "ben", "cleo")
			c.maker.do(newOf(c, kind, said()))
			var longest time.Duration
			for i := range *lifeDays {
				before := said()
				at := rng.Intn(len(text) - words)
				copy(text[at:], some(words))
				stands := c.maker.view()
				began := time.Now()
				must(t, crdttest.EditText(before, said())(c.maker.am, stands))
				c.maker.commit()
				if took := time.Since(began); i > 0 {
					longest = max(longest, took)
				}
			}
			judge := c.maker.judge
			if judge.Ops() > accept.MaxOps || c.maker.view().Text != said() {
				t.Fatal("the last of it isn't there")
			}
			var all []byte
			began := time.Now()
			for _, e := range c.maker.sent {
				_, err := change.Parse(e.Payload)
				must(t, err)
				all = append(all, e.Payload...)
			}
			am := automerge.New()
			must(t, am.LoadIncremental(all))
			loads := time.Since(began)
			t.Logf("%s: %d characters, %d days, %d operations (%d %% of the room), %d kB; put together anew in %v, an edit at most %v",
				kind, len(said()), *lifeDays, judge.Ops(), c.maker.view().Room.For(c.maker.id), len(all)/1000, loads.Round(time.Millisecond), longest.Round(time.Millisecond))
		})
	}
}

// newOf begins a document of a kind with a text.
func newOf(c *coop, kind, text string) crdt.Edit {
	switch kind {
	case kinds.Task.Name:
		return crdttest.NewTask(now, crdttest.TaskFields{Title: "Handbook", Text: text})
	case kinds.Decision.Name:
		return crdttest.NewDecision(c.maker.id, crdttest.DecisionFields{Title: "Handbook", Text: text})
	}
	return crdttest.NewNote(crdttest.NoteFields{Title: "Handbook", Text: text})
}

// What is all taken out comes back whole, however little is left of it.
func TestALargeTextComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	long := strings.Repeat("ten letter", 9_900)
	c := note(t, long)
	c.maker.do(crdttest.EditText(long, "oops"))
	if v := c.maker.do(crdttest.EditText("oops", long)); v.Text != long {
		t.Fatal("it isn't what it was")
	}
	if v := c.maker.do(crdttest.EditText(long, strings.Repeat("0123456789", 9_900))); len(v.Text) != len(long) {
		t.Fatal("nothing that it says was there, and it doesn't stand there")
	}
}
