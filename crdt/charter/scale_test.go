package charter_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// longChain is a co-op of one who agrees with herself again and again: three statements a step.
func longChain(t fataler, steps int) (*coop, []*entry.Entry) {
	co := found(t, 1)
	all := make([]*entry.Entry, 1, 3*steps+1)
	all[0] = co.genesis
	tip := charter.GenesisStep(co.space)
	say := func(payload []byte) {
		all = append(all, co.sign(co.founder, payload, all[len(all)-1].ID()))
	}
	for i := range steps {
		payload := raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{
			Parent: tip, Terms: charter.Terms{Type: charter.ProposalInvites, Invites: i % 2},
		}})
		s, err := charter.ReadStatement(payload)
		if err != nil {
			t.Fatal(err)
		}
		tip = s.Step.ID()
		say(payload)
		say(raw(t, charter.Statement{Type: charter.TypeConsent, Of: tip}))
		say(raw(t, charter.Statement{Type: charter.TypeEnact, Of: tip}))
	}
	return co, all
}

func TestAChainOfAHundredThousandStepsFoldsInBoundedMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("takes half a minute to sign")
	}
	steps := 100_000
	if raced { // scripts/test runs it once more without the detector
		steps = 5_000
	}
	co, all := longChain(t, steps)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	c := charter.Fold(co.space, all, charter.StepID{})
	runtime.GC()
	runtime.ReadMemStats(&after)
	if got := len(c.Statements()); got != 3*steps+1 {
		t.Fatalf("%d statements accepted of %d", got, 3*steps+1)
	}
	each := int(after.HeapAlloc-before.HeapAlloc) / len(all)
	t.Logf("%d bytes a statement besides the entries", each)
	if each > 4096 {
		t.Errorf("%d bytes a statement besides the entries", each)
	}
	if len(c.Heads()) != 1 || c.InvitesAllowed() != 1 {
		t.Error("not at the end of the chain")
	}
	runtime.KeepAlive(all)
}

// A founder who never gives up: the whole chain in reverse, one by one, must not be quadratic in
// what waits; and no past can be a cycle, as an ID is a hash of what it names.
func TestMissingParentsAreWaitedForAndCostNoStack(t *testing.T) {
	co, all := longChain(t, 300)
	c := charter.Fold(co.space, nil, charter.StepID{})
	for i := len(all) - 1; i >= 0; i-- {
		c = c.With(all[i])
		if state, _ := c.State(all[len(all)-1].ID()); (state == charter.Accepted) != (i == 0) {
			t.Fatalf("with %d missing the last is %v", i, state)
		}
	}
	if len(c.Statements()) != len(all) {
		t.Error("not all were accepted")
	}
	self := charter.Fold(co.space, all[:4], charter.StepID{})
	lost := co.sign(co.founder, raw(t, charter.Statement{Type: charter.TypeSeen}), entry.ID{1, 2, 3})
	self = self.With(lost)
	mustState(t, self, lost, charter.Pending, "aren't here yet")
	if w := self.Waiting(lost.ID()); len(w) != 1 || w[0] != (entry.ID{1, 2, 3}) {
		t.Errorf("it waits for %v", w)
	}
}

func TestGiantReasonsListsAndFrontiersAreRefused(t *testing.T) {
	s := members(t, "ben")
	terms := remove(s, "ben")
	terms.Why = strings.Repeat("x", charter.MaxWhy+1)
	var limit *charter.LimitError
	if _, _, err := s.c.Propose(laptop("ana").Device(), terms); !errors.As(err, &limit) || limit.Limit != charter.MaxWhy {
		t.Error(err)
	}
	if _, err := s.c.Resign(laptop("ana").Device(), nil, terms.Why); !errors.As(err, &limit) {
		t.Error(err)
	}
	runs := func(n int) charter.Frontier {
		f := make(charter.Frontier, n)
		for i := range f {
			binary.BigEndian.PutUint32(f[i].Run[:], uint32(i))
		}
		return f
	}
	tooMany := []charter.DeviceFrontier{{Device: entry.Device{1}, Frontier: runs(charter.MaxRuns / 2)}, {Device: entry.Device{2}, Frontier: runs(charter.MaxRuns/2 + 1)}}
	ids := make([]entry.ID, charter.MaxResigned+1)
	for i := range ids {
		ids[i] = entry.ID{byte(i >> 8), byte(i)}
	}
	for name, payload := range map[string][]byte{
		"a reason":                raw(t, charter.Statement{Type: charter.TypeRefuse, Why: terms.Why}),
		"a proposal's reason":     raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Terms: terms}}),
		"an acknowledgement":      raw(t, charter.Statement{Type: charter.TypeSeen, Lists: tooMany}),
		"a resignation":           raw(t, charter.Statement{Type: charter.TypeResign, Lists: tooMany}),
		"a retirement":            raw(t, charter.Statement{Type: charter.TypeRetire, Frontier: runs(charter.MaxRuns + 1)}),
		"a removal":               raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Terms: charter.Terms{Type: charter.ProposalRemove, Frontiers: tooMany}}}),
		"a list of resignations":  raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Terms: charter.Terms{Type: charter.ProposalClose, Resigned: ids}}}),
		"no live device":          raw(t, charter.Statement{Type: charter.TypeRecover}),
		"too many live devices":   raw(t, charter.Statement{Type: charter.TypeRecover, Live: make([]charter.NewDevice, charter.MaxListed+1)}),
		"a device listed twice":   raw(t, charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{{Name: "x"}, {Name: "x"}}}),
		"a device without a name": raw(t, charter.Statement{Type: charter.TypeCertify, New: &charter.NewDevice{}}),
		"an unknown threshold":    raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Terms: threshold(5)}}),
		"too many invites":        raw(t, charter.Statement{Type: charter.TypePropose, Step: &charter.Step{Terms: charter.Terms{Type: charter.ProposalInvites, Invites: charter.MaxInvites + 1}}}),
	} {
		if _, err := charter.ReadStatement(payload); err == nil {
			t.Errorf("%s is read", name)
		}
	}
	most := charter.Terms{Type: charter.ProposalRemove, Member: s.id("ben"), Why: terms.Why[1:], Frontiers: []charter.DeviceFrontier{{Frontier: runs(charter.MaxRuns)}}}
	payload, _, err := s.c.Propose(laptop("ana").Device(), most)
	if err != nil {
		t.Error(err)
	}
	t.Logf("the largest frontier makes a statement of %d bytes", len(payload))
}

// Ten thousand statements by a key that nobody admitted, and by a prospective member, cost what
// they cost and change nothing.
func TestAFloodByAKeyThatWasNeverAdmittedIsVoidAndChangesNothing(t *testing.T) {
	s := members(t, "ben")
	flood := make([]*entry.Entry, 2000)
	for i := range flood {
		flood[i] = s.sign(key("mallory"), raw(t, charter.Statement{Type: charter.TypeCertify, New: &charter.NewDevice{Name: fmt.Sprint(i)}}), s.c.Heads()...)
	}
	c := s.c.With(flood...)
	for _, e := range flood {
		if state, _ := c.State(e.ID()); state != charter.Void {
			t.Fatal(state)
		}
	}
	same(t, "a flood", seen(s.c, s.all), seen(c, s.all))
}

func BenchmarkFoldOfAYear(b *testing.B) {
	co, all := longChain(b, 3333)
	c := charter.Fold(co.space, all, charter.StepID{})
	b.Run("10000 statements", func(b *testing.B) {
		for b.Loop() {
			charter.Fold(co.space, all, charter.StepID{})
		}
	})
	one := co.sign(co.founder, raw(b, charter.Statement{Type: charter.TypeSeen}), c.Heads()...)
	b.Run("one more than 10000", func(b *testing.B) {
		for b.Loop() {
			c.With(one)
		}
	})
	b.Run("pending", func(b *testing.B) {
		for b.Loop() {
			c.Pending()
		}
	})
	b.Run("log", func(b *testing.B) {
		for b.Loop() {
			c.Log()
		}
	})
}
