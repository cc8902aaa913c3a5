// Package storetest is for the tests of those who open stores.
package storetest

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"go.uber.org/goleak"
)

// Lasting returns the goroutines that Badger starts for all stores of a process and never ends: they are nobody's leak.
func Lasting() []goleak.Option {
	return []goleak.Option{
		goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"),
		goleak.IgnoreTopFunction("github.com/golang/glog.(*loggingT).flushDaemon"),
	}
}

// Holding gives the files below a folder in which some words stand, as they lie on the disk. One that is dropped meanwhile holds nothing.
// The files of an open store have 128 MB, of which most are empty: they are read in pieces.
func Holding(dir, words string) (files []string, err error) {
	piece := make([]byte, 1<<20)
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			var holds bool
			if holds, err = holding(path, []byte(words), piece); holds {
				files = append(files, path)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return files, err
}

func holding(path string, words, piece []byte) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for at := int64(0); ; at += int64(len(piece) - len(words)) { // none is missed that lies over the end of a piece
		n, err := f.ReadAt(piece, at)
		if bytes.Contains(piece[:n], words) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
	}
}
