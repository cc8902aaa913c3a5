package crdt_test

import (
	"testing"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/charter"
)

// letters stand for positions, one a full member, the proposer's first.
var letters = map[rune]string{
	'c': crdt.Consent, 'o': crdt.Object, 's': crdt.StandAside, 'b': crdt.Block, '0': crdt.Abstain,
	'a': crdt.Agree, 'd': crdt.Disagree, 'v': crdt.Advise, // '-': no answer yet
}

func person(i int) charter.MemberID { return charter.MemberID{byte(i + 1)} }

func stands(positions string) (full []charter.MemberID, all []crdt.Stand) {
	for i, letter := range []rune(positions) {
		full = append(full, person(i))
		if stance := letters[letter]; stance != "" {
			all = append(all, crdt.Stand{Member: person(i), Stance: stance})
		}
	}
	return full, all
}

func TestTally(t *testing.T) {
	tests := []struct{ process, name, positions, want string }{
		{crdt.ProcessConsent, "all consent", "ccc", crdt.Agreed},
		{crdt.ProcessConsent, "silence is not consent", "c--", crdt.Open},
		{crdt.ProcessConsent, "silence is not consent, in four either", "cc--", crdt.Open},
		{crdt.ProcessConsent, "silence is no veto", "cc-", crdt.Agreed},
		{crdt.ProcessConsent, "one objection is enough", "ccccccco", crdt.Open},
		{crdt.ProcessConsent, "a block is an objection", "ccb", crdt.Open},
		{crdt.ProcessConsent, "a disagreement is an objection", "ccd", crdt.Open},
		{crdt.ProcessConsent, "standing aside lets it pass", "ccs", crdt.Agreed},
		{crdt.ProcessConsent, "many may stand aside", "css", crdt.Agreed},
		{crdt.ProcessConsent, "if all stand aside nobody is for it", "sss", crdt.Open},
		{crdt.ProcessConsent, "abstaining is an answer", "c0-", crdt.Agreed},
		{crdt.ProcessConsent, "two have to answer both", "c-", crdt.Open},
		{crdt.ProcessConsent, "one alone decides", "c", crdt.Agreed},
		{crdt.ProcessConsent, "nobody has said anything", "---", crdt.Open},
		{crdt.ProcessConsent, "there is nobody", "", crdt.Open},
		{crdt.ProcessConsensus, "all agree", "aaa", crdt.Agreed},
		{crdt.ProcessConsensus, "consenting is agreeing", "acc", crdt.Agreed},
		{crdt.ProcessConsensus, "more than half have to agree, standing aside isn't that", "ass", crdt.Open},
		{crdt.ProcessConsensus, "a few may stand aside", "aas", crdt.Agreed},
		{crdt.ProcessConsensus, "one block is enough", "aaaaab", crdt.Open},
		{crdt.ProcessConsensus, "a disagreement has to be talked about", "aaaaad", crdt.Open},
		{crdt.ProcessConsensus, "an objection, too", "aaaaao", crdt.Open},
		{crdt.ProcessConsensus, "silence is no veto", "aa-", crdt.Agreed},
		{crdt.ProcessConsensus, "two have to agree both", "a0", crdt.Open},
		{crdt.ProcessMajority, "more than half agree", "aa-", crdt.Agreed},
		{crdt.ProcessMajority, "half isn't more than half", "aa--", crdt.Open},
		{crdt.ProcessMajority, "half against can't be outvoted any more", "-add", crdt.NotAgreed},
		{crdt.ProcessMajority, "more than half against", "add", crdt.NotAgreed},
		{crdt.ProcessMajority, "all have answered and too few agree", "a00", crdt.NotAgreed},
		{crdt.ProcessMajority, "it is still open", "ad-", crdt.Open},
		{crdt.ProcessMajority, "an objection is a no, and can be outvoted", "aao", crdt.Agreed},
		{crdt.ProcessAdvice, "the proposer decides after hearing one", "-v-", crdt.Agreed},
		{crdt.ProcessAdvice, "nobody was heard", "a--", crdt.Open},
		{crdt.ProcessAdvice, "advice against it doesn't stop it", "-oo", crdt.Agreed},
		{crdt.ProcessAdvice, "having nothing to say is an answer", "-0-", crdt.Agreed},
		{crdt.ProcessAdvice, "the proposer has changed their mind", "dv-", crdt.NotAgreed},
		{crdt.ProcessAdvice, "one alone has nobody to ask", "-", crdt.Agreed},
		{"lottery", "an unknown process gives nothing", "aaa", crdt.Open},
	}
	for _, test := range tests {
		t.Run(test.process+": "+test.name, func(t *testing.T) {
			full, all := stands(test.positions)
			if got := crdt.Tally(test.process, person(0), full, all); got.Outcome != test.want {
				t.Errorf("%s gives %s, want %s", test.positions, got.Outcome, test.want)
			}
		})
	}
}

func TestByAdviceAProposerWhoIsNoFullMemberDecidesNothing(t *testing.T) {
	full, all := stands("vvv")
	if got := crdt.Tally(crdt.ProcessAdvice, person(9), full, all); got.Outcome != crdt.Open {
		t.Errorf("got %s", got.Outcome)
	}
}

func TestPositionsOfOthersThanFullMembersAreNotCounted(t *testing.T) {
	full, all := stands("c--")
	for i := range 30 { // attack 16
		all = append(all, crdt.Stand{Member: person(100 + i), Stance: crdt.Consent})
	}
	all = append(all, all[0], all[0])
	r := crdt.Tally(crdt.ProcessConsent, person(0), full, all)
	if r.Outcome != crdt.Open || r.Counts.Consent != 1 || r.Counts.Silent != 2 || r.Counts.Full != 3 {
		t.Errorf("got %+v", r)
	}
}

func TestATallyKnowsNoOrderAndNoOutcomeTurnsOnSilence(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom(crdt.Processes).Draw(t, "process")
		positions := rapid.StringMatching(`[cosb0adv\-]{1,9}`).Draw(t, "positions")
		full, all := stands(positions)
		want := crdt.Tally(process, person(0), full, all)
		again := crdt.Tally(process, person(0), rapid.Permutation(full).Draw(t, "full"), rapid.Permutation(all).Draw(t, "all"))
		if want.Outcome != again.Outcome || want.Counts != again.Counts || want.Missing != again.Missing {
			t.Fatalf("%s depends on the order: %+v, %+v", positions, want, again)
		}
		// One more against it never turns an open or refused decision into an agreed one.
		if want.Outcome != crdt.Agreed && process != crdt.ProcessAdvice {
			for i, letter := range positions {
				if letter == '-' {
					more := append(all[:len(all):len(all)], crdt.Stand{Member: person(i), Stance: crdt.Object})
					if got := crdt.Tally(process, person(0), full, more); got.Outcome == crdt.Agreed {
						t.Fatalf("%s by %s becomes agreed by an objection", positions, process)
					}
				}
			}
		}
	})
}
