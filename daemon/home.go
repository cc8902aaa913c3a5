// Package daemon puts the parts of Kith together on one computer: a home folder, the replica of
// the space that lives in it, the peers, and the local API. It is the only package that knows
// them all; what they do is decided in them.
package daemon

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"kith/crdt/entry"
	"kith/daemon/seal"
)

// Home is a folder that holds all that one device knows of its co-op. Only one process uses it
// at a time. What a person's further co-ops need lies in folders below, each shaped like this one and
// with a key of its own, so that nobody can tell from two keys that they are one person's.
//
//	config.json   what was chosen once: listen addresses, the device's name
//	device.key    the device's private key, readable by its owner alone, and sealed with a
//	              passphrase if that was asked for
//	store/        the replica
//	kith.sock     the local API while a daemon runs
//	lock          held, with the holder's process ID in it
//	spaces/N/     a further space: config.json, device.key, store/
type Home struct {
	dir  string
	lock *flock.Flock

	// Passphrase gives that of the device's key, if it has one; nil if there is nobody to ask.
	// Set it right after OpenHome.
	Passphrase func() (string, error)

	keyMu sync.Mutex
	key   *entry.Signer // once it was read: it is asked for once
}

// Config is what a home remembers of how it is to be served.
type Config struct {
	Listen     []string `json:"listen"`
	Announce   []string `json:"announce,omitempty"` // what others are told instead of Listen
	DeviceName string   `json:"device_name"`
}

// HeldError says that another process uses the home.
type HeldError struct {
	Dir string
	PID int // 0: not known
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("another kith process uses %s", e.Dir)
	}
	return fmt.Sprintf("another kith process (PID %d) uses %s", e.PID, e.Dir)
}

// KeyError says that the device's key can't be used as it lies there.
type KeyError struct{ Path, Why string }

func (e *KeyError) Error() string { return e.Path + " " + e.Why }

// LockedError says that the device's key is protected by a passphrase, and it wasn't given, or
// another one.
type LockedError struct {
	Path  string
	Wrong bool
}

func (e *LockedError) Error() string {
	if e.Wrong {
		return "this is not the passphrase of " + e.Path
	}
	return e.Path + " is protected by a passphrase"
}

// OpenHome takes the home in dir for this process, making it if it is absent. The error is a
// *HeldError if another process has it.
func OpenHome(dir string) (*Home, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	h := &Home{dir: dir, lock: flock.New(filepath.Join(dir, "lock"), flock.SetPermissions(0o600))}
	ok, err := h.lock.TryLock()
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", dir, err)
	}
	if !ok {
		held := &HeldError{Dir: dir}
		if b, err := os.ReadFile(h.lock.Path()); err == nil {
			held.PID, _ = strconv.Atoi(strings.TrimSpace(string(b)))
		}
		return nil, held
	}
	if err := os.WriteFile(h.lock.Path(), fmt.Appendf(nil, "%d\n", os.Getpid()), 0o600); err != nil {
		return nil, errors.Join(err, h.Close())
	}
	return h, nil
}

// Close lets others use the home.
func (h *Home) Close() error {
	if h.lock == nil {
		return nil // the lock is that of the home that it lies in
	}
	return h.lock.Unlock()
}

func (h *Home) path(name string) string { return filepath.Join(h.dir, name) }

// storeDir is where the replica lies.
func (h *Home) storeDir() string { return h.path("store") }

// InUse says whether the home belongs to a co-op, or to somebody who is about to join one.
func (h *Home) InUse() bool {
	_, err := os.Stat(h.storeDir())
	return err == nil
}

// Config reads what the home remembers; an empty Config if it is new.
func (h *Home) Config() (Config, error) {
	var c Config
	b, err := os.ReadFile(h.path("config.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return c, nil
	}
	if err != nil {
		return c, err
	}
	if err := json.Unmarshal(b, &c); err != nil {
		return c, fmt.Errorf("%s: %w", h.path("config.json"), err)
	}
	return c, nil
}

// SetConfig remembers c.
func (h *Home) SetConfig(c Config) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return writeWhole(h.path("config.json"), append(b, '\n'))
}

// keyFile is the name of the file with the device's key: 64 hexadecimal digits, or the same sealed
// with a passphrase.
const keyFile = "device.key"

// maxKeyFile bounds that file, in bytes.
const maxKeyFile = 64 << 10

// DeviceKey reads the device's key, drawing one in a new home. The error is a *KeyError if the
// key is damaged, or if others than its owner can read it, and a *LockedError if its passphrase
// is missing or wrong.
func (h *Home) DeviceKey() (entry.Signer, error) {
	h.keyMu.Lock()
	defer h.keyMu.Unlock()
	if h.key != nil {
		return *h.key, h.checkKeyFile()
	}
	_, err := os.Stat(h.path(keyFile))
	if errors.Is(err, fs.ErrNotExist) && !h.InUse() {
		key := entry.NewSigner()
		return key, writeWhole(h.path(keyFile), keyText(key))
	}
	b, err := h.readKeyFile()
	if err != nil {
		return entry.Signer{}, err
	}
	key, err := h.openKey(b)
	if err == nil {
		h.key = &key
	}
	return key, err
}

// checkKeyFile says whether the key lies where it should and nobody else can read it.
func (h *Home) checkKeyFile() error {
	path := h.path(keyFile)
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &KeyError{path, "is missing: without it this device can't write"}
	case err != nil:
		return err
	case info.Mode().Perm()&0o077 != 0:
		return &KeyError{path, "can be read by others: chmod 600 it"}
	case info.Size() > maxKeyFile:
		return &KeyError{path, "is damaged"}
	}
	return nil
}

func (h *Home) readKeyFile() ([]byte, error) {
	if err := h.checkKeyFile(); err != nil {
		return nil, err
	}
	return os.ReadFile(h.path(keyFile))
}

// openKey reads the key from the content of its file, asking for the passphrase if there is one.
func (h *Home) openKey(b []byte) (entry.Signer, error) {
	if !seal.IsText(b) {
		return h.parseKey(b)
	}
	if h.Passphrase == nil {
		return entry.Signer{}, &LockedError{Path: h.path(keyFile)}
	}
	passphrase, err := h.Passphrase()
	if err != nil {
		return entry.Signer{}, err
	}
	b, err = seal.OpenText(b, passphrase)
	switch {
	case errors.Is(err, seal.ErrWrong):
		return entry.Signer{}, &LockedError{h.path(keyFile), true}
	case err != nil:
		return entry.Signer{}, &KeyError{h.path(keyFile), "is damaged"}
	}
	return h.parseKey(b)
}

func (h *Home) parseKey(b []byte) (entry.Signer, error) {
	seed, err := hex.DecodeString(strings.TrimSpace(string(b)))
	if err != nil || len(seed) != 32 {
		return entry.Signer{}, &KeyError{h.path(keyFile), "is damaged"}
	}
	return entry.SignerFromSeed([32]byte(seed)), nil
}

// keyText is what the file of an unprotected key holds.
func keyText(key entry.Signer) []byte {
	seed := key.Seed()
	return []byte(hex.EncodeToString(seed[:]) + "\n")
}

// writeWhole writes a private file so that a crash leaves the old one or the new one.
func writeWhole(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*") // 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(b)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
