package api

// Shared says of a document of a co-op that it goes on in a share; and of one of a share, whose it is.
type Shared struct {
	With     string `json:"with"`      // the ally
	Share    Named  `json:"share"`     // the share's space
	ID       string `json:"id"`        // of the document there
	By       Named  `json:"by"`        // who shared it
	At       Time   `json:"at"`        // when, by their clock
	ReadOnly bool   `json:"read_only"` // only people of the co-op that shared it write in it
	Ours     bool   `json:"ours"`      // the co-op that shared it is one's own
	Here     bool   `json:"here"`      // false: this device isn't in the share, or what is shared hasn't come yet
	Alone    bool   `json:"alone"`     // somebody shared it though the co-op's rule asks for an agreed step
	Copy     bool   `json:"copy"`      // it goes on in the co-op; the one there only says how it stands
	Over     bool   `json:"over"`      // the share has ended
	Until    Time   `json:"until"`     // when; null: it hasn't, or that isn't known
}

// Share is a share with an ally, and what is in it.
type Share struct {
	Space     Named           `json:"space"`
	With      string          `json:"with"`
	Title     string          `json:"title"` // its purpose
	Ends      Time            `json:"ends"`  // null: no date
	Voices    string          `json:"voices"`
	Over      bool            `json:"over"`
	Until     Time            `json:"until"`
	OverBy    []string        `json:"over_by"` // which co-ops ended it; none: its date has come
	Why       string          `json:"why"`     // the reason that they gave; ""
	Rule      string          `json:"rule"`    // who of one's own co-op may share: anyone, agreed
	Doubt     string          `json:"doubt"`   // that it isn't known whether they speak for their co-op, and what to do; or ""
	Ours      []Named         `json:"ours"`
	Theirs    []Named         `json:"theirs"`
	Documents []ShareDocument `json:"documents"` // newest change first
	Asks      []Ask           `json:"asks"`      // newest first
}

// ShareDocument is one document in a share.
type ShareDocument struct {
	Document
	Home  string `json:"home"`   // short ID of the document of one's own co-op that goes on there; "" if none does
	State string `json:"status"` // of a task or a decision
}

// ShareAdd says what is to be shared, and for what.
type ShareAdd struct {
	ID       string `json:"id"` // of a document of the co-op; the Backend gets a whole one
	ReadOnly bool   `json:"read_only,omitempty"`
	// Heads are those of the preview that somebody agreed to: what was changed since isn't shared. None: as it is.
	Heads []string `json:"heads,omitempty"`
	// Anyway shares it though it isn't known whether who reads it speaks for the ally: Share.Doubt.
	Anyway bool `json:"anyway,omitempty"`
}

// SharePreview is what sharing a document will show, and to whom.
type SharePreview struct {
	Share    Named    `json:"share"`
	With     string   `json:"with"`
	ID       string   `json:"id"` // of the document of the co-op
	Short    string   `json:"short"`
	Kind     string   `json:"kind"` // what it will be there
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Tags     []string `json:"tags"`
	Fields   []Field  `json:"fields"`
	ReadOnly bool     `json:"read_only"`
	Readers  []Named  `json:"readers"`  // of the ally, as of now
	Replaced []string `json:"replaced"` // words that name what isn't shared, and will be left out
	Step     string   `json:"step"`     // agreed, needed (the rule asks for one first), or ""
	Says     []string `json:"says"`     // all of it in sentences
	Heads    []string `json:"heads"`    // the changes that it ends with
}

// Field is one more thing that a document says.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ShareResult is what came of sharing: the document, or the proposal that has to be agreed on first.
type ShareResult struct {
	Document *Document `json:"document"`
	Proposal *Proposal `json:"proposal"`
}

// Ask is what one co-op asks another for.
type Ask struct {
	ID        string      `json:"id"`
	Short     string      `json:"short"`
	Title     string      `json:"title"`
	Text      string      `json:"text"`
	Share     Named       `json:"share"`
	With      string      `json:"with"`
	Ours      bool        `json:"ours"` // one's own co-op asks
	By        Named       `json:"by"`
	At        Time        `json:"at"`
	State     string      `json:"state"` // open, shared, refused, withdrawn, over
	Why       string      `json:"why"`   // of the withdrawal
	Code      string      `json:"code"`  // to a further share, if that is what is asked for
	Answers   []AskAnswer `json:"answers"`
	UpdatedAt Time        `json:"updated_at"`
}

// AskAnswer is what one person of the ally that was asked has answered.
type AskAnswer struct {
	Member Named      `json:"member"`
	Result string     `json:"result"` // shared, refused
	Why    string     `json:"why"`
	Shared []Document `json:"shared"` // as they are in the share; without those that aren't here
}

// AskRequest asks an ally for something.
type AskRequest struct {
	Ally  string `json:"ally"`
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
}

// AnswerRequest answers: with documents of the co-op or of the share, with No and why, or in words alone (Why).
type AnswerRequest struct {
	IDs      []string `json:"ids,omitempty"` // the Backend gets whole ones
	ReadOnly bool     `json:"read_only,omitempty"`
	Heads    []string `json:"heads,omitempty"` // of all previews that somebody agreed to
	No       bool     `json:"no,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// The states of an Ask.
const (
	AskOpen      = "open"
	AskShared    = "shared"
	AskRefused   = "refused"
	AskSaid      = "said" // answered in words
	AskWithdrawn = "withdrawn"
	AskOver      = "over" // the share ended without an answer
)

// SharingRules say who of a co-op may share a document of it.
var SharingRules = []string{"anyone", "agreed"}

// NewShareRequest opens a further share with an ally.
type NewShareRequest struct {
	Ally     string   `json:"ally"`
	Title    string   `json:"title"`
	As       string   `json:"as,omitempty"` // "": as in the share that there is
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// JoinShareRequest joins a further share that an ally has opened.
type JoinShareRequest struct {
	Ask      string   `json:"ask"` // the ID of the request that says so, or a start of it
	As       string   `json:"as,omitempty"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}
