package space

import (
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// directory is the charter as the peers see it.
type directory struct {
	r       *replica.Replica
	parting *parting
}

var _ peer.Charter = directory{}

// Devices implements peer.Charter.
func (d directory) Devices() []peer.Device {
	if d.parting.over() {
		return nil
	}
	var all []peer.Device
	s, side := d.r.Share()
	for _, m := range d.r.Rules().Members() {
		by, _ := m.Answers()
		for _, dev := range m.Devices {
			device := peer.Device{Key: dev.Key, Name: words.FullName(&m) + "'s " + dev.Name, Member: by.String(), Payer: payer(d.r, dev.Key), Former: dev.Retired}
			if s != nil {
				// Once a share is over, the other side's devices are told no more where anybody is, nor what is written.
				if of, ok := s.SideOf(dev.Key); ok && of != side {
					device.Other, device.Former = true, device.Former || over(d.r, dev.Key)
				}
			}
			all = append(all, device)
		}
	}
	// Who came in on another side of a split gets the charter, and so learns of this one.
	for _, key := range d.r.DevicesElsewhere() {
		all = append(all, peer.Device{Key: key, Name: "somebody's on another side", Former: true})
	}
	return all
}

// payer says to whom it is laid what a device costs this computer; "" of one that nobody knows.
func payer(r *replica.Replica, d entry.Device) string {
	who, known := r.Rules().OwnerOf(d)
	if !known {
		return ""
	}
	if s, side := r.Share(); s != nil {
		if _, ours := s.Side(side).OwnerOf(d); !ours {
			return "the other side"
		}
	}
	by, _ := who.Answers()
	return by.String()
}

// over says whether a device gets nothing but the charters any more, see replica.Gives.
func over(r *replica.Replica, d entry.Device) bool {
	until, gives := r.Gives(d)
	return !gives || until > 0 && uint64(r.Now().UnixMilli()) >= until
}

// shareEnded says whether this is a share that is over, or whose end date has come.
func shareEnded(r *replica.Replica) bool {
	s, _ := r.Share()
	if s == nil {
		return false
	}
	_, over := s.Ended()
	terms, _ := s.Terms()
	return over || terms.Ends > 0 && uint64(r.Now().UnixMilli()) >= terms.Ends
}

// Knows implements peer.Charter. A member key is no device: it comes in by a door of its own,
// and only as long as it is the newest.
func (d directory) Knows(key entry.Device) bool {
	return d.r.Rules().Knows(key) && !d.r.WasMemberKey(key) && !d.parting.over()
}

// removed says whether the member whose device this is was removed.
func removed(r *replica.Replica) bool {
	m, ok := r.Charter().OwnerOf(r.Device())
	return ok && m.Standing == charter.Removed
}

// partingTime is how long the device of who was removed stays in touch once it knows: what was
// written on it before and nobody has yet is brought to the others, who keep it.
const partingTime = 30 * time.Second

// parting is the end of being in touch. Who resigned goes on until the others have heard of it;
// they see to the rest.
type parting struct {
	mu    sync.Mutex
	begun bool
	ended bool
}

// begin lets the end come in a while; then says so.
func (p *parting) begin(then func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.begun || p.ended {
		return
	}
	p.begun = true
	time.AfterFunc(partingTime, func() {
		p.end()
		then()
	})
}

func (p *parting) end() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ended = true
}

func (p *parting) over() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
