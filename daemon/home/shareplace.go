package home

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/whole"
)

const (
	// shareFile says of a place that a share lies there, or will, and which home it is of.
	shareFile = "share.json"
	// maxShareFile bounds that file, in bytes.
	maxShareFile = 4 << 10
	// shareForm is the version of its form.
	shareForm = 1
	// SharedDevice is what a device is called in a share, where nobody has to know what it is called at home.
	SharedDevice = "computer"
)

// SharePlace is what a place of a share remembers of the home that it is of. Nothing of it leaves the
// computer. As long as there is no store in the place the share isn't here yet.
type SharePlace struct {
	Home   entry.SpaceID    // the home's space
	Member charter.MemberID // who this computer's person is there
	Share  entry.SpaceID
	Side   entry.SpaceID  // of the charter of the home's side
	Step   charter.StepID // by which the home agreed on the pact
}

type fileOfShare struct {
	Form   int    `json:"form"`
	Home   string `json:"home"`
	Member string `json:"member"`
	Share  string `json:"share"`
	Side   string `json:"side"`
	Step   string `json:"step"`
}

// SetSharePlace keeps which share a place is of. It is on the disk when it returns.
func (h *Home) SetSharePlace(p SharePlace) error {
	b, err := json.MarshalIndent(fileOfShare{
		Form: shareForm, Home: p.Home.String(), Member: p.Member.String(), Share: p.Share.String(), Side: p.Side.String(), Step: p.Step.String(),
	}, "", "  ")
	if err != nil {
		return err
	}
	return whole.Write(h.path(shareFile), append(b, '\n'))
}

// SharePlace reads what the place remembers; nil if it is of no share.
func (h *Home) SharePlace() (*SharePlace, error) {
	path := h.path(shareFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case info.Size() > maxShareFile:
		return nil, fmt.Errorf("%s has %d bytes, the limit is %d", path, info.Size(), maxShareFile)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p, err := readSharePlace(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

func readSharePlace(b []byte) (*SharePlace, error) {
	var f fileOfShare
	if err := json.Unmarshal(b, &f); err != nil {
		return nil, err
	}
	if f.Form != shareForm {
		return nil, fmt.Errorf("form %d, this Kith knows %d", f.Form, shareForm)
	}
	p := &SharePlace{}
	var err error
	if p.Member, err = charter.ParseMemberID(f.Member); err != nil {
		return nil, err
	}
	for into, text := range map[*[32]byte]string{
		(*[32]byte)(&p.Home): f.Home, (*[32]byte)(&p.Share): f.Share, (*[32]byte)(&p.Side): f.Side, (*[32]byte)(&p.Step): f.Step,
	} {
		if err := ReadID(into, text); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// ReadID reads 64 hexadecimal digits.
func ReadID(into *[32]byte, text string) error {
	b, err := hex.DecodeString(text)
	if err != nil || len(b) != len(into) {
		return fmt.Errorf("%.80q is no ID of 64 hexadecimal digits", text)
	}
	copy(into[:], b)
	return nil
}

// Reserved says whether the place is kept for a share, whether that is here or not.
func (h *Home) Reserved() bool {
	_, err := os.Lstat(h.path(shareFile))
	return err == nil
}

// Waiting gives the places of shares that aren't here yet: whose side hasn't let this computer in so far.
func (h *Home) Waiting() (places []*Home, err error) {
	numbers, err := h.below()
	for _, n := range numbers {
		if p := h.Place(n); p.Reserved() && !p.InUse() {
			places = append(places, p)
		}
	}
	return places, err
}

// Moves has the place of a share listen at other ports from now on if somebody else has one of its own: its seat and its signed
// addresses say where it is then. Where a person said what others are told it stays.
func (h *Home) Moves(c Config) (Config, error) {
	if len(c.Announce) > 0 || !peer.Taken(c.Listen) {
		return c, nil
	}
	var err error
	if c.Listen, err = peer.PickPorts(atOtherPorts(c.Listen)); err != nil {
		return c, err
	}
	return c, h.SetConfig(c)
}

func atOtherPorts(addrs []string) (all []string) {
	for _, a := range addrs {
		all = append(all, anyPort.ReplaceAllString(a, "/$1/0"))
	}
	return all
}

var anyPort = regexp.MustCompile(`/(tcp|udp)/[0-9]+`)

// Beside has a further place be reached as the home is, where nobody chose for it: it listens where the home does, at other
// ports, and names the home's relays, the porches that it uses among them.
func (h *Home) Beside(place *Home, listen, announce []string) (Config, error) {
	own, err := h.Config()
	if err != nil {
		return own, err
	}
	before, err := place.Config()
	if err != nil {
		return before, err
	}
	if len(listen) == 0 && len(before.Listen) == 0 {
		listen = atOtherPorts(own.Listen)
	}
	c, err := place.Choose(listen, announce)
	if err != nil || len(before.Listen) > 0 { // it was chosen for before
		return c, err
	}
	return place.ChooseRelays(c, own.Named())
}
