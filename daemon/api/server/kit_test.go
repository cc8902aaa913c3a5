package server

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kith/crdt/charter"
	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/client"
	"kith/daemon/waittest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// answerer answers all that a space can be asked.
type answerer interface {
	Peers
	Keeping
	Entrance
	Names
	Drops
	Porches
	Charter
	Allies
	Shares
	Documents
	Versions
	Talk
	News
	Agreements
}

// spaceOf is a space that a answers for in all its parts.
func spaceOf(a answerer) Space {
	return Space{Peers: a, Keeping: a, Entrance: a, Names: a, Drops: a, Porches: a, Charter: a, Allies: a, Shares: a, Documents: a, Versions: a, News: a, Talk: a, Agreements: a}
}

// fake is a co-op of three in memory. Methods that a test doesn't need are those of the nil
// interface.
type fake struct {
	answerer
	space     api.Named
	ally      string // this is a share with it
	over      bool   // that has ended
	people    []api.Member
	peers     []api.Peer
	documents []api.Document
	proposals []api.Proposal
	asked     []api.Ask
	answered  string         // the last answer to a proposal
	fail      error          // what writing fails with
	listed    []ListQuery    // what lists were asked for
	inEach    int            // documents that each of them finds
	created   *Asks          // what the last document was begun with
	told      *Asks          // what the last verb was told
	verb      string         // that one
	events    chan api.Event // what Events gives
	syncing   func(ctx context.Context) (api.Status, error)
}

func (f *fake) Shares(context.Context) ([]api.Share, error) { return nil, nil }

func (f *fake) ToldOf(context.Context, string) (string, error) { return "", nil }

func (f *fake) Mentions(context.Context, int) ([]api.Mention, error) { return nil, nil }

func newFake() *fake {
	return &fake{
		space: api.Named{ID: "s1", Name: "Riso Print Co-op"},
		people: []api.Member{
			{ID: memberID('a'), Name: "Ana", Standing: "full", Me: true, Devices: []api.MemberDevice{{ID: "0a0a0a0a0a", Name: "laptop"}, {ID: "1a1a1a1a1a", Name: "desktop"}}},
			{ID: memberID('b'), Name: "Bénédicte", Standing: "full", Devices: []api.MemberDevice{{ID: "0b0b0b0b0b", Name: "laptop"}}},
			{ID: memberID('c'), Name: "Cleo", Standing: "prospective", Devices: []api.MemberDevice{{ID: "0c0c0c0c0c", Name: "phone", Retired: true}}},
		},
		documents: []api.Document{
			{ID: documentID(kinds.Task.Name, "4kq2"), Short: "t-4kq2", Kind: kinds.Task.Name, Title: "Order paper"},
			{ID: documentID(kinds.Task.Name, "4kq7"), Short: "t-4kq7", Kind: kinds.Task.Name, Title: "Clean the drum"},
			{ID: documentID(kinds.Decision.Name, "9f2c"), Short: "d-9f2c", Kind: kinds.Decision.Name, Title: "A second riso"},
			{ID: documentID(kinds.Note.Name, "01m7"), Short: "n-01m7", Kind: kinds.Note.Name, Title: "Minutes"},
		},
		events: make(chan api.Event),
	}
}

func (f *fake) Space() api.Named { return f.space }

func (f *fake) Asks(context.Context) ([]api.Ask, error) { return slices.Clone(f.asked), nil }

func (f *fake) Share() (ShareName, bool) {
	return ShareName{f.ally, "The " + f.ally + " fair", f.over}, f.ally != ""
}

// served are the spaces of a daemon; the first joins.
type served []answerer

func (s served) Spaces() (all []Space) {
	for _, a := range s {
		all = append(all, spaceOf(a))
	}
	return all
}

func (s served) Begun() <-chan struct{} { return nil }

func (s served) Found(context.Context, api.InitRequest) (api.InitResult, error) {
	return api.InitResult{Space: api.Named{ID: "s9", Name: "Bakery"}}, nil
}

func (served) JoinDevice(context.Context, api.DeviceJoinRequest, func(api.Compare)) (api.DeviceJoined, error) {
	return api.DeviceJoined{}, nil
}

func (served) Ways() Ways         { return noWays{} }
func (served) Computer() Computer { return noComputer{} }

// noComputer is none that anything is known of.
type noComputer struct{}

func (noComputer) Computer(context.Context) (api.Computer, error)     { return api.Computer{}, nil }
func (noComputer) StartAtLogin(context.Context) (api.Computer, error) { return api.Computer{}, nil }

// noWays lead nowhere.
type noWays struct{}

func (noWays) JoinAsk(context.Context, api.JoinRequest) (api.JoinAsked, error) {
	return api.JoinAsked{}, nil
}
func (noWays) JoinAsking(context.Context) ([]api.JoinAsked, error) { return nil, nil }
func (noWays) JoinRead(context.Context, io.Reader) (api.JoinResult, error) {
	return api.JoinResult{}, nil
}
func (noWays) Recover(context.Context, api.RecoverRequest) (api.RecoverAnswer, error) {
	return api.RecoverAnswer{}, nil
}
func (noWays) NewPhrase(context.Context, api.NewPhraseRequest) (api.NewPhrase, error) {
	return api.NewPhrase{}, nil
}
func (noWays) Restore(context.Context, io.Reader, string, func(api.RestoreProgress)) (api.Restored, error) {
	return api.Restored{}, nil
}

func (s served) Page() (api.PageLink, error) {
	return api.PageLink{URL: "http://127.0.0.1:7/enter?key=k"}, nil
}

func (s served) Join(ctx context.Context, r api.JoinRequest) (api.JoinResult, error) {
	return s[0].(interface {
		Join(context.Context, api.JoinRequest) (api.JoinResult, error)
	}).Join(ctx, r)
}

func memberID(letter byte) string { return "m-" + strings.Repeat(string(letter), api.IDLength) }

func documentID(kind, start string) string {
	return api.FullID(kind, start+strings.Repeat("z", api.IDLength-len(start)))
}

func (f *fake) Status(context.Context) (api.Status, error) {
	return api.Status{Space: api.Named{ID: "s1", Name: "Riso Print Co-op"}, Peers: f.peers}, nil
}

func (f *fake) Members(context.Context) ([]api.Member, error) { return f.people, nil }

func (f *fake) Devices(context.Context) ([]api.Device, error) { return nil, nil }

func (f *fake) Find(_ context.Context, kind, prefix string, limit int) (out []api.Document, _ error) {
	for _, d := range f.documents {
		if (kind == "" || kind == d.Kind) && strings.HasPrefix(d.ID[2:], prefix) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

func (f *fake) List(_ context.Context, q ListQuery) ([]Shown, error) {
	f.listed = append(f.listed, q)
	var found []Shown
	for n := range f.inEach {
		if q.Limit > 0 && n == q.Limit {
			break
		}
		found = append(found, told(q.Kind, api.Document{ID: q.Kind.Letters + "-" + strconv.Itoa(n), Kind: q.Kind.Name}))
	}
	return found, f.fail
}

func (f *fake) Show(_ context.Context, k *kind.Kind, id string) (Shown, error) {
	for _, d := range f.documents {
		if d.ID == id && d.Kind == k.Name {
			return told(k, d), nil
		}
	}
	return Shown{}, errors.New("the server asks only for what Find has shown")
}

// told is a document of which nothing but its header is known.
func told(k *kind.Kind, d api.Document) Shown {
	return Tell(k, d, kind.Look{View: &kind.View{}, Named: func(charter.MemberID) kind.Named { return kind.Named{} }})
}

func (f *fake) Proposals(context.Context) ([]api.Proposal, error) { return f.proposals, f.fail }

func (f *fake) Charter(context.Context) (api.Charter, error) { return api.Charter{}, f.fail }

func (f *fake) Figures(context.Context) ([]api.Figure, error) { return nil, f.fail }

func (f *fake) AnswerProposal(_ context.Context, id string, a api.ProposalAnswer) (api.Proposal, error) {
	f.answered = id + " " + a.Verb
	return api.Proposal{ID: id}, f.fail
}

func (f *fake) NoteProposal(context.Context, string) error { return f.fail }

func (f *fake) Possible(context.Context, *kind.Kind, string) ([]api.Possible, error) {
	return []api.Possible{}, nil
}

func (f *fake) LastShown(context.Context, *kind.Kind, string) (api.LastShown, error) {
	return api.LastShown{}, f.fail
}

func (f *fake) NoteShown(context.Context, *kind.Kind, string, []string) error { return f.fail }

func (f *fake) Create(_ context.Context, k *kind.Kind, a Asks) (Shown, error) {
	f.created = &a
	return told(k, f.documents[0]), f.fail
}

func (f *fake) Do(ctx context.Context, k *kind.Kind, v *kind.Verb, id string, a Asks) (Shown, error) {
	f.told, f.verb = &a, v.Name
	return f.Show(ctx, k, id)
}

func (f *fake) History(context.Context, string, HistoryQuery) ([]api.Version, error) {
	return nil, f.fail
}

func (f *fake) Edition(context.Context, *kind.Kind, string, string) (api.Edition, error) {
	return api.Edition{}, f.fail
}

func (f *fake) Restore(ctx context.Context, k *kind.Kind, id, _ string) (Shown, error) {
	return f.Show(ctx, k, id)
}

func (f *fake) Log(_ context.Context, q LogFilter) ([]api.LogLine, error) {
	return []api.LogLine{{ID: q.Document}}, f.fail
}

func (f *fake) Events(context.Context) (<-chan api.Event, error) { return f.events, nil }

func (f *fake) Sync(ctx context.Context) (api.Status, error) { return f.syncing(ctx) }

// ask makes one request of a server on b, without a socket.
func ask(t *testing.T, b answerer, method, path string, body io.Reader) (status int, answer string) {
	t.Helper()
	return request(t, served{b}, method, path, body)
}

// askAll asks a server of several spaces for something.
func askAll(t *testing.T, all served, path string) (status int, answer string) {
	t.Helper()
	return request(t, all, "GET", path, nil)
}

func request(t *testing.T, all served, method, path string, body io.Reader) (status int, answer string) {
	t.Helper()
	s := New(all, slog.New(slog.DiscardHandler))
	w := httptest.NewRecorder()
	var sent bytes.Buffer
	if body == nil {
		body = http.NoBody
	}
	s.Handler().ServeHTTP(w, httptest.NewRequest(method, "/v1/"+path, io.TeeReader(body, &sent)))
	checkDescribed(t, method, path, &sent, w)
	return w.Code, w.Body.String()
}

// refused makes a request that is to be refused and gives the problem.
func refused(t *testing.T, b answerer, method, path string, body io.Reader) api.Problem {
	t.Helper()
	status, answer := ask(t, b, method, path, body)
	var out struct{ Error *api.Problem }
	if err := json.Unmarshal([]byte(answer), &out); err != nil || out.Error == nil {
		t.Fatalf("%s %s: status %d, no problem in %q", method, path, status, answer)
	}
	if status != statusOf(out.Error.Code) {
		t.Errorf("%s %s: status %d with code %s", method, path, status, out.Error.Code)
	}
	return *out.Error
}

// serve runs a server of b on the socket of a home, until the test ends.
func serve(t *testing.T, b answerer, home string) (c *client.Client, stop func() error, log *bytes.Buffer) {
	t.Helper()
	l, err := Listen(home)
	if err != nil {
		t.Fatal(err)
	}
	log = new(bytes.Buffer)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- New(served{b}, slog.New(slog.NewTextHandler(log, nil))).Run(ctx, l) }()
	if c, err = client.New(home, ""); err != nil {
		t.Fatal(err)
	}
	stopped := false
	stop = func() error {
		stopped = true
		cancel()
		select {
		case err := <-done:
			return err
		case <-time.After(waittest.Limit):
			return errors.New("the server doesn't stop")
		}
	}
	t.Cleanup(func() {
		c.Close()
		if !stopped {
			if err := stop(); err != nil {
				t.Error(err)
			}
		}
	})
	return c, stop, log
}

// shortHome is a folder whose path fits a socket, which t.TempDir's may not.
func shortHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "kith")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func longHome(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(shortHome(t), strings.Repeat("long/", 30))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	return dir
}
