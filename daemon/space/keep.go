package space

import (
	"fmt"
	"slices"

	"kith/daemon/store"
)

// What the exchange keeps is larger than a batch of the store may be, so it lies there in pieces.
// If a crash leaves some of the old and some of the new, the exchange sees that it isn't whole.
const (
	keptPrefix = "set/"
	keptPiece  = 256 << 10
)

func keptName(i int) string { return fmt.Sprintf("%s%06d", keptPrefix, i) }

// Keep implements exchange.Local.
func (l *local) Keep(b []byte) error {
	s := l.r.Store()
	pieces := 0
	for piece := range slices.Chunk(b, keptPiece) {
		batch := store.NewBatch(nil)
		batch.PutSmall(keptName(pieces), piece)
		if err := s.Commit(batch); err != nil {
			return err
		}
		pieces++
	}
	// It grows with the set, so what is left of a longer one is rare.
	batch := store.NewBatch(nil)
	err := s.Smalls(keptPrefix, func(name string, _ []byte) {
		if name >= keptName(pieces) {
			batch.PutSmall(name, nil)
		}
	})
	if err != nil || batch.Empty() {
		return err
	}
	return s.Commit(batch)
}

// Kept implements exchange.Local.
func (l *local) Kept() (b []byte) {
	// What can't be read is no loss: the exchange sees that it isn't whole, and makes it anew.
	_ = l.r.Store().Smalls(keptPrefix, func(_ string, piece []byte) { b = append(b, piece...) })
	return b
}
