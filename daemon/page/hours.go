package page

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// worked is what the reader has worked, and the sums of all: by project and by week, never by person.
type worked struct {
	Sentence string
	Running  *running
	Log      *form
	Mine     []row
	Sums     sums
	Invoice  action
}

// running is work that goes on.
type running struct {
	Says string
	Stop action
}

// sums are hours from a day to a day.
type sums struct {
	From, To        string // for the fields in which they are asked for
	Projects, Weeks []sumRow
	Total           sumRow
}

type sumRow struct{ Name, Hours, Coordination, Share, Invoice string }

// mineDays is how far back one's own hours are listed.
const mineDays = 31

// logged are the fields of hours that one writes down oneself.
var logged = []*kind.Field{kinds.TimeHours, kinds.TimeOn, kinds.TimeFor, kinds.TimeTask, kinds.TimeCoord, kinds.TimeText}

func (in *asking) hoursPage(w http.ResponseWriter) error { return in.hoursWith(w, nil) }

// hoursWith shows the page of hours, with a form that wasn't taken, or (nil) a fresh one.
func (in *asking) hoursWith(w http.ResponseWriter, f *form) error {
	since, monday := in.now.AddDate(0, 0, -mineDays).Format(time.DateOnly), mondayOf(in.now).Format(time.DateOnly)
	mine, err := in.c.Times(in.ctx(), url.Values{"from": {min(since, monday)}})
	if err != nil {
		return err
	}
	goesOn, err := in.c.Times(in.ctx(), url.Values{"running": {"true"}})
	if err != nil {
		return err
	}
	v := worked{Log: f, Invoice: action{Words: in.t.T("Draft an invoice"), At: in.At("hours", "invoice"), Look: "line"}}
	if f == nil {
		v.Log = in.logForm(nil, api.TimeEntry{On: in.now.Format(time.DateOnly)})
	}
	for _, e := range goesOn {
		v.Running = &running{Says: dots(in.t.T("Since {time} you are at work: {hours}", "time", e.From, "hours", in.minutes(e.Minutes)), in.about(e)),
			Stop: action{Words: in.t.T("Leave off, and write it down"), At: in.At("hours", "stop"), Post: true, Look: "filled", Back: in.At("hours")}}
	}
	week := int64(0)
	for _, e := range slices.Backward(mine) {
		if e.On >= since {
			v.Mine = append(v.Mine, in.entryRow(e))
		}
		if e.On >= monday && !e.Gone {
			week += e.Minutes
		}
	}
	v.Sentence = in.t.T("You have written down no hours this week.")
	if week > 0 {
		v.Sentence = in.t.T("You have written down {hours} this week.", "hours", in.minutes(week))
	}
	if v.Sums, err = in.sums(); err != nil {
		return err
	}
	in.show(w, statusOf(f), "hours", in.t.T("Hours"), v)
	return nil
}

// entryRow is some hours of the reader's in their list.
func (in *asking) entryRow(e api.TimeEntry) row {
	r := row{ID: e.ID, Mark: textMark(), Title: cmp.Or(e.Text, e.About, in.t.T("Hours")), At: in.At("hours", e.ID)}
	was := ""
	if n := len(e.Was); n > 0 && e.Was[n-1].Minutes != e.Minutes {
		was = in.t.T("before: {hours}", "hours", in.minutes(e.Was[n-1].Minutes))
	}
	r.Says = dots(capital(in.Due(e.On, in.Near)), in.minutes(e.Minutes), in.about(e), was)
	if e.Gone {
		r.At, r.Says = "", dots(r.Says, in.t.T("taken back"))
		return r
	}
	r.Does = []action{
		{Words: in.t.T("Change it"), At: r.At, Look: "line", About: r.Title},
		{Words: in.t.T("Take it back"), At: in.At("hours", e.ID, "drop"), Post: true, Look: "plain", Back: in.At("hours"), About: r.Title},
	}
	return r
}

// about says what hours were for.
func (in *asking) about(e api.TimeEntry) string {
	about, coordination := e.About, ""
	if e.Text == "" {
		about = ""
	}
	if e.Coordination {
		coordination = in.t.T("coordination")
	}
	return dots(about, coordination)
}

// minutes says a time in hours, to a hundredth.
func (in *asking) minutes(n int64) string {
	return in.t.T("{hours}\u00a0h", "hours", in.t.numbers.Sprint(hundredths(n)))
}

// hundredths are minutes in hours, to a hundredth.
func hundredths(minutes int64) float64 { return float64((minutes*100+30)/60) / 100 }

// projectHours tells of a project how many hours were written down for it, and leads to what is made of them.
func (in *asking) projectHours(v *reading) error {
	h, err := in.c.ProjectHours(in.ctx(), v.D.ID)
	if err != nil {
		return err
	}
	left, coordination := "", ""
	switch {
	case h.Budget > 0 && h.Left < 0:
		left = in.t.T("{hours}\u00a0h over", "hours", in.numeral(-h.Left))
	case h.Budget > 0:
		left = in.t.T("{hours}\u00a0h free", "hours", in.numeral(h.Left))
	}
	if h.CoordinationMinutes > 0 {
		coordination = in.t.T("of these {hours} coordination", "hours", in.minutes(h.CoordinationMinutes))
	}
	v.Facts = append(v.Facts, fact{Name: in.t.T("Hours"), Says: dots(in.hoursSay(h.Used), coordination, left), At: in.At("hours")})
	for _, other := range h.Alike {
		v.Facts = append(v.Facts, fact{Name: in.t.T("Called the same, so these hours count there, too"), Says: other.Name, At: in.At("projects", other.ID)})
	}
	v.Next = append(v.Next, action{Words: in.t.T("Draft an invoice"), At: in.At("hours", "invoice") + "?" + url.Values{"project": {v.D.Title}}.Encode(), Look: "plain"})
	return nil
}

// sums adds up what all worked, in the days that the address says; without them, in this month.
func (in *asking) sums() (v sums, err error) {
	v.From, v.To = in.r.FormValue("from"), in.r.FormValue("to")
	if v.From == "" && v.To == "" {
		v.From = in.now.Format("2006-01") + "-01"
	}
	q := url.Values{}
	for name, day := range map[string]string{"from": v.From, "to": v.To} {
		if day != "" {
			q.Set(name, day)
		}
	}
	line := func(name string, r api.TimeRow) sumRow {
		return sumRow{Name: name, Hours: in.minutes(r.Minutes), Coordination: in.minutes(r.CoordinationMinutes), Share: in.percent(r.Share)}
	}
	for by, rows := range map[string]*[]sumRow{"project": &v.Projects, "week": &v.Weeks} {
		q.Set("by", by)
		all, err := in.c.TimeReport(in.ctx(), q)
		if err != nil {
			return v, err
		}
		for _, r := range all.Rows {
			one := line(cmp.Or(in.weekSays(r.Key), r.Key, in.t.T("for no project")), r)
			if by == "project" && r.Key != "" {
				one.Invoice = in.At("hours", "invoice") + "?" + url.Values{"project": {r.Key}, "from": {v.From}, "to": {v.To}}.Encode()
			}
			*rows = append(*rows, one)
		}
		v.Total = line(in.t.T("All of it"), all.Total)
	}
	return v, nil
}

// weekSays says a week, as "2026-W48", by its Monday; "" if it is none.
func (in *asking) weekSays(key string) string {
	year, week, ok := strings.Cut(key, "-W")
	y, err := strconv.Atoi(year)
	n, err2 := strconv.Atoi(week)
	if !ok || err != nil || err2 != nil || len(key) != len("2026-W48") {
		return ""
	}
	first := time.Date(y, 1, 4, 0, 0, 0, 0, time.UTC) // is in the first week of every year
	return in.t.T("Week from {day}", "day", in.short(mondayOf(first).AddDate(0, 0, 7*(n-1))))
}

// hoursForm is a form about hours that is sent to an address: with what an entry says, or with what was typed.
func (in *asking) hoursForm(title, at string, fields []*kind.Field, typed url.Values, e api.TimeEntry) *form {
	f := &form{ID: at, Title: title, At: at, Cancel: in.At("hours")}
	add := func(field *kind.Field, one input) {
		one.Name = field.Key
		if e.ID != "" {
			f.Hidden = append(f.Hidden, hidden{"was." + field.Key, one.Value})
		}
		f.Inputs = append(f.Inputs, one)
	}
	for _, field := range fields {
		switch field {
		case kinds.TimeHours:
			hours := ""
			if e.Minutes > 0 {
				hours = in.t.numbers.Sprint(hundredths(e.Minutes))
			}
			add(field, input{Is: "hours", Label: in.t.T("How many hours"), Needs: true, Value: hours})
		case kinds.TimeOn:
			add(field, input{Is: "day", Label: in.t.T("On which day"), Value: e.On})
		case kinds.TimeFor:
			add(field, input{Is: "pick", Label: in.t.T("For which project"), Value: e.Project, Options: in.titlesOf(kinds.Project, e.Project)})
		case kinds.TimeTask:
			add(field, input{Is: "pick", Label: in.t.T("On which of your tasks"), Value: e.Task, Options: in.openTasks(e.Task)})
		case kinds.TimeCoord:
			add(field, input{Is: "many", Label: in.t.T("Which kind of work"), Options: []option{
				{Value: "yes", Words: in.t.T("It was coordination"), Hint: in.t.T("planning, writing mails, talking to the client"), Chosen: e.Coordination},
			}})
		case kinds.TimeText:
			add(field, input{Is: "reason", Label: in.t.T("What was done"), Value: e.Text, Max: api.MaxWhy})
		}
	}
	if typed != nil {
		f.retype(typed)
	}
	return f
}

// logForm is the form in which hours are written down.
func (in *asking) logForm(typed url.Values, e api.TimeEntry) *form {
	f := in.hoursForm(in.t.T("Write down hours of yours"), in.At("hours"), logged, nil, e)
	f.Words, f.Cancel = in.t.T("Write it down"), ""
	f.Hidden = append(f.Hidden, hidden{"once", onceKey()})
	if typed != nil {
		f.retype(typed)
	}
	return f
}

// titlesOf are the open documents of a kind, by title, to choose one; chosen is among them whatever it is.
func (in *asking) titlesOf(k *kind.Kind, chosen string) []option {
	found, _ := in.list(k, mostOptions, "open", "true") // without them it is chosen from fewer
	all := in.oneOf(found, func(d document) string { return d.Title }, chosen)
	if chosen != "" && !slices.ContainsFunc(all, func(o option) bool { return o.Chosen }) {
		all = append(all, option{Value: chosen, Words: chosen, Chosen: true})
	}
	return all
}

// openTasks are those of the reader, and the one that is chosen.
func (in *asking) openTasks(chosen string) []option {
	found, _ := in.list(kinds.Task, mostOptions, "mine", "true")
	if chosen != "" && !slices.ContainsFunc(found, func(d document) bool { return d.ID == chosen }) {
		if d, err := readDocument(in.c.Document(in.ctx(), kinds.Task.Many, chosen)); err == nil {
			found = append(found, d)
		}
	}
	return in.oneOf(found, documentID, chosen)
}

// saysHours reads what a form says of hours.
func (in *asking) saysHours(fields []*kind.Field) (map[string]any, error) {
	said := map[string]any{}
	for _, f := range fields {
		if err := in.read(said, f, in.r.Form.Has(f.Key)); err != nil {
			return nil, err
		}
	}
	return said, nil
}

// logHours writes hours down. A form that is sent twice writes them once.
func (in *asking) logHours(w http.ResponseWriter) error {
	at, err := in.p.made.once(in.r.PostFormValue("once"), func() (string, error) {
		said, err := in.saysHours(logged)
		if err != nil {
			return "", err
		}
		e, err := in.c.LogTime(in.ctx(), said)
		return in.telling(in.At("hours"), in.saidAll(e.Told)), err
	})
	if err != nil {
		return in.hoursWith(w, in.again(in.logForm(in.r.PostForm, api.TimeEntry{}), err))
	}
	in.goTo(w, at)
	return nil
}

// beginForm asks for what somebody begins to work.
func (in *asking) beginForm(typed url.Values) *form {
	f := in.hoursForm(in.t.T("I begin to work"), in.At("hours", "start"), logged[2:], typed, api.TimeEntry{})
	f.Words = in.t.T("I begin now")
	return f
}

func (in *asking) startHours(w http.ResponseWriter) error {
	said, err := in.saysHours(logged[2:])
	var e api.TimeEntry
	if err == nil {
		e, err = in.c.StartTime(in.ctx(), said)
	}
	if err != nil {
		in.formPage(w, in.again(in.beginForm(in.r.PostForm), err))
		return nil
	}
	in.leads(w, in.At("hours"), e.Told)
	return nil
}

func (in *asking) stopHours(w http.ResponseWriter) error {
	e, err := in.c.StopTime(in.ctx(), nil)
	if err != nil {
		return err
	}
	in.leads(w, in.At("hours"), e.Told)
	return nil
}

// changeForm is the form in which hours are said otherwise.
func (in *asking) changeForm(typed url.Values) (*form, error) {
	e, err := in.c.Time(in.ctx(), in.r.PathValue("entry"))
	if err != nil {
		return nil, err
	}
	if e.Gone || e.Running {
		return nil, noSuchThing
	}
	f := in.hoursForm(in.t.T("Change hours of yours"), in.At("hours", e.ID), logged, typed, e)
	f.Words = in.t.T("Save it")
	return f, nil
}

func (in *asking) changeHours(w http.ResponseWriter) error {
	f, err := in.changeForm(in.r.PostForm)
	if err != nil {
		return err
	}
	said, err := in.saysHours(logged)
	var e api.TimeEntry
	if err == nil {
		e, err = in.c.ChangeTime(in.ctx(), in.r.PathValue("entry"), said)
	}
	if err != nil {
		in.formPage(w, in.again(f, err))
		return nil
	}
	in.leads(w, in.At("hours"), e.Told)
	return nil
}

func (in *asking) dropHours(w http.ResponseWriter) error {
	if _, err := in.c.DropTime(in.ctx(), in.r.PathValue("entry")); err != nil {
		return err
	}
	in.goTo(w, in.At("hours"))
	return nil
}
