package cli

import (
	"context"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) drop() *cli.Command {
	return group("drop", "have bundles carried by a folder that is synchronised, or on a stick",
		k.command(spec{
			name: "add", args: "DIR", usage: "leave bundles for the others in a folder, and take theirs",
			more:     "DIR is any folder that something else carries: Nextcloud, Syncthing, a shared disk, a stick that goes to and fro. Each of you adds it on their computer. Kith looks there by itself: it puts there what is new, closed for all devices of the co-op, takes what the others have put there, and removes its own files once all others have said that they have what is in them, which each does once a day. Other files there are left alone. At most 32 files and 1 GiB of each computer.",
			examples: []string{`kith drop add ~/Nextcloud/riso`, `kith drop add /media/stick`},
			run: func(ctx context.Context, c *call) error {
				return c.changeDrop(ctx, (*client.Client).AddDrop, func(d api.DropChanged) {
					if !d.Changed {
						c.out.printf("%s is a drop folder already.\n", sentence(d.Dir))
						return
					}
					c.out.printf("%s is a drop folder now. The others type the same on their computers, with their name for it.\n", sentence(d.Dir))
				})
			},
		}),
		k.command(spec{
			name: "list", usage: "the drop folders of this computer, and what is in them",
			examples: []string{`kith drop list`},
			run: func(ctx context.Context, c *call) error {
				return request(c, func(d *client.Client) ([]api.Drop, error) { return d.Drops(ctx) }, func(all []api.Drop) {
					if len(all) == 0 {
						c.out.println("There are no drop folders: kith drop add DIR")
					}
					c.drops(all)
				})
			},
		}),
		k.command(spec{
			name: "remove", args: "DIR", usage: "give a drop folder up; what lies in it stays",
			examples: []string{`kith drop remove /media/stick`},
			run: func(ctx context.Context, c *call) error {
				return c.changeDrop(ctx, (*client.Client).RemoveDrop, func(d api.DropChanged) {
					c.out.printf("%s is no drop folder any more.", sentence(d.Dir))
					if d.Files > 0 {
						c.out.printf(" %s of this computer (kith-….bundle) %s there: remove them once the others have them.", sentence(count(d.Files, "file")), map[bool]string{true: "lies", false: "lie"}[d.Files == 1])
					}
					c.out.println()
				})
			},
		}),
	)
}

// changeDrop adds or removes the folder that is named.
func (c *call) changeDrop(ctx context.Context, do func(*client.Client, context.Context, string) (api.DropChanged, error), say func(api.DropChanged)) error {
	dir, err := filepath.Abs(c.arg(0))
	if err != nil {
		return err
	}
	return request(c, func(d *client.Client) (api.DropChanged, error) { return do(d, ctx, dir) }, say)
}

// drops says how it stands with drop folders, each in a sentence or two.
func (c *call) drops(all []api.Drop) {
	for _, d := range all {
		var says []string
		if d.Files > 0 {
			says = append(says, count(d.Files, "file")+" of this computer, "+humanize.IBytes(uint64(d.Bytes)))
		}
		if !d.WroteAt.IsZero() {
			says = append(says, "last written "+c.ago(d.WroteAt))
		}
		if !d.ReadAt.IsZero() {
			says = append(says, "last read "+c.ago(d.ReadAt))
		}
		if len(says) == 0 {
			says = []string{"nothing went through it since the start"}
		}
		c.out.printf("drop folder %s: %s\n", oneLine(d.Dir, 400), strings.Join(says, "; "))
		c.out.sentences(d.Says)
	}
}
