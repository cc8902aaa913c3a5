package server

import (
	"context"
	"net/http"
	"strings"
	"unicode/utf8"

	"kith/daemon/api"
)

// Forgetting takes documents of a space back. id is a whole ID.
type Forgetting interface {
	// Forgetting says how it stands with one. goesOn: what it means if what stands in it now goes on in a fresh one.
	Forgetting(ctx context.Context, id string, goesOn bool) (api.Forgetting, error)
	// Forget says for the member of this device that it is to be forgotten, or proposes it.
	Forget(ctx context.Context, id string, q api.ForgetRequest) (api.Forgetting, error)
	// Gone is how it stands with a document whose ID starts so, without the letter of its kind, and that was forgotten; nil if it wasn't. What it said
	// isn't known any more, and so its Document is empty.
	Gone(ctx context.Context, prefix string) *api.Forgetting
	// Asked gives those that somebody wants forgotten, and in which the member of this device wrote, who hasn't said so.
	Asked(ctx context.Context) ([]api.Forgetting, error)
}

func (s *Server) forgetting(r *http.Request) (api.Forgetting, error) {
	d, err := s.resolve(r.Context(), "", r.PathValue("id"))
	if err != nil {
		if f := s.wasForgotten(r.Context(), r.PathValue("id")); f != nil {
			return *f, nil
		}
		return api.Forgetting{}, err
	}
	return s.at.Forgetting.Forgetting(r.Context(), d.ID, query{r.URL.Query()}.flag("goes_on"))
}

func (s *Server) forget(r *http.Request, q api.ForgetRequest) (api.Forgetting, error) {
	if q.Why == "" && !q.Agreed {
		q.Why = s.reasonOfOthers(r)
	}
	if strings.TrimSpace(q.Why) == "" {
		return api.Forgetting{}, api.Problemf(api.Usage, `--why WHY; it stays, and all read it: write nothing there that is to be forgotten`, "say why it is to be forgotten")
	}
	if err := checkWhy(&q.Why); err != nil {
		return api.Forgetting{}, err
	}
	if q.Part = strings.TrimSpace(q.Part); q.Part != "" {
		switch n := utf8.RuneCountInString(q.Part); {
		case n < minPart:
			return api.Forgetting{}, api.Problemf(api.Invalid, "more of it, as it stands there", "what is taken out has %d characters or more", minPart)
		case n > maxPart:
			return api.Forgetting{}, api.Problemf(api.Limit, "the whole document, without --part", "what is taken out has %d characters at most, this has %d", maxPart, n)
		}
	}
	d, err := s.resolve(r.Context(), "", r.PathValue("id"))
	if err != nil && s.wasForgotten(r.Context(), r.PathValue("id")) != nil {
		return api.Forgetting{}, api.Problemf(api.Nothing, "kith charter log", "it was forgotten already")
	}
	if err != nil {
		return api.Forgetting{}, err
	}
	return s.at.Forgetting.Forget(r.Context(), d.ID, q)
}

// reasonOfOthers is why somebody else wants what a request is about forgotten, if that waits for the reader: who agrees needs no
// reason of their own. Else "".
func (s *Server) reasonOfOthers(r *http.Request) string {
	f, err := s.forgetting(r)
	if err != nil || f.State != api.ForgetAsked || !f.Mine || len(f.Wants) == 0 {
		return ""
	}
	return f.Wants[0].Why
}

// minPart and maxPart bound what is taken out of a document, in characters: less would stand all over it.
const minPart, maxPart = 3, 10_000

// gone says that what a word is the start of the ID of was forgotten; else nil.
func (s *Server) gone(ctx context.Context, word string) error {
	f := s.wasForgotten(ctx, word)
	if f == nil {
		return nil
	}
	hint := "kith charter log says by whom"
	if next := f.GoesOn; next != nil {
		hint = "what stayed of it goes on in " + next.Short + ": kith " + next.Kind + " show " + next.Short
	}
	return api.Problemf(api.NotFound, hint, "this was forgotten: those who wrote in it, or the co-op, took it back")
}

// wasForgotten is how it stands with what a word is the start of the ID of, if that was forgotten; else nil.
func (s *Server) wasForgotten(ctx context.Context, word string) *api.Forgetting {
	if _, start, ok := api.SplitID(word); ok && s.at.Forgetting != nil {
		return s.at.Forgetting.Gone(ctx, start)
	}
	return nil
}

// forgetSection has the documents that others want forgotten, where the reader wrote and hasn't said so.
func (d *day) forgetSection() (api.Section, error) {
	out := api.Section{Name: "forget", Title: "To be forgotten, if you say so as well"}
	all, err := across(d.Server, func(one *Server) ([]api.Forgetting, error) {
		if me, err := one.mine(d.ctx); err != nil || me == "" || one.at.Forgetting == nil {
			return nil, err
		}
		return one.at.Forgetting.Asked(d.ctx)
	}, func(f *api.Forgetting, space *api.Named) { f.Space = space })
	for _, f := range once(all, func(f api.Forgetting) (string, *api.Shared) { return f.Document.ID, f.Document.Shared }) {
		doc := f.Document
		item := api.SectionItem{ID: doc.ID, Short: doc.Short, Kind: doc.Kind, Title: doc.Title, At: doc.UpdatedAt, Command: "kith forget " + doc.Short, Space: f.Space}
		if len(f.Wants) > 0 {
			item.Why, item.Who = f.Wants[0].By.Name+": "+f.Wants[0].Why, &f.Wants[0].By
		}
		out.Items = append(out.Items, item)
	}
	return out, err
}
