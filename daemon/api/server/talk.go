package server

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"unicode"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// Talk is what members say about the documents of a space. id is a whole ID.
type Talk interface {
	// Thread gives a document with all that is said about it.
	Thread(ctx context.Context, id string) (api.Thread, error)
	// Mentions gives where the member of this device is named, as far as they weren't shown that here; the newest first. limit is how many
	// of the documents that changed last are wanted; 0: all.
	Mentions(ctx context.Context, limit int) ([]api.Mention, error)
	// NoteThread keeps that they were shown the thread as it was at these heads.
	NoteThread(ctx context.Context, id string, heads []string) error
}

func (s *Server) thread(r *http.Request) (api.Thread, error) {
	d, err := s.resolve(r.Context(), "", r.PathValue("id"))
	if err != nil {
		return api.Thread{}, err
	}
	return s.at.Talk.Thread(r.Context(), d.ID)
}

func (s *Server) talk(r *http.Request, q api.TalkRequest) (api.Thread, error) {
	ctx := r.Context()
	d, err := s.resolve(ctx, "", r.PathValue("id"))
	if err != nil {
		return api.Thread{}, err
	}
	k := kinds.All.Named(d.Kind)
	if k == nil {
		return api.Thread{}, api.Problemf(api.NotAllowed, "install the newest Kith", "this Kith doesn't know what %s is", d.Short)
	}
	var a Asks
	a.Text = &kind.Writing{Text: q.Text}
	for f, word := range map[*kind.Field]string{kind.TalkTo: q.Answer, kind.TalkAgain: q.Instead} {
		raw, err := json.Marshal(word)
		if err == nil && word != "" {
			err = a.Read(f, raw)
		}
		if err != nil {
			return api.Thread{}, err
		}
	}
	if err := kind.Talk.Check(&a.Request); err != nil {
		return api.Thread{}, err
	}
	named, err := s.inShare(d).namedIn(ctx, q.Text)
	if err != nil {
		return api.Thread{}, err
	}
	a.PutAll(kind.TalkFor, named)
	if _, err := s.at.Documents.Do(ctx, k, kind.Talk, d.ID, a); err != nil {
		return api.Thread{}, err
	}
	return s.at.Talk.Thread(ctx, d.ID)
}

func (s *Server) noteThread(r *http.Request, q api.HeadsRequest) (nothing, error) {
	d, err := s.resolve(r.Context(), "", r.PathValue("id"))
	if err != nil {
		return nothing{}, err
	}
	if len(q.Heads) == 0 || len(q.Heads) > maxHeads {
		return nothing{}, api.Problemf(api.Invalid, "they are in the answer that was shown, as heads", "what was shown has 1 to %d heads, and not %d", maxHeads, len(q.Heads))
	}
	return nothing{}, s.at.Talk.NoteThread(r.Context(), d.ID, q.Heads)
}

// namedIn gives the IDs of the members whom a text names with an @.
func (s *Server) namedIn(ctx context.Context, text string) (ids []string, err error) {
	if !strings.Contains(text, "@") {
		return nil, nil
	}
	all, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return nil, err
	}
	var gone error
	unknown := kind.NamedIn(text, func(words []string) int {
		m, n := memberAt(all, words)
		if n > 0 {
			ids = append(ids, m.ID)
			if err := whoIsIn(m); err != nil {
				gone = err
			}
		}
		return n
	})
	if len(unknown) > 0 {
		return nil, api.Problemf(api.Invalid, orMeant("who is here: kith member list; leave out the @ if nobody is meant", unknown[0], all), "nobody here is called “%s”", api.Brief(unknown[0]))
	}
	return unique(ids), gone
}

// memberAt finds the member whose name stands at the beginning of some words, the longest first, and of how many words it
// is. What stands behind a name without a space, as in “@Ben,” or “@Ben's”, isn't part of it.
func memberAt(all []api.Member, words []string) (found api.Member, n int) {
	for n = len(words); n > 0; n-- {
		name := strings.Join(words[:n], " ")
		bare := strings.TrimRightFunc(name, notOfNames)
		for _, word := range []string{name, bare, strings.TrimRightFunc(beforeLast(bare, "'’"), notOfNames)} {
			i := slices.IndexFunc(all, func(m api.Member) bool {
				return api.FoldText(m.Name) == api.FoldText(word) || api.FoldText(m.Called()) == api.FoldText(word) ||
					len(word) >= len("m-")+api.MinBareID && strings.HasPrefix(m.ID, strings.ToLower(word))
			})
			if i >= 0 && word != "" {
				return all[i], n
			}
		}
	}
	return found, 0
}

func beforeLast(s, any string) string {
	if i := strings.LastIndexAny(s, any); i >= 0 {
		return s[:i]
	}
	return s
}

// mentions are where I am named and haven't been shown it, in every space: of each no more than is read in a moment, unless all is asked for, and
// whether there is more.
func (s *Server) mentions(ctx context.Context, all bool) (found []api.Mention, more bool, err error) {
	limit := mostTold + 1
	if all {
		limit = 0
	}
	found, err = across(s, func(one *Server) ([]api.Mention, error) {
		if me, err := one.mine(ctx); err != nil || me == "" {
			return nil, err
		}
		named, err := one.at.Talk.Mentions(ctx, limit)
		if limit > 0 && len(named) == limit {
			named, more = named[:mostTold], true
		}
		return named, err
	}, func(m *api.Mention, space *api.Named) { m.Space = space })
	return once(found, func(m api.Mention) (string, *api.Shared) { return m.ID, m.Shared }), more, err
}

// mentionSection is the same in the form of what waits in documents.
func (d *day) mentionSection() api.Section {
	out := api.Section{Name: mentionsKey, Title: MentionsTitle, More: d.more[mentionsKey]}
	for _, m := range d.mentions {
		out.Items = append(out.Items, api.SectionItem{
			ID: m.ID, Short: m.Short, Kind: m.Kind, Title: m.Title, Why: fmt.Sprintf("%s: %s", m.By.Name, m.Text), Who: &m.By, At: m.At, Space: m.Space, Command: "kith talk " + m.Short,
		})
	}
	return out
}

// mentionsKey is under what they are told.
const mentionsKey = "mentions"

// MentionsTitle is what stands above where somebody is named.
const MentionsTitle = "You are named"

func notOfNames(r rune) bool {
	return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r)
}
