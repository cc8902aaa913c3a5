package crdt_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// meeting is a co-op with one proposal, by the first of the named.
func meeting(t fataler, process string, names ...string) *coop {
	t.Helper()
	c := found(t, kinds.Decision.Name, names...)
	c.maker.do(crdttest.NewDecision(c.maker.id, crdttest.DecisionFields{Title: "Buy a bigger oven", Text: "For 800 euros.", Process: process}))
	c.settle()
	return c
}

// says takes a position on what a desk sees.
func (d *desk) says(stance, why string) *crdt.View {
	d.t.Helper()
	return d.do(crdttest.TakePosition(d.id, stance, why, ""))
}

func (d *desk) close() error { return d.try(crdttest.Close(d.id, now, "", d.names)) }

func pos(t fataler, v *crdt.View, d *desk) kinds.Position {
	t.Helper()
	for _, p := range crdttest.Decision(v).Positions {
		if p.Member == d.id {
			return p
		}
	}
	t.Fatal("no position of " + d.name)
	return kinds.Position{}
}

func str(s string) *string { return &s }

// The story of the README.
func TestADecisionByConsentFromProposalToOutcome(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "cleo", "ana", "ben")
	cleo, ana, ben := c.desk("cleo"), c.desk("ana"), c.desk("ben")
	ana.says(kinds.Consent, "")
	ben.says(kinds.Object, "we can't pay for it")
	v := c.settle()
	if len(crdttest.Decision(v).WaitingFor) != 0 || crdttest.Decision(v).Status != kinds.Open {
		t.Errorf("all have answered: %+v", crdttest.Decision(v))
	}

	var none *kinds.NoOutcomeError
	if err := cleo.close(); !errors.As(err, &none) || err.Error() != "Ben objects: we can't pay for it" || !strings.Contains(none.Hint, "resolve it first") {
		t.Errorf("closed over an objection: %v", err)
	}

	first := crdttest.Decision(v).Revision
	v = cleo.tell(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 800 euros, in eight rates.")}}))
	if crdttest.Decision(v).Revision == first {
		t.Error("another text, and the same revision")
	}
	for _, d := range []*desk{ana, ben} {
		if p := pos(t, v, d); p.Counted || p.Revision != first {
			t.Errorf("%s's position is on the earlier text: %+v", d.name, p)
		}
	}
	if p := pos(t, v, cleo); !p.Counted {
		t.Errorf("who rewrites their proposal stands behind it: %+v", p)
	}
	if !slices.Equal(crdttest.Decision(v).WaitingFor, sorted(c.ask("ana", "ben"))) {
		t.Errorf("waiting for %v", crdttest.Decision(v).WaitingFor)
	}

	ben.says(kinds.Consent, "")
	c.settle()
	must(t, ana.close())
	v = c.settle()
	o := crdttest.Decision(v).Outcome
	if crdttest.Decision(v).Status != kinds.Agreed || o == nil || !o.Holds || o.Result != kinds.Agreed || o.RecordedBy != ana.id || o.Contested {
		t.Errorf("outcome: %+v of %+v", o, crdttest.Decision(v))
	}
	if o.Tally.Consent != 2 || o.Tally.Silent != 1 {
		t.Errorf("tally: %+v", o.Tally)
	}
	if err := ben.close(); !isDenied(err) {
		t.Errorf("closed twice: %v", err)
	}
	for name, e := range map[string]crdt.Edit{
		"text":     crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For nothing.")}}),
		"title":    crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Common: crdttest.Common{Title: str("Buy two")}}),
		"withdraw": crdttest.Withdraw(cleo.id, "no"),
	} {
		if err := cleo.try(e); !isDenied(err) {
			t.Errorf("%s after it was agreed: %v", name, err)
		}
	}
	v = cleo.tell(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Review: str("2027-06-01"), Common: crdttest.Common{AddTags: []string{"kitchen"}}}))
	if crdttest.Decision(v).ReviewOn != "2027-06-01" || !slices.Equal(v.Tags, []string{"kitchen"}) {
		t.Errorf("review date and tags stay open: %+v", crdttest.Decision(v))
	}
}

func sorted[T interface{ ~[20]byte }](ids []T) []T {
	slices.SortFunc(ids, func(a, b T) int { return strings.Compare(string(a[:]), string(b[:])) })
	return ids
}

func TestClosingHearsEverybodyFirstOrWaitsForTheDate(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana := c.desk("ana")
	c.desk("ben").says(kinds.Consent, "")
	c.settle()
	var none *kinds.NoOutcomeError
	if err := ana.close(); !errors.As(err, &none) || !slices.Equal(none.Members, c.ask("cleo")) || !strings.Contains(err.Error(), "Cleo") {
		t.Errorf("closed before Cleo has said anything: %v", err)
	}
	ana.do(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{By: str("2026-11-24")}))
	if err := ana.close(); !errors.As(err, &none) {
		t.Errorf("closed on the last day: %v", err)
	}
	v := ana.do(crdttest.Close(ana.id, now.Add(24*time.Hour), "we go on without Cleo", c.names))
	if crdttest.Decision(v).Status != kinds.Agreed || crdttest.Decision(v).Outcome.Text != "we go on without Cleo" {
		t.Errorf("closed on the day after: %+v", crdttest.Decision(v))
	}
}

func TestTheLastDayOfADecisionEndsWhereTheCoopLives(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana := c.desk("ana")
	c.desk("ben").says(kinds.Consent, "")
	c.settle()
	ana.do(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{By: str("2026-11-24")}))
	v := ana.view()
	angeles, err := time.LoadLocation("America/Los_Angeles")
	must(t, err)
	fourInTheAfternoon := time.Date(2026, 11, 24, 16, 0, 1, 0, angeles) // a day later in UTC
	var none *kinds.NoOutcomeError
	if _, err := kinds.RecordFor(v, ana.id, fourInTheAfternoon, angeles, "", nil); !errors.As(err, &none) {
		t.Errorf("the day was over at four in the afternoon: %v", err)
	}
	if _, err := kinds.RecordFor(v, ana.id, fourInTheAfternoon.Add(8*time.Hour), angeles, "", nil); err != nil {
		t.Errorf("the day is over, and it still waits: %v", err)
	}
}

func TestAnObjectionIsNotWashedAwayByAComma(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	ben.says(kinds.Object, "too big")
	cleo.says(kinds.Consent, "")
	c.settle()
	ana.tell(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 800 euros,")}}))
	cleo.says(kinds.Consent, "")
	c.settle()
	var none *kinds.NoOutcomeError
	if err := ana.close(); !errors.As(err, &none) || !slices.Equal(none.Members, c.ask("ben")) {
		t.Errorf("closed without asking Ben: %v", err)
	}
	// A modified daemon does it all the same. The positions on the new text bear it, but it shows.
	ana.records(kinds.Agreed)
	v := c.settle()
	if o := crdttest.Decision(v).Outcome; !o.Holds || !o.Contested || o.ContestedWhy[0].Who != ben.id {
		t.Errorf("Ben's objection is hidden: %+v", o)
	}
	ben.says(kinds.Consent, "")
	if v = c.settle(); crdttest.Decision(v).Outcome.Contested {
		t.Errorf("Ben has consented: %+v", crdttest.Decision(v).Outcome)
	}
}

// records records an outcome as a modified daemon would, with the positions it sees.
func (d *desk) records(result string, change ...func(*kinds.Record)) {
	d.t.Helper()
	v := d.view()
	r := kinds.Record{Revision: crdttest.Decision(v).Revision, Result: result, Positions: []kinds.Named{}}
	for _, p := range crdttest.Decision(v).Positions {
		if p.Counted {
			r.Positions = append(r.Positions, kinds.Named{Member: p.Member.String(), Change: p.Change.String()})
		}
	}
	for _, f := range change {
		f(&r)
	}
	b, err := json.Marshal(r)
	must(d.t, err)
	d.hack(func(am *automerge.Doc) error {
		return am.RootMap().Set(schema.OwnKey(d.id, "record"), string(b))
	})
}

// Attack 12.
func TestARecordThatItsPositionsDontBearDoesntHoldAnywhere(t *testing.T) {
	leaveOut := func(name string) func(*coop) func(*kinds.Record) {
		return func(c *coop) func(*kinds.Record) {
			return func(r *kinds.Record) {
				r.Positions = slices.DeleteFunc(r.Positions, func(n kinds.Named) bool { return n.Member == c.ids[name].String() })
			}
		}
	}
	same := func(*coop) func(*kinds.Record) { return func(*kinds.Record) {} }
	tests := []struct {
		name   string
		acts   func(c *coop)
		result string
		forge  func(*coop) func(*kinds.Record)
		why    string
	}{
		{"over an open objection", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
			c.desk("cleo").says(kinds.Object, "no")
		}, kinds.Agreed, same, "it passes over what Cleo said against it"},
		{"with the objection left out", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
			c.desk("cleo").says(kinds.Object, "no")
		}, kinds.Agreed, leaveOut("cleo"), "it leaves out what Cleo said"},
		{"with too few answers", func(c *coop) {}, kinds.Agreed, same, "too few members had answered"},
		{"with another result", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
			c.desk("cleo").says(kinds.Consent, "")
		}, kinds.NotAgreed, same, "the positions give the contrary: agreed"},
		{"with a position that nobody gave", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
		}, kinds.Agreed, func(c *coop) func(*kinds.Record) {
			return func(r *kinds.Record) {
				r.Positions = append(r.Positions, kinds.Named{Member: c.ids["cleo"].String(), Change: r.Positions[0].Change})
			}
		}, "it names a position that nobody had given"},
		{"with a position that was replaced", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
			c.desk("cleo").says(kinds.Consent, "")
			c.settle()
			c.desk("cleo").says(kinds.Object, "after all")
		}, kinds.Agreed, func(c *coop) func(*kinds.Record) {
			order := c.desk("ana").judge.Order()
			return func(r *kinds.Record) {
				for _, item := range order {
					if item.Author == c.ids["cleo"] {
						for i := range r.Positions {
							if r.Positions[i].Member == c.ids["cleo"].String() {
								r.Positions[i].Change = item.Change.Hash.String()
							}
						}
						return
					}
				}
			}
		}, "it names a position of Cleo that had been replaced"},
		{"on another text", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
		}, kinds.Agreed, func(c *coop) func(*kinds.Record) {
			return func(r *kinds.Record) { r.Revision, r.Positions = kind.Revision("Buy nothing", ""), nil }
		}, "it is on another text than the decision had then"},
		{"after it was withdrawn", func(c *coop) {
			c.desk("ben").says(kinds.Consent, "")
			c.settle()
			c.desk("ana").do(crdttest.Withdraw(c.ids["ana"], "no more"))
		}, kinds.Agreed, same, "the proposal had been withdrawn"},
		{"that is no record", func(c *coop) {}, "perhaps", same, "it is not a record of an outcome"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
			test.acts(c)
			before := c.settle()
			c.maker.records(test.result, test.forge(c))
			v := c.settle() // the same everywhere
			o := crdttest.Decision(v).Outcome
			if crdttest.Decision(v).Status != crdttest.Decision(before).Status || o == nil || o.Holds || o.Result != kinds.DoesntHold || o.RecordedBy != c.ids["ana"] {
				t.Fatalf("status %s, outcome %+v", crdttest.Decision(v).Status, o)
			}
			cleo := strings.ReplaceAll(o.Why.Says, "{who}", "Cleo")
			if cleo != test.why || (o.Why.Who == c.ids["cleo"]) != strings.Contains(cleo, "Cleo") {
				t.Errorf("because %q, want %q", o.Why, test.why)
			}
			// The others can still go on as if nothing had been.
			if crdttest.Decision(before).Status == kinds.Open {
				c.desk("cleo").says(kinds.StandAside, "")
				c.desk("ben").says(kinds.StandAside, "")
				c.settle()
				must(t, c.desk("ben").close())
				if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed {
					t.Errorf("an honest record after it: %+v", crdttest.Decision(v).Outcome)
				}
			}
		})
	}
}

// Attack 12, second half.
func TestAnObjectionThatTheRecordDidntKnowOfShowsAsLateUntilASecondRecordNamesIt(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	cleo.says(kinds.Consent, "")
	ben.says(kinds.Consent, "")
	c.settle()
	must(t, ana.close())
	ben.says(kinds.Object, "I saw the invoice") // at the same time, elsewhere
	v := c.settle()
	if crdttest.Decision(v).Status != kinds.Agreed || !crdttest.Decision(v).Outcome.Contested || !pos(t, v, ben).Late {
		t.Fatalf("contested: %+v, Ben: %+v", crdttest.Decision(v).Outcome, pos(t, v, ben))
	}
	if why := crdttest.Decision(v).Outcome.ContestedWhy; len(why) != 1 || why[0] != (kinds.Because{Says: "{who} said object without the record knowing of it", Who: ben.id}) {
		t.Errorf("why: %q", why)
	}
	must(t, cleo.close()) // has seen it
	v = c.settle()
	if crdttest.Decision(v).Status != kinds.Agreed || crdttest.Decision(v).Outcome.Contested || crdttest.Decision(v).Outcome.RecordedBy != ana.id {
		t.Errorf("after the second record: %+v", crdttest.Decision(v).Outcome)
	}
	if p := pos(t, v, ben); !p.Late || p.Stance != kinds.Object {
		t.Errorf("the objection stays in sight: %+v", p)
	}
}

func TestALateConsentContestsNothing(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	c.desk("ben").says(kinds.Consent, "")
	c.settle()
	c.maker.records(kinds.Agreed)
	c.desk("cleo").says(kinds.Consent, "")
	v := c.settle()
	if o := crdttest.Decision(v).Outcome; !o.Holds || o.Contested || !pos(t, v, c.desk("cleo")).Late {
		t.Errorf("got %+v", o)
	}
}

func TestWhatWasDecidedStaysWhateverIsWrittenIntoTheTextLater(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ben.says(kinds.Consent, "")
	c.settle()
	must(t, ana.close())
	before := c.settle()
	ben.hack(func(am *automerge.Doc) error {
		v, err := am.RootMap().Get("text")
		must(t, err)
		return v.Text().Splice(0, 14, "For 8000 euros.")
	})
	v := c.settle()
	if v.Text != "For 800 euros." || crdttest.Decision(v).Revision != crdttest.Decision(before).Revision || crdttest.Decision(v).Status != kinds.Agreed {
		t.Errorf("what was decided reads %q", v.Text)
	}
	if o := crdttest.Decision(v).Outcome; !o.Contested || !strings.Contains(o.ContestedWhy[0].Says, "the text was changed") {
		t.Errorf("the change is hidden: %+v", o)
	}
	if p := pos(t, v, ben); !p.Counted || p.Late {
		t.Errorf("Ben's consent: %+v", p)
	}
	ben.hack(func(am *automerge.Doc) error { return am.RootMap().Set("title", "Buy two") })
	if v = c.settle(); v.Title != "Buy a bigger oven" {
		t.Errorf("the title reads %q", v.Title)
	}
	must(t, ana.close()) // Ana has seen it
	if v = c.settle(); crdttest.Decision(v).Outcome.Contested || v.Title != "Buy a bigger oven" || v.Text != "For 800 euros." {
		t.Errorf("seen: %+v, and it reads %q", crdttest.Decision(v).Outcome, v.Text)
	}
}

func TestARecordThatHeldIsNotUndoneByItsMaker(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	c.desk("ben").says(kinds.Consent, "")
	c.settle()
	must(t, c.maker.close())
	for i := range 30 {
		c.maker.records(kinds.NotAgreed, func(r *kinds.Record) { r.Text = strings.Repeat("!", i) })
	}
	c.maker.hack(func(am *automerge.Doc) error {
		return am.RootMap().Delete(schema.OwnKey(c.ids["ana"], "record"))
	})
	c.maker.hack(func(am *automerge.Doc) error { return am.RootMap().Set("withdrawn", "no") })
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed || !crdttest.Decision(v).Outcome.Holds {
		t.Errorf("got %+v", crdttest.Decision(v))
	}
}

func TestTwoWhoCloseAtOnceAgree(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	c.desk("ben").says(kinds.Consent, "")
	c.settle()
	must(t, c.desk("ana").close())
	must(t, c.desk("ben").close())
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed || crdttest.Decision(v).Outcome.Contested {
		t.Errorf("got %+v", crdttest.Decision(v).Outcome)
	}
}

func TestOfTwoRecordsMadeApartTheOneStandsThatAllPositionsTogetherGive(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora")
	ben, cleo, dora := c.desk("ben"), c.desk("cleo"), c.desk("dora")
	ben.says(kinds.Disagree, "why not")
	cleo.says(kinds.Disagree, "why not")
	for _, d := range c.desks {
		d.from(c.desks...)
	}
	ben.do(crdttest.Close(ben.id, now, "", nil)) // two of four are against it
	cleo.says(kinds.Agree, "")                   // elsewhere Cleo thinks again
	dora.from(cleo)
	dora.says(kinds.Agree, "")
	dora.do(crdttest.Close(dora.id, now, "", nil))
	v := c.settle()
	if crdttest.Decision(v).Status != kinds.Agreed || crdttest.Decision(v).Outcome.RecordedBy != dora.id {
		t.Errorf("got %+v", crdttest.Decision(v).Outcome)
	}
}

func TestABackdatedRecordDoesntUndoADecision(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora", "mel")
	ana, ben, cleo, dora, mel := c.desk("ana"), c.desk("ben"), c.desk("cleo"), c.desk("dora"), c.desk("mel")
	ben.says(kinds.Disagree, "no")
	cleo.says(kinds.Disagree, "no")
	c.settle()
	old := c.sit("mel") // a second run of Mel's, which stays at this place
	old.from(ana)
	ben.says(kinds.Agree, "")
	cleo.says(kinds.Agree, "")
	for _, d := range c.desks[:5] {
		d.from(c.desks[:5]...)
	}
	ana.do(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Review: str("2027-01-01")}))
	dora.says(kinds.Abstain, "")
	mel.from(dora, ana)
	mel.says(kinds.Agree, "")
	ben.from(mel)
	must(t, ben.close()) // Ana, Ben, Cleo, Mel agree
	c.desks[0].from(ben)
	// A year later, at the old place: Mel against it, with what Ben and Cleo said first.
	old.says(kinds.Disagree, "no")
	old.records(kinds.NotAgreed)
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed || crdttest.Decision(v).Outcome.RecordedBy != ben.id {
		t.Errorf("it is %s: %+v", crdttest.Decision(v).Status, crdttest.Decision(v).Outcome)
	}
}

func TestABackdatedRecordThatAlsoSpoilsTheTallyShowsButDoesntUndoADecision(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora", "mel")
	ben, cleo := c.desk("ben"), c.desk("cleo")
	ben.says(kinds.Disagree, "no")
	cleo.says(kinds.Disagree, "no")
	c.settle()
	old := c.sit("mel")
	old.from(ben)
	c.desk("mel").says(kinds.Agree, "")
	ben.from(c.desk("mel"), cleo)
	ben.says(kinds.Agree, "")
	must(t, ben.close()) // Ana, Ben, Mel agree
	cleo.from(ben)
	cleo.do(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Review: str("2027-01-01")})) // stands on it
	// At the old place Mel disagrees, many times over, so that this is what stands in the end.
	for i := range 5 {
		old.says(kinds.Disagree, strings.Repeat("no", i+1))
	}
	old.records(kinds.NotAgreed)
	v := c.settle()
	if o := crdttest.Decision(v).Outcome; crdttest.Decision(v).Status != kinds.Agreed || !o.Holds || !o.Contested || o.RecordedBy != ben.id {
		t.Errorf("it is %s: %+v", crdttest.Decision(v).Status, o)
	}
}

func TestOfTwoRecordsOnWhichNobodyStandsTheOneCountsThatKnewMoreLastWords(t *testing.T) {
	c := meeting(t, kinds.ProcessMajority, "ana", "ben", "cleo", "dora", "mel")
	ben, dora := c.desk("ben"), c.desk("dora")
	ben.says(kinds.Disagree, "no")
	c.desk("cleo").says(kinds.Disagree, "no")
	c.settle()
	old := c.sit("mel")
	old.from(ben)
	c.desk("mel").says(kinds.Agree, "")
	ben.says(kinds.Agree, "")
	dora.from(ben, c.desk("mel"))
	must(t, dora.close()) // Ana, Ben, Mel agree
	for i := range 5 {
		old.says(kinds.Disagree, strings.Repeat("no", i+1))
	}
	old.records(kinds.NotAgreed) // doesn't know that Ben has changed his mind
	v := c.settle()
	if o := crdttest.Decision(v).Outcome; crdttest.Decision(v).Status != kinds.Agreed || o.RecordedBy != dora.id || len(o.ContestedWhy) != 2 {
		t.Errorf("it is %s: %+v", crdttest.Decision(v).Status, o)
	}
}

func TestOfTwoPositionsOfOneMemberTheCoresOneCountsAndTheyAreNeverMixed(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	laptop, phone := c.desk("ben"), c.sit("ben")
	c.settle()
	for i := range 6 {
		laptop.says(kinds.Object, strings.Repeat("too big ", i+1))
		phone.says(kinds.StandAside, strings.Repeat("fine ", i+1))
		v := c.settle()
		p := pos(t, v, laptop)
		if mixed := (p.Stance == kinds.Object) != strings.HasPrefix(p.Why, "too big"); mixed {
			t.Errorf("mixed: %+v", p)
		}
		checkAgainstCore(t, laptop.am, v)
	}
}

func TestOfTwoTextsDecidedApartTheOneStandsThatAllPositionsTogetherGive(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	ben.says(kinds.Consent, "")
	ben.records(kinds.Agreed) // Ana and he consent to the first text
	ana.do(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 400 euros.")}}))
	cleo.from(ana)
	cleo.says(kinds.Consent, "")
	cleo.records(kinds.Agreed) // Ana and she consent to the second
	v := c.settle()
	if crdttest.Decision(v).Status != kinds.Agreed || v.Text != "For 400 euros." || crdttest.Decision(v).Outcome.RecordedBy != cleo.id {
		t.Errorf("%q: %+v", v.Text, crdttest.Decision(v).Outcome)
	}
}

func TestRecordsMadeApartThatContradictLeaveItOpenUntilOneKnowsBoth(t *testing.T) {
	c := meeting(t, kinds.ProcessAdvice, "ana", "ben", "cleo")
	laptop, phone, ben := c.desk("ana"), c.sit("ana"), c.desk("ben")
	ben.says(kinds.Advise, "a smaller one")
	c.settle()
	must(t, phone.close())
	laptop.do(crdttest.EditDecision(laptop.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 400 euros.")}}))
	must(t, laptop.close())
	v := c.settle()
	if o := crdttest.Decision(v).Outcome; crdttest.Decision(v).Status != kinds.Open || o.Holds || !o.Contested || !strings.Contains(o.Why.Says, "close it again") {
		t.Fatalf("two texts were decided, and it is %s: %+v", crdttest.Decision(v).Status, o)
	}
	must(t, phone.close())
	if v = c.settle(); crdttest.Decision(v).Status != kinds.Agreed || v.Text != "For 400 euros." || crdttest.Decision(v).Outcome.Contested {
		t.Errorf("%q is %s: %+v", v.Text, crdttest.Decision(v).Status, crdttest.Decision(v).Outcome)
	}
}

func TestByAdviceTheProposerAloneCloses(t *testing.T) {
	c := meeting(t, kinds.ProcessAdvice, "ana", "ben", "cleo")
	ana, ben := c.desk("ana"), c.desk("ben")
	var none *kinds.NoOutcomeError
	if err := ana.close(); !errors.As(err, &none) || err.Error() != "nobody has given advice yet" {
		t.Errorf("nobody was asked: %v", err)
	}
	if w := crdttest.Decision(ana.view()).WaitingFor; !slices.Equal(w, sorted(c.ask("ben", "cleo"))) {
		t.Errorf("waiting for %v", w)
	}
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Agree, "", "")); !isInvalid(err) {
		t.Errorf("Ben decides: %v", err)
	}
	ben.says(kinds.Advise, "ask the landlord")
	c.settle()
	ana.tell(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("The landlord says yes.")}}))
	if err := ben.close(); !isDenied(err) {
		t.Errorf("Ben closes: %v", err)
	}
	ben.records(kinds.Agreed)
	if v := c.settle(); crdttest.Decision(v).Outcome.Holds || crdttest.Decision(v).Outcome.Why.Says != "by advice the proposer decides" {
		t.Errorf("Ben closes with a modified daemon: %+v", crdttest.Decision(v).Outcome)
	}
	must(t, ana.close()) // the advice was taken in: it counts on the new text
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Agreed {
		t.Errorf("got %+v", crdttest.Decision(v))
	}
}

func TestOnlyTheProposerWithdraws(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	if err := ben.try(crdttest.Withdraw(ben.id, "I don't like it")); !isDenied(err) {
		t.Errorf("Ben withdraws: %v", err)
	}
	ben.hack(func(am *automerge.Doc) error { return am.RootMap().Set("withdrawn", "ha") })
	if v := c.settle(); crdttest.Decision(v).Status != kinds.Open {
		t.Errorf("Ben withdraws with a modified daemon: %+v", crdttest.Decision(v))
	}
	if err := ana.try(crdttest.Withdraw(ana.id, "")); !isInvalid(err) {
		t.Errorf("without a reason: %v", err)
	}
	v := ana.tell(crdttest.Withdraw(ana.id, "we found one"))
	if crdttest.Decision(v).Status != kinds.Withdrawn || crdttest.Decision(v).Why != "we found one" {
		t.Errorf("got %+v", crdttest.Decision(v))
	}
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Consent, "", "")); !isDenied(err) {
		t.Errorf("a position on what was withdrawn: %v", err)
	}
}

func TestByAdviceNobodyIsToldToSayWhatTheyWouldBeRefused(t *testing.T) {
	c := meeting(t, kinds.ProcessAdvice, "ana", "ben")
	ben := c.desk("ben")
	for _, stance := range []string{kinds.Consent, kinds.Agree, kinds.Disagree, kinds.Object} {
		if err := ben.try(crdttest.TakePosition(ben.id, stance, "no", "")); err == nil || err.Error() != "by advice the proposer decides: say what you advise (or abstain)" {
			t.Errorf("%s: %v", stance, err)
		}
	}
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.StandAside, "no", "")); err == nil || err.Error() != "by advice one can say advise or abstain, not stand-aside" {
		t.Errorf("to stand aside: %v", err)
	}
}

func TestAPositionNeedsAWordOfItsProcessAndAReasonWhereOthersHaveToDealWithIt(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	ben := c.desk("ben")
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Object, "  ", "")); !isInvalid(err) {
		t.Errorf("objected without a reason: %v", err)
	}
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Disagree, "no", "")); err == nil || err.Error() != "by consent one can say consent, object, stand-aside or abstain, not disagree" {
		t.Errorf("another word: %v", err)
	}
	ben.says(kinds.Consent, "")
	if err := ben.try(crdttest.TakePosition(ben.id, kinds.Consent, "", "")); err != crdt.ErrNothingChanged {
		t.Errorf("the same again: %v", err)
	}
	if err := c.maker.try(crdttest.NewDecision(c.maker.id, crdttest.DecisionFields{Title: "x", Process: "dice"})); !isInvalid(err) {
		t.Errorf("by dice: %v", err)
	}
}

func TestAnObjectorWhoRewritesTheTextHasToSayThatItIsResolved(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben", "cleo")
	ben, cleo := c.desk("ben"), c.desk("cleo")
	ben.says(kinds.Object, "too big")
	cleo.says(kinds.Consent, "fine")
	c.settle()
	v := ben.tell(crdttest.EditDecision(ben.id, crdttest.DecisionEdit{Common: crdttest.Common{Title: str("Buy a smaller oven")}}))
	if p := pos(t, v, ben); p.Counted {
		t.Errorf("Ben's objection: %+v", p)
	}
	v = cleo.tell(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 400 euros.")}}))
	if p := pos(t, v, cleo); p.Counted {
		t.Errorf("Cleo's consent was on the first text: %+v", p)
	}
	cleo.says(kinds.Consent, "fine")
	v = cleo.tell(crdttest.EditDecision(cleo.id, crdttest.DecisionEdit{Common: crdttest.Common{Text: str("For 300 euros.")}}))
	if p := pos(t, v, cleo); !p.Counted || p.Why != "fine" {
		t.Errorf("Cleo wrote what she consents to: %+v", p)
	}
}

func TestAPositionThatIsNoneIsNotShown(t *testing.T) {
	c := meeting(t, kinds.ProcessConsent, "ana", "ben")
	for _, bad := range []string{"", "{", "null", "[]", `{"stance":"yes"}`, `{"stance":1}`, "\x00"} {
		c.desk("ben").hack(func(am *automerge.Doc) error {
			return am.RootMap().Set(schema.OwnKey(c.ids["ben"], "position"), bad)
		})
		if v := c.settle(); len(crdttest.Decision(v).Positions) != 1 || len(crdttest.Decision(v).WaitingFor) != 1 {
			t.Errorf("%q shows as %+v", bad, crdttest.Decision(v).Positions)
		}
	}
}
