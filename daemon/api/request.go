package api

// JoinRequest redeems an invite code.
type JoinRequest struct {
	Invite   string   `json:"invite"`
	As       string   `json:"as"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
	Relays   []string `json:"relays,omitempty"`   // named ones; none: those of the code are kept
	Another  bool     `json:"another,omitempty"`  // beside the co-ops that are in this home
	PortMap  string   `json:"port_map,omitempty"` // whether the router is asked to let others through: yes, no; "": nothing new
}

// InitRequest founds another co-op in a home whose daemon runs.
type InitRequest struct {
	Name     string   `json:"name"`
	As       string   `json:"as"`
	Founders int      `json:"founders"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
	Relays   []string `json:"relays,omitempty"`   // named ones
	PortMap  string   `json:"port_map,omitempty"` // see JoinRequest
}

// CarryRequest carries the documents of another co-op of this home, by the whole ID of its space, into one that was founded from it.
type CarryRequest struct {
	From string `json:"from"`
}

// TextEdit is a wanted text and the heads of the version that its writer read: the difference is merged into what
// others wrote since. Sent once more as of the same heads it changes nothing, so who had no answer may ask again.
// Without heads what the member of this device was shown last is meant; if that is nothing, the request is refused
// as changed.
type TextEdit struct {
	Text      string   `json:"text"`
	BaseHeads []string `json:"base_heads,omitempty"`
	Whole     bool     `json:"whole,omitempty"`   // merged by whole words, and refused as changed where others changed the same place
	Typing    bool     `json:"typing,omitempty"`  // it comes again and again while somebody types: a word that grew is merged by letters, else each that changed by itself
	Replace   bool     `json:"replace,omitempty"` // in the place of all that stands there, read or not
}

// Bodies of single-purpose requests: a reason, a text, a version's head, what the doctor is to do.
type (
	WhyRequest struct {
		Why string `json:"why"`
	}
	TextRequest struct {
		Text string `json:"text"`
	}
	UndoRequest struct {
		Undo bool `json:"undo,omitempty"` // not any more
	}
	HeadsRequest struct {
		Heads []string `json:"heads"` // of the version that was shown
	}
	HeadRequest struct {
		Head string `json:"head"`
	}
	DoctorRequest struct {
		Rebuild bool `json:"rebuild,omitempty"`
		TakeIn  bool `json:"take_in,omitempty"` // give more room to those of whom something is held back
	}
)
