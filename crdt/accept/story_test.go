package accept

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// story is a history that rapid draws: honest replicas that edit with the real core and reach
// each other now and then, and hostile devices that see everything before they write.
type story struct {
	t        *rapid.T
	coop     *coop
	replicas []*replica
	hostile  []*pen
	docs     []entry.DocID
	all      []piece // every entry there is, in the order in which they were made
	honest   map[entry.ID]bool
}

// replica is an honest member's.
type replica struct {
	s       *story
	who     string
	pens    map[entry.DocID]*pen // a run is one daemon's, but here one for each document does
	charter int                  // how many statements are here
	has     map[entry.ID]bool
	docs    map[entry.DocID]*Document
	core    map[entry.DocID]*automerge.Doc
}

// In an order that doesn't change, so that a failure can be played again.
var kinds = []string{"decision", "note", "task"}

func (s *story) draw(name string, n int) int { return rapid.IntRange(0, n-1).Draw(s.t, name) }

func pick[T any](s *story, name string, from []T) T { return from[s.draw(name, len(from))] }

func newStory(t *rapid.T, honest, hostile []string) *story {
	runs = 1000
	s := &story{t: t, coop: theCoop(), honest: map[entry.ID]bool{}}
	for _, who := range honest {
		r := &replica{s: s, who: who, has: map[entry.ID]bool{}, docs: map[entry.DocID]*Document{}, core: map[entry.DocID]*automerge.Doc{}, pens: map[entry.DocID]*pen{}}
		r.charter = slices.Index(people, who) + rapid.IntRange(0, len(people)-1-slices.Index(people, who)).Draw(t, "charter of "+who)
		s.replicas = append(s.replicas, r)
	}
	for _, who := range hostile {
		s.hostile = append(s.hostile, newPen(who))
	}
	return s
}

func (r *replica) doc(id entry.DocID) *Document {
	if r.docs[id] == nil {
		r.docs[id] = New(r.s.coop.space, id, r.s.coop.upTo(r.charter), toys, nil)
		r.core[id] = automerge.New()
	}
	return r.docs[id]
}

// receive adds one entry and applies what that has made acceptable.
func (r *replica) receive(p piece) {
	r.has[p.ID()] = true
	d := r.doc(p.Doc)
	r.apply(p.Doc, d.Add(p.Entry, p.change))
}

func (r *replica) apply(id entry.DocID, out Outcome) {
	if out.Rebuild {
		r.core[id] = automerge.New()
		r.restart(id)
	}
	for _, item := range out.Accepted {
		if err := r.core[id].LoadIncremental(item.Entry.Payload); err != nil {
			r.s.t.Fatalf("the core refuses an accepted change: %v", err)
		}
	}
	sameHeads(r.s.t, r.docs[id], r.core[id])
}

// restart begins a fresh run, and reads the document again from what is stored.
func (r *replica) restart(id entry.DocID) {
	delete(r.pens, id)
	if d := r.docs[id]; d != nil {
		fresh := New(d.space, d.id, d.charter, toys, d.runs)
		order := rapid.Permutation(d.arrived).Draw(r.s.t, "stored order")
		for _, s := range order {
			fresh.Add(s.Entry, s.Change)
		}
		same(r.s.t, "a restart changes what is known", seen(d), seen(fresh))
		r.docs[id] = fresh
		r.core[id] = applied(r.s.t, fresh)
	}
}

// learn brings charter statements to a replica.
func (r *replica) learn(n int) {
	r.charter = max(r.charter, n)
	c := r.s.coop.upTo(r.charter)
	for _, id := range r.s.docs {
		r.apply(id, r.doc(id).Rejudge(c))
	}
}

// edit makes an honest change through the core, signs it, and holds that it counts at once.
func (r *replica) edit(id entry.DocID) {
	s := r.s
	d := r.doc(id)
	if d.Kind() == "" {
		return
	}
	if r.pens[id] == nil {
		r.pens[id] = newPen(r.who)
	}
	p := r.pens[id]
	am := r.core[id]
	must(0, am.SetActorID(p.actor(id).String()))
	s.honestEdit(am, d.Kind(), s.coop.member(r.who))
	r.commit(id, nil, am, p)
}

// create makes a document of any kind.
func (r *replica) create(kind string) {
	p := newPen(r.who)
	id, header := p.create(kind)
	r.s.docs = append(r.s.docs, id)
	r.doc(id)
	r.pens[id] = p
	am := automerge.New()
	r.core[id] = am
	must(0, am.SetActorID(p.actor(id).String()))
	set := func(key string, v any) { must(0, am.RootMap().Set(key, v)) }
	set(schema.Title, "Order paper 🧻")
	set(schema.Text, automerge.NewText("the usual, עברית, 👩‍👩‍👧‍👦"))
	set(schema.Tags, automerge.NewMap())
	switch kind {
	case "task":
		set(asked, automerge.NewMap())
		set(status, "open")
		set(schema.OwnKey(r.s.coop.member(r.who), ownTaken), int64(1_795_000_000_000)) // a plain int the core makes a float
	case "decision":
		set(process, "consent")
		set(review, "2027-01-31")
	}
	r.commit(id, header, am, p)
}

func (r *replica) commit(id entry.DocID, header *entry.Creation, am *automerge.Doc, p *pen) {
	t := r.s.t
	now := time.UnixMilli(1_795_000_000_000 + int64(len(r.s.all)))
	hash, err := am.Commit("", automerge.CommitOptions{AllowEmpty: true, Time: &now})
	if err != nil {
		t.Fatalf("commit: %v", err)
	}
	chunk := must(change.Inflate(must(am.Change(hash)).Save()))
	it := p.sign(id, header, r.s.coop.upTo(r.charter).Heads(), chunk)
	r.s.all = append(r.s.all, it)
	r.s.honest[it.ID()] = true
	r.has[it.ID()] = true
	d := r.docs[id]
	if state, why := d.Try(it.Entry, it.change); state != charter.Accepted {
		t.Fatalf("an honest change is %v: %s", state, why)
	}
	out := d.Add(it.Entry, it.change)
	if state, why := d.State(it.ID()); state != charter.Accepted || out.Rebuild || len(out.Accepted) != 1 {
		t.Fatalf("an honest change is %v: %s (%+v)", state, why, out)
	}
	sameHeads(t, d, am)
}

// honestEdit is one to three edits of the kinds that the commands make.
func (s *story) honestEdit(am *automerge.Doc, kind string, me charter.MemberID) {
	root := am.RootMap()
	set := func(key string, v any) { must(0, root.Set(key, v)) }
	words := []string{"", "a", "paper 📄", "é́", "👩‍👩‍👧‍👦 done", "שלום", strings.Repeat("long ", 20)}
	for range 1 + s.draw("edits", 3) {
		choices := 7
		switch kind {
		case "task":
			choices = 12
		case "decision":
			choices = 10
		}
		what := s.draw("edit", choices)
		switch {
		case what == 0:
			set(schema.Title, pick(s, "title", words))
		case what <= 2:
			text := must(am.Path(schema.Text).Get()).Text()
			n := text.Len()
			at := rapid.IntRange(0, n).Draw(s.t, "at")
			del := rapid.IntRange(0, min(4, n-at)).Draw(s.t, "delete")
			must(0, text.Splice(at, del, pick(s, "insert", words)))
		case what == 3:
			must(0, must(root.Get(schema.Tags)).Map().Set(pick(s, "tag", words[1:]), true))
		case what == 4:
			must(0, must(root.Get(schema.Tags)).Map().Delete(pick(s, "tag", words[1:])))
		case what == 5:
			must(0, must(am.Path(schema.Text).Get()).Text().Append(" more"))
		case what == 6:
			// nothing: an empty change joins what was apart
		case kind == "task" && what == 7:
			set(due, pick(s, "due", []string{"", "2026-12-01", "2026-12-01T15:00:00Z"}))
		case kind == "task" && what == 8:
			must(0, must(root.Get(asked)).Map().Set(s.coop.member(pick(s, "asked", people)).String(), int64(1_795_000_000_000)))
		case kind == "task" && what == 9:
			set(schema.OwnKey(me, ownAnswer), `{"to":1,"answer":"accepted","why":""}`)
		case kind == "task" && what == 10:
			must(0, root.Delete(pick(s, "cleared", []string{due, project, schema.OwnKey(me, ownHelp)})))
		case kind == "task":
			set(status, pick(s, "status", []string{"open", "doing", "done", "dropped"}))
			set(hours, int64(90))
			set(schema.OwnKey(me, ownHelp), pick(s, "help", words))
		case what == 7:
			set(schema.OwnKey(me, ownPosition), `{"revision":"0123456789abcdef","stance":"consent","why":""}`)
		case what == 8:
			set(schema.OwnKey(me, ownRecord), `{"revision":"0123456789abcdef","result":"agreed"}`)
		default:
			set(decideBy, "2026-12-24")
			set(withdrawn, pick(s, "withdrawn", words))
		}
	}
}

func (r *replica) catchUp(all []piece) {
	for _, p := range all {
		if !r.has[p.ID()] {
			r.receive(p)
		}
	}
}

// meet carries some of what one replica has to another.
func (s *story) meet(to, from *replica) {
	for _, p := range s.all {
		if from.has[p.ID()] && (!to.has[p.ID()] || s.draw("again", 8) == 0) && s.draw("lost", 4) > 0 {
			to.receive(p)
		}
	}
}

// attack has a hostile device write something, with all there is before its eyes. apart says
// whether replicas get to see it by and by; else each of them has all there is, and gets it at once.
func (s *story) attack(apart bool) {
	if !apart {
		for _, r := range s.replicas {
			r.catchUp(s.all)
		}
	}
	p := pick(s, "hostile device", s.hostile)
	if s.draw("new run", 6) == 0 {
		i := slices.Index(s.hostile, p)
		p = newPen(p.who)
		s.hostile[i] = p
	}
	id := pick(s, "document", s.docs)
	known := map[change.Hash]*change.Change{}
	var here, own []piece
	for _, it := range s.all {
		if it.Doc == id {
			here = append(here, it)
			known[it.change.Hash] = it.change
			if it.Device == device(p.who).Device() {
				own = append(own, it)
			}
		}
	}
	if len(here) == 0 {
		return
	}
	heads := s.coop.whole.Heads()
	if s.draw("old heads", 6) == 0 {
		heads = s.coop.upTo(rapid.IntRange(0, len(people)-1).Draw(s.t, "statements")).Heads()
	}
	// A change that is right in all respects, on top of anything: then some of it is made wrong.
	c := &change.Change{Actor: p.actor(id), Seq: 1, StartOp: 1, Ops: []change.Op{title(fmt.Sprint("hostile ", len(s.all)))}}
	deps := map[change.Hash]bool{}
	for range 1 + s.draw("deps", 3) {
		deps[pick(s, "dep", here).change.Hash] = true
	}
	if s.draw("on its own", 2) == 0 { // else it mostly ignores what the run wrote before
		for _, it := range own {
			if it.Run == p.run {
				deps[it.change.Hash] = true
			}
		}
	}
	for _, hash := range slices.SortedFunc(maps.Keys(deps), change.Hash.Compare) {
		others := maps.Clone(deps)
		delete(others, hash)
		if pastOf(known, slices.Collect(maps.Keys(others)))[hash] {
			delete(deps, hash)
		}
	}
	c.Deps = slices.SortedFunc(maps.Keys(deps), change.Hash.Compare)
	for _, dep := range c.Deps {
		c.StartOp = max(c.StartOp, known[dep].MaxOp()+1)
	}
	for hash := range pastOf(known, c.Deps) {
		if o := known[hash]; o != nil && o.Actor == c.Actor {
			c.Seq = max(c.Seq, o.Seq+1)
		}
	}
	number := p.number + 1
	var header *entry.Creation
	switch s.draw("attack", 16) {
	case 0, 1, 2, 3, 4: // a change that is right
	case 5, 6, 7: // a twin of an own one, maybe lower in the run, maybe on top of other things
		if len(own) == 0 {
			return
		}
		of := pick(s, "twin of", own)
		twin := *p
		twin.run = of.Run
		p = &twin
		number = uint64(1 + s.draw("number", 4))
		o := of.change
		c.Actor, c.Seq = o.Actor, o.Seq
		if s.draw("same past", 2) == 0 {
			c.Deps, c.StartOp = o.Deps, o.StartOp
		}
		if len(o.Deps) == 0 {
			c.Deps, c.StartOp, header = nil, 1, of.Create
			if k := of.Create.Kind; s.draw("same parts", 4) > 0 {
				c.Ops = first(o.Actor, k, title(fmt.Sprint("twin ", len(s.all)))).Ops
			}
		}
	case 8: // the same change, signed again
		if len(own) == 0 {
			return
		}
		of := pick(s, "again", own)
		twin := *p
		twin.run = of.Run
		p, c, header, number = &twin, of.change, of.Create, uint64(1+s.draw("number", 4))
	case 9: // somebody else's actor
		c.Actor = pick(s, "actor of", here).change.Actor
	case 10:
		c.StartOp = []uint64{1, c.StartOp + 1, change.MaxCounter - 1}[s.draw("start", 3)]
	case 11:
		c.Seq += uint64(1 + s.draw("skipped", 2))
	case 12: // a document of its own making, or somebody else's creation header
		header = here[0].Create
		if s.draw("bare", 2) == 0 {
			c.Deps, c.StartOp, c.Seq = nil, 1, 1
		}
	case 13:
		c.Ops = []change.Op{changetest.Put(change.OpID{}, schema.OwnKey(s.coop.member("ana"), ownHelp), change.StrValue("forged"))}
	case 14:
		c.Ops = []change.Op{changetest.Make(change.OpID{}, schema.Text, change.MakeText)}
	case 15:
		c.Deps = []change.Hash{{byte(len(s.all))}}
	}
	chunk := c.Encode()
	if _, err := change.Parse(chunk); err != nil {
		return // no replica would take it for a change
	}
	if header != nil && header.DocID(s.coop.space, device(p.who).Device(), p.run) != id {
		return // nor for an entry
	}
	it := p.signAs(number, id, header, heads, chunk)
	p.number = max(p.number, number)
	if slices.ContainsFunc(s.all, func(o piece) bool { return o.ID() == it.ID() }) {
		return
	}
	s.all = append(s.all, it)
	for _, r := range s.replicas {
		if !apart || s.draw("sent to "+r.who, 2) == 0 {
			r.receive(it)
		}
	}
}

// tell lets all of it happen.
func (s *story) tell(steps int, apart bool) {
	s.replicas[0].create(pick(s, "kind", kinds))
	for range steps {
		switch what := s.draw("step", 12); {
		case what == 0 && len(s.docs) < 3:
			pick(s, "replica", s.replicas).create(pick(s, "kind", kinds))
		case what <= 4:
			pick(s, "replica", s.replicas).edit(pick(s, "document", s.docs))
		case what <= 6:
			s.meet(pick(s, "to", s.replicas), pick(s, "from", s.replicas))
		case what == 7:
			r := pick(s, "restarts", s.replicas)
			r.restart(pick(s, "document", s.docs))
		case what == 8:
			r := pick(s, "learns", s.replicas)
			r.learn(rapid.IntRange(0, len(people)-1).Draw(s.t, "statements"))
		default:
			if len(s.hostile) > 0 {
				s.attack(apart)
			}
		}
	}
}

// settle brings everything to everybody.
func (s *story) settle() {
	for _, r := range s.replicas {
		r.catchUp(rapid.Permutation(s.all).Draw(s.t, "arrives at "+r.who))
		r.learn(len(people) - 1)
	}
}
