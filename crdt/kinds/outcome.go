package kinds

import (
	"slices"
	"strings"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// An outcome is computed here, by every replica for itself, whatever the device that recorded it
// says. A record is judged from its own past, which never changes, with the members of the
// charter that its entry names; so a record that held once holds for ever, on every replica.
// What came to light later is shown beside it, and takes nothing back.

// All records are looked at: how many there can be is a rule of the schema (accept.MaxClosings).

// write is one operation on a root key.
type write struct {
	op     *change.Op
	item   int // place in trial.items
	member charter.MemberID
}

// trial holds what the outcome of one decision is computed from.
type trial struct {
	view     *kind.View
	process  string
	charter  kind.Charter
	textOf   func([]change.Hash) (title, text string, err error)
	items    []*accept.Item
	places   map[change.Hash]int // of changes in items; made when first needed
	position map[charter.MemberID][]write
	records  []write            // sets only, by operation ID
	withdraw []write            // by the proposer, or by a full member when they had left
	rewrites []int              // changes of title, text or options, by place in items
	options  map[string][]write // by the name of the option
}

// newTrial reads the operations of a decision, whose root keys the schema keeps flat.
func newTrial(s *kind.Story, process string) *trial {
	t := &trial{
		view: s.View, process: process, charter: s.Charter, textOf: s.TextAt, items: s.Items,
		position: map[charter.MemberID][]write{}, options: map[string][]write{},
	}
	for n, item := range s.Items {
		rewrites := false
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			if !op.Obj.IsZero() || !op.InMap {
				// Of the two containers of a decision only the text has elements.
				rewrites = rewrites || !op.InMap
				continue
			}
			switch op.Key {
			case schema.Title, schema.Text:
				rewrites = true
				continue
			case decisionWithdrawn.Key:
				if item.Author == s.CreatedBy || t.leftBehind(item) {
					t.withdraw = append(t.withdraw, write{op, n, item.Author})
				}
				continue
			}
			m, field, ok := schema.SplitOwn(op.Key)
			switch {
			case !ok:
			case field == decisionPosition.Key:
				t.position[m] = append(t.position[m], write{op, n, m})
			case strings.HasPrefix(field, decisionOption.Key+"/"):
				name := m.String() + strings.TrimPrefix(field, decisionOption.Key)
				t.options[name] = append(t.options[name], write{op, n, m})
				rewrites = true
			case field == decisionRecord.Key && op.Action == change.Set:
				t.records = append(t.records, write{op, n, m})
			}
		}
		if rewrites {
			t.rewrites = append(t.rewrites, n)
		}
	}
	slices.SortFunc(t.records, func(a, b write) int { return a.op.ID.Compare(b.op.ID) })
	return t
}

// leftBehind says whether a change is by a full member who knew that the proposer had left.
func (t *trial) leftBehind(item *accept.Item) bool {
	at, state := t.charter.Of(item.Entry)
	if state != charter.Accepted || !slices.Contains(at.Full(), item.Author) {
		return false
	}
	standing, known := at.Standing(t.view.CreatedBy)
	return known && (standing == charter.Resigned || standing == charter.Removed)
}

// within is a set of changes by their place in items; nil is all of them.
type within []bool

func (w within) has(i int) bool { return w == nil || w[i] }

// also is the set with one more; all if it is that.
func (w within) also(i int) within {
	if w == nil {
		return nil
	}
	out := slices.Clone(w)
	out[i] = true
	return out
}

func (w within) with(o within) within {
	out := slices.Clone(w)
	for i := range out {
		out[i] = out[i] || o[i]
	}
	return out
}

// past returns what the change at place i stands on, itself left out.
func (t *trial) past(i int) within {
	in := make(within, len(t.items))
	todo := []int{i}
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, h := range t.items[at].Change.Deps {
			if n, ok := t.place(h); ok && !in[n] {
				in[n] = true
				todo = append(todo, n)
			}
		}
	}
	return in
}

// future returns what stands on the change at place i, itself left out.
func (t *trial) future(i int) within {
	in := make(within, len(t.items))
	for n := i + 1; n < len(t.items); n++ { // each comes after those it stands on
		in[n] = slices.ContainsFunc(t.items[n].Change.Deps, func(h change.Hash) bool {
			on, ok := t.place(h)
			return ok && (on == i || in[on])
		})
	}
	return in
}

// place is where a change is among the items.
func (t *trial) place(h change.Hash) (int, bool) {
	if t.places == nil {
		t.places = make(map[change.Hash]int, len(t.items))
		for n, item := range t.items {
			t.places[item.Change.Hash] = n
		}
	}
	n, ok := t.places[h]
	return n, ok
}

// last returns the write that stands at a key among those in a past: the one that none there has
// replaced, and of several of those the one with the highest operation ID, as the core does.
func last(writes []write, in within) (write, bool) {
	var over map[change.OpID]bool
	for _, w := range writes {
		if in.has(w.item) && len(w.op.Pred) > 0 {
			if over == nil {
				over = map[change.OpID]bool{}
			}
			for _, p := range w.op.Pred {
				over[p] = true
			}
		}
	}
	best := write{}
	for _, w := range writes {
		if !in.has(w.item) || w.op.Action != change.Set || over[w.op.ID] {
			continue
		}
		if best.op == nil || best.op.ID.Less(w.op.ID) {
			best = w
		}
	}
	return best, best.op != nil
}

// given is a position and the change that wrote it.
type given struct {
	position
	member charter.MemberID
	item   int
}

// positions returns what stands in a past, by member ID.
func (t *trial) positions(in within) []given {
	var out []given
	for m, writes := range t.position {
		w, ok := last(writes, in)
		if !ok {
			continue
		}
		if p, ok := parsePosition(w.op.Value.Str()); ok {
			out = append(out, given{p, m, w.item})
		}
	}
	slices.SortFunc(out, func(a, b given) int { return compareMembers(a.member, b.member) })
	return out
}

// on says whether a position is on a revision. Advice is heard whatever the text became of it.
func (t *trial) on(p given, revision string) bool {
	return p.Revision == revision || t.process == ProcessAdvice
}

func (t *trial) counted(all []given, full []charter.MemberID, revision string) []Stand {
	var out []Stand
	for _, p := range all {
		if t.on(p, revision) && slices.Contains(full, p.member) {
			out = append(out, Stand{p.member, p.Stance, p.Choice})
		}
	}
	return out
}

func (t *trial) tally(who Electorate, stands []Stand, options []Option) Result {
	return tally(t.process, decisionQuorum.Str(t.view), t.view.CreatedBy, who, stands, options)
}

// tally says what positions give, by whatever process.
func tally(process, quorum string, proposer charter.MemberID, who Electorate, stands []Stand, options []Option) Result {
	r := who.tally(process, proposer, stands)
	switch {
	case isChoice(process):
		r = chosen(r, process, options, stands)
	case process == ProcessSense:
		r = sensed(r)
	}
	return quorate(r, quorum)
}

// verdict is a record and what became of it.
type verdict struct {
	write
	Record
	past    within // of the record's change, which is left out
	who     Electorate
	full    []charter.MemberID // of who
	given   []given            // what stands in its past
	result  Result
	options []Option // in its past
	holds   bool     // by the positions in its past
	confirm bool     // says "seen" to one that holds
	why     Because  // why neither
}

// judge says whether a record holds. before are the records that come before it by operation ID,
// so that all those in its past are among them.
func (t *trial) judge(w write, before []*verdict) *verdict {
	v := &verdict{write: w}
	record, ok := parseRecord(w.op.Value.Str())
	v.Record = record
	if !ok {
		v.why.Says = "it is not a record of an outcome"
		return v
	}
	at, state := t.charter.Of(t.items[w.item].Entry)
	if state != charter.Accepted {
		v.why.Says = "its place in the charter is not known here"
		return v
	}
	v.who = electorate(at.Sides(), at.ByPeople())
	v.full = v.who.full()
	v.past = t.past(w.item)
	v.given = t.positions(v.past)
	v.options = t.optionsIn(v.past.also(v.item))
	v.result = t.tally(v.who, t.counted(v.given, v.full, v.Revision), v.options)
	if v.why = t.flaw(v); v.why.Says != "" {
		return v
	}
	if t.charter.Doubtful(v.member) {
		v.why = Because{unknownVoice, v.member}
		return v
	}
	for _, b := range before {
		if b.holds && agree([]*verdict{b, v}) && v.past.has(b.item) {
			v.confirm = true
		}
	}
	v.why = t.unborne(v)
	v.holds = v.why.Says == ""
	return v
}

// unborne says why the positions in its past don't bear a record; nothing if they do.
func (t *trial) unborne(v *verdict) Because {
	switch {
	case !t.inPositions(v):
		return Because{Says: "it was closed before the round in which positions are taken"}
	case !t.decides(v.member):
		return Because{Says: "by advice the proposer decides"}
	case v.result.Outcome == Open && len(v.result.Against) > 0:
		return Because{"it passes over what {who} said against it", v.result.Against[0]}
	case t.knowsText(v.past, v.item) && revisionOf(t.view.Title, t.view.Text, v.options) != v.Revision:
		return Because{Says: anotherText}
	case v.result.Outcome == Open:
		return Because{Says: "too few members had answered"}
	case v.result.Outcome != v.Result:
		return Because{Says: "the positions give the contrary: " + words(v.result.Outcome)}
	case !slices.Equal(v.result.Chosen, v.Chosen):
		return Because{Says: "the answers choose others"}
	}
	title, text, err := t.textAt(v)
	switch {
	case err != nil:
		return Because{Says: "its text can't be read"}
	case revisionOf(title, text, v.options) != v.Revision:
		return Because{Says: anotherText}
	}
	return Because{}
}

const unknownVoice = "it isn't known any more whether {who} speaks for their co-op"

const anotherText = "it is on another text than the decision had then"

func (t *trial) decides(m charter.MemberID) bool {
	return t.process != ProcessAdvice || m == t.view.CreatedBy
}

// inPositions says whether a record was made in the last round, as far as the decision has any.
func (t *trial) inPositions(v *verdict) bool {
	if !decisionRounds.Has(t.view) {
		return true
	}
	in := v.past.also(v.item)
	for n, item := range t.items {
		if in.has(n) && writes(item, decisionReactionsOver.Key) != nil {
			return true
		}
	}
	return false
}

// flaw looks for what is wrong with a record apart from what its positions give, and on what text.
func (t *trial) flaw(v *verdict) Because {
	if !slices.Contains(v.full, v.member) {
		return Because{"{who} was not a full member", v.member}
	}
	if w, ok := last(t.withdraw, v.past); ok && w.op.Value.Str() != "" {
		return Because{Says: "the proposal had been withdrawn"}
	}
	named := make(map[string]string, len(v.Positions))
	for _, n := range v.Positions {
		named[n.Member] = n.Change
	}
	for _, p := range v.given {
		key := p.member.String()
		if h, ok := named[key]; ok {
			if h != t.items[p.item].Change.Hash.String() || !t.on(p, v.Revision) {
				return Because{"it names a position of {who} that had been replaced", p.member}
			}
			delete(named, key)
			continue
		}
		if t.on(p, v.Revision) && slices.Contains(v.full, p.member) {
			return Because{"it leaves out what {who} said", p.member}
		}
	}
	if len(named) > 0 {
		return Because{Says: "it names a position that nobody had given"}
	}
	return Because{}
}

// textAt returns title and text as of a record.
func (t *trial) textAt(v *verdict) (title, text string, err error) {
	if t.knowsText(v.past, v.item) {
		return t.view.Title, t.view.Text, nil
	}
	return t.textOf([]change.Hash{t.items[v.item].Change.Hash})
}

// knowsText says whether nobody has changed title or text beyond a past.
func (t *trial) knowsText(in within, itself int) bool {
	for _, n := range t.rewrites {
		if !in.has(n) && n != itself {
			return false
		}
	}
	return true
}

// choose returns the record that is the outcome, of those that hold: one that no other stands
// before. Of several that were made apart and say different things it is the one on which more
// people stand, since what others have built on can't be undone by a record slipped in at an old
// place; else the one that all their positions together bear; else the one that knew more
// people's last word; else a later one that knows of them all. No hash and no clock decides.
func (t *trial) choose(holding []*verdict) (v *verdict, apart bool) {
	for len(holding) > 0 {
		first := slices.DeleteFunc(slices.Clone(holding), func(v *verdict) bool {
			return slices.ContainsFunc(holding, func(o *verdict) bool { return v.past.has(o.item) })
		})
		if agree(first) {
			return first[0], apart
		}
		apart = true
		left := t.stoodOn(first)
		if agree(left) {
			return left[0], apart
		}
		known := first[0].past
		for _, v := range first[1:] {
			known = known.with(v.past)
		}
		together := t.positions(known)
		borne := slices.DeleteFunc(slices.Clone(left), func(v *verdict) bool {
			return !t.tally(v.who, t.counted(together, v.full, v.Revision), v.options).gives(v.Record)
		})
		if len(borne) > 0 {
			left = borne
		}
		if left = informed(left, together); agree(left) {
			return left[0], apart
		}
		holding = slices.DeleteFunc(slices.Clone(holding), func(v *verdict) bool {
			return slices.ContainsFunc(first, func(o *verdict) bool { return !v.past.has(o.item) })
		})
	}
	return nil, apart
}

// stoodOn returns the records on which the most people stand: full members, other than the
// record's maker, with the record in the past of a change of theirs. Who stands on two that say
// different things counts for neither.
func (t *trial) stoodOn(records []*verdict) []*verdict {
	on := make([]map[charter.MemberID]bool, len(records))
	for n, v := range records {
		on[n] = map[charter.MemberID]bool{}
		over := make(within, len(t.items))
		for i, item := range t.items { // each after those it stands on
			over[i] = i > v.item && slices.ContainsFunc(item.Change.Deps, func(h change.Hash) bool {
				at := t.places[h]
				return at == v.item || over[at]
			})
			if over[i] && item.Author != v.member && !on[n][item.Author] && t.wasFull(item) {
				on[n][item.Author] = true
			}
		}
	}
	return most(records, func(n int) (count int) {
		for m := range on[n] {
			both := false
			for o, v := range records {
				both = both || on[o][m] && !agree([]*verdict{v, records[n]})
			}
			if !both {
				count++
			}
		}
		return count
	})
}

func (t *trial) wasFull(item *accept.Item) bool {
	at, state := t.charter.Of(item.Entry)
	return state == charter.Accepted && slices.Contains(at.Full(), item.Author)
}

// most returns the records for which count is highest.
func most(records []*verdict, count func(n int) int) (out []*verdict) {
	best := -1
	for n, v := range records {
		c := count(n)
		if c > best {
			best, out = c, nil
		}
		if c == best {
			out = append(out, v)
		}
	}
	return out
}

// informed returns the records that knew the last words of the most members, those who made one
// of the records left out: they could have written theirs to that end.
func informed(records []*verdict, together []given) []*verdict {
	return most(records, func(n int) (count int) {
		for _, p := range together {
			recorder := slices.ContainsFunc(records, func(o *verdict) bool { return o.member == p.member })
			if !recorder && records[n].past.has(p.item) && slices.Contains(records[n].full, p.member) {
				count++
			}
		}
		return count
	})
}

func agree(vs []*verdict) bool {
	for _, v := range vs {
		if v.Result != vs[0].Result || v.Revision != vs[0].Revision || !slices.Equal(v.Chosen, vs[0].Chosen) {
			return false
		}
	}
	return true
}

// decide computes how it stands with a decision, and replaces the view's title and text by those
// that were decided.
func decide(s *kind.Story) (*Deciding, error) {
	d := &Deciding{Process: decisionProcess.Str(s.View), Quorum: decisionQuorum.Str(s.View), Status: Open}
	t := newTrial(s, d.Process)
	if isChoice(d.Process) {
		d.Options = t.optionsIn(nil)
	}
	d.Revision = revisionOf(s.Title, s.Text, d.Options)
	d.Rounds = roundsOf(s)
	if w, ok := last(t.withdraw, nil); ok && w.op.Value.Str() != "" {
		d.Status, d.Why = Withdrawn, w.op.Value.Str()
	}
	who := electorate(s.Charter.Sides(), s.Charter.ByPeople())
	now := t.positions(nil)
	decided, err := t.outcome(d, now)
	if err != nil {
		return nil, err
	}
	if decided != nil {
		who = decided.who
	}
	full := who.full()
	if len(who.Sides) > 1 {
		d.Joint = &who
	}
	d.Full = full
	for _, p := range now {
		d.Positions = append(d.Positions, Position{
			Member: p.member, Stance: p.Stance, Choice: p.Choice, Why: p.Why, Revision: p.Revision,
			Counted: t.on(p, d.Revision) && slices.Contains(full, p.member),
			Late:    decided != nil && t.on(p, d.Revision) && !decided.past.has(p.item),
			At:      kind.Time(s.Items[p.item].Change.Time), Change: s.Items[p.item].Change.Hash,
		})
	}
	stands := t.counted(now, full, d.Revision)
	d.Tally = t.tally(who, stands, d.Options).Counts
	if isChoice(d.Process) {
		d.Count = count(d.Process, d.Options, stands)
	}
	if d.Status == Open {
		for _, m := range full {
			if t.process == ProcessAdvice && m == s.CreatedBy {
				continue
			}
			if !slices.ContainsFunc(stands, func(s Stand) bool { return s.Member == m }) {
				d.WaitingFor = append(d.WaitingFor, m)
			}
		}
	}
	return d, nil
}

// outcome judges the records, and writes status, outcome, and the text that was decided. It
// returns the record that is the outcome; nil if none holds.
func (t *trial) outcome(d *Deciding, now []given) (*verdict, error) {
	var all, holding []*verdict
	for _, w := range t.records {
		v := t.judge(w, all)
		all = append(all, v)
		if v.holds {
			holding = append(holding, v)
		}
	}
	if len(all) == 0 {
		return nil, nil
	}
	v, apart := t.choose(holding)
	if v == nil {
		v = all[len(all)-1]
		d.Outcome = t.show(v)
		d.Outcome.Result, d.Outcome.Why = DoesntHold, v.why
		if apart {
			d.Outcome.Contested = true
			d.Outcome.Why.Says = "it was closed in two places that didn't know of each other, with different results; close it again"
		}
		return nil, nil
	}
	d.Status = v.Result
	d.Outcome = t.show(v)
	d.Outcome.Holds = true
	d.Outcome.Beside = t.beside(v, all)
	seen := v.past
	for _, o := range all {
		if o.confirm && agree([]*verdict{o, v}) && o.past.has(v.item) {
			seen = seen.with(o.past)
		}
	}
	d.Outcome.ContestedWhy = append(d.Outcome.ContestedWhy, t.contested(v, seen, now)...)
	switch w, ok := last(t.withdraw, nil); { // one that the record knew of would have kept it from holding
	case !ok || w.op.Value.Str() == "":
		d.Why = ""
	case !seen.has(w.item):
		d.Outcome.ContestedWhy = append(d.Outcome.ContestedWhy, Because{"{who} withdrew it without the record knowing of it", w.member})
	}
	for _, o := range holding {
		if !agree([]*verdict{o, v}) && o != v && !seen.has(o.item) {
			d.Outcome.ContestedWhy = append(d.Outcome.ContestedWhy,
				Because{"{who} closed it apart from this, as " + words(o.Result) + onAnother(o, v), o.member})
		}
	}
	if !t.knowsText(v.past, v.item) {
		title, text, err := t.textOf([]change.Hash{t.items[v.item].Change.Hash})
		if err != nil {
			return nil, err
		}
		t.view.Title, t.view.Text = title, text
		if !t.knowsText(seen, v.item) {
			d.Outcome.ContestedWhy = append(d.Outcome.ContestedWhy,
				Because{Says: "the text was changed without the record knowing of it; what was decided is shown"})
		}
	}
	d.Outcome.Contested = len(d.Outcome.ContestedWhy) > 0
	d.Revision = v.Revision
	if isChoice(d.Process) {
		d.Options = v.options
	}
	return v, nil
}

func onAnother(o, v *verdict) string {
	if o.Revision != v.Revision {
		return " on another text"
	}
	return ""
}

// beside are the words of those who closed it as well: apart, or once more.
func (t *trial) beside(v *verdict, all []*verdict) (said []Beside) {
	for _, o := range all {
		b := Beside{o.member, kind.Time(t.items[o.item].Change.Time), o.Text}
		again := slices.ContainsFunc(said, func(had Beside) bool { return had.Member == b.Member && had.Text == b.Text })
		if o != v && o.Text != "" && o.Text != v.Text && !again {
			said = append(said, b)
		}
	}
	return said
}

func (t *trial) show(v *verdict) *Outcome {
	return &Outcome{
		Result: v.Result, Names: v.Chosen, Chosen: chosenWords(v.options, v.Chosen), Text: v.Text, RecordedBy: v.member, Revision: v.Revision,
		At: kind.Time(t.items[v.item].Change.Time), Tally: v.result.Counts,
		Change: t.items[v.item].Change.Hash,
	}
}

// contested says what came to light that neither the record nor a later one that confirms it
// knew of, and that would have mattered.
func (t *trial) contested(v *verdict, seen within, now []given) (why []Because) {
	stood := map[charter.MemberID]given{} // on the revision that was decided
	for _, p := range v.given {
		if t.on(p, v.Revision) {
			stood[p.member] = p
		}
	}
	var late []given
	for _, p := range now {
		if !slices.Contains(v.full, p.member) {
			continue
		}
		if t.on(p, v.Revision) {
			if !seen.has(p.item) {
				late = append(late, p)
			}
			stood[p.member] = p
			continue
		}
		if _, answered := stood[p.member]; !answered && isAgainst(p.Stance) && t.heeds() {
			why = append(why, Because{"{who} objected to an earlier text and has not answered this one", p.member})
		}
	}
	for _, p := range v.given {
		if t.on(p, v.Revision) && slices.Contains(v.full, p.member) && t.charter.Doubtful(p.member) {
			why = append(why, Because{unknownVoice, p.member})
		}
	}
	var stands []Stand
	for m, p := range stood {
		if slices.Contains(v.full, m) {
			stands = append(stands, Stand{m, p.Stance, p.Choice})
		}
	}
	if t.tally(v.who, stands, v.options).gives(v.Record) {
		return why
	}
	for _, p := range late {
		why = append(why, Because{"{who} said " + p.Stance + " without the record knowing of it", p.member})
	}
	return why
}

// heeds says whether a single objection stops the process.
func (t *trial) heeds() bool {
	return t.process == ProcessConsent || t.process == ProcessConsensus
}
