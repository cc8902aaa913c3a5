package replica

import (
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/store"
)

var (
	worldCount = flag.Int("worlds", 0, "in how many worlds replicas are compared; 0: a few")
	worldFrom  = flag.Uint64("from", firstSeed, "the seed of the first of these worlds")
	worldSeed  = flag.Uint64("world", 0, "compare replicas in the world of this seed alone")
	worldSkip  = flag.String("skip", "", "acts of that world to be left out: 1,5,9")
)

const (
	worldActs  = 60
	onlookers  = 4
	firstSeed  = 1
	fewWorlds  = 40 // ten of each kind; of those in which a share splits, half on both sides
	raceWorlds = 4  // with the race detector, one of each kind
)

// raced says that the race detector watches, under which everything takes many times as long.
var raced bool

// unwatched leaves a test out under the race detector: what it does takes minutes there, and smaller ones do it too. scripts/test runs it without the detector.
func unwatched(t *testing.T) {
	t.Helper()
	if raced {
		t.Skip("not under the race detector")
	}
}

// smallRoom is how much a device may write here that doesn't count, so that little is much.
func smallRoom(p *peerReplica) {
	p.quota.mu.Lock()
	defer p.quota.mu.Unlock()
	p.quota.most, p.quota.mostUnknown = room{bytes: 8 << 10, entries: 8, ops: 60}, 4<<10
}

// bounds an onlooker's room. Where there is a flood every second one has all that replicas give, so that what waits there is much, too.
func (w *world) bounds(p *peerReplica, how int) {
	if !w.floods() || how%2 == 1 {
		smallRoom(p)
	}
}

// onlooker opens a replica of who says nothing in the world, or next to nothing; in a share on either side.
func (w *world) onlooker(t testing.TB, how int) *peerReplica {
	t.Helper()
	side, open := 0, Join
	if w.kind.shared() {
		side, open = how%2, JoinShare
	}
	cfg := Config{Dir: t.TempDir(), Key: w.lookers[side].key}
	r, err := open(cfg, w.space, w.all[:w.first], [8]byte{})
	must(t, err)
	p := &peerReplica{Replica: r, name: fmt.Sprint("onlooker ", how), cfg: cfg}
	w.bounds(p, how)
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
			w.bounds(p, how)
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

// figures say what worlds had in them.
type figures struct {
	worlds, entries, void, waiting, held, closed, steps, forks int
	forgot, back                                               int // documents that are forgotten at the end, and that came back without all their words
	closing, stepping, splitting, taking                       int // worlds that close decisions, enact steps, split, leave somebody to take sides
	said                                                       map[charter.Type]int
}

func (f *figures) add(o figures) {
	f.worlds += o.worlds
	f.entries += o.entries
	f.void += o.void
	f.waiting += o.waiting
	f.held += o.held
	f.closed += o.closed
	f.steps += o.steps
	f.forks += o.forks
	f.forgot += o.forgot
	f.back += o.back
	f.closing += o.closing
	f.stepping += o.stepping
	f.splitting += o.splitting
	f.taking += o.taking
	if f.said == nil {
		f.said = map[charter.Type]int{}
	}
	for what, n := range o.said {
		f.said[what] += n
	}
}

func (f *figures) String() string {
	said := f.said
	return fmt.Sprintf("%d worlds, %d entries, %d void, %d waiting, %d held back; %d decisions closed in %d worlds, %d steps in force in %d, %d forks in %d, of which %d leave sides to take; %d documents forgotten, %d without words; "+
		"accepted: %d certificates, %d retirements, %d moves, %d words of a phrase, %d resignations, %d invites, %d taken back, %d redemptions, %d follow a side",
		f.worlds, f.entries, f.void, f.waiting, f.held, f.closed, f.closing, f.steps, f.stepping, f.forks, f.splitting, f.taking, f.forgot, f.back,
		said[charter.TypeCertify], said[charter.TypeRetire], said[charter.TypeMove], said[charter.TypeRecover], said[charter.TypeResign],
		said[charter.TypeInvite], said[charter.TypeRevoke], said[charter.TypeProspective], said[charter.TypeFollow])
}

// takeSides has the person of a replica take a side wherever a chain has split and the replica hasn't: the same
// everywhere, the chains in either order. Nothing is said of it, so that what others have to agree on stays the same.
// It returns what a restart changes after one of them; "" if nothing.
func (w *world) takeSides(t testing.TB, p *peerReplica, rng *rand.Rand, how int) (took bool, difference string) {
	t.Helper()
	for i := range p.ground.Load().chains() {
		if how/2%2 == 1 && w.kind.shared() {
			i = 1 - i
		}
		for range worldActs {
			c := p.ground.Load().chains()[i]
			at := slices.IndexFunc(c.Forks(), func(f charter.Fork) bool { return f.Parent == c.Tip() })
			if !c.Undecided() || at < 0 {
				break
			}
			must(t, p.take(i, c.Forks()[at].Branches[0].Step))
			must(t, p.judgeAgain(true))
			w.arrive(t, p, rng, 0) // what was held back for what wasn't followed
			sees, _ := w.sees(t, p)
			if d := w.restarted(t, p, sees, how); d != "" {
				return true, d
			}
			took = true
		}
	}
	return took, ""
}

// restarted says what a restart changes of what a replica sees.
func (w *world) restarted(t testing.TB, p *peerReplica, sees map[string]string, how int) (difference string) {
	t.Helper()
	p.reopen(t)
	w.bounds(p, how)
	after, _ := w.sees(t, p)
	return w.differ(sees, after)
}

// take stands on a step of a chain, as Follow does, and says nothing.
func (p *peerReplica) take(side int, step charter.StepID) error {
	p.judging.Lock()
	defer p.judging.Unlock()
	at := p.standing()
	at[side] = step
	p.endRun(p.currentRun())
	return p.growLocked(p.ground.Load().standOn(side, step), nil, at)
}

// sees is all on which replicas have to agree, by what it is about. What is held back at one replica counts for
// nothing there, and must count for nothing at any other.
func (w *world) sees(t testing.TB, p *peerReplica) (map[string]string, figures) {
	t.Helper()
	out := map[string]string{}
	f := figures{worlds: 1, entries: len(w.all), said: map[charter.Type]int{}}
	for i, c := range p.ground.Load().chains() {
		side := fmt.Sprintf("side %d ", i)
		out[side+"charter"] = fmt.Sprintf("tip %v heads %v needed %v", c.Tip(), c.Heads(), fmt.Sprint(c.Needed()))
		for _, m := range c.Members() {
			out[side+"member "+m.ID.String()] = fmt.Sprintf("%+v", m)
		}
		for _, q := range c.Proposals() {
			rekey := q.Terms.Rekey
			q.Terms.Rekey = nil // printed by what it says, and not by where it lies
			out[side+"proposal "+q.ID.String()] = fmt.Sprintf("%+v %+v", q, rekey)
			if q.State == charter.ProposalInForce {
				f.steps++
			}
		}
		out[side+"invites"] = fmt.Sprintf("%+v", c.Invites())
		out[side+"forks"] = fmt.Sprintf("%+v", c.Forks())
		f.forks += len(c.Forks())
	}
	if s, _ := p.Share(); s != nil {
		terms, _ := s.Terms()
		by, over := s.Ended()
		out["share"] = fmt.Sprintf("%+v, offers %+v, contacts %q %q, ended %v by %v", terms, s.Offers(), s.Contacts(0), s.Contacts(1), over, by)
	}
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
		heads, err := p.Heads(doc)
		must(t, err)
		if !p.Rules().Forgets(doc).None() { // else who wrote what is void, and is held back here, is no matter
			out["forgotten "+doc.String()] = fmt.Sprint(heads.Over, sorted(heads.Wrote), sorted(heads.Asked))
		}
		switch {
		case heads.Over:
			f.forgot++
		case p.bared.has(doc):
			f.back++
		}
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
			if s, err := charter.ReadStatement(l.Entry.Payload); l.Entry.Kind == entry.Statement && err == nil {
				f.said[s.Type]++
			}
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

func sorted(all []charter.MemberID) []charter.MemberID {
	return slices.SortedFunc(slices.Values(all), func(a, b charter.MemberID) int { return strings.Compare(a.String(), b.String()) })
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
			from := 0
			for from < min(len(one), len(other)) && one[from] == other[from] {
				from++
			}
			from = max(0, from-80)
			found = append(found, fmt.Sprintf("%s, from byte %d\n  one   %.300q\n  other %.300q", what, from, one[from:], other[min(from, len(other)):]))
		}
	}
	slices.Sort(found)
	return strings.Join(found[:min(len(found), 6)], "\n")
}

// compare brings a world to some onlookers, each in another way, and says in what they differ. Who is on different sides of
// a share of which one has split follows different branches: then only those of one side are compared.
func (w *world) compare(t testing.TB) (difference string, f figures) {
	t.Helper()
	var seen, taken []map[string]string
	held := 0
	for how := range onlookers {
		p := w.onlooker(t, how)
		rng := rand.New(rand.NewPCG(w.seed, 1000+uint64(how)))
		w.arrive(t, p, rng, how)
		sees, got := w.sees(t, p)
		like := 0
		if w.kind.shared() && got.forks > 0 {
			like = how % 2
		}
		d := w.restarted(t, p, sees, how)
		took, after := false, sees
		if d == "" {
			took, d = w.takeSides(t, p, rng, how)
		}
		if took {
			after, _ = w.sees(t, p)
			got.taking = 1
		}
		must(t, p.Close())
		must(t, os.RemoveAll(p.cfg.Dir))
		if d != "" {
			return fmt.Sprintf("a restart of %s (who took a side: %v) changes %s", p.name, took, d), f
		}
		seen, taken = append(seen, sees), append(taken, after)
		for when, all := range map[string][]map[string]string{"": seen, ", once they have taken sides,": taken} {
			if d := w.differ(all[like], all[how]); d != "" {
				return fmt.Sprintf("onlooker %d and %s (the first as written, the others in another order) differ%s in %s", like, p.name, when, d), f
			}
		}
		f = got
		held += got.held
	}
	f.held, f.closing, f.stepping, f.splitting = held, min(1, f.closed), min(1, f.steps), min(1, f.forks)
	return "", f
}

// shrink leaves out acts as long as replicas still differ, and returns what the smallest world has left, and in what they differ.
func shrink(t testing.TB, seed uint64, skipped map[int]bool) (entries int, difference string) {
	for size := worldActs / 2; size > 0; size /= 2 {
		for from := 0; from < worldActs; from += size {
			more := map[int]bool{}
			fewer := false
			for i := range worldActs {
				more[i] = skipped[i] || i >= from && i < from+size
				fewer = fewer || more[i] != skipped[i]
			}
			if !fewer {
				continue
			}
			w := live(t, seed, worldActs, func(i int) bool { return more[i] })
			if d, _ := w.compare(t); d != "" {
				maps.Copy(skipped, more)
				entries, difference = len(w.all)-w.first, d
			}
		}
	}
	return entries, difference
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
	count := *worldCount
	switch {
	case count > 0:
	case raced:
		count = raceWorlds
	default:
		count = fewWorlds
	}
	var seeds []uint64
	for seed := *worldFrom; len(seeds) < count; seed++ {
		if !raced || seed%100 != flooded { // minutes, with the detector
			seeds = append(seeds, seed)
		}
	}
	if *worldSeed != 0 {
		seeds = []uint64{*worldSeed}
	}
	var mu sync.Mutex
	var kinds [worldKinds]figures
	t.Run("world", func(t *testing.T) {
		for _, seed := range seeds {
			t.Run(fmt.Sprint(seed), func(t *testing.T) {
				t.Parallel() // most of the time they wait for the disk
				w := live(t, seed, worldActs, func(i int) bool { return skipped[i] })
				d, f := w.compare(t)
				if d != "" {
					failsAgain(t, seed, maps.Clone(skipped), d)
				}
				mu.Lock()
				defer mu.Unlock()
				kinds[w.kind].add(f)
			})
		}
	})
	var all figures
	for kind, f := range kinds {
		all.add(f)
		t.Logf("%v: %v", worldKind(kind), &f)
	}
	if *worldSeed != 0 || t.Failed() {
		return
	}
	if all.closing*2 < all.worlds || all.stepping*2 < all.worlds || all.splitting*4 < all.worlds || all.held == 0 || all.void == 0 || all.forgot == 0 {
		t.Error("most worlds should close decisions and enact steps, some split, and some hold things back: this shows little")
	}
}

// failsAgain fails with how to see a difference again, in the smallest world that is found.
func failsAgain(t *testing.T, seed uint64, skipped map[int]bool, difference string) {
	t.Helper()
	t.Logf("world %d: %s\nAgain: go test ./daemon/replica -run SameEntriesSayTheSame -world=%d", seed, difference, seed)
	if testing.Short() {
		t.FailNow()
	}
	entries, smallest := shrink(t, seed, skipped)
	var out []string
	for i := range worldActs {
		if skipped[i] {
			out = append(out, strconv.Itoa(i))
		}
	}
	t.Fatalf("It is enough: -world=%d -skip=%s\n%d acts, %d entries; %s", seed, strings.Join(out, ","), worldActs-len(out), entries, smallest)
}

// Views hold IDs, and never names: whatever was written, what somebody is called afterwards changes nothing of what is stored.
func TestWhatSomebodyIsCalledChangesNoStoredView(t *testing.T) {
	unwatched(t)
	for _, seed := range []uint64{9, 10} { // a share and a co-op
		w := live(t, seed, worldActs, func(int) bool { return false })
		p := w.onlooker(t, 0)
		w.arrive(t, p, rand.New(rand.NewPCG(seed, 1)), 0)
		views := func() map[entry.DocID]string {
			all := map[entry.DocID]string{}
			must(t, p.store.Views("", func(doc entry.DocID, view []byte) bool {
				all[doc] = string(view)
				return true
			}))
			return all
		}
		before, renamed := views(), 0
		for _, h := range w.honest() {
			w.meet(h)
			payload, err := h.charter().Rename(h.key.Device(), "Zoe "+h.who)
			if err != nil {
				continue // they have left
			}
			w.state(h, payload, nil)
			give(t, p, w.all[len(w.all)-1])
			if m, ok := p.Rules().MemberOf(h.key.Device()); ok && m.Name == "Zoe "+h.who {
				renamed++
			}
		}
		must(t, p.judgeAgain(true))
		if len(before) == 0 || renamed == 0 {
			t.Errorf("world %d: %d views, and %d are called otherwise: this shows nothing", seed, len(before), renamed)
		}
		for doc, view := range views() {
			if before[doc] != view {
				t.Errorf("world %d: what is stored of %v hangs on a name", seed, doc)
			}
		}
		must(t, p.Close())
	}
}

// What a seed makes is the same for ever, or a failure couldn't be seen again.
func TestASeedMakesOneWorld(t *testing.T) {
	unwatched(t)
	for _, seed := range []uint64{8, 9, 10, 11, 15} { // one of each kind
		a, b := live(t, seed, worldActs, func(int) bool { return false }), live(t, seed, worldActs, func(int) bool { return false })
		same := slices.EqualFunc(a.all, b.all, func(x, y *entry.Entry) bool { return x.ID() == y.ID() })
		if !same {
			t.Errorf("two worlds of seed %d differ", seed)
		}
	}
}
