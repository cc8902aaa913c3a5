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
	var what api.Bundle
	body, err := c.bundle(ctx, "GET", "bundle", q, nil, &what)
	return what, body, err
}

// Answer lets in who asks with a text, and gives the bundle that their computer begins with. The caller closes it.
func (c *Client) Answer(ctx context.Context, ask string) (api.Answered, io.ReadCloser, error) {
	var what api.Answered
	body, err := c.bundle(ctx, "POST", "invites/answer", nil, api.LetInRequest{Ask: ask}, &what)
	return what, body, err
}

// Drops gives the drop folders of this device.
func (c *Client) Drops(ctx context.Context) ([]api.Drop, error) {
	return call[[]api.Drop](ctx, c, "GET", "drops", nil, nil)
}

// AddDrop has bundles left and taken in a folder, which is named from the root on.
func (c *Client) AddDrop(ctx context.Context, dir string) (api.DropChanged, error) {
	return call[api.DropChanged](ctx, c, "POST", "drops", nil, api.DropRequest{Dir: dir})
}

// RemoveDrop gives a drop folder up; what lies in it stays.
func (c *Client) RemoveDrop(ctx context.Context, dir string) (api.DropChanged, error) {
	return call[api.DropChanged](ctx, c, "POST", "drops/remove", nil, api.DropRequest{Dir: dir})
}

// bundle asks for a bundle, and reads into what which one it is.
func (c *Client) bundle(ctx context.Context, method, path string, q url.Values, in, what any) (io.ReadCloser, error) {
	resp, err := c.send(ctx, method, path, q, in)
	if err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(resp.Header.Get(api.BundleHeader)), what); err != nil {
		return nil, errors.Join(api.Problemf(api.Failed, "kith doctor", "the daemon didn't say what bundle this is"), resp.Body.Close())
	}
	return resp.Body, nil
}

// JoinAsk writes a request to join into a text.
func (c *Client) JoinAsk(ctx context.Context, j api.JoinRequest) (api.JoinAsked, error) {
	return call[api.JoinAsked](ctx, c, "POST", "join/ask", nil, j)
}

// JoinAsking gives the requests to join that wait for their answers, without their phrases.
func (c *Client) JoinAsking(ctx context.Context) ([]api.JoinAsked, error) {
	return call[[]api.JoinAsked](ctx, c, "GET", "join/ask", nil, nil)
}

// JoinRead has the daemon join by the answer to a request.
func (c *Client) JoinRead(ctx context.Context, file io.Reader) (res api.JoinResult, err error) {
	body := &untilOver{r: file}
	defer body.over.Store(true)
	resp, err := c.send(ctx, "POST", "join/read", nil, body)
	if err != nil {
		return res, err
	}
	return lastLine(ctx, c, resp, func(line api.JoinLine) (*api.JoinResult, *api.Problem) { return line.Result, line.Error })
}

// ReadBundle has the daemon read a bundle. progress may be nil.
func (c *Client) ReadBundle(ctx context.Context, file io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
	body := &untilOver{r: file}
	defer body.over.Store(true)
	resp, err := c.send(ctx, "POST", "bundle/read", nil, body)
	if err != nil {
		return api.BundleRead{}, err
	}
	return lastLine(ctx, c, resp, func(line api.BundleLine) (*api.BundleRead, *api.Problem) {
		if line.Progress != nil && progress != nil {
			progress(*line.Progress)
		}
		return line.Result, line.Error
	})
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
