package cli

import (
	"os"
	"strings"
	"testing"
	"time"
)

// pipesTo types a command whose stdin is a pipe, of which the other end is given.
func (d *desk) pipesTo(text string, open bool, words ...string) (errs string, exit int) {
	d.t.Helper()
	r, w, err := os.Pipe()
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { r.Close(); w.Close() })
	if _, err := w.WriteString(text); err != nil {
		d.t.Fatal(err)
	}
	if !open {
		w.Close()
	}
	var told, out strings.Builder
	env := d.environment(&out, &told)
	env.Stdin = r
	exit = Run(d.t.Context(), words, env)
	return told.String(), exit
}

func TestAPipedTextIsReadOrRefused(t *testing.T) {
	before := soon
	soon = time.Millisecond
	t.Cleanup(func() { soon = before })
	for _, tt := range []struct {
		name, text string
		open       bool
		words      []string
		exit       int
		says       string
		told       string
	}{
		{"nothing says that it is read", "wheat", false, []string{"note", "add", "Bread"}, 2, "a text comes on stdin", ""},
		{"its writer isn't done", "wheat", true, []string{"note", "add", "Bread"}, 2, "a text comes on stdin", ""},
		{"it is asked for", "wheat", false, []string{"note", "add", "Bread", "--text", "-"}, 0, "", "wheat"},
		{"another text is given", "wheat", false, []string{"note", "add", "Bread", "--text", "rye"}, 0, "", "rye"},
		{"there is none", "", false, []string{"note", "add", "Bread"}, 0, "", ""},
		{"none has come", "", true, []string{"note", "add", "Bread"}, 0, "What comes on stdin isn't read", ""},
		{"the command takes none", "wheat", false, []string{"note", "list"}, 0, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := newServedDesk(t, newCoop())
			errs, exit := d.pipesTo(tt.text, tt.open, tt.words...)
			if exit != tt.exit || tt.says == "" && errs != "" || !strings.Contains(errs, tt.says) {
				t.Errorf("exit %d, want %d: %s", exit, tt.exit, errs)
			}
			if told := d.toldText(); told != tt.told {
				t.Errorf("the daemon was told %q, want %q", told, tt.told)
			}
		})
	}
}
