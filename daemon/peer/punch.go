package peer

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/protocol/holepunch"
	"github.com/libp2p/go-libp2p/p2p/protocol/identify"
	ma "github.com/multiformats/go-multiaddr"
	"go.uber.org/fx"
)

// Two devices behind routers that are connected through a relay look for a direct way: each dials
// the address at which others see it, at the same moment (libp2p's DCUtR). The library tries once,
// when the relayed connection is new; at that moment often one side isn't ready. So it is tried
// again here, with longer and longer pauses.

// watchObserved lets this package see at which addresses others see this device.
func (p *Peers) watchObserved() libp2p.Option {
	return libp2p.WithFxOption(fx.Invoke(func(o basichost.ObservedAddrsManager) { p.observed = o }))
}

// punching has this device take part in hole punching.
func (p *Peers) punching() (*holepunch.Service, error) {
	h, ok := p.host.(interface{ IDService() identify.IDService })
	if !ok {
		return nil, errors.New("the host doesn't say who identifies peers")
	}
	return holepunch.NewService(p.host, h.IDService(), p.seenAt)
}

// seenAt are the addresses that others may dial while this device dials them.
func (p *Peers) seenAt() []ma.Multiaddr {
	p.mu.Lock()
	all := p.confirmedLocked()
	p.mu.Unlock()
	all = append(all, p.observed.Addrs(1)...)
	all = ma.Unique(slices.DeleteFunc(all, func(a ma.Multiaddr) bool { return isRelayed(a) || p.isNear(a) }))
	return all[:min(len(all), MaxAddresses)]
}

// goDirect tries, for each device that it speaks to through a relay, whether there is a direct
// way: soon after they met, then with longer pauses, and whenever there may be a new one.
func (p *Peers) goDirect(ctx context.Context, punch *holepunch.Service) {
	for tries := 1; ; tries++ {
		p.mu.Lock()
		var relayed []*contact
		for _, c := range p.contacts {
			if c.status.Relayed() && c.status.Connected {
				relayed = append(relayed, c)
			}
		}
		p.mu.Unlock()
		if len(relayed) == 0 {
			tries = 0
		}
		for _, c := range relayed {
			if err := p.findDirect(ctx, c, punch); err != nil {
				p.log.Debug("still no direct way", "peer", c.key.String(), "why", reason(err))
			}
		}
		timer := time.NewTimer(backoff(directFirst, directMost, max(tries, 1)))
		if tries == 0 {
			timer.Stop()
		}
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-p.directDue:
			tries = 0
		case <-timer.C:
		}
		timer.Stop()
	}
}

// findDirect looks for a direct way to a device.
func (p *Peers) findDirect(ctx context.Context, c *contact, punch *holepunch.Service) error {
	p.addAddresses(c)
	dial := network.WithForceDirectDial(network.WithDialPeerTimeout(ctx, directTime), "there may be a direct way")
	_, err := p.host.Network().DialPeer(dial, c.id)
	if err == nil || !p.mayPunch(c.id) {
		return err
	}
	done := make(chan error, 1)
	go func() { done <- punch.DirectConnect(c.id) }()
	select {
	case err = <-done:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// mayPunch says whether it is for this side to begin: the one that was dialed through the relay
// does. DirectConnect waits for the service to be ready, without an end, so that is seen to before.
func (p *Peers) mayPunch(id peer.ID) bool {
	if !slices.Contains(p.host.Mux().Protocols(), holepunch.Protocol) {
		return false
	}
	return slices.ContainsFunc(p.host.Network().ConnsToPeer(id), func(conn network.Conn) bool {
		return isRelayed(conn.RemoteMultiaddr()) && conn.Stat().Direction == network.DirInbound
	})
}
