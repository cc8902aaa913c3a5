package accept

import (
	"encoding/binary"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// say has a person's laptop make a statement.
func say(t fataler, c *charter.Charter, who string, payload []byte, err error) *charter.Charter {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", who, err)
	}
	runs++
	f := entry.Fields{Space: c.Space(), Heads: c.Heads(), Kind: entry.Statement, Number: 1, Payload: payload}
	binary.BigEndian.PutUint64(f.Run[:], runs)
	e := must(entry.New(f, device(who)))
	next := c.With(e)
	if state, why := next.State(e.ID()); state != charter.Accepted {
		t.Fatalf("%s: %v %s", who, state, why)
	}
	return next.StandOn(next.Tip())
}

// removal has four of seven remove somebody, honouring what of them they name.
func removal(t fataler, c *charter.Charter, who string, honoured charter.Frontier) *charter.Charter {
	t.Helper()
	payload, id, err := c.Propose(device("ana").Device(), charter.Terms{
		Type: charter.ProposalRemove, Member: theCoop().member(who),
		Frontiers: []charter.DeviceFrontier{{Device: device(who).Device(), Frontier: honoured}},
	})
	c = say(t, c, "ana", payload, err)
	for _, name := range []string{"ana", "ben", "cleo", "dora"} {
		payload, err := c.Consent(device(name).Device(), id, false)
		c = say(t, c, name, payload, err)
	}
	payload, err = c.Enact(device("ana").Device(), id)
	return say(t, c, "ana", payload, err)
}

func upTo(p piece) charter.Frontier { return charter.Frontier{{Run: p.Run, Entry: p.ID()}} }

// Attack 19.
func TestARemovedMemberIsHonouredUpToTheFrontierAndWhereOthersStand(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "known", "first")
	last := d.write("eli", "known too", "known")
	d.write("eli", "built on", "known too")
	d.write("mel", "mel's", "built on") // was offline through it all
	d.write("eli", "late", "mel's")
	d.write("eli", "later", "late")
	doc := d.read("first", "known", "known too", "built on", "mel's", "late", "later")
	d.expect(doc, "first accepted, known accepted, known too accepted, built on accepted, mel's accepted, late accepted, later accepted")

	removed := removal(t, theCoop().whole, "eli", upTo(last))
	out := doc.Rejudge(removed)
	if !out.Rebuild {
		t.Error("accepted entries were voided, and nothing is built afresh")
	}
	d.expect(doc, "first accepted, known accepted, known too accepted, built on accepted, mel's accepted, late void, later void")
	if who, ok := doc.BroughtBy(d.named["built on"].ID()); !ok || who != theCoop().member("mel") {
		t.Error("it isn't said who brought it in")
	}
	if _, ok := doc.BroughtBy(last.ID()); ok {
		t.Error("what is honoured was brought in by nobody")
	}
	// Somebody who doesn't know of it builds on the rest: it counts again.
	mine := d.write("fay", "fay's", "later")
	out = doc.Add(mine.Entry, mine.change)
	d.expect(doc, "late accepted, later accepted, fay's accepted")
	if out.Rebuild {
		t.Error("nothing was voided")
	}
	applied(t, doc)
}

// Attack 19: a retirement that honours nothing, as if it had been said at the start of time.
func TestARetirementAsOfTheStartOfTimeVoidsOnlyWhatNobodyStandsOn(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "old", "first")
	d.write("ben", "ben's", "old")
	d.write("eli", "of today", "ben's")
	doc := d.read("first", "old", "ben's", "of today")
	c := theCoop().whole
	payload, err := c.Retire(device("eli").Device(), device("eli").Device(), nil)
	doc.Rejudge(say(t, c, "eli", payload, err))
	d.expect(doc, "first accepted, old accepted, ben's accepted, of today void")
	applied(t, doc)
}

func TestARunForkedBelowTheFrontierIsNotHonoured(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("eli", "one", "first")
	one := *d.pen("eli")
	last := d.write("eli", "two", "one")
	d.write("ben", "ben's", "two")
	*d.pens["eli"] = one // a second entry under number 2, with a change of another sequence number
	d.write("eli", "backdated", "ben's")
	doc := d.read("first", "one", "two", "ben's", "backdated")
	d.expect(doc, "backdated accepted")
	doc.Rejudge(removal(t, theCoop().whole, "eli", upTo(last)))
	d.expect(doc, "one accepted, two accepted, ben's accepted, backdated void")
}

func TestATwinBeyondTheFrontierDoesntCompete(t *testing.T) {
	for try := range 4 { // whichever has the lower ID
		d := newDesk(t, "ana")
		d.write("eli", "one", "first")
		one := *d.pen("eli")
		last := d.write("eli", "two", "one")
		*d.pens["eli"] = one
		d.sign("eli", "twin", d.draft("eli", string(rune('a'+try)), "one"))
		doc := d.read("first", "one", "two", "twin")
		doc.Rejudge(removal(t, theCoop().whole, "eli", upTo(last)))
		d.expect(doc, "one accepted, two accepted, twin void")
	}
}

func TestNeitherAnotherRemovedMemberNorAProspectiveOneBringsAnythingIn(t *testing.T) {
	d := newDesk(t, "ana")
	last := d.write("eli", "known", "first")
	d.write("eli", "late", "known")
	d.write("fay", "fay's", "late") // is removed, too, and this isn't honoured
	both := removal(t, theCoop().whole, "eli", upTo(last))
	both = removal(t, both, "fay", nil)
	doc := d.read("first", "known", "late", "fay's")
	doc.Rejudge(both)
	d.expect(doc, "known accepted, late void, fay's void")

	code := key("code for pia")
	payload, err := theCoop().whole.Invite(device("ana").Device(), code.Device(), 0)
	with := say(t, theCoop().whole, "ana", payload, err)
	r := must(charter.NewRedemption(theCoop().space, code, key("pia"), device("pia"), "Pia", "laptop"))
	payload, err = with.AdmitProspective(device("ana").Device(), code.Device(), r)
	with = say(t, with, "ana", payload, err)
	d = newDeskAt(t, "ana", with.Heads())
	last = d.write("eli", "known", "first")
	d.write("eli", "late", "known")
	d.write("pia", "pia's", "late")
	doc = d.read()
	doc.Rejudge(with)
	for _, name := range []string{"first", "known", "late", "pia's"} {
		doc.Add(d.named[name].Entry, d.named[name].change)
	}
	d.expect(doc, "late accepted, pia's accepted")
	doc.Rejudge(removal(t, with, "eli", upTo(last)))
	d.expect(doc, "known accepted, late void, pia's pending")
}

func TestWhatIsUnderAFrontierIsPendingUntilTheRunIsHere(t *testing.T) {
	d, other := newDesk(t, "ana"), newDesk(t, "ana")
	other.pens["eli"] = d.pen("eli") // one run over two documents
	d.write("eli", "one", "first")
	other.write("eli", "elsewhere", "first")
	last := other.write("eli", "last", "elsewhere")
	removed := removal(t, theCoop().whole, "eli", upTo(last))
	runs := RunMap{}
	doc := New(theCoop().space, d.doc, removed, toys, runs)
	for _, name := range []string{"first", "one"} {
		doc.Add(d.named[name].Entry, d.named[name].change)
	}
	for _, next := range []string{"last", "elsewhere"} {
		d.expect(doc, "one pending")
		if w := doc.Wanted(); len(w) != 1 || w[0] != other.named[next].ID() {
			t.Fatalf("wanted: %v", w)
		}
		runs.Add(other.named[next].Entry)
		doc.Rejudge(removed)
	}
	d.expect(doc, "one accepted")
	if len(doc.Wanted()) != 0 {
		t.Error("something is wanted still")
	}
}

// Attack 6: a year after, everybody has read it, and nobody but the author wrote.
func TestWhoAcknowledgedARunStandsOnWhatIsInIt(t *testing.T) {
	for try := range 6 { // whichever has the lower ID
		d := newDesk(t, "eli")
		first := *d.pen("eli")
		read := d.write("eli", "read", "first")
		*d.pens["eli"] = first
		d.sign("eli", "ground", d.draft("eli", string(rune('a'+try)), "first"))
		c := theCoop().whole
		for _, who := range []string{"ben", "cleo"} {
			payload, err := c.Acknowledge(device(who).Device(), []charter.DeviceFrontier{{Device: device("eli").Device(), Frontier: upTo(read)}})
			c = say(t, c, who, payload, err)
		}
		doc := d.read("first", "ground", "read")
		if len(doc.Awaits().Runs) == 0 {
			t.Fatal("no twins")
		}
		doc.Rejudge(c)
		d.expect(doc, "read accepted, ground void")
		// Eli's own word, and one who acknowledges both, count for nothing.
		for _, who := range []string{"eli", "ben"} {
			payload, err := c.Acknowledge(device(who).Device(), []charter.DeviceFrontier{{Device: device("eli").Device(), Frontier: upTo(d.named["ground"])}})
			c = say(t, c, who, payload, err)
		}
		doc.Rejudge(c)
		d.expect(doc, "read accepted, ground void")
		payload, err := c.Acknowledge(device("dora").Device(), []charter.DeviceFrontier{{Device: device("eli").Device(), Frontier: upTo(d.named["ground"])}})
		c = say(t, c, "dora", payload, err)
		payload, err = c.Acknowledge(device("fay").Device(), []charter.DeviceFrontier{{Device: device("eli").Device(), Frontier: upTo(d.named["ground"])}})
		c = say(t, c, "fay", payload, err)
		doc.Rejudge(c)
		d.expect(doc, "read void, ground accepted")
	}
}

// closing is a change in which somebody says that the document is closed.
func (d *desk) closing(who, name string, on ...string) piece {
	c := d.draft(who, name, on...)
	c.Ops = append(c.Ops, changetest.Put(change.OpID{}, schema.OwnKey(theCoop().member(who), ownRecord), change.StrValue("closed")))
	return d.sign(who, name, c)
}

func acked(t fataler, c *charter.Charter, who string, last piece) *charter.Charter {
	t.Helper()
	payload, err := c.Acknowledge(device(who).Device(), []charter.DeviceFrontier{{Device: last.Device, Frontier: upTo(last)}})
	return say(t, c, who, payload, err)
}

// Attack 36: who closed a decision retires the device a year later, and honours nothing.
func TestWhatOthersHaveSeenClosedStaysClosedWhoeverGoes(t *testing.T) {
	c := theCoop().whole
	for name, end := range map[string]func() *charter.Charter{
		"retired": func() *charter.Charter {
			p, err := c.Retire(device("eli").Device(), device("eli").Device(), nil)
			return say(t, c, "eli", p, err)
		},
		"resigned": func() *charter.Charter {
			p, err := c.Resign(device("eli").Device(), nil, "")
			return say(t, c, "eli", p, err)
		},
		"removed": func() *charter.Charter { return removal(t, c, "eli", nil) },
	} {
		t.Run(name, func(t *testing.T) {
			c = theCoop().whole
			d := newDesk(t, "ana")
			d.write("eli", "position", "first")
			last := d.closing("eli", "closed", "position")
			d.write("eli", "beside", "first")
			d.write("eli", "later", "closed")
			doc := d.read("first", "position", "closed", "beside", "later")
			before := c
			doc.Rejudge(end())
			d.expect(doc, "position void, closed void, beside void")
			if len(doc.Awaits().Runs) == 0 {
				t.Error("an acknowledgement that comes later wouldn't be asked about")
			}
			c = acked(t, before, "eli", last) // their own counts for nothing
			doc.Rejudge(end())
			d.expect(doc, "closed void")
			c = acked(t, c, "ben", last)
			doc.Rejudge(end())
			d.expect(doc, "position accepted, closed accepted, beside void, later void")
			if who, ok := doc.BroughtBy(last.ID()); !ok || who != theCoop().member("ben") {
				t.Error("it isn't said who has seen it")
			}
			whole := d.read("beside", "later", "closed", "position", "first")
			whole.Rejudge(doc.charter)
			d.expect(whole, "position accepted, closed accepted, beside void, later void")
			applied(t, doc)
		})
	}
}

func TestWhoClosedADocumentBringsNothingInByHavingSeenIt(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("fay", "fay's", "first")
	last := d.closing("eli", "closed", "fay's")
	doc := d.read("first", "fay's", "closed")
	c := acked(t, theCoop().whole, "eli", last)
	doc.Rejudge(removal(t, c, "fay", nil))
	d.expect(doc, "closed accepted, fay's accepted") // Eli is in
	payload, err := c.Retire(device("eli").Device(), device("eli").Device(), charter.Frontier{})
	c = say(t, c, "eli", payload, err)
	doc.Rejudge(removal(t, c, "fay", nil))
	d.expect(doc, "closed void, fay's void")
}

// Neither does another device of theirs, which nothing cuts.
func TestWhoClosedADocumentBringsNothingInFromTheirOtherDevice(t *testing.T) {
	d := newDesk(t, "ana")
	d.write("fay", "fay's", "first")
	last := d.closing("eli", "closed", "fay's")
	doc := d.read("first", "fay's", "closed")
	second := device("eli, again")
	c := theCoop().whole
	payload, err := c.Certify(device("eli").Device(), charter.NewDevice{
		Key: second.Device(), Name: "phone", Accepted: charter.AcceptDevice(theCoop().space, key("eli").Device(), second),
	})
	c = say(t, c, "eli", payload, err)
	c = acked(t, c, "eli, again", last)
	payload, err = c.Retire(second.Device(), device("eli").Device(), nil)
	c = say(t, c, "eli, again", payload, err)
	doc.Rejudge(removal(t, c, "fay", nil))
	d.expect(doc, "closed void, fay's void")
	doc.Rejudge(removal(t, acked(t, c, "ben", last), "fay", nil))
	d.expect(doc, "closed accepted, fay's accepted")
}

func TestAProspectiveMemberWhoHasSeenItClosedBringsNothingIn(t *testing.T) {
	code, c := key("code for pia"), theCoop().whole
	payload, err := c.Invite(device("ana").Device(), code.Device(), 0)
	c = say(t, c, "ana", payload, err)
	r := must(charter.NewRedemption(theCoop().space, code, key("pia"), device("pia"), "Pia", "laptop"))
	payload, err = c.AdmitProspective(device("ana").Device(), code.Device(), r)
	c = say(t, c, "ana", payload, err)
	d := newDesk(t, "ana")
	last := d.closing("eli", "closed", "first")
	doc := d.read("first", "closed")
	c = acked(t, c, "pia", last)
	doc.Rejudge(removal(t, c, "eli", nil))
	d.expect(doc, "closed void")
	doc.Rejudge(removal(t, acked(t, c, "ben", last), "eli", nil))
	d.expect(doc, "closed accepted")
}

// Eli's run forks: what closes the document is on the way that is honoured, and what it stands on isn't.
func TestWhatOthersHaveSeenClosedKeepsWhatItStandsOn(t *testing.T) {
	d := newDesk(t, "ana")
	before := *d.pen("eli")
	d.write("eli", "beyond", "first")
	*d.pens["eli"] = before
	last := d.closing("eli", "closed", "beyond")
	doc := d.read("first", "beyond", "closed")
	c := removal(t, theCoop().whole, "eli", upTo(last))
	doc.Rejudge(c)
	d.expect(doc, "beyond void, closed pending")
	if len(doc.Awaits().Runs) == 0 {
		t.Error("an acknowledgement that comes later wouldn't be asked about")
	}
	c = acked(t, c, "ben", last)
	doc.Rejudge(c)
	d.expect(doc, "beyond accepted, closed accepted")
	whole := d.read("closed", "beyond", "first")
	whole.Rejudge(c)
	d.expect(whole, "beyond accepted, closed accepted")
}

// An acknowledgement that a removed member dates back weighs nothing, here nor between twins.
func TestAnAcknowledgementBeyondAFrontierBringsNothingBack(t *testing.T) {
	d := newDesk(t, "eli")
	last := d.closing("eli", "closed", "first")
	first := *d.pen("eli")
	one := d.write("eli", "one", "closed")
	*d.pens["eli"] = first
	d.sign("eli", "two", d.draft("eli", "another", "closed"))
	doc := d.read("first", "closed", "one", "two")
	doc.Rejudge(theCoop().whole)
	kept, lost := "one", "two"
	if s, _ := doc.State(one.ID()); s != charter.Accepted {
		kept, lost = lost, kept
	}
	c := removal(t, theCoop().whole, "fay", nil) // nothing of Fay's is honoured
	backdated := func(last piece) {
		t.Helper()
		p := must(theCoop().whole.Acknowledge(device("fay").Device(), []charter.DeviceFrontier{{Device: last.Device, Frontier: upTo(last)}}))
		runs++
		f := entry.Fields{Space: c.Space(), Heads: theCoop().whole.Heads(), Kind: entry.Statement, Number: 1, Payload: p}
		binary.BigEndian.PutUint64(f.Run[:], runs)
		c = c.With(must(entry.New(f, device("fay"))))
	}
	backdated(d.named[lost])
	doc.Rejudge(c)
	d.expect(doc, kept+" accepted, "+lost+" void")
	payload, err := c.Retire(device("eli").Device(), device("eli").Device(), nil)
	c = say(t, c, "eli", payload, err)
	backdated(last)
	doc.Rejudge(c)
	d.expect(doc, "closed void")
}

// removedCoops are charters after removals, which the property tests draw from.
func drawRemovals(t *rapid.T, d *desk, names []string) []*charter.Charter {
	stages := []*charter.Charter{theCoop().whole}
	for _, who := range []string{"ben", "fay"} {
		if rapid.Bool().Draw(t, "acknowledges") {
			last := d.named[rapid.SampledFrom(names).Draw(t, "acknowledged")]
			stages = append(stages, acked(t, stages[len(stages)-1], who, last))
		}
	}
	for _, who := range []string{"eli", "fay"} {
		var f charter.Frontier
		var of []piece
		for _, name := range names {
			if d.named[name].Device == device(who).Device() {
				of = append(of, d.named[name])
			}
		}
		if len(of) > 0 && rapid.IntRange(0, 3).Draw(t, "honours") > 0 {
			f = upTo(of[rapid.IntRange(0, len(of)-1).Draw(t, "last")])
		}
		stages = append(stages, removal(t, stages[len(stages)-1], who, f))
	}
	return stages
}

// drawWriting has people write on each other's changes; Eli and Fay fork their runs as well.
func drawWriting(t *rapid.T, d *desk) []string {
	names := []string{"first"}
	for i := range rapid.IntRange(1, 12).Draw(t, "changes") {
		who := rapid.SampledFrom([]string{"eli", "eli", "fay", "ben", "mel"}).Draw(t, "who")
		name := string(rune('a' + i))
		on := []string{rapid.SampledFrom(names).Draw(t, "on")}
		if more := rapid.SampledFrom(names).Draw(t, "and"); more != on[0] && rapid.Bool().Draw(t, "both") {
			on = append(on, more)
		}
		if who != "eli" && who != "fay" { // the honest write on top of what they wrote
			for _, n := range names {
				if d.named[n].Device == device(who).Device() && !slices.Contains(on, n) {
					on = append(on, n)
				}
			}
		}
		before := *d.pen(who)
		if rapid.IntRange(0, 3).Draw(t, "closes") == 0 {
			d.closing(who, name, on...)
		} else {
			d.write(who, name, on...)
		}
		if (who == "eli" || who == "fay") && rapid.IntRange(0, 4).Draw(t, "forks its run") == 0 {
			*d.pens[who] = before
		}
		names = append(names, name)
	}
	return names
}

func TestWithFrontiersEveryReplicaComesToTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "ana")
		names := drawWriting(t, d)
		stages := drawRemovals(t, d, names)
		last := stages[len(stages)-1]
		runs := RunMap{}
		for _, name := range names {
			runs.Add(d.named[name].Entry)
		}
		whole := New(theCoop().space, d.doc, last, toys, runs)
		for _, name := range names {
			whole.Add(d.named[name].Entry, d.named[name].change)
		}
		// Another, in any order, with the charter in between.
		part := New(theCoop().space, d.doc, stages[0], toys, nil)
		at := 0
		for _, name := range rapid.Permutation(names).Draw(t, "arrival") {
			part.Add(d.named[name].Entry, d.named[name].change)
			if at < len(stages)-1 && rapid.IntRange(0, 2).Draw(t, "charter") == 0 {
				at++
				part.Rejudge(stages[at])
			}
		}
		if at < len(stages)-1 { // else nothing but Add may have brought it about
			part.Rejudge(last)
		}
		same(t, "the order of arrival counts", seen(whole), seen(part))
		oracle(t, whole)
		applied(t, part)
	})
}

func TestWhatOthersStandOnIsNeverVoided(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(t, "ana")
		names := drawWriting(t, d)
		stages := drawRemovals(t, d, names)
		doc := d.read(names...)
		// What an honest member's accepted change has in its past, and was accepted with it.
		var stands []entry.ID
		for _, item := range doc.Order() {
			if item.Author == theCoop().member("ben") || item.Author == theCoop().member("mel") || item.Author == theCoop().member("ana") {
				stands = append(stands, item.Entry.ID())
				for hash := range pastOf(allChanges(d), item.Change.Deps) {
					if dep, ok := doc.ItemOf(hash); ok {
						stands = append(stands, dep.Entry.ID())
					}
				}
			}
		}
		if len(doc.Awaits().Runs) > 0 {
			return // they go by how many stand on which
		}
		for _, c := range stages[1:] {
			doc.Rejudge(c)
			for _, id := range stands {
				if state, why := doc.State(id); state != charter.Accepted {
					t.Fatalf("what others stand on is %v: %s", state, why)
				}
			}
		}
	})
}
