package page

import (
	"io"
	"log/slog"
	"net"
	"sync"
	"time"
)

// door lets in connections of this user alone, and no more of them than there is room for. Who isn't let in takes no room.
type door struct {
	net.Listener
	room chan struct{}
	log  *slog.Logger

	// Of those who were turned away: how many since that was logged, and when it was.
	refused int
	told    time.Time
}

// tellEach is how often it is logged at most that somebody was turned away: they can come as often as they like.
const tellEach = time.Minute

// refusal is what another user is told; it says nothing of whose page this is.
const refusal = "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n" +
	"This page belongs to another user of this computer. Open your own with: kith open\n"

func (d *door) Accept() (net.Conn, error) {
	for {
		c, err := d.Listener.Accept()
		if err != nil {
			return nil, err
		}
		if err := checkOwner(c); err != nil {
			d.turnedAway(err)
			_ = c.SetDeadline(time.Now().Add(time.Second))
			_, _ = io.WriteString(c, refusal) // it fits into any buffer
			_ = c.Close()
			continue
		}
		select {
		case d.room <- struct{}{}:
			return &guest{Conn: c, leave: func() { <-d.room }}, nil
		default:
			_ = c.Close()
		}
	}
}

// turnedAway logs now and then that connections were refused. Only Accept calls it, which one goroutine does.
func (d *door) turnedAway(err error) {
	d.refused++
	if now := time.Now(); now.Sub(d.told) >= tellEach {
		d.log.Warn("the page refused connections", "how many", d.refused, "the last", err)
		d.refused, d.told = 0, now
	}
}

// guest gives its room back once.
type guest struct {
	net.Conn
	once  sync.Once
	leave func()
}

func (g *guest) Close() error {
	g.once.Do(g.leave)
	return g.Conn.Close()
}
