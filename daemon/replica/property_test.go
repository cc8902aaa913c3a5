package replica

import (
	"encoding/hex"
	"flag"
	"fmt"
	"testing"

	"github.com/automerge/automerge-go"
	"pgregory.net/rapid"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// histories sets how many histories a property is tried on: each opens several real stores. The race detector watches a quarter of them: it
// finds in what the code does, not in what comes out, and scripts/test runs all of them once more without.
func histories(t *testing.T, n int) {
	t.Helper()
	if raced {
		n = (n + 3) / 4
	}
	checks := flag.Lookup("rapid.checks")
	if was := checks.Value.String(); was == checks.DefValue { // nobody asked for another number
		must(t, flag.Set("rapid.checks", fmt.Sprint(n)))
		t.Cleanup(func() { must(t, flag.Set("rapid.checks", was)) })
	}
}

// hostile is a member's key in the hands of a program that follows no rule: it sees what a
// replica sees and signs what it likes.
type hostile struct {
	key entry.Signer
	eye *peerReplica
	run entry.Run
}

// forge signs a change that write makes of a document as the eye sees it, under an actor of the
// hostile device. A rule may make it void; its form is right.
func (h *hostile) forge(t testing.TB, doc entry.DocID, number uint64, previous entry.ID, write func(*automerge.Doc) error) *entry.Entry {
	t.Helper()
	space := h.eye.Space()
	actor := entry.ActorOf(space, h.key.Device(), h.run, doc)
	var out *entry.Entry
	must(t, h.eye.Read(doc, func(e Edit) error {
		am, err := e.Doc.Fork()
		must(t, err)
		must(t, am.SetActorID(hex.EncodeToString(actor[:])))
		must(t, write(am))
		hash, err := am.Commit("")
		must(t, err)
		made, err := am.Change(hash)
		must(t, err)
		payload, err := change.Inflate(made.Save())
		must(t, err)
		out, err = entry.New(entry.Fields{
			Space: space, Heads: h.eye.Charter().Heads(), Kind: entry.Change, Doc: doc,
			Run: h.run, Number: number, Previous: previous, Payload: payload,
		}, h.key)
		must(t, err)
		return nil
	}))
	return out
}

// Whatever is written, by whom, delivered in which order, how often, with restarts between, and
// with one member's device that writes twins and speaks for others: in the end all replicas
// show the same documents and the same states, and nobody has spoken for anybody else.
func TestReplicasAgreeOnEveryHistoryWithOneHostileDevice(t *testing.T) {
	histories(t, 12)
	rapid.Check(t, func(rt *rapid.T) {
		c := found(t, "Ana", "Ben", "Cleo")
		defer c.close()
		evil := &hostile{key: c.all[2].cfg.Key, eye: c.all[2], run: newNonce()}
		var docs []entry.DocID
		var forged []*entry.Entry
		one := func(label string) *peerReplica { return rapid.SampledFrom(c.all[:2]).Draw(rt, label) }

		docs = append(docs, c.all[0].addTask(t, "the first").ID)
		c.settle()
		rt.Repeat(map[string]func(*rapid.T){
			"create": func(rt *rapid.T) { docs = append(docs, one("who").addTask(t, "another").ID) },
			"edit": func(rt *rapid.T) {
				p, doc := one("who"), rapid.SampledFrom(docs).Draw(rt, "doc")
				title := rapid.StringMatching("[a-c]{1,3}").Draw(rt, "title")
				edits := []crdt.Edit{
					crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}),
					crdttest.Take(p.me(), p.now()), crdttest.Finish(), crdttest.AppendText(title),
				}
				// A member who hasn't seen the document yet, or finds it done, can't; that's fine.
				_, _ = p.tryEdit(doc, rapid.SampledFrom(edits).Draw(rt, "edit"))
			},
			"deliver": func(rt *rapid.T) {
				from, to := rapid.SampledFrom(c.all).Draw(rt, "from"), rapid.SampledFrom(c.all).Draw(rt, "to")
				all := append(from.entries(t), forged...)
				some := rapid.SliceOfN(rapid.SampledFrom(all), 1, 6).Draw(rt, "some")
				give(t, to, some...)
			},
			"restart": func(rt *rapid.T) { rapid.SampledFrom(c.all).Draw(rt, "who").reopen(t) },
			"hostile": func(rt *rapid.T) {
				doc := rapid.SampledFrom(docs).Draw(rt, "doc")
				if _, err := evil.eye.View(doc); err != nil {
					return
				}
				number := uint64(len(forged) + 1)
				previous := entry.ID{}
				if len(forged) > 0 {
					previous = forged[len(forged)-1].ID()
				}
				key := "title"
				if rapid.Bool().Draw(rt, "speaks for Ana") {
					key = "by:" + c.all[0].me().String() + "/offer"
				}
				// The eye never takes these in before the end, so they are often twins.
				for i := range rapid.IntRange(1, 2).Draw(rt, "twins") {
					forged = append(forged, evil.forge(t, doc, number, previous, func(am *automerge.Doc) error {
						return am.RootMap().Set(key, fmt.Sprintf("forged %d %d", number, i))
					}))
				}
			},
		})
		for _, p := range c.all {
			give(t, p, rapid.Permutation(forged).Draw(rt, "forged")...)
		}
		c.settle()
		c.same()
		ana := c.all[0].me()
		must(t, c.all[1].Views(kinds.Task.Name, func(v *crdt.View) bool {
			for _, o := range crdttest.Task(v).Help.Offers {
				if o.Member == ana {
					rt.Fatalf("somebody offered Ana's help: %+v", o)
				}
			}
			return true
		}))
		for _, p := range c.all { // and after one more start
			before := p.picture(t)
			p.reopen(t)
			for k, w := range p.picture(t) {
				if before[k] != w {
					rt.Fatalf("%s: a restart changed %s\nfrom %q\nto   %q", p.name, k, before[k], w)
				}
			}
		}
	})
}

func TestNobodyCanAnswerForAnaNotEvenWithAModifiedDaemon(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben := c.all[0], c.all[1]
	task := ben.addTask(t, "Order paper")
	ben.edit(t, task.ID, crdttest.Ask(ben.now(), ana.me()))
	c.settle()
	evil := &hostile{key: ben.cfg.Key, eye: ben, run: newNonce()}
	at := ben.now().UnixMilli()
	forged := evil.forge(t, task.ID, 1, entry.ID{}, func(am *automerge.Doc) error {
		return am.RootMap().Set("by:"+ana.me().String()+"/answer", fmt.Sprintf(`{"to":%d,"answer":"accepted","why":""}`, at))
	})
	for _, p := range c.all {
		give(t, p, forged)
		v, err := p.View(task.ID)
		must(t, err)
		if a := crdttest.Task(v).Asked[0]; a.Answer != kinds.AnswerNone {
			t.Errorf("%s sees Ana's answer %q", p.name, a.Answer)
		}
		void := false
		must(t, p.Log(task.ID, func(l Line) bool {
			if l.Entry.ID() == forged.ID() {
				void = l.State == charter.Void && l.Why != "" && l.Author == ben.me()
			}
			return true
		}))
		if !void {
			t.Errorf("%s does not show the forged answer as void, by Ben", p.name)
		}
	}
	c.settle()
	c.same()
}

func TestAMemberWhoseDeviceWritesAThousandChangesAtOnceKeepsNobodyFromWriting(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	var beside []*entry.Entry
	for n := range change.MaxDeps + 80 {
		evil := &hostile{key: cleo.cfg.Key, eye: cleo, run: newNonce()}
		beside = append(beside, evil.forge(t, task.ID, 1, entry.ID{}, func(am *automerge.Doc) error {
			return am.RootMap().Set("project", fmt.Sprint("beside ", n))
		}))
	}
	for _, p := range c.all {
		give(t, p, beside...)
	}
	title := "Order recycled paper"
	ben.edit(t, task.ID, crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}}))
	c.settle()
	c.same()
	v, err := ana.View(task.ID)
	must(t, err)
	if v.Title != title || v.UpdatedBy != ben.me() {
		t.Errorf("Ana sees %q, last changed by %v", v.Title, v.UpdatedBy)
	}
	ana.edit(t, task.ID, crdttest.Finish())
	c.settle()
	c.same()
}
