package kinds_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/kinds"
)

// ballotOf reads an answer as the table writes it.
func ballotOf(process, words string) kinds.Ballot {
	b := kinds.Ballot{}
	for place, word := range strings.Fields(words) {
		if word == "-" {
			continue
		}
		name, value, _ := strings.Cut(word, "=")
		for _, o := range strings.Split(name, ",") {
			n := 1
			switch process {
			case kinds.ProcessScore:
				n, _ = strconv.Atoi(value)
			case kinds.ProcessRanking:
				n = place + 1
			case kinds.ProcessDates:
				n = kinds.CanCome
				if strings.HasSuffix(o, "?") {
					n = kinds.CouldCome
				}
			}
			b[strings.TrimSuffix(o, "?")] = n
		}
	}
	return b
}

func first(counts []kinds.Count) (names []string) {
	for _, c := range counts {
		if c.First {
			names = append(names, c.Option)
		}
	}
	slices.Sort(names)
	return names
}

func TestWhatAnswersToOptionsGive(t *testing.T) {
	for _, row := range cases(t, "choices.txt", 3) {
		var ballots []kinds.Ballot
		for _, group := range strings.Split(row[1], ";") {
			times, words, _ := strings.Cut(group, ":")
			n, err := strconv.Atoi(strings.TrimSpace(times))
			if err != nil {
				t.Fatalf("%q: %v", group, err)
			}
			for range n {
				ballots = append(ballots, ballotOf(row[0], words))
			}
		}
		got := strings.Join(first(kinds.CountBallots(row[0], []string{"A", "B", "C", "D", "E"}, ballots)), " ")
		if got != row[2] {
			t.Errorf("by %s %s gives %q, and not %q", row[0], row[1], got, row[2])
		}
	}
}

// In whatever order answers and options come, the same comes out; and what beats each other one in pairs comes out alone.
func TestACountFollowsNoOrderAndWhoBeatsAllComesOutFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		process := rapid.SampledFrom([]string{kinds.ProcessApproval, kinds.ProcessScore, kinds.ProcessRanking, kinds.ProcessDates}).Draw(t, "process")
		options := []string{"A", "B", "C", "D"}
		var ballots []kinds.Ballot
		for range rapid.IntRange(0, 9).Draw(t, "people") {
			b := kinds.Ballot{}
			for _, o := range options {
				if n := rapid.IntRange(-1, 5).Draw(t, o); n != -1 {
					b[o] = n
				}
			}
			ballots = append(ballots, b)
		}
		won := first(kinds.CountBallots(process, options, ballots))
		others := rapid.Permutation(ballots).Draw(t, "ballots")
		if again := first(kinds.CountBallots(process, rapid.Permutation(options).Draw(t, "options"), others)); !slices.Equal(won, again) {
			t.Fatalf("%v comes out first, and in another order %v", won, again)
		}
		if process != kinds.ProcessRanking {
			return
		}
		for _, o := range options {
			beats := 0
			for _, other := range options {
				more := 0
				for _, b := range ballots {
					x, y := b[o], b[other]
					switch {
					case x > 0 && (y <= 0 || x < y):
						more++
					case y > 0 && (x <= 0 || y < x):
						more--
					}
				}
				if more > 0 {
					beats++
				}
			}
			if beats == len(options)-1 && !slices.Equal(won, []string{o}) {
				t.Fatalf("%s beats each other one, and %v comes out first", o, won)
			}
		}
	})
}
