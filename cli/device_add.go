package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mdp/qrterminal/v3"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// defaultDeviceCodeLife is how long a code for a new device is good, if nothing else is said.
const defaultDeviceCodeLife = 15 * time.Minute

func (k *kith) deviceAdd() *cli.Command {
	return k.command(spec{
		name: "add", usage: "a code for another computer of yours: a second laptop, a box in the office",
		more:     "Type the code on the other computer (kith device join -). Both show the same two words then; on a terminal you are asked here whether they are. Without a terminal the code is printed, and kith device confirm adds the device. This daemon has to run and be reachable meanwhile. A code is good for one device, and a new one replaces it.",
		examples: []string{`kith device add`, `kith device add --expires 1h --jq .code`},
		flags:    []cli.Flag{&cli.DurationFlag{Name: "expires", Value: defaultDeviceCodeLife, Usage: "`TIME` how long the code is good"}},
		run:      runDeviceAdd,
	})
}

func runDeviceAdd(ctx context.Context, c *call) error {
	client, err := c.api()
	if err != nil {
		return err
	}
	code, err := client.AddDevice(ctx, api.DeviceCodeRequest{ExpiresIn: int(c.Duration("expires") / time.Second)})
	if err != nil {
		return err
	}
	asks := !c.out.json && c.out.width > 0 && terminal(c.env.Stdin) > 0
	err = c.out.show(code, func() {
		c.out.printf("On the other computer, type:\n\n    kith device join -\n\nand then the code, which it asks for:\n\n    %s\n\n", code.Code)
		if c.out.width > 0 {
			qrterminal.GenerateHalfBlock(code.Code, qrterminal.L, c.env.Stdout)
		}
		c.out.printf("The code is good for one device, until %s. Show it to nobody else.\n", code.ExpiresAt.In(c.env.Now().Location()).Format("15:04"))
		if !asks {
			c.out.println("It shows two words then. Type them here: kith device confirm WORD WORD")
		}
	})
	if err != nil || !asks {
		return err
	}
	return c.compare(ctx, client)
}

// compare waits until a device asks, and adds it if a person says that both show the same words.
func (c *call) compare(ctx context.Context, client *client.Client) error {
	done := c.slowly("waiting for the other computer")
	p, err := asksSoon(ctx, client)
	done()
	if err != nil {
		return err
	}
	fmt.Fprintf(c.env.Stderr, "\n“%s” asks to be a device of yours, and shows two words. Here they are:\n\n    %s\n\n", name(*p.Device), strings.Join(p.Words, " "))
	same, err := c.askYes("Does it show the same two words?")
	if err != nil {
		return err
	}
	if !same {
		if _, err := client.DeclineDevice(ctx); err != nil {
			return err
		}
		return api.Problemf(api.NotAllowed, "make another code, and show it to nobody else: kith device add", "nothing was added, and the code is useless now")
	}
	d, err := client.ConfirmDevice(ctx, strings.Join(p.Words, " "))
	if err != nil {
		return err
	}
	return c.out.show(d, func() {
		c.out.printf("“%s” is a device of yours now. It gets everything by itself.\n", oneLine(d.Name, 80))
	})
}

// asksSoon waits until a device asks with the newest code.
func asksSoon(ctx context.Context, client *client.Client) (api.Pairing, error) {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		p, err := client.Pairing(ctx)
		switch {
		case err != nil:
			return p, err
		case p.State == api.PairingAsked && p.Device != nil:
			return p, nil
		case p.State == api.PairingExpired:
			return p, api.Problemf(api.TimedOut, "kith device add", "nobody used the code while it was good")
		case p.State != api.PairingOpen:
			return p, api.Problemf(api.Failed, "kith device list", "the code is not open any more: it was used, or another one was made")
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return p, ctx.Err()
		}
	}
}

// askYes asks a person on a terminal; anything but a yes is a no.
func (c *call) askYes(question string) (bool, error) {
	fmt.Fprintf(c.env.Stderr, "%s [yes/no] ", question)
	line, err := c.line(maxCode)
	if err != nil {
		return false, err
	}
	switch api.FoldName(line) {
	case "y", "yes":
		return true, nil
	}
	return false, nil
}

func (k *kith) devicePairing() *cli.Command {
	return k.command(spec{
		name: "pairing", usage: "who asks to be added with the newest code, and the words to compare",
		examples: []string{`kith device pairing`, `kith device pairing --jq .state`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Pairing, error) { return d.Pairing(ctx) }, func(p api.Pairing) {
				if p.State == api.PairingAsked && p.Device != nil {
					c.out.printf("“%s” asks to be a device of yours. If it shows the same two words as these, say so: kith device confirm WORD WORD\n\n    %s\n", name(*p.Device), strings.Join(p.Words, " "))
					return
				}
				c.out.println(pairingSays[p.State])
			})
		},
	})
}

var pairingSays = map[string]string{
	api.PairingNone:    "No code was made since the daemon's start: kith device add",
	api.PairingOpen:    "Nobody has used the code yet.",
	api.PairingAdded:   "The device was added: kith device list",
	api.PairingEnded:   "The code is useless now: the words were others, or it was taken back. Another one: kith device add",
	api.PairingExpired: "Nobody used the code while it was good. Another one: kith device add",
}

func (k *kith) deviceConfirm() *cli.Command {
	return k.command(spec{
		name: "confirm", args: "[WORD…]", usage: "add the device that shows these two words",
		more:     "Read them on the new device. Other words make the code useless: somebody else asked with it, or stands between you and the device. Without words you are shown them on a terminal, and asked.",
		examples: []string{`kith device confirm apple river`, `kith device confirm`},
		run: func(ctx context.Context, c *call) error {
			client, err := c.api()
			switch {
			case err != nil:
				return err
			case len(c.args()) == 0 && terminal(c.env.Stdin) == 0:
				return api.Problemf(api.Usage, "kith device confirm apple river", "kith device confirm needs the two words that the new device shows")
			case len(c.args()) == 0:
				return c.compare(ctx, client)
			}
			d, err := client.ConfirmDevice(ctx, strings.Join(c.args(), " "))
			if err != nil {
				return err
			}
			return c.out.changed(d.ID, d)
		},
	})
}
