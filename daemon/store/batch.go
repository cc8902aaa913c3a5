package store

import (
	"encoding/binary"
	"strings"

	"kith/crdt/entry"
)

// Record is what is known of a stored entry beside its bytes.
type Record struct {
	_       struct{} `cbor:",toarray"`
	Arrival uint64
	Doc     entry.DocID // zero for a statement
	State   uint8       // as the caller numbers states
	Charged []byte      // whose share of the room it takes while it isn't accepted; empty: nobody's
}

// Unsettled is what could settle entries of a document that aren't settled: the charter alone, since
// what they wait for in the document itself is found there.
type Unsettled struct {
	_     struct{}   `cbor:",toarray"`
	Heads []entry.ID // statements that they wait for: of each entry one
	Runs  [][]byte   // runs of devices, as the caller writes them, of which acknowledgements count here
	Any   bool       // any statement may settle them
	Turn  bool       // another branch of the charter would
	More  bool       // or more of what a device wrote, of which not all is honoured
	Newer bool       // a newer release would
	Crowd bool       // there may not be room for all: any acknowledgement counts
	Large bool       // to load it costs much
}

// Empty says whether nothing could.
func (u *Unsettled) Empty() bool {
	return len(u.Heads)+len(u.Runs) == 0 && !u.Any && !u.Turn && !u.More && !u.Newer && !u.Crowd && !u.Large
}

// Doc is what lists need to know of a document before they read its view.
type Doc struct {
	Kind    string   `cbor:"1,keyasint"`
	Updated int64    `cbor:"2,keyasint"` // as the caller counts time
	Created int64    `cbor:"3,keyasint"`
	Facts   []string `cbor:"4,keyasint,omitempty"` // by what it is found; the caller's words
	Title   string   `cbor:"5,keyasint,omitempty"` // by which it is ordered: the start of its title
	Sought  uint64   `cbor:"6,keyasint,omitempty"` // tells what a search looks through from what it was before
	Partly  bool     `cbor:"7,keyasint,omitempty"` // that isn't all of it
}

// Batch gathers writes that belong together. It is not safe for concurrent use.
type Batch struct {
	writes []write
	size   int
	delta  Counts
	chain  *Chain
	bares  bool                     // a bare entry is among the writes
	docs   map[entry.DocID]struct{} // of which there are new entries
}

type write struct {
	key, value []byte // value nil: delete
	gone       bool   // see metaGone
}

// Chain ties batches that make sense only after each other, such as the entries of one run:
// once one of them has failed, all later ones fail too.
type Chain struct{ broken error } // touched by the writer alone

// NewBatch returns an empty batch, tied to chain if that isn't nil.
func NewBatch(chain *Chain) *Batch { return &Batch{chain: chain} }

// perWrite is what a write takes beside its key and value. Badger bounds the number of writes in
// a transaction as if each took so much; counted in, MaxBatch is the one bound to keep.
const perWrite = 96

func (b *Batch) set(key, value []byte) {
	if value == nil {
		value = []byte{}
	}
	b.writes = append(b.writes, write{key: key, value: value})
	b.size += len(key) + len(value) + perWrite
}

func (b *Batch) del(key []byte) {
	b.writes = append(b.writes, write{key: key})
	b.size += len(key) + perWrite
}

// gone has a record be absent, and Erase find it.
func (b *Batch) gone(key []byte) {
	b.writes = append(b.writes, write{key: key, gone: true})
	b.size += len(key) + perWrite
}

// Size is about what the batch takes, in bytes. Keep it under MaxBatch.
func (b *Batch) Size() int { return b.size }

// Empty says whether there is nothing to write.
func (b *Batch) Empty() bool { return len(b.writes) == 0 }

// PutEntry stores a new entry with its record.
func (b *Batch) PutEntry(e *entry.Entry, r Record) {
	id := e.ID()
	b.putBody(e, r)
	b.ofDoc(r.Doc)
	b.set(recordKey(id), marshal(r))
	b.set(arrivalKey(r.Arrival), id[:])
	b.delta.Stored++
}

// ofDoc notes that the document has an entry, for its mark.
func (b *Batch) ofDoc(doc entry.DocID) {
	if _, noted := b.docs[doc]; noted {
		return
	}
	if b.docs == nil {
		b.docs = map[entry.DocID]struct{}{}
	}
	b.docs[doc] = struct{}{}
	b.size += 1 + len(doc) + perWrite
}

// PutBody replaces what lies here of an entry that is stored: by the bare one, or a bare one by the whole.
func (b *Batch) PutBody(e *entry.Entry, r Record) {
	if e.Bare() {
		b.gone(entryKey(r.Doc, r.Arrival))
	} else {
		b.del(bareKey(r.Doc, r.Arrival))
	}
	b.putBody(e, r)
}

func (b *Batch) putBody(e *entry.Entry, r Record) {
	if e.Bare() {
		b.bares = true
		b.set(bareKey(r.Doc, r.Arrival), e.Encoded())
		return
	}
	b.set(entryKey(r.Doc, r.Arrival), e.Encoded())
}

// PutErase removes what is shown and sought of a document that was forgotten, and notes that all bytes of it are to go from
// the disk: Erase does it. viewed says that it has a view, kinds of which kinds it may have, or have had, one.
func (b *Batch) PutErase(doc entry.DocID, kinds []string, viewed bool) {
	for _, key := range eraseKeys(doc, kinds)[1:] {
		b.gone(key)
	}
	if viewed {
		b.delta.Documents--
	}
	b.set(docKey(prefixErase, doc), []byte(strings.Join(kinds, "\x00")))
}

// eraseKeys are the keys under which there are words of a document, those of entries first.
func eraseKeys(doc entry.DocID, kinds []string) [][]byte {
	keys := [][]byte{docKey(prefixEntry, doc), docKey(prefixDoc, doc), docKey(prefixSought, doc)}
	for _, kind := range kinds {
		keys = append(keys, viewKey(kind, doc))
	}
	return keys
}

// PutRecord replaces the record of an entry that is stored.
func (b *Batch) PutRecord(id entry.ID, r Record) { b.set(recordKey(id), marshal(r)) }

// DropEntry takes a stored entry out, with its record.
func (b *Batch) DropEntry(id entry.ID, r Record) {
	b.del(entryKey(r.Doc, r.Arrival))
	b.del(bareKey(r.Doc, r.Arrival))
	b.del(recordKey(id))
	b.del(arrivalKey(r.Arrival))
	b.delta.Stored--
}

// KeepArrival keeps a number under which an entry arrived from being given out again after it was taken out.
func (b *Batch) KeepArrival(n uint64) { b.set(keyArrival, binary.BigEndian.AppendUint64(nil, n)) }

// PutView stores the view of a document and what lists need to know of it; first says that it had no view.
func (b *Batch) PutView(doc entry.DocID, d Doc, view []byte, first bool) {
	b.set(viewKey(d.Kind, doc), view)
	b.set(docKey(prefixDoc, doc), marshal(d))
	if first {
		b.delta.Documents++
	}
}

// PutDoc replaces what lists need to know of a document that has a view.
func (b *Batch) PutDoc(doc entry.DocID, d Doc) { b.set(docKey(prefixDoc, doc), marshal(d)) }

// PutSought stores what a search looks through of a document that has a view.
func (b *Batch) PutSought(doc entry.DocID, sought []byte) { b.set(docKey(prefixSought, doc), sought) }

// DropView removes the view of a document that lost all that was accepted of it.
func (b *Batch) DropView(kind string, doc entry.DocID) {
	b.del(viewKey(kind, doc))
	b.del(docKey(prefixDoc, doc))
	b.del(docKey(prefixSought, doc))
	b.delta.Documents--
}

// PutUnsettled notes what could settle entries of the document; nothing, if it is empty.
func (b *Batch) PutUnsettled(doc entry.DocID, u Unsettled) {
	if u.Empty() {
		b.del(docKey(prefixUnsettled, doc))
		return
	}
	b.set(docKey(prefixUnsettled, doc), marshal(u))
}

// PutJudge puts the document on the list of those to judge again, or takes it off.
func (b *Batch) PutJudge(doc entry.DocID, yes bool) {
	if yes {
		b.set(docKey(prefixJudge, doc), nil)
	} else {
		b.del(docKey(prefixJudge, doc))
	}
}

// Quarantine keeps an entry away from the Automerge core from now on.
func (b *Batch) Quarantine(id entry.ID, doc entry.DocID) {
	b.set(quarantineKey(id), doc[:])
	b.delta.Quarantined++
}

// PutSmall stores a small record under a name; nil removes it.
func (b *Batch) PutSmall(name string, value []byte) {
	if value == nil {
		b.del(smallKey(name))
		return
	}
	b.set(smallKey(name), value)
}

// Count adds to the counts that depend on states, which only the caller understands.
func (b *Batch) Count(pending, void, elsewhere int64) {
	b.delta.Pending += pending
	b.delta.Void += void
	b.delta.Elsewhere += elsewhere
}

// CountDocuments adds to how many documents have a view.
func (b *Batch) CountDocuments(n int64) { b.delta.Documents += n }

func (c *Counts) add(d Counts) {
	c.Stored += d.Stored
	c.Pending += d.Pending
	c.Void += d.Void
	c.Elsewhere += d.Elsewhere
	c.Quarantined += d.Quarantined
	c.Documents += d.Documents
}
