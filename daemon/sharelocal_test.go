package daemon

import (
	"slices"
	"testing"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
	"kith/daemon/replica"
)

// twoAllies are replicas of a share on this disk, of one person on each side.
func twoAllies(t *testing.T) (first, second *replica.Replica) {
	t.Helper()
	p := &share.Pact{Terms: share.Terms{Purpose: "a fair", Voices: share.EachCoop}}
	var all []*entry.Entry
	var keys [2]entry.Signer
	for i, coop := range []string{"Riso Print Co-op", "Quilted"} {
		keys[i] = entry.NewSigner()
		payload, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: "Ana", Seats: 1}, entry.NewSigner(), keys[i], "laptop")
		must(t, err)
		genesis, err := entry.New(entry.Fields{Kind: entry.Statement, Run: entry.Run{1}, Number: 1, Payload: payload}, keys[i])
		must(t, err)
		p.Sides[i].Space, all = genesis.SpaceOf(), append(all, genesis)
	}
	must(t, p.Agree(keys[1]))
	f, err := p.Genesis()
	must(t, err)
	genesis, err := entry.New(f, keys[0])
	must(t, err)
	all = append(all, genesis)
	var both [2]*replica.Replica
	for i := range both {
		both[i], err = replica.JoinShare(replica.Config{Dir: t.TempDir(), Key: keys[i]}, genesis.SpaceOf(), all, [8]byte{})
		must(t, err)
		t.Cleanup(func() { must(t, both[i].Close()) })
	}
	return both[0], both[1]
}

func TestAReplicaOfAShareKeepsTheContractOfTheExchange(t *testing.T) {
	exchangetest.TestLocal(t, func(t *testing.T) exchangetest.Subject {
		first, second := twoAllies(t)
		return exchangetest.Subject{Local: &local{second}, Entries: addTasks(t, first, 5)}
	})
}

func TestReplicasOfBothSidesBringEachOtherStatementsAndDocuments(t *testing.T) {
	first, second := twoAllies(t)
	titles := map[*replica.Replica]string{first: "Print", second: "Sew"}
	for r, title := range titles {
		_, err := r.Create(t.Context(), crdt.KindTask, func(e replica.Edit) error {
			return crdt.NewTask(e.Now, crdt.TaskFields{Title: title})(e.Doc, nil)
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
		if n := len(r.Documents(crdt.KindTask)); n != 2 {
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
	_, ours := twoAllies(t)
	home, _, _ := twoReplicas(t)
	tasks := addTasks(t, home, 2)
	for _, e := range slices.Concat(tasks, home.Charter().Statements()) {
		if (&local{ours}).Owns(e.SpaceOf()) {
			t.Errorf("entry %v of a home would be taken", e.ID())
		}
	}
	if err := (&local{ours}).Accept(t.Context(), tasks); !exchange.Blame(err) {
		t.Errorf("who passes on entries of a home isn't to blame: %v", err)
	}
}
