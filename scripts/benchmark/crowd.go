package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

const (
	crowdSize     = 50
	crowdFounders = 20 // the others come with a code each
	crowdEdits    = 50
)

// crowd has fifty daemons on this computer, each connected with every other: how long an edit takes
// until all have it on their disks and say so.
func (b *bench) crowd(ctx context.Context) (err error) {
	all, err := b.gather(ctx)
	for _, h := range all {
		defer h.stop()
	}
	if err != nil {
		return err
	}
	task, err := all[0].client.CreateTask(ctx, apitest.NewTask{Title: "Order paper"})
	if err != nil {
		return err
	}
	watch, cancel := context.WithCancel(ctx)
	defer cancel()
	seen := make(chan string, crowdSize*(crowdEdits+10))
	var ready errgroup.Group
	for _, h := range all {
		listening := make(chan struct{})
		go func() {
			for e, err := range h.client.Events(watch, []string{"task"}, func() { close(listening) }) {
				if err != nil {
					return
				}
				seen <- e.Title
			}
		}()
		ready.Go(func() error { <-listening; return nil })
	}
	if err := ready.Wait(); err != nil {
		return err
	}
	var took []time.Duration
	for i := range crowdEdits {
		title := fmt.Sprintf("Order paper, %d", i)
		began := time.Now()
		if _, err := all[i%crowdSize].client.EditTask(ctx, task.ID, apitest.TaskEdit{Title: &title}); err != nil {
			return err
		}
		for have := 0; have < crowdSize; {
			select {
			case t := <-seen:
				if t == title {
					have++
				}
			case <-time.After(time.Minute):
				return fmt.Errorf("edit %d reached %d of %d", i, have, crowdSize)
			}
		}
		took = append(took, time.Since(began))
	}
	work := fmt.Sprintf("%d daemons in full mesh, an edit until all have it", crowdSize)
	b.spread(work, took, map[string]string{"p95": "≤ 250 ms"})
	total := 0.0
	for _, h := range all {
		m, err := h.memory()
		if err != nil {
			return err
		}
		total += m.now
	}
	b.add(work, "resident memory of one", total/crowdSize, "MB", "")
	return nil
}

// gather founds a co-op of all, and returns when everybody is connected with everybody and in step.
func (b *bench) gather(ctx context.Context) (all []*home, err error) {
	join := func(code string, n int) error {
		h, err := b.home(fmt.Sprintf("crowd-%d", n))
		if err != nil {
			return err
		}
		if _, err := h.run(ctx, "join", code, "--as", fmt.Sprintf("Member %d", n), "--listen", "/ip4/127.0.0.1/tcp/0"); err != nil {
			return err
		}
		all = append(all, h)
		_, err = h.start(ctx)
		return err
	}
	first, err := b.home("crowd-1")
	if err != nil {
		return nil, err
	}
	out, err := first.run(ctx, "init", "Crowd", "--as", "Member 1", "--founders", fmt.Sprint(crowdFounders), "--listen", "/ip4/127.0.0.1/tcp/0", "--json")
	if err != nil {
		return nil, err
	}
	var founded api.InitResult
	if err := json.Unmarshal(out, &founded); err != nil {
		return nil, err
	}
	all = append(all, first)
	if _, err := first.start(ctx); err != nil {
		return all, err
	}
	for _, i := range founded.Invites {
		if err := join(i.Code, len(all)+1); err != nil {
			return all, err
		}
	}
	for len(all) < crowdSize {
		// Each in turn, as nobody may have brought more than a few.
		i, err := all[len(all)%crowdFounders].client.Invite(ctx, time.Hour)
		if err != nil {
			return all, err
		}
		if err := join(i.Code, len(all)+1); err != nil {
			return all, err
		}
	}
	for _, h := range all {
		if err := b.meetsAll(ctx, h); err != nil {
			return all, err
		}
	}
	return all, nil
}

// meetsAll waits until a daemon is connected and in step with all others.
func (b *bench) meetsAll(ctx context.Context, h *home) error {
	for began := time.Now(); ; {
		peers, err := h.client.Peers(ctx)
		if err != nil {
			return err
		}
		met := 0
		for _, p := range peers {
			if p.Connected && p.InStep {
				met++
			}
		}
		if met == crowdSize-1 {
			return nil
		}
		if time.Since(began) > 5*time.Minute {
			return fmt.Errorf("%s is in step with %d of %d", h.dir, met, crowdSize-1)
		}
		time.Sleep(50 * time.Millisecond)
	}
}
