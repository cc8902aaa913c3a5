package kinds

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/problem"
)

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

func have(members []charter.MemberID) string {
	if len(members) == 1 {
		return "has"
	}
	return "have"
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

// Problem implements problem.Teller.
func (e *NoOutcomeError) Problem() *problem.Problem {
	return problem.New(problem.NotAllowed, e.Hint, "this decision can't be closed yet: %s", e.Why)
}

// canClose says whether there is anything to close: it is open, or its outcome is contested.
func canClose(v *kind.View) error {
	if o := kind.Of[Deciding](v).Outcome; o != nil && o.Holds {
		if !o.Contested {
			return kind.Already("this decision is closed already: %s", words(kind.Of[Deciding](v).Status))
		}
		return nil
	}
	return isOpen(v)
}

// closeDecision records the outcome that the positions give, which can't be chosen. Errors as for RecordFor.
func closeDecision(d *kind.Draft) error {
	endRounds(d, roundAt(d.View, d.Now, d.Place))
	said := ""
	if d.Asks.Text != nil {
		said = d.Asks.Text.Text
	}
	r, err := RecordFor(d.View, d.Author, d.Now, d.Place, said, d.Name)
	if err != nil {
		return err
	}
	b, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if most := int(decisionRecord.Max); len(b) > most {
		return &kind.LimitError{What: "the record of the outcome", Got: len(b), Limit: most, Unit: "bytes", Advice: "shorten its text"}
	}
	d.Say(decisionRecord, change.StrValue(string(b)))
	return nil
}

// RecordFor returns the record that the positions of an open decision give. Where they give none,
// the error is a *NoOutcomeError that says what is missing.
//
// place is where the day of the decision ends. Beyond what Tally asks for, it gives everybody a chance to be heard, by consent and consensus:
// until the decision's date is over it waits for full members who have said nothing at all, and
// for those whose objection to an earlier text nobody has asked about. That is a courtesy of this
// command, not a rule that replicas share: a record made without it holds, if the positions give
// it, and a late objection shows it as contested.
//
// On an outcome that is contested it returns a record that says "seen": the same result, with
// all positions known now.
func RecordFor(v *kind.View, by charter.MemberID, now time.Time, place *time.Location, text string, names Names) (Record, error) {
	d := kind.Of[Deciding](v)
	r := Record{Revision: d.Revision, Text: text, Positions: []Named{}}
	for _, p := range d.Positions {
		if p.Counted {
			r.Positions = append(r.Positions, Named{p.Member.String(), p.Change.String()})
		}
	}
	if d.Outcome != nil {
		r.Seen = seenMark(v.Heads)
	}
	if err := canClose(v); err != nil {
		return Record{}, err
	}
	if d.Outcome != nil && d.Outcome.Holds {
		r.Result, r.Chosen = d.Outcome.Result, d.Outcome.Names
		return r, nil
	}
	if at := roundAt(v, now, place); at < len(Rounds)-1 {
		return Record{}, &NoOutcomeError{Why: "it is in the round of " + Rounds[at] + ", and positions are taken in the last round", Hint: "end this round: kith decision next ID"}
	}
	if d.Process == ProcessAdvice && by != v.CreatedBy {
		return Record{}, kind.NotAllowed("give your advice: kith decision advise ID --why WHY",
			"by advice %s decides, who proposed it", names.of(v.CreatedBy))
	}
	res := d.result(v.CreatedBy)
	if err := d.stands(res, names); err != nil {
		return Record{}, err
	}
	if err := d.heard(decisionBy.Str(v), now, place, names); err != nil {
		return Record{}, err
	}
	r.Result, r.Chosen = res.Outcome, res.Chosen
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
func (d *Deciding) result(proposer charter.MemberID) Result {
	var stands []Stand
	for _, p := range d.Positions {
		if p.Counted {
			stands = append(stands, Stand{p.Member, p.Stance, p.Choice})
		}
	}
	who := d.Joint
	if who == nil {
		who = &Electorate{Sides: [][]charter.MemberID{d.Full}}
	}
	return tally(d.Process, d.Quorum, proposer, *who, stands, d.Options)
}

// stands says what keeps the positions from giving an outcome.
func (d *Deciding) stands(res Result, names Names) error {
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
			Hint: "resolve it first: talk, change the text (kith decision edit ID), and ask for a new position"}
	}
	if d.Process == ProcessAdvice && len(d.WaitingFor) == 0 {
		return &NoOutcomeError{Why: "by advice a full member decides, and who proposed this is none",
			Hint: "a full member can propose it"}
	}
	if d.Process == ProcessAdvice {
		return &NoOutcomeError{Why: "nobody has given advice yet", Members: d.WaitingFor,
			Hint: "ask " + names.list(d.WaitingFor)}
	}
	if need := Enough(d.Quorum, res.Counts.Full); res.Counts.Full-res.Counts.Silent < need {
		return &NoOutcomeError{
			Why:     fmt.Sprintf("%d of %s have to answer, since its quorum is %s; not heard on this text: %s", need, people(res.Counts.Full), d.Quorum, names.list(d.WaitingFor)),
			Members: d.WaitingFor, Hint: "ask them; silence is no answer",
		}
	}
	why := "more than half of the members have to answer"
	if isChoice(d.Process) && len(d.WaitingFor) == 0 {
		return &NoOutcomeError{Why: "nobody has chosen any of the options", Hint: "put up another one: kith decision option ID TEXT"}
	}
	if d.Process == ProcessSense {
		why = "nobody has answered yet"
	}
	if d.Process == ProcessConsensus || d.Process == ProcessMajority {
		why = "more than half of the members have to agree"
	}
	if len(d.WaitingFor) == 0 {
		return &NoOutcomeError{Why: why + ", and too few do",
			Hint: "change the text (kith decision edit ID), or withdraw it (kith decision withdraw ID --why WHY)"}
	}
	return &NoOutcomeError{Why: why + "; not heard on this text: " + names.list(d.WaitingFor),
		Members: d.WaitingFor, Hint: "ask them; silence is not consent"}
}

// heard is the courtesy that RecordFor explains.
func (d *Deciding) heard(by string, now time.Time, place *time.Location, names Names) error {
	if !d.waitsForAll() {
		return nil
	}
	if end, ok := kind.DayEnds(by, place); ok && now.After(end) {
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
		return &NoOutcomeError{Why: names.list(unmet) + " objected to an earlier text and " + have(unmet) + " not answered this one",
			Members: unmet, Hint: "ask whether the new text meets the objection" + orDate(by)}
	case len(silent) > 0:
		return &NoOutcomeError{Why: names.list(silent) + " " + have(silent) + " not said anything yet",
			Members: silent, Hint: "ask; silence is not consent" + orDate(by)}
	}
	return nil
}

// waitsForAll says whether a decision is decided in a way in which everybody is to be heard before it is closed, or had until its day.
func (d *Deciding) waitsForAll() bool {
	return d.Process != ProcessMajority && d.Process != ProcessAdvice
}

func orDate(by string) string {
	if by == "" {
		return ". If somebody is away: kith decision edit ID --by DATE, and close it after that day"
	}
	return ", or close it after " + kind.DayInWords(by, nil)
}

// isProposed refuses to share what was withdrawn.
func isProposed(v *kind.View) error {
	if d := kind.Of[Deciding](v); d.Status == Withdrawn {
		return kind.NotAllowed("propose it again in the share: kith decision propose TITLE --space SHARE", "this proposal was withdrawn: %s", d.Why)
	}
	return nil
}

// asNote says how it stands with a decision that is closed, or that only one side is to write in: it can't be decided
// in a share.
func asNote(v *kind.View, kept bool, plain func(string) string) (says string, ok bool) {
	if d := kind.Of[Deciding](v); !kept && d.Status == Open && !isChoice(d.Process) {
		return "", false
	}
	return decided(v, plain), true
}

// decidedThere says of a decision that was closed in a share what came of it.
func decidedThere(v *kind.View, _ func(charter.MemberID) string) string {
	if d := kind.Of[Deciding](v); d.Status == Open || d.Outcome == nil {
		return ""
	}
	return decided(v, func(s string) string { return s })
}

// decided says how it stands with a decision, without who said what.
func decided(v *kind.View, plain func(string) string) string {
	d := kind.Of[Deciding](v)
	if d.Outcome == nil || d.Status == Open {
		says := fmt.Sprintf("This is being decided by %s.", d.Process)
		for _, o := range d.Options {
			says += "\n- " + plain(optionDay(o.Text))
		}
		return says
	}
	status := words(d.Status)
	says := fmt.Sprintf("%s by %s on %s.", strings.ToUpper(status[:1])+status[1:], d.Process, d.Outcome.At.Time().UTC().Format("2 January 2006"))
	for _, o := range d.Outcome.Chosen {
		says += "\n- " + plain(optionDay(o))
	}
	if d.Outcome.Text != "" {
		says += "\n\n" + plain(d.Outcome.Text)
	}
	if review := decisionReview.Str(v); review != "" {
		says += "\n\nIt is looked at again on " + review + "."
	}
	return says
}
