package server

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/problem"
	"kith/daemon/api"
)

// kindRoutes are the requests about documents: for each kind what its declaration says.
func kindRoutes() (all []route) {
	for _, k := range kinds.All.Nouns() {
		one := k.Many + "/{id}"
		all = append(all,
			route{path: "GET " + k.Many, gist: k.Gist, query: listParams(k), work: listing(k)},
			route{path: "POST " + k.Many, gist: k.Make.Gist, work: making(k)},
			route{path: "GET " + one, gist: "one " + k.Name, about: aDocument, work: showing(k)},
			route{path: "PATCH " + one, gist: k.Edit.Gist, about: aDocument, work: doing(k, k.Edit)},
		)
		all = append(all,
			route{path: "GET " + one + "/shown", gist: "which revision the member of this device was shown last, and what changed since", about: aDocument, work: answers(lastShown(k))},
			route{path: "GET " + one + "/possible", gist: "what can be done with it as it stands, by the member of this device", about: aDocument, work: answers(possible(k))},
			route{path: "POST " + one + "/shown", gist: "say that it was shown to them", about: aDocument, work: takes(noteShown(k))},
		)
		for _, v := range k.Verbs {
			all = append(all, route{path: "POST " + one + "/" + v.Name, gist: v.Gist, about: aDocument, work: doing(k, v)})
		}
		if k.Single {
			all = append(all, route{path: "PUT " + k.Many + "/me", gist: "change one's own, or begin it", work: setting(k)})
		}
		all = append(all,
			route{path: "GET " + one + "/history", gist: "its versions, newest first", about: aDocument,
				query: []param{limit, {name: "diff", gist: "with what differs in each from what it was made of, in words", is: aFlag}}, work: answers(history(k))},
			route{path: "GET " + one + "/history/{version}", gist: "all of an earlier version, by the start of its head or by its revision", about: aDocument, work: answers(edition(k))},
			route{path: "POST " + one + "/restore", gist: "write an earlier version's text once more", about: aDocument, work: restoring(k)},
		)
	}
	return all
}

// noVerb refuses what documents of a kind can't be told.
func (s *Server) noVerb(k *kind.Kind) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		s.refuse(w, r, api.Problemf(api.NotFound, "kith "+k.Name+" --help", "%s can't be told to “%s”", an(k.Name), api.Brief(r.PathValue("verb"))))
	}
}

// paramOf is how a filter stands in an address.
func paramOf(f *kind.Filter) param {
	p := param{name: strings.ReplaceAll(f.Name, "-", "_"), gist: f.Gist}
	if f.Takes == nil {
		p.is = aFlag
	}
	return p
}

// an is what a kind is called, with its article.
func an(name string) string { return kind.WithArticle(name) }

func listParams(k *kind.Kind) (all []param) {
	for _, f := range k.Filters() {
		all = append(all, paramOf(f))
	}
	return append(all, param{name: "sort", gist: "the order; the first is the default", is: aWord, words: orders(k)}, since, limit, brief)
}

func orders(k *kind.Kind) (names []string) {
	for _, o := range k.Sorts() {
		names = append(names, o.Name)
	}
	return names
}

// ListQuery is what a list is asked for.
type ListQuery struct {
	Kind  *kind.Kind
	Wants func(kind.Asker) []kind.Want // what its documents must have, by who asks, and where; nil: nothing
	Order *kind.Order                  // nil: newest change first
	Limit int                          // 0: all
	News  bool                         // without what the member of this device was shown as it is
	// Unread leaves out what they were ever shown.
	Unread bool
	Since  time.Time // changed since then, by the clock of who did; zero: whenever
}

// wanting is for ListQuery.Wants where it is the same whoever asks.
func wanting(wants ...kind.Want) func(kind.Asker) []kind.Want {
	return func(kind.Asker) []kind.Want { return wants }
}

func listing(k *kind.Kind) work {
	return work{
		out: func(s schemas) object { return object{"type": "array", "items": s.shown(k)} },
		do: func(s *Server, r *http.Request) (any, error) {
			q := query{r.URL.Query()}
			list, err := s.listQuery(r, k, q)
			if err != nil {
				return nil, err
			}
			found, err := s.at.Documents.List(r.Context(), list)
			if q.flag("brief") {
				for i := range found {
					found[i].Text = ""
				}
			}
			return found, err
		},
	}
}

// listQuery reads what a list is asked for.
func (s *Server) listQuery(r *http.Request, k *kind.Kind, q query) (list ListQuery, err error) {
	list.Kind = k
	if list.Limit, err = q.number("limit", 0); err != nil {
		return list, err
	}
	if word := q.Get("since"); word != "" {
		if list.Since, err = s.sinceWhen(word); err != nil {
			return list, err
		}
	}
	asked, callings := map[*kind.Filter]string{}, map[*kind.Filter][]string{}
	for _, f := range k.Filters() {
		name, value := paramOf(f).name, ""
		if !q.Has(name) || f.Takes == nil && !q.flag(name) {
			continue
		}
		if f.Takes != nil {
			if value, err = s.filtered(r.Context(), f.Takes, q.Get(name)); err != nil {
				return list, err
			}
			if value == "" {
				continue
			}
			if f.Takes.Is == kind.Line && f.Takes.Of != "" {
				if callings[f], err = s.callings(r.Context(), f.Takes.Of, value); err != nil {
					return list, err
				}
			}
		}
		asked[f] = value
		if f.Me {
			if _, err := s.me(r.Context()); err != nil {
				return list, err
			}
		}
		if f.Order != nil {
			list.Order = f.Order
		}
	}
	list.Wants = func(by kind.Asker) (wants []kind.Want) {
		if _, away := asked[kind.Away]; !away {
			wants = append(wants, kind.NotArchived)
		}
		for f, value := range asked {
			want := f.Want(value, by)
			if names := callings[f]; names != nil {
				want.Is = oneOf(names)
			}
			wants = append(wants, want)
		}
		return wants
	}
	if name := q.Get("sort"); name != "" {
		i := slices.Index(orders(k), name)
		if i < 0 {
			return list, checkWord("order", name, orders(k))
		}
		list.Order = k.Sorts()[i]
	}
	return list, nil
}

// filtered reads by what value of a field a list is sifted: a whole ID, where that is of a document or a member.
func (s *Server) filtered(ctx context.Context, f *kind.Field, word string) (string, error) {
	switch f.Is {
	case kind.Ref:
		d, err := s.resolve(ctx, f.Of, word)
		return d.ID, err
	case kind.Members:
		m, err := s.resolveMember(ctx, word)
		return m.ID, err
	}
	return f.Clean(word)
}

// sinceWhen reads since when: a moment or a day, which begins where this daemon runs.
func (s *Server) sinceWhen(word string) (time.Time, error) {
	at, _, err := api.ParseDate(word, s.now().Location())
	if err != nil {
		return at, api.Problemf(api.Invalid, "since=2026-12-01, or RFC 3339", "“%s” is no moment", api.Brief(word))
	}
	return at, nil
}

func showing(k *kind.Kind) work {
	return work{
		out: func(s schemas) object { return s.shown(k) },
		do: func(s *Server, r *http.Request) (any, error) {
			d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
			if err != nil {
				return nil, err
			}
			return s.at.Documents.Show(r.Context(), k, d.ID)
		},
	}
}

func making(k *kind.Kind) work {
	return work{
		in:  func(s schemas) object { return s.request(k, k.Make) },
		out: func(s schemas) object { return s.shown(k) },
		do: func(s *Server, r *http.Request) (any, error) {
			var b body
			if err := decode(r, &b); err != nil {
				return nil, err
			}
			a, err := s.asked(r.Context(), s, k, k.Make, b)
			if err != nil {
				return nil, err
			}
			if k.Single {
				if d, had, err := s.single(r.Context(), k, "me"); had && err == nil {
					return nil, api.Problemf(api.NotAllowed, "kith "+k.Name+" set --help", "you have a %s already: %s", k.Name, d.Short)
				}
			}
			if err := s.alone(r.Context(), k, &a); err != nil {
				return nil, err
			}
			if err := s.ownTitle(r.Context(), k, "", a.Title); err != nil {
				return nil, err
			}
			return s.at.Documents.Create(r.Context(), k, a)
		},
	}
}

// alone refuses to begin a second one of what goes on once at a time.
func (s *Server) alone(ctx context.Context, k *kind.Kind, a *Asks) error {
	if k.Make.Alone == nil {
		return nil
	}
	there, err := s.at.Documents.List(ctx, ListQuery{Kind: k, Limit: 1, Wants: wanting(k.Make.Alone(&a.Args), kind.NotArchived)})
	if err != nil || len(there) == 0 {
		return err
	}
	return api.Problemf(api.NotAllowed, k.Command("show", there[0].Short), "there is %s already that goes on: %s “%s”", an(k.Name), there[0].Short, api.Brief(there[0].Title))
}

// doing does what a verb says with a document.
func doing(k *kind.Kind, v *kind.Verb) work {
	return work{
		in:  func(s schemas) object { return s.request(k, v) },
		out: func(s schemas) object { return s.shown(k) },
		do: func(s *Server, r *http.Request) (any, error) {
			d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
			begins := beginsMine(k, r.PathValue("id"), err)
			if err != nil && !begins {
				return nil, err
			}
			var b body
			if err := decode(r, &b); err != nil {
				return nil, err
			}
			a, err := s.asked(r.Context(), s.inShare(d), k, v, b)
			if err != nil {
				return nil, naming(err, k, d.Short)
			}
			if begins {
				begun, err := s.set(r.Context(), k, body{})
				if err != nil {
					return nil, err
				}
				d = begun.Document
			}
			if err := s.stillAsShown(r.Context(), k, v, d, &a); err != nil {
				return nil, err
			}
			if err := s.ownTitle(r.Context(), k, d.ID, a.Title); err != nil {
				return nil, err
			}
			if more := moreDone[v]; more != nil {
				done, err := more(s, r.Context(), d, a)
				return done, naming(err, k, d.Short)
			}
			done, err := s.at.Documents.Do(r.Context(), k, v, d.ID, a)
			return done, naming(err, k, d.Short)
		},
	}
}

// beginsMine says whether something is to be done with one's own document of a kind of which each member has one, and there is none yet: it is
// begun then, as a part of what is done, and both are taken back together.
func beginsMine(k *kind.Kind, id string, err error) bool {
	var none *api.Problem
	return k.Single && id == "me" && errors.As(err, &none) && none.Code == api.NotFound
}

// stillAsShown refuses a promise about something that was changed since whoever makes it was shown it, and says how it differs.
func (s *Server) stillAsShown(ctx context.Context, k *kind.Kind, v *kind.Verb, d api.Document, a *Asks) error {
	if !v.Promises || a.Undo {
		return nil
	}
	last, err := s.at.Documents.LastShown(ctx, k, d.ID)
	if err != nil || last.Revision == "" || len(last.Changed) == 0 {
		return err
	}
	var fields []string
	for _, c := range last.Changed {
		fields = append(fields, c.Field)
	}
	p := problem.New(problem.Changed, "read it: "+k.Command("show", d.Short)+"; then say it again", "%s was changed since you were shown it: %s", d.Short, strings.Join(fields, ", "))
	p.Changed = last.Changed
	return p
}

// aboutIt are the commands that a next step can have about the document itself, up to its ID. What knows no documents (a
// declaration) writes ID there.
var aboutIt = regexp.MustCompile(`\bkith (?:[a-z]+ [a-z-]+|talk|log|forget|archive|settle) ID\b`)

// naming puts the ID of a document into the next step of an error about it, so that it can be typed as it stands.
func naming(err error, k *kind.Kind, short string) error {
	told, ok := problem.Of(err)
	if !ok || short == "" {
		return err
	}
	hint := aboutIt.ReplaceAllStringFunc(told.Hint, func(command string) string {
		words := strings.Fields(command)
		if of := kinds.All.Named(words[1]); len(words) == 4 && of != k {
			return command
		}
		return strings.TrimSuffix(command, "ID") + short
	})
	if hint == told.Hint {
		return err
	}
	named := *told
	named.Hint = hint
	return &named
}

// setting changes the document of a kind of which each member has one, and makes it where there is none.
func setting(k *kind.Kind) work {
	return work{
		in:  func(s schemas) object { return s.request(k, k.Edit) },
		out: func(s schemas) object { return s.shown(k) },
		do: func(s *Server, r *http.Request) (any, error) {
			var b body
			if err := decode(r, &b); err != nil {
				return nil, err
			}
			return s.set(r.Context(), k, b)
		},
	}
}

// set is setting: b is the body of an edit.
func (s *Server) set(ctx context.Context, k *kind.Kind, b body) (Shown, error) {
	d, had, err := s.single(ctx, k, "me")
	var none *api.Problem
	switch {
	case err != nil && !(errors.As(err, &none) && none.Code == api.NotFound):
		return Shown{}, err
	case had:
		a, err := s.asked(ctx, s, k, k.Edit, b)
		if err != nil {
			return Shown{}, err
		}
		return s.at.Documents.Do(ctx, k, k.Edit, d.ID, a)
	}
	if _, titled := b[kind.Title.Key]; !titled {
		m, err := s.resolveMember(ctx, "me")
		if err != nil {
			return Shown{}, err
		}
		name, err := json.Marshal(m.Name)
		if err != nil {
			return Shown{}, err
		}
		b[kind.Title.Key] = name
	}
	a, err := s.asked(ctx, s, k, k.Make, b)
	if err != nil {
		return Shown{}, err
	}
	return s.at.Documents.Create(ctx, k, a)
}

func history(k *kind.Kind) func(*Server, *http.Request) ([]api.Version, error) {
	return func(s *Server, r *http.Request) ([]api.Version, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		q := query{r.URL.Query()}
		asked := HistoryQuery{Kind: k, Diff: q.flag("diff")}
		if asked.Limit, err = q.number("limit", maxLines); err != nil {
			return nil, err
		}
		if asked.Limit = min(asked.Limit, maxLines); asked.Diff {
			asked.Limit = min(asked.Limit, maxDiffs)
		}
		return s.at.Versions.History(r.Context(), d.ID, asked)
	}
}

// HistoryQuery is which versions of a document are asked for.
type HistoryQuery struct {
	Kind  *kind.Kind
	Limit int  // the newest so many
	Diff  bool // with what differs in each
}

// maxDiffs bounds the versions of one answer that are told apart.
const maxDiffs = 100

func edition(k *kind.Kind) func(*Server, *http.Request) (api.Edition, error) {
	return func(s *Server, r *http.Request) (api.Edition, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		if err != nil {
			return api.Edition{}, err
		}
		version, err := versionWord(k, d, r.PathValue("version"))
		if err != nil {
			return api.Edition{}, err
		}
		return s.at.Versions.Edition(r.Context(), k, d.ID, version)
	}
}

// versionWord checks what may be the start of a version's head, or a revision.
func versionWord(k *kind.Kind, d api.Document, word string) (string, error) {
	word = strings.ToLower(strings.TrimSpace(word))
	if word == "" || len(word) > 64 || strings.Trim(word, "0123456789abcdef") != "" {
		return "", api.Problemf(api.Invalid, "kith "+k.Name+" history "+d.Short, "“%s” is no version of %s", api.Brief(word), an(k.Name))
	}
	return word, nil
}

func lastShown(k *kind.Kind) func(*Server, *http.Request) (api.LastShown, error) {
	return func(s *Server, r *http.Request) (api.LastShown, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		if err != nil {
			return api.LastShown{}, err
		}
		return s.at.Documents.LastShown(r.Context(), k, d.ID)
	}
}

func possible(k *kind.Kind) func(*Server, *http.Request) ([]api.Possible, error) {
	return func(s *Server, r *http.Request) ([]api.Possible, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		if err != nil {
			return nil, err
		}
		return s.at.Documents.Possible(r.Context(), k, d.ID)
	}
}

func noteShown(k *kind.Kind) func(*Server, *http.Request, api.HeadsRequest) (nothing, error) {
	return func(s *Server, r *http.Request, q api.HeadsRequest) (nothing, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		switch {
		case err != nil:
			return nothing{}, err
		case len(q.Heads) == 0 || len(q.Heads) > maxHeads:
			return nothing{}, api.Problemf(api.Invalid, "they are in the answer that was shown, as heads", "what was shown has 1 to %d heads, and not %d", maxHeads, len(q.Heads))
		}
		return nothing{}, s.at.Documents.NoteShown(r.Context(), k, d.ID, q.Heads)
	}
}

func restoring(k *kind.Kind) work {
	w := takes(func(s *Server, r *http.Request, h api.HeadRequest) (Shown, error) {
		d, err := s.resolve(r.Context(), k.Name, r.PathValue("id"))
		if err != nil {
			return Shown{}, err
		}
		if h.Head, err = versionWord(k, d, h.Head); err != nil {
			return Shown{}, err
		}
		return s.at.Versions.Restore(r.Context(), k, d.ID, h.Head)
	})
	w.out, w.gave = func(s schemas) object { return s.shown(k) }, nil
	return w
}
