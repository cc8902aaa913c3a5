package daemon

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/desk"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/waittest"
)

// refused expects a refusal with these words.
func refusedFor(t *testing.T, what string, err error, words ...string) {
	t.Helper()
	var p *api.Problem
	if !asTold(err, &p) {
		t.Errorf("%s: %v, want a refusal", what, err)
		return
	}
	for _, w := range words {
		if !strings.Contains(p.Message+" "+p.Hint, w) {
			t.Errorf("%s is refused with %q (%s), without %q", what, p.Message, p.Hint, w)
		}
	}
}

// shares puts a document of the home into the share with the ally.
func (h *computer) shares(ally, id string, readOnly bool) api.Document {
	h.t.Helper()
	res, err := h.homeClient().ShareDocument(h.t.Context(), ally, api.ShareAdd{ID: id, ReadOnly: readOnly})
	must(h.t, err)
	if res.Document == nil {
		h.t.Fatalf("%s was not shared: %+v", id, res.Proposal)
	}
	return *res.Document
}

func TestATaskOfACoopGoesOnInAShareAndBothSidesWorkOnIt(t *testing.T) {
	t.Parallel()
	ana, dora, anas, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	secret, err := home.CreateTask(ctx, apitest.NewTask{Title: "What the bank said"})
	must(t, err)
	task, err := home.CreateTask(ctx, apitest.NewTask{
		Title: "Print the programme", Text: "As in " + secret.Short + ", and t-shirts.", Project: "fair", Due: "2099-12-01", Hours: 2.5, Tags: []string{"print"},
	})
	must(t, err)
	_, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskTake})
	must(t, err)
	_, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskHelp, Why: "the bank frets"})
	must(t, err)

	p, err := home.PreviewSharing(ctx, "quilted", api.ShareAdd{ID: task.Short})
	must(t, err)
	want := api.SharePreview{
		Share: p.Share, With: "Quilted", ID: task.ID, Short: task.Short, Kind: kinds.Task.Name, Title: "Print the programme",
		Text: "As in (not shared), and t-shirts.", Tags: []string{"print"}, Fields: []api.Field{
			{Name: "status", Value: "open"}, {Name: "project", Value: "fair"}, {Name: "due", Value: "2099-12-01"}, {Name: "hours", Value: "2.5"},
		}, Readers: p.Readers, Replaced: []string{secret.Short}, Says: p.Says, Heads: p.Heads,
	}
	if got, want := fmt.Sprintf("%+v", p), fmt.Sprintf("%+v", want); got != want {
		t.Errorf("it will show\n%s, want\n%s", got, want)
	}
	if len(p.Readers) != 1 || p.Readers[0].Name != "Dora" {
		t.Errorf("it will be read by %v", p.Readers)
	}
	for _, words := range []string{"Dora can read it", "history stays at home", "can't be unsaid", secret.Short} {
		if !strings.Contains(strings.Join(p.Says, " "), words) {
			t.Errorf("before it happens nothing is said of %q: %q", words, p.Says)
		}
	}
	if all, err := anas.Tasks(ctx, apitest.TaskQuery{}); err != nil || len(all) != 0 {
		t.Fatalf("a preview has shared something: %v %v", all, err)
	}

	d := ana.shares("Quilted", task.Short, false)
	if s := d.Shared; d.ID != task.ID || s == nil || s.With != "Quilted" || !s.Here || !s.Ours || s.ReadOnly || s.Alone || s.Over || s.ID == task.ID || s.By.Name != "Ana" {
		t.Fatalf("at home it is %+v, shared %+v", d, s)
	}
	dora.until("she has what is shared", func() bool {
		all, err := doras.Tasks(ctx, apitest.TaskQuery{})
		must(t, err)
		return len(all) == 1
	})
	all, err := doras.Tasks(ctx, apitest.TaskQuery{})
	must(t, err)
	there := all[0]
	if there.ID != d.Shared.ID || there.Text != p.Text || there.Hours != 2.5 || len(there.TakenBy) != 0 || there.Help.Wanted || there.Shared.Ours || there.CreatedBy.Name != "Ana (Riso Print Co-op)" {
		t.Errorf("Dora has %+v, shared %+v", there, there.Shared)
	}

	// Both write in it, each where they know it.
	title := "Print and cut the programme"
	_, err = doras.EditTask(ctx, there.ID, apitest.TaskEdit{Title: &title})
	must(t, err)
	_, err = doras.ActOnTask(ctx, there.ID, apitest.TaskAction{Verb: apitest.TaskOffer, Why: "I have a knife"})
	must(t, err)
	ana.until("she sees at home what Dora did", func() bool {
		got, err := home.Task(ctx, task.ID)
		must(t, err)
		return got.Title == title && got.UpdatedBy.Name == "Dora (Quilted)" && len(got.Help.Offers) == 1 && got.Help.Offers[0].Member.Name == "Dora (Quilted)"
	})
	got, err := home.Task(ctx, task.Short)
	must(t, err)
	got, err = home.EditTask(ctx, task.ID, apitest.TaskEdit{Text: &api.TextEdit{Text: got.Text + " See " + secret.ID + ".", BaseHeads: got.Heads}})
	must(t, err)
	if got.ID != task.ID || got.Short != task.Short || !strings.HasSuffix(got.Text, "See (not shared).") {
		t.Errorf("after Ana's edit at home it is %+v", got)
	}
	if _, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskTake}); err != nil {
		t.Fatal(err)
	}
	_, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskAsk, Members: []string{"Dora"}})
	must(t, err)
	dora.until("she is asked, and sees that Ana took it", func() bool {
		today, err := doras.Today(ctx)
		must(t, err)
		return len(today.Asked) == 1 && len(today.Asked[0].TakenBy) == 1 && today.Asked[0].TakenBy[0].Name == "Ana (Riso Print Co-op)" && strings.Contains(today.Asked[0].Text, "See (not shared)")
	})
	_, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskHelp, Why: "as for " + secret.Short})
	must(t, err)
	mine, err := home.Tasks(ctx, apitest.TaskQuery{Mine: true, Limit: 1})
	must(t, err)
	if len(mine) != 1 || mine[0].ID != task.ID || mine[0].Shared == nil {
		t.Errorf("Ana's own tasks: %+v", mine)
	}

	// The last change counts, wherever it was made.
	_, err = home.CreateTask(ctx, apitest.NewTask{Title: "Something else"})
	must(t, err)
	_, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskStart})
	must(t, err)
	if last, err := home.Tasks(ctx, apitest.TaskQuery{Limit: 1}); err != nil || len(last) != 1 || last[0].ID != task.ID {
		t.Errorf("last changed: %+v, %v", last, err)
	}

	// In what is about all spaces it stands once.
	hits, err := ana.client.Search(ctx, "programme", 10)
	must(t, err)
	if len(hits) != 1 || hits[0].ID != task.ID || hits[0].Shared == nil {
		t.Errorf("found: %+v", hits)
	}
	past := "2026-01-01"
	_, err = home.EditTask(ctx, task.ID, apitest.TaskEdit{Due: &past})
	must(t, err)
	today, err := ana.client.Today(ctx)
	must(t, err)
	if len(today.Due) != 1 || today.Due[0].ID != task.ID {
		t.Errorf("due for Ana: %+v", today.Due)
	}
	log, err := home.Log(ctx, task.ID, false, 0)
	must(t, err)
	says := fmt.Sprint(log)
	for _, line := range []string{"offered help", "shared: " + there.ID, "wants help: the bank frets"} {
		if !strings.Contains(says, line) {
			t.Errorf("the log at home doesn't say %q: %s", line, says)
		}
	}

	refusedFor(t, "sharing it again", func() error {
		_, err := home.ShareDocument(ctx, "Quilted", api.ShareAdd{ID: task.ID})
		return err
	}(), "shared with Quilted already, by Ana")
	_, err = home.PreviewSharing(ctx, "Bakery", api.ShareAdd{ID: secret.ID})
	refusedFor(t, "with whom there is no pact", err, "no share is called “Bakery”")
	_, err = home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: "t-zzzz"})
	refusedFor(t, "what isn't there", err, "no document")
	_, err = anas.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: there.ID})
	refusedFor(t, "what is in a share", err, "in a share already")

	shown, err := home.ShowShare(ctx, "a fair")
	must(t, err)
	if len(shown.Documents) != 1 || shown.Documents[0].Home != task.Short || shown.Documents[0].State != "doing" || shown.With != "Quilted" || shown.Rule != "anyone" ||
		len(shown.Ours) != 1 || shown.Ours[0].Name != "Ana" || shown.Theirs[0].Name != "Dora" {
		t.Errorf("the share is %+v", shown)
	}
	ana.stop()
	dora.stop()

	// Nothing of what stays at home is on Dora's computer.
	r := dora.openShare()
	texts := func(e *entry.Entry) bool { return bytes.Contains(e.Encoded(), []byte("Print the programme")) }
	if !slices.ContainsFunc(replicatest.Entries(t, r), texts) {
		t.Error("what was shared isn't found there: nothing would be")
	}
	for _, e := range replicatest.Entries(t, r) {
		for _, word := range []string{"bank", secret.ID, secret.Short, task.ID, strings.TrimPrefix(task.ID, "t-"), "frets"} {
			if bytes.Contains(e.Encoded(), []byte(word)) {
				t.Errorf("an entry on Dora's computer has %q in it", word)
			}
		}
		if raw, err := desk.DocID(task.ID); err != nil || bytes.Contains(e.Encoded(), raw[:]) {
			t.Errorf("an entry on Dora's computer names the document of the home: %v", err)
		}
	}
	must(t, r.Close())
}

func TestWhatIsSharedForReadingIsReadAndDecisionsAreReadAsNotes(t *testing.T) {
	t.Parallel()
	ana, dora, _, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "What we pay", Text: "Ten an hour.\n", Tags: []string{"pay"}})
	must(t, err)
	closed, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "Pay ten an hour", Text: "As in " + note.ID + "."})
	must(t, err)
	_, err = home.CloseDecision(ctx, closed.ID, apitest.CloseRequest{Text: "From January."})
	must(t, err)
	open, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "Pay twelve"})
	must(t, err)
	withdrawn, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "Pay nothing"})
	must(t, err)
	_, err = home.WithdrawDecision(ctx, withdrawn.ID, "a joke")
	must(t, err)

	shared := ana.shares("Quilted", note.ID, true)
	p, err := home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: closed.ID})
	must(t, err)
	if p.Kind != kinds.Note.Name || !strings.Contains(p.Text, "Agreed by consent on") || !strings.Contains(p.Text, "From January.") || !strings.Contains(p.Text, "As in "+shared.Shared.ID[:12]) {
		t.Errorf("a closed decision will be %+v", p)
	}
	copied := ana.shares("Quilted", closed.ID, false)
	if !copied.Shared.Copy || copied.Kind != kinds.Decision.Name || copied.Title != "Pay ten an hour" {
		t.Errorf("the closed decision is %+v, shared %+v", copied, copied.Shared)
	}
	if d := ana.shares("Quilted", open.ID, true); !d.Shared.Copy {
		t.Errorf("an open decision for reading is shared as %+v", d.Shared)
	}
	_, err = home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: withdrawn.ID})
	refusedFor(t, "a withdrawn decision", err, "withdrawn: a joke")
	if d, err := home.TakePosition(ctx, open.ID, apitest.PositionRequest{Stance: "object", Why: "too much"}); err != nil || len(d.Positions) != 1 || len(d.Voices) != 0 {
		t.Errorf("the decision that stays at home: %+v, %v", d, err)
	}

	dora.until("she has three notes", func() bool {
		all, err := doras.Notes(ctx, apitest.NoteQuery{})
		must(t, err)
		return len(all) == 3
	})
	theirs, err := doras.Note(ctx, shared.Shared.ID)
	must(t, err)
	if !theirs.Shared.ReadOnly || theirs.Shared.Ours || theirs.Text != "Ten an hour.\n" {
		t.Errorf("Dora reads %+v, shared %+v", theirs, theirs.Shared)
	}
	title := "What they pay"
	_, err = doras.EditNote(ctx, theirs.ID, apitest.NoteEdit{Title: &title})
	refusedFor(t, "writing in what is for reading", err, "Riso Print Co-op shared this for you to read", "kith ally ask")
	title = "What we pay now"
	_, err = home.EditNote(ctx, note.ID, apitest.NoteEdit{Title: &title})
	must(t, err)
	_, err = home.AppendNote(ctx, note.ID, "Twelve from May.")
	must(t, err)
	dora.until("she reads what Ana wrote", func() bool {
		got, err := doras.Note(ctx, theirs.ID)
		must(t, err)
		return got.Title == title && got.Text == "Ten an hour.\nTwelve from May."
	})
	versions, err := home.NoteHistory(ctx, note.ID)
	must(t, err)
	if len(versions) != 3 {
		t.Errorf("the versions in the share: %+v", versions)
	}
	back, err := home.RestoreNote(ctx, note.ID, versions[2].Head)
	must(t, err)
	if back.Text != "Ten an hour.\n" || back.ID != note.ID {
		t.Errorf("restored: %+v", back)
	}
	for c, want := range map[*apitest.Client]int{home: 1, doras: 3} {
		if list, err := c.Notes(ctx, apitest.NoteQuery{}); err != nil || len(list) != want {
			t.Errorf("there are %d notes, want %d: %v", len(list), want, err)
		}
	}
	ana.stop()
	dora.stop()
}

func TestAnAllyIsAskedAndBothSidesSeeWhereItStands(t *testing.T) {
	t.Parallel()
	ana, dora, _, _ := alliedHomes(t, aFair)
	ctx := t.Context()
	riso, quilted := ana.homeClient(), dora.homeClient()
	asked, err := quilted.AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "Could we see your pay agreement?"})
	must(t, err)
	second, err := quilted.AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "And your accounts?"})
	must(t, err)
	third, err := quilted.AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "A ladder?"})
	must(t, err)
	ana.until("they are in Ana's today", func() bool {
		today, err := ana.client.Today(ctx)
		must(t, err)
		return len(today.Asks) == 3 && today.Asks[0].With == "Quilted" && today.Asks[0].By.Name == "Dora (Quilted)"
	})
	if today, err := dora.client.Today(ctx); err != nil || len(today.Asks) != 0 {
		t.Errorf("Dora is told of what she asked herself: %+v %v", today.Asks, err)
	}
	note, err := riso.CreateNote(ctx, apitest.NewNote{Title: "What we pay"})
	must(t, err)
	_, err = quilted.AnswerAsk(ctx, asked.ID, api.AnswerRequest{No: true, Why: "no"})
	refusedFor(t, "answering oneself", err, "your own co-op asks this")
	_, err = riso.AnswerAsk(ctx, asked.ID, api.AnswerRequest{})
	refusedFor(t, "answering nothing", err, "say what to share, answer in words, or refuse")
	_, err = riso.AnswerAsk(ctx, asked.ID, api.AnswerRequest{No: true})
	refusedFor(t, "refusing without a reason", err, "needs a reason")
	_, err = riso.AnswerAsk(ctx, "q-zzzz", api.AnswerRequest{No: true, Why: "no"})
	refusedFor(t, "answering what isn't asked", err, "nothing that was asked")
	_, err = riso.AnswerAsk(ctx, note.ID, api.AnswerRequest{No: true, Why: "no"})
	refusedFor(t, "answering a note", err, "is the ID of a note")

	a, err := riso.AnswerAsk(ctx, asked.Short, api.AnswerRequest{IDs: []string{note.Short}, ReadOnly: true, Why: "with our best"})
	must(t, err)
	if a.State != api.AskShared || len(a.Answers) != 1 || len(a.Answers[0].Shared) != 1 || a.Answers[0].Shared[0].Title != "What we pay" {
		t.Errorf("answered: %+v", a)
	}
	if got, err := riso.Note(ctx, note.ID); err != nil || got.Shared == nil || !got.Shared.ReadOnly {
		t.Errorf("what was given is %+v, %v", got.Shared, err)
	}
	_, err = riso.AnswerAsk(ctx, second.ID, api.AnswerRequest{No: true, Why: "they aren't ours to show"})
	must(t, err)
	_, err = quilted.WithdrawAsk(ctx, third.ID, "we found one")
	must(t, err)
	dora.until("she sees the answers", func() bool {
		all, err := quilted.Asks(ctx)
		must(t, err)
		states := map[string]string{}
		for _, a := range all {
			states[a.ID] = a.State
		}
		return states[asked.ID] == api.AskShared && states[second.ID] == api.AskRefused && states[third.ID] == api.AskWithdrawn
	})
	ana.until("nothing waits for Ana any more", func() bool {
		today, err := ana.client.Today(ctx)
		must(t, err)
		return len(today.Asks) == 0
	})
	_, err = riso.AnswerAsk(ctx, third.ID, api.AnswerRequest{No: true, Why: "no"})
	refusedFor(t, "answering what was withdrawn", err, "we found one")
	_, err = riso.WithdrawAsk(ctx, second.ID, "never mind")
	refusedFor(t, "withdrawing what others ask", err, "only who asked")
	ana.stop()
	dora.stop()
}

func TestWhereACoopAgreedSoSharingTakesAnAgreedStep(t *testing.T) {
	t.Parallel()
	riso := coop(t, "Ana", "Ben")
	ana, ben := riso[0], riso[1]
	acquaint(riso)
	place, _ := placeFor(t, ana)
	both := replicatest.Share(t, aFair, [2]replica.Config{place, {Dir: t.TempDir(), Key: entry.NewSigner()}})
	ofHome(t, ana, place, both[0])
	space := both[0].Space().String()
	for _, r := range both {
		must(t, r.Close())
	}
	ana.start()
	ben.start()
	ctx := t.Context()
	home := ana.homeClient()
	rule := func(c *apitest.Client, word string) (api.Proposal, error) {
		return c.Propose(ctx, api.ProposalRequest{Action: api.ActionSharing, Rule: word})
	}
	_, err := rule(home, "nobody")
	refusedFor(t, "a rule that isn't one", err, "anyone, agreed")
	_, err = rule(home, "anyone")
	refusedFor(t, "the rule that holds", err, "is")
	_, err = rule(within(t, ana, space), "agreed")
	refusedFor(t, "a rule of a share", err, "this is a share")
	p, err := rule(home, "agreed")
	must(t, err)
	if p.Title != "share a document with an ally by an agreed step only" || p.State != "open" {
		t.Errorf("the proposal: %+v", p)
	}
	agree := func(id, says string) {
		t.Helper()
		ben.until("he has the proposal", func() bool {
			all, err := ben.client.Proposals(ctx, true)
			must(t, err)
			return slices.ContainsFunc(all, func(p api.Proposal) bool { return p.ID == id })
		})
		_, err := ben.client.AnswerProposal(ctx, id, api.ProposalAnswer{Verb: api.ProposalConsent})
		must(t, err)
		ana.until("it is in force", func() bool {
			p, err := home.Proposal(ctx, id)
			must(t, err)
			return p.State == "in_force"
		})
		lines, err := home.CharterLog(ctx, 10)
		must(t, err)
		if !strings.Contains(fmt.Sprint(lines), says) {
			t.Errorf("the charter's log doesn't say %q: %+v", says, lines)
		}
	}
	before, err := home.CreateNote(ctx, apitest.NewNote{Title: "Before"})
	must(t, err)
	ana.shares("Quilted", before.ID, false)
	agree(p.ID, "a document is shared with an ally by an agreed step only")

	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "What we pay"})
	must(t, err)
	look, err := home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: note.ID, ReadOnly: true})
	must(t, err)
	if look.Step != "needed" || !strings.Contains(strings.Join(look.Says, " "), "takes an agreed step") {
		t.Errorf("it isn't said that a step is needed: %+v", look)
	}
	res, err := home.ShareDocument(ctx, "Quilted", api.ShareAdd{ID: note.ID, ReadOnly: true})
	must(t, err)
	if res.Document != nil || res.Proposal == nil || !strings.Contains(res.Proposal.Title, note.Short+" “What we pay”") || !strings.Contains(res.Proposal.Title, "to read") {
		t.Fatalf("shared: %+v %+v", res.Document, res.Proposal)
	}
	again, err := home.ShareDocument(ctx, "Quilted", api.ShareAdd{ID: note.ID, ReadOnly: true})
	must(t, err)
	if again.Proposal == nil || again.Proposal.ID != res.Proposal.ID {
		t.Errorf("it was proposed twice: %+v", again.Proposal)
	}
	agree(res.Proposal.ID, "the co-op shares "+note.Short+" “What we pay”")
	if d := ana.shares("Quilted", note.ID, true); d.Shared.Alone || !d.Shared.ReadOnly {
		t.Errorf("agreed, it shows as %+v", d.Shared)
	}
	if got, err := home.Note(ctx, before.ID); err != nil || got.Shared.Alone {
		t.Errorf("what was shared before there was a rule shows as %+v, %v", got.Shared, err)
	}

	// A modified daemon, or somebody who says that they were allowed to.
	alone, err := home.CreateNote(ctx, apitest.NewNote{Title: "Behind our back"})
	must(t, err)
	ana.stop()
	r := ana.openReplica()
	doc, err := desk.DocID(alone.ID)
	must(t, err)
	before2, err := r.View(func() entry.DocID { d, _ := desk.DocID(note.ID); return d }())
	must(t, err)
	_, err = r.Create(ctx, kinds.Ally.Name, func(e replica.Edit) error {
		return crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: space, Side: space, Step: before2.Link.Agreed})(e.Doc, nil)
	})
	must(t, err)
	for _, agreed := range []string{"", before2.Link.Agreed} {
		_, err = r.Edit(ctx, doc, func(e replica.Edit) error {
			return crdt.SetLink(&crdt.Link{Share: space, Doc: "n-1", Agreed: agreed})(e.Doc, e.View)
		})
		must(t, err)
		if v, err := r.View(doc); err != nil || !v.Link.Alone {
			t.Errorf("with the step %q it shows as agreed: %+v, %v", agreed, v.Link, err)
		}
	}
	must(t, r.Close())
	ana.start()
	ben.until("he sees what Ana shared alone, though he isn't in the share", func() bool {
		got, err := ben.client.Note(ctx, alone.ID)
		return err == nil && got.Shared != nil && got.Shared.Alone && !got.Shared.Here && got.Shared.By.Name == "Ana" && got.Shared.With == "Quilted" && got.Title == "Behind our back"
	})
	title := "Mine"
	_, err = ben.client.EditNote(ctx, alone.ID, apitest.NoteEdit{Title: &title})
	refusedFor(t, "writing in what isn't here", err, "isn't here yet")
	ana.stop()
	ben.stop()
}

func TestAJointDecisionSaysHowEachCoopStands(t *testing.T) {
	t.Parallel()
	ana, dora, _, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	d, err := home.CreateDecision(ctx, apitest.NewDecision{Title: "Share a stall", Process: "majority"})
	must(t, err)
	shared := ana.shares("Quilted", d.ID, false)
	got, err := home.Decision(ctx, d.ID)
	must(t, err)
	if len(got.Positions) != 0 || len(got.Voices) != 2 || got.Voices[0].Says != "Riso Print Co-op: open (0 of 1 are for it); Ana hasn't answered yet" {
		t.Errorf("it begins in the share as %+v", got)
	}
	if today, err := ana.client.Today(ctx); err != nil || len(today.Decisions) != 1 || today.Decisions[0].ID != d.ID {
		t.Errorf("Ana's today: %+v %v", today.Decisions, err)
	}
	_, err = home.TakePosition(ctx, d.ID, apitest.PositionRequest{Stance: "agree"})
	must(t, err)
	dora.until("she hears of Ana's answer", func() bool {
		got, err := doras.Decision(ctx, shared.Shared.ID)
		return err == nil && len(got.Voices) == 2 && got.Voices[0].Says == "Quilted: open (0 of 1 are for it); Dora hasn't answered yet" &&
			got.Voices[1].Says == "Riso Print Co-op: for (1 of 1)"
	})
	_, err = home.CloseDecision(ctx, d.ID, apitest.CloseRequest{})
	if err == nil {
		t.Error("closed with one voice")
	}
	_, err = doras.TakePosition(ctx, shared.Shared.ID, apitest.PositionRequest{Stance: "agree"})
	must(t, err)
	ana.until("both are for it", func() bool {
		got, err := home.Decision(ctx, d.ID)
		must(t, err)
		return got.Voices[1].Says == "Quilted: for (1 of 1)"
	})
	got, err = home.CloseDecision(ctx, d.ID, apitest.CloseRequest{})
	must(t, err)
	if got.Status != "agreed" || got.ID != d.ID {
		t.Errorf("closed: %+v", got)
	}
	ana.stop()
	dora.stop()
}

func TestWhenAShareEndsTheCoopsOwnDocumentsGoOnAsTheyWereThere(t *testing.T) {
	t.Parallel()
	ana, dora, anas, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	task, err := home.CreateTask(ctx, apitest.NewTask{Title: "Print", Text: "A3"})
	must(t, err)
	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "The stall", Text: "Ours.\n"})
	must(t, err)
	d := ana.shares("Quilted", task.ID, false)
	ana.shares("Quilted", note.ID, false)
	dora.until("she has both", func() bool {
		all, err := doras.Find(ctx, "", "", 10)
		must(t, err)
		return len(all) == 2
	})
	title, due := "Print and cut", "2099-12-01"
	_, err = doras.EditTask(ctx, d.Shared.ID, apitest.TaskEdit{Title: &title, Due: &due, Text: &api.TextEdit{Text: "A3, recycled", Replace: true}, Tag: []string{"cut"}})
	must(t, err)
	_, err = doras.ActOnTask(ctx, d.Shared.ID, apitest.TaskAction{Verb: apitest.TaskDone})
	must(t, err)
	ana.until("it is done", func() bool {
		got, err := home.Task(ctx, task.ID)
		must(t, err)
		return got.Status == "done"
	})
	asked, err := doras.AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "One more?"})
	must(t, err)
	ana.until("she is asked", func() bool {
		today, err := ana.client.Today(ctx)
		must(t, err)
		return len(today.Asks) == 1 && today.Asks[0].ID == asked.ID
	})
	lost, err := home.CreateNote(ctx, apitest.NewNote{Title: "Lost"})
	must(t, err)
	ana.stop()
	r := ana.openReplica()
	doc, err := desk.DocID(lost.ID)
	must(t, err)
	_, err = r.Edit(ctx, doc, func(e replica.Edit) error { // shared by a colleague, and never come
		return crdt.SetLink(&crdt.Link{Share: d.Shared.Share.ID, Doc: "n-" + strings.Repeat("0", 32)})(e.Doc, e.View)
	})
	must(t, err)
	must(t, r.Close())
	ana.start()
	_, err = home.AppendNote(ctx, lost.ID, "more")
	refusedFor(t, "what hasn't come", err, "shared with Quilted", "isn't here yet")
	peers, err := ana.client.In("Quilted").Peers(ctx)
	if must(t, err); len(peers) == 0 {
		t.Fatal("Dora isn't among Ana's peers in the share, so that she isn't afterwards shows nothing")
	}
	_, err = ana.client.In("Quilted").Propose(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: "the fair is over"})
	must(t, err)
	// Attack 61. A former device isn't in the table, told addresses, nor let through the relay.
	ana.until("the ally's devices are former ones in the share", func() bool {
		peers, err := ana.client.In("Quilted").Peers(ctx)
		must(t, err)
		return !slices.ContainsFunc(peers, func(p api.Peer) bool { return strings.HasPrefix(p.Member.Name, "Dora") })
	})
	_, err = home.AppendNote(ctx, lost.ID, "more")
	refusedFor(t, "what never came", err, "was shared with Quilted", "isn't here")
	if today, err := ana.client.Today(ctx); err != nil || len(today.Asks) != 0 {
		t.Errorf("what was asked in a share that is over waits for Ana: %+v %v", today.Asks, err)
	}
	got, err := home.Task(ctx, task.ID)
	must(t, err)
	if s := got.Shared; got.Title != title || s == nil || !s.Over || s.Until.IsZero() {
		t.Errorf("after the end it is %+v, shared %+v", got, s)
	}
	_, err = anas.EditTask(ctx, d.Shared.ID, apitest.TaskEdit{Title: &due})
	refusedFor(t, "writing in a share that is over", err, "the share with Quilted ended on", "goes on in the co-op")
	other, err := home.CreateTask(ctx, apitest.NewTask{Title: "More"})
	must(t, err)
	_, err = home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: other.ID})
	refusedFor(t, "sharing in a share that is over", err, "ended on")
	_, err = home.AskAlly(ctx, api.AskRequest{Ally: "Quilted", Title: "More?"})
	refusedFor(t, "asking in a share that is over", err, "ended on")

	got, err = home.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskReopen})
	must(t, err)
	if got.Title != title || got.Text != "A3, recycled" || got.Due != due || got.Status != "open" || got.Shared != nil || !slices.Equal(got.Tags, []string{"cut"}) {
		t.Errorf("with the next edit it is %+v, shared %+v", got, got.Shared)
	}
	log, err := home.Log(ctx, task.ID, false, 0)
	must(t, err)
	if !strings.Contains(fmt.Sprint(log), "ended sharing") {
		t.Errorf("the log: %v", log)
	}
	again, err := home.AppendNote(ctx, note.ID, "Still.")
	must(t, err)
	if again.Text != "Ours.\nStill." || again.Shared != nil {
		t.Errorf("the note goes on as %+v", again)
	}
	shown, err := home.ShowShare(ctx, "Quilted")
	must(t, err)
	if !shown.Over || shown.Until.IsZero() || !slices.Equal(shown.OverBy, []string{"Riso Print Co-op"}) {
		t.Errorf("the share is %+v", shown)
	}
	ana.stop()
	dora.stop()
}

// The copy is there, and the daemon died before the document at home was linked.
func TestASharingThatACrashBrokeOffIsFinishedAtTheNextStart(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	place, _ := placeFor(t, ana)
	both := replicatest.Share(t, aFair, [2]replica.Config{place, {Dir: t.TempDir(), Key: entry.NewSigner()}})
	ofHome(t, ana, place, both[0])
	ctx := t.Context()
	home := ana.openReplica()
	v, err := home.Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	})
	must(t, err)
	link := crdt.Link{Share: both[0].Space().String(), Kept: true}
	made, err := both[0].CreateNoting(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdt.Keep(crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"}))(e.Doc, nil)
	}, func(doc entry.DocID) (string, []byte) {
		link.Doc = api.FullID(kinds.Note.Name, doc.String())
		b, err := json.Marshal(link)
		must(t, err)
		return "sharing/" + home.Space().String() + "/" + v.ID.String(), b
	})
	must(t, err)
	must(t, errors.Join(home.Close(), both[0].Close(), both[1].Close()))
	ana.start()
	c := ana.homeClient()
	ana.until("it is linked", func() bool {
		got, err := c.Note(ctx, api.FullID(kinds.Note.Name, v.ID.String()))
		must(t, err)
		return got.Shared != nil && got.Shared.Here && got.Shared.ID == api.FullID(kinds.Note.Name, made.ID.String())
	})
	ana.stop()
}

func TestAnAskIsAnsweredWithWhatIsInTheShareAlready(t *testing.T) {
	t.Parallel()
	ana, dora, anas, _ := alliedHomes(t, aFair)
	ctx := t.Context()
	there, err := anas.CreateNote(ctx, apitest.NewNote{Title: "The stall"})
	must(t, err)
	asked, err := dora.homeClient().AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "Where do we stand?"})
	must(t, err)
	ana.until("she is asked", func() bool {
		today, err := ana.client.Today(ctx)
		must(t, err)
		return len(today.Asks) == 1
	})
	a, err := ana.homeClient().AnswerAsk(ctx, asked.ID, api.AnswerRequest{IDs: []string{there.Short}})
	must(t, err)
	if a.State != api.AskShared || len(a.Answers) != 1 || len(a.Answers[0].Shared) != 1 || a.Answers[0].Shared[0].ID != there.ID {
		t.Errorf("answered: %+v", a)
	}
	ana.stop()
	dora.stop()
}

// Whoever opened an editor before the end, or reads the document as it stands in the share that is over, writes on that.
func TestWhatIsWrittenOnTheStateInAShareThatIsOverComesHome(t *testing.T) {
	t.Parallel()
	ana, dora, anas, _ := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	first, err := home.CreateNote(ctx, apitest.NewNote{Title: "The stall", Text: "Ours.\n"})
	must(t, err)
	second, err := home.CreateNote(ctx, apitest.NewNote{Title: "The tent", Text: "White.\n"})
	must(t, err)
	d := ana.shares("Quilted", first.ID, false)
	ana.shares("Quilted", second.ID, false)
	_, err = anas.AppendNote(ctx, d.Shared.ID, "And theirs.\n")
	must(t, err)
	_, err = home.AppendNote(ctx, second.ID, "No, green.\n")
	must(t, err)
	open, err := home.Note(ctx, first.ID)
	must(t, err)
	versions, err := home.NoteHistory(ctx, second.ID)
	must(t, err)

	ana.stop() // an ally, whose daemon is a modified one, writes a link there
	r := ana.openShare()
	doc, err := desk.DocID(d.Shared.ID)
	must(t, err)
	_, err = r.Edit(ctx, doc, func(e replica.Edit) error {
		return crdt.SetLink(&crdt.Link{Share: d.Shared.Share.ID, Doc: d.Shared.ID})(e.Doc, e.View)
	})
	must(t, err)
	must(t, r.Close())
	ana.start()
	_, err = ana.client.In("Quilted").Propose(ctx, api.ProposalRequest{Action: api.ActionEndShare, Why: "the fair is over"})
	must(t, err)
	_, err = anas.AppendNote(ctx, d.Shared.ID, "More.")
	refusedFor(t, "writing in a share that is over", err, "the share with Quilted ended on")

	got, err := home.EditNote(ctx, first.ID, apitest.NoteEdit{Text: &api.TextEdit{Text: open.Text + "And all of us.\n", BaseHeads: open.Heads}})
	must(t, err)
	if got.Text != "Ours.\nAnd theirs.\nAnd all of us.\n" || got.Shared != nil {
		t.Errorf("it came home as %q, shared %+v", got.Text, got.Shared)
	}
	got, err = home.RestoreNote(ctx, second.ID, versions[1].Head)
	must(t, err)
	if got.Text != "White.\n" || got.Shared != nil {
		t.Errorf("restored, it is %q, shared %+v", got.Text, got.Shared)
	}
	ana.stop()
	dora.stop()
}

// Else an ally could try which IDs there are in a co-op, and would lose theirs.
func TestWordsThatAnAllyWroteStayAsTheyAreWhereTheTextIsEditedAtHome(t *testing.T) {
	t.Parallel()
	ana, dora, anas, _ := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	secret, err := home.CreateNote(ctx, apitest.NewNote{Title: "Secret"})
	must(t, err)
	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "The stall"})
	must(t, err)
	d := ana.shares("Quilted", note.ID, false)
	theirs := "t-" + strings.Repeat("7", 32) + " or " + secret.ID[:8] + ".\n"
	title := "As " + secret.ID[:8]
	_, err = anas.EditNote(ctx, d.Shared.ID, apitest.NoteEdit{Title: &title, Text: &api.TextEdit{Text: theirs, Replace: true}}) // as an ally would
	must(t, err)
	got, err := home.Note(ctx, note.ID)
	must(t, err)
	title += " says"
	for _, heads := range [][]string{got.Heads, nil} {
		got, err = home.EditNote(ctx, note.ID, apitest.NoteEdit{Title: &title, Text: &api.TextEdit{Text: theirs + "See " + secret.ID[:8] + ".\n", BaseHeads: heads}})
		must(t, err)
		if want := theirs + "See (not shared).\n"; got.Text != want || got.Title != title {
			t.Errorf("it is %q, %q, want %q, %q", got.Title, got.Text, title, want)
		}
	}
	ana.stop()
	dora.stop()
}

// Whose a share is says the co-op's ID: two co-ops of one person can be called alike.
func TestADocumentGoesOnInNoShareOfAnotherCoop(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"Bakery", "Riso Print Co-op"} {
		t.Run(name, func(t *testing.T) { goesOnInNoShareOfAnother(t, name) })
	}
}

// goesOnInNoShareOfAnother has a colleague in a co-op of this name say that a document goes on in a share of another
// one, which is called Riso Print Co-op.
func goesOnInNoShareOfAnother(t *testing.T, name string) {
	ana := coopCalled(t, name, "Ana")[0]
	place, _ := placeFor(t, ana)
	both := replicatest.Share(t, aFair, [2]replica.Config{place, {Dir: t.TempDir(), Key: entry.NewSigner()}})
	ofCoop(t, place, both[0], entry.SpaceID{1}, charter.MemberID{1})
	ctx := t.Context()
	space := both[0].Space().String()
	there, err := both[0].Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "The stall"})(e.Doc, nil)
	})
	must(t, err)
	home := ana.openReplica()
	v, err := home.Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "What we pay"})(e.Doc, nil)
	})
	must(t, err)
	_, err = home.Edit(ctx, v.ID, func(e replica.Edit) error { // a colleague who knows of it
		return crdt.SetLink(&crdt.Link{Share: space, Doc: "n-" + there.ID.String()})(e.Doc, e.View)
	})
	must(t, err)
	must(t, errors.Join(home.Close(), both[0].Close(), both[1].Close()))
	ana.start()
	id := api.FullID(kinds.Note.Name, v.ID.String())
	got, err := ana.homeClient().Note(ctx, id)
	must(t, err)
	if got.Title != "What we pay" || got.Shared == nil || got.Shared.Here {
		t.Errorf("it is shown as %q, shared %+v", got.Title, got.Shared)
	}
	_, err = ana.homeClient().AppendNote(ctx, id, "Ten an hour.")
	refusedFor(t, "writing where it doesn't go on", err, "isn't here yet")
	hits, err := ana.client.Search(ctx, "stall", 10)
	must(t, err)
	if len(hits) != 1 || hits[0].ID != "n-"+there.ID.String() {
		t.Errorf("what is in the share is found as %+v", hits)
	}
	if all, err := ana.homeClient().Shares(ctx); err != nil || len(all) != 0 {
		t.Errorf("the share is listed as the co-op's: %+v, %v", all, err)
	}
	ana.stop()
}

// A modified daemon may ask so that nobody of the other side can answer.
func TestWhatNobodyCanAnswerIsntAsked(t *testing.T) {
	t.Parallel()
	ana, dora, _, _ := alliedHomes(t, aFair)
	ctx := t.Context()
	dora.stop()
	r := dora.openShare()
	for _, edit := range []crdt.Edit{crdt.Keep(crdttest.NewRequest("A ladder, now?", "", "")), crdttest.NewRequest("A ladder?", "", "")} {
		_, err := r.Create(ctx, kinds.Ask.Name, func(e replica.Edit) error { return edit(e.Doc, nil) })
		must(t, err)
	}
	must(t, r.Close())
	dora.start()
	var today apitest.Today
	ana.until("she has both", func() bool {
		found, err := ana.client.Find(ctx, kinds.Ask.Name, "", 10)
		must(t, err)
		today, err = ana.client.Today(ctx)
		must(t, err)
		return len(found) == 2
	})
	if len(today.Asks) != 1 || today.Asks[0].Title != "A ladder?" {
		t.Errorf("Ana is asked %+v", today.Asks)
	}
	shown, err := ana.homeClient().ShowShare(ctx, "Quilted")
	must(t, err)
	if len(shown.Asks) != 1 {
		t.Errorf("in the share is asked %+v", shown.Asks)
	}
	ana.stop()
	dora.stop()
}

func TestWhatWasChangedSinceItWasShownIsntShared(t *testing.T) {
	t.Parallel()
	ana, dora, anas, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	note, err := home.CreateNote(ctx, apitest.NewNote{Title: "The stall"})
	must(t, err)
	p, err := home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: note.ID})
	must(t, err)
	_, err = home.AppendNote(ctx, note.ID, "And what the bank said.") // by a colleague, and heard of at this moment
	must(t, err)
	_, err = home.ShareDocument(ctx, "Quilted", api.ShareAdd{ID: note.ID, Heads: p.Heads})
	refusedFor(t, "what was changed", err, "was changed since it was shown")
	asked, err := doras.AskAlly(ctx, api.AskRequest{Ally: "Riso Print Co-op", Title: "Your stall?"})
	must(t, err)
	ana.until("she is asked", func() bool {
		all, err := home.Asks(ctx)
		must(t, err)
		return len(all) == 1
	})
	_, err = home.AnswerAsk(ctx, asked.ID, api.AnswerRequest{IDs: []string{note.ID}, Heads: p.Heads})
	refusedFor(t, "answering with it", err, "was changed since it was shown")
	if all, err := anas.Notes(ctx, apitest.NoteQuery{}); err != nil || len(all) != 0 {
		t.Errorf("shared: %+v, %v", all, err)
	}
	p, err = home.PreviewSharing(ctx, "Quilted", api.ShareAdd{ID: note.ID})
	must(t, err)
	if _, err := home.AnswerAsk(ctx, asked.ID, api.AnswerRequest{IDs: []string{note.ID}, Heads: p.Heads}); err != nil {
		t.Errorf("as it was shown: %v", err)
	}
	ana.stop()
	dora.stop()
}

func TestNothingIsProposedAboutPeopleOfTheOtherSide(t *testing.T) {
	t.Parallel()
	ana, dora, anas, _ := alliedHomes(t, aFair)
	for _, action := range []string{api.ActionAdmit, api.ActionRemove} {
		_, err := anas.Propose(t.Context(), api.ProposalRequest{Action: action, Member: "Dora", Why: "she came late"})
		refusedFor(t, action, err, "Dora is of Quilted, and only Quilted says who is on its side")
	}
	ana.stop()
	dora.stop()
}

func TestWhatTheOtherSideSaysInItsCharterIsReadable(t *testing.T) {
	t.Parallel()
	ana, dora, anas, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	reading, end := context.WithCancel(ctx)
	defer end()
	ready, said := make(chan struct{}), make(chan string, 100)
	go func() {
		defer close(said)
		for e, err := range anas.Events(reading, nil, func() { close(ready) }) {
			if err != nil {
				return
			}
			said <- strings.Join(e.Says, " ")
		}
	}()
	<-ready
	p, err := doras.Propose(ctx, api.ProposalRequest{Action: api.ActionContacts, Contacts: []string{"Eli"}})
	must(t, err)
	want := "consented to " + p.Short + ", to name whom the ally can ask: Eli"
	for deadline, told := time.After(waittest.Limit), false; !told; {
		select {
		case says, ok := <-said:
			if told = !ok || strings.HasPrefix(says, "consented"); told && says != want {
				t.Errorf("to who watches: %q, want %q", says, want)
			}
		case <-deadline:
			t.Fatalf("Ana waited in vain to be told %q", want)
		}
	}
	end()
	for range said {
	}
	log, err := anas.Log(ctx, "", false, 0)
	must(t, err)
	if !strings.Contains(fmt.Sprint(log), want) {
		t.Errorf("the log doesn't say %q: %+v", want, log)
	}
	ana.stop()
	dora.stop()
}

func TestATagTypedAtHomeTakesNoIDOfHomeIntoAShare(t *testing.T) {
	t.Parallel()
	ana, dora, _, doras := alliedHomes(t, aFair)
	ctx := t.Context()
	home := ana.homeClient()
	secret, err := home.CreateTask(ctx, apitest.NewTask{Title: "What the bank said"})
	must(t, err)
	task, err := home.CreateTask(ctx, apitest.NewTask{Title: "Print the programme", Tags: []string{"print"}})
	must(t, err)
	d := ana.shares("Quilted", task.Short, false)
	got, err := home.EditTask(ctx, task.ID, apitest.TaskEdit{Tag: []string{secret.ID, "see " + secret.Short, "fair"}})
	must(t, err)
	want := []string{"(not shared)", "fair", "print", "see (not shared)"}
	if !slices.Equal(got.Tags, want) {
		t.Errorf("at home the tags are %q, want %q", got.Tags, want)
	}
	dora.until("she has the tags", func() bool {
		there, err := doras.Task(ctx, d.Shared.ID)
		return err == nil && slices.Equal(there.Tags, want)
	})
	// What stands there already is nobody's secret any more.
	_, err = doras.EditTask(ctx, d.Shared.ID, apitest.TaskEdit{Tag: []string{"t-shirts"}})
	must(t, err)
	ana.until("she sees Dora's", func() bool {
		got, err := home.Task(ctx, task.ID)
		return err == nil && slices.Contains(got.Tags, "t-shirts")
	})
}
