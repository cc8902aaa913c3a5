package assembly

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Charter implements server.Charter.
func (a *Assembly) Charter(_ context.Context) (api.Charter, error) {
	r := a.at.Replica
	return charterOf(r), nil
}

func charterOf(r *replica.Replica) api.Charter {
	c := r.Charter()
	w := words.New(c)
	out := api.Charter{
		Space: api.Named{ID: c.Space().String(), Name: c.Name()}, Step: c.Tip().String(), Founder: w.Named(c.Founder()),
		Threshold: c.Threshold().String(), Invites: c.InvitesAllowed(), Rules: int(c.Rules()),
		Pending: proposals(r, c.Pending()),
	}
	out.Founding.Open = c.FoundingOpen()
	out.Founding.Filled, out.Founding.Seats = c.Seats()
	out.Needs, out.Of = c.Needed()
	anybodyLeft := false
	for _, m := range c.Members() {
		switch m.Standing {
		case charter.Full:
			out.Full = append(out.Full, w.Named(m.ID))
		case charter.Prospective:
			out.Prospective = append(out.Prospective, w.Named(m.ID))
		default:
			anybodyLeft = true
		}
	}
	if anybodyLeft {
		out.Former = endings(r, w)
	}
	out.Forks = words.Forks(w)
	out.Says = w.WhoDecides(&out)
	out.TimeZone = share.ZoneOf(c.Pacts())
	if place := r.Place(); out.TimeZone != "" && place.String() == out.TimeZone {
		out.Says = append(out.Says, "A day ends as in "+out.TimeZone+": the last day for positions on a decision, too.")
	} else if out.TimeZone != "" {
		out.Says = append(out.Says, "A day ends as in "+out.TimeZone+", which this computer doesn't know: it takes UTC.")
	} else if shared, _ := r.Share(); shared == nil {
		out.Says = append(out.Says, "No time zone is agreed yet, so the last day for positions on a decision ends in UTC: kith charter time-zone "+words.ZoneHere()+" proposes one.")
	}
	if c.Rules() < entry.RulesVersion {
		out.Says = append(out.Says, fmt.Sprintf("This Kith knows the shared rules up to version %d, and version %d is agreed on: once everybody has such a Kith, kith charter rules moves on to it.", entry.RulesVersion, c.Rules()))
	}
	if share.RuleOf(c.Pacts()) == share.Agreed {
		out.Says = append(out.Says, "A document is shared with an ally by an agreed step only: kith share add proposes it.")
	}
	return out
}

// CharterLog implements server.Charter.
func (a *Assembly) CharterLog(_ context.Context, limit int) ([]api.CharterLine, error) {
	r := a.at.Replica
	c := r.Charter()
	w := words.NewIn(r)
	lines := c.Log()
	slices.Reverse(lines)
	used := map[entry.Device]bool{}
	for _, i := range c.Invites() {
		used[i.Key] = len(i.Used) > 0
	}
	agreed := map[charter.StepID][]charter.MemberID{} // the lines of steps come before those of consents
	out := []api.CharterLine{}
	for i := range lines {
		l := &lines[i]
		if l.Said.Type == charter.TypeSeen || l.Said.Type == charter.TypeEnact && !l.InForce {
			continue
		}
		if len(out) == limit {
			break
		}
		line := charterLine(r, w, l)
		switch {
		case l.Of == nil:
			line.Detail = l.Said.Type == charter.TypeInvite && used[l.Said.Invite]
		case l.InForce:
			agreed[l.Of.ID] = l.Consents
		case l.Said.Type == charter.TypeConsent:
			line.Detail = slices.Contains(agreed[l.Of.ID], l.By)
		}
		out = append(out, line)
	}
	return out, nil
}

func charterLine(r *replica.Replica, w *words.Words, l *charter.Line) api.CharterLine {
	s := w.Statement(&l.Said, l.By)
	out := api.CharterLine{
		Entry: l.Entry.ID().String(), At: api.At(r.Came(l.Entry.ID())), By: w.OrNobody(l.By),
		Says: s.Says, Why: s.Why, Proposal: s.Proposal,
	}
	if l.Said.Type == charter.TypeEnact && l.Of != nil {
		out.By = nil
		out.Says = fmt.Sprintf("%s: %s; agreed by %s", s.Proposal, w.Done(&l.Of.Terms, l.Of.Subject), w.List(l.Consents))
	}
	return out
}

// Follow implements server.Charter.
func (a *Assembly) Follow(ctx context.Context, step string) (api.Charter, error) {
	r := a.at.Replica
	id, err := branchStep(r.Charter(), step)
	if err != nil {
		return api.Charter{}, err
	}
	if err := r.Follow(ctx, id); err != nil {
		return api.Charter{}, err
	}
	return charterOf(r), nil
}

// Notice says what the person at this device has to know before anything else: that the co-op has
// split, that something is held back, or that they are no member any more, why, and what they keep.
func Notice(r *replica.Replica) []string {
	c := r.Charter()
	if _, ok := r.Me(); ok {
		return slices.Concat(words.SplitNotice(c), space.Twofold(r), needsNewer(r), words.Aheads(r), heldBack(r), gone(r))
	}
	m, ok := c.OwnerOf(r.Device())
	if !ok {
		return nil
	}
	keep := "Everything up to then stays here, and you can read, search and copy it. Nothing new arrives, and what you write here isn't taken by the others."
	switch m.Standing {
	case charter.Removed:
		return append(append(removedBy(r, m.ID), keep), further(r)...)
	case charter.Resigned:
		says := []string{"You have left " + c.Name() + "."}
		if l := lineOf(c, func(l *charter.Line) bool { return l.Said.Type == charter.TypeResign && l.By == m.ID }); l != nil {
			says = append(says, heardOn(r, l))
		}
		return append(append(says, keep), further(r)...)
	}
	live := liveDevices(&m)
	if live == "" {
		return []string{"This device was taken out of use, and you have no other. Your recovery phrase brings you back: kith device recover --via -", keep}
	}
	return []string{"This device was taken out of use. Your membership goes on with your other devices: " + live, keep}
}

// further is what somebody can do who is no member any more. A share is followed from its home.
func further(r *replica.Replica) []string {
	if shared, _ := r.Share(); shared != nil {
		return nil
	}
	return []string{
		words.OfOnesOwn,
		"Whoever is to come back is invited anew, and joins from another home: KITH_HOME=DIR kith join - --as MEMBER",
	}
}

// lineOf is the first statement of the charter that is so; nil if none is.
func lineOf(c *charter.Charter, is func(*charter.Line) bool) *charter.Line {
	for _, l := range c.Log() {
		if is(&l) {
			return &l
		}
	}
	return nil
}

// heardOn says when this device heard a statement: statements hold no time.
func heardOn(r *replica.Replica, l *charter.Line) string {
	return "This computer has known it since " + r.Came(l.Entry.ID()).Local().Format("2 January 2006, 15:04") + "."
}

// heldBack says of whose computers something is held back.
func heldBack(r *replica.Replica) (says []string) {
	for _, h := range r.Held() {
		if held, ok := (words.People{Rules: r.Rules()}).HeldBack(h); ok {
			says = append(says, "Held back here of "+held+". To take all of it in: kith doctor --take-in")
		}
	}
	return says
}

// gone says in which documents something that was written here counted once and doesn't any more, those with the most first.
func gone(r *replica.Replica) (says []string) {
	all := r.Gone()
	docs := slices.SortedFunc(maps.Keys(all), func(a, b entry.DocID) int {
		return cmp.Or(all[b]-all[a], slices.Compare(a[:], b[:]))
	})
	const shown = 3
	for _, doc := range docs[:min(len(docs), shown)] {
		v, err := r.View(doc)
		if err != nil {
			says = append(says, "Something that you wrote on this computer counted once and doesn't any more. What it was, and why: kith log --from me")
			continue
		}
		says = append(says, fmt.Sprintf("Of what you wrote on this computer in “%s”, %s counted once and doesn't any more. Which, and why: kith log %s. What is still right has to be written once more.",
			v.Title, words.Counted(all[doc], "change", "changes"), words.ShortID(r, v.Kind, doc)))
	}
	if more := len(docs) - shown; more > 0 {
		says = append(says, fmt.Sprintf("The same is so of %s: kith log --from me", words.Counted(more, "more document", "more documents")))
	}
	return says
}

// removedBy says what was agreed, by whom and why, and when it came here.
func removedBy(r *replica.Replica, id charter.MemberID) []string {
	c := r.Charter()
	l := lineOf(c, func(l *charter.Line) bool {
		return l.Said.Type == charter.TypeEnact && l.Of != nil && l.Of.Type == charter.ProposalRemove && l.Of.Subject == id && l.InForce
	})
	if l == nil {
		return []string{"Your membership in " + c.Name() + " has ended."}
	}
	says := []string{fmt.Sprintf("Your membership in %s has ended; %s agreed on it.", c.Name(), words.New(c).List(l.Consents))}
	if l.Of.Why != "" {
		says = append(says, "The reason that was given: "+l.Of.Why)
	}
	return append(says, heardOn(r, l))
}

func liveDevices(m *charter.Member) string {
	var names []string
	for _, d := range m.Devices {
		if !d.Retired {
			names = append(names, d.Name)
		}
	}
	return api.Listed(names)
}

// needsNewer says that something is here that this release can't read.
func needsNewer(r *replica.Replica) []string {
	switch n := r.NeedNewer(); n {
	case 0:
		return nil
	case 1:
		return []string{"A document here needs a newer Kith. It is kept and passed on, and shows once this computer has one."}
	default:
		return []string{fmt.Sprintf("%d documents here need a newer Kith. They are kept and passed on, and show once this computer has one.", n)}
	}
}
