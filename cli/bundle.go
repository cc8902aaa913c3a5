package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/whole"
)

func (k *kith) bundle() *cli.Command {
	return group("bundle", "carry what was written by mail or on a stick", k.bundleWrite(), k.bundleRead())
}

func (k *kith) bundleWrite() *cli.Command {
	return k.command(spec{
		name: "write", args: "FILE", usage: "write a file of what is here, for devices that the network doesn't reach",
		more: "The file is sealed for all devices that are in the co-op now, so it can go by mail, on a stick or over anybody's computer. A device that comes in later needs a new one, and a removed one can't open it.\n\n" +
			"--since goes by when something came to this device, and not by when its author made it; what came up to a quarter of an hour before may be in it as well. --for leaves out what a member's devices, or one device, are known to have: what they wrote, and what they have acknowledged, which each does once a day. If in doubt, more is in it rather than less, and reading twice does no harm.",
		examples: []string{
			`kith bundle write /media/stick/co-op.bundle`,
			`kith bundle write for-ben.bundle --for Ben`,
			`kith bundle write week.bundle --since "7 days ago" --replace`,
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "since", Usage: "`WHEN` only what came to this device since then: monday, 2026-12-01, 3 days ago"},
			k.offering(&cli.StringFlag{Name: "for", Usage: "`WHO` a member, or a device such as “Ben's laptop”: without what they are known to have"}, among(k.memberOffers)),
			&cli.BoolFlag{Name: "replace", Usage: "take the place of an older file, once this one is whole"},
		},
		run: runBundleWrite,
	})
}

func runBundleWrite(ctx context.Context, c *call) error {
	since, err := c.env.calendar().parsePast("--since", c.String("since"))
	if err != nil {
		return err
	}
	file, err := c.newFile(c.arg(0), "choose another name")
	if err != nil {
		return err
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	done := c.slowly("writing the bundle")
	made, err := writeBundle(ctx, client, api.BundleRequest{Since: since, For: c.String("for")}, file)
	done()
	if err != nil {
		return err
	}
	return c.out.show(made, func() {
		c.out.printf("%s: %s, %s, of “%s”%s; %s can open it\n", sentence(made.File), entries(made.Entries),
			humanize.IBytes(uint64(made.Bytes)), name(made.Space), c.sinceWords(made.Since), count(made.SealedFor, "device"))
		if len(made.For) > 0 {
			c.out.printf("Left out is what %s %s known to have.\n", list(names(made.For)), isOrAre(len(made.For)))
		}
		if made.Entries == 0 {
			c.out.println("There is nothing in it.")
		}
	})
}

// newFile is where something is to be written, as a whole path: nothing is there, or a file and --replace was said. instead is what else can be done.
func (c *call) newFile(word, instead string) (string, error) {
	file, err := filepath.Abs(word)
	if err != nil {
		return "", err
	}
	if isFolder(file) {
		return "", api.Problemf(api.Invalid, "name a file in it", "%s is a folder", file)
	}
	if err := hasFolder(file); err != nil {
		return "", err
	}
	if _, err := os.Lstat(file); err == nil && !c.Bool("replace") {
		return "", api.Problemf(api.Invalid, instead+", or say --replace", "%s is there already", file)
	}
	return file, nil
}

// hasFolder says so if there is no folder that a file could be written in.
func hasFolder(file string) error {
	if dir := filepath.Dir(file); !isFolder(dir) {
		return api.Problemf(api.NotFound, "mkdir "+shellName(dir), "there is no folder %s", dir)
	}
	return nil
}

// unwritten says of a file what the disk said of the part of it that was begun: nobody named that one.
func unwritten(err error, file string) error {
	var disk *fs.PathError
	if !errors.As(err, &disk) || !strings.HasPrefix(disk.Path, partOf(file)) {
		return err
	}
	return api.Problemf(api.Failed, "once it can be, or with another FILE: the same command once more", "%s can't be written: %v", file, disk.Err)
}

// partOf is how the names begin under which a file is written until it is whole.
func partOf(file string) string {
	dir, base := filepath.Split(file)
	return dir + "." + base + ".part-"
}

func (c *call) sinceWords(t api.Time) string {
	if t.IsZero() {
		return ""
	}
	return ", since " + c.ago(t)
}

func isOrAre(n int) string {
	if n == 1 {
		return "is"
	}
	return "are"
}

// writeBundle writes a bundle to a file, which is there when it is whole, and not before.
func writeBundle(ctx context.Context, client *client.Client, q api.BundleRequest, file string) (made api.Bundle, err error) {
	made, from, err := client.WriteBundle(ctx, q)
	if err != nil {
		return made, err
	}
	made.File = file
	made.Bytes, err = intoFile(from, file)
	return made, err
}

// intoFile writes what comes from a daemon to a file, which is there when it is whole, and not before.
func intoFile(from io.ReadCloser, file string) (size int64, err error) {
	defer from.Close()
	defer func() { err = unwritten(err, file) }()
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(partOf(file))+"*") // 0600
	if err != nil {
		return 0, err
	}
	defer os.Remove(f.Name())
	if size, err = io.Copy(f, from); err != nil {
		var disk *fs.PathError
		if !errors.As(err, &disk) {
			err = api.Problemf(api.Failed, "kith status, and look into the daemon's log", "the bundle broke off, and there is no file of it")
		}
	}
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return size, err
	}
	return size, whole.Move(f.Name(), file)
}

func (k *kith) bundleRead() *cli.Command {
	return k.command(spec{
		name: "read", args: "FILE", usage: "take what is in a bundle",
		more: "Everything in it counts as if its author's device had sent it: it is signed, and the same rules hold. What is here already is passed over, so a bundle can be read again, also after it broke off.",
		examples: []string{
			`kith bundle read /media/stick/co-op.bundle`,
			`kith bundle read co-op.bundle --jq .new`,
		},
		run: runBundleRead,
	})
}

func runBundleRead(ctx context.Context, c *call) error {
	f, err := openFile(c.arg(0), "kith bundle read --help")
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	var now atomic.Pointer[api.BundleProgress]
	now.Store(new(api.BundleProgress))
	over := c.slowlySaying(func() string {
		p := now.Load()
		return fmt.Sprintf("reading the bundle: %s of %s, %s of %s, %s new", humanize.IBytes(uint64(p.Bytes)), humanize.IBytes(uint64(info.Size())),
			humanize.Comma(p.Done), entries(int(p.Of)), humanize.Comma(int64(p.New)))
	})
	res, err := client.ReadBundle(ctx, f, func(p api.BundleProgress) { now.Store(&p) })
	over()
	if err != nil {
		return err
	}
	res.File = f.Name()
	return c.out.show(res, func() { c.showBundleRead(res) })
}

func (c *call) showBundleRead(b api.BundleRead) {
	c.out.printf("From %s's %s, written %s%s: %s new, %s here already.\n", name(b.Member), name(b.Device), c.ago(b.MadeAt), c.sinceWords(b.Since),
		entries(b.New), humanize.Comma(int64(b.Had)))
	for _, line := range []struct {
		n              int
		does, do, next string
	}{
		{b.Pending, "waits", "wait", "for others that aren't here: ask for a bundle from earlier on, or come into touch"},
		{b.Void, "counts", "count", "for nothing: kith log --void says why"},
		{b.Elsewhere, "stands", "stand", "on another branch of the charter: kith charter show"},
	} {
		if line.n == 1 {
			line.do = line.does
		}
		if line.n > 0 {
			c.out.printf("%s of the new ones %s %s.\n", humanize.Comma(int64(line.n)), line.do, line.next)
		}
	}
	if b.Left > 0 {
		c.out.printf("Not kept: %s, since too much of who made them waits or counts for nothing already.\n", entries(b.Left))
	}
}
