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
	// Ask redeems a code in a text, in an empty home, and ReadWelcome joins there by the answer to it.
	Ask         func(ctx context.Context, o JoinOptions) (api.JoinAsked, error)
	ReadWelcome func(ctx context.Context, o WelcomeOptions) (api.JoinResult, error)
	// JoinDevice makes an empty home another device of a member, and returns when the charter is there.
	JoinDevice func(ctx context.Context, o JoinDeviceOptions) (api.DeviceJoined, error)
	// Recover makes an empty home a device of a member whose recovery phrase is given.
	Recover func(ctx context.Context, o RecoverOptions) (api.Recovered, error)
	// NewPhrase draws a recovery phrase that the co-op has to agree on.
	NewPhrase func(ctx context.Context, o NewPhraseOptions) (api.NewPhrase, error)
	// Doctor checks a home that no daemon serves.
	Doctor func(ctx context.Context, o DoctorOptions) ([]api.Check, error)
	// Backup writes a file that the device of a home can come back from.
	Backup func(ctx context.Context, o BackupOptions) (api.Backup, error)
	// Restore brings a device back in an empty home.
	Restore func(ctx context.Context, o RestoreOptions) (api.Restored, error)
	// Protect puts a passphrase on a home that no daemon serves: on its key, and its store.
	Protect func(ctx context.Context, o ProtectOptions) (api.Protection, error)
	// Porch serves a porch until ctx ends.
	Porch func(ctx context.Context, o PorchOptions) error
	// PorchCode makes a code of a porch, PorchList gives all, and PorchRevoke ends one.
	PorchCode   func(dir, label string, now time.Time) (api.PorchCode, error)
	PorchList   func(dir string, now time.Time) ([]api.PorchCode, error)
	PorchRevoke func(dir, word string, now time.Time) (api.PorchCode, error)
	// Browse opens an address in the person's browser; nil: there is none.
	Browse func(ctx context.Context, url string) error
	// Begin starts the daemon of a home, which goes on when this command has ended. What it tells goes to the file log; if it ends
	// before, that comes on ended.
	Begin func(home, log string) (ended <-chan error, err error)
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
	Relays   []string // multiaddrs of named relays; none: the remembered ones; "none" alone forgets them
	PortMap  string   // whether the router is asked to let others through: yes, no; "": as remembered
	NoMDNS   bool
	Version  string
	Log      *slog.Logger
	// Passphrase is asked for that of the device's key, if it has one.
	Passphrase func() (string, error)
	Ready      func(addresses []string) // called once, when the API answers; never nil
	// Starts says how it stands with the service that starts it by itself, and Install has there be one, from the next login on; nil
	// where it isn't known how this system starts programs.
	Starts  func(context.Context) (api.Starts, error)
	Install func(context.Context) error
}

// PorchOptions is what `kith porch run` is told.
type PorchOptions struct {
	Dir              string
	Listen, Announce []string // multiaddrs; none: the remembered ones
	Log              *slog.Logger
	Ready            func(addresses []string) // called once, when places can be had; never nil
}

// InitOptions is what `kith init` is told.
type InitOptions struct {
	Home     string
	Name, As string
	Founders int
	Listen   []string
	Announce []string
	Relays   []string // named ones
	PortMap  string   // see DaemonOptions
	Another  bool     // beside the co-ops that are in the home
	// Show shows what was made, before it is for good: an error of it is Init's, and nothing is left then.
	Show func(api.InitResult) error
}

// JoinOptions is what `kith join` is told.
type JoinOptions struct {
	Home       string
	Invite, As string
	Listen     []string
	Announce   []string
	Relays     []string // named ones; none: those of the code; "none" alone keeps none
	PortMap    string   // see DaemonOptions
	Another    bool     // beside the co-ops that are in the home
	Wait       time.Duration
	Version    string
	Log        *slog.Logger
}

// WelcomeOptions is what `kith join --read` is told.
type WelcomeOptions struct {
	Home string
	File io.ReadSeeker // the answer
	Log  *slog.Logger
}

// JoinDeviceOptions is what `kith device join` is told.
type JoinDeviceOptions struct {
	Home, Code, Name string
	Another          bool // beside the co-ops that are in the home
	Listen           []string
	Announce         []string
	Relays           []string          // see JoinOptions
	Show             func(api.Compare) // the words to compare
}

// RecoverOptions is what `kith device recover` is told.
type RecoverOptions struct {
	Home, Via, Phrase, Name string
	Another                 bool // beside the co-ops that are in the home
	Listen                  []string
	Announce                []string
	Relays                  []string // see JoinOptions
	Choose                  func(member string, devices []api.Device) (api.RecoverChoice, error)
}

// NewPhraseOptions is what `kith device new-phrase` is told.
type NewPhraseOptions struct {
	Home, Via, Name string
	Another         bool // beside the co-ops that are in the home
	Listen          []string
	Announce        []string
}

// BackupOptions is what `kith backup` is told.
type BackupOptions struct {
	Home, Space, File string
	Passphrase        string // "": the file isn't sealed
	Replace           bool
	Version           string
	Unlock            func() (string, error) // asked if no daemon serves the home and its store is encrypted
	Progress          func(done, of int64)
}

// DoctorOptions is what `kith doctor` is told where no daemon answers.
type DoctorOptions struct {
	Home    string
	Rebuild bool
	Unlock  func() (string, error) // asked if the store is encrypted
}

// RestoreOptions is what `kith restore` is told.
type RestoreOptions struct {
	Home, File string
	Another    bool // beside the co-ops that are in the home
	Listen     []string
	Announce   []string
	Passphrase func() (string, error) // asked if the file is sealed
	// Led is asked whether what an open backup announces and the relays that it names are taken; nil: they aren't.
	Led      func(announce, relays []string) (bool, error)
	Progress func(doing string, done, of int64)
}

// ProtectOptions is what `kith protect` is told.
type ProtectOptions struct {
	Home string
	Old  func() (string, error) // asked if the key has a passphrase
	New  func() (string, error) // nil: none from now on
	// Progress is told how many records of how many of the store were written anew.
	Progress func(done, of int64)
}

// terminal gives the width of the terminal that stream is, in columns; 0 if it is none.
func terminal(stream any) int {
	if o, ok := stream.(*outlet); ok {
		stream = o.to
	}
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

// homeless says that nothing tells where this person's data lives, so that nothing is looked for, or begun, at the root of the disk.
func (e *Env) homeless() error {
	for _, name := range []string{"KITH_HOME", "XDG_DATA_HOME", "HOME"} {
		if e.Getenv(name) != "" {
			return nil
		}
	}
	return api.Problemf(api.Failed, "say it: HOME=/home/ana kith status, or KITH_HOME=/where/it/is kith status", "neither HOME nor KITH_HOME is set, so it isn't known where your data lives")
}

func (e *Env) home() string {
	if home := e.Getenv("KITH_HOME"); home != "" {
		return home
	}
	return api.Home()
}
