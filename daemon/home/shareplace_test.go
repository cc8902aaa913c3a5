package home

import "testing"

func TestWhatAPlaceRemembersOfItsShareIsReadOrRefused(t *testing.T) {
	for _, b := range []string{"", "{}", `{"form":2}`, `{"form":1,"member":"m-1"}`, "[]", `{"form":1,"member":"m-00000000000000000000000000000000","home":"00"}`} {
		if p, err := readSharePlace([]byte(b)); err == nil {
			t.Errorf("%s is read as %+v", b, p)
		}
	}
}
