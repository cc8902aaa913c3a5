package space

import (
	"fmt"
	"time"

	"kith/daemon/api"
	"kith/daemon/replica"
)

// elsewhereShown is how long it is told that another computer wrote as this device.
const elsewhereShown = 7 * 24 * time.Hour

// Twofold says what somebody has to know whose device came back from a backup, or is in two places.
func Twofold(r *replica.Replica) (says []string) {
	if r.Restored() {
		says = append(says, "This device came back from a backup and hasn't been in step with another member since. Until it is, it takes no part in the charter: it doesn't know what it signed after the backup.")
	}
	if at := elsewhere(r); !at.IsZero() {
		says = append(says,
			fmt.Sprintf("Another computer writes as this device; what came last from there was written %s.", at.Format("2 January 2006, 15:04")),
			"If you restored a backup, stop one of the two: nothing of what either wrote is lost. If you know of no other, somebody has a copy of this device's key: tell the others, and take the device out of use.")
	}
	return says
}

// elsewhere says when another computer last wrote as this device, if that is not long ago.
func elsewhere(r *replica.Replica) time.Time {
	at := r.Elsewhere()
	if at.IsZero() || r.Now().Sub(at) > elsewhereShown {
		return time.Time{}
	}
	return at
}

// CheckTwofold is what the doctor says of what Twofold says.
func CheckTwofold(r *replica.Replica) (checks []api.Check) {
	if r.Restored() {
		checks = append(checks, api.Check{
			Name: "restored", OK: true, Says: "it came back from a backup, and takes no part in the charter until it is in step with another member",
			Hint: "kith sync",
		})
	}
	if at := elsewhere(r); !at.IsZero() {
		checks = append(checks, api.Check{
			Name: "device", Says: "another computer writes as this device; what came last from there was written " + at.Format("2 January 2006, 15:04"),
			Hint: "stop one of the two; if you know of no other, somebody has a copy of the key",
		})
	}
	return checks
}
