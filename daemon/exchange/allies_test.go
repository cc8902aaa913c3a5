package exchange_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/exchange"
	"kith/daemon/exchange/exchangetest"
)

// A world is co-ops that have pacts with each other. Each person has one computer, with a place for their
// home and one for each share of their co-op, as a daemon does: a key, a replica and an exchange of its own.
// Charters and pacts are real ones; they say who dials whom, who is let in, and whether what comes stands. The
// network is that of the other simulations. One thing at a time is carried in each space, so a world of a given
// making has the same day each time.
var worldCoops = flag.Int("coops", 0, "simulate worlds of up to so many `co-ops` of ten (an even number, at least 8; 200 takes 14 GB and ten minutes)")

// world is who is there, and what lies between them.
type world struct {
	t         *testing.T
	computers [][]*computer // by co-op and person
	spaces    []*commons
	knocked   int // strangers who were turned away
}

// computer is what one daemon serves.
type computer struct {
	coop, person int
	how          string // see villains; "": honest
	places       []*place
	in, out      int // bytes
	most         int // bytes held for connections, at any time
}

// commons is a home or a share: its places, and the roads between them.
type commons struct {
	t      *testing.T
	name   string
	rules  rules
	also   func(entry.SpaceID) bool
	begin  []*entry.Entry // what lies on every disk in the morning
	old    []byte         // a frame of much of that
	places []*place
	ways   []*way

	mu    sync.Mutex
	dirty map[int]bool // ends from which something is to be carried, by number
	next  int
}

// rules are what a home and a share both say.
type rules interface {
	Of(*entry.Entry) (*charter.Past, charter.State)
	Heads() []entry.ID
	Members() []charter.Member
	MemberOf(entry.Device) (charter.Member, bool)
}

// place is one replica.
type place struct {
	*exchangetest.Memory
	of  *computer
	in  *commons
	key entry.Signer
	x   *exchange.Exchange

	run    sync.Mutex // guards what is below
	number uint64
	last   entry.ID
}

// way is a connection of two places.
type way struct {
	*road
	places [2]*place
	stop   context.CancelFunc
	runs   sync.WaitGroup
}

// Accept implements exchange.Local: what honest people bring stands by the rules of the space.
func (p *place) Accept(ctx context.Context, batch []*entry.Entry) error {
	for _, e := range batch {
		if e.Kind != entry.Change {
			continue
		}
		past, state := p.in.rules.Of(e)
		if state != charter.Accepted {
			p.in.t.Errorf("in %s what comes to co-op %d is %v", p.in.name, p.of.coop, state)
		} else if _, speaks := past.Speaks(e.Device); !speaks {
			p.in.t.Errorf("in %s what comes to co-op %d is of a device that speaks for nobody", p.in.name, p.of.coop)
		}
	}
	return p.Memory.Accept(ctx, batch)
}

// write makes something in this place.
func (p *place) write(text string) *entry.Entry {
	p.run.Lock() // somebody hostile writes at each of their connections
	defer p.run.Unlock()
	f := entry.Fields{Space: p.Of, Heads: p.in.rules.Heads(), Kind: entry.Change, Doc: entry.DocID{1},
		Number: p.number + 1, Previous: p.last, Payload: []byte(text)}
	e := must(entry.New(f, p.key))
	p.number, p.last = p.number+1, e.ID()
	p.Add(e)
	return e
}

// signer is the same key for the same name.
func signer(format string, a ...any) entry.Signer {
	return entry.SignerFromSeed(sha256.Sum256(fmt.Appendf(nil, format, a...)))
}

// chain is the charter of a co-op, or of its side of a share: everybody is seated. Keys are named for what
// they are of.
func chain(of string, coop, people int) (*charter.Charter, []entry.Signer) {
	var devices []entry.Signer
	for i := range people {
		devices = append(devices, signer("%s of co-op %d: laptop %d", of, coop, i))
	}
	state := func(space entry.SpaceID, payload []byte, heads []entry.ID, n uint64) *entry.Entry {
		f := entry.Fields{Space: space, Heads: heads, Kind: entry.Statement, Number: 1, Payload: payload}
		binary.BigEndian.PutUint64(f.Run[:], n)
		return must(entry.New(f, devices[0]))
	}
	genesis := state(entry.SpaceID{}, must(charter.NewGenesis(charter.Genesis{Coop: fmt.Sprintf("Co-op %d", coop), Founder: "Person 0", Seats: people},
		signer("%s of co-op %d: person 0", of, coop), devices[0], "laptop")), nil, 1)
	c := charter.Fold(genesis.SpaceOf(), []*entry.Entry{genesis}, charter.StepID{})
	for i := 1; i < people; i++ {
		code := signer("%s of co-op %d: code %d", of, coop, i)
		r := must(charter.NewRedemption(c.Space(), code, signer("%s of co-op %d: person %d", of, coop, i), devices[i], fmt.Sprint("Person ", i), "laptop"))
		c = c.With(state(c.Space(), must(c.FillSeat(code.Device(), r)), c.Heads(), uint64(i+1)))
	}
	return c, devices
}

// newWorld makes co-ops of so many people, and the pacts between them.
func newWorld(t *testing.T, coops, people int, pacts [][2]int) *world {
	w := &world{t: t}
	for i := range coops {
		var all []*computer
		for n := range people {
			all = append(all, &computer{coop: i, person: n})
		}
		w.computers = append(w.computers, all)
		c, devices := chain("home", i, people)
		home := &commons{t: t, name: fmt.Sprintf("the home of %d", i), rules: c, begin: c.Statements()}
		for n, key := range devices {
			home.place(c.Space(), key, all[n])
		}
		w.spaces = append(w.spaces, home)
	}
	for _, pact := range pacts {
		w.share(pact, people)
	}
	return w
}

// share makes a share of two co-ops, with everybody of both in it.
func (w *world) share(between [2]int, people int) {
	of := fmt.Sprintf("share %v", between)
	p := &share.Pact{Terms: share.Terms{Purpose: "a fair", Voices: share.EachCoop}}
	var all []*entry.Entry
	var devices [2][]entry.Signer
	for side, coop := range between {
		c, keys := chain(of, coop, people)
		p.Sides[side].Space, devices[side], all = c.Space(), keys, append(all, c.Statements()...)
	}
	if err := p.Agree(devices[1][0]); err != nil {
		w.t.Fatal(err)
	}
	genesis := must(entry.New(must(p.Genesis()), devices[0][0]))
	s := share.Fold(genesis.SpaceOf(), append(all, genesis), [2]charter.StepID{})
	c := &commons{t: w.t, name: of, rules: s, also: s.Owns, begin: append(all, genesis)}
	for side, coop := range between {
		for n, key := range devices[side] {
			c.place(s.Space(), key, w.computers[coop][n])
		}
	}
	w.spaces = append(w.spaces, c)
}

// place gives a computer a replica here.
func (c *commons) place(space entry.SpaceID, key entry.Signer, of *computer) {
	p := &place{Memory: &exchangetest.Memory{Of: space, Also: c.also}, of: of, in: c, key: key}
	p.Add(c.begin...)
	c.places, of.places = append(c.places, p), append(of.places, p)
}

// wake starts every exchange.
func (w *world) wake() {
	for _, c := range w.spaces {
		c.dirty = map[int]bool{}
		for n, p := range c.places {
			p.x = exchange.New(p)
			random := rand.New(rand.NewPCG(7, uint64(n)))
			var mu sync.Mutex
			p.x.Tune(exchange.Tuning{Bounds: usual, Shared: true, Random: func(b []byte) {
				mu.Lock()
				defer mu.Unlock()
				for i := range b {
					b[i] = byte(random.Uint32())
				}
			}})
		}
	}
}

// dial has a place connect with another one, if both know each other.
func (w *world) dial(from, to *place) bool {
	if _, known := from.in.rules.MemberOf(to.key.Device()); !known {
		return false
	}
	if _, known := to.in.rules.MemberOf(from.key.Device()); !known {
		return false
	}
	c := from.in
	ctx, stop := context.WithCancel(context.Background())
	v := &way{road: newRoad(nil, nil), places: [2]*place{from, to}, stop: stop}
	for i, e := range v.ends {
		number := 2*len(c.ways) + i
		e.out.wrote = func() {
			c.mu.Lock()
			defer c.mu.Unlock()
			c.dirty[number] = true
		}
		with := exchange.Peer{Device: v.places[1-i].key.Device()}
		rw := v.places[i].wrap(e, &v.runs)
		v.runs.Go(func() { e.end(v.places[i].x.RunWith(ctx, rw, with, e.status.set)) })
	}
	c.ways = append(c.ways, v)
	return true
}

// wrap is the end of a connection: of somebody hostile, one that does what they do.
func (p *place) wrap(e *end, runs *sync.WaitGroup) io.ReadWriteCloser {
	if p.of.how == "" {
		return e
	}
	v := &villain{end: e, how: p.of.how, turn: make(chan struct{}, 1), old: p.in.old, new: func() []byte {
		p.write("something that nobody needs") // which its exchange passes on
		return frame(9, make([]byte, 8))
	}}
	runs.Go(v.act)
	return v
}

// meet has everybody dial whom their charters name, each pair once. If there is one who is alone, only they
// dial and are dialed.
func (w *world) meet(alone *computer) {
	for _, c := range w.spaces {
		at := map[entry.Device]*place{}
		for _, p := range c.places {
			at[p.key.Device()] = p
		}
		for n, p := range c.places {
			for _, m := range c.rules.Members() {
				for _, d := range m.Devices {
					other := at[d.Key]
					if other == nil {
						w.t.Fatalf("%s names a device that isn't there", c.name)
					}
					if slices.Index(c.places, other) > n && (alone == nil || p.of == alone || other.of == alone) && !w.dial(p, other) {
						w.t.Errorf("two of %s don't know each other", c.name)
					}
				}
			}
		}
	}
}

// knock has a computer try a place in every space that isn't its own, with each of its keys.
func (w *world) knock(by *computer) {
	for _, c := range w.spaces {
		for _, p := range by.places {
			if p.in == c {
				continue
			}
			if w.dial(p, c.places[0]) {
				w.t.Errorf("a computer of co-op %d, with its key of %s, was let into %s", by.coop, p.in.name, c.name)
			}
			w.knocked++
		}
	}
}

// carryOn carries until nothing moves any more and what was put off has been done.
func (w *world) carryOn() {
	for quiet := 0; quiet < 3; {
		synctest.Wait()
		moved := false
		for _, c := range w.spaces {
			moved = c.carry() || moved
		}
		if moved {
			quiet = 0
			continue
		}
		quiet++
		time.Sleep(150 * time.Millisecond) // longer than anything is held
	}
	synctest.Wait() // what is counted must rest
	for _, all := range w.computers {
		for _, c := range all {
			c.most = max(c.most, c.holds(w.t))
		}
	}
}

// carryFor carries for a while, whoever still has something to say then.
func (w *world) carryFor(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		synctest.Wait()
		moved := false
		for _, c := range w.spaces {
			moved = c.carry() || moved
		}
		if !moved {
			time.Sleep(50 * time.Millisecond)
		}
	}
}

// carry takes along what one end has written, in turn.
func (c *commons) carry() bool {
	c.mu.Lock()
	if len(c.dirty) == 0 {
		c.mu.Unlock()
		return false
	}
	numbers := slices.Sorted(maps.Keys(c.dirty))
	i, found := slices.BinarySearch(numbers, c.next)
	if !found && i == len(numbers) {
		i = 0
	}
	number := numbers[i]
	delete(c.dirty, number)
	c.next = number + 1
	c.mu.Unlock()
	v := c.ways[number/2]
	e := v.ends[number%2]
	n := e.out.waiting()
	v.places[number%2].of.out += n
	v.places[1-number%2].of.in += n
	v.carry(e, n)
	return true
}

// holds is how many bytes a computer holds for its connections.
func (c *computer) holds(t *testing.T) (bytes int) {
	for _, p := range c.places {
		held, err := p.x.Held(1<<20, entry.MaxSize)
		if err != nil {
			t.Errorf("a computer of co-op %d: %v", c.coop, err)
		}
		bytes += held
	}
	return bytes
}

// part ends the connections of a computer; of all, if it is nil.
func (w *world) part(alone *computer) {
	for _, c := range w.spaces {
		for _, v := range c.ways {
			if alone == nil || v.places[0].of == alone || v.places[1].of == alone {
				v.stop()
				v.runs.Wait()
			}
		}
	}
}

// write has everybody who is on write in every space of theirs.
func (w *world) write(what string, away *computer, times int) {
	for n := range times {
		for person := range w.computers[0] {
			for _, all := range w.computers {
				if c := all[person]; c != away && c.how == "" {
					for _, p := range c.places {
						p.write(fmt.Sprintf("%s %d: something that person %d of co-op %d wrote in %s", what, n, c.person, c.coop, p.in.name))
					}
				}
			}
			w.carryOn()
		}
	}
}

// day is one day of the world: everybody comes in, writes and hears of what others write; one goes away
// meanwhile, and comes back.
func (w *world) day(away *computer) {
	w.wake()
	w.meet(nil)
	w.carryOn()
	for _, c := range w.computers {
		w.knock(c[len(c)-1])
	}
	w.write("in the morning", nil, 1)
	w.part(away)
	w.carryOn()
	w.write("at noon", away, 1)
	w.meet(away)
	w.carryOn()
	for _, c := range w.spaces {
		for _, p := range c.places {
			if p.Len() != c.places[0].Len() {
				w.t.Errorf("in %s somebody has %d entries, somebody else %d", c.name, p.Len(), c.places[0].Len())
			}
		}
	}
	w.part(nil)
	for _, c := range w.spaces {
		for _, p := range c.places {
			p.x.Quit()
		}
	}
}

// lacks says what some honest place hasn't got of what the honest have; "" if nothing.
func (c *commons) lacks() string {
	all := map[entry.ID]bool{}
	for _, p := range c.places {
		for id := range p.IDs() {
			if _, kept := p.Entry(id); kept && p.of.how == "" {
				all[id] = true
			}
		}
	}
	for _, p := range c.places {
		for id := range all {
			if p.of.how == "" && !p.Has(id) {
				return fmt.Sprintf("person %d of co-op %d lacks %.8s in %s", p.of.person, p.of.coop, id, c.name)
			}
		}
	}
	return ""
}

// A third of the devices in every home and every share are hostile, each in its way. What honest people write comes
// to all of them at once, and who was away gets all of it within seconds, though the hostile were there first.
func TestHostileDevicesHoldUpNeitherAHomeNorAShare(t *testing.T) {
	unwatched(t)
	exchange.WarmUp()
	coops, people := 10, 3
	bubble(t, func(t *testing.T) {
		w := newWorld(t, coops, people, threeEach(coops))
		rnd := rand.New(rand.NewPCG(1, 2))
		for n, c := range w.computers {
			villain := c[people-1]
			villain.how = villains[n%len(villains)]
			for _, p := range villain.places {
				for _, id := range phantoms(rnd, 300) {
					p.DropBody(id)
				}
			}
		}
		for _, c := range w.spaces {
			large := c.places[0].write(noise(60_000))
			for _, p := range c.places[1:] {
				p.Add(large)
			}
			c.old = zipped(1, batchOf(large.Encoded()))
		}
		all := func(what string, within time.Duration) {
			begin := time.Now()
			for {
				w.carryFor(time.Second) // some of the hostile never rest
				lacks := ""
				for _, c := range w.spaces {
					lacks = cmp.Or(lacks, c.lacks())
				}
				switch took := time.Since(begin); {
				case took > within:
					t.Errorf("%s: after %v %s", what, took, cmp.Or(lacks, "all is here, too late"))
					return
				case lacks == "":
					t.Logf("%s: %v", what, took)
					return
				}
			}
		}
		away := w.computers[slices.Index(villains, "resends")][0]
		w.wake()
		w.meet(nil)
		all("coming in", time.Minute)
		w.part(away)
		for range 70 {
			w.write("while somebody is away", away, 1)
			time.Sleep(time.Second)
		}
		for _, hostile := range []bool{true, false} { // who is of no use comes first
			for _, p := range away.places {
				for _, other := range p.in.places {
					if other != p && (other.of.how != "") == hostile {
						w.dial(p, other)
					}
				}
			}
			w.carryOn()
		}
		all("coming back", 15*time.Second)
		w.write("now", nil, 1)
		all("being there", 5*time.Second)
		w.part(nil)
		for _, c := range w.spaces {
			for _, p := range c.places {
				p.x.Quit()
			}
		}
	})
}

// cost is what a day cost one daemon.
type cost struct {
	Places, Connections, In, Out int
	Entries, Kept, Held          int // how many, their bytes, and bytes for connections
}

func (w *world) costs(c *computer) (sum cost) {
	sum.In, sum.Out, sum.Held, sum.Places = c.in, c.out, c.most, len(c.places)
	for _, p := range c.places {
		sum.Connections += len(p.in.places) - 1
		for id := range p.IDs() {
			encoded, _ := p.Entry(id)
			sum.Entries++
			sum.Kept += len(encoded)
		}
	}
	return sum
}

// like says whether two days cost the same. When goroutines get their turn decides on an acknowledgement more
// or less, of 13 bytes; all else is the same to the byte.
func (c cost) like(o cost) bool {
	near := func(a, b int) bool { return a-b <= b/100 && b-a <= a/100 }
	if !near(c.In, o.In) || !near(c.Out, o.Out) || !near(c.Held, o.Held) {
		return false
	}
	c.In, c.Out, c.Held = o.In, o.Out, o.Held
	return c == o
}

// dayOf simulates a day and gives what it cost somebody of the first co-op, who was there all day, and
// somebody of the last one.
func dayOf(t *testing.T, coops, people int, pacts [][2]int) (first, last cost) {
	began := time.Now()
	var w *world
	bubble(t, func(t *testing.T) {
		w = newWorld(t, coops, people, pacts)
		w.day(w.computers[0][people-1])
	})
	first, last = w.costs(w.computers[0][0]), w.costs(w.computers[coops-1][0])
	t.Logf("%3d co-ops of %d, %3d pacts, %d strangers turned away, %.1f s: of the first co-op %+v", coops, people, len(pacts), w.knocked, time.Since(began).Seconds(), first)
	return first, last
}

// threeEach are pacts in a world where each co-op has three, and all hang together. Those of the first are
// always with the next three.
func threeEach(coops int) (pacts [][2]int) {
	name := func(n int) int { // the neighbours of 0 are 1, the last, and the one across
		n %= coops
		for _, swap := range [][2]int{{2, coops - 1}, {3, coops / 2}} {
			switch n {
			case swap[0]:
				n = swap[1]
			case swap[1]:
				n = swap[0]
			}
		}
		return n
	}
	add := func(a, b int) { pacts = append(pacts, [2]int{min(a, b), max(a, b)}) }
	for n := range coops {
		add(name(n), name(n+1))
		if n < coops/2 {
			add(name(n), name(n+coops/2))
		}
	}
	return pacts
}

// sizes are the worlds that are simulated: how many co-ops, and people in each.
func sizes() (coops []int, people int) {
	if *worldCoops > 0 {
		return slices.Compact([]int{10, max(*worldCoops/4, 10) &^ 1, *worldCoops}), 10
	}
	return []int{8, 16, 40}, 3
}

// What a day costs a daemon depends on its own co-op and pacts, and on nothing else in the world.
func TestWhatADaemonSendsAndHoldsIsTheSameHoweverManyCoopsThereAre(t *testing.T) {
	unwatched(t)
	exchange.WarmUp()
	coops, people := sizes()
	var before cost
	for i, n := range coops {
		first, _ := dayOf(t, n, people, threeEach(n))
		if i > 0 && !first.like(before) {
			t.Errorf("in a world of %d co-ops a day costs a daemon %+v, in one of %d %+v", n, first, coops[i-1], before)
		}
		before = first
	}
}

// Each pact adds the same; and what a co-op has of them costs nobody who isn't in them.
func TestWhatADaemonSendsAndHoldsGrowsWithItsOwnPactsAndCostsNobodyElse(t *testing.T) {
	unwatched(t)
	exchange.WarmUp()
	others, people, most := 8, 3, 6
	if *worldCoops > 0 {
		people = 10
	}
	var all []cost
	var bystander cost
	for own := range most + 1 {
		var pacts [][2]int
		for _, p := range threeEach(others) {
			pacts = append(pacts, [2]int{p[0] + 1, p[1] + 1})
		}
		for n := range own {
			pacts = append(pacts, [2]int{0, n + 1})
		}
		first, last := dayOf(t, others+1, people, pacts)
		if own > 0 && !last.like(bystander) {
			t.Errorf("with %d pacts of another co-op a day costs a daemon %+v, with %d %+v", own, last, own-1, bystander)
		}
		all, bystander = append(all, first), last
	}
	for what, of := range map[string]func(cost) int{
		"bytes received":             func(c cost) int { return c.In },
		"bytes sent":                 func(c cost) int { return c.Out },
		"entries":                    func(c cost) int { return c.Entries },
		"bytes of entries":           func(c cost) int { return c.Kept },
		"bytes held for connections": func(c cost) int { return c.Held },
		"connections":                func(c cost) int { return c.Connections },
	} {
		each := of(all[1]) - of(all[0])
		for own := 1; own < len(all); own++ {
			if more := of(all[own]) - of(all[own-1]); more <= 0 || more > each+each/20 || more < each-each/20 {
				t.Errorf("%s: pact %d adds %d, the first one %d", what, own, more, each)
			}
		}
	}
}
