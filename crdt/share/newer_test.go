package share_test

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

// ofNewKind makes of a proposal one of a kind that this release doesn't know.
func ofNewKind(t *testing.T, payload []byte) []byte {
	t.Helper()
	var said []any // 3, its parent, and what it proposes: an array that begins with the kind
	if err := cbor.Unmarshal(payload, &said); err != nil {
		t.Fatal(err)
	}
	said[2].([]byte)[1] = 23
	out, err := charter.Encode(said)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// signNewer makes an entry under the next version of the rules.
func signNewer(t *testing.T, f entry.Fields, device entry.Signer) *entry.Entry {
	t.Helper()
	binary.BigEndian.PutUint64(f.Run[:], nextRun())
	f.Number = 1
	e, err := entry.NewUnder(entry.RulesVersion+1, f, device)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What somebody of an ally says with a newer release waits, with all that they build on it, until this release
// is newer, too. It holds up nobody else, on either side.
func TestWhatANewerReleaseOfAnAllySaysWaitsAndHoldsUpNobody(t *testing.T) {
	for what, say := range map[string]func(*ally) *entry.Entry{
		"a statement under newer rules": func(a *ally) *entry.Entry {
			return signNewer(t, entry.Fields{Space: a.spaces[quilted], Heads: a.s.Side(quilted).Heads(), Kind: entry.Statement, Payload: []byte{0xff}}, laptop("dora"))
		},
		"a statement of a new kind": func(a *ally) *entry.Entry {
			return sign(t, a.spaces[quilted], laptop("dora"), []byte{0x81, 0x18, 99}, a.s.Side(quilted).Heads()...)
		},
		"a proposal of a new kind": func(a *ally) *entry.Entry {
			payload, _, err := a.s.Side(quilted).Propose(laptop("dora").Device(), twoThirds)
			if err != nil {
				t.Fatal(err)
			}
			return sign(t, a.spaces[quilted], laptop("dora"), ofNewKind(t, payload), a.s.Side(quilted).Heads()...)
		},
		"a statement in the share itself": func(a *ally) *entry.Entry {
			return signNewer(t, entry.Fields{Space: a.space, Heads: []entry.ID{entry.ID(a.space)}, Kind: entry.Statement, Payload: []byte{0xff}}, laptop("dora"))
		},
	} {
		t.Run(what, func(t *testing.T) {
			a := allies(t, risoFolk, quiltFolk)
			before := a.s.Heads()
			news := say(a)
			a.hear(news)
			if state, why := a.s.State(news.ID()); state != charter.Pending || !strings.Contains(why, "update Kith") {
				t.Errorf("it is %v: %s", state, why)
			}
			if !slices.Equal(a.s.Heads(), before) {
				t.Error("what isn't understood is built on")
			}
			knowing := append([]entry.ID{news.ID()}, a.s.Side(riso).Heads()...)
			slices.SortFunc(knowing, entry.ID.Compare)
			if _, state := a.s.Of(a.writesAt(laptop("dora"), knowing...)); state != charter.Pending {
				t.Errorf("what its author writes on it is %v", state)
			}
			for _, name := range []string{"dora", "eli", "ana"} {
				if _, state := a.s.Of(a.writes(laptop(name))); state != charter.Accepted {
					t.Errorf("what %s writes beside it is %v", name, state)
				}
			}
			a.agree(change(later), "ana", "ben")
			a.agree(change(later), "eli", "flo")
			if a.terms() != later {
				t.Error("both can't agree on terms any more")
			}
			a.agree(end, "ana", "ben")
			if _, ended := a.s.Ended(); !ended {
				t.Error("the share can't be ended any more")
			}
			backwards := slices.Clone(a.all)
			slices.Reverse(backwards)
			same(t, "heard the other way round", seen(a.s, a.all), seen(share.Fold(a.space, backwards, [2]charter.StepID{a.s.Side(0).Stand(), a.s.Side(1).Stand()}), a.all))
		})
	}
}

// A side may agree on a word that only newer releases know. It says nothing here, and what the side says after it in
// known words counts as it did.
func TestAWordOfANewerReleaseSaysNothingAndTheNextOneCounts(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	said := map[string][]byte{}
	for _, number := range []byte{22, 23} {
		word, err := charter.Encode([]any{number, a.space[:], "what a newer release has to say"})
		if err != nil {
			t.Fatal(err)
		}
		said[string(number)] = word
		terms, offers := a.terms(), a.s.Offers()
		a.step(quilted, charter.Terms{Type: charter.ProposalPact, Pact: word}, "dora", "eli")
		if _, ended := a.s.Ended(); ended || a.terms() != terms || len(a.s.Offers()) != len(offers) {
			t.Errorf("word %d says something here", number)
		}
	}
	for _, name := range []string{"dora", "ana"} {
		if _, state := a.s.Of(a.writes(laptop(name))); state != charter.Accepted {
			t.Errorf("what %s writes after it is %v", name, state)
		}
	}
	a.agree(change(later), "dora", "flo")
	a.agree(change(later), "ana", "ben")
	if a.terms() != later {
		t.Error("the words after it don't count")
	}
	a.agree(end, "dora", "eli")
	if _, ended := a.s.Ended(); !ended {
		t.Error("the share can't be ended any more")
	}
	for _, p := range a.s.Side(quilted).Pacts() {
		delete(said, string(p.Word[1]))
	}
	if len(said) > 0 {
		t.Error("a word that isn't understood isn't kept")
	}
}

// A pact of a newer release is none here, and says what to do.
func TestAPactUnderNewerRulesWaitsForANewerRelease(t *testing.T) {
	a := allies(t, risoFolk, quiltFolk)
	pact := signNewer(t, entry.Fields{Kind: entry.Statement, Payload: a.s.Genesis().Payload}, laptop("ana"))
	s := share.Fold(pact.SpaceOf(), append(a.all[:len(a.all)-1:len(a.all)-1], pact), [2]charter.StepID{})
	if state, why := s.State(pact.ID()); state != charter.Pending || !strings.Contains(why, "update Kith") {
		t.Errorf("it is %v: %s", state, why)
	}
}
