package daemon

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/api/server"
)

func decisionOf(at shown) api.Decision {
	p, v := at.p, at.v
	d := api.Decision{Document: header(at), Text: v.Text}
	if v.Decision == nil {
		return d
	}
	d.Process, d.Status, d.WithdrawnWhy = v.Decision.Process, v.Decision.Status, v.Decision.Why
	d.Revision, d.By, d.ReviewOn = v.Decision.Revision, v.Decision.By, v.Decision.ReviewOn
	for _, s := range v.Decision.Positions {
		d.Positions = append(d.Positions, api.Position{
			Member: p.named(s.Member), Stance: stanceOut(s.Stance), Why: s.Why, Revision: s.Revision,
			Counted: s.Counted, Late: s.Late, At: api.At(s.At.Time()),
		})
	}
	d.WaitingFor, d.Voices = p.all(v.Decision.WaitingFor), voicesOf(at)
	if o := v.Decision.Outcome; o != nil {
		d.Outcome = outcomeOf(p, o)
	}
	return d
}

func outcomeOf(p people, o *crdt.Outcome) *api.Outcome {
	out := &api.Outcome{
		Result: strings.ReplaceAll(o.Result, " ", "_"), Text: o.Text, RecordedBy: p.named(o.RecordedBy),
		At: api.At(o.At.Time()), Tally: tallyOf(o.Tally), State: "holds",
	}
	switch {
	case !o.Holds:
		out.State, out.Why = "doesnt_hold", o.Why
	case o.Contested:
		out.State, out.Why = "contested", strings.Join(o.ContestedWhy, "; ")
	}
	return out
}

// tallyOf counts the positions by their words, those that nobody took left out.
func tallyOf(c crdt.Counts) map[string]int {
	out := map[string]int{
		"consent": c.Consent, "object": c.Object, "stand_aside": c.StandAside, "block": c.Block,
		"abstain": c.Abstain, "agree": c.Agree, "disagree": c.Disagree, "advise": c.Advise,
	}
	maps.DeleteFunc(out, func(_ string, n int) bool { return n == 0 })
	return out
}

// The API's words have underscores, as all of its enumerations; the documents' have dashes, as
// on the command line.
func stanceOut(s string) string { return strings.ReplaceAll(s, "-", "_") }
func stanceIn(s string) string  { return strings.ReplaceAll(s, "_", "-") }

// Decisions implements server.Decisions.
func (b *backend) Decisions(_ context.Context, f server.DecisionFilter) ([]api.Decision, error) {
	limit := f.Limit
	if f.ReviewBefore != "" {
		limit = 0 // these come by the date of their review
	}
	return list(b, crdt.KindDecision, limit, decisionOf, f.Match)
}

// Decision implements server.Decisions.
func (b *backend) Decision(_ context.Context, id string) (api.Decision, error) {
	return show(b, crdt.KindDecision, id, decisionOf)
}

// CreateDecision implements server.Decisions.
func (b *backend) CreateDecision(ctx context.Context, d api.NewDecision) (api.Decision, error) {
	return create(ctx, b, crdt.KindDecision, func(e editing) (crdt.Edit, error) {
		return crdt.NewDecision(e.Author, crdt.DecisionFields{
			Title: d.Title, Text: d.Text, Tags: d.Tags, Process: d.Process, By: d.By, Review: d.Review,
		}), nil
	}, decisionOf)
}

// EditDecision implements server.Decisions.
func (b *backend) EditDecision(ctx context.Context, id string, d api.DecisionEdit) (api.Decision, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		c, err := common(e, d.Title, d.Text, d.Tag, d.Untag)
		return crdt.EditDecision(e.Author, crdt.DecisionEdit{Common: c, By: d.By, Review: d.Review}), err
	}, decisionOf)
}

// TakePosition implements server.Decisions.
func (b *backend) TakePosition(ctx context.Context, id string, p api.PositionRequest) (api.Decision, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		return crdt.TakePosition(e.Author, stanceIn(p.Stance), e.plain(p.Why), p.Revision), nil
	}, decisionOf)
}

// CloseDecision implements server.Decisions.
func (b *backend) CloseDecision(ctx context.Context, id string, c api.CloseRequest) (api.Decision, error) {
	d, err := edit(ctx, b, id, func(e editing) (crdt.Edit, error) {
		p := people{c: e.Charter}
		name := func(m charter.MemberID) string { return p.named(m).Name }
		return crdt.Close(e.Author, e.Now, e.plain(c.Text), name), nil
	}, decisionOf)
	var none *crdt.NoOutcomeError
	if errors.As(err, &none) {
		return d, api.Problemf(api.NotAllowed, none.Hint, "this decision can't be closed yet: %s", none.Why)
	}
	return d, err
}

// WithdrawDecision implements server.Decisions.
func (b *backend) WithdrawDecision(ctx context.Context, id, why string) (api.Decision, error) {
	return edit(ctx, b, id, func(e editing) (crdt.Edit, error) { return crdt.Withdraw(e.Author, e.plain(why)), nil }, decisionOf)
}

// voicesOf says how each co-op stands to a decision in a share, one's own first; nil in a co-op.
func voicesOf(at shown) []api.Voice {
	shared, side := at.r.Share()
	d := at.v.Decision
	if shared == nil || d.Joint == nil || len(d.Joint.Sides) != 2 {
		return nil
	}
	out := make([]api.Voice, 0, 2)
	for _, i := range []int{side, 1 - side} {
		var stands []crdt.Stand
		answered := map[charter.MemberID]bool{}
		for _, p := range d.Positions {
			if p.Counted {
				stands = append(stands, crdt.Stand{Member: p.Member, Stance: p.Stance})
				answered[p.Member] = true
			}
		}
		res := crdt.Tally(d.Process, at.v.CreatedBy, d.Joint.Sides[i], stands)
		v := api.Voice{Coop: shared.Side(i).Name(), Result: res.Outcome, For: res.Counts.Consent + res.Counts.Agree, Of: res.Counts.Full}
		var silent []string
		for _, m := range d.Joint.Sides[i] {
			if !answered[m] {
				v.Silent = append(v.Silent, at.p.named(m))
				silent = append(silent, plainName(at, m))
			}
		}
		v.Says = voiceSays(&v, silent, d.Joint.ByPeople)
		out = append(out, v)
	}
	return out
}

// plainName is what a member of a share is called where the co-op is named already.
func plainName(at shown, id charter.MemberID) string {
	m, _ := at.p.c.Member(id)
	return m.Name
}

func voiceSays(v *api.Voice, silent []string, byPeople bool) string {
	says := v.Coop + ": "
	count := fmt.Sprintf("%d of %d", v.For, v.Of)
	switch {
	case v.Of == 0:
		return says + "nobody is there to answer"
	case byPeople:
		says += count + " are for it"
	case v.Result == crdt.Agreed:
		says += "for (" + count + ")"
	case v.Result == crdt.NotAgreed:
		says += "against (" + count + " are for it)"
	default:
		says += "open (" + count + " are for it)"
	}
	switch len(silent) {
	case 0:
		return says
	case 1:
		return says + "; " + silent[0] + " hasn't answered yet"
	}
	return says + "; " + listed(silent) + " haven't answered yet"
}
