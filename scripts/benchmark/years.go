package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/sync/errgroup"

	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/replica"
)

const (
	lifetime = 5  // years
	founders = 20 // beside whom the others come in by agreement; two of them only look on
	workers  = 50 // who write
)

// grown is a figure of a store's life, at the end of each year.
type grown struct {
	what, unit string
	at         []float64
	drawn      bool // in the picture
}

// years measures a store's life: fifty people, each at a computer of their own, work together for five years of b.days working days, and bring
// all of it into the store of somebody who looks on, as peers do. At the end of each year it is measured what that costs by then: there, and
// for a founder whose computer was off since the founding. Their clocks go faster, so that all of it lies behind us and no earlier than a
// clock may be.
func (b *bench) years(ctx context.Context, picture string) error {
	one, two, c, err := b.foundYears(ctx)
	if err != nil {
		return err
	}
	key, err := deviceKey(one.dir)
	if err != nil {
		return err
	}
	all := &life{}
	began := time.Now()
	for year := range lifetime {
		if err := live(ctx, one.dir, key, c, year, b.days); err != nil {
			return fmt.Errorf("year %d: %w", year+1, err)
		}
		if err := b.yearsEnd(ctx, all, one, two, key, c, year+1); err != nil {
			return fmt.Errorf("at the end of year %d: %w", year+1, err)
		}
	}
	fmt.Fprintf(os.Stderr, "all of it took %v\n", time.Since(began).Round(time.Second))
	all.print(b.days)
	if picture == "" {
		return nil
	}
	return os.WriteFile(picture, all.picture(b.days), 0o644)
}

// foundYears makes the co-op: a home that looks on, one that is off from then on, and the fifty.
func (b *bench) foundYears(ctx context.Context) (one, two *home, c *coop, err error) {
	all, err := b.foundedBy(ctx, founders, func() ([]string, error) { return []string{"--listen", "/ip4/127.0.0.1/tcp/0"}, nil }, "years-a", "years-b")
	if err != nil {
		return nil, nil, nil, err
	}
	for _, h := range all {
		if err := h.stop(); err != nil {
			return nil, nil, nil, err
		}
	}
	key, err := deviceKey(all[0].dir)
	if err != nil {
		return nil, nil, nil, err
	}
	r, err := openStore(all[0].dir, key)
	if err != nil {
		return nil, nil, nil, err
	}
	c = &coop{space: r.Space(), runs: accept.RunMap{}, numbers: map[entry.ID]uint64{}, rng: rand.New(rand.NewPCG(1, 2))}
	for i := range founders - len(all) {
		code := entry.NewSigner()
		w := &worker{name: fmt.Sprintf("Founder %d", i), member: entry.NewSigner(), key: entry.NewSigner(), today: -1}
		red, err := charter.NewRedemption(c.space, code, w.member, w.key, w.name, "laptop")
		if err != nil {
			return nil, nil, nil, err
		}
		if _, err := r.Say(ctx, func(k *charter.Charter) ([]byte, error) { return k.FillSeat(code.Device(), red) }); err != nil {
			return nil, nil, nil, err
		}
		m, _ := r.Charter().MemberOf(w.key.Device())
		w.id = m.ID
		c.people = append(c.people, w)
	}
	c.charter = r.Charter()
	for i := len(c.people); i < workers; i++ {
		if _, err := c.comesIn(ctx, c.people[i%len(c.people)], fmt.Sprintf("Member %d", i)); err != nil {
			return nil, nil, nil, err
		}
	}
	return all[0], all[1], c, r.Close()
}

// live is a year, day by day; while one day is made, the one before is stored.
func live(ctx context.Context, dir string, key entry.Signer, c *coop, year, days int) error {
	r, err := openStore(dir, key)
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	type made struct {
		began time.Time
		all   []*entry.Entry
	}
	daily := make(chan made, 2)
	g.Go(func() error {
		defer close(daily)
		until := time.Now().Add(-time.Hour)
		whole := until.Sub(replica.ClockFrom)
		for day := range days {
			n := year*days + day
			c.at = replica.ClockFrom.Add(whole / time.Duration(lifetime*days) * time.Duration(n))
			began := c.at
			c.month = firstOf((lifetime*days-n)/ofAMonth + 1)[:len("2026-11")] // the last one is over by now
			if err := c.works(gctx); err != nil {
				return fmt.Errorf("day %d: %w", n, err)
			}
			select {
			case daily <- made{began, c.out}:
			case <-gctx.Done():
				return gctx.Err()
			}
			c.out = nil
		}
		return nil
	})
	g.Go(func() error {
		for day := range daily {
			got, err := r.Accept(gctx, day.all)
			if err == nil && got.Stored != len(day.all) {
				err = fmt.Errorf("of %d entries %d were stored: %v", len(day.all), got.Stored, got.Refused)
			}
			if err := errors.Join(err, r.Acknowledge(gctx, day.began), r.NoteTime()); err != nil {
				return err
			}
		}
		return nil
	})
	err = g.Wait()
	if n := r.Store().Counts(); err == nil && n.Pending+n.Void+n.Elsewhere > 0 {
		err = fmt.Errorf("not all of it counts: %+v", n)
	}
	return errors.Join(err, r.Close())
}

// life is all that was measured.
type life struct{ figures []*grown }

func (l *life) add(what string, value float64, unit string, drawn bool) {
	i := slices.IndexFunc(l.figures, func(g *grown) bool { return g.what == what })
	if i < 0 {
		i, l.figures = len(l.figures), append(l.figures, &grown{what: what, unit: unit, drawn: drawn})
	}
	l.figures[i].at = append(l.figures[i].at, value)
}

// times is how many times as much a figure was at the end of a year as at the end of the first.
func (g *grown) times(year int) float64 { return g.at[year] / g.at[0] }

func (l *life) print(days int) {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	head := table.Row{fmt.Sprintf("at the end of the year of %d days", days)}
	for year := range lifetime {
		head = append(head, strconv.Itoa(year+1))
	}
	t.AppendHeader(append(head, "times"))
	for _, g := range l.figures {
		r := table.Row{g.what}
		for _, v := range g.at {
			r = append(r, figure(v)+" "+g.unit)
		}
		t.AppendRow(append(r, fmt.Sprintf("%.1f", g.times(lifetime-1))))
	}
	t.RenderMarkdown()
}

// figure is a number as people read it: with no more than three digits that say something.
func figure(v float64) string {
	switch {
	case v >= 1000:
		s := strconv.Itoa(int(v + 0.5))
		for i := len(s) - 3; i > 0; i -= 3 {
			s = s[:i] + "," + s[i:]
		}
		return s
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// yearsEnd measures what all of it costs now.
func (b *bench) yearsEnd(ctx context.Context, l *life, one, two *home, key entry.Signer, c *coop, year int) error {
	add := func(what string, value float64, unit string, drawn bool) {
		l.add(what, value, unit, drawn)
		b.add(fmt.Sprintf("a store after %d years of %d days", year, b.days), what, value, unit, "")
		b.rows[len(b.rows)-1].shown = true
	}
	r, err := openStore(one.dir, key)
	if err != nil {
		return err
	}
	n := r.Store().Counts()
	statements := r.Charter().Statements()
	bytes, said := 0, 0
	if err := r.Store().All(func(_ uint64, encoded []byte) bool { bytes += len(encoded); return true }); err != nil {
		return err
	}
	for _, e := range statements {
		said += len(e.Encoded())
	}
	add("what people wrote", float64(c.wrote)/1e6, "MB", true)
	add("changes", float64(c.changes), "", false)
	add("documents", float64(n.Documents), "", false)
	add("all entries", float64(bytes)/1e6, "MB", true)
	add("statements", float64(len(statements)), "", false)
	add("of all entries, statements", float64(said)/1e6, "MB", true)
	if err := r.Close(); err != nil {
		return err
	}
	r = nil
	took, held, err := folded(c.space, statements)
	if err != nil {
		return err
	}
	add("charter folded, processor time", took, "ms", true)
	add("charter in memory, beside its statements", held, "MB", false)

	if _, err := one.start(ctx); err != nil { // it does once what there is to do, such as binding what is searched
		return err
	}
	if err := errors.Join(one.quiet(ctx), one.stop()); err != nil {
		return err
	}
	disk, err := onDisk(one.dir)
	if err != nil {
		return err
	}
	add("disk", disk, "MB", true)
	var starts, worked []time.Duration
	for range 5 {
		took, err := one.start(ctx)
		if err != nil {
			return err
		}
		work, err := one.worked()
		if err := errors.Join(err, one.stop()); err != nil {
			return err
		}
		starts, worked = append(starts, took), append(worked, work)
	}
	slices.Sort(starts)
	slices.Sort(worked)
	add("start to the first answered query", ms(starts[len(starts)/2]), "ms", false)
	add("a start's processor time", ms(worked[len(worked)/2]), "ms", true)
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop()
	for _, args := range [][]string{{"task", "list", "--limit", "50"}, {"today"}, {"load"}, {"time", "report"}} {
		if _, err := one.run(ctx, args...); err != nil {
			return err
		}
	}
	if err := one.quiet(ctx); err != nil {
		return err
	}
	m, err := one.memory()
	if err != nil {
		return err
	}
	add("memory, idle after four lists", m.now, "MB", true)
	add("of that, mapped files", m.files, "MB", false)
	before, err := one.worked()
	if err != nil {
		return err
	}
	const asked = 5
	for range asked {
		if _, err := one.run(ctx, "status"); err != nil {
			return err
		}
	}
	after, err := one.worked()
	if err != nil {
		return err
	}
	add("kith status, the daemon's processor time", ms(after-before)/asked, "ms", true)

	name := fmt.Sprintf("away-%d", year)
	if err := copyHomes(ctx, b.dir, filepath.Join(b.dir, name), []string{filepath.Base(two.dir)}); err != nil {
		return err
	}
	away, err := b.home(filepath.Join(name, filepath.Base(two.dir)))
	if err != nil {
		return err
	}
	got, err := b.caughtUp(ctx, one, away, int(n.Documents))
	if err := errors.Join(err, away.stop(), os.RemoveAll(away.dir)); err != nil {
		return err
	}
	add("catch-up of who was away", got.all.Seconds(), "s", false)
	add("its first 100 documents", ms(got.first), "ms", false)
	add("a catch-up's processor time, both sides", (got.sender + got.receiver).Seconds(), "s", true)
	add("on the wire", float64(got.bytes)/1e6, "MB", false)
	add("its most memory", got.most, "MB", false)
	return nil
}

// folded is the processor time in ms that it takes to fold a charter, in the middle of three times, and how many MB it is then.
func folded(space entry.SpaceID, statements []*entry.Entry) (took, held float64, err error) {
	var times []time.Duration
	var before, after runtime.MemStats
	for range 3 {
		runtime.GC()
		runtime.ReadMemStats(&before)
		began, unread := ownWork()
		c := charter.Fold(space, statements, charter.StepID{})
		ended, err := ownWork()
		if err := errors.Join(unread, err); err != nil {
			return 0, 0, err
		}
		times = append(times, ended-began)
		runtime.GC()
		runtime.ReadMemStats(&after)
		runtime.KeepAlive(c)
	}
	slices.Sort(times)
	return ms(times[1]), (float64(after.HeapAlloc) - float64(before.HeapAlloc)) / 1e6, nil
}

// ownWork is the processor time of this process so far.
func ownWork() (time.Duration, error) {
	var u syscall.Rusage
	err := syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano()), err
}

// onDisk is what the files of a home take, in MB: blocks, since some files are long and hold nothing.
func onDisk(dir string) (mb float64, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		i, err := d.Info()
		if err != nil {
			return err
		}
		if s, ok := i.Sys().(*syscall.Stat_t); ok {
			mb += float64(s.Blocks) * 512 / 1e6
		}
		return nil
	})
	return mb, err
}

// quiet waits until a daemon has done what there was to do: it works less than a tenth of the time for three seconds.
func (h *home) quiet(ctx context.Context) error {
	before, err := h.worked()
	for rest := 0; err == nil && rest < 3; rest++ {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		var now time.Duration
		if now, err = h.worked(); now-before > 100*time.Millisecond {
			rest = -1
		}
		before = now
	}
	return err
}
