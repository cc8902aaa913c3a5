package daemon

import (
	"context"
	"testing"

	"kith/daemon/api/apitest"
)

// The limit of Go's heap hangs on it.
func TestHowMuchIsStoredIsToldAsItGrows(t *testing.T) {
	t.Parallel()
	ana := coop(t, "Ana")[0]
	ctx, stop := context.WithCancel(t.Context())
	told, done := make(chan int64), make(chan error, 1)
	go func() {
		done <- Run(ctx, Options{Home: ana.dir, NoMDNS: true, Version: "test", Holds: func(n int64) {
			select {
			case told <- n:
			case <-ctx.Done():
			}
		}})
	}()
	defer func() { stop(); must(t, <-done) }()
	before := <-told
	if before == 0 {
		t.Error("a co-op without a charter")
	}
	_, err := ana.client.CreateNote(t.Context(), apitest.NewNote{Title: "Opening"})
	must(t, err)
	if n := <-told; n <= before {
		t.Errorf("%d entries, and before the note there were %d", n, before)
	}
}
