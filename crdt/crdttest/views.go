package crdttest

import (
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
)

// TaskView is all that a task says.
type TaskView struct {
	Status, StatusWhy, Project, Due string
	Minutes                         kind.Minutes
	Asked                           []kinds.Asked
	TakenBy                         []charter.MemberID
	Help                            Help
}

// Help is whether help is wanted with a task, and who offers it.
type Help struct {
	Wanted        bool
	Why           string            // of the first in Wants
	By            *charter.MemberID // the first in Wants, or nil
	Wants, Offers []kinds.Said
}

// Task reads a task; nil if v is none.
func Task(v *kind.View) *TaskView {
	if v.Kind != kinds.Task.Name {
		return nil
	}
	f, d := kinds.Task.Field, kind.Of[kinds.Doing](v)
	t := &TaskView{
		Status: f("status").Str(v), StatusWhy: f("status_why").Str(v), Project: f("project").Str(v), Due: f("due").Str(v),
		Minutes: kind.Minutes(f("hours").Int(v)), Asked: d.Asked, TakenBy: d.TakenBy, Help: Help{Wants: d.Wants, Offers: d.Offers},
	}
	if len(d.Wants) > 0 {
		t.Help.Wanted, t.Help.Why, t.Help.By = true, d.Wants[0].Why, &d.Wants[0].Member
	}
	return t
}

// DecisionView is all that a decision says.
type DecisionView struct {
	*kinds.Deciding
	By, ReviewOn string
}

// Decision reads a decision; nil if v is none.
func Decision(v *kind.View) *DecisionView {
	if v.Kind != kinds.Decision.Name {
		return nil
	}
	f := kinds.Decision.Field
	return &DecisionView{kind.Of[kinds.Deciding](v), f("by").Str(v), f("review").Str(v)}
}
