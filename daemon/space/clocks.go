package space

import (
	"fmt"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// CommonNow is the time by which something is over, where this computer's clock says now: that clock's or, where the clocks of full members who are
// connected differ from it, the one in the middle, and of two the earlier. So nothing is decided by one clock, nor by those of guests, of whom
// anybody can bring several.
func (s *Space) CommonNow(now time.Time) time.Time {
	if by := s.behind(); by > replica.MaxAhead || by < -replica.MaxAhead {
		return now.Add(by)
	}
	return now
}

// ClockSays says that this computer's clock is off, by those of the members who are connected.
func (s *Space) ClockSays() []string {
	switch by := s.behind(); {
	case by < -replica.MaxAhead:
		return []string{fmt.Sprintf("This computer's clock is %s ahead of those of the others: set it. Until then a day is over here when it is by theirs.", words.Span(-by))}
	case by > replica.MaxAhead:
		return []string{fmt.Sprintf("This computer's clock is %s behind those of the others: set it. Until then a day is over here when it is by theirs.", words.Span(by))}
	}
	return nil
}

// behind is how far this computer's clock is behind the one in the middle of it and of those of the full members who are connected, by the computer of each
// that differs least; less than 0: it is ahead.
func (s *Space) behind() time.Duration {
	if s.Peers == nil {
		return 0
	}
	least := map[charter.MemberID]time.Duration{}
	for _, p := range s.Peers.Peers() {
		m, ok := s.Replica.Rules().MemberOf(p.Device)
		if !ok || m.Standing != charter.Full || !p.Connected || !p.Exchange.Clocked {
			continue
		}
		if was, had := least[m.ID]; !had || p.Exchange.Ahead.Abs() < was.Abs() {
			least[m.ID] = p.Exchange.Ahead
		}
	}
	if me, ok := s.Replica.Me(); ok { // another computer of one's own isn't another clock
		delete(least, me.ID)
	}
	return middle(least)
}

// middle is the one in the middle of our clock, which is 0, and of those of the others; of two in the middle the earlier.
func middle(others map[charter.MemberID]time.Duration) time.Duration {
	all := []time.Duration{0}
	for _, by := range others {
		all = append(all, by)
	}
	slices.Sort(all)
	return all[(len(all)-1)/2]
}
