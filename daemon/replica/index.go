package replica

import (
	"bytes"
	"encoding/binary"
	"iter"
	"maps"
	"slices"
	"sort"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/daemon/store"
)

// Ref names a document, its kind, and when it was begun and last changed by its authors' clocks, in
// milliseconds since the Unix epoch.
type Ref struct {
	ID      entry.DocID
	Kind    string
	Created int64
	Updated int64
	Title   string // in small letters, its start: lists are ordered by it
	By      string // the value by which a Select is ordered; "" if it has none

	facts []uint32 // in index.words
	sum   uint64   // of what a search looks through: see package sought
	sheaf uint32   // in which that is, if it is in one, and as which of its documents
	at    uint16
	noted uint64 // which change of any view since the start made it so; 0: none
}

// shelves is on how many shelves of the index documents lie, by the first bits of their IDs: IDs are hashes, so of 100,000 documents
// about 25 lie on each. Short IDs have more letters than a shelf has bits, so no two on different shelves are taken for each other.
const (
	shelfBits = 12
	shelves   = 1 << shelfBits
)

// index knows the ID, kind and facts of every document that has a view, in the order of IDs, so that
// prefixes are found, short IDs made and lists picked and ordered without asking the store. 10,000 take 2 MB.
type index struct {
	kinds *kind.Set
	noted atomic.Uint64 // how often note was called: see ViewsAt
	now   func() time.Time
	mu    sync.RWMutex
	refs  [shelves][]Ref
	words words
	known map[string]string // names of kinds, each once

	partly  map[entry.DocID]bool // a search looks through the beginning alone
	sheaves sheaves
}

func readIndex(s *store.Store, of *kind.Set, now func() time.Time) (*index, error) {
	ix := &index{kinds: of, now: now, known: map[string]string{}, partly: map[entry.DocID]bool{}}
	err := s.Documents(func(doc entry.DocID, d store.Doc) bool {
		on := ix.shelf(doc)
		*on = append(*on, ix.refLocked(doc, d)) // by ID, as the store orders keys
		return true
	})
	return ix, err
}

func shelfOf(doc entry.DocID) int { return int(binary.BigEndian.Uint16(doc[:])) >> (16 - shelfBits) }

func (ix *index) shelf(doc entry.DocID) *[]Ref { return &ix.refs[shelfOf(doc)] }

// refLocked makes what the index has of a document, whose facts it notes.
func (ix *index) refLocked(doc entry.DocID, d store.Doc) Ref {
	if _, ok := ix.known[d.Kind]; !ok {
		ix.known[d.Kind] = d.Kind
	}
	if delete(ix.partly, doc); d.Partly {
		ix.partly[doc] = true
	}
	return Ref{ID: doc, Kind: ix.known[d.Kind], Created: d.Created, Updated: d.Updated, Title: d.Title, facts: ix.words.take(doc, append([]string{kind.Fact(kindFact, d.Kind)}, d.Facts...)), sum: d.Sought}
}

// allLocked yields all documents from the least ID on that a DocID can have, or from one on, in the order of their IDs. What it yields is the
// index's own.
func (ix *index) allLocked(from entry.DocID) iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) {
		for n := shelfOf(from); n < shelves; n++ {
			on := ix.refs[n]
			if n == shelfOf(from) {
				on = on[sort.Search(len(on), func(i int) bool { return bytes.Compare(on[i].ID[:], from[:]) >= 0 }):]
			}
			for i := range on {
				if !yield(&on[i]) {
					return
				}
			}
		}
	}
}

// amongLocked yields the documents whose IDs begin so, which are ascending.
func (ix *index) amongLocked(starts []uint64) iter.Seq[*Ref] {
	return func(yield func(*Ref) bool) {
		for _, start := range starts {
			var from entry.DocID
			binary.BigEndian.PutUint64(from[:], start)
			on := *ix.shelf(from)
			for i := sort.Search(len(on), func(i int) bool { return startOf(on[i].ID) >= start }); i < len(on) && startOf(on[i].ID) == start; i++ {
				if !yield(&on[i]) {
					return
				}
			}
		}
	}
}

// findLocked gives the place of a document on its shelf, or where it would be.
func (ix *index) findLocked(doc entry.DocID) (int, bool) {
	on := *ix.shelf(doc)
	i := sort.Search(len(on), func(i int) bool { return bytes.Compare(on[i].ID[:], doc[:]) >= 0 })
	return i, i < len(on) && on[i].ID == doc
}

func (ix *index) has(doc entry.DocID) bool {
	_, ok := ix.kind(doc)
	return ok
}

func (ix *index) kind(doc entry.DocID) (string, bool) {
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	i, ok := ix.findLocked(doc)
	if !ok {
		return "", false
	}
	return (*ix.shelf(doc))[i].Kind, true
}

// docOf is what lists need to know of a document.
func (ix *index) docOf(v *crdt.View) store.Doc {
	// A clock that is ahead doesn't keep what its owner writes on top of lists: it counts from when it came.
	now := ix.now().UnixMilli()
	d := store.Doc{Kind: v.Kind, Created: min(int64(v.CreatedAt), now), Updated: min(int64(v.UpdatedAt), now), Title: TitleKey(v.Title)}
	if k := ix.kinds.Named(v.Kind); k != nil {
		d.Facts = k.FactsOf(v)
	}
	return d
}

// titleKey is how much of a title lists are ordered by, in bytes: who begins a hundred letters alike is told apart by ID.
const titleKey = 100

// TitleKey gives of a title what lists are ordered by.
func TitleKey(title string) string {
	key := strings.ToLower(title)
	if len(key) > titleKey {
		key = strings.Clone(strings.ToValidUTF8(key[:titleKey], "")) // the rest isn't held in memory
	}
	return key
}

// note takes over whether a document has a view now: v is nil if it has none. sum is that of what is sought in it, and partly says that this isn't all.
func (ix *index) note(doc entry.DocID, v *crdt.View, sum uint64, partly bool) {
	var d store.Doc
	if v != nil {
		d = ix.docOf(v)
		d.Sought, d.Partly = sum, partly
	}
	ix.mu.Lock()
	defer ix.mu.Unlock()
	defer ix.noted.Add(1)
	on := ix.shelf(doc)
	i, known := ix.findLocked(doc)
	ref := func() Ref {
		ref := ix.refLocked(doc, d)
		ref.noted = ix.noted.Load() + 1
		return ref
	}
	if known {
		ix.words.drop(doc, (*on)[i].facts)
	}
	var was Ref
	if known {
		was = (*on)[i]
	}
	switch {
	case v == nil && known:
		*on = slices.Delete(*on, i, i+1)
		delete(ix.partly, doc)
		ix.sheaves.gone(&was)
	case v == nil:
	case known:
		(*on)[i] = ref()
		ix.sheaves.changed(&was, &(*on)[i])
	default:
		*on = slices.Insert(*on, i, ref())
		ix.sheaves.changed(&was, &(*on)[i])
	}
}

// Query is what is asked of the index of documents.
type Query struct {
	Kind    string               // "": any
	Wants   []kind.Want          // a document has all of it
	But     map[entry.DocID]bool // documents that aren't meant
	By      string               // the fact whose value is to stand in Ref.By; "": none
	Compare func(a, b *Ref) int  // the order; nil: by ID
	Limit   int                  // how many of the first are wanted; 0: all
	Since   int64                // changed then or later: see Ref.Updated
}

// kindFact is under what the index has the kind of a document among its facts.
const kindFact = ""

// Select gives the documents that a query asks for, in its order. It looks at those that have what fewest have of what is wanted; only where that is too many
// does it go through all of the index. It orders no more than twice as many as are wanted.
func (r *Replica) Select(q Query) []Ref {
	ix := r.index
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	wants := q.Wants
	if q.Kind != "" {
		wants = append(slices.Clone(wants), kind.Want{Fact: kindFact, Is: func(k string) bool { return k == q.Kind }})
	}
	meant := make([][]uint32, len(wants))
	rarest, few := -1, 0
	for i, w := range wants {
		meant[i] = ix.words.meant(w)
		if w.Not {
			continue
		}
		if len(meant[i]) == 0 {
			return nil // of most of what somebody could wait for there is nothing
		}
		if n, ok := ix.words.count(meant[i]); ok && (rarest < 0 || n < few) {
			rarest, few = i, n
		}
	}
	all := ix.allLocked(entry.DocID{})
	if rarest >= 0 {
		all = ix.amongLocked(ix.words.having(meant[rarest]))
	}
	sets := make([][]bool, len(q.Wants)) // the kind is seen without them
	for i := range sets {
		sets[i] = ix.words.set(meant[i])
	}
	var values []string
	if q.By != "" {
		values = ix.words.byNumber(q.By)
	}
	best, with := firsts{compare: q.Compare, limit: q.Limit}, Ref{}
	for ref := range all {
		if q.Kind != "" && ref.Kind != q.Kind || ref.Updated < q.Since || q.By == "" && best.isPast(ref) || !matches(ref.facts, q.Wants, sets) || q.But[ref.ID] {
			continue
		}
		if q.By != "" {
			with = *ref
			setBy(&with, values)
			if best.isPast(&with) {
				continue
			}
			ref = new(with)
		}
		best.add(ref)
	}
	return best.all()
}

// setBy fills in By: of several values the first.
func setBy(ref *Ref, values []string) {
	for _, n := range ref.facts {
		if ref.By = values[n]; ref.By != "" {
			return
		}
	}
}

// firsts keeps the first of many in an order.
type firsts struct {
	compare func(a, b *Ref) int // nil: the order in which they come
	limit   int                 // 0: all are kept
	kept    []*Ref
	cut     bool // the first limit are in order, and what comes behind the last of them isn't wanted
}

// isPast says whether one isn't wanted any more, whatever else is so of it.
func (f *firsts) isPast(ref *Ref) bool {
	if f.compare == nil {
		return f.limit > 0 && len(f.kept) == f.limit
	}
	return f.cut && f.compare(ref, f.kept[f.limit-1]) >= 0
}

func (f *firsts) add(ref *Ref) {
	if f.isPast(ref) {
		return
	}
	f.kept = append(f.kept, ref)
	if f.limit > 0 && f.compare != nil && len(f.kept) >= 2*f.limit {
		f.order()
		f.cut = true
	}
}

func (f *firsts) order() {
	if f.compare == nil {
		return
	}
	slices.SortFunc(f.kept, f.compare)
	if f.limit > 0 && len(f.kept) > f.limit {
		f.kept = f.kept[:f.limit]
	}
}

func (f *firsts) all() (refs []Ref) {
	f.order()
	for _, ref := range f.kept {
		refs = append(refs, *ref)
	}
	return refs
}

func matches(facts []uint32, wants []kind.Want, sets [][]bool) bool {
	for i, set := range sets {
		has := false
		for _, f := range facts {
			if has = set[f]; has {
				break
			}
		}
		if has == wants[i].Not {
			return false
		}
	}
	return true
}

// InUse gives the values that documents have of a fact, ascending: all tags, all projects.
func (r *Replica) InUse(fact string) []string {
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	return r.index.words.values(fact)
}

// Linked gives the documents of a kind (or "": of all) that go on in a share, in the order of their IDs.
func (r *Replica) Linked(of string) (docs []entry.DocID) { return r.linked(of, nil) }

// LinkedTo gives those of all kinds that go on in one of which is says yes, by what stands in kind.Link.
func (r *Replica) LinkedTo(is func(doc string) bool) (docs []entry.DocID) { return r.linked("", is) }

func (r *Replica) linked(of string, is func(doc string) bool) (docs []entry.DocID) {
	for _, ref := range r.Select(Query{Kind: of, Wants: []kind.Want{{Fact: kind.LinkedFact, Is: is}}}) {
		docs = append(docs, ref.ID)
	}
	return docs
}

// Partly gives the documents of which a search looks through the beginning alone, in the order of their IDs.
func (r *Replica) Partly() []entry.DocID {
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	return slices.SortedFunc(maps.Keys(r.index.partly), func(a, b entry.DocID) int { return bytes.Compare(a[:], b[:]) })
}

// IsPartly says whether a document is one of them.
func (r *Replica) IsPartly(doc entry.DocID) bool {
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	return r.index.partly[doc]
}

// minShort is the least number of letters of a short ID.
const minShort = 4

// Short returns as many letters of a document's ID as tell it from all others here.
func (r *Replica) Short(doc entry.DocID) string {
	full := doc.String()
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	on := *r.index.shelf(doc)
	i, known := r.index.findLocked(doc)
	n := minShort
	if i > 0 {
		n = max(n, shared(full, on[i-1].ID.String())+1)
	}
	if known {
		i++
	}
	if i < len(on) {
		n = max(n, shared(full, on[i].ID.String())+1)
	}
	return full[:min(n, len(full))]
}

// shared counts the letters that two IDs start with alike.
func shared(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// Resolve finds the documents of a kind ("": of any) whose ID starts with prefix, at most limit
// of them, by ID. The prefix is in lower case and without the letter of the kind.
func (r *Replica) Resolve(kind, prefix string, limit int) []Ref {
	from, ok := leastOf(prefix)
	if !ok {
		return nil
	}
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	var found []Ref
	for ref := range r.index.allLocked(from) {
		if !strings.HasPrefix(ref.ID.String(), prefix) || len(found) == limit {
			break
		}
		if kind == "" || ref.Kind == kind {
			found = append(found, *ref)
		}
	}
	return found
}

// leastOf gives the least ID that starts with a prefix; ok is false if none does.
func leastOf(prefix string) (least entry.DocID, ok bool) {
	full := least.String()
	if len(prefix) > len(full) {
		return least, false
	}
	b, err := entry.Text.DecodeString(prefix + full[len(prefix):])
	return entry.DocID(append(b, least[:]...)[:len(least)]), err == nil
}

// Documents returns all documents that have a view, of a kind or, for "", of all.
func (r *Replica) Documents(kind string) []Ref { return r.Select(Query{Kind: kind}) }
