package client

import (
	"context"
	"time"

	"kith/daemon/api"
)

// Allies gives all pacts of the co-op that this daemon takes part in, made or half made.
func (c *Client) Allies(ctx context.Context) ([]api.Ally, error) {
	return call[[]api.Ally](ctx, c, "GET", "allies", nil, nil)
}

// Ally gives one pact.
func (c *Client) Ally(ctx context.Context, ally string) (api.Ally, error) {
	return call[api.Ally](ctx, c, "GET", at("allies", ally), nil, nil)
}

// AllyInvite makes a code for an ally.
func (c *Client) AllyInvite(ctx context.Context, q api.AllyInviteRequest) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", "allies", nil, q)
}

// AllyJoin gets in touch with who made a code, and waits for them at most so long.
func (c *Client) AllyJoin(ctx context.Context, q api.AllyJoinRequest, wait time.Duration) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", "allies/join", waiting(wait), q)
}

// AllyConfirm says which words were heard from the other side.
func (c *Client) AllyConfirm(ctx context.Context, q api.AllyConfirmRequest) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", "allies/confirm", nil, q)
}

// AllyCancel gives up a pact that is half made.
func (c *Client) AllyCancel(ctx context.Context, ally string) (api.Ally, error) {
	return call[api.Ally](ctx, c, "POST", at("allies", ally, "cancel"), nil, nil)
}
