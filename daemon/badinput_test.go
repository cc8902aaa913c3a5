package daemon

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/store/storetest"
)

// told is what a person is told of an error; the test fails if they are told nothing of use.
func told(t testing.TB, err error) *api.Problem {
	t.Helper()
	p, ok := problem.Of(err)
	if !ok {
		t.Fatalf("nobody tells %v", err)
	}
	return p
}

// asTold is errors.As for what is told of an error.
func asTold(err error, into **api.Problem) bool {
	p, ok := problem.Of(err)
	if ok {
		*into = p
	}
	return ok
}

func TestAHomeThatAnotherDaemonServesIsLeftAlone(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	second := newHome(t, "Ana again", ana.dir)
	err := second.begin()
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("another kith process (PID %d) uses %s", ana.cmd.Process.Pid, ana.dir)) {
		t.Errorf("a second daemon in one home: %v", err)
	}
	if _, err := Doctor(t.Context(), ana.dir, false, nil); told(t, err).Hint == "" {
		t.Errorf("a doctor beside the daemon: %v", err)
	}
	if _, err := entrance.Init(t.Context(), entrance.InitOptions{Home: ana.dir, Coop: "Another", As: "Ana", Founders: 1, Listen: here()}); told(t, err).Code != api.Failed {
		t.Errorf("a second co-op: %v", err)
	}
	ana.alive()
	ana.wellBeing()
}

func TestADamagedStoreEndsTheStartWithTheNextStepAndTheDoctorSaysIt(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	tables, err := filepath.Glob(filepath.Join(ana.dir, "store", "*.sst"))
	must(t, err)
	if len(tables) == 0 || len(tables) > 2 { // of three Badger closes one that was opened while it opens the last
		t.Fatalf("a new home has the tables %v", tables)
	}
	b, err := os.ReadFile(tables[0])
	must(t, err)
	b[len(b)/3] ^= 1
	must(t, os.WriteFile(tables[0], b, 0o600))

	err = ana.begin()
	if err == nil || !strings.Contains(err.Error(), "the store is damaged") {
		t.Errorf("the daemon: %v", err)
	}
	err = Run(t.Context(), Options{Home: ana.dir, NoMDNS: true})
	if p := told(t, err); !strings.Contains(p.Hint, "kith doctor") || p.Code != api.Failed {
		t.Errorf("told: %q, %q", p.Message, p.Hint)
	}
	checks, err := Doctor(t.Context(), ana.dir, false, nil)
	must(t, err)
	found := false
	for _, c := range checks {
		found = found || c.Name == "store" && !c.OK && strings.Contains(c.Says, "damaged") && c.Hint != ""
	}
	if !found {
		t.Errorf("the doctor says %+v", checks)
	}
	if again, err := os.ReadFile(tables[0]); err != nil || string(again) != string(b) {
		t.Errorf("the table was overwritten: %v", err)
	}
}

// A build before 30 November 2026 took away, some time after a document was forgotten, what others had written in it again.
func TestWhatAnEarlierBuildLostOfADocumentComesBackFromTheOthersByItself(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	ana.start()
	ben.start()
	ctx := t.Context()
	note, err := ana.client.CreateNote(ctx, apitest.NewNote{Title: "bank", Text: "ours"})
	must(t, err)
	ben.until("Ben has the note", func() bool { _, err := ben.client.AppendNote(ctx, note.ID, "and Ben's"); return err == nil })
	reads := func() bool {
		n, err := ana.client.Note(ctx, note.ID)
		return err == nil && strings.Contains(n.Text, "and Ben's")
	}
	ana.until("Ana reads it", reads)
	ana.stop()
	doc, err := entry.ParseDocID(strings.TrimPrefix(note.ID, "n-"))
	must(t, err)
	storetest.Lose(t, filepath.Join(ana.dir, "store"), doc, kinds.Note.Name)
	ana.start()
	ana.until("it is back", reads)
	ana.stop()
	checks, err := Doctor(ctx, ana.dir, false, nil)
	must(t, err)
	for _, c := range checks {
		if c.Name == "store" && !c.OK {
			t.Errorf("the doctor says %q", c.Says)
		}
	}
}

func TestAKeyThatOthersCanReadOrThatIsDamagedIsRefused(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	key := filepath.Join(ana.dir, "device.key")
	good, err := os.ReadFile(key)
	must(t, err)
	refused := func(says string) {
		t.Helper()
		if err := ana.begin(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("the daemon: %v, want %q", err, says)
		}
		err := Run(t.Context(), Options{Home: ana.dir, NoMDNS: true})
		if p := told(t, err); p.Hint == "" || !strings.Contains(p.Message, key) {
			t.Errorf("told: %q, %q", p.Message, p.Hint)
		}
	}
	must(t, os.Chmod(key, 0o640))
	refused("chmod 600")
	must(t, os.Chmod(key, 0o600))
	must(t, os.WriteFile(key, good[:20], 0o600))
	refused("is damaged")
	must(t, os.Remove(key))
	refused("is missing")
	if _, err := os.Stat(key); err == nil {
		t.Error("a new key was drawn in a home that has a co-op")
	}
	must(t, os.WriteFile(key, good, 0o600))
	ana.start()
	ana.wellBeing()
}

func TestNamesInAllScriptsAreTakenAndEndlessOnesRefused(t *testing.T) {
	t.Parallel()
	all := coop(t, "Ana 🖨️ Ñandú", "מרים كريم")
	ana, miriam := all[0], all[1]
	ana.start()
	miriam.start()
	ana.inStepWith(miriam)
	ctx := t.Context()
	for _, title := range []string{"🧾 paper for the 🖨️ — 👩‍👩‍👧‍👦", "طلب ورق", "הזמנת נייר (A4)", "e\u0301tage", strings.Repeat("字", 200)} {
		task, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: title, Text: title, Ask: []string{"מרים كريم"}})
		if err != nil {
			t.Errorf("%q: %v", title, err)
			continue
		}
		miriam.until("it is there", func() bool {
			v, err := miriam.client.Task(ctx, task.ID)
			return err == nil && v.Title == task.Title && v.Text == task.Text
		})
	}
	if hits, err := miriam.client.Search(ctx, "ورق", 10); err != nil || len(hits) != 1 {
		t.Errorf("a search in Arabic finds %d, %v", len(hits), err)
	}
	long := strings.Repeat("🖨", 10_000)
	for what, err := range map[string]error{
		"a title": func() error { _, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: long}); return err }(),
		"a tag": func() error {
			_, err := ana.client.CreateNote(ctx, apitest.NewNote{Title: "x", Tags: []string{long}})
			return err
		}(),
		"a project": func() error {
			_, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: "x", Project: long})
			return err
		}(),
		"an ID": func() error { _, err := ana.client.Task(ctx, long); return err }(),
		"a member": func() error {
			_, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: "x", Ask: []string{long}})
			return err
		}(),
	} {
		var p *api.Problem
		if !asTold(err, &p) || len(p.Message) > 500 {
			t.Errorf("%s of 10,000 characters: %v", what, err)
		}
	}
	if note, err := ana.client.CreateNote(ctx, apitest.NewNote{Title: "long", Text: long}); err != nil || note.Text != long {
		t.Errorf("a text of 10,000 characters: %v", err)
	}
	sameHeads(ana, miriam)

	for what, o := range map[string]entrance.InitOptions{
		"a co-op":            {Coop: long, As: "Ana"},
		"a member":           {Coop: "Co-op", As: long},
		"a control char":     {Coop: "Co-op", As: "A\x1bna"},
		"nothing":            {Coop: "Co-op", As: "  "},
		"a text in override": {Coop: "Co-op", As: "\u202e"},
	} {
		o.Home, o.Founders, o.Listen = filepath.Join(t.TempDir(), "h"), 1, here()
		_, err := entrance.Init(ctx, o)
		if p := told(t, err); p.Code != api.Invalid || len(p.Message) > 500 {
			t.Errorf("a name that is %s: %q", what, p.Message)
		}
		var name *charter.NameError
		if !errors.As(err, &name) {
			t.Errorf("a name that is %s: %v", what, err)
		}
		if _, err := os.Stat(filepath.Join(o.Home, "store")); err == nil {
			t.Errorf("a name that is %s left a store behind", what)
		}
	}
}

func TestADaemonWhoseClockIsFarOffServesReadersAndSaysWhyItDoesNotWrite(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ana.start()
	task, err := ana.client.CreateTask(t.Context(), apitest.NewTask{Title: "Order paper"})
	must(t, err)
	ana.stop()

	ctx, cancel := context.WithCancel(t.Context())
	done, ready := make(chan error, 1), make(chan struct{})
	go func() {
		done <- Run(ctx, Options{
			Home: ana.dir, NoMDNS: true, Ready: func([]string) { close(ready) },
			Now: func() time.Time { return time.Date(1970, 1, 1, 0, 0, 9, 0, time.UTC) },
		})
	}()
	<-ready
	if v, err := ana.client.Task(ctx, task.ID); err != nil || v.Title != "Order paper" {
		t.Errorf("reading: %v", err)
	}
	var p *api.Problem
	if _, err := ana.client.ActOnTask(ctx, task.ID, apitest.TaskAction{Verb: apitest.TaskDone}); !asTold(err, &p) ||
		!strings.Contains(p.Message, "clock") || !strings.Contains(p.Message, "1970") || !strings.Contains(p.Hint, "clock") {
		t.Errorf("writing: %v", err)
	}
	checks, err := ana.client.Doctor(ctx, api.DoctorRequest{})
	must(t, err)
	said := false
	for _, c := range checks {
		said = said || c.Name == "clock" && !c.OK && c.Hint != ""
	}
	if !said {
		t.Errorf("the doctor says %+v", checks)
	}
	ana.client.Close()
	cancel()
	must(t, <-done)
}
