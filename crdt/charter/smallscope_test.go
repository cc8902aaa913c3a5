package charter_test

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// Small scope: from a few places in the life of a co-op of four, every set of up to N further
// statements out of a list, each naming as heads what was there (now, or at an older place) and
// any of the new ones. N is 3 (2 with -short, and where there are many), or what KITH_SMALL_SCOPE says; each more takes about thirty times as long.
//
// Covered is every type of statement, each also where it is void: what fills a seat and closes a founding; proposals, consents, refusals, what is
// taken back, enacts; removals, new keys, numbers, resignations; certificates (also of one device by two others), retirements, moves, statements by the
// member key, the old one and a new; invites (also of a code that fills a seat), redemptions (also of one code twice), what is revoked; what people and devices are called;
// what is honoured of a device, another for each that ends one; acknowledgements, and which side is followed. Not covered are what is said to allies, new rules, more than four members, several statements of one type by
// one device with other contents, and what floods: for those see the property tests and attacks_test.go.
// Sets of up to two are judged by the naive fold, too.
//
// Sets grow by one statement whose heads are in it. If the charter of a set is the same whichever
// statement came last, it is, by induction, the same for all orders in which each comes after its
// past; that other orders change nothing is looked at for the whole set, the last one first.
type scope struct {
	name      string
	s         *scene
	now, old  []entry.ID // heads
	templates []template
}

type template struct {
	by   entry.Signer
	says charter.Statement
}

// put is a statement as it was made: by which template, with which heads.
type put struct {
	e      *entry.Entry
	honest bool // its device would make it with the past that it names
	what   charter.Statement
	by     charter.MemberID
	heads  []int // of new ones
}

func say(who string, what charter.Type, of charter.StepID) template {
	return template{laptop(who), charter.Statement{Type: what, Of: of}}
}

func scopes(t *testing.T) []scope {
	const consent, refuse, back, enact = charter.TypeConsent, charter.TypeRefuse, charter.TypeTakeBack, charter.TypeEnact
	propose := func(s *scene, who string, terms charter.Terms) charter.StepID {
		payload, id, err := s.c.Propose(laptop(who).Device(), terms)
		s.says(laptop(who), payload, err)
		return id
	}
	var all []scope

	// Two removals, each of a member of the other side, with two consents each: one more and a step
	// is in force; two double signatures and the co-op splits.
	s := members(t, "ben", "cleo", "dora")
	one, two := propose(s, "ana", remove(s, "dora")), propose(s, "dora", remove(s, "ana"))
	s.consents("ana", one)
	s.consents("ben", one)
	s.consents("dora", two)
	s.consents("cleo", two)
	all = append(all, scope{"two sides", s, s.c.Heads(), nil, []template{
		say("ben", consent, two), say("cleo", consent, one), say("ben", back, one), say("cleo", back, two),
		say("ben", refuse, two), say("ana", refuse, two), say("cleo", refuse, one), say("ben", enact, one), say("dora", enact, two),
		{laptop("cleo"), charter.Statement{Type: charter.TypeResign}},
		{key("ben"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{newDevice(s.space, "ben", key("ben's phone"))}}},
		{key("ben's phone"), charter.Statement{Type: consent, Of: two}},
	}})

	// One is removed, and says what they can at the place before.
	s = members(t, "ben", "cleo", "dora")
	one, two = propose(s, "ana", remove(s, "dora")), propose(s, "dora", threshold(charter.AllButOne))
	s.consents("dora", two)
	old := s.c.Heads()
	s.consents("ana", one)
	s.consents("ben", one)
	s.consents("cleo", one)
	s.enacts("ana", one)
	three := propose(s, "ben", threshold(charter.TwoThirds))
	s.consents("ben", three)
	all = append(all, scope{"after a removal", s, s.c.Heads(), old, []template{
		say("dora", consent, three), say("dora", enact, two), say("ana", consent, two), say("cleo", consent, two),
		say("cleo", consent, three), say("ben", enact, three),
		{laptop("dora"), charter.Statement{Type: charter.TypeResign}},
		{laptop("dora"), charter.Statement{Type: charter.TypeCertify, New: device(s.space, "dora")}},
	}})

	// Who leaves, and who is counted out.
	s = members(t, "ben", "cleo", "dora")
	one = propose(s, "ana", threshold(charter.TwoThirds))
	s.consents("ana", one)
	o := s.apart()
	payload, err := o.c.Resign(laptop("dora").Device(), nil, "")
	o.says(laptop("dora"), payload, err)
	without := propose(o, "ben", threshold(charter.AllButOne)) // names the resignation
	s.hear(o.all...)
	all = append(all, scope{"a resignation", s, s.c.Heads(), nil, []template{
		say("dora", consent, one), say("ben", consent, one), say("cleo", consent, one), say("ana", enact, one),
		say("ben", consent, without), say("cleo", consent, without), say("ana", consent, without), say("ben", enact, without),
		say("ana", back, one), say("ana", refuse, without), say("ben", back, without),
	}})
	return append(all, deviceScope(t), peopleScope(t), newKeyScope(t), foundingScope(t), nameScope(t), seenScope(t))
}

// deviceScope is Ana's laptop and phone, which add, retire and move, and her phrase, which says what of it holds.
func deviceScope(t *testing.T) scope {
	s := members(t, "ben", "cleo")
	phone, box, fourth := key("ana's phone"), key("ana's box"), key("ana's fourth")
	s.adds("ana", laptop("ana"), phone)
	payload, id, err := s.c.Propose(laptop("ben").Device(), threshold(charter.TwoThirds))
	s.says(laptop("ben"), payload, err)
	s.consents("ben", id)
	certify := func(by, d entry.Signer) template {
		n := newDevice(s.space, "ana", d)
		return template{by, charter.Statement{Type: charter.TypeCertify, New: &n}}
	}
	about := func(by entry.Signer, what charter.Type, d entry.Signer) template {
		st := charter.Statement{Type: what, Device: d.Device()}
		if what == charter.TypeRetire { // of each retirement something else
			st.Frontier = lastOf(1, by.Device()[0])
		}
		return template{by, st}
	}
	return scope{"devices", s, s.c.Heads(), nil, []template{
		certify(laptop("ana"), box), certify(phone, box), certify(box, fourth),
		about(phone, charter.TypeRetire, laptop("ana")), about(laptop("ana"), charter.TypeRetire, phone), about(fourth, charter.TypeRetire, box),
		about(laptop("ana"), charter.TypeMove, phone), about(phone, charter.TypeMove, phone), about(laptop("ana"), charter.TypeMove, box),
		{laptop("ana"), charter.Statement{Type: charter.TypeResign, Lists: honoured(2, laptop("ana"), phone, box)}}, {phone, charter.Statement{Type: charter.TypeResign}},
		{key("ana"), charter.Statement{
			Type: charter.TypeRecover, Live: []charter.NewDevice{newDevice(s.space, "ana", box), newDevice(s.space, "ana", phone)}, Lists: honoured(3, laptop("ana"), fourth),
		}},
		{key("ana"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{newDevice(s.space, "ana", laptop("ana"))}, Lists: honoured(4, phone, box)}},
		say("ana", charter.TypeConsent, id), {phone, charter.Statement{Type: charter.TypeConsent, Of: id}}, {box, charter.Statement{Type: charter.TypeConsent, Of: id}},
		say("ben", charter.TypeEnact, id),
	}}
}

// honoured is a frontier for each of some devices, another for each number.
func honoured(number byte, devices ...entry.Signer) (list []charter.DeviceFrontier) {
	for _, d := range devices {
		list = append(list, charter.DeviceFrontier{Device: d.Device(), Frontier: lastOf(1, number)})
	}
	return charter.Frontiers(list)
}

// peopleScope is Dora, who invites and lets in, while a step to remove her needs no more than to be enacted; all of it
// also as of before.
func peopleScope(t *testing.T) scope {
	s := members(t, "ben", "cleo", "dora")
	phone := key("dora's phone")
	s.adds("dora", laptop("dora"), phone)
	old := s.c.Heads()
	terms := remove(s, "dora")
	terms.Frontiers = honoured(1, laptop("dora"), phone)
	payload, out, err := s.c.Propose(laptop("ana").Device(), terms)
	s.says(laptop("ana"), payload, err)
	for _, who := range []string{"ana", "ben", "cleo"} {
		s.consents(who, out)
	}
	code, r := s.redeem("eli")
	other, q := s.redeem("flo")
	return scope{"people", s, s.c.Heads(), old, []template{
		{laptop("dora"), charter.Statement{Type: charter.TypeInvite, Invite: code}},
		{laptop("dora"), charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}},
		{laptop("ben"), charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}},
		{phone, charter.Statement{Type: charter.TypeInvite, Invite: other}},
		{laptop("ana"), charter.Statement{Type: charter.TypeProspective, Invite: other, Joiner: &q}},
		{laptop("cleo"), charter.Statement{Type: charter.TypeRevoke, Invite: code}},
		{phone, charter.Statement{Type: charter.TypeRetire, Device: laptop("dora").Device(), Frontier: lastOf(1, 2)}},
		{laptop("dora"), charter.Statement{Type: charter.TypeResign, Lists: honoured(3, laptop("dora"))}},
		{laptop("eli"), charter.Statement{Type: charter.TypeResign, Lists: honoured(4, laptop("eli"))}},
		{laptop("eli"), charter.Statement{Type: charter.TypeFollow}},
		say("ana", charter.TypeEnact, out), say("ana", charter.TypeTakeBack, out),
	}}
}

// newKeyScope is a step that gives Dora a new member key, and needs no more than to be enacted; what she, or a thief, says by the
// old key and its devices, of which the step knows one redemption and not the others; and what the new key says.
func newKeyScope(t *testing.T) scope {
	s := members(t, "ben", "cleo", "dora")
	phone, box, desk := key("dora's phone"), key("dora's box"), key("dora's desk")
	s.adds("dora", laptop("dora"), phone)
	s.invites("dora", "gus")
	rekey, err := charter.NewRekey(s.space, s.id("dora"), key("dora again"), desk, "desk")
	if err != nil {
		t.Fatal(err)
	}
	payload, anew, err := s.c.Propose(laptop("ana").Device(), charter.Terms{
		Type: charter.ProposalKey, Rekey: &rekey, Frontiers: honoured(1, laptop("dora"), phone),
	})
	s.says(laptop("ana"), payload, err)
	for _, who := range []string{"ana", "ben", "cleo"} {
		s.consents(who, anew)
	}
	code, r := s.redeem("eli")
	byNew := func(d entry.Signer) charter.NewDevice {
		return charter.NewDevice{Key: d.Device(), Name: "box", Accepted: charter.AcceptDevice(s.space, key("dora again").Device(), d)}
	}
	certified, listed := byNew(box), newDevice(s.space, "dora", box)
	return scope{"a new key", s, s.c.Heads(), nil, []template{
		say("ana", charter.TypeEnact, anew),
		{laptop("dora"), charter.Statement{Type: charter.TypeInvite, Invite: code}},
		{phone, charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}},
		{laptop("ben"), charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &r}},
		{laptop("dora"), charter.Statement{Type: charter.TypeCertify, New: &listed}},
		{phone, charter.Statement{Type: charter.TypeRetire, Device: laptop("dora").Device(), Frontier: lastOf(1, 2)}},
		{laptop("dora"), charter.Statement{Type: charter.TypeMove, Device: phone.Device()}},
		{phone, charter.Statement{Type: charter.TypeResign}},
		{key("dora"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{listed}, Lists: honoured(3, laptop("dora"))}},
		{key("dora again"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{{Key: phone.Device(), Name: "phone"}, certified}, Lists: honoured(4, laptop("dora"))}},
		{key("dora again"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{{Key: desk.Device(), Name: "desk"}}, Lists: honoured(5, laptop("dora"), box)}},
		{desk, charter.Statement{Type: charter.TypeCertify, New: &certified}},
		{desk, charter.Statement{Type: charter.TypeRetire, Device: phone.Device(), Frontier: lastOf(1, 6)}},
	}}
}

// nameScope is Dora's laptop and phone, which call her and each other otherwise, while a step to remove her needs no more than to be
// enacted; what ends one of the two, and Ben, who takes her name.
func nameScope(t *testing.T) scope {
	s := members(t, "ben", "cleo", "dora")
	phone := key("dora's phone")
	s.adds("dora", laptop("dora"), phone)
	payload, out, err := s.c.Propose(laptop("ana").Device(), remove(s, "dora"))
	s.says(laptop("ana"), payload, err)
	for _, who := range []string{"ana", "ben", "cleo"} {
		s.consents(who, out)
	}
	call := func(by entry.Signer, name string) template {
		return template{by, charter.Statement{Type: charter.TypeRename, Name: name}}
	}
	return scope{"names", s, s.c.Heads(), nil, []template{
		call(laptop("dora"), "Dorothea"), call(phone, "Do"), call(laptop("ben"), "Dora"),
		{laptop("dora"), charter.Statement{Type: charter.TypeRename, Device: phone.Device(), Name: "pocket"}},
		{laptop("dora"), charter.Statement{Type: charter.TypeRetire, Device: phone.Device()}},
		{key("dora"), charter.Statement{Type: charter.TypeRecover, Live: []charter.NewDevice{newDevice(s.space, "dora", laptop("dora"))}}},
		{laptop("dora"), charter.Statement{Type: charter.TypeResign}}, say("ana", charter.TypeEnact, out),
	}}
}

// seenScope is what three say that they have seen, of whom one is to be removed; what takes one of them over, and what can't.
func seenScope(t *testing.T) scope {
	s := members(t, "ben", "cleo", "dora")
	old := s.c.Heads()
	payload, out, err := s.c.Propose(laptop("ana").Device(), remove(s, "dora"))
	s.says(laptop("ana"), payload, err)
	for _, who := range []string{"ana", "ben", "cleo"} {
		s.consents(who, out)
	}
	saw := func(who string, runs ...byte) template {
		var f charter.Frontier
		for _, run := range runs {
			f = append(f, charter.Last{Run: entry.Run{run}, Entry: entry.ID{run}})
		}
		return template{laptop(who), charter.Statement{Type: charter.TypeSeen, Lists: []charter.DeviceFrontier{{Device: laptop("ana").Device(), Frontier: f}}}}
	}
	return scope{"what was seen", s, s.c.Heads(), old, []template{
		saw("ben", 1), saw("cleo", 1, 2), saw("dora", 3), saw("eli", 4), {laptop("ben"), charter.Statement{Type: charter.TypeForget, Doc: entry.DocID{1}}},
		{laptop("dora"), charter.Statement{Type: charter.TypeResign}}, say("ana", charter.TypeEnact, out),
	}}
}

// foundingScope is a founding with two seats left: what fills them, what closes it, a step beside that the founder has to consent to,
// and a code of a seat that is published as an invite.
func foundingScope(t *testing.T) scope {
	co := found(t, 4)
	all := co.chain("ben")
	s := &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
	at := s.c.Tip()
	payload, id, err := s.c.Propose(laptop("ben").Device(), charter.Terms{Type: charter.ProposalInvites, Invites: 2})
	s.says(laptop("ben"), payload, err)
	seat := func(who string) template {
		code, r := s.redeem(who)
		return template{laptop("ana"), charter.Statement{Type: charter.TypeFounding, Step: &charter.Step{Parent: at, Terms: charter.Terms{
			Type: charter.ProposalSeat, Seat: &charter.Seat{Invite: code, Redemption: r},
		}}}}
	}
	closing := &charter.Step{Parent: at, Terms: charter.Terms{Type: charter.ProposalClose}}
	again, err := charter.NewRedemption(s.space, key("code for cleo"), key("dora"), laptop("dora"), "Dora", "laptop")
	if err != nil {
		t.Fatal(err)
	}
	code, _ := s.redeem("cleo")
	return scope{"a founding", s, s.c.Heads(), nil, []template{
		seat("cleo"), seat("dora"), {laptop("ana"), charter.Statement{Type: charter.TypeFounding, Step: closing}},
		{laptop("ben"), charter.Statement{Type: charter.TypePropose, Step: closing}}, say("ben", charter.TypeConsent, closing.ID()),
		say("ana", charter.TypeConsent, id), say("ben", charter.TypeConsent, id), say("ben", charter.TypeEnact, id),
		{laptop("ben"), charter.Statement{Type: charter.TypeInvite, Invite: code}},
		{laptop("ben"), charter.Statement{Type: charter.TypeProspective, Invite: code, Joiner: &again}},
		{laptop("ana"), charter.Statement{Type: charter.TypeResign}}, {laptop("cleo"), charter.Statement{Type: charter.TypeSeen}},
	}}
}

func device(space entry.SpaceID, name string) *charter.NewDevice {
	d := newDevice(space, name, key(name+"'s box"))
	return &d
}

// raced says that the race detector watches, under which everything takes many times as long.
var raced bool

func TestSmallScope(t *testing.T) {
	n := 3
	if testing.Short() || raced { // scripts/test runs it once more without the detector
		n = 2
	}
	if v := os.Getenv("KITH_SMALL_SCOPE"); v != "" {
		n, _ = strconv.Atoi(v)
	}
	for _, sc := range scopes(t) {
		n, places := n, len(sc.templates)
		if sc.old != nil {
			places *= 2
		}
		if places > 16 && os.Getenv("KITH_SMALL_SCOPE") == "" {
			n = min(n, 2) // with 3 they take many minutes
		}
		t.Run(sc.name, func(t *testing.T) { sc.run(t, n) })
	}
}

// made is a set of statements, and what it gives.
type made struct {
	puts []int // sorted
	c    *charter.Charter
	says string
}

func (sc *scope) run(t *testing.T, n int) {
	sc.s.t = t
	base := sc.s.c
	var puts []put
	known := map[string]int{}
	level := map[string]*made{"": {c: base}}
	all := map[string]*made{"": level[""]}
	sets, forks := 0, 0
	for range n {
		next := map[string]*made{}
		for _, k := range slices.Sorted(maps.Keys(level)) {
			m := level[k]
			for i := range sc.templates {
				for subset := range 1 << len(m.puts) {
					for _, from := range [][]entry.ID{sc.now, sc.old} {
						if from == nil {
							continue
						}
						at := sc.put(t, &puts, known, all, i, m, subset, from)
						if at < 0 || slices.Contains(m.puts, at) {
							continue
						}
						set := append(slices.Clone(m.puts), at)
						slices.Sort(set)
						grown := &made{puts: set, c: m.c.With(puts[at].e)}
						sc.keeps(t, puts, m, grown)
						grown.says = sc.digest(grown.c, puts, set)
						k := fmt.Sprint(set)
						if old := next[k]; old != nil {
							if old.says != grown.says {
								t.Fatalf("the order of arrival counts:\n%s\n%s", old.says, grown.says)
							}
							continue
						}
						next[k] = grown
						sets++
						if len(grown.c.Forks()) > 0 {
							forks++
						}
						sc.holds(t, puts, grown)
					}
				}
			}
		}
		level = next
		maps.Copy(all, next)
	}
	t.Logf("%d statements, %d sets of up to %d, %d of them with a fork", len(puts), sets, n, forks)
}

// put makes a statement, or finds it among those made; -1 if its heads repeat each other.
func (sc *scope) put(t *testing.T, puts *[]put, known map[string]int, all map[string]*made, i int, m *made, subset int, from []entry.ID) int {
	heads := slices.Clone(from)
	var new []int
	for bit, at := range m.puts {
		if subset>>bit&1 == 1 {
			heads = append(heads, (*puts)[at].e.ID())
			new = append(new, at)
		}
	}
	// The past must be in the set, and heads that others reach say nothing new.
	var past []int
	for _, at := range new {
		past = append(past, sc.pastOf(*puts, at)...)
	}
	for _, at := range new {
		if slices.Contains(past, at) {
			return -1
		}
	}
	name := fmt.Sprint(i, from[0], new)
	if at, ok := known[name]; ok {
		return at
	}
	tm := sc.templates[i]
	f := entry.Fields{Space: sc.s.space, Heads: heads, Kind: entry.Statement, Number: 1, Payload: raw(t, tm.says)}
	copy(f.Run[:], fmt.Sprint(i, from[0] == sc.now[0]))
	e, err := entry.New(f, tm.by)
	if err != nil {
		t.Fatal(err)
	}
	p := put{e: e, what: tm.says, heads: new}
	owner, _ := sc.s.c.OwnerOf(tm.by.Device())
	p.by = owner.ID
	if p.by == (charter.MemberID{}) {
		p.by = sc.s.id("ben") // whose phone comes in by the phrase
	}
	closure := append(past, new...)
	slices.Sort(closure)
	closure = slices.Compact(closure)
	p.honest = p.what.Type != charter.TypeConsent && p.what.Type != charter.TypeFounding
	if c := sc.at(all, *puts, closure, from); p.what.Type == charter.TypeConsent && c != nil {
		_, err := c.Consent(tm.by.Device(), p.what.Of, false)
		p.honest = err == nil || err == charter.ErrConsented
	}
	*puts = append(*puts, p)
	known[name] = len(*puts) - 1
	return len(*puts) - 1
}

// at is the charter of a statement's past.
func (sc *scope) at(all map[string]*made, puts []put, closure []int, from []entry.ID) *charter.Charter {
	if from[0] == sc.now[0] {
		key := fmt.Sprint(closure)
		if len(closure) == 0 {
			key = ""
		}
		if m := all[key]; m != nil {
			return m.c
		}
		return nil
	}
	return nil // at an older place nothing is honest: its device has been further
}

func (sc *scope) pastOf(puts []put, at int) (all []int) {
	for _, h := range puts[at].heads {
		all = append(append(all, h), sc.pastOf(puts, h)...)
	}
	return all
}

// digest is what a charter says of the new statements and the members, on each branch.
func (sc *scope) digest(c *charter.Charter, puts []put, set []int) string {
	var b strings.Builder
	stands := []charter.StepID{{}}
	for _, f := range c.Forks() {
		for _, br := range f.Branches {
			stands = append(stands, br.Step)
		}
	}
	for _, stand := range stands {
		c := c.StandOn(stand)
		fmt.Fprint(&b, c.Tip(), c.Threshold(), c.Heads())
		for _, at := range set {
			state, why := c.State(puts[at].e.ID())
			fmt.Fprint(&b, " ", at, state, why)
		}
		for _, m := range c.Members() {
			fmt.Fprint(&b, " ", m.Name, m.Former, m.Standing)
			for _, d := range m.Devices {
				_, cut := c.Cut(d.Key)
				fmt.Fprint(&b, d.Name, d.Retired, d.Consents, cut)
			}
		}
		for _, p := range c.Proposals() {
			fmt.Fprint(&b, " ", p.ID, p.State, p.Needs, p.Of, p.Consents, p.Refusals)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// keeps holds that one more statement changes nothing for a replica that took part.
func (sc *scope) keeps(t *testing.T, puts []put, before, after *made) {
	t.Helper()
	stood := before.c.StandOn(before.c.Tip())
	grown := stood.With(puts[after.puts[len(after.puts)-1]].e)
	for _, at := range after.puts {
		grown = grown.With(puts[at].e)
	}
	for _, e := range stood.Statements() {
		if state, why := grown.State(e.ID()); state != charter.Accepted {
			t.Fatalf("for a replica that took part a statement is %v: %s", state, why)
		}
	}
	for _, at := range before.puts {
		was, _ := stood.State(puts[at].e.ID())
		if is, _ := grown.State(puts[at].e.ID()); was != is && was != charter.Pending {
			t.Fatalf("a statement was %v and is %v", was, is)
		}
	}
}

// holds checks the invariants of docs/CHARTER.md on one set.
func (sc *scope) holds(t *testing.T, puts []put, m *made) {
	t.Helper()
	honest := true
	for _, at := range m.puts {
		honest = honest && puts[at].honest
	}
	forks := m.c.Forks()
	if honest && len(forks) > 0 {
		t.Fatal("a fork without a double signature: ", sc.told(puts, m))
	}
	// The last statement first, the base in between.
	if len(m.puts) <= 3 {
		c := charter.Fold(sc.s.space, nil, charter.StepID{})
		for i := len(m.puts) - 1; i >= 0; i-- {
			c = c.With(puts[m.puts[i]].e)
		}
		if got := sc.digest(c.With(sc.s.all...), puts, m.puts); got != m.says {
			t.Fatalf("pending statements count:\n%s\n%s", m.says, got)
		}
	}
	if len(m.puts) <= 2 {
		sc.naively(t, puts, m)
	}
	stands := []charter.StepID{m.c.Tip()}
	for _, f := range forks {
		for _, br := range f.Branches {
			stands = append(stands, br.Step)
		}
	}
	for _, stand := range stands {
		c := m.c.StandOn(stand)
		removed := map[charter.MemberID]bool{}
		for _, p := range c.Proposals() {
			if p.State != charter.ProposalInForce {
				continue
			}
			removed[p.Subject] = true
			// Invariant 3, counted from nothing but the consents. The founder closes the founding alone.
			who, founding := map[charter.MemberID]bool{}, false
			for _, e := range append(slices.Clone(sc.s.all), entriesOf(puts, m.puts)...) {
				if s, _ := charter.ReadStatement(e.Payload); s.Type == charter.TypeConsent && s.Of == p.ID {
					if state, _ := c.State(e.ID()); state == charter.Accepted {
						owner, _ := c.OwnerOf(e.Device)
						who[owner.ID] = true
					}
				} else if s.Type == charter.TypeFounding && s.Step.ID() == p.ID {
					state, _ := c.State(e.ID())
					founding = founding || state == charter.Accepted
				}
			}
			if !founding && len(who) < p.Of/2+1 || who[p.Subject] {
				t.Fatalf("a step is in force with %d consents of %d: %s", len(who), p.Of, sc.told(puts, m))
			}
		}
		for _, member := range c.Members() { // invariant 5
			if member.Since != (charter.StepID{}) && member.Standing != charter.Full && !removed[member.ID] && !sc.resigned(puts, m, member.ID) {
				t.Fatalf("%s is %v: %s", member.Name, member.Standing, sc.told(puts, m))
			}
		}
		sc.lives(t, puts, m, c, honest)
	}
}

// naively holds one set against the words of the rules.
func (sc *scope) naively(t *testing.T, puts []put, m *made) {
	t.Helper()
	n := naiveFold(sc.s.space, append(slices.Clone(sc.s.all), entriesOf(puts, m.puts)...), m.c.Stand())
	for _, at := range m.puts {
		if got, why := m.c.State(puts[at].e.ID()); got != n.state(puts[at].e.ID()) {
			t.Fatalf("%d is %v (%s), and %v to the naive fold: %s", at, got, why, n.state(puts[at].e.ID()), sc.told(puts, m))
		}
	}
	agreeOnSeen(t, m.c, n, entriesOf(puts, m.puts))
	all := n.accepted()
	agreeOnCuts(t, m.c, n, all)
	for id, p := range n.everybody(all) {
		member, _ := m.c.Member(id)
		if member.Standing != p.standing {
			t.Fatalf("%s is %v, and %v to the naive fold: %s", member.Name, member.Standing, p.standing, sc.told(puts, m))
		}
		if got, want := renamed(member), n.called(all, p, entry.Device{}); !slices.Equal(got, want) {
			t.Fatalf("%s was called %q, and %q to the naive fold: %s", member.Name, got, want, sc.told(puts, m))
		}
		for d := range p.devices {
			q := n.speaks(all, d)
			if now, ok := m.c.MemberOf(d); ok != (q != nil) || ok && now.ID != q.id {
				t.Fatalf("a device of %s speaks (%v): %s", member.Name, ok, sc.told(puts, m))
			}
		}
		for _, d := range member.Devices {
			if d.Consents != p.consentsFrom(d.Key) {
				t.Fatalf("%s consents from a device (%v): %s", member.Name, d.Consents, sc.told(puts, m))
			}
		}
	}
}

// lives holds invariant 6: with all honest so far, the first as many members as a step needs find
// one that passes.
func (sc *scope) lives(t *testing.T, puts []put, m *made, c *charter.Charter, honest bool) {
	t.Helper()
	if !honest || len(m.puts) > 2 || len(sc.s.c.Enactable()) > 0 { // what could be enacted already may be in force elsewhere
		return
	}
	var acting []entry.Signer
	for _, name := range []string{"cleo", "ben", "ana", "dora"} {
		for _, d := range []entry.Signer{laptop(name), key(name + "'s phone")} {
			if who, ok := c.MemberOf(d.Device()); ok && who.Standing == charter.Full {
				for _, of := range who.Devices {
					if of.Key == d.Device() && of.Consents {
						acting = append(acting, d)
					}
				}
			}
		}
	}
	needs, _ := c.Needed()
	if len(acting) < needs {
		return
	}
	acting = acting[:needs]
	candidates := []charter.StepID{{}}
	for _, p := range c.Proposals() {
		if p.Parent == c.Tip() {
			candidates = append(candidates, p.ID)
		}
	}
	for _, id := range candidates {
		s := *sc.s
		s.c = c
		say := func(by entry.Signer, payload []byte, err error) {
			if err == nil {
				s.c = s.c.With(s.sign(by, payload, s.c.Heads()...))
			}
		}
		if id == (charter.StepID{}) {
			payload, fresh, err := s.c.Propose(acting[0].Device(), charter.Terms{Type: charter.ProposalInvites, Invites: 1})
			say(acting[0], payload, err)
			id = fresh
		} else if p, _ := s.c.Proposal(id); p.State == charter.ProposalWithdrawn { // it can be proposed once more
			payload, _, err := s.c.Propose(acting[0].Device(), p.Terms)
			say(acting[0], payload, err)
		}
		for _, p := range s.c.Proposals() {
			for _, d := range acting {
				if p.ID != id {
					payload, err := s.c.Refuse(d.Device(), p.ID, "")
					say(d, payload, err)
				}
			}
		}
		for _, d := range acting {
			payload, err := s.c.Consent(d.Device(), id, false)
			say(d, payload, err)
		}
		if _, err := s.c.Enact(acting[0].Device(), id); err == nil {
			return
		}
	}
	t.Fatalf("%d act, as many as a step needs, and no way to one: %s", needs, sc.told(puts, m))
}

func (sc *scope) resigned(puts []put, m *made, who charter.MemberID) bool {
	for _, e := range append(slices.Clone(sc.s.all), entriesOf(puts, m.puts)...) {
		if s, _ := charter.ReadStatement(e.Payload); s.Type == charter.TypeResign {
			if owner, _ := m.c.OwnerOf(e.Device); owner.ID == who {
				return true
			}
		}
	}
	return false
}

func entriesOf(puts []put, set []int) (all []*entry.Entry) {
	for _, at := range set {
		all = append(all, puts[at].e)
	}
	return all
}

// told is a set in words.
func (sc *scope) told(puts []put, m *made) string {
	var b strings.Builder
	for _, at := range m.puts {
		p := puts[at]
		owner, _ := m.c.Member(p.by)
		state, why := m.c.State(p.e.ID())
		fmt.Fprintf(&b, "\n%d: %s, type %d of %.6v after %v: %v %s (honest: %v)", at, owner.Name, p.what.Type, p.what.Of, p.heads, state, why, p.honest)
	}
	return b.String()
}
