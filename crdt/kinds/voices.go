package kinds

import (
	"fmt"

	"kith/crdt/charter"
	"kith/crdt/kind"
)

// showVoices says how each co-op stands to a decision in a share, one's own first; none in a co-op.
func showVoices(l kind.Look) []VoiceJSON {
	d := kind.Of[Deciding](l.View)
	out := []VoiceJSON{}
	if isChoice(d.Process) || d.Process == ProcessSense { // there people count
		return out
	}
	if len(l.Coops) != 2 || d.Joint == nil || len(d.Joint.Sides) != 2 {
		return out
	}
	for _, i := range []int{l.Ours, 1 - l.Ours} {
		var stands []Stand
		answered := map[charter.MemberID]bool{}
		for _, p := range d.Positions {
			if p.Counted {
				stands = append(stands, Stand{Member: p.Member, Stance: p.Stance})
				answered[p.Member] = true
			}
		}
		res := Tally(d.Process, l.CreatedBy, d.Joint.Sides[i], stands)
		v := VoiceJSON{Coop: l.Coops[i], Result: res.Outcome, For: res.Counts.inFavour(), Of: res.Counts.Full, Silent: []kind.Named{}}
		var silent []string
		for _, m := range d.Joint.Sides[i] {
			if !answered[m] {
				v.Silent = append(v.Silent, l.Named(m))
				silent = append(silent, l.Called(m))
			}
		}
		v.Says = voiceSays(&v, silent, d.Joint.ByPeople)
		if l.Doubt && i != l.Ours {
			v.Says = v.Coop + ": nobody counts, since it isn't known any more whether who is here speaks for it"
		}
		out = append(out, v)
	}
	return out
}

func voiceSays(v *VoiceJSON, silent []string, byPeople bool) string {
	says := v.Coop + ": "
	count := fmt.Sprintf("%d of %d", v.For, v.Of)
	switch {
	case v.Of == 0:
		return says + "nobody is there to answer"
	case byPeople:
		says += count + " are for it"
	case v.Result == Agreed:
		says += "for (" + count + ")"
	case v.Result == NotAgreed:
		says += "against (" + count + " are for it)"
	default:
		says += "open (" + count + " are for it)"
	}
	switch len(silent) {
	case 0:
		return says
	case 1:
		return says + "; " + silent[0] + " hasn't answered yet"
	}
	return says + "; " + list(silent, "and") + " haven't answered yet"
}
