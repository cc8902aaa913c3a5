package page

import (
	"html/template"
	"slices"
	"strings"

	"kith/crdt/kinds"
)

// aRound is how many see the co-op in which of kinds.Stages, in a round that was closed.
type aRound struct {
	when   string
	stages []int
}

// stagesFormat is how large the picture of the stages is drawn.
type stagesFormat struct {
	class             string
	width, left, line float64 // of the picture; where the rounds begin; the height of a stage
	r, apart          float64 // of a disc, and from one to the next
	small             float64 // size of type
	most              int     // rounds
	above             bool    // the names of stages stand above them, and not before
}

var (
	wideStages   = stagesFormat{class: "wide", width: 1016, left: 190, line: 44, r: 11, apart: 17, small: 14, most: 8}
	narrowStages = stagesFormat{class: "narrow", width: 350, line: 56, r: 9, apart: 13, small: 12, most: 4, above: true}
)

// mostDiscs is how many discs stand beside each other; above that a number says it.
const mostDiscs = 5

// stagesOf are the rounds that were closed, the earliest first.
func (in *asking) stagesOf(found []document) (rounds []aRound) {
	for _, d := range found {
		one := aRound{stages: make([]int, len(kinds.Stages))}
		some := false
		for i, stage := range kinds.Stages {
			one.stages[i] = number(d.says.In("stages"), stage)
			some = some || one.stages[i] > 0
		}
		if some && d.says.Str("status") == kinds.PulseClosed {
			one.when = in.short(d.CreatedAt.In(in.now.Location()))
			rounds = append(rounds, one)
		}
	}
	slices.Reverse(rounds)
	return rounds
}

// stagesSay says of one round how many see the co-op in which stage.
func (in *asking) stagesSay(d document) string {
	var all []string
	for _, stage := range kinds.Stages {
		if n := number(d.says.In("stages"), stage); n > 0 {
			all = append(all, in.t.T(stage)+" "+in.t.T("{#}", "#", n))
		}
	}
	return strings.Join(all, ", ")
}

// stagesPicture draws a line for each stage, the first at the foot, and in each round a disc for everybody who sees the co-op there.
// Whose it is nobody is told. Where most are, the discs overprint.
func (in *asking) stagesPicture(f stagesFormat, rounds []aRound) template.HTML {
	if len(rounds) == 0 {
		return ""
	}
	rounds = rounds[max(0, len(rounds)-f.most):]
	pitch := min((f.width-f.left)/float64(len(rounds)), 200)
	at := func(stage int) float64 {
		y := float64(len(kinds.Stages)-1-stage)*f.line + f.line/2
		if f.above {
			y += 10
		}
		return y
	}
	var d drawing
	var words []string
	for stage, name := range kinds.Stages {
		y := at(stage)
		d.path("last", "M%s %s H%s", num(f.left), num(y), num(f.width))
		if f.above {
			y -= f.line/2 + 1
		}
		d.text("name", "start", point{0, y + 5}, capital(in.t.T(name)))
	}
	for i, round := range rounds {
		x := f.left + pitch*(float64(i)+0.5)
		var here []string
		for stage, n := range round.stages {
			if n == 0 {
				continue
			}
			here = append(here, in.t.T(kinds.Stages[stage])+" "+in.t.T("{#}", "#", n))
			in.discs(&d, f, point{x, at(stage)}, n, n == slices.Max(round.stages))
		}
		d.text("date", "middle", point{x, f.line*float64(len(kinds.Stages)) + f.small + 8}, round.when)
		words = append(words, round.when+": "+strings.Join(here, ", "))
	}
	return d.picture("weeks "+f.class, 0, 0, f.width, f.line*float64(len(kinds.Stages))+f.small+18,
		in.t.T("How many of us see the co-op in which stage. {rounds}.", "rounds", strings.Join(words, "; ")))
}

// discs draws those who see the co-op in one stage, around a point.
func (in *asking) discs(d *drawing, f stagesFormat, c point, n int, most bool) {
	shown := min(n, mostDiscs)
	x := c.x - f.apart*float64(shown-1)/2
	var at []point
	for range shown {
		at = append(at, point{x, c.y})
		x += f.apart
	}
	if most {
		d.add(`<rect class="f2" x="%s" y="%s" width="%s" height="%s"/>`, num(at[0].x-f.r-4), num(c.y-f.r-6), num(at[shown-1].x-at[0].x+2*f.r+8), num(2*f.r+12))
	}
	for _, p := range at {
		class := "f1"
		if most {
			class = "f3"
		}
		d.circle(class, p, f.r)
	}
	if n > mostDiscs {
		d.text("date", "start", point{x, c.y + 5}, in.t.T("{#}", "#", n))
	}
}
