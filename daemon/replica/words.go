package replica

import (
	"cmp"
	"encoding/binary"
	"slices"

	"kith/crdt/entry"
	"kith/crdt/kind"
)

// words numbers the facts that documents have, each word once, as long as a document has it. The zero value has none.
type words struct {
	numbers map[string]uint32
	words   []string // "" is free
	used    []uint32 // by how many documents
	free    []uint32
	named   map[string]map[uint32]bool // the numbers of words, by the name of the fact
	// docs are which documents have a word, ascending, by the first bytes of their IDs: of those words that were never had by more than
	// maxFew. So what few have is found without looking at all documents, of whatever many there are.
	docs [][]uint64
	many []bool // there are no docs
	few  int    // maxFew where it is 0, as everywhere but in tests
}

// maxFew is of how many documents at most it is kept that they have a word.
const maxFew = 4096

// startOf is what stands of a document in words.docs. Two may have the same, if somebody takes pains.
func startOf(doc entry.DocID) uint64 { return binary.BigEndian.Uint64(doc[:]) }

// take notes that a document has these facts, and numbers them.
func (w *words) take(doc entry.DocID, facts []string) []uint32 {
	if w.numbers == nil {
		w.numbers, w.named = map[string]uint32{}, map[string]map[uint32]bool{}
	}
	out := make([]uint32, len(facts))
	for i, word := range facts {
		n, known := w.numbers[word]
		switch {
		case known:
		case len(w.free) > 0:
			n = w.free[len(w.free)-1]
			w.free = w.free[:len(w.free)-1]
			w.words[n] = word
		default:
			n = uint32(len(w.words))
			w.words, w.used, w.docs, w.many = append(w.words, word), append(w.used, 0), append(w.docs, nil), append(w.many, false)
		}
		if !known {
			w.numbers[word] = n
			name, _ := kind.SplitFact(word)
			if w.named[name] == nil {
				w.named[name] = map[uint32]bool{}
			}
			w.named[name][n] = true
		}
		w.used[n]++
		w.list(n, doc)
		out[i] = n
	}
	return out
}

// list puts a document among those that have a word.
func (w *words) list(n uint32, doc entry.DocID) {
	if w.many[n] {
		return
	}
	if len(w.docs[n]) == cmp.Or(w.few, maxFew) {
		w.docs[n], w.many[n] = nil, true
		return
	}
	at, _ := slices.BinarySearch(w.docs[n], startOf(doc))
	w.docs[n] = slices.Insert(w.docs[n], at, startOf(doc))
}

// drop notes that a document has these facts no more.
func (w *words) drop(doc entry.DocID, facts []uint32) {
	for _, n := range facts {
		if at, listed := slices.BinarySearch(w.docs[n], startOf(doc)); listed {
			w.docs[n] = slices.Delete(w.docs[n], at, at+1)
		}
		if w.used[n]--; w.used[n] == 0 {
			name, _ := kind.SplitFact(w.words[n])
			delete(w.named[name], n)
			delete(w.numbers, w.words[n])
			w.words[n], w.docs[n], w.many[n] = "", nil, false
			w.free = append(w.free, n)
		}
	}
}

// meant gives the numbers that are asked for.
func (w *words) meant(want kind.Want) (numbers []uint32) {
	if want.Of != nil {
		for _, value := range want.Of {
			word := kind.Fact(want.Fact, value)
			if n, known := w.numbers[word]; known && want.Means(word) && !slices.Contains(numbers, n) {
				numbers = append(numbers, n)
			}
		}
		return numbers
	}
	for n := range w.named[want.Fact] {
		if want.Means(w.words[n]) {
			numbers = append(numbers, n)
		}
	}
	return numbers
}

// set says of each number whether it is among these.
func (w *words) set(numbers []uint32) []bool {
	out := make([]bool, len(w.words))
	for _, n := range numbers {
		out[n] = true
	}
	return out
}

// count is how many documents have these words, one that has several as often; ok is false if that isn't kept.
func (w *words) count(numbers []uint32) (n int, ok bool) {
	for _, number := range numbers {
		if w.many[number] {
			return 0, false
		}
		n += len(w.docs[number])
	}
	return n, n <= maxFew
}

// having gives which documents have one of these words, ascending, as in docs.
func (w *words) having(numbers []uint32) (docs []uint64) {
	for _, number := range numbers {
		docs = append(docs, w.docs[number]...)
	}
	slices.Sort(docs)
	return slices.Compact(docs)
}

// byNumber gives the value of each word that is such a fact; "" of all others.
func (w *words) byNumber(name string) []string {
	out := make([]string, len(w.words))
	for n := range w.named[name] {
		_, out[n] = kind.SplitFact(w.words[n])
	}
	return out
}

// values gives all values of a fact, ascending.
func (w *words) values(name string) (out []string) {
	for n := range w.named[name] {
		if _, value := kind.SplitFact(w.words[n]); value != "" {
			out = append(out, value)
		}
	}
	slices.Sort(out)
	return out
}
