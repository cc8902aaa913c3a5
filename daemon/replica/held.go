package replica

import (
	"cmp"
	"context"
	"encoding/binary"
	"maps"
	"slices"
	"strings"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// An entry is held back if it counts for nothing (yet) and there is no room for what its device wrote
// that doesn't. Its ID is remembered, so that peers don't send it for ever; it isn't stored, and nothing
// here stands on it. As soon as it could count for something the ID is forgotten, and it comes again:
// when what it waits for is here, when somebody else's entry names it, when there is room.

// maxHeld bounds the IDs of entries held back, about 500 bytes each.
const maxHeld = 50_000

// heldEntry is an entry that is held back.
type heldEntry struct {
	id     entry.ID
	device entry.Device
	room   bucket // that it would take of, when it came
	run    entry.Run
	size   int
	why    HeldWhy
	says   bool // it is a statement
	// beyond is the change of an entry beyond a frontier; zero for others. It counts only with what stands on it, which waits for it.
	beyond change.Hash
	// keys are for what it is let go: its change, if something here stands on it; its document, if what was
	// accepted there isn't any more; and what it waits for, a change or a statement.
	keys [][32]byte
}

// HeldWhy says for want of what an entry is held back.
type HeldWhy string

// Reasons why entries are held back.
const (
	HeldRoom HeldWhy = "room" // too much of its device counts for nothing, or waits
	HeldDay  HeldWhy = "day"  // its device wrote more than a day's worth
)

// Held is what is held back of a device.
type Held struct {
	Device  entry.Device
	Entries int
	Bytes   int64
	Why     HeldWhy
}

// Held returns what is held back, by devices, those with the most first. What lifts it: TakeIn.
func (r *Replica) Held() []Held {
	q := r.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	var all []Held
	for d, held := range q.byDevice {
		h := Held{Device: d, Entries: len(held) + q.more[d]}
		for _, e := range held {
			h.Bytes += int64(e.size)
			h.Why = max(h.Why, e.why)
		}
		all = append(all, h)
	}
	slices.SortFunc(all, func(a, b Held) int {
		return cmp.Or(cmp.Compare(b.Entries, a.Entries), strings.Compare(string(a.Device[:]), string(b.Device[:])))
	})
	return all
}

const grantedPrefix = "granted/"

// TakeIn gives devices as much room again as they had, for good, and as much to write as can add up once, to those that share a room together, and
// lets go what is held back of them: peers bring it again.
func (r *Replica) TakeIn(ctx context.Context, devices ...entry.Device) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	q, rooms := r.quota, map[bucket]bool{}
	b := store.NewBatch(nil)
	for _, d := range devices {
		of := r.bucketOf(d)
		if rooms[of] || of == (bucket{}) {
			continue
		}
		rooms[of] = true
		q.mu.Lock()
		n := q.granted[of] + 1
		q.mu.Unlock()
		r.allow(of)
		b.PutSmall(grantedPrefix+of.String(), binary.BigEndian.AppendUint32(of[:len(of):len(of)], uint32(n)))
	}
	r.putDays(b, rooms)
	if err := r.store.Commit(b); err != nil {
		return err
	}
	q.mu.Lock()
	for of := range rooms {
		q.granted[of]++
	}
	for _, d := range devices {
		q.letGoLocked(q.byDevice[d])
	}
	q.mu.Unlock()
	r.tellWanted()
	return nil
}

func (r *Replica) readGranted() error {
	return r.store.Smalls(grantedPrefix, func(_ string, v []byte) {
		if len(v) == len(entry.Device{})+4 {
			r.quota.granted[entry.Device(v)] = int(binary.BigEndian.Uint32(v[len(entry.Device{}):]))
		}
	})
}

// hold remembers that an entry is held back. It is false if so many are that this one is only counted: then it isn't had, and comes again.
func (r *Replica) hold(h heldEntry) bool {
	q := r.quota
	h.room = r.bucketOf(h.device)
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.held[h.id] != nil {
		return true
	}
	if len(q.held) >= q.mostHeld {
		q.more[h.device]++
		return false
	}
	if h.beyond != (change.Hash{}) { // what stands on it comes again, see bringsIn
		waiting := maps.Clone(q.byKey[h.beyond])
		maps.DeleteFunc(waiting, func(_ entry.ID, w *heldEntry) bool { return w.beyond == h.beyond })
		q.letGoLocked(waiting)
	}
	q.held[h.id] = &h
	into(q.byDevice, h.device, &h)
	into(q.byRoom, h.room, &h)
	into(q.byRun, deviceRun{h.device, h.run}, &h)
	for _, k := range h.keys {
		into(q.byKey, k, &h)
	}
	return true
}

func into[K comparable](sets map[K]map[entry.ID]*heldEntry, k K, h *heldEntry) {
	if sets[k] == nil {
		sets[k] = map[entry.ID]*heldEntry{}
	}
	sets[k][h.id] = h
}

func outOf[K comparable](sets map[K]map[entry.ID]*heldEntry, k K, h *heldEntry) {
	if delete(sets[k], h.id); len(sets[k]) == 0 {
		delete(sets, k)
	}
}

// letGoLocked forgets that entries are held back. Who holds q.mu calls tellWanted afterwards.
func (q *quota) letGoLocked(held map[entry.ID]*heldEntry) {
	for _, h := range held {
		delete(q.held, h.id)
		outOf(q.byDevice, h.device, h)
		outOf(q.byRoom, h.room, h)
		outOf(q.byRun, deviceRun{h.device, h.run}, h)
		for _, k := range h.keys {
			outOf(q.byKey, k, h)
		}
		q.wanted = append(q.wanted, h.id)
		if len(q.byDevice[h.device]) == 0 {
			delete(q.more, h.device)
		}
	}
}

// letGo lets go what is held back for any of these: changes and statements that are accepted now, or
// are named.
func (q *quota) letGo(keys ...[32]byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.letGoForLocked(keys...)
}

func (q *quota) letGoForLocked(keys ...[32]byte) {
	if len(q.held) == 0 {
		return
	}
	for _, k := range keys {
		q.letGoLocked(q.byKey[k])
		if h := q.held[k]; h != nil {
			q.letGoLocked(map[entry.ID]*heldEntry{k: h})
		}
	}
}

func (q *quota) letGoRuns(runs []deviceRun) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, of := range runs {
		q.letGoLocked(q.byRun[of])
	}
}

// tellWanted tells whoever keeps the set of what is here that entries aren't held back any more.
func (r *Replica) tellWanted() {
	q := r.quota
	q.mu.Lock()
	ids := q.wanted
	q.wanted = nil
	q.mu.Unlock()
	r.unheld.tell(ids...)
}

func (q *quota) isHeld(id entry.ID) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.held[id] != nil
}

// heldIDs returns the IDs of what is held back.
func (q *quota) heldIDs() []entry.ID {
	q.mu.Lock()
	defer q.mu.Unlock()
	ids := make([]entry.ID, 0, len(q.held))
	for id := range q.held {
		ids = append(ids, id)
	}
	return ids
}

// keeping decides, while a document is judged, which of the entries that came for it are kept.
type keeping struct {
	r       *Replica
	d       *document
	taken   map[bucket]room       // by what came and isn't accepted, so far
	charged map[entry.ID]bucket   // of that, what takes another's room than its device's
	spent   []*entry.Entry        // what was taken of what its device may write in a day
	ways    map[entry.ID]entry.ID // of entries that are here, the first reached by Previous that isn't
}

// those has add take in what is kept, in the order in which it came, and returns that and what is held back. What
// there is no room for is kept if it is accepted, so it waits until all that it may stand on was looked at.
func (k *keeping) those(in []arrived, add func([]arrived)) (kept []arrived, held []heldEntry) {
	in, held = k.rationed(in)
	if k.haveRoom(in) { // mostly
		add(in)
		return in, held
	}
	take := func(a arrived) {
		add([]arrived{a})
		k.note(a)
		kept = append(kept, a)
	}
	var late []arrived
	for _, a := range in {
		if k.may(a) || k.d.judge.MayCount(a.entry, a.change) {
			take(a)
		} else {
			late = append(late, a)
		}
	}
	for more := true; more; {
		more = false
		late = slices.DeleteFunc(late, func(a arrived) bool {
			if !k.isNamed(a) && !k.d.judge.MayCount(a.entry, a.change) && !k.bringsIn(a) {
				return false
			}
			take(a)
			more = true
			return true
		})
	}
	back := map[entry.ID]bool{}
	for _, a := range late {
		held = append(held, heldChange(k.d.judge, a, k.r.Rules(), HeldRoom))
		back[a.entry.ID()] = true
	}
	k.spent = slices.DeleteFunc(k.spent, func(e *entry.Entry) bool { // it comes again, and takes its part then
		if back[e.ID()] {
			k.r.giveBack(e)
		}
		return back[e.ID()]
	})
	return kept, held
}

// rationed says what came within what its device may write in a day, or is named by what others wrote, and holds back the
// rest.
func (k *keeping) rationed(in []arrived) (some []arrived, held []heldEntry) {
	for i, a := range in {
		switch {
		case k.r.spend(a.entry):
			k.spent = append(k.spent, a.entry)
		case !k.mayBeyond(a):
			if some == nil {
				some = append(make([]arrived, 0, len(in)), in[:i]...)
			}
			held = append(held, heldChange(k.d.judge, a, k.r.Rules(), HeldDay))
			continue
		}
		if some != nil {
			some = append(some, a)
		}
	}
	if len(held) == 0 {
		return in, nil
	}
	return some, held
}

// mayBeyond says whether an entry is kept of which its device has written too much: somebody else's names it, within what they may name; or a frontier
// leads to it.
func (k *keeping) mayBeyond(a arrived) bool {
	own := k.r.bucketOf(a.entry.Device)
	if k.r.isLedTo(a.entry, own) {
		return true
	}
	for _, b := range k.others(a) {
		if k.r.mayName(k.r.Rules(), b, own, a.entry) {
			k.charged[a.entry.ID()] = b
			return true
		}
	}
	return false
}

// haveRoom says whether there is room for all of some entries, whatever becomes of them.
func (k *keeping) haveRoom(in []arrived) bool {
	all := map[bucket]room{}
	for _, a := range in {
		b := k.r.bucketOf(a.entry.Device)
		all[b] = all[b].plus(roomOf(a.entry, a.change))
	}
	for b, n := range all {
		if !k.r.hasRoom(b, n) {
			return false
		}
	}
	return true
}

// may says whether an entry is kept, whatever becomes of it: there is room in the share of its device or, if
// somebody else's entry names it, in that of whose that takes.
func (k *keeping) may(a arrived) bool {
	own := k.r.bucketOf(a.entry.Device)
	return k.r.hasRoom(own, k.taken[own]) || k.isNamed(a)
}

// isNamed is may for what its own device has no room for. What is needed to say how far a frontier reaches is
// named by that.
func (k *keeping) isNamed(a arrived) bool { return k.r.wanted.has(a.entry.ID()) || k.isOthers(a) }

// isOthers says whether somebody else's entry names one, and notes whose room it takes then.
func (k *keeping) isOthers(a arrived) bool {
	others := k.others(a)
	if len(others) == 0 {
		return false
	}
	k.charged[a.entry.ID()] = others[0]
	return true
}

// others returns the rooms, with room left, of what names an entry and isn't in its own: those of other members first.
func (k *keeping) others(a arrived) []bucket {
	own := k.r.bucketOf(a.entry.Device)
	all := slices.DeleteFunc(k.namedBy(a), func(b bucket) bool { return b == own || !k.r.hasRoom(b, k.taken[b]) })
	return k.r.othersFirst(k.r.Rules(), all, own)
}

// bringsIn says whether an entry stands on one that is held back and beyond a frontier: neither counts without the other, so
// if their people have no room left, the one would keep the other out.
func (k *keeping) bringsIn(a arrived) bool {
	return slices.ContainsFunc(a.change.Deps, k.r.quota.isHeldBeyond) && k.d.judge.WouldBring(a.entry)
}

// isHeldBeyond says whether a change is held back that is beyond a frontier.
func (q *quota) isHeldBeyond(hash change.Hash) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, h := range q.byKey[hash] {
		if h.beyond == hash {
			return true
		}
	}
	return false
}

// maxCharged is of how many that wait for a change it is looked up whose room each takes; of the rest, that is who wrote it.
const maxCharged = 64

// namedBy returns whose room those take who wait for a change, directly or by way of others, or have acknowledged it.
func (k *keeping) namedBy(a arrived) (who []bucket) {
	add := func(b bucket) {
		if !slices.Contains(who, b) {
			who = append(who, b)
		}
	}
	for i, id := range k.d.judge.Naming(a.change.Hash) {
		it, _ := k.d.judge.Item(id)
		b := k.r.bucketOf(it.Entry.Device)
		if by, ok := k.charged[id]; ok {
			b = by
		} else if i < maxCharged {
			if rec, err := k.r.store.Record(id); err == nil && len(rec.Charged) == len(b) {
				b = bucket(rec.Charged)
			}
		}
		add(b)
	}
	for _, s := range k.r.Rules().SeenOf(a.entry.Device, a.entry.Run) {
		if s.Device != a.entry.Device && k.leadsTo(s.Last, a.entry.ID()) {
			add(k.r.bucketOf(s.Device))
		}
	}
	return who
}

// maxLead bounds how far back leadsTo looks.
const maxLead = 4096

// leadsTo says whether an entry is reached by Previous from another, which needn't be here. It isn't here itself, so it is the first on
// that way which isn't. Where a way ends is looked for once: a run of thousands can be acknowledged thousands of times.
func (k *keeping) leadsTo(last, id entry.ID) bool {
	var way []entry.ID
	end := last
	for range maxLead {
		if known, ok := k.ways[end]; ok {
			end = known
			break
		}
		before, ok := k.r.runs.Previous(end)
		if !ok {
			break
		}
		way, end = append(way, end), before
		if end.IsZero() {
			break
		}
	}
	for _, on := range way {
		k.ways[on] = end
	}
	return end == id
}

// note counts the room of an entry that came, once it was judged.
func (k *keeping) note(a arrived) {
	if state, _ := k.d.judge.State(a.entry.ID()); state != charter.Accepted {
		b, ok := k.charged[a.entry.ID()]
		if !ok {
			b = k.r.bucketOf(a.entry.Device)
		}
		k.taken[b] = k.taken[b].plus(roomOf(a.entry, a.change))
	}
}

// heldChange is a change that is held back, as the judge sees it.
func heldChange(d *accept.Document, a arrived, c Rules, why HeldWhy) heldEntry {
	h := heldEntry{
		id: a.entry.ID(), device: a.entry.Device, run: a.entry.Run, size: len(a.entry.Encoded()), why: why,
		keys: [][32]byte{docKey(a.entry.Doc)},
	}
	if a.change != nil {
		h.keys = append(h.keys, a.change.Hash)
		if d.WouldBeBeyond(a.entry) {
			h.beyond = a.change.Hash
		}
	}
	if head, ok := firstOpen(c, a.entry.Heads); ok {
		h.keys = append(h.keys, head)
		if !c.IsSound(head) {
			return h
		}
	}
	if a.change == nil { // it is bare
		return h
	}
	for _, dep := range a.change.Deps {
		if it, ok := d.ItemOf(dep); ok {
			if state, _ := d.State(it.Entry.ID()); state == charter.Accepted {
				continue
			}
		}
		h.keys = append(h.keys, dep) // it isn't here, or waits itself
		return h
	}
	return h
}

// firstOpen returns the first of some heads that isn't judged, or if there is none the first that isn't on a branch
// which is followed.
func firstOpen(c Rules, heads []entry.ID) (first entry.ID, ok bool) {
	for _, head := range heads {
		state, _ := c.State(head)
		switch open := state == charter.Pending || state == charter.Elsewhere; {
		case open && !c.IsSound(head):
			return head, true
		case open && !ok:
			first, ok = head, true
		}
	}
	return first, ok
}

// docKey is a document among the keys of what is held back.
func docKey(doc entry.DocID) (key [32]byte) {
	copy(key[:], doc[:])
	return key
}

// letGoFor lets go what is held back for what came of a change: it stands on what isn't here, or it has another state now,
// or is here at last, where who stands on it may count (accept.Document.MayCount), and says what is before it in its run,
// which somebody may have acknowledged with it.
func (r *Replica) letGoFor(v verdict) {
	if v.change == nil { // it is bare
		r.quota.letGo(v.entry.Previous)
		return
	}
	keys := [][32]byte{v.change.Hash}
	if v.fresh {
		keys = append(keys, v.entry.Previous)
	}
	if v.state != charter.Accepted && v.fresh {
		for _, dep := range v.change.Deps {
			keys = append(keys, dep)
		}
		for _, h := range v.entry.Heads {
			keys = append(keys, h)
		}
	}
	r.quota.letGo(keys...)
}
