package bundle

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/bundle/form"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/seal"
	"kith/daemon/store"
)

// pairOfReplicas is a co-op of two whose replicas have no network between them.
func pairOfReplicas(t *testing.T) (ana, ben *replica.Replica) {
	t.Helper()
	ana, ben, _ = replicatest.TwoReplicas(t)
	return ana, ben
}

func toldAs(err error, into **api.Problem) (ok bool) {
	*into, ok = problem.Of(err)
	return ok
}

// bundled gives a bundle of all that is in a replica.
func bundled(t testing.TB, r *replica.Replica) []byte {
	t.Helper()
	var b bytes.Buffer
	to, err := seal.ForDevices(inUse(r))
	must(t, err)
	must(t, r.Pack(t.Context(), time.Time{}, nil, func(p *replica.Parcel) error {
		h := form.Header{Space: r.Space().String(), Device: r.Device().String(), Statements: int64(p.Statements), Entries: int64(p.Entries)}
		return write(&b, p, h, r.Key(), to)
	}))
	return b.Bytes()
}

func read(t testing.TB, r *replica.Replica, b []byte) (api.BundleRead, error) {
	t.Helper()
	return Take(t.Context(), r, bytes.NewReader(b), nil)
}

func addNote(t testing.TB, r *replica.Replica, title, text string, tags ...string) entry.DocID {
	t.Helper()
	me, ok := r.Me()
	if !ok {
		t.Fatal("it speaks for nobody")
	}
	v, err := r.Create(t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: title, Text: text, Tags: tags})(e.Doc, nil)
	})
	must(t, err)
	if v.CreatedBy != me.ID {
		t.Errorf("a note by %v", v.CreatedBy)
	}
	return v.ID
}

// prose is text that doesn't get much smaller.
func prose(seed int64, n int) string {
	r := rand.New(rand.NewSource(seed))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('a' + r.Intn(26))
	}
	return string(b)
}

func TestABundleWithAByteChangedOrCutOffIsRefusedAndNothingOfItTaken(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	addNote(t, ana, "Minutes", "We met.")
	whole := bundled(t, ana)
	before := ben.Counts()
	refused := func(what string, b []byte) {
		t.Helper()
		res, err := read(t, ben, b)
		var p *api.Problem
		if !toldAs(err, &p) || p.Code.Exit() == 1 || !strings.Contains(p.Message, "nothing was taken") || p.Hint == "" || res.New > 0 {
			t.Fatalf("%s: %+v, %v", what, res, err)
		}
	}
	for at := range whole {
		if at%7 > 0 { // package seal tries every byte; here they fall on every kind of it
			continue
		}
		b := bytes.Clone(whole)
		b[at] ^= 1 << (at / 7 % 8)
		refused(fmt.Sprintf("byte %d of %d changed", at, len(whole)), b)
		refused(fmt.Sprintf("cut off after %d of %d", at, len(whole)), whole[:at])
	}
	refused("a byte more", append(bytes.Clone(whole), 0))
	refused("twice", append(bytes.Clone(whole), whole...))
	if ben.Counts() != before {
		t.Errorf("Ben's replica has %+v, and had %+v", ben.Counts(), before)
	}
	res, err := read(t, ben, whole)
	if err != nil || res.New == 0 || res.Bytes != int64(len(whole)) || res.Pending+res.Void+res.Left > 0 {
		t.Errorf("whole: %+v, %v", res, err)
	}
}

func TestReadingGoesOnWhereABundleBrokeOff(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	for i := range 80 {
		var tags []string
		for len(tags) < 50 {
			tags = append(tags, prose(int64(i*50+len(tags)), 90))
		}
		addNote(t, ana, "Minutes", "", tags...)
	}
	whole := bundled(t, ana)
	if len(whole) < 200<<10 {
		t.Fatalf("%d bytes: too small to break off in the middle", len(whole))
	}
	cut, err := read(t, ben, whole[:len(whole)*4/5])
	var p *api.Problem
	if !toldAs(err, &p) || cut.New == 0 || !strings.Contains(p.Message, "the bundle is damaged, at entry") ||
		!strings.Contains(p.Message, fmt.Sprintf("%d entries that weren't here had been taken before", cut.New)) {
		t.Fatalf("cut off: %+v, %v", cut, err)
	}
	rest, err := read(t, ben, whole)
	if err != nil || rest.New+rest.Had != rest.Entries || rest.Had < cut.New || rest.New == 0 {
		t.Errorf("the rest: %+v, %v", rest, err)
	}
	again, err := read(t, ben, whole)
	if err != nil || again.New != 0 || again.Had != again.Entries {
		t.Errorf("again: %+v, %v", again, err)
	}

	var broke io.Reader = io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), &failing{errors.New("the stick was pulled")})
	if _, err := Take(t.Context(), ben, broke, nil); !toldAs(err, &p) || !strings.Contains(p.Message, "broke off on its way") {
		t.Errorf("broken off: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Take(ctx, ben, bytes.NewReader(whole), nil); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: %v", err)
	}
}

type failing struct{ err error }

func (f *failing) Read([]byte) (int, error) { return 0, f.err }

// forged is a bundle that a modified daemon makes: any entries, any header, sealed as it should be.
func forged(t testing.TB, r *replica.Replica, by entry.Signer, change func(*form.Header), entries ...[]byte) []byte {
	t.Helper()
	h := form.Header{Space: r.Space().String(), Device: by.Device().String(), Entries: int64(len(entries))}
	if change != nil {
		change(&h)
	}
	var inner bytes.Buffer
	w, err := form.NewWriter(&inner, h, by)
	must(t, err)
	for _, e := range entries {
		must(t, w.Entry(e))
	}
	must(t, w.Close())
	return sealedAll(t, r, inner.Bytes())
}

func sealedAll(t testing.TB, r *replica.Replica, content []byte) []byte {
	t.Helper()
	to, err := seal.ForDevices(inUse(r))
	must(t, err)
	var out bytes.Buffer
	w, err := to.NewWriter(&out)
	must(t, err)
	_, err = w.Write(content)
	must(t, errors.Join(err, w.Close()))
	return out.Bytes()
}

// To hold many statements against the charter takes long, and who made the bundle may be nobody.
func TestStatementsOfABundleThatNobodyMadeAreReadALittleAtATime(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	c := ben.Charter()
	payload, err := c.Acknowledge(ben.Device(), []charter.DeviceFrontier{{Device: ana.Device(), Frontier: charter.Frontier{{Run: entry.Run{1}, Entry: entry.ID{1}}}}})
	must(t, err)
	var all [][]byte
	for i := range batchCharter + 10 {
		e, err := entry.New(entry.Fields{Space: ben.Space(), Heads: c.Heads(), Kind: entry.Statement, Run: entry.Run{9, byte(i), byte(i >> 8)}, Number: 1, Payload: payload}, ben.Key())
		must(t, err)
		all = append(all, e.Encoded())
	}
	b := forged(t, ben, entry.NewSigner(), func(h *form.Header) { h.Statements = h.Entries }, all...)
	asked := 0
	got, next, err := TakeSome(t.Context(), ana, bytes.NewReader(b), 0, func(api.BundleRead) bool { asked++; return asked > 1 })
	if err != nil || next != 0 || asked != 2 || got.New > 0 || got.Member.ID != "" {
		t.Errorf("asked %d times, it goes on at %d, with %+v: %v", asked, next, got, err)
	}
	var p *api.Problem
	if _, err := read(t, ana, b); !toldAs(err, &p) || !strings.Contains(p.Message, "isn't in the co-op") {
		t.Errorf("read to its end: %v", err)
	}
}

func TestAnAnswerThatHoldsMoreThanItCanIsReadNoFurther(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	c := ben.Charter()
	var all [][]byte
	for _, e := range c.Statements() {
		all = append(all, e.Encoded())
	}
	statements := int64(len(all))
	long := make([]byte, entry.MaxSize)
	for range 200 { // there is no entry like this
		all = append(all, long)
	}
	b := forged(t, ben, ben.Key(), func(h *form.Header) { h.Statements = statements }, all...)
	if n := int64(len(b)); maxCharter+mostPacked*n > 200*entry.MaxSize {
		t.Fatalf("%d bytes: this shows nothing", n)
	}
	_, _, err := welcomed(t.Context(), ana.Key(), ana.Space(), bytes.NewReader(b))
	var bad *badEntryError
	if !errors.As(err, &bad) || !strings.Contains(err.Error(), "can hold") {
		t.Errorf("it is read: %v", err)
	}
}

// Each is for what this device made: of what somebody else did, entries that nobody verifies would be read without end.
func TestWhatAnotherDeviceMadeIsNotReadAsOnesOwn(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	addNote(t, ana, "Minutes", "We met.")
	for r, others := range map[*replica.Replica]bool{ana: false, ben: true} {
		n := 0
		_, err := Each(bytes.NewReader(bundled(t, r)), ana.Key(), func(*entry.Entry) bool { n++; return true })
		if others != (err != nil) || others != (n == 0) {
			t.Errorf("of a bundle of another device (%v) %d entries are given: %v", others, n, err)
		}
	}
}

// changesOf gives the encoded changes that a replica's device made.
func changesOf(t testing.TB, r *replica.Replica) (out [][]byte) {
	t.Helper()
	must(t, r.Store().Snapshot(func(v *store.Snapshot) error {
		return v.Entries(func(encoded []byte) error {
			e, err := entry.Decode(encoded)
			if err == nil && e.Kind == entry.Change && e.Device == r.Device() {
				out = append(out, encoded)
			}
			return err
		})
	}))
	return out
}

func TestWhatAModifiedDaemonPutsIntoABundleGoesThroughTheSameRules(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	note := addNote(t, ana, "Minutes", "We met.")
	addNote(t, ana, "Rota", "Ana, Ben")
	addNote(t, ana, "Stock", "A3, A4")
	good := changesOf(t, ana)
	if len(good) != 3 {
		t.Fatalf("%d changes", len(good))
	}
	runs := byte(0)
	made := func(key entry.Signer, space entry.SpaceID, payload []byte) []byte {
		runs++
		e, err := entry.New(entry.Fields{Space: space, Heads: ana.Charter().Heads(), Kind: entry.Change, Doc: note, Run: entry.Run{9, runs}, Number: 1, Payload: payload}, key)
		must(t, err)
		return e.Encoded()
	}
	unsigned := bytes.Clone(good[1])
	unsigned[len(unsigned)-1] ^= 1
	payload := func(encoded []byte) []byte {
		e, err := entry.Decode(encoded)
		must(t, err)
		return e.Payload
	}
	stranger := entry.NewSigner()
	tests := []struct {
		name string
		b    []byte
		says string // "" if it is taken
		want api.BundleRead
	}{
		{"one of a stranger who has the keys", forged(t, ana, stranger, nil, good...), "isn't in the co-op", api.BundleRead{}},
		{"of another co-op", forged(t, ana, ana.Key(), func(h *form.Header) { h.Space = strings.Repeat("0a", 32) }, good...), "of another co-op", api.BundleRead{}},
		{"of a newer Kith", sealedAll(t, ana, []byte("kith bundle 2\nand more")), "newer Kith", api.BundleRead{}},
		{"something else, sealed", sealedAll(t, ana, []byte("a shopping list, and more")), "not a bundle", api.BundleRead{}},
		{"an entry that isn't signed by who it names", forged(t, ana, ana.Key(), nil, good[0], unsigned, good[2]), "no entry", api.BundleRead{New: 1}},
		{"bytes that are no entry", forged(t, ana, ana.Key(), nil, good[0], []byte("entry"), good[2]), "no entry", api.BundleRead{Had: 1}},
		{"an entry of another co-op", forged(t, ana, ana.Key(), nil, made(ana.Key(), entry.SpaceID{1}, payload(good[0]))), "of another co-op", api.BundleRead{}},
		{"a change that the core must not see", forged(t, ana, ana.Key(), nil, made(ana.Key(), ana.Space(), []byte("garbage"))), "no entry", api.BundleRead{}},
		{"a change of a stranger", forged(t, ana, ana.Key(), nil, made(stranger, ana.Space(), payload(good[0]))), "", api.BundleRead{New: 1, Void: 1}},
		{"a change under another's name for its document", forged(t, ana, ana.Key(), nil, made(ben.Key(), ana.Space(), payload(good[0]))), "", api.BundleRead{New: 1, Void: 1}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			res, err := read(t, ben, test.b)
			var p *api.Problem
			switch {
			case test.says != "" && (!toldAs(err, &p) || !strings.Contains(p.Message, test.says)):
				t.Errorf("it says %v", err)
			case test.says == "" && err != nil:
				t.Errorf("refused: %v", err)
			}
			if got := (api.BundleRead{New: res.New, Had: res.Had, Pending: res.Pending, Void: res.Void, Left: res.Left}); fmt.Sprint(got) != fmt.Sprint(test.want) {
				t.Errorf("new %d, had %d, pending %d, void %d, left %d", res.New, res.Had, res.Pending, res.Void, res.Left)
			}
		})
	}
}

// A file of some kilobytes may say that it is a gigabyte of nothing.
func TestABundleThatGrowsEndlesslyWhenItIsOpenedIsRefused(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	var inner bytes.Buffer
	inner.WriteString("kith bundle 1\n")
	zip, err := zstd.NewWriter(&inner, zstd.WithWindowSize(1<<20))
	must(t, err)
	_, err = zip.Write(binary.BigEndian.AppendUint32(nil, 1<<30))
	for range 256 {
		_, err = zip.Write(make([]byte, 1<<20))
		must(t, err)
	}
	must(t, errors.Join(err, zip.Close()))
	b := sealedAll(t, ana, inner.Bytes())
	if _, err := read(t, ben, b); err == nil || !strings.Contains(err.Error(), "the limit is") {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

// A file of a gigabyte may hold one entry ten thousand million times: it would be read for days.
func TestABundleThatHoldsTheSameAgainAndAgainIsReadNoFurther(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	addNote(t, ana, "Minutes", "We met.")
	one := changesOf(t, ana)[0]
	many := slices.Repeat([][]byte{one}, 10_000)
	for range 2 { // as new, and as what is here
		res, err := read(t, ben, forged(t, ana, ana.Key(), nil, many...))
		if err == nil || !strings.Contains(err.Error(), "the same entry twice") || res.Had > 2 {
			t.Errorf("of it %d are looked at: %v", res.Had, err)
		}
	}
	if ben.Counts().Documents != 1 {
		t.Error("what came before that is lost")
	}
	looked := 0
	if _, err := Each(bytes.NewReader(forged(t, ana, ana.Key(), nil, many...)), ana.Key(), func(*entry.Entry) bool { looked++; return true }); err == nil || looked > 1 {
		t.Errorf("of one's own %d are looked at: %v", looked, err)
	}
}

// Any full member answers a request to join, and may put into the answer what they like.
func TestAnAnswerThatIsGoodInPartKeepsNobodyFromReadingAnother(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	addNote(t, ana, "Minutes", "We met.")
	var entries [][]byte
	for _, s := range ana.Charter().Statements() {
		entries = append(entries, s.Encoded())
	}
	statements := int64(len(entries))
	bad := forged(t, ana, ana.Key(), func(h *form.Header) { h.Statements, h.Entries = statements, statements+1 }, append(entries, []byte("garbage"))...)
	home := replica.Config{Dir: t.TempDir(), Key: ben.Key()}
	if _, _, err := Begin(t.Context(), home, ana.Space(), [8]byte{}, bytes.NewReader(bad)); err == nil {
		t.Error("garbage is an answer")
	}
	r, _, err := Begin(t.Context(), home, ana.Space(), [8]byte{}, bytes.NewReader(bundled(t, ana)))
	must(t, err)
	defer r.Close()
	if r.Counts().Documents != 1 {
		t.Errorf("with the second answer there is %+v", r.Counts())
	}
}

func TestWhatABundleLacksWaitsUntilItComes(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	doc := addNote(t, ana, "Minutes", "We met.")
	text := "We met. The printer is broken."
	_, err := ana.Edit(t.Context(), doc, func(e replica.Edit) error {
		return crdttest.EditNote(crdttest.Common{Text: &text})(e.Doc, e.View)
	})
	must(t, err)
	changes := changesOf(t, ana)
	res, err := read(t, ben, forged(t, ana, ana.Key(), nil, changes[1]))
	if err != nil || res.New != 1 || res.Pending != 1 {
		t.Errorf("the second change alone: %+v, %v", res, err)
	}
	res, err = read(t, ben, forged(t, ana, ana.Key(), nil, changes...))
	if err != nil || res.New != 1 || res.Had != 1 || res.Pending != 0 {
		t.Errorf("both: %+v, %v", res, err)
	}
	v, err := ben.View(doc)
	must(t, err)
	if v.Text != text {
		t.Errorf("Ben reads %q", v.Text)
	}
}

// Cleo is new: Ben, who was away, knows nothing of her.
func TestABundleOfSomebodyNewBringsWhatTheCharterSaysOfThem(t *testing.T) {
	t.Parallel()
	ana, ben := pairOfReplicas(t)
	invite, member, device := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
	payload, err := ana.Charter().Invite(ana.Device(), invite.Device(), 0)
	must(t, err)
	_, err = ana.State(t.Context(), payload)
	must(t, err)
	red, err := charter.NewRedemption(ana.Space(), invite, member, device, "Cleo", "laptop")
	must(t, err)
	payload, err = ana.Charter().AdmitProspective(ana.Device(), invite.Device(), red)
	must(t, err)
	_, err = ana.State(t.Context(), payload)
	must(t, err)
	cleo, err := replica.Join(replica.Config{Dir: t.TempDir(), Key: device}, ana.Space(), ana.Charter().Statements(), [8]byte{})
	must(t, err)
	defer cleo.Close()
	old := bundled(t, ben)
	if _, err := read(t, cleo, old); err == nil || !strings.Contains(err.Error(), "isn't for this device") {
		t.Errorf("of before she came: %v", err)
	}
	addNote(t, cleo, "Hello", "I'm new.")
	b := bundled(t, cleo)
	res, err := read(t, ben, b)
	if err != nil || res.New < 3 || res.Pending+res.Void > 0 || res.Member.Name != "Cleo" {
		t.Errorf("Ben: %+v, %v", res, err)
	}
}
