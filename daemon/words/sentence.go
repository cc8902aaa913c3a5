package words

import (
	"fmt"
	"strings"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// Says puts changes into sentences without their subject.
func Says(p People, changes []crdt.FieldChange) []string {
	if len(changes) == 0 { // see package replica, joinHeads
		return []string{"brought together what was written side by side"}
	}
	out := make([]string, 0, len(changes))
	for _, c := range changes {
		out = append(out, sentence(p, c))
	}
	return out
}

func sentence(p People, c crdt.FieldChange) string {
	field := strings.ReplaceAll(c.Field, "_", " ")
	who := ""
	if c.Member != nil {
		who = " " + p.Named(*c.Member).Name
	}
	because := ""
	if c.To != "" {
		because = ": " + c.To
	}
	switch c.Verb {
	case "created":
		return "created it: " + c.To
	case "set":
		if c.Field == schema.Title {
			return "gave it the title " + c.To
		}
		return fmt.Sprintf("said %s: %s", about(c), value(c))
	case "cleared":
		return "took away " + about(c)
	case "wrote":
		return fmt.Sprintf("wrote “%s” in the %s", strings.TrimSpace(c.To), field)
	case "removed":
		if c.N > 0 {
			return fmt.Sprintf("removed %s from the %s", Counted(c.N, "character", "characters"), field)
		}
		return fmt.Sprintf("removed %s from %s", c.To, field)
	case "added":
		return fmt.Sprintf("added %s to %s", c.To, field)
	case "asked", "unasked":
		return c.Verb + who
	case "took":
		return "took it on"
	case "put back":
		return "put it back" + because
	case "took back":
		return "took back the offer to help"
	}
	if c.Verb == "put up the option" { // by dates a day, or a moment
		because = ": " + kind.DayInWords(c.To, nil)
	}
	return c.Verb + who + because
}

// about is what a change said something about: "when it is due".
func about(c crdt.FieldChange) string {
	if c.Of == nil { // of a newer release
		return strings.ReplaceAll(c.Field, "_", " ")
	}
	return c.Of.About()
}

// value is what it said, as people write it.
func value(c crdt.FieldChange) string {
	switch {
	case c.Of == nil:
	case c.Of.Is == kind.Day:
		return kind.DayInWords(c.To, nil)
	case c.Of.Is == kind.Hours:
		return c.To + " h"
	case c.Of.Is == kind.Ref:
		return c.To[:min(len(c.To), refLetters)]
	}
	return c.To
}

// refLetters is how much of the ID of a document is told: with the letters of its kind, enough to name it anywhere.
const refLetters = 12
