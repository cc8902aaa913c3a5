package page

import (
	"net/http"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// reading is a note, an agreement, or a document of a kind that has no page of its own, to be read.
type reading struct {
	D       document
	Above   string
	State   string // what has to be known first; ""
	Facts   []fact
	Said    []said
	Steps   []row // of a checklist
	Plain   bool  // there is no text to be written
	Does    []action
	Next    []action // what the verbs of the kind do
	Talk    *talking
	History []moment
	Many    string // of its kind
	Share   *sharing
	Changed *changed // what others wrote while somebody edited it; nil: they didn't come from there
}

// moment is what somebody did to a document at a time.
type moment struct {
	When string
	Who  string
	Says sentence // what they did
	Why  string   // the reason that they gave
}

// sharing says with whom a document is shared.
type sharing struct{ Says string }

// shared says that a document goes on in a share; nil if it doesn't.
func (in *asking) shared(d document) *sharing {
	s := d.Shared
	switch {
	case s == nil:
		return nil
	case s.Over:
		return &sharing{in.t.T("It was shared with {ally}; that share is over.", "ally", s.With)}
	case s.ReadOnly && s.Ours:
		return &sharing{in.t.T("{ally} reads it, too.", "ally", s.With)}
	case s.ReadOnly:
		return &sharing{in.t.T("It is of {ally}, for reading.", "ally", s.With)}
	}
	return &sharing{in.t.T("{ally} works on it with us: what you write here goes to them, too.", "ally", s.With)}
}

// mostHistory is how many changes stand beside a text.
const mostHistory = 8

func (in *asking) text(w http.ResponseWriter, k *kind.Kind, d document, c *changed) error {
	v := reading{Many: k.Many, D: d, Share: in.shared(d), Changed: c}
	name := capital(in.t.T(k.Name))
	v.Above = dots(name, in.by(d.CreatedBy, "begun by {who}, {when}", "begun by you, {when}", "when", in.Near(d.CreatedAt.In(in.now.Location()))), in.tags(d))
	edit := action{Words: in.t.T("Write in it"), At: in.At(k.Many, d.Short, "edit"), Look: "filled"}
	edits := true
	var err error
	switch k {
	case kinds.Note:
	case kinds.Agreement:
		edits = d.says.Str("status") != kinds.Replaced
		in.agreement(&v)
		edit.Words, edit.Look = in.t.T("Change it"), "line"
	default:
		edit.Words, edit.Look = in.t.T("Change it"), "line"
		v.Facts, v.Said = in.declared(k, d)
		v.Plain = k.Make.Text == kind.No && k.Edit.Text == kind.No
		edits, v.Next, err = in.deedsOf(k, d)
		switch {
		case err == nil && k == kinds.Project:
			err = in.projectHours(&v)
		case k == kinds.Newcomer:
			in.grows(&v)
		}
		if err != nil {
			return err
		}
	}
	if edits {
		v.Does = append(v.Does, edit)
	}
	if a := in.shareAction(k, d); a != nil {
		v.Does = append(v.Does, *a)
	}
	if v.Talk, err = in.talk(k, d); err != nil {
		return err
	}
	versions, err := in.c.History(in.ctx(), k.Many, d.ID)
	if err != nil {
		return err
	}
	for _, one := range versions[:min(len(versions), mostHistory)] {
		v.History = append(v.History, moment{When: in.Moment(one.At.Time), Who: capital(in.namedBy(one.By))})
	}
	in.show(w, http.StatusOK, "text", d.Title, v)
	return nil
}

func (in *asking) agreement(v *reading) {
	d, says := v.D, v.D.says
	if says.Str("status") == kinds.Replaced {
		v.State = in.t.T("Another agreement holds in its place.")
		if by := says.Str("replaced_by"); strings.HasPrefix(by, kinds.Agreement.Letters+"-") { // an ally's isn't shared
			v.Does = append(v.Does, action{Words: in.t.T("Read that one"), At: in.At(kinds.Agreement.Many, by), Look: "filled"})
		}
	}
	if on := says.Str("review_on"); on != "" {
		v.Facts = append(v.Facts, fact{Name: in.t.T("To be looked at again"), Says: capital(in.Due(on, in.Day))})
	}
	if by := says.Str("decision"); by != "" {
		if title, at := in.nowAt(kinds.Decision, by); at != "" {
			v.Does = append(v.Does, action{Words: in.t.T("The decision that made it"), At: at, Look: "plain"})
		} else {
			v.Facts = append(v.Facts, fact{Name: in.t.T("The decision that made it"), Says: title})
		}
	}
	for _, f := range kinds.Figures {
		if figure := f.Told(says); figure != "" {
			v.Facts = append(v.Facts, fact{Name: capital(in.t.T(f.Gist)), Says: figure})
		}
	}
	read, unread := says.List("read_by"), says.List("unread_by")
	if len(read) > 0 {
		v.Facts = append(v.Facts, fact{Name: in.t.T("Has read this text"), Says: capital(in.t.And(in.names(read)))})
	}
	if len(unread) > 0 {
		v.Facts = append(v.Facts, fact{Name: in.t.T("Hasn’t said yet that they read it"), Says: capital(in.t.And(in.names(unread)))})
	}
	for _, m := range unread {
		if in.isMe(m) && v.State == "" {
			v.Does = append(v.Does, in.verbAt(kinds.Agreement, d, "read", "I have read it", "filled"))
		}
	}
}

// document shows one of any kind.
func (in *asking) document(w http.ResponseWriter) error {
	if in.r.PathValue("id") == "new" {
		return in.beginsOne(w)
	}
	k, d, err := in.one()
	if err != nil {
		return err
	}
	var others *changed
	if c, ok := in.p.merged.get(in.r.FormValue("merged")); ok {
		c.Pieces = differences(c.Sent, d.Text())
		others = &c
	}
	switch k.Name {
	case kinds.Decision.Name:
		return in.decision(w, d, nil)
	case kinds.Task.Name:
		return in.task(w, d)
	}
	return in.text(w, k, d, others)
}
