package bundle

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"time"

	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/bundle/form"
	"kith/daemon/replica"
	"kith/daemon/seal"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Make writes a bundle of a space, sealed, to what begin gives when it is known what it will be. It is sealed
// for all devices that are in use in the co-op, whomever it is for: anybody may carry it, and each of them may have
// all that is in it.
func Make(ctx context.Context, at *space.Space, version string, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error {
	r := at.Replica
	if shared, _ := r.Share(); shared != nil {
		return errShare
	}
	var since time.Time
	var err error
	if q.Since != "" {
		if since, err = time.Parse(time.RFC3339, q.Since); err != nil {
			return err
		}
		if since.After(at.Now()) {
			return api.Problemf(api.Invalid, "", "nothing has come since then: that is in the future")
		}
	}
	having, err := devicesIn(q.Devices)
	if err != nil {
		return err
	}
	to, err := seal.ForDevices(inUse(r))
	if err != nil {
		return api.Problemf(api.NotAllowed, "kith member list", "a bundle can't be sealed: %v", err)
	}
	h := form.Header{Version: version, For: q.Devices}
	if !since.IsZero() {
		h.Since = &since
	}
	return pack(ctx, at, h, having, to, begin)
}

// pack writes what a header says of a space, sealed; without what all of those who are having are known to have.
func pack(ctx context.Context, at *space.Space, h form.Header, having []entry.Device, to seal.Devices, begin func(api.Bundle) (io.Writer, error)) error {
	r := at.Replica
	var since time.Time
	if h.Since != nil {
		since = *h.Since
	}
	return r.Pack(ctx, since, having, func(p *replica.Parcel) error {
		h.MadeAt, h.Space, h.Device = at.Now().UTC().Truncate(time.Second), r.Space().String(), r.Device().String()
		h.Statements, h.Entries = int64(p.Statements), int64(p.Entries)
		what := described(r, h)
		what.SealedFor = to.Len()
		w, err := begin(what)
		if err != nil {
			return err
		}
		return write(w, p, h, r.Key(), to)
	})
}

// errShare says why there are no bundles of a share: what goes into one is opened by everybody whom it is sealed
// for, also after the end of a pact, by which a daemon gives an ally nothing more.
var errShare = api.Problemf(api.NotAllowed, "let the daemons meet: kith peers --space NAME", "a share has no bundles: what is in it goes from daemon to daemon, as long as the pact holds")

// write seals and writes what is in a parcel.
func write(w io.Writer, p *replica.Parcel, h form.Header, key entry.Signer, to seal.Devices) error {
	sealed, err := to.NewWriter(w)
	if err != nil {
		return err
	}
	out, err := form.NewWriter(sealed, h, key)
	if err != nil {
		return err
	}
	return errors.Join(p.Each(out.Entry), out.Close(), sealed.Close())
}

// inUse gives the devices that speak for somebody now.
func inUse(r *replica.Replica) (keys [][32]byte) {
	for _, m := range r.Charter().Members() {
		for _, d := range m.Devices {
			if !d.Retired {
				keys = append(keys, d.Key)
			}
		}
	}
	return keys
}

func devicesIn(ids []string) ([]entry.Device, error) {
	out := make([]entry.Device, len(ids))
	for i, id := range ids {
		b, err := hex.DecodeString(id)
		if err != nil || len(b) != len(out[i]) {
			return nil, errors.New("that is the ID of no device: " + id)
		}
		copy(out[i][:], b)
	}
	return out, nil
}

// described says what a header says, with the names that this device knows.
func described(r *replica.Replica, h form.Header) api.Bundle {
	c := r.Charter()
	out := api.Bundle{
		Space: api.Named{ID: c.Space().String(), Name: c.Name()}, MadeAt: api.At(h.MadeAt), Version: h.Version,
		Entries: int(h.Entries), Statements: int(h.Statements),
	}
	if h.Since != nil {
		out.Since = api.At(*h.Since)
	}
	p := words.People{Rules: c}
	if by, err := devicesIn([]string{h.Device}); err == nil {
		if m, known := c.OwnerOf(by[0]); known {
			out.Member = p.Named(m.ID)
		}
		out.Device = p.Device(by[0])
	}
	if whose, err := devicesIn(h.For); err == nil {
		for _, d := range whose {
			n := p.Device(d)
			if m, ok := c.OwnerOf(d); ok {
				n.Name = m.Name + "'s " + n.Name
			}
			out.For = append(out.For, n)
		}
	}
	return out
}
