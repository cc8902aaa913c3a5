package replica

import (
	"context"
	"encoding/json"
	"testing"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/store"
)

// coop is a space with several replicas on this disk, which exchange entries only when told to.
type coop struct {
	t     testing.TB
	space entry.SpaceID
	all   []*peerReplica
}

// peerReplica is a member's replica, with what it takes to open it again.
type peerReplica struct {
	*Replica
	name   string
	cfg    Config
	member entry.Signer // the member key
}

// found makes a co-op of these members, all seated and with everything so far on every disk.
func found(t testing.TB, names ...string) *coop {
	t.Helper()
	device, member := entry.NewSigner(), entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: names[0], Seats: len(names)}, member, device, "laptop")
	must(t, err)
	c := &coop{t: t}
	cfg := Config{Dir: t.TempDir(), Key: device}
	r, err := Found(cfg, genesis)
	must(t, err)
	c.space = r.Space()
	c.all = append(c.all, &peerReplica{r, names[0], cfg, member})
	t.Cleanup(c.close)
	for _, name := range names[1:] {
		c.seat(name)
	}
	c.settle()
	return c
}

// close checks every store as a whole and closes it; once is enough.
func (c *coop) close() {
	for _, p := range c.all {
		if err := p.Verify(); err != nil {
			c.t.Errorf("%s's store: %v", p.name, err)
		}
		if err := p.Close(); err != nil {
			c.t.Errorf("close %s: %v", p.name, err)
		}
	}
	c.all = nil
}

func (c *coop) seat(name string) {
	c.t.Helper()
	founder := c.all[0]
	invite, member, device := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	red, err := charter.NewRedemption(c.space, invite, member, device, name, "laptop")
	must(c.t, err)
	seat, err := founder.Charter().FillSeat(invite.Device(), red)
	must(c.t, err)
	_, err = founder.State(context.Background(), seat)
	must(c.t, err)
	cfg := Config{Dir: c.t.TempDir(), Key: device}
	r, err := Join(cfg, c.space, founder.Charter().Statements(), [8]byte{})
	must(c.t, err)
	c.all = append(c.all, &peerReplica{r, name, cfg, member})
}

// entries returns everything that a replica holds, decoded, in the order of arrival.
func (p *peerReplica) entries(t testing.TB) []*entry.Entry {
	t.Helper()
	var out []*entry.Entry
	must(t, p.store.Since(0, func(_ uint64, id entry.ID) bool {
		b, err := p.Entry(id)
		must(t, err)
		e, err := entry.Decode(b)
		must(t, err)
		out = append(out, e)
		return true
	}))
	return out
}

// settle brings everybody everything.
func (c *coop) settle() {
	c.t.Helper()
	for range 2 {
		for _, from := range c.all {
			batch := from.entries(c.t)
			for _, to := range c.all {
				if to != from {
					give(c.t, to, batch...)
				}
			}
		}
	}
}

func give(t testing.TB, to *peerReplica, batch ...*entry.Entry) Result {
	t.Helper()
	if i := entry.VerifyAll(batch); i >= 0 {
		t.Fatalf("entry %d has a wrong signature", i)
	}
	res, err := to.Accept(context.Background(), batch)
	must(t, err)
	must(t, to.Weigh(true)) // a daemon does it now and then
	return res
}

// reopen closes a replica and opens it again, as a restart does.
func (p *peerReplica) reopen(t testing.TB) {
	t.Helper()
	must(t, p.Close())
	r, err := Open(p.cfg)
	must(t, err)
	p.Replica = r
}

// same fails unless all replicas show the same documents, charter and states.
func (c *coop) same() {
	c.t.Helper()
	want := c.all[0].picture(c.t)
	for _, p := range c.all[1:] {
		got := p.picture(c.t)
		for id, w := range want {
			if got[id] != w {
				c.t.Fatalf("%s differs from %s in %s\n%s\n%s", p.name, c.all[0].name, id, got[id], w)
			}
		}
		if len(got) != len(want) {
			c.t.Fatalf("%s has %d things, %s has %d", p.name, len(got), c.all[0].name, len(want))
		}
	}
}

// picture is all that replicas have to agree on: views, byte for byte, and states.
func (p *peerReplica) picture(t testing.TB) map[string]string {
	t.Helper()
	out := map[string]string{}
	must(t, p.Views("", func(v *crdt.View) bool {
		b, err := kinds.All.EncodeView(v)
		must(t, err)
		out["view "+v.ID.String()] = string(b)
		return true
	}))
	must(t, p.Log(entry.DocID{}, func(l Line) bool {
		out["state "+l.Entry.ID().String()] = l.State.String() + " " + l.Why
		return true
	}))
	return out
}

func (p *peerReplica) me() charter.MemberID {
	m, _ := p.Me()
	return m.ID
}

func (p *peerReplica) addTask(t testing.TB, title string) crdt.View {
	t.Helper()
	v, err := p.Create(context.Background(), kinds.Task.Name, func(e Edit) error {
		return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: title, Text: "by " + p.name})(e.Doc, nil)
	})
	must(t, err)
	return v
}

func (p *peerReplica) addDecision(t testing.TB, title string) crdt.View {
	t.Helper()
	v, err := p.Create(context.Background(), kinds.Decision.Name, func(e Edit) error {
		return crdttest.NewDecision(e.Author, crdttest.DecisionFields{Title: title, Text: "by " + p.name})(e.Doc, nil)
	})
	must(t, err)
	return v
}

func (p *peerReplica) edit(t testing.TB, doc entry.DocID, edit crdt.Edit) crdt.View {
	t.Helper()
	v, err := p.tryEdit(doc, edit)
	must(t, err)
	return v
}

func (p *peerReplica) tryEdit(doc entry.DocID, edit crdt.Edit) (crdt.View, error) {
	return p.Edit(context.Background(), doc, func(e Edit) error { return edit(e.Doc, e.View) })
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// putMade has a store say that what it shows was made by an earlier release.
func putMade(t testing.TB, b *store.Batch, by *peerReplica, earlier func(*made)) {
	t.Helper()
	m := by.madeNow()
	earlier(&m)
	said, err := json.Marshal(m)
	must(t, err)
	b.PutSmall(viewsRecord, said)
}
