package daemon

import (
	"context"
	"errors"
	"maps"
	"strings"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/daemon/api"
	"kith/daemon/replica"
)

func decisionOf(r *replica.Replica, v *crdt.View) api.Decision {
	p := people{r.Rules()}
	d := api.Decision{Document: header(r, v), Text: v.Text}
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
	d.WaitingFor = p.all(v.Decision.WaitingFor)
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

// Decisions implements api.Backend.
func (b *backend) Decisions(_ context.Context, f api.DecisionFilter) ([]api.Decision, error) {
	limit := f.Limit
	if f.ReviewBefore != "" {
		limit = 0 // these come by the date of their review
	}
	return list(b, crdt.KindDecision, limit, decisionOf, f.Match)
}

// Decision implements api.Backend.
func (b *backend) Decision(_ context.Context, id string) (api.Decision, error) {
	return show(b, crdt.KindDecision, id, decisionOf)
}

// CreateDecision implements api.Backend.
func (b *backend) CreateDecision(ctx context.Context, d api.NewDecision) (api.Decision, error) {
	return create(ctx, b, crdt.KindDecision, func(e replica.Edit) (crdt.Edit, error) {
		return crdt.NewDecision(e.Author, crdt.DecisionFields{
			Title: d.Title, Text: d.Text, Tags: d.Tags, Process: d.Process, By: d.By, Review: d.Review,
		}), nil
	}, decisionOf)
}

// EditDecision implements api.Backend.
func (b *backend) EditDecision(ctx context.Context, id string, d api.DecisionEdit) (api.Decision, error) {
	return edit(ctx, b, id, func(e replica.Edit) (crdt.Edit, error) {
		c, err := common(e, d.Title, d.Text, d.Tag, d.Untag)
		return crdt.EditDecision(e.Author, crdt.DecisionEdit{Common: c, By: d.By, Review: d.Review}), err
	}, decisionOf)
}

// TakePosition implements api.Backend.
func (b *backend) TakePosition(ctx context.Context, id string, p api.PositionRequest) (api.Decision, error) {
	return edit(ctx, b, id, func(e replica.Edit) (crdt.Edit, error) {
		return crdt.TakePosition(e.Author, stanceIn(p.Stance), p.Why, p.Revision), nil
	}, decisionOf)
}

// CloseDecision implements api.Backend.
func (b *backend) CloseDecision(ctx context.Context, id string, c api.CloseRequest) (api.Decision, error) {
	d, err := edit(ctx, b, id, func(e replica.Edit) (crdt.Edit, error) {
		p := people{e.Charter}
		name := func(m charter.MemberID) string { return p.named(m).Name }
		return crdt.Close(e.Author, e.Now, c.Text, name), nil
	}, decisionOf)
	var none *crdt.NoOutcomeError
	if errors.As(err, &none) {
		return d, api.Problemf(api.NotAllowed, none.Hint, "this decision can't be closed yet: %s", none.Why)
	}
	return d, err
}

// WithdrawDecision implements api.Backend.
func (b *backend) WithdrawDecision(ctx context.Context, id, why string) (api.Decision, error) {
	return edit(ctx, b, id, func(e replica.Edit) (crdt.Edit, error) { return crdt.Withdraw(e.Author, why), nil }, decisionOf)
}
