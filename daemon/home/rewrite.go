package home

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"kith/daemon/replica"
	"kith/daemon/store"
	"kith/daemon/whole"
)

const (
	// rewritingDir is where the store is written anew; it is renamed when it is whole.
	rewritingDir = "rewriting"
	// rewrittenDir holds a whole store that is to take the place of the one before.
	rewrittenDir = "rewritten"
)

// rewriteStore puts the store under another key, or none. Until the new one is whole and compared the
// old one stays in its place; a crash after that is finished by the next OpenHome.
func (h *Home) rewriteStore(ctx context.Context, from, to []byte, progress func(done, of int64)) (err error) {
	dir := h.path(rewritingDir)
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	if err := store.Rewrite(ctx, h.StoreDir(), from, dir, to, progress); err != nil {
		return err
	}
	if err := replica.CopyMarks(h.StoreDir(), dir); err != nil {
		return err
	}
	if err := whole.Sync(dir); err != nil {
		return err
	}
	if err := whole.Move(dir, h.path(rewrittenDir)); err != nil {
		return err
	}
	return h.finishRewrite()
}

// finishRewrite removes what a crash left of a store that wasn't whole yet, and puts a whole one in
// its place.
func (h *Home) finishRewrite() error {
	if err := os.RemoveAll(h.path(rewritingDir)); err != nil {
		return err
	}
	if _, err := os.Stat(h.path(rewrittenDir)); errors.Is(err, fs.ErrNotExist) {
		return nil
	} else if err != nil {
		return err
	}
	if err := os.RemoveAll(h.StoreDir()); err != nil {
		return err
	}
	return whole.Move(h.path(rewrittenDir), h.StoreDir())
}
