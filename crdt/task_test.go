package crdt_test

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// bakery is a co-op with one task.
func bakery(t fataler, f crdttest.TaskFields) *coop {
	t.Helper()
	c := found(t, kinds.Task.Name, "ana", "ben", "cleo")
	c.maker.do(crdttest.NewTask(now, f))
	c.settle()
	return c
}

func (c *coop) ask(names ...string) (ids []charter.MemberID) {
	for _, n := range names {
		ids = append(ids, c.ids[n])
	}
	return ids
}

func TestATaskSaysWhatWasWritten(t *testing.T) {
	c := found(t, kinds.Task.Name, "ana", "ben")
	v := c.maker.do(crdttest.NewTask(now, crdttest.TaskFields{
		Title: "  Order paper ", Text: "100 g,\r\nrecycled", Tags: []string{"shop", "Büro", "shop"}, Project: "print",
		Due: "2026-12-01", Minutes: 90, Ask: c.ask("ben"),
	}))
	if v.Title != "Order paper" || v.Text != "100 g,\nrecycled" || !slices.Equal(v.Tags, []string{"Büro", "shop"}) {
		t.Errorf("title, text or tags: %+v", v)
	}
	if v.CreatedBy != c.ids["ana"] || v.UpdatedBy != c.ids["ana"] || v.CreatedAt != kind.At(now) || len(v.Heads) != 1 || v.ID != c.doc {
		t.Errorf("meta: %+v", v.Meta)
	}
	task := crdttest.Task(v)
	if task.Status != "open" || task.Project != "print" || task.Due != "2026-12-01" || task.Minutes != 90 {
		t.Errorf("fields: %+v", task)
	}
	if len(task.Asked) != 1 || task.Asked[0].Member != c.ids["ben"] || task.Asked[0].Answer != "none" {
		t.Errorf("asked: %+v", task.Asked)
	}
	answer := map[string]any{"created_at": v.CreatedAt}
	for _, s := range kinds.Task.Shows {
		answer[s.Name] = s.Of(kind.Look{View: v, Named: func(m charter.MemberID) kind.Named { return kind.Named{ID: m.String()} }})
	}
	b, err := json.Marshal(answer)
	must(t, err)
	for _, want := range []string{`"hours":1.5`, `"taken_by":[]`, `"due":"2026-12-01"`, `"created_at":"2026-11-24T10:00:00Z"`} {
		if !strings.Contains(string(b), want) {
			t.Errorf("JSON lacks %s: %s", want, b)
		}
	}
}

func TestNobodyCanAnswerWithoutBeingAsked(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake", Ask: nil})
	var denied *crdt.NotAllowedError
	if err := c.desk("ben").try(crdttest.Accept(c.ids["ben"])); !errors.As(err, &denied) || denied.Hint == "" {
		t.Errorf("got %v", err)
	}
}

func TestAnAcceptedTaskIsTakenAndADeclinedOneIsNot(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	c.desk("ben").tell(crdttest.Ask(now, c.ask("ana", "cleo")...))
	v := c.desk("ana").tell(crdttest.Accept(c.ids["ana"]))
	if !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ana")) {
		t.Errorf("taken by %v", crdttest.Task(v).TakenBy)
	}
	v = c.desk("cleo").tell(crdttest.Decline(c.ids["cleo"], "on holiday"))
	for _, a := range crdttest.Task(v).Asked {
		if a.Member == c.ids["cleo"] && (a.Answer != "declined" || a.Why != "on holiday") {
			t.Errorf("cleo: %+v", a)
		}
	}
	v = c.desk("ana").tell(crdttest.Decline(c.ids["ana"], "ill"))
	if len(crdttest.Task(v).TakenBy) != 0 {
		t.Errorf("taken by %v after she declined", crdttest.Task(v).TakenBy)
	}
}

func TestAnAnswerCountsForTheAskingItAnswers(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	ben, ana := c.desk("ben"), c.desk("ana")
	ben.tell(crdttest.Ask(now, c.ask("ana")...))
	ana.tell(crdttest.Decline(c.ids["ana"], "not this week"))
	v := ben.tell(crdttest.Ask(now, c.ask("ana")...)) // by the same clock
	if a := crdttest.Task(v).Asked[0]; a.Answer != "none" || a.Why != "" {
		t.Errorf("asked again, and it says %+v", a)
	}
	v = ana.tell(crdttest.Accept(c.ids["ana"]))
	if a := crdttest.Task(v).Asked[0]; a.Answer != "accepted" {
		t.Errorf("got %+v", a)
	}
	if err := ben.try(crdttest.Ask(now, c.ask("ana")...)); err != crdt.ErrNothingChanged {
		t.Errorf("asking who has accepted: %v", err)
	}
}

// Attack 11.
func TestTwoDevicesOfAnaAnswerAtOnceAndOneAnswerWinsEverywhere(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	laptop, phone := c.desk("ana"), c.sit("ana")
	c.desk("ben").tell(crdttest.Ask(now, c.ask("ana")...))
	laptop.do(crdttest.Accept(c.ids["ana"]))
	phone.do(crdttest.Decline(c.ids["ana"], "too heavy"))
	v := c.settle() // the same on all replicas
	a := crdttest.Task(v).Asked[0]
	if a.Answer == "accepted" && a.Why != "" || a.Answer == "declined" && a.Why != "too heavy" || a.Answer == "none" {
		t.Errorf("the two answers were mixed: %+v", a)
	}
	var log []string
	for _, item := range c.desk("cleo").judge.Order() {
		for _, f := range crdt.Describe(c.kind, item.Change, c.desk("cleo").judge.History()) {
			log = append(log, f.Verb)
		}
	}
	if !slices.Contains(log, "accepted") || !slices.Contains(log, "declined") {
		t.Errorf("one of the answers isn't in the log: %q", log)
	}
}

func TestATaskGoesThroughItsStates(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	ana, id := c.desk("ana"), c.ids["ana"]
	v := ana.do(crdttest.Start(id, now))
	if crdttest.Task(v).Status != "doing" || !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ana")) {
		t.Errorf("started: %+v", crdttest.Task(v))
	}
	if err := ana.try(crdttest.Start(id, now)); err != crdt.ErrNothingChanged {
		t.Errorf("starting twice: %v", err)
	}
	if err := ana.try(crdttest.Reopen()); !isDenied(err) {
		t.Errorf("reopening what is open: %v", err)
	}
	if v = ana.do(crdttest.Finish()); crdttest.Task(v).Status != "done" {
		t.Errorf("finished: %+v", crdttest.Task(v))
	}
	for name, e := range map[string]crdt.Edit{
		"take": crdttest.Take(id, now), "ask": crdttest.Ask(now, id), "drop": crdttest.Drop("no"), "help": crdttest.AskHelp(id, "no"), "start": crdttest.Start(id, now),
	} {
		if err := ana.try(e); !isDenied(err) {
			t.Errorf("%s when it is done: %v", name, err)
		}
	}
	ana.do(crdttest.Reopen())
	if err := ana.try(crdttest.Drop(" ")); !isInvalid(err) {
		t.Errorf("dropped without a reason: %v", err)
	}
	if v = ana.do(crdttest.Drop("nobody eats it")); crdttest.Task(v).Status != "dropped" || crdttest.Task(v).StatusWhy != "nobody eats it" {
		t.Errorf("dropped: %+v", crdttest.Task(v))
	}
	if v = ana.do(crdttest.Reopen()); crdttest.Task(v).StatusWhy != "" {
		t.Errorf("open, and still dropped because of %q", crdttest.Task(v).StatusWhy)
	}
	if v = ana.do(crdttest.PutBack(id)); len(crdttest.Task(v).TakenBy) != 0 {
		t.Errorf("put back, and taken by %v", crdttest.Task(v).TakenBy)
	}
}

func TestHelpIsAskedForAndOffered(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	c.desk("ana").tell(crdttest.Take(c.ids["ana"], now))
	c.desk("ben").tell(crdttest.AskHelp(c.ids["ben"], "I can't find the oven"))
	v := c.desk("ana").tell(crdttest.AskHelp(c.ids["ana"], "4 hands"))
	if h := crdttest.Task(v).Help; !h.Wanted || h.Why != "4 hands" || *h.By != c.ids["ana"] || len(h.Wants) != 2 {
		t.Errorf("who does the task comes first: %+v", h)
	}
	v = c.desk("cleo").tell(crdttest.Offer(c.ids["cleo"], ""))
	if h := crdttest.Task(v).Help; len(h.Offers) != 1 || h.Offers[0].Why != "" {
		t.Errorf("offers: %+v", h.Offers)
	}
	c.desk("cleo").tell(crdttest.EndOffer(c.ids["cleo"]))
	c.desk("ben").tell(crdttest.EndHelp(c.ids["ben"]))
	v = c.desk("ana").tell(crdttest.EndHelp(c.ids["ana"]))
	if h := crdttest.Task(v).Help; h.Wanted || h.By != nil || len(h.Offers) != 0 {
		t.Errorf("no help wanted any more: %+v", h)
	}
}

func TestAnEditWritesOnlyWhatItChanges(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake", Due: "2026-12-01", Tags: []string{"a", "b"}})
	ana := c.desk("ana")
	title, due, none := "Bake", "2026-12-01", ""
	same := crdttest.TaskEdit{Common: crdttest.Common{Title: &title, Tags: &[]string{"b", "a"}, Text: &none}, Due: &due, Project: &none}
	if err := ana.try(crdttest.EditTask(same)); err != crdt.ErrNothingChanged {
		t.Errorf("the same again: %v", err)
	}
	if n := len(ana.am.Heads()); n != 1 {
		t.Errorf("%d heads", n)
	}
	title = "Bake bread"
	ana.do(crdttest.EditTask(same))
	order := ana.judge.Order()
	if ops := order[len(order)-1].Change.Ops; len(ops) != 1 {
		t.Errorf("%d operations for one field", len(ops))
	}
	v := ana.do(crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{AddTags: []string{"c"}, RemoveTags: []string{"a", "x"}}, Due: &none}))
	if !slices.Equal(v.Tags, []string{"b", "c"}) || crdttest.Task(v).Due != "" {
		t.Errorf("got %v, due %q", v.Tags, crdttest.Task(v).Due)
	}
}

func TestWhatIsTooLongOrMalformedIsRefusedWithASentence(t *testing.T) {
	long := strings.Repeat("x", 100_001)
	tests := []struct {
		name  string
		edit  crdt.Edit
		limit bool
		says  string
	}{
		{"no title", crdttest.NewTask(now, crdttest.TaskFields{Title: " "}), false, "a title is needed"},
		{"a title of two lines", crdttest.NewTask(now, crdttest.TaskFields{Title: "a\nb"}), false, "one line"},
		{"a title with a bell", crdttest.NewTask(now, crdttest.TaskFields{Title: "a\ab"}), false, "control"},
		{"a title that is no text", crdttest.NewTask(now, crdttest.TaskFields{Title: "a\xff"}), false, "UTF-8"},
		{"a title of 10,000 characters", crdttest.NewTask(now, crdttest.TaskFields{Title: long[:10_000]}), true, "10000 characters, the limit is 200"},
		{"a title of many bytes", crdttest.NewTask(now, crdttest.TaskFields{Title: strings.Repeat("👨‍👩‍👧", 40)}), false, ""},
		{"a title of too many bytes", crdttest.NewTask(now, crdttest.TaskFields{Title: strings.Repeat("𒀀", 200) + strings.Repeat("𒀀", 100)}), true, "the limit"},
		{"a text of 100,001 characters", crdttest.NewNote(crdttest.NoteFields{Title: "a", Text: long}), true, "split it"},
		{"a text with an escape", crdttest.NewNote(crdttest.NoteFields{Title: "a", Text: "\x1b[2J"}), false, "control character (U+001B)"},
		{"a long reason", crdttest.Drop(long), true, "the reason has 100001 bytes, the limit is 8000"},
		{"a long tag", crdttest.NewNote(crdttest.NoteFields{Title: "a", Tags: []string{long[:101]}}), true, "a tag has 101"},
		{"an empty tag", crdttest.NewNote(crdttest.NoteFields{Title: "a", Tags: []string{""}}), false, "a tag is empty"},
		{"65 tags", crdttest.NewNote(crdttest.NoteFields{Title: "a", Tags: manyTags(65)}), true, "65 tags"},
		{"a long project", crdttest.NewTask(now, crdttest.TaskFields{Title: "a", Project: long[:300]}), true, "the project"},
		{"a date that isn't", crdttest.NewTask(now, crdttest.TaskFields{Title: "a", Due: "2026-02-30"}), false, "not a date"},
		{"a date in words", crdttest.NewTask(now, crdttest.TaskFields{Title: "a", Due: "friday"}), false, "not a date"},
		{"less than no work", crdttest.NewTask(now, crdttest.TaskFields{Title: "a", Minutes: -1}), false, "hours"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := bakery(t, crdttest.TaskFields{Title: "Bake"})
			err := test.edit(c.maker.am, c.maker.view())
			if test.says == "" {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			var limit *crdt.LimitError
			if err == nil || !strings.Contains(err.Error(), test.says) || errors.As(err, &limit) != test.limit {
				t.Errorf("got %T %v", err, err)
			}
		})
	}
}

func manyTags(n int) (tags []string) {
	for i := range n {
		tags = append(tags, strings.Repeat("x", i+1))
	}
	return tags
}

func TestNamesInAnyScriptAreTitlesInOneForm(t *testing.T) {
	for _, title := range []string{"🍞 für alle", "الخبز للجميع", "パンを焼く", strings.Repeat("🍞", 200)} {
		v := bakery(t, crdttest.TaskFields{Title: title}).maker.view()
		if v.Title != title {
			t.Errorf("%q became %q", title, v.Title)
		}
	}
	if v := bakery(t, crdttest.TaskFields{Title: "Bu\u0308ro"}).maker.view(); v.Title != "B\u00fcro" {
		t.Errorf("%q isn't composed", v.Title)
	}
}

func isDenied(err error) bool {
	var e *crdt.NotAllowedError
	return errors.As(err, &e)
}

func isInvalid(err error) bool {
	var e *crdt.InvalidError
	return errors.As(err, &e)
}

func TestHoursAndTimesReadTheSameFromJSONAsTheyWereWritten(t *testing.T) {
	for minutes, want := range map[crdt.Minutes]string{0: "0", 1: "0.017", 20: "0.333", 90: "1.5", 60: "1", 600: "10", 6_000_000: "100000"} {
		b, err := json.Marshal(minutes)
		must(t, err)
		var again crdt.Minutes
		must(t, json.Unmarshal(b, &again))
		if string(b) != want || again != minutes {
			t.Errorf("%d minutes: %s, and again %d", int64(minutes), b, int64(again))
		}
	}
	for _, at := range []crdt.Time{0, kind.At(now), kind.At(now) + 7, -1} {
		b, err := json.Marshal(at)
		must(t, err)
		var again crdt.Time
		must(t, json.Unmarshal(b, &again))
		if again != at {
			t.Errorf("%d: %s, and again %d", at, b, again)
		}
	}
}

func TestDatesEndWithTheirDay(t *testing.T) {
	for date, want := range map[string]string{"2026-12-01": "2026-12-02T00:00:00Z", "2026-12-01T15:00:00Z": "2026-12-01T15:00:00Z"} {
		if end, ok := kind.DayEnds(date, nil); !ok || end.Format("2006-01-02T15:04:05Z07:00") != want {
			t.Errorf("%s ends %v", date, end)
		}
	}
	if _, ok := kind.DayEnds("", nil); ok {
		t.Error("no date ends")
	}
	v := bakery(t, crdttest.TaskFields{Title: "Bake", Due: "2026-12-01T16:00:00.5+01:00"}).maker.view()
	if crdttest.Task(v).Due != "2026-12-01T15:00:00Z" {
		t.Errorf("due %s", crdttest.Task(v).Due)
	}
}

func TestWhoPutsATaskBackTheyHadAcceptedHasntDeclinedIt(t *testing.T) {
	for name, back := range map[string]func(charter.MemberID) crdt.Edit{
		"take --undo": crdttest.PutBack, "decline": func(m charter.MemberID) crdt.Edit { return crdttest.Decline(m, "") },
	} {
		c := bakery(t, crdttest.TaskFields{Title: "Bake", Ask: nil})
		ben := c.desk("ben")
		c.desk("ana").tell(crdttest.Ask(now, ben.id))
		c.settle()
		ben.do(crdttest.Accept(ben.id))
		v := ben.do(back(ben.id))
		if a := crdttest.Task(v).Asked[0]; a.Answer != kinds.AnswerPutBack || len(crdttest.Task(v).TakenBy) != 0 {
			t.Errorf("%s: accepted, and put back: %+v", name, a)
		}
		v = ben.do(crdttest.Ask(now, ben.id))
		if a := crdttest.Task(v).Asked[0]; a.Answer != kinds.AnswerNone {
			t.Errorf("%s: asked once more: %+v", name, a)
		}
	}
}

func TestATaskThatIsHandedOverStaysUntilTheNextPersonAccepts(t *testing.T) {
	c := bakery(t, crdttest.TaskFields{Title: "Bake"})
	ana, ben, cleo := c.desk("ana"), c.desk("ben"), c.desk("cleo")
	if err := cleo.try(crdttest.HandOver(cleo.id, ben.id, now, "")); !isDenied(err) {
		t.Errorf("handed over by who doesn't have it: %v", err)
	}
	ana.tell(crdttest.Take(ana.id, now))
	v := ana.tell(crdttest.HandOver(ana.id, ben.id, now, "the flour is in the cellar"))
	if a := crdttest.Task(v).Asked[0]; a.From != ana.id || a.Note != "the flour is in the cellar" || !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ana")) {
		t.Errorf("asked to take it over: %+v of %+v", a, crdttest.Task(v).TakenBy)
	}
	v = ben.tell(crdttest.Decline(ben.id, "no time"))
	if !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ana")) {
		t.Errorf("declined, so it is still Ana's: %v", crdttest.Task(v).TakenBy)
	}
	ana.tell(crdttest.HandOver(ana.id, ben.id, now, "please"))
	v = ben.tell(crdttest.Accept(ben.id))
	if !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ben")) {
		t.Errorf("accepted, so it is Ben's alone: %v", crdttest.Task(v).TakenBy)
	}
	ben.tell(crdttest.HandOver(ben.id, ana.id, now, "my turn is over"))
	v = ana.tell(crdttest.Accept(ana.id))
	if !slices.Equal(crdttest.Task(v).TakenBy, c.ask("ana")) {
		t.Errorf("handed back and accepted, so it is Ana's again: %v", crdttest.Task(v).TakenBy)
	}
	ana.tell(crdttest.HandOver(ana.id, cleo.id, now, "now you"))
	cleo.tell(crdttest.Accept(cleo.id))
	if v = cleo.tell(crdttest.PutBack(cleo.id)); len(crdttest.Task(v).TakenBy) != 0 {
		t.Errorf("who took it over put it back, so nobody has it, and not who handed it over: %v", crdttest.Task(v).TakenBy)
	}
}
