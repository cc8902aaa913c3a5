package replica

import (
	"fmt"
	"slices"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
)

// act is one thing that happens in a world.
func (w *world) act() {
	h := w.one(w.honest())
	title := fmt.Sprint("title ", w.rng.IntN(5))
	switch n := w.rng.IntN(100); {
	case len(w.docs) == 0 || n < 5:
		w.create(h, kinds.Task.Name, crdttest.NewTask(w.clock, crdttest.TaskFields{Title: title, Text: "by " + h.who}))
	case n < 8:
		w.create(h, kinds.Note.Name, crdttest.NewNote(crdttest.NoteFields{Title: title, Text: "by " + h.who}))
	case n < 18:
		w.decide()
	case n < 28:
		w.agree()
	case n < 38:
		edits := []crdt.Edit{crdttest.AppendText(title), crdttest.Finish(), crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}),
			crdttest.TakePosition(w.member(h), "agree", "", ""), crdttest.EditDecision(w.member(h), crdttest.DecisionEdit{Common: crdttest.Common{Title: &title}})}
		w.write(h, w.aDoc(), nil, -1, edits[w.rng.IntN(len(edits))])
	case n < 45:
		w.meet(h)
	case n < 49: // some of what it lacks, in any order
		for range 1 + w.rng.IntN(8) {
			w.learn(h, w.all[w.rng.IntN(len(w.all))])
		}
	case n < 54:
		w.acknowledge(h)
	case n < 57:
		w.newDevice(h, h.charter())
	case n < 62:
		w.ownDevices(h)
	case n < 69:
		w.invite()
	case n < 71:
		w.goOver(h)
	case n < 75 && len(w.docs) > 0:
		w.forget(h)
	default:
		w.hurt()
	}
}

// forget has those who wrote in a document say that it is to be forgotten, as far as one of them knows, or only some of them.
func (w *world) forget(h *hand) {
	doc := w.aDoc()
	if w.rng.IntN(3) > 0 {
		doc = w.docs[len(w.docs)-1] // in which fewer wrote
	}
	all := w.rng.IntN(3) > 0
	if all {
		w.meet(h)
	}
	wrote := accept.New(w.space, doc, h.ground.rules, kinds.All.Table, w.runs).JudgeHeads(w.entriesOf(h, doc)).Wrote
	for _, o := range w.hands {
		if !slices.Contains(wrote, w.member(o)) || !all && w.rng.IntN(2) == 0 {
			continue
		}
		if w.rng.IntN(2) == 0 {
			w.meet(o)
		}
		payload, err := o.charter().Forget(o.key.Device(), doc, "so")
		w.state(o, payload, err)
	}
}

// entriesOf are the entries of a document that a hand knows.
func (w *world) entriesOf(h *hand, doc entry.DocID) (all []*entry.Entry) {
	for _, e := range h.knows {
		if e.Kind == entry.Change && e.Doc == doc {
			all = append(all, e)
		}
	}
	return all
}

// decide takes a decision from the proposal to its outcome, and sometimes further.
func (w *world) decide() {
	full := w.full()
	if len(full) == 0 {
		return
	}
	ana := w.one(full)
	w.meet(full...)
	if !w.create(ana, kinds.Decision.Name, crdttest.NewDecision(w.member(ana), crdttest.DecisionFields{Title: fmt.Sprint("decide ", w.rng.IntN(100)), Process: kinds.ProcessMajority})) {
		return
	}
	doc := w.docs[len(w.docs)-1]
	if w.kind.splits() || w.rng.IntN(3) == 0 {
		full = append(full, w.hostile()...)
	}
	w.meet(full...)
	for _, h := range full {
		w.write(h, doc, nil, -1, crdttest.TakePosition(w.member(h), "agree", "", ""))
	}
	if w.rng.IntN(4) > 0 {
		w.meet(ana)
	}
	w.write(ana, doc, nil, -1, crdttest.Close(w.member(ana), w.clock, "", nil))
	switch w.rng.IntN(4) {
	case 0: // a late word, by who may have seen the outcome
		h := w.one(full)
		w.write(h, doc, nil, -1, crdttest.TakePosition(w.member(h), "disagree", "not so", ""))
	case 1:
		h := w.one(w.hostile())
		w.meet(h)
		w.write(h, doc, nil, w.rng.IntN(6), crdttest.TakePosition(w.member(h), "disagree", "never", ""))
	}
}

// agree takes a step of the charter into force, with the consent of all honest people who can give it, and sometimes
// that of the others.
func (w *world) agree() {
	full := w.full()
	if len(full) == 0 {
		return
	}
	lead := w.one(full)
	w.meet(lead)
	var payload []byte
	var id charter.StepID
	var err error
	if w.kind.shared() && w.rng.IntN(2) == 0 {
		_, payload, id, err = lead.ground.shared.Propose(lead.key.Device(), w.word(lead), "so")
	} else {
		payload, id, err = lead.charter().Propose(lead.key.Device(), w.terms(lead))
	}
	if _, ok := w.state(lead, payload, err); !ok {
		return
	}
	parent := lead.charter().Tip()
	all := w.kind.splits() || w.rng.IntN(2) == 0
	for _, h := range w.hands {
		if h.side != lead.side || !h.honest && !all {
			continue
		}
		w.meet(h)
		if h.honest && h.charter().Tip() != parent { // on another branch
			continue
		}
		payload, err := lead.charter().Consent(h.key.Device(), id, false)
		if err != nil {
			continue
		}
		if e, ok := w.stateOn(h, lead.charter(), payload, h.key); ok {
			w.learn(lead, e)
		}
	}
	payload, err = lead.charter().Enact(lead.key.Device(), id)
	w.state(lead, payload, err)
}

// word is what a side of a share may say to the other.
func (w *world) word(h *hand) share.Word {
	switch n := w.rng.IntN(12); {
	case n < 5:
		return share.Word{What: share.Contacts, Contacts: []string{h.who}}
	case n < 11:
		terms := fairTerms
		terms.Purpose = fmt.Sprint("print ", w.rng.IntN(2))
		terms.Voices = share.EachCoop + share.Voices(w.rng.IntN(2))
		return share.Word{What: share.Change, Terms: terms}
	}
	return share.Word{What: share.End}
}

func (w *world) terms(lead *hand) charter.Terms {
	var guests []charter.MemberID
	for _, m := range lead.charter().Members() {
		if m.Standing == charter.Prospective {
			guests = append(guests, m.ID)
		}
	}
	switch n := w.rng.IntN(16); {
	case n < 3:
		return charter.Terms{Type: charter.ProposalThreshold, Threshold: charter.Threshold(1 + w.rng.IntN(2))}
	case n < 8 && len(guests) > 0:
		return charter.Terms{Type: charter.ProposalAdmit, Member: guests[w.rng.IntN(len(guests))]}
	case n < 10:
		gone := w.one(w.hands)
		if gone.honest && w.rng.IntN(4) > 0 {
			gone = w.one(w.hostile())
		}
		return charter.Terms{Type: charter.ProposalRemove, Member: w.member(gone), Why: "moved away", Frontiers: w.honoured(lead, gone.who)}
	case n < 11:
		return w.newKey(lead)
	}
	return charter.Terms{Type: charter.ProposalInvites, Invites: 1 + w.rng.IntN(5)}
}

// newKey gives somebody another member key, and a device that goes on with it.
func (w *world) newKey(lead *hand) charter.Terms {
	like := w.one(w.hands)
	id, key, device := w.member(like), w.signer("new key"), w.signer("new device")
	r, err := charter.NewRekey(like.charter().Space(), id, key, device, "desk")
	if err != nil {
		return charter.Terms{}
	}
	w.hand(like.who, like, device)
	return charter.Terms{Type: charter.ProposalKey, Rekey: &r, Frontiers: w.honoured(lead, like.who)}
}

// honoured is what a hand knows of somebody's devices: of most runs the last.
func (w *world) honoured(h *hand, of string) (list []charter.DeviceFrontier) {
	last, runs := lastOfRuns(h.knows)
	for _, d := range w.of(of) {
		list = append(list, charter.DeviceFrontier{Device: d.key.Device()})
		for _, r := range runs {
			if r.device == d.key.Device() && w.rng.IntN(4) > 0 {
				list = append(list, charter.DeviceFrontier{Device: r.device, Frontier: charter.Frontier{{Run: r.run, Entry: last[r].ID()}}})
			}
		}
	}
	return charter.Frontiers(list)
}

// lastOfRuns is the last entry of each run, and the runs in the order in which they begin.
func lastOfRuns(all []*entry.Entry) (last map[deviceRun]*entry.Entry, runs []deviceRun) {
	last = map[deviceRun]*entry.Entry{}
	for _, e := range all {
		of := deviceRun{e.Device, e.Run}
		if last[of] == nil {
			runs = append(runs, of)
		}
		if last[of] == nil || last[of].Number < e.Number {
			last[of] = e
		}
	}
	return last, runs
}

func (w *world) acknowledge(h *hand) {
	var changes []*entry.Entry
	for _, e := range h.knows {
		if e.Device != h.key.Device() && e.Kind == entry.Change {
			changes = append(changes, e)
		}
	}
	last, runs := lastOfRuns(changes)
	var said, over []entry.ID
	for _, e := range h.charter().Statements() {
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Type == charter.TypeSeen {
			said = append(said, e.ID())
		}
	}
	if len(said) > 0 && w.rng.IntN(3) > 0 {
		over = append(over, said[w.rng.IntN(len(said))])
	}
	var list []charter.DeviceFrontier
	for _, of := range runs {
		if over != nil && w.rng.IntN(2) == 0 {
			continue // whether it is there or not
		}
		list = append(list, charter.DeviceFrontier{Device: of.device, Frontier: charter.Frontier{{Run: of.run, Entry: last[of].ID()}}})
	}
	if len(list) > 0 || over != nil {
		payload, err := h.charter().Acknowledge(h.key.Device(), list)
		w.state(h, payload, err, over...)
	}
}

// newDevice certifies one, as of a charter, and gives it to the member's side.
func (w *world) newDevice(h *hand, c *charter.Charter) *hand {
	key := w.signer("device")
	if !w.certify(h, c, key) {
		return nil
	}
	return w.hand(h.who, h, key)
}

func (w *world) certify(h *hand, c *charter.Charter, device entry.Signer) bool {
	payload, err := c.Certify(h.key.Device(), charter.NewDevice{
		Key: device.Device(), Name: "box", Accepted: charter.AcceptDevice(c.Space(), w.keys[h.who].Device(), device),
	})
	if err != nil {
		return false
	}
	_, ok := w.stateOn(h, c, payload, h.key)
	return ok
}

// ownDevices has somebody see to their devices, or leave.
func (w *world) ownDevices(h *hand) {
	w.meet(h)
	other := w.one(w.of(h.who))
	switch n := w.rng.IntN(12); {
	case n < 4:
		payload, err := h.charter().MoveConsents(h.key.Device(), other.key.Device())
		w.state(h, payload, err)
	case n < 6:
		if other != h {
			payload, err := h.charter().Retire(h.key.Device(), other.key.Device(), w.someOf(other))
			w.state(h, payload, err)
		}
	case n < 10:
		w.phrase(h, h.charter())
	case n < 11 || len(w.full()) < 3:
		if m, ok := h.charter().MemberOf(h.key.Device()); !ok || m.Standing == charter.Full {
			return
		}
		fallthrough
	default:
		payload, err := h.charter().Resign(h.key.Device(), w.honoured(h, h.who), "off")
		w.state(h, payload, err)
	}
}

// phrase has the member key say which of somebody's devices are live: this one, and some others.
func (w *world) phrase(h *hand, c *charter.Charter) {
	live := []charter.NewDevice{{Key: h.key.Device(), Name: "laptop"}}
	gone := w.honoured(h, h.who)
	for _, o := range w.of(h.who) {
		if o != h && w.rng.IntN(2) == 0 {
			live = append(live, charter.NewDevice{Key: o.key.Device(), Name: "box"})
		}
	}
	for _, l := range live {
		for i := range gone {
			if gone[i].Device == l.Key {
				gone = append(gone[:i:i], gone[i+1:]...)
				break
			}
		}
	}
	payload, err := c.Recover(w.keys[h.who].Device(), live, gone)
	if err == nil {
		w.stateOn(h, c, payload, w.keys[h.who])
	}
}

// invite has somebody invite a prospective member, whom somebody lets in; now and then a third takes the invite back
// meanwhile.
func (w *world) invite() {
	full := w.full()
	if len(full) == 0 {
		return
	}
	host, by := w.one(full), w.one(full)
	w.meet(host)
	code := w.signer("code")
	payload, err := host.charter().Invite(host.key.Device(), code.Device(), 0)
	e, ok := w.state(host, payload, err)
	if !ok {
		return
	}
	if w.rng.IntN(5) == 0 {
		other := w.one(full)
		w.learn(other, e)
		payload, err := other.charter().Revoke(other.key.Device(), code.Device())
		w.state(other, payload, err)
	}
	if by.side != host.side || by.charter().Tip() != host.charter().Tip() {
		by = host
	}
	w.learn(by, host.knows...)
	w.comes(by, by.charter(), code, fmt.Sprint("guest ", len(w.keys)), w.rng.IntN(3) > 0)
	if w.rng.IntN(4) == 0 { // the code once more, by who hasn't heard
		h := w.one(w.hostile())
		w.comes(h, w.older(h), code, fmt.Sprint("guest ", len(w.keys)), false)
	}
}

// comes has somebody let in who redeems a code.
func (w *world) comes(by *hand, c *charter.Charter, code entry.Signer, name string, honest bool) {
	member, device := w.signer("member"), w.signer("device")
	red, err := charter.NewRedemption(c.Space(), code, member, device, name, "laptop")
	if err != nil {
		return
	}
	payload, err := c.AdmitProspective(by.key.Device(), code.Device(), red)
	if err != nil {
		return
	}
	if _, ok := w.stateOn(by, c, payload, by.key); ok {
		w.keys[name] = member
		w.hand(name, by, device).honest = honest
	}
}

// goOver has somebody take another side of a split.
func (w *world) goOver(h *hand) {
	for _, f := range h.charter().Forks() {
		b := f.Branches[w.rng.IntN(len(f.Branches))]
		there := h.charter().StandOn(b.Step)
		payload, err := there.Follow(h.key.Device(), b.Step)
		if err != nil {
			continue
		}
		h.at[h.side] = b.Step
		h.ground = h.ground.placed(h.at)
		w.newRun(h)
		w.state(h, payload, nil)
		return
	}
}

// split has a side come apart: two steps at one place, each with the consent of half of the honest and of those who
// give their word twice. Now and then who looks on has consented to one.
func (w *world) split(side int) {
	w.meet(w.hands...)
	there := w.those(func(h *hand) bool { return h.side == side })
	base := there[0].charter()
	var camps [2][]*hand
	for _, h := range w.full() {
		switch {
		case h.side != side:
		case slices.Contains(casts[w.kind][side][:2], h.who):
			camps[0] = append(camps[0], h)
		default:
			camps[1] = append(camps[1], h)
		}
	}
	looks := w.rng.IntN(3)
	for i, camp := range camps {
		if len(camp) == 0 {
			return
		}
		lead, c := camp[0], base
		say := func(h *hand, payload []byte, err error) {
			if err != nil {
				return
			}
			if e, ok := w.stateOn(h, c, payload, h.key); ok {
				c = c.With(e)
				w.learn(lead, e)
			}
		}
		invites := 6 + i // what no other step says
		payload, id, err := c.Propose(lead.key.Device(), charter.Terms{Type: charter.ProposalInvites, Invites: invites})
		say(lead, payload, err)
		who := append(camp[:len(camp):len(camp)], w.those(func(h *hand) bool { return h.side == side && !h.honest })...)
		if i == looks {
			who = append(who, w.lookers[side])
		}
		for _, h := range who {
			payload, err := c.Consent(h.key.Device(), id, false)
			say(h, payload, err)
		}
		payload, err = c.Enact(lead.key.Device(), id)
		say(lead, payload, err)
		for _, h := range camp {
			for _, e := range lead.knows {
				w.learn(h, e)
			}
		}
		w.heardBy(1-side, lead)
	}
}

// heardBy has somebody of the other side of a share hear what a hand knows, and work on in that knowledge.
func (w *world) heardBy(side int, from *hand) {
	there := w.those(func(h *hand) bool { return h.honest && h.side == side })
	if !w.kind.shared() || len(there) == 0 {
		return
	}
	h := w.one(there)
	w.learn(h, from.knows...)
	w.create(h, kinds.Task.Name, crdttest.NewTask(w.clock, crdttest.TaskFields{Title: "since then", Text: "by " + h.who}))
}
