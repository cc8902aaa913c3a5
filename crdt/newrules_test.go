package crdt_test

import (
	"errors"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/problem"
)

// A field of newer rules would freeze a document on the computers of those who have an older Kith.
func TestAFieldOfNewerRulesIsWrittenOnceTheCoopHasAgreedOnThem(t *testing.T) {
	mood := &kind.Field{Key: "mood", Is: kind.Line, Rules: 2}
	weight := &kind.Field{Key: "weight", Is: kind.Word, Words: []string{"light", "heavy"}, Rules: 2}
	heard := &kind.Field{Key: "heard", Is: kind.Flag, Rules: 2}
	title := func(d *kind.Draft) error { return nil }
	said := func(d *kind.Draft) error { d.Say(heard, change.BoolValue(true)); return nil }
	later := func(d *kind.Draft) error {
		d.Then(func(string, string) { d.Say(heard, change.BoolValue(true)) })
		return nil
	}
	for what, test := range map[string]struct {
		do    func(*kind.Draft) error
		mood  bool
		newer bool // it writes in a field of rules 2
	}{
		"a title":               {title, false, false},
		"what is asked for":     {title, true, true},
		"what a member says":    {said, false, true},
		"what a text brings on": {later, false, true},
	} {
		song := &kind.Kind{Name: "song", Many: "songs", Letters: "x", Fields: []*kind.Field{mood, weight}, Own: []*kind.Field{heard},
			Make: &kind.Verb{Name: "add", With: []*kind.Field{mood}, Do: test.do}}
		for rules, refused := range map[uint64]bool{0: test.newer, 1: test.newer, 2: false, 3: false} {
			asks := kind.Begin("The wind", "")
			if test.mood {
				asks.Put(mood, change.StrValue("blue"))
			}
			am := automerge.New()
			err := crdt.Perform(song, song.Make, &kind.Draft{Asks: asks, Author: charter.MemberID{1}, Now: now, Rules: rules})(am, nil)
			var newer *kind.NewRulesError
			p, told := problem.Of(err)
			switch {
			case refused && (!errors.As(err, &newer) || !told || p.Code != problem.NotAllowed || p.Hint == ""):
				t.Errorf("under rules %d %s: %v", rules, what, err)
			case !refused && err != nil:
				t.Errorf("under rules %d %s is refused: %v", rules, what, err)
			case refused:
				continue
			}
			light, err := am.Path("weight").Get()
			if err != nil || (light.Kind() == automerge.KindVoid) != (rules < 2) {
				t.Errorf("under rules %d %s: its weight is %v, %v", rules, what, light, err)
			}
		}
	}
}
