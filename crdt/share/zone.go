package share

import (
	"regexp"

	"kith/crdt/charter"
)

// MaxZone bounds the name of a time zone, in bytes.
const MaxZone = 64

// zoneName is what names of the tz database look like: "Europe/Berlin", "UTC". Which there are differs by computer, and so
// no replica refuses one for it.
var zoneName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$`)

// ZoneOf reads from the words of a home's charter the name of the time zone in which its days end: the last word counts;
// "" while nothing is said.
func ZoneOf(words []charter.Pact) (zone string) {
	for _, said := range words {
		if w, err := ReadWord(said.Word); err == nil && w.What == Zone {
			zone = w.Zone
		}
	}
	return zone
}
