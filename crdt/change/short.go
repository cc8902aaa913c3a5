package change

import "bytes"

// Known is what whoever reads a change in its short form knows by then, and so isn't told: of its author
// and of the change before it in the same document. Writer and reader go through the same changes, and come
// to the same.
type Known struct {
	Last  Hash   // the change before; zero: none
	Actor Actor  // under which the author writes
	Seq   uint64 // number of the author's change before
	Start uint64 // first operation of the change before
	Time  int64  // of the change before
}

// What a change in its short form says after all, in its first byte: the others follow from Known.
const (
	saysDeps  = 1 << iota // it depends on something else than Last alone
	saysActor             // its actor isn't Actor
	saysSeq               // its number isn't the one after Seq
	saysAll   = 1<<iota - 1
)

// AppendShort appends a change chunk in its short form, and goes on to what is known after it: without magic bytes,
// checksum, length, and whatever else follows from k. ok is false, and nothing appended or changed, if Long couldn't
// give back the same bytes, such as for a payload that is no change.
func AppendShort(dst, chunk []byte, k *Known) (short []byte, ok bool) {
	typ, start, err := parseHeader(string(chunk[:min(len(chunk), 32)]), len(chunk))
	if err != nil || typ != changeChunk {
		return dst, false
	}
	h, err := readShortHead(&reader{s: string(chunk[start:])}, saysAll, &Known{}, (*reader).uint)
	if err != nil {
		return dst, false
	}
	says := byte(0)
	if h.deps != string(k.Last[:]) || k.Last == (Hash{}) {
		says |= saysDeps
	}
	if h.actor != k.Actor || k.Actor == "" {
		says |= saysActor
	}
	if h.seq != k.Seq+1 {
		says |= saysSeq
	}
	from := len(dst)
	dst = append(dst, says)
	if says&saysDeps != 0 {
		dst = append(appendUint(dst, uint64(len(h.deps)/len(Hash{}))), h.deps...)
	}
	if says&saysActor != 0 {
		dst = appendString(dst, string(h.actor))
	}
	if says&saysSeq != 0 {
		dst = appendUint(dst, h.seq)
	}
	dst = appendInt(dst, int64(h.start-k.Start)) // each may be anything: it wraps around and back
	dst = appendInt(dst, h.time-k.Time)
	dst = append(dst, h.rest...)
	after := *k
	again, err := AppendLong(nil, dst[from:], &after)
	if err != nil || !bytes.Equal(again, chunk) {
		return dst[:from], false
	}
	*k = after
	return dst, true
}

// AppendLong appends the chunk of which short is the short form, and goes on to what is known after it. Whether it is a
// change is for Parse to say. The error is a *LimitError or a *SyntaxError.
func AppendLong(dst, short []byte, k *Known) (chunk []byte, err error) {
	if err := limit("bytes of a change", uint64(len(short)), MaxSize); err != nil {
		return dst, err
	}
	r := reader{s: string(short)}
	first, err := r.take(1, "short form")
	if err != nil {
		return dst, err
	}
	says := first[0]
	if says&^saysAll != 0 {
		return dst, &SyntaxError{Offset: 0, What: "unknown short form"}
	}
	if says&saysDeps == 0 && k.Last == (Hash{}) || says&saysActor == 0 && k.Actor == "" {
		return dst, &SyntaxError{Offset: 0, What: "short of something that isn't known"}
	}
	h, err := readShortHead(&r, says, k, func(r *reader) (uint64, error) {
		more, err := r.int()
		return k.Start + uint64(more), err
	})
	if err != nil {
		return dst, err
	}
	h.time += k.Time
	body := appendUint(make([]byte, 0, len(h.deps)+len(h.actor)+len(h.rest)+32), uint64(len(h.deps)/len(Hash{})))
	body = append(body, h.deps...)
	body = appendString(body, string(h.actor))
	body = appendUint(body, h.seq)
	body = appendUint(body, h.start)
	body = appendInt(body, h.time)
	body = append(body, h.rest...)
	k.Last, k.Seq, k.Start, k.Time = chunkHash(body), h.seq, h.start, h.time
	return appendHashed(dst, body, k.Last), nil
}

// shortHead is the beginning of a change, up to what always stands there as it is.
type shortHead struct {
	deps  string // hashes, one after the other
	actor Actor
	seq   uint64
	start uint64
	time  int64
	rest  string
}

// readShortHead reads what is said, and takes the rest from k. The first operation is written differently in a chunk and
// in its short form.
func readShortHead(r *reader, says byte, k *Known, start func(*reader) (uint64, error)) (h shortHead, err error) {
	h.deps, h.actor, h.seq = string(k.Last[:]), k.Actor, k.Seq+1
	if says&saysDeps != 0 {
		n, err := r.uint()
		if err != nil {
			return h, err
		}
		if err := limit("dependencies of a change", n, MaxDeps); err != nil {
			return h, err
		}
		if h.deps, err = r.take(n*uint64(len(Hash{})), "list of dependencies"); err != nil {
			return h, err
		}
	}
	if says&saysActor != 0 {
		if h.actor, err = parseActor(r); err != nil {
			return h, err
		}
	}
	if says&saysSeq != 0 {
		if h.seq, err = r.uint(); err != nil {
			return h, err
		}
	}
	if h.start, err = start(r); err != nil {
		return h, err
	}
	if h.time, err = r.int(); err != nil {
		return h, err
	}
	h.rest = r.s[r.pos:]
	return h, nil
}
