package client

import (
	"context"

	"kith/daemon/api"
)

// Porches gives those of the co-op, and those that allies lend it.
func (c *Client) Porches(ctx context.Context) ([]api.Porch, error) {
	return call[[]api.Porch](ctx, c, "GET", "porches", nil, nil)
}

// AddPorch adds a porch for the whole co-op.
func (c *Client) AddPorch(ctx context.Context, q api.PorchRequest) (api.PorchAdded, error) {
	return call[api.PorchAdded](ctx, c, "POST", "porches", nil, q)
}

// RemovePorch gives a porch up for the whole co-op.
func (c *Client) RemovePorch(ctx context.Context, word string) (api.Porch, error) {
	return call[api.Porch](ctx, c, "POST", "porches/remove", nil, api.PorchNamed{Porch: word})
}

// FollowPorch has this device use a porch of the co-op, before others.
func (c *Client) FollowPorch(ctx context.Context, word string) (api.Porch, error) {
	return call[api.Porch](ctx, c, "POST", "porches/follow", nil, api.PorchNamed{Porch: word})
}

// LendPorch puts a porch into the share with an ally, for them to add.
func (c *Client) LendPorch(ctx context.Context, ally string, q api.PorchRequest) (api.Porch, error) {
	return call[api.Porch](ctx, c, "POST", at("allies", ally, "lend-porch"), nil, q)
}

// LeavePorch has this device use a porch of the co-op no more.
func (c *Client) LeavePorch(ctx context.Context, word string) (api.Porch, error) {
	return call[api.Porch](ctx, c, "POST", "porches/leave", nil, api.PorchNamed{Porch: word})
}
