package entrance

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// InviteLife is how long a founder's code may be redeemed, unless something else was asked for.
const InviteLife = 72 * time.Hour

// InitOptions is what a new co-op begins with.
type InitOptions struct {
	Home     string
	Coop     string
	As       string // the founder's name
	Founders int    // founding seats, the founder's own included
	Listen   []string
	Announce []string
	Relays   []string         // named ones
	PortMap  string           // whether the router is asked to let others through: yes, no; "": nothing new
	Now      func() time.Time // the clock; nil means time.Now
	Another  bool             // beside the co-ops that are in the home
	// Show is told what was made before it is for good: its error is Init's, and then there is no co-op. nil: nobody is.
	Show func(api.InitResult) error
}

// Init founds a co-op in an empty home, or beside the co-ops that are in it. It needs no daemon and no
// network.
func Init(_ context.Context, o InitOptions) (res api.InitResult, err error) {
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if err := home.ChoosePortMap(o.PortMap); err != nil {
		return res, err
	}
	r, res, err := FoundIn(place, o)
	if err != nil {
		return res, err
	}
	return res, r.Close()
}

// FoundIn founds a co-op in a place and gives its replica, which stays open.
func FoundIn(home *home.Home, o InitOptions) (r *replica.Replica, res api.InitResult, err error) {
	// What a person got wrong must not leave anything behind.
	coop, err := charter.CleanName(o.Coop)
	if err != nil {
		return nil, res, err
	}
	name, err := personName(o.As)
	if err != nil {
		return nil, res, err
	}
	if o.Founders < 1 || o.Founders > charter.MaxSeats {
		return nil, res, api.Problemf(api.Invalid, "kith init --help", "a co-op has 1 to %d founders, not %d", charter.MaxSeats, o.Founders)
	}
	begun, err := beginIn(home, o.Listen, o.Announce, o.Relays)
	if err != nil {
		return nil, res, err
	}
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: name, Seats: o.Founders}, begun.member, begun.device, begun.config.DeviceName)
	if err != nil {
		return nil, res, err
	}
	r, err = replica.Found(replica.Config{Dir: home.StoreDir(), Key: begun.device, Now: o.Now}, genesis)
	if err != nil {
		return nil, res, err
	}
	opened := r // a return with an error gives nil
	defer func() {
		if err != nil { // nobody has seen the phrase: there must be no co-op that nobody can come back to
			err = errors.Join(err, opened.Close(), os.RemoveAll(home.StoreDir()))
		}
	}()

	res = api.InitResult{RecoveryPhrase: begun.phrase, Invites: []api.Invite{}}
	res.Space, res.Member, res.Device = words.Self(r)
	at, err := knock.Answerers(begun.config, begun.device.Device(), knock.Found{})
	if err != nil {
		return nil, res, err
	}
	for range o.Founders - 1 {
		v, err := SeatInvite(r, r.Now, at)
		if err != nil {
			return nil, res, err
		}
		if o.Founders == 2 { // once more than said of admissions: before there are two
			v.Says = append(v.Says, words.BothMustAgree)
		}
		res.Invites = append(res.Invites, v)
	}
	if o.Show != nil {
		if err := o.Show(res); err != nil {
			return nil, res, err
		}
	}
	return r, res, nil
}

// beginning is what somebody begins with who founds a co-op or comes into one: where this device is reached, its key, and a
// member key with the phrase that it comes from.
type beginning struct {
	config         home.Config
	device, member entry.Signer
	phrase         string
}

// beginIn chooses where the device of a place is reached, and draws a phrase. Whoever asked for it shows that, once.
func beginIn(place *home.Home, listen, announce, relays []string) (b beginning, err error) {
	if b.config, err = place.ChooseAll(listen, announce, relays); err != nil {
		return b, err
	}
	if b.device, err = place.DeviceKey(); err != nil {
		return b, err
	}
	b.phrase = charter.NewPhrase()
	b.member, err = charter.SignerFromPhrase(b.phrase)
	return b, err
}

// personName puts what somebody calls themselves into the form in which names are kept. “me” is nobody's: in every command it
// stands for who types it.
func personName(as string) (string, error) {
	name, err := charter.CleanName(as)
	if err == nil && api.FoldName(name) == "me" {
		return "", api.Problemf(api.Invalid, "say what the others call you: --as Ana", "“%s” stands for whoever types it, so nobody can be called that", name)
	}
	return name, err
}

// JoinOptions is what a person joins with.
type JoinOptions struct {
	Home     string
	Invite   string
	As       string
	Listen   []string
	Announce []string
	Relays   []string // named ones; none: those of the code, which the home keeps
	PortMap  string   // see InitOptions
	Another  bool     // beside the co-ops that are in the home
	Log      *slog.Logger
}

// Join redeems an invite code in an empty home, or beside the co-ops that are in it, without a daemon: it connects to whoever the
// code names, and returns once the charter is stored. Everything else follows when the daemon
// runs.
func Join(ctx context.Context, o JoinOptions) (res api.JoinResult, err error) {
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	if code, err := charter.DecodeInvite(o.Invite); err == nil && o.Another {
		if err := notTwice(home, code.Space); err != nil {
			return res, err
		}
	}
	if err := home.ChoosePortMap(o.PortMap); err != nil {
		return res, err
	}
	r, res, err := JoinIn(ctx, place, o)
	if err != nil {
		return res, err
	}
	return res, r.Close()
}

// JoinIn redeems a code and makes the replica in home, which stays open.
func JoinIn(ctx context.Context, home *home.Home, o JoinOptions) (*replica.Replica, api.JoinResult, error) {
	var res api.JoinResult
	code, err := charter.DecodeInvite(o.Invite)
	if err != nil {
		return nil, res, err
	}
	name, err := personName(o.As)
	if err != nil {
		return nil, res, err
	}
	begun, err := beginIn(home, o.Listen, o.Announce, o.Relays)
	if err != nil {
		return nil, res, err
	}
	welcome, joined, err := redeem(ctx, code, name, begun.member, begun.device, begun.config.DeviceName)
	if err != nil {
		return nil, res, err
	}
	r, err := welcome.Replica(replica.Config{Dir: home.StoreDir(), Key: begun.device, Log: o.Log}, code.Step)
	if err != nil {
		return nil, res, err
	}
	if joined.Record != nil {
		if err := space.Addresses(r).Save(joined.Answerer, joined.Record); err != nil {
			return nil, res, errors.Join(err, r.Close())
		}
	}
	if res.Relays, err = keepRelays(home, o.Relays, code.Answerers, welcome.Relays, r.Charter()); err != nil {
		return nil, res, errors.Join(err, r.Close())
	}
	res.RecoveryPhrase = begun.phrase
	res.Space, res.Member, res.Device = words.Self(r)
	res.Standing = words.StandingOf(r)
	return r, res, nil
}

// keepRelays has a home keep the relays outside the co-op that who answered names, or else those in the code, unless its person
// chose, and returns where they are: whom others reach only through a relay, they reach there, and nobody has to type its address.
func keepRelays(place *home.Home, chosen []string, answerers []charter.Answerer, told []string, c *charter.Charter) ([]string, error) {
	if len(chosen) > 0 {
		return []string{}, nil
	}
	if len(told) == 0 {
		told = knock.Relays(answerers, c.Knows)
	}
	kept, err := place.KeepRelays(told)
	at := []string{}
	for _, r := range kept {
		at = append(at, peer.RelayAddress(r))
	}
	return at, err
}

// answersLost bounds how often an answer to a redemption may get lost.
const answersLost = 4

// redeem presents a code to whoever answers at its addresses: first it asks who they are, and
// then, if they are of the co-op that the code is for, it says who joins.
func redeem(ctx context.Context, code charter.Invite, name string, member, device entry.Signer, deviceName string) (knock.Welcome, *peer.Joined, error) {
	var none knock.Welcome
	at, err := knock.Addresses(code.Answerers)
	if err != nil {
		return none, nil, err
	}
	var w knock.Welcome
	takes := func(joined *peer.Joined) (err error) {
		if w, err = knock.ReadWelcome(joined.Reply); err != nil {
			return err
		}
		return w.Check(code, joined.Answerer)
	}
	hello, err := peer.Join(ctx, code.Key(), at, []byte{knock.RequestHello}, takes)
	if err != nil {
		return none, hello, err
	}
	red, err := charter.NewRedemption(w.Charter(code.Space[:]).Space(), code.Key(), member, device, name, deviceName)
	if err != nil {
		return none, hello, err
	}
	request, err := red.Encode()
	if err != nil {
		return none, hello, err
	}
	request = append([]byte{knock.RequestRedeem}, request...)
	letsIn := func(joined *peer.Joined) error {
		if err := takes(joined); err != nil {
			return err
		}
		if _, in := w.Charter(code.Space[:]).MemberOf(device.Device()); !in {
			return errNotLetIn
		}
		return nil
	}
	joined, err := peer.Join(ctx, code.Key(), at, request, letsIn)
	for range answersLost {
		if err == nil || errors.As(err, new(*peer.JoinError)) || knock.Pause(ctx, knock.AskAgain) != nil {
			break
		}
		joined, err = peer.Join(ctx, code.Key(), at, request, letsIn) // it may be the answer that got lost: to ask as somebody else would use the code up
	}
	if err != nil {
		return none, joined, err
	}
	return w, joined, nil
}

// errNotLetIn says that who answered was asked to let somebody in, and gave a charter in which they aren't.
var errNotLetIn = problem.New(problem.TimedOut, "try again when another of them is online: the code is still good", "who answered let nobody in")
