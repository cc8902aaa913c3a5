package side

import (
	"bytes"
	"crypto/hkdf"
	"crypto/sha256"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/home"
)

// knockKey is the key with which a device asks for a share that it isn't in yet. It follows from the device's,
// so that there is nothing more to keep.
func knockKey(device entry.Signer) entry.Signer {
	seed := device.Seed()
	k, err := hkdf.Key(sha256.New, seed[:], nil, "kith/share/knock/1", 32)
	if err != nil {
		panic(err) // 32 bytes are within what HKDF gives
	}
	return entry.SignerFromSeed([32]byte(k))
}

// sitting is one computer of a member of a home as it comes into a share.
type sitting struct {
	home    entry.SpaceID
	me      charter.Member // at home
	device  entry.Device   // at home
	side    entry.SpaceID
	key     entry.Signer // in the share
	at      [][]byte     // where it answers there
	onSide  charter.Member
	arrived bool // it is on the side: as onSide
}

// own is this computer's part of a seat.
func (s *sitting) own() share.SeatDevice {
	return share.SeatDevice{
		Home: s.device, New: charter.NewDevice{Key: s.key.Device(), Name: home.SharedDevice}, Knock: knockKey(s.key).Device(),
		Addresses: s.at, Proof: share.ProveSeat(s.home, s.me.ID, s.side, s.key),
	}
}

// seat returns what the member's seat has to be in the place of old, which is one that holds, or nil. It
// returns nil if it can stay.
func (s *sitting) seat(old *share.Seat) (*share.Seat, error) {
	own := s.own()
	var listed *share.SeatDevice
	if old != nil {
		listed = old.Device(s.key.Device())
	}
	switch {
	case s.arrived && listed == nil && old != nil && old.Rekey != nil && old.Rekey.Member == s.onSide.ID:
		return nil, nil // a backup of this home runs elsewhere, and goes on with it: two that write over each other get nowhere
	case s.arrived && (listed == nil || old.Key != s.onSide.Key):
		return s.again(old, own), nil
	case s.arrived:
	case old == nil:
		return s.first(own)
	case listed == nil:
		return s.further(old, own)
	case !old.Asks(s.key.Device()) && listed.New.Accepted == ([64]byte{}):
		own.New.Accepted = charter.AcceptDevice(s.side, old.Key, s.key)
		return with(old, own), nil
	}
	if slices.EqualFunc(listed.Addresses, s.at, bytes.Equal) {
		return nil, nil
	}
	own.New = listed.New
	return with(old, own), nil
}

// with is a seat with one of its computers changed.
func with(old *share.Seat, own share.SeatDevice) *share.Seat {
	next := *old
	next.Devices = slices.Clone(old.Devices)
	*next.Device(own.New.Key) = own
	return &next
}

// first asks the side to let the member in. Nobody keeps the member key: the co-op is the way back.
func (s *sitting) first(own share.SeatDevice) (*share.Seat, error) {
	person := entry.NewSigner()
	r, err := charter.NewRedemption(s.side, knockKey(s.key), person, s.key, s.me.Chosen, home.SharedDevice)
	if err != nil {
		return nil, err
	}
	return &share.Seat{Key: person.Device(), Redemption: &r, Devices: []share.SeatDevice{own}}, nil
}

// again is the seat of who is on the side already, where it says something else: it was never said, or another
// computer of theirs said something at the same time.
func (s *sitting) again(old *share.Seat, own share.SeatDevice) *share.Seat {
	next := &share.Seat{Key: s.onSide.Key, Devices: []share.SeatDevice{own}}
	if old == nil {
		return next
	}
	next.Before = old.Before
	for _, d := range old.Devices {
		isOn := slices.ContainsFunc(s.onSide.Devices, func(on charter.Device) bool { return on.Key == d.New.Key && !on.Retired })
		if d.Home == s.device || !isOn && !charter.DeviceAccepts(s.side, next.Key, d.New) || len(next.Devices) == share.MaxSeatDevices {
			continue
		}
		if !charter.DeviceAccepts(s.side, next.Key, d.New) {
			d.New.Accepted = [64]byte{}
		}
		next.Devices = append(next.Devices, d)
	}
	return next
}

// further adds this computer beside others of the member, which are to certify it; or, where none is left,
// asks the side to let the member go on with it.
func (s *sitting) further(old *share.Seat, own share.SeatDevice) (*share.Seat, error) {
	live := func(d share.SeatDevice) bool {
		return d.Home != s.device && slices.ContainsFunc(s.me.Devices, func(h charter.Device) bool { return h.Key == d.Home && !h.Retired })
	}
	if !slices.ContainsFunc(old.Devices, live) {
		return s.afresh(old, own)
	}
	next := *old
	next.Devices = slices.DeleteFunc(slices.Clone(old.Devices), func(d share.SeatDevice) bool { return d.Home == s.device })
	if len(next.Devices) == share.MaxSeatDevices {
		i := slices.IndexFunc(next.Devices, func(d share.SeatDevice) bool { return !live(d) })
		if i < 0 {
			return nil, nil // there is no room; it comes in when one of them is retired at home
		}
		next.Devices = slices.Delete(next.Devices, i, i+1)
	}
	own.New.Accepted = charter.AcceptDevice(s.side, old.Key, s.key)
	next.Devices = append(next.Devices, own)
	if r := next.Redemption; r != nil && next.Device(r.Device) == nil {
		next.Redemption = nil
	}
	if r := next.Rekey; r != nil && next.Device(r.Device) == nil {
		next.Rekey = nil
	}
	return &next, nil
}

// afresh asks the side for a new key for who the member was there. If they never came in, they come in
// as if there had been nothing before.
func (s *sitting) afresh(old *share.Seat, own share.SeatDevice) (*share.Seat, error) {
	person := entry.NewSigner()
	was := charter.MemberIDOf(s.side, old.Key)
	if old.Rekey != nil {
		was = old.Rekey.Member
	}
	r, err := charter.NewRedemption(s.side, knockKey(s.key), person, s.key, s.me.Chosen, home.SharedDevice)
	if err != nil {
		return nil, err
	}
	k, err := charter.NewRekey(s.side, was, person, s.key, home.SharedDevice)
	if err != nil {
		return nil, err
	}
	next := &share.Seat{Key: person.Device(), Redemption: &r, Rekey: &k, Devices: []share.SeatDevice{own}}
	for i := range old.Devices {
		next.Before = append(next.Before, share.Proven{Device: old.Devices[i].New.Key, Proof: old.Devices[i].Proof})
	}
	next.Before = append(next.Before, old.Before...)
	next.Before = next.Before[:min(len(next.Before), share.MaxSeatDevices)]
	return next, nil
}
