package replica

import (
	"slices"

	"kith/crdt/kind"
)

// words numbers the facts that documents have, each word once, as long as a document has it. The zero value has none.
type words struct {
	numbers map[string]uint32
	words   []string // "" is free
	used    []uint32 // by how many documents
	free    []uint32
}

// take notes that a document has these facts, and numbers them.
func (w *words) take(facts []string) []uint32 {
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
			w.words, w.used = append(w.words, word), append(w.used, 0)
		}
		if w.numbers == nil {
			w.numbers = map[string]uint32{}
		}
		w.numbers[word] = n
		w.used[n]++
		out[i] = n
	}
	return out
}

// drop notes that a document has these facts no more.
func (w *words) drop(facts []uint32) {
	for _, n := range facts {
		if w.used[n]--; w.used[n] == 0 {
			delete(w.numbers, w.words[n])
			w.words[n] = ""
			w.free = append(w.free, n)
		}
	}
}

// meant says of each number whether it is asked for.
func (w *words) meant(want kind.Want) []bool {
	out := make([]bool, len(w.words))
	for n, word := range w.words {
		out[n] = word != "" && want.Means(word)
	}
	return out
}

// value gives the value of a fact among these; of several, the first.
func (w *words) value(facts []uint32, name string) string {
	for _, n := range facts {
		if is, value := kind.SplitFact(w.words[n]); is == name {
			return value
		}
	}
	return ""
}

// values gives all values of a fact, ascending.
func (w *words) values(name string) (out []string) {
	for _, word := range w.words {
		if is, value := kind.SplitFact(word); is == name && value != "" {
			out = append(out, value)
		}
	}
	slices.Sort(out)
	return out
}
