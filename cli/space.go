package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) space() *cli.Command {
	return group("space", "the co-ops that this daemon serves",
		k.command(spec{
			name: "list", usage: "all of them, and who you are in each",
			more:     "Each has a key and a recovery phrase of its own. Where one is meant, say which: --space NAME, or KITH_SPACE. The ID of a document is enough.",
			examples: []string{`kith space list`, `kith space list --jq '.spaces[].space.name'`},
			run: func(ctx context.Context, c *call) error {
				return request(c, func(d *client.Client) (api.Overview, error) { return d.Spaces(ctx) }, c.spaceTable)
			},
		}),
	)
}

func (c *call) spaceTable(o api.Overview) {
	if len(o.Spaces) == 0 {
		c.out.println("There is no co-op here yet: kith init NAME --as MEMBER, or kith join - --as MEMBER")
		return
	}
	var rows [][]string
	for _, s := range o.Spaces {
		rows = append(rows, []string{name(s.Space), s.Space.ID[:min(len(s.Space.ID), 8)], name(s.Me), count(s.Documents, "document"), c.inStep(s.Peers)})
	}
	c.out.grid([]string{"SPACE", "ID", "YOU", "DOCUMENTS", "STATE"}, rows)
	for _, s := range o.Spaces {
		if len(s.Joining) > 0 {
			c.out.printf("This computer is coming into what %s shares with %s: kith ally list\n", name(s.Space), list(s.Joining))
		}
	}
}

// where says in which space something is, and with whom it is shared.
func (c *call) where(space *api.Named, d api.Document) string {
	if mark := sharedWith(d); mark != "" {
		return c.inSpace(space) + c.out.faint("  "+mark)
	}
	return c.inSpace(space)
}

// inSpace says in which space something is, where an answer is about several.
func (c *call) inSpace(space *api.Named) string {
	if space == nil {
		return ""
	}
	return c.out.faint("  in " + name(*space))
}
