package kind_test

import (
	"strings"
	"testing"

	"kith/crdt/kind"
)

// toy is a kind that nothing is wrong with.
func toy(change func(*kind.Kind)) *kind.Kind {
	k := &kind.Kind{
		Name: "toy", Many: "toys", Letters: "ty",
		Fields: []*kind.Field{{Key: "colour", Is: kind.Line}}, Own: []*kind.Field{{Key: "colour", Is: kind.Reason}},
	}
	if change != nil {
		change(k)
	}
	return k
}

func TestASetRefusesWhatTwoKindsCantShareAndWhatNoDocumentHolds(t *testing.T) {
	if _, err := kind.NewSet(toy(nil)); err != nil {
		t.Fatal(err)
	}
	other := func(change func(*kind.Kind)) *kind.Kind {
		return toy(func(k *kind.Kind) {
			k.Name, k.Many, k.Letters = "game", "games", "g"
			change(k)
		})
	}
	field := func(f *kind.Field) func(*kind.Kind) {
		return func(k *kind.Kind) { k.Fields = append(k.Fields, f) }
	}
	for name, tt := range map[string]struct {
		kinds []*kind.Kind
		want  string
	}{
		"two of a name":        {[]*kind.Kind{toy(nil), other(func(k *kind.Kind) { k.Name = "toy" })}, `two kinds are called "toy"`},
		"two of a path":        {[]*kind.Kind{toy(nil), other(func(k *kind.Kind) { k.Many = "toys" })}, `two kinds are called "toys"`},
		"two of the letters":   {[]*kind.Kind{toy(nil), other(func(k *kind.Kind) { k.Letters = "ty" })}, `stand for something else`},
		"a member's letter":    {[]*kind.Kind{toy(func(k *kind.Kind) { k.Letters = "m" })}, `stand for something else`},
		"no letters":           {[]*kind.Kind{toy(func(k *kind.Kind) { k.Letters = "" })}, `one to three`},
		"four letters":         {[]*kind.Kind{toy(func(k *kind.Kind) { k.Letters = "game" })}, `one to three`},
		"a digit for a letter": {[]*kind.Kind{toy(func(k *kind.Kind) { k.Letters = "t0" })}, `one to three`},
		"a name in two words":  {[]*kind.Kind{toy(func(k *kind.Kind) { k.Name = "board game" })}, `its name`},
		"a key twice":          {[]*kind.Kind{toy(field(&kind.Field{Key: "colour", Is: kind.Line}))}, `two fields have the key "colour"`},
		"a title of its own":   {[]*kind.Kind{toy(field(&kind.Field{Key: "title", Is: kind.Line}))}, `two fields have the key "title"`},
		"a key in capitals":    {[]*kind.Kind{toy(field(&kind.Field{Key: "Colour", Is: kind.Line}))}, `small letters`},
		"no type":              {[]*kind.Kind{toy(field(&kind.Field{Key: "size"}))}, `of a type that no document holds`},
		"a word without words": {[]*kind.Kind{toy(field(&kind.Field{Key: "size", Is: kind.Word}))}, `which values`},
		"the end of no line":   {[]*kind.Kind{toy(field(&kind.Field{Key: "size", Is: kind.Line, With: &kind.Field{}}))}, `the line of a field that isn't there`},
		"a map of one's own": {[]*kind.Kind{toy(func(k *kind.Kind) {
			k.Own = append(k.Own, &kind.Field{Key: "friends", Is: kind.Members})
		})}, `can't be kept so`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := kind.NewSet(tt.kinds...); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestAnIDIsTakenApartInOnePlace(t *testing.T) {
	s, err := kind.NewSet(toy(nil), toy(func(k *kind.Kind) { k.Name, k.Many, k.Letters = "game", "games", "t" }))
	if err != nil {
		t.Fatal(err)
	}
	for word, want := range map[string]struct{ letters, start, kind string }{
		"ty-4kq2":   {"ty", "4kq2", "toy"},
		"t-4kq2":    {"t", "4kq2", "game"},
		" TY-OIL2 ": {"ty", "0112", "toy"},
		"4kq2":      {"", "4kq2", ""},
		"m-4kq2":    {"m", "4kq2", ""},
		"to-day":    {"to", "day", ""},
		"t-":        {"t", "", "game"},
		"-4kq2":     {"", "4kq2", ""},
	} {
		letters, start, k := s.SplitID(word)
		name := ""
		if k != nil {
			name = k.Name
		}
		if letters != want.letters || start != want.start || name != want.kind {
			t.Errorf("%q: got %q, %q, %q; want %v", word, letters, start, name, want)
		}
	}
}
