// Command kith keeps the decisions, tasks and notes of a small co-op in step between its
// members' computers. What it does: docs/CLI.md.
package main

import (
	"context"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"kith/cli"
)

// version is set by the build: -ldflags "-X main.version=…".
var version = ""

// clock is what people's computers show; it is ahead in scripts that tell of more than a day.
var clock = time.Now

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(quickGC)
	}
	os.Exit(run())
}

// quickGC has the collector begin at 16 MB and not at 4: a command ends before that is worth it. Of what a short one takes of a
// processor that saves a seventh. Who stays goes back to usualGC.
const (
	quickGC = 400
	usualGC = 100
)

// stays says that this process goes on for long, and has to be careful with memory.
func stays() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(usualGC)
	}
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // a second Ctrl-C ends at once
	return cli.Run(ctx, os.Args[1:], cli.Env{
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		Getenv: os.Getenv, Now: clock, Version: versionOf(), Hooks: hooks(),
	})
}

// versionOf gives the version that the build set, or the revision that it was built from.
func versionOf() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return "dev-" + s.Value[:min(len(s.Value), 12)]
			}
		}
	}
	return "dev"
}
