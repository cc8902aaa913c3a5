package replica

import (
	"fmt"
	"testing"

	"kith/crdt/entry"
)

// quilted is a share in which Quilted brings so many people, at Ana's of the other side, where a day is worth so many entries. Speak
// has devices of them say something, each the next one, and so often, in the charter of their side.
func quilted(t *testing.T, people int, worth float64) (ana *peerReplica, speak func(turns int, who ...int) []*entry.Entry) {
	t.Helper()
	var names []string
	for i := range people {
		names = append(names, fmt.Sprint("Dora ", i))
	}
	c := allies(t, []string{"Ana"}, names)
	ana = c.all[0]
	clock := ana.Now()
	ana.at(&clock)
	ana.days.worth = [3]float64{worth, worth, 1 << 20}
	ana.days.of = nil
	return ana, func(turns int, who ...int) (all []*entry.Entry) {
		t.Helper()
		s, _ := ana.Share()
		of := s.Side(1)
		heads := of.Heads()
		for i := range turns {
			key := c.all[1+who[i%len(who)]].cfg.Key
			payload, err := of.Follow(key.Device(), of.Tip())
			must(t, err)
			all = append(all, sign(t, key, entry.Fields{Space: of.Space(), Heads: heads, Kind: entry.Statement, Payload: payload}))
			heads = []entry.ID{all[i].ID()}
		}
		return all
	}
}

// Who is in the ally is for that co-op to say, and it may be one person who lets in and removes.
func TestAnAllyCostsNoMoreForBringingPeopleWithoutEnd(t *testing.T) {
	const worth, rooms, people = 20, 3, 12
	ana, speak := quilted(t, people, worth)
	ana.whose.most = rooms
	var said []*entry.Entry
	for i := range people {
		said = append(said, speak(2*worth, i)...)
	}
	again(t, ana, said...)
	if n := ana.here(said); n > (rooms+2)*worth || n < rooms*worth {
		t.Errorf("of %d people %d entries are kept, where each room has %d", people, n, worth)
	}
}

// A side answers for its people: two of them that name each other's would write without end.
func TestPeopleOfAnAllyWhoNameEachOthersWriteNoMoreForThat(t *testing.T) {
	const worth = 40
	ana, speak := quilted(t, 2, worth)
	all := speak(5*worth, 0, 1)
	give(t, ana, all[1:]...) // what the others wait for comes last
	again(t, ana, all...)
	if kept := ana.here(all); kept > 2*worth {
		t.Errorf("%d of %d are kept", kept, len(all))
	}
}
