package side

import (
	"bytes"
	"cmp"
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/home"
	"kith/daemon/replica"
)

// maxSharesOfHome bounds the shares of one co-op that its members' computers come into by themselves.
const maxSharesOfHome = 32

// maxSharesByOne bounds those among them that one member has noted.
const maxSharesByOne = 16

// shareOfHome is a share that a co-op agreed on, as its document says (kinds.Ally).
type shareOfHome struct {
	doc   entry.DocID
	by    charter.MemberID // made the document
	space entry.SpaceID
	side  entry.SpaceID
	step  charter.StepID
	word  share.Word                       // what was agreed
	first bool                             // who made the document proposed that
	seats map[charter.MemberID]*share.Seat // those that hold
	said  map[charter.MemberID]string      // as they were said
}

// sharesOf reads the shares of a co-op from its documents: those of which the step that they name is in
// force. Of several documents for one share the one with the lowest ID counts. Whether a share is one with who it
// says is seen when it is there (welcome.agreed).
func sharesOf(r *replica.Replica, checked *checkedSeats) ([]shareOfHome, error) {
	c := r.Charter()
	agreed := map[charter.StepID]share.Word{}
	for _, p := range c.Pacts() {
		if w, err := share.ReadWord(p.Word); err == nil && w.What == share.Make {
			agreed[p.Step] = w
		}
	}
	if len(agreed) == 0 {
		return nil, nil
	}
	proposed := map[charter.StepID][]charter.MemberID{}
	for step := range agreed {
		proposed[step] = c.Proposers(step)
	}
	var views []*crdt.View
	if err := r.Views(kinds.Ally.Name, func(v *crdt.View) bool {
		views = append(views, v)
		return true
	}); err != nil {
		return nil, err
	}
	var all []shareOfHome
	for _, v := range views {
		s := shareOfHome{doc: v.ID, by: v.CreatedBy}
		if home.ReadID((*[32]byte)(&s.space), kinds.AllyIn(v).Share) != nil || home.ReadID((*[32]byte)(&s.side), kinds.AllyIn(v).Side) != nil || home.ReadID((*[32]byte)(&s.step), kinds.AllyIn(v).Step) != nil {
			continue
		}
		var ok bool
		if s.word, ok = agreed[s.step]; !ok {
			continue
		}
		if by, _ := c.Member(v.CreatedBy); by.Standing == charter.Prospective {
			continue
		}
		s.first = slices.Contains(proposed[s.step], v.CreatedBy)
		s.seats, s.said = map[charter.MemberID]*share.Seat{}, map[charter.MemberID]string{}
		for _, seat := range kinds.AllyIn(v).Seats {
			if read := checked.read(seat.Said, r.Space(), seat.Member, s.side); read != nil {
				s.seats[seat.Member], s.said[seat.Member] = read, seat.Said
			}
		}
		all = append(all, s)
	}
	return chosen(all), nil
}

// chosen are the documents that count: of several for one side of one share one, and nobody crowds out others
// by writing many. Those of who proposed the step come first.
func chosen(all []shareOfHome) (out []shareOfHome) {
	rank := func(s *shareOfHome) int {
		if s.first {
			return 0
		}
		return 1
	}
	slices.SortFunc(all, func(a, b shareOfHome) int {
		return cmp.Or(cmp.Compare(rank(&a), rank(&b)), bytes.Compare(a.doc[:], b.doc[:]))
	})
	made := map[charter.MemberID]int{}
	for _, s := range all {
		if len(out) == maxSharesOfHome || made[s.by] == maxSharesByOne ||
			slices.ContainsFunc(out, func(o shareOfHome) bool { return o.space == s.space && o.side == s.side }) {
			continue
		}
		made[s.by]++
		out = append(out, s)
	}
	return out
}

// checkedSeats remembers seats whose signatures were verified, which takes a while. It is for one goroutine.
type checkedSeats struct{ seats map[seatKey]*share.Seat }

type seatKey struct {
	said   string
	home   entry.SpaceID
	member charter.MemberID
	side   entry.SpaceID
}

// maxChecked bounds what is remembered.
const maxChecked = 5000

// read returns a seat that holds; nil for any other.
func (k *checkedSeats) read(said string, home entry.SpaceID, member charter.MemberID, side entry.SpaceID) *share.Seat {
	key := seatKey{said, home, member, side}
	if s, ok := k.seats[key]; ok {
		return s
	}
	s, err := share.ReadSeat(said)
	if err == nil {
		err = s.Check(home, member, side)
	}
	if err != nil {
		s = nil
	}
	if len(k.seats) >= maxChecked || k.seats == nil {
		k.seats = map[seatKey]*share.Seat{}
	}
	k.seats[key] = s
	return s
}
