package replica

import (
	"slices"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// maxPlaces bounds the places that are remembered, about 100 bytes each.
const maxPlaces = 120_000

// What is read ahead of a document when one of its entries is asked for: the next ones are asked
// for next, and looking for each takes five times as long as reading on.
const (
	aheadEntries = 64
	aheadBytes   = 128 << 10
	aheadDocs    = 8 // several peers at once
)

// places remembers where entries lie that were put in order for a peer and will be asked for
// soon, so that each is found with one look into the store. It is only a help: what isn't here is
// looked up.
type places struct {
	mu    sync.Mutex
	at    map[entry.ID]placed
	ahead []ahead // newest last
}

// ahead are entries of a document that were read before they were asked for.
type ahead struct {
	doc     entry.DocID
	entries []store.Stored // in the order of their arrival
}

func (p *places) note(known []placed) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.at == nil {
		p.at = map[entry.ID]placed{}
	}
	for _, k := range known {
		if len(p.at) >= maxPlaces {
			return
		}
		p.at[k.id] = k
	}
}

// take returns the place of an entry and forgets it.
func (p *places) take(id entry.ID) (placed, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.at[id]
	delete(p.at, id)
	if len(p.at) == 0 {
		p.at, p.ahead = nil, nil // a map doesn't shrink by itself
	}
	return at, ok
}

// body returns an entry that was read ahead, and forgets those before it.
func (p *places) body(at placed) ([]byte, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := range p.ahead {
		a := &p.ahead[i]
		if a.doc != at.doc {
			continue
		}
		for n, e := range a.entries {
			if e.Arrival == at.arrival {
				a.entries = a.entries[n+1:]
				if len(a.entries) == 0 {
					p.ahead = slices.Delete(p.ahead, i, i+1)
				}
				return e.Encoded, true
			}
		}
	}
	return nil, false
}

// read keeps what was read ahead of a document.
func (p *places) read(doc entry.DocID, entries []store.Stored) {
	if len(entries) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead = slices.DeleteFunc(p.ahead, func(a ahead) bool { return a.doc == doc })
	if len(p.ahead) >= aheadDocs {
		p.ahead = slices.Delete(p.ahead, 0, 1)
	}
	p.ahead = append(p.ahead, ahead{doc, entries})
}
