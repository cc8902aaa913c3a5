package batch_test

import (
	"bytes"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/batch"
	"kith/crdt/change"
	"kith/crdt/entry"
	"kith/crdt/formattest"
)

const most = 1 << 20

// pen writes entries as one device would, in one run.
type pen struct {
	key    entry.Signer
	run    entry.Run
	number uint64
	last   entry.ID
	below  map[entry.DocID]entry.ID
	seq    map[entry.DocID]uint64
}

var (
	space = entry.SpaceID{1, 2, 3}
	heads = []entry.ID{{4}, {5}}
)

// desk is documents and who writes in them.
type desk struct {
	pens  []*pen
	docs  []entry.DocID
	tips  map[entry.DocID]change.Hash
	start map[entry.DocID]uint64
	all   []*entry.Entry
}

func newDesk(pens int) *desk {
	d := &desk{tips: map[entry.DocID]change.Hash{}, start: map[entry.DocID]uint64{}}
	for i := range pens {
		d.pens = append(d.pens, &pen{key: entry.SignerFromSeed([32]byte{byte(i + 1)}), run: entry.Run{byte(i)},
			below: map[entry.DocID]entry.ID{}, seq: map[entry.DocID]uint64{}})
	}
	return d
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// sign makes the next entry of a pen.
func (d *desk) sign(t fataler, p *pen, f entry.Fields) *entry.Entry {
	t.Helper()
	f.Space, f.Heads, f.Run, f.Number, f.Previous, f.Below = space, heads, p.run, p.number+1, p.last, p.below[f.Doc]
	e, err := entry.New(f, p.key)
	if err != nil {
		t.Fatal(err)
	}
	if p.number, p.last = e.Number, e.ID(); e.Kind == entry.Change {
		p.below[e.Doc] = e.ID()
	}
	d.all = append(d.all, e)
	return e
}

// write makes a change; doc is -1 for a new document.
func (d *desk) write(t fataler, by, doc int, words string) *entry.Entry {
	t.Helper()
	p := d.pens[by]
	f := entry.Fields{Kind: entry.Change}
	if doc < 0 {
		f.Create = &entry.Creation{Kind: "task", Random: [16]byte{byte(len(d.docs)), 9}}
		f.Doc = f.Create.DocID(space, p.key.Device(), p.run)
		d.docs, d.start[f.Doc] = append(d.docs, f.Doc), 1
	} else {
		f.Doc = d.docs[doc]
	}
	actor := entry.ActorOf(space, p.key.Device(), p.run, f.Doc)
	p.seq[f.Doc]++
	c := &change.Change{Actor: change.Actor(actor[:]), Seq: p.seq[f.Doc], StartOp: d.start[f.Doc], Time: 1_750_000_000_000 + int64(len(d.all))*1500,
		Ops: []change.Op{{InMap: true, Key: "title", Action: change.Set, Value: change.StrValue(words)}}}
	if doc >= 0 {
		c.Deps = []change.Hash{d.tips[f.Doc]}
	}
	f.Payload = c.Encode()
	read, err := change.Parse(f.Payload)
	if err != nil {
		t.Fatal(err)
	}
	d.tips[f.Doc], d.start[f.Doc] = read.Hash, read.MaxOp()+1
	return d.sign(t, p, f)
}

// say makes a statement.
func (d *desk) say(t fataler, by int, words string) *entry.Entry {
	t.Helper()
	return d.sign(t, d.pens[by], entry.Fields{Kind: entry.Statement, Payload: []byte(words)})
}

// over sends entries over a connection.
func over(t fataler, entries []*entry.Entry) []*entry.Entry {
	t.Helper()
	b := batch.Append(nil, entries)
	size := 0
	for _, e := range entries {
		size += 4 + len(e.Encoded())
	}
	if len(b) > size {
		t.Fatal(fmt.Sprintf("%d bytes for what has %d as encodings", len(b), size))
	}
	got, err := batch.Read(b, size)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// mustBe says that entries are those, and that each shows by itself who wrote it.
func mustBe(t fataler, got, want []*entry.Entry) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatal(fmt.Sprintf("%d entries, want %d", len(got), len(want)))
	}
	for i, e := range got {
		alone, err := entry.Decode(bytes.Clone(e.Encoded()))
		if err != nil {
			t.Fatal(err)
		}
		if e.ID() != want[i].ID() || alone.ID() != e.ID() || alone.Bare() != want[i].Bare() || !bytes.Equal(alone.Payload, want[i].Payload) || alone.Number != want[i].Number {
			t.Fatal(fmt.Sprintf("entry %d of %d is another one", i, len(got)))
		}
		if e.Verify() != nil || alone.Verify() != nil {
			t.Fatal(fmt.Sprintf("entry %d of %d doesn't show who wrote it", i, len(got)))
		}
	}
}

// Whatever is written, in whatever order, in parts, with what is there already, from hand to hand and from disk: each hop stores what came, as it came.
func TestEntriesGoFromHandToHandAndEachKeepsShowingWhoWroteIt(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(rapid.IntRange(1, 3).Draw(t, "devices"))
		for range rapid.IntRange(1, 60).Draw(t, "entries") {
			by := rapid.IntRange(0, len(d.pens)-1).Draw(t, "by")
			switch what := rapid.IntRange(-2, max(0, len(d.docs)-1)).Draw(t, "document"); {
			case what == -2:
				d.say(t, by, "a statement")
			case len(d.docs) == 0:
				d.write(t, by, -1, "first")
			default:
				d.write(t, by, what, "words")
			}
		}
		want := map[entry.ID]*entry.Entry{}
		for _, e := range d.all {
			want[e.ID()] = e
		}
		here := slices.Clone(d.all)
		for i, e := range here { // what was forgotten has no payload
			if e.Kind == entry.Change && rapid.IntRange(0, 5).Draw(t, "forgotten") == 0 {
				here[i] = e.Strip()
				want[e.ID()] = here[i]
			}
		}
		for range rapid.IntRange(1, 3).Draw(t, "hops") {
			if rapid.Bool().Draw(t, "in any order") {
				here = rapid.Permutation(here).Draw(t, "order")
			}
			var there []*entry.Entry
			for rest := here; len(rest) > 0; {
				n := rapid.IntRange(1, len(rest)).Draw(t, "in this batch")
				part := slices.DeleteFunc(slices.Clone(rest[:n]), func(*entry.Entry) bool { return rapid.IntRange(0, 9).Draw(t, "left out") == 0 })
				rest = rest[n:]
				got := over(t, part)
				mustBe(t, got, part)
				for _, e := range got {
					if rapid.Bool().Draw(t, "stored meanwhile") {
						e, _ = entry.Decode(bytes.Clone(e.Encoded()))
					}
					there = append(there, e)
				}
			}
			here = there
		}
		for _, e := range here {
			mustBe(t, []*entry.Entry{e}, []*entry.Entry{want[e.ID()]})
		}
	})
}

// A share has statements of two co-ops beside its own documents. What begins behind a stretch that goes on is of the space of that.
func TestABatchHoldsEntriesOfSeveralSpacesInAnyOrder(t *testing.T) {
	d := newDesk(2)
	first := d.write(t, 0, -1, "Order paper")
	again := d.write(t, 0, 0, "A3")
	other := d.write(t, 1, -1, "Clean the press")
	theirs, err := entry.New(entry.Fields{Space: entry.SpaceID{9}, Heads: heads, Kind: entry.Statement, Run: entry.Run{7}, Number: 1, Payload: []byte("theirs")}, d.pens[1].key)
	if err != nil {
		t.Fatal(err)
	}
	all := []*entry.Entry{first, again, other, theirs}
	for n := range 24 {
		left, order := slices.Clone(all), []*entry.Entry(nil)
		for at := n; len(left) > 0; at /= len(left) + 1 {
			i := at % len(left)
			order, left = append(order, left[i]), slices.Delete(left, i, i+1)
		}
		mustBe(t, over(t, order), order)
	}
}

func TestABatchHasASignatureForEverySixteenChangesOfADocument(t *testing.T) {
	d := newDesk(2)
	d.write(t, 0, -1, "first")
	d.write(t, 1, -1, "another")
	for i := range 79 {
		d.write(t, 0, 0, "words")
		if i%8 == 0 {
			d.write(t, 1, 1, "words there") // in between, and on its own
			d.write(t, 0, 1, "words of two")
		}
	}
	got := over(t, d.all)
	// 80 in the first, and ten or eleven of each in the second.
	if n := len(entry.Signed(got)); n != 5+1+1 {
		t.Errorf("%d signatures for %d entries", n, len(got))
	}
	// Handed on in the same order, it has no more; nor is it longer.
	if n := len(entry.Signed(over(t, got))); n != 7 {
		t.Errorf("%d signatures when it goes on", n)
	}
	if a, b := len(batch.Append(nil, d.all)), len(batch.Append(nil, got)); a != b {
		t.Errorf("%d bytes, and %d when it goes on", a, b)
	}
	size := 0
	for _, e := range d.all {
		size += len(e.Encoded())
	}
	t.Logf("%d entries: %d bytes as encodings, %d as a batch", len(d.all), size, len(batch.Append(nil, d.all)))
}

// Attack 24, within a stretch: whoever passes entries on can leave some out, and change nothing.
func TestNothingThatARelayDoesToABatchMakesAnEntryThatNobodySigned(t *testing.T) {
	d := newDesk(2)
	d.write(t, 0, -1, "first")
	for range 5 {
		d.write(t, 0, 0, "words")
		d.write(t, 1, 0, "others'")
	}
	d.say(t, 0, "a statement")
	honest := map[entry.ID]bool{}
	for _, e := range d.all {
		honest[e.ID()] = true
	}
	part := over(t, d.all)[:7] // with sums of what is above
	for _, entries := range [][]*entry.Entry{d.all, part} {
		b := batch.Append(nil, entries)
		believed := func(what string, b []byte) {
			got, err := batch.Read(b, most)
			if err != nil {
				var form *entry.FormError
				var bad *batch.Error
				if !errors.As(err, &form) && !errors.As(err, &bad) {
					t.Fatalf("%s: %T %v", what, err, err)
				}
				return
			}
			for _, e := range got {
				if !honest[e.ID()] && e.Verify() == nil {
					t.Fatalf("%s: entry %.8s is believed", what, e.ID())
				}
			}
		}
		for at := range b {
			for _, bit := range []int{at % 8, (at + 3) % 8} {
				spoilt := bytes.Clone(b)
				spoilt[at] ^= 1 << bit
				believed(fmt.Sprintf("bit %d of byte %d", bit, at), spoilt)
			}
			believed(fmt.Sprintf("cut at %d", at), b[:at])
			believed(fmt.Sprintf("without byte %d", at), slices.Delete(bytes.Clone(b), at, at+1))
			believed(fmt.Sprintf("twice from %d", at), append(bytes.Clone(b), b[at:]...))
		}
	}
}

// Where it is cut, what is read is what was whole before, or nothing.
func TestABatchThatIsCutAnywhereHoldsWholeEntriesOrIsRefused(t *testing.T) {
	d := newDesk(1)
	d.write(t, 0, -1, "first")
	for range 40 {
		d.write(t, 0, 0, "words")
	}
	b := batch.Append(nil, d.all)
	whole := 0
	for at := range len(b) {
		got, err := batch.Read(b[:at], most)
		if err != nil {
			continue
		}
		whole++
		mustBe(t, got, d.all[:len(got)])
	}
	if whole != 3 { // none, sixteen, thirty-two
		t.Errorf("%d places at which it is whole, want 3", whole)
	}
}

func TestABatchIsBoundedBeforeAnythingIsMadeOfIt(t *testing.T) {
	d := newDesk(1)
	first := d.write(t, 0, -1, "first")
	for range 200 {
		d.write(t, 0, 0, "words")
	}
	b := batch.Append(nil, d.all)
	var bad *batch.Error
	if _, err := batch.Read(b, 20_000); !errors.As(err, &bad) {
		t.Errorf("more than its bound: %v", err)
	}
	if n := testing.AllocsPerRun(5, func() { _, _ = batch.Read(b, 20_000) }); n > 2_000 {
		t.Errorf("%v allocations for what is refused", n)
	}
	one := batch.Append(nil, []*entry.Entry{first})
	for _, test := range []struct {
		name string
		b    []byte
	}{
		{"a first byte that says what nobody knows", append([]byte{0x80}, one[1:]...)},
		{"a stretch that begins elsewhere", append([]byte{one[0] | 2}, one[1:]...)},
		{"a header that says what nobody knows", append([]byte{one[0], 0x40}, one[2:]...)},
		{"a statement that creates a document", append([]byte{one[0], one[1] | 1}, one[2:]...)},
		{"going on with nothing", []byte{0, 1, 0xff}},
		{"going on with a stretch that isn't there", append(bytes.Clone(one), 2, 9)},
		{"a payload of 2^63 bytes", append(bytes.Clone(one), 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f)},
		{"65 charter heads", append(append(bytes.Clone(one), 8, 65), make([]byte, 65*32)...)},
		{"no signature", append(bytes.Clone(one), 0, 1, 0xff)},
		{"a short form of nothing", append(bytes.Clone(one), 0x20, 0)},
	} {
		_, err := batch.Read(test.b, most)
		var form *entry.FormError
		if !errors.As(err, &bad) && !errors.As(err, &form) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// Sixteen have one signature, at the end: without it a seventeenth comes before any.
	sixteen, seventeen := batch.Append(nil, d.all[:16]), batch.Append(nil, d.all[:17])
	last := bytes.Index(seventeen, sixteen[len(sixteen)-64:])
	if last < 0 || batch.Append(nil, d.all[15:16])[0]&4 == 0 {
		t.Fatal("the test's own idea of a batch is wrong")
	}
	if _, err := batch.Read(slices.Delete(seventeen, last-1, last+64), most); err == nil {
		t.Error("seventeen before a signature are read")
	}
}

var update = flag.Bool("update", false, "write the test vectors and the seeds of the fuzz target")

type vector struct {
	Name    string   `json:"name"`
	Batch   string   `json:"batch"`
	Entries []string `json:"entries"`
}

func makeVectors(t *testing.T) (all []vector) {
	d := newDesk(2)
	d.write(t, 0, -1, "Shop")
	d.write(t, 0, 0, "Shop window")
	d.write(t, 1, 0, "Shop windows")
	d.say(t, 1, "a statement")
	d.write(t, 0, 0, "Windows")
	d.write(t, 1, -1, "Flyer")
	d.write(t, 0, 0, "Windows, cleaned")
	passed := over(t, d.all)
	plain := d.sign(t, d.pens[0], entry.Fields{Kind: entry.Change, Doc: d.docs[1], Payload: []byte("no change")})
	for _, of := range []struct {
		name    string
		entries []*entry.Entry
	}{
		{"one change", d.all[:1]}, {"two devices in one document, and more", d.all[:7]},
		{"a part of what came", passed[1:3]}, {"a payload that is no change", []*entry.Entry{plain}}, {"a change without its payload, between two", []*entry.Entry{d.all[0], d.all[1].Strip(), d.all[4]}},
	} {
		v := vector{Name: of.name, Batch: hex.EncodeToString(batch.Append(nil, of.entries))}
		for _, e := range over(t, of.entries) {
			v.Entries = append(v.Entries, hex.EncodeToString(e.Encoded()))
		}
		all = append(all, v)
	}
	return all
}

func TestVectors(t *testing.T) {
	if *update {
		writeCorpus(t)
	}
	formattest.Vectors(t, makeVectors(t), *update)
}

func writeCorpus(t *testing.T) {
	for i, v := range makeVectors(t) {
		b, err := hex.DecodeString(v.Batch)
		if err != nil {
			t.Fatal(err)
		}
		for kind, seed := range map[string][]byte{"whole": b, "cut": b[:len(b)*2/3], "twice": append(bytes.Clone(b), b...), "unsigned": append(bytes.Clone(b), 0x20, 3, 0, 0, 0)} {
			formattest.Seed(t, "FuzzRead", fmt.Sprintf("%d-%s", i, kind), seed)
		}
	}
}

// FuzzRead reads anything. What comes out of it is entries that show by themselves who is said to have written them, and goes on as it is.
func FuzzRead(f *testing.F) {
	formattest.NeedSeeds(f)
	const bound = 1 << 16
	f.Fuzz(func(t *testing.T, in []byte) {
		got, err := batch.Read(in, bound)
		if err != nil {
			var form *entry.FormError
			var bad *batch.Error
			if !errors.As(err, &form) && !errors.As(err, &bad) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if len(got) > bound/128 {
			t.Fatalf("%d entries", len(got))
		}
		for _, e := range got {
			alone, err := entry.Decode(bytes.Clone(e.Encoded()))
			if err != nil || alone.ID() != e.ID() || alone.Top() != e.Top() || alone.Signature != e.Signature {
				t.Fatalf("an entry that isn't one: %v", err)
			}
		}
		again, err := batch.Read(batch.Append(nil, got), 1<<30)
		if err != nil || len(again) != len(got) {
			t.Fatalf("doesn't go on: %v", err)
		}
		for i, e := range again {
			if e.ID() != got[i].ID() {
				t.Fatalf("entry %d went on as another one", i)
			}
		}
	})
}

func BenchmarkBatch(b *testing.B) {
	d := newDesk(1)
	for i := range 40 {
		d.write(b, 0, -1, fmt.Sprintf("Document %d", i))
		for j := range 9 {
			d.write(b, 0, i, fmt.Sprintf("Document %d, change %d", i, j))
		}
	}
	raw := batch.Append(nil, d.all)
	b.Run("append", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			raw = batch.Append(raw[:0], d.all)
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(d.all)), "ns/entry")
		b.ReportMetric(float64(len(raw))/float64(len(d.all)), "B/entry")
	})
	b.Run("read", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := batch.Read(raw, most); err != nil {
				b.Fatal(err)
			}
		}
		b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(d.all)), "ns/entry")
	})
}
