package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"kith/daemon/api"
)

// maxInput bounds what is read from stdin or comes back from an editor, in bytes.
const maxInput = utf8.UTFMax*api.MaxText + 1

// longText gives the text of --text: its value, or what comes from stdin for "-". given is
// false when the flag isn't there.
func (c *call) longText() (text string, given bool, err error) {
	if !c.IsSet("text") {
		return "", false, nil
	}
	if text = c.String("text"); text != "-" {
		return text, true, nil
	}
	text, err = readBounded(c.env.Stdin)
	return text, true, err
}

func readBounded(r io.Reader) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxInput))
	switch {
	case err != nil:
		return "", fmt.Errorf("read the text: %w", err)
	case len(b) == maxInput:
		return "", api.Problemf(api.Limit, "split it in two", "a text has at most %d characters, this one has more", api.MaxText)
	case !utf8.Valid(b):
		return "", api.Problemf(api.Invalid, "save it as UTF-8", "the text is not UTF-8")
	}
	return strings.TrimSuffix(string(b), "\n"), nil
}

// newText is longText where the text is the point: on a terminal with an editor set, that
// opens when --text isn't there.
func (c *call) newText(ctx context.Context) (string, error) {
	text, given, err := c.longText()
	if err != nil || given || !c.canEdit() || c.editor() == "" {
		return text, err
	}
	return c.edit(ctx, c.editor(), "")
}

// changedText gives the edit of a text that is now, at these heads: by --text, or in an
// editor if nothing else is being changed. Nil is no change.
func (c *call) changedText(ctx context.Context, now string, heads []string, otherwise bool) (*api.TextEdit, error) {
	text, given, err := c.longText()
	if err != nil {
		return nil, err
	}
	if !given {
		if otherwise || !c.canEdit() {
			return nil, nil
		}
		editor := c.editor()
		if editor == "" {
			editor = "vi"
		}
		if text, err = c.edit(ctx, editor, now); err != nil {
			return nil, err
		}
	}
	if text == now {
		return nil, nil
	}
	return &api.TextEdit{Text: text, BaseHeads: heads}, nil
}

func (c *call) editor() string {
	if editor := c.env.Getenv("VISUAL"); editor != "" {
		return editor
	}
	return c.env.Getenv("EDITOR")
}

// canEdit says whether a person sits here.
func (c *call) canEdit() bool { return terminal(c.env.Stdin) > 0 && terminal(c.env.Stdout) > 0 }

// edit opens text in the person's editor and returns what they made of it. If they leave it
// with an error nothing is changed, and the file with their words stays.
func (c *call) edit(ctx context.Context, editor, text string) (string, error) {
	dir, err := os.MkdirTemp("", "kith-")
	if err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	file := filepath.Join(dir, "text.md")
	before := text
	if before != "" {
		before += "\n"
	}
	if err := os.WriteFile(file, []byte(before), 0o600); err != nil {
		return "", fmt.Errorf("make a file to edit: %w", err)
	}
	// $EDITOR may hold arguments, so a shell takes it apart
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.env.Stdin, bare(c.env.Stdout), bare(c.env.Stderr)
	if err := cmd.Run(); err != nil {
		return "", api.Problemf(api.Failed, "your text is in "+file, "the editor ended with an error (%v); nothing was changed", err)
	}
	f, err := os.Open(file)
	if err != nil {
		return "", fmt.Errorf("read the edited text: %w", err)
	}
	defer f.Close()
	after, err := readBounded(f)
	if err != nil {
		return "", fmt.Errorf("%s: %w", file, err)
	}
	return after, os.RemoveAll(dir)
}
