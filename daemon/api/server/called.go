package server

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// Tasks and hours name their project by its title, which may be there before it. So no two projects are called the same, or one as the other was;
// where people who didn't know of each other do that all the same, it is said before hours are charged twice.

// callings are the titles by which documents name one of a kind, the present one first: of the document that words mean,
// which are its ID or the start of one with its letters, or a title that it has or had. Words that mean none are its only
// name, and the name of nothing that is written down yet.
func (s *Server) callings(ctx context.Context, of, words string) ([]string, error) {
	d, ok, err := s.called(ctx, of, words)
	if err != nil || !ok {
		return []string{words}, err
	}
	return s.callingsOf(ctx, d)
}

// callingsOf are those of a document. A title that means another by now is none of them: so there may be none, and it isn't nil.
func (s *Server) callingsOf(ctx context.Context, d Shown) ([]string, error) {
	names := []string{}
	for i, title := range append([]string{d.Title}, kinds.FormerTitles(d.View)...) {
		meant, err := s.meant(ctx, d.View.Kind, title)
		if err != nil {
			return nil, err
		}
		if i > 0 && len(meant) > 1 {
			meant = meant[:1] // of several that had it, it is the first one's
		}
		if slices.ContainsFunc(meant, d.is) {
			names = append(names, title)
		}
	}
	return names, nil
}

// is says whether another is the same document.
func (d Shown) is(other Shown) bool { return d.ID == other.ID }

// called finds the document that callings means; ok is false if there is none.
func (s *Server) called(ctx context.Context, of, words string) (d Shown, ok bool, err error) {
	k := kinds.All.Named(of)
	if named, start, isID := api.SplitID(words); isID && named == of && start != "" {
		found, err := s.resolve(ctx, of, words)
		if err != nil {
			return d, false, err
		}
		d, err = s.at.Documents.Show(ctx, k, found.ID)
		return d, err == nil, err
	}
	meant, err := s.meant(ctx, of, words)
	switch {
	case err != nil || len(meant) == 0:
		return d, false, err
	case len(meant) > 1:
		return d, false, moreThanOne("use its ID", of, words, meant)
	}
	return meant[0], true, nil
}

// moreThanOne says that a title means several documents.
func moreThanOne(hint, of, title string, meant []Shown) error {
	p := api.Problemf(api.Ambiguous, hint, "more than one %s is called “%s”", of, api.Brief(title))
	return api.WithCandidates(p, meant, func(d Shown) api.Candidate { return api.Candidate{ID: d.ID, Short: d.Short, Title: d.Title} })
}

// titled lists the documents of a kind that have or had a title.
func (s *Server) titled(ctx context.Context, k *kind.Kind, title string) ([]Shown, error) {
	return s.at.Documents.List(ctx, ListQuery{Kind: k, Wants: wanting(kind.Want{Fact: kinds.CalledFact, Is: oneOf([]string{title})})})
}

// meant are the documents of a kind that a title means, the first that was made first: one, or none, or several to which people gave
// it who didn't know of each other.
func (s *Server) meant(ctx context.Context, of, title string) ([]Shown, error) {
	found, err := s.titled(ctx, kinds.All.Named(of), title)
	if err != nil {
		return nil, err
	}
	return s.meantOf(ctx, found, title)
}

// meantOf is meant, of all that have or had the title.
func (s *Server) meantOf(ctx context.Context, found []Shown, title string) ([]Shown, error) {
	found = slices.SortedFunc(slices.Values(found), func(a, b Shown) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt.Time), strings.Compare(a.ID, b.ID))
	})
	for _, gives := range []func(Shown) bool{ // who gives way to the others, if there are any
		func(d Shown) bool { // what goes on in one of them
			return slices.ContainsFunc(found, func(next Shown) bool { return slices.Contains(strings.Fields(next.View.Continues), d.ID) })
		},
		func(d Shown) bool { return !strings.EqualFold(d.Title, title) }, // whose name it was to whose it is
		func(d Shown) bool { return d.View.Archived != nil },             // whose it was until it was put away
	} {
		if left := slices.DeleteFunc(slices.Clone(found), gives); len(left) > 0 {
			found = left
		}
	}
	one, ok, err := s.sameRequest(ctx, found)
	if ok {
		found = []Shown{one}
	}
	return found, err
}

// ownTitle refuses to call a project as another is or was called: hours of the one would be charged for the other, too. id is the one
// that is to be called so; "": it is to be made.
func (s *Server) ownTitle(ctx context.Context, k *kind.Kind, id string, title *string) error {
	if k != kinds.Project || title == nil {
		return nil
	}
	had, err := s.titled(ctx, k, *title)
	if err != nil || len(had) == 0 || slices.ContainsFunc(had, Shown{Document: api.Document{ID: id}}.is) {
		return err // it may go on as it is or was called
	}
	free, taken := "", had[0]
	for n := 2; len(had) > 0 && n <= mostOfOne; n++ {
		free = *title + " " + strconv.Itoa(n)
		if had, err = s.titled(ctx, k, free); err != nil {
			return err
		}
	}
	hint := "call it otherwise, as “" + api.Brief(free) + "”; or go on with that one: kith project show " + taken.Short
	if !strings.EqualFold(taken.Title, *title) {
		return api.Problemf(api.NotAllowed, hint, "%s “%s” was called “%s” before, and its hours and tasks name it so", taken.Short, api.Brief(taken.Title), api.Brief(*title))
	}
	return api.Problemf(api.NotAllowed, hint, "a project is called “%s” already: %s", api.Brief(taken.Title), taken.Short)
}

// calledNothing says that words are the name of nothing that is written down yet, with the titles that may be meant by them.
func (s *Server) calledNothing(ctx context.Context, of, words string) (string, error) {
	titles, err := s.titlesOf(ctx, of)
	return api.CalledNothing(of, words, titles), err
}

// titlesOf are those of all documents of a kind that weren't put away.
func (s *Server) titlesOf(ctx context.Context, of string) (titles []string, err error) {
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.All.Named(of), Wants: wanting(kind.NotArchived)})
	for _, d := range all {
		titles = append(titles, d.Title)
	}
	return titles, err
}

// sameRequest is, of projects that came all from one request since two accepted it apart, the one that the request names: until
// somebody settles that, their title means this one everywhere.
func (s *Server) sameRequest(ctx context.Context, found []Shown) (Shown, bool, error) {
	if len(found) < 2 || found[0].View.Kind != kinds.Project.Name {
		return Shown{}, false, nil
	}
	from := kinds.Project.Field("intake").Str(found[0].View)
	if from == "" || slices.ContainsFunc(found, func(d Shown) bool { return kinds.Project.Field("intake").Str(d.View) != from }) {
		return Shown{}, false, nil
	}
	request, err := s.at.Documents.Show(ctx, kinds.Intake, from)
	if err != nil {
		return Shown{}, false, err
	}
	named, _ := kinds.IntakeBecame(request.View)
	i := slices.IndexFunc(found, func(d Shown) bool { return d.ID == named })
	return found[max(i, 0)], i >= 0, nil
}

// presentTitles are those of all projects, by all titles that they have or had, in small letters: of the project that each means.
func (s *Server) presentTitles(ctx context.Context) (map[string]string, error) {
	all, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Project})
	if err != nil {
		return nil, err
	}
	had := map[string][]Shown{}
	for _, p := range all {
		for _, title := range append([]string{p.Title}, kinds.FormerTitles(p.View)...) {
			had[strings.ToLower(title)] = append(had[strings.ToLower(title)], p)
		}
	}
	titles := map[string]string{}
	for title, these := range had {
		meant, err := s.meantOf(ctx, these, title)
		if err != nil {
			return nil, err
		}
		titles[title] = meant[0].Title
	}
	return titles, nil
}
