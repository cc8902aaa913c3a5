package words

import (
	"fmt"
	"strings"

	"kith/crdt"
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
		return fmt.Sprintf("set %s to %s", field, c.To)
	case "cleared":
		return "cleared " + field
	case "wrote":
		return fmt.Sprintf("wrote “%s” in the %s", c.To, field)
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
	return c.Verb + who + because
}
