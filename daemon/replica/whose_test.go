package replica

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// guests are n people whom somebody lets in with one code, beside each other: their member keys and devices. said is what lets
// them in.
func guests(t testing.TB, at, by *peerReplica, n int) (said []*entry.Entry, keys []entry.Signer) {
	t.Helper()
	c, code := at.Charter(), entry.NewSigner()
	payload, err := c.Invite(by.device, code.Device(), 0)
	must(t, err)
	state := func(c *charter.Charter, payload []byte) *entry.Entry {
		e := sign(t, by.cfg.Key, entry.Fields{Space: at.Space(), Heads: c.Heads(), Kind: entry.Statement, Payload: payload})
		said = append(said, e)
		return e
	}
	c = c.With(state(c, payload))
	for i := range n {
		member, device := entry.NewSigner(), entry.NewSigner()
		red, err := charter.NewRedemption(at.Space(), code, member, device, fmt.Sprint("Guest ", i), "laptop")
		must(t, err)
		payload, err := c.AdmitProspective(by.device, code.Device(), red)
		must(t, err)
		state(c, payload)
		keys = append(keys, member, device)
	}
	return said, keys
}

// added are n devices that a device certifies beside each other.
func added(t testing.TB, at, by *peerReplica, n int) (said []*entry.Entry, keys []entry.Signer) {
	t.Helper()
	c := at.Charter()
	for i := range n {
		device := entry.NewSigner()
		payload, err := c.Certify(by.device, charter.NewDevice{
			Key: device.Device(), Name: fmt.Sprint("box ", i), Accepted: charter.AcceptDevice(at.Space(), by.member.Device(), device),
		})
		must(t, err)
		said = append(said, sign(t, by.cfg.Key, entry.Fields{Space: at.Space(), Heads: c.Heads(), Kind: entry.Statement, Payload: payload}))
		keys = append(keys, device)
	}
	return said, keys
}

// What somebody costs the others doesn't grow with how many devices they make beside each other.
func TestWhoMakesDevicesWithoutEndHasNoMoreRoomForThat(t *testing.T) {
	const worth = 40 // entries in a day
	type maker func(testing.TB, *peerReplica, *peerReplica, int) ([]*entry.Entry, []entry.Signer)
	for _, of := range []struct {
		name  string
		make  maker
		rooms int // that one member's can have
		first bool
	}{
		{"whom she lets in", guests, 2, false},
		{"whom she lets in once they have spoken", guests, 3, true},
		{"which she certifies", added, ownRooms + 2, false},
		{"which she certifies once they have spoken", added, ownRooms + 3, true},
	} {
		for _, n := range []int{10, 300} {
			t.Run(fmt.Sprint(n, " ", of.name), func(t *testing.T) {
				c := found(t, "Ana", "Ben", "Mel")
				ana, ben, mel := c.all[0], c.all[1], c.all[2]
				clock := ana.Now()
				ana.at(&clock)
				brought, keys := of.make(t, ana, mel, n)
				give(t, ana, brought[0])
				ana.days.worth = [3]float64{worth, worth, 1 << 20}
				follow, err := ana.Charter().Follow(mel.device, ana.Charter().Tip())
				must(t, err)
				heads := []entry.ID{brought[len(brought)-1].ID()}
				var said []*entry.Entry
				for _, key := range keys {
					for range max(6, 4*worth/n) {
						said = append(said, sign(t, key, entry.Fields{Space: ana.Space(), Heads: heads, Kind: entry.Statement, Payload: follow}))
					}
				}
				if of.first {
					give(t, ana, said[:len(said)/2]...)
					give(t, ana, append(brought, said...)...)
				}
				give(t, ana, brought...)
				again(t, ana, said...)
				kept := ana.here(said)
				clock = clock.Add(24 * time.Hour)
				must(t, ana.Weigh(false))
				again(t, ana, said...)
				t.Logf("%d of %d are kept, and a day later %d", kept, len(said), ana.here(said))
				if n := ana.here(said); n > 2*of.rooms*worth || n == 0 {
					t.Errorf("%d are kept", n)
				}
				bens := ben.says(t, ben.cfg.Key, 1)
				give(t, ana, bens...)
				if ana.here(bens) != 1 {
					t.Error("what Ben says is held back")
				}
			})
		}
	}
}

// twoWriters are Mel's laptop and her phone, or the laptop of Ben, at Ana's, where a day is worth so many entries.
func twoWriters(t *testing.T, own bool, worth float64) (ana *peerReplica, keys []entry.Signer) {
	t.Helper()
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	clock := ana.Now()
	ana.at(&clock)
	brought, phone := added(t, ana, mel, 1)
	give(t, ana, brought...)
	keys = []entry.Signer{mel.cfg.Key, phone[0]}
	if !own {
		keys[1] = ben.cfg.Key
	}
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	ana.days.of = nil
	return ana, keys
}

// What others stand on is kept however much its device has written. A member's own devices aren't others: two of them that
// name each other's would write without end.
func TestWhoNamesOnesOwnWritesNoMoreForThat(t *testing.T) {
	const worth = 40
	chain := func(t *testing.T, at *peerReplica, keys ...entry.Signer) (all []*entry.Entry) {
		heads := at.Charter().Heads()
		for i := range 5 * worth {
			key := keys[i%len(keys)]
			payload, err := at.Charter().Follow(key.Device(), at.Charter().Tip())
			must(t, err)
			all = append(all, sign(t, key, entry.Fields{Space: at.Space(), Heads: heads, Kind: entry.Statement, Payload: payload}))
			heads = []entry.ID{all[i].ID()}
		}
		return all
	}
	for _, own := range []bool{true, false} {
		ana, keys := twoWriters(t, own, worth)
		all := chain(t, ana, keys...)
		give(t, ana, all[1:]...) // what the others wait for comes last
		again(t, ana, all...)
		switch kept := ana.here(all); {
		case own && kept > 2*worth:
			t.Errorf("a laptop and a phone that name each other's have %d of %d kept", kept, len(all))
		case !own && kept < len(all)-1:
			t.Errorf("of what others name %d of %d are kept", kept, len(all))
		}
	}
}

// The same of changes of a document, which come last first.
func TestWhoWritesOnWhatOneWroteOneselfWritesNoMoreForThat(t *testing.T) {
	const worth = 10
	for _, own := range []bool{true, false} {
		ana, keys := twoWriters(t, own, worth)
		var all []*entry.Entry
		var deps []change.Hash
		for i := range 5 * worth {
			one := ana.beside(t, keys[i%2], entry.DocID{1}, 1, deps, uint64(i+1), func(i int) change.Op {
				return changetest.Put(change.OpID{}, "x", change.StrValue("flood"))
			})
			parsed, err := change.Parse(one[0].Payload)
			must(t, err)
			all, deps = append(all, one...), []change.Hash{parsed.Hash}
		}
		for _, e := range slices.Backward(all) {
			give(t, ana, e)
		}
		switch kept := ana.here(all); {
		case own && kept > 2*worth:
			t.Errorf("a laptop and a phone that write on what each other wrote have %d of %d kept", kept, len(all))
		case !own && kept < len(all):
			t.Errorf("of what others write on %d of %d are kept", kept, len(all))
		}
	}
}

// Who has read a redemption says it again, with an invite of their own for the same key, and so a lower ID: whom somebody else has let in doesn't share
// a room with what they fill.
func TestWhoSaysARedemptionAgainTakesNobodysGuestsOver(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	clock := ana.Now()
	ana.at(&clock)
	let, keys := guests(t, ana, ben, 1)
	said, err := charter.ReadStatement(let[1].Payload)
	must(t, err)
	at := mel.Charter() // as of before
	says := func(payload []byte, err error) *entry.Entry {
		must(t, err)
		return sign(t, mel.cfg.Key, entry.Fields{Space: ana.Space(), Heads: at.Heads(), Kind: entry.Statement, Payload: payload})
	}
	invite := says(at.Invite(mel.device, said.Invite, 0))
	at = at.With(invite)
	again := says(at.AdmitProspective(mel.device, said.Invite, *said.Joiner))
	for again.ID().Compare(let[1].ID()) > 0 {
		again = says(again.Payload, nil)
	}
	own, puppets := guests(t, ana, mel, 3)
	give(t, ana, slices.Concat(let, own, []*entry.Entry{invite, again})...)
	const worth = 40
	ana.days.worth, ana.days.of = [3]float64{worth, worth, 1 << 20}, nil
	follow, err := ana.Charter().Follow(ana.device, ana.Charter().Tip())
	must(t, err)
	var junk []*entry.Entry
	for _, key := range puppets {
		for range worth {
			junk = append(junk, sign(t, key, entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Statement, Payload: follow}))
		}
	}
	give(t, ana, junk...)
	if ana.here(junk) == len(junk) {
		t.Fatal("nothing of it is held back: this shows nothing")
	}
	honest := sign(t, keys[1], entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Statement, Payload: follow})
	give(t, ana, honest)
	if ana.here([]*entry.Entry{honest}) != 1 {
		t.Error("what Ben's guest says is held back, for what Mel's have said")
	}
}
