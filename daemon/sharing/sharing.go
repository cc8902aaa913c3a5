package sharing

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"kith/crdt"
	"kith/crdt/change"
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
	"kith/daemon/store"
	"kith/daemon/words"
)

// Sharing is how documents of one co-op get into its shares, and what was asked for there; and how all of another co-op get into
// one that was founded from it. Of a share itself it lists what is asked in that.
type Sharing struct {
	at   *space.Space
	desk *desk.Desk
	all  *space.List
}

var _ server.Shares = (*Sharing)(nil)

// New makes that of a space; in all are its shares.
func New(at *space.Space, all *space.List) *Sharing { return &Sharing{at, desk.New(at, all), all} }

// shareCalled finds a share of this co-op: by its ID, or the start of it; by the ally, or by both co-ops, of whose
// shares the oldest is meant that isn't over; or by its title. An ally's name goes before titles, which other allies may
// have chosen. What may mean several is asked about.
func (x *Sharing) shareCalled(word string) (*replica.Replica, error) {
	var byID, byAlly, byTitle []*space.Space
	is := func(s string) bool { return api.FoldName(s) == api.FoldName(word) }
	for _, at := range x.desk.Shares() {
		name, _ := words.ShareNameOf(at.Replica)
		id := at.Replica.Space().String()
		switch {
		case id == strings.ToLower(word):
			return at.Replica, nil
		case len(word) >= words.MinShortID && strings.HasPrefix(id, strings.ToLower(word)):
			byID = append(byID, at)
		}
		switch {
		case is(name.Ally), is(words.SpaceName(at.Replica)):
			byAlly = append(byAlly, at)
		case is(name.Title):
			byTitle = append(byTitle, at)
		}
	}
	named := notOver(byTitle)
	if len(byAlly) > 0 { // also if that is over: a title doesn't take its place
		if named = notOver(byAlly); onePact(named) {
			named = named[:1]
		}
	}
	found := byID
	for _, at := range named {
		if !slices.Contains(byID, at) {
			found = append(found, at)
		}
	}
	switch len(found) {
	case 0:
		return nil, api.Problemf(api.NotFound, "what there is: kith share list; with whom: kith ally list", "no share is called “%.80s”, and no ally that you share something with", word)
	case 1:
		return found[0].Replica, nil
	default:
		p := api.Problemf(api.Ambiguous, "say which by its ID", "“%.80s” may be more than one share", word)
		return nil, api.WithCandidates(p, found, func(at *space.Space) api.Candidate {
			name, _ := words.ShareNameOf(at.Replica)
			id := at.Replica.Space().String()
			return api.Candidate{ID: id, Short: id[:8], Title: "with " + name.Ally + ": " + name.Title}
		})
	}
}

func over(at *space.Space) bool {
	_, is := words.EndOf(at.Replica)
	return is
}

// notOver leaves out shares that are over, unless all are.
func notOver(all []*space.Space) []*space.Space {
	if live := slices.DeleteFunc(slices.Clone(all), over); len(live) > 0 {
		return live
	}
	return all
}

// onePact says whether shares are of one pact: its first, and further ones. Those of which this computer doesn't know it
// aren't.
func onePact(all []*space.Space) bool {
	var step *charter.StepID
	for _, at := range all {
		place, err := at.Place.SharePlace()
		if err != nil || place == nil || step != nil && *step != place.Step {
			return false
		}
		step = &place.Step
	}
	return true
}

// Shares implements server.Shares.
func (x *Sharing) Shares(context.Context) ([]api.Share, error) {
	var all []api.Share
	for _, other := range x.desk.Shares() {
		r := other.Replica
		all = append(all, x.shareOf(r))
	}
	return all, nil
}

// ShowShare implements server.Shares.
func (x *Sharing) ShowShare(_ context.Context, word string) (api.Share, error) {
	r, err := x.shareCalled(word)
	if err != nil {
		return api.Share{}, err
	}
	out := x.shareOf(r)
	homes, err := x.linkedTo(r)
	if err != nil {
		return out, err
	}
	err = r.Views("", func(v *crdt.View) bool {
		if v.Kind == kinds.Ask.Name {
			if !v.Kept {
				out.Asks = append(out.Asks, askOf(r, v))
			}
			return true
		}
		d := api.ShareDocument{Document: desk.InShare(r, v).Header(), Home: homes[v.ID]}
		if k := kinds.All.Named(v.Kind); k.State != nil {
			d.State = k.State(v)
		}
		out.Documents = append(out.Documents, d)
		return true
	})
	slices.SortFunc(out.Documents, func(a, b api.ShareDocument) int {
		return cmp.Or(b.UpdatedAt.Compare(a.UpdatedAt.Time), cmp.Compare(a.ID, b.ID))
	})
	newestAsk(out.Asks)
	return out, err
}

// linkedTo gives the short IDs of the co-op's documents that go on in a share, by that of the document there.
func (x *Sharing) linkedTo(there *replica.Replica) (map[entry.DocID]string, error) {
	homes := map[entry.DocID]string{}
	r := x.at.Replica
	if shared, _ := r.Share(); shared != nil {
		return homes, nil
	}
	for _, id := range r.Linked("") {
		v, err := r.View(id)
		if err != nil || v.Link == nil || v.Link.Share != there.Space().String() {
			continue // it isn't any more
		}
		if doc, err := desk.DocID(v.Link.Doc); err == nil {
			homes[doc] = words.ShortID(r, v.Kind, v.ID)
		}
	}
	return homes, nil
}

func (x *Sharing) shareOf(r *replica.Replica) api.Share {
	shared, side := r.Share()
	terms, _ := shared.Terms()
	out := api.Share{
		Space: api.Named{ID: r.Space().String(), Name: words.SpaceName(r)}, With: words.AllyOf(r), Title: terms.Purpose, Voices: terms.Voices.String(),
		Ours: present(shared, side), Theirs: present(shared, 1-side), Rule: x.rule().String(), Doubt: words.DoubtOf(r),
	}
	if terms.Ends != 0 {
		out.Ends = api.At(words.Moment(terms.Ends))
	}
	out.Until, out.Over = words.EndOf(r)
	by, _ := shared.Ended()
	for i := range by {
		if by[i] != (charter.StepID{}) {
			out.OverBy = append(out.OverBy, shared.Side(i).Name())
			if p, ok := shared.Side(i).Proposal(by[i]); ok && out.Why == "" {
				out.Why = words.Reason(&p)
			}
		}
	}
	return out
}

// present are the people of a side now, who read all that is in the share.
func present(shared *share.Share, side int) (all []api.Named) {
	for _, m := range shared.Side(side).Members() {
		if m.Standing == charter.Full || m.Standing == charter.Prospective {
			all = append(all, api.Named{ID: m.ID.String(), Name: m.Name})
		}
	}
	slices.SortFunc(all, func(a, b api.Named) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// rule is who may share a document of the co-op, as it has agreed.
func (x *Sharing) rule() share.Rule {
	r := x.at.Replica
	return share.RuleOf(r.Charter().Pacts())
}

// plan is a document that is to be shared.
type plan struct {
	home, there *replica.Replica
	v           *crdt.View
	at          desk.Shown
	kept        bool
	left        []string // words that name what isn't shared
	copy        crdt.Copied
	step        charter.StepID // by which it was agreed; zero if there is none
	needsStep   bool
}

// plan looks at what is to be shared, and says why that can't be.
func (x *Sharing) plan(word string, q api.ShareAdd) (*plan, error) {
	home, v, err := x.desk.View(q.ID)
	if err != nil {
		return nil, err
	}
	if shared, _ := home.Share(); shared != nil {
		return nil, api.Problemf(api.Usage, "kith share add SHARE ID, with the ID of a document of the co-op", "this is in a share already, with %s", words.AllyOf(home))
	}
	there, err := x.shareCalled(word)
	if err != nil {
		return nil, err
	}
	if err := desk.MayWrite(there, nil); err != nil {
		return nil, err
	}
	if doubt := words.DoubtOf(there); doubt != "" && !q.Anyway {
		return nil, api.Problemf(api.NotAllowed, "if you know that they are of "+words.AllyOf(there)+": kith share add SHARE ID --anyway", "nothing is shared there for now. %s", doubt)
	}
	if me, ok := home.Me(); !ok || me.Standing != charter.Full {
		return nil, charter.ErrNotFull
	}
	at := x.desk.Look(home, v)
	switch {
	case kinds.All.Named(v.Kind).Share == nil:
		return nil, api.Problemf(api.Invalid, "kith search WORDS", "%s can be shared, and this is none", api.Listed(shareable()))
	case v.Link != nil && !at.Shared.Over:
		code := api.NotAllowed
		if at.Replica == there && at.Shared.ReadOnly == q.ReadOnly {
			code = api.Nothing
		}
		return nil, api.Problemf(code, "kith share list", "it is shared with %s already, by %s%s", at.Shared.With, at.Shared.By.Name, words.OnDay(at.Shared.At))
	}
	if may := kinds.All.Named(v.Kind).Share.May; may != nil {
		if err := may(v); err != nil {
			return nil, err
		}
	}
	if len(q.Heads) > 0 && slices.ContainsFunc(at.View.Heads, func(h change.Hash) bool { return !slices.Contains(q.Heads, h.String()) }) {
		return nil, api.Problemf(api.NotAllowed, "look at it again: the same command", "“%.80s” was changed since it was shown: nothing was shared", at.View.Title)
	}
	p := &plan{home: home, there: there, v: v, at: at, kept: q.ReadOnly}
	l := x.desk.LeaveOut(home, there)
	if p.copy, err = crdt.CopyOf(at.View, q.ReadOnly, l.Plain); err != nil { // if the share that it was in is over, what became of it there
		return nil, err
	}
	p.left = l.Left
	words := home.Charter().Pacts()
	p.step, _ = share.Chosen(words, there.Space(), v.ID, p.kept)
	p.needsStep = share.RuleOf(words) == share.Agreed && p.step == (charter.StepID{})
	return p, nil
}

// PreviewSharing implements server.Shares.
func (x *Sharing) PreviewSharing(_ context.Context, word string, q api.ShareAdd) (api.SharePreview, error) {
	p, err := x.plan(word, q)
	if err != nil {
		return api.SharePreview{}, err
	}
	return p.preview(), nil
}

func (p *plan) preview() api.SharePreview {
	shared, side := p.there.Share()
	ally := words.AllyOf(p.there)
	c := p.copy
	out := api.SharePreview{
		Share: api.Named{ID: p.there.Space().String(), Name: words.SpaceName(p.there)}, With: ally,
		ID: api.FullID(p.v.Kind, p.v.ID.String()), Short: words.ShortID(p.home, p.v.Kind, p.v.ID), Kind: c.Kind.Name, Title: c.Title, Text: c.Text, Tags: c.Tags,
		ReadOnly: p.kept, Readers: present(shared, 1-side), Replaced: p.left,
	}
	for _, h := range p.at.View.Heads {
		out.Heads = append(out.Heads, h.String())
	}
	for _, f := range c.Kind.Fields {
		if said := f.Said(c.Value(f)); said != "" {
			out.Fields = append(out.Fields, api.Field{Name: f.Called(), Value: said})
		}
	}
	out.Says = p.says(out.Readers, ally)
	switch {
	case p.needsStep:
		out.Step = "needed"
	case p.step != (charter.StepID{}):
		out.Step = "agreed"
	}
	return out
}

// says what follows from it, before it happens.
func (p *plan) says(readers []api.Named, ally string) (says []string) {
	names := make([]string, len(readers))
	for i, n := range readers {
		names[i] = n.Name
	}
	who := fmt.Sprintf("Of %s, %s can read it as soon as their computers hear of it, and whoever it brings into the share later.", ally, api.Listed(names))
	if len(names) == 0 {
		who = fmt.Sprintf("Whoever %s brings into the share can read it.", ally)
	}
	says = append(says, who)
	if doubt := words.DoubtOf(p.there); doubt != "" {
		says = append(says, doubt)
	}
	switch {
	case p.copy.Kind.Name != p.v.Kind:
		says = append(says, fmt.Sprintf("It is a note there that says how the decision stands: only your co-op writes in it. The decision itself stays at home, and goes on there.%s",
			map[bool]string{true: "", false: " To decide together, share it without --read."}[kind.Of[kinds.Deciding](p.at.View).Status != kinds.Open]))
	case p.kept:
		says = append(says, fmt.Sprintf("They read it, and only your co-op writes in it. What you write in it from now on, they read too."))
	default:
		says = append(says, "Both co-ops write in it from now on, and each reads what the other writes.")
	}
	says = append(says, "It begins there as it stands now. Its history stays at home, and what was said about it: who was asked, took it or offers help, positions on a decision.")
	if len(p.left) > 0 {
		says = append(says, fmt.Sprintf("Words that name what isn't shared are left out, and don't come back when that is shared later: %s.", strings.Join(p.left, ", ")))
	}
	if named := p.named(); len(named) > 0 {
		says = append(says, fmt.Sprintf("What it says of other documents stays at home, where it goes on, and isn't shown: %s.", strings.Join(named, ", ")))
	}
	if p.copy.Kind.Name == p.v.Kind {
		says = append(says, "At home it keeps its ID, shows what stands in the share, and is marked.")
	}
	says = append(says, "What is shared can't be unsaid: an end of the share only stops what comes after it.")
	if p.needsStep {
		says = append(says, "Your co-op has agreed that sharing takes an agreed step. This proposes it; once it is in force, anybody can share the document with the same command.")
	}
	return says
}

// named are the fields by which the document names others of the co-op.
func (p *plan) named() (fields []string) {
	for _, f := range kinds.All.Named(p.v.Kind).Fields {
		if f.Is == kind.Ref && f.Has(p.at.View) {
			fields = append(fields, f.Called())
		}
	}
	return fields
}

// ShareDocument implements server.Shares.
func (x *Sharing) ShareDocument(ctx context.Context, word string, q api.ShareAdd) (api.ShareResult, error) {
	p, err := x.plan(word, q)
	if err != nil {
		return api.ShareResult{}, err
	}
	if p.needsStep {
		proposal, err := x.chooseFirst(ctx, p)
		if err != nil {
			return api.ShareResult{}, err
		}
		if proposal.State != string(charter.ProposalInForce) {
			return api.ShareResult{Proposal: &proposal}, nil
		}
		if p.step, _ = share.Chosen(p.home.Charter().Pacts(), p.there.Space(), p.v.ID, p.kept); p.step == (charter.StepID{}) {
			return api.ShareResult{}, charter.ErrNoProposal
		}
	}
	if p.v.Link != nil {
		if err := p.at.TakeBack(ctx, p.home, p.v); err != nil {
			return api.ShareResult{}, err
		}
	}
	if err := p.share(ctx); err != nil {
		return api.ShareResult{}, err
	}
	r, v, err := x.desk.View(q.ID)
	if err != nil {
		return api.ShareResult{}, err
	}
	d := x.desk.Look(r, v).Header()
	return api.ShareResult{Document: &d}, nil
}

// chooseFirst proposes that the co-op shares a document, unless that is proposed already.
func (x *Sharing) chooseFirst(ctx context.Context, p *plan) (api.Proposal, error) {
	word := share.Word{What: share.Choose, Share: p.there.Space(), Doc: p.v.ID, Kept: p.kept}
	said, err := word.Encode()
	if err != nil {
		return api.Proposal{}, err
	}
	for _, open := range p.home.Charter().Pending() {
		if open.Type == charter.ProposalPact && string(open.Terms.Pact) == string(said) && open.State == charter.ProposalOpen {
			return assembly.ProposalNow(p.home, open.ID)
		}
	}
	return assembly.Propose(ctx, p.home, func(c *charter.Charter) ([]byte, charter.StepID, error) {
		return c.Propose(p.home.Device(), charter.Terms{Type: charter.ProposalPact, Pact: said})
	})
}

// sharingPrefix is of small records in the store of a share: of a copy that was made and isn't linked yet.
const sharingPrefix = "sharing/"

func sharingRecord(home entry.SpaceID, doc entry.DocID) string {
	return sharingPrefix + home.String() + "/" + doc.String()
}

// share makes the copy in the share, and then the link at home. The copy is stored together with what is still to
// be done, so that after a crash the link is made, and not another copy.
func (p *plan) share(ctx context.Context) error {
	record := sharingRecord(p.home.Space(), p.v.ID)
	b, err := p.there.Store().Small(record)
	if err == nil {
		return p.link(ctx, record, b)
	}
	if !errors.Is(err, store.ErrNotFound) {
		return err
	}
	edit := p.copy.Begin()
	if p.kept || p.copy.Kind.Name != p.v.Kind {
		edit = crdt.Keep(edit)
	}
	link := crdt.Link{Share: p.there.Space().String(), Kept: p.kept}
	if p.step != (charter.StepID{}) {
		link.Agreed = p.step.String()
	}
	_, err = p.there.CreateNoting(ctx, p.copy.Kind.Name, func(e replica.Edit) error { return edit(e.Doc, nil) }, func(doc entry.DocID) (string, []byte) {
		link.Doc = api.FullID(p.copy.Kind.Name, doc.String())
		b, err = json.Marshal(link)
		return record, b
	})
	if err != nil {
		return err
	}
	return p.link(ctx, record, b)
}

// link lets the document at home go on in the share, as a record says.
func (p *plan) link(ctx context.Context, record string, said []byte) error {
	var l crdt.Link
	if err := json.Unmarshal(said, &l); err != nil {
		return fmt.Errorf("%w: %s: %v", store.ErrCorrupt, record, err)
	}
	late := false
	_, err := p.home.Edit(ctx, p.v.ID, func(e replica.Edit) error {
		if now := e.View.Link; now != nil && now.Link != l {
			late = true
			return api.Problemf(api.NotAllowed, "kith share show SHARE shows both", "%s has shared it at the same moment", words.People{Rules: e.Charter}.Named(now.By).Name)
		}
		return crdt.SetLink(&l)(e.Doc, e.View)
	})
	if err != nil && !late {
		return err
	}
	done := store.NewBatch(nil) // also if another link stands: this one mustn't be made when that is gone
	done.PutSmall(record, nil)
	return errors.Join(err, p.there.Store().Commit(done))
}

// Finish makes the links of copies that were made before a crash. What fails is tried again when somebody shares that
// document again.
func (x *Sharing) Finish(ctx context.Context) error {
	home := x.at.Replica
	if shared, _ := home.Share(); shared != nil {
		return nil
	}
	var broken error
	for _, other := range x.desk.Shares() {
		there := other.Replica
		waiting := map[string][]byte{}
		prefix := sharingRecord(home.Space(), entry.DocID{})
		prefix = prefix[:len(prefix)-len(entry.DocID{}.String())]
		if err := there.Store().Smalls(prefix, func(name string, value []byte) { waiting[name] = slices.Clone(value) }); err != nil {
			return err
		}
		for name, said := range waiting {
			doc, err := entry.ParseDocID(strings.TrimPrefix(name, prefix))
			if err != nil {
				return fmt.Errorf("%w: %s: %v", store.ErrCorrupt, name, err)
			}
			v, err := home.View(doc)
			if err == nil {
				p := &plan{home: home, there: there, v: v}
				err = p.link(ctx, name, said)
			}
			broken = errors.Join(broken, err)
		}
	}
	return broken
}

// shareable are the kinds that can be shared, as people call them.
func shareable() (names []string) {
	for _, k := range kinds.All.Nouns() {
		if k.Share != nil {
			names = append(names, k.Many)
		}
	}
	return names
}
