package exchange

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"kith/daemon/exchange/rateless"
)

// A frame is a length of 4 bytes (big-endian; the body's), one byte for its type, and the body.
type frameType byte

const (
	frameHello   frameType = 1  // versions, space, features
	frameSet     frameType = 2  // count and digest of the sender's IDs, and their first symbols
	frameSymbols frameType = 3  // the next ones
	frameIDs     frameType = 4  // some of a list of IDs, ascending; an empty one ends the list
	frameBegin   frameType = 5  // count of the entries that the other lacks, and now gets
	frameEntries frameType = 6  // whether they belong to that count, and a compressed batch
	frameDone    frameType = 7  // all of them were sent
	frameAck     frameType = 8  // how many frames of entries were stored so far
	framePing    frameType = 9  // 8 bytes to be sent back
	framePong    frameType = 10 // those bytes
	frameBye     frameType = 11 // why the sender ends the connection
	frameKey     frameType = 12 // the sender's part of a key for symbols
	frameBare    frameType = 13 // some of the IDs, ascending, of what it announced and doesn't give
)

// bodySize gives the least and the greatest size of a type's body, in bytes.
var bodySize = map[frameType]struct{ least, most int }{
	frameHello:   {4 + 32 + 1, MaxHello},
	frameSet:     {8 + 32 + firstSymbols*rateless.MinSize, 8 + 32 + firstSymbols*rateless.MaxSize},
	frameSymbols: {rateless.MinSize, rateless.Kept * rateless.MaxSize},
	frameIDs:     {0, listChunk * 32},
	frameBegin:   {8, 8},
	frameEntries: {2, MaxFrame},
	frameDone:    {0, 0},
	frameAck:     {8, 8},
	framePing:    {8, 8},
	framePong:    {8, 8},
	frameBye:     {0, MaxReason},
	frameKey:     {nonceSize, nonceSize},
	frameBare:    {32, listChunk * 32},
}

func (t frameType) String() string {
	names := [...]string{"", "hello", "set", "symbols", "ids", "begin", "entries", "done", "ack", "ping", "pong", "bye", "key", "bare"}
	if int(t) < len(names) && t > 0 {
		return names[t]
	}
	return fmt.Sprintf("type %d", byte(t))
}

const headerSize = 5

// readHeader checks the size against the type's bounds, so nothing is allocated for a claim.
func readHeader(h [headerSize]byte) (frameType, int, error) {
	size, t := binary.BigEndian.Uint32(h[:4]), frameType(h[4])
	bounds, known := bodySize[t]
	if !known {
		return 0, 0, broken("a message of an unknown type (%d), of %d bytes", byte(t), size)
	}
	if int64(size) > int64(bounds.most) || int64(size) < int64(bounds.least) {
		return 0, 0, broken("%q of %d bytes; it has %d to %d", t, size, bounds.least, bounds.most)
	}
	return t, int(size), nil
}

// frameReader reads frames, each within its time.
type frameReader struct {
	in    *bufio.Reader
	fail  func(error) // ends the connection
	count func(int)   // hears of the bytes of each frame
	buf   []byte
}

// next returns the next frame. Its body is valid until the next call.
func (r *frameReader) next() (frameType, []byte, error) {
	var h [headerSize]byte
	stop := within(silenceLimit, ErrSilent, r.fail)
	_, err := io.ReadFull(r.in, h[:])
	stop()
	if err != nil {
		return 0, nil, hungUp(err)
	}
	t, size, err := readHeader(h)
	if err != nil {
		return 0, nil, err
	}
	defer within(timeFor(size), ErrSlow, r.fail)()
	// Grown as it arrives: an announced size alone costs nothing.
	r.buf = r.buf[:0]
	for len(r.buf) < size {
		n := min(size-len(r.buf), 64<<10)
		start := len(r.buf)
		r.buf = append(r.buf, make([]byte, n)...)
		if _, err := io.ReadFull(r.in, r.buf[start:]); err != nil {
			return 0, nil, hungUp(err)
		}
	}
	r.count(headerSize + size)
	return t, r.buf, nil
}

// within ends the connection with err if stop isn't called in time.
func within(d time.Duration, err error, fail func(error)) (stop func()) {
	t := time.AfterFunc(d, func() { fail(err) })
	return func() { t.Stop() }
}

// timeFor is how long a frame of a size may take.
func timeFor(size int) time.Duration {
	return frameTime + time.Duration(size)*time.Second/frameRate
}

// hungUp names the end of a connection.
func hungUp(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) {
		return ErrClosed
	}
	return fmt.Errorf("%w: %w", ErrClosed, err)
}

// frameWriter writes frames; they leave when it is flushed, or its buffer is full.
type frameWriter struct {
	out   *bufio.Writer
	fail  func(error)
	count func(int)
}

func (w *frameWriter) write(t frameType, parts ...[]byte) error {
	size := 0
	for _, p := range parts {
		size += len(p)
	}
	var h [headerSize]byte
	binary.BigEndian.PutUint32(h[:4], uint32(size))
	h[4] = byte(t)
	defer within(timeFor(size), ErrSlow, w.fail)()
	if _, err := w.out.Write(h[:]); err != nil {
		return hungUp(err)
	}
	for _, p := range parts {
		if _, err := w.out.Write(p); err != nil {
			return hungUp(err)
		}
	}
	w.count(headerSize + size)
	return nil
}

func (w *frameWriter) flush() error {
	if w.out.Buffered() == 0 {
		return nil
	}
	defer within(timeFor(w.out.Buffered()), ErrSlow, w.fail)()
	if err := w.out.Flush(); err != nil {
		return hungUp(err)
	}
	return nil
}

// goodbye tells the peer why the connection ends.
func (w *frameWriter) goodbye(reason string) error {
	if err := w.write(frameBye, []byte(reason[:min(len(reason), MaxReason)])); err != nil {
		return err
	}
	return w.flush()
}

func number(n uint64) []byte { return binary.BigEndian.AppendUint64(nil, n) }
