package daemon

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/desk"
	"kith/daemon/home"
	"kith/daemon/replica"
)

// sharesNow are the shares of a home.
func (h *computer) sharesNow() []api.Share {
	h.t.Helper()
	all, err := h.homeClient().Shares(h.t.Context())
	must(h.t, err)
	return all
}

// shareNow gives a share of a home as it is told, once it is there.
func (h *computer) shareNow(id string) (s api.Share, ok bool) {
	h.t.Helper()
	for _, s := range h.sharesNow() {
		if s.Space.ID == id {
			return s, true
		}
	}
	return s, false
}

// opensFurther has somebody open a further share with an ally, and somebody of that join it. It gives its ID.
func (h *computer) opensFurther(ally, title string, joins *computer) string {
	h.t.Helper()
	var opened api.Ally
	h.until("the first share is there", func() bool {
		var err error
		opened, err = h.homeClient().NewShare(h.t.Context(), api.NewShareRequest{Ally: ally, Title: title, Listen: here()})
		return err == nil
	})
	joins.until("the request is there, and taken", func() bool {
		_, err := joins.homeClient().JoinShare(h.t.Context(), api.JoinShareRequest{Ask: opened.Ask, Listen: here()}, time.Minute)
		return err == nil
	})
	id := ""
	h.until("the further share is there", func() bool {
		for _, s := range h.sharesNow() {
			if s.Title == title && api.FoldName(s.With) == api.FoldName(ally) {
				id = s.Space.ID
			}
		}
		return id != ""
	})
	joins.until("the further share is there", func() bool { _, ok := joins.shareNow(id); return ok })
	return id
}

// Eli, of Quilted, opens a further share while the others of Quilted are away, and is alone there. Quilted removes him. What
// he says there from then on isn't Quilted's.
func TestSomebodyWhomTheAllyRemovedDoesntGoOnAsTheAllyInAFurtherShare(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana"), coopCalled(t, "Quilted", "Dora", "Fay", "Eli")
	ana, dora, fay, eli := riso[0], quilted[0], quilted[1], quilted[2]
	first := madePact(t, riso, quilted)
	eli.until("in the first share", func() bool { s, ok := eli.shareNow(first); return ok && len(s.Ours) == 3 })
	eli.until("and Ana's computer is connected with his", func() bool {
		peers, err := within(t, eli, first).Peers(t.Context())
		must(t, err)
		return slices.ContainsFunc(peers, func(p api.Peer) bool { return p.Member.Name == "Ana (Riso Print Co-op)" && p.Connected })
	})
	dora.stop()
	fay.stop()
	further := eli.opensFurther("Riso Print Co-op", "The winter fair", ana)
	anas, elis := within(t, ana, further), within(t, eli, further)
	tent, err := elis.CreateDecision(t.Context(), apitest.NewDecision{Title: "Buy a tent", Text: "Riso pays."})
	must(t, err)
	ana.until("she consents", func() bool {
		_, err := anas.TakePosition(t.Context(), tent.ID, apitest.PositionRequest{Stance: "consent"})
		return err == nil
	})
	eli.until("he has her consent", func() bool {
		d, err := elis.Decision(t.Context(), tent.ID)
		must(t, err)
		return len(d.WaitingFor) == 0
	})
	if s, _ := ana.shareNow(further); s.Doubt != "" {
		t.Errorf("before anybody has left: %s", s.Doubt)
	}
	eli.stop()
	dora.start()
	fay.start()
	agrees(t, api.ProposalRequest{Action: api.ActionRemove, Member: "Eli", Why: "he took the cash"}, dora, fay)
	ana.until("it isn't known any more who speaks for Quilted there", func() bool { s, _ := ana.shareNow(further); return s.Doubt != "" })
	if s, _ := ana.shareNow(first); s.Doubt != "" {
		t.Errorf("of the first share that is known: %s", s.Doubt)
	}

	_, err = anas.CloseDecision(t.Context(), tent.ID, apitest.CloseRequest{})
	refusedFor(t, "closing what only he consented to", err, "can't be closed")
	decision := func() apitest.Decision {
		d, err := anas.Decision(t.Context(), tent.ID)
		must(t, err)
		return d
	}
	if d := decision(); d.Status != "open" || !strings.Contains(d.Voices[1].Says, "it isn't known any more") {
		t.Errorf("the decision is %s: %+v", d.Status, d.Voices)
	}
	// He records it, with a modified program that has heard of nothing.
	place := home.At(filepath.Join(eli.dir, "spaces", "2"))
	key, err := place.DeviceKey()
	must(t, err)
	he := listen(t, replica.Config{Dir: place.StoreDir(), Key: key})
	id, err := desk.DocID(tent.ID)
	must(t, err)
	_, err = he.replica.Edit(t.Context(), id, func(e replica.Edit) error {
		return e.Perform(kinds.Decision, kinds.Decision.Verb("close"), kind.Request{Text: &kind.Writing{}}, nil)
	})
	must(t, err)
	must(t, he.host.Connect(t.Context(), hostOf(t, filepath.Join(ana.dir, "spaces", "2"))))
	ana.until("his record is there", func() bool { return decision().Outcome != nil })
	if d := decision(); d.Status != "open" || d.Outcome.State != "doesnt_hold" || !strings.Contains(d.Outcome.Why, "Eli") {
		t.Errorf("the decision is %s: %+v", d.Status, d.Outcome)
	}
	open, err := anas.Decisions(t.Context(), apitest.DecisionQuery{Open: true})
	must(t, err)
	if len(open) != 1 {
		t.Errorf("open: %+v", open)
	}
	// Nothing more is shared there without being asked.
	note, err := ana.homeClient().CreateNote(t.Context(), apitest.NewNote{Title: "Prices"})
	must(t, err)
	_, err = ana.homeClient().ShareDocument(t.Context(), further, api.ShareAdd{ID: note.ID})
	refusedFor(t, "sharing there", err, "speak for it", "--anyway")
	_, err = ana.homeClient().ShareDocument(t.Context(), further, api.ShareAdd{ID: note.ID, Anyway: true})
	must(t, err)
	today, err := ana.homeClient().Today(t.Context())
	must(t, err)
	if !slices.ContainsFunc(today.Notice, func(s string) bool { return strings.Contains(s, "The winter fair") }) {
		t.Errorf("today doesn't say it: %v", today.Notice)
	}
	// It is remembered over a restart.
	ana.kill()
	ana.start()
	if d := decision(); d.Status != "open" {
		t.Errorf("after a restart the decision is %s", d.Status)
	}
	stopAll(ana, dora, fay)
}

// Who opened a further share may leave: their colleagues, who are in it, have said that it is theirs.
func TestAFurtherShareGoesOnWhenWhoOpenedItLeaves(t *testing.T) {
	t.Parallel()
	riso, quilted := coopCalled(t, "Riso Print Co-op", "Ana"), coopCalled(t, "Quilted", "Dora", "Eli")
	ana, dora, eli := riso[0], quilted[0], quilted[1]
	first := madePact(t, riso, quilted)
	further := eli.opensFurther("Riso Print Co-op", "The winter fair", ana)
	in := func(h *computer, id string, theirs int) bool {
		s, ok := h.shareNow(id)
		return ok && len(s.Theirs) == theirs && s.Doubt == ""
	}
	ana.until("all are in both", func() bool { return in(ana, first, 2) && in(ana, further, 2) })
	dora.until("Dora's computer has been let in, and has fetched the share", func() bool { return in(dora, further, 1) })
	ana.until("Dora's computer has said that it is Quilted's", func() bool {
		all, err := ana.homeClient().Asks(t.Context())
		must(t, err)
		return slices.ContainsFunc(all, func(a api.Ask) bool { return a.UpdatedAt.After(a.At.Time) })
	})
	_, err := eli.client.Resign(t.Context(), api.ResignRequest{Why: "to the sea", Yes: true})
	must(t, err)
	ana.until("he isn't in either, and it is known who speaks for Quilted", func() bool { return in(ana, first, 1) && in(ana, further, 1) })
	d, err := within(t, dora, further).CreateDecision(t.Context(), apitest.NewDecision{Title: "A tent"})
	must(t, err)
	anas := within(t, ana, further)
	ana.until("she consents", func() bool {
		_, err := anas.TakePosition(t.Context(), d.ID, apitest.PositionRequest{Stance: "consent"})
		return err == nil
	})
	if d, err = anas.CloseDecision(t.Context(), d.ID, apitest.CloseRequest{}); err != nil || d.Status != "agreed" {
		t.Errorf("%s, %v", d.Status, err)
	}
	// Once the first share is over nobody there could take it back, so it isn't known.
	if _, err = within(t, ana, first).Propose(t.Context(), api.ProposalRequest{Action: api.ActionEndShare, Why: "the fair is over"}); err != nil {
		t.Fatal(err)
	}
	ana.until("it isn't known any more who speaks for Quilted", func() bool {
		s, _ := ana.shareNow(further)
		return strings.Contains(s.Doubt, "your first share is over")
	})
	stopAll(ana, dora, eli)
}

// makesPact lets two people make a pact of their co-ops, which nobody else has to agree on, for a purpose.
func makesPact(t *testing.T, first, second *computer, purpose string) (share string) {
	t.Helper()
	made, err := first.homeClient().AllyInvite(t.Context(), api.AllyInviteRequest{Purpose: purpose, Ends: nextYear(), Listen: here()})
	must(t, err)
	joined := second.joinsAlly(made.Code)
	var asked api.Ally
	first.until("they can compare words", func() bool {
		asked, err = first.homeClient().Ally(t.Context(), made.ID)
		must(t, err)
		return asked.State == api.AllyCompare
	})
	second.confirms(asked.Words)
	_, err = first.homeClient().AllyConfirm(t.Context(), api.AllyConfirmRequest{Words: strings.Join(joined.Words, " "), Ally: made.ID})
	must(t, err)
	first.until("the pact is made", func() bool {
		for _, s := range first.sharesNow() {
			if s.Title == purpose && s.With == asked.Name {
				share = s.Space.ID
			}
		}
		return share != ""
	})
	return share
}

// The Bakery has called its share "quilted", and was there first. What is meant for Quilted is for Quilted.
func TestAnAllysNameGoesBeforeTitlesAndWhatMayMeanSeveralIsAsked(t *testing.T) {
	t.Parallel()
	ana, eli, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Bakery", "Eli")[0], coopCalled(t, "Quilted", "Dora")[0]
	for _, h := range []*computer{ana, eli, dora} {
		h.start()
	}
	bakery := makesPact(t, ana, eli, "quilted")
	quilted := makesPact(t, ana, dora, "the fair")
	further := eli.opensFurther("Riso Print Co-op", "the fair", ana)
	home, ctx := ana.homeClient(), t.Context()

	asked, err := home.AskAlly(ctx, api.AskRequest{Ally: "Quílted", Title: "The price list"})
	must(t, err)
	if asked.Share.ID != quilted {
		t.Errorf("asked in the share with %s", asked.With)
	}
	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "Prices"})
	must(t, err)
	if p, err := home.PreviewSharing(ctx, "quilted", api.ShareAdd{ID: note.ID}); err != nil || p.With != "Quilted" || p.Share.ID != quilted {
		t.Errorf("shared by the ally's name, it is for %s: %v", p.With, err)
	}
	if s, err := home.ShowShare(ctx, "bakery"); err != nil || s.Space.ID != bakery {
		t.Errorf("of several shares with one ally the first is meant: %+v, %v", s, err)
	}
	there, err := within(t, ana, "quilted").CreateNote(ctx, apitest.NewNote{Title: "For Quilted"})
	must(t, err)
	dora.until("it is with Quilted", func() bool {
		_, err := within(t, dora, quilted).Note(ctx, there.ID)
		return err == nil
	})
	// Two are called "the fair".
	_, err = home.PreviewSharing(ctx, "the fair", api.ShareAdd{ID: note.ID})
	var p *api.Problem
	if !asTold(err, &p) || p.Code != api.Ambiguous || len(p.Candidates) != 2 || !strings.Contains(p.Candidates[0].Title, "with ") {
		t.Errorf("a title that two have: %+v", err)
	}
	_, err = home.ShareDocument(ctx, "the fair", api.ShareAdd{ID: note.ID})
	refusedFor(t, "sharing under a title that two have", err, "may be more than one share")
	_, err = within(t, ana, "the fair").CreateNote(ctx, apitest.NewNote{Title: "For whom?"})
	refusedFor(t, "writing under a title that two have", err, "several spaces are called")
	for _, id := range []string{bakery, quilted, further} {
		for _, word := range []string{id, strings.ToUpper(id), id[:12]} {
			if s, err := home.ShowShare(ctx, word); err != nil || s.Space.ID != id {
				t.Errorf("by ID %s: %+v, %v", word, s, err)
			}
		}
	}
	// When the pact with Quilted is over, its name doesn't become the Bakery's.
	_, err = home.EndAlly(ctx, "Quilted", "we part as friends")
	must(t, err)
	if s, _ := ana.shareNow(quilted); !s.Over {
		t.Errorf("the share with Quilted: %+v", s)
	}
	for _, id := range []string{bakery, further} {
		if s, _ := ana.shareNow(id); s.Over {
			t.Errorf("ended with it: %+v", s)
		}
	}
	_, err = home.PreviewSharing(ctx, "quilted", api.ShareAdd{ID: note.ID})
	refusedFor(t, "sharing with who isn't an ally any more", err, "with Quilted ended")
	stopAll(ana, eli, dora)
}

// A share's title can be the start of another's ID.
func TestATitleThatReadsAsAnIDIsAskedAbout(t *testing.T) {
	t.Parallel()
	ana, eli, dora := coopCalled(t, "Riso Print Co-op", "Ana")[0], coopCalled(t, "Bakery", "Eli")[0], coopCalled(t, "Quilted", "Dora")[0]
	for _, h := range []*computer{ana, eli, dora} {
		h.start()
	}
	quilted := makesPact(t, ana, dora, "the fair")
	makesPact(t, ana, eli, quilted[:8])
	_, err := ana.homeClient().ShowShare(t.Context(), quilted[:8])
	refusedFor(t, "a title that is the start of an ID", err, "may be more than one share")
	_, err = within(t, ana, quilted[:8]).Notes(t.Context(), apitest.NoteQuery{})
	refusedFor(t, "the same as a space", err, "several spaces are called")
	if s, err := ana.homeClient().ShowShare(t.Context(), quilted[:12]); err != nil || s.Space.ID != quilted {
		t.Errorf("by more of its ID: %+v, %v", s, err)
	}
	stopAll(ana, eli, dora)
}
