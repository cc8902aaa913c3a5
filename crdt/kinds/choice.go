package kinds

import (
	"slices"
)

// Ballot is what one member answers to options: a number for each, by its name. What the number means is said by the process:
//
//   - approval: 1, I can live with it
//   - score: 0 to MaxScore
//   - ranking: the place, 1 is best; several may have the same
//   - dates: CanCome, or CouldCome if need be
//
// An option that isn't in it is not approved, has no points, stands behind all that are ranked, and is a day on which one can't come.
type Ballot map[string]int

// What numbers say in ballots.
const (
	MaxScore  = 5
	CouldCome = 1
	CanCome   = 2
)

// Count is what ballots give to one option.
type Count struct {
	Option string // its name
	// Votes is how many approve of it; the sum of its points; how many other options it beats; or how many can come, also if need be.
	Votes int
	Sure  int  // of those who can come, who don't only if need be
	First bool // it comes out first; several: they are tied
}

// CountBallots counts ballots by a process, each in one well-defined way, without lots and without looking who is whose:
//
//   - approval: the most approvals (Brams and Fishburn, “Approval voting”, American Political Science Review 72, 1978).
//   - score: the highest sum of points; an option that somebody gave none has 0 from them (Smith, “Range voting”, 2000).
//   - ranking: Schulze's method (“A new monotonic, clone-independent, reversal symmetric, and Condorcet-consistent
//     single-winner election method”, Social Choice and Welfare 36, 2011), with the strength of a path by winning votes. Who beats every
//     other in pairs comes out first.
//   - dates: the day on which most can come; of several, the one on which fewest come only if need be.
//
// What is first by that and alike is tied, and stays so. Options that nobody wants don't come out first.
func CountBallots(process string, options []string, ballots []Ballot) []Count {
	counts := make([]Count, len(options))
	for i, o := range options {
		counts[i].Option = o
	}
	if process == ProcessRanking {
		rank(counts, ballots)
		return counts
	}
	best := Count{Votes: 1}
	for i := range counts {
		c := &counts[i]
		for _, b := range ballots {
			switch n := b[c.Option]; process {
			case ProcessScore:
				c.Votes += min(max(n, 0), MaxScore)
			case ProcessDates:
				c.Votes += min(max(n, 0), 1)
				c.Sure += min(max(n-CouldCome, 0), 1)
			default:
				c.Votes += min(max(n, 0), 1)
			}
		}
		if c.Votes > best.Votes || c.Votes == best.Votes && c.Sure > best.Sure {
			best = *c
		}
	}
	for i := range counts {
		counts[i].First = counts[i].Votes == best.Votes && counts[i].Sure == best.Sure
	}
	return counts
}

// rank counts by Schulze's method: path[i][j] is the strength of the strongest path from i to j.
func rank(counts []Count, ballots []Ballot) {
	n := len(counts)
	prefer := make([][]int, n) // how many place i before j
	path := make([][]int, n)
	for i := range counts {
		prefer[i], path[i] = make([]int, n), make([]int, n)
		for j := range counts {
			for _, b := range ballots {
				if before(b[counts[i].Option], b[counts[j].Option]) {
					prefer[i][j]++
				}
			}
		}
	}
	for i := range path {
		for j := range path {
			if prefer[i][j] > prefer[j][i] {
				path[i][j] = prefer[i][j]
			}
		}
	}
	for k := range path {
		for i := range path {
			for j := range path {
				if i != j && i != k && j != k {
					path[i][j] = max(path[i][j], min(path[i][k], path[k][j]))
				}
			}
		}
	}
	placed := slices.ContainsFunc(ballots, func(b Ballot) bool { return len(b) > 0 })
	for i := range counts {
		counts[i].First = placed
		for j := range counts {
			if i == j {
				continue
			}
			if path[i][j] > path[j][i] {
				counts[i].Votes++
			}
			if path[j][i] > path[i][j] {
				counts[i].First = false
			}
		}
	}
}

// before says whether a place is before another; 0 is none, behind all that there are.
func before(a, b int) bool { return a > 0 && (b <= 0 || a < b) }

// firsts are the names of the options that come out first.
func firsts(counts []Count) []string {
	out := []string{}
	for _, c := range counts {
		if c.First {
			out = append(out, c.Option)
		}
	}
	return out
}
