// Package formattest holds formats to what is committed of them in testdata: test vectors, and the seeds of fuzz targets. It is for
// tests alone.
package formattest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Vectors compares what was just made with the package's testdata/vectors.json; with update it is written there before.
func Vectors(t *testing.T, made any, update bool) {
	t.Helper()
	got, err := json.MarshalIndent(made, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	path := filepath.Join("testdata", "vectors.json")
	if update {
		write(t, path, got)
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("the format has changed: what others have stored can't be read any more\ngot %s", got)
	}
}

// Seed writes a seed of a fuzz target of the package.
func Seed[S []byte | string](t *testing.T, target, name string, seed S) {
	t.Helper()
	of := "string"
	if _, is := any(seed).([]byte); is {
		of = "[]byte"
	}
	write(t, filepath.Join("testdata", "fuzz", target, name), fmt.Appendf(nil, "go test fuzz v1\n%s(%q)\n", of, seed))
}

func write(t *testing.T, path string, b []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// NeedSeeds fails a fuzz target that has lost its committed seeds: it would pass, and try nothing.
func NeedSeeds(f *testing.F) {
	f.Helper()
	if seeds, _ := filepath.Glob(filepath.Join("testdata", "fuzz", f.Name(), "*")); len(seeds) == 0 {
		f.Fatal("no seeds in testdata/fuzz/" + f.Name())
	}
}
