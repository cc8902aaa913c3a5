package cli

import (
	"context"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

// figures are what agreements say in numbers that Kith reads.
func (k *kith) figures() *cli.Command {
	return k.command(spec{
		name: "figures", usage: "what our agreements say in numbers, as far as it holds now",
		more: "How long positions are hoped for and how many must have answered is taken from here when something is proposed. " +
			"Where two agreements say different things none of it holds, until one replaces the other.",
		examples: []string{`kith agreement figures`, `kith agreement figures --jq '.[] | select(.name == "timebox") | .value'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Figure, error) { return d.Figures(ctx) }, func(all []api.Figure) {
				var rows [][]string
				for _, f := range all {
					for _, a := range f.Agreements {
						holds := ""
						if f.Value == "" {
							holds = "doesn't hold: others say otherwise"
						}
						rows = append(rows, []string{f.Name, oneLine(a.Value, 40), a.Short + "  " + oneLine(a.Title, maxCell), holds})
					}
				}
				if len(rows) == 0 {
					c.out.println("No agreement says any. To write one into an agreement: kith agreement edit ID --set timebox=14d")
					return
				}
				c.out.grid([]string{"FIGURE", "VALUE", "SAID BY", ""}, rows)
			})
		},
	})
}
