package entrance

import (
	"context"
	"time"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Members implements server.Entrance.
func (e *Entrance) Members(_ context.Context) ([]api.Member, error) {
	r := e.at.Replica
	w := words.NewIn(r)
	var out []api.Member
	for _, m := range r.Rules().Members() {
		out = append(out, MemberOf(r, w, &m))
	}
	return out, nil
}

// Rename implements server.Names.
func (e *Entrance) Rename(ctx context.Context, name string) (api.Member, error) {
	r := e.at.Replica
	if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Rename(r.Device(), name) }); err != nil {
		return api.Member{}, err
	}
	me, _ := r.Charter().MemberOf(r.Device())
	return MemberOf(r, words.NewIn(r), &me), nil
}

// MemberOf shows a member as the API does; w words what the charter of r says.
func MemberOf(r *replica.Replica, w *words.Words, m *charter.Member) api.Member {
	me, _ := w.Charter.OwnerOf(r.Device())
	out := api.Member{
		ID: m.ID.String(), Name: m.Name, Coop: m.Coop, Standing: m.Standing.String(), Me: m.ID == me.ID,
		Since: api.At(r.Came(m.SinceEntry)), InvitedBy: w.OrNobody(m.InvitedBy),
	}
	for _, f := range m.Former {
		out.Former = append(out.Former, api.FormerName{Name: f.Name, Until: api.At(r.Came(f.Until))})
	}
	for _, d := range m.Devices {
		out.Devices = append(out.Devices, api.MemberDevice{ID: d.Key.String(), Name: d.Name, Retired: d.Retired, Consents: d.Consents})
	}
	return out
}

// Invites implements server.Entrance.
func (e *Entrance) Invites(_ context.Context) ([]api.Invite, error) {
	all, _, err := e.invites.list()
	if err != nil {
		return nil, err
	}
	for i := range all {
		if all[i].State != inviteOpen {
			continue
		}
		at, err := e.answerersOf(all[i].Standing == charter.Prospective.String())
		if err != nil {
			return nil, err
		}
		if all[i].Code, err = e.invites.today(all[i].Code, at); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// answerersOf are those who answer a code for a prospective member, or for a founding seat.
func (e *Entrance) answerersOf(prospective bool) ([]charter.Answerer, error) {
	if prospective {
		return e.anybody()
	}
	return e.answerers()
}

// RevokeInvite implements server.Entrance.
func (e *Entrance) RevokeInvite(ctx context.Context, id string) (api.Invite, error) {
	v, err := e.invites.revoke(ctx, id)
	return v, err
}

// Invite implements server.Entrance.
func (e *Entrance) Invite(ctx context.Context, q api.InviteRequest) (api.Invite, error) {
	at, err := e.anybody()
	if err != nil {
		return api.Invite{}, err
	}
	life := time.Duration(q.ExpiresIn) * time.Second
	if life == 0 {
		life = InviteLife
	}
	v, err := e.invites.prospective(ctx, at, life)
	if err != nil {
		return v, err
	}
	v.Says = []string{"Whoever has this code joins as a prospective member: they read everything, and work on tasks and notes; their position on a decision shows, and isn't counted. To make them a full member: kith member admit MEMBER"}
	if _, of := e.at.Replica.Charter().Needed(); of == 1 {
		v.Says = append(v.Says, words.BothMustAgree)
	}
	return v, nil
}
