package api

import "kith/crdt/kinds"

// The kinds of documents.
const (
	KindTask     = "task"
	KindDecision = "decision"
	KindNote     = "note"
	KindAlly     = "ally" // of a co-op: a share with another
	KindAsk      = "ask"  // in a share: what the ally is asked for
)

// FullID writes the ID of a document with the letter of its kind; text is entry.DocID.String.
func FullID(kind, text string) string { return kinds.All.FullID(kind, text) }

// Document is what documents of all kinds have.
type Document struct {
	ID        string   `json:"id"`    // with its letter: "t-" and 32 letters
	Short     string   `json:"short"` // the shortest start of ID, of 4 letters or more, that no other document shares
	Kind      string   `json:"kind"`
	Title     string   `json:"title"`
	Tags      []string `json:"tags"`
	CreatedBy Named    `json:"created_by"` // from the entry's signer, as UpdatedBy
	CreatedAt Time     `json:"created_at"`
	UpdatedBy Named    `json:"updated_by"`
	UpdatedAt Time     `json:"updated_at"`
	Heads     []string `json:"heads"`           // hashes of changes, in hexadecimal
	Space     *Named   `json:"space,omitempty"` // in an answer that is about several spaces
	Shared    *Shared  `json:"shared"`          // null: it is in no share
}

// Header is the document itself, whatever kind embeds it.
func (d *Document) Header() *Document { return d }

// Task is something to do.
type Task struct {
	Document
	Text      string  `json:"text"`
	Status    string  `json:"status"`     // open, doing, done, dropped
	StatusWhy string  `json:"status_why"` // why it was dropped
	Project   string  `json:"project"`
	Due       string  `json:"due"` // "2026-12-01", RFC 3339 in UTC, or ""
	Hours     float64 `json:"hours"`
	Asked     []Asked `json:"asked"`
	TakenBy   []Named `json:"taken_by"`
	Help      Help    `json:"help"`
}

// Asked says that a member was asked to take a task, and what they say.
type Asked struct {
	Member Named  `json:"member"`
	Answer string `json:"answer"` // none, accepted, declined
	Why    string `json:"why"`
}

// Help says whether help is wanted with a task, and who offers it.
type Help struct {
	Wanted bool    `json:"wanted"`
	Why    string  `json:"why"`
	By     *Named  `json:"by"` // who wants it; null while nobody does
	Offers []Offer `json:"offers"`
}

// Offer is one member's offer to help.
type Offer struct {
	Member Named  `json:"member"`
	Why    string `json:"why"`
}

// Decision is a proposal and what the members say to it.
type Decision struct {
	Document
	Text         string     `json:"text"`
	Process      string     `json:"process"` // consent, consensus, majority, advice
	Status       string     `json:"status"`  // open, agreed, not_agreed, withdrawn
	WithdrawnWhy string     `json:"withdrawn_why"`
	Revision     string     `json:"revision"` // hash of title and text
	By           string     `json:"by"`       // the date until which positions are hoped for
	Positions    []Position `json:"positions"`
	WaitingFor   []Named    `json:"waiting_for"`
	Outcome      *Outcome   `json:"outcome"` // null while nothing is recorded
	Voices       []Voice    `json:"voices"`  // in a share, what each co-op says; one's own first
	ReviewOn     string     `json:"review_on"`
}

// Voice is what the people of one co-op say together to a decision in a share.
type Voice struct {
	Coop   string  `json:"coop"`
	Result string  `json:"result"` // agreed, not_agreed, open
	For    int     `json:"for"`
	Of     int     `json:"of"` // its full members
	Silent []Named `json:"silent"`
	Says   string  `json:"says"` // the same in words
}

// Position is one member's answer.
type Position struct {
	Member   Named  `json:"member"`
	Stance   string `json:"stance"` // of the words that a decision's positions have
	Why      string `json:"why"`
	Revision string `json:"revision"` // the text that it was given on
	Counted  bool   `json:"counted"`  // on the present revision, by a full member
	Late     bool   `json:"late"`     // on the text that was decided, but unknown to the record
	At       Time   `json:"at"`
}

// Outcome is what was recorded at the close of a decision, and whether the positions bear it.
type Outcome struct {
	Result     string         `json:"result"` // agreed, not_agreed
	Text       string         `json:"text"`
	RecordedBy Named          `json:"recorded_by"`
	At         Time           `json:"at"`
	Tally      map[string]int `json:"tally"` // stance to number of counted positions
	State      string         `json:"state"` // holds, contested, doesnt_hold
	Why        string         `json:"why"`   // why it is contested or doesn't hold
}

// Note is a text that members write together.
type Note struct {
	Document
	Text string `json:"text"`
}

// Version is one state that a note was in.
type Version struct {
	Head   string   `json:"head"` // the change that led to it
	At     Time     `json:"at"`
	By     Named    `json:"by"`
	Device Named    `json:"device"`
	Says   []string `json:"says"` // what the change did: `wrote “…”`
}
