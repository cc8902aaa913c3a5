package charter

import (
	"maps"
	"slices"

	"kith/crdt/entry"
)

// What was said of forgetting documents. Whether a document is forgotten follows from that and from who wrote in it,
// which isn't for the charter to know: see accept.Document.JudgeHeads.

// Forgets is what a charter says of forgetting one document.
type Forgets struct {
	// Agreed says that the co-op, or both sides of a share, have agreed on it: whoever wrote in it.
	Agreed bool
	// By are the members who said that they want it, in no particular order; a member may be there several times.
	By []Forgetting
}

// None says whether nothing was said.
func (f Forgets) None() bool { return !f.Agreed && len(f.By) == 0 }

// Forgetting is one statement of TypeForget. It counts unless a frontier of its device leaves it out, as an
// acknowledgement does.
type Forgetting struct {
	Member MemberID
	Device entry.Device
	Run    entry.Run
	Entry  entry.ID
	Why    string
}

// wordForget is the number of the word by which a step has a document forgotten: see share.Forget, which writes it.
const wordForget = 8

type wireForgetWord struct {
	_    struct{} `cbor:",toarray"`
	What uint64
	Doc  []byte
}

// NewForgetWord makes the word by which an agreed step has a document forgotten.
func NewForgetWord(doc entry.DocID) ([]byte, error) {
	return encoding.Marshal(wireForgetWord{What: wordForget, Doc: doc[:]})
}

// ReadForgetWord reads it; ok is false for every other word.
func ReadForgetWord(b []byte) (doc entry.DocID, ok bool) {
	if len(b) < 2 || b[1] != wordForget {
		return doc, false
	}
	var w wireForgetWord
	if readExactly(b, &w, "word") != nil || fill(doc[:], w.Doc, "document") != nil {
		return entry.DocID{}, false
	}
	return doc, true
}

type wireForget struct {
	_    struct{} `cbor:",toarray"`
	Type Type
	Doc  []byte
	Why  string
}

func (s *Statement) readForget(payload []byte) error {
	var w wireForget
	if err := readExactly(payload, &w, "statement"); err != nil {
		return err
	}
	s.Why = w.Why
	if err := firstError(fill(s.Doc[:], w.Doc, "document"), checkWhy(w.Why)); err != nil {
		return err
	}
	if s.Doc == (entry.DocID{}) {
		return malformed("no document")
	}
	return nil
}

// Forget says that a member wants a document forgotten. It holds once everybody who wrote in it has said so.
func (c *Charter) Forget(by entry.Device, doc entry.DocID, why string) ([]byte, error) {
	if len(why) > MaxWhy {
		return nil, &LimitError{"reason", len(why), MaxWhy}
	}
	return c.say(by, Statement{Type: TypeForget, Doc: doc, Why: why})
}

// Forgets returns what was said of forgetting a document. The caller must not modify it.
func (c *Charter) Forgets(doc entry.DocID) Forgets { return c.forgets()[doc] }

// ForgetDocs returns the documents of which anything was said, in no particular order.
func (c *Charter) ForgetDocs() []entry.DocID { return slices.Collect(maps.Keys(c.forgets())) }

func (c *Charter) allForgets() map[entry.DocID]Forgets {
	all := map[entry.DocID]Forgets{}
	for _, p := range c.Pacts() {
		if doc, ok := ReadForgetWord(p.Word); ok {
			f := all[doc]
			f.Agreed = true
			all[doc] = f
		}
	}
	for _, n := range c.forgetting {
		if c.placed(n.tip()) != Accepted {
			continue
		}
		f := all[n.said.Doc]
		f.By = append(f.By, Forgetting{Member: n.id, Device: n.entry.Device, Run: n.entry.Run, Entry: n.entry.ID(), Why: n.said.Why})
		all[n.said.Doc] = f
	}
	return all
}
