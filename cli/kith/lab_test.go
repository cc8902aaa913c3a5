package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/peer/peertest"
	"kith/daemon/store/storetest"
	"kith/daemon/waittest"
)

// lab is one script's co-op: homes on this computer and the links between them.
type lab struct {
	dir      string
	environ  []string
	links    *links
	homes    map[string]*home
	invites  []string // codes that nobody has used yet
	ahead    time.Duration
	tale     story
	answered *answers               // nil: the script keeps none
	newest   func() (string, error) // builds a newer Kith, once for all scripts, and says where it is
	newerIn  string                 // that place; "": nobody has it yet
	updated  map[string]bool        // by name: who has that one
}

// home is one member's computer.
type home struct {
	name, dir string
	member    string   // whose it is
	twofold   bool     // its device is in another home as well
	env       []string // what its commands and its daemon have beside
	listen    string   // where its daemon listens
	announce  string   // what it tells the others: the door of its links
	elsewhere bool     // it isn't to listen where the home says
	daemon    *exec.Cmd
	log       *bytes.Buffer // of the daemon; read only when it has ended
	joining   *joining      // while it asks to be added as a device
}

func newLab(env *testscript.Env, newest func() (string, error)) (*lab, error) {
	dir, err := os.MkdirTemp("", "kith") // env.WorkDir is often too long for a socket
	if err != nil {
		return nil, err
	}
	return &lab{dir: dir, environ: slices.Clone(env.Vars), links: newLinks(), newest: newest, homes: map[string]*home{}, updated: map[string]bool{}}, nil
}

func (l *lab) newHome(name string) (*home, error) {
	if l.homes[name] != nil {
		return nil, fmt.Errorf("%s has a home already", name)
	}
	ip := peertest.IP()
	h := &home{name: name, member: title(name), dir: filepath.Join(l.dir, name), listen: ip + ":4001", announce: ip + ":4002"}
	l.homes[name] = h
	return h, nil
}

// isRunning says whether a daemon answers.
func isRunning(c *client.Client) bool {
	_, err := c.Members(context.Background())
	var p *api.Problem
	return !errors.As(err, &p) || p.Code != api.NotRunning
}

func multiaddr(hostport string) string {
	host, port, _ := strings.Cut(hostport, ":")
	return "/ip4/" + host + "/tcp/" + port
}

func (l *lab) home(name string) (*home, error) {
	if h := l.homes[name]; h != nil {
		return h, nil
	}
	return nil, fmt.Errorf("nobody is called %s", name)
}

// command is kith as typed in a home.
func (l *lab) command(h *home, args ...string) *exec.Cmd {
	program := "kith"
	if l.updated[h.name] {
		program = filepath.Join(l.newerIn, program)
	}
	cmd := exec.Command(program, args...)
	cmd.Env = append(slices.Clone(l.environ), "KITH_HOME="+h.dir, "PATH="+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, h.env...)
	return cmd
}

func (l *lab) coop(ts *testscript.TestScript, names []string) error {
	if err := l.found(ts, []string{names[0], strconv.Itoa(len(names))}); err != nil {
		return err
	}
	for _, name := range names[1:] {
		if err := l.join(ts, []string{name}); err != nil {
			return err
		}
	}
	return l.settle(ts, nil)
}

func (l *lab) found(ts *testscript.TestScript, args []string) error {
	h, err := l.newHome(args[0])
	if err != nil {
		return err
	}
	coop := "Riso Print Co-op"
	if len(args) > 2 {
		coop = args[2]
	}
	out, err := output(l.command(h, "init", coop, "--as", title(h.name), "--founders", args[1],
		"--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce), "--json"))
	if err != nil {
		return err
	}
	var made api.InitResult
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	for _, i := range made.Invites {
		l.invites = append(l.invites, i.Code)
	}
	if err := l.paper(ts, h, made.RecoveryPhrase); err != nil {
		return err
	}
	return l.start(h)
}

func (l *lab) join(ts *testscript.TestScript, args []string) error {
	h, err := l.newHome(args[0])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		l.invites = append([]string{args[1]}, l.invites...)
	}
	if len(l.invites) == 0 {
		return errors.New("all codes are used")
	}
	join := l.command(h, "join", "-", "--as", title(h.name), "--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce), "--json")
	join.Stdin = strings.NewReader(l.invites[0] + "\n")
	out, err := output(join)
	if err != nil {
		return err
	}
	var joined api.JoinResult
	if err := json.Unmarshal(out, &joined); err != nil {
		return err
	}
	if err := l.paper(ts, h, joined.RecoveryPhrase); err != nil {
		return err
	}
	l.invites = l.invites[1:]
	return l.start(h)
}

// comeback restores a backup of a member's device in a new home, which listens elsewhere, and starts
// its daemon.
func (l *lab) comeback(ts *testscript.TestScript, args []string) error {
	was, err := l.home(args[0])
	if err != nil {
		return err
	}
	h, err := l.newHome(args[1])
	if err != nil {
		return err
	}
	h.member = was.member
	h.twofold, was.twofold = true, true
	ts.Setenv("KITH_HOME", h.dir)
	words := append([]string{"restore", "--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce)}, args[2:]...)
	if err := ts.Exec("kith", words...); err != nil {
		return fmt.Errorf("kith restore: %w", err)
	}
	return l.start(h)
}

// copyHome makes a second home of one whose daemon doesn't run: one device, which from now on can say
// two things, as a member's can who has two copies of it or an altered program. It is cut off from
// all homes there are, until mend. With in-its-place it is where the others look for the first one,
// which mustn't run at the same time then.
func (l *lab) copyHome(_ *testscript.TestScript, args []string) error {
	was, err := l.home(args[0])
	if err != nil {
		return err
	}
	if was.daemon != nil {
		return fmt.Errorf("the daemon of %s runs", was.name)
	}
	h, err := l.newHome(args[1])
	if err != nil {
		return err
	}
	h.member, h.elsewhere = was.member, true
	if len(args) > 2 && args[2] == "in-its-place" {
		h.listen, h.announce, h.elsewhere = was.listen, was.announce, false
	}
	for name := range l.homes {
		if name != h.name {
			l.links.set(h.name, name, true)
		}
	}
	if err := os.CopyFS(h.dir, os.DirFS(was.dir)); err != nil {
		return err
	}
	return filepath.WalkDir(was.dir, func(path string, d fs.DirEntry, err error) error { // keys are for nobody else
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return os.Chmod(h.dir+strings.TrimPrefix(path, was.dir), info.Mode())
	})
}

// unlock gives the daemon of a home a file with a passphrase.
func (l *lab) unlock(ts *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err == nil {
		h.env = append(h.env, "KITH_PASSPHRASE_FILE="+ts.MkAbs(args[1]))
	}
	return err
}

// title is the name of a member: that of the home with a capital letter.
func title(name string) string { return strings.ToUpper(name[:1]) + name[1:] }

func output(cmd *exec.Cmd) ([]byte, error) {
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, exit.Stderr)
	}
	return out, err
}

func (l *lab) as(ts *testscript.TestScript, args []string) error {
	h := l.homes[args[0]]
	path := os.Getenv("PATH")
	if l.updated[args[0]] {
		path = l.newerIn + string(os.PathListSeparator) + path
	}
	ts.Setenv("PATH", path)
	if h == nil { // somebody who isn't in
		ts.Setenv("KITH_HOME", filepath.Join(l.dir, args[0]))
		return nil
	}
	ts.Setenv("KITH_HOME", h.dir)
	return nil
}

// start runs the daemon of a home and returns when it answers.
func (l *lab) start(h *home) error {
	if h.daemon != nil {
		return fmt.Errorf("the daemon of %s runs already", h.name)
	}
	args := []string{"daemon", "--no-mdns", "--json", "--log-level", "debug"}
	if h.elsewhere {
		args = append(args, "--listen", multiaddr(h.listen), "--announce", multiaddr(h.announce))
	}
	cmd := l.command(h, args...)
	h.log = new(bytes.Buffer)
	cmd.Stderr = h.log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := l.links.start(h.name, cmd); err != nil {
		return err
	}
	ready := make(chan error, 1)
	go func() {
		_, err := bufio.NewReader(stdout).ReadString('\n') // its addresses: the API answers now
		ready <- err
	}()
	select {
	case err = <-ready:
	case <-time.After(waittest.Limit):
		err = errors.New("it doesn't get ready")
	}
	if err != nil {
		_ = cmd.Process.Kill() // it may have ended by itself
		_ = cmd.Wait()
		return fmt.Errorf("start the daemon of %s: %w\n%s", h.name, err, h.log)
	}
	h.daemon = cmd
	return l.links.door(h.name, h.announce, h.listen) // now that somebody is behind it
}

func (l *lab) startAll(_ *testscript.TestScript, names []string) error {
	return l.eachOf(names, l.start)
}

func (l *lab) stopAll(_ *testscript.TestScript, names []string) error {
	return l.eachOf(names, l.stop)
}

func (l *lab) crash(_ *testscript.TestScript, names []string) error {
	return l.eachOf(names, func(h *home) error {
		if h.daemon == nil {
			return fmt.Errorf("the daemon of %s doesn't run", h.name)
		}
		if err := h.daemon.Process.Kill(); err != nil {
			return err
		}
		_ = h.daemon.Wait() // it was killed, and says so
		h.daemon = nil
		l.links.shut(h.name)
		return nil
	})
}

func (l *lab) eachOf(names []string, do func(*home) error) error {
	for _, name := range names {
		h, err := l.home(name)
		if err != nil {
			return err
		}
		if err := do(h); err != nil {
			return err
		}
	}
	return nil
}

// stop ends a daemon as a person would, and waits for it.
func (l *lab) stop(h *home) error {
	if h.daemon == nil {
		return fmt.Errorf("the daemon of %s doesn't run", h.name)
	}
	cmd := h.daemon
	h.daemon = nil
	defer l.links.shut(h.name)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	late := time.AfterFunc(waittest.Limit, func() { _ = cmd.Process.Signal(syscall.SIGABRT) }) // prints what it is stuck in
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("the daemon of %s ended with %w\n%s", h.name, err, h.log)
	}
	return nil
}

// later moves everybody's clock on; or it puts those of some computers so much before the others'. Daemons look at the clock when they
// start, so they start again.
func (l *lab) later(ts *testscript.TestScript, args []string) error {
	more, err := time.ParseDuration(args[0])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		for _, name := range args[1:] {
			h, err := l.home(name)
			if err != nil {
				return err
			}
			h.env = append(h.env, aheadEnv+"="+(l.ahead+more).String())
			if err := errors.Join(l.stop(h), l.start(h)); err != nil {
				return err
			}
		}
		return nil
	}
	l.ahead += more
	ahead := aheadEnv + "=" + l.ahead.String()
	l.environ = append(l.environ, ahead)
	ts.Setenv(aheadEnv, l.ahead.String())
	for _, h := range l.homes {
		if h.daemon == nil {
			continue
		}
		if err := errors.Join(l.stop(h), l.start(h)); err != nil {
			return err
		}
	}
	return nil
}

// damage spoils the beginning of every file of a home's store; a copy is kept beside it.
func (l *lab) damage(_ *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	store := filepath.Join(h.dir, "store")
	if err := os.CopyFS(h.dir+".whole", os.DirFS(store)); err != nil {
		return err
	}
	return filepath.WalkDir(store, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for i := range b[:min(len(b), 4096)] {
			if b[i] != 0 { // what was set aside for later stays so
				b[i] ^= 0xff
			}
		}
		return os.WriteFile(path, b, 0o600)
	})
}

func (l *lab) undamage(_ *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	store := filepath.Join(h.dir, "store")
	if err := os.RemoveAll(store); err != nil {
		return err
	}
	return os.Rename(h.dir+".whole", store)
}

// cut ends the links of the first with all the others, and waits until their daemons have noticed: what is said from then on
// goes nowhere.
func (l *lab) cut(_ *testscript.TestScript, args []string) error {
	if err := l.between(args, true); err != nil {
		return err
	}
	for _, other := range args[1:] {
		if err := l.parted([]string{args[0], other}); err != nil {
			return err
		}
	}
	return nil
}

// parted waits until two whose link is cut don't take each other for connected any more.
func (l *lab) parted(two []string) error {
	if l.homes[two[0]].daemon == nil || l.homes[two[1]].daemon == nil {
		return nil
	}
	return l.until(two, func(ctx context.Context, clients []*client.Client) (bool, string, error) {
		for i, c := range clients {
			other, err := clients[1-i].Status(ctx)
			if err != nil {
				return false, "", err
			}
			peers, err := c.Peers(ctx)
			if err != nil {
				return false, "", err
			}
			if slices.ContainsFunc(peers, func(p api.Peer) bool {
				return p.Device.ID == other.Device.ID && p.Connected && p.Transport != "relay"
			}) {
				return false, fmt.Sprintf("%s is still connected with %s: %+v", two[i], two[1-i], peers), nil
			}
		}
		return true, "", nil
	})
}

func (l *lab) mend(_ *testscript.TestScript, args []string) error {
	return l.between(args, false)
}

// between cuts or mends the links of the first with all the others.
func (l *lab) between(names []string, cut bool) error {
	for _, name := range names {
		if _, err := l.home(name); err != nil {
			return err
		}
	}
	for _, other := range names[1:] {
		l.links.set(names[0], other, cut)
	}
	return nil
}

// state is what has to be the same on all: members, the heads of every document, and how
// many entries there are of which kind.
type state struct {
	Members []string
	Heads   map[string][]string
	Entries api.Entries
}

func stateOf(ctx context.Context, c *client.Client) (s state, err error) {
	s.Heads = map[string][]string{}
	status, err := c.Status(ctx)
	if err != nil {
		return s, err
	}
	s.Entries = status.Entries
	members, err := c.Members(ctx)
	if err != nil {
		return s, err
	}
	for _, m := range members {
		s.Members = append(s.Members, m.ID+" "+m.Name+" "+m.Standing)
	}
	documents, err := c.Find(ctx, "", "", 10_000)
	if err != nil {
		return s, err
	}
	for _, d := range documents {
		slices.Sort(d.Heads)
		s.Heads[d.ID] = d.Heads
	}
	return s, nil
}

// settle waits until homes report the same.
func (l *lab) settle(_ *testscript.TestScript, names []string) error {
	if len(names) == 0 {
		for name, h := range l.homes {
			if h.daemon != nil {
				names = append(names, name)
			}
		}
		slices.Sort(names)
	}
	return l.until(names, func(ctx context.Context, clients []*client.Client) (bool, string, error) {
		var texts []string
		told := ""
		for i, c := range clients {
			s, err := stateOf(ctx, c)
			if err != nil {
				return false, "", fmt.Errorf("%s: %w", names[i], err)
			}
			text, err := json.MarshalIndent(s, "", "  ")
			if err != nil {
				return false, "", err
			}
			texts = append(texts, string(text))
			told += "\n" + names[i] + ": " + string(text)
		}
		return len(slices.Compact(texts)) <= 1, "not the same:" + told, nil
	})
}

// meet waits until homes are connected and in step, each with each, and have as much: what was written right before isn't in the table of
// peers yet.
func (l *lab) meet(_ *testscript.TestScript, names []string) error {
	return l.until(names, func(ctx context.Context, clients []*client.Client) (bool, string, error) {
		stored := map[int]bool{}
		for i, c := range clients {
			s, err := c.Status(ctx)
			if err != nil {
				return false, "", fmt.Errorf("%s: %w", names[i], err)
			}
			if stored[s.Entries.Stored] = true; len(stored) > 1 {
				return false, fmt.Sprintf("%s hasn't as many entries as the others: %d", names[i], s.Entries.Stored), nil
			}
			me := l.homes[names[i]].member
			peers, err := c.Peers(ctx)
			if err != nil {
				return false, "", fmt.Errorf("%s: %w", names[i], err)
			}
			for _, other := range names {
				member := l.homes[other].member
				inStep := slices.ContainsFunc(peers, func(p api.Peer) bool {
					return p.Member.Name == member && p.Connected && p.InStep
				})
				if member != me && !inStep {
					return false, fmt.Sprintf("%s isn't in step with %s: %+v", names[i], other, peers), nil
				}
			}
		}
		return true, "", nil
	})
}

// knows waits until the first knows where the others can be reached, connected or not.
func (l *lab) knows(_ *testscript.TestScript, names []string) error {
	return l.until(names[:1], func(ctx context.Context, clients []*client.Client) (bool, string, error) {
		peers, err := clients[0].Peers(ctx)
		for _, other := range names[1:] {
			found := slices.ContainsFunc(peers, func(p api.Peer) bool {
				return p.Member.Name == title(other) && (p.Connected || p.Trouble != "" && !strings.Contains(p.Trouble, "no address"))
			})
			if !found {
				return false, fmt.Sprintf("%s doesn't know where %s is: %+v", names[0], other, peers), err
			}
		}
		return true, "", err
	})
}

// sees waits until what a command prints for somebody holds a text.
func (l *lab) sees(_ *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	return l.until(args[:1], func(context.Context, []*client.Client) (bool, string, error) {
		return l.shown(h, args[1], args[2:])
	})
}

// shown says whether what a command prints in a home holds a text, and what it prints else. What isn't found there is on its way.
func (l *lab) shown(h *home, text string, words []string) (bool, string, error) {
	out, err := output(l.command(h, words...))
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.ExitCode() == api.NotFound.Exit() {
		return false, fmt.Sprintf("%s doesn't see “%s”: %v", h.name, text, err), nil
	}
	return strings.Contains(string(out), text), fmt.Sprintf("%s doesn't see “%s”:\n%s", h.name, text, out), err
}

// porch runs one until the script ends, and keeps a code of it.
func (l *lab) porch(ts *testscript.TestScript, args []string) error {
	h := &home{name: args[0], dir: filepath.Join(l.dir, args[0])}
	run := l.command(h, "porch", "run", filepath.Join(h.dir, "porch"), "--listen", "/ip4/127.0.0.1/tcp/0", "--json")
	said, err := run.StdoutPipe()
	if err != nil {
		return err
	}
	if err := run.Start(); err != nil {
		return err
	}
	ts.Defer(func() {
		_ = run.Process.Signal(os.Interrupt) // one that ended by itself is found by who looks for it
		_ = run.Wait()
	})
	if _, err := bufio.NewReader(said).ReadString('\n'); err != nil { // it is open
		return err
	}
	out, err := output(l.command(h, "porch", "code", "--for", "Riso Print Co-op", "--jq", ".code"))
	ts.Setenv(args[0], strings.TrimSpace(string(out)))
	return err
}

// finds is sees for what no event tells of.
func (l *lab) finds(_ *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(waittest.Limit); ; <-tick.C {
		found, missing, err := l.shown(h, args[1], args[2:])
		if err != nil || found {
			return err
		}
		if time.Now().After(end) {
			return errors.New(missing)
		}
	}
}

// erased waits until no file of a home holds some words.
func (l *lab) erased(_ *testscript.TestScript, args []string) error {
	h, err := l.home(args[0])
	if err != nil {
		return err
	}
	return l.until(args[:1], func(context.Context, []*client.Client) (bool, string, error) {
		found, err := storetest.Holding(h.dir, args[1])
		return len(found) == 0, fmt.Sprintf("“%s” is in %v", args[1], found), err
	})
}

// told waits until the daemons of homes know that their people aren't in any more.
func (l *lab) told(_ *testscript.TestScript, names []string) error {
	return l.until(names, func(ctx context.Context, clients []*client.Client) (bool, string, error) {
		for i, c := range clients {
			s, err := c.Status(ctx)
			if err != nil || len(s.Notice) == 0 {
				return false, names[i] + " wasn't told", err
			}
		}
		return true, "", nil
	})
}

// until looks at homes until what it waits for is so. It looks again whenever something
// happens on one of them, and never just because time has passed. The string says what is
// still missing.
func (l *lab) until(names []string, so func(context.Context, []*client.Client) (bool, string, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), waittest.Limit)
	var waiting sync.WaitGroup
	defer waiting.Wait()
	defer cancel()
	happened := make(chan struct{}, 1)
	poke := func() {
		select {
		case happened <- struct{}{}:
		default:
		}
	}
	var clients []*client.Client
	for _, name := range names {
		h, err := l.home(name)
		if err != nil {
			return err
		}
		c, err := client.New(h.dir, "")
		if err != nil {
			return err
		}
		defer c.Close()
		clients = append(clients, c)
		waiting.Go(func() {
			for ctx.Err() == nil {
				for _, err := range c.Events(ctx, nil, poke) { // ends if it falls behind, and begins anew
					poke()
					if err != nil && !isRunning(c) {
						return
					}
				}
			}
		})
		waiting.Go(func() { // dials whom it has lost; who is cut off isn't reached, and needn't be
			_, _ = c.Sync(ctx, waittest.Limit)
			poke()
		})
	}
	for missing := "nothing answers"; ; {
		select { // first until events are heard, or that one doesn't run: a look before that might be for nothing
		case <-happened:
		case <-ctx.Done():
			return fmt.Errorf("after %s %s", waittest.Limit, missing)
		}
		ok, lacks, err := so(ctx, clients)
		switch missing = lacks; {
		case ok:
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("after %s %s", waittest.Limit, missing)
		case err != nil:
			return err
		}
	}
}

// illOnly says whether the doctor found nothing to be looked at but one thing.
func illOnly(doctor []byte, name string) bool {
	for line := range strings.Lines(string(doctor)) {
		if ill, is := strings.CutPrefix(line, "!!  "); is && !strings.HasPrefix(ill, name+" ") {
			return false
		}
	}
	return true
}

// end stops everything, looks every home over, and says what isn't well.
func (l *lab) end() string {
	var trouble strings.Builder
	for name, h := range l.homes {
		if h.daemon != nil {
			if err := l.stop(h); err != nil {
				fmt.Fprintln(&trouble, err)
			}
		}
		if h.log != nil && strings.Contains(h.log.String(), "level=ERROR") {
			fmt.Fprintf(&trouble, "the daemon of %s logged an error:\n%s\n", name, h.log)
		}
		if out, err := l.command(h, "doctor").CombinedOutput(); err != nil && !(h.twofold && illOnly(out, "device")) {
			fmt.Fprintf(&trouble, "kith doctor in %s: %v\n%s\n", name, err, out)
		}
	}
	l.links.close()
	if err := os.RemoveAll(l.dir); err != nil {
		fmt.Fprintln(&trouble, err)
	}
	return trouble.String()
}
