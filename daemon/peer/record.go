package peer

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/crypto"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/record"
	ma "github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"

	"kith/crdt/entry"
)

// addressRecord is what a device signed about where it can be reached: a libp2p peer record in
// its envelope.
type addressRecord struct {
	device entry.Device
	number uint64 // a newer record of the device has a greater one
	addrs  []ma.Multiaddr
	sealed []byte

	formats Formats
}

// openRecord reads and verifies a record. It says nothing about whether the device is known.
func openRecord(sealed []byte) (*addressRecord, error) {
	if len(sealed) > MaxRecord {
		return nil, fmt.Errorf("an address record of %d bytes, the limit is %d", len(sealed), MaxRecord)
	}
	var said formatRecord
	envelope, err := record.ConsumeTypedEnvelope(sealed, &said)
	if err != nil {
		return nil, fmt.Errorf("address record: %w", err)
	}
	if !said.PeerID.MatchesPublicKey(envelope.PublicKey) {
		return nil, errors.New("an address record that somebody else signed")
	}
	d, err := deviceOf(said.PeerID)
	if err != nil {
		return nil, fmt.Errorf("address record: %w", err)
	}
	if len(said.Addrs) > MaxAddresses {
		return nil, fmt.Errorf("%d addresses in one record, the limit is %d", len(said.Addrs), MaxAddresses)
	}
	return &addressRecord{d, said.Seq, plainOnes(said.Addrs, MaxAddresses), slices.Clone(sealed), said.formats}, nil
}

// RecordOf verifies where a device says that it is reached, and gives the device. ok is false for what is no such record.
func RecordOf(sealed []byte) (d entry.Device, ok bool) {
	r, err := openRecord(sealed)
	if err != nil {
		return d, false
	}
	return r.device, true
}

// Record gives where this device is reached, as it signed that; nil before it has.
func (p *Peers) Record() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if own := p.records[p.self]; own != nil {
		return own.sealed
	}
	return nil
}

// sealRecord makes this device's own record, newer than the one before.
func sealRecord(key crypto.PrivKey, d entry.Device, addrs []ma.Multiaddr, formats Formats, before *addressRecord) (*addressRecord, error) {
	id, err := peer.IDFromPrivateKey(key)
	if err != nil {
		return nil, err
	}
	// Greater than the last one even if the clock was set back since.
	number := uint64(time.Now().UnixNano())
	if before != nil {
		number = max(number, before.number+1)
	}
	envelope, err := record.Seal(&formatRecord{peer.PeerRecord{PeerID: id, Addrs: addrs, Seq: number}, formats}, key)
	if err != nil {
		return nil, err
	}
	sealed, err := envelope.Marshal()
	if err != nil {
		return nil, err
	}
	return &addressRecord{d, number, addrs, sealed, formats}, nil
}

// worthTelling picks from a host's addresses those that others may try: not the loopback ones
// if there is another beside relays, and not too many: relays before what the device knows itself, and that before what
// others say.
func (p *Peers) worthTelling(addrs []ma.Multiaddr) []ma.Multiaddr {
	out := slices.DeleteFunc(slices.Clone(addrs), func(a ma.Multiaddr) bool { return manet.IsIPLoopback(a) && !isRelayed(a) })
	if !slices.ContainsFunc(out, func(a ma.Multiaddr) bool { return !isRelayed(a) }) { // a place at a relay may be given up
		out = slices.Clone(addrs)
	}
	// Sorted, so that the same addresses make the same record.
	slices.SortFunc(out, func(a, b ma.Multiaddr) int { return a.Compare(b) })
	if len(out) > MaxAddresses { // a computer with many addresses must not lose its relays among them
		p.mu.Lock()
		said := p.confirmedLocked()
		p.mu.Unlock()
		rank := func(a ma.Multiaddr) int { return btoi(!isRelayed(a)) + btoi(slices.ContainsFunc(said, a.Equal)) }
		slices.SortStableFunc(out, func(a, b ma.Multiaddr) int { return rank(a) - rank(b) })
	}
	return out[:min(len(out), MaxAddresses)]
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

func sameAddresses(a, b []ma.Multiaddr) bool {
	return slices.EqualFunc(a, b, func(x, y ma.Multiaddr) bool { return x.Equal(y) })
}
