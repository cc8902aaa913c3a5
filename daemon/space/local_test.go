package space

import (
	"context"
	"net"
	"slices"
	"sync"
	"testing"

	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
	"kith/daemon/replica/replicatest"
)

func TestAReplicaKeepsTheContractOfTheExchange(t *testing.T) {
	t.Parallel()
	exchangetest.TestLocal(t, func(t *testing.T) exchangetest.Subject {
		founder, member, _ := replicatest.TwoReplicas(t)
		return exchangetest.Subject{Local: &local{member}, Entries: replicatest.AddTasks(t, founder, 5)}
	})
}

// After a restart a set of entries is found again, however it ended, and it is what the store holds.
func TestARestartFindsTheSetThatTheStoreHolds(t *testing.T) {
	t.Parallel()
	founder, member, restart := replicatest.TwoReplicas(t)
	first := replicatest.AddTasks(t, founder, 600)
	_, err := member.Accept(t.Context(), slices.Clone(first))
	must(t, err)
	x := exchange.New(&local{member})
	inStep(t, x, &local{founder})
	must(t, x.Keep())
	x.Close()
	if b := (&local{member}).Kept(); len(b) < 600*8 {
		t.Fatalf("%d bytes were kept", len(b))
	}
	more := replicatest.AddTasks(t, founder, 3) // which nobody kept
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
