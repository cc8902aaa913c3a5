package api

// BundleRequest says what is to be in a bundle.
type BundleRequest struct {
	Since string // RFC 3339: what came here since then; "": everything
	For   string // a member or a device of one, any word for it; "": leave nothing out
	// Devices are those that For names, by ID: the Backend gets these, and what all of them are known
	// to have is left out.
	Devices []string
}

// Bundle is a file of entries for devices that the network doesn't reach.
type Bundle struct {
	File       string  `json:"file"`
	Space      Named   `json:"space"`
	Member     Named   `json:"member"` // who made it
	Device     Named   `json:"device"`
	MadeAt     Time    `json:"made_at"`
	Version    string  `json:"version"`    // of the kith that made it
	Since      Time    `json:"since"`      // null: from the beginning
	For        []Named `json:"for"`        // devices, of which what all of them are known to have is left out
	SealedFor  int     `json:"sealed_for"` // how many devices can open it; 0: not known
	Entries    int     `json:"entries"`    // all of them
	Statements int     `json:"statements"` // of these, about the charter
	Bytes      int64   `json:"bytes"`      // of the file
}

// LetInRequest has somebody let in who asks with a text.
type LetInRequest struct {
	Ask string `json:"ask"`
}

// Answered is the answer to a request to join: a bundle that the computer which asked begins with, and nobody else can open.
type Answered struct {
	Bundle
	Joined  Named `json:"joined"`  // who is in
	Changed bool  `json:"changed"` // false: they were in already, and this is the answer once more
}

// BundleRead is what came of reading a bundle.
type BundleRead struct {
	Bundle
	New int `json:"new"` // entries that weren't here
	Had int `json:"had"` // and that were
	// Of the new ones, those that don't count (yet): Pending wait for others that aren't here, Void are
	// refused by a rule, Elsewhere stand on another branch of the charter, and Left weren't kept, since
	// too much of their makers waits or is void already.
	Pending   int `json:"pending"`
	Void      int `json:"void"`
	Elsewhere int `json:"elsewhere"`
	Left      int `json:"left"`
}

// BundleProgress is how far a bundle is read.
type BundleProgress struct {
	Bytes int64 `json:"bytes"` // of the file
	Done  int64 `json:"done"`  // entries
	Of    int64 `json:"of"`
	New   int   `json:"new"`
}

// BundleHeader is the field of an answer that says, as JSON, what bundle its body is.
const BundleHeader = "Kith-Bundle"

// BundleLine is a line of the answer to a bundle that is being read: any number with how far it is,
// and the last one with how it ended.
type BundleLine struct {
	Progress *BundleProgress `json:"progress,omitempty"`
	Result   *BundleRead     `json:"result,omitempty"`
	Error    *Problem        `json:"error,omitempty"`
}
