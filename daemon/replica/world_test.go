package replica

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
)

// A world is what some people wrote, one or two of them with programs that follow no rule. It is made without a
// disk, and so that one seed makes the same bytes for ever: a failure can be seen again, and acts left out
// one by one. What happens in it: acts_test.go, and hurts_test.go for what only a changed program does.
type world struct {
	seed    uint64
	kind    worldKind
	rng     *rand.Rand // of the act under way
	space   entry.SpaceID
	all     []*entry.Entry // in an order in which they could have been written
	first   int            // of these, the founding
	hands   []*hand
	lookers [2]*hand // of each side: who looks on, and says next to nothing
	docs    []entry.DocID
	keys    map[string]entry.Signer // of members
	runs    accept.RunMap
	clock   time.Time
}

// worldKind is what a world is about.
type worldKind int

const (
	inAShare worldKind = iota // between two co-ops, with somebody hostile on either side
	inACoop
	inASplit // in a co-op of which two give their word twice
	inASplitShare
	inATwofoldSplit
	worldKinds
)

func (k worldKind) String() string {
	return [worldKinds]string{"shares", "co-ops", "co-ops that split", "shares of which a side splits", "shares of which both sides split"}[k]
}

func (k worldKind) shared() bool { return k != inACoop && k != inASplit }
func (k worldKind) splits() bool { return k == inASplit || k.shared() && k != inAShare }

// kindOf is the kind of a seed's world: every second share that splits does so on both sides.
func kindOf(seed uint64) worldKind {
	kinds := [...]worldKind{inAShare, inACoop, inASplit, inASplitShare, inAShare, inACoop, inASplit, inATwofoldSplit}
	return kinds[seed%uint64(len(kinds))]
}

// Who founds a world, by sides. Who is in hostiles is hostile, Zoe and Yan look on.
var (
	five   = []string{"ana", "ben", "cleo", "mel", "zoe"}
	seven  = []string{"ana", "ben", "cleo", "fay", "mel", "max", "zoe"}
	allied = []string{"dora", "eli", "flo", "moe", "yan"}
	others = []string{"dora", "eli", "flo", "gil", "moe", "mia", "yan"}
	casts  = [worldKinds][][]string{
		inAShare: {five, allied}, inACoop: {five}, inASplit: {seven}, inASplitShare: {seven, allied}, inATwofoldSplit: {seven, others},
	}
	hostiles = []string{"mel", "max", "moe", "mia"}
)

// hand is a device, and who moves it.
type hand struct {
	who      string
	side     int
	key      entry.Signer
	run      entry.Run
	number   uint64
	previous entry.ID
	knows    []*entry.Entry
	has      map[entry.ID]bool
	ground   *ground
	at       stands
	honest   bool
}

// charter is the one in which a hand speaks, as it knows it.
func (h *hand) charter() *charter.Charter { return h.ground.own }

func (w *world) draw(domain string) (out [32]byte) {
	b := binary.BigEndian.AppendUint64([]byte(domain), w.seed)
	return sha256.Sum256(binary.BigEndian.AppendUint64(b, w.rng.Uint64()))
}

func (w *world) signer(domain string) entry.Signer { return entry.SignerFromSeed(w.draw(domain)) }

func (w *world) first16(domain string) (out [16]byte) {
	n := w.draw(domain)
	copy(out[:], n[:])
	return out
}

func (w *world) newRun(h *hand) {
	h.run = entry.Run(w.first16("run"))
	h.number, h.previous = 0, entry.ID{}
}

// begins founds the co-op, or both and their share.
func begins(t testing.TB, seed uint64) *world {
	w := &world{
		seed: seed, kind: kindOf(seed), rng: rand.New(rand.NewPCG(seed, 1)),
		keys: map[string]entry.Signer{}, runs: accept.RunMap{}, clock: time.Date(2026, 11, 29, 9, 0, 0, 0, time.UTC),
	}
	var people []*hand
	var founders []*hand
	p := &share.Pact{Terms: fairTerms}
	for side, names := range casts[w.kind] {
		there := w.founded(t, side, names)
		founders = append(founders, there[0])
		people = append(people, there...)
		p.Sides[side] = share.Side{Space: w.space, Contacts: names[:1]}
	}
	if w.kind.shared() {
		must(t, p.Agree(founders[1].key))
		f, err := p.Genesis()
		must(t, err)
		genesis, err := entry.New(f, founders[0].key)
		must(t, err)
		w.space = genesis.SpaceOf()
		w.all = append(w.all, genesis)
	}
	w.first = len(w.all)
	for _, h := range people {
		h.has = map[entry.ID]bool{}
		h.ground = w.asFounded(h.side)
		w.learn(h, w.all...)
		if h.who == "zoe" || h.who == "yan" {
			w.lookers[h.side] = h
		} else {
			w.hands = append(w.hands, h)
		}
	}
	return w
}

// founded founds one side: its people, each with a device.
func (w *world) founded(t testing.TB, side int, names []string) (people []*hand) {
	for _, name := range names {
		w.keys[name] = w.signer(name)
		h := &hand{who: name, side: side, key: w.signer(name + "'s laptop"), honest: !slices.Contains(hostiles, name)}
		w.newRun(h)
		people = append(people, h)
	}
	founder := people[0]
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coops[side], Founder: founder.who, Seats: len(names)}, w.keys[founder.who], founder.key, "laptop")
	must(t, err)
	say := func(f entry.Fields, payload []byte) *entry.Entry {
		f.Kind, f.Run, f.Number, f.Previous, f.Payload = entry.Statement, founder.run, founder.number+1, founder.previous, payload
		e, err := entry.New(f, founder.key)
		must(t, err)
		founder.number, founder.previous = e.Number, e.ID()
		w.all = append(w.all, e)
		w.runs.Add(e)
		return e
	}
	genesis := say(entry.Fields{}, payload)
	w.space = genesis.SpaceOf()
	c := charter.Fold(w.space, []*entry.Entry{genesis}, charter.StepID{})
	for _, h := range people[1:] {
		code := w.signer("code")
		red, err := charter.NewRedemption(w.space, code, w.keys[h.who], h.key, h.who, "laptop")
		must(t, err)
		payload, err := c.FillSeat(code.Device(), red)
		must(t, err)
		c = c.With(say(entry.Fields{Space: w.space, Heads: c.Heads()}, payload))
	}
	return people
}

// asFounded is what a replica of a side stands on that knows the founding alone.
func (w *world) asFounded(side int) *ground {
	if w.kind.shared() {
		return inShare(share.Fold(w.space, w.all[:w.first], stands{}), side)
	}
	return inCoop(charter.Fold(w.space, w.all[:w.first], charter.StepID{}))
}

// put adds an entry that a hand wrote to the world. It has taken part then in what it knows.
func (w *world) put(h *hand, e *entry.Entry) {
	h.number, h.previous = e.Number, e.ID()
	w.lies(e)
	w.learn(h, e)
	switch _, state := h.ground.rules.Of(e); {
	case e.Kind == entry.Change && state == charter.Accepted:
		h.at = h.ground.tips()
	case stateOf(h.charter(), e) == charter.Accepted:
		h.at[h.side] = h.charter().Tip()
	}
	h.ground = h.ground.placed(h.at)
}

// lies adds an entry to the world that nobody knows yet.
func (w *world) lies(e *entry.Entry) {
	w.all = append(w.all, e)
	w.runs.Add(e)
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
	h.ground = h.ground.with(statements...)
	h.at[h.side] = h.charter().TookPart(h.at[h.side], h.key.Device())
	h.ground = h.ground.placed(h.at)
}

// meet gives hands all that was written.
func (w *world) meet(hands ...*hand) {
	for _, h := range hands {
		w.learn(h, w.all...)
	}
}

// state signs a statement of a hand's, if it could make it.
func (w *world) state(h *hand, payload []byte, err error, over ...entry.ID) (*entry.Entry, bool) {
	if err != nil {
		return nil, false
	}
	return w.stateOn(h, h.charter(), payload, h.key, over...)
}

// stateOn signs a statement as of a charter, by a hand or by its member's key; over are heads on top of its. What the honest say is accepted there.
func (w *world) stateOn(h *hand, c *charter.Charter, payload []byte, key entry.Signer, over ...entry.ID) (*entry.Entry, bool) {
	f := entry.Fields{Space: c.Space(), Heads: append(slices.Clip(c.Heads()), over...), Kind: entry.Statement, Run: h.run, Number: h.number + 1, Previous: h.previous, Payload: payload}
	if key.Device() != h.key.Device() {
		f.Run, f.Number, f.Previous = entry.Run(w.first16("key's run")), 1, entry.ID{}
	}
	e, err := entry.New(f, key)
	if err != nil || h.honest && stateOf(c.With(e), e) != charter.Accepted {
		return nil, false
	}
	if key.Device() != h.key.Device() {
		w.lies(e)
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

// judge is a document as a hand knows it, and as the core has it; some: only a part of it, as far back.
func (w *world) judge(h *hand, doc entry.DocID, some int) (*accept.Document, *automerge.Doc) {
	d := accept.New(w.space, doc, h.ground.rules, kinds.All.Table, w.runs)
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
		v, err := crdt.Look(am, d, h.ground.rules)
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
		Space: w.space, Heads: h.ground.rules.Heads(), Kind: entry.Change, Doc: doc, Create: create, Run: h.run, Number: h.number + 1, Previous: h.previous, Payload: payload,
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

func (w *world) create(h *hand, kind string, edit crdt.Edit) bool {
	c := &entry.Creation{Kind: kind, Random: w.first16("document")}
	doc := c.DocID(w.space, h.key.Device(), h.run)
	if !w.write(h, doc, c, -1, edit) {
		return false
	}
	w.docs = append(w.docs, doc)
	return true
}

// hand gives a person another device, which knows what one of theirs, or of their host's, knows.
func (w *world) hand(who string, like *hand, key entry.Signer) *hand {
	h := &hand{who: who, side: like.side, key: key, has: map[entry.ID]bool{}, honest: like.honest, ground: w.asFounded(like.side)}
	w.newRun(h)
	w.learn(h, like.knows...)
	w.hands = append(w.hands, h)
	return h
}

func (w *world) one(hands []*hand) *hand { return hands[w.rng.IntN(len(hands))] }

func (w *world) those(match func(*hand) bool) (some []*hand) {
	for _, h := range w.hands {
		if match(h) {
			some = append(some, h)
		}
	}
	return some
}

func (w *world) honest() []*hand  { return w.those(func(h *hand) bool { return h.honest }) }
func (w *world) hostile() []*hand { return w.those(func(h *hand) bool { return !h.honest }) }

// of are the devices of somebody.
func (w *world) of(who string) []*hand { return w.those(func(h *hand) bool { return h.who == who }) }

// full are the honest hands that speak for a full member, by what each knows.
func (w *world) full() []*hand {
	return w.those(func(h *hand) bool {
		m, ok := h.charter().MemberOf(h.key.Device())
		return h.honest && ok && m.Standing == charter.Full
	})
}

func (w *world) aDoc() entry.DocID { return w.docs[w.rng.IntN(len(w.docs))] }

func (w *world) member(h *hand) charter.MemberID {
	return charter.MemberIDOf(h.charter().Space(), w.keys[h.who].Device())
}

// live makes a world of so many acts; what skip is true of is left out. Each act has a source of chance of its
// own, so that leaving one out leaves the others what they were, as far as they can be.
func live(t testing.TB, seed uint64, acts int, skip func(int) bool) *world {
	w := begins(t, seed)
	for i := range acts {
		w.rng = rand.New(rand.NewPCG(seed, uint64(i)+2))
		switch {
		case skip(i):
		case w.floods() && i == 3:
			for _, h := range w.hostile() {
				if w.flood(h) {
					break
				}
			}
		case w.splitsAt(i) != nil:
			for _, side := range w.splitsAt(i) {
				w.split(side)
			}
		default:
			w.act()
		}
	}
	return w
}

// splitsAt are the sides that come apart at an act: while those who will give their word twice are still in.
func (w *world) splitsAt(act int) (sides []int) {
	if w.kind.splits() && act == 2+int(w.seed%5) {
		sides = append(sides, 0)
	}
	if w.kind == inATwofoldSplit && act == 2+int(w.seed/8%5) {
		sides = append(sides, 1)
	}
	return sides
}

// flooded is the seed of a world, of a hundred, in which tens of thousands of statements wait.
const flooded = 5

func (w *world) floods() bool { return w.seed%100 == flooded }
