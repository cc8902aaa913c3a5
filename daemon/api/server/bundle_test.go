package server

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"

	"kith/daemon/api"
)

// carrier is a backend for bundles alone.
type carrier struct {
	*fake
	read  func(in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error)
	write func(q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error
}

func (c *carrier) ReadBundle(_ context.Context, in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
	return c.read(in, progress)
}

func (c *carrier) WriteBundle(_ context.Context, q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error {
	return c.write(q, begin)
}

// endless counts what is taken of it.
type endless struct{ taken int }

func (e *endless) Read(b []byte) (int, error) {
	e.taken += len(b)
	return len(b), nil
}

func TestABundleIsTakenAsItComesAndItIsToldHowFarItIs(t *testing.T) {
	b := &carrier{fake: newFake(), read: func(in io.Reader, progress func(api.BundleProgress)) (res api.BundleRead, err error) {
		for at := range 4 {
			if _, err := io.ReadFull(in, make([]byte, 1<<20)); err != nil {
				return res, err
			}
			progress(api.BundleProgress{Bytes: int64(at+1) << 20, Done: int64(at), Of: 4})
		}
		_, err = io.Copy(io.Discard, in)
		return api.BundleRead{New: 3, Bundle: api.Bundle{Member: api.Named{ID: "m", Name: "Bénédicte"}}}, err
	}}
	c, _, _ := serve(t, b, shortHome(t))
	var told []int64
	next := make(chan int64, 10)
	in, out := io.Pipe()
	go func() {
		// The next part is only sent when it was told of the one before: both go at once.
		for at := range 4 {
			_, _ = out.Write(make([]byte, 1<<20))
			if got := <-next; got != int64(at+1)<<20 {
				t.Errorf("told of %d", got)
			}
		}
		out.Close()
	}()
	res, err := c.ReadBundle(t.Context(), in, func(p api.BundleProgress) {
		told = append(told, p.Bytes)
		next <- p.Bytes
	})
	if err != nil || res.New != 3 || res.Member.Name != "Bénédicte" || len(told) != 4 || res.For == nil {
		t.Errorf("%+v, %v; told %v", res, err, told)
	}
}

func TestWhoSendsABundleThatIsRefusedHearsWhyWhateverTheyStillHaveToSend(t *testing.T) {
	bad := api.Problemf(api.Invalid, "take another", "it is damaged")
	for _, begun := range []bool{false, true} {
		b := &carrier{fake: newFake(), read: func(in io.Reader, progress func(api.BundleProgress)) (api.BundleRead, error) {
			if begun {
				progress(api.BundleProgress{Bytes: 1})
			}
			return api.BundleRead{}, bad
		}}
		c, _, _ := serve(t, b, shortHome(t))
		for range 20 { // a closed door and an answer may race
			var p *api.Problem
			if _, err := c.ReadBundle(t.Context(), io.LimitReader(&endless{}, 64<<20), nil); !errors.As(err, &p) || p.Code != api.Invalid || p.Hint != bad.Hint {
				t.Fatalf("it had begun: %v; it says %v", begun, err)
			}
		}
	}
}

func TestABundleComesWithWhatItIsOrWithTheReasonWhyNot(t *testing.T) {
	var asked api.BundleRequest
	b := &carrier{fake: newFake(), write: func(q api.BundleRequest, begin func(api.Bundle) (io.Writer, error)) error {
		asked = q
		w, err := begin(api.Bundle{Entries: 7, Member: api.Named{ID: "m", Name: "Bénédicte"}})
		if err != nil {
			return err
		}
		for range 100 {
			if _, err := w.Write(make([]byte, 10_000)); err != nil {
				return err
			}
		}
		if q.Since != "" {
			return errors.New("the disk went away")
		}
		return nil
	}}
	c, _, _ := serve(t, b, shortHome(t))
	what, content, err := c.WriteBundle(t.Context(), api.BundleRequest{For: "benedicte"})
	if err != nil {
		t.Fatal(err)
	}
	n, err := io.Copy(io.Discard, content)
	content.Close()
	if err != nil || n != 1_000_000 || what.Entries != 7 || what.Member.Name != "Bénédicte" {
		t.Errorf("%d bytes of %+v, %v", n, what, err)
	}
	if len(asked.Devices) != 1 || asked.Devices[0] != "0b0b0b0b0b" {
		t.Errorf("asked for %+v", asked)
	}

	_, content, err = c.WriteBundle(t.Context(), api.BundleRequest{Since: "2026-11-01T00:00:00Z"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = io.Copy(io.Discard, content)
	content.Close()
	if err == nil {
		t.Error("it broke off, and looks whole")
	}
	for what, want := range map[string]api.Code{"since=monday": api.Invalid, "for=zoe": api.NotFound, "for=laptop": api.Ambiguous, "for=cleo": api.NotAllowed, "space=other": api.NotFound} {
		if p := refused(t, b, "GET", "bundle?"+what, nil); p.Code != want {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

func TestADeviceIsMeantByItsNameOrTheStartOfItsID(t *testing.T) {
	s := New(served{newFake()}, nil).of(spaceOf(newFake()))
	for word, want := range map[string]string{
		"Ana": "0a0a0a0a0a 1a1a1a1a1a", "laptop": "", "desktop": "1a1a1a1a1a", "ana's desktop": "1a1a1a1a1a",
		"Bénédicte's laptop": "0b0b0b0b0b", "0b0b0b0b": "0b0b0b0b0b", "0b0b0": "", "phone": "",
	} {
		ids, err := s.resolveDevices(t.Context(), word)
		if got := strings.Join(ids, " "); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", word, got, err)
		}
	}
}

func TestABundleForAnotherSpaceIsRefused(t *testing.T) {
	b := &carrier{fake: newFake()}
	if p := refused(t, b, "POST", "bundle/read?space=other", bytes.NewReader(make([]byte, 1000))); p.Code != api.NotFound {
		t.Errorf("%+v", p)
	}
}
