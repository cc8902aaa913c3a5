package page

import (
	"cmp"
	"slices"
	"strings"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
)

// position is what a member says to a decision, or that they have said nothing yet.
type position struct {
	who     kind.Answer
	stance  string // a word of a position, in JSON's form, toRenew or notYet
	said    string // the word that waits to be renewed
	why     string
	late    bool
	counted bool
	choice  []kind.Answer // of options: what they chose
	// standing is that of the member now. What somebody says who isn't full shows, and isn't counted; "full" too where nothing was said.
	standing string
}

// isCounted says whether what they say is counted, or would be: in what is closed it is who was full then.
func (p position) isCounted() bool { return p.counted || p.standing == "full" }

// positionsOf are those of everybody who says or may say something, in the order of their names, as the text stands now.
func (in *asking) positionsOf(d document, members []api.Member) (all []position) {
	seen := map[string]bool{}
	for _, p := range d.says.List("positions") {
		one := position{who: p.In("member"), stance: p.Str("stance"), said: p.Str("stance"), why: p.Str("why"), late: p.Is("late"), counted: p.Is("counted"), choice: p.List("choice"), standing: cmp.Or(p.Str("standing"), "full")}
		if p.Str("revision") != d.says.Str("revision") && d.says.Str("process") != kinds.ProcessAdvice {
			one.stance = toRenew
			if against(one.said) { // it goes on standing until whoever said it says otherwise
				one.stance = one.said
			}
		}
		seen[one.who.Str("id")] = true
		all = append(all, one)
	}
	for _, m := range d.says.List("waiting_for") {
		if !seen[m.Str("id")] {
			seen[m.Str("id")] = true
			all = append(all, position{who: m, stance: notYet, standing: "full"})
		}
	}
	for _, m := range members {
		if !seen[m.ID] && m.Standing == "full" && d.says.Str("status") == kinds.Open {
			all = append(all, position{who: kind.Answer{"id": m.ID, "name": m.Name}, stance: notYet, standing: "full"})
		}
	}
	slices.SortStableFunc(all, func(a, b position) int {
		return strings.Compare(api.FoldName(a.who.Str("name")), api.FoldName(b.who.Str("name")))
	})
	return all
}

// onEarlier says whether a position was given on a text that has changed since.
func (d document) onEarlier(who kind.Answer) bool {
	for _, p := range d.says.List("positions") {
		if p.In("member").Str("id") == who.Str("id") {
			return p.Str("revision") != d.says.Str("revision")
		}
	}
	return false
}

// stanceSays says of somebody how they stand; of the reader in the second person.
func (in *asking) stanceSays(p position) string {
	if p.stance == toRenew {
		return in.saidBefore(p)
	}
	if in.isMe(p.who) {
		return in.t.T(map[string]string{
			"consent": "you consent", "object": "you object", "stand_aside": "you stand aside", "block": "you block", "abstain": "you abstain",
			"agree": "you agree", "disagree": "you disagree", "advise": "you advise", "choose": "you have chosen", notYet: "you haven’t said yet",
		}[p.stance])
	}
	return in.t.T(map[string]string{
		"consent": "consents", "object": "objects", "stand_aside": "stands aside", "block": "blocks", "abstain": "abstains",
		"agree": "agrees", "disagree": "disagrees", "advise": "advises", "choose": "has chosen", notYet: "hasn’t said yet",
	}[p.stance])
}

// saidBefore says what somebody said to an earlier text.
func (in *asking) saidBefore(p position) string {
	if in.isMe(p.who) {
		return in.t.T(map[string]string{
			"consent": "you consented to an earlier text", "agree": "you agreed to an earlier text", "stand_aside": "you stood aside from an earlier text",
			"abstain": "you abstained on an earlier text", "advise": "you advised on an earlier text", "choose": "you chose among other options",
		}[p.said])
	}
	return in.t.T(map[string]string{
		"consent": "consented to an earlier text", "agree": "agreed to an earlier text", "stand_aside": "stood aside from an earlier text",
		"abstain": "abstained on an earlier text", "advise": "advised on an earlier text", "choose": "chose among other options",
	}[p.said])
}
