package words

import (
	"fmt"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
)

// pactDoes says what a step says to an ally, as what somebody proposes to do.
func (w *Words) pactDoes(t *charter.Terms) string {
	word, err := share.ReadWord(t.Pact)
	if err != nil {
		return "say something to an ally that this release doesn't know yet"
	}
	switch word.What {
	case share.Make:
		if len(word.Contacts) > 0 {
			return "make a pact with " + word.Ally + ": " + TermsSay(word.Terms) + "; to ask: " + api.Listed(word.Contacts)
		}
		return "make a pact with " + word.Ally + ": " + TermsSay(word.Terms)
	case share.Change:
		return "agree with the ally on other terms: " + TermsSay(word.Terms)
	case share.End:
		return "end the share with the ally"
	case share.Contacts:
		return "name whom the ally can ask: " + orNobody(word.Contacts)
	case share.Sharing:
		if word.Rule == share.Agreed {
			return "share a document with an ally by an agreed step only"
		}
		return "let any full member share a document with an ally"
	case share.Zone:
		return "let days end as in " + word.Zone
	case share.Choose:
		return "share " + w.chosen(word)
	case share.Forget:
		return "have " + w.document(word.Doc) + " forgotten, whoever wrote in it"
	}
	return "say something to an ally"
}

// pactDone is pactDoes as a sentence about what was done.
func (w *Words) pactDone(t *charter.Terms) string {
	word, err := share.ReadWord(t.Pact)
	if err != nil {
		return "something was said to an ally that this release doesn't know yet"
	}
	switch word.What {
	case share.Make:
		return "the co-op makes a pact with " + word.Ally + ": " + TermsSay(word.Terms)
	case share.Change:
		return "this side wants these terms: " + TermsSay(word.Terms)
	case share.End:
		return "this side has ended the share"
	case share.Contacts:
		return "the ally can ask " + orNobody(word.Contacts)
	case share.Sharing:
		if word.Rule == share.Agreed {
			return "a document is shared with an ally by an agreed step only"
		}
		return "any full member may share a document with an ally"
	case share.Zone:
		return "days end as in " + word.Zone
	case share.Choose:
		return "the co-op shares " + w.chosen(word)
	case share.Forget:
		return w.document(word.Doc) + " is forgotten"
	}
	return "something was said to an ally"
}

// TermsSay puts terms into words, without names.
func TermsSay(t share.Terms) string {
	says := "“" + t.Purpose + "”"
	if t.Ends != 0 {
		says = fmt.Sprintf("“%s”, until %s", t.Purpose, DayWords(t.Ends))
	}
	if t.Voices == share.People {
		return says + "; joint decisions count people"
	}
	return says + "; in joint decisions each co-op is one voice"
}

// DayOf writes the day on which a moment lies, in milliseconds since 1970. A day ends with its last moment, and a
// date is the same for everybody.
func DayOf(ms uint64) string {
	return Moment(ms).Add(-time.Millisecond).UTC().Format(time.DateOnly)
}

// DayWords is dayOf as people write it.
func DayWords(ms uint64) string {
	return Moment(ms).Add(-time.Millisecond).UTC().Format("2 Jan 2006")
}

// Moment is a moment that somebody else wrote, in milliseconds since 1970. One that no date says is the last of which one does.
func Moment(ms uint64) time.Time { return time.UnixMilli(int64(min(ms, change.MaxTime))) }

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody in particular"
	}
	return api.Listed(names)
}

// chosen names the document that a step is about, and the ally.
// document names a document, as far as it can be read here.
func (w *Words) document(id entry.DocID) string {
	if w.r != nil {
		if v, err := w.r.View(id); err == nil {
			return fmt.Sprintf("%s “%s”", ShortID(w.r, v.Kind, v.ID), v.Title)
		}
	}
	return "a document (" + id.String()[:8] + ")"
}

func (w *Words) chosen(word share.Word) string {
	doc, with := "a document", "an ally"
	if w.r != nil {
		if v, err := w.r.View(word.Doc); err == nil {
			doc = fmt.Sprintf("%s “%s”", ShortID(w.r, v.Kind, v.ID), v.Title)
		}
		with = AllyCalled(w.r, word.Share.String())
	}
	if word.Kept {
		return doc + " with " + with + ", to read"
	}
	return doc + " with " + with + ", to work on together"
}

// Reason is the reason that a proposal gives. An end that a person proposes has one; without one it is that of
// a computer whose clock is past the end date (share.Follow).
func Reason(p *charter.Proposal) string {
	if p.Type != charter.ProposalPact || p.Why != "" {
		return p.Why
	}
	if w, err := share.ReadWord(p.Pact); err == nil && w.What == share.End {
		return "its end date has come"
	}
	return ""
}
