package crdt

import (
	"bytes"
	"cmp"
	"slices"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// maxWindow is how many of a document's last changes are looked at for what was written apart.
const maxWindow = 512

// lookApart finds where people wrote at one place of a document without knowing of each other, the newest last: in its
// text, until somebody who knew both settled it, and values of one field of which none was written over. It is a
// function of what is accepted; a line of history without branches costs a comparison for each change.
func lookApart(k *kind.Kind, d *accept.Document, items []*accept.Item) []kind.Apart {
	out := []kind.Apart{}
	if isLine(items) {
		return out
	}
	items = slices.Clone(items)
	slices.SortFunc(items, func(a, b *accept.Item) int { // not by arrival, which differs
		return cmp.Or(cmp.Compare(a.Change.StartOp, b.Change.StartOp), cmpChange(a.Change, b.Change))
	})
	if items = items[max(0, len(items)-maxWindow):]; isLine(items) {
		return out
	}
	out = append(append(out, valuesApart(k, d, items)...), textsApart(d, items)...)
	return out[max(0, len(out)-kind.MaxApart):]
}

func isLine(items []*accept.Item) bool {
	for i := 1; i < len(items); i++ {
		if deps := items[i].Change.Deps; len(deps) != 1 || deps[0] != items[i-1].Change.Hash {
			return false
		}
	}
	return true
}

// valuesApart finds the fields of which several people's values stand beside each other.
func valuesApart(k *kind.Kind, d *accept.Document, items []*accept.Item) (out []kind.Apart) {
	by := map[change.Hash]charter.MemberID{}
	for _, it := range items {
		by[it.Change.Hash] = it.Author
	}
	for _, f := range append([]*kind.Field{kind.Title}, k.Fields...) {
		if f.Is == kind.Members || f.First {
			continue
		}
		var sides []kind.Side
		says := map[string]bool{}
		for _, w := range d.History().Writes(change.OpID{}, f.Key) {
			if who, ok := by[w.Change]; ok && !w.Overwritten && w.Action == change.Set {
				sides = append(sides, kind.Side{By: who, Head: w.Change, Says: f.Said(w.Value)})
				says[f.Said(w.Value)] = true
			}
		}
		if len(says) > 1 {
			out = append(out, kind.Apart{Field: f.Key, Sides: sides})
		}
	}
	return out
}

// textsApart finds the changes by two people at one place of the text.
func textsApart(d *accept.Document, items []*accept.Item) (out []kind.Apart) {
	knows := pasts(items, d.Order())
	var settled []int
	for i, it := range items {
		if slices.ContainsFunc(it.Change.Ops, func(op change.Op) bool { return op.Obj.IsZero() && op.Key == schema.Settled }) {
			settled = append(settled, i)
		}
	}
	places := make([]map[change.OpID]place, len(items))
	at := func(i int) map[change.OpID]place {
		if places[i] == nil {
			places[i] = placesOf(items[i].Change, d.History())
		}
		return places[i]
	}
	told := map[[2]charter.MemberID]bool{} // the newest of two people is enough: it shows what both wrote
	for j := len(items) - 1; j >= 0; j-- {
		for i := j - 1; i >= 0; i-- {
			a, b := items[i], items[j]
			pair := [2]charter.MemberID{a.Author, b.Author}
			if slices.SortFunc(pair[:], func(x, y charter.MemberID) int { return bytes.Compare(x[:], y[:]) }); a.Author == b.Author || told[pair] || knows[j].has(i) || !meet(at(i), at(j)) {
				continue
			}
			if slices.ContainsFunc(settled, func(s int) bool { return knows[s].has(i) && knows[s].has(j) }) {
				continue
			}
			told[pair] = true
			out = append(out, kind.Apart{Field: schema.Text, Sides: []kind.Side{{By: a.Author, Head: a.Change.Hash}, {By: b.Author, Head: b.Change.Hash}}})
		}
	}
	slices.Reverse(out)
	return out
}

// place is what a change did at an element of the text.
type place uint8

const (
	wrote place = 1 << iota // put something behind it
	cutOut
)

// placesOf gives where a change wrote in the text. Behind what it wrote itself isn't a place of others'.
func placesOf(c *change.Change, h *change.History) map[change.OpID]place {
	out := map[change.OpID]place{}
	d := describer{change: c, history: h}
	for i := range c.Ops {
		op := &c.Ops[i]
		if op.Obj.IsZero() || op.InMap || d.keyOf(op.Obj) != schema.Text {
			continue
		}
		switch own := op.Elem.Actor == c.Actor && op.Elem.Counter >= c.StartOp; {
		case op.Insert && !own:
			out[op.Elem] |= wrote
		case op.Action == change.Delete && !own:
			out[op.Elem] |= cutOut
		}
	}
	return out
}

// meet says whether two changes wrote at one place: behind the same character, or where the other took it out.
func meet(a, b map[change.OpID]place) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	for at, did := range a {
		if other := b[at]; other != 0 && (did|other)&wrote != 0 {
			return true
		}
	}
	return false
}

// past is a set of changes by their place in a window.
type past []uint64

func (p past) has(i int) bool { return p[i/64]>>(i%64)&1 == 1 }

// pasts gives of each of these changes which of them it knows of. arrived has them, and others, each behind what it knows of.
func pasts(items, arrived []*accept.Item) []past {
	at := make(map[change.Hash]int, len(items))
	for i, it := range items {
		at[it.Change.Hash] = i
	}
	all := make([]past, len(items))
	for _, it := range arrived {
		i, ok := at[it.Change.Hash]
		if !ok {
			continue
		}
		all[i] = make(past, len(items)/64+1)
		for _, dep := range it.Change.Deps {
			if n, ok := at[dep]; ok {
				all[i][n/64] |= 1 << (n % 64)
				for w := range all[i] {
					all[i][w] |= all[n][w]
				}
			}
		}
	}
	return all
}
