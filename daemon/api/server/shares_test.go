package server

import (
	"slices"
	"strings"
	"testing"

	"kith/crdt/kind"
	"kith/daemon/api"
)

func TestWhatGoesOnInAShareStandsOnceInAnAnswerAboutAll(t *testing.T) {
	type thing struct {
		id     string
		shared *api.Shared
	}
	there := &api.Shared{Share: api.Named{ID: "s2"}, ID: "t-2", Here: true}
	for _, test := range []struct {
		name string
		all  []thing
		want string
	}{
		{"nothing shared", []thing{{"t-1", nil}, {"t-2", nil}}, "t-1 t-2"},
		{"at home and in the share", []thing{{"t-1", there}, {"t-2", there}}, "t-1"},
		{"in the share first", []thing{{"t-2", there}, {"t-1", there}}, "t-1"},
		{"in the share alone", []thing{{"t-2", there}}, "t-2"},
		{"shown as it was at home", []thing{{"t-1", &api.Shared{Share: api.Named{ID: "s2"}, ID: "t-2"}}, {"t-2", there}}, "t-1 t-2"},
		{"in another share", []thing{{"t-1", there}, {"t-2", &api.Shared{Share: api.Named{ID: "s3"}, ID: "t-2", Here: true}}}, "t-1 t-2"},
		{"a note of a decision", []thing{{"d-1", &api.Shared{Share: api.Named{ID: "s2"}, ID: "n-2", Copy: true}}, {"n-2", &api.Shared{Share: api.Named{ID: "s2"}, ID: "n-2"}}}, "d-1 n-2"},
	} {
		var got []string
		for _, x := range once(test.all, func(x thing) (string, *api.Shared) { return x.id, x.shared }) {
			got = append(got, x.id)
		}
		if got := strings.Join(got, " "); got != test.want {
			t.Errorf("%s: %s, want %s", test.name, got, test.want)
		}
	}
}

func TestOpenAsksOfAlliesAreInTodayOnce(t *testing.T) {
	f, share := newFake(), fair("Quilted", "s2")
	f.asked = []api.Ask{
		{ID: "q-1", Title: "A ladder?", State: api.AskOpen}, {ID: "q-2", Title: "Your accounts?", State: api.AskRefused},
		{ID: "q-3", Title: "What we ask", State: api.AskOpen, Ours: true},
	}
	share.asked = f.asked
	status, answer := askAll(t, served{f, share}, "today")
	if status != 200 || strings.Count(answer, "A ladder?") != 2 || // among the asks, and in their section
		strings.Contains(answer, "accounts") || strings.Contains(answer, "What we ask") {
		t.Errorf("%d %s", status, answer)
	}
}

func TestPeopleOfTheAllyAreFoundInTheShareOfADocument(t *testing.T) {
	f, share := newFake(), fair("Quilted", "s2")
	share.people = []api.Member{{ID: memberID('x'), Name: "Dora", Coop: "Quilted"}, {ID: memberID('y'), Name: "Dora", Coop: "Riso Print Co-op"}}
	body := func(who string) *strings.Reader { return strings.NewReader(`{"members":["` + who + `"]}`) }
	task := f.documents[0].ID
	status, answer := request(t, served{f, share}, "POST", "tasks/"+task+"/ask", body("Dora (Quilted)"))
	if status == 200 {
		t.Errorf("somebody of an ally is asked to take a task that isn't shared: %s", answer)
	}
	f.documents[0].Shared = &api.Shared{Share: api.Named{ID: "s2"}, ID: "t-2", Here: true}
	status, answer = request(t, served{f, share}, "POST", "tasks/"+task+"/ask", body("dora (quilted)"))
	if status != 200 || f.told == nil || !slices.Equal(f.told.All(kind.Whom), []string{memberID('x')}) {
		t.Errorf("%d %s, told %+v", status, answer, f.told)
	}
	share.people[1].Me = true
	status, answer = request(t, served{f, share}, "POST", "tasks/"+task+"/ask", body(memberID('a')))
	if status != 200 || !slices.Equal(f.told.All(kind.Whom), []string{memberID('y')}) {
		t.Errorf("one's own ID at home: %d %s, told %+v", status, answer, f.told)
	}
	status, answer = request(t, served{f, share}, "POST", "tasks/"+task+"/ask", body("Dora"))
	if status == 200 || !strings.Contains(answer, "Dora (Riso Print Co-op)") {
		t.Errorf("of two Doras: %d %s", status, answer)
	}
}
