package entrance

import (
	"errors"

	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// NewPhraseOptions is what a member asks for a new recovery phrase with.
type NewPhraseOptions struct {
	Home     string
	Via      string // the code of a way back
	Name     string // of this device
	Listen   []string
	Announce []string
	Another  bool // beside the co-ops that are in the home
}

// NewPhrase draws a new recovery phrase in an empty home, and gives the code with which the others
// propose it. It needs no network: what the phrase stands for, and this device's key, are all
// that the code holds. Once the co-op has agreed, Recover comes back with the phrase.
func NewPhrase(o NewPhraseOptions) (res api.NewPhrase, err error) {
	if _, err := charter.DecodeWay(o.Via); err != nil { // before there is a home
		return res, err
	}
	home, place, err := home.OpenNew(o.Home, o.Another)
	if err != nil {
		return res, err
	}
	defer func() { err = errors.Join(err, home.Close()) }()
	return NewPhraseIn(place, o)
}

// NewPhraseIn is NewPhrase in a place of a home in which nothing is yet. o.Home and o.Another aren't looked at.
func NewPhraseIn(place *home.Home, o NewPhraseOptions) (res api.NewPhrase, err error) {
	way, err := charter.DecodeWay(o.Via)
	if err != nil {
		return res, err
	}
	config, key, err := place.NewDevice(o.Name, o.Listen, o.Announce, nil)
	if err != nil {
		return res, err
	}
	res.RecoveryPhrase = charter.NewPhrase()
	member, err := charter.SignerFromPhrase(res.RecoveryPhrase)
	if err != nil {
		return res, err
	}
	rekey, err := charter.NewRekey(way.Space, way.Member, member, key, config.DeviceName)
	if err != nil {
		return res, err
	}
	res.Words = rekey.Words()
	res.Device = api.Named{ID: key.Device().String(), Name: config.DeviceName}
	res.Code, err = rekey.Code()
	return res, err
}

// NewKeyTerms reads the code of a new member key, which must be for the member who is named. All
// that is here of their devices stays; of one that a device of theirs retired what that honours; of
// those that never were theirs nothing. What the old member key said counts no more, as it may have
// been a thief who said it.
func NewKeyTerms(r *replica.Replica, member charter.MemberID, code string, notTheirs []string) (charter.Terms, error) {
	t := charter.Terms{Type: charter.ProposalKey}
	rekey, err := charter.RekeyFromCode(code)
	if err != nil {
		return t, err
	}
	w := words.New(r.Charter())
	if m, ok := w.Charter.Member(member); ok && m.Standing == charter.Prospective {
		return t, api.Problemf(api.NotAllowed, "kith invite", "%s is no full member yet: a new invite does the same", m.Name)
	}
	if rekey.Member != member {
		return t, api.Problemf(api.NotAllowed, "kith member list", "this code isn't for %s: it is for %s", w.Name(member), w.Name(rekey.Member))
	}
	if err := rekey.Verify(r.Charter().Space()); err != nil {
		return t, api.Problemf(api.Invalid, "ask for the code again: kith device new-phrase --via -", "this code isn't right for this co-op: %v", err)
	}
	t.Rekey = &rekey
	if t.Frontiers, err = Honoured(r, member, w.Charter.RetiredBy); err != nil {
		return t, err
	}
	m, _ := w.Charter.Member(member)
	for _, word := range notTheirs {
		d, err := api.ResolveDevice(devicesShown(w.Charter, &m), word)
		if err != nil {
			return t, err
		}
		for i := range t.Frontiers {
			if t.Frontiers[i].Device.String() == d.ID {
				t.Frontiers[i].Frontier = nil
			}
		}
	}
	return t, nil
}
