package words

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/replica"
)

// Words puts the charter into words: who people are, what proposals are called and what was said.
type Words struct {
	People
	Charter *charter.Charter
	other   *charter.Charter          // of the other side of a share, else nil
	r       *replica.Replica          // in which documents are that steps name; nil: they aren't named
	shorts  map[charter.StepID]string // of proposals; made when first asked for
	sides   map[charter.StepID]bool   // the steps with which branches begin; the same
	theirs  *Words                    // by the charter of the other side of a share; the same
}

// New words by a charter alone: documents aren't named, nor is anybody of another co-op.
func New(c *charter.Charter) *Words { return &Words{People: People{Rules: c}, Charter: c} }

// NewIn is New, with the names of everybody in the space: in a share, of people of both co-ops.
func NewIn(r *replica.Replica) *Words {
	w := New(r.Charter())
	w.People, w.r = People{Rules: r.Rules()}, r
	if shared, side := r.Share(); shared != nil {
		w.other = shared.Side(1 - side)
	}
	return w
}

// Of is for what a member says: in a share by the charter of their side, whose steps it is about.
func (w *Words) Of(by charter.MemberID) *Words {
	if w.r == nil {
		return w
	}
	shared, side := w.r.Share()
	if shared == nil {
		return w
	}
	if _, theirs := shared.Side(1 - side).Member(by); !theirs {
		return w
	}
	if w.theirs == nil {
		w.theirs = &Words{People: w.People, r: w.r}
		w.theirs.Charter = shared.Side(1 - side)
	}
	return w.theirs
}

// ProposalID writes the ID of a proposal. It has the first 160 bits of the step's.
func ProposalID(id charter.StepID) string { return "p-" + entry.Text.EncodeToString(id[:20]) }

// PactID writes the ID of a pact of which nothing but its share is known here: a colleague made it.
func PactID(share entry.SpaceID) string { return codeID(share) }

// InviteID writes the ID of an invite: its key is the public half of its code's.
func InviteID(key entry.Device) string { return codeID(key) }

// codeID is the ID of what a code of this co-op begins; kith invite and kith ally take it.
func codeID(of [32]byte) string { return "v-" + entry.Text.EncodeToString(of[:5]) }

// MinShortID is the least number of letters of a short ID.
const MinShortID = 4

// proposed gives a proposal of the charter or, in a share, of the other side's.
func (w *Words) proposed(id charter.StepID) (charter.Proposal, bool) {
	p, ok := w.Charter.Proposal(id)
	if !ok && w.other != nil {
		return w.other.Proposal(id)
	}
	return p, ok
}

// Short returns as much of a proposal's ID as tells it from all others here.
func (w *Words) Short(id charter.StepID) string {
	if w.shorts == nil {
		w.shorts = map[charter.StepID]string{}
		all := w.Charter.Proposals()
		for _, p := range all {
			full, n := ProposalID(p.ID), len("p-")+MinShortID
			for _, o := range all {
				for o.ID != p.ID && n < len(full) && strings.HasPrefix(ProposalID(o.ID), full[:n]) {
					n++
				}
			}
			w.shorts[p.ID] = full[:n]
		}
	}
	if short, ok := w.shorts[id]; ok {
		return short
	}
	return ProposalID(id)[:len("p-")+MinShortID]
}

// Name is what a member is called.
func (w *Words) Name(id charter.MemberID) string { return w.Named(id).Name }

// List joins names as people do: "Ana, Ben and Cleo".
func (w *Words) List(ids []charter.MemberID) string {
	names := make([]string, len(ids))
	for i, id := range ids {
		names[i] = w.Name(id)
	}
	slices.Sort(names)
	return api.Listed(names)
}

// Does says what a step does, as what somebody proposes to do.
func (w *Words) Does(t *charter.Terms, subject charter.MemberID) string {
	switch t.Type {
	case charter.ProposalSeat:
		return "welcome " + w.Name(subject) + " as a full member"
	case charter.ProposalClose:
		return "close the founding"
	case charter.ProposalAdmit:
		return "admit " + w.Name(subject) + " as a full member"
	case charter.ProposalRemove:
		return "end the membership of " + w.Name(subject)
	case charter.ProposalKey:
		return "give " + w.Name(subject) + " a new recovery phrase"
	case charter.ProposalThreshold:
		return "decide steps like this one by " + t.Threshold.String()
	case charter.ProposalInvites:
		return "let each full member have " + Counted(t.Invites, "open invite", "open invites")
	case charter.ProposalRules:
		return fmt.Sprintf("move to version %d of the shared rules", t.Rules)
	case charter.ProposalPact:
		return w.pactDoes(t)
	}
	return "do something that this release doesn't know yet"
}

// Done says what a step has done, as a sentence.
func (w *Words) Done(t *charter.Terms, subject charter.MemberID) string {
	switch t.Type {
	case charter.ProposalSeat, charter.ProposalAdmit:
		return w.Name(subject) + " is a full member"
	case charter.ProposalClose:
		return "the founding is closed"
	case charter.ProposalRemove:
		return w.Name(subject) + " is no member any more"
	case charter.ProposalKey:
		return w.Name(subject) + " has a new recovery phrase"
	case charter.ProposalThreshold:
		return "agreed steps are decided by " + t.Threshold.String()
	case charter.ProposalInvites:
		return "each full member may have " + Counted(t.Invites, "open invite", "open invites")
	case charter.ProposalRules:
		return fmt.Sprintf("version %d of the shared rules holds", t.Rules)
	case charter.ProposalPact:
		return w.pactDone(t)
	}
	return "a step was taken that this release doesn't know yet"
}

// Value is what a step sets, in few words: a threshold, a number of invites; "" where it sets nothing of that kind.
func Value(t *charter.Terms) string {
	switch t.Type {
	case charter.ProposalThreshold:
		return t.Threshold.String()
	case charter.ProposalInvites:
		return strconv.Itoa(t.Invites)
	case charter.ProposalRules:
		return strconv.FormatUint(t.Rules, 10)
	case charter.ProposalKey:
		return strings.Join(t.Rekey.Words(), " ")
	}
	return ""
}

// said is one statement in words.
type said struct {
	Says     string // without its subject
	Why      string // the reason given
	Proposal string // short ID of the proposal it is about; "" for none
	By       charter.MemberID
}

// Statement puts a statement of a member into words.
func (w *Words) Statement(s *charter.Statement, by charter.MemberID) said {
	out := said{Why: s.Why, By: by}
	proposal := func(says string) {
		p, ok := w.proposed(s.Of)
		if !ok {
			out.Says = says
			return
		}
		out.Proposal = w.Short(p.ID)
		out.Says = says + " " + out.Proposal + ", to " + w.Does(&p.Terms, p.Subject)
	}
	switch s.Type {
	case charter.TypeGenesis:
		out.Says = fmt.Sprintf("founded %s with %s", s.Genesis.Coop, Counted(s.Genesis.Seats, "seat", "seats"))
	case charter.TypeFounding:
		out.Says, out.Why = "closed the founding", s.Step.Why
		if s.Step.Seat != nil {
			out.Says = "welcomed " + w.joiner(&s.Step.Seat.Redemption) + " as a full member"
		}
	case charter.TypePropose:
		p, _ := w.proposed(s.Step.ID())
		out.Why, out.Proposal = s.Step.Why, w.Short(s.Step.ID())
		out.Says = "proposed to " + w.Does(&s.Step.Terms, p.Subject)
	case charter.TypeConsent:
		proposal("consented to")
	case charter.TypeRefuse:
		proposal("refused")
	case charter.TypeTakeBack:
		proposal("took back their word on")
	case charter.TypeEnact:
		proposal("brought into force")
	case charter.TypeCertify:
		out.Says = "added the device “" + s.New.Name + "”"
	case charter.TypeRetire:
		out.Says = "took the device “" + w.Device(s.Device).Name + "” out of use"
	case charter.TypeRecover:
		out.Says = "said with their recovery phrase which devices are theirs"
	case charter.TypeResign:
		out.Says = "left the co-op"
	case charter.TypeInvite:
		out.Says = "made an invite for a prospective member"
	case charter.TypeRevoke:
		out.Says = "took an invite back"
	case charter.TypeProspective:
		out.Says = "welcomed " + w.joiner(s.Joiner) + " as a prospective member"
		if m, ok := w.Charter.MemberKey(s.Joiner.Member); ok && m.InvitedBy != by && m.InvitedBy != (charter.MemberID{}) {
			out.Says = "let " + w.joiner(s.Joiner) + " in as a prospective member, with a code of " + w.Name(m.InvitedBy) // any computer of the co-op answers a code
		}
	case charter.TypeMove:
		out.Says = "consents from the device “" + w.Device(s.Device).Name + "” from now on"
	case charter.TypeRename:
		out.Says = w.renamed(s, by)
	case charter.TypeForget:
		out.Says = "wants " + w.document(s.Doc) + " forgotten"
	case charter.TypeSeen:
		out.Says = "has seen what came until then"
	case charter.TypeFollow:
		out.Says = "took a side where the co-op has split"
		proposal("took the side of")
	default:
		out.Says = "wrote a statement that this release doesn't know yet"
	}
	return out
}

// joiner is what who redeemed a code is called now.
func (w *Words) joiner(r *charter.Redemption) string {
	if m, ok := w.Charter.Member(charter.MemberIDOf(w.Charter.Space(), r.Member)); ok {
		return m.Name
	}
	return r.Name
}

// renamed says what somebody, or a device of theirs, is called from then on.
func (w *Words) renamed(s *charter.Statement, by charter.MemberID) string {
	if s.Device != (entry.Device{}) {
		return "calls a device of theirs “" + s.Name + "” from now on"
	}
	m, _ := w.Rules.Member(by)
	taken := append(slices.Clone(m.Former), charter.FormerName{Name: m.Chosen})
	for i, f := range taken[1:] {
		if f.Name == s.Name {
			return "is called “" + s.Name + "” from now on, and was “" + taken[i].Name + "” before"
		}
	}
	return "is called “" + s.Name + "” from now on"
}

// Action is the word of the API for what a step does.
func Action(t *charter.Terms) string {
	if t.Type != charter.ProposalPact {
		return actions[t.Type]
	}
	if word, err := share.ReadWord(t.Pact); err == nil {
		return pactActions[word.What]
	}
	return api.ActionPact
}

var (
	actions = map[charter.ProposalType]string{
		charter.ProposalAdmit: api.ActionAdmit, charter.ProposalRemove: api.ActionRemove, charter.ProposalKey: api.ActionNewKey,
		charter.ProposalThreshold: api.ActionThreshold, charter.ProposalInvites: api.ActionInvites,
		charter.ProposalRules: api.ActionRules, charter.ProposalClose: api.ActionClose,
	}
	pactActions = map[share.What]string{
		share.Make: api.ActionPact, share.Change: api.ActionTerms, share.End: api.ActionEndShare, share.Contacts: api.ActionContacts,
		share.Sharing: api.ActionSharing, share.Zone: api.ActionZone, share.Choose: api.ActionChoose, share.Forget: api.ActionForget,
	}
)
