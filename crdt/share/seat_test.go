package share_test

import (
	"fmt"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
	"kith/crdt/share"
)

// The home of seats, and the side of a share that it has.
var (
	seatHome = entry.SpaceID{7}
	seatSide = entry.SpaceID{8}
	bensID   = charter.MemberID{9}
)

// newcomer's seat: who isn't on the side yet.
func newcomersSeat(t fataler, name string, home entry.SpaceID, member charter.MemberID, side entry.SpaceID) *share.Seat {
	t.Helper()
	device, knock, person := key(name+"'s share"), key(name+" knocks"), key(name+" on the side")
	r, err := charter.NewRedemption(side, knock, person, device, name, "computer")
	if err != nil {
		t.Fatal(err)
	}
	return &share.Seat{
		Key: person.Device(), Redemption: &r,
		Devices: []share.SeatDevice{{
			Home: laptop(name).Device(), New: charter.NewDevice{Key: device.Device(), Name: "computer"}, Knock: knock.Device(),
			Addresses: [][]byte{{4, 127, 0, 0, 1, 6, 0x1f, 0x90}}, Proof: share.ProveSeat(home, member, side, device),
		}},
	}
}

// fullSeat has all that a seat can hold.
func fullSeat(t fataler) *share.Seat {
	t.Helper()
	s := newcomersSeat(t, "ben", seatHome, bensID, seatSide)
	r, err := charter.NewRekey(seatSide, charter.MemberID{3}, key("ben on the side"), key("ben's share"), "computer")
	if err != nil {
		t.Fatal(err)
	}
	s.Rekey = &r
	for i := 1; i < share.MaxSeatDevices; i++ {
		k := key(fmt.Sprint("ben's share ", i))
		s.Devices = append(s.Devices, share.SeatDevice{
			Home:  key(fmt.Sprint("ben's computer ", i)).Device(),
			New:   charter.NewDevice{Key: k.Device(), Name: "computer", Accepted: charter.AcceptDevice(seatSide, s.Key, k)},
			Knock: key("knock").Device(), Proof: share.ProveSeat(seatHome, bensID, seatSide, k),
		})
	}
	for i := range share.MaxSeatDevices {
		k := key(fmt.Sprint("ben's old share ", i))
		s.Before = append(s.Before, share.Proven{Device: k.Device(), Proof: share.ProveSeat(seatHome, bensID, seatSide, k)})
	}
	return s
}

func TestASeatIsReadAsItWasWrittenAndFitsIntoADocument(t *testing.T) {
	for _, s := range []*share.Seat{newcomersSeat(t, "ben", seatHome, bensID, seatSide), fullSeat(t)} {
		text, err := s.Encode()
		if err != nil {
			t.Fatal(err)
		}
		got, err := share.ReadSeat(text)
		if err != nil {
			t.Fatal(err)
		}
		if again, err := got.Encode(); err != nil || again != text {
			t.Errorf("read and encoded again: %v\n%s\n%s", err, text, again)
		}
		if err := got.Check(seatHome, bensID, seatSide); err != nil {
			t.Errorf("it doesn't hold: %v", err)
		}
	}
	if share.MaxSeat > schema.MaxString {
		t.Error("a seat may be longer than a string of a document")
	}
}

func TestASeatThatBreaksABoundIsRefused(t *testing.T) {
	for name, change := range map[string]func(*share.Seat){
		"no computer": func(s *share.Seat) { s.Devices = nil },
		"too many": func(s *share.Seat) {
			s.Devices = append(s.Devices, share.SeatDevice{New: charter.NewDevice{Name: "x"}})
		},
		"one twice":           func(s *share.Seat) { s.Devices[1] = s.Devices[0] },
		"too many of before":  func(s *share.Seat) { s.Before = append(s.Before, share.Proven{}) },
		"too many addresses":  func(s *share.Seat) { s.Devices[0].Addresses = make([][]byte, share.MaxSeatAddresses+1) },
		"a long address":      func(s *share.Seat) { s.Devices[0].Addresses = [][]byte{make([]byte, charter.MaxAddress+1)} },
		"a nameless computer": func(s *share.Seat) { s.Devices[0].New.Name = "" },
		"too long": func(s *share.Seat) {
			for i := range s.Devices {
				s.Devices[i].New.Name = strings.Repeat("ü", charter.MaxName)
				s.Devices[i].Addresses = [][]byte{make([]byte, charter.MaxAddress), make([]byte, charter.MaxAddress), make([]byte, charter.MaxAddress)}
			}
			for range 5 {
				s.Redemption.Name = strings.Repeat("ü", charter.MaxName)
			}
		},
	} {
		s := fullSeat(t)
		change(s)
		if text, err := s.Encode(); err == nil && len(text) > share.MaxSeat || err == nil && name != "too long" {
			t.Errorf("%s: %d bytes", name, len(text))
		}
	}
	if _, err := share.ReadSeat(strings.Repeat("A", share.MaxSeat+1)); err == nil {
		t.Error("a seat longer than any")
	}
}

// Nobody at home can claim the seat of another, nor use it in another home or share, nor alter it.
func TestASeatHoldsForItsMemberHomeAndShareAlone(t *testing.T) {
	s := fullSeat(t)
	for name, err := range map[string]error{
		"another member's": s.Check(seatHome, charter.MemberID{1}, seatSide),
		"another home's":   s.Check(entry.SpaceID{1}, bensID, seatSide),
		"another share's":  s.Check(seatHome, bensID, entry.SpaceID{1}),
	} {
		if err == nil {
			t.Errorf("%s holds", name)
		}
	}
	other := newcomersSeat(t, "mallory", seatHome, charter.MemberID{1}, seatSide)
	for name, change := range map[string]func(*share.Seat){
		"a computer of somebody else's":       func(s *share.Seat) { s.Devices[0] = other.Devices[0] },
		"one of before of somebody else's":    func(s *share.Seat) { s.Before[0].Device = other.Devices[0].New.Key },
		"another's redemption":                func(s *share.Seat) { s.Redemption = other.Redemption },
		"another key":                         func(s *share.Seat) { s.Key = other.Key },
		"another knock":                       func(s *share.Seat) { s.Devices[0].Knock = other.Devices[0].Knock },
		"another name":                        func(s *share.Seat) { s.Redemption.Name = "mallory" },
		"a computer that accepted it nowhere": func(s *share.Seat) { s.Devices[1].New.Accepted[0] ^= 1 },
		"to go on as somebody else":           func(s *share.Seat) { s.Rekey.Member = charter.MemberID{4} },
		"a new key of another computer":       func(s *share.Seat) { s.Rekey.Device = other.Devices[0].New.Key },
	} {
		s := fullSeat(t)
		change(s)
		if s.Check(seatHome, bensID, seatSide) == nil {
			t.Errorf("with %s it holds", name)
		}
	}
}

// Who reads base64 passes over ends of lines, and a seat has one spelling all the same.
func TestASeatHasOneSpelling(t *testing.T) {
	text, err := fullSeat(t).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"\n", "\r", "\r\n"} {
		for _, at := range []int{0, 40, len(text)} {
			if _, err := share.ReadSeat(text[:at] + end + text[at:]); err == nil {
				t.Errorf("with %q at %d it is read", end, at)
			}
		}
	}
}

func FuzzReadSeat(f *testing.F) {
	seeds(f, "FuzzReadSeat")
	f.Fuzz(func(t *testing.T, in string) {
		s, err := share.ReadSeat(in)
		if err != nil {
			return
		}
		if out, err := s.Encode(); err != nil || out != in {
			t.Errorf("read and encoded again: %v\nin  %s\nout %s", err, in, out)
		}
		_ = s.Check(seatHome, bensID, seatSide)
	})
}
