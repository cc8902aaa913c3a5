package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Bounds of a pact.
const (
	// MaxPurpose bounds what a pact is for, in bytes.
	MaxPurpose = 4_000
	// MaxContacts bounds the contact members that a side names.
	MaxContacts = 5
	// defaultAllyCode and maxAllyCode bound how long a code for an ally is good, in seconds.
	defaultAllyCode = 7 * 24 * 3600
	maxAllyCode     = 90 * 24 * 3600
)

// Ways in which joint decisions count.
const (
	VoicesCoops  = "co-ops"
	VoicesPeople = "people"
)

// The states of a pact.
const (
	AllyInvited = "invited" // nobody has used the code yet
	AllyCompare = "compare" // the words are to be compared
	AllyAgree   = "agree"   // this co-op has yet to agree
	AllyWaits   = "waits"   // this co-op has agreed, and the other one hasn't, as far as is known here
	AllyJoining = "joining" // a colleague made it, and this computer isn't in the share yet
	AllyMade    = "made"
	AllyEnded   = "ended"    // it was made, and is over
	AllyGivenUp = "given_up" // it came to nothing
)

// Ally is a pact with another co-op, made or half made.
type Ally struct {
	ID        string      `json:"id"`    // of the pact, here
	Share     *Named      `json:"share"` // the space that both share; null until the pact is made
	Name      string      `json:"name"`  // of the other co-op; "" as long as nobody has used the code
	State     string      `json:"state"`
	WaitsFor  string      `json:"waits_for"` // us, them, both, or "": who has to do something next
	Purpose   string      `json:"purpose"`
	EndsAt    Time        `json:"ends_at"`
	Voices    string      `json:"voices"`     // how joint decisions count: co-ops, people
	Code      string      `json:"code"`       // while nobody has used it; only where it was made
	ExpiresAt Time        `json:"expires_at"` // of the code; only where it was made
	LapsesAt  Time        `json:"lapses_at"`  // a half-made pact comes to nothing then
	Words     []string    `json:"words"`      // to be read to the other side, until theirs were heard
	Proposal  string      `json:"proposal"`   // short ID of the step at home; "" if there is none
	Sides     []AllySide  `json:"sides"`      // this co-op first; the other one only once it is known
	Offers    []AllyOffer `json:"offers"`     // changes of the terms that the other side hasn't answered
	InStep    bool        `json:"in_step"`    // with all of the share who are connected, if anybody is
	Peers     []Peer      `json:"peers"`      // the other devices of the share
	Further   bool        `json:"further"`    // a share beside the first with this co-op, opened through that
	Ask       string      `json:"ask"`        // of a further share: the request by which the ally joins it; "" of a first one
	Why       string      `json:"why"`        // how it came to nothing; "" otherwise
	Says      []string    `json:"says"`       // how it stands and what to do, in sentences
}

// AllySide is one co-op of a pact.
type AllySide struct {
	Name      string   `json:"name"`
	Ours      bool     `json:"ours"`
	Members   []Named  `json:"members"`   // of this side in the share; until the pact is made, who began it
	Contacts  []string `json:"contacts"`  // whom to ask
	Compared  bool     `json:"compared"`  // the words that this side heard are right
	Agreed    bool     `json:"agreed"`    // the co-op has agreed to the pact
	Ended     bool     `json:"ended"`     // it ended the pact
	Suspended bool     `json:"suspended"` // it has split, and says nothing here until somebody takes a side
	Lost      bool     `json:"lost"`      // nobody is left on it
}

// AllyOffer is a change of the terms that one side would have.
type AllyOffer struct {
	By      string `json:"by"` // the co-op
	Purpose string `json:"purpose"`
	EndsAt  Time   `json:"ends_at"`
	Voices  string `json:"voices"`
}

// AllyInviteRequest makes a code for an ally.
type AllyInviteRequest struct {
	Purpose   string   `json:"purpose"`
	Ends      string   `json:"ends"` // a date
	People    bool     `json:"people,omitempty"`
	Contacts  []string `json:"contacts,omitempty"` // none: who asks
	As        string   `json:"as,omitempty"`       // "": as in the co-op
	ExpiresIn int      `json:"expires_in,omitempty"`
	Listen    []string `json:"listen,omitempty"`
	Announce  []string `json:"announce,omitempty"`
}

// AllyJoinRequest gets in touch with the co-op that made a code.
type AllyJoinRequest struct {
	Code     string   `json:"code"`
	Contacts []string `json:"contacts,omitempty"`
	As       string   `json:"as,omitempty"`
	Listen   []string `json:"listen,omitempty"`
	Announce []string `json:"announce,omitempty"`
}

// AllyConfirmRequest says which words were heard from the other side.
type AllyConfirmRequest struct {
	Words string `json:"words"`
	Ally  string `json:"ally,omitempty"` // "": the only one whose words are to be compared; the Backend gets an ID
}

func (s *Server) allies(r *http.Request) (any, error) { return s.backend.Allies(r.Context()) }

func (s *Server) ally(r *http.Request) (any, error) {
	return s.resolveAlly(r.Context(), r.PathValue("id"))
}

func (s *Server) allyInvite(r *http.Request) (any, error) {
	var q AllyInviteRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() error {
			q.Purpose = strings.TrimSpace(q.Purpose)
			if q.Purpose == "" {
				return Problemf(Invalid, `kith ally invite --purpose "print the fair programme together" --ends 2027-11-24`, "a pact needs a purpose")
			}
			return checkPurpose(&q.Purpose)
		},
		func() error {
			if q.Ends == "" {
				return Problemf(Invalid, "kith ally invite --ends 2027-11-24", "a pact needs a day on which it ends; it can be made to last longer then")
			}
			return checkDate("the end of a pact", &q.Ends)
		},
		func() error { return checkSelf(&q.As, q.Contacts) },
	)
	if err != nil {
		return nil, err
	}
	if q.ExpiresIn == 0 {
		q.ExpiresIn = defaultAllyCode
	}
	if q.ExpiresIn < 0 || q.ExpiresIn > maxAllyCode {
		return nil, Problemf(Invalid, "kith ally invite --expires 168h", "a code for an ally holds for 1 second to 90 days")
	}
	return s.backend.AllyInvite(r.Context(), q)
}

func checkPurpose(s *string) error {
	if len(*s) > MaxPurpose {
		return Problemf(Limit, "shorten it; a note in the share can hold more", "a purpose has at most %d bytes, this one has %d", MaxPurpose, len(*s))
	}
	return checkText(s)
}

// checkSelf cleans how somebody is called in a share and whom the others can ask.
func checkSelf(as *string, contacts []string) (err error) {
	if len(contacts) > MaxContacts {
		return Problemf(Limit, "name those who answer", "a side names at most %d contacts, these are %d", MaxContacts, len(contacts))
	}
	if *as, err = line("name", *as, 80); err != nil {
		return err
	}
	for i := range contacts {
		if contacts[i], err = line("name", contacts[i], 80); err != nil {
			return err
		}
		if contacts[i] == "" {
			return Problemf(Invalid, "--contact NAME", "a contact needs a name")
		}
	}
	return nil
}

func (s *Server) allyJoin(r *http.Request) (any, error) {
	var q AllyJoinRequest
	err := firstError(func() error { return decode(r, &q) }, func() error { return checkSelf(&q.As, q.Contacts) })
	if err != nil {
		return nil, err
	}
	ctx, cancel := asLongAsAsked(r)
	defer cancel()
	return s.backend.AllyJoin(ctx, q)
}

func (s *Server) allyConfirm(r *http.Request) (any, error) {
	var q AllyConfirmRequest
	if err := decode(r, &q); err != nil {
		return nil, err
	}
	if q.Ally != "" {
		a, err := s.resolveAlly(r.Context(), q.Ally)
		if err != nil {
			return nil, err
		}
		q.Ally = a.ID
		return s.backend.AllyConfirm(r.Context(), q)
	}
	all, err := s.backend.Allies(r.Context())
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(a Ally) bool { return a.State != AllyCompare })
	switch len(all) {
	case 0:
		return nil, Problemf(NotFound, "kith ally list", "there is no pact whose words are to be compared")
	case 1:
		q.Ally = all[0].ID
		return s.backend.AllyConfirm(r.Context(), q)
	}
	return nil, amongAllies(Usage, all, "kith ally confirm WORD WORD --ally NAME", "with which co-op did you compare words?")
}

func (s *Server) allyCancel(r *http.Request) (any, error) {
	if err := decode(r, &struct{}{}); err != nil {
		return nil, err
	}
	a, err := s.resolveAlly(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	return s.backend.AllyCancel(r.Context(), a.ID)
}

// resolveAlly finds the one pact that word names: by the name of the other co-op, those that are made or under
// way first; by a start of its ID or its share's; or by its code.
func (s *Server) resolveAlly(ctx context.Context, word string) (Ally, error) {
	all, err := s.backend.Allies(ctx)
	if err != nil {
		return Ally{}, err
	}
	pick := func(is func(Ally) bool) []Ally {
		return slices.DeleteFunc(slices.Clone(all), func(a Ally) bool { return !is(a) })
	}
	folded, start := FoldName(word), strings.ToLower(strings.TrimSpace(word))
	found := pick(func(a Ally) bool { return a.Name != "" && FoldName(a.Name) == folded })
	for _, states := range [][]string{{AllyMade, AllyCompare, AllyAgree, AllyWaits}, {AllyEnded}} {
		if now := slices.DeleteFunc(slices.Clone(found), func(a Ally) bool { return !slices.Contains(states, a.State) }); len(now) > 0 {
			found = now
			break
		}
	}
	if first := slices.DeleteFunc(slices.Clone(found), func(a Ally) bool { return a.Further }); len(first) > 0 {
		found = first
	}
	if len(found) == 0 && start != "" {
		found = pick(func(a Ally) bool {
			return strings.HasPrefix(a.ID, start) || a.Code == start || a.Share != nil && len(start) >= minBareID && strings.HasPrefix(a.Share.ID, start)
		})
	}
	switch len(found) {
	case 0:
		return Ally{}, Problemf(NotFound, "kith ally list", "there is no pact with “%s”", brief(word))
	case 1:
		return found[0], nil
	}
	return Ally{}, amongAllies(Ambiguous, found, "use the start of its ID", "“%s” may be more than one pact", brief(word))
}

func amongAllies(code Code, all []Ally, hint, format string, args ...any) error {
	p := Problemf(code, hint, format, args...)
	for _, a := range all[:min(len(all), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{a.ID, a.ID, a.Name})
	}
	return p
}

// Allies gives all pacts of the co-op that this daemon takes part in, made or half made.
func (c *Client) Allies(ctx context.Context) ([]Ally, error) {
	return call[[]Ally](ctx, c, "GET", "allies", nil, nil)
}

// Ally gives one pact.
func (c *Client) Ally(ctx context.Context, ally string) (Ally, error) {
	return call[Ally](ctx, c, "GET", at("allies", ally), nil, nil)
}

// AllyInvite makes a code for an ally.
func (c *Client) AllyInvite(ctx context.Context, q AllyInviteRequest) (Ally, error) {
	return call[Ally](ctx, c, "POST", "allies", nil, q)
}

// AllyJoin gets in touch with who made a code, and waits for them at most so long.
func (c *Client) AllyJoin(ctx context.Context, q AllyJoinRequest, wait time.Duration) (Ally, error) {
	return call[Ally](ctx, c, "POST", "allies/join", waiting(wait), q)
}

// AllyConfirm says which words were heard from the other side.
func (c *Client) AllyConfirm(ctx context.Context, q AllyConfirmRequest) (Ally, error) {
	return call[Ally](ctx, c, "POST", "allies/confirm", nil, q)
}

// AllyCancel gives up a pact that is half made.
func (c *Client) AllyCancel(ctx context.Context, ally string) (Ally, error) {
	return call[Ally](ctx, c, "POST", at("allies", ally, "cancel"), nil, nil)
}
