package daemon

import (
	"cmp"
	"context"
	"errors"
	"math"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/peer"
	"kith/daemon/replica"
)

// Status implements server.Peers.
func (b *backend) Status(_ context.Context) (api.Status, error) {
	out := api.Status{Version: b.version, StartedAt: api.At(b.started), Addresses: b.addresses()}
	s := b.serving.Load()
	if s == nil {
		return out, nil
	}
	out.Space, out.Me, out.Device = named(s.replica)
	n := s.replica.Counts()
	out.Entries = api.Entries{Stored: int(n.Stored), Pending: int(n.Pending), Void: int(n.Void), Quarantined: int(n.Quarantined)}
	out.Documents = int(n.Documents)
	out.Peers = peersOf(s)
	out.Reach = reachOf(s.peers.Reach())
	out.InStep = n.Quarantined == 0
	out.Notice = slices.Concat(notice(s.replica), b.pactNotice(s.replica), b.beside.shutNotice(s.replica))
	for _, j := range b.beside.comingIn() {
		if j.home == s.replica.Space() {
			out.Joining = append(out.Joining, j.word.Ally)
		}
	}
	for _, p := range out.Peers {
		out.InStep = out.InStep && (p.InStep || !p.Connected)
	}
	return out, nil
}

// addresses are those at which peers reach this daemon; none while there is no space.
func (b *backend) addresses() []string {
	if s := b.serving.Load(); s != nil {
		return s.peers.Addresses()
	}
	return nil
}

// Peers implements server.Peers.
func (b *backend) Peers(_ context.Context) ([]api.Peer, error) {
	s, err := b.space()
	if err != nil {
		return nil, err
	}
	return peersOf(s), nil
}

// Confirmed implements server.Peers.
func (b *backend) Confirmed(ctx context.Context, peers []api.Peer) ([]api.Peer, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	for i := range peers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		device, err := deviceKey(peers[i].Device.ID)
		if err != nil {
			return nil, err
		}
		u, err := r.Unconfirmed(device)
		if err != nil {
			return nil, err
		}
		peers[i].Acknowledged, peers[i].Unconfirmed, peers[i].UnconfirmedSince = !u.Never, u.Changes, api.At(u.Since)
	}
	return peers, nil
}

func peersOf(s *space) []api.Peer {
	p := people{c: s.replica.Rules()}
	var out []api.Peer
	for _, line := range s.peers.Peers() {
		shown := peerOf(p, line)
		s.howFar(&shown, line)
		out = append(out, shown)
	}
	return out
}

// howFar says how far a device and this one have come, as far as is known, and when they were in step.
func (s *space) howFar(p *api.Peer, line peer.PeerStatus) {
	m := s.meters.read(line.Device, s.replica.Store().Arrived())
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

func peerOf(p people, s peer.PeerStatus) api.Peer {
	m, _ := p.c.OwnerOf(s.Device)
	now := time.Now()
	return api.Peer{
		Member: p.named(m.ID), Device: p.device(s.Device), Connected: s.Connected, Transport: s.Transport,
		Via: s.Via, Address: s.Address, RTT: float64(s.RTT) / float64(time.Millisecond), InStep: s.InStep,
		LastSeen: api.At(s.LastSeen), Trouble: s.Trouble,
		BytesReceived: s.Exchange.Received, BytesSent: s.Exchange.Written,
		EntriesReceived: s.Exchange.EntriesIn, EntriesSent: s.Exchange.EntriesOut,
		RateReceived: math.Round(s.Exchange.Receiving.PerSecond(now)), RateSent: math.Round(s.Exchange.Writing.PerSecond(now)),
		Slowed: s.Exchange.Slowed && s.Connected,
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

// Sync implements server.Peers.
func (b *backend) Sync(ctx context.Context) (api.Status, error) {
	s, err := b.space()
	if err != nil {
		return api.Status{}, err
	}
	_, syncErr := s.peers.Sync(ctx)
	status, err := b.Status(context.WithoutCancel(ctx))
	return status, errors.Join(syncErr, err)
}

// Members implements server.Entrance.
func (b *backend) Members(_ context.Context) ([]api.Member, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	w := newWordsIn(r)
	var out []api.Member
	for _, m := range r.Rules().Members() {
		out = append(out, memberOf(r, w, &m))
	}
	return out, nil
}

func memberOf(r *replica.Replica, w *words, m *charter.Member) api.Member {
	me, _ := w.c.OwnerOf(r.Device())
	out := api.Member{
		ID: m.ID.String(), Name: m.Name, Coop: m.Coop, Standing: m.Standing.String(), Me: m.ID == me.ID,
		Since: api.At(r.Came(m.SinceEntry)), InvitedBy: w.orNobody(m.InvitedBy),
	}
	for _, d := range m.Devices {
		out.Devices = append(out.Devices, api.MemberDevice{ID: d.Key.String(), Name: d.Name, Retired: d.Retired, Consents: d.Consents})
	}
	return out
}

// Invites implements server.Entrance.
func (b *backend) Invites(_ context.Context) ([]api.Invite, error) {
	s, err := b.space()
	if err != nil {
		return nil, err
	}
	all, _, err := s.invites.list()
	return all, err
}

// RevokeInvite implements server.Entrance.
func (b *backend) RevokeInvite(ctx context.Context, id string) (api.Invite, error) {
	s, err := b.space()
	if err != nil {
		return api.Invite{}, err
	}
	v, err := s.invites.revoke(ctx, id)
	return v, err
}

// Invite implements server.Entrance.
func (b *backend) Invite(ctx context.Context, q api.InviteRequest) (api.Invite, error) {
	s, err := b.space()
	if err != nil {
		return api.Invite{}, err
	}
	at, err := b.answerers(s)
	if err != nil {
		return api.Invite{}, err
	}
	life := time.Duration(q.ExpiresIn) * time.Second
	if life == 0 {
		life = InviteLife
	}
	v, err := s.invites.prospective(ctx, at, life)
	if err != nil {
		return v, err
	}
	v.Says = []string{"Whoever has this code joins as a prospective member: they read everything, and work on tasks and notes; their position on a decision shows, and isn't counted. To make them a full member: kith member admit"}
	if _, of := s.replica.Charter().Needed(); of == 1 {
		v.Says = append(v.Says, bothMustAgree)
	}
	return v, nil
}

// Events implements server.Peers.
func (b *backend) Events(ctx context.Context) (<-chan api.Event, error) {
	r, err := b.replica()
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	events := r.Events(ctx)
	out := make(chan api.Event)
	go func() {
		defer close(out)
		defer cancel()
		for e := range events {
			if e.Lagged {
				return // the reader has to look afresh
			}
			select {
			case out <- eventOf(r, e):
			case <-ctx.Done():
				return
			}
		}
	}()
	return out, nil
}

func eventOf(r *replica.Replica, e replica.Event) api.Event {
	p := people{c: r.Rules()}
	out := api.Event{Seq: e.Seq, At: api.At(e.At), Type: e.Type, Kind: e.Kind, Title: e.Title, By: p.orNobody(e.By), Why: e.Why}
	if e.Doc != (entry.DocID{}) {
		out.ID, out.Short = api.FullID(e.Kind, e.Doc.String()), short(r, e.Kind, e.Doc)
	}
	seen := map[string]bool{}
	for _, c := range e.Changes {
		if !seen[c.Field] {
			seen[c.Field] = true
			out.Fields = append(out.Fields, c.Field)
		}
	}
	if len(e.Changes) > 0 {
		out.Says = says(p, e.Changes)
	}
	if e.Said != nil {
		s := newWordsIn(r).of(e.By).statement(e.Said, e.By)
		out.Says, out.Short, out.Why = []string{s.Says}, s.Proposal, cmp.Or(s.Why, e.Why)
	}
	return out
}
