package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/api/server"
)

// now is the moment of all tests here: a Tuesday, in a place an hour east of Greenwich.
var now = time.Date(2026, 11, 24, 9, 0, 0, 0, time.FixedZone("", 3600))

var (
	ana  = api.Named{ID: "m-" + strings.Repeat("a", 32), Name: "Ana"}
	ben  = api.Named{ID: "m-" + strings.Repeat("b", 32), Name: "Ben"}
	cleo = api.Named{ID: "m-" + strings.Repeat("c", 32), Name: "Cleo"}
)

// answerer answers all that a space can be asked.
type answerer interface {
	server.Peers
	server.Keeping
	server.Entrance
	server.Names
	server.Charter
	server.Allies
	server.Shares
	server.Documents
	server.News
	server.Talk
	server.Agreements
}

// coop is a space in memory: what a daemon knows, and what it was last told.
type coop struct {
	answerer  // what no test needs
	people    []api.Member
	tasks     []apitest.Task
	decisions []apitest.Decision
	notes     []apitest.Note
	invites   []api.Invite
	proposals []api.Proposal
	asked     []api.Ask
	share     api.Share
	facts     map[string][]string // by which lists find a document, by its short ID
	told      any                 // the last request that changes something
	events    []api.Event
	later     []api.LogLine                                       // what came on top of the log since
	again     func(ctx context.Context) (<-chan api.Event, error) // what else happens is asked for, once events ended
	watched   int
	sync      func(ctx context.Context) error
	checks    []api.Check
	named     []api.Mention
	partly    []api.Document
	news      map[string]string // how things stood that somebody was told of
}

func header(kind, start, title string) api.Document {
	return api.Document{
		ID: api.FullID(kind, start+strings.Repeat("z", 32-len(start))), Short: api.FullID(kind, start), Kind: kind, Title: title,
		CreatedBy: ana, CreatedAt: api.At(now.Add(-3 * time.Hour)), UpdatedBy: ben, UpdatedAt: api.At(now.Add(-2 * time.Minute)),
		Heads: []string{"3fa09c11d2e4"},
	}
}

func newCoop() *coop {
	c := &coop{}
	for _, m := range []api.Named{ana, ben, cleo} {
		c.people = append(c.people, api.Member{
			ID: m.ID, Name: m.Name, Standing: "full", Me: m == ana, Since: api.At(now.AddDate(0, -1, 0)),
			Devices: []api.MemberDevice{{ID: "key-" + m.Name, Name: "laptop"}},
		})
	}
	paper := header(kinds.Task.Name, "4kq2", "Order paper")
	paper.Tags = []string{"paper"}
	drum := header(kinds.Task.Name, "4kq7", "Clean the drum")
	c.tasks = []apitest.Task{
		{
			Document: paper, Text: "A3, 90 g", Status: "open", Project: "Workshop", Due: "2026-11-30", Hours: 2.5,
			Asked:   []apitest.Asked{{Member: ana, Answer: "none"}, {Member: cleo, Answer: "declined", Why: "away"}},
			TakenBy: []api.Named{ben},
			Help:    apitest.Help{Wanted: true, Why: "too heavy", By: &ben, Offers: []apitest.Offer{{Member: cleo, Why: "free on Tuesday"}}},
		},
		{Document: drum, Status: "open", TakenBy: []api.Named{ana}, Due: "2026-11-24"},
	}
	c.decisions = []apitest.Decision{
		{
			Document: header(kinds.Decision.Name, "9f2c", "A second riso"), Text: "A used one", Process: "consent", Status: "open",
			Revision: "00112233445566aa", By: "2026-11-27", ReviewOn: "2027-06-01", WaitingFor: []api.Named{ana, cleo},
			Positions: []apitest.Position{
				{Member: ben, Stance: "object", Why: "too dear", Revision: "00112233445566aa", Counted: true, At: kind.At(now.Add(-time.Hour))},
				{Member: cleo, Stance: "consent", Revision: "ffffffffffffffff", At: kind.At(now.Add(-2 * time.Hour))},
			},
		},
		{
			Document: header(kinds.Decision.Name, "7t0p", "Closed on Mondays"), Process: "consent", Status: "agreed",
			Outcome: &apitest.Outcome{
				Result: "agreed", RecordedBy: ben, At: kind.At(now.Add(-time.Hour)), Tally: map[string]int{"consent": 2, "object": 1},
				State: "doesnt_hold", Why: "Cleo's objection is open",
			},
		},
	}
	c.facts = map[string][]string{
		"t-4kq2": {"asked/" + ana.ID, "due/2026-11-30", "help", "mine/" + ben.ID, "open", "project/Workshop", "tag/paper", "wants/" + ben.ID},
		"t-4kq7": {"due/2026-11-24", "mine/" + ana.ID, "open"},
		"d-9f2c": {"open", "waits/" + ana.ID, "waits/" + cleo.ID},
	}
	c.notes = []apitest.Note{{Document: header(kinds.Note.Name, "2m7d", "Minutes"), Text: "Present: all\n"}}
	c.invites = []api.Invite{{ID: "7f3a00", Code: "kith1secret", Standing: "full", ExpiresAt: api.At(now.Add(48 * time.Hour)), State: "open"}}
	c.proposals = []api.Proposal{
		{
			ID: "p-4kq2" + strings.Repeat("z", 28), Short: "p-4kq2", Action: "remove", Title: "end the membership of Cleo", Subject: &cleo,
			Why: "moved away", By: ben, At: api.At(now.Add(-time.Hour)), Consents: []api.Consent{{Member: ben, At: api.At(now.Add(-time.Hour))}},
			WaitingFor: []api.Named{ana}, Needs: 2, Of: 3, State: "open", Pending: true, Mine: "none", WaitsForMe: true,
			Says: []string{"2 of 3 full members have to consent; 1 more to come."},
		},
		{
			ID: "p-9c0m" + strings.Repeat("z", 28), Short: "p-9c0m", Action: "invites", Title: "let each full member have 3 open invites", Value: "3",
			By: ana, At: api.At(now.Add(-2 * time.Hour)), Refusals: []api.Refusal{{Member: cleo, Why: "too many"}},
			Needs: 2, Of: 3, State: "overtaken", Pending: true, Mine: "none", WaitsForMe: true,
			Says: []string{"The co-op took another step since this was proposed. To propose it again as it is: kith charter renew p-9c0m"},
		},
	}
	return c
}

func (c *coop) Mentions(context.Context, int) ([]api.Mention, error) { return c.named, nil }

func (c *coop) Asks(context.Context) ([]api.Ask, error) { return slices.Clone(c.asked), nil }

func (c *coop) Share() (server.ShareName, bool) { return server.ShareName{}, false }

func (c *coop) Space() api.Named { return api.Named{ID: "5pace", Name: "Riso Print Co-op"} }

// served are the spaces of a daemon; the first joins.
type served []*coop

func (s served) Begun() <-chan struct{} { return nil }

func (s served) Spaces() (all []server.Space) {
	for _, c := range s {
		all = append(all, server.Space{
			Peers: c, Keeping: c, Entrance: c, Names: c, Drops: c, Porches: c, Charter: c, Allies: c, Shares: c, Documents: c, Versions: c, News: c, Talk: c, Agreements: c,
		})
	}
	return all
}

func (s served) Found(context.Context, api.InitRequest) (api.InitResult, error) {
	return api.InitResult{}, errors.New("not in these tests")
}

func (served) JoinDevice(context.Context, api.DeviceJoinRequest, func(api.Compare)) (api.DeviceJoined, error) {
	return api.DeviceJoined{}, nil
}

// Ways and the Computer are asked for by the page alone.
func (served) Ways() server.Ways         { return nil }
func (served) Computer() server.Computer { return nil }

func (s served) Page() (api.PageLink, error) {
	return api.PageLink{URL: "http://127.0.0.1:7/enter?key=k"}, nil
}

func (s served) Join(ctx context.Context, r api.JoinRequest) (api.JoinResult, error) {
	return s[0].Join(ctx, r)
}

func (c *coop) Status(context.Context) (api.Status, error) {
	return api.Status{
		Space: api.Named{ID: "5pace", Name: "Riso Print Co-op"}, Me: ana, Device: api.Named{ID: "key-Ana", Name: "laptop"},
		Version: "test", StartedAt: api.At(now.Add(-time.Hour)), Addresses: []string{"/ip4/127.0.0.1/tcp/4111"},
		Peers: c.peers(), Entries: api.Entries{Stored: 1234, Pending: 1}, Documents: 5, InStep: true,
		Reach: api.Reach{Reachable: "no", Relays: []string{"Cleo's laptop"}, Says: "Other networks reach this device through Cleo's laptop."},
	}, nil
}

func (c *coop) Confirmed(_ context.Context, peers []api.Peer) ([]api.Peer, error) { return peers, nil }

func (c *coop) peers() []api.Peer {
	return []api.Peer{
		{Member: ben, Device: api.Named{ID: "key-Ben", Name: "laptop"}, Connected: true, Transport: "tcp", Address: "/ip4/10.0.0.2/tcp/4111", RTT: 0.4, InStep: true, LastSeen: api.At(now),
			InStepAt: api.At(now.Add(-9 * time.Second)), BytesReceived: 181_000, BytesSent: 5_200},
		{Member: cleo, Device: api.Named{ID: "key-Cleo", Name: "phone"}, Trouble: "Cleo's phone: no answer at 192.168.1.7:4111; both are behind a router, and no member's device that both reach is up, trying again in 7 s"},
		{Member: cleo, Device: api.Named{ID: "key-Cleo-2", Name: "desktop"}, LastSeen: api.At(now.Add(-time.Hour)), InStepAt: api.At(now.Add(-2 * time.Hour)),
			Trouble: "Cleo's desktop: no answer at 10.0.0.3:4111, trying again in 4 s", ToSend: 12},
		{Member: ben, Device: api.Named{ID: "key-Ben-2", Name: "phone"}, Connected: true, Transport: "relay", Via: "Cleo's laptop", Address: "/ip4/10.0.0.3/tcp/4111/p2p/12D3/p2p-circuit", RTT: 12, InStep: true, LastSeen: api.At(now)},
	}
}

func (c *coop) Peers(context.Context) ([]api.Peer, error)     { return c.peers(), nil }
func (c *coop) Members(context.Context) ([]api.Member, error) { return c.people, nil }
func (c *coop) Invites(context.Context) ([]api.Invite, error) { return slices.Clone(c.invites), nil }

func (c *coop) Sync(ctx context.Context) (api.Status, error) {
	s, err := c.Status(ctx)
	if c.sync != nil {
		err = c.sync(ctx)
	}
	return s, err
}

func (c *coop) RevokeInvite(_ context.Context, id string) (api.Invite, error) {
	i := c.invites[0]
	i.State = "revoked"
	c.told = id
	return i, nil
}

func (c *coop) Invite(_ context.Context, r api.InviteRequest) (api.Invite, error) {
	c.told = r
	i := c.invites[0]
	i.Standing, i.Says = "prospective", []string{"Whoever has this code joins as a prospective member."}
	return i, nil
}

func (c *coop) Charter(context.Context) (api.Charter, error) {
	return api.Charter{
		Space: api.Named{ID: "5pace", Name: "Riso Print Co-op"}, Step: "00ff", Founder: ana, Threshold: "majority", Needs: 2, Of: 3,
		Full: []api.Named{ana, ben, cleo}, Pending: c.proposals, Says: []string{"The founding is closed.", "2 of 3 full members have to consent (majority)."},
	}, nil
}

func (c *coop) CharterLog(context.Context, int) ([]api.CharterLine, error) {
	return []api.CharterLine{
		{Entry: "e9", At: api.At(now.Add(-time.Hour)), Says: "p-7n3q: Dora is a full member; agreed by Ana and Cleo", Proposal: "p-7n3q"},
		{Entry: "e8", At: api.At(now.Add(-2 * time.Hour)), By: &ana, Says: "proposed to admit Dora as a full member", Why: "half a year with us", Proposal: "p-7n3q"},
	}, nil
}

func (c *coop) Figures(context.Context) ([]api.Figure, error) { return nil, nil }

func (c *coop) Proposals(context.Context) ([]api.Proposal, error) {
	return slices.Clone(c.proposals), nil
}

func (c *coop) Propose(_ context.Context, r api.ProposalRequest) (api.Proposal, error) {
	c.told = r
	return c.proposals[0], nil
}

func (c *coop) AnswerProposal(_ context.Context, _ string, a api.ProposalAnswer) (api.Proposal, error) {
	c.told = a
	return c.proposals[0], nil
}

func (c *coop) Rename(_ context.Context, name string) (api.Member, error) {
	c.told = name
	m := c.people[0]
	m.Name = name
	return m, nil
}

func (c *coop) Resign(_ context.Context, r api.ResignRequest) (api.Member, error) {
	c.told = r
	return c.people[0], nil
}

func (c *coop) Follow(ctx context.Context, step string) (api.Charter, error) {
	c.told = step
	return c.Charter(ctx)
}

func (c *coop) Adopt(_ context.Context, entry string) (api.Document, error) {
	c.told = entry
	return api.Document{ID: "t-4kq2", Short: "t-4kq2", Kind: "task"}, nil
}

func (c *coop) Carry(_ context.Context, q api.CarryRequest) (api.Carried, error) {
	c.told = q
	return api.Carried{Left: []api.CarriedLeft{}}, nil
}

func (c *coop) Join(_ context.Context, r api.JoinRequest) (api.JoinResult, error) {
	c.told = r
	return api.JoinResult{}, api.Problemf(api.Failed, "KITH_HOME=… kith join", "this home already belongs to a co-op")
}

func (c *coop) Find(_ context.Context, kind, prefix string, limit int) (out []api.Document, _ error) {
	all := []api.Document{}
	for _, t := range c.tasks {
		all = append(all, t.Document)
	}
	for _, d := range c.decisions {
		all = append(all, d.Document)
	}
	for _, n := range c.notes {
		all = append(all, n.Document)
	}
	for _, d := range all {
		if (kind == "" || kind == d.Kind) && strings.HasPrefix(d.ID[2:], prefix) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

var errNotShown = errors.New("asked for a document that Find hasn't shown")

// documents are those of a kind, as the daemon tells of them.
func (c *coop) documents(k *kind.Kind) (all []server.Shown) {
	for _, t := range c.tasks {
		all = append(all, shown(kinds.Task, t.Document, t))
	}
	for _, d := range c.decisions {
		all = append(all, shown(kinds.Decision, d.Document, d))
	}
	for _, n := range c.notes {
		all = append(all, shown(kinds.Note, n.Document, n))
	}
	return slices.DeleteFunc(all, func(s server.Shown) bool { return s.Of != k })
}

// shown is what is told of a document whose JSON is that of v.
func shown(k *kind.Kind, d api.Document, v any) server.Shown {
	var fields map[string]any
	b, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(b, &fields)
	}
	if err != nil {
		panic(err)
	}
	s := server.Shown{Document: d, Of: k}
	s.Text, _ = fields["text"].(string)
	for _, show := range k.Shows {
		v := reflect.New(show.Type)
		b, err := json.Marshal(fields[show.Name])
		if err == nil {
			err = json.Unmarshal(b, v.Interface())
		}
		if err != nil {
			panic(err)
		}
		s.Fields = append(s.Fields, v.Elem().Interface())
	}
	return s
}

func (c *coop) List(_ context.Context, q server.ListQuery) (all []server.Shown, _ error) {
	by := kind.Asker{Me: ana.ID, Day: func(when string) string { return when[:min(len(when), 10)] }, On: func(days int) string { return now.AddDate(0, 0, days).Format(time.DateOnly) }}
	for _, s := range c.documents(q.Kind) {
		if q.Wants == nil || kind.Match(c.facts[s.Short], q.Wants(by)) {
			all = append(all, s)
		}
	}
	slices.SortFunc(all, func(a, b server.Shown) int { return strings.Compare(a.ID, b.ID) }) // all were changed at one time
	return all, nil
}

func (c *coop) Show(_ context.Context, k *kind.Kind, id string) (server.Shown, error) {
	for _, s := range c.documents(k) {
		if s.ID == id {
			return s, nil
		}
	}
	return server.Shown{}, errNotShown
}

func (c *coop) LastShown(context.Context, *kind.Kind, string) (api.LastShown, error) {
	return api.LastShown{Revision: "00112233445566aa", Now: "00112233445566aa"}, nil
}

func (c *coop) NoteShown(context.Context, *kind.Kind, string, []string) error { return nil }

func (c *coop) NoteProposal(context.Context, string) error { return nil }

func (c *coop) Create(_ context.Context, k *kind.Kind, a server.Asks) (server.Shown, error) {
	c.told = said(k, k.Make, a)
	return c.documents(k)[0], nil
}

func (c *coop) Do(ctx context.Context, k *kind.Kind, v *kind.Verb, id string, a server.Asks) (server.Shown, error) {
	c.told = said(k, v, a)
	switch v.Name {
	case "accept":
		return server.Shown{}, api.Problemf(api.NotAllowed, "offer help instead: kith task offer t-4kq7", "t-4kq7 was asked of Ana; Ben can't accept it for her")
	case "close":
		return server.Shown{}, api.Problemf(api.NotAllowed, "kith decision show d-9f2c", "this decision can't be closed yet: Ben objects")
	}
	return c.Show(ctx, k, id)
}

// asked is what the daemon was asked of a document: the verb, and what was given for it.
type asked map[string]any

func said(k *kind.Kind, v *kind.Verb, a server.Asks) asked {
	out := asked{"verb": v.Name}
	put := func(key string, v any, given bool) {
		if given {
			out[key] = v
		}
	}
	if a.Title != nil {
		out["title"] = *a.Title
	}
	if a.Text != nil {
		put("text", a.Text.Text, a.Text.Text != "" || v == k.Edit)
	}
	put("base_heads", a.From, len(a.From) > 0)
	put("replace", true, a.Replace)
	put("tag", a.Tag, len(a.Tag) > 0)
	put("untag", a.Untag, len(a.Untag) > 0)
	put("why", a.Why, a.Why != "")
	put("undo", true, a.Undo)
	fields := slices.Concat(v.Args, v.With)
	if v.By != nil {
		fields = append(fields, v.By)
	}
	for _, f := range fields {
		switch {
		case f.IsMany():
			put(f.Key, a.All(f), a.Has(f))
		case f.Is == kind.Hours:
			put(f.Key, kind.Minutes(a.Value(f).Int()).Hours(), a.Has(f))
		default:
			put(f.Key, a.Str(f), a.Has(f))
		}
	}
	return out
}

func (c *coop) History(context.Context, string, server.HistoryQuery) ([]api.Version, error) {
	return []api.Version{{Head: strings.Repeat("3fa09c11", 8), At: api.At(now), By: ben, Device: api.Named{ID: "key-Ben", Name: "laptop"}, Says: []string{"wrote “Present: all”"},
		Changed: []api.Change{{Field: "text", Was: "Present: some", Is: "Present: all", Diff: []api.Passage{{Same: "Present: "}, {Gone: "some"}, {Came: "all"}}}}}}, nil
}

func (c *coop) Edition(_ context.Context, _ *kind.Kind, _, head string) (api.Edition, error) {
	c.told = head
	versions, _ := c.History(context.Background(), "", server.HistoryQuery{})
	return api.Edition{Version: versions[0], Revision: "00112233445566aa", Title: "Minutes", Text: "Present: all", Fields: map[string]string{"due": "2026-11-30"}}, nil
}

func (c *coop) LastDeed(context.Context) (api.LastDeed, error) {
	return api.LastDeed{Of: "1", At: api.At(now), Verb: "add", Made: true, Documents: 1, ID: c.tasks[0].ID, Short: "t-4kq2", Kind: kinds.Task.Name, Title: "Order paper", Text: "A3, 90 g"}, nil
}

func (c *coop) Undo(ctx context.Context, of string) (api.LastDeed, error) {
	c.told = "undo " + of
	return c.LastDeed(ctx)
}

func (c *coop) ToldOf(_ context.Context, thing string) (string, error) { return c.news[thing], nil }

func (c *coop) NoteTold(_ context.Context, thing, stood string) error {
	if c.news == nil {
		c.news = map[string]string{}
	}
	c.news[thing] = stood
	return nil
}

func (c *coop) Continue(ctx context.Context, k *kind.Kind, id string) (server.Shown, error) {
	c.told = "continue"
	return c.Show(ctx, k, id)
}

func (c *coop) GoesOnFrom(string) *api.Other { return nil }

func (c *coop) Restore(ctx context.Context, k *kind.Kind, id, head string) (server.Shown, error) {
	c.told = head
	return c.Show(ctx, k, id)
}

func (c *coop) Log(_ context.Context, f server.LogFilter) ([]api.LogLine, error) {
	c.told = f
	return append(slices.Clone(c.later), []api.LogLine{
		{Entry: "e2", At: api.At(now.Add(-2 * time.Minute)), By: ben, State: "accepted", Kind: kinds.Task.Name, ID: c.tasks[0].ID, Short: "t-4kq2", Title: "Order paper",
			Says: []string{"set due to 2026-11-30"}, Changes: []api.FieldChange{{Field: "due", Verb: "set", To: "2026-11-30"}}},
		{Entry: "e1", At: api.At(now.Add(-time.Hour)), By: cleo, State: "void", Adoptable: f.Void, Why: "only Ana can answer for Ana", Kind: kinds.Task.Name, ID: c.tasks[0].ID, Short: "t-4kq2", Title: "Order paper",
			Says: []string{"accepted"}},
	}...), nil
}

func (c *coop) Search(context.Context, string, int) ([]api.Hit, error) {
	return []api.Hit{{ID: c.tasks[0].ID, Short: "t-4kq2", Kind: kinds.Task.Name, Title: "Order paper", Line: "A3, 90 g", Score: 2}}, nil
}

func (c *coop) Partly(context.Context, int) ([]api.Document, error) { return c.partly, nil }

func (c *coop) Events(ctx context.Context) (<-chan api.Event, error) {
	if c.watched++; c.watched > 1 && c.again != nil {
		return c.again(ctx)
	}
	events := make(chan api.Event, len(c.events))
	for _, e := range c.events {
		events <- e
	}
	close(events)
	return events, nil
}

func (c *coop) Doctor(_ context.Context, q api.DoctorRequest) ([]api.Check, error) {
	c.told = q.Rebuild
	return c.checks, nil
}

// desk is where one person types.
type desk struct {
	t     *testing.T
	home  string
	coop  *coop
	env   map[string]string
	stdin string
	hooks Hooks
}

// newDesk makes a home with no daemon.
func newDesk(t *testing.T) *desk {
	t.Helper()
	home, err := os.MkdirTemp("", "kith") // t.TempDir may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	return &desk{t: t, home: home, env: map[string]string{}}
}

// newServedDesk makes a home whose daemon answers from c.
func newServedDesk(t *testing.T, c *coop) *desk {
	t.Helper()
	d := newDesk(t)
	d.serve(c)
	return d
}

func (d *desk) serve(c *coop) {
	d.t.Helper()
	d.coop = c
	l, err := server.Listen(d.home)
	if err != nil {
		d.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.New(served{c}, slog.New(slog.DiscardHandler)).Run(ctx, l) }()
	d.t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			d.t.Error(err)
		}
	})
}

// watch types kith watch, and stops it with Ctrl-C when it comes to watch again.
func (d *desk) watch(args ...string) (stdout, stderr string, exit int) {
	d.t.Helper()
	ctx, stop := context.WithCancel(d.t.Context())
	defer stop()
	d.coop.watched = 0
	d.coop.again = func(context.Context) (<-chan api.Event, error) {
		stop()
		return nil, errors.New("it is stopped")
	}
	var out, errs bytes.Buffer
	exit = Run(ctx, append([]string{"watch"}, args...), d.environment(&out, &errs))
	return out.String(), errs.String(), exit
}

// run types one command.
func (d *desk) run(args ...string) (stdout, stderr string, exit int) {
	d.t.Helper()
	var out, errs bytes.Buffer
	exit = Run(d.t.Context(), args, d.environment(&out, &errs))
	return out.String(), errs.String(), exit
}

func (d *desk) environment(out, errs io.Writer) Env {
	return Env{
		Stdin: strings.NewReader(d.stdin), Stdout: out, Stderr: errs, Version: "test", Hooks: d.hooks,
		Now: func() time.Time { return now },
		Getenv: func(name string) string {
			if name == "KITH_HOME" {
				return d.home
			}
			return d.env[name]
		},
	}
}

// ok types a command that has to work and gives its output.
func (d *desk) ok(args ...string) string {
	d.t.Helper()
	out, errs, exit := d.run(args...)
	if exit != 0 || errs != "" {
		d.t.Fatalf("kith %s: exit %d, %s", strings.Join(args, " "), exit, errs)
	}
	return out
}

// fails types a command that has to end with an exit code, and gives what it says.
func (d *desk) fails(want int, args ...string) string {
	d.t.Helper()
	out, errs, exit := d.run(args...)
	if exit != want || out != "" {
		d.t.Errorf("kith %.200s: exit %d, want %d\n%s%s", strings.Join(args, " "), exit, want, out, errs)
	}
	if !strings.HasPrefix(errs, "kith: ") && !strings.HasPrefix(errs, `{"error":`) {
		d.t.Errorf("kith %.200s: says %q", strings.Join(args, " "), errs)
	}
	return errs
}

func asJSON(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(err)
	}
	return string(b)
}
