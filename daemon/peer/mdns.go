package peer

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"net"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/libp2p/zeroconf/v2"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/entry"
)

// On the LAN a device announces itself under a name that changes every day and that only those
// who know the space can compute; so are the marks that say which device it is. Somebody else
// who listens sees addresses, and names that mean nothing.

const (
	mdnsDomain  = "local"
	addressText = "a=" // followed by a multiaddr
	deviceText  = "d=" // followed by the device's mark of the day
)

// dailyMark is a keyed hash: the first 75 bits, as 15 letters, the most that a service's name
// may have (RFC 6335, section 5.1).
func dailyMark(space entry.SpaceID, what string, day time.Time, more []byte) string {
	h := hmac.New(sha256.New, space[:])
	h.Write([]byte("kith/mdns/1\x00" + what + "\x00" + day.UTC().Format(time.DateOnly) + "\x00"))
	h.Write(more)
	return entry.Text.EncodeToString(h.Sum(nil))[:15]
}

func service(space entry.SpaceID, day time.Time) string {
	return "_" + dailyMark(space, "service", day, nil) + "._udp"
}

func deviceMark(space entry.SpaceID, day time.Time, d entry.Device) string {
	return dailyMark(space, "device", day, d[:])
}

// days are today and its neighbours, for those whose clock is off.
func days(now time.Time) [3]time.Time {
	return [3]time.Time{now, now.Add(-24 * time.Hour), now.Add(24 * time.Hour)}
}

// lookAround announces this device on the LAN and looks for the others until ctx ends. That it
// doesn't work here, as in a container without multicast, is only worth a line in the log.
func (p *Peers) lookAround(ctx context.Context) {
	for ctx.Err() == nil {
		now := time.Now().UTC()
		midnight := now.Truncate(24 * time.Hour).Add(24 * time.Hour)
		// Also once an hour, and once there are other addresses, of which libp2p hears within a
		// minute: those that were announced, and the networks that were joined, may be gone.
		until := min(midnight.Sub(now)+time.Second, time.Hour)
		round, stop := context.WithTimeout(ctx, until)
		var watch sync.WaitGroup
		watch.Go(func() {
			defer stop()
			p.untilElsewhere(round, now)
		})
		if err := p.lookRound(round, now); err != nil && ctx.Err() == nil {
			p.log.Info("no discovery on this network", "err", err)
		}
		watch.Wait()
	}
}

// untilElsewhere waits until this device has something else to announce, or ctx ends.
func (p *Peers) untilElsewhere(ctx context.Context, day time.Time) {
	text, _, _ := p.announcement(day)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.lookDue:
		}
		if is, _, _ := p.announcement(day); !slices.Equal(is, text) {
			return
		}
	}
}

func (p *Peers) lookRound(ctx context.Context, now time.Time) error {
	var all sync.WaitGroup
	defer all.Wait()
	for _, day := range days(now) {
		found, over := make(chan *zeroconf.ServiceEntry, 16), make(chan struct{})
		all.Go(func() {
			for {
				select {
				case e := <-found:
					if e == nil { // Browse has closed it
						return
					}
					p.foundNearby(day, e.Text)
				case <-over: // it closes nothing where it doesn't begin, as without a network
					return
				}
			}
		})
		all.Go(func() {
			defer close(over)
			if err := zeroconf.Browse(ctx, service(p.cfg.Space, day), mdnsDomain, found); err != nil && ctx.Err() == nil {
				p.log.Info("no discovery on this network", "err", err)
			}
		})
	}
	text, ips, port := p.announcement(now)
	if len(ips) == 0 {
		return errors.New("no address to announce")
	}
	name := strings.ToLower(rand.Text())
	server, err := zeroconf.RegisterProxy(name, service(p.cfg.Space, now), mdnsDomain, port, name, ips, text, nil)
	if err != nil {
		return err
	}
	<-ctx.Done()
	server.Shutdown()
	return nil
}

// announcement is what a record says: addresses without an identity, and the mark of the day.
func (p *Peers) announcement(now time.Time) (text, ips []string, number int) {
	text = []string{deviceText + deviceMark(p.cfg.Space, now, p.self)}
	seen := map[string]bool{}
	for _, a := range p.worthTelling(p.host.Addrs()) {
		_, ip, n, err := port(a)
		if err != nil || net.ParseIP(ip) == nil {
			continue
		}
		text = append(text, addressText+a.String())
		if !seen[ip] {
			seen[ip], number = true, n
			ips = append(ips, ip)
		}
	}
	return text, ips, number
}

// foundNearby reads somebody's announcement.
func (p *Peers) foundNearby(day time.Time, text []string) {
	var mark string
	var addrs []ma.Multiaddr
	for _, t := range text {
		if m, ok := strings.CutPrefix(t, deviceText); ok {
			mark = m
		}
		if s, ok := strings.CutPrefix(t, addressText); ok && len(addrs) < MaxAddresses {
			// Who is on this network is at an address of it; others a stranger makes up.
			if a, err := ma.NewMultiaddr(s); err == nil && plain(a) && !isRelayed(a) && (p.isNear(a) || manet.IsPrivateAddr(a)) {
				addrs = append(addrs, a)
			}
		}
	}
	p.mu.Lock()
	var who []entry.Device
	for d := range p.contacts {
		if deviceMark(p.cfg.Space, day, d) == mark {
			who = append(who, d)
		}
	}
	p.mu.Unlock()
	for _, d := range who {
		p.learn(p.found, maxFound, d, addrs)
	}
}
