package crdt_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// fataler is what a helper needs of *testing.T, *testing.B or *rapid.T.
type fataler interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
}

func must(t fataler, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func key(name string) entry.Signer { return entry.SignerFromSeed(sha256.Sum256([]byte(name))) }

// now is the time by everybody's clock.
var now = time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC)

// coop is a co-op of full members, with one document that they all work on.
type coop struct {
	t       fataler
	space   entry.SpaceID
	charter interface {
		accept.Charter
		crdt.Charter
		Heads() []entry.ID
		Member(charter.MemberID) (charter.Member, bool)
	}
	ids  map[string]charter.MemberID
	runs uint64

	kind   string
	create *entry.Creation
	doc    entry.DocID
	maker  *desk
	desks  []*desk
}

// desk is one run of one member's device, with a replica of the document.
type desk struct {
	*coop
	name   string
	id     charter.MemberID
	signer entry.Signer
	run    entry.Run
	number uint64
	last   entry.ID
	judge  *accept.Document
	am     *automerge.Doc
	sent   []*entry.Entry // all it holds, in the order in which it took them in
}

// found makes a co-op of the named people, and a desk for each, on an empty document.
func found(t fataler, kind string, names ...string) *coop {
	t.Helper()
	c := &coop{t: t, kind: kind, ids: map[string]charter.MemberID{}}
	all := c.side("Riso Print Co-op", names...)
	c.space = all[0].SpaceOf()
	c.charter = charter.Fold(c.space, all, charter.StepID{})
	return c.begin(names)
}

// side makes the statements of a co-op's charter, or of a side's in a share: the first of the named
// people founds it, and seats the others.
func (c *coop) side(coopName string, names ...string) (all []*entry.Entry) {
	t := c.t
	t.Helper()
	var space entry.SpaceID
	laptop := key(names[0] + "'s laptop")
	title := func(name string) string { return strings.ToUpper(name[:1]) + name[1:] }
	payload, err := charter.NewGenesis(charter.Genesis{Coop: coopName, Founder: title(names[0]), Seats: len(names)}, key(names[0]), laptop, "laptop")
	must(t, err)
	sign := func(payload []byte, heads ...entry.ID) *entry.Entry {
		f := entry.Fields{Space: space, Heads: heads, Kind: entry.Statement, Number: 1, Run: c.newRun(), Payload: payload}
		e, err := entry.New(f, laptop)
		must(t, err)
		all = append(all, e)
		return e
	}
	genesis := sign(payload)
	space = genesis.SpaceOf()
	made := charter.Fold(space, all, charter.StepID{})
	for _, name := range names[1:] {
		code := key("code for " + name)
		r, err := charter.NewRedemption(space, code, key(name), key(name+"'s laptop"), title(name), "laptop")
		must(t, err)
		seat, err := made.FillSeat(code.Device(), r)
		must(t, err)
		made = made.With(sign(seat, made.Heads()...))
	}
	for _, m := range made.Members() {
		c.ids[strings.ToLower(m.Name)] = m.ID
	}
	return all
}

// begin sits the named people at their desks; the first makes the document.
func (c *coop) begin(names []string) *coop {
	for i, name := range names {
		d := c.sit(name)
		if i == 0 {
			c.maker = d
		}
	}
	c.create = &entry.Creation{Kind: c.kind, Random: [16]byte{1}}
	c.doc = c.create.DocID(c.space, c.maker.signer.Device(), c.maker.run)
	for _, d := range c.desks {
		d.open()
	}
	return c
}

func (c *coop) newRun() (r entry.Run) {
	c.runs++
	binary.BigEndian.PutUint64(r[:], c.runs)
	return r
}

// sit begins another run of a member's device.
func (c *coop) sit(name string) *desk {
	d := &desk{coop: c, name: name, id: c.ids[name], signer: key(name + "'s laptop"), run: c.newRun()}
	c.desks = append(c.desks, d)
	if c.create != nil {
		d.open()
	}
	return d
}

func (c *coop) desk(name string) *desk {
	for _, d := range c.desks {
		if d.name == name {
			return d
		}
	}
	c.t.Fatal("nobody is called " + name)
	return nil
}

func (d *desk) open() {
	d.judge = accept.New(d.space, d.doc, d.charter, kinds.All.Table, nil)
	d.am = automerge.New()
	actor := entry.ActorOf(d.space, d.signer.Device(), d.run, d.doc)
	must(d.t, d.am.SetActorID(hex.EncodeToString(actor[:])))
}

// view returns the document as this desk has it; nil if it isn't there yet.
func (d *desk) view() *crdt.View {
	d.t.Helper()
	if len(d.judge.Order()) == 0 {
		return nil
	}
	v, err := crdt.Look(d.am, d.judge, d.charter)
	must(d.t, err)
	return v
}

// try makes a change by an edit, holds it against all rules that replicas share, and takes it in.
func (d *desk) try(edit crdt.Edit) error {
	d.t.Helper()
	if err := edit(d.am, d.view()); err != nil {
		return err
	}
	d.commit()
	return nil
}

// do is try for an edit that has to work.
func (d *desk) do(edits ...crdt.Edit) *crdt.View {
	d.t.Helper()
	for _, e := range edits {
		if err := d.try(e); err != nil {
			d.t.Fatalf("%s: %v", d.name, err)
		}
	}
	return d.view()
}

// hack is do for a modified daemon, that writes what it likes but still keeps to what all check.
func (d *desk) hack(edit func(am *automerge.Doc) error) *entry.Entry {
	d.t.Helper()
	must(d.t, edit(d.am))
	return d.commit()
}

func (d *desk) commit() *entry.Entry {
	d.t.Helper()
	at := now
	hash, err := d.am.Commit("", automerge.CommitOptions{Time: &at})
	must(d.t, err)
	made, err := d.am.Change(hash)
	must(d.t, err)
	payload, err := change.Inflate(made.Save())
	must(d.t, err)
	c, err := change.Parse(payload)
	must(d.t, err)
	d.number++
	f := entry.Fields{Space: d.space, Heads: d.charter.Heads(), Kind: entry.Change, Doc: d.doc,
		Run: d.run, Number: d.number, Previous: d.last, Payload: payload}
	if len(c.Deps) == 0 {
		f.Create = d.create
	}
	e, err := entry.New(f, d.signer)
	must(d.t, err)
	d.last = e.ID()
	d.judge.Add(e, c)
	if state, why := d.judge.State(e.ID()); state != charter.Accepted {
		d.t.Fatalf("%s's own change is %v: %s", d.name, state, why)
	}
	d.sent = append(d.sent, e)
	return e
}

// hear takes in one entry of another desk.
func (d *desk) hear(e *entry.Entry) {
	d.t.Helper()
	c, err := change.Parse(e.Payload)
	must(d.t, err)
	if _, here := d.judge.Item(e.ID()); here {
		return
	}
	d.sent = append(d.sent, e)
	out := d.judge.Add(e, c)
	if out.Rebuild {
		d.t.Fatal("an honest entry made a rebuild necessary")
	}
	for _, item := range out.Accepted {
		must(d.t, d.am.LoadIncremental(item.Entry.Payload))
	}
}

// from takes in all that other desks hold.
func (d *desk) from(others ...*desk) {
	d.t.Helper()
	for _, o := range others {
		for _, e := range o.sent {
			d.hear(e)
		}
	}
}

// settle brings all desks into step, and checks that they see the same, byte for byte.
func (c *coop) settle() *crdt.View {
	c.t.Helper()
	for range 2 {
		for _, d := range c.desks {
			d.from(c.desks...)
		}
	}
	want := encoded(c.t, c.desks[0].view())
	for _, d := range c.desks[1:] {
		if got := encoded(c.t, d.view()); !bytes.Equal(want, got) {
			c.t.Fatalf("two replicas of the same changes differ\n%s: %+v\n%s: %+v", c.desks[0].name, c.desks[0].view(), d.name, d.view())
		}
	}
	return c.desks[0].view()
}

// everyone does an edit at one desk and settles.
func (d *desk) tell(edits ...crdt.Edit) *crdt.View {
	d.t.Helper()
	d.do(edits...)
	return d.settle()
}

func encoded(t fataler, v *crdt.View) []byte {
	t.Helper()
	b, err := kinds.All.EncodeView(v)
	must(t, err)
	return b
}

// names is how commands resolve members to names.
func (c *coop) names(m charter.MemberID) string {
	if member, ok := c.charter.Member(m); ok {
		return member.Name
	}
	return ""
}

var _ fataler = (*testing.T)(nil)
