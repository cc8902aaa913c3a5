package daemon

import (
	"context"
	"math"

	"kith/crdt"
	"kith/daemon/api"
	"kith/daemon/api/server"
)

func taskOf(s shown) api.Task {
	p, v := s.p, s.v
	t := api.Task{Document: header(s), Text: v.Text}
	if v.Task == nil {
		return t
	}
	t.Status, t.StatusWhy, t.Project, t.Due = v.Task.Status, v.Task.StatusWhy, v.Task.Project, v.Task.Due
	t.Hours = v.Task.Minutes.Hours()
	for _, a := range v.Task.Asked {
		t.Asked = append(t.Asked, api.Asked{Member: p.named(a.Member), Answer: a.Answer, Why: a.Why})
	}
	t.TakenBy = p.all(v.Task.TakenBy)
	t.Help = api.Help{Wanted: v.Task.Help.Wanted, Why: v.Task.Help.Why}
	if v.Task.Help.By != nil {
		t.Help.By = p.orNobody(*v.Task.Help.By)
	}
	for _, o := range v.Task.Help.Offers {
		t.Help.Offers = append(t.Help.Offers, api.Offer{Member: p.named(o.Member), Why: o.Why})
	}
	return t
}

// Tasks implements server.Tasks.
func (b *backend) Tasks(_ context.Context, f server.TaskFilter) ([]api.Task, error) {
	limit := f.Limit
	if f.Sort != "" && f.Sort != api.TaskSorts[0] {
		limit = 0 // in another order, any of them may be the first
	}
	return list(b, crdt.KindTask, limit, taskOf, f.Match)
}

// Task implements server.Tasks.
func (b *backend) Task(_ context.Context, id string) (api.Task, error) {
	return show(b, crdt.KindTask, id, taskOf)
}

// CreateTask implements server.Tasks.
func (b *backend) CreateTask(ctx context.Context, t api.NewTask) (api.Task, error) {
	return create(ctx, b, crdt.KindTask, func(e editing) (crdt.Edit, error) {
		ask, err := memberIDs(t.Ask)
		if err != nil {
			return nil, err
		}
		return crdt.NewTask(e.Now, crdt.TaskFields{
			Title: t.Title, Text: t.Text, Tags: t.Tags, Project: t.Project, Due: t.Due,
			Minutes: minutes(t.Hours), Ask: ask,
		}), nil
	}, taskOf)
}

func minutes(hours float64) crdt.Minutes { return crdt.Minutes(math.Round(hours * 60)) }

// EditTask implements server.Tasks.
func (b *backend) EditTask(ctx context.Context, id string, t api.TaskEdit) (api.Task, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		c, err := common(e, t.Title, t.Text, t.Tag, t.Untag)
		if err != nil {
			return nil, err
		}
		change := crdt.TaskEdit{Common: c, Due: t.Due}
		if t.Project != nil && e.View.Task != nil {
			change.Project = new(e.over(e.View.Task.Project, *t.Project))
		}
		if t.Hours != nil {
			m := minutes(*t.Hours)
			change.Minutes = &m
		}
		return crdt.EditTask(change), nil
	}, taskOf)
}

// ActOnTask implements server.Tasks.
func (b *backend) ActOnTask(ctx context.Context, id string, a api.TaskAction) (api.Task, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) { return taskAction(e, a) }, taskOf)
}

func taskAction(e editing, a api.TaskAction) (crdt.Edit, error) {
	switch a.Verb {
	case api.TaskAsk:
		members, err := memberIDs(a.Members)
		if err != nil {
			return nil, err
		}
		return crdt.Ask(e.Now, members...), nil
	case api.TaskTake:
		if a.Undo {
			return crdt.PutBack(e.Author), nil
		}
		return crdt.Take(e.Author, e.Now), nil
	case api.TaskAccept:
		return crdt.Accept(e.Author), nil
	case api.TaskDecline:
		return crdt.Decline(e.Author, e.plain(a.Why)), nil
	case api.TaskStart:
		return crdt.Start(e.Author, e.Now), nil
	case api.TaskDone:
		return crdt.Finish(), nil
	case api.TaskReopen:
		return crdt.Reopen(), nil
	case api.TaskDrop:
		return crdt.Drop(e.plain(a.Why)), nil
	case api.TaskHelp:
		if a.Undo {
			return crdt.EndHelp(e.Author), nil
		}
		return crdt.AskHelp(e.Author, e.plain(a.Why)), nil
	case api.TaskOffer:
		if a.Undo {
			return crdt.EndOffer(e.Author), nil
		}
		return crdt.Offer(e.Author, e.plain(a.Why)), nil
	}
	return nil, api.Problemf(api.Usage, "kith task --help", "a task can't be made to %q", a.Verb)
}
