//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// lab is one run of a story: its computers, the wires between them, and the homes on them.
type lab struct {
	ctx   context.Context
	kith  string
	dir   string
	logs  string
	out   io.Writer // what is told
	began time.Time

	computers []*computer
	wires     []*wire
	homes     []*home
	programs  []*exec.Cmd // beside daemons
	codes     []string
	listen    []string // where the homes listen, as flags
}

// home is one member's, and the daemon that serves it.
type home struct {
	*lab
	name, dir string
	on        *computer
	client    *apitest.Client
	daemon    *exec.Cmd
	flags     []string // of the daemon
	log       *bytes.Buffer
}

func newLab(ctx context.Context, kith, dir string) *lab {
	return &lab{ctx: ctx, kith: kith, dir: dir, began: time.Now(), listen: everywhere}
}

// say tells what happened.
func (l *lab) say(format string, args ...any) {
	fmt.Fprintf(l.out, "%6.1fs  %s\n", time.Since(l.began).Seconds(), fmt.Sprintf(format, args...))
}

func (l *lab) computer(name string) (*computer, error) {
	c, err := newComputer(name)
	if c != nil {
		l.computers = append(l.computers, c)
	}
	return c, err
}

func (l *lab) wire() *wire {
	w := &wire{}
	l.wires = append(l.wires, w)
	return w
}

// plugged is a computer with an interface eth0 on a wire, and a way out if there is one.
func (l *lab) plugged(name string, w *wire, address, gateway string) (*computer, error) {
	c, err := l.computer(name)
	if err != nil {
		return nil, err
	}
	if err := w.plug(c, "eth0", address); err != nil {
		return nil, err
	}
	if gateway != "" {
		err = c.ip("route add default via " + gateway)
	}
	return c, err
}

const listenPort = 4111

// everywhere is to listen on all addresses, so that a computer may move.
var everywhere = []string{
	"--listen", fmt.Sprintf("/ip4/0.0.0.0/tcp/%d", listenPort),
	"--listen", fmt.Sprintf("/ip4/0.0.0.0/udp/%d/quic-v1", listenPort),
}

func (l *lab) home(name string, on *computer) (*home, error) {
	h := &home{lab: l, name: name, dir: filepath.Join(l.dir, strings.ReplaceAll(strings.ToLower(name), " ", "-")), on: on, log: new(bytes.Buffer)}
	if err := os.RemoveAll(h.dir); err != nil {
		return nil, err
	}
	var err error
	h.client, err = apitest.New(h.dir, "")
	l.homes = append(l.homes, h)
	return h, err
}

func (h *home) command(args ...string) *exec.Cmd {
	cmd := exec.Command(h.kith, args...)
	cmd.Env = append(os.Environ(), "KITH_HOME="+h.dir, "NO_COLOR=1")
	return cmd
}

// types runs a command where the home is.
func (h *home) types(args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	cmd := h.command(args...)
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := h.on.start(cmd); err != nil {
		return nil, err
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("%s: kith %s: %w: %s", h.name, strings.Join(args, " "), err, said.String())
	}
	return out.Bytes(), nil
}

// found founds a co-op of so many, and starts the founder's daemon.
func (h *home) found(founders int, flags ...string) error {
	args := []string{"init", "Lab Co-op", "--as", h.name, "--founders", strconv.Itoa(founders), "--json"}
	out, err := h.types(slices.Concat(args, h.listen, flags)...)
	if err != nil {
		return err
	}
	var made api.InitResult
	if err := json.Unmarshal(out, &made); err != nil {
		return err
	}
	for _, i := range made.Invites {
		h.codes = append(h.codes, i.Code)
	}
	return h.start()
}

// join joins with the next code, from the computer at, and starts the daemon on the home's own.
func (h *home) join(at *computer) error {
	if len(h.codes) == 0 {
		return errors.New("all codes are used")
	}
	own := h.on
	h.on = at
	err := h.joinWith(h.codes[0])
	h.on = own
	if err != nil {
		return err
	}
	h.codes = h.codes[1:]
	return h.start()
}

// joinWith joins with a code, and starts nothing.
func (h *home) joinWith(code string, flags ...string) error {
	_, err := h.types(slices.Concat([]string{"join", code, "--as", h.name}, h.listen, flags)...)
	return err
}

// coop founds a co-op of homes on computers, each with its daemon.
func (l *lab) coop(names []string, on []*computer, flags ...string) ([]*home, error) {
	var all []*home
	for i, name := range names {
		h, err := l.home(name, on[i])
		if err != nil {
			return nil, err
		}
		h.flags = flags
		if i == 0 {
			err = h.found(len(names))
		} else {
			err = h.join(h.on)
		}
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	l.say("%s have founded a co-op.", strings.Join(names, ", "))
	return all, nil
}

func (h *home) start() error {
	h.daemon = h.command(append([]string{"daemon", "--log-level", "debug"}, h.flags...)...)
	h.daemon.Stderr = h.log
	if err := h.on.start(h.daemon); err != nil {
		return err
	}
	return h.until("the daemon of "+h.name+" answers", func() (bool, error) {
		_, err := h.client.Status(h.ctx)
		return err == nil, err
	})
}

func (h *home) stop(how syscall.Signal) error {
	if h.daemon == nil {
		return nil
	}
	cmd := h.daemon
	h.daemon = nil
	if err := cmd.Process.Signal(how); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil && how == syscall.SIGTERM {
		return fmt.Errorf("the daemon of %s: %w\n%s", h.name, err, h.log)
	}
	return nil
}

// costs returns what the daemon has in memory, in MB, and the seconds of a processor that it used.
func (h *home) costs() (memory, cpu float64, err error) {
	pid := h.daemon.Process.Pid
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.Atoi(strings.Fields(rest)[0])
			if err != nil {
				return 0, 0, err
			}
			memory = float64(kb) / 1000
		}
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, err
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	for _, field := range fields[11:13] { // user and system, in hundredths of a second
		ticks, err := strconv.Atoi(field)
		if err != nil {
			return 0, 0, err
		}
		cpu += float64(ticks) / 100
	}
	return memory, cpu, nil
}

// until looks until something is so, or the lab's time is up.
func (l *lab) until(what string, so func() (bool, error)) error {
	for {
		ok, err := so()
		if ok {
			return nil
		}
		select {
		case <-l.ctx.Done():
			return errors.Join(fmt.Errorf("in vain until %s: %w", what, l.ctx.Err()), err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// adds writes so many tasks, ten at a time.
func (h *home) adds(n int, title string) error {
	work := make(chan int)
	errs := make(chan error)
	for range 10 {
		go func() {
			var err error
			for i := range work {
				if err == nil {
					_, err = h.client.CreateTask(h.ctx, apitest.NewTask{Title: fmt.Sprintf("%s %d", title, i), Text: ballast(i)})
				}
			}
			errs <- err
		}()
	}
	for i := range n {
		work <- i
	}
	close(work)
	var all error
	for range 10 {
		all = errors.Join(all, <-errs)
	}
	return all
}

// ballast is a text that doesn't get much smaller by compressing it.
func ballast(i int) string {
	return strings.Join(strings.Split(fmt.Sprintf("%x", []byte(strconv.Itoa(i*7919))), ""), "-")
}

// peer is what a home says of another one's device.
func (h *home) peer(other *home) (api.Peer, error) {
	all, err := h.client.Peers(h.ctx)
	if i := slices.IndexFunc(all, func(p api.Peer) bool { return p.Member.Name == other.name }); i >= 0 {
		return all[i], err
	}
	return api.Peer{}, err
}

// meets waits until a home says of others what is so.
func (h *home) meets(what string, so func(api.Peer) bool, others ...*home) error {
	for _, other := range others {
		var last api.Peer
		err := h.until(fmt.Sprintf("%s %s %s", h.name, what, other.name), func() (bool, error) {
			p, err := h.peer(other)
			last = p
			return so(p), err
		})
		if err != nil {
			return fmt.Errorf("%w; last: %+v", err, last)
		}
	}
	return nil
}

func inStep(p api.Peer) bool    { return p.Connected && p.InStep }
func isRelayed(p api.Peer) bool { return p.Transport == "relay" }

func isDirect(p api.Peer) bool { return p.Connected && !isRelayed(p) }

func (h *home) state() (string, int, error) {
	s, err := h.client.Status(h.ctx)
	if err != nil {
		return "", 0, err
	}
	docs, err := h.client.Find(h.ctx, "", "", 1_000_000)
	if err != nil {
		return "", 0, err
	}
	var lines []string
	for _, d := range docs {
		slices.Sort(d.Heads)
		lines = append(lines, d.ID+" "+strings.Join(d.Heads, " "))
	}
	slices.Sort(lines)
	return fmt.Sprintf("%+v\n%s", s.Entries, strings.Join(lines, "\n")), len(docs), nil
}

// converge waits until homes have the same entries and the same heads of the same documents.
func (l *lab) converge(docs int, homes ...*home) error {
	var names, said []string
	for _, h := range homes {
		names = append(names, h.name)
	}
	err := l.until(strings.Join(names, ", ")+" have the same", func() (bool, error) {
		said = nil
		for _, h := range homes { // first what costs little to ask
			s, err := h.client.Status(l.ctx)
			if err != nil || s.Documents != docs {
				said = append(said, fmt.Sprintf("%s has %d documents", h.name, s.Documents))
				return false, err
			}
		}
		seen := map[string]bool{}
		for _, h := range homes {
			s, n, err := h.state()
			if err != nil {
				return false, err
			}
			seen[s] = true
			said = append(said, fmt.Sprintf("%s has %d documents", h.name, n))
			if n != docs {
				seen[h.name] = true
			}
		}
		return len(seen) == 1, nil
	})
	if err != nil {
		for _, h := range homes {
			if peers, err := h.client.Peers(context.Background()); err == nil {
				for _, p := range peers {
					said = append(said, fmt.Sprintf("%s of %s: connected %v %s %s, in step %v; %s", h.name, p.Member.Name, p.Connected, p.Transport, p.Address, p.InStep, p.Trouble))
				}
			}
		}
		return fmt.Errorf("%w\n%s", err, strings.Join(said, "\n"))
	}
	l.say("%s have the same %d documents, heads and all.", strings.Join(names, ", "), docs)
	return nil
}

// end stops everything, and says what isn't well.
func (l *lab) end() error {
	var all error
	for _, h := range l.homes {
		all = errors.Join(all, h.stop(syscall.SIGTERM))
		if strings.Contains(h.log.String(), "level=ERROR") {
			all = errors.Join(all, fmt.Errorf("the daemon of %s logged an error:\n%s", h.name, h.log))
		}
		if l.logs != "" {
			all = errors.Join(all, os.WriteFile(filepath.Join(l.logs, filepath.Base(h.dir)+".log"), h.log.Bytes(), 0o600))
		}
		h.client.Close()
	}
	for _, p := range l.programs {
		_ = p.Process.Kill()
		_ = p.Wait() // it was killed, and says so
	}
	for _, w := range l.wires {
		w.unplug()
	}
	for _, c := range l.computers {
		close(c.work)
		<-c.ended
	}
	for _, h := range l.homes {
		all = errors.Join(all, os.RemoveAll(h.dir))
	}
	return all
}
