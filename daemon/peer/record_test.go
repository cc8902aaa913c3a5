package peer

import (
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

func TestARecordSignedAfterTheClockWasSetBackIsStillTheNewer(t *testing.T) {
	signer := entry.NewSigner()
	key, err := hostKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := ma.NewMultiaddr("/ip4/192.168.1.7/tcp/4001")
	if err != nil {
		t.Fatal(err)
	}
	ahead := &addressRecord{device: signer.Device(), number: uint64(time.Now().Add(24 * time.Hour).UnixNano())}
	r, err := sealRecord(key, signer.Device(), []ma.Multiaddr{addr}, Formats{}, ahead)
	if err != nil {
		t.Fatal(err)
	}
	again, err := openRecord(r.sealed)
	if err != nil {
		t.Fatal(err)
	}
	if again.number <= ahead.number || again.device != signer.Device() || !sameAddresses(again.addrs, []ma.Multiaddr{addr}) {
		t.Errorf("%+v after %d", again, ahead.number)
	}
}

func TestABackoffDoublesUpToItsLimit(t *testing.T) {
	for n, want := range []time.Duration{1: time.Second, 2: 2 * time.Second, 4: 8 * time.Second, 7: time.Minute, 99: time.Minute} {
		if want == 0 {
			continue
		}
		if got := backoff(firstPause, mostPause, n); got < want*3/4 || got > want*5/4 {
			t.Errorf("after %d failures %v, want about %v", n, got, want)
		}
	}
}
