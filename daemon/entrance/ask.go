package entrance

import (
	"context"
	"errors"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/words"
)

// Ask redeems an invite code in a text, for whom no network leads to anybody who answers it: in an empty home, or beside the
// co-ops that are in it. The home keeps the request until its answer was read (daemon.ReadWelcome). To ask again with the same code
// and name gives the same request, whose phrase was shown; with another one gives up the request before.
func Ask(_ context.Context, o JoinOptions) (out api.JoinAsked, err error) {
	if _, _, err := asking(o); err != nil { // before there is a home
		return out, err
	}
	if err := home.Free(o.Home, o.Another); err != nil {
		return out, err
	}
	own, err := home.Open(o.Home)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, own.Close()) }()
	return AskIn(own, o, func(id entry.SpaceID) error { return notTwice(own, id) })
}

// asking reads with which code somebody asks, and under which name.
func asking(o JoinOptions) (code charter.Invite, name string, err error) {
	if code, err = charter.DecodeInvite(o.Invite); err == nil {
		name, err = personName(o.As)
	}
	return code, name, err
}

// AskIn is Ask in a home that is open, whose daemon may serve others. twice says why its person can't come into a co-op a second time.
// o.Home and o.Another aren't looked at.
func AskIn(own *home.Home, o JoinOptions, twice func(entry.SpaceID) error) (out api.JoinAsked, err error) {
	code, name, err := asking(o)
	if err != nil {
		return out, err
	}
	if out, ok, err := askedBefore(own, code, name); ok || err != nil {
		return out, err
	}
	if err := twice(code.Space); err != nil {
		return out, err
	}
	if err := own.ChoosePortMap(o.PortMap); err != nil {
		return out, err
	}
	place, err := own.PlaceToAsk()
	if err != nil {
		return out, err
	}
	begun, err := beginIn(place, o.Listen, o.Announce, o.Relays)
	if err != nil {
		return out, err
	}
	ask, err := charter.NewAsk(code, begun.member, begun.device, name, begun.config.DeviceName)
	if err != nil {
		return out, err
	}
	text, err := ask.Encode()
	if err != nil {
		return out, err
	}
	kept := home.Ask{Text: text, Space: code.Space, Step: code.Step}
	if len(o.Relays) == 0 {
		kept.Relays = knock.UsableRelays(knock.Relays(code.Answerers, func(entry.Device) bool { return false }))
	}
	return api.JoinAsked{Ask: text, As: name, RecoveryPhrase: begun.phrase, Changed: true}, place.SetAsk(kept)
}

// Asking gives the requests of a home that wait for their answers, without the phrases.
func Asking(own *home.Home) (all []api.JoinAsked, err error) {
	places, err := own.Asking()
	if err != nil {
		return nil, err
	}
	for _, place := range places {
		kept, err := place.Ask()
		if err != nil {
			return nil, err
		}
		if ask, err := kept.Asked(); err == nil {
			all = append(all, api.JoinAsked{Ask: kept.Text, As: ask.Redemption.Name})
		}
	}
	return all, nil
}

// askedBefore gives the request that waits for its answer and is the same.
func askedBefore(own *home.Home, code charter.Invite, name string) (out api.JoinAsked, ok bool, err error) {
	places, err := own.Asking()
	if err != nil {
		return out, false, err
	}
	for _, place := range places {
		kept, err := place.Ask()
		if err != nil || kept == nil {
			return out, false, err
		}
		ask, err := kept.Asked()
		if err == nil && ask.Invite == code.Key().Device() && kept.Space == code.Space && ask.Redemption.Name == name {
			return api.JoinAsked{Ask: kept.Text, As: name}, true, nil
		}
	}
	return out, false, nil
}

// Asked lets in who asks by a text, if the code that they asked with is open to this device, and gives their device. Of who is in
// already it changes nothing: the answer may have got lost. The error says what to do about it here, where the answer is given.
func (e *Entrance) Asked(ctx context.Context, text string) (device entry.Device, changed bool, err error) {
	ask, err := charter.DecodeAsk(text)
	if err != nil {
		return device, false, err
	}
	r := e.at.Replica
	switch err := ask.Verify(r.Space()); {
	case errors.Is(err, charter.ErrAskElsewhere):
		return device, false, api.Problemf(api.Invalid, "if this device is in the other one, too, say so: --space NAME; else send the file to who gave them the code", "%v", err)
	case err != nil:
		return device, false, api.Problemf(api.Invalid, "they write it once more with the same command, and send it another way", "%v", err)
	}
	device = ask.Redemption.Device
	if isIn(r.Charter(), &ask.Redemption) {
		return device, false, nil
	}
	if err := r.Speaks(); err != nil {
		return device, false, err
	}
	return device, true, e.invites.asked(ctx, ask)
}

// isIn says whether who redeems a code is in by it, or was.
func isIn(c *charter.Charter, red *charter.Redemption) bool {
	m, ok := c.MemberOf(red.Device)
	return ok && m.Key == red.Member
}

// asked redeems a code for whom a file brings here.
func (s *invites) asked(ctx context.Context, ask charter.Ask) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	v, ok := s.lookUp(ask.Invite)
	if !ok {
		return s.notOurs(ask.Invite)
	}
	request, err := ask.Redemption.Encode()
	if err != nil {
		return err
	}
	err = s.redeem(ctx, ask.Invite, v, request)
	var refused *peer.JoinError
	if !errors.As(err, &refused) {
		return err
	}
	again := "kith invite, and send them the new code"
	switch refused.Code {
	case peer.JoinUsed:
		return api.Problemf(api.NotAllowed, "if they are somebody else: "+again, "the code of this request let somebody in already")
	case peer.JoinExpired:
		return api.Problemf(api.NotAllowed, again, "the code of this request has expired")
	case peer.JoinRevoked:
		return api.Problemf(api.NotAllowed, again, "the code of this request was revoked")
	case peer.JoinFoundingEnded:
		return api.Problemf(api.NotAllowed, again, "the code of this request was for a founding seat, and the founding is over")
	case peer.JoinNameTaken:
		return api.Problemf(api.Invalid, "the code is still good: they ask anew under another name, kith join CODE --write FILE --as NAME", "%s", refused.Reason)
	}
	return err
}

// notOurs says why this device answers no request with a code.
func (s *invites) notOurs(key entry.Device) error {
	said, known := s.replica.Charter().InviteOf(key)
	again := "kith invite, and send them the new code"
	switch {
	case known && len(said.Used) > 0:
		return api.Problemf(api.NotAllowed, "if they are somebody else: "+again, "the code of this request let somebody in already")
	case known && said.Revoked:
		return api.Problemf(api.NotAllowed, again, "the code of this request was revoked")
	case known && said.Expires > 0 && !s.now().Before(words.Moment(said.Expires)):
		return api.Problemf(api.NotAllowed, again, "the code of this request has expired")
	case known:
		return api.Problemf(api.NotAllowed, "a full member's computer does: send them the file", "only a full member's computer lets somebody in, and this isn't one")
	}
	return api.Problemf(api.NotFound, "have the computer that made the code answer; or "+again,
		"this computer doesn't know the code of this request: it is for a founding seat, which the founder's computer fills, or was made by one that this hasn't heard from since")
}
