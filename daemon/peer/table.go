package peer

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Peers returns the table: every other device of the charter but former ones, by name.
func (p *Peers) Peers() []PeerStatus {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]PeerStatus, 0, len(p.contacts))
	for _, c := range p.contacts {
		if !c.former {
			line := p.lineLocked(c)
			if r := p.records[c.key]; r != nil {
				line.Formats = r.formats
			}
			all = append(all, line)
		}
	}
	slices.SortFunc(all, func(a, b PeerStatus) int {
		if by := strings.Compare(a.Name, b.Name); by != 0 {
			return by
		}
		return strings.Compare(string(a.Device[:]), string(b.Device[:]))
	})
	return all
}

// update changes a line of the table and tells whoever wants to know.
func (p *Peers) update(c *contact, change func(*PeerStatus)) {
	p.telling.Lock() // so that they are told in the order in which it happened
	defer p.telling.Unlock()
	p.mu.Lock()
	before := c.status
	change(&c.status)
	after, line := c.status, p.lineLocked(c)
	close(p.changed)
	p.changed = make(chan struct{})
	p.mu.Unlock()
	if p.cfg.Changed != nil && !c.former && differs(before, after) {
		p.cfg.Changed(line)
	}
}

// differs ignores what changes with every message.
func differs(a, b PeerStatus) bool {
	return a.Connected != b.Connected || a.InStep != b.InStep || a.Transport != b.Transport ||
		a.Address != b.Address || a.Trouble != b.Trouble ||
		a.Exchange.ToGet != b.Exchange.ToGet || a.Exchange.Got != b.Exchange.Got
}

// lineLocked is a line of the table as it is shown.
func (p *Peers) lineLocked(c *contact) PeerStatus {
	s := c.status
	s.Spent = p.spentLocked(c)
	if s.Connected {
		s.LastSeen = time.Now()
	}
	if s.Trouble == "" {
		return s
	}
	s.Trouble = fmt.Sprintf("%s: %s", s.Name, s.Trouble)
	if why := p.whyLocked(c); why != "" && !s.Connected {
		s.Trouble += "; " + why
	}
	if wait := time.Until(c.nextTry); !s.Connected && wait > 0 {
		s.Trouble += fmt.Sprintf(", trying again in %d s", int((wait+time.Second-1)/time.Second))
	}
	return s
}

// spentLocked is what a device has had this one do.
func (p *Peers) spentLocked(c *contact) Spent {
	d := c.key
	return Spent{
		Connections: p.gate.comes.spent(d), Streams: p.gate.streams.spent(d), Sessions: p.sessions.spent(d), Dials: p.gate.dials.spent(d),
		DialBacks: p.knocks.spent(d), Records: p.tells.spent(d), Saved: p.moves.spent(d), Relayed: p.relayed.spent(c.member),
	}
}

// Sync tries every device now and returns when each has been heard from and is in step, or can't
// be reached, or when ctx ends. The reports are in the order of the table; the error is that of ctx.
func (p *Peers) Sync(ctx context.Context) ([]SyncReport, error) {
	p.mu.Lock()
	enough, seen := map[*contact]int{}, map[*contact]int{}
	for _, c := range p.contacts {
		if c.former {
			continue
		}
		enough[c], seen[c] = c.tries+1, c.tries
		if c.status.Connected || c.session != nil {
			// First the old session may end, then one on what is left of its connection.
			enough[c] += 2
		}
	}
	p.mu.Unlock()
	for c := range enough {
		p.hurry(c)
	}
	// That a connection was in step is no news from a laptop that has gone to sleep since.
	asked := time.Now()
	p.cfg.Ping()
	var err error
	for {
		p.mu.Lock()
		changed, waiting := p.changed, false
		var hurry []*contact
		for c, tries := range enough {
			_, still := p.contacts[c.key]
			banned := time.Now().Before(p.gate.bannedUntil(c.key))
			inStep := c.status.InStep && c.status.Exchange.Heard.After(asked)
			if !still || banned || inStep || c.tries >= tries {
				continue
			}
			waiting = true
			if c.tries > seen[c] {
				seen[c] = c.tries
				hurry = append(hurry, c)
			}
		}
		p.mu.Unlock()
		for _, c := range hurry {
			p.hurry(c)
		}
		if !waiting {
			break
		}
		select {
		case <-changed:
			continue
		case <-ctx.Done():
			err = ctx.Err()
		}
		break
	}
	var reports []SyncReport
	for _, s := range p.Peers() {
		r := SyncReport{Device: s.Device, Name: s.Name, InStep: s.InStep, Trouble: s.Trouble}
		if !r.InStep && r.Trouble == "" {
			r.Trouble = s.Name + ": not in step yet"
		}
		reports = append(reports, r)
	}
	return reports, err
}
