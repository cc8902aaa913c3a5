package kind

import (
	"slices"
	"strings"

	"kith/crdt/charter"
)

// The facts that documents of every kind have.
const (
	TagFact    = "tag"    // it has a tag: "tag/paper"
	SharedFact = "shared" // it goes on in a share, and was put there by whoever stands behind the slash, as they are called there; lists alone know it
	LinkedFact = "linked" // it goes on in a share: "linked/" and the document there

	ArchivedFact = "archived" // somebody put it away
	MergedFact   = "merged"   // two wrote at one place in it while apart
	NamedFact    = "named"    // somebody is named in its thread: "named/m-…"
	OfFact       = "of"       // whose it is, where each member has one: see Kind.Single
	FromFact     = "from"     // who began it: "from/m-…"

	ContinuesFact = "continues" // the document that it continues: "continues/n-…"
)

// Facts are the words by which lists, today and completion find a document without reading its view: "open",
// "mine/m-…", "due/2026-12-01". What stands before the slash is the name of the fact.
type Facts struct{ words []string }

// FactsOf gives those of a view, ascending.
func (k *Kind) FactsOf(v *View) []string {
	f := &Facts{}
	for _, t := range v.Tags {
		f.Has(TagFact, t)
	}
	f.Who(FromFact, v.CreatedBy)
	for _, id := range strings.Fields(v.Continues) {
		f.Has(ContinuesFact, id)
	}
	if v.Link != nil {
		f.Has(LinkedFact, v.Link.Doc)
	}
	f.Is(ArchivedFact, v.Archived != nil && !v.Open)
	f.Is(MergedFact, len(v.Apart) > 0)
	for i := range v.Talk {
		if r := &v.Talk[i]; r.Text != "" {
			f.Who(NamedFact, r.For...)
		}
	}
	if k.Facts != nil {
		k.Facts(v, f)
	}
	slices.Sort(f.words)
	return slices.Compact(f.words)
}

// Is notes a fact that is so, or isn't.
func (f *Facts) Is(name string, so bool) {
	if so {
		f.words = append(f.words, name)
	}
}

// Has notes a fact with a value; not if that is "".
func (f *Facts) Has(name, value string) {
	if value != "" {
		f.words = append(f.words, Fact(name, value))
	}
}

// Who notes of whom a fact is so.
func (f *Facts) Who(name string, members ...charter.MemberID) {
	for _, m := range members {
		f.Has(name, m.String())
	}
}

// Fact returns the word for a fact with a value.
func Fact(name, value string) string { return name + "/" + value }

// SplitFact takes the word for a fact apart; value is "" for one that is so or isn't.
func SplitFact(word string) (name, value string) {
	name, value, _ = strings.Cut(word, "/")
	return name, value
}

// ValueOf returns the value that a fact has among these, of several the first; "" if it isn't there.
func ValueOf(facts []string, name string) string {
	for _, word := range facts {
		if is, value := SplitFact(word); is == name {
			return value
		}
	}
	return ""
}

// Want is what is asked of a document: that it has a fact, with a value of which Is says yes, or which is in Of where that isn't nil; without either it
// is one that is so or isn't. With Not it is asked that it hasn't. In an index Of is looked up, and Is asked of all values that there are.
type Want struct {
	Fact string
	Is   func(value string) bool
	Of   []string
	Not  bool
}

// Match says whether a document with these facts has all that is asked of it.
func Match(facts []string, wants []Want) bool {
	for _, w := range wants {
		if slices.ContainsFunc(facts, w.Means) == w.Not {
			return false
		}
	}
	return true
}

// Means says whether a fact is the one that is asked for.
func (w Want) Means(word string) bool {
	name, value, _ := strings.Cut(word, "/")
	return name == w.Fact && (w.Of == nil || slices.Contains(w.Of, value)) && (w.Is == nil || w.Is(value))
}

// Asker is who asks for a list, and where: what a day is differs by that.
type Asker struct {
	Me   string                   // their ID; "" is nobody
	Day  func(when string) string // the day of a date, as "2026-12-01"
	On   func(days int) string    // the day so many days from today, as Day gives it
	Gone func(member string) bool // whether somebody isn't a member any more; nil: nobody is gone
}

// Want is what a filter asks of a document. value is clean, and "" for a filter that takes none.
func (f *Filter) Want(value string, by Asker) Want {
	switch {
	case f.Me:
		return Want{Fact: f.Fact, Is: func(v string) bool { return v == by.Me }}
	case f.Takes == nil:
		return Want{Fact: f.Fact}
	case f.Before:
		before := by.Day(value)
		return Want{Fact: f.Fact, Is: func(v string) bool { return by.Day(v) < before }}
	}
	return Want{Fact: f.Fact, Is: func(v string) bool { return strings.EqualFold(v, value) }}
}

// Cell is what stands behind the title of a document that waits, for who has these IDs.
func (w *Wait) Cell(a Answer, me map[string]bool) (c Cell) {
	switch {
	case w.SaysTo != nil:
		c = w.SaysTo(a, me)
	case w.Says != nil:
		c = w.Says(a)
	}
	return c
}

// Wants is what is asked of a document that waits for somebody.
func (w *Wait) Wants(by Asker) (all []Want) {
	all = append(all, NotArchived)
	want := func(word string, not bool) {
		name, value := SplitFact(word)
		one := Want{Fact: name, Not: not}
		switch value {
		case "me":
			one.Is = func(v string) bool { return v == by.Me }
		case "gone":
			one.Is = func(v string) bool { return by.Gone != nil && by.Gone(v) }
		case "here":
			one.Is = func(v string) bool { return by.Gone == nil || !by.Gone(v) }
		}
		all = append(all, one)
	}
	for _, word := range w.Facts {
		want(word, false)
	}
	if w.But != "" {
		want(w.But, true)
	}
	if w.Before != "" {
		end := by.On(w.Ahead + 1)
		all = append(all, Want{Fact: w.Before, Is: func(v string) bool { return by.Day(v) < end }})
	}
	return all
}

// NotArchived is asked of the documents of all lists but that of those which were put away.
var NotArchived = Want{Fact: ArchivedFact, Not: true}
