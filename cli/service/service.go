// Package service has the computer start Kith's daemon by itself: as a user service of systemd, or on macOS as a
// LaunchAgent. It writes the one file that the system reads, and asks the system's own command to heed it; what it
// didn't write it doesn't touch.
//
// github.com/kardianos/service does the same for seven systems; it writes what a file holds without the quotes that a
// path with a blank or a percent sign needs, and where it finds no systemd it goes on to scripts that run as root.
package service

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kith/crdt/problem"
	"kith/daemon/whole"
)

// mark is in each file that this package writes: only those are replaced and removed.
const mark = "written by kith service install; kith service remove takes it away"

// maxFile bounds what is read of a file that stands where ours would.
const maxFile = 64 << 10

// Daemon is what is to run.
type Daemon struct {
	Program string   // its absolute path
	Args    []string // behind it
	Home    string   // $KITH_HOME; "": the usual one
}

// State is how it stands with the service, as programs get it.
type State struct {
	Name      string   `json:"name"`      // what the system calls it
	File      string   `json:"file"`      // what the system reads
	Installed bool     `json:"installed"` // the file is there
	Starts    bool     `json:"starts"`    // the system starts it, at the latest when its person logs in
	Runs      bool     `json:"runs"`      // it does now
	Says      []string `json:"says"`      // what a person should know besides
}

// Service is the one of a home.
type Service struct {
	home   string
	system system
}

// system is what starts services on this computer.
type system interface {
	name(home string) string // of the service of a home
	file(name string) string // what is read of it
	text(Daemon) string
	// heed has the system start it from now on, and at once if now is set; forget ends it.
	heed(ctx context.Context, s *Service, now bool) error
	forget(ctx context.Context, s *Service) error
	state(ctx context.Context, s *Service, into *State) error
	reread(ctx context.Context) error // after the file went
}

// Of gives the service of a home on this system. home is $KITH_HOME; "" stands for the usual one.
func Of(goos, home string, getenv func(string) string) (*Service, error) {
	user := getenv("HOME")
	if !filepath.IsAbs(user) {
		return nil, problem.New(problem.NotAllowed, "HOME=/home/you kith service status", "$HOME isn't set, so nobody knows where your services are")
	}
	if home != "" {
		abs, err := filepath.Abs(home)
		if err != nil {
			return nil, err
		}
		home = abs
	}
	switch goos {
	case "linux":
		config := getenv("XDG_CONFIG_HOME")
		if !filepath.IsAbs(config) { // "should be ignored", says the XDG base directory specification
			config = filepath.Join(user, ".config")
		}
		return &Service{home, systemd{filepath.Join(config, "systemd", "user")}}, nil
	case "darwin":
		return &Service{home, launchd{filepath.Join(user, "Library", "LaunchAgents")}}, nil
	}
	return nil, problem.New(problem.NotAllowed, "start it yourself: kith daemon", "Kith doesn't know how %s starts programs", goos)
}

// Name is what the system calls it.
func (s *Service) Name() string { return s.system.name(s.home) }

// File is what the system reads.
func (s *Service) File() string { return s.system.file(s.Name()) }

// Install writes the file, replacing an older one of ours, and has the system heed it: from the next login on, and at
// once if now is set.
func (s *Service) Install(ctx context.Context, d Daemon, now bool) error {
	if !filepath.IsAbs(d.Program) {
		return fmt.Errorf("%s isn't a whole path", d.Program)
	}
	if strings.ContainsAny(d.Program, `"'\`) { // systemd takes no such program, however it is quoted
		return problem.New(problem.Invalid, "move it to a folder with an ordinary name", "a program whose path has quotes or a backslash in it can't be a service: %s", d.Program)
	}
	for _, word := range append([]string{d.Program, s.home}, d.Args...) {
		if strings.ContainsFunc(word, func(r rune) bool { return r < ' ' || r == 0x7f || r == '\ufffd' }) {
			return problem.New(problem.Invalid, "move it to a folder with an ordinary name", "a path with a line break or the like can't stand in the file of a service: %q", word)
		}
	}
	was, err := s.ours()
	if err != nil {
		return err
	}
	d.Home = s.home
	if err := whole.Folder(filepath.Dir(s.File())); err != nil {
		return err
	}
	if err := whole.Write(s.File(), []byte(s.system.text(d))); err != nil {
		return err
	}
	err = s.system.heed(ctx, s, now)
	if err != nil && !was { // as if nothing had been
		return errors.Join(err, os.Remove(s.File()))
	}
	return err
}

// Remove has the system end and forget it, and removes the file. It says whether there was one.
func (s *Service) Remove(ctx context.Context) (was bool, err error) {
	if was, err = s.ours(); err != nil || !was {
		return false, err
	}
	if err := s.system.forget(ctx, s); err != nil {
		return true, err
	}
	if err := os.Remove(s.File()); err != nil {
		return true, err
	}
	return true, s.system.reread(ctx)
}

// State asks the system how it stands. What is in the way of knowing is among what it says.
func (s *Service) State(ctx context.Context) State {
	at := State{Name: s.Name(), File: s.File(), Says: []string{}}
	is, err := s.ours()
	if err != nil {
		at.Says = append(at.Says, err.Error())
	}
	at.Installed = is
	if err := s.system.state(ctx, s, &at); err != nil { // nobody answers: then nothing runs either
		at.Says = append(at.Says, err.Error())
	}
	return at
}

// ours says whether our file is there. One that isn't ours is an error.
func (s *Service) ours() (bool, error) {
	f, err := os.Open(s.File())
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxFile))
	if err != nil {
		return false, err
	}
	if !strings.Contains(string(b), mark) {
		return false, problem.New(problem.NotAllowed, "use that one, or move it away and try again", "%s isn't from kith service: it stays as it is", s.File())
	}
	return true, nil
}

// suffix tells the services of several homes of one person apart.
func suffix(home string) string {
	if home == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(home))
	return "-" + hex.EncodeToString(sum[:4])
}

// ask runs a command of the system, and gives what it prints. That it isn't there, or fails, is an error in words.
func ask(ctx context.Context, name string, args ...string) (string, error) {
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	said := strings.TrimSpace(string(out))
	var failed *exec.ExitError
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return "", problem.New(problem.NotAllowed, "start it yourself: kith daemon", "there is no %s on this computer, so it starts nothing by itself", name)
	case errors.As(err, &failed):
		return said, &refused{name + " " + strings.Join(args, " "), said}
	}
	return said, err
}

// refused is that the system's command doesn't do what it is asked.
type refused struct{ command, said string }

func (r *refused) Error() string { return r.command + ": " + cmp.Or(r.said, "it doesn't say why") }

// Problem says it to a person.
func (r *refused) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, "log in as yourself, not by su or sudo; or start it yourself: kith daemon", "%s", r.Error())
}
