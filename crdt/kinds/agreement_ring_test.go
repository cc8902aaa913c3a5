package kinds

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/entry"
	"kith/crdt/kind"
)

// agreements are views by letter: replaced says, for each, by which.
func agreements(replaced map[byte]byte) (of map[byte]*kind.View, other func(string) *kind.View) {
	of, byID := map[byte]*kind.View{}, map[string]*kind.View{}
	id := func(letter byte) entry.DocID { return entry.DocID{letter} }
	for letter := byte('a'); letter <= 'h'; letter++ {
		v := &kind.View{Meta: kind.Meta{ID: id(letter)}, Title: string(letter), Fields: kind.Values{}}
		if by, ok := replaced[letter]; ok {
			v.Fields[agreementReplaced.Key] = change.StrValue("a-" + id(by).String())
		}
		of[letter], byID["a-"+v.ID.String()] = v, v
	}
	return of, func(id string) *kind.View { return byID[id] }
}

func ringFrom(replaced map[byte]byte, letter byte) string {
	of, other := agreements(replaced)
	var titles []string
	for _, n := range ringOf(kind.Look{View: of[letter], Other: other}) {
		titles = append(titles, n.Name)
	}
	return strings.Join(titles, "")
}

func TestAgreementsThatReplaceEachOtherAreShownAsARing(t *testing.T) {
	for _, c := range []struct {
		name     string
		replaced map[byte]byte
		from     byte
		want     string
	}{
		{"one that holds", nil, 'a', ""},
		{"one that is replaced", map[byte]byte{'a': 'b'}, 'a', ""},
		{"two at once", map[byte]byte{'a': 'b', 'b': 'a'}, 'a', "ab"},
		{"the same, seen from the other", map[byte]byte{'a': 'b', 'b': 'a'}, 'b', "ba"},
		{"three at once", map[byte]byte{'a': 'b', 'b': 'c', 'c': 'a'}, 'b', "bca"},
		{"one that leads into a ring is in none", map[byte]byte{'a': 'b', 'b': 'c', 'c': 'b'}, 'a', ""},
		{"by one that isn't here", map[byte]byte{'a': 'z'}, 'a', ""},
		{"by itself, as only an altered program writes", map[byte]byte{'a': 'a'}, 'a', "a"},
	} {
		if got := ringFrom(c.replaced, c.from); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	of, _ := agreements(map[byte]byte{'a': 'b', 'b': 'a'})
	if got := ringOf(kind.Look{View: of['a']}); len(got) != 0 {
		t.Errorf("who can't look at others sees %v", got)
	}
}

// Whatever people say at once: all of a ring see the same ring, none of it holds, and once one is said to hold again there
// is no ring and one of them holds.
func TestEveryRingOfAgreementsIsTheSameFromAllOfItAndEndsWithOneWord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		replaced := map[byte]byte{}
		for i := range rapid.IntRange(0, 8).Draw(t, "how many") {
			replaced[byte('a'+rapid.IntRange(0, 7).Draw(t, fmt.Sprint("who", i)))] = byte('a' + rapid.IntRange(0, 7).Draw(t, fmt.Sprint("by", i)))
		}
		of, _ := agreements(replaced)
		for letter := byte('a'); letter <= 'h'; letter++ {
			ring := ringFrom(replaced, letter)
			for i := range ring {
				if got, want := ringFrom(replaced, ring[i]), ring[i:]+ring[:i]; got != want {
					t.Fatalf("%v: from %c %q, want %q", replaced, ring[i], got, want)
				}
				if isCurrent(of[ring[i]]) == nil {
					t.Fatalf("%v: %c is in a ring, and holds", replaced, ring[i])
				}
			}
			if ring == "" {
				continue
			}
			was := replaced[letter]
			delete(replaced, letter)
			for i := range ring {
				if got := ringFrom(replaced, ring[i]); got != "" {
					t.Fatalf("%v: %c holds again, and %c is in the ring %q", replaced, letter, ring[i], got)
				}
			}
			if of, _ := agreements(replaced); isCurrent(of[letter]) != nil {
				t.Fatalf("%v: %c doesn't hold again", replaced, letter)
			}
			replaced[letter] = was
		}
	})
}
