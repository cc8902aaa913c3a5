package server

import (
	"context"
	"net/http"
	"strings"

	"kith/daemon/api"
)

// Notes are the notes of a space.
type Notes interface {
	Notes(ctx context.Context, f NoteFilter) ([]api.Note, error)
	Note(ctx context.Context, id string) (api.Note, error)
	CreateNote(ctx context.Context, n api.NewNote) (api.Note, error)
	EditNote(ctx context.Context, id string, e api.NoteEdit) (api.Note, error)
	AppendNote(ctx context.Context, id, text string) (api.Note, error)
	// NoteHistory gives the versions of a note, newest first.
	NoteHistory(ctx context.Context, id string) ([]api.Version, error)
	// RestoreNote writes the text that the note had at head once more, as a change of today.
	// head is a start of a Version's head, which the backend resolves.
	RestoreNote(ctx context.Context, id, head string) (api.Note, error)
}

func (s *Server) notes(r *http.Request) ([]api.Note, error) {
	q := query{r.URL.Query()}
	f := NoteFilter{Tag: q.Get("tag"), Brief: q.flag("brief")}
	var err error
	if f.Limit, err = q.number("limit", 0); err != nil {
		return nil, err
	}
	list, err := s.at.Notes.Notes(r.Context(), f)
	return f.Apply(list), err
}

func (s *Server) note(r *http.Request) (api.Note, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return api.Note{}, err
	}
	return s.at.Notes.Note(r.Context(), d.ID)
}

func (s *Server) createNote(r *http.Request, n api.NewNote) (api.Note, error) {
	err := firstError(
		func() error { return checkTitle(&n.Title) },
		func() error { return checkText(&n.Text) },
		func() error { return checkTags(n.Tags) },
	)
	if err != nil {
		return api.Note{}, err
	}
	return s.at.Notes.CreateNote(r.Context(), n)
}

func (s *Server) editNote(r *http.Request, e api.NoteEdit) (api.Note, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return api.Note{}, err
	}
	err = firstError(
		func() error { return optional(e.Title, checkTitle) },
		func() error { return checkEdit(e.Text) },
		func() error { return checkTags(e.Tag) },
		func() error { return checkTags(e.Untag) },
	)
	if err != nil {
		return api.Note{}, err
	}
	if e.Title == nil && e.Text == nil && len(e.Tag)+len(e.Untag) == 0 {
		return api.Note{}, nothingToChange
	}
	return s.at.Notes.EditNote(r.Context(), d.ID, e)
}

func (s *Server) appendNote(r *http.Request, t api.TextRequest) (api.Note, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return api.Note{}, err
	}
	if err := checkText(&t.Text); err != nil {
		return api.Note{}, err
	}
	if t.Text == "" {
		return api.Note{}, api.Problemf(api.Invalid, "say it with --text", "there is no text to append")
	}
	return s.at.Notes.AppendNote(r.Context(), d.ID, t.Text)
}

func (s *Server) noteHistory(r *http.Request) ([]api.Version, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.at.Notes.NoteHistory(r.Context(), d.ID)
}

func (s *Server) restoreNote(r *http.Request, h api.HeadRequest) (api.Note, error) {
	d, err := s.resolve(r.Context(), api.KindNote, r.PathValue("id"))
	if err != nil {
		return api.Note{}, err
	}
	h.Head = strings.ToLower(strings.TrimSpace(h.Head))
	if h.Head == "" || len(h.Head) > 64 || strings.Trim(h.Head, "0123456789abcdef") != "" {
		return api.Note{}, api.Problemf(api.Invalid, "kith note history "+d.Short, "“%s” is no version of a note", api.Brief(h.Head))
	}
	return s.at.Notes.RestoreNote(r.Context(), d.ID, h.Head)
}
