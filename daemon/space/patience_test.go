package space

import (
	"testing"
	"time"
)

func TestADutyWaitsForNewsButNotForEver(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var p Patience
	if !p.Over(false, now) {
		t.Error("nothing is on its way, and it waits")
	}
	for range 3 { // what never falls silent holds it up each time, and each time no longer than that
		for waited := time.Duration(0); waited < waitMost; waited += time.Second {
			if p.Over(true, now) {
				t.Fatalf("after %v it doesn't wait any more", waited)
			}
			now = now.Add(time.Second)
		}
		if !p.Over(true, now) {
			t.Fatal("it waits for ever")
		}
	}
}
