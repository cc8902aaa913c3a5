// Package form is the form of a backup: a file that holds what one device needs to come back.
//
// A file is a line that says what it is, and then parts, each with its kind, length and content:
// one header, the device's key, its config, small records, what is kept from the Automerge core, and
// every entry in the order in which it arrived. The last part is the SHA-256 of all before it. That
// shows damage; whoever changes a file on purpose can compute it as well, so against them a backup
// is sealed with a passphrase (package seal). Here no entry is judged, nor its signature verified.
package form

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"io"
	"time"

	"kith/crdt/entry"
	"kith/crdt/problem"
)

// Kind says what a part holds. They come in this order; those in the plural any number of times.
type Kind byte

const (
	KindHeader      Kind = iota + 1 // a Header, as JSON
	KindKey                         // the file device.key, as it lies in the home
	KindConfig                      // the file config.json
	KindSmall                       // small records: the length of the name in 2 bytes, the name, the value
	KindQuarantined                 // the ID and the document of entries that the core must not see
	KindEntry                       // encoded entries, in the order in which they arrived
	kindEnd                         // the SHA-256 of all before
)

// Bounds, in bytes.
const (
	maxHeader = 64 << 10
	maxFile   = 64 << 10
	// MaxSmall bounds a small record with its name, and all of them together.
	MaxSmall    = 1 << 20
	MaxAllSmall = 64 << 20
)

// bounds is what the content of each kind of part has at most.
var bounds = map[Kind]int{
	KindHeader: maxHeader, KindKey: maxFile, KindConfig: maxFile, KindSmall: MaxSmall,
	KindQuarantined: quarantinedSize, KindEntry: entry.MaxSize, kindEnd: sha256.Size,
}

const quarantinedSize = len(entry.ID{}) + len(entry.DocID{})

// magic begins every file. A later release that writes another form changes the number.
const (
	magic     = "kith backup 1\n"
	magicName = "kith backup "
)

// partHead is the kind and the length.
const partHead = 1 + 4

// Named is a member, device or space: its ID, and what people call it.
type Named struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// Header says what a backup is of.
type Header struct {
	MadeAt  time.Time `json:"made_at"`
	Version string    `json:"version"` // of the kith that made it
	Space   Named     `json:"space"`
	Member  Named     `json:"member"` // empty if the device belongs to nobody any more
	Device  Named     `json:"device"`
	Stand   string    `json:"stand"` // the newest step of the charter that the device took part in
	Entries int64     `json:"entries"`
}

var (
	// ErrForeign says that a file is no backup of Kith's.
	ErrForeign = problem.New(problem.Invalid, "nothing was written", "this is not a backup of Kith")
	// ErrNewer says that a newer release made the backup.
	ErrNewer = problem.New(problem.Invalid, "nothing was written", "a newer Kith made this backup")
)

// DamagedError says that a backup isn't as it was written.
type DamagedError struct{ Err error }

func (e *DamagedError) Error() string { return "the backup is damaged: " + e.Err.Error() }
func (e *DamagedError) Unwrap() error { return e.Err }

// Problem implements problem.Teller.
func (e *DamagedError) Problem() *problem.Problem {
	return problem.New(problem.Invalid, "nothing was written; take another backup, or join again from another member's device", "%v", e)
}

// Damaged makes a *DamagedError, also for who looks into the parts.
func Damaged(format string, args ...any) error { return &DamagedError{fmt.Errorf(format, args...)} }

// Writer writes a backup. The parts come in the order of their kinds.
type Writer struct {
	w   *bufio.Writer
	sum hash.Hash
	out io.Writer // to both
}

// NewWriter begins a backup on w with its header.
func NewWriter(w io.Writer, h Header) (*Writer, error) {
	b := &Writer{w: bufio.NewWriterSize(w, 64<<10), sum: sha256.New()}
	b.out = io.MultiWriter(b.w, b.sum)
	if _, err := io.WriteString(b.out, magic); err != nil {
		return nil, err
	}
	content, err := json.Marshal(h)
	if err != nil {
		return nil, err
	}
	return b, b.Part(KindHeader, content)
}

// Part writes one part.
func (b *Writer) Part(kind Kind, content []byte) error {
	if len(content) > bounds[kind] {
		return fmt.Errorf("a part of %d bytes, the limit is %d", len(content), bounds[kind])
	}
	head := binary.BigEndian.AppendUint32([]byte{byte(kind)}, uint32(len(content)))
	_, err := b.out.Write(head)
	if err == nil {
		_, err = b.out.Write(content)
	}
	return err
}

// Small writes a small record.
func (b *Writer) Small(name string, value []byte) error {
	content := binary.BigEndian.AppendUint16(nil, uint16(len(name)))
	return b.Part(KindSmall, append(append(content, name...), value...))
}

// Quarantined writes an entry that the core must not see.
func (b *Writer) Quarantined(id entry.ID, doc entry.DocID) error {
	return b.Part(KindQuarantined, append(id[:], doc[:]...))
}

// Close ends the backup. What it was written to stays open.
func (b *Writer) Close() error {
	if err := b.Part(kindEnd, b.sum.Sum(nil)); err != nil {
		return err
	}
	return b.w.Flush()
}

// Reader reads a backup.
type Reader struct {
	r    *bufio.Reader
	sum  hash.Hash
	last Kind
	buf  []byte
	head Header
	end  bool
	all  [sha256.Size]byte
	n    int64 // entries so far
}

// NewReader reads as far as the header. The error is ErrForeign, ErrNewer, or a *DamagedError.
func NewReader(r io.Reader) (*Reader, error) {
	b := &Reader{r: bufio.NewReaderSize(r, 64<<10), sum: sha256.New()}
	line := make([]byte, len(magic))
	switch _, err := io.ReadFull(b.r, line); {
	case err == io.EOF, err == io.ErrUnexpectedEOF:
		return nil, ErrForeign
	case err != nil:
		return nil, &DamagedError{err}
	case string(line) != magic && bytes.HasPrefix(line, []byte(magicName)):
		return nil, ErrNewer
	case string(line) != magic:
		return nil, ErrForeign
	}
	b.sum.Write(line)
	kind, content, err := b.Next()
	if err != nil {
		return nil, err
	}
	if kind != KindHeader {
		return nil, Damaged("it has no header")
	}
	if err := json.Unmarshal(content, &b.head); err != nil {
		return nil, Damaged("its header: %w", err)
	}
	return b, nil
}

// Header says what the backup is of; nothing holds it true before Next has given io.EOF.
func (b *Reader) Header() Header { return b.head }

// Sum is the checksum of a backup that was read to its end.
func (b *Reader) Sum() [sha256.Size]byte { return b.all }

// Next gives the next part, whose content is the caller's until the next call. It gives io.EOF when
// all was read and the checksum is right, and else a *DamagedError.
func (b *Reader) Next() (Kind, []byte, error) {
	if b.end {
		return 0, nil, io.EOF
	}
	var head [partHead]byte
	if _, err := io.ReadFull(b.r, head[:]); err != nil {
		return 0, nil, cutOff(err)
	}
	kind, size := Kind(head[0]), int(binary.BigEndian.Uint32(head[1:]))
	most, known := bounds[kind]
	switch once := kind < KindSmall || kind == kindEnd; {
	case !known:
		return 0, nil, Damaged("a part of an unknown kind, %d", kind)
	case size > most:
		return 0, nil, Damaged("a part of %d bytes, the limit is %d", size, most)
	case kind < b.last, once && kind == b.last, kind <= KindConfig && kind != b.last+1:
		return 0, nil, Damaged("a part is not in its place")
	case kind > KindConfig && b.last < KindConfig:
		return 0, nil, Damaged("a part is missing")
	}
	b.last = kind
	if cap(b.buf) < size {
		b.buf = make([]byte, size)
	}
	content := b.buf[:size]
	if _, err := io.ReadFull(b.r, content); err != nil {
		return 0, nil, cutOff(err)
	}
	switch kind {
	case kindEnd:
		return 0, nil, b.finish(content)
	case KindEntry:
		b.n++
	}
	b.sum.Write(head[:])
	b.sum.Write(content)
	return kind, content, nil
}

func (b *Reader) finish(want []byte) error {
	b.sum.Sum(b.all[:0])
	if !bytes.Equal(b.all[:], want) {
		return Damaged("its checksum is another one")
	}
	switch _, err := b.r.ReadByte(); {
	case err == nil:
		return Damaged("something follows its end")
	case err != io.EOF:
		return &DamagedError{err}
	}
	if b.n != b.head.Entries {
		return Damaged("it has %d entries and says it had %d", b.n, b.head.Entries)
	}
	b.end = true
	return io.EOF
}

func cutOff(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return Damaged("its end is missing")
	}
	return &DamagedError{err}
}

// SplitSmall takes the content of a small record apart.
func SplitSmall(content []byte) (name string, value []byte, err error) {
	if len(content) < 2 || len(content) < 2+int(binary.BigEndian.Uint16(content)) {
		return "", nil, Damaged("a small record is too short")
	}
	n := 2 + int(binary.BigEndian.Uint16(content))
	return string(content[2:n]), bytes.Clone(content[n:]), nil
}

// SplitQuarantined takes the content of KindQuarantined apart.
func SplitQuarantined(content []byte) (id entry.ID, doc entry.DocID, err error) {
	if len(content) != quarantinedSize {
		return id, doc, Damaged("%d bytes for an entry kept from the core", len(content))
	}
	copy(id[:], content)
	copy(doc[:], content[len(id):])
	return id, doc, nil
}
