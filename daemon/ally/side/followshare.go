package side

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/duty"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/store"
	"kith/daemon/words"
)

// followShare says in one share what follows from its home, if nothing is on its way in either.
func (f *Follower) followShare(ctx context.Context, home *space.Space, h *followedHome, at *space.Space, place *home.SharePlace) error {
	r := at.Replica
	k := f.shares[place.Side]
	if k == nil {
		k = &followedShare{since: map[string]time.Time{}, failed: map[string]refused{}, gaps: map[charter.StepID]time.Time{}}
		f.shares[place.Side] = k
	}
	rules, now := r.Rules(), f.all.Config.Now()
	changed := k.rules != rules || k.homeAt != h.views
	k.rules, k.homeAt = rules, h.views
	k.looked = k.looked && !changed
	if k.looked && now.Before(k.due) || r.Restored() {
		k.wait = duty.Patience{}
		return nil
	}
	// More may be on its way: but not for ever.
	holding := append(home.Holding(), at.Holding()...)
	if !k.wait.Over(changed || !h.calm || len(holding) > 0, time.Now()) {
		return nil
	}
	return f.speak(ctx, h, at, place, k)
}

// speak says what there is to say.
func (f *Follower) speak(ctx context.Context, h *followedHome, at *space.Space, place *home.SharePlace, k *followedShare) error {
	r := at.Replica
	for range maxSaid {
		duties, err := f.dutiesNow(h, at, place, k)
		if err != nil {
			return err
		}
		now := f.all.Config.Now()
		k.looked, k.rules, k.due = true, r.Rules(), f.nextLook(r, now, len(duties) > 0)
		here := map[string]bool{}
		said := false
		for i := range duties {
			d := &duties[i]
			key := dutyKey(d)
			here[key] = true
			since, ok := k.since[key]
			if !ok {
				since, k.since[key] = now, now
			}
			if said || now.Sub(since) < time.Duration(d.Rank)*nextInRank || k.failed[key].still(r.Rules(), now) {
				continue
			}
			switch err := sayDuty(ctx, r, d); {
			case err == nil:
				said = true
				f.all.Config.Log.Info("said in a share what follows from its co-op", "what", int(d.Do), "about", d.About.String())
			case errors.Is(err, store.ErrDiskFull), errors.Is(err, store.ErrCorrupt), ctx.Err() != nil:
				return err
			default: // somebody's word is with another step, or it isn't for this device
				k.failed[key] = refused{r.Rules(), now}
				f.all.Config.Log.Debug("not said in a share", "what", int(d.Do), "err", err)
			}
		}
		for key := range k.since {
			if !here[key] {
				delete(k.since, key)
				delete(k.failed, key)
			}
		}
		if !said {
			return nil
		}
	}
	return nil
}

// nextLook is when to look though nothing has changed: soon if something is left to say, and when the share's
// end date has come.
func (f *Follower) nextLook(r *replica.Replica, now time.Time, more bool) time.Time {
	next := now.Add(lookAnew)
	if more {
		next = now.Add(lookAgain)
	}
	if shared, _ := r.Share(); shared != nil {
		if terms, ok := shared.Terms(); ok && terms.Ends > 0 {
			if ends := words.Moment(terms.Ends); ends.After(now) && ends.Before(next) {
				next = ends
			}
		}
	}
	return next
}

func dutyKey(d *share.Duty) string {
	return fmt.Sprint(d.Do, d.About, d.Of, d.Terms.Type, d.Device, d.Invite, d.New.Key)
}

// dutiesNow asks what there is to say.
func (f *Follower) dutiesNow(h *followedHome, at *space.Space, place *home.SharePlace, k *followedShare) ([]share.Duty, error) {
	r := at.Replica
	shared, side := r.Share()
	now := f.all.Config.Now()
	seats := f.seatsOf(at)
	q := &share.Following{
		Home: h.charter, Share: shared, Side: side, Device: r.Device(), Seats: map[charter.MemberID]*share.Seat{},
		Now: uint64(max(now.UnixMilli(), 0)), Behind: map[charter.StepID]bool{},
	}
	for i := range h.shares {
		if of := &h.shares[i]; of.side == place.Side && of.space == place.Share {
			q.Seats = of.seats
			for m, seat := range of.seats {
				if err := seats.note(m, seat); err != nil {
					return nil, err
				}
			}
		}
	}
	q.Owners = seats.owners()
	for m, seat := range q.Seats {
		for i := range seat.Devices {
			if d := &seat.Devices[i]; q.Owners[d.New.Key] == (share.Owner{}) {
				q.Owners[d.New.Key] = share.Owner{Member: m, Home: d.Home}
			}
		}
	}
	q.Owners[r.Device()] = share.Owner{Member: place.Member}
	c := r.Charter()
	me, _ := c.MemberOf(r.Device())
	for _, p := range c.Pending() {
		if p.State != charter.ProposalOpen || p.Why != "" || p.Type != charter.ProposalRemove && p.Type != charter.ProposalKey {
			continue
		}
		if slices.ContainsFunc(p.Consents, func(a charter.Answer) bool { return a.Member == me.ID }) {
			continue // it was looked at; that takes a look at all entries
		}
		since, ok := k.gaps[p.ID]
		if !ok {
			since, k.gaps[p.ID] = now, now
		}
		if now.Sub(since) >= bearsGap {
			continue
		}
		n, err := r.Beyond(p.Frontiers, words.DevicesOf(c, p.Subject))
		if err != nil {
			return nil, err
		}
		q.Behind[p.ID] = n > 0
	}
	return share.Follow(q), nil
}

// sayDuty says it.
func sayDuty(ctx context.Context, r *replica.Replica, d *share.Duty) error {
	by := r.Device()
	if d.Do == share.DoRetire {
		return retireBeside(ctx, r, d.Device)
	}
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) {
		switch d.Do {
		case share.DoResign:
			honoured, err := r.Honoured(words.DevicesOf(c, d.About))
			if err != nil {
				return nil, err
			}
			return c.Resign(by, honoured, "")
		case share.DoCertify:
			return c.Certify(by, d.New)
		case share.DoFill:
			return c.FillSeat(d.Invite, d.Redemption)
		case share.DoClose:
			return c.CloseFounding(by, "")
		case share.DoInvite:
			return c.Invite(by, d.Invite, 0)
		case share.DoLetIn:
			return c.AdmitProspective(by, d.Invite, d.Redemption)
		case share.DoPropose:
			terms := d.Terms
			var err error
			switch terms.Type {
			case charter.ProposalRemove:
				terms.Frontiers, err = r.Honoured(words.DevicesOf(c, terms.Member))
			case charter.ProposalKey:
				terms.Frontiers, err = entrance.Honoured(r, terms.Member, c.RetiredBy)
			}
			if err != nil {
				return nil, err
			}
			payload, _, err := c.Propose(by, terms)
			return payload, err
		case share.DoConsent:
			return c.Consent(by, d.Of, false)
		case share.DoTakeBack:
			return c.TakeBack(by, d.Of)
		case share.DoRefuse:
			return c.Refuse(by, d.Of, share.WhyLater)
		}
		return nil, fmt.Errorf("nothing known to say: %d", d.Do)
	})
	return err
}

// retireBeside takes another device of this one's member out of use, and lets this one consent if that did.
func retireBeside(ctx context.Context, r *replica.Replica, device entry.Device) error {
	me, _ := r.Me()
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) {
		honoured, err := r.Honoured([]entry.Device{device})
		if err != nil {
			return nil, err
		}
		return c.Retire(r.Device(), device, honoured[0].Frontier)
	})
	if err != nil {
		return err
	}
	for _, d := range me.Devices {
		if d.Key == device && d.Consents {
			_, err = r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.MoveConsents(r.Device(), r.Device()) })
		}
	}
	return err
}
