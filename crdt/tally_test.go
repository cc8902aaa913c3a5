package crdt_test

import (
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kinds"
)

// letters stand for positions, one a full member, the proposer's first.
var letters = map[rune]string{
	'c': kinds.Consent, 'o': kinds.Object, 's': kinds.StandAside, 'b': kinds.Block, '0': kinds.Abstain,
	'a': kinds.Agree, 'd': kinds.Disagree, 'v': kinds.Advise, // '-': no answer yet
}

func person(i int) charter.MemberID { return charter.MemberID{byte(i + 1)} }

func stands(positions string) (full []charter.MemberID, all []kinds.Stand) {
	for i, letter := range []rune(positions) {
		full = append(full, person(i))
		if stance := letters[letter]; stance != "" {
			all = append(all, kinds.Stand{Member: person(i), Stance: stance})
		}
	}
	return full, all
}

func TestTally(t *testing.T) {
	tests := []struct{ process, name, positions, want string }{
		{kinds.ProcessConsent, "all consent", "ccc", kinds.Agreed},
		{kinds.ProcessConsent, "silence is not consent", "c--", kinds.Open},
		{kinds.ProcessConsent, "silence is not consent, in four either", "cc--", kinds.Open},
		{kinds.ProcessConsent, "silence is no veto", "cc-", kinds.Agreed},
		{kinds.ProcessConsent, "one objection is enough", "ccccccco", kinds.Open},
		{kinds.ProcessConsent, "a block is an objection", "ccb", kinds.Open},
		{kinds.ProcessConsent, "a disagreement is an objection", "ccd", kinds.Open},
		{kinds.ProcessConsent, "standing aside lets it pass", "ccs", kinds.Agreed},
		{kinds.ProcessConsent, "many may stand aside", "css", kinds.Agreed},
		{kinds.ProcessConsent, "if all stand aside nobody is for it", "sss", kinds.Open},
		{kinds.ProcessConsent, "abstaining is an answer", "c0-", kinds.Agreed},
		{kinds.ProcessConsent, "two have to answer both", "c-", kinds.Open},
		{kinds.ProcessConsent, "one alone decides", "c", kinds.Agreed},
		{kinds.ProcessConsent, "nobody has said anything", "---", kinds.Open},
		{kinds.ProcessConsent, "there is nobody", "", kinds.Open},
		{kinds.ProcessConsensus, "all agree", "aaa", kinds.Agreed},
		{kinds.ProcessConsensus, "consenting is agreeing", "acc", kinds.Agreed},
		{kinds.ProcessConsensus, "more than half have to agree, standing aside isn't that", "ass", kinds.Open},
		{kinds.ProcessConsensus, "a few may stand aside", "aas", kinds.Agreed},
		{kinds.ProcessConsensus, "one block is enough", "aaaaab", kinds.Open},
		{kinds.ProcessConsensus, "a disagreement has to be talked about", "aaaaad", kinds.Open},
		{kinds.ProcessConsensus, "an objection, too", "aaaaao", kinds.Open},
		{kinds.ProcessConsensus, "silence is no veto", "aa-", kinds.Agreed},
		{kinds.ProcessConsensus, "two have to agree both", "a0", kinds.Open},
		{kinds.ProcessMajority, "more than half agree", "aa-", kinds.Agreed},
		{kinds.ProcessMajority, "half isn't more than half", "aa--", kinds.Open},
		{kinds.ProcessMajority, "half against can't be outvoted any more", "-add", kinds.NotAgreed},
		{kinds.ProcessMajority, "more than half against", "add", kinds.NotAgreed},
		{kinds.ProcessMajority, "all have answered and too few agree", "a00", kinds.NotAgreed},
		{kinds.ProcessMajority, "it is still open", "ad-", kinds.Open},
		{kinds.ProcessMajority, "an objection is a no, and can be outvoted", "aao", kinds.Agreed},
		{kinds.ProcessAdvice, "the proposer decides after hearing one", "-v-", kinds.Agreed},
		{kinds.ProcessAdvice, "nobody was heard", "a--", kinds.Open},
		{kinds.ProcessAdvice, "advice against it doesn't stop it", "-oo", kinds.Agreed},
		{kinds.ProcessAdvice, "having nothing to say is an answer", "-0-", kinds.Agreed},
		{kinds.ProcessAdvice, "the proposer has changed their mind", "dv-", kinds.NotAgreed},
		{kinds.ProcessAdvice, "one alone has nobody to ask", "-", kinds.Agreed},
		{"lottery", "an unknown process gives nothing", "aaa", kinds.Open},
	}
	for _, test := range tests {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			full, all := stands(test.positions)
			if got := kinds.Tally(test.process, person(0), full, all); got.Outcome != test.want {
				t.Errorf("%s gives %s, want %s", test.positions, got.Outcome, test.want)
			}
		})
	}
}

func TestByAdviceAProposerWhoIsNoFullMemberDecidesNothing(t *testing.T) {
	full, all := stands("vvv")
	if got := kinds.Tally(kinds.ProcessAdvice, person(9), full, all); got.Outcome != kinds.Open {
		t.Errorf("got %s", got.Outcome)
	}
}

func TestPositionsOfOthersThanFullMembersAreNotCounted(t *testing.T) {
	full, all := stands("c--")
	for i := range 30 { // attack 16
		all = append(all, kinds.Stand{Member: person(100 + i), Stance: kinds.Consent})
	}
	all = append(all, all[0], all[0])
	r := kinds.Tally(kinds.ProcessConsent, person(0), full, all)
	if r.Outcome != kinds.Open || r.Counts.Consent != 1 || r.Counts.Silent != 2 || r.Counts.Full != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestATallyKnowsNoOrderAndNoOutcomeTurnsOnSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom(kinds.Processes).Draw(t, "process")
		positions := rapid.StringMatching(`[cosb0adv\-]{1,9}`).Draw(t, "positions")
		full, all := stands(positions)
		want := kinds.Tally(process, person(0), full, all)
		again := kinds.Tally(process, person(0), rapid.Permutation(full).Draw(t, "full"), rapid.Permutation(all).Draw(t, "all"))
		if want.Outcome != again.Outcome || want.Counts != again.Counts || want.Missing != again.Missing {
			t.Fatalf("%s depends on the order: %+v, %+v", positions, want, again)
		}
		// One more against it never turns an open or refused decision into an agreed one.
		if want.Outcome != kinds.Agreed && process != kinds.ProcessAdvice {
			for i, letter := range positions {
				if letter == '-' {
					more := append(all[:len(all):len(all)], kinds.Stand{Member: person(i), Stance: kinds.Object})
					if got := kinds.Tally(process, person(0), full, more); got.Outcome == kinds.Agreed {
						t.Fatalf("%s by %s becomes agreed by an objection", positions, process)
					}
				}
			}
		}
	})
}
