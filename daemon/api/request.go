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

// NewTask is what `kith task add` sends.
type NewTask struct {
	Title   string   `json:"title"`
	Text    string   `json:"text,omitempty"`
	Due     string   `json:"due,omitempty"`
	Tags    []string `json:"tags,omitempty"`
	Project string   `json:"project,omitempty"`
	Ask     []string `json:"ask,omitempty"`
	Hours   float64  `json:"hours,omitempty"`
}

// TextEdit is a wanted text and the heads that its writer saw: the difference is merged
// into what others wrote since. Without heads, the present ones are meant.
type TextEdit struct {
	Text      string   `json:"text"`
	BaseHeads []string `json:"base_heads,omitempty"`
}

// TaskEdit changes fields of a task. Nil leaves a field as it is; a pointer to "" or 0
// empties it. The same goes for the other edits.
type TaskEdit struct {
	Title   *string   `json:"title,omitempty"`
	Text    *TextEdit `json:"text,omitempty"`
	Due     *string   `json:"due,omitempty"`
	Project *string   `json:"project,omitempty"`
	Hours   *float64  `json:"hours,omitempty"`
	Tag     []string  `json:"tag,omitempty"`   // added
	Untag   []string  `json:"untag,omitempty"` // taken away
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

// NewDecision is what `kith decision propose` sends.
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
	Title  *string   `json:"title,omitempty"`
	Text   *TextEdit `json:"text,omitempty"`
	By     *string   `json:"by,omitempty"`
	Review *string   `json:"review,omitempty"`
	Tag    []string  `json:"tag,omitempty"`
	Untag  []string  `json:"untag,omitempty"`
}

// PositionRequest gives my position on the present text.
type PositionRequest struct {
	Stance string `json:"stance"`
	Why    string `json:"why,omitempty"`
	// Revision, unless empty, is the one that I read: if the text has changed since, the
	// position isn't recorded.
	Revision string `json:"revision,omitempty"`
}

// CloseRequest records the outcome that the positions give.
type CloseRequest struct {
	Text string `json:"text,omitempty"`
}

// NewNote is what `kith note add` sends.
type NewNote struct {
	Title string   `json:"title"`
	Text  string   `json:"text,omitempty"`
	Tags  []string `json:"tags,omitempty"`
}

// NoteEdit changes fields of a note.
type NoteEdit struct {
	Title *string   `json:"title,omitempty"`
	Text  *TextEdit `json:"text,omitempty"`
	Tag   []string  `json:"tag,omitempty"`
	Untag []string  `json:"untag,omitempty"`
}

// Bodies of single-purpose requests: a reason, a text, a version's head, what the doctor is to do.
type (
	WhyRequest struct {
		Why string `json:"why"`
	}
	TextRequest struct {
		Text string `json:"text"`
	}
	HeadRequest struct {
		Head string `json:"head"`
	}
	DoctorRequest struct {
		Rebuild bool `json:"rebuild,omitempty"`
		TakeIn  bool `json:"take_in,omitempty"` // give more room to those of whom something is held back
	}
)
