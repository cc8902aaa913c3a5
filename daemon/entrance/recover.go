package entrance

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// comeBack answers a member who dials with their member key.
func comeBack(ctx context.Context, r *replica.Replica, key entry.Device, request []byte, relays func() []string) ([]byte, error) {
	if len(request) == 0 {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	switch rest := request[1:]; request[0] {
	case knock.RequestHello:
		return knock.WelcomeNow(r)
	case knock.RequestHonoured:
		m, _ := r.Charter().MemberKey(key)
		// Of a device that is out of use already, what was honoured stays so: what came later may be a
		// thief's.
		list, err := Honoured(r, m.ID, r.Charter().Cut)
		if err != nil {
			return nil, err
		}
		return charter.EncodeFrontiers(list)
	case knock.RequestRecover:
		if err := takeRecovery(ctx, r, key, rest); err != nil {
			return nil, err
		}
		return knock.WelcomeNow(r, told(relays)...)
	}
	return nil, &peer.JoinError{Code: peer.JoinBadRequest}
}

// Honoured returns what is here of all devices that a member ever had, and of those for which cuts
// has frontiers what is under them.
func Honoured(r *replica.Replica, id charter.MemberID, cuts func(entry.Device) ([]charter.Frontier, bool)) ([]charter.DeviceFrontier, error) {
	list, err := r.Honoured(words.DevicesOf(r.Charter(), id))
	for i := range list {
		if before, ok := cuts(list[i].Device); ok {
			list[i].Frontier = r.Under(before)
		}
	}
	return list, err
}

// takeRecovery brings in what a member key says about the devices of its member.
func takeRecovery(ctx context.Context, r *replica.Replica, key entry.Device, encoded []byte) error {
	e, err := entry.Decode(encoded)
	if err != nil || e.Device != key || e.Kind != entry.Statement || e.SpaceOf() != r.Charter().Space() || e.Verify() != nil {
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	if s, err := charter.ReadStatement(e.Payload); err != nil || s.Type != charter.TypeRecover {
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	if state, why := r.Charter().With(e).State(e.ID()); state != charter.Accepted {
		return &peer.JoinError{Code: peer.JoinRefused, Reason: why}
	}
	_, err = r.Accept(ctx, []*entry.Entry{e})
	return err
}

// RecoverOptions is what a member comes back with.
type RecoverOptions struct {
	Home     string
	Via      string // the code of a way back
	Phrase   string
	Name     string // of this device; "": what the home remembers, or the computer's
	Listen   []string
	Announce []string
	Relays   []string // named ones; none: those of the code, which the home keeps
	Another  bool     // beside the co-ops that are in the home
	// Choose is asked what becomes of the member's other devices; nil: they were theirs, and none
	// stays in use.
	Choose func(member string, devices []api.Device) (api.RecoverChoice, error)
	Log    *slog.Logger
}

// Recover makes an empty home a device of the member whose recovery phrase is given. It says in the
// charter which devices are theirs from now on: this one, and those to be kept. It returns once
// that and the charter are stored; everything else follows when the daemon runs.
func Recover(ctx context.Context, o RecoverOptions) (res api.Recovered, err error) {
	if _, _, err := returning(o); err != nil { // before there is a home
		return res, err
	}
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	back, err := ComeBack(ctx, place, o)
	if err != nil {
		return res, err
	}
	r, res, err := back.Replica()
	if err != nil {
		return res, err
	}
	return res, r.Close()
}

// returning reads the code of a way back, and the phrase.
func returning(o RecoverOptions) (way charter.Way, member entry.Signer, err error) {
	if way, err = charter.DecodeWay(o.Via); err == nil {
		member, err = charter.SignerFromPhrase(o.Phrase)
	}
	return way, member, err
}

// Back is a member who came back, and has no replica here yet.
type Back struct {
	Added
	member charter.MemberID
	end    *charter.Charter
}

// ComeBack has a place of a home, in which nothing is yet, taken in as a device of the member whose recovery phrase is given, and returns
// once the charter of who answered says so. o.Home and o.Another aren't looked at.
func ComeBack(ctx context.Context, place *home.Home, o RecoverOptions) (*Back, error) {
	way, member, err := returning(o)
	if err != nil {
		return nil, err
	}
	config, key, err := place.NewDevice(o.Name, o.Listen, o.Announce, o.Relays)
	if err != nil {
		return nil, err
	}
	k, err := knock.To(way.Answerers, member, way.Space[:])
	if err != nil {
		return nil, err
	}
	w, err := k.AskFor(ctx, []byte{knock.RequestHello}, func(w knock.Welcome) error {
		if _, ok := w.Charter(way.Space[:]).MemberKey(member.Device()); !ok {
			return charter.ErrNotMemberKey
		}
		return nil
	})
	if err != nil {
		return nil, notThePhrase(err)
	}
	c := w.Charter(way.Space[:])
	who, _ := c.MemberKey(member.Device())
	switch {
	case who.ID != way.Member:
		m, _ := c.Member(way.Member)
		return nil, api.Problemf(api.NotAllowed, "ask for the code again: kith device via "+words.ShellWord(who.Name), "this phrase is that of %s, and the code is for %s", who.Name, m.Name)
	case who.Standing == charter.Removed:
		return nil, ended(c)
	}
	if m, is := c.MemberOf(key.Device()); !is || m.ID != who.ID { // else the co-op agreed on this device, or the answer got lost
		var choice api.RecoverChoice
		if o.Choose != nil {
			if choice, err = o.Choose(who.Name, devicesShown(c, &who)); err != nil {
				return nil, err
			}
		}
		w, err = sayWhoseDevices(ctx, k, c, &who, key, config.DeviceName, choice)
		switch {
		case errors.Is(err, charter.ErrNotMemberKey) && who.Standing == charter.Resigned:
			return nil, ended(c) // a resignation that no step names yet may be a thief's: the phrase overrules it
		case err != nil:
			return nil, notThePhrase(err)
		}
	}
	// The charter doesn't fork where who answers stands, so a newcomer's place is at its end.
	end := w.Charter(way.Space[:])
	tip := end.Tip()
	relays, err := keepRelays(place, o.Relays, way.Answerers, w.Relays, end)
	if err != nil {
		return nil, err
	}
	return &Back{Added{place, key, w, [8]byte(tip[:8]), k.Joined, relays, o.Log}, who.ID, end}, nil
}

// Replica makes it, and says which other devices of the member are in use.
func (b *Back) Replica() (r *replica.Replica, res api.Recovered, err error) {
	r, came, err := b.Added.Replica()
	if err != nil {
		return nil, res, err
	}
	res.Space, res.Member, res.Device, res.Relays = came.Space, came.Member, came.Device, came.Relays
	who, _ := b.end.Member(b.member)
	for _, d := range who.Devices {
		switch n := (api.Named{ID: d.Key.String(), Name: d.Name}); {
		case d.Key == b.key.Device():
		case d.Retired:
			res.Retired = append(res.Retired, n)
		default:
			res.Kept = append(res.Kept, n)
		}
	}
	return r, res, nil
}

func ended(c *charter.Charter) error {
	return api.Problemf(api.NotAllowed, "a full member can invite you again: kith invite", "your membership in %s has ended", c.Name())
}

// notThePhrase says what it means that nobody there knows a member key.
func notThePhrase(err error) error {
	var unknown *peer.UnknownCodeError
	if !errors.As(err, &unknown) {
		return err
	}
	return api.Problemf(api.NotFound, "is it the newest? One that the co-op replaced opens nothing any more, and one that it hasn't agreed on yet opens nothing so far: kith charter pending, on another member's computer",
		"nobody there knows this recovery phrase")
}

// sayWhoseDevices has the member key say which devices are live: the new one first, from which the member
// consents from now on, and those that are kept. Of the others what is honoured is what has
// reached who answers; of those that never were theirs, nothing.
func sayWhoseDevices(ctx context.Context, k *knock.Knock, c *charter.Charter, who *charter.Member, key entry.Signer, name string, choice api.RecoverChoice) (knock.Welcome, error) {
	if err := k.Send(ctx, []byte{knock.RequestHonoured}); err != nil {
		return knock.Welcome{}, err
	}
	honoured, err := charter.DecodeFrontiers(k.Joined.Reply)
	if err != nil {
		return knock.Welcome{}, err
	}
	var others []charter.DeviceFrontier
	var kept []charter.NewDevice
	for _, d := range who.Devices {
		if slices.Contains(choice.Keep, d.Key.String()) {
			kept = append(kept, charter.NewDevice{Key: d.Key, Name: d.Name})
			continue
		}
		if slices.Contains(choice.NotMine, d.Key.String()) {
			others = append(others, charter.DeviceFrontier{Device: d.Key})
			continue
		}
		at := slices.IndexFunc(honoured, func(f charter.DeviceFrontier) bool { return f.Device == d.Key })
		if at >= 0 { // of nobody else's devices anything is said, whatever was answered
			others = append(others, honoured[at])
		}
	}
	live := append([]charter.NewDevice{{
		Key: key.Device(), Name: name, Accepted: charter.AcceptDevice(c.Space(), who.Key, key),
	}}, kept...)
	payload, err := c.Recover(who.Key, live, others)
	if err != nil {
		return knock.Welcome{}, err
	}
	var run entry.Run
	rand.Read(run[:]) // never fails (Go 1.24)
	e, err := entry.New(entry.Fields{
		Space: c.Space(), Heads: c.Heads(), Kind: entry.Statement, Run: run, Number: 1, Payload: payload,
	}, k.Key)
	if err != nil {
		return knock.Welcome{}, err
	}
	return k.AskFor(ctx, append([]byte{knock.RequestRecover}, e.Encoded()...), func(w knock.Welcome) error {
		if m, is := w.Charter(k.Space).MemberOf(key.Device()); !is || m.ID != who.ID {
			return errNotLetIn
		}
		return nil
	})
}
