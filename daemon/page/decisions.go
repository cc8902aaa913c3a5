package page

import (
	"cmp"
	"html/template"
	"net/http"
	"slices"
	"strings"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// mine is how the reader stands to a decision.
func (in *asking) mine(d document) position {
	for _, p := range in.positionsOf(d, nil) {
		if in.isMe(p.who) {
			return p
		}
	}
	return position{stance: notYet}
}

func (in *asking) decisionMark(d document) template.HTML {
	if d.says.Str("status") == kinds.Agreed {
		return taskMark(kind.Answer{"status": kinds.TaskDone})
	}
	return stanceMark(in.mine(d).stance)
}

// processSays says how a decision is made.
func (in *asking) processSays(d document) string {
	return in.t.T(map[string]string{
		kinds.ProcessConsent: "by consent", kinds.ProcessConsensus: "by consensus", kinds.ProcessMajority: "by majority", kinds.ProcessAdvice: "by advice",
		kinds.ProcessApproval: "by approval", kinds.ProcessScore: "by score", kinds.ProcessRanking: "by ranking", kinds.ProcessDates: "by dates", kinds.ProcessSense: "as a sense check",
	}[d.says.Str("process")])
}

// decisionSays is the second line of a decision in a list.
func (in *asking) decisionSays(d document) string {
	outcome := d.says.In("outcome")
	switch status := d.says.Str("status"); {
	case status == kinds.Withdrawn:
		return dots(in.t.T("withdrawn"), in.by(d.CreatedBy, "proposed by {who}", "proposed by you"))
	case status == kinds.Agreed && outcome.Str("state") == "contested":
		return dots(in.t.T("agreed, and something came to light since"), in.processSays(d))
	case status == kinds.Agreed:
		review := ""
		if on := d.says.Str("review_on"); on != "" {
			review = in.t.T("to be looked at again {when}", "when", in.Due(on, in.Near))
		}
		return dots(in.t.T("agreed"), in.processSays(d), review)
	case status == kinds.NotAgreed:
		return dots(in.t.T("not agreed"), in.processSays(d))
	case status == kinds.Chosen:
		return dots(in.t.T("chosen: {options}", "options", in.outcomeSays(d)), in.processSays(d))
	case status == kinds.Tied:
		return dots(in.t.T("several came first: {options}", "options", in.outcomeSays(d)), in.processSays(d))
	case status == kinds.Heard:
		return dots(in.t.T("heard"), in.processSays(d))
	}
	var own string
	switch p := in.mine(d); {
	case p.stance == toRenew:
		own = in.t.T("the text has changed since you spoke")
	case p.stance != notYet:
		own = in.stanceSays(p)
	}
	by := ""
	if on := d.says.Str("by"); on != "" {
		by = in.t.T("everybody is heard until {when}", "when", in.Due(on, in.Near))
	}
	return dots(in.by(d.CreatedBy, "{who} proposes it, {how}", "you propose it, {how}", "how", in.processSays(d)), in.objecting(d), own, by)
}

// outcomeSays are the options that came out first.
func (in *asking) outcomeSays(d document) string {
	var all []string
	for _, text := range d.says.In("outcome").Words("chosen") {
		all = append(all, in.optionText(d, text))
	}
	return in.t.And(all)
}

// objecting says who objects, of others.
func (in *asking) objecting(d document) string {
	var who []string
	for _, p := range d.says.List("positions") {
		if against(p.Str("stance")) && cmp.Or(p.Str("standing"), "full") == "full" && !in.isMe(p.In("member")) {
			who = append(who, p.In("member").Str("name"))
		}
	}
	if len(who) == 0 {
		return ""
	}
	return in.t.N("{names} object", len(who), "names", in.t.And(who))
}

// deciding is a decision on a page of its own.
type deciding struct {
	D       document
	Above   string   // what it is, who proposed it, until when
	State   string   // how it ended; "" while it is open
	Because string   // what somebody wrote about that
	By      string   // who did, when, and how many said what
	Trouble sentence // what is wrong about the outcome
	Wide    template.HTML
	Narrow  template.HTML
	Since   [][]piece // what was changed since the reader spoke, or was shown it
	Spoke   bool      // they did speak
	Said    []said
	Next    []string // what may happen next
	Does    []action // with the text
	Word    *form    // to say something; nil: it can't be
	Share   *sharing // nil: it is at home
	Closes  bool     // it may be closed
	Mine    bool     // the reader proposed it
	Talk    *talking
	Options []anOption
	Rounds  []theRound
}

// theRound is a round of a decision.
type theRound struct {
	Title string
	Note  string // when it ends, or who ended it
	Said  []said
}

// said is what one person says to a decision.
type said struct {
	ID   string
	Mark template.HTML
	Who  string
	How  string
	Why  string
	Note string
}

func (in *asking) decision(w http.ResponseWriter, d document, word *form) error {
	members, err := in.c.Members(in.ctx())
	if err != nil {
		return err
	}
	all := in.positionsOf(d, members)
	open := d.says.Str("status") == kinds.Open
	v := deciding{D: d, Share: in.shared(d), Closes: open || d.says.In("outcome").Str("state") == "contested", Mine: in.me[d.CreatedBy.ID] && open}
	by := ""
	if on := d.says.Str("by"); on != "" && open {
		by = in.t.T("everybody is heard until {day}", "day", in.Due(on, in.Day))
	}
	v.Above = dots(in.t.T("Decision {how}", "how", in.processSays(d)), in.by(d.CreatedBy, "proposed by {who}", "proposed by you"), by, in.tags(d))
	if v.Since, err = in.since(kinds.Decision, d); err != nil {
		return err
	}
	if v.Talk, err = in.talk(kinds.Decision, d); err != nil {
		return err
	}
	v.Spoke = in.mine(d).stance != notYet
	if !open { // what was closed is news until somebody has seen it
		if err := in.c.NoteShown(in.ctx(), kinds.Decision.Many, d.ID, d.Heads); err != nil {
			return err
		}
	}
	v.Options, v.Rounds = in.optionsOf(d), in.roundsOf(d)
	in.ended(&v)
	early := open && earlyRound(d) != ""
	if open {
		v.Next = in.next(d, all, members)
		v.Does = []action{{Words: in.t.T("How it came"), At: in.At(kinds.Decision.Many, d.Short, "history"), Look: "plain"}, {Words: in.t.T("Change the text"), At: in.At(kinds.Decision.Many, d.Short, "edit"), Look: "line"}}
		if isChoice(d) {
			v.Does = append(v.Does, action{Words: in.t.T("Put up one more option"), At: in.At(kinds.Decision.Many, d.Short, "option"), Look: "line"}, in.verbAt(kinds.Decision, d, "position", "I abstain", "plain"))
			v.Does[len(v.Does)-1].At += "&stance=abstain"
		}
	}
	if early {
		v.Next = []string{in.t.T("Positions are taken in the last round. Until then ask, and say how it strikes you, in its talk."), in.t.T("Anybody ends a round, and so does its day. A round that is over doesn’t begin again.")}
		v.Does = append(slices.DeleteFunc(v.Does, func(a action) bool { return strings.Contains(a.At, "stance=") }), in.verbAt(kinds.Decision, d, "next", "End this round", "line"))
		v.Closes = false
	}
	if a := in.shareAction(kinds.Decision, d); a != nil {
		v.Does = append(v.Does, *a)
	}
	in.drawn(&v, all)
	if d.says.Str("status") != kinds.Withdrawn {
		v.Word = word
		if word == nil && !early {
			v.Word = in.wordForm(d)
		}
	}
	in.show(w, statusOf(word), "decision", d.Title, v)
	return nil
}

// earlyRound is the round before positions that a decision is in; "" if positions are taken.
func earlyRound(d document) string {
	for _, r := range d.says.List("rounds") {
		if word := r.Str("round"); r.Str("state") == "now" && word != kinds.Rounds[len(kinds.Rounds)-1] {
			return word
		}
	}
	return ""
}

// roundsOf are the rounds of a decision, with who said what in each.
func (in *asking) roundsOf(d document) (all []theRound) {
	title := map[string]string{"questions": "Questions", "reactions": "Reactions", "positions": "Positions"}
	for _, r := range d.says.List("rounds") {
		one := theRound{Title: in.t.T(title[r.Str("round")])}
		switch until := r.Str("until"); {
		case r.Str("state") == "now" && until != "":
			one.Note = in.t.T("now, until {when}", "when", in.Due(until, in.Day))
		case r.Str("state") == "now":
			one.Note = in.t.T("now")
		case r.Str("state") == "coming":
			one.Note = in.t.T("to come")
		case r.In("ended_by") != nil:
			one.Note = in.by(named(r.In("ended_by")), "ended by {who}", "ended by you")
		}
		for _, s := range r.List("said") {
			spoke := said{ID: s.Str("remark"), Who: s.In("member").Str("name"), Why: s.Str("text")}
			if in.isMe(s.In("member")) {
				spoke.Who = capital(in.t.T("you"))
			}
			if s.Is("late") {
				spoke.Note = in.t.T("came while it was ended")
			}
			one.Said = append(one.Said, spoke)
		}
		all = append(all, one)
	}
	return all
}

// since is how a document differs from what the reader answered to or was shown last; nil if it doesn't, or never was.
func (in *asking) since(k *kind.Kind, d document) ([][]piece, error) {
	last, err := in.c.LastShown(in.ctx(), k.Many, d.ID)
	if err != nil || last.Revision == "" || last.Revision == last.Now {
		return nil, err
	}
	return pieces(last.Changed), nil
}

// ended says how a decision ended.
func (in *asking) ended(v *deciding) {
	outcome := v.D.says.In("outcome")
	switch v.D.says.Str("status") {
	case kinds.Withdrawn:
		v.State, v.Because, v.By = in.t.T("Withdrawn"), v.D.says.Str("withdrawn_why"), in.namedBy(v.D.CreatedBy)
		return
	case kinds.Agreed:
		v.State = in.t.T("Agreed")
	case kinds.NotAgreed:
		v.State = in.t.T("Not agreed")
	case kinds.Chosen:
		v.State = in.t.T("Chosen: {options}", "options", in.outcomeSays(v.D))
	case kinds.Tied:
		v.State = in.t.T("Several came first: {options}", "options", in.outcomeSays(v.D))
	case kinds.Heard:
		v.State = in.t.T("Heard: this is what we think, and nothing was decided")
	}
	if outcome == nil {
		return
	}
	v.Because, v.By = outcome.Str("text"), in.recorded(outcome)
	switch outcome.Str("state") {
	case "contested":
		v.State = in.t.T("Agreed, and something came to light since")
		if v.D.says.Str("status") == kinds.NotAgreed {
			v.State = in.t.T("Not agreed, and something came to light since")
		}
		v.Trouble = in.said(outcome.Str("why"))
	case "doesnt_hold":
		v.State, v.Trouble = in.t.T("It was closed, and that doesn’t hold: it is open"), in.said(outcome.Str("why"))
	}
}

// recorded says who closed a decision, when, and what was said to it then.
func (in *asking) recorded(outcome kind.Answer) string {
	when, _ := time.Parse(time.RFC3339, outcome.Str("at"))
	var counts []string
	for _, word := range tallied {
		if n, _ := outcome.In("tally")[word].(float64); n > 0 {
			counts = append(counts, in.t.N(tallySays[word], int(n)))
		}
	}
	return dots(in.by(named(outcome.In("recorded_by")), "closed by {who}, {when}", "closed by you, {when}", "when", in.Moment(when)), in.t.And(counts))
}

// tallied are the stances in the order in which they are counted out, and tallySays how.
var tallied = []string{"choose", "consent", "agree", "advise", "stand_aside", "abstain", "object", "disagree", "block"}

var tallySays = map[string]string{
	"choose": "{n} chose", "consent": "{n} consented", "agree": "{n} agreed", "advise": "{n} advised", "stand_aside": "{n} stood aside",
	"abstain": "{n} abstained", "object": "{n} objected", "disagree": "{n} disagreed", "block": "{n} blocked",
}

// drawn makes the picture, and the same in words.
func (in *asking) drawn(v *deciding, all []position) {
	var seats []seat
	var words []string
	for _, p := range all {
		name, how := p.who.Str("name"), in.stanceSays(p)
		s := seat{name: name, stance: p.stance, says: []string{how}, joining: !p.isCounted(), me: in.isMe(p.who)}
		one := said{ID: p.who.Str("id"), Mark: stanceMark(p.stance), Who: name, How: how, Why: p.why}
		if p.stance == "choose" {
			one.Note = in.choiceSays(v.D, p.choice)
		}
		if s.me {
			one.Who, one.How = capital(how), ""
			s.name = in.t.T("{name}, you", "name", name)
			s.says = []string{in.stanceShort(p)}
		}
		switch {
		case p.stance == toRenew && v.Next == nil:
			s.says = []string{in.t.T("to an earlier text")}
		case p.stance == toRenew:
			s.says = []string{in.t.T("waits to be renewed")}
		}
		switch earlier := v.D.onEarlier(p.who); {
		case p.late:
			one.Note = in.t.T("late: said after it was closed")
			s.says = append(s.says, in.t.T("late"))
		case p.standing == "prospective" && p.stance != notYet:
			one.Note = in.t.T("joining us, so it shows and isn’t counted yet")
			s.says = append(s.says, in.t.T("not counted yet"))
		case !p.isCounted():
			one.Note = in.t.T("has left since, so it shows and isn’t counted any more")
			s.says = append(s.says, in.t.T("not counted any more"))
		case p.stance == toRenew && v.Next == nil: // it ended without them
		case p.stance == toRenew:
			one.Note = in.t.T("waits to be renewed: nobody has agreed to words that they haven’t read")
		case earlier && against(p.stance):
			s.says = append(s.says, in.t.T("to an earlier text"))
			one.Note = in.t.T("To an earlier text. Whether this one meets it is for {who} to say.", "who", name)
			if s.me {
				one.Note = in.t.T("To an earlier text. Whether this one meets it is for you to say.")
			}
		}
		seats = append(seats, s)
		if s.me {
			words = append(words, how)
		} else {
			words = append(words, name+" "+how)
		}
		v.Said = append(v.Said, one)
	}
	says := in.t.T("Around the proposal: {people}.", "people", strings.Join(words, ", "))
	v.Wide, v.Narrow = circleOf(wide, v.D.Title, seats, says), circleOf(narrow, v.D.Title, seats, says)
}

// stanceShort is how the reader stands, beside their name.
func (in *asking) stanceShort(p position) string {
	p.who = nil
	return in.stanceSays(p)
}

// next says what may happen now, in sentences: by the rules in docs/CONCEPTS.md, "What closes a decision".
func (in *asking) next(d document, all []position, members []api.Member) (says []string) {
	full, answered := 0, 0
	for _, m := range members {
		if m.Standing == "full" {
			full++
		}
	}
	yes := 0
	if isChoice(d) || d.says.Str("process") == kinds.ProcessSense {
		return in.nextOfChoice(d, all, full)
	}
	for _, p := range all {
		if p.counted {
			answered++
			if p.stance == "consent" || p.stance == "agree" {
				yes++
			}
		}
		if !against(p.said) || !p.isCounted() || d.says.Str("process") == kinds.ProcessMajority {
			continue
		}
		switch {
		case in.isMe(p.who) && d.onEarlier(p.who):
			says = append(says, in.t.T("You say whether this text meets your objection."))
		case in.isMe(p.who):
			says = append(says, in.t.T("Your objection stands. Nobody overrules it; a better text or a talk resolves it."))
		case d.onEarlier(p.who):
			says = append(says, in.t.T("{who} says whether this text meets the objection. Nobody overrules it.", "who", p.who.Str("name")))
		default:
			says = append(says, in.t.T("The objection of {who} stands. Nobody overrules it; a better text or a talk resolves it.", "who", p.who.Str("name")))
		}
	}
	says = append(says, in.t.T("Anybody may change the text. Then what was said so far waits to be renewed."))
	half := full/2 + 1
	of := []any{"half", in.number(half), "all", in.number(full), "of", in.number(answered), "yes", in.number(yes)}
	switch d.says.Str("process") {
	case kinds.ProcessConsent:
		says = append(says, in.t.T("It can be closed as agreed when {half} of {all} have answered this text, one of them with consent, and nobody objects. So far: {of}.", of...))
	case kinds.ProcessConsensus:
		says = append(says, in.t.T("It can be closed as agreed when {half} of {all} agree to this text, and nobody disagrees or blocks. So far: {yes}.", of...))
	case kinds.ProcessMajority:
		says = append(says, in.t.T("It can be closed as agreed when {half} of {all} agree, and as not agreed when that can’t be reached any more. So far: {yes}.", of...))
	case kinds.ProcessAdvice:
		says = append(says, in.by(d.CreatedBy, "{who} decides, after hearing at least one other.", "You decide, after hearing at least one other."))
	}
	by, process := d.says.Str("by"), d.says.Str("process")
	switch {
	case process != kinds.ProcessConsent && process != kinds.ProcessConsensus:
		says = append(says, in.t.T("No day decides anything. If nobody closes it, it stays open."))
	case by == "":
		says = append(says, in.t.T("Closing it waits for everybody who has said nothing, unless a day is set until when. If nobody closes it, it stays open."))
	case in.overdue(by):
		says = append(says, in.t.T("Its day is over, so closing it waits for nobody. The day decides nothing: if nobody closes it, it stays open."))
	default:
		says = append(says, in.t.T("Until {when}, closing it waits for everybody who has said nothing. The day decides nothing: if nobody closes it, it stays open.", "when", in.Due(by, in.Day)))
	}
	return says
}

// nextOfChoice says it where something is chosen, or only asked what we think.
func (in *asking) nextOfChoice(d document, all []position, full int) (says []string) {
	answered := 0
	for _, p := range all {
		if p.counted {
			answered++
		}
	}
	of := []any{"half", in.number(full/2 + 1), "all", in.number(full), "of", in.number(answered)}
	if d.says.Str("process") == kinds.ProcessSense {
		return []string{in.t.T("It decides nothing: it says what we think. Anybody may close it once somebody has said something. So far: {of}.", of...)}
	}
	return []string{
		in.t.T("Anybody may put up one more option. Then it is another question, and what was chosen so far waits to be renewed."),
		in.t.T("It can be closed when {half} of {all} have answered. So far: {of}.", of...),
		in.t.T("What comes first then is chosen. If several come first alike, that is said, and no lot is drawn."),
	}
}

// number is a number as a word, up to twelve.
func (in *asking) number(n int) string { return in.t.N("{n}", n) }

// wordForm is the form in which the reader says what they think. Nothing is chosen beforehand.
func (in *asking) wordForm(d document) *form {
	f := in.formOf(kinds.Decision, kinds.Decision.Verb("position"), d, nil)
	if isChoice(d) {
		f = in.formOf(kinds.Decision, kinds.Decision.Verb("choose"), d, nil)
		f.Inputs = slices.Concat(in.choiceInputs(d), slices.DeleteFunc(f.Inputs, func(i input) bool { return i.Name == "choices" }))
	}
	f.Title = in.t.T("Your word on this text, {name}", "name", in.status.Me.Name)
	f.Words, f.Beside = in.t.T("Say it to everybody"), in.t.T("signed by this computer")
	if d.says.Str("status") != kinds.Open {
		f.Title = in.t.T("A late word, {name}", "name", in.status.Me.Name)
		f.Told = []sentence{{Says: in.t.T("It was closed. What you say now stands beside it as late, for everybody to see, and doesn’t open it again.")}}
	}
	return f
}

// choices are the words that a decision's process offers.
func (in *asking) choices(d document) (all []option) {
	way := map[string][2]string{
		kinds.Consent:    {"I consent", "good enough for now, safe enough to try"},
		kinds.Object:     {"I object", "it would harm us, and here is how"},
		kinds.StandAside: {"I stand aside", "not for me, and I don’t stop you"},
		kinds.Abstain:    {"I abstain", "I leave it to the others"},
		kinds.Agree:      {"I agree", "yes"},
		kinds.Disagree:   {"I disagree", "no, and here is why"},
		kinds.Block:      {"I block", "it goes against what we are here for, and here is why"},
		kinds.Advise:     {"I advise", "here is what I would have you consider"},
	}
	process := d.says.Str("process")
	for _, word := range kinds.Stances(process) {
		if process == kinds.ProcessAdvice && (word == kinds.Agree || word == kinds.Disagree) && !in.me[d.CreatedBy.ID] {
			continue // by advice the proposer decides
		}
		all = append(all, option{
			Value: kind.WordOut(word), Words: in.t.T(way[word][0]), Hint: in.t.T(way[word][1]), Mark: stanceMark(kind.WordOut(word)),
		})
	}
	return all
}
