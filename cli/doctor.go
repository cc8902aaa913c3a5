package cli

import (
	"context"
	"runtime"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) doctor() *cli.Command {
	return k.command(spec{
		name: "doctor", usage: "check that all is well, and say what to do",
		more:     "Looks at the store, the views, the keys, the clock, and whether others can be reached. Works without a daemon too. Exits with 1 if something is to be done.",
		examples: []string{`kith doctor`, `kith doctor --rebuild`, `kith doctor --take-in`},
		flags: []cli.Flag{&cli.BoolFlag{Name: "rebuild", Usage: "make the views anew from the entries first"},
			&cli.BoolFlag{Name: "take-in", Usage: "give more room, for good, to computers of which something is held back"}, keyFileFlag()},
		run: runDoctor,
	})
}

func runDoctor(ctx context.Context, c *call) error {
	daemon, err := c.api()
	if err != nil {
		return err
	}
	defer c.slowly("checking")()
	checks, err := daemon.Doctor(ctx, api.DoctorRequest{Rebuild: c.Bool("rebuild"), TakeIn: c.Bool("take-in")})
	if notRunning(err) {
		checks, err = c.env.Hooks.Doctor(ctx, DoctorOptions{Home: c.env.home(), Rebuild: c.Bool("rebuild"), Unlock: c.keyPassphrase})
		checks = append([]api.Check{{Name: "daemon", OK: true, Says: "not running", Hint: client.NotRunningHint}}, checks...)
	}
	if err != nil {
		return err
	}
	ill := 0
	for _, check := range checks {
		if !check.OK {
			ill++
		}
	}
	err = c.out.show(checks, func() {
		for _, check := range checks {
			mark := "ok  "
			if !check.OK {
				mark = "!!  "
			}
			c.out.printf("%s%-14s %s\n", mark, oneLine(check.Name, 40), sentence(check.Says)+c.inSpace(check.Space))
			if check.Hint != "" {
				c.out.printf("%18s %s\n", "", c.out.faint("→ "+sentence(check.Hint)))
			}
		}
	})
	if err == nil && ill > 0 {
		return api.Problemf(api.Failed, "the lines with an arrow say what to do", "%s to be looked at", areThings(ill))
	}
	return err
}

func areThings(n int) string {
	if n == 1 {
		return "1 thing is"
	}
	return count(n, "thing") + " are"
}

func (k *kith) version() *cli.Command {
	return k.command(spec{
		name: "version", usage: "which kith this is", anywhere: true,
		examples: []string{`kith version`, `kith version --jq .version`},
		run: func(_ context.Context, c *call) error {
			v := map[string]string{"version": c.env.Version, "go": runtime.Version(), "system": runtime.GOOS + "/" + runtime.GOARCH}
			return c.out.show(v, func() { c.out.printf("kith %s (%s, %s)\n", v["version"], v["go"], v["system"]) })
		},
	})
}
