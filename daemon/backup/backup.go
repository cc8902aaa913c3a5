package backup

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/backup/form"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/space"
	"kith/daemon/store"
	"kith/daemon/whole"
	"kith/daemon/words"
)

// Options is what a backup is made of, and how.
type Options struct {
	Home       string
	Space      string // as client.New takes it
	File       string
	Passphrase string // "": the file isn't sealed
	Replace    bool   // an older file
	Version    string
	// Unlock gives the passphrase of the home, if no daemon serves it and its store is encrypted; nil:
	// nobody to ask.
	Unlock   func() (string, error)
	Progress func(done, of int64) // entries; nil: nobody looks
}

// Make writes a file that the device can come back from: through the daemon that serves the home,
// or from the home itself if none does. The file is there when it is whole, and not before; only its
// owner can read it.
func Make(ctx context.Context, o Options) (made api.Backup, err error) {
	if _, err := os.Lstat(o.File); err == nil && !o.Replace {
		return made, api.Problemf(api.Invalid, "choose another name, or say --replace", "%s is there already", o.File)
	}
	from, err := open(ctx, o)
	if err != nil {
		return made, err
	}
	defer func() { err = errors.Join(err, from.Close()) }()

	dir, name := filepath.Split(o.File)
	f, err := os.CreateTemp(filepath.Clean(dir+"."), "."+name+".part-*") // 0600
	if err != nil {
		return made, fmt.Errorf("write a backup: %w", err)
	}
	defer os.Remove(f.Name())
	h, err := write(f, from, o)
	if err = errors.Join(err, f.Sync()); err != nil {
		return made, errors.Join(err, f.Close())
	}
	size, err := f.Seek(0, io.SeekCurrent)
	if err = errors.Join(err, f.Close()); err != nil {
		return made, err
	}
	made = described(o.File, h, size, o.Passphrase != "")
	return made, whole.Move(f.Name(), o.File)
}

// open gives the content of a backup as it is made.
func open(ctx context.Context, o Options) (io.ReadCloser, error) {
	daemon, err := client.New(o.Home, o.Space)
	if err != nil {
		return nil, err
	}
	defer daemon.Close()
	content, err := daemon.Backup(ctx)
	var p *api.Problem
	if !errors.As(err, &p) || p.Code != api.NotRunning {
		return content, err
	}
	if _, err := os.Stat(o.Home); err != nil {
		return nil, home.ErrNoCoop
	}
	own, err := home.Open(o.Home)
	if err != nil {
		return nil, err
	}
	own.Passphrase = home.Once(o.Unlock)
	place, r, err := closedSpace(own, o.Space)
	if err != nil {
		return nil, errors.Join(err, own.Close())
	}
	if shared, _ := r.Share(); shared != nil {
		return nil, errors.Join(errShare, r.Close(), own.Close())
	}
	out, in := io.Pipe()
	done := make(chan struct{})
	go func() {
		defer close(done)
		err := save(ctx, in, place, r.Replica, r.Device, o.Version)
		in.CloseWithError(errors.Join(err, r.Close(), own.Close()))
	}()
	return &closing{out, done}, nil
}

// closing is what comes out of a home that is open for that alone: once it is closed, so is the home, also where it wasn't
// read to its end.
type closing struct {
	*io.PipeReader
	done <-chan struct{}
}

func (c *closing) Close() error {
	err := c.PipeReader.Close()
	<-c.done
	return err
}

// closedSpace opens the replica that is meant, by the name or ID of its space; "" is the only one.
func closedSpace(h *home.Home, want string) (place *home.Home, r *space.Closed, err error) {
	places, err := h.Places()
	if err != nil {
		return nil, nil, err
	}
	if len(places) == 0 {
		return nil, nil, home.ErrNoCoop
	}
	for _, p := range places {
		one, err := space.OpenClosed(p)
		if err != nil {
			return nil, nil, err
		}
		space, _, _ := words.Self(one.Replica)
		shared, _ := one.Share()
		if meant := want == "" && shared == nil || api.FoldName(space.Name) == api.FoldName(want) || space.ID == want; meant && r == nil {
			place, r = p, one
			continue
		} else if meant {
			return nil, nil, errors.Join(errWhichSpace, one.Close(), r.Close())
		}
		if err := one.Close(); err != nil {
			return nil, nil, err
		}
	}
	if r == nil {
		return nil, nil, api.Problemf(api.NotFound, "kith space list, with the daemon running", "no space here is called “%s”", want)
	}
	return place, r, nil
}

// errShare says why there is no backup of a share. One would hold a key that its side may have replaced
// since, and entries of the other side's charter by which nothing could be restored.
var errShare = api.Problemf(api.NotAllowed, "kith backup FILE --space NAME, with the name of your co-op", "a share isn't backed up: once your co-op is restored this computer comes into the share again by itself, and the people in it bring what is there")

var errWhichSpace = api.Problemf(api.Usage, "kith backup FILE --space NAME", "which space is meant? There are several here")

// write writes what comes, sealed or not, and looks at it on the way: what was cut off is no
// backup.
func write(w io.Writer, from io.Reader, o Options) (h form.Header, err error) {
	buffered := bufio.NewWriterSize(w, 64<<10)
	out := io.WriteCloser(nopCloser{buffered})
	if o.Passphrase != "" {
		if out, err = seal.NewWriter(buffered, o.Passphrase); err != nil {
			return h, err
		}
	}
	r, err := form.NewReader(io.TeeReader(from, out))
	if err != nil {
		return h, brokenOff(err)
	}
	h = r.Header()
	progress := counting(o.Progress, h.Entries)
	for {
		kind, _, err := r.Next()
		if err == io.EOF {
			return h, errors.Join(out.Close(), buffered.Flush())
		}
		if err != nil {
			return h, brokenOff(err)
		}
		if kind == form.KindEntry {
			progress()
		}
	}
}

// brokenOff says that the content of a backup ended while it was made.
func brokenOff(err error) error {
	var damaged *form.DamagedError
	if errors.As(err, &damaged) {
		err = damaged.Err
	}
	return fmt.Errorf("the backup was broken off, and there is no file of it: %w", err)
}

// counting makes a function that counts and tells; progress may be nil.
func counting(progress func(done, of int64), of int64) func() {
	done := int64(0)
	return func() {
		if done++; progress != nil {
			progress(done, of)
		}
	}
}

type nopCloser struct{ io.Writer }

func (nopCloser) Close() error { return nil }

func described(file string, h form.Header, size int64, sealed bool) api.Backup {
	return api.Backup{
		File: file, Space: api.Named(h.Space), Member: api.Named(h.Member), Device: api.Named(h.Device),
		MadeAt: api.At(h.MadeAt), Version: h.Version, Entries: int(h.Entries), Bytes: size, Sealed: sealed,
	}
}

// Save writes what a backup of a space holds that is served.
func Save(ctx context.Context, w io.Writer, at *space.Space, version string) error {
	if shared, _ := at.Replica.Share(); shared != nil {
		return errShare
	}
	return save(ctx, w, at.Place, at.Replica, at.Replica.Device(), version)
}

// save writes what a backup holds: the files of the home, and the replica as it is at one moment.
// Views are left out, since they follow from the entries. So are invite codes: a device that comes
// back from long ago doesn't know which of them were used since, and would let a second person into
// one seat.
func save(ctx context.Context, w io.Writer, home *home.Home, r *replica.Replica, device entry.Device, version string) error {
	key, config, err := home.Files()
	if err != nil {
		return err
	}
	c := r.Charter()
	h := form.Header{
		MadeAt: time.Now().UTC().Truncate(time.Second), Version: version,
		Space: form.Named{ID: c.Space().String(), Name: c.Name()},
	}
	if device != (entry.Device{}) {
		p := words.People{Rules: c}
		h.Device = form.Named(p.Device(device))
		if m, ok := c.MemberOf(device); ok {
			h.Member = form.Named(p.Named(m.ID))
		}
	}
	defer r.Copying()() // a device that comes back from it has what is in it
	return r.Store().Snapshot(func(v *store.Snapshot) error {
		n, err := v.Counts()
		if err != nil {
			return err
		}
		stand, err := replica.Stand(v)
		if err != nil {
			return err
		}
		h.Entries, h.Stand = n.Stored, stand.String()
		b, err := form.NewWriter(w, h)
		if err != nil {
			return err
		}
		err = errors.Join(b.Part(form.KindKey, key), b.Part(form.KindConfig, config))
		if err == nil {
			err = v.Smalls(space.AddressPrefix, b.Small)
		}
		if err == nil {
			err = v.Quarantined(b.Quarantined)
		}
		if err == nil {
			err = v.Entries(func(encoded []byte) error {
				return errors.Join(ctx.Err(), b.Part(form.KindEntry, encoded))
			})
		}
		if err != nil {
			return err
		}
		return b.Close()
	})
}
