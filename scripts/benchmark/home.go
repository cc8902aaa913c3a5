package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// home is one member's home, and the daemon that serves it.
type home struct {
	dir    string
	kith   string
	daemon *exec.Cmd
	client *apitest.Client
}

func (b *bench) home(name string) (*home, error) {
	h := &home{dir: filepath.Join(b.dir, name), kith: b.kith}
	var err error
	h.client, err = apitest.New(h.dir, "")
	return h, err
}

func (h *home) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.kith, args...)
	cmd.Env = append(os.Environ(), "KITH_HOME="+h.dir, "NO_COLOR=1")
	return cmd
}

func (h *home) run(ctx context.Context, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	cmd := h.command(ctx, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("kith %s: %w: %s", args[0], err, stderr.String())
	}
	return out, nil
}

// start starts the daemon and returns how long it took until it answered a query.
func (h *home) start(ctx context.Context) (time.Duration, error) {
	h.daemon = h.command(ctx, "daemon", "--no-mdns", "--log-level", "error")
	h.daemon.Stderr = os.Stderr
	began := time.Now()
	if err := h.daemon.Start(); err != nil {
		return 0, err
	}
	for {
		if _, err := h.client.Tasks(ctx, apitest.TaskQuery{Limit: 50}); err == nil {
			return time.Since(began), nil
		}
		if time.Since(began) > time.Minute {
			return 0, fmt.Errorf("the daemon of %s does not answer", h.dir)
		}
		time.Sleep(time.Millisecond)
	}
}

func (h *home) stop() error {
	if h.daemon == nil {
		return nil
	}
	if err := h.daemon.Process.Signal(syscall.SIGTERM); err != nil {
		return err
	}
	err := h.daemon.Wait()
	h.daemon = nil
	return err
}

// resident is what of a daemon is in memory, in MB.
type resident struct {
	now   float64
	files float64 // of that, mapped files
	most  float64 // since its start
}

// memory tells of the daemon's memory.
func (h *home) memory() (m resident, err error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.daemon.Process.Pid))
	if err != nil {
		return m, err
	}
	for name, into := range map[string]*float64{"VmRSS": &m.now, "RssFile": &m.files, "VmHWM": &m.most} {
		_, rest, found := strings.Cut(string(b), "\n"+name+":")
		fields := strings.Fields(rest)
		if !found || len(fields) == 0 {
			return m, fmt.Errorf("no %s of %d", name, h.daemon.Process.Pid)
		}
		kb, err := strconv.Atoi(fields[0])
		if err != nil {
			return m, err
		}
		*into = float64(kb) / 1000
	}
	return m, nil
}

// worked returns the processor time of the daemon so far.
func (h *home) worked() (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", h.daemon.Process.Pid))
	if err != nil {
		return 0, err
	}
	// After the name, which may hold anything: state, and as the 12th and 13th, user and system time.
	fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat has %d fields", h.daemon.Process.Pid, len(fields))
	}
	ticks := 0
	for _, f := range fields[11:13] {
		n, err := strconv.Atoi(f)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100, nil
}

// pair founds a co-op of two, both daemons running and in step.
func (b *bench) pair(ctx context.Context, first, second string) (*home, *home, error) {
	all, err := b.together(ctx, first, second)
	if err != nil {
		return nil, nil, err
	}
	return all[0], all[1], nil
}

// atRest is together, with no daemon running any more.
func (b *bench) atRest(ctx context.Context, names ...string) ([]*home, error) {
	all, err := b.together(ctx, names...)
	if err != nil {
		return nil, err
	}
	for _, h := range all {
		if err := h.stop(); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// together founds a co-op of some, all daemons running and in step with the first.
func (b *bench) together(ctx context.Context, names ...string) (all []*home, err error) {
	return b.togetherBy(ctx, func() ([]string, error) { return []string{"--listen", "/ip4/127.0.0.1/tcp/0"}, nil }, names...)
}

// togetherBy is together where flags say, for each home anew, where it is to be reached.
func (b *bench) togetherBy(ctx context.Context, flags func() ([]string, error), names ...string) (all []*home, err error) {
	return b.foundedBy(ctx, len(names), flags, names...)
}

// foundedBy is togetherBy with so many founders, of whom the named have come.
func (b *bench) foundedBy(ctx context.Context, founders int, flags func() ([]string, error), names ...string) (all []*home, err error) {
	for _, name := range names {
		h, err := b.home(name)
		if err != nil {
			return nil, err
		}
		all = append(all, h)
	}
	reached, err := flags()
	if err != nil {
		return nil, err
	}
	out, err := all[0].run(ctx, append([]string{"init", "Bench", "--as", "Ana", "--founders", strconv.Itoa(founders), "--json"}, reached...)...)
	if err != nil {
		return nil, err
	}
	var founded api.InitResult
	if err := json.Unmarshal(out, &founded); err != nil {
		return nil, err
	}
	if _, err := all[0].start(ctx); err != nil {
		return nil, err
	}
	for i, h := range all[1:] {
		reached, err := flags()
		if err != nil {
			return nil, err
		}
		if _, err := h.run(ctx, append([]string{"join", founded.Invites[i].Code, "--as", fmt.Sprintf("Ben %d", i)}, reached...)...); err != nil {
			return nil, err
		}
		if _, err := h.start(ctx); err != nil {
			return nil, err
		}
		if _, err := h.client.Sync(ctx, time.Minute); err != nil {
			return nil, err
		}
	}
	return all, nil
}
