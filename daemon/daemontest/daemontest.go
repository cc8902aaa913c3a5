// Package daemontest has what the tests of several rooms need: homes and spaces on this disk, which are in touch with
// nobody. Daemons that are run are in the tests of package daemon.
package daemontest

import (
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kith/crdt/share"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/peer/peertest"
	"kith/daemon/replica"
	"kith/daemon/space"
)

// Passphrase is one that homes of tests are protected with.
const Passphrase = "correct horse battery"

// Typed answers whoever asks for a passphrase.
func Typed(s string) func() (string, error) { return func() (string, error) { return s, nil } }

// Fair are terms of a pact without an end date.
var Fair = share.Terms{Purpose: "a fair", Voices: share.EachCoop}

// Dir is a folder for a home that isn't there yet. It goes with the test.
func Dir(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kith") // short: the path of a socket has 103 bytes at most
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "home")
}

// Founded is where the home of somebody lies who has founded a co-op that has no other members yet.
func Founded(t testing.TB, coop, founder string) (dir string) {
	t.Helper()
	dir = Dir(t)
	_, err := entrance.Init(t.Context(), entrance.InitOptions{Home: dir, Coop: coop, As: founder, Founders: 1, Listen: peertest.TCP()})
	must(t, err)
	return dir
}

// Replica opens that of a home which isn't served, protected with Passphrase or not at all.
func Replica(t testing.TB, dir string) *replica.Replica {
	t.Helper()
	opened, err := home.Open(dir)
	must(t, err)
	opened.Passphrase = Typed(Passphrase)
	key, err := opened.DeviceKey()
	must(t, err)
	storeKey, err := opened.StoreKey()
	must(t, err)
	must(t, opened.Close())
	r, err := replica.Open(replica.Config{Dir: opened.StoreDir(), Key: key, StoreKey: storeKey})
	must(t, err)
	return r
}

// Alone is the replica of a co-op of one member; it is closed with the test.
func Alone(t testing.TB, coop, founder string) *replica.Replica {
	t.Helper()
	r := Replica(t, Founded(t, coop, founder))
	t.Cleanup(func() { must(t, r.Close()) })
	return r
}

// Serving is a list that has nothing but a share, which isn't in touch with anybody.
func Serving(t testing.TB, r *replica.Replica) *space.List {
	t.Helper()
	own := home.At(t.TempDir())
	return space.NewList(own, space.Config{Log: slog.New(slog.DiscardHandler), Now: time.Now},
		&space.Space{Place: home.At(filepath.Join(own.Where(), "spaces", "1")), Replica: r, Now: time.Now})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
