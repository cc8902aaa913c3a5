package entrance

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/peer/peertest"
	"kith/daemon/replica"
	"kith/daemon/space"
)

// pairingLab is a replica of Ana's with its codes for new devices, and a clock.
type pairingLab struct {
	t       *testing.T
	config  replica.Config
	replica *replica.Replica
	p       *pairings
	now     time.Time
}

func newPairingLab(t *testing.T) *pairingLab {
	dir := filepath.Join(t.TempDir(), "home")
	_, err := Init(t.Context(), InitOptions{Home: dir, Coop: "Riso Print Co-op", As: "Ana", Founders: 1, Listen: peertest.TCP()})
	must(t, err)
	own, err := home.Open(dir)
	must(t, err)
	key, err := own.DeviceKey()
	must(t, err)
	storeKey, err := own.StoreKey()
	must(t, err)
	must(t, own.Close())
	l := &pairingLab{
		t: t, config: replica.Config{Dir: own.StoreDir(), Key: key, StoreKey: storeKey},
		now: time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC),
	}
	l.open()
	t.Cleanup(func() { must(t, l.replica.Close()) })
	return l
}

func (l *pairingLab) open() {
	var err error
	l.replica, err = replica.Open(l.config)
	must(l.t, err)
	l.p = newPairings(l.replica, func() time.Time { return l.now })
}

func (l *pairingLab) code() charter.DeviceCode {
	l.t.Helper()
	text, _, err := l.p.open(nil, deviceCodeLife)
	must(l.t, err)
	code, err := charter.DecodeDeviceCode(text)
	must(l.t, err)
	return code
}

// newcomer is a device that asks to be added, honestly or not.
type newcomer struct {
	l       *pairingLab
	code    charter.DeviceCode
	key     entry.Signer
	pairing charter.Pairing
	request knock.PairRequest
}

func (l *pairingLab) newcomer(code charter.DeviceCode) *newcomer {
	l.t.Helper()
	me, _ := l.replica.Me()
	n := &newcomer{l: l, code: code, key: entry.NewSigner()}
	n.pairing = charter.Pairing{Space: l.replica.Space(), Code: code.Key().Device(), By: l.replica.Device(), New: n.key.Device()}
	rand.Read(n.pairing.NonceNew[:])
	n.request.Commitment = n.pairing.Commitment()
	n.request.Device = charter.NewDevice{Key: n.key.Device(), Name: "box", Accepted: charter.AcceptDevice(l.replica.Space(), me.Key, n.key)}
	return n
}

func (n *newcomer) asks(what byte, rest []byte) ([]byte, error) {
	return n.l.p.Redeem(n.l.t.Context(), n.code.Key().Device(), append([]byte{what}, rest...))
}

func (n *newcomer) pairs() error {
	n.l.t.Helper()
	b, err := n.request.Encode()
	must(n.l.t, err)
	reply, err := n.asks(knock.RequestPair, b)
	copy(n.pairing.NonceBy[:], reply)
	return err
}

func (n *newcomer) reveals() error {
	_, err := n.asks(knock.RequestReveal, n.pairing.NonceNew[:])
	return err
}

func (l *pairingLab) devices() int {
	me, _ := l.replica.Me()
	return len(me.Devices)
}

func TestADeviceIsAddedByItsWordsAndItsCodeIsSpent(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	n := l.newcomer(l.code())
	must(t, n.pairs())
	if _, err := l.p.confirm(t.Context(), strings.Join(n.pairing.Words(), " ")); err == nil {
		t.Error("added before it has shown its part")
	}
	must(t, n.reveals())
	heard := make(chan error, 1)
	go func() {
		_, err := n.asks(knock.RequestAdded, again(n.code.Key().Device(), n.key))
		heard <- err
	}()
	key, err := l.p.confirm(t.Context(), strings.Join(n.pairing.Words(), " "))
	must(t, err)
	must(t, <-heard)
	if m, ok := l.replica.Charter().MemberOf(n.key.Device()); !ok || key != n.key.Device() || m.Name != "Ana" {
		t.Errorf("the device belongs to %+v", m)
	}
	// It may not have heard: it is told again, and nobody else who holds the code.
	for _, request := range []byte{knock.RequestHello, knock.RequestAdded} {
		_, err = n.asks(request, again(n.code.Key().Device(), n.key))
		must(t, err)
		for what, by := range map[string][]byte{
			"nobody": nil, "another device": again(n.code.Key().Device(), entry.NewSigner()), "its word about another code": again(n.key.Device(), n.key),
		} {
			_, err = n.asks(request, by)
			wantCode(t, what, err, peer.JoinUsed)
		}
	}
	wantCode(t, "the code once more", l.newcomer(n.code).pairs(), peer.JoinUsed)
	if _, err := l.p.confirm(t.Context(), strings.Join(n.pairing.Words(), " ")); err == nil {
		t.Error("added twice")
	}
	// Nor after the daemon was started anew.
	must(t, l.replica.Close())
	l.open()
	if !l.p.Issued(n.code.Key().Device()) {
		t.Error("the code is forgotten")
	}
	wantCode(t, "the code after a restart", l.newcomer(n.code).pairs(), peer.JoinUsed)
}

func TestACodeForADeviceSaysWhyItIsNoGood(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	old := l.newcomer(l.code())
	must(t, old.pairs())
	must(t, old.reveals())
	n := l.newcomer(l.code())
	wantCode(t, "a code that another replaced", old.pairs(), peer.JoinRevoked)
	_, err := old.asks(knock.RequestAdded, nil)
	wantCode(t, "who asked with it", err, peer.JoinRevoked)

	must(t, n.pairs())
	must(t, n.reveals())
	words := strings.Join(n.pairing.Words(), " ")
	l.now = l.now.Add(deviceCodeLife + time.Second)
	if p, err := l.p.show(); err != nil || p.State != api.PairingExpired {
		t.Errorf("%+v, %v", p, err)
	}
	_, err = l.p.confirm(t.Context(), words)
	wantCode(t, "words after the time", err, peer.JoinExpired)
	_, err = n.asks(knock.RequestAdded, nil)
	wantCode(t, "who waits", err, peer.JoinExpired)
	wantCode(t, "an expired code", l.newcomer(n.code).pairs(), peer.JoinExpired)
	_, err = n.asks(knock.RequestHello, nil)
	wantCode(t, "an expired code, asked who answers", err, peer.JoinExpired)
	if l.devices() != 1 {
		t.Error("a device was added")
	}
	// Of many codes only so many are remembered.
	for range maxPairings + 5 {
		l.code()
	}
	count := 0
	must(t, l.replica.Store().Smalls(pairingPrefix, func(string, []byte) { count++ }))
	if count > maxPairings {
		t.Errorf("%d codes are kept", count)
	}
}

func TestOtherWordsMakeACodeUselessAndAddNothing(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	n := l.newcomer(l.code())
	must(t, n.pairs())
	must(t, n.reveals())
	if _, err := l.p.confirm(t.Context(), "aple river"); err == nil || errors.Is(err, errOtherWords) {
		t.Errorf("a word that is none: %v", err) // no guess: nothing is lost
	}
	other := "abandon ability"
	if strings.Join(n.pairing.Words(), " ") == other {
		other = "apple river"
	}
	if _, err := l.p.confirm(t.Context(), other); !errors.Is(err, errOtherWords) {
		t.Errorf("other words: %v", err)
	}
	if _, err := l.p.confirm(t.Context(), strings.Join(n.pairing.Words(), " ")); err == nil {
		t.Error("a second guess")
	}
	_, err := n.asks(knock.RequestAdded, nil)
	wantCode(t, "who asked, and hears it late", err, peer.JoinDeclined)
	if l.devices() != 1 {
		t.Error("a device was added")
	}
}

// Whoever stands between two devices would have to choose their part knowing the other's.
func TestADeviceIsBoundToItsPartOfTheWordsAndHasFewGuesses(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	n := l.newcomer(l.code())
	must(t, n.pairs())
	n.pairing.NonceNew[0] ^= 1
	wantCode(t, "another part than it was bound to", n.reveals(), peer.JoinBadRequest)
	n.pairing.NonceNew[0] ^= 1
	wantCode(t, "a second try at that", n.reveals(), peer.JoinBadRequest)

	l.code()
	n = l.newcomer(l.code())
	for range MaxAsks {
		before := n.pairing.NonceBy
		must(t, n.pairs())
		if n.pairing.NonceBy == before {
			t.Fatal("the same part twice")
		}
	}
	wantCode(t, "one guess more", n.pairs(), peer.JoinRevoked)
	wantCode(t, "one more after that", n.pairs(), peer.JoinRevoked)

	// Who can work out the words before saying their part, and breaks off when they don't suit, has no more.
	code := l.code()
	for range MaxAsks {
		n = l.newcomer(code)
		must(t, n.pairs())
		n.pairing.NonceNew[0] ^= 1
		wantCode(t, "broken off", n.reveals(), peer.JoinBadRequest)
	}
	wantCode(t, "one guess more, by yet another device", l.newcomer(code).pairs(), peer.JoinRevoked)
}

func TestWhatADeviceCantAskFor(t *testing.T) {
	l := newPairingLab(t)
	code := l.code()
	for what, request := range map[string]byte{"nothing known": 99, "a redemption": knock.RequestRedeem, "frontiers": knock.RequestHonoured, "a recovery": knock.RequestRecover} {
		_, err := l.newcomer(code).asks(request, nil)
		wantCode(t, what, err, peer.JoinBadRequest)
	}
	if _, err := l.p.Redeem(t.Context(), code.Key().Device(), nil); err == nil {
		t.Error("no request is answered")
	}
	n := l.newcomer(code)
	wantCode(t, "its part before it asks", n.reveals(), peer.JoinBadRequest)
	_, err := n.asks(knock.RequestAdded, nil)
	wantCode(t, "to be added before it asks", err, peer.JoinRefused)

	n.request.Device.Accepted[0] ^= 1
	wantCode(t, "without its own word", n.pairs(), peer.JoinBadRequest)
	n = l.newcomer(code)
	n.request.Device.Accepted = charter.AcceptDevice(l.replica.Space(), entry.NewSigner().Device(), n.key)
	wantCode(t, "with its word for somebody else", n.pairs(), peer.JoinBadRequest)
	n = l.newcomer(code)
	n.request.Device.Name = "two\nlines"
	wantCode(t, "with a name that is none", n.pairs(), peer.JoinBadRequest)

	must(t, l.newcomer(code).pairs())
	wantCode(t, "when another asks already", l.newcomer(code).pairs(), peer.JoinUsed)
}

func TestWhoWaitsIsToldToAskAgainAndHearsOfADecline(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	n := l.newcomer(l.code())
	must(t, n.pairs())
	must(t, n.reveals())
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // as a stream that has its time
	_, err := l.p.added(ctx, n.code.Key().Device(), nil)
	wantCode(t, "who waits", err, peer.JoinWaiting)
	heard := make(chan error, 1)
	go func() {
		_, err := n.asks(knock.RequestAdded, nil)
		heard <- err
	}()
	for p, _ := l.p.show(); p.State != api.PairingAsked; p, _ = l.p.show() {
	}
	must(t, l.p.decline())
	var refused *peer.JoinError
	if err := <-heard; !errors.As(err, &refused) || refused.Code != peer.JoinDeclined && refused.Code != peer.JoinRevoked {
		t.Errorf("declined: %v", err)
	}
}

func FuzzReadPairRequest(f *testing.F) {
	if seeds, _ := filepath.Glob(filepath.Join("testdata", "fuzz", f.Name(), "*")); len(seeds) == 0 {
		f.Fatal("no seeds in testdata/fuzz/" + f.Name())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		q, err := knock.ReadPairRequest(b)
		if err != nil {
			return
		}
		again, err := q.Encode()
		must(t, err)
		if got, err := knock.ReadPairRequest(again); err != nil || got != q {
			t.Errorf("%+v reads back as %+v, %v", q, got, err)
		}
	})
}

func TestARequestToAddADeviceIsBounded(t *testing.T) {
	if _, err := knock.ReadPairRequest(make([]byte, 64<<10)); err == nil {
		t.Error("too many bytes are read")
	}
	q := knock.PairRequest{Device: charter.NewDevice{Name: strings.Repeat("\U0001F4A1", charter.MaxName)}}
	b, err := q.Encode()
	must(t, err)
	if _, err := knock.ReadPairRequest(b); err != nil {
		t.Errorf("the longest name doesn't fit into %d bytes: %v", 64<<10, err)
	}
}

// A statement by a member key comes from who is no device: nothing but that gets in by this door.
func TestOnlyAMemberKeySaysWhichDevicesAreLive(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	r := l.replica
	c := r.Charter()
	stored := r.Counts().Stored
	stranger := entry.NewSigner()
	sign := func(key entry.Signer, space entry.SpaceID, payload []byte) []byte {
		e, err := entry.New(entry.Fields{Space: space, Heads: c.Heads(), Kind: entry.Statement, Run: entry.Run{1}, Number: 1, Payload: payload}, key)
		must(t, err)
		return e.Encoded()
	}
	seen, err := c.Acknowledge(r.Device(), nil)
	must(t, err)
	forged := sign(stranger, r.Space(), seen)
	forged[len(forged)-1] ^= 1
	for what, request := range map[string][]byte{
		"nothing": nil, "garbage": []byte("garbage"), "another sort of statement": sign(stranger, r.Space(), seen),
		"another space": sign(stranger, entry.SpaceID{9}, seen), "another signer": sign(entry.NewSigner(), r.Space(), seen), "a forged one": forged,
	} {
		if err := takeRecovery(t.Context(), r, stranger.Device(), request); err == nil {
			t.Errorf("%s is taken", what)
		} else {
			wantCode(t, what, err, peer.JoinBadRequest)
		}
	}
	// The right form by who is no member: refused, and not kept.
	payload := recoverPayload(t, c, stranger)
	err = takeRecovery(t.Context(), r, stranger.Device(), sign(stranger, r.Space(), payload))
	wantCode(t, "a stranger's list of devices", err, peer.JoinRefused)
	if r.Counts().Stored != stored {
		t.Error("something of it was stored")
	}
	for _, request := range [][]byte{nil, {knock.RequestPair}, {knock.RequestReveal}, {knock.RequestAdded}, {knock.RequestRedeem}, {99}} {
		_, err := comeBack(t.Context(), r, stranger.Device(), request, nil)
		wantCode(t, "another request", err, peer.JoinBadRequest)
	}
}

// recoverPayload makes the payload of a statement by a member key, whosever that is.
func recoverPayload(t *testing.T, c *charter.Charter, memberKey entry.Signer) []byte {
	t.Helper()
	other := entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Elsewhere", Founder: "Eli", Seats: 1}, memberKey, other, "laptop")
	must(t, err)
	first, err := entry.New(entry.Fields{Kind: entry.Statement, Run: entry.Run{2}, Number: 1, Payload: genesis}, other)
	must(t, err)
	elsewhere := charter.Fold(first.SpaceOf(), []*entry.Entry{first}, charter.StepID{})
	payload, err := elsewhere.Recover(memberKey.Device(), []charter.NewDevice{{
		Key: other.Device(), Name: "laptop", Accepted: charter.AcceptDevice(first.SpaceOf(), memberKey.Device(), other),
	}}, nil)
	must(t, err)
	return payload
}

func TestAPhraseIsNoDeviceAndOpensOneDoor(t *testing.T) {
	t.Parallel()
	l := newPairingLab(t)
	me, _ := l.replica.Me()
	at := &space.Space{Replica: l.replica, Now: time.Now}
	issued := func(key entry.Device) bool {
		return slices.ContainsFunc(New(at).Doors(), func(door peer.Invites) bool { return door.Issued(key) })
	}
	if at.Knows(me.Key) || !issued(me.Key) {
		t.Error("a member key comes in as a device, or not at all")
	}
	if !at.Knows(l.replica.Device()) || issued(l.replica.Device()) {
		t.Error("a device comes in by the door of the phrases")
	}
	at.Part()
	if at.Knows(l.replica.Device()) || issued(me.Key) {
		t.Error("whoever was removed answers for the co-op")
	}
}

func TestAnEmptyHomeIsLeftAsItWasIfNothingCameOfIt(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "home")
	_, err := JoinDevice(t.Context(), JoinDeviceOptions{Home: dir, Code: "kithd1nonsense"})
	var wrong *charter.CodeError
	if !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	_, err = Recover(t.Context(), RecoverOptions{Home: dir, Via: "kithv1nonsense"})
	if !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	_, err = NewPhrase(NewPhraseOptions{Home: dir, Via: "kithk1nonsense"})
	if !errors.As(err, &wrong) {
		t.Errorf("got %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the home: %v", err)
	}
}
