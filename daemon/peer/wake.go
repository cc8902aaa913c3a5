package peer

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"

	manet "github.com/multiformats/go-multiaddr/net"
)

// watchNetwork looks whether this computer's addresses changed, or whether it slept, until ctx
// ends. Both mean that connections may be dead without a word, and that who couldn't be reached
// perhaps can. Looking is the same on every system, and costs some microseconds.
func (p *Peers) watchNetwork(ctx context.Context) {
	tick := time.NewTicker(watchPause)
	defer tick.Stop()
	was, then := interfaces(), time.Now()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		slept, is := sleptBetween(then, now), interfaces()
		moved := !slices.Equal(was, is)
		was, then = is, now
		if moved {
			p.log.Info("this computer's addresses changed")
			p.moveOn(is)
		} else if slept > 0 {
			p.log.Info("this computer slept", "for", slept.Round(time.Second))
		}
		if moved || slept > 0 {
			p.freshen()
		}
	}
}

// sleptBetween says how long this computer slept between two ticks. Asleep, the monotonic clock
// stands still on some systems and the wall clock goes on; on others both go on.
func sleptBetween(then, now time.Time) time.Duration {
	passed, wall := now.Sub(then), now.Round(0).Sub(then.Round(0))
	if slept := max(passed, wall) - watchPause; slept > sleepLeast {
		return slept
	}
	return 0
}

// interfaces are this computer's addresses, sorted.
func interfaces() []string {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil
	}
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	slices.Sort(all)
	return all
}

// moveOn forgets what held for the old network, and closes connections from addresses that this
// computer doesn't have any more.
func (p *Peers) moveOn(addrs []string) {
	p.mu.Lock()
	clear(p.answers)
	clear(p.places.avoid)
	clear(p.places.away)
	p.mu.Unlock()
	mine := map[netip.Addr]bool{}
	for _, a := range addrs {
		if prefix, err := netip.ParsePrefix(a); err == nil {
			mine[prefix.Addr()] = true
		}
	}
	for _, conn := range p.host.Network().Conns() {
		ip, err := manet.ToIP(conn.LocalMultiaddr())
		if err != nil || ip.IsUnspecified() {
			continue
		}
		if addr, ok := netip.AddrFromSlice(ip); ok && !mine[addr.Unmap()] {
			_ = conn.Close()
		}
	}
	p.signOwn()
	nudge(p.reachDue)
	nudge(p.placesDue)
}

// freshen tries everybody at once who isn't connected, and doubts all others.
func (p *Peers) freshen() {
	now := time.Now()
	p.mu.Lock()
	var all []*contact
	for _, c := range p.contacts {
		if !c.former {
			c.failures, c.doubted = 0, now
			all = append(all, c)
		}
	}
	p.mu.Unlock()
	for _, c := range all {
		if !p.isConnected(c) {
			p.hurry(c)
		}
	}
	nudge(p.directDue)
	nudge(p.doubtDue)
}

// settleDoubts finds out whether devices still answer whose connections may have died without a
// word: because this computer slept or moved, or because they came by another one. It closes the
// connections of who doesn't, and dials anew, until ctx ends.
func (p *Peers) settleDoubts(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.doubtDue:
		}
		asked := time.Now()
		var doubted []*session
		of := map[*session]*contact{}
		p.mu.Lock()
		for _, c := range p.contacts {
			for _, s := range c.sessions {
				if s.began.Before(c.doubted) {
					doubted, of[s] = append(doubted, s), c
				}
			}
			c.doubted = time.Time{}
		}
		p.mu.Unlock()
		if len(doubted) == 0 {
			continue
		}
		p.cfg.Ping()
		select {
		case <-ctx.Done():
			return
		case <-time.After(answerTime):
		}
		for _, s := range doubted {
			p.mu.Lock()
			silent := slices.Contains(of[s].sessions, s) && s.last.Heard.Before(asked)
			p.mu.Unlock()
			if silent {
				p.log.Info("no answer any more", "peer", of[s].key.String())
				_ = s.conn.Close()
				s.end()
				p.hurry(of[s])
			}
		}
	}
}
