package server

import (
	"net/url"
	"strings"
	"testing"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

func TestAnyUniqueStartOfAnIDNamesADocument(t *testing.T) {
	for _, word := range []string{"t-4kq2", "4kq2", "T-4KQ2", "t-4kq2zz", documentID(kinds.Task.Name, "4kq2")} {
		if status, answer := ask(t, newFake(), "GET", "tasks/"+word, nil); status != 200 || !strings.Contains(answer, "Order paper") {
			t.Errorf("%s: %d %s", word, status, answer)
		}
	}
}

func TestLettersThatLookLikeDigitsAreDigits(t *testing.T) {
	s := New(served{newFake()}, nil).of(spaceOf(newFake()))
	for _, word := range []string{"n-01m7", "n-OlM7", "n-oim7"} {
		if d, err := s.resolve(t.Context(), "", word); err != nil || d.Title != "Minutes" {
			t.Errorf("%s: %v %v", word, d.Title, err)
		}
	}
}

func TestAnAmbiguousIDListsWhatItMayMean(t *testing.T) {
	p := refused(t, newFake(), "GET", "tasks/t-4k", nil)
	if p.Code != api.Ambiguous || p.Code.Exit() != 4 || len(p.Candidates) != 2 {
		t.Fatalf("got %+v", p)
	}
	if c := p.Candidates[0]; c.Short != "t-4kq2" || c.Title != "Order paper" {
		t.Errorf("first candidate %+v", c)
	}
}

func TestAnIDOfAnotherKindSaysSo(t *testing.T) {
	p := refused(t, newFake(), "GET", "tasks/d-9f2c", nil)
	if p.Code != api.NotFound || !strings.Contains(p.Message, "is the ID of a decision") {
		t.Errorf("got %+v", p)
	}
}

func TestWhatNamesNothing(t *testing.T) {
	for _, word := range []string{"t-zzzz", "x-4kq2", "-", "t-", "4kq2!", "u", strings.Repeat("4", 33), "🖨", strings.Repeat("é", 1000)} {
		p := refused(t, newFake(), "GET", "tasks/"+url.PathEscape(word), nil)
		if p.Code != api.NotFound || len(p.Message) > 400 {
			t.Errorf("%.20s: got %+v", word, p)
		}
	}
}

func TestMembersAreNamedWithoutCaseOrAccents(t *testing.T) {
	for word, want := range map[string]string{
		"Ana": "Ana", "ana": "Ana", " ANA ": "Ana", "benedicte": "Bénédicte", "BÉNÉDICTE": "Bénédicte",
		"me": "Ana", "m-c": "Cleo", "cccc": "Cleo", memberID('b'): "Bénédicte",
	} {
		status, answer := ask(t, newFake(), "GET", "members/"+url.PathEscape(word), nil)
		if status != 200 || !strings.Contains(answer, `"name":"`+want+`"`) {
			t.Errorf("%s: %d %s", word, status, answer)
		}
	}
	if p := refused(t, newFake(), "GET", "members/c", nil); p.Code != api.NotFound {
		t.Errorf("one letter without m-: %+v", p)
	}
}

func TestTwoMembersOfOneNameAreAmbiguous(t *testing.T) {
	f := newFake()
	f.people = append(f.people, api.Member{ID: memberID('d'), Name: "ÁNA"})
	p := refused(t, f, "GET", "members/ana", nil)
	if p.Code != api.Ambiguous || len(p.Candidates) != 2 || p.Candidates[1].Short != "m-dddd" {
		t.Errorf("got %+v", p)
	}
}

func TestSomebodyCalledMeIsNotMe(t *testing.T) {
	f := newFake()
	f.people = append(f.people, api.Member{ID: memberID('d'), Name: "Me"})
	if _, answer := ask(t, f, "GET", "members/me", nil); !strings.Contains(answer, memberID('d')) {
		t.Error(answer)
	}
}

func TestTheSpaceThatIsMeantMustBeTheOneServed(t *testing.T) {
	if status, answer := ask(t, newFake(), "GET", "members?space=riso+print+co-op", nil); status != 200 {
		t.Error(answer)
	}
	if p := refused(t, newFake(), "GET", "members?space=Bakery", nil); p.Code != api.NotFound {
		t.Errorf("got %+v", p)
	}
}
