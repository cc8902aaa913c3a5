package exchange

import (
	"errors"
	"runtime"
	"sync"

	"kith/crdt/batch"
	"kith/crdt/entry"
)

// unpack reads a batch, see package batch, which came compressed with zstd. into is room for the decompressed bytes and is
// returned, perhaps grown.
func (x *Exchange) unpack(zipped, into []byte) ([]*entry.Entry, []byte, error) {
	raw, err := x.unzip.DecodeAll(zipped, into[:0])
	if err != nil {
		return nil, into, broken("entries that can't be decompressed to %d bytes: %v", MaxBatch, err)
	}
	if len(raw) > MaxBatch {
		return nil, into, broken("%d bytes of entries at once, the limit is %d", len(raw), MaxBatch)
	}
	all, err := batch.Read(raw, MaxBatch)
	var form *entry.FormError
	switch {
	case errors.As(err, &form):
		return nil, raw, &BadEntryError{Why: err}
	case err != nil:
		return nil, raw, broken("%v", err)
	}
	for _, e := range all {
		if err := x.check(e); err != nil {
			return nil, raw, err
		}
	}
	return all, raw, nil
}

// verify checks the signatures of a batch on all cores, each once.
func verify(all []*entry.Entry) error {
	batch := entry.Signed(all)
	// Batches are verified quicker together, so they are not cut smaller than pays.
	const least = 32
	parts := min(runtime.GOMAXPROCS(0), max(1, len(batch)/least))
	size := (len(batch) + parts - 1) / parts
	bad := make([]int, parts)
	var wg sync.WaitGroup
	for i := range parts {
		part := batch[min(i*size, len(batch)):min((i+1)*size, len(batch))]
		check := func() {
			if bad[i] = entry.VerifyAll(part); bad[i] >= 0 {
				bad[i] += i * size
			}
		}
		if i == parts-1 {
			check() // this goroutine works, too
		} else {
			wg.Go(check)
		}
	}
	wg.Wait()
	for _, i := range bad {
		if i >= 0 {
			return &BadEntryError{ID: batch[i].ID(), Device: batch[i].Device, Why: entry.ErrSignature}
		}
	}
	return nil
}
