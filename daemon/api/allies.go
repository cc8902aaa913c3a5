package api

// Bounds of a pact.
const (

	// MaxPurpose bounds what a pact is for, in bytes.
	MaxPurpose = 4_000
	// MaxContacts bounds the contact members that a side names.
	MaxContacts = 5
)

// Ways in which joint decisions count.
const (
	VoicesCoops  = "co-ops"
	VoicesPeople = "people"
)

// The states of a pact.
const (
	AllyInvited = "invited" // nobody has used the code yet
	AllyCompare = "compare" // the words are to be compared
	AllyAgree   = "agree"   // this co-op has yet to agree
	AllyWaits   = "waits"   // this co-op has agreed, and the other one hasn't, as far as is known here
	AllyJoining = "joining" // a colleague made it, and this computer isn't in the share yet
	AllyMade    = "made"
	AllyEnded   = "ended"    // it was made, and is over
	AllyGivenUp = "given_up" // it came to nothing
)

// Ally is a pact with another co-op, made or half made.
type Ally struct {
	ID        string      `json:"id"`    // of the pact, here
	Share     *Named      `json:"share"` // the space that both share; null until the pact is made
	Name      string      `json:"name"`  // of the other co-op; "" as long as nobody has used the code
	State     string      `json:"state"`
	WaitsFor  string      `json:"waits_for"` // us, them, both, or "": who has to do something next
	Purpose   string      `json:"purpose"`
	EndsAt    Time        `json:"ends_at"`
	Voices    string      `json:"voices"`     // how joint decisions count: co-ops, people
	Code      string      `json:"code"`       // while nobody has used it; only where it was made
	ExpiresAt Time        `json:"expires_at"` // of the code; only where it was made
	LapsesAt  Time        `json:"lapses_at"`  // a half-made pact comes to nothing then
	Words     []string    `json:"words"`      // to be read to the other side, until theirs were heard
	Proposal  string      `json:"proposal"`   // short ID of the step at home; "" if there is none
	Sides     []AllySide  `json:"sides"`      // this co-op first; the other one only once it is known
	Offers    []AllyOffer `json:"offers"`     // changes of the terms that the other side hasn't answered
	InStep    bool        `json:"in_step"`    // with all of the share who are connected, if anybody is
	Peers     []Peer      `json:"peers"`      // the other devices of the share
	Further   bool        `json:"further"`    // a share beside the first with this co-op, opened through that
	Ask       string      `json:"ask"`        // of a further share: the request by which the ally joins it; "" of a first one
	Why       string      `json:"why"`        // how it came to nothing; "" otherwise
	Says      []string    `json:"says"`       // how it stands and what to do, in sentences
}

// AllySide is one co-op of a pact.
type AllySide struct {
	Name      string   `json:"name"`
	Ours      bool     `json:"ours"`
	Members   []Named  `json:"members"`   // of this side in the share; until the pact is made, who began it
	Contacts  []string `json:"contacts"`  // whom to ask
	Compared  bool     `json:"compared"`  // the words that this side heard are right
	Agreed    bool     `json:"agreed"`    // the co-op has agreed to the pact
	Ended     bool     `json:"ended"`     // it ended the pact
	Suspended bool     `json:"suspended"` // it has split, and says nothing here until somebody takes a side
	Lost      bool     `json:"lost"`      // nobody is left on it
}

// AllyOffer is a change of the terms that one side would have.
type AllyOffer struct {
	By      string `json:"by"` // the co-op
	Purpose string `json:"purpose"`
	EndsAt  Time   `json:"ends_at"`
	Voices  string `json:"voices"`
}

// AllyInviteRequest makes a code for an ally.
type AllyInviteRequest struct {
	Purpose   string   `json:"purpose"`
	Ends      string   `json:"ends"` // a date
	People    bool     `json:"people,omitempty"`
	Contacts  []string `json:"contacts,omitempty"` // none: who asks
	As        string   `json:"as,omitempty"`       // "": as in the co-op
	ExpiresIn int      `json:"expires_in,omitempty"`
	Listen    []string `json:"listen,omitempty"`
	Announce  []string `json:"announce,omitempty"`
}

// AllyJoinRequest gets in touch with the co-op that made a code.
type AllyJoinRequest struct {
	Code     string   `json:"code"`
	Contacts []string `json:"contacts,omitempty"`
	As       string   `json:"as,omitempty"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// AllyConfirmRequest says which words were heard from the other side.
type AllyConfirmRequest struct {
	Words string `json:"words"`
	Ally  string `json:"ally,omitempty"` // "": the only one whose words are to be compared; the Backend gets an ID
}
