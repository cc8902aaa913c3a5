package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/dustin/go-humanize"

	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/whole"
)

func (k *kith) porch() *cli.Command {
	return group("porch", "small relays for who is behind a router: those that the co-op uses, and one that you run", append(k.porchesOfCoop(), k.porchesHere()...)...)
}

// porchesHere are the commands for who runs a porch, and to list either sort.
func (k *kith) porchesHere() []*cli.Command {
	return []*cli.Command{
		k.command(spec{
			name: "run", args: "DIR", usage: "serve a porch, whose key and codes lie in a folder of its own",
			more: "In the foreground, until Ctrl-C, on a computer that others can dial. It belongs to no co-op and holds nothing of any: what goes over it can be read at its two ends alone, and who they are is written down nowhere. Who has one of its codes (kith porch code) keeps a place there; to who has a place anybody may come, and is let in or not by them. 1,000 places in all, 64 and 50 GiB a month for each code. It needs the port that it listens on, TCP and UDP, to be open; --announce says where others find it, if that is another address.",
			examples: []string{
				`kith porch run ~/porch --announce /ip4/203.0.113.7/tcp/4001`,
				`kith porch run ~/porch --listen /ip4/0.0.0.0/tcp/4001 --listen /ip4/0.0.0.0/tcp/443`,
			},
			flags: append(listenFlags(), k.offering(&cli.StringFlag{Name: "log-level", Value: "info", Usage: "`L` what to tell about the work"}, fixed(logLevels...))),
			run:   runPorch,
		}),
		k.command(spec{
			name: "code", usage: "make a code of the porch, for a co-op or a person",
			more:     "Prints the code, once. One person of a co-op adds it, for all of them: kith porch add CODE; or begins with it: kith init --relay CODE. Who joins then gets it with the answer.",
			examples: []string{`kith porch code --for "Riso Print Co-op"`},
			flags:    []cli.Flag{need(&cli.StringFlag{Name: "for", Usage: "`LABEL` for you: whose it is"}, false), porchFlag()},
			run:      runPorchCode,
		}),
		k.command(spec{
			name: "list", usage: "the porches of the co-op, and how it stands with them on this computer; or the codes of the one that is run from here",
			more:     "Where a porch was run from this home: its codes, with the places kept by each, connections that lead through these, and what went over it this month. --coop lists the co-op's all the same. Of the co-op's it says which this computer uses, and why not: used (it keeps a place), ready (it would if that was needed), trouble, left (kith porch leave), spare (others come first), void (it is none for us), lent (by an ally; nobody has added it).",
			examples: []string{`kith porch list`, `kith porch list --coop`},
			flags:    []cli.Flag{porchFlag(), &cli.BoolFlag{Name: "coop", Usage: "those of the co-op, also where one is run from this home"}},
			run:      runPorchList,
		}),
		k.command(spec{
			name: "revoke", args: "LABEL", usage: "end a code: who has a place by it loses it within seconds",
			more:     "LABEL is whose the code is, or its ID.",
			examples: []string{`kith porch revoke "Riso Print Co-op"`},
			flags:    []cli.Flag{porchFlag()},
			run: func(_ context.Context, c *call) error {
				dir, err := c.porchDir()
				if err != nil {
					return err
				}
				gone, err := c.env.Hooks.PorchRevoke(dir, c.arg(0), c.env.Now())
				if err != nil {
					return err
				}
				return c.out.show(gone, func() {
					c.out.printf("%s, for %s, is good for nothing any more.\n", oneLine(gone.ID, 80), oneLine(gone.Label, 80))
				})
			},
		}),
	}
}

// porchFlag names the folder of a porch.
func porchFlag() cli.Flag {
	return &cli.StringFlag{Name: "dir", Usage: "`DIR` the folder of the porch; without it, that which was run last from this home"}
}

// lastPorch is the file in a home that says which porch was run from it last; maxPorchDir bounds it, in bytes.
const (
	lastPorch   = "porch.dir"
	maxPorchDir = 4 << 10
)

// porchDir is where the porch lies that is meant.
func (c *call) porchDir() (string, error) {
	if dir := c.String("dir"); dir != "" {
		return filepath.Abs(dir)
	}
	path := filepath.Join(c.env.home(), lastPorch)
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", api.Problemf(api.NotFound, "kith porch run DIR; or say which porch: --dir DIR", "no porch was run from this home yet")
	}
	if err == nil && info.Size() > maxPorchDir {
		err = fmt.Errorf("%s is too long for the name of a folder", path)
	}
	if err != nil {
		return "", err
	}
	b, err := os.ReadFile(path)
	return strings.TrimSuffix(string(b), "\n"), err
}

// rememberPorch notes which porch is run from this home, for the commands that look after it.
func (c *call) rememberPorch(dir string) error {
	home := c.env.home()
	if err := whole.Folder(home); err != nil {
		return err
	}
	return whole.Write(filepath.Join(home, lastPorch), []byte(dir+"\n"))
}

func runPorchCode(_ context.Context, c *call) error {
	if c.String("for") == "" {
		return api.Problemf(api.Usage, `kith porch code --for "Riso Print Co-op"`, "kith porch code needs --for and whose it is")
	}
	dir, err := c.porchDir()
	if err != nil {
		return err
	}
	made, err := c.env.Hooks.PorchCode(dir, c.String("for"), c.env.Now())
	if err != nil {
		return err
	}
	return c.out.show(made, func() {
		c.out.printf("%s is for %s. One of them adds it for all, with kith porch add CODE, or founds with kith init NAME --as MEMBER --relay CODE:\n\n    %s\n\nIt is shown only now.\n", oneLine(made.ID, 80), oneLine(made.Label, 80), oneLine(made.Code, 400))
	})
}

func (c *call) porchCodes(all []api.PorchCode) {
	if len(all) == 0 {
		c.out.println("There are no codes: kith porch code --for LABEL")
		return
	}
	var rows [][]string
	for _, p := range all {
		state := fmt.Sprintf("%d of %d", p.Places, p.Limits.Places)
		if !p.RevokedAt.IsZero() {
			state = "revoked"
		}
		rows = append(rows, []string{p.ID, p.Label, state, fmt.Sprint(p.Circuits), fmt.Sprintf("%s of %s", humanize.IBytes(uint64(p.Bytes)), humanize.IBytes(uint64(p.Limits.BytesMonth)))})
	}
	c.out.grid([]string{"ID", "LABEL", "PLACES", "CIRCUITS", "THIS MONTH"}, rows)
}

func runPorch(ctx context.Context, c *call) error {
	log, err := newLog(c.env.Stderr, c.String("log-level"))
	if err != nil {
		return err
	}
	dir, err := filepath.Abs(c.arg(0))
	if err != nil {
		return err
	}
	return c.env.Hooks.Porch(ctx, PorchOptions{
		Dir: dir, Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"), Log: log,
		Ready: func(addresses []string) {
			if err := c.rememberPorch(dir); err != nil {
				log.Warn("which porch this is wasn't noted: name it with --dir", "err", err)
			}
			if c.out.json {
				_ = writeJSON(c.env.Stdout, map[string][]string{"addresses": append([]string{}, addresses...)}) // nobody reads: no reason to stop
				return
			}
			fmt.Fprintln(c.env.Stderr, "kith: the porch is open; stop with Ctrl-C. A code for somebody: kith porch code --for LABEL")
		},
	})
}
