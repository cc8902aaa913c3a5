package replica

import (
	"cmp"
	"crypto/sha256"
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// ownRooms is how many devices of a member have a room of their own: their first ones, and besides them their member key.
const ownRooms = 8

// sideRooms is how many devices of a side of a share have one, member keys among them: two of each of fifty people, and some that were replaced.
const sideRooms = 128

// bucket is whose room an entry takes, of what isn't accepted and of what may be written in a day: a device's, one that
// several share, or that of all whom the charter doesn't know, which is the zero device's.
type bucket = entry.Device

// whose knows which devices have a room of their own. What one member costs the others mustn't grow with how many devices they make, and
// beside each other they can let in and certify any number. So further ones share a room: those of a member that speak, those
// that don't, and both of all whom a member let in and who never were full. Those that don't speak have one of their own, so that
// what a thief added takes nothing of what their victim writes with, once it is put out of use.
//
// In a share, whom the other co-op lets in, removes, and lets in is for it alone to say, and one person may be all of it. So a side answers
// for its people: when it has so many rooms, whatever further devices it brings share one.
//
// Every replica goes by what it has heard: what is held back isn't void, and comes in with the word of others.
type whose struct {
	mu    sync.Mutex
	own   map[entry.Device]bool
	rules Rules
	of    map[entry.Device]bucket  // of those that share, under these rules
	ours  map[bucket]sharing       // the rooms that are shared, as far as anybody asked for them
	sides map[charter.MemberID]int // in a share, how many of own each side has, by what sideIn says; nil: to be counted
	most  int                      // sideRooms where it is 0, as everywhere but in tests
}

// sharing is who has a room together: a member's devices or those of whom they let in. Or it is what somebody may name of another's room, see mayName.
type sharing struct {
	by     charter.MemberID // or what sideIn says
	guests bool
	speak  bool // more may be written there, or named, as time goes by
	names  bool
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
	if side, shared := sideIn(rules, who.ID); shared && w.roomsOf(rules, side) >= cmp.Or(w.most, sideRooms) {
		return w.shared(side, false, speaksNow(rules, &who, d))
	}
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

// sideIn stands for the side of a share on which somebody is or was: by the start of its space's ID. ok is false outside of shares.
func sideIn(rules Rules, who charter.MemberID) (side charter.MemberID, ok bool) {
	s, ok := rules.(*share.Share)
	if !ok {
		return side, false
	}
	for i := range 2 {
		if c := s.Side(i); c != nil {
			if _, is := c.Member(who); is {
				space := c.Space()
				copy(side[:], space[:])
				return side, true
			}
		}
	}
	return side, false
}

// roomsOf is how many rooms of their own the devices of a side have.
func (w *whose) roomsOf(rules Rules, side charter.MemberID) int {
	if w.sides == nil {
		w.sides = map[charter.MemberID]int{}
		for d := range w.own {
			who, _ := rules.OwnerOf(d)
			if of, ok := sideIn(rules, who.ID); ok {
				w.sides[of]++
			}
		}
	}
	return w.sides[side]
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
	return w.note(b, sharing{by: who, guests: guests, speak: speak})
}

// named is where what somebody names of a room takes its part.
func (w *whose) named(by namer, of bucket) bucket {
	w.mu.Lock()
	defer w.mu.Unlock()
	b := append([]byte("kith/room/named/1\x00"), by.who[:]...)
	if by.guests {
		b = append(b, 1)
	} else {
		b = append(b, 0)
	}
	return w.note(append(b, of[:]...), sharing{by: by.who, speak: true, names: true})
}

// note remembers what a room is that is no device's. The caller holds mu.
func (w *whose) note(what []byte, is sharing) bucket {
	b := bucket(sha256.Sum256(what))
	if w.ours == nil {
		w.ours = map[bucket]sharing{}
	}
	w.ours[b] = is
	return b
}

func (w *whose) have(d entry.Device) {
	if w.own == nil {
		w.own = map[entry.Device]bool{}
	}
	w.own[d], w.sides = true, nil
}

// growing says whether more may be written in a room as time goes by: its device speaks, those that share it do, or may be known one day.
func (r *Replica) growing(b bucket) bool { return b == (bucket{}) || r.speaks(r.Rules(), b) }

// speaks says whether those whose room it is speak for somebody.
func (r *Replica) speaks(rules Rules, b bucket) bool {
	if of, shared := r.whose.sharing(b); shared {
		return of.speak
	}
	_, speaks := rules.MemberOf(b)
	return speaks
}

func (w *whose) sharing(b bucket) (sharing, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	of, shared := w.ours[b]
	return of, shared
}

// mayName says whether an entry of which its own room may have no more is kept since one in another room names it.
//
// What an honest computer names it took in itself, within what was to be had there, which is at most what adds up more than here. So another member, in a share those
// of the other side, may name as much as adds up beyond what is written in a room, and a day's worth more each day: what they say waits for nothing then, and so many who
// name each other's write so many times a day's worth. Another device of the same member, one that the charter doesn't know, and one whose word has ended take
// of what they may write themselves: there may be any number of these.
func (r *Replica) mayName(rules Rules, by, own bucket, e *entry.Entry) bool {
	if !r.isAnothers(rules, by, own) {
		return r.spendOf(by, e)
	}
	return r.spendOf(r.whose.named(r.namerOf(rules, by), own), e)
}

// isAnothers says whether what is in one room was written by another member than what is in another, who is still in.
func (r *Replica) isAnothers(rules Rules, by, own bucket) bool {
	return r.speaks(rules, by) && r.namerOf(rules, by).who != r.namerOf(rules, own).who
}

// othersFirst puts rooms of other members before those of whose room this is.
func (r *Replica) othersFirst(rules Rules, rooms []bucket, own bucket) []bucket {
	var first, rest []bucket
	for _, b := range rooms {
		if r.isAnothers(rules, b, own) {
			first = append(first, b)
		} else {
			rest = append(rest, b)
		}
	}
	return append(first, rest...)
}

// namer is who answers for what is in a room, see charter.Member.Answers, or in a share what stands for their side; nobody for what the charter
// doesn't know. Guests are theirs.
type namer struct {
	who    charter.MemberID
	guests bool
}

func (r *Replica) namerOf(rules Rules, b bucket) namer {
	of, shared := r.whose.sharing(b)
	by := namer{of.by, of.guests}
	if !shared {
		who, _ := rules.OwnerOf(b)
		by.who, _ = who.Answers()
	}
	if side, ok := sideIn(rules, by.who); ok {
		by.who = side
	}
	return by
}
