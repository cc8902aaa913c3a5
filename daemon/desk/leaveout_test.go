package desk

import (
	"context"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/crdttest"
	"kith/crdt/kinds"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
	"kith/daemon/space"
)

func TestWordsThatNameWhatIsntSharedAreLeftOut(t *testing.T) {
	t.Parallel()
	first, _ := replicatest.TwoAllies(t)
	home, _, _ := replicatest.TwoReplicas(t)
	ctx := context.Background()
	note := func(r *replica.Replica, title string) crdt.View {
		v, err := r.Create(ctx, kinds.Note.Name, func(e replica.Edit) error { return crdttest.NewNote(crdttest.NoteFields{Title: title})(e.Doc, nil) })
		must(t, err)
		return v
	}
	secret, there, shared := note(home, "Secret"), note(first, "There"), note(home, "Shared")
	_, err := home.Edit(ctx, shared.ID, func(e replica.Edit) error {
		return crdt.SetLink(&crdt.Link{Share: first.Space().String(), Doc: "n-" + there.ID.String()})(e.Doc, e.View)
	})
	must(t, err)
	me, _ := home.Me()
	other, _ := replicatest.TwoAllies(t) // what this computer is in besides
	theirs, _ := first.Me()
	e := note(other, "Elsewhere").ID.String()
	s, x, o := secret.ID.String(), shared.ID.String(), there.ID.String()
	for in, want := range map[string]string{
		"":                                   "",
		"see n-" + s:                         "see (not shared)",
		"n-" + s[:6] + ".":                   "(not shared).",
		"N-" + strings.ToUpper(s[:6]) + "!":  "(not shared)!",
		"n-" + x[:6] + " and n-" + x:         "n-" + o[:copyLetters] + " and n-" + o[:copyLetters],
		"n-" + o[:8]:                         "n-" + o[:8],
		"a t-shirt, vitamin d-rich, x-" + s:  "a t-shirt, vitamin d-rich, x-" + s,
		"t-00000000000000000000000000000000": "(not shared)",
		me.ID.String():                       "(not shared)",
		me.ID.String()[:8]:                   "(not shared)",
		"ten-" + s:                           "ten-" + s,
		"_n-" + s[:6] + "_":                  "_(not shared)_",
		"x_n-" + s[:6] + "-n-" + s[:6]:       "x_(not shared)-(not shared)",
		"n-" + e[:8]:                         "(not shared)",
		"m-" + e:                             "(not shared)",
		theirs.ID.String()[:10]:              theirs.ID.String()[:10],
	} {
		l := New(nil, space.NewList(nil, space.Config{})).LeaveOut(home, first)
		l.others = append(l.others, other)
		if got := l.Plain(in); got != want {
			t.Errorf("%q becomes %q, want %q", in, got, want)
		}
	}
}
