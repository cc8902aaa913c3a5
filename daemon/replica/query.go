package replica

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/sought"
	"kith/daemon/store"
)

func (r *Replica) decodeView(b []byte) (*crdt.View, error) {
	v, err := r.kinds.DecodeView(b)
	if err != nil { // those of another release were made anew when the store was opened
		return nil, fmt.Errorf("%w: %v", store.ErrCorrupt, err)
	}
	return v, nil
}

// View returns the view of a document; ErrNotFound if there is none.
func (r *Replica) View(doc entry.DocID) (*crdt.View, error) {
	r.docs.used.Add(1)
	_, b, err := r.store.View(doc)
	if errors.Is(err, store.ErrNotFound) {
		return nil, r.absent(doc)
	}
	if err != nil {
		return nil, err
	}
	return r.decodeView(b)
}

// Shows says whether a document has a view.
func (r *Replica) Shows(doc entry.DocID) bool { return r.index.has(doc) }

// Views calls fn with the view of every document of a kind ("": of all) until it returns false.
func (r *Replica) Views(kind string, fn func(*crdt.View) bool) error {
	r.docs.used.Add(1)
	var broken error
	err := r.store.Views(kind, func(_ entry.DocID, b []byte) bool {
		v, err := r.decodeView(b)
		if err != nil {
			broken = err
			return false
		}
		return fn(v)
	})
	return errors.Join(err, broken)
}

// ViewsAt returns a number that rises each time a view has changed, once that can be read. Who asks for it first, then reads views, and
// later finds the same number has missed nothing. That isn't so of the numbers of arrivals: one is given out before what arrives under
// it can be read, and what is judged anew gets none.
func (r *Replica) ViewsAt() uint64 { return r.index.noted.Load() }

// soughtIn is what a search looks through of a document, and no more of that than there is room for in the batch beside its view. partly says that
// there would be more.
func (r *Replica) soughtIn(v *crdt.View, room int) (record []byte, partly bool) {
	var words []string
	if k := r.kinds.Named(v.Kind); k != nil {
		words = k.Words(v)
	}
	return sought.Of(v, words, min(sought.Most, room/2))
}

// viewsRecord is the small record that says what the stored views, and the states of entries, were made by.
const viewsRecord = "views"

// made is what views and states are made by.
type made struct {
	Rules  uint64           `json:"rules"`
	Kinds  map[string]int64 `json:"kinds"` // kind.Set.ViewVersion
	Sought int              `json:"sought"`
	Links  int              `json:"links"` // linksVersion
}

// linksVersion is raised when the facts of a document that goes on in a share say something else of that: since 1 they say in which one.
const linksVersion = 1

func (r *Replica) madeNow() made {
	m := made{Rules: entry.RulesVersion, Kinds: map[string]int64{}, Sought: sought.Version, Links: linksVersion}
	for _, k := range r.kinds.All() {
		m.Kinds[k.Name] = r.kinds.ViewVersion(k.Name)
	}
	return m
}

// listStale puts on the list to be judged again what another release made: documents of each kind whose views are of
// another version, and of kinds that this release doesn't know; and all that waits, since this release may know the kind
// or the rules that the other didn't. The list outlives a crash.
func (r *Replica) listStale() error {
	now := r.madeNow()
	said, err := json.Marshal(now)
	if err != nil {
		return err
	}
	b, err := r.store.Small(viewsRecord)
	if err == nil && bytes.Equal(b, said) {
		return nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return err
	}
	var was made
	_ = json.Unmarshal(b, &was) // what can't be read was made by nobody known
	var docs []entry.DocID
	if was.Links != now.Links {
		docs = r.Linked("")
	}
	if err := r.store.Unsettled(func(doc entry.DocID, _ store.Unsettled) { docs = append(docs, doc) }); err != nil {
		return err
	}
	for _, ref := range r.Documents("") {
		if version := now.Kinds[ref.Kind]; version == 0 || version != was.Kinds[ref.Kind] || otherRecord(was.Sought, &ref) {
			docs = append(docs, ref.ID)
		}
	}
	if err := r.listJudge(docs); err != nil {
		return err
	}
	batch := store.NewBatch(nil)
	batch.PutSmall(viewsRecord, said)
	return r.store.Commit(batch)
}

// otherRecord says whether what a search looks through of a document is another than it was by an earlier version of that.
func otherRecord(version int, ref *Ref) bool {
	if version == 1 {
		return ref.sum == sought.None
	}
	return version != sought.Version
}

// Rebuild judges every document afresh and makes its view anew, calling progress after each. Entries that have lost their bytes
// aren't had any more, so that others bring them.
func (r *Replica) Rebuild(ctx context.Context, progress func(done, of int)) error {
	if _, err := r.letGoLost(); err != nil {
		return err
	}
	if err := r.judgeAgain(true); err != nil {
		return err
	}
	refs := r.Documents("")
	for i, ref := range refs {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := r.settle(ref.ID); err != nil {
			return err
		}
		progress(i+1, len(refs))
	}
	return nil
}

// Read calls fn with a document as it stands, for what a view doesn't hold: its history. fn
// must not write.
func (r *Replica) Read(doc entry.DocID, fn func(Edit) error) error {
	r.judging.RLock()
	defer r.judging.RUnlock()
	s := r.stripe(doc)
	s.Lock()
	defer s.Unlock()
	d, err := r.load(doc)
	if err != nil {
		return err
	}
	if len(d.judge.Order()) == 0 {
		return r.absent(doc)
	}
	view, err := r.lookAt(d)
	if err != nil {
		return err
	}
	return r.docs.using(d, func() error {
		return fn(Edit{Doc: d.am, Judge: d.judge, View: view, Charter: r.Rules(), Now: r.now()})
	})
}

// Line is one entry for the log.
type Line struct {
	Arrival uint64
	Entry   *entry.Entry
	Change  *change.Change // nil for a statement
	Author  charter.MemberID
	State   charter.State
	Why     string

	judge *accept.Document // of the change's document
}

// Log calls fn with entries in the order of their arrival here, newest first, until it returns
// false: of one document or, for the zero ID, of the whole space. It loads no document into the
// core, but judges the ones it comes across anew to know their history.
func (r *Replica) Log(doc entry.DocID, fn func(Line) bool) error {
	judges := map[entry.DocID]*accept.Document{}
	show := func(id entry.ID) (more bool, err error) {
		l, err := r.line(id)
		if err != nil {
			return false, err
		}
		if l.Entry.Bare() {
			return true, nil // it says nothing any more
		}
		if l.Change == nil {
			l.State, l.Why = r.Rules().State(id)
			return fn(l), nil
		}
		judge, ok := judges[l.Entry.Doc]
		if !ok {
			if judge, err = r.judged(l.Entry.Doc); err != nil {
				return false, err
			}
			judges[l.Entry.Doc] = judge
		}
		l.judge = judge
		l.State, l.Why = r.stateBy(judge, id)
		return fn(l), nil
	}
	if doc != (entry.DocID{}) {
		all, err := r.entries(doc)
		if err != nil {
			return err
		}
		for _, e := range slices.Backward(all) {
			if more, err := show(e.ID()); err != nil || !more {
				return err
			}
		}
		return nil
	}
	for _, id := range r.store.Recent(0) {
		if more, err := show(id); err != nil || !more {
			return err
		}
	}
	return nil
}

// BroughtBy returns, of an accepted change beyond what the charter honours of its device, a member
// whose work stands on it.
func (l Line) BroughtBy() (charter.MemberID, bool) {
	if l.Change == nil {
		return charter.MemberID{}, false
	}
	return l.judge.BroughtBy(l.Entry.ID())
}

// CanBeAdopted says whether a full member can bring in what a line tells of: see Adopt.
func (l Line) CanBeAdopted() bool { return l.Change != nil && l.judge.IsBeyond(l.Entry.ID()) }

// StoodOn returns, of each change of the line's document that counts, the members who have written
// on it since; nil for a statement.
func (l Line) StoodOn() map[entry.ID][]charter.MemberID {
	if l.Change == nil {
		return nil
	}
	return l.judge.StoodOn()
}

// Says describes what the change of a line did; nil for a statement.
func (l Line) Says() []crdt.FieldChange {
	if l.Change == nil {
		return nil
	}
	kind := l.judge.Kind()
	if l.Entry.Create != nil {
		kind = l.Entry.Create.Kind
	}
	return crdt.Describe(kind, l.Change, l.judge.History())
}

func (r *Replica) line(id entry.ID) (Line, error) {
	e, rec, err := entryIn(r.store, id)
	if err != nil {
		return Line{}, err
	}
	l := Line{Arrival: rec.Arrival, Entry: e, Author: r.authorOf(e)}
	if e.Kind == entry.Change && !e.Bare() {
		if l.Change, err = change.Parse(e.Payload); err != nil {
			return l, fmt.Errorf("%w: entry %s: %v", store.ErrCorrupt, id, err)
		}
	}
	return l, nil
}

// entries are all that are stored of a document, in the order of their arrival; for the zero ID, the charter's statements.
func (r *Replica) entries(doc entry.DocID) ([]*entry.Entry, error) {
	lying, err := r.store.Entries(doc)
	if err != nil {
		return nil, err
	}
	all := make([]*entry.Entry, 0, len(lying))
	for _, l := range lying {
		e, err := entry.Decode(l.Encoded)
		if err != nil {
			return nil, fmt.Errorf("%w: document %s: %v", store.ErrCorrupt, doc, err)
		}
		all = append(all, e)
	}
	return all, nil
}

// entryIn returns a stored entry and what is noted of it; store.ErrNotFound if it isn't there.
func entryIn(s *store.Store, id entry.ID) (*entry.Entry, store.Record, error) {
	b, rec, err := s.Entry(id)
	if err != nil {
		return nil, rec, err
	}
	e, err := entry.Decode(b)
	if err != nil {
		return nil, rec, fmt.Errorf("%w: entry %s: %v", store.ErrCorrupt, id, err)
	}
	return e, rec, nil
}

// authorOf says for whom an entry's device speaks at the entry's own charter heads or, where it
// speaks for nobody there, whose device it is or was; zero if it is nobody's.
func (r *Replica) authorOf(e *entry.Entry) charter.MemberID {
	g := r.ground.Load()
	if past := g.past(e); past != nil {
		if m, ok := past.Speaks(e.Device); ok {
			return m
		}
	}
	m, _ := g.rules.OwnerOf(e.Device)
	return m.ID
}

// Entry returns the encoding of a stored entry; ErrNotFound if it isn't here.
func (r *Replica) Entry(id entry.ID) ([]byte, error) {
	if at, ok := r.places.take(id); ok {
		if b, ok := r.entryAt(at); ok {
			return b, nil
		}
	}
	b, _, err := r.store.Entry(id)
	if errors.Is(err, store.ErrNotFound) {
		return nil, ErrNotFound
	}
	return b, err
}

// entryAt reads the entry at a place, and the next ones of its document.
func (r *Replica) entryAt(at placed) ([]byte, bool) {
	if b, ok := r.places.takeAhead(at); ok {
		return b, true
	}
	next, err := r.store.Next(at.doc, at.arrival, aheadEntries, aheadBytes)
	if err != nil || len(next) == 0 || next[0].Arrival != at.arrival {
		return nil, false
	}
	r.places.keepAhead(at.doc, next[1:])
	return next[0].Encoded, true
}

// IDs calls fn with the ID of every entry that is here, or is held back, until it
// returns false: all that peers need not send.
func (r *Replica) IDs(fn func(entry.ID) bool) {
	for id := range r.store.IDs() {
		if !r.bared.wants(id) && !fn(id) {
			return
		}
	}
	for _, id := range r.quota.heldIDs() {
		if !fn(id) {
			return
		}
	}
}

// Quarantined returns the entries that are kept away from the core, with their documents.
func (r *Replica) Quarantined() (map[entry.ID]entry.DocID, error) { return r.store.Quarantined() }

// Verify reads the whole store and compares checksums, and looks for entries of which nothing is left but that they were here: see
// LostError.
func (r *Replica) Verify() error {
	if err := r.store.Verify(); err != nil {
		return err
	}
	lost, err := r.store.Lost()
	if err == nil && len(lost) > 0 {
		return &LostError{len(lost)}
	}
	return err
}
