package daemon

import (
	"context"
	"errors"
	"slices"

	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/assembly"
	"kith/daemon/home"
	"kith/daemon/space"
	"kith/daemon/words"
)

// peering is how it stands with a space and the other devices of it, for the local API.
type peering struct {
	all *served
	at  *space.Space // nil in a home that has no co-op yet
}

var _ server.Peers = (*peering)(nil)

// Space implements server.Peers.
func (p *peering) Space() api.Named {
	if p.at == nil {
		return api.Named{}
	}
	space, _, _ := words.Self(p.at.Replica)
	return space
}

// Share implements server.Peers.
func (p *peering) Share() (server.ShareName, bool) {
	if p.at == nil {
		return server.ShareName{}, false
	}
	name, ok := words.ShareNameOf(p.at.Replica)
	return server.ShareName(name), ok
}

// Status implements server.Peers.
func (p *peering) Status(_ context.Context) (api.Status, error) {
	out := api.Status{Version: p.all.version, StartedAt: api.At(p.all.started)}
	if p.at == nil {
		return out, nil
	}
	p.at.Stands(&out)
	out.Peers, out.Drops = p.carried(out.Peers), p.all.drops.Of(p.at).Told()
	out.Notice = slices.Concat(assembly.Notice(p.at.Replica), p.at.ClockSays(), p.at.Unheard())
	if shared, _ := p.at.Replica.Share(); shared == nil {
		out.Notice = append(out.Notice, p.at.Upgrades()...)
	}
	for _, room := range []func(*space.Space) []string{p.all.pacts.Notice, p.all.follow.Notice} {
		out.Notice = append(out.Notice, room(p.at)...)
	}
	for _, pact := range p.all.follow.Joining(p.at.Replica.Space()) {
		out.Joining = append(out.Joining, pact.Name)
	}
	return out, nil
}

// Peers implements server.Peers.
func (p *peering) Peers(_ context.Context) ([]api.Peer, error) {
	if p.at == nil {
		return nil, home.ErrNoCoop
	}
	return p.carried(p.at.PeersNow()), nil
}

// carried says of devices when a drop folder last brought something of theirs.
func (p *peering) carried(peers []api.Peer) []api.Peer {
	drops := p.all.drops.Of(p.at)
	for i := range peers {
		peers[i].CarriedAt = api.At(drops.Carried(peers[i].Device.ID))
	}
	return peers
}

// Confirmed implements server.Peers.
func (p *peering) Confirmed(ctx context.Context, peers []api.Peer) ([]api.Peer, error) {
	if p.at == nil {
		return nil, home.ErrNoCoop
	}
	return peers, p.at.Confirmed(ctx, peers)
}

// Sync implements server.Peers.
func (p *peering) Sync(ctx context.Context) (api.Status, error) {
	if p.at == nil {
		return api.Status{}, home.ErrNoCoop
	}
	_, syncErr := p.at.Peers.Sync(ctx)
	status, err := p.Status(context.WithoutCancel(ctx))
	return status, errors.Join(syncErr, err)
}

// Events implements server.Peers.
func (p *peering) Events(ctx context.Context) (<-chan api.Event, error) {
	if p.at == nil {
		return nil, home.ErrNoCoop
	}
	return p.at.Events(ctx), nil
}
