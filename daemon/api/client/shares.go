package client

import (
	"context"

	"kith/daemon/api"
)

// Shares gives what is shared with allies.
func (c *Client) Shares(ctx context.Context) ([]api.Share, error) {
	return call[[]api.Share](ctx, c, "GET", "shares", nil, nil)
}

// ShowShare gives a share with what is in it. It is named by the ally, its title, name or ID.
func (c *Client) ShowShare(ctx context.Context, share string) (api.Share, error) {
	return call[api.Share](ctx, c, "GET", at("shares", share), nil, nil)
}

// PreviewSharing says what sharing a document will show, and to whom.
func (c *Client) PreviewSharing(ctx context.Context, share string, q api.ShareAdd) (api.SharePreview, error) {
	return call[api.SharePreview](ctx, c, "POST", at("shares", share, "preview"), nil, q)
}

// ShareDocument puts a document into a share, or proposes to.
func (c *Client) ShareDocument(ctx context.Context, share string, q api.ShareAdd) (api.ShareResult, error) {
	return call[api.ShareResult](ctx, c, "POST", at("shares", share, "documents"), nil, q)
}

// Asks gives what co-ops have asked each other for.
func (c *Client) Asks(ctx context.Context) ([]api.Ask, error) {
	return call[[]api.Ask](ctx, c, "GET", "asks", nil, nil)
}

// AskByID gives one of them.
func (c *Client) AskByID(ctx context.Context, id string) (api.Ask, error) {
	return call[api.Ask](ctx, c, "GET", at("asks", id), nil, nil)
}

// AskAlly asks an ally for something.
func (c *Client) AskAlly(ctx context.Context, q api.AskRequest) (api.Ask, error) {
	return call[api.Ask](ctx, c, "POST", "asks", nil, q)
}

// AnswerAsk answers what an ally asked for: shares documents, says something, or refuses.
func (c *Client) AnswerAsk(ctx context.Context, id string, q api.AnswerRequest) (api.Ask, error) {
	return call[api.Ask](ctx, c, "POST", at("asks", id, "answer"), nil, q)
}

// WithdrawAsk takes back what was asked.
func (c *Client) WithdrawAsk(ctx context.Context, id, why string) (api.Ask, error) {
	return call[api.Ask](ctx, c, "POST", at("asks", id, "withdraw"), nil, api.WhyRequest{Why: why})
}
