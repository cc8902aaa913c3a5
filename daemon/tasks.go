package daemon

import (
	"context"

	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/server"
)

func taskOf(s shown) api.Task {
	f, l := kinds.Task.Field, s.looked()
	t := api.Task{
		Document: header(s), Text: s.v.Text, Status: f("status").Str(s.v), StatusWhy: f("status_why").Str(s.v),
		Project: f("project").Str(s.v), Due: f("due").Str(s.v), Hours: kind.Minutes(f("hours").Int(s.v)).Hours(),
	}
	d := kind.Of[kinds.Doing](s.v)
	for _, a := range d.Asked {
		t.Asked = append(t.Asked, api.Asked{Member: s.p.named(a.Member), Answer: a.Answer, Why: a.Why})
	}
	t.TakenBy = l.All(d.TakenBy)
	if len(d.Wants) > 0 {
		t.Help = api.Help{Wanted: true, Why: d.Wants[0].Why, By: s.p.orNobody(d.Wants[0].Member)}
	}
	for _, o := range d.Offers {
		t.Help.Offers = append(t.Help.Offers, api.Offer{Member: s.p.named(o.Member), Why: o.Why})
	}
	return t
}

// Tasks implements server.Tasks.
func (b *desk) Tasks(_ context.Context, f server.TaskFilter) ([]api.Task, error) {
	return listOf(b, listQuery{kind: kinds.Task, limit: f.Limit, order: orderCalled(kinds.Task, f.Sort), wants: wantsOf(kinds.Task, map[string]string{
		"mine": f.Member, "open": whenTrue(f.Open), "help-wanted": whenTrue(f.HelpWanted), "project": f.Project, "tag": f.Tag, "due-before": f.DueBefore,
		"asked": f.AskedOf,
	})}, taskOf)
}

// Task implements server.Tasks.
func (b *desk) Task(_ context.Context, id string) (api.Task, error) {
	return show(b, kinds.Task, id, taskOf)
}

// CreateTask implements server.Tasks.
func (b *desk) CreateTask(ctx context.Context, t api.NewTask) (api.Task, error) {
	a := asks{Request: kind.Begin(t.Title, t.Text)}
	a.Request.Tag = t.Tags
	putWords(&a, kinds.Task.Make, map[string]*string{"project": &t.Project, "due": &t.Due})
	putHours(&a, &t.Hours)
	a.PutAll(fieldOf(kinds.Task.Make, "ask"), t.Ask)
	return as(taskOf)(b.begin(ctx, kinds.Task, a))
}

// EditTask implements server.Tasks.
func (b *desk) EditTask(ctx context.Context, id string, t api.TaskEdit) (api.Task, error) {
	a := editOf(t.Title, t.Text, t.Tag, t.Untag)
	putWords(&a, kinds.Task.Edit, map[string]*string{"project": t.Project, "due": t.Due})
	putHours(&a, t.Hours)
	return as(taskOf)(b.perform(ctx, kinds.Task, kinds.Task.Edit, id, a))
}

// ActOnTask implements server.Tasks.
func (b *desk) ActOnTask(ctx context.Context, id string, t api.TaskAction) (api.Task, error) {
	verb := kinds.Task.Verb(t.Verb)
	if verb == nil {
		return api.Task{}, api.Problemf(api.Usage, "kith task --help", "a task can't be made to %q", t.Verb)
	}
	a := asks{Request: kind.Request{Why: t.Why, Undo: t.Undo}}
	if verb.Why == kind.No {
		a.Why = ""
	}
	a.PutAll(kind.Whom, t.Members)
	return as(taskOf)(b.perform(ctx, kinds.Task, verb, id, a))
}

func putHours(a *asks, hours *float64) {
	if hours != nil {
		a.Put(fieldOf(kinds.Task.Make, "hours"), change.IntValue(int64(kind.MinutesOf(*hours))))
	}
}
