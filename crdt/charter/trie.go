package charter

// trie is a map from small numbers to values that never changes: with makes another one that
// shares all but a few branches with it. The zero value of V stands for what isn't in it.
type trie[V comparable] struct {
	root   *branch[V]
	levels int // below the root
}

const (
	fanBits = 4
	fan     = 1 << fanBits
)

// branch has either further branches or, at the lowest level, values.
type branch[V comparable] struct {
	down []*branch[V]
	vals []V
}

func (t trie[V]) get(i int) (v V) {
	if t.root == nil || i>>(fanBits*(t.levels+1)) != 0 {
		return v
	}
	b := t.root
	for level := t.levels; level > 0; level-- {
		if b = b.down[i>>(fanBits*level)&(fan-1)]; b == nil {
			return v
		}
	}
	return b.vals[i&(fan-1)]
}

// with returns t with a value set.
func (t trie[V]) with(i int, v V) trie[V] {
	for i>>(fanBits*(t.levels+1)) != 0 {
		t = t.raised()
	}
	t.root = t.root.with(t.levels, i, v)
	return t
}

// raised returns t with one level more.
func (t trie[V]) raised() trie[V] {
	if t.root != nil {
		up := &branch[V]{down: make([]*branch[V], fan)}
		up.down[0] = t.root
		t.root = up
	}
	t.levels++
	return t
}

func (b *branch[V]) with(level, i int, v V) *branch[V] {
	out := &branch[V]{}
	if level == 0 {
		out.vals = make([]V, fan)
		if b != nil {
			copy(out.vals, b.vals)
		}
		out.vals[i&(fan-1)] = v
		return out
	}
	out.down = make([]*branch[V], fan)
	if b != nil {
		copy(out.down, b.down)
	}
	at := i >> (fanBits * level) & (fan - 1)
	out.down[at] = out.down[at].with(level-1, i, v)
	return out
}

// level raises the lower of two, so that both have as many levels.
func (t trie[V]) level(o trie[V]) (trie[V], trie[V]) {
	for t.levels < o.levels {
		t = t.raised()
	}
	for o.levels < t.levels {
		o = o.raised()
	}
	return t, o
}

// union returns what is in either; merge joins two values that differ. Branches that both
// share cost nothing.
func (t trie[V]) union(o trie[V], merge func(a, b V) V) trie[V] {
	t, o = t.level(o)
	t.root = t.root.union(o.root, merge)
	return t
}

func (b *branch[V]) union(o *branch[V], merge func(a, b V) V) *branch[V] {
	switch {
	case b == o, o == nil:
		return b
	case b == nil:
		return o
	}
	out := b // as long as nothing differs
	for i := range o.down {
		if u := b.down[i].union(o.down[i], merge); u != b.down[i] {
			if out == b {
				out = &branch[V]{down: append([]*branch[V](nil), b.down...)}
			}
			out.down[i] = u
		}
	}
	var none V
	for i, v := range o.vals {
		switch old := b.vals[i]; {
		case v == none || v == old:
			continue
		case old != none:
			if v = merge(old, v); v == old {
				continue
			}
		}
		if out == b {
			out = &branch[V]{vals: append([]V(nil), b.vals...)}
		}
		out.vals[i] = v
	}
	return out
}

// common returns what is in both; merge joins two values that differ. Branches that both share cost nothing.
func (t trie[V]) common(o trie[V], merge func(a, b V) V) trie[V] {
	t, o = t.level(o)
	t.root = t.root.common(o.root, merge)
	return t
}

func (b *branch[V]) common(o *branch[V], merge func(a, b V) V) *branch[V] {
	switch {
	case b == o:
		return b
	case b == nil || o == nil:
		return nil
	}
	out := &branch[V]{}
	for i := range b.down {
		out.down = append(out.down, b.down[i].common(o.down[i], merge))
	}
	var none V
	for i, v := range b.vals {
		if was := o.vals[i]; v != was {
			if v != none && was != none {
				v = merge(v, was)
			} else {
				v = none
			}
		}
		out.vals = append(out.vals, v)
	}
	return out
}

// each calls fn with all that is in t, in ascending order.
func (t trie[V]) each(fn func(i int, v V)) { t.root.each(t.levels, 0, fn) }

func (b *branch[V]) each(level, from int, fn func(int, V)) {
	if b == nil {
		return
	}
	for i, d := range b.down {
		d.each(level-1, from|i<<(fanBits*level), fn)
	}
	var none V
	for i, v := range b.vals {
		if v != none {
			fn(from|i, v)
		}
	}
}
