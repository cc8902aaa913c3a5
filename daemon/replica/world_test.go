package replica

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// A world is what some people wrote, one of them with programs that follow no rule. It is made without a
// disk, and so that one seed makes the same bytes for ever: a failure can be seen again, and acts left out
// one by one.
type world struct {
	seed  uint64
	rng   *rand.Rand // of the act under way
	space entry.SpaceID
	all   []*entry.Entry // in an order in which they could have been written
	first int            // of these, the founding
	hands []*hand
	zoe   entry.Signer // who looks on, and says nothing
	docs  []entry.DocID
	keys  map[string]entry.Signer // of members, and of devices that aren't hands yet
	runs  accept.RunMap
	clock time.Time
}

// hand is a device, and who moves it.
type hand struct {
	who      string
	key      entry.Signer
	run      entry.Run
	number   uint64
	previous entry.ID
	knows    []*entry.Entry
	has      map[entry.ID]bool
	charter  *charter.Charter
	honest   bool
}

func (w *world) draw(domain string) (out [32]byte) {
	b := binary.BigEndian.AppendUint64([]byte(domain), w.seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, w.rng.Uint64()))
}

func (w *world) signer(domain string) entry.Signer { return entry.SignerFromSeed(w.draw(domain)) }

func (w *world) newRun(h *hand) {
	n := w.draw("run")
	copy(h.run[:], n[:])
	h.number, h.previous = 0, entry.ID{}
}

var inWorld = []string{"ana", "ben", "cleo", "mel", "zoe"}

// begin founds the co-op.
func begins(t testing.TB, seed uint64) *world {
	w := &world{seed: seed, rng: rand.New(rand.NewPCG(seed, 1)), keys: map[string]entry.Signer{}, runs: accept.RunMap{}, clock: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC)}
	for _, name := range inWorld {
		w.keys[name] = w.signer(name)
		h := &hand{who: name, key: w.signer(name + "'s laptop"), has: map[entry.ID]bool{}, honest: name != "mel"}
		w.newRun(h)
		w.hands = append(w.hands, h)
	}
	ana := w.hands[0]
	payload, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "ana", Seats: len(inWorld)}, w.keys["ana"], ana.key, "laptop")
	must(t, err)
	genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Run: ana.run, Number: 1, Payload: payload}, ana.key)
	must(t, err)
	w.space = genesis.SpaceOf()
	ana.charter = charter.Fold(w.space, nil, charter.StepID{})
	w.put(ana, genesis)
	for i, name := range inWorld[1:] {
		code := w.signer("code")
		red, err := charter.NewRedemption(w.space, code, w.keys[name], w.hands[i+1].key, name, "laptop")
		must(t, err)
		payload, err := ana.charter.FillSeat(code.Device(), red)
		must(t, err)
		w.state(ana, payload, err)
	}
	for _, h := range w.hands[1:] {
		h.charter = charter.Fold(w.space, nil, charter.StepID{})
		w.learn(h, w.all...)
	}
	w.first = len(w.all)
	w.zoe = w.hands[4].key
	w.hands = w.hands[:4]
	return w
}

// put adds an entry that a hand wrote to the world.
func (w *world) put(h *hand, e *entry.Entry) {
	h.number, h.previous = e.Number, e.ID()
	w.all = append(w.all, e)
	w.runs.Add(e)
	w.learn(h, e)
}

// learn gives a hand entries.
func (w *world) learn(h *hand, all ...*entry.Entry) {
	var statements []*entry.Entry
	for _, e := range all {
		if h.has[e.ID()] {
			continue
		}
		h.has[e.ID()] = true
		h.knows = append(h.knows, e)
		if e.Kind == entry.Statement {
			statements = append(statements, e)
		}
	}
	if len(statements) == 0 {
		return
	}
	h.charter = h.charter.With(statements...)
	if step := h.charter.TookPart(h.charter.Stand(), h.key.Device()); step != h.charter.Stand() {
		h.charter = h.charter.StandOn(step)
	}
}

// state signs a statement of a hand's, if it could make it.
func (w *world) state(h *hand, payload []byte, err error) (*entry.Entry, bool) {
	if err != nil {
		return nil, false
	}
	return w.stateOn(h, h.charter, payload, h.key)
}

func (w *world) stateOn(h *hand, c *charter.Charter, payload []byte, key entry.Signer) (*entry.Entry, bool) {
	f := entry.Fields{Space: w.space, Heads: c.Heads(), Kind: entry.Statement, Run: h.run, Number: h.number + 1, Previous: h.previous, Payload: payload}
	if key.Device() != h.key.Device() {
		f.Run, f.Number, f.Previous = entry.Run(w.first16("key's run")), 1, entry.ID{}
	}
	e, err := entry.New(f, key)
	if err != nil || h.honest && h.charter.With(e).Knows(h.key.Device()) && stateOf(h.charter.With(e), e) != charter.Accepted {
		return nil, false
	}
	if key.Device() != h.key.Device() {
		w.all = append(w.all, e)
		w.runs.Add(e)
		w.learn(h, e)
		return e, true
	}
	w.put(h, e)
	return e, true
}

func stateOf(c *charter.Charter, e *entry.Entry) charter.State {
	state, _ := c.State(e.ID())
	return state
}

func (w *world) first16(domain string) (out [16]byte) {
	n := w.draw(domain)
	copy(out[:], n[:])
	return out
}

// judge is a document as a hand knows it, and as the core has it; some: only a part of it, as far back.
func (w *world) judge(h *hand, doc entry.DocID, some int) (*accept.Document, *automerge.Doc) {
	d := accept.New(w.space, doc, h.charter, kinds.Table, w.runs)
	for _, e := range h.knows {
		if e.Kind == entry.Change && e.Doc == doc {
			if c, err := change.Parse(e.Payload); err == nil {
				d.Add(e, c)
			}
		}
	}
	am := automerge.New()
	for i, it := range d.Order() {
		if some < 0 || i < some {
			_ = am.LoadIncremental(it.Entry.Payload)
		}
	}
	return d, am
}

// write has a hand write a change; some: on a part of what it knows, as a program can that follows no
// rule.
func (w *world) write(h *hand, doc entry.DocID, create *entry.Creation, some int, edit crdt.Edit) bool {
	d, am := w.judge(h, doc, some)
	var view *crdt.View
	if create == nil {
		if len(d.Order()) == 0 {
			return false
		}
		v, err := crdt.Look(am, d, h.charter)
		if some < 0 && err != nil {
			return false
		}
		view = v
	}
	actor := entry.ActorOf(w.space, h.key.Device(), h.run, doc)
	if am.SetActorID(hex.EncodeToString(actor[:])) != nil || edit(am, view) != nil {
		return false
	}
	w.clock = w.clock.Add(time.Minute)
	payload, c, err := written(am, automerge.CommitOptions{Time: &w.clock})
	if err != nil {
		return false
	}
	e, err := entry.New(entry.Fields{
		Space: w.space, Heads: h.charter.Heads(), Kind: entry.Change, Doc: doc, Create: create, Run: h.run, Number: h.number + 1, Previous: h.previous, Payload: payload,
	}, h.key)
	if err != nil {
		return false
	}
	if h.honest {
		if state, _ := d.Try(e, c); state != charter.Accepted {
			w.newRun(h)
			return false
		}
	}
	w.put(h, e)
	return true
}

func (w *world) create(h *hand, kind string, edit crdt.Edit) {
	c := &entry.Creation{Kind: kind, Random: w.first16("document")}
	doc := c.DocID(w.space, h.key.Device(), h.run)
	if w.write(h, doc, c, -1, edit) {
		w.docs = append(w.docs, doc)
	}
}

func (w *world) one(hands []*hand) *hand { return hands[w.rng.IntN(len(hands))] }

func (w *world) honest() []*hand {
	return slices.DeleteFunc(slices.Clone(w.hands), func(h *hand) bool { return !h.honest })
}

func (w *world) hostile() []*hand {
	return slices.DeleteFunc(slices.Clone(w.hands), func(h *hand) bool { return h.honest })
}

func (w *world) aDoc() entry.DocID { return w.docs[w.rng.IntN(len(w.docs))] }

func (w *world) meet(hands ...*hand) {
	for _, h := range hands {
		w.learn(h, w.all...)
	}
}

// act is one thing that happens.
func (w *world) act() {
	h := w.one(w.honest())
	title := fmt.Sprint("title ", w.rng.IntN(5))
	switch n := w.rng.IntN(100); {
	case len(w.docs) == 0 || n < 6:
		w.create(h, kinds.Task.Name, crdttest.NewTask(w.clock, crdttest.TaskFields{Title: title, Text: "by " + h.who}))
	case n < 10:
		w.create(h, kinds.Note.Name, crdttest.NewNote(crdttest.NoteFields{Title: title, Text: "by " + h.who}))
	case n < 22:
		w.decide()
	case n < 30:
		w.agree()
	case n < 42:
		edits := []crdt.Edit{crdttest.AppendText(title), crdttest.Finish(), crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}),
			crdttest.TakePosition(w.member(h), "agree", "", ""), crdttest.EditDecision(w.member(h), crdttest.DecisionEdit{Common: crdttest.Common{Title: &title}})}
		w.write(h, w.aDoc(), nil, -1, edits[w.rng.IntN(len(edits))])
	case n < 50:
		w.meet(h)
	case n < 54: // some of what it lacks, in any order
		for range 1 + w.rng.IntN(8) {
			w.learn(h, w.all[w.rng.IntN(len(w.all))])
		}
	case n < 60:
		w.acknowledge(h)
	case n < 63:
		w.newDevice(h, h.charter)
	default:
		w.hurt()
	}
}

func (w *world) member(h *hand) charter.MemberID {
	return charter.MemberIDOf(w.space, w.keys[h.who].Device())
}

// decide takes a decision from the proposal to its outcome, and sometimes further.
func (w *world) decide() {
	three := w.honest()[:3]
	ana := w.one(three)
	w.create(ana, kinds.Decision.Name, crdttest.NewDecision(w.member(ana), crdttest.DecisionFields{Title: fmt.Sprint("decide ", w.rng.IntN(100)), Process: kinds.ProcessMajority}))
	doc := w.docs[len(w.docs)-1]
	w.meet(three...)
	for _, h := range three {
		w.write(h, doc, nil, -1, crdttest.TakePosition(w.member(h), "agree", "", ""))
	}
	if w.rng.IntN(4) > 0 {
		w.meet(ana)
	}
	w.write(ana, doc, nil, -1, crdttest.Close(w.member(ana), w.clock, "", nil))
	switch w.rng.IntN(4) {
	case 0: // a late word, by who may have seen the outcome
		h := w.one(three)
		w.write(h, doc, nil, -1, crdttest.TakePosition(w.member(h), "disagree", "not so", ""))
	case 1:
		h := w.one(w.hostile())
		w.meet(h)
		w.write(h, doc, nil, w.rng.IntN(6), crdttest.TakePosition(w.member(h), "disagree", "never", ""))
	}
}

// agree takes a step of the charter into force.
func (w *world) agree() {
	three := w.honest()[:3]
	w.meet(three...)
	terms := charter.Terms{Type: charter.ProposalInvites, Invites: 1 + w.rng.IntN(5)}
	if w.rng.IntN(3) == 0 {
		terms = charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.Threshold(1 + w.rng.IntN(2))}
	}
	if w.rng.IntN(12) == 0 {
		terms = charter.Terms{Type: charter.ProposalRemove, Member: charter.MemberIDOf(w.space, w.keys["mel"].Device()), Why: "moved away", Frontiers: w.honoured(three[0])}
	}
	payload, id, err := three[0].charter.Propose(three[0].key.Device(), terms)
	if _, ok := w.state(three[0], payload, err); !ok {
		return
	}
	for _, h := range three {
		w.meet(h)
		payload, err := h.charter.Consent(h.key.Device(), id, false)
		w.state(h, payload, err)
	}
	last := three[2]
	w.meet(last)
	payload, err = last.charter.Enact(last.key.Device(), id)
	w.state(last, payload, err)
}

// honoured is what a hand knows of Mel's devices: of each run the last.
func (w *world) honoured(h *hand) (list []charter.DeviceFrontier) {
	last := map[deviceRun]*entry.Entry{}
	for _, e := range h.knows {
		of := deviceRun{e.Device, e.Run}
		if last[of] == nil || last[of].Number < e.Number {
			last[of] = e
		}
	}
	for _, d := range w.hostile() {
		list = append(list, charter.DeviceFrontier{Device: d.key.Device()})
		for of, e := range last {
			if of.device == d.key.Device() && w.rng.IntN(4) > 0 {
				list = append(list, charter.DeviceFrontier{Device: of.device, Frontier: charter.Frontier{{Run: of.run, Entry: e.ID()}}})
			}
		}
	}
	return charter.Frontiers(list)
}

func (w *world) acknowledge(h *hand) {
	last := map[deviceRun]*entry.Entry{}
	var runs []deviceRun
	for _, e := range h.knows {
		of := deviceRun{e.Device, e.Run}
		if e.Device == h.key.Device() || e.Kind != entry.Change {
			continue
		}
		if last[of] == nil {
			runs = append(runs, of)
		}
		if last[of] == nil || last[of].Number < e.Number {
			last[of] = e
		}
	}
	var list []charter.DeviceFrontier
	for _, of := range runs {
		list = append(list, charter.DeviceFrontier{Device: of.device, Frontier: charter.Frontier{{Run: of.run, Entry: last[of].ID()}}})
	}
	if len(list) > 0 {
		payload, err := h.charter.Acknowledge(h.key.Device(), list)
		w.state(h, payload, err)
	}
}

// newDevice certifies one, as of a charter, and gives it to the member's side.
func (w *world) newDevice(h *hand, c *charter.Charter) *hand {
	d := &hand{who: h.who, key: w.signer("device"), has: map[entry.ID]bool{}, honest: h.honest, charter: charter.Fold(w.space, nil, charter.StepID{})}
	if !w.certify(h, c, d) {
		return nil
	}
	w.newRun(d)
	w.learn(d, h.knows...)
	w.hands = append(w.hands, d)
	return d
}

func (w *world) certify(h *hand, c *charter.Charter, d *hand) bool {
	payload, err := c.Certify(h.key.Device(), charter.NewDevice{
		Key: d.key.Device(), Name: "box", Accepted: charter.AcceptDevice(w.space, w.keys[h.who].Device(), d.key),
	})
	if err != nil {
		return false
	}
	_, ok := w.stateOn(h, c, payload, h.key)
	return ok
}

// older is a charter that knows only a part of what a hand does: whole as far as it goes.
func (w *world) older(h *hand) *charter.Charter {
	var some []*entry.Entry
	taken := map[entry.ID]bool{}
	for i, e := range h.knows {
		if e.Kind != entry.Statement || i >= w.first && w.rng.IntN(5) == 0 {
			continue
		}
		if slices.ContainsFunc(e.Heads, func(id entry.ID) bool { return !taken[id] }) {
			continue
		}
		taken[e.ID()] = true
		some = append(some, e)
	}
	return charter.Fold(w.space, some, charter.StepID{})
}

// hurt is something that only a changed program does.
func (w *world) hurt() {
	h := w.one(w.hostile())
	if w.rng.IntN(2) == 0 {
		w.meet(h)
	}
	switch w.rng.IntN(12) {
	case 0: // two devices of one person certify a third, one retires the other, and the third goes on
		w.quarrel(h)
	case 1:
		w.newDevice(h, w.older(h))
	case 2:
		o := w.one(w.hostile())
		payload, err := w.older(h).Retire(h.key.Device(), o.key.Device(), w.someOf(o))
		if err == nil {
			w.stateOn(h, w.older(h), payload, h.key)
		}
	case 3:
		if len(w.docs) > 0 { // a twin, or a branch of long ago
			title := fmt.Sprint("mel's ", w.rng.IntN(50))
			w.write(h, w.aDoc(), nil, w.rng.IntN(8), func(am *automerge.Doc, _ *crdt.View) error { return am.RootMap().Set("title", title) })
		}
	case 4:
		if len(w.docs) > 0 { // in another's name
			key := "by:" + charter.MemberIDOf(w.space, w.keys["ana"].Device()).String() + "/position"
			w.write(h, w.aDoc(), nil, -1, func(am *automerge.Doc, _ *crdt.View) error { return am.RootMap().Set(key, `{"stance":"agree"}`) })
		}
	case 5:
		h.number = uint64(w.rng.IntN(3)) // the run forks
	case 6: // two steps at one place
		c := w.older(h)
		payload, id, err := c.Propose(h.key.Device(), charter.Terms{Type: charter.ProposalInvites, Invites: 6 + w.rng.IntN(5)})
		if err == nil {
			if e, ok := w.stateOn(h, c, payload, h.key); ok {
				if payload, err = c.With(e).Consent(h.key.Device(), id, true); err == nil {
					w.stateOn(h, c.With(e), payload, h.key)
				}
			}
		}
	case 7:
		w.waits(h, 3+w.rng.IntN(6))
	case 8:
		w.junk(h, 2+w.rng.IntN(10))
	case 9:
		if w.rng.IntN(6) == 0 { // the phrase
			c := w.older(h)
			payload, err := c.Recover(w.keys["mel"].Device(), []charter.NewDevice{{Key: h.key.Device(), Name: "laptop"}}, w.honoured(h))
			if err == nil {
				w.stateOn(h, c, payload, w.keys["mel"])
			}
		}
	case 10:
		if w.rng.IntN(8) == 0 {
			c := w.older(h)
			payload, err := c.Resign(h.key.Device(), w.honoured(h), "off")
			if err == nil {
				w.stateOn(h, c, payload, h.key)
			}
		}
	case 11:
		w.newRun(h)
	}
}

func (w *world) someOf(h *hand) (f charter.Frontier) {
	for _, e := range h.knows {
		if e.Device == h.key.Device() && w.rng.IntN(4) == 0 {
			f = charter.Frontier{{Run: e.Run, Entry: e.ID()}}
		}
	}
	return f
}

// quarrel has two devices certify a third apart from each other, one retire the other, and the third add a fourth
// that writes.
func (w *world) quarrel(laptop *hand) {
	phone := w.newDevice(laptop, laptop.charter)
	if phone == nil {
		return
	}
	before := laptop.charter
	var honoured charter.Frontier // what makes the phone one of the member's, or not even that
	if w.rng.IntN(4) > 0 {
		honoured = charter.Frontier{{Run: laptop.run, Entry: laptop.previous}}
	}
	box := &hand{who: laptop.who, key: w.signer("box"), has: map[entry.ID]bool{}, charter: charter.Fold(w.space, nil, charter.StepID{})}
	if !w.certify(laptop, before, box) {
		return
	}
	byLaptop := laptop.charter
	if !w.certify(phone, before, box) {
		return
	}
	w.newRun(box)
	since := before
	if w.rng.IntN(2) == 0 {
		since = phone.charter // with what the phone has certified
	}
	payload, err := since.Retire(phone.key.Device(), laptop.key.Device(), honoured)
	if err == nil {
		w.stateOn(phone, since, payload, phone.key)
	}
	w.meet(box)
	switch w.rng.IntN(4) {
	case 0:
		box.charter = w.older(box)
	case 1, 2: // it knows of one of those who certified it alone
		box.charter = byLaptop
	}
	w.hands = append(w.hands, box)
	fourth := w.newDevice(box, box.charter)
	for _, h := range []*hand{box, fourth} {
		if h != nil && len(w.docs) > 0 {
			w.write(h, w.aDoc(), nil, -1, crdttest.AppendText("by "+h.who))
		}
	}
}

// waits writes statements and changes that wait for one, and then the one.
func (w *world) waits(h *hand, n int) {
	said, err := h.charter.Follow(h.key.Device(), h.charter.Tip())
	if err != nil {
		return
	}
	one, err := entry.New(entry.Fields{Space: w.space, Heads: h.charter.Heads(), Kind: entry.Statement, Run: entry.Run(w.first16("run")), Number: 1, Payload: said}, h.key)
	if err != nil {
		return
	}
	for range n {
		e, err := entry.New(entry.Fields{Space: w.space, Heads: []entry.ID{one.ID()}, Kind: entry.Statement, Run: entry.Run(w.first16("run")), Number: 1, Payload: said}, h.key)
		if err == nil {
			w.all = append(w.all, e)
		}
	}
	w.all = append(w.all, one)
	for _, e := range w.all[len(w.all)-n-1:] {
		w.runs.Add(e)
	}
}

// junk writes changes that count for nothing.
func (w *world) junk(h *hand, n int) {
	if len(w.docs) == 0 {
		return
	}
	for range n {
		f := entry.Fields{Space: w.space, Heads: h.charter.Heads(), Kind: entry.Change, Doc: w.aDoc(), Run: entry.Run(w.first16("run")), Number: 1}
		a := entry.ActorOf(w.space, h.key.Device(), f.Run, f.Doc)
		c := change.Change{Deps: []change.Hash{w.draw("nothing")}, Actor: change.Actor(a[:]), Seq: 1, StartOp: 5, Ops: []change.Op{
			changetest.Put(change.OpID{}, "title", change.StrValue(string(bytes.Repeat([]byte("x"), 900)))),
		}}
		if w.rng.IntN(2) == 0 { // for good
			c.Deps, f.Create = nil, nil
			c.StartOp = 1
		}
		f.Payload = c.Encode()
		if e, err := entry.New(f, h.key); err == nil {
			w.all = append(w.all, e)
			w.runs.Add(e)
		}
	}
}

// live makes a world of so many acts; what skip is true of is left out. Each act has a source of chance of its
// own, so that leaving one out leaves the others what they were, as far as they can be.
func live(t testing.TB, seed uint64, acts int, skip func(int) bool) *world {
	w := begins(t, seed)
	for i := range acts {
		w.rng = rand.New(rand.NewPCG(seed, uint64(i)+2))
		switch {
		case skip(i):
		case seed%25 == 7 && i == acts/2: // more than fits one transaction
			for _, h := range w.hands[2:] {
				if before := len(w.all); before < 10_000 {
					w.waits(h, 13_000)
				}
			}
		default:
			w.act()
		}
	}
	return w
}
