package side

import (
	"fmt"
	"slices"

	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/space"
	"kith/daemon/words"
)

// shutShare is a share that lies here and couldn't be opened at the start. Everything else goes on without it.
type shutShare struct {
	place *home.Home
	of    home.SharePlace
	err   error
}

// Leave notes that a share can't be opened, and says whether the daemon can go on: a co-op that can't be
// opened ends the start.
func (f *Follower) Leave(place *home.Home, err error) bool {
	of, unread := place.SharePlace()
	if place == f.all.Home || unread != nil || of == nil {
		return false
	}
	f.all.Config.Log.Error("a share can't be opened", "place", place.Where(), "err", err)
	f.shut = append(f.shut, shutShare{place, *of, err})
	return true
}

// isShut says whether a share of a home lies here and isn't open: no other place is made for it.
func (f *Follower) isShut(at awaited) bool {
	return slices.ContainsFunc(f.shut, func(x shutShare) bool {
		return awaited{x.of.Home, x.of.Share, x.of.Side} == at
	})
}

// Notice tells a member of a home which of its shares aren't open here, and why; and of which it isn't known any more that
// they are with the ally.
func (f *Follower) Notice(at *space.Space) (says []string) {
	for _, x := range f.shut {
		if x.of.Home == at.Replica.Space() {
			says = append(says, fmt.Sprintf("A share with an ally can't be opened on this computer; all else goes on. Why, and what to do: kith doctor (%s)", x.place.Where()))
		}
	}
	for _, share := range f.all.SharesOf(at.Replica.Space()) {
		if doubt := words.DoubtOf(share.Replica); doubt != "" {
			if _, over := words.EndOf(share.Replica); !over {
				says = append(says, doubt)
			}
		}
	}
	return says
}

// CheckShut is what the doctor says of the shares of all homes that can't be opened.
func (f *Follower) CheckShut() (checks []api.Check) {
	for _, x := range f.shut {
		checks = append(checks, api.Check{
			Name: "share", Says: fmt.Sprintf("the share in %s can't be opened: %v", x.place.Where(), x.err),
			Hint: "mend that and start the daemon anew; or move the folder away, and it comes from your colleagues again",
		})
	}
	return checks
}
