package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/replica"
)

const (
	talkers   = 8   // members who talk about one decision
	remarks   = 250 // of each
	positions = 25  // that each takes, one after the other
)

// decision measures a decision over which there was much talk, and in which everybody changed their mind often.
func (b *bench) decision(ctx context.Context) error {
	var names []string
	for i := range talkers {
		names = append(names, fmt.Sprintf("decision-%d", i))
	}
	all, err := b.atRest(ctx, names...)
	if err != nil {
		return err
	}
	one := all[0]
	var doc entry.DocID
	began := time.Now()
	for i, h := range all {
		if err := b.talk(ctx, one, h, i, &doc); err != nil {
			return err
		}
	}
	b.add("writing them, one after the other", "rate", float64(talkers*(remarks+positions))/time.Since(began).Seconds(), "changes/s", "")
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop()
	id := "d-" + doc.String()
	name := fmt.Sprintf("a decision with %d positions and %d remarks", talkers*positions, talkers*remarks)
	for _, args := range [][]string{{"version"}, {"decision", "show", id}, {"talk", id}, {"today"}, {"decision", "log", id, "--limit", "50"}, {"decision", "history", id}} {
		if err := b.command(ctx, one, "kith "+args[0]+" "+shownAs(args), 20, map[string]string{"p95": "≤ 150 ms"}, args...); err != nil {
			return err
		}
	}
	if err := b.command(ctx, one, "kith talk --text, "+name, 20, map[string]string{"p95": "≤ 150 ms"}, "talk", id, "--text", "One more word."); err != nil {
		return err
	}
	return b.memory("resident memory, "+name, one)
}

func shownAs(args []string) string {
	if len(args) > 1 && args[0] == "decision" {
		return args[1]
	}
	return ""
}

// talk writes what one member says, into the store of a home that no daemon serves; the first one begins the decision.
func (b *bench) talk(ctx context.Context, into, by *home, n int, doc *entry.DocID) error {
	key, err := deviceKey(by.dir)
	if err != nil {
		return err
	}
	r, err := openStore(into.dir, key)
	if err != nil {
		return err
	}
	return errors.Join(b.say(ctx, r, n, doc), r.Close())
}

func (b *bench) say(ctx context.Context, r *replica.Replica, n int, doc *entry.DocID) error {
	me, ok := r.Me()
	if !ok {
		return fmt.Errorf("device %d speaks for nobody", n)
	}
	if n == 0 {
		v, err := r.Create(ctx, kinds.Decision.Name, func(e replica.Edit) error {
			return crdttest.NewDecision(e.Author, crdttest.DecisionFields{Title: "Buy the building", Text: "We buy the building in which we rent, with a loan of the cooperative bank."})(e.Doc, nil)
		})
		if err != nil {
			return err
		}
		*doc = v.ID
	}
	for i := range remarks {
		asks := kind.Request{Text: &kind.Writing{Text: fmt.Sprintf("Remark %d: the roof is old, and we need two quotes before we sign.", i)}}
		if _, err := r.Edit(ctx, *doc, func(e replica.Edit) error { return e.Perform(kinds.Decision, kind.Talk, asks, nil) }); err != nil {
			return err
		}
	}
	for i := range positions {
		stance, why := "consent", ""
		if i%2 == 0 && n > 0 {
			stance, why = "object", fmt.Sprintf("reason %d: the loan runs too long", i)
		}
		if _, err := r.Edit(ctx, *doc, func(e replica.Edit) error { return crdttest.TakePosition(me.ID, stance, why, "")(e.Doc, e.View) }); err != nil {
			return err
		}
	}
	return nil
}
