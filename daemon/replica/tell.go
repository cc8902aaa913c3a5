package replica

import (
	"slices"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
)

// tell turns what was decided on entries of a document into events. All of it is stored.
func (r *Replica) tell(d *document, view *crdt.View, verdicts []verdict) {
	events := make([]Event, 0, len(verdicts))
	for _, v := range verdicts {
		e := Event{
			At: r.now(), Doc: d.id, Kind: d.judge.Kind(), Entry: v.entry.ID(),
			By: r.authorOf(v.entry), Why: v.why,
		}
		if view != nil {
			e.Title = view.Title
		}
		switch v.state {
		case charter.Accepted:
			e.Changes = crdt.Describe(e.Kind, v.change, d.judge.History())
			switch {
			case v.entry.Create != nil:
				e.Type = "created"
			case hasPosition(e.Changes):
				e.Type = "position"
			default:
				e.Type = "changed"
			}
		case charter.Void:
			e.Type = "void"
		default:
			continue // it will be told when it is settled
		}
		events = append(events, e)
	}
	r.Announce(events...)
}

func hasPosition(changes []crdt.FieldChange) bool {
	return slices.ContainsFunc(changes, func(c crdt.FieldChange) bool { return c.Field == "position" })
}

// tellCharter tells of everybody who came in, or whose standing changed, and of what was said about
// the charter: statements that came, or that waited and stand now.
func (r *Replica) tellCharter(old, grown Rules, statements []*entry.Entry) {
	var events []Event
	acknowledged := map[charter.MemberID]bool{}
	for _, e := range statements {
		if was, _ := old.State(e.ID()); was == charter.Accepted || was == charter.Elsewhere {
			continue // it was told then
		}
		s, err := charter.ReadStatement(e.Payload)
		state, why := grown.State(e.ID())
		if err != nil || state != charter.Accepted && (state != charter.Elsewhere || s.Type == charter.TypeSeen) {
			continue // who came in on another side of a split is somebody to be told of this one
		}
		owner, _ := grown.OwnerOf(e.Device)
		if s.Type == charter.TypeSeen { // told once, however many come
			if !acknowledged[owner.ID] {
				acknowledged[owner.ID] = true
				events = append(events, Event{At: r.now(), Type: "sync", By: owner.ID, Entry: e.ID(), Title: "has acknowledged what came"})
			}
			continue
		}
		events = append(events, Event{At: r.now(), Type: "charter", By: owner.ID, Entry: e.ID(), Said: &s, Why: why})
	}
	for _, m := range grown.Members() {
		was, known := old.Member(m.ID)
		if known && was.Standing == m.Standing {
			continue
		}
		events = append(events, Event{
			At: r.now(), Type: "member", By: m.ID, Title: m.Name, Entry: m.SinceEntry, Why: m.Standing.String(),
		})
	}
	r.Announce(events...)
}
