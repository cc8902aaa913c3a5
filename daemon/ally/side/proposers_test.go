package side

import (
	"slices"
	"testing"

	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/crdt/share"
	"kith/daemon/daemontest"
	"kith/daemon/replica"
	"kith/daemon/replica/replicatest"
)

// Who notes the first share of a pact must have proposed it before the co-op agreed: a colleague who says the same
// later, or dates it back, would lead the others into a share that they made up.
func TestWhoProposesAnAgreedPactOnceMoreOrBackdatesItHasNotMadeIt(t *testing.T) {
	t.Parallel()
	ana, ben, _ := replicatest.TwoReplicas(t)
	meet := func() {
		t.Helper()
		for range 2 {
			_, err := ana.Accept(t.Context(), ben.Introduction(16<<20))
			must(t, err)
			_, err = ben.Accept(t.Context(), ana.Introduction(16<<20))
			must(t, err)
		}
	}
	word, err := share.Word{What: share.Make, Ally: "Quilted", Terms: daemontest.Fair}.Encode()
	must(t, err)
	terms := charter.Terms{Type: charter.ProposalPact, Pact: word, Why: "the words were compared"}
	before := ben.Charter()
	backdated, id, err := before.Propose(ben.Device(), terms)
	must(t, err)
	_, err = ana.Say(t.Context(), func(c *charter.Charter) (payload []byte, err error) {
		payload, id, err = c.Propose(ana.Device(), terms)
		return payload, err
	})
	must(t, err)
	_, err = ana.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(ana.Device(), id, false) })
	must(t, err)
	meet()
	_, err = ben.Say(t.Context(), func(c *charter.Charter) ([]byte, error) { return c.Consent(ben.Device(), id, false) })
	must(t, err)
	meet()
	if len(ana.Charter().Pacts()) != 1 {
		t.Fatal("the pact isn't agreed on")
	}
	_, err = ben.Say(t.Context(), func(c *charter.Charter) (payload []byte, err error) {
		payload, _, err = c.Propose(ben.Device(), terms)
		return payload, err
	})
	must(t, err)
	e, err := entry.New(entry.Fields{Space: before.Space(), Heads: before.Heads(), Kind: entry.Statement, Run: entry.Run{7}, Number: 1, Payload: backdated}, ben.Key())
	must(t, err)
	_, err = ben.Accept(t.Context(), []*entry.Entry{e})
	must(t, err)
	meet()
	me, _ := ana.Me()
	at, _ := ana.Charter().Proposal(id)
	if len(at.By) != 2 {
		t.Errorf("it was proposed by %v", at.By)
	}
	for _, r := range []*replica.Replica{ana, ben} {
		v, err := r.Create(t.Context(), kinds.Ally.Name, func(e replica.Edit) error {
			return crdttest.NewAlly(crdttest.AllyFields{Title: "Quilted", Share: entry.SpaceID{3}.String(), Side: entry.SpaceID{9}.String(), Step: id.String()})(e.Doc, nil)
		})
		must(t, err)
		all, err := sharesOf(r, new(checkedSeats))
		must(t, err)
		if len(all) != 1 || all[0].doc != v.ID || all[0].first != (r == ana) {
			t.Errorf("by the document of %v the home has the shares %+v", r.Device(), all)
		}
	}
	if got := ana.Charter().Proposers(id); !slices.Equal(got, []charter.MemberID{me.ID}) {
		t.Errorf("it was made by %v, and Ana is %v", got, me.ID)
	}
}
