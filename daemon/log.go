package daemon

import (
	"context"
	"fmt"
	"strings"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// Log implements api.Backend.
func (b *backend) Log(_ context.Context, f api.LogFilter) ([]api.LogLine, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	var doc entry.DocID
	if f.Document != "" {
		if doc, err = docID(f.Document); err != nil {
			return nil, explain(replica.ErrNotFound)
		}
	}
	var out []api.LogLine
	titles := map[entry.DocID]*crdt.View{}
	err = r.Log(doc, func(l replica.Line) bool {
		if f.Void == (l.State == charter.Void) {
			out = append(out, logLine(r, l, titles))
		}
		return f.Limit == 0 || len(out) < f.Limit
	})
	return out, explain(err)
}

func logLine(r *replica.Replica, l replica.Line, views map[entry.DocID]*crdt.View) api.LogLine {
	p := people{r.Charter()}
	out := api.LogLine{
		Entry: l.Entry.ID().String(), By: p.named(l.Author), Device: p.device(l.Entry.Device),
		State: l.State.String(), Why: l.Why, Kind: "charter",
	}
	if l.Author == (charter.MemberID{}) {
		out.By = api.Named{ID: "", Name: "a device outside the charter"}
	}
	if l.Change == nil {
		out.Says = statementSays(l.Entry)
		return out
	}
	out.At = api.At(crdt.Time(l.Change.Time).Time())
	v, seen := views[l.Entry.Doc]
	if !seen {
		v, _ = r.View(l.Entry.Doc) // none: nothing of it is accepted
		views[l.Entry.Doc] = v
	}
	out.Kind = "document"
	if l.Entry.Create != nil {
		out.Kind = l.Entry.Create.Kind
	}
	if v != nil {
		out.Kind, out.Title, out.Short = v.Kind, v.Title, short(r, v.Kind, v.ID)
	}
	out.ID = api.FullID(out.Kind, l.Entry.Doc.String())
	changes := l.Says()
	out.Says = says(p, changes)
	for _, c := range changes {
		f := api.FieldChange{Field: c.Field, Verb: c.Verb, To: c.To}
		if c.Member != nil {
			f.Member = p.orNobody(*c.Member)
		}
		out.Changes = append(out.Changes, f)
	}
	return out
}

// statementSays is a charter statement in words, without its subject.
func statementSays(e *entry.Entry) []string {
	s, err := charter.ReadStatement(e.Payload)
	switch {
	case err != nil:
		return []string{"wrote a statement that can't be read"}
	case s.Genesis != nil:
		return []string{fmt.Sprintf("founded %s with %d seats", s.Genesis.Coop, s.Genesis.Seats)}
	case s.Step != nil && s.Step.Seat != nil:
		return []string{"welcomed " + s.Step.Seat.Redemption.Name + " as a full member"}
	case !s.Known():
		return []string{"wrote a statement that this release doesn't know yet"}
	}
	return []string{"changed the charter"}
}

// says puts changes into sentences without their subject.
func says(p people, changes []crdt.FieldChange) []string {
	if len(changes) == 0 { // see package replica, joinHeads
		return []string{"brought together what was written side by side"}
	}
	out := make([]string, 0, len(changes))
	for _, c := range changes {
		out = append(out, sentence(p, c))
	}
	return out
}

func sentence(p people, c crdt.FieldChange) string {
	field := strings.ReplaceAll(c.Field, "_", " ")
	who := ""
	if c.Member != nil {
		who = " " + p.named(*c.Member).Name
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
			return fmt.Sprintf("removed %d characters from the %s", c.N, field)
		}
		return fmt.Sprintf("removed %s from %s", c.To, field)
	case "added":
		return fmt.Sprintf("added %s to %s", c.To, field)
	case "asked", "unasked":
		return c.Verb + who
	}
	return c.Verb + who + because
}
