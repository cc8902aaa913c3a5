package replica

import (
	"sync"
	"time"
	_ "time/tzdata" // a computer without a database of time zones has one all the same

	"kith/crdt/share"
)

// Place is where the co-op lives, as far as it has agreed on that: a day ends there. UTC while nothing is agreed, in a
// share, and where the zone isn't known here.
func (r *Replica) Place() *time.Location {
	zone := share.ZoneOf(r.Charter().Pacts())
	if shared, _ := r.Share(); shared != nil || zone == "" {
		return time.UTC
	}
	if place, ok := zones.Load(zone); ok {
		return place.(*time.Location)
	}
	place, err := time.LoadLocation(zone)
	if err != nil {
		return time.UTC
	}
	zones.Store(zone, place)
	return place
}

// zones are those that were read: to read one takes a file. There are some hundreds at most.
var zones sync.Map
