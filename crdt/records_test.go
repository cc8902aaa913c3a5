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

// backdated is a majority decision that Ben closed as agreed, on which Cleo stands, and Mel closed as not agreed at an older
// place, in a run that goes on there; what all have said by now gives Mel's.
func backdated(t *testing.T, c *coop) (old *desk) {
	t.Helper()
	ben, cleo := c.desk("ben"), c.desk("cleo")
	ben.says(kinds.Disagree, "no")
	cleo.says(kinds.Disagree, "no")
	c.settle()
	old = c.sit("mel")
	old.from(ben)
	c.desk("mel").says(kinds.Agree, "")
	ben.from(c.desk("mel"), cleo)
	ben.says(kinds.Agree, "")
	must(t, ben.close()) // Ana, Ben, Mel agree
	cleo.from(ben)
	cleo.do(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Review: str("2027-01-01")})) // stands on it
	for i := range 5 {
		old.says(kinds.Disagree, fmt.Sprint("no", i))
	}
	old.records(kinds.NotAgreed)
	return old
}

func TestWhoRecordsAnOutcomeDoesntStandOnItThemselves(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora", "mel")
	old := backdated(t, c)
	old.do(crdttest.EditDecision(old.id, crdttest.DecisionEdit{Review: str("2028-01-01")}))
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed {
		t.Errorf("it is %s: %+v", crdttest.Decision(v).Status, crdttest.Decision(v).Outcome)
	}
}

func TestOnARecordOnlyFullMembersStand(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora", "mel")
	with := c.charter.(*charter.Charter)
	say := func(payload []byte, err error) {
		t.Helper()
		must(t, err)
		e, err := entry.New(entry.Fields{Space: c.space, Heads: with.Heads(), Kind: entry.Statement, Run: c.newRun(), Number: 1, Payload: payload}, key("mel's laptop"))
		must(t, err)
		with = with.With(e)
	}
	say(with.Invite(key("mel's laptop").Device(), key("a code").Device(), 0))
	r, err := charter.NewRedemption(c.space, key("a code"), key("eli"), key("eli's laptop"), "Eli", "laptop")
	must(t, err)
	say(with.AdmitProspective(key("mel's laptop").Device(), key("a code").Device(), r))
	c.charter, c.ids["eli"] = with, charter.MemberIDOf(c.space, key("eli").Device())
	for _, d := range c.desks {
		d.judge.Rejudge(with)
	}
	old := backdated(t, c)
	eli := c.sit("eli")
	eli.from(old)
	eli.do(crdttest.EditDecision(eli.id, crdttest.DecisionEdit{Review: str("2028-01-01")}))
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed {
		t.Errorf("it is %s: %+v", crdttest.Decision(v).Status, crdttest.Decision(v).Outcome)
	}
}
