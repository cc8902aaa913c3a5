package replica

import (
	"cmp"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// What changes a run holds, by their numbers, is noted as they are stored, and kept beside them in pieces: else the first who asks
// how far others have got after a start would wait for every entry to be read. Of what arrived after it was kept last, and of a
// store in which it never was, the entries are read.

// reach knows the changes of all runs by their number, to tell what an acknowledgement covers: 8 bytes a change.
type reach struct {
	reading sync.Mutex // held while the entries are read; outside mu

	mu      sync.Mutex
	runs    map[deviceRun]*runChanges // nil: not read yet
	listed  []*runChanges             // the same, each at its index
	busy    bool                      // they are being read
	late    []runChange               // what was stored meanwhile
	numbers map[acknowledged]uint64   // of what acknowledgements name; 0 for what isn't here
	known   int                       // about how many changes are in runs
	unkept  int                       // of these, noted since runs were kept
	many    map[entry.Device]behind   // what Unconfirmed said last of who has acknowledged least
	reached map[entry.Device]reached  // of devices that Unconfirmed was asked about; 4 bytes a run
}

// acknowledged is an entry that an acknowledgement names as the last of a run.
type acknowledged struct {
	of   deviceRun
	last entry.ID
}

// runChanges is what a run holds, by ascending number once it is tidy.
type runChanges struct {
	device  entry.Device
	index   int
	changes []numbered
	untidy  bool
	tidied  int             // how many of an untidy one are in order, from the first on
	forked  bool            // two entries have one number: an acknowledgement of one says nothing of the other
	unkept  map[uint64]bool // the pieces that aren't kept as they are
}

// numbered is a change by its number in its run and by when it arrived. A number that is too high for it takes a modified program: its run counts as one
// that forked.
type numbered struct{ number, arrival uint32 }

func numberedAs(number, arrival uint64) numbered {
	return numbered{uint32(min(number, math.MaxUint32)), uint32(min(arrival, math.MaxUint32))}
}

type runChange struct {
	of deviceRun
	numbered
}

// runPiece is how many numbers of a run are kept in one record.
const runPiece = 4_096

// add takes a change, one that was added before too. The changes of a document come together, and a run goes across many: so
// they are put in order when somebody asks.
func (w *runChanges) add(n numbered) {
	if last := len(w.changes) - 1; !w.untidy && last >= 0 && w.changes[last].number >= n.number {
		w.untidy, w.tidied = true, len(w.changes)
	}
	w.changes, w.forked = append(w.changes, n), w.forked || n.number == math.MaxUint32
	w.unkept[uint64(n.number/runPiece)] = true
}

func (w *runChanges) tidy() {
	if !w.untidy {
		return
	}
	w.untidy = false
	// In a catch-up somebody asks again and again, and little came in between: that is put in its places, and what is in order isn't sorted anew.
	order := func(a, b numbered) int {
		return cmp.Or(cmp.Compare(a.number, b.number), cmp.Compare(a.arrival, b.arrival))
	}
	came, from := slices.Clone(w.changes[w.tidied:]), w.tidied
	slices.SortFunc(came, order)
	for to := len(w.changes) - 1; len(came) > 0; to-- {
		if last := came[len(came)-1]; from == 0 || order(w.changes[from-1], last) <= 0 {
			w.changes[to], came = last, came[:len(came)-1]
			continue
		}
		from--
		w.changes[to] = w.changes[from]
	}
	w.changes = slices.CompactFunc(w.changes, func(a, b numbered) bool {
		w.forked = w.forked || a.number == b.number && a.arrival != b.arrival
		return a.number == b.number
	})
}

func (x *reach) runLocked(of deviceRun) *runChanges {
	w := x.runs[of]
	if w == nil {
		w = &runChanges{device: of.device, index: len(x.listed), unkept: map[uint64]bool{}}
		x.runs[of] = w
		x.listed = append(x.listed, w)
	}
	return w
}

func (x *reach) addLocked(c runChange) {
	x.runLocked(c.of).add(c.numbered)
	x.known++
	x.unkept++
}

// note takes over what is stored now.
func (x *reach) note(verdicts []verdict) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, v := range verdicts {
		c := runChange{deviceRun{v.entry.Device, v.entry.Run}, numberedAs(v.entry.Number, v.arrival)}
		switch {
		case !v.fresh:
		case x.runs != nil:
			x.addLocked(c)
		case x.busy: // else it will be read with all the rest
			x.late = append(x.late, c)
		}
	}
}

// drop forgets changes that are stored no more.
func (x *reach) drop(gone map[uint64]bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	is := func(n numbered) bool { return gone[uint64(n.arrival)] }
	for _, w := range x.runs {
		for _, n := range w.changes {
			if is(n) {
				w.unkept[uint64(n.number/runPiece)] = true
				x.unkept++
			}
		}
		w.changes, w.tidied = slices.DeleteFunc(w.changes, is), 0
	}
	x.late = slices.DeleteFunc(x.late, func(c runChange) bool { return is(c.numbered) })
	clear(x.reached)
}

// lockRuns locks r.reach once all that is stored is in it, in order.
func (r *Replica) lockRuns() error {
	x := &r.reach
	if err := r.readRuns(); err != nil {
		return err
	}
	x.mu.Lock()
	for _, w := range x.listed {
		w.tidy()
	}
	return nil
}

// dearLookUp is about how many entries are read one after the other in the time that it takes to look one up.
const dearLookUp = 8

// readRuns reads what is stored, unless it was read; meanwhile the rest goes on.
func (r *Replica) readRuns() error {
	x := &r.reach
	x.reading.Lock()
	defer x.reading.Unlock()
	x.mu.Lock()
	known := x.runs != nil
	x.busy = !known
	x.mu.Unlock()
	if known {
		return nil
	}
	defer func() {
		x.mu.Lock()
		defer x.mu.Unlock()
		x.busy, x.late = false, nil
	}()
	read := reach{runs: map[deviceRun]*runChanges{}}
	settled, err := r.readKept(&read)
	if err != nil {
		return err
	}
	var broken error
	take := func(arrival uint64, encoded []byte) bool {
		e, err := entry.Decode(encoded)
		if err != nil {
			broken = fmt.Errorf("%w: an entry that arrived as number %d: %v", store.ErrCorrupt, arrival, err)
			return false
		}
		if e.Kind == entry.Change {
			read.addLocked(runChange{deviceRun{e.Device, e.Run}, numberedAs(e.Number, arrival)})
		}
		return true
	}
	arrived := r.store.LastArrival()
	if behind := arrived - min(settled, arrived); settled == 0 || behind > keptEvery && behind > arrived/dearLookUp {
		err = r.store.All(func(arrival uint64, encoded []byte) bool {
			return arrival <= settled || take(arrival, slices.Clone(encoded))
		})
	} else {
		err = r.store.Since(settled, func(arrival uint64, id entry.ID) bool {
			b, _, err := r.store.Entry(id)
			if err != nil {
				broken = err
				return false
			}
			return take(arrival, b)
		})
	}
	if err = cmp.Or(broken, err); err != nil {
		return err
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.runs, x.listed, x.numbers, x.known, x.unkept = read.runs, read.listed, map[acknowledged]uint64{}, read.known, read.unkept
	x.many, x.reached = map[entry.Device]behind{}, map[entry.Device]reached{}
	for _, c := range x.late {
		x.addLocked(c)
	}
	return nil
}

// startRuns reads what is known of runs where there is little to read: a store that isn't large, or in which it is kept but for the end.
func (r *Replica) startRuns() error {
	settled, err := r.keptUpTo()
	if err != nil || r.store.LastArrival()-min(settled, r.store.LastArrival()) > keptEvery {
		return err // whoever asks first waits for it, and not the start
	}
	return r.readRuns()
}

const (
	keptRecord = "runs"  // up to which arrival what is kept is whole; without it nothing is
	keptPrefix = "runs/" // before the names of the pieces
	keptEvery  = 20_000  // changes
)

// keepRuns keeps what is known of runs, if it is known and at least so many changes came since, or a good part of all: a catch-up, which goes
// across all pieces, doesn't write them again and again. All that arrived up to settled is stored and was noted.
func (r *Replica) keepRuns(settled uint64, least int) error {
	x := &r.reach
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.runs == nil || x.unkept < min(least, keptEvery+x.known/2) {
		return nil
	}
	p := r.store.Pieces()
	for of, w := range x.runs {
		w.tidy()
		for n := range w.unkept {
			name := keptPrefix + hex.EncodeToString(of.device[:]) + hex.EncodeToString(of.run[:]) + fmt.Sprintf("%013x", n)
			p.Batch().PutSmall(name, w.piece(of, n))
		}
	}
	p.Batch().PutSmall(keptRecord, binary.AppendUvarint(nil, settled))
	if err := p.Commit(); err != nil {
		return err
	}
	for _, w := range x.runs {
		clear(w.unkept)
	}
	x.unkept = 0
	return nil
}

// piece encodes the changes of a run whose numbers fall into one piece: device, run, whether the run forked, and of each change how much
// higher its number and its arrival are than those of the one before. nil if there are none.
func (w *runChanges) piece(of deviceRun, n uint64) []byte {
	from, _ := slices.BinarySearchFunc(w.changes, n*runPiece, func(c numbered, number uint64) int { return cmp.Compare(uint64(c.number), number) })
	out := append(slices.Clone(of.device[:]), of.run[:]...)
	out = append(out, 0)
	if w.forked {
		out[len(out)-1] = 1
	}
	head, before := len(out), numbered{}
	for _, c := range w.changes[from:] {
		if uint64(c.number/runPiece) != n {
			break
		}
		out = binary.AppendUvarint(out, uint64(c.number-before.number))
		out = binary.AppendVarint(out, int64(c.arrival)-int64(before.arrival))
		before = c
	}
	if len(out) == head {
		return nil
	}
	return out
}

// keptUpTo is up to which arrival what is kept is whole; 0 if nothing is.
func (r *Replica) keptUpTo() (uint64, error) {
	b, err := r.store.Small(keptRecord)
	if errors.Is(err, store.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	settled, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, fmt.Errorf("%w: up to where runs are kept", store.ErrCorrupt)
	}
	return settled, nil
}

// readKept reads what was kept, and says what keptUpTo does.
func (r *Replica) readKept(x *reach) (settled uint64, err error) {
	if settled, err = r.keptUpTo(); err != nil || settled == 0 {
		return 0, err
	}
	broken := false
	err = r.store.Smalls(keptPrefix, func(_ string, piece []byte) {
		var of deviceRun
		head := len(of.device) + len(of.run)
		if broken = broken || len(piece) <= head; broken {
			return
		}
		copy(of.device[:], piece)
		copy(of.run[:], piece[len(of.device):])
		w := x.runLocked(of)
		w.forked = w.forked || piece[head] == 1
		at := numbered{}
		for rest := piece[head+1:]; len(rest) > 0 && !broken; {
			up, n := binary.Uvarint(rest)
			came, m := binary.Varint(rest[max(n, 0):])
			if broken = n <= 0 || m <= 0; !broken {
				at, rest = numberedAs(uint64(at.number)+up, uint64(int64(at.arrival)+came)), rest[n+m:]
				w.changes = append(w.changes, at) // pieces come in the order of their numbers
				x.known++
			}
		}
	})
	if broken && err == nil {
		err = fmt.Errorf("%w: what is kept of runs", store.ErrCorrupt)
	}
	return settled, err
}
