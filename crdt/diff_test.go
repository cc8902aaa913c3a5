package crdt

import (
	"testing"

	"kith/crdt/diff"
)

func TestWordsPutIntoOneLineStayInItWhenTheLinesAreAlike(t *testing.T) {
	base := "1. The second riso\n2. Holidays\n3. Who"
	anas := "1. The second riso, and where it stands\n2. Holidays, and who stands in\n3. Who"
	bens := "1. The second riso: Ben shows two offers\n2. Holidays\n3. Who"
	got := splicedInto(bens, rebase(base, anas, bens, diff.Edit))
	want := "1. The second riso, and where it stands: Ben shows two offers\n2. Holidays, and who stands in\n3. Who"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, s := range rebase(base, anas, base, diff.Edit) {
		if s.del != 0 {
			t.Errorf("nothing was removed, but %d characters at %d were", s.del, s.at)
		}
	}
}

// splicedInto does splices to a text, as the core does.
func splicedInto(text string, splices []splice) string {
	r := []rune(text)
	for i := len(splices) - 1; i >= 0; i-- {
		s := splices[i]
		r = append(r[:s.at:s.at], append([]rune(s.insert), r[s.at+s.del:]...)...)
	}
	return string(r)
}
