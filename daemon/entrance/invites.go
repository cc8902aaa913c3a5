package entrance

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/store"
	"kith/daemon/words"
)

// The states of an invite.
const (
	inviteOpen    = "open"
	inviteUsed    = "used"
	inviteRevoked = "revoked"
	inviteExpired = "expired"
)

// invite is what the device that made a code keeps of it. Its name in the store is the public
// half of its key, so that a joiner who dials with the key is recognised.
type invite struct {
	Code    string    `json:"code"`
	Expires time.Time `json:"expires"`
	Revoked bool      `json:"revoked,omitempty"`
	By      string    `json:"by,omitempty"` // the device that redeemed it, in hexadecimal
	// Prospective says that the charter knows of the code, and that it leads to a prospective
	// member; else it is for a founding seat.
	Prospective bool `json:"prospective,omitempty"`
}

const invitePrefix = "invite/"

// overTime is for how long the holder of a code is told why it isn't good any more. After it the code is forgotten, and
// whoever dials with it is a stranger.
const overTime = 14 * 24 * time.Hour

// invites are the codes that this device answers: those that it made, and the others of which the charter says that a full
// member made them for somebody who is to be prospective. Those for founding seats are the founder's alone, and the charter
// says nothing of them before they are used. Redeeming is one at a time, so no code is redeemed twice by this device; two
// that haven't heard of each other may each let somebody in by one code, and everybody sees that.
type invites struct {
	replica *replica.Replica
	now     func() time.Time
	relays  func() []string // that this computer names, for who is in; nil: none

	mu sync.Mutex // held while a code is redeemed or taken back

	latelyMu sync.Mutex
	lately   map[entry.Device]time.Time // whom this device let in with others' codes, and when
}

// lateAnswer is for how long who was let in with a code that another device made may ask again: the answer may have got lost.
const lateAnswer = 2 * time.Minute

func newInvites(r *replica.Replica, now func() time.Time) *invites {
	return &invites{replica: r, now: now, lately: map[entry.Device]time.Time{}}
}

// letIn notes that somebody was let in with a code that another device made. There are as few as members may have guests.
func (s *invites) letIn(key entry.Device) {
	s.latelyMu.Lock()
	defer s.latelyMu.Unlock()
	for k, at := range s.lately {
		if s.now().Sub(at) > lateAnswer {
			delete(s.lately, k)
		}
	}
	s.lately[key] = s.now()
}

func (s *invites) letInLately(key entry.Device) bool {
	s.latelyMu.Lock()
	defer s.latelyMu.Unlock()
	at, ok := s.lately[key]
	return ok && s.now().Sub(at) < lateAnswer
}

// SeatInvite makes an invite to a founding seat of a replica, valid for InviteLife; answerers are where this device is
// reached.
func SeatInvite(r *replica.Replica, now func() time.Time, answerers []charter.Answerer) (api.Invite, error) {
	return newInvites(r, now).seat(answerers, InviteLife)
}

func inviteName(key entry.Device) string { return invitePrefix + key.String() }

// seat draws a code for a founding seat and stores it.
func (s *invites) seat(answerers []charter.Answerer, life time.Duration) (api.Invite, error) {
	key, kept, err := s.draw(answerers, life)
	if err != nil {
		return api.Invite{}, err
	}
	return s.show(key, kept), s.put(key, kept)
}

// prospective draws a code for a prospective member, says so in the charter and stores it.
func (s *invites) prospective(ctx context.Context, answerers []charter.Answerer, life time.Duration) (api.Invite, error) {
	key, kept, err := s.draw(answerers, life)
	if err != nil {
		return api.Invite{}, err
	}
	kept.Prospective = true
	say := func(c *charter.Charter) ([]byte, error) {
		return c.Invite(s.replica.Device(), key, uint64(kept.Expires.UnixMilli()))
	}
	if err := s.replica.Speaks(); err != nil {
		return api.Invite{}, err
	}
	if _, err := say(s.replica.Charter()); err != nil {
		return api.Invite{}, err
	}
	// The code is kept first: one that the charter names and nobody has would only take up room.
	if err := s.put(key, kept); err != nil {
		return api.Invite{}, err
	}
	if _, err := s.replica.Say(ctx, say); err != nil {
		kept.Revoked = true
		return api.Invite{}, errors.Join(err, s.put(key, kept))
	}
	return s.show(key, kept), nil
}

func (s *invites) draw(answerers []charter.Answerer, life time.Duration) (key entry.Device, kept invite, err error) {
	if err := s.forget(); err != nil {
		return key, kept, err
	}
	c := s.replica.Charter()
	v := charter.NewInvite(c.Space(), c.Tip(), answerers[:min(len(answerers), charter.MaxAnswerers)]...)
	code, err := v.Encode()
	return v.Key().Device(), invite{Code: code, Expires: s.now().Add(life).UTC().Truncate(time.Second)}, err
}

func (s *invites) put(key entry.Device, v invite) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	batch := store.NewBatch(nil)
	batch.PutSmall(inviteName(key), b)
	return s.replica.Store().Commit(batch)
}

func (s *invites) get(key entry.Device) (invite, error) {
	var v invite
	b, err := s.replica.Store().Small(inviteName(key))
	if err != nil {
		return v, err
	}
	return v, json.Unmarshal(b, &v)
}

// state says how it stands with a code that this device made.
func (s *invites) state(key entry.Device, v invite) string {
	said, known := s.replica.Charter().InviteOf(key)
	switch {
	case v.By != "", known && len(said.Used) > 0:
		return inviteUsed
	case v.Revoked, known && said.Revoked:
		return inviteRevoked
	case s.now().After(v.Expires):
		return inviteExpired
	}
	return inviteOpen
}

// ofOthers gives what the charter says of a code for a prospective member that another device made. ok is false if this one
// answers for no such code: nobody here is a full member, or the code doesn't lead to anything any more. Why it doesn't says
// only the device that made it: what is over is shut at the handshake everywhere else.
func (s *invites) ofOthers(key entry.Device) (v invite, ok bool) {
	c := s.replica.Charter()
	said, ok := c.InviteOf(key)
	if !ok || said.Revoked || len(said.Used) > 0 {
		return v, false
	}
	me, speaks := s.replica.Me()
	by, _ := c.Member(said.By)
	if !speaks || me.Standing != charter.Full || by.Standing != charter.Full {
		return v, false
	}
	v = invite{Prospective: true, Expires: words.Moment(said.Expires)}
	if said.Expires == 0 {
		v.Expires = s.now().Add(time.Hour) // never, by who made it
	}
	return v, s.now().Before(v.Expires)
}

// lookUp gives what is known of a code that this device answers.
func (s *invites) lookUp(key entry.Device) (v invite, ok bool) {
	v, err := s.get(key)
	if err == nil {
		return v, s.now().Before(v.Expires.Add(overTime))
	}
	return s.ofOthers(key)
}

func (s *invites) show(key entry.Device, v invite) api.Invite {
	out := api.Invite{
		ID: words.InviteID(key), Code: v.Code, Standing: charter.Full.String(),
		ExpiresAt: api.At(v.Expires), State: s.state(key, v),
	}
	switch {
	case v.Prospective:
		out.Standing = charter.Prospective.String()
	case out.State == inviteOpen:
		out.Says = []string{saysSeat}
	}
	return out
}

// list returns all codes, the newest expiry last.
func (s *invites) list() (all []api.Invite, keys map[string]entry.Device, err error) {
	keys = map[string]entry.Device{}
	err = s.replica.Store().Smalls(invitePrefix, func(name string, value []byte) {
		var v invite
		raw, err := hex.DecodeString(name[len(invitePrefix):])
		if err != nil || len(raw) != len(entry.Device{}) || json.Unmarshal(value, &v) != nil {
			return // not of ours
		}
		shown := s.show(entry.Device(raw), v)
		keys[shown.ID] = entry.Device(raw)
		all = append(all, shown)
	})
	sort.SliceStable(all, func(i, j int) bool {
		if !all[i].ExpiresAt.Equal(all[j].ExpiresAt.Time) {
			return all[i].ExpiresAt.Before(all[j].ExpiresAt.Time)
		}
		return all[i].ID < all[j].ID
	})
	return all, keys, err
}

// revoke ends a code; one that was used stays used.
func (s *invites) revoke(ctx context.Context, id string) (api.Invite, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, keys, err := s.list()
	if err != nil {
		return api.Invite{}, err
	}
	key, ok := keys[id]
	if !ok {
		return api.Invite{}, api.Problemf(api.NotFound, "kith invite list", "this device made no invite %s", id)
	}
	v, err := s.get(key)
	if err != nil {
		return api.Invite{}, err
	}
	if s.state(key, v) == inviteUsed {
		return api.Invite{}, api.Problemf(api.NotAllowed, "kith member list", "the invite %s was used already", id)
	}
	if v.Prospective {
		if _, err := s.replica.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Revoke(s.replica.Device(), key) }); err != nil {
			return api.Invite{}, err
		}
	}
	v.Revoked = true
	return s.show(key, v), s.put(key, v)
}

// Issued implements peer.Invites.
func (s *invites) Issued(key entry.Device) bool {
	_, ok := s.lookUp(key)
	return ok || s.letInLately(key)
}

// Leads implements peer.Invites: whoever has an open code of a full member may go through this device to the other full
// members' devices, which answer it, too.
func (s *invites) Leads(key, to entry.Device) bool {
	if _, ok := s.ofOthers(key); !ok {
		return false
	}
	m, ok := s.replica.Charter().MemberOf(to)
	return ok && m.Standing == charter.Full
}

// saysSeat says who lets in the holder of a code for a founding seat.
const saysSeat = "A founding seat is filled by the founder's computer alone: it has to be on, with kith daemon running, when the others type their codes."

// today is the text of a code of this device with where it is found today. The key stays, and so it is the same code.
func (s *invites) today(text string, answerers []charter.Answerer) (string, error) {
	v, err := charter.DecodeInvite(text)
	if err != nil {
		return "", err
	}
	tip := s.replica.Charter().Tip()
	v.Step, v.Answerers = [8]byte(tip[:8]), answerers[:min(len(answerers), charter.MaxAnswerers)]
	return v.Encode()
}

// forget deletes the codes that have long been over.
func (s *invites) forget() error {
	batch := store.NewBatch(nil)
	err := s.replica.Store().Smalls(invitePrefix, func(name string, value []byte) {
		var v invite
		if json.Unmarshal(value, &v) == nil && s.now().After(v.Expires.Add(overTime)) {
			batch.PutSmall(name, nil)
		}
	})
	if err != nil || batch.Empty() {
		return err
	}
	return s.replica.Store().Commit(batch)
}

// Redeem implements peer.Invites: it answers a joiner, letting them in if they redeem. A code that isn't open gets its
// reason and nothing else.
func (s *invites) Redeem(ctx context.Context, key entry.Device, request []byte) ([]byte, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(request) == 0 {
		return nil, &peer.JoinError{Code: peer.JoinBadRequest}
	}
	v, ok := s.lookUp(key)
	if !ok { // it opened something when the connection came
		v = invite{Prospective: true, Revoked: true}
	}
	switch request[0] {
	case knock.RequestHello:
		if err := s.refusal(key, v); err != nil {
			return nil, err
		}
		return knock.WelcomeNow(s.replica)
	case knock.RequestRedeem:
		if err := s.redeem(ctx, key, v, request[1:]); err != nil {
			return nil, err
		}
		return knock.WelcomeNow(s.replica, told(s.relays)...)
	}
	return nil, &peer.JoinError{Code: peer.JoinBadRequest}
}

func (s *invites) redeem(ctx context.Context, key entry.Device, v invite, request []byte) error {
	red, err := charter.DecodeRedemption(request)
	if err != nil {
		return &peer.JoinError{Code: peer.JoinBadRequest}
	}
	c := s.replica.Charter()
	// The answer to a redemption may have got lost on the way: who signed it gets it again, whoever answered.
	said, _ := c.InviteOf(key)
	if m, ok := c.MemberOf(red.Device); ok && m.Key == red.Member && (v.By == red.Device.String() || slices.Contains(said.Used, m.ID)) && red.Verify(c.Space(), key) == nil {
		return nil
	}
	if err := s.refusal(key, v); err != nil {
		return err
	}
	if v.Code == "" {
		s.letIn(key) // before the charter says that the code is used, and the gate hears of it
	}
	_, err = s.replica.Say(ctx, func(c *charter.Charter) ([]byte, error) {
		if v.Prospective {
			return c.AdmitProspective(s.replica.Device(), key, red)
		}
		return c.FillSeat(key, red)
	})
	if err != nil {
		return refusal(err)
	}
	if v.Code == "" { // another device keeps it
		return nil
	}
	v.By = red.Device.String()
	return s.put(key, v)
}

// refusal says why a code isn't good any more; nil if it is open.
func (s *invites) refusal(key entry.Device, v invite) error {
	switch s.state(key, v) {
	case inviteUsed:
		return &peer.JoinError{Code: peer.JoinUsed}
	case inviteRevoked:
		return &peer.JoinError{Code: peer.JoinRevoked}
	case inviteExpired:
		return &peer.JoinError{Code: peer.JoinExpired}
	}
	return nil
}

// refusal says to a joiner why the seat can't be theirs.
func refusal(err error) error {
	var name *charter.NameError
	var taken *charter.NameTakenError
	switch {
	case errors.As(err, &name), errors.As(err, &taken):
		return &peer.JoinError{Code: peer.JoinNameTaken, Reason: err.Error()}
	case errors.Is(err, charter.ErrFoundingClosed):
		return &peer.JoinError{Code: peer.JoinFoundingEnded}
	case errors.Is(err, charter.ErrInviteUsed):
		return &peer.JoinError{Code: peer.JoinUsed}
	case errors.Is(err, charter.ErrRevoked), errors.Is(err, charter.ErrNoInvite), errors.Is(err, charter.ErrNotFull):
		return &peer.JoinError{Code: peer.JoinRevoked}
	}
	return fmt.Errorf("let somebody in: %w", err)
}
