package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
)

func (k *kith) backup() *cli.Command {
	return k.command(spec{
		name: "backup", args: "FILE", usage: "write a file that this device can come back from",
		more: "Works while the daemon runs and others write, and without a daemon. The file holds this device's key, so whoever can open it can write as you: it is sealed with a passphrase, asked for on a terminal or read from a file. --plain leaves it open, for a disk that is encrypted already. Invite codes aren't in it.",
		examples: []string{
			`kith backup ~/kith.backup`,
			`kith backup ~/kith.backup --passphrase-file ~/.kith-passphrase --replace`,
			`kith backup /media/encrypted/kith.backup --plain --json`,
		},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` the passphrase to seal it with is in it"},
			&cli.BoolFlag{Name: "plain", Usage: "don't seal it"},
			&cli.BoolFlag{Name: "replace", Usage: "take the place of an older file, once this one is whole"},
		},
		run: runBackup,
	})
}

func runBackup(ctx context.Context, c *call) error {
	file, err := c.newFile(c.arg(0), "choose another name")
	if err != nil {
		return err
	}
	passphrase, err := c.backupPassphrase()
	if err != nil {
		return err
	}
	space := c.String("space")
	if space == "" {
		space = c.env.Getenv("KITH_SPACE")
	}
	tell, over := c.slowlyCounting("making a backup")
	made, err := c.env.Hooks.Backup(ctx, BackupOptions{
		Home: c.env.home(), Space: space, File: file, Passphrase: passphrase, Replace: c.Bool("replace"), Version: c.env.Version,
		Progress: func(done, of int64) { tell("making a backup", done, of) },
		Unlock:   func() (string, error) { return c.unlock("$" + keyFileEnv) },
	})
	over()
	if err != nil {
		return unwritten(err, file)
	}
	return c.out.show(made, func() {
		c.out.printf("%s: %s, %s, of “%s”\n", sentence(made.File), entries(made.Entries), humanize.IBytes(uint64(made.Bytes)), name(made.Space))
		if !made.Sealed {
			c.out.println("It is not sealed: whoever can read it can write as you.")
		}
	})
}

// backupPassphrase gives what a backup is to be sealed with; "" for a plain one.
func (c *call) backupPassphrase() (string, error) {
	file, plain := c.String("passphrase-file"), c.Bool("plain")
	switch {
	case plain && file != "":
		return "", api.Problemf(api.Usage, "kith backup --help", "a backup is either sealed or --plain")
	case plain:
		return "", nil
	case file != "":
		return readPassphrase(file)
	}
	word, err := c.askNew("A passphrase to seal the backup with", api.Problemf(api.Usage,
		"--passphrase-file FILE, or --plain if where it will lie is encrypted", "a backup holds this device's key, so it needs a passphrase"))
	if err == nil && word == "" {
		err = api.Problemf(api.Invalid, "kith backup FILE --plain leaves it open", "no passphrase was typed")
	}
	return word, err
}

func (k *kith) restore() *cli.Command {
	return k.command(spec{
		name: "restore", args: "FILE", usage: "bring a device back from a backup, in an empty home",
		more: "The whole file is checked first, and refused whole if anything in it is wrong. What has happened since comes from the others when the daemon runs. Until it has been in step with another member's device it takes no part in the charter, since it doesn't know what it signed after the backup; documents can be written at once. Stop the old one first: two that run at once are one device in two places. Nobody's words get lost by it, and kith status says so on both, but their owner could say yes to two next steps of the charter, which splits it. A backup that isn't sealed may have been changed by others: the addresses that it announces and its relays are taken only if you say on a terminal that they are right.",
		examples: []string{
			`kith restore ~/kith.backup`,
			`KITH_HOME=~/kith-again kith restore ~/kith.backup --passphrase-file ~/.kith-passphrase`,
		},
		flags: append([]cli.Flag{
			&cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` the passphrase that it was sealed with is in it"},
			anotherFlag(),
		}, listenFlags()...),
		run: runRestore,
	})
}

func runRestore(ctx context.Context, c *call) error {
	file, err := filepath.Abs(c.arg(0))
	if err != nil {
		return err
	}
	var (
		tell func(string, int64, int64)
		over = func() {}
	)
	begin := sync.OnceFunc(func() { tell, over = c.slowlyCounting("opening the backup") }) // after the passphrase was typed
	back, err := c.env.Hooks.Restore(ctx, RestoreOptions{
		Home: c.env.home(), File: file, Another: c.Bool("another"), Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
		Passphrase: func() (word string, err error) {
			defer begin()
			if f := c.String("passphrase-file"); f != "" {
				return readPassphrase(f)
			}
			return c.ask("Passphrase of the backup", api.Problemf(api.NotAllowed,
				"kith restore FILE --passphrase-file FILE", "the backup is sealed with a passphrase"))
		},
		Led: c.led(),
		Progress: func(doing string, done, of int64) {
			begin()
			tell(doing, done, of)
		},
	})
	over()
	if err != nil {
		return err
	}
	return c.out.show(back, func() {
		c.out.printf("Back in “%s”, as it was %s: %s.\n", name(back.Space), c.ago(back.MadeAt), entries(back.Entries-back.Left))
		if back.Left > 0 {
			c.out.printf("Left out, since no member's device would take them: %s.\n", entries(back.Left))
		}
		if back.Protected {
			c.out.println("This device's key has a passphrase; the daemon will ask for it. The store isn't encrypted yet: kith protect.")
		}
		if led := ways(back.Announce, back.Relays); led != "" {
			c.out.println("Not taken from the backup, since it wasn't sealed and anybody could have written it there: " + led + ". If it is yours, say it once: kith daemon" + flagged(" --announce ", back.Announce) + flagged(" --relay ", back.Relays))
		}
		c.out.println("Next: kith daemon. Don't run the device that the backup is of beside it.")
	})
}

// led makes what asks a person on a terminal whether others are to be led to this device as an open backup
// says; nil if there is none.
func (c *call) led() func(announce, relays []string) (bool, error) {
	if terminal(c.env.Stdin) == 0 {
		return nil
	}
	return func(announce, relays []string) (bool, error) {
		return c.askYes("The backup isn't sealed, so others may have changed it. It says " + ways(announce, relays) + ".\nIs that right?")
	}
}

// ways says how others are led to a device; "" without any.
func ways(announce, relays []string) string {
	var says []string
	if len(announce) > 0 {
		says = append(says, "that others find this device at "+listed(announce))
	}
	if len(relays) > 0 {
		says = append(says, "that it is reached through "+listed(relays))
	}
	return strings.Join(says, ", and ")
}

// listed names addresses that somebody else may have written.
func listed(addresses []string) string {
	var out []string
	for i, a := range addresses {
		if i == 8 {
			return strings.Join(out, ", ") + fmt.Sprintf(" and %d more", len(addresses)-i)
		}
		out = append(out, oneLine(a, 200))
	}
	return strings.Join(out, ", ")
}

// flagged gives addresses to a flag, as they are typed. What no address has in it isn't for a shell.
func flagged(flag string, addresses []string) (out string) {
	for _, a := range addresses {
		if !shellSafe.MatchString(a) || len(a) > 200 {
			return flag + "…"
		}
		out += flag + a
	}
	return out
}

var shellSafe = regexp.MustCompile(`^/[0-9A-Za-z./:_-]+$`)

func (k *kith) protect() *cli.Command {
	return k.command(spec{
		name: "protect", usage: "put a passphrase on what lies on this computer",
		more: "From then on the daemon asks for it when it starts: a thief of the disk can neither write as you nor read what the co-op wrote. The store is written anew for it, which takes as much room again for a while. Changes the passphrase if there is one already, and encrypts a store that isn't yet; --off takes all away. The daemon must not run meanwhile.\n\nA forgotten passphrase can't be recovered: what only this device has is lost then. What the others have isn't, and with your recovery phrase you come back on a new home.",
		examples: []string{
			`kith protect`,
			`kith protect --new-passphrase-file ~/.kith-passphrase`,
			`kith protect --off`,
		},
		flags: []cli.Flag{
			keyFileFlag(),
			&cli.StringFlag{Name: "new-passphrase-file", Usage: "`FILE` the passphrase from now on is in it"},
			&cli.BoolFlag{Name: "off", Usage: "take the passphrase away"},
		},
		run: runProtect,
	})
}

func runProtect(ctx context.Context, c *call) error {
	o := ProtectOptions{Home: c.env.home(), Old: c.keyPassphrase}
	file := c.String("new-passphrase-file")
	switch {
	case c.Bool("off") && file != "":
		return api.Problemf(api.Usage, "kith protect --help", "either a new passphrase or --off")
	case !c.Bool("off"):
		o.New = func() (string, error) {
			if file != "" {
				return readPassphrase(file)
			}
			return c.askNew("A new passphrase for this device's key", api.Problemf(api.Usage,
				"give a file with it: --new-passphrase-file FILE", "kith protect needs a new passphrase"))
		}
	}
	tell, over := c.slowlyRewriting()
	o.Progress = tell
	p, err := c.env.Hooks.Protect(ctx, o)
	over()
	if err != nil {
		return err
	}
	return c.out.show(p, func() {
		if p.Protected {
			c.out.println("This device's key is protected, and the store is encrypted. The daemon asks for the passphrase when it starts:\nkith daemon, or kith daemon --passphrase-file FILE")
			c.out.println("If you forget it, what only this device has is lost; your recovery phrase and the others bring back the rest.")
			c.out.println("What lay here open before may be found on the disk for a while.")
		} else {
			c.out.println("This device has no passphrase now, and the store isn't encrypted.")
		}
	})
}
