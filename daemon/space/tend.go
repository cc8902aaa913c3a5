package space

import (
	"context"
	"encoding/binary"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/duty"
)

const (
	// TendEvery is how often it is looked whether the charter, or a share, asks for something.
	TendEvery = time.Second
	// day is how often a device says what it has seen, if anything came: of what was made before the day began (UTC), as all do, so that
	// they take over from each other what they say.
	day = 24 * time.Hour
	// acknowledgeApart is how long it says nothing after it did, or after it was set up.
	acknowledgeApart = day / 2
	// acknowledgeSpread is within what time after their starts devices say it, each at another moment: those that are switched on in the morning
	// hear each other first.
	acknowledgeSpread = 10 * time.Minute
)

// standing is what it hangs on whether steps are to be brought into force: a restored device leaves that alone until it has caught up.
type standing struct {
	charter  *charter.Charter
	restored bool
}

// tend does, until ctx ends, what this device owes the charter without being told to: it brings
// steps into force for which there are enough consents, and says once a day what it has seen.
func (s *Space) tend(ctx context.Context) {
	if err := s.Replica.StartAcknowledging(); err != nil {
		s.log.Error("start acknowledging", "err", err)
	}
	tick := time.NewTicker(TendEvery)
	defer tick.Stop()
	var steps duty.Watch[standing]
	started, acknowledged := s.Now(), time.Time{} // the latter as far as it is known
	witnesses := map[charter.MemberID]bool{}
	ends := shareEnded(s.Replica)
	for {
		select {
		case <-ctx.Done():
			s.saveMeters()
			return
		case <-tick.C:
		}
		if now := shareEnded(s.Replica); now != ends {
			ends = now
			s.Peers.Refresh() // the other side's devices are former ones from now on
		}
		s.catchUp(witnesses)
		s.measure()
		if err := s.Replica.NoteTime(); err != nil {
			s.log.Error("note what has arrived", "err", err)
		}
		if err := s.Replica.Weigh(false); err != nil {
			s.log.Error("take in turn what there isn't room for", "err", err)
		}
		// More may be on its way, such as a consent taken back: so only when nothing has come for a
		// while, and this device is in step with whoever is there; or when that has lasted.
		var held []string
		holding := func() bool { held = s.Holding(); return len(held) > 0 }
		if steps.Due(standing{s.Replica.Charter(), s.Replica.Restored()}, holding, time.Now()) {
			if len(held) > 0 {
				s.log.Warn("not waited for any longer", "peers", held)
			}
			if err := s.Replica.Enact(); err != nil {
				s.log.Error("bring steps into force", "err", err)
				steps.Failed(time.Now())
			}
		}
		if now := s.Now(); acknowledges(s.Replica.Device(), started, acknowledged, now) {
			if acknowledged = s.Replica.Acknowledged(); acknowledges(s.Replica.Device(), started, acknowledged, now) {
				s.acknowledge(ctx, now.Truncate(day))
				acknowledged = now
			}
		}
	}
}

// acknowledges says whether a device says now what it has seen, that started at a time and last did so at another: once a day.
func acknowledges(device entry.Device, started, last, now time.Time) bool {
	spread := time.Duration(binary.BigEndian.Uint64(device[:]) % uint64(acknowledgeSpread))
	if now.Sub(last) > 3*day {
		spread = 0 // it may never be switched on for long
	}
	return last.Before(now.Truncate(day)) && now.Sub(last) >= acknowledgeApart && now.Sub(started) >= spread
}

// catchUp lets a restored device take part in the charter again, once it has been in step with so many who would know
// what it signed that somebody of any majority was among them. They are noted in seen.
func (s *Space) catchUp(seen map[charter.MemberID]bool) {
	if !s.Replica.Restored() {
		return
	}
	c := s.Replica.Rules()
	for _, p := range s.Peers.Peers() {
		if m, ok := c.MemberOf(p.Device); ok && p.InStep && s.Replica.Witness(m.ID) {
			seen[m.ID] = true
		}
	}
	own := s.Replica.Charter()
	me, _ := own.OwnerOf(s.Replica.Device())
	if len(seen) == 0 || !enough(own.FullNow(), me.ID, losing(own), seen) {
		return
	}
	if err := s.Replica.CaughtUp(); err != nil {
		s.log.Error("note that what was signed is known", "err", err)
	}
}

// enough says whether among those seen is somebody of every majority of the full members that me was in: one of each
// half of them. Who may be losing their place counts only if nobody else is left.
func enough(full []charter.MemberID, me charter.MemberID, losing, seen map[charter.MemberID]bool) bool {
	met, others := 0, 0
	for _, m := range full {
		if m == me || losing[m] {
			continue
		}
		others++
		if seen[m] {
			met++
		}
	}
	return met >= min((len(full)+1)/2, others)
}

// losing are those whose removal is proposed: it may have come into force since.
func losing(c *charter.Charter) map[charter.MemberID]bool {
	all := map[charter.MemberID]bool{}
	for _, p := range c.Proposals() {
		if p.Type == charter.ProposalRemove {
			all[p.Subject] = true
		}
	}
	return all
}

// acknowledge says what this device has seen; one that speaks for nobody says nothing.
func (s *Space) acknowledge(ctx context.Context, upTo time.Time) {
	if _, ok := s.Replica.Me(); !ok || s.Replica.Restored() {
		return
	}
	if err := s.Replica.Acknowledge(ctx, upTo); err != nil && ctx.Err() == nil {
		s.log.Error("acknowledge what was seen", "err", err)
	}
}

// Holding are those who are connected and with whom this device isn't in step, by name.
func (s *Space) Holding() (names []string) {
	for _, p := range s.Peers.Peers() {
		if p.Connected && !p.InStep {
			names = append(names, p.Name)
		}
	}
	return names
}
