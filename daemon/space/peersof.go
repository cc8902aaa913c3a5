package space

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"strings"
	"syscall"
	"time"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/exchange"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Stands says in out how it stands with the space.
func (s *Space) Stands(out *api.Status) {
	out.Addresses = s.Peers.Addresses()
	out.Space, out.Me, out.Device = words.Self(s.Replica)
	n := s.Replica.Counts()
	out.Entries = api.Entries{Stored: int(n.Stored), Pending: int(n.Pending), Void: int(n.Void), Quarantined: int(n.Quarantined)}
	out.Documents = int(n.Documents)
	out.Peers = s.PeersNow()
	out.Reach = reachOf(s.Peers.Reach())
	out.InStep, out.InStepWith, out.Unsent = standsWith(out.Peers, out.Me.ID, out.Entries.Stored)
	out.InStep = out.InStep && n.Quarantined == 0
}

// standsWith says whether a device is in step, with how many members other than its own, and how many of the entries that are
// stored nobody else is known to have got, at most.
func standsWith(peers []api.Peer, me string, stored int) (all bool, with string, unsent int) {
	if len(peers) == 0 {
		return true, api.WithNobody, 0
	}
	others, reached := map[string]bool{}, map[string]bool{}
	all, one := true, false
	unsent = stored
	for _, p := range peers {
		others[p.Member.ID] = true
		lacks := stored // of one that it never was in step with nothing is known
		switch _, n := p.Lacks(); {
		case p.Connected && p.InStep:
			reached[p.Member.ID], one, lacks = true, true, 0
		case p.Connected && p.ToSend > 0, !p.InStepAt.IsZero():
			lacks = n
		}
		all = all && (p.InStep || !p.Connected)
		unsent = min(unsent, lacks)
	}
	delete(others, me)
	delete(reached, me)
	switch {
	case !one:
		with = api.WithNobody
	case len(reached) == len(others):
		with = api.WithAll
	case 2*(len(reached)+1) > len(others)+1:
		with = api.WithMajority
	default:
		with = api.WithSome
	}
	return all && one, with, unsent
}

// PeersNow gives every other device of the charter, connected or not.
func (s *Space) PeersNow() []api.Peer {
	p := words.People{Rules: s.Replica.Rules()}
	var out []api.Peer
	for _, line := range s.Peers.Peers() {
		shown := peerOf(p, line)
		shown.Spends = spends(line.Spent, s.exchange.Spent(line.Device))
		s.howFar(&shown, line)
		out = append(out, shown)
	}
	return out
}

// Confirmed fills in what each of these devices has acknowledged.
func (s *Space) Confirmed(ctx context.Context, peers []api.Peer) error {
	devices := make([]entry.Device, len(peers))
	for i, p := range peers {
		var err error
		if devices[i], err = words.DeviceKey(p.Device.ID); err != nil {
			return err
		}
	}
	all, err := s.Replica.Unconfirmed(ctx, devices...)
	for i, u := range all {
		peers[i].Acknowledged, peers[i].Unconfirmed, peers[i].UnconfirmedSince = !u.Never, u.Changes, api.At(u.Since)
	}
	return err
}

// Events gives what happens from now on, until ctx ends or the reader falls too far behind; the channel is closed
// then.
func (s *Space) Events(ctx context.Context) <-chan api.Event {
	ctx, cancel := context.WithCancel(ctx)
	events := s.Replica.Events(ctx)
	out := make(chan api.Event)
	go func() {
		defer close(out)
		defer cancel()
		for e := range events {
			if e.Lagged {
				return // the reader has to look afresh
			}
			select {
			case out <- eventOf(s.Replica, e):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out
}

// howFar says how far a device and this one have come, as far as is known, and when they were in step.
func (s *Space) howFar(p *api.Peer, line peer.PeerStatus) {
	m := s.meters.read(line.Device, s.Replica.Store().LastArrival())
	p.InStepAt = api.At(m.at)
	x := line.Exchange
	switch {
	case line.Connected:
		p.ToGet, p.Got, p.ToSend, p.Sent = x.ToGet, x.Got, x.ToSend, x.Sent
		if line.InStep {
			p.InStepAt = api.At(x.Heard)
		}
	case !m.at.IsZero():
		p.ToSend = m.since
	}
}

func peerOf(p words.People, s peer.PeerStatus) api.Peer {
	m, _ := p.Rules.OwnerOf(s.Device)
	now := time.Now()
	return api.Peer{
		Member: p.Named(m.ID), Device: p.Device(s.Device), Connected: s.Connected, Transport: s.Transport,
		Via: s.Via, Address: s.Address, RTT: float64(s.RTT) / float64(time.Millisecond), InStep: s.InStep,
		LastSeen: api.At(s.LastSeen), Trouble: s.Trouble,
		BytesReceived: s.Exchange.Received, BytesSent: s.Exchange.Written,
		EntriesReceived: s.Exchange.EntriesIn, EntriesSent: s.Exchange.EntriesOut,
		RateReceived: math.Round(s.Exchange.Receiving.PerSecond(now)), RateSent: math.Round(s.Exchange.Writing.PerSecond(now)),
		Slowed: s.Exchange.Slowed && s.Connected,
	}
}

// spends is what a device costs.
func spends(of peer.Spent, x exchange.Spent) api.Spends {
	spent := func(s peer.Spending) api.Spent { return api.Spent{Done: s.Done, Refused: s.Refused} }
	return api.Spends{
		BusyMs: math.Round(float64(x.Busy) / float64(time.Millisecond)), Entries: api.Spent{Done: int(x.Entries - x.Idle), Refused: int(x.Idle)},
		Connections: spent(of.Connections), Streams: spent(of.Streams), Sessions: spent(of.Sessions), Dials: spent(of.Dials),
		DialBacks: spent(of.DialBacks), Records: spent(of.Records), Saved: spent(of.Saved), Relayed: spent(of.Relayed),
	}
}

func reachOf(r peer.Reach) api.Reach {
	out := api.Reach{Reachable: "unknown", Relays: r.Relays, Says: r.Says}
	switch r.Reachability {
	case peer.Reachable:
		out.Reachable = "yes"
	case peer.Unreachable:
		out.Reachable = "no"
	}
	return out
}

func eventOf(r *replica.Replica, e replica.Event) api.Event {
	p := words.People{Rules: r.Rules()}
	out := api.Event{Seq: e.Seq, At: api.At(e.At), Type: e.Type, Kind: e.Kind, Title: e.Title, By: p.OrNobody(e.By), Why: e.Why}
	if !e.Entry.IsZero() {
		out.Entry = e.Entry.String()
	}
	if e.Doc != (entry.DocID{}) {
		out.ID, out.Short = api.FullID(e.Kind, e.Doc.String()), words.ShortID(r, e.Kind, e.Doc)
	}
	seen := map[string]bool{}
	for _, c := range e.Changes {
		if !seen[c.Field] {
			seen[c.Field] = true
			out.Fields = append(out.Fields, c.Field)
		}
	}
	if len(e.Changes) > 0 {
		out.Says = words.Says(p, e.Changes)
	}
	if e.Said != nil {
		s := words.NewIn(r).Of(e.By).Statement(e.Said, e.By)
		out.Says, out.Short, out.Why = []string{s.Says}, s.Proposal, cmp.Or(s.Why, e.Why)
	}
	return out
}

// Unheard says where this device is to listen and can't, in sentences. That a computer has no IPv6 is none of them.
func (s *Space) Unheard() (says []string) {
	heard := len(s.Peers.Addresses()) > 0
	for _, e := range s.Peers.Unheard() {
		if heard && strings.HasPrefix(e.Address, "/ip6/") && !errors.Is(e.Err, syscall.EADDRINUSE) {
			continue
		}
		says = append(says, fmt.Sprintf("This computer can't listen on %s now: %s. Others can't dial it there; all else works, and it tries again. Elsewhere: kith daemon --listen ADDRESS", e.Address, why(e.Err)))
	}
	return says
}

// why is what keeps a computer from listening, in words.
func why(err error) string {
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return "another program has that port"
	case errors.Is(err, syscall.EADDRNOTAVAIL):
		return "it has no such address, as when a VPN is off"
	case errors.Is(err, syscall.EACCES):
		return "it may not use that port"
	}
	return "the system refuses it"
}
