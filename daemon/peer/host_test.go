package peer_test

import (
	"errors"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/peer"
)

func TestAPickedPortIsFreeTheSameForBothAndStays(t *testing.T) {
	addrs, err := peer.PickPorts([]string{"/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/udp/0/quic-v1", "/ip6/::1/tcp/4001"})
	if err != nil {
		t.Fatal(err)
	}
	tcp := strings.TrimPrefix(addrs[0], "/ip4/127.0.0.1/tcp/")
	if tcp == "0" || addrs[1] != "/ip4/127.0.0.1/udp/"+tcp+"/quic-v1" || addrs[2] != "/ip6/::1/tcp/4001" {
		t.Errorf("%q", addrs)
	}
	if n := must(strconv.Atoi(tcp)); n < 20_000 || n > 32_767 {
		t.Errorf("%d may be taken by a connection that goes out when the daemon starts", n)
	}
	if again := must(peer.PickPorts(addrs)); strings.Join(again, " ") != strings.Join(addrs, " ") {
		t.Errorf("picked again: %q", again)
	}
}

func TestAPickedPortIsTheSameForIPv6WhereItIsFree(t *testing.T) {
	if !peer.HasIPv6() {
		t.Skip("no IPv6 here")
	}
	addrs := must(peer.PickPorts([]string{"/ip4/127.0.0.1/tcp/0", "/ip6/::1/tcp/0", "/ip6/::1/udp/0/quic-v1"}))
	tcp := strings.TrimPrefix(addrs[0], "/ip4/127.0.0.1/tcp/")
	if addrs[1] != "/ip6/::1/tcp/"+tcp || addrs[2] != "/ip6/::1/udp/"+tcp+"/quic-v1" {
		t.Errorf("%q", addrs)
	}
}

func TestAnAddressThatCannotBeListenedOnIsNamed(t *testing.T) {
	taken := must(net.Listen("tcp", "127.0.0.1:0"))
	defer taken.Close()
	_, port, _ := net.SplitHostPort(taken.Addr().String())
	c := newCoop(t)
	for _, addr := range []string{
		"nonsense", "/ip4/127.0.0.1", "/dns4/example.org/tcp/1", "/ip4/127.0.0.1/udp/4001",
	} {
		_, err := peer.New(peer.Config{Key: entry.NewSigner(), Space: c.space, Listen: []string{addr}, Charter: c, Book: &book{}})
		if p, ok := problem.Of(err); !ok || p.Code != problem.Invalid || !strings.Contains(p.Message, addr) || !strings.HasPrefix(p.Hint, "--listen /ip4/") {
			t.Errorf("%s: %v", addr, err)
		}
	}

	// Where somebody else listens, or no network is, it only says so.
	for addr, why := range map[string]error{"/ip4/127.0.0.1/tcp/" + port: syscall.EADDRINUSE, "/ip4/192.0.2.77/tcp/4001": syscall.EADDRNOTAVAIL} {
		p := must(peer.New(peer.Config{Key: entry.NewSigner(), Space: c.space, Listen: []string{addr}, Charter: c, Book: &book{}}))
		if not := p.Unheard(); len(not) != 1 || not[0].Address != addr || !errors.Is(not[0], why) {
			t.Errorf("%s: %v", addr, not)
		}
		_ = p.Close()
	}

	// A second device of this person's would share the port.
	first := must(peer.New(peer.Config{Key: entry.NewSigner(), Space: c.space, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Charter: c, Book: &book{}}))
	defer first.Close()
	at := first.Addresses()[0]
	at = at[:strings.Index(at, "/p2p/")]
	second := must(peer.New(peer.Config{Key: entry.NewSigner(), Space: c.space, Listen: []string{at}, Charter: c, Book: &book{}}))
	defer second.Close()
	if not := second.Unheard(); len(not) != 1 || !errors.Is(not[0], syscall.EADDRINUSE) {
		t.Errorf("a port that another device has: %v", not)
	}
}
