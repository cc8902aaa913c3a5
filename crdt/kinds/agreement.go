package kinds

import (
	"maps"
	"slices"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// The states of an agreement, and the letter before its ID.
const (
	Current  = "current"
	Replaced = "replaced"

	agreementLetters = "a"
)

var (
	agreementDecision = &kind.Field{Key: "decision", Is: kind.Ref, Of: "decision", Hint: "the decision that made it", Tells: thatItIsntAgreed}
	agreementReview   = &kind.Field{Key: "review", Is: kind.Day, As: "review_on", Hint: "when to look at it again"}
	agreementReplaced = &kind.Field{Key: "replaced_by", Is: kind.Ref, Of: "agreement", Hint: "the one that holds in its place", Log: agreementWasReplaced}
	agreementBy       = &kind.Field{Key: "by", Is: kind.Ref, Of: "agreement", Hint: "the one that holds in its place", Needs: true, Must: isCurrent}

	agreementPublic = &kind.Field{Key: "public", Is: kind.Word, Words: []string{"no", "yes"}, Label: "others may read it", Hint: "whether others outside may read it"}

	agreementTemplate = templateField(false)
	agreementFields   = slices.Concat([]*kind.Field{agreementDecision, agreementReview, agreementReplaced, agreementPublic}, figureFields())

	// agreementRead is the revision that a member read last.
	agreementRead = &kind.Field{Key: "read", Is: kind.Line, Hint: "the revision that they read", Log: agreementWasRead}
)

var agreementsInReview = &kind.Filter{
	Name: "review-before", Gist: "to be looked at again before then", Fact: "review", Takes: agreementReview, Before: true,
	Order: &kind.Order{Name: "review", Fact: "review"},
}

// Agreement is what we agreed on and keep to: its text, with revisions that each member says to have read.
var Agreement = &kind.Kind{
	Name: "agreement", Many: "agreements", Letters: agreementLetters, Gist: "what we keep to", View: 7,
	Fields: agreementFields, Answered: figureFields(),
	Own:    []*kind.Field{agreementRead},
	Derive: kind.Deriving(whoHasRead), Counts: true, State: agreementState,
	Shows: []*kind.Shown{
		kind.Value("status", "current, replaced", func(l kind.Look) string { return agreementState(l.View) }),
		kind.Value("revision", "hash of title, text and figures", func(l kind.Look) string { return kind.Of[Reading](l.View).Revision }),
		agreementDecision.Shown(), kind.Value("decision_status", "how it stands with that decision; \"\": there is none here", decisionStatus), agreementReview.Shown(), agreementReplaced.Shown(), agreementPublic.Shown(),
		kind.Value("replaced_says", "who said that another holds in its place; null: nobody", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Reading](l.View).ReplacedBy) }),
		kind.Value("ring", "agreements that are each said to hold in the place of the one before, as people can say at once: none of them holds until one is said to hold again (--undo)", ringOf),
		kind.Value("figures", "what it says in numbers that Kith reads", showFigures),
		kind.Value("read_by", "who has read this revision", showReaders),
		kind.Value("unread_by", "full members who haven't said so", func(l kind.Look) []kind.Named { return l.All(kind.Of[Reading](l.View).Unread) }),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		if isCurrent(v) == nil {
			f.Is("current", true)
			f.Is("kept", v.Kept)
			f.Is("ours", !v.Kept)
			f.Who("read", kind.Of[Reading](v).Read...)
			f.Who("unread", kind.Of[Reading](v).Unread...)
			f.Has("review", agreementReview.Str(v))
			f.Is("decided", agreementDecision.Str(v) != "")
			f.Is("figures", slices.ContainsFunc(Figures, func(is *Figure) bool { return is.of(v) != "" }))
		}
		f.Is("replaced", isCurrent(v) != nil)
		if by := kind.Of[Reading](v).ReplacedBy; by != (charter.MemberID{}) {
			f.Who("ended", others([]charter.MemberID{v.CreatedBy}, by)...)
		}
	},
	Finds: []*kind.Filter{
		{Name: "current", Gist: "not replaced by another", Fact: "current"},
		{Name: "unread", Gist: "of which I haven't read the present text", Fact: "unread", Me: true},
		{Name: "figures", Gist: "with figures that Kith reads, not replaced", Fact: "figures"},
		agreementsInReview,
	},
	Lists: []*kind.List{{
		Name: "reviews", Gist: "agreements whose review is due", By: agreementsInReview, Examples: []string{`kith agreement reviews`},
	}},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: kind.WordsOf("status")},
		{Title: "REVIEW", Says: kind.DayOf("", "review_on")},
		{Title: "NOT READ BY", Says: kind.NamesOf("unread_by")},
	},
	Today: []*kind.Wait{{
		Key: "agreements", Title: "Agreements to read", Gist: "agreements that I haven't read as they are now",
		Facts: []string{"ours"}, But: "read/me", Says: func(kind.Answer) kind.Cell { return kind.Cell{} },
	}, {
		Key: "agreements_kept", Title: "Agreements to read, of what is shared for reading", Gist: "the same of what my co-op alone writes in, in a share",
		Facts: []string{"unread/me", "kept"}, Says: func(kind.Answer) kind.Cell { return kind.Cell{} },
	}, {
		Key: "agreements_replaced", Title: "Another holds in the place of what you wrote down", Gist: "agreements that I wrote down, and in whose place somebody else put another",
		Facts: []string{"ended/me"}, Says: replacedSays, Who: whoIn("replaced_says"), News: true, Run: "show",
	}, {
		Key: "agreement_reviews", Title: "Agreements to be looked at again", Gist: "agreements whose review is due", Anybody: true,
		Before: "review", Says: kind.DayOf("review", "review_on"), Run: "show",
	}, {
		Key: "agreements_open", Title: "Written down, and the decision is still open", Gist: "agreements whose decision is open", Anybody: true,
		Facts: []string{"decided"}, Only: func(a kind.Answer) bool { return a.Str("decision_status") == Open }, Says: agreementFrom, Run: "show",
	}, {
		Key: "agreements_ring", Title: "Each is said to hold in the other's place, so none does", Gist: "agreements that are said to replace each other", Anybody: true,
		Facts: []string{"replaced"}, Only: func(a kind.Answer) bool { return len(a.List("ring")) > 0 }, Says: ringSays, Run: "show",
	}},
	Examples: kind.Examples{
		List: []string{`kith agreement list --current`, `kith agreement list --unread`},
		Show: []string{`kith agreement show a-6hx3`, `kith agreement show 6hx3 --jq '.unread_by[].name'`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "write down what we agreed on", Text: kind.May, Opens: true, With: []*kind.Field{agreementDecision, agreementReview, agreementPublic, agreementSet, agreementTemplate}, Do: beginAgreement,
		More:     "What was agreed before Kith has no decision to name: say in the text when that was.",
		Examples: []string{`kith agreement add "Hours and leave" --template hours-and-leave --set hours_limit=35h`, `kith agreement add "Opening hours" --text - --decision d-9f2c --review "in 12 months" <hours.md`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change an agreement", Text: kind.May, Opens: true, With: []*kind.Field{agreementDecision, agreementReview, agreementPublic, agreementSet}, Live: isCurrent, Do: setFigures,
		More:     "A changed title, text or figure is a new revision, which everybody is asked to read. Without flags, on a terminal, the text opens in $EDITOR.",
		Examples: []string{`kith agreement edit a-6hx3 --review "in 6 months"`, `kith agreement edit a-6hx3 --set timebox=14d --set quorum=none`},
	},
	Verbs: []*kind.Verb{
		{
			Name: "read", Gist: "say that I have read it", With: []*kind.Field{kind.Seen}, Do: readAgreement,
			Examples: []string{`kith agreement read a-6hx3`, `kith agreement read a-6hx3 --revision 0f3c…`},
		},
		{
			Name: "replace", Gist: "another holds in its place", With: []*kind.Field{agreementBy}, Undo: true, Home: true, Live: isCurrent, Do: replaceAgreement,
			Examples: []string{`kith agreement replace a-6hx3 --by a-2m7d`, `kith agreement replace a-6hx3 --undo`},
		},
	},
	Share: &kind.Share{May: isCurrent},
}

// decisionStatus is how it stands with the decision that an agreement names.
func decisionStatus(l kind.Look) string {
	id := agreementDecision.Str(l.View)
	if id == "" || l.Other == nil {
		return ""
	}
	v := l.Other(id)
	if v == nil {
		return ""
	}
	return kind.WordOut(kind.Of[Deciding](v).Status)
}

// agreementFrom says which decision an agreement names.
func agreementFrom(a kind.Answer) kind.Cell {
	id := a.Str("decision")
	return kind.Cell{Words: id[:min(len(id), kind.EnoughLetters)]}
}

// ReaderJSON is somebody who has read an agreement as it is now.
type ReaderJSON struct {
	kind.Named
	Member   kind.Named `json:"member"`   // the same, as other lists name who did something
	Revision string     `json:"revision"` // what they read: the agreement's, as it is now
}

func showReaders(l kind.Look) []ReaderJSON {
	r := kind.Of[Reading](l.View)
	out := make([]ReaderJSON, len(r.Read))
	for i, m := range l.All(r.Read) {
		out[i] = ReaderJSON{m, m, r.Revision}
	}
	return out
}

// Reading is who has read what an agreement says now.
type Reading struct {
	Revision string
	Read     []charter.MemberID // who said so, by member
	Unread   []charter.MemberID // of the full members, by member

	ReplacedBy charter.MemberID // who said that another holds in its place; zero: nobody
}

func whoHasRead(s *kind.Story) (*Reading, error) {
	r := &Reading{Revision: (&kind.Kind{Answered: figureFields()}).Revision(s.View)}
	for _, m := range slices.SortedFunc(maps.Keys(s.Said), compareMembers) {
		if s.Said[m][agreementRead.Key].Str() == r.Revision || hasRead(s, m, r.Revision) {
			r.Read = append(r.Read, m)
		}
	}
	if agreementReplaced.Has(s.View) {
		r.ReplacedBy = setBy(s, agreementReplaced)
	}
	for _, m := range electorate(s.Charter.Sides(), true).full() {
		mayWrite := !s.Kept || s.Charter.SameCoop(m, s.CreatedBy) // who can only read it can't say so
		if mayWrite && !slices.Contains(r.Read, m) {
			r.Unread = append(r.Unread, m)
		}
	}
	return r, nil
}

// hasRead says whether somebody ever said that they read a revision: one that comes back they know.
func hasRead(s *kind.Story, m charter.MemberID, revision string) bool {
	for _, item := range s.Items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			by, field, ok := schema.SplitOwn(op.Key)
			if ok && by == m && field == agreementRead.Key && op.Action == change.Set && op.Value.Str() == revision {
				return true
			}
		}
	}
	return false
}

// beginAgreement writes the figures, and the text of a template if there is no other.
func beginAgreement(d *kind.Draft) error {
	if name := d.Asks.Str(agreementTemplate); name != "" {
		text, err := templateText(name, false)
		switch {
		case err != nil:
			return err
		case d.Asks.Text != nil && d.Asks.Text.Text != "":
			return kind.Invalid("there is a text and a template: one of them is enough")
		}
		d.Asks.Text = &kind.Writing{Text: text}
	}
	return setFigures(d)
}

// IsPublic says whether others outside may read an agreement: it holds, and somebody said so.
func IsPublic(v *kind.View) bool { return isCurrent(v) == nil && agreementPublic.Str(v) == "yes" }

func agreementState(v *kind.View) string {
	if agreementReplaced.Has(v) {
		return Replaced
	}
	return Current
}

func isCurrent(v *kind.View) error {
	switch by := agreementReplaced.Str(v); {
	case by == "":
		return nil
	case !strings.HasPrefix(by, agreementLetters+"-"): // of a co-op that hasn't shared it
		return kind.NotAllowed("ask them for it: kith ally ask --help", "another agreement holds in its place, which isn't shared")
	default:
		by = kind.StartOf(by)
		return kind.NotAllowed("kith agreement show "+by, "another agreement holds in its place: %s", by)
	}
}

// maxRing bounds how many agreements are followed, each to what holds in its place.
const maxRing = 64

// ringOf returns the agreements that are each said to hold in the place of the one before, from l's on, if that leads back
// to it; else none. Nobody can write that who has seen the rest; several at once can.
func ringOf(l kind.Look) []kind.Named {
	ring := []kind.Named{}
	for v := l.View; l.Other != nil && v != nil && len(ring) < maxRing; v = l.Other(agreementReplaced.Str(v)) {
		if v.ID == l.ID && len(ring) > 0 {
			return ring
		}
		if !agreementReplaced.Has(v) {
			break
		}
		ring = append(ring, kind.Named{ID: agreementLetters + "-" + v.ID.String(), Name: v.Title})
	}
	return []kind.Named{}
}

// replacedSays says which one holds in its place, and who said so.
func replacedSays(a kind.Answer) kind.Cell {
	says := a.In("replaced_says").Str("name")
	return kind.Cell{Words: kind.StartOf(a.Str("replaced_by")) + ", says " + says, Own: []string{says}}
}

// ringSays names the others of a ring.
func ringSays(a kind.Answer) kind.Cell {
	var others []string
	for _, one := range a.List("ring") {
		if one.Str("id") != a.Str("id") {
			others = append(others, one.Str("name"))
		}
	}
	return kind.OwnWords(others...)
}

// readAgreement says that the author has read the text as it is.
func readAgreement(d *kind.Draft) error {
	d.Say(agreementRead, change.StrValue(kind.Of[Reading](d.View).Revision))
	return nil
}

// replaceAgreement puts another in an agreement's place, or takes that back: one member can say it, and it isn't to be
// the end of what all agreed on.
func replaceAgreement(d *kind.Draft) error {
	by := d.Asks.Str(agreementBy)
	if d.Asks.Undo && by != "" {
		return kind.Missing("kith agreement replace --help", "which one holds in its place isn't said to undo that")
	}
	if by == agreementLetters+"-"+d.ID.String() {
		return kind.Invalid("an agreement can't take its own place")
	}
	d.Set(agreementReplaced, change.StrValue(by))
	return nil
}

func agreementWasReplaced(v change.Value, _ bool) (verb, to string) {
	if v.Str() == "" {
		return "said that it holds again", ""
	}
	return "replaced", v.Str()
}

func agreementWasRead(change.Value, bool) (verb, to string) { return "read it", "" }
