package cli

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// newestVersions is how many versions history tells apart when nobody says.
const newestVersions = 20

func (k *kith) historyOf(of *kind.Kind) *cli.Command {
	return k.command(spec{
		name: "history", args: "ID", usage: "the versions of " + aOrAn(of.Name) + " and what differs in each, newest first", ids: k.documentOffers(of),
		more:     "[-What went-] and {+what came+}, in words, is what each was changed by, from what its writer had before them. All of a version: kith " + of.Name + " show ID --at HEAD.",
		examples: []string{"kith " + of.Name + " history " + of.Letters + "-2m7d"},
		flags:    []cli.Flag{limitFlag(newestVersions)},
		run: func(ctx context.Context, c *call) error {
			limit, err := c.limit()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) ([]api.Version, error) { return d.Differences(ctx, of.Many, c.arg(0), limit) }, func(versions []api.Version) {
				for _, v := range versions {
					c.out.println(c.out.strong(shortHead(v.Head)) + "  " + name(v.By) + "  " + c.ago(v.At))
					c.versionSays(v)
				}
			})
		},
	})
}

// versionSays shows what a version was changed by: the words, or what else was done.
func (c *call) versionSays(v api.Version) {
	told := false
	for _, change := range v.Changed {
		switch {
		case len(change.Diff) > 0:
			c.out.text(change.Field + ": " + passages(change.Diff))
		case change.Is != "":
			c.out.text(change.Field + ": " + change.Is)
		}
		told = true
	}
	if !told {
		c.out.text(strings.ReplaceAll(strings.Join(v.Says, "; "), "\n", " "))
	}
}

// shortHead is as much of a head as tells versions apart.
func shortHead(head string) string { return head[:min(len(head), 12)] }

// edition shows all of an earlier version.
func (c *call) edition(e api.Edition) {
	c.out.println(c.out.strong(c.out.isolate(oneLine(e.Title, 4*api.MaxTitle))))
	if tags := tagWords(e.Tags); len(tags) > 0 {
		c.out.println(strings.Join(tags, " · "))
	}
	for _, field := range slices.Sorted(maps.Keys(e.Fields)) {
		if e.Fields[field] != "" {
			c.out.println(because(field, e.Fields[field]))
		}
	}
	c.out.text(e.Text)
	c.out.println("\n" + c.out.faint("as it was when "+name(e.By)+" had changed it, "+c.ago(e.At)+" ("+shortHead(e.Head)+")"))
}
