package charter_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// pick draws one of some statements, by its place, so that a failure prints short.
func pick(t *rapid.T, from []*entry.Entry, label string) *entry.Entry {
	return from[rapid.IntRange(0, len(from)-1).Draw(t, label)]
}

// drawHistory makes a co-op's statements, honest and hostile, each after what it stands on.
// Without twice, the founder's device never signs two steps with one parent.
func drawHistory(t *rapid.T, twice bool) (*coop, []*entry.Entry) {
	co := found(t, rapid.IntRange(1, 5).Draw(t, "seats"))
	history := []*entry.Entry{co.genesis}
	steps := []*entry.Entry{co.genesis} // statements that may carry a step
	stepAt := func(e *entry.Entry) charter.StepID {
		if e == co.genesis {
			return charter.GenesisStep(co.space)
		}
		return stepOf(t, e)
	}
	people := rapid.SampledFrom([]string{"ben", "cleo", "dora", "eli", "flo", "gus"})
	for range rapid.IntRange(0, 12).Draw(t, "statements") {
		parent := steps[len(steps)-1]
		if twice && rapid.Bool().Draw(t, "elsewhere") {
			parent = pick(t, steps, "parent")
		}
		heads := []entry.ID{parent.ID()}
		if rapid.IntRange(0, 4).Draw(t, "more heads") == 0 {
			heads = sorted(parent.ID(), pick(t, history, "head").ID())
		}
		name := people.Draw(t, "who")
		invite, r := co.redeem(name)
		var e *entry.Entry
		switch what := rapid.IntRange(0, 11).Draw(t, "what"); what {
		default:
			e = co.sign(co.founder, co.seatPayload(stepAt(parent), invite, r), heads...)
			// A step that is void by what it says can't be built on; the next seat then
			// stands beside it, which is no fork.
			if twice {
				steps = append(steps, e)
			} else if s, _ := charter.Fold(co.space, append(history, e), charter.StepID{}).State(e.ID()); s == charter.Accepted {
				steps = append(steps, e)
			}
		case 0: // the same once more
			if parent == co.genesis {
				continue
			}
			e = co.sign(co.founder, parent.Payload, pick(t, steps, "head").ID())
			if twice {
				steps = append(steps, e)
			}
		case 1: // altered
			switch rapid.IntRange(0, 5).Draw(t, "altered") {
			case 0:
				r.Name = "Mallory"
			case 1:
				r.Member = key("mallory").Device()
			case 2:
				r.Device = key("mallory").Device()
			case 3:
				r.Invite[rapid.IntRange(0, 63).Draw(t, "at")] ^= 1
			case 4:
				r.Certificate = [64]byte{}
			case 5:
				invite = key("another code").Device()
			}
			e = co.sign(co.founder, co.seatPayload(stepAt(parent), invite, r), heads...)
		case 2: // by somebody else
			device := rapid.SampledFrom([]string{"ben's laptop", "cleo's laptop", "mallory"}).Draw(t, "device")
			e = co.sign(key(device), co.seatPayload(stepAt(parent), invite, r), heads...)
		case 3:
			e = co.sign(key("ben's laptop"), []byte{0x81, byte(rapid.IntRange(1, 23).Draw(t, "type"))}, heads...)
		case 4:
			e = co.sign(co.founder, rapid.SliceOfN(rapid.Byte(), 1, 80).Draw(t, "garbage"), heads...)
		case 5:
			e = co.signUnder(entry.RulesVersion+1, co.founder, []byte{0xff}, heads...)
		case 6: // a past that isn't here
			e = co.sign(co.founder, co.seatPayload(stepAt(parent), invite, r), sorted(append(heads, entry.ID{1})...)...)
		}
		history = append(history, e)
	}
	return co, history
}

// drawAny is a founding, or the life of a co-op after it.
func drawAny(t *rapid.T) (*coop, []*entry.Entry) {
	if rapid.IntRange(0, 3).Draw(t, "founding") == 0 {
		return drawHistory(t, true)
	}
	return drawLife(t, true)
}

// drawStand picks a step that a replica may have taken part in.
func drawStand(t *rapid.T, co *coop, history []*entry.Entry) charter.StepID {
	stands := []charter.StepID{{}, {1}, charter.GenesisStep(co.space)}
	for _, e := range history {
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Step != nil {
			stands = append(stands, s.Step.ID())
		}
	}
	return rapid.SampledFrom(stands).Draw(t, "stand")
}

// drawArrival is history in any order, with some of it again.
func drawArrival(t *rapid.T, history []*entry.Entry) []*entry.Entry {
	var places []int
	for i := range history {
		places = append(places, i)
	}
	again := rapid.SliceOfN(rapid.IntRange(0, len(history)-1), 0, 6).Draw(t, "again")
	var arrival []*entry.Entry
	for _, i := range rapid.Permutation(slices.Concat(again, places)).Draw(t, "arrival") {
		arrival = append(arrival, history[i])
	}
	return arrival
}

// drawBatches cuts what arrives into batches.
func drawBatches(t *rapid.T, arrival []*entry.Entry) [][]*entry.Entry {
	var batches [][]*entry.Entry
	for len(arrival) > 0 {
		n := rapid.IntRange(1, len(arrival)).Draw(t, "batch")
		batches = append(batches, arrival[:n])
		arrival = arrival[n:]
	}
	return batches
}

func TestACharterIsTheSameForEveryOrderOfArrival(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawAny(t)
		stand := drawStand(t, co, history)
		want := seen(charter.Fold(co.space, history, stand), history)
		got := seen(charter.Fold(co.space, drawArrival(t, history), stand), history)
		same(t, "the charter depends on the order of arrival", want, got)
	})
}

func TestACharterThatGrowsIsTheOneFoldedAtOnceAndOldOnesStay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawAny(t)
		stand := drawStand(t, co, history)
		batches := drawBatches(t, drawArrival(t, history))
		c := charter.Fold(co.space, nil, stand)
		var had []*entry.Entry
		for _, batch := range batches {
			before := seen(c, had)
			next := c.With(batch...)
			side := c.With(pick(t, history, "besides")) // never joined again
			same(t, "a charter changed when another was made of it", before, seen(c, had))
			had = append(had, batch...)
			c = next
			same(t, "With isn't Fold", seen(charter.Fold(co.space, had, stand), history), seen(c, history))
			_ = side
		}
		other := drawStand(t, co, history)
		same(t, "StandOn isn't Fold", seen(charter.Fold(co.space, history, other), history), seen(c.StandOn(other), history))
	})
}

// A replica that takes part stands on the newest step it sees.
func TestWhatAReplicaTookPartInNeverChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawAny(t)
		stability(t, co, drawBatches(t, drawArrival(t, history)), func(c *charter.Charter) *charter.Charter {
			return c.StandOn(c.Tip())
		})
	})
}

func TestWithoutADoubleSignatureThereIsNoForkAndNothingEverChanges(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawHistory(t, false)
		c := stability(t, co, drawBatches(t, drawArrival(t, history)), func(c *charter.Charter) *charter.Charter { return c })
		if f := c.Forks(); len(f) != 0 {
			t.Fatalf("forks %+v", f)
		}
	})
}

// stability hands batches to a charter and checks that no state but pending ever changes,
// and no past once it was accepted.
func stability(t *rapid.T, co *coop, batches [][]*entry.Entry, after func(*charter.Charter) *charter.Charter) *charter.Charter {
	type answer struct {
		heads    []entry.ID
		accepted []*entry.Entry
		past     string
	}
	var answers []answer
	states := map[entry.ID]string{}
	c := charter.Fold(co.space, nil, charter.StepID{})
	var had []*entry.Entry
	for _, batch := range batches {
		c = after(c.With(batch...))
		had = append(had, batch...)
		accepted := c.Statements()
		for _, a := range answers {
			same(t, "a past changed", a.past, seenAt(c, a.heads, a.accepted))
		}
		for _, e := range had {
			state, why := c.State(e.ID())
			if old, ok := states[e.ID()]; ok && old != state.String()+why {
				t.Fatalf("a statement was %s and is %v %s", old, state, why)
			}
			if state != charter.Pending {
				states[e.ID()] = state.String() + why
			}
		}
		for i, e := range accepted {
			for _, other := range accepted[i:] {
				heads := sorted(e.ID(), other.ID())
				answers = append(answers, answer{heads, accepted, seenAt(c, heads, accepted)})
			}
		}
		if len(answers) > 100 {
			answers = answers[:100] // the oldest ones have the most to live through
		}
	}
	return c
}

// Heads are what a new entry names: they must be accepted, and cover all that is.
func TestHeadsCoverAllThatIsAccepted(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawAny(t)
		c := charter.Fold(co.space, history, drawStand(t, co, history))
		if len(c.Heads()) == 0 || len(c.Heads()) > entry.MaxHeads || !slices.IsSortedFunc(c.Heads(), entry.ID.Compare) {
			t.Fatalf("heads %v", c.Heads())
		}
		past, state := c.At(c.Heads())
		if state != charter.Accepted || past.Step() != c.Tip() {
			t.Fatalf("at the heads: %v", state)
		}
		for _, e := range c.Statements() {
			if !past.Covers([]entry.ID{e.ID()}) {
				t.Fatalf("the heads don't cover %v", e.ID())
			}
		}
		for _, m := range c.Members() {
			for _, d := range m.Devices {
				now, speaks := c.MemberOf(d.Key)
				if who, ok := past.Speaks(d.Key); ok != speaks || who != now.ID {
					t.Fatalf("%s: a device speaks at the heads, or doesn't", m.Name)
				}
			}
		}
	})
}

func TestTheFoldAgreesWithANaiveOneOnFoundings(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawHistory(t, true)
		stand := drawStand(t, co, history)
		agree(t, co, charter.Fold(co.space, drawArrival(t, history), stand), naiveFold(co.space, history, stand), history)
	})
}

func TestTheFoldAgreesWithANaiveOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		co, history := drawLife(t, rapid.Bool().Draw(t, "hostile"))
		stand := drawStand(t, co, history)
		agree(t, co, charter.Fold(co.space, drawArrival(t, history), stand), naiveFold(co.space, history, stand), history)
	})
}

// agree compares all that the two folds say.
func agree(t *rapid.T, co *coop, c *charter.Charter, n *naive, history []*entry.Entry) {
	t.Helper()
	for _, e := range history {
		if got, why := c.State(e.ID()); got != n.state(e.ID()) {
			s, _ := charter.ReadStatement(e.Payload)
			t.Fatalf("a statement of type %d is %v (%s), and %v to the naive fold", s.Type, got, why, n.state(e.ID()))
		}
	}
	if want := n.path[len(n.path)-1]; c.Tip() != want {
		t.Fatalf("tip %v, and %v to the naive fold", c.Tip(), want)
	}
	for range 20 {
		heads := sorted(pick(t, history, "head").ID(), pick(t, history, "head").ID())
		past, got := c.At(heads)
		if want := n.stateAt(heads); got != want {
			t.Fatalf("heads are %v, and %v to the naive fold", got, want)
		}
		if past == nil {
			continue
		}
		v, _ := n.view(heads)
		if past.Step() != v.tip() {
			t.Fatal("another step")
		}
		agreeOn(t, n, v, past.Speaks, past.Standing)
	}
	agreeOnSeen(t, c, n, history)
	all := n.accepted()
	agreeOnCuts(t, c, n, all)
	agreeOn(t, n, all, func(d entry.Device) (charter.MemberID, bool) {
		m, ok := c.MemberOf(d)
		return m.ID, ok
	}, func(id charter.MemberID) (charter.Standing, bool) {
		m, ok := c.Member(id)
		return m.Standing, ok
	})
	for id, p := range n.everybody(all) {
		m, _ := c.Member(id)
		if got, want := renamed(m), n.called(all, p, entry.Device{}); !slices.Equal(got, want) {
			t.Fatalf("%v was called %q, and %q to the naive fold", id, got, want)
		}
		for _, d := range m.Devices {
			if names := n.called(all, p, d.Key); len(names) > 0 && d.Name != names[len(names)-1] {
				t.Fatalf("a device is called %q, and %q to the naive fold", d.Name, names)
			}
			if d.Consents != p.consentsFrom(d.Key) {
				t.Fatalf("%s consents from a device: %v", m.Name, d.Consents)
			}
		}
	}
	for _, p := range c.Proposals() {
		who, of := n.consenting(all, p.ID)
		var got []charter.MemberID
		for _, a := range p.Consents {
			got = append(got, a.Member)
		}
		if !slices.Equal(who, got) || of != p.Of {
			t.Fatalf("%v consent of %d, and %v of %d to the naive fold", got, p.Of, who, of)
		}
	}
}

func agreeOn(t *rapid.T, n *naive, v naiveView, speaks func(entry.Device) (charter.MemberID, bool), standing func(charter.MemberID) (charter.Standing, bool)) {
	t.Helper()
	people := n.everybody(v)
	for id, p := range people {
		if got, ok := standing(id); !ok || got != p.standing {
			t.Fatalf("standing %v, and %v to the naive fold", got, p.standing)
		}
		for d := range p.devices {
			q, want := n.speaks(v, d), charter.MemberID{}
			if q != nil {
				want = q.id
			}
			if got, ok := speaks(d); ok != (q != nil) || got != want {
				t.Fatalf("a device of %v speaks for %v (%v), and for %v to the naive fold", id, got, ok, want)
			}
		}
	}
}
