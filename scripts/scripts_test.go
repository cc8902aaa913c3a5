package scripts_test

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunFoundsACoopAndServesIt(t *testing.T) {
	n := arrive(t)
	n.stopsAtTheEnd("scripts/run --stop")

	_, errs, code := n.types("scripts/run", "")
	if code != 2 {
		t.Errorf("without a terminal and without flags it ends with %d; wrong usage is 2", code)
	}
	contains(t, errs, "nobody to ask", "--coop", "--join")

	out := n.does(`scripts/run --coop "Riso Print Co-op" --as Ana --founders 2 --listen /ip4/127.0.0.1/tcp/0 --no-mdns`)
	contains(t, out, "Founded “Riso Print Co-op”", "kith join - --as NAME", "    kith1", "bin/kith today", "scripts/run --stop")
	if strings.Contains(out, "Next: kith daemon") {
		t.Errorf("it starts the daemon, and tells to start it:\n%s", out)
	}
	for line := range strings.Lines(out) { // the three next commands, as they are printed
		if command, ok := strings.CutPrefix(line, "    bin/kith "); ok {
			n.does("bin/kith " + command)
		}
	}
	contains(t, n.does("bin/kith task list"), "Water the plants")
	// It listens where the codes say that it does.
	contains(t, n.does(`bin/kith invite list --jq '.[0].code' | KITH_HOME=~/ben bin/kith join - --as Ben --wait 20s --listen /ip4/127.0.0.1/tcp/0`), "as Ben")

	contains(t, n.does(`scripts/run --coop Another --as Eve`), "a co-op in", "runs already")
	contains(t, n.does("bin/kith member list"), "Ana")

	n.does("scripts/run --stop")
	if _, _, code := n.types("bin/kith status", ""); code != 3 {
		t.Errorf("after --stop, kith status ends with %d; no daemon is 3", code)
	}
	n.does("scripts/run --no-mdns")
	contains(t, n.does("bin/kith task list"), "Water the plants")
}

func TestRunAsksTwoQuestionsOnATerminal(t *testing.T) {
	if _, err := exec.LookPath("script"); err != nil {
		t.Skip("no script(1) here to make a terminal with")
	}
	n := arrive(t)
	n.stopsAtTheEnd("scripts/run --stop")
	const terminal = `script -qec "scripts/run --listen /ip4/127.0.0.1/tcp/0 --no-mdns" /dev/null`
	out, _, code := n.types(terminal, "Druckerei Riso\n Ana Müller , Ben,\n")
	if code != 0 {
		t.Fatalf("it ended with %d:\n%s", code, out)
	}
	contains(t, out, "The name of your co-op", "Your name", "Founded “Druckerei Riso”, with you, Ana Müller, in it")
	if got := n.does("bin/kith invite list --jq length"); got != "1\n" {
		t.Errorf("with Ben named as the other founder there are %s codes", got)
	}
}

func TestTheDemoEndsWithThreeMembersToGoOnWith(t *testing.T) {
	n := arrive(t)
	demo := filepath.Join(n.home, "demo")
	n.stopsAtTheEnd("KITH_DEMO=~/demo scripts/demo --stop")

	out := n.does("KITH_DEMO=~/demo scripts/demo")
	contains(t, out, "All three read the same, to the letter.",
		"Saturday, from January on: open from 10 to 14, Ben at the counter.", "export PATH=")
	contains(t, n.does("KITH_DEMO=~/demo scripts/demo"), "runs already")
	contains(t, n.does("~/demo/bin/cleo task list"), "Fix the drum of the old riso", "Pay the rent")

	var pids []string
	for _, member := range []string{"ana", "ben", "cleo"} {
		b, err := os.ReadFile(filepath.Join(demo, member+".pid"))
		if err != nil {
			t.Fatal(err)
		}
		pids = append(pids, strings.TrimSpace(string(b)))
	}
	n.does("KITH_DEMO=~/demo scripts/demo --stop")
	for _, pid := range pids {
		// One that ended has no command line, also while its parent hasn't taken note of it.
		if line, err := os.ReadFile(filepath.Join("/proc", pid, "cmdline")); err == nil && len(line) > 0 {
			t.Errorf("after --stop, process %s runs on: %q", pid, line)
		}
	}

	contains(t, n.does("KITH_DEMO=~/demo scripts/demo"), "runs again")
	contains(t, n.does("~/demo/bin/ana task list"), "Pay the rent")
}

var demoYear = flag.Bool("demo-year", false, "let scripts/demo tell its second story, of five people and a year, too (a quarter of a minute)")

func TestTheDemoOfAYearTellsHowACoopComesToTakeRequestsTogether(t *testing.T) {
	if !*demoYear {
		t.Skip("not asked for: -demo-year")
	}
	n := arrive(t)
	n.stopsAtTheEnd("KITH_DEMO=~/demo scripts/demo --stop")
	contains(t, n.does("KITH_DEMO=~/demo scripts/demo --year"), "Coordination | 15 %", "How full we are", "Growing into the co-op: your next step",
		"retrospective:", "A coordinator isn't a boss", "All five read the same, to the letter.")
	n.does("KITH_DEMO=~/demo scripts/demo --stop")
	contains(t, n.does("KITH_DEMO=~/demo scripts/demo"), "runs again")
	contains(t, n.does("~/demo/bin/eli today"), "Growing into the co-op")
}

func TestTheDemoEmptiesNoFolderThatHoldsSomethingElse(t *testing.T) {
	n := arrive(t)
	mine := filepath.Join(n.home, "mine")
	if err := os.MkdirAll(filepath.Join(mine, "ana"), 0o755); err != nil {
		t.Fatal(err)
	}
	_, errs, code := n.types("KITH_DEMO=~/mine scripts/demo --fresh", "")
	if code == 0 {
		t.Error("it told its story in somebody's folder")
	}
	contains(t, errs, "holds something else")
	if _, err := os.Stat(filepath.Join(mine, "ana")); err != nil {
		t.Error(err)
	}
}

func TestNamesInALineAreTakenAsPeopleWriteThem(t *testing.T) {
	for typed, want := range map[string]string{
		"Ana and Ben, Cleo":  "Ana\nBen\nCleo\n",
		" Ana ; Ben & Cleo,": "Ana\nBen\nCleo\n",
		"Andrea y Sandy":     "Andrea\nSandy\n",
		"Alexander":          "Alexander\n",
		",,":                 "",
	} {
		cmd := exec.Command("bash", "-c", `. ./lib.sh; names_in "$1"`, "bash", typed)
		out, err := cmd.Output()
		if err != nil || string(out) != want {
			t.Errorf("%q: %q, %v", typed, out, err)
		}
	}
}
