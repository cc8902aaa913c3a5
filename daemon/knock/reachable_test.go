package knock

import (
	"net"
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
