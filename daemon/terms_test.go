package daemon

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/home"
	"kith/daemon/knock"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
	"kith/daemon/words"
)

// alliedHomes are Ana of one co-op and Dora of another, whose daemons run and serve a share of both, and clients for it.
func alliedHomes(t *testing.T, terms share.Terms) (ana, dora *computer, anas, doras *apitest.Client) {
	t.Helper()
	ana, dora = coop(t, "Ana")[0], coopCalled(t, "Quilted", "Dora")[0]
	anasPlace, where := placeFor(t, ana)
	dorasPlace, _ := placeFor(t, dora)
	both := replicatest.Share(t, terms, [2]replica.Config{anasPlace, dorasPlace})
	ofHome(t, ana, anasPlace, both[0])
	ofHome(t, dora, dorasPlace, both[1])
	v, err := entrance.SeatInvite(both[0], time.Now, where)
	must(t, err)
	code, err := charter.DecodeInvite(v.Code)
	must(t, err)
	for _, r := range both {
		must(t, r.Close())
	}
	ana.start()
	joined, err := peer.Join(t.Context(), code.Key(), ana.addrs, []byte{knock.RequestHello}, nil)
	must(t, err)
	theirs, err := replica.Open(dorasPlace)
	must(t, err)
	must(t, space.Addresses(theirs).Save(joined.Answerer, joined.Record))
	must(t, theirs.Close())
	dora.start()
	return ana, dora, within(t, ana, "Quilted"), within(t, dora, "Riso Print Co-op and Quilted")
}

// ofHome notes in a place that the share which lies there is of a home's co-op.
func ofHome(t *testing.T, h *computer, at replica.Config, there *replica.Replica) {
	t.Helper()
	own := h.openReplica()
	defer func() { must(t, own.Close()) }()
	me, _ := own.Me()
	ofCoop(t, at, there, own.Space(), me.ID)
}

// ofCoop notes that it is of this co-op, and who this is there.
func ofCoop(t *testing.T, at replica.Config, there *replica.Replica, coop entry.SpaceID, me charter.MemberID) {
	t.Helper()
	place, err := home.Open(filepath.Dir(at.Dir))
	must(t, err)
	defer func() { must(t, place.Close()) }()
	must(t, place.SetSharePlace(home.SharePlace{Home: coop, Member: me, Share: there.Space(), Side: there.Charter().Space()}))
}

func TestTermsBindBothOnceBothSayThemAndEitherEndsItAlone(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana"), coopCalled(t, "Quilted", "Dora")
	ana, dora := riso[0], quilted[0]
	space := madePact(t, riso, quilted)
	anas, doras := within(t, ana, space), within(t, dora, space)
	began := time.Now().UTC() // midnight may pass meanwhile
	in := func(years int) string { return began.AddDate(years, 0, 0).Format(time.DateOnly) }
	stored := func(c *apitest.Client) int {
		s, err := c.Status(t.Context())
		must(t, err)
		return s.Entries.Stored
	}
	before := stored(anas)
	p, err := anas.Propose(t.Context(), api.ProposalRequest{Action: api.ActionTerms, Ends: in(2), Voices: "people"})
	must(t, err)
	const step = 3 // the proposal, its consent and what brings it into force
	last, err := time.Parse(time.DateOnly, in(2))
	must(t, err)
	if want := "until " + last.Format("2 Jan 2006") + "; joint decisions count people"; !strings.Contains(p.Title, want) || p.State != "in_force" {
		t.Errorf("it is called %q and is %s, without %q", p.Title, p.State, want)
	}
	_, err = doras.Propose(t.Context(), api.ProposalRequest{Action: api.ActionTerms, Ends: in(2), Voices: "people"})
	must(t, err)
	ana.until("both have the same", func() bool {
		said := stored(anas) - before // by both: the same of each
		return said == 2*step && stored(doras) == before+said
	})
	for q, want := range map[*api.ProposalRequest]string{
		{Action: api.ActionTerms, Ends: "2020-01-01"}:        "which is over",
		{Action: api.ActionTerms, Ends: in(11)}:              "within ten years",
		{Action: api.ActionTerms, Ends: "soon"}:              "no date",
		{Action: api.ActionTerms, Ends: in(2)}:               "in force already",
		{Action: api.ActionTerms, Voices: "both"}:            "way to count",
		{Action: api.ActionTerms}:                            "say what is to be different",
		{Action: api.ActionEndShare}:                         "needs a reason",
		{Action: api.ActionContacts, Contacts: []string{""}}: "name",
	} {
		if _, err := anas.Propose(t.Context(), *q); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want %q", q, err, want)
		}
	}
	if _, err := ana.client.In("Riso Print Co-op").Propose(t.Context(), api.ProposalRequest{Action: api.ActionEndShare, Why: "over"}); err == nil || !strings.Contains(err.Error(), "no share with an ally") {
		t.Errorf("a co-op was ended: %v", err)
	}

	all, err := ana.homeClient().EndAlly(t.Context(), "quilted", "the fair is over")
	must(t, err)
	if len(all) != 1 || all[0].State != "in_force" {
		t.Fatalf("the end of the pact: %+v", all)
	}
	for h, c := range map[*computer]*apitest.Client{ana: anas, dora: doras} {
		h.until("it is over on both sides", func() bool {
			_, err := c.CreateTask(t.Context(), apitest.NewTask{Title: "one more"})
			return err != nil && strings.Contains(err.Error(), "ended")
		})
	}
	if _, err := ana.homeClient().EndAlly(t.Context(), "Quilted", "the fair is over"); err == nil || !strings.Contains(err.Error(), "ended already") {
		t.Errorf("it was ended twice: %v", err)
	}
	if _, err := ana.homeClient().EndAlly(t.Context(), "Bakery", "the fair is over"); err == nil || !strings.Contains(err.Error(), "no pact") {
		t.Errorf("a pact that isn't was ended: %v", err)
	}
	ana.stop()
	dora.stop()
	for i, h := range []*computer{ana, dora} {
		r := h.openShare()
		s, _ := r.Share()
		terms, ok := s.Terms()
		if want := (share.Terms{Purpose: fair, Ends: terms.Ends, Voices: share.People}); !ok || terms != want || words.DayOf(terms.Ends) != in(2) {
			t.Errorf("on side %d the terms are %+v", i, terms)
		}
		must(t, r.Close())
	}
}

// openShare opens the replica of the first share in a home that isn't served.
func (h *computer) openShare() *replica.Replica {
	r, _ := h.firstShare()
	return r
}

// firstShare is openShare, with the folder of the share's place.
func (h *computer) firstShare() (*replica.Replica, string) {
	h.t.Helper()
	opened, err := home.Open(h.dir)
	must(h.t, err)
	defer func() { must(h.t, opened.Close()) }()
	places, err := opened.Places()
	must(h.t, err)
	for _, p := range places {
		key, err := p.DeviceKey()
		must(h.t, err)
		r, err := replica.Open(replica.Config{Dir: p.StoreDir(), Key: key})
		must(h.t, err)
		if s, _ := r.Share(); s != nil {
			return r, p.Where()
		}
		must(h.t, r.Close())
	}
	h.t.Fatalf("%s has no share", h.name)
	return nil, ""
}
