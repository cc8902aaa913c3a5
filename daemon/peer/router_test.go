package peer

import (
	"strings"
	"testing"

	ma "github.com/multiformats/go-multiaddr"
)

// aRouter says at which port it lets others through; 0: at none.
type aRouter struct {
	there bool
	port  string
}

func (r aRouter) HasDiscoveredNAT() bool { return r.there }
func (r aRouter) Close() error           { return nil }
func (r aRouter) GetMapping(a ma.Multiaddr) ma.Multiaddr {
	if r.port == "" {
		return nil
	}
	return ma.StringCast("/ip4/203.0.113.9/tcp/" + r.port)
}

func TestTheStatusSaysWhetherTheRouterLetsOthersThroughAndWhyNot(t *testing.T) {
	listens := Config{Listen: []string{"/ip4/0.0.0.0/tcp/4111", "/ip4/0.0.0.0/udp/4111/quic-v1"}}
	for _, test := range []struct {
		what      string
		cfg       Config
		router    *aRouter
		reachable Reachability
		want      string // "": nothing
	}{
		{"not asked, and nobody gets through", listens, nil, Unreachable, "kith daemon --port-map yes has it asked"},
		{"not asked, and others get through", listens, nil, Reachable, ""},
		{"not asked, and nobody has said", listens, nil, ReachUnknown, ""},
		{"nobody answers", listens, &aRouter{}, Unreachable, "No router here has answered"},
		{"it answers and opens nothing", listens, &aRouter{there: true}, Unreachable, "was asked to let others through, and hasn't done it"},
		{"it opens a port, and nobody has tried", listens, &aRouter{true, "5000"}, ReachUnknown, "lets others through at 203.0.113.9 port 5000."},
		{"it says that it opens a port, and nobody gets through", listens, &aRouter{true, "5000"}, Unreachable, "at 203.0.113.9 port 5000, and they don't get through"},
		{"it opens a port, and others get through", listens, &aRouter{true, "5000"}, Reachable, ""},
		{"a port is forwarded by hand", Config{Listen: listens.Listen, Announce: []string{"/ip4/203.0.113.7/tcp/80"}}, nil, Unreachable, ""},
		{"it only dials", Config{}, nil, Unreachable, ""},
	} {
		p := &Peers{cfg: test.cfg}
		if test.router != nil {
			p.router = *test.router
		}
		if says := p.saysRouterLocked(test.reachable); (says == "") != (test.want == "") || !strings.Contains(says, test.want) {
			t.Errorf("%s: %q", test.what, says)
		}
		mapped := test.router != nil && test.router.port != ""
		if at := p.Dialable(); (len(at) == 1) != mapped {
			t.Errorf("%s: a code would name %v", test.what, at)
		}
	}
}

func TestWhatARouterOpenedJustNowIsSaidWithTheOtherAddresses(t *testing.T) {
	at, opened := ma.StringCast("/ip4/192.168.1.7/tcp/4111"), ma.StringCast("/ip4/203.0.113.9/tcp/5000")
	p := &Peers{cfg: Config{Listen: []string{"/ip4/0.0.0.0/tcp/4111"}}, router: aRouter{true, "5000"}}
	for _, had := range [][]ma.Multiaddr{{at}, {at, opened}} { // the host knows of it after a while
		if all := p.withMapped(had); !sameAddresses(all, []ma.Multiaddr{at, opened}) {
			t.Errorf("of %v it says %v", had, all)
		}
	}
	p.cfg.Announce = []string{"/ip4/203.0.113.7/tcp/80"}
	if all := p.withMapped([]ma.Multiaddr{at}); len(all) != 1 {
		t.Errorf("beside what its person announces it says %v", all)
	}
}
