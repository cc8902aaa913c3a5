package daemon

import (
	"context"
	"io"

	"kith/crdt/entry"
	"kith/daemon/ally"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/backup"
	"kith/daemon/bundle"
	"kith/daemon/doctor"
	"kith/daemon/home"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Doctor checks a home that no daemon serves. unlock gives its passphrase and is asked only if the
// store is encrypted; nil: nobody to ask.
func Doctor(ctx context.Context, dir string, rebuild bool, unlock func() (string, error)) ([]api.Check, error) {
	return doctor.Closed(ctx, dir, rebuild, unlock, ally.Check)
}

// keeping is what is kept of a space, looked after and carried about, for the local API.
type keeping struct {
	all *served
	at  *space.Space // nil in a home that has no co-op yet
}

var _ server.Keeping = (*keeping)(nil)

// Doctor implements server.Keeping.
func (k *keeping) Doctor(ctx context.Context, q api.DoctorRequest) ([]api.Check, error) {
	if k.at == nil {
		return doctor.Empty(k.all.home, k.all.all.Config.Now()), nil
	}
	checks := doctor.Place(k.at.Place, k.at.Now())
	if k.at.Place == k.all.home {
		checks = append(checks, ally.Check(k.all.home)...)
		checks = append(checks, k.all.follow.CheckShut()...)
	}
	if q.TakeIn {
		var devices []entry.Device
		for _, held := range k.at.Replica.Held() {
			devices = append(devices, held.Device)
		}
		if err := k.at.Replica.TakeIn(ctx, devices...); err != nil {
			return nil, err
		}
	}
	return append(checks, doctor.Space(ctx, k.at, q.Rebuild)...), nil
}

// Backup implements server.Keeping.
func (k *keeping) Backup(ctx context.Context, w io.Writer) error {
	if k.at == nil {
		return home.ErrNoCoop
	}
	return backup.Save(ctx, w, k.at, k.all.version)
}

// WriteBundle implements server.Keeping.
func (k *keeping) WriteBundle(ctx context.Context, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error {
	if k.at == nil {
		return home.ErrNoCoop
	}
	return bundle.Make(ctx, k.at, k.all.version, q, begin)
}

// Answer implements server.Keeping.
func (k *keeping) Answer(ctx context.Context, ask string, begin func(api.Answered) (io.Writer, error)) error {
	if k.at == nil {
		return home.ErrNoCoop
	}
	at := k.all.entrance(k.at)
	device, changed, err := at.Asked(ctx, ask)
	if err != nil {
		return err
	}
	q := bundle.Welcoming{To: device, Record: k.at.Peers.Record(), Relays: at.Relays()}
	return bundle.Welcome(ctx, k.at, k.all.version, q, func(b api.Bundle) (io.Writer, error) {
		c := k.at.Replica.Charter()
		m, _ := c.MemberOf(device)
		return begin(api.Answered{Bundle: b, Joined: words.People{Rules: c}.Named(m.ID), Changed: changed})
	})
}

// ReadBundle implements server.Keeping.
func (k *keeping) ReadBundle(ctx context.Context, in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
	if k.at == nil {
		return api.BundleRead{}, home.ErrNoCoop
	}
	return bundle.Take(ctx, k.at.Replica, in, progress)
}
