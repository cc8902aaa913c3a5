package client

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/url"
	"sync/atomic"

	"kith/daemon/api"
)

// WriteBundle gives a bundle, sealed for the devices of the co-op, and says what it is. The caller
// closes it.
func (c *Client) WriteBundle(ctx context.Context, b api.BundleRequest) (api.Bundle, io.ReadCloser, error) {
	q := url.Values{}
	setWords(q, map[string]string{"since": b.Since, "for": b.For})
	resp, err := c.send(ctx, "GET", "bundle", q, nil)
	if err != nil {
		return api.Bundle{}, nil, err
	}
	var what api.Bundle
	if err := json.Unmarshal([]byte(resp.Header.Get(api.BundleHeader)), &what); err != nil {
		return what, nil, errors.Join(api.Problemf(api.Failed, "kith doctor", "the daemon didn't say what bundle this is"), resp.Body.Close())
	}
	return what, resp.Body, nil
}

// ReadBundle has the daemon read a bundle. progress may be nil.
func (c *Client) ReadBundle(ctx context.Context, file io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
	body := &untilOver{r: file}
	defer body.over.Store(true)
	resp, err := c.send(ctx, "POST", "bundle/read", nil, body)
	if err != nil {
		return api.BundleRead{}, err
	}
	defer resp.Body.Close()
	for lines := json.NewDecoder(resp.Body); ; {
		var line api.BundleLine
		switch err := lines.Decode(&line); {
		case err != nil:
			return api.BundleRead{}, c.explain(ctx, err)
		case line.Error != nil:
			return api.BundleRead{}, line.Error
		case line.Result != nil:
			return *line.Result, nil
		case line.Progress != nil && progress != nil:
			progress(*line.Progress)
		}
	}
}

// untilOver ends when nobody needs more of it.
type untilOver struct {
	r    io.Reader
	over atomic.Bool
}

func (u *untilOver) Read(b []byte) (int, error) {
	if u.over.Load() {
		return 0, io.EOF
	}
	return u.r.Read(b)
}
