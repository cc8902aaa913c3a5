package bundle

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/bundle/form"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/store"
	"kith/daemon/words"
)

const (
	// batchSize is how many bytes of entries are accepted at once.
	batchSize = 1 << 20
	// maxCharter bounds the statements of a bundle, in bytes: they are held in memory until it is
	// known whether a device of the co-op made it.
	maxCharter = 64 << 20
	// batchCharter is after how many statements it is looked whether the rest can wait, as long as that isn't known.
	batchCharter = 1_000
	// batchLooked is after how many entries of which most were here already the few others are accepted.
	batchLooked = 10_000
	// tellEntries is after how many entries it is told how far it is, if nothing else is to be told.
	tellEntries = 1000
)

var (
	errOtherSpace = errors.New("this bundle is of another co-op")
	errStranger   = errors.New("the device that made this bundle isn't in the co-op, and never was")
)

// badEntryError says that an entry of a bundle is none.
type badEntryError struct{ Why error }

func (e *badEntryError) Error() string { return e.Why.Error() }
func (e *badEntryError) Unwrap() error { return e.Why }

// Take takes what is in a bundle, and tells how far it is, if anybody wants to know (nil: nobody). What was
// taken before an error stays.
func Take(ctx context.Context, r *replica.Replica, in io.Reader, tell func(api.BundleProgress)) (api.BundleRead, error) {
	u := &unbundling{r: r, file: &arriving{r: in}, tell: tell}
	err := u.take(ctx)
	return u.res, err
}

// TakeSome takes what is in a bundle from an entry on (0: the first), until the rest can wait: enough is asked once it is known who made
// the bundle, and then again and again, with what became of the entries so far. next is where it goes on, Whole where nothing is left.
// Also with an error it is told who made the bundle, if that is known.
func TakeSome(ctx context.Context, r *replica.Replica, in io.Reader, from int64, enough func(api.BundleRead) bool) (got api.BundleRead, next int64, err error) {
	u := &unbundling{r: r, file: &arriving{r: in}, from: from, enough: enough}
	switch err := u.take(ctx); {
	case errors.Is(err, errEnough):
		return u.res, u.next, nil
	default:
		return u.res, Whole, err
	}
}

// Whole is where a bundle goes on that was read to its end.
const Whole = -1

// errEnough says that the rest of a bundle can wait.
var errEnough = errors.New("the rest can wait")

// errNotOwn says that a bundle isn't by the device that it is said to be by.
var errNotOwn = errors.New("another device made this bundle")

// Each gives the entries of a bundle that this device made, until do says that it has seen enough. None is judged, nor verified.
func Each(file io.Reader, key entry.Signer, do func(*entry.Entry) bool) (h form.Header, err error) {
	content, err := seal.OpenFor(bufio.NewReader(file), key.Seed())
	if err != nil {
		return h, err
	}
	in, err := form.NewReader(content)
	if err != nil {
		return h, err
	}
	defer in.Close()
	if in.Device() != key.Device() {
		return h, errNotOwn
	}
	given := once{}
	for more := true; more; {
		b, err := in.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return h, err
		}
		e, err := entry.Decode(bytes.Clone(b))
		if err == nil {
			err = given.note(e.ID())
		}
		if err != nil {
			return h, err
		}
		more = do(e)
	}
	return in.Header(), nil
}

// once knows entries that a bundle has given. No honest one has any twice. What is there again and again takes no room in a file that is
// compressed, and would be read for ever.
type once map[entry.ID]bool

var errTwice = errors.New("it has the same entry twice")

func (o once) note(id entry.ID) error {
	if o[id] {
		return &badEntryError{errTwice}
	}
	o[id] = true
	return nil
}

// unbundling is a bundle being read. Every entry in it speaks for itself, as one that a peer brings
// does: it counts by its own signature and by the rules, and not by who put it in.
type unbundling struct {
	r      *replica.Replica
	file   *arriving
	tell   func(api.BundleProgress)
	from   int64 // how many entries are passed over
	enough func(api.BundleRead) bool
	in     *form.Reader // nil: it isn't opened yet

	next      int64 // where it goes on, if the rest can wait
	batch     []*entry.Entry
	batched   map[entry.ID]bool // what is in it
	had       once              // of what was here already: there are no more of these than are stored
	size      int               // bytes
	looked    int               // entries since the last batch
	told      int64
	unsettled []entry.ID // new ones that weren't accepted when they came
	res       api.BundleRead
}

// take reads what is to be read, and says what is wrong with it.
func (u *unbundling) take(ctx context.Context) error {
	if shared, _ := u.r.Share(); shared != nil {
		return errShare
	}
	u.had, u.next = once{}, u.from
	err := u.read(ctx)
	if u.in != nil {
		u.res.Bundle = described(u.r, u.in.Header())
		u.res.Bytes = u.file.n
		u.in.Close()
	}
	switch uncounted := u.settle(); {
	case err != nil && err != errEnough:
		return u.explain(ctx, err)
	case uncounted != nil:
		return u.explain(ctx, uncounted)
	}
	return err
}

func (u *unbundling) read(ctx context.Context) error {
	if err := u.open(); err != nil {
		return err
	}
	if err := u.pause(); err != nil {
		return err
	}
	e, err := u.readCharter(ctx)
	for ; err == nil; e, err = u.entry() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.add(e); err != nil {
			return errors.Join(u.accept(ctx), err)
		}
		if u.isFull() {
			if err := u.accept(ctx); err != nil {
				return err
			}
			u.next = u.in.Read()
			if err := u.pause(); err != nil {
				return err
			}
		}
	}
	if err == errEnough {
		return err
	}
	if err := u.accept(ctx); err != nil { // what came before an error is good
		return err
	}
	if err != io.EOF {
		return err
	}
	return nil
}

// pause says whether the rest can wait.
func (u *unbundling) pause() error {
	if u.enough == nil {
		return nil
	}
	got := u.res
	got.Bundle, got.Pending = described(u.r, u.in.Header()), len(u.unsettled)
	if u.enough(got) {
		return errEnough
	}
	return nil
}

func (u *unbundling) isFull() bool { return u.size > batchSize || u.looked >= batchLooked }

// open opens the seal with this device's key, and looks at the header.
func (u *unbundling) open() error {
	file := bufio.NewReader(u.file)
	if begin, _ := file.Peek(seal.Intro); !seal.IsSealed(begin) {
		return form.ErrForeign
	}
	content, err := seal.OpenFor(file, u.r.Key().Seed())
	if err != nil {
		return err
	}
	if u.in, err = form.NewReader(content); err != nil {
		return err
	}
	if u.in.Space() != u.r.Space() {
		return errOtherSpace
	}
	u.progress()
	return nil
}

// readCharter sees to it that a device of the co-op made the bundle, and returns the entry to go on with. It takes nothing of a bundle
// that was made by a device that isn't and never was in the charter; with what the bundle says of the charter, in the statements that
// come first, since it may be from somebody who is new.
func (u *unbundling) readCharter(ctx context.Context) (after *entry.Entry, err error) {
	if u.r.Charter().Knows(u.in.Device()) {
		for range u.from {
			if _, err := u.in.Next(); err != nil || ctx.Err() != nil {
				return nil, errors.Join(err, ctx.Err())
			}
		}
		return u.entry()
	}
	u.next = 0 // as long as it isn't known, it begins anew
	c := u.r.Charter()
	var good, fresh []*entry.Entry
	var wrong error
	fold := func() {
		some, bad := verified(fresh)
		c, good, fresh, wrong = c.With(some...), append(good, some...), nil, bad
	}
	size := 0
	for after, err = u.entry(); err == nil && wrong == nil && after.Kind == entry.Statement; after, err = u.entry() {
		if u.r.Store().Has(after.ID()) {
			if err := u.has(after); err != nil {
				return nil, err
			}
			continue
		}
		if size += len(after.Encoded()); size > maxCharter {
			return nil, &badEntryError{fmt.Errorf("more than %d bytes of charter", maxCharter)}
		}
		if fresh = append(fresh, after); len(fresh) < batchCharter {
			continue
		}
		if fold(); wrong == nil {
			if err := u.pause(); err != nil {
				return nil, err
			}
		}
	}
	if wrong == nil {
		fold()
	}
	if !c.Knows(u.in.Device()) {
		return nil, errStranger
	}
	for _, e := range good {
		if err := u.add(e); err != nil {
			return nil, errors.Join(u.accept(ctx), err)
		}
		if u.isFull() {
			if err := u.accept(ctx); err != nil {
				return nil, err
			}
			if err := u.pause(); err != nil {
				return nil, err
			}
		}
	}
	if wrong != nil {
		return nil, errors.Join(u.accept(ctx), wrong)
	}
	return after, err
}

// entry reads an entry.
func (u *unbundling) entry() (*entry.Entry, error) {
	content, err := u.in.Next()
	if err != nil {
		return nil, err
	}
	e, err := entry.Decode(bytes.Clone(content))
	if err != nil {
		return nil, &badEntryError{err}
	}
	if e.SpaceOf() != u.r.Space() {
		return nil, &badEntryError{errors.New("it is of another co-op")}
	}
	u.looked++
	if u.in.Read()-u.told >= tellEntries {
		u.progress()
	}
	return e, nil
}

func (u *unbundling) progress() {
	u.told = u.in.Read()
	if u.tell != nil {
		u.tell(api.BundleProgress{Bytes: u.file.n, Done: u.told, Of: u.in.Header().Entries, New: u.res.New})
	}
}

// has counts an entry that is here already.
func (u *unbundling) has(e *entry.Entry) error {
	u.res.Had++
	return u.had.note(e.ID())
}

// add puts an entry into the batch, unless it is here.
func (u *unbundling) add(e *entry.Entry) error {
	if u.batched[e.ID()] || u.r.Store().Has(e.ID()) {
		return u.has(e)
	}
	if u.batched == nil {
		u.batched = map[entry.ID]bool{}
	}
	u.batched[e.ID()] = true
	u.batch, u.size = append(u.batch, e), u.size+len(e.Encoded())
	return nil
}

// accept hands the batch to the replica: its signatures are verified, and the good ones before a
// wrong one are taken.
func (u *unbundling) accept(ctx context.Context) error {
	good, wrong := verified(u.batch)
	u.batch, u.batched, u.size, u.looked = nil, nil, 0, 0
	if len(good) == 0 {
		return wrong
	}
	res, err := u.r.Accept(ctx, good)
	ids := make([]entry.ID, 0, len(good))
	for _, e := range good {
		ids = append(ids, e.ID())
	}
	refused := map[entry.ID]bool{}
	for _, f := range res.Refused {
		refused[f.ID] = true
		wrong = &badEntryError{f.Err}
	}
	lookErr := u.r.Store().RecordsOf(ids, func(id entry.ID, rec store.Record, here bool) {
		switch {
		case refused[id]:
		case here && charter.State(rec.State) == charter.Accepted:
			u.res.New++
		case here:
			u.res.New++
			u.unsettled = append(u.unsettled, id)
		case err == nil:
			u.res.Left++
		}
	})
	if err = errors.Join(err, lookErr); err != nil {
		return err
	}
	u.progress()
	return wrong
}

// verified gives the entries before the first with a wrong signature, and an error if there is one.
func verified(batch []*entry.Entry) ([]*entry.Entry, error) {
	if i := entry.VerifyAll(batch); i >= 0 {
		return batch[:i], &badEntryError{fmt.Errorf("entry %.12s: %w", batch[i].ID(), entry.ErrSignature)}
	}
	return batch, nil
}

// settle counts what became of the new entries, now that all of them are here that come.
func (u *unbundling) settle() error {
	return u.r.Store().RecordsOf(u.unsettled, func(_ entry.ID, rec store.Record, _ bool) {
		switch charter.State(rec.State) {
		case charter.Pending:
			u.res.Pending++
		case charter.Void:
			u.res.Void++
		case charter.Elsewhere:
			u.res.Elsewhere++
		}
	})
}

// explain says what is wrong, where, and what had been taken before.
func (u *unbundling) explain(ctx context.Context, err error) error {
	var (
		broken  *form.DamagedError
		sealing *seal.DamagedError
		bad     *badEntryError
	)
	kept := "; nothing was taken"
	if n := u.res.New; n > 0 {
		kept = fmt.Sprintf("; %s that weren't here had been taken before, and stay: each is signed by who made it", words.Counted(n, "entry", "entries"))
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case u.file.err != nil:
		return api.Problemf(api.Failed, "read it once more; it goes on where it was", "the bundle broke off on its way to the daemon%s", kept)
	case errors.Is(err, seal.ErrOthers) && u.r.Speaks() != nil:
		return api.Problemf(api.NotAllowed, "why: kith status", "this bundle isn't for this device, which speaks for no member any more%s", kept)
	case errors.Is(err, seal.ErrOthers):
		return api.Problemf(api.NotAllowed, "ask for a new one, from somebody whose device knows of this one by now: kith bundle write FILE",
			"this bundle isn't for this device: it is of another co-op, or to who wrote it this device was no member's: not yet, or no more%s", kept)
	case errors.Is(err, seal.ErrPassphrase):
		return api.Problemf(api.Invalid, "if it is a backup: kith restore FILE", "this is sealed with a passphrase, so it is no bundle%s", kept)
	case errors.Is(err, form.ErrForeign):
		return api.Problemf(api.Invalid, "bundles are made with kith bundle write FILE", "%v%s", err, kept)
	case errors.Is(err, form.ErrNewer):
		return api.Problemf(api.Invalid, "bring this Kith up to date, and read it again", "%v%s", err, kept)
	case errors.Is(err, errOtherSpace):
		return api.Problemf(api.Invalid, "say which one, if this device is in several: --space NAME", "%v%s", err, kept)
	case errors.Is(err, errStranger):
		return api.Problemf(api.NotAllowed, "ask who gave it to you; a bundle is made with kith bundle write FILE", "%v%s", err, kept)
	case errors.As(err, &bad):
		return api.Problemf(api.Invalid, "no honest Kith writes this: ask who gave it to you, and take one from somebody else",
			"the bundle has something in it that is no entry, at %s: %v%s", u.where(), bad, kept)
	case errors.As(err, &broken), errors.As(err, &sealing):
		why := error(nil)
		if sealing != nil { // what age says of it means nothing to who reads it
			why = errors.New("it is cut off, or was changed")
		}
		if broken != nil {
			why = broken.Err
		}
		return api.Problemf(api.Invalid, "get the file once more and read it again: what is here already is passed over",
			"the bundle is damaged, at %s: %v%s", u.where(), why, kept)
	}
	return err
}

// where says how far it was.
func (u *unbundling) where() string {
	if u.in == nil {
		return fmt.Sprintf("byte %d of the file or before", u.file.n)
	}
	return fmt.Sprintf("entry %d of %d or before it, byte %d of the file or before", u.in.Read()+1, u.in.Header().Entries, u.file.n)
}

// arriving counts what is read, and keeps an error that isn't its end.
type arriving struct {
	r   io.Reader
	n   int64
	err error
}

func (c *arriving) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.n += int64(n)
	if err != nil && err != io.EOF {
		c.err = err
	}
	return n, err
}
