package home

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/gofrs/flock"

	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/seal"
	"kith/daemon/store"
	"kith/daemon/whole"
)

// Home is a folder that holds all that one device knows of its co-op. Only one process uses it
// at a time. What a person's further co-ops need lies in folders below, each shaped like this one and
// with a key of its own, so that nobody can tell from two keys that they are one person's.
//
//	config.json   what was chosen once: listen addresses, the device's name
//	device.key    the device's private key, readable by its owner alone; if that was asked for,
//	              sealed with a passphrase, together with the key that the store is encrypted with
//	store/        the replica
//	rewriting/    the same while it is written anew, under another key or none
//	rewritten/    and once it is whole, before it takes the place of store/
//	ask.json      a request to join that went out as a file, until its answer was read
//	page.json     the port of the page and the key of its cookies, once it was opened
//	kith.sock     the local API while a daemon runs
//	lock          held, with the holder's process ID in it
//	spaces/N/     a further space: config.json, device.key, store/; of a share, also share.json or, of
//	              who made the pact, pact.json, and no store/ as long as that is half made or the side
//	              hasn't let this computer in
type Home struct {
	dir     string
	further bool // it is that of a further space
	lock    *flock.Flock

	// Passphrase gives that of the device's key, if it has one; nil if there is nobody to ask.
	// Set it right after OpenHome.
	Passphrase func() (string, error)

	configMu sync.Mutex // held while the config is changed

	keyMu sync.Mutex
	keys  *keys // once they were read: the passphrase is asked for once
}

// Config is what a home remembers of how it is to be served.
type Config struct {
	Listen     []string `json:"listen"`
	Announce   []string `json:"announce,omitempty"` // what others are told instead of Listen
	Relays     []string `json:"relays,omitempty"`   // named relays, beside the members' devices
	DeviceName string   `json:"device_name"`
	Drops      []string `json:"drops,omitempty"` // folders that something else carries
	// PortMap says, of the home itself, whether its router is asked to let others through to this computer: yes, no, or nothing as
	// long as its person wasn't asked.
	PortMap string   `json:"port_map,omitempty"`
	Porches *Porches `json:"porches,omitempty"`
}

// Porches is what a computer has to do with the porches that its co-op's documents name.
type Porches struct {
	Uses  []string `json:"uses,omitempty"`  // codes of those that it uses; they follow from the documents and the rest
	Left  []string `json:"left,omitempty"`  // documents of those that its person doesn't want here
	Chose []string `json:"chose,omitempty"` // of those that its person wants before others
	Over  []string `json:"over,omitempty"`  // of those that were given up, and that this computer has let go of
}

// Named are the relays that this home names: those that its person chose, or that came with a code, and the porches that it uses.
func (c Config) Named() []string {
	all := slices.Clone(c.Relays)
	if c.Porches != nil {
		for _, code := range c.Porches.Uses {
			if !slices.Contains(all, code) {
				all = append(all, code)
			}
		}
	}
	return all
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

// Problem implements problem.Teller.
func (e *HeldError) Problem() *problem.Problem {
	return problem.New(problem.Failed, "ask the daemon that runs there, or stop it first", "%v", e)
}

// KeyError says that the device's key can't be used as it lies there.
type KeyError struct{ Path, Why string }

func (e *KeyError) Error() string { return e.Path + " " + e.Why }

// Problem implements problem.Teller.
func (e *KeyError) Problem() *problem.Problem {
	return problem.New(problem.Failed, "kith doctor", "%v", e)
}

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

// Problem implements problem.Teller.
func (e *LockedError) Problem() *problem.Problem {
	if e.Wrong {
		return problem.New(problem.NotAllowed, "try again; the passphrase is that of kith protect", "%v", e)
	}
	return problem.New(problem.NotAllowed, "type it on a terminal, or give a file with it: kith daemon --passphrase-file FILE", "%v", e)
}

// At is the home in dir without taking it for this process: to look at what lies there, or where somebody else has
// seen to it that no other process does.
func At(dir string) *Home { return &Home{dir: dir} }

// Open takes the home in dir for this process, making it if it is absent. The error is a
// *HeldError if another process has it.
func Open(dir string) (*Home, error) {
	if err := whole.Folder(dir); err != nil {
		return nil, err
	}
	if err := api.CheckHome(dir); err != nil {
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
	if err := errors.Join(h.sweep(), h.finishRewrite()); err != nil {
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

// place is where the home lies, for people.
func (h *Home) Where() string { return h.dir }

// StoreDir is where the replica lies.
func (h *Home) StoreDir() string { return h.path("store") }

// InUse says whether the home belongs to a co-op, or to somebody who is about to join one.
func (h *Home) InUse() bool {
	_, err := os.Stat(h.StoreDir())
	_, rewritten := os.Stat(h.path(rewrittenDir))
	return err == nil || rewritten == nil
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
		return c, api.Problemf(api.Failed, "mend it, or move it away: then it listens as at first, and all else stays", "%s can't be read: %v", h.path("config.json"), err)
	}
	return c, nil
}

// ChangeConfig remembers what alter makes of what is remembered, unless it fails; one at a time.
func (h *Home) ChangeConfig(alter func(*Config) error) (Config, error) {
	h.configMu.Lock()
	defer h.configMu.Unlock()
	c, err := h.Config()
	if err == nil {
		err = alter(&c)
	}
	if err == nil {
		err = h.SetConfig(c)
	}
	return c, err
}

// SetConfig remembers c.
func (h *Home) SetConfig(c Config) error {
	b, err := json.MarshalIndent(c, "", "  ")
	if err != nil {
		return err
	}
	return whole.Write(h.path("config.json"), append(b, '\n'))
}

// keyFile is the name of the file with the keys, of the device and of an encrypted store.
const keyFile = "device.key"

// maxKeyFile bounds that file, in bytes.
const maxKeyFile = 64 << 10

// DeviceKey reads the device's key, drawing one in a new home. The error is a *KeyError if the
// key is damaged, or if others than its owner can read it, and a *LockedError if its passphrase
// is missing or wrong.
func (h *Home) DeviceKey() (entry.Signer, error) {
	h.keyMu.Lock()
	defer h.keyMu.Unlock()
	_, err := os.Stat(h.path(keyFile))
	if errors.Is(err, fs.ErrNotExist) && !h.InUse() {
		k := keys{device: entry.NewSigner()}
		return k.device, whole.Write(h.path(keyFile), k.text())
	}
	k, err := h.openKeys()
	return k.device, err
}

// StoreKey returns what the store is to be opened with: nil unless it is encrypted. The errors are
// those of DeviceKey.
func (h *Home) StoreKey() ([]byte, error) {
	encrypted, err := store.Encrypted(h.StoreDir())
	if err != nil || !encrypted {
		return nil, err
	}
	h.keyMu.Lock()
	defer h.keyMu.Unlock()
	k, err := h.openKeys()
	if err == nil && k.store == nil {
		err = fmt.Errorf("%w: or it is encrypted, with a key that %s doesn't hold", store.ErrCorrupt, h.path(keyFile))
	}
	return k.store, err
}

// NewStoreKey returns what a store that comes to be here is to be encrypted with; nil: it isn't to be.
func (h *Home) NewStoreKey() ([]byte, error) {
	h.keyMu.Lock()
	defer h.keyMu.Unlock()
	k, err := h.openKeys()
	return k.store, err
}

// openKeys reads the file of the keys, once. The caller holds keyMu.
func (h *Home) openKeys() (keys, error) {
	if h.keys != nil {
		return *h.keys, h.checkKeyFile()
	}
	b, err := h.readKeyFile()
	if err != nil {
		return keys{}, err
	}
	k, err := h.unseal(b)
	if err == nil {
		h.keys = &k
	}
	return k, err
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

// IsSealed says whether the key is protected by a passphrase, as far as it can be read.
func (h *Home) IsSealed() bool {
	b, _ := h.readKeyFile()
	return seal.IsText(b)
}

// unseal reads the keys from the content of their file, asking for the passphrase if there is one.
func (h *Home) unseal(b []byte) (keys, error) {
	if !seal.IsText(b) {
		return h.parseKeys(b)
	}
	if h.Passphrase == nil {
		return keys{}, &LockedError{Path: h.path(keyFile)}
	}
	passphrase, err := h.Passphrase()
	if err != nil {
		return keys{}, err
	}
	b, err = seal.OpenText(b, passphrase)
	switch {
	case errors.Is(err, seal.ErrWrong):
		return keys{}, &LockedError{h.path(keyFile), true}
	case err != nil:
		return keys{}, &KeyError{h.path(keyFile), "is damaged"}
	}
	return h.parseKeys(b)
}

// keys are what the file of the keys holds, sealed or not: each a line of 64 hexadecimal digits.
type keys struct {
	device entry.Signer
	store  []byte // nil: the store was never encrypted
}

func (h *Home) parseKeys(b []byte) (k keys, err error) {
	lines := strings.Fields(string(b))
	var read [][]byte
	for _, line := range lines {
		key, err := hex.DecodeString(line)
		if err != nil || len(key) != store.KeySize {
			return k, &KeyError{h.path(keyFile), "is damaged"}
		}
		read = append(read, key)
	}
	switch len(read) {
	case 1:
	case 2:
		k.store = read[1]
	default:
		return k, &KeyError{h.path(keyFile), "is damaged"}
	}
	k.device = entry.SignerFromSeed([32]byte(read[0]))
	return k, nil
}

func (k keys) text() []byte {
	seed := k.device.Seed()
	text := hex.AppendEncode(nil, seed[:])
	if k.store != nil {
		text = hex.AppendEncode(append(text, '\n'), k.store)
	}
	return append(text, '\n')
}

// sweep removes what a crash left of files that were being written, and of a restore, here and in the places below: the key
// or what a co-op wrote may be in it, open, in a home that is protected since.
func (h *Home) sweep() error {
	numbers, err := h.below()
	dirs := []string{h.dir}
	for _, n := range numbers {
		dirs = append(dirs, h.Place(n).dir)
	}
	for _, dir := range dirs {
		files, bad := os.ReadDir(dir)
		err = errors.Join(err, bad, os.RemoveAll(At(dir).RestoringDir()))
		for _, f := range files {
			if f.Type().IsRegular() && strings.HasPrefix(f.Name(), whole.Unfinished) {
				err = errors.Join(err, os.Remove(filepath.Join(dir, f.Name())))
			}
		}
	}
	return err
}

// Keyless says whether the place has no key, and nothing that was made with one.
func (h *Home) Keyless() bool {
	_, err := os.Lstat(h.path(keyFile))
	return errors.Is(err, fs.ErrNotExist) && !h.InUse()
}

// HasPact says whether the place is about a pact, made or not.
func (h *Home) HasPact() bool {
	_, err := os.Lstat(h.path(pactFile))
	return err == nil
}

// Forget removes all that the place has of a pact that came to nothing. The key goes first: another space
// must not get one that an ally has seen.
func (h *Home) Forget() error {
	for _, name := range []string{keyFile, "config.json", pactFile} {
		if err := os.Remove(h.path(name)); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		if err := whole.Sync(h.dir); err != nil {
			return err
		}
	}
	return nil
}

// CheckKey looks whether the key lies as it should, and says what protects it.
func (h *Home) CheckKey() api.Check {
	c := api.Check{Name: "key", OK: true}
	if _, err := os.Stat(h.path(keyFile)); errors.Is(err, fs.ErrNotExist) && !h.InUse() {
		c.Says = "no key yet: it is drawn with kith init or kith join"
		return c
	}
	b, err := h.readKeyFile()
	protected := err == nil && seal.IsText(b)
	if !protected && err == nil {
		_, err = h.parseKeys(b)
	}
	switch {
	case err != nil:
		c.OK, c.Says, c.Hint = false, err.Error(), "put it back from a backup, or set the device up anew"
	case protected:
		c.Says = "this device's key is protected by a passphrase, and readable by you alone"
	default:
		c.Says = "this device's key is readable by you alone; no passphrase protects it (kith protect)"
	}
	return c
}

// ErrNoCoop says that there is no co-op in this home yet.
var ErrNoCoop = api.Problemf(api.NotFound, `kith init "Name of the co-op" --as You, or kith join - --as You`, "there is no co-op here yet")
