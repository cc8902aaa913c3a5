package daemon

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
	"kith/daemon/replica"
)

// twoReplicas are a founder's and a member's replica on this disk, in step.
func twoReplicas(t *testing.T) (founder, member *replica.Replica, again func() *replica.Replica) {
	t.Helper()
	device, key := entry.NewSigner(), entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "Ana", Seats: 2}, key, device, "laptop")
	must(t, err)
	founder, err = replica.Found(replica.Config{Dir: t.TempDir(), Key: device}, genesis)
	must(t, err)
	t.Cleanup(func() { must(t, founder.Close()) })
	invite, other, laptop := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	red, err := charter.NewRedemption(founder.Space(), invite, other, laptop, "Ben", "laptop")
	must(t, err)
	seat, err := founder.Charter().FillSeat(invite.Device(), red)
	must(t, err)
	_, err = founder.State(context.Background(), seat)
	must(t, err)
	cfg := replica.Config{Dir: t.TempDir(), Key: laptop}
	member, err = replica.Join(cfg, founder.Space(), founder.Charter().Statements(), [8]byte{})
	must(t, err)
	open := member
	t.Cleanup(func() { must(t, open.Close()) })
	return founder, member, func() *replica.Replica {
		must(t, open.Close())
		open, err = replica.Open(cfg)
		must(t, err)
		return open
	}
}

// addTasks writes n tasks and returns their entries, in the order in which they arrived.
func addTasks(t *testing.T, r *replica.Replica, n int) (all []*entry.Entry) {
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
	must(t, r.Store().Since(0, func(_ uint64, id entry.ID) bool {
		if !had[id] {
			b, err := r.Entry(id)
			must(t, err)
			e, err := entry.Decode(b)
			must(t, err)
			all = append(all, e)
		}
		return true
	}))
	return all
}

func TestAReplicaKeepsTheContractOfTheExchange(t *testing.T) {
	t.Parallel()
	exchangetest.TestLocal(t, func(t *testing.T) exchangetest.Subject {
		founder, member, _ := twoReplicas(t)
		return exchangetest.Subject{Local: &local{member}, Entries: addTasks(t, founder, 5)}
	})
}

// After a restart a set of entries is found again, however it ended, and it is what the store holds.
func TestARestartFindsTheSetThatTheStoreHolds(t *testing.T) {
	t.Parallel()
	founder, member, restart := twoReplicas(t)
	first := addTasks(t, founder, 600)
	_, err := member.Accept(t.Context(), slices.Clone(first))
	must(t, err)
	x := exchange.New(&local{member})
	inStep(t, x, &local{founder})
	must(t, x.Keep())
	x.Close()
	if b := (&local{member}).Kept(); len(b) < 600*8 {
		t.Fatalf("%d bytes were kept", len(b))
	}
	more := addTasks(t, founder, 3) // which nobody kept
	_, err = member.Accept(t.Context(), slices.Clone(more))
	must(t, err)
	x = exchange.New(&local{restart()})
	defer x.Close()
	inStep(t, x, &local{founder}) // the digests of both sets agree, or this doesn't end
}

// inStep connects an exchange with another replica until both have the same.
func inStep(t *testing.T, x *exchange.Exchange, other exchange.Local) {
	t.Helper()
	y := exchange.New(other)
	defer y.Close()
	status := meetOnce(t, x, y)
	if status.ToGet+status.ToSend > 0 {
		t.Errorf("they have the same, and yet: %+v", status)
	}
}

// meetOnce connects two until the first is in step, and returns its status.
func meetOnce(t *testing.T, x, y *exchange.Exchange) exchange.Status {
	t.Helper()
	a, b := net.Pipe()
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	came := make(chan exchange.Status, 1)
	var both sync.WaitGroup
	both.Go(func() {
		err := x.Run(ctx, a, func(s exchange.Status) {
			if s.InStep {
				select {
				case came <- s:
				default:
				}
			}
		})
		if err != nil {
			t.Error(err)
			stop()
		}
	})
	both.Go(func() { _ = y.Run(ctx, b, nil) })
	defer both.Wait()
	defer stop()
	select {
	case s := <-came:
		return s
	case <-ctx.Done():
		return exchange.Status{}
	}
}
