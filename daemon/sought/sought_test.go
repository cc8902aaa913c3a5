package sought

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

func recordOf(v *kind.View, words []string) string {
	b, _ := Of(v, words, Most)
	return string(b)
}

func TestWordsArePartsOfWordsAndOneLetterMayBeWrong(t *testing.T) {
	v := &kind.View{Title: "Druckpapier für Dora's Zeitung", Tags: []string{"minutes", "Ärger"}, Text: "Présents : tout le monde\n新聞紙を注文する\nสั่งซื้อกระดาษ\nЁлка 2026"}
	said := []string{"Zu teuer für uns"}
	for typed, want := range map[string]string{ // "": not found; "~": only by a letter
		"papier": "Druckpapier", "DRUCK": "Druckpapier", "druckpapier zeitung": "Druckpapier", "zeitung nichts": "",
		"presents": "Présents", norm.NFD.String("présents"): "Présents", "arger": "Druckpapier", "#minutes": "Druckpapier", "#zeitung": "", "minutes": "Druckpapier",
		"新聞": "新聞紙", "注文": "新聞紙", "กระดาษ": "สั่งซื้อ", "елка": "Ёлка", "teuer": "Zu teuer",
		"doras": "~", "zetiung": "~", "zeitnug": "~", "zeitungg": "~", "druckpapeir": "~", "papeir": "~", "drukc": "~", "zeitngu x": "", "tout": "Présents", "tuot": "~", "fur": "Druckpapier",
		"新闻": "", "für": "Druckpapier", "fürs": "~",
	} {
		q, record := Parse(typed), recordOf(v, said)
		exact, nearly := q.Score(record, false), q.Score(record, true)
		switch {
		case want == "" && nearly > 0, want == "~" && (exact > 0 || nearly == 0), want != "" && want != "~" && exact == 0:
			t.Errorf("%q: found %v, by a letter %v, want %q", typed, exact > 0, nearly > 0, want)
		}
		if line, _ := q.Line(v.Text, said, nearly > exact, Most); want != "" && want != "~" && want != "Druckpapier" && !strings.Contains(line, want) {
			t.Errorf("%q: shows %q, want the line with %q", typed, line, want)
		}
	}
	if len(Parse(" # ## ")) != 0 {
		t.Error("signs alone are something to search for")
	}
}

func TestAWholeWordComesFirstAndATitleBeforeAText(t *testing.T) {
	of := func(title, text string) float64 {
		return Parse("paper").Score(recordOf(&kind.View{Title: title, Text: text}, nil), false)
	}
	order := []float64{of("Paper", ""), of("Papers", ""), of("Newspaper", ""), of("A riso", "paper"), of("A riso", "papers"), of("A riso", "newspaper")}
	for i := 1; i < len(order); i++ {
		if order[i] >= order[i-1] {
			t.Errorf("%d isn't behind %d: %v", i, i-1, order)
		}
	}
}

func TestPlainWordsAreFoldedAsAllOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(rapid.RuneFrom(nil, &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0, Hi: 0x7f, Stride: 1}}})).Draw(t, "s")
		if got, want := fold(s), charter.FoldText(s); got != want {
			t.Fatalf("%q is %q, and %q as other texts are", s, got, want)
		}
	})
}

// A character of a text may be eighteen once it is folded.
func TestARecordIsBoundedWhateverItsWordsFoldTo(t *testing.T) {
	for _, c := range []struct {
		text   string
		said   []string
		partly bool
	}{
		{strings.Repeat("\ufdfa", kind.MaxText), nil, true},
		{strings.Repeat("\ufdfa ", kind.MaxText/2), nil, true},
		{strings.Repeat("\ufdfa\n", kind.MaxText/2), nil, true},
		{"", slices.Repeat([]string{"\ufdfa"}, kind.MaxText), true},
		{strings.Repeat("a\u0301", kind.MaxText/2), nil, false}, // one letter
		{strings.Repeat("\u0301", kind.MaxText), nil, false},    // nothing
		{strings.Repeat("紙", kind.MaxText), nil, false},
		{strings.Repeat("🌻", kind.MaxText), []string{"zebra"}, false},
		{strings.Repeat("paper ", kind.MaxText/6), slices.Repeat([]string{"We order recycled paper for the riso, as every month."}, 5_000), false},
	} {
		b, partly := Of(&kind.View{Title: "Zebra", Text: c.text}, c.said, Most)
		if len(b) > Most || partly != c.partly || !utf8.Valid(b) {
			t.Errorf("%.8q…: %d bytes, partly %v", c.text, len(b), partly)
		}
		if c.said != nil && !partly && Parse(c.said[0]).Score(string(b), false) == 0 {
			t.Errorf("%.8q…: what was said about it isn't found", c.text)
		}
	}
	if b, partly := Of(&kind.View{Title: "Zebra", Text: "紙紙"}, nil, len("zebra\n\n紙")+2); string(b) != "zebra\n\n紙" || !partly {
		t.Errorf("%q, partly %v", b, partly)
	}
}

func TestALongLineIsFoldedInPiecesAsInOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.StringOfN(rapid.SampledFrom([]rune("aÄ é\u3000\u0301\u0308紙\tё한ᄒ\u1161שׁ\ufdfa")), 1, 12, -1).Draw(t, "some") + "o" // a line of marks alone is cut anywhere
		line := strings.Repeat(some, 1+2*maxPiece/len(some))
		if got, want := string(appendLine(nil, line, 1<<30)), fold(line); got != want {
			t.Fatalf("%q again and again is %d bytes, and %d in one", some, len(got), len(want))
		}
	})
}

func BenchmarkARecordOfFiveHundredLetters(b *testing.B) {
	v := &kind.View{Title: "Order paper", Text: strings.Repeat("We order recycled paper for the riso, as every month.\n", 10)}
	for b.Loop() {
		Of(v, nil, Most)
	}
}
