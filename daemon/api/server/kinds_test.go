package server

import (
	"encoding/json"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

func TestADocumentOfAnyKindIsToldAsItIsDescribed(t *testing.T) {
	s := New(served{newFake()}, nil)
	for _, k := range kinds.All.Nouns() {
		for seed := range uint64(20) {
			d := Shown{Of: k}
			r := rand.New(rand.NewPCG(seed, 3))
			if seed > 0 {
				makeUp(reflect.ValueOf(&d.Document).Elem(), r, 0)
			}
			for _, show := range k.Shows {
				v := reflect.New(show.Type).Elem()
				if seed > 0 {
					makeUp(v, r, 0)
				}
				d.Fields = append(d.Fields, v.Interface())
			}
			for path, answer := range map[string]any{k.Many: []Shown{d, d}, k.Many + "/x": d} {
				w := httptest.NewRecorder()
				s.write(w, http.StatusOK, answer)
				q := httptest.NewRequest("GET", "http://kith/v1/"+path, http.NoBody)
				if ok, errs := description(t).ValidateHttpResponse(q, w.Result()); !ok {
					t.Fatalf("%s: %s\n%s", path, all(errs), w.Body)
				}
			}
		}
	}
}

func TestWhatADeclarationNamesIsInTheDescriptionAndNothingElse(t *testing.T) {
	var doc struct {
		Paths      map[string]map[string]any
		Components struct {
			Schemas map[string]struct {
				Properties map[string]any
				Required   []string
			}
		}
	}
	b, err := json.Marshal(describe(routes()))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		t.Fatal(err)
	}
	for _, k := range kinds.All.Nouns() {
		for _, show := range k.Shows {
			if doc.Components.Schemas[capital(k.Name)].Properties[show.Name] == nil {
				t.Errorf("a %s shows %s, and nobody is told", k.Name, show.Name)
			}
		}
		for _, v := range append([]*kind.Verb{k.Make, k.Edit}, k.Verbs...) {
			schema, ok := doc.Components.Schemas[capital(k.Name)+capital(v.Name)]
			if want := fieldsOf(k, v); !ok || len(schema.Properties) != len(want) {
				t.Errorf("%s %s takes %d fields, described are %d", k.Name, v.Name, len(want), len(schema.Properties))
			}
		}
		for path := range doc.Paths {
			rest, ok := strings.CutPrefix(path, "/v1/"+k.Many+"/{id}/")
			if ok && k.Verb(rest) == nil && !slices.Contains([]string{"shown", "possible", "history", "history/{version}", "restore"}, rest) {
				t.Errorf("%s is described, and declared nowhere", path)
			}
		}
	}
}

func TestWhatADocumentIsAskedIsHeldAgainstItsKind(t *testing.T) {
	long, many := strings.Repeat("x", 201), `["`+strings.Repeat(`a","`, 50)+`a"]`
	for _, test := range []struct {
		what, body string
		code       api.Code
		says       string
	}{
		{"PATCH tasks/4kq2", `{}`, api.Invalid, "nothing is to be changed"},
		{"PATCH tasks/4kq2", `{"title":null}`, api.Invalid, "nothing is to be changed"},
		{"PATCH tasks/4kq2", `{"tag":[]}`, api.Invalid, "nothing is to be changed"},
		{"PATCH tasks/4kq2", `{"title":" "}`, api.Usage, "a title is needed"},
		{"PATCH tasks/4kq2", `{"process":"consent"}`, api.Invalid, `no field "process"`},
		{"PATCH tasks/4kq2", `{"status":"done"}`, api.Invalid, `no field "status"`},
		{"PATCH tasks/4kq2", `{"Title":"x"}`, api.Invalid, `no field "Title"`},
		{"PATCH tasks/4kq2", `{"text":"x"}`, api.Invalid, `can't be a string`},
		{"PATCH tasks/4kq2", `{"text":{"txt":"x"}}`, api.Invalid, `no field "txt"`},
		{"PATCH tasks/4kq2", `{"project":"` + long + `"}`, api.Limit, "at most 200 characters, this one has 201"},
		{"PATCH tasks/4kq2", `{"hours":"2"}`, api.Invalid, `"hours" can't be a string`},
		{"PATCH tasks/4kq2", `{"hours":1e300}`, api.Invalid, "hours go from 0"},
		{"PATCH tasks/4kq2", `{"tag":"a"}`, api.Invalid, `"tag" can't be a string`},
		{"PATCH tasks/4kq2", `{"tag":[7]}`, api.Invalid, "tag must be"},
		{"PATCH tasks/4kq2", `{"tag":` + many + `}`, api.Limit, "at most 50"},
		{"PATCH tasks/4kq2", `{"tag":["a\nb"]}`, api.Invalid, "control characters"},
		{"PATCH tasks/4kq2", `{"due":"31.12."}`, api.Invalid, "is not a date"},
		{"PATCH tasks/4kq2", `{"due":7}`, api.Invalid, `"due" can't be a number`},
		{"PATCH decisions/9f2c", `{"process":"majority"}`, api.Invalid, `no field "process"`},
		{"PATCH decisions/9f2c", `{"due":"2026-12-01"}`, api.Invalid, `no field "due"`},
		{"POST decisions", `{"title":"x","process":"lottery"}`, api.Invalid, "there is no process “lottery”"},
		{"POST decisions/9f2c/position", `{"revision":"0f3c"}`, api.Usage, "position"},
		{"POST decisions/9f2c/position", `{"stance":"consent"}`, api.Usage, "a revision is needed"},
		{"POST tasks/4kq2/accept", `{}`, api.Usage, "a revision is needed"},
		{"POST tasks/4kq2/shown", `{}`, api.Invalid, "1 to 4096 heads"},
		{"POST decisions/9f2c/position", `{"stance":"maybe"}`, api.Invalid, "there is no position “maybe”"},
		{"POST decisions/9f2c/position", `{"revision":"0f3c","stance":"object"}`, api.Usage, "an objection needs a reason"},
		{"POST decisions/9f2c/position", `{"stance":"object","why":"` + strings.Repeat("x", 8001) + `"}`, api.Limit, "at most 8000 bytes"},
		{"POST decisions/9f2c/withdraw", `{}`, api.Usage, "withdrawing a decision needs a reason"},
		{"POST notes/01m7/append", `{}`, api.Usage, "there is no text to append"},
		{"POST notes/01m7/append", `{"text":"a\u0007b"}`, api.Invalid, "control character"},
		{"POST notes/01m7/restore", `{"head":"xyz"}`, api.Invalid, "is no version of a note"},
		{"POST notes/4kq2/append", `{"text":"x"}`, api.NotFound, "no note has an ID"},
		{"POST notes/t-4kq2/append", `{"text":"x"}`, api.NotFound, "is the ID of a task"},
		{"POST notes/01m7/take", `{}`, api.NotFound, "a note can't be told to “take”"},
		{"POST widgets", `{}`, api.NotFound, "the daemon knows no"},
		{"GET tasks/4kq2/history/xyz", ``, api.Invalid, "is no version of a task"},
		{"GET asks/4kq2/history", ``, api.NotFound, "the daemon knows no"},
		{"POST tasks", `{"title":"x","ask":["Dora"]}`, api.NotFound, "nobody here is called “Dora”"},
		{"POST tasks", `{"title":"x","text":{"text":"y"}}`, api.Invalid, `"text" can't be a object`},
		{"POST tasks", `{"title":"x","tags":"y"}`, api.Invalid, `"tags" can't be a string`},
		{"POST tasks", `[]`, api.Invalid, "can't be"},
	} {
		f := newFake()
		method, path, _ := strings.Cut(test.what, " ")
		p := refused(t, f, method, path, strings.NewReader(test.body))
		if p.Code != test.code || !strings.Contains(p.Message, test.says) {
			t.Errorf("%s %.60s: %s: %s (%s)", test.what, test.body, p.Code, p.Message, p.Hint)
		}
		if f.created != nil || f.told != nil {
			t.Errorf("%s %.60s: it was done all the same", test.what, test.body)
		}
	}
}

func TestWhatIsAskedReachesTheDocumentWhole(t *testing.T) {
	for _, test := range []struct {
		what, body string
		is         func(a *Asks) bool
	}{
		{"PATCH tasks/4kq2", `{"due":""}`, func(a *Asks) bool {
			due := kinds.Task.Field("due")
			return a.Has(due) && a.Str(due) == "" && a.Title == nil && a.Text == nil
		}},
		{"PATCH tasks/4kq2", `{"hours":2.5}`, func(a *Asks) bool { return a.Value(kinds.Task.Field("hours")).Int() == 150 }},
		{"PATCH tasks/4kq2", `{"hours":0}`, func(a *Asks) bool { return a.Has(kinds.Task.Field("hours")) }},
		{"PATCH tasks/4kq2", `{"title":" Cafe\u0301 "}`, func(a *Asks) bool { return *a.Title == "Café" && a.Text == nil }},
		{"PATCH tasks/4kq2", `{"text":{"text":"a\r\nb","base_heads":["ab"]}}`, func(a *Asks) bool { return a.Text.Text == "a\nb" && slices.Equal(a.From, []string{"ab"}) }},
		{"PATCH tasks/4kq2", `{"tag":[" a "],"untag":["b"]}`, func(a *Asks) bool { return slices.Equal(a.Tag, []string{"a"}) && slices.Equal(a.Untag, []string{"b"}) }},
		{"POST decisions/9f2c/position", `{"stance":"stand_aside","revision":"0f3c","why":" not for me "}`, func(a *Asks) bool {
			return a.Str(kinds.Decision.Verb("position").By) == "stand-aside" && a.Why == "not for me"
		}},
		{"POST decisions/9f2c/close", ``, func(a *Asks) bool { return a.Text != nil && a.Text.Text == "" }},
		{"POST tasks/4kq2/ask", `{"members":["cleo","me","Ana"]}`, func(a *Asks) bool { return slices.Equal(a.All(kind.Whom), []string{memberID('a'), memberID('c')}) }},
		{"POST tasks/4kq2/help", `{"undo":true}`, func(a *Asks) bool { return a.Undo && a.Why == "" }},
		{"POST notes/01m7/append", `{"text":"x"}`, func(a *Asks) bool { return a.Text.Text == "x" }},
	} {
		f := newFake()
		method, path, _ := strings.Cut(test.what, " ")
		if status, answer := ask(t, f, method, path, strings.NewReader(test.body)); status != http.StatusOK || f.told == nil || !test.is(f.told) {
			t.Errorf("%s %s: %d %.200s; told %+v", test.what, test.body, status, answer, f.told)
		}
	}
}

func TestWhatAListIsAskedForIsSaidInFacts(t *testing.T) {
	me, other := memberID('a'), memberID('b')
	by := kind.Asker{Me: me, Day: func(when string) string { return when }, On: func(int) string { return "2026-11-25" }}
	facts := map[string][]string{
		"mine, open and due":    {"due/2026-11-26", "mine/" + me, "open", "tag/Paper"},
		"another's, for a fair": {"due/2026-11-20", "help", "mine/" + other, "open", "project/Fair"},
		"over":                  {"mine/" + me},
	}
	for query, want := range map[string]string{
		"":                                 "another's, for a fair; mine, open and due; over",
		"mine=true":                        "mine, open and due; over",
		"mine=false":                       "another's, for a fair; mine, open and due; over",
		"mine=true&open=true":              "mine, open and due",
		"project=fair":                     "another's, for a fair",
		"tag=paper":                        "mine, open and due",
		"due_before=2026-11-26":            "another's, for a fair",
		"due_before=2026-11-27":            "another's, for a fair; mine, open and due",
		"help_wanted=true&due_before=":     "another's, for a fair",
		"open=true&tag=paper&project=fair": "",
	} {
		f := newFake()
		if status, answer := ask(t, f, "GET", "tasks?"+query, nil); status != http.StatusOK || len(f.listed) == 0 {
			t.Errorf("%s: %d %s", query, status, answer)
			continue
		}
		asked := f.listed[len(f.listed)-1] // before it, for a name, the projects that are called so
		var got []string
		for name, has := range facts {
			if kind.Match(has, asked.Wants(by)) {
				got = append(got, name)
			}
		}
		slices.Sort(got)
		if strings.Join(got, "; ") != want {
			t.Errorf("%s: %s; want %s", query, strings.Join(got, "; "), want)
		}
	}
}

func TestAListComesInTheOrderThatIsAskedForOrInThatOfWhatItFinds(t *testing.T) {
	for path, want := range map[string]string{
		"tasks": "", "tasks?sort=due": "due", "tasks?sort=title&limit=3": "title", "notes?sort=created": "created",
		"decisions": "", "decisions?review_before=2026-12-01": "review", "decisions?review_before=2026-12-01&sort=title": "title",
	} {
		f := newFake()
		status, answer := ask(t, f, "GET", path, nil)
		if status != http.StatusOK {
			t.Fatalf("%s: %d %s", path, status, answer)
		}
		got := ""
		if f.listed[0].Order != nil {
			got = f.listed[0].Order.Name
		}
		if got != want || strings.Contains(path, "limit") != (f.listed[0].Limit == 3) {
			t.Errorf("%s: by %q, %d", path, got, f.listed[0].Limit)
		}
	}
}

func TestTodayAsksWhatEachKindDeclares(t *testing.T) {
	f := newFake()
	status, answer := ask(t, f, "GET", "today", nil)
	waits := 0
	for _, k := range kinds.All.Nouns() {
		for _, w := range k.Today {
			waits++
			if !strings.Contains(answer, `"`+w.Key+`":[]`) {
				t.Errorf("%s isn't in %s", w.Key, answer)
			}
		}
	}
	merged := len(kinds.All.Nouns())                                // each is asked for what was written apart
	if status != http.StatusOK || len(f.listed) != waits+merged+3 { // and the profiles, for who is away; and who is new twice: who is to be met, and whose step is in force
		t.Errorf("%d; %d lists for %d kinds of waiting, and %d of what was written apart", status, len(f.listed), waits, merged)
	}
}

// With 100,000 tasks that nobody has, it took two minutes to say what waits.
func TestWhatWaitsIsToldAsFarAsAMomentReaches(t *testing.T) {
	f := newFake()
	f.inEach = mostTold + 50
	sections := func(path string) map[string]api.Section {
		status, answer := ask(t, f, "GET", path, nil)
		var day api.Today
		if err := json.Unmarshal([]byte(answer), &day); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d %v", path, status, err)
		}
		of := map[string]api.Section{}
		for _, s := range day.Sections {
			of[s.Name] = s
		}
		return of
	}
	told, all := sections("today"), sections("today?all=true")
	for _, name := range []string{"nobody", "asked", "help_wanted", "decisions"} {
		if s := told[name]; len(s.Items) != mostTold || !s.More {
			t.Errorf("%s: %d, more: %t", name, len(s.Items), s.More)
		}
		if s := all[name]; len(s.Items) != f.inEach || s.More {
			t.Errorf("all of %s: %d, more: %t", name, len(s.Items), s.More)
		}
	}
	// What is told in parts comes whole: of what is cut off nobody would know in which part it is.
	if s := told["overdue"]; len(s.Items) != f.inEach || s.More {
		t.Errorf("overdue: %d, more: %t", len(s.Items), s.More)
	}
}

func TestAnAtFindsMembersByTheirWholeNames(t *testing.T) {
	all := []api.Member{{ID: memberID('a'), Name: "Ana"}, {ID: memberID('b'), Name: "Ana María"}, {ID: memberID('c'), Name: "Bénédicte"}, {ID: memberID('d'), Name: "O'Neil"}}
	for text, want := range map[string]string{
		"Ana, look":        "Ana",
		"ana maría's idea": "Ana María",
		"Ana Maria: yes":   "Ana María",
		"benedicte?":       "Bénédicte",
		"O'Neil's":         "O'Neil",
		"Anabel knows":     "",
		"work":             "",
		memberID('c')[:7]:  "Bénédicte",
		"… ":               "",
		"Ana’s":            "Ana",
	} {
		if m, _ := memberAt(all, strings.Fields(text)); m.Name != want {
			t.Errorf("@%s is %q, not %q", text, m.Name, want)
		}
	}
}
