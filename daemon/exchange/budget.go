package exchange

import (
	"context"
	"fmt"
	"time"
)

// budget bounds the work that a peer causes for nothing: entries that are here already, and
// messages that say nothing new. Some of that is nobody's fault, since in a full mesh everybody
// passes on what the others have by then: so each entry that is new here, from whomever, may come
// once more over every connection, and besides there is a rate, and a store to draw on.
//
// Who has drawn it down is read no faster than it fills up again. That is all that it takes
// with an honest peer, whose queue then runs over, so that it compares the sets and sends what is
// missing. Who goes on regardless is left.
//
// It is the reader's alone.
type budget struct {
	spent  float64 // bytes, less what has come back
	at     time.Time
	fresh  int64     // of x.fresh, what is taken into account
	since  time.Time // when it was drawn down; zero: it isn't
	wasted int64     // bytes since then
}

// spend takes n bytes off and returns how long to wait before reading on.
func (b *budget) spend(n int, now time.Time, fresh int64, most *bounds) (wait time.Duration, err error) {
	back := now.Sub(b.at).Seconds()*float64(most.rate) + float64(fresh-b.fresh)
	b.spent, b.at, b.fresh = max(0, b.spent-back)+float64(n), now, fresh
	switch {
	case b.spent <= float64(most.store/2):
		b.since, b.wasted = time.Time{}, 0
		return 0, nil
	case b.spent <= float64(most.store):
		b.wasted += int64(n)
		return 0, nil
	case b.since.IsZero():
		b.since = now
	}
	b.wasted += int64(n)
	if now.Sub(b.since) > wastePatience {
		return 0, &WasteError{Bytes: b.wasted, For: now.Sub(b.since)}
	}
	return time.Duration((b.spent - float64(most.store)) / float64(most.rate) * float64(time.Second)), nil
}

// WasteError says that the peer went on sending what is of no use after it was slowed down.
type WasteError struct {
	Bytes int64
	For   time.Duration
}

func (e *WasteError) Error() string {
	return fmt.Sprintf("kept sending what is here already: %d MB in %v", e.Bytes>>20, e.For.Round(time.Second))
}

// waste takes n bytes off the peer's budget, and slows it down where there is nothing left.
func (l *link) waste(ctx context.Context, n int) error {
	wait, err := l.budget.spend(n, time.Now(), l.x.fresh.Load(), &l.x.bounds)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.wasting = !l.budget.since.IsZero()
	l.mu.Unlock()
	if wait <= 0 {
		return nil
	}
	l.report()
	return sleep(ctx, wait)
}

// sleep waits; the error is that of ctx.
func sleep(ctx context.Context, wait time.Duration) error {
	if wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
