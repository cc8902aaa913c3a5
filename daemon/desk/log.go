package desk

import (
	"context"
	"errors"
	"strconv"
	"time"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Log implements server.Documents.
func (b *Desk) Log(_ context.Context, f server.LogFilter) ([]api.LogLine, error) {
	r := b.at.Replica
	var doc entry.DocID
	var err error
	if f.Document != "" {
		if doc, err = DocID(f.Document); err != nil {
			return nil, replica.ErrNotFound
		}
	}
	q := logQuery{LogFilter: f}
	if q.after, err = arrivalOf(r, f.Since); err != nil {
		return nil, err
	}
	out := heldBack(r, f)
	q.Limit += len(out) * min(f.Limit, 1)
	if doc != (entry.DocID{}) {
		if v, err := r.View(doc); err == nil {
			if s := b.Look(r, v); s.home != nil { // first what was done to it where it goes on
				if out, err = logOf(s.Replica, s.View.ID, &logQuery{LogFilter: f}, nil); err != nil {
					return nil, err
				}
				for i := range out {
					out[i].ID, out[i].Short = api.FullID(v.Kind, v.ID.String()), words.ShortID(r, v.Kind, v.ID)
				}
			}
		}
	}
	if out, err = logOf(r, doc, &q, out); err != nil || !f.Note || q.newest == 0 {
		return out, err
	}
	if q.cut {
		if was, err := arrivalOf(r, server.LastTime); err != nil || q.oldest > was+1 {
			return out, err // what was left out is new next time
		}
	}
	return out, r.NoteShown(logShown, replica.Shown{Revision: strconv.FormatUint(q.newest, 10)})
}

// heldBack is what is held back here, if what counts for nothing is asked for: a line for each device, since its entries
// aren't here to be told one by one.
func heldBack(r *replica.Replica, f server.LogFilter) (out []api.LogLine) {
	if !f.Void || f.Document != "" || f.Of != "" || f.Since != "" {
		return nil
	}
	p := words.People{Rules: r.Rules()}
	for _, h := range r.Held() {
		if l := p.Held(h); f.From == "" || l.By.ID == f.From {
			out = append(out, l)
		}
	}
	return out
}

// logShown is under what it is kept how far somebody was shown the log: the number of an arrival.
const logShown = "log"

// logQuery is what the log is asked for, by arrivals.
type logQuery struct {
	server.LogFilter
	after          uint64 // what arrived later
	newest, oldest uint64 // that were looked at
	cut            bool   // there may be older ones
}

// arrivalOf gives the number of the arrival after which the log is asked for.
func arrivalOf(r *replica.Replica, since string) (uint64, error) {
	switch since {
	case "":
		return 0, nil
	case server.LastTime:
		was, err := r.Shown(logShown)
		if err != nil || was.Revision == "" {
			return 0, err
		}
		return strconv.ParseUint(was.Revision, 10, 64)
	}
	t, err := time.Parse(time.RFC3339, since)
	if err != nil {
		return 0, err
	}
	return r.ArrivedBefore(t)
}

// logOf gives lines of the log of a replica behind those that there are.
func logOf(r *replica.Replica, doc entry.DocID, f *logQuery, out []api.LogLine) ([]api.LogLine, error) {
	if f.Limit > 0 && len(out) >= f.Limit {
		return out, nil
	}
	var broken error
	titles := map[entry.DocID]*crdt.View{}
	w := words.NewIn(r)
	seen := newSeen(r, w)
	err := r.Log(doc, func(l replica.Line) bool {
		if l.Arrival <= f.after {
			return false // newest first
		}
		f.newest, f.oldest = max(f.newest, l.Arrival), l.Arrival
		if f.From != "" && l.Author.String() != f.From {
			return true
		}
		if f.Void == (l.State == charter.Void) && (f.Void || !acknowledges(l.Entry)) {
			line := logLine(r, w, l, titles)
			if f.Of != "" && line.Kind != f.Of {
				return true
			}
			if err := seen.by(l, &line); err != nil {
				broken = err
				return false
			}
			out = append(out, line)
		}
		f.cut = f.Limit > 0 && len(out) >= f.Limit
		return !f.cut
	})
	return out, errors.Join(err, broken)
}

// acknowledges says whether an entry only says what its maker has seen.
func acknowledges(e *entry.Entry) bool {
	if e.Kind != entry.Statement {
		return false
	}
	s, err := charter.ReadStatement(e.Payload)
	return err == nil && s.Type == charter.TypeSeen
}

func logLine(r *replica.Replica, w *words.Words, l replica.Line, views map[entry.DocID]*crdt.View) api.LogLine {
	p := w.People
	out := api.LogLine{
		Entry: l.Entry.ID().String(), By: p.Named(l.Author), Device: p.Device(l.Entry.Device),
		State: l.State.String(), Why: l.Why, Kind: "charter",
	}
	if l.Author == (charter.MemberID{}) {
		out.By = api.Named{ID: "", Name: words.OutsideCharter}
	}
	if l.Change == nil {
		out.At = api.At(r.Came(l.Entry.ID()))
		out.Says = statementSays(w, l)
		return out
	}
	out.At = api.At(crdt.Time(l.Change.Time).Time())
	v, seen := views[l.Entry.Doc]
	if !seen {
		v, _ = r.View(l.Entry.Doc) // none: nothing of it is accepted
		views[l.Entry.Doc] = v
	}
	out.Adoptable = l.CanBeAdopted()
	out.Kind = "document"
	if l.Entry.Create != nil {
		out.Kind = l.Entry.Create.Kind
	}
	if v != nil {
		out.Kind, out.Title, out.Short = v.Kind, v.Title, words.ShortID(r, v.Kind, v.ID)
	}
	out.ID = api.FullID(out.Kind, l.Entry.Doc.String())
	if by, ok := l.BroughtBy(); ok {
		out.BroughtBy = p.OrNobody(by)
	}
	changes := l.Says()
	out.Says = words.Says(p, changes)
	for _, c := range changes {
		f := api.FieldChange{Field: c.Field, Verb: c.Verb, To: c.To}
		if c.Member != nil {
			f.Member = p.OrNobody(*c.Member)
		}
		out.Changes = append(out.Changes, f)
	}
	return out
}

// statementSays is a charter statement in words, without its subject, and the reason it gives.
func statementSays(w *words.Words, l replica.Line) []string {
	s, err := charter.ReadStatement(l.Entry.Payload)
	if err != nil {
		return []string{"wrote a statement that can't be read"}
	}
	said := w.Of(l.Author).Statement(&s, l.Author)
	if said.Why == "" {
		return []string{said.Says}
	}
	return []string{said.Says + ": " + said.Why}
}
