package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

// defaultDeviceWait is how long a new device waits for the words to be compared.
const defaultDeviceWait = 15 * time.Minute

func newDeviceFlags(wait time.Duration) []cli.Flag {
	return append([]cli.Flag{
		&cli.StringFlag{Name: "name", Usage: "`NAME` what this device is called; else as the computer is"},
		&cli.DurationFlag{Name: "wait", Value: wait, Usage: "`TIME` how long to try"},
		anotherFlag(), relayFlag(relayOfCode),
	}, listenFlags()...)
}

func (k *kith) deviceJoin() *cli.Command {
	return k.command(spec{
		name: "join", args: "CODE|-", usage: "make this computer another device of yours",
		more:     "CODE is from kith device add on a device of yours; with - it is asked for, or read from stdin. Shows two words, and waits until somebody has compared them there. Into an empty home, or beside the co-ops in it (--another); if a daemon runs in this home already, it does the joining, and else everything comes when you start it.",
		examples: []string{`kith device join -`, `kith device join - --name "office box"`},
		flags:    newDeviceFlags(defaultDeviceWait),
		run: func(ctx context.Context, c *call) error {
			code, err := c.code(c.arg(0))
			if err != nil {
				return err
			}
			var res api.DeviceJoined
			err = c.reaching(ctx, func(ctx context.Context) (err error) {
				res, err = c.joinDevice(ctx, code)
				return err
			})
			if err != nil {
				return err
			}
			return c.out.show(res, func() {
				c.out.printf("This is “%s” now, a device of %s in “%s”.\n\n", name(res.Device), name(res.Member), name(res.Space))
				c.keptRelays(res.Relays)
				c.out.println("Next: kith daemon, unless it runs already")
			})
		},
	})
}

// joinDevice joins through the daemon if one runs here, and else by itself. Where this computer listens a daemon that runs has been told already.
func (c *call) joinDevice(ctx context.Context, code string) (res api.DeviceJoined, err error) {
	if !c.IsSet("listen") && !c.IsSet("announce") && !c.IsSet("relay") {
		client, err := c.api()
		if err != nil {
			return res, err
		}
		q := api.DeviceJoinRequest{Code: code, Name: c.String("name"), Another: c.Bool("another")}
		if res, err = client.JoinDevice(ctx, q, c.Duration("wait"), c.showWords); !notRunning(err) {
			return res, err
		}
	}
	return c.env.Hooks.JoinDevice(ctx, JoinDeviceOptions{
		Home: c.env.home(), Code: code, Name: c.String("name"), Another: c.Bool("another"),
		Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Relays: c.StringSlice("relay"), Show: c.showWords,
	})
}

// showWords shows the two words. They go to stderr, so that a program that reads the result can
// show them as well.
func (c *call) showWords(w api.Compare) {
	fmt.Fprintf(c.env.Stderr, "This will be a device of %s in “%s”. It shows two words:\n\n    %s\n\nThe other device must show the same. Say so there; then it goes on here.\n",
		oneLine(w.Member, 80), oneLine(w.Space, 80), strings.Join(w.Words, " "))
}

// reaching does what needs somebody to answer, again and again while nobody does, as long as --wait
// says.
func (c *call) reaching(ctx context.Context, do func(context.Context) error) error {
	if c.Duration("wait") <= 0 {
		return api.Problemf(api.Invalid, fullName(c.Context)+" --help", "--wait is a time like 60s")
	}
	ctx, cancel := context.WithTimeout(ctx, c.Duration("wait"))
	defer cancel()
	again := time.NewTicker(retryEvery)
	defer again.Stop()
	var before error // of the last try that had its time: it says who didn't answer
	for {
		err := do(ctx)
		if err != nil && ctx.Err() != nil && before != nil {
			return before
		}
		if errors.Is(err, context.DeadlineExceeded) {
			return api.Problemf(api.TimedOut, "the same command goes on as long as the code is good", "nobody has compared the words in this time")
		}
		if !nobodyThere(err) {
			return err
		}
		before = err
		select {
		case <-again.C:
		case <-ctx.Done():
			return err
		}
	}
}

func (k *kith) deviceRecover() *cli.Command {
	return k.command(spec{
		name: "recover", usage: "come back with your recovery phrase, on a new computer",
		more: "For who has lost all devices, or has to beat a thief who has one. It takes a code that any other member prints (kith device via NAME), whose daemon runs, and your phrase, typed or from stdin. It replaces all that your devices said about each other: this one is in use, and of the others those that you keep. What the others wrote and has reached the member whose code it is stays, up to where they were taken out of use, unless you say that one never was yours. Without --keep and --not-mine you are asked on a terminal.",
		examples: []string{
			`kith device recover --via -`,
			`kith device recover --via - --keep phone --not-mine 5e0d2c41`,
			`kith device recover --via CODE --phrase - <paper.txt`,
		},
		flags: append([]cli.Flag{
			need(&cli.StringFlag{Name: "via", Usage: "`CODE` from another member: kith device via NAME; - asks for it, or reads a line of stdin"}, false),
			&cli.StringFlag{Name: "phrase", Usage: "`-` read the phrase from stdin; else it is asked for"},
			k.offering(&cli.StringSliceFlag{Name: "keep", Usage: "`DEVICE` that stays in use"}, among(k.deviceOffers)),
			k.offering(&cli.StringSliceFlag{Name: "not-mine", Usage: "`DEVICE` that never was yours: nothing of it counts"}, among(k.deviceOffers)),
		}, newDeviceFlags(defaultJoinWait)...),
		run: runDeviceRecover,
	})
}

func runDeviceRecover(ctx context.Context, c *call) error {
	if c.String("via") == "" {
		return api.Problemf(api.Usage, "another member prints one: kith device via NAME", "kith device recover needs --via and a code")
	}
	via, err := c.code(c.String("via"))
	if err != nil {
		return err
	}
	phrase, err := c.recoveryPhrase()
	if err != nil {
		return err
	}
	var res api.Recovered
	err = c.reaching(ctx, func(ctx context.Context) (err error) {
		res, err = c.env.Hooks.Recover(ctx, RecoverOptions{
			Home: c.env.home(), Via: via, Phrase: phrase, Name: c.String("name"), Another: c.Bool("another"),
			Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Relays: c.StringSlice("relay"), Choose: c.choose,
		})
		return err
	})
	if err != nil {
		return err
	}
	return c.out.show(res, func() {
		c.out.printf("Welcome back, %s. This is “%s” now, in “%s”.\n", name(res.Member), name(res.Device), name(res.Space))
		if len(res.Kept) > 0 {
			c.out.printf("In use as well: %s.\n", list(names(res.Kept)))
		}
		if len(res.Retired) > 0 {
			c.out.printf("Out of use: %s.\n", list(names(res.Retired)))
		}
		c.out.println("")
		c.keptRelays(res.Relays)
		c.out.println("Next: kith daemon; everything comes over then.")
	})
}

// recoveryPhrase reads the phrase. It is no argument: those stay in the shell's history.
func (c *call) recoveryPhrase() (string, error) {
	switch c.String("phrase") {
	case "-":
		return readBounded(c.lines()) // behind the code, if that came so too
	case "":
		return c.ask("Your recovery phrase", api.Problemf(api.Usage, "kith device recover --via - --phrase - <FILE", "there is no terminal to type the recovery phrase on"))
	}
	return "", api.Problemf(api.Usage, "leave --phrase out to be asked for it, or give it on stdin: --phrase -", "a phrase in the command would stay in the shell's history")
}

// choose says what becomes of a member's other devices.
func (c *call) choose(_ string, devices []api.Device) (out api.RecoverChoice, err error) {
	if c.IsSet("keep") || c.IsSet("not-mine") || c.out.json || terminal(c.env.Stdin) == 0 {
		if out.Keep, err = deviceIDs(devices, c.StringSlice("keep")); err != nil {
			return out, err
		}
		out.NotMine, err = deviceIDs(devices, c.StringSlice("not-mine"))
		return out, err
	}
	for _, d := range devices {
		which := fmt.Sprintf("“%s” (%s, added %s)", oneLine(d.Name, 80), d.ID[:min(len(d.ID), 8)], c.added(d))
		yes, err := c.askYes("Do you have " + which + ", and nobody else does?")
		if err != nil {
			return out, err
		}
		if yes {
			out.Keep = append(out.Keep, d.ID)
			continue
		}
		if yes, err = c.askYes("Was it ever yours?"); err != nil {
			return out, err
		}
		if !yes {
			out.NotMine = append(out.NotMine, d.ID)
		}
	}
	return out, nil
}

func deviceIDs(devices []api.Device, words []string) (ids []string, err error) {
	for _, word := range words {
		d, err := api.ResolveDevice(devices, word)
		if err != nil {
			return nil, err
		}
		ids = append(ids, d.ID)
	}
	return ids, nil
}

func (k *kith) deviceNewPhrase() *cli.Command {
	return k.command(spec{
		name: "new-phrase", usage: "ask the co-op for a new recovery phrase: yours is lost or stolen",
		more:     "On the computer that you go on with, in an empty home or with --another, and no daemon running in it. Prints a new phrase, once, and a code for the others, who agree on it (kith member new-key). When it is in force, come back with it: kith device recover. Until then it opens nothing.",
		examples: []string{`kith device new-phrase --via -`},
		flags: append([]cli.Flag{
			need(&cli.StringFlag{Name: "via", Usage: "`CODE` from another member: kith device via NAME; - asks for it, or reads a line of stdin"}, false),
			&cli.StringFlag{Name: "name", Usage: "`NAME` what this device is called; else as the computer is"},
			anotherFlag(),
		}, listenFlags()...),
		run: func(ctx context.Context, c *call) error {
			if c.String("via") == "" {
				return api.Problemf(api.Usage, "another member prints one: kith device via NAME", "kith device new-phrase needs --via and a code")
			}
			via, err := c.code(c.String("via"))
			if err != nil {
				return err
			}
			res, err := c.env.Hooks.NewPhrase(ctx, NewPhraseOptions{
				Home: c.env.home(), Via: via, Name: c.String("name"), Another: c.Bool("another"),
				Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
			})
			if err != nil {
				return err
			}
			return c.showOnce(res.RecoveryPhrase, func() error {
				return c.out.show(res, func() {
					c.phrase(res.RecoveryPhrase)
					c.out.printf("Any full member types, with the reason:\n\n    kith member new-key NAME %s --why WHY\n\nTell them these words, so that they know the code is yours:\n\n    %s\n\nWhen they have agreed: kith device recover --via -\n", res.Code, strings.Join(res.Words, " "))
				})
			})
		},
	})
}
