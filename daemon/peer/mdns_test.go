package peer

import (
	"context"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	ma "github.com/multiformats/go-multiaddr"

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
		p.mu.Lock() // the host asks for addresses meanwhile
		p.contacts[d] = &contact{key: d, id: id, wake: make(chan struct{}, 1)}
		p.mu.Unlock()
	}
	text := []string{"d=" + deviceMark(space, now, ben), "a=/ip4/192.168.1.7/tcp/4001", "a=nonsense", "x=y"}
	p.foundNearby(now, text)
	p.foundNearby(now.Add(48*time.Hour), text) // a mark of another day
	p.mu.Lock()
	if len(p.found[ben]) != 1 || len(p.found[cleo]) != 0 || !p.contacts[ben].hurry {
		t.Errorf("%v", p.found)
	}
	p.mu.Unlock()
}

// Attack 58: a stranger on the LAN repeats the mark of the day that they overheard, with addresses of their own.
func TestAnOverheardMarkMovesADeviceOnceAndForgetsNothing(t *testing.T) {
	space, now := entry.SpaceID{7}, time.Now()
	ben := entry.NewSigner()
	p, err := New(Config{Key: entry.NewSigner(), Space: space, Charter: everybody{}, Book: noBook{}})
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	at := func(s string) ma.Multiaddr { return ma.StringCast(s) }
	key, err := hostKey(ben)
	if err != nil {
		t.Fatal(err)
	}
	signed, err := sealRecord(key, ben.Device(), []ma.Multiaddr{at("/ip4/203.0.113.7/tcp/4001")}, Formats{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	id, _ := peerID(ben.Device())
	c := &contact{key: ben.Device(), id: id, wake: make(chan struct{}, 1), worked: []ma.Multiaddr{at("/ip4/192.168.1.9/tcp/4001")}}
	p.mu.Lock()
	p.contacts[ben.Device()] = c
	p.records[ben.Device()] = signed
	p.mu.Unlock()
	p.Learn(ben.Device(), []string{"/ip4/198.51.100.7/tcp/4001"})
	p.mu.Lock()
	c.hurry, c.hinted = false, time.Time{}
	p.mu.Unlock()
	hurried := 0
	for i := range 200 {
		p.foundNearby(now, []string{"d=" + deviceMark(space, now, ben.Device()),
			fmt.Sprintf("a=/ip4/10.0.0.%d/tcp/4001", i), fmt.Sprintf("a=/ip4/203.0.113.9/tcp/%d", i+1), "a=/dns4/example.org/tcp/1"})
		p.mu.Lock()
		if hurried += btoi(c.hurry); c.hurry {
			c.hurry = false
		}
		p.mu.Unlock()
	}
	if hurried != 1 {
		t.Errorf("its pause ended %d times", hurried)
	}
	p.addAddresses(c)
	known := p.host.Peerstore().Addrs(id)
	for _, a := range []string{"/ip4/203.0.113.7/tcp/4001", "/ip4/192.168.1.9/tcp/4001", "/ip4/198.51.100.7/tcp/4001"} {
		if !slices.ContainsFunc(known, at(a).Equal) {
			t.Errorf("%s, which was signed, worked, or was in a code, is forgotten", a)
		}
	}
	for _, a := range known {
		if strings.Contains(a.String(), "203.0.113.9") || strings.Contains(a.String(), "dns") {
			t.Errorf("%s isn't on this network, and is tried", a)
		}
	}
	if len(known) > 3+maxFound {
		t.Errorf("%d addresses are tried", len(known))
	}
}

// crowd is a charter of so many devices.
type crowd []Device

func (c crowd) Devices() []Device     { return c }
func (crowd) Knows(entry.Device) bool { return true }

// Attack 60: a co-op that certifies a thousand devices doesn't keep the other one's people apart.
func TestTheOtherSidesDevicesLeaveNoneOfOnesOwnOut(t *testing.T) {
	var all crowd
	for i := range 1100 {
		d := Device{Key: entry.NewSigner().Device(), Member: "m-mel", Other: true}
		if i%10 == 0 {
			d.Member = fmt.Sprint("m-other ", i)
		}
		all = append(all, d)
	}
	var ours, first []entry.Device
	for i := range 40 {
		d := Device{Key: entry.NewSigner().Device(), Member: fmt.Sprint("m-own ", i/2)}
		all, ours = append(all, d), append(ours, d.Key)
	}
	for i := range 100 {
		all = append(all, Device{Key: entry.NewSigner().Device(), Member: "m-former", Former: true})
		if i == 0 {
			d := Device{Key: entry.NewSigner().Device(), Member: "m-last of the other side", Other: true}
			all, first = append(all, d), append(first, d.Key)
		}
	}
	p, err := New(Config{Key: entry.NewSigner(), Charter: all, Book: noBook{}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // nobody is dialed
	work := &crew{}
	p.meet(ctx, work, map[entry.Device]context.CancelFunc{})
	work.close()
	work.wait()
	defer p.Close()
	if len(p.contacts) != MaxDevices {
		t.Errorf("%d contacts", len(p.contacts))
	}
	for _, d := range append(ours, first...) {
		if p.contacts[d] == nil {
			t.Errorf("somebody is left out, at %d of %d", slices.IndexFunc(all, func(o Device) bool { return o.Key == d }), len(all))
		}
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
