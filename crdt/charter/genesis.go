package charter

import (
	"fmt"

	"kith/crdt/entry"
)

// MaxSeats bounds the founding seats of a space, the founder's own included.
const MaxSeats = 20

// Threshold says how many of the full members an agreed step needs; of n members it is
// max(⌊n/2⌋+1, min(⌈t·n⌉, n−1)).
type Threshold uint8

const (
	Majority      Threshold = 1
	TwoThirds     Threshold = 2
	ThreeQuarters Threshold = 3
	AllButOne     Threshold = 4
)

// String returns the threshold as the command line names it.
func (t Threshold) String() string {
	switch t {
	case Majority:
		return "majority"
	case TwoThirds:
		return "two-thirds"
	case ThreeQuarters:
		return "three-quarters"
	case AllButOne:
		return "all-but-one"
	}
	return fmt.Sprintf("threshold %d", uint8(t))
}

// Genesis is the statement that founds a space; the hash of its entry is the space ID. Its
// device is the one that signs the entry.
type Genesis struct {
	Coop      string    // the name of the co-op
	Founder   string    // the founder's name
	Seats     int       // founding seats, the founder's own included: 1 to MaxSeats
	Threshold Threshold // of agreed steps; zero means Majority to NewGenesis

	// Set by NewGenesis.
	MemberKey   entry.Device // the founder's member key
	DeviceName  string
	Certificate [64]byte // by the member key: the device that signs the genesis is the founder's
}

// NewGenesis makes the payload of a genesis, whose entry the device must sign. The error is a
// *NameError, or says which field is out of bounds.
func NewGenesis(g Genesis, member, device entry.Signer, deviceName string) ([]byte, error) {
	var err error
	if g.Coop, err = CleanName(g.Coop); err != nil {
		return nil, err
	}
	if g.Founder, err = CleanName(g.Founder); err != nil {
		return nil, err
	}
	if g.DeviceName, err = CleanName(deviceName); err != nil {
		return nil, err
	}
	if g.Threshold == 0 {
		g.Threshold = Majority
	}
	if err := g.check(); err != nil {
		return nil, err
	}
	g.MemberKey = member.Device()
	// The space has no ID yet: it is the hash of what this signature becomes part of.
	g.Certificate = member.Sign(entry.DomainCertificate, certificateMessage(entry.SpaceID{}, device.Device()))
	return encoding.Marshal(wireGenesis{
		Type: TypeGenesis, Coop: g.Coop, Founder: g.Founder, Seats: uint64(g.Seats),
		Threshold: uint64(g.Threshold), MemberKey: g.MemberKey[:], DeviceName: g.DeviceName,
		Certificate: g.Certificate[:],
	})
}

func (g *Genesis) check() error {
	for _, name := range []string{g.Coop, g.Founder, g.DeviceName} {
		if err := checkName(name); err != nil {
			return err
		}
	}
	if g.Seats < 1 || g.Seats > MaxSeats {
		return malformed("%d founding seats, 1 to %d are possible", g.Seats, MaxSeats)
	}
	if g.Threshold < Majority || g.Threshold > AllButOne {
		return malformed("%v", g.Threshold)
	}
	return nil
}

func readGenesis(payload []byte) (*Genesis, error) {
	var w wireGenesis
	if err := readExactly(payload, &w, "genesis"); err != nil {
		return nil, err
	}
	if w.Seats > MaxSeats || w.Threshold > uint64(AllButOne) {
		return nil, malformed("%d founding seats, threshold %d", w.Seats, w.Threshold)
	}
	g := &Genesis{
		Coop: w.Coop, Founder: w.Founder, Seats: int(w.Seats), Threshold: Threshold(w.Threshold),
		DeviceName: w.DeviceName,
	}
	if err := fill(g.MemberKey[:], w.MemberKey, "member key"); err != nil {
		return nil, err
	}
	if err := fill(g.Certificate[:], w.Certificate, "certificate"); err != nil {
		return nil, err
	}
	return g, g.check()
}
