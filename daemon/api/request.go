package api

// JoinRequest redeems an invite code.
type JoinRequest struct {
	Invite   string   `json:"invite"`
	As       string   `json:"as"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
	Another  bool     `json:"another,omitempty"` // beside the co-ops that are in this home
}

// InitRequest founds another co-op in a home whose daemon runs.
type InitRequest struct {
	Name     string   `json:"name"`
	As       string   `json:"as"`
	Founders int      `json:"founders"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// TextEdit is a wanted text and the heads that its writer saw: the difference is merged
// into what others wrote since. Without heads, the present ones are meant.
type TextEdit struct {
	Text      string   `json:"text"`
	BaseHeads []string `json:"base_heads,omitempty"`
}

// Bodies of single-purpose requests: a reason, a text, a version's head, what the doctor is to do.
type (
	WhyRequest struct {
		Why string `json:"why"`
	}
	TextRequest struct {
		Text string `json:"text"`
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
