package porch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/client"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/proto"
	ma "github.com/multiformats/go-multiaddr"
	"golang.org/x/sync/errgroup"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	kithpeer "kith/daemon/peer"
	"kith/daemon/waittest"
)

func must[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// lab is a porch that is served on this computer.
type lab struct {
	t    *testing.T
	dir  string
	at   peer.AddrInfo
	stop func()
}

func newLab(t *testing.T) *lab {
	l := &lab{t: t, dir: filepath.Join(t.TempDir(), "porch")}
	l.serve()
	return l
}

func (l *lab) serve() {
	ctx, cancel := context.WithCancel(context.Background())
	ready, done := make(chan []string, 1), make(chan error, 1)
	go func() {
		done <- Serve(ctx, Config{Dir: l.dir, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Ready: func(at []string) { ready <- at }})
	}()
	l.stop = func() {
		cancel()
		if err := <-done; err != nil {
			l.t.Errorf("the porch ended: %v", err)
		}
		l.stop = func() {}
	}
	l.t.Cleanup(func() { l.stop() })
	select {
	case at := <-ready:
		l.at = *must[*peer.AddrInfo](l.t)(peer.AddrInfoFromString(at[0]))
	case err := <-done:
		l.t.Fatal(err)
	}
}

func (l *lab) code(label string) (api.PorchCode, charter.PorchCode) {
	l.t.Helper()
	made := must[api.PorchCode](l.t)(Code(l.dir, label, time.Now()))
	return made, must[charter.PorchCode](l.t)(charter.DecodePorchCode(made.Code))
}

// caller is a host that is connected to the porch.
func (l *lab) caller() host.Host {
	l.t.Helper()
	h := must[host.Host](l.t)(libp2p.New(libp2p.NoListenAddrs, libp2p.EnableRelay(), libp2p.DisableMetrics()))
	l.t.Cleanup(func() { h.Close() })
	if err := h.Connect(l.within(), l.at); err != nil {
		l.t.Fatal(err)
	}
	return h
}

func (l *lab) within() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), waittest.Limit)
	l.t.Cleanup(cancel)
	return ctx
}

// shows has a host show a token; place says whether it has one then.
func (l *lab) shows(h host.Host, token []byte) (err error, place bool) {
	err = kithpeer.Present(l.within(), h, l.at.ID, token)
	_, refused := client.Reserve(l.within(), h, l.at)
	return err, refused == nil
}

// reaches says whether a stranger gets through to somebody.
func (l *lab) reaches(h host.Host) bool {
	stranger := l.caller()
	circuit := must[ma.Multiaddr](l.t)(ma.NewMultiaddr("/p2p/" + l.at.ID.String() + "/p2p-circuit"))
	err := stranger.Connect(network.WithAllowLimitedConn(l.within(), "a test"), peer.AddrInfo{ID: h.ID(), Addrs: []ma.Multiaddr{circuit}})
	return err == nil
}

func (l *lab) until(what string, so func() bool) {
	l.t.Helper()
	for end := time.Now().Add(waittest.Limit); !so(); {
		if time.Now().After(end) {
			l.t.Fatalf("in vain until %s", what)
		}
		select {
		case <-time.After(50 * time.Millisecond): // what a porch does by itself it tells nobody
		case <-l.t.Context().Done():
		}
	}
}

func TestWhoHasACodeKeepsAPlaceAndAnybodyComesToThem(t *testing.T) {
	l := newLab(t)
	_, code := l.code("Riso")
	ana := l.caller()
	var refused *kithpeer.PorchError
	for what, token := range map[string][]byte{"no code": make([]byte, 16), "half a token": code.Token[:8], "nothing": nil} {
		if err, place := l.shows(ana, token); !errors.As(err, &refused) || place {
			t.Errorf("with %s: %v, a place: %v", what, err, place)
		}
	}
	if l.reaches(ana) {
		t.Error("somebody without a place is reached")
	}
	if err, place := l.shows(ana, code.Token[:]); err != nil || !place {
		t.Fatalf("with the code: %v, a place: %v", err, place)
	}
	if !l.reaches(ana) {
		t.Error("nobody gets through to who has a place")
	}
	// The key and the codes are there after a restart, and the code is written down nowhere.
	l.stop()
	before := l.at.ID
	l.serve()
	if l.at.ID != before {
		t.Error("after a restart it is another porch")
	}
	if err, place := l.shows(l.caller(), code.Token[:]); err != nil || !place {
		t.Errorf("after a restart: %v, a place: %v", err, place)
	}
}

func TestAPorchThatIsBegunTwiceAtOneTimeHasOneKey(t *testing.T) {
	dir := t.TempDir()
	found := make(chan entry.Device, 16)
	var all errgroup.Group
	for range cap(found) {
		all.Go(func() error {
			f, err := open(dir)
			if err == nil {
				found <- f.key.Device()
			}
			return err
		})
	}
	if err := all.Wait(); err != nil {
		t.Fatal(err)
	}
	first := <-found
	for range cap(found) - 1 {
		if one := <-found; one != first {
			t.Fatal("it has two")
		}
	}
}

func TestTheListSaysWhatACodeHasAndWhatItMayHave(t *testing.T) {
	l := newLab(t)
	made, code := l.code("Riso")
	ana := l.caller()
	if err, place := l.shows(ana, code.Token[:]); err != nil || !place || !l.reaches(ana) {
		t.Fatalf("%v, a place: %v", err, place)
	}
	var listed api.PorchCode
	l.until("what was counted is written down", func() bool {
		listed = must[[]api.PorchCode](t)(List(l.dir, time.Now()))[0]
		return listed.Circuits == 1
	})
	want := api.PorchLimits{Places: PlacesOfCode, BytesMonth: BytesOfCode, CodeCircuits: CircuitsOfCode, Circuits: CircuitsOfOne, CircuitBytes: CircuitBytes, CircuitSeconds: 7200}
	if listed.ID != made.ID || listed.Places != 1 || listed.Bytes == 0 || listed.Limits != want || listed.Code != "" {
		t.Errorf("%+v", listed)
	}
}

// A service of the system serves the porch as a user of its own, and root makes the codes.
func TestWhatRootPutsIntoSomebodysPorchIsTheirs(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("only root puts files into other people's folders")
	}
	dir := t.TempDir()
	if err := os.Chown(dir, 65534, -1); err != nil {
		t.Fatal(err)
	}
	must[api.PorchCode](t)(Code(dir, "Riso", time.Now()))
	for _, name := range []string{"porch.key", "settings.json", "codes.json"} {
		if info := must[os.FileInfo](t)(os.Stat(filepath.Join(dir, name))); info.Sys().(*syscall.Stat_t).Uid != 65534 || info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %v, and %v's", name, info.Mode(), info.Sys().(*syscall.Stat_t).Uid)
		}
	}
}

func TestARevokedCodeLosesItsPlacesAndNoOtherDoes(t *testing.T) {
	l := newLab(t)
	made, code := l.code("Riso")
	_, other := l.code("Quilted")
	ana, dora := l.caller(), l.caller()
	for h, token := range map[host.Host][16]byte{ana: code.Token, dora: other.Token} {
		if err, place := l.shows(h, token[:]); err != nil || !place {
			t.Fatalf("%v, a place: %v", err, place)
		}
	}
	if _, err := Revoke(l.dir, "nobody's", time.Now()); err == nil || !strings.Contains(err.Error(), "nobody's") {
		t.Errorf("what is no code is revoked: %v", err)
	}
	if gone := must[api.PorchCode](t)(Revoke(l.dir, "riso", time.Now())); gone.ID != made.ID {
		t.Errorf("revoked is %+v", gone)
	}
	l.until("who came by it is let go", func() bool { return len(ana.Network().Conns()) == 0 })
	if err, place := l.shows(l.caller(), code.Token[:]); err == nil || place {
		t.Errorf("with a revoked code: %v, a place: %v", err, place)
	}
	if len(dora.Network().Conns()) == 0 || !l.reaches(dora) {
		t.Error("somebody else has lost their place")
	}
}

func TestACodeHasSoManyPlacesAndSoManyBytesAMonth(t *testing.T) {
	now := time.Date(2026, 11, 30, 23, 0, 0, 0, time.UTC)
	p := &Porch{now: func() time.Time { return now }, led: nobody, proven: map[peer.ID]string{},
		calls: newCalls(), codes: map[string]code{hashOf([]byte("token")): {ID: "pc-1"}, hashOf([]byte("other")): {ID: "pc-2"}}}
	for i := range PlacesOfCode {
		if why := p.show(peer.ID(rune(i)), []byte("token")); why != "" {
			t.Fatalf("place %d: %s", i, why)
		}
	}
	if why := p.show("one more", []byte("token")); why != kithpeer.PorchFull {
		t.Errorf("one more: %q", why)
	}
	if why := p.show("another", []byte("other")); why != "" {
		t.Errorf("by another code: %q", why)
	}
	p.left(peer.ID(rune(0)))
	if why := p.show("one more", []byte("token")); why != "" {
		t.Errorf("when one has gone: %q", why)
	}
	p.counts = counts{Month: "2026-11", Bytes: map[string]int64{"pc-1": BytesOfCode - 10}}
	m := meter{p}
	m.LogRecvMessageStream(9, proto.ProtoIDv2Stop, "one more")
	m.LogRecvMessageStream(1<<40, proto.ProtoIDv2Hop, "one more") // the same bytes on the other side
	m.LogRecvMessageStream(1<<40, proto.ProtoIDv2Stop, "a stranger")
	if !p.AllowReserve("one more", nil) {
		t.Error("the code is spent too early")
	}
	p.counts.Bytes["pc-1"]++
	at := must[ma.Multiaddr](t)(ma.NewMultiaddr("/ip4/192.0.2.1/tcp/1"))
	if p.AllowReserve("one more", nil) || p.AllowConnect("x", at, "one more") || p.show("one more", []byte("token")) != kithpeer.PorchSpent {
		t.Error("a code that is spent goes on")
	}
	if !p.AllowConnect("x", at, "another") {
		t.Error("another code is spent, too")
	}
	now = now.Add(2 * time.Hour)
	if !p.AllowReserve("one more", nil) {
		t.Error("in a new month the code is still spent")
	}
}

func TestWhoCallsWithoutEndIsNotPassedOn(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	p := &Porch{now: func() time.Time { return now }, led: nobody, proven: map[peer.ID]string{"ana": "pc-1"}, calls: newCalls()}
	from := func(a string) ma.Multiaddr { return must[ma.Multiaddr](t)(ma.NewMultiaddr(a)) }
	passed := 0
	for range 10 * callsAtOnce {
		if p.AllowConnect("mallory", from("/ip6/2001:db8::"+"1/tcp/1"), "ana") {
			passed++
		}
	}
	if passed != callsAtOnce || p.AllowConnect("mallory", from("/ip6/2001:db8::2/tcp/1"), "ana") {
		t.Errorf("%d calls of one household are passed on", passed)
	}
	if !p.AllowConnect("ben", from("/ip4/192.0.2.1/tcp/1"), "ana") || p.AllowConnect("ben", from("/ip4/192.0.2.1/tcp/1"), "nobody") {
		t.Error("others are kept from who has a place, or led to who has none")
	}
	p.circuits = MaxCircuits
	if p.AllowConnect("ben", from("/ip4/192.0.2.1/tcp/1"), "ana") {
		t.Error("there is no end of circuits")
	}
}

// nobody is who is led to somebody where there are no circuits.
func nobody(peer.ID) int { return 0 }

// Who has a live code keeps as many places with it as there may be, and connects to themselves.
func TestOneCodeDoesNotTakeAllConnectionsOfAPorch(t *testing.T) {
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	led := map[peer.ID]int{}
	p := &Porch{now: func() time.Time { return now }, led: func(who peer.ID) int { return led[who] }, proven: map[peer.ID]string{"ana": "pc-1"}, calls: newCalls()}
	for i := range PlacesOfCode {
		p.proven[peer.ID(rune(i))] = "pc-2"
	}
	for i := range MaxCircuits {
		now = now.Add(callEach)
		to := peer.ID(rune(i % PlacesOfCode))
		if p.AllowConnect("mallory", must[ma.Multiaddr](t)(ma.NewMultiaddr("/ip4/192.0.2.1/tcp/1")), to) {
			led[to]++
			p.circuits++
		}
	}
	if p.circuits != CircuitsOfCode {
		t.Errorf("with one code there are %d connections", p.circuits)
	}
	if !p.AllowConnect("ben", must[ma.Multiaddr](t)(ma.NewMultiaddr("/ip4/192.0.2.2/tcp/1")), "ana") {
		t.Error("nobody gets through to who has another code")
	}
}
