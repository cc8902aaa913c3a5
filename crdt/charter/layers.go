package charter

import "maps"

// layers is a map of which the versions of a Charter share the greater part.
type layers[K comparable, V any] struct {
	below map[K]V // never modified
	top   map[K]V
}

// maxTop bounds what is copied each time a version is made.
const maxTop = 256

func (l layers[K, V]) get(k K) V {
	if v, ok := l.top[k]; ok {
		return v
	}
	return l.below[k]
}

// put adds a key that isn't in l.
func (l layers[K, V]) put(k K, v V) { l.top[k] = v }

// apart returns a version to which can be added.
func (l layers[K, V]) apart() layers[K, V] {
	top := maps.Clone(l.top)
	if top == nil {
		top = map[K]V{}
	}
	return layers[K, V]{l.below, top}
}

// settled returns l with a top that is quick to copy.
func (l layers[K, V]) settled() layers[K, V] {
	if len(l.top) < maxTop {
		return l
	}
	below := make(map[K]V, len(l.below)+len(l.top))
	maps.Copy(below, l.below)
	maps.Copy(below, l.top)
	return layers[K, V]{below, map[K]V{}}
}

func (l layers[K, V]) each(fn func(K, V)) {
	for k, v := range l.below {
		fn(k, v)
	}
	for k, v := range l.top {
		fn(k, v)
	}
}
