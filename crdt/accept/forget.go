package accept

import (
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// A document is forgotten once everybody who wrote in it has said so in the charter, or the co-op has agreed on it. Who
// wrote in it is read from the heads of its entries alone, so those who have its words and those who don't come to the same.

// Why an entry isn't accepted, where words were taken back.
const whyTakenBack = "its words were taken back, and aren't here"

// Heads is what the entries of a document say without their payloads.
type Heads struct {
	// Over says that the document is forgotten: nothing of it is to be kept but these heads.
	Over bool
	// Wrote are those who wrote in it, and Asked those of them who haven't said that it is to be forgotten. Both in no
	// particular order.
	Wrote, Asked []charter.MemberID

	verdicts map[entry.ID]Verdict
	awaits   Awaits
}

// JudgeHeads says what becomes of a document of which these entries are here, bare or whole, if nothing of it is looked at
// but their heads. d must hold no entries. What an entry is that no frontier leaves out and whose device speaks for a member
// is accepted; only such a one says that somebody wrote.
func (d *Document) JudgeHeads(entries []*entry.Entry) *Heads {
	h := &Heads{verdicts: make(map[entry.ID]Verdict, len(entries))}
	for _, e := range entries {
		_, author, state, why := d.authority(e)
		if state == charter.Accepted {
			switch d.placeOf(e.Device, e.Run, e.ID()) {
			case beyond:
				state, why = charter.Void, whyCut
			case unknown:
				state, why = charter.Pending, whyRun
			default:
				if !slices.Contains(h.Wrote, author) {
					h.Wrote = append(h.Wrote, author)
				}
			}
		}
		h.verdicts[e.ID()] = Verdict{e.ID(), state, why}
		h.wait(d, e, state, why)
	}
	said := d.charter.Forgets(d.id)
	wants := func(m charter.MemberID) bool {
		return slices.ContainsFunc(said.By, func(f charter.Forgetting) bool {
			return f.Member == m && d.placeOf(f.Device, f.Run, f.Entry) == within
		})
	}
	h.Asked = slices.DeleteFunc(slices.Clone(h.Wrote), wants)
	h.Over = said.Agreed || len(h.Wrote) > 0 && len(h.Asked) == 0
	h.awaits.More = len(d.cut.wanted) > 0
	h.awaits.Turn = true // nothing of it shows, so nothing else finds it
	return h
}

func (h *Heads) wait(d *Document, e *entry.Entry, state charter.State, why string) {
	switch {
	case state != charter.Pending:
	case why == whyRules:
		h.awaits.Newer = true
	case why == whyHeads:
		head := d.firstPending(e.Heads)
		if head.IsZero() {
			h.awaits.Any = true
		} else if !slices.Contains(h.awaits.Heads, head) {
			h.awaits.Heads = append(h.awaits.Heads, head)
		}
	}
}

// State returns the state of an entry of a document that is over, and why it is that; pending for one that isn't here.
func (h *Heads) State(id entry.ID) (charter.State, string) {
	v, ok := h.verdicts[id]
	if !ok {
		return charter.Pending, whyAbsent
	}
	return v.State, v.Why
}

// MayCount says whether an entry of a document, of which no more is looked at yet, has to be kept: its device speaks for a
// member, though perhaps beyond a frontier, where others may stand on it.
func (h *Heads) MayCount(id entry.ID) bool {
	v := h.verdicts[id]
	return v.State == charter.Accepted || v.Why == whyCut || v.Why == whyRun
}

// StateBare is that of a bare entry in a document that isn't over: it waits for its words.
func StateBare() (charter.State, string) { return charter.Pending, whyTakenBack }

// Awaits says what of the charter could change what is said.
func (h *Heads) Awaits() Awaits { return h.awaits }
