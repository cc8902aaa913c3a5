package crdt

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// The states of a decision, besides Open, Agreed and NotAgreed.
const Withdrawn = "withdrawn"

// DoesntHold is the result of an outcome whose record isn't borne by the positions it names.
const DoesntHold = "doesn't hold"

// Decision is what a decision has beyond what every document has.
//
// Once an outcome holds, title and text of the view are those that were decided, even if
// somebody has changed them in the document; the outcome is contested then.
type Decision struct {
	Process    string             `json:"process"`
	Status     string             `json:"status"`          // Open, Agreed, NotAgreed or Withdrawn
	Revision   string             `json:"revision"`        // of title and text as shown
	By         string             `json:"by"`              // date until which positions are asked for, or ""
	ReviewOn   string             `json:"review_on"`       // date on which to look at it again, or ""
	Why        string             `json:"withdrawn"`       // why it was withdrawn
	Positions  []Position         `json:"positions"`       // by member ID
	WaitingFor []charter.MemberID `json:"waiting_for"`     // while it is open: full members without a counted position (by advice the proposer needs none)
	Full       []charter.MemberID `json:"full"`            // who counts: full members now, or when it was closed
	Tally      Counts             `json:"tally"`           // of the counted positions
	Joint      *Electorate        `json:"joint,omitempty"` // of a share: the same by sides; nil in a co-op
	Outcome    *Outcome           `json:"outcome"`         // nil while nobody has recorded one
}

// Position is what one member says to a decision.
type Position struct {
	Member   charter.MemberID `json:"member"`
	Stance   string           `json:"stance"`
	Why      string           `json:"why"`
	Revision string           `json:"revision"` // of the text that it was given on
	Counted  bool             `json:"counted"`  // by a full member on the text as shown (by advice: on any)
	Late     bool             `json:"late"`     // on the text that was decided, but the record didn't know of it
	At       Time             `json:"at"`
	Change   change.Hash      `json:"change"`
}

// Outcome is what was recorded when the decision was closed.
type Outcome struct {
	Result       string           `json:"result"` // Agreed, NotAgreed, or DoesntHold
	Holds        bool             `json:"holds"`
	Why          string           `json:"why"` // why it doesn't hold
	Text         string           `json:"text"`
	RecordedBy   charter.MemberID `json:"recorded_by"`
	At           Time             `json:"at"`
	Revision     string           `json:"revision"`
	Tally        Counts           `json:"tally"`     // at the record
	Contested    bool             `json:"contested"` // something came up that the record didn't know of
	ContestedWhy []string         `json:"contested_why"`
	Change       change.Hash      `json:"change"`
}

// position is the value of by:<member>/position: one string, so that two devices of a member
// never mix two positions into a third.
type position struct {
	Revision string `json:"revision"`
	Stance   string `json:"stance"`
	Why      string `json:"why"`
}

func parsePosition(s string) (p position, ok bool) {
	err := json.Unmarshal([]byte(s), &p)
	return p, err == nil && knownStance(p.Stance)
}

// Record is the value of by:<member>/record: an outcome, with the positions that give it.
type Record struct {
	Revision  string  `json:"revision"`
	Result    string  `json:"result"` // Agreed or NotAgreed
	Text      string  `json:"text"`   // what else was said at the close
	Positions []Named `json:"positions"`
	Seen      string  `json:"seen,omitempty"` // in all but the first: what its maker saw, so that no two are alike
}

// Named names a position: whose, and the change that wrote it.
type Named struct {
	Member string `json:"member"`
	Change string `json:"change"`
}

func parseRecord(s string) (r Record, ok bool) {
	err := json.Unmarshal([]byte(s), &r)
	return r, err == nil && (r.Result == Agreed || r.Result == NotAgreed)
}

// DecisionFields is what a decision begins with.
type DecisionFields struct {
	Title, Text string
	Tags        []string
	Process     string // "" is ProcessConsent; it can't be changed later
	By, Review  string
}

// NewDecision proposes a decision. Who proposes something stands behind it: their own position is
// written with it, and they can change it like everybody. Only by advice they have none yet,
// since there they decide after hearing the others.
func NewDecision(by charter.MemberID, f DecisionFields) Edit {
	return func(am *automerge.Doc, _ *View) error {
		if f.Process == "" {
			f.Process = ProcessConsent
		}
		if !slices.Contains(Processes, f.Process) {
			return invalid("%q is not a way to decide: choose %s", f.Process, list(Processes, "or"))
		}
		d := newDraft(am)
		if err := d.create(f.Title, f.Text, f.Tags); err != nil {
			return err
		}
		d.do(func() error { return d.root.Set(schema.Process, f.Process) })
		if err := d.decisionDates(&f.By, &f.Review); err != nil {
			return err
		}
		if word := standBehind(f.Process); word != "" {
			d.do(func() error { return d.standOn(by, word, "") })
		}
		return d.write()
	}
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

// standOn writes a position on title and text as they are in the document.
func (d *draft) standOn(by charter.MemberID, stance, why string) error {
	v, err := d.object(schema.Text, automerge.KindText)
	if err != nil {
		return err
	}
	text, err := v.Text().Get()
	if err != nil {
		return err
	}
	b, err := json.Marshal(position{Revision: kind.Revision(d.str(schema.Title), text), Stance: stance, Why: why})
	if err != nil {
		return err
	}
	return d.root.Set(schema.OwnKey(by, schema.OwnPosition), string(b))
}

func (d *draft) decisionDates(by, review *string) error {
	if by != nil {
		date, err := checkDate("the date", *by)
		if err != nil {
			return err
		}
		d.set(schema.DecideBy, date)
	}
	if review != nil {
		date, err := checkDate("the review date", *review)
		if err != nil {
			return err
		}
		d.set(schema.Review, date)
	}
	return nil
}

// DecisionEdit is a change of a decision's fields. A nil pointer leaves a field alone.
type DecisionEdit struct {
	Common
	By, Review *string
}

// EditDecision changes a decision. Another title or text is another revision, on which the others
// give their positions anew; the author's own goes along if they were for it, or if it is their
// proposal, for they wrote what it says now. What was decided or withdrawn isn't rewritten.
func EditDecision(by charter.MemberID, e DecisionEdit) Edit {
	return func(am *automerge.Doc, v *View) error {
		if v == nil || v.Decision == nil {
			return invalid("this is not a decision")
		}
		if e.Title != nil || e.Text != nil || e.By != nil {
			if err := isOpen(v); err != nil {
				return err
			}
		}
		d := newDraft(am)
		if e.Title != nil {
			title, err := checkTitle(*e.Title)
			if err != nil {
				return err
			}
			d.set(schema.Title, title)
		}
		if e.Text != nil {
			if err := d.editText(e.Base, e.From, *e.Text); err != nil {
				return err
			}
		}
		if len(d.steps) > 0 {
			if stance, why := carried(v, by); stance != "" {
				d.do(func() error { return d.standOn(by, stance, why) })
			}
		}
		tags := e.Common
		tags.Title, tags.Text = nil, nil
		if err := tags.gather(d); err != nil {
			return err
		}
		if err := d.decisionDates(e.By, e.Review); err != nil {
			return err
		}
		return d.write()
	}
}

// carried returns the position that goes along when its member rewrites the text; "" for none.
// An objection never does: whether the new text meets it is for its member to say.
func carried(v *View, by charter.MemberID) (stance, why string) {
	if p, ok := v.Decision.position(by); ok && p.Revision == v.Decision.Revision {
		switch {
		case isFor(p.Stance):
			return p.Stance, p.Why
		case isAgainst(p.Stance):
			return "", ""
		}
	}
	if by == v.CreatedBy {
		return standBehind(v.Decision.Process), ""
	}
	return "", ""
}

func (d *Decision) position(m charter.MemberID) (Position, bool) {
	for _, p := range d.Positions {
		if p.Member == m {
			return p, true
		}
	}
	return Position{}, false
}

// isOpen refuses what makes no sense on a decision that is over.
func isOpen(v *View) error {
	switch v.Decision.Status {
	case Withdrawn:
		return notAllowed("propose it anew: kith decision propose", "this decision was withdrawn")
	case Agreed:
		return notAllowed("propose a new decision that replaces it", "this decision was agreed, so its text stays")
	case NotAgreed:
		return notAllowed("propose it anew: kith decision propose", "this decision was closed as not agreed, so its text stays")
	}
	return nil
}

// TakePosition says what the author thinks of the decision as it stands. seen is the revision
// that they read; if the text is another one by now the edit is refused. "" doesn't ask. A
// position can still be given after the outcome was recorded, and shows as late.
func TakePosition(by charter.MemberID, stance, why, seen string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if v == nil || v.Decision == nil {
			return invalid("this is not a decision")
		}
		dec := v.Decision
		if dec.Status == Withdrawn {
			return isOpen(v)
		}
		words := Stances(dec.Process)
		if !slices.Contains(words, stance) {
			return invalid("by %s one can say %s, not %s", dec.Process, list(words, "or"), stance)
		}
		if dec.Process == ProcessAdvice && (isFor(stance) || isAgainst(stance)) && by != v.CreatedBy {
			return invalid("by advice the proposer decides: say what you advise (or abstain)")
		}
		why, err := checkWhy(why, NeedsWhy(stance))
		if err != nil {
			return err
		}
		if seen != "" && seen != dec.Revision {
			return notAllowed("read it again: kith decision show", "the text was changed since you read it")
		}
		if p, ok := dec.position(by); ok && p.Stance == stance && p.Why == why && p.Revision == dec.Revision {
			return ErrNothingChanged
		}
		b, err := json.Marshal(position{Revision: dec.Revision, Stance: stance, Why: why})
		if err != nil {
			return err
		}
		if err := short("the position", string(b)); err != nil {
			return err
		}
		return am.RootMap().Set(schema.OwnKey(by, schema.OwnPosition), string(b))
	}
}

// Withdraw takes the author's own proposal back, and says why.
func Withdraw(by charter.MemberID, why string) Edit {
	return func(am *automerge.Doc, v *View) error {
		if v == nil || v.Decision == nil {
			return invalid("this is not a decision")
		}
		why, err := checkWhy(why, true)
		if err != nil {
			return err
		}
		if v.Decision.Status == Withdrawn {
			return ErrNothingChanged
		}
		if err := isOpen(v); err != nil {
			return err
		}
		if by != v.CreatedBy {
			return notAllowed("object to it: kith decision object", "only who proposed a decision can withdraw it")
		}
		return am.RootMap().Set(schema.Withdrawn, why)
	}
}

// Names returns a member's name for a sentence; nil gives the ID.
type Names func(charter.MemberID) string

func (n Names) of(m charter.MemberID) string {
	if n != nil {
		if s := n(m); s != "" {
			return s
		}
	}
	return m.String()
}

func (n Names) list(members []charter.MemberID) string {
	out := make([]string, len(members))
	for i, m := range members {
		out[i] = n.of(m)
	}
	return list(out, "and")
}

// list writes "a, b and c".
func list(words []string, and string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " " + and + " " + words[last]
}

// NoOutcomeError says why a decision can't be closed now.
type NoOutcomeError struct {
	Why     string             // a sentence with names
	Hint    string             // what to do about it
	Members []charter.MemberID // who it is about: who objects, who hasn't answered
}

func (e *NoOutcomeError) Error() string { return e.Why }

// Close records the outcome that the positions give, which can't be chosen. text is what else was
// said, or "". Errors as for RecordFor.
func Close(by charter.MemberID, now time.Time, text string, names Names) Edit {
	return func(am *automerge.Doc, v *View) error {
		r, err := RecordFor(v, by, now, text, names)
		if err != nil {
			return err
		}
		b, err := json.Marshal(r)
		if err != nil {
			return err
		}
		if len(b) > schema.MaxRecord {
			return &LimitError{What: "the record of the outcome", Got: len(b), Limit: schema.MaxRecord, Unit: "bytes",
				Advice: "shorten its text"}
		}
		d := newDraft(am)
		d.set(schema.OwnKey(by, schema.OwnRecord), string(b))
		return d.write()
	}
}

// RecordFor returns the record that the positions of an open decision give. Where they give none,
// the error is a *NoOutcomeError that says what is missing.
//
// Beyond what Tally asks for, it gives everybody a chance to be heard, by consent and consensus:
// until the decision's date is over it waits for full members who have said nothing at all, and
// for those whose objection to an earlier text nobody has asked about. That is a courtesy of this
// command, not a rule that replicas share: a record made without it holds, if the positions give
// it, and a late objection shows it as contested.
//
// On an outcome that is contested it returns a record that says "seen": the same result, with
// all positions known now.
func RecordFor(v *View, by charter.MemberID, now time.Time, text string, names Names) (Record, error) {
	if v == nil || v.Decision == nil {
		return Record{}, invalid("this is not a decision")
	}
	d := v.Decision
	text, err := checkText("the text", text)
	if err != nil {
		return Record{}, err
	}
	r := Record{Revision: d.Revision, Text: text, Positions: []Named{}}
	for _, p := range d.Positions {
		if p.Counted {
			r.Positions = append(r.Positions, Named{p.Member.String(), p.Change.String()})
		}
	}
	if d.Outcome != nil {
		r.Seen = seenMark(v.Heads)
	}
	if d.Outcome != nil && d.Outcome.Holds {
		if !d.Outcome.Contested {
			return Record{}, notAllowed("", "this decision is closed already: %s", words(d.Status))
		}
		r.Result = d.Outcome.Result
		return r, nil
	}
	if err := isOpen(v); err != nil {
		return Record{}, err
	}
	if d.Process == ProcessAdvice && by != v.CreatedBy {
		return Record{}, notAllowed("give your advice: kith decision advise",
			"by advice %s decides, who proposed it", names.of(v.CreatedBy))
	}
	res := d.result(v.CreatedBy)
	if err := d.stands(res, names); err != nil {
		return Record{}, err
	}
	if err := d.heard(now, names); err != nil {
		return Record{}, err
	}
	r.Result = res.Outcome
	return r, nil
}

// seenMark names the heads that a member saw.
func seenMark(heads []change.Hash) string {
	h := sha256.New()
	h.Write([]byte("kith/seen/1\x00"))
	for _, head := range heads {
		h.Write(head[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:8])
}

func words(status string) string { return strings.ReplaceAll(status, "_", " ") }

// result is the tally of the positions as shown.
func (d *Decision) result(proposer charter.MemberID) Result {
	var stands []Stand
	for _, p := range d.Positions {
		if p.Counted {
			stands = append(stands, Stand{p.Member, p.Stance})
		}
	}
	who := d.Joint
	if who == nil {
		who = &Electorate{Sides: [][]charter.MemberID{d.Full}}
	}
	return who.tally(d.Process, proposer, stands)
}

// stands says what keeps the positions from giving an outcome.
func (d *Decision) stands(res Result, names Names) error {
	if res.Outcome != Open {
		return nil
	}
	if len(res.Against) > 0 {
		m := res.Against[0]
		p, _ := d.position(m)
		verb := map[string]string{Object: "objects", Block: "blocks", Disagree: "disagrees"}[p.Stance]
		why := names.of(m) + " " + verb
		if p.Why != "" {
			why += ": " + p.Why
		}
		return &NoOutcomeError{Why: why, Members: res.Against,
			Hint: "resolve it first: talk, change the text (kith decision edit), and ask for a new position"}
	}
	if d.Process == ProcessAdvice && len(d.WaitingFor) == 0 {
		return &NoOutcomeError{Why: "by advice a full member decides, and who proposed this is none",
			Hint: "a full member can propose it"}
	}
	if d.Process == ProcessAdvice {
		return &NoOutcomeError{Why: "nobody has given advice yet", Members: d.WaitingFor,
			Hint: "ask " + names.list(d.WaitingFor)}
	}
	why := "more than half of the members have to answer"
	if d.Process != ProcessConsent {
		why = "more than half of the members have to agree"
	}
	if len(d.WaitingFor) == 0 {
		return &NoOutcomeError{Why: why + ", and too few do",
			Hint: "change the text (kith decision edit), or withdraw it (kith decision withdraw)"}
	}
	return &NoOutcomeError{Why: why + "; not heard on this text: " + names.list(d.WaitingFor),
		Members: d.WaitingFor, Hint: "ask them; silence is not consent"}
}

// heard is the courtesy that RecordFor explains.
func (d *Decision) heard(now time.Time, names Names) error {
	if d.Process != ProcessConsent && d.Process != ProcessConsensus {
		return nil
	}
	if end, ok := DateEnds(d.By); ok && now.After(end) {
		return nil
	}
	var silent, unmet []charter.MemberID
	for _, m := range d.WaitingFor {
		p, said := d.position(m)
		switch {
		case !said:
			silent = append(silent, m)
		case isAgainst(p.Stance):
			unmet = append(unmet, m)
		}
	}
	switch {
	case len(unmet) > 0:
		return &NoOutcomeError{Why: names.list(unmet) + " objected to an earlier text and has not answered this one",
			Members: unmet, Hint: "ask whether the new text meets the objection" + orDate(d.By)}
	case len(silent) > 0:
		return &NoOutcomeError{Why: names.list(silent) + " has not said anything yet",
			Members: silent, Hint: "ask; silence is not consent" + orDate(d.By)}
	}
	return nil
}

func orDate(by string) string {
	if by == "" {
		return ". If somebody is away: kith decision edit --by DATE, and close it after that day"
	}
	return ", or close it after " + by
}
