package words

import (
	"fmt"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// SpaceName is what a space is called: as its co-op or, a share, as both.
func SpaceName(r *replica.Replica) string {
	if s, _ := r.Share(); s != nil {
		return s.Side(0).Name() + " and " + s.Side(1).Name()
	}
	return r.Charter().Name()
}

// AllyOf is what the other side of a share is called.
func AllyOf(r *replica.Replica) string {
	shared, side := r.Share()
	return shared.Side(1 - side).Name()
}

// DoubtOf says that it isn't known whether the people of the other side of a share speak for their co-op; "" if it is.
func DoubtOf(r *replica.Replica) string {
	shared, side := r.Share()
	if shared == nil || !shared.Doubted(1-side) {
		return ""
	}
	terms, _ := shared.Terms()
	ally := AllyOf(r)
	return fmt.Sprintf("Nobody of %s, as you know it from your first share, says any more that those who are in “%s” speak for it: whoever said so has left, or your first share is over. "+
		"None of them counts there in joint decisions. Ask %[1]s. As long as your first share goes on, somebody of theirs can come in there; else end this one, and make a pact anew.", ally, terms.Purpose)
}

// AllyCalled is what the ally of a share is called in a co-op, of which this device may not be in the share.
func AllyCalled(r *replica.Replica, share string) string {
	with := "an ally"
	_ = r.Views(kinds.Ally.Name, func(v *crdt.View) bool { // of one that can't be read the doctor tells
		if kinds.AllyIn(v).Share == share {
			with = v.Title
		}
		return true
	})
	return with
}

// EndOf says whether a share is over, by a word or by this computer's clock, and since when as far as it is
// known here.
func EndOf(r *replica.Replica) (at api.Time, over bool) {
	shared, _ := r.Share()
	if shared == nil {
		return at, false
	}
	by, over := shared.Ended()
	for side, step := range by {
		if step == (charter.StepID{}) {
			continue
		}
		for _, l := range shared.Side(side).Log() {
			came := r.Came(l.Entry.ID())
			if l.Of != nil && l.Of.ID == step && l.InForce && !came.IsZero() && (at.IsZero() || came.Before(at.Time)) {
				at = api.At(came)
			}
		}
	}
	if terms, ok := shared.Terms(); ok && terms.Ends != 0 {
		ends := Moment(terms.Ends)
		if !over && !r.Now().Before(ends) || over && at.IsZero() {
			return api.At(ends), true
		}
	}
	return at, over
}

// Past says whether the end date of a share, in ms since 1970 and 0 for none, has come.
func Past(ends uint64, now time.Time) bool {
	return ends != 0 && uint64(max(now.UnixMilli(), 0)) >= ends
}

// OnDay is a day behind a verb, as in “ended on 2 January 2026”, with a space before it; "" if it isn't known.
func OnDay(at api.Time) string {
	if at.IsZero() {
		return ""
	}
	return " on " + at.Format("2 January 2006")
}

// shareName is what a share is called, beside the name of its space: as the ally, or as its title says.
type shareName struct {
	Ally, Title string
	Over        bool
}

// ShareNameOf gives that of a share; ok is false for a co-op.
func ShareNameOf(r *replica.Replica) (name shareName, ok bool) {
	shared, side := r.Share()
	if shared == nil {
		return name, false
	}
	terms, _ := shared.Terms()
	_, over := EndOf(r)
	return shareName{Ally: shared.Side(1 - side).Name(), Title: terms.Purpose, Over: over}, true
}
