package kinds

import (
	"encoding/binary"
	"runtime"
	"testing"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// Ana said yes to having been named, and meanwhile she was named many times over by people who didn't know of that, nor of each other: ten times as
// many namings take ten times as much memory, and not a hundred times.
func TestWhoHoldsSomethingIsReadAtACostThatFollowsHowOftenTheyWereNamed(t *testing.T) {
	ana := charter.MemberID{1}
	story := func(namings int) *kind.Story {
		s := &kind.Story{View: &kind.View{}, Said: map[charter.MemberID]kind.Values{ana: {holdAnswer.Key: change.StrValue(`{"to":1,"answer":"accepted"}`)}}}
		add := func(on []change.Hash, op change.Op) (change.Hash, change.OpID) {
			c := &change.Change{Deps: on}
			n := len(s.Items) + 1
			binary.BigEndian.PutUint32(c.Hash[:], uint32(n))
			op.ID = change.OpID{Counter: uint64(n)}
			c.Ops = []change.Op{op}
			s.Items = append(s.Items, &accept.Item{Change: c})
			return c.Hash, op.ID
		}
		first, held := add(nil, change.Op{InMap: true, Key: heldBy.Key, Action: change.MakeMap})
		named, _ := add([]change.Hash{first}, change.Op{Obj: held, InMap: true, Key: ana.String(), Action: change.Set, Value: change.IntValue(1)})
		add([]change.Hash{named}, change.Op{InMap: true, Key: schema.OwnKey(ana, holdAnswer.Key), Action: change.Set, Value: change.StrValue("yes")})
		for i := range namings {
			add([]change.Hash{named}, change.Op{Obj: held, InMap: true, Key: ana.String(), Action: change.Set, Value: change.IntValue(int64(i) + 2)})
		}
		return s
	}
	cost := func(namings int) uint64 {
		s := story(namings)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		h := holding(s)
		runtime.ReadMemStats(&after)
		if len(h.Holders) != 1 || h.Holders[0].Answer != AnswerAccepted {
			t.Fatalf("of %d namings: %+v", namings, h)
		}
		return after.TotalAlloc - before.TotalAlloc
	}
	if few, many := cost(500), cost(5_000); many > 20*few {
		t.Errorf("500 namings take %d bytes, and 5,000 take %d", few, many)
	}
}
