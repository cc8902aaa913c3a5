package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/table"

	"kith/daemon/whole"
)

// Badger repairs on its own when it opens: it cuts off what it can't read of its logs and
// deletes tables that its manifest doesn't name. After a crash that is right, since nothing of
// it was ever acknowledged. Where a disk has lost or changed bytes it isn't: acknowledged entries
// would go without a word. The two can't be told apart before, so what Badger may cut is kept
// aside until the store is open and a witness says that all is there.

// keptDir is where the files lie as they were before Badger touched them.
const keptDir = "kept"

// keepAside puts a copy of the files in dir aside, unless an earlier one is still there. Tables
// never change, so a second name is enough for them.
func keepAside(dir string) error {
	kept := filepath.Join(dir, keptDir)
	if _, err := os.Stat(kept); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	part := kept + ".part"
	if err := errors.Join(os.RemoveAll(part), os.Mkdir(part, 0o700)); err != nil {
		return err
	}
	n := 0
	for _, f := range files {
		from, to := filepath.Join(dir, f.Name()), filepath.Join(part, f.Name())
		switch {
		case strings.HasSuffix(f.Name(), ".sst"):
			if err = os.Link(from, to); err != nil { // a memory stick's file system has no second names
				err = copySparse(from, to)
			}
		case strings.HasSuffix(f.Name(), ".mem"), strings.HasSuffix(f.Name(), ".vlog"),
			f.Name() == badger.ManifestFilename, f.Name() == badger.KeyRegistryFileName:
			err = copySparse(from, to)
		default:
			continue
		}
		if err != nil {
			return fmt.Errorf("keep %s aside: %w", f.Name(), err)
		}
		n++
	}
	if n == 0 {
		return os.Remove(part) // a new store
	}
	if err := whole.Sync(part); err != nil {
		return err
	}
	return whole.Move(part, kept)
}

// copySparse copies a file and leaves holes where it has zeros: logs are laid out at full length.
func copySparse(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	var (
		buf  = make([]byte, 256<<10)
		zero = make([]byte, len(buf))
		size int64
	)
	for {
		// Whence 3 is SEEK_DATA on Linux: the next place that isn't in a hole. Where there is no
		// such thing every byte is read.
		if data, err := in.Seek(size, 3); err == nil {
			size = data
		} else if errors.Is(err, syscall.ENXIO) {
			break // only a hole follows
		} else if _, err := in.Seek(size, io.SeekStart); err != nil {
			return errors.Join(err, out.Close())
		}
		n, readErr := io.ReadFull(in, buf)
		if !bytes.Equal(buf[:n], zero[:n]) {
			if _, err := out.WriteAt(buf[:n], size); err != nil {
				return errors.Join(err, out.Close())
			}
		}
		size += int64(n)
		if readErr == io.EOF || readErr == io.ErrUnexpectedEOF {
			break
		}
		if readErr != nil {
			return errors.Join(readErr, out.Close())
		}
	}
	info, err := in.Stat()
	if err != nil {
		return errors.Join(err, out.Close())
	}
	return errors.Join(out.Truncate(info.Size()), out.Sync(), out.Close())
}

// refuseCutTables stops Badger from opening a table that has lost its end, on which it panics
// in a goroutine of its own. What is wrong in a whole one it says. Tables that the manifest
// doesn't name are passed over: a crash may leave one half written.
func refuseCutTables(dir string, opts badger.Options) error {
	f, err := os.Open(filepath.Join(dir, badger.ManifestFilename))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer f.Close()
	var manifest badger.Manifest
	err = guarded(func() (err error) {
		manifest, _, err = badger.ReplayManifestFile(f, opts.ExternalMagicVersion, opts)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %v", ErrCorrupt, err)
	}
	for id := range manifest.Tables {
		name := table.NewFilename(id, dir)
		if err := checkFooter(name); err != nil {
			return fmt.Errorf("%w: %s %v", ErrCorrupt, filepath.Base(name), err)
		}
	}
	return nil
}

// checkFooter reads a table from its end: the length of a checksum, the checksum, the length of
// the index, and the index, all of which have to lie in the file.
func checkFooter(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	end := info.Size()
	length := func() (int64, error) {
		if end -= 4; end < 0 {
			return 0, errors.New("is cut off")
		}
		var b [4]byte
		if _, err := f.ReadAt(b[:], end); err != nil {
			return 0, err
		}
		return int64(binary.BigEndian.Uint32(b[:])), nil
	}
	for range 2 {
		n, err := length()
		if err != nil {
			return err
		}
		if end -= n; n == 0 || end < 0 {
			return errors.New("is cut off, or its end was changed")
		}
	}
	return nil
}

// dropEmptyLogs removes logs without a byte, which a crash leaves between making one and laying
// it out, and which Badger doesn't open.
func dropEmptyLogs(dir string) error {
	files, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".mem") && !strings.HasSuffix(f.Name(), ".vlog") {
			continue
		}
		info, err := f.Info()
		if err != nil {
			return err
		}
		if info.Size() > 0 {
			continue
		}
		if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// witness says how many transactions were acknowledged. It is written after each of them,
// without waiting for the disk: a power cut may leave an older number, but never one of a
// transaction that isn't on the disk.
type witness struct{ file *os.File }

const witnessName = "acknowledged"

func openWitness(dir string) (w *witness, acknowledged uint64, err error) {
	f, err := os.OpenFile(filepath.Join(dir, witnessName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, 0, err
	}
	var b [16]byte
	if _, err := f.ReadAt(b[:], 0); err != nil && err != io.EOF {
		return nil, 0, errors.Join(err, f.Close())
	}
	n := binary.BigEndian.Uint64(b[:])
	if binary.BigEndian.Uint64(b[8:]) != ^n {
		n = 0 // a new store, or the witness itself is damaged: it says nothing then
	}
	return &witness{f}, n, nil
}

func (w *witness) write(acknowledged uint64) error {
	b := binary.BigEndian.AppendUint64(nil, acknowledged)
	b = binary.BigEndian.AppendUint64(b, ^acknowledged)
	_, err := w.file.WriteAt(b, 0)
	return err
}

// lockWait bounds how long a store that is in use is waited for. A program that another one starts holds all
// that its parent has open, the lock too, for the moment until it has become itself.
const lockWait = 10 * time.Second

// openBadger opens the database, and tells what the system refuses from what is damaged.
func openBadger(opts badger.Options) (*badger.DB, error) {
	for end := time.Now().Add(lockWait); ; time.Sleep(10 * time.Millisecond) {
		var db *badger.DB
		err := guarded(func() (err error) {
			db, err = badger.Open(opts)
			return err
		})
		if err == nil {
			return db, nil
		}
		if err = whyShut(err); !errors.Is(err, ErrInUse) || time.Now().After(end) {
			return nil, err
		}
	}
}

// whyShut says why Badger doesn't open. It keeps no errors of the system, but their words.
func whyShut(err error) error {
	for _, known := range []struct {
		words string
		is    error
	}{
		{"Cannot acquire directory lock", ErrInUse},
		{syscall.EACCES.Error(), ErrDenied},
		{syscall.EPERM.Error(), ErrDenied},
		{syscall.EMFILE.Error(), ErrTooManyFiles},
		{syscall.ENFILE.Error(), ErrTooManyFiles},
		{syscall.ENOSPC.Error(), ErrDiskFull},
		{syscall.EDQUOT.Error(), ErrDiskFull},
		{syscall.EFBIG.Error(), ErrFileTooLong},
		{syscall.ENOMEM.Error(), ErrNoMemory},
		{syscall.EROFS.Error(), ErrReadOnly},
	} {
		if strings.Contains(err.Error(), known.words) {
			return fmt.Errorf("%w: %v", known.is, err)
		}
	}
	return fmt.Errorf("%w: %v", ErrCorrupt, err)
}

// guarded calls something of Badger, which panics on some damage instead of saying so.
func guarded(call func() error) (err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case runtime.Error:
			err = fmt.Errorf("%w: a block can't be read (%v)", ErrCorrupt, p)
		default:
			panic(p)
		}
	}()
	return call()
}
