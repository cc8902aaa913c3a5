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
	standing  charter.Standing
	key       entry.Device
	first     entry.Device
	former    []entry.Device
	rekeyed   charter.StepID
	removed   []charter.DeviceFrontier
	newKeyCut []charter.DeviceFrontier
}

type naivePerson struct {
	standing charter.Standing
	key      entry.Device
	devices  map[entry.Device]*naiveDevice
	consents []entry.Device
	own      int
}

type naiveDevice struct {
	certified, live bool
	silencers       []entry.ID
	cut             bool
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
	end := func(m charter.MemberID, s charter.Standing) {
		seat := c.members[m]
		seat.standing = s
		c.members[m] = seat
	}
	for _, id := range path[1:] {
		p := n.steps[id]
		for _, r := range p.Resigned {
			end(n.judge(r).by, charter.Resigned)
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
			end(p.Member, charter.Removed)
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

// person is a member as a view knows them (D4 to D7); nil if it doesn't.
func (n *naive) person(v naiveView, who charter.MemberID) *naivePerson {
	seat, seated := n.chain(v.path).members[who]
	p := &naivePerson{standing: charter.Prospective, devices: map[entry.Device]*naiveDevice{}, key: seat.key}
	if seated {
		p.standing = seat.standing
	}
	claim := func(d entry.Device) {
		if d != (entry.Device{}) && p.devices[d] == nil {
			p.devices[d] = &naiveDevice{}
		}
	}
	claim(seat.first)
	for _, d := range seat.former {
		claim(d)
	}
	var own, K, counts []entry.ID
	var first []entry.Device
	if seat.first != (entry.Device{}) {
		first = append(first, seat.first)
	}
	left := func(id entry.ID) bool { // D4: by a new key
		return seat.rekeyed == charter.StepID{} || slices.Contains(n.judge(id).path, seat.rekeyed)
	}
	for id := range v.set {
		j := n.judge(id)
		if j.by != who {
			continue
		}
		switch j.said.Type {
		case charter.TypeProspective:
			seated = true
			if p.key == (entry.Device{}) {
				p.key = j.said.Joiner.Member
			}
			claim(j.said.Joiner.Device)
			if left(id) {
				first = append(first, j.said.Joiner.Device)
			}
		case charter.TypeCertify:
			claim(j.said.New.Key)
		case charter.TypeRecover:
			for _, l := range j.said.Live {
				claim(l.Key)
			}
		}
		if left(id) {
			own = append(own, id)
		}
	}
	if !seated {
		return nil
	}
	is := func(id entry.ID, t charter.Type) bool { return n.judge(id).said.Type == t }
	for _, id := range own {
		if is(id, charter.TypeRecover) && !slices.ContainsFunc(own, func(o entry.ID) bool { return is(o, charter.TypeRecover) && n.knows(o, id) }) {
			K = append(K, id)
		}
	}
	for _, id := range own {
		if !is(id, charter.TypeRecover) && !slices.ContainsFunc(K, func(k entry.ID) bool { return !n.knows(id, k) }) {
			counts = append(counts, id)
		}
	}
	for _, id := range counts {
		if !is(id, charter.TypeProspective) {
			p.own++
		}
	}
	lists := func(k entry.ID, d entry.Device) bool {
		return slices.ContainsFunc(n.judge(k).said.Live, func(l charter.NewDevice) bool { return l.Key == d })
	}
	retirements := func(d entry.Device) (ids []entry.ID) {
		for _, id := range counts {
			if is(id, charter.TypeRetire) && n.judge(id).said.Device == d {
				ids = append(ids, id)
			}
		}
		return ids
	}
	for d, dev := range p.devices { // D5
		if len(K) == 0 {
			dev.certified = slices.Contains(first, d)
		} else {
			dev.certified = !slices.ContainsFunc(K, func(k entry.ID) bool { return !lists(k, d) })
		}
	}
	beyond := func(cert entry.ID, adder entry.Device) (ids []entry.ID) {
		for _, r := range retirements(adder) {
			if !n.knows(r, cert) {
				ids = append(ids, r)
			}
		}
		return ids
	}
	for range counts { // often enough for every way of certificates
		for _, id := range counts {
			if is(id, charter.TypeCertify) {
				if by := p.devices[n.entries[id].Device]; by.certified && len(beyond(id, n.entries[id].Device)) == 0 {
					p.devices[n.judge(id).said.New.Key].certified = true
				}
			}
		}
	}
	for range counts {
		for _, id := range counts {
			dev, adder := p.devices[keyOf(n.judge(id).said)], n.entries[id].Device
			if !is(id, charter.TypeCertify) || dev.certified {
				continue
			}
			if p.devices[adder].certified {
				dev.silencers = append(dev.silencers, beyond(id, adder)...)
			} else {
				dev.silencers = append(dev.silencers, p.devices[adder].silencers...)
			}
			slices.SortFunc(dev.silencers, entry.ID.Compare)
			dev.silencers = slices.Compact(dev.silencers)
		}
	}
	resigned := false
	for d, dev := range p.devices {
		dev.silencers = append(dev.silencers, retirements(d)...)
		dev.live = dev.certified && len(retirements(d)) == 0
		dev.cut = !dev.live
		for _, k := range K {
			if !dev.certified && !lists(k, d) {
				dev.silencers = append(dev.silencers, k)
			}
		}
		for _, id := range counts {
			if is(id, charter.TypeResign) {
				resigned = true
				dev.silencers = append(dev.silencers, id)
				dev.cut = true
			}
		}
		dev.cut = dev.cut || seat.standing == charter.Removed
	}
	if resigned && (p.standing == charter.Full || p.standing == charter.Prospective) {
		p.standing = charter.Resigned
	}
	var moves []entry.ID // D7
	for _, id := range counts {
		if is(id, charter.TypeMove) {
			moves = append(moves, id)
		}
	}
	chosen := first
	if len(moves) > 0 {
		chosen = nil
		for _, id := range moves {
			if !slices.ContainsFunc(moves, func(o entry.ID) bool { return n.knows(o, id) }) {
				chosen = append(chosen, n.judge(id).said.Device)
			}
		}
	} else if len(K) > 0 {
		chosen = nil
		for _, k := range K {
			chosen = append(chosen, n.judge(k).said.Live[0].Key)
		}
	}
	for _, d := range chosen {
		if dev := p.devices[d]; dev != nil && dev.live && !slices.Contains(p.consents, d) {
			p.consents = append(p.consents, d)
		}
	}
	return p
}

func keyOf(s charter.Statement) (key entry.Device) {
	if s.New != nil {
		key = s.New.Key
	}
	return key
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
		if q.devices[d] != nil {
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

func (n *naive) speaker(v naiveView, d entry.Device) (charter.MemberID, *naivePerson) { // D6
	who, p := n.claimant(v, d)
	if p == nil || !p.devices[d].live || !p.here() {
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
		for _, l := range s.Live {
			own := p.devices[l.Key] != nil
			if !own && parts[l.Key] || !(own && l.Accepted == [64]byte{}) && !accepted(n.space, p.key, l) {
				return "void"
			}
		}
		out.by = holders[0]
		return ""
	}
	if !s.Known() && s.Step == nil {
		return "waits"
	}
	who, p := n.speaker(v, e.Device)
	if s.Type == charter.TypeRetire { // D2
		if who, p = n.claimant(v, e.Device); p != nil && (!p.devices[e.Device].certified || !p.here()) {
			p = nil
		}
	}
	if p == nil {
		return "void"
	}
	out.by = who
	full := p.standing == charter.Full
	consenting := len(p.consents) == 1 && p.consents[0] == e.Device
	switch s.Type {
	case charter.TypeCertify, charter.TypeRetire, charter.TypeMove, charter.TypeResign:
		if p.own >= charter.MaxOwn {
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
		bad = p.devices[s.Device] == nil
	case charter.TypeMove:
		bad = p.devices[s.Device] == nil || !p.devices[s.Device].live || len(p.consents) > 0 && !slices.Contains(p.consents, e.Device)
	case charter.TypeInvite: // P1
		bad = !full || parts[s.Invite]
	case charter.TypeRevoke:
		bad = !full || len(n.invitesOf(v, s.Invite)) == 0
	case charter.TypeProspective: // P2
		bad = !full || !n.admissible(v, chain, parts, s)
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
			n.person(v, n.judge(s.Admission).by).standing == charter.Prospective
	case charter.ProposalRemove:
		seat, seated := chain.members[s.Member]
		return n.person(v, s.Member) != nil && (!seated || seat.standing == charter.Full)
	case charter.ProposalKey:
		return chain.full(s.Rekey.Member) && s.Rekey.Key != s.Rekey.Device && !parts[s.Rekey.Key] && !parts[s.Rekey.Device] && s.Rekey.Verify(n.space) == nil
	case charter.ProposalThreshold:
		return int(s.Threshold) != chain.threshold
	case charter.ProposalInvites:
		return s.Invites != chain.invites
	case charter.ProposalPact:
		return true // what it says is between the allies
	}
	return false // a seat, or rules that are no higher
}

func (n *naive) rightlyNamed(v naiveView, chain *naiveChain, ids []entry.ID) bool { // A4
	seen := map[charter.MemberID]bool{}
	for _, id := range ids {
		j := n.judge(id)
		if !v.set[id] || j.said.Type != charter.TypeResign || seen[j.by] || !chain.full(j.by) {
			return false
		}
		seen[j.by] = true
		p := n.person(v, j.by)
		counts := false
		for _, d := range p.devices {
			counts = counts || slices.Contains(d.silencers, id)
		}
		if !counts || p.standing != charter.Resigned {
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
			for _, x := range n.person(v, m).devices[n.entries[c].Device].silencers {
				closed = closed || !n.knows(x, c)
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

func (n *naive) admissible(v naiveView, chain *naiveChain, parts map[entry.Device]bool, s charter.Statement) bool { // P2
	invites := n.invitesOf(v, s.Invite)
	if len(invites) == 0 {
		return false
	}
	maker := n.judge(invites[0]).by
	if n.person(v, maker).standing != charter.Full {
		return false
	}
	for id := range v.set {
		j := n.judge(id)
		if j.said.Invite == s.Invite && (j.said.Type == charter.TypeRevoke || j.said.Type == charter.TypeProspective) {
			return false
		}
	}
	open := map[charter.MemberID]bool{}
	for _, id := range n.all(v, charter.TypeProspective) {
		j := n.judge(id)
		at := naiveView{set: j.past, path: j.path}
		if n.judge(n.invitesOf(at, j.said.Invite)[0]).by == maker && n.person(v, j.by).standing == charter.Prospective {
			open[j.by] = true
		}
	}
	r := s.Joiner
	return len(open) < chain.invites && !parts[r.Member] && !parts[r.Device] && r.Member != r.Device && r.Verify(n.space, s.Invite) == nil
}

func (n *naive) state(id entry.ID) charter.State { return n.stateAt([]entry.ID{id}) }

func (n *naive) stateAt(heads []entry.ID) charter.State {
	var words []string
	for _, h := range heads {
		words = append(words, n.judge(h).word)
	}
	switch {
	case slices.Contains(words, "void"):
		return charter.Void
	case slices.Contains(words, "waits"):
		return charter.Pending
	}
	v, ok := n.view(heads)
	if !ok {
		return charter.Void
	}
	common := 0
	for common < min(len(v.path), len(n.path)) && v.path[common] == n.path[common] {
		common++
	}
	switch {
	case common == len(v.path):
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
