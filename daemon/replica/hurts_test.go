package replica

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// olderGround is what a hand could stand on that knows only a part of what this one does: whole as far as it goes.
func (w *world) olderGround(h *hand) *ground {
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
	return w.asFounded(h.side).with(some...)
}

func (w *world) older(h *hand) *charter.Charter { return w.olderGround(h).own }

// hurt is something that only a changed program does.
func (w *world) hurt() {
	h := w.one(w.hostile())
	if w.rng.IntN(2) == 0 {
		w.meet(h)
	}
	switch w.rng.IntN(17) {
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
			key := "by:" + w.member(w.one(w.honest())).String() + "/position"
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
		w.waits(3+w.rng.IntN(6), h)
	case 8:
		w.junk(h, 2+w.rng.IntN(10))
	case 9:
		if w.rng.IntN(3) == 0 {
			w.phrase(h, w.older(h))
		}
	case 10:
		if w.rng.IntN(8) == 0 {
			c := w.older(h)
			payload, err := c.Resign(h.key.Device(), w.honoured(h, h.who), "off")
			if err == nil {
				w.stateOn(h, c, payload, h.key)
			}
		}
	case 11:
		w.newRun(h)
	case 12, 13: // somebody is let in as of before
		c := w.older(h)
		code := w.signer("code")
		payload, err := c.Invite(h.key.Device(), code.Device(), 0)
		if err != nil {
			return
		}
		if e, ok := w.stateOn(h, c, payload, h.key); ok {
			w.comes(h, c.With(e), code, fmt.Sprint("guest ", len(w.keys)), false)
		}
	case 14: // one person under two names
		w.twoNames(h)
	case 15:
		c := w.older(h)
		payload, err := c.MoveConsents(h.key.Device(), w.one(w.of(h.who)).key.Device())
		if err == nil {
			w.stateOn(h, c, payload, h.key)
		}
	case 16: // a word for all that was ever open, and whatever has enough
		c := w.older(h)
		for _, q := range c.Proposals() {
			if payload, err := c.Consent(h.key.Device(), q.ID, true); err == nil {
				if e, ok := w.stateOn(h, c, payload, h.key); ok {
					if payload, err = c.With(e).Enact(h.key.Device(), q.ID); err == nil {
						w.stateOn(h, c.With(e), payload, h.key)
					}
				}
			}
		}
	}
}

// twoNames has one person let in twice, apart, with one member key and one device, under two names.
func (w *world) twoNames(h *hand) {
	c := h.charter()
	member, device := w.signer("member"), w.signer("device")
	name := fmt.Sprint("guest ", len(w.keys))
	came := false
	for i := range 2 {
		code := w.signer("code")
		payload, err := c.Invite(h.key.Device(), code.Device(), 0)
		if err != nil {
			return
		}
		e, ok := w.stateOn(h, c, payload, h.key)
		if !ok {
			return
		}
		red, err := charter.NewRedemption(c.Space(), code, member, device, fmt.Sprint(name, " of ", i), "laptop")
		if err != nil {
			return
		}
		if payload, err = c.With(e).AdmitProspective(h.key.Device(), code.Device(), red); err == nil {
			_, ok = w.stateOn(h, c.With(e), payload, h.key)
			came = came || ok
		}
	}
	if came {
		w.keys[name] = member
		w.hand(name, h, device).honest = w.rng.IntN(2) == 0
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
	phone := w.newDevice(laptop, laptop.charter())
	if phone == nil {
		return
	}
	before := laptop.charter()
	var honoured charter.Frontier // what makes the phone one of the member's, or not even that
	if w.rng.IntN(4) > 0 {
		honoured = charter.Frontier{{Run: laptop.run, Entry: laptop.previous}}
	}
	key := w.signer("box")
	if !w.certify(laptop, before, key) {
		return
	}
	byLaptop := laptop.ground
	if !w.certify(phone, before, key) {
		return
	}
	since := before
	if w.rng.IntN(2) == 0 {
		since = phone.charter() // with what the phone has certified
	}
	payload, err := since.Retire(phone.key.Device(), laptop.key.Device(), honoured)
	if err == nil {
		w.stateOn(phone, since, payload, phone.key)
	}
	box := w.hand(laptop.who, laptop, key)
	w.meet(box)
	switch w.rng.IntN(4) {
	case 0:
		box.ground = w.olderGround(box)
	case 1, 2: // it knows of one of those who certified it alone
		box.ground = byLaptop
	}
	fourth := w.newDevice(box, box.charter())
	for _, h := range []*hand{box, fourth} {
		if h != nil && len(w.docs) > 0 {
			w.write(h, w.aDoc(), nil, -1, crdttest.AppendText("by "+h.who))
		}
	}
}

// flood has three devices of one person write more that waits for one statement than fits one transaction, though each keeps to
// what of it may wait: attack 32.
func (w *world) flood(h *hand) bool {
	by := []*hand{h}
	for range 2 {
		if d := w.newDevice(h, h.charter()); d != nil {
			by = append(by, d)
		}
	}
	return w.waits(26_000, by...)
}

// waits has devices of one person write statements that wait for one, in turns, and then the one, if the first speaks for anybody.
func (w *world) waits(n int, by ...*hand) bool {
	h := by[0]
	c := h.charter()
	said, err := c.Follow(h.key.Device(), c.Tip())
	if err != nil {
		return false
	}
	say := func(h *hand, heads ...entry.ID) *entry.Entry {
		e, err := entry.New(entry.Fields{Space: c.Space(), Heads: heads, Kind: entry.Statement, Run: entry.Run(w.first16("run")), Number: 1, Payload: said}, h.key)
		if err != nil {
			panic(err) // the first is a statement of theirs, the others are like it
		}
		return e
	}
	one := say(h, c.Heads()...)
	for i := range n {
		w.lies(say(by[i%len(by)], one.ID()))
	}
	w.lies(one)
	return true
}

// junk writes changes that count for nothing.
func (w *world) junk(h *hand, n int) {
	if len(w.docs) == 0 {
		return
	}
	for range n {
		f := entry.Fields{Space: w.space, Heads: h.ground.rules.Heads(), Kind: entry.Change, Doc: w.aDoc(), Run: entry.Run(w.first16("run")), Number: 1}
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
			w.lies(e)
		}
	}
}
