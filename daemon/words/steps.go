package words

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/daemon/api"
)

// OfOnesOwn is what somebody can do whom nothing that is proposed here helps.
const OfOnesOwn = "A co-op of your own can begin with copies of what is here: kith init NAME --as MEMBER --from SPACE"

// Stands says how it stands with a proposal.
func (w *Words) Stands(p *charter.Proposal, shown *api.Proposal) []string {
	switch p.State {
	case charter.ProposalInForce:
		return []string{"It is in force: " + w.Done(&p.Terms, p.Subject) + "."}
	case charter.ProposalWithdrawn:
		return []string{"It was withdrawn."}
	case charter.ProposalOvertaken:
		if w.isSide(p.ID) {
			return []string{"It came into force on the other side of the split of the co-op, and not here. To propose it here as well: kith charter renew " + shown.Short}
		}
		if !shown.Pending {
			return []string{"The co-op took another step since this was proposed, and it was proposed again."}
		}
		return []string{"The co-op took another step since this was proposed. To propose it again as it is: kith charter renew " + shown.Short}
	}
	var says []string
	missing := p.Needs - len(p.Consents)
	switch {
	case p.Hopeless && p.Of == 2 && w.asked(p) == 1:
		return []string{"With two members both have to agree, and who is to leave isn't asked: so this can't come into force.", OfOnesOwn}
	case p.Hopeless:
		return []string{w.hopeless(p, shown)}
	case missing > 0:
		says = append(says, fmt.Sprintf("%d of %s have to consent; %d more to come. %sNot answering counts for nothing, either way.",
			p.Needs, Counted(p.Of, "full member", "full members"), missing, w.aRefusal(p)))
	case p.Founder:
	default:
		says = append(says, "All consents are here; it comes into force in a moment.")
	}
	if held := w.standOff(p, shown.Short); held != "" {
		says = append(says, held)
	}
	if p.Founder {
		says = append(says, "The founding is open, so "+w.Name(w.Charter.Founder())+"'s consent is needed too.")
	}
	if p.Type == charter.ProposalRemove {
		if m, _ := w.Charter.Member(p.Subject); m.Standing == charter.Full {
			says = append(says, w.Name(p.Subject)+" isn't asked, and is counted. They are told, and can say their side: it is read here, and decides nothing.")
		} else {
			says = append(says, w.Name(p.Subject)+" is no full member, so they aren't asked, and aren't counted. They are told, and can say their side: it is read here, and decides nothing.")
		}
	}
	if p.Type == charter.ProposalKey {
		says = append(says, w.compareKey(p))
	}
	if after := w.After(p.Type, p.Of, p.Subject); after != "" {
		says = append(says, after)
	}
	return says
}

// standOff says of an open step that neither it nor another one comes as it stands, since each lacks the word of who gave theirs to the other; "" if
// that isn't so.
func (w *Words) standOff(p *charter.Proposal, short string) string {
	all := w.Charter.Proposals()
	if !w.isHeldUp(p, all) {
		return ""
	}
	for i := range all {
		other := &all[i]
		if other.ID == p.ID || !w.isHeldUp(other, all) {
			continue
		}
		var with []charter.MemberID
		for _, m := range w.mayStillConsent(p) {
			if isAmong(other.Consents, m) {
				with = append(with, m)
			}
		}
		if len(with) > 0 {
			return fmt.Sprintf("The word of %s is with %s, to %s, and only one step can come next. That one lacks consents that are given here, so neither comes as it stands. Talk, and refuse one of the two: kith charter refuse %s --why %s; or kith charter refuse %[2]s --why %[5]s",
				w.List(with), w.Short(other.ID), w.Does(&other.Terms, other.Subject), short, kind.WhyPlace)
		}
	}
	return ""
}

// isHeldUp says whether an open step lacks more consents than there are members left whose word isn't with another one.
func (w *Words) isHeldUp(p *charter.Proposal, all []charter.Proposal) bool {
	if p.State != charter.ProposalOpen || p.Hopeless {
		return false
	}
	free := slices.DeleteFunc(w.mayStillConsent(p), func(m charter.MemberID) bool {
		return slices.ContainsFunc(all, func(o charter.Proposal) bool {
			return o.ID != p.ID && o.State == charter.ProposalOpen && !o.Hopeless && isAmong(o.Consents, m)
		})
	})
	return p.Needs-len(p.Consents) > len(free)
}

// mayStillConsent are the members who are asked about a step and have said nothing to it.
func (w *Words) mayStillConsent(p *charter.Proposal) (all []charter.MemberID) {
	for _, m := range w.Charter.Members() {
		if m.Standing == charter.Full && !isAmong(p.Refusals, m.ID) && !isAmong(p.Consents, m.ID) && !(p.Type == charter.ProposalRemove && m.ID == p.Subject) {
			all = append(all, m.ID)
		}
	}
	return all
}

func isAmong(said []charter.Answer, m charter.MemberID) bool {
	return slices.ContainsFunc(said, func(a charter.Answer) bool { return a.Member == m })
}

// hopeless says why a step can't come into force: who refused, and who left since it was proposed and is counted in it.
func (w *Words) hopeless(p *charter.Proposal, shown *api.Proposal) string {
	refused := len(shown.Refusals)
	if w.asked(p)-refused < p.Needs {
		return "So many have refused that this can't come into force any more."
	}
	if refused > 0 {
		return fmt.Sprintf("This counts with who has left since it was proposed, and %s refused: so it can't come into force any more. To propose it again, without who left: kith charter renew %s",
			Counted(refused, "has", "have"), shown.Short)
	}
	return "This counts with who has left since it was proposed: so it can't come into force any more. To propose it again, without who left: kith charter renew " + shown.Short
}

// asked is how many full members are asked about a step: who is to leave is counted, and isn't.
func (w *Words) asked(p *charter.Proposal) int {
	if p.Type != charter.ProposalRemove {
		return p.Of
	}
	if m, _ := w.Charter.Member(p.Subject); m.Standing != charter.Full {
		return p.Of
	}
	return p.Of - 1
}

// aRefusal says what a no does to a step.
func (w *Words) aRefusal(p *charter.Proposal) string {
	switch refused := len(p.Refusals); {
	case refused > 0 && p.Stops == 1:
		return "One more refusal stops it. "
	case refused > 0:
		return fmt.Sprintf("%d more refusals stop it. ", p.Stops)
	case p.Stops <= 1:
		return "One refusal stops it. "
	}
	return fmt.Sprintf("One refusal doesn't stop it, %d do. ", p.Stops)
}

// After says what is different once somebody was admitted or removed, of n full members now; ""
// if there is nothing to say.
func (w *Words) After(t charter.ProposalType, n int, subject charter.MemberID) string {
	m, _ := w.Charter.Member(subject)
	switch {
	case t == charter.ProposalAdmit && n == 1, t == charter.ProposalRemove && n == 3 && m.Standing == charter.Full:
		return "Once this is in force, " + bothMustAgree
	}
	return ""
}

const bothMustAgree = "there are two full members, and both have to agree to every step like this one: neither can admit or remove anybody, or change the charter, alone, and if one of the two is gone for good the other can't either."

// BothMustAgree is said before there are two.
const BothMustAgree = "With a second one " + bothMustAgree

// compareKey says which words stand for a new member key.
func (w *Words) compareKey(p *charter.Proposal) string {
	return fmt.Sprintf("The new phrase of %s comes with these words: %s. Ask %[1]s, in a way that you trust, whether they are the same there. Once this is in force, the old phrase and all devices of before speak for %[1]s no more.",
		w.Name(p.Subject), strings.Join(p.Rekey.Words(), " "))
}

// WhoDecides says who may decide what.
func (w *Words) WhoDecides(c *api.Charter) []string {
	founder := c.Founder.Name
	var says []string
	if c.Founding.Open {
		says = append(says, fmt.Sprintf("The founding is open: %d of %d seats are filled. Until it closes, one device orders it, the one with which %s founded the co-op: it alone fills the seats, and an agreed step needs %[3]s's consent too. It closes with the last seat, or when %[3]s closes it: kith charter close-founding. After that %[3]s is a member like any other.",
			c.Founding.Filled, c.Founding.Seats, founder))
	} else {
		says = append(says, "The founding is closed. No key, role or standing gives more say than being a full member.")
	}
	switch {
	case c.Of == 1:
		says = append(says, "There is one full member, whose consent is enough to admit somebody or to change the charter.",
			BothMustAgree)
	case c.Of == 2:
		says = append(says, "To admit or remove somebody, or to change the charter, both full members have to agree. Not answering counts for nothing, either way.")
	default:
		says = append(says, fmt.Sprintf("To admit or remove somebody, or to change the charter, %d of %d full members have to consent (%s). Not answering counts for nothing, either way. Who is to leave isn't asked, and is counted.",
			c.Needs, c.Of, c.Threshold))
	}
	says = append(says,
		fmt.Sprintf("Any full member may invite: up to %s at a time each. A prospective member reads everything and works on tasks and notes; their position on a decision shows, and isn't counted.", Counted(c.Invites, "prospective member", "prospective members")),
		"About their own devices everybody decides alone, and everybody may leave.")
	return says
}
