package desk

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"kith/crdt/kind"
)

func TestARemarkIsCalledByAsManyLettersAsTellItFromAllOthers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all []kind.Remark
		for _, name := range rapid.SliceOfN(rapid.StringMatching("[ab]{3,7}"), 1, 12).Draw(t, "names") {
			all = append(all, kind.Remark{Name: name})
		}
		short := shortNames(all)
		for i := range all {
			name := all[i].Name
			want := min(minRemark, len(name))
			for ; want < len(name); want++ {
				known := false
				for j := range all {
					known = known || all[j].Name != name && strings.HasPrefix(all[j].Name, name[:want])
				}
				if !known {
					break
				}
			}
			if short[name] != name[:want] {
				t.Fatalf("%s is called %q, want %q: %v", name, short[name], name[:want], short)
			}
		}
	})
}
