package peer

import (
	"slices"
	"strings"
	"testing"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt/entry"
)

// A record is libp2p's, with what the device can read behind it: who knows only libp2p's reads that, and one of a device that says
// nothing of formats is read as well.
func TestARecordSaysWhatADeviceCanReadAndIsLibp2ps(t *testing.T) {
	signer := entry.NewSigner()
	key, err := hostKey(signer)
	if err != nil {
		t.Fatal(err)
	}
	addrs := []ma.Multiaddr{ma.StringCast("/ip4/192.168.1.7/tcp/4001")}
	for _, formats := range []Formats{{}, {Rules: 1}, {Rules: 7, Kinds: []string{"note", "poem"}}} {
		r, err := sealRecord(key, signer.Device(), addrs, formats, nil)
		if err != nil {
			t.Fatal(err)
		}
		got, err := openRecord(r.sealed)
		if err != nil || !got.formats.Equal(formats) || !sameAddresses(got.addrs, addrs) {
			t.Errorf("%+v: %+v, %v", formats, got, err)
		}
		var theirs peer.PeerRecord
		if _, err := record.ConsumeTypedEnvelope(r.sealed, &theirs); err != nil || theirs.Seq != r.number || !sameAddresses(theirs.Addrs, addrs) {
			t.Errorf("libp2p reads %+v, %v", theirs, err)
		}
	}
	for what, bad := range map[string]Formats{
		"a long name": {1, []string{strings.Repeat("x", maxKind+1)}},
	} {
		r, err := sealRecord(key, signer.Device(), addrs, bad, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := openRecord(r.sealed); err == nil {
			t.Errorf("%s is taken", what)
		}
	}
	many := Formats{1, slices.Repeat([]string{"note"}, maxKinds+1)}
	r, err := sealRecord(key, signer.Device(), addrs, many, nil)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := openRecord(r.sealed); err != nil || len(got.formats.Kinds) != maxKinds {
		t.Errorf("of %d kinds: %v", len(many.Kinds), err)
	}
}
