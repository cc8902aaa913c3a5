package words

import (
	"fmt"

	"kith/daemon/api"
	"kith/daemon/replica"
)

// HeldBack says of whose computer something is held back, and why; ok is false for one that the co-op doesn't know.
func (p People) HeldBack(h replica.Held) (says string, ok bool) {
	m, ok := p.Rules.OwnerOf(h.Device)
	if !ok {
		return "", false
	}
	whose := m.Name
	for _, d := range m.Devices {
		if d.Key == h.Device {
			whose += " (" + d.Name + ")"
		}
	}
	if h.Why == replica.HeldDay {
		return whose + ": " + entriesOf(h) + ", " + heldForADay, true
	}
	return whose + ": " + entriesOf(h) + " that " + heldForRoom, true
}

func entriesOf(h replica.Held) string {
	if h.Entries == 1 {
		return "1 entry"
	}
	return fmt.Sprintf("%d entries", h.Entries)
}

// Why entries are held back, and what brings them in.
const (
	heldForADay = "since that computer sent more than a day's worth. They come in as time passes, or when somebody else builds on them"
	heldForRoom = "don't count, or wait for others. What counts isn't held back"
)

// Held is what is held back of a device as a line of the log: of all together, since nothing of it is kept here.
func (p People) Held(h replica.Held) api.LogLine {
	why := heldForADay
	if h.Why == replica.HeldRoom {
		why = "they " + heldForRoom
	}
	l := api.LogLine{
		Device: p.Device(h.Device), State: "held", Why: why + ". To take all of it in: kith doctor --take-in",
		SeenBy: []api.Named{}, NotYetBy: []api.Named{}, Says: []string{entriesOf(h)}, Changes: []api.FieldChange{},
	}
	if m, ok := p.Rules.OwnerOf(h.Device); ok {
		l.By = p.Named(m.ID)
	} else {
		l.By = api.Named{Name: OutsideCharter}
	}
	return l
}

// OutsideCharter is the name of who made an entry with a device that the charter doesn't know.
const OutsideCharter = "a device outside the charter"
