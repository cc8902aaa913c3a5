package cli

import (
	"context"
	_ "embed"
	"fmt"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
)

var shells = []string{"bash", "zsh", "fish"}

// completionTime is how long the shell waits for the daemon to name what may be meant.
const completionTime = 500 * time.Millisecond

// shortEntry is how much of an entry's ID is enough to name it.
const shortEntry = 12

// openedShare stands in the place of a noun for what an ally has opened.
const openedShare = "opened share"

// maxCompletions is how many things are offered at most.
const maxCompletions = 100

var (
	//go:embed completion/kith.bash
	bashCompletion string
	//go:embed completion/kith.zsh
	zshCompletion string
	//go:embed completion/kith.fish
	fishCompletion string
)

func (k *kith) completion() *cli.Command {
	return k.command(spec{
		name: "completion", args: "SHELL", usage: "let bash, zsh or fish complete commands, IDs and names",
		examples: []string{
			`source <(kith completion bash)`,
			`kith completion zsh >"${fpath[1]}/_kith"`,
			`kith completion fish >~/.config/fish/completions/kith.fish`,
		},
		run: func(_ context.Context, c *call) error {
			script, ok := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.arg(0)]
			if !ok {
				return api.Problemf(api.Usage, "one of: "+strings.Join(shells, ", "), "there is no completion for “%s”", oneLine(c.arg(0), 40))
			}
			c.out.printf("%s", script)
			return nil
		},
	})
}

// complete is asked by the scripts: its words are those after "kith", the last of them the
// one being typed. It prints one offer a line: the word, a tab, what it is. It is silent
// about all that goes wrong, since a person is typing.
func (k *kith) complete() *cli.Command {
	return k.command(spec{
		name: "__complete", args: "[WORD…]", usage: "offer what may come next", hidden: true,
		run: func(ctx context.Context, c *call) error {
			ctx, cancel := context.WithTimeout(ctx, completionTime)
			defer cancel()
			words := c.args()
			if len(words) == 0 {
				words = []string{""}
			}
			for _, o := range k.offers(ctx, words[:len(words)-1], words[len(words)-1]) {
				if o.word != clean(o.word) || strings.ContainsAny(o.word, "\n\t") {
					continue // nobody can type it
				}
				c.out.printf("%s\t%s\n", o.word, oneLine(o.what, maxCell))
			}
			return nil
		},
	})
}

type offer struct{ word, what string }

// offers finds what may stand in the place of current, after the words before.
func (k *kith) offers(ctx context.Context, before []string, current string) []offer {
	root := k.root()
	cmd, noun, n := root, "", 0
	var pending cli.Flag // whose value comes next
	for i, w := range before {
		switch {
		case pending != nil:
			pending = nil
		case w == "--":
			return k.words(ctx, noun, cmd, n+len(before)-i-1, current)
		case isFlag(w):
			if name := strings.TrimLeft(w, "-"); !strings.Contains(w, "=") && takesValue(cmd, name) {
				pending = findFlag(cmd, name)
			}
		case n == 0 && subcommand(cmd, w) != nil:
			noun = cmd.Name
			cmd = subcommand(cmd, w)
		case w == "help" && cmd == root:
		default:
			n++
		}
	}
	switch {
	case pending != nil:
		return match(k.values(ctx, pending.Names()[0]), current)
	case strings.HasPrefix(current, "-"):
		return match(flagOffers(cmd), current)
	case len(cmd.Subcommands) > 0 && n > 0: // a word that is no command
		return nil
	case len(cmd.Subcommands) > 0:
		return match(commandOffers(cmd), current)
	}
	return k.words(ctx, noun, cmd, n, current)
}

func commandOffers(c *cli.Command) (out []offer) {
	for _, sub := range c.Subcommands {
		if !sub.Hidden {
			out = append(out, offer{sub.Name, sub.Usage})
		}
	}
	return out
}

func flagOffers(c *cli.Command) (out []offer) {
	flags := c.Flags
	if len(flags) == 0 {
		flags = common()
	}
	for _, f := range visible(flags) {
		_, usage := flagWords(f)
		out = append(out, offer{"--" + f.Names()[0], usage})
	}
	return append(out, offer{"--help", "what it is for, and examples"})
}

// words offers what the n-th word of a command may be.
func (k *kith) words(ctx context.Context, noun string, cmd *cli.Command, n int, current string) []offer {
	places := strings.Fields(cmd.ArgsUsage)
	if len(places) == 0 {
		return nil
	}
	if n >= len(places) {
		if !strings.Contains(places[len(places)-1], "…") {
			return nil
		}
		n = len(places) - 1
	}
	switch strings.Trim(places[n], "[…]") {
	case "ID":
		if noun == "share" && cmd.Name == "join" {
			noun = openedShare
		}
		return k.ids(ctx, noun, current)
	case "MEMBER":
		return match(k.memberOffers(ctx), current)
	case "DEVICE":
		return match(k.deviceOffers(ctx), current)
	case "ALLY":
		return match(k.allyOffers(ctx), current)
	case "ENTRY":
		return match(k.adoptableOffers(ctx), current)
	case "SHARE":
		return match(k.shareOffers(ctx), current)
	case "anyone|agreed":
		return match(plain(api.SharingRules), current)
	case "HEAD":
		return nil
	case "THRESHOLD":
		return match(plain(api.Thresholds), current)
	case "SHELL":
		return match(plain(shells), current)
	case "KIND":
		return match(plain(api.EventKinds()), current)
	}
	return nil
}

// values offers what a flag may be set to.
func (k *kith) values(ctx context.Context, flag string) []offer {
	switch flag {
	case "ask", "for":
		return k.memberOffers(ctx)
	case "space":
		return k.spaceOffers(ctx)
	case "ally":
		return k.allyOffers(ctx)
	case "contact":
		return k.memberOffers(ctx)
	case "share":
		return k.ids(ctx, "", "")
	case "voices":
		return plain([]string{api.VoicesCoops, api.VoicesPeople})
	case "consents", "keep", "not-mine":
		return k.deviceOffers(ctx)
	case "process":
		return plain(api.Processes)
	case "sort":
		return plain(api.TaskSorts)
	case "log-level":
		return plain(logLevels)
	case "due", "by", "review", "due-before":
		return plain([]string{"today", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"})
	case "project", "tag", "untag":
		return k.usedWords(ctx, flag)
	}
	return nil
}

// shareOffers are the allies with whom something is shared.
func (k *kith) shareOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	all, err := client.Shares(ctx)
	if err != nil {
		return nil
	}
	for _, s := range all {
		out = append(out, offer{s.With, s.Title})
	}
	return out
}

func (k *kith) memberOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	members, err := client.Members(ctx)
	if err != nil {
		return nil
	}
	for _, m := range members {
		out = append(out, offer{m.Name, m.Standing + " member"})
	}
	return out
}

func (k *kith) spaceOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	all, err := client.Spaces(ctx)
	if err != nil {
		return nil
	}
	for _, s := range all.Spaces {
		out = append(out, offer{s.Space.Name, "as " + name(s.Me)})
	}
	return out
}

// allyOffers offers the co-ops with which there is a pact, made or half made.
func (k *kith) allyOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	all, err := client.Allies(ctx)
	if err != nil {
		return nil
	}
	for _, a := range all {
		if a.Name == "" {
			out = append(out, offer{a.ID, a.Purpose})
			continue
		}
		out = append(out, offer{a.Name, a.Purpose})
	}
	return out
}

// adoptableOffers offers what somebody wrote who wasn't honoured any more.
func (k *kith) adoptableOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	lines, err := client.Log(ctx, "", true, maxCompletions)
	if err != nil {
		return nil
	}
	for _, l := range lines {
		if l.Adoptable {
			out = append(out, offer{l.Entry[:min(len(l.Entry), shortEntry)], name(l.By) + ": " + strings.Join(l.Says, ", ")})
		}
	}
	return out
}

func (k *kith) deviceOffers(ctx context.Context) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	devices, err := client.Devices(ctx)
	if err != nil {
		return nil
	}
	for _, d := range devices {
		out = append(out, offer{d.Name, deviceState(d)})
	}
	return out
}

// ids offers documents of the noun's kind, those that changed last first.
func (k *kith) ids(ctx context.Context, noun, current string) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	if noun == "charter" {
		proposals, err := client.Proposals(ctx, true)
		if err != nil {
			return nil
		}
		for _, p := range proposals {
			out = append(out, offer{p.Short, p.Title})
		}
		return match(out, current)
	}
	if noun == "invite" {
		invites, err := client.Invites(ctx)
		if err != nil {
			return nil
		}
		for _, i := range invites {
			out = append(out, offer{i.ID, i.State})
		}
		return match(out, current)
	}
	if noun == "ally" || noun == openedShare {
		asks, err := client.Asks(ctx)
		if err != nil {
			return nil
		}
		for _, a := range asks {
			if noun == "ally" || a.Code != "" && !a.Ours {
				out = append(out, offer{a.Short, a.Title})
			}
		}
		return match(out, current)
	}
	kind := noun
	if kind != api.KindTask && kind != api.KindDecision && kind != api.KindNote {
		kind = ""
	}
	found, err := client.Find(ctx, kind, current, maxCompletions)
	if err != nil {
		return nil
	}
	for _, d := range found {
		word := d.Short
		if !strings.HasPrefix(word, current) {
			word = d.ID // more was typed than the short one has, or the letter left out
			if !strings.HasPrefix(word, current) {
				word = strings.TrimPrefix(word, word[:2])
			}
		}
		out = append(out, offer{word, fmt.Sprintf("%s: %s", d.Kind, d.Title)})
	}
	return out
}

// usedWords offers projects and tags that tasks have already.
func (k *kith) usedWords(ctx context.Context, flag string) (out []offer) {
	daemon, err := k.api("")
	if err != nil {
		return nil
	}
	tasks, err := daemon.Tasks(ctx, client.TaskQuery{Brief: true, Limit: 1000})
	if err != nil {
		return nil
	}
	seen := map[string]bool{"": true}
	for _, t := range tasks {
		words := t.Tags
		if flag == "project" {
			words = []string{t.Project}
		}
		for _, w := range words {
			if !seen[w] {
				seen[w] = true
				out = append(out, offer{w, flag})
			}
		}
	}
	return out
}

func plain(words []string) (out []offer) {
	for _, w := range words {
		out = append(out, offer{w, ""})
	}
	return out
}

// match keeps what current is a start of; case and accents don't count.
func match(offers []offer, current string) (out []offer) {
	for _, o := range offers {
		if strings.HasPrefix(api.FoldName(o.word), api.FoldName(current)) && len(out) < maxCompletions {
			out = append(out, o)
		}
	}
	return out
}
