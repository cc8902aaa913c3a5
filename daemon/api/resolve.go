package api

import (
	"context"
	"slices"
	"strings"
)

// idLength is how many letters an ID has after the one for its kind.
const idLength = 32

// minBareID is how many letters a start of a member's ID needs when its "m-" is left out, so
// that a mistyped name isn't taken for one.
const minBareID = 4

// crockford makes what people read and type into the letters of IDs.
var crockford = strings.NewReplacer("o", "0", "i", "1", "l", "1")

// idStart takes a word apart into the kind that its letter names ("" without one) and the
// start of an ID. ok is false when no ID starts so.
func idStart(word string) (kind, start string, ok bool) {
	word = strings.ToLower(strings.TrimSpace(word))
	if len(word) > 1 && word[1] == '-' {
		for k, letter := range letters {
			if letter == word[:2] {
				kind = k
			}
		}
		if kind == "" {
			return "", "", false
		}
		word = word[2:]
	}
	start = crockford.Replace(word)
	valid := strings.Trim(start, "0123456789abcdefghjkmnpqrstvwxyz") == ""
	return kind, start, valid && start != "" && len(start) <= idLength
}

// resolve finds the one document that word names: its ID or any start of it that no other
// document of that kind shares, with or without the letter. kind "" is any.
func (s *Server) resolve(ctx context.Context, kind, word string) (Document, error) {
	none := Problemf(NotFound, listHint(kind), "no %s has an ID that starts with “%s”", orDocument(kind), brief(word))
	named, start, ok := idStart(word)
	if !ok {
		return Document{}, none
	}
	if kind != "" && named != "" && named != kind {
		return Document{}, Problemf(NotFound, listHint(kind), "%s is the ID of a %s; a %s is wanted here", brief(word), named, kind)
	}
	if named == "" {
		named = kind
	}
	found, err := s.backend.Find(ctx, named, start, maxCandidates+1)
	switch {
	case err != nil:
		return Document{}, err
	case len(found) == 0:
		return Document{}, none
	case len(found) == 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", brief(word))
	for _, d := range found[:min(len(found), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{d.ID, d.Short, d.Title})
	}
	return Document{}, p
}

func orDocument(kind string) string {
	if kind == "" {
		return "document"
	}
	return kind
}

func listHint(kind string) string {
	if kind == "" {
		return "look for it: kith search WORDS"
	}
	return "kith " + kind + " list"
}

// brief shortens a word for a message.
func brief(word string) string {
	if r := []rune(word); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return word
}

// resolveMember finds the one member that word names: by name, or by ID or a start of it;
// "me" is the member of this daemon unless somebody is called so.
func (s *Server) resolveMember(ctx context.Context, word string) (Member, error) {
	all, err := s.backend.Members(ctx)
	if err != nil {
		return Member{}, err
	}
	folded := FoldName(word)
	found := slices.DeleteFunc(slices.Clone(all), func(m Member) bool {
		return FoldName(m.Name) != folded && (m.Coop == "" || FoldName(m.Name+" ("+m.Coop+")") != folded)
	})
	if len(found) == 0 && folded == "me" {
		found = slices.DeleteFunc(slices.Clone(all), func(m Member) bool { return !m.Me })
	}
	if len(found) == 0 {
		id, letter := strings.CutPrefix(strings.ToLower(strings.TrimSpace(word)), "m-")
		if id = crockford.Replace(id); letter && id != "" || len(id) >= minBareID {
			found = slices.DeleteFunc(slices.Clone(all), func(m Member) bool { return !strings.HasPrefix(m.ID, "m-"+id) })
		}
	}
	switch len(found) {
	case 0:
		return Member{}, Problemf(NotFound, "kith member list", "nobody here is called “%s”", brief(word))
	case 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "use the ID", "“%s” may be more than one member", brief(word))
	for _, m := range found[:min(len(found), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{m.ID, shortMember(m.ID, all), m.Called()})
	}
	return Member{}, p
}

// shortMember is the shortest start of a member's ID, of 4 letters or more, that no other
// member's ID shares.
func shortMember(id string, all []Member) string {
	for n := len("m-") + 4; n < len(id); n++ {
		if !slices.ContainsFunc(all, func(m Member) bool { return m.ID != id && strings.HasPrefix(m.ID, id[:n]) }) {
			return id[:n]
		}
	}
	return id
}

// me gives the ID of the member of this daemon.
func (s *Server) me(ctx context.Context) (string, error) {
	all, err := s.backend.Members(ctx)
	if err != nil {
		return "", err
	}
	for _, m := range all {
		if m.Me {
			return m.ID, nil
		}
	}
	return "", Problemf(NotFound, "kith status", "this device belongs to no member yet")
}
