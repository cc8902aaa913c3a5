package api

// LastDeed is the last thing that a person did on a device, as one request.
type LastDeed struct {
	Of        string `json:"of"`        // names the request
	At        Time   `json:"at"`        // when, by the clock of this computer
	Verb      string `json:"verb"`      // add, edit, take
	Made      bool   `json:"made"`      // the document was begun with it
	Documents int    `json:"documents"` // how many were written to
	ID        string `json:"id"`        // of the first, as Short, Kind, Title; "": it isn't known any more
	Short     string `json:"short"`
	Kind      string `json:"kind"`
	Title     string `json:"title"`
	Text      string `json:"text"`            // what stood in it before it was taken back
	Space     *Named `json:"space,omitempty"` // in an answer that is about several spaces
}

// Undone is what was taken back.
type Undone struct {
	Undone  LastDeed `json:"undone"`
	Changed bool     `json:"changed"`
}
