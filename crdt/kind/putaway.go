package kind

import (
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/schema"
)

// Deed is who did something, and when by their clock.
type Deed struct {
	By charter.MemberID
	At Time
}

// Apart is a place where two or more wrote without knowing of each other: all of it stands in the text, or one value of
// several, and nobody has said since that it is as it should be.
type Apart struct {
	Field string // the key of the field
	Sides []Side // by change
}

// Side is what one of them wrote.
type Side struct {
	By   charter.MemberID
	Head change.Hash // the change in which they did; the document as of it is what they made of it
	Says string      // of a field that isn't the text, the value; ""
}

var (
	archivedField = &Field{Key: schema.Archived, Is: Moment, Log: putAway}
	settledField  = &Field{Key: schema.Settled, Is: Moment, Log: func(change.Value, bool) (verb, to string) { return "settled what was written apart", "" }}
)

func putAway(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "brought it back", ""
	}
	return "put it away", ""
}

// Archive is the verb that documents of every kind have: to put one away, out of lists and of what waits for somebody.
// Anybody does, and anybody brings it back. What is still open can't be put away: it waits for somebody.
var Archive = &Verb{
	Name: "archive", Gist: "put it away, out of lists", Undo: true, Home: true, Live: isDone, Do: archive,
	Examples: []string{"kith archive n-2m7d", "kith archive n-2m7d --undo"},
}

// Settle is the verb that documents of every kind have: to say of all that two wrote at one place while apart that it
// is as it should be now.
var Settle = &Verb{
	Name: "settle", Gist: "say that what two wrote at one place is as it should be now", Do: settle,
	Examples: []string{"kith settle n-2m7d"},
}

// OpenFact is the fact that kinds have whose documents wait to be done or decided.
const OpenFact = "open"

func isDone(v *View) error {
	if v.Open {
		return NotAllowed("finish, drop, close or withdraw it first: kith "+v.Kind+" --help", "this %s is open: it waits for somebody, so it can't be put away", v.Kind)
	}
	return nil
}

func archive(d *Draft) error {
	at := d.Now.UnixMilli()
	if d.Asks.Undo {
		at = 0
	} else if d.Archived != nil {
		return nil
	}
	d.Set(archivedField, change.IntValue(at))
	return nil
}

// settle writes once more what stands of several values, so that the others are overwritten, and notes the text as settled.
func settle(d *Draft) error {
	for _, a := range d.Apart {
		switch a.Field {
		case schema.Text:
			d.SetAnew(settledField, change.IntValue(d.Now.UnixMilli()))
		case schema.Title:
			d.SetAnew(Title, change.StrValue(d.Title))
		default:
			d.SetAnew(&Field{Key: a.Field}, d.Fields[a.Field])
		}
	}
	return nil
}
