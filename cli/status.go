package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// pollEvery is how often a command looks whether a daemon that it waits for is there.
const pollEvery = 50 * time.Millisecond

func (k *kith) status() *cli.Command {
	return k.command(spec{
		name: "status", usage: "who is connected, and is everything in step",
		more:     "What a device has is by its own word: once a day it acknowledges what it has got. So it may have more than is said here, and not less. That it has a change doesn't mean that anybody has read it.\n\nWhere the daemon serves several spaces and none is named, it tells of each.",
		examples: []string{`kith status`, `kith status --wait 10s`, `kith status --jq .in_step`},
		flags:    []cli.Flag{&cli.DurationFlag{Name: "wait", Usage: "`TIME` wait until the daemon answers, at most so long"}},
		run:      runStatus,
	})
}

func runStatus(ctx context.Context, c *call) error {
	daemon, err := c.api()
	if err != nil {
		return err
	}
	s, err := statusSoon(ctx, c, daemon)
	var which *api.Problem
	if err != nil && !(errors.As(err, &which) && which.Code == api.Usage) { // that says that there are several
		return err
	}
	several, trouble := c.several(ctx, daemon, (*client.Client).FullSpaces)
	switch {
	case trouble != nil:
		return trouble
	case several == nil && err != nil:
		return err
	case several == nil:
		return c.out.show(s, func() { c.showStatus(s) })
	}
	return c.out.show(several, func() {
		for i, s := range several.Spaces {
			if i > 0 {
				c.out.println()
			}
			c.showStatus(s)
		}
	})
}

// several asks about all spaces, if the daemon serves more than one and none is named; nil else.
func (c *call) several(ctx context.Context, daemon *client.Client, ask func(*client.Client, context.Context) (api.Overview, error)) (*api.Overview, error) {
	if c.meant(c.String("space")) != "" {
		return nil, nil
	}
	o, err := daemon.Spaces(ctx)
	if err != nil || len(o.Spaces) < 2 {
		return nil, err
	}
	o, err = ask(daemon, ctx)
	return &o, err
}

func (c *call) showStatus(s api.Status) {
	if s.Space.ID == "" {
		c.out.println("The daemon runs, and there is no co-op here yet: kith join - --as NAME")
		return
	}
	for _, s := range s.Notice {
		c.out.printf("%s\n\n", paragraph(s, c.out.width))
	}
	c.out.printf("%s, on %s, in %s\n", c.out.strong(name(s.Me)), name(s.Device), c.out.strong(name(s.Space)))
	c.out.printf("%s; %s, %d pending, %d void\n", count(s.Documents, "document"), entries(s.Entries.Stored), s.Entries.Pending, s.Entries.Void)
	for _, a := range s.Addresses {
		c.out.printf("listening on %s\n", sentence(a))
	}
	if s.Reach.Says != "" {
		c.out.println(sentence(s.Reach.Says))
	}
	c.drops(s.Drops)
	c.out.printf("running since %s, version %s\n\n", c.ago(s.StartedAt), s.Version)
	c.peerTable(s.Peers)
	c.standing(s.Peers, s.Unsent)
}

// statusSoon asks for the status; with --wait it keeps asking while no daemon is there.
func statusSoon(ctx context.Context, c *call, daemon *client.Client) (api.Status, error) {
	s, err := daemon.FullStatus(ctx)
	if !notRunning(err) || c.Duration("wait") <= 0 {
		return s, err
	}
	defer c.slowly("waiting for the daemon")()
	ctx, cancel := context.WithTimeout(ctx, c.Duration("wait"))
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for ctx.Err() == nil {
		select {
		case <-tick.C:
			if s, err = daemon.FullStatus(ctx); !notRunning(err) && ctx.Err() == nil {
				return s, err
			}
		case <-ctx.Done():
		}
	}
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return s, api.Problemf(api.TimedOut, client.NotRunningHint, "no daemon answered within %s", c.Duration("wait"))
	}
	return s, ctx.Err()
}

func (k *kith) peers() *cli.Command {
	return k.command(spec{
		name: "peers", usage: "the other devices, and what each has",
		more:     "With --costs: what each has had this computer do since the daemon started. Checking, storing and comparing what it brought; its entries that count, and those that stand for nothing; connections, streams and sessions that it began; addresses of it that were dialed, and questions whether it can be; addresses that it told, and those of its own that were written down; and what was passed on for it. All of it is rationed for each device: what was refused stands in brackets.",
		examples: []string{`kith peers`, `kith peers --costs`, `kith peers --json`},
		flags:    []cli.Flag{&cli.BoolFlag{Name: "costs", Usage: "what each has had this computer do"}},
		run: func(ctx context.Context, c *call) error {
			daemon, err := c.api()
			if err != nil {
				return err
			}
			several, err := c.several(ctx, daemon, (*client.Client).Spaces)
			if err != nil {
				return err
			}
			if several != nil {
				return c.out.show(peersOf(several), func() {
					for i, s := range several.Spaces {
						if i > 0 {
							c.out.println()
						}
						c.out.println(c.out.strong(name(s.Space)))
						c.showPeers(s.Peers)
					}
				})
			}
			return request(c, func(d *client.Client) ([]api.Peer, error) { return d.Peers(ctx) }, func(peers []api.Peer) {
				c.showPeers(peers)
			})
		},
	})
}

func (c *call) showPeers(peers []api.Peer) {
	if c.Bool("costs") {
		c.costTable(peers)
		return
	}
	c.peerTable(peers)
	c.standing(peers, 0)
}

// costTable shows what each device has had this one do.
func (c *call) costTable(peers []api.Peer) {
	if len(peers) == 0 {
		return
	}
	slices.SortStableFunc(peers, func(a, b api.Peer) int { return cmp.Compare(b.Spends.BusyMs, a.Spends.BusyMs) })
	var rows [][]string
	for _, p := range peers {
		s := p.Spends
		rows = append(rows, []string{p.Member.Name, p.Device.Name, strconv.FormatFloat(s.BusyMs/1000, 'f', 1, 64) + " s",
			spent(s.Entries), spent(s.Connections), spent(s.Streams), spent(s.Sessions), spent(s.Dials), spent(s.DialBacks), spent(s.Records), spent(s.Saved), spent(s.Relayed)})
	}
	c.out.grid([]string{"MEMBER", "DEVICE", "BUSY", "ENTRIES", "CONNECTIONS", "STREAMS", "SESSIONS", "DIALS", "ASKED", "ADDRESSES", "WRITTEN", "RELAYED"}, rows)
}

// spent is how much of something was done and, in brackets, refused.
func spent(s api.Spent) string {
	if s.Refused == 0 {
		return humanize.Comma(int64(s.Done))
	}
	return fmt.Sprintf("%s (%s)", humanize.Comma(int64(s.Done)), humanize.Comma(int64(s.Refused)))
}

// peersOf lists the devices of all spaces, each marked with its own.
func peersOf(o *api.Overview) []api.Peer {
	all := []api.Peer{}
	for _, s := range o.Spaces {
		for _, p := range s.Peers {
			space := s.Space
			p.Space = &space
			all = append(all, p)
		}
	}
	return all
}

func (c *call) peerTable(peers []api.Peer) {
	if len(peers) == 0 {
		return
	}
	var rows [][]string
	for _, p := range peers {
		state, rtt := "seen "+c.ago(p.LastSeen), ""
		switch {
		case p.LastSeen.IsZero() && !p.InStepAt.IsZero(): // by the daemon that ran before this one
			state = "seen " + c.ago(p.InStepAt)
		case p.LastSeen.IsZero():
			state = "not seen yet"
		}
		if p.Connected {
			state, rtt = comingIntoStep(p), strconv.FormatFloat(p.RTT, 'f', 1, 64)+" ms"
			if p.InStep {
				state = "in step"
			}
		}
		if !p.Connected && !p.CarriedAt.IsZero() {
			state, p.Transport = "brought by a drop folder "+c.ago(p.CarriedAt), "folder"
		}
		via := p.Transport
		if p.Via != "" {
			via += ", " + p.Via
		}
		rows = append(rows, []string{p.Member.Name, p.Device.Name, state, via, rtt, traffic(p.BytesReceived), traffic(p.BytesSent), p.Address})
	}
	c.out.grid([]string{"MEMBER", "DEVICE", "STATE", "VIA", "RTT", "IN", "OUT", "ADDRESS"}, rows)
}

// traffic is how much went over a connection.
func traffic(n int64) string {
	if n == 0 {
		return ""
	}
	return humanize.Bytes(uint64(n))
}

func (k *kith) sync() *cli.Command {
	return k.command(spec{
		name: "sync", usage: "come into step now, and say when it is done",
		more:     "Exits with 7 if there are other devices and none was there to be in step with. Where the daemon serves several spaces and none is named, it is about all of them.",
		examples: []string{`kith sync`, `kith sync --wait 2m`},
		flags:    []cli.Flag{&cli.DurationFlag{Name: "wait", Value: 30 * time.Second, Usage: "`TIME` how long to wait"}},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			if err != nil {
				return err
			}
			done := c.slowlySaying(func() string { return syncing(ctx, client) })
			all, one, err := c.syncMeant(ctx, client)
			done()
			switch {
			case err != nil:
				return err
			case all == nil:
				return c.out.show(one, func() { c.standing(one.Peers, one.Unsent) })
			}
			return c.out.show(all, func() {
				for _, s := range all.Spaces {
					c.out.printf("%s: ", name(s.Space))
					c.standing(s.Peers, s.Unsent)
				}
			})
		},
	})
}

// syncMeant comes into step in all spaces or, if one is named or the only one, there.
func (c *call) syncMeant(ctx context.Context, daemon *client.Client) (all *api.Overview, one api.Status, err error) {
	wait := c.Duration("wait")
	all, err = c.several(ctx, daemon, func(d *client.Client, ctx context.Context) (api.Overview, error) { return d.SyncAll(ctx, wait) })
	if all == nil && err == nil {
		one, err = daemon.Sync(ctx, wait)
	}
	return all, one, err
}
