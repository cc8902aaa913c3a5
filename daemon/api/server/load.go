package server

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/load"
	"kith/daemon/api"
)

// maxSuggests bounds what is suggested at once.
const maxSuggests = 20

// load counts what is promised against what can be given.
func (s *Server) load(r *http.Request) (api.Load, error) {
	ctx := r.Context()
	out := api.Load{Weeks: []api.LoadWeek{}, Members: []api.LoadMember{}, Suggests: []api.LoadSuggest{}}
	mine, err := s.me(ctx)
	if err != nil {
		return out, err
	}
	me, err := charter.ParseMemberID(mine)
	if err != nil {
		return out, err
	}
	people, names, err := s.givers(ctx)
	if err != nil {
		return out, err
	}
	promises, tasks, roles, err := s.promises(ctx)
	if err != nil {
		return out, err
	}
	today := s.now().Format(time.DateOnly)
	var all [][]load.Week
	for _, p := range people {
		weeks := load.Of(p, promises, today)
		all = append(all, weeks)
		if p.Member != me {
			continue
		}
		if out.Mine, err = s.ownLoad(ctx, weeks); err != nil {
			return out, err
		}
	}
	out.People = len(people)
	if !load.Visible(people, me) {
		out.Withheld = "fewer than " + strconv.Itoa(load.FewPeople) + " have said what they can give: the sum is shown to those who have"
		return out, nil
	}
	sum := load.Sum(all, today)
	out.Weeks, out.OverWeeks = loadWeeks(sum), len(load.Over(sum))
	out.Over = out.OverWeeks > 0
	for _, one := range promises {
		for i, m := range one.By {
			if !slices.ContainsFunc(people, func(p load.Person) bool { return p.Member == m }) && !one.Weekly {
				out.Unsaid += hoursOf(one.Minutes*int64(i+1)/int64(len(one.By)) - one.Minutes*int64(i)/int64(len(one.By)))
			}
		}
	}
	for _, p := range load.Listed(people) {
		out.Members = append(out.Members, api.LoadMember{Member: names[p.Member], Hours: hoursOf(p.Week), Until: p.Until})
	}
	slices.SortFunc(out.Members, func(a, b api.LoadMember) int { return strings.Compare(a.Member.Name, b.Member.Name) })
	if out.Over {
		out.Suggests, err = s.suggests(ctx, tasks, roles)
	}
	return out, err
}

// ownLoad is what only the member of this device is shown: how full their weeks are, and which go beyond the agreement.
func (s *Server) ownLoad(ctx context.Context, weeks []load.Week) (*api.LoadMine, error) {
	out := &api.LoadMine{Weeks: loadWeeks(weeks), Over: []string{}}
	limit, err := s.figure(ctx, kinds.FigureHoursLimit)
	if err != nil {
		return nil, err
	}
	hours, err := strconv.ParseFloat(strings.TrimSuffix(limit, "h"), 64)
	if err != nil || hours <= 0 {
		return out, nil // none is in force
	}
	out.Limit = hours
	for _, w := range weeks {
		if float64(w.Promised) > hours*60 {
			out.Over = append(out.Over, w.From)
		}
	}
	return out, nil
}

func loadWeeks(weeks []load.Week) []api.LoadWeek {
	out := []api.LoadWeek{}
	for _, w := range weeks {
		one := api.LoadWeek{From: w.From, Promised: hoursOf(w.Promised), Offered: hoursOf(w.Offered)}
		if percent, ok := w.Percent(); ok {
			one.Percent = &percent
		}
		out = append(out, one)
	}
	return out
}

// givers are those who say what they can give: of several profiles of one person the one that was changed last. Who has
// left gives nothing.
func (s *Server) givers(ctx context.Context) (people []load.Person, names map[charter.MemberID]api.Named, err error) {
	members, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return nil, nil, err
	}
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Profile})
	if err != nil {
		return nil, nil, err
	}
	names = map[charter.MemberID]api.Named{}
	for _, d := range all { // the newest change first
		of := d.View.CreatedBy
		here := slices.ContainsFunc(members, func(m api.Member) bool { return m.ID == of.String() && whoIsIn(m) == nil })
		if _, had := names[of]; had || !here {
			continue
		}
		names[of] = d.CreatedBy
		f := func(name string) string { return kinds.Profile.Field(name).Str(d.View) }
		if week := kinds.Profile.Field("hours").Int(d.View); week > 0 {
			people = append(people, load.Person{
				Member: of, Week: week, Off: load.DaysOff(f("off")), Until: f("until"), Away: kind.Of[kinds.Absence](d.View).Away, ToAll: f("shared") == kinds.SharedToAll,
			})
		}
	}
	return people, names, nil
}

// promises are the tasks that somebody has and that aren't over, with what is left of their hours or what they take each week, and the
// roles that take hours; and the tasks and roles of which they are.
func (s *Server) promises(ctx context.Context) (all []load.Promise, tasks, roles []Shown, err error) {
	taken, err := s.tasksWith(ctx, 0, kind.Want{Fact: "open"}, kind.Want{Fact: "mine"})
	if err != nil {
		return nil, nil, nil, err
	}
	done, err := s.workedOn(ctx, taken)
	if err != nil {
		return nil, nil, nil, err
	}
	for _, t := range taken {
		left := kinds.Task.Field("hours").Int(t.View) - done[t.ID]
		if week := kinds.Task.Field("weekly").Int(t.View); week > 0 { // two who wrote both meanwhile: it recurs
			all = append(all, load.Promise{By: kind.Of[kinds.Doing](t.View).TakenBy, Minutes: week, Due: kinds.Task.Field("due").Str(t.View), Weekly: true})
		} else if left > 0 {
			all = append(all, load.Promise{By: kind.Of[kinds.Doing](t.View).TakenBy, Minutes: left, Due: kinds.Task.Field("due").Str(t.View)})
		} else {
			continue
		}
		tasks = append(tasks, t)
	}
	held, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Role})
	for _, d := range held {
		var by []charter.MemberID
		for _, h := range kind.Of[kinds.Tenure](d.View).Holders {
			by = append(by, h.Member)
		}
		if week := kinds.Role.Field("hours").Int(d.View); week > 0 && len(by) > 0 {
			all = append(all, load.Promise{By: by, Minutes: week, Due: kinds.Role.Field("until").Str(d.View), Weekly: true})
			roles = append(roles, d)
		}
	}
	return all, tasks, roles, err
}

// tasksWith lists the tasks that have these facts, the newest change first: so many, or all for 0.
func (s *Server) tasksWith(ctx context.Context, limit int, wants ...kind.Want) ([]Shown, error) {
	return s.at.Documents.List(ctx, ListQuery{Kind: kinds.Task, Limit: limit, Wants: wanting(wants...)})
}

// workedOn is how many minutes were logged on each of these tasks that takes hours, also before a part of it was forgotten. Only the months
// are read in which one of them is named, however many years there are.
func (s *Server) workedOn(ctx context.Context, tasks []Shown) (map[string]int64, error) {
	done, is := map[string]int64{}, map[string]string{} // is: which of the tasks an ID means
	for _, t := range tasks {
		if kinds.Task.Field("hours").Int(t.View) == 0 {
			continue
		}
		is[t.ID] = t.ID
		for id := range strings.FieldsSeq(t.View.Continues) {
			if _, err := s.at.Documents.Show(ctx, kinds.Task, id); err != nil { // else what was worked on it is its own
				is[id] = t.ID
			}
		}
	}
	if len(is) == 0 {
		return done, nil
	}
	months, err := s.months(ctx, "", "", "", kind.Want{Fact: "task", Is: func(id string) bool { return is[id] != "" }})
	for _, d := range months {
		for _, e := range kind.Of[kinds.Month](d.View).Entries {
			if id := is[e.Task]; id != "" && !e.Gone {
				done[id] += e.Minutes
			}
		}
	}
	return done, err
}

// suggests says what could be done if it is too much: of the work, never of people. taken and held are the tasks and roles that take the
// hours. Where nothing of them can simply give way, it is said of each what it would take.
func (s *Server) suggests(ctx context.Context, taken, held []Shown) ([]api.LoadSuggest, error) {
	out := []api.LoadSuggest{}
	add := func(d Shown, what string) {
		had := slices.ContainsFunc(out, func(o api.LoadSuggest) bool { return o.ID == d.ID })
		if !had && len(out) < maxSuggests {
			out = append(out, api.LoadSuggest{ID: d.ID, Short: d.Short, Title: d.Title, What: what})
		}
	}
	requests, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Intake, Wants: wanting(kind.Want{Fact: "open"})})
	if err != nil {
		return nil, err
	}
	for _, d := range requests {
		add(d, "could be declined, or passed to an ally")
	}
	heavy, err := s.tasksWith(ctx, maxSuggests, kind.Want{Fact: "help"})
	if err != nil {
		return nil, err
	}
	for _, d := range heavy {
		add(d, "could be handed over: help is wanted")
	}
	unanswered, err := s.tasksWith(ctx, maxSuggests, kind.Want{Fact: "asked"}, kind.Want{Fact: "mine", Not: true})
	if err != nil {
		return nil, err
	}
	for _, d := range unanswered {
		add(d, "could be declined: nobody has said yes yet")
	}
	inFour := s.now().AddDate(0, 0, 28).Format(time.DateOnly)
	for _, d := range taken {
		due := kinds.Task.Field("due").Str(d.View)
		switch {
		case kinds.Task.Field("weekly").Int(d.View) > 0:
			add(d, "could be handed over, or done less often")
		case kinds.Task.State(d.View) == kinds.TaskOpen && (due == "" || due > inFour):
			add(d, "could wait")
		}
	}
	for _, d := range held {
		add(d, "could go on to who is next, or take fewer hours")
	}
	for _, d := range taken {
		add(d, "is due soon: could have a later day if those who wait for it agree, or go to an ally")
	}
	return out, nil
}
