package change_test

import (
	"bytes"
	"errors"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
)

// seeds are all committed vectors: what Automerge JS made, and what has killed the core.
func seeds(f *testing.F) [][][]byte {
	var docs [][][]byte
	for _, fx := range fixtures(f) {
		var doc [][]byte
		for _, c := range fx.Changes {
			doc = append(doc, c.Change)
		}
		docs = append(docs, doc)
	}
	for _, k := range killers(f) {
		docs = append(docs, k.chunks(f))
	}
	if len(docs) < 20 {
		f.Fatalf("only %d seeds", len(docs))
	}
	return docs
}

func FuzzParse(f *testing.F) {
	for _, doc := range seeds(f) {
		for _, b := range doc {
			f.Add(b)
		}
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		b, err := change.Inflate(in)
		if err != nil {
			known(t, err)
			b = in
		}
		for _, b := range [][]byte{b, changetest.Repair(b)} {
			c, err := change.Parse(b)
			if err != nil {
				known(t, err)
				continue
			}
			if out := c.Encode(); !bytes.Equal(b, out) {
				t.Errorf("parsed and encoded again:\nin  %x\nout %x", b, out)
			}
		}
	})
}

// known sees that an error is one of those that Parse and Inflate promise.
func known(t *testing.T, err error) {
	var syntax *change.SyntaxError
	var over *change.LimitError
	if !errors.As(err, &syntax) && !errors.As(err, &over) {
		t.Errorf("an error of another type: %T %v", err, err)
	}
	if syntax != nil && syntax.Offset < 0 {
		t.Errorf("a negative offset: %v", err)
	}
}

// FuzzHistory damages the last of a document's changes and repairs its checksum. What is refused
// leaves no trace; what is accepted is found again.
func FuzzHistory(f *testing.F) {
	docs := seeds(f)
	for i := range docs {
		f.Add(uint16(i), uint16(0), []byte{1})
		f.Add(uint16(i), uint16(200), []byte{0xff, 0, 1})
	}
	var plain [][][]byte
	for _, doc := range docs {
		var p [][]byte
		for _, b := range doc[:min(len(doc), 12)] {
			b, err := change.Inflate(b)
			if err != nil {
				break
			}
			if _, err := change.Parse(b); err != nil {
				break
			}
			p = append(p, b)
		}
		plain = append(plain, p)
	}
	f.Fuzz(func(t *testing.T, doc, at uint16, with []byte) {
		d := plain[int(doc)%len(plain)]
		if len(d) == 0 {
			return
		}
		last := len(d) - 1
		h := change.NewHistory()
		for _, b := range d[:last] {
			c, err := change.Parse(b)
			if err == nil {
				err = h.Check(c)
			}
			if err != nil {
				return // a killer's document may end before its last
			}
			h.Add(c)
		}
		body := bytes.Clone(changetest.Body(d[last]))
		for i, x := range with {
			body[(int(at)+i)%len(body)] ^= x
		}
		c, err := change.Parse(changetest.Chunk(body))
		if err != nil {
			known(t, err)
			return
		}
		heads, ops := h.Heads(), h.Ops()
		err = h.Check(c)
		if err == nil {
			h.Add(c)
			if !h.Has(c.Hash) || h.Ops() != ops+len(c.Ops) || h.Seq(c.Actor) != c.Seq {
				t.Error("what was added isn't there")
			}
			return
		}
		var missing *change.MissingError
		var misfit *change.ContextError
		if !errors.As(err, &missing) && !errors.As(err, &misfit) {
			t.Errorf("an error of another type: %T %v", err, err)
		}
		if h.Has(c.Hash) || h.Ops() != ops || len(h.Heads()) != len(heads) {
			t.Error("a refused change left a trace")
		}
		good, err := change.Parse(d[last])
		if err != nil {
			return
		}
		if err := h.Check(good); err != nil && last > 0 {
			if h2 := accept(t, d[:last]); h2.Check(good) == nil {
				t.Errorf("after it, a good change is refused: %v", err)
			}
		}
	})
}
