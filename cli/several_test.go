package cli

import (
	"encoding/json"
	"strings"
	"testing"

	"kith/daemon/api"
)

func TestSeveralThingsAreDoneOneByOneAndEachSaysWhatBecameOfIt(t *testing.T) {
	c := newCoop()
	d := newServedDesk(t, c)
	if out := d.ok("task", "done", "4kq2", "4kq7"); out != "t-4kq2\nt-4kq7\n" {
		t.Errorf("both: %q", out)
	}
	out, errs, exit := d.run("task", "done", "4kq2", "zzzz", "4kq7", "t-y")
	if out != "t-4kq2\nt-4kq7\n" || exit != 4 {
		t.Errorf("exit %d: %q", exit, out)
	}
	for _, says := range []string{
		"kith: zzzz: no task has an ID that starts with “zzzz”\nhint: kith task list\n", "kith: t-y: no task", "kith: 2 of 4 failed: zzzz, t-y\nhint: the others are done\n",
	} {
		if !strings.Contains(errs, says) {
			t.Errorf("%q isn't in\n%s", says, errs)
		}
	}
	if says := d.fails(4, "task", "done", "zzzz", "t-y"); !strings.HasSuffix(says, "kith: 2 of 2 failed: zzzz, t-y\n") {
		t.Errorf("of none it says that it is done:\n%s", says)
	}
	if says := d.fails(2, "task", "done"); !strings.Contains(says, "kith task done needs ID…\n") {
		t.Error(says)
	}
	c.told = nil
	if out, _, exit := d.run("charter", "refuse", "p-4kq2", "p-9c0m", "--why", "too early"); exit != 0 || strings.Count(out, "\n") != 2 {
		t.Errorf("proposals: %q", out)
	}
}

func TestSeveralThingsAsJSONAreOneList(t *testing.T) {
	d := newServedDesk(t, newCoop())
	if out := d.ok("task", "done", "4kq2", "--jq", ".short"); out != "t-4kq2\n" {
		t.Errorf("one is itself: %q", out)
	}
	if out := d.ok("task", "done", "4kq2", "4kq7", "--jq", ".[].short"); out != "t-4kq2\nt-4kq7\n" {
		t.Errorf("two are a list: %q", out)
	}
	out, errs, exit := d.run("task", "accept", "4kq2", "zzzz", "--json")
	var each []struct {
		ID    string
		Error *api.Problem
	}
	if err := json.Unmarshal([]byte(out), &each); err != nil || len(each) != 2 || each[0].Error == nil || each[0].Error.Code != api.NotAllowed || each[1].ID != "zzzz" {
		t.Errorf("%v: %s", err, out)
	}
	if exit != 5 || !strings.HasPrefix(errs, `{"error":{"code":"not_allowed"`) {
		t.Errorf("exit %d: %s", exit, errs)
	}
}

func TestSeveralThingsStopWhereNothingMoreCanBeDone(t *testing.T) {
	d := newDesk(t)
	if says := d.fails(3, "task", "done", "4kq2", "4kq7"); strings.Count(says, "isn't running") != 1 {
		t.Error(says)
	}
}
