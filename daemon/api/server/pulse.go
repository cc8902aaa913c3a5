package server

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// retroTag is on the note and the tasks of a retrospective.
const retroTag = "retrospective"

// retro makes tasks of what follows from a round, and the note that has what each said, with those tasks. Begun again after it was
// interrupted, it goes on with the tasks and the note that are there.
func (s *Server) retro(ctx context.Context, d api.Document, a Asks) (Shown, error) {
	verb := kinds.Pulse.Verb("retro")
	round, err := s.at.Documents.Show(ctx, kinds.Pulse, d.ID)
	if err == nil {
		err = verb.Live(round.View)
	}
	if err != nil {
		return Shown{}, err
	}
	tasks, fresh, err := s.actions(ctx, round, a.All(kinds.PulseActions))
	if err != nil {
		return Shown{}, err
	}
	into := a.Str(kinds.PulseNote())
	if into == "" {
		into = kinds.RetroOf(round.View)
	}
	var lines strings.Builder
	for _, t := range tasks {
		fmt.Fprintf(&lines, "- %s: %s\n", t.Short, t.Title)
	}
	if into == "" {
		into, err = s.retroNote(ctx, round, lines.String())
	} else if lines.Len() > 0 {
		err = s.appendNew(ctx, into, tasks)
	}
	if err != nil {
		return Shown{}, err
	}
	if err := a.say(kinds.PulseNote(), into); err != nil {
		return Shown{}, err
	}
	done, err := s.at.Documents.Do(ctx, kinds.Pulse, verb, d.ID, a)
	if fresh {
		done.Changed = nil // the round names its note already, and tasks were made
	}
	return done, err
}

// actions are the tasks of what follows from a round: made now, or already there. fresh: some were made.
func (s *Server) actions(ctx context.Context, round Shown, words []string) (tasks []Shown, fresh bool, err error) {
	there, err := s.at.Documents.List(ctx, ListQuery{Kind: kinds.Task, Wants: wanting(kind.Want{Fact: kind.TagFact, Is: oneOf([]string{retroTag})})})
	if err != nil {
		return nil, false, err
	}
	var all []Asks
	for _, word := range words { // each is looked at before any is made
		one, err := taskIn(word)
		if err != nil {
			return nil, false, err
		}
		one.Text, one.Tag = &kind.Writing{Text: "kith pulse show " + round.ID}, []string{retroTag}
		if err := kinds.Task.Make.Check(&one.Request); err != nil {
			return nil, false, err
		}
		all = append(all, one)
	}
	for _, one := range all {
		if slices.ContainsFunc(tasks, func(t Shown) bool { return t.Title == *one.Title }) { // it was said twice
			continue
		}
		made, had := Shown{}, false
		for _, t := range there {
			if t.Title == *one.Title && t.Text == one.Text.Text {
				made, had = t, true
			}
		}
		if !had {
			if made, err = s.at.Documents.Create(ctx, kinds.Task, one); err != nil {
				return nil, false, err
			}
			fresh = true
		}
		tasks = append(tasks, made)
	}
	return tasks, fresh, nil
}

// retroNote makes the note of a round.
func (s *Server) retroNote(ctx context.Context, round Shown, follows string) (id string, err error) {
	members, err := s.at.Entrance.Members(ctx)
	if err != nil {
		return "", err
	}
	text := kinds.Retrospective(round.View, func(m charter.MemberID) string {
		for _, one := range members {
			if one.ID == m.String() {
				return one.Called()
			}
		}
		return m.String()
	})
	text += "## What follows\n\n" + follows
	title := round.Title
	a := Asks{}
	a.Title, a.Text, a.Tag = &title, &kind.Writing{Text: text}, []string{retroTag}
	if err := kinds.Note.Make.Check(&a.Request); err != nil {
		return "", err
	}
	note, err := s.at.Documents.Create(ctx, kinds.Note, a)
	return note.ID, err
}

// appendNew writes behind a note those tasks that it doesn't name yet.
func (s *Server) appendNew(ctx context.Context, note string, tasks []Shown) error {
	n, err := s.at.Documents.Show(ctx, kinds.Note, note)
	if err != nil {
		return err
	}
	var lines []string
	for _, t := range tasks {
		if !strings.Contains(n.Text, t.Short+": ") {
			lines = append(lines, "- "+t.Short+": "+t.Title)
		}
	}
	if len(lines) == 0 {
		return nil
	}
	var a Asks
	a.Text = &kind.Writing{Text: strings.Join(lines, "\n")}
	_, err = s.at.Documents.Do(ctx, kinds.Note, kinds.Note.Verb("append"), note, a)
	return err
}
