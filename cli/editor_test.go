//go:build linux

package cli

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"golang.org/x/term"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
)

// sits gives a terminal at which somebody sits who types.
func sits(t *testing.T, typed string) (screen, keys *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { keys.Close() })
	if err := unix.IoctlSetPointerInt(int(keys.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(keys.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { screen.Close() })
	if _, err := io.WriteString(keys, typed); err != nil {
		t.Fatal(err)
	}
	return screen, keys
}

// edits runs a command at a terminal, with a shell script for an editor whose argument is the file.
func (d *desk) edits(editor, typed string, words ...string) (errs string, exit int) {
	d.t.Helper()
	script := filepath.Join(d.t.TempDir(), "editor")
	if err := os.WriteFile(script, []byte("#!/bin/sh\n"+editor+"\n"), 0o700); err != nil {
		d.t.Fatal(err)
	}
	d.env["EDITOR"] = script
	var told strings.Builder
	env := d.environment(nil, &told)
	screen, _ := sits(d.t, typed)
	env.Stdin, env.Stdout = screen, screen
	exit = Run(d.t.Context(), words, env)
	return told.String(), exit
}

// toldText is the text that the daemon was last told; "" if none.
func (d *desk) toldText() string {
	told, _ := d.coop.told.(asked)
	text, _ := told["text"].(string)
	return text
}

var draftFile = regexp.MustCompile(`your text is in (\S+/text\.md)`)

// draftIn holds that the words are in the file that the person is told of, and takes it away.
func draftIn(t *testing.T, errs, want string) {
	t.Helper()
	m := draftFile.FindStringSubmatch(errs)
	if m == nil {
		t.Errorf("nobody is told where the text is: %s", errs)
		return
	}
	b, err := os.ReadFile(m[1])
	if err != nil || !strings.Contains(string(b), want) {
		t.Errorf("%s: %v, %q", m[1], err, b)
	}
	os.RemoveAll(filepath.Dir(m[1]))
}

func TestWhatWasTypedInAnEditorIsKeptUntilItIsDone(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := newServedDesk(t, newCoop())
	if errs, exit := d.edits(`echo "Present: all, and more" >"$1"`, "", "note", "edit", "2m7d"); exit != 0 {
		t.Errorf("exit %d: %s", exit, errs)
	}
	if got := d.toldText(); got != "Present: all, and more" {
		t.Errorf("told %s", asJSON(d.coop.told))
	}
	if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "kith-*")); err != nil || len(left) > 0 {
		t.Errorf("what was done left %v, %v", left, err)
	}

	errs, exit := d.edits(`printf 'an hour of words\377' >"$1"`, "", "note", "edit", "2m7d")
	if exit != 6 {
		t.Errorf("no UTF-8: exit %d", exit)
	}
	draftIn(t, errs, "an hour of words")
	errs, exit = d.edits(`head -c 500000 /dev/zero | tr '\0' x >"$1"`, "", "note", "edit", "2m7d")
	if exit != 6 {
		t.Errorf("too long: exit %d, %s", exit, errs)
	}
	draftIn(t, errs, "xxx")
	errs, exit = d.edits(`echo "an hour of words" >"$1"; exit 3`, "", "note", "edit", "2m7d")
	if exit != 1 {
		t.Errorf("the editor fails: exit %d, %s", exit, errs)
	}
	draftIn(t, errs, "an hour of words")
	errs, exit = d.edits(`printf 'an hour of words\001' >"$1"`, "", "note", "add", "Minutes")
	if exit != 6 {
		t.Errorf("the daemon doesn't take it: exit %d, %s", exit, errs)
	}
	draftIn(t, errs, "an hour of words")
}

func TestNobodyIsToldOfATextThatIsntThere(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	d := newServedDesk(t, newCoop())
	for editor, says := range map[string]string{`rm "$1"`: "the editor took the file away", "false": "the editor ended with an error", `: >"$1"; false`: "the editor ended with an error"} {
		errs, exit := d.edits(editor, "", "note", "edit", "2m7d")
		if exit != 1 || !strings.Contains(errs, says) || draftFile.MatchString(errs) {
			t.Errorf("%s: exit %d, %s", editor, exit, errs)
		}
		if left, err := filepath.Glob(filepath.Join(os.Getenv("TMPDIR"), "kith-*")); err != nil || len(left) > 0 {
			t.Errorf("%s: it left %v, %v", editor, left, err)
		}
	}
}

func TestWhatCantBeDoneIsSaidBeforeAnEditorOpens(t *testing.T) {
	d := newServedDesk(t, newCoop())
	for _, typed := range [][]string{
		{"note", "edit", "zzzz"}, {"note", "append", "zzzz"}, {"note", "add", strings.Repeat("long ", 100)}, {"note", "add", "x", "--tag", strings.Repeat("t", 400)},
		{"decision", "propose", ""},
	} {
		opened := filepath.Join(t.TempDir(), "opened")
		if errs, exit := d.edits(`touch `+opened, "", typed...); exit != 2 && exit != 4 && exit != 6 {
			t.Errorf("kith %.40q: exit %d, %s", typed, exit, errs)
		}
		if _, err := os.Stat(opened); err == nil {
			t.Errorf("kith %.40q opens the editor first", typed)
		}
	}
	alone := newDesk(t)
	opened := filepath.Join(t.TempDir(), "opened")
	if errs, exit := alone.edits(`touch `+opened, "", "note", "add", "Minutes"); exit != 3 {
		t.Errorf("without a daemon: exit %d, %s", exit, errs)
	}
	if _, err := os.Stat(opened); err == nil {
		t.Error("without a daemon the editor opens first")
	}
}

// slowly lets an editor on a slow computer count as one that comes back at once.
func slowly(t *testing.T) {
	was := atOnce
	atOnce = time.Hour
	t.Cleanup(func() { atOnce = was })
}

func TestAnEditorLeftWithoutWritingMeansDont(t *testing.T) {
	slowly(t)
	d := newServedDesk(t, newCoop())
	errs, exit := d.edits(`true`, "\n", "decision", "propose", "Paint the wall")
	if exit != 1 || d.coop.told != nil || !strings.Contains(errs, "nothing was written, so nothing was done") {
		t.Errorf("exit %d, told %v: %s", exit, d.coop.told, errs)
	}
	if !strings.Contains(errs, "EDITOR=\"code --wait\"") {
		t.Errorf("of an editor that returns at once it says %s", errs)
	}
	if out := d.ok("decision", "propose", "Paint the wall", "--text", ""); out == "" || d.coop.told == nil {
		t.Error("without a text on purpose")
	}
}

// answers does something once, when it is asked.
type answers struct {
	told  strings.Builder
	asked string
	do    func()
}

func (a *answers) Write(p []byte) (int, error) {
	a.told.Write(p)
	if a.do != nil && strings.Contains(a.told.String(), a.asked) {
		do := a.do
		a.do = nil
		do()
	}
	return len(p), nil
}

func TestAnEditorThatReturnsAtOnceIsWaitedFor(t *testing.T) {
	slowly(t)
	d := newServedDesk(t, newCoop())
	name := filepath.Join(t.TempDir(), "name")
	d.env["EDITOR"] = `printf %s >` + name
	screen, keys := sits(t, "")
	person := &answers{asked: "press Enter"}
	person.do = func() { // in a window of its own, while the command waits
		file, err := os.ReadFile(name)
		if err == nil {
			err = os.WriteFile(string(file), []byte("Written in a window\n"), 0o600)
		}
		if err == nil {
			_, err = io.WriteString(keys, "\n")
		}
		if err != nil {
			t.Error(err)
		}
	}
	env := d.environment(nil, person)
	env.Stdin, env.Stdout = screen, screen
	if exit := Run(t.Context(), []string{"note", "edit", "2m7d"}, env); exit != 0 {
		t.Errorf("exit %d: %s", exit, person.told.String())
	}
	if got := d.toldText(); got != "Written in a window" {
		t.Errorf("told %s", asJSON(d.coop.told))
	}
}

// Ctrl-C at a question ends the command, also where it waits for a word and for nothing else, and the text isn't lost.
func TestAQuestionCanBeStopped(t *testing.T) {
	slowly(t)
	t.Setenv("TMPDIR", t.TempDir())
	d := newServedDesk(t, newCoop())
	d.env["EDITOR"] = "true"
	ctx, stop := context.WithCancel(t.Context())
	screen, _ := sits(t, "")
	person := &answers{asked: "press Enter", do: stop}
	env := d.environment(nil, person)
	env.Stdin, env.Stdout = screen, screen
	exit := Run(ctx, []string{"note", "edit", "2m7d"}, env)
	if said := person.told.String(); exit != 1 || !strings.Contains(said, "stopped before it was done") {
		t.Errorf("exit %d: %s", exit, said)
	}
	draftIn(t, person.told.String(), "Present: all")
}

// What is typed unseen, too: and what is typed behind it is seen again.
func TestAPassphraseThatIsAskedForCanBeStopped(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	screen, _ := sits(t, "")
	before, err := term.GetState(int(screen.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	d := newServedDesk(t, newCoop())
	unseen := func() { // it waits for a word
		for {
			if now, err := term.GetState(int(screen.Fd())); err != nil || !reflect.DeepEqual(before, now) {
				stop()
				return
			}
			runtime.Gosched()
		}
	}
	person := &answers{asked: "assphrase", do: func() { go unseen() }}
	env := d.environment(nil, person)
	env.Stdin, env.Stdout = screen, screen
	if exit := Run(ctx, []string{"backup", filepath.Join(t.TempDir(), "backup")}, env); exit != 1 {
		t.Errorf("exit %d: %s", exit, person.told.String())
	}
	if after, err := term.GetState(int(screen.Fd())); err != nil || !reflect.DeepEqual(before, after) {
		t.Errorf("the terminal is otherwise than before, %v", err)
	}
}

func TestLineEndsOfEverySystemAreTaken(t *testing.T) {
	d := newServedDesk(t, newCoop())
	d.stdin = "a\r\nb\rc\n"
	d.ok("note", "add", "x", "--text", "-")
	if got := d.toldText(); got != "a\nb\nc" {
		t.Errorf("told %q", d.coop.told)
	}
	d.ok("note", "add", "x", "--text", "a\r\nb")
	if got := d.toldText(); got != "a\nb" {
		t.Errorf("told %q", d.coop.told)
	}
}

// A code that a mail broke over lines and that is pasted into a terminal is asked for to its end, and not taken for a wrong one while the
// rest of it goes to the shell.
func TestTheRestOfABrokenCodeIsAskedForOnATerminal(t *testing.T) {
	whole, err := charter.NewDeviceCode(entry.SpaceID{1}, charter.StepID{}).Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{whole + "\n", whole[:20] + "\n> " + whole[20:50] + "\n> " + whole[50:] + "\n"} {
		d := newDesk(t)
		var got string
		d.hooks.JoinDevice = func(_ context.Context, o JoinDeviceOptions) (api.DeviceJoined, error) {
			got = o.Code
			return api.DeviceJoined{}, nil
		}
		if errs, _ := d.edits("", typed, "device", "join", "-"); got != whole {
			t.Errorf("%q: told %q\n%s", typed, got, errs)
		}
		if errs, _ := d.edits("", whole[:20]+"\n\n", "device", "join", "-"); got != whole[:20] { // it is said what is wrong with it
			t.Errorf("told %q\n%s", got, errs)
		}
	}
}

// An editor that came back at once may still be open where nobody can press Enter: its file stays, and nothing is done.
func TestAFileThatMayStillBeOpenStays(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, typed := range []string{"note add Ideas", "note edit 2m7d"} {
		d := newServedDesk(t, newCoop())
		errs, exit := d.edits("", "\x04", strings.Fields(typed)...) // Ctrl-D
		file := draftFile.FindStringSubmatch(errs)
		if exit != 1 || file == nil {
			t.Fatalf("%s: exit %d: %s", typed, exit, errs)
		}
		if _, err := os.Stat(file[1]); err != nil || d.coop.told != nil {
			t.Errorf("%s: told %v, %v", typed, d.coop.told, err)
		}
	}
}
