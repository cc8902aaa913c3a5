package entrance

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/store"
)

const (
	// deviceCodeLife is how long a code for a new device is good, unless something else was asked for.
	deviceCodeLife = 15 * time.Minute
	// pairWait is how long an answer may wait for somebody to compare the words; then the new
	// device asks again. A join stream has 30 seconds in all.
	pairWait = 20 * time.Second
	// MaxAsks bounds how often somebody may begin anew with one code, whatever became of the time
	// before: each time there are other words, and so another guess at them.
	MaxAsks = 8
	// maxPairings bounds the codes of which it is remembered what became of them.
	maxPairings = 32
)

// pairings are the codes for new devices that this device made. One is open at a time, and one
// device asks with it at a time.
type pairings struct {
	replica *replica.Replica
	now     func() time.Time
	relays  func() []string // see invites

	mu    sync.Mutex
	key   entry.Device // of the newest code since the start
	asked *asked       // with that
	asks  int          // how often somebody has begun with that
}

// pairing is what is kept of a code. Its name in the store is the public half of its key.
type pairing struct {
	Expires time.Time `json:"expires"`
	Ended   bool      `json:"ended,omitempty"` // another code was made, or the words were others
	// Declined says that a device asked with it, and the words were others. It may hear of that late.
	Declined bool   `json:"declined,omitempty"`
	By       string `json:"by,omitempty"` // the device that was added, in hexadecimal
}

// asked is a device that asks to be added. Guarded by pairings.mu.
type asked struct {
	device     charter.NewDevice
	pairing    charter.Pairing
	commitment [32]byte
	revealed   bool          // the pairing holds both nonces
	decided    chan struct{} // closed when somebody has compared the words
	declined   bool
}

const pairingPrefix = "pairing/"

var _ peer.Invites = (*pairings)(nil)

func newPairings(r *replica.Replica, now func() time.Time) *pairings {
	return &pairings{replica: r, now: now}
}

func (s *pairings) put(key entry.Device, v *pairing) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	batch := store.NewBatch(nil)
	batch.PutSmall(pairingPrefix+key.String(), b)
	return s.replica.Store().Commit(batch)
}

func (s *pairings) get(key entry.Device) (pairing, error) {
	var v pairing
	b, err := s.replica.Store().Small(pairingPrefix + key.String())
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(b, &v)
}

// Issued implements peer.Invites.
func (s *pairings) Issued(key entry.Device) bool {
	v, err := s.get(key)
	return err == nil && s.now().Before(v.Expires.Add(overTime))
}

// Leads implements peer.Invites: only the device that made a code answers it.
func (s *pairings) Leads(_, _ entry.Device) bool { return false }

// again is how a device shows that it is the one that was added with a code, and hasn't heard of it: its key, and its
// word under that of the code.
func again(code entry.Device, device entry.Signer) []byte {
	d, word := device.Device(), device.Sign(entry.DomainAgain, code[:])
	return append(d[:], word[:]...)
}

// added says whether the code was spent on who asks again.
func (v *pairing) added(code entry.Device, again []byte) bool {
	if len(again) != 32+64 || v.By == "" {
		return false
	}
	d := entry.Device(again[:32])
	return v.By == d.String() && entry.VerifySignature(d, entry.DomainAgain, code[:], [64]byte(again[32:]))
}

// open draws a code. One that was open until now isn't good any more.
func (s *pairings) open(answerers []charter.Answerer, life time.Duration) (code string, expires time.Time, err error) {
	if err := s.replica.Speaks(); err != nil {
		return "", expires, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.endOlder(); err != nil {
		return "", expires, err
	}
	s.decideLocked(true)
	c := s.replica.Charter()
	v := charter.NewDeviceCode(c.Space(), c.Tip(), answerers[:min(len(answerers), charter.MaxAnswerers)]...)
	if code, err = v.Encode(); err != nil {
		return "", expires, err
	}
	expires = s.now().Add(life).UTC().Truncate(time.Second)
	s.key, s.asked, s.asks = v.Key().Device(), nil, 0
	return code, expires, s.put(s.key, &pairing{Expires: expires})
}

// endOlder makes older codes useless, and forgets the oldest of many.
func (s *pairings) endOlder() error {
	type kept struct {
		name string
		pairing
	}
	var all []kept
	if err := s.replica.Store().Smalls(pairingPrefix, func(name string, value []byte) {
		k := kept{name: name}
		_ = json.Unmarshal(value, &k.pairing) // one that can't be read has expired at the zero time
		all = append(all, k)
	}); err != nil {
		return err
	}
	slices.SortFunc(all, func(a, b kept) int { return b.Expires.Compare(a.Expires) })
	batch := store.NewBatch(nil)
	for i := range all {
		k := &all[i]
		if i >= maxPairings-1 {
			batch.PutSmall(k.name, nil)
			continue
		}
		if k.Ended || k.By != "" {
			continue
		}
		k.Ended = true
		b, err := json.Marshal(&k.pairing)
		if err != nil {
			return err
		}
		batch.PutSmall(k.name, b)
	}
	if batch.Empty() {
		return nil
	}
	return s.replica.Store().Commit(batch)
}

// decideLocked lets the device that asks hear that it is decided.
func (s *pairings) decideLocked(declined bool) {
	if a := s.asked; a != nil {
		select {
		case <-a.decided:
		default:
			a.declined = declined
			close(a.decided)
		}
	}
}

// refusal says why a code isn't good any more; nil if it is.
func (s *pairings) refusal(v *pairing) error {
	switch {
	case v.By != "":
		return &peer.JoinError{Code: peer.JoinUsed}
	case v.Ended:
		return &peer.JoinError{Code: peer.JoinRevoked}
	case s.now().After(v.Expires):
		return &peer.JoinError{Code: peer.JoinExpired}
	}
	return nil
}

// Redeem implements peer.Invites: it answers a device that dials with the key of a code.
func (s *pairings) Redeem(ctx context.Context, key entry.Device, request []byte) ([]byte, error) {
	if len(request) == 0 {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	if err := s.replica.Speaks(); err != nil {
		return nil, &peer.JoinError{Code: peer.JoinRefused, Reason: "the device that made this code speaks for nobody any more"}
	}
	switch rest := request[1:]; request[0] {
	case knock.RequestHello:
		v, err := s.get(key)
		if err != nil {
			return nil, err
		}
		if err := s.refusal(&v); err != nil && !v.added(key, rest) {
			return nil, err
		}
		return knock.WelcomeNow(s.replica)
	case knock.RequestPair:
		return s.pair(key, rest)
	case knock.RequestReveal:
		return nil, s.reveal(key, rest)
	case knock.RequestAdded:
		return s.added(ctx, key, rest)
	}
	return nil, &peer.JoinError{Code: peer.JoinBadRequest}
}

// pair takes who asks to be added, and gives this device's part of what the words are made of.
func (s *pairings) pair(key entry.Device, request []byte) ([]byte, error) {
	q, err := knock.ReadPairRequest(request)
	if err != nil {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	v, err := s.get(key)
	if err != nil {
		return nil, err
	}
	if err := s.refusal(&v); err != nil {
		return nil, err
	}
	me, ok := s.replica.Me()
	if !ok || !q.Accepts(s.replica.Charter().Space(), me.Key) {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	if s.replica.Charter().Knows(q.Device.Key) {
		return nil, &peer.JoinError{Code: peer.JoinRefused, Reason: "this device is in the charter already"}
	}
	if s.key != key { // it is of before the daemon's start
		s.decideLocked(true)
		s.key, s.asked, s.asks = key, nil, 0
	}
	if a := s.asked; a != nil && a.device.Key != q.Device.Key {
		return nil, &peer.JoinError{Code: peer.JoinUsed, Reason: "another device asks with it"}
	}
	if s.asks >= MaxAsks {
		v.Ended = true
		return nil, errors.Join(&peer.JoinError{Code: peer.JoinRevoked}, s.put(key, &v))
	}
	s.decideLocked(true)
	a := &asked{device: q.Device, commitment: q.Commitment, decided: make(chan struct{})}
	a.pairing = charter.Pairing{Space: s.replica.Charter().Space(), Code: key, By: s.replica.Device(), New: q.Device.Key}
	rand.Read(a.pairing.NonceBy[:]) // never fails (Go 1.24)
	s.asked = a
	s.asks++
	return a.pairing.NonceBy[:], nil
}

// reveal takes the new device's part.
func (s *pairings) reveal(key entry.Device, nonce []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.asked
	if a == nil || s.key != key || a.revealed || len(nonce) != len(a.pairing.NonceNew) {
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	a.pairing.NonceNew = [32]byte(nonce)
	if a.pairing.Commitment() != a.commitment {
		s.asked = nil
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	a.revealed = true
	return nil
}

// added waits until somebody has compared the words, and gives the charter with the new device.
func (s *pairings) added(ctx context.Context, key entry.Device, again []byte) ([]byte, error) {
	s.mu.Lock()
	a := s.asked
	waits := a != nil && s.key == key && a.revealed
	v, err := s.get(key)
	s.mu.Unlock()
	switch {
	case err != nil:
		return nil, err
	case v.added(key, again):
		return knock.WelcomeNow(s.replica, told(s.relays)...)
	case v.By != "":
		return nil, &peer.JoinError{Code: peer.JoinUsed}
	case !waits && v.Declined:
		return nil, &peer.JoinError{Code: peer.JoinDeclined}
	case !waits:
		if err := s.refusal(&v); err != nil {
			return nil, err
		}
		return nil, &peer.JoinError{Code: peer.JoinRefused, Reason: "the daemon there was started anew meanwhile; ask again with the same code"}
	}
	wait := time.NewTimer(min(pairWait, max(v.Expires.Sub(s.now()), 0)))
	defer wait.Stop()
	select {
	case <-a.decided:
	case <-wait.C:
		if s.now().After(v.Expires) {
			return nil, &peer.JoinError{Code: peer.JoinExpired}
		}
		return nil, &peer.JoinError{Code: peer.JoinWaiting}
	case <-ctx.Done():
		return nil, &peer.JoinError{Code: peer.JoinWaiting}
	}
	s.mu.Lock()
	declined := a.declined
	s.mu.Unlock()
	if declined {
		return nil, &peer.JoinError{Code: peer.JoinDeclined}
	}
	return knock.WelcomeNow(s.replica, told(s.relays)...)
}

// show says how it stands with the newest code.
func (s *pairings) show() (api.Pairing, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := api.Pairing{State: api.PairingNone}
	if s.key == (entry.Device{}) {
		return out, nil
	}
	v, err := s.get(s.key)
	if err != nil {
		return out, err
	}
	out.ExpiresAt = api.At(v.Expires)
	if a := s.asked; a != nil && a.revealed {
		out.Device = &api.Named{ID: a.device.Key.String(), Name: a.device.Name}
		out.Words = a.pairing.Words()
	}
	switch {
	case v.By != "":
		out.State = api.PairingAdded
	case v.Ended:
		out.State = api.PairingEnded
	case s.now().After(v.Expires):
		out.State = api.PairingExpired
	case out.Device != nil:
		out.State = api.PairingAsked
	default:
		out.State = api.PairingOpen
	}
	return out, nil
}

// errOtherWords says that the words which somebody read on the new device are others.
var errOtherWords = problem.New(problem.NotAllowed, "make another code, and show it to nobody but the new device: kith device add", "the new device shows other words: they were mistyped, or somebody is between the two; nothing was added, and the code is useless now")

// errOrder says that they are the right words, one for the other.
var errOrder = problem.New(problem.Invalid, "type them as they stand there: kith device confirm WORD WORD", "the new device shows these two words in the other order; nothing was added yet")

// confirm adds the device that asks, if the words are those that it shows.
func (s *pairings) confirm(ctx context.Context, typed string) (entry.Device, error) {
	words, err := charter.ReadPair(typed)
	if err != nil {
		return entry.Device{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	a := s.asked
	if a == nil || !a.revealed {
		return entry.Device{}, api.Problemf(api.NotFound, "kith device add prints a code; on the new device: kith device join -", "no new device is waiting to be added")
	}
	v, err := s.get(s.key)
	if err != nil {
		return entry.Device{}, err
	}
	if err := s.refusal(&v); err != nil {
		return entry.Device{}, err
	}
	shown := a.pairing.Words()
	if charter.AreSwapped(words, shown) {
		return entry.Device{}, errOrder
	}
	if !slices.Equal(words, shown) {
		return entry.Device{}, errors.Join(errOtherWords, s.declineLocked(&v))
	}
	if _, err := s.replica.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Certify(s.replica.Device(), a.device) }); err != nil {
		return entry.Device{}, err
	}
	v.By = a.device.Key.String()
	err = s.put(s.key, &v)
	s.decideLocked(false) // it is in the charter, whether that could be noted or not
	return a.device.Key, err
}

// decline makes the newest code useless.
func (s *pairings) decline() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.key == (entry.Device{}) {
		return nil
	}
	v, err := s.get(s.key)
	if err != nil || s.refusal(&v) != nil {
		return err
	}
	return s.declineLocked(&v)
}

func (s *pairings) declineLocked(v *pairing) error {
	v.Ended, v.Declined = true, s.asked != nil
	err := s.put(s.key, v)
	s.decideLocked(true)
	s.asked = nil
	return err
}
