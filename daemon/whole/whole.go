// Package whole puts files and folders in their place so that after a crash or a power cut each of them is the old one
// or the new one, and so that what was said to be done stays done: a name outlives a power cut only once its folder
// was synced, too.
package whole

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Unfinished begins the names of files that Write hasn't finished; after a crash they can be removed.
const Unfinished = ".new-"

// Write writes a private file so that a crash leaves the old one or the new one, and perhaps a part of the new one beside it,
// under a name that begins with Unfinished.
func Write(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), Unfinished+"*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return Move(f.Name(), path)
}

// Move gives a file or a folder, whose content is on the disk, another name, in place of what has it.
func Move(from, to string) error {
	if err := os.Rename(from, to); err != nil {
		return err
	}
	err := syncDir(filepath.Dir(to))
	if filepath.Dir(from) != filepath.Dir(to) {
		err = errors.Join(err, syncDir(filepath.Dir(from)))
	}
	return err
}

// Folder makes a private folder, and those above it that aren't there.
func Folder(dir string) error {
	dir = filepath.Clean(dir)
	if s, err := os.Stat(dir); err == nil {
		if !s.IsDir() {
			return &fs.PathError{Op: "mkdir", Path: dir, Err: errors.New("it is there, and no folder")}
		}
		return nil
	}
	if above := filepath.Dir(dir); above != dir {
		if err := Folder(above); err != nil {
			return err
		}
	}
	if err := os.Mkdir(dir, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return syncDir(filepath.Dir(dir))
}

// Sync makes the names in a folder outlive a power cut.
func Sync(dir string) error { return syncDir(dir) }

// syncDir is another one in tests.
var syncDir = func(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("write %s: %w", dir, err)
	}
	return errors.Join(d.Sync(), d.Close())
}
