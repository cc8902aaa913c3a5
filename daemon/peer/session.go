package peer

import (
	"context"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/core/network"

	"kith/daemon/exchange"
)

// session is one run of the exchange with a device, over one connection.
//
// A device may be in two places: it was restored from a backup, and the computer that the backup is of
// still runs. Both have one key, so they are one device to everybody else, who would be in touch with
// one of them only, while the two take the one session from each other. So there is a session for each
// connection, and who isn't asked for a while asks itself. Otherwise there is one: the side with the
// lower key opens it, and a new one on the same connection takes the old one's place.
type session struct {
	conn  network.Conn
	began time.Time
	end   context.CancelFunc
	last  exchange.Status
}

// beginLocked adds a session, and ends one that it replaces.
func (c *contact) beginLocked(s *session) {
	c.sessions = slices.DeleteFunc(c.sessions, func(old *session) bool {
		if old.conn == s.conn {
			old.end() // its stream is closed, so it ends soon
		}
		return old.conn == s.conn
	})
	if len(c.sessions) >= MaxSessions {
		c.sessions[0].end()
		c.sessions = slices.Delete(c.sessions, 0, 1)
	}
	c.sessions, c.session = append(c.sessions, s), s.end
}

// endLocked takes a session out, if it is still in.
func (c *contact) endLocked(s *session) {
	i := slices.Index(c.sessions, s)
	if i < 0 {
		return
	}
	c.sessions, c.session = slices.Delete(c.sessions, i, i+1), nil
	if len(c.sessions) == 0 {
		c.status.InStep, c.idle = false, time.Now()
		return
	}
	c.session = c.sessions[len(c.sessions)-1].end
	c.showLocked()
}

// showLocked puts what the newest session tells in the table.
func (c *contact) showLocked() {
	if len(c.sessions) == 0 {
		return
	}
	now, st := c.sessions[len(c.sessions)-1].last, &c.status
	if !now.Clocked { // a session that has just begun
		now.Clocked, now.Ahead = st.Exchange.Clocked, st.Exchange.Ahead
	}
	st.Exchange, st.InStep, st.RTT = now, now.InStep, now.RTT
	if now.InStep {
		st.Trouble = ""
	}
}

// over is the end of a session, however it came.
func (p *Peers) over(c *contact, s *session) {
	p.mu.Lock()
	c.endLocked(s)
	p.showPathLocked(c)
	p.mu.Unlock()
	nudge(c.wake)
}

// patience says until when a device that is to ask has time to; zero while there is a session.
func (p *Peers) patience(c *contact) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(c.sessions) > 0 {
		return time.Time{}
	}
	return c.idle.Add(askAfter)
}
