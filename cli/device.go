package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) device() *cli.Command {
	return group("device", "your computers: add one, retire one, come back with your recovery phrase",
		k.deviceList(), k.deviceAdd(), k.devicePairing(), k.deviceConfirm(), k.deviceJoin(),
		k.deviceRename(), k.deviceRetire(), k.deviceConsents(),
		k.deviceVia(), k.deviceRecover(), k.deviceNewPhrase(),
	)
}

func (k *kith) deviceList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "your devices, those out of use included",
		examples: []string{`kith device list`, `kith device list --jq '.[] | select(.retired|not).name'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Device, error) { return d.Devices(ctx) }, func(all []api.Device) {
				var rows [][]string
				for _, d := range all {
					rows = append(rows, []string{d.Name, deviceState(d), c.added(d), c.seen(d), d.ID[:min(len(d.ID), 8)]})
				}
				c.out.grid([]string{"DEVICE", "STATE", "ADDED", "SEEN", "KEY"}, rows)
			})
		},
	})
}

func (c *call) deviceID(d api.Device) { c.out.println(d.ID) }

func deviceState(d api.Device) string {
	switch {
	case d.Retired:
		return "out of use"
	case d.Consents:
		return "in use, consents"
	}
	return "in use"
}

// added says how a device came to its member, and when, if it came since this one did.
func (c *call) added(d api.Device) string {
	how := "with the membership"
	switch {
	case d.ByPhrase:
		how = "by the recovery phrase"
	case d.AddedBy != nil:
		how = "by " + name(*d.AddedBy)
	}
	if d.Since.IsZero() {
		return how
	}
	return how + ", " + c.ago(d.Since)
}

func (c *call) seen(d api.Device) string {
	switch {
	case d.This:
		return "this one"
	case d.Connected:
		return "connected"
	case d.LastSeen.IsZero():
		return "not since the start"
	}
	return c.ago(d.LastSeen)
}

func (k *kith) deviceRename() *cli.Command {
	return k.command(spec{
		name: "rename", args: "DEVICE NAME", usage: "say what one of your devices is called from now on",
		more:     "DEVICE is its name, or the start of its key.",
		examples: []string{`kith device rename laptop "old laptop"`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Device, error) { return d.RenameDevice(ctx, c.arg(0), c.arg(1)) }, c.deviceID)
		},
	})
}

func (k *kith) deviceRetire() *cli.Command {
	return k.command(spec{
		name: "retire", args: "DEVICE", usage: "take one of your devices out of use: lost, stolen, sold",
		more:     "DEVICE is its name, or the start of its key. Says what follows from it, and does it with --yes. The device's daemon says so to whoever has it, keeps what it has, and gets nothing new. It works on a device that was retired itself, too, though the others may hear of it only ten minutes later: if a thief was faster, both are out, and your recovery phrase decides.",
		examples: []string{`kith device retire laptop`, `kith device retire laptop --yes`},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "yes", Usage: "I know what follows from it"},
			k.offering(&cli.StringFlag{Name: "consents", Usage: "`DEVICE` you consent to agreed steps from that one afterwards, if it was this; else from the one you type on"}, among(k.deviceOffers)),
		},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Device, error) {
				return d.RetireDevice(ctx, c.arg(0), api.RetireRequest{Consents: c.String("consents"), Yes: c.Bool("yes")})
			}, c.deviceID)
		},
	})
}

func (k *kith) deviceConsents() *cli.Command {
	return k.command(spec{
		name: "consents", args: "DEVICE", usage: "consent to agreed steps from another of your devices",
		more:     "Your word counts once, so you consent from one device; at first, the one you came with. Type this on that one. If it is lost: kith device retire.",
		examples: []string{`kith device consents phone`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Device, error) { return d.MoveConsents(ctx, c.arg(0)) }, c.deviceID)
		},
	})
}

func (k *kith) deviceVia() *cli.Command {
	return k.command(spec{
		name: "via", args: "MEMBER", usage: "a code for a member who comes back with their recovery phrase",
		more:     "For somebody who has lost all devices, or whose phrase was stolen. The code says which co-op, who they are, and where your daemon is reached, which has to run then. It lets nobody in by itself.",
		examples: []string{`kith device via Ana`, `kith device via Ana --jq .code`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.WayBack, error) { return d.WayBack(ctx, c.arg(0)) }, func(v api.WayBack) {
				c.out.printf("On the new computer, with their recovery phrase at hand, %s types:\n\n    kith device recover --via -\n\nIf the phrase is lost or stolen:\n\n    kith device new-phrase --via -\n\nBoth ask for the code:\n\n    %s\n", name(v.Member), v.Code)
			})
		},
	})
}
