package daemon

import (
	"encoding/binary"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/replica"
)

// What a member does to the co-op by statements, on real daemons. The rules by themselves: crdt/charter, attacks_test.go.

// states signs a statement of a modified daemon with what it knows of the charter, or with a charter of before.
func (m *modified) states(c *charter.Charter, payload []byte, err error) *entry.Entry {
	m.t.Helper()
	must(m.t, err)
	f := entry.Fields{Space: c.Space(), Heads: c.Heads(), Kind: entry.Statement, Run: entry.Run(freshBytes()), Number: 1, Payload: payload}
	e, err := entry.New(f, m.key)
	must(m.t, err)
	return e
}

func (h *computer) standing(name string) string {
	h.t.Helper()
	members, err := h.client.Members(h.t.Context())
	must(h.t, err)
	for _, m := range members {
		if m.Name == name {
			return m.Standing
		}
	}
	return ""
}

// Attack 33: a removed member hands over an invite and a redemption as of before.
func TestWhoWasRemovedBringsNobodyInAnyMore(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Cleo", "Mel")
	ana, ben, cleo := all[0], all[1], all[2]
	for _, h := range []*computer{ana, ben, cleo} {
		h.start()
	}
	mel := modify(all[3])
	ana.until("Mel has come", func() bool { return ana.about("Mel").InStep })
	before := mel.replica.Charter()
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: memberID(t, ana, "Mel"), Why: "they took the till"}, ana, ben, cleo)
	ana.until("Mel is removed", func() bool { return ana.standing("Mel") == "removed" })

	code, person, device := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	r, err := charter.NewRedemption(mel.Space(), code, person, device, "Puppet", "laptop")
	must(t, err)
	payload, err := before.Invite(mel.key.Device(), code.Device(), 0)
	invite := mel.states(before, payload, err)
	invited := before.With(invite)
	payload, err = invited.AdmitProspective(mel.key.Device(), code.Device(), r)
	redemption := mel.states(invited, payload, err)
	mel.add(invite, redemption)
	for _, h := range []*computer{ana, ben} {
		h.until("the redemption has come", func() bool { return h.standing("Puppet") != "" })
		if got := h.standing("Puppet"); got != "removed" {
			t.Errorf("to %s, the puppet is %s", h.name, got)
		}
		peers, err := h.client.Peers(t.Context())
		must(t, err)
		if slices.ContainsFunc(peers, func(p api.Peer) bool { return p.Device.ID == device.Device().String() }) {
			t.Errorf("%s keeps in touch with the puppet's device", h.name)
		}
	}
}

// Attack 34: hundreds of statements beside each other, while the others agree on who floods.
func TestWhoFloodsTheCharterCanBeRemovedMeanwhile(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Cleo", "Mel")
	ana, ben, cleo := all[0], all[1], all[2]
	for _, h := range []*computer{ana, ben, cleo} {
		h.start()
	}
	mel := modify(all[3])
	ana.until("Mel has come", func() bool { return ana.about("Mel").InStep })
	before := mel.replica.Charter()
	flood := func(n int) (last entry.ID) {
		var batch []*entry.Entry
		for range n {
			payload, err := before.Follow(mel.key.Device(), before.Tip())
			batch = append(batch, mel.states(before, payload, err))
		}
		mel.add(batch...)
		return batch[n-1].ID()
	}
	last := flood(3 * entry.MaxHeads)
	ana.until("the flood has come", func() bool { return mel.sentOnce(last) && ana.about("Mel").InStep })
	ana.inStepWith(ben)
	ana.inStepWith(cleo)
	note, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: "Opening"})
	must(t, err)
	for _, h := range []*computer{ben, cleo} { // who edits names what one has of the flood, and builds on who had something else of it
		h.until("the note is there", func() bool { _, err := h.client.Note(t.Context(), note.ID); return err == nil })
		flood(entry.MaxHeads)
		title := "Opening, by " + h.name
		_, err := h.client.EditNote(t.Context(), note.ID, apitest.NoteEdit{Title: &title})
		must(t, err)
	}
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: memberID(t, ana, "Mel"), Why: "a flood"}, ana, ben, cleo)
	for _, h := range []*computer{ana, ben, cleo} {
		h.until("Mel is removed", func() bool { return h.standing("Mel") == "removed" })
	}
	sameHeads(ana, ben)
	sameHeads(ben, cleo)
}

// Attack 35: one change of a few hundred bytes that writes one key 119,000 times, and hundreds beside each other that write it once.
func TestAFloodOfWritesToOneKeyKeepsNobodyFromWorking(t *testing.T) {
	t.Parallel()
	unwatched(t)
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	task, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	mel := modify(all[2])
	mel.knows(task.ID, func(*crdt.View) bool { return true })
	doc := parsed(t, task.ID)
	f := mel.forge(doc, set("project", ""))
	f.Payload = changetest.Rebuild(f.Payload, func(c *change.Change) {
		c.Ops = slices.Repeat(c.Ops[:1], 119_000)
	})
	once := mel.sign(f)
	var beside []*entry.Entry
	for range 300 {
		g := mel.forge(doc, set("project", "mine"))
		beside = append(beside, mel.sign(g))
	}
	mel.add(append(beside, once)...)
	last := beside[len(beside)-1].ID()
	for _, h := range []*computer{ana, ben} {
		lines := h.states(once.ID(), last)
		if l := lines[once.ID()]; l.State != "void" || l.Why == "" {
			t.Errorf("to %s, %d bytes with 119,000 operations are %s: %s", h.name, len(once.Encoded()), l.State, l.Why)
		}
	}
	ana.stop()
	ana.start() // all that counts is loaded again
	title := "Order recycled paper"
	_, err = ana.client.EditTask(t.Context(), task.ID, apitest.TaskEdit{Title: &title})
	must(t, err)
	ben.until("Ana's title has come", func() bool {
		v, err := ben.client.Task(t.Context(), task.ID)
		return err == nil && v.Title == title
	})
}

// What has no room is said where its person looks, with what lets it in; and then it comes.
func TestWhatIsHeldBackOfAFloodIsShownWithTheWayToLiftIt(t *testing.T) {
	t.Parallel()
	unwatched(t)
	all := coop(t, "Ana", "Mel")
	ana := all[0]
	ana.start()
	task, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	mel := modify(all[1])
	mel.knows(task.ID, func(*crdt.View) bool { return true })
	var flood []*entry.Entry
	for range 1 + replica.MaxUnsettledOps/100_000 + 1 {
		f := mel.forge(parsed(t, task.ID), set("project", ""))
		f.Payload = changetest.Rebuild(f.Payload, func(c *change.Change) { c.Ops = slices.Repeat(c.Ops[:1], 100_000) })
		flood = append(flood, mel.sign(f))
	}
	mel.add(flood...)
	status := func() string {
		s, err := ana.client.Status(t.Context())
		must(t, err)
		return strings.Join(s.Notice, " ")
	}
	ana.until("she is told", func() bool { return strings.Contains(status(), "Held back here of Mel") })
	if says := status(); !strings.Contains(says, "kith doctor --take-in") {
		t.Errorf("how it comes in isn't said: %q", says)
	}
	held := func() (out []api.LogLine) {
		lines, err := ana.client.LogOf(t.Context(), "", true, 50, nil)
		must(t, err)
		for _, l := range lines {
			if l.State == "held" {
				out = append(out, l)
			}
		}
		return out
	}
	if l := held(); len(l) != 1 || l[0].By.Name != "Mel" || !slices.Equal(l[0].Says, []string{"1 entry"}) || !strings.Contains(l[0].Why, "kith doctor --take-in") {
		t.Errorf("the log of what counts for nothing doesn't say it: %+v", l)
	}
	_, err = ana.client.Doctor(t.Context(), api.DoctorRequest{TakeIn: true})
	must(t, err)
	for id, l := range ana.states(flood[0].ID(), flood[1].ID(), flood[2].ID(), flood[3].ID()) {
		if l.State != "void" {
			t.Errorf("%v is %s", id, l.State)
		}
	}
	if says := status(); strings.Contains(says, "Held back") {
		t.Errorf("all is here, and she is told %q", says)
	}
	if l := held(); len(l) != 0 {
		t.Errorf("all is here, and the log says %+v", l)
	}
}

// Attack 38: more acknowledgements than a reply has room for, and somebody joins.
func TestSomebodyJoinsThroughAFloodOfAcknowledgements(t *testing.T) {
	t.Parallel()
	unwatched(t)
	all := coop(t, "Ana", "Ben", "Mel")
	ana := all[0]
	ana.start()
	mel := modify(all[2])
	ana.until("Mel has come", func() bool { return ana.about("Mel").InStep })
	c := mel.replica.Charter()
	var last entry.ID
	for i := range 170 { // 212 kB each
		seen := make(charter.Frontier, charter.MaxRuns)
		for j := range seen {
			binary.BigEndian.PutUint64(seen[j].Run[:], uint64(i*charter.MaxRuns+j))
		}
		payload, err := c.Acknowledge(mel.key.Device(), []charter.DeviceFrontier{{Device: mel.key.Device(), Frontier: seen}})
		e := mel.states(c, payload, err)
		mel.add(e)
		last = e.ID()
	}
	ana.until("all has come", func() bool {
		lines, err := ana.client.CharterLog(t.Context(), 0)
		must(t, err)
		return ana.about("Mel").InStep && len(lines) > 0 && mel.sentOnce(last)
	})
	invite, err := ana.client.Invite(t.Context(), 0)
	must(t, err)
	dora := newHome(t, "Dora", filepath.Join(t.TempDir(), "home"))
	_, err = entrance.Join(t.Context(), entrance.JoinOptions{Home: dora.dir, Invite: invite.Code, As: "Dora", Listen: here()})
	must(t, err)
	ana.until("Dora is in", func() bool { return ana.standing("Dora") == "prospective" })
}

// sentOnce says whether an entry was passed on.
func (m *modified) sentOnce(id entry.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent[id] > 0
}
