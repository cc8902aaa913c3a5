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

// chain are n statements, each standing on the one before, of these keys in turn.
func chain(t *testing.T, at *peerReplica, n int, keys ...entry.Signer) (all []*entry.Entry) {
	t.Helper()
	follow, err := at.Charter().Follow(at.device, at.Charter().Tip())
	must(t, err)
	heads := at.Charter().Heads()
	for i := range n {
		all = append(all, sign(t, keys[i%len(keys)], entry.Fields{Space: at.Space(), Heads: heads, Kind: entry.Statement, Payload: follow}))
		heads = []entry.ID{all[i].ID()}
	}
	return all
}

// What others stand on is kept beyond what its device may write. A member's own devices aren't others: two of them that
// name each other's would write without end.
func TestWhoNamesOnesOwnWritesNoMoreForThat(t *testing.T) {
	const worth = 40
	for _, own := range []bool{true, false} {
		ana, keys := twoWriters(t, own, worth)
		all := chain(t, ana, 5*worth, keys...)
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

// Two members who name each other's have what adds up twice, and then two days' worth a day. Whoever else names what they wrote, and took it in somewhere else,
// waits for nothing because of that.
func TestTwoWhoNameEachOthersWriteNoMoreThanTwiceForThat(t *testing.T) {
	const worth = 4
	c := found(t, "Ana", "Ben", "Cleo", "Mel")
	ana, ben, cleo, mel := c.all[0], c.all[1], c.all[2], c.all[3]
	clock := ana.Now()
	ana.at(&clock)
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	all := chain(t, ana, 600, mel.cfg.Key, cleo.cfg.Key)
	take := func() int {
		give(t, ana, slices.DeleteFunc(slices.Clone(all[1:]), func(e *entry.Entry) bool { return ana.Has(e.ID()) })...)
		again(t, ana, all...)
		return ana.here(all)
	}
	if kept := take(); kept != 2*(worth+MaxDays*worth) {
		t.Errorf("%d are kept, where a day is worth %d", kept, worth)
	}
	ana.reopen(t)
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	if kept := take(); kept != 2*(worth+MaxDays*worth) {
		t.Errorf("after a restart %d are kept", kept)
	}

	more := chain(t, ana, MaxDays*worth, mel.cfg.Key)
	bens := sign(t, ben.cfg.Key, entry.Fields{Space: ana.Space(), Heads: []entry.ID{more[len(more)-1].ID()}, Kind: entry.Statement, Payload: more[0].Payload})
	give(t, ana, bens)
	again(t, ana, more...)
	if state := ana.state(t, bens.ID()); state != charter.Accepted {
		t.Errorf("what Ben says, who took in so much of Mel's, is %v", state)
	}

	days := 0
	for ; ana.here(all) < len(all) && days < 200; days++ {
		clock = clock.Add(24 * time.Hour)
		must(t, ana.Weigh(false))
		take()
	}
	if most := len(all) / worth / 2; days > most || days < most/4 {
		t.Errorf("all is in after %d days", days)
	}
}

// A key costs nothing: one that no charter knows, or somebody's who was removed, lets nobody write more by naming it.
func TestWhomNobodyKnowsNamesNoMoreThanTheyMayWrite(t *testing.T) {
	const worth = 20
	for _, name := range []string{"nobody", "Cleo, who has resigned"} {
		t.Run(name, func(t *testing.T) {
			c := found(t, "Ana", "Ben", "Cleo", "Mel")
			ana, cleo, mel := c.all[0], c.all[2], c.all[3]
			clock := ana.Now()
			ana.at(&clock)
			top := entry.NewSigner()
			if name != "nobody" {
				top = cleo.cfg.Key
				payload, err := cleo.Charter().Resign(cleo.device, nil, "off")
				must(t, err)
				give(t, ana, sign(t, top, entry.Fields{Space: ana.Space(), Heads: cleo.Charter().Heads(), Kind: entry.Statement, Payload: payload}))
			}
			ana.days.worth = [3]float64{worth, worth, 1 << 20}
			ana.days.of = nil
			on := func(all []*entry.Entry) entry.Fields {
				return entry.Fields{Space: ana.Space(), Heads: []entry.ID{all[len(all)-1].ID()}, Kind: entry.Statement, Payload: all[0].Payload}
			}
			said := chain(t, ana, 10*worth, mel.cfg.Key)
			give(t, ana, sign(t, top, on(said)))
			for _, e := range slices.Backward(said) {
				give(t, ana, e)
			}
			if kept := ana.here(said); kept > 2*worth+1 {
				t.Errorf("of what they name %d of %d statements are kept", kept, len(said))
			}

			ana.days.of = nil
			changes := onEachOther(t, ana, 10*worth, func(i int) entry.Signer {
				if i == 10*worth-1 {
					return top
				}
				return mel.cfg.Key
			})
			for _, e := range slices.Backward(changes) {
				give(t, ana, e)
			}
			if kept := ana.here(changes); kept > 2*worth+1 {
				t.Errorf("of what they name %d of %d changes are kept", kept, len(changes))
			}
		})
	}
}

// A member's new computer that is heard of before it is known: what it names waits no longer than for that.
func TestWhatANewComputerNamesComesInOnceThatIsKnown(t *testing.T) {
	const worth = 20
	for _, kind := range []entry.Kind{entry.Statement, entry.Change} {
		c := found(t, "Ana", "Ben", "Mel")
		ana, ben, mel := c.all[0], c.all[1], c.all[2]
		clock := ana.Now()
		ana.at(&clock)
		certify, phone := added(t, ana, ben, 1)
		ana.days.worth = [3]float64{worth, worth, 1 << 20}
		ana.days.of = nil
		of := mel.cfg.Key
		all := chain(t, ana, 5*worth, of)
		top := entry.Fields{Space: ana.Space(), Heads: []entry.ID{certify[0].ID(), all[len(all)-1].ID()}, Kind: kind, Payload: all[0].Payload}
		if kind == entry.Change {
			all = onEachOther(t, ana, 5*worth+1, func(i int) entry.Signer {
				if i == 5*worth {
					of = phone[0]
				}
				return of
			})
			last := all[5*worth]
			all = all[:5*worth]
			top.Heads, top.Doc, top.Run, top.Number, top.Payload = top.Heads[:1], last.Doc, last.Run, last.Number, last.Payload
		}
		all = append(all, sign(t, phone[0], top))
		for _, e := range slices.Backward(all) {
			give(t, ana, e)
		}
		if ana.here(all) == len(all) {
			t.Fatal("all of it is kept before the phone is known: this shows nothing")
		}
		give(t, ana, certify...)
		for was := -1; was != ana.here(all); {
			was = ana.here(all)
			again(t, ana, all...)
		}
		if n := ana.here(all); n != len(all) {
			t.Errorf("%v: once the phone is known %d of %d are kept", kind, n, len(all))
		}
	}
}

// onEachOther are n changes of a document, each standing on the one before.
func onEachOther(t *testing.T, at *peerReplica, n int, key func(i int) entry.Signer) (all []*entry.Entry) {
	t.Helper()
	var deps []change.Hash
	for i := range n {
		one := at.beside(t, key(i), entry.DocID{1}, 1, deps, uint64(i+1), func(int) change.Op {
			return changetest.Put(change.OpID{}, "x", change.StrValue("flood"))
		})
		parsed, err := change.Parse(one[0].Payload)
		must(t, err)
		all, deps = append(all, one...), []change.Hash{parsed.Hash}
	}
	return all
}

// The same of changes of a document, which come last first.
func TestWhoWritesOnWhatOneWroteOneselfWritesNoMoreForThat(t *testing.T) {
	const worth = 10
	for _, own := range []bool{true, false} {
		ana, keys := twoWriters(t, own, worth)
		all := onEachOther(t, ana, 5*worth, func(i int) entry.Signer { return keys[i%2] })
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
