package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/daemontest"
	"kith/daemon/doctor"
	"kith/daemon/home"
)

// A real disk that is full: a small file system in memory.
func TestOnAFullDiskCommandsFailClearlyReadingGoesOnAndRoomIsAllItTakes(t *testing.T) {
	t.Parallel()
	if os.Getuid() != 0 {
		t.Skip("mounting a small file system takes root")
	}
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	disk := filepath.Join(filepath.Dir(ana.dir), "disk")
	must(t, os.Mkdir(disk, 0o700))
	if err := syscall.Mount("kith-test", disk, "tmpfs", 0, "size=192m"); err != nil {
		t.Skipf("mounting a small file system isn't allowed here: %v", err)
	}
	t.Cleanup(func() { must(t, syscall.Unmount(disk, 0)) })
	must(t, os.CopyFS(filepath.Join(disk, "home"), os.DirFS(ana.dir)))
	must(t, os.Chmod(filepath.Join(disk, "home", "device.key"), 0o600))
	ana = newHome(t, "Ana", filepath.Join(disk, "home"))
	ana.start()
	ben.start()
	ana.inStepWith(ben)
	ctx := t.Context()
	task, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper", Text: "A4"})
	must(t, err)

	fill := filepath.Join(disk, "films")
	// Less than Kith keeps free. With nothing left at all Badger may die at any moment, if it happens
	// to be tidying up: it writes through memory maps. docs/OPERATIONS.md says so.
	for _, left := range []int64{60 << 20, 40 << 20} {
		daemontest.FillUp(t, disk, fill, left)
		for range 3 {
			var p *api.Problem
			_, err = ana.client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: ptr("more")})
			if !asTold(err, &p) || !strings.Contains(p.Message, "disk is full") || !strings.Contains(p.Hint, "room") {
				t.Errorf("%d bytes left: an edit: %v", left, err)
			}
			if _, err := ana.client.CreateNote(ctx, apitest.NewNote{Title: "x"}); !asTold(err, &p) || !strings.Contains(p.Message, "disk is full") {
				t.Errorf("%d bytes left: a creation: %v", left, err)
			}
		}
		note, err := ben.client.CreateNote(ctx, apitest.NewNote{Title: "while Ana's disk is full"})
		must(t, err)
		_, err = ben.client.AppendNote(ctx, note.ID, "more")
		must(t, err)
		// Reading goes on, of views and of what has to be loaded.
		ana.until("her daemon has noticed", func() bool { return !ana.about("Ben").InStep })
		if v, err := ana.client.Task(ctx, task.ID); err != nil || v.Title != "Order paper" {
			t.Errorf("%d bytes left: reading: %+v, %v", left, v, err)
		}
		if l, err := ana.client.Log(ctx, "", false, 0); err != nil || len(l) < 3 {
			t.Errorf("%d bytes left: the log: %d, %v", left, len(l), err)
		}
		if _, err := ana.client.Search(ctx, "paper", 3); err != nil {
			t.Errorf("%d bytes left: a search: %v", left, err)
		}
		ana.alive()
	}
	must(t, os.Remove(fill))
	_, err = ana.client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: ptr("Order more paper")})
	must(t, err)
	_, err = ana.client.CreateNote(ctx, apitest.NewNote{Title: "after"})
	must(t, err)
	sameHeads(ana, ben)
	for _, h := range []*computer{ana, ben} {
		s, err := h.client.Status(ctx)
		must(t, err)
		if s.Entries.Void+s.Entries.Pending > 0 {
			t.Errorf("%s: %+v: a number served twice", h.name, s.Entries)
		}
		h.wellBeing()
	}
	// It ends well on a full disk, too, and says why it doesn't start on one.
	daemontest.FillUp(t, disk, fill, 0)
	if err := ana.tryStop(); err != nil {
		t.Errorf("stopping on a full disk: %v\n%s", err, ana.log)
	}
	if err := ana.begin(); err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("starting on a full disk: %v", err)
	}
	checks, err := doctor.Closed(ctx, ana.dir, false, nil, func(*home.Home) []api.Check { return nil })
	must(t, err)
	if last := checks[len(checks)-1]; last.OK || !strings.Contains(last.Says, "the disk is full") || !strings.HasPrefix(last.Hint, "make room") {
		t.Errorf("looked at on a full disk: %+v", checks)
	}
	must(t, os.Remove(fill))
	ana.start()
	sameHeads(ana, ben)
	ana.wellBeing()
	ana.stop()
}
