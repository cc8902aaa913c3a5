package page_test

import (
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"

	"kith/daemon"
	"kith/daemon/api"
)

// What this computer keeps and when it starts Kith is said beside the reader's computers, and that it starts at a login is a button.
func TestThisComputerIsToldToStartKithByItself(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.sees("devices").says(t, "It isn’t known here how this computer starts programs by itself.")
	if a := ana.fetch("POST", ana.base+"devices/starts", url.Values{}); a.status != http.StatusConflict {
		t.Errorf("it is answered with %d: %s", a.status, plain(a.body))
	}
	ana.stop()
	var installed atomic.Bool
	ana.starter = &daemon.Starter{
		State:   func(context.Context) (api.Starts, error) { return api.Starts{AtLogin: installed.Load()}, nil },
		Install: func(context.Context) error { installed.Store(true); return nil },
	}
	ana.start()
	before := ana.sees("devices")
	before.says(t, "not by itself")
	before.says(t, "who has the disk can read what we wrote")
	ana.fetch("POST", ana.base+"devices/starts", url.Values{}).says(t, "By itself, at the latest when you log in.")
}
