package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) share() *cli.Command {
	verbs := []*cli.Command{k.shareAdd(), k.shareList(), k.shareShow(), k.shareRule()}
	return group("share", "what we share with allies", append(verbs, k.shareSays()...)...)
}

// sharingFlags say for what a document is shared.
func sharingFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "read", Usage: "for the ally to read; only your own co-op writes in it"},
		&cli.BoolFlag{Name: "together", Usage: "both co-ops write in it"},
		&cli.BoolFlag{Name: "yes", Usage: "I know what will be shown, and to whom"},
	}
}

func (k *kith) shareAdd() *cli.Command {
	return k.command(spec{
		name: "add", args: "SHARE ID", usage: "share a document of the co-op",
		more: "SHARE is the ally, or the share's title or ID. Says first what exactly will be shown, and to whom, and does it with --yes or when you say yes. " +
			"The document begins there as it stands now: its history stays at home, and what was said about it. At home it keeps its ID, " +
			"shows what stands in the share, and is marked: whatever either side writes, both have. A decision that is closed, or is for reading only, goes as a note that says how it stands.",
		examples: []string{
			`kith share add Quilted t-4kq2 --together`,
			`kith share add "the fair" n-2m7d --read --yes`,
		},
		flags: append(sharingFlags(), &cli.BoolFlag{Name: "anyway", Usage: "though nobody of the ally says any more that those in the share speak for it"}),
		run: func(ctx context.Context, c *call) error {
			readOnly, err := c.forReading()
			if err != nil {
				return err
			}
			client, err := c.api()
			if err != nil {
				return err
			}
			q := api.ShareAdd{ID: c.arg(1), ReadOnly: readOnly, Anyway: c.Bool("anyway")}
			p, err := client.PreviewSharing(ctx, c.arg(0), q)
			if err != nil {
				return err
			}
			c.preview(p)
			if err := c.agreesToShow("Nothing is shared yet: the above is what would be shown"); err != nil {
				return err
			}
			res, err := client.ShareDocument(ctx, p.Share.ID, api.ShareAdd{ID: p.ID, ReadOnly: readOnly, Heads: p.Heads, Anyway: c.Bool("anyway")})
			if err != nil {
				return err
			}
			return c.out.show(res, func() {
				if res.Proposal != nil {
					c.proposed(*res.Proposal)
					return
				}
				c.out.println(res.Document.Short)
			})
		},
	})
}

// forReading says whether a document is shared for reading only. On a terminal it asks who didn't say.
func (c *call) forReading() (bool, error) {
	switch read, together := c.Bool("read"), c.Bool("together"); {
	case read && together:
		return false, api.Problemf(api.Usage, fullName(c.Context)+" --help", "it is shared for reading, or to work on together")
	case read || together:
		return read, nil
	case !c.canEdit():
		return false, api.Problemf(api.Usage, "--read, or --together", "say for what it is shared: for the ally to read, or to work on together")
	}
	together, err := c.askYes("May the ally write in it, too?")
	return !together, err
}

// preview tells a person what will be shown.
func (c *call) preview(p api.SharePreview) {
	if c.out.json {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "What %s will see:\n\n    %s: %s\n", oneLine(p.With, 80), p.Kind, oneLine(p.Title, 4*api.MaxTitle))
	var facts []string
	for _, f := range p.Fields {
		facts = append(facts, oneLine(f.Name+" "+f.Value, maxCell))
	}
	if facts = append(facts, tagWords(p.Tags)...); len(facts) > 0 {
		fmt.Fprintf(&b, "    %s\n", strings.Join(facts, " · "))
	}
	if text := strings.TrimRight(clean(p.Text), "\n"); text != "" {
		fmt.Fprintf(&b, "\n    %s\n", strings.ReplaceAll(text, "\n", "\n    "))
	}
	fmt.Fprintln(c.env.Stderr, b.String())
	c.note(p.Says)
}

// passes says whether a verb shares a document with an ally.
func passes(v *kind.Verb) bool {
	return v == kinds.Task.Verb("pass") || v == kinds.Intake.Verb("pass")
}

// beforePassing says what the ally will see of what is passed on to them, which can't be unsaid. On a terminal it goes on when the person says
// yes. A script passes on with one command what the member of this device was shown as it is, and all else with --yes.
func (c *call) beforePassing(ctx context.Context, d *client.Client, of *kind.Kind) error {
	p, err := d.PreviewSharing(ctx, c.arg(1), api.ShareAdd{ID: c.arg(0)})
	if err != nil {
		return err
	}
	c.preview(p)
	switch {
	case c.Bool("yes"):
		return nil
	case c.canEdit() && !c.out.json:
		yes, err := c.askYes("Pass it on so?")
		if err == nil && !yes {
			err = api.Problemf(api.NotAllowed, "", "nothing was passed on")
		}
		return err
	}
	last, err := d.LastShown(ctx, of.Many, c.arg(0))
	if err == nil && last.Revision != last.Now {
		err = api.Problemf(api.Changed, "kith "+of.Name+" show "+shellName(c.arg(0))+", or the same with --yes", "nothing was passed on: you haven't been shown yet what %s would see", p.With)
	}
	return err
}

// agreesToShow goes on when the person has said yes.
func (c *call) agreesToShow(otherwise string) error {
	if c.Bool("yes") {
		return nil
	}
	if c.canEdit() {
		yes, err := c.askYes("Share it so?")
		if err != nil || yes {
			return err
		}
		return api.Problemf(api.NotAllowed, "", "nothing was shared")
	}
	return api.Problemf(api.NotAllowed, "the same with --yes", "%s", strings.ToLower(otherwise[:1])+otherwise[1:])
}

func (k *kith) shareList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "with whom we share, and for what",
		examples: []string{`kith share list`, `kith share list --jq '.[].with'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Share, error) { return d.Shares(ctx) }, func(all []api.Share) {
				if len(all) == 0 {
					c.out.println("Nothing is shared with anybody. To make a pact with another co-op: kith ally invite --purpose TEXT --ends DATE")
					return
				}
				var rows [][]string
				for _, s := range all {
					rows = append(rows, []string{s.With, s.Title, c.lasts(s), list(names(s.Ours)), list(names(s.Theirs)), s.Space.ID[:min(len(s.Space.ID), 8)]})
				}
				c.out.grid([]string{"ALLY", "TITLE", "UNTIL", "OF US", "OF THEM", "ID"}, rows)
			})
		},
	})
}

// lasts says how long a share lasts, or lasted.
func (c *call) lasts(s api.Share) string {
	switch {
	case s.Over && s.Until.IsZero():
		return "over"
	case s.Over:
		return "over since " + c.day(s.Until)
	case s.Ends.Unix() <= 0:
		return "no date"
	}
	return lastDate(s.Ends)
}

// lastDate is the last day before a moment, which is the same for everybody.
func lastDate(t api.Time) string { return t.Add(-time.Millisecond).UTC().Format("2 Jan 2006") }

func (c *call) day(t api.Time) string { return t.In(c.env.Now().Location()).Format("2 Jan 2006") }

func (k *kith) shareShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "SHARE", usage: "who is in a share, and all that is in it",
		examples: []string{`kith share show Quilted`, `kith share show Quilted --jq '.documents[].title'`},
		run: func(ctx context.Context, c *call) error {
			d, err := c.api()
			if err != nil {
				return err
			}
			s, err := d.ShowShare(ctx, c.arg(0))
			if err != nil {
				return err
			}
			all, err := d.Shares(ctx)
			if err != nil {
				return err
			}
			if err := c.out.show(s, func() { c.showShare(s, shareCalled(s, all)) }); err != nil || !s.Over {
				return err
			}
			return c.told(ctx, d, []api.Told{s.News()})
		},
	})
}

// shareCalled is how commands name a share of these: as the ally, or by its title if several go on with that ally.
func shareCalled(s api.Share, all []api.Share) string {
	if slices.ContainsFunc(all, func(o api.Share) bool { return o.With == s.With && !o.Over && o.Space.ID != s.Space.ID }) {
		return s.Title
	}
	return s.With
}

func (c *call) showShare(s api.Share, called string) {
	with := oneLine(s.With, 80)
	c.out.printf("%s  “%s”\n", c.out.strong(with), oneLine(s.Title, 4*api.MaxTitle))
	switch {
	case s.Over:
		by := "its end date has come"
		if len(s.OverBy) > 0 {
			by = because(list(s.OverBy)+" ended it", strings.TrimRight(s.Why, "."))
		}
		until := ""
		if !s.Until.IsZero() {
			until = " since " + c.day(s.Until)
		}
		says := "It is over" + until + ": " + by + ". What is in it can be read; nobody writes in it, and nothing new comes. Your own documents go on at home."
		c.out.println(paragraph(says, c.out.width))
	case s.Ends.Unix() <= 0:
		c.out.println("No end date.")
	default:
		c.out.printf("Until %s.\n", lastDate(s.Ends))
	}
	if !s.Over {
		c.shareRules(s)
		if s.Doubt != "" {
			c.out.println("\n" + paragraph(s.Doubt, c.out.width))
		}
	}
	c.out.printf("\nof us      %s\nof %-7s %s\n", orNone(list(names(s.Ours))), "them", orNone(list(names(s.Theirs))))
	switch {
	case len(s.Documents) == 0 && s.Over:
		c.out.println("\nNothing was in it.")
	case len(s.Documents) == 0:
		c.out.printf("\nNothing is in it yet. To share a document: kith share add %s ID\n", shellName(called))
	default:
		c.out.println()
		var rows [][]string
		for _, d := range s.Documents {
			use := "both write in it"
			switch {
			case d.Shared != nil && d.Shared.ReadOnly && d.Shared.Ours:
				use = "they read it"
			case d.Shared != nil && d.Shared.ReadOnly:
				use = "we read it"
			case s.Over:
				use = "both wrote in it"
			}
			state := d.Kind
			if d.State != "" {
				state += ", " + statusWord(d.State)
			}
			rows = append(rows, []string{d.Short, d.Title, state, d.CreatedBy.Name, use, d.Home})
		}
		c.out.grid([]string{"ID", "TITLE", "WHAT", "FROM", "FOR", "AT HOME"}, rows)
	}
	if len(s.Asks) > 0 {
		c.out.println()
		c.askTable(s.Asks)
	}
	if !s.Over {
		c.out.println(c.out.faint(fmt.Sprintf("\nTo work in it: kith task add TITLE --space %s, and so with notes and decisions.", shellName(called))))
	}
}

// shareRules says how joint decisions count in a share, and who may share.
func (c *call) shareRules(s api.Share) {
	votes := "each co-op is one voice"
	if s.Voices == api.VoicesPeople {
		votes = "people count"
	}
	c.out.printf("In joint decisions %s.\n", votes)
	if s.Rule == "agreed" {
		c.out.println("Your co-op shares a document by an agreed step only.")
	} else {
		c.out.println("Any full member of your co-op may share a document.")
	}
}

func (k *kith) shareRule() *cli.Command {
	return k.command(spec{
		name: "rule", args: "anyone|agreed", usage: "propose who of the co-op may share a document",
		more: "With anyone, as it is unless you agree otherwise, any full member may. With agreed, kith share add proposes it first, and does it once that is in force. " +
			"No rule can keep somebody from copying what they read: what was shared without the step shows as shared alone.",
		examples: []string{`kith share rule agreed --why "we want to talk first"`, `kith share rule anyone`},
		flags:    []cli.Flag{whyFlag()},
		run: func(ctx context.Context, c *call) error {
			if err := oneOf("the rule", c.arg(0), api.SharingRules); err != nil {
				return err
			}
			return c.propose(ctx, api.ProposalRequest{Action: api.ActionSharing, Rule: c.arg(0), Why: c.String("why")})
		},
	})
}

// sharedWith marks in a list what is shared; "" for what isn't. Of what lies in the share that is looked at it says
// who only reads it.
func sharedWith(d api.Document) string {
	s := d.Shared
	switch {
	case s == nil, s.ID == d.ID && !s.ReadOnly:
		return ""
	case s.ID == d.ID && s.Ours:
		return "for " + oneLine(s.With, 40) + " to read"
	case s.ID == d.ID:
		return "for us to read"
	case s.Over:
		return "was shared with " + oneLine(s.With, 40)
	case s.Alone:
		return "shared with " + oneLine(s.With, 40) + " by " + name(s.By) + " alone"
	case s.Copy:
		return "a note of it is shared with " + oneLine(s.With, 40)
	case !s.Here:
		return "shared with " + oneLine(s.With, 40) + ", not here yet"
	}
	return "shared with " + oneLine(s.With, 40)
}

// shared says of a document how it is shared.
func (c *call) shared(d api.Document) {
	s := d.Shared
	if s == nil {
		return
	}
	with := oneLine(s.With, 80)
	var says []string
	switch {
	case s.ID == d.ID && s.ReadOnly && s.Ours:
		says = append(says, "for "+with+" to read: only people of your co-op write in it")
	case s.ID == d.ID && s.ReadOnly:
		says = append(says, with+" shared it for you to read: only its people write in it")
	case s.ID == d.ID:
	case s.Copy:
		says = append(says, with+" can read how it stood when it was shared, in a note; it goes on here")
	case s.Over && s.Until.IsZero():
		says = append(says, "was shared with "+with+"; it goes on here with the next change")
	case s.Over:
		says = append(says, "was shared with "+with+" until "+c.day(s.Until)+"; it goes on here with the next change")
	case !s.Here:
		says = append(says, "shared with "+with+", and not here yet: this is how it was before")
	case s.ReadOnly:
		says = append(says, "shared with "+with+", to read: only people of your co-op write in it")
	default:
		says = append(says, "shared with "+with+", who writes in it, too")
	}
	if s.Alone {
		says = append(says, "shared by "+name(s.By)+" alone: the co-op's rule asks for an agreed step")
	}
	for _, line := range says {
		c.out.println(c.out.faint(line))
	}
}

func also(s, more string) string {
	switch {
	case more == "":
		return s
	case s == "":
		return more
	}
	return s + ", " + more
}
