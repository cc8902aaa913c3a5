package page_test

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"kith/daemon"
	"kith/daemon/api"
	"kith/daemon/api/apitest"
	"kith/daemon/entrance"
	"kith/daemon/peer/peertest"
	"kith/daemon/replica"
)

// trialEnv makes this test binary try changes, as a daemon starts one for that.
const trialEnv = "KITH_TEST_TRIAL"

func TestMain(m *testing.M) {
	if os.Getenv(trialEnv) != "" {
		if err := replica.TryChanges(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// member is somebody with a daemon, which runs in this process, and a browser.
type member struct {
	t       testing.TB
	name    string
	dir     string
	client  *apitest.Client
	now     func() time.Time // nil: the computer's clock
	starter *daemon.Starter  // nil: it isn't known how the computer starts programs
	end     context.CancelFunc
	ended   chan error

	web  *http.Client // with the cookies of a browser
	base string       // the address of the co-op: "http://127.0.0.1:4711/571db8ac/"
}

// coop is a co-op of these members, all of them in step, each with the page open.
func coop(t testing.TB, names ...string) []*member {
	t.Helper()
	return coopCalled(t, "Riso Print Co-op", names...)
}

func coopCalled(t testing.TB, called string, names ...string) []*member {
	t.Helper()
	var all []*member
	for _, name := range names {
		dir, err := os.MkdirTemp("", "kith") // the path of a socket has 103 bytes at most
		must(t, err)
		t.Cleanup(func() { os.RemoveAll(dir) })
		all = append(all, &member{t: t, name: name, dir: filepath.Join(dir, "home")})
	}
	founded, err := entrance.Init(t.Context(), entrance.InitOptions{
		Home: all[0].dir, Coop: called, As: names[0], Founders: len(names), Listen: peertest.TCP(),
	})
	must(t, err)
	all[0].start()
	for i, m := range all[1:] {
		_, err := entrance.Join(t.Context(), entrance.JoinOptions{Home: m.dir, Invite: founded.Invites[i].Code, As: m.name, Listen: peertest.TCP()})
		must(t, err)
		m.start()
	}
	for _, m := range all {
		until(t, "all are in step", func() bool {
			s, err := m.client.Status(t.Context())
			return err == nil && s.InStep && !slices.ContainsFunc(s.Peers, func(p api.Peer) bool { return !p.InStep }) && len(s.Peers) == len(names)-1
		})
		m.openPage()
	}
	return all
}

// alone is somebody with a computer on which there is no co-op yet.
func alone(t testing.TB, name string) *member {
	t.Helper()
	dir, err := os.MkdirTemp("", "kith")
	must(t, err)
	t.Cleanup(func() { os.RemoveAll(dir) })
	m := &member{t: t, name: name, dir: filepath.Join(dir, "home")}
	m.start()
	m.openPage()
	return m
}

// letsIn lets somebody join the co-op, and gives their ID. Their computer goes off again.
func (m *member) letsIn(name string) string {
	m.t.Helper()
	code, err := m.client.Invite(m.t.Context(), 0)
	must(m.t, err)
	dir, err := os.MkdirTemp("", "kith")
	must(m.t, err)
	m.t.Cleanup(func() { os.RemoveAll(dir) })
	_, err = entrance.Join(m.t.Context(), entrance.JoinOptions{Home: filepath.Join(dir, "home"), Invite: code.Code, As: name, Listen: peertest.TCP()})
	must(m.t, err)
	id := ""
	until(m.t, name+" is in", func() bool {
		all, err := m.client.Members(m.t.Context())
		must(m.t, err)
		for _, one := range all {
			if one.Name == name {
				id = one.ID
			}
		}
		return id != ""
	})
	return id
}

func (m *member) memberID() string {
	m.t.Helper()
	s, err := m.client.Status(m.t.Context())
	must(m.t, err)
	return s.Me.ID
}

// start serves the home, and waits until the daemon answers.
func (m *member) start() {
	m.t.Helper()
	ctx, end := context.WithCancel(context.Background())
	ready := make(chan struct{})
	m.end, m.ended = end, make(chan error, 1)
	go func() {
		m.ended <- daemon.Run(ctx, daemon.Options{
			Home: m.dir, NoMDNS: true, Version: "test", Now: m.now, Starter: m.starter, Log: slog.New(slog.DiscardHandler), Ready: func([]string) { close(ready) },
			Trial: func() *exec.Cmd {
				cmd := exec.Command(os.Args[0])
				cmd.Env = []string{trialEnv + "=1"}
				return cmd
			},
		})
	}()
	select {
	case <-ready:
	case err := <-m.ended:
		m.t.Fatalf("%s's daemon ended before it answered: %v", m.name, err)
	}
	client, err := apitest.New(m.dir, "")
	must(m.t, err)
	m.client = client
	m.t.Cleanup(m.stop)
}

// stop ends the daemon, if it runs.
func (m *member) stop() {
	if m.end == nil {
		return
	}
	m.client.Close()
	m.end()
	m.end = nil
	if err := <-m.ended; err != nil {
		m.t.Errorf("%s's daemon ended with %v", m.name, err)
	}
}

// link gives a new link to the page.
func (m *member) link() string {
	m.t.Helper()
	l, err := m.client.Page(m.t.Context())
	must(m.t, err)
	return l.URL
}

// openPage opens the page in a browser of the member's own.
func (m *member) openPage() {
	m.t.Helper()
	jar, err := cookiejar.New(nil)
	must(m.t, err)
	m.web = &http.Client{Jar: jar, Timeout: time.Minute}
	m.t.Cleanup(m.web.CloseIdleConnections)
	link := m.link()
	if a := m.fetch("GET", link, nil); a.status != http.StatusOK {
		m.t.Fatalf("the link is answered with %d: %s", a.status, a.body)
	}
	at, err := url.Parse(link)
	must(m.t, err)
	at.Path, at.RawQuery = "/", ""
	m.base = m.fetch("GET", at.String(), nil).at
}

// answer is what a browser got.
type answer struct {
	status int
	body   string
	at     string // where it came from, behind redirections
	header http.Header
}

// fetch asks as a page of this origin does. fields are those of a form; nil sends none.
func (m *member) fetch(method, address string, fields url.Values, headers ...string) answer {
	m.t.Helper()
	a, err := m.try(method, address, fields, headers...)
	must(m.t, err)
	return a
}

func (m *member) try(method, address string, fields url.Values, headers ...string) (a answer, err error) {
	var body io.Reader
	if fields != nil {
		at := mustParse(m.t, address)
		body = strings.NewReader(fields.Encode())
		headers = append([]string{"Content-Type", "application/x-www-form-urlencoded", "Origin", at.Scheme + "://" + at.Host}, headers...)
	}
	return m.trySend(method, address, body, headers...)
}

// send sends a body as it is.
func (m *member) send(method, address string, body io.Reader, headers ...string) answer {
	m.t.Helper()
	a, err := m.trySend(method, address, body, headers...)
	must(m.t, err)
	return a
}

func (m *member) trySend(method, address string, body io.Reader, headers ...string) (a answer, err error) {
	r, err := http.NewRequestWithContext(m.t.Context(), method, address, body)
	if err != nil {
		return a, err
	}
	r.Header.Set("Accept-Language", "en")
	for i := 0; i+1 < len(headers); i += 2 {
		switch name, value := headers[i], headers[i+1]; {
		case name == "Host":
			r.Host = value
		case value == "":
			r.Header.Del(name)
		default:
			r.Header.Set(name, value)
		}
	}
	resp, err := m.web.Do(r)
	if err != nil {
		return a, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return answer{resp.StatusCode, string(b), resp.Request.URL.String(), resp.Header}, err
}

// sees gets a page below the co-op, which must be there.
func (m *member) sees(path string, headers ...string) answer {
	m.t.Helper()
	a := m.fetch("GET", m.base+path, nil, headers...)
	if a.status != http.StatusOK {
		m.t.Fatalf("%s sees %d at %s:\n%s", m.name, a.status, path, plain(a.body))
	}
	return a
}

// sends fills in the form at an address below the co-op, as a browser does: with what is hidden in it.
func (m *member) sends(form, action string, fields url.Values) answer {
	m.t.Helper()
	all := hiddenIn(m.sees(form).body, action)
	for name, values := range fields {
		all[name] = values
	}
	return m.fetch("POST", m.base+action, all)
}

var inputs = regexp.MustCompile(`<input type="hidden" name="([^"]*)" value="([^"]*)">`)

// hiddenIn gives what is hidden in the form of a page that sends to action.
func hiddenIn(page, action string) url.Values {
	all := url.Values{}
	_, form, _ := strings.Cut(page, action+`"`)
	form, _, _ = strings.Cut(form, "</form>")
	for _, m := range inputs.FindAllStringSubmatch(form, -1) {
		all.Add(m[1], html.UnescapeString(m[2]))
	}
	return all
}

var tags = regexp.MustCompile(`<[^>]*>`)

// plain is what a page says.
func plain(page string) string {
	_, body, _ := strings.Cut(page, "<main")
	return strings.Join(strings.Fields(html.UnescapeString(tags.ReplaceAllString(body, " "))), " ")
}

// says fails the test unless a page says something.
func (a answer) says(t testing.TB, what string) {
	t.Helper()
	if !strings.Contains(plain(a.body), what) {
		t.Errorf("it isn't said: %s\nbut: %s", what, plain(a.body))
	}
}

// until looks again and again until something holds, for as long as a test may take.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for ctx, tick := t.Context(), time.Tick(20*time.Millisecond); !holds(); {
		select {
		case <-tick:
		case <-ctx.Done():
			t.Fatalf("waited in vain until %s", what)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil && !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
}
