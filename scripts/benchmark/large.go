package main

import (
	"context"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/replica"
)

// large measures a home with many documents: writing them, starting, listing, memory, and
// bringing all of it to somebody who has nothing.
func (b *bench) large(ctx context.Context) error {
	one, two, err := b.pair(ctx, "large-a", "large-b")
	if err != nil {
		return err
	}
	if err := two.stop(); err != nil {
		return err
	}
	if err := one.stop(); err != nil {
		return err
	}
	took, err := b.fill(ctx, one.dir, b.docs)
	if err != nil {
		return err
	}
	b.add("writing changes, 32 at a time", "rate", float64(b.docs*b.size)/took.Seconds(), "changes/s", "")
	name := fmt.Sprintf("%d documents", b.docs)

	var starts []time.Duration
	for range 5 {
		took, err := one.start(ctx)
		if err != nil {
			return err
		}
		starts = append(starts, took)
		if err := one.stop(); err != nil {
			return err
		}
	}
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop()
	b.spread("start to the first answered query, "+name, starts, map[string]string{"p50": "≤ 250 ms"})

	var lists []time.Duration
	for range 40 {
		began := time.Now()
		if _, err := one.run(ctx, "task", "list", "--limit", "50"); err != nil {
			return err
		}
		lists = append(lists, time.Since(began))
	}
	b.spread("kith task list of 50 out of "+name, lists, map[string]string{"p95": "≤ 40 ms"})

	time.Sleep(5 * time.Second) // what is idle has done what there was to do
	if err := b.memory("resident memory, idle after a start, "+name, one); err != nil {
		return err
	}
	if err := b.catchUp(ctx, one, two); err != nil {
		return err
	}
	defer two.stop()
	time.Sleep(5 * time.Second)
	return b.memory("resident memory after the catch-up, "+name, two)
}

func (b *bench) memory(work string, h *home) error {
	mb, err := h.memory()
	if err == nil {
		b.add(work, "RSS", mb, "MB", "≤ 80 MB")
	}
	return err
}

// fill writes the documents into a home that no daemon serves, and returns how long that took.
func (b *bench) fill(ctx context.Context, dir string, docs int) (took time.Duration, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, "device.key"))
	if err != nil {
		return 0, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return 0, err
	}
	r, err := replica.Open(replica.Config{Dir: filepath.Join(dir, "store"), Key: entry.SignerFromSeed([32]byte(seed))})
	if err != nil {
		return 0, err
	}
	began := time.Now()
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := range docs {
		g.Go(func() error { return b.document(gctx, r, i) })
	}
	if err := g.Wait(); err != nil {
		return 0, err
	}
	return time.Since(began), r.Close()
}

func (b *bench) document(ctx context.Context, r *replica.Replica, i int) error {
	v, err := r.Create(ctx, kinds.Task.Name, func(e replica.Edit) error {
		return crdttest.NewTask(e.Now, crdttest.TaskFields{
			Title: fmt.Sprintf("Print run %d", i), Text: "Two colours, 300 copies.", Project: "Riso",
		})(e.Doc, nil)
	})
	for n := 1; n < b.size && err == nil; n++ {
		title := fmt.Sprintf("Print run %d, plate %d", i, n)
		_, err = r.Edit(ctx, v.ID, func(e replica.Edit) error {
			return crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: &title}})(e.Doc, e.View)
		})
	}
	return err
}

// catchUp brings everything to a member who has nothing but the charter.
func (b *bench) catchUp(ctx context.Context, one, two *home) error {
	before, err := one.worked()
	if err != nil {
		return err
	}
	began := time.Now()
	if _, err := two.start(ctx); err != nil {
		return err
	}
	var first time.Duration
	for {
		s, err := two.client.Status(ctx)
		if err != nil {
			return err
		}
		if first == 0 && s.Documents >= 100 {
			first = time.Since(began)
		}
		if s.Documents >= b.docs && s.InStep && len(s.Peers) > 0 && s.Peers[0].InStep {
			name := fmt.Sprintf("cold catch-up, %d × %d changes", b.docs, b.size)
			b.add(name, "all", time.Since(began).Seconds(), "s", "≤ 5 s")
			b.add(name, "first 100 documents", ms(first), "ms", "≤ 500 ms")
			sender, err := one.worked()
			if err != nil {
				return err
			}
			receiver, err := two.worked()
			if err != nil {
				return err
			}
			b.add(name, "processor time of who sends", (sender - before).Seconds(), "s", "")
			b.add(name, "processor time of who receives, from its start", receiver.Seconds(), "s", "")
			b.add(name, "on the wire", float64(s.Peers[0].BytesReceived)/float64(b.docs*b.size), "bytes a change", "≤ 300")
			return nil
		}
		if time.Since(began) > 5*time.Minute {
			return fmt.Errorf("after %v there are %d documents", time.Since(began), s.Documents)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
