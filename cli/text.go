package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"unicode/utf8"

	"kith/crdt/problem"
	"kith/daemon/api"
)

// maxInput bounds what is read from stdin or comes back from an editor, in bytes.
const maxInput = utf8.UTFMax*api.MaxText + 1

// atOnce is how soon an editor comes back that has only handed the file to a window of its own. Tests, whose computers may
// be slow, set it.
var atOnce = time.Second

// longText gives the text of --text: its value, or what comes from stdin for "-". given is
// false when the flag isn't there.
func (c *call) longText() (text string, given bool, err error) {
	if !c.IsSet("text") {
		return "", false, nil
	}
	if text = c.String("text"); text != "-" {
		return lineEnds(text), true, nil
	}
	text, err = readBounded(c.in)
	return text, true, err
}

// lineEnds makes the line ends of every system those of a document.
func lineEnds(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\r", "\n")
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
	return strings.TrimSuffix(lineEnds(string(b)), "\n"), nil
}

// opens says whether a new text will be written in an editor: a person sits here who has set one, and there is no --text.
func (c *call) opens() bool { return !c.IsSet("text") && c.canEdit() && c.editor() != "" }

// newText is longText where the text is the point: on a terminal with an editor set, that
// opens when --text isn't there. Leaving it without having written anything means: don't.
func (c *call) newText(ctx context.Context) (string, error) {
	if !c.opens() {
		text, _, err := c.longText()
		return text, err
	}
	text, err := c.edit(ctx, c.editor(), "")
	if err == nil && text == "" {
		err = api.Problemf(api.Failed, `without a text: --text ""`, "nothing was written, so nothing was done")
	}
	return text, err
}

// changedText gives the edit of a text that is now, at these heads: by --text, of the version that was shown here last or
// that --at names, or in an editor if nothing else is being changed. Nil is no change.
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
	edit := &api.TextEdit{Text: text, Replace: c.Bool("replace"), Whole: true}
	switch at := c.StringSlice("at"); {
	case len(at) > 0 && edit.Replace:
		return nil, api.Problemf(api.Usage, "leave one of them out", "--at says which version you read, and --replace that none counts")
	case len(at) > 0:
		edit.BaseHeads = at
	case !given:
		edit.BaseHeads = heads
	}
	return edit, nil
}

func (c *call) editor() string {
	if editor := c.env.Getenv("VISUAL"); editor != "" {
		return editor
	}
	return c.env.Getenv("EDITOR")
}

// canEdit says whether a person sits here.
func (c *call) canEdit() bool { return terminal(c.env.Stdin) > 0 && terminal(c.env.Stdout) > 0 }

// edit opens text in the person's editor and returns what they made of it. The file with their words goes only when
// what they are for is done: see settle.
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
	c.draft, c.given = file, text
	begun := time.Now()
	// $EDITOR may hold arguments, so a shell takes it apart
	cmd := exec.CommandContext(ctx, "sh", "-c", editor+` "$1"`, "sh", file)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.env.Stdin, bare(c.env.Stdout), bare(c.env.Stderr)
	if err := cmd.Run(); err != nil {
		return "", api.Problemf(api.Failed, "", "the editor ended with an error (%v); nothing was changed", err)
	}
	after, err := readDraft(file)
	if err == nil && after == text && time.Since(begun) < atOnce {
		fmt.Fprintf(c.env.Stderr, "The editor came back at once, with nothing changed. If it is still open (set it so that it waits: EDITOR=\"code --wait\"),\nsave and close it, and press Enter: ")
		if _, err := c.lines().Peek(1); errors.Is(err, io.EOF) {
			c.draftOpen = true
			return "", api.Problemf(api.Failed, "what is saved there: --text - <"+file, "nobody pressed Enter; nothing was changed")
		}
		if _, err := c.line(maxCode); err != nil {
			return "", err
		}
		after, err = readDraft(file)
	}
	return after, err
}

func readDraft(file string) (string, error) {
	f, err := os.Open(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", api.Problemf(api.Failed, "an editor for Kith saves to the file that it is given: EDITOR=nano", "the editor took the file away that was to be edited; nothing was changed")
	case err != nil:
		return "", fmt.Errorf("read the edited text: %w", err)
	}
	defer f.Close()
	return readBounded(f)
}

// settle ends a command in which somebody may have written something in an editor: if it was done their file goes, and
// else they are told where it is.
func (c *call) settle(err error) error {
	if c.draft == "" {
		return err
	}
	if err == nil {
		return os.RemoveAll(filepath.Dir(c.draft))
	}
	text, unread := readDraft(c.draft)
	if _, err := os.Lstat(c.draft); errors.Is(err, fs.ErrNotExist) {
		text, unread = "", nil
	}
	written := text != "" && (text != c.given || errors.Is(err, context.Canceled)) // who is interrupted may have it open in a window
	if unread == nil && !written && !c.draftOpen {
		return errors.Join(err, os.RemoveAll(filepath.Dir(c.draft)))
	}
	where := "your text is in " + c.draft
	p, ok := problem.Of(err)
	if !ok && errors.Is(err, context.Canceled) {
		p, ok = stopped(), true
	}
	if !ok {
		return fmt.Errorf("%w; %s", err, where)
	}
	if p.Hint != "" {
		where += "; " + p.Hint
	}
	told := *p
	told.Hint = where
	return &told
}
