// Package batch writes entries in few bytes, as they cross a connection.
//
// Entries of one device to one document in one run form a stretch: each names the one below it, so a signature on the
// last vouches for all. A batch has a signature for every sixteen entries of a stretch, and leaves out what
// follows from what stands before it in the same batch: IDs of entries below, dependencies, checksums, actors, numbers. Whoever reads
// one gets whole entries, each with what shows who made it, in the order in which they were written; a batch
// needs no other one. Layout: docs/PROTOCOL.md, "Batches".
package batch

import (
	"encoding/binary"
	"fmt"
	"slices"

	"kith/crdt/change"
	"kith/crdt/entry"
)

// Error says that bytes from outside are no batch.
type Error struct{ Why string }

func (e *Error) Error() string { return "not a batch of entries: " + e.Why }

// What an entry says, in its first byte.
const (
	begins    = 1 << iota // a stretch: its header follows
	elsewhere             // it goes on with another stretch than the entry before: a number follows
	proves                // a signature follows it, for all of its stretch that have none yet
	saysHeads             // its charter heads aren't those of the entry before
	saysPrior             // number and the entry before it in the run don't follow from the one below
	short                 // its payload is a change in its short form
	bare                  // it has none, but the digest of one
	known     = 1<<iota - 1
)

// What the header of a stretch says, in its first byte.
const (
	isStatement = 1 << iota // else a change
	hasSpace                // else that of the entry before
	creates                 // a creation header follows in the place of the document
	hasBelow                // the ID of the one below the first follows
	knownHeader = 1<<iota - 1
)

// document is what is known of a document within a batch.
type document struct{ change.Known }

// stretch is one while it is written or read.
type stretch struct {
	doc    *document
	device entry.Device
	rules  uint64
	fields entry.Fields // of the last entry in it; its payload isn't kept
	last   entry.ID

	actor change.Actor // "" until it is asked for
	seq   uint64       // of the last change under it

	open []entry.Draft // when reading: without a signature yet
	at   []int         // and where they belong
}

// short turns payloads into short form and back; it keeps what is known of the document and the stretch.
func (s *stretch) short(f func(*change.Known) error) error {
	if s.actor == "" {
		a := entry.ActorOf(s.fields.Space, s.device, s.fields.Run, s.fields.Doc)
		s.actor = change.Actor(a[:])
	}
	k := s.doc.Known
	k.Actor, k.Seq = s.actor, s.seq
	err := f(&k)
	s.doc.Known, s.seq = k, k.Seq
	return err
}

// Append writes entries to dst, in their order; any will do, but where a stretch is in order it takes fewest bytes.
func Append(dst []byte, entries []*entry.Entry) []byte {
	var (
		number, proof = parted(entries)
		stretches     []*stretch
		docs          = map[entry.DocID]*document{}
		last          *entry.Entry
		on            = -1 // of which stretch that is
	)
	for i, e := range entries {
		var says byte
		n := number[i]
		if proof[i] {
			says |= proves
		}
		if last == nil || !slices.Equal(last.Heads, e.Heads) {
			says |= saysHeads
		}
		var s *stretch
		if n == len(stretches) {
			says |= begins
			d := docs[e.Doc]
			if d == nil {
				d = &document{}
				docs[e.Doc] = d
			}
			s = &stretch{doc: d, device: e.Device, fields: entry.Fields{Space: e.Space, Run: e.Run, Doc: e.Doc}}
			stretches = append(stretches, s)
		} else if s = stretches[n]; n != on {
			says |= elsewhere
		}
		if says&begins != 0 && e.Number > 1 || says&begins == 0 && (e.Previous != e.Below || e.Number != s.fields.Number+1) {
			says |= saysPrior
		}
		var payload []byte
		if e.Bare() {
			payload, says = e.Digest[:], says|bare
		} else {
			_ = s.short(func(k *change.Known) error {
				if b, ok := change.AppendShort(nil, e.Payload, k); ok {
					payload, says = b, says|short
				}
				return nil
			})
			if says&short == 0 {
				payload = e.Payload
			}
		}
		dst = append(dst, says)
		switch {
		case says&begins != 0:
			dst = appendHeader(dst, e, last)
		case says&elsewhere != 0:
			dst = binary.AppendUvarint(dst, uint64(n))
		}
		if says&saysPrior != 0 {
			dst = binary.AppendUvarint(dst, e.Number-s.fields.Number)
			dst = append(dst, e.Previous[:]...)
		}
		if says&saysHeads != 0 {
			dst = append(dst, byte(len(e.Heads)))
			for _, h := range e.Heads {
				dst = append(dst, h[:]...)
			}
		}
		if says&bare == 0 {
			dst = binary.AppendUvarint(dst, uint64(len(payload)))
		}
		dst = append(dst, payload...)
		if proof[i] {
			dst = append(dst, byte(len(e.Over)/32))
			dst = append(dst, e.Over...)
			dst = append(dst, e.Signature[:]...)
		}
		s.fields.Number = e.Number
		last, on = e, n
	}
	return dst
}

// parted finds the stretches that entries make: of each entry the number of its stretch, and whether a signature is written behind it.
func parted(entries []*entry.Entry) (number []int, proof []bool) {
	number, proof = make([]int, len(entries)), make([]bool, len(entries))
	tips := make(map[entry.ID]int, len(entries)) // the last entry of a stretch, and which one
	var members [][]int                          // places of the entries of each
	for i, e := range entries {
		n, goesOn := tips[e.Below]
		if !goesOn || e.Below.IsZero() || !follows(entries[members[n][len(members[n])-1]], e) {
			n = len(members)
			members = append(members, nil)
		} else {
			delete(tips, e.Below)
		}
		number[i], members[n] = n, append(members[n], i)
		tips[e.ID()] = n
	}
	for _, all := range members {
		for _, i := range signed(entries, all) {
			proof[i] = true
		}
	}
	return number, proof
}

// follows says whether e, which names last as the one below it, goes on with its stretch.
func follows(last, e *entry.Entry) bool {
	return e.Kind == last.Kind && e.Rules == last.Rules && e.Space == last.Space && e.Device == last.Device && e.Run == last.Run && e.Doc == last.Doc
}

// signed picks the entries of a stretch, given by their places, that need a signature behind them: the last, and as few others as
// there can be.
func signed(entries []*entry.Entry, stretch []int) (at []int) {
	for from := 0; from < len(stretch); {
		to := min(from+entry.MaxOver, len(stretch)-1)
		for to-from+len(entries[stretch[to]].Over)/32 > entry.MaxOver {
			to-- // at the latest at from itself
		}
		at = append(at, stretch[to])
		from = to + 1
	}
	return at
}

func appendHeader(dst []byte, e, before *entry.Entry) []byte {
	says := byte(0)
	if e.Kind == entry.Statement {
		says |= isStatement
	}
	if before == nil || e.Space != before.Space {
		says |= hasSpace
	}
	if e.Create != nil {
		says |= creates
	}
	if !e.Below.IsZero() {
		says |= hasBelow
	}
	dst = append(dst, says)
	dst = binary.AppendUvarint(dst, e.Rules)
	if says&hasSpace != 0 {
		dst = append(dst, e.Space[:]...)
	}
	switch {
	case says&creates != 0:
		dst = append(append(dst, byte(len(e.Create.Kind))), e.Create.Kind...)
		dst = append(dst, e.Create.Random[:]...)
	case says&isStatement == 0:
		dst = append(dst, e.Doc[:]...)
	}
	dst = append(dst, e.Device[:]...)
	dst = append(dst, e.Run[:]...)
	if says&hasBelow != 0 {
		dst = append(dst, e.Below[:]...)
	}
	return dst
}

// Read reads what Append wrote: entries of which form and what leads to a signature were checked, and the signatures not.
// Their encodings may have most bytes together, less what leads to signatures; little is allocated beyond that. It keeps
// nothing of b. The error is an *entry.FormError if something in it is no entry, and else an *Error.
func Read(b []byte, most int) ([]*entry.Entry, error) {
	r := reading{in: reader{rest: b}, left: most, docs: map[entry.DocID]*document{}}
	for len(r.in.rest) > 0 {
		if err := r.next(); err != nil {
			return nil, err
		}
	}
	for _, s := range r.stretches {
		if len(s.open) > 0 {
			return nil, &Error{"it ends before a signature"}
		}
	}
	return r.out, nil
}

type reading struct {
	in        reader
	left      int // of the bytes that bodies may have
	docs      map[entry.DocID]*document
	stretches []*stretch
	on        *stretch
	heads     []entry.ID    // of the entry before
	space     entry.SpaceID // of the entry before
	room      []byte        // for one payload
	out       []*entry.Entry
}

// next reads an entry.
func (r *reading) next() error {
	says := r.in.byte("an entry")
	if says&^known != 0 || says&begins != 0 && says&elsewhere != 0 || says&short != 0 && says&bare != 0 {
		return &Error{fmt.Sprintf("an entry that begins with %#x", says)}
	}
	f, err := r.place(says)
	if err != nil {
		return err
	}
	if says&saysHeads != 0 {
		if err := r.readHeads(); err != nil {
			return err
		}
	}
	f.Heads = r.heads
	if err := r.payload(says, &f); err != nil {
		return err
	}
	s := r.on
	d, err := entry.Unsigned(s.rules, f, s.device)
	if err != nil {
		return err
	}
	f.Payload, f.Digest = nil, [32]byte{}
	s.fields, s.last, r.space = f, d.ID(), f.Space
	if len(s.open) > entry.MaxOver {
		return &Error{fmt.Sprintf("more than %d entries before a signature", entry.MaxOver+1)}
	}
	s.open, s.at = append(s.open, d), append(s.at, len(r.out))
	r.out = append(r.out, nil)
	if says&proves == 0 {
		return nil
	}
	return r.prove(s)
}

// place finds the stretch of the next entry, which is r.on then, and gives the fields that say where in its run it is.
func (r *reading) place(says byte) (f entry.Fields, err error) {
	in, begun := &r.in, says&begins != 0
	switch {
	case begun:
		if r.on, err = r.header(); err != nil {
			return f, err
		}
	case says&elsewhere != 0:
		n := in.uvarint("a stretch")
		if in.err == nil && n >= uint64(len(r.stretches)) {
			return f, &Error{fmt.Sprintf("stretch %d of %d", n, len(r.stretches))}
		}
		if in.err == nil {
			r.on = r.stretches[n]
		}
	}
	switch {
	case in.err != nil:
		return f, in.err
	case r.on == nil:
		return f, &Error{"it begins inside a stretch"}
	}
	if f = r.on.fields; !begun {
		f.Kind, f.Create, f.Below = entry.Change, nil, r.on.last
	}
	switch {
	case says&saysPrior != 0:
		f.Number += in.uvarint("a number")
		in.fill("the entry before", f.Previous[:])
	case begun:
		f.Number, f.Previous = 1, entry.ID{}
	default:
		f.Number, f.Previous = f.Number+1, f.Below
	}
	return f, in.err
}

// readHeads reads the charter heads of the next entry, and of those behind it that say none.
func (r *reading) readHeads() error {
	n := int(r.in.byte("charter heads"))
	if n > entry.MaxHeads {
		return &Error{fmt.Sprintf("%d charter heads, the limit is %d", n, entry.MaxHeads)}
	}
	all := r.in.take("charter heads", uint64(n)*32)
	r.heads = make([]entry.ID, len(all)/32)
	for i := range r.heads {
		copy(r.heads[i][:], all[i*32:])
	}
	return r.in.err
}

// payload reads what an entry says, whose other fields are known, or its digest if it is bare. A payload is valid until the next one is read.
func (r *reading) payload(says byte, f *entry.Fields) error {
	size := uint64(len(f.Digest))
	if says&bare == 0 {
		size = r.in.uvarint("the size of a payload")
	}
	payload := r.in.take("a payload", size)
	if r.in.err != nil {
		return r.in.err
	}
	// Before anything is put together. No entry has less beside its heads and its payload than least, and a payload in its
	// short form grows by less than grows.
	const least, grows = 128, 128
	if r.left -= len(f.Heads)*34 + len(payload) + least; r.left < 0 || len(payload) > entry.MaxPayload {
		return &Error{"too many bytes of entries at once"}
	}
	switch {
	case says&bare != 0:
		f.Digest = [32]byte(payload)
		return nil
	case says&short == 0:
		f.Payload = payload
		return nil
	}
	err := r.on.short(func(k *change.Known) (err error) {
		if cap(r.room) < len(payload)+grows {
			r.room = make([]byte, 0, 2*(len(payload)+grows))
		}
		r.room, err = change.AppendLong(r.room[:0], payload, k)
		f.Payload = r.room
		return err
	})
	if err != nil {
		return &Error{fmt.Sprintf("a change in short form: %v", err)}
	}
	return nil
}

// prove reads a signature and what leads to it.
func (r *reading) prove(s *stretch) error {
	n := uint64(r.in.byte("the sums of what is above"))
	over := r.in.take("the sums of what is above", n*32)
	var signature [64]byte
	r.in.fill("a signature", signature[:])
	if r.in.err != nil {
		return r.in.err
	}
	whole, err := entry.Vouch(s.open, over, signature)
	if err != nil {
		return err
	}
	for i, e := range whole {
		r.out[s.at[i]] = e
	}
	clear(s.open)
	s.open, s.at = s.open[:0], s.at[:0]
	return nil
}

// header reads the header of a stretch.
func (r *reading) header() (*stretch, error) {
	in := &r.in
	says := in.byte("a header")
	if says&^knownHeader != 0 || says&isStatement != 0 && says&(creates|hasBelow) != 0 {
		return nil, &Error{fmt.Sprintf("a header that begins with %#x", says)}
	}
	s := &stretch{rules: in.uvarint("the rules version")}
	f := &s.fields
	if f.Kind = entry.Change; says&isStatement != 0 {
		f.Kind = entry.Statement
	}
	if says&hasSpace != 0 {
		in.fill("a space", r.space[:])
	}
	f.Space = r.space
	switch {
	case says&creates != 0:
		n := in.byte("a document kind")
		f.Create = &entry.Creation{Kind: string(in.take("a document kind", uint64(n)))}
		in.fill("a creation header", f.Create.Random[:])
	case f.Kind == entry.Change:
		in.fill("a document", f.Doc[:])
	}
	in.fill("a device", s.device[:])
	in.fill("a run", f.Run[:])
	if says&hasBelow != 0 {
		in.fill("the entry below", f.Below[:])
	}
	if in.err != nil {
		return nil, in.err
	}
	if f.Create != nil {
		f.Doc = f.Create.DocID(f.Space, s.device, f.Run)
	}
	if s.doc = r.docs[f.Doc]; s.doc == nil {
		s.doc = &document{}
		r.docs[f.Doc] = s.doc
	}
	r.stretches = append(r.stretches, s)
	return s, nil
}

// reader reads parts of a batch. After the first error it yields nothing, so that a caller looks at err once.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) take(what string, n uint64) []byte {
	if n > uint64(len(r.rest)) {
		if r.err == nil {
			r.err = &Error{"it ends inside " + what}
		}
		r.rest = nil
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte(what string) byte {
	if b := r.take(what, 1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) fill(what string, into []byte) { copy(into, r.take(what, uint64(len(into)))) }

func (r *reader) uvarint(what string) uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.take(what, uint64(len(r.rest))+1)
		return 0
	}
	r.rest = r.rest[size:]
	return n
}
