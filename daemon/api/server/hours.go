package server

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"time"

	outside "kith/crdt/about"
	"kith/crdt/invoice"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/money"
	"kith/daemon/api"
)

// timeRoutes are the requests about hours: months are documents that nobody needs to know of.
func timeRoutes() []route {
	period := []param{{name: "from", gist: "from this day on"}, {name: "to", gist: "to this day"}, {name: "project", gist: "for this project"}}
	return []route{
		{path: "GET time", gist: "hours, newest last; one's own unless a project or all is asked for", query: append(slices.Clone(period), param{name: "all", gist: "everybody's", is: aFlag}, param{name: "running", gist: "only what one has begun and not ended", is: aFlag}), work: answers((*Server).times)},
		{path: "GET time/{entry}", gist: "some hours of one's own", work: answers((*Server).timeEntry)},
		{path: "POST time", gist: "log hours", work: saying("log", (*Server).logTime)},
		{path: "POST time/start", gist: "begin to work", work: saying("start", (*Server).startTime)},
		{path: "POST time/stop", gist: "leave off, and log the hours since the beginning", work: saying("stop", (*Server).stopTime)},
		{path: "PATCH time/{entry}", gist: "say one's own hours otherwise", work: saying("change", (*Server).changeTime)},
		{path: "POST time/{entry}/drop", gist: "take one's own hours back", work: takes((*Server).dropTime)},
		{path: "GET time/report", gist: "sums of hours", query: append(slices.Clone(period), param{name: "by", gist: "what is summed up; the first is the default", is: aWord, words: reportKeys}), work: answers((*Server).timeReport)},
		{path: "GET time/invoice", gist: "the draft of an invoice", query: append(slices.Clone(period), param{name: "rate", gist: "what an hour costs, if the project doesn't say"}, param{name: "coordination", gist: "what coordination costs, if the project doesn't say"}, param{name: "tax", gist: "percent"}, languageParam), work: answers((*Server).invoice)},
		{path: "GET time/project/{id}", gist: "how many hours are used and left", about: aDocument, work: answers((*Server).projectHours)},
		{path: "GET about", gist: "what members meant for others outside: for one page about the co-op", query: []param{languageParam}, work: answers((*Server).about)},
		{path: "GET load", gist: "what is promised against what can be given", work: answers((*Server).load)},
	}
}

// languageParam says in which language Kith says its own words in what is for others.
var languageParam = param{name: "language", gist: "of the words of Kith; the first is the default", is: aWord, words: outside.Languages}

var reportKeys = []string{"project", "kind", "week"}

// saying is a request whose body is that of a verb of kinds.Time, without the name of the entry.
func saying(verb string, do func(*Server, *http.Request, body) (api.TimeEntry, error)) work {
	w := takes(func(s *Server, r *http.Request, b body) (api.TimeEntry, error) { return do(s, r, b) })
	w.took = nil
	w.in = func(s schemas) object { return s.request(kinds.Time, kinds.Time.Verb(verb)) }
	return w
}

// month finds the document of one's own hours of a day, and begins it where there is none.
func (s *Server) month(ctx context.Context, me, day string) (string, error) {
	month := day[:len("2026-11")]
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Time, Wants: wanting(kind.Want{Fact: kind.OfFact, Is: oneOf([]string{me})}, kind.Want{Fact: "month", Is: oneOf([]string{month})})})
	if err != nil {
		return "", err
	}
	if len(all) > 0 {
		slices.SortFunc(all, func(a, b Shown) int { return strings.Compare(a.ID, b.ID) })
		return all[0].ID, nil
	}
	var a Asks
	a.Title = &month
	if err := a.say(kinds.MonthField(), month); err != nil {
		return "", err
	}
	d, err := s.at.Documents.Create(ctx, kinds.Time, a)
	return d.ID, err
}

func (s *Server) logTime(r *http.Request, b body) (api.TimeEntry, error) {
	me, err := s.me(r.Context())
	if err != nil {
		return api.TimeEntry{}, err
	}
	verb := kinds.Time.Verb("log")
	a, err := s.asked(r.Context(), s, kinds.Time, verb, b)
	if err != nil {
		return api.TimeEntry{}, err
	}
	day := cmp.Or(a.Str(kinds.TimeOn), s.now().Format(time.DateOnly))
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		return api.TimeEntry{}, api.Problemf(api.Invalid, "on 2026-11-29, from 09:00", "hours are logged on a day")
	}
	if day > s.now().AddDate(0, 0, 1).Format(time.DateOnly) { // before a month is begun for it
		return api.TimeEntry{}, api.Problemf(api.Invalid, "log hours when they are over", "%s is still to come", day)
	}
	if err := s.projectOfTask(r.Context(), &a); err != nil {
		return api.TimeEntry{}, err
	}
	doc, err := s.month(r.Context(), me, day)
	if err != nil {
		return api.TimeEntry{}, err
	}
	name, err := newEntryName()
	if err == nil {
		err = a.say(kinds.TimeOn, day)
	}
	if err == nil {
		err = a.say(kinds.TimeName, name)
	}
	if err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(r.Context(), verb, doc, name, a)
}

// projectOfTask says for which project a task is, unless somebody did.
func (s *Server) projectOfTask(ctx context.Context, a *Asks) error {
	if a.Str(kinds.TimeTask) == "" || a.Has(kinds.TimeFor) {
		return nil
	}
	t, err := s.at.Documents.Show(ctx, kinds.Task, a.Str(kinds.TimeTask))
	if err != nil {
		return err
	}
	project := kinds.Task.Field("project").Str(t.View)
	if project == "" {
		return nil
	}
	return s.sayCalled(ctx, a, kinds.TimeFor, project)
}

// newEntryName names an entry, unlike all others of anybody.
func newEntryName() (string, error) {
	var b [8]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("name an entry: %w", err)
	}
	return strings.ToLower(entryNames.EncodeToString(b[:])), nil
}

var entryNames = base32.NewEncoding("0123456789ABCDEFGHJKMNPQRSTVWXYZ").WithPadding(base32.NoPadding)

// sayTime does what a verb says with a month, and tells the entry.
func (s *Server) sayTime(ctx context.Context, verb *kind.Verb, doc, name string, a Asks) (api.TimeEntry, error) {
	d, err := s.at.Documents.Do(ctx, kinds.Time, verb, doc, a)
	if err != nil {
		return api.TimeEntry{}, err
	}
	tell, m := s.teller(ctx), kind.Of[kinds.Month](d.View)
	for _, e := range slices.Concat(m.Entries, m.Running) {
		if e.Name == name {
			said := tell(d, e)
			said.Told, said.Changed = d.Told, d.Changed
			return said, nil
		}
	}
	return api.TimeEntry{}, errors.New("the entry isn't there")
}

// entry finds one of one's own, and its month, by its ID or a start of it.
func (s *Server) entry(ctx context.Context, word string) (month Shown, e kinds.Entry, err error) {
	me, err := s.me(ctx)
	if err != nil {
		return month, e, err
	}
	months, err := s.months(ctx, me, "", "")
	if err != nil {
		return month, e, err
	}
	start := api.Crockford.Replace(strings.ToLower(strings.TrimSpace(word)))
	found := 0
	for _, d := range months {
		m := kind.Of[kinds.Month](d.View)
		for _, one := range slices.Concat(m.Entries, m.Running) {
			if start != "" && strings.HasPrefix(one.Name, start) {
				month, e = d, one
				found++
			}
		}
	}
	switch found {
	case 1:
		return month, e, nil
	case 0:
		return month, e, api.Problemf(api.NotFound, "kith time list", "no hours of yours have an ID that starts with “%s”", api.Brief(word))
	}
	return month, e, api.Problemf(api.Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", api.Brief(word))
}

func (s *Server) timeEntry(r *http.Request) (api.TimeEntry, error) {
	month, e, err := s.entry(r.Context(), r.PathValue("entry"))
	if err != nil {
		return api.TimeEntry{}, err
	}
	return s.teller(r.Context())(month, e), nil
}

func (s *Server) changeTime(r *http.Request, b body) (api.TimeEntry, error) {
	month, e, err := s.entry(r.Context(), r.PathValue("entry"))
	if err != nil {
		return api.TimeEntry{}, err
	}
	verb := kinds.Time.Verb("change")
	a, err := s.asked(r.Context(), s, kinds.Time, verb, b)
	if err == nil && a.Has(kinds.TimeTask) {
		err = s.projectOfTask(r.Context(), &a)
	}
	if err == nil {
		err = a.say(kinds.TimeName, e.Name)
	}
	if err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(r.Context(), verb, month.ID, e.Name, a)
}

func (s *Server) dropTime(r *http.Request, _ nothing) (api.TimeEntry, error) {
	month, e, err := s.entry(r.Context(), r.PathValue("entry"))
	if err != nil {
		return api.TimeEntry{}, err
	}
	var a Asks
	if err := a.say(kinds.TimeName, e.Name); err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(r.Context(), kinds.Time.Verb("drop"), month.ID, e.Name, a)
}

// months are the documents of hours from a day to a day ("": without bound), of one member or ("") of all, of which all else that is
// wanted is so. What isn't wanted isn't read.
func (s *Server) months(ctx context.Context, of, from, to string, also ...kind.Want) ([]Shown, error) {
	return s.at.Documents.List(ctx, ListQuery{Kind: kinds.Time, Wants: func(kind.Asker) (wants []kind.Want) {
		wants = append(wants, also...)
		if of != "" {
			wants = append(wants, kind.Want{Fact: kind.OfFact, Is: oneOf([]string{of})})
		}
		if from != "" || to != "" {
			wants = append(wants, kind.Want{Fact: "month", Is: func(m string) bool {
				return (from == "" || m >= from[:len(m)]) && (to == "" || m <= to[:len(m)])
			}})
		}
		return wants
	}})
}

// hours are the entries that a request is about, by month and day; each with its month.
func (s *Server) hours(ctx context.Context, q query, of string, each func(Shown, kinds.Entry)) (from, to string, err error) {
	for name, into := range map[string]*string{"from": &from, "to": &to} {
		if *into = q.Get(name); *into == "" {
			continue
		}
		if _, err := time.Parse(time.DateOnly, *into); err != nil {
			return "", "", api.Problemf(api.Invalid, "a day like 2026-11-29", "“%s” is no day", api.Brief(*into))
		}
	}
	if from != "" && to != "" && to < from {
		return "", "", api.Problemf(api.Invalid, "the first day comes first", "%s is before %s", to, from)
	}
	names := []string(nil)
	if words := strings.TrimSpace(q.Get("project")); words != "" {
		if names, err = s.callings(ctx, kinds.Project.Name, words); err != nil {
			return "", "", err
		}
	}
	wanted, also := oneOf(names), []kind.Want(nil)
	if names != nil {
		also = append(also, kind.Want{Fact: "project", Is: wanted})
	}
	months, err := s.months(ctx, of, from, to, also...)
	if err != nil {
		return "", "", err
	}
	slices.SortFunc(months, func(a, b Shown) int {
		return cmp.Or(strings.Compare(kind.Of[kinds.Month](a.View).Month, kind.Of[kinds.Month](b.View).Month), strings.Compare(a.ID, b.ID))
	})
	for _, d := range months {
		for _, e := range kind.Of[kinds.Month](d.View).Entries {
			if (from == "" || e.On >= from) && (to == "" || e.On <= to) && (names == nil || wanted(e.Project)) {
				each(d, e)
			}
		}
	}
	return from, to, nil
}

// teller tells entries, with the titles of what they are about; each is looked up once.
func (s *Server) teller(ctx context.Context) func(Shown, kinds.Entry) api.TimeEntry {
	tasks := map[string]api.Other{}
	return func(d Shown, e kinds.Entry) api.TimeEntry {
		out := api.TimeEntry{
			ID: e.Name, By: d.CreatedBy, On: e.On, From: e.From, Minutes: e.Minutes, Task: e.Task, Project: e.Project, About: e.Project,
			Coordination: e.Coordination, Text: e.Text, Gone: e.Gone, Was: []api.TimeWas{},
		}
		if e.Task != "" {
			task, known := tasks[e.Task]
			if !known {
				task = api.Other{ID: e.Task}
				if t, err := s.at.Documents.Show(ctx, kinds.Task, e.Task); err == nil {
					task.Title = t.Title
				} else if next := s.at.Versions.GoesOnFrom(e.Task); next != nil { // it is gone, but not all of it
					task = *next
				}
				tasks[e.Task] = task
			}
			out.Task, out.About = task.ID, cmp.Or(task.Title, e.Project)
		}
		if e.Since != 0 && e.Minutes == 0 {
			began := time.UnixMilli(e.Since).In(s.now().Location())
			out.Running, out.From, out.Minutes = true, began.Format("15:04"), max(0, int64(s.now().Sub(began)/time.Minute))
		}
		for _, w := range e.Was {
			out.Was = append(out.Was, api.TimeWas{On: w.On, From: w.From, Minutes: w.Minutes, Coordination: w.Coordination, Text: w.Text})
		}
		return out
	}
}

func (s *Server) times(r *http.Request) ([]api.TimeEntry, error) {
	q := query{r.URL.Query()}
	of, only := "", q.flag("running")
	if only && (q.flag("all") || cmp.Or(q.Get("project"), q.Get("from"), q.Get("to")) != "") {
		return nil, api.Problemf(api.Usage, "kith time list --running", "what goes on is asked for alone: it has no days yet, and nobody is shown anybody else's")
	}
	if !q.flag("all") && q.Get("project") == "" {
		me, err := s.me(r.Context())
		if err != nil {
			return nil, err
		}
		of = me
	}
	out, tell := []api.TimeEntry{}, s.teller(r.Context())
	if of != "" && q.Get("from") == "" && q.Get("to") == "" {
		running, err := s.running(r.Context(), of)
		if err != nil {
			return nil, err
		}
		for _, on := range running {
			out = append(out, tell(on.Shown, on.Entry))
		}
	}
	if only {
		return out, nil
	}
	_, _, err := s.hours(r.Context(), q, of, func(d Shown, e kinds.Entry) { out = append(out, tell(d, e)) })
	slices.SortStableFunc(out, func(a, b api.TimeEntry) int { return strings.Compare(a.On+a.From, b.On+b.From) })
	return out, err
}

func (s *Server) timeReport(r *http.Request) (api.TimeReport, error) {
	q := query{r.URL.Query()}
	by := cmp.Or(q.Get("by"), reportKeys[0])
	if !slices.Contains(reportKeys, by) {
		return api.TimeReport{}, checkWord("by", by, reportKeys)
	}
	present, err := s.presentTitles(r.Context())
	if err != nil {
		return api.TimeReport{}, err
	}
	rows := map[string]*api.TimeRow{}
	out := api.TimeReport{By: by, Rows: []api.TimeRow{}}
	out.From, out.To, err = s.hours(r.Context(), q, "", func(_ Shown, e kinds.Entry) {
		if e.Gone {
			return
		}
		key := ""
		switch by {
		case "project":
			key = cmp.Or(present[strings.ToLower(e.Project)], e.Project)
		case "kind":
			key = "work"
			if e.Coordination {
				key = "coordination"
			}
		case "week":
			day, _ := time.Parse(time.DateOnly, e.On)
			year, week := day.ISOWeek()
			key = fmt.Sprintf("%04d-W%02d", year, week)
		}
		if rows[key] == nil {
			rows[key] = &api.TimeRow{Key: key}
		}
		for _, row := range []*api.TimeRow{rows[key], &out.Total} {
			row.Minutes += e.Minutes
			if e.Coordination {
				row.CoordinationMinutes += e.Minutes
			}
		}
	})
	for _, row := range rows {
		row.Share = share(row.CoordinationMinutes, row.Minutes)
		out.Rows = append(out.Rows, *row)
	}
	slices.SortFunc(out.Rows, func(a, b api.TimeRow) int { return strings.Compare(a.Key, b.Key) })
	out.Total.Share = share(out.Total.CoordinationMinutes, out.Total.Minutes)
	return out, err
}

// share is a part of a whole, to four decimals.
func share(part, whole int64) float64 {
	if whole == 0 {
		return 0
	}
	return math.Round(float64(part)/float64(whole)*10_000) / 10_000
}

func (s *Server) projectHours(r *http.Request) (api.ProjectHours, error) {
	d, err := s.resolve(r.Context(), kinds.Project.Name, r.PathValue("id"))
	if err != nil {
		return api.ProjectHours{}, err
	}
	p, err := s.at.Documents.Show(r.Context(), kinds.Project, d.ID)
	if err != nil {
		return api.ProjectHours{}, err
	}
	out := api.ProjectHours{Project: api.Named{ID: d.ID, Name: p.Title}, Alike: []api.Named{}, Tasks: []api.NamedTask{}}
	used, onTask := int64(0), map[string]int64{}
	_, _, err = s.hours(r.Context(), query{map[string][]string{"project": {d.ID}}}, "", func(_ Shown, e kinds.Entry) {
		if e.Gone {
			return
		}
		used += e.Minutes
		onTask[e.Task] += e.Minutes
		if e.Coordination {
			out.CoordinationMinutes += e.Minutes
		}
	})
	if err != nil {
		return out, err
	}
	names, err := s.callingsOf(r.Context(), p)
	if err != nil {
		return out, err
	}
	meant, err := s.meant(r.Context(), kinds.Project.Name, p.Title)
	if err != nil {
		return out, err
	}
	if slices.ContainsFunc(meant, p.is) {
		for _, other := range slices.DeleteFunc(meant, p.is) {
			out.Alike = append(out.Alike, api.Named{ID: other.ID, Name: other.Short})
		}
	}
	tasks, err := s.at.Documents.List(r.Context(), ListQuery{Kind: kinds.Task, Wants: wanting(kind.Want{Fact: "project", Is: oneOf(names)})})
	if err != nil {
		return out, err
	}
	for id, minutes := range maps.Clone(onTask) {
		if id == "" || slices.ContainsFunc(tasks, func(t Shown) bool { return t.ID == id }) {
			continue
		}
		if next := s.at.Versions.GoesOnFrom(id); next != nil { // what was worked on it before a part was forgotten
			onTask[next.ID] += minutes
		}
	}
	for _, t := range tasks {
		minutes, status := kinds.Task.Field("hours").Int(t.View), kinds.Task.State(t.View)
		if status == kinds.TaskOpen || status == kinds.TaskDoing {
			out.Planned += hoursOf(max(0, minutes-onTask[t.ID]))
		}
		out.Tasks = append(out.Tasks, api.NamedTask{ID: t.ID, Short: t.Short, Title: t.Title, Status: status, Hours: hoursOf(minutes), Used: hoursOf(onTask[t.ID])})
	}
	budget := kinds.Project.Field("budget").Int(p.View)
	out.Budget, out.Used = hoursOf(budget), hoursOf(used)
	if budget > 0 {
		out.Left = hoursOf(budget - used)
	}
	return out, nil
}

// hoursOf gives minutes in hours, to two decimals.
func hoursOf(minutes int64) float64 { return math.Round(kind.Minutes(minutes).Hours()*100) / 100 }

func (s *Server) invoice(r *http.Request) (*invoice.Invoice, error) {
	ctx, q := r.Context(), query{r.URL.Query()}
	if strings.TrimSpace(q.Get("project")) == "" {
		return nil, api.Problemf(api.Invalid, "kith time invoice --project P", "it isn't said for which project")
	}
	p, ok, err := s.called(ctx, kinds.Project.Name, q.Get("project"))
	switch {
	case err != nil:
		return nil, err
	case !ok:
		hint := "kith project list"
		titles, err := s.titlesOf(ctx, kinds.Project.Name)
		if err != nil {
			return nil, err
		}
		if meant := api.Meant(q.Get("project"), titles); meant != "" {
			hint = "did you mean " + meant + "? Else: " + hint
		}
		return nil, api.Problemf(api.NotFound, hint, "no project is called “%s”", api.Brief(q.Get("project")))
	}
	meant, err := s.meant(ctx, kinds.Project.Name, p.Title)
	if err != nil {
		return nil, err
	}
	if len(meant) > 1 && slices.ContainsFunc(meant, p.is) {
		return nil, moreThanOne("their hours can't be told apart until one is called otherwise: kith project edit "+p.Short+" --title TITLE", kinds.Project.Name, p.Title, meant)
	}
	terms, err := s.terms(ctx, q, p)
	if err != nil {
		return nil, err
	}
	if terms.Language, err = languageOf(r); err != nil {
		return nil, err
	}
	work, coordination := map[string]*invoice.Work{}, int64(0)
	tell := s.teller(ctx)
	var order []*invoice.Work
	from, to, err := s.hours(ctx, q, "", func(d Shown, e kinds.Entry) {
		switch {
		case e.Gone:
		case e.Coordination:
			coordination += e.Minutes
		default:
			about := tell(d, e).About
			if work[about] == nil {
				work[about] = &invoice.Work{Text: about}
				order = append(order, work[about])
			}
			work[about].Minutes += e.Minutes
		}
	})
	if err != nil {
		return nil, err
	}
	var lines []invoice.Work
	for _, w := range order {
		lines = append(lines, *w)
	}
	out, err := invoice.Make(terms, lines, coordination)
	var mixed *money.MixedError
	switch {
	case errors.Is(err, invoice.ErrNothing):
		return nil, api.Problemf(api.NotAllowed, "kith time list --project "+p.Short, "there are no hours to charge for: nobody logged any for %s in that time", p.Title)
	case errors.As(err, &mixed):
		return nil, api.Problemf(api.Invalid, "say the rate and what coordination costs in one currency: kith project edit "+p.Short, "%v", err)
	case err != nil:
		return nil, api.Problemf(api.Invalid, "kith project edit "+p.Short, "%v", err)
	}
	out.Project, out.Client, out.From, out.To = p.Title, kinds.Project.Field("client").Str(p.View), from, to
	return out, nil
}

// terms are what an invoice for a project costs: what is asked for, or else what the project says, or the agreements.
func (s *Server) terms(ctx context.Context, q query, p Shown) (t invoice.Terms, err error) {
	of := func(name string) (string, error) {
		f := kinds.Project.Field(name)
		if words := q.Get(name); words != "" {
			return f.Clean(words)
		}
		return f.Str(p.View), nil
	}
	rate, err := of("rate")
	if err != nil {
		return t, err
	}
	if rate == "" {
		return t, api.Problemf(api.Invalid, "kith project edit "+p.Short+` --rate "60 EUR", or --rate here`, "it isn't said what an hour costs")
	}
	if t.Rate, err = money.Parse(rate); err != nil {
		return t, err
	}
	if t.Coordination, err = of("coordination"); err != nil {
		return t, err
	}
	if t.Coordination == "" {
		if t.Coordination, err = s.figure(ctx, kinds.FigureCoordination); err != nil {
			return t, err
		}
	}
	if tax := strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(q.Get("tax")), "%")); tax != "" {
		if t.Tax, err = money.Number(tax, 100); err != nil {
			return t, api.Problemf(api.Invalid, "a percentage from 0 to 100, as 21", "the tax: %v", err)
		}
	}
	return t, nil
}

// figure is what the agreements in force say in a figure; "" if they don't.
func (s *Server) figure(ctx context.Context, name string) (string, error) {
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Agreement, Wants: wanting(kind.Want{Fact: "figures"})})
	if err != nil {
		return "", err
	}
	var agreements []*kind.View
	for _, d := range all {
		agreements = append(agreements, d.View)
	}
	for _, in := range kinds.FiguresInForce(agreements) {
		if in.Name == name {
			return in.Value, nil
		}
	}
	return "", nil
}
