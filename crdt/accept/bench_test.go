package accept

import (
	"fmt"
	"runtime"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/schema"
)

// written is a task with n changes by three members, one on top of the other.
func written(n int) []piece {
	co := theCoop()
	pens := []*pen{newPen("ana"), newPen("ben"), newPen("cleo")}
	id, create := pens[0].create("task")
	h := change.NewHistory()
	begin := first(pens[0].actor(id), "task", title("Order paper"))
	h.Add(begin)
	all := []piece{pens[0].sign(id, create, co.whole.Heads(), begin.Encode())}
	for i := range n - 1 {
		p := pens[i%3]
		c := changetest.New(h, p.actor(id),
			changetest.Put(change.OpID{}, due, change.StrValue("2026-12-01")),
			changetest.Put(change.OpID{}, schema.OwnKey(co.member(p.who), ownHelp), change.StrValue("no ink")),
		)
		h.Add(c)
		all = append(all, p.sign(id, nil, co.whole.Heads(), c.Encode()))
	}
	return all
}

func BenchmarkAdd(b *testing.B) {
	for _, n := range []int{10, 1000} {
		all := written(n)
		b.Run(fmt.Sprintf("history alone, %d changes", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i += n {
				h := change.NewHistory()
				for _, p := range all {
					if err := h.Check(p.change); err != nil {
						b.Fatal(err)
					}
					h.Add(p.change)
				}
			}
		})
		b.Run(fmt.Sprintf("judged, %d changes", n), func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; i < b.N; i += n {
				d := New(theCoop().space, all[0].Doc, theCoop().whole, toys, nil)
				for _, p := range all {
					d.Add(p.Entry, p.change)
				}
				if len(d.Order()) != n {
					b.Fatal("not all accepted")
				}
			}
		})
	}
}

// BenchmarkTwins adds changes to a long document in which a hostile device made twins.
func BenchmarkTwins(b *testing.B) {
	const n = 2000
	all := written(n)
	p := newPen("mel")
	for i := range 2 {
		c := changetest.New(historyOf(all[:100]), p.actor(all[0].Doc), title(fmt.Sprint(i)))
		all = append(all[:100+i:100+i], append([]piece{p.sign(all[0].Doc, nil, theCoop().whole.Heads(), c.Encode())}, all[100+i:]...)...)
	}
	b.ReportAllocs()
	for i := 0; i < b.N; i += n {
		d := New(theCoop().space, all[0].Doc, theCoop().whole, toys, nil)
		for _, p := range all {
			d.Add(p.Entry, p.change)
		}
		if len(d.Order()) != n+1 {
			b.Fatal("not all accepted")
		}
	}
}

func historyOf(all []piece) *change.History {
	h := change.NewHistory()
	for _, p := range all {
		h.Add(p.change)
	}
	return h
}

// BenchmarkMemory says what 1,000 loaded documents of 10 changes take, entries apart.
func BenchmarkMemory(b *testing.B) {
	const docs = 1000
	all := make([][]piece, docs)
	for i := range all {
		all[i] = written(10)
	}
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		loaded := make([]*Document, docs)
		for i := range loaded {
			loaded[i] = New(theCoop().space, all[i][0].Doc, theCoop().whole, toys, nil)
			for _, p := range all[i] {
				loaded[i].Add(p.Entry, p.change)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/docs, "B/document")
		runtime.GC()
		runtime.ReadMemStats(&before)
		histories := make([]*change.History, docs)
		for i := range histories {
			histories[i] = historyOf(all[i])
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/docs, "B/history")
		runtime.KeepAlive(loaded)
		runtime.KeepAlive(histories)
		runtime.GC()
		runtime.ReadMemStats(&before)
		pieces := make([][]piece, docs)
		for i := range pieces {
			pieces[i] = make([]piece, 0, 10)
			for _, p := range all[i] {
				pieces[i] = append(pieces[i], piece{nil, must(change.Parse(p.Payload))})
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/docs, "B/parsed")
		runtime.KeepAlive(pieces)
	}
}
