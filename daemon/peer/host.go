package peer

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/connmgr"
	"github.com/libp2p/go-libp2p/core/host"
	basicconnmgr "github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/security/noise"
	tls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// newHost opens a libp2p host that does what Kith needs and nothing else. It doesn't listen yet.
// Others are told the addresses that announce makes of those listened on; nil: these. More is what
// only some hosts need.
func newHost(key entry.Signer, gater connmgr.ConnectionGater, announce func([]ma.Multiaddr) []ma.Multiaddr, more ...libp2p.Option) (host.Host, error) {
	private, err := hostKey(key)
	if err != nil {
		return nil, err
	}
	resources, err := resourceManager()
	if err != nil {
		return nil, err
	}
	if g, ok := gater.(*gate); ok {
		resources = rationed{resources, g}
	}
	connections, err := basicconnmgr.NewConnManager(MaxDevices, MaxDevices+256)
	if err != nil {
		return nil, errors.Join(err, resources.Close())
	}
	options := []libp2p.Option{
		libp2p.Identity(private),
		libp2p.NoListenAddrs,
		libp2p.ConnectionGater(gater),
		libp2p.ResourceManager(resources),
		libp2p.ConnectionManager(connections),
		libp2p.UserAgent("kith"),
		libp2p.MultiaddrResolver(ownNames(nil)),
		libp2p.Ping(false),
		libp2p.DisableMetrics(),
		// A co-op has few peers and some are asleep: that UDP or IPv6 never works can't be told
		// from their silence.
		libp2p.UDPBlackHoleSuccessCounter(nil),
		libp2p.IPv6BlackHoleSuccessCounter(nil),
	}
	options = append(options, transports()...)
	if announce != nil {
		options = append(options, libp2p.AddrsFactory(announce))
	}
	if len(more) == 0 {
		more = []libp2p.Option{libp2p.DisableRelay()}
	}
	h, err := libp2p.New(append(options, more...)...)
	if err != nil {
		return nil, errors.Join(err, connections.Close(), resources.Close())
	}
	return h, nil
}

// transports are those over which devices meet, and how they prove who they are.
func transports() []libp2p.Option {
	return []libp2p.Option{
		libp2p.Transport(tcp.NewTCPTransport), libp2p.Transport(quic.NewTransport),
		libp2p.Security(noise.ID, noise.New), libp2p.Security(tls.ID, tls.New),
	}
}

// listen listens on addresses as far as that can be done now, and returns those on which it can't: a network may come back, and who
// holds a port may go.
func listen(h host.Host, addrs []ma.Multiaddr) (failed []*ListenError) {
	taken := make([]error, len(addrs)) // before any of them is ours
	for i, a := range addrs {
		taken[i] = takenBy(a)
	}
	for i, a := range addrs {
		err := taken[i]
		if err == nil {
			err = h.Network().Listen(a)
		}
		if err != nil {
			failed = append(failed, &ListenError{a.String(), listenReason(err)})
		}
	}
	return failed
}

// takenBy says whether somebody listens on a TCP port. libp2p would share it with another program of this person that does so, too,
// such as a second Kith with the same port, and each would get half of the other's calls.
func takenBy(a ma.Multiaddr) error {
	network, at, err := manet.DialArgs(a)
	if err != nil || !strings.HasPrefix(network, "tcp") {
		return nil // the host itself finds out
	}
	l, err := net.Listen(network, at)
	if err != nil {
		return err
	}
	return l.Close()
}

// listenPause is how long is waited before it is tried again to listen where that couldn't be done.
const listenPause = 15 * time.Second

// Unheard are the addresses on which this device is to listen and can't, and why. It is tried again now and then.
func (p *Peers) Unheard() []*ListenError {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.unheard)
}

// listenAgain tries again to listen where that couldn't be done.
func (p *Peers) listenAgain(ctx context.Context) {
	for len(p.Unheard()) > 0 {
		select {
		case <-ctx.Done():
			return
		case <-time.After(listenPause):
		}
		var addrs []ma.Multiaddr
		for _, e := range p.Unheard() {
			if a, err := ma.NewMultiaddr(e.Address); err == nil {
				addrs = append(addrs, a)
			}
		}
		failed := listen(p.host, addrs)
		p.mu.Lock()
		p.unheard = failed
		p.mu.Unlock()
	}
}

// listenReason takes the system's word out of the library's.
func listenReason(err error) error {
	var system *os.SyscallError
	if errors.As(err, &system) {
		return system.Err
	}
	for _, number := range []syscall.Errno{syscall.EADDRINUSE, syscall.EADDRNOTAVAIL, syscall.EACCES, syscall.EAFNOSUPPORT} { // the library keeps but the words
		if strings.Contains(err.Error(), number.Error()) {
			return number
		}
	}
	return err
}

// CheckListen says which of the addresses to listen on, and to announce in their place, is none.
func CheckListen(listen, announce []string) error {
	if _, err := parseListen(listen); err != nil {
		return err
	}
	_, err := parseAddresses("--announce", announce)
	return err
}

// parseListen reads the addresses to listen on and says which one is wrong.
func parseListen(addrs []string) ([]ma.Multiaddr, error) { return parseAddresses("--listen", addrs) }

func parseAddresses(flag string, addrs []string) ([]ma.Multiaddr, error) {
	var all []ma.Multiaddr
	for _, s := range addrs {
		a, err := ma.NewMultiaddr(s)
		if err == nil {
			_, _, _, err = port(a)
		}
		if err != nil {
			return nil, problem.New(problem.Invalid, flag+" "+asMultiaddr(s), "“%.80s” is no address to listen on", s)
		}
		all = append(all, a)
	}
	return all, nil
}

// asMultiaddr is how an address to listen on is written: of what is written as 127.0.0.1:4111 or :4111 the same, and else an example.
func asMultiaddr(s string) string {
	host, number, err := net.SplitHostPort(s)
	if err != nil {
		host, number = "", s
	}
	if n, err := strconv.ParseUint(number, 10, 16); err != nil || n == 0 && host == "" {
		number = "4111"
	}
	switch ip := net.ParseIP(host); {
	case host == "localhost":
		return "/ip4/127.0.0.1/tcp/" + number
	case ip == nil:
		return "/ip4/0.0.0.0/tcp/" + number
	case ip.To4() == nil:
		return "/ip6/" + ip.String() + "/tcp/" + number
	default:
		return "/ip4/" + ip.String() + "/tcp/" + number
	}
}

// port takes apart /ip4/…/tcp/PORT and /ip4/…/udp/PORT/quic-v1, the addresses that can be
// listened on.
func port(a ma.Multiaddr) (network, ip string, number int, err error) {
	var names, values []string
	ma.ForEach(a, func(c ma.Component) bool {
		names, values = append(names, c.Protocol().Name), append(values, c.Value())
		return true
	})
	tcp := len(names) == 2 && names[1] == "tcp"
	quic := len(names) == 3 && names[1] == "udp" && names[2] == "quic-v1"
	if !tcp && !quic || names[0] != "ip4" && names[0] != "ip6" {
		return "", "", 0, errors.New("it must look like /ip4/0.0.0.0/tcp/4001 or /ip4/0.0.0.0/udp/4001/quic-v1")
	}
	number, err = strconv.Atoi(values[1])
	return names[1], values[0], number, err
}

// PickPorts replaces each port 0 by a port that is free now, the same for TCP and QUIC on one
// IP address, and on several where it is free there, too, so that what it returns can be written down and listened on from now on.
func PickPorts(addrs []string) ([]string, error) {
	parsed, err := parseListen(addrs)
	if err != nil {
		return nil, err
	}
	picked := map[string]int{}
	out := make([]string, len(parsed))
	for i, a := range parsed {
		_, ip, number, err := port(a)
		if err != nil {
			return nil, &ListenError{addrs[i], err}
		}
		if number != 0 {
			out[i] = a.String()
			continue
		}
		if picked[ip] == 0 {
			for _, other := range picked { // one port for a router to forward, and a firewall to let in
				if isFree(ip, other) == nil {
					picked[ip] = other
				}
			}
		}
		if picked[ip] == 0 {
			if picked[ip], err = freePort(ip); err != nil {
				return nil, &ListenError{addrs[i], err}
			}
		}
		family := "ip4"
		if net.ParseIP(ip).To4() == nil {
			family = "ip6"
		}
		out[i] = fmt.Sprintf("/%s/%s/tcp/%d", family, ip, picked[ip])
		if network, _, _, _ := port(a); network == "udp" {
			out[i] = fmt.Sprintf("/%s/%s/udp/%d/quic-v1", family, ip, picked[ip])
		}
	}
	return out, nil
}

// Ports are picked from these, which systems don't give to connections that go out (Linux begins at 32768,
// others at 49152): a port that is picked today has to be free whenever the daemon starts.
const firstPort, lastPort = 20_000, 32_767

// freePort finds a port that is free for TCP and UDP.
func freePort(ip string) (int, error) {
	var last error
	for range 64 {
		number := firstPort + rand.N(lastPort-firstPort+1)
		if last = isFree(ip, number); last == nil {
			return number, nil
		}
	}
	return 0, last
}

// isFree says why a port isn't free for TCP and UDP at an IP address; nil if it is.
func isFree(ip string, number int) error {
	return cmp.Or(isFreeFor("tcp", ip, number), isFreeFor("udp", ip, number))
}

func isFreeFor(network, ip string, number int) error {
	family := "4" // [::] alone would mean IPv4 as well
	if net.ParseIP(ip).To4() == nil {
		family = "6"
	}
	at := net.JoinHostPort(ip, strconv.Itoa(number))
	var l io.Closer
	var err error
	if network == "udp" {
		l, err = net.ListenPacket(network+family, at)
	} else {
		l, err = net.Listen(network+family, at)
	}
	if err != nil {
		return err
	}
	return l.Close()
}

// Taken says whether somebody else listens by now at a port that was picked for one of these addresses.
func Taken(addrs []string) bool {
	parsed, err := parseListen(addrs)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(parsed, func(a ma.Multiaddr) bool {
		network, ip, number, err := port(a)
		return err == nil && number != 0 && errors.Is(isFreeFor(network, ip, number), syscall.EADDRINUSE)
	})
}

// HasIPv6 says whether this computer speaks IPv6 at all.
func HasIPv6() bool {
	l, err := net.Listen("tcp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = l.Close()
	return true
}
