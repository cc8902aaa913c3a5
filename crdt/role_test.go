package crdt_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// practice does a verb of a kind by which co-ops work, at one desk: arguments are pairs of a field's key and what
// is said for it. Members are names.
func (d *desk) practice(of *kind.Kind, verb string, said ...string) crdt.Edit {
	d.t.Helper()
	v := of.Verb(verb)
	switch verb {
	case "make":
		v = of.Make
	case "edit":
		v = of.Edit
	}
	var r kind.Request
	if verb == "make" {
		r = kind.Begin("A "+of.Name, "")
	}
	for i := 0; i < len(said); i += 2 {
		switch said[i] {
		case "title":
			r.Title = &said[i+1]
			continue
		case "why":
			r.Why = said[i+1]
			continue
		case "undo":
			r.Undo = true
			continue
		}
		var f *kind.Field
		for _, one := range append(append([]*kind.Field{v.By}, v.Args...), v.With...) {
			if one != nil && one.Key == said[i] {
				f = one
			}
		}
		if f == nil {
			d.t.Fatalf("%s %s takes no %s", of.Name, verb, said[i])
		}
		switch {
		case f.Is == kind.Members:
			var ids []string
			for _, name := range strings.Fields(said[i+1]) {
				ids = append(ids, d.ids[name].String())
			}
			r.PutAll(f, ids)
		case f.Is == kind.Hours:
			length, err := time.ParseDuration(said[i+1])
			must(d.t, err)
			r.Put(f, change.IntValue(int64(length/time.Minute)))
		default:
			r.Put(f, change.StrValue(said[i+1]))
		}
	}
	draft := kind.Draft{Asks: r, Author: d.id, Now: now, Name: d.names, Full: func(m charter.MemberID) bool {
		who, ok := d.charter.Member(m)
		return ok && who.Standing == charter.Full
	}}
	return crdttest.Perform(of, verb, draft)
}

func intake(t fataler) *coop {
	c := found(t, kinds.Role.Name, "ana", "ben", "cleo", "dora")
	c.maker.tell(c.maker.practice(kinds.Role, "make", "purpose", "somebody answers"))
	return c
}

// holds is who holds a role, as a test reads it: a question mark stands behind who hasn't said yes.
func (c *coop) holds(v *crdt.View) string {
	var out []string
	for _, h := range kind.Of[kinds.Tenure](v).Holders {
		name := strings.ToLower(c.names(h.Member))
		if h.Answer != kinds.AnswerAccepted {
			name += "?"
		}
		out = append(out, name)
	}
	return sortedWords(out)
}

func TestWhoIsNamedForARoleHasItUntilTheySayNo(t *testing.T) {
	c := intake(t)
	ana, ben := c.desk("ana"), c.desk("ben")
	v := ana.tell(ana.practice(kinds.Role, "fill", "members", "ben", "until", "2027-03-01"))
	if got := c.holds(v); got != "ben?" {
		t.Errorf("held by %s", got)
	}
	if got := c.holds(ben.tell(ben.practice(kinds.Role, "take"))); got != "ben" {
		t.Errorf("held by %s after he said yes", got)
	}
	v = ben.tell(ben.practice(kinds.Role, "decline", "why", "too much"))
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "" || len(h.Refused) != 1 || h.Refused[0].Answer != kinds.AnswerPutBack || h.Refused[0].Why != "too much" {
		t.Errorf("held by %s; %+v", c.holds(v), h.Refused)
	}
	v = ben.tell(ben.practice(kinds.Role, "take")) // nobody has it
	if got := c.holds(v); got != "ben" {
		t.Errorf("held by %s after he took it on again", got)
	}
	var denied *crdt.NotAllowedError
	if err := ana.try(ana.practice(kinds.Role, "take")); !errors.As(err, &denied) || !strings.Contains(denied.Why, "Ben holds it") {
		t.Errorf("taken from who holds it: %v", err)
	}
	if err := ana.try(ana.practice(kinds.Role, "decline")); !errors.As(err, &denied) {
		t.Errorf("declined by who wasn't named: %v", err)
	}
}

func TestNobodySaysYesToARoleForAnother(t *testing.T) {
	c := intake(t)
	ana := c.desk("ana")
	ana.tell(ana.practice(kinds.Role, "fill", "members", "ben"))
	if got := c.holds(ana.tell(ana.practice(kinds.Role, "fill", "members", "ben cleo"))); got != "ben? cleo?" {
		t.Errorf("held by %s", got)
	}
}

func TestTwoWhoFillARoleAtOnceShowBothAndAnotherFillingSettlesIt(t *testing.T) {
	c := intake(t)
	ana, dora := c.desk("ana"), c.desk("dora")
	ana.do(ana.practice(kinds.Role, "fill", "members", "ben"))
	dora.do(dora.practice(kinds.Role, "fill", "members", "cleo"))
	v := c.settle()
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "ben? cleo?" && !h.Apart {
		t.Errorf("held by %s, filled apart: %v", c.holds(v), h.Apart)
	}
	ana.do(ana.practice(kinds.Role, "fill", "members", "cleo"))
	v = c.settle()
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "cleo?" || h.Apart {
		t.Errorf("held by %s, filled apart: %v", c.holds(v), h.Apart)
	}
	v = ana.tell(ana.practice(kinds.Role, "fill", "members", "ben dora"))
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "ben? dora?" || h.Apart {
		t.Errorf("two who hold it together: %s, filled apart: %v", c.holds(v), h.Apart)
	}
}

// What somebody says to having been named isn't lost to somebody who names others meanwhile, or them once more, without knowing of
// it; whoever knows of it and names others ends it.
func TestAYesOrNoThatWhoNamesOthersDoesntKnowOfStands(t *testing.T) {
	for _, test := range []struct{ says, why, names, held, refused string }{
		{"take", "", "dora", "cleo dora?", ""}, // and it was filled apart
		{"take", "", "cleo", "cleo", ""},
		{"decline", "I am away", "dora", "dora?", "cleo: I am away"},
		{"decline", "I am away", "cleo dora", "dora?", "cleo: I am away"},
	} {
		c := intake(t)
		ana, cleo := c.desk("ana"), c.desk("cleo")
		ana.tell(ana.practice(kinds.Role, "fill", "members", "cleo"))
		cleo.do(cleo.practice(kinds.Role, test.says, "why", test.why))
		ana.do(ana.practice(kinds.Role, "fill", "members", test.names))
		v := c.settle()
		h, refused := kind.Of[kinds.Tenure](v), ""
		for _, one := range h.Refused {
			refused += strings.ToLower(c.names(one.Member)) + ": " + one.Why
		}
		if c.holds(v) != test.held || refused != test.refused || h.Apart != (len(h.Holders) > 1) {
			t.Errorf("%s, and %s is named: held by %s, filled apart %v, refused %q", test.says, test.names, c.holds(v), h.Apart, refused)
		}
		v = ana.tell(ana.practice(kinds.Role, "fill", "members", "ben"))
		if h := kind.Of[kinds.Tenure](v); c.holds(v) != "ben?" || h.Apart || len(h.Refused) > 0 {
			t.Errorf("%s, and filled once more: held by %s, refused %+v", test.says, c.holds(v), h.Refused)
		}
	}
}

func TestARoleStaysWithWhoHandsItOverUntilItIsTaken(t *testing.T) {
	c := intake(t)
	ana, ben := c.desk("ana"), c.desk("ben")
	ben.tell(ben.practice(kinds.Role, "take"))
	var denied *crdt.NotAllowedError
	if err := ana.try(ana.practice(kinds.Role, "hand-over", "members", "cleo")); !errors.As(err, &denied) {
		t.Errorf("handed over by who doesn't hold it: %v", err)
	}
	v := ben.tell(ben.practice(kinds.Role, "hand-over", "members", "cleo", "note", "mind the mail"))
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "ben" || len(h.Asked) != 1 || h.Asked[0].Note != "mind the mail" || h.Asked[0].From != c.ids["ben"] {
		t.Errorf("held by %s, asked %+v", c.holds(v), h.Asked)
	}
	cleo := c.desk("cleo")
	if got := c.holds(cleo.tell(cleo.practice(kinds.Role, "decline", "why", "no"))); got != "ben" {
		t.Errorf("held by %s after Cleo declined", got)
	}
	ben.tell(ben.practice(kinds.Role, "hand-over", "members", "dora"))
	dora := c.desk("dora")
	if got := c.holds(dora.tell(dora.practice(kinds.Role, "take"))); got != "dora" {
		t.Errorf("held by %s after Dora took it", got)
	}
	if got := c.holds(dora.tell(dora.practice(kinds.Role, "decline"))); got != "" {
		t.Errorf("held by %s after Dora put it back", got)
	}
}

func TestWhoHandedARoleOverDoesntGetItBackWhenItGoesOn(t *testing.T) {
	c := intake(t)
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	ben.tell(ben.practice(kinds.Role, "take"))
	ben.tell(ben.practice(kinds.Role, "hand-over", "members", "cleo"))
	cleo.tell(cleo.practice(kinds.Role, "take"))
	v := ana.tell(ana.practice(kinds.Role, "fill", "members", "dora"))
	if h := kind.Of[kinds.Tenure](v); c.holds(v) != "dora?" || h.Apart {
		t.Errorf("held by %s, filled apart: %v", c.holds(v), h.Apart)
	}
}

func TestARoleGoesRoundAmongThoseWhoOptedIn(t *testing.T) {
	c := intake(t)
	ana := c.desk("ana")
	var denied *crdt.NotAllowedError
	if err := ana.try(ana.practice(kinds.Role, "rotate")); !errors.As(err, &denied) || !strings.Contains(denied.Hint, "opt-in") {
		t.Errorf("a rotation with nobody in it: %v", err)
	}
	for _, name := range []string{"cleo", "ben"} {
		c.desk(name).tell(c.desk(name).practice(kinds.Role, "opt-in"))
	}
	var had []string
	for range 4 {
		had = append(had, c.holds(ana.tell(ana.practice(kinds.Role, "rotate"))))
	}
	if had[0] == had[1] || had[0] != had[2] || had[1] != had[3] {
		t.Errorf("it went to %v", had)
	}
	ben := c.desk("ben")
	ben.tell(ben.practice(kinds.Role, "opt-out"))
	ana.tell(ana.practice(kinds.Role, "fill", "members", "cleo"))
	if err := ana.try(ana.practice(kinds.Role, "rotate")); !errors.As(err, &denied) || !strings.Contains(denied.Why, "but who holds it") {
		t.Errorf("only the holder is in it: %v", err)
	}
}

func TestWhoRotatesAtOnceComesToOnePerson(t *testing.T) {
	c := intake(t)
	for _, name := range []string{"ana", "ben", "cleo"} {
		c.desk(name).tell(c.desk(name).practice(kinds.Role, "opt-in"))
	}
	ana, dora := c.desk("ana"), c.desk("dora")
	ana.do(ana.practice(kinds.Role, "rotate", "until", "2027-01-01"))
	dora.do(dora.practice(kinds.Role, "rotate", "until", "2027-02-01"))
	v := c.settle()
	if h := kind.Of[kinds.Tenure](v); len(h.Holders) != 1 || h.Apart {
		t.Errorf("held by %s", c.holds(v))
	}
}

func sortedWords(words []string) string {
	slices.Sort(words)
	return strings.Join(words, " ")
}

func TestTheEndOfARoleThatNobodyHeldStaysWhenItIsFilled(t *testing.T) {
	c := found(t, kinds.Role.Name, "ana", "ben")
	c.maker.tell(c.maker.practice(kinds.Role, "make", "until", "2027-03-01"))
	until := func(v *crdt.View) string { return kinds.Role.Field("until").Str(v) }
	if v := c.maker.tell(c.maker.practice(kinds.Role, "fill", "members", "ben")); until(v) != "2027-03-01" {
		t.Errorf("it ends on %q", until(v))
	}
	if v := c.maker.tell(c.maker.practice(kinds.Role, "fill", "members", "ana")); until(v) != "" {
		t.Errorf("the term of who comes next ends on %q", until(v))
	}
}
