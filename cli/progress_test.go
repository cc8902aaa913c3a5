package cli

import (
	"testing"

	"kith/daemon/api"
)

func TestHowFarItIsIsSaidWithCountsAndARate(t *testing.T) {
	for want, p := range map[string]api.Peer{
		"coming into step":                             {ToGet: 3, Got: 3},
		"getting 3,120 of 10,000 entries, 1.2 MB/s":    {ToGet: 10_000, Got: 3120, RateReceived: 1.2e6},
		"getting 0 of 1 entry":                         {ToGet: 1, ToSend: 5},
		"sending 12 of 40 entries, 64 kB/s":            {ToGet: 3, Got: 3, ToSend: 40, Sent: 12, RateSent: 64_000},
		"slowed down: much that it sends is of no use": {ToGet: 3, Slowed: true},
	} {
		if got := comingIntoStep(p); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
