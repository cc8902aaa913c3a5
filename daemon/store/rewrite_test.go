package store

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kith/crdt/entry"
)

const secret = "the price that we ask of the printers"

// storeWithSecrets makes a store with entries, views and small records, in tables and in logs.
func storeWithSecrets(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	s := open(t, dir)
	for n := range 300 {
		doc := entry.DocID{byte(n%7 + 1)}
		b := put(s, nil, entryNo(t, doc, n))
		b.PutView(doc, Doc{Kind: "task", Updated: int64(n)}, []byte(secret), n < 7)
		b.PutSmall("address/x", []byte(secret))
		must(t, s.Commit(b))
	}
	closeWell(t, s)
	return dir
}

// found says in which files of a folder the words stand.
func found(t testing.TB, dir, words string) (files []string) {
	t.Helper()
	must(t, filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if bytes.Contains(b, []byte(words)) {
			files = append(files, path)
		}
		return err
	}))
	return files
}

func TestAStoreWrittenAnewHoldsTheSameUnderAnotherKey(t *testing.T) {
	plain := storeWithSecrets(t)
	if len(found(t, plain, "price that we ask")) == 0 {
		t.Fatal("the words are nowhere to be found to begin with: compression hides them")
	}
	encrypted, again := filepath.Join(t.TempDir(), "encrypted"), filepath.Join(t.TempDir(), "again")
	var last, of int64
	must(t, Rewrite(t.Context(), plain, nil, encrypted, testKey, func(done, all int64) {
		if done != last+1 || of != 0 && all != of {
			t.Errorf("told %d of %d after %d of %d", done, all, last, of)
		}
		last, of = done, all
	}))
	if last != of || last < 300*3 {
		t.Errorf("told %d of %d records", last, of)
	}
	if files := found(t, encrypted, "price that we ask"); len(files) > 0 {
		t.Errorf("the words are still in %v", files)
	}
	for dir, want := range map[string]bool{plain: false, encrypted: true, t.TempDir(): false} {
		if is, err := Encrypted(dir); err != nil || is != want {
			t.Errorf("%s: encrypted %v, %v", dir, is, err)
		}
	}
	for _, wrong := range [][]byte{nil, bytes.Repeat([]byte{8}, KeySize)} {
		if _, err := Open(encrypted, wrong); !errors.Is(err, ErrCorrupt) {
			t.Errorf("with another key: %v", err)
		}
	}
	must(t, Rewrite(t.Context(), encrypted, testKey, again, nil, nil))
	a, b, c := open(t, plain), openWith(t, encrypted, testKey), open(t, again)
	must(t, errors.Join(a.sameAs(t.Context(), b), a.sameAs(t.Context(), c)))
	if a.Counts() != b.Counts() || a.written != b.written {
		t.Errorf("%+v and %d; %+v and %d", a.Counts(), a.written, b.Counts(), b.written)
	}
	must(t, b.Commit(put(b, nil, entryNo(t, entry.DocID{1}, 300))))
	if a.sameAs(t.Context(), b) == nil {
		t.Error("with one entry more it is still the same")
	}
}

// The witness goes along: what is lost of a store that was written anew is said as of any other.
func TestAStoreWrittenAnewSaysWhatItLost(t *testing.T) {
	plain, encrypted := storeWithSecrets(t), filepath.Join(t.TempDir(), "encrypted")
	must(t, Rewrite(t.Context(), plain, nil, encrypted, testKey, nil))
	w, acknowledged, err := openWitness(encrypted)
	must(t, err)
	must(t, w.file.Close())
	if acknowledged != 300 {
		t.Errorf("%d writes are witnessed", acknowledged)
	}
}

func TestWritingAStoreAnewCanBeBrokenOff(t *testing.T) {
	plain, to := storeWithSecrets(t), filepath.Join(t.TempDir(), "to")
	ctx, cancel := context.WithCancel(t.Context())
	err := Rewrite(ctx, plain, nil, to, testKey, func(done, _ int64) {
		if done == 100 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
	closeWell(t, open(t, plain)) // nobody holds it, and it is whole
}

func TestTheKeysOfAStoreAreOfABoundedLength(t *testing.T) {
	head := append(make([]byte, 16), registryText...)
	for name, b := range map[string][]byte{
		"a length beyond the file": append(bytes.Clone(head), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0),
		"half a length":            append(bytes.Clone(head), 0, 0, 0),
		"a large file":             make([]byte, maxRegistry+1),
		"nothing":                  {},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			must(t, os.WriteFile(filepath.Join(dir, "KEYREGISTRY"), b, 0o600))
			if _, err := Open(dir, nil); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "KEYREGISTRY") {
				t.Errorf("it says %v", err)
			}
		})
	}
}
