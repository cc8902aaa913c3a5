package store

import (
	"encoding/binary"

	"github.com/fxamacker/cbor/v2"

	"kith/crdt/entry"
)

// The first byte of a key says what it holds. All keys are in this file.
const (
	prefixEntry      = 'e' // document (zero for statements), arrival → encoded entry
	prefixBare       = 'b' // the same, of entries that are bare
	prefixMark       = 'd' // document of which an entry is or was stored
	prefixRecord     = 'i' // entry ID → Record
	prefixArrival    = 'l' // arrival → entry ID
	prefixView       = 'v' // kind, 0, document → view
	prefixDoc        = 'k' // document → Doc
	prefixSought     = 't' // document → what a search looks through
	prefixSheaf      = 'f' // version, part, number → a part of an index by words of several documents
	prefixUnsettled  = 'p' // document → Unsettled
	prefixJudge      = 'w' // document to judge again
	prefixErase      = 'x' // document of which bytes are to go from the disk
	prefixQuarantine = 'q' // entry ID → document
	prefixSmall      = 's' // name → value
)

var (
	keyCounts  = []byte("c")
	keyArrival = []byte("a") // the number of an arrival that is taken out; those up to it aren't given out again
)

func entryKey(doc entry.DocID, arrival uint64) []byte {
	k := make([]byte, 0, 1+len(doc)+8)
	k = append(k, prefixEntry)
	k = append(k, doc[:]...)
	return binary.BigEndian.AppendUint64(k, arrival)
}

func bareKey(doc entry.DocID, arrival uint64) []byte {
	k := entryKey(doc, arrival)
	k[0] = prefixBare
	return k
}

func arrivalKey(arrival uint64) []byte {
	return binary.BigEndian.AppendUint64([]byte{prefixArrival}, arrival)
}

func arrivalOf(key []byte) uint64 { return binary.BigEndian.Uint64(key[len(key)-8:]) }

func recordKey(id entry.ID) []byte     { return append([]byte{prefixRecord}, id[:]...) }
func quarantineKey(id entry.ID) []byte { return append([]byte{prefixQuarantine}, id[:]...) }

func docKey(prefix byte, doc entry.DocID) []byte { return append([]byte{prefix}, doc[:]...) }

func viewPrefix(kind string) []byte { return append([]byte{prefixView}, kind+"\x00"...) }

func viewKey(kind string, doc entry.DocID) []byte { return append(viewPrefix(kind), doc[:]...) }

func sheafKey(version, part byte, number uint32) []byte {
	return binary.BigEndian.AppendUint32([]byte{prefixSheaf, version, part}, number)
}

func smallKey(name string) []byte { return append([]byte{prefixSmall}, name...) }

func marshal(v any) []byte {
	b, err := cbor.Marshal(v)
	if err != nil {
		panic(err) // plain structs of our own
	}
	return b
}

func unmarshal(b []byte, v any) error { return cbor.Unmarshal(b, v) }
