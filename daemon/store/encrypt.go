package store

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/dgraph-io/badger/v4"
	"github.com/dgraph-io/badger/v4/y"
)

// An encrypted store is Badger's: every block of a table and every record of a log goes through
// AES-256 in counter mode, under a key that the registry file holds sealed with the store's. What the
// files are called, how large they are and which keys lie in which table's range of levels stays open,
// and so does the manifest. It hides, it doesn't prove: who changes the files unnoticed by checksums
// changes what is shown, though no entry, since those are signed.

// KeySize is the length of the key of an encrypted store, in bytes.
const KeySize = 32

// keyLife is how long Badger uses one key of its registry. It is long, since a change of keys appends to
// the registry, and half a line of it after a crash would keep the store from opening. It must be
// shorter than the time since 1970, which Badger takes for the age of a key that there isn't: it would
// encrypt nothing, without a word.
const keyLife = 10 * 365 * 24 * time.Hour

// maxRegistry bounds the registry, in bytes; it holds one key.
const maxRegistry = 4 << 10

// The registry begins with 16 random bytes and a text, which is what they decrypt to.
const (
	registryText = "Hello Badger"
	registryHead = 16 + len(registryText)
)

func registry(dir string) ([]byte, error) {
	name := filepath.Join(dir, badger.KeyRegistryFileName)
	info, err := os.Stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() > maxRegistry {
		return nil, fmt.Errorf("%w: %s has %d bytes, the limit is %d", ErrCorrupt, badger.KeyRegistryFileName, info.Size(), maxRegistry)
	}
	return os.ReadFile(name)
}

// Encrypted says whether the store in dir is; one that isn't there isn't.
func Encrypted(dir string) (bool, error) {
	b, err := registry(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return len(b) >= registryHead && !bytes.Equal(b[16:registryHead], []byte(registryText)), nil
}

// refuseNoKey makes sure that a store that was opened with a key has drawn one to encrypt with. It
// hasn't where the clock stands in the first years after 1970: see keyLife.
func refuseNoKey(dir string, key []byte) error {
	if len(key) == 0 {
		return nil
	}
	b, err := registry(dir)
	if err == nil && len(b) <= registryHead {
		err = errors.New("the store would not be encrypted: is the clock of this computer right?")
	}
	return err
}

// checkRegistry says whether key is that of the store, and checks the lengths in the registry, which
// Badger believes.
func checkRegistry(dir string, key []byte) error {
	b, err := registry(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if len(b) < registryHead {
		return fmt.Errorf("%w: %s is cut off", ErrCorrupt, badger.KeyRegistryFileName)
	}
	text := b[16:registryHead]
	if len(key) > 0 {
		if text, err = y.XORBlockAllocate(text, key, b[:16]); err != nil {
			return err
		}
	}
	if !bytes.Equal(text, []byte(registryText)) {
		return fmt.Errorf("%w: it is encrypted with another key, or %s was changed", ErrCorrupt, badger.KeyRegistryFileName)
	}
	for b = b[registryHead:]; len(b) > 0; {
		if len(b) < 8 || uint64(binary.BigEndian.Uint32(b)) > uint64(len(b)-8) {
			return fmt.Errorf("%w: %s is cut off", ErrCorrupt, badger.KeyRegistryFileName)
		}
		b = b[8+binary.BigEndian.Uint32(b):]
	}
	return nil
}
