package forget

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kith/crdt/accept"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/api"
	"kith/daemon/api/server"
	"kith/daemon/assembly"
	"kith/daemon/desk"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

// Room is where the documents of one space are taken back: of a co-op also what goes on in a share.
type Room struct {
	at   *space.Space
	desk *desk.Desk
}

var _ server.Forgetting = (*Room)(nil)

// New makes that of a space; in all are its shares.
func New(at *space.Space, all *space.List) *Room { return &Room{at, desk.New(at, all)} }

// place is a document where it lies: what is at home of one that goes on in a share is another.
type place struct {
	r     *replica.Replica
	doc   entry.DocID
	heads *accept.Heads
}

// places are where a document lies: where it goes on first.
func (x *Room) places(id string) (all []place, head api.Document, err error) {
	r, v, err := x.desk.View(id)
	if err != nil {
		return nil, head, err
	}
	at := x.desk.Look(r, v)
	head = at.Header()
	all = append(all, place{r: at.Replica, doc: at.View.ID})
	if at.Replica != r {
		all = append(all, place{r: r, doc: v.ID})
	}
	for i := range all {
		if err := all[i].read(); err != nil {
			return nil, head, err
		}
	}
	return all, head, nil
}

func (p *place) read() error {
	h, err := p.r.Heads(p.doc)
	p.heads = h
	return err
}

func (p *place) people() words.People { return words.People{Rules: p.r.Rules()} }

func (p *place) me() charter.MemberID {
	me, _ := p.r.Me()
	return me.ID
}

// Forgetting implements server.Forgetting.
func (x *Room) Forgetting(_ context.Context, id string, goesOn bool) (api.Forgetting, error) {
	all, head, err := x.places(id)
	if err != nil {
		return api.Forgetting{}, err
	}
	f := shown(all, head)
	f.Says = append(waits(all, &f), means(&f)...)
	f.Says = append(f.Says, x.stays(&all[len(all)-1])...)
	if goesOn {
		f.Says = append(says(kinds.All.Named(head.Kind)), f.Says...)
	}
	f.GoesOn = x.goesOn(all)
	return f, nil
}

// says is what it means that what stands in a document now goes on in a fresh one.
func says(k *kind.Kind) []string {
	out := []string{"What stands in it now goes on in a fresh one, which Kith names to whoever looks for this one. What was said about it goes along as you tell it. This one goes whole:"}
	if k != nil && len(k.Own) > 0 {
		out = append(out, "What members said in it of themselves goes, too, such as who has it, what they answered, and that they read it: ask them again in the fresh one.")
	}
	return out
}

// waits says for whom else it waits, if the member of this device may say it.
func waits(all []place, f *api.Forgetting) []string {
	others := slices.DeleteFunc(slices.Clone(f.WaitsFor), func(n api.Named) bool {
		return slices.ContainsFunc(all, func(p place) bool { return p.me().String() == n.ID })
	})
	if !f.Mine || len(others) == 0 {
		return nil
	}
	return []string{fmt.Sprintf("%s wrote in it, too: it is forgotten once all have said so, or the co-op agrees on it.", names(others))}
}

// stays says of what lies at home what keeps words of it all the same: what was made from it, and what names it by its title.
func (x *Room) stays(at *place) []string {
	v, err := at.r.View(at.doc)
	if err != nil {
		return nil
	}
	switch v.Kind {
	case kinds.Intake.Name:
		if made := x.desk.Having(at.r, maxStays, kind.Want{Fact: "intake", Of: []string{api.FullID(v.Kind, v.ID.String())}}); len(made) > 0 {
			return []string{fmt.Sprintf("What it became keeps who asked and what for: %s. Change or forget that as well.", shorts(made))}
		}
	case kinds.Pulse.Name:
		note, err := desk.DocID(kinds.RetroOf(v))
		if err != nil || !at.r.Shows(note) {
			return nil
		}
		return []string{fmt.Sprintf("The note of it keeps what was said: %s. Forget that as well.", kind.StartOf(kinds.RetroOf(v)))}
	case kinds.Project.Name:
		return []string{"Tasks and hours keep its title: by that they name it."}
	case kinds.Time.Name:
		return []string{"All hours in it go, from reports and invoices as well."}
	}
	return nil
}

// maxStays bounds how many documents are named that were made from one.
const maxStays = 8

func shorts(all []api.Other) string {
	var out []string
	for _, o := range all {
		out = append(out, o.Short)
	}
	return api.Listed(out)
}

// goesOn is the document in which goes on what is left; nil if there is none.
func (x *Room) goesOn(all []place) *api.Other {
	at := &all[len(all)-1] // at home
	return x.desk.GoesOnWhenForgotten(at.doc, at.heads.Wrote)
}

// shown is how it stands with a document.
func shown(all []place, head api.Document) api.Forgetting {
	f := api.Forgetting{Document: head, State: api.Forgotten, Wrote: []api.Named{}, Wants: []api.Wanting{}, WaitsFor: []api.Named{}, Gone: []api.Named{}, Says: []string{}}
	known := func(n api.Named) func(api.Named) bool {
		return func(o api.Named) bool { return o.Name == n.Name || o.Name == atHome(all, n.Name) }
	}
	named := func(list []api.Named, p words.People, ids []charter.MemberID) []api.Named {
		for _, id := range ids {
			if n := p.Named(id); !slices.ContainsFunc(list, known(n)) {
				list = append(list, n)
			}
		}
		return list
	}
	over, said := true, false
	for i := range all {
		p := &all[i]
		people := p.people()
		f.Wrote = named(f.Wrote, people, p.heads.Wrote)
		f.Mine = f.Mine || slices.Contains(p.heads.Wrote, p.me())
		for _, w := range p.r.Rules().Forgets(p.doc).By {
			said = true
			wants := api.Wanting{By: people.Named(w.Member), Why: w.Why}
			if !slices.ContainsFunc(f.Wants, func(o api.Wanting) bool { return o.Why == wants.Why && known(wants.By)(o.By) }) {
				f.Wants = append(f.Wants, wants)
			}
		}
		if !p.heads.Over {
			over = false
			f.WaitsFor = named(f.WaitsFor, people, p.heads.Asked)
			f.Gone = named(f.Gone, people, p.gone())
		}
		if f.Proposal == nil {
			f.Proposal = p.proposal()
		}
	}
	switch {
	case over:
	case f.Proposal != nil && f.Proposal.State == string(charter.ProposalOpen):
		f.State = api.ForgetProposed
	case said:
		f.State = api.ForgetAsked
	default:
		f.State = api.ForgetHere
	}
	return f
}

// gone are those of whom it waits who are no members any more.
func (p *place) gone() (all []charter.MemberID) {
	for _, id := range p.heads.Asked {
		if m, ok := p.r.Rules().Member(id); !ok || m.Standing == charter.Resigned || m.Standing == charter.Removed {
			all = append(all, id)
		}
	}
	return all
}

// atHome is what somebody of a name is called in the share in which a document goes on: with their co-op, as I am.
func atHome(all []place, name string) string {
	if len(all) < 2 {
		return name
	}
	me, _ := all[0].r.Rules().Member(all[0].me())
	return words.FullName(&charter.Member{Name: name, Coop: me.Coop})
}

// proposal is the step by which the document is forgotten, if one is proposed; nil if not.
func (p *place) proposal() *api.Proposal {
	word, err := share.Word{What: share.Forget, Doc: p.doc}.Encode()
	if err != nil {
		return nil
	}
	all := p.r.Charter().Proposals()
	for _, q := range slices.Backward(all) {
		if q.Type == charter.ProposalPact && bytes.Equal(q.Terms.Pact, word) && (q.State == charter.ProposalOpen || q.State == charter.ProposalInForce) {
			if shown, err := assembly.ProposalNow(p.r, q.ID); err == nil {
				return &shown
			}
		}
	}
	return nil
}

// means says what it means that a document is forgotten, before it is.
func means(f *api.Forgetting) (says []string) {
	var with string
	if s := f.Document.Shared; s != nil && s.Here && !s.Copy {
		with = s.With
	}
	says = append(says, "Every computer of ours drops what it says, its title, all earlier versions and what was said about it, as soon as it hears of this. "+
		"Whoever comes later never gets it. That there was something, by whom, and your reason stay.")
	if with != "" {
		says = append(says, "It goes on in a share: the computers of "+with+" are asked the same, and so is what lies at home of it.")
	}
	says = append(says, "It can't be taken back. And nobody can make others forget: who has read it knows it, and an older Kith, a changed program, a backup or a bundle made before, and paper keep it. "+
		"Who kept the rest can guess at a word and see whether it was that one.")
	return says
}

// Forget implements server.Forgetting.
func (x *Room) Forget(ctx context.Context, id string, q api.ForgetRequest) (api.Forgetting, error) {
	all, head, err := x.places(id)
	if err != nil {
		return api.Forgetting{}, err
	}
	if err := x.at.Replica.Speaks(); err != nil {
		return api.Forgetting{}, err
	}
	was := shown(all, head)
	if !q.Agreed && !was.Mine {
		return was, api.Problemf(api.NotAllowed, fmt.Sprintf("propose it to the co-op: kith forget %s --why WHY --agreed", head.Short),
			"you wrote nothing in %s: %s can forget it, or the co-op can agree on it", head.Short, names(was.Wrote))
	}
	if me, ok := x.at.Replica.Me(); q.Agreed && ok && me.Standing != charter.Full {
		return api.Forgetting{}, charter.ErrNotFull
	}
	if q.GoesOn() && was.State != api.Forgotten {
		others := len(was.WaitsFor) > 1 || len(was.Gone) > 0
		if _, err := x.desk.GoOnWithout(ctx, id, q.Part, !q.Agreed && others); err != nil {
			return api.Forgetting{}, err
		}
	}
	changed := false
	for i := range all {
		p := &all[i]
		var did bool
		if q.Agreed {
			did, err = p.propose(ctx, q.Why)
		} else {
			did, err = p.say(ctx, q.Why)
		}
		if err == nil {
			err = p.read()
		}
		if err != nil {
			return api.Forgetting{}, err
		}
		changed = changed || did
	}
	now := shown(all, head)
	now.GoesOn = x.goesOn(all)
	if !changed && !q.GoesOn() {
		now.Changed = new(false)
	}
	now.Says = outcome(&now)
	if q.GoesOn() && now.GoesOn != nil {
		now.Says = append([]string{fmt.Sprintf("What stood in it goes on in %s: write there from now on.", now.GoesOn.Short)}, now.Says...)
	}
	return now, nil
}

// say says for the member of this device that they want it forgotten, unless they wrote nothing in it, or have said so.
func (p *place) say(ctx context.Context, why string) (bool, error) {
	if p.heads.Over || !slices.Contains(p.heads.Asked, p.me()) {
		return false, nil
	}
	_, err := p.r.Say(ctx, func(c *charter.Charter) ([]byte, error) { return c.Forget(p.r.Device(), p.doc, why) })
	return err == nil, err
}

// propose proposes a step, unless it is forgotten or one is proposed.
func (p *place) propose(ctx context.Context, why string) (bool, error) {
	if p.heads.Over || p.proposal() != nil {
		return false, nil
	}
	if me, ok := p.r.Me(); ok && me.Standing != charter.Full {
		return false, charter.ErrNotFull
	}
	word, err := share.Word{What: share.Forget, Doc: p.doc}.Encode()
	if err != nil {
		return false, err
	}
	terms := charter.Terms{Type: charter.ProposalPact, Pact: word, Why: why}
	_, err = assembly.Propose(ctx, p.r, func(c *charter.Charter) ([]byte, charter.StepID, error) { return c.Propose(p.r.Device(), terms) })
	return err == nil, err
}

// outcome says in sentences what came of it.
func outcome(f *api.Forgetting) []string {
	switch {
	case f.State == api.Forgotten:
		return []string{"Forgotten here. The others drop it when they are in step with you."}
	case f.State == api.ForgetProposed:
		return []string{fmt.Sprintf("It is forgotten once the step %s is agreed on.", f.Proposal.Short)}
	case f.Proposal != nil:
		return []string{"The co-op has agreed; in a share, the other side has to as well."}
	}
	if len(f.Gone) > 0 {
		return []string{fmt.Sprintf("%s wrote in it, too, and can't say so any more, being no member: it can be forgotten only by an agreed step: kith forget %s --why WHY --agreed", names(f.Gone), f.Document.Short)}
	}
	return []string{fmt.Sprintf("It is forgotten once %s said so as well: it waits in their kith today. Without them, by an agreed step: kith forget %s --why WHY --agreed",
		hasHave(f.WaitsFor), f.Document.Short)}
}

func hasHave(all []api.Named) string {
	if len(all) == 1 {
		return names(all) + " has"
	}
	return names(all) + " have"
}

func names(all []api.Named) string {
	var out []string
	for _, n := range all {
		out = append(out, n.Name)
	}
	if len(out) == 0 {
		return "nobody"
	}
	return api.Listed(out)
}

// maxAsked bounds of how many documents that are shown it is looked, for each member who wants them forgotten, whether that waits for
// somebody: a member can say it of every document that there is, and of ones that there aren't.
const maxAsked = 200

// toLookAt are the documents that somebody wants forgotten and that are here still, but of each member no more than so many.
func toLookAt(r *replica.Replica, most int) (docs []entry.DocID) {
	all := slices.DeleteFunc(r.Rules().ForgetDocs(), func(doc entry.DocID) bool { return !r.Shows(doc) })
	slices.SortFunc(all, func(a, b entry.DocID) int { return bytes.Compare(a[:], b[:]) })
	of := map[charter.MemberID]int{}
	for _, doc := range all {
		look := false
		for _, said := range r.Rules().Forgets(doc).By {
			of[said.Member]++
			look = look || of[said.Member] <= most
		}
		if look {
			docs = append(docs, doc)
		}
	}
	return docs
}

// Asked implements server.Forgetting.
func (x *Room) Asked(ctx context.Context) (out []api.Forgetting, err error) {
	r := x.at.Replica
	me, ok := r.Me()
	if !ok {
		return nil, nil
	}
	for _, doc := range toLookAt(r, maxAsked) {
		h, err := r.Heads(doc)
		if err != nil {
			return nil, err
		}
		if h.Over || !slices.Contains(h.Asked, me.ID) {
			continue
		}
		v, err := r.View(doc)
		if errors.Is(err, replica.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		f, err := x.Forgetting(ctx, api.FullID(v.Kind, v.ID.String()), false)
		if err != nil {
			return nil, err
		}
		if len(f.Wants) > 0 && !slices.ContainsFunc(out, func(o api.Forgetting) bool { return o.Document.ID == f.Document.ID }) {
			out = append(out, f)
		}
	}
	slices.SortFunc(out, func(a, b api.Forgetting) int { return strings.Compare(a.Document.ID, b.Document.ID) })
	return out, nil
}

// Gone implements server.Forgetting.
func (x *Room) Gone(_ context.Context, prefix string) *api.Forgetting {
	r := x.at.Replica
	for _, doc := range r.Rules().ForgetDocs() {
		if !strings.HasPrefix(doc.String(), prefix) {
			continue
		}
		heads, err := r.Heads(doc)
		if err != nil || !heads.Over {
			continue
		}
		f := shown([]place{{r: r, doc: doc, heads: heads}}, api.Document{})
		f.GoesOn = x.desk.GoesOnWhenForgotten(doc, heads.Wrote)
		return &f
	}
	return nil
}
