package replica

import (
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// quiet is of which documents it was found that nothing in them is to be told to the member of this device, and as what they stood then. As long
// as they stand so nobody reads them again for it: there are more of them with each year. It ends with the process.
type quiet struct {
	mu    sync.Mutex
	stood map[entry.DocID]map[string]standing // by what was asked of it
}

type standing struct {
	to    charter.MemberID
	noted uint64 // as in Ref
}

// IsQuiet says whether NoteQuiet was called of a document as it stands.
func (r *Replica) IsQuiet(of string, ref *Ref, to charter.MemberID) bool {
	r.quiet.mu.Lock()
	defer r.quiet.mu.Unlock()
	was, known := r.quiet.stood[ref.ID][of]
	return known && was == standing{to, ref.noted}
}

// NoteQuiet notes that nothing is to be told to a member of what is asked of a document. ref is what Select gave before it was read.
func (r *Replica) NoteQuiet(of string, ref *Ref, to charter.MemberID) {
	r.quiet.mu.Lock()
	defer r.quiet.mu.Unlock()
	if r.quiet.stood == nil {
		r.quiet.stood = map[entry.DocID]map[string]standing{}
	}
	if r.quiet.stood[ref.ID] == nil {
		r.quiet.stood[ref.ID] = map[string]standing{}
	}
	r.quiet.stood[ref.ID][of] = standing{to, ref.noted}
}

// Unquiet forgets that of a document.
func (r *Replica) Unquiet(doc entry.DocID) {
	r.quiet.mu.Lock()
	defer r.quiet.mu.Unlock()
	delete(r.quiet.stood, doc)
}
