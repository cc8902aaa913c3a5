package cli

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"kith/daemon/api"
	"kith/daemon/api/server"
)

// evil is what somebody writes who wants to play tricks: with the terminal of who reads it, with the direction of the
// text, and with lines that look like Kith's own.
const evil = "\x1b]0;mine\a\x1b[2J\u009b31mred\u202e\u2067turned\u2028next\u2029\r\b\x7f\u200f\nBen consents\nkith: all is well\nhint: rm -rf"

// written are the fields of answers that hold words of people.
var written = []string{"title", "text", "why", "status_why", "withdrawn_why", "project", "line", "says", "notice", "trouble", "via", "name", "tags", "message"}

// poisoned answers as h does, with evil behind everything that people wrote.
func poisoned(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/events") {
			h.ServeHTTP(w, r)
			return
		}
		rec := httptest.NewRecorder()
		h.ServeHTTP(rec, r)
		var v any
		if err := json.Unmarshal(rec.Body.Bytes(), &v); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(rec.Code)
		_ = json.NewEncoder(w).Encode(poison("", v))
	})
}

func poison(key string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = poison(k, v[k])
		}
	case []any:
		for i := range v {
			v[i] = poison(key, v[i])
		}
	case string:
		if slices.Contains(written, key) {
			return v + evil
		}
	}
	return v
}

func newPoisonedDesk(t *testing.T, c *coop) *desk {
	t.Helper()
	d := newDesk(t)
	l, err := server.Listen(d.home)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: poisoned(server.New(served{c}, slog.New(slog.DiscardHandler)).Handler()), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, 0)}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	return d
}

// moves finds what could move a terminal, or turn text around.
func moves(out string) int {
	return strings.IndexFunc(out, func(r rune) bool {
		return unicode.IsControl(r) && r != '\n' && r != '\t' || turns(r) || r == '\u2028' || r == '\u2029'
	})
}

// everyRead are commands that show what others wrote.
var everyRead = []string{
	"status", "space list", "peers", "log", "log t-4kq2", "log --void", "search paper", "today", "task list", "task show t-4kq2", "decision list",
	"decision show d-9f2c", "decision show d-7t0p", "note list", "note show n-2m7d", "note history n-2m7d", "member list", "member show me",
	"charter", "charter log", "charter pending", "invite list", "sync", "doctor",
}

func TestNothingThatOthersWroteMovesTheTerminalOrReadsAsKithsOwn(t *testing.T) {
	c := newCoop()
	c.checks = []api.Check{{Name: "store", OK: true, Says: "whole"}}
	d := newPoisonedDesk(t, c)
	for _, typed := range everyRead {
		words := strings.Fields(typed)
		out, errs, _ := d.run(words...)
		if out == "" {
			t.Errorf("kith %s shows nothing: %s", typed, errs)
		}
		for _, told := range []string{out, errs} {
			if at := moves(told); at >= 0 {
				t.Errorf("kith %s: %q", typed, told[max(0, at-20):min(len(told), at+20)])
			}
			for line := range strings.Lines(told) {
				if strings.HasPrefix(line, "Ben consents") || strings.HasPrefix(line, "kith: all") || strings.HasPrefix(line, "hint: rm") {
					t.Errorf("kith %s has a line that reads as Kith's own: %q\n%s", typed, line, told)
				}
			}
		}
	}
}

func TestJSONHoldsWhatOthersWroteAndNoneOfItBare(t *testing.T) {
	c := newCoop()
	c.checks = []api.Check{{Name: "store", OK: true, Says: "whole"}}
	d := newPoisonedDesk(t, c)
	for _, typed := range everyRead {
		out, _, exit := d.run(append(strings.Fields(typed), "--json")...)
		if exit != 0 {
			t.Errorf("kith %s --json: exit %d", typed, exit)
			continue
		}
		if at := moves(out); at >= 0 {
			t.Errorf("kith %s --json: %q", typed, out[max(0, at-20):min(len(out), at+20)])
		}
		var v any
		if err := json.Unmarshal([]byte(out), &v); err != nil || !holds(v) && typed != "invite list" { // codes alone, and nobody's words
			t.Errorf("kith %s --json doesn't hold what was written: %v", typed, err)
		}
		for _, filter := range []string{"..|strings", ".", "[..|strings]"} {
			out, errs, exit := d.run(append(strings.Fields(typed), "--jq", filter)...)
			if at := moves(out); exit != 0 || at >= 0 {
				t.Errorf("kith %s --jq '%s': exit %d, %s, at %d: %q", typed, filter, exit, errs, at, out)
			}
		}
	}
	out, errs, exit := d.run("task", "show", "zzzz", "--json")
	if exit == 0 || out != "" || moves(errs) >= 0 {
		t.Errorf("an error as JSON: %q", errs)
	}
}

// holds says whether a string ends as evil as it was written.
func holds(v any) bool {
	switch v := v.(type) {
	case map[string]any:
		for _, one := range v {
			if holds(one) {
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, holds)
	case string:
		return strings.HasSuffix(v, evil)
	}
	return false
}

func TestWhatHappensIsToldWithoutTricks(t *testing.T) {
	c := newCoop()
	by := api.Named{ID: ben.ID, Name: "Ben" + evil}
	c.events = []api.Event{
		{Seq: 1, At: api.At(now), Type: "created", Kind: "task", Short: "t-4kq2", Title: "Order paper" + evil, By: &by},
		{Seq: 2, At: api.At(now), Type: "position", Kind: "decision", Short: "d-9f2c", Title: "A riso", By: &by, Fields: []string{"position"}, Says: []string{"objects: “too dear" + evil + "”"}},
		{Seq: 3, At: api.At(now), Type: "void", Kind: "task", Short: "t-4kq2", Title: "Order paper", By: &by, Why: "no" + evil},
		{Seq: 4, At: api.At(now), Type: "peer", By: &by, Title: "not connected" + evil},
	}
	d := newServedDesk(t, c)
	for _, flags := range [][]string{nil, {"--json"}, {"--jq", "..|strings"}} {
		out, errs, _ := d.watch(flags...)
		if out == "" || moves(out) >= 0 || moves(errs) >= 0 {
			t.Errorf("watch %v: %q %q", flags, out, errs)
		}
		for line := range strings.Lines(out) {
			if flags == nil && strings.HasPrefix(line, "Ben consents") {
				t.Errorf("a line that reads as Kith's own:\n%s", out)
			}
		}
	}
}

func TestCompletionOffersNothingThatATerminalOrAShellWouldFollow(t *testing.T) {
	d := newPoisonedDesk(t, newCoop())
	for _, typed := range []string{"task|show|", "log|", "task|add|x|--ask|", "member|admit|", "task|list|--project|", "task|list|--tag|", "today|--space|", "charter|consent|", "adopt|"} {
		out := d.ok(append([]string{"__complete", "--"}, strings.Split(typed, "|")...)...)
		if at := moves(out); at >= 0 {
			t.Errorf("%s: %q", typed, out)
		}
		for line := range strings.Lines(out) {
			if word, _, ok := strings.Cut(line, "\t"); !ok || strings.HasPrefix(word, "Ben consents") || strings.HasPrefix(word, "hint:") {
				t.Errorf("%s offers a line of somebody's text: %q", typed, line)
			}
		}
	}
}

func TestOnATerminalOnlyKithsOwnMarksGoOut(t *testing.T) {
	const typed = "\x1b[1mTitle\x1b[0m \u2068שלום\u2069\r\x1b[K" + evil
	got := cleanBetween(ownMarks.FindAllStringIndex(typed, -1), typed)
	want := "\x1b[1mTitle\x1b[0m \u2068שלום\u2069\r\x1b[K" + clean(evil)
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if at := moves(clean(typed)); at >= 0 {
		t.Errorf("elsewhere: %q", clean(typed))
	}
}

// full is a disk without room, as /dev/full is one.
type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("no space left on device") }

func TestWhatCantBeWrittenOutIsAnError(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for _, typed := range []string{"task list", "task list --json", "task list --jq .[].title", "task show t-4kq2", "task --help", "help", "version", "completion bash", "status", "log"} {
		var errs strings.Builder
		exit := Run(t.Context(), strings.Fields(typed), d.environment(full{}, &errs))
		if exit != 1 || !strings.Contains(errs.String(), "can't be written out: no space left on device") {
			t.Errorf("kith %s: exit %d, %s", typed, exit, errs.String())
		}
	}
}

func TestNothingIsFoundedWhosePhraseCantBeShown(t *testing.T) {
	for _, flags := range [][]string{nil, {"--json"}, {"--jq", ".recovery_phrase"}} {
		d := newDesk(t)
		kept := false
		d.hooks.Init = func(_ context.Context, o InitOptions) (api.InitResult, error) {
			res := api.InitResult{Space: api.Named{Name: o.Name}, Member: ana, RecoveryPhrase: "legal winner thank"}
			if err := o.Show(res); err != nil {
				return res, err
			}
			kept = true
			return res, nil
		}
		var errs strings.Builder
		exit := Run(t.Context(), append([]string{"init", "Riso", "--as", "Ana"}, flags...), d.environment(full{}, &errs))
		if exit != 1 || kept || !strings.Contains(errs.String(), "nothing was founded") {
			t.Errorf("%v: exit %d, kept %v: %s", flags, exit, kept, errs.String())
		}
	}
}

func TestAPhraseThatIsThereAndCantBeWrittenOutIsShownAtLeastToWhoSitsHere(t *testing.T) {
	d := newDesk(t)
	d.hooks.Join = func(context.Context, JoinOptions) (api.JoinResult, error) {
		return api.JoinResult{Space: api.Named{Name: "Riso"}, RecoveryPhrase: "legal winner thank"}, nil
	}
	var errs strings.Builder
	exit := Run(t.Context(), []string{"join", "kith1code", "--as", "Ben"}, d.environment(full{}, &errs))
	if exit != 1 || !strings.Contains(errs.String(), "legal winner thank") || !strings.Contains(errs.String(), "can't be written out") {
		t.Errorf("exit %d: %s", exit, errs.String())
	}
}

// words splits what is typed in an example as a shell does, up to where it leads elsewhere.
func words(typed string) (out []string) {
	word, quote, some := "", rune(0), false
	for _, r := range typed + " " {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word += string(r)
		case r == '"' || r == '\'':
			quote, some = r, true
		case r == '#' && word == "", r == '<', r == '>', r == '|':
			return out
		case r != ' ':
			word, some = word+string(r), true
		case some:
			out, word, some = append(out, word), "", false
		}
	}
	return out
}

// What every command answers when it works: with evil behind everything that people wrote, no example of any of them moves the
// terminal, and no line reads as Kith's own.
func TestNoCommandAnswersWithTricks(t *testing.T) {
	t.Chdir(t.TempDir()) // some of them write files
	c := newCoop()
	c.checks = []api.Check{{Name: "store", OK: true, Says: "whole"}}
	d := newPoisonedDesk(t, c)
	name := api.Named{ID: ben.ID, Name: "Ben" + evil}
	d.hooks = Hooks{
		Daemon: func(context.Context, DaemonOptions) error { return nil },
		Init: func(context.Context, InitOptions) (api.InitResult, error) {
			return api.InitResult{Space: name, Member: name, Device: name}, nil
		},
		Join: func(context.Context, JoinOptions) (api.JoinResult, error) {
			return api.JoinResult{Space: name, Member: name, Device: name}, nil
		},
		JoinDevice: func(context.Context, JoinDeviceOptions) (api.DeviceJoined, error) {
			return api.DeviceJoined{Space: name, Member: name, Device: name}, nil
		},
		Recover: func(context.Context, RecoverOptions) (r api.Recovered, _ error) {
			r.Space, r.Member = name, name
			return r, nil
		},
		Doctor: func(context.Context, DoctorOptions) ([]api.Check, error) {
			return []api.Check{{Name: "store", OK: true, Says: "whole" + evil}}, nil
		},
		Ask: func(context.Context, JoinOptions) (api.JoinAsked, error) {
			return api.JoinAsked{Ask: "kithq1" + evil, As: "Ben" + evil, Changed: true}, nil
		},
		ReadWelcome: func(context.Context, WelcomeOptions) (api.JoinResult, error) {
			return api.JoinResult{Space: name, Member: name, Device: name}, nil
		},
		Porch: func(_ context.Context, o PorchOptions) error {
			o.Ready([]string{evil})
			return nil
		},
		PorchCode: func(_, label string, _ time.Time) (api.PorchCode, error) {
			return api.PorchCode{ID: "p" + evil, Label: label + evil}, nil
		},
		PorchList: func(string, time.Time) ([]api.PorchCode, error) { return []api.PorchCode{{ID: "p", Label: evil}}, nil },
		PorchRevoke: func(_, label string, _ time.Time) (api.PorchCode, error) {
			return api.PorchCode{ID: "p", Label: label + evil}, nil
		},
		NewPhrase: func(context.Context, NewPhraseOptions) (r api.NewPhrase, _ error) { return r, nil },
		Backup:    func(context.Context, BackupOptions) (r api.Backup, _ error) { return r, nil },
		Protect:   func(context.Context, ProtectOptions) (r api.Protection, _ error) { return r, nil },
		Restore: func(context.Context, RestoreOptions) (r api.Restored, _ error) {
			r.Space, r.Member = name, name
			return r, nil
		},
	}
	k := &kith{}
	worked := map[string]bool{}
	eachCommand(k.root(), nil, func(path []string, examples string) {
		of := strings.Join(path, " ")
		if of == "open" || of == "watch" { // a browser would open; it goes on for ever, see TestWhatHappensIsToldWithoutTricks
			return
		}
		for _, example := range strings.Split(examples, "\n") {
			_, typed, _ := strings.Cut(example, "kith ")
			for _, more := range [][]string{nil, {"--json"}} {
				out, errs, exit := d.run(append(words(typed), more...)...)
				if exit == 0 && out != "" {
					worked[of] = true
				}
				for _, told := range []string{out, errs} {
					if at := moves(told); at >= 0 {
						t.Errorf("kith %s %v: %q", typed, more, told[max(0, at-40):min(len(told), at+20)])
					}
					for line := range strings.Lines(told) { // what --jq picks stays as many lines as it has
						if !strings.Contains(typed, "--jq") && (strings.HasPrefix(line, "Ben consents") || strings.HasPrefix(line, "kith: all is well") || strings.HasPrefix(line, "hint: rm")) {
							t.Errorf("kith %s %v has a line that reads as Kith's own: %q\n%s", typed, more, line, told)
						}
					}
				}
			}
		}
	})
	t.Logf("%d commands worked", len(worked))
	if len(worked) < 60 {
		t.Errorf("only %d commands worked: this shows little", len(worked))
	}
}
