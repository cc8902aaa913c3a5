package cli

import (
	"context"
	"strings"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// foundFrom founds a co-op and carries into it what is in another one of this home; into one of that name that was founded so before,
// it only carries what isn't there yet.
func (c *call) foundFrom(ctx context.Context) error {
	d, err := c.api()
	if err != nil {
		return err
	}
	all, err := d.Spaces(ctx)
	if err != nil {
		return err
	}
	from, err := c.coopCalled(all, c.String("from"))
	if err != nil {
		return err
	}
	if api.FoldName(c.arg(0)) == api.FoldName(from.Name) {
		return api.Problemf(api.Invalid, "give the new one another name: kith init NAME --as MEMBER --from SPACE", "“%s” is what the co-op is called that you found it from, and it stays in this home", name(from))
	}
	into, res := api.Named{}, api.InitResult{Invites: []api.Invite{}}
	for _, s := range all.Spaces {
		if api.FoldName(s.Space.Name) == api.FoldName(c.arg(0)) {
			into, res.Space, res.Member, res.Device = s.Space, s.Space, s.Me, s.Device
		}
	}
	if into.ID == "" {
		res, err = d.Found(ctx, api.InitRequest{
			Name: c.arg(0), As: c.String("as"), Founders: c.Int("founders"),
			Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Relays: c.StringSlice("relay"), PortMap: c.String("port-map"),
		})
		if err != nil {
			return err
		}
		into = res.Space
		if !c.out.json { // it is shown only once, whatever becomes of the rest
			if err := c.showOnce(res.RecoveryPhrase, func() error { return c.showFounded(res) }); err != nil {
				return err
			}
		}
	}
	there, err := client.New(c.env.home(), into.ID)
	if err != nil {
		return err
	}
	done := c.slowly("carrying what is in " + name(from))
	carried, err := there.Carry(ctx, from.ID)
	done()
	if err == nil {
		res.Carried = &carried
	}
	if c.out.json {
		shown := c.showOnce(res.RecoveryPhrase, func() error { return c.out.show(res, func() {}) })
		if err == nil {
			err = shown
		}
		return err
	}
	if err != nil {
		return err
	}
	c.showCarried(into, carried)
	return nil
}

// coopCalled finds a co-op of this home by its name or the start of its ID.
func (c *call) coopCalled(all api.Overview, word string) (api.Named, error) {
	var found []api.Named
	for _, s := range all.Spaces {
		if api.FoldName(s.Space.Name) == api.FoldName(word) || len(word) >= 4 && strings.HasPrefix(s.Space.ID, strings.ToLower(word)) {
			found = append(found, s.Space)
		}
	}
	switch len(found) {
	case 0:
		return api.Named{}, api.Problemf(api.NotFound, "kith space list", "no co-op in this home is called “%s”", oneLine(word, 80))
	case 1:
		return found[0], nil
	}
	return api.Named{}, api.Problemf(api.Ambiguous, "say which by its ID: kith space list", "“%s” may be more than one co-op", oneLine(word, 80))
}

// showCarried says what was carried, and what wasn't.
func (c *call) showCarried(into api.Named, carried api.Carried) {
	c.out.printf("Carried %s from “%s” into “%s”", count(carried.Documents, "document"), name(carried.From), name(into))
	if carried.Archived > 0 {
		c.out.printf(", %d of them put away", carried.Archived)
	}
	c.out.println(".")
	if carried.Before > 0 {
		c.out.printf("%s had been carried before.\n", count(carried.Before, "document"))
	}
	for _, left := range carried.Left {
		c.out.printf("  %s  %s: %s\n", left.Short, oneLine(left.Title, maxCell), oneLine(left.Why, 200))
	}
	if more := carried.LeftCount - len(carried.Left); more > 0 {
		c.out.printf("  and %d more that stay there, wholly or in part\n", more)
	}
	if carried.Newer > 0 {
		c.out.printf("Of %s something needs a newer Kith to be read, and wasn't carried.\n", count(carried.Newer, "document"))
	}
	if carried.Forgotten > 0 {
		c.out.printf("%s there had been forgotten, so nothing of them is carried.\n", count(carried.Forgotten, "document"))
	}
	c.out.printf("\n“%s” stays as it is: kith member resign --space %s leaves it.\n", name(carried.From), carried.From.ID[:min(len(carried.From.ID), 8)])
}
