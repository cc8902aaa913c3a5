package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// longRun is how long somebody works at most without a pause: what ran longer was forgotten, and they say themselves how long it was.
const longRun = 12 * time.Hour

// running is what goes on, with the month in which it began.
type running struct {
	Shown
	kinds.Entry
}

// running is what a member has begun and not ended, oldest first: one thing, unless they began on two computers that didn't
// know of each other.
func (s *Server) running(ctx context.Context, of string) (all []running, err error) {
	months, err := s.months(ctx, of, "", "", kind.Want{Fact: "running"})
	for _, d := range months {
		for _, e := range kind.Of[kinds.Month](d.View).Running {
			all = append(all, running{d, e})
		}
	}
	slices.SortFunc(all, func(a, b running) int { return cmp.Compare(a.Since, b.Since) })
	return all, err
}

// startTime begins an entry that goes on until it is stopped, on whichever computer.
func (s *Server) startTime(r *http.Request, b body) (api.TimeEntry, error) {
	ctx := r.Context()
	me, err := s.me(ctx)
	if err != nil {
		return api.TimeEntry{}, err
	}
	verb := kinds.Time.Verb("start")
	a, err := s.asked(ctx, s, kinds.Time, verb, b)
	if err == nil {
		err = s.projectOfTask(ctx, &a)
	}
	if err != nil {
		return api.TimeEntry{}, err
	}
	on, err := s.running(ctx, me)
	if err != nil {
		return api.TimeEntry{}, err
	}
	if len(on) > 0 {
		since := s.teller(ctx)(on[0].Shown, on[0].Entry)
		return api.TimeEntry{}, api.Problemf(api.NotAllowed, "kith time stop", "you are at work since %s: %s", since.From, cmp.Or(since.About, "for no project"))
	}
	day := s.now().Format(time.DateOnly)
	doc, err := s.month(ctx, me, day)
	if err != nil {
		return api.TimeEntry{}, err
	}
	name, err := newEntryName()
	if err == nil {
		err = a.say(kinds.TimeName, name)
	}
	if err == nil {
		err = a.say(kinds.TimeOn, day)
	}
	if err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(ctx, verb, doc, name, a)
}

// stopTime logs what went on. What was begun on two computers apart is logged one after the other, so that no minute counts twice; what
// went over midnight is logged on both days.
func (s *Server) stopTime(r *http.Request, b body) (out api.TimeEntry, err error) {
	ctx := r.Context()
	me, err := s.me(ctx)
	if err != nil {
		return out, err
	}
	a, err := s.asked(ctx, s, kinds.Time, kinds.Time.Verb("stop"), b)
	if err != nil {
		return out, err
	}
	all, err := s.running(ctx, me)
	if err != nil {
		return out, err
	}
	if len(all) == 0 {
		code := api.Nothing
		if a.Has(kinds.TimeHours) { // which would be lost
			code = api.NotAllowed
		}
		return out, api.Problemf(code, "kith time start --task ID, or kith time log 2h for what is over", "nothing is going on")
	}
	for i, on := range all {
		end := s.now()
		if i+1 < len(all) {
			end = time.UnixMilli(all[i+1].Since)
		}
		said := int64(0)
		if i == len(all)-1 {
			said = a.Value(kinds.TimeHours).Int()
		}
		if out, err = s.stopOne(ctx, me, on, end, said); err != nil {
			return out, err
		}
	}
	return out, nil
}

// stopOne logs one thing that went on until end, or so many minutes of it if that is said.
func (s *Server) stopOne(ctx context.Context, me string, on running, end time.Time, said int64) (api.TimeEntry, error) {
	began := time.UnixMilli(on.Since).In(s.now().Location())
	worked := end.Sub(began)
	switch {
	case said > 0:
		return s.logStopped(ctx, on, "", said)
	case worked > longRun:
		return api.TimeEntry{}, api.Problemf(api.Invalid, "kith time stop --hours 3, or take it back: kith time drop "+on.Name[:6],
			"it has been going on since %s: say how long you worked", began.Format("2 January 15:04"))
	case worked < time.Minute:
		return s.logStopped(ctx, on, "", 1)
	}
	midnight := time.Date(began.Year(), began.Month(), began.Day()+1, 0, 0, 0, 0, began.Location())
	if !end.After(midnight) {
		return s.logStopped(ctx, on, began.Format("15:04"), int64(worked/time.Minute))
	}
	before := int64(24*60 - began.Hour()*60 - began.Minute())
	first, err := s.logStopped(ctx, on, began.Format("15:04"), before)
	after := int64(end.Sub(midnight) / time.Minute)
	if err != nil || after == 0 {
		return first, err
	}
	return s.logAfter(ctx, me, on, midnight.Format(time.DateOnly), after)
}

// logStopped makes an entry of what went on.
func (s *Server) logStopped(ctx context.Context, on running, from string, minutes int64) (api.TimeEntry, error) {
	var a Asks
	err := a.say(kinds.TimeName, on.Name)
	if err == nil {
		err = a.say(kinds.TimeFrom, from)
	}
	if err == nil {
		err = a.Read(kinds.TimeHours, hoursJSON(minutes))
	}
	if err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(ctx, kinds.Time.Verb("stop"), on.Shown.ID, on.Name, a)
}

// logAfter logs what of it was after midnight.
func (s *Server) logAfter(ctx context.Context, me string, on running, day string, minutes int64) (api.TimeEntry, error) {
	doc, err := s.month(ctx, me, day)
	if err != nil {
		return api.TimeEntry{}, err
	}
	name, err := newEntryName()
	if err != nil {
		return api.TimeEntry{}, err
	}
	var a Asks
	for f, words := range map[*kind.Field]string{
		kinds.TimeName: name, kinds.TimeOn: day, kinds.TimeFrom: "00:00", kinds.TimeTask: on.Task, kinds.TimeFor: on.Project, kinds.TimeText: on.Text,
	} {
		if words == "" {
			continue
		}
		if err := a.say(f, words); err != nil {
			return api.TimeEntry{}, err
		}
	}
	if err := a.Read(kinds.TimeCoord, strconv.AppendBool(nil, on.Coordination)); err != nil {
		return api.TimeEntry{}, err
	}
	if err := a.Read(kinds.TimeHours, hoursJSON(minutes)); err != nil {
		return api.TimeEntry{}, err
	}
	return s.sayTime(ctx, kinds.Time.Verb("log"), doc, name, a)
}

func hoursJSON(minutes int64) []byte {
	return strconv.AppendFloat(nil, kind.Minutes(minutes).Hours(), 'f', -1, 64)
}
