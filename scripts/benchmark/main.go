// Command benchmark times Kith with real daemons on loopback: what scripts/bench runs.
//
// Everything is measured from outside, through the local API and the command line, on homes that
// it makes itself; only what would take hundreds of thousands of commands (the large home, hours, five
// years) is written in this process, by the same code as the daemon's.
//
// It is large: each thing that is measured is a file, and hardly any knows another.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// row is one measurement.
type row struct {
	Work   string  `json:"work"`
	Figure string  `json:"figure"` // "p50", "RSS", …
	Value  float64 `json:"value"`
	Unit   string  `json:"unit"`
	Target string  `json:"target"`
	shown  bool    // in a table of its own
}

type bench struct {
	kith   string // the program
	dir    string
	keep   string // where the large home is kept from run to run; "": nowhere
	docs   int
	size   int // changes in each document
	logged int // entries of hours
	days   int // of work in a year
	rows   []row
}

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "benchmark:", err)
		os.Exit(1)
	}
}

func run() error {
	b := &bench{}
	var out, only, picture string
	var edits int
	flag.StringVar(&b.kith, "kith", "", "`PATH` of the program to measure")
	flag.StringVar(&b.dir, "dir", "", "`DIR` for the homes")
	flag.StringVar(&b.keep, "keep", "", "keep the large home, or that with hours, as it was written in `DIR`, or take it from there if it is")
	flag.IntVar(&b.docs, "docs", 10_000, "documents in the large home")
	flag.IntVar(&b.size, "changes", 10, "changes in each of them")
	flag.IntVar(&b.logged, "logged", 45_000, "entries of hours; 450,000 are those of fifty people in five years")
	flag.IntVar(&b.days, "days", 250, "days of work in each of five years")
	flag.StringVar(&picture, "picture", "", "draw the five years into `FILE`, as SVG")
	flag.IntVar(&edits, "edits", 2_000, "live edits")
	flag.StringVar(&only, "only", "", "measure these `PARTS` alone: charter, life, years, floods, live, large, hours, decision, reconnect, share, mesh, crowd, hostile, porch")
	comparing := flag.Bool("peers", false, "do the same work with Kith and with automerge-repo, and nothing else")
	var before build
	var rounds int
	flag.StringVar(&before.kith, "before", "", "measure in turns with the program at `PATH`, and name the rows that are worse")
	flag.StringVar(&before.benchmark, "before-benchmark", "", "`PATH` of the benchmark of that program")
	flag.IntVar(&rounds, "rounds", 3, "how often both are measured, with --before")
	flag.StringVar(&out, "json", "", "write the figures to `FILE`")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	if before.kith != "" {
		self, err := os.Executable()
		if err != nil {
			return err
		}
		before.name = "before"
		return check(ctx, b.dir, before, build{"now", b.kith, self}, rounds, flag.Args())
	}
	parts := []struct {
		name, what string
		run        func(context.Context) error
	}{
		{"charter", "the charter", b.charter},
		{"life", "years of a charter", b.life},
		{"years", "a store's life", func(ctx context.Context) error { return b.years(ctx, picture) }},
		{"floods", "floods", b.floods},
		{"live", "live edits", func(ctx context.Context) error { return b.live(ctx, edits) }},
		{"large", "the large home", b.large},
		{"hours", "hours of years", b.hours},
		{"decision", "a decision much talked about", b.decision},
		{"reconnect", "meeting again", b.reconnect},
		{"share", "a share beside large homes", b.share},
		{"mesh", "the full mesh", b.mesh},
		{"crowd", "fifty daemons", b.crowd},
		{"hostile", "a hostile device", b.hostile},
		{"porch", "a porch", b.porch},
	}
	if *comparing {
		if err := b.peers(ctx, edits); err != nil {
			return fmt.Errorf("beside others: %w", err)
		}
	} else {
		for _, p := range parts {
			if only != "" && !slices.Contains(strings.Split(only, ","), p.name) {
				continue
			}
			if err := p.run(ctx); err != nil {
				return fmt.Errorf("%s: %w", p.what, err)
			}
		}
		b.print()
	}
	if out == "" {
		return nil
	}
	j, err := json.MarshalIndent(map[string]any{
		"at": time.Now().UTC(), "go": runtime.Version(), "cpus": runtime.NumCPU(), "rows": b.rows,
	}, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(out, append(j, '\n'), 0o644)
}

func (b *bench) add(work, figure string, value float64, unit, target string) {
	b.rows = append(b.rows, row{Work: work, Figure: figure, Value: value, Unit: unit, Target: target})
	fmt.Fprintf(os.Stderr, "%s, %s: %.2f %s\n", work, figure, value, unit)
}

// spread adds the median and the slow tail of some durations.
func (b *bench) spread(work string, took []time.Duration, target map[string]string) {
	slices.Sort(took)
	for _, p := range []int{50, 95, 99} {
		name := fmt.Sprintf("p%d", p)
		b.add(work, name, ms(took[len(took)*p/100]), "ms", target[name])
	}
}

func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func (b *bench) print() {
	t := table.NewWriter()
	t.SetOutputMirror(os.Stdout)
	t.AppendHeader(table.Row{"work", "figure", "measured", "target"})
	for _, r := range b.rows {
		if r.shown {
			continue
		}
		t.AppendRow(table.Row{r.Work, r.Figure, fmt.Sprintf("%.2f %s", r.Value, r.Unit), r.Target})
	}
	if t.Length() > 0 {
		t.RenderMarkdown()
	}
}
