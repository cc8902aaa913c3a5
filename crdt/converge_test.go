package crdt_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/crdttest"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/schema"
)

// Whatever honest members do, apart or together, each of their changes passes all rules that
// replicas share (desk.commit sees to that), and replicas with the same changes have the same
// view, byte for byte, whatever the order in which they came. One of them has a modified daemon,
// which writes whatever the schema lets through.
func TestReplicasWithTheSameChangesHaveTheSameView(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c := lived(t)
		v := c.settle()
		checkLists(t, reflect.ValueOf(v))

		checkAgainstCore(t, c.desks[0].am, v)

		// Another replica, which hears all in any order and loads the document in one go.
		late := &desk{coop: c, name: "late"}
		late.judge = accept.New(c.space, c.doc, c.charter, kinds.All.Table, nil)
		for _, e := range rapid.Permutation(c.desks[0].sent).Draw(t, "arrived") {
			parsed, err := change.Parse(e.Payload)
			must(t, err)
			late.judge.Add(e, parsed)
		}
		late.am = automerge.New()
		for _, item := range late.judge.Order() {
			must(t, late.am.LoadIncremental(item.Entry.Payload))
		}
		want := encoded(t, v)
		if !bytes.Equal(want, encoded(t, late.view())) {
			t.Fatalf("the view depends on the order of arrival\n%+v\n%+v", v, late.view())
		}

		// It comes back from the store as it went in.
		again, err := kinds.All.DecodeView(want)
		must(t, err)
		if !bytes.Equal(want, encoded(t, again)) || !reflect.DeepEqual(v.Fields, again.Fields) {
			t.Fatalf("stored and read again\nin  %+v %+v\nout %+v %+v", v, v.Derived, again, again.Derived)
		}
	})
}

// lived is a document with a past: members write in it apart and together, and one of them with a modified daemon.
func lived(t *rapid.T) *coop {
	kind := rapid.SampledFrom([]string{kinds.Task.Name, kinds.Decision.Name, kinds.Note.Name}).Draw(t, "kind")
	c := found(t, kind, "ana", "ben", "cleo")
	c.sit("ana") // her phone
	switch kind {
	case kinds.Task.Name:
		c.maker.do(crdttest.NewTask(now, crdttest.TaskFields{Title: "Bake", Text: "bread"}))
	case kinds.Note.Name:
		c.maker.do(crdttest.NewNote(crdttest.NoteFields{Title: "Bake", Text: "bread"}))
	case kinds.Decision.Name:
		c.maker.do(crdttest.NewDecision(c.maker.id, crdttest.DecisionFields{Title: "Bake", Text: "bread",
			Process: rapid.SampledFrom(kinds.Processes).Draw(t, "process")}))
	}
	c.settle()
	for range rapid.IntRange(0, 25).Draw(t, "steps") {
		d := rapid.SampledFrom(c.desks).Draw(t, "desk")
		if rapid.IntRange(0, 2).Draw(t, "hear") == 0 {
			d.from(rapid.SampledFrom(c.desks).Draw(t, "from"))
			continue
		}
		if d.name == "cleo" && rapid.Bool().Draw(t, "hack") {
			d.drawHack(t)
			continue
		}
		if err := d.try(d.drawEdit(t)); err != nil && !expected(err) {
			t.Fatalf("%s: %v", d.name, err)
		}
	}
	return c
}

// checkAgainstCore compares what the view reads from the history with what the core holds.
func checkAgainstCore(t fataler, am *automerge.Doc, v *crdt.View) {
	root, err := automerge.As[map[string]any](am.Root())
	must(t, err)
	text := func(key string) string { s, _ := root[key].(string); return s }
	if decided := crdttest.Decision(v) != nil && crdttest.Decision(v).Outcome != nil && crdttest.Decision(v).Outcome.Holds; !decided && v.Title != text(schema.Title) {
		t.Fatalf("title %q, and in the core %q", v.Title, text(schema.Title))
	}
	if tags, _ := root[schema.Tags].(map[string]any); len(tags) != len(v.Tags) {
		t.Fatalf("tags %q, and in the core %v", v.Tags, tags)
	}
	if d := crdttest.Decision(v); d != nil {
		for _, p := range d.Positions {
			var said struct{ Stance, Why, Revision string }
			must(t, json.Unmarshal([]byte(text(schema.OwnKey(p.Member, "position"))), &said))
			if said.Stance != p.Stance || said.Why != p.Why || said.Revision != p.Revision {
				t.Fatalf("position %+v, and in the core %+v", p, said)
			}
		}
		if d.Process != text("process") || d.By != text("by") {
			t.Fatalf("decision %+v, and in the core %v", d, root)
		}
	}
	if task := crdttest.Task(v); task != nil {
		asked, _ := root["asked"].(map[string]any)
		hours, _ := root["hours"].(int64)
		if task.Due != text("due") || task.Project != text("project") || int64(task.Minutes) != hours ||
			task.StatusWhy != text("status_why") || task.Status != text("status") || len(asked) != len(task.Asked) {
			t.Fatalf("task %+v, and in the core %v", task, root)
		}
		for _, a := range task.Asked {
			if asked[a.Member.String()] != int64(a.At) {
				t.Fatalf("asked %+v, and in the core %v", a, asked)
			}
		}
	}
}

// checkLists fails on a nil list: in JSON it would be null.
func checkLists(t fataler, v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			checkLists(t, v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).Kind() == reflect.Slice && v.Field(i).IsNil() {
				t.Fatalf("%s.%s is nil", v.Type(), v.Type().Field(i).Name)
			}
			checkLists(t, v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			checkLists(t, v.Index(i))
		}
	}
}

func expected(err error) bool {
	switch err.(type) {
	case *crdt.NotAllowedError, *crdt.InvalidError, *kinds.NoOutcomeError:
		return true
	}
	return err == crdt.ErrNothingChanged
}

func (d *desk) drawEdit(t *rapid.T) crdt.Edit {
	text := d.view().Text
	common := crdttest.Common{}
	if rapid.Bool().Draw(t, "title?") {
		common.Title = str(rapid.SampledFrom([]string{"Bake", "Bake bread", "🍞"}).Draw(t, "title"))
	}
	if rapid.Bool().Draw(t, "text?") {
		common.Text = str(drawEdited(t, text, "text"))
	}
	if rapid.Bool().Draw(t, "tags?") {
		common.AddTags = []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "tag")}
		common.RemoveTags = []string{rapid.SampledFrom([]string{"a", "b"}).Draw(t, "untag")}
	}
	if rapid.IntRange(0, 5).Draw(t, "talk?") == 0 {
		return says(d, rapid.SampledFrom([]string{"so it is", "it isn't"}).Draw(t, "said"))
	}
	who := rapid.SampledFrom([]string{"ana", "ben", "cleo"}).Draw(t, "who")
	switch d.kind {
	case kinds.Note.Name:
		return rapid.SampledFrom([]crdt.Edit{crdttest.EditNote(common), crdttest.AppendText("more"), crdt.RestoreText(kind.Writing{Text: "bread"})}).Draw(t, "edit")
	case kinds.Task.Name:
		due, hours := "2026-12-01", crdt.Minutes(15)
		return rapid.SampledFrom([]crdt.Edit{
			crdttest.EditTask(crdttest.TaskEdit{Common: common, Due: &due}), crdttest.EditTask(crdttest.TaskEdit{Minutes: &hours}),
			crdttest.Ask(now, d.ids[who]), crdttest.Accept(d.id), crdttest.Decline(d.id, "no"), crdttest.Take(d.id, now), crdttest.PutBack(d.id),
			crdttest.Start(d.id, now), crdttest.Finish(), crdttest.Reopen(), crdttest.Drop("no"),
			crdttest.AskHelp(d.id, "4 hands"), crdttest.EndHelp(d.id), crdttest.Offer(d.id, ""), crdttest.EndOffer(d.id),
		}).Draw(t, "edit")
	}
	stance := rapid.SampledFrom([]string{kinds.Consent, kinds.Object, kinds.StandAside, kinds.Agree, kinds.Agree, kinds.Disagree, kinds.Advise, kinds.Abstain}).Draw(t, "stance")
	return rapid.SampledFrom([]crdt.Edit{
		crdttest.TakePosition(d.id, stance, "because", ""), crdttest.TakePosition(d.id, stance, "because", ""),
		crdttest.TakePosition(d.id, stance, "because", ""), crdttest.TakePosition(d.id, stance, "because", ""),
		crdttest.EditDecision(d.id, crdttest.DecisionEdit{Common: common}), crdttest.EditDecision(d.id, crdttest.DecisionEdit{By: str("2026-11-20")}),
		crdttest.Close(d.id, now, "", nil), crdttest.Close(d.id, now, "", nil), crdttest.Withdraw(d.id, "no"),
	}).Draw(t, "edit")
}

func (d *desk) drawHack(t *rapid.T) {
	junk := rapid.OneOf(
		rapid.SampledFrom([]string{"", "{}", `{"stance":"object"}`, `{"to":1,"answer":"accepted"}`, `{"result":"agreed"}`, "\u202e", "yes"}),
		rapid.StringN(0, 20, 200)).Draw(t, "junk")
	number := rapid.Int64Range(0, 5).Draw(t, "number")
	sets := []struct {
		key   string
		value any
	}{{schema.Title, junk}}
	own := func(field string) string { return schema.OwnKey(d.id, field) }
	set := func(key string, value any) {
		sets = append(sets, struct {
			key   string
			value any
		}{key, value})
	}
	switch d.kind {
	case kinds.Task.Name:
		set("project", junk)
		set("status_why", junk)
		set("hours", number)
		set(own("answer"), junk)
		set(own("taken"), number)
		set(own("help"), junk)
		set(own("offer"), junk)
	case kinds.Decision.Name:
		set("withdrawn", junk)
		set(own("position"), junk)
		set(own("record"), junk)
		v := d.view()
		r := kinds.Record{Revision: crdttest.Decision(v).Revision, Result: kinds.Agreed, Text: junk}
		for _, p := range crdttest.Decision(v).Positions {
			if rapid.IntRange(0, 4).Draw(t, "named") > 0 {
				r.Positions = append(r.Positions, kinds.Named{Member: p.Member.String(), Change: p.Change.String()})
			}
		}
		b, err := json.Marshal(r)
		must(t, err)
		set(own("record"), string(b))
	}
	s := rapid.SampledFrom(sets).Draw(t, "set")
	old, err := d.am.RootMap().Get(s.key)
	must(t, err)
	if old.Interface() == s.value {
		return
	}
	d.hack(func(am *automerge.Doc) error {
		if rapid.IntRange(0, 4).Draw(t, "delete") == 0 && !old.IsVoid() {
			return am.RootMap().Delete(s.key)
		}
		return am.RootMap().Set(s.key, s.value)
	})
}
