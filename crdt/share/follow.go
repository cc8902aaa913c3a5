package share

import (
	"bytes"
	"cmp"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// A side of a share follows its home: who comes in or leaves there does so here, and the date that was agreed
// ends it, without anybody having to do anything. Nothing in the rules asks for that: it is what each
// device of the side says by itself, in the name of its member, and nothing else is.

// Do says what a device has to say by itself.
type Do uint8

const (
	DoResign   Do = iota + 1 // its person left the home, or was removed there
	DoCertify                // New is another computer of its person
	DoRetire                 // Device is one that its person's home has retired
	DoFill                   // a founding seat, by Redemption and Invite
	DoClose                  // the founding: all are in
	DoInvite                 // publish Invite, the key by which somebody of the home is let in
	DoLetIn                  // countersign Redemption by Invite
	DoPropose                // Terms; the frontiers are the caller's to add
	DoConsent                // Of
	DoTakeBack               // the consent to Of: another step is to come first
	DoRefuse                 // Of, for the same reason, with WhyLater
)

// WhyLater is the reason of a refusal that a device gives by itself: it refuses the place of the proposal in
// the chain, not what it says.
const WhyLater = "another step comes first; this is proposed again after it"

// Duty is one thing to be said. Of those of which one is enough, that of the lowest Rank is for now, the next
// for if nobody has said it in a while.
type Duty struct {
	Do         Do
	Rank       int
	About      charter.MemberID // of the side; zero if nobody
	Of         charter.StepID
	Terms      charter.Terms
	New        charter.NewDevice
	Device     entry.Device
	Invite     entry.Device
	Redemption charter.Redemption
}

// Owner is whose a device of a side is at home.
type Owner struct {
	Member charter.MemberID // of the home
	Home   entry.Device     // the device that keeps it
}

// Following is what a device of a side knows when it looks what to say.
type Following struct {
	Home   *charter.Charter
	Share  *Share
	Side   int
	Device entry.Device // of this replica, in the share
	// Seats are those of the members of the home: checked.
	Seats map[charter.MemberID]*Seat
	// Owners are of devices of the side, by proofs that were seen: also those that aren't in a seat any more.
	Owners map[entry.Device]Owner
	Now    uint64 // ms since 1970
	// Behind are proposed removals and new keys that leave out some of what is here of the person's work.
	Behind map[charter.StepID]bool
}

// purpose is what a proposal is for, whoever makes it and at whichever step.
type purpose struct {
	what  charter.ProposalType
	about charter.MemberID
}

// following is a Following at work.
type following struct {
	*Following
	c    *charter.Charter // of the side
	all  []charter.Member
	me   charter.Member // on the side
	mine charter.MemberID
	of   map[charter.MemberID][]charter.MemberID // of those on the side, who they are at home
}

// Follow returns what this device has to say now, the most urgent first. It is a function of what is known
// and of nothing else. What is said by it never lets anybody in who isn't a full member at home, nor removes
// who is one; no proposal with a reason is consented to, since that is somebody's word, and none
// like one that the person of this device refused.
func Follow(f *Following) []Duty {
	if f.Share == nil || f.Share.state != charter.Accepted || f.Share.now.over() {
		return nil
	}
	w := &following{Following: f, c: f.Share.Side(f.Side), of: map[charter.MemberID][]charter.MemberID{}}
	var ok bool
	if w.me, ok = w.c.MemberOf(f.Device); !ok || w.c.Undecided() || f.Home.Undecided() {
		return nil
	}
	w.mine = f.Owners[f.Device].Member
	home, ok := f.Home.Member(w.mine)
	switch {
	case !ok:
		return nil
	case home.Standing == charter.Resigned, home.Standing == charter.Removed:
		return []Duty{{Do: DoResign, About: w.me.ID}} // also where the others are too few to remove them
	case home.Standing != charter.Full:
		return nil
	}
	w.all = w.c.Members()
	for _, m := range w.all {
		for _, d := range m.Devices {
			if o, ok := f.Owners[d.Key]; ok && !slices.Contains(w.of[m.ID], o.Member) {
				w.of[m.ID] = append(w.of[m.ID], o.Member)
			}
		}
	}
	duties := w.computers(&home)
	if !slices.ContainsFunc(w.me.Devices, func(d charter.Device) bool { return d.Key == f.Device && d.Consents }) {
		return duties
	}
	if w.me.Standing != charter.Full {
		return duties
	}
	return slices.Concat(duties, w.newcomers(), w.steps())
}

// full says whether somebody is a full member at home.
func (w *following) full(id charter.MemberID) bool {
	m, ok := w.Home.Member(id)
	return ok && m.Standing == charter.Full
}

// isCalled says whether somebody has this name at home.
func (w *following) isCalled(id charter.MemberID, name string) bool {
	m, ok := w.Home.Member(id)
	return ok && m.Name == name
}

func in(m *charter.Member) bool {
	return m.Standing == charter.Full || m.Standing == charter.Prospective
}

// gone says whether somebody on the side has left the home. Of whom nothing is known, nothing follows.
func (w *following) gone(m *charter.Member) bool {
	of := w.of[m.ID]
	return in(m) && m.ID != w.me.ID && len(of) > 0 && !slices.ContainsFunc(of, w.full)
}

// ownTurns is for how many turns of others it is left to who resigned at home to resign here: where they do, the
// others need not agree on anything.
const ownTurns = 3

func (w *following) resigned(id charter.MemberID) bool {
	return slices.ContainsFunc(w.of[id], func(of charter.MemberID) bool {
		m, ok := w.Home.Member(of)
		return ok && m.Standing == charter.Resigned
	})
}

// as returns who a member of the home is or was on the side.
func (w *following) as(id charter.MemberID) (all []*charter.Member) {
	for i := range w.all {
		if slices.Contains(w.of[w.all[i].ID], id) {
			all = append(all, &w.all[i])
		}
	}
	return all
}

// rank is this device's place among those who could say something of which one saying is enough.
func (w *following) rank(about charter.MemberID) (rank int) {
	for _, id := range w.c.FullNow() {
		if id != about && bytes.Compare(id[:], w.me.ID[:]) < 0 && slices.ContainsFunc(w.of[id], w.full) {
			rank++
		}
	}
	return rank
}

// computers are what there is to say of the person's own devices: a seat that their home wrote names another
// one, or the home has retired the device that keeps one.
func (w *following) computers(home *charter.Member) (duties []Duty) {
	live := map[entry.Device]bool{}
	for _, d := range home.Devices {
		live[d.Key] = !d.Retired
	}
	kept := map[entry.Device]entry.Device{} // by a device at home: what it keeps here, by the seat
	if seat := w.Seats[w.mine]; seat != nil {
		for i := range seat.Devices {
			d := &seat.Devices[i]
			kept[d.Home] = d.New.Key
			if live[d.Home] && !w.c.Knows(d.New.Key) && charter.DeviceAccepts(w.c.Space(), w.me.Key, d.New) {
				duties = append(duties, Duty{Do: DoCertify, About: w.me.ID, New: d.New})
			}
		}
	}
	for _, d := range w.me.Devices {
		o, known := w.Owners[d.Key]
		if d.Retired || d.Key == w.Device || !known || o.Member != w.mine {
			continue
		}
		next, replaced := kept[o.Home]
		if isLive, ever := live[o.Home]; ever && !isLive || replaced && next != d.Key && w.speaks(next) {
			duties = append(duties, Duty{Do: DoRetire, About: w.me.ID, Device: d.Key})
		}
	}
	return duties
}

func (w *following) speaks(device entry.Device) bool {
	_, ok := w.c.MemberOf(device)
	return ok
}

// newcomers are those of the home who aren't on the side.
func (w *following) newcomers() (duties []Duty) {
	open := w.c.FoundingOpen()
	founds := open && w.c.FoundingDevice() == w.Device
	invites := map[entry.Device]charter.Invited{}
	if !open {
		for _, i := range w.c.Invites() {
			invites[i.Key] = i
		}
	}
	missing := false
	for _, id := range w.Home.FullNow() {
		if as := w.as(id); len(as) > 0 {
			missing = missing || !slices.ContainsFunc(as, func(m *charter.Member) bool { return m.Standing == charter.Full })
			continue // also who was removed from the side, or left it: people did that, and people undo it
		}
		missing = true
		seat := w.Seats[id]
		if seat == nil || seat.Redemption == nil || w.c.Knows(seat.Redemption.Member) || w.c.Knows(seat.Redemption.Device) {
			continue
		}
		r := *seat.Redemption
		if !w.isCalled(id, r.Name) {
			continue // the ally would take them for somebody else
		}
		d := Duty{About: charter.MemberIDOf(w.c.Space(), r.Member), Invite: seat.Device(r.Device).Knock, Redemption: r}
		switch i, known := invites[d.Invite]; {
		case founds:
			d.Do = DoFill
		case open:
			continue // for the founder's device
		case !known:
			d.Do, d.Rank = DoInvite, w.rank(charter.MemberID{})
		case i.Revoked || len(i.Used) > 0:
			continue
		default:
			d.Do, d.Rank = DoLetIn, w.rank(charter.MemberID{})
		}
		duties = append(duties, d)
	}
	if founds && !missing {
		duties = append(duties, Duty{Do: DoClose})
	}
	return duties
}

// wanted are the steps that the home, or the date, asks for; in which order they come is the same for
// all.
func (w *following) wanted() (all []charter.Terms) {
	if ends := w.Share.now.terms.Ends; ends > 0 && w.Now >= ends {
		if word, err := (Word{What: End, Share: w.Share.space}).Encode(); err == nil {
			all = append(all, charter.Terms{Type: charter.ProposalPact, Pact: word})
		}
	}
	if w.c.FoundingOpen() && w.c.FoundingDevice() == (entry.Device{}) { // who founded the side has left
		all = append(all, charter.Terms{Type: charter.ProposalClose})
	}
	for i := range w.all {
		if w.gone(&w.all[i]) {
			all = append(all, charter.Terms{Type: charter.ProposalRemove, Member: w.all[i].ID})
		}
	}
	for _, id := range w.Home.FullNow() {
		as := w.as(id)
		isFull := slices.ContainsFunc(as, func(m *charter.Member) bool { return m.Standing == charter.Full })
		for _, m := range as {
			seat := w.Seats[id]
			switch {
			case m.Standing == charter.Full && seat != nil && seat.Rekey != nil && seat.Rekey.Member == m.ID &&
				seat.Rekey.Key != m.Key && m.ID != w.me.ID && !w.c.Knows(seat.Rekey.Key) && !w.c.Knows(seat.Rekey.Device):
				all = append(all, charter.Terms{Type: charter.ProposalKey, Member: m.ID, Rekey: seat.Rekey})
			case m.Standing == charter.Prospective && !isFull && w.isCalled(id, m.Name):
				all = append(all, charter.Terms{Type: charter.ProposalAdmit, Member: m.ID})
			}
		}
	}
	return all
}

// says says whether a proposal is what is wanted, and no word of anybody besides.
func says(p *charter.Proposal, t *charter.Terms) bool {
	if p.Type != t.Type || p.Why != "" {
		return false
	}
	switch t.Type {
	case charter.ProposalPact:
		return bytes.Equal(p.Pact, t.Pact)
	case charter.ProposalKey:
		return *p.Rekey == *t.Rekey
	}
	return p.Subject == t.Member
}

// steps are what there is to say of agreed steps. One step comes next: of several that are proposed
// everybody's word goes to the same one, and the others are proposed again after it.
func (w *following) steps() (duties []Duty) {
	wanted, all := w.wanted(), w.c.Proposals()
	refused := map[purpose]bool{} // by this person
	for i := range all {
		if a := w.mineOf(all[i].Refusals); a != nil && a.Why != WhyLater {
			refused[purposeOf(&all[i])] = true
		}
	}
	type candidate struct {
		*charter.Proposal
		order int
	}
	var found []candidate
	var back []Duty // what is good for nothing any more must not hold anybody's word
	_, counted := w.c.Needed()
	for i := range all {
		p := &all[i]
		if p.Parent != w.c.Tip() || p.Why != "" {
			continue
		}
		is := slices.ContainsFunc(wanted, func(t charter.Terms) bool { return says(p, &t) })
		if is && (p.Hopeless || p.State == charter.ProposalWithdrawn) || w.stale(p, wanted) {
			back = append(back, w.against(p)...)
		}
	}
	for order := range wanted {
		t := &wanted[order]
		if refused[purpose{t.Type, t.Member}] {
			continue
		}
		behind, mayCome := false, false
		for i := range all {
			p := &all[i]
			switch {
			case p.State != charter.ProposalOpen || !says(p, t):
			case p.Hopeless:
				mayCome = mayCome || p.Of <= counted // a new one would count the same people
			case w.Behind[p.ID]:
				behind = true
			default:
				mayCome = true
				found = append(found, candidate{p, order})
			}
		}
		if !mayCome && w.able(t) {
			d := Duty{Do: DoPropose, Rank: w.rank(t.Member), About: t.Member, Terms: *t}
			if t.Type == charter.ProposalRemove && w.resigned(t.Member) {
				d.Rank += ownTurns // their own device says it by itself
			}
			if behind { // who made that one comes last
				d.Rank++
			}
			duties = append(duties, d)
		}
	}
	if len(found) == 0 {
		return slices.Concat(back, duties)
	}
	next := slices.MinFunc(found, func(a, b candidate) int {
		enough := func(p *charter.Proposal) int {
			if len(p.Consents) >= p.Needs {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(enough(a.Proposal), enough(b.Proposal)), cmp.Compare(a.order, b.order), entry.ID(a.ID).Compare(entry.ID(b.ID)))
	})
	duties = back // what else is wanted is proposed after this step
	for _, p := range found {
		if p.ID != next.ID {
			duties = append(duties, w.against(p.Proposal)...)
		}
	}
	if w.mineOf(next.Consents) == nil && w.mineOf(next.Refusals) == nil {
		duties = append(duties, Duty{Do: DoConsent, About: next.Subject, Of: next.ID})
	}
	return duties
}

// against has this person's word go to no proposal like this, and lets everybody see that it can't pass,
// so that those are free who gave their word to it.
func (w *following) against(p *charter.Proposal) []Duty {
	switch {
	case w.mineOf(p.Consents) != nil:
		return []Duty{{Do: DoTakeBack, About: p.Subject, Of: p.ID}}
	case !p.Hopeless && w.mineOf(p.Refusals) == nil && p.Subject != w.me.ID:
		return []Duty{{Do: DoRefuse, About: p.Subject, Of: p.ID}}
	}
	return nil
}

// stale says whether what was wanted of a proposal isn't any more: who was to be removed has resigned, who was to
// be admitted has left, the new key is another one.
func (w *following) stale(p *charter.Proposal, wanted []charter.Terms) bool {
	m, ok := w.c.Member(p.Subject)
	switch {
	case !ok:
		return false
	case p.Type == charter.ProposalRemove:
		return !in(&m)
	case p.Type == charter.ProposalAdmit:
		return w.gone(&m) || m.Standing != charter.Prospective
	}
	return p.Type == charter.ProposalKey && len(w.of[m.ID]) > 0 && !slices.ContainsFunc(wanted, func(t charter.Terms) bool { return says(p, &t) })
}

// able says whether enough people are left who could agree to a step.
func (w *following) able(t *charter.Terms) bool {
	able := 0
	for _, id := range w.c.FullNow() {
		if t.Type != charter.ProposalRemove || id != t.Member {
			able++
		}
	}
	needed, _ := w.c.Needed()
	return able >= needed
}

func purposeOf(p *charter.Proposal) purpose {
	if p.Type == charter.ProposalPact {
		return purpose{what: p.Type}
	}
	return purpose{p.Type, p.Subject}
}

func (w *following) mineOf(answers []charter.Answer) *charter.Answer {
	for i := range answers {
		if answers[i].Member == w.me.ID {
			return &answers[i]
		}
	}
	return nil
}
