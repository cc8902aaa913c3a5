package share_test

import (
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

func said(t *testing.T, words ...share.Word) (all []charter.Pact) {
	for i, w := range words {
		b, err := w.Encode()
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, charter.Pact{Step: charter.StepID{byte(i + 1)}, Word: b})
	}
	return all
}

func TestTheLastWordSaysWhoMayShare(t *testing.T) {
	anyone, agreed := share.Word{What: share.Sharing, Rule: share.Anyone}, share.Word{What: share.Sharing, Rule: share.Agreed}
	for _, test := range []struct {
		words []share.Word
		want  share.Rule
	}{
		{nil, share.Anyone},
		{[]share.Word{agreed}, share.Agreed},
		{[]share.Word{agreed, {What: share.End, Share: entry.SpaceID{1}}}, share.Agreed},
		{[]share.Word{agreed, anyone}, share.Anyone},
		{[]share.Word{agreed, anyone, agreed}, share.Agreed},
	} {
		all := append(said(t, test.words...), charter.Pact{Word: []byte("no word")})
		if got := share.RuleOf(all); got != test.want {
			t.Errorf("after %v it is %v", test.words, got)
		}
	}
}

func TestADocumentIsChosenForOneShareAndOneUse(t *testing.T) {
	here, doc := entry.SpaceID{1}, entry.DocID{2}
	all := said(t, share.Word{What: share.Choose, Share: here, Doc: doc}, share.Word{What: share.Choose, Share: here, Doc: entry.DocID{3}, Kept: true},
		share.Word{What: share.Choose, Share: here, Doc: doc})
	if step, ok := share.Chosen(all, here, doc, false); !ok || step != (charter.StepID{3}) {
		t.Errorf("it is chosen by %v, %v", step, ok)
	}
	if _, ok := share.Chosen(all, here, doc, true); ok {
		t.Error("what is chosen to work on together is chosen for reading")
	}
	if _, ok := share.Chosen(all, entry.SpaceID{4}, doc, false); ok {
		t.Error("what is chosen for one share is chosen for another")
	}
}

func TestTheLastWordSaysWhereDaysEnd(t *testing.T) {
	berlin, tokyo := share.Word{What: share.Zone, Zone: "Europe/Berlin"}, share.Word{What: share.Zone, Zone: "Asia/Tokyo"}
	for want, words := range map[string][]share.Word{"": nil, "Europe/Berlin": {tokyo, berlin}, "Asia/Tokyo": {berlin, tokyo, {What: share.Sharing, Rule: share.Agreed}}} {
		if got := share.ZoneOf(said(t, words...)); got != want {
			t.Errorf("after %v days end in %q", words, got)
		}
	}
	for _, name := range []string{"", "Europe/", "/etc/passwd", "../x", "Europe/Berlin ", strings.Repeat("A", 65)} {
		if _, err := (share.Word{What: share.Zone, Zone: name}).Encode(); err == nil {
			t.Errorf("%q is a time zone", name)
		}
	}
}
