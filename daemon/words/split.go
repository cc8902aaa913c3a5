package words

import (
	"fmt"
	"slices"
	"strings"

	"kith/crdt/charter"
	"kith/daemon/api"
)

// Forks says where the co-op has split, and how each split stands.
func Forks(w *Words) []api.Fork {
	var out []api.Fork
	for _, f := range w.Charter.Forks() {
		out = append(out, forkOf(w, &f))
	}
	return out
}

func forkOf(w *Words, f *charter.Fork) api.Fork {
	out := api.Fork{Parent: f.Parent.String(), Twice: w.ByName(f.Twice)}
	for _, br := range f.Branches {
		shown := api.Branch{
			Step: br.Step.String(), Title: w.branchTitle(br.Step), Followed: br.Followed,
			Members: w.ByName(br.Members), Joined: w.ByName(br.Joined),
		}
		if _, ok := w.Charter.Proposal(br.Step); ok {
			shown.Proposal = w.Short(br.Step)
		}
		out.Branches = append(out.Branches, shown)
	}
	slices.SortStableFunc(out.Branches, func(a, b api.Branch) int { return truth(b.Followed) - truth(a.Followed) })
	out.Open = w.isOpen(f)
	out.Says = saysSplit(&out)
	return out
}

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

// isOpen says whether a split asks for something: this device is on no side, or a full member of
// today is on another, or has consented to several and not said which one they follow.
func (w *Words) isOpen(f *charter.Fork) bool {
	followed := false
	unsaid := slices.Clone(f.Twice)
	for _, br := range f.Branches {
		followed = followed || br.Followed
		if br.Followed {
			unsaid = slices.DeleteFunc(unsaid, func(id charter.MemberID) bool { return slices.Contains(br.Joined, id) })
		}
	}
	if !followed {
		return f.Parent == w.Charter.Tip() // else it is on a side that isn't followed
	}
	full := func(id charter.MemberID) bool {
		m, ok := w.Charter.Member(id)
		return ok && m.Standing == charter.Full
	}
	for _, br := range f.Branches {
		if !br.Followed && (slices.ContainsFunc(br.Members, full) || slices.ContainsFunc(br.Joined, full)) {
			return true
		}
	}
	return slices.ContainsFunc(unsaid, full)
}

// ByName names members, in the order of their names.
func (w *Words) ByName(ids []charter.MemberID) []api.Named {
	all := w.all(ids)
	slices.SortFunc(all, func(a, b api.Named) int { return strings.Compare(a.Name+a.ID, b.Name+b.ID) })
	return all
}

// branchTitle says what the step does with which a branch begins.
func (w *Words) branchTitle(step charter.StepID) string {
	if p, ok := w.Charter.Proposal(step); ok {
		return w.Does(&p.Terms, p.Subject)
	}
	return "a step that is known only there"
}

// side names a branch for a command: by its proposal, if there was one.
func side(b *api.Branch) string {
	if b.Proposal != "" {
		return b.Proposal
	}
	return b.Step[:12]
}

// who says who is on a branch.
func who(b *api.Branch) string {
	on := "with " + api.Listed(namesOf(b.Members))
	switch {
	case len(b.Members)+len(b.Joined) == 0:
		return "with nobody"
	case len(b.Joined) == 0:
		return on
	case len(b.Members) == 0:
		return "joined by " + api.Listed(namesOf(b.Joined))
	}
	return on + ", joined by " + api.Listed(namesOf(b.Joined))
}

func namesOf(list []api.Named) []string {
	all := make([]string, len(list))
	for i, n := range list {
		all[i] = n.Name
	}
	return all
}

// saysSplit says how a split stands, how it could come, and what a person can do.
func saysSplit(f *api.Fork) []string {
	if !f.Open {
		return []string{"The co-op has split once, and nobody who is a full member here is on another side any more."}
	}
	says := []string{fmt.Sprintf("The co-op has split: %s came into force at one place, and each was agreed on by what was known there.",
		Counted(len(f.Branches), "step", "steps"))}
	here := false
	var others []string
	for i := range f.Branches {
		br := &f.Branches[i]
		line := fmt.Sprintf("%s, %s: %s.", side(br), br.Title, who(br))
		if br.Followed {
			here = true
			line += " You are on this side."
		} else {
			others = append(others, "kith charter follow "+side(br))
		}
		says = append(says, line)
	}
	if len(f.Twice) > 0 {
		says = append(says, fmt.Sprintf("It could come to this because %s consented to more than one of them: by a copy of a device, by an altered program, or on purpose. kith charter log --all shows the statements. They can say which side they follow, too.",
			api.Listed(namesOf(f.Twice))))
	}
	talk := "Who is right can't be computed, and nobody is moved by what others sign. Talk to each other. "
	if here {
		talk += "To go over to the other side: " + strings.Join(others, ", or ") + "."
	} else {
		talk += "You are on neither side, as you took part in neither step. To take one: " + strings.Join(others, ", or ") + "."
	}
	return append(says, talk,
		"What was written before belongs to both sides. What is written on the other side comes here, and counts only there: kith log shows it as elsewhere.")
}

// SplitNotice is what a person has to know of it before anything else.
func SplitNotice(c *charter.Charter) []string {
	w := New(c)
	var says []string
	for _, f := range Forks(w) {
		if !f.Open {
			continue
		}
		var sides []string
		for i := range f.Branches {
			br := &f.Branches[i]
			line := side(br) + " (" + who(br)
			if br.Followed {
				line += "; you are there"
			}
			line += ")"
			sides = append(sides, line)
		}
		says = append(says, "The co-op has split into "+api.Listed(sides)+". kith charter show says how it came and what you can do.")
	}
	return says
}

// isSide says whether a step is one with which a branch begins.
func (w *Words) isSide(id charter.StepID) bool {
	if w.sides == nil {
		w.sides = map[charter.StepID]bool{}
		for _, f := range w.Charter.Forks() {
			for _, br := range f.Branches {
				w.sides[br.Step] = true
			}
		}
	}
	return w.sides[id]
}
