package replica

import (
	"fmt"
	"path/filepath"
	"testing"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
)

// BenchmarkCatchUp brings 100 documents of 10 changes each to a replica that has none.
func BenchmarkCatchUp(b *testing.B) {
	c := found(b, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	for i := range 100 {
		v := ana.addTask(b, fmt.Sprintf("Print run %d", i))
		for n := range 9 {
			title := fmt.Sprintf("Print run %d, plate %d", i, n)
			ana.edit(b, v.ID, crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}))
		}
	}
	all := ana.entries(b)
	var encoded [][]byte
	for _, e := range all {
		encoded = append(encoded, e.Encoded())
	}
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		r, err := Join(Config{Dir: filepath.Join(b.TempDir(), fmt.Sprint(n)), Key: ben.cfg.Key}, c.space, ana.Charter().Statements(), [8]byte{})
		must(b, err)
		p := &peerReplica{Replica: r, name: "Ben", cfg: ben.cfg}
		b.StartTimer()
		batch := make([]*entry.Entry, len(encoded))
		for i, enc := range encoded {
			batch[i], err = entry.Decode(enc)
			must(b, err)
		}
		give(b, p, batch...)
		b.StopTimer()
		must(b, r.Close())
		b.StartTimer()
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*len(encoded)), "µs/change")
}

// BenchmarkEdit changes the title of one task, one edit after the other.
func BenchmarkEdit(b *testing.B) {
	c := found(b, "Ana")
	ana := c.all[0]
	v := ana.addTask(b, "Order paper")
	for i := 0; b.Loop(); i++ {
		title := fmt.Sprintf("Order paper, %d", i)
		ana.edit(b, v.ID, crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}))
	}
}
