package entrance

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// JoinDeviceOptions is what a computer becomes another device of a member with.
type JoinDeviceOptions struct {
	Home     string
	Code     string
	Name     string // of the device; "": what the home remembers, or the computer's
	Listen   []string
	Announce []string
	Relays   []string // named ones; none: those of the code, which the home keeps
	Another  bool     // beside the co-ops that are in the home
	// Show tells the person whose device this will be, and the words to compare.
	Show func(api.Compare)
	Log  *slog.Logger
}

// JoinDevice makes an empty home another device of the member who made the code. It returns once
// somebody has compared the words at the other device and the charter is stored; everything
// else follows when the daemon runs.
func JoinDevice(ctx context.Context, o JoinDeviceOptions) (res api.DeviceJoined, err error) {
	code, err := charter.DecodeDeviceCode(o.Code)
	if err != nil {
		return res, err
	}
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	added, err := askForDevice(ctx, place, code, o)
	if err != nil {
		return res, err
	}
	r, res, err := added.Replica()
	if err != nil {
		return res, err
	}
	return res, r.Close()
}

// AskForDevice has a place of a home, in which nothing is yet, asked for as another device of the member who made the code, and
// returns once it was added. o.Home and o.Another aren't looked at.
func AskForDevice(ctx context.Context, place *home.Home, o JoinDeviceOptions) (*Added, error) {
	code, err := charter.DecodeDeviceCode(o.Code)
	if err != nil {
		return nil, err
	}
	return askForDevice(ctx, place, code, o)
}

// Added is a device that was added to its member's others, and has no replica yet.
type Added struct {
	place   *home.Home
	key     entry.Signer
	welcome knock.Welcome
	step    [8]byte
	from    *peer.Joined
	relays  []string // kept, since the code named them
	log     *slog.Logger
}

// Replica makes it.
func (a *Added) Replica() (r *replica.Replica, res api.DeviceJoined, err error) {
	r, err = begun(a.place, a.welcome, a.key, a.step, a.from, a.log)
	if err == nil {
		res.Space, res.Member, res.Device = words.Self(r)
		res.Relays = a.relays
	}
	return r, res, err
}

func askForDevice(ctx context.Context, place *home.Home, code charter.DeviceCode, o JoinDeviceOptions) (*Added, error) {
	config, key, err := place.NewDevice(o.Name, o.Listen, o.Announce, o.Relays)
	if err != nil {
		return nil, err
	}
	k, err := knock.To(code.Answerers, code.Key(), code.Space[:])
	if err != nil {
		return nil, err
	}
	w, err := k.Ask(ctx, []byte{knock.RequestHello})
	var refused *peer.JoinError
	if errors.As(err, &refused) && refused.Code == peer.JoinUsed { // perhaps by this device, and the answer got lost
		w, err = k.Ask(ctx, append([]byte{knock.RequestHello}, again(code.Key().Device(), key)...))
	}
	if err != nil {
		return nil, err
	}
	c := w.Charter(code.Space[:])
	owner, ok := c.MemberOf(k.Joined.Answerer)
	if !ok {
		return nil, knock.ErrImpostor
	}
	if m, is := c.MemberOf(key.Device()); !is || m.ID != owner.ID { // else the answer got lost on the way
		if w, err = askToBeAdded(ctx, k, c, &owner, key, config.DeviceName, o.Show); err != nil {
			return nil, err
		}
	}
	kept, err := keepRelays(place, o.Relays, code.Answerers, w.Relays, w.Charter(code.Space[:]))
	if err != nil {
		return nil, err
	}
	return &Added{place, key, w, code.Step, k.Joined, kept, o.Log}, nil
}

// begun makes the replica of a place whose device the charter has now, with the address of who let it in.
func begun(place *home.Home, w knock.Welcome, key entry.Signer, step [8]byte, from *peer.Joined, log *slog.Logger) (*replica.Replica, error) {
	r, err := w.Replica(replica.Config{Dir: place.StoreDir(), Key: key, Log: log}, step)
	if err != nil {
		return nil, err
	}
	if from.Record != nil {
		if err := space.Addresses(r).Save(from.Answerer, from.Record); err != nil {
			return nil, errors.Join(err, r.Close())
		}
	}
	return r, nil
}

// askToBeAdded asks to be added as a device of owner, shows the words, and waits until somebody has
// compared them.
func askToBeAdded(ctx context.Context, k *knock.Knock, c *charter.Charter, owner *charter.Member, key entry.Signer, name string, show func(api.Compare)) (knock.Welcome, error) {
	p := charter.Pairing{Space: c.Space(), Code: k.Key.Device(), By: k.Joined.Answerer, New: key.Device()}
	rand.Read(p.NonceNew[:]) // never fails (Go 1.24)
	q := knock.PairRequest{Commitment: p.Commitment()}
	q.Device = charter.NewDevice{Key: key.Device(), Name: name, Accepted: charter.AcceptDevice(c.Space(), owner.Key, key)}
	b, err := q.Encode()
	if err != nil {
		return knock.Welcome{}, err
	}
	if err := k.Send(ctx, append([]byte{knock.RequestPair}, b...)); err != nil {
		return knock.Welcome{}, err
	}
	if k.Joined.Answerer != p.By || len(k.Joined.Reply) != len(p.NonceBy) {
		return knock.Welcome{}, knock.ErrImpostor
	}
	p.NonceBy = [32]byte(k.Joined.Reply)
	if err := k.Send(ctx, append([]byte{knock.RequestReveal}, p.NonceNew[:]...)); err != nil {
		return knock.Welcome{}, err
	}
	if show != nil {
		show(api.Compare{Words: p.Words(), Member: owner.Name, Space: c.Name()})
	}
	for {
		w, err := k.Ask(ctx, append([]byte{knock.RequestAdded}, again(k.Key.Device(), key)...))
		var refused *peer.JoinError
		var nobody *peer.NobodyAnsweredError
		switch {
		case ctx.Err() != nil:
			return w, ctx.Err()
		case errors.As(err, &refused) && refused.Code == peer.JoinWaiting:
			continue
		case errors.As(err, &nobody):
			if err := knock.Pause(ctx, knock.AskAgain); err != nil {
				return w, err
			}
			continue // the other daemon may be on its way back; its person may be there any minute
		}
		return w, err
	}
}
