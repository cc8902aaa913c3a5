package accept

import (
	"kith/crdt/change"
	"kith/crdt/schema"
)

// names says how many names members have in each of their families (schema.Field.Each), by what these begin with.
type names map[string]int

// fresh calls fn for each name that a change brings into a family of a document.
func fresh(h *change.History, k *schema.Kind, c *change.Change, fn func(family string, most int)) {
	seen := map[string]bool{}
	for i := range c.Ops {
		op := &c.Ops[i]
		family, most, ok := k.Family(op)
		if !ok || seen[op.Key] || len(h.Writes(change.OpID{}, op.Key)) > 0 {
			continue
		}
		seen[op.Key] = true
		fn(family, most)
	}
}

// fit says whether there is room for the names that a change brings.
func (n names) fit(h *change.History, k *schema.Kind, c *change.Change) bool {
	room, more := true, map[string]int{}
	fresh(h, k, c, func(family string, most int) {
		more[family]++
		room = room && n[family]+more[family] <= most
	})
	return room
}

// count notes the names that a change brings, before h has it.
func (n *names) count(h *change.History, k *schema.Kind, c *change.Change) {
	fresh(h, k, c, func(family string, _ int) {
		if *n == nil {
			*n = names{}
		}
		(*n)[family]++
	})
}
