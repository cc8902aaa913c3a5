package space

import (
	"fmt"
	"slices"

	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/peer"
)

// formats are what this program can read.
func formats() peer.Formats {
	f := peer.Formats{Rules: entry.RulesVersion}
	for _, k := range kinds.All.All() {
		f.Kinds = append(f.Kinds, k.Name)
	}
	slices.Sort(f.Kinds)
	return f
}

// reads is a device with what its Kith can read, as far as it has said.
type reads struct {
	name string
	peer.Formats
}

// others are the other devices in use.
func (s *Space) others() (all []reads) {
	for _, p := range s.Peers.Peers() {
		all = append(all, reads{p.Name, p.Formats})
	}
	return all
}

// Upgrades says who holds up what newer programs could write, in sentences; none if nobody does.
func (s *Space) Upgrades() []string {
	return holdsUp(formats(), s.Replica.Charter().Rules(), s.others())
}

// NewerElsewhere says whose programs are newer than this one; "" if nobody's is.
func (s *Space) NewerElsewhere() string {
	var who []string
	own := formats()
	for _, d := range s.others() {
		if newer(own, d.Formats) {
			who = append(who, d.name)
		}
	}
	return api.Listed(who)
}

// newer says whether other can read what own can't.
func newer(own, other peer.Formats) bool {
	return other.Rules > own.Rules || slices.ContainsFunc(other.Kinds, func(k string) bool { return !slices.Contains(own.Kinds, k) })
}

// holdsUp says of devices with older programs what waits for them: the rules that own knows, beyond those that are agreed on; or what
// is written under these already. Of who hasn't said nothing is known.
func holdsUp(own peer.Formats, agreed uint64, others []reads) (says []string) {
	var older, behind []string
	silent := false
	for _, d := range others {
		switch {
		case d.Rules == 0:
			silent = true
		case d.Rules < agreed:
			behind = append(behind, d.name)
		case d.Rules < own.Rules:
			older = append(older, d.name)
		}
	}
	if len(behind) > 0 {
		says = append(says, fmt.Sprintf("A newer Kith is needed on %s: what is written under version %d of the shared rules doesn't show there.", api.Listed(behind), agreed))
	}
	switch {
	case own.Rules <= agreed:
	case len(older) > 0:
		says = append(says, fmt.Sprintf("Version %d of the shared rules waits for a newer Kith on %s.", own.Rules, api.Listed(older)))
	case len(behind) == 0 && !silent && len(others) > 0:
		says = append(says, fmt.Sprintf("Everybody's Kith knows version %d of the shared rules by now: kith charter rules moves on to it.", own.Rules))
	}
	return says
}
