package kind

import (
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Meta is what is known of a document from its entries, not from its content.
type Meta struct {
	ID        entry.DocID      `json:"id"`
	Kind      string           `json:"kind"`
	CreatedBy charter.MemberID `json:"created_by"`
	CreatedAt Time             `json:"created_at"`
	UpdatedBy charter.MemberID `json:"updated_by"` // who made the change with the highest number
	UpdatedAt Time             `json:"updated_at"`
	Heads     []change.Hash    `json:"heads"` // ascending
}

// Link says that a document of a co-op goes on in a share, as another document. What stood here before
// stays as it was.
type Link struct {
	Share string `json:"share"` // ID of the share's space, in hexadecimal
	Doc   string `json:"doc"`   // ID of the document there, with the letters of its kind
	Kept  bool   `json:"kept"`  // it can be read by the ally, and written by one's own co-op alone
	// Agreed is the step of the charter by which it was agreed to share it, in hexadecimal; "": somebody did so alone.
	Agreed string `json:"agreed,omitempty"`
}

// Linked is a link, and who has made it.
type Linked struct {
	Link
	By charter.MemberID `json:"by"`
	At Time             `json:"at"` // by the clock of who did
	// Alone: as far as they knew, the charter asks for an agreed step, and there is none for this.
	Alone bool `json:"alone"`
}

// Values are the plain values of a map of a document, by key.
type Values map[string]change.Value

// View is what a document says at one time. Equal accepted changes and equal charters give equal views on every
// replica. Nobody writes to one that others may have.
type View struct {
	Meta
	Title  string
	Text   string
	Tags   []string // ascending, never nil
	Link   *Linked  // where it goes on; nil: here
	Kept   bool     // only people of the side that made it write in it
	Fields Values   // of the kind's fields that hold one value
	Talk   []Remark // what members say about it

	Continues string // see schema.Continues; "": none

	Archived *Deed   // who put it away; nil: it is in lists
	Room     *Room   // how full it is; nil: far from it
	Apart    []Apart // where it was written by several at once; at most MaxApart, never nil
	Open     bool    // it waits to be done or decided, so that it can't be away
	Derived  any     // what Kind.Derive gives, a pointer: see Of
}

// Room is how full a document is with all that was ever written in it, what was taken out again included, in percent.
type Room struct {
	Rest int      // for who has written nothing in it
	Of   []RoomOf // for who has; by member
}

// RoomOf is how full it is for a member.
type RoomOf struct {
	Member  charter.MemberID
	Percent int
}

// For says how full it is for a member.
func (r *Room) For(m charter.MemberID) int {
	if r == nil {
		return 0
	}
	for _, of := range r.Of {
		if of.Member == m {
			return of.Percent
		}
	}
	return r.Rest
}

// Of returns what the kind of a view derives; an empty T where the view is of another kind, or of none.
func Of[T any](v *View) *T {
	if d, ok := v.Derived.(*T); ok {
		return d
	}
	return new(T)
}

// MaxApart bounds the places of a view at which several wrote apart: the newest are told.
const MaxApart = 8
