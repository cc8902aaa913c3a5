package space

import (
	"strings"
	"testing"

	"kith/daemon/peer"
)

func TestTheStatusNamesWhoHoldsUpWhatANewerKithCouldWrite(t *testing.T) {
	ben := func(rules uint64) reads { return reads{"Ben's laptop", peer.Formats{Rules: rules}} }
	cleo := func(rules uint64) reads { return reads{"Cleo's box", peer.Formats{Rules: rules}} }
	for _, test := range []struct {
		what   string
		own    uint64
		agreed uint64
		others []reads
		want   string // all that is said
	}{
		{"all alike", 1, 1, []reads{ben(1), cleo(1)}, ""},
		{"alone", 2, 1, nil, ""},
		{"one is older", 2, 1, []reads{ben(1), cleo(2)}, "Version 2 of the shared rules waits for a newer Kith on Ben's laptop."},
		{"both are", 2, 1, []reads{ben(1), cleo(1)}, "Version 2 of the shared rules waits for a newer Kith on Ben's laptop and Cleo's box."},
		{"nobody is any more", 2, 1, []reads{ben(2), cleo(3)}, "Everybody's Kith knows version 2 of the shared rules by now: kith charter rules moves on to it."},
		{"one hasn't said", 2, 1, []reads{ben(2), cleo(0)}, ""},
		{"it is agreed on, and one is older", 2, 2, []reads{ben(1), cleo(2)}, "A newer Kith is needed on Ben's laptop: what is written under version 2 of the shared rules doesn't show there."},
		{"as seen by the older one", 1, 2, []reads{ben(2)}, ""},
	} {
		if says := strings.Join(holdsUp(peer.Formats{Rules: test.own}, test.agreed, test.others), " "); says != test.want {
			t.Errorf("%s: %q", test.what, says)
		}
	}
}

func TestAProgramIsNewerThatReadsWhatThisOneDoesnt(t *testing.T) {
	own := peer.Formats{Rules: 1, Kinds: []string{"note", "task"}}
	for what, test := range map[string]struct {
		other peer.Formats
		want  bool
	}{
		"the same":              {own, false},
		"one that hasn't said":  {peer.Formats{}, false},
		"an older one":          {peer.Formats{Rules: 1, Kinds: []string{"note"}}, false},
		"one with a kind more":  {peer.Formats{Rules: 1, Kinds: []string{"note", "poem", "task"}}, true},
		"one with newer rules":  {peer.Formats{Rules: 2, Kinds: own.Kinds}, true},
		"newer in one way only": {peer.Formats{Rules: 2, Kinds: []string{"note"}}, true},
	} {
		if newer(own, test.other) != test.want {
			t.Errorf("%s: newer is %v", what, !test.want)
		}
	}
}
