package server

import (
	"bytes"
	"slices"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

func TestWhatTheServerRefusesToRead(t *testing.T) {
	long := strings.Repeat("x", api.MaxText+1)
	tests := []struct {
		name, body string
		code       api.Code
		says       string
	}{
		{"a field that it doesn't know", `{"title":"x","dew":"friday"}`, api.Invalid, `no field "dew"`},
		{"a field of another type", `{"title":7}`, api.Invalid, `"title" can't be a number`},
		{"something after the JSON", `{"title":"x"}{}`, api.Invalid, "after its JSON"},
		{"no JSON", `title: x`, api.Invalid, "not JSON"},
		{"half of it", `{"title":"x`, api.Invalid, "not JSON"},
		{"an array", `[]`, api.Invalid, "can't be"},
		{"text that isn't UTF-8", "{\"title\":\"\xff\"}", api.Invalid, "not UTF-8"},
		{"a hundred thousand brackets", strings.Repeat("[", 100_000), api.Limit, "16 deep"},
		{"no title", `{}`, api.Usage, "a title is needed"},
		{"a title of spaces", `{"title":"  "}`, api.Usage, "a title is needed"},
		{"a title of 10,000 characters", `{"title":"` + strings.Repeat("ü", 10_000) + `"}`, api.Limit, "at most 200 characters, this one has 10000"},
		{"a title of two lines", `{"title":"a\nb"}`, api.Invalid, "control characters"},
		{"a title that talks to the terminal", `{"title":"a\u001b[2Jb"}`, api.Invalid, "control characters"},
		{"a text that is too long", `{"title":"x","text":"` + long + `"}`, api.Limit, "at most 100000 characters, this one has 100001"},
		{"a date that is none", `{"title":"x","due":"friday"}`, api.Invalid, "“friday” is not a date like 2026-12-01"},
		{"hours below nothing", `{"title":"x","hours":-1}`, api.Invalid, "hours go from 0"},
		{"a tag that is too long", `{"title":"x","tags":["` + strings.Repeat("ü", 60) + `"]}`, api.Limit, "at most 100 bytes, this one has 120"},
		{"somebody who isn't here", `{"title":"x","ask":["Dora"]}`, api.NotFound, "nobody here is called “Dora”"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake()
			p := refused(t, f, "POST", "tasks", strings.NewReader(tt.body))
			if p.Code != tt.code || !strings.Contains(p.Message, tt.says) {
				t.Errorf("got %s: %s\nwant %s: …%s…", p.Code, p.Message, tt.code, tt.says)
			}
			if f.created != nil {
				t.Error("a task was made all the same")
			}
		})
	}
}

func TestABodyOverTheLimitIsRefusedWithoutBeingRead(t *testing.T) {
	endless := &counting{}
	p := refused(t, newFake(), "POST", "tasks", endless)
	if p.Code != api.Limit {
		t.Errorf("got %s: %s", p.Code, p.Message)
	}
	if endless.n > 4*api.MaxBody {
		t.Errorf("read %d bytes of an endless body, the limit is %d", endless.n, api.MaxBody)
	}
}

// counting is an endless body of spaces.
type counting struct{ n int }

func (c *counting) Read(b []byte) (int, error) {
	copy(b, bytes.Repeat([]byte(" "), len(b)))
	c.n += len(b)
	return len(b), nil
}

func TestTheLongestTextIsTakenHoweverItIsEscaped(t *testing.T) {
	f := newFake()
	emoji := strings.Repeat(`\ud83d\udda8`, api.MaxText) // one character, twelve bytes
	if status, answer := ask(t, f, "POST", "tasks", strings.NewReader(`{"title":"x","text":"`+emoji+`"}`)); status != 200 {
		t.Fatalf("status %d: %.200s", status, answer)
	}
}

func TestWhatComesInIsCleaned(t *testing.T) {
	f := newFake()
	body := `{"title":"  Cafe\u0301 ","due":"2026-12-01T15:00:00+01:00","ask":["ana","BENEDICTE","Ana"],"text":"a\r\nb"}`
	if status, answer := ask(t, f, "POST", "tasks", strings.NewReader(body)); status != 200 {
		t.Fatal(answer)
	}
	got, with := f.created, kinds.Task.Make.With
	due, ask := with[slices.IndexFunc(with, keyed("due"))], with[slices.IndexFunc(with, keyed("ask"))]
	if *got.Title != "Café" || got.Str(due) != "2026-12-01T14:00:00Z" || got.Text.Text != "a\nb" {
		t.Errorf("got %+v", got)
	}
	if asked := got.All(ask); len(asked) != 2 || asked[0] != memberID('a') || asked[1] != memberID('b') {
		t.Errorf("asked %v", asked)
	}
}

func FuzzNoRequestPanics(f *testing.F) {
	for _, seed := range []string{`{"title":"x"}`, `{"title":"x","ask":["Ana"],"hours":1e400}`, `[[[`, `{"due":"9999-99-99"}`, `null`, `"`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, path := range []string{"tasks", "tasks/4kq2/ask", "decisions"} {
			status, answer := ask(t, newFake(), "POST", path, bytes.NewReader(body))
			if status == 0 || answer == "" {
				t.Errorf("%s: no answer to %q", path, body)
			}
		}
	})
}

func keyed(key string) func(*kind.Field) bool {
	return func(f *kind.Field) bool { return f.Key == key }
}

func TestAFirstNameIsAskedBackAndNotTakenForTheMember(t *testing.T) {
	all := []api.Member{{Name: "Dora Núñez"}, {Name: "Dora Vidal", Standing: "resigned"}, {Name: "Ana"}}
	for word, want := range map[string]string{"dora": "did you mean “Dora Núñez”? Else: kith member list", "Nunez": "did you mean “Dora Núñez”? Else: kith member list", "Zoe": "kith member list"} {
		if got := orMeant("kith member list", word, all); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}
