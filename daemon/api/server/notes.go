package server

import (
	"net/http"
	"strings"

	"kith/daemon/api"
)

func (s *Server) notes(r *http.Request) (any, error) {
	q := query{r.URL.Query()}
	f := NoteFilter{Tag: q.Get("tag"), Brief: q.flag("brief")}
	var err error
	if f.Limit, err = q.number("limit", 0); err != nil {
		return nil, err
	}
	list, err := s.backend.Notes(r.Context(), f)
	return f.Apply(list), err
}

func (s *Server) note(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.Note(r.Context(), d.ID)
}

func (s *Server) createNote(r *http.Request) (any, error) {
	var n api.NewNote
	err := firstError(
		func() error { return decode(r, &n) },
		func() error { return checkTitle(&n.Title) },
		func() error { return checkText(&n.Text) },
		func() error { return checkTags(n.Tags) },
	)
	if err != nil {
		return nil, err
	}
	return s.backend.CreateNote(r.Context(), n)
}

func (s *Server) editNote(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var e api.NoteEdit
	err = firstError(
		func() error { return decode(r, &e) },
		func() error { return optional(e.Title, checkTitle) },
		func() error { return checkEdit(e.Text) },
		func() error { return checkTags(e.Tag) },
		func() error { return checkTags(e.Untag) },
	)
	if err != nil {
		return nil, err
	}
	if e.Title == nil && e.Text == nil && len(e.Tag)+len(e.Untag) == 0 {
		return nil, nothingToChange
	}
	return s.backend.EditNote(r.Context(), d.ID, e)
}

func (s *Server) appendNote(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var t api.TextRequest
	if err := firstError(func() error { return decode(r, &t) }, func() error { return checkText(&t.Text) }); err != nil {
		return nil, err
	}
	if t.Text == "" {
		return nil, api.Problemf(api.Invalid, "say it with --text", "there is no text to append")
	}
	return s.backend.AppendNote(r.Context(), d.ID, t.Text)
}

func (s *Server) noteHistory(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.NoteHistory(r.Context(), d.ID)
}

func (s *Server) restoreNote(r *http.Request) (any, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var h api.HeadRequest
	if err := decode(r, &h); err != nil {
		return nil, err
	}
	h.Head = strings.ToLower(strings.TrimSpace(h.Head))
	if h.Head == "" || len(h.Head) > 64 || strings.Trim(h.Head, "0123456789abcdef") != "" {
		return nil, api.Problemf(api.Invalid, "kith note history "+d.Short, "“%s” is no version of a note", api.Brief(h.Head))
	}
	return s.backend.RestoreNote(r.Context(), d.ID, h.Head)
}
