package change

import (
	"bytes"
	"compress/flate"
	"io"
	"unicode/utf8"
)

// A chunk is magic bytes, the first four bytes of the hash, a type, the length of the body, and
// the body.
const (
	magic         = "\x85\x6f\x4a\x83"
	changeChunk   = 1
	deflatedChunk = 2
)

// Inflate returns the uncompressed form of the change chunk b: b itself if it is that already,
// else a new slice. A deflated chunk is inflated up to MaxInflated bytes and its checksum is
// compared; the form of the change is left to Parse. The error is a *LimitError or a *SyntaxError.
func Inflate(b []byte) ([]byte, error) {
	if err := limit("bytes of a change", uint64(len(b)), MaxSize); err != nil {
		return nil, err
	}
	typ, start, err := parseHeader(string(b[:min(len(b), 32)]), len(b))
	if err != nil || typ == changeChunk {
		return b, err
	}
	src := bytes.NewReader(b[start:])
	var body bytes.Buffer
	_, err = io.Copy(&body, io.LimitReader(flate.NewReader(src), MaxInflated))
	if err != nil {
		return nil, &SyntaxError{Offset: len(b) - src.Len(), What: "deflated data is damaged"}
	}
	if err := limit("bytes of an inflated change", uint64(body.Len()+headerSize(body.Len())), MaxInflated); err != nil {
		return nil, err
	}
	if src.Len() > 0 {
		return nil, &SyntaxError{Offset: len(b) - src.Len(), What: "more after the end of the deflated data"}
	}
	out := appendChunk(make([]byte, 0, body.Len()+headerSize(body.Len())), body.Bytes())
	if !bytes.Equal(out[4:8], b[4:8]) {
		return nil, &SyntaxError{Offset: 4, What: "checksum doesn't match"}
	}
	return out, nil
}

func headerSize(body int) int { return len(magic) + 4 + 1 + uintSize(uint64(body)) }

// parseHeader reads the header of a chunk of size bytes, of which s is the start, and returns
// where the body begins.
func parseHeader(s string, size int) (typ byte, start int, err error) {
	r := reader{s: s}
	if m, err := r.take(4, "chunk"); err != nil || m != magic {
		return 0, 0, &SyntaxError{Offset: 0, What: "not an Automerge chunk"}
	}
	if _, err := r.take(4, "checksum"); err != nil {
		return 0, 0, err
	}
	t, err := r.take(1, "type")
	if err != nil {
		return 0, 0, err
	}
	if t[0] != changeChunk && t[0] != deflatedChunk {
		return 0, 0, &SyntaxError{Offset: 8, What: "not a change"}
	}
	n, err := r.uint()
	if err != nil {
		return 0, 0, err
	}
	if n != uint64(size-r.pos) {
		return 0, 0, &SyntaxError{Offset: 9, What: "length of the body doesn't match"}
	}
	return t[0], r.pos, nil
}

// Parse reads one uncompressed change chunk and checks all that can be checked without its
// document, so that History.Check can go on from there.
//
// b holds exactly one chunk, in the only form that the core gives the change: what is encoded
// otherwise is refused, so that one change has one byte string. Parse neither keeps nor modifies
// b. Deflated chunks are for Inflate.
//
// The error is a *LimitError for what exceeds a bound and else a *SyntaxError with the byte
// offset. No input makes Parse panic, nor take more memory than the bounds allow.
func Parse(b []byte) (*Change, error) {
	if err := limit("bytes of a change", uint64(len(b)), MaxSize); err != nil {
		return nil, err
	}
	s := string(b)
	typ, start, err := parseHeader(s, len(s))
	if err != nil {
		return nil, err
	}
	if typ != changeChunk {
		return nil, &SyntaxError{Offset: 8, What: "deflated"}
	}
	c := &Change{Hash: chunkHash(b[start:])}
	if !bytes.Equal(c.Hash[:4], b[4:8]) {
		return nil, &SyntaxError{Offset: 4, What: "checksum doesn't match"}
	}
	r := reader{s: s[start:], base: start}
	if err := c.parseHead(&r); err != nil {
		return nil, err
	}
	if err := c.parseOps(&r); err != nil {
		return nil, err
	}
	// Decode, encode, compare: other run lengths, columns that say nothing, actors that nothing
	// refers to all have no place in what the core writes, and it can't load them again.
	if again := c.appendBody(make([]byte, 0, len(b))); !bytes.Equal(again, b[start:]) {
		return nil, &SyntaxError{Offset: start + firstDifference(again, b[start:]), What: "not in its only form"}
	}
	return c, nil
}

// parseHead reads all that comes before the columns.
func (c *Change) parseHead(r *reader) error {
	if err := c.parseDeps(r); err != nil {
		return err
	}
	var err error
	if c.Actor, err = parseActor(r); err != nil {
		return err
	}
	if c.Seq, err = r.uint(); err != nil {
		return err
	}
	if c.Seq == 0 || c.Seq > MaxCounter {
		return r.fail("sequence number out of range")
	}
	if c.StartOp, err = r.uint(); err != nil {
		return err
	}
	if c.StartOp == 0 || c.StartOp > MaxCounter {
		return r.fail("operation counter out of range")
	}
	if c.Time, err = r.int(); err != nil {
		return err
	}
	if c.Time < 0 || c.Time > MaxTime {
		return r.fail("time out of range")
	}
	n, err := r.uint()
	if err != nil {
		return err
	}
	if err := limit("bytes of a change's message", n, MaxMessage); err != nil {
		return err
	}
	if c.Message, err = r.take(n, "message"); err != nil {
		return err
	}
	if !utf8.ValidString(c.Message) {
		return r.fail("message is not UTF-8")
	}
	return c.parseOthers(r)
}

func (c *Change) parseDeps(r *reader) error {
	n, err := r.uint()
	if err != nil {
		return err
	}
	if err := limit("dependencies of a change", n, MaxDeps); err != nil {
		return err
	}
	all, err := r.take(n*uint64(len(Hash{})), "list of dependencies")
	if err != nil {
		return err
	}
	if n == 0 {
		return nil
	}
	c.Deps = make([]Hash, n)
	for i := range c.Deps {
		copy(c.Deps[i][:], all[i*len(Hash{}):])
		if i > 0 && c.Deps[i-1].Compare(c.Deps[i]) >= 0 {
			return r.fail("dependencies not in ascending order")
		}
	}
	return nil
}

func (c *Change) parseOthers(r *reader) error {
	n, err := r.uint()
	if err != nil {
		return err
	}
	if err := limit("other actors in a change", n, MaxActors); err != nil {
		return err
	}
	if n > uint64(r.left()) {
		return r.fail("list of actors goes beyond its end")
	}
	if n == 0 {
		return nil
	}
	c.Others = make([]Actor, n)
	for i := range c.Others {
		if c.Others[i], err = parseActor(r); err != nil {
			return err
		}
		if c.Others[i] == c.Actor || i > 0 && c.Others[i-1] >= c.Others[i] {
			return r.fail("other actors not in ascending order")
		}
	}
	return nil
}

func parseActor(r *reader) (Actor, error) {
	n, err := r.uint()
	if err != nil {
		return "", err
	}
	if err := limit("bytes of an actor", n, MaxActorSize); err != nil {
		return "", err
	}
	if n == 0 {
		return "", r.fail("empty actor")
	}
	s, err := r.take(n, "actor")
	return Actor(s), err
}
