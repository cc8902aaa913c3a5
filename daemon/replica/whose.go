package replica

import (
	"crypto/sha256"
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// ownRooms is how many devices of a member have a room of their own: their first ones, and besides them their member key.
const ownRooms = 8

// bucket is whose room an entry takes, of what isn't accepted and of what may be written in a day: a device's, one that
// several share, or that of all whom the charter doesn't know, which is the zero device's.
type bucket = entry.Device

// whose knows which devices have a room of their own. What one member costs the others mustn't grow with how many devices they make, and
// beside each other they can let in and certify any number. So further ones share a room: those of a member that speak, those
// that don't, and both of all whom a member let in and who never were full. Those that don't speak have one of their own, so that
// what a thief added takes nothing of what their victim writes with, once it is put out of use.
//
// Every replica goes by what it has heard: what is held back isn't void, and comes in with the word of others.
type whose struct {
	mu    sync.Mutex
	own   map[entry.Device]bool
	rules Rules
	of    map[entry.Device]bucket // of those that share, under these rules
	ours  map[bucket]sharing      // the rooms that are shared, as far as anybody asked for them
}

// sharing is who has a room together: a member's devices or those of whom they let in.
type sharing struct {
	by    charter.MemberID
	speak bool // more may be written there as time goes by
}

// bucketOf returns whose room what a device wrote takes.
func (r *Replica) bucketOf(d entry.Device) bucket { return r.bucketUnder(r.Rules(), d) }

// bucketUnder is bucketOf under rules that may be tried only.
func (r *Replica) bucketUnder(rules Rules, d entry.Device) bucket {
	if !rules.Knows(d) {
		return bucket{}
	}
	w := &r.whose
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.own[d] {
		return d
	}
	if w.rules != rules {
		w.rules, w.of = rules, map[entry.Device]bucket{}
	}
	b, ok := w.of[d]
	if !ok {
		b = w.find(rules, d)
		w.of[d] = b
	}
	return b
}

// find gives a device that has no room of its own one, or says which one it shares.
func (w *whose) find(rules Rules, d entry.Device) bucket {
	who, _ := rules.OwnerOf(d) // of a device that two claim, or only somebody on another branch, nobody
	if by, guest := who.Answers(); guest {
		return w.shared(by, true, speaksNow(rules, &who, d))
	}
	own := 0
	isDevice := false
	for i := range who.Devices {
		isDevice = isDevice || who.Devices[i].Key == d
		if w.own[who.Devices[i].Key] {
			own++
		}
	}
	if !isDevice { // the member key
		w.have(d)
		return d
	}
	for i := range who.Devices {
		if of := who.Devices[i].Key; own < ownRooms && !w.own[of] {
			w.have(of)
			own++
		}
	}
	if w.own[d] {
		return d
	}
	return w.shared(who.ID, false, speaksNow(rules, &who, d))
}

func speaksNow(rules Rules, who *charter.Member, d entry.Device) bool {
	if who.Key == d {
		return who.Standing == charter.Full || who.Standing == charter.Prospective
	}
	_, speaks := rules.MemberOf(d)
	return speaks
}

// shared is the room of a member's devices or, guests, of those whom they let in.
func (w *whose) shared(who charter.MemberID, guests, speak bool) bucket {
	b := []byte("kith/room/1\x00")
	b = append(b, who[:]...)
	for _, yes := range []bool{guests, speak} {
		if yes {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	sum := bucket(sha256.Sum256(b))
	if w.ours == nil {
		w.ours = map[bucket]sharing{}
	}
	w.ours[sum] = sharing{who, speak}
	return sum
}

func (w *whose) have(d entry.Device) {
	if w.own == nil {
		w.own = map[entry.Device]bool{}
	}
	w.own[d] = true
}

// growing says whether more may be written in a room as time goes by: its device speaks, those that share it do, or may be known one day.
func (r *Replica) growing(b bucket) bool {
	if b == (bucket{}) {
		return true
	}
	if of, shared := r.whose.sharing(b); shared {
		return of.speak
	}
	_, speaks := r.Rules().MemberOf(b)
	return speaks
}

func (w *whose) sharing(b bucket) (sharing, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, shared := w.ours[b]
	return of, shared
}

// mayName says whether an entry in one room is kept for what is in another and names it: another member's, or the same member's within what
// may be written there.
func (r *Replica) mayName(rules Rules, by, own bucket, e *entry.Entry) bool {
	return r.answers(rules, by) != r.answers(rules, own) || r.spendOf(by, e)
}

// answers returns who answers for what is in a room, see charter.Member.Answers; nobody for what the charter doesn't know.
func (r *Replica) answers(rules Rules, b bucket) charter.MemberID {
	if of, shared := r.whose.sharing(b); shared {
		return of.by
	}
	who, _ := rules.OwnerOf(b)
	by, _ := who.Answers()
	return by
}
