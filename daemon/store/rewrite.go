package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dgraph-io/badger/v4"
)

// Rewrite makes a store in to, a folder that isn't there, with all that the store in from holds, under
// another key. from stays as it is. The new one is opened again and compared with the old before
// Rewrite says that it is done; progress, which may be nil, is told how many records of how many were
// copied. What an error or a crash leaves in to is no store.
func Rewrite(ctx context.Context, from string, fromKey []byte, to string, toKey []byte, progress func(done, of int64)) (err error) {
	size, err := folderSize(from)
	if err != nil {
		return err
	}
	if room, err := freeBytes(from); err == nil && room < minFree+2*uint64(size) {
		return fmt.Errorf("%w: %d MiB left where the store is; to write it anew takes %d", ErrDiskFull, room>>20, (minFree+2*uint64(size))>>20)
	}
	src, err := Open(from, fromKey)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := Open(to, toKey)
	if err != nil {
		return err
	}
	if err := errors.Join(src.pour(ctx, dst, progress), dst.Close()); err != nil {
		return err
	}
	dst, err = Open(to, toKey) // reads the counts
	if err != nil {
		return err
	}
	return errors.Join(dst.sameAs(ctx, src), dst.witness.write(dst.written), dst.Close())
}

// pour copies every record.
func (s *Store) pour(ctx context.Context, into *Store, progress func(done, of int64)) error {
	return s.view(func(txn *badger.Txn) error {
		var done, of int64
		count := txn.NewIterator(badger.IteratorOptions{})
		for count.Rewind(); count.Valid(); count.Next() {
			of++
		}
		count.Close()
		out := into.db.NewWriteBatch()
		defer out.Cancel()
		err := eachOf(txn, func(k, v []byte) error {
			if done++; progress != nil {
				progress(done, of)
			}
			return errors.Join(ctx.Err(), out.Set(k, v))
		})
		if err != nil {
			return err
		}
		return out.Flush()
	})
}

// sameAs compares every record with those of another store.
func (s *Store) sameAs(ctx context.Context, other *Store) error {
	mine, err := s.digest(ctx)
	if err != nil {
		return err
	}
	theirs, err := other.digest(ctx)
	if err == nil && !bytes.Equal(mine, theirs) {
		err = fmt.Errorf("%w: what was written anew isn't the same", ErrCorrupt)
	}
	return err
}

func (s *Store) digest(ctx context.Context) ([]byte, error) {
	sum := sha256.New()
	err := s.view(func(txn *badger.Txn) error {
		return eachOf(txn, func(k, v []byte) error {
			head := binary.BigEndian.AppendUint32(nil, uint32(len(k)))
			sum.Write(binary.BigEndian.AppendUint32(head, uint32(len(v))))
			sum.Write(k)
			sum.Write(v)
			return ctx.Err()
		})
	})
	return sum.Sum(nil), err
}

// eachOf calls fn with copies of all records, in order.
func eachOf(txn *badger.Txn, fn func(k, v []byte) error) error {
	return (&Snapshot{txn}).each(nil, fn)
}

func folderSize(dir string) (size int64, err error) {
	files, err := os.ReadDir(dir)
	if err != nil {
		return 0, err
	}
	for _, f := range files {
		if ext := filepath.Ext(f.Name()); ext == ".mem" {
			continue // laid out at full length, and bounded
		}
		info, err := f.Info()
		if err != nil {
			return 0, err
		}
		if f.Type().IsRegular() {
			size += info.Size()
		}
	}
	return size, nil
}
