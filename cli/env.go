package cli

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"golang.org/x/term"

	"kith/daemon/api"
)

// Env is what the commands have of the world, so that tests can give them another.
type Env struct {
	Stdin          io.Reader
	Stdout, Stderr io.Writer
	Getenv         func(string) string
	Now            func() time.Time // in the zone of the person
	Version        string
	Hooks          Hooks
}

// Hooks are what needs no running daemon. They are handed in by main, so that this package
// knows of the daemon only its API. Errors that wrap an *api.Problem are told as they stand.
type Hooks struct {
	// Daemon serves a home until ctx ends.
	Daemon func(ctx context.Context, o DaemonOptions) error
	// Init founds a co-op in an empty home.
	Init func(ctx context.Context, o InitOptions) (api.InitResult, error)
	// Join joins one from an empty home and returns when the charter is there.
	Join func(ctx context.Context, o JoinOptions) (api.JoinResult, error)
	// Doctor checks a home that no daemon serves.
	Doctor func(ctx context.Context, home string, rebuild bool) ([]api.Check, error)
	// Trial applies the changes that come on in, in a process that may die of them, and tells
	// on out how far it came. The daemon starts this as TrialCommand.
	Trial func(ctx context.Context, in io.Reader, out io.Writer) error
}

// TrialCommand is the hidden command for Hooks.Trial.
const TrialCommand = "__trial"

// DaemonOptions is what `kith daemon` is told.
type DaemonOptions struct {
	Home     string
	Listen   []string // multiaddrs; none: the remembered ones
	Announce []string // multiaddrs that others are told instead; none: the remembered ones
	NoMDNS   bool
	Version  string
	Log      *slog.Logger
	Ready    func(addresses []string) // called once, when the API answers; never nil
}

// InitOptions is what `kith init` is told.
type InitOptions struct {
	Home     string
	Name, As string
	Founders int
	Listen   []string
	Announce []string
}

// JoinOptions is what `kith join` is told.
type JoinOptions struct {
	Home       string
	Invite, As string
	Listen     []string
	Announce   []string
	Wait       time.Duration
	Version    string
	Log        *slog.Logger
}

// terminal gives the width of the terminal that stream is, in columns; 0 if it is none.
func terminal(stream any) int {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width < 20 {
		return 80
	}
	return width
}

func (e *Env) home() string {
	if home := e.Getenv("KITH_HOME"); home != "" {
		return home
	}
	return api.Home()
}
