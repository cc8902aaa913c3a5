package change_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// each returns a change at a limit: one more of what it bounds is too much.
func TestEachLimitHoldsTheLastAndRefusesTheNext(t *testing.T) {
	tests := []struct {
		what  string
		limit int
		with  func(c *change.Change, n int)
	}{
		{"operations in a change", change.MaxOps, func(c *change.Change, n int) {
			op := c.Ops[0]
			c.Ops = make([]change.Op, n)
			for i := range c.Ops {
				c.Ops[i] = op
			}
		}},
		{"predecessors in a change", change.MaxPreds, func(c *change.Change, n int) {
			c.StartOp = 1 << 20
			for i := range n {
				c.Ops[0].Pred = append(c.Ops[0].Pred, change.OpID{Counter: uint64(i + 1), Actor: ana})
			}
		}},
		{"dependencies of a change", change.MaxDeps, func(c *change.Change, n int) {
			for i := range n {
				c.Deps = append(c.Deps, change.Hash{byte(i >> 8), byte(i)})
			}
		}},
		{"other actors in a change", change.MaxActors, func(c *change.Change, n int) {
			c.StartOp = 2
			for i := range n {
				c.Ops[0].Pred = append(c.Ops[0].Pred, change.OpID{Counter: 1, Actor: actorNumber(i)})
			}
		}},
		{"bytes of an actor", change.MaxActorSize, func(c *change.Change, n int) {
			c.Actor = change.Actor(strings.Repeat("a", n))
		}},
		{"bytes of a change's message", change.MaxMessage, func(c *change.Change, n int) {
			c.Message = strings.Repeat("m", n)
		}},
		{"bytes of a key", change.MaxKey, func(c *change.Change, n int) {
			c.Ops[0].Key = strings.Repeat("k", n)
		}},
		{"bytes of a change", change.MaxSize, func(c *change.Change, n int) {
			c.Ops[0].Value = change.StrValue(strings.Repeat("v", n/2)) // a length in as many bytes
			c.Ops[0].Value = change.StrValue(strings.Repeat("v", n/2+n-len(c.Encode())))
		}},
	}
	for _, tt := range tests {
		t.Run(tt.what, func(t *testing.T) {
			chunk := func(n int) []byte {
				c := &change.Change{Actor: ana, Seq: 1, StartOp: 1, Ops: []change.Op{changetest.Put(root, "k", change.Value{})}}
				tt.with(c, n)
				return c.Encode()
			}
			if _, err := change.Parse(chunk(tt.limit)); err != nil {
				t.Errorf("%d: %v", tt.limit, err)
			}
			_, err := change.Parse(chunk(tt.limit + 1))
			var over *change.LimitError
			if !errors.As(err, &over) || over.What != tt.what || over.Limit != int64(tt.limit) || over.Got <= over.Limit {
				t.Errorf("%d: got %v", tt.limit+1, err)
			}
		})
	}
}

func TestObjectsLieAtMostSoDeep(t *testing.T) {
	nest := func(n int) *change.Change {
		ops := []change.Op{changetest.Make(root, "k", change.MakeMap)}
		for i := 1; i < n; i++ {
			ops = append(ops, changetest.Make(own(uint64(i)), "k", change.MakeMap))
		}
		return changetest.New(change.NewHistory(), ana, ops...)
	}
	c := nest(change.MaxDepth)
	if err := change.NewHistory().Check(c); err != nil {
		t.Errorf("%d: %v", change.MaxDepth, err)
	}
	var misfit *change.ContextError
	if err := change.NewHistory().Check(nest(change.MaxDepth + 1)); !errors.As(err, &misfit) || misfit.Rule != change.RuleDepth {
		t.Errorf("%d: %v", change.MaxDepth+1, err)
	}
	if wrong, died := startCore(t, "checked").use([][]byte{c.Encode()}); died || wrong != "" {
		t.Errorf("the core, at the limit: %s", wrong)
	}
}

// A text of 100,000 characters can be pasted at once, into a new document or an old one.
func TestALongTextPastedAtOnceFits(t *testing.T) {
	if testing.Short() {
		t.Skip("the core takes its time")
	}
	for _, text := range []string{strings.Repeat("a line of text\n", 100_000/15), strings.Repeat("🦊é", 50_000)} {
		d := automerge.New()
		must(t, d.RootMap().Set("title", "A long note"))
		must(t, d.RootMap().Set("text", automerge.NewText(text)))
		_, err := d.Commit("pasted")
		must(t, err)
		changes := chunks(t, d)
		t.Logf("%d bytes", len(changes[0]))
		if h := accept(t, changes); h.Ops() < 99_000 {
			t.Errorf("%d operations", h.Ops())
		}
	}
}

func deflated(t testing.TB, chunk []byte, level int) []byte {
	var body bytes.Buffer
	w, err := flate.NewWriter(&body, level)
	must(t, err)
	w.Write(changetest.Body(chunk))
	must(t, w.Close())
	b := append(slices.Clone(chunk[:8]), 2)
	b = binary.AppendUvarint(b, uint64(body.Len()))
	return append(b, body.Bytes()...)
}

// Attack 5: a change can be deflated in many ways, and has one form when inflated.
func TestOneChangeDeflatedInManyWaysIsOneChange(t *testing.T) {
	chunk := grown(t, 7, 2, 10)[0]
	forms := map[string]bool{}
	for level := -2; level <= 9; level++ {
		form := deflated(t, chunk, level)
		forms[string(form)] = true
		b, err := change.Inflate(form)
		must(t, err)
		if !bytes.Equal(b, chunk) {
			t.Fatalf("level %d: another change", level)
		}
		if _, err := change.Parse(form); err == nil {
			t.Fatalf("level %d: Parse takes a deflated chunk", level)
		}
	}
	if len(forms) < 3 {
		t.Errorf("only %d ways", len(forms))
	}
	if b, err := change.Inflate(chunk); err != nil || !bytes.Equal(b, chunk) {
		t.Errorf("an uncompressed chunk is changed by Inflate: %v", err)
	}
}

func TestDamagedDeflatedChunksAreRefused(t *testing.T) {
	form := deflated(t, grown(t, 7, 2, 10)[0], 9)
	tests := map[string][]byte{
		"cut short":           withLength(form[:len(form)-3]),
		"more after the end":  withLength(append(slices.Clone(form), 0)),
		"a wrong checksum":    append(append(slices.Clone(form[:4]), form[4]^1), form[5:]...),
		"damaged":             withLength(append(slices.Clone(form[:len(form)/2]), bytes.Repeat([]byte{0xff}, 20)...)),
		"a length that's off": append(slices.Clone(form), 0),
	}
	for name, b := range tests {
		var syntax *change.SyntaxError
		if _, err := change.Inflate(b); !errors.As(err, &syntax) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// withLength returns a chunk with the length of its body made right.
func withLength(chunk []byte) []byte {
	_, n := binary.Uvarint(chunk[9:])
	body := chunk[9+n:]
	return append(binary.AppendUvarint(slices.Clone(chunk[:9]), uint64(len(body))), body...)
}

// allocated returns the bytes that f allocates.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}

// Attack 4: a few bytes that stand for much.
func TestBombsAreRefusedByCounting(t *testing.T) {
	put := changetest.New(change.NewHistory(), ana, changetest.Put(root, "k", change.StrValue("v")))
	head, columns, _, _ := changetest.Split(changetest.Body(put.Encode()))
	run := func(n uint64, value ...byte) []byte { return append(appendSigned(int64(n)), value...) }
	with := func(n uint64, specs ...uint64) []byte {
		out := slices.Clone(columns)
		for i := range out {
			switch {
			case !slices.Contains(specs, out[i].Spec):
			case out[i].Spec == 0x15:
				out[i].Data = run(n, 1, 'k')
			case out[i].Spec == 0x34:
				out[i].Data = binary.AppendUvarint(nil, n)
			default:
				out[i].Data = run(n, 1)
			}
		}
		return changetest.Chunk(changetest.Join(head, out, nil))
	}
	all := []uint64{0x15, 0x34, 0x42, 0x56, 0x70}
	var bomb bytes.Buffer
	w, _ := flate.NewWriter(&bomb, 9)
	io.CopyN(w, zeros{}, 1<<26)
	w.Close()
	inflates := append([]byte("\x85\x6f\x4a\x83\x00\x00\x00\x00\x02"), binary.AppendUvarint(nil, uint64(bomb.Len()))...)
	inflates = append(inflates, bomb.Bytes()...)
	tests := []struct {
		name  string
		chunk []byte
		limit bool
	}{
		{"2^31 operations in one run", with(1<<31, all...), true},
		{"2^62 operations in one run", with(1<<62, all...), true},
		{"as many actions alone", with(1<<40, 0x42), true},
		{"as many keys alone", with(1<<40, 0x15), false},
		{"as many values alone", with(1<<40, 0x56), false},
		{"2^31 predecessors", changetest.Chunk(changetest.Join(head, replace(columns, 0x70, append([]byte{0x7f}, binary.AppendUvarint(nil, 1<<31)...)), nil)), true},
		{"2^63 predecessors, which overflow", changetest.Chunk(changetest.Join(head, replace(columns, 0x70, append([]byte{2}, binary.AppendUvarint(nil, 1<<63)...)), nil)), true},
		{"a run of 2^63 listed values", changetest.Chunk(changetest.Join(head, replace(columns, 0x42, append(appendSigned(-1<<63), 1)), nil)), false},
		{"2^60 dependencies", changetest.Chunk(append(binary.AppendUvarint(nil, 1<<60), changetest.Body(put.Encode())[1:]...)), true},
		{"64 megabytes of zeros, deflated to 64 kilobytes", inflates, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var err error
			took := allocated(func() {
				b, inflateErr := change.Inflate(tt.chunk)
				if err = inflateErr; err == nil {
					_, err = change.Parse(b)
				}
			})
			if err == nil {
				t.Fatal("accepted")
			}
			if _, limit := errors.AsType[*change.LimitError](err); limit != tt.limit {
				t.Errorf("got %v", err)
			}
			// A few times what the largest change may have, for buffers that grow; the race detector
			// adds to it. The bombs claim from 64 MB up.
			if took > 16<<20 {
				t.Errorf("%d bytes allocated to find out", took)
			}
		})
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }

func replace(columns []changetest.Column, spec uint64, data []byte) []changetest.Column {
	out := slices.Clone(columns)
	for i := range out {
		if out[i].Spec == spec {
			out[i].Data = data
		}
	}
	return out
}

func appendSigned(v int64) []byte {
	var b []byte
	for v >= 0x40 || v < -0x40 {
		b = append(b, byte(v)&0x7f|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

// The largest change that is taken costs a bounded amount to judge.
func TestTheLargestChangeTakesBoundedMemory(t *testing.T) {
	c := &change.Change{Actor: ana, Seq: 1, StartOp: 1, Ops: []change.Op{changetest.Make(root, "text", change.MakeText)}}
	for i := range change.MaxOps - 1 {
		after := change.OpID{}
		if i > 0 {
			after = change.OpID{Counter: uint64(i) + 1, Actor: ana}
		}
		c.Ops = append(c.Ops, changetest.Insert(change.OpID{Counter: 1, Actor: ana}, after, change.StrValue("x")))
	}
	chunk := c.Encode()
	took := allocated(func() {
		c, err := change.Parse(chunk)
		must(t, err)
		must(t, change.NewHistory().Check(c))
	})
	t.Logf("%d operations in %d bytes: %d bytes allocated", change.MaxOps, len(chunk), took)
	if took > 64<<20 {
		t.Errorf("%d bytes allocated", took)
	}
}
