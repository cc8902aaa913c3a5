package knock

import (
	"net"
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
	"kith/daemon/home"
)

func TestACodeNamesThisComputerWhereThereIsNoNetwork(t *testing.T) {
	for _, listen := range []string{"/ip4/0.0.0.0/tcp/4111", "/ip6/::/tcp/4111"} {
		a, err := ma.NewMultiaddr(listen)
		must(t, err)
		got, err := onlyHere(a)
		must(t, err)
		if want := map[string]string{"/ip4/0.0.0.0/tcp/4111": "/ip4/127.0.0.1/tcp/4111", "/ip6/::/tcp/4111": "/ip6/::1/tcp/4111"}[listen]; got[0].String() != want {
			t.Errorf("%s became %s", listen, got[0])
		}
	}
}

func TestACodeNamesTheAddressesOfThisComputerInThePlaceOfAll(t *testing.T) {
	own, err := net.InterfaceAddrs()
	must(t, err)
	outside := map[string]bool{} // addresses that another computer may reach
	for _, a := range own {
		if ip := a.(*net.IPNet).IP; ip.To4() != nil && !ip.IsLoopback() {
			outside[ip.String()] = true
		}
	}
	at, err := Answerers(home.Config{Listen: []string{"/ip4/0.0.0.0/tcp/4111"}}, entry.NewSigner().Device(), Found{})
	must(t, err)
	for _, answerer := range at {
		a, err := ma.NewMultiaddrBytes(answerer.Address)
		must(t, err)
		ip, err := a.ValueForProtocol(ma.P_IP4)
		must(t, err)
		if len(outside) > 0 && !outside[ip] || len(outside) == 0 && ip != "127.0.0.1" {
			t.Errorf("the code names %s, and this computer has %v", ip, outside)
		}
	}
	if len(at) == 0 {
		t.Error("the code names no address")
	}
}

func TestACodeNamesWhatIsAnnouncedInPlaceOfWhatIsListenedOn(t *testing.T) {
	c := home.Config{Listen: []string{"/ip4/127.0.0.1/tcp/4111"}, Announce: []string{"/ip4/198.51.100.7/tcp/80"}}
	at, err := Answerers(c, entry.NewSigner().Device(), Found{})
	must(t, err)
	if len(at) != 1 {
		t.Fatalf("%d addresses", len(at))
	}
	a, err := ma.NewMultiaddrBytes(at[0].Address)
	must(t, err)
	if a.String() != "/ip4/198.51.100.7/tcp/80" {
		t.Errorf("the code names %s", a)
	}
}

func TestACodeWithRoomForTwoAddressesNamesIPv6Besides(t *testing.T) {
	var addrs []ma.Multiaddr
	for _, s := range []string{"/ip4/192.168.1.7/tcp/1", "/ip4/172.17.0.1/tcp/1", "/ip6/fd00::1/tcp/1", "/ip6/2a01:4f8::1/tcp/1"} {
		a, err := ma.NewMultiaddr(s)
		must(t, err)
		addrs = append(addrs, a)
	}
	got := bothFamilies(addrs)
	if len(got) != 4 || !got[0].Equal(addrs[0]) || !got[1].Equal(addrs[3]) || !got[2].Equal(addrs[1]) {
		t.Errorf("%v", got)
	}
	if got := bothFamilies(addrs[:3]); len(got) != 3 || !got[1].Equal(addrs[1]) {
		t.Errorf("without one that is dialed from everywhere: %v", got)
	}
}

// Relays of one host are one to who is cut off from it.
func TestACodeNamesRelaysOfDifferentHostsAndOneAddressBesides(t *testing.T) {
	relay := func(ip string) string {
		return "/ip4/" + ip + "/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y"
	}
	c := home.Config{
		Listen: []string{"/ip4/192.0.2.7/tcp/4111", "/ip4/192.0.2.8/tcp/4111"},
		Relays: []string{relay("203.0.113.1"), relay("203.0.113.1"), "/dns4/relay.example.org/tcp/1/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y", relay("203.0.113.2"), relay("203.0.113.3")},
	}
	device := entry.NewSigner().Device()
	at, err := Answerers(c, device, Found{})
	must(t, err)
	got, err := Addresses(at)
	must(t, err)
	if len(got) != 3 || !strings.HasPrefix(got[0], "/ip4/192.0.2.7/tcp/4111/p2p/") || !strings.HasPrefix(got[1], relay("203.0.113.1")+"/p2p-circuit/p2p/") || !strings.HasPrefix(got[2], relay("203.0.113.2")+"/p2p-circuit/p2p/") {
		t.Errorf("%q", got)
	}
	if kept := Relays(at, func(entry.Device) bool { return false }); len(kept) != 2 || kept[0] != relay("203.0.113.1") {
		t.Errorf("who joins keeps %q", kept)
	}
	if kept := Relays(at, func(entry.Device) bool { return true }); len(kept) != 0 {
		t.Errorf("a member's device is kept as a relay: %q", kept)
	}
}
