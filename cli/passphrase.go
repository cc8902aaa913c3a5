package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/urfave/cli/v2"
	"golang.org/x/term"

	"kith/daemon/api"
)

// maxPassphrase bounds a passphrase, in bytes.
const maxPassphrase = 1 << 10

// keyFileEnv names the file with the passphrase of the device's key, where no flag does.
const keyFileEnv = "KITH_PASSPHRASE_FILE"

func keyFileFlag() cli.Flag {
	return &cli.StringFlag{Name: "passphrase-file", Usage: "`FILE` this device's passphrase is in it, if it has one (kith protect); else $" + keyFileEnv + ", or asked for"}
}

// keyPassphrase gives the passphrase of this device: of the file that a flag or the environment
// names, or what is typed on a terminal.
func (c *call) keyPassphrase() (string, error) {
	if file := c.String("passphrase-file"); file != "" {
		return readPassphrase(file)
	}
	return c.unlock("--passphrase-file FILE, or $" + keyFileEnv)
}

// unlock is keyPassphrase for commands whose flag names another one's file.
func (c *call) unlock(how string) (string, error) {
	if file := c.env.Getenv(keyFileEnv); file != "" {
		return readPassphrase(file)
	}
	return c.ask("Passphrase of this device", api.Problemf(api.NotAllowed, "give a file with it: "+how, "this device is protected by a passphrase"))
}

// ask lets a person type a passphrase, unseen; the error is otherwise if there is no terminal.
func (c *call) ask(what string, otherwise error) (string, error) {
	in, ok := c.env.Stdin.(*os.File)
	if !ok || terminal(c.env.Stdin) == 0 {
		return "", otherwise
	}
	seen, err := term.GetState(int(in.Fd()))
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	fmt.Fprintf(c.env.Stderr, "%s: ", what)
	word, err := unlessStopped(c.Context.Context, func() ([]byte, error) { return term.ReadPassword(int(in.Fd())) })
	fmt.Fprintln(c.env.Stderr)
	switch {
	case errors.Is(err, io.EOF):
		return "", api.Problemf(api.Failed, "", "no passphrase was typed")
	case err != nil && c.Context.Err() != nil: // what is typed next is seen again
		err = errors.Join(err, term.Restore(int(in.Fd()), seen))
	}
	return string(word), err
}

// askNew lets a person type a new passphrase, twice.
func (c *call) askNew(what string, otherwise error) (string, error) {
	first, err := c.ask(what, otherwise)
	if err != nil {
		return "", err
	}
	again, err := c.ask("The same once more", otherwise)
	if err != nil {
		return "", err
	}
	if first != again {
		return "", api.Problemf(api.Invalid, "nothing was done; try again", "these are two different passphrases")
	}
	return first, nil
}

// readPassphrase reads a passphrase from a file of one line, which nobody else can read.
func readPassphrase(file string) (string, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return "", api.Problemf(api.NotFound, "", "there is no file %s with a passphrase", file)
	}
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o077 != 0 {
		return "", api.Problemf(api.NotAllowed, "chmod 600 "+file, "others can read the passphrase in %s", file)
	}
	b, err := io.ReadAll(io.LimitReader(f, maxPassphrase+1))
	if err != nil {
		return "", fmt.Errorf("read the passphrase: %w", err)
	}
	word := strings.TrimRight(string(b), "\r\n")
	if word == "" || len(b) > maxPassphrase || strings.ContainsAny(word, "\r\n") {
		return "", api.Problemf(api.Invalid, "", "%s doesn't hold a passphrase: one line, of at most %d bytes", file, maxPassphrase)
	}
	return word, nil
}
