package porches

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	ma "github.com/multiformats/go-multiaddr"

	"kith/crdt"
	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
	"kith/daemon/words"
)

const (
	lookEvery = time.Second // whether anything has changed: that costs next to nothing
	lookAnew  = time.Minute // though nothing has
	maxTold   = 100         // porches in a list
)

// Porches are those of all co-ops that a daemon serves.
type Porches struct {
	all *space.List
	log *slog.Logger

	mu sync.Mutex
	of map[*space.Space]*Own
}

// New makes those of the spaces in a list.
func New(all *space.List) *Porches {
	return &Porches{all: all, log: all.Config.Log, of: map[*space.Space]*Own{}}
}

// Of gives those of a space.
func (p *Porches) Of(at *space.Space) *Own {
	p.mu.Lock()
	defer p.mu.Unlock()
	o := p.of[at]
	if o == nil {
		o = &Own{at: at, all: p.all}
		p.of[at] = o
	}
	return o
}

// Run has each co-op's porches used here, by it and by its shares, until ctx ends.
func (p *Porches) Run(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	for {
		for _, at := range p.all.All() {
			if shared, _ := at.Replica.Share(); shared == nil {
				if err := p.Of(at).follow(); err != nil && ctx.Err() == nil {
					p.log.Error("use the porches of the co-op", "err", err)
				}
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Own are the porches of one space.
type Own struct {
	at  *space.Space
	all *space.List

	mu      sync.Mutex // held while what is used is settled
	looked  time.Time
	views   uint64
	charter *charter.Charter
	names   map[*space.Space][]string // what each space was told to name last
}

// follow settles what is used, if anything may have changed.
func (o *Own) follow() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.views == o.at.Replica.ViewsAt() && o.charter == o.at.Replica.Charter() && o.at.Now().Sub(o.looked).Abs() < lookAnew {
		return nil
	}
	return o.settle()
}

// settle has this computer use what it is to use. The caller holds mu.
func (o *Own) settle() error {
	views, c := o.at.Replica.ViewsAt(), o.at.Replica.Charter()
	config, err := o.at.Place.Config()
	if err != nil {
		return err
	}
	all, given, err := o.porches(config)
	if err != nil {
		return err
	}
	ordered, used := choose(all)
	var codes []string
	for _, p := range ordered[:used] {
		if !slices.Contains(codes, p.code) {
			codes = append(codes, p.code)
		}
	}
	unwanted := func(code string) bool {
		is := func(p porch) bool { return p.code == code }
		return !slices.Contains(codes, code) && (slices.ContainsFunc(given, is) || slices.ContainsFunc(all, func(p porch) bool { return p.left && is(p) }))
	}
	before, over := config.Porches, ids(given)
	if before == nil {
		before = &home.Porches{}
	}
	if !slices.Equal(before.Uses, codes) || len(without(over, before.Over)) > 0 {
		config, err = o.at.Place.ChangeConfig(func(c *home.Config) error {
			if c.Porches == nil {
				c.Porches = &home.Porches{}
			}
			// What was given up goes, too, where it came with the answer to a code. What somebody types again afterwards stays.
			c.Relays = slices.DeleteFunc(c.Relays, func(code string) bool {
				return slices.ContainsFunc(given, func(p porch) bool { return p.code == code && !slices.Contains(c.Porches.Over, p.id.String()) }) && unwanted(code)
			})
			c.Porches.Uses, c.Porches.Over = codes, over
			return nil
		})
		if err != nil {
			return err
		}
	}
	if err := o.name(o.at, config.Named()); err != nil {
		return err
	}
	for _, share := range o.all.SharesOf(o.at.Replica.Space()) {
		config, err := share.Place.Config()
		if err != nil {
			return err
		}
		own := slices.DeleteFunc(config.Relays, unwanted) // they were those of the home when the share began
		if err := o.name(share, slices.Concat(own, without(codes, own))); err != nil {
			return err
		}
	}
	o.views, o.charter, o.looked = views, c, o.at.Now()
	return nil
}

// name has a space name relays, if they aren't those that it names.
func (o *Own) name(at *space.Space, relays []string) error {
	if named, told := o.names[at]; told && slices.Equal(named, relays) || at.Peers == nil {
		return nil
	}
	if err := at.Peers.UseRelays(relays); err != nil {
		return err
	}
	if o.names == nil {
		o.names = map[*space.Space][]string{}
	}
	o.names[at] = relays
	return nil
}

func ids(all []porch) (out []string) {
	for _, p := range all {
		out = append(out, p.id.String())
	}
	return out
}

func without(all, others []string) []string {
	return slices.DeleteFunc(slices.Clone(all), func(s string) bool { return slices.Contains(others, s) })
}

// here is what this computer's config says, and the porches that the documents name.
func (o *Own) here() (config home.Config, all []porch, err error) {
	if config, err = o.at.Place.Config(); err != nil {
		return config, nil, err
	}
	all, _, err = o.porches(config)
	return config, all, err
}

// porches reads those that the documents name, and those that were given up.
func (o *Own) porches(config home.Config) (all, given []porch, err error) {
	err = o.at.Replica.Views(kinds.Porch.Name, func(v *crdt.View) bool {
		p := porch{id: v.ID, label: v.Title, code: kinds.PorchCodeIn(v), by: v.CreatedBy, added: v.CreatedAt.Time()}
		if v.Archived != nil {
			given = append(given, p)
			return true
		}
		p.void = o.void(&p)
		if c := config.Porches; c != nil {
			p.left, p.chosen = slices.Contains(c.Left, v.ID.String()), slices.Contains(c.Chose, v.ID.String())
		}
		all = append(all, p)
		return true
	})
	return all, given, err
}

// unfit reads the code of a porch, and says why it is none; "" if it is.
func (o *Own) unfit(p *porch) string {
	code, err := charter.DecodePorchCode(p.code)
	if err != nil || peer.CheckRelays([]string{p.code}) != nil {
		return "what stands there is no code of a porch"
	}
	p.at = peer.RelayAddress(p.code)
	if a, err := ma.NewMultiaddr(p.at); err == nil {
		if host, _ := ma.SplitFirst(a); host != nil {
			p.host = host.Value()
		}
	}
	if o.at.Knows(code.At[0].Device) || code.At[0].Device == o.at.Replica.Device() {
		return "it is a computer of the co-op, which passes on for the others anyway"
	}
	return ""
}

// void reads the code of a porch of the co-op, and says why it is none for us; "" if it is.
func (o *Own) void(p *porch) string {
	if why := o.unfit(p); why != "" {
		return why
	}
	if m, ok := o.at.Replica.Charter().Member(p.by); !ok || m.Standing != charter.Full && m.Standing != charter.Resigned {
		return "who added it is no full member: one of you can add it anew"
	}
	return ""
}

// Porches implements server.Porches.
func (o *Own) Porches(context.Context) ([]api.Porch, error) {
	_, all, err := o.here()
	if err != nil {
		return nil, err
	}
	people := words.People{Rules: o.at.Replica.Rules()}
	ordered, used := choose(all)
	var out []api.Porch
	for i, p := range ordered[:min(len(ordered), maxTold)] {
		one := p.shown(people.Named(p.by))
		one.Short = words.ShortID(o.at.Replica, kinds.Porch.Name, p.id)
		one.State, one.Says = o.stands(p, i < used)
		out = append(out, one)
	}
	lent, err := o.allLent(all)
	return append(out, shownOf(lent)...), err
}

// stands says how it stands with a porch on this computer.
func (o *Own) stands(p porch, used bool) (state, says string) {
	switch {
	case p.void != "":
		return api.PorchVoid, p.void
	case p.left:
		return api.PorchLeft, "this computer doesn't use it: kith porch follow PORCH"
	case !used:
		return api.PorchSpare, "a computer uses four at most: kith porch follow PORCH has this one come first"
	case o.at.Peers == nil:
		return api.PorchReady, ""
	}
	s := o.at.Peers.RelayState(p.code)
	switch {
	case s.Trouble != "":
		return api.PorchTrouble, s.Trouble
	case s.Place:
		return api.PorchUsed, "this computer keeps a place there"
	case !s.Needed:
		return api.PorchReady, "others reach this computer without it"
	}
	return api.PorchReady, "this computer has no place there now"
}

// AddPorch implements server.Porches.
func (o *Own) AddPorch(ctx context.Context, q api.PorchRequest) (out api.PorchAdded, err error) {
	if shared, _ := o.at.Replica.Share(); shared != nil {
		return out, api.Problemf(api.NotAllowed, "kith porch add CODE --space NAME, of the co-op itself", "a share has no porches of its own: each co-op uses its own there, too")
	}
	if me, ok := o.at.Replica.Me(); !ok || me.Standing != charter.Full {
		return out, api.Problemf(api.NotAllowed, "ask one of the others to", "only full members add a porch for all")
	}
	code, label := q.Code, q.Label
	if _, err := charter.DecodePorchCode(code); err != nil && strings.HasPrefix(charter.FoldName(code), "kith") {
		return out, err // it is a code, and none of a porch, or not whole
	}
	if !charter.IsPorchCode(code) { // one that an ally lends, by its name
		one, err := o.ofAlly(code)
		if err != nil {
			return out, err
		}
		code, label = one.code, cmp.Or(label, one.label)
	}
	if err := peer.CheckRelays([]string{code}); err != nil {
		return out, err
	}
	p := porch{code: code}
	if me, ok := o.at.Replica.Me(); ok {
		p.by = me.ID
	}
	if why := o.void(&p); why != "" {
		return out, api.Problemf(api.Invalid, "ask who runs the porch for its code", "this porch is of no use: %s", why)
	}
	if label, err = p.called(label); err != nil {
		return out, err
	}
	there, err := o.Porches(ctx)
	if err != nil {
		return out, err
	}
	for _, t := range there {
		if sameIdentity(t.At, p.at) && t.State != api.PorchLent {
			return out, api.Problemf(api.NotAllowed, "with a new code for it: kith porch remove "+words.ShellWord(t.Label)+", then add it", "“%s” is a porch of yours already", t.Label)
		}
		if t.State != api.PorchLent && charter.FoldName(t.Label) == charter.FoldName(label) {
			return out, api.Problemf(api.NotAllowed, "--label NAME", "another porch of yours is called “%s” already", t.Label)
		}
	}
	v, err := written(ctx, o.at.Replica, label, code)
	if err != nil {
		return out, err
	}
	return o.added(ctx, v.ID)
}

// sameIdentity says of where two porches are whether they are one, which may have moved.
func sameIdentity(a, b string) bool {
	return a[strings.LastIndexByte(a, '/')+1:] == b[strings.LastIndexByte(b, '/')+1:]
}

// called is what a porch is called: as somebody says, or else by where it is.
func (p *porch) called(label string) (string, error) {
	return charter.CleanName(cmp.Or(label, "the porch at "+p.host))
}

// written makes the document of a porch.
func written(ctx context.Context, r *replica.Replica, label, code string) (crdt.View, error) {
	return r.Create(ctx, kinds.Porch.Name, func(e replica.Edit) error {
		return e.Perform(kinds.Porch, kinds.Porch.Make, kinds.UsePorch(label, code), nil)
	})
}

// added settles what is used, and tells of a porch that came.
func (o *Own) added(ctx context.Context, id entry.DocID) (out api.PorchAdded, err error) {
	out.Advice = []string{}
	if out.Porch, err = o.settled(ctx, id); err != nil {
		return out, err
	}
	_, all, err := o.here()
	all = slices.DeleteFunc(all, func(p porch) bool { return p.void != "" })
	switch {
	case len(all) == 1:
		out.Advice = append(out.Advice, "It is your only one: if it goes, those behind routers don't reach each other. A second one at another host helps.")
	case len(all) > 1 && !apart(all):
		out.Advice = append(out.Advice, "All of your porches are at one host: if it goes, those behind routers don't reach each other. One at another host helps.")
	}
	return out, err
}

// settled settles what is used, and tells of one of the porches.
func (o *Own) settled(ctx context.Context, id entry.DocID) (api.Porch, error) {
	o.mu.Lock()
	err := o.settle()
	o.mu.Unlock()
	if err != nil {
		return api.Porch{}, err
	}
	all, err := o.Porches(ctx)
	if err != nil {
		return api.Porch{}, err
	}
	whole := api.FullID(kinds.Porch.Name, id.String())
	for _, p := range all {
		if p.ID == whole {
			return p, nil
		}
	}
	return api.Porch{ID: whole}, nil
}

// RemovePorch implements server.Porches.
func (o *Own) RemovePorch(ctx context.Context, word string) (api.Porch, error) {
	p, err := o.meant(ctx, word)
	if err != nil {
		return p.Porch, err
	}
	if _, err := o.at.Replica.Edit(ctx, p.doc, func(e replica.Edit) error { return e.Perform(kinds.Porch, kind.Archive, kind.Request{}, nil) }); err != nil {
		return p.Porch, err
	}
	_, err = o.settled(ctx, p.doc)
	p.State, p.Says = api.PorchRemoved, ""
	return p.Porch, err
}

// FollowPorch implements server.Porches.
func (o *Own) FollowPorch(ctx context.Context, word string) (api.Porch, error) {
	return o.choosing(ctx, word, func(c *home.Porches, id string) {
		c.Left, c.Chose = drop(c.Left, id), append(drop(c.Chose, id), id)
	})
}

// LeavePorch implements server.Porches.
func (o *Own) LeavePorch(ctx context.Context, word string) (api.Porch, error) {
	return o.choosing(ctx, word, func(c *home.Porches, id string) {
		c.Left, c.Chose = append(drop(c.Left, id), id), drop(c.Chose, id)
	})
}

func drop(all []string, one string) []string { return without(all, []string{one}) }

// choosing changes what this computer's person wants of a porch.
func (o *Own) choosing(ctx context.Context, word string, change func(*home.Porches, string)) (api.Porch, error) {
	p, err := o.meant(ctx, word)
	if err != nil {
		return p.Porch, err
	}
	if _, err := o.at.Place.ChangeConfig(func(c *home.Config) error {
		if c.Porches == nil {
			c.Porches = &home.Porches{}
		}
		change(c.Porches, p.doc.String())
		if slices.Contains(c.Porches.Left, p.doc.String()) {
			c.Relays = drop(c.Relays, p.code) // it came with the answer to a code
		}
		return nil
	}); err != nil {
		return p.Porch, err
	}
	return o.settled(ctx, p.doc)
}

// one is a porch, and its document.
type one struct {
	api.Porch
	doc  entry.DocID
	code string
}

// meant finds the porch that a word names.
func (o *Own) meant(ctx context.Context, word string) (out one, err error) {
	all, err := o.Porches(ctx)
	if err != nil {
		return out, err
	}
	out.Porch, err = api.PickPorch(slices.DeleteFunc(all, func(p api.Porch) bool { return p.State == api.PorchLent }), word)
	if err != nil {
		return out, err
	}
	_, id, _ := kinds.All.SplitID(out.ID)
	if out.doc, err = entry.ParseDocID(id); err != nil {
		return out, err
	}
	v, err := o.at.Replica.View(out.doc)
	if err == nil {
		out.code = kinds.PorchCodeIn(v)
	}
	return out, err
}
