package daemon

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand"
	"strings"
	"sync"
	"testing"
	"time"

	"kith/crdt"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// promises are the changes that a daemon has acknowledged.
type promises struct {
	mu     sync.Mutex
	titles map[string]string   // of documents, by ID
	lines  map[string][]string // in the text of notes, by ID
	n      int
}

func (p *promises) keep(what func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	what()
	p.n++
}

// write makes changes through the API until the daemon is gone, and notes each that was
// acknowledged.
func (p *promises) write(ctx context.Context, h *computer, who string, acknowledged chan<- struct{}) error {
	rng := rand.New(rand.NewSource(time.Now().UnixNano()))
	var notes []string
	for n := 0; ; n++ {
		name := fmt.Sprintf("%s %d", who, n)
		err := func() error {
			if len(notes) == 0 {
				note, err := h.client.CreateNote(ctx, apitest.NewNote{Title: name, Text: name + "\n"})
				if err == nil {
					notes = append(notes, note.ID)
					p.keep(func() { p.titles[note.ID] = name; p.lines[note.ID] = []string{name} })
				}
				return err
			}
			note := notes[rng.Intn(len(notes))]
			switch rng.Intn(5) {
			case 0:
				t, err := h.client.CreateTask(ctx, apitest.NewTask{Title: name, Hours: 1})
				if err == nil {
					p.keep(func() { p.titles[t.ID] = name })
				}
				return err
			case 1:
				_, err := h.client.EditNote(ctx, note, apitest.NoteEdit{Title: &name})
				if err == nil {
					p.keep(func() { p.titles[note] = name })
				}
				return err
			default:
				_, err := h.client.AppendNote(ctx, note, name)
				if err == nil {
					p.keep(func() { p.lines[note] = append(p.lines[note], name) })
				}
				return err
			}
		}()
		if err != nil {
			return err
		}
		acknowledged <- struct{}{}
	}
}

// kept fails the test for each promise that h doesn't keep. A title may have been changed to one
// that was never acknowledged: the daemon died before it could say so.
func (p *promises) kept(h *computer, round int) {
	h.t.Helper()
	ctx := h.t.Context()
	tasks, err := h.client.Tasks(ctx, apitest.TaskQuery{})
	must(h.t, err)
	notes, err := h.client.Notes(ctx, apitest.NoteQuery{})
	must(h.t, err)
	titles := map[string]string{}
	for _, t := range tasks {
		titles[t.ID] = t.Title
	}
	for _, n := range notes {
		titles[n.ID] = n.Title
		for _, line := range p.lines[n.ID] {
			if !strings.Contains("\n"+n.Text+"\n", "\n"+line+"\n") {
				h.t.Errorf("round %d: %s acknowledged %q in %s, and it is gone", round, h.name, line, n.ID)
			}
		}
	}
	for id, want := range p.titles {
		got, ok := titles[id]
		writer, _, _ := strings.Cut(want, " ")
		if !ok || got != want && !strings.HasPrefix(got, writer+" ") {
			h.t.Errorf("round %d: %s acknowledged %q of %s, and it shows %q", round, h.name, want, id, got)
		}
	}
}

// KITH_CRASHES=200 is the full run.
func TestAKilledDaemonKeepsAllThatItAcknowledged(t *testing.T) {
	t.Parallel()
	crashes := rounds(t, "KITH_CRASHES", 20)
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	ben.start()
	seed := time.Now().UnixNano()
	t.Log("seed", seed)
	rng := rand.New(rand.NewSource(seed))

	p := &promises{titles: map[string]string{}, lines: map[string][]string{}}
	// Ben writes all the time, so that Ana also dies while she takes what he passes on.
	benWrites, stopBen := context.WithCancel(t.Context())
	defer stopBen()
	others := &promises{titles: map[string]string{}, lines: map[string][]string{}}
	var bens sync.WaitGroup
	bens.Go(func() {
		pace := make(chan struct{})
		go func() {
			for range pace {
				select { // a few a second: he is there to be passed on, not to be waited for
				case <-time.After(100 * time.Millisecond):
				case <-benWrites.Done():
				}
			}
		}()
		err := others.write(benWrites, ben, "ben", pace)
		close(pace)
		if benWrites.Err() == nil {
			t.Errorf("Ben's writer: %v", err)
		}
	})
	for round := range crashes {
		ana.start()
		var writers sync.WaitGroup
		acknowledged := make(chan struct{}, 1<<16)
		for w := range 4 {
			writers.Go(func() {
				err := p.write(t.Context(), ana, fmt.Sprintf("w%d.%d", round, w), acknowledged)
				var problem *api.Problem
				if !errors.As(err, &problem) || problem.Code != api.NotRunning {
					t.Errorf("round %d: the writer ended with %v", round, err)
				}
			})
		}
		<-acknowledged
		<-time.After(time.Duration(rng.Int63n(int64(250 * time.Millisecond)))) // the random instant
		ana.kill()
		writers.Wait()

		ana.start()
		p.kept(ana, round)
		ana.wellBeing()
		status, err := ana.client.Status(t.Context())
		must(t, err)
		if status.Entries.Void != 0 || status.Entries.Quarantined != 0 {
			t.Errorf("round %d: %+v", round, status.Entries)
		}
		if round%20 == 19 || round == crashes-1 {
			sameHeadsWhileWriting(t, ana, ben, stopBen, &bens, round == crashes-1)
		}
		if t.Failed() {
			t.Fatalf("round %d: the daemon's log:\n%s", round, ana.log)
		}
		ana.kill() // also right after a start
	}
	t.Logf("%d crashes twice each, %d changes acknowledged by Ana and %d by Ben, none lost", crashes, p.n, others.n)

	ana.start()
	sameHeads(ana, ben)
	p.kept(ana, crashes)
	p.kept(ben, crashes)
	others.kept(ana, crashes)
	ana.stop()
	ben.stop()
	for _, h := range all {
		viewsAreAsMadeAnew(h)
	}
}

// sameHeadsWhileWriting waits until they are in step; at the last, Ben stops to write before.
func sameHeadsWhileWriting(t *testing.T, ana, ben *computer, stopBen func(), bens *sync.WaitGroup, last bool) {
	t.Helper()
	if !last {
		ana.inStepWith(ben)
		return
	}
	stopBen()
	bens.Wait()
	sameHeads(ana, ben)
}

// viewsAreAsMadeAnew judges every document of a stopped daemon afresh and compares: a view that
// was stored without its change, or the other way round, would show.
func viewsAreAsMadeAnew(h *computer) {
	h.t.Helper()
	r := h.openReplica()
	defer func() { must(h.t, r.Close()) }()
	picture := func() map[entry.DocID]string {
		out := map[entry.DocID]string{}
		must(h.t, r.Views("", func(v *crdt.View) bool {
			b, err := json.Marshal(v)
			must(h.t, err)
			out[v.ID] = string(b)
			return true
		}))
		return out
	}
	before, counts := picture(), r.Counts()
	must(h.t, r.Rebuild(h.t.Context(), func(int, int) {}))
	after := picture()
	for id, was := range before {
		if after[id] != was {
			h.t.Errorf("%s's view of %s is another one when made anew:\n%s\n%s", h.name, id, was, after[id])
		}
	}
	if len(before) != len(after) || counts != r.Counts() {
		h.t.Errorf("%s: %d views and %+v; made anew %d and %+v", h.name, len(before), counts, len(after), r.Counts())
	}
	must(h.t, r.Verify())
}
