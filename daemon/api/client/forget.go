package client

import (
	"context"
	"net/url"

	"kith/daemon/api"
)

// Forgetting says how it stands with taking back a document. goesOn: what it means if what stands in it now goes on in a fresh one.
func (c *Client) Forgetting(ctx context.Context, id string, goesOn bool) (api.Forgetting, error) {
	var q url.Values
	if goesOn {
		q = url.Values{"goes_on": {"true"}}
	}
	return call[api.Forgetting](ctx, c, "GET", at("forget", id), q, nil)
}

// Forget says that a document is to be forgotten, or proposes it.
func (c *Client) Forget(ctx context.Context, id string, q api.ForgetRequest) (api.Forgetting, error) {
	return call[api.Forgetting](ctx, c, "POST", at("forget", id), nil, q)
}
