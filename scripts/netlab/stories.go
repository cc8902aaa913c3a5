//go:build linux

package main

import (
	"fmt"
	"syscall"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// The internet of the labs has addresses that libp2p takes for public ones, and is in namespaces
// that lead nowhere.

func (l *lab) row(w *wire, n int, net string) (all []*computer, err error) {
	for i := range n {
		c, err := l.plugged(fmt.Sprintf("computer %d", i+1), w, fmt.Sprintf("%s.%d/24", net, 10+i), "")
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}

func lan(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 3, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana", "Ben", "Cleo"}, on)
	if err != nil {
		return err
	}
	if err := all[0].adds(20, "Before the move"); err != nil {
		return err
	}
	if err := l.converge(20, all...); err != nil {
		return err
	}
	for i, h := range all {
		if err := h.stop(syscall.SIGTERM); err != nil {
			return err
		}
		if err := h.on.ip("addr flush dev eth0"); err != nil {
			return err
		}
		if err := h.on.ip(fmt.Sprintf("addr add 10.20.30.%d/24 dev eth0", 50-i)); err != nil {
			return err
		}
	}
	l.say("All three stopped, and the router gave every computer another address.")
	for _, h := range all {
		if err := h.start(); err != nil {
			return err
		}
	}
	for i, h := range all {
		if err := h.meets("is in step with", inStep, all[(i+1)%3]); err != nil {
			return err
		}
	}
	l.say("They have found each other again, by mDNS alone.")
	if err := all[2].adds(5, "After the move"); err != nil {
		return err
	}
	return l.converge(25, all...)
}

// world is some homes behind a router each, and an open network between them.
type world struct {
	internet *wire
	inside   []*wire // behind each router
	routers  []*computer
	homes    []*computer
}

func (l *lab) world(homes int, shuffled bool) (*world, error) {
	w := &world{internet: l.wire()}
	for i := range homes {
		inside := l.wire()
		r, err := l.plugged(fmt.Sprintf("router %d", i+1), w.internet, fmt.Sprintf("5.0.%d.1/16", i+1), "")
		if err != nil {
			return nil, err
		}
		if err := inside.plug(r, "lan0", fmt.Sprintf("192.168.%d.1/24", i+1)); err != nil {
			return nil, err
		}
		if err := r.router("lan0", "eth0", shuffled); err != nil {
			return nil, err
		}
		c, err := l.plugged(fmt.Sprintf("computer %d", i+1), inside, fmt.Sprintf("192.168.%d.7/24", i+1), fmt.Sprintf("192.168.%d.1", i+1))
		if err != nil {
			return nil, err
		}
		w.inside, w.routers, w.homes = append(w.inside, inside), append(w.routers, r), append(w.homes, c)
	}
	return w, nil
}

// three is Ana on the open network, and Ben and Cleo behind a router each.
func (l *lab) three(shuffled bool) (*world, []*home, error) {
	w, err := l.world(2, shuffled)
	if err != nil {
		return nil, nil, err
	}
	open, err := l.plugged("computer 3", w.internet, "5.0.0.10/16", "")
	if err != nil {
		return nil, nil, err
	}
	all, err := l.coop([]string{"Ana", "Ben", "Cleo"}, []*computer{open, w.homes[0], w.homes[1]}, "--no-mdns")
	return w, all, err
}

func relayed(l *lab) error {
	_, all, err := l.three(true)
	if err != nil {
		return err
	}
	ana, ben, cleo := all[0], all[1], all[2]
	if err := ben.meets("is connected through Ana to", func(p api.Peer) bool { return isRelayed(p) && p.InStep }, cleo); err != nil {
		return err
	}
	if err := cleo.meets("is connected through Ana to", func(p api.Peer) bool { return isRelayed(p) && p.InStep }, ben); err != nil {
		return err
	}
	reach, err := ben.client.Status(l.ctx)
	if err != nil {
		return err
	}
	l.say("Ben and Cleo are connected through Ana's computer. Ben's status: %s", reach.Reach.Says)
	if err := cleo.stop(syscall.SIGTERM); err != nil {
		return err
	}
	if err := ben.adds(500, "While Cleo is away"); err != nil {
		return err
	}
	if err := cleo.start(); err != nil {
		return err
	}
	if err := l.converge(500, ana, ben, cleo); err != nil {
		return err
	}
	if err := ana.stop(syscall.SIGTERM); err != nil {
		return err
	}
	if err := ben.meets("has lost", func(p api.Peer) bool { return !p.Connected && p.Trouble != "" }, cleo); err != nil {
		return err
	}
	p, err := ben.peer(cleo)
	if err != nil {
		return err
	}
	l.say("Without Ana, Ben's daemon says: %s", p.Trouble)
	if err := ben.adds(3, "Without Ana"); err != nil {
		return err
	}
	if err := ana.start(); err != nil {
		return err
	}
	return l.converge(503, ana, ben, cleo)
}

func punch(l *lab) error {
	_, all, err := l.three(false)
	if err != nil {
		return err
	}
	ana, ben, cleo := all[0], all[1], all[2]
	if err := ben.meets("is in step with", inStep, cleo); err != nil {
		return err
	}
	p, err := ben.peer(cleo)
	if err != nil {
		return err
	}
	l.say("Ben and Cleo have met: %s, at %s.", p.Transport, p.Address)
	for _, side := range [][2]*home{{ben, cleo}, {cleo, ben}} {
		if err := side[0].meets("has a direct way to", func(p api.Peer) bool { return isDirect(p) && p.InStep }, side[1]); err != nil {
			return err
		}
	}
	if p, err = ben.peer(cleo); err != nil {
		return err
	}
	l.say("A hole was punched: Ben reaches Cleo at %s.", p.Address)
	if err := ana.stop(syscall.SIGTERM); err != nil {
		return err
	}
	if err := ben.adds(20, "Without Ana"); err != nil {
		return err
	}
	l.say("Ana, who brought them together, has gone.")
	return l.converge(20, ben, cleo)
}

func lossy(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 3, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana", "Ben", "Cleo"}, on)
	if err != nil {
		return err
	}
	if err := all[2].stop(syscall.SIGTERM); err != nil {
		return err
	}
	w.set(func() { w.loss, w.delay = 0.03, 100*time.Millisecond })
	l.say("From now on 3 %% of all packets are lost, and the others take 100 ms each way.")
	if err := all[0].adds(300, "By Ana"); err != nil {
		return err
	}
	if err := all[1].adds(300, "By Ben"); err != nil {
		return err
	}
	if err := l.converge(600, all[0], all[1]); err != nil {
		return err
	}
	began := time.Now()
	if err := all[2].start(); err != nil {
		return err
	}
	if err := l.converge(600, all...); err != nil {
		return err
	}
	l.say("Cleo's catch-up took %.1f s.", time.Since(began).Seconds())
	return nil
}

func parted(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 6, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana", "Ben", "Cleo", "Dan", "Eva", "Finn"}, on)
	if err != nil {
		return err
	}
	if err := l.converge(0, all...); err != nil {
		return err
	}
	left := map[*computer]bool{on[0]: true, on[1]: true, on[2]: true}
	w.set(func() { w.apart = func(a, b *computer) bool { return left[a] != left[b] } })
	l.say("The network is parted: Ana, Ben and Cleo here, Dan, Eva and Finn there.")
	for i, h := range all {
		if err := h.adds(10, fmt.Sprintf("By number %d", i+1)); err != nil {
			return err
		}
	}
	if err := l.converge(30, all[:3]...); err != nil {
		return err
	}
	if err := l.converge(30, all[3:]...); err != nil {
		return err
	}
	began := time.Now()
	w.set(func() { w.apart = nil })
	l.say("The network is whole again.")
	if err := l.converge(60, all...); err != nil {
		return err
	}
	l.say("It took %.1f s.", time.Since(began).Seconds())
	return nil
}

// strangers is Ben and Cleo, both behind routers that let nobody through, and two relays that they
// named. Cleo is away, and Ben has written much. First ends the first relay.
func (l *lab) strangers(docs int) (w *world, ben, cleo *home, first func() error, err error) {
	if w, err = l.world(2, true); err != nil {
		return
	}
	var flags []string
	for i, ip := range []string{"5.0.0.20", "5.0.0.21"} {
		on, err := l.plugged(fmt.Sprintf("relay %d", i+1), w.internet, ip+"/16", "")
		if err != nil {
			return nil, nil, nil, nil, err
		}
		cmd, address, err := l.relay(on, ip)
		if err != nil {
			return nil, nil, nil, nil, err
		}
		if i == 0 {
			first = func() error { return cmd.Process.Kill() }
		}
		flags = append(flags, "--relay", address)
	}
	if ben, err = l.home("Ben", w.homes[0]); err != nil {
		return
	}
	if cleo, err = l.home("Cleo", w.homes[1]); err != nil {
		return
	}
	ben.flags, cleo.flags = append(flags, "--no-mdns"), append(flags, "--no-mdns")
	if err = ben.found(2); err != nil {
		return
	}
	if err = cleo.join(ben.on); err != nil { // visiting Ben, with the laptop
		return
	}
	l.say("Ben and Cleo, each behind a router, name two relays that are nobody's member.")
	if err = ben.meets("is connected through a relay to", func(p api.Peer) bool { return isRelayed(p) && p.InStep }, cleo); err != nil {
		return
	}
	if err = cleo.stop(syscall.SIGTERM); err != nil {
		return
	}
	return w, ben, cleo, first, ben.adds(docs, "While Cleo is away")
}

func far(l *lab) error {
	const many = 5000
	_, ben, cleo, _, err := l.strangers(many)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := cleo.start(); err != nil {
		return err
	}
	if err := l.converge(many, ben, cleo); err != nil {
		return err
	}
	p, err := cleo.peer(ben)
	if err != nil {
		return err
	}
	l.say("Cleo's catch-up took %.1f s with the daemon's start, by %s, and %d bytes.", time.Since(began).Seconds(), p.Transport, p.BytesReceived)
	return nil
}

func dying(l *lab) error {
	const many = 1500
	w, ben, cleo, first, err := l.strangers(many)
	if err != nil {
		return err
	}
	w.internet.set(func() { w.internet.rate = 60_000 }) // so that there is a middle of it
	if err := cleo.start(); err != nil {
		return err
	}
	got := 0
	if err := l.until("Cleo has some of it", func() (bool, error) {
		s, err := cleo.client.Status(l.ctx)
		got = s.Documents
		return err == nil && got > 0, err
	}); err != nil {
		return err
	}
	if err := first(); err != nil {
		return err
	}
	if got == many {
		return fmt.Errorf("the catch-up was over before the relay died")
	}
	l.say("The first relay is killed, when Cleo has %d of %d documents.", got, many)
	return l.converge(many, ben, cleo)
}

func narrow(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 2, "192.168.7")
	if err != nil {
		return err
	}
	// Ben's interface knows it, as behind a tunnel; Ana's doesn't, and no router tells her.
	if err := on[1].ip("link set eth0 mtu 1280"); err != nil {
		return err
	}
	w.set(func() { w.mtu = 1280 })
	all, err := l.coop([]string{"Ana", "Ben"}, on)
	if err != nil {
		return err
	}
	for _, h := range all {
		if err := h.adds(300, "By "+h.name); err != nil {
			return err
		}
	}
	if err := l.converge(600, all...); err != nil {
		return err
	}
	p, err := all[0].peer(all[1])
	if err != nil {
		return err
	}
	l.say("Ana and Ben are connected by %s.", p.Transport)
	return nil
}

// moving has a laptop move while edits flow to it, once over QUIC, which may survive it, and once
// over TCP, which can't.
func moving(l *lab) error {
	for _, by := range []string{"quic", "tcp"} {
		if by == "tcp" {
			l.listen = []string{"--listen", fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", listenPort)}
		}
		if err := l.moves(by); err != nil {
			return err
		}
	}
	return nil
}

func (l *lab) moves(by string) error {
	w := l.wire()
	on, err := l.row(w, 2, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana by " + by, "Ben by " + by}, on, "--no-mdns")
	if err != nil {
		return err
	}
	ana, ben := all[0], all[1]
	if err := ana.meets("is in step with", func(p api.Peer) bool { return p.InStep && p.Transport == by }, ben); err != nil {
		return err
	}
	stop, written, count := make(chan struct{}), make(chan error), 0
	go func() {
		for {
			select {
			case <-stop:
				written <- nil
				return
			default:
			}
			if _, err := ana.client.CreateTask(l.ctx, apitest.NewTask{Title: fmt.Sprintf("In the stream %d", count)}); err != nil {
				written <- err
				return
			}
			count++
		}
	}()
	has := 0
	flows := func(than int) func() (bool, error) {
		return func() (bool, error) {
			s, err := ben.client.Status(l.ctx)
			has = s.Documents
			return has > than, err
		}
	}
	if err := l.until("the stream flows", flows(50)); err != nil {
		return err
	}
	if err := ben.movesTo("192.168.7.11/24", "192.168.7.99/24"); err != nil {
		return err
	}
	began, before := time.Now(), has
	l.say("Ben's computer has another address, in the middle of a stream of edits.")
	// What was on its way may still come; a hundred more can't have been.
	if err := l.until("the stream flows again", flows(before+100)); err != nil {
		return err
	}
	p, err := ben.peer(ana)
	if err != nil {
		return err
	}
	l.say("It flows again after %.1f s, by %s.", time.Since(began).Seconds(), p.Transport)
	close(stop)
	if err := <-written; err != nil {
		return err
	}
	return l.converge(count, ana, ben)
}

// movesTo gives the home's computer another address.
func (h *home) movesTo(from, to string) error {
	for _, do := range []string{"addr add " + to, "addr del " + from, "addr replace " + to} { // it goes with the first one on some systems
		if err := h.on.ip(do + " dev eth0"); err != nil {
			return err
		}
	}
	return nil
}

func asleep(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 2, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana", "Ben"}, on, "--no-mdns")
	if err != nil {
		return err
	}
	ana, ben := all[0], all[1]
	if err := ana.meets("is in step with", inStep, ben); err != nil {
		return err
	}
	if err := ben.daemon.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	l.say("Ben's laptop sleeps.")
	if err := ana.adds(50, "While Ben sleeps"); err != nil {
		return err
	}
	select {
	case <-time.After(30 * time.Second): // the sleep itself: nothing to wait for
	case <-l.ctx.Done():
		return l.ctx.Err()
	}
	if err := ben.movesTo("192.168.7.11/24", "192.168.7.99/24"); err != nil {
		return err
	}
	began := time.Now()
	if err := ben.daemon.Process.Signal(syscall.SIGCONT); err != nil {
		return err
	}
	l.say("It wakes up, with another address.")
	if err := l.converge(50, ana, ben); err != nil {
		return err
	}
	l.say("They were in step after %.1f s.", time.Since(began).Seconds())
	return nil
}

func idle(l *lab) error {
	w := l.wire()
	on, err := l.row(w, 3, "192.168.7")
	if err != nil {
		return err
	}
	all, err := l.coop([]string{"Ana", "Ben", "Cleo"}, on)
	if err != nil {
		return err
	}
	if err := all[0].adds(2000, "One of many"); err != nil {
		return err
	}
	if err := l.converge(2000, all...); err != nil {
		return err
	}
	wait := func(d time.Duration) error { // it is the time itself that is looked at
		select {
		case <-time.After(d):
			return nil
		case <-l.ctx.Done():
			return l.ctx.Err()
		}
	}
	if err := wait(10 * time.Second); err != nil {
		return err
	}
	sum := func() (n int64) {
		w.set(func() { n = w.bytes })
		return n
	}
	before := sum()
	if err := wait(time.Minute); err != nil {
		return err
	}
	l.say("In a minute the three exchanged %.1f kB.", float64(sum()-before)/1000)
	for _, h := range all {
		memory, cpu, err := h.costs()
		if err != nil {
			return err
		}
		l.say("%s's daemon has %.0f MB resident, and used %.1f s of a processor since its start.", h.name, memory, cpu)
	}
	return nil
}
