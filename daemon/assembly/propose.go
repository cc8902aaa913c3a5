package assembly

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
	"kith/daemon/entrance"
	"kith/daemon/replica"
	"kith/daemon/words"
)

// Propose implements server.Charter.
func (a *Assembly) Propose(ctx context.Context, q api.ProposalRequest) (api.Proposal, error) {
	r := a.at.Replica
	if me, ok := r.Me(); ok && me.Standing != charter.Full {
		return api.Proposal{}, charter.ErrNotFull
	}
	switch q.Action {
	case api.ActionEndShare, api.ActionTerms, api.ActionContacts:
		p, err := sayToAlly(ctx, r, q, a.at.Now())
		return p, err
	}
	terms, err := a.terms(r, q)
	if err != nil {
		return api.Proposal{}, err
	}
	c := r.Charter()
	if terms.Type == charter.ProposalClose && r.Device() == c.FoundingDevice() {
		return a.closeFounding(ctx, r, q.Why)
	}
	w := words.New(c)
	_, of := c.Needed()
	if after := w.After(terms.Type, of, terms.Member); terms.Type == charter.ProposalAdmit && after != "" && !q.Yes {
		m, _ := c.Member(terms.Member)
		return api.Proposal{}, api.Problemf(api.NotAllowed, fmt.Sprintf("if you both want that: kith member admit %s --yes", words.ShellWord(m.Name)), "%s", after)
	}
	p, err := Propose(ctx, r, func(c *charter.Charter) ([]byte, charter.StepID, error) { return c.Propose(r.Device(), terms) })
	if err == nil && terms.Type == charter.ProposalRemove && a.hasPorch() {
		m, _ := c.Member(terms.Member)
		p.Says = append(p.Says, m.Name+" keeps the code of your porch, and a place there, until it is revoked on the porch: kith porch revoke LABEL. The others need another one then.")
	}
	return p, err
}

// hasPorch says whether this computer has the code of a porch, as everybody has who is in.
func (a *Assembly) hasPorch() bool {
	config, err := a.at.Place.Config()
	return err == nil && slices.ContainsFunc(config.Named(), charter.IsPorchCode)
}

// Propose makes a proposal and consents to it, unless this member isn't asked or has given their
// word to another one.
func Propose(ctx context.Context, r *replica.Replica, make func(*charter.Charter) ([]byte, charter.StepID, error)) (api.Proposal, error) {
	var id charter.StepID
	_, err := r.Say(ctx, func(c *charter.Charter) (payload []byte, err error) {
		payload, id, err = make(c)
		return payload, err
	})
	if err != nil {
		return api.Proposal{}, err
	}
	var note string
	var held *charter.HeldError
	_, err = r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Consent(r.Device(), id, false) })
	switch {
	case err == nil, errors.Is(err, charter.ErrSubject), errors.Is(err, charter.ErrConsented):
	case errors.As(err, &held) && held.TakenBack:
		w := words.New(r.Charter())
		note = fmt.Sprintf("Your own consent isn't given yet: you took that to %s back, but it may have completed it where this isn't heard of yet. If you are sure that nobody completed it: kith charter consent %s --anyway. Else: %s", w.Short(held.Step), w.Short(id), untilRefused(w, held.Step))
	case errors.As(err, &held):
		w := words.New(r.Charter())
		note = fmt.Sprintf("Your own consent isn't given yet: your word is with %s, and only one step can come next. What helps: %s", w.Short(held.Step), goesFirst(w, held.Step, w.Short(id)))
	case errors.Is(err, charter.ErrOtherDevice):
		note = "Your own consent isn't given yet: you consent from another device of yours: kith device list."
	default:
		return api.Proposal{}, err
	}
	if err := NoteShown(r, id); err != nil {
		return api.Proposal{}, err
	}
	p, err := ProposalNow(r, id)
	if note != "" {
		p.Says = append(p.Says, note)
	}
	return p, err
}

func (a *Assembly) terms(r *replica.Replica, q api.ProposalRequest) (charter.Terms, error) {
	t := charter.Terms{Why: q.Why}
	var err error
	if q.Member != "" {
		if t.Member, err = charter.ParseMemberID(q.Member); err != nil {
			return t, err
		}
		_, ours := r.Charter().Member(t.Member)
		if m, there := r.Rules().Member(t.Member); there && !ours {
			return t, api.Problemf(api.NotAllowed, "kith member list", "%s is of %s, and only %[2]s says who is on its side", m.Name, m.Coop)
		}
	}
	m, _ := r.Charter().Member(t.Member)
	switch q.Action {
	case api.ActionAdmit:
		t.Type = charter.ProposalAdmit
		if m.Standing == charter.Full {
			return t, api.Problemf(api.Nothing, "kith member list", "%s is a full member already", m.Name)
		}
	case api.ActionRemove:
		if me, ok := r.Me(); ok && m.ID == me.ID {
			return t, api.Problemf(api.NotAllowed, "kith member resign", "nobody has to agree when you leave the co-op yourself")
		}
		if m.Standing == charter.Removed || m.Standing == charter.Resigned {
			return t, api.Problemf(api.Nothing, "kith member list", "%s isn't a member any more", m.Name)
		}
		t.Type = charter.ProposalRemove
		t.Frontiers, err = r.Honoured(words.DevicesOf(r.Charter(), t.Member))
	case api.ActionNewKey:
		t, err = entrance.NewKeyTerms(r, t.Member, q.Code, q.NotTheirs)
		t.Why = q.Why
	case api.ActionThreshold:
		t.Type = charter.ProposalThreshold
		for _, known := range []charter.Threshold{charter.Majority, charter.TwoThirds, charter.ThreeQuarters, charter.AllButOne} {
			if known.String() == q.Threshold {
				t.Threshold = known
			}
		}
	case api.ActionInvites:
		if q.Invites < 0 || q.Invites > charter.MaxInvites {
			return t, api.Problemf(api.Invalid, "kith charter invites 5", "each full member may have 0 to %d open invites, not %d", charter.MaxInvites, q.Invites)
		}
		t.Type, t.Invites = charter.ProposalInvites, q.Invites
	case api.ActionRules:
		t.Type = charter.ProposalRules
		t.Rules, err = newRules(r.Charter().Rules(), q.Rules)
	case api.ActionClose:
		t.Type = charter.ProposalClose
	case api.ActionZone:
		t.Type = charter.ProposalPact
		t.Pact, err = zoneWord(r, q.Zone)
	case api.ActionSharing:
		t.Type = charter.ProposalPact
		t.Pact, err = ruleWord(r, q.Rule)
	default:
		err = fmt.Errorf("no such proposal: %s", q.Action)
	}
	return t, err
}

// newRules says to which version of the shared rules a co-op moves that asks for one, 0 for the newest.
func newRules(now uint64, asked int) (uint64, error) {
	if asked == 0 {
		asked = entry.RulesVersion
	}
	switch {
	case asked > entry.RulesVersion:
		return 0, api.Problemf(api.NotAllowed, "get a newer one first, on this computer and those of the others", "this Kith knows the shared rules up to version %d, not version %d", entry.RulesVersion, asked)
	case asked < 0, uint64(asked) <= now:
		return 0, api.Problemf(api.NotAllowed, "kith charter show", "the shared rules only move on, and the co-op has agreed on version %d; this Kith knows them up to version %d", now, entry.RulesVersion)
	}
	return uint64(asked), nil
}

// closeFounding ends the founding by the founder's device alone. It is no proposal, so what comes
// back is only what it did.
func (a *Assembly) closeFounding(ctx context.Context, r *replica.Replica, why string) (api.Proposal, error) {
	if _, err := r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.CloseFounding(r.Device(), why) }); err != nil {
		return api.Proposal{}, err
	}
	me, _ := r.Me()
	step := r.Charter().Tip()
	return api.Proposal{
		ID: words.ProposalID(step), Short: words.ProposalID(step)[:len("p-")+words.MinShortID], Action: api.ActionClose, Title: "close the founding",
		Why: why, By: api.Named{ID: me.ID.String(), Name: me.Name}, State: string(charter.ProposalInForce),
		Says: []string{"The founding is closed. You are a member like any other now."},
	}, nil
}
