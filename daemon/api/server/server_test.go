package server

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func TestTheSocketIsForThisUserAlone(t *testing.T) {
	home := shortHome(t)
	c, _, _ := serve(t, newFake(), home)
	if _, err := c.Members(t.Context()); err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(filepath.Join(home, "kith.sock"))
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %o", mode)
	}
}

func TestAPathTooLongForASocketGetsOneElsewhere(t *testing.T) {
	home := longHome(t)
	path, err := api.SocketPath(home)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, home) || len(path) > 103 {
		t.Fatalf("socket at %s", path)
	}
	c, stop, _ := serve(t, newFake(), home)
	if _, err := c.Members(t.Context()); err != nil {
		t.Error(err)
	}
	if info, err := os.Stat(filepath.Dir(path)); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("its folder: %v %v", info.Mode(), err)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the socket is left behind: %v", err)
	}
	if other, _ := api.SocketPath(home + "/x"); other == path {
		t.Error("two homes share a socket")
	}
}

func TestTwoWaysToOneHomeLeadToOneSocket(t *testing.T) {
	home := longHome(t)
	link := filepath.Join(shortHome(t), "home")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	a, _ := api.SocketPath(home)
	b, _ := api.SocketPath(link)
	if a != b {
		t.Errorf("%s and %s", a, b)
	}
}

func TestASocketLeftByACrashIsReplaced(t *testing.T) {
	home := shortHome(t)
	l, err := net.Listen("unix", filepath.Join(home, "kith.sock"))
	if err != nil {
		t.Fatal(err)
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	l.Close()
	c, err := client.New(home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Members(t.Context()); codeOf(err) != api.NotRunning {
		t.Errorf("with nobody behind the socket: %v", err)
	}
	c, _, _ = serve(t, newFake(), home)
	if _, err := c.Members(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWithoutADaemonTheClientSaysHowToStartIt(t *testing.T) {
	c, err := client.New(shortHome(t), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Status(t.Context())
	var p *api.Problem
	if !errors.As(err, &p) || p.Code.Exit() != 3 || !strings.Contains(p.Hint, "kith daemon") {
		t.Errorf("got %#v", err)
	}
}

func codeOf(err error) api.Code {
	var p *api.Problem
	if errors.As(err, &p) {
		return p.Code
	}
	return ""
}

func TestListsAreNeverNull(t *testing.T) {
	f := newFake()
	f.people[1].Devices = nil
	for _, path := range []string{"members", "tasks", "status", "tasks/4kq2", "today", "find?prefix=zzz"} {
		_, answer := ask(t, f, "GET", path, nil)
		for _, list := range []string{"devices", "tags", "heads", "asked", "taken_by", "offers", "addresses", "peers", "due\":null,\"decisions", "help_wanted"} {
			if strings.Contains(answer, `"`+list+`":null`) {
				t.Errorf("%s: %s is null in %s", path, list, answer)
			}
		}
		if answer == "null\n" {
			t.Errorf("%s: null", path)
		}
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code api.Code
		says string
	}{
		{"one that knows itself", fmt.Errorf("edit: %w", api.Problemf(api.NotAllowed, "offer help instead", "Ben can't accept it for her")), api.NotAllowed, "Ben can't accept"},
		{"a full disk", fmt.Errorf("store 3 entries: %w", syscall.ENOSPC), api.Failed, "the disk is full"},
		{"one that takes too long", context.DeadlineExceeded, api.TimedOut, "too long"},
		{"anything else is told in general terms", errors.New("secret detail"), api.Failed, "could not do this"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.fail = tt.err
			c, stop, log := serve(t, f, shortHome(t))
			_, err := c.MakeDocument(t.Context(), "tasks", map[string]any{"title": "x"})
			if codeOf(err) != tt.code || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
			if err := stop(); err != nil {
				t.Error(err)
			}
			if strings.Contains(tt.says, "could not") != strings.Contains(log.String(), "secret detail") {
				t.Errorf("log: %s", log)
			}
		})
	}
}

func TestSyncThatRunsOutOfTimeSaysWhoIsMissing(t *testing.T) {
	tests := []struct {
		name  string
		peers []api.Peer
		says  string
	}{
		{"nobody there", []api.Peer{{Member: api.Named{Name: "Ben"}}}, "no other device could be reached"},
		{"Cleo is behind", []api.Peer{
			{Member: api.Named{Name: "Ben"}, Connected: true, InStep: true},
			{Member: api.Named{Name: "Cleo"}, Device: api.Named{Name: "laptop"}, Connected: true},
		}, "not yet in step with Cleo's laptop"},
		{"two are behind", []api.Peer{
			{Member: api.Named{Name: "Ben"}, Device: api.Named{Name: "phone"}, Connected: true, ToGet: 14, Got: 2, ToSend: 1},
			{Member: api.Named{Name: "Cleo"}, Device: api.Named{Name: "laptop"}, Connected: true, ToSend: 3},
		}, "not yet in step with Ben's phone (12 entries to fetch, 1 entry to send); Cleo's laptop (3 entries to send)"},
		{"many are away", []api.Peer{{Trouble: "a: no answer"}, {Trouble: "b: no answer"}, {Trouble: "c: no answer"}, {Trouble: "d: no answer"}, {Trouble: "e: no answer"}},
			"no other device could be reached in this time. a: no answer; b: no answer; c: no answer; and 2 more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.syncing = func(ctx context.Context) (api.Status, error) {
				<-ctx.Done()
				return api.Status{Peers: tt.peers}, ctx.Err()
			}
			c, _, _ := serve(t, f, shortHome(t))
			_, err := c.Sync(t.Context(), time.Millisecond)
			if codeOf(err) != api.TimedOut || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Right after a start Ben is still being looked for: whoever said how long to wait hears of him, and not that nobody was there at once.
func TestSyncWaitsForSomebodyToComeAndThenComesIntoStep(t *testing.T) {
	f := newFake()
	ben := api.Peer{Member: api.Named{Name: "Ben"}, Device: api.Named{Name: "laptop"}, Trouble: "Ben's laptop: no address is known"}
	f.events = make(chan api.Event, 2)
	tries := 0
	f.syncing = func(context.Context) (api.Status, error) {
		was := ben
		if tries++; tries == 1 { // as soon as it was tried, he comes
			ben.Connected, ben.InStep = true, true
			f.peers = []api.Peer{ben}
			f.events <- api.Event{Type: "created"}
			f.events <- api.Event{Type: "peer"}
		}
		return api.Status{Peers: []api.Peer{was}}, nil
	}
	c, _, _ := serve(t, f, shortHome(t))
	status, err := c.Sync(t.Context(), time.Hour)
	if err != nil || tries != 2 || !status.Peers[0].InStep {
		t.Errorf("after %d tries: %v, %+v", tries, err, status.Peers)
	}
}

func TestSyncDoesntSayThatItIsDoneWhenThereWasNobodyToBeInStepWith(t *testing.T) {
	f := newFake()
	away := api.Peer{Member: api.Named{Name: "Ben"}, Device: api.Named{Name: "laptop"}, Trouble: "Ben's laptop: connection refused"}
	status := api.Status{Peers: []api.Peer{away}}
	f.syncing = func(context.Context) (api.Status, error) { return status, nil }
	c, _, _ := serve(t, f, shortHome(t))
	if _, err := c.Sync(t.Context(), time.Millisecond); codeOf(err) != api.TimedOut || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with Ben away: %v", err)
	}
	status.Peers = append(status.Peers, api.Peer{Connected: true, InStep: true})
	if _, err := c.Sync(t.Context(), time.Minute); err != nil {
		t.Errorf("with somebody there: %v", err)
	}
	status.Peers = nil
	if _, err := c.Sync(t.Context(), time.Minute); err != nil {
		t.Errorf("alone in the co-op: %v", err)
	}
}

func TestEventsComeFromTheMomentTheStreamIsReady(t *testing.T) {
	f := newFake()
	c, stop, _ := serve(t, f, shortHome(t))
	ready := make(chan struct{})
	go func() {
		<-ready
		f.events <- api.Event{Seq: 1, Type: "peer"}
		f.events <- api.Event{Seq: 2, Type: "changed", Kind: kinds.Task.Name}
		f.events <- api.Event{Seq: 3, Type: "position", Kind: kinds.Decision.Name}
		close(f.events) // too far behind, or stopping
	}()
	var got []uint64
	var last error
	for e, err := range c.Events(t.Context(), []string{"task", "position"}, func() { close(ready) }) {
		if err != nil {
			last = err
			break
		}
		if e.Fields == nil {
			t.Error("fields is null")
		}
		got = append(got, e.Seq)
	}
	if len(got) != 2 || got[0] != 2 || got[1] != 3 {
		t.Errorf("got events %v", got)
	}
	if codeOf(last) != api.NotRunning {
		t.Errorf("the end: %v", last)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStoppingEndsStreamsAndLeavesNothing(t *testing.T) {
	f := newFake()
	f.syncing = func(ctx context.Context) (api.Status, error) { <-ctx.Done(); return api.Status{}, ctx.Err() }
	waiting := blocking{f, make(chan struct{})}
	c, stop, _ := serve(t, waiting, shortHome(t))
	ended := make(chan error, 1)
	go func() {
		for _, err := range c.Events(context.Background(), nil, nil) {
			ended <- err
		}
	}()
	<-waiting.asked
	if err := stop(); err != nil {
		t.Error(err)
	}
	if err := <-ended; err == nil {
		t.Error("the stream ended without saying why")
	}
}

// blocking has a stream of events on which nothing happens.
type blocking struct {
	*fake
	asked chan struct{}
}

func (b blocking) Events(ctx context.Context) (<-chan api.Event, error) {
	events := make(chan api.Event)
	context.AfterFunc(ctx, func() { close(events) })
	close(b.asked)
	return events, nil
}

func TestUnknownEventsAndPathsAreRefused(t *testing.T) {
	if p := refused(t, newFake(), "GET", "events?kind=weather", nil); p.Code != api.Invalid {
		t.Errorf("got %+v", p)
	}
	if p := refused(t, newFake(), "DELETE", "tasks/4kq2", nil); p.Code != api.NotFound {
		t.Errorf("got %+v", p)
	}
	if p := refused(t, newFake(), "POST", "tasks/4kq2/explode", nil); p.Code != api.NotFound {
		t.Errorf("got %+v", p)
	}
}

func TestATasksVerbs(t *testing.T) {
	tests := []struct{ verb, body, says string }{
		{"ask", `{}`, "it isn't said who is asked"},
		{"ask", `{"members":[]}`, "it isn't said who is asked"},
		{"ask", `{"members":["Dora"]}`, "nobody here"},
		{"take", `{"members":["Ana"]}`, `there is no field \"members\" here`},
		{"take", `{"why":"mine"}`, "take takes no reason"},
		{"fly", `{}`, "a task can't be told to “fly”"},
		{"restore", `{}`, "is no version of a task"},
		{"done", `{"undo":true}`, "no undo"},
		{"help", `{}`, "needs a reason"},
		{"drop", `{"why":"  "}`, "needs a reason"},
		{"help", `{"undo":true}`, ""},
		{"accept", ``, "a revision is needed"},
		{"accept", `{"revision":"0f3c"}`, ""},
		{"ask", `{"members":["cleo","me"]}`, ""},
	}
	for _, tt := range tests {
		f := newFake()
		status, answer := ask(t, f, "POST", "tasks/4kq2/"+tt.verb, strings.NewReader(tt.body))
		if (status == 200) != (tt.says == "") || !strings.Contains(answer, tt.says) {
			t.Errorf("%s %s: %d %s", tt.verb, tt.body, status, answer)
		}
		if status == 200 && f.verb != tt.verb {
			t.Errorf("%s came as %s", tt.verb, f.verb)
		}
	}
}

func TestATooLongAddressIsRefusedByTheClient(t *testing.T) {
	c, _, _ := serve(t, newFake(), shortHome(t))
	if _, err := c.Member(t.Context(), strings.Repeat("🖨", 10_000)); codeOf(err) != api.Limit {
		t.Errorf("got %v", err)
	}
	for _, odd := range []string{"", ".", "..", "a/b", "a//b", "?", "%2e"} {
		if _, err := c.Member(t.Context(), odd); codeOf(err) != api.NotFound {
			t.Errorf("%q: %v", odd, err)
		}
	}
}

// dying is a co-op of which one thing can't be asked, by a mistake of ours that somebody has found.
type dying struct{ *fake }

func (dying) Porches(context.Context) ([]api.Porch, error) { panic("slice bounds out of range") }

func TestARequestThatPanicsIsAnsweredAndLogged(t *testing.T) {
	var log bytes.Buffer
	s := New(served{dying{newFake()}}, slog.New(slog.NewTextHandler(&log, nil)))
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, httptest.NewRequest("GET", "/v1/porches", http.NoBody))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"code":"failed"`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	if says := log.String(); !strings.Contains(says, "slice bounds out of range") || !strings.Contains(says, "server_test.go") {
		t.Errorf("the log doesn't say where: %s", says)
	}
}
