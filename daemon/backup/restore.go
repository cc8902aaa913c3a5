package backup

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/backup/form"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/space"
)

// RestoreOptions is what comes back, and where.
type RestoreOptions struct {
	Home       string
	File       string
	Passphrase func() (string, error) // asked if the file is sealed; nil: nobody to ask
	// Progress is told what is being done, and with how many entries of how many; nil: nobody looks.
	Progress func(doing string, done, of int64)
	Another  bool     // beside the co-ops that are in the home
	Listen   []string // none: where the backup's device listened
	Announce []string // the same
	// Led is asked whether others are to be led here as a backup says that isn't sealed, which anybody
	// may have changed: by addresses that it announces, and through relays that it names. nil: nobody
	// to ask, and they aren't taken.
	Led func(announce, relays []string) (bool, error)
}

const (
	// maxStatements bounds the charter of a backup, in bytes: it is held in memory.
	maxStatements = 256 << 20
	// restoreBatch is how many bytes of entries are accepted at once.
	restoreBatch = 1 << 20
	// maxSize bounds a backup, in bytes.
	maxSize = 1 << 40
)

// Restore brings a device back in an empty home, or beside the co-ops that are in it. The whole file is read first: if it is damaged,
// cut off, of something else, or holds an entry that isn't signed by who it names, it is refused and
// nothing is written. Then every entry is accepted as if a peer brought it, and views are made
// anew. A crash on the way leaves a home that belongs to no co-op.
func Restore(ctx context.Context, o RestoreOptions) (res api.Restored, err error) {
	if err := home.Free(o.Home, o.Another); err != nil { // before anybody types a passphrase
		return res, err
	}
	f, err := os.Open(o.File)
	if err != nil {
		return res, readable(err)
	}
	defer f.Close()
	sound, err := Read(ctx, f, o)
	if err != nil {
		return res, err
	}
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	return sound.In(ctx, place)
}

// Sound is a backup that was read whole, and in which nothing is wrong.
type Sound struct {
	in    *sealed
	found *inspected
	o     RestoreOptions
	res   api.Restored
}

// Read reads a backup, and writes nothing. o.Another isn't looked at; o.Home and o.File are for people.
func Read(ctx context.Context, f *os.File, o RestoreOptions) (*Sound, error) {
	in, err := openSealed(f, o.Passphrase)
	if err != nil {
		return nil, err
	}
	found, err := in.inspect(ctx, o.counting("checking the backup"))
	if err != nil {
		return nil, err
	}
	announce, relays, err := in.leads(found, o)
	if err != nil {
		return nil, err
	}
	return &Sound{in, found, o, api.Restored{
		Backup: described(o.File, found.header, in.size, in.opener != nil),
		Home:   o.Home, Protected: seal.IsText(found.key),
		Announce: announce, Relays: relays,
	}}, nil
}

// Space is whose backup it is.
func (s *Sound) Space() entry.SpaceID { return s.found.saved.Space }

// Protected says whether the device's key in it has a passphrase of its own.
func (s *Sound) Protected() bool { return s.res.Protected }

// In brings the device back in a place of a home, in which nothing is yet.
func (s *Sound) In(ctx context.Context, place *home.Home) (res api.Restored, err error) {
	if err := place.MakeRoomFor(s.found.key); err != nil {
		return s.res, err
	}
	res = s.res
	res.Left, err = s.in.restore(ctx, place, s.found, s.o)
	return res, err
}

// leads settles how others are led to the restored device, and gives what was not taken from the backup. One
// that is sealed is as its owner made it. In an open one a single line makes others dial somebody else, or
// all that this device says go through somebody's relay: where it listened and what it is called is taken,
// the rest only if a person says so.
func (s *sealed) leads(found *inspected, o RestoreOptions) (announce, relays []string, err error) {
	if len(o.Announce) > 0 {
		found.config.Announce = nil // not looked at
	}
	if p := found.config.Porches; p != nil {
		p.Uses = nil // these follow from the documents, which are signed
	}
	announce, relays = found.config.Announce, found.config.Relays
	if s.opener != nil || len(announce)+len(relays) == 0 {
		return nil, nil, nil
	}
	if o.Led != nil {
		if yes, err := o.Led(announce, relays); yes || err != nil {
			return nil, nil, err
		}
	}
	found.config.Announce, found.config.Relays = nil, nil
	return announce, relays, nil
}

// counting makes a function that makes functions that count: one for each reading of the file.
func (o RestoreOptions) counting(doing string) func(of int64) func() {
	return func(of int64) func() {
		if o.Progress == nil {
			return func() {}
		}
		return counting(func(done, of int64) { o.Progress(doing, done, of) }, of)
	}
}

func readable(err error) error {
	var at *fs.PathError
	if errors.Is(err, fs.ErrNotExist) && errors.As(err, &at) {
		return api.Problemf(api.NotFound, "kith restore --help", "there is no file %s", at.Path)
	}
	return err
}

// sealed is the file of a backup, to be read more than once.
type sealed struct {
	f      *os.File
	size   int64
	opener *seal.Opener // nil: it isn't sealed
}

func openSealed(f *os.File, ask func() (string, error)) (*sealed, error) {
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, form.ErrForeign
	case info.Size() > maxSize:
		return nil, form.Damaged("%d bytes, the limit is %d", info.Size(), int64(maxSize))
	}
	s := &sealed{f: f, size: info.Size()}
	begin := make([]byte, seal.Intro)
	if n, err := f.ReadAt(begin, 0); err != nil && err != io.EOF {
		return nil, err
	} else if !seal.IsSealed(begin[:n]) {
		return s, nil
	}
	if ask == nil {
		return nil, api.Problemf(api.NotAllowed, "kith restore FILE --passphrase-file FILE", "the backup is sealed with a passphrase")
	}
	passphrase, err := ask()
	if err != nil {
		return nil, err
	}
	s.opener = seal.NewOpener(passphrase)
	return s, nil
}

// read begins to read the backup from its start.
func (s *sealed) read() (*form.Reader, error) {
	var r io.Reader = io.NewSectionReader(s.f, 0, s.size)
	if s.opener != nil {
		var err error
		var damaged *seal.DamagedError
		if r, err = s.opener.Open(r); errors.As(err, &damaged) {
			return nil, &form.DamagedError{Err: damaged.Err}
		} else if err != nil {
			return nil, err
		}
	}
	return form.NewReader(r)
}

// inspected is what a whole and sound backup holds beside its changes.
type inspected struct {
	header form.Header
	sum    [32]byte
	key    []byte // of the file device.key
	config home.Config
	saved  replica.Saved
}

// inspect reads all of a backup and checks what can be checked without writing anything.
func (s *sealed) inspect(ctx context.Context, count func(of int64) func()) (*inspected, error) {
	r, err := s.read()
	if err != nil {
		return nil, err
	}
	v := &inspected{header: r.Header()}
	progress := count(v.header.Entries)
	v.saved.Small, v.saved.Quarantined = map[string][]byte{}, map[entry.ID]entry.DocID{}
	if err := hexInto(v.saved.Space[:], v.header.Space.ID); err != nil {
		return nil, err
	}
	if err := hexInto(v.saved.Stand[:], v.header.Stand); err != nil {
		return nil, err
	}
	var batch []*entry.Entry
	size, small, statements := 0, 0, 0
	for {
		kind, content, err := r.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		switch kind {
		case form.KindKey:
			v.key = bytes.Clone(content)
		case form.KindConfig:
			if err := json.Unmarshal(content, &v.config); err != nil {
				return nil, form.Damaged("its config: %w", err)
			}
		case form.KindSmall:
			if small += len(content); small > form.MaxAllSmall {
				return nil, form.Damaged("more than %d bytes of small records", form.MaxAllSmall)
			}
			name, value, err := form.SplitSmall(content)
			if err != nil {
				return nil, err
			}
			if !strings.HasPrefix(name, space.AddressPrefix) {
				return nil, form.Damaged("a small record that no backup has")
			}
			v.saved.Small[name] = value
		case form.KindQuarantined:
			id, doc, err := form.SplitQuarantined(content)
			if err != nil {
				return nil, err
			}
			v.saved.Quarantined[id] = doc
		case form.KindEntry:
			progress()
			e, err := v.decode(content)
			if err != nil {
				return nil, err
			}
			if e.Kind == entry.Statement {
				if statements += len(content); statements > maxStatements {
					return nil, form.Damaged("more than %d bytes of charter", maxStatements)
				}
				v.saved.Statements = append(v.saved.Statements, e)
			}
			batch, size = append(batch, e), size+len(content)
			if size > restoreBatch {
				if err := errors.Join(ctx.Err(), verify(batch)); err != nil {
					return nil, err
				}
				batch, size = nil, 0
			}
		}
	}
	if err := verify(batch); err != nil {
		return nil, err
	}
	v.sum = r.Sum()
	return v, v.check()
}

// decode reads an entry of a backup. b is the reader's, the entry isn't.
func (v *inspected) decode(b []byte) (*entry.Entry, error) {
	e, err := entry.Decode(bytes.Clone(b))
	if err != nil {
		return nil, form.Damaged("an entry: %w", err)
	}
	if e.SpaceOf() != v.saved.Space {
		return nil, form.Damaged("an entry of another co-op")
	}
	return e, nil
}

// check says whether the parts belong together.
func (v *inspected) check() error {
	if c := charter.Fold(v.saved.Space, v.saved.Statements, v.saved.Stand); len(c.Members()) == 0 {
		return form.Damaged("it has no charter")
	}
	if seal.IsText(v.key) {
		return nil // the passphrase is asked for by the daemon; a wrong key speaks for nobody
	}
	device, err := home.DeviceOf(v.key)
	if err != nil {
		return form.Damaged("the device's key")
	}
	if want := v.header.Device.ID; want != device.String() {
		return form.Damaged("the device's key is another device's")
	}
	return nil
}

func verify(batch []*entry.Entry) error {
	if i := entry.VerifyAll(batch); i >= 0 {
		return form.Damaged("entry %s: %w", batch[i].ID(), entry.ErrSignature)
	}
	return nil
}

func hexInto(to []byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(to) {
		return form.Damaged("its header")
	}
	copy(to, b)
	return nil
}

// restore writes a home. The replica takes its place at last: before that the home is in no co-op.
func (s *sealed) restore(ctx context.Context, home *home.Home, found *inspected, o RestoreOptions) (left int, err error) {
	dir := home.RestoringDir()
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(dir))
		}
	}()
	left, err = s.acceptAll(ctx, dir, found, o.counting("accepting what is in it")(found.header.Entries))
	if err != nil {
		return left, err
	}
	if len(o.Listen) > 0 {
		found.config.Listen = o.Listen
	}
	if len(o.Announce) > 0 {
		found.config.Announce = o.Announce
	}
	return left, home.SettleRestored(found.key, found.config)
}

// acceptAll makes the replica in dir and has it accept every change. left is how many entries it
// didn't take.
func (s *sealed) acceptAll(ctx context.Context, dir string, found *inspected, progress func()) (left int, err error) {
	// Nothing is signed with this key: the device's may be locked.
	r, err := replica.Restore(replica.Config{Dir: dir, Key: entry.NewSigner()}, found.saved)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	in, err := s.read()
	if err != nil {
		return 0, err
	}
	var batch []*entry.Entry
	size := 0
	accept := func() error {
		_, err := r.Accept(ctx, batch)
		batch, size = nil, 0
		return err
	}
	for {
		kind, content, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return 0, err
		}
		if kind != form.KindEntry {
			continue
		}
		progress()
		e, err := found.decode(content)
		if err != nil {
			return 0, err
		}
		if e.Kind == entry.Statement {
			continue // with the charter, before
		}
		batch, size = append(batch, e), size+len(content)
		if size > restoreBatch {
			if err := accept(); err != nil {
				return 0, err
			}
		}
	}
	if err := accept(); err != nil {
		return 0, err
	}
	if in.Sum() != found.sum {
		return 0, form.Damaged("it changed while it was read")
	}
	return int(found.header.Entries - r.Counts().Stored), nil
}
