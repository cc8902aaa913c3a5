package seal

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strings"
	"testing"
)

func TestMain(m *testing.M) {
	WorkFactor = 4
	os.Exit(m.Run())
}

const word = "correct horse battery"

func sealed(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, word)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

func opened(b []byte, passphrase string) ([]byte, error) {
	r, err := NewOpener(passphrase).Open(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}

func TestWhatIsSealedOpensWithItsPassphraseAndNoOther(t *testing.T) {
	b := sealed(t, []byte("the key"))
	if !IsSealed(b[:Intro]) || bytes.Contains(b, []byte("the key")) {
		t.Errorf("this isn't sealed: %q", b)
	}
	if out, err := opened(b, word); err != nil || string(out) != "the key" {
		t.Errorf("opened %q, %v", out, err)
	}
	for _, wrong := range []string{"", "correct horse batter", word + " ", strings.ToUpper(word)} {
		if _, err := opened(b, wrong); !errors.Is(err, ErrWrong) {
			t.Errorf("with %q: %v", wrong, err)
		}
	}
}

func TestNoByteOfWhatIsSealedChangesUnnoticed(t *testing.T) {
	content := bytes.Repeat([]byte("kith"), 40_000) // more than two of age's chunks
	whole := sealed(t, content)
	step := len(whole)/300 + 1
	for at := 0; at < len(whole); at++ {
		if at > 300 && at%step != 0 {
			continue // all of the beginning, and some of the rest
		}
		b := bytes.Clone(whole)
		b[at] ^= 0x20
		if out, err := opened(b, word); err == nil {
			t.Errorf("byte %d changed: opened %d bytes", at, len(out))
		}
		if out, err := opened(whole[:at], word); err == nil {
			t.Errorf("cut off at %d: opened %d bytes", at, len(out))
		}
	}
}

func TestAShortPassphraseIsRefused(t *testing.T) {
	if _, err := NewWriter(io.Discard, "1234567"); !errors.Is(err, ErrShort) {
		t.Errorf("says %v", err)
	}
	if _, err := Text([]byte("x"), ""); !errors.Is(err, ErrShort) {
		t.Errorf("says %v", err)
	}
}

func TestAFileThatAsksForTooMuchWorkIsRefusedBeforeIt(t *testing.T) {
	b := bytes.Replace(sealed(t, []byte("x")), []byte(" 4\n"), []byte(" 30\n"), 1) // a TiB of memory
	if _, err := opened(b, word); err == nil {
		t.Error("it was opened")
	}
}

func TestToOpenAFileTwiceTakesTheWorkOfOnce(t *testing.T) {
	b := sealed(t, []byte("x"))
	o := NewOpener(word)
	for range 2 {
		if _, err := o.Open(bytes.NewReader(b)); err != nil {
			t.Fatal(err)
		}
		o.passphrase = "gone: it isn't asked again"
	}
	if _, err := o.Open(bytes.NewReader(sealed(t, []byte("x")))); !errors.Is(err, ErrWrong) {
		t.Errorf("another file opened by what was kept of the first: %v", err)
	}
}

func TestASecretAsTextOpensAgain(t *testing.T) {
	text, err := Text([]byte("the key"), word)
	must(t, err)
	if !IsText(text) || IsText([]byte("0123")) {
		t.Errorf("not told apart: %s", text)
	}
	if out, err := OpenText(text, word); err != nil || string(out) != "the key" {
		t.Errorf("opened %q, %v", out, err)
	}
	if _, err := OpenText(text, "another one"); !errors.Is(err, ErrWrong) {
		t.Errorf("says %v", err)
	}
	var damaged *DamagedError
	if _, err := OpenText(text[:len(text)/2], word); !errors.As(err, &damaged) {
		t.Errorf("half of it: %v", err)
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
