package crdt_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// shownTo is what programs of a member read of a document.
func (c *coop) shownTo(name string, of *kind.Kind, v *crdt.View) map[string]string {
	out := map[string]string{}
	look := kind.Look{View: v, Me: c.ids[name], Named: func(m charter.MemberID) kind.Named { return kind.Named{Name: c.names(m)} }}
	for _, s := range of.Shows {
		b, err := json.Marshal(s.Of(look))
		must(c.t, err)
		out[s.Name] = string(b)
	}
	return out
}

func TestHoursForTheSumAreShownToNobodyElse(t *testing.T) {
	c := found(t, kinds.Profile.Name, "ana", "ben")
	v := c.maker.tell(c.maker.practice(kinds.Profile, "make", "does", "prints", "hours", "24h", "off", "fri sat sun", "until", "2027-01-31"))
	v = c.maker.tell(c.maker.practice(kinds.Profile, "away", "from", "2026-12-21", "to", "2027-01-03"))
	own, other := c.shownTo("ana", kinds.Profile, v), c.shownTo("ben", kinds.Profile, v)
	if own["hours"] != "24" || own["off"] != `"fri sat sun"` || own["away"] != `[{"from":"2026-12-21","to":"2027-01-03"}]` {
		t.Errorf("Ana reads %v", own)
	}
	if other["does"] != `"prints"` || other["hours"] != "null" || other["off"] != `""` || other["until"] != `""` || other["away"] != "[]" {
		t.Errorf("Ben reads %v", other)
	}
	for _, it := range c.desks[1].judge.Order() {
		for _, says := range crdt.Describe(kinds.Profile.Name, it.Change, c.desks[1].judge.History()) {
			if strings.ContainsAny(says.To, "0123456789") || strings.Contains(says.To, "fri") {
				t.Errorf("the log tells %+v", says)
			}
		}
	}
	v = c.maker.tell(c.maker.practice(kinds.Profile, "edit", "shared", "all"))
	if other = c.shownTo("ben", kinds.Profile, v); other["hours"] != "24" {
		t.Errorf("Ben reads %v, and Ana shares it with all", other)
	}
}

func TestNobodyWritesInSomebodyElsesProfile(t *testing.T) {
	c := found(t, kinds.Profile.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Profile, "make", "hours", "24h"))
	ben := c.desk("ben")
	var denied *crdt.NotAllowedError
	if err := ben.try(ben.practice(kinds.Profile, "edit", "hours", "60h")); !errors.As(err, &denied) {
		t.Errorf("by command: %v", err)
	}
	if err := ben.try(ben.practice(kinds.Profile, "away", "from", "2026-12-21")); !errors.As(err, &denied) {
		t.Errorf("being away, by command: %v", err)
	}
	// By a changed program: all replicas refuse it.
	must(t, ben.am.RootMap().Set("hours", int64(60*60)))
	e := ben.forge()
	ana := c.desk("ana")
	parsed, err := change.Parse(e.Payload)
	must(t, err)
	ana.judge.Add(e, parsed)
	if state, why := ana.judge.State(e.ID()); state != charter.Void {
		t.Errorf("Ben's hours for Ana are %v: %s", state, why)
	}
}

// forge signs what a desk has in its document, right or not.
func (d *desk) forge() *entry.Entry {
	d.t.Helper()
	at := now
	hash, err := d.am.Commit("", automerge.CommitOptions{Time: &at})
	must(d.t, err)
	made, err := d.am.Change(hash)
	must(d.t, err)
	payload, err := change.Inflate(made.Save())
	must(d.t, err)
	d.number++
	e, err := entry.New(entry.Fields{
		Space: d.space, Heads: d.charter.Heads(), Kind: entry.Change, Doc: d.doc, Run: d.run, Number: d.number, Previous: d.last, Payload: payload,
	}, d.signer)
	must(d.t, err)
	return e
}

func TestHoursSaidOnTwoDevicesAtOnceBecomeOneOfBoth(t *testing.T) {
	c := found(t, kinds.Profile.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Profile, "make", "hours", "24h"))
	laptop, phone := c.desk("ana"), c.sit("ana")
	phone.from(laptop)
	laptop.do(laptop.practice(kinds.Profile, "edit", "hours", "16h"))
	laptop.do(laptop.practice(kinds.Profile, "away", "from", "2026-12-21"))
	phone.do(phone.practice(kinds.Profile, "edit", "hours", "30h"))
	phone.do(phone.practice(kinds.Profile, "away", "from", "2027-02-01", "to", "2027-02-05"))
	read := c.shownTo("ana", kinds.Profile, c.settle())
	if read["hours"] != "16" && read["hours"] != "30" || read["away"] != `[{"from":"2026-12-21","to":"2026-12-21"},{"from":"2027-02-01","to":"2027-02-05"}]` {
		t.Errorf("Ana reads %v", read)
	}
}

func TestWhatIsNoAmountOfWorkIsRefused(t *testing.T) {
	c := found(t, kinds.Profile.Name, "ana", "ben")
	for _, said := range [][]string{
		{"hours", "400h"}, {"hours", "-1h"}, {"off", "someday"}, {"hours", "10h", "off", "mon tue wed thu fri sat sun"}, {"until", "soon"}, {"shared", "friends"},
	} {
		var invalid *kind.InvalidError
		if err := c.maker.try(c.maker.practice(kinds.Profile, "make", said...)); !errors.As(err, &invalid) {
			t.Errorf("%v: %v", said, err)
		}
	}
	c.maker.tell(c.maker.practice(kinds.Profile, "make", "hours", "24h"))
	for _, said := range [][]string{{"from", "2026-12-21", "to", "2026-12-20"}, {"to", "2026-12-20"}, {"from", "2026-12-21T10:00:00Z"}} {
		var invalid *kind.InvalidError
		if err := c.maker.try(c.maker.practice(kinds.Profile, "away", said...)); !errors.As(err, &invalid) {
			t.Errorf("away %v: %v", said, err)
		}
	}
}
