package replica

import (
	"sync"

	"kith/crdt/entry"
)

// maxPlaces bounds the places that are remembered, about 100 bytes each.
const maxPlaces = 50_000

// places remembers where entries lie that were put in order for a peer and will be asked for
// soon, so that each is found with one look into the store. It is only a help: what isn't here is
// looked up.
type places struct {
	mu sync.Mutex
	at map[entry.ID]placed
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
		p.at = nil // a map doesn't shrink by itself
	}
	return at, ok
}
