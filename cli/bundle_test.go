package cli

import (
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
