package replica

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/store"
)

// A document that is forgotten (accept.Document.JudgeHeads) keeps the heads of its entries, without what they say: by these
// the runs of devices still hang together, and all replicas have the same entries. Its views and the words by which it is
// sought go with the payloads, in one transaction, and then the bytes go from the files.
//
// Somebody may write in it who hasn't heard of that. Then it isn't forgotten any more, until they say so, too: what is
// bare isn't had until somebody brings it whole.

var (
	// ErrForgotten says that a document was forgotten.
	ErrForgotten error = &absentError{problem.New(problem.NotFound, "kith charter log says by whom", "this was forgotten: those who wrote in it, or the co-op, took it back")}
	// ErrWithoutWords says that a document's words were dropped here, and that nobody has brought them again.
	ErrWithoutWords error = &absentError{problem.New(problem.NotFound, "who has them brings them by being online; to end it: kith forget ID --why WHY", "this was forgotten, and somebody wrote in it meanwhile, so that it isn't any more; but its words aren't here")}
)

// absentError says why there is no such document here. It is an ErrNotFound.
type absentError struct{ why *problem.Problem }

func (e *absentError) Error() string { return e.why.Message }

// Problem implements problem.Teller.
func (e *absentError) Problem() *problem.Problem { return e.why }

// Unwrap makes it an ErrNotFound.
func (e *absentError) Unwrap() error { return ErrNotFound }

// bared knows which entries here are bare. It is made at the start, and what it says of a document changes only while that
// is settled.
type bared struct {
	mu     sync.Mutex
	docs   map[entry.DocID][]charter.MemberID // who wrote in it, if it is forgotten
	wanted map[entry.ID]bool                  // of documents that aren't forgotten: these aren't had
}

func (b *bared) has(doc entry.DocID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, is := b.docs[doc]
	return is
}

func (b *bared) wants(id entry.ID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.wanted[id]
}

// note notes what of a document is bare; heads are of one that is forgotten, and else all of that is wanted. It returns what is had since, and what isn't any more.
func (b *bared) note(doc entry.DocID, bare []entry.ID, heads *accept.Heads) (had, lost []entry.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	wanted := heads == nil
	if delete(b.docs, doc); len(bare) > 0 {
		b.docs[doc] = nil
		if !wanted {
			b.docs[doc] = heads.Wrote
		}
	}
	for _, id := range bare {
		switch {
		case wanted && !b.wanted[id]:
			b.wanted[id] = true
			lost = append(lost, id)
		case !wanted && b.wanted[id]:
			delete(b.wanted, id)
			had = append(had, id)
		}
	}
	return had, lost
}

func (b *bared) filled(id entry.ID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.wanted, id)
}

// readBared finds what is bare.
func (r *Replica) readBared() error {
	r.bared.docs, r.bared.wanted = map[entry.DocID][]charter.MemberID{}, map[entry.ID]bool{}
	docs, err := r.store.Bare()
	if err != nil {
		return err
	}
	for _, doc := range docs {
		all, err := r.entries(doc)
		if err != nil {
			return err
		}
		heads := r.headsOf(doc, all)
		if !heads.Over {
			heads = nil
		}
		r.bared.note(doc, bareOf(all), heads)
	}
	return nil
}

func bareOf(all []*entry.Entry) (ids []entry.ID) {
	for _, e := range all {
		if e.Bare() {
			ids = append(ids, e.ID())
		}
	}
	return ids
}

func (r *Replica) headsOf(doc entry.DocID, all []*entry.Entry) *accept.Heads {
	return r.emptyJudge(doc).JudgeHeads(all)
}

func (r *Replica) emptyJudge(doc entry.DocID) *accept.Document {
	return accept.New(r.space, doc, r.Rules(), r.kinds.Table, r.runs)
}

// Heads returns who wrote in a document and who of them hasn't said that it is to be forgotten, by all that is here of it.
func (r *Replica) Heads(doc entry.DocID) (*accept.Heads, error) {
	r.judging.RLock()
	defer r.judging.RUnlock()
	all, err := r.entries(doc)
	if err != nil {
		return nil, err
	}
	return r.headsOf(doc, all), nil
}

// Forgetters returns who wrote in a document that is forgotten, so whose word took it back where no step did; nobody for one that isn't, or of which there is
// nothing here. It costs a look into memory, and is only read.
func (r *Replica) Forgetters(doc entry.DocID) []charter.MemberID {
	r.bared.mu.Lock()
	defer r.bared.mu.Unlock()
	return r.bared.docs[doc]
}

// absent says why a document can't be read of which there is no view.
func (r *Replica) absent(doc entry.DocID) error {
	if !r.touched(doc) {
		return ErrNotFound
	}
	switch all, err := r.entries(doc); {
	case err != nil:
		return err
	case r.headsOf(doc, all).Over:
		return ErrForgotten
	case r.bared.has(doc):
		return ErrWithoutWords
	}
	return ErrNotFound
}

// touched says whether anything was said of forgetting a document, or some of it is bare.
func (r *Replica) touched(doc entry.DocID) bool {
	return r.bared.has(doc) || !r.Rules().Forgets(doc).None()
}

// setAside says whether what came for a document is stored first, and judged with all of it afterwards: some of it is bare,
// or somebody wants it forgotten; nil if not. Then every entry may count whose device speaks for a member, whatever is in
// it, and none is held back for want of room: of a device of which no more is honoured, up to what it may still write. Of a document that is forgotten, nothing but heads is stored.
func (r *Replica) setAside(w *work) (*accept.Heads, error) {
	came := slices.ContainsFunc(w.in, func(a arrived) bool { return a.entry.Bare() })
	if !came && !r.touched(w.id) {
		return nil, nil
	}
	all, err := r.entries(w.id)
	if err != nil {
		return nil, err
	}
	for _, a := range w.in {
		all = append(all, a.entry)
	}
	heads := r.headsOf(w.id, all)
	for i, a := range w.in {
		switch {
		case heads.Over:
			w.in[i].entry = a.entry.Strip()
		case !a.entry.Bare() && r.bared.wants(a.entry.ID()):
			w.whole = append(w.whole, a.entry)
		}
	}
	r.docs.drop(w.id)
	return heads, nil
}

// erasing takes the bytes of what was forgotten out of the files: at once, and again when twenty times as long has passed as
// that took. Files are written anew for it, and whoever forgets one thing after the other has that done now and then.
type erasing struct {
	due  atomic.Bool
	mu   sync.Mutex
	next time.Time
	// begun says that what a crash may have left was seen to.
	begun bool
}

func (e *erasing) some(r *Replica) {
	if !e.due.Load() || !e.mu.TryLock() {
		return
	}
	defer e.mu.Unlock()
	began := time.Now()
	if began.Before(e.next) || !e.due.Swap(false) {
		return
	}
	more, err := r.eraseWords()
	if e.due.Store(more || err != nil); err != nil {
		r.log.Error("bytes of what was forgotten are still on the disk", "err", err)
	} else if e.begun {
		r.Announce(Event{At: r.now(), Type: "forgotten", Title: "what was forgotten is gone from the files of this computer"})
	}
	e.begun = true
	now := time.Now()
	e.next = now.Add(20 * now.Sub(began))
}

// putWhole gives entries their words back.
func (r *Replica) putWhole(p *store.Pieces, w *work) error {
	for _, e := range w.whole {
		rec, err := r.store.Record(e.ID())
		if err != nil {
			return err
		}
		p.Batch().PutBody(e, rec)
	}
	return nil
}

// strip drops what the entries of a forgotten document say, and what was made of it. It says whether there was anything.
func (r *Replica) strip(p *store.Pieces, d *document) (done bool, err error) {
	lying, err := r.store.Entries(d.id)
	if err != nil {
		return false, err
	}
	kinds := map[string]bool{}
	if kind, ok := r.index.kind(d.id); ok {
		kinds[kind] = true
	}
	for _, l := range lying {
		e, err := entry.Decode(l.Encoded)
		if err != nil {
			return false, fmt.Errorf("%w: document %s: %v", store.ErrCorrupt, d.id, err)
		}
		if e.Create != nil && r.kinds.Named(e.Create.Kind) != nil {
			kinds[e.Create.Kind] = true
		}
		if !e.Bare() {
			if !done { // a crash in between means to go on
				p.Batch().PutJudge(d.id, true)
			}
			p.Batch().PutBody(e.Strip(), store.Record{Doc: d.id, Arrival: l.Arrival})
			done = true
		}
	}
	if done = done || d.viewed; done {
		p.Batch().PutErase(d.id, slices.Sorted(maps.Keys(kinds)), d.viewed)
		d.viewed = false
	}
	return done, nil
}

// noteBared notes what a document that is settled has that is bare, and tells who keeps the set of what is had.
func (r *Replica) noteBared(d *document) {
	had, lost := r.bared.note(d.id, d.bare, d.heads)
	r.stored.tell(had...)
	r.unheld.tell(lost...)
}

// forgetReached returns the documents of which a grown ground says something else as to forgetting.
func forgetReached(old, grown *ground) (docs []entry.DocID) {
	was, is := old.rules.ForgetDocs(), grown.rules.ForgetDocs()
	if len(was)+len(is) == 0 {
		return nil
	}
	all := len(grown.cutsSince(old)) > 0 || grown.turned(old)
	for _, doc := range is {
		if all || !sameForgets(old.rules.Forgets(doc), grown.rules.Forgets(doc)) {
			docs = append(docs, doc)
		}
	}
	for _, doc := range was {
		if grown.rules.Forgets(doc).None() {
			docs = append(docs, doc)
		}
	}
	return docs
}

// sameForgets compares what was said: of one statement there is one.
func sameForgets(a, b charter.Forgets) bool {
	if a.Agreed != b.Agreed || len(a.By) != len(b.By) {
		return false
	}
	in := make(map[entry.ID]bool, len(a.By))
	for _, f := range a.By {
		in[f.Entry] = true
	}
	return !slices.ContainsFunc(b.By, func(f charter.Forgetting) bool { return !in[f.Entry] })
}

// parsed parses what an entry says; nil if it is bare.
func parsed(e *entry.Entry) (*change.Change, error) {
	if e.Bare() {
		return nil, nil
	}
	return change.Parse(e.Payload)
}
