package replica

import (
	"errors"
	"fmt"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/sought"
	"kith/daemon/store"
)

// errCore says that the core did not take what the validator let through. It is a mistake of
// ours; the entry is quarantined and shows in kith doctor.
var errCore = errors.New("the Automerge core did not take a change")

// load returns the document as the store has it, from the cache if it is there; an unknown
// document is an empty one. The caller holds its stripe and, for reading, judging.
func (r *Replica) load(id entry.DocID) (*document, error) {
	if d := r.docs.get(id); d != nil && (d.charter == r.Rules() || !r.touched(id)) && r.upToDate(d) {
		return d, nil
	}
	for {
		d, err := r.read(id)
		if errors.Is(err, errAgain) {
			continue // one entry less
		}
		return d, err
	}
}

// upToDate brings a loaded document up to the charter as it is now. It is false if that changes
// anything in it: then it is read anew, and the list of documents to judge has it.
func (r *Replica) upToDate(d *document) bool {
	c := r.Rules()
	if d.charter == c {
		return true
	}
	out := d.judge.RejudgeLater(c) // a large document waits for its turn, see paced
	d.charter = c
	if len(out.Changed) == 0 && len(out.Accepted) == 0 && !out.Rebuild {
		return true
	}
	r.docs.drop(d.id)
	return false
}

// read is load without the cache. The error is errAgain if an entry was quarantined meanwhile.
func (r *Replica) read(id entry.DocID) (*document, error) {
	large := largeTurn{r: r, began: time.Now()}
	defer large.end()
	c := r.Rules()
	d := &document{id: id, charter: c, viewed: r.index.has(id)}
	if err := r.judgeAll(d, &large); err != nil {
		return nil, err
	}
	judge := d.judge
	if err := r.remake(d, true); err != nil {
		return nil, err
	}
	if judge.Len() > 0 {
		r.docs.put(d)
	}
	if judge.Large() {
		r.paced.took(turn{doc: id}, time.Since(large.began))
	}
	return d, nil
}

// judged judges a document from what is stored of it, without the core.
func (r *Replica) judged(id entry.DocID) (*accept.Document, error) {
	large := largeTurn{r: r}
	defer large.end()
	d := &document{id: id}
	err := r.judgeAll(d, &large)
	return d.judge, err
}

// judgeAll gives a document its judge, with all that is stored of it but what is bare, or nothing if it is forgotten. For a
// large one it takes large.
func (r *Replica) judgeAll(d *document, large *largeTurn) error {
	all, err := r.entries(d.id)
	if err != nil {
		return err
	}
	d.bare = bareOf(all)
	if r.touched(d.id) {
		d.judge = r.emptyJudge(d.id)
		heads := d.judge.JudgeHeads(all)
		if d.wants = d.judge.Wanted(); heads.Over {
			d.heads = heads
			return nil
		}
	}
	d.judge = r.emptyJudge(d.id)
	items, ops := make([]accept.Item, 0, len(all)), 0
	for _, e := range all {
		if e.Bare() || r.core.isQuarantined(e.ID()) {
			continue
		}
		c, err := change.Parse(e.Payload)
		if err != nil {
			return fmt.Errorf("%w: document %s: %v", store.ErrCorrupt, d.id, err)
		}
		if ops += len(c.Ops); ops > aloneFrom {
			large.take()
		}
		items = append(items, accept.Item{Entry: e, Change: c})
	}
	d.judge.AddAll(items)
	return nil
}

// remake gives a document a fresh core with all that is accepted of it. loading says that all
// of it was applied before.
func (r *Replica) remake(d *document, loading bool) error {
	d.am, d.actor, d.view = automerge.New(), [entry.ActorSize]byte{}, nil
	return r.apply(d, d.judge.Order(), loading)
}

// apply gives newly accepted changes to the core, trying them in a child first if they are
// suspect. When it fails, the document must be dropped: core and judge may differ.
func (r *Replica) apply(d *document, items []*accept.Item, loading bool) error {
	if r.core.suspect(d.id, items) {
		died, err := r.core.try(d.id, d.judge.Order())
		if err != nil {
			return err
		}
		if died >= 0 {
			return r.quarantine(d, d.judge.Order()[died].Entry)
		}
	}
	err := r.core.apply(d.am, d.id, items, loading)
	if err == nil && inStep(d.am, d.judge.Heads()) {
		return nil
	}
	// Find the one that the core doesn't take, from the start.
	order := d.judge.Order()
	am := automerge.New()
	for _, it := range order {
		if err := r.core.apply(am, d.id, []*accept.Item{it}, false); err != nil {
			return r.quarantine(d, it.Entry)
		}
		if _, err := am.Change(automerge.ChangeHash(it.Change.Hash)); err != nil {
			return r.quarantine(d, it.Entry)
		}
	}
	if !inStep(am, d.judge.Heads()) {
		return fmt.Errorf("%w: other heads in document %s: %v", errCore, d.id, err)
	}
	d.am = am
	return nil
}

// errAgain says that an entry was quarantined and the document is to be loaded without it.
var errAgain = errors.New("an entry was quarantined")

func (r *Replica) quarantine(d *document, e *entry.Entry) error {
	r.log.Error("entry quarantined", "doc", d.id.String(), "entry", e.ID().String())
	r.core.mu.Lock()
	r.core.quarantined[e.ID()] = true
	r.core.mu.Unlock()
	r.docs.drop(d.id)
	b := store.NewBatch(nil)
	b.Quarantine(e.ID(), d.id)
	b.PutJudge(d.id, true)
	if err := r.store.Commit(b); err != nil {
		return err
	}
	return errAgain
}

// lookAt returns the view of a document as it stands, which is computed anew only after a
// change of the document or of the charter.
func (r *Replica) lookAt(d *document) (*crdt.View, error) {
	c := r.Rules()
	if d.view != nil && d.viewCharter == c && d.viewLen == len(d.judge.Order()) {
		return d.view, nil
	}
	v, err := crdt.Look(d.am, d.judge, c)
	if err != nil {
		return nil, fmt.Errorf("view of document %s: %w", d.id, err)
	}
	d.view, d.viewCharter, d.viewLen = v, c, len(d.judge.Order())
	return v, nil
}

// viewOf returns the view of a document and its encoding; nil if nothing of it is accepted.
func (r *Replica) viewOf(d *document) (*crdt.View, []byte, error) {
	if len(d.judge.Order()) == 0 {
		return nil, nil, nil
	}
	v, err := r.lookAt(d)
	if err != nil {
		return nil, nil, err
	}
	b, err := r.kinds.EncodeView(v)
	if err != nil {
		return nil, nil, fmt.Errorf("view of document %s: %w", d.id, err)
	}
	return v, b, nil
}

// putView adds the view to a batch; nil takes it away.
func (r *Replica) putView(b *store.Batch, d *document, view *crdt.View, encoded []byte) {
	switch {
	case view != nil:
		words, partly := r.soughtIn(view, store.MaxBatch-b.Size())
		d.sum, d.partly = sought.Sum(words), partly
		shown := r.index.docOf(view)
		shown.Sought, shown.Partly = d.sum, d.partly
		b.PutView(d.id, shown, encoded, !d.viewed)
		b.PutSought(d.id, words)
		d.viewed = true
	case d.viewed:
		if kind, ok := r.index.kind(d.id); ok {
			b.DropView(kind, d.id)
		}
		d.viewed = false
	}
}

// settle judges a document afresh from the store, and stores what differs. It is how a grown
// charter, a quarantine or a new version of the views reaches a document.
func (r *Replica) settle(id entry.DocID) error {
	r.judging.RLock()
	defer r.judging.RUnlock()
	s := r.stripe(id)
	s.Lock()
	defer s.Unlock()
	if id == (entry.DocID{}) {
		return r.settleStatements()
	}
	if d := r.docs.get(id); d != nil && d.judge.Large() && !r.touched(id) {
		return r.weigh(d, true)
	}
	r.docs.drop(id)
	d, err := r.load(id)
	if err != nil {
		return err
	}
	p := r.store.Pieces()
	events, err := r.differences(p, d)
	if err != nil {
		return err
	}
	view, encoded, err := r.viewOf(d)
	if err != nil {
		return err
	}
	forgotten := false
	if d.heads != nil {
		if forgotten, err = r.strip(p, d); err != nil {
			return err
		}
	} else {
		r.putView(p.Batch(), d, view, encoded)
	}
	b := p.Batch()
	r.putUnsettled(b, d)
	b.PutJudge(id, false)
	if err := p.Commit(); err != nil {
		r.docs.drop(id)
		return err
	}
	if d.heads != nil || r.bared.has(id) || len(d.bare) > 0 {
		if all, err := r.entries(id); err == nil {
			d.bare = bareOf(all)
		}
		r.noteBared(d)
	}
	if forgotten {
		r.places.forget()
		r.erase.due.Store(true)
		r.quota.letGo(docKey(id))
		r.Announce(Event{At: r.now(), Type: "forgotten", Doc: id, Title: "a document was forgotten"})
	}
	r.waits.note(id, d.awaits)
	if len(events) > 0 || d.judge.Large() { // what counts is other than before, or was held back unseen, see wait
		r.quota.letGo(docKey(id))
	}
	for hash := range d.judge.Missing() { // who stands on it may have become known
		r.quota.letGo(hash)
	}
	r.note(d, view)
	r.tell(d, view, events)
	return r.wake([]*work{{id: id, doc: d}}, nil)
}

// verdict is a state that an entry now has, and whether it is new here.
type verdict struct {
	entry  *entry.Entry
	change *change.Change
	state  charter.State
	why    string
	fresh  bool

	arrival uint64 // under which it is stored, of what is new here
}

// differences adds to a batch in pieces the records of all entries of d whose state isn't the stored
// one. If there are many, a crash in between leaves the document on the list to be judged.
func (r *Replica) differences(p *store.Pieces, d *document) ([]verdict, error) {
	all, err := r.entries(d.id)
	if err != nil {
		return nil, err
	}
	var changed []verdict
	for _, e := range all {
		state, why := r.stateIn(d, e.ID())
		v, err := r.putState(p.Batch(), e, state)
		if err != nil {
			return nil, err
		}
		if v {
			if len(changed) == 0 {
				p.Batch().PutJudge(d.id, true)
			}
			if e.Bare() || d.heads != nil {
				continue
			}
			c, err := change.Parse(e.Payload)
			if err != nil {
				return nil, fmt.Errorf("%w: document %s: %v", store.ErrCorrupt, d.id, err)
			}
			changed = append(changed, verdict{entry: e, change: c, state: state, why: why})
		}
	}
	return changed, nil
}
