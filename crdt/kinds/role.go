package kinds

import (
	"slices"
	"strings"

	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
)

// How it stands with a role.
const (
	RoleVacant = "vacant"
	RoleHeld   = "held"
)

// endsSoon is how many days before a term ends everybody is told.
const endsSoon = 14

// longAgo is the day since when somebody has to look at what nobody holds: before all others.
const longAgo = "1970-01-01"

var (
	rolePurpose  = &kind.Field{Key: "purpose", Is: kind.Line, Hint: "what it is for, in a sentence"}
	roleHours    = &kind.Field{Key: "hours", Is: kind.Hours, Max: 168 * 60, Typed: 168, Label: "hours a week", Hint: "how many hours a week it takes"}
	roleUntil    = &kind.Field{Key: "until", Is: kind.Day, Hint: "when the term ends"}
	rolePublic   = &kind.Field{Key: "public", Is: kind.Reason, Label: "what others are told", Hint: "what others outside are told: what to ask whoever holds it for"}
	roleDecision = &kind.Field{Key: "decision", Is: kind.Ref, Of: "decision", Hint: "the decision that filled it", Tells: thatItIsntAgreed}

	roleIn   = &kind.Field{Key: "rotation", Is: kind.Moment, Hint: "since when they are in the rotation", Log: roleOptedIn}
	roleNext = &kind.Field{Key: "members", Is: kind.Members, Typed: 1, Hint: "who is to take it over"}
	roleNote = &kind.Field{Key: "note", Is: kind.Reason, Hint: "what they have to know"}
	roleWho  = &kind.Field{Key: "members", Is: kind.Members, Typed: MaxHolders, Hint: "who holds it"}
)

var roleByUntil = &kind.Order{Name: "until", Says: "what ends first comes first", Fact: "until"}

// Role is something that somebody looks after for a time. It gives no right: nothing in Kith asks who holds one.
var Role = &kind.Kind{
	Name: "role", Many: "roles", Letters: "r", Gist: "what somebody looks after, for a time", View: 6,
	Fields: []*kind.Field{rolePurpose, rolePublic, roleHours, roleUntil, roleDecision, heldBy, heldLast},
	Own:    []*kind.Field{roleIn, holdAnswer, holdHanded},
	Derive: kind.Deriving(whoHolds), Counts: true, State: roleState, Answered: []*kind.Field{rolePurpose, roleHours},
	Shows: []*kind.Shown{
		kind.Value("status", "vacant, held", func(l kind.Look) string { return roleState(l.View) }),
		rolePurpose.Shown(), rolePublic.Shown(), roleHours.Shown(), roleUntil.Shown(), roleDecision.Shown(),
		kind.Value("held_by", "who holds it", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Tenure](l.View).Holders) }),
		kind.Value("asked", "to whom it is handed over, and who haven't answered", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Tenure](l.View).Asked) }),
		kind.Value("refused", "who were named, and said no or put it back", func(l kind.Look) []HolderJSON { return showHolders(l, kind.Of[Tenure](l.View).Refused) }),
		kind.Value("named_by", "who said last who holds it; null: nobody yet", func(l kind.Look) *kind.Named { return namedOr(l, kind.Of[Tenure](l.View).NamedBy) }),
		kind.Value("filled_apart", "it was filled twice by people who didn't know of each other", func(l kind.Look) bool { return kind.Of[Tenure](l.View).Apart }),
		kind.Value("order", "who is in the rotation, next first", func(l kind.Look) []kind.Named { return l.All(kind.Of[Tenure](l.View).Order) }),
	},
	Facts: func(v *kind.View, f *kind.Facts) {
		t := kind.Of[Tenure](v)
		f.Who("holds", t.named()...)
		f.Who("asked", t.unanswered()...)
		f.Who("refused", t.keeps()...)
		f.Who("ended", t.Ended...)
		f.Who("rotates", t.Order...)
		f.Is("apart", t.Apart)
		f.Is("vacant", len(t.Holders) == 0)
		t.handing(f)
		look := roleUntil.Str(v)
		if len(t.Holders) == 0 {
			look = longAgo
		}
		f.Has("until", look)
	},
	Finds: []*kind.Filter{
		{Name: "mine", Gist: "that I hold", Fact: "holds", Me: true},
		{Name: "rotating", Gist: "in whose rotation I am", Fact: "rotates", Me: true},
		{Name: "vacant", Gist: "that nobody holds", Fact: "vacant"},
		{Name: "who", Gist: "that they hold", Fact: "holds", Takes: whose},
		{Name: "nobody", Gist: "that nobody holds", Fact: "vacant"},
	},
	Orders: []*kind.Order{roleByUntil},
	Columns: []*kind.Column{
		{Title: "HELD BY", Says: roleWhoHolds},
		{Title: "UNTIL", Says: kind.DayOf("", "until")},
		{Title: "NEXT", Says: func(a kind.Answer) kind.Cell {
			return kind.OwnWords(a.Names("order")[:min(1, len(a.Names("order")))]...)
		}},
	},
	Today: []*kind.Wait{{
		Key: "roles_named", Title: "You are named for a role", Gist: "roles for which I am named and haven't said yes",
		Facts: []string{"asked/me"}, SaysTo: roleSays, Run: "take",
	}, {
		Key: "roles_declined", Title: "Said no to taking it over from you", Gist: "roles that I wanted to hand over, and that somebody declined",
		Facts: []string{"refused/me"}, Says: saidNo, Who: firstNo, News: true, Run: "hand-over",
	}, staysWith("roles_stay", "roles"), {
		Key: "roles_ended", Title: "Others hold these now, in your place", Gist: "roles that I held until somebody said that others do",
		Facts: []string{"ended/me"}, Says: heldNow("held_by"), Who: whoIn("named_by"), News: true, Run: "show",
	}, {
		Key: "roles_apart", Title: "Filled twice at once: talk, and fill it once more", Gist: "roles that were filled twice at once", Anybody: true,
		Facts: []string{"apart"}, Says: roleWhoHolds, Run: "fill",
	}, {
		Key: "roles", Title: "Roles that nobody holds, or whose term ends soon", Gist: "roles that are vacant, or end within two weeks", Anybody: true,
		Before: "until", Ahead: endsSoon, Order: roleByUntil, Says: roleEnds, Run: "show",
	}, {
		Key: "roles_left", Title: "Who held these left", Gist: "roles of people who left", Anybody: true,
		Facts: []string{"holds/gone"}, Says: roleWhoHolds, Run: "fill",
	}},
	Examples: kind.Examples{
		List: []string{`kith role list`, `kith role list --vacant`},
		Show: []string{`kith role show r-2m7d`, `kith role show 2m7d --jq '.order[].name'`},
	},
	Make: &kind.Verb{
		Name: "add", Gist: "write down a role", Text: kind.May, Opens: true, With: []*kind.Field{rolePurpose, rolePublic, roleHours, roleUntil},
		More:     "The text says what whoever holds it answers for.",
		Examples: []string{`kith role add Intake --purpose "somebody answers whoever writes to us" --hours 3`},
	},
	Edit: &kind.Verb{
		Name: "edit", Gist: "change a role", Text: kind.May, Opens: true, With: []*kind.Field{rolePurpose, rolePublic, roleHours, roleUntil, roleDecision},
		Examples: []string{`kith role edit r-2m7d --until "in 3 months"`},
	},
	Verbs: []*kind.Verb{
		{
			Name: "fill", Gist: "say who holds it from now on", Contrary: "fill", Args: []*kind.Field{roleWho}, With: []*kind.Field{roleDecision, roleUntil}, Do: fillRole, Tells: thatNoEndIsSaid,
			More:     "It is theirs at once; they can say no (kith role decline). A role allows nothing that everybody else couldn't do.",
			Examples: []string{`kith role fill r-2m7d Ben --decision d-9f2c --until "in 3 months"`, `kith role fill r-2m7d Ben Cleo`},
		},
		{
			Name: "take", Gist: "say yes to it, or take it on if nobody holds it", Contrary: "decline", Promises: true, Do: takeRole,
			Examples: []string{`kith role take r-2m7d`},
		},
		{
			Name: "decline", Gist: "say no to it, or put it back", Contrary: "take", Why: kind.May, Do: declineRole,
			Examples: []string{`kith role decline r-2m7d --why "not beside the move"`},
		},
		{
			Name: "hand-over", Gist: "ask somebody to take it over from me", Contrary: "fill", Args: []*kind.Field{roleNext}, With: []*kind.Field{roleNote}, Do: handRoleOver,
			More:     "It stays with you until they take it. If they decline, you keep it.",
			Examples: []string{`kith role hand-over r-2m7d Cleo --note "the mailbox's password is in the safe"`},
		},
		{
			Name: "opt-in", Gist: "be in the rotation", Contrary: "opt-out", Do: optIn(true),
			Examples: []string{`kith role opt-in r-2m7d`},
		},
		{
			Name: "opt-out", Gist: "be in the rotation no more", Contrary: "opt-in", Do: optIn(false),
			Examples: []string{`kith role opt-out r-2m7d`},
		},
		{
			Name: "rotate", Gist: "it goes to who is next in the rotation", Contrary: "fill", With: []*kind.Field{roleUntil, roleDecision}, Do: rotate, Tells: thatNoEndIsSaid,
			More:     "Next is who never had it, or had it longest ago, of those who opted in.",
			Examples: []string{`kith role rotate r-2m7d --until "in 3 months"`},
		},
	},
}

// Tenure is who holds a role, and who comes next.
type Tenure struct {
	Holding
	Order []charter.MemberID // of full members who opted in, next first
	Turns []Turn             // of all who opted in or ever held it, by member
}

func whoHolds(s *kind.Story) (*Tenure, error) {
	t := &Tenure{Holding: holding(s)}
	turns := map[charter.MemberID]Turn{}
	for _, m := range membersIn(s.In[heldLast.Key]) {
		turns[m] = Turn{Member: m, Last: kind.Time(s.In[heldLast.Key][m.String()].Int())}
	}
	for m, said := range s.Said {
		if at := said[roleIn.Key].Int(); at != 0 {
			turn := turns[m]
			turn.Member, turn.In = m, kind.Time(at)
			turns[m] = turn
		}
	}
	full := electorate(s.Charter.Sides(), true).full()
	var going []Turn
	for _, m := range sortedMembers(turns) {
		t.Turns = append(t.Turns, turns[m])
		if slices.Contains(full, m) {
			going = append(going, turns[m])
		}
	}
	t.Order = Rotation(going)
	return t, nil
}

// RolePublic is what others outside are told of a role, and by whom it is held who has said yes; "": it isn't for others.
func RolePublic(v *kind.View) (says string, holders []charter.MemberID) {
	for _, h := range kind.Of[Tenure](v).Holders {
		if h.Answer == AnswerAccepted {
			holders = append(holders, h.Member)
		}
	}
	return rolePublic.Str(v), holders
}

func roleState(v *kind.View) string {
	if len(kind.Of[Tenure](v).Holders) == 0 {
		return RoleVacant
	}
	return RoleHeld
}

func tenure(d *kind.Draft) *Tenure { return kind.Of[Tenure](d.View) }

func fillRole(d *kind.Draft) error {
	members, err := asMembers(d.Asks.All(roleWho))
	if err != nil {
		return err
	}
	return newTerm(d, members)
}

// newTerm begins a term of these: its decision is the one that is said, or none; and so its end, but that the one of a role that
// nobody held stays, and that of who holds it already.
func newTerm(d *kind.Draft, members []charter.MemberID) error {
	holders := tenure(d).Holders
	same := len(holders) == len(members) && !slices.ContainsFunc(holders, func(h Holder) bool { return !slices.Contains(members, h.Member) })
	if d.Asks.Has(roleUntil) || len(holders) > 0 && !same {
		d.Set(roleUntil, change.StrValue(d.Asks.Str(roleUntil)))
	}
	d.Set(roleDecision, change.StrValue(d.Asks.Str(roleDecision)))
	return tenure(d).fill(d, members, tenure(d).Turns)
}

// thatNoEndIsSaid tells whoever gave the role to somebody that nobody will be reminded of the next one.
func thatNoEndIsSaid(v *kind.View) string {
	if roleUntil.Has(v) {
		return ""
	}
	return "It isn't said until when, so nobody is reminded then: kith role edit " + kind.StartOf("r-"+v.ID.String()) + " --until DATE"
}

func takeRole(d *kind.Draft) error { return tenure(d).accept(d, tenure(d).Turns) }

func declineRole(d *kind.Draft) error { return tenure(d).refuse(d) }

func handRoleOver(d *kind.Draft) error {
	members, err := asMembers(d.Asks.All(roleNext))
	if err != nil {
		return err
	}
	return tenure(d).handOverTo(d, members, "several hold it together: kith role fill ID MEMBER", tenure(d).Turns)
}

// optIn says that the author is in the rotation, since when they first said so, or isn't.
func optIn(in bool) func(*kind.Draft) error {
	return func(d *kind.Draft) error {
		is := slices.ContainsFunc(tenure(d).Turns, func(t Turn) bool { return t.Member == d.Author && t.In != 0 })
		switch {
		case in && !is:
			d.Say(roleIn, change.IntValue(d.Now.UnixMilli()))
		case !in && is:
			d.Say(roleIn, change.IntValue(0))
		}
		return nil
	}
}

// rotate gives the role to the first in the rotation who doesn't hold it.
func rotate(d *kind.Draft) error {
	t := tenure(d)
	for _, m := range t.Order {
		if !t.isHolder(m) {
			return newTerm(d, []charter.MemberID{m})
		}
	}
	if len(t.Order) > 0 {
		return kind.NotAllowed("who else would do it says so: kith role opt-in ID", "nobody is in the rotation but who holds it")
	}
	return kind.NotAllowed("who would do it says so: kith role opt-in ID", "nobody is in the rotation")
}

func roleOptedIn(v change.Value, _ bool) (verb, to string) {
	if v.Int() == 0 {
		return "left the rotation", ""
	}
	return "joined the rotation", ""
}

func roleWhoHolds(a kind.Answer) kind.Cell { return holderNames(a, "held_by", "nobody") }

func roleEnds(a kind.Answer) kind.Cell {
	who := roleWhoHolds(a)
	if a.Str("until") != "" && len(a.List("held_by")) > 0 {
		who.Words, who.Day = who.Words+", until", a.Str("until")
	}
	return who
}

func roleSays(a kind.Answer, me map[string]bool) kind.Cell {
	for _, h := range a.List("asked") {
		if from := h.In("from").Str("name"); from != "" && me[h.Str("id")] {
			return kind.Cell{Words: strings.TrimSuffix(from+" hands it over to you: "+h.Str("note"), ": "), Own: []string{from, h.Str("note")}}
		}
	}
	return kind.OwnWords(a.Str("purpose"))
}
