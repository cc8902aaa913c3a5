package replica

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/daemon/store"
)

// agree has some consent to a step, which the first of them proposes, and so bring it into force.
// They pass on the charter alone.
func (c *coop) agree(terms charter.Terms, who ...*peerReplica) {
	c.t.Helper()
	var id charter.StepID
	_, err := who[0].Say(c.t.Context(), func(ch *charter.Charter) (payload []byte, err error) {
		payload, id, err = ch.Propose(who[0].device, terms)
		return payload, err
	})
	must(c.t, err)
	for i, p := range who {
		if i > 0 {
			give(c.t, p, who[i-1].statements(c.t)...)
		}
		_, err := p.Say(c.t.Context(), func(ch *charter.Charter) ([]byte, error) { return ch.Consent(p.device, id, false) })
		must(c.t, err)
	}
	if p, _ := who[len(who)-1].Charter().Proposal(id); p.State != charter.ProposalInForce {
		c.t.Fatalf("the step isn't in force: %+v", p)
	}
}

// statements returns the charter statements that a replica holds.
func (p *peerReplica) statements(t testing.TB) []*entry.Entry {
	t.Helper()
	return slices.DeleteFunc(p.entries(t), func(e *entry.Entry) bool { return e.Kind != entry.Statement })
}

// removes proposes to end a membership, with all that is here of it honoured.
func (p *peerReplica) removes(t testing.TB, who *peerReplica) charter.Terms {
	t.Helper()
	honoured, err := p.Honoured([]entry.Device{who.device})
	must(t, err)
	return charter.Terms{Type: charter.ProposalRemove, Member: who.me(), Frontiers: honoured, Why: "moved away"}
}

func TestWhatARemovedMemberWroteStandsUpToTheFrontierOnEveryReplica(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	paper, drum := eli.addTask(t, "Order paper"), eli.addTask(t, "Clean the drum")
	eli.edit(t, paper.ID, crdttest.AppendText("seen by all"))
	c.settle()

	// Eli writes on in both while Ana and Ben, who don't see it, agree that he goes. Cleo builds
	// on one of the two, not knowing.
	eli.edit(t, paper.ID, crdttest.AppendText("what Cleo builds on"))
	eli.edit(t, drum.ID, crdttest.AppendText("what nobody builds on"))
	give(t, cleo, eli.entries(t)...)
	cleo.edit(t, paper.ID, crdttest.AppendText("Cleo's words"))
	c.agree(ana.removes(t, eli), ana, ben, cleo)

	c.settle()
	c.same()
	for _, p := range c.all {
		v, err := p.View(paper.ID)
		must(t, err)
		if !strings.Contains(v.Text, "seen by all") || !strings.Contains(v.Text, "what Cleo builds on") || !strings.Contains(v.Text, "Cleo's words") {
			t.Errorf("at %s's the first says %q", p.name, v.Text)
		}
		if v, err = p.View(drum.ID); err != nil || strings.Contains(v.Text, "nobody") {
			t.Errorf("at %s's the second says %q, %v", p.name, v.Text, err)
		}
		brought := false
		must(t, p.Log(paper.ID, func(l Line) bool {
			by, ok := l.BroughtBy()
			brought = brought || ok && by == cleo.me()
			return true
		}))
		if !brought {
			t.Errorf("at %s's nothing shows as brought in by Cleo", p.name)
		}
	}
	// His own replica says why it doesn't write.
	var gone *NotMemberError
	if _, err := eli.tryEdit(paper.ID, crdttest.AppendText("again")); !errors.As(err, &gone) || gone.Standing != charter.Removed {
		t.Errorf("Eli's edit: %v", err)
	}
	for _, p := range c.all {
		before := p.picture(t)
		p.reopen(t)
		for k, v := range p.picture(t) {
			if before[k] != v {
				t.Errorf("%s: a restart changed %s from %q to %q", p.name, k, before[k], v)
			}
		}
	}
}

func TestARunThatComesInPiecesIsJudgedAgainWhenItIsWhole(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	first, second := eli.addTask(t, "Order paper"), eli.addTask(t, "Clean the drum")
	give(t, ana, eli.entries(t)...)
	give(t, ben, eli.entries(t)...)
	c.agree(ana.removes(t, eli), ana, ben, cleo)

	// Cleo hears of the removal first, and then of Eli's work: of the first task before the second,
	// at which the frontier stands.
	var of [2][]*entry.Entry
	for _, e := range eli.entries(t) {
		switch e.Doc {
		case first.ID:
			of[0] = append(of[0], e)
		case second.ID:
			of[1] = append(of[1], e)
		}
	}
	give(t, cleo, of[0]...)
	if n := cleo.Counts().Pending; n != 1 {
		t.Errorf("Cleo counts %d pending, want 1: the end of the run isn't here", n)
	}
	cleo.reopen(t)
	give(t, cleo, of[1]...)
	if n := cleo.Counts(); n.Pending+n.Void > 0 {
		t.Errorf("Cleo counts %+v", n)
	}
	c.settle()
	c.same()
}

// Found by world 203. A statement is of the same run as the changes around it, and who agrees on a frontier may not have it yet.
func TestARunIsJudgedAgainWhenTheStatementInItComes(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Dan", "Eli")
	ana, ben, cleo, dan, eli := c.all[0], c.all[1], c.all[2], c.all[3], c.all[4]
	eli.addTask(t, "Order paper")
	cleo.addTask(t, "Sweep the floor")
	give(t, eli, cleo.entries(t)...)
	must(t, eli.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	eli.addTask(t, "Clean the drum")
	give(t, cleo, eli.entries(t)...)
	c.agree(cleo.removes(t, eli), ana, ben, dan)

	give(t, ana, dan.statements(t)...)
	give(t, ana, eli.changes(t, eli)...)
	if n := ana.Counts().Pending; n != 1 {
		t.Errorf("Ana counts %d pending, want 1: what lies between the two isn't here", n)
	}
	give(t, ana, eli.statements(t)...)
	if n := ana.Counts(); n.Pending+n.Void > 0 {
		t.Errorf("with the statement Ana counts %+v", n)
	}
	c.settle()
	c.same()
}

// Found by world 206. What somebody wants forgotten is stored first and judged afterwards, but it is of a run at once.
func TestARunIsJudgedAgainWhenAnEntryComesThatSomebodyWantsForgotten(t *testing.T) {
	c := found(t, "Ana", "Ben", "Cleo", "Eli")
	ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
	first, second := eli.addTask(t, "Order paper"), eli.addTask(t, "Clean the drum")
	give(t, ana, eli.entries(t)...)
	give(t, ben, eli.entries(t)...)
	ben.forget(t, second.ID)
	c.agree(ana.removes(t, eli), ana, ben, cleo)
	give(t, cleo, ben.statements(t)...)

	of := map[entry.DocID][]*entry.Entry{}
	for _, e := range eli.entries(t) {
		of[e.Doc] = append(of[e.Doc], e)
	}
	give(t, cleo, of[first.ID]...)
	if _, err := cleo.View(first.ID); !errors.Is(err, ErrNotFound) {
		t.Errorf("Cleo sees the first task before the end of the run is here: %v", err)
	}
	give(t, cleo, of[second.ID]...)
	if _, err := cleo.View(first.ID); err != nil {
		t.Errorf("with the end of the run Cleo still doesn't see the first task: %v", err)
	}
	c.settle()
	c.same()
}

// Whichever way a run comes, who waits for more of it is judged as soon as all that leads back to them is here, though what is before them isn't.
func TestWhoWaitsForARunIsJudgedOnceItLeadsBackToThem(t *testing.T) {
	for seed := range uint64(8) {
		c := found(t, "Ana", "Ben", "Cleo", "Eli")
		ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
		var tasks []entry.DocID
		for range 6 {
			tasks = append(tasks, eli.addTask(t, "Order paper").ID)
		}
		const last = 2 // in which the end of the run is, and an entry in the middle of it
		eli.edit(t, tasks[last], crdttest.AppendText("A3"))
		for _, p := range []*peerReplica{ana, ben} {
			give(t, p, eli.entries(t)...)
		}
		c.agree(ana.removes(t, eli), ana, ben, cleo)
		of := map[entry.DocID][]*entry.Entry{}
		for _, e := range eli.entries(t) {
			of[e.Doc] = append(of[e.Doc], e)
		}
		here := map[int]bool{}
		for _, n := range rand.New(rand.NewPCG(seed, 0)).Perm(len(tasks)) {
			give(t, cleo, of[tasks[n]]...)
			here[n] = true
			all := here[last]
			for k := len(tasks) - 1; k >= 0; k-- {
				all = all && here[k]
				if _, err := cleo.View(tasks[k]); k != last && (err == nil) != all {
					t.Errorf("seed %d: with %v, task %d is seen: %v", seed, here, k, err == nil)
				}
			}
		}
		if n := len(cleo.wanted.docs); n > 0 {
			t.Errorf("seed %d: all is here, and something waits for %d entries", seed, n)
		}
	}
}

func TestHonouredIsWhatIsHereWithAllBeforeIt(t *testing.T) {
	c := found(t, "Ana", "Eli")
	ana, eli := c.all[0], c.all[1]
	a := eli.addTask(t, "a")
	eli.addTask(t, "b")
	eli.addTask(t, "c")
	all := slices.DeleteFunc(eli.entries(t), func(e *entry.Entry) bool { return e.Device != eli.device })
	give(t, ana, all[0], all[2]) // the one between is missing
	honoured, err := ana.Honoured([]entry.Device{eli.device})
	must(t, err)
	if len(honoured) != 1 || len(honoured[0].Frontier) != 1 || honoured[0].Frontier[0].Entry != all[0].ID() {
		t.Errorf("honoured is %v, want up to %v (%v)", honoured, all[0].ID(), a.ID)
	}
	n, err := ana.Beyond(honoured, []entry.Device{eli.device})
	must(t, err)
	if n != 1 {
		t.Errorf("%d beyond it, want 1", n)
	}
}

func TestAnAcknowledgementNamesWhatCameSinceTheLast(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	ana.edit(t, task.ID, crdttest.AppendText("A3"))
	c.settle()
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	last := slices.DeleteFunc(ana.entries(t), func(e *entry.Entry) bool { return e.Device != ana.device || e.Kind != entry.Change })
	end := last[len(last)-1]
	seen := ben.Charter().SeenOf(ana.device, end.Run)
	if len(seen) != 1 || seen[0].Last != end.ID() || seen[0].Member != ben.me() || !seen[0].Full {
		t.Fatalf("Ben has seen %+v, want %v", seen, end.ID())
	}
	stored := ben.Counts().Stored
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour)))
	c.settle()
	must(t, ben.Acknowledge(context.Background(), time.Now().Add(time.Hour))) // Ana has said nothing but what she saw
	if n := ben.Counts().Stored; n != stored {
		t.Errorf("with nothing new, %d statements were made", n-stored)
	}
	must(t, ana.Acknowledge(context.Background(), time.Now().Add(time.Hour))) // only what others wrote counts
	if n := ana.Counts().Stored; n != stored {
		t.Errorf("Ana acknowledged her own work")
	}
	if ben.Acknowledged().IsZero() {
		t.Error("Ben's acknowledgement has no time")
	}
}

// forked makes a co-op whose founder's device has welcomed two people into one seat, and gives
// the two seats.
func forked(t *testing.T) (c *coop, seats [2]*entry.Entry) {
	t.Helper()
	c = foundRoom(t, 3, "Ana", "Ben")
	ana := c.all[0]
	for i, name := range []string{"Cleo", "Dora"} {
		invite, member, device := entry.NewSigner(), entry.NewSigner(), entry.NewSigner()
		red, err := charter.NewRedemption(c.space, invite, member, device, name, "laptop")
		must(t, err)
		seat, err := ana.Charter().FillSeat(invite.Device(), red)
		must(t, err)
		seats[i], err = entry.New(entry.Fields{
			Space: c.space, Heads: ana.Charter().Heads(), Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: seat,
		}, ana.key)
		must(t, err)
	}
	if bytes.Compare(seats[0].Payload, seats[1].Payload) == 0 {
		t.Fatal("the same seat twice")
	}
	return c, seats
}

func TestWhoTookPartStaysWhateverOthersSign(t *testing.T) {
	c, seats := forked(t)
	ben := c.all[1]
	task := ben.addTask(t, "Order paper")
	give(t, ben, seats[0])
	ben.edit(t, task.ID, crdttest.AppendText("with Cleo")) // he takes part
	tip := ben.Charter().Tip()
	give(t, ben, seats[1])
	if got := ben.Charter().Tip(); got != tip {
		t.Fatalf("Ben was moved from %v to %v", tip, got)
	}
	ben.reopen(t)
	if got := ben.Charter().Tip(); got != tip {
		t.Fatalf("a restart moved Ben from %v to %v", tip, got)
	}

	// He follows the other side by his own word alone; what he wrote on the first is elsewhere then.
	fork := ben.Charter().Forks()[0]
	other := fork.Branches[0].Step
	if other == tip {
		other = fork.Branches[1].Step
	}
	must(t, ben.Follow(t.Context(), other))
	if got := ben.Charter().Tip(); got != other {
		t.Fatalf("Ben follows %v, wanted %v", got, other)
	}
	v, err := ben.View(task.ID)
	must(t, err)
	if strings.Contains(v.Text, "with Cleo") {
		t.Errorf("on the other side the task says %q", v.Text)
	}
	ben.edit(t, task.ID, crdttest.AppendText("with Dora"))
	must(t, ben.Follow(t.Context(), tip))
	if v, err = ben.View(task.ID); err != nil || !strings.Contains(v.Text, "with Cleo") || strings.Contains(v.Text, "with Dora") {
		t.Errorf("back again the task says %q, %v", v.Text, err)
	}
	ben.reopen(t)
	if got := ben.Charter().Tip(); got != tip {
		t.Errorf("a restart moved Ben from %v to %v", tip, got)
	}
}

func TestWhoTookNoPartWaitsWhereNeitherSideHasMore(t *testing.T) {
	c, seats := forked(t)
	ben := c.all[1]
	before := ben.Charter().Tip()
	give(t, ben, seats[0])
	give(t, ben, seats[1])
	if !ben.Charter().Undecided() || ben.Charter().Tip() != before {
		t.Errorf("Ben, who took no part, stands on %v", ben.Charter().Tip())
	}
	ben.addTask(t, "before the split") // belongs to both sides
}

// Ben consents; somebody else completes the step, and then Ana's device turns out to have completed
// another one with Dora, beside it.
func TestWhoConsentedToAStepHasTakenPartInIt(t *testing.T) {
	c := foundRoom(t, 3, "Ana", "Ben", "Cleo")
	ana, ben, cleo := c.all[0], c.all[1], c.all[2]
	before := ben.Charter().Tip()
	_, err := ben.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
		payload, _, err := ch.Propose(ben.device, charter.Terms{Type: charter.ProposalInvites, Invites: 2})
		return payload, err
	})
	must(t, err)
	c.settle()
	two := ben.Charter().Pending()[0].ID
	payload, _, err := cleo.Charter().Propose(cleo.device, charter.Terms{Type: charter.ProposalInvites, Invites: 7})
	must(t, err)
	aside := ana.aside(t)
	aside.says(t, cleo.key, payload)
	seven := aside.c.Pending()[0].ID
	if seven == two {
		seven = aside.c.Pending()[1].ID
	}
	for _, p := range []*peerReplica{cleo, ana} {
		payload, err = aside.c.Consent(p.device, seven, false)
		must(t, err)
		aside.says(t, p.key, payload)
	}
	payload, err = aside.c.Enact(cleo.device, seven)
	must(t, err)
	aside.says(t, cleo.key, payload)

	_, err = ben.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) { return ch.Consent(ben.device, two, false) })
	must(t, err)
	c.settle()
	_, err = ana.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) { return ch.Consent(ana.device, two, false) })
	must(t, err)
	c.settle()
	if ben.Charter().Tip() != two || ben.standing() != (stands{two}) {
		t.Fatalf("the step isn't in force for Ben, or he has no part in it: %v", ben.Charter().Tip())
	}
	if cleo.standing() != (stands{before}) {
		t.Error("Cleo, who said nothing to it here, has a part in it")
	}
	give(t, ben, aside.all...)
	if ben.Charter().Tip() != two || len(ben.Charter().Forks()) != 1 {
		t.Errorf("Ben was moved to %v", ben.Charter().Tip())
	}
}

// aside is a charter that goes its own way, with any device's word.
type aside struct {
	c   *charter.Charter
	all []*entry.Entry
}

func (p *peerReplica) aside(t *testing.T) *aside { return &aside{c: p.Charter()} }

func (a *aside) says(t *testing.T, key entry.Signer, payload []byte) {
	t.Helper()
	e, err := entry.New(entry.Fields{
		Space: a.c.Space(), Heads: a.c.Heads(), Kind: entry.Statement, Run: newNonce(), Number: 1, Payload: payload,
	}, key)
	must(t, err)
	a.c = a.c.With(e)
	if state, why := a.c.State(e.ID()); state != charter.Accepted {
		t.Fatal(state, why)
	}
	a.all = append(a.all, e)
}

// writes makes the next entry of a run of a device, as no daemon would: a change of a document that puts something under a key.
func (p *peerReplica) writes(t *testing.T, f *entry.Fields, doc entry.DocID, dep *change.Change, seq uint64, key string) *entry.Entry {
	t.Helper()
	f.Number, f.Doc = f.Number+1, doc
	a := entry.ActorOf(f.Space, p.device, f.Run, doc)
	c := change.Change{Deps: []change.Hash{dep.Hash}, Actor: change.Actor(a[:]), Seq: seq, StartOp: dep.MaxOp() + 1,
		Ops: []change.Op{changetest.Put(change.OpID{}, key, change.StrValue("print"))}}
	f.Payload = c.Encode()
	e := sign(t, p.cfg.Key, *f)
	f.Previous = e.ID()
	return e
}

func TestNobodyStandsOnWhatDoesNotCountByHavingSeenWhatCameAfterIt(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	f := entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Change, Run: newNonce()}
	write := func(doc entry.DocID, dep *change.Change, key string) *entry.Entry {
		return mel.writes(t, &f, doc, dep, 1, key)
	}
	first := ana.firstOf(t, task.ID)
	other := ana.addTask(t, "Bind")
	third := ana.addTask(t, "Fold")
	c.settle()
	good := write(task.ID, first, "project")
	void := write(other.ID, ana.firstOf(t, other.ID), "nonsense")
	after := write(third.ID, ana.firstOf(t, third.ID), "project")
	give(t, ben, good, void, after)
	if a, b := ben.state(t, void.ID()), ben.state(t, after.ID()); a != charter.Void || b != charter.Accepted {
		t.Fatalf("they are %v and %v: this shows nothing", a, b)
	}
	// Whoever says that they have seen all of it is alone with that.
	all, err := ana.Say(t.Context(), func(ch *charter.Charter) ([]byte, error) {
		return ch.Acknowledge(ana.device, []charter.DeviceFrontier{{Device: mel.device, Frontier: charter.Frontier{{Run: f.Run, Entry: after.ID()}}}})
	})
	must(t, err)
	give(t, ben, all)
	for range 2 { // nor the next time
		must(t, ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
		seen := slices.DeleteFunc(ben.Rules().SeenOf(mel.device, f.Run), func(s charter.Seen) bool { return s.Device == ana.device })
		if len(seen) != 1 || seen[0].Last != good.ID() {
			t.Errorf("of Mel's run Ben has acknowledged %v, and not what was before %s alone", seen, void.ID())
		}
		ben.reopen(t)
	}
}

func TestWhatWaitedIsAcknowledgedOnceItCounts(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	ana.edit(t, task.ID, crdttest.AppendText("Ana's"))
	anas := ana.newest(t)
	give(t, mel, anas)
	mel.edit(t, task.ID, crdttest.AppendText("Mel's, on it"))
	waits := mel.newest(t)
	mel.addTask(t, "another")
	after := mel.newest(t)
	give(t, ben, waits, after)
	must(t, ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	if seen := ben.Rules().SeenOf(mel.device, after.Run); len(seen) > 0 {
		t.Errorf("Ben has acknowledged %v, and a part of it waits", seen)
	}
	give(t, ben, anas)
	must(t, ben.Acknowledge(t.Context(), time.Now().Add(time.Hour)))
	if seen := ben.Rules().SeenOf(mel.device, after.Run); len(seen) != 1 || seen[0].Last != after.ID() {
		t.Errorf("Ben has acknowledged %v of all that counts by now", seen)
	}
}

// What waits there for changes may lie elsewhere then, and has to be judged again.
func TestADocumentOfWhichNothingShowsYetIsFoundWhenAnotherBranchIsFollowed(t *testing.T) {
	c := found(t, "Ana", "Mel")
	ana, mel := c.all[0], c.all[1]
	task := mel.addTask(t, "Order paper")
	mel.edit(t, task.ID, crdttest.AppendText(", A4"))
	all := mel.entries(t)
	give(t, ana, all[len(all)-1])
	if ana.state(t, all[len(all)-1].ID()) != charter.Pending {
		t.Fatal("it doesn't wait for the first change")
	}
	// The branch followed is what reaches all of these, and those that show.
	if found := ana.waits.those(func(store.Unsettled) bool { return true }); !slices.Contains(found, task.ID) {
		t.Error("nothing finds it")
	}
}

// World 40806: an entry beyond a frontier counts with one that stands on it, and that waits for it. Where nobody has room for what doesn't count, each was held
// back for want of the other.
func TestWhatCountsOnlyWithWhatStandsOnItIsKeptThoughNobodyHasRoom(t *testing.T) {
	for _, first := range []string{"what stands on it", "what is beyond", "both"} {
		t.Run(first, func(t *testing.T) {
			c := found(t, "Ana", "Ben", "Cleo", "Eli")
			ana, ben, cleo, eli := c.all[0], c.all[1], c.all[2], c.all[3]
			paper := eli.addTask(t, "Order paper")
			c.settle()
			eli.edit(t, paper.ID, crdttest.AppendText("what Cleo builds on"))
			late := eli.entries(t)
			give(t, cleo, late...)
			cleo.edit(t, paper.ID, crdttest.AppendText("Cleo's words"))
			on := cleo.entries(t)
			c.agree(ana.removes(t, eli), ana, ben, cleo)
			give(t, ana, cleo.statements(t)...)
			ana.quota.most.entries = 0
			batches := [][]*entry.Entry{on[len(on)-1:], late[len(late)-1:]}
			for _, e := range on { // what Cleo has said meanwhile came last of all
				if e.Kind == entry.Change {
					batches[0] = []*entry.Entry{e}
				}
			}
			switch first {
			case "what is beyond":
				slices.Reverse(batches)
			case "both":
				batches = [][]*entry.Entry{slices.Concat(batches...)}
			}
			all := slices.Concat(batches...)
			for _, batch := range batches {
				give(t, ana, batch...)
			}
			for range 4 {
				again(t, ana, all...)
			}
			for _, e := range all {
				if !ana.store.Has(e.ID()) || ana.state(t, e.ID()) != charter.Accepted {
					t.Errorf("held back: %v", ana.quota.isHeld(e.ID()))
				}
			}
		})
	}
}
