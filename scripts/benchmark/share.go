package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"kith/daemon/api"
	"kith/daemon/api/apitest"
)

const (
	shareDocs = 100
	meetings  = 5
)

// share measures how two meet again who have 100 documents in common: as a co-op of two that has no more, and as
// allies in a share that lies beside large homes. What goes over the wire is counted whole, handshakes included.
func (b *bench) share(ctx context.Context) error {
	one, two, plain, err := b.linked(ctx, "plain")
	if err != nil {
		return err
	}
	defer plain.close()
	if _, err := two.start(ctx); err != nil {
		return err
	}
	if err := b.meetings(ctx, fmt.Sprintf("a co-op that has %d documents", shareDocs), one.client, two.client, plain); err != nil {
		return err
	}
	for _, h := range []*home{one, two} {
		if err := h.stop(); err != nil {
			return err
		}
	}
	one, two, between, err := b.allies(ctx)
	if err != nil {
		return err
	}
	defer between.close()
	space, err := b.pact(ctx, one, two, between)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("a share of %d beside homes of %d", shareDocs, b.docs)
	if err := b.meetings(ctx, what, one.client.In(space), two.client.In(space), between); err != nil {
		return err
	}
	for _, h := range []*home{one, two} {
		if err := h.stop(); err != nil {
			return err
		}
	}
	return nil
}

// allies are two co-ops of one, each with many documents. Both daemons run.
func (b *bench) allies(ctx context.Context) (one, two *home, l *link, err error) {
	var both [2]*home
	for i, name := range []string{"Riso", "Quilted"} {
		h, err := b.home("ally-" + strings.ToLower(name))
		if err != nil {
			return nil, nil, nil, err
		}
		if _, err := h.run(ctx, "init", name, "--as", "Ana", "--founders", "1", "--listen", "/ip4/127.0.0.1/tcp/0", "--json"); err != nil {
			return nil, nil, nil, err
		}
		if err := b.fill(ctx, h.dir, h.dir, 0, b.docs); err != nil {
			return nil, nil, nil, err
		}
		if _, err := h.start(ctx); err != nil {
			return nil, nil, nil, err
		}
		both[i] = h
	}
	return both[0], both[1], &link{}, nil
}

// pact has two co-ops make one. In its share they meet through the link alone.
func (b *bench) pact(ctx context.Context, one, two *home, l *link) (share string, err error) {
	var listen, announce [2][]string
	for i := range listen {
		if listen[i], announce[i], err = l.between(); err != nil {
			return "", err
		}
	}
	invited, err := one.client.AllyInvite(ctx, api.AllyInviteRequest{
		Purpose: "a fair", Ends: time.Now().AddDate(1, 0, 0).Format(time.DateOnly), Listen: listen[0], Announce: announce[0]})
	if err != nil {
		return "", err
	}
	joined, err := two.client.AllyJoin(ctx, api.AllyJoinRequest{Code: invited.Code, Listen: listen[1], Announce: announce[1]}, time.Minute)
	if err != nil {
		return "", err
	}
	asked, err := untilPact(ctx, one, api.AllyCompare)
	if err != nil {
		return "", err
	}
	if _, err := one.client.AllyConfirm(ctx, api.AllyConfirmRequest{Words: strings.Join(joined.Words, " ")}); err != nil {
		return "", err
	}
	if _, err := two.client.AllyConfirm(ctx, api.AllyConfirmRequest{Words: strings.Join(asked.Words, " ")}); err != nil {
		return "", err
	}
	if _, err := untilPact(ctx, one, api.AllyMade); err != nil {
		return "", err
	}
	made, err := untilPact(ctx, two, api.AllyMade)
	if err != nil {
		return "", err
	}
	return made.Share.ID, nil
}

func untilPact(ctx context.Context, h *home, state string) (a api.Ally, err error) {
	err = poll(ctx, func() (bool, error) {
		all, err := h.client.Allies(ctx)
		if len(all) == 1 {
			a = all[0]
		}
		return a.State == state, err
	})
	return a, err
}

// meetings writes the documents, lets two part, changes three and lets them meet again, several times.
func (b *bench) meetings(ctx context.Context, where string, one, two *apitest.Client, l *link) error {
	ids := make([]string, shareDocs)
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(16)
	for i := range ids {
		g.Go(func() (err error) {
			ids[i], err = fillOne(gctx, one, i, b.size)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	if err := poll(ctx, func() (bool, error) {
		all, err := two.Tasks(ctx, apitest.TaskQuery{Limit: shareDocs + 1})
		return len(all) == shareDocs, err
	}); err != nil {
		return err
	}
	if _, err := two.Sync(ctx, time.Minute); err != nil {
		return err
	}
	var took []time.Duration
	var bytes []int64
	for range meetings {
		once, n, err := meetAgain(ctx, one, two, l, ids[:peerChanged])
		if err != nil {
			return err
		}
		took, bytes = append(took, once), append(bytes, n)
	}
	slices.Sort(took)
	slices.Sort(bytes)
	work := fmt.Sprintf("reconnect, %d changed, of %s", peerChanged, where)
	b.add(work, "from the network's return, p50", ms(took[len(took)/2]), "ms", "")
	b.add(work, "on the wire, p50", float64(bytes[len(bytes)/2]), "bytes", "")
	return nil
}
