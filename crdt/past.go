package crdt

import (
	"cmp"
	"slices"
	"strings"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// Past reads a document as it was at any of its changes. It is made of the changes alone: for each reading the core would put together
// anew all that led there, which of a long text that was written over again and again takes a second.
type Past struct {
	k     *kind.Kind
	items []*accept.Item
	at    map[change.Hash]int32
	of    map[change.Actor][]int32 // the changes of each, ascending by their numbers

	// By the place of an operation among those of all changes.
	first []int32 // of each change, its first one's
	in    []int32 // the change that it is in
	gone  []int32 // of a character, the change that took it out, and 1; 0: none did
	also  map[int32][]int32

	text  []int32 // the characters that were ever in the text, in its order
	plain []int32 // what was done to plain values and tags
	tags  change.OpID
}

// NewPast makes it of the accepted changes of a document of a kind, each behind those that it stands on.
func NewPast(k *kind.Kind, items []*accept.Item) *Past {
	p := &Past{k: k, items: items, at: make(map[change.Hash]int32, len(items)), of: map[change.Actor][]int32{}, also: map[int32][]int32{}}
	var text change.OpID
	for i, it := range items {
		c := it.Change
		p.at[c.Hash], p.of[c.Actor] = int32(i), append(p.of[c.Actor], int32(i))
		p.first = append(p.first, int32(len(p.in)))
		for j := range c.Ops {
			p.in = append(p.in, int32(i))
			switch op := &c.Ops[j]; {
			case !op.Obj.IsZero():
			case op.Key == schema.Text:
				text = op.ID
			case op.Key == schema.Tags:
				p.tags = op.ID
			}
		}
	}
	for _, all := range p.of {
		slices.SortFunc(all, func(a, b int32) int { return cmp.Compare(items[a].Change.StartOp, items[b].Change.StartOp) })
	}
	p.gone = make([]int32, len(p.in))
	p.read(text)
	return p
}

// read puts the characters in the order of the text: each behind the one that it was written behind, and of several there the newest first.
func (p *Past) read(text change.OpID) {
	// Behind a character, or at the beginning of the text, stands one, and beside it others: by place, and 1.
	behind, beside := make([]int32, len(p.in)+1), make([]int32, len(p.in)+1)
	for i := range p.in {
		place := int32(i)
		switch op := p.op(place); {
		case op.Obj.IsZero() || op.InMap && op.Obj == p.tags:
			p.plain = append(p.plain, place)
		case op.Obj != text || op.InMap:
		case op.Insert:
			at := p.placeOf(op.Elem) + 1
			behind[at], beside[place+1] = place+1, behind[at]
		case op.Action == change.Delete:
			if at := p.placeOf(op.Elem); at >= 0 && p.gone[at] == 0 {
				p.gone[at] = p.in[place] + 1
			} else if at >= 0 {
				p.also[at] = append(p.also[at], p.in[place])
			}
		}
	}
	var todo []int32
	put := func(at int32) {
		n := len(todo)
		for next := behind[at]; next != 0; next = beside[next] {
			todo = append(todo, next)
		}
		slices.SortFunc(todo[n:], func(a, b int32) int { return p.op(a - 1).ID.Compare(p.op(b - 1).ID) })
	}
	for put(0); len(todo) > 0; {
		next := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		p.text = append(p.text, next-1)
		put(next)
	}
}

func (p *Past) op(place int32) *change.Op {
	in := p.in[place]
	return &p.items[in].Change.Ops[place-p.first[in]]
}

// placeOf is the place of an operation; -1: it is none of these, as the beginning of the text.
func (p *Past) placeOf(id change.OpID) int32 {
	all := p.of[id.Actor]
	n, found := slices.BinarySearchFunc(all, id.Counter, func(i int32, counter uint64) int { return cmp.Compare(p.items[i].Change.StartOp, counter) })
	if !found {
		n--
	}
	if n < 0 || id.Counter-p.items[all[n]].Change.StartOp >= uint64(len(p.items[all[n]].Change.Ops)) {
		return -1
	}
	return p.first[all[n]] + int32(id.Counter-p.items[all[n]].Change.StartOp)
}

// within says of each change whether some heads know of it; ok is false if one of them isn't here.
func (p *Past) within(heads []change.Hash) (known []bool, ok bool) {
	known = make([]bool, len(p.items))
	todo := slices.Clone(heads)
	for len(todo) > 0 {
		hash := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		i, ok := p.at[hash]
		if !ok {
			return nil, false
		}
		if !known[i] {
			known[i] = true
			todo = append(todo, p.items[i].Change.Deps...)
		}
	}
	return known, true
}

// isGone says whether a character was taken out by one of the changes that are known.
func (p *Past) isGone(place int32, known []bool) bool {
	return p.gone[place] != 0 && (known[p.gone[place]-1] || slices.ContainsFunc(p.also[place], func(i int32) bool { return known[i] }))
}

// At is what the function At gives as of some heads; nil if one of them isn't here.
func (p *Past) At(heads []change.Hash) *View {
	known, ok := p.within(heads)
	if !ok {
		return nil
	}
	var text strings.Builder
	for _, place := range p.text {
		if known[p.in[place]] && !p.isGone(place, known) {
			text.WriteString(p.op(place).Value.Str())
		}
	}
	v := &View{Meta: Meta{Kind: p.k.Name, Heads: heads}, Text: text.String(), Tags: []string{}, Fields: kind.Values{}}
	over := map[int32]bool{}
	for _, place := range p.plain {
		if known[p.in[place]] {
			for _, was := range p.op(place).Pred {
				over[p.placeOf(was)] = true
			}
		}
	}
	type key struct {
		tag  bool
		name string
	}
	stands := map[key]*change.Op{}
	for _, place := range p.plain {
		op := p.op(place)
		if op.Action != change.Set || over[place] || !known[p.in[place]] {
			continue
		}
		at := key{!op.Obj.IsZero(), op.Key}
		if was := stands[at]; was == nil || was.ID.Less(op.ID) {
			stands[at] = op
		}
	}
	for at, op := range stands {
		if at.tag && op.Value.Bool() {
			v.Tags = append(v.Tags, at.name)
		}
	}
	slices.Sort(v.Tags)
	if op := stands[key{name: schema.Title}]; op != nil {
		v.Title = op.Value.Str()
	}
	for _, f := range p.k.Fields {
		op := stands[key{name: f.Key}]
		if op == nil {
			continue
		}
		switch op.Value.Kind {
		case change.StrKind, change.IntKind, change.BoolKind:
			v.Fields[f.Key] = op.Value
		}
	}
	return v
}
