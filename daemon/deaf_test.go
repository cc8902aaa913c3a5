package daemon

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// deaf says hello and answers pings, and nothing else.
type deaf struct {
	io.ReadWriteCloser
	rest []byte
}

func (d *deaf) Write(b []byte) (int, error) {
	d.rest = append(d.rest, b...)
	for len(d.rest) >= 5 && len(d.rest) >= 5+int(binary.BigEndian.Uint32(d.rest)) {
		n := 5 + int(binary.BigEndian.Uint32(d.rest))
		frame := d.rest[:n]
		d.rest = d.rest[n:]
		if kind := frame[4]; kind != 1 && kind != 9 && kind != 10 {
			continue
		}
		if _, err := d.ReadWriteCloser.Write(frame); err != nil {
			return 0, err
		}
	}
	return len(b), nil
}

// apart has each of these agree to a proposal of the first's while nobody else is there, so that none of them brings it
// into force: that is owed once they meet. Nobody is served when it returns.
func apart(t *testing.T, q api.ProposalRequest, all ...*computer) {
	t.Helper()
	first := all[0]
	first.start()
	p, err := first.client.Propose(t.Context(), q)
	must(t, err)
	for _, h := range all[1:] {
		h.start()
		h.until("the proposal is there", func() bool {
			got, err := h.client.Proposal(t.Context(), p.ID)
			return err == nil && len(got.Consents) == 1
		})
		h.stop()
	}
	first.stop()
	for _, h := range all[1:] {
		h.start()
		consents(t, h, p.ID)
		h.stop()
	}
}

// Attack 51: a connected device that never comes into step, or never falls silent, kept what computers do by themselves
// from happening.
func TestADeviceThatNeverComesIntoStepHoldsUpNoStep(t *testing.T) {
	for name, hostile := range map[string]func(*computer) *modified{
		"it never comes into step": func(h *computer) *modified {
			return modify(h, func(rw io.ReadWriteCloser) io.ReadWriteCloser { return &deaf{ReadWriteCloser: rw} })
		},
		"it never falls silent": func(h *computer) *modified {
			m := modify(h)
			m.floods()
			return m
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // it waits for half a minute
			all := coop(t, "Ana", "Ben", "Cleo", "Mel")
			honest := all[:3]
			apart(t, api.ProposalRequest{Action: api.ActionInvites, Invites: 2}, honest...)
			mel := hostile(all[3])
			for _, h := range honest {
				h.start()
				mel.meets(h)
				h.until("Mel is connected", func() bool {
					s, err := h.client.Peers(t.Context())
					must(t, err)
					return slices.ContainsFunc(s, func(p api.Peer) bool { return p.Member.Name == "Mel" && p.Connected })
				})
			}
			areInForce(t, honest...)
		})
	}
}

// areInForce waits until each of these has a step in force.
func areInForce(t *testing.T, all ...*computer) {
	t.Helper()
	for _, h := range all {
		h.until("it is in force", func() bool {
			proposals, err := h.client.Proposals(t.Context(), false)
			must(t, err)
			return slices.ContainsFunc(proposals, func(p api.Proposal) bool { return p.State == string(charter.ProposalInForce) })
		})
	}
}

// floods has a modified daemon say statements that nobody can read, one by one as fast as they are taken, until the end.
func (m *modified) floods() {
	done := make(chan struct{})
	var flooding sync.WaitGroup
	genesis := entry.ID(m.Space())
	flooding.Go(func() {
		for {
			f := entry.Fields{Space: m.Space(), Heads: []entry.ID{genesis}, Kind: entry.Statement, Number: 1, Payload: []byte("nothing that says anything")}
			_, _ = rand.Read(f.Run[:])
			e, err := entry.New(f, m.key)
			if err != nil {
				m.t.Error(err)
				return
			}
			m.add(e)
			select {
			case <-done:
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	})
	m.t.Cleanup(func() { close(done); flooding.Wait() })
}

// Attack 51, the other way to hold things up: something new every moment, that stands for nothing.
func TestAFloodOfVoidStatementsHoldsUpNoStepAndNoEdit(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben", "Mel")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ana.inStepWith(ben)
	mel := modify(all[2])
	mel.floods()
	mel.meets(ana)
	mel.meets(ben)
	for _, h := range []*computer{ana, ben} {
		h.until("Mel's flood is here, and laid to her", func() bool {
			s, err := h.client.Peers(t.Context())
			must(t, err)
			return slices.ContainsFunc(s, func(p api.Peer) bool { return p.Member.Name == "Mel" && p.Spends.Entries.Refused > 50 })
		})
	}
	agrees(t, api.ProposalRequest{Action: api.ActionThreshold, Threshold: "two-thirds"}, ana, ben)
	areInForce(t, ana, ben)
	task, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	ben.until("he has Ana's task", func() bool { _, err := ben.client.Task(t.Context(), task.ID); return err == nil })
	peers, err := ana.client.Peers(t.Context())
	must(t, err)
	for _, p := range peers {
		if p.Member.Name == "Ben" && (p.Slowed || p.Spends.Entries.Refused > 0) {
			t.Errorf("Ben passes on what Mel said, and it is laid to him: %+v", p.Spends)
		}
	}
}

// Attack 51 as it did harm: whoever was removed at home went on reading in the share for as long as their devices never
// came into step, there and at home.
func TestARemovalReachesAShareWhileWhoIsRemovedHoldsUpAllTheyCan(t *testing.T) {
	t.Parallel()
	riso, quilted := coop(t, "Ana", "Ben", "Cleo"), coop(t, "Dora")
	ana, ben, cleo := riso[0], riso[1], riso[2]
	space := alliesMade(t, aFair, riso, quilted)
	for _, h := range riso {
		isIn(t, h, space, "Ana", "Ben", "Cleo")
	}
	quilted[0].stop() // it takes nobody of the other side for this
	cleo.stop()
	r, place := cleo.firstShare()
	must(t, r.Close())
	deafly := func(rw io.ReadWriteCloser) io.ReadWriteCloser { return &deaf{ReadWriteCloser: rw} }
	inShare := &computer{t: t, name: "Cleo", dir: place}
	for _, m := range []*modified{modify(cleo, deafly), modify(inShare, deafly)} {
		in := m.Space().String()
		for _, h := range []*computer{ana, ben} {
			m.meetsIn(h, in)
			h.until("Cleo is connected, and isn't in step, in "+in, func() bool {
				s, err := h.client.In(in).Peers(t.Context())
				must(t, err)
				return slices.ContainsFunc(s, func(p api.Peer) bool { return strings.HasPrefix(p.Member.Name, "Cleo") && p.Connected && !p.InStep })
			})
		}
	}
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: memberID(t, ana, "Cleo"), Why: "we parted"}, ana, ben)
	for _, h := range []*computer{ana, ben} {
		isIn(t, h, space, "Ana", "Ben")
	}
}
