package page

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"kith/crdt/kinds"
	"kith/daemon/api"
)

// loaded is how much is promised of what can be given, and what part of the hours goes into coordinating. Nobody's own hours are
// in it but the reader's, who alone sees them.
type loaded struct {
	Sentence, Below string
	Weeks           []aWeek
	Wide, Narrow    template.HTML
	Unsaid          string
	Suggests        []row
	Mine            []string
	Change          action
	Members         []fact
	Coordination    *coordination // nil: no hours were written down
}

// aWeek is one row of the table that says the same as the picture.
type aWeek struct{ From, Promised, Offered, Left string }

// coordination is what part of the hours went into it.
type coordination struct {
	Share string
	Line  template.HTML
	Rows  []projectShare
	Scale string // what one mark stands for, where it isn't an hour
}

// projectShare is that of one project.
type projectShare struct {
	Name, Work, Coordination, Share string
	Marks                           template.HTML
}

func (in *asking) load(w http.ResponseWriter) error {
	all, err := in.c.Load(in.ctx())
	if err != nil {
		return err
	}
	v := loaded{Sentence: in.loadSentence(all)}
	if len(all.Weeks) > 0 {
		promised, offered := 0.0, 0.0
		for _, one := range all.Weeks {
			promised, offered = promised+one.Promised, offered+one.Offered
			left := in.t.T("{hours}\u00a0h free", "hours", in.numeral(one.Offered-one.Promised))
			if one.Promised > one.Offered {
				left = in.t.T("{hours}\u00a0h over", "hours", in.numeral(one.Promised-one.Offered))
			}
			v.Weeks = append(v.Weeks, aWeek{in.monday(one), in.hoursSay(one.Promised), in.hoursSay(one.Offered), left})
		}
		v.Below = in.t.T("In these eight weeks {promised}\u00a0h are promised, of {offered} that we can give. How full somebody is they say themselves, if they like.",
			"promised", in.numeral(promised), "offered", in.numeral(offered))
		v.Wide, v.Narrow = in.weeksPicture(wideWeeks, all.Weeks), in.weeksPicture(narrowWeeks, all.Weeks)
	} else if all.Withheld != "" {
		v.Below = in.t.T("While few say what they can give, the sum is shown to those who do: else it would tell of one person.")
	}
	if all.Unsaid > 0 {
		v.Unsaid = in.t.T("Beside that, {hours}\u00a0h are promised by people who haven’t said what they can give.", "hours", in.numeral(all.Unsaid))
	}
	for _, s := range all.Suggests {
		v.Suggests = append(v.Suggests, in.suggested(s))
	}
	v.Mine, v.Change = in.ownLoad(all.Mine), action{Words: in.t.T("Say what I can give"), At: in.At(kinds.Profile.Many, "new"), Look: "line"}
	own, err := in.list(kinds.Profile, 1, "mine", "true")
	if err != nil {
		return err
	}
	if len(own) > 0 {
		v.Change = action{Words: in.t.T("Change what I can give"), At: in.At(kinds.Profile.Many, own[0].Short, "edit"), Look: "line"}
	}
	for _, m := range all.Members {
		until := ""
		if m.Until != "" {
			until = in.t.T("until {when}", "when", in.Due(m.Until, in.Near))
		}
		v.Members = append(v.Members, fact{Name: m.Member.Name, Says: dots(in.t.T("{hours}\u00a0h a week", "hours", in.numeral(m.Hours)), until)})
	}
	if v.Coordination, err = in.coordination(); err != nil {
		return err
	}
	in.show(w, http.StatusOK, "load", in.t.T("Load"), v)
	return nil
}

// loadSentence says in one clause whether what is promised can be given.
func (in *asking) loadSentence(all api.Load) string {
	over := 0
	for over < len(all.Weeks) && all.Weeks[over].Promised > all.Weeks[over].Offered {
		over++
	}
	switch {
	case all.People == 0:
		return in.t.T("Nobody has said yet what they can give.")
	case all.Withheld != "":
		return in.t.T("Some have said what they can give.")
	case over > 0:
		monday, err := time.Parse(time.DateOnly, all.Weeks[over-1].From)
		if err == nil {
			sunday := monday.AddDate(0, 0, 6)
			return in.t.T("We have promised more than we can give until {day}.", "day", in.short(sunday))
		}
	case all.Over:
		return in.t.N("In {n} of eight weeks we have promised more than we can give.", all.OverWeeks)
	}
	return in.t.T("What we have promised can be given.")
}

func (in *asking) monday(w api.LoadWeek) string {
	at, err := time.Parse(time.DateOnly, w.From)
	if err != nil {
		return w.From
	}
	return in.t.T("{day} {month}", "day", at.Day(), "month", in.t.T(shortMonths[at.Month()-1])) // of which year is plain
}

// numeral is a number of hours without more than one digit behind its point.
func (in *asking) numeral(hours float64) string {
	return in.t.numbers.Sprint(float64(int64(hours*10+0.5)) / 10)
}

func (in *asking) hoursSay(hours float64) string {
	return in.t.T("{hours}\u00a0h", "hours", in.numeral(hours))
}

// suggested is something that could be done differently if it is too much.
func (in *asking) suggested(s api.LoadSuggest) row {
	r := row{ID: s.ID, Title: s.Title, Says: in.said(s.What).Says}
	for _, k := range kinds.All.Nouns() {
		if letters, _, _ := strings.Cut(s.ID, "-"); letters == k.Letters {
			r.At, r.Mark = in.At(k.Many, s.Short), textMark()
			if d, err := readDocument(in.c.Document(in.ctx(), k.Many, s.ID)); err == nil {
				r.Mark = in.rowOf(k, d).Mark
			}
		}
	}
	return r
}

// ownLoad says to the reader how full their own weeks are.
func (in *asking) ownLoad(m *api.LoadMine) (says []string) {
	if m == nil || len(m.Weeks) == 0 {
		return []string{in.t.T("You haven’t said what you can give. Only you would see your own weeks; the others see the sum.")}
	}
	now := m.Weeks[0]
	if now.Promised == 0 {
		says = append(says, in.t.T("Nothing that you have promised is due this week; of what you can give, {offered}\u00a0h are left in it.", "offered", in.numeral(now.Offered)))
	} else {
		says = append(says, in.t.T("This week {promised}\u00a0h that you have promised are due; of what you can give, {offered}\u00a0h are left in it.",
			"promised", in.numeral(now.Promised), "offered", in.numeral(now.Offered)))
	}
	var over []string
	for _, w := range m.Weeks {
		if w.Promised > w.Offered {
			over = append(over, in.monday(w))
		}
	}
	if len(over) > 0 {
		says = append(says, in.t.T("You have promised more than you can give in the weeks from {weeks}.", "weeks", in.t.And(over)))
	}
	if m.Limit > 0 {
		says = append(says, in.t.T("Our agreement says at most {hours}\u00a0h a week.", "hours", in.numeral(m.Limit)))
	}
	return says
}

// coordinationWeeks is over how many weeks, the present one among them, coordination's share is told.
const coordinationWeeks = 8

// coordination adds up the last weeks; nil if no hours were written down in them.
func (in *asking) coordination() (*coordination, error) {
	from := mondayOf(in.now).AddDate(0, 0, -7*(coordinationWeeks-1)).Format(time.DateOnly)
	weeks, err := in.c.TimeReport(in.ctx(), url.Values{"by": {"week"}, "from": {from}})
	if err != nil || weeks.Total.Minutes == 0 {
		return nil, err
	}
	projects, err := in.c.TimeReport(in.ctx(), url.Values{"by": {"project"}, "from": {from}})
	if err != nil {
		return nil, err
	}
	v := &coordination{Share: in.percent(weeks.Total.Share)}
	var shares []float64
	for _, w := range weeks.Rows {
		if w.Minutes > 0 {
			shares = append(shares, w.Share)
		}
	}
	if len(shares) > 1 {
		v.Line = in.sharesPicture(shares)
	}
	slices.SortStableFunc(projects.Rows, func(a, b api.TimeRow) int { return int(b.Minutes - a.Minutes) })
	hour := int64(60)
	for _, p := range projects.Rows {
		if p.Minutes > mostMarks*60 {
			hour = 5 * 60
			v.Scale = in.t.T("One mark is five hours.")
		}
	}
	for _, p := range projects.Rows[:min(len(projects.Rows), mostShares)] {
		one := projectShare{
			Name: p.Key, Work: in.hoursSay(float64(p.Minutes-p.CoordinationMinutes) / 60), Coordination: in.hoursSay(float64(p.CoordinationMinutes) / 60), Share: in.percent(p.Share),
			Marks: hourMarks((p.Minutes-p.CoordinationMinutes+hour/2)/hour, (p.CoordinationMinutes+hour/2)/hour),
		}
		if one.Name == "" {
			one.Name = in.t.T("for no project")
		}
		v.Rows = append(v.Rows, one)
	}
	return v, nil
}

const (
	mostShares = 12  // projects that are told of
	mostMarks  = 200 // hours, each with a mark of its own
)

func (in *asking) percent(share float64) string {
	return in.t.T("{#}\u00a0%", "#", int(share*100+0.5))
}

// hourMarks draws a mark for each hour: work is a square, coordination a disc, last.
func hourMarks(work, coordination int64) template.HTML {
	const side, apart, line = 13.0, 16.0, 20
	var d drawing
	n := 0
	place := func() point {
		p := point{float64(n%line) * apart, float64(n/line) * apart}
		n++
		return p
	}
	for range min(work, 4*mostMarks) {
		p := place()
		d.add(`<rect class="f1" x="%s" y="%s" width="%s" height="%s"/>`, num(p.x), num(p.y), num(side), num(side))
	}
	for range min(coordination, 4*mostMarks) {
		p := place()
		d.circle("hour", point{p.x + side/2, p.y + side/2}, side/2-1)
	}
	return d.picture("hours", 0, 0, line*apart, float64((n+line-1)/line)*apart, "")
}

// sharesPicture is coordination's share over weeks: a line, and its first and last value.
func (in *asking) sharesPicture(shares []float64) template.HTML {
	const width, height, left, right = 190.0, 48.0, 42.0, 52.0
	var d drawing
	most := max(slices.Max(shares), 0.01)
	at := func(i int) point {
		return point{left + (width-left-right)*float64(i)/float64(len(shares)-1), height - 10 - (height-24)*shares[i]/most}
	}
	var line strings.Builder
	for i := range shares {
		step := "L"
		if i == 0 {
			step = "M"
		}
		line.WriteString(step + at(i).String() + " ")
	}
	last := len(shares) - 1
	d.path("st", "%s", strings.TrimSpace(line.String()))
	d.circle("ink", at(0), 2.5)
	d.circle("hour", at(last), 5)
	d.text("words", "end", point{left - 7, at(0).y + 5}, in.percent(shares[0]))
	d.text("name", "start", point{at(last).x + 9, at(last).y + 5}, in.percent(shares[last]))
	return d.picture("shares", 0, 0, width, height, in.t.T("Coordination’s share of our hours, from {first} to {last}.", "first", in.percent(shares[0]), "last", in.percent(shares[last])))
}

// weeksFormat is how large the picture of the weeks is drawn.
type weeksFormat struct {
	class               string
	width, height, w    float64 // of the picture, the highest column, and a column
	name, small, within float64 // sizes of type, and how far the blue begins inside the yellow
	brief               bool    // every second date, and what is over alone
}

var (
	wideWeeks   = weeksFormat{class: "wide", width: 1016, height: 190, w: 74, name: 15, small: 14, within: 0.12}
	narrowWeeks = weeksFormat{class: "narrow", width: 350, height: 130, w: 30, name: 13, small: 12, within: 0.12, brief: true}
)

// weeksPicture draws a column for each week: yellow is what we can give, blue what is promised, and where both lie on each other it
// can be given. The scale begins at 0, and is the same for all weeks.
func (in *asking) weeksPicture(f weeksFormat, weeks []api.LoadWeek) template.HTML {
	most := 1.0
	for _, w := range weeks {
		most = max(most, w.Promised, w.Offered)
	}
	scale := f.height / most
	var d drawing
	var words []string
	pitch := f.width / float64(len(weeks))
	rect := func(class string, x, width, from, to float64) { // heights in hours
		if to > from {
			d.add(`<rect class="%s" x="%s" y="%s" width="%s" height="%s"/>`, class, num(x), num(-to*scale), num(width), num((to-from)*scale))
		}
	}
	for i, w := range weeks {
		x := pitch*(float64(i)+0.5) - f.w/2
		inside, wide := x+f.within*f.w, f.w*(1-f.within)
		both := min(w.Promised, w.Offered)
		rect("f2", x, f.w, 0, w.Offered)
		rect("f1", inside, wide, both, w.Promised)
		for y := -both*scale - 5; y > -w.Promised*scale+1; y -= 5 {
			d.add(`<rect class="fp" x="%s" y="%s" width="%s" height="1.5"/>`, num(inside), num(y), num(wide))
		}
		rect("f3", inside, wide, 0, both)
		middle := x + f.w/2
		above := point{middle, -max(w.Promised, w.Offered)*scale - 8}
		date := in.monday(w)
		switch over := w.Promised - w.Offered; {
		case over > 0 && f.brief:
			d.text("name", "middle", above, "+"+in.numeral(over))
		case over > 0:
			d.text("name", "middle", above, in.t.T("{hours}\u00a0h over", "hours", in.numeral(over)))
		case !f.brief:
			d.text("name", "middle", above, in.t.T("{hours}\u00a0h free", "hours", in.numeral(-over)))
		}
		words = append(words, in.t.T("{week}: {promised} of {offered}", "week", date, "promised", in.numeral(w.Promised), "offered", in.numeral(w.Offered)))
		if !f.brief || i%2 == 0 {
			d.text("date", "middle", point{middle, f.small + 6}, date)
		}
		if !f.brief {
			d.text("words", "middle", point{middle, 2*f.small + 12}, in.numeral(w.Promised)+" / "+in.numeral(w.Offered))
		}
	}
	d.path("st", "M0 0 H%s", num(f.width))
	bottom := 2*f.small + 20
	if f.brief {
		bottom = f.small + 12
	}
	return d.picture("weeks "+f.class, 0, -f.height-f.name-14, f.width, f.height+f.name+14+bottom,
		in.t.T("Hours promised, of those that we can give, by weeks. {weeks}.", "weeks", strings.Join(words, "; ")))
}
