package desk

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// seen says who has had what, as far as that is known: by acknowledgements, which each device makes
// once a day, and because who writes on a thing has it. It never says that somebody hasn't.
type seen struct {
	r     *replica.Replica
	w     *words.Words
	in    []charter.MemberID // who is in
	stood map[entry.DocID]map[entry.ID][]charter.MemberID
}

func newSeen(r *replica.Replica, w *words.Words) *seen {
	s := &seen{r: r, w: w, stood: map[entry.DocID]map[entry.ID][]charter.MemberID{}}
	for _, m := range r.Rules().Members() {
		if m.Standing == charter.Full || m.Standing == charter.Prospective {
			s.in = append(s.in, m.ID)
		}
	}
	return s
}

// by notes who has had the entry of a line; only of what counts something is said.
func (s *seen) by(l replica.Line, out *api.LogLine) error {
	if l.State != charter.Accepted {
		return nil
	}
	var had []charter.MemberID
	if l.Change == nil {
		had = s.w.Charter.Heard(l.Entry.ID())
	} else {
		confirmed, err := s.r.ConfirmedBy(l.Entry)
		if err != nil {
			return err
		}
		doc, ok := s.stood[l.Entry.Doc]
		if !ok {
			doc = l.StoodOn()
			s.stood[l.Entry.Doc] = doc
		}
		had = slices.Concat(confirmed, doc[l.Entry.ID()])
	}
	me, _ := s.r.Me()
	for _, m := range s.in {
		switch {
		case m == l.Author:
		case m == me.ID, slices.Contains(had, m):
			out.SeenBy = append(out.SeenBy, s.w.Named(m))
		default:
			out.NotYetBy = append(out.NotYetBy, s.w.Named(m))
		}
	}
	return nil
}
