package form

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"

	"kith/crdt/entry"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var update = flag.Bool("update", false, "write the golden files")

var key = entry.SignerFromSeed([32]byte{1, 2, 3})

func header() Header {
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	return Header{
		MadeAt: time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC), Version: "test", Since: &since,
		Space: strings.Repeat("5b", 32), Device: key.Device().String(), For: []string{strings.Repeat("0a", 32)},
		Statements: 1, Entries: 2,
	}
}

func small(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	w, err := NewWriter(&b, header(), key)
	must(t, err)
	must(t, w.Entry([]byte("first")))
	must(t, w.Entry([]byte("second")))
	must(t, w.Close())
	return b.Bytes()
}

// read gives all entries, or the error.
func read(b []byte) (entries []string, err error) {
	r, err := NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return rest(r)
}

func rest(r *Reader) (entries []string, err error) {
	for {
		content, err := r.Next()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return entries, err
		}
		entries = append(entries, string(content))
	}
}

func TestABundleReadsAsItWasWritten(t *testing.T) {
	r, err := NewReader(bytes.NewReader(small(t)))
	must(t, err)
	defer r.Close()
	got, _ := json.Marshal(r.Header())
	want, _ := json.Marshal(header())
	if !bytes.Equal(got, want) || r.Device() != key.Device() || r.Space() != (entry.SpaceID(bytes.Repeat([]byte{0x5b}, 32))) {
		t.Errorf("the header is %s", got)
	}
	entries, err := read(small(t))
	if err != nil || strings.Join(entries, " ") != "first second" {
		t.Errorf("read %q, %v", entries, err)
	}
}

// plain makes what a bundle holds, of a header and whatever follows it. Its signature is by signer.
func plain(t testing.TB, head []byte, signer entry.Signer, rest ...[]byte) []byte {
	t.Helper()
	sig := signer.Sign(entry.DomainBundle, head)
	b := append(part(head), sig[:]...)
	return append(b, bytes.Join(rest, nil)...)
}

func part(content []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(content))), content...)
}

func zipped(t testing.TB, b []byte) []byte {
	t.Helper()
	zip, err := zstd.NewWriter(nil)
	must(t, err)
	defer zip.Close()
	return append([]byte(magic), zip.EncodeAll(b, nil)...)
}

func encoded(t testing.TB, h Header) []byte {
	t.Helper()
	b, err := json.Marshal(h)
	must(t, err)
	return b
}

// The bytes under the compression: PROTOCOL.md's vector. What a second implementation compresses
// with is its own business.
func TestTheFormIsThatOfTheVector(t *testing.T) {
	b := small(t)
	unzip, err := zstd.NewReader(bytes.NewReader(b[len(magic):]))
	must(t, err)
	defer unzip.Close()
	inner, err := io.ReadAll(unzip)
	must(t, err)
	got := hex.EncodeToString(append([]byte(magic), inner...)) + "\n"
	const file = "testdata/vector.hex"
	if *update {
		must(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	must(t, err)
	if got != string(want) {
		t.Errorf("it is\n%s", got)
	}
	raw, err := hex.DecodeString(strings.TrimSpace(string(want)))
	must(t, err)
	if entries, err := read(zipped(t, raw[len(magic):])); err != nil || len(entries) != 2 {
		t.Errorf("the vector reads as %q, %v", entries, err)
	}
}

func TestABundleThatIsCutOffAnywhereOrGoesOnIsRefused(t *testing.T) {
	whole := small(t)
	for at := range whole {
		_, err := read(whole[:at])
		var d *DamagedError
		if at < len(magic) && !errors.Is(err, ErrForeign) || at >= len(magic) && !errors.As(err, &d) {
			t.Errorf("cut off at %d: %v", at, err)
		}
	}
	if _, err := read(append(whole, 0)); err == nil {
		t.Error("a byte more was taken")
	}
	if _, err := read(append(whole, whole[len(magic):]...)); err == nil {
		t.Error("a second one behind it was taken")
	}
}

func TestAnotherFileIsNoBundle(t *testing.T) {
	for _, b := range []string{"", "kith", "kith backup 1\n and more", "PK\x03\x04 and whatever follows"} {
		if _, err := read([]byte(b)); !errors.Is(err, ErrForeign) {
			t.Errorf("%q: %v", b, err)
		}
	}
	if _, err := read([]byte("kith bundle 2\nof the future")); !errors.Is(err, ErrNewer) {
		t.Errorf("of a newer Kith: %v", err)
	}
}

func TestABundleIsRefusedThatIsNotAsItShouldBe(t *testing.T) {
	with := func(change func(*Header)) []byte {
		h := header()
		change(&h)
		return encoded(t, h)
	}
	good, one, two := encoded(t, header()), part([]byte("first")), part([]byte("second"))
	tests := []struct {
		name string
		b    []byte
		good bool
	}{
		{"all in its place", plain(t, good, key, one, two), true},
		{"a field of the future", plain(t, append([]byte(`{"new":1,`), good[1:]...), key, one, two), true},
		{"signed by somebody else", plain(t, good, entry.NewSigner(), one, two), false},
		{"an entry fewer than it says", plain(t, good, key, one), false},
		{"an entry more than it says", plain(t, good, key, one, two, two), false},
		{"a header that isn't one", plain(t, []byte("x"), key), false},
		{"no device", plain(t, with(func(h *Header) { h.Device = "" }), key, one, two), false},
		{"half a space", plain(t, with(func(h *Header) { h.Space = "5b" }), key, one, two), false},
		{"fewer than no entries", plain(t, with(func(h *Header) { h.Entries = -1 }), key), false},
		{"more statements than entries", plain(t, with(func(h *Header) { h.Statements = 3 }), key, one, two), false},
		{"more than anybody writes", plain(t, with(func(h *Header) { h.Entries = MaxEntries + 1 }), key, one, two), false},
		{"a header of two gigabytes", binary.BigEndian.AppendUint32(nil, 1<<31), false},
		{"an entry of two gigabytes", plain(t, good, key, binary.BigEndian.AppendUint32(nil, 1<<31)), false},
		{"an entry a byte too long", plain(t, good, key, part(make([]byte, entry.MaxSize+1)), two), false},
		{"nothing", nil, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := read(zipped(t, test.b)); (err == nil) != test.good {
				t.Errorf("read: %v", err)
			}
		})
	}
}

// A file of a few bytes may ask for a lot of memory, or say that it is a terabyte.
func TestWhatIsCompressedWithALargerWindowIsRefused(t *testing.T) {
	zip, err := zstd.NewWriter(nil, zstd.WithWindowSize(2*window), zstd.WithSingleSegment(false))
	must(t, err)
	defer zip.Close()
	var b bytes.Buffer
	b.WriteString(magic)
	zip.Reset(&b)
	_, err = zip.Write(plain(t, encoded(t, header()), key, part([]byte("first")), part([]byte("second")), make([]byte, 3*window)))
	must(t, errors.Join(err, zip.Close()))
	var d *DamagedError
	if _, err := read(b.Bytes()); !errors.As(err, &d) || !errors.Is(err, zstd.ErrWindowSizeExceeded) {
		t.Errorf("read: %v", err)
	}
}

func TestAWriterHoldsItselfToItsHeader(t *testing.T) {
	w, err := NewWriter(io.Discard, header(), key)
	must(t, err)
	must(t, w.Entry(nil))
	if err := w.Close(); err == nil {
		t.Error("an entry is missing, and it ends well")
	}
	w, err = NewWriter(io.Discard, header(), key)
	must(t, err)
	must(t, errors.Join(w.Entry(nil), w.Entry(nil)))
	if err := w.Entry(nil); err == nil {
		t.Error("it takes one too many")
	}
	if _, err := NewWriter(io.Discard, Header{Version: strings.Repeat("x", MaxHeader)}, key); err == nil {
		t.Error("it takes a header of any size")
	}
}

// What is fuzzed is what is compressed: the compression and the seal around it have fuzz targets of
// their own, in their libraries.
func FuzzReadNeverPanicsAndKeepsToItsBounds(f *testing.F) {
	if seeds, _ := filepath.Glob(filepath.Join("testdata", "fuzz", f.Name(), "*")); len(seeds) == 0 {
		f.Fatal("no seeds in testdata/fuzz/" + f.Name())
	}
	f.Fuzz(func(t *testing.T, inner []byte) {
		r, err := newReader(bytes.NewReader(inner))
		if err != nil {
			return // refusing is right; a panic, a hang or a lot of memory isn't
		}
		entries, err := rest(r)
		if err != nil {
			return
		}
		total := 0
		for _, e := range entries {
			total += len(e)
		}
		if total > len(inner) {
			t.Errorf("%d bytes came out of %d", total, len(inner))
		}
	})
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
