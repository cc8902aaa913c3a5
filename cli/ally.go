package cli

import (
	"context"
	"strings"
	"time"

	"github.com/mdp/qrterminal/v3"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

const (
	// defaultAllyLife is how long a code for an ally is good, if nothing else is said.
	defaultAllyLife = 7 * 24 * time.Hour
	// defaultAllyWait is how long to try to reach who made a code.
	defaultAllyWait = time.Minute
)

func (k *kith) ally() *cli.Command {
	verbs := []*cli.Command{k.allyInvite(), k.allyJoin(), k.allyConfirm(), k.allyList(), k.allyShow(), k.allyCancel(), k.allyEnd(), k.allyLendPorch()}
	return group("ally", "co-ops that we work with", append(verbs, k.allyAsks()...)...)
}

// sideFlags are how one's own side of a pact is named.
func (k *kith) sideFlags() []cli.Flag {
	return append([]cli.Flag{
		k.offering(&cli.StringSliceFlag{Name: "contact", Usage: "`NAME` of yours whom the ally can ask; else you. They have no more say than others"}, among(k.memberOffers)),
		&cli.StringFlag{Name: "as", Usage: "`NAME` you have in what is shared; else as in the co-op"},
	}, listenFlags()...)
}

func (k *kith) allyInvite() *cli.Command {
	return k.command(spec{
		name: "invite", usage: "make a code for another co-op, to make a pact with it",
		more: "The first step of a pact: what it is for, and until when. Somebody of the other co-op takes the code (kith ally join -); then you two " +
			"read each other two words, and each types what they heard (kith ally confirm). Then each co-op agrees on the pact by itself, as on any step. " +
			"Nothing is shared before that, and then only what you put into the share. Your daemon answers who has the code, so it has to run.",
		examples: []string{
			`kith ally invite --purpose "print the fair programme together" --ends 2027-11-24`,
			`kith ally invite --purpose "one shop on the square" --ends "in 2 years" --contact Ana --contact Ben --people`,
		},
		flags: append([]cli.Flag{
			need(&cli.StringFlag{Name: "purpose", Usage: "`TEXT` what the pact is for"}, false),
			need(&cli.StringFlag{Name: "ends", Usage: "`DATE` its last day, within ten years"}, false),
			&cli.BoolFlag{Name: "people", Usage: "joint decisions count people; else each co-op is one voice"},
			&cli.DurationFlag{Name: "expires", Value: defaultAllyLife, Usage: "`TIME` how long the code is good"},
		}, k.sideFlags()...),
		run: runAllyInvite,
	})
}

func runAllyInvite(ctx context.Context, c *call) error {
	const example = `kith ally invite --purpose "print the fair programme together" --ends "in a year"`
	if strings.TrimSpace(c.String("purpose")) == "" {
		return api.Problemf(api.Usage, example, "kith ally invite needs --purpose: what the pact is for")
	}
	ends, err := c.coming("ends", c.String("ends"))
	if err != nil {
		return err
	}
	if ends == "" {
		return api.Problemf(api.Usage, example, "kith ally invite needs --ends: a pact has a last day, and can be made to last longer then")
	}
	return request(c, func(d *client.Client) (api.Ally, error) {
		return d.AllyInvite(ctx, api.AllyInviteRequest{
			Purpose: c.String("purpose"), Ends: ends, People: c.Bool("people"), ExpiresIn: int(c.Duration("expires") / time.Second),
			Contacts: c.StringSlice("contact"), As: c.String("as"), Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
		})
	}, func(a api.Ally) {
		c.out.printf("They type, in the other co-op:\n\n    kith ally join -\n\nand then the code, which it asks for:\n\n    %s\n\n", a.Code)
		if c.out.width > 0 {
			qrterminal.GenerateHalfBlock(a.Code, qrterminal.L, c.env.Stdout)
		}
		c.out.printf("The code is for one co-op, until %s. Give it to nobody else. Then: kith ally list\n", a.ExpiresAt.In(c.env.Now().Location()).Format("2 Jan 15:04"))
	})
}

func (k *kith) allyJoin() *cli.Command {
	return k.command(spec{
		name: "join", args: "CODE|-", usage: "take the code of another co-op",
		more: "With - the code is asked for, or read from stdin. Shows who made it, and what they would agree on, and two words to read to them. Call them, on a number that you know: they read you two " +
			"other words, which you type (kith ally confirm). Nothing of your co-op but its name, yours and your contacts goes to them before that. " +
			"The daemon goes on by itself.",
		examples: []string{`kith ally join -`, `kith ally join - --contact Dora --contact Eli <code.txt`},
		flags: append([]cli.Flag{
			&cli.DurationFlag{Name: "wait", Value: defaultAllyWait, Usage: "`TIME` how long to try"},
		}, k.sideFlags()...),
		run: func(ctx context.Context, c *call) error {
			if c.Duration("wait") <= 0 {
				return api.Problemf(api.Invalid, "kith ally join --help", "--wait is a time like 60s")
			}
			code, err := c.code(c.arg(0))
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.Ally, error) {
				done := c.slowly("reaching the other co-op")
				defer done()
				return d.AllyJoin(ctx, api.AllyJoinRequest{
					Code: code, Contacts: c.StringSlice("contact"), As: c.String("as"), Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
				}, c.Duration("wait"))
			}, c.showAlly)
		},
	})
}

func (k *kith) allyConfirm() *cli.Command {
	return k.command(spec{
		name: "confirm", args: "WORD…", usage: "type the two words that the other co-op reads to you",
		more: "If they are right, nobody stands between you, and both see the same purpose, end date, contacts and names. The pact is proposed to your co-op then: " +
			"kith charter pending. Wrong words end it: begin anew.",
		examples: []string{`kith ally confirm apple river`, `kith ally confirm apple river --ally Quilted`},
		flags:    []cli.Flag{k.offering(&cli.StringFlag{Name: "ally", Usage: "`ALLY` which one, if words are to be compared with several"}, among(k.allyOffers))},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Ally, error) {
				return d.AllyConfirm(ctx, api.AllyConfirmRequest{Words: strings.Join(c.args(), " "), Ally: c.String("ally")})
			}, c.showAlly)
		},
	})
}

func (k *kith) allyList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "pacts with other co-ops, made and half made, and what each waits for",
		examples: []string{`kith ally list`, `kith ally list --jq '.[] | select(.state == "made") | .name'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) ([]api.Ally, error) { return d.Allies(ctx) }, func(all []api.Ally) {
				if len(all) == 0 {
					c.out.println("This computer takes part in no pact with another co-op yet. What is being agreed on: kith charter pending. To begin one: kith ally invite --help")
					return
				}
				for i, a := range all {
					if i > 0 {
						c.out.println()
					}
					c.allyLine(a)
				}
			})
		},
	})
}

func (k *kith) allyShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "ALLY", usage: "one pact: what it is for, who is in it, how it stands",
		more:     "ALLY is the name of the other co-op, or the start of an ID that kith ally list shows.",
		examples: []string{`kith ally show Quilted`, `kith ally show Quilted --jq '.sides[].contacts'`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Ally, error) { return d.Ally(ctx, c.arg(0)) }, c.showAlly)
		},
	})
}

func (k *kith) allyCancel() *cli.Command {
	return k.command(spec{
		name: "cancel", args: "ALLY", usage: "give up a pact that is half made",
		more:     "The other co-op is told as soon as its daemon is in touch; if both had agreed before it hears of that, the pact is made all the same. One that came to nothing isn't listed any more after this. A pact that is made: kith ally end",
		examples: []string{`kith ally cancel Quilted`, `kith ally cancel v-7x3k`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Ally, error) { return d.AllyCancel(ctx, c.arg(0)) }, func(a api.Ally) {
				c.note(a.Says)
				c.out.println(a.ID)
			})
		},
	})
}

// allyName is what a pact is called: after the other co-op, once that is known.
func (c *call) allyName(a api.Ally) string {
	if a.Name == "" {
		return "a co-op that hasn't answered yet"
	}
	return oneLine(a.Name, 80)
}

// holds is lastDay of what still does.
func (c *call) holds(a api.Ally) string {
	switch a.State {
	case api.AllyEnded:
		return "over"
	case api.AllyGivenUp:
		return "given up"
	}
	return c.lastDay(a.EndsAt)
}

// lastDay is until when a pact holds, in words.
func (c *call) lastDay(t api.Time) string {
	if t.Unix() <= 0 {
		return "no end date"
	}
	day := t.Add(-time.Millisecond).UTC().Format(time.DateOnly) // a date is the same for everybody
	return "until " + c.when(day) + " (" + c.ago(t) + ")"
}

// allyLine shows a pact in a list: whose, what for, and what it waits for.
func (c *call) allyLine(a api.Ally) {
	c.out.printf("%s  %s\n        %s, %s\n", a.ID, c.out.strong(c.allyName(a)), oneLine(a.Purpose, 60), c.holds(a))
	c.indented(a.Says)
}

func (c *call) indented(says []string) {
	for _, s := range says {
		c.out.within(paragraph(s, max(c.out.width-inside, 0)))
	}
}

// showAlly shows a pact.
func (c *call) showAlly(a api.Ally) {
	c.out.printf("%s\n", c.out.strong(c.allyName(a)))
	c.out.printf("%s\n\n", paragraph("For: "+a.Purpose, c.out.width))
	if says := c.binds(a); says != "" {
		c.out.printf("%s\n\n", paragraph(says, c.out.width))
	}
	for _, s := range a.Sides {
		whose := oneLine(s.Name, 80)
		if s.Ours {
			whose += " (your co-op)"
		}
		c.out.printf("%s: %s; to ask: %s\n", whose, orNone(list(names(s.Members))), orNone(list(lines(s.Contacts))))
	}
	c.out.sentences(a.Says)
	switch {
	case a.Code != "" && !a.Further:
		c.out.printf("\n    kith ally join -\n\nThe code, which it asks for:\n\n    %s\n", a.Code)
	case a.Share != nil && a.State == api.AllyMade:
		c.out.printf("\n%s\nWhat is shared: kith share show %s\n", paragraph(c.inStep(a.Peers), c.out.width), c.shareWord(a))
	case a.Share != nil:
		c.out.printf("\nWhat was shared: kith share show %s\n", c.shareWord(a))
	}
}

// binds says until when a pact holds, and how joint decisions count.
func (c *call) binds(a api.Ally) string {
	holds := "The pact would hold"
	switch {
	case a.State == api.AllyMade:
		holds = "The pact holds"
	case a.Share != nil || a.State == api.AllyGivenUp:
		return ""
	}
	return holds + " " + c.lastDay(a.EndsAt) + "; either co-op can end it before, alone. " + map[string]string{
		api.VoicesCoops:  "In a joint decision each co-op is one voice, and both have to be for it.",
		api.VoicesPeople: "In a joint decision people count, and nothing is agreed to that half of a co-op or more is against.",
	}[a.Voices]
}

// shareWord names the share of a pact in a command: a further one by its title.
func (c *call) shareWord(a api.Ally) string {
	if a.Further {
		return shellName(a.Purpose)
	}
	return shellName(a.Name)
}

func orNone(s string) string {
	if s == "" {
		return "nobody"
	}
	return s
}

// lines shortens texts for one line.
func lines(all []string) (out []string) {
	for _, s := range all {
		out = append(out, oneLine(s, 40))
	}
	return out
}

// shellName is a name as one types it in a shell, shortened.
func shellName(s string) string { return inShell(oneLine(s, 80)) }

// inShell is words as one types them in a shell.
func inShell(s string) string {
	if strings.ContainsFunc(s, func(r rune) bool {
		return !(r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	}) {
		return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
	}
	return s
}
