package page

import (
	"html/template"
	"math"
	"slices"
	"strings"

	"kith/daemon/api"
)

// spot is a computer in the picture of who is in step.
type spot struct {
	key   string // of the device: it orders the spots, so that they stay
	lines []string
	here  bool // connected just now
	apart float64
}

// How far what has come to a computer lies from all that there is, in radii: three steps and no measure, since more isn't known.
const (
	inStepApart = 0
	onItsWay    = 0.5
	outOfReach  = 1.1
)

// round is how large the picture is drawn.
type round struct {
	class       string
	width, a, b float64 // of the picture, and the two radii of the ellipse
	own, other  float64 // radii of discs
	name, small float64 // sizes of type
	most        int     // so many computers fit; with more the words have to do
}

var (
	wideRound   = round{"wide", 900, 300, 150, 38, 28, 15.5, 14, 12}
	narrowRound = round{"narrow", 350, 112, 140, 26, 18, 13, 12, 5}
)

// spotOf is a computer of the charter; it is told as in the table beside the picture.
func (in *asking) spotOf(p api.Peer) spot {
	s := spot{key: p.Device.ID, here: p.Connected, apart: outOfReach, lines: []string{in.deviceOf(p), in.connection(p)}}
	switch {
	case p.Connected && p.InStep:
		s.apart, s.lines[1] = inStepApart, in.t.T("in step")
	case p.Connected:
		s.apart, s.lines[1] = onItsWay, in.t.T("changes are on their way")
	}
	return s
}

// stepPicture draws one's own computer in the middle and the others around it; "" where they are too many for it.
func stepPicture(f round, own []string, all []spot, says string) template.HTML {
	if len(all) == 0 || len(all) > f.most {
		return ""
	}
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b spot) int { return strings.Compare(a.key, b.key) })
	var d drawing
	top, bottom := 0.0, 0.0
	label := func(lines []string, at point, anchor string) {
		for i, line := range lines {
			class, size := "name", f.name
			if i > 0 {
				class, size = "words", f.small
				at.y += size + 4
			}
			d.text(class, anchor, at, line)
			top, bottom = min(top, at.y-size), max(bottom, at.y+6)
		}
	}
	const gap = 25 * math.Pi / 180 // on both sides of straight down, where one's own computer has its name
	for i, s := range all {
		a := math.Pi/2 + gap + (2*math.Pi-2*gap)*(float64(i)+0.5)/float64(len(all))
		at := point{f.a * math.Cos(a), f.b * math.Sin(a)}
		class := "st"
		if !s.here {
			class = "last"
		}
		way := math.Atan2(at.y, at.x)
		d.path(class, "M%s L%s", on(point{}, way, f.own+7), on(at, way+math.Pi, f.other*(1+s.apart)+7))
		d.pair(at, f.other, s.apart, at.y > 0)
		top, bottom = min(top, at.y-2*f.other), max(bottom, at.y+2*f.other)
		height := f.name + float64(len(s.lines)-1)*(f.small+4)
		if at.y < 0 {
			label(s.lines, point{at.x, at.y - f.other - height + f.name - 8}, "middle")
		} else {
			label(s.lines, point{at.x, at.y + f.other + f.name + 8}, "middle")
		}
	}
	d.pair(point{}, f.own, inStepApart, false)
	label(own, point{0, f.own + f.name + 8}, "middle")
	const air = 6
	return d.picture("circle "+f.class, -f.width/2, top-air, f.width, bottom-top+2*air, says)
}

// pair is all that there is, and what has come of it to a computer.
func (d *drawing) pair(at point, r, apart float64, below bool) {
	if apart == inStepApart {
		d.circle("f3", at, r)
		return
	}
	side := math.Pi / 4 // to the lower right above the middle, and to the upper right below it
	if below {
		side = -side
	}
	come := on(at, side, apart*r)
	d.circle("f2", at, r)
	d.circle("f1", come, r)
	d.overprint(at, r, come, r)
}
