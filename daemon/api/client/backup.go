package client

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"time"

	"kith/daemon/api"
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

// RestoreBackup has the daemon bring a device back from a backup. progress may be nil.
func (c *Client) RestoreBackup(ctx context.Context, file io.Reader, passphrase string, progress func(api.RestoreProgress)) (res api.Restored, err error) {
	body := &untilOver{r: file}
	defer body.over.Store(true)
	header := http.Header{}
	header.Set(api.PassphraseHeader, base64.URLEncoding.EncodeToString([]byte(passphrase)))
	resp, err := c.sendWith(ctx, "POST", "restore", nil, body, header)
	if err != nil {
		return res, err
	}
	return lastLine(ctx, c, resp, func(line api.RestoreLine) (*api.Restored, *api.Problem) {
		if line.Progress != nil && progress != nil {
			progress(*line.Progress)
		}
		return line.Result, line.Error
	})
}

// Recover brings a member back by their phrase, and waits at most so long for somebody who answers.
func (c *Client) Recover(ctx context.Context, q api.RecoverRequest, wait time.Duration) (api.RecoverAnswer, error) {
	return call[api.RecoverAnswer](ctx, c, "POST", "recover", waiting(wait), q)
}

// NewPhrase draws a new recovery phrase, which the co-op has to agree on.
func (c *Client) NewPhrase(ctx context.Context, q api.NewPhraseRequest) (api.NewPhrase, error) {
	return call[api.NewPhrase](ctx, c, "POST", "new-phrase", nil, q)
}
