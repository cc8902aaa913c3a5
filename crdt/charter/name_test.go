package charter_test

import (
	"errors"
	"strings"
	"testing"

	"kith/crdt/charter"
)

func TestNamesThatPeopleHave(t *testing.T) {
	for name, want := range map[string]string{
		"Ana":                   "Ana",
		"  Ana María \n":        "Ana María",
		"Zoe\u0308":             "Zoë", // put together
		"🌻 Sunflower 👩‍🌾":       "🌻 Sunflower 👩‍🌾",
		"نور":                   "نور",
		"\u200fنور\u200f":       "\u200fنور\u200f",
		"山田 太郎":                 "山田 太郎",
		strings.Repeat("ж", 80): strings.Repeat("ж", 80),
		strings.Repeat("🌻", 80): strings.Repeat("🌻", 80),
	} {
		if got, err := charter.CleanName(name); err != nil || got != want {
			t.Errorf("%q becomes %q, %v", name, got, err)
		}
	}
}

func TestNamesThatMislead(t *testing.T) {
	for _, test := range []struct{ name, why string }{
		{"", "is empty"},
		{" \t\n", "is empty"},
		{strings.Repeat("a", 81), "is too long"},
		{strings.Repeat("a", 10000), "is too long"},
		{strings.Repeat("🌻", 81), "is too long"},
		{strings.Repeat(" ", 1<<20) + "a", "is too long"},
		{"Ana\x1b[31m", "control"},
		{"Ana\nBen", "control"},
		{"Ana\u0085Ben", "control"},
		{"Ana\u2028Ben", "control"},
		{"Ana\u202eneB", "control"},
		{"Ana\u2067neB", "control"},
		{"Ana\xff", "UTF-8"},
		{"\u200d\u200d", "shows nothing"},
	} {
		_, err := charter.CleanName(test.name)
		var name *charter.NameError
		if !errors.As(err, &name) || !strings.Contains(err.Error(), test.why) || len(err.Error()) > 300 {
			t.Errorf("%.20q: %v, want %q", test.name, err, test.why)
		}
	}
}

func TestPeopleAreFoundWithoutCaseAndAccents(t *testing.T) {
	for _, pair := range [][2]string{
		{"Zoë", "zoe"}, {"ANA  MARÍA", "Ana Maria"}, {"Straße", "STRASSE"}, {"Łukasz", "łukasz"}, {"Ζωή", "ζωη"}, {"ﬁn", "FIN"},
		{"José", "jose"}, {"Алёна", "алена"}, {"❤\ufe0f", "❤"}, {"สมชาย", "สม\u034fชาย"},
	} {
		if a, b := charter.FoldName(pair[0]), charter.FoldName(pair[1]); a != b {
			t.Errorf("%q folds to %q, %q to %q", pair[0], a, pair[1], b)
		}
	}
	for _, pair := range [][2]string{{"Ana", "Anna"}, {"सुमन", "समन"}, {"กิตติ", "กัตติ"}, {"عُمَر", "عَمْر"}, {"Андрей", "Андреи"}, {"がな", "かな"}} {
		if charter.FoldName(pair[0]) == charter.FoldName(pair[1]) {
			t.Errorf("%q and %q fold alike", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"دَفْتَر", "دفتر"}, {"אֲנַחְנוּ", "אנחנו"}, {"Zoë", "zoe"}} {
		if charter.FoldText(pair[0]) != charter.FoldText(pair[1]) {
			t.Errorf("%q isn't found by %q", pair[0], pair[1])
		}
	}
}
