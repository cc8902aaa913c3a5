package kinds

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Withdrawn is a state of decisions besides Open, Agreed and NotAgreed.
const Withdrawn = "withdrawn"

// DoesntHold is the result of an outcome whose record isn't borne by the positions it names.
const DoesntHold = "doesn't hold"

var (
	decisionProcess = &kind.Field{
		Key: "process", Is: kind.Word, Words: Processes, First: true, Hint: "how to decide", Var: "P",
	}
	decisionQuorum = &kind.Field{
		Key: "quorum", Is: kind.Line, Max: 40, First: true, Hint: "the part of the full members who must have answered: 2/3, 60%", Log: untold,
		Form: "written as `2/3`; anything else says nothing",
	}
	decisionBy        = &kind.Field{Key: "by", Is: kind.Day, Hint: "until when positions are hoped for"}
	decisionReview    = &kind.Field{Key: "review", Is: kind.Day, As: "review_on", Hint: "when to look at it again"}
	decisionWithdrawn = &kind.Field{Key: "withdrawn", Is: kind.Reason, Label: "why it was withdrawn", Hint: "why it was withdrawn", Form: "what others than the document's creator write there says nothing, but for a full member who knew that the creator had left", Stays: true, Log: withdrew}

	decisionPosition = &kind.Field{Key: "position", Is: kind.JSON, Hint: "what they say to it", Form: `JSON {"revision","stance","why"}`, Log: tookPosition}                                                                   // see position
	decisionRecord   = &kind.Field{Key: "record", Is: kind.JSON, Max: 32_000, Closes: true, Hint: "an outcome, and what gives it", Form: `JSON {"revision","result","text","positions":[{"member","change"}]}`, Log: closedAs} // see Record; it names each position that it rests on: about 140 bytes a member

	decisionStance = &kind.Field{
		Key: "stance", Is: kind.Word, Label: "position", Hint: "what I say to it", Needs: true,
		Words: []string{Consent, Object, StandAside, Block, Abstain, Agree, Disagree, Advise},
	}
)

// decisionsInReview finds those that are agreed, by the day on which they are looked at again.
var decisionsInReview = &kind.Filter{
	Name: "review-before", Gist: "agreed, and to be looked at again before then", Fact: "review", Takes: decisionReview, Before: true,
	Order: &kind.Order{Name: "review", Fact: "review"},
}

// Decision is a proposal, and what members say to it.
var Decision = &kind.Kind{
	Name: "decision", Many: "decisions", Letters: "d", Gist: "what we decide, and how", View: 8,
	Fields: []*kind.Field{
		decisionProcess, decisionQuorum, decisionRounds, decisionQuestions, decisionReactions, decisionBy, decisionReview, decisionWithdrawn,
		decisionQuestionsOver, decisionReactionsOver,
	},
	Own:    []*kind.Field{decisionPosition, decisionRecord, decisionOption},
	Derive: kind.Deriving(decide), Counts: true,
	Asked: &kind.Asked{Part: optionsPart, Says: func(v *kind.View) string { return optionsSay(kind.Of[Deciding](v).Options) }},
	State: func(v *kind.View) string { return kind.Of[Deciding](v).Status },
	Shows: []*kind.Shown{
		decisionProcess.Shown(), decisionQuorum.Shown(),
		kind.Value("status", "open, agreed, not_agreed, chosen, tied, heard, withdrawn", func(l kind.Look) string { return kind.Of[Deciding](l.View).Status }),
		kind.Value("withdrawn_why", "why it was withdrawn", func(l kind.Look) string { return kind.Of[Deciding](l.View).Why }),
		kind.Value("revision", "hash of title and text", func(l kind.Look) string { return kind.Of[Deciding](l.View).Revision }),
		decisionBy.Shown(),
		kind.Value("by_ends_at", "when that day is over where the co-op lives; null: there is none", func(l kind.Look) kind.Time {
			return l.EndOf(decisionBy.Str(l.View))
		}),
		kind.Value("rounds", "those that it has, with what was said in each; none: positions are taken from the start", showRounds),
		kind.Value("options", "what can be chosen, in the order in which it was put up", showOptions),
		kind.Value("positions", "what each member says", showPositions),
		kind.Value("waiting_for", "full members without a position on this text, once positions are taken", func(l kind.Look) []kind.Named {
			if d := kind.Of[Deciding](l.View); d.inPositions() {
				return l.All(d.WaitingFor)
			}
			return []kind.Named{}
		}),
		kind.Value("outcome", "what was recorded; null while nothing is", showOutcome),
		kind.Value("voices", "in a share, what each co-op says; one's own first", showVoices),
		decisionReview.Shown(),
		kind.Value("says", "what a yes, a no and silence do here while it is open, in sentences", func(l kind.Look) []string {
			return whatAnswersDo(kind.Of[Deciding](l.View), decisionBy.Str(l.View) != "")
		}),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		d := kind.Of[Deciding](v)
		f.Is("open", d.Status == Open)
		switch {
		case d.Status == Open && !d.inPositions():
			d.factsInRounds(v, f)
			f.Who("proposer", v.CreatedBy)
		case d.Status == Open:
			f.Who("waits", d.WaitingFor...)
			d.factsForProposer(v, f)
			f.Who("proposer", v.CreatedBy)
		default:
			f.Who("closed", v.CreatedBy)
			for _, p := range d.Positions {
				f.Who("closed", p.Member)
			}
		}
		if d.Status == Agreed || d.Status == Chosen {
			f.Has("review", decisionReview.Str(v))
		}
	},
	Finds: []*kind.Filter{
		{Name: "open", Gist: "not closed and not withdrawn", Fact: "open"},
		{Name: "waiting-for-me", Gist: "without my position", Fact: "waits", Me: true},
		decisionsInReview,
	},
	Lists: []*kind.List{{
		Name: "reviews", Gist: "agreed decisions whose review is due", By: decisionsInReview, Examples: []string{`kith decision reviews`},
	}},
	Columns: []*kind.Column{
		{Title: "STATUS", Says: decisionStands},
		{Title: "PROCESS", Says: kind.WordsOf("process")},
		{Title: "BY", Says: kind.DayOf("", "by")},
		{Title: "WAITING FOR", Says: kind.NamesOf("waiting_for")},
	},
	Searched: func(v *kind.View) (said []string) {
		d := kind.Of[Deciding](v)
		for _, p := range d.Positions {
			said = append(said, p.Why)
		}
		for _, o := range d.Options {
			said = append(said, o.Text)
		}
		if d.Outcome != nil {
			said = append(said, d.Outcome.Text)
			for _, b := range d.Outcome.Beside {
				said = append(said, b.Text)
			}
		}
		return said
	},
	Today: []*kind.Wait{{
		Key: "rounds_over", Title: "The day of this round is over", Gist: "decisions whose round is over by its day",
		Facts: []string{"rounds/me"}, Before: "round_until", Ahead: -1, Says: roundSays, Run: "next",
	}, {
		Key: "rounds", Title: "Questions and reactions, before positions are taken", Gist: "decisions in a round before positions, if something was said since I was shown it",
		Facts: []string{"rounds/me"}, Besides: "rounds_over", News: true, Says: roundSays, Run: "show",
	}, {
		Key: "decisions", Title: "Decisions that wait for you", Gist: "decisions without my position",
		Facts: []string{"waits/me"}, Says: kind.DayOf("by", "by"),
	}, {
		Key: "objections", Title: "Objections to what you proposed", Gist: "objections to what I proposed",
		Facts: []string{"objected/me"}, Says: decisionAgainst, Who: decisionFirstAgainst, Run: "show",
	}, {
		Key: "closable", Title: "Can be closed", Gist: "what I proposed and can be closed",
		Facts: []string{"closable/me"}, Says: decisionCount, Run: "close",
	}, {
		Key: "day_over", Title: "The day is over, and it can be closed", Gist: "what I proposed whose day has passed",
		Facts: []string{"ready/me"}, But: "closable/me", Before: "until", Says: kind.DayOf("until", "by"), Run: "close",
	}, {
		Key: "closed", Title: "Closed", Gist: "what I proposed or answered, and was closed since I was shown it",
		Facts: []string{"closed/me"}, Says: decisionCame, Who: func(a kind.Answer) any { return a.In("outcome")["recorded_by"] }, News: true, Run: "show",
	}, {
		Key: "proposals_left", Title: "Who proposed these left", Gist: "what people have proposed who left", Anybody: true,
		Facts: []string{"proposer/gone"}, Says: decisionCount, Run: "withdraw",
	}, {
		Key: "reviews", Title: "To be looked at again", Gist: "agreed decisions whose review is due", Anybody: true,
		Before: "review", Says: kind.DayOf("review", "review_on"), Run: "show",
	}},
	Examples: kind.Examples{
		List: []string{`kith decision list --open`, `kith decision list --waiting-for-me`},
		Show: []string{`kith decision show d-9f2c`, `kith decision show 9f2c --jq .revision`},
	},
	Make: &kind.Verb{
		Name: "propose", Gist: "propose something", Text: kind.May, Opens: true,
		With: []*kind.Field{decisionProcess, decisionOptions, decisionQuorum, decisionRounds, decisionQuestions, decisionReactions, decisionBy, decisionReview}, Do: propose, Tells: whatIsMissing,
		More: "With --rounds, or a day for one, it has rounds: questions and reactions are said in its thread (kith talk), and positions are taken in the last one. Anybody ends a round (kith decision next), and so does its day. Without --by and --quorum, it is as the agreements say that hold: kith agreement figures.",
		Examples: []string{
			`kith decision propose "Buy a second riso" --text "A used one, up to 2,000" --by friday`,
			`kith decision propose "Which drum" --process ranking --option Used --option New --option Rented`,
			`kith decision propose "When we meet" --process dates --option "2026-12-04 15:00" --option 2026-12-07`,
			`kith decision propose "Move to the old mill" --rounds --questions-until friday --reactions-until "in 8 days" --text - <mill.md`,
			`kith decision propose "Statutes" --process consensus --review "in 12 months" --text - <statutes.md`,
		},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a proposal", Text: kind.May, Opens: true, With: []*kind.Field{decisionQuestions, decisionReactions, decisionBy, decisionReview}, Do: rewrite,
		More: "A changed title or text is a new revision: positions given before show as given on the earlier text. Without flags, on a terminal, the text opens in $EDITOR.",
		Examples: []string{
			`kith decision edit d-9f2c --text "A used one, up to 1,500"`,
			`kith decision edit d-9f2c --by monday`,
		},
	},
	Verbs: []*kind.Verb{
		{
			Name: "position", Gist: "say what I think of it", By: decisionStance, With: []*kind.Field{kind.Seen}, Live: notWithdrawn, Do: takePosition, Tells: whatALateWordDoes,
			Ways: []*kind.Way{
				way(Consent, "I can live with it", kind.May, "", `kith decision consent d-9f2c`),
				way(Object, "I see harm in it, and say which", kind.Must, "an objection", `kith decision object d-9f2c --why "we can't pay for it"`),
				way(StandAside, "not for me, go on", kind.May, "", `kith decision stand-aside d-9f2c --why "I wasn't there"`),
				way(Block, "it must not pass (by consensus)", kind.Must, "a block", `kith decision block d-9f2c --why "against our statutes"`),
				way(Abstain, "I take no side", kind.May, "", `kith decision abstain d-9f2c`),
				way(Agree, "I am for it (by majority)", kind.May, "", `kith decision agree d-9f2c`),
				way(Disagree, "I am against it (by majority)", kind.Must, "a disagreement", `kith decision disagree d-9f2c --why "too early"`),
				way(Advise, "what I think of it (by advice)", kind.Must, "advice", `kith decision advise d-9f2c --why "ask the printer first"`),
			},
		},
		{
			Name: "choose", Gist: "choose from the options", Contrary: "choose", Args: []*kind.Field{optionChoices}, With: []*kind.Field{kind.Seen}, Why: kind.May, Live: notWithdrawn, Do: choose, Tells: whatALateWordDoes,
			More: "By their numbers. By approval all that you can live with (1 3), by score with 0 to 5 points (1=5 2=3), by ranking the best first and with a comma what is alike (3 1,2), " +
				"of dates when you can come, or could (1 3=maybe). None of them: none.",
			Examples: []string{`kith decision choose d-9f2c 1 3`, `kith decision choose d-9f2c 3 1,2 --why "rented ones break"`},
		},
		{
			Name: "option", Gist: "put up one more option, or take mine away", Args: []*kind.Field{optionWords}, Undo: true, Live: isOpen, Do: addOption,
			More:     "With it the question is another one: everybody is asked anew, and what was answered before stays in sight.",
			Examples: []string{`kith decision option d-9f2c "Rented"`, `kith decision option d-9f2c 3 --undo`},
		},
		{
			Name: "next", Gist: "end the round, and begin the next one", Live: hasNextRound, Do: nextRound, Tells: whichRoundIsNow,
			More:     "Anybody does, whenever they think that enough was asked or said. A round that is over doesn't begin again; what is still to be said goes into the thread.",
			Examples: []string{`kith decision next d-9f2c`},
		},
		{
			Name: "close", Gist: "record the outcome that the positions give", Text: kind.May, Live: canClose, Do: closeDecision,
			More:     "The outcome can't be chosen. Anybody may record it; what the positions don't bear shows as “doesn't hold” everywhere.",
			Examples: []string{`kith decision close d-9f2c`, `kith decision close d-9f2c --text "Ben looks for one"`},
		},
		{
			Name: "withdraw", Gist: "take a proposal back", Why: kind.Must, Act: "withdrawing a decision", Live: canWithdraw, Do: withdraw,
			Examples: []string{`kith decision withdraw d-9f2c --why "the seller backed out"`},
		},
	},
	Spoken: spokeInRound,
	Share:  &kind.Share{May: isProposed, Note: asNote, Back: decidedThere},
}

// factsForProposer are what who proposed something is told of while it is open.
func (d *Deciding) factsForProposer(v *kind.View, f *kind.Facts) {
	for _, p := range d.Positions {
		f.Is("objected/"+v.CreatedBy.String(), p.Counted && isAgainst(p.Stance) && p.Member != v.CreatedBy)
	}
	if d.stands(d.result(v.CreatedBy), nil) != nil {
		return
	}
	f.Who("ready", v.CreatedBy)
	f.Has("until", decisionBy.Str(v))
	if d.heard("", time.Time{}, nil, nil) == nil {
		f.Who("closable", v.CreatedBy)
	}
}

// decisionAgainst says who objects, and why.
func decisionAgainst(a kind.Answer) kind.Cell {
	var said []string
	for _, p := range a.List("positions") {
		if p.Is("counted") && isAgainst(kind.WordIn(p.Str("stance"))) {
			said = append(said, p.In("member").Str("name")+": "+p.Str("why"))
		}
	}
	return kind.Cell{Words: strings.Join(said, "; "), Own: said}
}

func decisionFirstAgainst(a kind.Answer) any {
	return memberOfFirst(slices.DeleteFunc(a.List("positions"), func(p kind.Answer) bool {
		return !p.Is("counted") || !isAgainst(kind.WordIn(p.Str("stance")))
	}))
}

// decisionCount says how many have answered.
func decisionCount(a kind.Answer) kind.Cell {
	n := 0
	for _, p := range a.List("positions") {
		if p.Is("counted") {
			n++
		}
	}
	return kind.Cell{Words: fmt.Sprintf("%d answered", n)}
}

func way(word, gist string, why kind.Need, act, example string) *kind.Way {
	return &kind.Way{Name: word, Gist: gist, Why: why, Act: act, Examples: []string{example, example + " --revision 0f3c…"}}
}

// Deciding is how it stands with a decision.
//
// Once an outcome holds, title and text of the view are those that were decided, even if
// somebody has changed them in the document; the outcome is contested then.
type Deciding struct {
	Process    string
	Quorum     string             // the part of the full members who must have answered; "" if there is none
	Status     string             // Open, Withdrawn, or the result of an outcome that holds
	Options    []Option           // that can be chosen, or could when it was closed
	Count      []Count            // what counted answers give to each
	Revision   string             // of title and text as shown
	Why        string             // why it was withdrawn
	Rounds     []DecidingRound    // in the order of Rounds; nil if it has none
	Positions  []Position         // by member
	WaitingFor []charter.MemberID // while it is open: full members without a counted position (by advice the proposer needs none)
	Full       []charter.MemberID // who counts: full members now, or when it was closed
	Tally      Counts             // of the counted positions
	Joint      *Electorate        // of a share: the same by sides; nil in a co-op
	Outcome    *Outcome           // nil while nobody has recorded one
}

// Position is what one member says to a decision.
type Position struct {
	Member   charter.MemberID
	Stance   string
	Choice   Ballot // to the options, of Choose
	Why      string
	Revision string // of the text that it was given on
	Counted  bool   // by a full member on the text as shown (by advice: on any)
	Late     bool   // on the text that was decided, but the record didn't know of it
	At       kind.Time
	Change   change.Hash
}

// Outcome is what was recorded when the decision was closed.
type Outcome struct {
	Result       string   // Agreed, NotAgreed, Chosen, Tied, Heard, or DoesntHold
	Names        []string // of the options that came out first
	Chosen       []string // what they say
	Holds        bool
	Why          Because // why it doesn't hold
	Text         string
	RecordedBy   charter.MemberID
	At           kind.Time
	Revision     string
	Tally        Counts // at the record
	Contested    bool   // something came up that the record didn't know of
	ContestedWhy []Because
	Change       change.Hash
	Beside       []Beside // what others said who closed it as well, by operation
}

// Beside is what somebody said who closed a decision that others have closed, too.
type Beside struct {
	Member charter.MemberID
	At     kind.Time
	Text   string
}

// Because is a sentence. Whom it is about stands in it as {who} and is named only where it is shown, since one
// view is made by all replicas, and whose name is known differs.
type Because struct {
	Says string
	Who  charter.MemberID // zero for nobody
}

func (s Because) in(l kind.Look) string {
	if s.Who == (charter.MemberID{}) {
		return s.Says
	}
	return strings.ReplaceAll(s.Says, "{who}", l.Named(s.Who).Name)
}

// position is the value of by:<member>/position: one string, so that two devices of a member
// never mix two positions into a third.
type position struct {
	Revision string `json:"revision"`
	Stance   string `json:"stance"`
	Why      string `json:"why"`
	Choice   Ballot `json:"choice,omitempty"`
}

func parsePosition(s string) (p position, ok bool) {
	err := json.Unmarshal([]byte(s), &p)
	return p, err == nil && knownStance(p.Stance)
}

// Record is the value of by:<member>/record: an outcome, with the positions that give it.
type Record struct {
	Revision  string   `json:"revision"`
	Result    string   `json:"result"` // Agreed or NotAgreed
	Text      string   `json:"text"`   // what else was said at the close
	Positions []Named  `json:"positions"`
	Chosen    []string `json:"chosen,omitempty"` // of options, the names of those that come out first
	Seen      string   `json:"seen,omitempty"`   // in all but the first: what its maker saw, so that no two are alike
}

// Named names a position: whose, and the change that wrote it.
type Named struct {
	Member string `json:"member"`
	Change string `json:"change"`
}

// results are what a record can say.
var results = []string{Agreed, NotAgreed, Chosen, Tied, Heard}

func parseRecord(s string) (r Record, ok bool) {
	err := json.Unmarshal([]byte(s), &r)
	return r, err == nil && slices.Contains(results, r.Result)
}

// propose: who proposes something stands behind it, so their own position is
// written with it, and they can change it like everybody. Only by advice they have none yet,
// since there they decide after hearing the others.
func propose(d *kind.Draft) error {
	if err := asAgreed(d); err != nil {
		return err
	}
	if err := askedInRounds(d, nil); err != nil {
		return err
	}
	if err := reviewComesAfter(d.Asks.Str(decisionReview), cmp.Or(d.Asks.Str(decisionBy), d.Today())); err != nil {
		return err
	}
	process := d.Asks.Str(decisionProcess)
	if process == "" {
		process = decisionProcess.Words[0]
	}
	options, err := optionsFor(process, d.Asks.All(decisionOptions))
	if err != nil {
		return err
	}
	putOptions(d, options)
	if word := standBehind(process); word != "" {
		d.Then(func(title, text string) { standOn(d, title, text, word, "") })
	}
	return nil
}

// reviewComesAfter refuses to look at something again before the day until which it is decided. "" is no day.
func reviewComesAfter(review, by string) error {
	const day = len("2026-12-01")
	if len(review) >= day && len(by) >= day && review[:day] < by[:day] {
		return &kind.InvalidError{Why: "it would be looked at again, on " + review[:day] + ", before it is decided", Hint: "a review comes after the day until which positions are hoped for: --review"}
	}
	return nil
}

// asAgreed takes what nobody says of a proposal from the agreements that hold. It stays with the proposal, whatever they become.
func asAgreed(d *kind.Draft) error {
	quorum, said := d.Asks.Str(decisionQuorum), d.Asks.Has(decisionQuorum)
	if !said {
		quorum = d.Asks.Figures[FigureQuorum]
	}
	if quorum != "" {
		says, ok := ReadQuorum(quorum)
		if !ok {
			return &kind.InvalidError{Why: "“" + quorum + "” is no part of the full members", Hint: "it is written as 2/3, or 60%"}
		}
		d.Asks.Put(decisionQuorum, change.StrValue(says))
	}
	days, err := strconv.Atoi(strings.TrimSuffix(d.Asks.Figures[FigureTimebox], "d"))
	if !d.Asks.Has(decisionBy) && err == nil {
		place := d.Place
		if place == nil {
			place = time.UTC
		}
		from := d.Now.In(place)
		for _, f := range roundDays { // the time is for positions
			if end, ok := kind.DayEnds(d.Asks.Str(f), place); ok && end.After(from) {
				from = end.Add(-time.Second).In(place)
			}
		}
		d.Asks.Put(decisionBy, change.StrValue(from.AddDate(0, 0, days).Format(time.DateOnly)))
	}
	if d.Asks.Str(decisionQuestions)+d.Asks.Str(decisionReactions) != "" {
		d.Asks.Put(decisionRounds, change.BoolValue(true))
	}
	return nil
}

// standBehind is the position of who puts a text forward.
func standBehind(process string) string {
	switch process {
	case ProcessConsent:
		return Consent
	case ProcessConsensus, ProcessMajority:
		return Agree
	}
	return ""
}

// rewrite: another title or text is another revision, on which the others
// give their positions anew; the author's own goes along if they were for it, or if it is their
// proposal, for they wrote what it says now. What was decided or withdrawn isn't rewritten.
func rewrite(d *kind.Draft) error {
	if d.Asks.Title != nil || d.Asks.Text != nil || d.Asks.Has(decisionBy) || d.Asks.Has(decisionQuestions) || d.Asks.Has(decisionReactions) {
		if err := isOpen(d.View); err != nil {
			return err
		}
	}
	if err := askedInRounds(d, d.View); err != nil {
		return err
	}
	if d.Asks.Has(decisionBy) || d.Asks.Has(decisionReview) {
		review, by := decisionReview.Str(d.View), decisionBy.Str(d.View)
		if d.Asks.Has(decisionReview) {
			review = d.Asks.Str(decisionReview)
		}
		if d.Asks.Has(decisionBy) {
			by = d.Asks.Str(decisionBy)
		}
		if err := reviewComesAfter(review, by); err != nil {
			return err
		}
	}
	if stance, why := carried(d.View, d.Author); stance != "" {
		d.Then(func(title, text string) { standOn(d, title, text, stance, why) })
	}
	return nil
}

// standOn writes the author's position on a title and text.
func standOn(d *kind.Draft, title, text, stance, why string) {
	b, err := json.Marshal(position{Revision: kind.Revision(title, text), Stance: stance, Why: why})
	if err != nil {
		panic(err) // three strings
	}
	d.Say(decisionPosition, change.StrValue(string(b)))
}

// carried returns the position that goes along when its member rewrites the text; "" for none.
// An objection never does: whether the new text meets it is for its member to say.
func carried(v *kind.View, by charter.MemberID) (stance, why string) {
	d := kind.Of[Deciding](v)
	if p, ok := d.position(by); ok && p.Revision == d.Revision {
		switch {
		case isFor(p.Stance):
			return p.Stance, p.Why
		case isAgainst(p.Stance):
			return "", ""
		}
	}
	if by == v.CreatedBy {
		return standBehind(d.Process), ""
	}
	return "", ""
}

func (d *Deciding) position(m charter.MemberID) (Position, bool) {
	for _, p := range d.Positions {
		if p.Member == m {
			return p, true
		}
	}
	return Position{}, false
}

// isOpen refuses what makes no sense on a decision that is over.
func isOpen(v *kind.View) error {
	switch kind.Of[Deciding](v).Status {
	case Withdrawn:
		return kind.NotAllowed("propose it anew: kith decision propose TITLE", "this decision was withdrawn")
	case Agreed:
		return kind.NotAllowed("propose a new decision that replaces it", "this decision was agreed, so its text stays")
	case Chosen, Tied, Heard:
		return kind.NotAllowed("propose it anew: kith decision propose TITLE", "this decision was closed, so its text and options stay")
	case NotAgreed:
		return kind.NotAllowed("propose it anew: kith decision propose TITLE", "this decision was closed as not agreed, so its text stays")
	}
	return nil
}

// canWithdraw is isOpen; what was withdrawn for the same reason is as it is to be.
func canWithdraw(v *kind.View) error {
	if d := kind.Of[Deciding](v); d.Status == Withdrawn {
		return &kind.NotAllowedError{Why: "this decision was withdrawn", Hint: "propose it anew: kith decision propose TITLE", Is: true, Said: d.Why}
	}
	return isOpen(v)
}

func notWithdrawn(v *kind.View) error {
	if kind.Of[Deciding](v).Status == Withdrawn {
		return isOpen(v)
	}
	return nil
}

// takePosition says what the author thinks of the decision as it stands. A position can still be given after the outcome
// was recorded, and shows as late.
func takePosition(d *kind.Draft) error {
	now, stance, why := kind.Of[Deciding](d.View), d.Asks.Str(decisionStance), d.Asks.Why
	if err := takesPositions(d); err != nil {
		return err
	}
	words := Stances(now.Process)
	if now.Process == ProcessAdvice && d.Author != d.CreatedBy {
		words = []string{Advise, Abstain}
		if isFor(stance) || isAgainst(stance) {
			return &kind.InvalidError{Why: "by advice the proposer decides: say what you advise (or abstain)", Hint: sayInstead(now.Process, stance, why)}
		}
	}
	if isChoice(now.Process) && stance != Abstain {
		return &kind.InvalidError{Why: fmt.Sprintf("by %s one chooses from the options", now.Process), Hint: howToChoose(now.Process)}
	}
	if !slices.Contains(words, stance) {
		return &kind.InvalidError{Why: fmt.Sprintf("by %s one can say %s, not %s", now.Process, list(words, "or"), stance), Hint: sayInstead(now.Process, stance, why)}
	}
	if p, ok := now.position(d.Author); ok && p.Stance == stance && p.Why == why && p.Revision == now.Revision {
		return nil
	}
	return sayPosition(d, position{Revision: now.Revision, Stance: stance, Why: why})
}

// whatIsMissing is said of a choice in which there is nothing to choose from yet.
func whatIsMissing(v *kind.View) string {
	if d := kind.Of[Deciding](v); isChoice(d.Process) && len(d.Options) == 0 {
		return "There is nothing to choose from yet: kith decision option d-" + v.ID.String() + " TEXT"
	}
	return ""
}

// sayInstead is the command that says by a process what a word of another one means; "" if there is none.
func sayInstead(process, stance, why string) string {
	word := ""
	switch {
	case process == ProcessAdvice && stance != StandAside:
		word = Advise
	case isFor(stance):
		word = standBehind(process)
	case isAgainst(stance):
		word = against(process)
	case stance == StandAside:
		word = Abstain
	}
	switch {
	case word == "":
		return ""
	case why == "" && word != against(process) && word != Advise:
		return "kith decision " + word + " ID"
	}
	return "kith decision " + word + " ID --why WHY"
}

// against is the word by which one says no.
func against(process string) string {
	switch process {
	case ProcessConsent:
		return Object
	case ProcessAdvice:
		return Advise
	}
	return Disagree
}

// whatALateWordDoes tells who answers a decision that is closed what their word still does.
func whatALateWordDoes(v *kind.View) string {
	d := kind.Of[Deciding](v)
	if d.Status == Open {
		return ""
	}
	says := "This decision is closed: " + words(d.Status) + ". What you say now stands beside it as late, for everybody to see, and doesn't open it again."
	if d.Outcome != nil && d.Outcome.Contested {
		says += " The outcome is contested now, until somebody closes it once more, having seen what came to light; what you said stays in sight as late."
	}
	return says + " To change what was decided: kith decision propose TITLE"
}

// thatItIsntAgreed tells whoever names a decision for what it made that nothing is agreed by it. short is its ID.
func thatItIsntAgreed(v *kind.View, short string) string {
	if d := kind.Of[Deciding](v); d.Status != Agreed && d.Status != Chosen {
		return short + " isn't agreed on: it is " + words(d.Status) + "."
	}
	return ""
}

// withdraw takes the author's own proposal back, or that of somebody who left. What else others write there says nothing.
func withdraw(d *kind.Draft) error {
	if d.Author != d.CreatedBy && (d.Left == nil || !d.Left(d.CreatedBy)) {
		say := "kith talk ID --text TEXT" // from options one chooses, and none of them says no to all
		if process := kind.Of[Deciding](d.View).Process; !isChoice(process) {
			say = "kith decision " + against(process) + " ID --why WHY"
		}
		return kind.NotAllowed("say what you think of it: "+say, "only who proposed a decision can withdraw it")
	}
	d.SetAnew(decisionWithdrawn, change.StrValue(d.Asks.Why))
	return nil
}

// PositionJSON is one member's answer.
type PositionJSON struct {
	Member   kind.Named   `json:"member"`
	Stance   string       `json:"stance"` // a word of the verb position, or choose
	Choice   []ChoiceJSON `json:"choice"` // of choose
	Why      string       `json:"why"`
	Revision string       `json:"revision"` // the text that it was given on
	Counted  bool         `json:"counted"`  // on the present revision, by a full member
	Late     bool         `json:"late"`     // on the text that was decided, but unknown to the record
	Standing string       `json:"standing"` // full, prospective, resigned, removed: who isn't full now isn't counted in what is open
	At       kind.Time    `json:"at"`
}

// OutcomeJSON is what was recorded at the close of a decision, and whether the positions bear it.
type OutcomeJSON struct {
	Result     string         `json:"result"` // agreed, not_agreed, chosen, tied, heard
	Chosen     []string       `json:"chosen"` // the options that came out first
	Text       string         `json:"text"`
	RecordedBy kind.Named     `json:"recorded_by"`
	At         kind.Time      `json:"at"`
	Tally      map[string]int `json:"tally"` // stance to number of counted positions
	State      string         `json:"state"` // holds, contested, doesnt_hold
	Why        string         `json:"why"`   // why it is contested or doesn't hold
	Beside     []BesideJSON   `json:"beside"`
}

// BesideJSON is what somebody said who closed it as well.
type BesideJSON struct {
	Member kind.Named `json:"member"`
	At     kind.Time  `json:"at"`
	Text   string     `json:"text"`
}

// VoiceJSON is what the people of one co-op say together to a decision in a share.
type VoiceJSON struct {
	Coop   string       `json:"coop"`
	Result string       `json:"result"` // agreed, not_agreed, open
	For    int          `json:"for"`
	Of     int          `json:"of"` // its full members
	Silent []kind.Named `json:"silent"`
	Says   string       `json:"says"` // the same in words
}

func showPositions(l kind.Look) []PositionJSON {
	out := []PositionJSON{}
	d := kind.Of[Deciding](l.View)
	for _, p := range d.Positions {
		out = append(out, PositionJSON{l.Named(p.Member), kind.WordOut(p.Stance), showChoice(d, p.Choice), p.Why, p.Revision, p.Counted, p.Late, l.StandingOf(p.Member), p.At})
	}
	return out
}

func showOutcome(l kind.Look) *OutcomeJSON {
	o := kind.Of[Deciding](l.View).Outcome
	if o == nil {
		return nil
	}
	out := &OutcomeJSON{
		Result: strings.ReplaceAll(o.Result, " ", "_"), Chosen: o.Chosen, Text: o.Text, RecordedBy: l.Named(o.RecordedBy),
		At: o.At, Tally: o.Tally.words(), State: "holds", Beside: []BesideJSON{},
	}
	for _, b := range o.Beside {
		out.Beside = append(out.Beside, BesideJSON{l.Named(b.Member), b.At, b.Text})
	}
	switch {
	case !o.Holds:
		out.State, out.Why = "doesnt_hold", o.Why.in(l)
	case o.Contested:
		out.State = "contested"
		why := make([]string, len(o.ContestedWhy))
		for i, s := range o.ContestedWhy {
			why[i] = s.in(l)
		}
		out.Why = strings.Join(why, "; ")
	}
	return out
}

// decisionStands is the status of a decision, with what is wrong about its outcome.
func decisionStands(a kind.Answer) kind.Cell {
	status := kind.WordsOf("status")(a)
	switch a.In("outcome").Str("state") {
	case "contested":
		status.Words += ", contested"
	case "doesnt_hold":
		status.Words += ", doesn't hold"
	}
	return status
}

// decisionCame is decisionStands with what was chosen.
func decisionCame(a kind.Answer) kind.Cell {
	came, chosen := decisionStands(a), a.In("outcome").Words("chosen")
	switch {
	case came.Words != Chosen || len(chosen) == 0:
	case a.Str("process") == ProcessDates: // one alone: of several it would be tied
		came.Words, came.Day = "chosen:", chosen[0]
	default:
		came.Words, came.Own = "chosen: "+strings.Join(chosen, "; "), []string{strings.Join(chosen, "; ")}
	}
	return came
}

func withdrew(v change.Value, _ bool) (verb, to string) {
	if v.Str() == "" {
		return "cleared", ""
	}
	return "withdrew", v.Str()
}

func tookPosition(v change.Value, _ bool) (verb, to string) {
	p, ok := parsePosition(v.Str())
	if !ok {
		return "", ""
	}
	return map[string]string{
		Consent: "consented", Object: "objected", StandAside: "stood aside", Block: "blocked",
		Abstain: "abstained", Agree: "agreed", Disagree: "disagreed", Advise: "advised", Choose: "chose",
	}[p.Stance], p.Why
}

func closedAs(v change.Value, _ bool) (verb, to string) {
	r, ok := parseRecord(v.Str())
	if !ok {
		return "", ""
	}
	return "closed", r.Result
}
