package page

import (
	"html/template"
	"math"
	"strings"
	"unicode/utf8"
)

// toRenew and notYet are how somebody stands to a text on which they have said nothing: what they said was to an earlier
// one, or they have said nothing at all.
const (
	toRenew = "to_renew"
	notYet  = "not_yet"
)

// seat is one person in the circle around a proposal.
type seat struct {
	name    string
	stance  string   // a word of a position, toRenew or notYet
	says    []string // the same in words, a line each
	joining bool     // they aren't full members: it shows, and isn't counted
	me      bool
}

// format is how large a circle is drawn: there is one drawing for wide places, and one for narrow.
type format struct {
	class              string
	width              float64
	radius             float64 // of the proposal, at most
	title, name, small float64 // sizes of type
	letters            int     // of a line of words, at most
}

var (
	wide   = format{"wide", 540, 136, 19, 15.5, 14, 24}
	narrow = format{"narrow", 350, 82, 15, 14, 12.5, 13}
)

const (
	labelled = 6  // so many people are labelled with their words
	withName = 12 // and so many with their name; above that, who objects is
)

// circleOf draws a decision: the proposal in the middle, people around it in an order that is no ranking, and how each
// stands by shape, place and colour. The reader is at the bottom. all are in the order of their names.
func circleOf(f format, title string, all []seat, says string) template.HTML {
	all = turned(all)
	for lines, least := 3, 0.75; ; lines-- {
		if lines == 0 {
			least = 0.5
		}
		for radius := f.radius; radius >= least*f.radius; radius -= 8 {
			c := circle{format: f, p: radius, all: all, lines: lines}
			c.draw(title)
			last := lines == 0 && radius-8 < least*f.radius
			if c.left >= -f.width/2 && c.right <= f.width/2 && !c.clash || last {
				const air = 6
				return c.picture("circle "+f.class, -f.width/2, c.top-air, f.width, c.bottom-c.top+2*air, says)
			}
		}
	}
}

// turned puts the reader at the bottom: where the place ⌊n/2⌋ is.
func turned(all []seat) []seat {
	n := len(all)
	for i, s := range all {
		if s.me {
			by := (i - n/2 + n) % n
			return append(append([]seat{}, all[by:]...), all[:by]...)
		}
	}
	return all
}

// circle is one in the making. Its middle is 0, 0.
type circle struct {
	drawing
	format
	p                        float64 // radius of the proposal
	all                      []seat
	lines                    int     // of words below a name, at most
	left, right, top, bottom float64 // what it takes
	texts                    []box
	clash                    bool // two labels lie on each other
}

// box is what a text takes, and whose label it is of.
type box struct {
	left, right, top, bottom float64
	of                       int
}

func (c *circle) takes(at point, r float64) {
	c.left, c.right = min(c.left, at.x-r), max(c.right, at.x+r)
	c.top, c.bottom = min(c.top, at.y-r), max(c.bottom, at.y+r)
}

// r is the radius of a person among n, so that neighbours don't touch.
func (c *circle) r(s seat) float64 {
	r := 0.37 * c.p
	if k := 0.92 * math.Sin(math.Pi/float64(len(c.all))); len(c.all) > 2 {
		r = min(r, c.p*k/(1-k))
	}
	if s.joining {
		return 0.68 * r
	}
	return r
}

func against(stance string) bool {
	return stance == "object" || stance == "disagree" || stance == "block"
}

// place is how far from the middle somebody stands.
func (c *circle) place(s seat) float64 {
	r := c.r(s)
	switch s.stance {
	case "consent", "agree", "choose":
		return c.p - 0.02*r
	case "object", "disagree", "block":
		return c.p + 1.75*r
	case "stand_aside":
		return c.p + 6
	case "advise":
		return c.p + r + 6
	}
	return c.p + r + 8
}

func (c *circle) draw(title string) {
	middle := point{}
	c.circle("f2", middle, c.p)
	c.takes(middle, c.p)
	for i, s := range c.all { // squares first: a piece of the proposal is held out, and missing in it
		if against(s.stance) {
			a, r := angleOf(i, len(c.all)), c.r(s)
			c.square("fp", on(middle, a, c.p-0.2*r), 1.33*r, a)
			c.square("held", on(middle, a, c.place(s)), 1.33*r, a)
			if s.stance == "block" {
				c.square("ink", on(middle, a, c.place(s)), 0.6*r, a)
			}
			c.takes(on(middle, a, c.place(s)), 0.95*r)
		}
	}
	for i, s := range c.all {
		if !against(s.stance) {
			c.shape(s, angleOf(i, len(c.all)))
		}
	}
	for i, s := range c.all {
		c.label(i, s, angleOf(i, len(c.all)))
	}
	c.proposal(title)
}

func (c *circle) shape(s seat, a float64) {
	middle, r := point{}, c.r(s)
	at := on(middle, a, c.place(s))
	c.takes(at, r)
	switch s.stance {
	case "consent", "agree", "choose":
		c.circle("f1", at, r)
		c.overprint(middle, c.p, at, r)
	case "stand_aside":
		c.halfDisc("f1", at, r, a)
	case "abstain":
		c.add(`<g class="thick">`)
		c.drawing.circle("s1", at, r-1)
		c.add(`</g>`)
	case "advise":
		c.wedge("f1", at, r, a)
	case toRenew:
		c.lined(at, r, 6)
	default:
		c.add(`<g class="thick">`)
		c.drawing.circle("dots", at, r-1)
		c.add(`</g>`)
	}
}

// label writes who somebody is beside their shape, where there is room for it.
func (c *circle) label(i int, s seat, a float64) {
	n := len(c.all)
	r, d := c.r(s), c.place(s)
	cos, sin := math.Cos(a), math.Sin(a)
	lines := []string{s.name}
	switch {
	case n <= labelled:
		for _, says := range s.says[:min(len(s.says), c.lines)] {
			lines = append(lines, wrapped(says, c.letters, 2)...)
		}
	case n > withName && !against(s.stance):
		return
	}
	at := on(point{}, a, d)
	height := c.name + 3 + float64(len(lines)-1)*(c.small+4)
	anchor := "middle"
	switch {
	case n > labelled: // on a ring around all
		at = on(point{}, a, max(c.p+2*r+26, d+r+16))
		if math.Abs(cos) >= 0.5 {
			anchor = side(cos)
		}
		at.y += c.name * 0.35
	case math.Abs(cos) < 0.35 && sin < 0, math.Abs(sin) >= 0.5 && sin < 0 && math.Abs(cos) < 0.35:
		at.y -= r + height - c.name + 6
	case math.Abs(cos) < 0.35, math.Abs(sin) < 0.5 && d-r > c.p-4:
		at.y += r + c.name + 6
	default:
		at = point{at.x + math.Copysign(r+10, cos), at.y - height/2 + c.name*0.8}
		anchor = side(cos)
	}
	for n, line := range lines {
		class, size := "name", c.name
		if n > 0 {
			class, size = "words", c.small
			at.y += size + 4
		}
		c.text(class, anchor, at, line)
		c.takesText(i, anchor, at, size, line)
	}
}

func side(cos float64) string {
	if cos < 0 {
		return "end"
	}
	return "start"
}

// letterWidth is about how wide a letter is, in sizes of its type.
const letterWidth = 0.55

func (c *circle) takesText(of int, anchor string, at point, size float64, words string) {
	w := letterWidth * size * float64(utf8.RuneCountInString(words))
	left, right := at.x, at.x+w
	switch anchor {
	case "middle":
		left, right = at.x-w/2, at.x+w/2
	case "end":
		left, right = at.x-w, at.x
	}
	one := box{left, right, at.y - size, at.y + size*0.35, of}
	c.left, c.right = min(c.left, one.left), max(c.right, one.right)
	c.top, c.bottom = min(c.top, one.top), max(c.bottom, one.bottom)
	for _, other := range c.texts {
		if other.of != of && other.left < one.right && one.left < other.right && other.top < one.bottom && one.top < other.bottom {
			c.clash = true
		}
	}
	c.texts = append(c.texts, one)
}

// proposal writes into it what it is called, in three lines at most.
func (c *circle) proposal(title string) {
	lines := wrapped(title, int(1.5*c.p/(c.title*letterWidth)), 3)
	height := float64(len(lines)) * c.title * 1.25
	y := -height/2 + c.title
	for i, line := range lines {
		c.text("proposed", "middle", point{0, y + float64(i)*c.title*1.25}, line)
	}
}

// wrapped breaks words into lines of at most so many letters; what is beyond the last line ends in "…".
func wrapped(words string, letters, most int) (lines []string) {
	line := ""
	for _, word := range strings.Fields(words) {
		for utf8.RuneCountInString(word) > letters {
			r := []rune(word)
			if line != "" {
				lines, line = append(lines, line), ""
			}
			lines, word = append(lines, string(r[:letters-1])+"-"), string(r[letters-1:])
		}
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= letters:
			line += " " + word
		default:
			lines, line = append(lines, line), word
		}
	}
	if line != "" {
		lines = append(lines, line)
	}
	if len(lines) > most {
		last := []rune(lines[most-1])
		lines = append(lines[:most-1], string(last[:min(len(last), letters-1)])+"…")
	}
	return lines
}
