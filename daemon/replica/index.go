package replica

import (
	"bytes"
	"cmp"
	"slices"
	"sort"
	"strings"
	"sync"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// Ref names a document, its kind, and when it was last changed by its author's clock, in
// milliseconds since the Unix epoch.
type Ref struct {
	ID      entry.DocID
	Kind    string
	Updated int64
}

// index knows the ID and kind of every document that has a view, in the order of IDs, so that
// prefixes are found and short IDs made without asking the store. 10,000 take 400 kB.
type index struct {
	mu     sync.RWMutex
	refs   []Ref
	read   sync.Once
	linked map[entry.DocID]bool // documents that go on in a share; nil until somebody asks
}

func readIndex(s *store.Store) (*index, error) {
	ix := &index{}
	err := s.Documents(func(doc entry.DocID, d store.Doc) bool {
		ix.refs = append(ix.refs, Ref{doc, d.Kind, d.Updated}) // by ID, as the store orders keys
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

// note takes over whether a document has a view now: v is nil if it has none.
func (ix *index) note(doc entry.DocID, v *crdt.View) {
	ix.mu.Lock()
	defer ix.mu.Unlock()
	i, known := ix.findLocked(doc)
	if ix.linked != nil {
		if v != nil && v.Link != nil {
			ix.linked[doc] = true
		} else {
			delete(ix.linked, doc)
		}
	}
	switch {
	case v != nil && known:
		ix.refs[i].Updated = int64(v.UpdatedAt)
	case v != nil:
		ix.refs = slices.Insert(ix.refs, i, Ref{doc, v.Kind, int64(v.UpdatedAt)})
	case known:
		ix.refs = slices.Delete(ix.refs, i, i+1)
	}
}

// Linked gives the documents that go on in a share, in no order. The first time it reads all views.
func (r *Replica) Linked() (docs []entry.DocID, err error) {
	ix := r.index
	ix.read.Do(func() {
		ix.mu.Lock()
		ix.linked = map[entry.DocID]bool{} // from here on what changes is noted
		ix.mu.Unlock()
		err = r.Views("", func(v *crdt.View) bool {
			if v.Link != nil {
				ix.mu.Lock()
				ix.linked[v.ID] = true
				ix.mu.Unlock()
			}
			return true
		})
	})
	ix.mu.RLock()
	defer ix.mu.RUnlock()
	for doc := range ix.linked {
		docs = append(docs, doc)
	}
	return docs, err
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

// LastChanged returns the documents of a kind, those changed last first.
func (r *Replica) LastChanged(kind string) []Ref {
	refs := r.Documents(kind)
	slices.SortFunc(refs, func(a, b Ref) int {
		return cmp.Or(cmp.Compare(b.Updated, a.Updated), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return refs
}
