package page

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"

	"kith/daemon/api"
)

// A form that holds a file is sent by leaving the page, as multipart/form-data. The file is its last part, and goes on to the daemon as it
// comes: the page keeps nothing of it. What is typed stands before it.

const (
	maxFile   = 16 << 30  // bytes
	maxBeside = 256 << 10 // of what is typed beside a file, in bytes
)

// takes answers a form that holds a file (asking.file).
func (p *Page) takes(show func(*asking, http.ResponseWriter) error) http.HandlerFunc {
	return p.answers(show, (*asking).readUpload)
}

// readUpload reads what was typed, and has the file follow.
func (in *asking) readUpload(w http.ResponseWriter) error {
	stream := http.NewResponseController(w)
	in.upload = true
	// The file takes as long as it keeps coming, and so does what is done with it. Who sends it can't hear how that ended once it
	// meets a closed door: so what is left of it is taken, too.
	_ = stream.EnableFullDuplex()
	_ = stream.SetWriteDeadline(time.Time{})
	in.r.Body = http.MaxBytesReader(w, &coming{in.r.Body, stream}, maxFile)
	in.r.PostForm, in.r.Form = url.Values{}, in.r.URL.Query()
	parts, err := in.r.MultipartReader()
	if err != nil {
		return api.Problemf(api.Invalid, "", "this isn't the form of this page")
	}
	for left := int64(maxBeside); ; {
		part, err := parts.NextPart()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return notCome(err)
		}
		if part.FormName() == fileField {
			file := bufio.NewReader(part)
			if _, err := file.Peek(1); err == nil { // else none was chosen
				in.file, in.fileName = file, part.FileName()
			}
			return nil
		}
		b, err := io.ReadAll(io.LimitReader(part, left+1))
		if left -= int64(len(b)); err == nil && left < 0 {
			err = api.Problemf(api.Limit, "", "this is too long: a text has at most %d characters", api.MaxText)
		}
		if err != nil {
			return notCome(err)
		}
		in.r.PostForm.Add(part.FormName(), string(b))
		in.r.Form.Add(part.FormName(), string(b))
	}
}

// fileField is the name of the input with the file.
const fileField = "file"

// notCome says that a form was cut off, or is no form.
func notCome(err error) error {
	var known *api.Problem
	if errors.As(err, &known) {
		return err
	}
	return api.Problemf(api.Invalid, "", "not all of the form has come")
}

// leftOver takes what is left of a file.
func (in *asking) leftOver() { _, _ = io.Copy(io.Discard, in.r.Body) }

// coming is what a browser sends, for as long as it keeps coming.
type coming struct {
	io.ReadCloser
	stream *http.ResponseController
}

func (c *coming) Read(b []byte) (int, error) {
	_ = c.stream.SetReadDeadline(time.Now().Add(bodyTimeout)) // a recorder in a test knows none
	n, err := c.ReadCloser.Read(b)
	if err != nil {
		_ = c.stream.SetReadDeadline(time.Time{}) // of the wait for the next request, which would end this one
	}
	return n, err
}

// errNoFile says that a form was sent without its file.
var errNoFile = api.Problemf(api.Invalid, "", "no file was chosen")

// fileInput asks for a file.
func (in *asking) fileInput(label, hint string) input {
	return input{Name: fileField, Is: "file", Label: label, Hint: hint, Needs: true, Choose: in.t.T("Choose a file"), None: in.t.T("none is chosen yet")}
}

// triesFile begins an attempt with the file of a form, and leads to the page that tells how it goes, once all of the file was taken.
func (in *asking) triesFile(w http.ResponseWriter, a *attempt, do func(ctx context.Context, file io.Reader) (next string, err error)) error {
	if in.file == nil {
		return in.starts(w, a.again(in, errNoFile))
	}
	came, over := make(chan struct{}), make(chan struct{})
	file := &ending{r: in.file, end: sync.OnceFunc(func() { close(came) })}
	key := in.begins(a, fileTries, func(ctx context.Context) (string, error) {
		defer close(over)
		return do(ctx, file)
	})
	select {
	case <-came:
	case <-over:
	}
	in.goTo(w, joiningAt(key))
	return nil
}

// fileTries is how long what is in a file may take.
const fileTries = 2 * time.Hour

// ending tells when a file has ended.
type ending struct {
	r   io.Reader
	end func()
}

func (e *ending) Read(b []byte) (int, error) {
	n, err := e.r.Read(b)
	if err != nil {
		e.end()
	}
	return n, err
}
