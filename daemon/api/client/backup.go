package client

import (
	"context"
	"io"
)

// Backup gives what a backup of the daemon's home holds, unsealed: with the device's key, as it lies
// on the disk. The caller closes it.
func (c *Client) Backup(ctx context.Context) (io.ReadCloser, error) {
	resp, err := c.send(ctx, "POST", "backup", nil, nil)
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
