package share_test

import (
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

func TestAPactHoldsOnlyAsBothSidesSignedIt(t *testing.T) {
	a, risoAll := found(t, coops[riso], risoFolk...)
	b, quiltAll := found(t, coops[quilted], quiltFolk...)
	twin, twinAll := found(t, coops[riso], "gus")
	all := append(append(risoAll, quiltAll...), twinAll...)
	both := [2]entry.SpaceID{a, b}
	right := pactOf(t, print, both, laptop("ana"), laptop("dora"))

	draft := &share.Pact{Terms: print, Sides: [2]share.Side{{Space: a}, {Space: b}}}
	altered := func(change func(*share.Pact), fields func(*entry.Fields)) *entry.Entry {
		p := *draft
		if err := p.Agree(laptop("dora")); err != nil {
			t.Fatal(err)
		}
		change(&p)
		f, err := p.Genesis()
		if err != nil {
			t.Fatal(err)
		}
		fields(&f)
		return make1(t, f, laptop("ana"))
	}
	same := func(*share.Pact) {}
	plain := func(*entry.Fields) {}
	for _, test := range []struct {
		name string
		pact *entry.Entry
		want charter.State
		why  string
	}{
		{"as agreed", right, charter.Accepted, ""},
		{"no contacts named", altered(same, plain), charter.Accepted, ""},
		{"signed by another of the first side", pactOf(t, print, both, laptop("ben"), laptop("dora")), charter.Void, "founded the first side"},
		{"agreed by another of the second side", pactOf(t, print, both, laptop("ana"), laptop("eli")), charter.Void, "founded the second side"},
		{"agreed by the first side in the name of the second", pactOf(t, print, both, laptop("ana"), laptop("ana")), charter.Void, "founded the second side"},
		{"the sides changed over", pactOf(t, print, [2]entry.SpaceID{b, a}, laptop("ana"), laptop("dora")), charter.Void, "founded the first side"},
		{"another end date than agreed", altered(func(p *share.Pact) { p.Ends++ }, plain), charter.Void, "founded the second side"},
		{"people count where co-ops were agreed", altered(func(p *share.Pact) { p.Voices = share.People }, plain), charter.Void, "founded the second side"},
		{"a second share of the same signatures", altered(same, func(f *entry.Fields) { f.Run = entry.Run{1} }), charter.Void, "the one share"},
		{"a side that isn't here", pactOf(t, print, [2]entry.SpaceID{a, {1}}, laptop("ana"), laptop("dora")), charter.Pending, "isn't here"},
		{"both sides of one name", pactOf(t, print, [2]entry.SpaceID{a, twin}, laptop("ana"), laptop("gus")), charter.Void, "same name"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := share.Fold(test.pact.SpaceOf(), append(all, test.pact), [2]charter.StepID{})
			if state, why := s.State(test.pact.ID()); state != test.want || !strings.Contains(why, test.why) {
				t.Errorf("the pact is %v (%q), want %v (%q)", state, why, test.want, test.why)
			}
			_, ok := s.Terms()
			if holds := test.want == charter.Accepted; ok != holds || (len(s.Heads()) > 0) != holds {
				t.Errorf("terms %v, heads %v", ok, s.Heads())
			}
			if _, _, _, err := s.Propose(laptop("ana").Device(), end, ""); (err == nil) != (test.want == charter.Accepted) {
				t.Errorf("propose: %v", err)
			}
		})
	}
}

func TestAPactIsOneShareHoweverOftenItIsSigned(t *testing.T) {
	a, _ := found(t, coops[riso], risoFolk...)
	b, _ := found(t, coops[quilted], quiltFolk...)
	both := [2]entry.SpaceID{a, b}
	first := pactOf(t, print, both, laptop("ana"), laptop("dora"))
	if again := pactOf(t, print, both, laptop("ana"), laptop("dora")); again.ID() != first.ID() {
		t.Error("two shares of one pact")
	}
}

func TestWhatIsNoPactIsNotSigned(t *testing.T) {
	sides := [2]share.Side{{Space: entry.SpaceID{1}}, {Space: entry.SpaceID{2}}}
	long := strings.Repeat("x", share.MaxPurpose+1)
	names := make([]string, share.MaxContacts+1)
	for i := range names {
		names[i] = "Ana"
	}
	for name, p := range map[string]share.Pact{
		"no purpose":        {Terms: share.Terms{Voices: share.EachCoop}, Sides: sides},
		"a long purpose":    {Terms: share.Terms{Purpose: long, Voices: share.EachCoop}, Sides: sides},
		"no way to count":   {Terms: share.Terms{Purpose: "print"}, Sides: sides},
		"another way":       {Terms: share.Terms{Purpose: "print", Voices: 3}, Sides: sides},
		"with oneself":      {Terms: print, Sides: [2]share.Side{sides[0], sides[0]}},
		"with nobody":       {Terms: print, Sides: [2]share.Side{sides[0], {}}},
		"too many contacts": {Terms: print, Sides: [2]share.Side{{Space: entry.SpaceID{1}, Contacts: names}, sides[1]}},
		"a nameless one":    {Terms: print, Sides: [2]share.Side{{Space: entry.SpaceID{1}, Contacts: []string{""}}, sides[1]}},
	} {
		if _, err := p.Draft(); err == nil {
			t.Errorf("%s: a draft", name)
		}
		if err := p.Agree(laptop("dora")); err == nil {
			t.Errorf("%s: agreed", name)
		}
		if _, err := p.Genesis(); err == nil {
			t.Errorf("%s: a genesis", name)
		}
	}
}

func TestADraftIsReadAsItWasWritten(t *testing.T) {
	p := share.Pact{Terms: print, Sides: [2]share.Side{{Space: entry.SpaceID{1}, Contacts: []string{"Ana", "Ben"}}, {Space: entry.SpaceID{2}}}}
	b, err := p.Draft()
	if err != nil {
		t.Fatal(err)
	}
	got, err := share.ReadDraft(b)
	if err != nil || got.Terms != p.Terms || got.Sides[0].Contacts[1] != "Ben" || got.Sides[1].Space != p.Sides[1].Space {
		t.Errorf("read %+v, %v", got, err)
	}
	if _, err := share.ReadDraft(append(b, 0)); err == nil {
		t.Error("read with something behind it")
	}
}
