package api

import (
	"net/http"
	"slices"
	"time"
)

// defaultLines is how much of the log one answer has when nobody says.
const defaultLines = 100

func (s *Server) find(r *http.Request) (any, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", maxCandidates)
	if err != nil {
		return nil, err
	}
	kind, start, ok := idStart(q.Get("prefix"))
	if q.Get("prefix") == "" {
		kind, ok = "", true
	}
	if want := q.Get("kind"); want != "" && kind != "" && want != kind || !ok {
		return []Document{}, nil
	} else if want != "" {
		kind = want
	}
	return s.backend.Find(r.Context(), kind, start, min(limit, maxLines))
}

func (s *Server) logLines(r *http.Request) (any, error) {
	q := query{r.URL.Query()}
	f := LogFilter{Void: q.flag("void")}
	var err error
	if f.Limit, err = q.number("limit", defaultLines); err != nil {
		return nil, err
	}
	f.Limit = min(f.Limit, maxLines)
	if word := q.Get("id"); word != "" {
		d, err := s.resolve(r.Context(), "", word)
		if err != nil {
			return nil, err
		}
		f.Document = d.ID
	}
	return s.backend.Log(r.Context(), f)
}

func (s *Server) search(r *http.Request) (any, error) {
	q := query{r.URL.Query()}
	limit, err := q.number("limit", defaultLines)
	if err != nil {
		return nil, err
	}
	words := q.Get("q")
	switch {
	case FoldName(words) == "":
		return nil, Problemf(Invalid, "kith search --help", "there is nothing to search for")
	case len(words) > maxQuery:
		return nil, Problemf(Limit, "use fewer words", "a search has at most %d bytes, this one has %d", maxQuery, len(words))
	}
	return s.backend.Search(r.Context(), words, min(limit, maxLines))
}

// today collects what waits for the member of this daemon.
func (s *Server) today(r *http.Request) (any, error) {
	ctx := r.Context()
	me, err := s.me(ctx)
	if err != nil {
		return nil, err
	}
	tomorrow := s.now().AddDate(0, 0, 1).Format(time.DateOnly)
	status, err := s.backend.Status(ctx)
	if err != nil {
		return nil, err
	}
	t := Today{Notice: status.Notice}
	for _, part := range []struct {
		into   *[]Task
		filter TaskFilter
	}{
		{&t.Asked, TaskFilter{AskedOf: me, Sort: "due"}},
		{&t.Due, TaskFilter{Member: me, Open: true, DueBefore: tomorrow, Sort: "due"}},
		{&t.HelpWanted, TaskFilter{HelpWanted: true}},
	} {
		list, err := s.backend.Tasks(ctx, part.filter)
		if err != nil {
			return nil, err
		}
		*part.into = part.filter.Apply(list)
	}
	t.HelpWanted = slices.DeleteFunc(t.HelpWanted, func(t Task) bool { return t.Help.By != nil && t.Help.By.ID == me })
	waiting := DecisionFilter{WaitingFor: me}
	list, err := s.backend.Decisions(ctx, waiting)
	t.Decisions = waiting.Apply(list)
	if err != nil {
		return t, err
	}
	t.Proposals, err = s.backend.Proposals(ctx)
	t.Proposals = slices.DeleteFunc(t.Proposals, func(p Proposal) bool { return !p.WaitsForMe })
	return t, err
}

func (s *Server) doctor(r *http.Request) (any, error) {
	var d doctorRequest
	if err := decode(r, &d); err != nil {
		return nil, err
	}
	return s.backend.Doctor(r.Context(), d.Rebuild)
}
