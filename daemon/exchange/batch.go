package exchange

import (
	"bytes"
	"encoding/binary"
	"runtime"
	"sync"

	"kith/crdt/entry"
)

// A batch is entries one after the other, each a length of 4 bytes (big-endian) and its
// encoding, all together compressed with zstd.

func appendEntry(raw, encoded []byte) []byte {
	raw = binary.BigEndian.AppendUint32(raw, uint32(len(encoded)))
	return append(raw, encoded...)
}

// unpack reads a batch. into is room for the decompressed bytes and is returned, perhaps grown.
func (x *Exchange) unpack(zipped, into []byte) ([]*entry.Entry, []byte, error) {
	raw, err := x.unzip.DecodeAll(zipped, into[:0])
	if err != nil {
		return nil, into, broken("entries that can't be decompressed to %d bytes: %v", MaxBatch, err)
	}
	if len(raw) > MaxBatch {
		return nil, into, broken("%d bytes of entries at once, the limit is %d", len(raw), MaxBatch)
	}
	var batch []*entry.Entry
	for b := raw; len(b) > 0; {
		if len(b) < 4 {
			return nil, raw, broken("a batch that ends inside a length")
		}
		size := binary.BigEndian.Uint32(b)
		b = b[4:]
		if uint64(size) > uint64(len(b)) {
			return nil, raw, broken("a batch that ends inside an entry")
		}
		// A copy of its own: an entry that stays in memory must not hold the whole batch.
		e, err := entry.Decode(bytes.Clone(b[:size]))
		if err != nil {
			return nil, raw, &BadEntryError{Why: err}
		}
		if err := x.check(e); err != nil {
			return nil, raw, err
		}
		batch, b = append(batch, e), b[size:]
	}
	return batch, raw, nil
}

// verify checks the signatures of a batch on all cores.
func verify(batch []*entry.Entry) error {
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
