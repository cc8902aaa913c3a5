package charter_test

import (
	"bytes"
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// naive is the fold once more, as slow and plain as it gets: straight from the rules in
// docs/CHARTER.md, whose names stand beside them. All is recomputed from the whole set, with
// nothing shared with the real one but the reading of payloads and the checking of signatures.
type naive struct {
	space   entry.SpaceID
	entries map[entry.ID]*entry.Entry
	known   map[entry.ID]naiveVerdict
	steps   map[charter.StepID]*charter.Step // proposals, by the step that they would make
	path    []charter.StepID                 // followed
}

type naiveVerdict struct {
	word  string            // "waits", "void" or "sound"
	said  charter.Statement // from here on of sound ones
	by    charter.MemberID  // who made it; of a redemption: who comes in
	past  map[entry.ID]bool // without itself
	path  []charter.StepID  // the steps known, its own included
	about charter.StepID    // of consents and the like: the parent
	whose charter.MemberID  // whose word it is: of a redemption, of who countersigned it
	host  charter.MemberID  // of a redemption: by whose invite
}

// naiveView is what a set of statements, closed under their pasts, knows.
type naiveView struct {
	set  map[entry.ID]bool
	path []charter.StepID
}

type naiveChain struct {
	founder            charter.MemberID
	members            map[charter.MemberID]naiveSeat
	used               []entry.Device
	seats, total       int
	closed             bool
	threshold, invites int
	rules              uint64
}

type naiveSeat struct {
	standing    charter.Standing
	key         entry.Device
	first       entry.Device
	former      []entry.Device
	rekeyed     charter.StepID // gave them their newest key
	removed     charter.StepID
	resignation entry.ID // that a step names
}

// naivePerson is a member as a view knows them, by what D4 to D9 call it.
type naivePerson struct {
	standing  charter.Standing
	key       entry.Device
	seat      naiveSeat
	devices   map[entry.Device]bool // that were ever theirs
	counts    map[entry.ID]bool     // without K
	K         map[entry.ID]bool
	certified map[entry.Device]bool
	holding   []entry.ID // resignations
	consents  []entry.Device
	out       bool // P4
}

func naiveFold(space entry.SpaceID, statements []*entry.Entry, stand charter.StepID) *naive {
	n := &naive{
		space: space, entries: map[entry.ID]*entry.Entry{}, known: map[entry.ID]naiveVerdict{},
		steps: map[charter.StepID]*charter.Step{},
	}
	for _, e := range statements {
		n.entries[e.ID()] = e
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Step != nil {
			n.steps[s.Step.ID()] = s.Step
		}
	}
	var sound [][]charter.StepID
	for id := range n.entries {
		if v := n.judge(id); v.word == "sound" {
			sound = append(sound, v.path)
		}
	}
	for { // F1
		next := map[charter.StepID]bool{} // step → whether the stand lies on it or beyond
		for _, path := range sound {
			if at := len(n.path); len(path) > at && slices.Equal(path[:at], n.path) {
				next[path[at]] = next[path[at]] || slices.Contains(path[at:], stand)
			}
		}
		var on []charter.StepID
		for step, stands := range next {
			if len(next) == 1 || stands {
				on = append(on, step)
			}
		}
		if len(on) != 1 {
			return n
		}
		n.path = append(n.path, on[0])
	}
}

func (n *naive) judge(id entry.ID) naiveVerdict {
	if v, ok := n.known[id]; ok {
		return v
	}
	v := n.judgeAfresh(id)
	n.known[id] = v
	return v
}

func (n *naive) judgeAfresh(id entry.ID) naiveVerdict {
	void, waits := naiveVerdict{word: "void"}, naiveVerdict{word: "waits"}
	e := n.entries[id]
	if e == nil {
		return waits
	}
	if e.SpaceOf() != n.space {
		return void
	}
	s, err := charter.ReadStatement(e.Payload)
	if e.Rules == 1 && err != nil {
		return void
	}
	whole := true
	for _, h := range e.Heads {
		if n.acknowledges(h) {
			return void
		}
		switch n.judge(h).word {
		case "void":
			return void
		case "waits":
			whole = false
		}
	}
	if e.Rules != 1 || !whole {
		return waits
	}
	if len(e.Heads) == 0 {
		if s.Genesis == nil {
			if s.Known() {
				return void
			}
			return waits
		}
		return naiveVerdict{
			word: "sound", said: s, by: charter.MemberIDOf(n.space, s.Genesis.MemberKey), past: map[entry.ID]bool{},
			path: []charter.StepID{charter.GenesisStep(n.space)},
		}
	}
	v, ok := n.view(e.Heads)
	if !ok || s.Genesis != nil { // C1
		return void
	}
	out := naiveVerdict{word: "sound", said: s, past: v.set, path: v.path}
	switch n.rule(v, e, s, &out) {
	case "void":
		return void
	case "waits":
		return waits
	}
	return out
}

// view is what sound heads know together; false if they are on both sides of a fork.
func (n *naive) view(heads []entry.ID) (naiveView, bool) {
	v := naiveView{set: map[entry.ID]bool{}}
	for _, h := range heads {
		maps.Copy(v.set, n.judge(h).past)
		v.set[h] = true
		if p := n.judge(h).path; len(p) > len(v.path) {
			v.path = p
		}
	}
	for _, h := range heads {
		p := n.judge(h).path
		if !slices.Equal(v.path[:len(p)], p) {
			return naiveView{}, false
		}
	}
	return v, true
}

func (v naiveView) tip() charter.StepID { return v.path[len(v.path)-1] }

// all lists the sound statements of a type in a view, in no order.
func (n *naive) all(v naiveView, what charter.Type) []entry.ID {
	var ids []entry.ID
	for id := range v.set {
		if n.judge(id).said.Type == what {
			ids = append(ids, id)
		}
	}
	return ids
}

func (n *naive) knows(id, other entry.ID) bool { return n.judge(id).past[other] }

// chain is what the steps up to one give (C2).
func (n *naive) chain(path []charter.StepID) *naiveChain {
	g, _ := charter.ReadStatement(n.entries[entry.ID(n.space)].Payload)
	founder := charter.MemberIDOf(n.space, g.Genesis.MemberKey)
	c := &naiveChain{
		founder: founder, seats: 1, total: g.Genesis.Seats, threshold: int(g.Genesis.Threshold), invites: charter.DefaultInvites, rules: 1,
		members: map[charter.MemberID]naiveSeat{founder: {
			standing: charter.Full, key: g.Genesis.MemberKey, first: n.entries[entry.ID(n.space)].Device,
		}},
	}
	end := func(m charter.MemberID, s charter.Standing) naiveSeat {
		seat := c.members[m]
		seat.standing = s
		c.members[m] = seat
		return seat
	}
	for _, id := range path[1:] {
		p := n.steps[id]
		for _, r := range p.Resigned {
			seat := end(n.judge(r).by, charter.Resigned)
			seat.resignation = r
			c.members[n.judge(r).by] = seat
		}
		join := func(r *charter.Redemption) {
			c.members[charter.MemberIDOf(n.space, r.Member)] = naiveSeat{standing: charter.Full, key: r.Member, first: r.Device}
		}
		switch p.Type {
		case charter.ProposalSeat:
			c.seats++
			c.used = append(c.used, p.Seat.Invite)
			join(&p.Seat.Redemption)
		case charter.ProposalClose:
			c.closed = true
		case charter.ProposalAdmit:
			join(n.judge(p.Admission).said.Joiner)
		case charter.ProposalRemove:
			seat := end(p.Member, charter.Removed)
			seat.removed = id
			c.members[p.Member] = seat
		case charter.ProposalKey:
			seat := c.members[p.Rekey.Member]
			seat.former = append(slices.Clone(seat.former), seat.first)
			seat.key, seat.first, seat.rekeyed = p.Rekey.Key, p.Rekey.Device, id
			c.members[p.Rekey.Member] = seat
		case charter.ProposalThreshold:
			c.threshold = int(p.Threshold)
		case charter.ProposalInvites:
			c.invites = p.Invites
		}
	}
	return c
}

func (c *naiveChain) full(m charter.MemberID) bool { return c.members[m].standing == charter.Full }

func (c *naiveChain) open() bool { return !c.closed && c.seats < c.total && c.full(c.founder) } // C3

func (c *naiveChain) count() (n int) {
	for m := range c.members {
		if c.full(m) {
			n++
		}
	}
	return n
}

// said lists what a member's own devices or member key say of themselves in a view.
func (n *naive) said(v naiveView, who charter.MemberID, what charter.Type) (ids []entry.ID) {
	for _, id := range n.all(v, what) {
		if n.judge(id).by == who {
			ids = append(ids, id)
		}
	}
	return ids
}

// alone is a member as a view knows them, whether or not their redemptions count (D4 to D9).
func (n *naive) alone(v naiveView, who charter.MemberID) *naivePerson {
	seat, seated := n.chain(v.path).members[who]
	redemptions := n.said(v, who, charter.TypeProspective)
	if !seated && len(redemptions) == 0 {
		return nil
	}
	p := &naivePerson{
		standing: charter.Prospective, key: seat.key, seat: seat, devices: map[entry.Device]bool{},
		counts: map[entry.ID]bool{}, K: map[entry.ID]bool{}, certified: map[entry.Device]bool{},
	}
	if seated {
		p.standing = seat.standing
	}
	if p.key == (entry.Device{}) {
		p.key = n.judge(redemptions[0]).said.Joiner.Member
	}
	// Who is theirs, and who came first.
	var first []entry.Device
	for _, d := range append(slices.Clone(seat.former), seat.first) {
		if d != (entry.Device{}) {
			p.devices[d] = true
		}
	}
	if seat.first != (entry.Device{}) {
		first = append(first, seat.first)
	}
	for _, id := range redemptions {
		d := n.judge(id).said.Joiner.Device
		p.devices[d] = true
		if n.sinceNewKey(seat, id) {
			first = append(first, d)
		}
	}
	for _, id := range n.said(v, who, charter.TypeCertify) {
		p.devices[n.judge(id).said.New.Key] = true
	}
	for _, id := range n.said(v, who, charter.TypeRecover) {
		for _, l := range n.judge(id).said.Live {
			p.devices[l.Key] = true
		}
	}
	// D4
	recovers := n.said(v, who, charter.TypeRecover)
	for _, id := range recovers {
		known := slices.ContainsFunc(recovers, func(o entry.ID) bool { return n.knows(o, id) })
		if n.sinceNewKey(seat, id) && !known {
			p.K[id] = true
		}
	}
	for id := range v.set {
		if j := n.judge(id); j.by != who || j.said.Type == charter.TypeRecover || !n.sinceNewKey(seat, id) {
			continue
		}
		p.counts[id] = true
		for k := range p.K {
			if !n.knows(id, k) {
				delete(p.counts, id)
			}
		}
	}
	// D5: the least set, grown until it doesn't any more
	for _, d := range first {
		p.certified[d] = len(p.K) == 0
	}
	for d := range p.devices {
		if len(p.K) > 0 {
			p.certified[d] = true
			for k := range p.K {
				p.certified[d] = p.certified[d] && n.lists(k, d)
			}
		}
	}
	for grown := true; grown; {
		grown = false
		for id := range p.counts {
			by, new := n.entries[id].Device, n.judge(id).said.New
			if new == nil || !p.certified[by] || p.certified[new.Key] {
				continue
			}
			beyond := false
			for _, r := range n.retirements(p, by) {
				beyond = beyond || !n.knows(r, id)
			}
			if !beyond {
				p.certified[new.Key], grown = true, true
			}
		}
	}
	// D7
	for id := range p.counts {
		if n.judge(id).said.Type == charter.TypeResign && !n.cut(p, id) {
			p.holding = append(p.holding, id)
		}
	}
	if len(p.holding) > 0 && (p.standing == charter.Full || p.standing == charter.Prospective) {
		p.standing = charter.Resigned
	}
	// D9
	var moves []entry.ID
	for id := range p.counts {
		if n.judge(id).said.Type == charter.TypeMove && !n.cut(p, id) {
			moves = append(moves, id)
		}
	}
	chosen := first
	if len(p.K) > 0 {
		chosen = nil
		for k := range p.K {
			chosen = append(chosen, n.judge(k).said.Live[0].Key)
		}
	}
	if len(moves) > 0 {
		chosen = nil
		for _, id := range moves {
			if !slices.ContainsFunc(moves, func(o entry.ID) bool { return n.knows(o, id) }) {
				chosen = append(chosen, n.judge(id).said.Device)
			}
		}
	}
	for _, d := range chosen {
		if n.live(p, d) && !slices.Contains(p.consents, d) {
			p.consents = append(p.consents, d)
		}
	}
	return p
}

// sinceNewKey says whether a statement knows the step that gave its member their newest key, if one did.
func (n *naive) sinceNewKey(seat naiveSeat, id entry.ID) bool {
	return seat.rekeyed == charter.StepID{} || slices.Contains(n.judge(id).path, seat.rekeyed)
}

func (n *naive) lists(k entry.ID, d entry.Device) bool {
	return slices.ContainsFunc(n.judge(k).said.Live, func(l charter.NewDevice) bool { return l.Key == d })
}

// retirements are those of a device that count.
func (n *naive) retirements(p *naivePerson, d entry.Device) (ids []entry.ID) {
	for id := range p.counts {
		if s := n.judge(id).said; s.Type == charter.TypeRetire && s.Device == d {
			ids = append(ids, id)
		}
	}
	return ids
}

func (n *naive) live(p *naivePerson, d entry.Device) bool {
	return p.certified[d] && len(n.retirements(p, d)) == 0
}

// cut says whether a statement of a member's device is (D6).
func (n *naive) cut(p *naivePerson, id entry.ID) bool {
	d := n.entries[id].Device
	ends := n.retirements(p, d)
	if !p.certified[d] {
		for k := range p.K {
			if !n.lists(k, d) {
				ends = append(ends, k)
			}
		}
		if len(p.K) == 0 && n.sinceNewKey(p.seat, id) {
			return true
		}
	}
	return slices.ContainsFunc(ends, func(end entry.ID) bool { return !n.knows(end, id) })
}

// counts says whether an invite or a redemption counts (P3).
func (n *naive) counts(v naiveView, id entry.ID) bool {
	p := n.alone(v, n.judge(id).whose)
	stays := func(step charter.StepID) bool { return slices.Contains(n.steps[step].Stay, id) }
	switch {
	case p.seat.removed != charter.StepID{}:
		return stays(p.seat.removed)
	case p.seat.resignation != entry.ID{} && !n.knows(p.seat.resignation, id):
		return false
	case !n.sinceNewKey(p.seat, id):
		return stays(p.seat.rekeyed)
	}
	return !n.cut(p, id) && !slices.ContainsFunc(p.holding, func(r entry.ID) bool { return !n.knows(r, id) })
}

// guests are the prospective members who came by one member's invites (P4).
func (n *naive) guests(v naiveView, inviter charter.MemberID) map[charter.MemberID]bool {
	seats := n.chain(v.path).members
	all := n.all(v, charter.TypeProspective)
	slices.SortFunc(all, entry.ID.Compare)
	in := map[charter.MemberID]bool{}
	for _, id := range all {
		who := n.judge(id).by
		_, seated := seats[who]
		if seated || n.judge(id).host != inviter || !n.counts(v, id) || n.alone(v, who).standing == charter.Resigned {
			continue
		}
		if len(in) < n.chain(n.judge(id).path).invites {
			in[who] = true
		}
	}
	return in
}

// person is a member as a view knows them; nil if it doesn't.
func (n *naive) person(v naiveView, who charter.MemberID) *naivePerson {
	p := n.alone(v, who)
	if p == nil {
		return nil
	}
	if _, seated := n.chain(v.path).members[who]; seated {
		return p
	}
	for _, id := range n.said(v, who, charter.TypeProspective) {
		if n.counts(v, id) && n.guests(v, n.judge(id).host)[who] {
			return p
		}
	}
	p.out, p.consents = true, nil
	if p.standing == charter.Prospective {
		p.standing = charter.Removed
	}
	return p
}

// everybody is all members that a view knows.
func (n *naive) everybody(v naiveView) map[charter.MemberID]*naivePerson {
	all := map[charter.MemberID]*naivePerson{}
	for m := range n.chain(v.path).members {
		all[m] = n.person(v, m)
	}
	for _, id := range n.all(v, charter.TypeProspective) {
		all[n.judge(id).by] = n.person(v, n.judge(id).by)
	}
	return all
}

// claimant is the only one who ever claimed a device.
func (n *naive) claimant(v naiveView, d entry.Device) (who charter.MemberID, p *naivePerson) {
	for m, q := range n.everybody(v) {
		if q.devices[d] {
			if p != nil {
				return charter.MemberID{}, nil
			}
			who, p = m, q
		}
	}
	return who, p
}

func (p *naivePerson) here() bool {
	return p.standing == charter.Full || p.standing == charter.Prospective
}

func (n *naive) speaker(v naiveView, d entry.Device) (charter.MemberID, *naivePerson) { // D8
	who, p := n.claimant(v, d)
	if p == nil || !n.live(p, d) || !p.here() {
		return charter.MemberID{}, nil
	}
	return who, p
}

// parts are all keys that have a part in a view (D1).
func (n *naive) parts(v naiveView) map[entry.Device]bool {
	parts := map[entry.Device]bool{}
	g := n.entries[entry.ID(n.space)]
	genesis, _ := charter.ReadStatement(g.Payload)
	parts[g.Device], parts[genesis.Genesis.MemberKey] = true, true
	for _, id := range v.path[1:] {
		if s := n.steps[id].Seat; s != nil {
			parts[s.Invite], parts[s.Redemption.Member], parts[s.Redemption.Device] = true, true, true
		}
		if r := n.steps[id].Rekey; r != nil {
			parts[r.Key], parts[r.Device] = true, true
		}
	}
	for id := range v.set {
		switch s := n.judge(id).said; s.Type {
		case charter.TypeCertify:
			parts[s.New.Key] = true
		case charter.TypeRecover:
			for _, l := range s.Live {
				parts[l.Key] = true
			}
		case charter.TypeProspective:
			parts[s.Joiner.Member], parts[s.Joiner.Device] = true, true
		case charter.TypeInvite:
			parts[s.Invite] = true
		}
	}
	return parts
}

// memberKeys is the members for whom a key was ever the member key.
func (n *naive) memberKeys(v naiveView, key entry.Device) (who []charter.MemberID) {
	add := func(m charter.MemberID) {
		if !slices.Contains(who, m) {
			who = append(who, m)
		}
	}
	for m := range n.everybody(v) {
		if m == charter.MemberIDOf(n.space, key) {
			add(m)
		}
	}
	for _, id := range v.path[1:] {
		if r := n.steps[id].Rekey; r != nil && r.Key == key {
			add(r.Member)
		}
	}
	return who
}

// rule applies the rules for statements other than a genesis. It returns "void", "waits" or "".
func (n *naive) rule(v naiveView, e *entry.Entry, s charter.Statement, out *naiveVerdict) string {
	chain := n.chain(v.path)
	parts := n.parts(v)
	if s.Type == charter.TypeRecover { // D3
		holders := n.memberKeys(v, e.Device)
		if len(holders) != 1 {
			return "void"
		}
		p := n.person(v, holders[0])
		if seat, ok := chain.members[holders[0]]; p.key != e.Device || ok && seat.standing != charter.Full {
			return "void"
		}
		ever := len(p.devices)
		for _, l := range s.Live {
			own := p.devices[l.Key]
			if !own {
				ever++
			}
			if !own && ever > charter.MaxDevices {
				return "void"
			}
			if !own && parts[l.Key] || !(own && l.Accepted == [64]byte{}) && !accepted(n.space, p.key, l) {
				return "void"
			}
		}
		out.by, out.whose = holders[0], holders[0]
		return ""
	}
	if !s.Known() && s.Step == nil {
		return "waits"
	}
	who, p := n.speaker(v, e.Device)
	if s.Type == charter.TypeRetire { // D2
		if who, p = n.claimant(v, e.Device); p != nil && (!p.certified[e.Device] || !p.here()) {
			p = nil
		}
	}
	if p == nil {
		return "void"
	}
	out.by, out.whose = who, who
	full := p.standing == charter.Full
	consenting := len(p.consents) == 1 && p.consents[0] == e.Device
	switch s.Type {
	case charter.TypeCertify, charter.TypeRetire, charter.TypeMove, charter.TypeResign:
		own := 0
		for id := range p.counts {
			switch n.judge(id).said.Type {
			case charter.TypeCertify, charter.TypeRetire, charter.TypeMove, charter.TypeResign:
				own++
			}
		}
		if own >= charter.MaxOwn {
			return "void"
		}
	}
	bad := false
	switch s.Type {
	case charter.TypeFounding: // C4
		id := s.Step.ID()
		if who != chain.founder {
			return "void"
		}
		if slices.Contains(v.path, id) {
			return ""
		}
		if !consenting || s.Step.Parent != v.tip() || !chain.open() {
			return "void"
		}
		if s.Step.Type > charter.ProposalPact || s.Step.Rules > 1 {
			return "waits"
		}
		switch s.Step.Type {
		case charter.ProposalSeat:
			r, invite := s.Step.Seat.Redemption, s.Step.Seat.Invite
			bad = slices.Contains(chain.used, invite) || parts[r.Member] || parts[r.Device] || parts[invite] ||
				r.Member == r.Device || r.Member == invite || r.Device == invite || r.Verify(n.space, invite) != nil
		case charter.ProposalClose:
			bad = !n.rightlyNamed(v, chain, s.Step.Resigned)
		default:
			bad = true
		}
		out.path = append(slices.Clip(v.path), id)
	case charter.TypePropose: // A1
		out.about = v.tip()
		if s.Step.Parent != v.tip() || !full {
			return "void"
		}
		if s.Step.Type > charter.ProposalPact || s.Step.Rules > 1 {
			return "waits"
		}
		bad = !n.rightlyNamed(v, chain, s.Step.Resigned) || !n.fits(v, chain, parts, s.Step)
	case charter.TypeConsent, charter.TypeRefuse, charter.TypeTakeBack: // A2
		by := n.proposals(v, s.Of)
		if len(by) == 0 {
			return "void"
		}
		step := n.steps[s.Of]
		out.about = step.Parent
		if s.Type == charter.TypeTakeBack {
			mine := false
			for _, id := range append(by, n.all(v, charter.TypeConsent)...) {
				j := n.judge(id)
				mine = mine || j.by == who && (j.said.Type == charter.TypePropose || j.said.Of == s.Of)
			}
			bad = !mine
			break
		}
		bad = step.Parent != v.tip() || !full || !consenting || step.Type == charter.ProposalRemove && step.Member == who
	case charter.TypeEnact: // A3
		by := n.proposals(v, s.Of)
		if len(by) == 0 {
			return "void"
		}
		if slices.Contains(v.path, s.Of) {
			return ""
		}
		bad = n.steps[s.Of].Parent != v.tip() || n.withdrawn(v, s.Of, by) || !n.enough(v, s.Of)
		out.path = append(slices.Clip(v.path), s.Of)
	case charter.TypeCertify: // D2
		bad = parts[s.New.Key] || len(p.devices) >= charter.MaxDevices || !accepted(n.space, p.key, *s.New)
	case charter.TypeRetire:
		bad = !p.devices[s.Device]
	case charter.TypeMove:
		bad = !n.live(p, s.Device) || len(p.consents) > 0 && !slices.Contains(p.consents, e.Device)
	case charter.TypeInvite: // P1
		bad = !full || parts[s.Invite]
	case charter.TypeRevoke:
		bad = !full || len(n.counting(v, n.invitesOf(v, s.Invite))) == 0
	case charter.TypeProspective: // P2
		bad = !full || !n.admissible(v, chain, parts, s, out)
		out.by = charter.MemberIDOf(n.space, s.Joiner.Member)
	}
	if bad {
		return "void"
	}
	return ""
}

func accepted(space entry.SpaceID, memberKey entry.Device, d charter.NewDevice) bool {
	return entry.VerifySignature(d.Key, entry.DomainDevice, append(space[:], memberKey[:]...), d.Accepted)
}

func (n *naive) proposals(v naiveView, step charter.StepID) (ids []entry.ID) {
	for _, id := range n.all(v, charter.TypePropose) {
		if n.judge(id).said.Step.ID() == step {
			ids = append(ids, id)
		}
	}
	return ids
}

func (n *naive) fits(v naiveView, chain *naiveChain, parts map[entry.Device]bool, s *charter.Step) bool { // A1
	switch s.Type {
	case charter.ProposalClose:
		return chain.open()
	case charter.ProposalAdmit:
		return v.set[s.Admission] && n.judge(s.Admission).said.Type == charter.TypeProspective &&
			n.counts(v, s.Admission) && n.guests(v, n.judge(s.Admission).host)[n.judge(s.Admission).by]
	case charter.ProposalRemove:
		seat, seated := chain.members[s.Member]
		p := n.person(v, s.Member)
		return p != nil && (!seated || seat.standing == charter.Full) && n.mayStay(v, s.Stay, s.Member)
	case charter.ProposalKey:
		return chain.full(s.Rekey.Member) && s.Rekey.Key != s.Rekey.Device && !parts[s.Rekey.Key] && !parts[s.Rekey.Device] && s.Rekey.Verify(n.space) == nil &&
			n.mayStay(v, s.Stay, s.Rekey.Member)
	case charter.ProposalThreshold:
		return int(s.Threshold) != chain.threshold
	case charter.ProposalInvites:
		return s.Invites != chain.invites
	case charter.ProposalPact:
		return true // what it says is between the allies
	}
	return false // a seat, or rules that are no higher
}

func (n *naive) mayStay(v naiveView, ids []entry.ID, of charter.MemberID) bool { // A1
	for _, id := range ids {
		if j := n.judge(id); !v.set[id] || j.said.Type != charter.TypeProspective || j.whose != of {
			return false
		}
	}
	return true
}

func (n *naive) rightlyNamed(v naiveView, chain *naiveChain, ids []entry.ID) bool { // A4
	seen := map[charter.MemberID]bool{}
	for _, id := range ids {
		j := n.judge(id)
		if !v.set[id] || j.said.Type != charter.TypeResign || seen[j.by] || !chain.full(j.by) {
			return false
		}
		seen[j.by] = true
		if !slices.Contains(n.person(v, j.by).holding, id) {
			return false
		}
		for c := range j.past {
			if k := n.judge(c); k.said.Type == charter.TypeConsent && k.by == j.by && k.about == v.tip() {
				return false
			}
		}
	}
	return true
}

func (n *naive) withdrawn(v naiveView, step charter.StepID, by []entry.ID) bool {
	for _, id := range by {
		back := false
		for _, b := range n.all(v, charter.TypeTakeBack) {
			back = back || n.judge(b).by == n.judge(id).by && n.judge(b).said.Of == step && n.knows(b, id)
		}
		if !back {
			return false
		}
	}
	return true
}

// consenting returns who counts as consenting to a step in a view, of how many (A3).
func (n *naive) consenting(v naiveView, step charter.StepID) (who []charter.MemberID, of int) {
	s := n.steps[step]
	chain := n.chain(v.path[:slices.Index(v.path, s.Parent)+1])
	gone := map[charter.MemberID]bool{}
	for _, r := range s.Resigned {
		gone[n.judge(r).by] = true
	}
	for m := range chain.members {
		if !chain.full(m) || gone[m] || s.Type == charter.ProposalRemove && s.Member == m {
			continue
		}
		open := map[charter.StepID]bool{}
		for _, c := range n.all(v, charter.TypeConsent) {
			j := n.judge(c)
			if j.by != m || j.about != s.Parent {
				continue
			}
			closed := false
			for id := range v.set {
				b := n.judge(id)
				closed = closed || b.by == m && b.said.Of == j.said.Of &&
					(b.said.Type == charter.TypeTakeBack && n.knows(id, c) || b.said.Type == charter.TypeRefuse)
			}
			p := n.person(v, m)
			closed = closed || n.cut(p, c)
			for _, r := range p.holding {
				closed = closed || !n.knows(r, c)
			}
			if !closed {
				open[j.said.Of] = true
			}
		}
		if len(open) == 1 && open[step] {
			who = append(who, m)
		}
	}
	slices.SortFunc(who, func(a, b charter.MemberID) int { return bytes.Compare(a[:], b[:]) })
	return who, chain.count() - len(gone)
}

func (n *naive) enough(v naiveView, step charter.StepID) bool {
	s := n.steps[step]
	chain := n.chain(v.path)
	who, of := n.consenting(v, step)
	share := map[int]int{1: (of + 1) / 2, 2: (2*of + 2) / 3, 3: (3*of + 3) / 4, 4: of - 1}[chain.threshold]
	if len(who) < max(of/2+1, min(share, of-1)) {
		return false
	}
	gone := slices.ContainsFunc(s.Resigned, func(r entry.ID) bool { return n.judge(r).by == chain.founder })
	return !chain.open() || gone || slices.Contains(who, chain.founder)
}

func (n *naive) invitesOf(v naiveView, key entry.Device) (ids []entry.ID) {
	for _, id := range n.all(v, charter.TypeInvite) {
		if n.judge(id).said.Invite == key {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, entry.ID.Compare)
	return ids
}

// counting are those that count.
func (n *naive) counting(v naiveView, ids []entry.ID) []entry.ID {
	return slices.DeleteFunc(ids, func(id entry.ID) bool { return !n.counts(v, id) })
}

func (n *naive) admissible(v naiveView, chain *naiveChain, parts map[entry.Device]bool, s charter.Statement, out *naiveVerdict) bool { // P2
	invites := n.counting(v, n.invitesOf(v, s.Invite))
	if len(invites) == 0 {
		return false
	}
	maker := n.judge(invites[0]).by
	out.host = maker
	if n.person(v, maker).standing != charter.Full {
		return false
	}
	for id := range v.set {
		j := n.judge(id)
		if j.said.Invite == s.Invite && (j.said.Type == charter.TypeRevoke || j.said.Type == charter.TypeProspective) {
			return false
		}
	}
	r := s.Joiner
	return len(n.guests(v, maker)) < chain.invites && !parts[r.Member] && !parts[r.Device] && r.Member != r.Device && r.Verify(n.space, s.Invite) == nil
}

func (n *naive) state(id entry.ID) charter.State {
	switch v := n.judge(id); v.word {
	case "void":
		return charter.Void
	case "waits":
		return charter.Pending
	default:
		return n.placed(v.path)
	}
}

// acknowledges says whether a sound statement is an acknowledgement: in no past.
func (n *naive) acknowledges(id entry.ID) bool {
	v := n.judge(id)
	return v.word == "sound" && v.said.Type == charter.TypeSeen
}

func (n *naive) stateAt(heads []entry.ID) charter.State {
	var words []string
	for _, h := range heads {
		words = append(words, n.judge(h).word)
	}
	switch {
	case slices.Contains(words, "void"), slices.ContainsFunc(heads, n.acknowledges):
		return charter.Void
	case slices.Contains(words, "waits"):
		return charter.Pending
	}
	v, ok := n.view(heads)
	if !ok {
		return charter.Void
	}
	return n.placed(v.path)
}

// placed is where what knows these steps lies (F1).
func (n *naive) placed(path []charter.StepID) charter.State {
	common := 0
	for common < min(len(path), len(n.path)) && path[common] == n.path[common] {
		common++
	}
	switch {
	case common == len(path):
		return charter.Accepted
	case common == len(n.path):
		return charter.Pending
	}
	return charter.Elsewhere
}

// accepted is the view of all accepted statements together.
func (n *naive) accepted() naiveView {
	v := naiveView{set: map[entry.ID]bool{}, path: n.path}
	for id := range n.entries {
		if n.state(id) == charter.Accepted {
			v.set[id] = true
		}
	}
	return v
}
