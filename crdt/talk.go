package crdt

import (
	"slices"
	"strings"

	"kith/crdt/accept"
	"kith/crdt/change"
	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/schema"
)

// lookTalk reads the thread of a document: what stands of what each member says about it, in the order in which it was
// said first. That order is of operations, each of which comes behind what its writer had read.
func lookTalk(root content, items []*accept.Item) (talk []kind.Remark) {
	at := map[string]int{}
	for key, v := range root.values {
		m, name, ok := talkKey(key)
		if !ok {
			continue
		}
		if r, ok := kind.ReadRemark(v); ok {
			r.By, r.Name = m, name
			at[key] = len(talk)
			talk = append(talk, r)
		}
	}
	if len(talk) == 0 {
		return []kind.Remark{}
	}
	first, last := make([]change.OpID, len(talk)), make([]change.OpID, len(talk))
	for _, item := range items {
		for i := range item.Change.Ops {
			op := &item.Change.Ops[i]
			if !op.Obj.IsZero() || op.Action != change.Set {
				continue
			}
			n, ok := at[op.Key]
			if !ok {
				continue
			}
			if first[n] == (change.OpID{}) || op.ID.Less(first[n]) {
				first[n], talk[n].At = op.ID, Time(item.Change.Time)
			}
			if last[n].Less(op.ID) {
				last[n], talk[n].Changed = op.ID, Time(item.Change.Time)
			}
		}
	}
	order := make([]int, len(talk))
	for n := range talk {
		order[n] = n
		if first[n] == last[n] {
			talk[n].Changed = 0
		}
	}
	slices.SortFunc(order, func(a, b int) int { return first[a].Compare(first[b]) })
	out := make([]kind.Remark, len(talk))
	for i, n := range order {
		out[i] = talk[n]
	}
	return out
}

// talkKey takes the root key of a remark apart.
func talkKey(key string) (m charter.MemberID, name string, ok bool) {
	m, field, ok := schema.SplitOwn(key)
	if !ok {
		return m, "", false
	}
	name, ok = strings.CutPrefix(field, schema.Talk+"/")
	return m, name, ok
}
