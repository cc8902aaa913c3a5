package server

import (
	"cmp"
	"context"
	"net/http"
	"slices"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// every does a verb that documents of every kind have.
func every(v *kind.Verb) work {
	w := takes(func(s *Server, r *http.Request, q api.UndoRequest) (api.Document, error) {
		d, err := s.resolve(r.Context(), "", r.PathValue("id"))
		if err != nil {
			return api.Document{}, err
		}
		k := kinds.All.Named(d.Kind)
		if k == nil {
			return api.Document{}, api.Problemf(api.NotAllowed, "install the newest Kith", "this Kith doesn't know what %s is", d.Short)
		}
		var a Asks
		a.Undo = q.Undo
		if err := v.Check(&a.Request); err != nil {
			return api.Document{}, err
		}
		done, err := s.at.Documents.Do(r.Context(), k, v, d.ID, a)
		return done.Document, err
	})
	return w
}

// mergedSection is what today says of documents at one place of which several wrote apart.
func (s *Server) mergedSection(ctx context.Context, seenToo bool) (api.Section, error) {
	out := api.Section{Name: "merged", Title: "Two wrote at one place here"}
	w := &kind.Wait{Key: out.Name, Facts: []string{kind.MergedFact}, News: true}
	for _, k := range kinds.All.Nouns() {
		found, more, err := s.waiting(ctx, k, w, seenToo)
		if err != nil {
			return out, err
		}
		out.More = out.More || more
		for _, d := range found {
			out.Items = append(out.Items, api.SectionItem{
				ID: d.ID, Short: d.Short, Kind: k.Name, Title: d.Title, Why: whoApart(d.Apart), Who: &d.UpdatedBy, At: d.UpdatedAt, Space: d.Space, Command: "kith " + k.Name + " show " + d.Short,
			})
		}
	}
	slices.SortStableFunc(out.Items, func(a, b api.SectionItem) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// whoApart names who wrote apart, and in what.
func whoApart(all []api.Apart) string {
	if len(all) == 0 {
		return ""
	}
	last := all[len(all)-1]
	says := ""
	for i, side := range last.Sides {
		switch {
		case i == 0:
		case i == len(last.Sides)-1:
			says += " and "
		default:
			says += ", "
		}
		says += side.By.Name
	}
	return says + ", in the " + last.Field
}

// goOn makes a fresh document that continues one.
func (s *Server) goOn(r *http.Request, _ nothing) (api.Document, error) {
	d, err := s.resolve(r.Context(), "", r.PathValue("id"))
	if err != nil {
		return api.Document{}, err
	}
	k := kinds.All.Named(d.Kind)
	if k == nil {
		return api.Document{}, api.Problemf(api.NotAllowed, "install the newest Kith", "this Kith doesn't know what %s is", d.Short)
	}
	made, err := s.at.Versions.Continue(r.Context(), k, d.ID)
	return made.Document, err
}
