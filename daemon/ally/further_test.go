package ally

import (
	"errors"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/ally/side"
	"kith/daemon/daemontest"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

// Nobody compares words, so the code is for the ally alone that it went to.
func TestNobodyTakesTheCodeOfAFurtherShareInTheNameOfAnotherCoop(t *testing.T) {
	t.Parallel()
	l := newMeetingLab(t)
	first, _ := replicatest.TwoAllies(t)
	l.serve(&space.Space{Replica: first})
	must(t, l.k.change(func(p *pact) error { p.Through = first.Space().String(); return nil }))
	var refused *peer.JoinError
	if err := l.caller("Bakery").begins(); !errors.As(err, &refused) || refused.Code != peer.JoinRefused {
		t.Errorf("somebody of Quilted is taken for Bakery: %v", err)
	}
	if p := l.pact(); p.known() || p.Asks != 0 {
		t.Errorf("kept: %+v", p)
	}
	must(t, l.caller("Quilted").begins())
	if err := l.k.confirm([]string{"apple", "apple"}); err == nil || l.pact().Over != nil {
		t.Errorf("words are compared for a further share: %v", err)
	}
	l.serve()
	if err := l.caller("Quilted").begins(); !errors.As(err, &refused) || refused.Code != peer.JoinRevoked {
		t.Errorf("the share through which the code went is gone: %v", err)
	}
}

// Who joins sees the request, and nobody agrees to anything: what is offered must be that, with the terms that hold.
func TestAFurtherShareIsForWhatTheRequestSaysWithTheTermsThatHold(t *testing.T) {
	t.Parallel()
	_, second := replicatest.TwoAllies(t)
	all := daemontest.Serving(t, second)
	x := side.New(all).Base(second.Space())
	dora := daemontest.Alone(t, "Quilted", "Dora")
	which, err := readSide(genesisOf(t, "Riso Print Co-op", "Ana", entry.NewSigner()).Encoded())
	must(t, err)
	terms, _ := x.Share.Terms()
	terms.Purpose = "The winter fair"
	al := New(all, side.New(all)).Of(&space.Space{Replica: dora, Now: time.Now})
	offered := func(alter func(*share.Terms)) error {
		o := &offer{side: which, terms: terms}
		alter(&o.terms)
		return al.welcome(dora, o, &further{Base: x, title: "The winter fair"})
	}
	if err := offered(func(*share.Terms) {}); err != nil {
		t.Error(err)
	}
	for what, alter := range map[string]func(*share.Terms){
		"another purpose":      func(t *share.Terms) { t.Purpose = "The winter fair, and Quilted pays for it" },
		"another end":          func(t *share.Terms) { t.Ends = uint64(time.Now().AddDate(9, 0, 0).UnixMilli()) },
		"another way to count": func(t *share.Terms) { t.Voices = share.People },
	} {
		if err := offered(alter); err == nil || !strings.Contains(err.Error(), "isn't what the request says") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Two homes of one person can be called alike.
func TestAFurtherShareIsOfTheHomeWhoseShareItGoesThrough(t *testing.T) {
	t.Parallel()
	first, _ := replicatest.TwoAllies(t)
	var homes []*space.Space
	for range 2 {
		r := daemontest.Alone(t, "Riso Print Co-op", "Ana")
		homes = append(homes, &space.Space{Place: home.At(t.TempDir()), Replica: r, Now: time.Now})
	}
	there := &space.Space{Place: home.At(t.TempDir()), Replica: first, Now: time.Now}
	own := homes[0].Replica.Space()
	must(t, there.Place.SetSharePlace(home.SharePlace{Home: own, Member: charter.MemberID{1}, Share: first.Space(), Side: first.Charter().Space()}))
	all := space.NewList(nil, space.Config{Now: time.Now}, homes[0], homes[1], there)
	pacts := New(all, side.New(all))
	one, other := pacts.Of(homes[0]), pacts.Of(homes[1])
	ask, err := first.Create(t.Context(), kinds.Ask.Name, func(e replica.Edit) error { return crdttest.NewRequest("The winter fair", "", "kitha1")(e.Doc, nil) })
	must(t, err)
	if x, err := one.baseWith("quilted"); err != nil || x.Replica != first {
		t.Errorf("the home whose share it is: %v", err)
	}
	if _, err := other.baseWith("quilted"); err == nil {
		t.Error("another home opens a share through it")
	}
	if _, _, err := one.invited(ask.ID.String()[:6]); err == nil || !strings.Contains(err.Error(), "your own co-op has opened") {
		t.Errorf("the home whose share it is: %v", err)
	}
	if _, _, err := other.invited(ask.ID.String()[:6]); err == nil || !strings.Contains(err.Error(), "no ally has opened") {
		t.Errorf("another home: %v", err)
	}
}
