package daemon

import (
	"testing"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
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

func TestACodeNamesWhatIsAnnouncedInPlaceOfWhatIsListenedOn(t *testing.T) {
	c := Config{Listen: []string{"/ip4/127.0.0.1/tcp/4111"}, Announce: []string{"/ip4/198.51.100.7/tcp/80"}}
	at, err := c.answerers(entry.NewSigner().Device())
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
