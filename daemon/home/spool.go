package home

import (
	"errors"
	"fmt"
	"io"
	"os"

	"kith/crdt/problem"
	"kith/daemon/whole"
)

// Spool keeps what comes, of at most so many bytes, in a file for who has to read it more than once; it is at its beginning. The file lies
// beside the store and has no name any more: nothing of it is left once it is closed, however this process ends.
func (h *Home) Spool(in io.Reader, most int64) (f *os.File, err error) {
	f, err = os.CreateTemp(h.dir, whole.Unfinished+"*") // 0600, and swept away if a crash comes before it loses its name
	if err != nil {
		return nil, err
	}
	n := int64(0)
	if err = os.Remove(f.Name()); err == nil {
		n, err = io.Copy(f, io.LimitReader(in, most+1))
	}
	if err == nil && n > most {
		err = problem.New(problem.Limit, "is it the right one?", "the file is too large: at most %d MiB are read", most>>20)
	}
	if err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("keep the file: %w", err), f.Close())
	}
	return f, nil
}
