package charter_test

import (
	"slices"

	"pgregory.net/rapid"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// life is a co-op under way: a few replicas that hear of each other now and then, and devices
// that say what they like.
type life struct {
	*rapid.T
	*coop
	replicas []*charter.Charter
	history  []*entry.Entry
	people   []string
	keys     []entry.Signer // of all devices and members
	steps    []charter.StepID
	resigned []entry.ID
	joined   []entry.ID
	codes    []string
	hostile  bool
}

// drawLife draws a history of all that a charter knows. Without hostile, all of it is made by
// the functions that make statements, each by a device with what its replica has.
func drawLife(t *rapid.T, hostile bool) (*coop, []*entry.Entry) {
	l := newLife(t, hostile)
	for range rapid.IntRange(4, 60).Draw(t, "turns") {
		l.turn()
	}
	return l.coop, l.history
}

func newLife(t *rapid.T, hostile bool) *life {
	l := &life{T: t, hostile: hostile, people: []string{"ana", "ben", "cleo", "dora"}}
	free := rapid.IntRange(0, 1).Draw(t, "free seats")
	n := rapid.IntRange(1, 3).Draw(t, "members")
	l.coop = found(t, n+free)
	l.history = l.chain(l.people[1:n]...)
	c := charter.Fold(l.space, l.history, charter.StepID{})
	l.replicas = []*charter.Charter{c, c, c}
	for _, p := range l.people {
		l.keys = append(l.keys, laptop(p), key(p+"'s phone"), key(p+"'s box"), key(p), key(p+" again"))
	}
	l.codes = []string{"code for ben", "code for cleo", "code for dora", "spare"}
	return l
}

// turn lets replicas meet, or somebody say something.
func (l *life) turn() {
	at := rapid.IntRange(0, len(l.replicas)-1).Draw(l.T, "replica")
	if rapid.IntRange(0, 3).Draw(l.T, "meet") == 0 {
		from := rapid.IntRange(0, len(l.replicas)-1).Draw(l.T, "from")
		l.replicas[at] = l.hears(l.replicas[at], l.replicas[from].Statements()...)
		return
	}
	switch rapid.IntRange(0, 7).Draw(l.T, "together") {
	case 0:
		l.agree(at)
		return
	case 1:
		l.invite(at)
		return
	case 2:
		l.devices(at)
		return
	case 3:
		l.acknowledge(at)
		return
	}
	c := l.replicas[at]
	device := l.speaker(c)
	if l.hostile && rapid.IntRange(0, 2).Draw(l.T, "raw") == 0 {
		heads := c.Heads()
		if rapid.Bool().Draw(l.T, "other heads") {
			heads = sorted(pick(l.T, l.history, "head").ID(), pick(l.T, l.history, "head").ID())
		}
		e := l.sign(device, raw(l.T, l.statement(c)), heads...)
		l.history = append(l.history, e)
		l.note(e)
		l.replicas[at] = l.hears(c, e)
		return
	}
	payload, err := l.made(c, device.Device())
	l.says(at, device, payload, err)
}

// acknowledge has a device say what it has seen, and mostly take over what another has said of it.
func (l *life) acknowledge(at int) {
	c := l.replicas[at]
	device := l.speaker(c)
	var said []entry.ID
	for _, e := range c.Statements() {
		if s, err := charter.ReadStatement(e.Payload); err == nil && s.Type == charter.TypeSeen {
			said = append(said, e.ID())
		}
	}
	var over []entry.ID
	if len(said) > 0 && rapid.IntRange(0, 4).Draw(l.T, "takes over") > 0 {
		over = []entry.ID{rapid.SampledFrom(said).Draw(l.T, "over")}
	}
	payload, err := c.Acknowledge(device.Device(), drawSeen(l.T, l.keys))
	l.says(at, device, payload, err, over...)
}

// says has a device say something at a replica, if it may. over are heads besides those of the charter.
func (l *life) says(at int, device entry.Signer, payload []byte, err error, over ...entry.ID) bool {
	if err != nil {
		return false
	}
	c := l.replicas[at]
	e := l.sign(device, payload, sorted(append(slices.Clone(c.Heads()), over...)...)...)
	l.history = append(l.history, e)
	l.note(e)
	l.replicas[at] = l.hears(c, e)
	if state, why := l.replicas[at].State(e.ID()); state != charter.Accepted {
		l.Fatalf("what was made with all checks is %v: %s", state, why)
	}
	return true
}

// agree has a member propose something, some consent, and whoever can enact it, at one replica.
func (l *life) agree(at int) {
	by := l.speaker(l.replicas[at])
	payload, id, err := l.replicas[at].Propose(by.Device(), l.terms(l.replicas[at]))
	if !l.says(at, by, payload, err) {
		return
	}
	for _, k := range l.keys {
		if rapid.IntRange(0, 3).Draw(l.T, "consents") > 0 {
			payload, err := l.replicas[at].Consent(k.Device(), id, false)
			l.says(at, k, payload, err)
		}
	}
	payload, err = l.replicas[at].Enact(by.Device(), id)
	l.says(at, by, payload, err)
}

// invite has a member invite somebody, who comes at once.
func (l *life) invite(at int) {
	by := l.speaker(l.replicas[at])
	code, r := l.redemption()
	payload, err := l.replicas[at].Invite(by.Device(), code, 0)
	l.says(at, by, payload, err)
	payload, err = l.replicas[at].AdmitProspective(by.Device(), code, r)
	l.says(at, by, payload, err)
}

// devices has a person see to their devices.
func (l *life) devices(at int) {
	c, p := l.replicas[at], l.person()
	own := []entry.Signer{laptop(p), key(p + "'s phone"), key(p + "'s box")}
	by, on := rapid.SampledFrom(own).Draw(l.T, "by"), rapid.SampledFrom(own).Draw(l.T, "on")
	memberKey := key(rapid.SampledFrom([]string{p, p + " again"}).Draw(l.T, "key"))
	listed := func(d entry.Signer) charter.NewDevice {
		return charter.NewDevice{Key: d.Device(), Name: "box", Accepted: charter.AcceptDevice(l.space, memberKey.Device(), d)}
	}
	switch rapid.IntRange(0, 4).Draw(l.T, "device statement") {
	case 0, 1:
		payload, err := c.Certify(by.Device(), listed(on))
		l.says(at, by, payload, err)
	case 2:
		payload, err := c.Retire(by.Device(), on.Device(), l.frontier())
		l.says(at, by, payload, err)
	case 3:
		payload, err := c.MoveConsents(by.Device(), on.Device())
		l.says(at, by, payload, err)
	case 4:
		live := []charter.NewDevice{listed(on)}
		if by.Device() != on.Device() {
			live = append(live, listed(by))
		}
		payload, err := c.Recover(memberKey.Device(), live, l.honoured(live))
		l.says(at, memberKey, payload, err)
	}
}

// honoured draws what is honoured of some devices, of which none is listed as live.
func (l *life) honoured(live []charter.NewDevice) []charter.DeviceFrontier {
	return slices.DeleteFunc(drawSeen(l.T, l.keys), func(f charter.DeviceFrontier) bool {
		return slices.ContainsFunc(live, func(d charter.NewDevice) bool { return d.Key == f.Device })
	})
}

// frontier draws what is honoured of one device.
func (l *life) frontier() charter.Frontier {
	if rapid.Bool().Draw(l.T, "nothing honoured") {
		return nil
	}
	return lastOf(byte(rapid.IntRange(1, 2).Draw(l.T, "run")), byte(rapid.IntRange(1, 3).Draw(l.T, "last")))
}

// speaker draws a device, mostly one that speaks.
func (l *life) speaker(c *charter.Charter) entry.Signer {
	if rapid.IntRange(0, 5).Draw(l.T, "anybody") > 0 {
		var live []entry.Signer
		for _, k := range l.keys {
			if _, ok := c.MemberOf(k.Device()); ok {
				live = append(live, k)
			}
		}
		if len(live) > 0 {
			return rapid.SampledFrom(live).Draw(l.T, "device")
		}
	}
	return rapid.SampledFrom(l.keys).Draw(l.T, "device")
}

func (l *life) hears(c *charter.Charter, all ...*entry.Entry) *charter.Charter {
	c = c.With(all...)
	return c.StandOn(c.Tip())
}

// note remembers what others may be about.
func (l *life) note(e *entry.Entry) {
	s, err := charter.ReadStatement(e.Payload)
	switch {
	case err != nil:
	case s.Step != nil:
		l.steps = append(l.steps, s.Step.ID())
	case s.Type == charter.TypeResign:
		l.resigned = append(l.resigned, e.ID())
	case s.Type == charter.TypeProspective:
		l.joined = append(l.joined, e.ID())
	}
}

func (l *life) step(c *charter.Charter) charter.StepID {
	of := slices.Clone(l.steps)
	for _, p := range c.Pending() { // mostly what is open
		of = append(of, p.ID, p.ID, p.ID)
	}
	if len(of) == 0 {
		return c.Tip()
	}
	return rapid.SampledFrom(of).Draw(l.T, "step")
}

func (l *life) device() entry.Signer { return rapid.SampledFrom(l.keys).Draw(l.T, "which") }
func (l *life) person() string       { return rapid.SampledFrom(l.people).Draw(l.T, "who") }

func (l *life) name() string {
	return rapid.SampledFrom([]string{"Ana", "ben", "Anna", "Eli", "\u0410na"}).Draw(l.T, "name")
}

func (l *life) member() charter.MemberID {
	return charter.MemberIDOf(l.space, key(l.person()).Device())
}

func (l *life) newDevice() charter.NewDevice {
	p := l.person()
	d := key(p + rapid.SampledFrom([]string{"'s phone", "'s box", "'s laptop"}).Draw(l.T, "its"))
	k := key(p)
	if rapid.IntRange(0, 3).Draw(l.T, "key") == 0 {
		k = key(p + " again")
	}
	return charter.NewDevice{Key: d.Device(), Name: "box", Accepted: charter.AcceptDevice(l.space, k.Device(), d)}
}

func (l *life) terms(c *charter.Charter) charter.Terms {
	t := charter.Terms{Type: charter.ProposalType(rapid.IntRange(2, 9).Draw(l.T, "terms")), Why: "so"}
	switch t.Type {
	case charter.ProposalAdmit:
		t.Member = l.member()
		if len(l.joined) > 0 {
			t.Admission = rapid.SampledFrom(l.joined).Draw(l.T, "joined")
		}
	case charter.ProposalRemove:
		t.Member, t.Frontiers = l.member(), l.honoured(nil)
	case charter.ProposalKey:
		p := l.person()
		r, err := charter.NewRekey(l.space, charter.MemberIDOf(l.space, key(p).Device()), key(p+" again"), key(p+"'s box"), "box")
		if err != nil {
			l.Fatal(err)
		}
		t.Rekey, t.Frontiers = &r, l.honoured(nil)
	case charter.ProposalThreshold:
		t.Threshold = charter.Threshold(rapid.IntRange(1, 4).Draw(l.T, "threshold"))
	case charter.ProposalInvites:
		t.Invites = rapid.IntRange(0, 2).Draw(l.T, "invites")
	case charter.ProposalPact:
		t.Pact = []byte{byte(rapid.IntRange(0, 1).Draw(l.T, "word"))}
	case charter.ProposalRules:
		t.Rules = uint64(rapid.IntRange(1, 2).Draw(l.T, "rules"))
	}
	return t
}

func (l *life) redemption() (entry.Device, charter.Redemption) {
	code, p := key(rapid.SampledFrom(l.codes).Draw(l.T, "code")), l.person()
	r, err := charter.NewRedemption(l.space, code, key(p), laptop(p), p, "laptop")
	if err != nil {
		l.Fatal(err)
	}
	return code.Device(), r
}

// what draws a type of statement, the ones that move things more often.
func (l *life) what() charter.Type {
	return rapid.SampledFrom([]charter.Type{
		2, 3, 3, 3, 4, 4, 4, 4, 4, 4, 5, 6, 7, 7, 7, 8, 8, 9, 10, 11, 12, 12, 13, 14, 15, 17, 17, 18, 19, 20, 20,
	}).Draw(l.T, "what")
}

// statement draws one that may be void in any way.
func (l *life) statement(c *charter.Charter) charter.Statement {
	s := charter.Statement{Type: l.what()}
	switch s.Type {
	case charter.TypeFounding, charter.TypePropose:
		t := l.terms(c)
		if s.Type == charter.TypeFounding && rapid.Bool().Draw(l.T, "seat") {
			invite, r := l.redemption()
			t = charter.Terms{Type: charter.ProposalSeat, Seat: &charter.Seat{Invite: invite, Redemption: r}}
		} else if len(l.resigned) > 0 && rapid.Bool().Draw(l.T, "names") {
			t.Resigned = []entry.ID{rapid.SampledFrom(l.resigned).Draw(l.T, "resigned")}
		}
		parent := c.Tip()
		if len(l.steps) > 0 && rapid.IntRange(0, 3).Draw(l.T, "elsewhere") == 0 {
			parent = rapid.SampledFrom(l.steps).Draw(l.T, "parent")
		}
		if t.Type == charter.ProposalAdmit {
			t.Member = charter.MemberID{}
		}
		s.Step = &charter.Step{Parent: parent, Terms: t}
	case charter.TypeConsent, charter.TypeRefuse, charter.TypeTakeBack, charter.TypeEnact, charter.TypeFollow:
		s.Of = l.step(c)
	case charter.TypeCertify:
		d := l.newDevice()
		s.New = &d
	case charter.TypeRetire, charter.TypeMove:
		s.Device = l.device().Device()
		if s.Type == charter.TypeRetire {
			s.Frontier = l.frontier()
		}
	case charter.TypeResign:
		s.Lists = l.honoured(nil)
	case charter.TypeRecover:
		s.Live = []charter.NewDevice{l.newDevice()}
		if d := l.newDevice(); d.Key != s.Live[0].Key {
			s.Live = append(s.Live, d)
		}
		s.Lists = l.honoured(s.Live)
	case charter.TypeProspective:
		invite, r := l.redemption()
		s.Invite, s.Joiner = invite, &r
	case charter.TypeForget:
		s.Doc = entry.DocID{byte(rapid.IntRange(1, 3).Draw(l.T, "document"))}
	case charter.TypeRename:
		s.Name = l.name()
		if rapid.Bool().Draw(l.T, "a device") {
			s.Device = l.device().Device()
		}
	case charter.TypeInvite, charter.TypeRevoke:
		s.Invite = key(rapid.SampledFrom(l.codes).Draw(l.T, "code")).Device()
	}
	return s
}

// made draws a statement that a replica may make; mostly it can't, and that is an error.
func (l *life) made(c *charter.Charter, by entry.Device) (payload []byte, err error) {
	switch l.what() {
	case charter.TypeFounding:
		if by != c.FoundingDevice() {
			return nil, charter.ErrNotFounder
		}
		if rapid.Bool().Draw(l.T, "close") {
			return c.CloseFounding(by, "")
		}
		return c.FillSeat(l.redemption())
	case charter.TypePropose:
		payload, _, err = c.Propose(by, l.terms(c))
		return payload, err
	case charter.TypeConsent:
		return c.Consent(by, l.step(c), false)
	case charter.TypeRefuse:
		return c.Refuse(by, l.step(c), "no")
	case charter.TypeTakeBack:
		return c.TakeBack(by, l.step(c))
	case charter.TypeEnact:
		return c.Enact(by, l.step(c))
	case charter.TypeCertify:
		return c.Certify(by, l.newDevice())
	case charter.TypeRetire:
		return c.Retire(by, l.device().Device(), l.frontier())
	case charter.TypeRecover:
		live := []charter.NewDevice{l.newDevice()}
		return c.Recover(by, live, l.honoured(live))
	case charter.TypeResign:
		return c.Resign(by, l.honoured(nil), "")
	case charter.TypeProspective:
		invite, r := l.redemption()
		return c.AdmitProspective(by, invite, r)
	case charter.TypeMove:
		return c.MoveConsents(by, l.device().Device())
	case charter.TypeFollow:
		return c.Follow(by, l.step(c))
	case charter.TypeForget:
		return c.Forget(by, entry.DocID{byte(rapid.IntRange(1, 3).Draw(l.T, "document"))}, "")
	case charter.TypeRename:
		if rapid.Bool().Draw(l.T, "a device") {
			return c.RenameDevice(by, l.device().Device(), l.name())
		}
		return c.Rename(by, l.name())
	case charter.TypeInvite:
		return c.Invite(by, key(rapid.SampledFrom(l.codes).Draw(l.T, "code")).Device(), 0)
	case charter.TypeRevoke:
		return c.Revoke(by, key(rapid.SampledFrom(l.codes).Draw(l.T, "code")).Device())
	}
	return c.Acknowledge(by, drawSeen(l.T, l.keys))
}
