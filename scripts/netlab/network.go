//go:build linux

package main

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A computer is a network namespace: what runs in it has its own interfaces, routes and filters.
type computer struct {
	name  string
	work  chan func() // done on the one thread that is in the namespace
	ended chan struct{}
}

func newComputer(name string) (*computer, error) {
	c := &computer{name, make(chan func()), make(chan struct{})}
	ready := make(chan error)
	go func() {
		// Never unlocked: the thread ends with the goroutine, and takes along what it started.
		runtime.LockOSThread()
		defer close(c.ended)
		err := unix.Unshare(unix.CLONE_NEWNET)
		ready <- err
		if err != nil {
			return
		}
		for f := range c.work {
			f()
		}
	}()
	if err := <-ready; err != nil {
		return nil, fmt.Errorf("a network namespace for %s: %w", name, err)
	}
	return c, c.ip("link set lo up")
}

func (c *computer) do(f func() error) (err error) {
	done := make(chan struct{})
	c.work <- func() { err = f(); close(done) }
	<-done
	return err
}

// start starts a program in the computer, to end when the computer does.
func (c *computer) start(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true}
	return c.do(cmd.Start)
}

func (c *computer) run(name string, args ...string) error {
	var said strings.Builder
	cmd := exec.Command(name, args...)
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := c.start(cmd); err != nil {
		return err
	}
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s: %s %s: %w: %s", c.name, name, strings.Join(args, " "), err, said.String())
	}
	return nil
}

func (c *computer) ip(args string) error { return c.run("ip", strings.Fields(args)...) }

// router has a computer forward from inside to outside under its own address, and drop what comes
// from outside unasked. Shuffled, each connection leaves from a port that nobody can foretell, so
// that no hole can be punched; otherwise from the same one, if that is free.
func (c *computer) router(inside, outside string, shuffled bool) error {
	if err := c.do(func() error { return os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0) }); err != nil {
		return err
	}
	how := ""
	if shuffled {
		how = "fully-random"
	}
	_ = c.run("nft", "delete", "table", "ip", "lab") // there is none at first
	return c.run("nft", fmt.Sprintf(`
		table ip lab {
			chain out { type nat hook postrouting priority 100; oifname %[2]q masquerade %[3]s; }
			chain in { type filter hook input priority 0; iifname %[2]q ct state new drop; }
			chain through { type filter hook forward priority 0; policy drop; iifname %[1]q accept; ct state established,related accept; }
		}`, inside, outside, how))
}

// A wire joins computers as an Ethernet does, in this process: so that it can lose and delay what
// goes over it on any kernel (netem is a module that many don't have) and without leaving traces.
type wire struct {
	mu    sync.Mutex
	ports []*port
	// of every packet
	loss  float64
	delay time.Duration // one way
	mtu   int           // larger ones vanish; 0: none do
	rate  float64       // bytes a second into each port; 0: as fast as it goes
	apart func(a, b *computer) bool
	bytes int64
}

// port is one end of a wire: an interface of a computer.
type port struct {
	on    *computer
	dev   *os.File
	queue chan packet
	free  time.Time // when the last packet has gone out, at the wire's rate
	mac   [6]byte
}

type packet struct {
	due   time.Time
	frame []byte
}

const (
	queueLength = 4096    // packets; more are dropped, as a router does
	frameLength = 1 << 16 // bytes
	header      = 14      // of Ethernet
)

// plug gives a computer an interface on the wire, with an address such as 10.0.0.1/24.
func (w *wire) plug(c *computer, name, address string) error {
	fd := -1
	err := c.do(func() (err error) {
		if fd, err = unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_NONBLOCK|unix.O_CLOEXEC, 0); err != nil {
			return fmt.Errorf("/dev/net/tun: %w", err)
		}
		request, err := unix.NewIfreq(name)
		if err != nil {
			return err
		}
		request.SetUint16(unix.IFF_TAP | unix.IFF_NO_PI)
		return unix.IoctlIfreq(fd, unix.TUNSETIFF, request)
	})
	if err != nil {
		if fd >= 0 {
			_ = unix.Close(fd)
		}
		return fmt.Errorf("%s: an interface: %w", c.name, err)
	}
	p := &port{on: c, dev: os.NewFile(uintptr(fd), name), queue: make(chan packet, queueLength)}
	if err := errors.Join(c.ip("addr add "+address+" dev "+name), c.ip("link set "+name+" up")); err != nil {
		return errors.Join(err, p.dev.Close())
	}
	w.mu.Lock()
	w.ports = append(w.ports, p)
	w.mu.Unlock()
	go w.take(p)
	go p.deliver()
	return nil
}

// take carries what a computer sends, until its interface is closed.
func (w *wire) take(from *port) {
	defer close(from.queue)
	buf := make([]byte, frameLength)
	for {
		n, err := from.dev.Read(buf)
		if err != nil {
			w.mu.Lock()
			w.ports = without(w.ports, from)
			w.mu.Unlock()
			return
		}
		w.carry(from, append([]byte(nil), buf[:n]...))
	}
}

func without(ports []*port, p *port) (left []*port) {
	for _, other := range ports {
		if other != p {
			left = append(left, other)
		}
	}
	return left
}

func (w *wire) carry(from *port, frame []byte) {
	if len(frame) < header {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bytes += int64(len(frame))
	copy(from.mac[:], frame[6:12])
	if w.mtu > 0 && len(frame)-header > w.mtu {
		return
	}
	to := w.ports
	for _, p := range w.ports {
		if p.mac == [6]byte(frame[:6]) {
			to = []*port{p}
		}
	}
	now := time.Now()
	for _, p := range to {
		if p == from || w.loss > 0 && rand.Float64() < w.loss || w.apart != nil && w.apart(from.on, p.on) {
			continue
		}
		due := now.Add(w.delay)
		if w.rate > 0 {
			p.free = later(p.free, now).Add(time.Duration(float64(len(frame)) / w.rate * float64(time.Second)))
			due = p.free.Add(w.delay)
		}
		select {
		case p.queue <- packet{due, frame}:
		default:
		}
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (p *port) deliver() {
	for next := range p.queue {
		if wait := time.Until(next.due); wait > 0 {
			time.Sleep(wait)
		}
		_, _ = p.dev.Write(next.frame) // an interface that is down takes nothing
	}
}

// set changes how a wire treats packets.
func (w *wire) set(change func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	change()
}

func (w *wire) unplug() {
	w.mu.Lock()
	ports := w.ports
	w.mu.Unlock()
	for _, p := range ports {
		_ = p.dev.Close()
	}
}
