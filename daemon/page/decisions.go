package page

import (
	"html/template"
	"net/http"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// position is what a member says to a decision, or that they have said nothing yet.
type position struct {
	who     kind.Answer
	stance  string // a word of a position, in JSON's form, toRenew or notYet
	said    string // the word that waits to be renewed
	why     string
	late    bool
	counted bool
}

// positionsOf are those of everybody who says or may say something, in the order of their names, as the text stands now.
func (in *asking) positionsOf(d document, members []api.Member) (all []position) {
	seen := map[string]bool{}
	for _, p := range d.says.List("positions") {
		one := position{who: p.In("member"), stance: p.Str("stance"), said: p.Str("stance"), why: p.Str("why"), late: p.Is("late"), counted: p.Is("counted")}
		if p.Str("revision") != d.says.Str("revision") && d.says.Str("process") != kinds.ProcessAdvice {
			one.stance = toRenew
			if against(one.said) { // it goes on standing until whoever said it says otherwise
				one.stance = one.said
			}
		}
		seen[one.who.Str("id")] = true
		all = append(all, one)
	}
	for _, m := range d.says.List("waiting_for") {
		if !seen[m.Str("id")] {
			seen[m.Str("id")] = true
			all = append(all, position{who: m, stance: notYet})
		}
	}
	for _, m := range members {
		if !seen[m.ID] && m.Standing == "full" && d.says.Str("status") == kinds.Open {
			all = append(all, position{who: kind.Answer{"id": m.ID, "name": m.Name}, stance: notYet})
		}
	}
	slices.SortStableFunc(all, func(a, b position) int {
		return strings.Compare(api.FoldName(a.who.Str("name")), api.FoldName(b.who.Str("name")))
	})
	return all
}

// onEarlier says whether a position was given on a text that has changed since.
func (d document) onEarlier(who kind.Answer) bool {
	for _, p := range d.says.List("positions") {
		if p.In("member").Str("id") == who.Str("id") {
			return p.Str("revision") != d.says.Str("revision")
		}
	}
	return false
}

// stanceSays says of somebody how they stand; of the reader in the second person.
func (in *asking) stanceSays(p position) string {
	if p.stance == toRenew {
		return in.saidBefore(p)
	}
	if in.isMe(p.who) {
		return in.t.T(map[string]string{
			"consent": "you consent", "object": "you object", "stand_aside": "you stand aside", "block": "you block", "abstain": "you abstain",
			"agree": "you agree", "disagree": "you disagree", "advise": "you advise", notYet: "you haven’t said yet",
		}[p.stance])
	}
	return in.t.T(map[string]string{
		"consent": "consents", "object": "objects", "stand_aside": "stands aside", "block": "blocks", "abstain": "abstains",
		"agree": "agrees", "disagree": "disagrees", "advise": "advises", notYet: "hasn’t said yet",
	}[p.stance])
}

// saidBefore says what somebody said to an earlier text.
func (in *asking) saidBefore(p position) string {
	if in.isMe(p.who) {
		return in.t.T(map[string]string{
			"consent": "you consented to an earlier text", "agree": "you agreed to an earlier text", "stand_aside": "you stood aside from an earlier text",
			"abstain": "you abstained on an earlier text", "advise": "you advised on an earlier text",
		}[p.said])
	}
	return in.t.T(map[string]string{
		"consent": "consented to an earlier text", "agree": "agreed to an earlier text", "stand_aside": "stood aside from an earlier text",
		"abstain": "abstained on an earlier text", "advise": "advised on an earlier text",
	}[p.said])
}

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

// objecting says who objects, of others.
func (in *asking) objecting(d document) string {
	var who []string
	for _, p := range d.says.List("positions") {
		if against(p.Str("stance")) && !in.isMe(p.In("member")) {
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
	Above   string // what it is, who proposed it, until when
	State   string // how it ended; "" while it is open
	Because string // what somebody wrote about that
	By      string // who did
	Trouble string // what is wrong about the outcome, as the daemon says it
	Wide    template.HTML
	Narrow  template.HTML
	Since   [][]piece // what was changed since the reader spoke, or was shown it
	Said    []said
	Next    []string // what may happen next
	Does    []action // with the text
	Word    *form    // to say something; nil: it can't be
	Share   *sharing // nil: it is at home
	Closes  bool     // it may be closed
	Mine    bool     // the reader proposed it
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
	v := deciding{D: d, Share: in.shared(d), Closes: open || d.says.In("outcome").Str("state") == "contested", Mine: d.CreatedBy.ID == in.status.Me.ID && open}
	by := ""
	if on := d.says.Str("by"); on != "" && open {
		by = in.t.T("everybody is heard until {day}", "day", in.Due(on, in.Day))
	}
	v.Above = dots(in.t.T("Decision {how}", "how", in.processSays(d)), in.by(d.CreatedBy, "proposed by {who}", "proposed by you"), by, in.tags(d))
	if v.Since, err = in.since(kinds.Decision, d); err != nil {
		return err
	}
	in.ended(&v)
	in.drawn(&v, all, members)
	if open {
		v.Next = in.next(d, all, members)
		v.Does = []action{{Words: in.t.T("Change the text"), At: in.At(kinds.Decision.Many, d.Short, "edit"), Look: "line"}}
	}
	if d.says.Str("status") != kinds.Withdrawn {
		v.Word = word
		if word == nil {
			v.Word = in.wordForm(d)
		}
	}
	in.show(w, statusOf(word), "decision", d.Title, v)
	return nil
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
	}
	if outcome == nil {
		return
	}
	v.Because, v.By = outcome.Str("text"), in.you(outcome.In("recorded_by"))
	switch outcome.Str("state") {
	case "contested":
		v.State = in.t.T("Agreed, and something came to light since")
		if v.D.says.Str("status") == kinds.NotAgreed {
			v.State = in.t.T("Not agreed, and something came to light since")
		}
		v.Trouble = outcome.Str("why")
	case "doesnt_hold":
		v.State, v.Trouble = in.t.T("It was closed, and that doesn’t hold: it is open"), outcome.Str("why")
	}
}

// drawn makes the picture, and the same in words.
func (in *asking) drawn(v *deciding, all []position, members []api.Member) {
	joining := map[string]bool{}
	for _, m := range members {
		joining[m.ID] = m.Standing == "prospective"
	}
	var seats []seat
	var words []string
	for _, p := range all {
		name, how := p.who.Str("name"), in.stanceSays(p)
		s := seat{name: name, stance: p.stance, says: []string{how}, joining: joining[p.who.Str("id")], me: in.isMe(p.who)}
		one := said{ID: p.who.Str("id"), Mark: stanceMark(p.stance), Who: name, How: how, Why: p.why}
		if s.me {
			one.Who, one.How = capital(how), ""
			s.name = in.t.T("{name}, you", "name", name)
			s.says = []string{in.stanceShort(p)}
		}
		if p.stance == toRenew {
			s.says = []string{in.t.T("waits to be renewed")}
		}
		switch earlier := v.D.onEarlier(p.who); {
		case p.stance == toRenew && p.said != "":
			one.Note = in.t.T("waits to be renewed: nobody has agreed to words that they haven’t read")
		case earlier && against(p.stance):
			s.says = append(s.says, in.t.T("to an earlier text"))
			one.Note = in.t.T("To an earlier text. Whether this one meets it is for {who} to say.", "who", name)
			if s.me {
				one.Note = in.t.T("To an earlier text. Whether this one meets it is for you to say.")
			}
		case s.joining && p.stance != notYet:
			one.Note = in.t.T("joining us, so it shows and isn’t counted yet")
			s.says = append(s.says, in.t.T("not counted yet"))
		case p.late:
			one.Note = in.t.T("late: said after it was closed")
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
	for _, p := range all {
		if p.counted {
			answered++
			if p.stance == "consent" || p.stance == "agree" {
				yes++
			}
		}
		if !against(p.said) || d.says.Str("process") == kinds.ProcessMajority {
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

// number is a number as a word, up to twelve.
func (in *asking) number(n int) string { return in.t.N("{n}", n) }

// wordForm is the form in which the reader says what they think. Nothing is chosen beforehand.
func (in *asking) wordForm(d document) *form {
	f := in.formOf(kinds.Decision, kinds.Decision.Verb("position"), d, nil)
	f.Title = in.t.T("Your word on this text, {name}", "name", in.status.Me.Name)
	f.Words, f.Beside = in.t.T("Say it to everybody"), in.t.T("signed by this computer")
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
		if process == kinds.ProcessAdvice && (word == kinds.Agree || word == kinds.Disagree) && d.CreatedBy.ID != in.status.Me.ID {
			continue // by advice the proposer decides
		}
		all = append(all, option{
			Value: kind.WordOut(word), Words: in.t.T(way[word][0]), Hint: in.t.T(way[word][1]), Mark: stanceMark(kind.WordOut(word)),
		})
	}
	return all
}
