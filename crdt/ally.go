package crdt

import (
	"maps"
	"slices"

	"github.com/automerge/automerge-go"

	"kith/crdt/charter"
	"kith/crdt/schema"
)

// Ally is what a co-op keeps, for itself alone, of a share with another: the document's title is what
// the other is called. What was agreed lies in the share.
type Ally struct {
	Share string `json:"share"` // ID of the share's space, in hexadecimal
	Side  string `json:"side"`  // of the space of one's own side's charter there
	Step  string `json:"step"`  // of the step by which the pact was agreed at home
	Seats []Seat `json:"seats"` // by member ID
}

// Seat is what a member says of who they are in a share; package share reads it.
type Seat struct {
	Member charter.MemberID `json:"member"`
	Said   string           `json:"said"`
}

// AllyFields is what an ally's document begins with. It doesn't change, but for the seats.
type AllyFields struct {
	Title             string
	Share, Side, Step string // each 64 hexadecimal digits
}

// NewAlly creates the document of a share with an ally.
func NewAlly(f AllyFields) Edit {
	return func(am *automerge.Doc, _ *View) error {
		d := newDraft(am)
		if err := d.create(f.Title, "", nil); err != nil {
			return err
		}
		d.set(schema.Share, f.Share)
		d.set(schema.Side, f.Side)
		d.set(schema.Step, f.Step)
		return d.write()
	}
}

// TakeSeat says who a member is in the share.
func TakeSeat(by charter.MemberID, seat string) Edit {
	return func(am *automerge.Doc, _ *View) error {
		if err := short("the seat", seat); err != nil {
			return err
		}
		d := newDraft(am)
		d.set(schema.OwnKey(by, schema.OwnSeat), seat)
		return d.write()
	}
}

func lookAlly(root content) *Ally {
	a := &Ally{Share: root.str(schema.Share), Side: root.str(schema.Side), Step: root.str(schema.Step), Seats: []Seat{}}
	own := ownSay(root)
	for _, m := range slices.SortedFunc(maps.Keys(own), compareMembers) {
		if said := own[m][schema.OwnSeat].Str(); said != "" {
			a.Seats = append(a.Seats, Seat{m, said})
		}
	}
	return a
}
