package api

// Thread is a document with what its members say about it.
type Thread struct {
	Document Document `json:"document"`
	Remarks  []Remark `json:"remarks"` // each behind those that its writer had read
}

// Remark is what one member says about a document.
type Remark struct {
	ID        string  `json:"id"`   // among those of the document
	Name      string  `json:"name"` // the shortest start of it, of 4 letters or more, that no other one there shares
	By        Named   `json:"by"`
	At        Time    `json:"at"`
	Text      string  `json:"text"`       // "": they took it back; what was said before is in the log
	Answer    string  `json:"answer"`     // the name of the remark that it answers; ""
	For       []Named `json:"for"`        // who is named in it
	ChangedAt Time    `json:"changed_at"` // null: it stands as it was said
	AtHome    bool    `json:"at_home"`    // of a document that goes on in a share: it was said before, and the ally doesn't read it
}

// TalkRequest says something about a document.
type TalkRequest struct {
	Text    string `json:"text"`
	Answer  string `json:"answer,omitempty"`  // to the remark of this name
	Instead string `json:"instead,omitempty"` // of my remark of this name; without a text it is taken back
}

// Mention is a document in whose thread I am named, and haven't been shown that on this device.
type Mention struct {
	ID     string  `json:"id"`
	Short  string  `json:"short"`
	Kind   string  `json:"kind"`
	Title  string  `json:"title"`
	By     Named   `json:"by"` // of the last remark that names me
	At     Time    `json:"at"`
	Text   string  `json:"text"`
	Space  *Named  `json:"space,omitempty"` // in an answer that is about several spaces
	Shared *Shared `json:"shared"`          // as of a document
}
