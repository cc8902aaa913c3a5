package ally

import (
	"bytes"
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/ally/side"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/replica"
)

// A further share with an ally is a pact like the first, whose code goes through a share that there is. The two
// sides know each other there, so nobody compares words; and both co-ops have agreed to work with each other, so
// nobody is asked again. What binds it: the code stands in a request signed by somebody of the first side, and who
// takes it says there, signed by somebody of the second, which charter is theirs.

// furtherLife is how long the code for a further share is good.
const furtherLife = 14 * 24 * time.Hour

// baseWith gives the oldest share with an ally that isn't over.
func (al *Allies) baseWith(ally string) (base *side.Base, err error) {
	var step charter.StepID
	for _, s := range al.pacts.shares(al.at.Replica.Space()) {
		x := al.pacts.follow.Base(s.at.Replica.Space())
		switch {
		case x == nil, charter.FoldName(x.Ally()) != charter.FoldName(ally):
		case base == nil:
			base, step = x, s.step
		case s.step != step:
			return nil, api.Problemf(api.Ambiguous, "end one of the two first: kith ally list", "there are two pacts with allies called “%.80s”", ally)
		}
	}
	if base != nil {
		return base, nil
	}
	return nil, api.Problemf(api.NotFound, "kith ally list; for a first pact: kith ally invite --purpose TEXT --ends DATE", "there is no pact with “%.80s” that holds", ally)
}

// NewShare implements server.Allies.
func (al *Allies) NewShare(ctx context.Context, q api.NewShareRequest) (api.Ally, error) {
	r, me, err := al.fullMember()
	if err != nil {
		return api.Ally{}, err
	}
	x, err := al.baseWith(q.Ally)
	if err != nil {
		return api.Ally{}, err
	}
	terms, _ := x.Share.Terms()
	terms.Purpose = al.desk.Plain(x.Replica)(q.Title)
	if n := utf8.RuneCountInString(terms.Purpose); n > kind.MaxLine {
		return api.Ally{}, api.Problemf(api.Limit, "use fewer words", "the title has %d characters without what isn't shared, the limit is %d", n, kind.MaxLine)
	}
	as := q.As
	if own, ok := x.Replica.Me(); as == "" && ok {
		as = own.Name
	}
	k, err := al.beginPact(r, me, ourSide{roleFirst, as, nil, q.Listen, q.Announce}, func(p *pact, config home.Config) error {
		p.Through = x.Replica.Space().String()
		return p.drawCode(terms, config, p.Begun.Add(furtherLife))
	})
	if err != nil {
		return api.Ally{}, err
	}
	if err := k.open(func() error { return k.passCode(ctx, x) }); err != nil {
		return api.Ally{}, err
	}
	return k.ally(r), nil
}

// passCode puts the code where the ally finds it, unless that was done.
func (k *contact) passCode(ctx context.Context, x *side.Base) error {
	k.proposing.Lock()
	defer k.proposing.Unlock()
	p, _ := k.look()
	if p.Ask != "" || !p.open() {
		return nil
	}
	v, err := x.Replica.Create(ctx, kinds.Ask.Name, func(e replica.Edit) error {
		return e.Perform(kinds.Ask, kinds.Ask.Make, kinds.AskFor(p.Purpose, "", p.Code), nil)
	})
	if err != nil {
		return err
	}
	return k.change(func(p *pact) error { p.Ask = v.ID.String(); return nil })
}

// JoinShare implements server.Allies.
func (al *Allies) JoinShare(ctx context.Context, q api.JoinShareRequest) (api.Ally, error) {
	x, v, err := al.invited(q.Ask)
	if err != nil {
		return api.Ally{}, err
	}
	for _, a := range kinds.RequestIn(v).Answers {
		if m, ours := x.Share.Side(x.Side).Member(a.Member); ours && a.Result == kinds.RequestShared {
			return api.Ally{}, api.Problemf(api.NotAllowed, "kith share list", "%s has joined it already; your computer comes into the share by itself", m.Name)
		}
	}
	join := api.AllyJoinRequest{Code: kinds.RequestIn(v).Code, As: q.As, Listen: q.Listen, Announce: q.Announce}
	if own, ok := x.Replica.Me(); join.As == "" && ok {
		join.As = own.Name
	}
	return al.joinAlly(ctx, join, &further{x, v.ID, v.Title})
}

// further is by which request, in which share, a code came.
type further struct {
	*side.Base
	ask   entry.DocID
	title string // what the request says that the share is for
}

// expects says whether terms are what may be offered: nobody here is asked about others. They are those of the share
// through which the code came, for what the request says.
func (f *further) expects(t share.Terms) bool {
	want, ok := f.Share.Terms()
	want.Purpose = f.title
	return ok && t == want
}

// invited finds the request by which an ally opens a further share: the whole ID, or a start of it that no other has.
func (al *Allies) invited(ask string) (*side.Base, *crdt.View, error) {
	var found []*crdt.View
	var in *side.Base
	for _, s := range al.pacts.shares(al.at.Replica.Space()) {
		x := al.pacts.follow.Base(s.at.Replica.Space())
		if x == nil {
			continue
		}
		err := x.Replica.Views(kinds.Ask.Name, func(v *crdt.View) bool {
			if kinds.RequestIn(v).Code != "" && api.IsStart(ask, api.FullID(v.Kind, v.ID.String())) {
				found, in = append(found, v), x
			}
			return true
		})
		if err != nil {
			return nil, nil, err
		}
	}
	switch {
	case len(found) == 0:
		return nil, nil, api.Problemf(api.NotFound, "what allies ask for: kith today", "no ally has opened a share with an ID that starts with “%.40s”", ask)
	case len(found) > 1:
		return nil, nil, api.Problemf(api.Ambiguous, "type more of the ID", "“%.40s” is the start of more than one ID", ask)
	case in.Ours(found[0].CreatedBy):
		return nil, nil, api.Problemf(api.NotAllowed, "they type kith share join ID", "your own co-op has opened this share; it is for %s to join", in.Ally())
	case !in.From(found[0].CreatedBy):
		return nil, nil, api.Problemf(api.NotAllowed, "ask them to open it anew: kith share new ALLY TITLE", "who opened this share doesn't speak for %s any more", in.Ally())
	case kinds.RequestIn(found[0]).Withdrawn != "":
		return nil, nil, api.Problemf(api.NotAllowed, "ask them", "%s took it back: %s", in.Ally(), kinds.RequestIn(found[0]).Withdrawn)
	}
	return in, found[0], nil
}

// goThrough does what the share asks for through which the code went; the error is for the next try.
func (k *contact) goThrough(ctx context.Context, p *pact) error {
	x := k.pacts.follow.Base(p.through())
	if x == nil {
		return k.change(func(p *pact) error { p.end(endCancelled, false, k.now()); return nil })
	}
	if p.side() == 0 {
		if err := k.passCode(ctx, x); err != nil {
			return err
		}
	}
	p, _ = k.look()
	doc, err := entry.ParseDocID(p.Ask)
	if err != nil {
		return err
	}
	v, err := x.Replica.View(doc)
	if err != nil || kinds.RequestIn(v) == nil {
		return err
	}
	if p.side() == 1 {
		if !p.met() || !p.Compared.IsZero() {
			return nil
		}
		if err := k.takeThrough(ctx, x, p, v); err != nil {
			return err
		}
		return k.change(func(p *pact) error {
			p.takeWord(k.now())
			return p.signSecond(k.key)
		})
	}
	for _, a := range kinds.RequestIn(v).Answers {
		switch {
		case !x.From(a.Member):
		case a.Result == kinds.RequestRefused && !p.met():
			return k.change(func(p *pact) error { p.end(endRefused, true, k.now()); return nil })
		case p.met() && p.name() == x.Ally() && a.Side == p.at(1).space().String():
			return k.change(func(p *pact) error { p.takeWord(k.now()); return nil })
		}
	}
	return nil
}

// takeThrough says in the share through which the code came which charter is this side's.
func (k *contact) takeThrough(ctx context.Context, x *side.Base, p *pact, v *crdt.View) error {
	me, ok := x.Replica.Me()
	side := p.at(1).space().String()
	if !ok || slices.ContainsFunc(kinds.RequestIn(v).Answers, func(a kinds.RequestAnswer) bool { return a.Member == me.ID && a.Side == side }) {
		return nil
	}
	_, err := x.Replica.Edit(ctx, v.ID, func(e replica.Edit) error { return e.Perform(kinds.Ask, kinds.JoinAsk, kinds.Joining(side), nil) })
	return err
}

// takeWord notes that who the other side is was said in a share that both are in: there is nothing to compare, and
// nothing to agree on.
func (p *pact) takeWord(now time.Time) {
	if !p.open() || !p.Compared.IsZero() {
		return
	}
	p.Compared, p.Agreed = now.UTC(), true
	if p.side() == 0 {
		p.Lapses = now.Add(pactLife).UTC().Truncate(time.Second)
	}
}

// signSecond has the second side sign what is drafted.
func (p *pact) signSecond(key entry.Signer) error {
	d := p.draft()
	if err := d.Agree(key); err != nil {
		return err
	}
	p.Signature = bytes.Clone(d.Agreed[:])
	return nil
}
