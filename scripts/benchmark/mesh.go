package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"time"

	"kith/crdt/entry"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
)

const (
	meshSize  = 50
	meshEdits = 100
)

// mesh has fifty replicas in this process, each connected with every other over TCP on loopback:
// how long an edit takes until all have it, and how often it goes over each connection. What is
// real is the exchange; the replicas keep entries in memory.
func (b *bench) mesh(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	author := entry.NewSigner()
	genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Number: 1, Payload: []byte("genesis")}, author)
	if err != nil {
		return err
	}
	var links sync.WaitGroup
	defer links.Wait()
	defer stop()

	type site struct {
		*exchangetest.Memory
		x *exchange.Exchange
	}
	came := make(chan struct{}, meshSize*meshEdits*2)
	var all []*site
	for range meshSize {
		m := &exchangetest.Memory{Of: genesis.SpaceOf()}
		m.Add(genesis)
		m.Watch(func(ids []entry.ID) {
			for range ids {
				came <- struct{}{}
			}
		})
		all = append(all, &site{m, exchange.New(m)})
	}
	var mu sync.Mutex
	status := map[[2]int]exchange.Status{} // of one end of each connection, and of the other
	for i, one := range all {
		for j, two := range all[:i] {
			here, there, err := loopback()
			if err != nil {
				return err
			}
			keep := func(a, b int) func(exchange.Status) {
				return func(s exchange.Status) { mu.Lock(); status[[2]int{a, b}] = s; mu.Unlock() }
			}
			links.Go(func() { _ = one.x.RunWith(ctx, here, exchange.Peer{Low: true}, keep(i, j)) })
			links.Go(func() { _ = two.x.RunWith(ctx, there, exchange.Peer{}, keep(j, i)) })
		}
	}
	// sum waits until all are in step, and says what all connections have carried.
	sum := func() (entries, bytes int64, err error) {
		for {
			entries, bytes = 0, 0
			mu.Lock()
			ready := len(status) == meshSize*(meshSize-1)
			for _, s := range status {
				ready = ready && s.InStep
				entries, bytes = entries+s.EntriesOut, bytes+s.Written
			}
			mu.Unlock()
			if ready {
				return entries, bytes, nil
			}
			select {
			case <-ctx.Done():
				return 0, 0, ctx.Err()
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	_, greetings, err := sum()
	if err != nil {
		return err
	}
	var took []time.Duration
	previous := entry.ID{}
	for n := range meshEdits {
		e, err := entry.New(entry.Fields{Space: genesis.SpaceOf(), Heads: []entry.ID{genesis.ID()}, Kind: entry.Change, Doc: entry.DocID{1},
			Run: entry.Run{1}, Number: uint64(n + 1), Previous: previous, Payload: make([]byte, 120)}, author)
		if err != nil {
			return err
		}
		previous = e.ID()
		began := time.Now()
		all[rand.IntN(meshSize)].Add(e)
		for range meshSize {
			select {
			case <-came:
			case <-time.After(time.Minute):
				return fmt.Errorf("edit %d did not reach everybody", n)
			}
		}
		took = append(took, time.Since(began))
		// The next one begins when everybody has said what they had to.
		if _, _, err := sum(); err != nil {
			return err
		}
	}
	entries, bytes, err := sum()
	if err != nil {
		return err
	}
	work := fmt.Sprintf("full mesh of %d replicas, an edit until all have it", meshSize)
	b.spread(work, took, nil)
	connections := float64(meshSize * (meshSize - 1) / 2)
	b.add(work, "times it crosses each connection", float64(entries)/meshEdits/connections, "", "about 1")
	b.add(work, "times it reaches each replica", float64(entries)/meshEdits/(meshSize-1), "", "")
	b.add(work, "on each connection, acknowledgements included", float64(bytes-greetings)/meshEdits/connections, "bytes", "")
	return nil
}

// loopback is a TCP connection to ourselves.
func loopback() (net.Conn, net.Conn, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	a, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		return nil, nil, err
	}
	b, err := l.Accept()
	return a, b, err
}
