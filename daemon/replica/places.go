package replica

import (
	"slices"
	"sync"

	"kith/crdt/entry"
	"kith/daemon/store"
)

// Bounds of what is remembered of the orders in which peers will ask for entries.
const (
	maxRoutes = 4
	// lookAhead is how many entries in a row may be passed over, since the peer has them by now, and the place is still found.
	lookAhead = 4_096
)

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
	mu     sync.Mutex
	routes []*route    // newest last
	ahead  []readAhead // newest last
}

// route is an order in which entries will be asked for: about 12 bytes for each, and the IDs, which who asks has as well.
type route struct {
	ids  []entry.ID
	at   []uint64 // arrivals, of each one
	docs []stretch
	next int // of ids
}

// stretch is a document's part of a route.
type stretch struct {
	doc  entry.DocID
	upTo int // of ids
}

// readAhead is entries of a document that were read before they were asked for.
type readAhead struct {
	doc     entry.DocID
	entries []store.Stored // in the order of their arrival
}

// note remembers an order; of too many the one goes of which least is left.
func (p *places) note(r *route) {
	if len(r.at) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.routes) == maxRoutes {
		least := slices.MinFunc(p.routes, func(a, b *route) int { return len(a.at) - a.next - len(b.at) + b.next })
		p.routes = slices.DeleteFunc(p.routes, func(o *route) bool { return o == least })
	}
	p.routes = append(p.routes, r)
}

// take returns the place of an entry, and goes on from there.
func (p *places) take(id entry.ID) (at placed, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for n := len(p.routes) - 1; n >= 0; n-- {
		r := p.routes[n]
		i := slices.Index(r.ids[r.next:min(r.next+lookAhead, len(r.at))], id)
		if i < 0 {
			continue
		}
		i += r.next
		r.next = i + 1
		for r.docs[0].upTo <= i {
			r.docs = r.docs[1:]
		}
		at = placed{doc: r.docs[0].doc, arrival: r.at[i]}
		if r.next == len(r.at) {
			p.routes = slices.Delete(p.routes, n, n+1)
		}
		return at, true
	}
	if len(p.routes) == 0 {
		p.ahead = nil
	}
	return placed{}, false
}

// forget forgets all of it.
func (p *places) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.routes, p.ahead = nil, nil
}

// takeAhead returns an entry that was read ahead, and forgets those before it.
func (p *places) takeAhead(at placed) ([]byte, bool) {
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

// keepAhead keeps what was read ahead of a document.
func (p *places) keepAhead(doc entry.DocID, entries []store.Stored) {
	if len(entries) == 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ahead = slices.DeleteFunc(p.ahead, func(a readAhead) bool { return a.doc == doc })
	if len(p.ahead) >= aheadDocs {
		p.ahead = slices.Delete(p.ahead, 0, 1)
	}
	p.ahead = append(p.ahead, readAhead{doc, entries})
}
