package sought

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

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
		q, record := Parse(typed), string(Of(v, said))
		exact, nearly := q.Score(record, false), q.Score(record, true)
		switch {
		case want == "" && nearly > 0, want == "~" && (exact > 0 || nearly == 0), want != "" && want != "~" && exact == 0:
			t.Errorf("%q: found %v, by a letter %v, want %q", typed, exact > 0, nearly > 0, want)
		}
		if whole := q.Whole(v, said, false); whole != exact {
			t.Errorf("%q: its record gives %v, the document itself %v", typed, exact, whole)
		}
		if line := q.Line(v.Text, said, nearly > exact); want != "" && want != "~" && want != "Druckpapier" && !strings.Contains(line, want) {
			t.Errorf("%q: shows %q, want the line with %q", typed, line, want)
		}
	}
	if len(Parse(" # ## ")) != 0 {
		t.Error("signs alone are something to search for")
	}
}

func TestAWholeWordComesFirstAndATitleBeforeAText(t *testing.T) {
	of := func(title, text string) float64 {
		return Parse("paper").Score(string(Of(&kind.View{Title: title, Text: text}, nil)), false)
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

func TestOfAVeryLongDocumentThereIsNoRecord(t *testing.T) {
	if b := Of(&kind.View{Title: "Long", Text: strings.Repeat("ä", Most)}, nil); b != nil {
		t.Errorf("%d bytes", len(b))
	}
}

func BenchmarkARecordOfFiveHundredLetters(b *testing.B) {
	v := &kind.View{Title: "Order paper", Text: strings.Repeat("We order recycled paper for the riso, as every month.\n", 10)}
	for b.Loop() {
		Of(v, nil)
	}
}
