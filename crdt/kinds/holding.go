package kinds

import (
	"cmp"
	"slices"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// MaxHolders bounds how many members hold one role together.
const MaxHolders = 20

// What somebody holds (a role, the coordination of a project) anybody may write down: it says who does it, and allows
// nothing. What the person says to that is theirs alone. The value of each in heldBy is when they were named: who is
// named together has one value, and who is named apart by two people shows by two.
var (
	heldBy = &kind.Field{Key: "held", Is: kind.Members, Hint: "who holds it", Stays: true, Log: wasNamed}
	// heldLast is when each was named last, which stays when it is over: by it the rotation goes on.
	heldLast = &kind.Field{Key: "named", Is: kind.Members, Hint: "when each was named last", Stays: true, Log: untold}

	holdAnswer = &kind.Field{
		Key: "answer", Is: kind.JSON, Hint: "to having been named", Log: saidAnswer,
		Form: `JSON {"to":ms,"answer":"accepted"\|"declined"\|"put_back","why":""}; to is the value in held`, // see answer
	}
	holdHanded = &kind.Field{
		Key: "handed", Is: kind.JSON, Hint: "who is to take it over from them", Log: taskHandsOver,
		Form: `JSON {"to":"m-…","asked":ms,"note":""}; asked is the value in held of who is to take it over`, // see handing
	}
)

// whose is whom lists are asked for that have somebody who does what is in them.
var whose = &kind.Field{Key: "who", Is: kind.Members, Typed: 1, Hint: "who has it"}

// Holding is who holds something.
type Holding struct {
	Holders []Holder // by member
	Asked   []Holder // to whom it is handed over, and who haven't answered; by member
	Refused []Holder // who were named and said no, or have put it back; by member
	Gone    []Holder // who handed it over to somebody who took it: they were named all the same, until somebody is named anew; by member
	Apart   bool     // it was filled twice by people who didn't know of each other

	Ended   []charter.MemberID // who held it or were asked to, until somebody else said that others do; by member
	NamedBy charter.MemberID   // who said last who holds it; zero: nobody yet
}

// Holder is one member who was named, and what they say.
type Holder struct {
	Member charter.MemberID
	At     kind.Time        // when they were named, by the clock of who did, which also tells this naming from another
	Answer string           // AnswerNone, AnswerAccepted …
	Why    string           //
	From   charter.MemberID // who hands it over to them; zero: nobody
	Note   string           // from them
}

// holding reads who holds what a document is about. What somebody says to having been named counts for that naming, and beside
// what whoever named others meanwhile didn't know of: nobody's yes or no is written over by somebody who never saw it.
func holding(s *kind.Story) Holding {
	var h Holding
	named := namingsIn(s, heldBy)
	all, handed := map[charter.MemberID]*Holder{}, map[charter.MemberID]bool{}
	for _, m := range sortedMembers(named.of) {
		at := named.stands(m)
		one := &Holder{Member: m, At: kind.Time(at), Answer: AnswerNone}
		if a, ok := parseAnswer(s.Said[m][holdAnswer.Key].Str()); ok && (a.To == at || named.unheard(m, a.To, m, holdAnswer)) {
			one.At, one.Answer, one.Why = kind.Time(cmp.Or(at, a.To)), a.Answer, a.Why
		}
		if one.At != 0 { // else not any more
			all[m] = one
		}
	}
	over := map[charter.MemberID]bool{}
	for _, giver := range sortedMembers(s.Said) {
		g, to, ok := parseHanding(s.Said[giver][holdHanded.Key].Str())
		next := all[to]
		if !ok || next == nil || giver == to || int64(next.At) != g.Asked && !named.unheard(to, g.Asked, giver, holdHanded) {
			continue
		}
		next.From, next.Note, handed[to] = giver, g.Note, int64(next.At) == g.Asked
		if next.Answer == AnswerAccepted || next.Answer == AnswerPutBack { // it was theirs then
			over[giver] = all[giver] != nil && all[giver].At < next.At
		}
	}
	for _, m := range sortedMembers(all) {
		switch one := *all[m]; {
		case one.Answer == AnswerDeclined || one.Answer == AnswerPutBack:
			h.Refused = append(h.Refused, one)
		case over[m]:
			h.Gone = append(h.Gone, one)
		case handed[m] && one.Answer != AnswerAccepted:
			h.Asked = append(h.Asked, one)
		default:
			h.Holders = append(h.Holders, one)
		}
	}
	for _, m := range sortedMembers(named.of) {
		if all[m] == nil && named.endedByOthers(s, m) {
			h.Ended = append(h.Ended, m)
		}
	}
	if last, ok := named.last(); ok {
		h.NamedBy = s.Items[last.item].Author
	}
	for _, one := range h.Holders {
		first := h.Holders[0]
		h.Apart = h.Apart || one.At != first.At || !slices.Equal(named.by(one.Member), named.by(first.Member))
	}
	return h
}

// namings are all that was ever written of who holds something, or was asked to do it, by member.
type namings struct {
	*trial
	of     map[charter.MemberID][]naming
	said   map[string]int // by which change what stands under an own key was written; made when first needed
	future map[int]within // of changes that were looked at: what stands on them
}

// naming is one value in that map.
type naming struct {
	id   change.OpID
	at   int64 // 0: not any more
	item int
	over bool // who wrote another knew of it
}

func namingsIn(s *kind.Story, f *kind.Field) *namings {
	n := &namings{trial: &trial{items: s.Items}, of: map[charter.MemberID][]naming{}, future: map[int]within{}}
	places := map[change.OpID]int{} // of a naming among those of its member
	var in change.OpID              // the map
	for i, it := range s.Items {
		for j := range it.Change.Ops {
			op := &it.Change.Ops[j]
			if _, made := op.Action.Makes(); made && op.Obj.IsZero() && op.Key == f.Key {
				in = op.ID
			}
			if in.IsZero() || op.Obj != in {
				continue
			}
			m, err := charter.ParseMemberID(op.Key)
			if err != nil {
				continue
			}
			all := n.of[m]
			for _, before := range op.Pred {
				if w, known := places[before]; known && w < len(all) && all[w].id == before {
					all[w].over = true
				}
			}
			places[op.ID] = len(all)
			n.of[m] = append(all, naming{id: op.ID, at: op.Value.Int(), item: i})
		}
	}
	return n
}

// stands is when somebody was named, or 0 if that is over. Beside a naming it says nothing that somebody ended an earlier one.
func (n *namings) stands(m charter.MemberID) (at int64) {
	for _, w := range n.of[m] {
		if !w.over {
			at = max(at, w.at)
		}
	}
	return at
}

// last is what was written last of who holds it.
func (n *namings) last() (last naming, ok bool) {
	for _, all := range n.of {
		for _, w := range all {
			if !ok || last.id.Less(w.id) {
				last, ok = w, true
			}
		}
	}
	return last, ok
}

// endedByOthers says whether somebody else ended the last naming of m, who hadn't said no, and hadn't handed it over either.
func (n *namings) endedByOthers(s *kind.Story, m charter.MemberID) bool {
	var named, ended naming
	for _, w := range n.of[m] {
		switch {
		case w.at == 0 && ended.id.Less(w.id):
			ended = w
		case w.at != 0 && named.id.Less(w.id):
			named = w
		}
	}
	if ended.id.IsZero() || !named.id.Less(ended.id) || s.Items[ended.item].Author == m {
		return false
	}
	if a, ok := parseAnswer(s.Said[m][holdAnswer.Key].Str()); ok && a.To == named.at && a.Answer != AnswerAccepted {
		return false
	}
	h, _, ok := parseHanding(s.Said[m][holdHanded.Key].Str())
	return !ok || h.Asked < named.at
}

// by are the changes that named somebody, and that nobody wrote over who knew of them.
func (n *namings) by(m charter.MemberID) (items []int) {
	for _, w := range n.of[m] {
		if w.at != 0 && !w.over {
			items = append(items, w.item)
		}
	}
	return items
}

// unheard says whether nobody who named m otherwise since then, or ended it, knew what by says of m's naming in a field.
func (n *namings) unheard(m charter.MemberID, at int64, by charter.MemberID, f *kind.Field) bool {
	if !slices.ContainsFunc(n.of[m], func(w naming) bool { return w.at == at && at != 0 }) {
		return false
	}
	said, ok := n.saying(by, f)
	return ok && !slices.ContainsFunc(n.of[m], func(w naming) bool { return w.at != at && n.knows(w.item, said) })
}

// saying is the change by which somebody said what stands under a field of their own.
func (n *namings) saying(by charter.MemberID, f *kind.Field) (item int, ok bool) {
	if n.said == nil {
		n.said = map[string]int{}
		last := map[string]change.OpID{}
		for i, it := range n.items {
			for j := range it.Change.Ops {
				if op := &it.Change.Ops[j]; op.Obj.IsZero() && last[op.Key].Less(op.ID) {
					n.said[op.Key], last[op.Key] = i, op.ID
				}
			}
		}
	}
	item, ok = n.said[schema.OwnKey(by, f.Key)]
	return item, ok
}

// knows says whether one change stands on another. There may be many that are asked about one: what stands on that is found in one go.
func (n *namings) knows(item, other int) bool {
	if n.future[other] == nil {
		n.future[other] = n.trial.future(other)
	}
	return n.future[other].has(item)
}

func (h *Holding) named() []charter.MemberID { return membersOf(h.Holders) }

// isHolder says whether somebody holds it.
func (h *Holding) isHolder(m charter.MemberID) bool { return slices.Contains(h.named(), m) }

// unanswered are those who were named, or to whom it is handed over, and haven't said anything.
func (h *Holding) unanswered() (out []charter.MemberID) {
	for _, one := range slices.Concat(h.Holders, h.Asked) {
		if one.Answer == AnswerNone {
			out = append(out, one.Member)
		}
	}
	return out
}

// handing writes who hands it over, and to whom, as facts.
func (h *Holding) handing(f *kind.Facts) {
	for _, one := range h.Asked {
		f.Who("hands", one.From)
		f.Who("handed", one.Member)
	}
}

// staysWith waits for who hands something over to somebody who left and hadn't answered.
func staysWith(key, many string) *kind.Wait {
	return &kind.Wait{
		Key: key, Title: "Who was to take these over from you has left", Gist: many + " that I hand over to somebody who left",
		Facts: []string{"hands/me", "handed/gone"}, Says: handedTo, Who: func(kind.Answer) any { return nil }, Run: "hand-over", // it is one's own
	}
}

// handedTo says to whom something is handed over who haven't answered.
func handedTo(a kind.Answer) kind.Cell {
	var names []string
	for _, one := range a.List("asked") {
		who := one
		if one["member"] != nil { // of a task
			who = one.In("member")
		}
		if one.In("from") != nil && (one.Str("answer") == AnswerNone || one.Str("answer") == "") {
			names = append(names, who.Str("name"))
		}
	}
	cell := kind.OwnWords(names...)
	cell.Words = "to " + cell.Words
	return cell
}

// keeps are those who wanted to hand it over to somebody who said no, and who hold it still.
func (h *Holding) keeps() (all []charter.MemberID) {
	for _, one := range h.Refused {
		if one.Answer == AnswerDeclined && h.isHolder(one.From) {
			all = append(all, one.From)
		}
	}
	return all
}

// saidNo tells who was to take something over and declined, and why.
func saidNo(a kind.Answer) kind.Cell {
	var said, own []string
	for _, one := range a.List("refused") {
		if one.In("from") != nil {
			word, why := one.Str("name")+" declined", one.Str("why")
			if why != "" {
				word += ": " + why
			}
			said, own = append(said, word), append(own, one.Str("name"), why)
		}
	}
	return kind.Cell{Words: strings.Join(said, "; "), Own: own}
}

// firstNo is the first of those of whom saidNo tells.
func firstNo(a kind.Answer) any {
	return first(slices.DeleteFunc(a.List("refused"), func(one kind.Answer) bool { return one.In("from") == nil }))
}

// of is the naming that a member can answer; ok is false if there is none.
func (h *Holding) of(m charter.MemberID) (one Holder, ok bool) {
	for _, one := range slices.Concat(h.Holders, h.Asked, h.Refused) {
		if one.Member == m {
			return one, true
		}
	}
	return Holder{}, false
}

func membersOf(all []Holder) (out []charter.MemberID) {
	for _, one := range all {
		out = append(out, one.Member)
	}
	return out
}

// everybody are all who were named and whose naming stands.
func (h *Holding) everybody() []Holder { return slices.Concat(h.Holders, h.Asked, h.Refused, h.Gone) }

// naming is a moment for the next naming: now, but after all that the document knows of, whatever the clock says.
func (h *Holding) naming(d *kind.Draft, last []Turn) int64 {
	at := d.Now.UnixMilli()
	for _, one := range h.everybody() {
		at = max(at, int64(one.At)+1)
	}
	for _, t := range last {
		at = max(at, int64(t.Last)+1)
	}
	return at
}

// fill writes that these hold it from now on, and nobody else. Who says so of themselves has accepted it.
func (h *Holding) fill(d *kind.Draft, members []charter.MemberID, last []Turn) error {
	switch {
	case len(members) == 0:
		return kind.Missing("name one or several members", "it isn't said who holds it")
	case len(members) > MaxHolders:
		return &kind.LimitError{What: "what several hold together", Got: len(members), Limit: MaxHolders, Unit: "members"}
	}
	at := h.naming(d, last)
	for _, one := range h.everybody() {
		if !slices.Contains(members, one.Member) {
			d.Unmark(heldBy, one.Member.String())
		}
	}
	for _, m := range members {
		d.Mark(heldBy, m.String(), change.IntValue(at))
		d.Mark(heldLast, m.String(), change.IntValue(at))
		if m == d.Author {
			if err := sayToNaming(d, at, AnswerAccepted, ""); err != nil {
				return err
			}
		}
	}
	return nil
}

// handOverTo asks the one of these to take it over from the author, who has it until they accept. several is how it is said who
// hold it together.
func (h *Holding) handOverTo(d *kind.Draft, to []charter.MemberID, several string, last []Turn) error {
	switch {
	case !h.isHolder(d.Author):
		return kind.NotAllowed("who does: kith "+d.Kind+" show ID", "you don't hold it, so you can't hand it over")
	case len(to) != 1:
		return &kind.InvalidError{Why: "it is handed over to one member", Hint: several}
	}
	next, note := to[0], d.Asks.Str(roleNote)
	switch {
	case next == d.Author:
		return kind.Invalid("you hold it already")
	case h.isHolder(next):
		return kind.Invalid("they hold it already, together with you: if it isn't yours any more, put it back")
	}
	if one, ok := h.of(next); ok && one.Answer == AnswerNone && note == "" {
		return kind.Already("%s was asked already, and hasn't answered yet", d.Name(next))
	}
	at := h.naming(d, last)
	for _, one := range h.Asked {
		if one.From == d.Author && one.Member != next { // it goes to this one instead
			d.Unmark(heldBy, one.Member.String())
		}
	}
	d.Mark(heldBy, next.String(), change.IntValue(at))
	d.Mark(heldLast, next.String(), change.IntValue(at))
	return d.SayJSON(holdHanded, "the note", handing{To: next.String(), Asked: at, Note: note})
}

// accept says that the author takes it: what they were named for, or what nobody holds.
func (h *Holding) accept(d *kind.Draft, last []Turn) error {
	one, ok := h.of(d.Author)
	switch {
	case ok && one.Answer == AnswerAccepted && h.isHolder(d.Author):
		return nil // it is so
	case ok && (one.Answer == AnswerNone):
		return sayToNaming(d, int64(one.At), AnswerAccepted, "")
	case len(h.Holders) > 0:
		return kind.NotAllowed("they can hand it over: kith "+d.Kind+" hand-over ID MEMBER", "%s holds it", allNames(d, h.named()))
	}
	return h.fill(d, []charter.MemberID{d.Author}, last)
}

// refuse says that the author doesn't hold it: not from the beginning, or not any more.
func (h *Holding) refuse(d *kind.Draft) error {
	one, ok := h.of(d.Author)
	if !ok {
		return kind.NotAllowed("", "you don't hold it, and weren't asked to")
	}
	with := AnswerDeclined
	if one.Answer == AnswerAccepted || one.Answer == AnswerPutBack {
		with = AnswerPutBack
	}
	if one.Answer == with && (d.Asks.Why == "" || one.Why == d.Asks.Why) { // said once more: the reason stays
		return nil
	}
	return sayToNaming(d, int64(one.At), with, d.Asks.Why)
}

func sayToNaming(d *kind.Draft, at int64, with, why string) error {
	if err := d.SayJSON(holdAnswer, "the answer", answer{To: at, Answer: with, Why: why}); err != nil {
		return err
	}
	if with != AnswerAccepted {
		d.Say(holdHanded, change.StrValue(""))
	}
	return nil
}

// asMembers reads IDs that a request holds.
func asMembers(words []string) (out []charter.MemberID, err error) {
	for _, word := range words {
		m, err := charter.ParseMemberID(word)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

func allNames(d *kind.Draft, members []charter.MemberID) string {
	names := ""
	for i, m := range members {
		switch {
		case i > 0 && i == len(members)-1:
			names += " and "
		case i > 0:
			names += ", "
		}
		names += d.Name(m)
	}
	return names
}

// HolderJSON is somebody who holds something, and whether they have said yes to it.
type HolderJSON struct {
	kind.Named
	Since    kind.Time   `json:"since"`
	Accepted bool        `json:"accepted"` // said so themselves; else they were named, and haven't answered yet
	Why      string      `json:"why"`      // of who declined, or has put it back
	From     *kind.Named `json:"from"`     // who hands it over to them; null: nobody
	Note     string      `json:"note"`     // from them
}

func showHolders(l kind.Look, all []Holder) []HolderJSON {
	out := []HolderJSON{}
	for _, h := range all {
		one := HolderJSON{Named: l.Named(h.Member), Since: h.At, Accepted: h.Answer == AnswerAccepted, Why: h.Why, Note: h.Note}
		if h.From != (charter.MemberID{}) {
			one.From = new(l.Named(h.From))
		}
		out = append(out, one)
	}
	return out
}

// endedSays says how something ended, by whom and why: the keys of an answer.
func endedSays(how, by, why string) func(kind.Answer) kind.Cell {
	return func(a kind.Answer) kind.Cell {
		name, reason := a.In(by).Str("name"), a.Str(why)
		words := a.Str(how) + " by " + name
		if reason != "" {
			words += ": " + reason
		}
		return kind.Cell{Words: words, Own: []string{name, reason}}
	}
}

// heldNow says who holds something now, under a key of an answer, and who said so.
func heldNow(key string) func(kind.Answer) kind.Cell {
	return func(a kind.Answer) kind.Cell {
		holds, says := holderNames(a, key, "nobody"), a.In("named_by").Str("name")
		return kind.Cell{Words: holds.Words + ", says " + says, Own: append(holds.Own, says)}
	}
}

// endedOr says how something ended, or who holds it now if it goes on.
func endedOr(ended, goesOn func(kind.Answer) kind.Cell) func(kind.Answer) kind.Cell {
	return func(a kind.Answer) kind.Cell {
		if a["ended_by"] == nil {
			return goesOn(a)
		}
		return ended(a)
	}
}

// whoEnded is who ended something, or said who holds it now if it goes on.
func whoEnded(a kind.Answer) any {
	if by := a["ended_by"]; by != nil {
		return by
	}
	return a["named_by"]
}

// whoIn gives the member under a key of an answer.
func whoIn(key string) func(kind.Answer) any { return func(a kind.Answer) any { return a[key] } }

// namedOr is a member in an answer; null for nobody.
func namedOr(l kind.Look, m charter.MemberID) *kind.Named {
	if m == (charter.MemberID{}) {
		return nil
	}
	return new(l.Named(m))
}

func wasNamed(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "ended the term of", ""
	}
	return "named", ""
}

// holderNames says in a few words who holds something, of the holders under a key of an answer; a question mark stands
// behind who hasn't said yes. nobody is what it says of none.
func holderNames(a kind.Answer, key, nobody string) kind.Cell {
	var names []string
	for _, h := range a.List(key) {
		name := h.Str("name")
		if !h.Is("accepted") {
			name += "?"
		}
		names = append(names, name)
	}
	if len(names) == 0 {
		return kind.Cell{Words: nobody}
	}
	return kind.Cell{Words: strings.Join(names, ", "), Own: []string{strings.Join(names, ", ")}}
}
