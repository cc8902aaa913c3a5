package store

import (
	"testing"

	"kith/crdt/entry"
)

func TestWhatCameBackBeforeTheFilesWereCleanedStays(t *testing.T) {
	s := open(t, t.TempDir())
	doc := entry.DocID{1}
	back, bare := entryNo(t, doc, 1), entryNo(t, doc, 2)
	recs := map[*entry.Entry]Record{}
	b := NewBatch(nil)
	for _, e := range []*entry.Entry{back, bare} {
		recs[e] = Record{Arrival: s.NextArrival(), Doc: doc}
		b.PutEntry(e, recs[e])
	}
	b.PutView(doc, Doc{Kind: "note"}, []byte(secret), true)
	must(t, s.Commit(b))

	b = NewBatch(nil) // it is forgotten
	for e, rec := range recs {
		b.PutBody(e.Strip(), rec)
	}
	b.PutErase(doc, []string{"note"}, true)
	must(t, s.Commit(b))

	later := entryNo(t, doc, 3)
	b = NewBatch(nil) // somebody wrote in it meanwhile
	b.PutEntry(later, Record{Arrival: s.NextArrival(), Doc: doc})
	b.PutBody(back, recs[back])
	b.PutView(doc, Doc{Kind: "note"}, []byte("as it is now"), true)
	must(t, s.Commit(b))

	if more, err := s.Erase(); more || err != nil {
		t.Fatal(more, err)
	}
	for _, e := range []*entry.Entry{back, later} {
		if got, _, err := s.Entry(e.ID()); err != nil || string(got) != string(e.Encoded()) {
			t.Errorf("what was written again lies there as %d bytes: %v", len(got), err)
		}
	}
	if _, got, err := s.View(doc); err != nil || string(got) != "as it is now" {
		t.Errorf("the view lies there as %q: %v", got, err)
	}
	if _, all, err := s.goneUnder(entryKey(doc, recs[bare].Arrival)); !all || err != nil {
		t.Error("the entry that is bare is there whole, too", err)
	}
	if gone, _, err := s.goneUnder(docKey(prefixEntry, doc)); len(gone) > 0 || err != nil {
		t.Errorf("of what is gone %d entries are still in the files: %v", len(gone), err)
	}
	if more, err := s.Erase(); more || err != nil {
		t.Error("there is more to be done", more, err)
	}
}
