package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jedib0t/go-pretty/v6/table"
)

// build is a program and the benchmark of the same revision, which knows how to measure it.
type build struct{ name, kith, benchmark string }

// worth is from what part of a figure on a difference is worth a word.
const worth = 0.05

// check measures two builds in turns on this machine and names the rows in which the newer one is worse by more than the noise.
func check(ctx context.Context, dir string, before, now build, rounds int, args []string) error {
	runs := map[string][][]row{}
	for round := range rounds {
		both := []build{before, now}
		if round%2 == 1 { // so that neither always comes first
			slices.Reverse(both)
		}
		for _, of := range both {
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, rounds, of.name)
			rows, err := of.measure(ctx, filepath.Join(dir, fmt.Sprintf("%s-%d", of.name, round)), args)
			if err != nil {
				return fmt.Errorf("%s: %w", of.name, err)
			}
			runs[of.name] = append(runs[of.name], rows)
		}
	}
	all := compared(runs[before.name], runs[now.name])
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.AppendHeader(table.Row{"work", "figure", "before", "now", ""})
	var worse []string
	for _, c := range all {
		t.AppendRow(table.Row{c.Work, c.Figure, c.before.String() + " " + c.Unit, c.now.String() + " " + c.Unit, c.verdict()})
		if c.verdict() == isWorse {
			worse = append(worse, c.Work+", "+c.Figure)
		}
	}
	t.RenderMarkdown()
	if len(worse) > 0 {
		return fmt.Errorf("worse by more than the noise: %s", strings.Join(worse, "; "))
	}
	return nil
}

// measure runs a benchmark in a folder of its own, which it removes, and returns the figures.
func (of build) measure(ctx context.Context, dir string, args []string) ([]row, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "figures.json")
	cmd := exec.CommandContext(ctx, of.benchmark, append([]string{"--kith", of.kith, "--dir", dir, "--json", out}, args...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return nil, err
	}
	b, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	var figures struct {
		Rows []row `json:"rows"`
	}
	return figures.Rows, json.Unmarshal(b, &figures)
}

// spread is what several rounds gave, ascending.
type spread []float64

func (s spread) median() float64 { return s[len(s)/2] }

func (s spread) String() string {
	return fmt.Sprintf("%.2f (%.2f to %.2f)", s.median(), s[0], s[len(s)-1])
}

// comparison is a row of both builds.
type comparison struct {
	row
	before, now spread
}

const isWorse = "worse"

// verdict says whether the newer build is worse, or better: if its median is, by a part that is worth a word, and no round of it lies among those
// of the other. With three rounds each chance alone says so of a row one time in ten, in either direction; what it names is looked at
// once more.
func (c comparison) verdict() string {
	more := c.now.median() > c.before.median()*(1+worth) && c.now[0] > c.before[len(c.before)-1]
	less := c.now.median() < c.before.median()*(1-worth) && c.now[len(c.now)-1] < c.before[0]
	rate := strings.HasSuffix(c.Unit, "/s") // the more, the better
	switch {
	case more && !rate, less && rate:
		return isWorse
	case more, less:
		return "better"
	}
	return ""
}

// compared puts rounds of two builds side by side: rows that both have in every round, in their order.
func compared(before, now [][]row) (all []comparison) {
	if len(now) == 0 {
		return nil
	}
	for _, r := range now[0] {
		c := comparison{row: r, before: valuesOf(before, r), now: valuesOf(now, r)}
		if len(c.before) == len(before) && len(c.now) == len(now) && len(before) > 0 {
			all = append(all, c)
		}
	}
	return all
}

func valuesOf(rounds [][]row, of row) (s spread) {
	for _, rows := range rounds {
		if i := slices.IndexFunc(rows, func(r row) bool { return r.Work == of.Work && r.Figure == of.Figure && r.Unit == of.Unit }); i >= 0 {
			s = append(s, rows[i].Value)
		}
	}
	slices.Sort(s)
	return s
}
