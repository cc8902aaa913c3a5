package charter_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/entry"
)

// scene is one replica's charter, as a test tells what its people do. A copy of it (apart) is
// a replica that hears nothing from the others until they meet.
type scene struct {
	*coop
	t   *testing.T
	c   *charter.Charter
	all []*entry.Entry
}

// members founds a co-op of Ana and others, all seats filled.
func members(t *testing.T, others ...string) *scene {
	t.Helper()
	co := found(t, len(others)+1)
	all := co.chain(others...)
	return &scene{coop: co, t: t, c: charter.Fold(co.space, all, charter.StepID{}), all: all}
}

// apart returns a replica with the same statements that goes its own way.
func (s *scene) apart() *scene {
	o := *s
	o.all = slices.Clone(s.all)
	o.c = o.c.StandOn(o.c.Tip())
	return &o
}

// hear adds statements; a replica that follows a step takes part in it.
func (s *scene) hear(all ...*entry.Entry) {
	s.c = s.c.With(all...)
	s.c = s.c.StandOn(s.c.Tip())
	for _, e := range all {
		if !slices.Contains(s.all, e) {
			s.all = append(s.all, e)
		}
	}
}

// meet gives two replicas each other's statements, and holds that those which stand alike say
// the same.
func (s *scene) meet(o *scene) {
	s.t.Helper()
	mine := slices.Clone(s.all)
	s.hear(o.all...)
	o.hear(mine...)
	if s.c.Tip() == o.c.Tip() {
		same(s.t, "two replicas that stand alike differ", seen(s.c, s.all), seen(o.c, s.all))
	}
}

func laptop(name string) entry.Signer { return key(name + "'s laptop") }

// id returns the member who came in with the key of that name.
func (s *scene) id(name string) charter.MemberID {
	return charter.MemberIDOf(s.space, key(name).Device())
}

// says signs a payload by a device with the charter's heads; it must be accepted.
func (s *scene) says(device entry.Signer, payload []byte, err error) *entry.Entry {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
	e := s.sign(device, payload, s.c.Heads()...)
	s.hear(e)
	mustState(s.t, s.c, e, charter.Accepted, "")
	return e
}

// proposes has a person propose, and consent.
func (s *scene) proposes(name string, terms charter.Terms) charter.StepID {
	s.t.Helper()
	payload, id, err := s.c.Propose(laptop(name).Device(), terms)
	s.says(laptop(name), payload, err)
	if terms.Type != charter.ProposalRemove || terms.Member != s.id(name) {
		s.consents(name, id)
	}
	return id
}

func (s *scene) consents(name string, id charter.StepID) *entry.Entry {
	s.t.Helper()
	payload, err := s.c.Consent(laptop(name).Device(), id, false)
	return s.says(laptop(name), payload, err)
}

func (s *scene) enacts(name string, id charter.StepID) *entry.Entry {
	s.t.Helper()
	payload, err := s.c.Enact(laptop(name).Device(), id)
	return s.says(laptop(name), payload, err)
}

// agree has people bring a step into force: the first proposes, and enacts.
func (s *scene) agree(terms charter.Terms, names ...string) charter.StepID {
	s.t.Helper()
	id := s.proposes(names[0], terms)
	for _, name := range names[1:] {
		s.consents(name, id)
	}
	s.enacts(names[0], id)
	if s.c.Tip() != id {
		s.t.Fatal("the step isn't in force")
	}
	return id
}

func threshold(t charter.Threshold) charter.Terms {
	return charter.Terms{Type: charter.ProposalThreshold, Threshold: t}
}

func remove(s *scene, name string) charter.Terms {
	return charter.Terms{Type: charter.ProposalRemove, Member: s.id(name), Why: "they took the till"}
}

// invites has a person invite another as a prospective member, who redeems the code at once.
func (s *scene) invites(name, who string) *entry.Entry {
	s.t.Helper()
	code, r := s.redeem(who)
	payload, err := s.c.Invite(laptop(name).Device(), code, 0)
	s.says(laptop(name), payload, err)
	payload, err = s.c.AdmitProspective(laptop(name).Device(), code, r)
	return s.says(laptop(name), payload, err)
}

// adds has a person certify another device of theirs from one that they have.
func (s *scene) adds(name string, from, device entry.Signer) *entry.Entry {
	s.t.Helper()
	payload, err := s.c.Certify(from.Device(), newDevice(s.space, name, device))
	return s.says(from, payload, err)
}

func newDevice(space entry.SpaceID, name string, device entry.Signer) charter.NewDevice {
	return charter.NewDevice{
		Key: device.Device(), Name: "phone", Accepted: charter.AcceptDevice(space, key(name).Device(), device),
	}
}

// standing is the names of those with a standing, in the order in which they came.
func (s *scene) standing(want charter.Standing) string {
	var all []string
	for _, m := range s.c.Members() {
		if m.Standing == want {
			all = append(all, m.Name)
		}
	}
	return strings.Join(all, " ")
}

func (s *scene) wantFull(want string) {
	s.t.Helper()
	if got := s.standing(charter.Full); got != want {
		s.t.Fatalf("full members %q, want %q", got, want)
	}
}

// speaks says whether a device speaks for anybody now, by charter and by the heads' past.
func (s *scene) speaks(device entry.Signer) bool {
	s.t.Helper()
	_, now := s.c.MemberOf(device.Device())
	past, _ := s.c.At(s.c.Heads())
	if _, then := past.Speaks(device.Device()); then != now {
		s.t.Fatal("the heads' past and the charter differ on who speaks")
	}
	return now
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("got %v, want %v", err, want)
	}
}

// raw is a statement's payload, made without asking the charter.
func raw(t fataler, s charter.Statement) []byte {
	t.Helper()
	b, err := charter.EncodeStatement(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
