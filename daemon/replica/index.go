package replica

import (
	"bytes"
	"slices"
	"sort"
	"strings"
	"sync"

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
}

// index knows the ID, kind and facts of every document that has a view, in the order of IDs, so that
// prefixes are found, short IDs made and lists picked and ordered without asking the store. 10,000 take 2 MB.
type index struct {
	kinds *kind.Set
	mu    sync.RWMutex
	refs  []Ref
	words words
}

func readIndex(s *store.Store, of *kind.Set) (*index, error) {
	ix := &index{kinds: of}
	err := s.Documents(func(doc entry.DocID, d store.Doc) bool {
		// by ID, as the store orders keys
		ix.refs = append(ix.refs, Ref{ID: doc, Kind: d.Kind, Created: d.Created, Updated: d.Updated, Title: d.Title, facts: ix.words.take(d.Facts)})
		return true
	})
	return ix, err
}

func (ix *index) findLocked(doc entry.DocID) (int, bool) {
	return slices.BinarySearchFunc(ix.refs, doc, func(r Ref, d entry.DocID) int {
		return bytes.Compare(r.ID[:], d[:])
	})
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
	return ix.refs[i].Kind, true
}

// docOf is what lists need to know of a document.
func (ix *index) docOf(v *crdt.View) store.Doc {
	d := store.Doc{Kind: v.Kind, Created: int64(v.CreatedAt), Updated: int64(v.UpdatedAt), Title: TitleKey(v.Title)}
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

// note takes over whether a document has a view now: v is nil if it has none.
func (ix *index) note(doc entry.DocID, v *crdt.View) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i, known := ix.findLocked(doc)
	if known {
		ix.words.drop(ix.refs[i].facts)
	}
	if v == nil {
		if known {
			ix.refs = slices.Delete(ix.refs, i, i+1)
		}
		return
	}
	if !known {
		ix.refs = slices.Insert(ix.refs, i, Ref{})
	}
	d := ix.docOf(v)
	ix.refs[i] = Ref{ID: doc, Kind: d.Kind, Created: d.Created, Updated: d.Updated, Title: d.Title, facts: ix.words.take(d.Facts)}
}

// Select gives the documents of a kind ("": of any) that have all that is asked, in the order of their IDs. by is the
// fact by whose value they are to be ordered, or "".
func (r *Replica) Select(of string, wants []kind.Want, by string) []Ref {
	ix := r.index
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	sets := make([][]bool, len(wants))
	for i, w := range wants {
		sets[i] = ix.words.meant(w)
	}
	var out []Ref
	for _, ref := range ix.refs {
		if of != "" && ref.Kind != of || !matches(ref.facts, wants, sets) {
			continue
		}
		if by != "" {
			ref.By = ix.words.value(ref.facts, by)
		}
		out = append(out, ref)
	}
	return out
}

func matches(facts []uint32, wants []kind.Want, sets [][]bool) bool {
	for i, set := range sets {
		if slices.ContainsFunc(facts, func(f uint32) bool { return set[f] }) == wants[i].Not {
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

// Linked gives the documents that go on in a share, in the order of their IDs.
func (r *Replica) Linked() (docs []entry.DocID) {
	for _, ref := range r.Select("", []kind.Want{{Fact: kind.LinkedFact}}, "") {
		docs = append(docs, ref.ID)
	}
	return docs
}

// minShort is the least number of letters of a short ID.
const minShort = 4

// Short returns as many letters of a document's ID as tell it from all others here.
func (r *Replica) Short(doc entry.DocID) string {
	full := doc.String()
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	i, known := r.index.findLocked(doc)
	n := minShort
	if i > 0 {
		n = max(n, shared(full, r.index.refs[i-1].ID.String())+1)
	}
	if known {
		i++
	}
	if i < len(r.index.refs) {
		n = max(n, shared(full, r.index.refs[i].ID.String())+1)
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
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	refs := r.index.refs
	from := sort.Search(len(refs), func(i int) bool { return refs[i].ID.String() >= prefix })
	var found []Ref
	for _, ref := range refs[from:] {
		if !strings.HasPrefix(ref.ID.String(), prefix) || len(found) == limit {
			break
		}
		if kind == "" || ref.Kind == kind {
			found = append(found, ref)
		}
	}
	return found
}

// Documents returns all documents that have a view, of a kind or, for "", of all.
func (r *Replica) Documents(kind string) []Ref {
	r.index.mu.RLock()
	defer r.index.mu.RUnlock()
	if kind == "" {
		return slices.Clone(r.index.refs)
	}
	var out []Ref
	for _, ref := range r.index.refs {
		if ref.Kind == kind {
			out = append(out, ref)
		}
	}
	return out
}
