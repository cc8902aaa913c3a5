package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// goesOnAs has somebody write a note that says that it continues others.
func goesOnAs(t *testing.T, r *replica.Replica, title string, others ...*crdt.View) *crdt.View {
	t.Helper()
	var ids []string
	for _, v := range others {
		ids = append(ids, api.FullID(v.Kind, v.ID.String()))
	}
	v, err := r.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		begin := crdttest.NewNote(crdttest.NoteFields{Title: title})
		if len(ids) == 0 {
			return begin(e.Doc, nil)
		}
		return crdt.Continue(begin, ids[0], strings.Join(ids[1:], " "))(e.Doc, e.View)
	})
	must(t, err)
	return &v
}

func forgets(t *testing.T, r *replica.Replica, v *crdt.View) {
	t.Helper()
	_, err := r.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Forget(r.Device(), v.ID, "a bank account") })
	must(t, err)
}

func brings(t *testing.T, from, to *replica.Replica) {
	t.Helper()
	_, err := to.Accept(t.Context(), replicatest.Entries(t, from))
	must(t, err)
}

// Hours of others are told under the title of what continues what they worked on.
func TestWhatIsForgottenGoesOnOnlyWhereSomebodySaysWhoWroteInIt(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	d := New(&space.Space{Replica: ana, Now: time.Now}, space.NewList(nil, space.Config{}))
	goesOnIn := func(v *crdt.View) string {
		t.Helper()
		next := d.GoesOnFrom(v.ID.String())
		if next == nil {
			return ""
		}
		return next.Title
	}
	first := goesOnAs(t, ana, "the first")
	for i := range mostAfter + 1 {
		goesOnAs(t, ben, fmt.Sprint("Ben's ", i), first)
	}
	brings(t, ben, ana)
	forgets(t, ana, first)
	if on := goesOnIn(first); on != "" {
		t.Errorf("what Ana alone wrote goes on in %q, which Ben made", on)
	}
	second := goesOnAs(t, ana, "the second", first)
	if on := goesOnIn(first); on != "the second" {
		t.Errorf("it goes on in %q", on)
	}

	// Somebody else goes on with that: who looks for the first is led on.
	brings(t, ana, ben)
	_, err := ben.Edit(t.Context(), second.ID, func(e replica.Edit) error {
		return crdttest.EditNote(crdttest.Common{Title: new("the second, by both")})(e.Doc, e.View)
	})
	must(t, err)
	goesOnAs(t, ben, "the third", second, first)
	brings(t, ben, ana)
	forgets(t, ana, second)
	forgets(t, ben, second)
	brings(t, ben, ana)
	if on := goesOnIn(first); on != "the third" {
		t.Errorf("after two, it goes on in %q", on)
	}
}

func TestWhoClaimsToContinueADocumentHidesNothingThatItsAuthorSays(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	d := New(&space.Space{Replica: ana, Now: time.Now}, space.NewList(nil, space.Config{}))
	first := goesOnAs(t, ana, "the first")
	for i := range mostAfter + 1 {
		goesOnAs(t, ben, fmt.Sprint("Ben's ", i), first)
	}
	brings(t, ben, ana)
	goesOnAs(t, ana, "the second", first)
	at := d.Look(ana, first)
	if all := d.after(&at); len(all) != mostAfter || all[0].Title != "the second" {
		t.Errorf("it is continued by %v", all)
	}
}
