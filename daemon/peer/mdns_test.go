package peer

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"kith/crdt/entry"
)

func TestWhatIsAnnouncedOnTheLANSaysNothingToAStranger(t *testing.T) {
	key, space := entry.NewSigner(), entry.SpaceID{7, 7, 7}
	p, err := New(Config{Key: key, Space: space, Listen: []string{"/ip4/127.0.0.1/tcp/0"}, Charter: noOne{}, Book: noBook{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	monday := time.Date(2026, 11, 23, 23, 59, 0, 0, time.UTC)
	text, ips, port := p.announcement(monday)
	if len(ips) != 1 || port == 0 || len(text) != 2 {
		t.Fatalf("%q %q %d", text, ips, port)
	}
	all := strings.ToLower(strings.Join(append(text, service(space, monday)), " "))
	id, err := Identity(key.Device())
	if err != nil {
		t.Fatal(err)
	}
	dev := key.Device()
	for what, secret := range map[string]string{
		"the space ID":         hex.EncodeToString(space[:]),
		"the space ID, short":  entry.Text.EncodeToString(space[:10]),
		"the device's key":     hex.EncodeToString(dev[:]),
		"the device's peer ID": strings.ToLower(id),
		"the product's name":   "kith",
	} {
		if strings.Contains(all, secret) {
			t.Errorf("%s is in %q", what, all)
		}
	}
	tuesday := monday.Add(2 * time.Minute)
	if service(space, monday) == service(space, tuesday) || deviceMark(space, monday, dev) == deviceMark(space, tuesday, dev) {
		t.Error("the names stay the same from one day to the next")
	}
	if service(space, monday) == service(entry.SpaceID{8}, monday) {
		t.Error("two spaces have the same name")
	}
	if name := strings.TrimSuffix(service(space, monday), "._udp"); len(name) > 16 {
		t.Errorf("%q is longer than a service's name may be", name)
	}
}

// A home and a share lie on one computer. What is announced for them has its addresses in common, which a network
// can't hide, and nothing else.
func TestWhatIsAnnouncedForTwoSpacesOfOneComputerNamesNoneForTheOther(t *testing.T) {
	now := time.Now()
	var said [2][]string
	for i, space := range []entry.SpaceID{{7}, {8}} {
		listen, err := PickPorts([]string{"/ip4/127.0.0.1/tcp/0"})
		if err != nil {
			t.Fatal(err)
		}
		p, err := New(Config{Key: entry.NewSigner(), Space: space, Listen: listen, Charter: noOne{}, Book: noBook{}})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Close()
		text, _, port := p.announcement(now)
		said[i] = append(text, service(space, now), fmt.Sprint(port))
	}
	for _, one := range said[0] {
		for _, other := range said[1] {
			if one == other {
				t.Errorf("both announcements have %q", one)
			}
		}
	}
}

func TestANeighbourWhoseClockIsADayOffIsFound(t *testing.T) {
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	space := entry.SpaceID{7}
	for _, off := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} {
		theirs, found := service(space, now.Add(off)), false
		for _, day := range days(now) {
			found = found || service(space, day) == theirs
		}
		if !found {
			t.Errorf("one whose clock is off by %v isn't looked for", off)
		}
	}
}

func TestAnAnnouncementLeadsOnlyToTheDeviceThatItMarks(t *testing.T) {
	space, now := entry.SpaceID{7}, time.Now()
	ben, cleo := entry.NewSigner().Device(), entry.NewSigner().Device()
	p, err := New(Config{Key: entry.NewSigner(), Space: space, Charter: everybody{}, Book: noBook{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	for _, d := range []entry.Device{ben, cleo} {
		id, _ := peerID(d)
		p.contacts[d] = &contact{key: d, id: id, wake: make(chan struct{}, 1)}
	}
	text := []string{"d=" + deviceMark(space, now, ben), "a=/ip4/192.168.1.7/tcp/4001", "a=nonsense", "x=y"}
	p.foundNearby(now, text)
	p.foundNearby(now.Add(48*time.Hour), text) // a mark of another day
	if len(p.found[ben]) != 1 || len(p.found[cleo]) != 0 || !p.contacts[ben].hurry {
		t.Errorf("%v", p.found)
	}
	for i := range 200 {
		p.foundNearby(now, []string{text[0], fmt.Sprintf("a=/ip4/10.0.0.%d/tcp/4001", i)})
	}
	if len(p.found[ben]) > MaxAddresses {
		t.Errorf("%d addresses are kept", len(p.found[ben]))
	}
}

type noOne struct{}

func (noOne) Devices() []Device       { return nil }
func (noOne) Knows(entry.Device) bool { return false }

type everybody struct{ noOne }

func (everybody) Knows(entry.Device) bool { return true }

type noBook struct{}

func (noBook) Load() ([][]byte, error)         { return nil, nil }
func (noBook) Save(entry.Device, []byte) error { return nil }
