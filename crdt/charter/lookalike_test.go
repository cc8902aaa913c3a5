package charter_test

import (
	"testing"

	"kith/crdt/charter"
)

func TestNamesThatLookAlikeAreToldFromThoseOfAnotherScript(t *testing.T) {
	for _, alike := range [][2]string{
		{"Ana", "ana"}, {"Ana", "Ána"},
		{"Ana", "An\u200ba"}, {"Ana", "\ufeffAna"}, {"Ana", "An\u00ada"}, {"Ana", "An\u2060a"}, {"Ana", "An\u034fa"},
		{"Ana", "Ana\ufe0f"}, {"Ana", "An\u3164a"}, {"Ana", "Ana \u115f"},
		{"Ana", "\u0410na"},      // Cyrillic А
		{"Ana", "An\u0430"},      // Cyrillic а
		{"Ana", "\uff21\uff4ea"}, // full width
		{"Ana", "\u0391na"},      // Greek Α
		{"Ian", "lan"},           // a capital i, and an l
		{"Ben", "\u0392en"},      // Greek Β
		{"Cleo", "C1eo"}, {"Otto", "0tto"}, {"Dora", "D0ra"}, {"Cleo", "Cle0"}, {"Oto", "0t0"},
		{"José", "Jose"}, {"José", "Jose\u0301"}, {"Zoë", "zoe"}, {"Đặng", "Đăng"}, {"Ζωή", "Ζωη"}, {"Алёна", "Алена"}, // without accents, as people are found
		{"सुमन", "सु\u200dमन"}, {"สมชาย", "สม\u034fชาย"}, // what isn't to be seen
		{"محمد", "مُحَمَّد"}, {"أحمد", "احمد"}, {"דוד", "דָּוִד"}, // one without marks says nothing of them
		{"Ana", "A\u05b7na"}, {"Ana", "An\u0947a"}, // marks of elsewhere
		{"Ana Maria", "Ana  Maria"}, {"Ana Maria", "Ana\u00a0Maria"},
	} {
		if !charter.LookAlike(alike[0], alike[1]) || !charter.LookAlike(alike[1], alike[0]) {
			t.Errorf("%+q and %+q aren't found to look alike", alike[0], alike[1])
		}
	}
	for _, apart := range [][2]string{
		{"Ana", "Anna"}, {"Ana", "Ina"}, {"Ana", "Анна"}, {"Ben", "Бен"}, {"Мария", "Марина"}, {"小明", "小红"}, {"محمد", "أحمد"},
		{"אנה", "הנא"}, {"Ana", "Анастасия"}, {"Σοφία", "Sofia"}, {"김민준", "김민서"},
		{"सुमन", "समन"}, {"मीना", "मेना"}, {"अनु", "अनि"}, {"राज", "राजू"}, {"कमल", "कोमल"}, // Devanagari
		{"มานี", "มานะ"}, {"กิตติ", "กัตติ"}, {"แก้ว", "แก่ว"}, {"วิชัย", "วีชัย"}, // Thai: vowels and tones
		{"שָׂרָה", "שִׁרָה"}, {"דָּוִד", "דּוֹד"}, // Hebrew
		{"عُمَر", "عَمْر"}, {"حَسَن", "حُسْن"}, // Arabic
		{"かな", "がな"}, {"はな", "ばな"}, // kana
		{"Андрей", "Андреи"}, {"Київ", "Киів"}, // й and ї are letters
	} {
		if charter.LookAlike(apart[0], apart[1]) {
			t.Errorf("%q and %q are different names", apart[0], apart[1])
		}
	}
}
