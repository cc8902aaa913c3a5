package crdt_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
	"kith/crdt/schema"
	"kith/crdt/share"
)

var anID, otherID = strings.Repeat("a5", 32), strings.Repeat("5a", 32)

func TestEverybodySaysForThemselvesWhoTheyAreInAShare(t *testing.T) {
	c := found(t, kinds.Ally.Name, "ana", "ben")
	ana, ben := c.desk("ana"), c.desk("ben")
	ana.tell(crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: anID, Side: otherID, Step: anID}))
	if got, want := ana.lastSays(), `created ally "Quilted"`; got != want {
		t.Errorf("the log says %s, want %s", got, want)
	}
	ana.tell(crdttest.TakeSeat(ana.id, `{"seat":1}`))
	v := ben.tell(crdttest.TakeSeat(ben.id, `{"seat":2}`))
	if got := ben.lastSays(); got != `took a seat seat` {
		t.Errorf("the log says %s", got)
	}
	a := kinds.AllyIn(v)
	if v.Title != "Quilted" || a == nil || a.Share != anID || a.Side != otherID || a.Step != anID || len(a.Seats) != 2 {
		t.Fatalf("the ally: %+v", a)
	}
	for _, s := range a.Seats {
		if want := map[string]string{ana.id.String(): `{"seat":1}`, ben.id.String(): `{"seat":2}`}[s.Member.String()]; s.Said != want {
			t.Errorf("%v has said %s", s.Member, s.Said)
		}
	}
	if err := ana.try(crdttest.TakeSeat(ana.id, `{"seat":1}`)); err != crdt.ErrNothingChanged {
		t.Errorf("the same seat again: %v", err)
	}
	if err := ana.try(crdttest.TakeSeat(ana.id, strings.Repeat("x", schema.MaxString+1))); err == nil {
		t.Error("a seat that no replica would take was written")
	}
}

func TestWhatAnAllyIsAskedIsAnsweredByEachForThemselves(t *testing.T) {
	a := allies(t, kinds.Ask.Name, share.EachCoop)
	ana, dora, eli := a.desk("ana"), a.desk("dora"), a.desk("eli")
	ana.tell(crdttest.NewRequest("Could we see your pay agreement?", "We write one.", "kitha1"))
	if got, want := ana.lastSays(), `created ask "Could we see your pay agreement?" · wrote text "We write one."`; got != want {
		t.Errorf("the log says %s, want %s", got, want)
	}
	if err := dora.try(crdttest.AnswerRequest(dora.id, kinds.RequestRefused, "", nil)); err == nil {
		t.Error("a refusal without a reason was taken")
	}
	dora.tell(crdttest.AnswerRequest(dora.id, kinds.RequestRefused, "it isn't written down", nil))
	if got := dora.lastSays(); got != `refused answer "it isn't written down"` {
		t.Errorf("the log says %s", got)
	}
	v := eli.tell(crdttest.AnswerRequest(eli.id, kinds.RequestShared, "it is now", []string{"n-1", "n-2"}))
	if got := eli.lastSays(); got != `shared answer "it is now"` {
		t.Errorf("the log says %s", got)
	}
	q := kinds.RequestIn(v)
	if q == nil || q.Code != "kitha1" || q.Withdrawn != "" || len(q.Answers) != 2 {
		t.Fatalf("the request: %+v", q)
	}
	for _, answer := range q.Answers {
		want := kinds.RequestAnswer{Member: dora.id, Result: kinds.RequestRefused, Why: "it isn't written down"}
		if answer.Member == eli.id {
			want = kinds.RequestAnswer{Member: eli.id, Result: kinds.RequestShared, Why: "it is now"}
		}
		if len(answer.Shared) != map[bool]int{true: 2}[answer.Member == eli.id] {
			t.Errorf("%v names %v", answer.Member, answer.Shared)
		}
		if answer.Shared = nil; answer.Result != want.Result || answer.Why != want.Why || answer.Member != want.Member {
			t.Errorf("an answer: %+v, want %+v", answer, want)
		}
	}
	if err := eli.try(crdttest.AnswerRequest(eli.id, kinds.RequestShared, "", make([]string, kinds.MaxShared+1))); err == nil {
		t.Error("an answer names more documents than any replica reads")
	}
	if err := eli.try(crdttest.AnswerRequest(eli.id, "maybe", "", nil)); err == nil {
		t.Error("an answer in words that nobody knows was written")
	}
	if err := dora.try(crdttest.WithdrawRequest(dora.id, "no need")); err == nil {
		t.Error("what Ana asks was withdrawn by who was asked")
	}
	dora.hack(func(am *automerge.Doc) error { return am.RootMap().Set("withdrawn", "never mind") })
	if v := a.settle(); kinds.RequestIn(v).Withdrawn != "" {
		t.Errorf("a modified daemon of who was asked has withdrawn it: %q", kinds.RequestIn(v).Withdrawn)
	}
	ana.tell(crdttest.WithdrawRequest(ana.id, "we found one"))
	if got := ana.lastSays(); got != `withdrew withdrawn "we found one"` {
		t.Errorf("the log says %s", got)
	}
	if err := eli.try(crdttest.AnswerRequest(eli.id, kinds.RequestShared, "", nil)); err == nil || !strings.Contains(err.Error(), "we found one") {
		t.Errorf("answered though it was withdrawn: %v", err)
	}
}

// What a modified daemon answers in words that aren't those of an answer shows as none.
func TestAnAnswerThatCantBeReadIsNone(t *testing.T) {
	a := allies(t, kinds.Ask.Name, share.EachCoop)
	a.desk("ana").tell(crdttest.NewRequest("Could we see your pay agreement?", "", ""))
	dora := a.desk("dora")
	long, err := json.Marshal(map[string]any{"result": "shared", "shared": make([]string, kinds.MaxShared+1)})
	must(t, err)
	for _, said := range []string{"", "yes", `{"result":"maybe"}`, `{"shared":["n-1"]}`, string(long)} {
		e, parsed := dora.draft(schema.OwnKey(dora.id, "answer"), said)
		a.desk("ana").judge.Add(e, parsed)
		if state, why := a.desk("ana").judge.State(e.ID()); state != charter.Accepted {
			t.Fatalf("%q is %v: %s", said, state, why)
		}
		must(t, a.desk("ana").am.LoadIncremental(e.Payload))
		dora.judge.Add(e, parsed)
		if v := a.desk("ana").view(); len(kinds.RequestIn(v).Answers) != 0 {
			t.Errorf("%q is taken for an answer: %+v", said, kinds.RequestIn(v).Answers)
		}
	}
}

func TestADocumentSaysWhereItGoesOnAndThatItIsBack(t *testing.T) {
	for _, kind := range []string{kinds.Task.Name, kinds.Note.Name, kinds.Decision.Name} {
		c := found(t, kind, "ana", "ben")
		ana := c.desk("ana")
		create := map[string]crdt.Edit{
			kinds.Task.Name: crdttest.NewTask(now, crdttest.TaskFields{Title: "Print"}), kinds.Note.Name: crdttest.NewNote(crdttest.NoteFields{Title: "Print"}),
			kinds.Decision.Name: crdttest.NewDecision(ana.id, crdttest.DecisionFields{Title: "Print"}),
		}[kind]
		ana.tell(create)
		link := crdt.Link{Share: anID, Doc: "t-8", Kept: true}
		v := ana.tell(crdt.SetLink(&link))
		if v.Link == nil || v.Link.Share != anID || v.Link.Doc != "t-8" || !v.Link.Kept || v.Link.Agreed != "" {
			t.Errorf("the link of a %s: %+v", kind, v.Link)
		}
		if got := ana.lastSays(); got != `shared link "t-8"` {
			t.Errorf("the log says %s", got)
		}
		if err := c.desk("ben").try(crdt.SetLink(&link)); err != crdt.ErrNothingChanged {
			t.Errorf("the same link again: %v", err)
		}
		if v := c.desk("ben").tell(crdt.SetLink(nil)); v.Link != nil {
			t.Errorf("the link of a %s that is back: %+v", kind, v.Link)
		}
		if got := c.desk("ben").lastSays(); got != `ended sharing link` {
			t.Errorf("the log says %s", got)
		}
		for _, said := range []string{"no", `{"share":"5"}`, `{"doc":"t-8"}`, `{"share":5,"doc":"t-8"}`} {
			if err := ana.try(crdt.SetLink(nil)); err != nil && err != crdt.ErrNothingChanged {
				t.Fatal(err)
			}
			e, parsed := ana.draft(schema.Link, said)
			ana.judge.Add(e, parsed)
			if v := ana.view(); v.Link != nil {
				t.Errorf("%q is taken for a link: %+v", said, v.Link)
			}
		}
	}
}
