package cli

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/cli/service"
	"kith/daemon/api"
)

// startsWithin is how long a service that was just installed is waited for: a daemon answers within a second, and
// one with a passphrase within some.
const startsWithin = 20 * time.Second

func (k *kith) service() *cli.Command {
	return group("service", "have the computer start the daemon by itself",
		k.command(spec{
			name: "install", usage: "start the daemon now, and whenever you log in",
			more: "A user service of systemd, or on macOS a LaunchAgent: one file in your own folders, nothing as root. It runs this program from where it is now, so put it where it stays. If a daemon runs already, that one goes on, and the service begins when you log in next. Again, it writes the file anew.",
			examples: []string{
				`kith service install`,
				`kith service install --passphrase-file ~/.kith-passphrase`,
			},
			flags: []cli.Flag{keyFileFlag()},
			run:   installService,
		}),
		k.command(spec{
			name: "status", usage: "say whether it does", examples: []string{`kith service status`, `kith service status --jq .runs`},
			run: func(ctx context.Context, c *call) error {
				s, err := c.service()
				if err != nil {
					return err
				}
				return c.tellService(ctx, s)
			},
		}),
		k.command(spec{
			name: "remove", usage: "end it, and take away what install wrote", examples: []string{`kith service remove`},
			more: "Nothing of the co-op goes. The daemon ends with it: kith daemon starts one by hand.",
			run: func(ctx context.Context, c *call) error {
				s, err := c.service()
				if err != nil {
					return err
				}
				was, err := s.Remove(ctx)
				if err != nil {
					return err
				}
				if !was {
					c.note([]string{"There was none: " + s.File() + " isn't there."})
				}
				return c.tellService(ctx, s)
			},
		}),
	)
}

// service is that of the home that is meant: the usual one has the same, whether it was named or not.
func (c *call) service() (*service.Service, error) {
	home := c.env.Getenv("KITH_HOME")
	if home == api.UsualHome() {
		home = ""
	}
	return service.Of(runtime.GOOS, home, c.env.Getenv)
}

// starter is what a daemon of this home is told of its service; nil where it isn't known how this system starts programs.
func (c *call) starter() (state func(context.Context) (api.Starts, error), install func(context.Context) error) {
	s, err := c.service()
	if err != nil {
		return nil, nil
	}
	state = func(ctx context.Context) (api.Starts, error) {
		at := s.State(ctx)
		return api.Starts{Installed: at.Installed, AtLogin: at.Starts, Runs: at.Runs, Says: at.Says}, nil
	}
	return state, func(ctx context.Context) error {
		d, err := thisProgram()
		if err != nil {
			return err
		}
		return s.Install(ctx, d, false)
	}
}

// thisProgram is the daemon that a service starts: this program, where it is now.
func thisProgram() (d service.Daemon, err error) {
	program, err := os.Executable()
	if err != nil {
		return d, err
	}
	if strings.Contains(program, string(filepath.Separator)+"go-build") {
		return d, api.Problemf(api.NotAllowed, "scripts/run builds one that stays", "this program is gone when it ends, so nothing can start it again")
	}
	if err := onlyOwn(program); err != nil {
		return d, err
	}
	return service.Daemon{Program: program, Args: []string{"daemon", "--log-level", "warn"}}, nil
}

func installService(ctx context.Context, c *call) error {
	s, err := c.service()
	if err != nil {
		return err
	}
	d, err := thisProgram()
	if err != nil {
		return err
	}
	if file := c.String("passphrase-file"); file != "" {
		if file, err = filepath.Abs(file); err != nil {
			return err
		}
		if _, err := os.Stat(file); err != nil {
			return api.Problemf(api.NotFound, "write it there first: one line, chmod 600", "%v", err)
		}
		d.Args = append(d.Args, "--passphrase-file", file)
	}
	runs := !notRunning(c.daemonAnswers(ctx))
	byHand := runs && !s.State(ctx).Runs
	if err := s.Install(ctx, d, !byHand); err != nil {
		return err
	}
	if byHand {
		c.note([]string{"A daemon that was started by hand runs, and goes on. The service begins when you log in next; at once, if you end that one: kith service install again."})
		return c.tellService(ctx, s)
	}
	ctx, stop := context.WithTimeout(ctx, startsWithin)
	defer stop()
	for c.daemonAnswers(ctx) != nil {
		select {
		case <-ctx.Done():
			return api.Problemf(api.NotRunning, "journalctl --user -u "+s.Name()+"; if the home has a passphrase: kith service install --passphrase-file FILE", "%s is there, and the daemon doesn't answer after %s", s.File(), startsWithin)
		case <-time.After(100 * time.Millisecond):
		}
	}
	return c.tellService(ctx, s)
}

// onlyOwn says whether nobody but this user and root can put another program in the place of one that is to run at each login: by the
// file, or by a folder on the way to it. That a folder for temporary files keeps others from each other's holds until the file goes.
func onlyOwn(program string) error {
	real, err := filepath.EvalSymlinks(program)
	if err != nil {
		return err
	}
	for _, at := range []string{program, real} {
		for before := ""; at != before; before, at = at, filepath.Dir(at) {
			info, err := os.Stat(at)
			if err != nil {
				return err
			}
			if uid, known := api.OwnerOf(info); known && (uid != os.Getuid() && uid != 0 || info.Mode().Perm()&0o002 != 0) {
				return api.Problemf(api.NotAllowed, "put it into a folder of your own, and type it there: mkdir -p ~/.local/bin; cp FILE ~/.local/bin/kith; ~/.local/bin/kith service install", "%s belongs to another user, or others can write there: they could have another program run as you, in the place of %s", at, program)
			}
		}
	}
	return nil
}

// daemonAnswers gives what stands in the way of asking the daemon of this home.
func (c *call) daemonAnswers(ctx context.Context) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	_, err = client.Spaces(ctx)
	return err
}

func (c *call) tellService(ctx context.Context, s *service.Service) error {
	at := s.State(ctx)
	return c.out.show(at, func() {
		switch {
		case at.Installed && at.Runs:
			c.out.println("The daemon runs as " + at.Name + ", and starts when you log in.")
		case at.Installed && at.Starts:
			c.out.println("The daemon starts as " + at.Name + " when you log in; as that it doesn't run now.")
		case at.Installed:
			c.out.println(at.File + " is there, but nothing starts it: kith service install")
		case at.Runs || at.Starts: // of a package, or another's file
			c.out.println("Another service of that name starts it, which isn't from kith service install: systemctl --user cat " + at.Name)
		default:
			c.out.println("Nothing starts the daemon by itself: kith service install")
		}
		for _, says := range at.Says {
			c.out.println(says)
		}
	})
}
