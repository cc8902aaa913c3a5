package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"path/filepath"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/schema"
	"kith/daemon/replica"
)

// floods measures what one more statement and one more change cost behind what a hostile member can pile up
// within the bounds (docs/ARCHITECTURE.md), in this process: a daemon does nothing else with them.
func (b *bench) floods(ctx context.Context) error {
	for _, f := range []struct {
		name string
		fill func(*flooded) ([]*entry.Entry, error)
	}{
		{"nothing", func(*flooded) ([]*entry.Entry, error) { return nil, nil }},
		{"70 MB of void entries (31)", func(f *flooded) ([]*entry.Entry, error) {
			return f.changes(73, func(i int, c *change.Change) {
				c.Ops[0].Value = change.StrValue(string(bytes.Repeat([]byte("x"), 960_000)))
			})
		}},
		{"12,000 waiting statements (32)", func(f *flooded) ([]*entry.Entry, error) { return f.statements(12_000) }},
		{"12,000 waiting changes (32)", func(f *flooded) ([]*entry.Entry, error) {
			return f.changes(12_000, func(i int, c *change.Change) { c.Deps, c.StartOp = []change.Hash{{1}}, 9 })
		}},
		{"1,000 puppets of who resigned (33)", func(f *flooded) ([]*entry.Entry, error) { return f.puppets(1_000) }},
		{"one key written 119,000 times (35)", func(f *flooded) ([]*entry.Entry, error) {
			return f.changes(1, func(_ int, c *change.Change) {
				for len(c.Ops) < 119_000 {
					c.Ops = append(c.Ops, c.Ops[0])
				}
			})
		}},
		{"200 closed decisions of who resigned (36)", func(f *flooded) ([]*entry.Entry, error) { return f.closed(ctx, 200, true) }},
		{"1,000 records of one decision (37)", func(f *flooded) ([]*entry.Entry, error) { return f.closed(ctx, 1, false) }},
		{"eight branches of 100,000 characters (39)", func(f *flooded) ([]*entry.Entry, error) { return f.changes(8, f.typed(100_000)) }},
		{"eight, and eight that push these out one by one (39)", func(f *flooded) ([]*entry.Entry, error) {
			out, err := f.changes(8, f.typed(100_000))
			for i := 0; i < 8 && err == nil; i++ {
				var one []*entry.Entry
				one, err = f.changes(1, f.typed(99_000-1_000*i))
				out = append(out, one...)
			}
			return out, err
		}},
		{"2,000 documents that wait (40)", func(f *flooded) ([]*entry.Entry, error) { return f.documents(2_000) }},
		{"12 MB by unknown devices (42)", func(f *flooded) ([]*entry.Entry, error) {
			f.key = entry.NewSigner()
			return f.changes(13, func(i int, c *change.Change) {
				c.Ops[0].Value = change.StrValue(string(bytes.Repeat([]byte("x"), 960_000)))
			})
		}},
	} {
		if err := b.flood(ctx, f.name, f.fill); err != nil {
			return fmt.Errorf("behind %s: %w", f.name, err)
		}
	}
	return nil
}

// flooded is a replica, and a key of a member that floods it.
type flooded struct {
	r     *replica.Replica
	key   entry.Signer
	other entry.Signer // another member's
	doc   entry.DocID
	first *change.Change
}

func (b *bench) flood(ctx context.Context, name string, fill func(*flooded) ([]*entry.Entry, error)) error {
	f, err := newFlooded(ctx, filepath.Join(b.dir, fmt.Sprint("flood-", len(b.rows))))
	if err != nil {
		return err
	}
	defer f.r.Close()
	mels := f.key
	junk, err := fill(f)
	if err != nil {
		return err
	}
	f.key = mels
	for len(junk) > 0 {
		n := min(len(junk), 1_000)
		if _, err := f.r.Accept(ctx, junk[:n]); err != nil {
			return err
		}
		junk = junk[n:]
	}
	if err := f.r.Weigh(true); err != nil {
		return err
	}
	f.key = f.other
	var statements, changes []time.Duration
	for i := range again {
		said, err := f.sign(entry.Fields{Kind: entry.Statement}, f.follow)
		if err != nil {
			return err
		}
		more, err := f.changes(1, func(_ int, c *change.Change) { c.Ops[0].Value = change.StrValue(fmt.Sprint(i)) })
		if err != nil {
			return err
		}
		for _, one := range []struct {
			e    *entry.Entry
			took *[]time.Duration
		}{{said, &statements}, {more[0], &changes}} {
			began := time.Now()
			if _, err := f.r.Accept(ctx, []*entry.Entry{one.e}); err != nil {
				return err
			}
			*one.took = append(*one.took, time.Since(began))
		}
	}
	b.spread("one more statement behind "+name, statements, map[string]string{"p50": "≤ 50 ms"})
	b.spread("one more change behind "+name, changes, map[string]string{"p50": "≤ 50 ms"})
	return nil
}

func newFlooded(ctx context.Context, dir string) (*flooded, error) {
	f := &flooded{key: entry.NewSigner(), other: entry.NewSigner()}
	own, member := entry.NewSigner(), entry.NewSigner()
	genesis, err := charter.NewGenesis(charter.Genesis{Coop: "Riso Print Co-op", Founder: "Ana", Seats: 3}, member, own, "laptop")
	if err != nil {
		return nil, err
	}
	if f.r, err = replica.Found(replica.Config{Dir: dir, Key: own}, genesis); err != nil {
		return nil, err
	}
	for name, key := range map[string]entry.Signer{"Mel": f.key, "Ben": f.other} {
		code := entry.NewSigner()
		red, err := charter.NewRedemption(f.r.Space(), code, entry.NewSigner(), key, name, "laptop")
		if err != nil {
			return nil, err
		}
		seat, err := f.r.Charter().FillSeat(code.Device(), red)
		if err != nil {
			return nil, err
		}
		if _, err := f.r.State(ctx, seat); err != nil {
			return nil, err
		}
	}
	v, err := f.r.Create(ctx, kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "The fair", Text: "Who prints what"})(e.Doc, nil)
	})
	if err != nil {
		return nil, err
	}
	f.doc = v.ID
	return f, f.r.Read(f.doc, func(e replica.Edit) error {
		f.first = e.Judge.Order()[0].Change
		return nil
	})
}

func random16() (b [16]byte) {
	rand.Read(b[:])
	return b
}

// follow is the payload of a statement that changes nothing, and on which others can stand.
func (f *flooded) follow() ([]byte, error) {
	c := f.r.Charter()
	return c.Follow(f.key.Device(), c.Tip())
}

func (f *flooded) sign(e entry.Fields, payload func() ([]byte, error)) (signed *entry.Entry, err error) {
	e.Space, e.Run, e.Number = f.r.Space(), entry.Run(random16()), 1
	if e.Heads == nil {
		e.Heads = f.r.Charter().Heads()
	}
	if payload != nil {
		if e.Payload, err = payload(); err != nil {
			return nil, err
		}
	}
	return entry.New(e, f.key)
}

// changes are n changes beside each other of the document, each of a run of its own: one write to its title, as
// made sees fit.
func (f *flooded) changes(n int, made func(int, *change.Change)) ([]*entry.Entry, error) {
	out := make([]*entry.Entry, n)
	for i := range out {
		e := entry.Fields{Space: f.r.Space(), Heads: f.r.Charter().Heads(), Kind: entry.Change, Doc: f.doc, Run: entry.Run(random16()), Number: 1}
		a := entry.ActorOf(e.Space, f.key.Device(), e.Run, e.Doc)
		c := &change.Change{Deps: []change.Hash{f.first.Hash}, Actor: change.Actor(a[:]), Seq: 1, StartOp: f.first.MaxOp() + 1,
			Ops: []change.Op{{InMap: true, Key: "title", Action: change.Set, Value: change.StrValue("x")}}}
		made(i, c)
		e.Payload = c.Encode()
		var err error
		if out[i], err = entry.New(e, f.key); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// typed makes a change of n characters after each other.
func (f *flooded) typed(n int) func(int, *change.Change) {
	var text change.OpID
	for _, op := range f.first.Ops {
		if op.Key == "text" {
			text = op.ID
		}
	}
	return func(_ int, c *change.Change) {
		c.Ops = c.Ops[:0]
		after := change.OpID{}
		for i := range n {
			c.Ops = append(c.Ops, change.Op{Obj: text, Elem: after, Insert: true, Action: change.Set, Value: change.StrValue("x")})
			after = change.OpID{Counter: c.StartOp + uint64(i), Actor: c.Actor}
		}
	}
}

// statements are n that wait for one which never comes.
func (f *flooded) statements(n int) ([]*entry.Entry, error) {
	out := make([]*entry.Entry, n)
	for i := range out {
		var err error
		if out[i], err = f.sign(entry.Fields{Kind: entry.Statement, Heads: []entry.ID{{1}}}, f.follow); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// documents are n documents with one change that waits.
func (f *flooded) documents(n int) (out []*entry.Entry, err error) {
	doc := f.doc
	defer func() { f.doc = doc }()
	for i := range n {
		binary.BigEndian.PutUint32(f.doc[:], uint32(i+1))
		one, err := f.changes(1, func(_ int, c *change.Change) { c.Deps = []change.Hash{{1}} })
		if err != nil {
			return nil, err
		}
		out = append(out, one...)
	}
	return out, nil
}

// puppets are n invites of who has resigned, each with a redemption, all as of before.
func (f *flooded) puppets(n int) (out []*entry.Entry, err error) {
	c := f.r.Charter()
	out = make([]*entry.Entry, 1, 2*n+1)
	if out[0], err = f.sign(entry.Fields{Kind: entry.Statement}, func() ([]byte, error) { return c.Resign(f.key.Device(), nil, "") }); err != nil {
		return nil, err
	}
	for i := range n {
		code, member, device := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
		invite, err := f.sign(entry.Fields{Kind: entry.Statement}, func() ([]byte, error) { return c.Invite(f.key.Device(), code.Device(), 0) })
		if err != nil {
			return nil, err
		}
		r, err := charter.NewRedemption(f.r.Space(), code, member, device, fmt.Sprint("Puppet ", i), "laptop")
		if err != nil {
			return nil, err
		}
		with := c.With(invite)
		admitted, err := f.sign(entry.Fields{Kind: entry.Statement, Heads: with.Heads()}, func() ([]byte, error) { return with.AdmitProspective(f.key.Device(), code.Device(), r) })
		if err != nil {
			return nil, err
		}
		out = append(out, invite, admitted)
	}
	return out, nil
}

// closed are records of n decisions by one member: of one, as many as there would be; of several, one each, which the other has seen
// before their maker resigns and honours nothing of it. What is measured is in the last.
func (f *flooded) closed(ctx context.Context, n int, resigned bool) (out []*entry.Entry, err error) {
	mel, _ := f.r.Charter().MemberOf(f.key.Device())
	var seen []charter.DeviceFrontier
	for i := range n {
		v, err := f.r.Create(ctx, kinds.Decision.Name, func(e replica.Edit) error {
			return crdttest.NewDecision(e.Author, crdttest.DecisionFields{Title: fmt.Sprint("Decision ", i), Process: kinds.ProcessMajority})(e.Doc, nil)
		})
		if err != nil {
			return nil, err
		}
		f.doc = v.ID
		if err := f.r.Read(f.doc, func(e replica.Edit) error { f.first = e.Judge.Order()[0].Change; return nil }); err != nil {
			return nil, err
		}
		records := 1
		if !resigned {
			records = 1_000
		}
		of, err := f.changes(records, func(i int, c *change.Change) {
			c.Ops[0].Key = schema.OwnKey(mel.ID, "record")
			c.Ops[0].Value = change.StrValue(fmt.Sprintf(`{"revision":"","result":"agreed","text":"%d","positions":[]}`, i))
		})
		if err != nil {
			return nil, err
		}
		out = append(out, of...)
		seen = append(seen, charter.DeviceFrontier{Device: f.key.Device(), Frontier: charter.Frontier{{Run: of[0].Run, Entry: of[0].ID()}}})
	}
	if !resigned {
		return out, nil
	}
	mels := f.key
	f.key = f.other
	acknowledged, err := f.sign(entry.Fields{Kind: entry.Statement}, func() ([]byte, error) { return f.r.Charter().Acknowledge(f.other.Device(), seen) })
	f.key = mels
	if err != nil {
		return nil, err
	}
	left, err := f.sign(entry.Fields{Kind: entry.Statement}, func() ([]byte, error) { return f.r.Charter().Resign(f.key.Device(), nil, "") })
	return append(out, acknowledged, left), err
}
