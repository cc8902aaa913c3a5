package page

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
)

// asking is one request: who asks, in which language, of which co-op.
type asking struct {
	p *Page
	r *http.Request
	t *tongue
	calendar
	upload   bool      // a form that holds a file was sent
	file     io.Reader // the file; nil: none was chosen
	fileName string    // as its sender calls it

	// Of what is about a co-op:
	c      *client.Client // asks of this one
	status api.Status
	coops  []api.Status    // that this daemon serves, this one among them
	space  string          // as it stands in addresses
	me     map[string]bool // the reader's IDs: in a share they have another one than at home
}

func (p *Page) asking(r *http.Request) *asking {
	t := p.language(r)
	return &asking{p: p, r: r, t: t, calendar: calendar{t, p.now()}}
}

// language is that for a request: the one that was chosen in this browser, else in another of this person's, else the best that
// the browser asks for. In a co-op that of their profile comes before the latter two: enter.
func (p *Page) language(r *http.Request) *tongue {
	if t := p.words.chosen(r); t != nil {
		return t
	}
	p.mu.Lock()
	chosen := p.state.Language
	p.mu.Unlock()
	if t := p.words.called(chosen); t != nil {
		return t
	}
	return p.words.of(r)
}

// keepLanguage keeps the one that was chosen for browsers to come.
func (p *Page) keepLanguage(t *tongue) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Language = t.Tag
	return p.keeper.SetPage(p.state)
}

func (in *asking) ctx() context.Context { return in.r.Context() }

// spaceLetters is how many letters of a space's ID stand in addresses.
const spaceLetters = 8

// enter finds the co-op that the address names. A share is no co-op: its documents show in that of whoever shares them.
func (in *asking) enter() error {
	all, me, err := in.p.served(in.ctx())
	if err != nil {
		return err
	}
	in.coops, in.me = all, me
	in.space = in.r.PathValue("space")
	i := slices.IndexFunc(all, func(s api.Status) bool {
		return len(in.space) >= spaceLetters && strings.HasPrefix(s.Space.ID, in.space)
	})
	if i < 0 {
		return api.Problemf(api.NotFound, "", "there is no such co-op here")
	}
	in.status = all[i]
	in.c = in.p.daemon.In(in.status.Space.ID)
	if t := in.ownLanguage(); t != nil && in.p.words.chosen(in.r) == nil {
		in.t, in.calendar = t, calendar{t, in.now}
	}
	return nil
}

// ownLanguage is that of the reader's profile; nil if it says none, or one that the page doesn't know.
func (in *asking) ownLanguage() *tongue {
	tag, err := keep(&in.p.hub, in.space+"/language", func() (string, error) {
		own, err := in.list(kinds.Profile, 1, "mine", "true")
		if err != nil || len(own) == 0 {
			return "", err
		}
		return own[0].says.Str(kinds.ProfileLanguage.Name()), nil
	})
	if err != nil {
		return nil // what else is asked for tells of it
	}
	return in.p.words.named(tag)
}

// coops are the co-ops that the daemon serves.
func (p *Page) coops(ctx context.Context) ([]api.Status, error) {
	all, _, err := p.served(ctx)
	return all, err
}

// served are the co-ops that the daemon serves, and the IDs that its person has in these and their shares.
func (p *Page) served(ctx context.Context) (coops []api.Status, me map[string]bool, err error) {
	o, err := p.daemon.Spaces(ctx)
	me = map[string]bool{}
	for _, s := range o.Spaces {
		if s.Me.ID != "" {
			me[s.Me.ID] = true
		}
	}
	if err != nil || len(o.Spaces) < 2 {
		return o.Spaces, me, err
	}
	shares, err := keep(&p.hub, "shares", func() (map[string]bool, error) { return p.shares(ctx, o.Spaces) })
	return slices.DeleteFunc(o.Spaces, func(s api.Status) bool { return shares[s.Space.ID] }), me, err
}

// shares are those of these spaces, by ID, which another one of them shares with an ally.
func (p *Page) shares(ctx context.Context, all []api.Status) (map[string]bool, error) {
	shares := map[string]bool{}
	for _, s := range all {
		in, err := p.daemon.In(s.Space.ID).Shares(ctx)
		if err != nil {
			return nil, err
		}
		for _, share := range in {
			shares[share.Space.ID] = true
		}
	}
	return shares, nil
}

// At is the address of something in this co-op.
func (in *asking) At(parts ...string) string {
	at := "/" + in.space + "/"
	for i, part := range parts {
		if i > 0 {
			at += "/"
		}
		at += url.PathEscape(part)
	}
	return at
}

// document is one of any kind: what all have, and the fields of its kind.
type document struct {
	api.Document
	says kind.Answer
}

// Text is what it says.
func (d document) Text() string { return d.says.Str("text") }

func readDocument(raw json.RawMessage, err error) (d document, _ error) {
	if err == nil {
		err = errors.Join(json.Unmarshal(raw, &d.Document), json.Unmarshal(raw, &d.says))
	}
	return d, err
}

func readDocuments(raw json.RawMessage, err error) (all []document, _ error) {
	if err != nil {
		return nil, err
	}
	var each []json.RawMessage
	if err := json.Unmarshal(raw, &each); err != nil {
		return nil, err
	}
	return eachDocument(each)
}

func eachDocument(each []json.RawMessage) (all []document, err error) {
	for _, one := range each {
		d, err := readDocument(one, nil)
		if err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, nil
}

// list asks for documents of a kind without their texts. with are filters and values in turn; "" is for one that is asked for or not.
func (in *asking) list(k *kind.Kind, limit int, with ...string) ([]document, error) {
	q := url.Values{"brief": {"true"}, "limit": {strconv.Itoa(limit)}}
	for i := 0; i+1 < len(with); i += 2 {
		q.Set(with[i], with[i+1])
	}
	return readDocuments(in.c.Documents(in.ctx(), k.Many, q))
}

// one asks for the document that the address names.
func (in *asking) one() (*kind.Kind, document, error) {
	k := in.kind()
	if k == nil {
		return nil, document{}, noSuchThing
	}
	d, err := readDocument(in.c.Document(in.ctx(), k.Many, in.r.PathValue("id")))
	return k, d, err
}

// kind is the kind that the address names; nil if there is none.
func (in *asking) kind() *kind.Kind {
	for _, k := range kinds.All.Nouns() {
		if k.Many == in.r.PathValue("many") {
			return k
		}
	}
	return nil
}

var noSuchThing = api.Problemf(api.NotFound, "", "there is no such thing here")

// isMe says whether a member is who asks.
func (in *asking) isMe(who kind.Answer) bool { return in.me[who.Str("id")] }
