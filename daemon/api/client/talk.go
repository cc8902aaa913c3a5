package client

import (
	"context"

	"kith/daemon/api"
)

// Thread gives a document with all that its members say about it.
func (c *Client) Thread(ctx context.Context, id string) (api.Thread, error) {
	return call[api.Thread](ctx, c, "GET", at("talk", id), nil, nil)
}

// Figures gives what the agreements that hold now say in numbers.
func (c *Client) Figures(ctx context.Context) ([]api.Figure, error) {
	return call[[]api.Figure](ctx, c, "GET", "agreements/figures", nil, nil)
}

// Archive puts a document away, or brings it back.
func (c *Client) Archive(ctx context.Context, id string, undo bool) (api.Document, error) {
	return call[api.Document](ctx, c, "POST", at("archive", id), nil, api.UndoRequest{Undo: undo})
}

// Continue makes a fresh document that continues one.
func (c *Client) Continue(ctx context.Context, id string) (api.Document, error) {
	return call[api.Document](ctx, c, "POST", at("continue", id), nil, struct{}{})
}

// Settle says that what several wrote at one place of a document is as it should be.
func (c *Client) Settle(ctx context.Context, id string) (api.Document, error) {
	return call[api.Document](ctx, c, "POST", at("settle", id), nil, api.UndoRequest{})
}

// Talk says something about a document.
func (c *Client) Talk(ctx context.Context, id string, q api.TalkRequest) (api.Thread, error) {
	return call[api.Thread](ctx, c, "POST", at("talk", id), nil, q)
}

// NoteThread says that the thread of a document was shown, as it was at these heads.
func (c *Client) NoteThread(ctx context.Context, id string, heads []string) error {
	_, err := call[struct{}](ctx, c, "POST", at("talk", id, "shown"), nil, api.HeadsRequest{Heads: heads})
	return err
}
