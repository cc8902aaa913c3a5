package porches

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"kith/crdt/charter"
	"kith/crdt/entry"
	"kith/daemon/api"
)

// maxUsed bounds the porches of the co-op that a device uses: it keeps places at two of them at a time.
const maxUsed = 4

// porch is one that a document names.
type porch struct {
	id    entry.DocID
	label string
	code  string
	at    string // its first address, with its identity
	host  string // the IP address in it
	by    charter.MemberID
	added time.Time // by the clock of who added it

	void         string // why it is none for us, in words; ""
	left, chosen bool   // by this device's person
}

// choose orders porches, those that this device is to use first, and says how many of them these are. Whom its person chose come
// first; then the first of each who added some, the second of each, and so on, so that who adds many pushes out nobody else's.
func choose(all []porch) (ordered []porch, used int) {
	byAge := func(a, b porch) int {
		return cmp.Or(a.added.Compare(b.added), bytes.Compare(a.id[:], b.id[:]))
	}
	ordered = slices.SortedFunc(slices.Values(all), byAge)
	turn, nth := map[entry.DocID]int{}, map[charter.MemberID]int{}
	for _, p := range ordered {
		if p.usable() {
			turn[p.id] = nth[p.by]
			nth[p.by]++
		}
	}
	slices.SortStableFunc(ordered, func(a, b porch) int {
		return cmp.Or(last(!a.usable())-last(!b.usable()), last(!a.chosen)-last(!b.chosen), turn[a.id]-turn[b.id])
	})
	for _, p := range ordered {
		if p.usable() && used < maxUsed {
			used++
		}
	}
	return ordered, used
}

func (p *porch) usable() bool { return p.void == "" && !p.left }

// last orders what is so behind what isn't.
func last(so bool) int {
	if so {
		return 1
	}
	return 0
}

// apart says whether porches are at two hosts or more.
func apart(all []porch) bool {
	return slices.ContainsFunc(all, func(p porch) bool { return p.host != all[0].host })
}

// shown is how a porch is told, but for how it stands.
func (p *porch) shown(by api.Named) api.Porch {
	return api.Porch{ID: api.FullID("porch", p.id.String()), Label: p.label, At: p.at, By: by, AddedAt: api.At(p.added)}
}
