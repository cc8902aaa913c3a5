package cli

import (
	"context"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

const clearHint = `; "none" takes it away`

func (k *kith) task() *cli.Command {
	return group("task", "things to do",
		k.taskAdd(), k.taskList(), k.taskShow(), k.taskEdit(),
		k.taskVerb(api.TaskAsk, "ID MEMBER…", "ask somebody to take it", `kith task ask t-4kq2 Ana`, `kith task ask t-4kq2 Ana Ben`),
		k.taskVerb(api.TaskTake, "ID", "take it on", `kith task take t-4kq2`, `kith task take t-4kq2 --undo`),
		k.taskVerb(api.TaskAccept, "ID", "say yes to being asked", `kith task accept t-4kq2`),
		k.taskVerb(api.TaskDecline, "ID", "say no to being asked", `kith task decline t-4kq2 --why "away until Monday"`),
		k.taskVerb(api.TaskStart, "ID", "it is being done", `kith task start t-4kq2`),
		k.taskVerb(api.TaskDone, "ID", "it is done", `kith task done t-4kq2`),
		k.taskVerb(api.TaskReopen, "ID", "it is to be done after all", `kith task reopen t-4kq2`),
		k.taskVerb(api.TaskDrop, "ID", "it won't be done", `kith task drop t-4kq2 --why "the order came in"`),
		k.taskVerb(api.TaskHelp, "ID", "ask for help", `kith task help t-4kq2 --why "too heavy for one"`, `kith task help t-4kq2 --undo`),
		k.taskVerb(api.TaskOffer, "ID", "offer help", `kith task offer t-4kq2`, `kith task offer t-4kq2 --why "free on Tuesday"`),
	)
}

func textFlag() cli.Flag {
	return &cli.StringFlag{Name: "text", Usage: "`T` the text; - reads stdin"}
}

func tagFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "tag", Usage: "`T` a tag; may be given several times"}
}

func untagFlag() cli.Flag {
	return &cli.StringSliceFlag{Name: "untag", Usage: "`T` take away a tag"}
}

func taskFlags(clear string) []cli.Flag {
	return []cli.Flag{
		textFlag(),
		&cli.StringFlag{Name: "due", Usage: "`DATE` when it is due" + clear},
		&cli.StringFlag{Name: "project", Usage: "`P` what it belongs to" + clear},
		&cli.Float64Flag{Name: "hours", Usage: "`H` how many hours it takes"},
		tagFlag(),
	}
}

func (k *kith) taskAdd() *cli.Command {
	return k.command(spec{
		name: "add", args: "TITLE", usage: "add a task",
		examples: []string{
			`kith task add "Order paper" --due friday`,
			`kith task add "Fix the drum" --ask Ana --hours 2.5 --project Workshop --tag urgent`,
		},
		flags: append(taskFlags(""), &cli.StringSliceFlag{Name: "ask", Usage: "`MEMBER` ask them to take it; may be given several times"}),
		run: func(ctx context.Context, c *call) error {
			due, err := parseComing("--due", c.String("due"), c.env.Now())
			if err != nil {
				return err
			}
			text, _, err := c.longText()
			if err != nil {
				return err
			}
			return request(c, func(d *client.Client) (api.Task, error) {
				return d.CreateTask(ctx, api.NewTask{
					Title: c.arg(0), Text: text, Due: due, Tags: c.StringSlice("tag"), Project: c.String("project"),
					Ask: c.StringSlice("ask"), Hours: c.Float64("hours"),
				})
			}, c.taskID)
		},
	})
}

func (k *kith) taskList() *cli.Command {
	return k.command(spec{
		name: "list", usage: "tasks, the newest change first",
		examples: []string{
			`kith task list --open --sort due`,
			`kith task list --mine --due-before "next friday"`,
			`kith task list --project Workshop --jq '.[].title'`,
		},
		flags: []cli.Flag{
			&cli.BoolFlag{Name: "mine", Usage: "that I took or accepted"},
			&cli.BoolFlag{Name: "open", Usage: "not done and not dropped"},
			&cli.BoolFlag{Name: "help-wanted", Usage: "for which help is wanted"},
			&cli.StringFlag{Name: "project", Usage: "`P` of this project"},
			&cli.StringFlag{Name: "tag", Usage: "`T` with this tag"},
			&cli.StringFlag{Name: "due-before", Usage: "`DATE` due before then"},
			&cli.StringFlag{Name: "sort", Usage: "`K` the order: " + strings.Join(api.TaskSorts, ", ")},
			limitFlag(0),
		},
		run: func(ctx context.Context, c *call) error {
			before, err := parseDate(c.String("due-before"), c.env.Now())
			if err != nil {
				return err
			}
			limit, err := c.limit()
			if err != nil {
				return err
			}
			if err := oneOf("--sort", c.String("sort"), api.TaskSorts); err != nil {
				return err
			}
			return request(c, func(d *client.Client) ([]api.Task, error) {
				return d.Tasks(ctx, client.TaskQuery{
					Mine: c.Bool("mine"), Open: c.Bool("open"), HelpWanted: c.Bool("help-wanted"), Brief: !c.out.json,
					Project: c.String("project"), Tag: c.String("tag"), DueBefore: before, Sort: c.String("sort"), Limit: limit,
				})
			}, c.taskTable)
		},
	})
}

// oneOf checks a flag whose value is one of a few words; "" is no value.
func oneOf(flag, word string, words []string) error {
	for _, w := range append([]string{""}, words...) {
		if w == word {
			return nil
		}
	}
	return api.Problemf(api.Usage, "one of: "+strings.Join(words, ", "), "%s can't be “%s”", flag, oneLine(word, 40))
}

func (c *call) taskTable(tasks []api.Task) {
	if len(tasks) == 0 {
		c.out.println("No tasks.")
		return
	}
	var rows [][]string
	for _, t := range tasks {
		status := t.Status
		if t.Help.Wanted {
			status += ", help wanted"
		}
		rows = append(rows, []string{t.Short, t.Title, also(status, sharedWith(t.Document)), c.when(t.Due), who(t)})
	}
	c.out.grid([]string{"ID", "TITLE", "STATUS", "DUE", "WHO"}, rows)
}

// who says in a few words who does a task, or was asked to.
func who(t api.Task) string {
	if len(t.TakenBy) > 0 {
		return strings.Join(names(t.TakenBy), ", ")
	}
	var asked []string
	for _, a := range t.Asked {
		if a.Answer == "none" {
			asked = append(asked, name(a.Member)+"?")
		}
	}
	return strings.Join(asked, ", ")
}

func (k *kith) taskShow() *cli.Command {
	return k.command(spec{
		name: "show", args: "ID", usage: "all of one task",
		examples: []string{`kith task show t-4kq2`, `kith task show 4kq2 --json`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Task, error) { return d.Task(ctx, c.arg(0)) }, c.showTask)
		},
	})
}

func (c *call) showTask(t api.Task) {
	head := c.title(t.Document)
	if t.Due != "" {
		head += "  due " + c.when(t.Due)
	}
	c.out.println(head)
	facts := []string{because(t.Status, t.StatusWhy)}
	if t.Project != "" {
		facts = append(facts, oneLine(t.Project, maxCell))
	}
	if t.Hours > 0 {
		facts = append(facts, strconv.FormatFloat(t.Hours, 'g', -1, 64)+" h")
	}
	c.out.println(strings.Join(append(facts, tagWords(t.Tags)...), " · "))
	c.shared(t.Document)
	for _, a := range t.Asked {
		c.out.println(answer(a))
	}
	if len(t.TakenBy) > 0 {
		c.out.println("taken by " + list(names(t.TakenBy)))
	}
	if t.Help.Wanted {
		c.out.println(because("help wanted by "+nameOr(t.Help.By), t.Help.Why))
	}
	for _, o := range t.Help.Offers {
		c.out.println(because(name(o.Member)+" offers help", o.Why))
	}
	c.out.text(t.Text)
	c.footer(t.Document)
}

func answer(a api.Asked) string {
	switch a.Answer {
	case "accepted":
		return because(name(a.Member)+" was asked, and accepted", a.Why)
	case "declined":
		return because(name(a.Member)+" was asked, and declined", a.Why)
	}
	return name(a.Member) + " was asked, and hasn't answered yet"
}

// title is the first line of a document.
func (c *call) title(d api.Document) string {
	return d.Short + "  " + c.out.strong(c.out.isolate(oneLine(d.Title, 4*api.MaxTitle)))
}

func tagWords(tags []string) []string {
	var words []string
	for _, t := range tags {
		words = append(words, "#"+oneLine(t, 40))
	}
	return words
}

// footer is the last line of a document.
func (c *call) footer(d api.Document) {
	line := "made by " + name(d.CreatedBy) + " " + c.ago(d.CreatedAt)
	if !d.UpdatedAt.Equal(d.CreatedAt.Time) || d.UpdatedBy != d.CreatedBy {
		line += ", last changed by " + name(d.UpdatedBy) + " " + c.ago(d.UpdatedAt)
	}
	c.out.println("\n" + c.out.faint(line))
}

func (k *kith) taskEdit() *cli.Command {
	return k.command(spec{
		name: "edit", args: "ID", usage: "change a task",
		more: "Without flags, on a terminal, the text opens in $EDITOR. What others change meanwhile is kept.",
		examples: []string{
			`kith task edit t-4kq2 --title "Order recycled paper" --due monday`,
			`kith task edit t-4kq2 --due none --untag urgent`,
		},
		flags: append(append([]cli.Flag{&cli.StringFlag{Name: "title", Usage: "`T` the title"}}, taskFlags(clearHint)...), untagFlag()),
		run:   runTaskEdit,
	})
}

func runTaskEdit(ctx context.Context, c *call) error {
	e := api.TaskEdit{Title: c.given("title"), Project: c.cleared("project"), Tag: c.StringSlice("tag"), Untag: c.StringSlice("untag")}
	if c.IsSet("hours") {
		hours := c.Float64("hours")
		e.Hours = &hours
	}
	var err error
	if e.Due, err = c.date("due"); err != nil {
		return err
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	t, err := client.Task(ctx, c.arg(0))
	if err != nil {
		return err
	}
	other := c.anySet("title", "due", "project", "hours", "tag", "untag")
	if e.Text, err = c.changedText(ctx, t.Text, t.Heads, other); err != nil {
		return err
	}
	if e.Text == nil && !other {
		return c.unchanged(t.Short, t)
	}
	if t, err = client.EditTask(ctx, t.ID, e); err != nil {
		return err
	}
	return c.out.changed(t.Short, t)
}

// unchanged ends an edit that changes nothing: fine if the text is as it should be, and a
// mistake if nothing was said at all.
func (c *call) unchanged(short string, document any) error {
	if !c.IsSet("text") && !c.canEdit() {
		return api.Problemf(api.Usage, fullName(c.Context)+" --help", "nothing is said about what to change")
	}
	return c.out.changed(short, document)
}

// given is the value of a flag, nil if it isn't there.
func (c *call) given(flag string) *string {
	if !c.IsSet(flag) {
		return nil
	}
	v := c.String(flag)
	return &v
}

// cleared is given, with "none" for emptiness.
func (c *call) cleared(flag string) *string {
	v := c.given(flag)
	if v != nil && strings.EqualFold(*v, "none") {
		*v = ""
	}
	return v
}

// date is given for a coming date.
func (c *call) date(flag string) (*string, error) {
	v := c.given(flag)
	if v == nil {
		return nil, nil
	}
	d, err := parseComing("--"+flag, *v, c.env.Now())
	return &d, err
}

func (c *call) anySet(flags ...string) bool {
	for _, f := range flags {
		if c.IsSet(f) {
			return true
		}
	}
	return false
}

func whyFlag() cli.Flag { return &cli.StringFlag{Name: "why", Usage: "`T` the reason"} }

func (k *kith) taskVerb(verb, args, usage string, examples ...string) *cli.Command {
	var flags []cli.Flag
	switch verb {
	case api.TaskDecline, api.TaskDrop:
		flags = append(flags, whyFlag())
	case api.TaskHelp, api.TaskOffer:
		flags = append(flags, whyFlag(), &cli.BoolFlag{Name: "undo", Usage: "not any more"})
	case api.TaskTake:
		flags = append(flags, &cli.BoolFlag{Name: "undo", Usage: "not any more"})
	}
	return k.command(spec{
		name: verb, args: args, usage: usage, examples: examples, flags: flags,
		run: func(ctx context.Context, c *call) error {
			if needsWhy := verb == api.TaskDrop || verb == api.TaskHelp && !c.Bool("undo"); needsWhy && c.String("why") == "" {
				return api.Problemf(api.Usage, examples[0], "%s needs --why and a reason", fullName(c.Context))
			}
			return request(c, func(d *client.Client) (api.Task, error) {
				return d.ActOnTask(ctx, c.arg(0), api.TaskAction{
					Verb: verb, Members: c.args()[1:], Why: c.String("why"), Undo: c.Bool("undo"),
				})
			}, c.taskID)
		},
	})
}
