package crdt_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
	"kith/crdt/share"
)

// pact is two co-ops with a share, in which they work on one document.
type pact struct {
	*coop
	share *share.Share
	said  []*entry.Entry // all statements, whichever replica heard them
}

var risoFolk, quiltFolk = []string{"ana", "ben", "cleo"}, []string{"dora", "eli", "flo"}

func allies(t fataler, kind string, voices share.Voices) *pact {
	t.Helper()
	return alliesOf(t, kind, voices, risoFolk, quiltFolk)
}

func alliesOf(t fataler, kind string, voices share.Voices, first, second []string) *pact {
	t.Helper()
	c := &coop{t: t, kind: kind, ids: map[string]charter.MemberID{}}
	all := [2][]*entry.Entry{c.side("Riso Print Co-op", first...), c.side("Quilted", second...)}
	p := &share.Pact{Terms: share.Terms{Purpose: "a fair", Voices: voices}}
	for i := range all {
		p.Sides[i].Space = all[i][0].SpaceOf()
	}
	must(t, p.Agree(key("dora's laptop")))
	f, err := p.Genesis()
	must(t, err)
	genesis, err := entry.New(f, key("ana's laptop"))
	must(t, err)
	c.space = genesis.SpaceOf()
	a := &pact{coop: c, said: append(slices.Concat(all[:]...), genesis)}
	a.set(share.Fold(c.space, a.said, [2]charter.StepID{}))
	c.begin(slices.Concat(first, second))
	return a
}

// set gives everybody a newer charter.
func (a *pact) set(s *share.Share) {
	a.share, a.charter = s, s
	for _, d := range a.desks {
		d.judge.Rejudge(s)
	}
}

func (a *pact) say(side int, name string, payload []byte, err error) {
	a.t.Helper()
	must(a.t, err)
	c := a.share.Side(side)
	f := entry.Fields{Space: c.Space(), Heads: c.Heads(), Kind: entry.Statement, Number: 1, Run: a.newRun(), Payload: payload}
	e, err := entry.New(f, key(name+"'s laptop"))
	must(a.t, err)
	a.said = append(a.said, e)
	a.set(a.share.With(e))
	if state, why := a.share.State(e.ID()); state != charter.Accepted {
		a.t.Fatalf("%s: %v %s", name, state, why)
	}
}

// agree has two people of a side bring a step into force.
func (a *pact) agree(side int, terms charter.Terms, first, second string) {
	a.t.Helper()
	payload, id, err := a.share.Side(side).Propose(key(first+"'s laptop").Device(), terms)
	a.say(side, first, payload, err)
	for _, name := range []string{first, second} {
		payload, err := a.share.Side(side).Consent(key(name+"'s laptop").Device(), id, false)
		a.say(side, name, payload, err)
	}
	payload, err = a.share.Side(side).Enact(key(first+"'s laptop").Device(), id)
	a.say(side, first, payload, err)
}

func (a *pact) end(side int, first, second string) {
	a.t.Helper()
	word, err := share.Word{What: share.End, Share: a.space}.Encode()
	must(a.t, err)
	a.agree(side, charter.Terms{Type: charter.ProposalPact, Pact: word}, first, second)
}

func TestBothSidesWorkOnOneDocumentAndNobodyAnswersForTheOther(t *testing.T) {
	a := allies(t, kinds.Task.Name, share.EachCoop)
	ana, dora := a.desk("ana"), a.desk("dora")
	ana.do(crdttest.NewTask(now, crdttest.TaskFields{Title: "Sew the banner", Ask: a.ask("dora")}))
	a.settle()
	v := dora.tell(crdttest.Accept(dora.id))
	if !slices.Equal(crdttest.Task(v).TakenBy, a.ask("dora")) {
		t.Errorf("taken by %v", crdttest.Task(v).TakenBy)
	}
	// A modified daemon of one side answers for somebody of the other.
	e, parsed := dora.draft(schema.OwnKey(ana.id, "answer"), `{"answer":"accepted"}`)
	ana.judge.Add(e, parsed)
	if state, why := ana.judge.State(e.ID()); state != charter.Void {
		t.Errorf("an answer in the name of the other side is %v: %s", state, why)
	}
}

// Whatever both sides write, and who overwrites whom: what holds in an agreement's place, and what made it, is what people of
// the co-op that shared it said last.
func TestOfAnAgreementInAShareOnlyTheCoopThatMadeItSaysWhatHoldsInItsPlace(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a := alliesOf(t, kinds.Agreement.Name, share.EachCoop, []string{"ana", "ben"}, []string{"dora"})
		ana := a.desk("ana")
		ana.do(crdttest.Perform(kinds.Agreement, "make", kind.Draft{Asks: kind.Begin("Opening hours", "Nine.")}))
		a.settle()
		want := map[string]string{}
		for i := range rapid.IntRange(1, 8).Draw(rt, "writes") {
			by := a.desk(rapid.SampledFrom([]string{"ana", "ben", "dora"}).Draw(rt, fmt.Sprint("who", i)))
			key := rapid.SampledFrom([]string{"replaced_by", "decision"}).Draw(rt, fmt.Sprint("what", i))
			says := fmt.Sprint("a-", i)
			stands, _ := automerge.As[string](by.am.RootMap().Get(key))
			if rapid.IntRange(0, 3).Draw(rt, fmt.Sprint("takes it back", i)) == 0 && stands != "" {
				says = ""
			}
			if by.name != "dora" {
				want[key] = says
			}
			by.hack(func(am *automerge.Doc) error { return am.RootMap().Set(key, says) })
			a.settle()
		}
		for _, name := range []string{"ben", "dora"} {
			v := a.desk(name).view()
			for _, key := range []string{"replaced_by", "decision"} {
				if got := v.Fields[key].Str(); got != want[key] {
					rt.Fatalf("%s: %s is %q, want %q", name, key, got, want[key])
				}
			}
		}
		// What an ally's altered program says keeps nobody from working on.
		a.desk("dora").hack(func(am *automerge.Doc) error { return am.RootMap().Set("replaced_by", "a-theirs") })
		a.settle()
		if err := ana.try(crdttest.Perform(kinds.Agreement, "edit", kind.Draft{Asks: kind.Request{Title: new("Hours")}})); (err == nil) != (want["replaced_by"] == "") {
			rt.Fatalf("what holds is %q, and an edit: %v", want["replaced_by"], err)
		}
	})
}

func TestAJointDecisionIsAgreedWhenBothVoicesAre(t *testing.T) {
	a := allies(t, kinds.Decision.Name, share.EachCoop)
	ana := a.desk("ana")
	ana.do(crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Share a stall", Text: "At the fair.", Process: kinds.ProcessConsent}))
	a.settle()
	for _, name := range []string{"ben", "cleo", "dora"} {
		a.desk(name).says(kinds.Consent, "")
	}
	v := a.settle()
	if j := crdttest.Decision(v).Joint; j == nil || len(j.Sides) != 2 || len(j.Sides[1]) != 3 || j.ByPeople {
		t.Fatalf("who counts: %+v", j)
	}
	after := now.Add(48 * time.Hour)
	by := str("2026-11-24")
	ana.tell(crdttest.EditDecision(ana.id, crdttest.DecisionEdit{By: by}))
	if err := ana.try(crdttest.Close(ana.id, after, "", a.names)); err == nil {
		t.Fatal("closed with one voice and a half")
	}
	a.desk("eli").says(kinds.Consent, "")
	a.settle()
	flo := a.desk("flo")
	flo.do(crdttest.Close(flo.id, after, "", a.names))
	if v = a.settle(); crdttest.Decision(v).Status != kinds.Agreed || !crdttest.Decision(v).Outcome.Holds {
		t.Fatalf("outcome %+v", crdttest.Decision(v).Outcome)
	}
}

// A modified daemon records what only its own side said.
func TestARecordWithoutTheOtherSidesVoiceDoesntHold(t *testing.T) {
	for _, voices := range []share.Voices{share.EachCoop, share.People} {
		a := alliesOf(t, kinds.Decision.Name, voices, risoFolk, quiltFolk[:1]) // three of four
		ana, ben := a.desk("ana"), a.desk("ben")
		ana.do(crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Share a stall", Text: "At the fair.", Process: kinds.ProcessMajority}))
		a.settle()
		for _, name := range risoFolk[1:] { // who proposes agrees
			a.desk(name).says(kinds.Agree, "")
		}
		a.settle()
		ben.records(kinds.Agreed)
		v := a.settle()
		if o := crdttest.Decision(v).Outcome; o == nil || o.Holds || crdttest.Decision(v).Status != kinds.Open {
			t.Errorf("%v: outcome %+v", voices, o)
		}
	}
}

func TestWhatIsWrittenKnowingOfTheEndIsVoidAndTheRestStays(t *testing.T) {
	a := allies(t, kinds.Note.Name, share.EachCoop)
	ana, dora := a.desk("ana"), a.desk("dora")
	ana.do(crdttest.NewNote(crdttest.NoteFields{Title: "The stall"}))
	a.settle()
	before, parsedBefore := dora.draft("title", "Dora was here")
	a.end(0, "ana", "ben")
	after, parsedAfter := a.desk("eli").draft("title", "Eli came late")
	for _, d := range a.desks {
		d.judge.Add(before, parsedBefore)
		d.judge.Add(after, parsedAfter)
		if state, why := d.judge.State(before.ID()); state != charter.Accepted {
			t.Errorf("at %s's what was written before is %v: %s", d.name, state, why)
		}
		if state, _ := d.judge.State(after.ID()); state != charter.Void {
			t.Errorf("at %s's what was written after is %v", d.name, state)
		}
	}
}

// draft signs a change of one root key that nobody has taken in yet.
func (d *desk) draft(key, value string) (*entry.Entry, *change.Change) {
	d.t.Helper()
	must(d.t, d.am.RootMap().Set(key, value))
	at := now
	hash, err := d.am.Commit("", automerge.CommitOptions{Time: &at})
	must(d.t, err)
	made, err := d.am.Change(hash)
	must(d.t, err)
	payload, err := change.Inflate(made.Save())
	must(d.t, err)
	parsed, err := change.Parse(payload)
	must(d.t, err)
	e, err := entry.New(entry.Fields{Space: d.space, Heads: d.charter.Heads(), Kind: entry.Change, Doc: d.doc,
		Run: d.run, Number: d.number + 1, Previous: d.last, Payload: payload}, d.signer)
	must(d.t, err)
	d.number, d.last = d.number+1, e.ID()
	return e, parsed
}

// Both sides write, from whatever they know of charters that grow, split and end.
func TestADocumentOfAShareIsTheSameForEveryOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := allies(t, kinds.Note.Name, share.EachCoop)
		a.desk("ana").do(crdttest.NewNote(crdttest.NoteFields{Title: "The stall"}))
		a.settle()
		written := slices.Clone(a.desk("ana").sent)
		stages := []*share.Share{a.share}
		for n := range rapid.IntRange(1, 12).Draw(t, "acts") {
			if rapid.IntRange(0, 3).Draw(t, "new") == 0 { // what is known by few, or by others
				a.set(rapid.SampledFrom(stages).Draw(t, "stage"))
			}
			switch rapid.IntRange(0, 6).Draw(t, "what") {
			case 0, 1:
				a.step(t)
				stages = append(stages, a.share)
			default:
				d := rapid.SampledFrom(a.desks).Draw(t, "desk")
				for _, e := range written {
					if rapid.IntRange(0, 3).Draw(t, "heard") == 0 {
						break
					}
					must(t, d.am.LoadIncremental(e.Payload))
				}
				e, _ := d.draft("title", fmt.Sprint(d.name, n))
				written = append(written, e)
			}
		}
		stand := rapid.SampledFrom(stages).Draw(t, "stand")
		stands := [2]charter.StepID{stand.Side(0).Tip(), stand.Side(1).Tip()}
		final := share.Fold(a.space, a.said, stands)

		want := accept.New(a.space, a.doc, final, kinds.All.Table, nil)
		for _, e := range written {
			add(t, want, e)
		}
		some := rapid.Permutation(a.said).Draw(t, "statements")
		growing := share.Fold(a.space, some[:rapid.IntRange(0, len(some)).Draw(t, "first")], stands)
		got := accept.New(a.space, a.doc, growing, kinds.All.Table, nil)
		arrived := rapid.Permutation(written).Draw(t, "arrived")
		half := rapid.IntRange(0, len(arrived)).Draw(t, "half")
		for _, e := range arrived[:half] {
			add(t, got, e)
		}
		got.Rejudge(growing.With(some...))
		for _, e := range arrived[half:] {
			add(t, got, e)
		}
		for _, e := range written {
			w, why := want.State(e.ID())
			if g, other := got.State(e.ID()); g != w {
				t.Fatalf("an entry is %v (%s), and %v (%s) in another order", w, why, g, other)
			}
		}
		if !slices.Equal(want.Heads(), got.Heads()) {
			t.Fatal("the documents differ")
		}
	})
}

func add(t fataler, d *accept.Document, e *entry.Entry) {
	parsed, err := change.Parse(e.Payload)
	must(t, err)
	d.Add(e, parsed)
}

// step has two people of a side bring something into force where they are.
func (a *pact) step(t *rapid.T) {
	side := rapid.IntRange(0, 1).Draw(t, "side")
	first, second, third := []string{"ana", "dora"}[side], []string{"ben", "eli"}[side], []string{"cleo", "flo"}[side]
	if rapid.Bool().Draw(t, "others") && a.full(side, third) { // so that who is in both signs twice
		first = third
	}
	switch rapid.IntRange(0, 3).Draw(t, "step") {
	case 0:
		a.end(side, first, second)
	case 1:
		if first != third && a.full(side, third) {
			a.agree(side, charter.Terms{Type: charter.ProposalRemove, Member: a.ids[third]}, first, second)
		}
	default:
		threshold := charter.TwoThirds
		if a.share.Side(side).Threshold() == threshold {
			threshold = charter.AllButOne
		}
		a.agree(side, charter.Terms{Type: charter.ProposalThreshold, Threshold: threshold}, first, second)
	}
}

func (a *pact) full(side int, name string) bool {
	m, ok := a.share.Side(side).Member(a.ids[name])
	return ok && m.Standing == charter.Full
}

// Who leaves the other side's charter out can't record over what that side said.
func TestWhoForgetsTheOtherSidesCharterCantBuildOnWhatItWrote(t *testing.T) {
	a := allies(t, kinds.Note.Name, share.EachCoop)
	ana, dora := a.desk("ana"), a.desk("dora")
	ana.do(crdttest.NewNote(crdttest.NoteFields{Title: "The stall"}))
	a.settle()
	whole := a.charter
	a.charter = blind{a.share}
	e, parsed := dora.draft("title", "only Quilted counts")
	a.charter = whole
	ana.judge.Add(e, parsed)
	if state, why := ana.judge.State(e.ID()); state != charter.Void {
		t.Errorf("it is %v: %s", state, why)
	}
}

// blind is a daemon that names only what its own side's charter says.
type blind struct{ *share.Share }

func (b blind) Heads() []entry.ID { return b.Side(1).Heads() }

// A side cuts whom it removes; what the other side has built on stays.
func TestWhatTheOtherSideStandsOnStaysWhenItsAuthorIsRemoved(t *testing.T) {
	a := allies(t, kinds.Note.Name, share.EachCoop)
	ana, flo := a.desk("ana"), a.desk("flo")
	ana.do(crdttest.NewNote(crdttest.NoteFields{Title: "The stall"}))
	a.settle()
	flo.tell(crdttest.EditNote(crdttest.Common{Title: str("Our stall")}))
	first := flo.sent[len(flo.sent)-1]
	ana.tell(crdttest.EditNote(crdttest.Common{Title: str("The stall, again")}))
	late, parsed := flo.draft("title", "and the till")
	a.agree(1, charter.Terms{Type: charter.ProposalRemove, Member: flo.id}, "dora", "eli") // honours nothing of hers
	for _, d := range a.desks {
		d.judge.Add(late, parsed)
		if state, why := d.judge.State(first.ID()); state != charter.Accepted {
			t.Errorf("at %s's what Ana built on is %v: %s", d.name, state, why)
		}
		if state, _ := d.judge.State(late.ID()); state != charter.Void {
			t.Errorf("at %s's what nobody stands on is %v", d.name, state)
		}
	}
	if who, ok := ana.judge.BroughtBy(first.ID()); !ok || who != ana.id {
		t.Error("it isn't said who brought it in")
	}
}
