package api

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
)

// Shared says of a document of a co-op that it goes on in a share; and of one of a share, whose it is.
type Shared struct {
	With     string `json:"with"`      // the ally
	Share    Named  `json:"share"`     // the share's space
	ID       string `json:"id"`        // of the document there
	By       Named  `json:"by"`        // who shared it
	At       Time   `json:"at"`        // when, by their clock
	ReadOnly bool   `json:"read_only"` // only people of the co-op that shared it write in it
	Ours     bool   `json:"ours"`      // the co-op that shared it is one's own
	Here     bool   `json:"here"`      // false: this device isn't in the share, or what is shared hasn't come yet
	Alone    bool   `json:"alone"`     // somebody shared it though the co-op's rule asks for an agreed step
	Copy     bool   `json:"copy"`      // it goes on in the co-op; the one there only says how it stands
	Over     bool   `json:"over"`      // the share has ended
	Until    Time   `json:"until"`     // when; null: it hasn't, or that isn't known
}

// Share is a share with an ally, and what is in it.
type Share struct {
	Space     Named           `json:"space"`
	With      string          `json:"with"`
	Title     string          `json:"title"` // its purpose
	Ends      Time            `json:"ends"`  // null: no date
	Voices    string          `json:"voices"`
	Over      bool            `json:"over"`
	Until     Time            `json:"until"`
	OverBy    []string        `json:"over_by"` // which co-ops ended it; none: its date has come
	Rule      string          `json:"rule"`    // who of one's own co-op may share: anyone, agreed
	Ours      []Named         `json:"ours"`
	Theirs    []Named         `json:"theirs"`
	Documents []ShareDocument `json:"documents"` // newest change first
	Asks      []Ask           `json:"asks"`      // newest first
}

// ShareDocument is one document in a share.
type ShareDocument struct {
	Document
	Home  string `json:"home"`   // short ID of the document of one's own co-op that goes on there; "" if none does
	State string `json:"status"` // of a task or a decision
}

// ShareAdd says what is to be shared, and for what.
type ShareAdd struct {
	ID       string `json:"id"` // of a document of the co-op; the Backend gets a whole one
	ReadOnly bool   `json:"read_only,omitempty"`
	// Heads are those of the preview that somebody agreed to: what was changed since isn't shared. None: as it is.
	Heads []string `json:"heads,omitempty"`
}

// SharePreview is what sharing a document will show, and to whom.
type SharePreview struct {
	Share    Named    `json:"share"`
	With     string   `json:"with"`
	ID       string   `json:"id"` // of the document of the co-op
	Short    string   `json:"short"`
	Kind     string   `json:"kind"` // what it will be there
	Title    string   `json:"title"`
	Text     string   `json:"text"`
	Tags     []string `json:"tags"`
	Fields   []Field  `json:"fields"`
	ReadOnly bool     `json:"read_only"`
	Readers  []Named  `json:"readers"`  // of the ally, as of now
	Replaced []string `json:"replaced"` // words that name what isn't shared, and will be left out
	Step     string   `json:"step"`     // agreed, needed (the rule asks for one first), or ""
	Says     []string `json:"says"`     // all of it in sentences
	Heads    []string `json:"heads"`    // the changes that it ends with
}

// Field is one more thing that a document says.
type Field struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// ShareResult is what came of sharing: the document, or the proposal that has to be agreed on first.
type ShareResult struct {
	Document *Document `json:"document"`
	Proposal *Proposal `json:"proposal"`
}

// Ask is what one co-op asks another for.
type Ask struct {
	ID        string      `json:"id"`
	Short     string      `json:"short"`
	Title     string      `json:"title"`
	Text      string      `json:"text"`
	Share     Named       `json:"share"`
	With      string      `json:"with"`
	Ours      bool        `json:"ours"` // one's own co-op asks
	By        Named       `json:"by"`
	At        Time        `json:"at"`
	State     string      `json:"state"` // open, shared, refused, withdrawn, over
	Why       string      `json:"why"`   // of the withdrawal
	Code      string      `json:"code"`  // to a further share, if that is what is asked for
	Answers   []AskAnswer `json:"answers"`
	UpdatedAt Time        `json:"updated_at"`
}

// AskAnswer is what one person of the ally that was asked has answered.
type AskAnswer struct {
	Member Named      `json:"member"`
	Result string     `json:"result"` // shared, refused
	Why    string     `json:"why"`
	Shared []Document `json:"shared"` // as they are in the share; without those that aren't here
}

// AskRequest asks an ally for something.
type AskRequest struct {
	Ally  string `json:"ally"`
	Title string `json:"title"`
	Text  string `json:"text,omitempty"`
}

// AnswerRequest answers: with documents of the co-op or of the share, with No and why, or in words alone (Why).
type AnswerRequest struct {
	IDs      []string `json:"ids,omitempty"` // the Backend gets whole ones
	ReadOnly bool     `json:"read_only,omitempty"`
	Heads    []string `json:"heads,omitempty"` // of all previews that somebody agreed to
	No       bool     `json:"no,omitempty"`
	Why      string   `json:"why,omitempty"`
}

// The states of an Ask.
const (
	AskOpen      = "open"
	AskShared    = "shared"
	AskRefused   = "refused"
	AskSaid      = "said" // answered in words
	AskWithdrawn = "withdrawn"
	AskOver      = "over" // the share ended without an answer
)

// SharingRules say who of a co-op may share a document of it.
var SharingRules = []string{"anyone", "agreed"}

// maxAnswered bounds how many documents one answer names.
const maxAnswered = 20

func (s *Server) shares(r *http.Request) (any, error) { return s.backend.Shares(r.Context()) }

func (s *Server) share(r *http.Request) (any, error) {
	return s.backend.ShowShare(r.Context(), r.PathValue("share"))
}

func (s *Server) previewSharing(r *http.Request) (any, error) {
	q, err := s.shareAdd(r)
	if err != nil {
		return nil, err
	}
	return s.backend.PreviewSharing(r.Context(), r.PathValue("share"), q)
}

func (s *Server) shareDocument(r *http.Request) (any, error) {
	q, err := s.shareAdd(r)
	if err != nil {
		return nil, err
	}
	return s.backend.ShareDocument(r.Context(), r.PathValue("share"), q)
}

func (s *Server) shareAdd(r *http.Request) (ShareAdd, error) {
	var q ShareAdd
	if err := decode(r, &q); err != nil {
		return q, err
	}
	d, err := s.resolve(r.Context(), "", q.ID)
	q.ID = d.ID
	return q, err
}

func (s *Server) asks(r *http.Request) (any, error) { return s.backend.Asks(r.Context()) }

func (s *Server) ask(r *http.Request) (any, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	return a, err
}

func (s *Server) createAsk(r *http.Request) (any, error) {
	var q AskRequest
	err := firstError(
		func() error { return decode(r, &q) },
		func() error { return checkTitle(&q.Title) },
		func() error { return checkText(&q.Text) },
	)
	if err != nil {
		return nil, err
	}
	return s.backend.AskAlly(r.Context(), q)
}

func (s *Server) answerAsk(r *http.Request) (any, error) {
	var q AnswerRequest
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	err = firstError(func() error { return decode(r, &q) }, func() error {
		switch {
		case q.No && len(q.IDs) > 0:
			return Problemf(Invalid, "kith ally answer --help", "an answer shares something, or refuses")
		case q.No:
			return needWhy("a refusal", &q.Why)
		case len(q.IDs) == 0 && q.Why == "":
			return Problemf(Invalid, "kith ally answer ID --share ID, --say TEXT, or --no WHY", "say what to share, answer in words, or refuse")
		case len(q.IDs) > maxAnswered:
			return Problemf(Limit, "answer in two steps", "an answer names at most %d documents, this one %d", maxAnswered, len(q.IDs))
		}
		return checkWhy(&q.Why)
	})
	if err != nil {
		return nil, err
	}
	for i, word := range q.IDs {
		d, err := s.resolve(r.Context(), "", word)
		if p := (*Problem)(nil); errors.As(err, &p) && p.Code == NotFound { // it may be in the share
			if there := s.spaceWithID(a.Share.ID); there != nil {
				d, err = there.resolve(r.Context(), "", word)
			}
		}
		if err != nil {
			return nil, err
		}
		q.IDs[i] = d.ID
	}
	q.IDs = unique(q.IDs)
	return s.backend.AnswerAsk(r.Context(), a.ID, q)
}

func (s *Server) withdrawAsk(r *http.Request) (any, error) {
	a, err := s.resolveAsk(r.Context(), r.PathValue("id"))
	if err != nil {
		return nil, err
	}
	var w whyRequest
	err = firstError(func() error { return decode(r, &w) }, func() error { return needWhy("withdrawing what you asked", &w.Why) })
	if err != nil {
		return nil, err
	}
	return s.backend.WithdrawAsk(r.Context(), a.ID, w.Why)
}

// resolveAsk finds the one thing asked that a word names: its ID or a start of it.
func (s *Server) resolveAsk(ctx context.Context, word string) (Ask, error) {
	all, err := s.backend.Asks(ctx)
	if err != nil {
		return Ask{}, err
	}
	kind, start, ok := idStart(word)
	found := slices.DeleteFunc(all, func(a Ask) bool { return !ok || !strings.HasPrefix(a.ID, letters[KindAsk]+start) })
	switch {
	case kind != "" && kind != KindAsk:
		return Ask{}, Problemf(NotFound, "kith ally asks", "%s is the ID of a %s; what an ally asked is wanted here", brief(word), kind)
	case len(found) == 0:
		return Ask{}, Problemf(NotFound, "kith ally asks", "nothing that was asked has an ID that starts with “%s”", brief(word))
	case len(found) == 1:
		return found[0], nil
	}
	p := Problemf(Ambiguous, "type more of the ID", "“%s” is the start of more than one ID", brief(word))
	for _, a := range found[:min(len(found), maxCandidates)] {
		p.Candidates = append(p.Candidates, Candidate{a.ID, a.Short, a.Title})
	}
	return Ask{}, p
}

// inShare gives the server of the share in which a document goes on; s if it doesn't, or that isn't here.
func (s *Server) inShare(d Document) *Server {
	if d.Shared == nil || !d.Shared.Here || d.Shared.Copy {
		return s
	}
	if there := s.spaceWithID(d.Shared.Share.ID); there != nil {
		return there
	}
	return s
}

// spaceWithID gives the server of one space; nil if it isn't served here.
func (s *Server) spaceWithID(id string) *Server {
	for _, b := range s.spaces.Spaces() {
		if b.Space().ID == id {
			return s.of(b)
		}
	}
	return nil
}

// meThere replaces one's own ID by the one that one has in a share, in place: a document that goes on there
// names one as at home.
func (s *Server) meThere(ctx context.Context, there *Server, words []string) {
	here, err := s.me(ctx)
	me, errThere := there.me(ctx)
	if err != nil || errThere != nil {
		return // then it is nobody's
	}
	for i := range words {
		if words[i] == here {
			words[i] = me
		}
	}
}

// once leaves out of an answer about several spaces what stands in it twice: as a document of a share, and as
// one of a co-op that goes on there.
func once[T any](list []T, of func(T) (id string, shared *Shared)) []T {
	shown := map[string]bool{}
	for _, t := range list {
		if id, s := of(t); s != nil && s.Here && !s.Copy && s.ID != id {
			shown[s.Share.ID+" "+s.ID] = true
		}
	}
	return slices.DeleteFunc(list, func(t T) bool {
		id, s := of(t)
		return s != nil && s.ID == id && shown[s.Share.ID+" "+id]
	})
}

func (c *Client) Shares(ctx context.Context) ([]Share, error) {
	return call[[]Share](ctx, c, "GET", "shares", nil, nil)
}

// ShowShare gives a share with what is in it. It is named by the ally, its title, name or ID.
func (c *Client) ShowShare(ctx context.Context, share string) (Share, error) {
	return call[Share](ctx, c, "GET", at("shares", share), nil, nil)
}

// PreviewSharing says what sharing a document will show, and to whom.
func (c *Client) PreviewSharing(ctx context.Context, share string, q ShareAdd) (SharePreview, error) {
	return call[SharePreview](ctx, c, "POST", at("shares", share, "preview"), nil, q)
}

func (c *Client) ShareDocument(ctx context.Context, share string, q ShareAdd) (ShareResult, error) {
	return call[ShareResult](ctx, c, "POST", at("shares", share, "documents"), nil, q)
}

func (c *Client) Asks(ctx context.Context) ([]Ask, error) {
	return call[[]Ask](ctx, c, "GET", "asks", nil, nil)
}

func (c *Client) AskByID(ctx context.Context, id string) (Ask, error) {
	return call[Ask](ctx, c, "GET", at("asks", id), nil, nil)
}

func (c *Client) AskAlly(ctx context.Context, q AskRequest) (Ask, error) {
	return call[Ask](ctx, c, "POST", "asks", nil, q)
}

func (c *Client) AnswerAsk(ctx context.Context, id string, q AnswerRequest) (Ask, error) {
	return call[Ask](ctx, c, "POST", at("asks", id, "answer"), nil, q)
}

func (c *Client) WithdrawAsk(ctx context.Context, id, why string) (Ask, error) {
	return call[Ask](ctx, c, "POST", at("asks", id, "withdraw"), nil, whyRequest{why})
}
