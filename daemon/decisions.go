package daemon

import (
	"context"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/server"
)

func decisionOf(s shown) api.Decision {
	f, l := kinds.Decision.Field, s.looked()
	is := kind.Of[kinds.Deciding](s.v)
	d := api.Decision{
		Document: header(s), Text: s.v.Text, Process: is.Process, Status: is.Status, WithdrawnWhy: is.Why, Revision: is.Revision,
		By: f("by").Str(s.v), ReviewOn: f("review").Str(s.v), WaitingFor: l.All(is.WaitingFor),
	}
	for _, p := range is.Positions {
		d.Positions = append(d.Positions, api.Position{
			Member: s.p.named(p.Member), Stance: kind.WordOut(p.Stance), Why: p.Why, Revision: p.Revision,
			Counted: p.Counted, Late: p.Late, At: api.At(p.At.Time()),
		})
	}
	for _, show := range kinds.Decision.Shows {
		switch v := show.Of(l).(type) {
		case *kinds.OutcomeJSON:
			if v != nil {
				d.Outcome = &api.Outcome{
					Result: v.Result, Text: v.Text, RecordedBy: v.RecordedBy, At: api.At(v.At.Time()), Tally: v.Tally, State: v.State, Why: v.Why,
				}
			}
		case []kinds.VoiceJSON:
			for _, one := range v {
				d.Voices = append(d.Voices, api.Voice(one))
			}
		}
	}
	return d
}

// Decisions implements server.Decisions.
func (b *desk) Decisions(_ context.Context, f server.DecisionFilter) ([]api.Decision, error) {
	q := listQuery{kind: kinds.Decision, limit: f.Limit, wants: wantsOf(kinds.Decision, map[string]string{
		"open": whenTrue(f.Open), "waiting-for-me": f.WaitingFor, "review-before": f.ReviewBefore, "tag": f.Tag,
	})}
	if f.ReviewBefore != "" {
		q.order = kinds.Decision.Lists[0].By.Order
	}
	return listOf(b, q, decisionOf)
}

// Decision implements server.Decisions.
func (b *desk) Decision(_ context.Context, id string) (api.Decision, error) {
	return show(b, kinds.Decision, id, decisionOf)
}

// CreateDecision implements server.Decisions.
func (b *desk) CreateDecision(ctx context.Context, d api.NewDecision) (api.Decision, error) {
	a := asks{Request: kind.Begin(d.Title, d.Text)}
	a.Request.Tag = d.Tags
	putWords(&a, kinds.Decision.Make, map[string]*string{"process": &d.Process, "by": &d.By, "review": &d.Review})
	return as(decisionOf)(b.begin(ctx, kinds.Decision, a))
}

// EditDecision implements server.Decisions.
func (b *desk) EditDecision(ctx context.Context, id string, d api.DecisionEdit) (api.Decision, error) {
	a := editOf(d.Title, d.Text, d.Tag, d.Untag)
	putWords(&a, kinds.Decision.Edit, map[string]*string{"by": d.By, "review": d.Review})
	return as(decisionOf)(b.perform(ctx, kinds.Decision, kinds.Decision.Edit, id, a))
}

// TakePosition implements server.Decisions.
func (b *desk) TakePosition(ctx context.Context, id string, p api.PositionRequest) (api.Decision, error) {
	verb, stance := kinds.Decision.Verb("position"), strings.ReplaceAll(p.Stance, "_", "-")
	a := asks{Request: kind.Request{Why: p.Why}}
	putWords(&a, verb, map[string]*string{"stance": &stance, "revision": &p.Revision})
	return as(decisionOf)(b.perform(ctx, kinds.Decision, verb, id, a))
}

// CloseDecision implements server.Decisions.
func (b *desk) CloseDecision(ctx context.Context, id string, c api.CloseRequest) (api.Decision, error) {
	return as(decisionOf)(b.perform(ctx, kinds.Decision, kinds.Decision.Verb("close"), id, asks{Request: kind.Request{Text: &kind.Writing{Text: c.Text}}}))
}

// WithdrawDecision implements server.Decisions.
func (b *desk) WithdrawDecision(ctx context.Context, id, why string) (api.Decision, error) {
	return as(decisionOf)(b.perform(ctx, kinds.Decision, kinds.Decision.Verb("withdraw"), id, asks{Request: kind.Request{Why: why}}))
}
