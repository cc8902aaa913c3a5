package store

// Pieces is a batch of any size. Its parts are written in order, each whole or not at all, and none
// after one that failed; so what must not be seen half belongs into one part, and whoever writes several
// puts into the first what a start needs to go on.
type Pieces struct {
	store   *Store
	chain   *Chain
	tickets []*Ticket
	last    *Batch
}

// Pieces begins such a batch.
func (s *Store) Pieces() *Pieces {
	chain := new(Chain)
	return &Pieces{store: s, chain: chain, last: NewBatch(chain)}
}

// Batch returns the part to write into: another one than before if that has half of what a batch may hold.
func (p *Pieces) Batch() *Batch {
	if p.last.Size() > MaxBatch/2 {
		p.tickets = append(p.tickets, p.store.Enqueue(p.last))
		p.last = NewBatch(p.chain)
	}
	return p.last
}

// Commit writes what is left, and returns once all parts are on the disk, or one has failed.
func (p *Pieces) Commit() error {
	if !p.last.Empty() {
		p.tickets = append(p.tickets, p.store.Enqueue(p.last))
		p.last = NewBatch(p.chain)
	}
	var first error
	for _, t := range p.tickets {
		if err := t.Wait(); first == nil {
			first = err
		}
	}
	p.tickets = nil
	return first
}
