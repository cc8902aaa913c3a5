package main

import (
	"bufio"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// links are the network between the homes of a script. Every home announces an address that
// is a door of ours; who comes in is led on to where the daemon really listens, unless the
// link between the two homes is cut. So a link can be cut while both daemons go on, without
// any help from them, root rights or packet filters.
//
// Who comes in is found out by whose socket it is (Linux: /proc), as the connection itself is
// encrypted from its first byte.
type links struct {
	mu    sync.Mutex
	doors map[string]net.Listener
	pids  map[int]string // daemon to home
	cuts  map[[2]string]bool
	open  map[*connection]struct{}
	wg    sync.WaitGroup
}

type connection struct {
	between [2]string
	in, out net.Conn
}

func newLinks() *links {
	return &links{doors: map[string]net.Listener{}, pids: map[int]string{}, cuts: map[[2]string]bool{}, open: map[*connection]struct{}{}}
}

func pair(a, b string) [2]string {
	if a > b {
		a, b = b, a
	}
	return [2]string{a, b}
}

// door opens an address that leads to the daemon of a home.
func (l *links) door(home, address, daemon string) error {
	d, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.doors[home] = d
	l.mu.Unlock()
	l.wg.Go(func() {
		for {
			in, err := d.Accept()
			if err != nil {
				return // closed
			}
			l.wg.Go(func() { l.lead(in, home, daemon) })
		}
	})
	return nil
}

// shut closes the door of a home whose daemon has ended: nobody answers there.
func (l *links) shut(home string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d := l.doors[home]; d != nil {
		d.Close()
		delete(l.doors, home)
	}
}

// start starts the daemon of a home. It is known whose it is before anybody asks for its sockets.
func (l *links) start(home string, daemon *exec.Cmd) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := daemon.Start(); err != nil {
		return err
	}
	l.pids[daemon.Process.Pid] = home
	return nil
}

// lead carries bytes between who came in and the daemon behind the door.
func (l *links) lead(in net.Conn, home, daemon string) {
	defer in.Close()
	from, known := l.whose(in)
	if !known {
		return // who it was tries again
	}
	out, err := net.Dial("tcp", daemon)
	if err != nil {
		return // it doesn't run
	}
	defer out.Close()
	c := &connection{pair(from, home), in, out}
	l.mu.Lock()
	if l.cuts[c.between] {
		l.mu.Unlock()
		return
	}
	l.open[c] = struct{}{}
	l.mu.Unlock()
	var both sync.WaitGroup
	carry := func(to, from net.Conn) {
		way, end := onItsWay(from)
		defer end()
		_, _ = io.Copy(to, way) // one side's end is the other's
		_ = to.(*net.TCPConn).CloseWrite()
	}
	both.Go(func() { carry(out, in) })
	both.Go(func() { carry(in, out) })
	both.Wait()
	l.mu.Lock()
	delete(l.open, c)
	l.mu.Unlock()
}

// set cuts or mends the link between two homes.
func (l *links) set(a, b string, cut bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	between := pair(a, b)
	l.cuts[between] = cut
	if !cut {
		return
	}
	for c := range l.open {
		if c.between == between {
			c.in.Close()
			c.out.Close()
		}
	}
}

// slow is how long it takes at most until what one daemon says reaches another. A script must pass with any: what it doesn't
// wait for isn't there yet then, whichever way round it would have come on a quiet machine.
var slow = flag.Duration("slow", 0, "how long at most what daemons say to each other is on its way: finds steps that don't wait for what they need")

// onItsWay gives what comes from r later, by a time of its own that is drawn for this connection and direction; in order, and
// without a bound on what is on its way. Whoever takes no more ends it.
func onItsWay(r io.Reader) (way io.Reader, end func()) {
	if *slow <= 0 {
		return r, func() {}
	}
	type piece struct {
		arrives time.Time
		bytes   []byte
	}
	delay := rand.N(*slow)
	pieces := make(chan piece, 1<<16)
	go func() {
		defer close(pieces)
		for {
			b := make([]byte, 32<<10)
			n, err := r.Read(b)
			pieces <- piece{time.Now().Add(delay), b[:n]}
			if err != nil {
				return
			}
		}
	}()
	arriving, far := io.Pipe()
	go func() {
		for p := range pieces {
			time.Sleep(time.Until(p.arrives))
			_, _ = far.Write(p.bytes)
		}
		_ = far.Close()
	}()
	return arriving, func() { _ = arriving.Close() }
}

func (l *links) close() {
	l.mu.Lock()
	for _, d := range l.doors {
		d.Close()
	}
	for c := range l.open {
		c.in.Close()
		c.out.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

// whose gives the home of the daemon that a connection comes from; "" for another process,
// such as kith join. The kernel may leave lines out of its lists, of sockets and of a process's files, while they come and
// go. So the first is read until the socket is in it (if it never is, it's gone, and known is false), and another process's
// it is only if no daemon has it ten times. That list is long to read: what it says once of a socket stays so.
func (l *links) whose(in net.Conn) (home string, known bool) {
	var inode string
	for tries := 0; inode == ""; tries++ {
		var err error
		if inode, err = socketInode(in.RemoteAddr(), in.LocalAddr()); errors.Is(err, net.ErrClosed) || tries == 100 {
			return "", false
		}
	}
	for range 10 {
		if home, ok := l.has(inode); ok {
			return home, true
		}
	}
	return "", true
}

// has gives the home whose daemon has a socket.
func (l *links) has(inode string) (home string, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for pid, home := range l.pids {
		if hasSocket(pid, inode) {
			return home, true
		}
	}
	return "", false
}

// socketInode finds a socket in /proc/net/tcp by both its ends: several may share one. [net.ErrClosed] is of one that was given up.
func socketInode(local, remote net.Addr) (string, error) {
	here, err := asKernelWrites(local)
	if err != nil {
		return "", err
	}
	there, err := asKernelWrites(remote)
	if err != nil {
		return "", err
	}
	f, err := os.Open("/proc/net/tcp")
	if err != nil {
		return "", err
	}
	defer f.Close()
	const established = "01"
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 || fields[1] != here || fields[2] != there {
			continue
		}
		if fields[3] != established {
			return "", net.ErrClosed
		}
		return fields[9], nil
	}
	return "", errors.New("no such socket")
}

// asKernelWrites gives an address of IPv4 as it stands in /proc: in the order in which the
// kernel keeps its bytes, so the lowest comes first.
func asKernelWrites(a net.Addr) (string, error) {
	tcp, ok := a.(*net.TCPAddr)
	if !ok || tcp.IP.To4() == nil {
		return "", fmt.Errorf("%s is not an address of IPv4", a)
	}
	ip := tcp.IP.To4()
	return fmt.Sprintf("%02X%02X%02X%02X:%04X", ip[3], ip[2], ip[1], ip[0], tcp.Port), nil
}

func hasSocket(pid int, inode string) bool {
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		return false
	}
	for _, file := range files {
		if to, err := os.Readlink(file); err == nil && to == "socket:["+inode+"]" {
			return true
		}
	}
	return false
}
