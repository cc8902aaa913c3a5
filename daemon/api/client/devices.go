package client

import (
	"context"
	"time"

	"kith/daemon/api"
)

// Devices gives the devices of the member who asks.
func (c *Client) Devices(ctx context.Context) ([]api.Device, error) {
	return call[[]api.Device](ctx, c, "GET", "devices", nil, nil)
}

// AddDevice makes a code for a new device.
func (c *Client) AddDevice(ctx context.Context, q api.DeviceCodeRequest) (api.DeviceCode, error) {
	return call[api.DeviceCode](ctx, c, "POST", "devices", nil, q)
}

// Pairing says how it stands with that code.
func (c *Client) Pairing(ctx context.Context) (api.Pairing, error) {
	return call[api.Pairing](ctx, c, "GET", "devices/pairing", nil, nil)
}

// ConfirmDevice adds the device that shows these words.
func (c *Client) ConfirmDevice(ctx context.Context, words string) (api.Device, error) {
	return call[api.Device](ctx, c, "POST", "devices/pairing/confirm", nil, api.WordsRequest{Words: words})
}

// DeclineDevice makes the code useless.
func (c *Client) DeclineDevice(ctx context.Context) (api.Pairing, error) {
	return call[api.Pairing](ctx, c, "POST", "devices/pairing/decline", nil, nil)
}

// RetireDevice takes a device out of use.
func (c *Client) RetireDevice(ctx context.Context, device string, q api.RetireRequest) (api.Device, error) {
	return call[api.Device](ctx, c, "POST", at("devices", device, "retire"), nil, q)
}

// RenameDevice says what a device of one's own is called from now on.
func (c *Client) RenameDevice(ctx context.Context, device, name string) (api.Device, error) {
	return call[api.Device](ctx, c, "POST", at("devices", device, "rename"), nil, api.RenameRequest{Name: name})
}

// MoveConsents lets another device consent from now on.
func (c *Client) MoveConsents(ctx context.Context, device string) (api.Device, error) {
	return call[api.Device](ctx, c, "POST", at("devices", device, "consents"), nil, nil)
}

// WayBack makes the code with which a member comes back.
func (c *Client) WayBack(ctx context.Context, member string) (api.WayBack, error) {
	return call[api.WayBack](ctx, c, "POST", at("members", member, "way"), nil, nil)
}

// JoinDevice makes the daemon's computer another device of the member who made a code, and waits at most so long. show is told the
// words to compare.
func (c *Client) JoinDevice(ctx context.Context, q api.DeviceJoinRequest, wait time.Duration, show func(api.Compare)) (api.DeviceJoined, error) {
	resp, err := c.send(ctx, "POST", "join/device", waiting(wait), q)
	if err != nil {
		return api.DeviceJoined{}, err
	}
	return lastLine(ctx, c, resp, func(line api.DeviceJoinLine) (*api.DeviceJoined, *api.Problem) {
		if line.Compare != nil {
			show(*line.Compare)
		}
		return line.Result, line.Error
	})
}
