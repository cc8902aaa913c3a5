package daemon

import (
	"fmt"
	"slices"

	"kith/daemon/api"
	"kith/daemon/replica"
)

// shutShare is a share that lies here and couldn't be opened at the start. Everything else goes on without it.
type shutShare struct {
	place *Home
	of    sharePlace
	err   error
}

// leaveShut notes that a share can't be opened, and says whether the daemon can go on: a co-op that can't be
// opened ends the start.
func (s *served) leaveShut(place *Home, err error) bool {
	of, unread := place.sharePlace()
	if place == s.home || unread != nil || of == nil {
		return false
	}
	s.options.Log.Error("a share can't be opened", "place", place.dir, "err", err)
	s.shut = append(s.shut, shutShare{place, *of, err})
	return true
}

// isShut says whether a share of a home lies here and isn't open: no other place is made for it.
func (s *served) isShut(at awaited) bool {
	return slices.ContainsFunc(s.shut, func(x shutShare) bool {
		return awaited{x.of.Home, x.of.Share, x.of.Side} == at
	})
}

// shutNotice tells a member of a home which of its shares aren't open here, and why.
func (s *served) shutNotice(r *replica.Replica) (says []string) {
	for _, x := range s.shut {
		if x.of.Home == r.Space() {
			says = append(says, fmt.Sprintf("A share with an ally can't be opened on this computer; all else goes on. Why, and what to do: kith doctor (%s)", x.place.dir))
		}
	}
	return says
}

// checkShut is what the doctor says of them.
func (s *served) checkShut() (checks []api.Check) {
	for _, x := range s.shut {
		checks = append(checks, api.Check{
			Name: "share", Says: fmt.Sprintf("the share in %s can't be opened: %v", x.place.dir, x.err),
			Hint: "mend that and start the daemon anew; or move the folder away, and it comes from your colleagues again",
		})
	}
	return checks
}
