package charter_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// key returns the same key for the same name, in every test.
func key(name string) entry.Signer {
	if k, ok := keys.Load(name); ok {
		return k.(entry.Signer)
	}
	k := entry.SignerFromSeed(sha256.Sum256([]byte(name)))
	keys.Store(name, k)
	return k
}

var keys sync.Map // deriving one takes longer than the rest of most tests

// coop makes statements as a co-op's devices would, honest or not.
type coop struct {
	t       fataler
	genesis *entry.Entry
	space   entry.SpaceID
	founder entry.Signer // the founder's device
	runs    uint64
}

type fataler interface {
	Helper()
	Fatal(...any)
}

// found makes a co-op of Ana's with a number of founding seats.
func found(t fataler, seats int) *coop {
	t.Helper()
	c := &coop{t: t, founder: key("ana's laptop")}
	payload, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "Ana", Seats: seats}, key("ana"), c.founder, "laptop")
	if err != nil {
		t.Fatal(err)
	}
	c.genesis = c.sign(c.founder, payload)
	c.space = c.genesis.SpaceOf()
	return c
}

// sign makes a statement by a device, each in a run of its own.
func (c *coop) sign(device entry.Signer, payload []byte, heads ...entry.ID) *entry.Entry {
	c.t.Helper()
	return c.signUnder(entry.RulesVersion, device, payload, heads...)
}

func (c *coop) signUnder(rules uint64, device entry.Signer, payload []byte, heads ...entry.ID) *entry.Entry {
	c.t.Helper()
	c.runs++
	f := entry.Fields{Space: c.space, Heads: heads, Kind: entry.Statement, Number: 1, Payload: payload}
	binary.BigEndian.PutUint64(f.Run[:], c.runs)
	e, err := entry.NewUnder(rules, f, device)
	if err != nil {
		c.t.Fatal(err)
	}
	return e
}

// redeem has a person redeem the code of that name on "<name>'s laptop".
func (c *coop) redeem(name string) (invite entry.Device, r charter.Redemption) {
	c.t.Helper()
	code := key("code for " + name)
	r, err := charter.NewRedemption(c.space, code, key(name), key(name+"'s laptop"), strings.ToUpper(name[:1])+name[1:], "laptop")
	if err != nil {
		c.t.Fatal(err)
	}
	return code.Device(), r
}

// seat has the founder's device seat a person after the step that the head carries.
func (c *coop) seat(name string, parent charter.StepID, heads ...entry.ID) *entry.Entry {
	c.t.Helper()
	invite, r := c.redeem(name)
	return c.sign(c.founder, c.seatPayload(parent, invite, r), heads...)
}

func (c *coop) seatPayload(parent charter.StepID, invite entry.Device, r charter.Redemption) []byte {
	c.t.Helper()
	payload, err := charter.NewSeat(parent, invite, r)
	if err != nil {
		c.t.Fatal(err)
	}
	return payload
}

// chain seats people one after the other, and returns the genesis and their statements.
func (c *coop) chain(names ...string) []*entry.Entry {
	c.t.Helper()
	statements := []*entry.Entry{c.genesis}
	tip := charter.GenesisStep(c.space)
	for _, name := range names {
		e := c.seat(name, tip, statements[len(statements)-1].ID())
		statements = append(statements, e)
		tip = stepOf(c.t, e)
	}
	return statements
}

// stepOf returns the ID of the step that a statement places.
func stepOf(t fataler, e *entry.Entry) charter.StepID {
	t.Helper()
	s, err := charter.ReadStatement(e.Payload)
	if err != nil || s.Step == nil {
		t.Fatal("not a step:", err)
	}
	return s.Step.ID()
}

func names(members []charter.Member) string {
	var all []string
	for _, m := range members {
		all = append(all, m.Name)
	}
	return strings.Join(all, " ")
}

// seen is all that a charter says about some statements and devices, as text to compare.
func seen(c *charter.Charter, statements []*entry.Entry) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	filled, total := c.Seats()
	line("%q rules %d, founder %v, %d of %d, tip %v, heads %v", c.Name(), c.Rules(), c.Founder(), filled, total, c.Tip(), short(c.Heads()...))
	for _, m := range c.Members() {
		line("member %+v", m)
	}
	for _, f := range c.Forks() {
		line("fork %+v", f)
	}
	for _, p := range c.Proposals() {
		line("proposal %v at %v: %v of %v by %v, %v of %d of %d, refused %v, founder %v, hopeless %v, ready %v, %v", p.ID, p.Parent, p.Type, p.Subject,
			p.By, p.Consents, p.Needs, p.Of, p.Refusals, p.Founder, p.Hopeless, p.Ready, p.State)
	}
	for _, p := range c.Pending() {
		line("pending %v", p.ID)
	}
	for _, i := range c.Invites() {
		if one, ok := c.InviteOf(i.Key); !ok || !reflect.DeepEqual(one, i) {
			line("asked by its key, the invite is %+v", one) // no other fold says so
		}
		line("invite %+v", i)
	}
	for _, l := range c.Log() {
		line("log %v by %v about %v, consents %v, in force %v", short(l.Entry.ID()), l.By, l.Subject, l.Consents, l.InForce)
	}
	needed, of := c.Needed()
	line("needed %d of %d, invites %d, %v, undecided %v, founding device %v", needed, of, c.InvitesAllowed(), c.Threshold(), c.Undecided(), c.FoundingDevice())
	for _, e := range c.Statements() {
		line("in order %v", short(e.ID()))
	}
	all := slices.SortedFunc(slices.Values(statements), func(a, b *entry.Entry) int { return a.ID().Compare(b.ID()) })
	for _, name := range []string{"ana", "ben", "cleo", "dora"} {
		for _, d := range []string{name + "'s laptop", name + "'s phone", name + "'s box"} {
			cuts, cut := c.Cut(key(d).Device())
			owner, owned := c.OwnerOf(key(d).Device())
			line("%s: cut %v (%d ways), of %v %v", d, cut, len(cuts), owner.ID, owned)
		}
	}
	all = slices.CompactFunc(all, func(a, b *entry.Entry) bool { return a.ID() == b.ID() })
	for i, e := range all {
		state, why := c.State(e.ID())
		line("%v %v %q, waits for %v, knows its device: %v", short(e.ID()), state, why, short(c.Waiting(e.ID())...), c.Knows(e.Device))
		for _, other := range all[i:] {
			line("%s", seenAt(c, sorted(e.ID(), other.ID()), c.Statements()))
		}
	}
	return b.String()
}

// seenAt is all that a charter says about the past of some heads; whether it covers the
// accepted statements, too.
func seenAt(c *charter.Charter, heads []entry.ID, accepted []*entry.Entry) string {
	past, state := c.At(heads)
	if past == nil {
		return fmt.Sprintf("at %v: %v", short(heads...), state)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "at %v: %v, step %v, full %v", short(heads...), state, past.Step(), past.Full())
	for _, m := range past.Full() {
		standing, ok := past.Standing(m)
		fmt.Fprint(&b, standing, ok)
	}
	for _, name := range []string{"ana", "ben", "cleo", "dora", "eli", "flo", "gus"} {
		who, ok := past.Speaks(key(name + "'s laptop").Device())
		fmt.Fprint(&b, name, who, ok)
	}
	for _, e := range accepted {
		fmt.Fprint(&b, " ", short(e.ID()), past.Covers([]entry.ID{e.ID()}))
	}
	return b.String()
}

func short(ids ...entry.ID) []string {
	var all []string
	for _, id := range ids {
		all = append(all, id.String()[:8])
	}
	return all
}

// same fails the test where two charters say different things.
func same(t interface {
	Helper()
	Fatalf(string, ...any)
}, what string, want, got string) {
	t.Helper()
	if want == got {
		return
	}
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range min(len(w), len(g)) {
		if w[i] != g[i] {
			t.Fatalf("%s\nwant %s\ngot  %s", what, w[i], g[i])
		}
	}
	t.Fatalf("%s\nwant %d lines, got %d", what, len(w), len(g))
}

func mustState(t *testing.T, c *charter.Charter, e *entry.Entry, want charter.State, why string) {
	t.Helper()
	if state, got := c.State(e.ID()); state != want || !strings.Contains(got, why) {
		t.Errorf("the statement is %v (%q), want %v (%q)", state, got, want, why)
	}
}
