package kinds_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

var (
	ana = charter.MemberID{1, 0xaa}
	ben = charter.MemberID{2, 0xbb}
)

func fields(words ...string) kind.Values {
	v := kind.Values{}
	for i := 0; i < len(words); i += 2 {
		v[words[i]] = change.StrValue(words[i+1])
	}
	return v
}

// handedOver is held by Ana, who hands it over to Ben.
var handedOver = kinds.Holding{
	Holders: []kinds.Holder{{Member: ana, At: 1, Answer: kinds.AnswerAccepted}}, Asked: []kinds.Holder{{Member: ben, At: 2, Answer: kinds.AnswerNone, From: ana}},
}

// declined is what Ana holds and wanted to hand over to Ben.
var declined = kinds.Holding{
	Holders: []kinds.Holder{{Member: ana, At: 1, Answer: kinds.AnswerAccepted}},
	Refused: []kinds.Holder{{Member: ben, At: 2, Answer: kinds.AnswerDeclined, From: ana}},
}

// samples are views of which all facts of a kind are so, together.
var samples = map[string][]*kind.View{
	"task": {{
		Fields: fields("project", "Workshop", "due", "2026-12-01"),
		Derived: &kinds.Doing{
			TakenBy: []charter.MemberID{ana}, Asked: []kinds.Asked{{Member: ben, Answer: kinds.AnswerNone, From: ana}},
			Wants: []kinds.Said{{Member: ana, Why: "heavy"}}, Offers: []kinds.Said{{Member: ben}},
		},
	}, {
		Meta:    kind.Meta{CreatedBy: ana},
		Derived: &kinds.Doing{Asked: []kinds.Asked{{Member: ben, Answer: kinds.AnswerDeclined}}},
	}, {
		Fields: fields("status", "done"), Derived: &kinds.Doing{TakenBy: []charter.MemberID{ana}, EndedBy: ben},
	}},
	"decision": {
		{Fields: fields("by", "2026-12-01"), Derived: &kinds.Deciding{
			Status: kinds.Open, WaitingFor: []charter.MemberID{ana},
			Positions: []kinds.Position{{Member: ben, Stance: kinds.StandAside}},
		}},
		{Meta: kind.Meta{CreatedBy: ana}, Fields: fields("by", "2026-12-01"), Derived: &kinds.Deciding{
			Process: kinds.ProcessMajority, Status: kinds.Open, Full: []charter.MemberID{ana, ben},
			Positions: []kinds.Position{{Member: ana, Stance: kinds.Agree, Counted: true}, {Member: ben, Stance: kinds.Disagree, Counted: true}},
		}},
		{Fields: fields("review", "2027-12-01"), Derived: &kinds.Deciding{
			Status: kinds.Agreed, Outcome: &kinds.Outcome{Result: kinds.Agreed, Holds: true},
		}},
		{Fields: fields("questions_until", "2026-12-01"), Derived: &kinds.Deciding{
			Status: kinds.Open, Full: []charter.MemberID{ana}, Rounds: make([]kinds.DecidingRound, len(kinds.Rounds)),
		}},
	},
	"note": {{}},
	"agreement": {{
		Fields:  fields("review", "2027-12-01", "decision", "d-1", "timebox", "14d"),
		Derived: &kinds.Reading{Read: []charter.MemberID{ana}, Unread: []charter.MemberID{ben}},
	}, {Kept: true, Derived: &kinds.Reading{}}, {Meta: kind.Meta{CreatedBy: ana}, Fields: fields("replaced_by", "a-1"), Derived: &kinds.Reading{ReplacedBy: ben}}},
	"role": {{
		Fields: fields("until", "2026-12-01"),
		Derived: &kinds.Tenure{
			Holding: kinds.Holding{Holders: []kinds.Holder{{Member: ana, At: 1, Answer: kinds.AnswerAccepted}, {Member: ben, At: 2, Answer: kinds.AnswerNone}}, Apart: true},
			Order:   []charter.MemberID{ana},
		},
	}, {Derived: &kinds.Tenure{}}, {Derived: &kinds.Tenure{Holding: declined}}, {Derived: &kinds.Tenure{Holding: handedOver}}, {Derived: &kinds.Tenure{Holding: kinds.Holding{Ended: []charter.MemberID{ana}}}}},
	"project": {{
		Title: "Website", Fields: fields("due", "2026-12-01", "intake", "i-1"),
		Derived: &kinds.Coordinating{
			Holding: kinds.Holding{Holders: []kinds.Holder{{Member: ana, At: 1, Answer: kinds.AnswerNone}}, Apart: true}, Names: []string{"Site"},
		},
	}, {Derived: &kinds.Coordinating{}}, {Derived: &kinds.Coordinating{Holding: declined}}, {Derived: &kinds.Coordinating{Holding: handedOver}}, {Derived: &kinds.Coordinating{Holding: kinds.Holding{Ended: []charter.MemberID{ana}}}}},
	"newcomer": {{
		Fields:  fields("meet", "2027-03-01"),
		Derived: &kinds.Growing{Member: ana, Holding: kinds.Holding{Holders: []kinds.Holder{{Member: ben, At: 1, Answer: kinds.AnswerNone}}}, Steps: []kinds.Step{{Name: "a", Text: "Read", By: ben, Done: []kinds.StepDone{{Member: ana, At: 1}}}}},
	}, {Derived: &kinds.Growing{Member: ana, Holding: kinds.Holding{Ended: []charter.MemberID{ben}}}}, {Derived: &kinds.Growing{Member: ana, Holding: handedOver}}},
	"pulse": {
		{Derived: &kinds.Round{Waiting: []charter.MemberID{ana}}},
		{Fields: kind.Values{"closed": change.IntValue(1)}, Derived: &kinds.Round{Said: []kinds.HowWeAre{{Member: ben, Words: []string{"a", "", "", ""}}}, Stages: []int{1, 0, 0, 0}}},
	},
	"intake": {
		{Fields: fields("due", "2026-12-01"), Derived: &kinds.Moved{Apart: []string{"accepted", "declined"}, Projects: []string{"pr-1", "pr-2"}}},
		{Fields: fields("state", "talking"), Derived: &kinds.Moved{By: ana}},
		{Fields: fields("state", "passed"), Derived: &kinds.Moved{Before: ana}},
		{Meta: kind.Meta{CreatedBy: ana}, Fields: fields("state", "declined", "ally", "Quilted"), Derived: &kinds.Moved{}},
	},
	"profile": {{
		Meta:   kind.Meta{CreatedBy: ana},
		Fields: kind.Values{"hours": change.IntValue(24 * 60), "until": change.StrValue("2026-12-01")},
	}},
}

func TestOnlyTheseKindsExist(t *testing.T) {
	var names []string
	for _, k := range kinds.All.All() {
		names = append(names, k.Name)
	}
	slices.Sort(names)
	if !slices.Equal(names, []string{"agreement", "ally", "ask", "decision", "intake", "newcomer", "note", "porch", "profile", "project", "pulse", "role", "task", "time"}) {
		t.Errorf("kinds %v", names)
	}
	if _, ok := kinds.All.Table("Task"); ok {
		t.Error("a kind is found in another case")
	}
}

func TestEveryKindThatPeopleKnowSaysAllThatTheyNeed(t *testing.T) {
	for _, k := range kinds.All.Nouns() {
		t.Run(k.Name, func(t *testing.T) {
			said := func(what, words string) {
				t.Helper()
				if words == "" || strings.TrimSpace(words) != words || strings.HasSuffix(words, ".") {
					t.Errorf("%s says %q", what, words)
				}
			}
			said("the kind", k.Gist)
			for _, f := range k.Fields {
				said(f.Key, f.Hint)
			}
			for _, f := range k.Own {
				said("own "+f.Key, f.Hint)
				if f.Log == nil {
					t.Errorf("the log has no words for what a member says under %q", f.Key)
				}
			}
			for _, e := range slices.Concat(k.Examples.List, k.Examples.Show) {
				if !strings.Contains(e, "kith "+k.Name+" ") {
					t.Errorf("%q is no example of this kind", e)
				}
			}
			if k.Make == nil || k.Edit == nil || len(k.Examples.List) == 0 || len(k.Examples.Show) == 0 || len(k.Columns) == 0 {
				t.Error("it can't be made, changed, listed or shown")
			}
			for _, v := range append([]*kind.Verb{k.Make, k.Edit}, k.Verbs...) {
				checkVerb(t, k, v, said)
			}
			for _, f := range k.Filters() {
				said("--"+f.Name, f.Gist)
				if f.Before && f.Takes == nil || f.Me && f.Takes != nil {
					t.Errorf("--%s asks for two things at once", f.Name)
				}
			}
			for _, w := range k.Today {
				said(w.Key, w.Gist)
				said(w.Key, w.Title)
				if (w.Says == nil) == (w.SaysTo == nil) {
					t.Errorf("%s says nothing behind a title, or it twice", w.Key)
				}
			}
		})
	}
}

// reserved are the flags that commands have of themselves.
var reserved = []string{"title", "text", "tag", "untag", "why", "undo", "json", "jq", "space", "limit", "sort", "help"}

func checkVerb(t *testing.T, k *kind.Kind, v *kind.Verb, said func(what, words string)) {
	t.Helper()
	said(v.Name, v.Gist)
	if v.Do == nil && v != k.Make && v != k.Edit {
		t.Errorf("%s does nothing", v.Name)
	}
	if (v.Why == kind.Must) != (v.Act != "") {
		t.Errorf("%s: %q needs a reason", v.Name, v.Act)
	}
	examples := v.Examples
	if (v.By != nil) != (len(v.Ways) > 0) {
		t.Errorf("%s has ways, and no field to name them by", v.Name)
	}
	for _, w := range v.Ways {
		said(w.Name, w.Gist)
		if !slices.Contains(v.By.Words, w.Name) || (w.Why == kind.Must) != (w.Act != "") {
			t.Errorf("%s is no way of %s, or doesn't say what needs a reason", w.Name, v.Name)
		}
		examples = append(slices.Clone(examples), w.Examples...)
	}
	if len(examples) == 0 {
		t.Errorf("%s has no example", v.Name)
	}
	for _, e := range examples {
		if !strings.Contains(e, "kith "+k.Name+" ") {
			t.Errorf("%s: %q is no example of it", v.Name, e)
		}
	}
	if v.Contrary != "" && (k.Verb(v.Contrary) == nil || v.Undo) {
		t.Errorf("%s has %q in its place, which isn't typed for that", v.Name, v.Contrary)
	}
	var flags []string
	for _, f := range v.With {
		said("--"+f.Flag(), f.Hint)
		if slices.Contains(append(flags, reserved...), f.Flag()) {
			t.Errorf("%s has two flags --%s", v.Name, f.Flag())
		}
		flags = append(flags, f.Flag())
	}
	for i, f := range v.Args {
		if f.IsMany() && i < len(v.Args)-1 {
			t.Errorf("%s: nobody knows where %s end", v.Name, f.Key)
		}
	}
}

// final are the verbs behind which there is no way back but talking: what was said stays in the history, and another word is said beside it.
var final = []string{
	"agreement read", "decision close", "decision next", "decision position", "decision withdraw", "intake reopen", "newcomer decide", "pulse close", "pulse retro", "task ask", "task pass",
	"task start",
}

func TestEveryVerbHasAWayBackOrIsKnownToHaveNone(t *testing.T) {
	var none []string
	for _, k := range kinds.All.Nouns() {
		for _, v := range k.Verbs {
			if writes := k.Name == "note"; !v.Undo && v.Contrary == "" && !writes { // a text has its history
				none = append(none, k.Name+" "+v.Name)
			}
		}
	}
	slices.Sort(none)
	if !slices.Equal(none, final) {
		t.Errorf("without a way back are %q", none)
	}
}

func TestListsAskForFactsThatDocumentsHaveAndDocumentsHaveNoOthers(t *testing.T) {
	for _, k := range kinds.All.Nouns() {
		has, asked := map[string]bool{}, map[string]bool{}
		for _, v := range samples[k.Name] {
			v := *v
			v.Tags = []string{"paper"}
			for _, word := range k.FactsOf(&v) {
				name, _ := kind.SplitFact(word)
				has[name] = true
			}
		}
		ask := func(words ...string) {
			for _, w := range words {
				if name, _ := kind.SplitFact(w); name != "" {
					asked[name] = true
				}
			}
		}
		for _, f := range k.Filters() {
			ask(f.Fact)
			if f.Order != nil {
				ask(f.Order.Fact)
			}
		}
		for _, o := range k.Sorts() {
			ask(o.Fact)
		}
		for _, w := range k.Today {
			ask(append(w.Facts, w.But, w.Before)...)
		}
		has[kind.ArchivedFact] = true // of any: somebody put it away
		if slices.ContainsFunc(k.Today, func(w *kind.Wait) bool { return slices.Contains(w.Facts, kind.SharedFact+"/me") }) {
			has[kind.SharedFact] = true // lists know it
		}
		for name := range asked {
			if !has[name] {
				t.Errorf("%s: a list asks for %q, which no document has", k.Name, name)
			}
		}
		for name := range has {
			if !asked[name] {
				t.Errorf("%s: documents have the fact %q, for which nobody asks", k.Name, name)
			}
		}
	}
}

func TestAnswersHaveEachNameOnceAndNoListIsNull(t *testing.T) {
	header := []string{"id", "short", "kind", "title", "text", "tags", "created_by", "created_at", "updated_by", "updated_at", "heads", "space", "shared", "remarks"}
	for _, k := range kinds.All.Nouns() {
		for _, v := range append([]*kind.View{{}}, samples[k.Name]...) {
			names := slices.Clone(header)
			look := kind.Look{
				View:   v,
				Named:  func(m charter.MemberID) kind.Named { return kind.Named{ID: m.String(), Name: "Ana"} },
				Called: func(charter.MemberID) string { return "Ana" },
			}
			for _, s := range k.Shows {
				if slices.Contains(names, s.Name) {
					t.Errorf("%s: two fields of the answer are called %s", k.Name, s.Name)
				}
				names = append(names, s.Name)
				b, err := json.Marshal(s.Of(look))
				if err != nil {
					t.Fatal(err)
				}
				if isList := s.Type.Kind().String() == "slice"; isList && b[0] != '[' {
					t.Errorf("%s: %s is %s", k.Name, s.Name, b)
				}
			}
		}
	}
}

func TestEveryPhraseStandsInADeclarationOnce(t *testing.T) {
	for _, k := range kinds.All.All() {
		phrases := k.Phrases()
		for i, p := range phrases {
			if p == "" || slices.Contains(phrases[:i], p) {
				t.Errorf("%s: phrase %q", k.Name, p)
			}
		}
	}
}
