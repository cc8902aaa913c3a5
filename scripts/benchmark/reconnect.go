package main

import (
	"context"
	"fmt"
	"time"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

// reconnect measures two who were apart: how long after its start one is in step again, and what
// went over the wire, both ways.
func (b *bench) reconnect(ctx context.Context) error {
	for _, docs := range []int{100, 1000, b.docs} {
		if err := b.reconnectAt(ctx, docs); err != nil {
			return err
		}
	}
	return nil
}

func (b *bench) reconnectAt(ctx context.Context, docs int) error {
	one, two, err := b.pair(ctx, fmt.Sprintf("apart-%d-a", docs), fmt.Sprintf("apart-%d-b", docs))
	if err != nil {
		return err
	}
	if err := one.stop(); err != nil {
		return err
	}
	if err := b.fill(ctx, one.dir, one.dir, 0, docs); err != nil {
		return err
	}
	if _, err := one.start(ctx); err != nil {
		return err
	}
	defer one.stop()
	if _, err := two.client.Sync(ctx, 5*time.Minute); err != nil {
		return err
	}
	if err := b.waitFor(ctx, two, docs); err != nil {
		return err
	}
	tasks, err := one.client.Tasks(ctx, apitest.TaskQuery{Limit: 100})
	if err != nil {
		return err
	}
	for _, changed := range []int{0, 3, 100} {
		if err := two.stop(); err != nil {
			return err
		}
		for i := range changed {
			title := fmt.Sprintf("Changed %d", i)
			if _, err := one.client.EditTask(ctx, tasks[i%len(tasks)].ID, apitest.TaskEdit{Title: &title}); err != nil {
				return err
			}
		}
		began := time.Now()
		if _, err := two.start(ctx); err != nil {
			return err
		}
		p, err := b.inStep(ctx, two)
		if err != nil {
			return err
		}
		work := fmt.Sprintf("reconnect, %d of %d documents changed", changed, docs)
		b.add(work, "from the start to in step", ms(time.Since(began)), "ms", "")
		b.add(work, "on the wire", float64(p.BytesReceived+p.BytesSent), "bytes", "")
	}
	return two.stop()
}

// inStep waits until a home is in step with its one peer, and returns how it got there.
func (b *bench) inStep(ctx context.Context, h *home) (api.Peer, error) {
	until := time.Now().Add(5 * time.Minute)
	for {
		peers, err := h.client.Peers(ctx)
		if err != nil {
			return api.Peer{}, err
		}
		if len(peers) > 0 && peers[0].InStep {
			return peers[0], nil
		}
		if time.Now().After(until) {
			return api.Peer{}, fmt.Errorf("not in step: %+v", peers)
		}
		select {
		case <-ctx.Done():
			return api.Peer{}, ctx.Err()
		case <-time.After(2 * time.Millisecond):
		}
	}
}

// waitFor waits until a home has so many documents.
func (b *bench) waitFor(ctx context.Context, h *home, docs int) error {
	until := time.Now().Add(5 * time.Minute)
	for {
		s, err := h.client.Status(ctx)
		if err != nil || s.Documents >= docs && s.InStep {
			return err
		}
		if time.Now().After(until) {
			return fmt.Errorf("there are %d of %d documents", s.Documents, docs)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
