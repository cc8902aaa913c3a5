package main

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
)

// link is the network between two daemons: doors that lead to where each listens. It counts all bytes,
// and can be shut.
type link struct {
	bytes atomic.Int64

	mu     sync.Mutex
	doors  []net.Listener
	closed bool
	open   map[net.Conn]bool
}

// door opens one that leads to a port, and returns its own.
func (l *link) door(port int) (int, error) {
	d, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	l.mu.Lock()
	l.doors = append(l.doors, d)
	l.mu.Unlock()
	go func() {
		for {
			in, err := d.Accept()
			if err != nil {
				return // closed
			}
			go l.lead(in, port)
		}
	}()
	return d.Addr().(*net.TCPAddr).Port, nil
}

// between gives where a daemon is to listen, and the door that it is to announce in its place.
func (l *link) between() (listen, announce []string, err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	door, err := l.door(port)
	at := func(port int) []string { return []string{fmt.Sprintf("/ip4/127.0.0.1/tcp/%d", port)} }
	return at(port), at(door), err
}

func (l *link) lead(in net.Conn, port int) {
	defer in.Close()
	out, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
	if err != nil {
		return
	}
	defer out.Close()
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return
	}
	if l.open == nil {
		l.open = map[net.Conn]bool{}
	}
	l.open[in], l.open[out] = true, true
	l.mu.Unlock()
	done := make(chan struct{}, 2)
	carry := func(to, from net.Conn) {
		_, _ = io.Copy(to, io.TeeReader(from, l)) // one side's end is the other's
		done <- struct{}{}
	}
	go carry(out, in)
	go carry(in, out)
	<-done
	l.mu.Lock()
	delete(l.open, in)
	delete(l.open, out)
	l.mu.Unlock()
}

// Write counts.
func (l *link) Write(b []byte) (int, error) {
	l.bytes.Add(int64(len(b)))
	return len(b), nil
}

// shut ends what is connected, and lets nobody through until it is opened again.
func (l *link) shut(yes bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed = yes; yes {
		for c := range l.open {
			_ = c.Close()
		}
	}
}

func (l *link) close() {
	l.shut(true)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, d := range l.doors {
		_ = d.Close()
	}
}

// freePort returns a port that nobody listens on just now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
