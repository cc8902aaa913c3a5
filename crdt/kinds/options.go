package kinds

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// Options of a decision are each what one member says; those of all are what members choose from. They are part of the
// revision: a further option is another question, and what was answered to the one before shows, isn't counted, and is asked for
// anew, as when the text changes. So nobody's answer is taken to say anything about an option that they never saw.

// MaxOptions bounds what can be chosen from: the first so many of what members say.
const MaxOptions = 60

// maxOwnOptions bounds those of one member.
const maxOwnOptions = 30

// Option is one of what can be chosen.
type Option struct {
	Name string // among all of the decision: "m-…/NAME"
	Text string // of dates: a day, or a moment in UTC
	By   charter.MemberID
}

var (
	decisionOption = &kind.Field{Key: "option", Is: kind.Line, Each: maxOwnOptions, Hint: "an option that they put up; empty: not any more", Log: tookOption}

	decisionOptions = &kind.Field{Key: "option", Is: kind.Lines, Typed: maxOwnOptions, Hint: "what can be chosen"}
	optionWords     = &kind.Field{Key: "words", Is: kind.Line, Label: "option", Hint: "the option", Var: "OPTION"}
	optionChoices   = &kind.Field{Key: "choices", Is: kind.Lines, Typed: MaxOptions, Label: "choice", Hint: "what I choose", Var: "CHOICE"}
)

// choiceProcesses are those by which something is chosen from options.
var choiceProcesses = []string{ProcessApproval, ProcessScore, ProcessRanking, ProcessDates}

func isChoice(process string) bool { return slices.Contains(choiceProcesses, process) }

// optionsIn are the options that stand in a past, in the order in which they were put up.
func (t *trial) optionsIn(in within) []Option {
	type put struct {
		Option
		first change.OpID
	}
	var all []put
	for name, writes := range t.options {
		w, ok := last(writes, in)
		if !ok || w.op.Value.Str() == "" {
			continue
		}
		o := put{Option: Option{Name: name, Text: w.op.Value.Str(), By: w.member}, first: w.op.ID}
		for _, w := range writes {
			if in.has(w.item) && w.op.ID.Less(o.first) {
				o.first = w.op.ID
			}
		}
		all = append(all, o)
	}
	slices.SortFunc(all, func(a, b put) int { return a.first.Compare(b.first) })
	out := []Option{}
	for _, o := range all[:min(len(all), MaxOptions)] {
		out = append(out, o.Option)
	}
	return out
}

// optionsSay is what answers are to beside title and text: the options by their names, so that one said otherwise is another.
func optionsSay(options []Option) string {
	var lines []string
	for _, o := range options {
		lines = append(lines, o.Text+"\t"+o.Name)
	}
	return strings.Join(lines, "\n")
}

// revisionOf names a text with its options.
func revisionOf(title, text string, options []Option) string {
	return kind.RevisionWith(title, text, optionsPart, optionsSay(options))
}

const optionsPart = "options"

// count gives what counted positions give to the options.
func count(process string, options []Option, stands []Stand) []Count {
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.Name
	}
	var ballots []Ballot
	for _, s := range stands {
		if s.Stance == Choose {
			ballots = append(ballots, s.Choice)
		}
	}
	return CountBallots(process, names, ballots)
}

// chosen is the result of a choice: open until more than half have answered, as by consent, and somebody has chosen.
func chosen(r Result, process string, options []Option, stands []Stand) Result {
	r.Against, r.Outcome = nil, Open
	r.Missing = max(r.Counts.Full/2+1-(r.Counts.Full-r.Counts.Silent), 0)
	r.Chosen = firsts(count(process, options, stands))
	switch {
	case r.Missing > 0:
	case len(r.Chosen) == 0:
		r.Missing = 1
	case len(r.Chosen) == 1:
		r.Outcome = Chosen
	default:
		r.Outcome = Tied
	}
	return r
}

// sensed is the result of a sense check, which decides nothing.
func sensed(r Result) Result {
	r.Against, r.Outcome, r.Missing = nil, Open, 1
	if r.Counts.Full > r.Counts.Silent {
		r.Outcome, r.Missing = Heard, 0
	}
	return r
}

// optionsFor checks the options that something is proposed with, and puts them into the form in which documents hold them.
func optionsFor(process string, words []string) ([]string, error) {
	if !isChoice(process) {
		if len(words) > 0 {
			return nil, &kind.InvalidError{Why: "by " + process + " there are no options: it is agreed, or not", Hint: "choose from options by one of: " + strings.Join(choiceProcesses, ", ")}
		}
		return nil, nil
	}
	out := []string{}
	for _, w := range words {
		w, err := optionFor(process, w)
		if err != nil {
			return nil, err
		}
		if slices.Contains(out, w) {
			return nil, kind.Invalid("the option “%s” is there twice", optionDay(w))
		}
		out = append(out, w)
	}
	return out, nil
}

func optionFor(process, words string) (string, error) {
	if process != ProcessDates {
		return words, nil
	}
	when, err := kind.CleanDay("an option", words)
	if err != nil {
		return "", &kind.InvalidError{Why: "“" + words + "” is no day and no time", Hint: `by dates an option is a day or a time: --option 2026-12-04 --option "2026-12-04 15:00"`}
	}
	return when, nil
}

// putOptions writes options of the author.
func putOptions(d *kind.Draft, options []string) {
	for _, o := range options {
		d.SayOf(decisionOption, d.NewName("option\x00"+o), change.StrValue(o))
	}
}

// addOption puts up one more, or takes one of the author's own away.
func addOption(d *kind.Draft) error {
	now := kind.Of[Deciding](d.View)
	word := d.Asks.Str(optionWords)
	if !isChoice(now.Process) {
		return kind.NotAllowed("change the text: kith decision edit ID", "by %s there are no options: it is agreed, or not", now.Process)
	}
	if d.Asks.Undo {
		if err := isOpen(d.View); err != nil {
			return err
		}
		o, err := now.optionNamed(word)
		switch {
		case err != nil:
			return err
		case o.By != d.Author:
			return kind.NotAllowed("say what you think of it: kith talk ID", "this option is %s's", d.Name(o.By))
		}
		_, name, _ := strings.Cut(o.Name, "/")
		d.SayOf(decisionOption, name, change.StrValue(""))
		return nil
	}
	word, err := optionFor(now.Process, word)
	if err != nil {
		return err
	}
	own := 0
	for _, o := range now.Options {
		if o.Text == word {
			return kind.Invalid("the option “%s” is there already", optionDay(word))
		}
		if o.By == d.Author {
			own++
		}
	}
	if most := min(maxOwnOptions, MaxOptions+own-len(now.Options)); own >= most {
		return &kind.LimitError{What: "this decision", Got: len(now.Options) + 1, Limit: len(now.Options), Unit: "options"}
	}
	putOptions(d, []string{word})
	return nil
}

// optionNamed finds an option by its number, as it is shown, or by its words.
func (d *Deciding) optionNamed(word string) (Option, error) {
	if n, err := strconv.Atoi(word); err == nil && n >= 1 && n <= len(d.Options) {
		return d.Options[n-1], nil
	}
	for _, o := range d.Options {
		if strings.EqualFold(o.Text, word) {
			return o, nil
		}
	}
	return Option{}, &kind.InvalidError{Why: fmt.Sprintf("there is no option “%s”: they are numbered from 1 to %d", word, len(d.Options)), Hint: "kith decision show ID"}
}

// choose answers to the options as they were shown.
func choose(d *kind.Draft) error {
	now := kind.Of[Deciding](d.View)
	if !isChoice(now.Process) {
		return &kind.InvalidError{Why: "by " + now.Process + " nothing is chosen from options", Hint: "say what you think of it: " + strings.Join(Stances(now.Process), ", ")}
	}
	if err := takesPositions(d); err != nil {
		return err
	}
	b, err := now.ballot(d.Asks.All(optionChoices))
	if err != nil {
		return err
	}
	if p, ok := now.position(d.Author); ok && p.Stance == Choose && p.Why == d.Asks.Why && p.Revision == now.Revision && maps.Equal(p.Choice, b) {
		return nil
	}
	return sayPosition(d, position{Revision: now.Revision, Stance: Choose, Why: d.Asks.Why, Choice: b})
}

func sayPosition(d *kind.Draft, p position) error {
	return d.SayJSON(decisionPosition, "the position", p)
}

// ballot reads what was typed: numbers of options, of which approval and dates take each (3, or 3=maybe) but those with 3=no, score one with its points
// (3=5), and ranking one place after the other. Several with a comma (3 1,2) are in one place, and else each by itself. “none” chooses none.
func (d *Deciding) ballot(words []string) (Ballot, error) {
	b, named := Ballot{}, map[string]bool{}
	if len(words) == 1 && strings.EqualFold(words[0], "none") {
		return b, nil
	}
	for place, word := range words {
		which, value, valued := strings.Cut(word, "=")
		parts := []string{which}
		if _, err := d.optionNamed(which); err != nil { // else a comma is one of its words
			parts = strings.Split(which, ",")
		}
		no := valued && strings.EqualFold(value, "no") && (d.Process == ProcessApproval || d.Process == ProcessDates)
		n, err := d.number(value, valued && !no, place)
		if err != nil {
			return nil, err
		}
		for _, part := range parts {
			o, err := d.optionNamed(strings.TrimSpace(part))
			if err != nil {
				return nil, err
			}
			if named[o.Name] {
				return nil, kind.Invalid("the option “%s” is there twice", optionDay(o.Text))
			}
			if named[o.Name] = true; !no {
				b[o.Name] = n
			}
		}
	}
	return b, nil
}

// number is what stands behind an option in a ballot.
func (d *Deciding) number(value string, valued bool, place int) (int, error) {
	switch {
	case d.Process == ProcessScore:
		n, err := strconv.Atoi(value)
		if err != nil || n < 0 || n > MaxScore {
			return 0, &kind.InvalidError{Why: fmt.Sprintf("an option gets 0 to %d points", MaxScore), Hint: "kith decision choose ID 1=5 2=3"}
		}
		return n, nil
	case d.Process == ProcessDates && valued && strings.EqualFold(value, "maybe"):
		return CouldCome, nil
	case valued && !(strings.EqualFold(value, "yes") && d.Process != ProcessRanking):
		return 0, &kind.InvalidError{Why: fmt.Sprintf("by %s “%s” can't stand behind an option", d.Process, value), Hint: howToChoose(d.Process)}
	case d.Process == ProcessDates:
		return CanCome, nil
	case d.Process == ProcessRanking:
		return place + 1, nil
	}
	return 1, nil
}

func howToChoose(process string) string {
	return map[string]string{
		ProcessApproval: "all that you can live with: kith decision choose ID 1 3",
		ProcessScore:    "points from 0 to 5: kith decision choose ID 1=5 2=3",
		ProcessRanking:  "the best first: kith decision choose ID 3 1,2",
		ProcessDates:    "when you can come: kith decision choose ID 1 3=maybe",
	}[process]
}

// OptionJSON is one of what can be chosen.
type OptionJSON struct {
	Number int        `json:"number"` // by which it is chosen, as long as the revision is this one
	Text   string     `json:"text"`
	By     kind.Named `json:"by"`
	Votes  int        `json:"votes"` // approvals, points, options that it beats, or who can come
	Sure   int        `json:"sure"`  // of dates: who can come, and not only if need be
	First  bool       `json:"first"` // it comes out first as it stands; several: they are tied
}

func showOptions(l kind.Look) []OptionJSON {
	d := kind.Of[Deciding](l.View)
	out := []OptionJSON{}
	for i, o := range d.Options {
		one := OptionJSON{Number: i + 1, Text: o.Text, By: l.Named(o.By)}
		if i < len(d.Count) {
			one.Votes, one.Sure, one.First = d.Count[i].Votes, d.Count[i].Sure, d.Count[i].First
		}
		out = append(out, one)
	}
	return out
}

// ChoiceJSON is what somebody says to one option.
type ChoiceJSON struct {
	Number int    `json:"number"` // of the option, as it is numbered now
	Text   string `json:"text"`
	Value  int    `json:"value"`
}

func showChoice(d *Deciding, b Ballot) []ChoiceJSON {
	out := []ChoiceJSON{}
	for i, o := range d.Options {
		if n, ok := b[o.Name]; ok {
			out = append(out, ChoiceJSON{i + 1, o.Text, n})
		}
	}
	return out
}

// chosenWords are the texts of options.
func chosenWords(options []Option, names []string) []string {
	out := []string{}
	for _, o := range options {
		if slices.Contains(names, o.Name) {
			out = append(out, o.Text)
		}
	}
	return out
}

// optionDay says a day or a moment as people read it, where a document is read without its reader's clock.
func optionDay(text string) string {
	if t, err := time.Parse(time.RFC3339, text); err == nil {
		return t.Format("2 January 2006 15:04 MST")
	}
	if t, err := time.Parse(time.DateOnly, text); err == nil {
		return t.Format("2 January 2006")
	}
	return text
}

func tookOption(v change.Value, _ bool) (verb, to string) {
	if v.Str() == "" {
		return "took an option away", ""
	}
	return "put up the option", v.Str()
}
