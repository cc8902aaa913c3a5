package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

func (k *kith) watch() *cli.Command {
	return k.command(spec{
		name: "watch", args: "[KIND…]", usage: "what happens, as it happens, until Ctrl-C",
		more: "KIND picks: " + strings.Join(api.EventKinds(), ", ") + ". With --json, one object a line. It goes on when the daemon was started anew, and tells then what it missed.",
		examples: []string{
			`kith watch`,
			`kith watch task decision`,
			`kith watch --jq '.by.name + ": " + .title'`,
		},
		run: runWatch,
	})
}

func runWatch(ctx context.Context, c *call) error {
	for _, kind := range c.args() {
		if !slices.Contains(api.EventKinds(), kind) {
			return api.Problemf(api.Invalid, "one of: "+strings.Join(api.EventKinds(), ", "), "there are no events of kind “%s”", oneLine(kind, 40))
		}
	}
	daemon, err := c.api()
	if err != nil {
		return err
	}
	w := &watching{call: c, daemon: daemon, stood: map[string]string{}, told: map[string]bool{}}
	for {
		err := w.once(ctx)
		switch {
		case ctx.Err() != nil:
			return nil // Ctrl-C is how it ends
		case !notRunning(err) || !w.began:
			return err
		}
		w.say("the daemon isn't there any more; this goes on when it is again: kith daemon")
		if err := w.back(ctx); err != nil {
			return nil
		}
		w.say("watching again")
	}
}

// watching is one kith watch, over all restarts of its daemon.
type watching struct {
	*call
	daemon *client.Client
	stood  map[string]string // how it stood with each peer, as far as it was shown
	began  bool
	told   map[string]bool // the entries that it told of lately
}

// maxTold bounds how many entries are remembered as told, and how many are looked through for what was missed.
const maxTold = 5000

// say tells a person how it stands with watching itself.
func (w *watching) say(says string) {
	if terminal(w.env.Stderr) > 0 && !w.out.json {
		fmt.Fprintln(w.env.Stderr, says)
	}
}

// once tells what happens until the daemon stops, and first what was missed since it was told last.
func (w *watching) once(ctx context.Context) error {
	var missed error
	ready := func() {
		if w.began {
			missed = w.missed(ctx)
			return
		}
		w.began = true
		w.say("watching; stop with Ctrl-C")
		missed = w.each(ctx, 1, func(space *api.Named, newest []api.LogLine) error { // what was there before isn't missed
			w.note(newest[0].Entry)
			return nil
		})
	}
	for e, err := range w.daemon.Events(ctx, w.args(), ready) {
		if err = cmp.Or(missed, err); err != nil {
			return err
		}
		if e.Entry != "" && w.told[e.Entry] && e.Type != "member" { // told as missed
			continue
		}
		w.note(e.Entry)
		if e.Fields == nil {
			e.Fields = []string{}
		}
		if !w.out.json && restless(w.stood, e) {
			continue
		}
		if err := w.out.show(e, func() { w.out.println(w.eventLine(e) + w.inSpace(e.Space)) }); err != nil {
			return err
		}
	}
	return missed
}

func (w *watching) note(entry string) {
	if len(w.told) >= maxTold {
		clear(w.told)
	}
	if entry != "" {
		w.told[entry] = true
	}
}

// missed tells, of what was stored while nobody watched, what somebody reads in the log.
func (w *watching) missed(ctx context.Context) error {
	return w.each(ctx, maxTold, func(space *api.Named, lines []api.LogLine) error {
		old := slices.IndexFunc(lines, func(l api.LogLine) bool { return w.told[l.Entry] })
		if old >= 0 {
			lines = lines[:old]
		}
		for _, l := range slices.Backward(lines) {
			w.note(l.Entry)
			if picks := w.args(); len(picks) > 0 && !slices.Contains(picks, l.Kind) {
				continue
			}
			by := l.By
			e := api.Event{Type: "missed", At: l.At, Entry: l.Entry, Kind: l.Kind, ID: l.ID, Short: l.Short, Title: l.Title, By: &by, Says: l.Says, Why: l.Why, Fields: []string{}, Space: space}
			if err := w.out.show(e, func() { w.out.println(w.eventLine(e) + w.inSpace(e.Space)) }); err != nil {
				return err
			}
		}
		return nil
	})
}

// each gives the newest lines of the log of each space that is watched; of one without any nothing.
func (w *watching) each(ctx context.Context, limit int, fn func(space *api.Named, lines []api.LogLine) error) error {
	at := map[*api.Named]*client.Client{nil: w.daemon}
	if several, err := w.several(ctx, w.daemon, (*client.Client).Spaces); err != nil {
		return err
	} else if several != nil {
		at = map[*api.Named]*client.Client{}
		for _, s := range several.Spaces {
			at[&s.Space] = w.daemon.In(s.Space.ID)
		}
	}
	for space, d := range at {
		lines, err := d.LogOf(ctx, "", false, limit, nil)
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			continue
		}
		if err := fn(space, lines); err != nil {
			return err
		}
	}
	return nil
}

// back returns once a daemon answers again, or with ctx's error.
func (w *watching) back(ctx context.Context) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
			if _, err := w.daemon.Spaces(ctx); !notRunning(err) {
				return ctx.Err()
			}
		}
	}
}

// restless says whether an event says of a peer only that it is a change behind or has caught up, which goes
// with every change.
func restless(stood map[string]string, e api.Event) bool {
	if e.Type != "peer" && e.Type != "sync" {
		return false
	}
	peer := nameOr(e.By)
	if e.Space != nil {
		peer = e.Space.ID + " " + peer
	}
	was := stood[peer]
	if was == inStepNow && e.Title == "connected" {
		return true
	}
	stood[peer] = e.Title
	return was == inStepNow && e.Title == inStepNow
}

// inStepNow is the title of an event that says that a peer is in step.
const inStepNow = "in step"

// eventLine is one event as a sentence.
func (c *call) eventLine(e api.Event) string {
	by := "somebody"
	if e.By != nil {
		by = name(*e.By)
	}
	thing := strings.TrimSpace(e.Short + " " + oneLine(e.Title, 60))
	did := oneLine(strings.Join(e.Says, "; "), 120)
	if did == "" {
		did = oneLine(strings.Join(e.Fields, ", "), 60)
	}
	var says string
	switch e.Type {
	case "created":
		says = by + " made the " + e.Kind + " " + thing
		if e.Kind == kinds.Ask.Name {
			says = by + " asks: " + thing
		}
	case "changed":
		says = because(by+" changed "+thing, did)
	case "position":
		says = because(by+" on "+thing, did)
	case "missed":
		says = "meanwhile, " + because(strings.TrimSpace(by+" "+thing), did)
	case "void":
		says = because("void, by "+by+": "+thing, did)
	case "ally", "forgotten":
		says = oneLine(e.Title, 100)
	case "peer", "sync":
		says = because(nameOr(e.By), oneLine(e.Title, 60))
	case "charter":
		return c.clock(e.At) + because(by+" "+oneLine(strings.Join(e.Says, "; "), 120), oneLine(e.Why, 100))
	case "member":
		return c.clock(e.At) + because(by, standings[e.Why])
	default:
		says = because(strings.TrimSpace(e.Type+" "+nameOr(e.By)+" "+thing), did)
	}
	if e.Why != "" {
		says += " (" + oneLine(e.Why, 100) + ")"
	}
	return c.clock(e.At) + says
}

func (c *call) clock(t api.Time) string {
	return c.out.faint(t.In(c.env.Now().Location()).Format("15:04:05")) + "  "
}

func nameOr(n *api.Named) string {
	if n == nil {
		return ""
	}
	return name(*n)
}

func (k *kith) adopt() *cli.Command {
	return k.command(spec{
		name: "adopt", args: "ENTRY", usage: "take over what somebody wrote who wasn't honoured any more",
		more:     "ENTRY is the start of an entry's ID, as kith log --void names it. It counts for everybody then, with all that it builds on, under the name of who wrote it, and shows as brought in by you. It can't be taken back.",
		examples: []string{`kith adopt 3fa09c11d2e4`},
		run: func(ctx context.Context, c *call) error {
			return request(c, func(d *client.Client) (api.Document, error) { return d.Adopt(ctx, c.arg(0)) },
				func(adopted api.Document) { c.out.println(adopted.Short) })
		},
	})
}

// logFlags are what a log is asked for.
func (k *kith) logFlags() []cli.Flag {
	return []cli.Flag{
		&cli.BoolFlag{Name: "void", Usage: "only what was refused by a rule"},
		&cli.StringFlag{Name: "since", Usage: "`WHEN` what came here since then, to about a quarter of an hour; or \"last time\""},
		k.offering(&cli.StringFlag{Name: "from", Usage: "`MEMBER` what they did"}, among(k.memberOffers)),
	}
}

// logOf is the log of the documents of one kind, or of one of them.
func (k *kith) logOf(of *kind.Kind) *cli.Command {
	return k.command(spec{
		name: "log", args: "[ID]", usage: "who changed what in " + of.Many + ", when, newest first", ids: k.documentOffers(of),
		examples: []string{"kith " + of.Name + " log " + of.Letters + "-2m7d", "kith " + of.Name + ` log --since "last time"`},
		flags:    append(k.logFlags(), limitFlag(100)),
		run: func(ctx context.Context, c *call) error {
			id := c.arg(0)
			if id != "" {
				client, err := c.api()
				if err != nil {
					return err
				}
				d, err := documentOf(ctx, client, of, id)
				if err != nil {
					return err
				}
				id = d.ID
			}
			return c.showLog(ctx, id, of.Name)
		},
	})
}

func (k *kith) log() *cli.Command {
	return k.command(spec{
		name: "log", args: "[ID]", usage: "who changed what, when, newest first",
		more: "Times are by the clock of whoever made the change. --void shows what a rule refused: it is kept, and counts for nothing. What is held back here of a computer that sent too much comes before it, in one line. What somebody wrote before they knew that they had been removed can be taken over: kith adopt.\n\nWith an ID it says who has got each change: it is on a device of theirs, which said so in its daily acknowledgement, or they have written on it since. It doesn't say that they have read it; and of whom nothing is known yet may have it by now.",
		examples: []string{
			`kith log`,
			`kith log t-4kq2 --limit 10`,
			`kith log --void`,
			`kith log --since "last time"`,
			`kith log --from Ana --of decision --since monday`,
		},
		flags: append(k.logFlags(),
			k.offering(&cli.StringFlag{Name: "of", Usage: "`KIND` what was done to documents of that kind, or charter"}, fixed(logKinds()...)),
			limitFlag(100),
		),
		run: func(ctx context.Context, c *call) error { return c.showLog(ctx, c.arg(0), c.String("of")) },
	})
}

func limitFlag(value int) cli.Flag {
	return &cli.IntFlag{Name: "limit", Value: value, Usage: "`N` at most so many"}
}

// limit reads --limit.
func (c *call) limit() (int, error) {
	n := c.Int("limit")
	if n < 0 || n == 0 && c.IsSet("limit") {
		return 0, api.Problemf(api.Invalid, "", "--limit is a number from 1")
	}
	return n, nil
}

// logKinds are what lines of the log can be about.
func logKinds() (names []string) {
	for _, of := range kinds.All.Nouns() {
		names = append(names, of.Name)
	}
	return append(names, "charter")
}

// showLog shows what happened to a document, or to all of a kind; "" for any.
func (c *call) showLog(ctx context.Context, id, of string) error {
	limit, err := c.limit()
	if err != nil {
		return err
	}
	words := map[string]string{"from": c.String("from"), "of": of}
	if since := strings.ToLower(strings.Join(strings.Fields(c.String("since")), " ")); since == "last time" || since == "last" {
		words["since"] = "last"
	} else if words["since"], err = c.env.calendar().parsePast("--since", since); err != nil {
		return err
	}
	if words["from"]+of+id == "" && !c.Bool("void") { // somebody reads all of it
		words["note"] = "true"
	}
	return request(c, func(d *client.Client) ([]api.LogLine, error) {
		return d.LogOf(ctx, id, c.Bool("void"), limit, words)
	}, func(lines []api.LogLine) {
		if len(lines) == 0 {
			c.out.println("Nothing here.")
			return
		}
		var rows [][]string
		for _, l := range lines {
			did := strings.Join(l.Says, "; ")
			if l.State != "accepted" {
				did = because("["+l.State+"] "+did, l.Why)
			}
			if l.BroughtBy != nil {
				did += " (brought in by " + name(*l.BroughtBy) + ")"
			}
			when, seen := "", ""
			switch {
			case l.Adoptable:
				seen = " · kith adopt " + l.Entry[:min(len(l.Entry), shortEntry)]
			case id != "":
				seen = seenBy(l)
			}
			if !l.At.IsZero() { // statements of the charter have no time
				when = c.ago(l.At)
			}
			rows = append(rows, []string{when, l.By.Name, l.Short, l.Title, did, seen})
		}
		c.out.logGrid(rows, id == "")
		if words["since"] == "last" && len(lines) >= limit {
			c.out.println(c.out.faint("There may be more: what is older isn't shown, and stays new. kith log --limit " + strconv.Itoa(10*limit)))
		}
	})
}

// seenBy says who has got a change, as far as is known.
func seenBy(l api.LogLine) string {
	got, not := list(names(l.SeenBy)), list(names(l.NotYetBy))
	switch {
	case l.State != "accepted" || got == "" && not == "":
		return ""
	case not == "":
		return " · everybody has it"
	case got == "":
		return " · no word yet from " + not
	}
	return " · " + got + " " + hasOrHave(len(l.SeenBy)) + " it, no word yet from " + not
}

func hasOrHave(n int) string {
	if n == 1 {
		return "has"
	}
	return "have"
}

// logGrid prints log rows; what was done and who has got it come last and are never cut, so that
// nothing that somebody wrote is hidden.
func (o *output) logGrid(rows [][]string, titles bool) {
	widths := make([]int, 4)
	for _, r := range rows {
		for i := range widths {
			r[i] = oneLine(r[i], 24)
			widths[i] = max(widths[i], columns(r[i]))
		}
	}
	for _, r := range rows {
		var line strings.Builder
		for i, w := range widths {
			if !titles && i >= 2 {
				break
			}
			cell := r[i]
			line.WriteString(o.isolate(cell) + strings.Repeat(" ", w-columns(cell)+2))
		}
		line.WriteString(strings.ReplaceAll(clean(r[4]), "\n", " ") + o.faint(clean(r[5])))
		o.println(strings.TrimRight(line.String(), " "))
	}
}
