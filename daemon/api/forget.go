package api

// Forgetting is how it stands with taking back a document: who wrote in it, and who wants it forgotten.
type Forgetting struct {
	Document Document  `json:"document"` // as it is, or was
	State    string    `json:"state"`
	Wrote    []Named   `json:"wrote"`
	Wants    []Wanting `json:"wants"`     // who said that they want it forgotten
	WaitsFor []Named   `json:"waits_for"` // who wrote in it and hasn't said so
	Gone     []Named   `json:"gone"`      // those of them who are no members any more, and so can't say it: only an agreed step ends it
	Mine     bool      `json:"mine"`      // the member of this device wrote in it
	Proposal *Proposal `json:"proposal"`  // the step that is proposed, or was agreed on
	Says     []string  `json:"says"`      // what it means, and what it can't do, in sentences
	GoesOn   *Other    `json:"goes_on"`   // the document in which goes on what wasn't to be forgotten
	Changed  *bool     `json:"changed,omitempty"`
	Space    *Named    `json:"space,omitempty"` // in an answer that is about several spaces
}

// Wanting is one member who wants a document forgotten.
type Wanting struct {
	By  Named  `json:"by"`
	Why string `json:"why"`
}

// The states of a Forgetting.
const (
	ForgetHere     = "here"      // nobody has asked for it
	ForgetAsked    = "asked"     // somebody has, and not all have said so
	ForgetProposed = "proposed"  // a step is proposed by which it is forgotten
	Forgotten      = "forgotten" // what is left here are the heads of its entries
)

// ForgetRequest says that a document is to be forgotten.
type ForgetRequest struct {
	Why string `json:"why"` // empty is that of who wants it forgotten already, where that waits for the reader
	// Agreed proposes a step for it, also to who wrote in it: it holds whatever the others say who wrote there.
	Agreed bool `json:"agreed,omitempty"`
	// Part are words that are taken out: what stands in it without them goes on in a fresh document, and this one is forgotten whole.
	Part string `json:"part,omitempty"`
	// Earlier is the same without taking anything out of what stands in it now: what stood there before is forgotten.
	Earlier bool `json:"earlier,omitempty"`
}

// GoesOn says whether what stands in it now is to go on.
func (q *ForgetRequest) GoesOn() bool { return q.Part != "" || q.Earlier }
