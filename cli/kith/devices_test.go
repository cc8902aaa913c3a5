package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kith/daemon/api"
	"kith/daemon/waittest"
)

// joining is a computer that waits until somebody has compared its words.
type joining struct {
	cmd *exec.Cmd
	out *said
}

// said keeps what a command says, line by line.
type said struct {
	mu    sync.Mutex
	text  strings.Builder
	lines chan string
}

// read reads to the end, and passes lines on while somebody takes them.
func (s *said) read(r io.Reader) {
	defer close(s.lines)
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		s.mu.Lock()
		s.text.WriteString(lines.Text() + "\n")
		s.mu.Unlock()
		select {
		case s.lines <- lines.Text():
		default:
		}
	}
}

func (s *said) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// paper writes a member's recovery phrase down.
func (l *lab) paper(ts *testscript.TestScript, h *home, phrase string) error {
	return os.WriteFile(ts.MkAbs(h.name+".phrase"), []byte(phrase+"\n"), 0o600)
}

// asks lets a new computer ask to be added, and sets $WORDS to those that it shows.
func (l *lab) asks(ts *testscript.TestScript, args []string) error {
	h := l.homes[args[0]]
	if h == nil {
		var err error
		if h, err = l.newHome(args[0]); err != nil {
			return err
		}
	}
	cmd := l.command(h, "device", "join", args[1], "--name", h.name, "--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce))
	r, w, err := os.Pipe()
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = w, w
	err = cmd.Start()
	if err = errors.Join(err, w.Close()); err != nil {
		return errors.Join(err, r.Close())
	}
	h.joining = &joining{cmd: cmd, out: &said{lines: make(chan string, 100)}}
	go func() {
		h.joining.out.read(r)
		_ = r.Close()
	}()
	late := time.After(waittest.Limit)
	for {
		select {
		case line, more := <-h.joining.out.lines:
			if words, ok := strings.CutPrefix(line, "    "); ok {
				ts.Setenv("WORDS", words)
				return nil
			}
			if !more {
				return fmt.Errorf("%s shows no words:\n%s", h.name, h.joining.out)
			}
		case <-late:
			return fmt.Errorf("%s shows no words in time:\n%s", h.name, h.joining.out)
		}
	}
}

// ended waits until a computer that asked to be added has its answer.
func (h *home) ended() error {
	if h.joining == nil {
		return fmt.Errorf("%s doesn't ask to be added", h.name)
	}
	j := h.joining
	h.joining = nil
	late := time.AfterFunc(waittest.Limit, func() { _ = j.cmd.Process.Kill() })
	defer late.Stop()
	err := j.cmd.Wait()
	for range j.out.lines { // what it said last may still be in the pipe
	}
	if err != nil {
		return fmt.Errorf("%s wasn't added: %w\n%s", h.name, err, j.out)
	}
	return nil
}

// added waits until a computer is a device of a member's, and starts its daemon. With "not" as the
// member it must not be, and what it says then is for stderr to look at.
func (l *lab) added(ts *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	if args[1] == "not" {
		delete(l.homes, args[0])
		err := h.ended()
		if err == nil {
			return fmt.Errorf("%s was added", h.name)
		}
		if len(args) > 2 && !strings.Contains(err.Error(), args[2]) {
			return err
		}
		return nil
	}
	if err := h.ended(); err != nil {
		return err
	}
	h.member = title(args[1])
	return l.start(h)
}

// redraws draws a new recovery phrase on a new computer.
func (l *lab) redraws(ts *testscript.TestScript, args []string) error {
	h, err := l.newHome(args[0])
	if err != nil {
		return err
	}
	out, err := output(l.command(h, "device", "new-phrase", "--via", args[1], "--name", h.name, "--json"))
	if err != nil {
		return err
	}
	var made api.NewPhrase
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	ts.Setenv("KEYCODE", made.Code)
	ts.Setenv("KEYWORDS", strings.Join(made.Words, " "))
	return l.paper(ts, h, made.RecoveryPhrase)
}

// recovers brings a member back on a new computer, with the phrase in a file.
func (l *lab) recovers(ts *testscript.TestScript, args []string) error {
	h := l.homes[args[0]]
	if h == nil {
		var err error
		if h, err = l.newHome(args[0]); err != nil {
			return err
		}
	}
	h.member = title(args[1])
	words := append([]string{"device", "recover", "--via", args[2], "--phrase", "-", "--name", h.name,
		"--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce)}, args[4:]...)
	cmd := l.command(h, words...)
	cmd.Stdin = strings.NewReader(ts.ReadFile(args[3]))
	out, err := output(cmd)
	if err != nil {
		return err
	}
	ts.Logf("%s", out)
	return l.start(h)
}
