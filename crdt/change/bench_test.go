package change_test

import (
	"fmt"
	"runtime"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

func fiveOps(h *change.History, actor change.Actor) *change.Change {
	var root change.OpID
	var ops []change.Op
	for i := range 5 {
		op := changetest.Put(root, fmt.Sprint("key", i), change.StrValue("a value of some length"))
		for _, w := range h.Writes(root, op.Key) {
			if !w.Overwritten {
				op.Pred = append(op.Pred, w.ID)
			}
		}
		ops = append(ops, op)
	}
	return changetest.New(h, actor, ops...)
}

const someActor = change.Actor("0123456789abcdef")

// Parse, Check and Add of a change of 5 operations; documents have 10 changes.
func BenchmarkAcceptSmallChange(b *testing.B) {
	h := change.NewHistory()
	var chunks [][]byte
	for range 10 {
		c := fiveOps(h, someActor)
		must(b, h.Check(c))
		h.Add(c)
		chunks = append(chunks, c.Encode())
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i++ {
		if i%len(chunks) == 0 {
			h = change.NewHistory()
		}
		c, err := change.Parse(chunks[i%len(chunks)])
		if err == nil {
			err = h.Check(c)
		}
		if err != nil {
			b.Fatal(err)
		}
		h.Add(c)
	}
}

func BenchmarkParseSmallChange(b *testing.B) {
	chunk := fiveOps(change.NewHistory(), someActor).Encode()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := change.Parse(chunk); err != nil {
			b.Fatal(err)
		}
	}
}

// note returns the History of a text, typed in changes of so many characters each.
func note(t testing.TB, characters, each int) (*change.History, [][]byte) {
	h := change.NewHistory()
	c := changetest.New(h, someActor, changetest.Make(change.OpID{}, "text", change.MakeText))
	must(t, h.Check(c))
	h.Add(c)
	chunks := [][]byte{c.Encode()}
	text, after := c.Ops[0].ID, change.OpID{}
	for n := 0; n < characters; n += each {
		var ops []change.Op
		for i := range each {
			ops = append(ops, changetest.Insert(text, after, change.StrValue(string(rune('a'+i%26)))))
			after = change.OpID{Counter: h.MaxOp() + 1 + uint64(i), Actor: someActor}
		}
		c := changetest.New(h, someActor, ops...)
		must(t, h.Check(c))
		h.Add(c)
		chunks = append(chunks, c.Encode())
	}
	return h, chunks
}

// A note of 100,000 characters, typed one by one: time and memory for each character.
func BenchmarkAcceptTypedCharacter(b *testing.B) {
	_, chunks := note(b, 100_000, 1)
	b.ReportAllocs()
	h := change.NewHistory()
	for i := 0; i < b.N; i++ {
		if i%len(chunks) == 0 {
			h = change.NewHistory()
		}
		c, err := change.Parse(chunks[i%len(chunks)])
		if err == nil {
			err = h.Check(c)
		}
		if err != nil {
			b.Fatal(err)
		}
		h.Add(c)
	}
}

func BenchmarkAcceptPaste(b *testing.B) {
	_, chunks := note(b, 100_000, 100_000)
	b.ReportAllocs()
	for b.Loop() {
		h := change.NewHistory()
		for _, chunk := range chunks {
			c, err := change.Parse(chunk)
			if err == nil {
				err = h.Check(c)
			}
			if err != nil {
				b.Fatal(err)
			}
			h.Add(c)
		}
	}
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func TestANoteOfManyCharactersTakesLittleMemory(t *testing.T) {
	for _, each := range []int{1, 100_000} {
		before := heap()
		h, chunks := note(t, 100_000, each)
		chunks = nil
		took := (heap() - before) / 100_000
		runtime.KeepAlive(h)
		_ = chunks
		t.Logf("%d characters a change: %d bytes a character", each, took)
		if took > 300 {
			t.Errorf("%d bytes for each character", took)
		}
	}
}

// Ten thousand documents of ten changes with five operations each are held by a busy daemon.
func TestManySmallHistoriesTakeLittleMemory(t *testing.T) {
	h := change.NewHistory()
	var chunks [][]byte
	for range 10 {
		c := fiveOps(h, someActor)
		must(t, h.Check(c))
		h.Add(c)
		chunks = append(chunks, c.Encode())
	}
	const n = 1000
	all := make([]*change.History, n)
	before := heap()
	for i := range all {
		all[i] = accept(t, chunks)
	}
	took := (heap() - before) / n
	runtime.KeepAlive(all)
	t.Logf("%d bytes a document of 10 changes and 50 writes", took)
	if took > 20_000 {
		t.Errorf("%d bytes a document", took)
	}
}
