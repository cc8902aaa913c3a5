package page

import (
	"cmp"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"kith/daemon/api"
)

// chartered is the page of what the co-op has agreed on about itself.
type chartered struct {
	Sentence string
	Wide     template.HTML
	Narrow   template.HTML
	Open     []row
	Facts    []fact
	Says     []sentence
	Forks    []forked
	Propose  []action
	Log      []moment
}

// forked is a place where the co-op has split.
type forked struct {
	Says []sentence
	Does []action
}

const mostCharterLog = 30

func (in *asking) charter(w http.ResponseWriter) error {
	c, err := in.c.Charter(in.ctx())
	if err != nil {
		return err
	}
	all, err := in.c.Proposals(in.ctx(), false)
	if err != nil {
		return err
	}
	lines, err := in.c.CharterLog(in.ctx(), mostCharterLog)
	if err != nil {
		return err
	}
	v := chartered{Says: in.saidAll(c.Says)}
	v.Sentence = in.t.N("{N} members. {rest}", c.Of, "rest", in.t.N("A step about us takes {n} of them.", c.Needs))
	steps := in.stepsOf(c, all)
	v.Wide, v.Narrow = in.strip(wideStrip, steps), in.strip(narrowStrip, steps)
	for _, p := range all {
		if p.State == "open" {
			v.Open = append(v.Open, in.proposalRow(in.home(), p))
		}
	}
	add := func(name, says string) {
		if says != "" {
			v.Facts = append(v.Facts, fact{Name: in.t.T(name), Says: says})
		}
	}
	add("Full members", in.t.And(in.namesOf(c.Full)))
	add("Joining us", in.t.And(in.namesOf(c.Prospective)))
	add("A step takes", in.t.T("{rule}: {n} of {all}", "rule", in.t.T(thresholdSays[c.Threshold]), "n", in.number(c.Needs), "all", in.number(c.Of)))
	add("Open invites each may have", in.number(c.Invites))
	add("Days end in", cmp.Or(c.TimeZone, "UTC"))
	if c.Founding.Open {
		add("The founding is open", in.t.T("{n} of {all} seats are taken", "n", in.number(c.Founding.Filled), "all", in.number(c.Founding.Seats)))
	}
	add("Shared rules", in.t.T("version {#}", "#", c.Rules))
	for _, f := range c.Forks {
		one := forked{Says: in.saidAll(f.Says)}
		for _, b := range f.Branches {
			if !b.Followed && f.Open {
				one.Does = append(one.Does, action{Words: in.t.T("Follow the side of: {step}", "step", b.Title), At: in.At("charter", "follow") + "?step=" + b.Step, Post: true, Look: "line"})
			}
		}
		v.Forks = append(v.Forks, one)
	}
	for _, a := range stepForms {
		if a.action == api.ActionClose && !c.Founding.Open || a.member {
			continue
		}
		v.Propose = append(v.Propose, action{Words: in.t.T(a.words), At: in.At("charter", a.action), Look: "line"})
	}
	v.Propose = append(v.Propose, action{Words: in.t.T("Found another one of those who are there, with what is here"), At: "/start/found?" + url.Values{"from": {in.status.Space.ID}}.Encode(), Look: "line"})
	for _, l := range lines {
		if l.Detail {
			continue
		}
		says := in.said(l.Says)
		one := moment{When: in.Moment(l.At.Time), Says: says, Why: l.Why}
		if l.By != nil {
			one.Who = l.By.Name // a sentence in the third person stands behind it
		} else {
			one.Says = capitalised(says)
		}
		v.Log = append(v.Log, one)
	}
	in.show(w, http.StatusOK, "charter", in.t.T("Charter"), v)
	return nil
}

// namesOf are the names of members; the reader comes last.
func (in *asking) namesOf(all []api.Named) (names []string) {
	for _, m := range all {
		if !in.me[m.ID] {
			names = append(names, m.Name)
		}
	}
	for _, m := range all {
		if in.me[m.ID] {
			names = append(names, in.t.T("you"))
		}
	}
	return names
}

var thresholdSays = map[string]string{
	"majority": "more than half", "two-thirds": "two thirds", "three-quarters": "three quarters", "all-but-one": "all but one",
}

// aStep is one step of the charter, in the picture.
type aStep struct {
	number int
	when   string
	title  string
	yes    []string // who consented
	open   bool
	needs  int // consents that are still missing
}

// stepsOf are the steps that the co-op has taken since its founding, oldest first, and those being agreed on.
func (in *asking) stepsOf(c api.Charter, all []api.Proposal) (steps []aStep) {
	steps = []aStep{{number: 1, title: in.t.T("Founded"), yes: []string{c.Founder.Name}}}
	taken := slices.DeleteFunc(slices.Clone(all), func(p api.Proposal) bool { return p.State != "in_force" })
	open := slices.DeleteFunc(slices.Clone(all), func(p api.Proposal) bool { return p.State != "open" || p.Hopeless })
	for _, p := range append(taken, open...) {
		s := aStep{number: len(steps) + 1, title: capital(in.said(p.Title).Says), open: p.State == "open", when: in.short(p.At.In(in.now.Location()))}
		for _, c := range p.Consents {
			s.yes = append(s.yes, c.Member.Name)
		}
		s.needs = max(0, p.Needs-len(p.Consents))
		steps = append(steps, s)
	}
	return steps
}

// aStrip is how large the picture of the steps is drawn.
type aStrip struct {
	class                    string
	width, height, r, apart  float64
	number, small, name, gap float64
	most                     int  // steps
	column                   bool // newest first, one below the other
}

var (
	wideStrip   = aStrip{class: "wide", width: 1016, height: 74, r: 13, apart: 25, number: 26, small: 14, name: 15, gap: 3, most: 6}
	narrowStrip = aStrip{class: "narrow", width: 350, height: 64, r: 11, apart: 21, number: 22, small: 13, name: 14, gap: 3, most: 5, column: true}
)

// strip draws the steps: who consented lies on the upper edge of each, and where both inks lie on each other it is a yes.
func (in *asking) strip(f aStrip, steps []aStep) template.HTML {
	earlier := max(0, len(steps)-f.most)
	words := make([]string, 0, len(steps))
	for _, s := range steps[earlier:] {
		words = append(words, strconv.Itoa(s.number)+" "+s.title)
	}
	says := in.t.T("The steps about us: {steps}.", "steps", in.t.And(words))
	shown := slices.Clone(steps[earlier:])
	if f.column {
		slices.Reverse(shown)
	}
	n := float64(len(shown))
	w := f.width
	if !f.column {
		w = min((f.width-f.gap*(n-1))/n, 260)
	}
	var d drawing
	top, bottom := -f.r-2, 0.0
	for i, s := range shown {
		at := point{float64(i) * (w + f.gap), 0}
		if f.column {
			at = point{0, float64(i) * (f.height + f.r + f.name + 34)}
		}
		in.block(&d, f, at, w, s)
		bottom = max(bottom, at.y+f.height+f.name+16)
	}
	if earlier > 0 {
		d.text("words", "start", point{0, bottom + f.small}, in.t.N("{#} earlier", earlier))
		bottom += f.small + 8
	}
	return d.picture("strip "+f.class, 0, top, f.width, bottom-top, says)
}

// block draws one step with its upper left corner at a point.
func (in *asking) block(d *drawing, f aStrip, at point, w float64, s aStep) {
	if s.open {
		d.add(`<rect class="dashed" x="%s" y="%s" width="%s" height="%s"/>`, num(at.x+1), num(at.y), num(w-2), num(f.height-1))
	} else {
		d.add(`<rect class="f2" x="%s" y="%s" width="%s" height="%s"/>`, num(at.x), num(at.y), num(w), num(f.height))
		d.add(`<rect class="ink" x="%s" y="%s" width="%s" height="3"/>`, num(at.x), num(at.y+f.height), num(w))
	}
	fit := max(1, int((w-f.r)/f.apart))
	x := at.x + 22
	missing := min(s.needs, max(0, fit-len(s.yes)))
	for range min(len(s.yes), fit) {
		c := point{x, at.y}
		d.circle("f1", c, f.r)
		if !s.open {
			d.path("f3", "M%s A%s %s 0 0 0 %s Z", point{x - f.r, at.y}, num(f.r), num(f.r), point{x + f.r, at.y})
		}
		x += f.apart
	}
	for range missing {
		if s.open {
			d.circle("fp", point{x, at.y}, f.r-1)
			d.circle("dots", point{x, at.y}, f.r-1)
			x += f.apart
		}
	}
	class := "stamped"
	if s.open {
		class = "name"
	}
	d.text(class+" number", "start", point{at.x + 9, at.y + f.height - 14}, strconv.Itoa(s.number))
	when := s.when
	if s.open {
		when = in.t.T("being agreed on")
	}
	d.text(class+" words", "end", point{at.x + w - 10, at.y + f.height - 14}, when)
	letters := int(w / (f.name * 0.56))
	d.text("name", "start", point{at.x, at.y + f.height + f.name + 10}, cut(s.title, letters))
}

// cut shortens a text to so many letters.
func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:max(1, most-1)]) + "…"
	}
	return s
}
