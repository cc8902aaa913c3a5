package kinds

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// MaxEntries bounds how often somebody logs hours in one month: about thirty times a day.
const MaxEntries = 1000

// maxWas bounds how many earlier forms of an entry are shown.
const maxWas = 20

// dayMinutes is how long a day is at most.
const dayMinutes = 24 * 60

var (
	monthOf   = &kind.Field{Key: "month", Is: kind.Line, First: true, Hint: "which month, as 2026-11", Form: "anything else is none, and then no hours stand in it", Log: untold}
	timeEntry = &kind.Field{
		Key: "entry", Is: kind.JSON, Each: MaxEntries, Max: 4000, Hint: "hours that they worked", Log: hoursLogged,
		Form: `JSON {"on":"2026-11-29","from":"09:00","min":90,"task":"t-…","project":"…","co":false,"text":""}; with "since":ms in the place of "min" it goes on since then; "": taken back. What is on a day of another month says nothing`, // see Worked
	}

	TimeName  = &kind.Field{Key: "entry", Is: kind.Line, Hint: "which entry"}
	TimeOn    = &kind.Field{Key: "on", Is: kind.Day, Hint: "on which day; today unless it is said"}
	TimeFrom  = &kind.Field{Key: "from", Is: kind.Line, Hint: "since when that day, as 9:00", Var: "TIME", Reads: cleanClock}
	TimeHours = &kind.Field{Key: "hours", Is: kind.Hours, Max: dayMinutes, Typed: 24, Hint: "how long"}
	TimeTask  = &kind.Field{Key: "task", Is: kind.Ref, Of: "task", Hint: "on which task"}
	TimeFor   = &kind.Field{Key: "project", Is: kind.Line, Of: "project", Hint: "for which project", Var: "P"}
	TimeCoord = &kind.Field{Key: "coordination", Is: kind.Flag, Hint: "it was coordination: planning, writing mails, talking to the client"}
	TimeText  = &kind.Field{Key: "note", Is: kind.Reason, Hint: "what was done"}
)

// Time is the hours that one member worked in one month. A month is a document, since hours are written far more often than
// anything else: so no document grows without end, and a sum over years reads a few of them. Nobody else writes in it.
var Time = &kind.Kind{
	Name: "time", Letters: "h", Gist: "hours that each worked", View: 4, Mine: true,
	Fields: []*kind.Field{monthOf},
	Own:    []*kind.Field{timeEntry},
	Derive: kind.Deriving(monthly),
	Facts: func(v *kind.View, f *kind.Facts) {
		m := kind.Of[Month](v)
		f.Who(kind.OfFact, v.CreatedBy)
		f.Has("month", m.Month)
		f.Is("running", len(m.Running) > 0)
		for _, e := range m.Entries {
			f.Has("project", e.Project)
			f.Has("task", e.Task)
		}
	},
	Searched: func(v *kind.View) (words []string) {
		for _, e := range kind.Of[Month](v).Entries {
			words = append(words, e.Text)
		}
		return words
	},
	Make: &kind.Verb{Name: "begin", Gist: "begin a month", With: []*kind.Field{monthOf}, Examples: []string{"kith time log 2h"}},
	Verbs: []*kind.Verb{
		{Name: "log", Gist: "say how long I worked", With: []*kind.Field{TimeName, TimeOn, TimeFrom, TimeHours, TimeTask, TimeFor, TimeCoord, TimeText}, Do: logTime},
		{Name: "start", Gist: "say that I begin to work", With: []*kind.Field{TimeName, TimeTask, TimeFor, TimeCoord, TimeText}, Do: startTime},
		{Name: "stop", Gist: "say that I leave off", With: []*kind.Field{TimeName, TimeHours}, Do: stopTime},
		{Name: "change", Gist: "say it otherwise", With: []*kind.Field{TimeName, TimeOn, TimeFrom, TimeHours, TimeTask, TimeFor, TimeCoord, TimeText}, Do: changeTime},
		{Name: "drop", Gist: "take an entry back", With: []*kind.Field{TimeName}, Do: dropTime},
	},
}

// MonthField is the field by which a month is found.
func MonthField() *kind.Field { return monthOf }

// Worked is one entry as it stands in a document.
type Worked struct {
	On           string `json:"on"`             // "2026-11-29"
	From         string `json:"from,omitempty"` // "09:00"; "": it isn't said
	Minutes      int64  `json:"min,omitempty"`
	Since        int64  `json:"since,omitempty"` // of what goes on: when it began, in milliseconds since 1970, by the clock of who works
	Task         string `json:"task,omitempty"`
	Project      string `json:"project,omitempty"` // its title then
	Coordination bool   `json:"co,omitempty"`
	Text         string `json:"text,omitempty"`
}

// Entry is what somebody said of their hours, and what they had said before.
type Entry struct {
	Name string // in its month
	Worked
	Gone bool     // taken back; then Worked is what it was last
	Was  []Worked // what it said before, oldest first, at most maxWas
}

// Month is the hours of one member in one month.
type Month struct {
	Month   string  // "2026-11"; "" in one that no command has made, and then there are no entries
	Entries []Entry // by day and time, then by name
	Running []Entry // begun and not ended, oldest first; no sum counts them
}

func monthly(s *kind.Story) (*Month, error) {
	m := &Month{Month: monthOf.Str(s.View)}
	if !isDay(m.Month + "-01") {
		return &Month{}, nil
	}
	type said struct {
		Worked
		op change.OpID
	}
	all := map[string][]said{}
	for _, it := range s.Items {
		for i := range it.Change.Ops {
			op := &it.Change.Ops[i]
			of, key, ok := schema.SplitOwn(op.Key)
			name, isEntry := strings.CutPrefix(key, timeEntry.Key+"/")
			if !ok || !isEntry || !op.Obj.IsZero() || of != s.CreatedBy {
				continue
			}
			if w, ok := parseWorked(op.Value.Str()); ok && m.has(w) {
				all[name] = append(all[name], said{w, op.ID})
			}
		}
	}
	was := map[string][]Worked{}
	for name, words := range all { // two devices say it apart: by operation, and not as it came here
		slices.SortFunc(words, func(a, b said) int { return a.op.Compare(b.op) })
		for _, w := range words {
			was[name] = append(was[name], w.Worked)
		}
	}
	for name, v := range timeEntry.All(s.Said[s.CreatedBy]) {
		e := Entry{Name: name, Was: was[name]}
		now, ok := parseWorked(v.Str())
		ok = ok && m.has(now)
		if on, running := parseRunning(v.Str()); running && m.has(on) {
			m.Running = append(m.Running, Entry{Name: name, Worked: on})
			continue
		}
		switch {
		case ok:
			e.Worked = now
			e.Was = slices.DeleteFunc(e.Was, func(w Worked) bool { return w == now })
		case v.Str() == "" && len(e.Was) > 0:
			e.Gone, e.Worked = true, e.Was[len(e.Was)-1]
			e.Was = e.Was[:len(e.Was)-1]
		default:
			continue // what no command writes
		}
		e.Was = e.Was[max(0, len(e.Was)-maxWas):]
		m.Entries = append(m.Entries, e)
	}
	slices.SortFunc(m.Entries, func(a, b Entry) int {
		return strings.Compare(a.On+a.From+a.Name, b.On+b.From+b.Name)
	})
	slices.SortFunc(m.Running, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Since, b.Since), strings.Compare(a.Name, b.Name))
	})
	return m, nil
}

// has says whether an entry is on a day of the month.
func (m *Month) has(w Worked) bool { return strings.HasPrefix(w.On, m.Month) }

// parseWorked reads an entry; ok is false for one that no command writes.
func parseWorked(s string) (w Worked, ok bool) {
	if json.Unmarshal([]byte(s), &w) != nil || !isDay(w.On) || w.Minutes <= 0 || w.Minutes > dayMinutes {
		return Worked{}, false
	}
	if _, ok := minuteOf(w.From); w.From != "" && !ok {
		return Worked{}, false
	}
	return w, true
}

// parseRunning reads an entry of what goes on; ok is false for any other.
func parseRunning(s string) (w Worked, ok bool) {
	err := json.Unmarshal([]byte(s), &w)
	return w, err == nil && isDay(w.On) && w.Minutes == 0 && w.Since > 0 && w.Since <= change.MaxTime
}

// minuteOf is which minute of the day a time is.
func minuteOf(clock string) (int64, bool) {
	h, m, ok := strings.Cut(clock, ":")
	hours, errH := strconv.ParseUint(h, 10, 8)
	minutes, errM := strconv.ParseUint(m, 10, 8)
	if !ok || errH != nil || errM != nil || hours > 23 || minutes > 59 || len(m) != 2 {
		return 0, false
	}
	return int64(hours*60 + minutes), true
}

func cleanClock(s string) (string, error) {
	n, ok := minuteOf(strings.ReplaceAll(strings.ToLower(s), "h", ":"))
	if !ok {
		return "", kind.Invalid("“%s” is no time of the day: write it like 9:00 or 14:30", s)
	}
	at := strconv.FormatInt(n/60, 10) + ":" + strconv.FormatInt(100+n%60, 10)[1:]
	if n < 600 {
		at = "0" + at
	}
	return at, nil
}

func theirMonth(d *kind.Draft) (*Month, error) {
	if d.Author != d.CreatedBy {
		return nil, kind.NotAllowed("your own: kith time log HOURS", "nobody but %s logs their hours", d.Name(d.CreatedBy))
	}
	return kind.Of[Month](d.View), nil
}

func logTime(d *kind.Draft) error {
	m, err := theirMonth(d)
	if err != nil {
		return err
	}
	w := Worked{On: d.Today()}
	return m.write(d, d.Asks.Str(TimeName), told(d, w))
}

func changeTime(d *kind.Draft) error {
	m, e, err := ofMonth(d)
	if err != nil {
		return err
	}
	return m.write(d, e.Name, told(d, e.Worked))
}

func dropTime(d *kind.Draft) error {
	m, e, err := ofMonth(d)
	if err != nil {
		if m != nil && slices.ContainsFunc(m.Entries, func(e Entry) bool { return e.Name == d.Asks.Str(TimeName) }) {
			return kind.Already("these hours were taken back")
		}
		if _, e, err = runningIn(d); err != nil {
			return kind.NotAllowed("kith time list", "there is no such entry any more")
		}
	}
	d.SayOf(timeEntry, e.Name, change.StrValue(""))
	return nil
}

// startTime says that the author works from now on.
func startTime(d *kind.Draft) error {
	m, err := theirMonth(d)
	if err != nil {
		return err
	}
	w := told(d, Worked{On: d.Today(), Since: d.Now.UnixMilli()})
	if !m.has(w) {
		return &kind.InvalidError{Why: "that day is in another month", Hint: "kith time start"}
	}
	return sayWorked(d, d.Asks.Str(TimeName), w)
}

// stopTime makes what went on an entry: how long and since when is what whoever knows the clock says.
func stopTime(d *kind.Draft) error {
	m, e, err := runningIn(d)
	if err != nil {
		return err
	}
	w := told(d, e.Worked)
	w.Since = 0
	return m.put(d, e.Name, w)
}

// runningIn finds what goes on, by its name.
func runningIn(d *kind.Draft) (*Month, Entry, error) {
	m, err := theirMonth(d)
	if err != nil {
		return nil, Entry{}, err
	}
	for _, e := range m.Running {
		if e.Name == d.Asks.Str(TimeName) {
			return m, e, nil
		}
	}
	return nil, Entry{}, kind.NotAllowed("kith time start", "nothing is going on")
}

// ofMonth finds an entry that stands, by its name; where there is none, the month comes with the error.
func ofMonth(d *kind.Draft) (*Month, Entry, error) {
	m, err := theirMonth(d)
	if err != nil {
		return nil, Entry{}, err
	}
	for _, e := range m.Entries {
		if e.Name == d.Asks.Str(TimeName) && !e.Gone {
			return m, e, nil
		}
	}
	return m, Entry{}, kind.NotAllowed("kith time list", "there is no such entry any more")
}

// told is what an entry becomes by what is said.
func told(d *kind.Draft, w Worked) Worked {
	if s := d.Asks.Str(TimeOn); s != "" {
		w.On = s
	}
	if d.Asks.Has(TimeFrom) {
		w.From = d.Asks.Str(TimeFrom)
	}
	if d.Asks.Has(TimeHours) {
		w.Minutes = d.Asks.Value(TimeHours).Int()
	}
	if d.Asks.Has(TimeTask) {
		w.Task = d.Asks.Str(TimeTask)
	}
	if d.Asks.Has(TimeFor) {
		w.Project = d.Asks.Str(TimeFor)
	}
	if d.Asks.Has(TimeCoord) {
		w.Coordination = d.Asks.Value(TimeCoord).Bool()
	}
	if d.Asks.Has(TimeText) {
		w.Text = d.Asks.Str(TimeText)
	}
	return w
}

// write checks an entry and writes it.
func (m *Month) write(d *kind.Draft, name string, w Worked) error {
	now := d.Now.In(d.Where())
	start, _ := minuteOf(w.From)
	switch {
	case !isDay(w.On):
		return &kind.InvalidError{Why: "hours are logged on a day", Hint: "--on 2026-11-29, and since when with --from 9:00"}
	case !m.has(w):
		return &kind.InvalidError{Why: "that day is in another month", Hint: "take it back (kith time drop ENTRY), and log it there"}
	case w.On > now.Format(time.DateOnly):
		return &kind.InvalidError{Why: w.On + " is still to come", Hint: "log hours when they are over"}
	case w.Minutes <= 0 && d.Asks.Has(TimeHours):
		return &kind.InvalidError{Why: "no time is nothing to log", Hint: "from a minute on: 0.5, 1h30, 20min"}
	case w.Minutes <= 0:
		return kind.Missing("", "it isn't said how long")
	case w.From != "" && w.On == now.Format(time.DateOnly) && start+w.Minutes > int64(now.Hour()*60+now.Minute()):
		return &kind.InvalidError{Why: "that isn't over yet", Hint: "log hours when they are over"}
	}
	return m.put(d, name, w)
}

// put writes an entry that is over, unless it can't be beside the others.
func (m *Month) put(d *kind.Draft, name string, w Worked) error {
	start, _ := minuteOf(w.From)
	if w.From != "" && start+w.Minutes > dayMinutes {
		return &kind.InvalidError{Why: "that goes beyond midnight", Hint: "log each day by itself"}
	}
	sum := w.Minutes
	for _, e := range m.Entries {
		if e.Gone || e.Name == name || e.On != w.On {
			continue
		}
		sum += e.Minutes
		if from, ok := minuteOf(e.From); ok && w.From != "" && start < from+e.Minutes && from < start+w.Minutes {
			return &kind.InvalidError{
				Why:  "it overlaps with what you logged that day from " + e.From + " on (" + kind.Minutes(e.Minutes).Words() + ")",
				Hint: "kith time list --on " + w.On,
			}
		}
	}
	if sum > dayMinutes {
		return &kind.InvalidError{Why: "with what you logged that day that is more than a day: " + kind.Minutes(sum).Words(), Hint: "kith time list --on " + w.On}
	}
	return sayWorked(d, name, w)
}

func sayWorked(d *kind.Draft, name string, w Worked) error {
	b, err := json.Marshal(w)
	if err != nil {
		return err
	}
	if len(b) > int(timeEntry.Max) {
		return &kind.LimitError{What: "what was done", Got: len(b), Limit: int(timeEntry.Max), Unit: "bytes", Advice: "put the rest into a note"}
	}
	d.SayOf(timeEntry, name, change.StrValue(string(b)))
	return nil
}

func hoursLogged(v change.Value, _ bool) (verb, to string) {
	if _, running := parseRunning(v.Str()); running {
		return "", "" // nobody is told when somebody begins
	}
	w, ok := parseWorked(v.Str())
	if !ok {
		return "took back hours", ""
	}
	what := "logged"
	if w.Coordination {
		what = "logged coordination"
	}
	return what, kind.Minutes(w.Minutes).Words() + " on " + w.On
}
