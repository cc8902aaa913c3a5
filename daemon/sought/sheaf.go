package sought

import (
	"encoding/binary"
	"errors"
	"hash/fnv"
	"slices"
	"strings"
	"unsafe"
)

// SheafVersion is raised when sheaves are written otherwise, or from the same record follow other words.
const SheafVersion = 1

// Bounds of a sheaf: what is read of it at once stays small, and each part fits one record of the store.
const (
	SheafDocs  = 2048
	SheafBytes = 384 << 10 // of records
)

// Sums of documents whose records have no words to bind.
const (
	Unknown = 0 // written by a release that made no sums
	None    = 1 // there is an empty record: see Version
)

// Sum tells records apart: of those of one document, one that is in a sheaf is still its words if it has the same sum.
func Sum(record []byte) uint64 {
	if len(record) == 0 {
		return None
	}
	h := fnv.New64a()
	h.Write(record)
	return max(h.Sum64(), None+1)
}

// Sheaf is an index by words of some documents, each known by its place among them: which words there are, and where each stands. Words are what
// stands between spaces, so a score follows from it exactly as from the records. It is in two parts, since the second is
// needed only if there is a word that fits.
type Sheaf struct {
	Words  []byte // how many documents and words there are; how many lines each document has; how long the places of each word are; the words
	Places []byte // of each word in which documents it stands, and how often in their titles, tags and texts
}

// Which counts a place has. Nearly all say once, in one of the three.
const (
	onceInText = iota
	onceInTitle
	onceInTags
	moreOften
)

// places are those of one word, while a sheaf is bound.
type places struct {
	b               []byte
	before          int // the last document in b
	of              int // the document that the counts are of
	titles, tags, n int
}

// Bind makes a sheaf of records. None may be empty, and there are at most SheafDocs.
func Bind(records []string) Sheaf {
	all := map[string]*places{}
	var head []byte
	for i, record := range records {
		title, tags, text := parts(record)
		head = binary.AppendUvarint(head, uint64(strings.Count(text, "\n")))
		each(title, all, i, func(p *places) { p.titles++ })
		each(tags, all, i, func(p *places) { p.tags++ })
		each(text, all, i, func(p *places) { p.n++ })
	}
	words := make([]string, 0, len(all))
	for word := range all {
		words = append(words, word)
	}
	slices.Sort(words)
	s := Sheaf{Words: binary.AppendUvarint(binary.AppendUvarint(nil, uint64(len(records))), uint64(len(words)))}
	s.Words = append(s.Words, head...)
	for _, word := range words {
		p := all[word]
		p.end()
		s.Words = binary.AppendUvarint(s.Words, uint64(len(p.b)))
		s.Places = append(s.Places, p.b...)
	}
	for _, word := range words {
		s.Words = append(append(s.Words, word...), '\n')
	}
	return s
}

// each counts the words of a text of document i.
func each(text string, all map[string]*places, i int, count func(*places)) {
	for len(text) > 0 {
		end := strings.IndexAny(text, " \n")
		if end < 0 {
			end = len(text)
		}
		if word := text[:end]; word != "" {
			p := all[word]
			if p == nil {
				p = &places{of: i}
				all[word] = p
			}
			if p.of != i {
				p.end()
				p.of = i
			}
			count(p)
		}
		text = text[min(end+1, len(text)):]
	}
}

// end writes what was counted of a document.
func (p *places) end() {
	which := moreOften
	switch [3]int{p.titles, p.tags, p.n} {
	case [3]int{0, 0, 1}:
		which = onceInText
	case [3]int{1, 0, 0}:
		which = onceInTitle
	case [3]int{0, 1, 0}:
		which = onceInTags
	}
	p.b = binary.AppendUvarint(p.b, uint64(p.of-p.before)<<2|uint64(which))
	if which == moreOften {
		for _, n := range []int{p.titles, p.tags, p.n} {
			p.b = binary.AppendUvarint(p.b, uint64(n))
		}
	}
	p.before, p.titles, p.tags, p.n = p.of, 0, 0, 0
}

// parts are the three of a record.
func parts(record string) (title, tags, text string) {
	title, rest, _ := strings.Cut(record, "\n")
	tags, text, _ = strings.Cut(rest, "\n")
	return title, tags, text
}

// Found is a document of a sheaf that a query found.
type Found struct {
	At    int
	Score float64
}

// errSheaf says that there is no reading a sheaf.
var errSheaf = errors.New("an index by words that can't be read")

// Room is what In works in, which would else be garbage after each sheaf. It serves one call at a time.
type Room struct {
	lines, ends []int
	fits        []fit
	scores      []float64
}

// sized gives a slice of n zeroes, in the place of one that isn't needed any more.
func sized[T any](was []T, n int) []T {
	if cap(was) < n {
		return make([]T, n)
	}
	clear(was[:n])
	return was[:n]
}

// In finds what a query means in a sheaf, of which only some documents live: their scores are those of Score. It gives the
// best, at most limit of them (0: all), best first, and of equal ones the first. places is asked for Sheaf.Places if
// they are needed, and gives them to what it is called with. Nothing is kept of either part.
func (q Query) In(words []byte, lives func(at int) bool, nearly bool, limit int, room *Room, places func(func([]byte) error) error) (found []Found, err error) {
	r, err := read(unsafe.String(unsafe.SliceData(words), len(words)), room)
	if err != nil {
		return nil, err
	}
	meant := make([][]match, len(q))
	for i, w := range q {
		if meant[i] = r.meant(w, nearly); len(meant[i]) == 0 {
			return nil, nil
		}
	}
	err = places(func(b []byte) error {
		r.places = b
		found, err = r.best(q, meant, lives, nearly, limit, room)
		return err
	})
	return found, err
}

// best gives the best documents, by where the words stand that are meant.
func (r *reading) best(q Query, meant [][]match, lives func(at int) bool, nearly bool, limit int, room *Room) ([]Found, error) {
	room.scores = sized(room.scores, r.docs)
	scores := room.scores
	for n, w := range q {
		room.fits = sized(room.fits, r.docs)
		fits := room.fits
		for _, m := range meant[n] {
			if err := r.count(m, w.Tag, fits); err != nil {
				return nil, err
			}
		}
		for i := range fits {
			switch one := fits[i].score(nearly); {
			case one == 0:
				scores[i] = 0
			case n == 0 || scores[i] > 0:
				scores[i] += one
			}
		}
	}
	best := firsts{limit: limit}
	for i, score := range scores {
		if score > 0 && lives(i) {
			best.add(Found{i, spread(score, r.lines[i])})
		}
	}
	return best.all(), nil
}

// reading is a sheaf that is read.
type reading struct {
	docs   int
	lines  []int
	ends   []int // of the places of each word
	words  string
	places []byte
}

func read(s string, room *Room) (*reading, error) {
	next := func() int {
		v, n := uint64(0), 0
		for shift := 0; n < len(s) && shift < 63; shift += 7 {
			c := s[n]
			n++
			v |= uint64(c&0x7f) << shift
			if c < 0x80 {
				s = s[n:]
				return int(v)
			}
		}
		return -1
	}
	docs, words := next(), next()
	if docs < 0 || docs > SheafDocs || words < 0 || words > len(s) {
		return nil, errSheaf
	}
	room.lines, room.ends = sized(room.lines, docs), sized(room.ends, words)
	r := &reading{docs: docs, lines: room.lines, ends: room.ends}
	for i := range r.lines {
		r.lines[i] = next()
	}
	end := 0
	for i := range r.ends {
		n := next()
		if n < 0 {
			return nil, errSheaf
		}
		end += n
		r.ends[i] = end
	}
	r.words = s
	return r, nil
}

// match is a word of a sheaf that one of a query means, and how much of it that is.
type match struct {
	number      int
	exact, near float64
}

// meant gives the words of a sheaf that w means.
func (r *reading) meant(w Word, nearly bool) (all []match) {
	if nearly {
		spelled := w.spelled()
		number, rest := 0, r.words
		for rest != "" {
			word, after, _ := strings.Cut(rest, "\n")
			m := match{number: number, exact: times(word, w.Text), near: spelled.in(word)}
			if m.exact > 0 || m.near > 0 {
				all = append(all, m)
			}
			number, rest = number+1, after
		}
		return all
	}
	number, from := 0, 0
	for {
		i := strings.Index(r.words[from:], w.Text)
		if i < 0 {
			return all
		}
		start := from + strings.LastIndexByte(r.words[from:from+i], '\n') + 1
		length := strings.IndexByte(r.words[start:], '\n')
		if length < 0 {
			return all
		}
		number += strings.Count(r.words[from:start], "\n")
		all = append(all, match{number: number, exact: times(r.words[start:start+length], w.Text)})
		number, from = number+1, start+length+1
	}
}

// count adds to what is known of documents where a word stands.
func (r *reading) count(m match, tagsAlone bool, fits []fit) error {
	if m.number >= len(r.ends) || r.ends[m.number] > len(r.places) {
		return errSheaf
	}
	from := 0
	if m.number > 0 {
		from = r.ends[m.number-1]
	}
	b, doc := r.places[from:r.ends[m.number]], 0
	next := func() int {
		if len(b) > 0 && b[0] < 0x80 { // as nearly all
			v := int(b[0])
			b = b[1:]
			return v
		}
		v, n := binary.Uvarint(b)
		if n <= 0 || v > 1<<32 {
			b = nil
			return 0
		}
		b = b[n:]
		return int(v)
	}
	for len(b) > 0 {
		v := next()
		if doc += v >> 2; doc >= len(fits) {
			return errSheaf
		}
		var titles, tags, text float64
		switch v & 3 {
		case onceInText:
			text = 1
		case onceInTitle:
			titles = 1
		case onceInTags:
			tags = 1
		default:
			titles, tags, text = float64(next()), float64(next()), float64(next())
		}
		rest := inTitle*titles + inText*text
		if tagsAlone {
			rest = 0
		}
		f := &fits[doc]
		f.exact += m.exact * (inTags*tags + rest)
		f.nearTags += m.near * tags
		f.nearRest += m.near * rest
	}
	return nil
}

// firsts keeps the best of many; of equal ones those that came first.
type firsts struct {
	limit int // 0: all are kept
	kept  []Found
	cut   bool // no more than the least of the first limit isn't wanted
}

func (f *firsts) add(one Found) {
	if f.cut && one.Score <= f.kept[f.limit-1].Score {
		return
	}
	f.kept = append(f.kept, one)
	if f.limit > 0 && len(f.kept) >= 2*f.limit {
		f.kept = f.all()
		f.cut = true
	}
}

func (f *firsts) all() []Found {
	slices.SortStableFunc(f.kept, func(a, b Found) int {
		switch {
		case a.Score > b.Score:
			return -1
		case a.Score < b.Score:
			return 1
		}
		return 0
	})
	if f.limit > 0 && len(f.kept) > f.limit {
		return f.kept[:f.limit]
	}
	return f.kept
}
