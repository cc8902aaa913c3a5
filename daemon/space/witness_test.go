package space

import (
	"testing"

	"kith/crdt/charter"
)

// Attack 54: one removed member's daemon, unmodified, that had heard nothing, was enough to have caught up.
func TestWhoComesBackHasHeardSomebodyOfEveryMajority(t *testing.T) {
	t.Parallel()
	for n := 2; n <= 8; n++ {
		full := make([]charter.MemberID, n)
		for i := range full {
			full[i] = charter.MemberID{byte(i + 1)}
		}
		for set := range 1 << (n - 1) { // of those other than the first, who comes back
			seen := map[charter.MemberID]bool{}
			for i := range n - 1 {
				if set>>i&1 == 1 {
					seen[full[i+1]] = true
				}
			}
			// Is there a majority with the first in it, and nobody seen?
			unseen := n - len(seen)
			if got, want := enough(full, full[0], nil, seen), unseen <= n/2; got != want {
				t.Errorf("of %d, %d were heard: enough %v, want %v", n, len(seen), got, want)
			}
		}
	}
	four := []charter.MemberID{{1}, {2}, {3}, {4}}
	if enough(four, four[0], map[charter.MemberID]bool{{4}: true}, map[charter.MemberID]bool{{3}: true, {4}: true}) {
		t.Error("who may be removed by now counts as somebody who knows")
	}
	if !enough(four[:1], four[0], nil, nil) {
		t.Error("who is alone has to hear somebody who isn't there")
	}
}
