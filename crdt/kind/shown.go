package kind

import (
	"reflect"
	"strconv"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
)

// Named is a member, device or space with its name, as it stands in JSON.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Look is a view and who looks at it: with names for members and, in a share, for its co-ops.
type Look struct {
	*View
	Named  func(charter.MemberID) Named
	Called func(charter.MemberID) string // by name alone, where the co-op is said already
	// Standing is what part a member has in the space, in one word: full, prospective, resigned, removed; "" for nobody's.
	Standing func(charter.MemberID) string
	Place    func() *time.Location // where days end; nil: UTC
	Me       charter.MemberID      // who looks; zero: nobody who is a member here
	Coops    []string              // of a share, the co-op of each side in the order of Charter.Sides; else none
	Ours     int                   // which of them is one's own
	// Other is the view of another document where this one names it; nil: there is none. The function may be nil.
	Other func(id string) *View
	// Those are the documents of a kind beside this one of which all this is so, in no particular order. The function may be nil.
	Those func(kind string, wants ...Want) []*View
	Doubt bool // whether the people of the other one speak for it isn't known
}

// StandingOf is Standing; "" if who looks knows of none.
func (l Look) StandingOf(m charter.MemberID) string {
	if l.Standing == nil {
		return ""
	}
	return l.Standing(m)
}

// EndOf is when a day is over where days end; zero for none.
func (l Look) EndOf(day string) Time {
	place := time.UTC
	if l.Place != nil && day != "" {
		place = l.Place()
	}
	if end, ok := DayEnds(day, place); ok {
		return At(end)
	}
	return 0
}

// All names members.
func (l Look) All(members []charter.MemberID) []Named {
	out := make([]Named, len(members))
	for i, m := range members {
		out[i] = l.Named(m)
	}
	return out
}

// Shown is one field of the answer that shows a document.
type Shown struct {
	Name string
	Gist string       // what it says, for who writes a program; ""
	Is   Type         // of a field's value; 0 for what has a Go type of its own
	Type reflect.Type // its JSON is that of this type
	Of   func(Look) any
}

// Shown is the field in answers: words as a string, an amount of work in hours, a time as Time.
func (f *Field) Shown() *Shown {
	s := &Shown{Name: f.Name(), Gist: f.Hint, Is: f.Is}
	switch f.Is {
	case Hours:
		s.Of = func(l Look) any { return Minutes(f.Int(l.View)).Hours() }
	case Flag:
		s.Of = func(l Look) any { return f.Has(l.View) }
	case Moment:
		s.Of = func(l Look) any { return Time(f.Int(l.View)) }
	case Word:
		s.Of = func(l Look) any { return WordOut(f.Str(l.View)) }
	default:
		s.Of = func(l Look) any { return f.Str(l.View) }
	}
	s.Type = reflect.TypeOf(s.Of(Look{View: &View{}}))
	return s
}

// Said is a value of a field in words; "" if there is none.
func (f *Field) Said(v change.Value) string {
	switch {
	case f.Is == Hours && v.Int() != 0:
		return strconv.FormatFloat(Minutes(v.Int()).Hours(), 'g', -1, 64)
	case f.Is == Flag && v.Bool():
		return "yes"
	case f.Is == Moment && v.Int() != 0:
		return Time(v.Int()).Time().Format(time.RFC3339)
	}
	return v.Str()
}

// Value is a field of the answer that a function gives. T is a plain type with plain json tags.
func Value[T any](name, gist string, of func(Look) T) *Shown {
	return &Shown{Name: name, Gist: gist, Type: reflect.TypeFor[T](), Of: func(l Look) any { return of(l) }}
}

// OwnValue is Value for what somebody wrote: it stands as it is in every language.
func OwnValue[T string | []string](name, gist string, of func(Look) T) *Shown {
	s := Value(name, gist, of)
	s.Is = Line
	return s
}

// In JSON the words of a list have underscores, and in documents and on the command line dashes.

// WordOut returns a word of a document as it stands in JSON.
func WordOut(s string) string { return strings.ReplaceAll(s, "-", "_") }

// WordIn returns a word of JSON as it stands in documents.
func WordIn(s string) string { return strings.ReplaceAll(s, "_", "-") }
