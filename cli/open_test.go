package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
)

func TestThePageOpensInABrowserAndElseItsLinkIsSaid(t *testing.T) {
	d := newServedDesk(t, newCoop())
	var opened []string
	d.hooks.Browse = func(_ context.Context, url string) error {
		opened = append(opened, url)
		return nil
	}
	link := "http://127.0.0.1:7/enter?key=k"
	if says := d.ok("open"); strings.Contains(says, "http") || len(opened) != 1 || opened[0] != link {
		t.Errorf("it opens %q and says %q", opened, says)
	}
	if says := d.ok("open", "--print"); strings.TrimSpace(says) != link || len(opened) != 1 {
		t.Errorf("with --print it opens %q and says %q", opened[1:], says)
	}
	if says := d.ok("open", "--json"); !strings.Contains(says, link) || len(opened) != 1 {
		t.Errorf("with --json it opens %q and says %q", opened[1:], says)
	}
	d.hooks.Browse = func(context.Context, string) error { return errors.New("there is no browser") }
	if says := d.ok("open"); strings.TrimSpace(says) != link {
		t.Errorf("without a browser it says %q", says)
	}
}

func TestTheMenuEntryStartsTheDaemonOnceAndThenOpensThePage(t *testing.T) {
	d := newDesk(t)
	begun := 0
	d.hooks.Begin = func(home, _ string) error {
		begun++
		if home != d.home {
			t.Errorf("the daemon of %s is started", home)
		}
		d.serve(newCoop())
		return nil
	}
	if _, says, exit := d.run("open", "--print"); exit != 3 || begun != 0 {
		t.Errorf("without --start it ends with %d: %s", exit, says)
	}
	for range 2 {
		if says := d.ok("open", "--start", "--print"); !strings.Contains(says, "http") || begun != 1 {
			t.Errorf("it says %q, and has started %d", says, begun)
		}
	}
	d = newDesk(t)
	d.hooks.Begin = func(string, string) error { return errors.New("no room") }
	if _, says, exit := d.run("open", "--start"); exit != 1 || !strings.Contains(says, "no room") {
		t.Errorf("what can't be started ends with %d: %s", exit, says)
	}
}
