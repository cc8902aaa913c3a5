package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) undo() *cli.Command {
	return k.command(spec{
		name: "undo", usage: "take back what this computer did last, if nobody else has it yet",
		more: "It is as if it had never been, whole: what one command did, also in several things. Once it was sent to another computer, that may have it, and what others have got stays " +
			"in their history; then it says so, and names the command that does the contrary. A bundle or a backup that was written since has it, too. Steps about the co-op aren't taken back in " +
			"silence: kith charter withdraw. Asked again, it takes back what was before that.",
		examples: []string{`kith undo`, `kith undo --jq .undone.short`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Undone, error) { return d.Undo(ctx) }, func(u api.Undone) {
				d := u.Undone
				did, thing := d.Verb, strings.TrimSpace(d.Short+"  "+c.out.isolate(oneLine(d.Title, maxCell)))
				if len(d.Says) > 0 && d.Text == "" { // else what it said stands below
					did = oneLine(strings.Join(d.Says, "; "), 2*maxCell)
				}
				k := kinds.All.Named(d.Kind)
				switch {
				case d.Short == "":
					c.out.println("Taken back.")
				case k != nil && k.Many == "": // a month of hours, which nobody knows as a thing
					c.out.println("Taken back: " + did + c.inSpace(d.Space) + ". It is as it was before.")
				case d.Made:
					c.out.println("Taken back: " + thing + c.inSpace(d.Space) + ". It was never there.")
				default:
					c.out.println("Taken back: " + did + ", " + thing + c.inSpace(d.Space) + ". It is as it was before.")
				}
				if d.Text != "" {
					c.out.println("It said:")
					c.out.text(d.Text)
				}
			})
		},
	})
}
