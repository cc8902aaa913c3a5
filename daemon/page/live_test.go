package page

import "testing"

func TestWhatIsKeptAroundEveryPageIsForgottenWhenSomethingHappens(t *testing.T) {
	var h hub
	made := 0
	get := func() int {
		n, err := keep(&h, "tasks", func() (int, error) { made++; return made, nil })
		must(t, err)
		return n
	}
	if get(); get() != 2 {
		t.Error("something is kept by who doesn't hear what happens")
	}
	ear, end := h.listen()
	h.stir(true)
	if get(); get() != 3 {
		t.Error("nothing is kept")
	}
	h.stir(true)
	if get() != 4 {
		t.Error("what was kept outlives what happened")
	}
	if len(ear) != 1 {
		t.Errorf("of two things that happened %d are told, before anybody looked", len(ear))
	}
	// What happens while something is made is of a later time than that.
	if _, err := keep(&h, "notes", func() (int, error) { h.stir(true); return 1, nil }); err != nil {
		t.Fatal(err)
	}
	if n, _ := keep(&h, "notes", func() (int, error) { return 2, nil }); n != 2 {
		t.Error("what was out of date when it was made is kept")
	}
	end()
	if len(h.ears) != 0 {
		t.Error("who has gone is still told")
	}
}
