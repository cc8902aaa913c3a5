package kinds

import (
	"reflect"
	"testing"

	"kith/crdt/kind"
)

// Who answered a choice is told what came out, and not only that something did.
func TestWhatWasChosenIsTold(t *testing.T) {
	closed := func(process, state string, chosen ...any) kind.Answer {
		return kind.Answer{"process": process, "status": "chosen", "outcome": map[string]any{"state": state, "chosen": chosen}}
	}
	for _, tt := range []struct {
		a    kind.Answer
		want kind.Cell
	}{
		{closed(ProcessRanking, "holds", "New"), kind.Cell{Words: "chosen: New", Own: []string{"New"}}},
		{closed(ProcessApproval, "holds", "New", "Old"), kind.Cell{Words: "chosen: New; Old", Own: []string{"New; Old"}}},
		{closed(ProcessDates, "holds", "2099-12-04T15:00:00Z"), kind.Cell{Words: "chosen:", Day: "2099-12-04T15:00:00Z"}},
		{closed(ProcessRanking, "contested", "New"), kind.Cell{Words: "chosen, contested"}},
		{kind.Answer{"status": "agreed", "outcome": map[string]any{"state": "holds"}}, kind.Cell{Words: "agreed"}},
	} {
		if got := decisionCame(tt.a); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%v: %+v, want %+v", tt.a, got, tt.want)
		}
	}
}
