package entry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"
	"pgregory.net/rapid"

	"kith/crdt/entry"
	"kith/crdt/formattest"
)

var update = flag.Bool("update", false, "write the test vectors and the seeds of the fuzz target")

func signer(b byte) entry.Signer { return entry.SignerFromSeed([32]byte{b}) }

// sample is an entry of each kind, by what sets them apart.
func samples() map[string]entry.Fields {
	space, run := entry.SpaceID{1, 2}, entry.Run{3}
	create := entry.Creation{Kind: "task", Random: [16]byte{4}}
	doc := create.DocID(space, signer(1).Device(), run)
	return map[string]entry.Fields{
		"genesis":      {Kind: entry.Statement, Run: run, Number: 1, Payload: []byte{0x81, 1}},
		"statement":    {Space: space, Heads: []entry.ID{{9}, {8}}, Kind: entry.Statement, Run: run, Number: 300, Previous: entry.ID{7}, Payload: []byte{0x81, 2}},
		"first change": {Space: space, Heads: []entry.ID{{9}}, Kind: entry.Change, Doc: doc, Create: &create, Run: run, Number: 2, Previous: entry.ID{7}, Payload: bytes.Repeat([]byte{5}, 300)},
		"change":       {Space: space, Heads: []entry.ID{{9}}, Kind: entry.Change, Doc: doc, Run: run, Number: 70000, Previous: entry.ID{7}, Payload: []byte{1}},
		"change above": {Space: space, Heads: []entry.ID{{9}}, Kind: entry.Change, Doc: doc, Run: run, Number: 70001, Previous: entry.ID{8}, Payload: []byte{2}, Below: entry.ID{6}},
	}
}

// stretch is n changes, each above the one before; each has a signature of its own.
func stretch(t fataler, n int) []*entry.Entry {
	t.Helper()
	f := samples()["first change"]
	all := []*entry.Entry{make1(t, f)}
	for len(all) < n {
		f.Create, f.Number, f.Previous, f.Below = nil, f.Number+1, all[len(all)-1].ID(), all[len(all)-1].ID()
		f.Payload = []byte(fmt.Sprintf("change %d", len(all)))
		all = append(all, make1(t, f))
	}
	return all
}

func drafts(t fataler, all []*entry.Entry) (out []entry.Draft) {
	t.Helper()
	for _, e := range all {
		d, err := entry.Unsigned(e.Rules, entry.Fields{Space: e.Space, Heads: e.Heads, Kind: e.Kind, Doc: e.Doc, Create: e.Create,
			Run: e.Run, Number: e.Number, Previous: e.Previous, Payload: e.Payload, Below: e.Below}, e.Device)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	return out
}

func TestOneSignatureVouchesForSixteenEntriesThatStandOnEachOther(t *testing.T) {
	all := stretch(t, entry.MaxOver+2)
	last := len(all) - 1
	got, err := entry.Vouch(drafts(t, all[1:]), nil, all[last].Signature)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(entry.Signed(got)); n != 1 {
		t.Errorf("%d signatures to check, want 1", n)
	}
	for i, e := range got {
		// It is the same entry, and shows that by itself: stored, and read alone.
		alone, err := entry.Decode(bytes.Clone(e.Encoded()))
		if err != nil || e.ID() != all[i+1].ID() || !reflect.DeepEqual(alone, e) || alone.Verify() != nil || e.Verify() != nil {
			t.Fatalf("%d: %v\ngot  %+v\nwant %+v", i, err, alone, e)
		}
		if !bytes.Equal(e.Encoded(), reference(e)) {
			t.Errorf("%d is not deterministic CBOR", i)
		}
		for at := range e.Encoded() {
			b := bytes.Clone(e.Encoded())
			b[at] ^= 1
			if e, err := entry.Decode(b); err == nil && e.Verify() == nil {
				t.Fatalf("%d with byte %d altered is still right", i, at)
			}
		}
	}
	// A part of it goes on by what is above it, without those entries.
	middle, err := entry.Vouch(drafts(t, all[3:5]), got[3].Over, got[3].Signature)
	if err != nil || middle[0].Verify() != nil || middle[1].Verify() != nil || !bytes.Equal(middle[1].Encoded(), got[3].Encoded()) {
		t.Error("a part of it without those above:", err)
	}
}

func TestNoSignatureVouchesForWhatItDoesNotCover(t *testing.T) {
	all := stretch(t, entry.MaxOver+2)
	some := drafts(t, all)
	sum := make([]byte, 32)
	for _, test := range []struct {
		name   string
		drafts []entry.Draft
		over   []byte
	}{
		{"nothing", nil, nil},
		{"seventeen", some, nil},
		{"sixteen below another", some[:16], sum},
		{"out of order", []entry.Draft{some[1], some[0]}, nil},
		{"one left out", []entry.Draft{some[0], some[2]}, nil},
		{"the same twice", []entry.Draft{some[1], some[1]}, nil},
		{"half a sum", some[:1], sum[:31]},
		{"too many sums", some[:1], make([]byte, 16*32)},
		{"a statement below something", drafts(t, []*entry.Entry{make1(t, samples()["statement"])}), sum},
	} {
		var form *entry.FormError
		if _, err := entry.Vouch(test.drafts, test.over, all[1].Signature); !errors.As(err, &form) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// In form, but not what was signed.
	for name, test := range map[string]struct {
		drafts []entry.Draft
		over   []byte
		sig    [64]byte
	}{
		"below what was signed":       {drafts(t, all[:2]), nil, all[2].Signature},
		"above what was signed":       {drafts(t, all[1:3]), nil, all[1].Signature},
		"below another sum":           {drafts(t, all[:1]), sum, all[1].Signature},
		"by a sum that wasn't needed": {drafts(t, all[:2]), sum, all[1].Signature},
	} {
		got, err := entry.Vouch(test.drafts, test.over, test.sig)
		if err != nil {
			t.Fatal(name, err)
		}
		for i, e := range got {
			if e.Verify() == nil || entry.VerifyAll(got) != 0 || len(entry.Signed(got)) != 1 {
				t.Errorf("%s: %d is right", name, i)
			}
		}
	}
	// Somebody else's entry below one's own is still not theirs.
	f := samples()["change above"]
	f.Below = all[4].ID()
	mine, err := entry.New(f, signer(2))
	if err != nil {
		t.Fatal(err)
	}
	body := mine.Encoded()
	ownSum := sumFrom(t, body)
	got, err := entry.Vouch(drafts(t, all[4:5]), ownSum, mine.Signature)
	if err != nil || got[0].Top() != mine.ID() || got[0].Verify() == nil {
		t.Error("a device vouches for another one's entry:", err)
	}
}

// sumFrom is what PROTOCOL calls the sum of an encoded entry.
func sumFrom(t *testing.T, encoded []byte) []byte {
	t.Helper()
	var parts [][]byte
	if err := cbor.Unmarshal(encoded, &parts); err != nil {
		t.Fatal(err)
	}
	e, err := entry.Decode(encoded)
	if err != nil {
		t.Fatal(err)
	}
	outline := append(bytes.TrimSuffix(parts[0], wrapped(t, e.Payload)), wrapped(t, e.Digest[:])...)
	sum := sha256.Sum256(append([]byte("kith/body/1\x00"), outline...))
	return sum[:]
}

func wrapped(t *testing.T, b []byte) []byte {
	t.Helper()
	out, err := cbor.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatIsCheckedOfABatchIsEachSignatureOnce(t *testing.T) {
	all := stretch(t, 6)
	whole, err := entry.Vouch(drafts(t, all[:4]), nil, all[3].Signature)
	if err != nil {
		t.Fatal(err)
	}
	spoilt := altered(whole[1]) // the same entry, below another signature
	batch := []*entry.Entry{whole[2], all[5], whole[0], spoilt, whole[3], all[5]}
	if got := entry.Signed(batch); !slices.Equal(got, []*entry.Entry{whole[2], all[5], spoilt}) {
		t.Errorf("%d are checked", len(got))
	}
}

func make1(t fataler, f entry.Fields) *entry.Entry {
	t.Helper()
	e, err := entry.New(f, signer(1))
	if err != nil {
		t.Fatal(err)
	}
	return e
}

type fataler interface {
	Helper()
	Fatal(...any)
}

func TestAnEntryReadsBackAsItWas(t *testing.T) {
	for name, f := range samples() {
		e := make1(t, f)
		got, err := entry.Decode(e.Encoded())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !reflect.DeepEqual(got, e) || got.ID() != e.ID() {
			t.Errorf("%s:\ngot  %+v\nwant %+v", name, got, e)
		}
		if err := got.Verify(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if want := reference(e); !bytes.Equal(e.Encoded(), want) {
			t.Errorf("%s is not deterministic CBOR\ngot  %x\nwant %x", name, e.Encoded(), want)
		}
		if genesis := f.Space == (entry.SpaceID{}); genesis != (e.SpaceOf() == entry.SpaceID(e.ID())) {
			t.Errorf("%s is of space %v", name, e.SpaceOf())
		}
	}
}

func TestABareEntryProvesAllOfAnEntryButItsPayload(t *testing.T) {
	for name, f := range samples() {
		f.Payload = []byte("DE89 3704 0044 0532 0130 00")
		e := make1(t, f)
		bare := e.Strip()
		if bare.ID() != e.ID() || bare.Top() != e.Top() || bytes.Contains(bare.Encoded(), e.Payload) || !bytes.Equal(bare.Encoded(), reference(bare)) || bare.Strip() != bare {
			t.Errorf("%s: a bare entry of %d bytes: %x", name, len(bare.Encoded()), bare.Encoded())
		}
		got, err := entry.Decode(bare.Encoded())
		if e.Kind == entry.Statement {
			refused(t, name+" without what it states", bare.Encoded())
			continue
		}
		if err != nil || !reflect.DeepEqual(got, bare) || got.Verify() != nil {
			t.Errorf("%s: %v\ngot  %+v\nwant %+v", name, err, got, bare)
		}
		for at := range bare.Encoded() { // whatever is changed, it is another entry, or none
			b := bytes.Clone(bare.Encoded())
			b[at] ^= 1
			if other, err := entry.Decode(b); err == nil && other.ID() == e.ID() && other.Verify() == nil {
				t.Errorf("%s: with byte %d changed it still passes for the same", name, at)
			}
		}
		refused(t, name+" bare and with another fifth item", append(bytes.Clone(bare.Encoded()[:len(bare.Encoded())-1]), 0xf5))
	}
}

func TestAnyEntryReadsBackAsItWas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.Custom(func(t *rapid.T) entry.ID {
			return entry.ID(rapid.SliceOfN(rapid.Byte(), 32, 32).Draw(t, "id"))
		})
		f := entry.Fields{
			Space: entry.SpaceID(id.Draw(t, "space")), Kind: entry.Statement,
			Number:  rapid.Uint64Range(1, 1<<64-1).Draw(t, "number"),
			Payload: rapid.SliceOfN(rapid.Byte(), 1, 500).Draw(t, "payload"),
		}
		for range rapid.IntRange(1, entry.MaxHeads).Draw(t, "heads") {
			f.Heads = append(f.Heads, id.Draw(t, "head"))
		}
		if f.Number > 1 {
			f.Previous = id.Draw(t, "previous")
		}
		if rapid.Bool().Draw(t, "change") {
			f.Kind = entry.Change
			f.Create = &entry.Creation{Kind: rapid.StringMatching(`[a-z]{1,16}`).Draw(t, "kind"), Random: [16]byte(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "random"))}
			f.Doc = f.Create.DocID(f.Space, signer(1).Device(), f.Run)
		}
		rules := rapid.Uint64Range(1, 1<<64-1).Draw(t, "rules")
		e, err := entry.NewUnder(rules, f, signer(1))
		if err != nil {
			var form *entry.FormError
			if !errors.As(err, &form) {
				t.Fatal(err)
			}
			return // a zero ID or a head twice
		}
		if got, err := entry.Decode(e.Encoded()); err != nil || !reflect.DeepEqual(got, e) {
			t.Fatalf("%v\ngot  %+v\nwant %+v", err, got, e)
		}
		if !bytes.Equal(e.Encoded(), reference(e)) {
			t.Fatalf("not deterministic CBOR: %x", e.Encoded())
		}
	})
}

// heads finds where the heads of CBOR items begin in a flat array (with arrays in it).
func heads(b []byte) []int {
	var at []int
	for i := 0; i < len(b); {
		at = append(at, i)
		n, size := int(b[i]&31), 1
		switch b[i] & 31 {
		case 24:
			n, size = int(b[i+1]), 2
		case 25:
			n, size = int(b[i+1])<<8|int(b[i+2]), 3
		case 26:
			n, size = int(b[i+1])<<24|int(b[i+2])<<16|int(b[i+3])<<8|int(b[i+4]), 5
		}
		i += size
		if major := b[i-size] >> 5; major == 2 || major == 3 {
			i += n
		}
	}
	return at
}

// longer writes one head in the next longer form.
func longer(b []byte, at int) []byte {
	major, info := b[at]&0xe0, b[at]&31
	out := bytes.Clone(b[:at])
	switch {
	case info < 24:
		out = append(append(out, major|24, info), b[at+1:]...)
	case info == 24:
		out = append(append(out, major|25, 0, b[at+1]), b[at+2:]...)
	case info == 25:
		out = append(append(out, major|26, 0, 0, b[at+1], b[at+2]), b[at+3:]...)
	case info == 26:
		out = append(append(out, major|27, 0, 0, 0, 0), b[at+1:]...)
	}
	return out
}

// rewrap makes an entry of any body, signed rightly.
func rewrap(t *testing.T, body []byte) []byte {
	t.Helper()
	b, err := cbor.Marshal([][]byte{body, {}, {}, make([]byte, 64)})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func bodyOf(t *testing.T, e *entry.Entry) []byte {
	t.Helper()
	var parts [][]byte
	if err := cbor.Unmarshal(e.Encoded(), &parts); err != nil {
		t.Fatal(err)
	}
	return parts[0]
}

func refused(t *testing.T, what string, b []byte) {
	t.Helper()
	_, err := entry.Decode(b)
	var form *entry.FormError
	if !errors.As(err, &form) {
		t.Errorf("%s: %v\n%x", what, err, b)
	}
}

func TestEveryOtherWayToWriteAnEntryIsRefused(t *testing.T) {
	for name, f := range samples() {
		e := make1(t, f)
		body := bodyOf(t, e)
		if name == "change above" {
			continue // its body is like that of "change"
		}
		if _, err := entry.Decode(rewrap(t, body)); err != nil {
			t.Fatalf("%s: the test's own wrapping is refused: %v", name, err)
		}
		for _, at := range heads(body) {
			if body[at] == 0xf6 {
				continue // null has one form
			}
			refused(t, fmt.Sprintf("%s with a longer head at %d", name, at), rewrap(t, longer(body, at)))
		}
		for at := range len(e.Encoded()) {
			refused(t, fmt.Sprintf("%s cut off at %d", name, at), e.Encoded()[:at])
		}
		for _, at := range heads(e.Encoded()) {
			refused(t, fmt.Sprintf("%s with a longer outer head at %d", name, at), longer(e.Encoded(), at))
		}
		refused(t, name+" with a byte behind it", append(bytes.Clone(e.Encoded()), 0))
		refused(t, name+" with a byte behind its body", rewrap(t, append(bytes.Clone(body), 0)))
		refused(t, name+" in a tag", append([]byte{0xd8, 55}, e.Encoded()...))
		refused(t, name+" without an end", append(append([]byte{0x9f}, e.Encoded()[1:]...), 0xff))
		refused(t, name+" with a fifth part", append(append([]byte{0x85}, e.Encoded()[1:]...), 0))
		for what, parts := range map[string][][]byte{
			"a zero entry below spelled out": {body, make([]byte, 32), {}, make([]byte, 64)}, "a short entry below": {body, make([]byte, 31), {}, make([]byte, 64)},
			"half a sum above": {body, {}, make([]byte, 16), make([]byte, 64)}, "sixteen above": {body, {}, make([]byte, 16*32), make([]byte, 64)},
			"a short signature": {body, {}, {}, make([]byte, 63)}, "a long signature": {body, {}, {}, make([]byte, 65)},
		} {
			b, err := cbor.Marshal(parts)
			if err != nil {
				t.Fatal(err)
			}
			refused(t, name+" with "+what, b)
		}
		refused(t, name+" with a body without an end", rewrap(t, append(append([]byte{0x9f}, body[1:]...), 0xff)))
		refused(t, name+" with a twelfth field", rewrap(t, append(append([]byte{0x8c}, body[1:]...), 0)))
	}
	// Field by field, with a general encoder: each breaks one thing.
	e := make1(t, samples()["first change"])
	id, zero := bytes.Repeat([]byte{1}, 32), make([]byte, 32)
	fields := func() []any {
		return []any{
			e.Rules, e.Space[:], [][]byte{e.Heads[0][:]}, uint8(e.Kind), e.Doc[:], []any{e.Create.Kind, e.Create.Random[:]},
			e.Device[:], e.Run[:], e.Number, e.Previous[:], e.Payload,
		}
	}
	if b, _ := cbor.Marshal(fields()); !bytes.Equal(b, bodyOf(t, e)) {
		t.Fatal("the test's own fields make another body")
	}
	for _, test := range []struct {
		name  string
		field int
		value any
	}{
		{"rules 0", 0, 0}, {"negative rules", 0, -1}, {"rules as text", 0, "1"}, {"rules as a float", 0, 1.0},
		{"a zero space spelled out", 1, zero}, {"a short space", 1, id[:31]}, {"a long space", 1, append(bytes.Clone(id), 0)}, {"a space as text", 1, strings.Repeat("a", 32)}, {"no space with heads", 1, []byte{}}, {"a null space", 1, nil},
		{"heads not sorted", 2, [][]byte{id, e.Heads[0][:], zero}}, {"a head twice", 2, [][]byte{id, id}}, {"a short head", 2, [][]byte{id[:31]}}, {"no heads", 2, [][]byte{}}, {"null heads", 2, nil}, {"heads as a map", 2, map[string]int{}}, {"heads as bytes", 2, id},
		{"kind 0", 3, 0}, {"kind 3", 3, 3}, {"kind 258", 3, 258}, {"a statement about a document", 3, 2},
		{"a zero document", 4, zero[:20]}, {"no document", 4, []byte{}}, {"another document", 4, id[:20]}, {"a long document", 4, id},
		{"a document kind in capitals", 5, []any{"Task", e.Create.Random[:]}}, {"no document kind", 5, []any{"", e.Create.Random[:]}}, {"a long document kind", 5, []any{strings.Repeat("a", 17), e.Create.Random[:]}}, {"a document kind as bytes", 5, []any{[]byte("task"), e.Create.Random[:]}}, {"a short random part", 5, []any{"task", id[:15]}}, {"another random part", 5, []any{"task", id[:16]}}, {"a third part in the creation header", 5, []any{"task", e.Create.Random[:], 0}}, {"undefined for no creation header", 5, cbor.RawMessage{0xf7}}, {"false for no creation header", 5, false},
		{"a short device", 6, id[:31]}, {"no device", 6, []byte{}}, {"another device than created it", 6, id},
		{"no run", 7, []byte{}}, {"a long run", 7, id},
		{"number 0", 8, 0}, {"number 1 after another", 8, 1}, {"a number as bytes", 8, []byte{2}},
		{"nothing before number 2", 9, []byte{}}, {"zero spelled out before number 2", 9, zero}, {"a short entry before", 9, id[:20]},
		{"no payload", 10, []byte{}}, {"a payload as text", 10, "abc"}, {"a null payload", 10, nil}, {"a payload in parts", 10, cbor.RawMessage{0x5f, 0x41, 1, 0xff}},
	} {
		all := fields()
		all[test.field] = test.value
		b, err := cbor.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		refused(t, test.name, rewrap(t, b))
	}
}

// Where no other rule stands behind the canonical form.
func TestAStatementOrGenesisWrittenAnotherWayIsRefused(t *testing.T) {
	zero := make([]byte, 32)
	for _, test := range []struct {
		name, of string
		field    int
		value    any
	}{
		{"a zero space spelled out", "genesis", 1, zero},
		{"no heads by a reserved length", "genesis", 2, cbor.RawMessage(append([]byte{0x9c}, zero[:16]...))},
		{"kind 258", "statement", 3, 258},
		{"a zero document spelled out", "statement", 4, zero[:20]},
		{"nothing before spelled out", "genesis", 9, zero},
		{"nothing before by a reserved length", "genesis", 9, cbor.RawMessage(append([]byte{0x5c}, zero[:16]...))},
	} {
		e := make1(t, samples()[test.of])
		var fields []any
		if err := cbor.Unmarshal(bodyOf(t, e), &fields); err != nil {
			t.Fatal(err)
		}
		fields[test.field] = test.value
		var body []byte
		for _, f := range fields { // item by item: a general encoder refuses what isn't CBOR
			if raw, ok := f.(cbor.RawMessage); ok {
				body = append(body, raw...)
				continue
			}
			b, err := cbor.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			body = append(body, b...)
		}
		refused(t, test.name, rewrap(t, append([]byte{0x8b}, body...)))
	}
}

func TestEachLimitHoldsAndWhatIsWithinItPasses(t *testing.T) {
	space := entry.SpaceID{1}
	var ids []entry.ID
	for i := range entry.MaxHeads + 1 {
		ids = append(ids, entry.ID{1, byte(i)})
	}
	largest := entry.Fields{
		Space: space, Heads: ids[:entry.MaxHeads], Kind: entry.Change, Number: 1<<64 - 1, Previous: entry.ID{1},
		Payload: make([]byte, entry.MaxPayload), Create: &entry.Creation{Kind: strings.Repeat("z", entry.MaxDocKind)},
	}
	largest.Doc = largest.Create.DocID(space, signer(1).Device(), largest.Run)
	e, err := entry.NewUnder(1<<64-1, largest, signer(1))
	if err != nil {
		t.Fatal(err)
	}
	// A creation names none below it, another change has no creation header: both are counted.
	if n := len(e.Encoded()) + 32 + 1 + entry.MaxOver*32; n > entry.MaxSize {
		t.Errorf("the largest entry has %d bytes, the limit is %d", n, entry.MaxSize)
	}
	if _, err := entry.Decode(e.Encoded()); err != nil {
		t.Error(err)
	}
	base := samples()["statement"]
	for _, test := range []struct {
		name   string
		change func(f *entry.Fields)
		want   string
	}{
		{"payload", func(f *entry.Fields) { f.Payload = make([]byte, entry.MaxPayload+1) }, "a payload of 1048577 bytes, the limit is 1048576"},
		{"heads", func(f *entry.Fields) { f.Heads = ids }, "65 charter heads, the limit is 64"},
		{"a head twice", func(f *entry.Fields) { f.Heads = []entry.ID{{1}, {1}} }, "not sorted and unique"},
		{"no payload", func(f *entry.Fields) { f.Payload = nil }, "no payload"},
		{"no heads", func(f *entry.Fields) { f.Heads = nil }, "only a genesis"},
		{"no space", func(f *entry.Fields) { f.Space = entry.SpaceID{} }, "only a genesis"},
		{"no kind", func(f *entry.Fields) { f.Kind = 0 }, "kind 0"},
		{"no number", func(f *entry.Fields) { f.Number = 0 }, "number 0"},
		{"nothing before", func(f *entry.Fields) { f.Previous = entry.ID{} }, "don't go together"},
		{"a document", func(f *entry.Fields) { f.Doc = entry.DocID{1} }, "names a document"},
		{"something below a statement", func(f *entry.Fields) { f.Below = entry.ID{1} }, "above another"},
		{"something below the first of a run", func(f *entry.Fields) { f.Number, f.Previous, f.Below = 1, entry.ID{}, entry.ID{1} }, "names one below it"},
		{"a change of nothing", func(f *entry.Fields) { f.Kind = entry.Change }, "names no document"},
	} {
		f := base
		test.change(&f)
		if _, err := entry.New(f, signer(1)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v, want %q", test.name, err, test.want)
		}
	}
	refused(t, "a megabyte too much", make([]byte, entry.MaxSize+1))
	// Lengths that aren't there cost nothing.
	huge := []byte{0x82, 0x5b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	refused(t, "a body of 2^63 bytes", huge)
	if n := testing.AllocsPerRun(10, func() { entry.Decode(huge) }); n > 20 {
		t.Errorf("refusing takes %v allocations", n)
	}
}

func TestAnAlteredEntryHasAnotherIDOrAWrongSignature(t *testing.T) {
	for name, f := range samples() {
		e := make1(t, f)
		for i := range e.Encoded() {
			b := bytes.Clone(e.Encoded())
			b[i] ^= 1
			got, err := entry.Decode(b)
			if err == nil && got.Verify() == nil {
				t.Errorf("%s with byte %d altered is still right", name, i)
			}
		}
		if !errors.Is(altered(e).Verify(), entry.ErrSignature) {
			t.Errorf("%s with another signature is right", name)
		}
	}
}

func altered(e *entry.Entry) *entry.Entry {
	other := *e
	other.Signature[0] ^= 1
	return &other
}

func TestNoSignatureServesAnotherPurpose(t *testing.T) {
	domains := []entry.Domain{
		entry.DomainEntry, entry.DomainCertificate, entry.DomainDevice, entry.DomainConsent, entry.DomainInvite,
		entry.DomainPairing, entry.DomainRecovery, entry.DomainBundle, entry.DomainPact, entry.DomainSeat,
	}
	key := signer(1)
	for _, made := range domains {
		sig := key.Sign(made, []byte("message"))
		for _, asked := range domains {
			if got := entry.VerifySignature(key.Device(), asked, []byte("message"), sig); got != (made == asked) {
				t.Errorf("made for %q, verified for %q: %v", made, asked, got)
			}
		}
		if entry.VerifySignature(key.Device(), made, []byte("massage"), sig) || entry.VerifySignature(signer(2).Device(), made, []byte("message"), sig) {
			t.Errorf("%q: a signature holds for another message or key", made)
		}
		// A domain can't be stretched into another by what follows it.
		for _, other := range domains {
			if made != other && strings.HasPrefix(string(other), string(made)) {
				t.Errorf("%q begins with %q", other, made)
			}
		}
	}
	if got := entry.SignerFromSeed(key.Seed()); got.Device() != key.Device() {
		t.Error("a seed gives another key")
	}
	if entry.NewSigner().Device() == entry.NewSigner().Device() {
		t.Error("two fresh keys are one")
	}
}

// Points of small order and other odd encodings, for which rules of verification differ.
var oddKeys = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000080", // x = 0 with a sign
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f", // 1, not reduced
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
}

func TestVerifyingTogetherAgreesWithOneByOne(t *testing.T) {
	var all []*entry.Entry
	for i := range 12 {
		f := samples()["change"]
		f.Number += uint64(i)
		e := make1(t, f)
		all = append(all, e)
	}
	for _, k := range oddKeys {
		for _, r := range oddKeys {
			e := *make1(t, samples()["change"])
			key, _ := hex.DecodeString(k)
			point, _ := hex.DecodeString(r)
			e.Device, e.Signature = entry.Device(key), [64]byte{}
			copy(e.Signature[:], point)
			all = append(all, &e)
		}
	}
	alone := func(batch []*entry.Entry) int {
		return slices.IndexFunc(batch, func(e *entry.Entry) bool { return e.Verify() != nil })
	}
	odd := 0
	for _, e := range all[12:] {
		if e.Verify() == nil {
			odd++
		}
	}
	if odd == 0 {
		t.Error("no odd signature is right by ZIP-215: the test tests nothing")
	}
	for size := range 13 {
		if got := entry.VerifyAll(all[:size]); got != -1 {
			t.Errorf("of %d right ones, number %d is wrong", size, got)
		}
		for wrong := range size {
			batch := slices.Clone(all[:size])
			batch[wrong] = altered(batch[wrong])
			if got := entry.VerifyAll(batch); got != wrong {
				t.Errorf("of %d, number %d is wrong, not %d", size, wrong, got)
			}
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var batch []*entry.Entry
		for _, i := range rapid.SliceOfN(rapid.IntRange(0, len(all)-1), 0, 12).Draw(t, "batch") {
			batch = append(batch, all[i])
		}
		if want, got := alone(batch), entry.VerifyAll(batch); want != got {
			t.Fatalf("one by one the first wrong one is %d, together %d", want, got)
		}
	})
}

func TestDocumentsAndActorsHangOnAllThatNamesThem(t *testing.T) {
	space, device, run := entry.SpaceID{1}, entry.Device{2}, entry.Run{3}
	c := entry.Creation{Kind: "task", Random: [16]byte{4}}
	doc := c.DocID(space, device, run)
	docs := []entry.DocID{
		doc, c.DocID(entry.SpaceID{9}, device, run), c.DocID(space, entry.Device{9}, run), c.DocID(space, device, entry.Run{9}),
		entry.Creation{Kind: "note", Random: c.Random}.DocID(space, device, run), entry.Creation{Kind: "task"}.DocID(space, device, run),
	}
	actor := entry.ActorOf(space, device, run, doc)
	actors := [][entry.ActorSize]byte{
		actor, entry.ActorOf(entry.SpaceID{9}, device, run, doc), entry.ActorOf(space, entry.Device{9}, run, doc),
		entry.ActorOf(space, device, entry.Run{9}, doc), entry.ActorOf(space, device, run, entry.DocID{9}),
	}
	for i := range docs {
		if slices.Contains(docs[:i], docs[i]) {
			t.Errorf("document %d is one before it", i)
		}
	}
	for i := range actors {
		if slices.Contains(actors[:i], actors[i]) {
			t.Errorf("actor %d is one before it", i)
		}
	}
	if got, err := entry.ParseDocID(doc.String()); err != nil || got != doc {
		t.Error(got, err)
	}
	s := doc.String()
	for _, wrong := range []string{"", s[1:], s + "0", strings.ToUpper(s), s[:31] + "u", s[:31] + "\n", s[:16] + "\n" + s[16:], "t-" + s} {
		if _, err := entry.ParseDocID(wrong); err == nil {
			t.Errorf("%q is read as a document ID", wrong)
		}
	}
}

// vector is an entry with what follows from it, for a second implementation to test itself against.
type vector struct {
	Name   string `json:"name"`
	Seed   string `json:"device_seed"`
	Entry  string `json:"entry"`
	ID     string `json:"id"`
	Space  string `json:"space"`
	Device string `json:"device"`
	Doc    string `json:"document,omitempty"`
	Actor  string `json:"actor,omitempty"`
}

func makeVectors(t *testing.T) []vector {
	var all []vector
	under := stretch(t, 3)
	below, err := entry.Vouch(drafts(t, under[:2]), sumFrom(t, under[2].Encoded()), under[2].Signature)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"genesis", "statement", "first change", "change", "change above", "change below two others", "the same, bare"} {
		var e *entry.Entry
		if f, ok := samples()[name]; ok {
			e = make1(t, f)
		} else {
			e = below[0]
		}
		if name == "the same, bare" {
			e = e.Strip()
		}
		seed := signer(1).Seed()
		v := vector{
			Name: name, Seed: hex.EncodeToString(seed[:]), Entry: hex.EncodeToString(e.Encoded()), ID: e.ID().String(),
			Space: e.SpaceOf().String(), Device: e.Device.String(),
		}
		if e.Kind == entry.Change {
			actor := entry.ActorOf(e.Space, e.Device, e.Run, e.Doc)
			v.Doc, v.Actor = e.Doc.String(), hex.EncodeToString(actor[:])
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

// writeCorpus writes the seeds of FuzzDecode: the vectors, and what is nearly one.
func writeCorpus(t *testing.T) {
	for name, f := range samples() {
		b := make1(t, f).Encoded()
		for kind, seed := range map[string][]byte{"": b, " cut": b[:len(b)/2], " longer": append(bytes.Clone(b), 0), " other head": longer(b, 1)} {
			formattest.Seed(t, "FuzzDecode", strings.ReplaceAll(name+kind, " ", "-"), seed)
		}
	}
}

func FuzzDecode(f *testing.F) {
	formattest.NeedSeeds(f)
	f.Fuzz(func(t *testing.T, in []byte) {
		e, err := entry.Decode(in)
		if err != nil {
			var form *entry.FormError
			if !errors.As(err, &form) {
				t.Fatalf("%T %v", err, err)
			}
			return
		}
		if want := reference(e); !bytes.Equal(in, want) {
			t.Fatalf("an entry has two encodings\nin        %x\nreference %x", in, want)
		}
		e.Verify()
	})
}
