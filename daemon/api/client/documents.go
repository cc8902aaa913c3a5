package client

import (
	"context"
	"encoding/json"
	"net/url"
	"strconv"

	"kith/daemon/api"
)

// The requests below are the same for documents of all kinds; many is the path of the kind: "tasks". What is sent
// and answered follows from the kind's declaration, so answers are JSON, as the daemon gave it. id is a start of an
// ID, with its letters or without.

// Waits gives what waits for me, as Today does: documents of each kind under the keys that its declaration names.
// all: with what they were shown already.
func (c *Client) Waits(ctx context.Context, all bool) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "GET", "today", url.Values{"all": {strconv.FormatBool(all)}}, nil)
}

// Documents lists them. q holds filters of the kind, and sort, limit and brief.
func (c *Client) Documents(ctx context.Context, many string, q url.Values) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "GET", many, q, nil)
}

// Document gives one.
func (c *Client) Document(ctx context.Context, many, id string) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "GET", at(many, id), nil, nil)
}

// MakeDocument begins one.
func (c *Client) MakeDocument(ctx context.Context, many string, fields map[string]any) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "POST", many, nil, fields)
}

// EditDocument changes fields of one. What isn't among them stays as it is.
func (c *Client) EditDocument(ctx context.Context, many, id string, fields map[string]any) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "PATCH", at(many, id), nil, fields)
}

// SetMine changes fields of one's own document of a kind of which each member has one, or begins it.
func (c *Client) SetMine(ctx context.Context, many string, fields map[string]any) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "PUT", at(many, "me"), nil, fields)
}

// Do does what a verb of the kind says with one.
func (c *Client) Do(ctx context.Context, many, id, verb string, fields map[string]any) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "POST", at(many, id, verb), nil, fields)
}

// LastShown gives which revision of a document the member of this device was shown last.
func (c *Client) LastShown(ctx context.Context, many, id string) (api.LastShown, error) {
	return call[api.LastShown](ctx, c, "GET", at(many, id, "shown"), nil, nil)
}

// Possible gives what the member of this device can do with one as it stands.
func (c *Client) Possible(ctx context.Context, many, id string) ([]api.Possible, error) {
	return call[[]api.Possible](ctx, c, "GET", at(many, id, "possible"), nil, nil)
}

// NoteShown says that they were shown a document as it was at these heads.
func (c *Client) NoteShown(ctx context.Context, many, id string, heads []string) error {
	_, err := call[struct{}](ctx, c, "POST", at(many, id, "shown"), nil, api.HeadsRequest{Heads: heads})
	return err
}

// History gives the versions of one, newest first.
func (c *Client) History(ctx context.Context, many, id string) ([]api.Version, error) {
	return call[[]api.Version](ctx, c, "GET", at(many, id, "history"), nil, nil)
}

// Differences gives the newest versions of one, at most so many, with what differs in each.
func (c *Client) Differences(ctx context.Context, many, id string, limit int) ([]api.Version, error) {
	return call[[]api.Version](ctx, c, "GET", at(many, id, "history"), url.Values{"diff": {"true"}, "limit": {strconv.Itoa(limit)}}, nil)
}

// Edition gives all of one version of one, by the start of its head or a revision that it had.
func (c *Client) Edition(ctx context.Context, many, id, version string) (api.Edition, error) {
	return call[api.Edition](ctx, c, "GET", at(many, id, "history", version), nil, nil)
}

// Restore brings back the text of an earlier version. head is the start of its hash.
func (c *Client) Restore(ctx context.Context, many, id, head string) (json.RawMessage, error) {
	return call[json.RawMessage](ctx, c, "POST", at(many, id, "restore"), nil, api.HeadRequest{Head: head})
}
