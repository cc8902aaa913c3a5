package page

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

// Another user of this computer may connect as often as they like, and the log lies on its owner's disk.
func TestWhoIsTurnedAwayAgainAndAgainIsLoggedNowAndThen(t *testing.T) {
	var log bytes.Buffer
	d := &door{log: slog.New(slog.NewTextHandler(&log, nil))}
	for range 1000 {
		d.turnedAway(errors.New("user 65534 is at the other end"))
	}
	if n := strings.Count(log.String(), "\n"); n != 1 {
		t.Errorf("it is logged %d times", n)
	}
	d.told = d.told.Add(-tellEach)
	d.turnedAway(errors.New("user 65534 is at the other end"))
	if !strings.Contains(log.String(), `"how many"=1000`) {
		t.Errorf("later the log doesn't say how many they were: %s", &log)
	}
	if d.told.Before(time.Now().Add(-tellEach)) {
		t.Error("it isn't noted when that was told")
	}
}
