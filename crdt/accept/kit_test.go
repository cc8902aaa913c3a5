package accept

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/schema"
)

// fataler is a *testing.T or a *rapid.T.
type fataler interface {
	Helper()
	Fatalf(string, ...any)
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func key(name string) entry.Signer { return entry.SignerFromSeed(sha256.Sum256([]byte(name))) }

// coop is the charter of a co-op that Ana founded and the others joined, one after the other.
type coop struct {
	space      entry.SpaceID
	statements []*entry.Entry // the genesis, then one for each who joined
	whole      *charter.Charter
	parts      []*charter.Charter // by how many joined
}

var people = []string{"ana", "ben", "cleo", "dora", "eli", "fay", "mel"}

// theCoop is made once: signing takes longer than what the tests look at.
var theCoop = sync.OnceValue(func() *coop {
	payload := must(charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "Ana", Seats: len(people)}, key("ana"), device("ana"), "laptop"))
	genesis := must(entry.New(entry.Fields{Kind: entry.Statement, Number: 1, Payload: payload}, device("ana")))
	c := &coop{space: genesis.SpaceOf(), statements: []*entry.Entry{genesis}}
	c.whole = charter.Fold(c.space, c.statements, charter.StepID{})
	for i, name := range people[1:] {
		code := key("code for " + name)
		r := must(charter.NewRedemption(c.space, code, key(name), device(name), strings.ToUpper(name[:1])+name[1:], "laptop"))
		e := must(entry.New(entry.Fields{
			Space: c.space, Heads: c.whole.Heads(), Kind: entry.Statement, Run: entry.Run{byte(i + 1)}, Number: 1,
			Payload: must(c.whole.FillSeat(code.Device(), r)),
		}, device("ana")))
		c.statements = append(c.statements, e)
		c.parts = append(c.parts, c.whole)
		c.whole = c.whole.With(e)
	}
	c.parts = append(c.parts, c.whole)
	return c
})

func device(name string) entry.Signer { return key(name + "'s laptop") }

func (c *coop) member(name string) charter.MemberID {
	return charter.MemberIDOf(c.space, key(name).Device())
}

// upTo returns the charter of the genesis and the first n who joined.
func (c *coop) upTo(n int) *charter.Charter { return c.parts[n] }

// piece is an entry with its change, as it reaches a replica.
type piece struct {
	*entry.Entry
	change *change.Change
}

// pen is one run of a device.
type pen struct {
	who      string
	run      entry.Run
	number   uint64
	previous entry.ID
}

var runs uint64

func newPen(who string) *pen {
	runs++
	p := &pen{who: who}
	binary.BigEndian.PutUint64(p.run[:], runs)
	return p
}

func (p *pen) actor(doc entry.DocID) change.Actor {
	a := entry.ActorOf(theCoop().space, device(p.who).Device(), p.run, doc)
	return change.Actor(a[:])
}

// sign puts a change into the next entry of the run.
func (p *pen) sign(doc entry.DocID, create *entry.Creation, heads []entry.ID, chunk []byte) piece {
	p.number++
	return p.signAs(p.number, doc, create, heads, chunk)
}

// signAs puts a change into an entry with any number.
func (p *pen) signAs(number uint64, doc entry.DocID, create *entry.Creation, heads []entry.ID, chunk []byte) piece {
	f := entry.Fields{
		Space: theCoop().space, Heads: heads, Kind: entry.Change, Doc: doc, Create: create,
		Run: p.run, Number: number, Previous: p.previous, Payload: chunk,
	}
	if number == 1 {
		f.Previous = entry.ID{}
	} else if f.Previous.IsZero() {
		f.Previous = entry.ID{1}
	}
	e := must(entry.New(f, device(p.who)))
	p.previous = e.ID()
	return piece{e, must(change.Parse(chunk))}
}

// create begins a document: its ID and creation header.
func (p *pen) create(kind string) (entry.DocID, *entry.Creation) {
	c := &entry.Creation{Kind: kind}
	runs++
	binary.BigEndian.PutUint64(c.Random[:], runs)
	return c.DocID(theCoop().space, device(p.who).Device(), p.run), c
}

// first is the change that makes a document of a kind.
func first(actor change.Actor, kind string, more ...change.Op) *change.Change {
	ops := []change.Op{
		changetest.Make(change.OpID{}, schema.Text, change.MakeText),
		changetest.Make(change.OpID{}, schema.Tags, change.MakeMap),
	}
	if kind == "task" {
		ops = append(ops, changetest.Make(change.OpID{}, asked, change.MakeMap))
	}
	return changetest.New(change.NewHistory(), actor, append(ops, more...)...)
}

func title(s string) change.Op {
	return changetest.Put(change.OpID{}, schema.Title, change.StrValue(s))
}

// desk is a document with which tests of few entries work: everything that any device wrote,
// by the name that the test gave it.
type desk struct {
	t     fataler
	doc   entry.DocID
	pens  map[string]*pen
	named map[string]piece
	heads []entry.ID // what entries know of the charter
	room  bounds     // of the document; zero: as it is for everybody
}

// newDesk begins a note by somebody; its first entry is called "first".
func newDesk(t fataler, who string) *desk { return newDeskAt(t, who, theCoop().whole.Heads()) }

func newDeskAt(t fataler, who string, heads []entry.ID) *desk {
	return newDeskFor(t, who, "note", heads)
}

// newDeskOf is newDesk for a document of another kind.
func newDeskOf(t fataler, who, kind string) *desk {
	return newDeskFor(t, who, kind, theCoop().whole.Heads())
}

func newDeskFor(t fataler, who, kind string, heads []entry.ID) *desk {
	d := &desk{t: t, pens: map[string]*pen{}, named: map[string]piece{}, heads: heads}
	var create *entry.Creation
	p := d.pen(who)
	d.doc, create = p.create(kind)
	d.named["first"] = p.sign(d.doc, create, d.heads, first(p.actor(d.doc), kind).Encode())
	return d
}

func (d *desk) pen(who string) *pen {
	if d.pens[who] == nil {
		d.pens[who] = newPen(who)
	}
	return d.pens[who]
}

// draft is a change by somebody on top of others, right in all respects: it sets the title.
func (d *desk) draft(who, what string, on ...string) *change.Change {
	c := &change.Change{Actor: d.pen(who).actor(d.doc), Seq: 1, StartOp: 1, Ops: []change.Op{title(what)}}
	all := map[change.Hash]*change.Change{}
	for _, p := range d.named {
		all[p.change.Hash] = p.change
	}
	for _, name := range on {
		p, ok := d.named[name]
		if !ok {
			panic("nothing is called " + name)
		}
		c.Deps = append(c.Deps, p.change.Hash)
		c.StartOp = max(c.StartOp, p.change.MaxOp()+1)
	}
	for hash := range pastOf(all, c.Deps) {
		if p := all[hash]; p != nil && p.Actor == c.Actor {
			c.Seq = max(c.Seq, p.Seq+1)
		}
	}
	slices.SortFunc(c.Deps, change.Hash.Compare)
	return c
}

// write signs a draft under a name.
func (d *desk) write(who, name string, on ...string) piece {
	return d.sign(who, name, d.draft(who, name, on...))
}

func (d *desk) sign(who, name string, c *change.Change) piece {
	p := d.pen(who).sign(d.doc, nil, d.heads, c.Encode())
	d.named[name] = p
	return p
}

// read is a replica that the named entries reached in that order.
func (d *desk) read(names ...string) *Document {
	doc := New(theCoop().space, d.doc, theCoop().whole, toys, nil)
	if d.room != (bounds{}) {
		doc.bounds = d.room
	}
	for _, name := range names {
		doc.Add(d.named[name].Entry, d.named[name].change)
	}
	return doc
}

// expect compares the states of entries, in words: "first accepted, mine void".
func (d *desk) expect(doc *Document, want string) {
	d.t.Helper()
	for _, w := range strings.Split(want, ", ") {
		at := strings.LastIndex(w, " ") // names may have spaces
		name, state := w[:at], w[at+1:]
		if got, why := doc.State(d.named[name].ID()); got.String() != state {
			d.t.Fatalf("%s is %v (%s), want %s", name, got, why, state)
		}
	}
}

// pastOf returns the hashes of all that deps reach, themselves included.
func pastOf(all map[change.Hash]*change.Change, deps []change.Hash) map[change.Hash]bool {
	past := map[change.Hash]bool{}
	for stack := slices.Clone(deps); len(stack) > 0; {
		h := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if past[h] {
			continue
		}
		past[h] = true
		if c := all[h]; c != nil {
			stack = append(stack, c.Deps...)
		}
	}
	return past
}

// applied is the Automerge document of what was accepted; it holds the core to the same heads.
func applied(t fataler, d *Document) *automerge.Doc {
	t.Helper()
	am := automerge.New()
	for _, item := range d.Order() {
		if err := am.LoadIncremental(item.Entry.Payload); err != nil {
			t.Fatalf("the core refuses an accepted change: %v", err)
		}
	}
	sameHeads(t, d, am)
	again, err := automerge.Load(am.Save())
	if err != nil {
		t.Fatalf("the document doesn't load again: %v", err)
	}
	sameHeads(t, d, again)
	return am
}

func sameHeads(t fataler, d *Document, am *automerge.Doc) {
	t.Helper()
	want := []string{}
	for _, h := range d.Heads() {
		want = append(want, h.String())
	}
	got := []string{}
	for _, h := range am.Heads() {
		got = append(got, h.String())
	}
	slices.Sort(got)
	if !slices.Equal(want, got) {
		t.Fatalf("heads differ\nhere %v\ncore %v", want, got)
	}
}

// seen is all that a Document says, as text to compare: the order in which things are listed,
// which may differ, apart.
func seen(d *Document) string {
	var lines []string
	for _, v := range d.Entries() {
		heads, deps := d.Waiting(v.ID)
		item, _ := d.Item(v.ID)
		lines = append(lines, fmt.Sprintf("%v %v %q by %v, waits for %v %v", v.ID, v.State, v.Why, item.Author, heads, deps))
	}
	for _, item := range d.Order() {
		lines = append(lines, fmt.Sprintf("in order: %v", item.Entry.ID()))
	}
	slices.Sort(lines)
	lines = append(lines, fmt.Sprintf("%q by %v, heads %v, %d operations", d.Kind(), d.Creator(), d.Heads(), d.Ops()))
	return strings.Join(lines, "\n")
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
	t.Fatalf("%s: want %d lines, got %d", what, len(w), len(g))
}

// allChanges is every change of a desk by its hash.
func allChanges(d *desk) map[change.Hash]*change.Change {
	all := map[change.Hash]*change.Change{}
	for _, p := range d.named {
		all[p.change.Hash] = p.change
	}
	return all
}
