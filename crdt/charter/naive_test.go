package charter_test

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// naive is the fold once more, as slow and plain as it gets: straight from the rules in
// docs/PROTOCOL.md, all recomputed from the whole set, nothing shared with the real one but
// the reading of payloads.
type naive struct {
	space   entry.SpaceID
	entries map[entry.ID]*entry.Entry
	known   map[entry.ID]naiveVerdict
	path    []charter.StepID // followed
}

type naiveVerdict struct {
	word string // "waits", "void" or "sound"
	past naivePast
}

type naivePast struct {
	path    []charter.StepID // the steps known, from the genesis
	members []naiveMember    // one for each step
	device  entry.Device     // the genesis device
	seats   int
}

type naiveMember struct{ key, device, invite entry.Device }

func naiveFold(space entry.SpaceID, statements []*entry.Entry, stand charter.StepID) *naive {
	n := &naive{space: space, entries: map[entry.ID]*entry.Entry{}, known: map[entry.ID]naiveVerdict{}}
	for _, e := range statements {
		n.entries[e.ID()] = e
	}
	var sound [][]charter.StepID
	for id := range n.entries {
		if v := n.judge(id); v.word == "sound" {
			sound = append(sound, v.past.path)
		}
	}
	for {
		next := map[charter.StepID]bool{} // step → whether the stand lies on it or beyond
		for _, path := range sound {
			if at := len(n.path); len(path) > at && slices.Equal(path[:at], n.path) {
				next[path[at]] = next[path[at]] || slices.Contains(path[at:], stand)
			}
		}
		var on []charter.StepID
		for step, stands := range next {
			if len(next) == 1 || stands {
				on = append(on, step)
			}
		}
		if len(on) != 1 {
			return n
		}
		n.path = append(n.path, on[0])
	}
}

func (n *naive) judge(id entry.ID) naiveVerdict {
	if v, ok := n.known[id]; ok {
		return v
	}
	v := n.judgeAfresh(id)
	n.known[id] = v
	return v
}

func (n *naive) judgeAfresh(id entry.ID) naiveVerdict {
	void, waits := naiveVerdict{word: "void"}, naiveVerdict{word: "waits"}
	e := n.entries[id]
	if e == nil {
		return waits
	}
	if e.SpaceOf() != n.space {
		return void
	}
	s, err := charter.ReadStatement(e.Payload)
	if e.Rules == 1 && err != nil {
		return void
	}
	whole := true
	for _, h := range e.Heads {
		switch n.judge(h).word {
		case "void":
			return void
		case "waits":
			whole = false
		}
	}
	if e.Rules != 1 || !whole {
		return waits
	}
	if len(e.Heads) == 0 {
		return naiveVerdict{"sound", naivePast{
			path:    []charter.StepID{charter.GenesisStep(n.space)},
			members: []naiveMember{{key: s.Genesis.MemberKey, device: e.Device}},
			device:  e.Device, seats: s.Genesis.Seats,
		}}
	}
	past := n.joined(e.Heads)
	switch {
	case past.path == nil, s.Genesis != nil:
		return void
	case s.Step == nil:
		return waits
	case e.Device != past.device:
		return void
	case slices.Contains(past.path, s.Step.ID()):
		return naiveVerdict{"sound", past}
	case s.Step.Parent != past.path[len(past.path)-1], len(past.members) == past.seats:
		return void
	case s.Step.Seat == nil:
		return waits
	}
	r, invite := s.Step.Seat.Redemption, s.Step.Seat.Invite
	taken := map[entry.Device]bool{}
	for _, m := range past.members {
		taken[m.key], taken[m.device], taken[m.invite] = true, true, true
	}
	for _, key := range []entry.Device{r.Member, r.Device, invite} {
		if taken[key] {
			return void
		}
		taken[key] = true
	}
	if r.Verify(n.space, invite) != nil {
		return void
	}
	past.path = append(slices.Clip(past.path), s.Step.ID())
	past.members = append(slices.Clip(past.members), naiveMember{r.Member, r.Device, invite})
	return naiveVerdict{"sound", past}
}

// joined is the longest past of sound heads, or the empty one if another doesn't lie on it.
func (n *naive) joined(heads []entry.ID) naivePast {
	var longest naivePast
	for _, h := range heads {
		if p := n.judge(h).past; len(p.path) > len(longest.path) {
			longest = p
		}
	}
	for _, h := range heads {
		p := n.judge(h).past
		if !slices.Equal(longest.path[:len(p.path)], p.path) {
			return naivePast{}
		}
	}
	return longest
}

func (n *naive) state(id entry.ID) charter.State { return n.stateAt([]entry.ID{id}) }

func (n *naive) stateAt(heads []entry.ID) charter.State {
	var words []string
	for _, h := range heads {
		words = append(words, n.judge(h).word)
	}
	switch {
	case slices.Contains(words, "void"):
		return charter.Void
	case slices.Contains(words, "waits"):
		return charter.Pending
	}
	path := n.joined(heads).path
	common := 0
	for common < min(len(path), len(n.path)) && path[common] == n.path[common] {
		common++
	}
	switch {
	case path == nil:
		return charter.Void
	case common == len(path):
		return charter.Accepted
	case common == len(n.path):
		return charter.Pending
	}
	return charter.Elsewhere
}
