package crdt_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

func proposed(t fataler, process string, options []string, names ...string) *coop {
	c := found(t, "decision", names...)
	asks := kind.Begin("Which drum", "")
	asks.Put(kinds.Decision.Field("process"), change.StrValue(process))
	asks.PutAll(&kind.Field{Key: "option"}, options)
	c.maker.tell(c.maker.perform(kinds.Decision.Make, asks))
	return c
}

func (d *desk) perform(v *kind.Verb, asks kind.Request) crdt.Edit {
	return crdt.Perform(kinds.Decision, v, &kind.Draft{Asks: asks, Author: d.id, Now: now, Name: d.names})
}

func (d *desk) chooses(words ...string) crdt.Edit {
	asks := kind.Request{}
	asks.PutAll(&kind.Field{Key: "choices"}, words)
	asks.Put(kind.Seen, change.StrValue(kinds.Decision.Revision(d.view())))
	return d.perform(kinds.Decision.Verb("choose"), asks)
}

func (d *desk) option(words string, undo bool) crdt.Edit {
	asks := kind.Request{Undo: undo}
	asks.Put(&kind.Field{Key: "words"}, change.StrValue(words))
	return d.perform(kinds.Decision.Verb("option"), asks)
}

func (d *desk) closes() crdt.Edit { return d.perform(kinds.Decision.Verb("close"), kind.Request{}) }

func deciding(v *crdt.View) *kinds.Deciding { return kind.Of[kinds.Deciding](v) }

func TestWhatMostChooseIsRecordedAndATieStaysOne(t *testing.T) {
	c := proposed(t, kinds.ProcessApproval, []string{"Used", "New"}, "ana", "ben", "cleo")
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	ana.tell(ana.chooses("1"))
	if err := ana.try(ana.closes()); err == nil {
		t.Error("it was closed by one of three")
	}
	ben.tell(ben.chooses("2"))
	v := cleo.tell(cleo.chooses("none"))
	v = ana.tell(ana.closes())
	if d := deciding(v); d.Status != kinds.Tied || strings.Join(d.Outcome.Chosen, " ") != "Used New" || !d.Outcome.Holds {
		t.Errorf("two alike are %s: %+v", d.Status, d.Outcome)
	}
}

func TestAFurtherOptionIsAnotherQuestion(t *testing.T) {
	c := proposed(t, kinds.ProcessRanking, []string{"Used", "New"}, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	stale := ben.chooses("2 1")
	ana.tell(ana.chooses("1", "2"))
	v := ana.tell(ana.option("Rented", false))
	if d := deciding(v); len(d.WaitingFor) != 2 || d.Positions[0].Counted || d.Positions[0].Choice == nil {
		t.Errorf("an answer to two options counts for three, or is lost: %+v", d)
	}
	if err := ben.try(stale); err == nil {
		t.Error("an answer to what was shown before goes for what is there now")
	}
	if err := ben.try(ben.option("3", true)); err == nil || !strings.Contains(err.Error(), "Ana") {
		t.Errorf("somebody else's option was taken away: %v", err)
	}
	v = ana.tell(ana.option("3", true))
	if d := deciding(v); len(d.Options) != 2 || len(d.WaitingFor) != 1 || !d.Positions[0].Counted {
		t.Errorf("with the option taken away the answers to the others don't count again: %+v", d)
	}
}

// Ana closes what both have answered, while Ben, cut off, puts up one more: what was decided stands, with the options that it was decided on.
func TestAnOptionPutUpApartFromTheCloseChangesNothingThatWasDecided(t *testing.T) {
	c := proposed(t, kinds.ProcessRanking, []string{"Used", "New"}, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(ana.chooses("2", "1"))
	ben.tell(ben.chooses("2", "1"))
	ana.do(ana.closes())
	ben.do(ben.option("Rented", false))
	v := c.settle()
	d := deciding(v)
	if d.Status != kinds.Chosen || strings.Join(d.Outcome.Chosen, " ") != "New" || len(d.Options) != 2 || !d.Outcome.Contested {
		t.Errorf("it is %s %v of %d options, contested: %v", d.Status, d.Outcome.Chosen, len(d.Options), d.Outcome.Contested)
	}
}

// Both put up an option apart: each is there, in one order, and nobody has answered to both yet.
func TestOptionsPutUpApartAreBothThere(t *testing.T) {
	c := proposed(t, kinds.ProcessDates, []string{"2026-12-04"}, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.do(ana.option("2026-12-05T14:00:00Z", false))
	ana.do(ana.chooses("1", "2=maybe"))
	ben.do(ben.option("2026-12-06", false))
	ben.do(ben.chooses("1"))
	v := c.settle()
	if d := deciding(v); len(d.Options) != 3 || len(d.WaitingFor) != 2 {
		t.Errorf("options %v, waiting for %v", d.Options, d.WaitingFor)
	}
}

// A record that says what the answers don't give doesn't hold.
func TestNobodyRecordsAnotherChoiceThanTheAnswersGive(t *testing.T) {
	c := proposed(t, kinds.ProcessApproval, []string{"Used", "New"}, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(ana.chooses("1"))
	v := ben.tell(ben.chooses("1"))
	r, err := kinds.RecordFor(v, ben.id, now, nil, "", nil)
	must(t, err)
	r.Chosen = []string{deciding(v).Options[1].Name}
	ben.hack(writeRecord(ben.id, r))
	v = c.settle()
	if d := deciding(v); d.Status != kinds.Open || d.Outcome.Holds {
		t.Errorf("it is %s: %+v", d.Status, d.Outcome)
	}
}

func TestASenseCheckDecidesNothingAndWhatNeedsOptionsSaysSo(t *testing.T) {
	c := proposed(t, kinds.ProcessSense, nil, "ana", "ben")
	ana := c.desk("ana")
	asks := kind.Request{}
	asks.Put(&kind.Field{Key: "stance"}, change.StrValue(kinds.Agree))
	asks.Put(kind.Seen, change.StrValue(kinds.Decision.Revision(ana.view())))
	ana.tell(ana.perform(kinds.Decision.Verb("position"), asks))
	if err := ana.try(ana.chooses("1")); err == nil {
		t.Error("something was chosen where nothing is to be chosen from")
	}
	for _, no := range []struct {
		process string
		options []string
		why     string
	}{
		{kinds.ProcessConsent, []string{"Used"}, "no options"},
		{kinds.ProcessScore, []string{"Used", "Used"}, "twice"},
		{kinds.ProcessDates, []string{"soon"}, "no day and no time"},
	} {
		o := found(t, "decision", "ana")
		asks := kind.Begin("Which", "")
		asks.Put(kinds.Decision.Field("process"), change.StrValue(no.process))
		asks.PutAll(&kind.Field{Key: "option"}, no.options)
		if err := o.maker.try(o.maker.perform(kinds.Decision.Make, asks)); err == nil || !strings.Contains(err.Error(), no.why) {
			t.Errorf("%s of %v: %v", no.process, no.options, err)
		}
	}
}

// writeRecord writes a record as a modified program can.
func writeRecord(by charter.MemberID, r kinds.Record) func(*automerge.Doc) error {
	return func(am *automerge.Doc) error {
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		return am.RootMap().Set(schema.OwnKey(by, "record"), string(b))
	}
}

// A comma parts options, unless one is called so.
func TestSeveralOptionsAreChosenWithACommaBetweenThem(t *testing.T) {
	for _, process := range []string{kinds.ProcessApproval, kinds.ProcessRanking} {
		d := proposed(t, process, []string{"Blue", "Red", "Green, dark"}, "ana", "ben").maker
		chosen := func() (all []string) {
			now := deciding(d.view())
			for _, p := range now.Positions {
				for _, o := range now.Options {
					if n, is := p.Choice[o.Name]; is {
						all = append(all, fmt.Sprint(o.Text, " ", n))
					}
				}
			}
			return all
		}
		for words, want := range map[string]string{"1,red": "Blue 1; Red 1", "Green, dark": "Green, dark 1", "none": ""} {
			d.do(d.chooses(words))
			if got := strings.Join(chosen(), "; "); got != want {
				t.Errorf("by %s %q is %q, and not %q", process, words, got, want)
			}
		}
		if err := d.try(d.chooses("Green, light")); err == nil {
			t.Errorf("by %s an option that isn't there was chosen", process)
		}
	}
}
