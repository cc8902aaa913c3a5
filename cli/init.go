package cli

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// maxFounders is how many founding seats a co-op may have.
const maxFounders = 20

func listenFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringSliceFlag{Name: "listen", Usage: "`MULTIADDR` listen there; remembered, and port 0 picks a free port once"},
		&cli.StringSliceFlag{Name: "announce", Usage: "`MULTIADDR` tell others this address instead of those listened on; remembered, for a forwarded port"},
	}
}

// relayFlag names relays; more is what else becomes of them.
func relayFlag(more string) cli.Flag {
	return &cli.StringSliceFlag{Name: "relay", Usage: "`MULTIADDR|CODE` of a relay for a co-op whose members are all behind routers: its address with its identity, or a code of a porch (kithp1…); remembered, " + more}
}

// relayOfCode is what a relay is for who joins with a code.
const relayOfCode = "in place of those in the code; none keeps none"

// portMapFlag says whether the router is asked to let others through to this computer.
func (k *kith) portMapFlag() cli.Flag {
	return k.offering(&cli.StringFlag{Name: "port-map", Usage: "`yes|no` whether your router is asked to let the others through to this computer (UPnP); remembered"}, fixed("yes", "no"))
}

func (c *call) checkPortMap() error {
	if word := c.String("port-map"); word != "" && word != "yes" && word != "no" {
		return api.Problemf(api.Invalid, "yes or no", "--port-map can't be “%s”", oneLine(word, 40))
	}
	return nil
}

// portMap gives what was said of the router, or asks a person on a terminal, once: at the beginning. "": nobody is there to ask, and
// then it isn't asked.
func (c *call) portMap() (string, error) {
	word := c.String("port-map")
	if err := c.checkPortMap(); err != nil || word != "" || c.Bool("another") || c.out.json || terminal(c.env.Stdin) == 0 || terminal(c.env.Stdout) == 0 {
		return word, err
	}
	yes, err := c.askYes("May Kith ask your router to let the others through to this computer? You then reach each other more easily, and often without a relay. Anybody could dial Kith's port; who isn't of the co-op is turned away there.")
	if yes {
		return "yes", err
	}
	return "no", err
}

func anotherFlag() cli.Flag {
	return &cli.BoolFlag{Name: "another", Usage: "beside the co-ops that are in this home"}
}

func (k *kith) initCommand() *cli.Command {
	return k.command(spec{
		name: "init", args: "NAME", usage: "found a co-op",
		more: "Prints your recovery phrase, once, and a code for each of the other founders. Needs no daemon, and refuses a home that is in use, unless it is to be --another co-op of yours in it: with a key of its own, so that nobody can tell that the two members are one person.\n\n" +
			"Where a co-op can't decide any more, because too many are gone for good, --from founds another one of those who are there, and carries into it copies of all that you have of the first: with who wrote in it, as you say, and with what names what. Nobody's word is carried as theirs: what was consented to or agreed there is told in the copies, and counts for nothing. The first co-op stays as it is. The daemon must run; the same command once more goes on where it broke off.",
		examples: []string{
			`kith init "Riso Print Co-op" --as Ana --founders 3`,
			`kith init "Riso Print Co-op" --as Ana --listen /ip4/0.0.0.0/tcp/4111`,
			`kith init "Riso Print Co-op" --as Ana --founders 3 --relay /ip4/203.0.113.7/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y`,
			`kith init "Garden Co-op" --as Ana --another`,
			`kith init "Riso Print 2" --as Ana --from "Riso Print Co-op"`,
		},
		flags: append([]cli.Flag{
			need(&cli.StringFlag{Name: "as", Usage: "`MEMBER` your name, as the others will read it"}, false),
			&cli.IntFlag{Name: "founders", Value: 1, Usage: "`N` how many you are at the start, with yourself"},
			&cli.StringFlag{Name: "from", Usage: "`SPACE` a co-op in this home: carry what is in it into the new one"},
			anotherFlag(), oneNameFlag(), relayFlag("and named in the codes"), k.portMapFlag(),
		}, listenFlags()...),
		run: runInit,
	})
}

func runInit(ctx context.Context, c *call) error {
	as, founders := c.String("as"), c.Int("founders")
	switch {
	case as == "":
		return api.Problemf(api.Usage, `kith init "`+oneLine(c.arg(0), 40)+`" --as Ana`, "kith init needs --as and your name")
	case founders < 1 || founders > maxFounders:
		return api.Problemf(api.Invalid, "more can be invited later", "a co-op starts with 1 to %d founders, not %d", maxFounders, founders)
	}
	if err := c.oneName(as, "--founders N gives each of them a code, with which they join under their own name"); err != nil {
		return err
	}
	if c.IsSet("from") {
		return c.foundFrom(ctx)
	}
	portMap, err := c.portMap()
	if err != nil {
		return err
	}
	shown := false
	res, err := c.found(ctx, InitOptions{
		Home: c.env.home(), Name: c.arg(0), As: as, Founders: founders, Another: c.Bool("another"),
		Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Relays: c.StringSlice("relay"), PortMap: portMap,
		Show: func(res api.InitResult) error {
			shown = true
			err := c.showFounded(res)
			if trouble := c.trouble(); trouble != nil {
				return api.Problemf(api.Failed, "nothing was founded: send what it tells somewhere else", "your recovery phrase can't be written out: %v", trouble)
			}
			return err
		},
	})
	if err != nil || shown {
		return err
	}
	return c.showOnce(res.RecoveryPhrase, func() error { return c.showFounded(res) })
}

// severalNames is what stands between the names of several people. “y”, “e” and “et” don't: they stand in the names of one, too.
var severalNames = regexp.MustCompile(`[,;/&+]|\s(and|und)\s`)

// oneName asks whether one person is called as it was typed, if that reads as several: a member is one person, and their name stays. A script
// says so with --yes. otherwise is how several come in.
func (c *call) oneName(as, otherwise string) error {
	if !severalNames.MatchString(as) || c.Bool("yes") {
		return nil
	}
	if !c.canEdit() {
		return api.Problemf(api.NotAllowed, otherwise+"; if one person is called so: the same with --yes", "“%s” reads as the names of several, and a member is one person", oneLine(as, 80))
	}
	yes, err := c.askYes(fmt.Sprintf("You will be one member, called “%s”, and that name stays. Is it the name of one person?", oneLine(as, 80)))
	if err == nil && !yes {
		err = api.Problemf(api.NotAllowed, otherwise, "nothing was done")
	}
	return err
}

func oneNameFlag() cli.Flag {
	return &cli.BoolFlag{Name: "yes", Usage: "--as is the name of one person, though it reads as several"}
}

// showFounded shows a new co-op, with what is shown only once.
func (c *call) showFounded(res api.InitResult) error {
	if res.Invites == nil {
		res.Invites = []api.Invite{}
	}
	return c.out.show(res, func() {
		c.out.printf("Founded “%s”, with you, %s, in it.\n\n", name(res.Space), name(res.Member))
		c.phrase(res.RecoveryPhrase)
		if len(res.Invites) > 0 {
			c.out.printf("They type:\n\n    kith join - --as NAME\n\nand then a code, which it asks for. One for each of the other founders:\n\n")
			for _, i := range res.Invites {
				c.out.printf("    %s\n", i.Code)
			}
			c.out.printf("\nA code lets one person in, until %s. Send it to nobody else.\n\n", res.Invites[0].ExpiresAt.In(c.env.Now().Location()).Format("2 Jan 15:04"))
			for _, says := range res.Invites[0].Says {
				c.out.printf("%s\n\n", paragraph(says, c.out.width))
			}
		}
		c.out.println("Next: kith daemon")
	})
}

// found founds a co-op: through the daemon if another one is to come into its home, and else by itself.
func (c *call) found(ctx context.Context, o InitOptions) (api.InitResult, error) {
	if o.Another {
		client, err := c.api()
		if err != nil {
			return api.InitResult{}, err
		}
		res, err := client.Found(ctx, api.InitRequest{Name: o.Name, As: o.As, Founders: o.Founders, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, PortMap: o.PortMap})
		if !notRunning(err) {
			return res, err
		}
	}
	return c.env.Hooks.Init(ctx, o)
}

// phrase shows a recovery phrase, as it is shown only once.
func (c *call) phrase(words string) {
	if words == "" {
		return
	}
	c.out.printf("Your recovery phrase. Write it on paper: it is shown only now, and it is the only\nway back if all your devices are lost.\n\n    %s\n\n", words)
}

func (k *kith) join() *cli.Command {
	return k.command(spec{
		name: "join", args: "[CODE|-]", usage: "join a co-op with a code",
		more: "With - the code is asked for, or read from stdin: others who work on this computer could read it in the command, and be faster. Connects by itself until the charter is there; everything else follows when the daemon runs. If a daemon runs in this home already, it does the joining.\n\n" +
			"Where no network leads to them, by files: --write FILE redeems the code in a request, which goes to them by any messenger or on a stick; one of them answers it (kith invite answer FILE), and --read FILE takes the answer. No daemon runs in this home then. Who sees the request learns your name and keys and can do nothing with them; the answer can be opened on this computer alone.",
		examples: []string{
			`kith join - --as Ben`,
			`kith join - --as Ben --wait 5m <code.txt`,
			`kith join - --as Ben --another`,
			`kith join - --as Ben --write ask.kith`,
			`kith join --read welcome.kith`,
		},
		flags: append([]cli.Flag{
			&cli.StringFlag{Name: "as", Usage: "`MEMBER` your name, as the others will read it; needed, but with --read"},
			&cli.DurationFlag{Name: "wait", Value: defaultJoinWait, Usage: "`TIME` how long to try"},
			&cli.StringFlag{Name: "write", Usage: "`FILE` write a request there instead of reaching the others"},
			&cli.StringFlag{Name: "read", Usage: "`FILE` the answer to that request"},
			anotherFlag(), oneNameFlag(), relayFlag(relayOfCode), k.portMapFlag(),
		}, listenFlags()...),
		run: runJoin,
	})
}

func runJoin(ctx context.Context, c *call) error {
	as, wait := c.String("as"), c.Duration("wait")
	switch {
	case c.String("read") != "":
		return runJoinRead(ctx, c)
	case len(c.args()) == 0:
		return api.Problemf(api.Usage, "kith join - --as Ben", "kith join needs a code, or - to be asked for it")
	case as == "":
		return api.Problemf(api.Usage, "kith join - --as Ben", "kith join needs --as and your name")
	case wait <= 0:
		return api.Problemf(api.Invalid, "kith join --help", "--wait is a time like 60s")
	}
	if err := c.oneName(as, "each joins with a code of their own"); err != nil {
		return err
	}
	code, err := c.code(c.arg(0))
	if err != nil {
		return err
	}
	portMap, err := c.portMap()
	if err != nil {
		return err
	}
	if file := c.String("write"); file != "" {
		return c.joinWrite(ctx, code, as, portMap, file)
	}
	done := c.slowly("reaching the others")
	res, err := c.joinSomehow(ctx, code, as, portMap)
	done()
	if err != nil {
		return err
	}
	return c.showOnce(res.RecoveryPhrase, func() error { return c.showJoined(res) })
}

func (c *call) showJoined(res api.JoinResult) error {
	return c.out.show(res, func() {
		c.out.printf("You are in “%s”, as %s.\n\n", name(res.Space), name(res.Member))
		if res.Standing == "prospective" {
			c.out.println(paragraph("You are a prospective member: you read everything and work on tasks and notes; your position on a decision shows, and isn't counted until the others have made you a full member.", c.out.width) + "\n")
		}
		c.phrase(res.RecoveryPhrase)
		c.keptRelays(res.Relays)
		c.out.println("Next: kith daemon, unless it runs already; then kith member list")
	})
}

// keptRelays says which relays this computer has from a code.
func (c *call) keptRelays(relays []string) {
	if says := api.RelaysKept(relays); says != "" {
		c.out.printf("%s\n\n", paragraph(says, c.out.width))
	}
}

// retryEvery is how long a join waits before it looks again for somebody who answers.
const retryEvery = 500 * time.Millisecond

// joinSomehow joins through the daemon if one runs here, and else by itself. While nobody
// answers it goes on trying, as long as --wait says.
func (c *call) joinSomehow(ctx context.Context, code, as, portMap string) (api.JoinResult, error) {
	log, err := newLog(c.env.Stderr, "error")
	if err != nil {
		return api.JoinResult{}, err
	}
	end := time.Now().Add(c.Duration("wait"))
	ctx, cancel := context.WithDeadline(ctx, end)
	defer cancel()
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	var before error // of the last try that had its time: it says who didn't answer
	for {
		res, err := c.joinOnce(ctx, code, as, portMap, time.Until(end), log)
		if err != nil && ctx.Err() != nil && before != nil {
			return res, before
		}
		if !nobodyThere(err) {
			return res, err
		}
		before = err
		select {
		case <-again.C:
		case <-ctx.Done():
			return res, err
		}
	}
}

func (c *call) joinOnce(ctx context.Context, code, as, portMap string, wait time.Duration, log *slog.Logger) (api.JoinResult, error) {
	client, err := c.api()
	if err != nil {
		return api.JoinResult{}, err
	}
	r := api.JoinRequest{Invite: code, As: as, Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Relays: c.StringSlice("relay"), Another: c.Bool("another"), PortMap: portMap}
	if res, err := client.Join(ctx, r, wait); !notRunning(err) {
		return res, err
	}
	return c.env.Hooks.Join(ctx, JoinOptions{
		Home: c.env.home(), Invite: r.Invite, As: as, Listen: r.Listen, Announce: r.Announce, Relays: r.Relays, Another: r.Another, PortMap: r.PortMap,
		Wait: wait, Version: c.env.Version, Log: log,
	})
}

// nobodyThere says whether a join failed only because nobody was there to answer yet.
func nobodyThere(err error) bool {
	p, ok := problem.Of(err)
	return ok && p.Code == api.TimedOut
}
