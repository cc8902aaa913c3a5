package kinds

import (
	"maps"
	"slices"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

var (
	// AllyShare, AllySide and AllyStep are the ID of a share's space, that of one's own side's charter in it, and that of
	// the step by which the pact was agreed at home.
	AllyShare = &kind.Field{Key: "share", Is: kind.ID, First: true, Stays: true, Hint: "the share's space", Log: untold}
	AllySide  = &kind.Field{Key: "side", Is: kind.ID, First: true, Stays: true, Hint: "that of one's own side's charter in it", Log: untold}
	AllyStep  = &kind.Field{Key: "step", Is: kind.ID, First: true, Stays: true, Hint: "the step by which the pact was agreed at home", Log: untold}

	allySeat = &kind.Field{Key: "seat", Is: kind.JSON, Hint: "who they are in the share", Form: "see “Shares”; anything else says nothing", Log: tookSeat}
	// AllySaid is the argument of TakeSeat: what package share reads.
	AllySaid = &kind.Field{Key: "seat", Is: kind.JSON, Max: kind.MaxReason}
)

// Ally is what a co-op keeps, for itself alone, of a share with another: the document's title is what
// the other is called. What was agreed lies in the share.
var Ally = &kind.Kind{
	Name: "ally", Letters: "al", Gist: "a co-op that we share with", View: 1,
	Fields: []*kind.Field{AllyShare, AllySide, AllyStep},
	Own:    []*kind.Field{allySeat},
	Derive: kind.Deriving(whoSits),
	Make:   &kind.Verb{Name: "add", Gist: "keep a share", With: []*kind.Field{AllyShare, AllySide, AllyStep}},
	Verbs:  []*kind.Verb{TakeSeat},
}

// TakeSeat says who a member is in a share.
var TakeSeat = &kind.Verb{Name: "seat", Gist: "say who I am in the share", With: []*kind.Field{AllySaid}, Do: takeSeat}

// Allied is what a co-op keeps of a share.
type Allied struct {
	Share string // ID of the share's space, in hexadecimal
	Side  string // of the space of one's own side's charter there
	Step  string // of the step by which the pact was agreed at home
	Seats []Seat // by member
}

// AllyIn reads the document of an ally; nil if v is something else.
func AllyIn(v *kind.View) *Allied {
	if v == nil || v.Kind != Ally.Name {
		return nil
	}
	return kind.Of[Allied](v)
}

// KeepShare begins the document of a share with an ally who is called so.
func KeepShare(title, share, side, step string) kind.Request {
	r := kind.Begin(title, "")
	r.Put(AllyShare, change.StrValue(share))
	r.Put(AllySide, change.StrValue(side))
	r.Put(AllyStep, change.StrValue(step))
	return r
}

// Sitting says who a member is in a share, in the words of package share.
func Sitting(said string) (r kind.Request) {
	r.Put(AllySaid, change.StrValue(said))
	return r
}

// Seat is what a member says of who they are in a share; package share reads it.
type Seat struct {
	Member charter.MemberID
	Said   string
}

func whoSits(s *kind.Story) (*Allied, error) {
	out := &Allied{Share: AllyShare.Str(s.View), Side: AllySide.Str(s.View), Step: AllyStep.Str(s.View)}
	for _, m := range slices.SortedFunc(maps.Keys(s.Said), compareMembers) {
		if said := s.Said[m][allySeat.Key].Str(); said != "" {
			out.Seats = append(out.Seats, Seat{m, said})
		}
	}
	return out, nil
}

func takeSeat(d *kind.Draft) error {
	said := d.Asks.Value(AllySaid)
	d.Say(allySeat, said)
	return kind.CheckReason("the seat", said.Str())
}

func tookSeat(change.Value, bool) (verb, to string) { return "took a seat", "" }

// untold is the Log of what is told by "created".
func untold(change.Value, bool) (verb, to string) { return "", "" }
