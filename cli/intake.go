package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/letter"
)

// besides are the commands of a kind beside those that its declaration gives.
func (k *kith) besides(of *kind.Kind) []*cli.Command {
	if of == kinds.Intake {
		return []*cli.Command{k.intakeImport()}
	}
	return nil
}

func (k *kith) intakeImport() *cli.Command {
	return k.command(spec{
		name: "import", args: "FILE", usage: "take a request from a mail, or from a form",
		more: "FILE.eml is a mail as mail programs save one: its sender, subject and words are taken, its attachments are named and left where they are. " +
			"Another file is a form: a JSON object, or lines like who: Tandem Bikes, with subject, contact, need, budget and due.",
		examples: []string{`kith intake import request.eml`, `kith intake import form.json`},
		run: func(ctx context.Context, c *call) error {
			l, err := readLetter(c.arg(0))
			if err != nil {
				return err
			}
			due, err := c.coming("due", l.Due)
			if err != nil {
				return err
			}
			if err := c.importedBefore(ctx, l, due); err != nil {
				return err
			}
			for _, left := range l.Left {
				fmt.Fprintf(c.env.Stderr, "kith: left out: %s\n", sentence(left))
			}
			body := map[string]any{"title": l.Who, "text": l.Text}
			for key, value := range map[string]string{"subject": l.Subject, "contact": l.Contact, "budget": l.Budget, "due": due} {
				if value != "" {
					body[key] = value
				}
			}
			return c.answered(func(d *client.Client) (json.RawMessage, error) { return d.MakeDocument(ctx, kinds.Intake.Many, body) })
		},
	})
}

// importedBefore says that a request with the words of a letter, and its day, is there, whatever became of it: so nothing is to be done.
func (c *call) importedBefore(ctx context.Context, l *letter.Letter, due string) error {
	d, err := c.api()
	if err != nil {
		return err
	}
	all, err := everyOne(ctx, d, kinds.Intake)
	for _, one := range all {
		if l.Is(one.fields.Str, due) {
			return api.Problemf(api.Nothing, "", "it was taken before, as %s; if they ask for it once more: kith intake add WHO", one.Short)
		}
	}
	return err
}

func readLetter(path string) (l *letter.Letter, err error) {
	f, err := openFile(path, "kith intake import --help")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if l, err = letter.Read(path, f); err != nil {
		return nil, api.Problemf(api.Invalid, "kith intake import --help", "%v", err)
	}
	return l, nil
}

// showIntake shows a request, and beside it how full the co-op is: before anybody says yes.
func (c *call) showIntake(d document) {
	c.showPlain(kinds.Intake, d)
	if d.fields.Str("state") == kinds.IntakeAccepted {
		return
	}
	client, err := c.api()
	if err != nil {
		return
	}
	l, err := client.Load(c.Context.Context)
	switch {
	case err != nil || l.Withheld != "" || l.People == 0:
	case l.Over:
		c.out.println("How full we are: " + fullest(l) + "  (kith load)")
	default:
		for _, w := range l.Weeks {
			if w.Percent != nil { // of the present one there may be nothing left
				c.out.println(fmt.Sprintf("How full we are: %d %% in the week of %s  (kith load)", *w.Percent, c.when(w.From)))
				return
			}
		}
	}
}

// showProject shows a project, with its tasks, and the hours that are used and left.
func (c *call) showProject(d document) {
	c.showPlain(kinds.Project, d)
	client, err := c.api()
	if err != nil {
		return
	}
	h, err := client.ProjectHours(c.Context.Context, d.ID)
	if err != nil {
		return
	}
	says := hours(h.Used) + " used, of them " + kind.Minutes(h.CoordinationMinutes).Words() + " coordination"
	switch {
	case h.Budget > 0 && h.Left < 0:
		says += "; " + hours(-h.Left) + " more than the " + hours(h.Budget) + " there were"
	case h.Budget > 0:
		says += "; " + hours(h.Left) + " of " + hours(h.Budget) + " left"
	}
	c.out.println(says)
	if len(h.Alike) > 0 {
		c.out.println("called the same, so these hours and tasks count there, too: " + list(names(h.Alike)) + "; call one of them otherwise: kith project edit " + d.Short + " --title TITLE")
	}
	for _, t := range h.Tasks {
		line := "  " + t.Short + "  " + c.out.isolate(oneLine(t.Title, maxCell)) + "  " + t.Status
		switch {
		case t.Hours > 0:
			line += "  " + hours(t.Used) + " of " + hours(t.Hours)
		case t.Used > 0:
			line += "  " + hours(t.Used)
		}
		c.out.println(line)
	}
}

// hours says a number of hours as people write it: "2 h 30".
func hours(h float64) string { return kind.MinutesOf(h).Words() }
