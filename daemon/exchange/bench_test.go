package exchange_test

import (
	"context"
	"fmt"
	"net"
	"sync"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
)

// loopback is a TCP connection to ourselves.
func loopback() (net.Conn, net.Conn) {
	l := must(net.Listen("tcp", "127.0.0.1:0"))
	defer l.Close()
	a := must(net.Dial("tcp", l.Addr().String()))
	return a, must(l.Accept())
}

// connectFor connects two over loopback until stop is called; inStep gets a token when a is.
func connectFor(a, b *exchange.Exchange) (inStep chan exchange.Status, stop func()) {
	ca, cb := loopback()
	ctx, cancel := context.WithCancel(context.Background())
	inStep = make(chan exchange.Status, 1)
	var all sync.WaitGroup
	all.Go(func() {
		_ = a.Run(ctx, ca, func(s exchange.Status) {
			if s.InStep {
				select {
				case inStep <- s:
				default:
				}
			}
		})
	})
	all.Go(func() { _ = b.Run(ctx, cb, nil) })
	return inStep, func() { cancel(); all.Wait() }
}

// A newcomer takes 20,000 entries. Storing them costs nothing here, checking them does.
func BenchmarkCatchUp(b *testing.B) {
	ana, genesis := found(1)
	all := append(ana.writeMany(20_000), genesis)
	from := &exchangetest.Memory{Of: ana.space}
	from.Add(all...)
	x := exchange.New(from)
	defer x.Close()
	b.ReportAllocs()
	for b.Loop() {
		y := exchange.New(&exchangetest.Memory{Of: ana.space})
		inStep, stop := connectFor(y, x)
		s := <-inStep
		stop()
		y.Close()
		b.ReportMetric(float64(s.Received+s.Written)/float64(len(all)), "B/entry")
	}
	b.ReportMetric(float64(b.N*len(all))/b.Elapsed().Seconds(), "entries/s")
}

// Two that were apart meet again, with 100,000 entries in common: nothing has changed, or some
// have, on one side.
func BenchmarkReconnect(b *testing.B) {
	const size = 100_000
	ana, genesis := found(1)
	common := append(ana.writeMany(size-1), genesis)
	for _, changed := range []int{0, 3, 100, 1000} {
		b.Run(fmt.Sprintf("%d changed of %d", changed, size), func(b *testing.B) {
			from, to := &exchangetest.Memory{Of: ana.space}, &exchangetest.Memory{Of: ana.space}
			from.Add(common...)
			to.Add(common...)
			x, y := exchange.New(from), exchange.New(to)
			defer x.Close()
			defer y.Close()
			meet := func() exchange.Status {
				inStep, stop := connectFor(y, x)
				defer stop()
				return <-inStep
			}
			meet() // both have read what they have
			for b.Loop() {
				b.StopTimer()
				from.Add(ana.writeMany(changed)...)
				b.StartTimer()
				s := meet()
				b.ReportMetric(float64(s.Received+s.Written), "B")
			}
		})
	}
}

// The first connection after a start reads all IDs, and puts into symbols those that weren't kept.
func BenchmarkFirstConnection(b *testing.B) {
	ana, genesis := found(1)
	common := append(ana.writeMany(100_000), genesis)
	from := &exchangetest.Memory{Of: ana.space}
	from.Add(common...)
	x := exchange.New(from)
	defer x.Close()
	for _, kept := range []bool{false, true} {
		b.Run(fmt.Sprintf("kept %v", kept), func(b *testing.B) {
			to := &exchangetest.Memory{Of: ana.space}
			to.Add(common[3:]...)
			meet := func() *exchange.Exchange {
				y := exchange.New(to)
				inStep, stop := connectFor(y, x)
				<-inStep
				stop()
				return y
			}
			y := meet()
			if kept {
				if err := y.Keep(); err != nil || len(to.Kept()) == 0 {
					b.Fatal("nothing was kept", err)
				}
			}
			y.Close()
			for b.Loop() {
				meet().Close()
			}
		})
	}
}

// A new entry crosses an open connection.
func BenchmarkPush(b *testing.B) {
	ana, genesis := found(1)
	from, to := &exchangetest.Memory{Of: ana.space}, &exchangetest.Memory{Of: ana.space}
	from.Add(genesis)
	x, y := exchange.New(from), exchange.New(to)
	defer x.Close()
	defer y.Close()
	inStep, stop := connectFor(y, x)
	defer stop()
	<-inStep
	came := make(chan struct{}, 1)
	defer to.Watch(func([]entry.ID) { came <- struct{}{} })()
	for b.Loop() {
		b.StopTimer()
		e := ana.write("a change of some forty bytes or so, to be exchanged")
		b.StartTimer()
		from.Add(e)
		<-came
	}
}
