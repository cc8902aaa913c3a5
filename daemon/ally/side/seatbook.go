package side

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"slices"
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/store"
)

// seatbook is what a replica of a share remembers of whose the devices of its own side are at home, by
// proofs that it has seen. A seat at home changes; that somebody was in it is kept, so that nobody leaves the home
// and stays in the share by taking their seat back first. It is bounded by the devices of the side's charter.
type seatbook struct {
	replica *replica.Replica

	mu     sync.Mutex
	kept   map[entry.Device]keptSeat       // by device of the side
	knocks map[entry.Device][]entry.Device // by the key with which a device knocks, the device; others can name it, too
}

type keptSeat struct {
	Member charter.MemberID
	Home   entry.Device
	Knock  entry.Device
}

type fileOfSeat struct {
	Member string `json:"member"`
	Home   string `json:"home"`
	Knock  string `json:"knock"`
}

const seatPrefix = "seat/"

// openSeatbook reads what is remembered; of a co-op's replica that is nothing.
func openSeatbook(r *replica.Replica) (*seatbook, error) {
	b := &seatbook{replica: r, kept: map[entry.Device]keptSeat{}, knocks: map[entry.Device][]entry.Device{}}
	err := r.Store().Smalls(seatPrefix, func(name string, value []byte) {
		var f fileOfSeat
		var d [32]byte
		var k keptSeat
		var err error
		if json.Unmarshal(value, &f) != nil || home.ReadID(&d, name[len(seatPrefix):]) != nil ||
			home.ReadID((*[32]byte)(&k.Home), f.Home) != nil || home.ReadID((*[32]byte)(&k.Knock), f.Knock) != nil {
			return // not of ours
		}
		if k.Member, err = charter.ParseMemberID(f.Member); err == nil {
			b.put(entry.Device(d), k)
		}
	})
	return b, err
}

func (b *seatbook) put(d entry.Device, k keptSeat) {
	b.kept[d] = k
	if k.Knock != (entry.Device{}) && !slices.Contains(b.knocks[k.Knock], d) {
		b.knocks[k.Knock] = append(b.knocks[k.Knock], d)
	}
}

// note remembers the devices of a seat that the side's charter knows. The seat is checked.
func (b *seatbook) note(member charter.MemberID, seat *share.Seat) error {
	c := b.replica.Charter()
	b.mu.Lock()
	defer b.mu.Unlock()
	batch := store.NewBatch(nil)
	add := func(d entry.Device, k keptSeat) {
		was, ok := b.kept[d]
		if !c.Knows(d) || ok && (was.Member != member || was.Knock == k.Knock || k.Knock == (entry.Device{})) {
			return // the first to prove it stays the one: two who do are one person's friends
		}
		value, err := json.Marshal(fileOfSeat{k.Member.String(), hex.EncodeToString(k.Home[:]), hex.EncodeToString(k.Knock[:])})
		if err != nil {
			return
		}
		b.put(d, k)
		batch.PutSmall(seatPrefix+d.String(), value)
	}
	for i := range seat.Devices {
		d := &seat.Devices[i]
		add(d.New.Key, keptSeat{member, d.Home, d.Knock})
	}
	for _, p := range seat.Before {
		add(p.Device, keptSeat{Member: member})
	}
	if batch.Empty() {
		return nil
	}
	return b.replica.Store().Commit(batch)
}

// owners says whose the devices of the side are, as far as is remembered.
func (b *seatbook) owners() map[entry.Device]share.Owner {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := map[entry.Device]share.Owner{}
	for d, k := range b.kept {
		all[d] = share.Owner{Member: k.Member, Home: k.Home}
	}
	return all
}

var _ peer.Invites = (*seatbook)(nil)

// Issued implements peer.Invites: who is on this side by now, and asks for the share for the first time.
func (b *seatbook) Issued(key entry.Device) bool {
	b.mu.Lock()
	of := slices.Clone(b.knocks[key])
	b.mu.Unlock()
	return slices.ContainsFunc(of, func(d entry.Device) bool {
		_, speaks := b.replica.Charter().MemberOf(d)
		return speaks
	})
}

// Leads implements peer.Invites: every device of the own side answers who sits down.
func (b *seatbook) Leads(key, to entry.Device) bool {
	_, speaks := b.replica.Charter().MemberOf(to)
	return speaks && b.Issued(key)
}

// Redeem implements peer.Invites.
func (b *seatbook) Redeem(_ context.Context, _ entry.Device, request []byte) ([]byte, error) {
	if len(request) != 1 || request[0] != knock.RequestHello {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	return knock.WelcomeNow(b.replica)
}
