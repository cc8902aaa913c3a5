// Package form is the form of a bundle: entries in a file, for a way on which there is no network.
//
// What is written here is to be sealed for the devices that may read it (package seal). It is a line
// that says what it is, and then, compressed with zstd, a header signed by the device that made it
// and the entries: charter statements first, then changes in the order in which they arrived there.
// No entry is judged here, nor is its signature verified: each speaks for itself, wherever it comes
// from. Layout and a test vector: docs/PROTOCOL.md, "Bundles".
package form

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/zstd"

	"kith/crdt/entry"
)

// Bounds on what a bundle may hold.
const (
	// MaxHeader bounds the header, in bytes.
	MaxHeader = 64 << 10
	// MaxEntries bounds how many entries a bundle says it has.
	MaxEntries = 1 << 30
	// window is how far back what is compressed refers, in bytes: what a reader holds in memory.
	window = 4 << 20
)

// magic begins what was sealed. A later release that writes another form changes the number.
const (
	magic     = "kith bundle 1\n"
	magicName = "kith bundle "
)

// Header says what a bundle is. Fields are added, and never renamed.
type Header struct {
	MadeAt  time.Time  `json:"made_at"` // by the clock of the device
	Version string     `json:"version"` // of the kith that made it
	Space   string     `json:"space"`   // hexadecimal, as the two below
	Device  string     `json:"device"`  // that made and signed it
	Since   *time.Time `json:"since"`   // null: from the beginning
	For     []string   `json:"for"`     // devices, of which what all of them have is left out; empty: nothing is
	// Statements is how many of the entries are charter statements; they come first.
	Statements int64 `json:"statements"`
	Entries    int64 `json:"entries"`
	// Of a welcome, which begins a replica: where the device that made it is reached, as that signed it, and the relays that it
	// names. Anybody else's header has neither.
	Record []byte   `json:"record,omitempty"`
	Relays []string `json:"relays,omitempty"`
}

var (
	// ErrForeign says that something is no bundle of Kith's.
	ErrForeign = errors.New("this is not a bundle of Kith")
	// ErrNewer says that a newer release made the bundle.
	ErrNewer = errors.New("a newer Kith made this bundle")
)

// DamagedError says that a bundle isn't as it was written.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string { return "the bundle is damaged: " + e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

func damaged(format string, args ...any) error { return &DamagedError{fmt.Errorf(format, args...)} }

// unopened says that what a bundle is sealed and compressed in can't be opened further. What those say of it means nothing to who
// reads it.
type unopened struct{ cause error }

func (e *unopened) Error() string { return "it is cut off, or was changed" }
func (e *unopened) Unwrap() error { return e.cause }

// Writer writes a bundle.
type Writer struct {
	w    *bufio.Writer
	zip  *zstd.Encoder
	left int64
}

// NewWriter begins a bundle on w. The header's Space, Device and counts must be right; it is signed
// with key, which is the device's.
func NewWriter(w io.Writer, h Header, key entry.Signer) (*Writer, error) {
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	if len(content) > MaxHeader {
		return nil, fmt.Errorf("a header of %d bytes, the limit is %d", len(content), MaxHeader)
	}
	if _, err := io.WriteString(w, magic); err != nil {
		return nil, err
	}
	zip, err := zstd.NewWriter(w, zstd.WithWindowSize(window), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return nil, err
	}
	b := &Writer{w: bufio.NewWriterSize(zip, 64<<10), zip: zip, left: h.Entries}
	signature := key.Sign(entry.DomainBundle, content)
	return b, errors.Join(b.part(content), b.write(signature[:]))
}

// Entry writes the next entry.
func (b *Writer) Entry(encoded []byte) error {
	if b.left--; b.left < 0 {
		return errors.New("more entries than the header says")
	}
	return b.part(encoded)
}

func (b *Writer) part(content []byte) error {
	head := binary.BigEndian.AppendUint32(nil, uint32(len(content)))
	return errors.Join(b.write(head), b.write(content))
}

func (b *Writer) write(p []byte) error {
	_, err := b.w.Write(p)
	return err
}

// Close ends the bundle. What it was written to stays open.
func (b *Writer) Close() error {
	if b.left != 0 {
		return errors.Join(fmt.Errorf("%d entries fewer than the header says", b.left), b.zip.Close())
	}
	return errors.Join(b.w.Flush(), b.zip.Close())
}

// Reader reads a bundle. Close it.
type Reader struct {
	unzip  *zstd.Decoder
	r      *bufio.Reader
	header Header
	device entry.Device
	space  entry.SpaceID
	buf    []byte
	n      int64 // entries given out
}

// NewReader reads as far as the header, and checks that the device that it names has signed it. The
// error is ErrForeign, ErrNewer, or a *DamagedError.
func NewReader(r io.Reader) (*Reader, error) {
	line := make([]byte, len(magic))
	switch _, err := io.ReadFull(r, line); {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return nil, ErrForeign
	case err != nil:
		return nil, &DamagedError{&unopened{err}}
	case string(line) != magic && bytes.HasPrefix(line, []byte(magicName)):
		return nil, ErrNewer
	case string(line) != magic:
		return nil, ErrForeign
	}
	unzip, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(window), zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
	if err != nil {
		return nil, err
	}
	b, err := newReader(unzip)
	if err != nil {
		unzip.Close()
		return nil, err
	}
	b.unzip = unzip
	return b, nil
}

// newReader is NewReader for what isn't compressed any more.
func newReader(r io.Reader) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, 64<<10)}
	return b, b.readHeader()
}

func (b *Reader) readHeader() error {
	content, err := b.part(MaxHeader)
	if err != nil {
		return err
	}
	var signature [64]byte
	if _, err := io.ReadFull(b.r, signature[:]); err != nil {
		return cutOff(err)
	}
	if err := json.Unmarshal(content, &b.header); err != nil {
		return damaged("its header: %w", err)
	}
	h := &b.header
	err = errors.Join(hexInto(b.device[:], h.Device), hexInto(b.space[:], h.Space))
	switch {
	case err != nil:
		return damaged("its header: %w", err)
	case !entry.VerifySignature(b.device, entry.DomainBundle, content, signature):
		return damaged("its header isn't signed by the device that it names")
	case h.Entries < 0 || h.Entries > MaxEntries || h.Statements < 0 || h.Statements > h.Entries:
		return damaged("its header says that it has %d entries, %d of them charter statements", h.Entries, h.Statements)
	}
	return nil
}

func hexInto(to []byte, s string) error {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(to) {
		return fmt.Errorf("%d letters for a key or ID of %d bytes", len(s), len(to))
	}
	copy(to, b)
	return nil
}

// Header says what the bundle is.
func (b *Reader) Header() Header { return b.header }

// Device returns the device that made it.
func (b *Reader) Device() entry.Device { return b.device }

// Space returns the space that it is of.
func (b *Reader) Space() entry.SpaceID { return b.space }

// Read returns how many entries were given out.
func (b *Reader) Read() int64 { return b.n }

// Next gives the next entry's encoding, which is the caller's until the next call. It gives io.EOF
// when there are as many as the header says and nothing follows, and else a *DamagedError.
func (b *Reader) Next() ([]byte, error) {
	if b.n == b.header.Entries {
		switch _, err := b.r.ReadByte(); {
		case err == nil:
			return nil, damaged("something follows its last entry")
		case err != io.EOF:
			return nil, &DamagedError{&unopened{err}}
		}
		return nil, io.EOF
	}
	content, err := b.part(entry.MaxSize)
	if err == nil {
		b.n++
	}
	return content, err
}

func (b *Reader) part(most int) ([]byte, error) {
	var head [4]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil {
		return nil, cutOff(err)
	}
	size := int64(binary.BigEndian.Uint32(head[:]))
	if size > int64(most) {
		return nil, damaged("a part of %d bytes, the limit is %d", size, most)
	}
	if int64(cap(b.buf)) < size {
		b.buf = make([]byte, size)
	}
	content := b.buf[:size]
	if _, err := io.ReadFull(b.r, content); err != nil {
		return nil, cutOff(err)
	}
	return content, nil
}

func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return damaged("its end is missing")
	}
	return &DamagedError{&unopened{err}}
}

// Close gives back what reading took.
func (b *Reader) Close() { b.unzip.Close() }
