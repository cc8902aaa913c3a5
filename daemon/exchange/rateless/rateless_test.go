package rateless

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"flag"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/entry"
)

func id(n uint64) entry.ID {
	return sha256.Sum256(binary.BigEndian.AppendUint64([]byte("id"), n))
}

func sorted(ids []entry.ID) []entry.ID {
	ids = slices.Clone(ids)
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

func idsFrom(first uint64, n int) (ids []entry.ID) {
	for i := range uint64(n) {
		ids = append(ids, id(first+i))
	}
	return ids
}

// of returns the snapshot of a set, under a key.
func of(key Key, parts ...[]entry.ID) *Snapshot {
	s, all := NewSet(), slices.Concat(parts...)
	for _, i := range all {
		s.Add(i)
	}
	if key == (Key{}) {
		return s.Snapshot()
	}
	return s.Snapshot().Under(key, slices.Values(all))
}

func diff(ours, theirs *Snapshot) *Diff { return NewDiff(ours, theirs.Len, theirs.Digest) }

// reconcile feeds each side the other's symbols, as many at a time as Next says, and checks that
// they agree on how it goes on.
func reconcile(t interface{ Fatalf(string, ...any) }, a, b *Snapshot, first int) (atA, atB *Diff, state State, sent, batches int) {
	atA, atB = diff(a, b), diff(b, a)
	for to := first; ; to = atA.Next() {
		stateA, err := atA.Read(b.Append(nil, sent, to), to)
		if err != nil {
			t.Fatalf("%v", err)
		}
		stateB, err := atB.Read(a.Append(nil, sent, to), to)
		if err != nil || stateA != stateB || atA.Next() != atB.Next() || atA.Apart() != atB.Apart() ||
			atA.Smaller() != atB.Smaller() || atA.Order() != -atB.Order() {
			t.Fatalf("after %d symbols the two sides don't agree: %d and %d, %d and %d more, %v", to, stateA, stateB, atA.Next(), atB.Next(), err)
		}
		sent, batches = to, batches+1
		if stateA != More {
			return atA, atB, stateA, sent, batches
		}
	}
}

// Two sets of any size with any difference: both sides find the same difference, and all of it,
// after the same number of symbols, however many come first.
func TestBothSidesFindTheWholeDifference(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		common := idsFrom(0, rapid.IntRange(0, 1000).Draw(t, "common"))
		justA := idsFrom(1<<32, rapid.IntRange(0, 400).Draw(t, "only A has"))
		justB := idsFrom(2<<32, rapid.IntRange(0, 400).Draw(t, "only B has"))
		key := Key{rapid.Byte().Draw(t, "key")}
		a, b := of(key, common, justA), of(key, common, justB)
		atA, atB, state, sent, _ := reconcile(t, a, b, rapid.IntRange(1, 100).Draw(t, "first"))
		if state == Failed { // seldom, two share all their places
			a, b = of(Key{1, 1}, common, justA), of(Key{1, 1}, common, justB)
			atA, atB, state, sent, _ = reconcile(t, a, b, 12)
		}
		if state != Found {
			t.Fatalf("a difference of %d isn't found in %d symbols", len(justA)+len(justB), sent)
		}
		if !slices.Equal(sorted(atA.Theirs()), sorted(justB)) || !slices.Equal(sorted(atA.Mine()), sorted(justA)) {
			t.Fatalf("A found another difference")
		}
		if !slices.Equal(sorted(atB.Theirs()), sorted(justA)) || !slices.Equal(sorted(atB.Mine()), sorted(justB)) {
			t.Fatalf("B found another difference")
		}
	})
}

// The paper's figures (§5): about 1.35 symbols for each ID of a large difference, at most 1.72 on
// average for a small one.
func TestSymbolsForEachIDAsInThePaper(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	tests := []struct {
		ids, times  int
		least, most float64
	}{{1, 20, 1, 1}, {4, 300, 1.4, 2.1}, {30, 60, 1.3, 1.8}, {300, 8, 1.25, 1.6}, {2500, 2, 1.25, 1.45}}
	for _, test := range tests {
		total := 0
		for range test.times {
			first := rnd.Uint64()
			split := rnd.IntN(test.ids + 1)
			all := idsFrom(first, test.ids)
			a, b := of(Key{}, all[:split]), of(Key{}, all[split:])
			d := diff(a, b)
			// One at a time, without giving up early, which is about whole batches.
			for n := 1; ; n++ {
				d.Read(b.Append(nil, n-1, n), n)
				if d.symbols[0].isZero() {
					total += n
					break
				}
			}
		}
		got := float64(total) / float64(test.ids*test.times)
		t.Logf("%d IDs: %.2f symbols each", test.ids, got)
		if got < test.least || got > test.most {
			t.Errorf("%d IDs: %.2f symbols each; want %.2f to %.2f", test.ids, got, test.least, test.most)
		}
	}
}

// An ID is in the symbol i with probability 2/(i+2) (§4.1), under either kind of key. How the gaps
// are drawn (§4.2) is an approximation: in the second symbol are 64% and not 67%.
func TestPlacesAreDistributedAsInThePaper(t *testing.T) {
	for _, key := range []Key{{}, {9}} {
		const all = 20_000
		var count [64]int
		for n := range uint64(all) {
			it := key.item(id(n))
			last := -1
			for p := it.places(); p.index < Kept; p.next() {
				if p.index <= last {
					t.Fatal("it goes back")
				}
				if last = p.index; last < len(count) {
					count[last]++
				}
			}
		}
		for i, got := range count {
			p := 2 / float64(i+2)
			if off := math.Abs(float64(got) - p*all); off > 0.05*p*all+5*math.Sqrt(p*(1-p)*all) {
				t.Errorf("%d of %d IDs are in symbol %d; want %.0f", got, all, i, p*all)
			}
		}
	}
}

func TestTheCostFollowsTheDifference(t *testing.T) {
	justA, justB := idsFrom(1<<32, 2), idsFrom(2<<32, 1)
	var bytes []int
	for _, n := range []int{100, 3000, 20_000} {
		common := idsFrom(0, n)
		a, b := of(Key{}, common, justA), of(Key{}, common, justB)
		_, _, state, sent, _ := reconcile(t, a, b, 12)
		if state != Found || sent > 12 {
			t.Errorf("%d in common, 3 changed: %d after %d symbols", n, state, sent)
		}
		bytes = append(bytes, len(a.Append(nil, 0, 12)))
	}
	if bytes[2]-bytes[0] > 12 {
		t.Errorf("12 symbols of 100, 3,000, 20,000 IDs take %d bytes", bytes)
	}
}

// What goes out at once is enough for nearly every reconnect.
func TestADozenSymbolsDoForThree(t *testing.T) {
	const times = 400
	more := 0
	for i := range uint64(times) {
		a, b := of(Key{}, idsFrom(i<<32, 2)), of(Key{}, idsFrom((times+i)<<32, 1))
		if state, err := diff(a, b).Read(b.Append(nil, 0, 12), 12); err != nil || state != Found {
			more++
		}
	}
	t.Logf("more were needed %d times in %d", more, times)
	if more > times/20 {
		t.Errorf("more were needed %d times in %d", more, times)
	}
}

func TestFewBatchesDo(t *testing.T) {
	common := idsFrom(0, 2000)
	for _, test := range []struct{ changed, most int }{{0, 1}, {3, 1}, {30, 3}, {100, 3}, {1000, 4}, {2800, 4}} {
		first := of(Key{}, common, idsFrom(1<<32, test.changed/2))
		_, _, state, sent, batches := reconcile(t, first, of(Key{}, common, idsFrom(2<<32, test.changed-test.changed/2)), 12)
		t.Logf("%d changed: %d symbols in %d batches", test.changed, sent, batches)
		if state != Found || batches > test.most {
			t.Errorf("%d changed: %d after %d symbols in %d batches", test.changed, state, sent, batches)
		}
	}
}

// estimates is how many are looked at; fewer where the race detector watches.
var estimates = 40

func TestAnEstimateIsOfTheRightSize(t *testing.T) {
	for _, n := range []int{20, 200, 2000} {
		low, high := 0, 0
		for i := range uint64(estimates) {
			a, b := of(Key{}, idsFrom(i<<32, n/2)), of(Key{}, idsFrom((i+100)<<32, n-n/2))
			d := diff(a, b)
			d.Read(b.Append(nil, 0, 12), 12)
			if got := len(d.found) + d.Left(); got < n/3 {
				low++
			} else if got > 3*n {
				high++
			}
		}
		if low+high > estimates/10 {
			t.Errorf("%d: of %d estimates %d are far too low and %d far too high", n, estimates, low, high)
		}
	}
}

func TestFourNumbersAreAddedEachOnItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.Uint64().Draw(t, "a"), rapid.Uint64().Draw(t, "b")
		for shift := 0; shift < 64; shift += 16 {
			x, y := uint16(a>>shift), uint16(b>>shift)
			if got := uint16(plus(a, b) >> shift); got != x+y {
				t.Fatalf("%x + %x = %x", x, y, got)
			}
			if got := uint16(negate(a) >> shift); got != -x {
				t.Fatalf("-%x = %x", x, got)
			}
		}
	})
}

func TestTheDigestIsOfTheSetAndNotOfItsOrder(t *testing.T) {
	ids := idsFrom(0, 100)
	want := of(Key{}, ids)
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
	if got := of(Key{}, ids); got.Digest != want.Digest {
		t.Error("another order, another digest")
	}
	if got := of(Key{}, ids[1:]); got.Digest == want.Digest {
		t.Error("another set, the same digest")
	}
}

func TestASnapshotStaysAsItWas(t *testing.T) {
	s := NewSet()
	s.Add(id(1))
	now := s.Snapshot()
	before := now.Append(nil, 0, Kept)
	if s.Snapshot() != now {
		t.Error("made again for nothing")
	}
	s.Add(id(2))
	if !bytes.Equal(now.Append(nil, 0, Kept), before) || now.Len != 1 || s.Snapshot().Len != 2 {
		t.Error("it changed")
	}
}

// IDs ground so that they have the seed of their places in common are in the same symbols, all of
// them, and no number of symbols tells them apart. That shows soon.
func TestIDsGroundToMeetUnderTheOpenKeyComeApartUnderAnother(t *testing.T) {
	common := idsFrom(0, 500)
	ground := idsFrom(1<<32, 50)
	for i := range ground {
		copy(ground[i][:8], "the same")
	}
	_, _, state, sent, _ := reconcile(t, of(Key{}, common), of(Key{}, common, ground), 12)
	if state != Failed {
		t.Fatal("the attack doesn't work: mend the test")
	}
	if sent > 200 {
		t.Errorf("%d symbols went by", sent)
	}
	key := Key{7}
	at, _, state, _, _ := reconcile(t, of(key, common), of(key, common, ground), 12)
	if state != Found || !slices.Equal(sorted(at.Theirs()), sorted(ground)) {
		t.Error("a key that nobody knew before doesn't help")
	}
}

// Symbols are linear: out of some 300 IDs anybody picks two sets whose first symbols are the same,
// by solving equations, and gives one to each of two honest replicas. The digest isn't.
func TestSetsMadeToHaveTheSameSumsAreNotTakenForTheSame(t *testing.T) {
	a, b := sameSums(t, idsFrom(0, 400))
	common := idsFrom(1<<32, 100)
	at := diff(of(Key{}, common, a), of(Key{}, common, b))
	state, err := at.Read(of(Key{}, common, b).Append(nil, 0, 1), 1)
	if err != nil || !at.symbols[0].isZero() {
		t.Fatalf("the attack doesn't work: mend the test: %v", err)
	}
	if state != Failed {
		t.Fatal("two different sets pass for the same")
	}
	key := Key{7}
	at, _, state, _, _ = reconcile(t, of(key, common, a), of(key, common, b), 12)
	if state != Found || !slices.Equal(sorted(at.Theirs()), sorted(b)) {
		t.Error("a key that nobody knew before doesn't help")
	}
}

// sameSums finds two different sets among ids, of a size, whose first symbol is the same: by
// Gauss's elimination over sum, check and a one, of which each ID has 289 bits.
func sameSums(t *testing.T, ids []entry.ID) (a, b []entry.ID) {
	const width = 5 // words of those bits
	type row struct {
		bits [width]uint64
		of   [8]uint64 // which of ids it is made of
	}
	var key Key
	pivots := map[int]row{}
	for n, i := range ids {
		it := key.item(i)
		var r row
		for w := range 4 {
			r.bits[w] = binary.LittleEndian.Uint64(i[8*w:])
		}
		r.bits[4] = uint64(it.check) | 1<<32
		r.of[n/64] |= 1 << (n % 64)
		for w := 0; w < width; {
			if r.bits[w] == 0 {
				w++
				continue
			}
			at := w*64 + bits.TrailingZeros64(r.bits[w])
			p, ok := pivots[at]
			if !ok {
				pivots[at] = r
				break
			}
			for k := range r.bits {
				r.bits[k] ^= p.bits[k]
			}
			for k := range r.of {
				r.of[k] ^= p.of[k]
			}
		}
		if r.bits != [width]uint64{} {
			continue
		}
		var all []entry.ID
		for k := range ids {
			if r.of[k/64]>>(k%64)&1 == 1 {
				all = append(all, ids[k])
			}
		}
		return all[:len(all)/2], all[len(all)/2:]
	}
	t.Fatal("no solution among so few")
	return nil, nil
}

func TestSymbolsAreReadAsTheyWereWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		length, i := rapid.IntRange(0, 1<<24).Draw(t, "length"), rapid.IntRange(0, Kept-1).Draw(t, "index")
		s := Symbol{Count: rapid.Int64().Draw(t, "count"), Check: rapid.Uint32().Draw(t, "check")}
		copy(s.Sum[:], rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "sum"))
		b := appendSymbol(nil, &s, length, i)
		got, rest, ok := decodeSymbol(append(b, 7), length, i)
		if !ok || got != s || len(rest) != 1 || len(b) < MinSize || len(b) > MaxSize {
			t.Fatalf("%v became %v", s, got)
		}
		if _, _, ok := decodeSymbol(b[:len(b)-1], length, i); ok {
			t.Fatalf("read without its last byte")
		}
	})
}

var update = flag.Bool("update", false, "write the vectors anew")

// What a second implementation must come to.
func TestVectors(t *testing.T) {
	type vector struct {
		Key     string   `json:"key"`
		IDs     []string `json:"ids"`
		Digest  string   `json:"digest"`
		Symbols []string `json:"symbols"`
	}
	var now []vector
	for _, key := range []Key{{}, {0: 7, 15: 8}} {
		for _, n := range []int{0, 1, 3, 100} {
			s := of(key, idsFrom(0, n))
			v := vector{Key: hex.EncodeToString(key[:]), Digest: hex.EncodeToString(s.Digest[:]), IDs: []string{}}
			for _, id := range idsFrom(0, n) {
				v.IDs = append(v.IDs, hex.EncodeToString(id[:]))
			}
			for i := range 12 {
				v.Symbols = append(v.Symbols, hex.EncodeToString(s.Append(nil, i, i+1)))
			}
			now = append(now, v)
		}
	}
	b, err := json.MarshalIndent(now, "", "\t")
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/vectors.json"
	if *update {
		if err := os.WriteFile(path, append(b, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if was, err := os.ReadFile(path); err != nil || !bytes.Equal(bytes.TrimSpace(was), b) {
		t.Errorf("%s says otherwise: the protocol has changed (%v)", path, err)
	}
}

// FuzzDiff feeds made-up symbols: no panic, no endless peeling, no more IDs than symbols, and
// nothing is found that the digest doesn't know of.
func FuzzDiff(f *testing.F) {
	ground := idsFrom(9, 2)
	copy(ground[0][:8], ground[1][:8])
	for _, theirs := range [][]entry.ID{nil, idsFrom(0, 3), idsFrom(7, 3), idsFrom(0, 60), ground} {
		f.Add(of(Key{}, theirs).Append(nil, 0, 100), uint8(0))
		f.Add(of(Key{}, theirs).Append(nil, 0, 100), uint8(5))
	}
	f.Add(bytes.Repeat(of(Key{}, idsFrom(0, 1)).Append(nil, 0, 1), 50), uint8(0)) // one ID again and again
	f.Add(bytes.Repeat(append(bytes.Repeat([]byte{0xff}, 36), 1), 50), uint8(9))  // less than none
	f.Fuzz(func(t *testing.T, b []byte, n uint8) {
		d := NewDiff(of(Key{}, idsFrom(0, int(n))), 3, Digest{})
		for to := 1; to <= Kept; to++ {
			s, rest, ok := decodeSymbol(b, 3, to-1)
			if !ok {
				break
			}
			_ = s
			state, err := d.Read(b[:len(b)-len(rest)], to)
			if err != nil || state == Found {
				t.Fatalf("%d, %v", state, err)
			}
			b = rest
			if next := d.Next(); state == More && (next <= to || next > Kept) {
				t.Fatalf("%d symbols after %d", next, to)
			}
		}
		if found := len(d.theirs) + len(d.mine); found > len(d.symbols) {
			t.Fatalf("%d IDs out of %d symbols", found, len(d.symbols))
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	s := NewSet()
	ids := idsFrom(0, 1024)
	for i := 0; b.Loop(); i++ {
		s.Add(ids[i%len(ids)])
	}
}

func BenchmarkUnder(b *testing.B) {
	ids := idsFrom(0, 1024)
	s := of(Key{}, ids)
	for b.Loop() {
		s.Under(Key{1}, slices.Values(ids))
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(ids)), "ns/ID")
}

func BenchmarkDiff(b *testing.B) {
	common := idsFrom(0, 10_000)
	for name, n := range map[string]int{"0": 0, "3": 3, "100": 100, "2500": 2500} {
		x, y := of(Key{}, common), of(Key{}, common, idsFrom(1<<32, n))
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				d := diff(x, y)
				state := More
				for from, to := 0, 12; state == More; from, to = to, d.Next() {
					state, _ = d.Read(y.Append(nil, from, to), to)
				}
				if state != Found {
					b.Fatal(state)
				}
			}
		})
	}
}
