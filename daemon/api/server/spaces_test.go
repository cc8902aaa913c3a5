package server

import (
	"context"
	"encoding/json"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/waittest"
)

// garden is a second space beside that of newFake, with one member of the same name.
func garden() *fake {
	f := &fake{
		people:    []api.Member{{ID: memberID('g'), Name: "Ana", Standing: "full", Me: true}},
		documents: []api.Document{{ID: documentID(kinds.Task.Name, "8b3a"), Short: "t-8b3a", Kind: kinds.Task.Name, Title: "Water the beans"}},
		events:    make(chan api.Event),
	}
	f.space = api.Named{ID: "s2", Name: "Garden Co-op"}
	return f
}

func TestWhatOneSpaceIsAskedGoesToTheOneThatIsNamed(t *testing.T) {
	both := served{newFake(), garden()}
	for path, want := range map[string]string{
		"members?space=garden+co-op":     memberID('g'),
		"members?space=s2":               memberID('g'),
		"members?space=Riso+Print+Co-op": memberID('b'),
		"tasks/t-8b3a":                   "Water the beans", // only one has it
		"tasks/4kq2":                     "Order paper",
		"log?id=8b3a":                    `"id":"` + documentID(kinds.Task.Name, "8b3a"),
	} {
		if status, answer := askAll(t, both, path); status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	for path, want := range map[string]api.Code{
		"members":              api.Usage,    // which?
		"tasks/t-zzzz":         api.Usage,    // nobody has it: still, which?
		"members/Ana":          api.Usage,    // a name, which both know
		"members/8b3a":         api.Usage,    // a name, though a task of one space begins so
		"members?space=Bakery": api.NotFound, // neither
	} {
		status, answer := askAll(t, both, path)
		var out struct{ Error *api.Problem }
		if err := json.Unmarshal([]byte(answer), &out); err != nil || out.Error == nil || out.Error.Code != want {
			t.Errorf("%s: %d %s", path, status, answer)
		} else if len(out.Error.Candidates) != 2 {
			t.Errorf("%s: doesn't say what there is: %s", path, answer)
		}
	}
}

// fair is a share of the co-op of newFake with an ally.
func fair(ally, id string) *fake {
	f := garden()
	f.ally, f.space = ally, api.Named{ID: id, Name: "Riso Print Co-op and " + ally}
	return f
}

func TestASharesSpaceMakesNothingAmbiguous(t *testing.T) {
	both := served{newFake(), fair("Quilted", "s2"), fair("Bakery", "s3")}
	for path, want := range map[string]string{
		"members":                        memberID('b'), // of the co-op
		"tasks/t-4kq2":                   "Order paper",
		"members?space=quilted":          memberID('g'),
		"members?space=s3":               memberID('g'),
		"members?space=the+bakery+fair":  memberID('g'),
		"members?space=Riso+Print+Co-op": memberID('b'),
	} {
		if status, answer := askAll(t, both, path); status != 200 || !strings.Contains(answer, want) {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
	ended := fair("Quilted", "s4")
	ended.over = true
	if status, answer := askAll(t, append(both, ended), "members?space=quilted"); status != 200 {
		t.Errorf("with one that has ended: %d %s", status, answer)
	}
	one := served{newFake(), fair("Quilted", "s2")}
	if status, answer := askAll(t, one, "tasks/8b3a"); status != 200 || !strings.Contains(answer, "Water the beans") {
		t.Errorf("a task of the share: %d %s", status, answer)
	}
	if status, answer := askAll(t, append(both, garden()), "members"); status == 200 || !strings.Contains(answer, `"usage"`) {
		t.Errorf("with two co-ops: %d %s", status, answer)
	}
}

func TestTwoSpacesOfOneNameAreToldApartByTheirIDs(t *testing.T) {
	other := newFake()
	other.space.ID = "s3"
	status, answer := askAll(t, served{newFake(), other}, "members?space=Riso+Print+Co-op")
	if status == 200 || !strings.Contains(answer, `"ambiguous"`) {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := askAll(t, served{newFake(), other}, "members?space=s3"); status != 200 {
		t.Errorf("%d %s", status, answer)
	}
}

func TestEventsOfAllSpacesComeWithTheirSpaceAndEndTogether(t *testing.T) {
	print, beans := newFake(), garden()
	one, err := (&Server{spaces: served{print, beans}}).of(spaceOf(print), spaceOf(beans)).allEvents(t.Context(), true)
	if err != nil {
		t.Fatal(err)
	}
	beans.events <- api.Event{Type: "created"}
	if e := <-one; e.Space == nil || e.Space.Name != "Garden Co-op" {
		t.Errorf("got %+v", e)
	}
	close(print.events)
	for e := range one {
		t.Errorf("after the end: %+v", e)
	}
}

// begins are spaces of which more begin.
type begins struct {
	served
	mu    sync.Mutex
	begun chan struct{}
}

func (b *begins) Spaces() []Space {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.served.Spaces()
}

func (b *begins) Begun() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.begun
}

func (b *begins) begin(f *fake) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.served = append(b.served, f)
	close(b.begun)
	b.begun = make(chan struct{})
}

// Whoever looks when something happens would else never see what a colleague writes in a share that this computer came into since.
func TestWhoWatchesAllSpacesHearsOfThoseThatBeginMeanwhile(t *testing.T) {
	print, fair := newFake(), garden()
	fair.ally = "Quilted"
	home := &begins{served: served{print}, begun: make(chan struct{})}
	all, err := (&Server{spaces: home}).of(spaceOf(print)).allEvents(t.Context(), false)
	if err != nil {
		t.Fatal(err)
	}
	next := func() (e api.Event) {
		select {
		case e = <-all:
		case <-time.After(waittest.Limit):
			t.Fatal("nothing more is told")
		}
		return e
	}
	print.events <- api.Event{Type: "created"}
	if e := next(); e.Space != nil {
		t.Errorf("of the only space: %+v", e)
	}
	home.begin(fair)
	if e := next(); e.Type != "ally" || e.Title != "you are in the share with Quilted" || e.Space == nil || e.Space.Name != "Garden Co-op" {
		t.Errorf("that a space has begun is told as %+v", e)
	}
	for _, f := range []*fake{fair, print} {
		f.events <- api.Event{Type: "created"}
		if e := next(); e.Type != "created" || e.Space == nil || e.Space.ID != f.space.ID {
			t.Errorf("got %+v", e)
		}
	}
}

func TestEventsEndWithTheirReader(t *testing.T) {
	print, beans := newFake(), garden()
	ctx, cancel := context.WithCancel(t.Context())
	all, err := (&Server{spaces: served{print, beans}}).of(spaceOf(print), spaceOf(beans)).allEvents(ctx, true)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	close(print.events) // as a daemon does when the reader's context ends
	close(beans.events)
	for range all {
	}
}

func TestNothingIsChangedByAStartOfAnIDThatTheCoopAndAShareHave(t *testing.T) {
	print, share := newFake(), fair("Quilted", "s2")
	share.documents[0].ID = documentID(kinds.Task.Name, "4kq27")
	both := served{print, share}
	status, answer := request(t, both, "POST", "tasks/t-4kq2/done", nil)
	if status == 200 || !strings.Contains(answer, `"ambiguous"`) || !strings.Contains(answer, "Quilted") || print.told != nil || share.told != nil {
		t.Errorf("%d %s", status, answer)
	}
	if status, answer := request(t, both, "POST", "tasks/t-4kq27/done", nil); status != 200 || share.told == nil || print.told != nil {
		t.Errorf("with another letter: %d %s", status, answer)
	}
	if status, answer := askAll(t, both, "tasks/t-4kq2"); status != 200 || !strings.Contains(answer, "Order paper") {
		t.Errorf("to read: %d %s", status, answer)
	}
	if status, answer := askAll(t, served{newFake(), fair("Quilted", "s2"), fair("Bakery", "s3")}, "tasks/8b3a"); status == 200 || !strings.Contains(answer, `"ambiguous"`) {
		t.Errorf("in two shares: %d %s", status, answer)
	}
}
