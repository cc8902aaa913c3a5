package assembly

import (
	"context"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/entrance"
	"kith/daemon/words"
)

// Resign implements server.Charter.
func (a *Assembly) Resign(ctx context.Context, q api.ResignRequest) (api.Member, error) {
	r := a.at.Replica
	if err := r.Speaks(); err != nil {
		return api.Member{}, err
	}
	me, _ := r.Me()
	if !q.Yes {
		return api.Member{}, api.Problemf(api.NotAllowed, "if that is what you want: kith member resign --yes",
			"to leave the co-op can't be taken back: from then on this device can't write, nothing new arrives here, and you keep what is here")
	}
	devices := words.DevicesOf(r.Charter(), me.ID)
	_, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) {
		honoured, err := r.Honoured(devices)
		if err != nil {
			return nil, err
		}
		return c.Resign(r.Device(), honoured, q.Why)
	})
	if err != nil {
		return api.Member{}, err
	}
	m, _ := r.Charter().Member(me.ID)
	return entrance.MemberOf(r, words.New(r.Charter()), &m), nil
}
