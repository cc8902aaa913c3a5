package api

// Told is how a thing that is no document stood when the member of this device was told of it here. What stands so still
// is no news to them.
type Told struct {
	Of    string `json:"of"`    // what: see News
	Stood string `json:"stood"` // how: "refused"
}

// ToldRequest says what they were told.
type ToldRequest struct {
	Things []Told `json:"things"`
}

// MaxTold bounds the things of one ToldRequest, and MaxToldWord the bytes of each of their words.
const (
	MaxTold     = 500
	MaxToldWord = 100
)

// News is the ask as a thing to be told of: how it stands.
func (a Ask) News() Told { return Told{"ask/" + a.ID, a.State} }

// News is the share as a thing to be told of: that it is over.
func (s Share) News() Told {
	if s.Over {
		return Told{"share/" + s.Space.ID, "over"}
	}
	return Told{"share/" + s.Space.ID, "open"}
}

// News is the proposal as a thing to be told of: how it stands, and that it can't come into force any more.
func (p Proposal) News() Told {
	if p.Hopeless {
		return Told{"step/" + p.ID, "hopeless"}
	}
	return Told{"step/" + p.ID, p.State}
}
