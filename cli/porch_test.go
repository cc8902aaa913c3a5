package cli

import (
	"context"

	"kith/daemon/api"
)

var aPorch = api.Porch{ID: "po-2m7dxxxx", Short: "po-2m7d", Label: "Rosa's porch", At: "/ip4/203.0.113.7/tcp/4001/p2p/12D3", By: ben, State: api.PorchUsed, Says: "this computer keeps a place there"}

func (c *coop) Porches(context.Context) ([]api.Porch, error) { return []api.Porch{aPorch}, nil }

func (c *coop) AddPorch(_ context.Context, q api.PorchRequest) (api.PorchAdded, error) {
	c.told = q.Code
	return api.PorchAdded{Porch: aPorch, Advice: []string{"It is your only one."}}, nil
}

func (c *coop) RemovePorch(_ context.Context, word string) (api.Porch, error) {
	c.told = word
	return aPorch, nil
}

func (c *coop) FollowPorch(_ context.Context, word string) (api.Porch, error) {
	c.told = word
	return aPorch, nil
}

func (c *coop) LeavePorch(_ context.Context, word string) (api.Porch, error) {
	c.told = word
	return aPorch, nil
}

func (c *coop) LendPorch(_ context.Context, _ string, q api.PorchRequest) (api.Porch, error) {
	c.told = q.Code
	return aPorch, nil
}
