package cli

import (
	"cmp"
	"context"
	_ "embed"
	"net/url"
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

var shells = []string{"bash", "zsh", "fish"}

// completionTime is how long the shell waits for the daemon to name what may be meant.
const completionTime = 500 * time.Millisecond

// shortEntry is how much of an entry's ID is enough to name it.
const shortEntry = 12

// maxCompletions is how many things are offered at most.
const maxCompletions = 1000

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
		name: "completion", args: "SHELL", usage: "let bash, zsh or fish complete commands, IDs and names", anywhere: true,
		examples: []string{
			`source <(kith completion bash)`,
			`kith completion zsh >"${fpath[1]}/_kith"`,
			`kith completion fish >~/.config/fish/completions/kith.fish`,
		},
		run: func(_ context.Context, c *call) error {
			script, ok := map[string]string{"bash": bashCompletion, "zsh": zshCompletion, "fish": fishCompletion}[c.arg(0)]
			if !ok {
				return api.Problemf(api.Invalid, "one of: "+strings.Join(shells, ", "), "there is no completion for “%s”", oneLine(c.arg(0), 40))
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

// A completer gives what may stand where current is being typed.
type completer func(ctx context.Context, current string) []offer

// offering says what may be the value of a flag.
func (k *kith) offering(f cli.Flag, what completer) cli.Flag {
	if what != nil {
		k.values[f] = what
	}
	return f
}

// among makes a completer of a list: of what current is a start of.
func among(list func(ctx context.Context) []offer) completer {
	return func(ctx context.Context, current string) []offer { return match(list(ctx), current) }
}

// fixed offers some words.
func fixed(words ...string) completer {
	return among(func(context.Context) []offer { return plain(words) })
}

// days are dates as they are typed most.
var days = fixed("today", "tomorrow", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")

// offersFor gives what a field of a kind may be set to, by its type; nil: anything.
func (k *kith) offersFor(of *kind.Kind, f *kind.Field) completer {
	switch {
	case f.Fact != "":
		return among(func(ctx context.Context) []offer { return k.usedWords(ctx, of, f) })
	case f.Is == kind.Day:
		return days
	case f.Is == kind.Word:
		return fixed(f.Words...)
	case f.Is == kind.Members:
		return among(k.memberOffers)
	case f.Is == kind.Line && f.Of != "":
		return k.titleOffers(kinds.All.Named(f.Of))
	case f.Is == kind.Ref:
		return k.documentOffers(kinds.All.Named(f.Of))
	}
	return nil
}

// offers finds what may stand in the place of current, after the words before.
func (k *kith) offers(ctx context.Context, before []string, current string) []offer {
	root := k.root()
	cmd, n := root, 0
	var pending cli.Flag // whose value comes next
	for i, w := range before {
		switch {
		case pending != nil:
			pending = nil
		case w == "--":
			return k.words(ctx, cmd, n+len(before)-i-1, current)
		case isFlag(w):
			if name := strings.TrimLeft(w, "-"); !strings.Contains(w, "=") && takesValue(cmd, name) {
				pending = findFlag(cmd, name)
			}
		case n == 0 && subcommand(cmd, w) != nil:
			cmd = subcommand(cmd, w)
		case w == "help" && cmd == root:
		default:
			n++
		}
	}
	switch {
	case pending != nil:
		if what := k.values[pending]; what != nil {
			return what(ctx, current)
		}
		if slices.Contains(pending.Names(), "space") { // every command has that one
			return match(k.spaceOffers(ctx), current)
		}
		return nil
	case strings.HasPrefix(current, "-"):
		return match(flagOffers(cmd), current)
	case len(cmd.Subcommands) > 0 && n > 0: // a word that is no command
		return nil
	case len(cmd.Subcommands) > 0:
		return match(commandOffers(cmd), current)
	}
	return slices.DeleteFunc(k.words(ctx, cmd, n, current), func(o offer) bool { return isFlag(o.word) }) // a name that would be taken for one
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
func (k *kith) words(ctx context.Context, cmd *cli.Command, n int, current string) []offer {
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
		if what := k.ids[cmd]; what != nil {
			return what(ctx, current)
		}
		return k.documentOffers(nil)(ctx, current)
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

// offerAll gives what the daemon knows of as offers, as offer says of each (no word: it isn't offered); none if the daemon doesn't answer.
func offerAll[T any](ctx context.Context, k *kith, ask func(*client.Client, context.Context) ([]T, error), as func(T) offer) (out []offer) {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	all, err := ask(client, ctx)
	if err != nil {
		return nil
	}
	for _, one := range all {
		if o := as(one); o.word != "" {
			out = append(out, o)
		}
	}
	return out
}

// shareOffers are the allies with whom something is shared.
func (k *kith) shareOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, (*client.Client).Shares, func(s api.Share) offer { return offer{s.With, s.Title} })
}

func (k *kith) memberOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, (*client.Client).Members, func(m api.Member) offer {
		if m.Standing == "resigned" || m.Standing == "removed" { // who left is named in full
			return offer{}
		}
		return offer{m.Name, m.Standing + " member"}
	})
}

func (k *kith) spaceOffers(ctx context.Context) []offer {
	ask := func(d *client.Client, ctx context.Context) ([]api.Status, error) {
		all, err := d.Spaces(ctx)
		return all.Spaces, err
	}
	return offerAll(ctx, k, ask, func(s api.Status) offer { return offer{s.Space.Name, "as " + name(s.Me)} })
}

// allyOffers offers the co-ops with which there is a pact, made or half made.
func (k *kith) allyOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, (*client.Client).Allies, func(a api.Ally) offer {
		return offer{cmp.Or(a.Name, a.ID), a.Purpose}
	})
}

// adoptableOffers offers what somebody wrote who wasn't honoured any more.
func (k *kith) adoptableOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, func(d *client.Client, ctx context.Context) ([]api.LogLine, error) {
		return d.Log(ctx, "", true, maxCompletions)
	}, func(l api.LogLine) offer {
		if !l.Adoptable {
			return offer{}
		}
		return offer{l.Entry[:min(len(l.Entry), shortEntry)], name(l.By) + ": " + strings.Join(l.Says, ", ")}
	})
}

func (k *kith) deviceOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, (*client.Client).Devices, func(d api.Device) offer { return offer{d.Name, deviceState(d)} })
}

// proposalOffers offers what is being agreed on.
func (k *kith) proposalOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, func(d *client.Client, ctx context.Context) ([]api.Proposal, error) { return d.Proposals(ctx, true) }, func(p api.Proposal) offer { return offer{p.Short, p.Title} })
}

func (k *kith) inviteOffers(ctx context.Context) []offer {
	return offerAll(ctx, k, (*client.Client).Invites, func(i api.Invite) offer { return offer{i.ID, i.State} })
}

// askOffers offers what co-ops have asked each other for.
func (k *kith) askOffers(ctx context.Context) []offer {
	return k.asksThat(ctx, func(api.Ask) bool { return true })
}

// openedOffers offers the further shares that allies have opened.
func (k *kith) openedOffers(ctx context.Context) []offer {
	return k.asksThat(ctx, func(a api.Ask) bool { return a.Code != "" && !a.Ours })
}

func (k *kith) asksThat(ctx context.Context, are func(api.Ask) bool) []offer {
	return offerAll(ctx, k, (*client.Client).Asks, func(a api.Ask) offer {
		if !are(a) {
			return offer{}
		}
		return offer{a.Short, a.Title}
	})
}

// documentOffers offers documents of a kind, or of any if of is nil: their short IDs or, where more was typed than
// these have, or the letters were left out, the rest of the full ones.
func (k *kith) documentOffers(of *kind.Kind) completer {
	return func(ctx context.Context, current string) (out []offer) {
		client, err := k.api("")
		if err != nil {
			return nil
		}
		name := ""
		if of != nil {
			name = of.Name
		}
		start := current
		for _, noun := range kinds.All.Nouns() {
			if (of == nil || of == noun) && strings.EqualFold(current, noun.Letters+"-") { // its letters, and of the ID nothing yet
				name, start = noun.Name, ""
			}
		}
		found, err := client.Find(ctx, name, start, maxCompletions)
		if err != nil {
			return nil
		}
		for _, d := range found {
			word := d.Short
			if !strings.HasPrefix(word, current) {
				word = d.ID
			}
			if !strings.HasPrefix(word, current) {
				_, word, _ = strings.Cut(word, "-")
			}
			out = append(out, offer{word, d.Kind + ": " + d.Title})
		}
		return out
	}
}

// maxUsed bounds in how many documents completion looks for words that are in use.
const maxUsed = 1000

// briefly gives documents of a kind without their texts; none if the daemon doesn't answer.
func (k *kith) briefly(ctx context.Context, of *kind.Kind) []document {
	client, err := k.api("")
	if err != nil {
		return nil
	}
	raw, err := client.Documents(ctx, of.Many, url.Values{"brief": {"true"}, "limit": {strconv.Itoa(maxUsed)}})
	if err != nil {
		return nil
	}
	all, err := readList(raw)
	if err != nil {
		return nil
	}
	return all
}

// titleOffers offers the titles of documents of a kind, where these name one.
func (k *kith) titleOffers(of *kind.Kind) completer {
	return among(func(ctx context.Context) (out []offer) {
		for _, d := range k.briefly(ctx, of) {
			out = append(out, offer{d.Title, d.Short})
		}
		return out
	})
}

// usedWords offers what documents of a kind have in a field already; where it names a document, the titles that there are, too.
func (k *kith) usedWords(ctx context.Context, of *kind.Kind, f *kind.Field) (out []offer) {
	seen := map[string]bool{"": true}
	if named := kinds.All.Named(f.Of); named != nil {
		for _, o := range k.titleOffers(named)(ctx, "") {
			seen[o.word] = true
			out = append(out, o)
		}
	}
	for _, d := range k.briefly(ctx, of) {
		words := d.Tags
		if f.Fact != kind.TagFact {
			words = []string{d.fields.Str(f.Name())}
		}
		for _, w := range words {
			if !seen[w] {
				seen[w] = true
				out = append(out, offer{w, f.Called()})
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
