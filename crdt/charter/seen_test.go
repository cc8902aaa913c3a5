package charter_test

import (
	"bytes"
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// seenOf returns what accepted acknowledgements say of a run, by S1, as text.
func (n *naive) seenOf(of charter.RunOf) (all []string) {
	for id, e := range n.entries {
		x := n.judge(id)
		if x.word != sound || x.s.Type != charter.TypeSeen || n.state(id) != charter.Accepted {
			continue
		}
		together := 0
	chain:
		for at := id; ; {
			lists := ends(n.judge(at).s.Lists)
			together += 1 + len(lists)
			if at != id && together > charter.MaxTaken {
				break
			}
			for _, end := range lists {
				if end.RunOf == of {
					all = append(all, fmt.Sprint(x.by, e.Device, end.Last, id))
					break chain
				}
			}
			over := slices.IndexFunc(n.entries[at].Heads, func(h entry.ID) bool { return n.judge(h).s.Type == charter.TypeSeen })
			if over < 0 {
				break
			}
			at = n.entries[at].Heads[over]
		}
	}
	slices.Sort(all)
	return all
}

func ends(lists []charter.DeviceFrontier) (all []charter.RunEnd) {
	for _, d := range lists {
		for _, l := range d.Frontier {
			all = append(all, charter.RunEnd{RunOf: charter.RunOf{Device: d.Device, Run: l.Run}, Last: l.Entry})
		}
	}
	return all
}

// agreeOnSeen compares what both folds say was seen, and what a charter says of it from each side.
func agreeOnSeen(t fataler, c *charter.Charter, n *naive, statements []*entry.Entry) {
	t.Helper()
	runs, of, in := map[charter.RunOf]bool{}, map[string]bool{}, map[string]bool{}
	said, by := map[string]bool{}, map[entry.Device]bool{}
	for _, e := range statements {
		s, err := charter.ReadStatement(e.Payload)
		if err != nil || s.Type != charter.TypeSeen {
			continue
		}
		for _, end := range ends(s.Lists) {
			runs[end.RunOf] = true
		}
		if state, _ := c.State(e.ID()); state == charter.Accepted {
			by[e.Device] = true
			listed := map[charter.RunOf]bool{}
			for _, end := range c.SeenIn(e.ID()) {
				said[fmt.Sprint(e.Device, end)] = true
				if !listed[end.RunOf] {
					listed[end.RunOf], in[fmt.Sprint(e.ID(), end)] = true, true
				}
			}
		}
	}
	heard := map[string]bool{}
	for run := range runs {
		var all []string
		for _, s := range c.SeenOf(run.Device, run.Run) {
			all = append(all, fmt.Sprint(s.Member, s.Device, s.Last, s.Entry))
			end := charter.RunEnd{RunOf: run, Last: s.Last}
			of[fmt.Sprint(s.Entry, end)] = true
			heard[fmt.Sprint(s.Device, end)] = true
		}
		slices.Sort(all)
		if want := n.seenOf(run); !slices.Equal(all, want) {
			t.Fatal(fmt.Sprintf("of a run %v was seen, and %v to the naive fold", all, want))
		}
	}
	if fmt.Sprint(of) != fmt.Sprint(in) {
		t.Fatal(fmt.Sprintf("by run %v was seen, and by statement %v", of, in))
	}
	for d := range by {
		for end := range c.SeenBy(d) {
			if !said[fmt.Sprint(d, end)] {
				t.Fatal(fmt.Sprintf("by its device %v was seen, and no statement says so", end))
			}
			delete(heard, fmt.Sprint(d, end))
		}
	}
	if len(heard) > 0 {
		t.Fatal(fmt.Sprintf("a device has seen %v, and nothing of it is found by the device", heard))
	}
}

// drawSeen draws what somebody says that they have seen.
func drawSeen(t *rapid.T, devices []entry.Signer) []charter.DeviceFrontier {
	var lists []charter.DeviceFrontier
	for range rapid.IntRange(0, 3).Draw(t, "runs") {
		d := rapid.SampledFrom(devices).Draw(t, "of").Device()
		run := entry.Run{byte(rapid.IntRange(1, 2).Draw(t, "run"))}
		if !slices.ContainsFunc(lists, func(l charter.DeviceFrontier) bool { return l.Device == d }) {
			lists = append(lists, charter.DeviceFrontier{Device: d, Frontier: charter.Frontier{{Run: run, Entry: entry.ID{byte(rapid.IntRange(1, 3).Draw(t, "last"))}}}})
		}
	}
	slices.SortFunc(lists, func(a, b charter.DeviceFrontier) int { return bytes.Compare(a.Device[:], b.Device[:]) })
	return lists
}

// taker is who says of many runs what they have seen, one acknowledgement after the other.
type taker struct {
	*scene
	runs int
}

// acknowledges has somebody list runs that nobody has listed yet, and take over an acknowledgement; zero takes over none.
func (k *taker) acknowledges(who string, runs int, over ...entry.ID) *entry.Entry {
	k.t.Helper()
	frontier := charter.Frontier{}
	for range runs {
		k.runs++
		frontier = append(frontier, charter.Last{Run: entry.Run{byte(k.runs >> 8), byte(k.runs)}, Entry: entry.ID{1}})
	}
	var lists []charter.DeviceFrontier
	if runs > 0 {
		lists = []charter.DeviceFrontier{{Device: laptop("ana").Device(), Frontier: frontier}}
	}
	payload, err := k.c.Acknowledge(laptop(who).Device(), lists)
	if err != nil {
		k.t.Fatal(err)
	}
	return k.sign(laptop(who), payload, sorted(append(slices.Clone(k.c.Heads()), over...)...)...)
}

// run is the last run that was listed.
func (k *taker) run() entry.Run { return entry.Run{byte(k.runs >> 8), byte(k.runs)} }

func (k *taker) by(run entry.Run) string {
	var who []string
	for _, s := range k.c.SeenOf(laptop("ana").Device(), run) {
		m, _ := k.c.Member(s.Member)
		who = append(who, m.Name)
	}
	slices.Sort(who)
	return fmt.Sprint(who)
}

func TestWhoTakesAnAcknowledgementOverSaysWhatItSays(t *testing.T) {
	k := &taker{scene: members(t, "ben", "cleo", "dora")}
	one := k.acknowledges("ben", 1)
	first := k.run()
	two := k.acknowledges("cleo", 1, one.ID())
	second := k.run()
	three := k.acknowledges("dora", 0, two.ID())

	k.hear(three)
	mustState(t, k.c, three, charter.Pending, "")
	k.hear(two)
	mustState(t, k.c, two, charter.Pending, "")
	if got := k.by(first) + k.by(second); got != "[][]" {
		t.Errorf("before what is taken over is here, %s have seen the runs", got)
	}
	k.hear(one)
	for _, e := range []*entry.Entry{one, two, three} {
		mustState(t, k.c, e, charter.Accepted, "")
	}
	if got := k.by(first); got != "[Ben Cleo Dora]" {
		t.Errorf("%s have seen what Ben lists", got)
	}
	if got := k.by(second); got != "[Cleo Dora]" {
		t.Errorf("%s have seen what Cleo lists", got)
	}
}

// Who lists a run says that of it, and not what is listed before: else each of a thousand that list it, one on the other, would say a thousand things.
func TestAnAcknowledgementSaysOneThingOfARun(t *testing.T) {
	k := &taker{scene: members(t, "ben", "cleo", "dora")}
	run := entry.Run{7}
	var over []entry.ID
	for i, who := range []string{"ben", "cleo", "dora"} {
		payload, err := k.c.Acknowledge(laptop(who).Device(), []charter.DeviceFrontier{
			{Device: laptop("ana").Device(), Frontier: charter.Frontier{{Run: run, Entry: entry.ID{byte(i + 1)}}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		e := k.sign(laptop(who), payload, sorted(append(slices.Clone(k.c.Heads()), over...)...)...)
		k.hear(e)
		over = []entry.ID{e.ID()}
	}
	for _, s := range k.c.SeenOf(laptop("ana").Device(), run) {
		if m, _ := k.c.Member(s.Member); s.Last != (entry.ID{map[string]byte{"Ben": 1, "Cleo": 2, "Dora": 3}[m.Name]}) {
			t.Errorf("%s says that they have seen %v", m.Name, s.Last)
		}
	}
	if got := k.by(run); got != "[Ben Cleo Dora]" {
		t.Errorf("%s have seen it", got)
	}
}

func TestNothingButOneAcknowledgementIsTakenOver(t *testing.T) {
	k := &taker{scene: members(t, "ben", "cleo", "dora")}
	one, two := k.acknowledges("ben", 1), k.acknowledges("cleo", 1)
	payload, err := k.c.Forget(laptop("ana").Device(), entry.DocID{1}, "")
	forget := k.says(laptop("ana"), payload, err)
	void := k.sign(laptop("eli"), raw(t, charter.Statement{Type: charter.TypeSeen}), k.c.Heads()...) // who is nobody
	k.hear(one, two, void)
	both := k.acknowledges("dora", 1, one.ID(), two.ID())
	onForget := k.acknowledges("dora", 1, forget.ID())
	onVoid := k.acknowledges("dora", 1, void.ID())
	k.hear(both, onForget, onVoid)
	mustState(t, k.c, both, charter.Void, "it takes over more than one acknowledgement")
	mustState(t, k.c, onForget, charter.Void, "on an acknowledgement")
	mustState(t, k.c, onVoid, charter.Void, "on a statement that is void")
	agreeOnSeen(t, k.c, naiveFold(k.space, append(k.all, one, two, void, both, onForget, onVoid), k.c.Stand()), k.all)
}

// What somebody else has listed costs who takes it over nothing, and everybody else what it cost to list it.
func TestWhatIsTakenOverIsBounded(t *testing.T) {
	k := &taker{scene: members(t, "ben", "cleo", "dora")}
	var runs []entry.Run
	var over []entry.ID
	say := func(who string, listed int) entry.ID {
		e := k.acknowledges(who, listed, over...)
		k.hear(e)
		mustState(t, k.c, e, charter.Accepted, "")
		over = []entry.ID{e.ID()}
		return e.ID()
	}
	say("ben", 100)
	runs = append(runs, k.run())
	say("cleo", 199)
	runs = append(runs, k.run())
	for range 209 {
		say("cleo", 0)
	}
	exactly := say("dora", 0) // 101 and 200 and 209 and itself, one less than which fits
	if got := len(k.c.SeenIn(exactly)); got != 299 {
		t.Errorf("of 299 runs %d are taken over", got)
	}
	full := say("dora", 0)
	if got := len(k.c.SeenIn(full)); got != 299 {
		t.Errorf("of 299 runs %d are taken over, with as much as fits", got)
	}
	beyond := say("dora", 0)
	if got := len(k.c.SeenIn(beyond)); got != 199 {
		t.Errorf("of 299 runs %d are taken over, with one more than fits", got)
	}
	large := say("ben", charter.MaxTaken)
	if got := len(k.c.SeenIn(large)); got != charter.MaxTaken {
		t.Errorf("a list of %d says %d runs", charter.MaxTaken, got)
	}
	alone := say("ben", 0)
	if got := len(k.c.SeenIn(alone)); got != 0 {
		t.Errorf("%d runs are taken over of a list that is too large", got)
	}
	n := naiveFold(k.space, k.all, k.c.Stand())
	for _, run := range runs {
		of := charter.RunOf{Device: laptop("ana").Device(), Run: run}
		if got, want := len(k.c.SeenOf(of.Device, of.Run)), len(n.seenOf(of)); got != want {
			t.Errorf("a run was seen by %d, and %d to the naive fold", got, want)
		}
	}
	agreeOnSeen(t, k.c, n, k.all)
}

// Three hundred days of seven runs: on each Ben lists what is new, and Cleo takes it over. Dora's computer is new, and has all of it to say.
func TestAComputerThatIsNewTakesOverWhatWasSaidInAllThatTime(t *testing.T) {
	const days, daily = 300, 7
	for name, forked := range map[string]int{"all of it counts": 0, "one run has forked": 1_000} {
		t.Run(name, func(t *testing.T) {
			k := &taker{scene: members(t, "ben", "cleo", "dora")}
			var over []entry.ID
			for range days {
				for _, who := range []string{"ben", "cleo"} {
					e := k.acknowledges(who, map[string]int{"ben": daily}[who], over...)
					k.hear(e)
					over = []entry.ID{e.ID()}
				}
			}
			dora := laptop("dora").Device()
			var ends []charter.RunEnd
			for i := range days * daily {
				if i+1 != forked {
					ends = append(ends, charter.RunEnd{RunOf: charter.RunOf{Device: laptop("ana").Device(), Run: entry.Run{byte((i + 1) >> 8), byte(i + 1)}}, Last: entry.ID{1}})
				}
			}
			may := func(end charter.RunEnd) bool { return slices.Contains(ends, end) }
			all := k.c.WhatToSay(dora, ends, func(end charter.RunEnd) (uint64, bool) {
				if !may(end) {
					return 0, false
				}
				return 1, false
			})
			listed := 0
			for _, one := range all {
				payload, err := k.c.Acknowledge(dora, one.Lists)
				if err != nil {
					t.Fatal(err)
				}
				e := k.sign(laptop("dora"), payload, sorted(append(slices.Clone(k.c.Heads()), one.Over...)...)...)
				k.hear(e)
				mustState(t, k.c, e, charter.Accepted, "")
				for _, end := range k.c.SeenIn(e.ID()) {
					if !may(end) {
						t.Fatalf("it says that she has seen %v", end)
					}
				}
				for _, d := range one.Lists {
					listed += len(d.Frontier)
				}
			}
			for _, end := range ends {
				if !slices.ContainsFunc(k.c.SeenOf(end.Device, end.Run), func(s charter.Seen) bool { return s.Device == dora && s.Last == end.Last }) {
					t.Fatalf("run %x isn't said", end.Run[:2])
				}
			}
			// Those that take over the one which lists the forked run, as far as that reaches, can't be taken over.
			if most := map[bool]int{false: 0, true: 2 * charter.MaxTaken}[forked > 0]; listed > most {
				t.Errorf("of %d runs %d are listed, want at most %d", len(ends), listed, most)
			}
			if len(all) > len(ends)/200 {
				t.Errorf("%d acknowledgements say %d runs", len(all), len(ends))
			}
		})
	}
}
