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
	os.Exit(run())
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
