package daemon

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/desk"
	"kith/daemon/replica"
	"kith/daemon/waittest"
)

// forge makes the change that write makes of a document as the others have it, as the core and
// no rule would have it, under a fresh run of the hostile device.
func (m *modified) forge(doc entry.DocID, write func(*automerge.Doc) error) entry.Fields {
	m.t.Helper()
	f := entry.Fields{Doc: doc, Number: 1, Run: entry.Run(freshBytes())}
	actor := entry.ActorOf(m.Space(), m.key.Device(), f.Run, doc)
	must(m.t, m.replica.Read(doc, func(e replica.Edit) error {
		am, err := e.Doc.Fork()
		must(m.t, err)
		must(m.t, am.SetActorID(hex.EncodeToString(actor[:])))
		must(m.t, write(am))
		hash, err := am.Commit("")
		must(m.t, err)
		made, err := am.Change(hash)
		must(m.t, err)
		f.Payload, err = change.Inflate(made.Save())
		return err
	}))
	return f
}

func freshBytes() (b [16]byte) {
	s := entry.NewSigner().Seed()
	copy(b[:], s[:])
	return b
}

func set(key string, value any) func(*automerge.Doc) error {
	return func(am *automerge.Doc) error { return am.RootMap().Set(key, value) }
}

// member is a home's member ID.
func (h *computer) member() string {
	h.t.Helper()
	s, err := h.client.Status(h.t.Context())
	must(h.t, err)
	return s.Me.ID
}

func parsed(t testing.TB, id string) entry.DocID {
	t.Helper()
	doc, err := desk.DocID(id)
	must(t, err)
	return doc
}

// has waits until the honest replica beside a modified daemon has documents.
func (m *modified) has(ids ...string) {
	m.t.Helper()
	for _, id := range ids {
		m.knows(id, func(*crdt.View) bool { return true })
	}
}

func (m *modified) knows(id string, holds func(*crdt.View) bool) {
	m.t.Helper()
	ctx, cancel := context.WithTimeout(m.t.Context(), waittest.Limit)
	defer cancel()
	events := m.replica.Events(ctx)
	look := func() bool {
		v, err := m.replica.View(parsed(m.t, id))
		return err == nil && holds(v)
	}
	if look() {
		return
	}
	for range events {
		if look() {
			return
		}
	}
	m.t.Fatalf("%s's modified daemon waited in vain for %s", m.name, id)
}

// states waits until a daemon has entries stored, and returns their log lines by ID.
func (h *computer) states(ids ...entry.ID) map[entry.ID]api.LogLine {
	h.t.Helper()
	out := map[entry.ID]api.LogLine{}
	h.until("it has the entries", func() bool {
		for _, void := range []bool{true, false} {
			lines, err := h.client.Log(h.t.Context(), "", void, 1_000) // by itself it tells the hundred that came last
			must(h.t, err)
			for _, l := range lines {
				for _, id := range ids {
					if l.Entry == id.String() {
						out[id] = l
					}
				}
			}
		}
		return len(out) == len(ids)
	})
	return out
}

// Attacks 9 and 10, and what else a member with a modified daemon may try.
func TestWhatAModifiedDaemonForgesIsVoidOnEveryReplicaAndShown(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ctx := t.Context()
	task, err := ben.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper", Text: "A4", Ask: []string{"Ana"}})
	must(t, err)
	ana.until("she is asked", func() bool { _, err := ana.client.Task(ctx, task.ID); return err == nil })
	_, err = ana.client.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskAccept})
	must(t, err)
	mel := modify(all[2])
	mel.knows(task.ID, func(v *crdt.View) bool {
		return len(crdttest.Task(v).Asked) == 1 && crdttest.Task(v).Asked[0].Answer == kinds.AnswerAccepted
	})
	doc := parsed(t, task.ID)
	her := "by:" + ana.member() + "/"

	rebuilt := func(edit func(*change.Change)) entry.Fields {
		f := mel.forge(doc, set("title", "Mel was here"))
		f.Payload = changetest.Rebuild(f.Payload, edit)
		return f
	}
	genesis := mel.replica.Charter().Statements()[:1]
	forged := map[string]*entry.Entry{}
	for name, f := range map[string]entry.Fields{
		"answers for Ana":               mel.forge(doc, set(her+"answer", `{"to":1,"answer":"declined","why":"no"}`)),
		"offers Ana's help":             mel.forge(doc, set(her+"offer", "yes")),
		"takes Ana's answer away":       mel.forge(doc, func(am *automerge.Doc) error { return am.RootMap().Delete(her + "answer") }),
		"spells Ana otherwise":          mel.forge(doc, set("by:"+strings.ToUpper(ana.member())+"/offer", "yes")),
		"speaks for nobody":             mel.forge(doc, set("by:m-00000000000000000000000000000000/offer", "yes")),
		"makes an object below Ana":     mel.forge(doc, set(her+"offer", map[string]any{"a": "b"})),
		"puts a new text over the text": mel.forge(doc, set("text", automerge.NewText("gone"))),
		"puts a word over the tags":     mel.forge(doc, set("tags", "gone")),
		"makes a map of the title":      mel.forge(doc, set("title", map[string]any{"a": "b"})),
		"says who created it":           mel.forge(doc, set("created_by", mel.me().String())),
		"skips a number":                rebuilt(func(c *change.Change) { c.Seq = 2 }),
		"leaves room in the operations": rebuilt(func(c *change.Change) { c.StartOp += 1 << 20 }),
		"takes an operation's number":   rebuilt(func(c *change.Change) { c.StartOp-- }),
		"writes under Ben's actor": func() entry.Fields {
			f := mel.forge(doc, set("title", "Ben wrote this"))
			f.Payload = changetest.Rebuild(f.Payload, func(c *change.Change) { c.Actor = change.Actor(make([]byte, 16)) })
			return f
		}(),
		"makes the document once more": func() entry.Fields {
			f := mel.forge(doc, set("title", "x"))
			f.Create = &entry.Creation{Kind: "task"}
			f.Doc = f.Create.DocID(mel.Space(), mel.key.Device(), f.Run)
			return f // a creation header, and a change that stands on another document
		}(),
	} {
		forged[name] = mel.sign(f)
	}
	// Before she was a member nobody spoke through this device.
	backdated := mel.forge(doc, set("title", "long ago"))
	e, err := entry.New(entry.Fields{
		Space: mel.Space(), Heads: []entry.ID{genesis[0].ID()}, Kind: entry.Change, Doc: doc,
		Run: backdated.Run, Number: 1, Payload: backdated.Payload,
	}, mel.key)
	must(t, err)
	forged["names charter heads from before she came"] = e

	ids := make([]entry.ID, 0, len(forged))
	for e := range maps.Values(forged) {
		ids = append(ids, e.ID())
		mel.add(e)
	}
	for _, h := range []*computer{ana, ben} {
		got := h.states(ids...)
		for name, e := range forged {
			l := got[e.ID()]
			if l.State != "void" || l.Why == "" || l.By.Name != "Mel" {
				t.Errorf("%s: Mel %s: %s by %s: %q", h.name, name, l.State, l.By.Name, l.Why)
			}
		}
		v, err := h.client.Task(ctx, task.ID)
		must(t, err)
		if v.Title != "Order paper" || v.Text != "A4" || len(v.Help.Offers) > 0 || len(v.Asked) != 1 || v.Asked[0].Answer != "accepted" || v.CreatedBy.Name != "Ben" {
			t.Errorf("%s sees %+v", h.name, v)
		}
	}
	mel.stop()
	sameHeads(ana, ben)
}

func TestTwinsAreToldApartAlikeEverywhere(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	acquaint(all)
	ana, ben := all[0], all[1]
	ana.start()
	note, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: "Opening", Text: "At nine."})
	must(t, err)
	mel := modify(all[2])
	mel.has(note.ID)
	f := mel.forge(parsed(t, note.ID), set("title", "one"))
	g := f
	g.Payload = changetest.Rebuild(f.Payload, func(c *change.Change) { c.Ops[0].Value = change.StrValue("two") })
	one, two := mel.sign(f), mel.sign(g)

	// Ana sees the one first, Ben the other, while they don't see each other.
	mel.add(one)
	ana.states(one.ID())
	ana.stop()
	mel.forget(one)
	mel.add(two)
	ben.start()
	mel.meets(ben)
	ben.states(two.ID())
	mel.add(one)
	ana.start()
	for _, h := range []*computer{ana, ben} {
		h.states(one.ID(), two.ID())
	}
	sameHeads(ana, ben)
	x, y := ana.states(one.ID(), two.ID()), ben.states(one.ID(), two.ID())
	for _, id := range []entry.ID{one.ID(), two.ID()} {
		if x[id].State != y[id].State {
			t.Errorf("%s is %s at Ana's and %s at Ben's", id, x[id].State, y[id].State)
		}
	}
	if x[one.ID()].State == x[two.ID()].State {
		t.Errorf("both twins are %s", x[one.ID()].State)
	}
}

// Attack 12.
func TestAFalseOutcomeDoesntHoldAnywhereWhateverTheClosingDaemonClaims(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ctx := t.Context()
	dec, err := ana.client.CreateDecision(ctx, apitest.NewDecision{Title: "Prices", Text: "Ten cents", Process: "consent"})
	must(t, err)
	ben.until("the decision is here", func() bool { _, err := ben.client.Decision(ctx, dec.ID); return err == nil })
	mel := modify(all[2])
	doc := parsed(t, dec.ID)
	mel.has(dec.ID)
	// What it looked like before Ben objected: a record made on it leaves the objection out.
	early := mel.record(doc, kinds.Agreed)
	_, err = ben.client.TakePosition(ctx, dec.ID, apitest.PositionRequest{Stance: "object", Why: "too dear"})
	must(t, err)
	mel.knows(dec.ID, func(v *crdt.View) bool {
		return slices.ContainsFunc(crdttest.Decision(v).Positions, func(p kinds.Position) bool { return p.Stance == "object" })
	})
	ana.until("Ben's objection is here", func() bool {
		d, err := ana.client.Decision(ctx, dec.ID)
		must(t, err)
		return slices.ContainsFunc(d.Positions, func(p apitest.Position) bool { return p.Stance == "object" })
	})
	late := mel.record(doc, kinds.Agreed)
	for name, e := range map[string]*entry.Entry{"over the objection": late, "with the objection left out of its past": early} {
		mel.add(e)
		for _, h := range []*computer{ana, ben} {
			if l := h.states(e.ID())[e.ID()]; l.State != "accepted" {
				t.Errorf("%s: %s: the record is %s: %s", h.name, name, l.State, l.Why)
			}
			d, err := h.client.Decision(ctx, dec.ID)
			must(t, err)
			if d.Outcome == nil || d.Outcome.State == "holds" || d.Outcome.Why == "" {
				t.Errorf("%s, %s: the outcome is %+v", h.name, name, d.Outcome)
			}
			if d.Status == "agreed" {
				t.Errorf("%s, %s: the decision shows as agreed", h.name, name)
			}
		}
	}
	// The command itself refuses.
	var p *api.Problem
	if _, err := ana.client.CloseDecision(ctx, dec.ID, apitest.CloseRequest{}); !asTold(err, &p) || p.Code != api.NotAllowed {
		t.Errorf("closing over an objection: %v", err)
	}
}

// record makes Mel's record of an outcome, naming the positions that suit her.
func (m *modified) record(doc entry.DocID, result string) *entry.Entry {
	m.t.Helper()
	v, err := m.replica.View(doc)
	must(m.t, err)
	r := kinds.Record{Revision: crdttest.Decision(v).Revision, Result: result, Text: "we all agreed"}
	for _, p := range crdttest.Decision(v).Positions {
		if p.Stance != "object" {
			r.Positions = append(r.Positions, kinds.Named{Member: p.Member.String(), Change: p.Change.String()})
		}
	}
	b, err := json.Marshal(r)
	must(m.t, err)
	return m.sign(m.forge(doc, set("by:"+m.me().String()+"/record", string(b))))
}

// Attack 24.
func TestARelayThatPutsGarbageIntoASignatureIsDroppedAndNotTheAuthor(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	acquaint(all)
	ana, ben := all[0], all[1]
	ben.start()
	note, err := ben.client.CreateNote(t.Context(), apitest.NewNote{Title: "Ben's"})
	must(t, err)
	mel := modify(all[2])
	mel.meets(ben)
	mel.has(note.ID)
	var real *entry.Entry
	must(t, mel.replica.Log(parsed(t, note.ID), func(l replica.Line) bool { real = l.Entry; return true }))
	ben.stop()

	b := slices.Clone(real.Encoded())
	at := strings.Index(string(b), string(real.Signature[:]))
	b[at+5] ^= 1
	broken, err := entry.Decode(b)
	must(t, err)
	if broken.ID() != real.ID() {
		t.Fatal("the signature is part of the ID")
	}
	mel.forget(real)
	mel.add(broken)
	ana.start()
	ana.until("Mel is found out", func() bool { return strings.Contains(ana.about("Mel").Trouble, "passed on a bad entry") })
	if docs := ana.heads(); len(docs) > 0 {
		t.Errorf("Ana shows %v", docs)
	}
	ben.start()
	sameHeads(ana, ben)
	if len(ana.heads()) != 1 || ana.about("Ben").Trouble != "" {
		t.Errorf("Ana has %v from Ben: %q", ana.heads(), ana.about("Ben").Trouble)
	}
}

// Attack 25.
func TestEntriesThatWaitOrAreVoidOnOneSideOnlyComeIntoStepAndAreSentOnce(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	note, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: "Opening"})
	must(t, err)
	mel := modify(all[2])
	mel.has(note.ID)
	doc := parsed(t, note.ID)
	void := mel.sign(mel.forge(doc, set("no such field", "x")))
	var waits *entry.Entry
	waiting := mel.forge(doc, set("title", "y"))
	waiting.Payload = changetest.Rebuild(waiting.Payload, func(c *change.Change) {
		c.Deps = []change.Hash{{1}} // nobody has it, and nobody ever will
	})
	waits = mel.sign(waiting)
	newer, err := entry.NewUnder(entry.RulesVersion+1, entry.Fields{
		Space: mel.Space(), Heads: mel.replica.Charter().Heads(), Kind: entry.Change, Doc: doc,
		Run: entry.Run(freshBytes()), Number: 1, Payload: void.Payload,
	}, mel.key)
	must(t, err)
	// A stranger's: the charter doesn't know the device.
	stranger, err := entry.New(entry.Fields{
		Space: mel.Space(), Heads: mel.replica.Charter().Heads(), Kind: entry.Change, Doc: doc,
		Run: entry.Run(freshBytes()), Number: 1, Payload: void.Payload,
	}, entry.NewSigner())
	must(t, err)
	batch := []*entry.Entry{void, waits, newer, stranger}
	mel.add(batch...)
	var ids []entry.ID
	for _, e := range batch {
		ids = append(ids, e.ID())
	}
	inStep := func(h *computer) {
		t.Helper()
		h.until("in step with Mel", func() bool { return h.about("Mel").InStep })
	}
	ana.states(ids...)
	inStep(ana)
	for range 2 { // and again after each meets the other anew
		ana.stop()
		ana.start()
		inStep(ana)
	}
	ben.start()
	ana.inStepWith(ben)
	got, same := ana.states(ids...), ben.states(ids...)
	for i, want := range []string{"void", "pending", "pending", "void"} {
		if got[ids[i]].State != want || same[ids[i]].State != want {
			t.Errorf("entry %d is %s at Ana's and %s at Ben's, want %s: %s", i, got[ids[i]].State, same[ids[i]].State, want, got[ids[i]].Why)
		}
	}
	mel.mu.Lock()
	defer mel.mu.Unlock()
	for i, id := range ids {
		if n := mel.sent[id]; n > 2 { // to Ana once, to Ben at most once
			t.Errorf("entry %d was passed on %d times", i, n)
		}
	}
}

// goesOn is what a hostile device writes behind an entry of its own, in the same run: the title once more.
func (m *modified) goesOn(behind *entry.Entry, title string) *entry.Entry {
	m.t.Helper()
	c, err := change.Parse(behind.Payload)
	must(m.t, err)
	op := c.Ops[0]
	op.Pred, op.Value = []change.OpID{op.ID}, change.StrValue(title)
	more := change.Change{Deps: []change.Hash{c.Hash}, Actor: c.Actor, Seq: c.Seq + 1, StartOp: c.StartOp + uint64(len(c.Ops)), Ops: []change.Op{op}}
	return m.sign(entry.Fields{Doc: behind.Doc, Run: behind.Run, Number: behind.Number + 1, Previous: behind.ID(), Payload: more.Encode()})
}

// One device tells each half of a co-op something else, at length, and both halves build on what they were told.
func TestTwoContinuationsOfWhichEachHalfWasShownOneComeOutAlikeOnceTheyMeet(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Cleo", "Dora", "Mel")
	acquaint(all)
	halves := [][]*computer{all[0:2], all[2:4]}
	all[0].start()
	note, err := all[0].client.CreateNote(t.Context(), apitest.NewNote{Title: "Opening", Text: "At nine."})
	must(t, err)
	mel := modify(all[4])
	mel.has(note.ID)
	f := mel.forge(parsed(t, note.ID), set("title", "here"))
	g := f
	g.Payload = changetest.Rebuild(f.Payload, func(c *change.Change) { c.Ops[0].Value = change.StrValue("there") })
	told := make([][]*entry.Entry, len(halves))
	var ids []entry.ID
	for i, first := range []entry.Fields{f, g} {
		one := mel.sign(first)
		two := mel.goesOn(one, "for half "+string(rune('A'+i)))
		told[i] = []*entry.Entry{one, two, mel.goesOn(two, "for good "+string(rune('A'+i)))}
		for _, e := range told[i] {
			ids = append(ids, e.ID())
		}
	}
	must(t, all[0].tryStop())
	for i, half := range halves {
		mel.forget(told[1-i]...)
		mel.add(told[i]...)
		for _, h := range half {
			h.start()
			mel.meets(h)
		}
		mine := []entry.ID{told[i][0].ID(), told[i][1].ID(), told[i][2].ID()}
		for _, h := range half {
			h.states(mine...)
			h.until("what Mel told counts", func() bool {
				n, err := h.client.Note(t.Context(), note.ID)
				return err == nil && n.Title == "for good "+string(rune('A'+i))
			})
			_, err := h.client.AppendNote(t.Context(), note.ID, h.name+" was here.")
			must(t, err)
		}
		sameHeads(half[0], half[1])
		half[0].kill() // one of each without a word
		half[1].stop()
	}
	mel.stop()

	honest := all[:4]
	for _, h := range honest {
		h.start()
	}
	for range 2 { // first Ana has all that anybody has, then everybody
		for _, h := range honest[1:] {
			sameHeads(honest[0], h)
		}
	}
	want := honest[0].states(ids...)
	for _, h := range honest {
		h.until("what Mel told is as it is at Ana's", func() bool {
			got := h.states(ids...)
			return !slices.ContainsFunc(ids, func(id entry.ID) bool { return got[id].State != want[id].State })
		})
	}
	// One document can't hold both. One half's is the one that counts, alike everywhere, and the other is told.
	for i, half := range halves {
		counts := want[ids[3*i]].State == "accepted"
		for _, h := range half {
			for _, at := range honest {
				at.until(fmt.Sprintf("what %s wrote counts: %v", h.name, counts), func() bool {
					n, err := at.client.Note(t.Context(), note.ID)
					return err == nil && strings.Contains(n.Text, h.name+" was here.") == counts
				})
			}
			h.until(fmt.Sprintf("it is told that something of its own doesn't count: %v", !counts), func() bool { return toldGone(h) != counts })
		}
	}
	if want[ids[0]].State == want[ids[3]].State {
		t.Errorf("both of what Mel told is %s", want[ids[0]].State)
	}
	halves[0][0].stop()
	halves[0][0].start() // and after a restart
	if toldGone(halves[0][0]) == (want[ids[0]].State == "accepted") {
		t.Error("after a restart it is told otherwise")
	}
}

// toldGone says whether somebody is told that something of theirs doesn't count any more.
func toldGone(h *computer) bool {
	h.t.Helper()
	s, err := h.client.Status(h.t.Context())
	must(h.t, err)
	return slices.ContainsFunc(s.Notice, func(says string) bool { return strings.Contains(says, "counted once and doesn't any more") })
}
