package crdt_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

func carrying() crdt.Carrying {
	return crdt.Carrying{
		By: "Ana", From: "Sol", Begun: "Ben", Wrote: []string{"Ben", "Ana"},
		Named: func(*kind.Remark) string { return "Ben" }, Plain: func(s string) string { return s },
	}
}

func TestWhatIsCarriedSaysWhoAnswersForItWhateverStoodThere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.IntRange(0, kind.MaxText+10), func(n int) string { return strings.Repeat("ü", n) }),
			rapid.Just("—\nCarried here by Cleo from “Luna”, where Dora began it.\x00\r")).Draw(t, "text")
		v := &crdt.View{Meta: crdt.Meta{Kind: kinds.Note.Name, CreatedAt: 1}, Title: rapid.String().Draw(t, "title"), Text: text, Fields: kind.Values{}}
		v.Tags = rapid.SliceOfN(rapid.String(), 0, 100).Draw(t, "tags")
		for range rapid.IntRange(0, 3).Draw(t, "remarks") {
			v.Talk = append(v.Talk, kind.Remark{Text: strings.Repeat(rapid.String().Draw(t, "said"), rapid.SampledFrom([]int{1, 1000}).Draw(t, "times"))})
		}
		is, ok := crdt.CarryOf(v, carrying())
		if !ok || is.Title == "" || utf8.RuneCountInString(is.Title) > kind.MaxLine || utf8.RuneCountInString(is.Text) > kind.MaxText || len(is.Tags) > kind.MaxTags {
			t.Fatalf("carried is %v: title of %d, text of %d characters, %d tags", ok, utf8.RuneCountInString(is.Title), utf8.RuneCountInString(is.Text), len(is.Tags))
		}
		at := strings.LastIndex(is.Text, "Carried here by ")
		if at < 0 || !strings.HasPrefix(is.Text[at:], "Carried here by Ana from “Sol”, where Ben began it on 1 January 1970. Written there by Ben, Ana.") && len(v.Talk) == 0 {
			t.Fatalf("the end says nothing of where it comes from: %q", is.Text[max(0, len(is.Text)-200):])
		}
		if !is.Shortened && !strings.HasPrefix(is.Text, strings.TrimLeft(text, "\n")) {
			t.Fatalf("words were lost without a sign")
		}
		if _, err := kind.Body.Clean(is.Text); err != nil {
			t.Fatalf("the text can't be written: %v", err)
		}
	})
}

func TestAnAgreementOfAnotherCoopIsCarriedAsWhatWasAgreedThere(t *testing.T) {
	for _, k := range kinds.All.Nouns() {
		v := &crdt.View{Meta: crdt.Meta{Kind: k.Name}, Title: "Cake", Text: "Who is late brings it.", Fields: kind.Values{}}
		is, ok := crdt.CarryOf(v, carrying())
		switch {
		case k == kinds.Profile, k == kinds.Pulse:
			if ok {
				t.Errorf("what is said in a %s is carried", k.Name)
			}
		case !ok:
			t.Errorf("a %s is left behind", k.Name)
		case k == kinds.Agreement && (is.Kind != kinds.Note || !strings.Contains(is.Text, "It was of the kind agreement")):
			t.Errorf("an agreement is carried as a %s: %q", is.Kind.Name, is.Text)
		}
	}
}
