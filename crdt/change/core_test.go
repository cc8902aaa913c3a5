package change_test

import (
	"bytes"
	"fmt"
	"math"
	"math/rand"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
)

// grower lets several people work on one document, each with their own copy and actor, by every
// operation that automerge-go can make. pick draws a number below n, from a seed or from rapid.
type grower struct {
	t    testing.TB
	pick func(n int) int
	docs []*automerge.Doc
	n    int // changes so far
}

func newGrower(t testing.TB, pick func(n int) int, people int) *grower {
	g := &grower{t: t, pick: pick}
	first := automerge.New()
	must(t, first.SetActorID(actorID(0)))
	must(t, first.RootMap().Set("text", automerge.NewText("a note")))
	must(t, first.RootMap().Set("list", automerge.NewList()))
	must(t, first.RootMap().Set("map", automerge.NewMap()))
	must(t, first.RootMap().Set("count", automerge.NewCounter(3)))
	_, err := first.Commit("made", at(0))
	must(t, err)
	g.docs = []*automerge.Doc{first}
	for i := 1; i < people; i++ {
		d, err := first.Fork()
		must(t, err)
		must(t, d.SetActorID(actorID(i)))
		g.docs = append(g.docs, d)
	}
	return g
}

func actorID(i int) string { return fmt.Sprintf("%032x", (i*0x9e37+0x1111)&0xffff) }

func at(ms int64) automerge.CommitOptions {
	when := time.UnixMilli(ms)
	return automerge.CommitOptions{Time: &when, AllowEmpty: true}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// step lets one person commit a few edits, or merge with another.
func (g *grower) step() {
	i := g.pick(len(g.docs))
	d := g.docs[i]
	if g.pick(4) == 0 {
		other := g.docs[g.pick(len(g.docs))]
		if other != d {
			_, err := d.Merge(other)
			must(g.t, err)
		}
		return
	}
	for range g.pick(5) { // none at all makes an empty change
		g.edit(d)
	}
	g.n++
	message := ""
	if g.pick(3) == 0 {
		message = "change " + fmt.Sprint(g.n)
	}
	_, err := d.Commit(message, at(int64(g.n)*1000))
	must(g.t, err)
	if g.pick(12) == 0 { // a fresh run of the same person, perhaps from an older place
		var asOf []automerge.ChangeHash
		if g.pick(2) == 0 {
			changes, err := d.Changes()
			must(g.t, err)
			asOf = append(asOf, changes[g.pick(len(changes))].Hash())
		}
		fork, err := d.Fork(asOf...)
		must(g.t, err)
		must(g.t, fork.SetActorID(actorID(100+g.n)))
		g.docs[i] = fork
	}
}

// edit makes one edit to a map, list or text that the document holds.
func (g *grower) edit(d *automerge.Doc) {
	v := d.Root()
	for range g.pick(4) { // down into the document
		var inner []*automerge.Value
		switch v.Kind() {
		case automerge.KindMap:
			keys, err := v.Map().Keys()
			must(g.t, err)
			for _, k := range sorted(keys) {
				e, err := v.Map().Get(k)
				must(g.t, err)
				inner = append(inner, e)
			}
		case automerge.KindList:
			for i := range v.List().Len() {
				e, err := v.List().Get(i)
				must(g.t, err)
				inner = append(inner, e)
			}
		}
		var deep []*automerge.Value
		for _, e := range inner {
			switch e.Kind() {
			case automerge.KindMap, automerge.KindList, automerge.KindText, automerge.KindCounter:
				deep = append(deep, e)
			}
		}
		if len(deep) == 0 {
			break
		}
		v = deep[g.pick(len(deep))]
	}
	switch v.Kind() {
	case automerge.KindMap:
		key := []string{"a", "b", "title", "ключ", "\x00", "count"}[g.pick(6)]
		switch g.pick(4) {
		case 0:
			must(g.t, v.Map().Delete(key))
		default:
			must(g.t, v.Map().Set(key, g.value()))
		}
	case automerge.KindList:
		l := v.List()
		n := l.Len()
		switch {
		case n == 0 || g.pick(3) == 0:
			must(g.t, l.Insert(g.pick(n+1), g.value()))
		case g.pick(2) == 0:
			must(g.t, l.Set(g.pick(n), g.value()))
		default:
			must(g.t, l.Delete(g.pick(n)))
		}
	case automerge.KindText:
		n := v.Text().Len()
		pos := g.pick(n + 1)
		must(g.t, v.Text().Splice(pos, g.pick(min(3, n-pos)+1), []string{"", "x", "two words", "żółć 🦊"}[g.pick(4)]))
	case automerge.KindCounter:
		must(g.t, v.Counter().Inc(int64(g.pick(7))-3))
	}
}

func (g *grower) value() any {
	switch g.pick(15) {
	case 0:
		return nil
	case 1:
		return true
	case 2:
		return int64(-g.pick(1 << 20))
	case 3:
		return uint64(math.MaxUint64)
	case 4:
		return math.Inf(-1)
	case 5:
		return "text " + string(rune('a'+g.pick(26)))
	case 6:
		return []byte{0, 1, byte(g.pick(256))}
	case 7:
		return time.UnixMilli(1_700_000_000_123)
	case 8, 9, 10:
		return automerge.NewCounter(int64(g.pick(100)))
	case 11:
		return automerge.NewText("in it")
	case 12:
		return automerge.NewList()
	case 13:
		return automerge.NewMap()
	}
	return math.NaN()
}

// merged returns one document with everybody's work.
func (g *grower) merged() *automerge.Doc {
	all, err := g.docs[0].Fork()
	must(g.t, err)
	for _, d := range g.docs[1:] {
		_, err := all.Merge(d)
		must(g.t, err)
	}
	return all
}

func chunks(t testing.TB, d *automerge.Doc) [][]byte {
	changes, err := d.Changes()
	must(t, err)
	var out [][]byte
	for _, c := range changes {
		b, err := change.Inflate(c.Save())
		must(t, err)
		out = append(out, b)
	}
	return out
}

func heads(d *automerge.Doc) []change.Hash {
	var out []change.Hash
	for _, h := range d.Heads() {
		out = append(out, change.Hash(h))
	}
	return out
}

// grown returns the changes of a document that people made with a seed.
func grown(t testing.TB, seed int64, people, steps int) [][]byte {
	rng := rand.New(rand.NewSource(seed))
	g := newGrower(t, rng.Intn, people)
	for range steps {
		g.step()
	}
	return chunks(t, g.merged())
}

// accept parses and checks chunks in order, and returns the History.
func accept(t testing.TB, chunks [][]byte) *change.History {
	t.Helper()
	h := change.NewHistory()
	for i, b := range chunks {
		c, err := change.Parse(b)
		if err != nil {
			t.Fatalf("change %d: %v\n%x", i, err, b)
		}
		if !bytes.Equal(c.Encode(), b) {
			t.Fatalf("change %d isn't encoded as it came", i)
		}
		if err := h.Check(c); err != nil {
			t.Fatalf("change %d: %v\n%x", i, err, b)
		}
		h.Add(c)
	}
	return h
}
