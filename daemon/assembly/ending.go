package assembly

import (
	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// endings says how the memberships of those ended who aren't in, in the order in which they came.
func endings(r *replica.Replica, w *words.Words) []api.Ending {
	last := map[charter.MemberID]api.Ending{}
	for _, l := range w.Charter.Log() {
		at := api.At(r.Came(l.Entry.ID()))
		switch {
		case l.Said.Type == charter.TypeResign:
			last[l.By] = api.Ending{At: at, Why: l.Said.Why}
		case l.Said.Type == charter.TypeEnact && l.InForce && l.Of != nil && l.Of.Type == charter.ProposalRemove:
			last[l.Subject] = api.Ending{At: at, Why: l.Of.Why, By: w.ByName(l.Consents)}
		}
	}
	var out []api.Ending
	for _, m := range w.Charter.Members() {
		if m.Standing == charter.Resigned || m.Standing == charter.Removed {
			e := last[m.ID]
			e.Member = w.Named(m.ID)
			out = append(out, e)
		}
	}
	return out
}
