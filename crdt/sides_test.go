package crdt_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kinds"
)

// twoSides reads positions as in stands, the two sides parted by "|"; the proposer is the first.
func twoSides(positions string) (sides [][]charter.MemberID, all []kinds.Stand) {
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
		{kinds.ProcessConsent, "both", "ccc|cc", kinds.Agreed},
		{kinds.ProcessConsent, "more than half of each", "cc-|cc-", kinds.Agreed},
		{kinds.ProcessConsent, "one side says nothing", "ccccc|--", kinds.Open},
		{kinds.ProcessConsent, "too few of one side", "ccccc|c--", kinds.Open},
		{kinds.ProcessConsent, "one objection on the other side", "ccc|cco", kinds.Open},
		{kinds.ProcessConsent, "one side only stands aside", "ccc|ss", kinds.Open},
		{kinds.ProcessConsensus, "both", "aa-|aa", kinds.Agreed},
		{kinds.ProcessConsensus, "one disagrees", "aa-|aad", kinds.Open},
		{kinds.ProcessMajority, "both", "aad|aad", kinds.Agreed},
		{kinds.ProcessMajority, "a large side doesn't outvote a small one", "aaaaaaaa|ddd", kinds.NotAgreed},
		{kinds.ProcessMajority, "half of one side is against it", "aaa|d-", kinds.NotAgreed},
		{kinds.ProcessMajority, "one side waits", "aaa|a--", kinds.Open},
		{kinds.ProcessAdvice, "somebody of the other side has answered", "v-|v-", kinds.Agreed},
		{kinds.ProcessAdvice, "only of the own side", "-v|--", kinds.Open},
		{kinds.ProcessAdvice, "the proposer is against it by now", "d-|v-", kinds.NotAgreed},
		{kinds.ProcessConsent, "nobody is left on one side", "ccc|", kinds.Open},
		{kinds.ProcessMajority, "nobody is left on one side", "|aaa", kinds.Open},
		{kinds.ProcessAdvice, "nobody is left on one side", "-v|", kinds.Open},
	} {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			sides, all := twoSides(test.positions)
			proposer := person(0)
			if got := kinds.TallySides(test.process, proposer, sides, false, all); got.Outcome != test.want {
				t.Errorf("%s: %+v, want %s", test.positions, got, test.want)
			}
		})
	}
}

func TestAJointDecisionByPeopleOutvotesNoSide(t *testing.T) {
	for _, test := range []struct{ process, name, positions, want string }{
		{kinds.ProcessConsent, "more than half of all", "cccc|c-", kinds.Agreed},
		{kinds.ProcessConsent, "a side that says nothing", "cccccccc|--", kinds.Open},
		{kinds.ProcessConsent, "a side that only stands aside", "cccccccc|ss", kinds.Open},
		{kinds.ProcessConsent, "one objection", "ccccc|co", kinds.Open},
		{kinds.ProcessMajority, "more than half of all, some on each side", "aaaaa|ad-", kinds.Agreed},
		{kinds.ProcessMajority, "half of a side is against it", "aaaaaaaa|ad", kinds.NotAgreed},
		{kinds.ProcessMajority, "a side that says nothing", "aaaaaaaa|--", kinds.Open},
		{kinds.ProcessConsensus, "more than half of all", "aaa|a--", kinds.Agreed},
		{kinds.ProcessAdvice, "only of the own side", "-v|--", kinds.Open},
		{kinds.ProcessConsent, "nobody is left on one side", "ccc|", kinds.Open},
	} {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			sides, all := twoSides(test.positions)
			if got := kinds.TallySides(test.process, person(0), sides, true, all); got.Outcome != test.want {
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
		process := rapid.SampledFrom(kinds.Processes).Draw(t, "process")
		mine := drawPositions(t, "mine", 1)
		sides, all := twoSides(mine + "|" + drawPositions(t, "theirs", 0))
		byPeople := rapid.Bool().Draw(t, "by people")
		proposer := rapid.SampledFrom(slices.Concat(sides...)).Draw(t, "proposer")
		whole := kinds.TallySides(process, proposer, sides, byPeople, all)
		if whole.Outcome != kinds.Agreed {
			return
		}
		for _, side := range sides {
			alone := kinds.Tally(process, proposer, side, all)
			c := alone.Counts
			switch {
			case c.Full == c.Silent:
				if !(process == kinds.ProcessAdvice && slices.Contains(side, proposer)) {
					t.Fatal("agreed without a word of one side")
				}
			case process == kinds.ProcessAdvice:
			case !byPeople && alone.Outcome != kinds.Agreed:
				t.Fatalf("agreed, and one side is %s", alone.Outcome)
			case c.Consent+c.Agree == 0:
				t.Fatal("agreed, and nobody of one side is for it")
			case process == kinds.ProcessMajority && 2*(c.Disagree+c.Object+c.Block) >= c.Full:
				t.Fatal("one side is outvoted")
			}
		}
	})
}

func TestOneSideAloneIsTalliedAsACoop(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom(kinds.Processes).Draw(t, "process")
		full, all := stands(drawPositions(t, "positions", 0))
		want := kinds.Tally(process, person(0), full, all)
		got := kinds.TallySides(process, person(0), [][]charter.MemberID{full}, rapid.Bool().Draw(t, "by people"), all)
		if want.Outcome != got.Outcome || want.Counts != got.Counts || want.Missing != got.Missing || !slices.Equal(want.Against, got.Against) {
			t.Fatalf("%+v, and as a side %+v", want, got)
		}
	})
}
