package daemon

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/adrg/xdg"

	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/space"
)

// Starter is what has the system start a daemon by itself.
type Starter struct {
	State   func(ctx context.Context) (api.Starts, error)
	Install func(ctx context.Context) error // from the next login on; nothing is started now
}

// thisComputer is the one that this daemon runs on, for the local API.
type thisComputer struct{ *served }

// startsWithin is how long the system has to say whether it starts the daemon.
const startsWithin = 3 * time.Second

var _ server.Computer = thisComputer{}

// Computer implements server.Computer.
func (c thisComputer) Computer(ctx context.Context) (out api.Computer, err error) {
	out = api.Computer{Home: c.home.Where(), Protected: c.protected(), Menu: inMenu()}
	if c.starter == nil {
		return out, nil
	}
	ctx, cancel := context.WithTimeout(ctx, startsWithin)
	defer cancel()
	starts, err := c.starter.State(ctx)
	out.Starts = &starts
	return out, err
}

func (c thisComputer) protected() bool {
	return slices.ContainsFunc(c.all.All(), func(at *space.Space) bool { return at.Place.IsSealed() })
}

// StartAtLogin implements server.Computer.
func (c thisComputer) StartAtLogin(ctx context.Context) (out api.Computer, err error) {
	switch {
	case c.starter == nil:
		return out, api.Problemf(api.NotAllowed, "start it yourself: kith daemon", "it isn't known how this computer starts programs")
	case c.protected():
		return out, api.Problemf(api.NotAllowed, "kith service install --passphrase-file FILE", "this computer has a passphrase, which nobody could type at a start by itself: it takes a file with it")
	}
	if err := c.starter.Install(ctx); err != nil {
		return out, err
	}
	return c.Computer(ctx)
}

// inMenu says whether the entry that comes with the package is in the applications menu.
func inMenu() bool {
	return slices.ContainsFunc(xdg.ApplicationDirs, func(dir string) bool {
		_, err := os.Stat(filepath.Join(dir, "kith.desktop"))
		return err == nil
	})
}
