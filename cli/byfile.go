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

	"github.com/dustin/go-humanize"
	"github.com/urfave/cli/v2"

	"kith/daemon/api"
	"kith/daemon/whole"
)

// askBegins begins the text of a request to join, and maxAsk bounds what is read as one, in bytes.
const (
	askBegins = "kithq1"
	maxAsk    = 16 << 10
)

// joinWrite writes a request to join into a file. What is to be shown once is shown also where the file can't be written.
func (c *call) joinWrite(ctx context.Context, code, as, portMap, file string) error {
	file, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	if b, err := readSmall(file, maxAsk); err == nil && !strings.HasPrefix(string(b), askBegins) || err != nil && !errors.Is(err, fs.ErrNotExist) {
		return api.Problemf(api.Invalid, "choose another name", "%s is there already, and is no request to join", file)
	}
	asked, err := c.env.Hooks.Ask(ctx, JoinOptions{
		Home: c.env.home(), Invite: code, As: as, Listen: c.StringSlice("listen"), Announce: c.StringSlice("announce"),
		Relays: c.StringSlice("relay"), Another: c.Bool("another"), PortMap: portMap, Version: c.env.Version,
	})
	if err != nil {
		return err
	}
	asked.File = file
	trouble := whole.Write(file, []byte(asked.Ask+"\n"))
	if trouble != nil {
		asked.File = ""
		trouble = api.Problemf(api.Failed, "the same command with another FILE writes the same request", "the request can't be written to %s: %v", file, trouble)
	}
	return errors.Join(trouble, c.showOnce(asked.RecoveryPhrase, func() error {
		return c.out.show(asked, func() {
			if !asked.Changed {
				c.out.printf("It is the request of before; your recovery phrase was shown then.\n\n")
			}
			c.phrase(asked.RecoveryPhrase)
			if asked.File != "" {
				c.out.printf("%s: your request to join, as %s. Send it to who gave you the code; they type:\n\n    kith invite answer %s\n\nand send you what that writes. Then, here: kith join --read FILE\n",
					sentence(asked.File), oneLine(asked.As, 80), oneLine(filepath.Base(asked.File), 80))
			}
		})
	}))
}

// runJoinRead joins by the answer to a request. The code isn't needed any more: what it says lies in the home.
func runJoinRead(ctx context.Context, c *call) error {
	if c.String("write") != "" {
		return api.Problemf(api.Usage, "first --write, and --read once the answer is there", "the request is written before there is an answer to it")
	}
	f, err := openFile(c.String("read"), "kith join --help")
	if err != nil {
		return err
	}
	defer f.Close()
	log, err := newLog(c.env.Stderr, "error")
	if err != nil {
		return err
	}
	done := c.slowly("reading the answer")
	res, err := c.env.Hooks.ReadWelcome(ctx, WelcomeOptions{Home: c.env.home(), File: f, Log: log})
	done()
	if err != nil {
		return err
	}
	return c.showJoined(res)
}

// openFile opens a file that was named, which is no folder.
func openFile(name, help string) (*os.File, error) {
	// A pipe that lies in a folder has nobody at its other end, and reading it would never end; one that a shell made has.
	if info, err := os.Stat(name); err == nil && info.Mode()&fs.ModeNamedPipe != 0 && !strings.HasPrefix(name, "/dev/") && !strings.HasPrefix(name, "/proc/") {
		return nil, api.Problemf(api.Invalid, "write what comes out of it into a file, and name that", "%s is a pipe, and no file", name)
	}
	f, err := os.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, api.Problemf(api.NotFound, help, "there is no file %s", name)
	case err != nil:
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = api.Problemf(api.Invalid, "name the file in it", "%s is a folder", name)
	}
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// readSmall reads a file that has at most so many bytes.
func readSmall(name string, most int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // it was only read
	return atMost(f, most)
}

func atMost(r io.Reader, most int64) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(b)) > most {
		err = fmt.Errorf("it has more than %d bytes", most)
	}
	return b, err
}

func (k *kith) inviteAnswer() *cli.Command {
	return k.command(spec{
		name: "answer", args: "FILE", usage: "let in who asks with a file",
		more:     "FILE is what they wrote with kith join CODE --write FILE, or - for its text on stdin. What this writes is their answer: all that is in the co-op, closed for their computer alone, so it can go by any messenger or on a stick. Any full member's computer answers; a founding seat is the founder's to fill. To answer the same file again changes nothing, and writes the answer anew.",
		examples: []string{`kith invite answer ask.kith`, `kith invite answer ask.kith --write /media/stick/welcome.kith`},
		flags: []cli.Flag{
			&cli.StringFlag{Name: "write", Usage: "`FILE` where the answer goes; without it, welcome.kith beside the request"},
			&cli.BoolFlag{Name: "replace", Usage: "take the place of an older file, once this one is whole"},
		},
		run: runInviteAnswer,
	})
}

func runInviteAnswer(ctx context.Context, c *call) error {
	text, beside, err := c.request(c.arg(0))
	if err != nil {
		return err
	}
	file := c.String("write")
	if file == "" {
		file = filepath.Join(beside, "welcome.kith")
	}
	if file, err = c.newFile(file, "choose another name with --write"); err != nil {
		return err
	}
	client, err := c.api()
	if err != nil {
		return err
	}
	done := c.slowly("writing the answer")
	made, from, err := client.Answer(ctx, text)
	if err == nil {
		made.File = file
		made.Bytes, err = intoFile(from, file)
	}
	done()
	if err != nil {
		return err
	}
	return c.out.show(made, func() {
		if made.Changed {
			c.out.printf("%s is in.\n\n", name(made.Joined))
		} else {
			c.out.printf("%s was in already. This is the answer once more.\n\n", name(made.Joined))
		}
		c.out.printf("%s: the answer, %s, which their computer alone can open. Send it to them; they type:\n\n    kith join --read %s\n",
			sentence(made.File), humanize.IBytes(uint64(made.Bytes)), oneLine(filepath.Base(made.File), 80))
	})
}

// request reads the text of a request to join, and says in which folder it lay.
func (c *call) request(word string) (text, beside string, err error) {
	var b []byte
	if word == "-" {
		b, err = atMost(c.lines(), maxAsk)
	} else {
		var f *os.File
		if f, err = openFile(word, "kith invite answer --help"); err != nil {
			return "", "", err
		}
		b, err = atMost(f, maxAsk)
		err = errors.Join(err, f.Close())
		beside = filepath.Dir(word)
	}
	if err != nil {
		return "", "", api.Problemf(api.Invalid, "a request is what they wrote with kith join CODE --write FILE", "this is no request to join: %v", err)
	}
	return strings.ToValidUTF8(string(b), "\uFFFD"), beside, nil
}
