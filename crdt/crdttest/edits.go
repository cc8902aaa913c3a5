// Package crdttest makes documents for tests: what a person does to one, a line each.
package crdttest

import (
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// Perform does a verb of a kind; "make" and "edit" are those by which documents are begun and changed.
func Perform(of *kind.Kind, verb string, d kind.Draft) crdt.Edit {
	v := of.Verb(verb)
	switch verb {
	case "make":
		v = of.Make
	case "edit":
		v = of.Edit
	}
	return func(am *automerge.Doc, view *crdt.View) error {
		d := d
		if v == of.Make {
			view = nil
		}
		if view != nil && v.Answers() && d.Asks.Str(kind.Seen) == "" { // they have just read it
			d.Asks.Args = d.Asks.Map(func(_ *kind.Field, words string) string { return words }, nil)
			d.Asks.Put(kind.Seen, change.StrValue(of.Revision(view)))
		}
		return crdt.Perform(of, v, &d)(am, view)
	}
}

type set map[*kind.Field]any

// asks makes a request: of strings that aren't empty, minutes that aren't 0, and lists.
func asks(r kind.Request, given set) kind.Request {
	for f, v := range given {
		switch v := v.(type) {
		case *string:
			if v != nil {
				r.Put(f, change.StrValue(*v))
			}
		case string:
			if v != "" {
				r.Put(f, change.StrValue(v))
			}
		case *kind.Minutes:
			if v != nil {
				r.Put(f, change.IntValue(int64(*v)))
			}
		case kind.Minutes:
			if v != 0 {
				r.Put(f, change.IntValue(int64(v)))
			}
		case []charter.MemberID:
			r.PutAll(f, ids(v))
		}
	}
	return r
}

func ids(members []charter.MemberID) (out []string) {
	for _, m := range members {
		out = append(out, m.String())
	}
	return out
}

func begins(title, text string, tags []string) kind.Request {
	return kind.Request{Title: &title, Text: &kind.Writing{Text: text}, Tag: tags}
}

func field(of *kind.Kind, key string) *kind.Field {
	for _, v := range append([]*kind.Verb{of.Make, of.Edit}, of.Verbs...) {
		if v == nil {
			continue
		}
		for _, f := range append(append(v.Args, v.With...), v.By) {
			if f != nil && f.Key == key {
				return f
			}
		}
	}
	return of.Field(key)
}

// Common is a change of what documents of every kind have. A nil pointer leaves a field alone.
type Common struct {
	Title      *string
	Text       *string
	From       []change.Hash
	Base       *string
	Tags       *[]string
	AddTags    []string
	RemoveTags []string
}

func (c Common) asks() kind.Request {
	r := kind.Request{Title: c.Title, Tags: c.Tags, Tag: c.AddTags, Untag: c.RemoveTags}
	if c.Text != nil {
		r.Text = &kind.Writing{Text: *c.Text, From: c.From, Base: c.Base}
	}
	return r
}

// EditText brings in what a person did to a text: they saw base and left want.
func EditText(base, want string) crdt.Edit {
	return anyKind("edit", kind.Request{Text: &kind.Writing{Text: want, Base: &base}})
}

// Typing is EditText for a person who is asked for the text again and again while they type.
func Typing(base, want string) crdt.Edit {
	return anyKind("edit", kind.Request{Text: &kind.Writing{Text: want, Base: &base, Typing: true}})
}

// EditTextFrom is EditText for a person who saw the text as of some heads.
func EditTextFrom(heads []change.Hash, want string) crdt.Edit {
	return anyKind("edit", kind.Request{Text: &kind.Writing{Text: want, From: heads}})
}

// AppendText adds s at the end of the text, as a paragraph of its own.
func AppendText(s string) crdt.Edit {
	return anyKind("append", kind.Request{Text: &kind.Writing{Text: s}})
}

// anyKind does to a document of any kind what can be done to a note.
func anyKind(verb string, r kind.Request) crdt.Edit {
	return func(am *automerge.Doc, v *crdt.View) error {
		k, is := *kinds.Note, *v
		k.Name, k.Edit = v.Kind, kinds.Note.Edit
		return Perform(&k, verb, kind.Draft{Asks: r})(am, &is)
	}
}

// TaskFields is what a task begins with.
type TaskFields struct {
	Title, Text  string
	Tags         []string
	Project, Due string
	Minutes      kind.Minutes
	Ask          []charter.MemberID
}

// NewTask creates a task, and asks members to take it.
func NewTask(now time.Time, f TaskFields) crdt.Edit {
	return Perform(kinds.Task, "make", kind.Draft{Now: now, Asks: asks(begins(f.Title, f.Text, f.Tags), set{
		field(kinds.Task, "project"): f.Project, field(kinds.Task, "due"): f.Due, field(kinds.Task, "hours"): f.Minutes,
		field(kinds.Task, "ask"): f.Ask,
	})})
}

// TaskEdit is a change of a task's fields. A nil pointer leaves a field alone; "" and 0 empty it.
type TaskEdit struct {
	Common
	Project, Due *string
	Minutes      *kind.Minutes
}

// EditTask changes the fields of a task.
func EditTask(e TaskEdit) crdt.Edit {
	return Perform(kinds.Task, "edit", kind.Draft{Asks: asks(e.Common.asks(), set{
		field(kinds.Task, "project"): e.Project, field(kinds.Task, "due"): e.Due, field(kinds.Task, "hours"): e.Minutes,
	})})
}

// Ask asks members to take a task.
func Ask(now time.Time, members ...charter.MemberID) crdt.Edit {
	return Perform(kinds.Task, "ask", kind.Draft{Now: now, Asks: asks(kind.Request{}, set{kind.Whom: members})})
}

func task(verb string, by charter.MemberID, why string, undo bool) crdt.Edit {
	return Perform(kinds.Task, verb, kind.Draft{Author: by, Asks: kind.Request{Why: why, Undo: undo}})
}

// The verbs of a task.
func Accept(by charter.MemberID) crdt.Edit              { return task("accept", by, "", false) }
func Decline(by charter.MemberID, why string) crdt.Edit { return task("decline", by, why, false) }
func PutBack(by charter.MemberID) crdt.Edit             { return task("take", by, "", true) }
func Finish() crdt.Edit                                 { return task("done", charter.MemberID{}, "", false) }
func Reopen() crdt.Edit                                 { return task("reopen", charter.MemberID{}, "", false) }
func Drop(why string) crdt.Edit                         { return task("drop", charter.MemberID{}, why, false) }
func AskHelp(by charter.MemberID, why string) crdt.Edit { return task("help", by, why, false) }
func EndHelp(by charter.MemberID) crdt.Edit             { return task("help", by, "", true) }
func Offer(by charter.MemberID, why string) crdt.Edit   { return task("offer", by, why, false) }
func EndOffer(by charter.MemberID) crdt.Edit            { return task("offer", by, "", true) }
func Take(by charter.MemberID, now time.Time) crdt.Edit {
	return Perform(kinds.Task, "take", kind.Draft{Author: by, Now: now})
}
func HandOver(by, to charter.MemberID, now time.Time, note string) crdt.Edit {
	next := field(kinds.Task, "note")
	return Perform(kinds.Task, "hand-over", kind.Draft{Author: by, Now: now, Asks: asks(kind.Request{}, set{
		field(kinds.Task, "members"): []charter.MemberID{to}, next: note,
	})})
}
func Start(by charter.MemberID, now time.Time) crdt.Edit {
	return Perform(kinds.Task, "start", kind.Draft{Author: by, Now: now})
}

// NoteFields is what a note begins with.
type NoteFields struct {
	Title, Text string
	Tags        []string
}

// NewNote creates a note.
func NewNote(f NoteFields) crdt.Edit {
	return Perform(kinds.Note, "make", kind.Draft{Asks: begins(f.Title, f.Text, f.Tags)})
}

// EditNote changes title, text and tags of a note.
func EditNote(c Common) crdt.Edit { return Perform(kinds.Note, "edit", kind.Draft{Asks: c.asks()}) }

// DecisionFields is what a decision begins with.
type DecisionFields struct {
	Title, Text string
	Tags        []string
	Process     string // "" is by consent
	By, Review  string
}

// NewDecision proposes a decision.
func NewDecision(by charter.MemberID, f DecisionFields) crdt.Edit {
	return Perform(kinds.Decision, "make", kind.Draft{Author: by, Asks: asks(begins(f.Title, f.Text, f.Tags), set{
		field(kinds.Decision, "process"): f.Process, field(kinds.Decision, "by"): f.By, field(kinds.Decision, "review"): f.Review,
	})})
}

// DecisionEdit is a change of a decision's fields. A nil pointer leaves a field alone.
type DecisionEdit struct {
	Common
	By, Review *string
}

// EditDecision changes a decision.
func EditDecision(by charter.MemberID, e DecisionEdit) crdt.Edit {
	return Perform(kinds.Decision, "edit", kind.Draft{Author: by, Asks: asks(e.Common.asks(), set{
		field(kinds.Decision, "by"): e.By, field(kinds.Decision, "review"): e.Review,
	})})
}

// TakePosition says what the author thinks of a decision; seen is the revision that they read, or "".
func TakePosition(by charter.MemberID, stance, why, seen string) crdt.Edit {
	return Perform(kinds.Decision, "position", kind.Draft{Author: by, Asks: asks(kind.Request{Why: why}, set{
		field(kinds.Decision, "stance"): &stance, field(kinds.Decision, "revision"): seen,
	})})
}

// Withdraw takes the author's own proposal back.
func Withdraw(by charter.MemberID, why string) crdt.Edit {
	return Perform(kinds.Decision, "withdraw", kind.Draft{Author: by, Asks: kind.Request{Why: why}})
}

// Close records the outcome that the positions give.
func Close(by charter.MemberID, now time.Time, text string, names kinds.Names) crdt.Edit {
	return Perform(kinds.Decision, "close", kind.Draft{Author: by, Now: now, Name: names, Asks: kind.Request{Text: &kind.Writing{Text: text}}})
}

// AllyFields is what an ally's document begins with.
type AllyFields struct {
	Title             string
	Share, Side, Step string // each 64 hexadecimal digits
}

// NewAlly creates the document of a share with an ally.
func NewAlly(f AllyFields) crdt.Edit {
	return Perform(kinds.Ally, "make", kind.Draft{Asks: kinds.KeepShare(f.Title, f.Share, f.Side, f.Step)})
}

// TakeSeat says who a member is in the share.
func TakeSeat(by charter.MemberID, seat string) crdt.Edit {
	return Perform(kinds.Ally, "seat", kind.Draft{Author: by, Asks: kinds.Sitting(seat)})
}

// NewRequest creates a request to an ally.
func NewRequest(title, text, code string) crdt.Edit {
	return Perform(kinds.Ask, "make", kind.Draft{Asks: kinds.AskFor(title, text, code)})
}

// AnswerRequest answers it.
func AnswerRequest(by charter.MemberID, result, why string, shared []string) crdt.Edit {
	return Perform(kinds.Ask, "answer", kind.Draft{Author: by, Asks: kinds.Answering(result, why, shared)})
}

// WithdrawRequest takes the author's own request back.
func WithdrawRequest(by charter.MemberID, why string) crdt.Edit {
	return Perform(kinds.Ask, "withdraw", kind.Draft{Author: by, Asks: kind.Request{Why: why}})
}
