package server

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"kith/daemon/api"
)

// TaskFilter selects tasks; its zero value selects all.
type TaskFilter struct {
	Member     string // taken or accepted by this member (ID)
	AskedOf    string // asked of this member (ID), who hasn't answered, and not over
	Open       bool   // status open or doing
	HelpWanted bool   // not over, and somebody asks for help
	Project    string
	Tag        string
	DueBefore  string // a date: due on an earlier day
	Sort       string // a word of TaskSorts; "" is the first
	Limit      int    // 0: no limit
	Brief      bool   // leave Text empty
}

// Match says whether the filter selects t, whatever the limit.
func (f TaskFilter) Match(t api.Task) bool {
	over := t.Status == "done" || t.Status == "dropped"
	mine := func() bool {
		return slices.ContainsFunc(t.TakenBy, func(n api.Named) bool { return n.ID == f.Member }) ||
			slices.ContainsFunc(t.Asked, func(a api.Asked) bool { return a.Member.ID == f.Member && a.Answer == "accepted" })
	}
	switch {
	case f.Open && over, f.HelpWanted && (over || !t.Help.Wanted):
		return false
	case f.Member != "" && !mine():
		return false
	case f.AskedOf != "" && (over || !slices.ContainsFunc(t.Asked, func(a api.Asked) bool {
		return a.Member.ID == f.AskedOf && a.Answer == "none"
	})):
		return false
	case f.Project != "" && !strings.EqualFold(t.Project, f.Project):
		return false
	case f.Tag != "" && !hasTag(t.Tags, f.Tag):
		return false
	case f.DueBefore != "" && (t.Due == "" || day(t.Due) >= day(f.DueBefore)):
		return false
	}
	return true
}

// Apply selects, sorts and cuts, in place.
func (f TaskFilter) Apply(tasks []api.Task) []api.Task {
	tasks = slices.DeleteFunc(tasks, func(t api.Task) bool { return !f.Match(t) })
	slices.SortFunc(tasks, func(a, b api.Task) int {
		switch f.Sort {
		case "created":
			return cmp.Or(b.CreatedAt.Compare(a.CreatedAt.Time), cmp.Compare(a.ID, b.ID))
		case "due": // those without a date come last
			return cmp.Or(compareBool(a.Due == "", b.Due == ""), cmp.Compare(a.Due, b.Due), cmp.Compare(a.ID, b.ID))
		case "title":
			return cmp.Or(cmp.Compare(strings.ToLower(a.Title), strings.ToLower(b.Title)), cmp.Compare(a.ID, b.ID))
		}
		return newest(a.Document, b.Document)
	})
	tasks = tasks[:limited(len(tasks), f.Limit)]
	if f.Brief {
		for i := range tasks {
			tasks[i].Text = ""
		}
	}
	return tasks
}

// DecisionFilter selects decisions; its zero value selects all.
type DecisionFilter struct {
	Open         bool
	WaitingFor   string // open, and waiting for this member (ID)
	ReviewBefore string // agreed, with a review due before this date
	Tag          string
	Limit        int
	Brief        bool
}

// Match says whether the filter selects d, whatever the limit.
func (f DecisionFilter) Match(d api.Decision) bool {
	switch {
	case f.Open && d.Status != "open":
		return false
	case f.WaitingFor != "" && (d.Status != "open" ||
		!slices.ContainsFunc(d.WaitingFor, func(n api.Named) bool { return n.ID == f.WaitingFor })):
		return false
	case f.ReviewBefore != "" && (d.Status != "agreed" || d.ReviewOn == "" || day(d.ReviewOn) >= day(f.ReviewBefore)):
		return false
	case f.Tag != "" && !hasTag(d.Tags, f.Tag):
		return false
	}
	return true
}

// Apply selects, sorts (newest first; by date where reviews are asked for) and cuts, in place.
func (f DecisionFilter) Apply(list []api.Decision) []api.Decision {
	list = slices.DeleteFunc(list, func(d api.Decision) bool { return !f.Match(d) })
	slices.SortFunc(list, func(a, b api.Decision) int {
		if f.ReviewBefore != "" {
			return cmp.Or(cmp.Compare(a.ReviewOn, b.ReviewOn), cmp.Compare(a.ID, b.ID))
		}
		return newest(a.Document, b.Document)
	})
	list = list[:limited(len(list), f.Limit)]
	if f.Brief {
		for i := range list {
			list[i].Text = ""
		}
	}
	return list
}

// NoteFilter selects notes; its zero value selects all.
type NoteFilter struct {
	Tag   string
	Limit int
	Brief bool
}

// Match says whether the filter selects n, whatever the limit.
func (f NoteFilter) Match(n api.Note) bool { return f.Tag == "" || hasTag(n.Tags, f.Tag) }

// Apply selects, sorts (newest first) and cuts, in place.
func (f NoteFilter) Apply(list []api.Note) []api.Note {
	list = slices.DeleteFunc(list, func(n api.Note) bool { return !f.Match(n) })
	slices.SortFunc(list, func(a, b api.Note) int { return newest(a.Document, b.Document) })
	list = list[:limited(len(list), f.Limit)]
	if f.Brief {
		for i := range list {
			list[i].Text = ""
		}
	}
	return list
}

func newest(a, b api.Document) int {
	return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt.Time), cmp.Compare(a.ID, b.ID))
}

func hasTag(tags []string, tag string) bool {
	return slices.ContainsFunc(tags, func(t string) bool { return strings.EqualFold(t, tag) })
}

func limited(n, limit int) int {
	if limit > 0 {
		return min(n, limit)
	}
	return n
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// LogFilter selects lines of the log.
type LogFilter struct {
	Document string // one document's whole ID; "": everything, charter statements included
	Void     bool   // only what was refused by a rule
	Limit    int    // at most so many, from 1
}

// day gives the day of a date where this daemon runs, as "2026-12-01"; the date itself if
// it isn't one.
func day(s string) string {
	at, _, err := api.ParseDate(s, time.Local)
	if err != nil {
		return s
	}
	return at.Format(time.DateOnly)
}
