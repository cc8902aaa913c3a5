package duty

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
		for waited := time.Duration(0); waited < WaitMost; waited += time.Second {
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

func TestWhatAStateAsksForIsDoneOnceAndAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	var w Watch[int]
	calm, talked := func() bool { return false }, func() bool { return true }
	done := func(state, seconds int, holding func() bool) (times int) {
		for range seconds {
			now = now.Add(time.Second)
			if w.Due(state, holding, now) {
				times++
			}
		}
		return times
	}
	if n := done(1, 1, calm); n != 0 {
		t.Error("done in the moment in which it changed")
	}
	if n := done(1, 100, calm); n != 1 {
		t.Errorf("in a calm state done %d times", n)
	}
	if n := done(2, int(WaitMost/time.Second), talked); n != 0 {
		t.Error("somebody isn't in step, and it waited for less than it says")
	}
	if n := done(2, 100, talked); n != 1 {
		t.Errorf("beside somebody who never comes into step done %d times", n)
	}
	if n := done(3, 10, calm); n != 1 {
		t.Errorf("done %d times", n)
	}
	w.Failed(now)
	if n := done(3, int(WaitMost/time.Second)-1, calm); n != 0 {
		t.Errorf("what couldn't be done is tried %d times at once", n)
	}
	if n := done(3, 100, calm); n != 1 {
		t.Errorf("what couldn't be done is tried %d times later", n)
	}
	times := 0
	for state := range 100 { // it changes every second
		times += done(state+4, 1, calm)
	}
	if times != 3 {
		t.Errorf("of a state that changes all the time done %d times in 100 s", times)
	}
}
