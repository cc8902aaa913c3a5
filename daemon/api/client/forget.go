package client

import (
	"context"

	"kith/daemon/api"
)

// Forgetting says how it stands with taking back a document.
func (c *Client) Forgetting(ctx context.Context, id string) (api.Forgetting, error) {
	return call[api.Forgetting](ctx, c, "GET", at("forget", id), nil, nil)
}

// Forget says that a document is to be forgotten, or proposes it.
func (c *Client) Forget(ctx context.Context, id string, q api.ForgetRequest) (api.Forgetting, error) {
	return call[api.Forgetting](ctx, c, "POST", at("forget", id), nil, q)
}
