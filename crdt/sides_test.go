package crdt_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/charter"
)

// twoSides reads positions as in stands, the two sides parted by "|"; the proposer is the first.
func twoSides(positions string) (sides [][]charter.MemberID, all []crdt.Stand) {
	var at int
	for i, letter := range []rune(positions) {
		if letter == '|' {
			at = i
		}
	}
	full, all := stands(positions) // the bar stands for nobody
	return [][]charter.MemberID{full[:at], full[at+1:]}, all
}

func TestAJointDecisionCountsEachCoopAsOneVoice(t *testing.T) {
	for _, test := range []struct{ process, name, positions, want string }{
		{crdt.ProcessConsent, "both", "ccc|cc", crdt.Agreed},
		{crdt.ProcessConsent, "more than half of each", "cc-|cc-", crdt.Agreed},
		{crdt.ProcessConsent, "one side says nothing", "ccccc|--", crdt.Open},
		{crdt.ProcessConsent, "too few of one side", "ccccc|c--", crdt.Open},
		{crdt.ProcessConsent, "one objection on the other side", "ccc|cco", crdt.Open},
		{crdt.ProcessConsent, "one side only stands aside", "ccc|ss", crdt.Open},
		{crdt.ProcessConsensus, "both", "aa-|aa", crdt.Agreed},
		{crdt.ProcessConsensus, "one disagrees", "aa-|aad", crdt.Open},
		{crdt.ProcessMajority, "both", "aad|aad", crdt.Agreed},
		{crdt.ProcessMajority, "a large side doesn't outvote a small one", "aaaaaaaa|ddd", crdt.NotAgreed},
		{crdt.ProcessMajority, "half of one side is against it", "aaa|d-", crdt.NotAgreed},
		{crdt.ProcessMajority, "one side waits", "aaa|a--", crdt.Open},
		{crdt.ProcessAdvice, "somebody of the other side has answered", "v-|v-", crdt.Agreed},
		{crdt.ProcessAdvice, "only of the own side", "-v|--", crdt.Open},
		{crdt.ProcessAdvice, "the proposer is against it by now", "d-|v-", crdt.NotAgreed},
		{crdt.ProcessConsent, "nobody is left on one side", "ccc|", crdt.Open},
		{crdt.ProcessMajority, "nobody is left on one side", "|aaa", crdt.Open},
		{crdt.ProcessAdvice, "nobody is left on one side", "-v|", crdt.Open},
	} {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			sides, all := twoSides(test.positions)
			proposer := person(0)
			if got := crdt.TallySides(test.process, proposer, sides, false, all); got.Outcome != test.want {
				t.Errorf("%s: %+v, want %s", test.positions, got, test.want)
			}
		})
	}
}

func TestAJointDecisionByPeopleOutvotesNoSide(t *testing.T) {
	for _, test := range []struct{ process, name, positions, want string }{
		{crdt.ProcessConsent, "more than half of all", "cccc|c-", crdt.Agreed},
		{crdt.ProcessConsent, "a side that says nothing", "cccccccc|--", crdt.Open},
		{crdt.ProcessConsent, "a side that only stands aside", "cccccccc|ss", crdt.Open},
		{crdt.ProcessConsent, "one objection", "ccccc|co", crdt.Open},
		{crdt.ProcessMajority, "more than half of all, some on each side", "aaaaa|ad-", crdt.Agreed},
		{crdt.ProcessMajority, "half of a side is against it", "aaaaaaaa|ad", crdt.NotAgreed},
		{crdt.ProcessMajority, "a side that says nothing", "aaaaaaaa|--", crdt.Open},
		{crdt.ProcessConsensus, "more than half of all", "aaa|a--", crdt.Agreed},
		{crdt.ProcessAdvice, "only of the own side", "-v|--", crdt.Open},
		{crdt.ProcessConsent, "nobody is left on one side", "ccc|", crdt.Open},
	} {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			sides, all := twoSides(test.positions)
			if got := crdt.TallySides(test.process, person(0), sides, true, all); got.Outcome != test.want {
				t.Errorf("%s: %+v, want %s", test.positions, got, test.want)
			}
		})
	}
}

func drawPositions(t *rapid.T, label string, least int) string {
	return rapid.StringOfN(rapid.SampledFrom([]rune("cosb0adv-")), least, 7, -1).Draw(t, label)
}

// Each side names its people alone. Whatever it has them say, as many as it likes, nothing is agreed
// without the other.
func TestNoSideAgreesForTheOtherHoweverManyItNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom(crdt.Processes).Draw(t, "process")
		mine := drawPositions(t, "mine", 1)
		sides, all := twoSides(mine + "|" + drawPositions(t, "theirs", 0))
		byPeople := rapid.Bool().Draw(t, "by people")
		proposer := rapid.SampledFrom(slices.Concat(sides...)).Draw(t, "proposer")
		whole := crdt.TallySides(process, proposer, sides, byPeople, all)
		if whole.Outcome != crdt.Agreed {
			return
		}
		for _, side := range sides {
			alone := crdt.Tally(process, proposer, side, all)
			c := alone.Counts
			switch {
			case c.Full == c.Silent:
				if !(process == crdt.ProcessAdvice && slices.Contains(side, proposer)) {
					t.Fatal("agreed without a word of one side")
				}
			case process == crdt.ProcessAdvice:
			case !byPeople && alone.Outcome != crdt.Agreed:
				t.Fatalf("agreed, and one side is %s", alone.Outcome)
			case c.Consent+c.Agree == 0:
				t.Fatal("agreed, and nobody of one side is for it")
			case process == crdt.ProcessMajority && 2*(c.Disagree+c.Object+c.Block) >= c.Full:
				t.Fatal("one side is outvoted")
			}
		}
	})
}

func TestOneSideAloneIsTalliedAsACoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom(crdt.Processes).Draw(t, "process")
		full, all := stands(drawPositions(t, "positions", 0))
		want := crdt.Tally(process, person(0), full, all)
		got := crdt.TallySides(process, person(0), [][]charter.MemberID{full}, rapid.Bool().Draw(t, "by people"), all)
		if want.Outcome != got.Outcome || want.Counts != got.Counts || want.Missing != got.Missing || !slices.Equal(want.Against, got.Against) {
			t.Fatalf("%+v, and as a side %+v", want, got)
		}
	})
}
