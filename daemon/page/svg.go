package page

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strings"
)

// drawing gathers an SVG. Colours are classes (style.css), so that a drawing follows the theme, and stands under a policy
// that allows no style: f1 blue, a person; f2 yellow, the thing; f3 where both lie on each other; fp paper; st a line of ink; s1 a
// blue line; dots a dotted one.
type drawing struct{ strings.Builder }

func (d *drawing) add(format string, args ...any) { fmt.Fprintf(d, format, args...) }

type point struct{ x, y float64 }

func (p point) String() string { return num(p.x) + " " + num(p.y) }

// num is a number with at most two digits behind its point.
func num(f float64) string {
	s := strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", f), "0"), ".")
	if s == "-0" || s == "" {
		return "0"
	}
	return s
}

// on is the point at a distance from c, at an angle in radians, 0 to the right and growing clockwise.
func on(c point, angle, distance float64) point {
	return point{c.x + distance*math.Cos(angle), c.y + distance*math.Sin(angle)}
}

func (d *drawing) circle(class string, c point, r float64) {
	d.add(`<circle class="%s" cx="%s" cy="%s" r="%s"/>`, class, num(c.x), num(c.y), num(r))
}

func (d *drawing) path(class string, format string, args ...any) {
	d.add(`<path class="%s" d="%s"/>`, class, fmt.Sprintf(format, args...))
}

// overprint draws where two discs lie on each other, if they do.
func (d *drawing) overprint(a point, ra float64, b point, rb float64) {
	dx, dy := b.x-a.x, b.y-a.y
	apart := math.Hypot(dx, dy)
	switch {
	case apart >= ra+rb:
		return
	case apart <= math.Abs(ra-rb):
		if ra < rb {
			d.circle("f3", a, ra)
		} else {
			d.circle("f3", b, rb)
		}
		return
	}
	along := (ra*ra - rb*rb + apart*apart) / (2 * apart)
	h := math.Sqrt(max(0, ra*ra-along*along))
	ux, uy := dx/apart, dy/apart
	mid := point{a.x + along*ux, a.y + along*uy}
	p, q := point{mid.x + h*uy, mid.y - h*ux}, point{mid.x - h*uy, mid.y + h*ux}
	large := func(is bool) int {
		if is {
			return 1
		}
		return 0
	}
	d.path("f3", "M%s A%s %s 0 %d 1 %s A%s %s 0 %d 1 %s Z",
		p, num(ra), num(ra), large(along < 0), q, num(rb), num(rb), large(apart-along < 0), p)
}

// square has its middle at c and one side across the angle.
func (d *drawing) square(class string, c point, side, angle float64) {
	h := side / 2
	corner := func(along, across float64) point {
		return point{c.x + along*math.Cos(angle) - across*math.Sin(angle), c.y + along*math.Sin(angle) + across*math.Cos(angle)}
	}
	d.path(class, "M%s L%s L%s L%s Z", corner(-h, -h), corner(h, -h), corner(h, h), corner(-h, h))
}

// halfDisc is the half of a disc that lies beyond its middle, along the angle.
func (d *drawing) halfDisc(class string, c point, r, angle float64) {
	d.path(class, "M%s A%s %s 0 0 1 %s Z", on(c, angle-math.Pi/2, r), num(r), num(r), on(c, angle+math.Pi/2, r))
}

// wedge points to where the angle comes from.
func (d *drawing) wedge(class string, c point, r, angle float64) {
	d.path(class, "M%s L%s L%s Z", on(c, angle+math.Pi, r), on(c, angle-1.05, r), on(c, angle+1.05, r))
}

// lined is a ring with lines at 45°.
func (d *drawing) lined(c point, r, every float64) {
	var lines strings.Builder
	for off := -r + every/2; off < r; off += every {
		half := math.Sqrt(r*r - off*off)
		mid := on(c, -math.Pi/4, off) // chords across this direction
		fmt.Fprintf(&lines, "M%s L%s", on(mid, math.Pi/4, half), on(mid, math.Pi/4, -half))
	}
	d.path("s1", "%s", lines.String())
	d.circle("s1", c, r)
}

// text puts words with their middle, beginning or end at a point. anchor is "middle", "start" or "end".
func (d *drawing) text(class, anchor string, at point, words string) {
	d.add(`<text class="%s" x="%s" y="%s" text-anchor="%s">%s</text>`, class, num(at.x), num(at.y), anchor, html.EscapeString(words))
}

// picture closes a drawing: it is a picture that says what says tells, or, without that, one for the eye alone beside words that say
// the same.
func (d *drawing) picture(class string, left, top, width, height float64, says string) template.HTML {
	named := `aria-hidden="true" focusable="false"`
	title := ""
	if says != "" {
		named = fmt.Sprintf(`role="img" aria-label="%s"`, html.EscapeString(says))
		title = "<title>" + html.EscapeString(says) + "</title>"
	}
	return template.HTML(fmt.Sprintf(`<svg class="%s" viewBox="%s %s %s %s" width="%s" height="%s" %s>%s%s</svg>`, //nolint:gosec // numbers, and words that are escaped
		class, num(left), num(top), num(width), num(height), num(width), num(height), named, title, d.String()))
}
