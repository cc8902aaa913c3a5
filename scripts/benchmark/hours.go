package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/replica"
)

// perMonth is how many entries somebody logs in a month who logs six times a day; people are as many as Kith is for.
const (
	perMonth = 125
	people   = 50
)

// hours measures the hours of a large co-op: b.logged entries in months of five years. They are of one member, since nobody writes
// another's hours; a sum reads them like those of fifty.
func (b *bench) hours(ctx context.Context) error {
	name := fmt.Sprintf("%d entries of hours", b.logged)
	both, err := b.kept(ctx, []string{"hours-a", "hours-b"}, func() error {
		all, err := b.atRest(ctx, "hours-a", "hours-b")
		if err != nil {
			return err
		}
		began := time.Now()
		if err := b.logHours(ctx, all[0]); err != nil {
			return err
		}
		b.add("logging, 32 months at a time", "rate", float64(b.logged)/time.Since(began).Seconds(), "entries/s", "")
		return nil
	})
	if err != nil {
		return err
	}
	one, two := both[0], both[1]
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop()
	if _, err := one.run(ctx, "project", "add", "Project 1", "--rate", "50 EUR"); err != nil {
		return err
	}
	for work, args := range map[string][]string{
		"kith time report, " + name:                     {"time", "report"},
		"kith time report of a month, " + name:          {"time", "report", "--from", firstOf(1), "--to", firstOf(0)},
		"kith time list of a month, everybody, " + name: {"time", "list", "--all", "--from", firstOf(1), "--to", firstOf(0)},
		"kith time invoice of a month, " + name:         {"time", "invoice", "--project", "Project 1", "--from", firstOf(1), "--to", firstOf(0)},
		"kith load, " + name:                            {"load"},
	} {
		if err := b.command(ctx, one, work, 10, map[string]string{}, args...); err != nil {
			return err
		}
	}
	if err := b.memory("resident memory, "+name, one); err != nil {
		return err
	}
	defer two.stop()
	return b.bring(ctx, one, two, "sync to who has nothing, "+name, (b.logged+perMonth-1)/perMonth, b.logged)
}

// firstOf is the first day of the month so many months back.
func firstOf(back int) string {
	now := time.Now()
	return time.Date(now.Year(), now.Month()-time.Month(back), 1, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
}

// logHours writes the entries, each a change of its own as a member writes them, into the store of a home that no daemon serves.
func (b *bench) logHours(ctx context.Context, h *home) error {
	key, err := deviceKey(h.dir)
	if err != nil {
		return err
	}
	r, err := openStore(h.dir, key)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for n := 0; n*perMonth < b.logged; n++ {
		g.Go(func() error { return b.month(gctx, r, n) })
	}
	return errors.Join(g.Wait(), r.Close())
}

// month writes the entries of one person in one month.
func (b *bench) month(ctx context.Context, r *replica.Replica, n int) error {
	first := firstOf(1 + n/people%60)
	asks := kind.Begin(first[:len("2026-11")], "")
	asks.Put(kinds.MonthField(), change.StrValue(first[:len("2026-11")]))
	v, err := r.Create(ctx, kinds.Time.Name, func(e replica.Edit) error { return e.Perform(kinds.Time, kinds.Time.Make, asks, nil) })
	for i := 0; i < min(perMonth, b.logged-n*perMonth) && err == nil; i++ {
		var a kind.Request
		a.Put(kinds.TimeName, change.StrValue(fmt.Sprintf("e%d", i)))
		a.Put(kinds.TimeOn, change.StrValue(fmt.Sprintf("%s-%02d", first[:len("2026-11")], 1+i/6)))
		a.Put(kinds.TimeHours, change.IntValue(75))
		a.Put(kinds.TimeFor, change.StrValue(fmt.Sprintf("Project %d", i%7)))
		a.Put(kinds.TimeCoord, change.BoolValue(i%6 == 0))
		_, err = r.Edit(ctx, v.ID, func(e replica.Edit) error { return e.Perform(kinds.Time, kinds.Time.Verb("log"), a, nil) })
	}
	return err
}
