package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"runtime"

	"kith/cli"
	"kith/daemon"
	"kith/daemon/api"
	"kith/daemon/backup"
	"kith/daemon/entrance"
	lies "kith/daemon/home" // the tests have homes of their own
	"kith/daemon/porch"
	"kith/daemon/replica"
	"kith/daemon/whole"
)

// hooks hands the daemon's side to the commands.
func hooks() cli.Hooks {
	return cli.Hooks{
		Daemon: func(ctx context.Context, o cli.DaemonOptions) error {
			stays()
			var holds func(int64)
			if os.Getenv("GOMEMLIMIT") == "" {
				holds = limitMemory().holds
			}
			var starter *daemon.Starter
			if o.Starts != nil {
				starter = &daemon.Starter{State: o.Starts, Install: o.Install}
			}
			return daemon.Run(ctx, daemon.Options{
				Starter: starter,
				Home:    o.Home, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, PortMap: o.PortMap, NoMDNS: o.NoMDNS, Holds: holds,
				Version: o.Version, Log: o.Log, Ready: o.Ready, Trial: trial, Passphrase: o.Passphrase, Now: clock,
			})
		},
		Browse: browse,
		Begin:  begin,
		Porch: func(ctx context.Context, o cli.PorchOptions) error {
			stays()
			return porch.Serve(ctx, porch.Config{Dir: o.Dir, Listen: o.Listen, Announce: o.Announce, Log: o.Log, Now: clock, Ready: o.Ready})
		},
		PorchCode: porch.Code, PorchList: porch.List, PorchRevoke: porch.Revoke,
		Init: func(ctx context.Context, o cli.InitOptions) (api.InitResult, error) {
			res, err := entrance.Init(ctx, entrance.InitOptions{
				Home: o.Home, Coop: o.Name, As: o.As, Founders: o.Founders, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, PortMap: o.PortMap, Another: o.Another, Now: clock, Show: o.Show,
			})
			return res, err
		},
		Join: func(ctx context.Context, o cli.JoinOptions) (api.JoinResult, error) {
			res, err := entrance.Join(ctx, entrance.JoinOptions{
				Home: o.Home, Invite: o.Invite, As: o.As, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, PortMap: o.PortMap, Another: o.Another, Log: o.Log,
			})
			return res, err
		},
		Ask: func(ctx context.Context, o cli.JoinOptions) (api.JoinAsked, error) {
			res, err := entrance.Ask(ctx, entrance.JoinOptions{
				Home: o.Home, Invite: o.Invite, As: o.As, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, PortMap: o.PortMap, Another: o.Another,
			})
			return res, err
		},
		ReadWelcome: func(ctx context.Context, o cli.WelcomeOptions) (api.JoinResult, error) {
			res, err := daemon.ReadWelcome(ctx, o.Home, o.File, o.Log)
			return res, err
		},
		JoinDevice: func(ctx context.Context, o cli.JoinDeviceOptions) (api.DeviceJoined, error) {
			res, err := entrance.JoinDevice(ctx, entrance.JoinDeviceOptions{
				Home: o.Home, Code: o.Code, Name: o.Name, Another: o.Another, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, Show: o.Show,
			})
			return res, err
		},
		Recover: func(ctx context.Context, o cli.RecoverOptions) (api.Recovered, error) {
			res, err := entrance.Recover(ctx, entrance.RecoverOptions{
				Home: o.Home, Via: o.Via, Phrase: o.Phrase, Name: o.Name, Another: o.Another, Listen: o.Listen, Announce: o.Announce, Relays: o.Relays, Choose: o.Choose,
			})
			return res, err
		},
		NewPhrase: func(_ context.Context, o cli.NewPhraseOptions) (api.NewPhrase, error) {
			res, err := entrance.NewPhrase(entrance.NewPhraseOptions{
				Home: o.Home, Via: o.Via, Name: o.Name, Another: o.Another, Listen: o.Listen, Announce: o.Announce,
			})
			return res, err
		},
		Doctor: func(ctx context.Context, o cli.DoctorOptions) ([]api.Check, error) {
			return daemon.Doctor(ctx, o.Home, o.Rebuild, o.Unlock)
		},
		Backup: func(ctx context.Context, o cli.BackupOptions) (api.Backup, error) {
			res, err := backup.Make(ctx, backup.Options{
				Home: o.Home, Space: o.Space, File: o.File, Passphrase: o.Passphrase, Replace: o.Replace,
				Version: o.Version, Progress: o.Progress, Unlock: o.Unlock,
			})
			return res, err
		},
		Restore: func(ctx context.Context, o cli.RestoreOptions) (api.Restored, error) {
			res, err := backup.Restore(ctx, backup.RestoreOptions{
				Home: o.Home, File: o.File, Another: o.Another, Listen: o.Listen, Announce: o.Announce,
				Led: o.Led, Passphrase: o.Passphrase, Progress: o.Progress,
			})
			return res, err
		},
		Protect: func(ctx context.Context, o cli.ProtectOptions) (api.Protection, error) {
			res, err := lies.Protect(ctx, lies.ProtectOptions{Home: o.Home, Old: o.Old, New: o.New, Progress: o.Progress})
			return res, err
		},
		Trial: func(_ context.Context, in io.Reader, out io.Writer) error {
			return replica.TryChanges(in, out)
		},
	}
}

// trial is this program once more, for changes that it may die of.
func trial() *exec.Cmd {
	self, err := os.Executable()
	if err != nil {
		self = os.Args[0]
	}
	return exec.Command(self, cli.TrialCommand)
}

// browse opens an address in the browser that the system has for that.
func browse(ctx context.Context, url string) error {
	opener := "xdg-open"
	if runtime.GOOS == "darwin" {
		opener = "open"
	}
	return exec.CommandContext(ctx, opener, url).Run()
}

// begin starts this program once more, as the daemon of a home, in a session of its own: it doesn't end with who started it. What
// comes on ended is how it did, if it does before.
func begin(at, log string) (ended <-chan error, err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := whole.Folder(at); err != nil {
		return nil, err
	}
	out, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, err
	}
	defer out.Close() // the daemon has its own
	daemon := exec.Command(self, "daemon", "--log-level", "warn")
	daemon.Env = append(os.Environ(), "KITH_HOME="+at)
	daemon.Stdout, daemon.Stderr = out, out
	alone(daemon)
	if err := daemon.Start(); err != nil {
		return nil, err
	}
	over := make(chan error, 1)
	go func() { over <- daemon.Wait() }()
	return over, nil
}
