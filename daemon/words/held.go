package words

import (
	"fmt"

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
		return fmt.Sprintf("%s: %d entries, since that computer sent more than a day's worth. They come in as time passes, or when somebody else builds on them", whose, h.Entries), true
	}
	return fmt.Sprintf("%s: %d entries that don't count, or wait for others. What counts isn't held back", whose, h.Entries), true
}
