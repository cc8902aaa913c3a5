package exchange_test

import (
	"io"
	"testing"
	"time"

	"kith/crdt/entry"
)

// mesh connects all with all, over ways that take some time.
func mesh(all []*replica, oneWay time.Duration) (meetings []*meeting) {
	for i, a := range all {
		for _, b := range all[:i] {
			meetings = append(meetings, meet(a, b, func(rw io.ReadWriteCloser) io.ReadWriteCloser {
				return overDistance(rw, oneWay)
			}))
		}
	}
	return meetings
}

func TestInAFullMeshAnEntryCrossesEachConnectionAboutOnce(t *testing.T) {
	t.Run("near", func(t *testing.T) { crossesOnce(t, 200*time.Microsecond) })
	// Far, or so busy that what came isn't read for longer than it is spread over, as fifty daemons on a small computer are.
	t.Run("slow", func(t *testing.T) { crossesOnce(t, 15*time.Millisecond) })
}

func crossesOnce(t *testing.T, oneWay time.Duration) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		var all []*replica
		for range 10 {
			all = append(all, newReplica(t, ana.space, genesis))
		}
		meetings := mesh(all, oneWay)
		after(time.Second)
		const edits = 10
		for n := range edits {
			e := ana.write("an edit")
			all[n%len(all)].Add(e)
			after(oneWay + time.Millisecond)
			for _, r := range all {
				if !r.Has(e.ID()) {
					t.Fatal("who is connected with its author waits for it")
				}
			}
			after(time.Second)
		}
		var crossed int64
		for _, m := range meetings {
			if !m.inStep() {
				t.Errorf("not in step: %+v %+v", m.status[0].get(), m.status[1].get())
			}
			crossed += m.status[0].get().EntriesOut + m.status[1].get().EntriesOut
			m.end()
		}
		each := float64(crossed) / edits / float64(len(meetings))
		t.Logf("an entry crossed each connection %.2f times", each)
		if each > 1.25 {
			t.Errorf("an entry crossed each connection %.2f times", each)
		}
	})
}

func TestInARowNothingWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		ana, genesis := found(1)
		var row []*replica
		var meetings []*meeting
		for i := range 5 {
			row = append(row, newReplica(t, ana.space, genesis))
			if i > 0 {
				meetings = append(meetings, meet(row[i-1], row[i], nil))
			}
		}
		settle()
		var e *entry.Entry
		for range 10 {
			e = ana.write("an edit")
			row[0].Add(e)
			settle() // no time passes
			if !row[4].Has(e.ID()) {
				t.Fatal("it waits on the way")
			}
		}
		for _, m := range meetings {
			m.end()
		}
	})
}
