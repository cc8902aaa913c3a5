package replica

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/store"
)

var (
	worldCount = flag.Int("worlds", 30, "in how many worlds replicas are compared")
	worldSeed  = flag.Uint64("world", 0, "compare replicas in the world of this seed alone")
	worldSkip  = flag.String("skip", "", "acts of that world to be left out: 1,5,9")
)

const (
	worldActs = 60
	onlookers = 4
	firstSeed = 1
)

// smallRoom is how much a device may write here that doesn't count, so that little is much.
func smallRoom(p *peerReplica) {
	p.quota.mu.Lock()
	defer p.quota.mu.Unlock()
	p.quota.most, p.quota.mostUnknown = room{bytes: 8 << 10, entries: 8, ops: 60}, 4<<10
}

// onlooker opens a replica of who says nothing in the world.
func (w *world) onlooker(t testing.TB, name string) *peerReplica {
	t.Helper()
	cfg := Config{Dir: t.TempDir(), Key: w.zoe}
	r, err := Join(cfg, w.space, w.all[:w.first], [8]byte{})
	must(t, err)
	p := &peerReplica{Replica: r, name: name, cfg: cfg}
	smallRoom(p)
	return p
}

// arrive has everything reach a replica in some order, in batches, with restarts between; then, as long as that
// brings anything, once more what it doesn't have.
func (w *world) arrive(t testing.TB, p *peerReplica, rng *rand.Rand, how int) {
	t.Helper()
	order := slices.Clone(w.all[w.first:])
	switch how {
	case 0: // as written
	case 1:
		slices.Reverse(order)
	default:
		rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
	}
	restart := rng.IntN(len(order) + 1)
	for from := 0; from < len(order); {
		to := min(len(order), from+1+rng.IntN(1+len(order)/(1+how*4)))
		give(t, p, order[from:to]...)
		if from <= restart && restart < to {
			p.reopen(t)
			smallRoom(p)
		}
		from = to
	}
	for range 40 {
		lacking := slices.DeleteFunc(slices.Clone(order), func(e *entry.Entry) bool { return p.Has(e.ID()) })
		if len(lacking) == 0 {
			return
		}
		rng.Shuffle(len(lacking), func(i, j int) { lacking[i], lacking[j] = lacking[j], lacking[i] })
		give(t, p, lacking...)
	}
	t.Errorf("%s never has all", p.name)
}

// figures say what a world had in it.
type figures struct{ worlds, entries, void, waiting, held, closed, steps, forks int }

func (f *figures) add(o figures) {
	f.worlds += o.worlds
	f.entries += o.entries
	f.void += o.void
	f.waiting += o.waiting
	f.held += o.held
	f.closed += o.closed
	f.steps += o.steps
	f.forks += o.forks
}

// sees is all on which replicas have to agree, by what it is about. What is held back at one replica counts for
// nothing there, and must count for nothing at any other.
func (w *world) sees(t testing.TB, p *peerReplica) (map[string]string, figures) {
	t.Helper()
	out := map[string]string{}
	f := figures{worlds: 1, entries: len(w.all)}
	c := p.Charter()
	out["charter"] = fmt.Sprintf("tip %v heads %v needed %v", c.Tip(), c.Heads(), fmt.Sprint(c.Needed()))
	for _, m := range c.Members() {
		out["member "+m.ID.String()] = fmt.Sprintf("%+v", m)
	}
	for _, q := range c.Proposals() {
		out["proposal "+q.ID.String()] = fmt.Sprintf("%+v", q)
		if q.State == charter.ProposalInForce {
			f.steps++
		}
	}
	f.forks = len(c.Forks())
	out["forks"] = fmt.Sprintf("%+v", c.Forks())
	must(t, p.store.Views("", func(doc entry.DocID, view []byte) bool {
		out["view "+doc.String()] = string(view)
		return true
	}))
	must(t, p.store.Documents(func(doc entry.DocID, d store.Doc) bool {
		out["list "+doc.String()] = fmt.Sprintf("%+v", d)
		return true
	}))
	for _, doc := range w.docs {
		judge, err := p.judged(doc)
		must(t, err)
		out["heads "+doc.String()] = fmt.Sprint(judge.Heads())
	}
	must(t, p.Views(kinds.Decision.Name, func(v *crdt.View) bool {
		if s := crdttest.Decision(v).Status; s == kinds.Agreed || s == kinds.NotAgreed {
			f.closed++
		}
		return true
	}))
	must(t, p.Log(entry.DocID{}, func(l Line) bool {
		id := l.Entry.ID()
		out["entry "+id.String()] = l.State.String() + ": " + l.Why
		if got := p.state(t, id); got != l.State {
			t.Errorf("%s: an entry is stored as %v, and is %v: %s", p.name, got, l.State, l.Why)
		}
		switch l.State {
		case charter.Void:
			f.void++
		case charter.Accepted:
		default:
			f.waiting++
		}
		return true
	}))
	for _, h := range p.Held() {
		f.held += h.Entries
	}
	return out, f
}

// differ says in what two replicas differ; "" if in nothing. What only one of them keeps is none, unless it is
// accepted.
func (w *world) differ(a, b map[string]string) string {
	var found []string
	for i, pair := range [][2]map[string]string{{a, b}, {b, a}} {
		for what, one := range pair[0] {
			other, here := pair[1][what]
			if here && (one == other || i == 1) {
				continue
			}
			if strings.HasPrefix(what, "entry ") {
				state, _, _ := strings.Cut(one, ":")
				if !here && state != charter.Accepted.String() {
					continue
				}
				if here && state != charter.Accepted.String() && strings.HasPrefix(other, state) {
					continue // why may name what only one of them keeps
				}
			}
			found = append(found, fmt.Sprintf("%s\n  one   %.400q\n  other %.400q", what, one, other))
		}
	}
	slices.Sort(found)
	return strings.Join(found[:min(len(found), 6)], "\n")
}

// compare brings a world to some onlookers, each in another way, and says in what they differ.
func (w *world) compare(t testing.TB) (difference string, f figures) {
	t.Helper()
	var first map[string]string
	for how := range onlookers {
		p := w.onlooker(t, fmt.Sprint("onlooker ", how))
		rng := rand.New(rand.NewPCG(w.seed, 1000+uint64(how)))
		w.arrive(t, p, rng, how)
		seen, got := w.sees(t, p)
		p.reopen(t)
		after, _ := w.sees(t, p)
		must(t, p.Close())
		must(t, os.RemoveAll(p.cfg.Dir))
		if d := w.differ(seen, after); d != "" {
			return fmt.Sprintf("a restart of %s changes %s", p.name, d), f
		}
		if first == nil {
			first = seen
		}
		if d := w.differ(first, seen); d != "" {
			return fmt.Sprintf("%s (the first as written, this one in another order) differ in %s", p.name, d), f
		}
		got.held += f.held
		f = got
	}
	return "", f
}

// shrink leaves out acts as long as replicas still differ, and returns those that are left out.
func shrink(t testing.TB, seed uint64, skipped map[int]bool) {
	for size := worldActs / 2; size > 0; size /= 2 {
		for from := 0; from < worldActs; from += size {
			more := map[int]bool{}
			for i := range worldActs {
				more[i] = skipped[i] || i >= from && i < from+size
			}
			if d, _ := live(t, seed, worldActs, func(i int) bool { return more[i] }).compare(t); d != "" {
				for i, s := range more {
					skipped[i] = s
				}
			}
		}
	}
}

// The same entries say the same on every replica, whatever they are, in whatever order and batches they come, with
// restarts in between, and however little room there is for what doesn't count.
func TestTheSameEntriesSayTheSameOnEveryReplica(t *testing.T) {
	skipped := map[int]bool{}
	for _, s := range strings.Split(*worldSkip, ",") {
		if n, err := strconv.Atoi(s); err == nil {
			skipped[n] = true
		}
	}
	seeds := make([]uint64, *worldCount)
	for i := range seeds {
		seeds[i] = firstSeed + uint64(i)
	}
	if *worldSeed != 0 {
		seeds = []uint64{*worldSeed}
	}
	var all figures
	closing, stepping := 0, 0
	for _, seed := range seeds {
		d, f := live(t, seed, worldActs, func(i int) bool { return skipped[i] }).compare(t)
		if d != "" {
			t.Logf("world %d: %s\nAgain: go test ./daemon/replica -run SameEntriesSayTheSame -world=%d", seed, d, seed)
			if !testing.Short() {
				shrink(t, seed, skipped)
				var out []string
				for i := range worldActs {
					if skipped[i] {
						out = append(out, strconv.Itoa(i))
					}
				}
				t.Logf("It is enough: -world=%d -skip=%s", seed, strings.Join(out, ","))
			}
			t.FailNow()
		}
		all.add(f)
		if f.closed > 0 {
			closing++
		}
		if f.steps > 0 {
			stepping++
		}
	}
	t.Logf("%d worlds, %d entries, %d void, %d waiting, %d held back; %d decisions closed in %d worlds, %d steps in force in %d; %d forks",
		all.worlds, all.entries, all.void, all.waiting, all.held, all.closed, closing, all.steps, stepping, all.forks)
	if *worldSeed == 0 && (closing*2 < all.worlds || stepping*2 < all.worlds || all.held == 0 || all.void == 0) {
		t.Error("most worlds should close decisions and enact steps, and some hold things back: this shows little")
	}
}
