package api

import "kith/crdt/kinds"

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
	Heads     []string `json:"heads"`              // hashes of changes, in hexadecimal
	Space     *Named   `json:"space,omitempty"`    // in an answer that is about several spaces
	Shared    *Shared  `json:"shared"`             // null: it is in no share
	Remarks   int      `json:"remarks"`            // how many there are about it, without those that were taken back: see Thread
	Archived  *Deed    `json:"archived,omitempty"` // who put it away; it isn't there for what is in lists
	// Full is how full it is for who asks with all that ever stood in it, in percent; it isn't there before FullFrom.
	Full int `json:"full,omitempty"`
	// Continues is the document that this one continues, ContinuedBy those that continue it, in an answer that is about this one alone.
	Continues   *Other  `json:"continues,omitempty"`
	ContinuedBy []Other `json:"continued_by,omitempty"`
	Apart       []Apart `json:"apart,omitempty"` // where several wrote at one place without knowing of each other, and nobody has settled it
	// Told is what who asked for something has to know about it, in sentences.
	Told []string `json:"told,omitempty"`
	// Merged is how the document differs from what who changed its text just now has read and written: what others wrote in
	// it meanwhile, which stays.
	Merged []Change `json:"merged,omitempty"`
	// Changed is false in the answer to a request that found all as it asks for. Otherwise it isn't there.
	Changed *bool `json:"changed,omitempty"`
}

// FullFrom is from when on it is said that a document becomes full, in percent: long before it is.
const FullFrom = 75

// Other is another document that an answer names.
type Other struct {
	ID    string `json:"id"`
	Short string `json:"short"`
	Kind  string `json:"kind"`
	Title string `json:"title"`
	By    Named  `json:"by"` // who made it
}

// Header is the document itself, whatever kind embeds it.
func (d *Document) Header() *Document { return d }

// Possible is something that the member of this device can do with a document as it stands.
type Possible struct {
	Verb string `json:"verb"` // as the kind declares it; edit is one of them
	Undo bool   `json:"undo"` // it is to take that back
}

// LastShown is what the member of this device was shown of a document here, by nobody else's knowledge.
type LastShown struct {
	Revision string   `json:"revision"` // "": none
	At       Time     `json:"at"`       // null: never
	Now      string   `json:"now"`      // the present revision
	Changed  []Change `json:"changed"`  // what differs since; of what was never shown, all that answers are to
}

// Deed is who did something, and when.
type Deed struct {
	By Named `json:"by"`
	At Time  `json:"at"`
}

// Apart is a place where several wrote at once: of the text all of it stands, of another field the value of one.
type Apart struct {
	Field string `json:"field"`
	Sides []Side `json:"sides"`
}

// Side is what one of them wrote.
type Side struct {
	By   Named  `json:"by"`
	Head string `json:"head"` // the version that they made of it
	Says string `json:"says"` // the value; "" of the text
}

// Version is one state that a document was in.
type Version struct {
	Head   string   `json:"head"` // the change that led to it
	At     Time     `json:"at"`
	By     Named    `json:"by"`
	Device Named    `json:"device"`
	Says   []string `json:"says"` // what the change did: `wrote “…”`
	// Changed is what differs from what it was made of, where that was asked for.
	Changed []Change `json:"changed,omitempty"`
}

// Edition is all of one version of a document.
type Edition struct {
	Version
	Revision string            `json:"revision"` // what answers to it were to
	Title    string            `json:"title"`
	Text     string            `json:"text"`
	Tags     []string          `json:"tags"`
	Fields   map[string]string `json:"fields"` // the others that answers are to, by what people call them
}

// LastDeed is the last thing that a person did on a device, as one request.
type LastDeed struct {
	Of        string   `json:"of"`        // names the request
	At        Time     `json:"at"`        // when, by the clock of this computer
	Verb      string   `json:"verb"`      // add, edit, take
	Made      bool     `json:"made"`      // the document was begun with it
	Documents int      `json:"documents"` // how many were written to
	ID        string   `json:"id"`        // of the first, as Short, Kind, Title; "": it isn't known any more
	Short     string   `json:"short"`
	Kind      string   `json:"kind"`
	Title     string   `json:"title"`
	Text      string   `json:"text"`            // what stood in it before it was taken back; "": it isn't touched by that
	Says      []string `json:"says"`            // what was done there, as the log says it
	Space     *Named   `json:"space,omitempty"` // in an answer that is about several spaces
}

// Undone is what was taken back.
type Undone struct {
	Undone  LastDeed `json:"undone"`
	Changed bool     `json:"changed"`
}
