package ally

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kith/crdt/charter"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// ally shows a half-made pact.
func (k *contact) ally(r *replica.Replica) api.Ally {
	p, _ := k.look()
	a := api.Ally{
		ID: p.id(), Name: p.name(), Purpose: p.Purpose, EndsAt: api.At(words.Moment(p.Ends)),
		Voices: p.terms().Voices.String(), LapsesAt: api.At(p.Lapses),
	}
	own := p.side()
	var compared, agreed [2]bool
	compared[own], agreed[own] = !p.Compared.IsZero(), p.Agreed
	compared[1-own], agreed[1-own] = p.TheyCompared, p.TheyAgreed
	for _, i := range []int{own, 1 - own} {
		if len(p.Geneses[i]) == 0 {
			continue
		}
		s := p.at(i)
		side := api.AllySide{
			Name: s.coop, Ours: i == own, Contacts: p.Contacts[i], Compared: compared[i], Agreed: agreed[i],
			Members: []api.Named{{ID: s.founder.ID.String(), Name: s.founder.Name}},
		}
		a.Sides = append(a.Sides, side)
	}
	if own == 0 && p.Code != "" && !p.met() && p.open() {
		a.Code = p.Code
	}
	if own == 0 {
		a.ExpiresAt = api.At(p.Expires)
	}
	at, step := p.stepAtHome(r)
	if at != stepNone {
		a.Proposal = words.New(r.Charter()).Short(step.ID)
	}
	if a.Further = p.Through != ""; a.Further {
		if x := k.pacts.follow.Base(p.through()); x != nil {
			a.Name = x.Ally()
		}
		if p.Ask != "" {
			a.Ask = api.FullID(kinds.Ask.Name, p.Ask)
		}
	} else if p.met() && p.open() {
		if m, err := p.meeting(); err == nil && !(compared[0] && compared[1]) {
			a.Words = m.Reads(own)
		}
	}
	k.stands(p, &a, at)
	return a
}

// stands says how it stands with a half-made pact, and what to do.
func (k *contact) stands(p *pact, a *api.Ally, at standing) {
	say := func(format string, args ...any) { a.Says = append(a.Says, fmt.Sprintf(format, args...)) }
	name := p.name()
	read := func() {
		if len(a.Words) > 0 && !p.TheyCompared {
			say("Read these two words to %s, over the telephone or face to face: %s", p.at(p.other()).founder.Name, strings.Join(a.Words, " "))
		}
	}
	switch {
	case p.Over != nil:
		a.State, a.Why = api.AllyGivenUp, p.overSays()
		if name == "" {
			say("The code came to nothing: %s", stopped(a.Why))
		} else {
			say("The pact with %s came to nothing: %s", name, stopped(a.Why))
		}
		if p.bound(k.now()) {
			say("This computer had signed. Should %s sign yet, the pact is made after all, and it is shown here: your co-op can end it then, alone.", name)
		}
	case p.made():
		a.State = api.AllyWaits
		say("Both sides have signed; the share comes to be this moment.")
	case p.Through != "" && p.side() == 0 && !p.met():
		a.State, a.WaitsFor = api.AllyInvited, "them"
		say("%s hasn't joined it yet. It waits in their kith today; any full member of theirs types: kith share join %.8s", a.Name, a.Ask)
	case p.Through != "":
		a.State, a.WaitsFor = api.AllyWaits, "them"
		say("The share comes to be as soon as both daemons have heard of each other.")
	case !p.met() && p.side() == 0:
		a.State, a.WaitsFor = api.AllyInvited, "them"
		say("Nobody has used the code yet. Who has it types: kith ally join -")
	case !p.met():
		a.State, a.WaitsFor = api.AllyCompare, "them"
		say("%s hasn't answered yet.", name)
	case p.Compared.IsZero():
		a.State, a.WaitsFor = api.AllyCompare, "us"
		if !p.TheyCompared {
			a.WaitsFor = "both"
		}
		read()
		say("They read you two other words. Type those: kith ally confirm WORD WORD")
		say("If theirs are refused, they were mistyped, or somebody stands between you: nothing is agreed on then, and you begin again with another code.")
	case !p.Agreed:
		a.State, a.WaitsFor = api.AllyAgree, "us"
		if !p.TheyAgreed {
			a.WaitsFor = "both"
		}
		read()
		if at == stepOvertaken {
			say("Your co-op took another step first. Propose the pact again as it is: kith charter renew %s", a.Proposal)
		} else {
			say("The words are compared here; your co-op has yet to agree: kith charter pending")
		}
		k.saysThey(p, say)
	default:
		a.State, a.WaitsFor = api.AllyWaits, "them"
		read()
		if p.side() == 1 {
			say("Your co-op has agreed, and this daemon has signed. %s hasn't said yet that it has signed, too; this daemon goes on asking.", name)
		} else {
			say("Your co-op has agreed.")
		}
		k.saysThey(p, say)
	}
	if p.open() && p.met() && !p.Lapses.IsZero() && !p.Compared.IsZero() {
		say("It comes to nothing if both haven't agreed by %s.", p.Lapses.Local().Format("2 Jan 2006"))
	}
	if trouble := k.troubles(); trouble != "" && p.open() {
		say("In the way now: %s.", strings.TrimSuffix(trouble, "."))
	}
}

func (k *contact) saysThey(p *pact, say func(string, ...any)) {
	switch {
	case p.TheyAgreed:
		say("%s has agreed.", p.name())
	case p.TheyCompared:
		say("%s has compared the words, and has yet to agree.", p.name())
	default:
		say("%s hasn't confirmed your words yet.", p.name())
	}
}

// overSays says how a pact came to nothing.
func (p *pact) overSays() string {
	who, co := "", "your co-op"
	if p.Over.They {
		who, co = p.name(), p.name()
	}
	switch p.Over.How {
	case endWords:
		if p.Over.They {
			return who + " typed other words than yours. They were mistyped, or somebody stands between you"
		}
		return "the words that you typed weren't theirs. They were mistyped, or somebody stands between you"
	case endRefused:
		return co + " refused it, or the proposal was withdrawn"
	case endLapsed:
		return "it wasn't agreed on in time"
	case endExpired:
		return "the words weren't compared while the code was good"
	case endUsed:
		return "another co-op used the code before"
	}
	if !p.Over.They {
		return "you gave it up"
	}
	return who + " gave it up"
}

// ally shows the pact of a share.
func (s aShare) ally() api.Ally {
	r := s.at.Replica
	sh, own := r.Share()
	space, _, _ := words.Self(r)
	a := api.Ally{ID: s.id, Share: &space, State: api.AllyMade, Peers: s.at.PeersNow(), InStep: true, Further: s.further}
	terms, _ := sh.Terms()
	a.Purpose, a.EndsAt, a.Voices = terms.Purpose, api.At(words.Moment(terms.Ends)), terms.Voices.String()
	a.Name = sh.Side(1 - own).Name()
	by, over := sh.Ended()
	for _, i := range []int{own, 1 - own} {
		c := sh.Side(i)
		side := api.AllySide{
			Name: c.Name(), Ours: i == own, Contacts: slices.Clone(sh.Contacts(i)), Compared: true, Agreed: true,
			Ended: by[i] != (charter.StepID{}), Suspended: sh.Suspended(i), Lost: sh.Lost(i),
		}
		for _, m := range c.Members() {
			if m.Standing == charter.Full || m.Standing == charter.Prospective {
				side.Members = append(side.Members, api.Named{ID: m.ID.String(), Name: m.Name})
			}
		}
		slices.SortFunc(side.Members, func(a, b api.Named) int { return cmp.Compare(a.Name, b.Name) })
		a.Sides = append(a.Sides, side)
	}
	for _, o := range sh.Offers() {
		a.Offers = append(a.Offers, api.AllyOffer{
			By: sh.Side(o.Side).Name(), Purpose: o.Terms.Purpose, EndsAt: api.At(words.Moment(o.Terms.Ends)), Voices: o.Terms.Voices.String(),
		})
	}
	for _, p := range a.Peers {
		a.InStep = a.InStep && (p.InStep || !p.Connected)
	}
	s.stands(&a, terms, over)
	return a
}

func (s aShare) stands(a *api.Ally, terms share.Terms, over bool) {
	say := func(format string, args ...any) { a.Says = append(a.Says, fmt.Sprintf(format, args...)) }
	switch {
	case over:
		a.State = api.AllyEnded
		var who []string
		for _, side := range a.Sides {
			if side.Ended {
				who = append(who, side.Name)
			}
		}
		if terms.Ends != 0 && words.Past(terms.Ends, s.at.Now()) && len(who) == len(a.Sides) { // both wrote down that the day has come
			say("The pact ended on %s, as agreed. What is in the share stays readable; nothing new is exchanged.", words.DayWords(terms.Ends))
			break
		}
		say("The pact was ended by %s. What is in the share stays readable; nothing new is exchanged.", api.Listed(who))
	case words.Past(terms.Ends, s.at.Now()):
		a.State = api.AllyEnded
		say("The pact ended on %s, as agreed. What is in the share stays readable; nothing new is exchanged.", words.DayWords(terms.Ends))
	}
	for _, side := range a.Sides {
		if side.Suspended {
			say("%s has split: nothing new that it says counts here until you take a side.", side.Name)
		}
		if side.Lost && !over {
			say("Nobody of %s is left in the share.", side.Name)
		}
	}
	if a.State == api.AllyMade {
		a.Says = append(a.Says, offersSay(s.at.Replica, true)...)
	}
	connected := 0
	for _, p := range a.Peers {
		if p.Connected {
			connected++
		}
	}
	if !over && len(a.Peers) > 0 && connected == 0 {
		say("Nobody else of the share is connected now.")
	}
}

// offersSay says which other terms a side of a share would have, and how the other one answers; ours too, or only
// the ally's.
func offersSay(r *replica.Replica, ours bool) (says []string) {
	sh, own := r.Share()
	if sh == nil {
		return nil
	}
	now, _ := sh.Terms()
	for _, o := range sh.Offers() {
		switch {
		case o.Side != own:
			says = append(says, fmt.Sprintf("%s would have other terms: %s. They hold once your co-op says the same: %s",
				sh.Side(o.Side).Name(), words.TermsSay(o.Terms), termsCommand(now, o.Terms)))
		case ours:
			says = append(says, fmt.Sprintf("Your co-op would have other terms: %s. They hold once %s says the same.", words.TermsSay(o.Terms), sh.Side(1-own).Name()))
		}
	}
	return says
}

// termsCommand is what one types to say what an ally has said.
func termsCommand(now, then share.Terms) string {
	cmd := "kith share terms " + words.ShellWord(now.Purpose)
	if then.Purpose != now.Purpose {
		cmd += " --purpose " + words.ShellWord(then.Purpose)
	}
	if then.Ends != now.Ends {
		ends := words.Moment(then.Ends).UTC()
		if ends.Equal(ends.Truncate(24 * time.Hour)) {
			cmd += " --ends " + words.DayOf(then.Ends)
		} else {
			cmd += " --ends " + ends.Format(time.RFC3339Nano)
		}
	}
	if then.Voices != now.Voices {
		cmd += " --voices " + then.Voices.String()
	}
	return cmd
}

// stopped ends a sentence.
func stopped(s string) string { return strings.TrimSuffix(s, ".") + "." }

// Notice says to the people of a space which half-made pacts wait for the person here, or came to nothing, and which terms an ally would have.
func (s *Pacts) Notice(at *space.Space) (says []string) {
	r := at.Replica
	if _, over := words.EndOf(r); !over {
		says = offersSay(r, false)
	}
	for _, k := range s.met() {
		p, _ := k.look()
		if p.home() != r.Space() {
			continue
		}
		switch {
		case p.Over != nil && !p.Over.Seen && p.name() != "" && p.Over.How != endExpired:
			says = append(says, fmt.Sprintf("The pact with %s came to nothing: %s Seen: kith ally cancel %s", p.name(), stopped(p.overSays()), p.id()))
		case p.open() && p.met() && p.Compared.IsZero():
			says = append(says, fmt.Sprintf("%s and you have words to compare, to make a pact: kith ally show %s", p.name(), words.ShellWord(p.name())))
		}
	}
	return says
}

// Check checks what a home keeps of pacts that are half made. Nothing is said of what is right, but that a
// key isn't protected where that of the home is.
func Check(home *home.Home) (checks []api.Check) {
	places, err := home.HalfMade()
	for _, place := range places {
		_, bad := pactAt(place)
		err = errors.Join(err, bad)
	}
	if err != nil {
		checks = append(checks, api.Check{
			Name: "pact", Says: err.Error(), Hint: "the pact can't be gone on with: move the folder that it lies in away, and begin it again: kith ally invite --purpose TEXT --ends DATE",
		})
	}
	for _, place := range places {
		c := place.CheckKey()
		c.Space = &api.Named{Name: place.Where()}
		switch {
		case !c.OK:
		case home.IsSealed() && !place.IsSealed():
			c.OK, c.Hint = false, "stop the daemon, and give the home its passphrase once more: kith protect"
		default:
			continue
		}
		checks = append(checks, c)
	}
	return checks
}
