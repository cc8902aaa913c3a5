package desk

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"kith/crdt"
	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/problem"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// asks is what somebody asks of a document, as the API has it: members are IDs, and the text was edited as of heads.
type asks = server.Asks

// begin makes a document of a kind.
func (b *Desk) begin(ctx context.Context, k *kind.Kind, a asks) (Shown, error) {
	r := b.at.Replica
	if err := MayWrite(r, nil); err != nil {
		return Shown{}, err
	}
	figures, err := b.figures()
	if err != nil {
		return Shown{}, err
	}
	a.Figures = map[string]string{}
	for _, f := range figures {
		a.Figures[f.Name] = f.Value
	}
	v, err := r.Create(replica.ByVerb(ctx, k.Make.Name, false), k.Name, func(e replica.Edit) error { return editing{Edit: e}.perform(k, k.Make, a) })
	if err != nil {
		return Shown{}, err
	}
	return b.Look(r, &v), nil
}

// restore makes the text of a document what it was at a change, which head is the start of the hash of. It is as if they
// had typed that text: what others wrote since they were shown the present one stays.
func (b *Desk) restore(ctx context.Context, k *kind.Kind, id, head string) (Shown, error) {
	at, err := b.lookAt(id)
	if err != nil {
		return Shown{}, err
	}
	seen, err := at.shown()
	if err != nil {
		return Shown{}, err
	}
	text, short := "", at.Header().Short
	s, err := b.edit(replica.ByVerb(ctx, "restore", false), id, func(e editing) error {
		hashes, err := versionStarting(e.Judge, head, short)
		var was string
		switch {
		case err == nil:
			was, err = textThen(e.Edit, hashes)
		case e.before != nil:
			was, err = e.before.textAt(func(d *accept.Document) ([]change.Hash, error) { return versionStarting(d, head, short) })
		}
		if err != nil {
			return err
		}
		if live := k.Edit.Live; live != nil {
			if err := live(e.View); err != nil {
				return err
			}
		}
		e.shown, text = seen, was
		w := kind.Writing{Text: was}
		if err := e.onKnown(&w, asks{}); err != nil {
			return err
		}
		if err := e.whole(&w); err != nil {
			return err
		}
		return crdt.RestoreText(w)(e.Doc, e.View)
	})
	if err != nil {
		return s, b.unread(k, id, err)
	}
	return s, s.noteLeft(k, seen, text, asks{})
}

// editing is a change in the making.
type editing struct {
	replica.Edit
	leaver *Leaver // of a document of a home that goes on in a share; else nil
	before *Shown  // of one that came back from there right before: where its writer saw it; else nil
	shown  replica.Shown
}

func (e editing) perform(k *kind.Kind, verb *kind.Verb, a asks) error {
	r, err := e.clean(k, verb, a)
	if err == nil && a.Whole && r.Text != nil {
		err = e.whole(r.Text)
	}
	if err == nil && r.Text != nil && len(r.Text.From) > 0 {
		var stands bool
		if stands, err = e.wrote(*r.Text); stands {
			r.Text = nil
		}
	}
	if err != nil {
		return err
	}
	p := words.People{Rules: e.Charter}
	return e.Perform(k, verb, r, func(m charter.MemberID) string { return p.Named(m).Name })
}

// clean makes of what is asked for what may be read where it goes: this is the one place where it is told for each type
// what that means, so that no verb can forget it.
func (e editing) clean(k *kind.Kind, verb *kind.Verb, a asks) (kind.Request, error) {
	r := a.Request
	if r.Text != nil && e.View != nil {
		w := *r.Text
		if verb == k.Edit {
			if err := e.onKnown(&w, a); err != nil {
				return r, err
			}
		}
		r.Text = &w
	}
	if e.leaver == nil {
		return r, nil
	}
	if r.Title != nil {
		r.Title = new(e.leaver.over(e.View.Title, *r.Title))
	}
	if r.Text != nil {
		was, err := e.textBefore(r.Text)
		if err != nil {
			return r, err
		}
		if verb.Name == "append" {
			was = ""
		}
		w := *r.Text
		w.Text = e.leaver.over(was, w.Text)
		r.Text = &w
	}
	r.Why = e.leaver.Plain(r.Why)
	if r.Tags != nil {
		r.Tags = new(e.plainTags(*r.Tags))
	}
	r.Tag = e.plainTags(r.Tag)
	r.Args = a.Args.Map(func(f *kind.Field, s string) string {
		return e.leaver.over(e.View.Fields[f.Key].Str(), s)
	}, slices.Concat(verb.Args, verb.With))
	for _, f := range verb.With {
		if f.Is == kind.Ref && r.Str(f) != "" {
			return r, problem.New(problem.NotAllowed, "leave it out: kith "+e.View.Kind+" "+verb.Name+" --help",
				"this goes on in a share, and %s names a document of your co-op", r.Str(f))
		}
	}
	return r, nil
}

// plainTags leaves those alone that the document has already.
func (e editing) plainTags(tags []string) (out []string) {
	for _, t := range tags {
		if !slices.Contains(e.View.Tags, t) {
			t = e.leaver.Plain(t)
		}
		out = append(out, t)
	}
	return out
}

// textBefore is the text in whose place somebody writes.
func (e editing) textBefore(w *kind.Writing) (string, error) {
	switch {
	case w.Base != nil:
		return *w.Base, nil
	case len(w.From) > 0:
		return textThen(e.Edit, w.From)
	}
	return e.View.Text, nil
}

// changesIn reads hashes of changes of a document.
func changesIn(d *accept.Document, heads []string) (hashes []change.Hash, err error) {
	for _, h := range heads {
		hash, err := change.ParseHash(h)
		if err != nil || !d.History().Has(hash) {
			return nil, api.Problemf(api.NotFound, "read the document again, and edit that", "this document has no change %.12s", h)
		}
		hashes = append(hashes, hash)
	}
	return hashes, nil
}

// versionStarting finds the one change whose hash starts so, of the document that people know as short.
func versionStarting(d *accept.Document, start, short string) ([]change.Hash, error) {
	start = strings.ToLower(strings.TrimSpace(start))
	var found []change.Hash
	for _, it := range d.Order() {
		if start != "" && strings.HasPrefix(it.Change.Hash.String(), start) {
			found = append(found, it.Change.Hash)
		}
	}
	hint := "kith " + d.Kind() + " history " + short
	switch len(found) {
	case 1:
		return found, nil
	case 0:
		return nil, api.Problemf(api.NotFound, hint, "this %s has no version %.12s", d.Kind(), start)
	}
	return nil, api.Problemf(api.Ambiguous, "give more letters: "+hint, "%d versions start with %s", len(found), start)
}

// listQuery is what a list is asked for.
type listQuery struct {
	kind  *kind.Kind
	wants func(by kind.Asker) []kind.Want // nil: all
	order *kind.Order                     // nil: newest change first
	gone  func(member string) bool        // see kind.Asker
	now   time.Time                       // by the clock of the space
	limit int                             // 0: all
	since int64                           // changed then or later, in milliseconds since the Unix epoch; 0: whenever
	meant []meaning                       // what must be so of each besides, which the index doesn't know; none: nothing
}

// meaning is such a thing. Of what isn't so it isn't until the document is another one, or is shown to somebody.
type meaning struct {
	name string
	is   func(*Shown) (bool, error)
}

// item is one document of a list before its view is read.
type item struct {
	ref replica.Ref
	at  *Shown // of one that goes on in a share, where it was looked at
}

// list gives the documents that a query asks for. What they are found and ordered by is in the index; the views of those
// alone are read that are given, and of those that go on in a share, which change there.
func (b *Desk) list(q listQuery) ([]Shown, error) {
	r := b.at.Replica
	me, _ := r.Me()
	all, err := b.linkedFound(r, q)
	if err != nil {
		return nil, err
	}
	by := ""
	if q.order != nil {
		by = q.order.Fact
	}
	linked := map[entry.DocID]bool{}
	for _, f := range all {
		linked[f.ref.ID] = true
	}
	stored := replica.Query{Kind: q.kind.Name, Wants: q.ask(me.ID), But: linked, By: by, Compare: q.compare, Since: q.since}
	if len(q.meant) == 0 {
		stored.Limit = q.limit
	}
	for _, ref := range r.Select(stored) {
		all = append(all, item{ref: ref})
	}
	all = slices.DeleteFunc(all, func(f item) bool { return f.ref.Kind == "" }) // they go on elsewhere, and aren't wanted
	if len(linked) > 0 {
		slices.SortFunc(all, func(a, b item) int { return q.compare(&a.ref, &b.ref) })
	}
	var out []Shown
	for _, f := range all {
		here := f.at == nil
		if here {
			if slices.ContainsFunc(q.meant, func(m meaning) bool { return r.IsQuiet(m.name, &f.ref, me.ID) }) {
				continue
			}
			v, err := r.View(f.ref.ID)
			if errors.Is(err, replica.ErrNotFound) {
				continue // voided this moment
			}
			if err != nil {
				return nil, err
			}
			f.at = new(b.Look(r, v))
		}
		not, err := q.isNot(f.at)
		if err != nil {
			return nil, err
		}
		if not != "" {
			if here {
				r.NoteQuiet(not, &f.ref, me.ID)
			}
			continue
		}
		out = append(out, *f.at)
		if q.limit > 0 && len(out) == q.limit {
			break
		}
	}
	return out, nil
}

// isNot names what is meant and isn't so of a document; "" if all is.
func (q listQuery) isNot(s *Shown) (name string, err error) {
	for _, m := range q.meant {
		if so, err := m.is(s); err != nil || !so {
			return m.name, err
		}
	}
	return "", nil
}

func (q listQuery) ask(me charter.MemberID) []kind.Want {
	if q.wants == nil {
		return nil
	}
	on := func(days int) string { return q.now.AddDate(0, 0, days).Format(time.DateOnly) }
	by := kind.Asker{Day: day, On: on, Gone: q.gone}
	if me != (charter.MemberID{}) {
		by.Me = me.String()
	}
	return q.wants(by)
}

// day gives the day of a date where this daemon runs, as "2026-12-01"; the date itself if it isn't one.
func day(when string) string {
	at, _, err := api.ParseDate(when, time.Local)
	if err != nil {
		return when
	}
	return at.Format(time.DateOnly)
}

func (q listQuery) compare(a, b *replica.Ref) int {
	n := 0
	switch {
	case q.order == nil || q.order == kind.ByUpdate:
		n = cmp.Compare(b.Updated, a.Updated)
	case q.order == kind.ByCreation:
		n = cmp.Compare(b.Created, a.Created)
	case q.order == kind.ByTitle:
		n = cmp.Compare(a.Title, b.Title)
	case (a.By == "") != (b.By == ""): // those without come last
		n = cmp.Compare(len(b.By), len(a.By))
	default:
		n = cmp.Compare(a.By, b.By)
	}
	if n == 0 {
		n = bytes.Compare(a.ID[:], b.ID[:])
	}
	return n
}

// linkedFound looks through the documents of a co-op that go on in a share: there they have other facts, and its member
// is somebody else. Those that aren't wanted have no kind.
func (b *Desk) linkedFound(r *replica.Replica, q listQuery) (all []item, err error) {
	if shared, _ := r.Share(); shared != nil || len(b.Shares()) == 0 {
		return nil, nil
	}
	for _, doc := range r.Linked(q.kind.Name) {
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		at := b.Look(r, v)
		me, _ := at.Replica.Me()
		f := item{ref: replica.Ref{ID: doc, Updated: int64(at.View.UpdatedAt), Created: int64(v.CreatedAt), Title: replica.TitleKey(at.View.Title)}, at: &at}
		facts := q.kind.FactsOf(at.View)
		facts = append(slices.DeleteFunc(facts, func(word string) bool { name, _ := kind.SplitFact(word); return name == kind.FromFact }),
			kind.Fact(kind.FromFact, v.CreatedBy.String())) // who began it is told as at home
		if at.home != nil {
			facts = append(facts, kind.Fact(kind.SharedFact, at.View.CreatedBy.String()))
		}
		if kind.Match(facts, q.ask(me.ID)) && f.ref.Updated >= q.since {
			f.ref.Kind = v.Kind
			if q.order != nil && q.order.Fact != "" {
				f.ref.By = kind.ValueOf(facts, q.order.Fact)
			}
		}
		all = append(all, f)
	}
	return all, nil
}

// other is a document that this one names: at home, where it goes on elsewhere.
func (s *Shown) other(id string) *crdt.View {
	r := s.Replica
	if s.home != nil {
		r = s.home
	}
	doc, err := DocID(id)
	if err != nil {
		return nil
	}
	v, err := r.View(doc)
	if err != nil {
		return nil
	}
	return v
}

// those are the documents of a kind in the same space of which all this is so.
func (s *Shown) those(of string, wants ...kind.Want) (all []*crdt.View) {
	for _, ref := range s.Replica.Select(replica.Query{Kind: of, Wants: wants}) {
		if v, err := s.Replica.View(ref.ID); err == nil { // else it was voided this moment
			all = append(all, v)
		}
	}
	return all
}

// looked is what the declared fields of an answer are made from.
func (s *Shown) looked() kind.Look {
	l := kind.Look{View: s.View, Named: s.People.Named, Other: s.other, Those: s.those, Called: func(m charter.MemberID) string {
		member, _ := s.People.Rules.Member(m)
		return member.Name
	}, Place: s.Replica.Place, Standing: func(m charter.MemberID) string {
		member, ok := s.People.Rules.Member(m)
		if !ok {
			return ""
		}
		return member.Standing.String()
	}}
	if me, ok := s.Replica.Me(); ok {
		l.Me = me.ID
	}
	if shared, side := s.Replica.Share(); shared != nil {
		l.Coops, l.Ours, l.Doubt = []string{shared.Side(0).Name(), shared.Side(1).Name()}, side, shared.Doubted(1-side)
	}
	return l
}
