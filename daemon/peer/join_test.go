package peer_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/waittest"
)

// invitesMu guards all invites: those of several devices may have one state.
var invitesMu sync.Mutex

// invites answers for codes as a replica would; a code works once.
type invites struct {
	state map[entry.Device]error // nil: open
	used  []string
	// answerers are who answers an open code, besides this device.
	answerers []entry.Device
}

func (v *invites) Issued(d entry.Device) bool {
	invitesMu.Lock()
	defer invitesMu.Unlock()
	_, ok := v.state[d]
	return ok
}

func (v *invites) Leads(d, to entry.Device) bool {
	invitesMu.Lock()
	defer invitesMu.Unlock()
	err, ok := v.state[d]
	return ok && err == nil && slices.Contains(v.answerers, to)
}

func (v *invites) Redeem(_ context.Context, d entry.Device, request []byte) ([]byte, error) {
	invitesMu.Lock()
	defer invitesMu.Unlock()
	if err := v.state[d]; err != nil {
		return nil, err
	}
	v.state[d] = &peer.JoinError{Code: peer.JoinUsed}
	v.used = append(v.used, string(request))
	return append([]byte("welcome, "), request...), nil
}

// within is the context of something that a test doesn't wait for longer.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), waittest.Limit)
	t.Cleanup(cancel)
	return ctx
}

func TestAnInviteIsRedeemedOnceAndEachRefusalSaysWhy(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	code := func(err error) entry.Signer {
		key := entry.NewSigner()
		ana.invites.(*invites).state[key.Device()] = err
		return key
	}
	ana.invites = &invites{state: map[entry.Device]error{}}
	open := code(nil)
	refusals := map[peer.JoinCode]entry.Signer{
		peer.JoinExpired:       code(&peer.JoinError{Code: peer.JoinExpired}),
		peer.JoinRevoked:       code(&peer.JoinError{Code: peer.JoinRevoked}),
		peer.JoinFoundingEnded: code(&peer.JoinError{Code: peer.JoinFoundingEnded}),
		peer.JoinNameTaken:     code(&peer.JoinError{Code: peer.JoinNameTaken, Reason: "there is an Ana already"}),
		peer.JoinBadRequest:    code(&peer.JoinError{Code: peer.JoinBadRequest}),
		peer.JoinFailed:        code(errors.New("the disk is full at /home/ana/secret")),
	}
	ana.on()
	addrs := ana.peers.Addresses()

	joined, err := peer.Join(within(t), open, addrs, []byte("Ben"), nil)
	if err != nil {
		t.Fatal(err)
	}
	if string(joined.Reply) != "welcome, Ben" || joined.Answerer != ana.key.Device() || joined.Address == "" || joined.Record == nil {
		t.Errorf("%+v", joined)
	}
	refusals[peer.JoinUsed] = open
	for want, key := range refusals {
		_, err := peer.Join(within(t), key, addrs, []byte("Cleo"), nil)
		var refused *peer.JoinError
		if !errors.As(err, &refused) || refused.Code != want {
			t.Errorf("want %s, got %v", want, err)
			continue
		}
		if strings.Contains(err.Error(), "secret") {
			t.Errorf("the answerer's own trouble was told: %v", err)
		}
	}
	if used := ana.invites.(*invites).used; len(used) != 1 {
		t.Errorf("redeemed for %q", used)
	}
}

// rubbish answers for a code, and lets nobody in; deaf waits until it is over.
type rubbish struct {
	invites
	over <-chan struct{} // nil: it doesn't wait
}

func (v *rubbish) Redeem(context.Context, entry.Device, []byte) ([]byte, error) {
	if v.over != nil {
		<-v.over
	}
	return []byte("go away"), nil
}

// Attack 67. A code may name a device of somebody who wants to keep others out, and who is quick.
func TestNobodyWhoAnswersACodeKeepsOutWhomAnotherLetsIn(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	key := entry.NewSigner()
	over := make(chan struct{})
	speaks := sync.OnceFunc(func() { close(over) })
	defer speaks()
	open := func(err error) invites { return invites{state: map[entry.Device]error{key.Device(): err}} }
	refuses, lets := open(&peer.JoinError{Code: peer.JoinUsed}), open(nil)
	ana, mel, moe, max := c.device("Ana's laptop"), c.device("Mel's laptop"), c.device("Moe's laptop"), c.device("Max's laptop")
	ana.invites, mel.invites, moe.invites, max.invites = &lets, &refuses, &rubbish{open(nil), nil}, &rubbish{open(nil), over}
	var addrs []string
	for _, d := range []*device{mel, moe, max, ana} {
		addrs = append(addrs, d.on().peers.Addresses()...)
	}
	for range 5 { // whoever is reached first
		lets.state[key.Device()] = nil
		joined, err := peer.Join(within(t), key, addrs, []byte("Ben"), func(joined *peer.Joined) error {
			if !strings.HasPrefix(string(joined.Reply), "welcome") {
				return errors.New("no welcome")
			}
			return nil
		})
		if err != nil || joined.Answerer != ana.key.Device() {
			t.Fatalf("Ana lets him in, and he gets %v", err)
		}
	}
	ana.off()
	speaks()
	_, err := peer.Join(within(t), key, addrs, []byte("Ben"), func(*peer.Joined) error { return errors.New("no welcome") })
	var refused *peer.JoinError
	if !errors.As(err, &refused) || refused.Code != peer.JoinUsed {
		t.Errorf("once Ana is away: %v", err)
	}
}

func TestACodeWithoutIdentitiesFindsWhoAnswers(t *testing.T) {
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	key := entry.NewSigner()
	ana.invites = &invites{state: map[entry.Device]error{key.Device(): nil}}
	ana.on()
	for i, a := range ana.peers.Addresses() {
		bare, _, _ := strings.Cut(a, "/p2p/")
		ana.invites.(*invites).state[key.Device()] = nil
		joined, err := peer.Join(within(t), key, []string{bare}, []byte{byte(i)}, nil)
		if err != nil {
			t.Errorf("%s: %v", bare, err)
		} else if joined.Answerer != ana.key.Device() {
			t.Errorf("%s: answered by %v", bare, joined.Answerer)
		}
	}
}

func TestAnAlteredCodeIsToldFromSilence(t *testing.T) {
	t.Parallel()
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	ana.invites = &invites{state: map[entry.Device]error{}}
	ana.on()
	for _, a := range ana.peers.Addresses() {
		_, err := peer.Join(within(t), entry.NewSigner(), []string{a}, []byte("Eli"), nil)
		var unknown *peer.UnknownCodeError
		if !errors.As(err, &unknown) {
			t.Errorf("%s: %v", a, err)
		}
	}
	addrs := ana.peers.Addresses()
	ana.off()
	_, err := peer.Join(within(t), entry.NewSigner(), append(addrs, "nonsense"), []byte("Eli"), nil)
	var nobody *peer.NobodyAnsweredError
	if !errors.As(err, &nobody) {
		t.Fatalf("nobody is there, but: %v", err)
	}
	if text := err.Error(); !strings.Contains(text, "connection refused") || !strings.Contains(text, "nonsense: not an address") {
		t.Errorf("%q", text)
	}
	t.Log(err)
}

func TestAHolderOfAnInviteGetsNothingButTheJoinProtocol(t *testing.T) {
	c := newCoop(t)
	ana := c.device("Ana's laptop")
	key := entry.NewSigner()
	ana.invites = &invites{state: map[entry.Device]error{key.Device(): nil}}
	ana.on()
	h := dialer(t, key)
	connect(t, h, ana)
	for _, id := range []string{string(peer.SyncProtocol), string(peer.AddressesProtocol)} {
		if got := speak(t, h, ana, id, bytes.Repeat([]byte{0}, 64)); len(got) > 0 {
			t.Errorf("%s answered %d bytes", id, len(got))
		}
	}
}
