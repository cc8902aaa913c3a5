package schema_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/kinds"
	. "kith/crdt/schema"
)

var (
	ana = charter.MemberID{1, 0xaa}
	ben = charter.MemberID{2, 0xbb}

	anID = strings.Repeat("a5", 32) // of a space, or a step
)

// Keys of kinds.
const (
	Project   = "project"
	Due       = "due"
	Hours     = "hours"
	Status    = "status"
	StatusWhy = "status_why"
	Asked     = "asked"
	Process   = "process"
	DecideBy  = "by"
	Review    = "review"
	Withdrawn = "withdrawn"
	Share     = "share"
	Side      = "side"
	Step      = "step"
	Code      = "code"

	OwnAnswer   = "answer"
	OwnTaken    = "taken"
	OwnHelp     = "help"
	OwnOffer    = "offer"
	OwnPosition = "position"
	OwnRecord   = "record"
	OwnSeat     = "seat"

	MaxRecord  = 32_000
	MaxMinutes = 10_000_000
)

// makes, puts and says are operations on a key of the root.
func makes(key string, a change.Action) change.Op { return changetest.Make(change.OpID{}, key, a) }

func puts(key string, v change.Value) change.Op { return changetest.Put(change.OpID{}, key, v) }

func says(key, s string) change.Op { return puts(key, change.StrValue(s)) }

// parts are the operations that every first change of a kind needs; the nth one makes the nth.
func parts(kind string) []change.Op {
	ops := []change.Op{makes(Text, change.MakeText), makes(Tags, change.MakeMap)}
	if kind == "task" {
		ops = append(ops, makes(Asked, change.MakeMap))
	}
	return ops
}

// The objects that a first change makes of parts alone, by its actor.
func creators(n uint64) change.OpID { return change.OpID{Counter: n, Actor: "creator"} }

var (
	theText  = creators(1)
	theTags  = creators(2)
	theAsked = creators(3)
)

// begun is the history of a document with nothing in it but its parts, "process" and Ben's help.
func begun(t *testing.T, kind string) *change.History {
	t.Helper()
	h := change.NewHistory()
	ops := parts(kind)
	switch kind {
	case "decision":
		ops = append(ops, says(Process, "consent"), says(OwnKey(ben, OwnPosition), "{}"))
	case "task":
		ops = append(ops, says(OwnKey(ben, OwnHelp), "too much"), says("title", "Order paper"))
	}
	ops = append(ops, changetest.Insert(theText, change.OpID{}, change.StrValue("a")))
	c := changetest.New(h, "creator", ops...)
	k, _ := kinds.All.Table(kind)
	if err := h.Check(c); err != nil {
		t.Fatal(err)
	}
	if err := k.Check(c, 1, true, ben, h); err != nil {
		t.Fatalf("a plain first change of a %s: %v", kind, err)
	}
	h.Add(c)
	return h
}

func why(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var e *Error
	if !errors.As(err, &e) {
		t.Fatalf("%T, want *Error: %v", err, err)
	}
	return e.Why
}

func expect(t *testing.T, err error, want string) {
	t.Helper()
	got := why(t, err)
	if want == "" && got != "" || want != "" && !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatALaterChangeMayWrite(t *testing.T) {
	const fine = ""
	over := func(op change.Op, preds ...change.OpID) change.Op {
		op.Pred = preds
		return op
	}
	del := func(obj change.OpID, key string, preds ...change.OpID) change.Op {
		return change.Op{Obj: obj, InMap: true, Key: key, Action: change.Delete, Pred: preds}
	}
	long := func(n int) change.Value { return change.StrValue(strings.Repeat("x", n)) }
	tests := []struct {
		name, kind string
		op         change.Op
		want       string
	}{
		{"a title can be set", "note", says(Title, "Riso"), fine},
		{"a title can have 1,000 bytes", "note", puts(Title, long(1000)), fine},
		{"a title can't have 1,001 bytes", "note", puts(Title, long(1001)), "1001 bytes, the limit is 1000"},
		{"a title can't be a number", "note", puts(Title, change.IntValue(3)), "must be words"},
		{"a title can't be nothing", "note", puts(Title, change.Value{}), "must be words"},
		{"a title can't be bytes", "note", puts(Title, change.BytesValue([]byte("a"))), "must be words"},
		{"a title can't be a counter", "note", puts(Title, change.CounterValue(1)), "must be words"},
		{"a title can't be a map", "note", makes(Title, change.MakeMap), "plain value"},
		{"a title can't be a text", "note", makes(Title, change.MakeText), "plain value"},
		{"a title can't be incremented", "note", change.Op{InMap: true, Key: Title, Action: change.Increment, Value: change.IntValue(1)}, "plain value"},

		{"a text can't be replaced by another text", "note", over(makes(Text, change.MakeText), theText), "can't be replaced"},
		{"a text can't be made again beside the first", "note", makes(Text, change.MakeText), "can't be replaced"},
		{"a text can't be replaced by words", "note", over(says(Text, "mine"), theText), "can't be replaced"},
		{"a text can't be deleted", "note", del(change.OpID{}, Text, theText), "can't be replaced"},
		{"tags can't be deleted", "note", del(change.OpID{}, Tags, theTags), "can't be replaced"},
		{"the list of those asked can't be made again", "task", makes(Asked, change.MakeMap), "can't be replaced"},
		{"a container under another key can't be made later", "note", makes("more", change.MakeMap), "has no “more”"},
		{"a container can't be made inside a map", "note", changetest.Make(theTags, "a", change.MakeMap), "plain values only"},
		{"a container can't be made inside a text", "note", change.Op{Obj: theText, Insert: true, Action: change.MakeMap}, "characters only"},

		{"who made it can't be forged in the content", "note", says("created_by", ana.String()), "has no “created_by”"},
		{"a key that no kind has", "note", says("colour", "red"), "has no “colour”"},
		{"a key with another case", "note", says("Title", "Riso"), "has no “Title”"},
		{"a key of another kind", "note", says(Due, "2026-12-01"), "has no “due”"},
		{"an empty key", "note", says("", "x"), "has no “”"},
		{"a key that would upset a terminal", "note", says("a\x1b[2J\u202e", "x"), "has no “a·[2J·”"},
		{"a long key is cut in the reason", "note", says(strings.Repeat("k", 1000), "x"), "k…”"},

		{"a character can be inserted", "note", changetest.Insert(theText, change.OpID{}, change.StrValue("é")), fine},
		{"an emoji of many parts can be inserted", "note", changetest.Insert(theText, change.OpID{}, change.StrValue("👩‍👩‍👧‍👦")), fine},
		{"65 bytes can't stand at one place in a text", "note", changetest.Insert(theText, change.OpID{}, long(65)), "one character at a place"},
		{"nothing can't stand at a place in a text", "note", changetest.Insert(theText, change.OpID{}, long(0)), "one character at a place"},
		{"a number can't stand in a text", "note", changetest.Insert(theText, change.OpID{}, change.IntValue(1)), "characters only"},
		{"a character can be deleted", "note", change.Op{Obj: theText, Elem: creators(3), Action: change.Delete, Pred: []change.OpID{creators(3)}}, fine},
		{"a character can't be put over another", "note", change.Op{Obj: theText, Elem: creators(3), Action: change.Set, Value: change.StrValue("b"), Pred: []change.OpID{creators(3)}}, "characters only"},
		{"a text has no marks", "note", change.Op{Obj: theText, Insert: true, Action: change.Mark, MarkName: "bold", Value: change.BoolValue(true)}, "characters only"},

		{"a tag can be set", "note", changetest.Put(theTags, "paper", change.BoolValue(true)), fine},
		{"a tag can't be false", "note", changetest.Put(theTags, "paper", change.BoolValue(false)), "must be true"},
		{"a tag can't be words", "note", changetest.Put(theTags, "paper", change.StrValue("yes")), "must be true"},
		{"a tag can have 100 bytes", "note", changetest.Put(theTags, strings.Repeat("t", 100), change.BoolValue(true)), fine},
		{"a tag can't have 101 bytes", "note", changetest.Put(theTags, strings.Repeat("t", 101), change.BoolValue(true)), "can't hold"},
		{"a tag can't be empty", "note", changetest.Put(theTags, "", change.BoolValue(true)), "can't hold"},

		{"a project", "task", says(Project, "Shop"), fine},
		{"8,000 bytes are enough", "task", puts(Project, long(8001)), "8001 bytes"},
		{"a due day", "task", says(Due, "2026-12-01"), fine},
		{"a due moment", "task", says(Due, "2026-12-01T15:00:00Z"), fine},
		{"no due date any more", "task", says(Due, ""), fine},
		{"a due date in words", "task", says(Due, "friday"), "must be a date"},
		{"a due date with a zone", "task", says(Due, "2026-12-01T15:00:00+01:00"), "must be a date"},
		{"hours", "task", puts(Hours, change.IntValue(90)), fine},
		{"hours below zero", "task", puts(Hours, change.IntValue(-1)), "must be between"},
		{"hours as an unsigned number", "task", puts(Hours, change.UintValue(1)), "whole number"},
		{"hours as a fraction", "task", puts(Hours, change.FloatValue(1.5)), "whole number"},
		{"a status", "task", says(Status, "doing"), fine},
		{"a status that doesn't exist", "task", says(Status, "blocked"), "must be one of open, doing, done, dropped"},
		{"somebody asked", "task", changetest.Put(theAsked, ana.String(), change.IntValue(1)), fine},
		{"somebody asked at no time", "task", changetest.Put(theAsked, ana.String(), change.BoolValue(true)), "whole number"},
		{"somebody asked by their name", "task", changetest.Put(theAsked, "Ana", change.IntValue(1)), "can't hold"},

		{"what Ana says herself", "task", says(OwnKey(ana, OwnHelp), "busy"), fine},
		{"what Ana took", "task", puts(OwnKey(ana, OwnTaken), change.IntValue(5)), fine},
		{"what Ana took, in words", "task", says(OwnKey(ana, OwnTaken), "now"), "whole number"},
		{"what Ana takes back", "task", del(change.OpID{}, OwnKey(ana, OwnHelp)), fine},
		{"Ana's own, as a map", "task", makes(OwnKey(ana, OwnHelp), change.MakeMap), "plain value"},
		{"Ana's own, as a counter", "task", puts(OwnKey(ana, OwnTaken), change.CounterValue(5)), "whole number"},
		{"a field of Ana's that doesn't exist", "task", says(OwnKey(ana, "mood"), "fine"), "can't say “mood”"},
		{"a field of another kind", "task", says(OwnKey(ana, OwnPosition), "{}"), "can't say “position”"},
		{"a field below a field", "task", says(OwnKey(ana, OwnHelp)+"/x", "fine"), "can't say"},

		{"setting what Ben says", "task", says(OwnKey(ben, OwnAnswer), `{"answer":"accepted"}`), OwnSay},
		{"setting over what Ben says", "task", over(says(OwnKey(ben, OwnHelp), ""), creators(4)), OwnSay},
		{"deleting what Ben says", "task", del(change.OpID{}, OwnKey(ben, OwnHelp), creators(4)), OwnSay},
		{"incrementing what Ben says", "task", change.Op{InMap: true, Key: OwnKey(ben, OwnTaken), Action: change.Increment, Value: change.IntValue(1)}, OwnSay},
		{"making a map where Ben speaks", "task", makes(OwnKey(ben, OwnHelp), change.MakeMap), OwnSay},
		{"a field of Ben's that doesn't exist", "task", says(OwnKey(ben, "mood"), "bad"), OwnSay},
		{"a member in upper case", "task", says("by:"+strings.ToUpper(ana.String())+"/help", "x"), OwnSay},
		{"a member without their letter", "task", says("by:"+ana.String()[2:]+"/help", "x"), OwnSay},
		{"a member with a space", "task", says("by: "+ana.String()+"/help", "x"), OwnSay},
		{"a member cut short", "task", says("by:"+ana.String()[:33]+"/help", "x"), OwnSay},
		{"a member by name", "task", says("by:Ana/help", "x"), OwnSay},
		{"a member who doesn't exist", "task", says("by:m-00000000000000000000000000000000/help", "x"), OwnSay},
		{"nobody", "task", says("by:/help", "x"), OwnSay},
		{"the bare prefix", "task", says("by:", "x"), OwnSay},
		{"the prefix in upper case is no key at all", "task", says("BY:"+ana.String()+"/help", "x"), "has no"},

		{"a position", "decision", says(OwnKey(ana, OwnPosition), `{"stance":"consent"}`), fine},
		{"a position for Ben", "decision", says(OwnKey(ben, OwnPosition), `{"stance":"consent"}`), OwnSay},
		{"a record has room for many positions", "decision", puts(OwnKey(ana, OwnRecord), long(MaxRecord)), fine},
		{"a process, later", "decision", says(Process, "majority"), "can't be changed any more"},
		{"a process, over the first", "decision", over(says(Process, "majority"), creators(3)), "can't be changed any more"},
		{"a process taken away", "decision", del(change.OpID{}, Process, creators(3)), "can't be changed any more"},
		{"a date to decide by", "decision", says(DecideBy, "2027-02-28"), fine},
		{"a day that doesn't exist", "decision", says(Review, "2027-02-29"), "must be a date"},

		{"where a document goes on", "note", says(Link, `{"share":"5"}`), fine},
		{"that it goes on here again", "task", says(Link, ""), fine},
		{"where a document goes on, as a map", "decision", makes(Link, change.MakeMap), "plain value"},
		{"8,001 bytes of where a document goes on", "note", puts(Link, long(8001)), "8001 bytes"},
		{"that it is for one side alone, later", "note", puts(Kept, change.BoolValue(true)), "can't be changed any more"},
		{"that it isn't for one side alone any more", "note", del(change.OpID{}, Kept, creators(3)), "can't be changed any more"},

		{"another share of an ally", "ally", says(Share, anID), "can't be changed any more"},
		{"another side of an ally", "ally", says(Side, anID), "can't be changed any more"},
		{"another step of an ally", "ally", says(Step, anID), "can't be changed any more"},
		{"another name of an ally", "ally", says(Title, "Quilted"), fine},
		{"who Ana is in a share", "ally", says(OwnKey(ana, OwnSeat), "{}"), fine},
		{"who Ben is in a share", "ally", says(OwnKey(ben, OwnSeat), "{}"), OwnSay},
		{"a seat where there is none", "note", says(OwnKey(ana, OwnSeat), "{}"), "can't say “seat”"},
		{"another code of what is asked", "ask", says(Code, "kitha1"), "can't be changed any more"},
		{"what is asked, withdrawn", "ask", says(Withdrawn, "found it"), fine},
		{"what Ana answers", "ask", says(OwnKey(ana, OwnAnswer), "{}"), fine},
		{"what Ben answers", "ask", says(OwnKey(ben, OwnAnswer), "{}"), OwnSay},
		{"who was asked, of an ally", "ask", changetest.Put(theTags, ana.String(), change.IntValue(1)), "must be true"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := begun(t, tt.kind)
			k, _ := kinds.All.Table(tt.kind)
			// Some of these History.Check would stop before; the kind stops them alone as well.
			c := &change.Change{Actor: "ana's", Seq: 1, StartOp: h.MaxOp() + 1, Deps: h.Heads(), Ops: []change.Op{tt.op}}
			expect(t, k.Check(c, 1, false, ana, h), tt.want)
		})
	}
}

func TestOneWrongOperationIsEnough(t *testing.T) {
	h := begun(t, "task")
	k, _ := kinds.All.Table("task")
	c := changetest.New(h, "ana's", says(Project, "Shop"), says(OwnKey(ana, OwnHelp), "x"), says(OwnKey(ben, OwnAnswer), "{}"))
	err := k.Check(c, 1, false, ana, h)
	expect(t, err, OwnSay)
	if e := err.(*Error); e.Op != 2 {
		t.Errorf("operation %d at fault, want 2", e.Op)
	}
}

func TestNobodyCanWriteIntoAPartThatIsNotTheKinds(t *testing.T) {
	h := begun(t, "note")
	k, _ := kinds.All.Table("note")
	for name, obj := range map[string]change.OpID{
		"a character":           creators(3),
		"nothing that exists":   {Counter: 99, Actor: "creator"},
		"what this change made": {Counter: h.MaxOp() + 1, Actor: "ana's"},
	} {
		c := &change.Change{Actor: "ana's", Seq: 1, StartOp: h.MaxOp() + 1, Deps: h.Heads(), Ops: []change.Op{
			changetest.Put(obj, "x", change.BoolValue(true)),
		}}
		t.Run(name, func(t *testing.T) { expect(t, k.Check(c, 1, false, ana, h), "a part that a note doesn't have") })
	}
}

func TestWhatAFirstChangeMayWrite(t *testing.T) {
	const fine = ""
	tests := []struct {
		name, kind string
		ops        []change.Op
		want       string
	}{
		{"a note's parts", "note", parts("note"), fine},
		{"a task's parts", "task", parts("task"), fine},
		{"a decision's parts, and its process", "decision", append(parts("decision"), says(Process, "advice")), fine},
		{"words in the text at once", "note", append(parts("note"), changetest.Insert(change.OpID{Counter: 1}, change.OpID{}, change.StrValue("a"))), fine},
		{"tags at once", "note", append(parts("note"), changetest.Put(change.OpID{Counter: 2}, "paper", change.BoolValue(true))), fine},
		{"what the author says at once", "task", append(parts("task"), puts(OwnKey(ana, OwnTaken), change.IntValue(1))), fine},
		{"what Ben says", "task", append(parts("task"), puts(OwnKey(ben, OwnTaken), change.IntValue(1))), OwnSay},
		{"nothing", "note", nil, "doesn't make all parts"},
		{"no tags", "note", []change.Op{makes(Text, change.MakeText)}, "doesn't make all parts"},
		{"a note's parts for a task", "task", parts("note"), "doesn't make all parts"},
		{"a task's parts for a note", "note", parts("task"), "has no “asked”"},
		{"a text as a list", "note", []change.Op{makes(Text, change.MakeList)}, "wrong type"},
		{"a text as plain words", "note", []change.Op{says(Text, "all")}, "wrong type"},
		{"two texts", "note", append(parts("note"), makes(Text, change.MakeText)), "made twice"},
		{"a map in the tags", "note", append(parts("note"), changetest.Make(change.OpID{Counter: 2}, "a", change.MakeMap)), "plain values only"},
		{"words in the tags", "note", append(parts("note"), changetest.Put(change.OpID{Counter: 2}, "a", change.StrValue("b"))), "must be true"},
		{"an ally's parts, and its share", "ally", append(parts("ally"), says(Share, anID), says(Side, anID), says(Step, anID)), fine},
		{"an ally's share in upper case", "ally", append(parts("ally"), says(Share, strings.ToUpper(anID))), "64 hexadecimal digits"},
		{"an ally's share cut short", "ally", append(parts("ally"), says(Share, anID[:62])), "64 hexadecimal digits"},
		{"an ally's share in words", "ally", append(parts("ally"), says(Share, "Quilted")), "64 hexadecimal digits"},
		{"an ally's share as bytes", "ally", append(parts("ally"), puts(Share, change.BytesValue(make([]byte, 32)))), "64 hexadecimal digits"},
		{"two shares of an ally", "ally", append(parts("ally"), says(Share, anID), says(Share, anID)), "written twice"},
		{"what is asked of an ally", "ask", append(parts("ask"), says(Code, "kitha1")), fine},
		{"a code of what is asked, too long", "ask", append(parts("ask"), says(Code, strings.Repeat("x", 8001))), "8001 bytes"},
		{"a document for one side alone", "decision", append(parts("decision"), puts(Kept, change.BoolValue(true))), fine},
		{"a document that is not for one side alone", "note", append(parts("note"), puts(Kept, change.BoolValue(false))), "must be true"},
		{"a document for one side, in words", "note", append(parts("note"), says(Kept, "true")), "must be true"},
		{"a document for one side, said twice", "note", append(parts("note"), puts(Kept, change.BoolValue(true)), puts(Kept, change.BoolValue(true))), "written twice"},
		{"a process that doesn't exist", "decision", append(parts("decision"), says(Process, "lottery")), "must be one of"},
		{"two processes at once", "decision", append(parts("decision"), says(Process, "consent"), says(Process, "advice")), "written twice"},
		{"a process, set and deleted", "decision", append(parts("decision"), says(Process, "consent"),
			change.Op{InMap: true, Key: Process, Action: change.Delete, Pred: []change.OpID{{Counter: 3}}}), "written twice"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := change.NewHistory()
			k, _ := kinds.All.Table(tt.kind)
			c := changetest.New(h, "creator", slices.Clone(tt.ops)...)
			expect(t, k.Check(c, 1, true, ana, h), tt.want)
		})
	}
}

func TestOwnKeysAreReadAsTheyAreWritten(t *testing.T) {
	m, field, ok := SplitOwn(OwnKey(ana, OwnHelp))
	if m != ana || field != OwnHelp || !ok {
		t.Errorf("got %v, %q, %v", m, field, ok)
	}
	for _, key := range []string{"", "by:", "by", DecideBy, "by:Ana/help", "by:" + strings.ToUpper(ana.String()) + "/help", "by:" + ana.String()} {
		if _, _, ok := SplitOwn(key); ok {
			t.Errorf("%q is read as a member's", key)
		}
	}
}

func TestDatesAreOfOneFormEach(t *testing.T) {
	for _, s := range []string{"2026-12-01", "2024-02-29", "2000-02-29", "2026-12-01T00:00:00Z", "2026-12-01T23:59:59Z", "9999-12-31"} {
		if !IsDate(s) {
			t.Errorf("%q is refused", s)
		}
	}
	for _, s := range []string{"", "2026", "2026-12-1", "2026-13-01", "2026-00-01", "2026-12-00", "2026-12-32", "2026-11-31", "2026-02-29", "1900-02-29",
		"2026-12-01 00:00:00Z", "2026-12-01T24:00:00Z", "2026-12-01T00:60:00Z", "2026-12-01T00:00:60Z", "2026-12-01T00:00:00.5Z",
		"2026-12-01T00:00:00z", "2026-12-01T00:00:00+00:00", "2026/12/01", "+026-12-01", "２０26-12", "2026-12-01T00:00Z"} {
		if IsDate(s) {
			t.Errorf("%q is taken", s)
		}
	}
}
