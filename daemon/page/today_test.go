package page

import (
	"encoding/json"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// SectionsOfNoKind are those that the daemon tells beside what kinds declare, with what they are of. That there are no others is held by
// TestThePageKnowsTheSectionsThatTheDaemonTells.
var SectionsOfNoKind = map[string]string{
	"about_me": "proposal", "mentions": "task", "merged": "note", "forget": "note", "proposals": "proposal", "steps_over": "proposal", "asks": "ask", "shares": "share", "away": "member", "arrivals": "member", "decisions_moot": "decision", "agreements_figures": "agreement", "departures": "member", "renames": "member",
}

// reader is a request of Ana's, in a language.
func reader(tag, address string) *asking {
	l := allWords()
	t := l.called(tag)
	now := time.Date(2026, 11, 30, 9, 0, 0, 0, time.UTC)
	in := &asking{r: httptest.NewRequest("GET", address, nil), t: t, calendar: calendar{t, now}, space: "571db8ac"}
	in.status.Me = api.Named{ID: "m-ana", Name: "Ana"}
	in.me = map[string]bool{in.status.Me.ID: true}
	return in
}

// everySection has one thing in each section that there is, and in one of which the page has never heard.
func everySection(t *testing.T) waiting {
	t.Helper()
	all := map[string]any{}
	var sections []api.Section
	add := func(name, of, title string, document any) {
		item := api.SectionItem{ID: "x-" + name, Short: "x-" + name, Kind: of, Title: title, Why: "because of " + name, Who: &api.Named{ID: "m-ben", Name: "Ben"}, Due: "2026-12-01"}
		if name == "arrivals" || name == "departures" || name == "renames" {
			item.Who = nil // it is about them
		}
		sections = append(sections, api.Section{Name: name, Title: "Title of " + name, Items: []api.SectionItem{item}})
		if document != nil {
			all[name] = []any{document}
		}
	}
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			add(w.Key, k.Name, "thing of "+w.Key, map[string]any{"id": "x-" + w.Key, "short": "x-" + w.Key, "kind": k.Name, "title": "thing of " + w.Key, "status": "open", "due": "2026-12-01"})
		}
	}
	for name, of := range SectionsOfNoKind {
		add(name, of, "thing of "+name, nil)
	}
	add("never_heard_of", "moon", "thing of never_heard_of", nil)
	add("new_of_a_kind", "note", "thing of new_of_a_kind", nil)
	all["sections"] = sections
	raw, err := json.Marshal(all)
	must(t, err)
	w, err := readWaiting(raw)
	must(t, err)
	return w
}

func TestTodayShowsEverySectionThatTheDaemonHas(t *testing.T) {
	w := everySection(t)
	for _, tag := range []string{"en", "es"} {
		in := reader(tag, "/571db8ac/")
		day := in.dayOf(w, "")
		shown := map[string]int{}
		for _, s := range day.Sections {
			for _, r := range s.Rows {
				shown[strings.ToLower(r.Title)]++
			}
		}
		for _, s := range w.Sections {
			if n := shown["thing of "+s.Name]; n != 1 {
				t.Errorf("%s: what is in the section %q stands there %d times", tag, s.Name, n)
			}
		}
		for _, s := range day.Sections {
			for _, r := range s.Rows {
				if strings.Contains(r.Title, "forget") && !strings.Contains(r.Says, "Ben") {
					t.Errorf("it isn't said who wants it: %q", r.Says)
				}
			}
		}
	}
}

func TestTodayHasWordsForWhatNoKindDeclares(t *testing.T) {
	for name := range SectionsOfNoKind {
		if headings[name] == "" {
			t.Errorf("the section %q has no heading", name)
		}
	}
}

// Others choose how much there is: what the daemon cuts is told as cut, with a way to all of it.
func TestTodaySaysWhereThereIsMore(t *testing.T) {
	w := everySection(t)
	for i, s := range w.Sections {
		if s.Name == "merged" {
			w.Sections[i].More = true
			for range 60 {
				w.Sections[i].Items = append(w.Sections[i].Items, s.Items[0])
			}
		}
	}
	find := func(day day) section {
		i := slices.IndexFunc(day.Sections, func(s section) bool { return s.Title == "Two wrote at one place here" })
		if i < 0 {
			t.Fatal("it isn't there")
		}
		return day.Sections[i]
	}
	s := find(reader("en", "/571db8ac/").dayOf(w, ""))
	if len(s.Rows) != mostWaiting || s.More.Words != "more than 41 more" || s.More.At != "/571db8ac/?of=merged" {
		t.Errorf("%d rows, then %q at %s", len(s.Rows), s.More.Words, s.More.At)
	}
	one := reader("en", "/571db8ac/?of=merged&n=60").dayOf(w, "merged")
	if s = find(one); len(one.Sections) != 1 || len(s.Rows) != 60 || s.More.At != "/571db8ac/?of=merged&n=260" || one.All.Words == "" {
		t.Errorf("alone: %d sections, %d rows, then %q", len(one.Sections), len(s.Rows), s.More.At)
	}
}

func TestWhereTwoWroteAtOncePlaceItIsSaidAndCanBeLeft(t *testing.T) {
	in := reader("en", "/571db8ac/tasks/t-2m7d")
	d := document{Document: api.Document{Short: "t-2m7d", Apart: []api.Apart{
		{Field: "text", Sides: []api.Side{{By: api.Named{ID: "m-ben", Name: "Ben"}}, {By: api.Named{ID: "m-ana", Name: "Ana"}}}},
		{Field: "due", Sides: []api.Side{{By: api.Named{ID: "m-ben", Name: "Ben"}, Says: "2026-12-01"}, {By: api.Named{ID: "m-cleo", Name: "Cleo"}, Says: "2026-12-04"}}},
	}}}
	h := in.heading(kinds.Task, d)
	if len(h.Both) != 2 || h.Both[0].Says != "Ben and you wrote at one place here without knowing of each other: the text. All of it stands." {
		t.Fatalf("it says %+v", h.Both)
	}
	if sides := h.Both[1].Sides; len(sides) != 2 || sides[1] != (fact{Name: "Cleo", Says: "2026-12-04"}) || !strings.HasSuffix(h.Settle.At, "/tasks/t-2m7d/settle") {
		t.Errorf("the sides are %+v, and it is left at %s", sides, h.Settle.At)
	}
}

func TestWhoAskedThemselvesIsToldSo(t *testing.T) {
	own := []document{{Document: api.Document{CreatedBy: api.Named{ID: "m-ana", Name: "Ana"}}}}
	for tag, says := range map[string]string{"en": "You are asked for one thing, Ana.", "es": "Te piden una cosa, Ana."} {
		if got := reader(tag, "/").sentence(0, own); got != says {
			t.Errorf("it says %q, not %q", got, says)
		}
	}
	if got := reader("en", "/").sentence(2, own); got != "Two decisions wait for your word, Ana, and one task for an answer." {
		t.Error(got)
	}
}

func TestWhatSomebodyWroteStaysAsItIs(t *testing.T) {
	in := reader("en", "/")
	if got := in.parts(kind.Answer{"answer": "put_back", "well": "late", "not_well": "My_file is late"}); got != dots("answer: put_back", "not well: My_file is late", "well: late") {
		t.Error(got)
	}
}
