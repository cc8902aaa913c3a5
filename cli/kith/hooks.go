package main

import (
	"context"
	"io"
	"os"
	"os/exec"

	"kith/cli"
	"kith/daemon"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// hooks hands the daemon's side to the commands.
func hooks() cli.Hooks {
	return cli.Hooks{
		Daemon: func(ctx context.Context, o cli.DaemonOptions) error {
			return daemon.Explain(daemon.Run(ctx, daemon.Options{
				Home: o.Home, Listen: o.Listen, Announce: o.Announce, NoMDNS: o.NoMDNS,
				Version: o.Version, Log: o.Log, Ready: o.Ready, Trial: trial,
			}))
		},
		Init: func(ctx context.Context, o cli.InitOptions) (api.InitResult, error) {
			res, err := daemon.Init(ctx, daemon.InitOptions{
				Home: o.Home, Coop: o.Name, As: o.As, Founders: o.Founders, Listen: o.Listen, Announce: o.Announce,
			})
			return res, daemon.Explain(err)
		},
		Join: func(ctx context.Context, o cli.JoinOptions) (api.JoinResult, error) {
			res, err := daemon.Join(ctx, daemon.JoinOptions{
				Home: o.Home, Invite: o.Invite, As: o.As, Listen: o.Listen, Announce: o.Announce, Log: o.Log,
			})
			return res, daemon.Explain(err)
		},
		Doctor: daemon.Doctor,
		Trial: func(_ context.Context, changes io.Reader) error {
			return replica.TryChanges(changes, os.Stdout)
		},
	}
}

// trial makes the child process in which changes are tried that may have killed the daemon: this
// program again.
func trial() *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, "trial")
}
