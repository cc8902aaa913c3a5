package space

import (
	"path/filepath"
	"testing"
	"time"

	"kith/crdt/entry"
	"kith/daemon/peer"
	"kith/daemon/store"
)

func openStore(t *testing.T) *store.Store {
	t.Helper()
	s, err := store.Open(filepath.Join(t.TempDir(), "store"), nil)
	must(t, err)
	t.Cleanup(func() { must(t, s.Close()) })
	return s
}

func TestWhenADeviceWasLastInStepOutlivesTheDaemonAndSoDoesWhatItMayLack(t *testing.T) {
	s := openStore(t)
	m, err := openMeters(s)
	must(t, err)
	now, ben := time.Now().Truncate(time.Millisecond), entry.Device{1}
	line := peer.PeerStatus{Device: ben, Connected: true, InStep: true}
	look := func(arrived uint64) bool {
		now = now.Add(time.Second)
		return m.look(now, arrived, []peer.PeerStatus{line})
	}
	if !look(10) {
		t.Error("to be in step for the first time isn't worth writing down")
	}
	if got := m.read(ben, 10); got.since != 10 {
		t.Errorf("what came since the start may not have been told to Ben: %+v", got)
	}
	m.records(store.NewBatch(nil))
	if look(10) {
		t.Error("it is written down every second")
	}
	// What has a number now may not be on the disk yet, nor told to Ben: the last look counts.
	look(15)
	if got := m.read(ben, 15); got.since != 5 || !got.at.Equal(now) {
		t.Errorf("%+v", got)
	}
	look(15)
	inStep := now
	line.InStep = false
	if !look(20) {
		t.Error("not to be in step any more isn't worth writing down")
	}
	b := store.NewBatch(nil)
	m.records(b)
	must(t, s.Commit(b))

	again, err := openMeters(s)
	must(t, err)
	if got := again.read(ben, 22); got.since != 7 || !got.at.Equal(inStep) {
		t.Errorf("after a restart: %+v, want 7 entries since %s", got, inStep)
	}
	if got := again.read(entry.Device{2}, 22); got.since != 0 || !got.at.IsZero() {
		t.Errorf("of somebody who never was in step: %+v", got)
	}
}
