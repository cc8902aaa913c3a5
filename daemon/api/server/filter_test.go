package server

import (
	"strings"
	"testing"
	"time"

	"kith/daemon/api"
)

func TestWhichTasksAFilterSelects(t *testing.T) {
	ana, ben := api.Named{ID: "m-a", Name: "Ana"}, api.Named{ID: "m-b", Name: "Ben"}
	day := func(n int) api.Time { return api.At(time.Date(2026, 11, n, 0, 0, 0, 0, time.UTC)) }
	tasks := []api.Task{
		{Document: api.Document{ID: "t-1", Title: "b", UpdatedAt: day(1), CreatedAt: day(1), Tags: []string{"Paper"}}, Status: "open", Due: "2026-11-26"},
		{Document: api.Document{ID: "t-2", Title: "a", UpdatedAt: day(3), CreatedAt: day(2)}, Status: "doing", TakenBy: []api.Named{ana}, Due: "2026-11-25T12:00:00Z", Project: "Workshop"},
		{Document: api.Document{ID: "t-3", Title: "C", UpdatedAt: day(2), CreatedAt: day(3)}, Status: "done", TakenBy: []api.Named{ana}, Help: api.Help{Wanted: true}},
		{Document: api.Document{ID: "t-4", Title: "d", UpdatedAt: day(4), CreatedAt: day(4)}, Status: "open", Asked: []api.Asked{{Member: ana, Answer: "accepted"}, {Member: ben, Answer: "none"}}, Help: api.Help{Wanted: true}},
	}
	tests := []struct {
		name   string
		filter TaskFilter
		want   string
	}{
		{"all, newest change first", TaskFilter{}, "4 2 3 1"},
		{"mine: taken or accepted", TaskFilter{Member: "m-a"}, "4 2 3"},
		{"asked, unanswered", TaskFilter{AskedOf: "m-b"}, "4"},
		{"asked and answered waits for nobody", TaskFilter{AskedOf: "m-a"}, ""},
		{"open means not over", TaskFilter{Open: true}, "4 2 1"},
		{"help wanted with what isn't over", TaskFilter{HelpWanted: true}, "4"},
		{"project, whatever its case", TaskFilter{Project: "workshop"}, "2"},
		{"tag, whatever its case", TaskFilter{Tag: "paper"}, "1"},
		{"due before a day", TaskFilter{DueBefore: "2026-11-26"}, "2"},
		{"by due date, those without one last", TaskFilter{Sort: "due"}, "2 1 3 4"},
		{"by title, whatever its case", TaskFilter{Sort: "title"}, "2 1 3 4"},
		{"by creation", TaskFilter{Sort: "created"}, "4 3 2 1"},
		{"two of them", TaskFilter{Limit: 2}, "4 2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got []string
			for _, task := range tt.filter.Apply(append([]api.Task{}, tasks...)) {
				got = append(got, task.ID[2:])
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %v, want %s", got, tt.want)
			}
		})
	}
}

func TestWhichDecisionsAFilterSelects(t *testing.T) {
	list := []api.Decision{
		{Document: api.Document{ID: "d-1"}, Status: "open", WaitingFor: []api.Named{{ID: "m-a"}}},
		{Document: api.Document{ID: "d-2"}, Status: "agreed", ReviewOn: "2026-11-24"},
		{Document: api.Document{ID: "d-3"}, Status: "agreed", ReviewOn: "2026-11-23"},
		{Document: api.Document{ID: "d-4"}, Status: "withdrawn", ReviewOn: "2026-11-23", WaitingFor: []api.Named{{ID: "m-a"}}},
	}
	for want, f := range map[string]DecisionFilter{
		"d-1":     {WaitingFor: "m-a"},
		"d-3 d-2": {ReviewBefore: "2026-11-25"},
		"d-3":     {ReviewBefore: "2026-11-24"},
	} {
		var got []string
		for _, d := range f.Apply(append([]api.Decision{}, list...)) {
			got = append(got, d.ID)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%+v: got %v, want %s", f, got, want)
		}
	}
}
