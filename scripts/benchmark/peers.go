package main

import (
	"bufio"
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"golang.org/x/sync/errgroup"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// What is compared: small enough for automerge-repo to get through in a minute or two.
const (
	peerDocs    = 1000
	peerChanges = 10
	peerChanged = 3
)

//go:embed automerge-repo
var automergeRepo embed.FS

// peers does the same work with Kith and with automerge-repo, one after the other on this machine, and
// prints both beside each other. Without node it says so, and that is all.
func (b *bench) peers(ctx context.Context, edits int) error {
	for _, program := range []string{"node", "npm"} {
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(os.Stderr, "%s isn't installed, so nothing is compared with automerge-repo\n", program)
			return nil
		}
	}
	if err := b.kithPeers(ctx, edits); err != nil {
		return fmt.Errorf("kith: %w", err)
	}
	ours := b.rows
	b.rows = nil
	if err := b.automergePeers(ctx, edits); err != nil {
		return fmt.Errorf("automerge-repo: %w", err)
	}
	theirs := b.rows
	b.rows = ours

	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.AppendHeader(table.Row{"work", "figure", "kith", "automerge-repo"})
	for _, r := range ours {
		i := slices.IndexFunc(theirs, func(o row) bool { return o.Work == r.Work && o.Figure == r.Figure })
		other := ""
		if i >= 0 {
			other = shown(theirs[i])
			b.rows = append(b.rows, row{Work: "automerge-repo: " + r.Work, Figure: r.Figure, Value: theirs[i].Value, Unit: theirs[i].Unit})
		}
		t.AppendRow(table.Row{r.Work, r.Figure, shown(r), other})
	}
	t.RenderMarkdown()
	return nil
}

func shown(r row) string {
	if r.Unit == "bytes" {
		return strconv.FormatFloat(r.Value, 'f', 0, 64) + " bytes"
	}
	return fmt.Sprintf("%.2f %s", r.Value, r.Unit)
}

// automergePeers installs automerge-repo beside the homes and has it timed by its own script.
func (b *bench) automergePeers(ctx context.Context, edits int) error {
	dir := filepath.Join(b.dir, "automerge-repo")
	if err := os.CopyFS(b.dir, automergeRepo); err != nil {
		return err
	}
	install := exec.CommandContext(ctx, "npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel", "error")
	install.Dir = dir
	if out, err := install.CombinedOutput(); err != nil {
		return fmt.Errorf("npm install: %w: %s", err, out)
	}
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		return err
	}
	var stderr bytes.Buffer
	measure := exec.CommandContext(ctx, "node", "measure.mjs", data, strconv.Itoa(peerDocs), strconv.Itoa(peerChanges), strconv.Itoa(edits))
	measure.Dir, measure.Stderr = dir, &stderr
	stdout, err := measure.StdoutPipe()
	if err != nil {
		return err
	}
	if err := measure.Start(); err != nil {
		return err
	}
	for lines := bufio.NewScanner(stdout); lines.Scan(); {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			return errors.Join(fmt.Errorf("%w: %s", err, lines.Text()), measure.Wait())
		}
		b.add(r.Work, r.Figure, r.Value, r.Unit, "")
	}
	if err := measure.Wait(); err != nil {
		return fmt.Errorf("node: %w: %s", err, stderr.String())
	}
	return nil
}

// kithPeers is the same with two daemons. What goes between them goes through doors, which count it
// whole, handshakes included, and can be shut.
func (b *bench) kithPeers(ctx context.Context, edits int) error {
	one, two, link, err := b.linked(ctx, "peers")
	if err != nil {
		return err
	}
	defer link.close()
	defer one.stop()
	if _, err := two.start(ctx); err != nil {
		return err
	}
	if _, err := two.client.Sync(ctx, time.Minute); err != nil {
		return err
	}
	if err := b.peerLive(ctx, one, two, edits); err != nil {
		return err
	}
	if err := two.stop(); err != nil {
		return err
	}

	ids, err := fillByAPI(ctx, one)
	if err != nil {
		return err
	}
	time.Sleep(5 * time.Second) // what is idle has done what there was to do
	m, err := one.memory()
	if err != nil {
		return err
	}
	b.add("resident memory, after writing it all", "RSS", m.now, "MB", "")

	link.bytes.Store(0)
	began := time.Now()
	if _, err := two.start(ctx); err != nil {
		return err
	}
	defer two.stop()
	if err := untilDocuments(ctx, two, peerDocs); err != nil {
		return err
	}
	b.add("cold catch-up", "all", time.Since(began).Seconds(), "s", "")
	b.add("cold catch-up", "on the wire", float64(link.bytes.Load()), "bytes", "")

	took, bytes, err := meetAgain(ctx, one.client, two.client, link, ids[:peerChanged])
	if err != nil {
		return err
	}
	b.add("reconnect, 3 changed", "time", ms(took), "ms", "")
	b.add("reconnect, 3 changed", "on the wire", float64(bytes), "bytes", "")
	return nil
}

// meetAgain cuts two off from each other, changes some documents on one side and lets them meet again. It
// returns how long after the network came back all was there, and the bytes on the wire.
func meetAgain(ctx context.Context, one, two *apitest.Client, l *link, ids []string) (took time.Duration, bytes int64, err error) {
	l.shut(true)
	if err := untilConnected(ctx, two, false); err != nil {
		return 0, 0, err
	}
	title := func(i int) string { return fmt.Sprintf("Changed %d", i) }
	for i, id := range ids {
		now := title(i)
		t, err := one.Task(ctx, id)
		if err != nil {
			return 0, 0, err
		}
		if t.Title == now {
			now = title(i) + " again"
		}
		if _, err := one.EditTask(ctx, id, apitest.TaskEdit{Title: &now}); err != nil {
			return 0, 0, err
		}
	}
	l.bytes.Store(0)
	l.shut(false)
	began := time.Now()
	if _, err := two.Sync(ctx, time.Minute); err != nil {
		return 0, 0, err
	}
	for _, id := range ids {
		there, err := one.Task(ctx, id)
		if err != nil {
			return 0, 0, err
		}
		if t, err := two.Task(ctx, id); err != nil || t.Title != there.Title {
			return 0, 0, fmt.Errorf("in step, and it has %q: %w", t.Title, err)
		}
	}
	took = time.Since(began)
	time.Sleep(2 * time.Second) // what follows, such as addresses
	return took, l.bytes.Load(), nil
}

// peerLive times edits from the moment when they are asked for to the event at the other, once at a
// person's pace and once each as soon as the one before has arrived.
func (b *bench) peerLive(ctx context.Context, one, two *home, edits int) error {
	task, err := one.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper"})
	if err != nil {
		return err
	}
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	seen, ready := make(chan string, edits+1), make(chan struct{})
	go func() {
		for e, err := range two.client.Events(watch, []string{"task"}, func() { close(ready) }) {
			if err != nil {
				return
			}
			seen <- e.Title
		}
	}()
	<-ready
	for _, way := range []struct {
		how   string
		gap   time.Duration
		count int
	}{{"paced", 75 * time.Millisecond, min(edits, 400)}, {"back to back", 0, min(edits, 200)}} {
		var took []time.Duration
		for i := range way.count {
			title := fmt.Sprintf("Order paper, %s, %d", way.how, i)
			began := time.Now()
			if _, err := one.client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: &title}); err != nil {
				return err
			}
			for got := ""; got != title; {
				select {
				case got = <-seen:
				case <-time.After(time.Minute):
					return fmt.Errorf("edit %d did not arrive", i)
				}
			}
			took = append(took, time.Since(began))
			time.Sleep(way.gap)
		}
		slices.Sort(took)
		for _, p := range []int{50, 99} {
			b.add("live edit, "+way.how, fmt.Sprintf("p%d", p), ms(took[len(took)*p/100]), "ms", "")
		}
	}
	return nil
}

// linked founds a co-op of two that meet only through a link. The first one's daemon runs.
func (b *bench) linked(ctx context.Context, name string) (one, two *home, l *link, err error) {
	if one, err = b.home(name + "-a"); err != nil {
		return nil, nil, nil, err
	}
	if two, err = b.home(name + "-b"); err != nil {
		return nil, nil, nil, err
	}
	l = &link{}
	at := make([][]string, 2) // how each listens and what it announces
	for i := range at {
		listen, announce, err := l.between()
		if err != nil {
			return nil, nil, nil, err
		}
		at[i] = []string{"--listen", listen[0], "--announce", announce[0]}
	}
	out, err := one.run(ctx, append([]string{"init", "Bench", "--as", "Ana", "--founders", "2", "--json"}, at[0]...)...)
	if err != nil {
		return nil, nil, nil, err
	}
	var founded api.InitResult
	if err := json.Unmarshal(out, &founded); err != nil {
		return nil, nil, nil, err
	}
	if _, err := one.start(ctx); err != nil {
		return nil, nil, nil, err
	}
	_, err = two.run(ctx, append([]string{"join", founded.Invites[0].Code, "--as", "Ben"}, at[1]...)...)
	return one, two, l, err
}

// fillByAPI writes the documents through a daemon, many at a time.
func fillByAPI(ctx context.Context, h *home) ([]string, error) {
	ids := make([]string, peerDocs)
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range ids {
		g.Go(func() error {
			id, err := fillOne(ctx, h.client, i, peerChanges)
			ids[i] = id
			return err
		})
	}
	return ids, g.Wait()
}

// fillOne writes one document.
func fillOne(ctx context.Context, c *apitest.Client, i, changes int) (string, error) {
	t, err := c.CreateTask(ctx, apitest.NewTask{Title: fmt.Sprintf("Print run %d", i), Text: "Two colours, 300 copies."})
	for n := 2; n <= changes && err == nil; n++ {
		title := fmt.Sprintf("Print run %d, plate %d", i, n)
		_, err = c.EditTask(ctx, t.ID, apitest.TaskEdit{Title: &title})
	}
	return t.ID, err
}

// untilDocuments waits until a home has so many documents, and is in step.
func untilDocuments(ctx context.Context, h *home, n int) error {
	return poll(ctx, func() (bool, error) {
		s, err := h.client.Status(ctx)
		return err == nil && s.Documents >= n && len(s.Peers) > 0 && s.Peers[0].InStep, err
	})
}

func untilConnected(ctx context.Context, c *apitest.Client, so bool) error {
	return poll(ctx, func() (bool, error) {
		peers, err := c.Peers(ctx)
		return err == nil && !slices.ContainsFunc(peers, func(p api.Peer) bool { return p.Connected != so }), err
	})
}

func poll(ctx context.Context, so func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	for {
		if ok, err := so(); ok || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(5 * time.Millisecond):
		}
	}
}
