package assembly

import (
	"context"
	"time"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// sayToAlly proposes that this side of a share says something to the other.
func sayToAlly(ctx context.Context, r *replica.Replica, q api.ProposalRequest, now time.Time) (api.Proposal, error) {
	shared, side := r.Share()
	if shared == nil {
		return api.Proposal{}, api.Problemf(api.Usage, "which shares there are: kith share list", "%s is a co-op, and no share with an ally", r.Charter().Name())
	}
	if _, over := words.EndOf(r); over {
		return api.Proposal{}, share.ErrEnded
	}
	word, err := wordOf(shared, q, now)
	if err != nil {
		return api.Proposal{}, err
	}
	p, err := Propose(ctx, r, func(*charter.Charter) ([]byte, charter.StepID, error) {
		shared, _ := r.Share() // as it is now
		_, payload, id, err := shared.Propose(r.Device(), word, q.Why)
		return payload, id, err
	})
	if err != nil {
		return p, err
	}
	if p.State == string(charter.ProposalInForce) && word.What == share.Change {
		p.Says = append(p.Says, "It binds both as soon as "+shared.Side(1-side).Name()+" says the same.")
	}
	return p, nil
}

// wordOf reads what is to be said to an ally.
func wordOf(shared *share.Share, q api.ProposalRequest, now time.Time) (w share.Word, err error) {
	switch q.Action {
	case api.ActionEndShare:
		return share.Word{What: share.End}, nil
	case api.ActionContacts:
		w = share.Word{What: share.Contacts}
		for _, name := range q.Contacts {
			clean, err := charter.CleanName(name)
			if err != nil {
				return w, err
			}
			w.Contacts = append(w.Contacts, clean)
		}
		return w, nil
	}
	w = share.Word{What: share.Change}
	w.Terms, _ = shared.Terms()
	if q.Purpose != "" {
		w.Terms.Purpose = q.Purpose
	}
	if q.Ends != "" {
		if w.Terms.Ends, err = EndDate(q.Ends, now); err != nil {
			return w, err
		}
	}
	switch q.Voices {
	case "":
	case share.EachCoop.String():
		w.Terms.Voices = share.EachCoop
	case share.People.String():
		w.Terms.Voices = share.People
	}
	return w, nil
}

// maxPact bounds how far ahead a pact may end.
const maxPact = 10 * 366 * 24 * time.Hour

// EndDate reads the date on which a pact ends: the end of that day, or that moment.
func EndDate(date string, now time.Time) (uint64, error) {
	end, ok := kind.DayEnds(date, time.UTC) // the same for both co-ops
	switch {
	case !ok:
		return 0, api.Problemf(api.Invalid, "--ends 2027-12-01", "this is no date: %.40q", date)
	case !end.After(now):
		return 0, api.Problemf(api.Invalid, "give a later date; to end it: kith ally end ALLY --why WHY", "a pact can't end on %s, which is over", date)
	case end.After(now.Add(maxPact)):
		return 0, api.Problemf(api.Limit, "a pact can be made to last longer later: kith share terms SHARE --ends DATE", "a pact ends within ten years, and not on %s", date)
	}
	return uint64(end.UnixMilli()), nil
}

// zoneWord is what a co-op says about where its days end.
func zoneWord(r *replica.Replica, name string) ([]byte, error) {
	if shared, _ := r.Share(); shared != nil {
		return nil, api.Problemf(api.Usage, "kith charter time-zone "+words.ShellWord(name)+", in the co-op", "each co-op has a time zone for itself, and this is a share")
	}
	place, err := time.LoadLocation(name)
	if err != nil || name == "Local" || name == "" {
		return nil, api.Problemf(api.Invalid, "like Europe/Berlin, America/Los_Angeles, Asia/Tokyo", "no time zone is called %.40q", name)
	}
	if share.ZoneOf(r.Charter().Pacts()) == place.String() {
		return nil, charter.ErrNoChange
	}
	return share.Word{What: share.Zone, Zone: place.String()}.Encode()
}

// ruleWord is what a co-op says about who may share a document of it.
func ruleWord(r *replica.Replica, rule string) ([]byte, error) {
	if shared, _ := r.Share(); shared != nil {
		return nil, api.Problemf(api.Usage, "kith share rule agreed, in the co-op", "each co-op has such a rule for itself, and this is a share")
	}
	w := share.Word{What: share.Sharing, Rule: share.Anyone}
	if rule == share.Agreed.String() {
		w.Rule = share.Agreed
	}
	if share.RuleOf(r.Charter().Pacts()) == w.Rule {
		return nil, charter.ErrNoChange
	}
	return w.Encode()
}
