package share

import (
	"encoding/base64"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Bounds of a seat.
const (
	// MaxSeat bounds a seat as text, in bytes: what a string of a document may have.
	MaxSeat = 8000
	// MaxSeatDevices bounds the computers with which one person is in a share, and those of before that a
	// seat names.
	MaxSeatDevices = 5
	// MaxSeatAddresses bounds the addresses of one of them.
	MaxSeatAddresses = 3
)

// Seat is what a member of a home says there of who they are in a share, under their own name (schema
// key by:M/seat). It never leaves the home. It is how people of one home find each other in a share, and
// whom their side lets in.
type Seat struct {
	// Key is the person's member key on the side. Nobody has the private half once the seat is made.
	Key entry.Device
	// Redemption asks the side to let the person in, with one of Devices; its invite is the Knock of that.
	// nil for who founded the side, and once that device is none of theirs any more.
	Redemption *charter.Redemption
	// Rekey asks the side to let the person go on as whom they were, with this key and one of Devices: every
	// computer of before is lost. nil if that isn't so.
	Rekey *charter.Rekey
	// Devices are those that the person has in the share, 1 to MaxSeatDevices.
	Devices []SeatDevice
	// Before are those that they had. That they were theirs shows whom they go on as.
	Before []Proven
}

// SeatDevice is one computer of a seat.
type SeatDevice struct {
	Home      entry.Device      // the device in the home that keeps this one
	New       charter.NewDevice // accepted for Key, or zero for one that came in with Redemption, Rekey or the founding
	Knock     entry.Device      // the key with which it asks for what is in the share before it is there
	Addresses [][]byte          // where it answers in the share: binary multiaddrs, not interpreted here
	Proof     [64]byte          // by New.Key, see ProveSeat
}

// Proven is a device of a share whose owner at home is proven.
type Proven struct {
	Device entry.Device
	Proof  [64]byte
}

// ProveSeat is a device's word that on a side of a share it is that of a member of a home: without it nobody
// at home could claim it. Whoever isn't of the home never sees it.
func ProveSeat(home entry.SpaceID, member charter.MemberID, side entry.SpaceID, device entry.Signer) [64]byte {
	return device.Sign(entry.DomainSeat, seatMessage(home, member, side))
}

func seatMessage(home entry.SpaceID, member charter.MemberID, side entry.SpaceID) []byte {
	return slices.Concat(home[:], member[:], side[:])
}

type wireSeat struct {
	_          struct{} `cbor:",toarray"`
	Key        []byte
	Redemption []byte
	Rekey      []byte
	Devices    []wireSeatDevice
	Before     []wireProven
}

type wireSeatDevice struct {
	_         struct{} `cbor:",toarray"`
	Home      []byte
	Key       []byte
	Name      string
	Accepted  []byte
	Knock     []byte
	Addresses [][]byte
	Proof     []byte
}

type wireProven struct {
	_      struct{} `cbor:",toarray"`
	Device []byte
	Proof  []byte
}

// Encode returns the seat as text. The error says which bound is broken.
func (s *Seat) Encode() (string, error) {
	w := wireSeat{Key: s.Key[:]}
	var err error
	if s.Redemption != nil {
		if w.Redemption, err = s.Redemption.Encode(); err != nil {
			return "", err
		}
	}
	if s.Rekey != nil {
		if w.Rekey, err = s.Rekey.Encode(); err != nil {
			return "", err
		}
	}
	for i := range s.Devices {
		d := &s.Devices[i]
		wd := wireSeatDevice{
			Home: d.Home[:], Key: d.New.Key[:], Name: d.New.Name, Knock: d.Knock[:], Addresses: d.Addresses, Proof: d.Proof[:],
		}
		if d.New.Accepted != ([64]byte{}) {
			wd.Accepted = d.New.Accepted[:]
		}
		w.Devices = append(w.Devices, wd)
	}
	for i := range s.Before {
		w.Before = append(w.Before, wireProven{Device: s.Before[i].Device[:], Proof: s.Before[i].Proof[:]})
	}
	b, err := charter.Encode(w)
	if err != nil {
		return "", err
	}
	text := base64.RawURLEncoding.EncodeToString(b)
	_, err = ReadSeat(text)
	return text, err
}

// ReadSeat reads what Encode writes, and checks the form; whether it holds says Check. The error is a
// *charter.StatementError or a *charter.NameError. No input makes ReadSeat panic.
func ReadSeat(text string) (*Seat, error) {
	if len(text) > MaxSeat {
		return nil, malformed("a seat of %d bytes, the limit is %d", len(text), MaxSeat)
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return nil, malformed("a seat that isn't base64: %v", err)
	case strings.ContainsAny(text, "\r\n"): // the decoder passes over these, and a seat has one spelling
		return nil, malformed("a seat of several lines")
	}
	var w wireSeat
	if err := charter.DecodeExactly(b, &w, "seat"); err != nil {
		return nil, err
	}
	switch {
	case len(w.Devices) == 0 || len(w.Devices) > MaxSeatDevices:
		return nil, malformed("a seat with %d computers, 1 to %d are possible", len(w.Devices), MaxSeatDevices)
	case len(w.Before) > MaxSeatDevices:
		return nil, malformed("a seat with %d computers of before, the limit is %d", len(w.Before), MaxSeatDevices)
	}
	s := &Seat{}
	if err := copyExactly(s.Key[:], w.Key); err != nil {
		return nil, err
	}
	listed := map[entry.Device]bool{}
	for _, wd := range w.Devices {
		d, err := wd.read()
		if err != nil {
			return nil, err
		}
		if listed[d.New.Key] {
			return nil, malformed("a seat with a computer twice")
		}
		listed[d.New.Key] = true
		s.Devices = append(s.Devices, d)
	}
	for _, wp := range w.Before {
		var p Proven
		if err := firstOf(copyExactly(p.Device[:], wp.Device), copyExactly(p.Proof[:], wp.Proof)); err != nil {
			return nil, err
		}
		s.Before = append(s.Before, p)
	}
	if len(w.Redemption) > 0 {
		r, err := charter.DecodeRedemption(w.Redemption)
		if err != nil {
			return nil, err
		}
		s.Redemption = &r
	}
	if len(w.Rekey) > 0 {
		r, err := charter.DecodeRekey(w.Rekey)
		if err != nil {
			return nil, err
		}
		s.Rekey = &r
	}
	return s, nil
}

func (w *wireSeatDevice) read() (d SeatDevice, err error) {
	d = SeatDevice{New: charter.NewDevice{Name: w.Name}, Addresses: w.Addresses}
	err = firstOf(copyExactly(d.Home[:], w.Home), copyExactly(d.New.Key[:], w.Key), charter.CheckName(w.Name),
		copyExactly(d.Knock[:], w.Knock), copyExactly(d.Proof[:], w.Proof))
	if err == nil && len(w.Accepted) > 0 {
		if err = copyExactly(d.New.Accepted[:], w.Accepted); err == nil && d.New.Accepted == ([64]byte{}) {
			err = malformed("a computer's signature is zero")
		}
	}
	if err == nil && len(w.Addresses) > MaxSeatAddresses {
		err = malformed("a computer with %d addresses, the limit is %d", len(w.Addresses), MaxSeatAddresses)
	}
	for _, a := range w.Addresses {
		if err == nil && len(a) > charter.MaxAddress {
			err = malformed("an address of %d bytes, the limit is %d", len(a), charter.MaxAddress)
		}
	}
	return d, err
}

func copyExactly(into, from []byte) error {
	if len(from) != len(into) {
		return malformed("a part of a seat has %d bytes, not %d", len(from), len(into))
	}
	copy(into, from)
	return nil
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// Check says whether the seat holds: its devices say that on this side they are those of this member of
// the home, and what it asks the side for is signed as the side's charter wants it.
func (s *Seat) Check(home entry.SpaceID, member charter.MemberID, side entry.SpaceID) error {
	message := seatMessage(home, member, side)
	for i := range s.Devices {
		d := &s.Devices[i]
		if !entry.VerifySignature(d.New.Key, entry.DomainSeat, message, d.Proof) {
			return malformed("a seat that a computer of it doesn't confirm")
		}
		if d.New.Accepted != ([64]byte{}) && !charter.DeviceAccepts(side, s.Key, d.New) {
			return malformed("a seat with a computer that hasn't agreed to belong to it")
		}
	}
	for _, p := range s.Before {
		if !entry.VerifySignature(p.Device, entry.DomainSeat, message, p.Proof) {
			return malformed("a seat that a computer of before doesn't confirm")
		}
	}
	if r := s.Redemption; r != nil {
		d := s.Device(r.Device)
		if d == nil || r.Member != s.Key {
			return malformed("a seat for another key")
		}
		if err := r.Verify(side, d.Knock); err != nil {
			return err
		}
	}
	if r := s.Rekey; r != nil {
		if s.Device(r.Device) == nil || r.Key != s.Key {
			return malformed("a seat for another key")
		}
		return r.Verify(side)
	}
	return nil
}

// Device returns one of the seat's computers; nil if it isn't one.
func (s *Seat) Device(key entry.Device) *SeatDevice {
	for i := range s.Devices {
		if s.Devices[i].New.Key == key {
			return &s.Devices[i]
		}
	}
	return nil
}

// Asks says whether the seat asks the side to let the person in, or go on, with a device.
func (s *Seat) Asks(key entry.Device) bool {
	return s.Redemption != nil && s.Redemption.Device == key || s.Rekey != nil && s.Rekey.Device == key
}
