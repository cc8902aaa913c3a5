package kind

import (
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Charter is what a view asks of the charter of a space: of a co-op's (*charter.Charter), or of the
// two of a share (*share.Share). It says no names: which of several somebody goes by hangs on what else has come, and a
// view is stored as it was made.
type Charter interface {
	// Of is that of accept.Charter.
	Of(*entry.Entry) (*charter.Past, charter.State)
	Sides() [][]charter.MemberID         // full members now, sorted by ID: one list, or two in a share
	SameCoop(a, b charter.MemberID) bool // in a share: they are or were on one side
	Doubtful(charter.MemberID) bool      // in a share: it isn't known any more whether this person's side speaks for its co-op
	ByPeople() bool                      // in a share: decisions count people, and not each co-op as one voice
}

// Story is a document to those who derive what follows from it: its view, which they may give another title and
// text to show, and who wrote what.
type Story struct {
	*View
	Said    map[charter.MemberID]Values // what stands under what members say of themselves, by the field's key
	In      map[string]Values           // what stands in each map
	Items   []*accept.Item              // the accepted changes, each after those it stands on
	Charter Charter
	// TextAt gives title and text as of some changes of it.
	TextAt func([]change.Hash) (title, text string, err error)
}

// Derivation is how a kind derives something of its documents, and of what type that is.
type Derivation struct {
	fresh func() any
	from  func(*Story) (any, error)
}

// Deriving is a Derivation by a function. T is a plain struct that can be encoded as CBOR: all of its fields are
// exported, and lists that are empty and nil mean the same.
func Deriving[T any](from func(*Story) (*T, error)) *Derivation {
	return &Derivation{
		fresh: func() any { return new(T) },
		from:  func(s *Story) (any, error) { return from(s) },
	}
}

// Fresh returns what a stored one is decoded into.
func (d *Derivation) Fresh() any { return d.fresh() }

// From derives.
func (d *Derivation) From(s *Story) (any, error) { return d.from(s) }
