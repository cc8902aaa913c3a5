package server

import (
	"context"
	"net/http"
	"slices"

	"kith/daemon/api"
)

// Tasks are the tasks of a space.
type Tasks interface {
	// Tasks gives at least the tasks that f selects. It may give more, and in any order: the
	// server applies f again, sorts and cuts. The same goes for Decisions and Notes.
	Tasks(ctx context.Context, f TaskFilter) ([]api.Task, error)
	Task(ctx context.Context, id string) (api.Task, error)
	CreateTask(ctx context.Context, t api.NewTask) (api.Task, error)
	EditTask(ctx context.Context, id string, e api.TaskEdit) (api.Task, error)
	ActOnTask(ctx context.Context, id string, a api.TaskAction) (api.Task, error)
}

func (s *Server) tasks(r *http.Request) ([]api.Task, error) {
	q := query{r.URL.Query()}
	f := TaskFilter{
		Open: q.flag("open"), HelpWanted: q.flag("help_wanted"), Project: q.Get("project"), Tag: q.Get("tag"),
		DueBefore: q.Get("due_before"), Sort: q.Get("sort"), Brief: q.flag("brief"),
	}
	err := firstError(
		func() (err error) { f.Limit, err = q.number("limit", 0); return },
		func() error { return checkDate("due_before", &f.DueBefore) },
		func() error {
			if f.Sort == "" {
				return nil
			}
			return checkWord("order", f.Sort, api.TaskSorts)
		},
		func() (err error) {
			if q.flag("mine") {
				f.Member, err = s.me(r.Context())
			}
			return
		},
	)
	if err != nil {
		return nil, err
	}
	list, err := s.at.Tasks.Tasks(r.Context(), f)
	return f.Apply(list), err
}

func (s *Server) task(r *http.Request) (api.Task, error) {
	d, err := s.resolve(r.Context(), api.KindTask, r.PathValue("id"))
	if err != nil {
		return api.Task{}, err
	}
	return s.at.Tasks.Task(r.Context(), d.ID)
}

func (s *Server) createTask(r *http.Request, t api.NewTask) (api.Task, error) {
	err := firstError(
		func() error { return checkTitle(&t.Title) },
		func() error { return checkText(&t.Text) },
		func() error { return checkDate("due", &t.Due) },
		func() error { return checkTags(t.Tags) },
		func() error { return checkProject(&t.Project) },
		func() error { return checkHours(t.Hours) },
		func() error { return s.memberIDs(r.Context(), t.Ask) },
	)
	if err != nil {
		return api.Task{}, err
	}
	t.Ask = unique(t.Ask)
	return s.at.Tasks.CreateTask(r.Context(), t)
}

func (s *Server) editTask(r *http.Request, e api.TaskEdit) (api.Task, error) {
	d, err := s.resolve(r.Context(), api.KindTask, r.PathValue("id"))
	if err != nil {
		return api.Task{}, err
	}
	err = firstError(
		func() error { return optional(e.Title, checkTitle) },
		func() error { return checkEdit(e.Text) },
		func() error { return optional(e.Due, func(due *string) error { return checkDate("due", due) }) },
		func() error { return optional(e.Project, checkProject) },
		func() error { return optional(e.Hours, func(h *float64) error { return checkHours(*h) }) },
		func() error { return checkTags(e.Tag) },
		func() error { return checkTags(e.Untag) },
	)
	if err != nil {
		return api.Task{}, err
	}
	if e.Title == nil && e.Text == nil && e.Due == nil && e.Project == nil && e.Hours == nil && len(e.Tag)+len(e.Untag) == 0 {
		return api.Task{}, nothingToChange
	}
	return s.at.Tasks.EditTask(r.Context(), d.ID, e)
}

func (s *Server) actOnTask(r *http.Request, a api.TaskAction) (api.Task, error) {
	verb := r.PathValue("verb")
	if !slices.Contains(api.TaskVerbs, verb) {
		return api.Task{}, api.Problemf(api.NotFound, "kith task --help", "a task can't be told to “%s”", api.Brief(verb))
	}
	d, err := s.resolve(r.Context(), api.KindTask, r.PathValue("id"))
	if err != nil {
		return api.Task{}, err
	}
	a.Verb = verb
	switch {
	case a.Undo && verb != api.TaskTake && verb != api.TaskHelp && verb != api.TaskOffer:
		return api.Task{}, api.Problemf(api.Invalid, "kith task --help", "there is no undo for %s", verb)
	case verb == api.TaskAsk && len(a.Members) == 0:
		return api.Task{}, api.Problemf(api.Invalid, "kith task ask --help", "somebody is needed to ask")
	case verb != api.TaskAsk && len(a.Members) > 0:
		return api.Task{}, api.Problemf(api.Invalid, "", "only ask names members")
	case verb == api.TaskHelp && !a.Undo:
		err = needWhy("asking for help", &a.Why)
	case verb == api.TaskDrop:
		err = needWhy("dropping a task", &a.Why)
	default:
		err = checkWhy(&a.Why)
	}
	if err != nil {
		return api.Task{}, err
	}
	there := s.inShare(d)
	if there != s {
		s.meThere(r.Context(), there, a.Members)
	}
	if err := there.memberIDs(r.Context(), a.Members); err != nil {
		return api.Task{}, err
	}
	a.Members = unique(a.Members)
	return s.at.Tasks.ActOnTask(r.Context(), d.ID, a)
}

// memberIDs replaces names by IDs, in place.
func (s *Server) memberIDs(ctx context.Context, words []string) error {
	if len(words) > api.MaxAsked {
		return api.Problemf(api.Limit, "ask them in two steps", "at most %d members can be asked at once, these are %d", api.MaxAsked, len(words))
	}
	for i, word := range words {
		m, err := s.resolveMember(ctx, word)
		if err != nil {
			return err
		}
		words[i] = m.ID
	}
	return nil
}

func unique(ids []string) []string {
	slices.Sort(ids)
	return slices.Compact(ids)
}
