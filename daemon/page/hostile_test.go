package page_test

import (
	"context"
	"encoding/json"
	"flag"
	"html"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/automerge/automerge-go"

	"kith/crdt/kind"
	"kith/crdt/kinds"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/daemontest"
	"kith/daemon/peer/peertest"
	"kith/daemon/replica"
)

var (
	hostileSeed = flag.Uint64("hostile", 1, "the seed of what a modified program writes")
	hostileDocs = flag.Int("hostiledocs", 12, "how many documents of each kind it writes")
)

// anything gives values for a field that its type takes, and no command writes: what a modified program can put there.
type anything struct {
	*rand.Rand
	ids []string // of members and documents, so that some lead somewhere
}

func (a anything) word() string {
	words := []string{
		"", " ", "x", "2026-11", "2026-11-29", "2026-11-29-and-more", "2026-13-45", "9999-12-31", "0001-01-01", "2026-11-29/2026-11-01", "2026-11-01/9999-12-31",
		"2026-11-29T25:00:00Z", "2026-11-29T10:00:00Z", "10:00", "24:00", "-1", "0/0", "1/0", "-2/3", "99999999999999999999/3", "0%", "999999999999999999999%",
		"-35h", "99999999999999999h", "35h", "14d", "99999999999d", "15%", "60 EUR", "999999999999.99 EUR", "hours", "-1 EUR", "1e999999 EUR", "mon tue", "sat sun mon tue wed thu fri",
		"=HYPERLINK(1)", "\u202e=1+1", "\x00", "\u2028", "é", "🖨", "<script>alert(1)</script>", "**", "|", strings.Repeat("ab ", 300), strings.Repeat("\u0301", 200),
		"consent", "object", "block", "choose", "agreed", "chosen", "heard", "tied", "accepted", "declined", "put_back", "shared", "refused", "said", "running", "done",
		"majority", "m-", "t-", "p-" + strings.Repeat("0", 32), "m-" + strings.Repeat("z", 32) + "/", "kithp1", "{}", "[]", "null",
	}
	if len(a.ids) > 0 && a.IntN(3) == 0 {
		return a.ids[a.IntN(len(a.ids))]
	}
	return words[a.IntN(len(words))]
}

func (a anything) number() int64 {
	all := []int64{0, 1, -1, 90, 1440, 1441, math.MaxInt64, math.MinInt64, 1 << 53, 1764374400000, 253402300799999}
	return all[a.IntN(len(all))]
}

// keys are the names in what kinds write as JSON.
var keys = []string{
	"revision", "stance", "why", "choice", "result", "text", "positions", "member", "change", "chosen", "seen", "to", "for", "answer", "asked", "note", "on", "from", "min",
	"since", "task", "project", "co", "shared", "side", "share", "doc", "kept", "agreed", "home", "proof", "space",
}

func (a anything) object(deep int) any {
	switch n := a.IntN(10); {
	case n < 3 || deep == 0:
		return a.word()
	case n < 5:
		return a.number()
	case n == 5:
		list := make([]any, a.IntN(4))
		for i := range list {
			list[i] = a.object(deep - 1)
		}
		return list
	case n == 6:
		return []any{nil, true, 1.5}[a.IntN(3)]
	}
	fields := map[string]any{}
	for range a.IntN(8) {
		fields[keys[a.IntN(len(keys))]] = a.object(deep - 1)
	}
	return fields
}

// json is an object with those names that the description of a field has, of the types that it may want, or of any others.
func (a anything) json(f *kind.Field) string {
	if a.IntN(6) == 0 {
		return a.word()
	}
	fields := map[string]any{}
	for _, m := range regexp.MustCompile(`"([a-z_]+)"`).FindAllStringSubmatch(f.Form, -1) {
		if a.IntN(5) > 0 {
			fields[m[1]] = a.object(2)
		}
	}
	for range a.IntN(3) {
		fields[keys[a.IntN(len(keys))]] = a.object(3)
	}
	if a.IntN(2) == 0 { // as it is meant, but for one thing
		for name, v := range map[string]any{
			"stance": "choose", "revision": "", "why": a.word(), "result": "agreed", "on": "2026-11-29", "from": "10:00", "min": 60, "text": a.word(), "to": a.number(), "answer": "accepted",
		} {
			if a.IntN(8) > 0 && (strings.Contains(f.Form, `"`+name+`"`)) {
				fields[name] = v
			}
		}
	}
	b, err := json.Marshal(fields)
	if err != nil {
		return "{}"
	}
	return string(b)
}

func (a anything) value(f *kind.Field) any {
	switch f.Is {
	case kind.Flag:
		return true
	case kind.Hours, kind.Moment:
		return []int64{0, 1, 60, f.Max, 1764374400000}[a.IntN(5)]
	case kind.Word:
		return f.Words[a.IntN(len(f.Words))]
	case kind.Day:
		return []string{"", "2026-11-29", "0001-01-01", "9999-12-31", "2026-11-29T23:59:59Z"}[a.IntN(5)]
	case kind.ID:
		return strings.Repeat("0a", 32)
	case kind.JSON:
		return a.json(f)
	}
	if w := a.word(); f.Max == 0 || len(w) <= int(f.Max) {
		return w
	}
	return ""
}

// writes puts what a modified program writes into documents of all kinds; some of each.
func (a anything) writes(t *testing.T, r *replica.Replica, some int) {
	t.Helper()
	me, ok := r.Me()
	if !ok {
		t.Fatal("who is to write isn't in")
	}
	for _, k := range kinds.All.All() {
		taken := 0
		for range some {
			v, err := r.Create(t.Context(), k.Name, func(e replica.Edit) error {
				root := e.Doc.RootMap()
				must(t, root.Set("title", a.word()))
				must(t, root.Set("text", automerge.NewText(a.word())))
				must(t, root.Set("tags", automerge.NewMap()))
				for _, f := range k.Fields {
					switch {
					case f.Is == kind.Members:
						must(t, root.Set(f.Key, automerge.NewMap()))
					case f.Is == kind.Word || f.First && a.IntN(4) > 0 || a.IntN(2) == 0:
						must(t, root.Set(f.Key, a.value(f)))
					}
				}
				return nil
			})
			if err != nil {
				continue
			}
			for range 3 {
				if _, err := r.Edit(t.Context(), v.ID, func(e replica.Edit) error {
					for _, f := range append(slices.Clone(k.Own), kind.TalkField) {
						if a.IntN(2) > 0 {
							continue
						}
						key := "by:" + me.ID.String() + "/" + f.Key
						if f.Each > 0 {
							key += "/" + []string{"a", "b", "zz"}[a.IntN(3)]
						}
						must(t, e.Doc.RootMap().Set(key, a.value(f)))
					}
					for _, f := range k.Fields {
						if f.Is == kind.Members {
							held, err := e.Doc.RootMap().Get(f.Key)
							must(t, err)
							must(t, held.Map().Set(a.ids[a.IntN(2)], []int64{0, 1, 1764374400000, 253402300799999}[a.IntN(4)]))
						} else if !f.First && a.IntN(2) == 0 {
							must(t, e.Doc.RootMap().Set(f.Key, a.value(f)))
						}
					}
					return nil
				}); err == nil {
					taken++
				}
			}
			a.ids = append(a.ids, k.Letters+"-"+v.ID.String())
		}
		if taken == 0 {
			t.Errorf("of what was written into documents of the kind %s nothing was taken, so it says nothing", k.Name)
		}
	}
}

// mostViews bounds how many are looked at.
const mostViews = 3000

var hrefs = regexp.MustCompile(`(?:href|action)="(/[^"#]*)`)

// TestWhateverAModifiedProgramWritesEverybodyElseSeesEveryView has Ben write what no command writes, wherever the rules of a kind
// take it, and Ana look at all that there is.
func TestWhateverAModifiedProgramWritesEverybodyElseSeesEveryView(t *testing.T) {
	unwatched(t)
	all := coop(t, "Ana", "Ben")
	ana, ben := all[0], all[1]
	ids := []string{ana.memberID(), ben.memberID()}
	ben.stop()
	r := daemontest.Replica(t, ben.dir)
	anything{rand.New(rand.NewPCG(*hostileSeed, 13)), ids}.writes(t, r, *hostileDocs)
	must(t, r.Close())
	ben.start()
	has := func(m *member) int {
		all, err := m.client.Find(t.Context(), "", "", 100_000)
		must(t, err)
		return len(all)
	}
	until(t, "Ana has all of it", func() bool { return has(ana) == has(ben) })
	for _, path := range []string{
		"time?all=true&from=2026-11-01&to=2026-11-30", "time/report", "time/report?by=kind", "time/report?by=week&from=2026-11-02",
		"load", "about", "about?language=es", "today", "agreements/figures", "log", "members", "mentions", "porches", "allies", "shares",
	} {
		status, says := ana.asks(path)
		if status >= 500 || status == 0 {
			t.Errorf("GET %s: %d %s", path, status, says)
		}
	}
	seen, todo := map[string]bool{}, []string{strings.TrimPrefix(ana.base, ana.origin())}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		a, err := ana.try("GET", ana.origin()+at, nil)
		if err != nil || a.status >= 500 {
			t.Errorf("%s: %d %v %s", at, a.status, err, plain(a.body))
		}
		if strings.Contains(a.body, "<script>alert") {
			t.Errorf("%s holds markup of Ben's", at)
		}
		for _, m := range hrefs.FindAllStringSubmatch(a.body, -1) {
			to := html.UnescapeString(m[1])
			if !seen[to] && !strings.HasPrefix(to, "/static/") && len(seen) < mostViews {
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	t.Logf("%d views", len(seen))
	ana.carriesAll()
}

// carriesAll founds another co-op from this one, and carries into it whatever is in this.
func (m *member) carriesAll() {
	m.t.Helper()
	s, err := m.client.Status(m.t.Context())
	must(m.t, err)
	res, err := m.client.Found(m.t.Context(), api.InitRequest{Name: "Sol", As: m.name, Founders: 1, Listen: peertest.TCP()})
	must(m.t, err)
	into, err := apitest.New(m.dir, res.Space.ID)
	must(m.t, err)
	defer into.Close()
	carried, err := into.Carry(m.t.Context(), s.Space.ID)
	if err != nil || carried.Documents == 0 {
		m.t.Errorf("of what Ben wrote %d documents are carried: %v", carried.Documents, err)
	}
	again, err := into.Carry(m.t.Context(), s.Space.ID)
	if err != nil || again.Documents > 0 || again.Before != carried.Documents {
		m.t.Errorf("a second time it is %+v: %v", again, err)
	}
}

func (m *member) origin() string {
	at, err := url.Parse(m.base)
	must(m.t, err)
	return at.Scheme + "://" + at.Host
}

// asks has the daemon answer at its socket; 0 if it doesn't.
func (m *member) asks(path string) (status int, says string) {
	m.t.Helper()
	socket, err := api.SocketPath(m.dir)
	must(m.t, err)
	over := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}}
	defer over.CloseIdleConnections()
	r, err := http.NewRequestWithContext(m.t.Context(), http.MethodGet, "http://kith/v1/"+path, http.NoBody)
	must(m.t, err)
	resp, err := over.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		return 0, err.Error()
	}
	return resp.StatusCode, string(b)
}
