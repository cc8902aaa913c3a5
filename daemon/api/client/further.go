package client

import (
	"context"
	"time"

	"kith/daemon/api"
)

// NewShare opens a further share with an ally.
func (c *Client) NewShare(ctx context.Context, q api.NewShareRequest) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", "further", nil, q)
}

// JoinShare joins a further share that an ally has opened, and waits for them at most so long.
func (c *Client) JoinShare(ctx context.Context, q api.JoinShareRequest, wait time.Duration) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", "further/join", waiting(wait), q)
}
