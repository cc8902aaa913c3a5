// Package apitest is for tests and measurements that work with documents of the kinds that there are: their JSON as Go
// types, and the client's requests with these. The product reads and writes what the kinds declare.
package apitest

import (
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// What the declarations of kinds answer with.
type (
	Asked    = kinds.AskedJSON
	Help     = kinds.HelpJSON
	Offer    = kinds.OfferJSON
	Voice    = kinds.VoiceJSON
	Position = kinds.PositionJSON
	Outcome  = kinds.OutcomeJSON
)

// Task is something to do.
type Task struct {
	api.Document
	Text      string      `json:"text"`
	Status    string      `json:"status"`     // open, doing, done, dropped
	Revision  string      `json:"revision"`   // hash of what is accepted: title, text, due, hours
	StatusWhy string      `json:"status_why"` // why it was dropped
	Project   string      `json:"project"`
	Due       string      `json:"due"` // "2026-12-01", RFC 3339 in UTC, or ""
	Hours     float64     `json:"hours"`
	Asked     []Asked     `json:"asked"`
	TakenBy   []api.Named `json:"taken_by"`
	Help      Help        `json:"help"`
}

// Decision is a proposal and what the members say to it.
type Decision struct {
	api.Document
	Text         string      `json:"text"`
	Process      string      `json:"process"` // consent, consensus, majority, advice
	Status       string      `json:"status"`  // open, agreed, not_agreed, withdrawn
	WithdrawnWhy string      `json:"withdrawn_why"`
	Revision     string      `json:"revision"` // hash of title and text
	Says         []string    `json:"says"`
	ByEndsAt     api.Time    `json:"by_ends_at"`
	By           string      `json:"by"` // the date until which positions are hoped for
	Positions    []Position  `json:"positions"`
	WaitingFor   []api.Named `json:"waiting_for"`
	Outcome      *Outcome    `json:"outcome"` // null while nothing is recorded
	Voices       []Voice     `json:"voices"`  // in a share, what each co-op says; one's own first
	ReviewOn     string      `json:"review_on"`
}

// Note is a text that members write together.
type Note struct {
	api.Document
	Text string `json:"text"`
}

// NewTask is what kith task add sends.
type NewTask struct {
	Title   string   `json:"title"`
	Text    string   `json:"text,omitempty"`
	Due     string   `json:"due,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	Project string   `json:"project,omitempty"`
	Ask     []string `json:"ask,omitempty"`
	Hours   float64  `json:"hours,omitempty"`
}

// TaskEdit changes fields of a task. Nil leaves a field as it is; a pointer to "" or 0
// empties it. The same goes for the other edits.
type TaskEdit struct {
	Title   *string       `json:"title,omitempty"`
	Text    *api.TextEdit `json:"text,omitempty"`
	Due     *string       `json:"due,omitempty"`
	Project *string       `json:"project,omitempty"`
	Hours   *float64      `json:"hours,omitempty"`
	Tag     []string      `json:"tag,omitempty"`   // added
	Untag   []string      `json:"untag,omitempty"` // taken away
}

// The verbs of TaskAction.
const (
	TaskAsk     = "ask"
	TaskTake    = "take"
	TaskAccept  = "accept"
	TaskDecline = "decline"
	TaskStart   = "start"
	TaskDone    = "done"
	TaskReopen  = "reopen"
	TaskDrop    = "drop"
	TaskHelp    = "help"
	TaskOffer   = "offer"
)

// TaskAction is one step in a task's life.
type TaskAction struct {
	Verb    string   `json:"-"`                 // stands in the path
	Members []string `json:"members,omitempty"` // who is asked
	Why     string   `json:"why,omitempty"`
	Undo    bool     `json:"undo,omitempty"` // for take, help and offer: not any more
}

// NewDecision is what kith decision propose sends.
type NewDecision struct {
	Title   string   `json:"title"`
	Text    string   `json:"text,omitempty"`
	Process string   `json:"process,omitempty"`
	By      string   `json:"by,omitempty"`
	Review  string   `json:"review,omitempty"`
	Tags    []string `json:"tags,omitempty"`
}

// DecisionEdit changes fields of a decision.
type DecisionEdit struct {
	Title  *string       `json:"title,omitempty"`
	Text   *api.TextEdit `json:"text,omitempty"`
	By     *string       `json:"by,omitempty"`
	Review *string       `json:"review,omitempty"`
	Tag    []string      `json:"tag,omitempty"`
	Untag  []string      `json:"untag,omitempty"`
}

// PositionRequest gives my position on the present text.
type PositionRequest struct {
	Stance string `json:"stance"`
	Why    string `json:"why,omitempty"`
	// Revision is the one that I read: if the text has changed since, the position isn't recorded.
	Revision string `json:"revision,omitempty"`
}

// CloseRequest records the outcome that the positions give.
type CloseRequest struct {
	Text string `json:"text,omitempty"`
}

// NewNote is what kith note add sends.
type NewNote struct {
	Title string   `json:"title"`
	Text  string   `json:"text,omitempty"`
	Tags  []string `json:"tags,omitempty"`
}

// NoteEdit changes fields of a note.
type NoteEdit struct {
	Title *string       `json:"title,omitempty"`
	Text  *api.TextEdit `json:"text,omitempty"`
	Tag   []string      `json:"tag,omitempty"`
	Untag []string      `json:"untag,omitempty"`
}
