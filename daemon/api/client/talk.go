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

// Talk says something about a document.
func (c *Client) Talk(ctx context.Context, id string, q api.TalkRequest) (api.Thread, error) {
	return call[api.Thread](ctx, c, "POST", at("talk", id), nil, q)
}

// NoteThread says that the thread of a document was shown, as it was at these heads.
func (c *Client) NoteThread(ctx context.Context, id string, heads []string) error {
	_, err := call[struct{}](ctx, c, "POST", at("talk", id, "shown"), nil, api.HeadsRequest{Heads: heads})
	return err
}
