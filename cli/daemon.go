package cli

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/problem"
	"kith/daemon/api"
)

const defaultJoinWait = time.Minute

var logLevels = []string{"debug", "info", "warn", "error"}

func (k *kith) daemon() *cli.Command {
	return k.command(spec{
		name: "daemon", usage: "run the daemon, in the foreground, until Ctrl-C",
		more: "It answers the other commands at once, and comes into step with the others as it reaches them. If the device's key is protected by a passphrase (kith protect), it is read from --passphrase-file or $KITH_PASSPHRASE_FILE, or asked for on a terminal.",
		examples: []string{
			`kith daemon`,
			`kith daemon --passphrase-file ~/.kith-passphrase`,
			`kith daemon --listen /ip4/0.0.0.0/tcp/4111 --no-mdns --log-level debug`,
			`kith daemon --relay /ip4/203.0.113.7/tcp/4001/p2p/12D3KooWGRUaBJzXJDJ4fbEbSiWdTF5hqzvs9mAhQUiXwvFkTZ7Y`,
		},
		flags: append(listenFlags(), keyFileFlag(),
			relayFlag("and none forgets it"), k.portMapFlag(),
			&cli.BoolFlag{Name: "no-mdns", Usage: "don't look for the others on the local network"},
			k.offering(&cli.StringFlag{Name: "log-level", Value: "info", Usage: "`L` what to tell about the work: " + strings.Join(logLevels, ", ")}, fixed(logLevels...)),
		),
		run: runDaemon,
	})
}

func runDaemon(ctx context.Context, c *call) error {
	log, err := newLog(c.env.Stderr, c.String("log-level"))
	if err != nil {
		return err
	}
	if err := c.checkPortMap(); err != nil {
		return err
	}
	starts, install := c.starter()
	return c.env.Hooks.Daemon(ctx, DaemonOptions{
		Starts: starts, Install: install,
		Home: c.env.home(), Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
		Relays: c.StringSlice("relay"), PortMap: c.String("port-map"), NoMDNS: c.Bool("no-mdns"), Version: c.env.Version, Log: log, Passphrase: c.keyPassphrase,
		Ready: func(addresses []string) {
			if c.out.json {
				_ = writeJSON(c.env.Stdout, map[string][]string{"addresses": append([]string{}, addresses...)}) // nobody reads: no reason to stop
				return
			}
			fmt.Fprintln(c.env.Stderr, "kith: running; stop with Ctrl-C. In another terminal: kith status")
		},
	})
}

func newLog(w io.Writer, level string) (*slog.Logger, error) {
	var l slog.Level
	if err := l.UnmarshalText([]byte(level)); err != nil {
		return nil, api.Problemf(api.Invalid, "one of: "+strings.Join(logLevels, ", "), "there is no log level “%s”", oneLine(level, 40))
	}
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: l})), nil
}

// notRunning says whether an error is that of a daemon that isn't there.
func notRunning(err error) bool {
	p, ok := problem.Of(err)
	return ok && p.Code == api.NotRunning
}

// trial is started by the daemon, never typed.
func (k *kith) trial() *cli.Command {
	return k.command(spec{
		name: TrialCommand, usage: "apply changes from stdin, in a process that may die of them", hidden: true,
		run: func(ctx context.Context, c *call) error {
			return c.env.Hooks.Trial(ctx, c.env.Stdin, bare(c.env.Stdout))
		},
	})
}
