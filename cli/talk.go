package cli

import (
	"context"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) talk() *cli.Command {
	return k.command(spec{
		name: "talk", args: "ID", usage: "what we say about a document",
		more: "Without a text it shows the thread. @Name in a text waits in Name's kith today until they have been shown the thread. " +
			"What is said otherwise later says so, and what stood there is in kith log ID. Of a document that goes on in a share, the ally reads what is said.",
		examples: []string{
			`kith talk n-2m7d`,
			`kith talk n-2m7d --text "@Ben, is this still so?"`,
			`kith talk n-2m7d --answer k3f9 --text "Since June it isn't"`,
			`kith talk n-2m7d --instead k3f9 --text "Since July it isn't"`,
			`kith talk n-2m7d --instead k3f9`,
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "text", Usage: "`T` what I say; - reads stdin"},
			&cli.StringFlag{Name: "answer", Usage: "`R` the remark that it answers"},
			&cli.StringFlag{Name: "instead", Usage: "`R` my remark in whose place it stands; without --text that is taken back"},
		},
		run: func(ctx context.Context, c *call) error {
			text, said, err := c.longText()
			switch {
			case err != nil:
				return err
			case !said && c.IsSet("answer"):
				return api.Problemf(api.Usage, `kith talk ID --answer R --text TEXT`, "an answer needs --text and what to say")
			case said || c.IsSet("instead"):
				return request(c, func(d *client.Client) (api.Thread, error) {
					return d.Talk(ctx, c.arg(0), api.TalkRequest{Text: text, Answer: c.String("answer"), Instead: c.String("instead")})
				}, func(t api.Thread) {
					c.out.println(t.Document.Short)
					if shared := t.Document.Shared; shared != nil && shared.Here && !shared.Copy {
						c.note([]string{"It goes on in a share: " + shared.With + " reads this, too."})
					}
				})
			}
			var shown api.Thread
			err = request(c, func(d *client.Client) (t api.Thread, err error) {
				shown, err = d.Thread(ctx, c.arg(0))
				return shown, err
			}, c.showThread)
			if err != nil || c.IsSet("jq") { // of which a filter shows a part
				return err
			}
			client, err := c.api()
			if err != nil {
				return err
			}
			return client.NoteThread(ctx, shown.Document.ID, shown.Document.Heads)
		},
	})
}

func (c *call) showThread(t api.Thread) {
	c.out.println(c.title(t.Document))
	c.shared(t.Document)
	if len(t.Remarks) == 0 {
		c.out.println("\nNobody has said anything about it yet.")
	}
	for _, r := range t.Remarks {
		head := r.Name + "  " + c.out.strong(name(r.By)) + " " + c.ago(r.At)
		if r.Answer != "" {
			head += ", to " + r.Answer
		}
		switch {
		case r.Text == "":
			head += ", taken back"
		case !r.ChangedAt.IsZero():
			head += ", changed " + c.ago(r.ChangedAt)
		}
		if r.AtHome {
			head += ", before it was shared"
		}
		c.out.println("\n" + head)
		for line := range strings.Lines(r.Text) {
			c.out.println("  " + c.out.isolate(clean(strings.TrimRight(line, "\n"))))
		}
	}
}
