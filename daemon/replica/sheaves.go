package replica

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/daemon/sought"
	"kith/daemon/store"
)

// A search reads sheaves (package sought), each an index of many documents, and the records of what is in none: of what was written since the
// last one was bound. What is in a sheaf counts only as long as the document has the same sum, which is stored in the transaction of
// its view; so sheaves are never changed, and what a crash leaves is right. They are made of records alone, and anything of them may go.

const (
	// manyLoose is from how many documents on that are in no sheaf one is bound.
	manyLoose = 256
	// halfDocs and halfBytes are what is in a sheaf at least, or it is bound anew with others.
	halfDocs  = sought.SheafDocs / 2
	halfBytes = sought.SheafBytes / 2
	// sheafDocSize is what stands of a document in store.SheafDocs.
	sheafDocSize = len(entry.DocID{}) + 8
)

// sheaves is what the index knows of them; guarded by its mutex.
type sheaves struct {
	read  bool // what lies in the store is known
	all   map[uint32]*sheaf
	last  uint32               // number
	loose map[entry.DocID]bool // documents that are in none; what they have is looked through
	many  atomic.Int64         // of loose; before read, of what was written since the start
}

// sheaf is one of them.
type sheaf struct {
	number uint32
	docs   int
	bytes  int      // of records
	live   []uint64 // bits: which of its documents still have these words
	lives  int
}

func newSheaf(number uint32, docs, bytes int) *sheaf {
	return &sheaf{number: number, docs: docs, bytes: bytes, live: make([]uint64, (docs+63)/64)}
}

func (s *sheaf) has(at int) bool { return s.live[at/64]&(1<<(at%64)) != 0 }

func (s *sheaf) set(at int, yes bool) {
	if s.has(at) == yes {
		return
	}
	s.live[at/64] ^= 1 << (at % 64)
	if yes {
		s.lives++
	} else {
		s.lives--
	}
}

// gone notes that a document has no view any more, or other words.
func (s *sheaves) gone(ref *Ref) {
	if of := s.all[ref.sheaf]; of != nil && ref.sheaf != 0 {
		of.set(int(ref.at), false)
	}
	if s.loose[ref.ID] {
		s.many.Add(-1)
		delete(s.loose, ref.ID)
	}
}

// changed notes what a document is now that was another one, or none.
func (s *sheaves) changed(was, is *Ref) {
	if was.sum == is.sum && is.sum != sought.Unknown {
		is.sheaf, is.at = was.sheaf, was.at
		return
	}
	s.gone(was)
	if !s.read {
		s.many.Add(1)
		return
	}
	s.loosen(is)
}

// loosen notes that a document is in no sheaf.
func (s *sheaves) loosen(ref *Ref) {
	ref.sheaf, ref.at = 0, 0
	if ref.sum != sought.None && !s.loose[ref.ID] {
		s.loose[ref.ID] = true
		s.many.Add(1)
	}
}

// binding binds sheaves, one at a time, in the background.
type binding struct {
	mu      sync.Mutex // taken before index.mu
	running atomic.Bool

	life  sync.Mutex // guards over
	over  chan struct{}
	ended sync.WaitGroup
}

// done is closed once the replica closes.
func (b *binding) done() chan struct{} {
	b.life.Lock()
	defer b.life.Unlock()
	if b.over == nil {
		b.over = make(chan struct{})
	}
	return b.over
}

func (b *binding) stop() {
	over := b.done()
	b.life.Lock()
	select {
	case <-over:
	default:
		close(over)
	}
	b.life.Unlock()
	b.ended.Wait()
}

// note takes over what is shown of a document now; nil: nothing.
func (r *Replica) note(d *document, v *crdt.View) {
	r.index.note(d.id, v, d.sum, d.partly)
	r.bindSoon(manyLoose)
}

// bindSoon has sheaves bound as long as so many documents are in none: a tenth of the time, so that what others do, such as forgetting one thing after the
// other, costs no more.
func (r *Replica) bindSoon(least int64) {
	b := &r.binding
	if r.index.sheaves.many.Load() < least || !b.running.CompareAndSwap(false, true) {
		return
	}
	over := b.done()
	b.life.Lock()
	defer b.life.Unlock()
	select {
	case <-over:
		return
	default:
	}
	b.ended.Add(1)
	go func() {
		defer b.ended.Done()
		defer b.running.Store(false)
		for r.index.sheaves.many.Load() >= least {
			began := time.Now()
			if err := r.bind(); err != nil {
				r.log.Warn("words weren't put into the index by words: a search takes longer", "err", err)
				return
			}
			select {
			case <-over:
				return
			case <-time.After(9 * time.Since(began)):
			}
		}
	}()
}

// sumsRecord says that what is known of each document has the sum of what is sought in it.
const sumsRecord = "sums"

// noteSums does that in a store of a release that had no sums.
func noteSums(s *store.Store) error {
	if _, err := s.Small(sumsRecord); !errors.Is(err, store.ErrNotFound) {
		return err
	}
	sums := map[entry.DocID]uint64{}
	err := s.Sought(func(doc entry.DocID, record []byte) bool {
		sums[doc] = sought.Sum(record)
		return true
	})
	if err != nil {
		return err
	}
	p := s.Pieces()
	err = s.Documents(func(doc entry.DocID, d store.Doc) bool {
		if d.Sought = sums[doc]; d.Sought != sought.Unknown {
			p.Batch().PutDoc(doc, d)
		}
		return true
	})
	putFlag(p.Batch(), sumsRecord, true)
	return errors.Join(err, p.Commit())
}

// readSheaves learns which sheaves there are, the first time. The caller holds binding.mu.
func (r *Replica) readSheaves() error {
	ix := r.index
	ix.mu.RLock()
	read := ix.sheaves.read
	ix.mu.RUnlock()
	if read {
		return nil
	}
	lying := map[uint32][]byte{}
	if err := r.store.Sheaves(sought.SheafVersion, store.SheafDocs, func(number uint32, b []byte) { lying[number] = b }); err != nil {
		return err
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	s := &ix.sheaves
	s.read, s.all, s.loose = true, map[uint32]*sheaf{}, map[entry.DocID]bool{}
	s.many.Store(0)
	for _, number := range slices.Sorted(maps.Keys(lying)) {
		b := lying[number]
		s.last = max(s.last, number)
		if len(b) < 4 || (len(b)-4)%sheafDocSize != 0 {
			return fmt.Errorf("%w: sheaf %d of %d bytes", store.ErrCorrupt, number, len(b))
		}
		of := newSheaf(number, (len(b)-4)/sheafDocSize, int(binary.BigEndian.Uint32(b)))
		s.all[number] = of
		for at := range of.docs {
			doc, sum := sheafDoc(b, at)
			ix.takeLocked(of, at, doc, sum, false)
		}
	}
	for ref := range ix.allLocked(entry.DocID{}) {
		if ref.sheaf == 0 {
			s.loosen(ref)
		}
	}
	return nil
}

// sheafDoc reads of which document, with which sum, a place of a sheaf is.
func sheafDoc(b []byte, at int) (doc entry.DocID, sum uint64) {
	b = b[4+at*sheafDocSize:]
	return entry.DocID(b[:len(doc)]), binary.BigEndian.Uint64(b[len(doc):])
}

// takeLocked notes that a document is in a sheaf, if these are its words and it is in no other. fresh: the sheaf was just bound.
func (ix *index) takeLocked(of *sheaf, at int, doc entry.DocID, sum uint64, fresh bool) {
	i, ok := ix.findLocked(doc)
	if !ok {
		return
	}
	ref := &(*ix.shelf(doc))[i]
	if ref.sum == sought.Unknown && fresh {
		ref.sum = sum // an older release wrote it meanwhile: it is known until the process ends
	}
	if ref.sum != sum || ref.sheaf != 0 {
		return
	}
	ref.sheaf, ref.at = of.number, uint16(at)
	of.set(at, true)
	if ix.sheaves.loose[doc] {
		delete(ix.sheaves.loose, doc)
		ix.sheaves.many.Add(-1)
	}
}

// bind puts documents that are in no sheaf into a new one, with those of sheaves that are less than half full.
func (r *Replica) bind() error {
	r.binding.mu.Lock()
	defer r.binding.mu.Unlock()
	if err := r.readSheaves(); err != nil {
		return err
	}
	docs, instead, number := r.toBind()
	var (
		bound   []entry.DocID
		records []string
		sums    []uint64
		size    int
	)
	err := r.store.SoughtOf(docs, func(doc entry.DocID, record []byte) bool {
		if len(record) == 0 {
			return true
		}
		if size += len(record); size > sought.SheafBytes && len(records) > 0 || len(records) == sought.SheafDocs {
			size -= len(record)
			return false
		}
		bound, records, sums = append(bound, doc), append(records, string(record)), append(sums, sought.Sum(record))
		return true
	})
	if err != nil {
		return err
	}
	b := store.NewBatch(nil)
	for _, of := range instead {
		b.DropSheaf(sought.SheafVersion, of.number)
	}
	if len(bound) > 0 {
		made := sought.Bind(records)
		head := binary.BigEndian.AppendUint32(nil, uint32(size))
		for i, doc := range bound {
			head = binary.BigEndian.AppendUint64(append(head, doc[:]...), sums[i])
		}
		b.PutSheaf(sought.SheafVersion, number, head, made.Words, made.Places)
	}
	if err := r.store.Commit(b); err != nil {
		return err
	}
	ix := r.index
	ix.mu.Lock()
	defer ix.mu.Unlock()
	s := &ix.sheaves
	for _, of := range instead {
		delete(s.all, of.number)
	}
	if len(instead) > 0 {
		for ref := range ix.allLocked(entry.DocID{}) {
			if ref.sheaf != 0 && s.all[ref.sheaf] == nil {
				s.loosen(ref)
			}
		}
	}
	if len(bound) == 0 {
		return nil
	}
	s.last = number
	s.all[number] = newSheaf(number, len(bound), size)
	for at, doc := range bound {
		ix.takeLocked(s.all[number], at, doc, sums[at], true)
	}
	return nil
}

// toBind picks documents for the next sheaf, by ID, the sheaves that it replaces, and its number.
func (r *Replica) toBind() (docs []entry.DocID, instead []*sheaf, number uint32) {
	ix := r.index
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	s := &ix.sheaves
	docs = slices.Collect(maps.Keys(s.loose))
	room, bytesLeft := sought.SheafDocs-len(docs), sought.SheafBytes/2
	replaced := map[uint32]bool{}
	for _, n := range slices.Sorted(maps.Keys(s.all)) {
		of := s.all[n]
		size := of.bytes / max(of.docs, 1) * of.lives
		if of.lives > 0 && (of.lives >= halfDocs || size >= halfBytes || of.lives > room || size > bytesLeft) {
			continue
		}
		room, bytesLeft = room-of.lives, bytesLeft-size
		instead, replaced[n] = append(instead, of), true
	}
	if len(replaced) > 0 {
		for ref := range ix.allLocked(entry.DocID{}) {
			if replaced[ref.sheaf] {
				docs = append(docs, ref.ID)
			}
		}
	}
	slices.SortFunc(docs, func(a, b entry.DocID) int { return bytes.Compare(a[:], b[:]) })
	return docs, instead, s.last + 1
}

// eraseWords takes the bytes of what was forgotten out of the files, with all sheaves: they are bound anew.
func (r *Replica) eraseWords() (more bool, err error) {
	r.binding.mu.Lock()
	defer r.binding.mu.Unlock()
	before := r.store.Erased()
	more, err = r.store.Erase()
	if r.store.Erased() == before {
		return more, err
	}
	ix := r.index
	ix.mu.Lock()
	defer ix.mu.Unlock()
	if s := &ix.sheaves; s.read {
		s.all = map[uint32]*sheaf{}
		for ref := range ix.allLocked(entry.DocID{}) {
			s.loosen(ref)
		}
	}
	return more, err
}

// Hit is a document that a search found.
type Hit struct {
	Doc   entry.DocID
	Score float64
}

// Seek finds documents by their words: the best, at most limit of them (0: all), best first and those that are as good by ID; but leaves some
// out.
func (r *Replica) Seek(ctx context.Context, q sought.Query, nearly bool, but []entry.DocID, limit int) (hits []Hit, err error) {
	r.docs.used.Add(1)
	for try := range 10 { // a sheaf may be replaced while it is to be read
		var at snapshot
		if at, err = r.sheavesNow(but, try > 0); err != nil {
			return nil, err
		}
		if hits, err = r.seekIn(ctx, at, q, nearly, limit); !errors.Is(err, store.ErrNotFound) {
			return hits, err
		}
	}
	return nil, err
}

// Score says how well one document fits; 0 if it doesn't.
func (r *Replica) Score(q sought.Query, doc entry.DocID, nearly bool) (score float64, err error) {
	err = r.store.SoughtOf([]entry.DocID{doc}, func(_ entry.DocID, record []byte) bool {
		score = q.Score(string(record), nearly)
		return false
	})
	return score, err
}

// snapshot is what there is to be searched at one moment.
type snapshot struct {
	sheaves []*sheaf // copies
	loose   []entry.DocID
}

// sheavesNow gives what there is. settled: nothing is bound or erased just now.
func (r *Replica) sheavesNow(but []entry.DocID, settled bool) (at snapshot, err error) {
	ix := r.index
	ix.mu.RLock()
	read := ix.sheaves.read
	ix.mu.RUnlock()
	if settled || !read {
		r.binding.mu.Lock()
		defer r.binding.mu.Unlock()
		if err := r.readSheaves(); err != nil {
			return at, err
		}
	}
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	not, dead := map[entry.DocID]bool{}, map[uint32][]int{}
	for _, doc := range but {
		not[doc] = true
		if i, ok := ix.findLocked(doc); ok {
			ref := (*ix.shelf(doc))[i]
			dead[ref.sheaf] = append(dead[ref.sheaf], int(ref.at))
		}
	}
	for n, of := range ix.sheaves.all {
		one := *of
		one.live = slices.Clone(of.live)
		for _, at := range dead[n] {
			one.set(at, false)
		}
		if one.lives > 0 {
			at.sheaves = append(at.sheaves, &one)
		}
	}
	slices.SortFunc(at.sheaves, func(a, b *sheaf) int { return cmp.Compare(a.number, b.number) })
	for doc := range ix.sheaves.loose {
		if !not[doc] {
			at.loose = append(at.loose, doc)
		}
	}
	slices.SortFunc(at.loose, func(a, b entry.DocID) int { return bytes.Compare(a[:], b[:]) })
	return at, nil
}

func (r *Replica) seekIn(ctx context.Context, at snapshot, q sought.Query, nearly bool, limit int) (hits []Hit, err error) {
	found := make([][]sought.Found, len(at.sheaves))
	g, ctx := errgroup.WithContext(ctx)
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			room := &sought.Room{}
			for i := int(next.Add(1)) - 1; i < len(at.sheaves) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				of := at.sheaves[i]
				err := r.store.Sheaf(sought.SheafVersion, store.SheafWords, of.number, func(words []byte) (err error) {
					found[i], err = q.In(words, func(at int) bool { return at < of.docs && of.has(at) }, nearly, limit, room, func(use func([]byte) error) error {
						return r.store.Sheaf(sought.SheafVersion, store.SheafPlaces, of.number, use)
					})
					return err
				})
				if err != nil {
					return err
				}
			}
			return ctx.Err()
		})
	}
	size := 0
	err = r.store.SoughtOf(at.loose, func(doc entry.DocID, record []byte) bool {
		size += len(record)
		if score := q.Score(string(record), nearly); score > 0 {
			hits = append(hits, Hit{doc, score})
		}
		return ctx.Err() == nil
	})
	if err := errors.Join(err, g.Wait()); err != nil {
		return nil, err
	}
	if size > sought.SheafBytes {
		r.bindSoon(1)
	} else {
		r.bindSoon(manyLoose)
	}
	least := leastOfBest(found, limit)
	for i, of := range at.sheaves {
		if len(found[i]) == 0 || found[i][0].Score < least {
			continue
		}
		err := r.store.Sheaf(sought.SheafVersion, store.SheafDocs, of.number, func(docs []byte) error {
			for _, f := range found[i] {
				if f.Score >= least {
					doc, _ := sheafDoc(docs, f.At)
					hits = append(hits, Hit{doc, f.Score})
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	slices.SortFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), bytes.Compare(a.Doc[:], b.Doc[:]))
	})
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits, nil
}

// leastOfBest is the score of the last that is wanted of what sheaves have.
func leastOfBest(found [][]sought.Found, limit int) float64 {
	var scores []float64
	for _, some := range found {
		for _, f := range some {
			scores = append(scores, f.Score)
		}
	}
	if limit <= 0 || len(scores) <= limit {
		return 0
	}
	slices.Sort(scores)
	return scores[len(scores)-limit]
}
