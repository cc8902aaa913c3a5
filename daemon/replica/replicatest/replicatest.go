// Package replicatest makes replicas for the tests of those who use package replica: on this disk, and in touch with
// nobody. What is served is theirs to make.
package replicatest

import (
	"context"
	"slices"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/replica"
)

// TwoReplicas are a founder's and a member's replica on this disk, in step.
func TwoReplicas(t *testing.T) (founder, member *replica.Replica, again func() *replica.Replica) {
	t.Helper()
	all, again := replicas(t, "Ana", "Ben")
	return all[0], all[1], again
}

// ThreeReplicas are those with one member more.
func ThreeReplicas(t *testing.T) (founder, member, third *replica.Replica) {
	t.Helper()
	all, _ := replicas(t, "Ana", "Ben", "Mel")
	return all[0], all[1], all[2]
}

// replicas are those of some people, the founder's first; again opens the last one anew.
func replicas(t *testing.T, people ...string) (all []*replica.Replica, again func() *replica.Replica) {
	t.Helper()
	device, key := entry.NewSigner(), entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: people[0], Seats: len(people)}, key, device, "laptop")
	must(t, err)
	founder, err := replica.Found(replica.Config{Dir: t.TempDir(), Key: device}, genesis)
	must(t, err)
	all = append(all, founder)
	var cfgs []replica.Config
	for _, name := range people[1:] {
		invite, other, laptop := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
		red, err := charter.NewRedemption(founder.Space(), invite, other, laptop, name, "laptop")
		must(t, err)
		seat, err := founder.Charter().FillSeat(invite.Device(), red)
		must(t, err)
		_, err = founder.State(context.Background(), seat)
		must(t, err)
		cfgs = append(cfgs, replica.Config{Dir: t.TempDir(), Key: laptop})
	}
	for _, cfg := range cfgs {
		member, err := replica.Join(cfg, founder.Space(), founder.Charter().Statements(), [8]byte{})
		must(t, err)
		all = append(all, member)
	}
	open := slices.Clone(all)
	for i := range open {
		t.Cleanup(func() { must(t, open[i].Close()) })
	}
	last := len(open) - 1
	return all, func() *replica.Replica {
		must(t, open[last].Close())
		open[last], err = replica.Open(cfgs[last-1])
		must(t, err)
		return open[last]
	}
}

// Guest lets in a prospective member.
func Guest(t *testing.T, by *replica.Replica, name string) charter.Member {
	t.Helper()
	code, key, laptop := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	_, err := by.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Invite(by.Device(), code.Device(), 0) })
	must(t, err)
	red, err := charter.NewRedemption(by.Space(), code, key, laptop, name, "laptop")
	must(t, err)
	_, err = by.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.AdmitProspective(by.Device(), code.Device(), red) })
	must(t, err)
	m, ok := by.Charter().MemberOf(laptop.Device())
	if !ok {
		t.Fatalf("%s isn't in", name)
	}
	return m
}

// AddTasks writes n tasks and returns their entries, in the order in which they arrived.
func AddTasks(t *testing.T, r *replica.Replica, n int) []*entry.Entry {
	t.Helper()
	had := map[entry.ID]bool{}
	for id := range r.Store().IDs() {
		had[id] = true
	}
	for range n {
		_, err := r.Create(t.Context(), kinds.Task.Name, func(e replica.Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: "Order paper"})(e.Doc, nil)
		})
		must(t, err)
	}
	return slices.DeleteFunc(Entries(t, r), func(e *entry.Entry) bool { return had[e.ID()] })
}

// TwoAllies are replicas of a share on this disk, of one person on each side.
func TwoAllies(t *testing.T) (first, second *replica.Replica) {
	t.Helper()
	return AlliesUntil(t, 0, nil)
}

// AlliesUntil are those with an end date, by a clock.
func AlliesUntil(t *testing.T, ends uint64, now func() time.Time) (first, second *replica.Replica) {
	t.Helper()
	terms := share.Terms{Purpose: "a fair", Ends: ends, Voices: share.EachCoop}
	both := Share(t, terms, [2]replica.Config{
		{Dir: t.TempDir(), Key: entry.NewSigner(), Now: now}, {Dir: t.TempDir(), Key: entry.NewSigner(), Now: now},
	})
	for _, r := range both {
		t.Cleanup(func() { must(t, r.Close()) })
	}
	return both[0], both[1]
}

// Share makes a share between two co-ops, with one device on each side: of Ana and of Dora.
func Share(t *testing.T, terms share.Terms, at [2]replica.Config) (both [2]*replica.Replica) {
	t.Helper()
	return ShareOfSeats(t, terms, at, 2)
}

// ShareOfSeats is Share with so many founding seats on each side.
func ShareOfSeats(t *testing.T, terms share.Terms, at [2]replica.Config, seats int) (both [2]*replica.Replica) {
	t.Helper()
	p := &share.Pact{Terms: terms}
	var all []*entry.Entry
	people := [2]string{"Ana", "Dora"}
	for i, coop := range []string{"Riso Print Co-op", "Quilted"} {
		payload, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: people[i], Seats: seats}, entry.NewSigner(), at[i].Key, "laptop")
		must(t, err)
		genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Run: entry.Run{1}, Number: 1, Payload: payload}, at[i].Key)
		must(t, err)
		p.Sides[i].Space, all = genesis.SpaceOf(), append(all, genesis)
	}
	must(t, p.Agree(at[1].Key))
	f, err := p.Genesis()
	must(t, err)
	genesis, err := entry.New(f, at[0].Key)
	must(t, err)
	for i := range both {
		both[i], err = replica.JoinShare(at[i], genesis.SpaceOf(), append(all, genesis), [8]byte{})
		must(t, err)
	}
	return both
}

// Entries are all entries of a replica.
func Entries(t *testing.T, r *replica.Replica) (all []*entry.Entry) {
	t.Helper()
	must(t, r.Store().Since(0, func(_ uint64, id entry.ID) bool {
		b, err := r.Entry(id)
		must(t, err)
		e, err := entry.Decode(b)
		must(t, err)
		all = append(all, e)
		return true
	}))
	return all
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
