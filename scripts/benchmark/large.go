package main

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// large measures a home with many documents: writing them, starting, listing, memory, and
// bringing all of it to somebody who has nothing.
func (b *bench) large(ctx context.Context) error {
	one, two, err := b.prepared(ctx)
	if err != nil {
		return err
	}
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

	if err := b.command(ctx, one, "kith task list of 50 out of "+name, 40, map[string]string{"p95": "≤ 40 ms"}, "task", "list", "--limit", "50"); err != nil {
		return err
	}
	for _, args := range [][]string{{"today"}, {"load"}, {"time", "report"}} {
		if err := b.command(ctx, one, "kith "+strings.Join(args, " ")+", "+name, 10, map[string]string{}, args...); err != nil {
			return err
		}
	}

	for _, words := range []string{"p", "plate", "run 4711", "pritn", "nothing"} { // a letter, in all of them, in few, a letter apart, in none
		if err := b.command(ctx, one, "kith search "+words+", "+name, 20, map[string]string{"p95": "≤ 40 ms"}, "search", words); err != nil {
			return err
		}
	}

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

// writes is how many changes of the large home one device writes at most: what more than that it wrote, others would
// hold back (replica.MaxDays).
const writes = 500_000

// prepared makes the large home, which no daemon serves, and one that has nothing but the charter.
func (b *bench) prepared(ctx context.Context) (one, two *home, err error) {
	names := []string{"large-a", "large-b"}
	for len(names) < 2+(b.docs*b.size-1)/writes {
		names = append(names, fmt.Sprintf("large-%c", 'a'+len(names)))
	}
	both, err := b.kept(ctx, names[:2], func() error {
		all, err := b.atRest(ctx, names...)
		if err != nil {
			return err
		}
		began, from := time.Now(), 0
		writers := append([]*home{all[0]}, all[2:]...)
		for i, by := range writers {
			until := b.docs * (i + 1) / len(writers)
			if err := b.fill(ctx, all[0].dir, by.dir, from, until); err != nil {
				return err
			}
			from = until
		}
		b.add("writing changes, 32 at a time", "rate", float64(b.docs*b.size)/time.Since(began).Seconds(), "changes/s", "")
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	return both[0], both[1], nil
}

// kept makes homes that no daemon serves, by make, or takes copies of those in b.keep, so that several programs are measured with one store.
func (b *bench) kept(ctx context.Context, names []string, make func() error) (homes []*home, err error) {
	_, missing := os.Stat(filepath.Join(b.keep, names[0]))
	if b.keep != "" && missing == nil {
		err = copyHomes(ctx, b.keep, b.dir, names)
	} else if err = make(); err == nil && b.keep != "" {
		err = copyHomes(ctx, b.dir, b.keep, names)
	}
	for _, name := range names {
		h, unnamed := b.home(name)
		homes, err = append(homes, h), errors.Join(err, unnamed)
	}
	return homes, err
}

// copyHomes copies homes as they are, with who may read what.
func copyHomes(ctx context.Context, from, to string, names []string) error {
	if err := os.MkdirAll(to, 0o700); err != nil {
		return err
	}
	args := []string{"-a"}
	for _, name := range names {
		args = append(args, filepath.Join(from, name))
	}
	return exec.CommandContext(ctx, "cp", append(args, to)...).Run()
}

func (b *bench) memory(work string, h *home) error {
	m, err := h.memory()
	if err == nil {
		b.add(work, "RSS", m.now, "MB", "≤ 80 MB")
		b.add(work, "of that, mapped files", m.files, "MB", "")
	}
	return err
}

// fill writes the documents with the numbers from first on, and below until, into the store of a home that no daemon serves,
// by the device of another of the same co-op, or its own.
func (b *bench) fill(ctx context.Context, dir, by string, first, until int) error {
	key, err := deviceKey(by)
	if err != nil {
		return err
	}
	r, err := openStore(dir, key)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(32)
	for i := first; i < until; i++ {
		g.Go(func() error { return b.document(gctx, r, i) })
	}
	return errors.Join(g.Wait(), r.Close())
}

// deviceKey reads the key of the device of a home.
func deviceKey(dir string) (entry.Signer, error) {
	raw, err := os.ReadFile(filepath.Join(dir, "device.key"))
	if err != nil {
		return entry.Signer{}, err
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(raw)))
	if err != nil {
		return entry.Signer{}, err
	}
	return entry.SignerFromSeed([32]byte(seed)), nil
}

// openStore opens the store of a home that no daemon serves.
func openStore(dir string, key entry.Signer) (*replica.Replica, error) {
	return replica.Open(replica.Config{Dir: filepath.Join(dir, "store"), Key: key})
}

// command measures how long a command takes that is typed so many times.
func (b *bench) command(ctx context.Context, h *home, work string, times int, target map[string]string, args ...string) error {
	var took []time.Duration
	for range times {
		began := time.Now()
		if _, err := h.run(ctx, args...); err != nil {
			return err
		}
		took = append(took, time.Since(began))
	}
	b.spread(work, took, target)
	return nil
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
	return b.bring(ctx, one, two, fmt.Sprintf("cold catch-up, %d × %d changes", b.docs, b.size), b.docs, b.docs*b.size)
}

// bring starts the daemon of two, which has nothing but the charter, and measures until it has what one has: so many documents and changes.
func (b *bench) bring(ctx context.Context, one, two *home, name string, docs, changes int) error {
	got, err := b.caughtUp(ctx, one, two, docs)
	if err != nil {
		return err
	}
	b.add(name, "all", got.all.Seconds(), "s", "≤ 5 s")
	b.add(name, "first 100 documents", ms(got.first), "ms", "≤ 500 ms")
	b.add(name, "processor time of who sends", got.sender.Seconds(), "s", "")
	b.add(name, "processor time of who receives, from its start", got.receiver.Seconds(), "s", "")
	b.add(name, "on the wire", float64(got.bytes)/float64(changes), "bytes a change", "≤ 300")
	b.add(name, "most memory of who receives", got.most, "MB", "≤ 150 MB")
	return nil
}

// caught is what a catch-up took.
type caught struct {
	all, first       time.Duration // until everything, and until the first hundred documents were there
	sender, receiver time.Duration // of the processor; the receiver's from its start
	bytes            int64         // that came
	most             float64       // memory of who receives, in MB
}

// caughtUp starts the daemon of two, and waits until it has what one has: so many documents.
func (b *bench) caughtUp(ctx context.Context, one, two *home, docs int) (c caught, err error) {
	before, err := one.worked()
	if err != nil {
		return c, err
	}
	began := time.Now()
	if _, err := two.start(ctx); err != nil {
		return c, err
	}
	pause := 5 * time.Millisecond
	for {
		s, err := two.client.Status(ctx)
		if err != nil {
			return c, err
		}
		if c.first == 0 && s.Documents >= 100 {
			c.first, pause = time.Since(began), 50*time.Millisecond
		}
		from := slices.IndexFunc(s.Peers, func(p api.Peer) bool { return p.InStep })
		if s.Documents >= docs && s.InStep && from >= 0 {
			c.all, c.bytes = time.Since(began), s.Peers[from].BytesReceived
			break
		}
		if time.Since(began) > 30*time.Minute {
			return c, fmt.Errorf("after %v there are %d documents", time.Since(began), s.Documents)
		}
		select {
		case <-ctx.Done():
			return c, ctx.Err()
		case <-time.After(pause):
		}
	}
	if c.sender, err = one.worked(); err != nil {
		return c, err
	}
	c.sender -= before
	if c.receiver, err = two.worked(); err != nil {
		return c, err
	}
	m, err := two.memory()
	c.most = m.most
	return c, err
}
