package cli

import (
	"cmp"
	"context"
	"strconv"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) archive() *cli.Command {
	return k.command(spec{
		name: "archive", args: "ID…", usage: "put things away, out of lists and of today; --undo brings them back", ids: k.documentOffers(nil),
		more: "Anybody can, and it is shown who did. What was put away is still found by search, by its ID and from what names it, and its list has it with --archived. " +
			"What is open waits for somebody, and can't be put away.",
		examples: []string{"kith archive n-2m7d", "kith archive n-2m7d --undo"},
		flags:    []cli.Flag{&cli.BoolFlag{Name: "undo", Usage: "bring it back"}},
		run: func(ctx context.Context, c *call) error {
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				done, err := d.Archive(ctx, id, c.Bool("undo"))
				return done, func() { c.done(document{Document: done}, false) }, err
			})
		},
	})
}

// archiveOne puts documents of one kind away, and unarchiveOne brings them back.
func (k *kith) archiveOne(of *kind.Kind) *cli.Command {
	return k.putAway(of, "archive", "put it away, out of lists and of today", false)
}

func (k *kith) unarchiveOne(of *kind.Kind) *cli.Command {
	return k.putAway(of, "unarchive", "bring back what was put away", true)
}

func (k *kith) putAway(of *kind.Kind, verb, usage string, undo bool) *cli.Command {
	return k.command(spec{
		name: verb, args: "ID…", usage: usage, ids: k.documentOffers(of), examples: []string{"kith " + of.Name + " " + verb + " " + of.Letters + "-2m7d"},
		run: func(ctx context.Context, c *call) error {
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				it, err := documentOf(ctx, d, of, id)
				if err != nil {
					return nil, nil, err
				}
				done, err := d.Archive(ctx, it.ID, undo)
				return done, func() { c.done(document{Document: done}, false) }, err
			})
		},
	})
}

// continueOne goes on in a fresh document.
func (k *kith) continueOne(of *kind.Kind) *cli.Command {
	return k.command(spec{
		name: "continue", args: "ID", usage: "go on in a fresh " + of.Name + ", which names this one", ids: k.documentOffers(of),
		more: "Kith keeps all that ever stood in a text, and there is so much room for that. The fresh one begins as this one stands, without its history, and each shows the other; this one is put " +
			"away, unless it is open, and stays as it is, with its history. What members said in it of themselves stays there. One that goes on already doesn't go on in a second one, unless the first was put away.",
		examples: []string{"kith " + of.Name + " continue " + of.Letters + "-2m7d"},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Document, error) {
				it, err := documentOf(ctx, d, of, c.arg(0))
				if err != nil {
					return api.Document{}, err
				}
				return d.Continue(ctx, it.ID)
			}, func(d api.Document) { c.done(document{Document: d}, false) })
		},
	})
}

func (k *kith) settle() *cli.Command {
	return k.command(spec{
		name: "settle", args: "ID…", usage: "say that what two wrote at one place is as it should be now", ids: k.documentOffers(nil),
		more:     "Where two wrote at one place without knowing of each other, it is said in kith today and at the thing itself, with both versions, until somebody who has seen them says so.",
		examples: []string{"kith settle n-2m7d"},
		run: func(ctx context.Context, c *call) error {
			return c.each(c.args(), func(d *client.Client, id string) (any, func(), error) {
				done, err := d.Settle(ctx, id)
				return done, func() { c.done(document{Document: done}, false) }, err
			})
		},
	})
}

// apart says where several wrote at one place, and how each version is read.
func (c *call) apart(d api.Document) {
	if len(d.Apart) == 0 {
		return
	}
	c.out.println()
	k := cmp.Or(kinds.All.Named(d.Kind), &kind.Kind{}) // of a newer release: only what every document has has a name
	for _, a := range d.Apart {
		var who, versions []string
		for _, side := range a.Sides {
			who = append(who, name(side.By))
			if a.Field == kind.Body.Key {
				versions = append(versions, name(side.By)+"'s: kith "+d.Kind+" show "+d.Short+" --at "+shortHead(side.Head))
			} else {
				versions = append(versions, because(name(side.By)+"'s", oneLine(c.fieldSays(k.Field(a.Field), side.Says), maxCell)))
			}
		}
		c.out.println(c.out.strong(list(who) + " wrote at one place without knowing of each other: " + k.FieldCalled(a.Field)))
		for _, v := range versions {
			c.out.println("  " + v)
		}
	}
	c.out.println("  When it is as it should be: kith settle " + d.Short)
}

// fieldSays puts what stands in a field, as answers have it, into a person's words; nil: nothing is known of the field.
func (c *call) fieldSays(f *kind.Field, says string) string {
	switch {
	case f == nil:
	case f.Is == kind.Day || f.Is == kind.Moment:
		return c.when(says)
	case f.Is == kind.Hours:
		if h, err := strconv.ParseFloat(says, 64); err == nil {
			return hours(h)
		}
	case f.Is == kind.Ref:
		return c.known(says)
	}
	return says
}
