package share_test

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
)

type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// key returns the same key for the same name, in every test.
func key(name string) entry.Signer {
	if k, ok := keys.Load(name); ok {
		return k.(entry.Signer)
	}
	k := entry.SignerFromSeed(sha256.Sum256([]byte(name)))
	keys.Store(name, k)
	return k
}

var keys sync.Map

func laptop(name string) entry.Signer { return key(name + "'s laptop") }

// The sides of most tests.
const (
	riso    = 0
	quilted = 1
)

var (
	coops     = [2]string{"Riso Print Co-op", "Quilted"}
	risoFolk  = []string{"ana", "ben", "cleo"}
	quiltFolk = []string{"dora", "eli", "flo"}
	print     = share.Terms{Purpose: "print the fair's programme together", Ends: 1_800_000_000_000, Voices: share.EachCoop}
)

// ally is one replica's view of a share, as a test tells what its people do. A copy of it (apart)
// hears nothing of the others until they meet.
type ally struct {
	t      fataler
	space  entry.SpaceID
	spaces [2]entry.SpaceID // of the sides
	s      *share.Share
	all    []*entry.Entry
	stays  bool // it takes part in nothing
}

var runs uint64

// sign makes a statement by a device, each in a run of its own.
func sign(t fataler, space entry.SpaceID, device entry.Signer, payload []byte, heads ...entry.ID) *entry.Entry {
	t.Helper()
	f := entry.Fields{Space: space, Heads: heads, Kind: entry.Statement, Number: 1, Payload: payload}
	binary.BigEndian.PutUint64(f.Run[:], nextRun())
	return make1(t, f, device)
}

func make1(t fataler, f entry.Fields, device entry.Signer) *entry.Entry {
	t.Helper()
	e, err := entry.New(f, device)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

var runMutex sync.Mutex

func nextRun() uint64 {
	runMutex.Lock()
	defer runMutex.Unlock()
	runs++
	return runs
}

// found makes the charter of a side: the first founds it, and seats the others.
func found(t fataler, coop string, names ...string) (entry.SpaceID, []*entry.Entry) {
	t.Helper()
	seats := max(len(names), 1)
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coop, Founder: names[0], Seats: seats}, key(names[0]), laptop(names[0]), "laptop")
	if err != nil {
		t.Fatal(err)
	}
	genesis := sign(t, entry.SpaceID{}, laptop(names[0]), payload)
	space, all := genesis.SpaceOf(), []*entry.Entry{genesis}
	c := charter.Fold(space, all, charter.StepID{})
	for _, name := range names[1:] {
		r, err := charter.NewRedemption(space, key("code for "+name), key(name), laptop(name), name, "laptop")
		if err != nil {
			t.Fatal(err)
		}
		payload, err := c.FillSeat(key("code for "+name).Device(), r)
		if err != nil {
			t.Fatal(err)
		}
		e := sign(t, space, laptop(names[0]), payload, c.Heads()...)
		c, all = c.With(e), append(all, e)
	}
	return space, all
}

// pactOf makes the pact of two founded sides, signed by those who founded them.
func pactOf(t fataler, terms share.Terms, spaces [2]entry.SpaceID, first, second entry.Signer) *entry.Entry {
	t.Helper()
	p := &share.Pact{Terms: terms, Sides: [2]share.Side{{Space: spaces[0], Contacts: []string{"Ana"}}, {Space: spaces[1], Contacts: []string{"Dora"}}}}
	if err := p.Agree(second); err != nil {
		t.Fatal(err)
	}
	f, err := p.Genesis()
	if err != nil {
		t.Fatal(err)
	}
	return make1(t, f, first)
}

// allies makes a share between people of two co-ops.
func allies(t fataler, first, second []string) *ally {
	t.Helper()
	a := &ally{t: t}
	if slices.Equal(first, risoFolk) && slices.Equal(second, quiltFolk) {
		a.spaces, a.all = standard()
	} else {
		a.spaces, a.all = founding(t, first, second)
	}
	a.space = a.all[len(a.all)-1].SpaceOf()
	a.s = share.Fold(a.space, a.all, [2]charter.StepID{})
	if state, why := a.s.State(entry.ID(a.space)); state != charter.Accepted {
		t.Fatal("the pact doesn't hold:", why)
	}
	return a
}

// standard is made once: signing takes longer than what most tests look at.
var standard = func() func() ([2]entry.SpaceID, []*entry.Entry) {
	type made struct {
		spaces [2]entry.SpaceID
		all    []*entry.Entry
	}
	once := sync.OnceValue(func() made {
		spaces, all := founding(panics{}, risoFolk, quiltFolk)
		return made{spaces, all}
	})
	return func() ([2]entry.SpaceID, []*entry.Entry) { return once().spaces, slices.Clone(once().all) }
}()

type panics struct{}

func (panics) Helper()                   {}
func (panics) Fatal(a ...any)            { panic(fmt.Sprint(a...)) }
func (panics) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (panics) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }

// founding makes the statements of two sides and, last, their pact.
func founding(t fataler, first, second []string) (spaces [2]entry.SpaceID, all []*entry.Entry) {
	t.Helper()
	for i, names := range [][]string{first, second} {
		space, statements := found(t, coops[i], names...)
		spaces[i], all = space, append(all, statements...)
	}
	return spaces, append(all, pactOf(t, print, spaces, laptop(first[0]), laptop(second[0])))
}

// apart returns a replica with the same statements that goes its own way.
func (a *ally) apart() *ally {
	o := *a
	o.all = slices.Clone(a.all)
	o.stand()
	return &o
}

// stand has the replica take part in what it follows.
func (a *ally) stand() {
	for i := range a.spaces {
		if !a.stays {
			a.s = a.s.StandOn(i, a.s.Side(i).Tip())
		}
	}
}

func (a *ally) hear(all ...*entry.Entry) {
	a.s = a.s.With(all...)
	a.stand()
	for _, e := range all {
		if !slices.ContainsFunc(a.all, func(o *entry.Entry) bool { return o.ID() == e.ID() }) {
			a.all = append(a.all, e)
		}
	}
}

func (a *ally) meet(o *ally) {
	mine := slices.Clone(a.all)
	a.hear(o.all...)
	o.hear(mine...)
}

// id returns the person who came in with the key of that name.
func (a *ally) id(side int, name string) charter.MemberID {
	return charter.MemberIDOf(a.spaces[side], key(name).Device())
}

// says signs a payload in a side's charter; it must be accepted.
func (a *ally) says(side int, device entry.Signer, payload []byte, err error) *entry.Entry {
	a.t.Helper()
	if err != nil {
		a.t.Fatal(err)
	}
	e := sign(a.t, a.spaces[side], device, payload, a.s.Side(side).Heads()...)
	a.hear(e)
	if state, why := a.s.State(e.ID()); state != charter.Accepted {
		a.t.Fatalf("a statement is %v: %s", state, why)
	}
	return e
}

// proposes has a person propose that their side says something, and consent.
func (a *ally) proposes(name string, w share.Word) (side int, id charter.StepID) {
	a.t.Helper()
	side, payload, id, err := a.s.Propose(laptop(name).Device(), w, "so")
	a.says(side, laptop(name), payload, err)
	a.consents(side, name, id)
	return side, id
}

func (a *ally) consents(side int, name string, id charter.StepID) {
	a.t.Helper()
	payload, err := a.s.Side(side).Consent(laptop(name).Device(), id, false)
	a.says(side, laptop(name), payload, err)
}

func (a *ally) enacts(side int, name string, id charter.StepID) *entry.Entry {
	a.t.Helper()
	payload, err := a.s.Side(side).Enact(laptop(name).Device(), id)
	return a.says(side, laptop(name), payload, err)
}

// agree has people of one side say something: the first proposes, and enacts.
func (a *ally) agree(w share.Word, names ...string) charter.StepID {
	a.t.Helper()
	side, id := a.proposes(names[0], w)
	for _, name := range names[1:] {
		a.consents(side, name, id)
	}
	a.enacts(side, names[0], id)
	return id
}

// step has people of one side bring any step of its charter into force.
func (a *ally) step(side int, terms charter.Terms, names ...string) charter.StepID {
	a.t.Helper()
	payload, id, err := a.s.Side(side).Propose(laptop(names[0]).Device(), terms)
	a.says(side, laptop(names[0]), payload, err)
	for _, name := range names {
		a.consents(side, name, id)
	}
	a.enacts(side, names[0], id)
	return id
}

func change(t share.Terms) share.Word { return share.Word{What: share.Change, Terms: t} }

var end = share.Word{What: share.End}

// writes makes an entry of some document by a device with the heads that are known here; what is
// in it is not for this package.
func (a *ally) writes(device entry.Signer) *entry.Entry { return a.writesAt(device, a.s.Heads()...) }

func (a *ally) writesAt(device entry.Signer, heads ...entry.ID) *entry.Entry {
	a.t.Helper()
	f := entry.Fields{Space: a.space, Heads: heads, Kind: entry.Change, Doc: entry.DocID{1}, Number: 1, Payload: []byte{1}}
	binary.BigEndian.PutUint64(f.Run[:], nextRun())
	return make1(a.t, f, device)
}

// seen is all that a share says about some statements and entries, as text to compare.
func seen(s *share.Share, all []*entry.Entry) string {
	var b strings.Builder
	line := func(format string, a ...any) { fmt.Fprintf(&b, format+"\n", a...) }
	terms, ok := s.Terms()
	ended, over := s.Ended()
	line("terms %v %v, ended %v %v, by people %v, heads %v", terms, ok, ended, over, s.ByPeople(), s.Heads())
	line("offers %v, sides %v", s.Offers(), s.Sides())
	for i := range 2 {
		line("side %d: suspended %v, lost %v, contacts %q", i, s.Suspended(i), s.Lost(i), s.Contacts(i))
		if c := s.Side(i); c != nil {
			line("%q tip %v forks %v pacts %v", c.Name(), c.Tip(), c.Forks(), c.Pacts())
		}
	}
	for _, m := range s.Members() {
		line("member %+v", m)
	}
	for _, e := range byID(all) {
		state, why := s.State(e.ID())
		_, cut := s.Cut(e.Device)
		side, speaks := s.SideOf(e.Device)
		line("%v %v %q here %v, its device known %v cut %v speaks %v %d", e.ID(), state, why, s.Has(e.ID()), s.Knows(e.Device), cut, speaks, side)
		if e.Kind == entry.Change {
			line("%s", seenBy(s, e))
		}
	}
	return b.String()
}

// seenBy is what an entry knows.
func seenBy(s *share.Share, e *entry.Entry) string {
	p, state := s.Of(e)
	if p == nil {
		return "knows: " + state.String()
	}
	who, ok := p.Speaks(e.Device)
	standing, _ := p.Standing(who)
	return fmt.Sprint("knows: ", state, who, ok, standing, p.Sides(), p.Counted(), p.ByPeople(), p.Ended())
}

func byID(all []*entry.Entry) []*entry.Entry {
	all = slices.SortedFunc(slices.Values(all), func(a, b *entry.Entry) int { return a.ID().Compare(b.ID()) })
	return slices.CompactFunc(all, func(a, b *entry.Entry) bool { return a.ID() == b.ID() })
}

func same(t fataler, what, want, got string) {
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
