package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"kith/crdt/about"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/whole"
)

// about is the page for those who deal with the co-op.
func (k *kith) about() *cli.Command {
	return group("about", "one page about us, for others", k.aboutShow(), k.aboutWrite())
}

const aboutMore = "Who we are, how we decide, whom to ask for what, and that a coordinator isn't a boss. Of what members wrote only what they meant for others stands there: " +
	"kith profile set --public says what is told of you, kith role edit ID --public what to ask for, kith agreement edit ID --public yes that it may be read."

// languageFlag says in which language Kith says its own words.
func (k *kith) languageFlag() cli.Flag {
	return k.offering(&cli.StringFlag{Name: "language", Usage: "`L` of the words that Kith says: " + strings.Join(about.Languages, ", ") + "; without it that of your profile, or of your computer, or English"}, fixed(about.Languages...))
}

// language is the one that was asked for, or the first of the person's profile, their locale and English in which Kith has words.
func (c *call) language(ctx context.Context) (string, error) {
	if said := c.String("language"); said != "" {
		return said, oneOf("--language", said, about.Languages)
	}
	if own, _, _ := strings.Cut(c.profileLanguage(ctx), "-"); about.HasLanguage(own) {
		return own, nil
	}
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := c.env.Getenv(name); locale != "" {
			language, _, _ := strings.Cut(strings.ToLower(locale), "_")
			if about.HasLanguage(language) {
				return language, nil
			}
			break
		}
	}
	return about.Languages[0], nil
}

// profileLanguage is the language that the person's profile says; "" if it says none, or can't be asked for, which what is asked for then tells.
func (c *call) profileLanguage(ctx context.Context) string {
	d, err := c.api()
	if err != nil {
		return ""
	}
	raw, err := d.Documents(ctx, kinds.Profile.Many, url.Values{"mine": {"true"}, "limit": {"1"}})
	if err != nil {
		return ""
	}
	own, err := readList(raw)
	if err != nil || len(own) == 0 {
		return ""
	}
	return own[0].fields.Str(kinds.ProfileLanguage.Name())
}

// aboutPage is what there is to say.
func (c *call) aboutPage(ctx context.Context) (about.Page, error) {
	language, err := c.language(ctx)
	if err != nil {
		return about.Page{}, err
	}
	client, err := c.api()
	if err != nil {
		return about.Page{}, err
	}
	return client.About(ctx, language)
}

func (k *kith) aboutShow() *cli.Command {
	return k.command(spec{
		name: "show", usage: "the page as it would be written", more: aboutMore, flags: []cli.Flag{k.languageFlag()},
		examples: []string{`kith about show`, `kith about show --language es`},
		run: func(ctx context.Context, c *call) error {
			p, err := c.aboutPage(ctx)
			if err != nil {
				return err
			}
			var said error
			if err := c.out.show(p, func() { said = p.Markdown(c.env.Stdout) }); err != nil {
				return err
			}
			c.noteBare(&p)
			return said
		},
	})
}

// noteBare says how something gets onto a page on which nothing of members stands.
func (c *call) noteBare(p *about.Page) {
	if p.IsBare() {
		c.note([]string{"Nobody has meant anything for others yet, so only what is true of every co-op stands here: kith about show --help"})
	}
}

func (k *kith) aboutWrite() *cli.Command {
	forms := slices.Sorted(maps.Keys(about.Formats))
	return k.command(spec{
		name: "write", args: "FILE", usage: "write the page, once you have seen it",
		more:     aboutMore + " The end of the file's name says in which form: " + strings.Join(forms, ", ") + ". You are shown the page and asked; --yes says that you know what is in it.",
		examples: []string{`kith about write about.md`, `kith about write about.html --language es --yes`},
		flags:    []cli.Flag{k.languageFlag(), &cli.BoolFlag{Name: "yes", Usage: "I know what is in it"}},
		run: func(ctx context.Context, c *call) error {
			file := c.arg(0)
			write := about.Formats[strings.TrimPrefix(strings.ToLower(filepath.Ext(file)), ".")]
			if write == nil {
				return api.Problemf(api.Invalid, "kith about write about.md, or about.html", "the name of the file ends in .%s", strings.Join(forms, " or ."))
			}
			p, err := c.aboutPage(ctx)
			if err != nil {
				return err
			}
			if !c.Bool("yes") {
				if err := c.aboutAsked(&p, file); err != nil {
					return err
				}
			}
			var b bytes.Buffer
			if err := write(&p, &b); err != nil {
				return err
			}
			if err := hasFolder(file); err != nil {
				return err
			}
			_, older := os.Lstat(file)
			if err := publicFile(file, b.Bytes()); err != nil {
				return api.Problemf(api.Failed, "kith about show prints the page", "%v", err)
			}
			return c.out.show(map[string]any{"file": file, "page": p}, func() {
				if older == nil && c.Bool("yes") {
					c.note([]string{file + " was there, and has been replaced."})
				}
				c.out.println(file)
			})
		},
	})
}

func isFolder(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// aboutAsked shows the page and asks whether it may be written. Where nobody can be asked nothing is.
func (c *call) aboutAsked(p *about.Page, file string) error {
	if !c.out.json {
		if err := p.Markdown(c.env.Stdout); err != nil {
			return err
		}
		c.out.println()
		c.noteBare(p)
	}
	if !c.canEdit() || c.out.json {
		return api.Problemf(api.Usage, "kith about write "+shellName(file)+" --yes", "this is for others outside: look at it first, and say --yes then; nothing was written")
	}
	question := "Everybody to whom you give it reads this. Write it into " + file + "?"
	if _, err := os.Lstat(file); err == nil {
		question = "Everybody to whom you give it reads this. Write it in the place of " + file + ", which is there?"
	}
	yes, err := c.askYes(question)
	if err == nil && !yes {
		err = api.Problemf(api.NotAllowed, "", "nothing was written")
	}
	return err
}

// publicFile writes a file that everybody on this computer may read, as a whole or not at all. What is no plain file isn't replaced.
func publicFile(file string, b []byte) error {
	if info, err := os.Lstat(file); err == nil && !info.Mode().IsRegular() {
		return fmt.Errorf("%s is there, and is no file that can be replaced", file)
	} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := whole.Write(file, b); err != nil {
		return err
	}
	return os.Chmod(file, 0o644)
}
