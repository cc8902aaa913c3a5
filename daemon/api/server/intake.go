package server

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// moreDone are the verbs that do more than they write in their document.
var moreDone = map[*kind.Verb]func(*Server, context.Context, api.Document, Asks) (Shown, error){
	kinds.Intake.Verb("accept"): (*Server).acceptIntake,
	kinds.Intake.Verb("pass"):   (*Server).passIntake,
	kinds.Task.Verb("pass"):     (*Server).passTask,

	kinds.Newcomer.Verb("decide"): (*Server).decideNewcomer,
	kinds.Pulse.Verb("retro"):     (*Server).retro,
}

// acceptIntake makes the project that a request becomes and its first tasks, and then says that it is accepted. Begun again
// after it was interrupted, it goes on with what is there.
func (s *Server) acceptIntake(ctx context.Context, d api.Document, a Asks) (Shown, error) {
	verb := kinds.Intake.Verb("accept")
	was, err := s.at.Documents.Show(ctx, kinds.Intake, d.ID)
	if err == nil {
		err = a.Says(verb.Live(was.View))
	}
	if err != nil {
		return Shown{}, err
	}
	var tasks []Asks // each is looked at before anything is made, so that a mistake in the last of them leaves no project behind
	for _, word := range a.All(kinds.IntakeTasks) {
		t, err := taskIn(word)
		if err == nil {
			err = kinds.Task.Make.Check(&t.Request)
		}
		if err == nil && slices.ContainsFunc(tasks, func(other Asks) bool { return *other.Title == *t.Title }) {
			err = api.Problemf(api.Invalid, "give each a title of its own", "two of the first tasks are called “%s”", api.Brief(*t.Title))
		}
		if err != nil {
			return Shown{}, err
		}
		tasks = append(tasks, t)
	}
	into, err := s.projectOf(ctx, was, a)
	if err != nil {
		return Shown{}, err
	}
	there, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Task, Wants: wanting(kind.Want{Fact: "project", Is: oneOf([]string{into.Title})})})
	if err != nil {
		return Shown{}, err
	}
	had := map[string]bool{}
	for _, t := range there {
		had[t.Title] = true
	}
	for _, t := range tasks {
		if had[*t.Title] {
			continue
		}
		if err := t.say(kinds.Task.Field("project"), into.Title); err != nil {
			return Shown{}, err
		}
		if err := kinds.Task.Make.Check(&t.Request); err != nil {
			return Shown{}, err
		}
		if _, err := s.at.Documents.Create(ctx, kinds.Task, t); err != nil {
			return Shown{}, err
		}
	}
	if err := a.say(kinds.IntakeInto(), into.ID); err != nil {
		return Shown{}, err
	}
	if err := s.dropTwins(ctx, was, into); err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Do(ctx, kinds.Intake, verb, d.ID, a)
}

// dropTwins drops the projects that a request became beside the one that goes on, since two accepted it apart, and puts them
// away: so no two are of one title. Their tasks name a project by its title, and are of the one that goes on.
func (s *Server) dropTwins(ctx context.Context, request, into Shown) error {
	_, all := kinds.IntakeBecame(request.View)
	for _, id := range all {
		if id == into.ID {
			continue
		}
		twin, err := s.at.Documents.Show(ctx, kinds.Project, id)
		if err != nil {
			return err
		}
		var a Asks
		a.Why = into.ID
		if drop := kinds.Project.Verb("drop"); kinds.Project.State(twin.View) != kinds.ProjectDropped {
			if _, err := s.at.Documents.Do(ctx, kinds.Project, drop, id, a); err != nil {
				return err
			}
		}
		if _, err := s.at.Documents.Do(ctx, kinds.Project, kind.Archive, id, Asks{}); err != nil {
			return err
		}
	}
	return nil
}

// taskIn reads a task as it is typed with its hours, "Wireframes=2h30", or a title alone.
func taskIn(word string) (a Asks, err error) {
	title, hours, timed := word, "", strings.LastIndex(word, "=")
	if timed >= 0 {
		title, hours = word[:timed], word[timed+1:]
	}
	title = strings.TrimSpace(title)
	a.Title, a.Text = &title, &kind.Writing{}
	if timed < 0 {
		return a, nil
	}
	n, ok := api.ReadHours(hours)
	if !ok {
		return a, api.Problemf(api.Invalid, "say it like Wireframes=8h, Wireframes=1h30 or Wireframes=90min", "“%s” is no task with its hours", api.Brief(word))
	}
	return a, a.Read(kinds.Task.Field("hours"), []byte(strconv.FormatFloat(n, 'f', -1, 64)))
}

// mostOfOne bounds how many projects are looked for that have the same client's name.
const mostOfOne = 100

// freeTitle is what the project of a request is called, which would be called so: with a number if a project was called so before, for whoever
// asks comes again. While one that goes on has that title it is asked which of the two is meant.
func (s *Server) freeTitle(ctx context.Context, request Shown, called string) (string, error) {
	title, otherwise := called, "kith intake edit "+request.Short+" --subject TEXT"
	for n := 2; n <= mostOfOne; n++ {
		p, is, err := s.called(ctx, kinds.Project.Name, title)
		var several *api.Problem
		switch {
		case errors.As(err, &several) && several.Code == api.Ambiguous:
		case err != nil || !is:
			return title, err
		case strings.EqualFold(p.Title, title) && kinds.ProjectGoesOn(p.View):
			return "", api.Problemf(api.NotAllowed, "if it is a part of that: kith intake accept "+request.Short+" --project "+p.Short+"; else: "+otherwise,
				"a project is called “%s” already: %s", p.Title, p.Short)
		}
		title = called + " " + strconv.Itoa(n)
	}
	return "", api.Problemf(api.NotAllowed, otherwise, "%d projects are called “%s” already", mostOfOne, called)
}

// projectOf is the project that a request becomes: the one that is named, one that was begun for it, or a new one.
func (s *Server) projectOf(ctx context.Context, request Shown, a Asks) (Shown, error) {
	if id := a.Str(kinds.IntakeInto()); id != "" {
		return s.at.Documents.Show(ctx, kinds.Project, id)
	}
	if id, _ := kinds.IntakeBecame(request.View); id != "" {
		return s.at.Documents.Show(ctx, kinds.Project, id)
	}
	begun, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Project, Wants: wanting(kind.Want{Fact: "intake", Is: oneOf([]string{request.ID})})})
	if err != nil || len(begun) > 0 {
		return append(begun, Shown{})[0], err
	}
	called, minutes, due := kinds.IntakeTerms(request.View)
	title, err := s.freeTitle(ctx, request, called)
	if err != nil {
		return Shown{}, err
	}
	var make Asks
	make.Title, make.Text = &title, &kind.Writing{Text: request.Text}
	says := map[string]string{"client": request.Title, "intake": request.ID, "due": due}
	for key, words := range says {
		if words == "" {
			continue
		}
		if err := make.say(kinds.Project.Field(key), words); err != nil {
			return Shown{}, err
		}
	}
	if minutes > 0 {
		if err := make.Read(kinds.Project.Field("budget"), []byte(strconv.FormatFloat(kind.Minutes(minutes).Hours(), 'f', -1, 64))); err != nil {
			return Shown{}, err
		}
	}
	if err := kinds.Project.Make.Check(&make.Request); err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Create(ctx, kinds.Project, make)
}

// passIntake says that a request is passed on, and puts it into the share with who is to answer it.
func (s *Server) passIntake(ctx context.Context, d api.Document, a Asks) (Shown, error) {
	share, err := s.at.Shares.ShowShare(ctx, a.Str(kinds.IntakeAlly()))
	if err != nil {
		return Shown{}, err
	}
	if err := a.say(kinds.IntakeAlly(), share.With); err != nil {
		return Shown{}, err
	}
	if _, err := s.at.Documents.Do(ctx, kinds.Intake, kinds.Intake.Verb("pass"), d.ID, a); err != nil {
		return Shown{}, err
	}
	return s.intoShare(ctx, kinds.Intake, d.ID, share.Space.ID)
}

// passTask puts a task into the share with an ally, so that they can take it.
func (s *Server) passTask(ctx context.Context, d api.Document, a Asks) (Shown, error) {
	share, err := s.at.Shares.ShowShare(ctx, a.Str(kinds.TaskAlly()))
	if err != nil {
		return Shown{}, err
	}
	return s.intoShare(ctx, kinds.Task, d.ID, share.Space.ID)
}

func (s *Server) intoShare(ctx context.Context, k *kind.Kind, id, share string) (Shown, error) {
	if _, err := s.at.Shares.ShareDocument(ctx, share, api.ShareAdd{ID: id}); err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Show(ctx, k, id)
}
