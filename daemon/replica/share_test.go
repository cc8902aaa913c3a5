package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/share"
)

var (
	coops     = [2]string{"Riso Print Co-op", "Quilted"}
	fairTerms = share.Terms{Purpose: "print the fair's programme together", Voices: share.EachCoop}
)

// allies makes a share between people of two co-ops: the first of each side founds it, and everything
// so far is on every disk.
func allies(t testing.TB, first, second []string) *coop {
	t.Helper()
	c := &coop{t: t}
	p := &share.Pact{Terms: fairTerms}
	var statements []*entry.Entry
	var cfgs []Config
	var founders [2]entry.Signer
	for side, names := range [2][]string{first, second} {
		all, keys := sideOf(t, coops[side], names...)
		p.Sides[side] = share.Side{Space: all[0].SpaceOf(), Contacts: names[:1]}
		founders[side] = keys[0]
		statements = append(statements, all...)
		for _, key := range keys {
			cfgs = append(cfgs, Config{Dir: t.TempDir(), Key: key})
		}
	}
	t.Cleanup(c.close)
	must(t, p.Agree(founders[1]))
	f, err := p.Genesis()
	must(t, err)
	genesis, err := entry.New(f, founders[0])
	must(t, err)
	c.space = genesis.SpaceOf()
	statements = append(statements, genesis)
	for i, name := range slices.Concat(first, second) {
		r, err := JoinShare(cfgs[i], c.space, statements, [8]byte{})
		must(t, err)
		c.all = append(c.all, &peerReplica{Replica: r, name: name, cfg: cfgs[i]})
	}
	return c
}

// sideOf makes the charter of a side, and the keys of the devices in it.
func sideOf(t testing.TB, name string, names ...string) (all []*entry.Entry, devices []entry.Signer) {
	t.Helper()
	device, member := entry.NewSigner(), entry.NewSigner()
	payload, err := charter.NewGenesis(charter.Genesis{Coop: name, Founder: names[0], Seats: len(names)}, member, device, "laptop")
	must(t, err)
	genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: payload}, device)
	must(t, err)
	all, devices = []*entry.Entry{genesis}, []entry.Signer{device}
	c := charter.Fold(genesis.SpaceOf(), all, charter.StepID{})
	for _, name := range names[1:] {
		invite, key := entry.NewSigner(), entry.NewSigner()
		red, err := charter.NewRedemption(c.Space(), invite, entry.NewSigner(), key, name, "laptop")
		must(t, err)
		payload, err := c.FillSeat(invite.Device(), red)
		must(t, err)
		e, err := entry.New(entry.Fields{Space: c.Space(), Heads: c.Heads(), Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: payload}, device)
		must(t, err)
		c, all, devices = c.With(e), append(all, e), append(devices, key)
	}
	return all, devices
}

// fair is the share of most tests: two people of each co-op.
func fair(t testing.TB) (c *coop, ana, ben, dora, eli *peerReplica) {
	t.Helper()
	c = allies(t, []string{"Ana", "Ben"}, []string{"Dora", "Eli"})
	return c, c.all[0], c.all[1], c.all[2], c.all[3]
}

// proposes has somebody propose that their side says something, and consent.
func (p *peerReplica) proposes(w share.Word) (id charter.StepID, err error) {
	_, err = p.Say(context.Background(), func(*charter.Charter) (payload []byte, err error) {
		s, _ := p.Share()
		_, payload, id, err = s.Propose(p.device, w, "")
		return payload, err
	})
	return id, err
}

func (p *peerReplica) consents(id charter.StepID) error {
	_, err := p.Say(context.Background(), func(c *charter.Charter) ([]byte, error) { return c.Consent(p.device, id, false) })
	return err
}

// say has both people of one side say something.
func (c *coop) say(w share.Word, first, second *peerReplica) {
	c.t.Helper()
	id, err := first.proposes(w)
	must(c.t, err)
	must(c.t, first.consents(id))
	give(c.t, second, first.entries(c.t)...)
	must(c.t, second.consents(id))
}

func TestPeopleOfBothCoopsWorkOnOneDocumentOfAShare(t *testing.T) {
	c, ana, ben, dora, eli := fair(t)
	task := ana.addTask(t, "Print the programme")
	c.settle()
	dora.edit(t, task.ID, crdttest.AppendText(", cut by Quilted"))
	eli.edit(t, task.ID, crdttest.Take(eli.me(), eli.now()))
	title := "Print and cut the programme"
	ben.edit(t, task.ID, crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}))
	c.settle()
	c.same()
	v, err := dora.View(task.ID)
	must(t, err)
	if v.Title != title || !slices.Equal(crdttest.Task(v).TakenBy, []charter.MemberID{eli.me()}) || v.Text != "by Ana\n, cut by Quilted" {
		t.Errorf("Dora sees %q, %q, taken by %v", v.Title, v.Text, crdttest.Task(v).TakenBy)
	}
	for i, p := range c.all {
		if m, ok := p.Me(); !ok || m.Coop != coops[i/2] || m.Name != p.name {
			t.Errorf("%s is %q of %q", p.name, m.Name, m.Coop)
		}
		if p.Charter().Name() != coops[i/2] || p.Space() != c.space {
			t.Errorf("%s speaks in the charter of %q", p.name, p.Charter().Name())
		}
	}
	authors := map[charter.MemberID]bool{}
	must(t, ana.Log(task.ID, func(l Line) bool {
		authors[l.Author] = true
		return true
	}))
	if len(authors) != 4 {
		t.Errorf("the log has %d authors", len(authors))
	}
}

func TestEachSideSaysWhatItSaysInItsOwnCharter(t *testing.T) {
	c, ana, ben, dora, eli := fair(t)
	id, err := ana.proposes(share.Word{What: share.Contacts, Contacts: []string{"Ben"}})
	must(t, err)
	must(t, ana.consents(id))
	c.settle()
	for _, p := range []*peerReplica{dora, eli} {
		if err := p.consents(id); err == nil {
			t.Errorf("%s has consented to what the other side says", p.name)
		}
	}
	must(t, ben.consents(id))
	c.settle()
	c.same()
	more := fairTerms
	more.Purpose = "print everything together"
	c.say(share.Word{What: share.Change, Terms: more}, dora, eli)
	c.settle()
	for _, p := range c.all {
		s, _ := p.Share()
		if got := s.Contacts(0); !slices.Equal(got, []string{"Ben"}) {
			t.Errorf("for %s the contacts are %q", p.name, got)
		}
		if terms, _ := s.Terms(); terms != fairTerms || len(s.Offers()) != 1 {
			t.Errorf("for %s the word of one side changed the terms", p.name)
		}
	}
	c.say(share.Word{What: share.Change, Terms: more}, ana, ben)
	c.settle()
	c.same()
	for _, p := range c.all {
		s, _ := p.Share()
		if terms, _ := s.Terms(); terms != more {
			t.Errorf("for %s both sides say other terms and these are in force: %v", p.name, terms)
		}
	}
}

func TestAShareThatEndedTakesNoMoreChanges(t *testing.T) {
	c, ana, ben, dora, eli := fair(t)
	task := ana.addTask(t, "Print the programme")
	c.settle()
	c.say(share.Word{What: share.End}, ana, ben)
	dora.edit(t, task.ID, crdttest.AppendText(", cut by Quilted")) // who hasn't heard of it
	c.settle()
	c.same()
	for _, p := range c.all {
		var refused *RefusedError
		if _, err := p.tryEdit(task.ID, crdttest.Finish()); !errors.As(err, &refused) {
			t.Errorf("%s has written after the end: %v", p.name, err)
		}
		v, err := p.View(task.ID)
		must(t, err)
		if v.Text != "by Ana\n, cut by Quilted" {
			t.Errorf("%s sees %q: what was written before the end came there counts", p.name, v.Text)
		}
		p.reopen(t)
		if _, err := p.tryEdit(task.ID, crdttest.Finish()); !errors.As(err, &refused) {
			t.Errorf("%s has written after the end and a restart: %v", p.name, err)
		}
	}
	if err := eli.Acknowledge(t.Context(), time.Now().Add(time.Hour)); err != nil {
		t.Errorf("Eli can't say what he has seen: %v", err)
	}
}

func TestAReplicaOfAShareHoldsNothingOfAHome(t *testing.T) {
	c, ana, _, dora, _ := fair(t)
	home := found(t, "Ana Anders", "Cleo")
	secret := home.all[0].addTask(t, "what the bank said")
	home.all[0].edit(t, secret.ID, crdttest.AppendText("a hundred thousand"))
	home.settle()
	// A document, and words, in the space of a side, by one of that side.
	side := ana.Charter()
	foreign, err := entry.New(entry.Fields{Space: side.Space(), Heads: side.Heads(), Kind: entry.Change, Doc: entry.DocID{1},
		Run: newNonce(), Number: 1, Payload: ana.payloadOf(t)}, ana.key)
	must(t, err)
	batch := append(home.all[0].entries(t), foreign)
	for _, p := range []*peerReplica{ana, dora} {
		before := len(p.entries(t))
		res := give(t, p, batch...)
		if res.Stored != 0 || len(res.Refused) != len(batch) {
			t.Errorf("%s stored %d and refused %d of %d that aren't the share's", p.name, res.Stored, len(res.Refused), len(batch))
		}
		if got := len(p.entries(t)); got != before {
			t.Errorf("%s has %d entries more", p.name, got-before)
		}
	}
	ana.addTask(t, "Print the programme")
	c.settle()
	var names [][]byte
	for _, m := range home.all[0].Charter().Members() {
		names = append(names, m.ID[:], m.Key[:])
		for _, d := range m.Devices {
			names = append(names, d.Key[:])
		}
	}
	for _, e := range home.all[0].entries(t) {
		id, space := e.ID(), e.SpaceOf()
		names = append(names, id[:], space[:])
		if dora.Has(id) {
			t.Errorf("Dora has entry %v of the home", id)
		}
	}
	names = append(names, secret.ID[:], []byte("bank"), []byte("Anders"), []byte("thousand"))
	for _, e := range dora.entries(t) {
		for _, name := range names {
			if bytes.Contains(e.Encoded(), name) {
				t.Errorf("entry %v of the share has %q of the home in it", e.ID(), name)
			}
		}
	}
	for _, p := range home.all {
		if res := give(t, p, dora.entries(t)...); res.Stored != 0 {
			t.Errorf("%s at home stored %d entries of the share", p.name, res.Stored)
		}
	}
}

// payloadOf is the payload of a change as this replica writes them.
func (p *peerReplica) payloadOf(t testing.TB) []byte {
	t.Helper()
	p.addTask(t, "something")
	all := p.entries(t)
	return all[len(all)-1].Payload
}

func TestAReplicaOfAShareIsMadeOfAPactThatHoldsByWhoIsInIt(t *testing.T) {
	c, ana, _, _, _ := fair(t)
	all := ana.Introduction(1 << 20)
	fresh := func(key entry.Signer) Config { return Config{Dir: t.TempDir(), Key: key} }
	if _, err := JoinShare(fresh(entry.NewSigner()), c.space, all, [8]byte{}); !errors.Is(err, ErrNotMember) {
		t.Errorf("a stranger joins: %v", err)
	}
	for what, some := range map[string][]*entry.Entry{
		"without the pact":            all[:len(all)-1],
		"without the other's charter": append(ana.Charter().Statements(), all[len(all)-1]),
		"of nothing":                  nil,
	} {
		if _, err := JoinShare(fresh(ana.key), c.space, some, [8]byte{}); !errors.Is(err, ErrNoPact) {
			t.Errorf("a share %s: %v", what, err)
		}
	}
	home := found(t, "Ana")
	r, err := JoinShare(fresh(ana.key), c.space, append(all, home.all[0].Charter().Statements()...), [8]byte{})
	must(t, err)
	if n := r.Counts().Stored; int(n) != len(all) {
		t.Errorf("it holds %d entries, not the %d of the share", n, len(all))
	}
	must(t, r.Close())
}

// split has the two people of a side agree on two next steps. It returns what says the one and the other.
func (c *coop) split(founder, second *peerReplica) (a, b []*entry.Entry) {
	c.t.Helper()
	base := second.Charter()
	step := func(why string) (out []*entry.Entry) {
		now := base
		say := func(by entry.Signer, payload []byte, err error) {
			must(c.t, err)
			e, err := entry.New(entry.Fields{Space: now.Space(), Heads: now.Heads(), Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: payload}, by)
			must(c.t, err)
			now, out = now.With(e), append(out, e)
		}
		payload, id, err := now.Propose(founder.device, charter.Terms{Type: charter.ProposalInvites, Invites: 7, Why: why})
		say(founder.key, payload, err)
		for _, by := range []*peerReplica{founder, second} {
			payload, err = now.Consent(by.device, id, true)
			say(by.key, payload, err)
		}
		payload, err = now.Enact(founder.device, id)
		say(founder.key, payload, err)
		return out
	}
	return step("one"), step("two")
}

func TestAnAllysSplitSuspendsItWhereNobodyStoodAndAPersonTakesASide(t *testing.T) {
	c, ana, ben, dora, eli := fair(t)
	task := ana.addTask(t, "Print the programme")
	c.settle()
	one, two := c.split(dora, eli)
	give(t, ana, one...)                                    // with Dora's and Eli's consent to both
	ana.edit(t, task.ID, crdttest.AppendText(", says Ana")) // she stands on the one
	s, _ := ana.Share()
	first := s.Side(1).Tip()
	for _, p := range []*peerReplica{ana, ben} {
		give(t, p, slices.Concat(one, two)...)
	}
	check := func(when string) {
		t.Helper()
		if s, _ := ana.Share(); s.Suspended(1) || s.Side(1).Tip() != first {
			t.Errorf("%s: Ana, who took part in one of both, has lost it", when)
		}
		if s, _ := ben.Share(); !s.Suspended(1) {
			t.Errorf("%s: Ben follows a side that he never took", when)
		}
	}
	check("now")
	ana.reopen(t)
	ben.reopen(t)
	check("after a restart")
	give(t, ben, ana.entries(t)...)
	v, err := ben.View(task.ID)
	must(t, err)
	if v.Text != "by Ana\n, says Ana" {
		t.Errorf("Ben sees %q: what Ana writes doesn't hang on the other side", v.Text)
	}
	must(t, ben.Follow(t.Context(), first))
	if s, _ := ben.Share(); s.Suspended(1) || s.Side(1).Tip() != first {
		t.Error("Ben has taken a side, and it isn't followed")
	}
	ben.reopen(t)
	if s, _ := ben.Share(); s.Suspended(1) {
		t.Error("Ben has taken a side, and forgets it at the next start")
	}
	give(t, ana, ben.entries(t)...)
	if got, want := fmt.Sprint(ben.picture(t)), fmt.Sprint(ana.picture(t)); got != want {
		t.Errorf("both stand alike and see different things\n%s\n%s", got, want)
	}
}

// What is said on a branch of an ally's chain of which nobody knows whether it is followed stays pending when the last
// of its past comes; what somebody of the own side wrote in knowledge of it counts from then on.
func TestAChangeThatKnowsOfAnAllysSplitCountsOnceAllItKnowsIsHere(t *testing.T) {
	for _, beside := range []bool{false, true} {
		c, ana, ben, dora, eli := fair(t)
		task := ana.addTask(t, "Print the programme")
		c.settle()
		one, two := c.split(dora, eli)
		give(t, ana, one...)
		ana.edit(t, task.ID, crdttest.AppendText(", says Ana")) // she stands on the one
		give(t, ana, two...)
		give(t, ben, ana.entries(t)...)
		s, _ := ana.Share()
		base := s.Side(1)
		says := func(on *charter.Charter, why string) *entry.Entry {
			payload, _, err := on.Propose(dora.device, charter.Terms{Type: charter.ProposalInvites, Invites: 9, Why: why})
			must(t, err)
			e, err := entry.New(entry.Fields{Space: on.Space(), Heads: on.Heads(), Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: payload}, dora.key)
			must(t, err)
			return e
		}
		here := says(base, "three")
		lacking := says(base, "four")
		if beside { // both are named, the one that is here first
			if here.ID().Compare(lacking.ID()) > 0 {
				here, lacking = lacking, here
			}
		} else { // the one that is lacking is all of the past of the other
			here = says(base.With(lacking), "three")
		}
		give(t, ana, lacking, here)
		ana.edit(t, task.ID, crdttest.AppendText(", and more"))
		give(t, ben, slices.DeleteFunc(ana.entries(t), func(e *entry.Entry) bool { return e.ID() == lacking.ID() })...)
		text := func() string {
			v, err := ben.View(task.ID)
			must(t, err)
			return v.Text
		}
		if got := text(); got != "by Ana\n, says Ana" {
			t.Fatalf("beside %v: before all is here Ben sees %q", beside, got)
		}
		give(t, ben, lacking)
		if s, _ := ben.Share(); !s.Suspended(1) {
			t.Fatal("Ben follows a side that he never took")
		}
		if got := text(); got != "by Ana\n, says Ana\n, and more" {
			t.Errorf("beside %v: all is here, and Ben sees %q", beside, got)
		}
	}
}

// Where both sides have split, what somebody wrote who knew of both waits for two things at once. It counts for who takes
// the author's side, whichever of both heads comes first in it.
func TestWhereBothSidesHaveSplitTakingTheOwnOneIsEnoughForWhatOnesOwnPeopleWrote(t *testing.T) {
	for _, ownFirst := range []bool{false, true} {
		c := allies(t, []string{"Ana", "Ben", "Zoe"}, []string{"Dora", "Eli"})
		ana, ben, zoe, dora, eli := c.all[0], c.all[1], c.all[2], c.all[3], c.all[4]
		var ours, theirs [2][]*entry.Entry
		last := func(all []*entry.Entry) entry.ID { return all[len(all)-1].ID() }
		for again := true; again; again = last(ours[0]).Compare(last(theirs[0])) < 0 != ownFirst {
			ours[0], ours[1] = c.split(ana, ben)
			theirs[0], theirs[1] = c.split(dora, eli)
		}
		give(t, ana, slices.Concat(ours[0], theirs[0])...)
		task := ana.addTask(t, "Print the programme") // she stands on one of both
		give(t, zoe, slices.Concat(ours[1], theirs[1], ana.entries(t))...)
		if s, _ := zoe.Share(); !s.Suspended(0) || !s.Suspended(1) {
			t.Fatalf("own first %v: Zoe has taken a side before she was asked", ownFirst)
		}
		s, _ := ana.Share()
		must(t, zoe.Follow(t.Context(), s.Side(0).Tip()))
		if v, err := zoe.View(task.ID); err != nil || v.Text != task.Text {
			t.Errorf("own first %v: Zoe has taken Ana's side, and what Ana wrote isn't there: %v", ownFirst, err)
		}
		if s, _ := zoe.Share(); s.Suspended(0) || !s.Suspended(1) {
			t.Errorf("own first %v: Zoe follows a side of the ally that she never took", ownFirst)
		}
	}
}

// Whatever people of both sides write and say, delivered in which order, how often, with restarts
// between: in the end all replicas of the share show the same documents, states and terms.
func TestReplicasOfAShareAgreeOnEveryHistory(t *testing.T) {
	histories(t, 5)
	rapid.Check(t, func(rt *rapid.T) {
		c, _, _, _, _ := fair(t)
		defer c.close()
		var docs []entry.DocID
		one := func(label string) *peerReplica { return rapid.SampledFrom(c.all).Draw(rt, label) }
		docs = append(docs, c.all[0].addTask(t, "the first").ID, c.all[2].addDecision(t, "Print on both sides").ID)
		c.settle()
		ended := false
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) {
				if !ended {
					docs = append(docs, one("who").addTask(t, "another").ID)
				}
			},
			"edit": func(rt *rapid.T) {
				p, doc := one("who"), rapid.SampledFrom(docs).Draw(rt, "doc")
				text := rapid.StringMatching("[a-c]{1,3}").Draw(rt, "text")
				edits := []crdt.Edit{
					crdttest.Take(p.me(), p.now()), crdttest.Finish(), crdttest.AppendText(text),
					crdttest.TakePosition(p.me(), "consent", text, ""),
				}
				// Who hasn't seen the document yet, or knows of the end, can't; that's fine.
				_, _ = p.tryEdit(doc, rapid.SampledFrom(edits).Draw(rt, "edit"))
			},
			"say": func(rt *rapid.T) {
				terms := fairTerms
				terms.Voices = rapid.SampledFrom([]share.Voices{share.EachCoop, share.People}).Draw(rt, "voices")
				terms.Purpose = rapid.StringMatching("[a-c]{1}").Draw(rt, "purpose")
				words := []share.Word{{What: share.Change, Terms: terms}, {What: share.Contacts, Contacts: []string{"Flo"}}}
				if rapid.IntRange(0, 9).Draw(rt, "end") == 0 {
					ended = true
					words = []share.Word{{What: share.End}}
				}
				_, _ = one("who").proposes(rapid.SampledFrom(words).Draw(rt, "word"))
			},
			"consent": func(rt *rapid.T) {
				p := one("who")
				if all := p.Charter().Pending(); len(all) > 0 {
					_ = p.consents(rapid.SampledFrom(all).Draw(rt, "to").ID)
				}
			},
			"acknowledge": func(rt *rapid.T) { must(t, one("who").Acknowledge(context.Background(), time.Now().Add(time.Hour))) },
			"deliver": func(rt *rapid.T) {
				from, to := one("from"), one("to")
				give(t, to, rapid.SliceOfN(rapid.SampledFrom(from.entries(t)), 1, 8).Draw(rt, "some")...)
			},
			"restart": func(rt *rapid.T) { one("who").reopen(t) },
		})
		for range 3 { // what is agreed now is enacted by whoever may
			c.settle()
			for _, p := range c.all {
				must(t, p.Enact())
			}
		}
		c.settle()
		c.same()
		want := ""
		for _, p := range c.all {
			s, _ := p.Share()
			terms, _ := s.Terms()
			_, over := s.Ended()
			if got := fmt.Sprint(terms, over, s.Offers(), s.Sides(), s.Heads()); want == "" {
				want = got
			} else if got != want {
				rt.Fatalf("%s reads the share as\n%s\nand Ana as\n%s", p.name, got, want)
			}
			before := p.picture(t)
			p.reopen(t)
			for k, w := range p.picture(t) {
				if before[k] != w {
					rt.Fatalf("%s: a restart changed %s\nfrom %q\nto   %q", p.name, k, before[k], w)
				}
			}
		}
	})
}

// What somebody of an ally writes with a newer release, in the share or in their side's charter, is kept and passed on
// until this release is newer, too. The others go on.
func TestWhatANewerReleaseOfAnAllyWritesIsKeptAndPassedOn(t *testing.T) {
	c, ana, ben, dora, eli := fair(t)
	task := ana.addTask(t, "Print the programme")
	c.settle()
	all := ana.entries(t)
	s, _ := dora.Share()
	for _, f := range []entry.Fields{
		{Space: c.space, Heads: s.Heads(), Kind: entry.Change, Doc: task.ID, Payload: all[len(all)-1].Payload},
		{Space: s.Side(1).Space(), Heads: s.Side(1).Heads(), Kind: entry.Statement, Payload: []byte{0xff}},
	} {
		f.Run, f.Number = newNonce(), 1
		e, err := entry.NewUnder(entry.RulesVersion+1, f, dora.cfg.Key)
		must(t, err)
		if res := give(t, ana, e); len(res.Refused) > 0 {
			t.Errorf("it is refused: %+v", res)
		}
	}
	for range 2 {
		for _, p := range []*peerReplica{ana, ben, eli} {
			p.edit(t, task.ID, crdttest.AppendText(", by "+p.name))
		}
		c.settle()
		c.same()
		for _, p := range c.all {
			if n := p.Counts(); n.Pending != 2 || n.Void != 0 {
				t.Errorf("%s has %+v", p.name, n)
			}
		}
		ana.reopen(t)
	}
	c.say(share.Word{What: share.End}, ana, ben)
	s, _ = ben.Share()
	if _, ended := s.Ended(); !ended {
		t.Error("the share can't be ended any more")
	}
}
