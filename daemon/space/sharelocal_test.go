package space

import (
	"slices"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
)

func TestAReplicaOfAShareKeepsTheContractOfTheExchange(t *testing.T) {
	t.Parallel()
	exchangetest.TestLocal(t, func(t *testing.T) exchangetest.Subject {
		first, second := replicatest.TwoAllies(t)
		return exchangetest.Subject{Local: &local{second}, Entries: replicatest.AddTasks(t, first, 5)}
	})
}

func TestReplicasOfBothSidesBringEachOtherStatementsAndDocuments(t *testing.T) {
	first, second := replicatest.TwoAllies(t)
	titles := map[*replica.Replica]string{first: "Print", second: "Sew"}
	for r, title := range titles {
		_, err := r.Create(t.Context(), kinds.Task.Name, func(e replica.Edit) error {
			return crdttest.NewTask(e.Now, crdttest.TaskFields{Title: title})(e.Doc, nil)
		})
		must(t, err)
		_, err = r.Say(t.Context(), func(*charter.Charter) (payload []byte, err error) {
			s, _ := r.Share()
			_, payload, _, err = s.Propose(r.Device(), share.Word{What: share.Contacts, Contacts: []string{title}}, "")
			return payload, err
		})
		must(t, err)
	}
	x := exchange.New(&local{first})
	defer x.Close()
	y := exchange.New(&local{second})
	defer y.Close()
	for {
		if s := meetOnce(t, x, y); s.ToGet+s.ToSend == 0 {
			break
		}
	}
	for r := range titles {
		if n := len(r.Documents(kinds.Task.Name)); n != 2 {
			t.Errorf("a side has %d tasks of both", n)
		}
		s, _ := r.Share()
		for i := range 2 {
			if n := len(s.Side(i).Proposals()); n != 1 {
				t.Errorf("a side knows %d proposals of side %d", n, i)
			}
		}
		if c := r.Counts(); c.Pending+c.Void+c.Elsewhere != 0 {
			t.Errorf("not all that came stands: %+v", c)
		}
	}
}

// A peer that passes on what isn't the share's is to blame, whatever it is.
func TestAnExchangeOfAShareTakesNothingOfAHome(t *testing.T) {
	t.Parallel()
	_, ours := replicatest.TwoAllies(t)
	home, _, _ := replicatest.TwoReplicas(t)
	tasks := replicatest.AddTasks(t, home, 2)
	for _, e := range slices.Concat(tasks, home.Charter().Statements()) {
		if (&local{ours}).Owns(e.SpaceOf()) {
			t.Errorf("entry %v of a home would be taken", e.ID())
		}
	}
	if err := (&local{ours}).Accept(t.Context(), tasks); !exchange.Blame(err) {
		t.Errorf("who passes on entries of a home isn't to blame: %v", err)
	}
}

// sideSays has the only person of a side propose that it says something, and consent.
func sideSays(t *testing.T, r *replica.Replica, w share.Word) {
	t.Helper()
	var id charter.StepID
	_, err := r.Say(t.Context(), func(*charter.Charter) (payload []byte, err error) {
		s, _ := r.Share()
		_, payload, id, err = s.Propose(r.Device(), w, "")
		return payload, err
	})
	must(t, err)
	_, err = r.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(r.Device(), id, false) })
	must(t, err)
}

// given are the entries of a replica that may go to a device now: statements, and changes.
func given(t *testing.T, r *replica.Replica, to entry.Device) (statements, changes int) {
	t.Helper()
	may := mayHave(r, to)
	for _, e := range replicatest.Entries(t, r) {
		switch {
		case !may(e.ID()):
		case e.Kind == entry.Statement:
			statements++
		default:
			changes++
		}
	}
	return statements, changes
}

func TestAShareThatIsOverGivesTheOtherSideItsCharterAndNothingElse(t *testing.T) {
	first, second := replicatest.TwoAllies(t)
	replicatest.AddTasks(t, first, 2)
	if s, c := given(t, first, second.Device()); s != 3 || c != 2 {
		t.Errorf("the ally gets %d statements and %d changes", s, c)
	}
	sideSays(t, first, share.Word{What: share.End})
	if _, ended := share.Fold(first.Space(), first.Introduction(16<<20), [2]charter.StepID{}).Ended(); !ended {
		t.Fatal("the word of the only person of a side doesn't end the share")
	}
	if s, c := given(t, first, second.Device()); s != 6 || c != 0 {
		t.Errorf("after the end the ally gets %d statements and %d changes", s, c)
	}
	if s, c := given(t, first, first.Device()); s != 6 || c != 2 {
		t.Errorf("after the end one's own side gets %d statements and %d changes", s, c)
	}
	if s, c := given(t, first, entry.NewSigner().Device()); s != 0 || c != 0 {
		t.Errorf("a stranger gets %d statements and %d changes", s, c)
	}
}

func TestADaemonGivesNothingToAnAllyAfterTheEndDateByItsOwnClock(t *testing.T) {
	day := time.Date(2027, 1, 1, 12, 0, 0, 0, time.UTC)
	now := day.Add(-time.Second)
	first, second := replicatest.AlliesUntil(t, uint64(day.UnixMilli()), func() time.Time { return now })
	replicatest.AddTasks(t, first, 1)
	if _, c := given(t, first, second.Device()); c != 1 {
		t.Errorf("before the date the ally gets %d changes", c)
	}
	now = day
	if s, c := given(t, first, second.Device()); s != 3 || c != 0 {
		t.Errorf("on the date the ally gets %d statements and %d changes", s, c)
	}
}
