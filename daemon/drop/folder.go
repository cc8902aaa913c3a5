package drop

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/bundle"
	"kith/daemon/seal"
	"kith/daemon/store"
	"kith/daemon/whole"
	"kith/daemon/words"
)

// A bundle in a folder is called after the device that made it, in a form that tells nothing to who doesn't know the space, and
// numbered.
var bundleName = regexp.MustCompile(`^kith-([0-9a-f]{16})-([0-9]{6})\.bundle$`)

func (f *folder) bundleName(number int) string {
	return fmt.Sprintf("kith-%s-%06d.bundle", f.tag, number)
}

// tagOf is how the files of a device are called.
func tagOf(space entry.SpaceID, d entry.Device) string {
	h := sha256.New()
	h.Write([]byte("kith/drop/1\x00"))
	h.Write(space[:])
	h.Write(d[:])
	return hex.EncodeToString(h.Sum(nil)[:8])
}

// mark is what is remembered of a folder.
type mark struct {
	Stored int       `json:"stored"` // entries that were here when a bundle was last written
	Took   int       `json:"took"`   // that came by the folder since
	At     time.Time `json:"at"`     // when that was
	To     []string  `json:"to"`     // devices that it was closed for
	Files  int       `json:"files"`  // that ought to lie there
}

// file is one that lies in a folder.
type file struct {
	name   string
	number int
	size   int64
	mod    time.Time
}

// seen is how a file of another device was when it was read.
type seen struct {
	size int64
	mod  time.Time
	why  string    // it couldn't be read; "": it could, or is for others
	next int64     // the entry with which reading goes on, or bundle.Whole
	by   api.Named // who made it, if that is known
}

// folder is a drop folder as one device uses it.
type folder struct {
	c    *Carrier
	dir  string
	tag  string
	mark *mark // nil: nothing was written yet

	read     map[string]seen
	charter  *charter.Charter // for which it was looked last what the others have
	cleaned  time.Time
	cleaning time.Duration // how long that took
	stored   int           // at the look before
	restless int
	again    time.Time // when writing is tried again
	trouble  string    // why nothing could be written
	spare    budget    // time for opening files, and for reading those of which it isn't known who made them
	anew     time.Time // when all is written anew at the earliest, where files are taken away or put there
	last     string    // the name of what was read last
	says     []string
	told     api.Drop

	create func(dir, pattern string) (temp, error) // os.CreateTemp, or what a test makes of it
}

// temp is a file that is being written.
type temp interface {
	io.Writer
	Name() string
	Sync() error
	Close() error
}

func newFolder(c *Carrier, dir string) *folder {
	f := &folder{c: c, dir: dir, tag: tagOf(c.at.Replica.Space(), c.at.Replica.Device()), read: map[string]seen{}, told: api.Drop{Dir: dir, Says: []string{}}, spare: newBudget(c.clock())}
	f.create = func(dir, pattern string) (temp, error) { return os.CreateTemp(dir, pattern) }
	if b, err := c.at.Replica.Store().Small(f.record()); err == nil {
		var m mark
		if json.Unmarshal(b, &m) == nil {
			f.mark = &m
		}
	}
	return f
}

// record is under which name the store keeps the mark.
func (f *folder) record() string {
	sum := sha256.Sum256([]byte(f.dir))
	return markPrefix + hex.EncodeToString(sum[:16])
}

func (f *folder) remember() error {
	b, err := json.Marshal(f.mark)
	if err != nil {
		return err
	}
	return f.put(b)
}

func (f *folder) forget() error { return f.put(nil) }

func (f *folder) put(b []byte) error {
	batch := store.NewBatch(nil)
	batch.PutSmall(f.record(), b)
	return f.c.at.Replica.Store().Commit(batch)
}

// look reads what others have put there and puts there what they lack, once.
func (f *folder) look(ctx context.Context) {
	f.says = []string{}
	own, others, err := f.list()
	switch {
	case errors.Is(err, fs.ErrNotExist):
		f.say("The folder isn't there. Is the stick in, the disk mounted, the program that synchronises it running?")
	case err != nil:
		f.say("It can't be looked at: %v.", plain(err))
	default:
		f.take(ctx, others)
		own = f.drop(ctx, own)
		own = f.clean(ctx, own)
	}
	f.told.Says, f.told.Files, f.told.Bytes = f.says, len(own), sizeOf(own)
}

func (f *folder) say(format string, args ...any) {
	f.says = append(f.says, fmt.Sprintf(format, args...))
}

func sizeOf(all []file) (n int64) {
	for _, one := range all {
		n += one.size
	}
	return n
}

// plain is an error without where it was.
func plain(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// list gives the bundles in the folder, and removes what a crash of this device left of its own.
func (f *folder) list() (own, others []file, err error) {
	d, err := os.Open(f.dir)
	if err != nil {
		return nil, nil, err
	}
	defer d.Close() //nolint:errcheck // it was only read
	for n := 0; ; {
		found, err := d.ReadDir(512)
		for _, e := range found {
			if n++; n > maxNames {
				f.say("More than %d files lie there, and no more are looked at: give the co-op a folder of its own.", maxNames)
				return own, others, nil
			}
			one, whose, ok := f.bundleAt(e)
			switch {
			case ok && whose == f.tag:
				own = append(own, one)
			case ok:
				others = append(others, one)
			case e.Type().IsRegular() && strings.HasPrefix(e.Name(), f.unfinished()):
				_ = os.Remove(filepath.Join(f.dir, e.Name())) // it is tried again at the next look
			}
		}
		if errors.Is(err, io.EOF) {
			byName := func(a, b file) int { return cmp.Compare(a.name, b.name) }
			slices.SortFunc(own, byName)
			slices.SortFunc(others, byName)
			return own, others, nil
		}
		if err != nil {
			return nil, nil, err
		}
	}
}

func (f *folder) unfinished() string { return ".kith-" + f.tag + "-part-" }

// bundleAt gives a file that is called as a bundle is, and whose.
func (f *folder) bundleAt(e fs.DirEntry) (one file, whose string, ok bool) {
	parts := bundleName.FindStringSubmatch(e.Name())
	if parts == nil || !e.Type().IsRegular() {
		return one, "", false
	}
	info, err := e.Info()
	if err != nil { // it has gone
		return one, "", false
	}
	number, err := strconv.Atoi(parts[2])
	return file{e.Name(), number, info.Size(), info.ModTime()}, parts[1], err == nil
}

// open opens a bundle in the folder. What was one when the folder was listed may be a link or a pipe by now.
func (f *folder) open(one file) (*os.File, error) {
	in, err := os.OpenFile(filepath.Join(f.dir, one.name), os.O_RDONLY|alone, 0)
	if err != nil {
		return nil, err
	}
	if info, err := in.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.Join(err, errChanged, in.Close())
	}
	return in, nil
}

var errChanged = errors.New("it is no file any more")

// take reads the bundles of other devices that weren't read as they are now, as far as there is time for it: first those that wait
// longest.
func (f *folder) take(ctx context.Context, others []file) {
	now := f.c.clock()
	until := now.Add(turn)
	f.spare.fill(now)
	read := map[string]seen{}
	slow := map[string]bool{}
	var bad, unknown []string
	from := sort.Search(len(others), func(i int) bool { return others[i].name > f.last })
	for i := range others {
		if ctx.Err() != nil {
			return
		}
		one := others[(from+i)%len(others)]
		was, ok := f.read[one.name]
		next, by := was.next, was.by
		if !ok || was.size != one.size || !was.mod.Equal(one.mod) {
			next, by = 0, api.Named{}
		}
		if next != bundle.Whole && f.spare.left > 0 && f.budgetOf(by).left > 0 && f.c.clock().Before(until) {
			f.last = one.name
			was, ok = f.takeOne(ctx, one, next, until), true
			next, by = was.next, was.by
		}
		if next != bundle.Whole && f.budgetOf(by).left <= 0 {
			if by.ID == "" {
				unknown = append(unknown, one.name)
			} else {
				slow[f.c.says(f.c.makerOf(by))] = true
			}
		}
		if ok {
			read[one.name] = was
		}
		if was.why != "" {
			bad = append(bad, one.name+": "+was.why)
		}
	}
	f.read = read
	slices.Sort(bad)
	const shown = 3
	for _, why := range bad[:min(len(bad), shown)] {
		f.say("%s. It is read again once it changes.", why)
	}
	if more := len(bad) - shown; more > 0 {
		f.say("And %s can't be read.", words.Counted(more, "more file", "more files"))
	}
	for _, who := range slices.Sorted(maps.Keys(slow)) {
		f.say("Most of what %s counts for nothing. It is read a little at a time; what others put there isn't held up by it.", who)
	}
	if len(unknown) > 0 {
		f.say("%s is looked into a little at a time, since it isn't known here whose computer made it. To read it at once: kith bundle read FILE.", unknown[0])
	}
	if more := len(unknown) - 1; more > 0 {
		f.say("And so are %s.", words.Counted(more, "more file", "more files"))
	}
}

// budgetOf is for what somebody made, or for all of which that isn't known.
func (f *folder) budgetOf(by api.Named) *budget {
	if by.ID == "" {
		return &f.spare
	}
	return f.c.budgetOf(f.c.makerOf(by))
}

// takeOne reads one of them from an entry on, until then.
func (f *folder) takeOne(ctx context.Context, one file, from int64, until time.Time) seen {
	in, err := f.open(one)
	if err != nil { // it is tried again at the next look, whatever it is then
		return seen{size: -1, mod: one.mod, why: fmt.Sprintf("it can't be opened: %v", plain(err))}
	}
	defer in.Close() //nolint:errcheck // it was only read
	was := seen{size: one.size, mod: one.mod, next: bundle.Whole}
	f.takeFrom(ctx, in, &was, from, until)
	return was
}

// takeFrom reads a bundle that is open, and notes what came of that.
func (f *folder) takeFrom(ctx context.Context, in *os.File, one *seen, from int64, until time.Time) {
	if one.size > MaxBytes {
		one.why = "it is larger than a bundle may be"
		return
	}
	var got api.BundleRead
	began := f.c.clock()
	known := began // since when it is known who made it
	defer func() {
		f.spare.left -= known.Sub(began)
		f.budgetOf(one.by).left -= idle(f.c.clock().Sub(known), got)
	}()
	if _, err := seal.OpenFor(in, f.c.at.Replica.Key().Seed()); errors.Is(err, seal.ErrOthers) {
		return // of another co-op, or by who doesn't know this device yet
	}
	if _, err := in.Seek(0, io.SeekStart); err != nil {
		one.why = plain(err).Error()
		return
	}
	begun := false
	enough := func(so api.BundleRead) bool {
		now := f.c.clock()
		if !begun {
			begun, known, one.by = true, now, so.Member
			return f.budgetOf(one.by).left <= 0
		}
		return now.After(until) || f.budgetOf(one.by).left <= idle(now.Sub(known), so)
	}
	var err error
	got, one.next, err = bundle.TakeSome(ctx, f.c.at.Replica, io.LimitReader(in, MaxBytes), from, enough) // it may grow meanwhile
	f.told.Entries += got.New
	if f.mark != nil && got.New > 0 {
		f.mark.Took += got.New
		if err := f.remember(); err != nil {
			f.c.log.Error("remember what a drop folder brought", "err", err)
		}
	}
	if err != nil {
		one.why = firstSentence(err)
		return
	}
	f.told.ReadAt = api.At(f.c.at.Now())
	if one.next == bundle.Whole {
		f.c.noteCarried(got.Device.ID)
	}
}

// firstSentence is what is wrong with a bundle, without what is told of what had been taken.
func firstSentence(err error) string {
	says, _, _ := strings.Cut(err.Error(), ";")
	if strings.Contains(says, "damaged") {
		says += " (it may be half written)"
	}
	return says
}

// readers are the other devices in use, and their IDs.
func (f *folder) readers() (all []entry.Device, ids []string) {
	r := f.c.at.Replica
	for _, m := range r.Charter().Members() {
		for _, d := range m.Devices {
			if !d.Retired && d.Key != r.Device() {
				all, ids = append(all, d.Key), append(ids, entry.Device(d.Key).String())
			}
		}
	}
	slices.Sort(ids)
	return all, ids
}

// drop writes what has come since the last bundle and didn't come by the folder itself: all that somebody lacks, if the folder is
// new, has lost something, or is for a device more; or if there are many bundles by now, in their place.
func (f *folder) drop(ctx context.Context, own []file) []file {
	r := f.c.at.Replica
	_, ids := f.readers()
	stored := int(r.Counts().Stored)
	if err := r.Speaks(); err != nil || len(ids) == 0 {
		return own
	}
	gone, many := f.mark != nil && len(own) < f.mark.Files, len(own) >= MaxFiles
	if gone && time.Now().Before(f.anew) {
		f.say("What this computer put there is taken away again and again. It is written anew now and then.")
		return own
	}
	all := f.mark == nil || gone || slices.ContainsFunc(ids, func(id string) bool { return !slices.Contains(f.mark.To, id) })
	if !all && stored <= f.mark.Stored+f.mark.Took {
		return own
	}
	if stored != f.stored && f.restless < restless { // more is on its way
		f.stored, f.restless = stored, f.restless+1
		return own
	}
	if time.Now().Before(f.again) {
		f.say("%s", f.trouble)
		return own
	}
	if many && time.Now().Before(f.anew) {
		f.say("There are many files called as those of this computer are. They are put together now and then, with what is new here.")
		return own
	}
	began := time.Now()
	left, err := f.write(ctx, own, all || many, ids, stored)
	if err == nil && (gone || many) {
		f.anew = time.Now().Add(restOf(time.Since(began)))
	}
	if err != nil && ctx.Err() == nil {
		f.again, f.trouble = time.Now().Add(max(tryAgain, restOf(time.Since(began)))), f.whyNot(err)
		f.say("%s", f.trouble)
	}
	return left
}

// whyNot says why nothing could be written.
func (f *folder) whyNot(err error) string {
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, syscall.EROFS):
		return "Nothing can be written there. What others put there is read all the same; what is new here waits."
	case errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return "There is no room left there. What is new here waits until there is."
	case errors.Is(err, errFull):
		return fmt.Sprintf("The files of this computer there would be larger than %d MiB. What is new here waits until the others have said that they have what lies there: do they read the folder?", MaxBytes>>20)
	}
	f.c.log.Error("write into a drop folder", "err", err)
	return fmt.Sprintf("What is new here couldn't be written there: %v.", plain(err))
}

var (
	errFull    = errors.New("as much lies there as may")
	errNothing = errors.New("nothing is to be written")
)

// write puts a bundle into the folder; all: in the place of those that lie there.
func (f *folder) write(ctx context.Context, own []file, all bool, ids []string, stored int) (left []file, err error) {
	now := f.c.at.Now()
	q := api.BundleRequest{}
	room := int64(MaxBytes)
	switch {
	case all:
		q.Devices = ids
	case f.mark.At.Before(now):
		q.Since = f.mark.At.UTC().Format(time.RFC3339)
		room -= sizeOf(own)
	}
	made, err := f.writeFile(ctx, q, nextNumber(own), room)
	if err != nil && !errors.Is(err, errNothing) {
		return own, err
	}
	left = own
	if all {
		left = nil
		for _, one := range own {
			err = errors.Join(err, os.Remove(filepath.Join(f.dir, one.name)))
		}
	}
	if errors.Is(err, errNothing) {
		err = nil
	} else {
		left = append(left, made)
		f.told.WroteAt = api.At(now)
	}
	f.mark = &mark{Stored: stored, At: now, To: ids, Files: len(left)}
	f.stored, f.restless, f.trouble = stored, 0, ""
	f.charter = nil // the others may have what was just written
	return left, errors.Join(err, f.remember())
}

// nextNumber is one behind those that lie there, by number, or if somebody has put the last one there the first that is free.
func nextNumber(own []file) int {
	if len(own) == 0 {
		return 1
	}
	if last := own[len(own)-1].number; last < lastNumber {
		return last + 1
	}
	for i, one := range own {
		if one.number > i+1 {
			return i + 1
		}
	}
	return lastNumber
}

// lastNumber is the largest that has room in a name. There are never so many names that all are taken (maxNames).
const lastNumber = 999_999

// writeFile writes one bundle, which has its name once it is whole.
func (f *folder) writeFile(ctx context.Context, q api.BundleRequest, number int, room int64) (made file, err error) {
	out, err := f.create(f.dir, f.unfinished()+"*") // 0600: a program that synchronises it runs as the same person
	if err != nil {
		return made, err
	}
	defer os.Remove(out.Name()) //nolint:errcheck // it has its name, or is of no use
	bounded := &bounded{w: out, left: room}
	err = bundle.Make(ctx, f.c.at, f.c.version, q, func(b api.Bundle) (io.Writer, error) {
		if b.Entries == 0 {
			return nil, errNothing
		}
		return bounded, nil
	})
	if err == nil {
		err = out.Sync()
	}
	if err = errors.Join(err, out.Close()); err != nil {
		return made, err
	}
	name := f.bundleName(number)
	to := filepath.Join(f.dir, name)
	if err := whole.Move(out.Name(), to); err != nil {
		return made, err
	}
	info, err := os.Lstat(to)
	if err != nil {
		return made, err
	}
	return file{name, number, info.Size(), info.ModTime()}, nil
}

// bounded writes so many bytes and no more.
type bounded struct {
	w    io.Writer
	left int64
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.left -= int64(len(p)); b.left < 0 {
		return 0, errFull
	}
	return b.w.Write(p)
}

// clean removes the bundles of this device of which all others are known to have all.
func (f *folder) clean(ctx context.Context, own []file) []file {
	r := f.c.at.Replica
	if len(own) == 0 || f.mark == nil || f.charter == r.Charter() || time.Since(f.cleaned) < max(cleanEvery, restOf(f.cleaning)) {
		return own
	}
	began := time.Now()
	defer func() { f.cleaned, f.cleaning = time.Now(), time.Since(began) }() // somebody may say something all the time
	f.charter = r.Charter()
	readers, _ := f.readers()
	have, err := r.KnownToAll(ctx, readers)
	if err != nil {
		f.c.log.Error("what the others have", "err", err)
		return own
	}
	left := slices.DeleteFunc(slices.Clone(own), func(one file) bool {
		return f.acknowledged(one, have) && os.Remove(filepath.Join(f.dir, one.name)) == nil
	})
	if len(left) < len(own) {
		f.mark.Files = len(left)
		if err := f.remember(); err != nil {
			f.c.log.Error("remember what was removed from a drop folder", "err", err)
		}
	}
	return left
}

// acknowledged says whether all that is in a bundle of this device is known to be had. Nobody acknowledges what somebody has said that
// they have: that stays for keepSeen.
func (f *folder) acknowledged(one file, have func(entry.ID) bool) bool {
	in, err := f.open(one)
	if err != nil {
		return false
	}
	defer in.Close() //nolint:errcheck // it was only read
	all, fresh := true, false
	h, err := bundle.Each(in, f.c.at.Replica.Key(), func(e *entry.Entry) bool {
		switch {
		case have(e.ID()):
		case isSeen(e):
			fresh = true
		default:
			all = false
		}
		return all
	})
	return err == nil && all && (!fresh || f.c.at.Now().Sub(h.MadeAt) >= keepSeen)
}

func isSeen(e *entry.Entry) bool {
	if e.Kind != entry.Statement {
		return false
	}
	s, err := charter.ReadStatement(e.Payload)
	return err == nil && s.Type == charter.TypeSeen
}
