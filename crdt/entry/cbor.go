package entry

import "encoding/binary"

// The part of CBOR (RFC 8949) that entries use. It is read and written by hand because every
// entry passes here: with a general library it takes decoding, encoding again and comparing,
// seven times the work; read strictly, the bytes are canonical or refused. A test holds both
// ways against each other.
const (
	majorUint  = 0
	majorBytes = 2
	majorText  = 3
	majorArray = 4
	null       = 0xf6
)

// appendHead writes the head of an item in its shortest form.
func appendHead(b []byte, major byte, n uint64) []byte {
	m := major << 5
	switch {
	case n < 24:
		return append(b, m|byte(n))
	case n < 1<<8:
		return append(b, m|24, byte(n))
	case n < 1<<16:
		return binary.BigEndian.AppendUint16(append(b, m|25), uint16(n))
	case n < 1<<32:
		return binary.BigEndian.AppendUint32(append(b, m|26), uint32(n))
	}
	return binary.BigEndian.AppendUint64(append(b, m|27), n)
}

// headSize is how many bytes appendHead writes.
func headSize(n uint64) int {
	switch {
	case n < 24:
		return 1
	case n < 1<<8:
		return 2
	case n < 1<<16:
		return 3
	case n < 1<<32:
		return 5
	}
	return 9
}

func appendBytes(b, s []byte) []byte {
	return append(appendHead(b, majorBytes, uint64(len(s))), s...)
}

// reader reads items in their shortest form, one after the other. After the first error it
// yields zeros, so that a caller looks at err once, at the end. It never allocates by what a
// length says.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) fail(format string, a ...any) {
	if r.err == nil {
		r.err = malformed(format, a...)
		r.rest = nil
	}
}

// head reads the head of an item of a major type, and its number.
func (r *reader) head(what string, major byte) uint64 {
	b := r.rest
	if len(b) == 0 || b[0]>>5 != major {
		r.fail("the %s is missing, or not what it should be", what)
		return 0
	}
	info := b[0] & 31
	if info < 24 {
		r.rest = b[1:]
		return uint64(info)
	}
	size := 1 << (info - 24)
	if info > 27 || len(b) < 1+size {
		r.fail("the %s has a length that isn't there", what)
		return 0
	}
	var n, least uint64
	switch size {
	case 1:
		n, least = uint64(b[1]), 24
	case 2:
		n, least = uint64(binary.BigEndian.Uint16(b[1:])), 1<<8
	case 4:
		n, least = uint64(binary.BigEndian.Uint32(b[1:])), 1<<16
	case 8:
		n, least = binary.BigEndian.Uint64(b[1:]), 1<<32
	}
	if n < least {
		r.fail("the %s is not in canonical form", what)
		return 0
	}
	r.rest = b[1+size:]
	return n
}

func (r *reader) uint(what string, limit uint64) uint64 {
	n := r.head(what, majorUint)
	if n > limit {
		r.fail("the %s is %d, the limit is %d", what, n, limit)
		return 0
	}
	return n
}

// array reads the head of an array of least to most items.
func (r *reader) array(what string, least, most uint64) int {
	n := r.head(what, majorArray)
	if r.err == nil && (n < least || n > most) {
		r.fail("the %s has %d items, not %d to %d", what, n, least, most)
		return 0
	}
	return int(n)
}

func (r *reader) bytes(what string, limit uint64) []byte { return r.string(what, majorBytes, limit) }
func (r *reader) text(what string, limit uint64) []byte  { return r.string(what, majorText, limit) }

func (r *reader) string(what string, major byte, limit uint64) []byte {
	n := r.head(what, major)
	switch {
	case n > limit:
		r.fail("the %s has %d bytes, the limit is %d", what, n, limit)
		return nil
	case n > uint64(len(r.rest)):
		r.fail("the %s is cut off", what)
		return nil
	}
	s := r.rest[:n:n]
	r.rest = r.rest[n:]
	return s
}

// fill reads a byte string of exactly the size of into.
func (r *reader) fill(what string, into []byte) {
	s := r.bytes(what, MaxSize)
	if r.err == nil && len(s) != len(into) {
		r.fail("the %s has %d bytes, not %d", what, len(s), len(into))
		return
	}
	copy(into, s)
}

// fillOrEmpty reads an ID, for which no bytes stand if it is zero.
func (r *reader) fillOrEmpty(what string, into []byte) {
	if len(r.rest) > 0 && r.rest[0] == majorBytes<<5 {
		r.rest = r.rest[1:]
		return
	}
	r.fill(what, into)
	if r.err == nil && isZero(into) {
		r.fail("the %s is zero, and not in canonical form", what)
	}
}

// null says whether a null stands here, and passes it.
func (r *reader) null() bool {
	if len(r.rest) > 0 && r.rest[0] == null {
		r.rest = r.rest[1:]
		return true
	}
	return false
}

func (r *reader) end(what string) {
	if r.err == nil && len(r.rest) > 0 {
		r.fail("%d bytes after the %s", len(r.rest), what)
	}
}
