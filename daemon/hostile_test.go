package daemon

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"io"
	"iter"
	mathrand "math/rand"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/automerge/automerge-go"

	"kith/crdt"
	"kith/crdt/change"
	"kith/crdt/change/changetest"
	"kith/crdt/charter"
	"kith/crdt/crdttest"
	"kith/crdt/entry"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/desk"
	"kith/daemon/exchange"
	"kith/daemon/home"
	"kith/daemon/peer"
	"kith/daemon/replica"
	"kith/daemon/space"
)

// modified is a member's modified daemon: her real key and libp2p, but what it passes on are
// whatever entries the test puts into it. It holds to the protocol and to nothing else.
type modified struct {
	*computer
	key     entry.Signer
	replica *replica.Replica // an honest one beside it, to know what the others wrote

	mu       sync.Mutex
	entries  map[entry.ID]*entry.Entry
	watchers map[int]func([]entry.ID)
	sent     map[entry.ID]int // how often each was passed on

	peers *peer.Peers
	stop  func()
}

// modify takes the place of a home's daemon; wraps may come between its exchange and a connection.
func modify(h *computer, wraps ...func(io.ReadWriteCloser) io.ReadWriteCloser) *modified {
	h.t.Helper()
	opened, err := home.Open(h.dir)
	must(h.t, err)
	key, err := opened.DeviceKey()
	must(h.t, err)
	config, err := opened.Config()
	must(h.t, err)
	must(h.t, opened.Close())
	m := &modified{
		computer: h, key: key, replica: h.openReplica(),
		entries: map[entry.ID]*entry.Entry{}, watchers: map[int]func([]entry.ID){}, sent: map[entry.ID]int{},
	}
	for _, e := range m.replica.Charter().Statements() {
		m.entries[e.ID()] = e
	}
	x := exchange.New(m)
	peers, err := peer.New(peer.Config{
		Key: key, Space: m.replica.Space(), Listen: config.Listen, NoMDNS: true,
		Charter: everybody{m.replica}, Book: space.Addresses(m.replica), Ping: x.Ping,
		Sync: func(ctx context.Context, rw io.ReadWriteCloser, _ peer.Device, report func(exchange.Status)) error {
			for _, wrap := range wraps {
				rw = wrap(rw)
			}
			return x.Run(ctx, rw, report)
		},
	})
	must(h.t, err)
	m.peers = peers
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- peers.Run(ctx) }()
	m.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			h.t.Errorf("%s's modified daemon: %v", h.name, err)
		}
		x.Close()
		must(h.t, m.replica.Close())
	})
	h.t.Cleanup(m.stop)
	return m
}

// everybody is the charter as a modified daemon may see it: who is of it may connect.
type everybody struct{ r *replica.Replica }

func (e everybody) Devices() (all []peer.Device) {
	for _, m := range e.r.Rules().Members() {
		for _, d := range m.Devices {
			all = append(all, peer.Device{Key: d.Key, Name: d.Name, Member: m.ID.String(), Former: d.Retired})
		}
	}
	return all
}

func (e everybody) Knows(key entry.Device) bool {
	return e.r.Rules().Knows(key) && !e.r.WasMemberKey(key)
}

// meets tells where a daemon is that this one doesn't know from anybody.
func (m *modified) meets(h *computer) { m.meetsIn(h, "") }

// meetsIn is meets in another space that both are in; "": the home.
func (m *modified) meetsIn(h *computer, space string) {
	m.t.Helper()
	s, err := h.client.In(space).Status(m.t.Context())
	must(m.t, err)
	raw, err := hex.DecodeString(s.Device.ID)
	must(m.t, err)
	m.peers.Learn(entry.Device(raw), s.Addresses)
}

func (m *modified) Space() entry.SpaceID { return m.replica.Space() }

func (m *modified) Keep([]byte) error { return nil }

func (m *modified) Kept() []byte { return nil }

func (m *modified) Idle([]*entry.Entry, entry.Device) int { return 0 }

func (m *modified) Owns(space entry.SpaceID) bool { return space == m.Space() }

func (m *modified) IDs() iter.Seq[entry.ID] {
	m.mu.Lock()
	defer m.mu.Unlock()
	ids := make([]entry.ID, 0, len(m.entries))
	for id := range m.entries {
		ids = append(ids, id)
	}
	return slices.Values(ids)
}

func (m *modified) Has(id entry.ID) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.entries[id] != nil
}

func (m *modified) Entry(id entry.ID) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e := m.entries[id]
	if e == nil {
		return nil, false
	}
	m.sent[id]++
	return e.Encoded(), true
}

func (m *modified) First([]entry.ID) int { return 0 }

func (m *modified) Order(ids []entry.ID) {
	m.mu.Lock()
	defer m.mu.Unlock()
	slices.SortStableFunc(ids, func(a, b entry.ID) int {
		x, y := m.entries[a], m.entries[b]
		if x == nil || y == nil {
			return 0 // forgotten since
		}
		return int(y.Kind) - int(x.Kind) // statements first
	})
}

func (m *modified) Watch(stored func([]entry.ID)) (stop func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	key := len(m.watchers)
	m.watchers[key] = stored
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.watchers[key] = func([]entry.ID) {}
	}
}

// Accept takes what the others wrote, also into the honest replica beside.
func (m *modified) Accept(ctx context.Context, batch []*entry.Entry) error {
	m.add(batch...)
	_, err := m.replica.Accept(ctx, batch)
	return err
}

// add has entries passed on.
func (m *modified) add(batch ...*entry.Entry) {
	ids := make([]entry.ID, len(batch))
	m.mu.Lock()
	for i, e := range batch {
		ids[i] = e.ID()
		m.entries[ids[i]] = e
	}
	var tell []func([]entry.ID)
	for _, fn := range m.watchers {
		tell = append(tell, fn)
	}
	m.mu.Unlock()
	for _, fn := range tell {
		fn(ids)
	}
}

// forget has them passed on no more.
func (m *modified) forget(batch ...*entry.Entry) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range batch {
		delete(m.entries, e.ID())
	}
}

// me is the member whose daemon it is.
func (m *modified) me() charter.MemberID {
	me, _ := m.replica.Me()
	return me.ID
}

// sign puts a change into an entry under a fresh run, or under that of the fields.
func (m *modified) sign(f entry.Fields) *entry.Entry {
	m.t.Helper()
	if f.Number == 0 {
		rand.Read(f.Run[:])
		f.Number = 1
	}
	f.Space, f.Heads, f.Kind = m.Space(), m.replica.Charter().Heads(), entry.Change
	e, err := entry.New(f, m.key)
	must(m.t, err)
	return e
}

// edit makes an honest edit with the replica beside and returns its entry, which isn't passed on.
func (m *modified) edit(doc entry.DocID, edit crdt.Edit) (e *entry.Entry, err error) {
	m.t.Helper()
	if _, err := m.replica.Edit(m.t.Context(), doc, func(e replica.Edit) error { return edit(e.Doc, e.View) }); err != nil {
		return nil, err
	}
	must(m.t, m.replica.Log(doc, func(l replica.Line) bool { e = l.Entry; return false }))
	return e, nil
}

// again is the change of an entry as another run of the same device would have made it.
func (m *modified) again(e *entry.Entry) entry.Fields {
	m.t.Helper()
	f := entry.Fields{Doc: e.Doc, Number: 1}
	rand.Read(f.Run[:])
	if e.Create != nil {
		create := *e.Create
		rand.Read(create.Random[:])
		f.Create, f.Doc = &create, create.DocID(m.Space(), m.key.Device(), f.Run)
	}
	a := entry.ActorOf(m.Space(), m.key.Device(), f.Run, f.Doc)
	f.Payload = changetest.Rebuild(e.Payload, func(c *change.Change) {
		was, now := c.Actor, change.Actor(a[:])
		c.Actor = now
		mine := func(id *change.OpID) {
			if id.Actor == was {
				id.Actor = now
			}
		}
		for i := range c.Ops {
			mine(&c.Ops[i].Obj)
			mine(&c.Ops[i].Elem)
			for j := range c.Ops[i].Pred {
				mine(&c.Ops[i].Pred[j])
			}
		}
	})
	return f
}

func ptr[T any](v T) *T { return &v }

// honestWork has Ana make a document of each kind and returns their IDs.
func honestWork(ana *computer, round string) []string {
	ana.t.Helper()
	ctx := ana.t.Context()
	task, err := ana.client.CreateTask(ctx, apitest.NewTask{Title: "Order paper " + round, Text: "A4, recycled", Tags: []string{"paper"}, Hours: 2})
	must(ana.t, err)
	note, err := ana.client.CreateNote(ctx, apitest.NewNote{Title: "Opening " + round, Text: "We open at nine.", Tags: []string{"shop"}})
	must(ana.t, err)
	decision, err := ana.client.CreateDecision(ctx, apitest.NewDecision{Title: "Prices " + round, Text: "Ten cents a page", Process: "consent"})
	must(ana.t, err)
	return []string{task.ID, note.ID, decision.ID}
}

// templates are real changes of Mel's to those documents, and to one of her own.
func (m *modified) templates(docs []string) (all []*entry.Entry) {
	m.t.Helper()
	me, now := m.me(), time.Now()
	var ids []entry.DocID
	for _, d := range docs {
		id, err := desk.DocID(d)
		must(m.t, err)
		ids = append(ids, id)
	}
	add := func(doc entry.DocID, edits ...crdt.Edit) {
		for _, edit := range edits {
			e, err := m.edit(doc, edit)
			must(m.t, err)
			all = append(all, e)
		}
	}
	add(ids[0],
		crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{Title: ptr("Order more"), AddTags: []string{"soon"}}, Due: ptr("2026-12-01")}),
		crdttest.Take(me, now), crdttest.Ask(now, me), crdttest.Accept(me), crdttest.AskHelp(me, "it is heavy"),
		crdttest.EditText("A4, recycled", "A3 and A4, recycled"), crdttest.EditTask(crdttest.TaskEdit{Common: crdttest.Common{RemoveTags: []string{"paper"}}}), crdttest.Finish())
	add(ids[1], crdttest.AppendText("And close at six."), crdttest.EditText("We open at nine.", "We open at ten."), crdttest.EditNote(crdttest.Common{Title: ptr("Hours")}))
	add(ids[2], crdttest.TakePosition(me, "object", "too dear", ""), crdttest.EditText("Ten cents a page", "Nine cents a page"))
	v, err := m.replica.Create(m.t.Context(), kinds.Note.Name, func(e replica.Edit) error {
		return crdttest.NewNote(crdttest.NoteFields{Title: "Mel's", Text: "a word", Tags: []string{"x"}})(e.Doc, nil)
	})
	must(m.t, err)
	must(m.t, m.replica.Log(v.ID, func(l replica.Line) bool { all = append(all, l.Entry); return false }))
	return all
}

// mutants are n damaged changes in signed entries, by whether their form passes.
func (m *modified) mutants(rng *mathrand.Rand, templates []*entry.Entry, n int) (good, bad []*entry.Entry) {
	m.t.Helper()
	var first []*entry.Entry // those that another run could have made: they stand on nothing of this one
	for _, e := range templates {
		if c, err := change.Parse(e.Payload); err == nil && c.Seq == 1 {
			first = append(first, e)
		}
	}
	for range n {
		var f entry.Fields
		if rng.Intn(4) == 0 { // a twin of a real one
			e := templates[rng.Intn(len(templates))]
			f = entry.Fields{Doc: e.Doc, Create: e.Create, Run: e.Run, Number: e.Number, Previous: e.Previous, Payload: e.Payload}
		} else {
			f = m.again(first[rng.Intn(len(first))])
		}
		if rng.Intn(2) == 0 {
			f.Payload = changetest.MutateByte(rng, f.Payload)
		} else {
			f.Payload = changetest.Mutate(rng, f.Payload)
		}
		e := m.sign(f)
		if _, err := change.Parse(f.Payload); err == nil {
			good = append(good, e)
		} else {
			bad = append(bad, e)
		}
	}
	return good, bad
}

// KITH_HOSTILE=100000 is the full run.
func TestAFloodOfMutatedChangesNeverEndsADaemon(t *testing.T) {
	t.Parallel()
	unwatched(t)
	total := rounds(t, "KITH_HOSTILE", 2000)
	seed := time.Now().UnixNano()
	t.Log("seed", seed)
	rng := mathrand.New(mathrand.NewSource(seed))

	all := coop(t, "Ana", "Mel", "Ben")
	ana, ben := all[0], all[2]
	ana.start()
	mel := modify(all[1])
	const perRound = 500
	handed, passed := 0, 0
	var docs []string
	for handed < total {
		docs = honestWork(ana, time.Now().String())
		ana.until("Mel has them", func() bool {
			for _, d := range docs {
				id, err := desk.DocID(d)
				must(t, err)
				if _, err := mel.replica.View(id); err != nil {
					return false
				}
			}
			return true
		})
		real := mel.templates(docs)
		good, bad := mel.mutants(rng, real, min(perRound, total-handed))
		if rng.Intn(2) == 0 {
			good = append(good, real...) // so that the damaged ones meet the real ones
		}
		rng.Shuffle(len(good), func(i, j int) { good[i], good[j] = good[j], good[i] })
		fresh := map[entry.ID]bool{}
		for _, e := range good {
			if !mel.Has(e.ID()) {
				fresh[e.ID()] = true // now and then damage does nothing, twice
			}
		}
		before, err := ana.client.Status(t.Context())
		must(t, err)
		stored := before.Entries.Stored
		mel.add(good...)
		ana.until("all that is right in form is stored", func() bool {
			s, err := ana.client.Status(t.Context())
			must(t, err)
			if s.Entries.Stored >= before.Entries.Stored+len(fresh) {
				return true
			}
			if s.Entries.Stored == stored { // what is held back comes in when its person says so
				_, err := ana.client.Doctor(t.Context(), api.DoctorRequest{TakeIn: true})
				must(t, err)
			}
			stored = s.Entries.Stored
			return false
		})
		// What is wrong in form comes in one message, of which nothing is kept, and ends the stream.
		// Mel is left alone for a minute, unless the daemon starts again.
		if len(bad) > 0 {
			mel.add(bad...)
			ana.until("the stream has ended", func() bool {
				return strings.Contains(ana.about("Mel").Trouble, "passed on a bad entry")
			})
			mel.forget(bad...)
			ana.alive()
			ana.stop()
			ana.start()
		}
		handed += len(good) + len(bad)
		passed += len(good)
		if t.Failed() {
			return
		}
	}
	status, err := ana.client.Status(t.Context())
	must(t, err)
	t.Logf("%d changes handed over, %d of them right in form; %+v, %d documents, no abort", handed, passed, status.Entries, status.Documents)
	if status.Entries.Quarantined > 0 {
		t.Errorf("%d were quarantined: the validator let them through", status.Entries.Quarantined)
	}

	for _, d := range docs {
		switch d[0] {
		case 't':
			_, err = ana.client.EditTask(t.Context(), d, apitest.TaskEdit{Title: ptr("after all that")})
		case 'n':
			_, err = ana.client.AppendNote(t.Context(), d, "after all that")
		default:
			_, err = ana.client.EditDecision(t.Context(), d, apitest.DecisionEdit{Title: ptr("after all that")})
		}
		if err != nil {
			t.Errorf("an honest edit on top of it: %v", err)
		}
	}
	ben.start()
	sameHeads(ana, ben)
	for _, h := range []*computer{ana, ben} {
		h.stop()
		h.start()
		h.wellBeing()
		h.stop()
		viewsAreAsMadeAnew(h)
		saveAndLoad(h)
	}
}

// about is the line on a member in a daemon's table of peers.
func (h *computer) about(name string) api.Peer {
	h.t.Helper()
	peers, err := h.client.Peers(h.t.Context())
	must(h.t, err)
	for _, p := range peers {
		if p.Member.Name == name {
			return p
		}
	}
	return api.Peer{}
}

// saveAndLoad sees that the core saves every document so that it loads with the same heads.
func saveAndLoad(h *computer) {
	h.t.Helper()
	r := h.openReplica()
	defer func() { must(h.t, r.Close()) }()
	for _, ref := range r.Documents("") {
		must(h.t, r.Read(ref.ID, func(e replica.Edit) error {
			again, err := automerge.Load(e.Doc.Save())
			if err != nil {
				return err
			}
			was, is := e.Doc.Heads(), again.Heads()
			if len(was) != len(is) || len(was) != len(e.Judge.Heads()) {
				h.t.Errorf("%s: document %s has %d heads, judged %d, loaded %d", h.name, ref.ID, len(was), len(e.Judge.Heads()), len(is))
			}
			for i := range was {
				if was[i] != is[i] {
					h.t.Errorf("%s: document %s is saved with other heads", h.name, ref.ID)
				}
			}
			return nil
		}))
	}
}
