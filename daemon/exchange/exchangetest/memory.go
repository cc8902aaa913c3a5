// Package exchangetest checks implementations of exchange.Local against their contract, and has
// the simplest one there is.
package exchangetest

import (
	"context"
	"errors"
	"iter"
	"slices"
	"sync"

	"kith/crdt/entry"
)

// Memory is a replica that keeps entries and asks nothing of them. The zero value but for Of is
// ready to use.
type Memory struct {
	Of entry.SpaceID

	// Also says which other spaces' entries it keeps; nil: none.
	Also func(entry.SpaceID) bool

	// Refuse, if not nil, is called before a batch is stored; its error is Accept's.
	Refuse func(batch []*entry.Entry) error

	// Idles says of an entry whether it stands for nothing, and that can be laid to a device; nil: none does.
	Idles func(e *entry.Entry, from entry.Device) bool

	mu       sync.Mutex
	entries  map[entry.ID]*entry.Entry
	bare     map[entry.ID]bool // had without a body
	kept     []byte
	accepted []entry.ID // in the order of Accept, twice if accepted twice
	watchers map[int]func([]entry.ID)
	next     int
	telling  sync.Mutex // held while watchers are called, so that they are called one at a time
}

// Space implements exchange.Local.
func (m *Memory) Space() entry.SpaceID { return m.Of }

// Owns implements exchange.Local.
func (m *Memory) Owns(space entry.SpaceID) bool {
	return space == m.Of || m.Also != nil && m.Also(space)
}

// IDs implements exchange.Local.
func (m *Memory) IDs() iter.Seq[entry.ID] {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]entry.ID, 0, len(m.entries))
	for id := range m.entries {
		ids = append(ids, id)
	}
	for id := range m.bare {
		ids = append(ids, id)
	}
	return slices.Values(ids)
}

// Has implements exchange.Local.
func (m *Memory) Has(id entry.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[id] != nil || m.bare[id]
}

// Entry implements exchange.Local.
func (m *Memory) Entry(id entry.ID) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[id]
	if e == nil {
		return nil, false
	}
	return e.Encoded(), true
}

// Order implements exchange.Local: statements first, then by number in the run.
func (m *Memory) Order(ids []entry.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortStableFunc(ids, func(a, b entry.ID) int {
		x, y := m.entries[a], m.entries[b]
		switch {
		case x == nil || y == nil:
			return 0
		case x.Kind != y.Kind:
			return int(y.Kind) - int(x.Kind)
		}
		return int(x.Number) - int(y.Number)
	})
}

// First implements exchange.Local: all statements.
func (m *Memory) First(ids []entry.ID) int {
	m.mu.Lock()
	first, rest := []entry.ID{}, []entry.ID{}
	for _, id := range ids {
		if e := m.entries[id]; e != nil && e.Kind == entry.Statement {
			first = append(first, id)
		} else {
			rest = append(rest, id)
		}
	}
	m.mu.Unlock()
	m.Order(first)
	copy(ids[copy(ids, first):], rest)
	return len(first)
}

// Keep implements exchange.Local.
func (m *Memory) Keep(b []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept = slices.Clone(b)
	return nil
}

// Kept implements exchange.Local.
func (m *Memory) Kept() []byte {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.kept)
}

// Watch implements exchange.Local.
func (m *Memory) Watch(stored func([]entry.ID)) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.watchers == nil {
		m.watchers = map[int]func([]entry.ID){}
	}
	key := m.next
	m.next++
	m.watchers[key] = stored
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.watchers, key)
	}
}

// Idle implements exchange.Local.
func (m *Memory) Idle(batch []*entry.Entry, from entry.Device) (n int) {
	for _, e := range batch {
		if m.Idles != nil && m.Idles(e, from) {
			n++
		}
	}
	return n
}

// Accept implements exchange.Local.
func (m *Memory) Accept(ctx context.Context, batch []*entry.Entry) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if m.Refuse != nil {
		if err := m.Refuse(batch); err != nil {
			return err
		}
	}
	m.telling.Lock()
	defer m.telling.Unlock()
	m.mu.Lock()
	if m.entries == nil {
		m.entries = map[entry.ID]*entry.Entry{}
	}
	var fresh []entry.ID
	for _, e := range batch {
		id := e.ID()
		m.accepted = append(m.accepted, id)
		if m.entries[id] == nil && !m.bare[id] {
			m.entries[id] = e
			fresh = append(fresh, id)
		}
	}
	tell := make([]func([]entry.ID), 0, len(m.watchers))
	for _, w := range m.watchers {
		tell = append(tell, w)
	}
	m.mu.Unlock()
	for _, w := range tell {
		w(fresh)
	}
	return nil
}

// Add stores entries of our own; it can't fail.
func (m *Memory) Add(batch ...*entry.Entry) {
	if err := m.Accept(context.Background(), batch); err != nil {
		panic(errors.Join(errors.New("exchangetest: Add with Refuse set"), err))
	}
}

// DropBody keeps of an entry only its ID, as a replica does over a quota.
func (m *Memory) DropBody(id entry.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.bare == nil {
		m.bare = map[entry.ID]bool{}
	}
	delete(m.entries, id)
	m.bare[id] = true
}

// Lose forgets an entry, ID and all, as a replica does with one held back that it wants after all.
func (m *Memory) Lose(id entry.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.entries, id)
	delete(m.bare, id)
}

// Accepted returns the IDs that were accepted, in that order, an ID twice if it came twice.
func (m *Memory) Accepted() []entry.ID {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.accepted)
}

// Len returns the number of entries that are had.
func (m *Memory) Len() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.entries) + len(m.bare)
}
