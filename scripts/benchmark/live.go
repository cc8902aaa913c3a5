package main

import (
	"context"
	"fmt"
	"time"

	"kith/daemon/api/apitest"
)

// titles is how often one document is given another title: there is room for about a thousand by one person.
const titles = 500

// live measures how long an edit takes: until the daemon that made it has it on its disk and
// answers, and from there until the other has it on its own and says so.
func (b *bench) live(ctx context.Context, edits int) error {
	one, two, err := b.pair(ctx, "live-a", "live-b")
	if err != nil {
		return err
	}
	defer one.stop()
	defer two.stop()
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	type arrival struct {
		title string
		at    time.Time
	}
	seen := make(chan arrival, edits+1)
	ready := make(chan struct{})
	go func() {
		for e, err := range two.client.Events(watch, []string{"task"}, func() { close(ready) }) {
			if err != nil {
				return
			}
			seen <- arrival{e.Title, time.Now()}
		}
	}()
	<-ready
	var answer, arrive []time.Duration
	var task apitest.Task
	for i := range edits {
		if i%titles == 0 {
			if task, err = one.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper"}); err != nil {
				return err
			}
		}
		title := fmt.Sprintf("Order paper, %d", i)
		began := time.Now()
		if _, err := one.client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: &title}); err != nil {
			return err
		}
		answered := time.Now()
		answer = append(answer, answered.Sub(began))
		for {
			select {
			case a := <-seen:
				if a.title != title {
					continue
				}
				arrive = append(arrive, max(0, a.at.Sub(answered)))
			case <-time.After(time.Minute):
				return fmt.Errorf("edit %d did not arrive", i)
			}
			break
		}
	}
	b.spread("live edit: the local API answers", answer, nil)
	b.spread("live edit: from the answer at A to the event at B", arrive, map[string]string{"p50": "≤ 1 ms", "p95": "≤ 3 ms"})
	return nil
}
