package change

import "math/bits"

// reader reads from s, which starts at byte base of the chunk. Its string shares memory with the
// chunk's one copy, so that nothing is copied twice.
type reader struct {
	s    string
	pos  int
	base int
}

func (r *reader) done() bool { return r.pos >= len(r.s) }
func (r *reader) left() int  { return len(r.s) - r.pos }

func (r *reader) fail(what string) error {
	return &SyntaxError{Offset: r.base + r.pos, What: what}
}

// take returns the next n bytes. n may be anything that was read from outside.
func (r *reader) take(n uint64, what string) (string, error) {
	if n > uint64(r.left()) {
		return "", r.fail(what + " goes beyond its end")
	}
	s := r.s[r.pos : r.pos+int(n)]
	r.pos += int(n)
	return s, nil
}

// uint reads an unsigned LEB128 number in its shortest form.
func (r *reader) uint() (uint64, error) {
	var v uint64
	for shift := 0; ; shift += 7 {
		if r.pos >= len(r.s) {
			return 0, r.fail("number goes beyond its end")
		}
		b := r.s[r.pos]
		if shift == 63 && b > 1 {
			return 0, r.fail("number over 64 bits")
		}
		r.pos++
		v |= uint64(b&0x7f) << shift
		if b&0x80 == 0 {
			if b == 0 && shift > 0 {
				return 0, r.fail("number not in its shortest form")
			}
			return v, nil
		}
	}
}

// int reads a signed LEB128 number in its shortest form.
func (r *reader) int() (int64, error) {
	var v int64
	var before byte
	for shift := 0; ; shift += 7 {
		if r.pos >= len(r.s) {
			return 0, r.fail("number goes beyond its end")
		}
		b := r.s[r.pos]
		if shift == 63 && b != 0 && b != 0x7f {
			return 0, r.fail("number over 64 bits")
		}
		r.pos++
		v |= int64(b&0x7f) << shift
		if b&0x80 == 0 {
			if shift > 0 && (b == 0 && before&0x40 == 0 || b == 0x7f && before&0x40 != 0) {
				return 0, r.fail("number not in its shortest form")
			}
			if b&0x40 != 0 && shift < 57 {
				v |= -1 << (shift + 7)
			}
			return v, nil
		}
		before = b
	}
}

func appendUint(b []byte, v uint64) []byte {
	for v >= 0x80 {
		b = append(b, byte(v)|0x80)
		v >>= 7
	}
	return append(b, byte(v))
}

func appendInt(b []byte, v int64) []byte {
	for v >= 0x40 || v < -0x40 {
		b = append(b, byte(v)&0x7f|0x80)
		v >>= 7
	}
	return append(b, byte(v)&0x7f)
}

func appendString(b []byte, s string) []byte {
	return append(appendUint(b, uint64(len(s))), s...)
}

// uintSize and intSize are how many bytes appendUint and appendInt write.
func uintSize(v uint64) int { return (bits.Len64(v|1) + 6) / 7 }

func intSize(v int64) int {
	if v < 0 {
		v = ^v
	}
	return bits.Len64(uint64(v))/7 + 1
}
