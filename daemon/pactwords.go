package daemon

import (
	"time"

	"kith/crdt/charter"
	"kith/crdt/share"
)

// pactDoes says what a step says to an ally, as what somebody proposes to do.
func pactDoes(t *charter.Terms) string {
	w, err := share.ReadWord(t.Pact)
	if err != nil {
		return "say something to an ally that this release doesn't know yet"
	}
	switch w.What {
	case share.Make:
		return "make a pact with " + w.Ally + ": " + termsSay(w.Terms) + contactsSay(w.Contacts)
	case share.Change:
		return "agree with the ally on other terms: " + termsSay(w.Terms)
	case share.End:
		return "end the share with the ally"
	case share.Contacts:
		return "name whom the ally can ask: " + orNobody(w.Contacts)
	}
	return "say something to an ally"
}

// pactDone is pactDoes as a sentence about what was done.
func pactDone(t *charter.Terms) string {
	w, err := share.ReadWord(t.Pact)
	if err != nil {
		return "something was said to an ally that this release doesn't know yet"
	}
	switch w.What {
	case share.Make:
		return "the co-op makes a pact with " + w.Ally + ": " + termsSay(w.Terms)
	case share.Change:
		return "this side wants these terms: " + termsSay(w.Terms)
	case share.End:
		return "this side has ended the share"
	case share.Contacts:
		return "the ally can ask " + orNobody(w.Contacts)
	}
	return "something was said to an ally"
}

// termsSay puts terms into words, without names.
func termsSay(t share.Terms) string {
	says := "“" + t.Purpose + "”"
	if t.Ends != 0 {
		says += ", until " + dayOf(t.Ends)
	}
	if t.Voices == share.People {
		return says + "; joint decisions count people"
	}
	return says + "; in joint decisions each co-op is one voice"
}

// dayOf writes the day on which a moment lies, in milliseconds since 1970. A day ends with its last moment, and a
// date is the same for everybody.
func dayOf(ms uint64) string {
	return time.UnixMilli(int64(ms)).Add(-time.Millisecond).UTC().Format(time.DateOnly)
}

func contactsSay(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "; to ask: " + listed(names)
}

func orNobody(names []string) string {
	if len(names) == 0 {
		return "nobody in particular"
	}
	return listed(names)
}
