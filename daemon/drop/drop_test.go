package drop

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/bundle/form"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/seal"
	"kith/daemon/space"
	"kith/daemon/waittest"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ahead is how far the clocks of carriers are ahead.
var ahead time.Duration

// carrierOf serves the drop folders of a replica by hand: nobody looks but the test.
func carrierOf(t *testing.T, r *replica.Replica, dirs ...string) *Carrier {
	t.Helper()
	place := home.At(t.TempDir())
	must(t, place.SetConfig(home.Config{Drops: dirs}))
	now := func() time.Time { return time.Now().Add(ahead) }
	return newCarrier(&space.Space{Place: place, Replica: r, Now: now}, "test", slog.New(slog.DiscardHandler))
}

// joined are two replicas of one co-op, a folder that joins them, and who serves it for each.
func joined(t *testing.T) (ana, ben *replica.Replica, dir string, a, b *Carrier) {
	t.Helper()
	ana, ben, _ = replicatest.TwoReplicas(t)
	dir = t.TempDir()
	return ana, ben, dir, carrierOf(t, ana, dir), carrierOf(t, ben, dir)
}

// looks has everybody look so often that all which waits for quiet is written, and what was written is read.
func looks(t *testing.T, all ...*Carrier) {
	t.Helper()
	for range 4 {
		for _, c := range all {
			for _, f := range c.folders {
				f.cleaned, f.cleaning, f.again, f.anew = time.Time{}, 0, time.Time{}, time.Time{}
			}
			c.look(t.Context())
		}
	}
}

func note(t *testing.T, r *replica.Replica, title string) {
	t.Helper()
	_, err := r.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: title})(e.Doc, nil)
	})
	must(t, err)
}

// names are those of what lies in a folder.
func names(t *testing.T, dir string) (all []string) {
	t.Helper()
	found, err := os.ReadDir(dir)
	must(t, err)
	for _, f := range found {
		all = append(all, f.Name())
	}
	return all
}

func says(c *Carrier) string {
	var all []string
	for _, d := range c.Told() {
		all = append(all, d.Says...)
	}
	return strings.Join(all, " ")
}

func same(t *testing.T, a, b *replica.Replica) {
	t.Helper()
	if a, b := a.Counts(), b.Counts(); a.Stored != b.Stored || a.Documents != b.Documents || a.Pending+b.Pending > 0 {
		t.Errorf("one has %+v, the other %+v", a, b)
	}
}

func TestWhatOneWritesTheOtherFindsInTheFolderUntilBothHaveSaidSo(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	note(t, ana, "Minutes")
	looks(t, a, b)
	same(t, ana, ben)
	note(t, ben, "Supper")
	looks(t, a, b)
	same(t, ana, ben)
	if told := a.Told()[0]; told.Entries == 0 || told.Files == 0 || told.ReadAt.IsZero() || a.Carried(ben.Device().String()).IsZero() {
		t.Errorf("Ana is told %+v", told)
	}
	// Nothing is written because something was read.
	before := names(t, dir)
	looks(t, a, b)
	if after := names(t, dir); !slices.Equal(before, after) {
		t.Errorf("without news there were %q, and are %q", before, after)
	}
	must(t, ana.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	must(t, ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	looks(t, a, b)
	same(t, ana, ben)
	if left := names(t, dir); len(left) != 2 {
		t.Errorf("beside what each has said last there is %q", left)
	}
	ahead = keepSeen
	defer func() { ahead = 0 }()
	a.of(dir).charter, b.of(dir).charter = nil, nil // as after a start
	looks(t, a, b)
	if left := names(t, dir); len(left) > 0 {
		t.Errorf("what both have is left: %q", left)
	}
	note(t, ana, "Minutes of tomorrow")
	looks(t, a, b)
	same(t, ana, ben)
}

// It is looked at every two seconds, for as long as the daemon runs.
func TestWhichFoldersThereAreIsReadFromTheDiskOnce(t *testing.T) {
	ana, ben, _, a, b := joined(t)
	if there, err := a.Drops(t.Context()); err != nil || len(there) != 1 {
		t.Fatalf("before anybody has looked there are %+v: %v", there, err)
	}
	looks(t, a, b)
	must(t, os.WriteFile(filepath.Join(a.at.Place.Where(), "config.json"), []byte("not read"), 0o600))
	note(t, ana, "Minutes")
	looks(t, a, b)
	same(t, ana, ben)
}

func TestWhatIsNoBundleOfOthersIsLeftAloneAndNothingWaitsForIt(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	theirs := tagOf(ben.Space(), ben.Device())
	foreign := map[string]string{"holiday.jpg": "x", "kith-0123456789abcdef-1.bundle": "x", ".syncthing.kith-0123456789abcdef-000001.bundle.tmp": "x", "kith-" + theirs + "-000001.bundle.part": "x"}
	for name, content := range foreign {
		must(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	must(t, syscall.Mkfifo(filepath.Join(dir, "kith-0123456789abcdef-000002.bundle"), 0o600)) // to open it would be to wait for ever
	must(t, os.Symlink("/dev/zero", filepath.Join(dir, "kith-0123456789abcdef-000003.bundle")))
	must(t, os.Mkdir(filepath.Join(dir, "kith-0123456789abcdef-000004.bundle"), 0o700))
	left := filepath.Join(dir, a.of(dir).unfinished()+"123") // of a crash of Ana's own
	must(t, os.WriteFile(left, []byte("half"), 0o600))

	other, _, _ := replicatest.TwoReplicas(t) // of another co-op, in the same folder
	note(t, other, "Garden")
	o := carrierOf(t, other, dir)
	note(t, ana, "Minutes")
	looks(t, a, b, o)
	same(t, ana, ben)
	if said := says(a) + says(b) + says(o); said != "" {
		t.Errorf("it says %q", said)
	}
	for name, content := range foreign {
		if b, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(b) != content {
			t.Errorf("%s isn't as it was: %v", name, err)
		}
	}
	if _, err := os.Lstat(left); !os.IsNotExist(err) {
		t.Error("what a crash left lies there still")
	}
	if a.Told()[0].Files == 0 || ana.Counts().Documents != 1 {
		t.Errorf("Ana is told %+v and has %+v", a.Told()[0], ana.Counts())
	}
}

func TestAHalfWrittenBundleIsSaidAndReadOnceItIsWhole(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	from, to := t.TempDir(), t.TempDir() // what lies in from something else carries to to
	a, b := carrierOf(t, ana, from), carrierOf(t, ben, to)
	note(t, ana, "Minutes")
	looks(t, a)
	name := names(t, from)[0]
	whole, err := os.ReadFile(filepath.Join(from, name))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(to, name), whole[:len(whole)-10], 0o600))
	looks(t, b)
	if said := says(b); !strings.Contains(said, name) || !strings.Contains(said, "it is cut off, or was changed (it may be half written)") || !strings.Contains(said, "read again once it changes") {
		t.Errorf("it says %q", said)
	}
	must(t, os.WriteFile(filepath.Join(to, name), whole, 0o600))
	looks(t, b)
	if said := says(b); said != "" || ben.Counts().Documents != 1 {
		t.Errorf("it says %q, and Ben has %+v", said, ben.Counts())
	}
}

func TestWhereNothingCanBeWrittenThatIsSaidAndTheOthersAreRead(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	note(t, ana, "Minutes")
	for name, refuse := range map[string]func(dir, pattern string) (temp, error){
		"Nothing can be written there": func(string, string) (temp, error) { return nil, &os.PathError{Op: "open", Err: syscall.EROFS} },
		"There is no room left there": func(dir, pattern string) (temp, error) {
			f, err := os.CreateTemp(dir, pattern)
			return full{f}, err
		},
	} {
		a.of(dir).create = refuse
		note(t, ben, name)
		looks(t, b, a)
		if said := says(a); !strings.Contains(said, name) || !strings.Contains(said, "hat is new here waits") {
			t.Errorf("where %s it says %q", name, said)
		}
	}
	if ana.Counts().Documents != 3 {
		t.Errorf("Ana, who can't write there, has %+v", ana.Counts())
	}
	for _, name := range names(t, dir) {
		if !strings.Contains(name, b.of(dir).tag) {
			t.Errorf("%s is left of what couldn't be written", name)
		}
	}
	a.of(dir).create = newFolder(a, dir).create
	looks(t, a, b)
	same(t, ana, ben)
	if said := says(a); said != "" {
		t.Errorf("when there is room again it says %q", said)
	}
	must(t, os.RemoveAll(dir))
	looks(t, a)
	if said := says(a); !strings.Contains(said, "isn't there") {
		t.Errorf("where the stick is out it says %q", said)
	}
}

// full is a file on a disk that has no room.
type full struct{ *os.File }

func (full) Write([]byte) (int, error) { return 0, &os.PathError{Op: "write", Err: syscall.ENOSPC} }

func TestAFolderHoldsSoManyFilesOfADeviceAndSoManyBytes(t *testing.T) {
	ana, ben, _ := replicatest.TwoReplicas(t)
	dir := t.TempDir()
	a := carrierOf(t, ana, dir)
	for i := range MaxFiles + 3 {
		note(t, ana, fmt.Sprintf("Minutes %d", i))
		for range 2 {
			a.look(t.Context())
		}
		if n := len(names(t, dir)); n > MaxFiles {
			t.Fatalf("%d files of one device lie there", n)
		}
	}
	if n := len(names(t, dir)); n > 5 {
		t.Errorf("%d files weren't put together", n)
	}
	b := carrierOf(t, ben, dir)
	looks(t, b)
	same(t, ana, ben)
	w := &bounded{w: new(bytes.Buffer), left: 10}
	_, first := w.Write(make([]byte, 10))
	if _, more := w.Write(make([]byte, 1)); first != nil || !errors.Is(more, errFull) {
		t.Errorf("of 10 bytes: %v, of one more: %v", first, more)
	}
}

// Whatever becomes of the files in between: once they are left alone, everybody has everything.
func TestAFolderThatLosesAndSpoilsFilesLosesNothing(t *testing.T) {
	ana, ben, again := replicatest.TwoReplicas(t)
	dir := t.TempDir()
	a, b := carrierOf(t, ana, dir), carrierOf(t, ben, dir)
	r := rand.New(rand.NewSource(7))
	for i := range 60 {
		switch all := names(t, dir); r.Intn(7) {
		case 0, 1:
			note(t, ana, fmt.Sprintf("Ana's %d", i))
		case 2:
			note(t, ben, fmt.Sprintf("Ben's %d", i))
		case 3:
			a.look(t.Context())
		case 4:
			b.look(t.Context())
		case 5:
			if len(all) > 0 {
				must(t, os.Remove(filepath.Join(dir, all[r.Intn(len(all))])))
			}
		case 6:
			if i%3 == 0 {
				ben = again() // with what it remembers
				b = carrierOf(t, ben, dir)
			} else if len(all) > 0 {
				must(t, os.Truncate(filepath.Join(dir, all[r.Intn(len(all))]), 100))
			}
		}
	}
	for _, name := range names(t, dir) { // somebody takes out what is spoiled
		info, err := os.Stat(filepath.Join(dir, name))
		must(t, err)
		if info.Size() == 100 {
			must(t, os.Remove(filepath.Join(dir, name)))
		}
	}
	looks(t, a, b)
	looks(t, a, b)
	same(t, ana, ben)
}

func TestADropFolderIsAFolderThatIsThereAndNotWhereTheKeyLies(t *testing.T) {
	ana, _, _ := replicatest.TwoReplicas(t)
	a := carrierOf(t, ana)
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	must(t, os.WriteFile(file, nil, 0o600))
	link := filepath.Join(dir, "link")
	must(t, os.Symlink(a.at.Place.Where(), link))
	for _, bad := range []string{"", "shared", file, filepath.Join(dir, "nothing"), a.at.Place.Where(), filepath.Dir(a.at.Place.Where()), link} {
		if out, err := a.AddDrop(t.Context(), bad); err == nil || out.Changed {
			t.Errorf("%q is a drop folder", bad)
		}
	}
	for _, want := range []bool{true, false} {
		if out, err := a.AddDrop(t.Context(), dir); err != nil || out.Changed != want || out.Dir != dir {
			t.Errorf("%+v, %v", out, err)
		}
	}
	for i := 1; i < MaxFolders; i++ {
		_, err := a.AddDrop(t.Context(), t.TempDir())
		must(t, err)
	}
	if _, err := a.AddDrop(t.Context(), t.TempDir()); err == nil {
		t.Error("there is no end of drop folders")
	}
	if out, err := a.RemoveDrop(t.Context(), dir); err != nil || !out.Changed {
		t.Errorf("%+v, %v", out, err)
	}
	if _, err := a.RemoveDrop(t.Context(), dir); err == nil {
		t.Error("what is no drop folder is given up")
	}
}

// Whoever gets at the folder sees how this computer's files are called.
func TestAFileWithTheLastNumberThereIsEndsNothing(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	must(t, os.WriteFile(filepath.Join(dir, a.of(dir).bundleName(lastNumber)), []byte("x"), 0o600))
	for i := range 3 {
		note(t, ana, fmt.Sprintf("Minutes %d", i))
		looks(t, a, b)
		same(t, ana, ben)
	}
}

func TestNumbersAreThoseBehindTheLastAndThenTheFirstThatAreFree(t *testing.T) {
	for _, test := range []struct {
		there []int
		want  int
	}{{nil, 1}, {[]int{1}, 2}, {[]int{7, 9}, 10}, {[]int{lastNumber}, 1}, {[]int{0, lastNumber}, 2}, {[]int{1, 2, 4, lastNumber}, 3}} {
		var own []file
		for _, n := range test.there {
			own = append(own, file{number: n})
		}
		if got := nextNumber(own); got != test.want {
			t.Errorf("beside %v: %d", test.there, got)
		}
	}
}

// What was a file when the folder was listed may be something else when it is opened.
func TestAFileThatBecomesAPipeOrALinkIsNotWaitedForNorFollowed(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	note(t, ana, "Minutes")
	looks(t, a)
	_, others, err := b.of(dir).list()
	must(t, err)
	if len(others) != 1 {
		t.Fatalf("there are %v", others)
	}
	path := filepath.Join(dir, others[0].name)
	must(t, os.Rename(path, path+".kept"))
	for what, put := range map[string]func() error{
		"pipe": func() error { return syscall.Mkfifo(path, 0o600) },
		"link": func() error { return os.Symlink(path+".kept", path) },
	} {
		must(t, put())
		done := begun(func() { b.of(dir).take(t.Context(), others) })
		select {
		case <-done:
		case <-time.After(waittest.Limit):
			t.Fatalf("a %s is waited for", what)
		}
		if ben.Counts().Documents != 0 {
			t.Errorf("a %s was followed", what)
		}
		must(t, os.Remove(path))
	}
	must(t, os.Rename(path+".kept", path))
	looks(t, b)
	same(t, ana, ben)
}

// begun has something done beside the test, and says when it is.
func begun(do func()) (done chan struct{}) {
	done = make(chan struct{})
	go func() { do(); close(done) }()
	return done
}

func TestWhoPutsTheSameThereAgainAndAgainTakesAPartOfTheTime(t *testing.T) {
	ana, ben, dir, a, b := joined(t)
	note(t, ana, "Minutes")
	looks(t, a, b)
	same(t, ana, ben)
	f := b.of(dir)
	f.spare = budget{left: -time.Hour, at: time.Now()} // as after much that brought nothing
	for _, name := range names(t, dir) {
		must(t, os.Chtimes(filepath.Join(dir, name), time.Time{}, time.Now().Add(time.Hour)))
	}
	at := f.read
	b.look(t.Context())
	for name, was := range at {
		if f.read[name] != was {
			t.Errorf("%s was read once more", name)
		}
	}
	f.spare = newBudget(time.Now())
	note(t, ana, "Minutes of tomorrow")
	looks(t, a, b)
	same(t, ana, ben)
}

// A full member lets in whom they like, one after the other and beside each other.
func TestWhomOneMemberLetInHaveTheTimeOfOne(t *testing.T) {
	ana, ben, mel := replicatest.ThreeReplicas(t)
	of := map[maker]int{}
	a := carrierOf(t, ana)
	for i := range ana.Charter().InvitesAllowed() {
		m := replicatest.Guest(t, ana, fmt.Sprint("Guest ", i))
		of[a.makerOf(api.Named{ID: m.ID.String()})]++
	}
	for _, r := range []*replica.Replica{ana, ben, mel} {
		me, _ := r.Me()
		of[a.makerOf(api.Named{ID: me.ID.String()})]++
	}
	if len(of) != 4 {
		t.Errorf("three members and whom one of them let in have the time of %d", len(of))
	}
	me, _ := ana.Me()
	if got, want := a.says(maker{me.ID, true}), "those whom Ana let in put there"; got != want {
		t.Errorf("it is called %q, want %q", got, want)
	}
}

// As long as it isn't known whose computer made a bundle, it is begun anew each time.
func TestAFileOfWhichNobodyKnowsWhoMadeItIsSaidWhenItTakesLong(t *testing.T) {
	_, ben, mel := replicatest.ThreeReplicas(t)
	dir := t.TempDir()
	b := carrierOf(t, ben, dir)
	var passed time.Duration
	b.clock = func() time.Time {
		passed += 3 * time.Second
		return time.Unix(0, 0).Add(passed)
	}
	payload, err := mel.Charter().Follow(mel.Device(), mel.Charter().Tip())
	must(t, err)
	var all []*entry.Entry
	for i := range 2000 {
		e, err := entry.New(entry.Fields{Space: mel.Space(), Heads: mel.Charter().Heads(), Kind: entry.Statement, Run: entry.Run{9, byte(i), byte(i >> 8)}, Number: 1, Payload: payload}, mel.Key())
		must(t, err)
		all = append(all, e)
	}
	path := forgedBy(t, mel, entry.NewSigner(), dir, all...)
	b.of(dir).spare.left = time.Second
	b.look(t.Context())
	if said := says(b); !strings.Contains(said, filepath.Base(path)) || !strings.Contains(said, "kith bundle read FILE") {
		t.Errorf("of a file that takes longer it says %q", said)
	}
	passed += 24 * time.Hour
	b.clock = func() time.Time { return time.Unix(0, 0).Add(passed) }
	b.look(t.Context())
	if said := says(b); !strings.Contains(said, "never was") {
		t.Errorf("once it was read it says %q", said)
	}
}

func TestWhatABundleCostsIsTakenOffForThatWhichBroughtNothing(t *testing.T) {
	now := time.Now()
	b := newBudget(now)
	b.left -= idle(10*time.Second, api.BundleRead{New: 30, Had: 10, Void: 5, Left: 10}) // half of it
	b.left -= idle(10*time.Second, api.BundleRead{})
	if b.left != most-15*time.Second {
		t.Errorf("%v is left", b.left)
	}
	b.fill(now.Add(10 * share * time.Second))
	if b.left != most-5*time.Second {
		t.Errorf("later %v is left", b.left)
	}
	b.fill(now.Add(time.Hour))
	if b.left != most {
		t.Errorf("at last %v is left", b.left)
	}
}

// forged puts a bundle into a folder that a modified program makes, sealed for all, under a name that is read first.
func forged(t *testing.T, r *replica.Replica, dir string, all ...*entry.Entry) (path string) {
	t.Helper()
	return forgedBy(t, r, r.Key(), dir, all...)
}

// forgedBy is forged with a key that isn't of the co-op, perhaps.
func forgedBy(t *testing.T, r *replica.Replica, by entry.Signer, dir string, all ...*entry.Entry) (path string) {
	t.Helper()
	var keys [][32]byte
	for _, m := range r.Charter().Members() {
		for _, d := range m.Devices {
			keys = append(keys, d.Key)
		}
	}
	to, err := seal.ForDevices(keys)
	must(t, err)
	path = filepath.Join(dir, "kith-0000000000000000-000001.bundle")
	file, err := os.Create(path)
	must(t, err)
	sealed, err := to.NewWriter(file)
	must(t, err)
	out, err := form.NewWriter(sealed, form.Header{Space: r.Space().String(), Device: by.Device().String(), Entries: int64(len(all))}, by)
	must(t, err)
	for _, e := range all {
		must(t, out.Entry(e.Encoded()))
	}
	must(t, errors.Join(out.Close(), sealed.Close(), file.Close()))
	return path
}

// Each of these is signed as it should be, and another one: what comes twice ends a bundle.
func TestWhoPutsThereWithoutEndWhatCountsForNothingHoldsUpNobody(t *testing.T) {
	ana, ben, mel := replicatest.ThreeReplicas(t)
	dir, further := t.TempDir(), t.TempDir()
	b := carrierOf(t, ben, dir, further)
	var passed time.Duration
	b.clock = func() time.Time {
		passed += 3 * time.Second
		return time.Unix(0, 0).Add(passed)
	}
	_, err := ana.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		var tags []string
		for i := range 50 {
			tags = append(tags, strings.Repeat("x", 88)+strconv.Itoa(10+i))
		}
		return crdttest.NewNote(crdttest.NoteFields{Title: "Long", Tags: tags})(e.Doc, nil)
	})
	must(t, err)
	entries := replicatest.Entries(t, ana)
	long := entries[len(entries)-1]
	const many = 2000
	var all []*entry.Entry
	for i := range many { // what Ana began, as if by Mel
		e, err := entry.New(entry.Fields{Space: mel.Space(), Heads: mel.Charter().Heads(), Kind: entry.Change, Doc: long.Doc, Run: entry.Run{9, byte(i), byte(i >> 8)}, Number: 1, Payload: long.Payload}, mel.Key())
		must(t, err)
		all = append(all, e)
	}
	a := carrierOf(t, ana, dir, further)
	looks(t, a)
	path := forged(t, mel, dir, all...)
	b.look(t.Context())
	if n := ben.Counts(); n.Void == 0 || n.Void == many || n.Documents != 1 {
		t.Errorf("of %d void entries %d are read at once, and of one document in the other folder %d", many, n.Void, n.Documents)
	}
	must(t, os.Rename(path, path+".aside")) // Ana would pass on what is in it
	note(t, ana, "Minutes")
	looks(t, a)
	must(t, os.Rename(path+".aside", path))
	b.look(t.Context())
	if n := ben.Counts(); n.Void == many || n.Documents != 2 {
		t.Errorf("of %d void entries %d are read, and of two documents %d", many, n.Void, n.Documents)
	}
	me, _ := mel.Me()
	theirs := b.budgetOf(maker{id: me.ID})
	if theirs.left >= most {
		t.Error("what was read of Mel's isn't laid to her")
	}
	theirs.left = -time.Minute // as after more of it
	void := ben.Counts().Void
	b.look(t.Context())
	if n := ben.Counts().Void; n != void || void == many || !strings.Contains(says(b), "what Mel put there counts for nothing") {
		t.Errorf("of %d void entries %d are read, and then %d, and it says %q", many, void, n, says(b))
	}
	for looked := 0; ben.Counts().Void < many && looked < many; looked++ {
		passed += time.Hour
		b.look(t.Context())
	}
	if n := ben.Counts().Void; n != many {
		t.Errorf("at last %d are read", n)
	}
	b.look(t.Context())
	if said := says(b); said != "" {
		t.Errorf("when all is read it says %q", said)
	}
}

func TestWhatIsTakenAwayAgainAndAgainIsWrittenNowAndThen(t *testing.T) {
	ana, _, _ := replicatest.TwoReplicas(t)
	dir := t.TempDir()
	a := carrierOf(t, ana, dir)
	note(t, ana, "Minutes")
	looks(t, a)
	takeAway := func() {
		for _, name := range names(t, dir) {
			must(t, os.Remove(filepath.Join(dir, name)))
		}
	}
	takeAway()
	a.look(t.Context())
	if len(names(t, dir)) == 0 {
		t.Fatal("what was taken away isn't written anew")
	}
	f := a.of(dir)
	if !f.anew.After(time.Now().Add(-time.Minute)) {
		t.Error("there is no rest after that")
	}
	takeAway()
	f.anew = time.Now().Add(time.Hour)
	a.look(t.Context())
	if n := len(names(t, dir)); n > 0 || !strings.Contains(says(a), "taken away again and again") {
		t.Errorf("%d files are written at once, and it says %q", n, says(a))
	}
	f.anew = time.Time{}
	a.look(t.Context())
	if len(names(t, dir)) == 0 || says(a) != "" {
		t.Errorf("later nothing is written: %q", says(a))
	}
	for n := range MaxFiles {
		must(t, os.WriteFile(filepath.Join(dir, f.bundleName(100+n)), []byte("x"), 0o600))
	}
	f.anew = time.Now().Add(time.Hour)
	note(t, ana, "Minutes of tomorrow")
	for range 2 {
		a.look(t.Context())
	}
	if n := len(names(t, dir)); n <= MaxFiles || !strings.Contains(says(a), "put together now and then") {
		t.Errorf("of many files %d are left at once, and it says %q", n, says(a))
	}
	f.anew = time.Time{}
	a.look(t.Context())
	if n := len(names(t, dir)); n != 1 {
		t.Errorf("later %d are left", n)
	}
}
