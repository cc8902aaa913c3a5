package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/daemon/api"
)

func (c *coop) WriteBundle(_ context.Context, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error {
	c.told = q
	b := api.Bundle{Space: api.Named{Name: "Riso"}, Member: ana, Device: api.Named{Name: "laptop"}, Entries: 1234, SealedFor: 3}
	for _, d := range q.Devices {
		b.For = append(b.For, api.Named{ID: d, Name: "Ben's laptop"})
	}
	w, err := begin(b)
	if err != nil {
		return err
	}
	if q.For == "Cleo" {
		_, err = io.WriteString(w, strings.Repeat("x", 100_000))
		return errors.Join(err, errors.New("the disk went away"))
	}
	_, err = io.WriteString(w, strings.Repeat("x", 2048))
	return err
}

// Answer lets in Dora, who asks with a text.
func (c *coop) Answer(_ context.Context, ask string, begin func(api.Answered) (io.Writer, error)) error {
	c.told = ask
	if !strings.HasPrefix(ask, "kithq1") {
		return api.Problemf(api.Invalid, "send it anew", "this is not a request to join")
	}
	w, err := begin(api.Answered{Joined: api.Named{ID: "m-dora", Name: "Dora"}, Changed: ask != "kithq1again\n"})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, strings.Repeat("x", 2048))
	return err
}

func (c *coop) Drops(context.Context) ([]api.Drop, error) {
	return []api.Drop{
		{Dir: "/media/stick", Files: 2, Bytes: 2048, WroteAt: api.At(now.AddDate(0, 0, -2)), ReadAt: api.At(now), Says: []string{"There is no room left there."}},
		{Dir: "/media/other"},
	}, nil
}

func (c *coop) AddDrop(_ context.Context, dir string) (api.DropChanged, error) {
	c.told = dir
	return api.DropChanged{Drop: api.Drop{Dir: dir}, Changed: dir != "/media/stick"}, nil
}

func (c *coop) RemoveDrop(_ context.Context, dir string) (api.DropChanged, error) {
	c.told = dir
	return api.DropChanged{Drop: api.Drop{Dir: dir, Files: 1}, Changed: true}, nil
}

func put(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestARequestIsAnsweredBesideItAndNoFileIsWrittenOver(t *testing.T) {
	d := newServedDesk(t, newCoop())
	dir := t.TempDir()
	ask, answer := filepath.Join(dir, "ask.kith"), filepath.Join(dir, "welcome.kith")
	put(t, ask, []byte("kithq1letters\n"))
	if out := d.ok("invite", "answer", ask); !strings.Contains(out, "Dora is in.") || !strings.Contains(out, answer+": the answer, 2.0 KiB") || !strings.Contains(out, "kith join --read welcome.kith") {
		t.Errorf("%s", out)
	}
	if info, err := os.Stat(answer); err != nil || info.Size() != 2048 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	if says := d.fails(6, "invite", "answer", ask); !strings.Contains(says, "is there already") {
		t.Errorf("%s", says)
	}
	put(t, ask, []byte("kithq1again\n"))
	if out := d.ok("invite", "answer", ask, "--replace"); !strings.Contains(out, "Dora was in already. This is the answer once more.") {
		t.Errorf("%s", out)
	}
	put(t, ask, bytes.Repeat([]byte{'x'}, maxAsk+1))
	for file, exit := range map[string]int{ask: 6, dir: 6, filepath.Join(dir, "none"): 4} {
		d.fails(exit, "invite", "answer", file, "--write", filepath.Join(dir, "new"))
	}
}

func TestARequestIsWrittenOverNothingThatIsNone(t *testing.T) {
	d := newDesk(t)
	asked := 0
	d.hooks.Ask = func(context.Context, JoinOptions) (api.JoinAsked, error) {
		asked++
		return api.JoinAsked{Ask: "kithq1letters", As: "Dora", RecoveryPhrase: "legal winner thank", Changed: true}, nil
	}
	other := fileWith(t, "My thesis", 0o600)
	if says := d.fails(6, "join", "kith1code", "--as", "Dora", "--write", other); !strings.Contains(says, "is no request to join") || asked > 0 {
		t.Errorf("%d asked: %s", asked, says)
	}
	file := filepath.Join(t.TempDir(), "ask.kith")
	for range 2 {
		if out := d.ok("join", "kith1code", "--as", "Dora", "--write", file); !strings.Contains(out, "legal winner thank") || !strings.Contains(out, "kith invite answer ask.kith") {
			t.Errorf("%s", out)
		}
	}
	// Where it can't be written, what is shown only once is shown all the same.
	out, errs, exit := d.run("join", "kith1code", "--as", "Dora", "--write", filepath.Join(t.TempDir(), "nowhere", "ask.kith"))
	if exit != 1 || !strings.Contains(out, "legal winner thank") || !strings.Contains(errs, "can't be written") {
		t.Errorf("exit %d: %s%s", exit, out, errs)
	}
	for _, wrong := range [][]string{{"join"}, {"join", "--as", "Dora"}, {"join", "--read", file, "--write", file}} {
		d.fails(2, wrong...)
	}
}

func TestDropFoldersAreNamedFromTheRootOn(t *testing.T) {
	c := newCoop()
	d := newServedDesk(t, c)
	t.Chdir("/media")
	if out := d.ok("drop", "add", "other"); c.told != "/media/other" || !strings.Contains(out, "/media/other is a drop folder now") {
		t.Errorf("%v: %s", c.told, out)
	}
	if out := d.ok("drop", "add", "stick"); !strings.Contains(out, "is a drop folder already") {
		t.Errorf("%s", out)
	}
	if out := d.ok("drop", "remove", "./stick/"); c.told != "/media/stick" || !strings.Contains(out, "1 file of this computer (kith-….bundle) lies there") {
		t.Errorf("%v: %s", c.told, out)
	}
	want := "drop folder /media/stick: 2 files of this computer, 2.0 KiB; last written 2 days ago; last read now\n"
	if out := d.ok("drop", "list"); !strings.HasPrefix(out, want) || !strings.Contains(out, "There is no room left there.") || !strings.Contains(out, "/media/other: nothing went through it") {
		t.Errorf("%s", out)
	}
}

func (c *coop) ReadBundle(_ context.Context, in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
	b, err := io.ReadAll(in)
	if string(b) == "bad" {
		progress(api.BundleProgress{})
		return api.BundleRead{}, api.Problemf(api.Invalid, "get it again", "the bundle is damaged; nothing was taken")
	}
	return api.BundleRead{
		Bundle: api.Bundle{Member: ben, Device: api.Named{Name: "laptop"}, MadeAt: api.At(now.AddDate(0, 0, -2)), Bytes: int64(len(b))},
		New:    12, Had: 1200, Pending: 1, Void: 2, Left: 1,
	}, err
}

func TestABundleIsThereWhenItIsWholeAndSaysWhatItIs(t *testing.T) {
	d := newServedDesk(t, newCoop())
	file := filepath.Join(t.TempDir(), "co-op.bundle")
	if out := d.ok("bundle", "write", file, "--for", "ben"); !strings.Contains(out, "1,234 entries, 2.0 KiB, of “Riso”; 3 devices can open it\nLeft out is what Ben's laptop is known to have.\n") {
		t.Errorf("it says %s", out)
	}
	info, err := os.Stat(file)
	if err != nil || info.Size() != 2048 || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info, err)
	}
	d.fails(6, "bundle", "write", file)
	d.ok("bundle", "write", file, "--replace", "--since", "yesterday")
	if q, _ := d.coop.told.(api.BundleRequest); q.Since != "2026-11-22T23:00:00Z" || q.For != "" {
		t.Errorf("the daemon was told %+v", d.coop.told)
	}
	broken := filepath.Join(filepath.Dir(file), "broken.bundle")
	if says := d.fails(1, "bundle", "write", broken, "--for", "Cleo"); !strings.Contains(says, "there is no file of it") {
		t.Errorf("broken off it says %s", says)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("left are %v", left)
	}
	d.fails(6, "bundle", "write", broken, "--since", "tomorrow")
	if says := d.fails(4, "bundle", "write", filepath.Join(t.TempDir(), "stick", "b")); !strings.Contains(says, "there is no folder") || !strings.Contains(says, "hint: mkdir ") {
		t.Errorf("where there is no folder it says %s", says)
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("x", 300))
	if says := d.fails(1, "bundle", "write", long); !strings.Contains(says, "can't be written: file name too long") || strings.Contains(says, ".part-") {
		t.Errorf("what the disk says is told as %s", says)
	}
}

func TestReadingABundleSaysWhatCameOfIt(t *testing.T) {
	d := newServedDesk(t, newCoop())
	file := fileWith(t, "good", 0o600)
	want := "From Ben's laptop, written 2 days ago: 12 entries new, 1,200 here already.\n" +
		"1 of the new ones waits for others that aren't here: ask for a bundle from earlier on, or come into touch.\n" +
		"2 of the new ones count for nothing: kith log --void says why.\n" +
		"Not kept: 1 entry, since too much of who made them waits or counts for nothing already.\n"
	if out := d.ok("bundle", "read", file); out != want {
		t.Errorf("it says\n%s", out)
	}
	if out := d.ok("bundle", "read", file, "--jq", "[.new, .had, .pending, .void, .left, .bytes]"); out != "[12,1200,1,2,1,4]\n" {
		t.Errorf("JSON: %s", out)
	}
	if says := d.fails(6, "bundle", "read", fileWith(t, "bad", 0o600)); !strings.Contains(says, "nothing was taken") || !strings.Contains(says, "get it again") {
		t.Errorf("a damaged one says %s", says)
	}
	d.fails(4, "bundle", "read", filepath.Join(t.TempDir(), "nothing"))
	d.fails(6, "bundle", "read", t.TempDir())
	away := newDesk(t)
	away.fails(3, "bundle", "read", file)
	away.fails(3, "bundle", "write", filepath.Join(t.TempDir(), "b"))
}
