package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

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
				thing := strings.TrimSpace(d.Short + "  " + c.out.isolate(oneLine(d.Title, maxCell)))
				switch {
				case d.Short == "":
					c.out.println("Taken back.")
				case d.Made:
					c.out.println("Taken back: " + thing + c.inSpace(d.Space) + ". It was never there.")
				default:
					c.out.println("Taken back: " + sentence(d.Verb) + ", " + thing + c.inSpace(d.Space) + ". It is as it was before.")
				}
				if d.Text != "" && (d.Made || d.Verb == "edit" || d.Verb == "append" || d.Verb == "restore") {
					c.out.println("It said:")
					c.out.text(d.Text)
				}
			})
		},
	})
}
