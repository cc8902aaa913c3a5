package replica

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
)

// sign makes an entry of a run of its own.
func sign(t testing.TB, key entry.Signer, f entry.Fields) *entry.Entry {
	t.Helper()
	if f.Run == (entry.Run{}) {
		f.Run = newNonce()
	}
	if f.Number == 0 {
		f.Number = 1
	}
	e, err := entry.New(f, key)
	must(t, err)
	return e
}

// beside are n changes beside each other of one document by one device, each of a run of its own and with one
// operation; from what a replica's history of the document is, nil: on a change that isn't here.
func (p *peerReplica) beside(t testing.TB, key entry.Signer, doc entry.DocID, n int, deps []change.Hash, start uint64, op func(i int) change.Op) []*entry.Entry {
	t.Helper()
	heads := p.Charter().Heads()
	out := make([]*entry.Entry, n)
	for i := range out {
		f := entry.Fields{Space: p.Space(), Heads: heads, Kind: entry.Change, Doc: doc, Run: newNonce(), Number: 1}
		a := entry.ActorOf(f.Space, key.Device(), f.Run, f.Doc)
		c := change.Change{Deps: deps, Actor: change.Actor(a[:]), Seq: 1, StartOp: start, Ops: []change.Op{op(i)}}
		f.Payload = c.Encode()
		out[i] = sign(t, key, f)
	}
	return out
}

// again gives a replica entries as peers would: what it has, or holds back, isn't sent.
func again(t testing.TB, p *peerReplica, batch ...*entry.Entry) {
	t.Helper()
	give(t, p, slices.DeleteFunc(slices.Clone(batch), func(e *entry.Entry) bool { return p.Has(e.ID()) })...)
}

func TestWhatCountsIsKeptHoweverMuchThatDoesNotCountItsDeviceHasSent(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ben.addTask(t, "Order paper")
	c.settle()
	junk := flood(t, ana, mel.cfg.Key, 73)
	for _, e := range junk {
		give(t, ana, e)
	}
	if held := ana.Held(); len(held) != 1 || held[0].Device != mel.device || held[0].Entries < 3 || held[0].Bytes < 2<<20 {
		t.Fatalf("what is held back isn't shown: %+v", held)
	}
	if slices.ContainsFunc(junk, func(e *entry.Entry) bool { return !ana.Has(e.ID()) }) {
		t.Fatal("what is held back would be sent for ever")
	}
	// Mel writes twice, and Ben on that. They come to Ana last first, the flood lies before them.
	before := len(mel.entries(t))
	mel.edit(t, task.ID, crdttest.AppendText("Mel's first"))
	mel.edit(t, task.ID, crdttest.AppendText("Mel's second"))
	second := mel.entries(t)[before:]
	give(t, ana, second[1])
	if ana.store.Has(second[1].ID()) {
		t.Fatal("there was room left: this shows nothing")
	}
	give(t, ana, second[0])
	if got := ana.state(t, second[0].ID()); got != charter.Accepted {
		t.Fatalf("what Mel wrote is %v", got)
	}
	if ana.Has(second[1].ID()) {
		t.Fatal("what stands on it is still held back, though it would count")
	}
	again(t, ana, second...)
	if got := ana.state(t, second[1].ID()); got != charter.Accepted {
		t.Fatalf("what Mel wrote next is %v", got)
	}
	// A chain of hers that comes before anything it stands on, but after what Ben built on it.
	before = len(mel.entries(t))
	for i := range 5 {
		mel.edit(t, task.ID, crdttest.AppendText(fmt.Sprint("Mel's ", i)))
	}
	chain := mel.entries(t)[before:]
	give(t, ben, mel.entries(t)...)
	ben.edit(t, task.ID, crdttest.Take(ben.me(), ben.now()))
	for _, e := range slices.Backward(chain) {
		give(t, ana, e) // held back: nobody names them yet
	}
	give(t, ana, ben.newest(t))
	for range chain {
		again(t, ana, chain...)
	}
	for _, e := range append(chain, ben.newest(t)) {
		if got := ana.state(t, e.ID()); got != charter.Accepted {
			t.Fatalf("what Ben built on is %v", got)
		}
	}
	// After a restart it is the same, and the charter counts as well.
	ana.reopen(t)
	give(t, ana, junk...)
	var id charter.StepID
	_, err := ben.Say(context.Background(), func(ch *charter.Charter) (payload []byte, err error) {
		payload, id, err = ch.Propose(ben.device, charter.Terms{Type: charter.ProposalInvites, Invites: 2})
		return payload, err
	})
	must(t, err)
	give(t, mel, ben.newest(t))
	_, err = mel.Say(context.Background(), func(ch *charter.Charter) ([]byte, error) { return ch.Consent(mel.device, id, false) })
	must(t, err)
	consent := mel.newest(t)
	give(t, ana, ben.newest(t), consent)
	if got := ana.state(t, consent.ID()); got != charter.Accepted {
		t.Errorf("Mel's consent is %v", got)
	}
	if v, _ := ana.View(task.ID); v.Text != mustView(t, ben, task.ID).Text {
		t.Errorf("Ana reads %q", v.Text)
	}
}

func mustView(t testing.TB, p *peerReplica, doc entry.DocID) *crdt.View {
	t.Helper()
	v, err := p.View(doc)
	must(t, err)
	return v
}

func TestWhatIsHeldBackComesInOnceItsPersonSaysSo(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Mel")
	ana, mel := c.all[0], c.all[1]
	junk := flood(t, ana, mel.cfg.Key, 73)
	for _, e := range junk {
		give(t, ana, e)
	}
	var wanted []entry.ID
	defer ana.WatchWanted(func(ids []entry.ID) { wanted = append(wanted, ids...) })()
	n := ana.Held()[0].Entries
	must(t, ana.TakeIn(t.Context(), mel.device))
	if len(wanted) != n || len(ana.Held()) != 0 {
		t.Errorf("%d of %d are asked for again, and held back are %+v", len(wanted), n, ana.Held())
	}
	again(t, ana, junk...)
	ana.reopen(t)
	for _, e := range junk {
		if !ana.store.Has(e.ID()) {
			t.Fatal("it isn't kept")
		}
	}
	if again(t, ana, flood(t, ana, mel.cfg.Key, 2)...); len(ana.Held()) != 0 {
		t.Error("a restart has forgotten that there is more room")
	}
}

func TestTwentyThousandStatementsThatWaitForOneAreNoTroubleWhenItComes(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	said, err := mel.Charter().Follow(mel.device, mel.Charter().Tip())
	must(t, err)
	statement := func(heads []entry.ID) *entry.Entry {
		return sign(t, mel.cfg.Key, entry.Fields{Space: mel.Space(), Heads: heads, Kind: entry.Statement, Payload: said})
	}
	first := statement(mel.Charter().Heads())
	waiting := make([]*entry.Entry, 20_000)
	for i := range waiting {
		waiting[i] = statement([]entry.ID{first.ID()})
	}
	give(t, ana, waiting...)
	if n := ana.Counts().Pending; n > MaxUnsettledEntries+1 {
		t.Fatalf("%d statements wait", n)
	}
	give(t, ana, first)
	for range 3 {
		again(t, ana, waiting...)
	}
	if n := ana.Counts().Pending; n != 0 {
		t.Errorf("%d statements still wait", n)
	}
	ana.addTask(t, "Order paper")
	ana.reopen(t)
	if got := ana.state(t, waiting[0].ID()); got != charter.Accepted {
		t.Errorf("one that waited is %v", got)
	}
	give(t, ana, ben.addOne(t))
	ana.stateIsWhatIsStored(t)
}

// addOne makes a task and returns its entry.
func (p *peerReplica) addOne(t testing.TB) *entry.Entry {
	t.Helper()
	p.addTask(t, "another")
	return p.newest(t)
}

// stateIsWhatIsStored fails unless each stored state is the one that is computed, and the counts fit.
func (p *peerReplica) stateIsWhatIsStored(t testing.TB) {
	t.Helper()
	counted := map[charter.State]int64{}
	must(t, p.Log(entry.DocID{}, func(l Line) bool {
		counted[l.State]++
		if got := p.state(t, l.Entry.ID()); got != l.State {
			t.Errorf("%s: entry %s is stored as %v and is %v", p.name, l.Entry.ID(), got, l.State)
		}
		return !t.Failed()
	}))
	n := p.Counts()
	if n.Pending != counted[charter.Pending] || n.Void != counted[charter.Void] || n.Elsewhere != counted[charter.Elsewhere] {
		t.Errorf("%s counts %+v, and has %v", p.name, n, counted)
	}
}

func TestFifteenThousandChangesThatWaitForTheFirstOfADocumentAreNoTroubleWhenItComes(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := mel.addTask(t, "Order paper")
	first := mel.newest(t)
	made, err := change.Parse(first.Payload)
	must(t, err)
	var tags change.OpID
	for _, op := range made.Ops {
		if op.Key == "tags" {
			tags = op.ID
		}
	}
	waiting := ana.beside(t, mel.cfg.Key, task.ID, 15_000, []change.Hash{made.Hash}, made.MaxOp()+1, func(i int) change.Op {
		return changetest.Put(tags, fmt.Sprint("tag", i), change.BoolValue(true))
	})
	give(t, ana, waiting...)
	if n := ana.Counts().Pending; n > MaxUnsettledEntries+1 {
		t.Fatalf("%d changes wait", n)
	}
	give(t, ana, first)
	for range 3 {
		again(t, ana, waiting...)
	}
	if n := ana.Counts(); n.Pending != 0 {
		t.Errorf("still: %+v", n)
	}
	ana.reopen(t)
	if got := ana.state(t, waiting[0].ID()); got != charter.Accepted {
		t.Errorf("one that waited is %v", got)
	}
	give(t, ana, ben.addOne(t))
	ana.stateIsWhatIsStored(t)
}

func TestAStatementCostsNothingForDocumentsThatDoNotWaitForIt(t *testing.T) {
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	said, err := ben.Charter().Follow(ben.device, ben.Charter().Tip())
	must(t, err)
	nowhere := sign(t, ben.cfg.Key, entry.Fields{Space: ben.Space(), Heads: ben.Charter().Heads(), Kind: entry.Statement, Payload: said})
	waitFor := func(i int, heads []entry.ID) *entry.Entry {
		f := entry.Fields{Space: ana.Space(), Heads: heads, Kind: entry.Change, Run: newNonce(), Number: 1}
		binary.BigEndian.PutUint32(f.Doc[:], uint32(i+1))
		a := entry.ActorOf(f.Space, mel.device, f.Run, f.Doc)
		w := change.Change{Deps: []change.Hash{{1}}, Actor: change.Actor(a[:]), Seq: 1, StartOp: 9, Ops: []change.Op{changetest.Put(change.OpID{}, "title", change.StrValue("x"))}}
		f.Payload = w.Encode()
		return sign(t, mel.cfg.Key, f)
	}
	var waiting []*entry.Entry
	for i := range 300 { // for a change, and some for a statement as well
		waiting = append(waiting, waitFor(i, ana.Charter().Heads()))
	}
	for i := range 5 {
		waiting = append(waiting, waitFor(1000+i, []entry.ID{nowhere.ID()}))
	}
	give(t, ana, waiting...)
	judged := func(e *entry.Entry) int {
		old := ana.ground.Load()
		docs, err := ana.reached(old, old.with(e), []*entry.Entry{e})
		must(t, err)
		return len(docs)
	}
	for _, start := range []bool{false, true} {
		if start {
			ana.reopen(t)
		}
		another := sign(t, ben.cfg.Key, entry.Fields{Space: ben.Space(), Heads: ben.Charter().Heads(), Kind: entry.Statement, Payload: said})
		if n := judged(another); n != 0 {
			t.Errorf("%d documents are judged again for a statement for which none waits", n)
		}
		if n := judged(nowhere); n != 5 {
			t.Errorf("%d documents are judged again for the one that five wait for", n)
		}
	}
	give(t, ana, nowhere)
	if l := awaitedLine(t, ana, waiting[300].ID()); l.State != charter.Pending || l.Why == "" {
		t.Errorf("it is %v: %s", l.State, l.Why)
	}
	if n := judged(sign(t, ben.cfg.Key, entry.Fields{Space: ben.Space(), Heads: []entry.ID{nowhere.ID()}, Kind: entry.Statement, Payload: said})); n != 0 {
		t.Errorf("%d are judged again after that", n)
	}
}

func awaitedLine(t testing.TB, p *peerReplica, id entry.ID) (found Line) {
	t.Helper()
	must(t, p.Log(entry.DocID{}, func(l Line) bool {
		found = l
		return l.Entry.ID() != id
	}))
	return found
}

func TestAFloodUnderUnknownKeysKeepsNoNewPhoneOut(t *testing.T) {
	c := found(t, "Ana", "Ben")
	ana, ben := c.all[0], c.all[1]
	task := ana.addTask(t, "Order paper")
	c.settle()
	phone := entry.NewSigner()
	payload, err := ben.Charter().Certify(ben.device, charter.NewDevice{
		Key: phone.Device(), Name: "phone", Accepted: charter.AcceptDevice(ben.Space(), ben.member.Device(), phone),
	})
	must(t, err)
	certificate, err := ben.State(t.Context(), payload)
	must(t, err)
	first := ana.firstOf(t, task.ID)
	work := ben.beside(t, phone, task.ID, 2, []change.Hash{first.Hash}, first.MaxOp()+1, func(i int) change.Op {
		return changetest.Put(change.OpID{}, []string{"project", "due"}[i], change.StrValue([]string{"print", "2027-01-01"}[i]))
	})
	for _, e := range work { // as of the charter in which the phone is
		if !slices.Contains(e.Heads, certificate.ID()) {
			t.Fatal("the phone doesn't know of itself")
		}
	}
	junk := flood(t, ana, entry.NewSigner(), 10)
	give(t, ana, work[0]) // before the flood
	for _, e := range junk {
		give(t, ana, e)
	}
	give(t, ana, work[1]) // no room
	if ana.store.Has(work[1].ID()) {
		t.Fatal("there was room left: this shows nothing")
	}
	give(t, ana, certificate)
	if ana.Has(work[1].ID()) {
		t.Error("what the phone wrote is still held back")
	}
	again(t, ana, work...)
	for _, e := range work {
		if got := ana.state(t, e.ID()); got != charter.Accepted {
			t.Errorf("what the phone wrote is %v", got)
		}
	}
	if used := ana.quota.used[phone.Device()]; used != (room{}) {
		t.Errorf("the phone is charged for %+v, and nothing of it waits", used)
	}
	was := ana.quota.used[bucket{}]
	ana.reopen(t)
	if now := ana.quota.used[bucket{}]; now != was || was.entries == 0 {
		t.Errorf("unknown devices take %+v, and %+v after a restart", was, now)
	}
	// With the certificate in one batch there is no waiting at all.
	tablet := entry.NewSigner()
	payload, err = ben.Charter().Certify(ben.device, charter.NewDevice{
		Key: tablet.Device(), Name: "tablet", Accepted: charter.AcceptDevice(ben.Space(), ben.member.Device(), tablet),
	})
	must(t, err)
	certificate, err = ben.State(t.Context(), payload)
	must(t, err)
	more := ben.beside(t, tablet, task.ID, 1, []change.Hash{first.Hash}, first.MaxOp()+1, func(int) change.Op {
		return changetest.Put(change.OpID{}, "project", change.StrValue("bind"))
	})
	give(t, ana, more[0], certificate)
	if got := ana.state(t, more[0].ID()); got != charter.Accepted {
		t.Errorf("what the tablet wrote is %v", got)
	}
}

// firstOf returns the first change of a document.
func (p *peerReplica) firstOf(t testing.TB, doc entry.DocID) (first *change.Change) {
	t.Helper()
	must(t, p.Read(doc, func(e Edit) error {
		first = e.Judge.Order()[0].Change
		return nil
	}))
	return first
}

// textOf returns the text of a note as its first change made it.
func textOf(first *change.Change) change.OpID {
	for _, op := range first.Ops {
		if op.Key == "text" {
			return op.ID
		}
	}
	return change.OpID{}
}

// typed is a change of n characters after each other in a text, on top of the first change, of a run of its own.
func (p *peerReplica) typed(t testing.TB, key entry.Signer, doc entry.DocID, first *change.Change, n int) *entry.Entry {
	t.Helper()
	e, _ := p.typedOn(t, key, doc, first, first, n)
	return e
}

// typedOn is typed on top of another change.
func (p *peerReplica) typedOn(t testing.TB, key entry.Signer, doc entry.DocID, first, on *change.Change, n int) (*entry.Entry, *change.Change) {
	t.Helper()
	f := entry.Fields{Space: p.Space(), Heads: p.Charter().Heads(), Kind: entry.Change, Doc: doc, Run: newNonce(), Number: 1}
	a := entry.ActorOf(f.Space, key.Device(), f.Run, f.Doc)
	c := change.Change{Deps: []change.Hash{on.Hash}, Actor: change.Actor(a[:]), Seq: 1, StartOp: on.MaxOp() + 1}
	after := change.OpID{}
	for i := range n {
		c.Ops = append(c.Ops, changetest.Insert(textOf(first), after, change.StrValue("x")))
		after = change.OpID{Counter: c.StartOp + uint64(i), Actor: c.Actor}
	}
	f.Payload = c.Encode()
	parsed, err := change.Parse(f.Payload)
	must(t, err)
	return sign(t, key, f), parsed
}

func TestBranchesThatAreEachAsLargeAsADocumentAreTakenAsFarAsThereIsRoom(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	note := ana.addTask(t, "Order paper")
	c.settle()
	first := ana.firstOf(t, note.ID)
	var branches []*entry.Entry
	for range 8 {
		branches = append(branches, ana.typed(t, mel.cfg.Key, note.ID, first, 100_000))
	}
	ben.edit(t, note.ID, crdttest.AppendText("Ben's words"))
	bens := ben.newest(t)
	give(t, ana, append(slices.Clone(branches), bens)...)
	give(t, ben, branches[4:]...)
	ben.reopen(t)
	give(t, ben, branches[:4]...)
	if a, b := mustView(t, ana, note.ID), mustView(t, ben, note.ID); a.Text != b.Text || len(a.Text) > 250_000 || !strings.Contains(a.Text, "Ben's words") {
		t.Errorf("Ana reads %d characters, Ben %d", len(a.Text), len(b.Text))
	}
	held := map[string]int{}
	for _, p := range []*peerReplica{ana, ben} {
		for _, e := range append(slices.Clone(branches), bens) {
			if !p.store.Has(e.ID()) {
				held[p.name]++ // for want of room
				continue
			}
			if !ana.store.Has(e.ID()) {
				continue
			}
			if a, b := p.state(t, e.ID()), ana.state(t, e.ID()); a != b {
				t.Errorf("an entry is %v at %s's and %v at Ana's", a, p.name, b)
			}
		}
	}
	if got := ana.state(t, bens.ID()); got != charter.Accepted {
		t.Errorf("what Ben wrote is %v", got)
	}
	t.Log("held back: ", held)
	ana.edit(t, note.ID, crdttest.Finish())
}

func TestWhoFillsADocumentKeepsNobodyFromAnsweringInIt(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, ben, mel := c.all[0], c.all[1], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	first := ana.firstOf(t, task.ID)
	on, sent := first, 0
	for n := 100_000; n > 0; {
		e, typed := ana.typedOn(t, mel.cfg.Key, task.ID, first, on, n)
		give(t, ana, e)
		sent += len(e.Payload)
		if ana.state(t, e.ID()) == charter.Accepted {
			on = typed
		} else {
			n /= 2 // until nothing fits
		}
	}
	ana.edit(t, task.ID, crdttest.Finish())
	c.settle()
	ben.edit(t, task.ID, crdttest.Reopen())
	c.settle()
	if got := crdttest.Task(mustView(t, ana, task.ID)).Status; got != kinds.TaskOpen {
		t.Errorf("Ana sees that it is %s", got)
	}
	t.Logf("Mel sent %d bytes", sent)
}

func TestOneKeyWrittenAHundredThousandTimesInOneChangeNeverReachesTheCore(t *testing.T) {
	unwatched(t)
	c := found(t, "Ana", "Ben", "Mel")
	ana, mel := c.all[0], c.all[2]
	task := ana.addTask(t, "Order paper")
	c.settle()
	first := ana.firstOf(t, task.ID)
	f := entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Change, Doc: task.ID, Run: newNonce(), Number: 1}
	a := entry.ActorOf(f.Space, mel.device, f.Run, f.Doc)
	w := change.Change{Deps: []change.Hash{first.Hash}, Actor: change.Actor(a[:]), Seq: 1, StartOp: first.MaxOp() + 1}
	for range 119_000 {
		w.Ops = append(w.Ops, changetest.Put(change.OpID{}, "project", change.StrValue("")))
	}
	f.Payload = w.Encode()
	forged := sign(t, mel.cfg.Key, f)
	give(t, ana, forged)
	l := awaitedLine(t, ana, forged.ID())
	if l.State != charter.Void || l.Why == "" {
		t.Errorf("%d bytes with 119,000 operations are %v (%s)", len(forged.Encoded()), l.State, l.Why)
	}
	// Nor does it get there by many changes beside each other.
	many := ana.beside(t, mel.cfg.Key, task.ID, 2_300, []change.Hash{first.Hash}, first.MaxOp()+1, func(i int) change.Op {
		return changetest.Put(change.OpID{}, "project", change.StrValue(fmt.Sprint(i)))
	})
	give(t, ana, many...)
	ana.reopen(t)
	ana.edit(t, task.ID, crdttest.AppendText("goes on"))
	accepted := 0
	for _, e := range many {
		if ana.state(t, e.ID()) == charter.Accepted {
			accepted++
		}
	}
	if accepted > 2000 {
		t.Errorf("%d writes to one key are in the document", accepted)
	}
}

// A thief with Mel's laptop retires her phone, with nothing of it honoured; her phrase says later that it is hers.
func TestWhatWasHeldBackSinceItsDeviceWasCutIsTakenInOnceItIsntCutAnyMore(t *testing.T) {
	c := found(t, "Ana", "Mel")
	ana, mel := c.all[0], c.all[1]
	task, other := ana.addTask(t, "Order paper"), ana.addTask(t, "Clean the drum")
	phone := entry.NewSigner()
	state := func(key entry.Signer, payload []byte, err error) {
		t.Helper()
		must(t, err)
		give(t, ana, sign(t, key, entry.Fields{Space: ana.Space(), Heads: ana.Charter().Heads(), Kind: entry.Statement, Payload: payload}))
	}
	payload, err := ana.Charter().Certify(mel.device, charter.NewDevice{
		Key: phone.Device(), Name: "phone", Accepted: charter.AcceptDevice(ana.Space(), mel.member.Device(), phone),
	})
	state(mel.cfg.Key, payload, err)
	writes := func(doc entry.DocID, n int, key string) []*entry.Entry {
		first := ana.firstOf(t, doc)
		return ana.beside(t, phone, doc, n, []change.Hash{first.Hash}, first.MaxOp()+1, func(i int) change.Op {
			return changetest.Put(change.OpID{}, key, change.StrValue(fmt.Sprint(i)))
		})
	}
	written, void := writes(task.ID, 1, "project"), writes(other.ID, 20, "by:"+ana.me().String()+"/offer")
	payload, err = ana.Charter().Retire(mel.device, phone.Device(), nil)
	state(mel.cfg.Key, payload, err)
	smallRoom(ana)
	give(t, ana, void...)
	give(t, ana, written...)
	if ana.store.Has(written[0].ID()) || !ana.Has(written[0].ID()) {
		t.Fatal("there was room for it")
	}
	payload, err = ana.Charter().Recover(mel.member.Device(), []charter.NewDevice{{Key: phone.Device(), Name: "phone"}}, nil)
	state(mel.member, payload, err)
	again(t, ana, written...)
	for _, e := range written {
		if !ana.store.Has(e.ID()) || ana.state(t, e.ID()) != charter.Accepted {
			t.Fatalf("what the phone wrote isn't taken in: %v", ana.store.Has(e.ID()))
		}
	}
}
