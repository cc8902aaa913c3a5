package words

import (
	"fmt"
	"time"

	"kith/daemon/replica"
)

// Aheads says whose clock is off, or one's own, by what came before its time.
func Aheads(r *replica.Replica) (says []string) {
	p := People{Rules: r.Rules()}
	all := r.Aheads()
	for _, a := range all {
		device := p.Device(a.Device).Name
		if m, ok := p.Rules.MemberOf(a.Device); ok {
			device = p.Named(m.ID).Name + " (" + device + ")"
		}
		if len(all) > 1 && others(r, all) {
			return append(says, fmt.Sprintf("What %d other computers write comes here before its time, by up to %s: this computer's clock is most likely behind.", len(all), Span(all[0].By)))
		}
		says = append(says, fmt.Sprintf("What %s writes comes here %s before its time: its clock is ahead, or this computer's is behind.", device, Span(a.By)))
	}
	return says
}

// others says whether more than half of the others' computers differ from this one: then it is more likely this one.
func others(r *replica.Replica, all []replica.Ahead) bool {
	n := 0
	for _, m := range r.Rules().Members() {
		n += len(m.Devices)
	}
	return 2*len(all) > n-1
}

// Span is how long something is, in words, roughly.
func Span(d time.Duration) string {
	switch days := int(d.Hours() / 24); {
	case days > 700:
		return fmt.Sprintf("%d years", (days+182)/365)
	case days > 60:
		return fmt.Sprintf("%d months", days/30)
	case days > 1:
		return fmt.Sprintf("%d days", days)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d minutes", int(d.Minutes()))
}
