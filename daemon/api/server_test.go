package api

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
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
	path, err := SocketPath(home)
	if err != nil {
		t.Fatal(err)
	}
	if strings.HasPrefix(path, home) || len(path) > maxSocketPath {
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
	if other, _ := SocketPath(home + "/x"); other == path {
		t.Error("two homes share a socket")
	}
}

func TestTwoWaysToOneHomeLeadToOneSocket(t *testing.T) {
	home := longHome(t)
	link := filepath.Join(shortHome(t), "home")
	if err := os.Symlink(home, link); err != nil {
		t.Fatal(err)
	}
	a, _ := SocketPath(home)
	b, _ := SocketPath(link)
	if a != b {
		t.Errorf("%s and %s", a, b)
	}
}

func TestASocketFolderThatOthersCanWriteIsRefused(t *testing.T) {
	dir := filepath.Join(shortHome(t), "kith")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := private(dir); err != nil {
		t.Errorf("a private folder: %v", err)
	}
	if err := os.Chmod(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := private(dir); err == nil {
		t.Error("a folder open to all is taken")
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
	c, err := NewClient(home, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Members(t.Context()); codeOf(err) != NotRunning {
		t.Errorf("with nobody behind the socket: %v", err)
	}
	c, _, _ = serve(t, newFake(), home)
	if _, err := c.Members(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestWithoutADaemonTheClientSaysHowToStartIt(t *testing.T) {
	c, err := NewClient(shortHome(t), "")
	if err != nil {
		t.Fatal(err)
	}
	_, err = c.Status(t.Context())
	var p *Problem
	if !errors.As(err, &p) || p.Code.Exit() != 3 || !strings.Contains(p.Hint, "kith daemon") {
		t.Errorf("got %#v", err)
	}
}

func codeOf(err error) Code {
	var p *Problem
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

func TestTimesAreInUTCOrNull(t *testing.T) {
	zone := time.FixedZone("east", 2*3600)
	b, err := At(time.Date(2026, 11, 24, 8, 0, 0, 123456789, zone)).MarshalJSON()
	if err != nil || string(b) != `"2026-11-24T06:00:00.123Z"` {
		t.Errorf("got %s %v", b, err)
	}
	if b, _ := (Time{}).MarshalJSON(); string(b) != "null" {
		t.Errorf("the zero time: %s", b)
	}
}

func TestErrorsBecomeProblems(t *testing.T) {
	tests := []struct {
		name string
		err  error
		code Code
		says string
	}{
		{"one that knows itself", fmt.Errorf("edit: %w", Problemf(NotAllowed, "offer help instead", "Ben can't accept it for her")), NotAllowed, "Ben can't accept"},
		{"a full disk", fmt.Errorf("store 3 entries: %w", syscall.ENOSPC), Failed, "the disk is full"},
		{"one that takes too long", context.DeadlineExceeded, TimedOut, "too long"},
		{"anything else is told in general terms", errors.New("secret detail"), Failed, "could not do this"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.fail = tt.err
			c, stop, log := serve(t, f, shortHome(t))
			_, err := c.CreateTask(t.Context(), NewTask{Title: "x"})
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

func TestEveryCodeHasItsExitCode(t *testing.T) {
	for code, exit := range map[Code]int{Failed: 1, Usage: 2, NotRunning: 3, NotFound: 4, Ambiguous: 4, NotAllowed: 5, Invalid: 6, Limit: 6, TimedOut: 7, "new one": 1} {
		if code.Exit() != exit {
			t.Errorf("%s: %d, not %d", code, code.Exit(), exit)
		}
	}
}

func TestSyncThatRunsOutOfTimeSaysWhoIsMissing(t *testing.T) {
	tests := []struct {
		name  string
		peers []Peer
		says  string
	}{
		{"nobody there", []Peer{{Member: Named{Name: "Ben"}}}, "no other device could be reached"},
		{"Cleo is behind", []Peer{
			{Member: Named{Name: "Ben"}, Connected: true, InStep: true},
			{Member: Named{Name: "Cleo"}, Device: Named{Name: "laptop"}, Connected: true},
		}, "not yet in step with Cleo's laptop"},
		{"two are behind", []Peer{
			{Member: Named{Name: "Ben"}, Device: Named{Name: "phone"}, Connected: true, ToGet: 14, Got: 2, ToSend: 1},
			{Member: Named{Name: "Cleo"}, Device: Named{Name: "laptop"}, Connected: true, ToSend: 3},
		}, "not yet in step with Ben's phone (12 entries to fetch, 1 entry to send); Cleo's laptop (3 entries to send)"},
		{"many are away", []Peer{{Trouble: "a: no answer"}, {Trouble: "b: no answer"}, {Trouble: "c: no answer"}, {Trouble: "d: no answer"}, {Trouble: "e: no answer"}},
			"no other device could be reached in this time. a: no answer; b: no answer; c: no answer; and 2 more"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			f.syncing = func(ctx context.Context) (Status, error) {
				<-ctx.Done()
				return Status{Peers: tt.peers}, ctx.Err()
			}
			c, _, _ := serve(t, f, shortHome(t))
			_, err := c.Sync(t.Context(), time.Millisecond)
			if codeOf(err) != TimedOut || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestSyncDoesntSayThatItIsDoneWhenThereWasNobodyToBeInStepWith(t *testing.T) {
	f := newFake()
	away := Peer{Member: Named{Name: "Ben"}, Device: Named{Name: "laptop"}, Trouble: "Ben's laptop: connection refused"}
	status := Status{Peers: []Peer{away}}
	f.syncing = func(context.Context) (Status, error) { return status, nil }
	c, _, _ := serve(t, f, shortHome(t))
	if _, err := c.Sync(t.Context(), time.Minute); codeOf(err) != TimedOut || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("with Ben away: %v", err)
	}
	status.Peers = append(status.Peers, Peer{Connected: true, InStep: true})
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
		f.events <- Event{Seq: 1, Type: "peer"}
		f.events <- Event{Seq: 2, Type: "changed", Kind: KindTask}
		f.events <- Event{Seq: 3, Type: "position", Kind: KindDecision}
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
	if codeOf(last) != NotRunning {
		t.Errorf("the end: %v", last)
	}
	if err := stop(); err != nil {
		t.Error(err)
	}
}

func TestStoppingEndsStreamsAndLeavesNothing(t *testing.T) {
	f := newFake()
	f.syncing = func(ctx context.Context) (Status, error) { <-ctx.Done(); return Status{}, ctx.Err() }
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

func (b blocking) Events(ctx context.Context) (<-chan Event, error) {
	events := make(chan Event)
	context.AfterFunc(ctx, func() { close(events) })
	close(b.asked)
	return events, nil
}

func TestUnknownEventsAndPathsAreRefused(t *testing.T) {
	if p := refused(t, newFake(), "GET", "events?kind=weather", nil); p.Code != Invalid {
		t.Errorf("got %+v", p)
	}
	if p := refused(t, newFake(), "DELETE", "tasks/4kq2", nil); p.Code != NotFound {
		t.Errorf("got %+v", p)
	}
	if p := refused(t, newFake(), "POST", "tasks/4kq2/explode", nil); p.Code != NotFound {
		t.Errorf("got %+v", p)
	}
}

func TestATasksVerbs(t *testing.T) {
	tests := []struct{ verb, body, says string }{
		{"ask", `{}`, "somebody is needed"},
		{"ask", `{"members":["Dora"]}`, "nobody here"},
		{"take", `{"members":["Ana"]}`, "only ask"},
		{"done", `{"undo":true}`, "no undo"},
		{"help", `{}`, "needs a reason"},
		{"drop", `{"why":"  "}`, "needs a reason"},
		{"help", `{"undo":true}`, ""},
		{"accept", ``, ""},
		{"ask", `{"members":["cleo","me"]}`, ""},
	}
	for _, tt := range tests {
		f := newFake()
		status, answer := ask(t, f, "POST", "tasks/4kq2/"+tt.verb, strings.NewReader(tt.body))
		if (status == 200) != (tt.says == "") || !strings.Contains(answer, tt.says) {
			t.Errorf("%s %s: %d %s", tt.verb, tt.body, status, answer)
		}
		if status == 200 && f.action.Verb != tt.verb {
			t.Errorf("%s came as %+v", tt.verb, f.action)
		}
	}
}

func TestATooLongAddressIsRefusedByTheClient(t *testing.T) {
	c, _, _ := serve(t, newFake(), shortHome(t))
	if _, err := c.Member(t.Context(), strings.Repeat("🖨", 10_000)); codeOf(err) != Limit {
		t.Errorf("got %v", err)
	}
	for _, odd := range []string{"", ".", "..", "a/b", "a//b", "?", "%2e"} {
		if _, err := c.Member(t.Context(), odd); codeOf(err) != NotFound {
			t.Errorf("%q: %v", odd, err)
		}
	}
}
