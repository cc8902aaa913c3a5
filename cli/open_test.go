package cli

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
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
	d.hooks.Begin = func(home, _ string) (<-chan error, error) {
		begun++
		if home != d.home {
			t.Errorf("the daemon of %s is started", home)
		}
		d.serve(newCoop())
		return nil, nil
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
	d.hooks.Begin = func(string, string) (<-chan error, error) { return nil, errors.New("no room") }
	if _, says, exit := d.run("open", "--start"); exit != 1 || !strings.Contains(says, "no room") {
		t.Errorf("what can't be started ends with %d: %s", exit, says)
	}
}

// Such as in a home with a passphrase, which nobody types in the applications menu.
func TestADaemonThatEndsAtOnceIsSaidAtOnceAlsoWhereThereIsNoTerminal(t *testing.T) {
	d := newDesk(t)
	d.hooks.Begin = func(_, log string) (<-chan error, error) {
		ended := make(chan error, 1)
		ended <- errors.New("exit status 5")
		return ended, os.WriteFile(log, []byte("level=WARN\nkith: this device is protected by a passphrase\nhint: give a file with it\n"), 0o600)
	}
	shown := ""
	d.hooks.Browse = func(_ context.Context, url string) error {
		answer, err := http.Get(url)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		b, err := io.ReadAll(answer.Body)
		shown = string(b)
		return err
	}
	_, says, exit := d.run("open", "--start")
	if exit != 3 || !strings.Contains(says, "the daemon ended again: this device is protected by a passphrase") || !strings.Contains(says, "kith daemon") {
		t.Errorf("it ends with %d: %s", exit, says)
	}
	if !strings.Contains(shown, "protected by a passphrase") || !strings.Contains(shown, "kith daemon") {
		t.Errorf("in the browser stands %q", shown)
	}
	shown = ""
	if d.run("open", "--start", "--print"); shown != "" {
		t.Errorf("a program that wants the link gets a browser with %q", shown)
	}
}
