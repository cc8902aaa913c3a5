package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/server"
)

// refusesAll answers every request with a refusal in which others have had their say: as the name in a message, as the next
// step, as what a word may have meant.
func refusesAll(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": api.Problem{
		Code: api.Ambiguous, Message: "this is " + evil, Hint: "kith show " + evil,
		Candidates: []api.Candidate{{ID: "t-1" + evil, Short: "t-1" + evil, Title: "Paper" + evil}},
	}})
}

// Every command that there is, with hostile words for arguments and for all that it is answered: nothing moves the
// terminal, and no line of what others said reads as Kith's own.
func TestNoCommandTellsOfARefusalWithTricks(t *testing.T) {
	d := newDesk(t)
	l, err := server.Listen(d.home)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(refusesAll)}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Shutdown(context.Background())
		<-done
	})
	trouble := errors.New("it says " + evil)
	d.hooks = Hooks{
		Daemon:      func(context.Context, DaemonOptions) error { return trouble },
		Init:        func(context.Context, InitOptions) (r api.InitResult, _ error) { return r, trouble },
		Join:        func(context.Context, JoinOptions) (r api.JoinResult, _ error) { return r, trouble },
		Ask:         func(context.Context, JoinOptions) (r api.JoinAsked, _ error) { return r, trouble },
		JoinDevice:  func(context.Context, JoinDeviceOptions) (r api.DeviceJoined, _ error) { return r, trouble },
		ReadWelcome: func(context.Context, WelcomeOptions) (r api.JoinResult, _ error) { return r, trouble },
		Recover:     func(context.Context, RecoverOptions) (r api.Recovered, _ error) { return r, trouble },
		NewPhrase:   func(context.Context, NewPhraseOptions) (r api.NewPhrase, _ error) { return r, trouble },
		Doctor:      func(context.Context, DoctorOptions) ([]api.Check, error) { return nil, trouble },
		Backup:      func(context.Context, BackupOptions) (r api.Backup, _ error) { return r, trouble },
		Restore:     func(context.Context, RestoreOptions) (r api.Restored, _ error) { return r, trouble },
		Protect:     func(context.Context, ProtectOptions) (r api.Protection, _ error) { return r, trouble },
		Porch:       func(context.Context, PorchOptions) error { return trouble },
		PorchCode:   func(_, _ string, _ time.Time) (r api.PorchCode, _ error) { return r, trouble },
		PorchList: func(string, time.Time) ([]api.PorchCode, error) {
			return []api.PorchCode{{ID: evil, Label: evil, Code: evil}}, nil
		},
		PorchRevoke: func(_, _ string, _ time.Time) (r api.PorchCode, _ error) {
			return api.PorchCode{ID: evil, Label: evil}, nil
		},
	}
	k := &kith{}
	tried := 0
	var walk func(c *cli.Command, path []string)
	walk = func(c *cli.Command, path []string) {
		for _, sub := range c.Subcommands {
			if !sub.Hidden {
				walk(sub, append(slices.Clip(path), sub.Name))
			}
		}
		if c.Action == nil {
			return
		}
		words := slices.Clone(path)
		least, _ := arity(c.ArgsUsage)
		for range least {
			words = append(words, "x"+evil)
		}
		for _, f := range c.Flags {
			if categoryOf(f) != "" {
				words = append(words, "--"+f.Names()[0], "2099-01-01")
			}
		}
		for _, more := range [][]string{nil, {"--json"}, {"--jq", "."}, {"--no-such" + evil}, {"--space", evil}} {
			out, errs, _ := d.run(append(slices.Clone(words), more...)...)
			tried++
			for _, told := range []string{out, errs} {
				if at := moves(told); at >= 0 {
					t.Errorf("kith %s %.20q: %q", strings.Join(path, " "), more, told[max(0, at-20):min(len(told), at+20)])
				}
				for line := range strings.Lines(told) {
					if strings.HasPrefix(line, "Ben consents") || strings.HasPrefix(line, "kith: all is well") || strings.HasPrefix(line, "hint: rm") {
						t.Errorf("kith %s %.20q has a line that reads as Kith's own: %q", strings.Join(path, " "), more, line)
					}
				}
			}
		}
	}
	walk(k.root(), nil)
	if tried < 300 {
		t.Errorf("only %d lines were tried", tried)
	}
}

// What a peer answers, and what a share is called, may stand in an error that is logged.
func TestWhatOthersWroteMovesNoTerminalFromTheLog(t *testing.T) {
	var out strings.Builder
	log, err := newLog(&out, "debug")
	if err != nil {
		t.Fatal(err)
	}
	log.Error("not in a share yet", "err", errors.New(evil), "peer", evil, "at", []string{evil}, "about", struct{ Name string }{evil})
	log.With("space", evil).Debug("not connected", "why", fmt.Errorf("%w, "+evil, errors.New(evil)))
	if at := moves(out.String()); at >= 0 || strings.Count(out.String(), "\n") != 2 {
		t.Errorf("from byte %d: %q", at, out.String())
	}
}
