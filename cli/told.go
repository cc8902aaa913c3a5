package cli

import (
	"context"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// told says that somebody was told how things stand, so that they are no news in kith today; a filter shows a part alone.
func (c *call) told(ctx context.Context, d *client.Client, things []api.Told) error {
	if len(things) == 0 || c.IsSet("jq") {
		return nil
	}
	return d.NoteTold(ctx, things)
}

// toldSteps says so of all steps that came to an end.
func (c *call) toldSteps(ctx context.Context) error {
	d, err := c.api()
	if err != nil {
		return err
	}
	all, err := d.Proposals(ctx, false)
	if err != nil {
		return err
	}
	var things []api.Told
	for _, p := range all {
		if p.State == "in_force" || p.Hopeless {
			things = append(things, p.News())
		}
	}
	return c.told(ctx, d, things[max(0, len(things)-api.MaxTold):])
}

// toldEndings says so of the memberships that ended.
func (c *call) toldEndings(ctx context.Context, ended []api.Ending) error {
	d, err := c.api()
	if err != nil {
		return err
	}
	var things []api.Told
	for _, e := range ended[max(0, len(ended)-api.MaxTold):] {
		things = append(things, e.News())
	}
	return c.told(ctx, d, things)
}

// toldNames says so of what members are called by now.
func (c *call) toldNames(ctx context.Context, d *client.Client, members ...api.Member) error {
	var things []api.Told
	for _, m := range members {
		if len(m.Former) > 0 {
			things = append(things, m.Renamed())
		}
	}
	return c.told(ctx, d, things[max(0, len(things)-api.MaxTold):])
}
