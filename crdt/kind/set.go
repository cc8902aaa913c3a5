package kind

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/entry"
	"kith/crdt/schema"
)

// Set is the kinds that there are.
type Set struct {
	kinds  []*Kind
	byName map[string]*Kind
	tables map[string]*schema.Kind
}

// taken are letters before IDs of what is no document: members, proposals, pacts.
var taken = []string{"m", "p", "v"}

// NewSet makes a set of kinds, in the order in which people are told of them. It refuses two kinds of one name or
// path or with the same letters, and fields that a document can't hold.
func NewSet(kinds ...*Kind) (*Set, error) {
	s := &Set{kinds: kinds, byName: map[string]*Kind{}, tables: map[string]*schema.Kind{}}
	letters, paths := slices.Clone(taken), []string{""}
	for _, k := range kinds {
		if err := k.sound(); err != nil {
			return nil, fmt.Errorf("kind %q: %w", k.Name, err)
		}
		switch {
		case s.byName[k.Name] != nil:
			return nil, fmt.Errorf("two kinds are called %q", k.Name)
		case slices.Contains(letters, k.Letters):
			return nil, fmt.Errorf("the letters %q of kind %q stand for something else already", k.Letters, k.Name)
		case k.Many != "" && slices.Contains(paths, k.Many):
			return nil, fmt.Errorf("two kinds are called %q", k.Many)
		}
		letters, paths = append(letters, k.Letters), append(paths, k.Many)
		s.byName[k.Name], s.tables[k.Name] = k, k.Table()
	}
	return s, nil
}

func (k *Kind) sound() error {
	const word = "abcdefghijklmnopqrstuvwxyz"
	switch {
	case k.Name == "" || strings.Trim(k.Name, word) != "":
		return fmt.Errorf("its name isn't one of small letters")
	case len(k.Letters) < 1 || len(k.Letters) > 3 || strings.Trim(k.Letters, word) != "":
		return fmt.Errorf("its letters %q aren't one to three small ones", k.Letters)
	}
	for _, group := range [][]*Field{k.Fields, k.Own} {
		var keys []string
		for _, f := range group {
			switch {
			case f.Key == "" || strings.Trim(f.Key, word+"_") != "":
				return fmt.Errorf("the key %q isn't one of small letters and underscores", f.Key)
			case slices.Contains(keys, f.Key), slices.Contains(schema.Common(), f.Key):
				return fmt.Errorf("two fields have the key %q", f.Key)
			case f.Is < Line || f.Is >= Tags || f.Is == Text || f.Is == Version:
				return fmt.Errorf("%q is of a type that no document holds", f.Key)
			case f.Is == Word && len(f.Words) == 0, f.Is == Hours && f.Max == 0:
				return fmt.Errorf("it isn't said which values %q takes", f.Key)
			case f.Is == Members && f.Rules > 1:
				return fmt.Errorf("documents of before have no place for %q: a new field holds one value, or is a family", f.Key)
			case f.Rules > entry.RulesVersion:
				return fmt.Errorf("%q is there under rules that this release doesn't know", f.Key)
			case f.With != nil && !slices.Contains(group, f.With):
				return fmt.Errorf("%q ends the line of a field that isn't there", f.Key)
			}
			keys = append(keys, f.Key)
		}
	}
	for _, f := range k.Fields {
		if f.Each > 0 {
			return fmt.Errorf("only what a member says can be a family, and not %q", f.Key)
		}
	}
	for _, f := range k.Own {
		if f.Is == Members || f.First {
			return fmt.Errorf("what members say under %q can't be kept so", f.Key)
		}
	}
	return nil
}

// All returns the kinds. The caller must not modify it.
func (s *Set) All() []*Kind { return s.kinds }

// Nouns returns those that people know as documents: with commands, lists and paths of their own.
func (s *Set) Nouns() []*Kind {
	return slices.DeleteFunc(slices.Clone(s.kinds), func(k *Kind) bool { return k.Many == "" })
}

// Wait returns what the nouns declare under a key of what waits; nil if none does.
func (s *Set) Wait(key string) *Wait {
	for _, k := range s.Nouns() {
		for _, w := range k.Today {
			if w.Key == key {
				return w
			}
		}
	}
	return nil
}

// Named returns the kind of that name; nil if this release doesn't know it.
func (s *Set) Named(name string) *Kind { return s.byName[name] }

// Table returns the table of the kind of that name; ok is false if this release doesn't know it. It is what
// accept.New asks.
func (s *Set) Table(name string) (k *schema.Kind, ok bool) {
	k, ok = s.tables[name]
	return k, ok
}

// FullID writes the ID of a document with the letters of its kind; text is entry.DocID.String. Of a kind that isn't
// known it is text alone.
func (s *Set) FullID(kind, text string) string {
	if k := s.byName[kind]; k != nil {
		return k.Letters + "-" + text
	}
	return text
}

// SplitID takes what may be an ID, or the start of one, apart: the letters before the dash, in lower case, and what
// stands behind it, in the letters of IDs. k is the kind that they name: nil if there are none (letters is ""), or
// none of a kind.
func (s *Set) SplitID(word string) (letters, start string, k *Kind) {
	word = strings.ToLower(strings.TrimSpace(word))
	letters, start, dash := strings.Cut(word, "-")
	if !dash {
		return "", idLetters.Replace(word), nil
	}
	return letters, idLetters.Replace(start), s.Lettered(letters)
}

// Lettered returns the kind whose IDs begin with these letters; nil if there is none.
func (s *Set) Lettered(letters string) *Kind {
	for _, of := range s.kinds {
		if of.Letters == strings.ToLower(letters) {
			return of
		}
	}
	return nil
}

// EnoughLetters is how many letters of an ID name it, where how many there have to be isn't known.
const EnoughLetters = 8

// StartOf is as much of a document's ID as people are told where that stays, or nobody knows which others there are: its kind's letters
// and EnoughLetters.
func StartOf(id string) string {
	return id[:min(len(id), strings.IndexByte(id, '-')+1+EnoughLetters)]
}

// idLetters makes of what people read and type the letters of IDs.
var idLetters = strings.NewReplacer("o", "0", "i", "1", "l", "1")
