package crdt_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// Attack 37: eight records that say nothing were enough before the right one, and eight after.
func TestTheRightRecordCountsAmongAsManyOthersAsThereCanBe(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana, ben := c.desk("ana"), c.desk("ben")
	for _, d := range []*desk{ben, c.desk("cleo")} {
		d.says(kinds.Consent, "")
		c.settle()
	}
	junk := func(n int) {
		for i := range n {
			ana.hack(func(am *automerge.Doc) error {
				return am.RootMap().Set(schema.OwnKey(ana.id, "record"), fmt.Sprintf("junk %d", i))
			})
		}
	}
	junk(20)
	must(t, ana.close())
	junk(accept.MaxClosings - 21)
	v := c.settle()
	if d := crdttest.Decision(v); d.Status != kinds.Agreed || !d.Outcome.Holds || d.Outcome.RecordedBy != ana.id {
		t.Errorf("it is %s: %+v", d.Status, d.Outcome)
	}
	// How many there can be is a rule that all share.
	e, made := ana.draft(schema.OwnKey(ana.id, "record"), "one too many")
	ben.judge.Add(e, made)
	if state, why := ben.judge.State(e.ID()); state != charter.Void {
		t.Errorf("one more is %v: %s", state, why)
	}
	ben.records(kinds.Agreed) // takes no room from others: it is accepted
}

// Attack 44: by which of two names a prospective member goes hangs on what else has come.
func TestAViewIsTheSameWhateverNamesAreKnown(t *testing.T) {
	c := found(t, "decision", "ana", "ben")
	statement := func(to *charter.Charter, payload []byte, err error) *charter.Charter {
		t.Helper()
		must(t, err)
		e, err := entry.New(entry.Fields{Space: c.space, Heads: to.Heads(), Kind: entry.Statement, Run: c.newRun(), Number: 1, Payload: payload}, key("ana's laptop"))
		must(t, err)
		return to.With(e)
	}
	joins := func(to *charter.Charter, code, name, device string) *charter.Charter {
		t.Helper()
		payload, err := to.Invite(key("ana's laptop").Device(), key(code).Device(), 0)
		to = statement(to, payload, err)
		r, err := charter.NewRedemption(c.space, key(code), key("eli"), key(device), name, "laptop")
		must(t, err)
		payload, err = to.AdmitProspective(key("ana's laptop").Device(), key(code).Device(), r)
		return statement(to, payload, err)
	}
	before := c.charter.(*charter.Charter)
	one := joins(before, "one", "Eli", "eli's laptop")
	two := joins(before, "two", "Zed", "eli's phone")
	both := one.With(two.Statements()...)
	id := charter.MemberIDOf(c.space, key("eli").Device())
	c.charter, c.ids["eli"] = one, id
	for _, d := range c.desks {
		d.open()
	}
	eli := c.sit("eli")
	ana := c.desk("ana")
	ana.do(crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "A new press", Process: kinds.ProcessConsent}))
	c.settle()
	eli.says(kinds.Object, "too dear")
	eli.records(kinds.Agreed)
	c.settle()
	var views [][]byte
	for _, with := range []*charter.Charter{one, both, two.With(one.Statements()...)} {
		v, err := crdt.Look(eli.am, eli.judge, with)
		must(t, err)
		if o := crdttest.Decision(v).Outcome; o == nil || o.Why.Who != id {
			t.Fatalf("it isn't said about Eli: %+v", o)
		}
		b, err := kinds.All.EncodeView(v)
		must(t, err)
		views = append(views, b)
	}
	if !bytes.Equal(views[0], views[1]) || !bytes.Equal(views[0], views[2]) {
		t.Errorf("one replica stores\n%s\nanother\n%s", views[0], views[1])
	}
}
