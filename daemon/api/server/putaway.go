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
				ID: d.ID, Short: d.Short, Kind: k.Name, Title: d.Title, Why: whoApart(k, d.Apart), Who: &d.UpdatedBy, At: d.UpdatedAt, Space: d.Space, Command: "kith " + k.Name + " show " + d.Short,
			})
		}
	}
	slices.SortStableFunc(out.Items, func(a, b api.SectionItem) int { return cmp.Compare(a.ID, b.ID) })
	return out, nil
}

// whoApart names who wrote apart, and in what.
func whoApart(k *kind.Kind, all []api.Apart) string {
	var who, fields []string
	for _, one := range all {
		fields = append(fields, k.FieldCalled(one.Field))
		for _, side := range one.Sides {
			if !slices.Contains(who, side.By.Name) {
				who = append(who, side.By.Name)
			}
		}
	}
	if len(all) == 0 {
		return ""
	}
	return api.Listed(who) + ", in: " + api.Listed(slices.Compact(fields))
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
